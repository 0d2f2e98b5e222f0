/* Rows of a block of attention's scores, for each instruction set. */
#ifndef OPS_ATTENTION_ROWS_H
#define OPS_ATTENTION_ROWS_H

#include <dotgrad/isa.h>
#include <stdbool.h>
#include <stdint.h>

/* A block of scores q·kᵀ, with room for whole vectors in each row, and what goes on there. The score of a key that does
 * not count is −∞. Strides count elements; 0 broadcasts. */
typedef struct attention_block {
    int64_t rows, columns;
    void *scores;
    int64_t row;
    double scale;
    int64_t seen;     /* columns that row 0 sees, each further row one more; at least rows + columns: all see all */
    const void *keep; /* bool; NULL: all count */
    int64_t keep_row, keep_column;
    const void *added; /* to the scaled scores; NULL: nothing */
    int64_t added_row, added_column;
    const void *factors; /* of dropout, laid out as the scores; NULL: none */
} attention_block;

typedef struct attention_rows {
    /* Scores become exp(score − top), times their factors. top, sum: [rows], of the blocks of keys before, brought up
     * to date; first: there are none before. The rows of y [rows, width] that were summed before are scaled to the new
     * top. */
    void (*exponentials)(const attention_block *block, bool first, void *top, void *sum, void *y, int64_t width);
    /* y becomes y / sum, or 0 where no key counts; log_sum: ln of the sum of all exp(score), there 0. */
    void (*finish)(int64_t rows, const void *top, const void *sum, void *y, int64_t width, void *log_sum);
    /* dots[i] = Σ y[i] g[i] */
    void (*dots)(int64_t rows, int64_t width, const void *y, const void *g, void *dots);
    /* on_weights holds g·vᵀ. With p = exp(score − log_sum) and m the factor (or 1): scores become p·m, on_weights the
     * cotangent of q·kᵀ, p·(m·on_weights − dot)·scale. */
    void (*gradients)(const attention_block *block, const void *log_sum, const void *dots, void *on_weights);
} attention_rows;

typedef struct attention_tables {
    attention_rows float32, float64;
} attention_tables;
DG_ISA_TABLE(attention_tables, attention_kernels)

#endif
