/* What each step gives of elements a, b and c, a line each: included by those who define STEP(name, value). */
#ifndef STEP
#error "this is a list: STEP must be defined"
#endif

STEP(where_gt0, a > 0.0f ? b : c)
STEP(where_ge0, a >= 0.0f ? b : c)
STEP(where_lt0, a < 0.0f ? b : c)
STEP(where_le0, a <= 0.0f ? b : c)
STEP(slope, a < b ? 0.0f : c * (a == b ? 0.5f : 1.0f))
STEP(exp_minus_abs, f32_exp_minus_abs(a))
STEP(exp_capped, f32_exp_capped(a))
STEP(gauss, f32_gauss(a))
STEP(erf_of_gauss, f32_erf_of_gauss(a, b))
STEP(half_gauss, f32_half_gauss(a))
STEP(cdf_of_gauss, f32_cdf_of_gauss(a, b))
STEP(log1p_of_exp, f32_log1p_of_exp(a))
STEP(exp_split, f32_exp_split(a))
STEP(exp_join, f32_exp_join(a, b))
STEP(expm1_join, f32_expm1_join(a, b))

#define PAIR_STEPS(first, t)                                                                                           \
    STEP(first##_add, (t) + c)                                                                                         \
    STEP(first##_sub, (t)-c)                                                                                           \
    STEP(first##_from, c - (t))                                                                                        \
    STEP(first##_mul, (t)*c)                                                                                           \
    STEP(first##_div, (t) / c)                                                                                         \
    STEP(first##_into, c / (t))                                                                                        \
    STEP(first##_min, f32_min_of(t, c))                                                                                \
    STEP(first##_max, f32_max_of(t, c))

PAIR_STEPS(add, a + b)
PAIR_STEPS(sub, a - b)
PAIR_STEPS(mul, a *b)
PAIR_STEPS(div, a / b)
PAIR_STEPS(min, f32_min_of(a, b))
PAIR_STEPS(max, f32_max_of(a, b))
