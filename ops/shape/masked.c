/* Chosen elements replaced by others. */
#include "ops/shared/arguments.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"
#include "ops/shared/strided.h"

#include "core/base/plain.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <stdio.h>
#include <string.h>

/* ---- nan_to_num: attributes nan, posinf, neginf ---- */

static dg_status nan_to_num_infer(const dg_infer *infer)
{
    DG_TRY(want_floats(infer, 0));
    return dg_infer_same(infer);
}

static void nan_to_num_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    double most = dg_node_type(x, 0)->dtype == DG_FLOAT32 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
    char formula[160];
    plain_print(formula, sizeof formula,
                "where(isnan(x), (%.17g), where(x == inf, (%.17g), where(x == -inf, (%.17g), x)))", compose->attrs[0].f,
                is_given(&compose->attrs[1]) ? compose->attrs[1].f : most,
                is_given(&compose->attrs[2]) ? compose->attrs[2].f : -most);
    compose->outputs[0] = dg_expr(formula, {"x", x});
}

/* ---- scatter: y = x, but y[i][index[i][j]] = src[i][j] for dim = 1, likewise for others ---- */

static dg_status scatter_infer(const dg_infer *infer)
{
    const dg_type *x = infer->inputs[0], *index = infer->inputs[1], *src = infer->inputs[2];
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    int axis;
    if (index->dtype != DG_INT64 && index->dtype != DG_INT32)
        return dg_error(DG_BAD_DTYPE, "the index is %s, expected int64 or int32", dg_dtype_name(index->dtype));
    if (!src == !is_given(&infer->attrs[1]))
        return dg_error(DG_BAD_ARGUMENT, "needs either src or value");
    if (src && src->dtype != x->dtype)
        return dg_error(DG_BAD_DTYPE, "the input is %s and src %s", dg_dtype_name(x->dtype), dg_dtype_name(src->dtype));
    if (src)
        DG_TRY(shapes_agree(infer, 1, 2));
    DG_TRY(dg_infer_dim(infer->attrs[0].i, x->shape.rank, &axis));
    bool fits = index->shape.rank == x->shape.rank;
    for (int d = 0; fits && d < x->shape.rank; d++) {
        int64_t size = index->shape.dims[d], whole = x->shape.dims[d];
        fits = d == axis || size < 0 || whole < 0 || size <= whole;
    }
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "the index is %s, which does not fit into %s but along dimension %d",
                        dg_graph_print_shape(infer->graph, &index->shape, left, sizeof left),
                        dg_graph_print_shape(infer->graph, &x->shape, right, sizeof right), axis);
    return dg_infer_same(infer);
}

static int64_t index_value(const dg_tensor *index, int64_t i)
{
    return index->dtype == DG_INT64 ? ((const int64_t *)index->data)[i] : ((const int32_t *)index->data)[i];
}

/* In the order of the indices: the last one that points to a place writes it. */
static dg_status scatter_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *index = kernel->inputs[1], *src = kernel->inputs[2];
    dg_tensor *y = kernel->outputs[0];
    int64_t strides[DG_MAX_RANK], count = dg_tensor_count(index);
    size_t size = dg_dtype_size(y->dtype);
    int axis;
    DG_TRY(dg_infer_dim(kernel->attrs[0].i, y->shape.rank, &axis));
    strides_of(&y->shape, strides);
    if (dg_tensor_bytes(y) > 0)
        memcpy(y->data, x->data, dg_tensor_bytes(y));
    int64_t limit = y->shape.rank ? y->shape.dims[axis] : 1;
    for (int64_t i = 0; i < count; i++) {
        int64_t value = index_value(index, i), at = 0;
        if (value < 0 || value >= limit)
            return dg_error(DG_BAD_DATA, "index %lld at place %lld is outside 0 … %lld", (long long)value, (long long)i,
                            (long long)limit - 1);
        int64_t rest = i;
        for (int d = y->shape.rank - 1; d >= 0; d--) {
            at += (d == axis ? value : rest % index->shape.dims[d]) * strides[d];
            rest /= index->shape.dims[d];
        }
        if (src)
            memcpy(element_at(y->dtype, y->data, at), const_element_at(y->dtype, src->data, i), size);
        else
            dg_tensor_set(y, at, kernel->attrs[1].f);
    }
    return dg_ok();
}

/* What was written over has no gradient; of several that point to one place, only the last one has. */
static void scatter_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0], *index = vjp->inputs[1], *g = vjp->grad_output;
    int64_t dim = vjp->attrs[0].i;
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = dg_scatter(g, index, .dim = dim, .value = 0);
    if (!vjp->inputs[2] || !vjp->wanted[2])
        return;
    dg_node *flat = dg_node_type(index, 0)->shape.rank ? dg_flatten(index, .start_dim = 0) : dg_unsqueeze(index, 0);
    dg_node *number = dg_reshape_as(dg_arange_like(flat), index);
    dg_node *last = dg_scatter(dg_to(dg_zeros_like(x), DG_INT64), index, .dim = dim, .src = number);
    dg_node *wins = dg_eq(dg_gather(last, index, .dim = dim), number);
    vjp->grad_inputs[2] = dg_expr("where(wins, g, 0)", {"wins", wins}, {"g", dg_gather(g, index, .dim = dim)});
}

/* ---- descriptors ---- */

static const dg_sample masked_fill_samples[] = {
    {"masked_fill(-2)", {"[3, 4]", "[3, 4] bool"}}, {"masked_fill(1.5)", {"[2, 3, 4]", "[4] bool"}}, {.call = NULL}};
static const dg_sample nan_to_num_samples[] = {
    {"nan_to_num", {"[3, 4]"}}, {"nan_to_num(nan=1, posinf=2, neginf=-2)", {"[5]"}}, {.call = NULL}};
static const dg_sample scatter_samples[] = {
    {"scatter(dim=1)", {"[3, 5]", "[3, 4] int64 below 5", "[3, 4]"}},
    {"scatter", {"[3, 4]", "[2, 2] int32 below 3", "[2, 2]"}},
    {"scatter(dim=-1, value=2)", {"[2, 3]", "[2, 2] int64 below 3"}},
    {.call = NULL},
};
#define ANY_NUMBER(attr_name, fallback_text, text)                                                                     \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_FLOAT, .fallback = fallback_text, .may_be_nan = true, .doc = text           \
    }
#define INDEX_INPUT(text)                                                                                              \
    {                                                                                                                  \
        .name = "index", .flags = DG_INDEX, .doc = text                                                                \
    }

static const dg_op replace_ops[] = {
    {
        .name = "masked_fill",
        .family = "shape",
        .summary = "y = value where the mask holds, else x",
        .inputs = {{.name = "input"}, {.name = "mask", .flags = DG_INDEX}},
        .attrs = {{.name = "value", .kind = DG_ATTR_FLOAT, .positional = true, .may_be_nan = true, .doc = "the value"}},
        .formula = "where(mask, value, input)",
        .samples = masked_fill_samples,
    },
    {
        .name = "nan_to_num",
        .family = "shape",
        .summary = "y = x, with numbers for NaN, ∞ and −∞; derivative 0 there",
        .inputs = {{.name = "input"}},
        .attrs = {ANY_NUMBER("nan", "0", "for NaN"),
                  ANY_NUMBER("posinf", "none", "for ∞; the greatest number when left out"),
                  ANY_NUMBER("neginf", "none", "for −∞; the least number when left out")},
        .infer = nan_to_num_infer,
        .compose = nan_to_num_compose,
        .samples = nan_to_num_samples,
    },
    {
        .name = "scatter",
        .family = "shape",
        .summary = "y = x, with src written at index along dim",
        .inputs = {{.name = "input"},
                   INDEX_INPUT("int64 or int32, from 0 on; of several that are equal the last one counts"),
                   {.name = "src", .flags = DG_OPTIONAL, .doc = "of the index's shape; or value is given"}},
        .attrs = {ATTR("dim", DG_ATTR_INT, "0", "the dimension that the indices run along"),
                  ANY_NUMBER("value", "none", "in the place of src")},
        .infer = scatter_infer,
        .forward = scatter_forward,
        .backward = scatter_backward,
        .samples = scatter_samples,
    },
};

const dg_op_family replace_family = DG_FAMILY(replace_ops);
