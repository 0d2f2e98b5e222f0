/* Patches of images: unfold cuts them out, fold adds them back, pixel_shuffle lays channels out as pixels. */
#include <dotgrad/op.h>

#include "choose.h"
#include "ops/shared/arguments.h"
#include "ops/shared/rules.h"
#include "ops/shared/strided.h"

/* ---- unfold [N, C, H, W] → [N, C·kh·kw, L], fold back: L windows, of each all that it covers ---- */

/* Where an op has them; −1: not at all. */
typedef struct patch_places {
    int output_size, kernel_size, dilation, padding, stride;
} patch_places;
static const patch_places unfold_at = {-1, 0, 1, 2, 3};
static const patch_places fold_at = {0, 1, 2, 3, 4};

static dg_status settings_from(const dg_value *attrs, const patch_places *at, conv_shape *s)
{
    *s = (conv_shape){.groups = 1, .out_channels = 1};
    if (!is_given(&attrs[at->kernel_size]))
        return dg_error(DG_BAD_ARGUMENT, "kernel_size is missing");
    DG_TRY(spatial_sizes(&attrs[at->kernel_size], "kernel_size", 2, 1, 1, s->kernel));
    DG_TRY(spatial_sizes(&attrs[at->dilation], "dilation", 2, 1, 1, s->dilation));
    DG_TRY(spatial_sizes(&attrs[at->padding], "padding", 2, 0, 0, s->pad));
    return spatial_sizes(&attrs[at->stride], "stride", 2, 1, 1, s->stride);
}

/* The number of windows in an image [.., H, W]: DG_UNKNOWN where it is not known, 0 when none fits. */
static int64_t count_windows(conv_shape *s, const dg_shape *image)
{
    spatial_dims(image, 2, s->in);
    s->out[0] = 1;
    for (int d = 1; d < 3; d++)
        s->out[d] = window_count(s->in[d], s->kernel[d], s->stride[d], s->dilation[d], 2 * s->pad[d]);
    return s->out[1] < 0 || s->out[2] < 0 ? DG_UNKNOWN : s->out[1] * s->out[2];
}

static dg_status unfold_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    conv_shape s;
    DG_TRY(want_floats(infer, 0));
    DG_TRY(want_image(infer, 0, 2));
    DG_TRY(settings_from(infer->attrs, &unfold_at, &s));
    int64_t windows = count_windows(&s, x), channels = x->dims[x->rank - 3], taps = s.kernel[1] * s.kernel[2];
    for (int d = 1; d < 3; d++)
        if (s.out[d] == 0)
            return no_window_fits(infer, 0, 2 * s.pad[d], s.dilation[d] * (s.kernel[d] - 1) + 1);
    dg_type y = *infer->inputs[0];
    y.shape.rank = x->rank - 1;
    y.shape.dims[x->rank - 3] = channels < 0 ? DG_UNKNOWN : channels * taps;
    y.shape.dims[x->rank - 2] = windows;
    infer->outputs[0] = y;
    return dg_ok();
}

/* Patches of input 0 against the image that they are added up to. */
static dg_status check_patches(const dg_infer *infer, const patch_places *at, const dg_shape *image)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    conv_shape s;
    DG_TRY(settings_from(infer->attrs, at, &s));
    int64_t windows = count_windows(&s, image), channels = image->dims[image->rank - 3];
    bool fits = !sizes_differ(x->dims[x->rank - 1], windows);
    if (channels >= 0)
        fits = fits && !sizes_differ(x->dims[x->rank - 2], channels * s.kernel[1] * s.kernel[2]);
    if (x->rank == 3)
        fits = fits && !sizes_differ(x->dims[0], image->dims[0]);
    if (fits)
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "%s is %s, but an image of %s has %lld windows of %lld place(s)",
                    infer->op->inputs[0].name, dg_graph_print_shape(infer->graph, x, left, sizeof left),
                    dg_graph_print_shape(infer->graph, image, right, sizeof right), (long long)windows,
                    (long long)(s.kernel[1] * s.kernel[2]));
}

static dg_status want_patches(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    char text[DG_SHAPE_TEXT];
    DG_TRY(want_floats(infer, 0));
    if (x->rank == 2 || x->rank == 3)
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "%s is %s, expected [N, C·kernel, L] or [C·kernel, L]", infer->op->inputs[0].name,
                    dg_graph_print_shape(infer->graph, x, text, sizeof text));
}

static dg_status fold_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    char text[DG_SHAPE_TEXT];
    conv_shape s;
    int64_t size[3];
    DG_TRY(want_patches(infer));
    if (!is_given(&infer->attrs[fold_at.output_size]))
        return dg_error(DG_BAD_ARGUMENT, "output_size is missing");
    DG_TRY(settings_from(infer->attrs, &fold_at, &s));
    DG_TRY(spatial_sizes(&infer->attrs[fold_at.output_size], "output_size", 2, 1, 1, size));
    int64_t rows = x->dims[x->rank - 2], taps = s.kernel[1] * s.kernel[2];
    if (rows >= 0 && rows % taps != 0)
        return dg_error(DG_BAD_SHAPE, "input is %s: %lld is not a multiple of the kernel's %lld place(s)",
                        dg_graph_print_shape(infer->graph, x, text, sizeof text), (long long)rows, (long long)taps);
    dg_type y = *infer->inputs[0];
    y.shape.rank = x->rank + 1;
    y.shape.dims[x->rank - 2] = rows < 0 ? DG_UNKNOWN : rows / taps;
    y.shape.dims[x->rank - 1] = size[1];
    y.shape.dims[x->rank] = size[2];
    infer->outputs[0] = y;
    return check_patches(infer, &fold_at, &y.shape);
}

static dg_status unfold_grad_infer(const dg_infer *infer)
{
    DG_TRY(want_patches(infer));
    DG_TRY(want_floats(infer, 1));
    DG_TRY(want_image(infer, 1, 2));
    infer->outputs[0] = *infer->inputs[1];
    if (infer->inputs[0]->shape.rank != infer->inputs[1]->shape.rank - 1)
        return dg_error(DG_BAD_SHAPE, "grad has %d dimension(s), expected %d", infer->inputs[0]->shape.rank,
                        infer->inputs[1]->shape.rank - 1);
    return check_patches(infer, &unfold_at, &infer->inputs[1]->shape);
}

static dg_status geometry(const dg_value *attrs, const patch_places *at, const dg_tensor *image, conv_shape *s)
{
    DG_TRY(settings_from(attrs, at, s));
    count_windows(s, &image->shape);
    s->dtype = image->dtype;
    s->batch = image->shape.rank == 4 ? image->shape.dims[0] : 1;
    s->in_channels = image->shape.dims[image->shape.rank - 3];
    return dg_ok();
}

static dg_status unfold_forward(const dg_kernel *kernel)
{
    conv_shape s;
    DG_TRY(geometry(kernel->attrs, &unfold_at, kernel->inputs[0], &s));
    conv_unfold(&s, kernel->inputs[0]->data, kernel->outputs[0]->data, kernel->threads);
    return dg_ok();
}

static dg_status fold_with(const dg_kernel *kernel, const patch_places *at)
{
    conv_shape s;
    DG_TRY(geometry(kernel->attrs, at, kernel->outputs[0], &s));
    conv_fold(&s, kernel->inputs[0]->data, kernel->outputs[0]->data, kernel->threads);
    return dg_ok();
}

static dg_status fold_forward(const dg_kernel *kernel)
{
    return fold_with(kernel, &fold_at);
}

static dg_status unfold_grad_forward(const dg_kernel *kernel)
{
    return fold_with(kernel, &unfold_at);
}

static void unfold_backward(const dg_backward *vjp)
{
    dg_node *const inputs[] = {vjp->grad_output, vjp->inputs[0]};
    vjp->grad_inputs[0] = dg_apply(&(dg_application){
        .op = "unfold_grad", .at = DG_HERE, .n_inputs = 2, .inputs = inputs, .n_attrs = 4, .attrs = vjp->attrs});
}

static dg_node *unfold(dg_node *image, const dg_value *attrs)
{
    return dg_apply(&(dg_application){
        .op = "unfold", .at = DG_HERE, .n_inputs = 1, .inputs = &image, .n_attrs = 4, .attrs = attrs});
}

static void fold_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = unfold(vjp->grad_output, vjp->attrs + 1);
}

static void unfold_grad_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = unfold(vjp->grad_output, vjp->attrs);
}

/* ---- pixel_shuffle [.., C·r², H, W] → [.., C, H·r, W·r] and back ---- */

static int64_t times(int64_t size, int64_t factor)
{
    return size < 0 ? DG_UNKNOWN : size * factor;
}

static dg_status shuffle(const dg_infer *infer, bool back)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    int64_t r = infer->attrs[0].i, sizes[3];
    char text[DG_SHAPE_TEXT];
    if (x->rank < 3)
        return dg_error(DG_BAD_SHAPE, "input is %s, expected [.., C, H, W]",
                        dg_graph_print_shape(infer->graph, x, text, sizeof text));
    if (r < 1 || r > INT16_MAX)
        return dg_error(DG_BAD_ARGUMENT, "%s is %lld, expected a number from 1 to %d", infer->op->attrs[0].name,
                        (long long)r, INT16_MAX);
    spatial_dims(x, 3, sizes);
    bool fits = back ? (sizes[1] < 0 || sizes[1] % r == 0) && (sizes[2] < 0 || sizes[2] % r == 0)
                     : sizes[0] < 0 || sizes[0] % (r * r) == 0;
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "input is %s, which a factor of %lld does not divide",
                        dg_graph_print_shape(infer->graph, x, text, sizeof text), (long long)r);
    dg_type y = *infer->inputs[0];
    int64_t *out = &y.shape.dims[x->rank - 3];
    out[0] = back ? times(sizes[0], r * r) : sizes[0] < 0 ? DG_UNKNOWN : sizes[0] / (r * r);
    for (int d = 1; d < 3; d++)
        out[d] = !back ? times(sizes[d], r) : sizes[d] < 0 ? DG_UNKNOWN : sizes[d] / r;
    infer->outputs[0] = y;
    return dg_ok();
}

static dg_status shuffle_infer(const dg_infer *infer)
{
    return shuffle(infer, false);
}

static dg_status unshuffle_infer(const dg_infer *infer)
{
    return shuffle(infer, true);
}

/* Element (c, h, i, w, j) of the pixels is element (c, i, j, h, w) of the channels. */
static void move_pixels(const dg_kernel *kernel, const dg_shape *pixels, bool back)
{
    int64_t r = kernel->attrs[0].i, sizes[3];
    spatial_dims(pixels, 3, sizes);
    int64_t h = sizes[1] / r, w = sizes[2] / r;
    dg_shape outer = *pixels;
    outer.rank -= 2; /* the channels go with the batch */
    const box b = {
        .rank = 5,
        .size = {dg_shape_count(&outer), h, r, w, r},
        .to = {h * w * r * r, r * w * r, w * r, r, 1},
        .from = {h * w * r * r, w, r * h * w, 1, h * w},
    };
    box reversed = b;
    for (int d = 0; d < b.rank; d++) {
        reversed.to[d] = b.from[d];
        reversed.from[d] = b.to[d];
    }
    box_copy(back ? &reversed : &b, kernel->inputs[0]->dtype, kernel->outputs[0]->data, kernel->inputs[0]->data,
             kernel->threads);
}

static dg_status shuffle_forward(const dg_kernel *kernel)
{
    move_pixels(kernel, &kernel->outputs[0]->shape, false);
    return dg_ok();
}

static dg_status unshuffle_forward(const dg_kernel *kernel)
{
    move_pixels(kernel, &kernel->inputs[0]->shape, true);
    return dg_ok();
}

static dg_node *other(const dg_backward *vjp, const char *op)
{
    return dg_apply(&(dg_application){
        .op = op, .at = DG_HERE, .n_inputs = 1, .inputs = &vjp->grad_output, .n_attrs = 1, .attrs = vjp->attrs});
}

static void shuffle_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = other(vjp, "pixel_unshuffle");
}

static void unshuffle_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = other(vjp, "pixel_shuffle");
}

static const dg_sample unfold_samples[] = {
    {"unfold(2)", {"[2, 2, 3, 3]"}},
    {"unfold([2, 1], dilation=[1, 2], padding=1, stride=[2, 1])", {"[2, 3, 4]"}},
    {0},
};
static const dg_sample fold_samples[] = {
    {"fold([3, 3], 2)", {"[2, 8, 4]"}},
    {"fold(4, kernel_size=3, padding=1, stride=2)", {"[9, 4]"}},
    {0},
};
static const dg_sample unfold_grad_samples[] = {{"unfold_grad(2, stride=2)", {"[1, 8, 2]", "[1, 2, 3, 4]"}},
                                                {.call = NULL}};
static const dg_sample shuffle_samples[] = {{"pixel_shuffle(2)", {"[2, 8, 2, 3]"}}, {.call = NULL}};
static const dg_sample unshuffle_samples[] = {{"pixel_unshuffle(2)", {"[2, 4, 6]"}}, {.call = NULL}};

#define SIZES(attr_name, fallback_text, text)                                                                          \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_SIZES, .fallback = fallback_text, .doc = text                               \
    }
#define WINDOW                                                                                                         \
    SIZES("kernel_size", "none", "places of a window; required"), SIZES("dilation", "1", "between the places of one"), \
        SIZES("padding", "0", "zeros at both ends"), SIZES("stride", "1", "between windows")
#define FACTOR(attr_name)                                                                                              \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_INT, .positional = true, .doc = "r"                                         \
    }

static const dg_op patch_ops[] = {
    {
        .name = "unfold",
        .spatial = 2,
        .family = "conv",
        .summary = "what each window of an image covers, as a column: [N, C, H, W] to [N, C·kernel, L]",
        .inputs = {{.name = "input"}},
        .attrs = {WINDOW},
        .infer = unfold_infer,
        .forward = unfold_forward,
        .backward = unfold_backward,
        .samples = unfold_samples,
    },
    {
        .name = "fold",
        .spatial = 2,
        .family = "conv",
        .summary = "an image from the columns of its windows, added where they overlap: the transposed of unfold",
        .inputs = {{.name = "input"}},
        .attrs = {SIZES("output_size", "none", "H and W; required"), WINDOW},
        .infer = fold_infer,
        .forward = fold_forward,
        .backward = fold_backward,
        .samples = fold_samples,
    },
    {
        .name = "unfold_grad",
        .family = "conv",
        .summary = "fold to the shape of like",
        .inputs = {{.name = "grad"}, {.name = "like", .flags = DG_SHAPE_ONLY}},
        .attrs = {WINDOW},
        .infer = unfold_grad_infer,
        .forward = unfold_grad_forward,
        .backward = unfold_grad_backward,
        .samples = unfold_grad_samples,
    },
    {
        .name = "pixel_shuffle",
        .family = "shape",
        .summary = "[.., C·r², H, W] to [.., C, H·r, W·r]: channels become pixels",
        .source = "Shi et al., Real-time single image and video super-resolution (2016)",
        .inputs = {{.name = "input"}},
        .attrs = {FACTOR("upscale_factor")},
        .infer = shuffle_infer,
        .forward = shuffle_forward,
        .backward = shuffle_backward,
        .samples = shuffle_samples,
    },
    {
        .name = "pixel_unshuffle",
        .family = "shape",
        .summary = "[.., C, H·r, W·r] to [.., C·r², H, W]: pixels become channels",
        .inputs = {{.name = "input"}},
        .attrs = {FACTOR("downscale_factor")},
        .infer = unshuffle_infer,
        .forward = unshuffle_forward,
        .backward = unshuffle_backward,
        .samples = unshuffle_samples,
    },
};

const dg_op_family patch_family = DG_FAMILY(patch_ops);
