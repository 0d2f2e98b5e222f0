/* Until a picture fits, much is tried that leads to the same boxes and wires: the helper is asked for them once. */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

#define MOST_KEPT ((size_t)4 << 20) /* bytes of a request and its answer */

static char *copy(const char *words, size_t size)
{
    char *made = malloc(size + 1);
    if (!made)
        return NULL;
    memcpy(made, words, size);
    made[size] = '\0';
    return made;
}

static void forget(layout_answer *answer)
{
    free(answer->request);
    free(answer->bytes);
    *answer = (layout_answer){0};
}

/* In place of the oldest; without memory it is not kept. */
static void keep(layout_memo *memo, const char *request, size_t size, const char *bytes)
{
    size_t length = strlen(bytes);
    layout_answer *to = &memo->answers[memo->next];
    if (size + length > MOST_KEPT)
        return;
    forget(to);
    *to = (layout_answer){size, copy(request, size), copy(bytes, length)};
    if (!to->request || !to->bytes)
        forget(to);
    memo->next = (memo->next + 1) % MOST_ANSWERS;
}

dg_status layout_ask_once(const char *request, size_t size, const layout_options *options, char **bytes)
{
    layout_memo *memo = options->memo;
    for (int k = 0; memo && k < MOST_ANSWERS; k++) {
        const layout_answer *known = &memo->answers[k];
        if (!known->request || known->size != size || memcmp(known->request, request, size) != 0)
            continue;
        *bytes = copy(known->bytes, strlen(known->bytes));
        return *bytes ? dg_ok() : dg_no_memory("a picture of %s", options->who);
    }
    DG_TRY(layout_ask(request, size, options, bytes));
    if (memo)
        keep(memo, request, size, *bytes);
    return dg_ok();
}

void layout_memo_free(layout_memo *memo)
{
    for (int k = 0; k < MOST_ANSWERS; k++)
        forget(&memo->answers[k]);
}
