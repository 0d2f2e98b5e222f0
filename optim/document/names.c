/* Ops under PyTorch's names of modules: ReLU, BatchNorm1d, CrossEntropyLoss. */
#include "building.h"

#include "core/base/plain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LETTERS = 80 };

/* Small letters and digits alone. */
static void squeeze(const char *name, char text[MOST_LETTERS + 1])
{
    size_t count = 0;
    for (; *name && count < MOST_LETTERS; name++)
        if (isalnum((unsigned char)*name))
            text[count++] = plain_lower(*name);
    text[count] = '\0';
}

/* True of "bcewithlogits" and binary_cross_entropy_with_logits: the first letters of some words, then the rest. */
static bool abbreviates(const char *wanted, const char *name)
{
    char text[MOST_LETTERS + 1];
    size_t letters = 0;
    for (const char *word = name; word && wanted[letters] == plain_lower(*word);) {
        const char *rest = strchr(word, '_');
        squeeze(rest ? rest : "", text);
        if (++letters > 1 && strcmp(wanted + letters, text) == 0)
            return true;
        word = rest ? rest + 1 : NULL;
    }
    return false;
}

/* Abbreviations come first: a name that is an op's in all but its spelling is none, as a rule. */
static const dg_op *find_squeezed(const char *wanted)
{
    char text[MOST_LETTERS + 1];
    for (size_t k = 0; k < dg_op_count(); k++)
        if (abbreviates(wanted, dg_op_at(k)->name))
            return dg_op_at(k);
    for (size_t k = 0; k < dg_op_count(); k++) {
        squeeze(dg_op_at(k)->name, text);
        if (strcmp(text, wanted) == 0)
            return dg_op_at(k);
    }
    return NULL;
}

/* Cuts a word off the end. */
static bool cut(char *text, const char *end)
{
    size_t length = strlen(text), size = strlen(end);
    if (length <= size || strcmp(text + length - size, end) != 0)
        return false;
    text[length - size] = '\0';
    return true;
}

const char *op_meant(const char *name)
{
    char text[MOST_LETTERS + 1];
    squeeze(name, text);
    const dg_op *op = find_squeezed(text);
    if (!op && cut(text, "loss"))
        op = find_squeezed(text);
    if (!op && (cut(text, "1d") || cut(text, "2d") || cut(text, "3d")))
        op = find_squeezed(text);
    return op ? op->name : NULL;
}
