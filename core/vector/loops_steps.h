/* The loops over the steps that float32 programs have beside the primitives. */
#include "functions_steps.h"

#define STEP(name, value)                                                                                              \
    static void f32_each_##name(void *r, const void *pa, const void *pb, const void *pc, size_t n)                     \
    {                                                                                                                  \
        float *y = r;                                                                                                  \
        const float *x = pa, *z = pb, *w = pc;                                                                         \
        INDEPENDENT                                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                                               \
            float a = x[i], b = z[i], c = w[i];                                                                        \
            (void)a, (void)b, (void)c;                                                                                 \
            y[i] = (value);                                                                                            \
        }                                                                                                              \
    }

#include "values_steps.h"

#define PAIR_KERNEL(FIRST, first, SECOND, second)                                                                      \
    [S_PAIRS + FIRST_##FIRST * PAIR_SECONDS + SECOND_##SECOND] = f32_each_##first##_##second
#define PAIR_KERNELS(FIRST, first)                                                                                     \
    PAIR_KERNEL(FIRST, first, ADD, add), PAIR_KERNEL(FIRST, first, SUB, sub), PAIR_KERNEL(FIRST, first, FROM, from),   \
        PAIR_KERNEL(FIRST, first, MUL, mul), PAIR_KERNEL(FIRST, first, DIV, div),                                      \
        PAIR_KERNEL(FIRST, first, INTO, into), PAIR_KERNEL(FIRST, first, MIN, min),                                    \
        PAIR_KERNEL(FIRST, first, MAX, max)

#define STEP_KERNELS                                                                                                   \
    [S_WHERE_GT0] = f32_each_where_gt0, [S_WHERE_GE0] = f32_each_where_ge0, [S_WHERE_LT0] = f32_each_where_lt0,        \
    [S_WHERE_LE0] = f32_each_where_le0, [S_SLOPE] = f32_each_slope, [S_EXP_MINUS_ABS] = f32_each_exp_minus_abs,        \
    [S_EXP_CAPPED] = f32_each_exp_capped, [S_GAUSS] = f32_each_gauss, [S_ERF_OF_GAUSS] = f32_each_erf_of_gauss,        \
    [S_HALF_GAUSS] = f32_each_half_gauss, [S_CDF_OF_GAUSS] = f32_each_cdf_of_gauss,                                    \
    [S_LOG1P_OF_EXP] = f32_each_log1p_of_exp, [S_EXP_SPLIT] = f32_each_exp_split, [S_EXP_JOIN] = f32_each_exp_join,    \
    [S_EXPM1_JOIN] = f32_each_expm1_join, PAIR_KERNELS(ADD, add), PAIR_KERNELS(SUB, sub), PAIR_KERNELS(MUL, mul),      \
    PAIR_KERNELS(DIV, div), PAIR_KERNELS(MIN, min), PAIR_KERNELS(MAX, max)

#undef STEP
