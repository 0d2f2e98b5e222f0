/* The parameters of a network's activations: what a run has made of them. */
#include "lab.h"

#include "tools/run/folder.h"
#include "tools/run/print.h"

#include <dotgrad/graphviz.h>
#include <dotgrad/op.h>
#include <dotgrad/parameters.h>

#include <math.h>
#include <stdlib.h>

typedef struct change {
    const char *weights; /* their path */
    dg_graph_file *file;
    dg_tensors *before, *after; /* before: as `after`, but for the parameter that is looked at */
    uint64_t seed;
    int printed;
    FILE *to;
} change;

typedef struct spread {
    double least, mean, most;
} spread;

static spread spread_of(const dg_tensor *tensor)
{
    int64_t count = dg_tensor_count(tensor);
    spread s = {.least = INFINITY, .most = -INFINITY};
    for (int64_t i = 0; i < count; i++) {
        double number = dg_tensor_get(tensor, i);
        s.least = number < s.least ? number : s.least;
        s.most = number > s.most ? number : s.most;
        s.mean += number / (double)count;
    }
    return s;
}

/* "–": its initialiser looks at data, which are not here. */
static dg_status print_before(change *c, const char *name, const dg_tensor *after)
{
    char text[64] = "–";
    dg_tensors_remove(c->before, name);
    dg_status status = dg_parameters_init(c->before, c->file->graph, c->seed);
    if (status.code == DG_NO_MEMORY)
        return status;
    if (status.code == DG_OK) {
        const spread s = spread_of(dg_tensors_find(c->before, name));
        snprintf(text, sizeof text, s.least == s.most ? "%.6g" : "%.6g … %.6g", s.least, s.most);
    }
    fprintf(c->to, "  %-*s", text_width(text, 22), text);
    return dg_tensors_put(c->before, name, after);
}

static dg_status print_parameter(change *c, dg_node *parameter)
{
    const char *name = dg_node_name(parameter);
    const dg_tensor *after = dg_tensors_find(c->after, name);
    char shape[DG_SHAPE_TEXT];
    if (!after || !dg_tensor_count(after))
        return dg_ok();
    if (!c->printed++)
        fprintf(c->to, "\ntrained in %s:\n%-24s %-12s  %-22s %12s %12s %12s\n", c->weights, "parameter", "shape",
                "before", "after: least", "mean", "largest");
    fprintf(c->to, "%-*s %-12s", text_width(name, 24), name, dg_shape_print(&after->shape, shape, sizeof shape));
    DG_TRY(print_before(c, name, after));
    const spread s = spread_of(after);
    fprintf(c->to, " %12.6g %12.6g %12.6g\n", s.least, s.mean, s.most);
    return dg_ok();
}

/* A layer's own parameters are inputs of it, as those are that the graph's author has drawn. */
static dg_status print_node(change *c, dg_node *node)
{
    for (int k = 0; k < dg_node_input_count(node); k++) {
        dg_node *input = dg_node_input(node, k);
        if (input && dg_node_op(input)->role == DG_ROLE_PARAMETER)
            DG_TRY(print_parameter(c, input));
    }
    return dg_ok();
}

static dg_status print_all(change *c, const char *nodes)
{
    for (int k = 0; k < c->file->n_nodes; k++) {
        const dg_file_node *node = &c->file->nodes[k];
        for (int i = 0; inside_takes(node, nodes) && i < node->n_made; i++)
            DG_TRY(print_node(c, node->made[i]));
    }
    if (!c->printed)
        fprintf(c->to, "\ntrained in %s: the functions have no parameters\n", c->weights);
    return dg_ok();
}

static dg_status read_weights(change *c)
{
    dg_tensors *all;
    DG_TRY(checkpoint_read(c->weights, &all));
    const char *seed = dg_tensors_note(all, "dotgrad.seed");
    c->seed = seed ? strtoull(seed, NULL, 10) : 0;
    dg_status status = dg_tensors_new(&c->before);
    if (status.code == DG_OK)
        status = dg_tensors_new(&c->after);
    if (status.code == DG_OK)
        status = dg_prefixed(dg_weights_take(c->file->graph, all, c->after), "%s", c->weights);
    dg_tensors_free(all);
    for (size_t k = 0; status.code == DG_OK && k < dg_tensors_count(c->after); k++)
        status = dg_tensors_put(c->before, dg_tensors_name(c->after, k), dg_tensors_at(c->after, k));
    return status;
}

dg_status trained_print(const char *graph, const char *nodes, const dg_graph_read_options *reading, const char *weights,
                        FILE *to)
{
    change c = {.weights = weights, .to = to};
    dg_status status = dg_graph_read(graph, reading, &c.file);
    if (status.code == DG_OK)
        status = read_weights(&c);
    if (status.code == DG_OK)
        status = print_all(&c, nodes);
    dg_tensors_free(c.before);
    dg_tensors_free(c.after);
    dg_graph_file_free(c.file);
    return status;
}
