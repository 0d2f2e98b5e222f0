/* Vectors as wide as the instruction set has, for kernels over rows: GCC's vector extensions, which clang has too.
 * Names end in the element type: vec_float32, load_float32, … */
#ifndef OPS_LANES_H
#define OPS_LANES_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define LANES_BYTES 64
#elif defined(__AVX2__)
#define LANES_BYTES 32
#else
#define LANES_BYTES 16
#endif

/* All lanes brought together by OP, in a tree; every lane of v has the result afterwards. */
#define TURNED(v, ...) __builtin_shufflevector(v, v, __VA_ARGS__)
#define FOLD2(v, OP)   (v = OP(v, TURNED(v, 1, 0)))
#define FOLD4(v, OP)   (v = OP(v, TURNED(v, 2, 3, 0, 1)), v = OP(v, TURNED(v, 1, 0, 3, 2)))
#define FOLD8(v, OP)                                                                                                   \
    (v = OP(v, TURNED(v, 4, 5, 6, 7, 0, 1, 2, 3)), v = OP(v, TURNED(v, 2, 3, 0, 1, 6, 7, 4, 5)),                       \
     v = OP(v, TURNED(v, 1, 0, 3, 2, 5, 4, 7, 6)))
#define FOLD16(v, OP)                                                                                                  \
    (v = OP(v, TURNED(v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)),                                       \
     v = OP(v, TURNED(v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)),                                       \
     v = OP(v, TURNED(v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),                                       \
     v = OP(v, TURNED(v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)))

#if LANES_BYTES == 64
#define FOLD_float32 FOLD16
#define FOLD_float64 FOLD8
#elif LANES_BYTES == 32
#define FOLD_float32 FOLD8
#define FOLD_float64 FOLD4
#else
#define FOLD_float32 FOLD4
#define FOLD_float64 FOLD2
#endif

/* The instruction that is `greater` to the bit, which gcc does not see in the choice. */
#if LANES_BYTES == 64
#define MAX_float32(a, b) (vec_float32) _mm512_max_ps((__m512)(a), (__m512)(b))
#define MAX_float64(a, b) (vec_float64) _mm512_max_pd((__m512d)(a), (__m512d)(b))
#elif LANES_BYTES == 32
#define MAX_float32(a, b) (vec_float32) _mm256_max_ps((__m256)(a), (__m256)(b))
#define MAX_float64(a, b) (vec_float64) _mm256_max_pd((__m256d)(a), (__m256d)(b))
#elif defined(__SSE2__)
#define MAX_float32(a, b) (vec_float32) _mm_max_ps((__m128)(a), (__m128)(b))
#define MAX_float64(a, b) (vec_float64) _mm_max_pd((__m128d)(a), (__m128d)(b))
#endif

#define TEMPLATE "ops/shared/lanes.template.h"
#include "core/base/for_floats.h"

/* ---- exponentials and logarithms ---- */

/* exp(x) for x ≤ 88 or NaN, within 1 ulp; 0 where it would be subnormal, because processors are slow at those. With
 * x = n·ln 2 + r, the bits of 1.5·2²³ + x/ln 2 end in n: added to the exponent of eʳ they scale it by 2ⁿ. */
static inline vec_float32 exp_fast_float32(vec_float32 x)
{
    vec_float32 shifted = x * 0x1.715476p0f + 0x1.8p23f, whole = shifted - 0x1.8p23f;
    vec_float32 r = x - whole * 0x1.63p-1f;
    r = r - whole * -0x1.bd0106p-13f;
    vec_float32 p = splat_float32(0x1.6a2442p-10f);
    p = p * r + 0x1.1239d4p-7f;
    p = p * r + 0x1.5558f2p-5f;
    p = p * r + 0x1.555492p-3f;
    p = p * r + 0x1.fffffcp-2f;
    vec_float32 y = 1.0f + (p * (r * r) + r);
    return (vec_float32)(((int_float32)y + (int_float32)((bits_float32)shifted << 23)) & ~(x < -87.3f));
}

/* log(x) for normal x ≥ 1 or NaN: x = 2ᵉ(1 + f) with √½ ≤ 1 + f < √2, and a polynomial in f. */
static inline vec_float32 log_float32(vec_float32 x)
{
    int_float32 bits = (int_float32)x - 0x3f3504f3;
    vec_float32 e = __builtin_convertvector(bits >> 23, vec_float32);
    vec_float32 f = (vec_float32)((bits & 0x7fffff) + 0x3f3504f3) - 1.0f, z = f * f;
    vec_float32 q = splat_float32(0x1.1457e4p-4f);
    q = q * f - 0x1.de3bf6p-4f;
    q = q * f + 0x1.e6f03cp-4f;
    q = q * f - 0x1.fc2208p-4f;
    q = q * f + 0x1.23376cp-3f;
    q = q * f - 0x1.555c4ep-3f;
    q = q * f + 0x1.99a4b6p-3f;
    q = q * f - 0x1.000006p-2f;
    q = q * f + 0x1.555548p-2f;
    vec_float32 tail = e * -0x1.bd0106p-13f + (q * (f * z) - 0.5f * z);
    vec_float32 y = e * 0x1.63p-1f + (f + tail);
    return pick_float32(x < INFINITY, y, x);
}

/* The C library's: float64 is for precision. */
#define LANE_BY_LANE(name, function)                                                                                   \
    __attribute__((noinline, unused)) static vec_float64 name(vec_float64 x)                                           \
    {                                                                                                                  \
        double lanes[LANES_float64];                                                                                   \
        store_float64(lanes, x);                                                                                       \
        for (int l = 0; l < LANES_float64; l++)                                                                        \
            lanes[l] = function(lanes[l]);                                                                             \
        return load_float64(lanes);                                                                                    \
    }
LANE_BY_LANE(exp_fast_float64, exp)
LANE_BY_LANE(log_float64, log)

#endif
