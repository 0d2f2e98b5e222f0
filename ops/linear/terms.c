/* Products of matrices, written out term by term. */
#include "ops/gemm/product.h"

void product_terms(const product *p, int64_t at, dg_terms *terms)
{
    int64_t matrix = at / (p->m * p->n), row = at / p->n % p->m, column = at % p->n, a = 0, b = 0;
    for (int d = p->batch.rank - 1; d >= 0; d--) {
        a += matrix % p->batch.dims[d] * p->a_strides[d];
        b += matrix % p->batch.dims[d] * p->b_strides[d];
        matrix /= p->batch.dims[d];
    }
    for (int64_t i = 0; i < p->k; i++) {
        int64_t left = p->transpose_a ? i * p->m + row : row * p->k + i;
        int64_t right = p->transpose_b ? column * p->k + i : i * p->n + column;
        if (!dg_terms_add(terms, (dg_term){2, {0, 1}, {a + left, b + right}}))
            return;
    }
}
