/* Recurrences over time for some rows of the batch, for each instruction set. */
#ifndef OPS_RECURRENCE_STEPS_H
#define OPS_RECURRENCE_STEPS_H

#include <dotgrad/isa.h>

#include "ops/gemm/gemm.h"

/* What all have in common. Sequences are [batch, steps, size], weights [size of a step's products, hidden]. */
typedef struct recurrence {
    dg_dtype dtype; /* a float type, of all */
    int64_t batch, steps, hidden;
    bool reverse; /* from the last step to the first */
    /* set by run.c */
    const gemm_functions *gemm;
    void *panels; /* the packed weight */
} recurrence;

/* A product's columns come in panels of so many, of which a part panel_depth() deep stays in the first cache; or, where
 * narrower ones pay (gemm->panels_pay), in as many of gemm's panels side by side. */
static inline int64_t panel_width(const recurrence *r)
{
    return r->hidden >= 64 ? 64 : (r->hidden + 15) / 16 * 16;
}

/* Elements of a weight of `depth` rows and blocks·hidden columns in panels. */
static inline int64_t panel_count(const recurrence *r, int64_t blocks, int64_t depth)
{
    int64_t width = panel_width(r);
    return (r->hidden + width - 1) / width * width * blocks * depth;
}

/* The place of the k-th step that is taken in a sequence [batch, steps]. */
static inline int64_t at_step(const recurrence *r, int64_t row, int64_t k)
{
    return row * r->steps + (r->reverse ? r->steps - 1 - k : k);
}

/* h_t = tanh(p_t + W h_{t−1}), or with relu max(0, …). `first` may be NULL: 0. */
typedef struct rnn_steps {
    recurrence r;
    bool relu;
    const void *products; /* p, [.., hidden] */
    const void *weight, *first;
    void *h;
} rnn_steps;

/* (i, f, g, o) = (σ, σ, tanh, σ)(V x_t + b + W h_{t−1}); c_t = f c_{t−1} + i g; h_t = o tanh c_t. Without a weight V
 * the input is V x + b itself. */
typedef struct lstm_steps {
    recurrence r;
    bool has_weight;          /* V is given; else the input is V x + b */
    int64_t features;         /* of x, which may be 0; 0 without V */
    const void *input;        /* x, [.., features], or [.., 4·hidden] */
    const void *input_weight; /* V, [4·hidden, features], or NULL */
    const void *bias;         /* b, [4·hidden]; NULL: 0 */
    const void *weight, *first, *first_cell;
    void *h, *cell, *gates; /* gates: i, f, g, o */
} lstm_steps;

/* From the cotangents of h and c (NULL: 0) those of the sum that the gates are made of, and of the first cell. */
typedef struct lstm_gradient_steps {
    recurrence r;
    const void *weight, *gates, *cell, *first_cell;
    const void *on_h, *on_cell;
    void *on_sums;       /* [.., 4·hidden] */
    void *on_first_cell; /* [batch, hidden] */
} lstm_gradient_steps;

/* (a, b, q) = W h_{t−1} + bias; r = σ(p_r + a), z = σ(p_z + b), n = tanh(p_n + r q); h_t = (1 − z) n + z h_{t−1}. */
typedef struct gru_steps {
    recurrence r;
    const void *products;              /* p, [.., 3·hidden] */
    const void *weight, *bias, *first; /* bias may be NULL: 0 */
    void *h, *gates;                   /* gates: r, z, n, q */
} gru_steps;

/* From the cotangent of h those of p, of W h + bias, and of the first hidden state where it is not multiplied by W. */
typedef struct gru_gradient_steps {
    recurrence r;
    const void *weight, *gates, *h, *first;
    const void *on_h;
    void *on_products, *on_sums; /* [.., 3·hidden] */
    void *on_first;              /* [batch, hidden] */
} gru_gradient_steps;

/* A linear recurrence, from 0, and its transposed. C are `blocks` blocks of `hidden` coefficients, W as many of a
 * recurrent weight. With a readout K the last block goes past the memory m:
 *     s_t = e_t + W u_{t−1}
 *     m_t = φ_t + F_t m_{t−1} + Σ_{b < blocks} C_t^b s_t^b
 *     u_t = ψ_t + m_t                          without readout
 *     u_t = ψ_t + K_t m_t + C_t^last s_t^last  with one, and the sum over the blocks before the last
 * The transposed takes cotangents of s, m, u and gives those of e, φ, ψ. */
typedef struct linear_steps {
    recurrence r;
    int64_t blocks;
    const void *weight;                   /* W, [blocks·hidden, hidden] */
    const void *gain;                     /* C, [.., blocks·hidden] */
    const void *decay, *readout;          /* F, K: [.., hidden], or NULL: 0, and none */
    const void *from_s, *from_m, *from_u; /* e, φ, ψ, or the cotangents; NULL: 0 */
    void *s, *m, *u;                      /* the results */
} linear_steps;

/* Sums over the batch and all steps, a's number of columns being `size`:
 *     Σ a_t h_{t−1}ᵀ [size, hidden], Σ a_t x_tᵀ [size, features], Σ a_t [size] */
typedef struct weight_sums {
    recurrence r;
    int64_t size, features; /* features: 0 without x */
    const void *a, *x, *h, *first;
    void *by_h, *by_x, *alone;
} weight_sums;

/* So many steps are multiplied at a time: what they take stays in the second cache. And columns of a in a piece. */
enum { SUMMED_STEPS = 128, SUMS_ROWS = 128 };

/* Of the batch; of weight_sums: of `size`. */
typedef struct rows_of {
    int64_t begin, end;
} rows_of;

typedef void (*rows_function)(const void *call, rows_of rows, void *scratch);

typedef struct recurrence_functions {
    /* Weights into panels: `blocks` matrices [hidden, columns] of the weight turned round, as rows `from` … of panels
     * with `depth` rows; or as it is, for products with its rows. */
    void (*pack_turned)(const recurrence *r, int64_t blocks, const void *weight, int64_t columns, int64_t from,
                        int64_t depth);
    void (*pack)(const recurrence *r, const void *weight, int64_t depth);
    rows_function rnn, lstm, lstm_gradient, gru, gru_gradient, linear, linear_transposed, weight_sums;
} recurrence_functions;

typedef struct recurrence_kernels {
    recurrence_functions float32, float64;
} recurrence_kernels;

DG_ISA_TABLE(recurrence_kernels, recurrence_tables)

#endif
