/* Joining tensors and taking slices of them. */
#include "ops/shared/arguments.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"
#include "ops/shared/strided.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/shape.h>
#include <string.h>

/* ---- slices: `count` places from `start` on, `step` apart, along one axis ---- */

typedef struct range {
    int axis;
    int64_t start, step, count;
} range;

/* As in Python: negative places count from the end, places outside are moved to the ends. Attributes: dim, start, end,
 * step. A count that cannot be known yet is DG_UNKNOWN. */
static dg_status range_from(const dg_value *attrs, const dg_shape *x, range *r)
{
    if (x->rank == 0)
        return dg_error(DG_BAD_SHAPE, "a scalar has no dimension to slice");
    DG_TRY(dg_infer_dim(attrs[0].i, x->rank, &r->axis));
    int64_t size = x->dims[r->axis], start = int_or(&attrs[1], 0), end = int_or(&attrs[2], INT64_MAX);
    r->step = attrs[3].i;
    if (r->step < 1)
        return dg_error(DG_BAD_ARGUMENT, "step is %lld, expected at least 1", (long long)r->step);
    if (size < 0) {
        bool whole = start == 0 && end == INT64_MAX && r->step == 1;
        r->start = 0;
        r->count = whole ? size : DG_UNKNOWN;
        return dg_ok();
    }
    start = start < 0 ? start + size : start;
    end = end < 0 ? end + size : end;
    start = start < 0 ? 0 : start > size ? size : start;
    end = end < start ? start : end > size ? size : end;
    r->start = start;
    r->count = (end - start + r->step - 1) / r->step;
    return dg_ok();
}

/* Copies between a range of a tensor and all of another, of one layout. */
static void copy_range(const dg_tensor *whole, const dg_tensor *part, const range *r, bool into_whole,
                       dg_threads *threads)
{
    int64_t strides[DG_MAX_RANK], dense[DG_MAX_RANK];
    dg_shape all = stored_shape(whole), some = stored_shape(part);
    box b = {.rank = all.rank};
    int axis = stored_axis(whole, r->axis);
    strides_of(&all, strides);
    strides_of(&some, dense);
    int64_t offset = r->start * strides[axis];
    strides[axis] *= r->step;
    memcpy(b.size, some.dims, sizeof b.size);
    memcpy(b.to, into_whole ? strides : dense, sizeof b.to);
    memcpy(b.from, into_whole ? dense : strides, sizeof b.from);
    if (into_whole)
        box_copy(&b, whole->dtype, element_at(whole->dtype, whole->data, offset), part->data, threads);
    else
        box_copy(&b, whole->dtype, part->data, const_element_at(whole->dtype, whole->data, offset), threads);
}

/* Channels that are joined or taken apart make short rows where they lie last: from 16 on they are worth it. */
static dg_layout join_layout(const dg_kernel *kernel, int k)
{
    enum { FEWEST = 16 };
    int64_t dim = kernel->attrs[0].i;
    (void)k;
    for (int i = 0; (dim == 1 || dim == -3) && i < kernel->n_inputs + kernel->n_outputs; i++) {
        const dg_tensor *t = i < kernel->n_inputs ? kernel->inputs[i] : kernel->outputs[i - kernel->n_inputs];
        if (t && t->shape.rank == 4 && t->shape.dims[1] < FEWEST)
            return DG_LAYOUT_PLAIN;
    }
    return DG_LAYOUT_ALIKE;
}

static dg_status take(const dg_kernel *kernel, const range *r)
{
    const dg_tensor *x = kernel->inputs[0];
    dg_tensor *y = kernel->outputs[0];
    copy_range(x, y, r, false, kernel->threads);
    return dg_ok();
}

static dg_status put_into_zeros(const dg_kernel *kernel, const range *r)
{
    const dg_tensor *x = kernel->inputs[0];
    dg_tensor *y = kernel->outputs[0];
    if (dg_tensor_bytes(y) > 0)
        memset(y->data, 0, dg_tensor_bytes(y));
    copy_range(y, x, r, true, kernel->threads);
    return dg_ok();
}

static dg_status slice_infer(const dg_infer *infer)
{
    range r;
    DG_TRY(range_from(infer->attrs, &infer->inputs[0]->shape, &r));
    infer->outputs[0] = *infer->inputs[0];
    infer->outputs[0].shape.dims[r.axis] = r.count;
    return dg_ok();
}

static dg_status slice_forward(const dg_kernel *kernel)
{
    range r;
    DG_TRY(range_from(kernel->attrs, &kernel->inputs[0]->shape, &r));
    return take(kernel, &r);
}

static void slice_backward(const dg_backward *vjp)
{
    const dg_value *a = vjp->attrs;
    vjp->grad_inputs[0] = dg_slice_scatter(vjp->grad_output, vjp->inputs[0], .dim = a[0].i, .start = int_option(&a[1]),
                                           .end = int_option(&a[2]), .step = a[3].i);
}

/* `part` must have the sizes of `whole`, but `count` along the axis. */
static dg_status check_part(const dg_infer *infer, const dg_shape *part, const dg_shape *whole, int axis, int64_t count)
{
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    dg_shape wanted = *whole;
    wanted.dims[axis] = count;
    bool fits = part->rank == whole->rank;
    for (int d = 0; fits && d < part->rank; d++)
        fits = !sizes_differ(part->dims[d], wanted.dims[d]);
    return fits ? dg_ok()
                : dg_error(DG_BAD_SHAPE, "the input is %s, expected %s",
                           dg_graph_print_shape(infer->graph, part, left, sizeof left),
                           dg_graph_print_shape(infer->graph, &wanted, right, sizeof right));
}

static dg_status slice_scatter_infer(const dg_infer *infer)
{
    const dg_shape *like = &infer->inputs[1]->shape;
    range r;
    DG_TRY(range_from(infer->attrs, like, &r));
    DG_TRY(check_part(infer, &infer->inputs[0]->shape, like, r.axis, r.count));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, *like};
    return dg_ok();
}

static dg_status slice_scatter_forward(const dg_kernel *kernel)
{
    range r;
    DG_TRY(range_from(kernel->attrs, &kernel->outputs[0]->shape, &r));
    return put_into_zeros(kernel, &r);
}

static void slice_scatter_backward(const dg_backward *vjp)
{
    const dg_value *a = vjp->attrs;
    vjp->grad_inputs[0] =
        dg_slice(vjp->grad_output, .dim = a[0].i, .start = int_option(&a[1]), .end = int_option(&a[2]), .step = a[3].i);
}

/* ---- slice_like: as many places as `like` has, after as many as `before` has: what cat put there ---- */

static dg_status range_like(const dg_value *attrs, const dg_shape *like, const dg_shape *before, range *r)
{
    if (like->rank == 0)
        return dg_error(DG_BAD_SHAPE, "a scalar has no dimension to slice");
    DG_TRY(dg_infer_dim(attrs[0].i, like->rank, &r->axis));
    if (before && before->rank != like->rank)
        return dg_error(DG_BAD_SHAPE, "before has %d dimension(s) and like %d", before->rank, like->rank);
    r->start = before ? before->dims[r->axis] : 0;
    r->count = like->dims[r->axis];
    r->step = 1;
    return dg_ok();
}

static dg_status check_end(const range *r, int64_t size)
{
    if (r->start >= 0 && r->count >= 0 && size >= 0 && r->start + r->count > size)
        return dg_error(DG_BAD_SHAPE, "%lld place(s) from %lld on, of %lld", (long long)r->count, (long long)r->start,
                        (long long)size);
    return dg_ok();
}

static dg_status slice_like_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape, *like = &infer->inputs[1]->shape;
    range r;
    DG_TRY(range_like(infer->attrs, like, infer->inputs[2] ? &infer->inputs[2]->shape : NULL, &r));
    DG_TRY(check_part(infer, x, like, r.axis, x->rank > r.axis ? x->dims[r.axis] : 0));
    DG_TRY(check_end(&r, x->dims[r.axis]));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, *like};
    return dg_ok();
}

static dg_status slice_like_forward(const dg_kernel *kernel)
{
    const dg_tensor *before = kernel->inputs[2];
    range r;
    DG_TRY(range_like(kernel->attrs, &kernel->inputs[1]->shape, before ? &before->shape : NULL, &r));
    return take(kernel, &r);
}

static void slice_like_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] =
        dg_slice_like_scatter(vjp->grad_output, vjp->inputs[0], .dim = vjp->attrs[0].i, .before = vjp->inputs[2]);
}

/* ---- slice_like_scatter: its reverse, zeros around x ---- */

static dg_status slice_like_scatter_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape, *like = &infer->inputs[1]->shape;
    range r;
    DG_TRY(range_like(infer->attrs, x, infer->inputs[2] ? &infer->inputs[2]->shape : NULL, &r));
    DG_TRY(check_part(infer, x, like, like->rank > r.axis ? r.axis : 0, r.count));
    DG_TRY(check_end(&r, like->dims[r.axis]));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, *like};
    return dg_ok();
}

static dg_status slice_like_scatter_forward(const dg_kernel *kernel)
{
    const dg_tensor *before = kernel->inputs[2];
    range r;
    DG_TRY(range_like(kernel->attrs, &kernel->inputs[0]->shape, before ? &before->shape : NULL, &r));
    return put_into_zeros(kernel, &r);
}

static void slice_like_scatter_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] =
        dg_slice_like(vjp->grad_output, vjp->inputs[0], .dim = vjp->attrs[0].i, .before = vjp->inputs[2]);
}

/* ---- cat ---- */

static dg_status cat_infer(const dg_infer *infer)
{
    const dg_type *first = infer->inputs[0];
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    int axis;
    if (first->shape.rank == 0)
        return dg_error(DG_BAD_SHAPE, "scalars cannot be joined; stack them");
    DG_TRY(dg_infer_dim(infer->attrs[0].i, first->shape.rank, &axis));
    dg_type y = *first;
    for (int k = 1; k < infer->n_inputs; k++) {
        const dg_type *next = infer->inputs[k];
        bool fits = next->shape.rank == y.shape.rank;
        for (int d = 0; fits && d < y.shape.rank; d++)
            fits = d == axis || !sizes_differ(next->shape.dims[d], y.shape.dims[d]);
        if (!fits)
            return dg_error(DG_BAD_SHAPE, "%s and %s do not join along dimension %d",
                            dg_graph_print_shape(infer->graph, &first->shape, left, sizeof left),
                            dg_graph_print_shape(infer->graph, &next->shape, right, sizeof right), axis);
        if (next->dtype != y.dtype)
            return dg_error(DG_BAD_DTYPE, "tensors of %s and %s do not join", dg_dtype_name(y.dtype),
                            dg_dtype_name(next->dtype));
        for (int d = 0; d < y.shape.rank; d++)
            if (d != axis)
                y.shape.dims[d] = common_size(y.shape.dims[d], next->shape.dims[d]);
        int64_t a = y.shape.dims[axis], b = next->shape.dims[axis];
        y.shape.dims[axis] = a == 0 ? b : b == 0 ? a : a > 0 && b > 0 ? a + b : DG_UNKNOWN;
    }
    infer->outputs[0] = y;
    return dg_ok();
}

static dg_status cat_forward(const dg_kernel *kernel)
{
    dg_tensor *y = kernel->outputs[0];
    range r = {.step = 1};
    DG_TRY(dg_infer_dim(kernel->attrs[0].i, y->shape.rank, &r.axis));
    for (int k = 0; k < kernel->n_inputs; k++) {
        const dg_tensor *x = kernel->inputs[k];
        copy_range(y, x, &r, true, kernel->threads);
        r.start += x->shape.dims[r.axis];
    }
    return dg_ok();
}

/* Each piece takes its own slice of the cotangent back. Where the sizes before it are not all numbers, they are those
 * of a joined tensor that is never computed. */
static void cat_backward(const dg_backward *vjp)
{
    int axis;
    if (dg_infer_dim(vjp->attrs[0].i, dg_node_type(vjp->inputs[0], 0)->shape.rank, &axis).code != DG_OK)
        return;
    int64_t start = 0; /* negative: not known */
    for (int k = 0; k < vjp->n_inputs; k++) {
        int64_t size = dg_node_type(vjp->inputs[k], 0)->shape.dims[axis];
        if (vjp->wanted[k] && start >= 0 && size >= 0)
            vjp->grad_inputs[k] = dg_slice(vjp->grad_output, .dim = axis, .start = start, .end = start + size);
        else if (vjp->wanted[k])
            vjp->grad_inputs[k] = dg_slice_like(vjp->grad_output, vjp->inputs[k], .dim = axis,
                                                .before = k ? dg_cat(k, vjp->inputs, .dim = axis) : NULL);
        start = start >= 0 && size >= 0 ? start + size : -1;
    }
}

/* ---- stack ---- */

static dg_status stack_infer(const dg_infer *infer)
{
    const dg_type *first = infer->inputs[0];
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    int axis;
    if (first->shape.rank == DG_MAX_RANK)
        return dg_error(DG_BAD_SHAPE, "more than %d dimensions", DG_MAX_RANK);
    DG_TRY(dg_infer_dim(infer->attrs[0].i, first->shape.rank + 1, &axis));
    dg_shape common = first->shape, y = {.rank = common.rank + 1};
    for (int k = 1; k < infer->n_inputs; k++) {
        const dg_type *next = infer->inputs[k];
        bool fits = next->shape.rank == common.rank && next->dtype == first->dtype;
        for (int d = 0; fits && d < common.rank; d++)
            fits = !sizes_differ(next->shape.dims[d], common.dims[d]);
        if (!fits)
            return dg_error(next->dtype == first->dtype ? DG_BAD_SHAPE : DG_BAD_DTYPE, "%s %s and %s %s do not stack",
                            dg_dtype_name(first->dtype), dg_graph_print_shape(infer->graph, &common, left, sizeof left),
                            dg_dtype_name(next->dtype),
                            dg_graph_print_shape(infer->graph, &next->shape, right, sizeof right));
        for (int d = 0; d < common.rank; d++)
            common.dims[d] = common_size(common.dims[d], next->shape.dims[d]);
    }
    for (int d = 0; d < y.rank; d++)
        y.dims[d] = d < axis ? common.dims[d] : d == axis ? infer->n_inputs : common.dims[d - 1];
    infer->outputs[0] = (dg_type){first->dtype, y};
    return dg_ok();
}

static void stack_compose(const dg_compose *compose)
{
    size_t count = (size_t)compose->n_inputs;
    dg_node **pieces = dg_arena_alloc(dg_graph_arena(compose->graph), count * sizeof *pieces);
    if (!pieces) {
        dg_graph_fail(compose->graph, dg_no_memory("a stack of %zu tensors", count));
        return;
    }
    for (size_t k = 0; k < count; k++)
        pieces[k] = dg_unsqueeze(compose->inputs[k], compose->attrs[0].i);
    compose->outputs[0] = dg_cat(compose->n_inputs, pieces, .dim = compose->attrs[0].i);
}

/* ---- descriptors ---- */

static const dg_sample cat_samples[] = {
    {"cat", {"[2, 3]", "[1, 3]"}}, {"cat(dim=-1)", {"[2, 3]", "[2, 1]", "[2, 2]"}}, {"cat", {"[2]"}}, {.call = NULL}};
static const dg_sample stack_samples[] = {
    {"stack", {"[2, 3]", "[2, 3]"}}, {"stack(dim=-1)", {"[2, 3]", "[2, 3]", "[2, 3]"}}, {.call = NULL}};
static const dg_sample slice_samples[] = {
    {"slice(dim=1, start=1, end=6, step=2)", {"[2, 7]"}},
    {"slice(dim=-1, start=-3)", {"[2, 7]"}},
    {"slice(end=-1)", {"[4]"}},
    {.call = NULL},
};
static const dg_sample slice_scatter_samples[] = {
    {"slice_scatter(dim=1, start=1, end=6, step=2)", {"[2, 3]", "[2, 7]"}},
    {"slice_scatter(start=-2)", {"[2]", "[4]"}},
    {.call = NULL},
};
static const dg_sample slice_like_samples[] = {
    {"slice_like(dim=1)", {"[2, 7]", "[2, 3]", "[2, 1]"}}, {"slice_like", {"[4]", "[3]"}}, {.call = NULL}};
static const dg_sample slice_like_scatter_samples[] = {{"slice_like_scatter(dim=1)", {"[2, 3]", "[2, 7]", "[2, 1]"}},
                                                       {"slice_like_scatter", {"[3]", "[4]"}},
                                                       {.call = NULL}};

#define END(attr_name, text)                                                                                           \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_INT, .fallback = "none", .is_place = true,                                  \
        .doc = text "; negative: from the end"                                                                         \
    }
#define RANGE_ATTRS                                                                                                    \
    WHOLE("dim", "0", "the dimension"), END("start", "the first place"), END("end", "the place after the last"),       \
        WHOLE("step", "1", "every so many")
#define LIKE_INPUT                                                                                                     \
    {                                                                                                                  \
        .name = "like", .flags = DG_SHAPE_ONLY                                                                         \
    }
#define BEFORE_INPUT                                                                                                   \
    {                                                                                                                  \
        .name = "before", .flags = DG_SHAPE_ONLY | DG_OPTIONAL, .doc = "has as many places along dim as come before"   \
    }

static const dg_op join_ops[] = {
    {
        .name = "cat",
        .family = "shape",
        .summary = "joins along a dimension",
        .inputs = {{.name = "tensors", .flags = DG_VARIADIC}},
        .attrs = {WHOLE("dim", "0", "the dimension")},
        .flags = DG_ANY_LAYOUT,
        .infer = cat_infer,
        .forward = cat_forward,
        .layout = join_layout,
        .backward = cat_backward,
        .samples = cat_samples,
    },
    {
        .name = "stack",
        .family = "shape",
        .summary = "joins along a new dimension",
        .inputs = {{.name = "tensors", .flags = DG_VARIADIC}},
        .attrs = {WHOLE("dim", "0", "the place of the new dimension")},
        .infer = stack_infer,
        .compose = stack_compose,
        .samples = stack_samples,
    },
    {
        .name = "slice",
        .family = "shape",
        .summary = "y = x[start:end:step] along dim",
        .inputs = {{.name = "input"}},
        .attrs = {RANGE_ATTRS},
        .flags = DG_ANY_LAYOUT,
        .infer = slice_infer,
        .forward = slice_forward,
        .layout = join_layout,
        .backward = slice_backward,
        .samples = slice_samples,
    },
    {
        .name = "slice_scatter",
        .family = "shape",
        .summary = "zeros in the shape of like with x written at the slice",
        .inputs = {{.name = "input"}, LIKE_INPUT},
        .attrs = {RANGE_ATTRS},
        .flags = DG_ANY_LAYOUT,
        .infer = slice_scatter_infer,
        .forward = slice_scatter_forward,
        .layout = join_layout,
        .backward = slice_scatter_backward,
        .samples = slice_scatter_samples,
    },
    {
        .name = "slice_like",
        .family = "shape",
        .summary = "as many places of x along dim as like has, after as many as before has",
        .inputs = {{.name = "input"}, LIKE_INPUT, BEFORE_INPUT},
        .attrs = {WHOLE("dim", "0", "the dimension")},
        .flags = DG_ANY_LAYOUT,
        .infer = slice_like_infer,
        .forward = slice_like_forward,
        .layout = join_layout,
        .backward = slice_like_backward,
        .samples = slice_like_samples,
    },
    {
        .name = "slice_like_scatter",
        .family = "shape",
        .summary = "zeros in the shape of like with x written after as many places as before has",
        .inputs = {{.name = "input"}, LIKE_INPUT, BEFORE_INPUT},
        .attrs = {WHOLE("dim", "0", "the dimension")},
        .flags = DG_ANY_LAYOUT,
        .infer = slice_like_scatter_infer,
        .forward = slice_like_scatter_forward,
        .layout = join_layout,
        .backward = slice_like_scatter_backward,
        .samples = slice_like_scatter_samples,
    },
};

const dg_op_family join_family = DG_FAMILY(join_ops);
