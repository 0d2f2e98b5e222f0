/* Recurrences over time on buffers. A piece of the batch goes through all time steps on its own, so that nothing has to
 * be waited for between steps. A weight is packed once for all steps and pieces. */
#ifndef OPS_RECURRENCE_KERNEL_H
#define OPS_RECURRENCE_KERNEL_H

#include <dotgrad/threads.h>

#include "steps.h"

recurrence recurrence_of(const dg_tensor *hidden_states, bool reverse);

/* Of each kind: the bytes of workspace that a call needs, by its sizes alone, and the call. */
size_t rnn_bytes(const rnn_steps *call);
void rnn_run(rnn_steps *call, void *workspace, dg_threads *threads);
size_t lstm_bytes(const lstm_steps *call);
void lstm_run(lstm_steps *call, void *workspace, dg_threads *threads);
size_t lstm_gradient_bytes(const lstm_gradient_steps *call);
void lstm_gradient_run(lstm_gradient_steps *call, void *workspace, dg_threads *threads);
size_t gru_bytes(const gru_steps *call);
void gru_run(gru_steps *call, void *workspace, dg_threads *threads);
size_t gru_gradient_bytes(const gru_gradient_steps *call);
void gru_gradient_run(gru_gradient_steps *call, void *workspace, dg_threads *threads);
size_t linear_bytes(const linear_steps *call); /* of the two linear ones */
void linear_run(linear_steps *call, void *workspace, dg_threads *threads);
void linear_transposed_run(linear_steps *call, void *workspace, dg_threads *threads);
size_t weight_sums_bytes(const weight_sums *call);
void weight_sums_run(weight_sums *call, void *workspace, dg_threads *threads);

/* Everything moved one step on: y_t = x_{t−1}, and `first` (NULL: 0) at the first step. `size` of one step. */
void shift_run(const recurrence *r, int64_t size, const void *x, const void *first, void *y);

#endif
