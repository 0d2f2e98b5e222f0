/* Recurrences over time on buffers. A piece of the batch goes through all time steps on its own, so that nothing has to
 * be waited for between steps; the step's product with the recurrent weight is one call of BLAS, written in place. */
#ifndef OPS_RECURRENCE_KERNEL_H
#define OPS_RECURRENCE_KERNEL_H

#include <dotgrad/formula.h>
#include <dotgrad/threads.h>

/* What all have in common. Sequences are [batch, steps, size], weights [size of a step's products, hidden]. */
typedef struct recurrence {
    dg_dtype dtype; /* a float type, of all */
    int64_t batch, steps, hidden;
    bool reverse; /* from the last step to the first */
} recurrence;

/* From the type of the hidden states and the size of the largest sequence's step. DG_BAD_SHAPE: sequences beyond what
 * BLAS can count. */
dg_status recurrence_make(recurrence *r, const dg_tensor *hidden_states, int64_t widest, bool reverse);

/* h_t = tanh(p_t + W h_{t−1}), or with relu max(0, …). `first` may be NULL: 0. */
typedef struct rnn_steps {
    recurrence r;
    bool relu;
    const void *products; /* p, [.., hidden] */
    const void *weight, *first;
    void *h;
    dg_array_function tanh;
} rnn_steps;
void rnn_run(rnn_steps *call, dg_threads *threads);

/* (i, f, g, o) = (σ, σ, tanh, σ)(p_t + W h_{t−1}); c_t = f c_{t−1} + i g; h_t = o tanh c_t. */
typedef struct lstm_steps {
    recurrence r;
    const void *products; /* p, [.., 4·hidden] */
    const void *weight, *first, *first_cell;
    void *h, *cell, *gates; /* gates: i, f, g, o */
    dg_array_function sigmoid, tanh;
} lstm_steps;
void lstm_run(lstm_steps *call, dg_threads *threads);

/* (a, b, q) = W h_{t−1} + bias; r = σ(p_r + a), z = σ(p_z + b), n = tanh(p_n + r q); h_t = (1 − z) n + z h_{t−1}. */
typedef struct gru_steps {
    recurrence r;
    const void *products;              /* p, [.., 3·hidden] */
    const void *weight, *bias, *first; /* bias may be NULL: 0 */
    void *h, *gates;                   /* gates: r, z, n, q */
    dg_array_function sigmoid, tanh;
} gru_steps;
void gru_run(gru_steps *call, dg_threads *threads);

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
void linear_run(linear_steps *call, dg_threads *threads);
void linear_transposed_run(linear_steps *call, dg_threads *threads);

/* Everything moved one step on: y_t = x_{t−1}, and `first` (NULL: 0) at the first step. `size` of one step. */
void shift_run(const recurrence *r, int64_t size, const void *x, const void *first, void *y);

#endif
