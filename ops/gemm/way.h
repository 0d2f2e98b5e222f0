/* How a product is computed: which kernel, cut how.
 *
 *   way.c   choosing and cutting     pack.c  lines packed, operands in 16 bits widened     product.c  running */
#ifndef OPS_GEMM_WAY_H
#define OPS_GEMM_WAY_H

#include "gemm.h"
#include "product.h"

/* A product as the kernels see it: elements of one operand, the factors, times rows of the other, the lines. Turned,
 * the operands change places and what comes out is the transposed of c; so either operand can be the one whose rows
 * must lie as they are multiplied, and if none does, the one that is less work to turn round. */
typedef struct way {
    const product *p;
    const gemm_functions *f;
    int64_t size;                    /* bytes of an element */
    dg_dtype factor_type, line_type; /* of operands that are in 16 bits; else 0 */
    int64_t factor_size, line_size;
    int64_t rows, columns, k; /* of c, or turned of cᵀ */
    bool turned;
    bool dots;  /* one column, and rows of factors that are dense: scalar products */
    bool pairs; /* a few columns, and rows of both operands that are dense: scalar products too */
    bool blas;
    bool panels; /* the lines are packed in panels: */
    bool pack;   /* the lines are stored as columns, and turned round first: */
    bool shared; /* in the workspace, before all else, or by each piece for itself on the stack */
    const char *factors, *lines;
    const int64_t *factor_strides, *line_strides; /* of the batch */
    int64_t factor_row, factor_column, line_row;
    int64_t packed_row, packed; /* elements of a packed line, of a packed matrix */
    int64_t matrices, packed_matrices;
    int64_t piece_rows, piece_columns, row_pieces, column_pieces, pieces;
    int64_t group; /* matrices in a piece */
    const dg_kernel *kernel;
    char *workspace; /* for packed lines */
    bool finish_in_pieces;
} way;

enum {
    LOCAL_BYTES = 32768, /* that a piece may pack for itself */
    LEAST_COLUMNS = 64   /* of a piece: whole panels */
};

static inline int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Where matrix number `index` of the batch begins. */
static inline int64_t batch_offset(const dg_shape *batch, const int64_t *strides, int64_t index)
{
    int64_t offset = 0;
    for (int d = batch->rank - 1; d >= 0; d--) {
        offset += index % batch->dims[d] * strides[d];
        index /= batch->dims[d];
    }
    return offset;
}

/* By sizes, types, transpositions and strides alone. */
void way_plan(way *w, const product *p);

/* Bytes of workspace. */
size_t way_workspace(const way *w);
/* Before all else: operands that no kernel reads in 16 bits are widened, and lines packed, on the kernel's threads. */
void way_prepare(way *w, dg_threads *threads);
/* Packed lines [columns, rows] from lines [rows, columns] of the operand. */
void transpose_lines(const way *w, int64_t rows, int64_t columns, const char *from, char *to);
/* Whether factors in 16 bits are multiplied as they are, a block at a time. */
bool turns_half(const way *w);
/* Those scalar products, of factors of their type. */
gemm_dots *dots_of(const way *w);
gemm_pairs *pairs_of(const way *w);

#endif
