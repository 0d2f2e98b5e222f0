/* What the layers of convolution and the products that they are made of share: attributes, geometry, derivatives. */
#ifndef OPS_CONV_SETTINGS_H
#define OPS_CONV_SETTINGS_H

#include "choose.h"

/* Where an op has them; −1: not at all. */
typedef struct conv_places {
    int stride, padding, dilation, groups, padding_mode, output_padding, algorithm;
} conv_places;

#define CONV_ALGORITHMS "auto|direct|winograd"

typedef struct conv_settings {
    int64_t stride[3], padding[3], dilation[3], output_padding[3], groups;
    padding_mode mode;
    bool same, winograd;
} conv_settings;

dg_status conv_settings_from(const dg_value *attrs, const conv_places *at, int rank, conv_settings *s);

/* All padding of dimension d, and the part of it before the first place (PyTorch puts what is odd at the end). */
int64_t conv_padding_of(const conv_settings *s, int d, int64_t kernel, int64_t *before);

int64_t conv_channels(const dg_shape *image, int rank);
dg_status conv_want_weight(const dg_infer *infer, int k, int rank);
dg_status conv_want_groups(const char *what, int64_t channels, int64_t groups);

/* The geometry of conv(x, w) = y on real sizes. */
dg_status conv_geometry(const dg_value *attrs, const conv_places *at, const dg_tensor *x, const dg_tensor *w,
                        const dg_tensor *y, conv_shape *s);

/* The layout of tensor k of a kernel whose images are input 0 and the output, its weight input 1; and of one whose
 * images are its inputs, its weight the output. */
dg_layout conv_layout(const dg_kernel *kernel, int k);
dg_layout conv_weight_grad_layout(const dg_kernel *kernel, int k);

/* Emits conv_like, conv_input_grad or conv_weight_grad with the settings of the node that is differentiated. */
dg_node *conv_product(const dg_backward *vjp, const conv_places *at, const char *op, dg_node *a, dg_node *b,
                      dg_node *like);

/* The gradients of inputs 0 and 1 of a node that computes conv(x, w). */
void conv_reverse(const dg_backward *vjp, const conv_places *at);

/* Two operations for each weight that meets one of `places`, of the output or, transposed, of the input. */
double conv_product_flops(const dg_shape *places, const dg_shape *weight);

#endif
