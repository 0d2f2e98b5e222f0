/* Ops that the caller puts in the place of those of nodes, once settings are put in. */
#include "replace.h"

#include <dotgrad/near.h>

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* The node's attributes with that op; a copy, since nodes of one list in the file share theirs. */
static dg_status put_op(dg_graph_file *file, dg_file_node *node, const char *op)
{
    dg_file_attributes *attributes = &node->attributes;
    dg_file_attribute *items = dg_arena_alloc(file->arena, (attributes->count + 1) * sizeof *items);
    const char *copy = dg_arena_text(file->arena, op, strlen(op));
    if (!items || !copy)
        return document_no_memory(file);
    memcpy(items, attributes->items, attributes->count * sizeof *items);
    for (size_t k = 0; k < attributes->count; k++)
        if (strcmp(items[k].name, "op") == 0)
            items[k] = (dg_file_attribute){.name = items[k].name, .value = copy};
    attributes->items = items;
    return dg_ok();
}

static dg_status put_named(dg_graph_file *file, const char *pattern, const char *op)
{
    bool any = false;
    for (int k = 0; k < file->n_nodes; k++) {
        dg_file_node *node = &file->nodes[k];
        if (fnmatch(pattern, node->name, 0) != 0 || !dg_file_attribute_find(&node->attributes, "op"))
            continue;
        any = true;
        if (*op)
            DG_TRY(put_op(file, node, op));
    }
    if (any)
        return dg_ok();
    for (int k = 0; k < file->n_nodes; k++)
        if (dg_name_is_near(pattern, file->nodes[k].name))
            return dg_error(DG_BAD_ARGUMENT, "there is no node '%s' whose op could be another (did you mean '%s'?)",
                            pattern, file->nodes[k].name);
    return dg_error(DG_BAD_ARGUMENT, "there is no node '%s' whose op could be another", pattern);
}

dg_status replace_ops(dg_graph_file *file, const dg_graph_read_options *options)
{
    char name[400];
    for (int k = 0; k < options->n_ops; k++) {
        const char *names = options->ops[k].name, *at = names;
        while ((at = document_name_in(at, name, sizeof name))) {
            dg_status status = put_named(file, name, options->ops[k].value);
            if (status.code != DG_OK)
                return dg_graph_file_error(file, 0, status);
        }
    }
    return dg_ok();
}
