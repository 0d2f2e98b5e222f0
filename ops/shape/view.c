/* The same elements under another shape: views that cost nothing, and copies in another order. */
#include "ops/shared/arguments.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"
#include "ops/shared/strided.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>

static dg_status bad_shape(const dg_infer *infer, const char *format, const dg_shape *a, const dg_shape *b)
{
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    return dg_error(DG_BAD_SHAPE, "%s %s %s", dg_graph_print_shape(infer->graph, a, left, sizeof left), format,
                    dg_graph_print_shape(infer->graph, b, right, sizeof right));
}

/* A view's gradient has the elements of the cotangent, in the input's shape. */
static void view_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_reshape_as(vjp->grad_output, vjp->inputs[0]);
}

/* ---- reshape ---- */

/* A number of elements as far as it is known: number · symbol · symbol …; `unknown` when a size is. */
typedef struct product {
    int64_t number;
    int n_symbols;
    int64_t symbols[DG_MAX_RANK];
    bool unknown;
} product;

static product product_of(const dg_shape *shape, int first, int end, int without)
{
    product p = {.number = 1};
    for (int d = first; d < end; d++) {
        if (d == without)
            continue;
        if (shape->dims[d] >= 0)
            p.unknown |= __builtin_mul_overflow(p.number, shape->dims[d], &p.number);
        else if (shape->dims[d] == DG_UNKNOWN)
            p.unknown = true;
        else
            p.symbols[p.n_symbols++] = shape->dims[d];
    }
    return p;
}

/* Takes the symbols that both have out of both. */
static void cancel(product *a, product *b)
{
    for (int i = 0; i < a->n_symbols; i++)
        for (int j = 0; j < b->n_symbols; j++)
            if (a->symbols[i] == b->symbols[j]) {
                a->symbols[i--] = a->symbols[--a->n_symbols];
                b->symbols[j] = b->symbols[--b->n_symbols];
                break;
            }
}

static bool products_differ(product a, product b)
{
    cancel(&a, &b);
    return !a.unknown && !b.unknown && a.n_symbols + b.n_symbols == 0 && a.number != b.number;
}

/* The size that makes `rest` times it `whole`: DG_UNKNOWN when the symbols do not tell, NO_SIZE when there is none. */
#define NO_SIZE INT64_MIN
static int64_t quotient(product whole, product rest)
{
    if (whole.unknown || rest.unknown)
        return DG_UNKNOWN;
    cancel(&whole, &rest);
    if (whole.n_symbols + rest.n_symbols == 0)
        return rest.number > 0 && whole.number % rest.number == 0 ? whole.number / rest.number : NO_SIZE;
    bool one_symbol = whole.n_symbols == 1 && rest.n_symbols == 0 && whole.number == rest.number;
    return one_symbol ? whole.symbols[0] : DG_UNKNOWN;
}

static dg_status reshape_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape, *wanted = infer->attrs[0].shape;
    dg_shape y = *wanted;
    int open = -1;
    for (int d = 0; d < y.rank; d++) {
        if (y.dims[d] == DG_UNKNOWN && open >= 0)
            return dg_error(DG_BAD_SHAPE, "the shape has more than one −1");
        if (y.dims[d] == DG_UNKNOWN)
            open = d;
    }
    product whole = product_of(x, 0, x->rank, -1), rest = product_of(&y, 0, y.rank, open);
    if (open >= 0)
        y.dims[open] = quotient(whole, rest);
    if (open >= 0 ? y.dims[open] == NO_SIZE : products_differ(whole, rest))
        return bad_shape(infer, "cannot be reshaped to", x, wanted);
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, y};
    return dg_ok();
}

static dg_status reshape_as_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape, *like = &infer->inputs[1]->shape;
    if (products_differ(product_of(x, 0, x->rank, -1), product_of(like, 0, like->rank, -1)))
        return bad_shape(infer, "cannot be reshaped to", x, like);
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, *like};
    return dg_ok();
}

static dg_status flatten_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    int first, last;
    DG_TRY(dg_infer_dim(infer->attrs[0].i, x->rank, &first));
    DG_TRY(dg_infer_dim(infer->attrs[1].i, x->rank, &last));
    if (first > last)
        return dg_error(DG_BAD_SHAPE, "start_dim %d comes after end_dim %d", first, last);
    dg_shape y = {.rank = 1, .dims = {1}};
    if (x->rank > 0) {
        y.rank = x->rank - (last - first);
        for (int d = 0; d < first; d++)
            y.dims[d] = x->dims[d];
        y.dims[first] = quotient(product_of(x, first, last + 1, -1), (product){.number = 1});
        for (int d = last + 1; d < x->rank; d++)
            y.dims[d - (last - first)] = x->dims[d];
    }
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, y};
    return dg_ok();
}

/* ---- squeeze, unsqueeze ---- */

static dg_status squeeze_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    axes set = {{false}};
    bool all = !is_given(&infer->attrs[0]);
    char text[DG_SHAPE_TEXT];
    if (all || infer->attrs[0].count > 0) /* an empty list drops none */
        DG_TRY(axes_from(&infer->attrs[0], x->rank, &set));
    dg_shape y = {0};
    for (int d = 0; d < x->rank; d++) {
        if (set.has[d] && x->dims[d] < 0)
            return dg_error(DG_BAD_SHAPE, "%s: whether dimension %d has the size 1 is not known; %s",
                            dg_graph_print_shape(infer->graph, x, text, sizeof text), d,
                            all ? "name the dimensions to drop" : "reshape instead");
        if (!set.has[d] || x->dims[d] != 1)
            y.dims[y.rank++] = x->dims[d];
    }
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, y};
    return dg_ok();
}

static dg_status unsqueeze_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    int axis;
    if (x->rank == DG_MAX_RANK)
        return dg_error(DG_BAD_SHAPE, "more than %d dimensions", DG_MAX_RANK);
    DG_TRY(dg_infer_dim(infer->attrs[0].i, x->rank + 1, &axis));
    dg_shape y = {.rank = x->rank + 1};
    for (int d = 0; d < y.rank; d++)
        y.dims[d] = d < axis ? x->dims[d] : d == axis ? 1 : x->dims[d - 1];
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, y};
    return dg_ok();
}

/* ---- transpose, permute: dimension k of the result is dimension order[k] of x ---- */

typedef struct ordering {
    int of[DG_MAX_RANK];
} ordering;

static dg_status transpose_order(const dg_value *attrs, int rank, ordering *order)
{
    int a, b;
    DG_TRY(dg_infer_dim(attrs[0].i, rank, &a));
    DG_TRY(dg_infer_dim(attrs[1].i, rank, &b));
    for (int k = 0; k < rank; k++)
        order->of[k] = k == a ? b : k == b ? a : k;
    return dg_ok();
}

static dg_status permute_order(const dg_value *attrs, int rank, ordering *order)
{
    bool seen[DG_MAX_RANK] = {false};
    if ((int)attrs[0].count != rank)
        return dg_error(DG_BAD_SHAPE, "dims lists %zu dimension(s) of %d", attrs[0].count, rank);
    for (int k = 0; k < rank; k++) {
        DG_TRY(dg_infer_dim(attrs[0].items[k].i, rank, &order->of[k]));
        if (seen[order->of[k]])
            return dg_error(DG_BAD_SHAPE, "dims lists dimension %d twice", order->of[k]);
        seen[order->of[k]] = true;
    }
    return dg_ok();
}

static dg_status reordered(const dg_infer *infer, const ordering *order)
{
    dg_type y = *infer->inputs[0];
    for (int k = 0; k < y.shape.rank; k++)
        y.shape.dims[k] = infer->inputs[0]->shape.dims[order->of[k]];
    infer->outputs[0] = y;
    return dg_ok();
}

static dg_status reorder(const dg_kernel *kernel, const ordering *order)
{
    const dg_tensor *x = kernel->inputs[0];
    dg_tensor *y = kernel->outputs[0];
    int64_t strides[DG_MAX_RANK];
    box b = {.rank = x->shape.rank};
    strides_of(&x->shape, strides);
    strides_of(&y->shape, b.to);
    for (int k = 0; k < b.rank; k++) {
        b.size[k] = y->shape.dims[k];
        b.from[k] = strides[order->of[k]];
    }
    box_copy(&b, x->dtype, y->data, x->data, kernel->threads);
    return dg_ok();
}

static dg_status transpose_infer(const dg_infer *infer)
{
    ordering order;
    DG_TRY(transpose_order(infer->attrs, infer->inputs[0]->shape.rank, &order));
    return reordered(infer, &order);
}

static dg_status transpose_forward(const dg_kernel *kernel)
{
    ordering order;
    DG_TRY(transpose_order(kernel->attrs, kernel->inputs[0]->shape.rank, &order));
    return reorder(kernel, &order);
}

static void transpose_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_transpose(vjp->grad_output, vjp->attrs[0].i, vjp->attrs[1].i);
}

static dg_status permute_infer(const dg_infer *infer)
{
    ordering order;
    DG_TRY(permute_order(infer->attrs, infer->inputs[0]->shape.rank, &order));
    return reordered(infer, &order);
}

static dg_status permute_forward(const dg_kernel *kernel)
{
    ordering order;
    DG_TRY(permute_order(kernel->attrs, kernel->inputs[0]->shape.rank, &order));
    return reorder(kernel, &order);
}

static void permute_backward(const dg_backward *vjp)
{
    ordering order;
    int rank = dg_node_type(vjp->inputs[0], 0)->shape.rank;
    if (permute_order(vjp->attrs, rank, &order).code != DG_OK)
        return;
    dg_ints inverse = {.only = DG_NONE, .count = rank};
    for (int k = 0; k < rank; k++)
        inverse.at[order.of[k]] = k;
    vjp->grad_inputs[0] = rank ? dg_permute(vjp->grad_output, inverse) : vjp->grad_output;
}

/* ---- expand, expand_as: NumPy's broadcasting ---- */

/* Against the wanted shape; −1 in it keeps a size of x. */
static dg_status expanded(const dg_infer *infer, const dg_shape *wanted)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    dg_shape y = *wanted;
    int missing = y.rank - x->rank;
    if (missing < 0)
        return bad_shape(infer, "cannot be expanded to", x, wanted);
    for (int d = 0; d < y.rank; d++) {
        int64_t own = d < missing ? 1 : x->dims[d - missing];
        if (y.dims[d] == DG_UNKNOWN && d >= missing && own != 1)
            y.dims[d] = own;
        if (own != 1 && sizes_differ(own, y.dims[d]))
            return bad_shape(infer, "cannot be expanded to", x, wanted);
    }
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, y};
    return dg_ok();
}

static dg_status expand_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    dg_shape wanted = *infer->attrs[0].shape;
    int missing = wanted.rank - x->rank;
    for (int d = 0; d < wanted.rank; d++) {
        if (wanted.dims[d] != DG_UNKNOWN)
            continue;
        if (d < missing)
            return dg_error(DG_BAD_SHAPE, "−1 stands for a dimension that the input does not have");
        wanted.dims[d] = x->dims[d - (missing > 0 ? missing : 0)];
    }
    return expanded(infer, &wanted);
}

static dg_status expand_as_infer(const dg_infer *infer)
{
    return expanded(infer, &infer->inputs[1]->shape);
}

static dg_status expand_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0];
    dg_tensor *y = kernel->outputs[0];
    int64_t strides[DG_MAX_RANK];
    int missing = y->shape.rank - x->shape.rank;
    box b = {.rank = y->shape.rank};
    strides_of(&x->shape, strides);
    strides_of(&y->shape, b.to);
    for (int d = 0; d < b.rank; d++) {
        b.size[d] = y->shape.dims[d];
        b.from[d] = d < missing || x->shape.dims[d - missing] == 1 ? 0 : strides[d - missing];
    }
    box_copy(&b, x->dtype, y->data, x->data, kernel->threads);
    return dg_ok();
}

static void expand_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_sum_to(vjp->grad_output, vjp->inputs[0]);
}

/* ---- descriptors ---- */

static const dg_sample reshape_samples[] = {
    {"reshape([2, 6])", {"[3, 4]"}}, {"reshape([-1, 2])", {"[3, 4]"}}, {"reshape([])", {"[1, 1]"}}, {.call = NULL}};
static const dg_sample reshape_as_samples[] = {{"reshape_as", {"[3, 4]", "[2, 6]"}}, {.call = NULL}};
static const dg_sample flatten_samples[] = {
    {"flatten", {"[2, 3, 4]"}}, {"flatten(start_dim=0, end_dim=1)", {"[2, 3, 4]"}}, {.call = NULL}};
static const dg_sample transpose_samples[] = {
    {"transpose(0, 1)", {"[3, 4]"}}, {"transpose(-1, 0)", {"[2, 3, 4]"}}, {.call = NULL}};
static const dg_sample permute_samples[] = {
    {"permute([1, 0])", {"[3, 4]"}}, {"permute([2, 0, -2])", {"[2, 3, 4]"}}, {.call = NULL}};
static const dg_sample expand_samples[] = {
    {"expand([2, 3, 4])", {"[3, 1]"}}, {"expand([2, -1])", {"[1, 3]"}}, {"expand([2])", {"[]"}}, {.call = NULL}};
static const dg_sample expand_as_samples[] = {{"expand_as", {"[3, 1]", "[2, 3, 4]"}}, {.call = NULL}};
static const dg_sample squeeze_samples[] = {{"squeeze", {"[1, 3, 1]"}},
                                            {"squeeze(dim=-1)", {"[1, 3, 1]"}},
                                            {"squeeze(dim=[0, 1])", {"[1, 3, 1]"}},
                                            {.call = NULL}};
static const dg_sample unsqueeze_samples[] = {
    {"unsqueeze(0)", {"[3, 4]"}}, {"unsqueeze(-1)", {"[3, 4]"}}, {.call = NULL}};

#define WITH_REST(attr_name, text)                                                                                     \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_SHAPE, .positional = true, .takes_rest = true, .doc = text                  \
    }
#define REQUIRED(attr_name, attr_kind, text)                                                                           \
    {                                                                                                                  \
        .name = attr_name, .kind = attr_kind, .positional = true, .doc = text                                          \
    }
#define LIKE_INPUT                                                                                                     \
    {                                                                                                                  \
        .name = "like", .flags = DG_SHAPE_ONLY                                                                         \
    }

static const dg_op shape_ops[] = {
    {
        .name = "reshape",
        .family = "shape",
        .summary = "the same elements under another shape",
        .inputs = {{.name = "input"}},
        .attrs = {WITH_REST("shape", "sizes; −1 is what is left over, N the batch")},
        .flags = DG_VIEW,
        .infer = reshape_infer,
        .backward = view_backward,
        .samples = reshape_samples,
    },
    {
        .name = "reshape_as",
        .family = "shape",
        .summary = "the same elements in the shape of like",
        .inputs = {{.name = "input"}, LIKE_INPUT},
        .flags = DG_VIEW,
        .infer = reshape_as_infer,
        .backward = view_backward,
        .samples = reshape_as_samples,
    },
    {
        .name = "flatten",
        .family = "shape",
        .summary = "one dimension for several",
        .inputs = {{.name = "input"}},
        .attrs = {ATTR("start_dim", DG_ATTR_INT, "1", "the first of them"),
                  ATTR("end_dim", DG_ATTR_INT, "-1", "the last of them")},
        .flags = DG_VIEW,
        .infer = flatten_infer,
        .backward = view_backward,
        .samples = flatten_samples,
    },
    {
        .name = "transpose",
        .family = "shape",
        .summary = "swaps two dimensions",
        .inputs = {{.name = "input"}},
        .attrs = {REQUIRED("dim0", DG_ATTR_INT, "one of them"), REQUIRED("dim1", DG_ATTR_INT, "the other")},
        .infer = transpose_infer,
        .forward = transpose_forward,
        .backward = transpose_backward,
        .samples = transpose_samples,
    },
    {
        .name = "permute",
        .family = "shape",
        .summary = "dimensions in another order",
        .inputs = {{.name = "input"}},
        .attrs = {REQUIRED("dims", DG_ATTR_INTS, "dimension k of the result is dimension dims[k] of x")},
        .infer = permute_infer,
        .forward = permute_forward,
        .backward = permute_backward,
        .samples = permute_samples,
    },
    {
        .name = "expand",
        .family = "shape",
        .summary = "broadcasts to a shape",
        .inputs = {{.name = "input"}},
        .attrs = {WITH_REST("shape", "sizes; −1 keeps that of x")},
        .infer = expand_infer,
        .forward = expand_forward,
        .backward = expand_backward,
        .samples = expand_samples,
    },
    {
        .name = "expand_as",
        .family = "shape",
        .summary = "broadcasts to the shape of like",
        .inputs = {{.name = "input"}, LIKE_INPUT},
        .infer = expand_as_infer,
        .forward = expand_forward,
        .backward = expand_backward,
        .samples = expand_as_samples,
    },
    {
        .name = "squeeze",
        .family = "shape",
        .summary = "drops dimensions of size 1",
        .inputs = {{.name = "input"}},
        .attrs = {ATTR("dim", DG_ATTR_INTS, "none", "those of these; all when left out")},
        .flags = DG_VIEW,
        .infer = squeeze_infer,
        .backward = view_backward,
        .samples = squeeze_samples,
    },
    {
        .name = "unsqueeze",
        .family = "shape",
        .summary = "puts in a dimension of size 1",
        .inputs = {{.name = "input"}},
        .attrs = {REQUIRED("dim", DG_ATTR_INT, "its place in the result")},
        .flags = DG_VIEW,
        .infer = unsqueeze_infer,
        .backward = view_backward,
        .samples = unsqueeze_samples,
    },
};

const dg_op_family shape_family = DG_FAMILY(shape_ops);
