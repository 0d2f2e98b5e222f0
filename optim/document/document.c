/* Looking into a document. */
#include "document.h"
#include "core/base/null.h"

#include <ctype.h>
#include <dotgrad/near.h>
#include <stdio.h>
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

/* Whether the text begins with that word. */
static bool begins_with(const char *text, const char *word)
{
    size_t length = strlen(word);
    return strncmp(text, word, length) == 0 && !isalnum((unsigned char)text[length]) && text[length] != '_';
}

int document_line(const dg_graph_file *file, const char *name)
{
    for (int k = 0; k < file->n_lines; k++)
        if (strcmp(file->lines[k].name, name) == 0)
            return file->lines[k].line;
    return 0;
}

/* The line of the loss that a message of training begins with: "objective 'd_loss': …"; 0: with none. */
static int line_of_objective(const dg_graph_file *file, const char *message)
{
    static const char head[] = "objective '";
    char name[400];
    if (strncmp(message, head, sizeof head - 1) != 0)
        return 0;
    message += sizeof head - 1;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(message, "'"), message);
    int index = document_find(file, name);
    return index < 0 ? 0 : file->nodes[index].line;
}

bool document_names(const dg_graph_file *file, dg_status status)
{
    size_t length = strlen(file->path);
    return strncmp(status.message, file->path, length) == 0 && status.message[length] == ':';
}

dg_status dg_graph_file_setting_error(const dg_graph_file *file, dg_status status)
{
    REFUSE_NULL(file);
    if (status.code == DG_OK || document_names(file, status))
        return status;
    int line = line_of_objective(file, status.message);
    for (size_t k = 0; !line && k < file->attributes.count; k++) {
        const char *name = file->attributes.items[k].name;
        if (dg_attribute_is_ours(name) && begins_with(status.message, name))
            line = document_line(file, name);
    }
    return dg_graph_file_error(file, line, status);
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

enum { MOST_COMPARED = 100000 }; /* names; each is asked how far it is from the one sought */

static const char *name_in_graph(const void *graph, size_t index)
{
    return index < MOST_COMPARED && (int64_t)index < dg_graph_node_count(graph)
               ? dg_node_name(dg_graph_node(graph, (int64_t)index))
               : NULL;
}

/* A layer's own parameter that is misspelt, or sought without the layer's name, weight for fc.weight; NULL: none is. */
static const char *nearest_in_graph(const dg_graph *graph, const char *name)
{
    size_t length = strlen(name);
    const char *whole;
    for (size_t k = 0; graph && (whole = name_in_graph(graph, k)); k++) {
        size_t size = strlen(whole);
        if (size > length && whole[size - length - 1] == '.' && strcmp(whole + size - length, name) == 0)
            return whole;
    }
    return graph ? dg_name_nearest(name, name_in_graph, graph) : NULL;
}

dg_status document_no_node(const dg_graph_file *file, const char *name)
{
    const char *near = dg_name_nearest(name, name_at, file);
    near = near ? near : nearest_in_graph(file->graph, name);
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

/* The name of the op that the attribute calls; "": there is none. */
static void name_op(const dg_file_node *node, char *name, size_t size)
{
    const char *call = dg_file_attribute_find(&node->attributes, "op");
    snprintf(name, size, "%.*s", call ? (int)strcspn(call, "( ") : 0, call ? call : "");
}

const dg_op *document_op(const dg_file_node *node)
{
    char name[80];
    name_op(node, name, sizeof name);
    return dg_op_find(name);
}

bool document_uses_file(const dg_file_node *node)
{
    char name[80];
    name_op(node, name, sizeof name);
    return strcmp(name, "use") == 0 || strcmp(name, "scan") == 0;
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
