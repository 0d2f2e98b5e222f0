/* Matrix products on buffers, through OpenBLAS, cut into pieces by their shape alone. */
#ifndef OPS_PRODUCT_H
#define OPS_PRODUCT_H

#include <dotgrad/tensor.h>
#include <dotgrad/threads.h>

/* c = a′·b′ (+ bias on every row) for each matrix of a batch, all row-major and dense. a is [m, k] or, transposed,
 * [k, m]; b is [k, n] or, transposed, [n, k]; c is [m, n]. */
typedef struct product {
    dg_dtype dtype; /* a float type, of all */
    int64_t m, n, k;
    bool transpose_a, transpose_b;
    const void *a, *b;
    void *c;
    const void *bias; /* [n], or NULL */
    dg_shape batch;   /* leading sizes of c; strides in elements, 0 where a or b is broadcast */
    int64_t a_strides[DG_MAX_RANK], b_strides[DG_MAX_RANK];
} product;

/* DG_BAD_SHAPE: a size beyond what BLAS can count (2³¹ − 1). */
dg_status product_run(const product *product, dg_threads *threads);

#endif
