/* Settings of convolutions: reading them, and the nodes that carry them on to the derivatives. */
#include "settings.h"

#include <dotgrad/op.h>
#include <string.h>

dg_status conv_settings_from(const dg_value *attrs, const conv_places *at, int rank, conv_settings *s)
{
    const dg_value none = {0}, *padding = &attrs[at->padding];
    *s = (conv_settings){.groups = attrs[at->groups].i};
    DG_TRY(spatial_sizes(&attrs[at->stride], "stride", rank, 1, 1, s->stride));
    DG_TRY(spatial_sizes(padding, "padding", rank, 0, 0, s->padding));
    DG_TRY(spatial_sizes(&attrs[at->dilation], "dilation", rank, 1, 1, s->dilation));
    DG_TRY(spatial_sizes(at->output_padding < 0 ? &none : &attrs[at->output_padding], "output_padding", rank, 0, 0,
                         s->output_padding));
    if (at->padding_mode >= 0)
        s->mode = padding_mode_from(&attrs[at->padding_mode]);
    s->same = padding->kind == DG_VALUE_NAME && strcmp(padding->s, "same") == 0;
    for (int d = 0; s->same && d < 3; d++)
        if (s->stride[d] != 1)
            return dg_error(DG_BAD_ARGUMENT, "padding=same needs a stride of 1, it is %lld", (long long)s->stride[d]);
    s->winograd = at->algorithm >= 0 && attrs[at->algorithm].kind == DG_VALUE_NAME &&
                  strcmp(attrs[at->algorithm].s, "winograd") == 0;
    if (s->groups < 1)
        return dg_error(DG_BAD_ARGUMENT, "groups is %lld, expected at least 1", (long long)s->groups);
    return dg_ok();
}

int64_t conv_padding_of(const conv_settings *s, int d, int64_t kernel, int64_t *before)
{
    int64_t all = s->same ? s->dilation[d] * (kernel - 1) : 2 * s->padding[d];
    *before = all / 2;
    return all;
}

int64_t conv_channels(const dg_shape *image, int rank)
{
    return image->dims[image->rank - rank - 1];
}

dg_status conv_want_weight(const dg_infer *infer, int k, int rank)
{
    char text[DG_SHAPE_TEXT];
    if (infer->inputs[k]->shape.rank == rank + 2)
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "%s is %s, expected %d dimension(s)", infer->op->inputs[k].name,
                    dg_graph_print_shape(infer->graph, &infer->inputs[k]->shape, text, sizeof text), rank + 2);
}

dg_status conv_want_groups(const char *what, int64_t channels, int64_t groups)
{
    if (channels < 0 || (channels > 0 && channels % groups == 0))
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "%lld %s channels cannot be cut into %lld group(s)", (long long)channels, what,
                    (long long)groups);
}

dg_status conv_geometry(const dg_value *attrs, const conv_places *at, const dg_tensor *x, const dg_tensor *w,
                        const dg_tensor *y, conv_shape *s)
{
    int rank = w->shape.rank - 2;
    conv_settings settings;
    bool pictures = rank == 2 && x->shape.rank == 4;
    if (w->channels_last || ((x->channels_last || y->channels_last) && !pictures))
        return dg_error(DG_BAD_ARGUMENT, "only batches of images in two dimensions may be stored as N H W C");
    DG_TRY(conv_settings_from(attrs, at, rank, &settings));
    *s = (conv_shape){.dtype = x->dtype,
                      .mode = settings.mode,
                      .batch = x->shape.rank == rank + 2 ? x->shape.dims[0] : 1,
                      .groups = settings.groups,
                      .in_channels = w->shape.dims[1],
                      .out_channels = w->shape.dims[0] / settings.groups,
                      .x_channels_last = x->channels_last,
                      .y_channels_last = y->channels_last,
                      .winograd = settings.winograd};
    spatial_dims(&x->shape, rank, s->in);
    spatial_dims(&w->shape, rank, s->kernel);
    spatial_dims(&y->shape, rank, s->out);
    memcpy(s->stride, settings.stride, sizeof s->stride);
    memcpy(s->dilation, settings.dilation, sizeof s->dilation);
    for (int d = 0; d < 3; d++)
        conv_padding_of(&settings, d, s->kernel[d], &s->pad[d]);
    return dg_ok();
}

/* Vectors run over channels, where there are enough of them and the convolution is computed directly: see
 * direct_takes_output(). */
static dg_layout layout_of_images(const dg_tensor *images, const dg_tensor *w, int64_t x_channels)
{
    enum { FEW = 8 };
    const int64_t *dims = w->shape.dims;
    bool direct = dims[1] == x_channels || (dims[1] == 1 && dims[0] == x_channels);
    if (w->shape.rank != 4 || images->dtype != DG_FLOAT32 || !direct)
        return DG_LAYOUT_PLAIN;
    return images->shape.dims[1] >= FEW ? DG_LAYOUT_CHANNELS_LAST : DG_LAYOUT_ANY;
}

dg_layout conv_layout(const dg_kernel *kernel, int k)
{
    const dg_tensor *from = kernel->inputs[0], *w = kernel->inputs[1], *to = kernel->outputs[0];
    /* Of the two one is x, the other has the weight's first size. */
    int64_t x_channels = from->shape.dims[1] == w->shape.dims[0] ? to->shape.dims[1] : from->shape.dims[1];
    return k == 1 ? DG_LAYOUT_PLAIN : layout_of_images(k == 0 ? from : to, w, x_channels);
}

dg_layout conv_weight_grad_layout(const dg_kernel *kernel, int k)
{
    int64_t x_channels = kernel->inputs[0]->shape.dims[1];
    return k > 1 ? DG_LAYOUT_PLAIN : layout_of_images(kernel->inputs[k], kernel->outputs[0], x_channels);
}

dg_node *conv_product(const dg_backward *vjp, const conv_places *at, const char *op, dg_node *a, dg_node *b,
                      dg_node *like)
{
    static const char *const names[] = {"stride", "padding", "dilation", "groups", "padding_mode", "algorithm"};
    const int places[] = {at->stride, at->padding, at->dilation, at->groups, at->padding_mode, at->algorithm};
    dg_node *const inputs[] = {a, b, like};
    dg_value attrs[6];
    int n_attrs = at->padding_mode < 0 ? 4 : at->algorithm < 0 ? 5 : 6;
    for (int k = 0; k < n_attrs; k++) {
        attrs[k] = vjp->attrs[places[k]];
        attrs[k].key = names[k];
    }
    return dg_apply(&(dg_application){.graph = vjp->graph,
                                      .op = op,
                                      .at = DG_HERE,
                                      .n_inputs = 3,
                                      .inputs = inputs,
                                      .n_attrs = n_attrs,
                                      .attrs = attrs});
}

void conv_reverse(const dg_backward *vjp, const conv_places *at)
{
    dg_node *x = vjp->inputs[0], *w = vjp->inputs[1], *g = vjp->grad_output;
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = conv_product(vjp, at, "conv_input_grad", g, w, x);
    if (vjp->wanted[1])
        vjp->grad_inputs[1] = conv_product(vjp, at, "conv_weight_grad", x, g, w);
}

double conv_product_flops(const dg_shape *places, const dg_shape *w)
{
    dg_shape one = *w;
    one.dims[0] = 1;
    return 2 * (double)dg_shape_count(places) * (double)dg_shape_count(&one);
}
