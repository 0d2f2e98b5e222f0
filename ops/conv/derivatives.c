/* The three products that all derivatives of convolutions are made of.
 *
 * y = conv(x, w) is linear in x and in w. With a cotangent g of y:
 *     conv_like         y = conv(x, w)
 *     conv_input_grad   dx = ∂⟨g, conv(x, w)⟩/∂x, of g and w
 *     conv_weight_grad  dw = ∂⟨g, conv(x, w)⟩/∂w, of x and g
 * The derivatives of each are the two others, whatever the order. `like` gives the result's shape, which a product
 * alone does not tell. */
#include <dotgrad/op.h>

#include "ops/shared/rules.h"
#include "settings.h"

static const conv_places product_at = {0, 1, 2, 3, 4, -1, 5};

/* The types of x, w and y, one of which is the result, told by `like`. */
static dg_status check_product(const dg_infer *infer, int x_at, int w_at, int y_at)
{
    int rank = infer->inputs[w_at]->shape.rank - 2;
    conv_settings s;
    if (rank < 1 || rank > 3)
        return conv_want_weight(infer, w_at, 2);
    DG_TRY(conv_settings_from(infer->attrs, &product_at, rank, &s));
    for (int k = 0; k < 3; k++)
        DG_TRY(want_floats(infer, k));
    DG_TRY(want_image(infer, x_at, rank));
    DG_TRY(want_image(infer, y_at, rank));
    const dg_shape *x = &infer->inputs[x_at]->shape, *w = &infer->inputs[w_at]->shape, *y = &infer->inputs[y_at]->shape;
    DG_TRY(conv_want_groups("output", w->dims[0], s.groups));
    bool fits = x->rank == y->rank && !(x->rank == rank + 2 && sizes_differ(x->dims[0], y->dims[0]));
    fits = fits && !sizes_differ(w->dims[0], conv_channels(y, rank));
    if (w->dims[1] >= 0)
        fits = fits && !sizes_differ(w->dims[1] * s.groups, conv_channels(x, rank));
    char first[DG_SHAPE_TEXT], second[DG_SHAPE_TEXT], third[DG_SHAPE_TEXT];
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "images of %s, a weight of %s and results of %s do not go together",
                        dg_graph_print_shape(infer->graph, x, first, sizeof first),
                        dg_graph_print_shape(infer->graph, w, second, sizeof second),
                        dg_graph_print_shape(infer->graph, y, third, sizeof third));
    infer->outputs[0] = *infer->inputs[2];
    return dg_ok();
}

static dg_status like_infer(const dg_infer *infer)
{
    return check_product(infer, 0, 1, 2);
}

static dg_status input_grad_infer(const dg_infer *infer)
{
    return check_product(infer, 2, 1, 0);
}

static dg_status weight_grad_infer(const dg_infer *infer)
{
    return check_product(infer, 0, 2, 1);
}

static dg_status like_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *w = kernel->inputs[1], *y = kernel->outputs[0];
    conv_shape s;
    DG_TRY(conv_geometry(kernel->attrs, &product_at, x, w, y, &s));
    return conv_output(&s, x->data, w->data, NULL, y->data, kernel);
}

static size_t like_workspace(const dg_kernel *kernel)
{
    conv_shape s;
    dg_status status =
        conv_geometry(kernel->attrs, &product_at, kernel->inputs[0], kernel->inputs[1], kernel->outputs[0], &s);
    return status.code == DG_OK ? conv_output_workspace(&s, kernel) : 0;
}

static dg_status input_grad_forward(const dg_kernel *kernel)
{
    const dg_tensor *g = kernel->inputs[0], *w = kernel->inputs[1], *dx = kernel->outputs[0];
    conv_shape s;
    DG_TRY(conv_geometry(kernel->attrs, &product_at, dx, w, g, &s));
    return conv_input_grad(&s, g->data, w->data, NULL, dx->data, kernel);
}

static size_t input_grad_workspace(const dg_kernel *kernel)
{
    conv_shape s;
    dg_status status =
        conv_geometry(kernel->attrs, &product_at, kernel->outputs[0], kernel->inputs[1], kernel->inputs[0], &s);
    return status.code == DG_OK ? conv_input_grad_workspace(&s, kernel) : 0;
}

static dg_status weight_grad_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *g = kernel->inputs[1], *dw = kernel->outputs[0];
    conv_shape s;
    DG_TRY(conv_geometry(kernel->attrs, &product_at, x, dw, g, &s));
    return conv_weight_grad(&s, x->data, g->data, dw->data, kernel);
}

static size_t weight_grad_workspace(const dg_kernel *kernel)
{
    conv_shape s;
    dg_status status =
        conv_geometry(kernel->attrs, &product_at, kernel->inputs[0], kernel->outputs[0], kernel->inputs[1], &s);
    return status.code == DG_OK ? conv_weight_grad_workspace(&s, kernel) : 0;
}

static void like_backward(const dg_backward *vjp)
{
    conv_reverse(vjp, &product_at);
}

static void input_grad_backward(const dg_backward *vjp)
{
    dg_node *g = vjp->inputs[0], *w = vjp->inputs[1], *u = vjp->grad_output;
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = conv_product(vjp, &product_at, "conv_like", u, w, g);
    if (vjp->wanted[1])
        vjp->grad_inputs[1] = conv_product(vjp, &product_at, "conv_weight_grad", u, g, w);
}

static void weight_grad_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0], *g = vjp->inputs[1], *v = vjp->grad_output;
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = conv_product(vjp, &product_at, "conv_input_grad", g, v, x);
    if (vjp->wanted[1])
        vjp->grad_inputs[1] = conv_product(vjp, &product_at, "conv_like", x, v, g);
}

static double like_flops(const dg_infer *infer)
{
    return conv_product_flops(&infer->inputs[2]->shape, &infer->inputs[1]->shape);
}

static double input_grad_flops(const dg_infer *infer)
{
    return conv_product_flops(&infer->inputs[0]->shape, &infer->inputs[1]->shape);
}

static double weight_grad_flops(const dg_infer *infer)
{
    return conv_product_flops(&infer->inputs[1]->shape, &infer->inputs[2]->shape);
}

static const dg_sample like_samples[] = {
    {"conv_like(padding=1, stride=2)", {"[2, 2, 4, 3]", "[2, 2, 3, 2]", "[2, 2, 2, 2]"}}, {.call = NULL}};
static const dg_sample input_grad_samples[] = {
    {"conv_input_grad(stride=2, groups=2)", {"[2, 2, 2, 1]", "[2, 1, 3, 2]", "[2, 2, 5, 2]"}}, {.call = NULL}};
static const dg_sample weight_grad_samples[] = {
    {"conv_weight_grad(dilation=2, padding=same)", {"[2, 2, 4]", "[2, 3, 4]", "[3, 2, 3]"}}, {.call = NULL}};

#define SIZES(attr_name, fallback_text)                                                                                \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_SIZES, .fallback = fallback_text, .doc = "as of conv",                      \
        .choices = "same|valid"                                                                                        \
    }
#define PRODUCT(op_name, text, first, second, op_flags, op_layout, rule, kernel, space, reverse, work, op_samples)     \
    {                                                                                                                  \
        .name = op_name, .family = "conv", .summary = text,                                                            \
        .inputs = {{.name = first},                                                                                    \
                   {.name = second},                                                                                   \
                   {.name = "like", .flags = DG_SHAPE_ONLY, .doc = "of the result's shape"}},                          \
        .attrs = {SIZES("stride", "1"),                                                                                \
                  SIZES("padding", "0"),                                                                               \
                  SIZES("dilation", "1"),                                                                              \
                  {.name = "groups", .kind = DG_ATTR_INT, .fallback = "1", .doc = "as of conv"},                       \
                  {.name = "padding_mode",                                                                             \
                   .kind = DG_ATTR_NAME,                                                                               \
                   .fallback = "zeros",                                                                                \
                   .choices = "zeros|" PADDING_MODES,                                                                  \
                   .doc = "as of conv"},                                                                               \
                  {.name = "algorithm",                                                                                \
                   .kind = DG_ATTR_NAME,                                                                               \
                   .fallback = "auto",                                                                                 \
                   .choices = CONV_ALGORITHMS,                                                                         \
                   .doc = "as of conv2d"}},                                                                            \
        .flags = op_flags, .layout = op_layout, .infer = rule, .forward = kernel, .workspace = space,                  \
        .backward = reverse, .flops = work, .samples = op_samples                                                      \
    }

static const dg_op conv_product_ops[] = {
    PRODUCT("conv_like", "conv(x, w) with as many places as like has", "input", "weight", DG_EPILOGUE | DG_ANY_LAYOUT,
            conv_layout, like_infer, like_forward, like_workspace, like_backward, like_flops, like_samples),
    PRODUCT("conv_input_grad", "the gradient of a convolution's input, from that of its result and its weight", "grad",
            "weight", DG_EPILOGUE | DG_ANY_LAYOUT, conv_layout, input_grad_infer, input_grad_forward,
            input_grad_workspace, input_grad_backward, input_grad_flops, input_grad_samples),
    PRODUCT("conv_weight_grad", "the gradient of a convolution's weight, from its input and the gradient of its result",
            "input", "grad", DG_ANY_LAYOUT, conv_weight_grad_layout, weight_grad_infer, weight_grad_forward,
            weight_grad_workspace, weight_grad_backward, weight_grad_flops, weight_grad_samples),
};

const dg_op_family conv_product_family = DG_FAMILY(conv_product_ops);
