/* How large the network of a document would be, before anything is made: 31 files that each use the next one twice are
 * 31 sums, not two thousand million nodes. */
#include "count.h"

#include "library.h"
#include "wire.h"

#include <stdlib.h>

enum { MOST_FILES_DEEP = 32, OPEN = -1 };

static int64_t count_file(const building *user, dg_graph_file *file, int depth);

/* Items that one item of a node becomes; what cannot be read is for the build to tell. */
static int64_t count_item(const building *b, int node, int depth)
{
    const dg_file_node *at = &b->file->nodes[node];
    const dg_value *first = at->call.count ? &at->call.items[0] : NULL;
    dg_graph_file *used;
    if (!document_is_module(at) || !first || depth == MOST_FILES_DEEP ||
        !(first->kind == DG_VALUE_STRING || first->kind == DG_VALUE_NAME || first->kind == DG_VALUE_TEXT) ||
        library_find(b->library, b->file, first->s, &at->call, &used).code != DG_OK)
        return 1;
    return 1 + count_file(b, used, depth + 1);
}

static int64_t count_needed(const building *b, const bool *needed, int depth)
{
    int64_t most = library_most(b->library), total = 0;
    for (int k = 0; k < b->file->n_nodes && total <= most; k++) {
        int64_t copies = b->base[k + 1] - b->base[k];
        if (needed && !needed[k])
            continue;
        int64_t each = count_item(b, k, depth);
        total = each > most ? most + 1 : total + copies * each;
    }
    return total > most ? most + 1 : total;
}

static int64_t count_file(const building *user, dg_graph_file *file, int depth)
{
    int64_t *note = library_note(user->library, file);
    if (*note)
        return *note == OPEN ? 0 : *note;
    *note = OPEN;
    building b = {.file = file,
                  .graph = user->graph,
                  .options = user->options,
                  .library = user->library,
                  .user = user,
                  .is_counting = true,
                  .prefix = ""};
    int result;
    int64_t total = 0;
    bool *needed = calloc((size_t)file->n_nodes + 1, sizeof *needed);
    if (needed && building_begin(&b).code == DG_OK && use_find_result(file, &result).code == DG_OK &&
        use_find_needed(&b, &result, 1, needed).code == DG_OK)
        total = count_needed(&b, needed, depth);
    building_free(&b);
    free(needed);
    *library_note(user->library, file) = total ? total : OPEN; /* the notes may have moved */
    return total;
}

bool count_is_too_large(const building *b)
{
    return count_needed(b, NULL, 0) > library_most(b->library);
}
