/* Matrix products on buffers: the choice of a way, the cutting into pieces by shape alone, the epilogue. */
#ifndef OPS_PRODUCT_H
#define OPS_PRODUCT_H

#include <dotgrad/op.h>

/* c = a′·b′ (+ bias on every row) for each matrix of a batch, all row-major and dense. a is [m, k] or, transposed,
 * [k, m]; b is [k, n] or, transposed, [n, k]; c is [m, n]. */
typedef struct product {
    dg_dtype dtype;          /* a float type, of all but */
    dg_dtype a_type, b_type; /* float16 or bfloat16: an operand of a float32 product is kept so; 0: it is not */
    int64_t m, n, k;
    bool transpose_a, transpose_b;
    const void *a, *b;
    void *c;
    const void *bias; /* [n], or NULL */
    dg_shape batch;   /* leading sizes of c; strides in elements, 0 where a or b is broadcast */
    int64_t a_strides[DG_MAX_RANK], b_strides[DG_MAX_RANK];
    /* What is to be done to elements [begin, end) of c, counted over the whole batch, once they hold their sums, before
     * the epilogue; NULL: nothing. From any thread. */
    void (*finish)(void *argument, int64_t begin, int64_t end);
    void *finish_argument;
} product;

/* Bytes of workspace: by sizes, transpositions and strides alone. */
size_t product_workspace(const product *product);

/* Uses the kernel's threads and workspace, and runs its epilogue: c is its output 0. DG_BAD_SHAPE: a size beyond
 * 2³¹ − 1. */
dg_status product_run(const product *product, const dg_kernel *kernel);

/* The terms of element `at` of c, where a and b are inputs 0 and 1; without the bias. */
void product_terms(const product *product, int64_t at, dg_terms *terms);

#endif
