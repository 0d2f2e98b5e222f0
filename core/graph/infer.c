/* Shapes and element types of nodes, by the rules of their ops and formulas; and what shape rules are made of. */
#include "core/base/null.h"
#include "graph.h"

dg_status formula_infer(const dg_formula *formula, int n_inputs, const dg_type *const *inputs, dg_type *output,
                        dg_dtype *compute)
{
    dg_dtype dtypes[MAX_FORMULA_INPUTS];
    int ranks[MAX_FORMULA_INPUTS];
    if (n_inputs > MAX_FORMULA_INPUTS)
        return dg_error(DG_BAD_ARGUMENT, "a formula has %d input(s), at most %d are possible", n_inputs,
                        MAX_FORMULA_INPUTS);
    output->shape = dg_scalar();
    for (int k = 0; k < n_inputs; k++) {
        dtypes[k] = inputs[k] ? inputs[k]->dtype : DG_DEFAULT_DTYPE;
        ranks[k] = inputs[k] ? inputs[k]->shape.rank : 0;
        if (!inputs[k])
            continue;
        dg_shape joined;
        DG_TRY(dg_shape_broadcast(&output->shape, &inputs[k]->shape, &joined));
        output->shape = joined;
    }
    return dg_formula_dtypes(formula, dtypes, ranks, compute, &output->dtype);
}

int64_t dg_node_least_rows(const dg_node *node)
{
    const dg_type *types[DG_MAX_INPUTS];
    if (!node || !node->entry->op->least_rows || node->n_inputs > DG_MAX_INPUTS)
        return node ? 1 : 0;
    for (int k = 0; k < node->n_inputs; k++)
        types[k] = node->inputs[k] ? &node->inputs[k]->types[0] : NULL;
    return node->entry->op->least_rows(&(dg_infer){.op = node->entry->op,
                                                   .graph = node->graph,
                                                   .attrs = node->attrs,
                                                   .n_inputs = node->n_inputs,
                                                   .inputs = types,
                                                   .n_outputs = node->n_outputs,
                                                   .outputs = node->types});
}

dg_status op_infer(const dg_infer *infer)
{
    for (int k = 0; k < infer->n_outputs; k++)
        infer->outputs[k] = (dg_type){.dtype = DG_DEFAULT_DTYPE, .shape = {.rank = -1}};
    DG_TRY(infer->op->infer(infer));
    for (int k = 0; k < infer->n_outputs; k++)
        if (infer->outputs[k].shape.rank < 0 || infer->outputs[k].dtype == DG_DEFAULT_DTYPE)
            return dg_error(DG_BAD_ARGUMENT, "the infer of op '%s' leaves %s of output %d out", infer->op->name,
                            infer->outputs[k].shape.rank < 0 ? "the shape" : "the element type", k);
    return dg_ok();
}

/* A type that an op does not take is often that of a constant whose numbers have no point. */
static dg_status blame_constant(const dg_node *node, dg_status status)
{
    for (int k = 0; status.code == DG_BAD_DTYPE && k < node->n_inputs; k++) {
        dg_node *input = node->inputs[k];
        if (input && input->entry->op->role == DG_ROLE_CONSTANT && input->types[0].dtype == DG_INT64)
            return dg_error(DG_BAD_DTYPE,
                            "%s; '%s' is of whole numbers: a point (1.0), or dtype=, makes it another type",
                            status.message, dg_node_name(input));
    }
    return status;
}

dg_status node_infer_types(dg_node *node)
{
    const dg_type *few[DG_MAX_INPUTS], **types = few;
    if (node->n_inputs > DG_MAX_INPUTS) {
        types = dg_arena_alloc(node->graph->arena, sizeof *types * (size_t)node->n_inputs);
        if (!types)
            return dg_no_memory("a node");
    }
    for (int k = 0; k < node->n_inputs; k++)
        types[k] = node->inputs[k] ? &node->inputs[k]->types[0] : NULL;
    if (node->entry->op->role == DG_ROLE_OUTPUT) {
        int64_t index = node->attrs[0].i;
        if (index < 0 || index >= node->inputs[0]->n_outputs)
            return dg_error(DG_BAD_ARGUMENT, "index is %lld: '%s' has %d output%s", (long long)index,
                            dg_node_name(node->inputs[0]), node->inputs[0]->n_outputs,
                            node->inputs[0]->n_outputs > 1 ? "s" : "");
        types[0] = &node->inputs[0]->types[index];
    }
    if (node->formula) {
        dg_dtype compute;
        return formula_infer(node->formula, node->n_inputs, types, &node->types[0], &compute);
    }
    dg_infer infer = {.op = node->entry->op,
                      .graph = node->graph,
                      .attrs = node->attrs,
                      .n_inputs = node->n_inputs,
                      .inputs = types,
                      .n_outputs = node->n_outputs,
                      .outputs = node->types};
    return blame_constant(node, op_infer(&infer));
}

dg_status node_check_sizes(const dg_node *node)
{
    for (int k = 0; k < node->n_outputs; k++) {
        const dg_shape *shape = &node->types[k].shape;
        if (shape->rank < 0 || shape->rank > DG_MAX_RANK)
            return dg_error(DG_BAD_SHAPE, "its shape would have %d dimension(s), at most %d are possible", shape->rank,
                            DG_MAX_RANK);
        for (int d = 0; d < shape->rank; d++)
            if (shape->dims[d] < DG_N - node->graph->n_symbols)
                return dg_error(DG_BAD_SHAPE,
                                "%lld is neither a size nor a symbol of this graph (dg_symbol makes them)",
                                (long long)shape->dims[d]);
    }
    return dg_ok();
}

dg_status dg_infer_same(const dg_infer *infer)
{
    REFUSE_NULL(infer);
    infer->outputs[0] = *infer->inputs[0];
    return dg_ok();
}

dg_status dg_infer_dim(int64_t dim, int rank, int *axis)
{
    REFUSE_NULL(axis);
    int64_t limit = rank ? rank : 1; /* a scalar takes 0 and −1, as in PyTorch */
    if (dim < -limit || dim >= limit)
        return dg_error(DG_BAD_SHAPE, "dim is %lld, expected %lld … %lld", (long long)dim, (long long)-limit,
                        (long long)limit - 1);
    *axis = (int)(dim < 0 ? dim + limit : dim);
    return dg_ok();
}
