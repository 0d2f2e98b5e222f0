/* Matrix products in one float type. Included with
 *   REAL           the element type
 *   NAME(f)        the function's name
 *   LANES          elements of a vector
 *   INTERLEAVE     of two vectors, see gemm.c */

typedef REAL NAME(vector) __attribute__((vector_size(VECTOR_BYTES)));
typedef REAL NAME(memory) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL)), may_alias));
enum { NAME(lanes) = LANES };

INLINE NAME(vector) NAME(load)(const REAL *from)
{
    return *(const NAME(memory) *)from;
}

INLINE void NAME(store)(REAL *to, NAME(vector) value)
{
    *(NAME(memory) *)to = value;
}

/* Each needs the one before. */
/* clang-format off */
#include "gemm_part.template.h"
#include "gemm_tile.template.h"
#include "gemm_transpose.template.h"
#include "gemm_product.template.h"
/* clang-format on */
