/* Parameters, work and memory of nodes. */
#include "core/base/null.h"
#include "core/base/plain.h"

#include <dotgrad/cost.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t dg_count_add(int64_t first, int64_t second)
{
    int64_t sum;
    return __builtin_add_overflow(first, second, &sum) ? INT64_MAX : sum;
}

static void add_parameter(dg_node_cost *cost, const dg_node *node)
{
    const dg_value *trainable = dg_node_attr(node, "trainable");
    const dg_type *type = dg_node_type(node, 0);
    int64_t count = dg_shape_count(&type->shape);
    if (dg_node_op(node)->role != DG_ROLE_PARAMETER || count < 0)
        return;
    cost->parameters = dg_count_add(cost->parameters, count);
    cost->weights += (double)count * (double)dg_dtype_size(type->dtype);
    if (!trainable || trainable->kind != DG_VALUE_BOOL || trainable->b)
        cost->trainable = dg_count_add(cost->trainable, count);
}

static double output_bytes(const dg_node *node)
{
    double bytes = 0;
    for (int k = 0; k < dg_node_output_count(node); k++) {
        const dg_type *type = dg_node_type(node, k);
        if (!dg_shape_is_known(&type->shape))
            return NAN;
        bytes += (double)dg_shape_count(&type->shape) * (double)dg_dtype_size(type->dtype);
    }
    return bytes;
}

/* As the plan counts it, without its savings. */
static double own_flops(const dg_node *node)
{
    const dg_op *op = dg_node_op(node);
    const dg_type *inputs[DG_MAX_INPUTS * 8] = {NULL};
    dg_type outputs[DG_MAX_OUTPUTS];
    int n = dg_node_input_count(node);
    if (isnan(output_bytes(node)))
        return NAN;
    if (op->flags & DG_VIEW)
        return 0;
    if (dg_node_formula(node))
        return dg_formula_flops(dg_node_formula(node)) * (double)dg_shape_count(&dg_node_type(node, 0)->shape);
    if (!op->flops || n > (int)(sizeof inputs / sizeof *inputs))
        return 0;
    for (int k = 0; k < n; k++) {
        inputs[k] = dg_node_input(node, k) ? dg_node_type(dg_node_input(node, k), 0) : NULL;
        if (inputs[k] && !dg_shape_is_known(&inputs[k]->shape))
            return NAN;
    }
    for (int k = 0; k < dg_node_output_count(node); k++)
        outputs[k] = *dg_node_type(node, k);
    return op->flops(&(dg_infer){.op = op,
                                 .graph = dg_node_graph(node),
                                 .attrs = dg_node_attrs(node),
                                 .n_inputs = n,
                                 .inputs = inputs,
                                 .n_outputs = dg_node_output_count(node),
                                 .outputs = outputs});
}

/* Composed ops into their parts, parts of parts too: the graph grows while it is walked. */
static dg_status expand_all(const dg_graph_file *file)
{
    for (int64_t id = 0; id < dg_graph_node_count(file->graph); id++) {
        dg_node *node = dg_graph_node(file->graph, id);
        if (dg_node_op(node)->compose)
            dg_node_expansion(node);
        dg_status status = dg_graph_status(file->graph);
        if (status.code != DG_OK)
            return dg_prefixed(status, "%s", file->path);
    }
    return dg_ok();
}

dg_status dg_graph_file_costs(const dg_graph_file *file, dg_node_cost **costs)
{
    REFUSE_NULL(file);
    REFUSE_NULL(costs);
    *costs = NULL;
    DG_TRY(expand_all(file));
    int64_t n = dg_graph_node_count(file->graph);
    int *index = calloc((size_t)n + 1, sizeof *index); /* of the file's node that a node belongs to; 0: none */
    dg_node_cost *made = calloc((size_t)file->n_nodes + 1, sizeof *made);
    if (!index || !made) {
        free(index);
        free(made);
        return dg_no_memory("%s", file->path);
    }
    for (int k = 0; k < file->n_nodes; k++) {
        for (int i = 0; i < file->nodes[k].n_made; i++) {
            const dg_node *node = file->nodes[k].made[i];
            index[dg_node_id(node)] = k + 1;
            made[k].bytes += dg_node_op(node)->flags & DG_VIEW ? 0 : output_bytes(node);
        }
    }
    for (int64_t id = 0; id < n; id++) {
        dg_node *node = dg_graph_node(file->graph, id), *owner = node;
        while (owner && !index[dg_node_id(owner)])
            owner = dg_node_owner(owner);
        if (!owner)
            continue;
        dg_node_cost *cost = &made[index[dg_node_id(owner)] - 1];
        add_parameter(cost, node);
        if (!dg_node_op(node)->compose)
            cost->flops += own_flops(node);
    }
    free(index);
    *costs = made;
    return dg_ok();
}

char *dg_count_print(int64_t count, char *text, size_t size)
{
    char digits[32];
    if (!text || !size)
        return NULL;
    int length = snprintf(digits, sizeof digits, "%" PRId64, count);
    size_t used = 0;
    for (int k = 0; k < length && used + 2 < size; k++) {
        text[used++] = digits[k];
        if ((length - k) % 3 == 1 && k + 1 < length && digits[k] != '-')
            text[used++] = ',';
    }
    text[used] = '\0';
    if (count == INT64_MAX)
        snprintf(text, size, "more than 2^63");
    return text;
}

char *dg_amount_print(double amount, const char *unit, char *text, size_t size)
{
    static const char *const prefixes[] = {"", "k", "M", "G", "T", "P"};
    size_t step = 0;
    if (!text || !size || !unit)
        return NULL;
    for (; fabs(amount) >= 999.5 && step + 1 < sizeof prefixes / sizeof *prefixes; step++)
        amount /= 1000;
    int digits = step == 0 ? 0 : amount < 9.995 ? 2 : amount < 99.95 ? 1 : 0;
    if (isnan(amount))
        snprintf(text, size, "?");
    else
        plain_print(text, size, "%.*f%s%s%s", digits, amount, step || *unit ? " " : "", prefixes[step], unit);
    return text;
}

char *dg_seconds_print(double seconds, char *text, size_t size)
{
    if (!text || !size)
        return NULL;
    const char *unit = seconds < 1e-3 ? "us" : seconds < 1 ? "ms" : "s";
    plain_print(text, size, "%.4g %s", seconds * (seconds < 1e-3 ? 1e6 : seconds < 1 ? 1e3 : 1), unit);
    return text;
}
