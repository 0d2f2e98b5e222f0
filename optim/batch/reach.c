/* Walks from nodes to all that they read. */
#include <dotgrad/optim.h>

#include "core/base/null.h"
#include "optim/rules/rules.h"
#include "reach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dg_status reach_new(dg_graph *graph, dg_node *const *nodes, int n_nodes, bool **marks)
{
    int64_t count = dg_graph_node_count(graph);
    for (int i = 0; i < n_nodes; i++)
        if (nodes[i] && dg_node_graph(nodes[i]) != graph)
            return dg_error(DG_BAD_ARGUMENT, "'%s' is a node of another graph", dg_node_name(nodes[i]));
    bool *mark = calloc((size_t)count + 1, sizeof *mark);
    if (!mark)
        return dg_no_memory("a walk over %lld nodes", (long long)count);
    for (int i = 0; i < n_nodes; i++)
        if (nodes[i])
            mark[dg_node_id(nodes[i])] = true;
    for (int64_t id = count; id-- > 0;) { /* inputs have smaller ids */
        const dg_node *node = dg_graph_node(graph, id);
        for (int k = 0; mark[id] && k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k))
                mark[dg_node_id(dg_node_input(node, k))] = true;
    }
    *marks = mark;
    return dg_ok();
}

static bool is_trainable(const dg_node *node)
{
    const dg_value *trainable = dg_node_attr(node, "trainable");
    return dg_node_op(node)->role == DG_ROLE_PARAMETER && (!trainable || trainable->b);
}

/* Takes out of the list what no derivative reaches. */
static dg_status keep_reached(dg_node *output, dg_node **list, int *count)
{
    if (!*count || !dg_dtype_is_float(dg_node_type(output, 0)->dtype))
        return dg_ok();
    bool *reached = calloc((size_t)*count, sizeof *reached);
    if (!reached)
        return dg_no_memory("a list of %d parameters", *count);
    dg_status status = dg_depends(output, *count, list, reached);
    int n = 0;
    for (int k = 0; k < *count && status.code == DG_OK; k++)
        if (reached[k])
            list[n++] = list[k];
    *count = status.code == DG_OK ? n : 0;
    free(reached);
    return status;
}

/* Keeps those that patterns name, of which each must fit one, or it is misspelt. */
static dg_status keep_matching(dg_node *output, const char *patterns, dg_node **list, int *count)
{
    char one[256];
    size_t skip, length;
    for (const char *at = patterns; *at; at += skip + length) {
        skip = strspn(at, ", ");
        length = strcspn(at + skip, ", ");
        snprintf(one, sizeof one, "%.*s", (int)length, at + skip);
        bool fits = length == 0;
        for (int k = 0; k < *count && !fits; k++)
            fits = node_matches(list[k], one);
        if (!fits)
            return dg_error(DG_BAD_ARGUMENT, "no trainable parameter of '%s' fits '%s' (there are %s, …)",
                            dg_node_name(output), one, *count ? dg_node_name(list[0]) : "none");
    }
    int n = 0;
    for (int k = 0; k < *count; k++)
        if (node_matches(list[k], patterns))
            list[n++] = list[k];
    *count = n;
    return dg_ok();
}

dg_status dg_trainable_matching(dg_node *output, const char *patterns, dg_node *const **parameters, int *count)
{
    REFUSE_NULL(output);
    REFUSE_NULL(parameters);
    REFUSE_NULL(count);
    *parameters = NULL;
    *count = 0;
    dg_graph *graph = dg_node_graph(output);
    bool *mark;
    DG_TRY(reach_new(graph, &output, 1, &mark));
    size_t n = 0;
    for (int64_t id = 0; id <= dg_node_id(output); id++)
        n += mark[id] && is_trainable(dg_graph_node(graph, id));
    dg_node **list = dg_arena_alloc(dg_graph_arena(graph), (n + 1) * sizeof(dg_node *));
    for (int64_t id = 0; list && id <= dg_node_id(output); id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (mark[id] && is_trainable(node))
            list[(*count)++] = node;
    }
    free(mark);
    if (!list)
        return dg_no_memory("a list of %zu parameters", n);
    DG_TRY(keep_reached(output, list, count));
    if (patterns)
        DG_TRY(keep_matching(output, patterns, list, count));
    *parameters = list;
    return dg_ok();
}

dg_status dg_trainable_parameters(dg_node *output, dg_node *const **parameters, int *count)
{
    return dg_trainable_matching(output, NULL, parameters, count);
}

/* The first node that parameters reach and whose op lets no derivative through. */
static dg_node *find_flat(dg_graph *graph, const bool *mark, bool *follows, int64_t last)
{
    for (int64_t id = 0; id <= last; id++) {
        dg_node *node = dg_graph_node(graph, id);
        follows[id] = is_trainable(node);
        for (int k = 0; mark[id] && k < dg_node_input_count(node); k++)
            follows[id] = follows[id] || (dg_node_input(node, k) && follows[dg_node_id(dg_node_input(node, k))]);
        if (mark[id] && follows[id] && (dg_node_op(node)->flags & DG_NOT_DIFFERENTIABLE) && !dg_node_is_update(node))
            return node;
    }
    return NULL;
}

dg_status reach_nothing(dg_node *loss)
{
    dg_graph *graph = dg_node_graph(loss);
    int64_t last = dg_node_id(loss);
    dg_node *const nodes[] = {dg_graph_node(graph, last)};
    bool *mark, *follows = calloc((size_t)last + 1, sizeof *follows);
    if (!follows)
        return dg_no_memory("a walk over %lld nodes", (long long)last);
    dg_status status = reach_new(graph, nodes, 1, &mark);
    if (status.code == DG_OK) {
        dg_node *flat = find_flat(graph, mark, follows, last);
        status = flat
                     ? dg_error(DG_BAD_ARGUMENT,
                                "loss '%s' depends on no trainable parameter: no derivative passes '%s' (%s); a smooth "
                                "function in its place (sigmoid, tanh) or straight_through passes one, and an assign "
                                "node learns without",
                                dg_node_name(loss), dg_node_name(flat), dg_node_op(flat)->name)
                     : dg_error(DG_BAD_ARGUMENT, "loss '%s' depends on no trainable parameter", dg_node_name(loss));
        free(mark);
    }
    free(follows);
    return status;
}
