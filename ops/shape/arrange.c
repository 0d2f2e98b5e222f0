/* Elements in another order, or repeated. */
#include "ops/shared/arguments.h"
#include "ops/shared/rules.h"
#include "ops/shared/strided.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/shape.h>
#include <string.h>

/* ---- flip ---- */

static dg_status flip_infer(const dg_infer *infer)
{
    axes set;
    DG_TRY(axes_from(&infer->attrs[0], infer->inputs[0]->shape.rank, &set));
    return dg_infer_same(infer);
}

static dg_status flip_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0];
    axes set = {{false}};
    int64_t start = 0;
    box b = {.rank = x->shape.rank};
    if (kernel->attrs[0].count > 0) /* an empty list flips none */
        DG_TRY(axes_from(&kernel->attrs[0], b.rank, &set));
    if (dg_tensor_count(x) == 0)
        return dg_ok();
    strides_of(&x->shape, b.to);
    for (int d = 0; d < b.rank; d++) {
        b.size[d] = x->shape.dims[d];
        b.from[d] = set.has[d] ? -b.to[d] : b.to[d];
        start += set.has[d] ? (b.size[d] - 1) * b.to[d] : 0;
    }
    box_copy(&b, x->dtype, kernel->outputs[0]->data, const_element_at(x->dtype, x->data, start), kernel->threads);
    return dg_ok();
}

static void flip_backward(const dg_backward *vjp)
{
    bool none = vjp->attrs[0].count == 0;
    vjp->grad_inputs[0] = none ? vjp->grad_output : dg_flip(vjp->grad_output, ints_option(&vjp->attrs[0]));
}

/* ---- roll: attributes shifts, dims ---- */

/* One shift for the flat tensor, or one for each dimension in `dims`. */
static dg_status shifts_of(const dg_value *attrs, int rank, int64_t shifts[DG_MAX_RANK], bool *flat)
{
    size_t given = attrs[0].count;
    *flat = !is_given(&attrs[1]) || attrs[1].count == 0;
    memset(shifts, 0, sizeof(int64_t) * DG_MAX_RANK);
    if (given != (*flat ? 1 : attrs[1].count))
        return dg_error(DG_BAD_ARGUMENT, "%zu shift(s) for %zu dimension(s)", given,
                        *flat ? (size_t)1 : attrs[1].count);
    if (*flat)
        shifts[0] = attrs[0].items[0].i;
    for (size_t k = 0; !*flat && k < given; k++) {
        int axis;
        DG_TRY(dg_infer_dim(attrs[1].items[k].i, rank, &axis));
        shifts[axis] += attrs[0].items[k].i;
    }
    return dg_ok();
}

static dg_status roll_infer(const dg_infer *infer)
{
    int64_t shifts[DG_MAX_RANK];
    bool flat;
    DG_TRY(shifts_of(infer->attrs, infer->inputs[0]->shape.rank, shifts, &flat));
    return dg_infer_same(infer);
}

/* Along each rolled dimension the part that stays in front of the end, and the part that comes round. */
static dg_status roll_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0];
    int64_t shifts[DG_MAX_RANK], count = dg_tensor_count(x), strides[DG_MAX_RANK];
    bool flat;
    DG_TRY(shifts_of(kernel->attrs, x->shape.rank, shifts, &flat));
    if (count == 0)
        return dg_ok();
    dg_shape shape = flat ? DG_SHAPE(count) : x->shape;
    strides_of(&shape, strides);
    for (int d = 0; d < shape.rank; d++)
        shifts[d] = ((shifts[d] % shape.dims[d]) + shape.dims[d]) % shape.dims[d];
    for (unsigned round = 0; round < 1u << shape.rank; round++) {
        box b = {.rank = shape.rank};
        int64_t to = 0, from = 0;
        bool any = true;
        for (int d = 0; d < shape.rank; d++) {
            bool wraps = round >> d & 1;
            b.size[d] = wraps ? shifts[d] : shape.dims[d] - shifts[d];
            b.to[d] = b.from[d] = strides[d];
            to += wraps ? 0 : shifts[d] * strides[d];
            from += wraps ? (shape.dims[d] - shifts[d]) * strides[d] : 0;
            any = any && b.size[d] > 0;
        }
        if (any)
            box_copy(&b, x->dtype, element_at(x->dtype, kernel->outputs[0]->data, to),
                     const_element_at(x->dtype, x->data, from), kernel->threads);
    }
    return dg_ok();
}

static void roll_backward(const dg_backward *vjp)
{
    dg_ints back = ints_option(&vjp->attrs[0]);
    for (int k = 0; k < back.count; k++)
        back.at[k] = -back.at[k];
    vjp->grad_inputs[0] = dg_roll(vjp->grad_output, back, .dims = ints_option(&vjp->attrs[1]));
}

/* ---- repeat, tile: how often along each dimension, the last ones aligned ---- */

static dg_status repeated(const dg_infer *infer, bool missing_are_ones)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    const dg_value *repeats = &infer->attrs[0];
    int given = (int)repeats->count, rank = given > x->rank ? given : x->rank;
    if (rank > DG_MAX_RANK || (given < x->rank && !missing_are_ones))
        return dg_error(DG_BAD_SHAPE, "%d repeat(s) for %d dimension(s), expected %d … %d", given, x->rank,
                        missing_are_ones ? 0 : x->rank, DG_MAX_RANK);
    dg_shape y = {.rank = rank};
    for (int d = 0; d < rank; d++) {
        int own = d - (rank - x->rank), at = d - (rank - given);
        int64_t times = at < 0 ? 1 : repeats->items[at].i, size = own < 0 ? 1 : x->dims[own];
        if (times < 0)
            return dg_error(DG_BAD_ARGUMENT, "%lld repeat(s), expected at least 0", (long long)times);
        if (size < 0)
            y.dims[d] = times == 1 ? size : times == 0 ? 0 : DG_UNKNOWN;
        else if (__builtin_mul_overflow(size, times, &y.dims[d]))
            return dg_error(DG_BAD_SHAPE, "%lld repeat(s) of %lld place(s) are too many", (long long)times,
                            (long long)size);
    }
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, y};
    return dg_ok();
}

static dg_status repeat_infer(const dg_infer *infer)
{
    return repeated(infer, false);
}

static dg_status tile_infer(const dg_infer *infer)
{
    return repeated(infer, true);
}

/* One dimension after the other, from the last: a new one before it is stretched, and both become one. */
static void repeat_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    const dg_value *repeats = &compose->attrs[0];
    int rank = dg_node_type(x, 0)->shape.rank;
    for (int at = (int)repeats->count - 1, d = rank - 1; at >= 0; at--, d--) {
        int64_t times = repeats->items[at].i;
        if (times == 1 && d >= 0)
            continue;
        int place = d >= 0 ? d : 0;
        rank = x ? dg_node_type(x, 0)->shape.rank : 0;
        dg_shape wanted = {.rank = rank + 1};
        bool scalar = d >= 0 && dg_node_type(x, 0)->shape.dims[d] == 1;
        wanted.rank -= scalar;
        for (int k = 0; k < wanted.rank; k++)
            wanted.dims[k] = k == place ? times : DG_UNKNOWN;
        x = dg_expand(scalar ? x : dg_unsqueeze(x, place), wanted);
        if (d >= 0 && !scalar)
            x = dg_flatten(x, .start_dim = place, .end_dim = place + 1);
        if (!x)
            return;
    }
    compose->outputs[0] = x == compose->inputs[0] ? dg_identity(x) : x;
}

/* ---- movedim: attributes source, destination ---- */

static dg_status moved_order(const dg_value *attrs, int rank, dg_ints *order)
{
    bool source_taken[DG_MAX_RANK] = {false}, placed[DG_MAX_RANK] = {false};
    if (attrs[0].count != attrs[1].count)
        return dg_error(DG_BAD_ARGUMENT, "%zu dimension(s) in source and %zu in destination", attrs[0].count,
                        attrs[1].count);
    *order = (dg_ints){.only = DG_NONE, .count = rank};
    for (size_t k = 0; k < attrs[0].count; k++) {
        int from, to;
        DG_TRY(dg_infer_dim(attrs[0].items[k].i, rank, &from));
        DG_TRY(dg_infer_dim(attrs[1].items[k].i, rank, &to));
        if (source_taken[from] || placed[to])
            return dg_error(DG_BAD_ARGUMENT, "dimension %d appears twice", source_taken[from] ? from : to);
        source_taken[from] = placed[to] = true;
        order->at[to] = from;
    }
    for (int to = 0, from = 0; to < rank; to++) {
        if (placed[to])
            continue;
        while (source_taken[from])
            from++;
        order->at[to] = from++;
    }
    return dg_ok();
}

static dg_status movedim_infer(const dg_infer *infer)
{
    dg_ints order;
    dg_type y = *infer->inputs[0];
    DG_TRY(moved_order(infer->attrs, y.shape.rank, &order));
    for (int k = 0; k < y.shape.rank; k++)
        y.shape.dims[k] = infer->inputs[0]->shape.dims[order.at[k]];
    infer->outputs[0] = y;
    return dg_ok();
}

static void movedim_compose(const dg_compose *compose)
{
    dg_ints order;
    dg_node *x = compose->inputs[0];
    if (moved_order(compose->attrs, dg_node_type(x, 0)->shape.rank, &order).code == DG_OK)
        compose->outputs[0] = order.count > 0 ? dg_permute(x, order) : dg_identity(x);
}

/* ---- unflatten: attributes dim, sizes ---- */

static dg_status unflattened(const dg_value *attrs, const dg_shape *x, dg_shape *y)
{
    const dg_shape *sizes = attrs[1].shape;
    int axis, open = -1;
    int64_t rest = 1;
    if (x->rank == 0)
        return dg_error(DG_BAD_SHAPE, "the input is a scalar, expected a dimension");
    DG_TRY(dg_infer_dim(attrs[0].i, x->rank, &axis));
    if (x->rank - 1 + sizes->rank > DG_MAX_RANK || sizes->rank == 0)
        return dg_error(DG_BAD_SHAPE, "%d size(s) for a dimension of %d", sizes->rank, x->rank);
    y->rank = x->rank - 1 + sizes->rank;
    for (int d = 0; d < y->rank; d++)
        y->dims[d] = d < axis                 ? x->dims[d]
                     : d < axis + sizes->rank ? sizes->dims[d - axis]
                                              : x->dims[d - sizes->rank + 1];
    for (int k = 0; k < sizes->rank; k++) {
        if (sizes->dims[k] == DG_UNKNOWN)
            open = open < 0 ? k : sizes->rank;
        else
            rest = rest < 0 || sizes->dims[k] < 0 ? DG_UNKNOWN : rest * sizes->dims[k];
    }
    int64_t size = x->dims[axis];
    bool known = size >= 0 && rest >= 0;
    if (open == sizes->rank || (known && (open < 0 ? rest != size : rest == 0 || size % rest != 0)))
        return dg_error(DG_BAD_SHAPE, "the product of the sizes is not %lld", (long long)size);
    if (open >= 0 && known)
        y->dims[axis + open] = size / rest;
    return dg_ok();
}

static dg_status unflatten_infer(const dg_infer *infer)
{
    infer->outputs[0].dtype = infer->inputs[0]->dtype;
    return unflattened(infer->attrs, &infer->inputs[0]->shape, &infer->outputs[0].shape);
}

static void unflatten_compose(const dg_compose *compose)
{
    dg_shape shape = {0};
    dg_node *x = compose->inputs[0];
    if (unflattened(compose->attrs, &dg_node_type(x, 0)->shape, &shape).code == DG_OK)
        compose->outputs[0] = dg_reshape(x, shape);
}

/* ---- descriptors ---- */

static const dg_sample flip_samples[] = {{"flip([0, 2])", {"[2, 3, 4]"}}, {"flip(-1)", {"[3]"}}, {.call = NULL}};
static const dg_sample roll_samples[] = {{"roll(2)", {"[2, 3]"}},
                                         {"roll(-1, dims=1)", {"[2, 3]"}},
                                         {"roll([1, 4], dims=[0, -1])", {"[2, 2, 3]"}},
                                         {.call = NULL}};
static const dg_sample repeat_samples[] = {
    {"repeat([2, 1, 3])", {"[3, 2]"}}, {"repeat([2, 3])", {"[1, 2]"}}, {"repeat(3)", {"[]"}}, {.call = NULL}};
static const dg_sample tile_samples[] = {{"tile(2)", {"[3, 2]"}}, {"tile([2, 1, 2])", {"[2]"}}, {.call = NULL}};
static const dg_sample movedim_samples[] = {
    {"movedim(0, -1)", {"[2, 3, 4]"}}, {"movedim([0, 1], [1, 2])", {"[2, 3, 2]"}}, {.call = NULL}};
static const dg_sample unflatten_samples[] = {
    {"unflatten(1, [2, -1])", {"[3, 4]"}}, {"unflatten(0, [3])", {"[3, 2]"}}, {.call = NULL}};

#define WITH_REST(attr_name, text)                                                                                     \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_SHAPE, .positional = true, .takes_rest = true, .doc = text                  \
    }
#define REQUIRED(attr_name, attr_kind, text)                                                                           \
    {                                                                                                                  \
        .name = attr_name, .kind = attr_kind, .positional = true, .doc = text                                          \
    }

static const dg_op arrange_ops[] = {
    {
        .name = "flip",
        .family = "shape",
        .summary = "the elements in reverse along dimensions",
        .inputs = {{.name = "input"}},
        .attrs = {REQUIRED("dims", DG_ATTR_INTS, "the dimensions")},
        .infer = flip_infer,
        .forward = flip_forward,
        .backward = flip_backward,
        .samples = flip_samples,
    },
    {
        .name = "roll",
        .family = "shape",
        .summary = "the elements moved along; what leaves at the end comes in at the start",
        .inputs = {{.name = "input"}},
        .attrs = {REQUIRED("shifts", DG_ATTR_INTS, "how far, for each dimension"),
                  {.name = "dims",
                   .kind = DG_ATTR_INTS,
                   .fallback = "none",
                   .doc = "the dimensions; the flat tensor when left out"}},
        .infer = roll_infer,
        .forward = roll_forward,
        .backward = roll_backward,
        .samples = roll_samples,
    },
    {
        .name = "repeat",
        .family = "shape",
        .summary = "copies side by side: so many along each dimension, new ones in front",
        .inputs = {{.name = "input"}},
        .attrs = {REQUIRED("repeats", DG_ATTR_INTS, "how many; one for each dimension at least")},
        .infer = repeat_infer,
        .compose = repeat_compose,
        .samples = repeat_samples,
    },
    {
        .name = "tile",
        .family = "shape",
        .summary = "copies side by side: so many along each of the last dimensions",
        .inputs = {{.name = "input"}},
        .attrs = {REQUIRED("dims", DG_ATTR_INTS, "how many")},
        .infer = tile_infer,
        .compose = repeat_compose,
        .samples = tile_samples,
    },
    {
        .name = "movedim",
        .family = "shape",
        .summary = "dimensions moved to other places, the rest in order",
        .inputs = {{.name = "input"}},
        .attrs = {REQUIRED("source", DG_ATTR_INTS, "the dimensions"),
                  REQUIRED("destination", DG_ATTR_INTS, "their places in the result")},
        .infer = movedim_infer,
        .compose = movedim_compose,
        .samples = movedim_samples,
    },
    {
        .name = "unflatten",
        .family = "shape",
        .summary = "several dimensions for one",
        .inputs = {{.name = "input"}},
        .attrs = {REQUIRED("dim", DG_ATTR_INT, "the dimension"),
                  WITH_REST("sizes", "its sizes; −1 is what is left over")},
        .infer = unflatten_infer,
        .compose = unflatten_compose,
        .samples = unflatten_samples,
    },
};

const dg_op_family arrange_family = DG_FAMILY(arrange_ops);
