/* pad: more places at the ends of the last dimensions.
 *
 * Padding with a constant is its own transposed up to the sign: the gradient is cut where places were added. The other
 * modes repeat elements, so that the gradient adds what was repeated (pad_grad, the transposed of pad). */
#include <dotgrad/op.h>

#include <string.h>

#include "ops/shared/arguments.h"
#include "ops/shared/chunks.h"
#include "ops/shared/rules.h"
#include "ops/shared/strided.h"
#include "ops/shared/window.h"

/* Places added (or, where negative, cut) at both ends of each dimension. */
typedef struct margins {
    int64_t before[DG_MAX_RANK], after[DG_MAX_RANK];
    padding_mode mode;
} margins;

/* From PyTorch's list: [last before, last after, last but one before, …]. */
static dg_status margins_from(const dg_value *attrs, int rank, margins *m)
{
    *m = (margins){.mode = padding_mode_from(&attrs[1])};
    size_t count = attrs[0].count;
    if (count % 2 != 0 || count > 2 * (size_t)rank)
        return dg_error(DG_BAD_ARGUMENT, "pad has %zu number(s), expected two for each of up to %d dimension(s)", count,
                        rank);
    for (size_t i = 0; i < count; i++) {
        int64_t places = attrs[0].items[i].i;
        if (places > INT32_MAX || places < -INT32_MAX)
            return dg_error(DG_BAD_ARGUMENT, "pad is %lld, expected %d … %d", (long long)places, -INT32_MAX, INT32_MAX);
        if (places < 0 && m->mode != PADDING_ZEROS)
            return dg_error(DG_BAD_ARGUMENT, "pad is %lld; only mode=constant can cut", (long long)places);
        (i % 2 ? m->after : m->before)[rank - 1 - (int)(i / 2)] = places;
    }
    return dg_ok();
}

static dg_status pad_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    char text[DG_SHAPE_TEXT];
    margins m;
    DG_TRY(margins_from(infer->attrs, x->rank, &m));
    if (m.mode != PADDING_ZEROS)
        DG_TRY(want_floats(infer, 0));
    dg_type y = *infer->inputs[0];
    for (int d = 0; d < x->rank; d++) {
        int64_t added = m.before[d] + m.after[d];
        if (x->dims[d] < 0 && added != 0)
            y.shape.dims[d] = DG_UNKNOWN;
        if (x->dims[d] < 0)
            continue;
        DG_TRY(padding_fits(m.mode, m.before[d], m.after[d], x->dims[d], d));
        y.shape.dims[d] = x->dims[d] + added;
        if (y.shape.dims[d] < 0 || -m.before[d] > x->dims[d] || -m.after[d] > x->dims[d])
            return dg_error(DG_BAD_SHAPE, "input is %s: %lld and %lld place(s) cannot be cut off dimension %d",
                            dg_graph_print_shape(infer->graph, x, text, sizeof text), (long long)-m.before[d],
                            (long long)-m.after[d], d);
    }
    infer->outputs[0] = y;
    return dg_ok();
}

/* ---- constant ---- */

static dg_status fill_and_copy(const dg_kernel *kernel, const margins *m)
{
    const dg_tensor *x = kernel->inputs[0], *y = kernel->outputs[0];
    double storage;
    dg_tensor value = dg_tensor_view(x->dtype, dg_scalar(), &storage);
    dg_tensor_set(&value, 0, kernel->attrs[2].f);
    box all = {.rank = x->shape.rank}, inside = {.rank = x->shape.rank};
    int64_t to = 0, from = 0;
    bool covered = true, empty = false;
    dg_shape large = stored_shape(y), small = stored_shape(x);
    strides_of(&large, all.to);
    memcpy(inside.to, all.to, sizeof inside.to);
    strides_of(&small, inside.from);
    for (int d = 0; d < x->shape.rank; d++) {
        int64_t cut = m->before[d] < 0 ? -m->before[d] : 0, added = m->before[d] > 0 ? m->before[d] : 0;
        int at = stored_axis(x, d);
        all.size[at] = large.dims[at];
        inside.size[at] = small.dims[at] - cut + (m->after[d] < 0 ? m->after[d] : 0);
        to += added * all.to[at];
        from += cut * inside.from[at];
        covered = covered && inside.size[at] == all.size[at];
        empty = empty || inside.size[at] <= 0;
    }
    if (!covered)
        box_copy(&all, x->dtype, y->data, &storage, kernel->threads);
    if (!empty)
        box_copy(&inside, x->dtype, element_at(x->dtype, y->data, to), const_element_at(x->dtype, x->data, from),
                 kernel->threads);
    return dg_ok();
}

/* ---- reflect, replicate, circular: a line of the last dimension at a time ---- */

typedef struct lines {
    const margins *m;
    const dg_shape *small, *large;
    int64_t count; /* lines of `large` in a piece */
    const void *from;
    void *to;
} lines;

/* The line of the small tensor that line `line` of the large one shows. */
static int64_t line_shown(const lines *l, int64_t line)
{
    int64_t shown = 0, stride = 1;
    for (int d = l->small->rank - 2; d >= 0; d--) {
        int64_t place = line % l->large->dims[d] - l->m->before[d];
        line /= l->large->dims[d];
        shown += padded_place(l->m->mode, place, l->small->dims[d]) * stride;
        stride *= l->small->dims[d];
    }
    return shown;
}

#define TEMPLATE "ops/image/pad.template.h"
#include "core/base/for_floats.h"

static lines make_lines(const margins *m, const dg_tensor *small, const dg_tensor *large)
{
    return (lines){.m = m, .small = &small->shape, .large = &large->shape};
}

static dg_status pad_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *y = kernel->outputs[0];
    margins m;
    DG_TRY(margins_from(kernel->attrs, x->shape.rank, &m));
    if (m.mode == PADDING_ZEROS || x->shape.rank == 0)
        return fill_and_copy(kernel, &m);
    lines l = make_lines(&m, x, y);
    int64_t width = y->shape.dims[y->shape.rank - 1], count = dg_tensor_count(y);
    l.from = x->data;
    l.to = y->data;
    if (count > 0)
        chunks_run(kernel->threads, count / width, CHUNK / width,
                   x->dtype == DG_FLOAT32 ? copy_lines_float32 : copy_lines_float64, &l);
    return dg_ok();
}

/* Padding with a constant goes by boxes, the other modes by lines. */
static dg_layout pad_layout(const dg_kernel *kernel, int k)
{
    (void)k;
    return padding_mode_from(&kernel->attrs[1]) == PADDING_ZEROS ? DG_LAYOUT_ALIKE : DG_LAYOUT_PLAIN;
}

static void pad_backward(const dg_backward *vjp)
{
    const dg_value *a = vjp->attrs;
    if (padding_mode_from(&a[1]) == PADDING_ZEROS) {
        dg_value items[2 * DG_MAX_RANK], attrs[1] = {{.kind = DG_VALUE_LIST, .count = a[0].count, .items = items}};
        for (size_t i = 0; i < a[0].count; i++)
            items[i] = dg_int(-a[0].items[i].i);
        vjp->grad_inputs[0] = dg_apply(&(dg_application){
            .op = "pad", .at = DG_HERE, .n_inputs = 1, .inputs = &vjp->grad_output, .n_attrs = 1, .attrs = attrs});
        return;
    }
    dg_node *const inputs[] = {vjp->grad_output, vjp->inputs[0]};
    vjp->grad_inputs[0] = dg_apply(
        &(dg_application){.op = "pad_grad", .at = DG_HERE, .n_inputs = 2, .inputs = inputs, .n_attrs = 2, .attrs = a});
}

/* ---- pad_grad ---- */

static dg_status pad_grad_infer(const dg_infer *infer)
{
    const dg_shape *g = &infer->inputs[0]->shape, *like = &infer->inputs[1]->shape;
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    margins m;
    for (int k = 0; k < 2; k++)
        DG_TRY(want_floats(infer, k));
    DG_TRY(margins_from(infer->attrs, like->rank, &m));
    bool fits = g->rank == like->rank;
    for (int d = 0; fits && d < g->rank; d++)
        fits = like->dims[d] < 0 || !sizes_differ(g->dims[d], like->dims[d] + m.before[d] + m.after[d]);
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "grad is %s, which is not %s padded",
                        dg_graph_print_shape(infer->graph, g, left, sizeof left),
                        dg_graph_print_shape(infer->graph, like, right, sizeof right));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, *like};
    return dg_ok();
}

static dg_status pad_grad_forward(const dg_kernel *kernel)
{
    const dg_tensor *g = kernel->inputs[0], *dx = kernel->outputs[0];
    margins m;
    DG_TRY(margins_from(kernel->attrs, dx->shape.rank, &m));
    if (dg_tensor_bytes(dx) > 0)
        memset(dx->data, 0, dg_tensor_bytes(dx));
    lines l = make_lines(&m, dx, g);
    l.from = g->data;
    l.to = dx->data;
    int64_t pieces = 1, count = dg_tensor_count(g);
    for (int d = 0; d < dx->shape.rank - 1 && m.before[d] == 0 && m.after[d] == 0; d++)
        pieces *= dx->shape.dims[d]; /* the padded part of one is not in another */
    if (count == 0 || dx->shape.rank == 0)
        return dg_ok();
    l.count = count / g->shape.dims[g->shape.rank - 1] / pieces;
    chunks_run(kernel->threads, pieces, CHUNK / (count / pieces),
               dx->dtype == DG_FLOAT32 ? add_lines_float32 : add_lines_float64, &l);
    return dg_ok();
}

static void pad_grad_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_apply(&(dg_application){
        .op = "pad", .at = DG_HERE, .n_inputs = 1, .inputs = &vjp->grad_output, .n_attrs = 2, .attrs = vjp->attrs});
}

static const dg_sample pad_samples[] = {
    {"pad([1, 2, 0, 1], value=0.5)", {"[2, 2, 3]"}},     {"pad([-1, 2])", {"[2, 3]"}},
    {"pad([2, 1], mode=reflect)", {"[2, 2, 4]"}},        {"pad([1, 2, 2, 0], mode=replicate)", {"[2, 2, 3]"}},
    {"pad([0, 2, 1, 1], mode=circular)", {"[2, 3, 2]"}}, {0},
};
static const dg_sample pad_grad_samples[] = {
    {"pad_grad([1, 1, 0, 2], mode=reflect)", {"[2, 5, 4]", "[2, 3, 2]"}},
    {0},
};

#define PAD                                                                                                            \
    {                                                                                                                  \
        .name = "pad", .kind = DG_ATTR_INTS, .positional = true, .is_place = true,                                     \
        .doc = "places before and after of the last dimension, then of the one before it, …; negative ones are cut"  \
    }
#define MODE                                                                                                           \
    {                                                                                                                  \
        .name = "mode", .kind = DG_ATTR_NAME, .fallback = "constant", .choices = "constant|" PADDING_MODES,            \
        .doc = "what the new places show"                                                                              \
    }

static const dg_op pad_ops[] = {
    {
        .name = "pad",
        .family = "shape",
        .summary = "more places at the ends of the last dimensions",
        .inputs = {{.name = "input"}},
        .attrs =
            {PAD,
             MODE,
             {.name = "value", .kind = DG_ATTR_FLOAT, .fallback = "0", .may_be_nan = true, .doc = "of mode=constant"}},
        .flags = DG_ANY_LAYOUT,
        .infer = pad_infer,
        .forward = pad_forward,
        .layout = pad_layout,
        .backward = pad_backward,
        .samples = pad_samples,
    },
    {
        .name = "pad_grad",
        .family = "shape",
        .summary = "the gradient of pad in the modes that repeat elements: each added to the one that it repeats",
        .inputs = {{.name = "grad"}, {.name = "like", .flags = DG_SHAPE_ONLY}},
        .attrs = {PAD, MODE},
        .infer = pad_grad_infer,
        .forward = pad_grad_forward,
        .backward = pad_grad_backward,
        .samples = pad_grad_samples,
    },
};

const dg_op_family pad_family = DG_FAMILY(pad_ops);
