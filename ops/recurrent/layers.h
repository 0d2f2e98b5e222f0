/* What recurrent layers and cells share: sizes and initialisers of weights. hidden_size is attribute 0. */
#ifndef OPS_RECURRENT_H
#define OPS_RECURRENT_H

#include <dotgrad/op.h>

int recurrent_gates(const dg_op *op); /* blocks of a weight: 1 of rnn, 3 of gru, 4 of lstm */
dg_status recurrent_hidden_weight(const dg_infer *infer, dg_shape *shape, bool *present);
dg_status recurrent_init(const dg_infer *infer, char *text, size_t size); /* PyTorch's: U(−1/√H, 1/√H) */

#endif
