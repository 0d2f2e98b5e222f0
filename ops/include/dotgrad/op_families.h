/* The families of ops that ship, one a source file of ops/. Private to the build: not installed. */
#ifndef DOTGRAD_OP_FAMILIES_H
#define DOTGRAD_OP_FAMILIES_H

#include <dotgrad/op.h>

extern const dg_op_family dg_source_ops, dg_random_ops, dg_expr_ops, dg_elementwise_ops, dg_compare_ops, dg_activation_ops,
    dg_reduce_ops, dg_shape_ops, dg_join_ops, dg_index_ops, dg_linear_ops, dg_rbf_ops, dg_softmax_ops, dg_loss_ops, dg_regression_loss_ops, dg_distance_loss_ops, dg_label_loss_ops, dg_recurrence_ops, dg_lstm_recurrence_ops, dg_gru_recurrence_ops, dg_recurrent_ops, dg_recurrent_cell_ops, dg_conv_ops, dg_conv_product_ops, dg_pool_ops, dg_pad_ops, dg_patch_ops, dg_resample_ops,
    dg_norm_ops, dg_normalize_ops, dg_attention_ops, dg_transformer_ops, dg_embedding_ops, dg_glu_ops, dg_research_activation_ops, dg_dropout_ops, dg_linalg_ops, dg_determinant_ops, dg_einsum_ops, dg_diagonal_ops,
    dg_cumulative_ops, dg_sort_ops, dg_arrange_ops, dg_deal_ops, dg_replace_ops, dg_fill_ops;

#endif
