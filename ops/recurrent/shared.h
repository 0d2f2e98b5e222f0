/* What the ops over time steps share, and recurrent layers and cells take from them. */
#ifndef OPS_RECURRENCE_H
#define OPS_RECURRENCE_H

#include <dotgrad/op.h>

/* Input k, when it is given, must have this shape and input 0's float type. */
dg_status want_shape(const dg_infer *infer, int k, const dg_shape *wants);

enum { MOST_BLOCKS = 8 };

/* Inputs `weight` [blocks·H, H] and `sequence` [N, T, blocks·H] must fit together; *states becomes [N, T, H]. */
dg_status want_recurrence(const dg_infer *infer, int weight, int sequence, dg_shape *states);
/* Input k is a weight [blocks·H, H]. */
dg_status want_blocks(const dg_infer *infer, int k, int blocks);

const void *data_of(const dg_kernel *kernel, int k); /* of input k; NULL: left out */
int64_t size_of_step(const dg_tensor *sequence);

/* The last or the first time step of [N, T, features]: [N, features]. */
dg_node *time_edge(dg_node *x, bool last);

/* Of layers with gates: block b of [.., blocks·H]; the sum of those that are there; the hidden size of a recurrent
 * weight; [N, T, H] that is `first` [N, H] at the first step and 0 after it. NULL gives NULL. */
dg_node *block_of(dg_node *x, int b, int64_t hidden);
dg_node *sum_of(dg_node *a, dg_node *b);
int64_t hidden_size(const dg_node *weight);
dg_node *at_first_step(dg_node *first, dg_node *like, bool reverse);

/* Two a multiply-add, and the gates: of layers whose step multiplies so many numbers with each row of the weights, and
 * of their gradients. */
double gates_flops(const dg_infer *infer, double depth);
double gates_gradient_flops(const dg_infer *infer);

/* Outputs of linear_recurrence and its transposed. */
enum { S, M, U, LINEAR_OUTPUTS };

/* Parts of descriptors. */
#define REVERSE                                                                                                        \
    {                                                                                                                  \
        .name = "reverse", .kind = DG_ATTR_BOOL, .fallback = "false", .doc = "from the last time step to the first"    \
    }
#define PRODUCTS(text)                                                                                                 \
    {                                                                                                                  \
        .name = "products", .doc = text                                                                                \
    }
#define FIRST(first_name)                                                                                              \
    {                                                                                                                  \
        .name = first_name, .flags = DG_OPTIONAL, .doc = "[N, H], before the first step; left out: 0"                  \
    }
#define OPTIONAL(input_name, text)                                                                                     \
    {                                                                                                                  \
        .name = input_name, .flags = DG_OPTIONAL, .doc = text                                                          \
    }

#endif
