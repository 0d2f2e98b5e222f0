/* Looking into a document. */
#include "document.h"
#include "core/base/null.h"

#include <ctype.h>
#include <dotgrad/near.h>
#include <stdlib.h>
#include <string.h>

dg_status document_no_memory(const dg_graph_file *file)
{
    return dg_no_memory("%s", file->path);
}

dg_status dg_graph_file_error(const dg_graph_file *file, int line, dg_status status)
{
    REFUSE_NULL(file);
    return line > 0 ? dg_prefixed(status, "%s:%d", file->path, line) : dg_prefixed(status, "%s", file->path);
}

const char *dg_file_attribute_find(const dg_file_attributes *attributes, const char *name)
{
    for (size_t k = 0; attributes && name && k < attributes->count; k++)
        if (strcmp(attributes->items[k].name, name) == 0)
            return attributes->items[k].value;
    return NULL;
}

const char *dg_graph_file_setting(const dg_graph_file *file, const char *name)
{
    return file ? dg_file_attribute_find(&file->attributes, name) : NULL;
}

int dg_graph_file_index(const dg_graph_file *file, const dg_node *node)
{
    for (int k = 0; file && node && k < file->n_nodes; k++)
        for (int i = 0; i < file->nodes[k].n_made; i++)
            if (file->nodes[k].made[i] == node)
                return k;
    return -1;
}

dg_node *dg_graph_file_find(const dg_graph_file *file, const char *name)
{
    if (!file || !name)
        return NULL;
    dg_node *node = dg_graph_find(file->graph, name);
    int index = node ? -1 : document_find(file, name);
    return index < 0 ? node : file->nodes[index].node;
}

static const char *name_at(const void *file, size_t index)
{
    const dg_graph_file *f = file;
    return index < (size_t)f->n_nodes ? f->nodes[index].name : NULL;
}

dg_status dg_graph_file_require(const dg_graph_file *file, const char *name, dg_node **node)
{
    REFUSE_NULL(file);
    REFUSE_NULL(name);
    REFUSE_NULL(node);
    *node = dg_graph_file_find(file, name);
    return *node ? dg_ok() : document_no_node(file, name);
}

dg_status document_no_node(const dg_graph_file *file, const char *name)
{
    const char *near = dg_name_nearest(name, name_at, file);
    return dg_error(DG_BAD_ARGUMENT, "there is no node '%s'%s%s%s", name, near ? " (did you mean '" : "",
                    near ? near : "", near ? "'?)" : "");
}

int document_find(const dg_graph_file *file, const char *name)
{
    for (int k = 0; k < file->n_nodes; k++)
        if (strcmp(file->nodes[k].name, name) == 0)
            return k;
    return -1;
}

bool document_has_role(const dg_graph_file *file, int node, dg_role role)
{
    const dg_op *op = dg_op_find(file->nodes[node].call.s);
    return op && op->role == role;
}

bool document_is_module(const dg_file_node *node)
{
    return strcmp(node->call.s, "use") == 0 || strcmp(node->call.s, "scan") == 0;
}

bool document_is_setting(const char *keyword)
{
    static const char *const own[] = {"file", "dim", "reverse"};
    for (size_t k = 0; k < sizeof own / sizeof *own; k++)
        if (strcmp(own[k], keyword) == 0)
            return false;
    return islower((unsigned char)keyword[0]) != 0;
}

const char *document_name_in(const char *names, char *name, size_t size)
{
    names += strspn(names, ", \t");
    size_t length = strcspn(names, ", \t"), kept = length < size ? length : size - 1;
    memcpy(name, names, kept);
    name[kept] = '\0';
    return length ? names + length : NULL;
}
