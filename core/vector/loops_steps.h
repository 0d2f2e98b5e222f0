/* The loops over the steps that float32 programs have beside the primitives (primitives.h says what each gives). */

static inline float f32_exp_minus_abs(float a)
{
    return f32_exp_of_negative(-fabsf(a));
}

static inline float f32_exp_capped(float a)
{
    return f32_exp_of_negative(a > 40.0f ? 40.0f : a);
}

/* From 1 to 4: 1 − gauss·q(a), q fitted to exp(a²)·erfc(a). */
static inline float f32_erf_of_gauss(float x, float gauss)
{
    float a = fabsf(x), near = f32_erf_near(a);
    float t = a > 4.0f ? 4.0f : a, q = -0x1.97c652p-12f;
    q = f32_muladd(q, t, 0x1.898d4ep-8f);
    q = f32_muladd(q, t, -0x1.4fdb64p-5f);
    q = f32_muladd(q, t, 0x1.50254ap-3f);
    q = f32_muladd(q, t, -0x1.ba0a32p-2f);
    q = f32_muladd(q, t, 0x1.95cef8p-1f);
    q = f32_muladd(q, t, -0x1.0c5786p0f);
    q = f32_muladd(q, t, 0x1.f8e5acp-1f);
    float far = f32_muladd(-gauss, q, 1.0f);
    return f32_with_sign_of(a < 1.0f ? near : far, x);
}

/* a² from its upper 12 bits, whose square is exact, and the rest: else what is rounded in a² would be a relative error.
 */
static inline float f32_exp_of_square(float x, float factor)
{
    float magnitude = fabsf(x), a = magnitude > 15.0f ? 15.0f : magnitude,
          upper = f32_of_bits(f32_bits(a) & 0xfffff000u);
    float high = factor * (upper * upper), low = factor * ((a - upper) * (a + upper));
    high = high < F32_EXP_LEAST ? F32_EXP_LEAST : high;
    float shifted = f32_muladd(high + low, 0x1.715476p0f, F32_ROUND), whole = shifted - F32_ROUND;
    float r = f32_muladd(whole, -F32_LN2_LO, f32_muladd(whole, -F32_LN2_HI, high) + low);
    return f32_scale(f32_exp_near(r, 0.0f), f32_bits(shifted));
}

static inline float f32_gauss(float a)
{
    return f32_exp_of_square(a, -1.0f);
}

static inline float f32_half_gauss(float a)
{
    return f32_exp_of_square(a, -0.5f);
}

/* gauss·q(|x|/√2)/2 is the value of −|x|; q a polynomial in t = (z − 2)/(z + 2) over z + 2, fitted to exp(z²)·erfc(z).
 */
static inline float f32_cdf_of_gauss(float x, float gauss)
{
    float magnitude = fabsf(x), a = magnitude > 15.0f ? 15.0f : magnitude, z = a * 0x1.6a09e6p-1f;
    float w = 1.0f / (z + 2.0f), t = (z - 2.0f) * w, square = t * t, q = 0x1.159b7ep-15f;
    q = f32_muladd(q, square, f32_muladd(0x1.6ca06ap-16f, t, -0x1.341f4cp-12f));
    q = f32_muladd(q, square, f32_muladd(-0x1.b1921cp-12f, t, 0x1.911aa8p-10f));
    q = f32_muladd(q, square, f32_muladd(0x1.a83f3cp-9f, t, -0x1.605762p-7f));
    q = f32_muladd(q, square, f32_muladd(-0x1.2a871ep-6f, t, 0x1.1e2dd6p-3f));
    q = f32_muladd(q, square, f32_muladd(-0x1.5fd388p-2f, t, 0x1.058672p-1f));
    float y = q * w * gauss;
    return x < 0.0f ? y : 1.0f - y;
}

/* 1 + a is 1 + f or 2(1 + f), f small. */
static inline float f32_log1p_of_exp(float a)
{
    float f = a > 0.41421356f ? 0.5f * a - 0.5f : a, e = a > 0.41421356f ? 1.0f : 0.0f;
    return f32_log_of_parts(e, f);
}

#define F32_MINUS_LN2 (-0x1.62e43p-1f)

/* exp(r) − 1 = p: 2ⁿ·p + 2ⁿ − (1 or 0), 2ⁿ in two factors so that neither overflows. */
static inline float f32_exp_split(float a)
{
    float x = a > F32_EXP_MOST ? F32_EXP_MOST : a;
    uint32_t n;
    float p = f32_expm1_reduced(x < F32_EXP_LEAST ? F32_EXP_LEAST : x, &n);
    uint32_t half = n >> 1, rest = n - half;
    float power = f32_power_of_two(half), one = a > F32_MINUS_LN2 ? f32_power_of_two(0u - rest) : 0.0f;
    return f32_muladd(power, p, power - one) * f32_power_of_two(rest);
}

static inline float f32_exp_join(float a, float split)
{
    return a > F32_MINUS_LN2 ? split + 1.0f : split;
}

static inline float f32_expm1_join(float a, float split)
{
    return a > F32_MINUS_LN2 ? split : split - 1.0f;
}

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
    STEP(first##_min, f32_each_min_of(t, c))                                                                           \
    STEP(first##_max, f32_each_max_of(t, c))

PAIR_STEPS(add, a + b)
PAIR_STEPS(sub, a - b)
PAIR_STEPS(mul, a *b)
PAIR_STEPS(div, a / b)
PAIR_STEPS(min, f32_each_min_of(a, b))
PAIR_STEPS(max, f32_each_max_of(a, b))

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
