/* Matrix products in one float type: see core/base/for_floats.h. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

#define LANES (VECTOR_BYTES / (int)sizeof(REAL)) /* elements of a vector */
/* Of two vectors: see gemm.c. */
#if VECTOR_BYTES == 64 && IS_FLOAT32
#define INTERLEAVE INTERLEAVE_16
#elif (VECTOR_BYTES == 64 && !IS_FLOAT32) || (VECTOR_BYTES == 32 && IS_FLOAT32)
#define INTERLEAVE INTERLEAVE_8
#elif VECTOR_BYTES == 32 || IS_FLOAT32
#define INTERLEAVE INTERLEAVE_4
#else
#define INTERLEAVE INTERLEAVE_2
#endif

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
#include "part.template.h"
#include "tile.template.h"
#include "transpose.template.h"
#include "product.template.h"
#include "panels.template.h"
/* clang-format on */

INLINE REAL NAME(total)(NAME(vector) sum)
{
    REAL parts[LANES];
    NAME(store)(parts, sum);
    UNROLL
    for (int size = LANES / 2; size >= 1; size /= 2)
        UNROLL
    for (int i = 0; i < size; i++)
        parts[i] += parts[i + size];
    return parts[0];
}

#define ELEMENT       REAL
#define DOTS(f)       NAME(f)
#define LOAD_ROW      NAME(load)
#define LOAD_ROW_PART NAME(load_part)
#include "dots.template.h"
#if IS_FLOAT32
#include "half.template.h"
#endif

#undef LANES
#undef INTERLEAVE
