/* Reading and adding at places that a tensor of indices tells. */
#include "ops/shared/arguments.h"
#include "ops/shared/chunks.h"
#include "ops/shared/rules.h"
#include "ops/shared/strided.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/shape.h>
#include <string.h>

/* gather      y[i][j] = x[i][index[i][j]]      x is `large`, y has the shape of index
 * scatter_add y[i][index[i][j]] += x[i][j]     y is `large`, x has the shape of index
 * for dim = 1, likewise for others. */
typedef struct walk {
    const dg_tensor *index;
    int axis;
    int64_t limit;                /* indices are below it */
    int64_t strides[DG_MAX_RANK]; /* of `large` */
    const dg_tensor *from;
    dg_tensor *to;
} walk;

static int64_t index_value(const dg_tensor *index, int64_t i)
{
    return index->dtype == DG_INT64 ? ((const int64_t *)index->data)[i] : ((const int32_t *)index->data)[i];
}

static dg_status check_indices(const walk *w)
{
    int64_t count = dg_tensor_count(w->index);
    for (int64_t i = 0; i < count; i++) {
        int64_t value = index_value(w->index, i);
        if (value < 0 || value >= w->limit)
            return dg_error(DG_BAD_DATA, "index %lld at place %lld is outside 0 … %lld", (long long)value, (long long)i,
                            (long long)w->limit - 1);
    }
    return dg_ok();
}

/* Where element i of the index tensor points to in `large`. */
static inline int64_t target_of(const walk *w, int64_t i)
{
    int64_t at = index_value(w->index, i) * w->strides[w->axis];
    for (int d = w->index->shape.rank - 1; d >= 0; d--) {
        int64_t size = w->index->shape.dims[d];
        if (d != w->axis)
            at += i % size * w->strides[d];
        i /= size;
    }
    return at;
}

static dg_status start_walk(const dg_kernel *kernel, const dg_tensor *large, walk *w)
{
    *w = (walk){.index = kernel->inputs[1], .from = kernel->inputs[0], .to = kernel->outputs[0]};
    DG_TRY(dg_infer_dim(kernel->attrs[0].i, large->shape.rank, &w->axis));
    w->limit = large->shape.rank ? large->shape.dims[w->axis] : 1;
    strides_of(&large->shape, w->strides);
    return check_indices(w);
}

/* ---- shapes ---- */

static dg_status check_index(const dg_infer *infer, const dg_type *large, const dg_type *small)
{
    const dg_type *index = infer->inputs[1];
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    int axis;
    if (index->dtype != DG_INT64 && index->dtype != DG_INT32)
        return dg_error(DG_BAD_DTYPE, "the index is %s, expected int64 or int32", dg_dtype_name(index->dtype));
    DG_TRY(dg_infer_dim(infer->attrs[0].i, large->shape.rank, &axis));
    bool fits = index->shape.rank == large->shape.rank, same = !small || small->shape.rank == index->shape.rank;
    for (int d = 0; fits && d < index->shape.rank; d++) {
        int64_t size = index->shape.dims[d], whole = large->shape.dims[d];
        fits = d == axis || size < 0 || whole < 0 || size <= whole;
    }
    for (int d = 0; small && same && d < index->shape.rank; d++)
        same = !sizes_differ(small->shape.dims[d], index->shape.dims[d]);
    if (!same)
        return dg_error(DG_BAD_SHAPE, "the input is %s and the index %s: they must have the same shape",
                        dg_graph_print_shape(infer->graph, &small->shape, left, sizeof left),
                        dg_graph_print_shape(infer->graph, &index->shape, right, sizeof right));
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "the index is %s, which does not fit into %s but along dimension %d",
                        dg_graph_print_shape(infer->graph, &index->shape, left, sizeof left),
                        dg_graph_print_shape(infer->graph, &large->shape, right, sizeof right), axis);
    return dg_ok();
}

/* ---- gather ---- */

static dg_status gather_infer(const dg_infer *infer)
{
    DG_TRY(check_index(infer, infer->inputs[0], NULL));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, infer->inputs[1]->shape};
    return dg_ok();
}

static void gather_range(void *argument, int64_t begin, int64_t end)
{
    const walk *w = argument;
    size_t size = dg_dtype_size(w->from->dtype);
    const char *x = w->from->data;
    char *y = w->to->data;
    for (int64_t i = begin; i < end; i++)
        memcpy(y + i * (int64_t)size, x + target_of(w, i) * (int64_t)size, size);
}

static dg_status gather_forward(const dg_kernel *kernel)
{
    walk w;
    DG_TRY(start_walk(kernel, kernel->inputs[0], &w));
    chunks_run(kernel->threads, dg_tensor_count(w.index), CHUNK, gather_range, &w);
    return dg_ok();
}

static void gather_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_scatter_add(vjp->grad_output, vjp->inputs[1], vjp->inputs[0], .dim = vjp->attrs[0].i);
}

/* ---- scatter_add ---- */

static dg_status scatter_add_infer(const dg_infer *infer)
{
    if (infer->inputs[0]->dtype == DG_BOOL)
        return dg_error(DG_BAD_DTYPE, "the input is bool, expected numbers to add");
    DG_TRY(check_index(infer, infer->inputs[2], infer->inputs[0]));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, infer->inputs[2]->shape};
    return dg_ok();
}

#define ADD_EACH(type)                                                                                                 \
    do {                                                                                                               \
        const type *x = w.from->data;                                                                                  \
        type *y = w.to->data;                                                                                          \
        for (int64_t i = 0; i < count; i++)                                                                            \
            y[target_of(&w, i)] += x[i];                                                                               \
    } while (0)

/* In the order of the indices, one after the other: several may point to one place. */
static dg_status scatter_add_forward(const dg_kernel *kernel)
{
    walk w;
    DG_TRY(start_walk(kernel, kernel->outputs[0], &w));
    int64_t count = dg_tensor_count(w.index);
    if (dg_tensor_bytes(w.to) > 0)
        memset(w.to->data, 0, dg_tensor_bytes(w.to));
    switch (w.to->dtype) {
    case DG_INT32:
        ADD_EACH(uint32_t); /* wraps */
        break;
    case DG_INT64:
        ADD_EACH(uint64_t);
        break;
    case DG_FLOAT32:
        ADD_EACH(float);
        break;
    default:
        ADD_EACH(double);
    }
    return dg_ok();
}

static void scatter_add_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_gather(vjp->grad_output, vjp->inputs[1], .dim = vjp->attrs[0].i);
}

static const dg_sample gather_samples[] = {
    {"gather(dim=1)", {"[3, 5]", "[3, 4] int64 below 5"}},
    {"gather", {"[3, 5]", "[2, 4] int32 below 3"}},
    {"gather(dim=-1)", {"[2, 2, 3]", "[2, 1, 6] int64 below 3"}},
    {.call = NULL},
};
static const dg_sample scatter_add_samples[] = {
    {"scatter_add(dim=1)", {"[3, 4]", "[3, 4] int64 below 5", "[3, 5]"}},
    {"scatter_add", {"[6, 2]", "[6, 2] int64 below 3", "[3, 4]"}},
    {.call = NULL},
};

#define DIM_ATTR                                                                                                       \
    {                                                                                                                  \
        .name = "dim", .kind = DG_ATTR_INT, .fallback = "0", .doc = "the dimension that the indices run along"         \
    }
#define INDEX_INPUT                                                                                                    \
    {                                                                                                                  \
        .name = "index", .flags = DG_INDEX, .doc = "int64 or int32, from 0 on"                                         \
    }

static const dg_op index_ops[] = {
    {
        .name = "gather",
        .family = "shape",
        .summary = "y[i][j] = x[i][index[i][j]] along dim",
        .inputs = {{.name = "input"}, INDEX_INPUT},
        .attrs = {DIM_ATTR},
        .infer = gather_infer,
        .forward = gather_forward,
        .backward = gather_backward,
        .samples = gather_samples,
    },
    {
        .name = "scatter_add",
        .family = "shape",
        .summary = "zeros in the shape of like with x added at index along dim",
        .inputs = {{.name = "input"}, INDEX_INPUT, {.name = "like", .flags = DG_SHAPE_ONLY}},
        .attrs = {DIM_ATTR},
        .infer = scatter_add_infer,
        .forward = scatter_add_forward,
        .backward = scatter_add_backward,
        .samples = scatter_add_samples,
    },
};

const dg_op_family index_family = DG_FAMILY(index_ops);
