/* The activations of a graph file: nodes whose op is a function of one tensor, element by element. */
#include "lab.h"

#include <dotgrad/graphviz.h>
#include <dotgrad/op.h>

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static bool is_activation(const dg_file_node *node)
{
    const dg_op *op = node->call.s ? dg_op_find(node->call.s) : NULL;
    return op && strcmp(op->family, "activation") == 0;
}

static bool is_among(const char *patterns, const char *name)
{
    char pattern[400];
    for (const char *at = patterns + strspn(patterns, ", "); *at; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ", ");
        snprintf(pattern, sizeof pattern, "%.*s", (int)length, at);
        if (fnmatch(pattern, name, 0) == 0)
            return true;
        at += length;
    }
    return false;
}

/* "expr(F, b=parameter(1))" is the function "F, b=parameter(1)"; another call is one by itself. */
static char *formula_of(const char *call)
{
    char name[80];
    size_t length = strlen(call), begin = strcspn(call, "(");
    snprintf(name, sizeof name, "%.*s", (int)begin, call);
    const dg_op *op = dg_op_find(name);
    bool is_formula = op && (op->flags & DG_ANY_INPUTS) && begin < length && call[length - 1] == ')';
    return is_formula ? strndup(call + begin + 1, length - begin - 2) : strdup(call);
}

static dg_status add_call(inside *found, const char *call)
{
    enum { MOST = sizeof found->calls / sizeof *found->calls };
    for (int k = 0; k < found->n; k++)
        if (strcmp(found->calls[k], call) == 0)
            return dg_ok();
    if (found->n == MOST)
        return dg_error(DG_BAD_ARGUMENT, "more than %d different functions; name fewer nodes by --replace", MOST);
    found->calls[found->n] = strdup(call);
    found->formulas[found->n] = formula_of(call);
    return found->calls[found->n] && found->formulas[found->n++] ? dg_ok() : dg_no_memory("a graph");
}

bool inside_takes(const dg_file_node *node, const char *nodes)
{
    return dg_file_attribute_find(&node->attributes, "op") &&
           (nodes ? is_among(nodes, node->name) : is_activation(node));
}

static dg_status collect(const dg_graph_file *file, const char *nodes, inside *found)
{
    size_t size;
    dg_status status = dg_ok();
    FILE *names = open_memstream(&found->nodes, &size);
    bool any = false;
    if (!names)
        return dg_no_memory("a graph");
    for (int k = 0; k < file->n_nodes && status.code == DG_OK; k++) {
        const dg_file_node *node = &file->nodes[k];
        if (!inside_takes(node, nodes))
            continue;
        const char *call = dg_value_print(file->arena, &node->call);
        fprintf(names, "%s%s", any ? "," : "", node->name);
        any = true;
        status = call ? add_call(found, call) : dg_no_memory("a graph");
    }
    if (fclose(names) != 0)
        return dg_no_memory("a graph");
    if (status.code == DG_OK && !any)
        return dg_error(DG_BAD_ARGUMENT,
                        nodes ? "%s: --replace: there is no node '%s'" : "%s: no node is an activation%s", file->path,
                        nodes ? nodes : "; name nodes by --replace");
    return status;
}

dg_status inside_read(const char *graph, const char *nodes, const dg_graph_read_options *reading, inside *found)
{
    dg_graph_file *file;
    *found = (inside){.n = 0};
    DG_TRY(dg_graph_read(graph, reading, &file));
    dg_status status = collect(file, nodes, found);
    dg_graph_file_free(file);
    return status;
}

void inside_free(inside *found)
{
    for (int k = 0; k < found->n; k++) {
        free(found->calls[k]);
        free(found->formulas[k]);
    }
    free(found->nodes);
}
