/* All loops, once for each instruction set: compiled with -DISA=base, v3 or v4 and the flags that go with it. */
#include "core/base/half.h"
#include "core/base/join.h"
#include "math_f32.h"
#include "vector.h"

/* GCC would turn two clamps in a row into branches, which vector code has to join again by masks. */
#ifndef __clang__
#pragma GCC optimize("no-thread-jumps")
#endif

/* An element of the result never feeds another element, even where r is one of the arguments. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed" /* loops that call the C library stay scalar */
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety) interleave_count(4)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

#define REAL       float
#define WORD       uint32_t
#define NAME(f)    JOIN(f32_each_, f)
#define ELEMENT(f) JOIN(f32_, f)
#define LIMIT(c)   JOIN(F32_, c)
#define LIBM(name) JOIN(name, f)
#include "functions.template.h"
#include "loops_real.template.h"
#undef REAL
#undef WORD
#undef NAME
#undef ELEMENT
#undef LIMIT
#undef LIBM

#include "loops_steps.h"

#define REAL       double
#define WORD       uint64_t
#define NAME(f)    JOIN(f64_each_, f)
#define ELEMENT(f) JOIN(f64_, f)
#define LIMIT(c)   JOIN(F64_, c)
#define LIBM(name) name
#define EXACT_QUOTIENTS
#include "functions.template.h"
#include "loops_real.template.h"
#undef REAL
#undef WORD
#undef NAME
#undef ELEMENT
#undef LIMIT
#undef LIBM
#undef EXACT_QUOTIENTS

#define INTEGER  int32_t
#define UNSIGNED uint32_t
#define NAME(f)  JOIN(i32_each_, f)
#include "loops_int.template.h"
#undef INTEGER
#undef UNSIGNED
#undef NAME

#define INTEGER  int64_t
#define UNSIGNED uint64_t
#define NAME(f)  JOIN(i64_each_, f)
#include "loops_int.template.h"
#undef INTEGER
#undef UNSIGNED
#undef NAME

/* ---- conversions ---- */

/* Loads by stride: 1 (the common one), 0 (one element for all) and any other. */
#define LOAD(name, TO, FROM, value)                                                                                    \
    static void name(void *r, const void *p, int64_t stride, size_t n)                                                 \
    {                                                                                                                  \
        TO *restrict y = r;                                                                                            \
        const FROM *restrict x = p;                                                                                    \
        if (stride == 1) {                                                                                             \
            for (size_t i = 0; i < n; i++) {                                                                           \
                FROM a = x[i];                                                                                         \
                y[i] = (TO)(value);                                                                                    \
            }                                                                                                          \
        } else if (stride == 0) {                                                                                      \
            FROM a = x[0];                                                                                             \
            for (size_t i = 0; i < n; i++)                                                                             \
                y[i] = (TO)(value);                                                                                    \
        } else {                                                                                                       \
            for (size_t i = 0; i < n; i++) {                                                                           \
                FROM a = x[(int64_t)i * stride];                                                                       \
                y[i] = (TO)(value);                                                                                    \
            }                                                                                                          \
        }                                                                                                              \
    }

#define STORE(name, TO, FROM, value)                                                                                   \
    static void name(void *r, const void *p, size_t n)                                                                 \
    {                                                                                                                  \
        TO *restrict y = r;                                                                                            \
        const FROM *restrict x = p;                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                                               \
            FROM a = x[i];                                                                                             \
            y[i] = (TO)(value);                                                                                        \
        }                                                                                                              \
    }

#define CONVERSIONS(lane, LANE, dtype, TYPE)                                                                           \
    LOAD(lane##_load_##dtype, LANE, TYPE, a)                                                                           \
    LOAD(lane##_test_##dtype, LANE, TYPE, a != 0)                                                                      \
    STORE(lane##_store_##dtype, TYPE, LANE, a)

#define LANE_CONVERSIONS(lane, LANE)                                                                                   \
    LOAD(lane##_load_bool, LANE, uint8_t, a != 0)                                                                      \
    LOAD(lane##_load_f16, LANE, uint16_t, half_from_float16(a))                                                        \
    LOAD(lane##_test_f16, LANE, uint16_t, (a & 0x7fff) != 0)                                                           \
    LOAD(lane##_load_bf16, LANE, uint16_t, half_from_bfloat16(a))                                                      \
    LOAD(lane##_test_bf16, LANE, uint16_t, (a & 0x7fff) != 0)                                                          \
    STORE(lane##_store_bool, uint8_t, LANE, a != 0)                                                                    \
    CONVERSIONS(lane, LANE, i32, int32_t)                                                                              \
    CONVERSIONS(lane, LANE, i64, int64_t)                                                                              \
    CONVERSIONS(lane, LANE, f32, float)                                                                                \
    CONVERSIONS(lane, LANE, f64, double)

LANE_CONVERSIONS(f32, float)
LANE_CONVERSIONS(f64, double)
LANE_CONVERSIONS(i32, int32_t)
LANE_CONVERSIONS(i64, int64_t)

/* The exponent of what is infinite or NaN is the largest there is. Looked for in some vectors side by side: one maximum
 * after the other would wait for the one before. */
#define ANY_NOT_FINITE(name, TYPE, WORD, INFINITE)                                                                     \
    static bool name(const void *a, size_t n)                                                                          \
    {                                                                                                                  \
        enum { SIDE_BY_SIDE = 256 / sizeof(WORD) };                                                                    \
        const TYPE *x = a;                                                                                             \
        WORD bits, most[SIDE_BY_SIDE] = {0}, highest = 0;                                                              \
        size_t i = 0;                                                                                                  \
        for (; i + SIDE_BY_SIDE <= n; i += SIDE_BY_SIDE)                                                               \
            for (size_t j = 0; j < SIDE_BY_SIDE; j++) {                                                                \
                memcpy(&bits, x + i + j, sizeof bits);                                                                 \
                bits &= INFINITE;                                                                                      \
                most[j] = bits > most[j] ? bits : most[j];                                                             \
            }                                                                                                          \
        for (size_t j = 0; i > 0 && j < SIDE_BY_SIDE; j++)                                                             \
            highest = most[j] > highest ? most[j] : highest;                                                           \
        for (; i < n; i++) {                                                                                           \
            memcpy(&bits, x + i, sizeof bits);                                                                         \
            bits &= INFINITE;                                                                                          \
            highest = bits > highest ? bits : highest;                                                                 \
        }                                                                                                              \
        return highest == INFINITE;                                                                                    \
    }
ANY_NOT_FINITE(f32_any_not_finite, float, int32_t, 0x7f800000)
ANY_NOT_FINITE(f64_any_not_finite, double, int64_t, INT64_C(0x7ff0000000000000))

/* ---- the table ---- */

/* What every lane has. */
#define INTEGER_KERNELS(lane)                                                                                          \
    [P_ADD] = lane##_each_add, [P_SUB] = lane##_each_sub, [P_MUL] = lane##_each_mul, [P_NEG] = lane##_each_neg,        \
    [P_ABS] = lane##_each_abs, [P_SIGN] = lane##_each_sign, [P_FMOD] = lane##_each_fmod,                               \
    [P_REMAINDER] = lane##_each_remainder, [P_MIN] = lane##_each_min, [P_MAX] = lane##_each_max,                       \
    [P_LT] = lane##_each_lt, [P_LE] = lane##_each_le, [P_GT] = lane##_each_gt, [P_GE] = lane##_each_ge,                \
    [P_EQ] = lane##_each_eq, [P_NE] = lane##_each_ne, [P_AND] = lane##_each_and, [P_OR] = lane##_each_or,              \
    [P_NOT] = lane##_each_not, [P_WHERE] = lane##_each_where, [P_SQUARE] = lane##_each_square,                         \
    [V_COPY] = lane##_each_copy

#define REAL_KERNELS(lane)                                                                                             \
    INTEGER_KERNELS(lane),                                                                                             \
        [P_DIV] = lane##_each_div, [P_POW] = lane##_each_pow, [P_FLOOR] = lane##_each_floor,                           \
        [P_CEIL] = lane##_each_ceil, [P_ROUND] = lane##_each_round, [P_TRUNC] = lane##_each_trunc,                     \
        [P_HYPOT] = lane##_each_hypot, [P_ATAN2] = lane##_each_atan2, [P_LOGADDEXP] = lane##_each_logaddexp,           \
        [P_ISNAN] = lane##_each_isnan, [P_SQRT] = lane##_each_sqrt, [P_RSQRT] = lane##_each_rsqrt,                     \
        [P_RECIPROCAL] = lane##_each_reciprocal, [P_EXP] = lane##_each_exp, [P_EXP2] = lane##_each_exp2,               \
        [P_EXPM1] = lane##_each_expm1, [P_LOG] = lane##_each_log, [P_LOG2] = lane##_each_log2,                         \
        [P_LOG10] = lane##_each_log10, [P_LOG1P] = lane##_each_log1p, [P_SIN] = lane##_each_sin,                       \
        [P_COS] = lane##_each_cos, [P_TAN] = lane##_each_tan, [P_ASIN] = lane##_each_asin,                             \
        [P_ACOS] = lane##_each_acos, [P_ATAN] = lane##_each_atan, [P_SINH] = lane##_each_sinh,                         \
        [P_COSH] = lane##_each_cosh, [P_TANH] = lane##_each_tanh, [P_ASINH] = lane##_each_asinh,                       \
        [P_ACOSH] = lane##_each_acosh, [P_ATANH] = lane##_each_atanh, [P_SIGMOID] = lane##_each_sigmoid,               \
        [P_SOFTPLUS] = lane##_each_softplus, [P_ERF] = lane##_each_erf, [P_ERFC] = lane##_each_erfc,                   \
        [P_NORMAL_CDF] = lane##_each_normal_cdf, [P_TANHSHRINK] = lane##_each_tanhshrink,                              \
        [P_SQUAREPLUS] = lane##_each_squareplus

#define LOADS(lane, way)                                                                                               \
    {                                                                                                                  \
        [DG_BOOL] = lane##_load_bool, [DG_INT32] = lane##_##way##_i32, [DG_INT64] = lane##_##way##_i64,                \
        [DG_FLOAT32] = lane##_##way##_f32, [DG_FLOAT64] = lane##_##way##_f64, [DG_FLOAT16] = lane##_##way##_f16,       \
        [DG_BFLOAT16] = lane##_##way##_bf16                                                                            \
    }

#define STORES(lane)                                                                                                   \
    {                                                                                                                  \
        [DG_BOOL] = lane##_store_bool, [DG_INT32] = lane##_store_i32, [DG_INT64] = lane##_store_i64,                   \
        [DG_FLOAT32] = lane##_store_f32, [DG_FLOAT64] = lane##_store_f64                                               \
    }

const vector_table DG_ISA_NAME(vector_tables) = {
    .name = ISA_NAME,
    .kernels = {[LANE_F32] = {REAL_KERNELS(f32), STEP_KERNELS},
                [LANE_F64] = {REAL_KERNELS(f64)},
                [LANE_I32] = {INTEGER_KERNELS(i32)},
                [LANE_I64] = {INTEGER_KERNELS(i64)}},
    .load = {[LANE_F32] = LOADS(f32, load),
             [LANE_F64] = LOADS(f64, load),
             [LANE_I32] = LOADS(i32, load),
             [LANE_I64] = LOADS(i64, load)},
    .load_condition = {[LANE_F32] = LOADS(f32, test),
                       [LANE_F64] = LOADS(f64, test),
                       [LANE_I32] = LOADS(i32, test),
                       [LANE_I64] = LOADS(i64, test)},
    .any_not_finite = {[LANE_F32] = f32_any_not_finite, [LANE_F64] = f64_any_not_finite},
    .store = {[LANE_F32] = STORES(f32), [LANE_F64] = STORES(f64), [LANE_I32] = STORES(i32), [LANE_I64] = STORES(i64)},
};
