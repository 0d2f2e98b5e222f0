/* Sorting, and what is chosen by its place in the order. Values are differentiable, by the place that they came from;
 * the order is stable, and a NaN is greater than every number. */
#include "ops/shared/arguments.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <math.h>

enum { MOST_PIECES = 16 };

/* Rows of a tensor [outer, n, inner], and which places of their order are wanted. */
typedef struct ranking {
    int64_t outer, n, inner;
    int64_t start, count;
    bool descending, median; /* median: a NaN is chosen where there is one */
    const void *x;
    void *values;
    int64_t *indices;
    void (*rank_row)(const struct ranking *r, int64_t unit, void *work);
    int64_t pieces, each; /* rows */
    char *work;
} ranking;

#define TEMPLATE "ops/reduce/sort.template.h"
#include "core/base/for_types.h"

/* ---- the kernel ---- */

static size_t piece_bytes(const ranking *r)
{
    return 2 * (size_t)r->n * sizeof(item_float64);
}

/* Rows along `dim`, or the whole tensor as one. */
static dg_status rows_of(const dg_kernel *kernel, const dg_value *dim, ranking *r)
{
    const dg_shape *shape = &kernel->inputs[0]->shape;
    *r = (ranking){.outer = 1, .n = 1, .inner = 1, .x = kernel->inputs[0]->data};
    int axis = -1;
    if (is_given(dim))
        DG_TRY(dg_infer_dim(dim->i, shape->rank, &axis));
    for (int d = 0; d < shape->rank; d++)
        *(axis < 0 || d == axis ? &r->n : d < axis ? &r->outer : &r->inner) *= shape->dims[d];
    int64_t rows = r->outer * r->inner, pieces = rows * r->n / 4096;
    r->pieces = pieces < 1 ? 1 : pieces > MOST_PIECES ? MOST_PIECES : pieces;
    r->pieces = r->pieces < rows ? r->pieces : rows;
    r->each = r->pieces ? (rows + r->pieces - 1) / r->pieces : 0;
    return dg_ok();
}

static void rank_piece(void *argument, int64_t piece)
{
    const ranking *r = argument;
    int64_t begin = piece * r->each, end = begin + r->each, rows = r->outer * r->inner;
    for (int64_t row = begin; row < end && row < rows; row++)
        r->rank_row(r, row, r->work + (size_t)piece * piece_bytes(r));
}

static dg_status rank_rows(const dg_kernel *kernel, ranking *r)
{
    static void (*const of_type[])(const ranking *, int64_t, void *) = {
        [DG_BOOL] = rank_row_bool,       [DG_INT32] = rank_row_int32,     [DG_INT64] = rank_row_int64,
        [DG_FLOAT32] = rank_row_float32, [DG_FLOAT64] = rank_row_float64,
    };
    r->rank_row = of_type[kernel->inputs[0]->dtype];
    r->values = kernel->outputs[0]->data;
    r->indices = kernel->outputs[1]->data;
    r->work = kernel->workspace;
    if (r->n > 0 && r->count > 0)
        dg_threads_run(kernel->threads, r->pieces, rank_piece, r);
    return dg_ok();
}

static size_t workspace(const dg_kernel *kernel, const dg_value *dim)
{
    ranking r;
    return rows_of(kernel, dim, &r).code == DG_OK ? piece_bytes(&r) * (size_t)r.pieces : 0;
}

/* ---- sort, argsort: attributes dim, descending, stable ---- */

static dg_status sort_infer(const dg_infer *infer)
{
    int axis;
    DG_TRY(dg_infer_dim(infer->attrs[0].i, infer->inputs[0]->shape.rank, &axis));
    infer->outputs[0] = *infer->inputs[0];
    infer->outputs[1] = (dg_type){DG_INT64, infer->inputs[0]->shape};
    return dg_ok();
}

static size_t sort_workspace(const dg_kernel *kernel)
{
    return workspace(kernel, &kernel->attrs[0]);
}

static dg_status sort_forward(const dg_kernel *kernel)
{
    ranking r;
    DG_TRY(rows_of(kernel, &kernel->attrs[0], &r));
    r.count = r.n;
    r.descending = kernel->attrs[1].b;
    return rank_rows(kernel, &r);
}

static void sort_backward(const dg_backward *vjp)
{
    if (vjp->grad_outputs[0])
        vjp->grad_inputs[0] =
            dg_scatter_add(vjp->grad_outputs[0], dg_output(vjp->node, 1), vjp->inputs[0], .dim = vjp->attrs[0].i);
}

static dg_status argsort_infer(const dg_infer *infer)
{
    int axis;
    infer->outputs[0] = (dg_type){DG_INT64, infer->inputs[0]->shape};
    return dg_infer_dim(infer->attrs[0].i, infer->inputs[0]->shape.rank, &axis);
}

static void argsort_compose(const dg_compose *compose)
{
    dg_node *sorted =
        dg_sort(compose->inputs[0], .dim = compose->attrs[0].i, .descending = compose->attrs[1].b, .stable = true);
    compose->outputs[0] = dg_output(sorted, 1);
}

/* ---- topk: attributes k, dim, largest, sorted ---- */

static dg_status check_place(int64_t k, int64_t least, int64_t size)
{
    if (k < least || (size >= 0 && k > size))
        return dg_error(DG_BAD_ARGUMENT, "k is %lld, expected %lld … %lld", (long long)k, (long long)least,
                        (long long)(size >= 0 ? size : k));
    return dg_ok();
}

static dg_status topk_infer(const dg_infer *infer)
{
    int axis;
    dg_shape shape = infer->inputs[0]->shape;
    int64_t k = infer->attrs[0].i;
    DG_TRY(dg_infer_dim(infer->attrs[1].i, shape.rank, &axis));
    DG_TRY(check_place(k, 0, shape.rank ? shape.dims[axis] : 1));
    if (shape.rank == 0 && k == 0)
        return dg_error(DG_BAD_ARGUMENT, "k is 0, a scalar has 1 element");
    if (shape.rank > 0)
        shape.dims[axis] = k;
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, shape};
    infer->outputs[1] = (dg_type){DG_INT64, shape};
    return dg_ok();
}

static size_t topk_workspace(const dg_kernel *kernel)
{
    return workspace(kernel, &kernel->attrs[1]);
}

static dg_status topk_forward(const dg_kernel *kernel)
{
    ranking r;
    DG_TRY(rows_of(kernel, &kernel->attrs[1], &r));
    r.count = kernel->attrs[0].i;
    r.descending = kernel->attrs[2].b;
    return rank_rows(kernel, &r);
}

static void topk_backward(const dg_backward *vjp)
{
    if (vjp->grad_outputs[0])
        vjp->grad_inputs[0] =
            dg_scatter_add(vjp->grad_outputs[0], dg_output(vjp->node, 1), vjp->inputs[0], .dim = vjp->attrs[1].i);
}

/* ---- median: attributes dim, keepdim; kthvalue: k, dim, keepdim ---- */

static dg_status chosen_infer(const dg_infer *infer, const dg_value *dim, bool keepdim, int64_t k)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    dg_shape shape = {0};
    int axis = -1;
    if (is_given(dim))
        DG_TRY(dg_infer_dim(dim->i, x->rank, &axis));
    for (int d = 0; d < x->rank; d++) {
        bool taken = axis < 0 || d == axis;
        if (taken && x->dims[d] == 0)
            return dg_error(DG_BAD_SHAPE, "dimension %d has no elements to choose from", d);
        if (taken)
            DG_TRY(check_place(k, 1, x->dims[d]));
        if (!taken || keepdim)
            shape.dims[shape.rank++] = taken ? 1 : x->dims[d];
    }
    if (x->rank == 0)
        DG_TRY(check_place(k, 1, 1));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, shape};
    infer->outputs[1] = (dg_type){DG_INT64, shape};
    return dg_ok();
}

/* One value of a row goes back to its place. */
static void chosen_backward(const dg_backward *vjp, int64_t dim, bool keepdim)
{
    dg_node *g = vjp->grad_outputs[0], *index = dg_output(vjp->node, 1), *x = vjp->inputs[0];
    bool restore = !keepdim && dg_node_type(x, 0)->shape.rank > 0;
    int axis;
    if (dg_infer_dim(dim, dg_node_type(x, 0)->shape.rank, &axis).code == DG_OK)
        vjp->grad_inputs[0] = dg_scatter_add(restore ? dg_unsqueeze(g, axis) : g,
                                             restore ? dg_unsqueeze(index, axis) : index, x, .dim = axis);
}

static dg_status median_infer(const dg_infer *infer)
{
    return chosen_infer(infer, &infer->attrs[0], infer->attrs[1].b, 1);
}

static dg_status median_forward(const dg_kernel *kernel)
{
    ranking r;
    DG_TRY(rows_of(kernel, &kernel->attrs[0], &r));
    r.start = (r.n - 1) / 2;
    r.count = 1;
    r.median = true;
    return rank_rows(kernel, &r);
}

/* Of the whole tensor, elements that are equal to the median share its gradient evenly. */
static void median_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0], *g = vjp->grad_outputs[0];
    if (!g || is_given(&vjp->attrs[0])) {
        if (g)
            chosen_backward(vjp, vjp->attrs[0].i, vjp->attrs[1].b);
        return;
    }
    dg_node *chosen = dg_expr("where(or(x == y, and(isnan(x), isnan(y))), 1, 0)", {"x", x}, {"y", vjp->output});
    vjp->grad_inputs[0] = dg_mul(dg_div(chosen, dg_sum(chosen)), g);
}

static dg_status kthvalue_infer(const dg_infer *infer)
{
    return chosen_infer(infer, &infer->attrs[1], infer->attrs[2].b, infer->attrs[0].i);
}

static dg_status kthvalue_forward(const dg_kernel *kernel)
{
    ranking r;
    DG_TRY(rows_of(kernel, &kernel->attrs[1], &r));
    r.start = kernel->attrs[0].i - 1;
    r.count = 1;
    return rank_rows(kernel, &r);
}

static void kthvalue_backward(const dg_backward *vjp)
{
    if (vjp->grad_outputs[0])
        chosen_backward(vjp, vjp->attrs[1].i, vjp->attrs[2].b);
}

/* ---- descriptors ---- */

static const dg_sample sort_samples[] = {
    {"sort", {"[2, 5]"}}, {"sort(0, descending=true)", {"[4, 2]"}}, {"sort(1)", {"[2, 3, 2]"}}, {.call = NULL}};
static const dg_sample argsort_samples[] = {
    {"argsort", {"[2, 5]"}}, {"argsort(0, descending=true)", {"[4, 2]"}}, {.call = NULL}};
static const dg_sample topk_samples[] = {
    {"topk(2)", {"[2, 5]"}}, {"topk(3, dim=0, largest=false)", {"[4, 2]"}}, {.call = NULL}};
static const dg_sample median_samples[] = {
    {"median", {"[3, 3]"}}, {"median(dim=1)", {"[2, 4]"}}, {"median(dim=0, keepdim=true)", {"[5, 2]"}}, {.call = NULL}};
static const dg_sample kthvalue_samples[] = {
    {"kthvalue(2)", {"[2, 4]"}}, {"kthvalue(1, dim=0, keepdim=true)", {"[3, 2]"}}, {.call = NULL}};

#define K_ATTR(text)                                                                                                   \
    {                                                                                                                  \
        .name = "k", .kind = DG_ATTR_INT, .positional = true, .doc = text                                              \
    }
#define DIM_ATTR     ATTR("dim", DG_ATTR_INT, "-1", "the dimension")
#define KEEPDIM_ATTR ATTR("keepdim", DG_ATTR_BOOL, "false", "keeps it, of size 1")
#define STABLE_ATTR  ATTR("stable", DG_ATTR_BOOL, "false", "equal elements keep their order: they always do")

static const dg_op sort_ops[] = {
    {
        .name = "sort",
        .family = "sort",
        .summary = "x in order along dim, and where each element was; NaN counts as the greatest",
        .inputs = {{.name = "input"}},
        .attrs = {DIM_ATTR, ATTR("descending", DG_ATTR_BOOL, "false", "the greatest first"), STABLE_ATTR},
        .outputs = {"values", "indices"},
        .infer = sort_infer,
        .forward = sort_forward,
        .workspace = sort_workspace,
        .backward = sort_backward,
        .samples = sort_samples,
    },
    {
        .name = "argsort",
        .family = "sort",
        .summary = "where the elements of x are in order along dim",
        .inputs = {{.name = "input"}},
        .attrs = {DIM_ATTR, ATTR("descending", DG_ATTR_BOOL, "false", "the greatest first"), STABLE_ATTR},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = argsort_infer,
        .compose = argsort_compose,
        .samples = argsort_samples,
    },
    {
        .name = "topk",
        .family = "sort",
        .summary = "the k greatest elements along dim, in order, and where they are",
        .inputs = {{.name = "input"}},
        .attrs = {K_ATTR("how many"), DIM_ATTR, ATTR("largest", DG_ATTR_BOOL, "true", "else the least"),
                  ATTR("sorted", DG_ATTR_BOOL, "true", "in order: they always are")},
        .outputs = {"values", "indices"},
        .infer = topk_infer,
        .forward = topk_forward,
        .workspace = topk_workspace,
        .backward = topk_backward,
        .samples = topk_samples,
    },
    {
        .name = "median",
        .family = "sort",
        .summary = "the middle element in order, the lower one of two, and where it is; NaN where there is one",
        .inputs = {{.name = "input"}},
        .attrs = {ATTR("dim", DG_ATTR_INT, "none", "the dimension; all of the tensor when left out"), KEEPDIM_ATTR},
        .outputs = {"values", "indices"},
        .infer = median_infer,
        .forward = median_forward,
        .workspace = sort_workspace,
        .backward = median_backward,
        .samples = median_samples,
    },
    {
        .name = "kthvalue",
        .family = "sort",
        .summary = "the k-th least element along dim, and where it is",
        .inputs = {{.name = "input"}},
        .attrs = {K_ATTR("from 1 on"), DIM_ATTR, KEEPDIM_ATTR},
        .outputs = {"values", "indices"},
        .infer = kthvalue_infer,
        .forward = kthvalue_forward,
        .workspace = topk_workspace,
        .backward = kthvalue_backward,
        .samples = kthvalue_samples,
    },
};

const dg_op_family sort_family = DG_FAMILY(sort_ops);
