/* Matrix products in vector code. A register tile of c, some rows by some vectors of columns, is summed over all of k,
 * with one element of a at a time multiplied into a row of b: so b is read in whole vectors and a in any order. */
#include "gemm.h"

#include "core/base/half.h"
#include "core/base/machine.h"

#include <string.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

/* The largest tiles that the registers hold beside the vectors of b and of a: rows of a tile of 1, 2, 3, 4 vectors. Up
 * to FEW_SUMS of them, even and odd terms are summed apart: additions that wait for each other take longer. So they are
 * for SUMMED terms at a time, whatever blocks k is cut into. */
#if VECTOR_REGISTERS == 32
static const int most_rows[] = {0, 8, 12, 8, 6};
enum { MOST_VECTORS = 4, NARROW_ROWS = 8, FEW_SUMS = 8, PAIR_COLUMNS = 4 };
#else
static const int most_rows[] = {0, 8, 6};
enum { MOST_VECTORS = 2, NARROW_ROWS = 8, FEW_SUMS = 4, PAIR_COLUMNS = 3 };
#endif
/* Of tiles of scalar products PAIR_ROWS by PAIR_COLUMNS. */
enum { MOST_ROWS = 12, SUMMED = 64, DEPTH = 1024, TURNED_ROWS = 48, DOT_ROWS = 4, PAIR_ROWS = 4, FEW_ELEMENTS = 64 };

/* Of products in panels: rows of a tile, which is two vectors wide, and those that one packing of a panel is for; the
 * most bytes of a panel of b, three quarters of the first cache, and of a block of a in sixes, an eighth of the second.
 */
enum { SIX = 6, LOOSE_ROWS = 96, MOST_PANEL_BYTES = 49152, MOST_BLOCK_BYTES = 163840 };

static int64_t least(size_t a, int64_t b)
{
    return (int64_t)a < b ? (int64_t)a : b;
}

#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#define TWICE  _Pragma("unroll 2") /* half of the loop's own instructions; more of it is slower */
#else
#define UNROLL _Pragma("GCC unroll 16")
#define TWICE  _Pragma("GCC unroll 2")
#endif

/* Two vectors' elements in turn, from element h on: those of the lower halves, or those of the upper ones. */
#define INTERLEAVE_2(x, y, h) __builtin_shufflevector(x, y, h, 2 + h)
#define INTERLEAVE_4(x, y, h) __builtin_shufflevector(x, y, h, 4 + h, 1 + h, 5 + h)
#define INTERLEAVE_8(x, y, h) __builtin_shufflevector(x, y, h, 8 + h, 1 + h, 9 + h, 2 + h, 10 + h, 3 + h, 11 + h)
#define INTERLEAVE_16(x, y, h)                                                                                         \
    __builtin_shufflevector(x, y, h, 16 + h, 1 + h, 17 + h, 2 + h, 18 + h, 3 + h, 19 + h, 4 + h, 20 + h, 5 + h,        \
                            21 + h, 6 + h, 22 + h, 7 + h, 23 + h)

#define TEMPLATE "ops/gemm/gemm.template.h"
#include "core/base/for_floats.h"

#define FUNCTIONS(type)                                                                                                \
    {                                                                                                                  \
        .lanes = lanes_##type, .tiles = tiles_of_##type, .multiply = multiply_##type,                                  \
        .multiply_turned = multiply_turned_##type, .multiply_panels = multiply_panels_##type,                          \
        .multiply_turned_panels = multiply_turned_panels_##type, .pack_panel = pack_panel_##type,                      \
        .panel = wide_##type, .panels_pay = VECTOR_BYTES == 32, .transpose = transpose_##type, .dots = dots_##type,    \
        .pairs = pairs_##type, .few = 2 * PAIR_COLUMNS, .distances = distances_##type                                  \
    }
const gemm_table DG_ISA_NAME(gemm_kernels) = {.float32 = FUNCTIONS(float32),
                                              .float64 = FUNCTIONS(float64),
                                              .multiply_turned_half = multiply_turned_half,
                                              .turns_half = turns_half,
                                              .dots_float16 = dots_float16,
                                              .dots_bfloat16 = dots_bfloat16,
                                              .pairs_float16 = pairs_float16,
                                              .pairs_bfloat16 = pairs_bfloat16};
