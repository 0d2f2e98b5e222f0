/* The shape rules once more, on real sizes. */
#include "sizes.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is known of a node of the graph. */
typedef struct sized {
    dg_type types[DG_MAX_OUTPUTS];
    double flops;
} sized;

typedef struct sizing {
    const graph_file *file;
    dg_graph *graph;
    const symbol_size *symbols;
    int n_symbols;
    sized *nodes; /* by id */
    int64_t count;
} sizing;

static dg_status no_memory(const graph_file *file)
{
    return dg_error(DG_NO_MEMORY, "%s: not enough memory", file->path);
}

static dg_shape real_shape(const sizing *s, const dg_shape *shape)
{
    dg_shape real = *shape;
    for (int d = 0; d < real.rank; d++)
        for (int k = 0; k < s->n_symbols && real.dims[d] < DG_UNKNOWN; k++)
            if (strcmp(s->symbols[k].name, dg_symbol_name(s->graph, real.dims[d])) == 0)
                real.dims[d] = s->symbols[k].size;
    return real;
}

/* The node's attributes, real sizes in the shapes among them. */
static const dg_value *real_attrs(const sizing *s, const dg_node *node)
{
    const dg_value *attrs = dg_node_attrs(node);
    int count = attrs ? dg_op_attr_count(dg_node_op(node)) : 0;
    dg_value *copy = NULL;
    for (int k = 0; k < count; k++) {
        if (attrs[k].kind != DG_VALUE_SHAPE)
            continue;
        dg_shape *real = dg_arena_alloc(s->file->arena, sizeof *real);
        if (!copy && (copy = dg_arena_alloc(s->file->arena, sizeof *copy * (size_t)count)))
            memcpy(copy, attrs, sizeof *copy * (size_t)count);
        if (!copy || !real)
            return NULL;
        *real = real_shape(s, attrs[k].shape);
        copy[k].shape = real;
    }
    return copy ? copy : attrs;
}

static bool is_known(const dg_type *type)
{
    return !type || dg_shape_is_known(&type->shape);
}

static dg_status size_formula(sized *to, const dg_node *node, const dg_type *const *inputs, int n_inputs)
{
    bool first = true;
    for (int k = 0; k < n_inputs; k++) {
        if (!inputs[k])
            continue;
        dg_shape before = to->types[0].shape;
        if (first)
            to->types[0].shape = inputs[k]->shape;
        else
            DG_TRY(dg_shape_broadcast(&before, &inputs[k]->shape, &to->types[0].shape));
        first = false;
    }
    to->flops = is_known(&to->types[0])
                    ? dg_formula_flops(dg_node_formula(node)) * (double)dg_shape_count(&to->types[0].shape)
                    : NAN;
    return dg_ok();
}

/* By the op's own rule. */
static dg_status size_op(const sizing *s, sized *to, dg_node *node, const dg_type *const *inputs, int n_inputs)
{
    const dg_op *op = dg_node_op(node);
    dg_infer infer = {.op = op,
                      .graph = s->graph,
                      .attrs = real_attrs(s, node),
                      .n_inputs = n_inputs,
                      .inputs = inputs,
                      .n_outputs = dg_node_output_count(node),
                      .outputs = to->types};
    if (op->infer)
        DG_TRY(op->infer(&infer));
    bool known = true;
    for (int k = 0; k < n_inputs; k++)
        known &= is_known(inputs[k]);
    for (int k = 0; k < infer.n_outputs; k++)
        known &= is_known(&to->types[k]);
    if (!known)
        to->flops = NAN;
    else if (op->flops)
        to->flops = op->flops(&infer);
    return dg_ok();
}

static dg_status size_node(sizing *s, dg_node *node)
{
    const dg_op *op = dg_node_op(node);
    sized *to = &s->nodes[dg_node_id(node)];
    int n_inputs = dg_node_input_count(node);
    for (int k = 0; k < dg_node_output_count(node) && k < DG_MAX_OUTPUTS; k++) {
        to->types[k] = *dg_node_type(node, k);
        to->types[k].shape = real_shape(s, &to->types[k].shape);
    }
    if (op->role == DG_ROLE_OUTPUT) {
        const dg_value *index = dg_node_attr(node, "index");
        to->types[0] = s->nodes[dg_node_id(dg_node_input(node, 0))].types[index ? index->i : 0];
        return dg_ok();
    }
    if (op->role != DG_ROLE_NONE || n_inputs == 0)
        return dg_ok();
    const dg_type **inputs = calloc((size_t)n_inputs, sizeof *inputs);
    if (!inputs)
        return no_memory(s->file);
    for (int k = 0; k < n_inputs; k++) {
        const dg_node *input = dg_node_input(node, k);
        inputs[k] = input ? &s->nodes[dg_node_id(input)].types[0] : NULL;
    }
    dg_status status =
        dg_node_formula(node) ? size_formula(to, node, inputs, n_inputs) : size_op(s, to, node, inputs, n_inputs);
    free(inputs);
    return status.code == DG_OK
               ? status
               : dg_prefixed(status, "%s: %s '%s' at these sizes", s->file->path, op->name, dg_node_name(node));
}

/* All nodes in order of making, which is an order of computing; expansions add more at the end. */
static dg_status size_graph(sizing *s)
{
    for (int64_t id = 0; id < dg_graph_node_count(s->graph); id++)
        dg_node_expansion(dg_graph_node(s->graph, id));
    DG_TRY(dg_graph_status(s->graph));
    s->count = dg_graph_node_count(s->graph);
    s->nodes = calloc((size_t)s->count + 1, sizeof *s->nodes);
    if (!s->nodes)
        return no_memory(s->file);
    for (int64_t id = 0; id < s->count; id++)
        DG_TRY(size_node(s, dg_graph_node(s->graph, id)));
    return dg_ok();
}

static void add_cost(const sizing *s, node_cost *cost, const dg_node *node)
{
    const sized *from = &s->nodes[dg_node_id(node)];
    cost->flops += from->flops;
    if (dg_node_op(node)->role != DG_ROLE_PARAMETER)
        return;
    const dg_value *trainable = dg_node_attr(node, "trainable");
    int64_t elements = dg_shape_count(&from->types[0].shape);
    cost->parameters += elements;
    cost->trainable += trainable && !trainable->b ? 0 : elements;
}

static dg_status collect(const sizing *s, node_cost *costs)
{
    int *place = malloc(((size_t)s->count + 1) * sizeof *place); /* in the file, by id; −1: not there */
    if (!place)
        return no_memory(s->file);
    memset(place, 0xff, ((size_t)s->count + 1) * sizeof *place);
    for (int k = 0; k < s->file->n_nodes; k++)
        place[dg_node_id(s->file->nodes[k].node)] = k;
    for (int64_t id = 0; id < s->count; id++) {
        const dg_node *node = dg_graph_node(s->graph, id), *whose = node;
        while (whose && place[dg_node_id(whose)] < 0)
            whose = dg_node_owner(whose);
        if (whose)
            add_cost(s, &costs[place[dg_node_id(whose)]], node);
    }
    for (int k = 0; k < s->file->n_nodes; k++) {
        const dg_node *node = s->file->nodes[k].node;
        memcpy(costs[k].types, s->nodes[dg_node_id(node)].types, sizeof costs[k].types);
        for (int i = 0; i < dg_node_output_count(node) && i < DG_MAX_OUTPUTS; i++) {
            size_t bytes = 0;
            if (is_known(&costs[k].types[i]))
                dg_shape_bytes(&costs[k].types[i].shape, costs[k].types[i].dtype, &bytes);
            costs[k].output_bytes += bytes;
        }
    }
    free(place);
    return dg_ok();
}

dg_status sizes_of(const graph_file *file, const symbol_size *symbols, int n_symbols, node_cost **costs)
{
    sizing s = {.file = file, .graph = file->graph, .symbols = symbols, .n_symbols = n_symbols};
    *costs = calloc((size_t)file->n_nodes + 1, sizeof **costs);
    dg_status status = *costs ? size_graph(&s) : no_memory(file);
    if (status.code == DG_OK)
        status = collect(&s, *costs);
    free(s.nodes);
    if (status.code != DG_OK) {
        free(*costs);
        *costs = NULL;
    }
    return status;
}

char *count_print(int64_t count, char text[COUNT_TEXT])
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRId64, count), used = 0;
    for (int k = 0; k < length; k++) {
        text[used++] = digits[k];
        if ((length - k - 1) % 3 == 0 && k + 1 < length && digits[k] != '-')
            text[used++] = ',';
    }
    text[used] = '\0';
    return text;
}

char *amount_print(double amount, char text[COUNT_TEXT])
{
    static const char *const units[] = {"", " k", " M", " G", " T", " P"};
    size_t unit = 0;
    while (amount >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        amount /= 1000;
        unit++;
    }
    snprintf(text, COUNT_TEXT, "%.*f%s", unit && amount < 9.995 ? 2 : unit && amount < 99.95 ? 1 : 0, amount, units[unit]);
    return text;
}
