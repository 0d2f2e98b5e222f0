/* The functions among the steps that float32 programs have beside the primitives (primitives.h says what each gives).
 */
#ifndef CORE_FUNCTIONS_STEPS_H
#define CORE_FUNCTIONS_STEPS_H

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

/* exp(factor·x²), |factor| a power of two. What is rounded in a² would be a relative error. */
static inline float f32_exp_of_square(float x, float factor)
{
    float magnitude = fabsf(x), a = magnitude > 15.0f ? 15.0f : magnitude;
#ifdef HAS_FMA
    float square = a * a, lost = f32_muladd(a, a, -square), high = factor * square, low = factor * lost;
#else
    /* from its upper 12 bits, whose square is exact, and the rest */
    float upper = f32_of_bits(f32_bits(a) & 0xfffff000u);
    float high = factor * (upper * upper), low = factor * ((a - upper) * (a + upper));
#endif
    high = high < F32_EXP_LEAST ? F32_EXP_LEAST : high;
    uint32_t n;
    float none, r = f32_exp_reduce(high, &n, &none);
    return f32_exp_times_small(r + low, none, n);
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

#endif
