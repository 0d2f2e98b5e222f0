/* Elementary functions of one float32, without branches, so that a loop over them becomes vector code; and the float64
 * ones, from the C library. Polynomials are minimax fits (Remez) of this project's own; the errors stated were measured
 * by tests/core/vector.c's method over the whole range, with and without fused multiply-add. */
#ifndef CORE_VECTOR_MATH_H
#define CORE_VECTOR_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* a·b + c. Written out, because the compiler may not contract on its own account: it would do so in one way in the
 * vector loop and in another in the rest of it, and an element's bits would depend on its place. */
static inline float f32_muladd(float a, float b, float c)
{
#ifdef __FMA__
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

static inline uint32_t f32_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float f32_of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float f32_with_sign_of(float x, float sign)
{
    return f32_of_bits(f32_bits(x) | (f32_bits(sign) & 0x80000000u));
}

/* Adding 1.5·2²³ leaves the nearest integer in the low bits. */
#define F32_ROUND 0x1.8p23f
/* log(2) = hi + lo; hi has 9 bits, so that small integers times hi are exact. */
#define F32_LN2_HI 0x1.63p-1f
#define F32_LN2_LO (-0x1.bd0106p-13f)

static inline float f32_power_of_two(uint32_t n)
{
    return f32_of_bits((n + 127u) << 23);
}

/* x = n·log(2) + r with |r| ≤ log(2)/2; returns exp(r) − 1. */
static inline float f32_expm1_reduced(float x, uint32_t *n)
{
    float shifted = f32_muladd(x, 0x1.715476p0f, F32_ROUND), whole = shifted - F32_ROUND;
    *n = f32_bits(shifted) - f32_bits(F32_ROUND);
    float r = f32_muladd(whole, -F32_LN2_HI, x);
    r = f32_muladd(whole, -F32_LN2_LO, r);
    float p = 0x1.6a2442p-10f;
    p = f32_muladd(p, r, 0x1.1239d4p-7f);
    p = f32_muladd(p, r, 0x1.5558f2p-5f);
    p = f32_muladd(p, r, 0x1.555492p-3f);
    p = f32_muladd(p, r, 0x1.fffffcp-2f);
    return f32_muladd(p, r * r, r);
}

static inline float f32_exp(float x)
{
    x = x > 89.0f ? 89.0f : x;
    x = x < -104.0f ? -104.0f : x;
    uint32_t n;
    float y = 1.0f + f32_expm1_reduced(x, &n);
    uint32_t half = (uint32_t)((int32_t)n >> 1);
    return y * f32_power_of_two(half) * f32_power_of_two(n - half);
}

/* exp(x) for −87.3 ≤ x ≤ 88, or NaN. */
static inline float f32_exp_within(float x)
{
    uint32_t n;
    float y = 1.0f + f32_expm1_reduced(x, &n);
    return y * f32_power_of_two(n);
}

/* exp(x) for x ≤ 0, or NaN; 0 where it would be subnormal. */
static inline float f32_exp_of_negative(float x)
{
    float y = f32_exp_within(x < -87.3f ? -87.3f : x);
    return x < -87.3f ? 0.0f : y;
}

static inline float f32_exp2(float x)
{
    x = x > 129.0f ? 129.0f : x;
    x = x < -151.0f ? -151.0f : x;
    float shifted = x + F32_ROUND;
    uint32_t n = f32_bits(shifted) - f32_bits(F32_ROUND), none;
    float y = 1.0f + f32_expm1_reduced((x - (shifted - F32_ROUND)) * 0x1.62e43p-1f, &none);
    uint32_t half = (uint32_t)((int32_t)n >> 1);
    /* A remainder of exactly ½ may be reduced once more. */
    return y * f32_power_of_two(none) * f32_power_of_two(half) * f32_power_of_two(n - half);
}

/* (exp(x) − 1)/2 for −20 ≤ x ≤ 89.5, or NaN; infinite where it overflows. */
static inline float f32_half_expm1(float x)
{
    uint32_t n;
    float p = f32_expm1_reduced(x, &n), s = f32_power_of_two(n - 2u);
    return 2.0f * f32_muladd(s, p, s - 0.25f);
}

static inline float f32_expm1(float x)
{
    x = x > 89.0f ? 89.0f : x;
    x = x < -20.0f ? -20.0f : x;
    return 2.0f * f32_half_expm1(x);
}

static inline float f32_sinh(float x)
{
    float a = fabsf(x), h = f32_half_expm1(a > 89.5f ? 89.5f : a);
    float g = h > 0x1p100f ? 0x1p100f : h;
    return f32_with_sign_of(h + g / (2.0f * g + 1.0f), x);
}

static inline float f32_cosh(float x)
{
    float a = fabsf(x), e = 0.5f + f32_half_expm1(a > 89.5f ? 89.5f : a);
    return e + 0.25f / e;
}

/* u = 2ᵉ·m with √½ ≤ m < √2, for normal u > 0. */
static inline float f32_split(float u, float *e, uint32_t *exponent)
{
    uint32_t bits = f32_bits(u) - 0x3f3504f3u;
    *exponent = (uint32_t)((int32_t)bits >> 23);
    *e = (float)(int32_t)*exponent;
    return f32_of_bits((bits & 0x7fffffu) + 0x3f3504f3u);
}

/* log(1 + f) − f for √½ ≤ 1 + f ≤ √2 */
static inline float f32_log1p_tail(float f)
{
    float q = 0x1.1457e4p-4f, z = f * f;
    q = f32_muladd(q, f, -0x1.de3bf6p-4f);
    q = f32_muladd(q, f, 0x1.e6f03cp-4f);
    q = f32_muladd(q, f, -0x1.fc2208p-4f);
    q = f32_muladd(q, f, 0x1.23376cp-3f);
    q = f32_muladd(q, f, -0x1.555c4ep-3f);
    q = f32_muladd(q, f, 0x1.99a4b6p-3f);
    q = f32_muladd(q, f, -0x1.000006p-2f);
    q = f32_muladd(q, f, 0x1.555548p-2f);
    return f32_muladd(-0.5f, z, q * (f * z));
}

/* e·log(2) + log(1 + f) */
static inline float f32_log_of_parts(float e, float f)
{
    float tail = f32_muladd(e, F32_LN2_LO, f32_log1p_tail(f));
    return f32_muladd(e, F32_LN2_HI, f + tail);
}

/* Puts right what a formula for 0 < x < ∞ gives elsewhere. */
static inline float f32_log_domain(float x, float y)
{
    float outside = x == 0.0f ? -INFINITY : NAN;
    return x > 0.0f ? (x < INFINITY ? y : x) : outside;
}

/* x = 2ᵉ·(1 + f), for subnormal x too. */
static inline float f32_log_parts(float x, float *e)
{
    uint32_t exponent;
    float small = x < 0x1p-126f ? 23.0f : 0.0f;
    float m = f32_split(x < 0x1p-126f ? x * 0x1p23f : x, e, &exponent);
    *e -= small;
    return m - 1.0f;
}

static inline float f32_log(float x)
{
    float e, f = f32_log_parts(x, &e);
    return f32_log_domain(x, f32_log_of_parts(e, f));
}

static inline float f32_log2(float x)
{
    float e, f = f32_log_parts(x, &e), l = f + f32_log1p_tail(f);
    return f32_log_domain(x, f32_muladd(l, 0x1.715476p0f, e));
}

/* In float64 at the end, so that whole powers of ten come out whole. */
static inline float f32_log10(float x)
{
    float e, f = f32_log_parts(x, &e), l = f + f32_log1p_tail(f);
    double sum = (double)e * 0x1.34413509f79ffp-2 + (double)l * 0x1.bcb7b1526e50ep-2;
    return f32_log_domain(x, (float)sum);
}

/* What 1 + x loses in rounding is given back to the mantissa. */
static inline float f32_log1p(float x)
{
    float u = 1.0f + x, lost = x - (u - 1.0f), e;
    uint32_t exponent;
    float m = f32_split(u, &e, &exponent);
    float scale = f32_of_bits((128u - exponent) << 23); /* 2¹⁻ᵉ, which does not overflow */
    float y = f32_log_of_parts(e, f32_muladd(0.5f * lost, scale, m - 1.0f));
    float outside = x == -1.0f ? -INFINITY : NAN;
    return x > -1.0f ? (x < INFINITY ? y : x) : outside;
}

static inline float f32_sigmoid(float x)
{
    float t = f32_exp_of_negative(-fabsf(x));
    return (x >= 0.0f ? 1.0f : t) / (1.0f + t);
}

/* max(x, 0) + log(1 + t) with t = exp(−|x|) ≤ 1; 1 + t is 1 + f or 2(1 + f). */
static inline float f32_softplus(float x)
{
    float t = f32_exp_of_negative(-fabsf(x));
    float f = t > 0.41421356f ? 0.5f * t - 0.5f : t, e = t > 0.41421356f ? 1.0f : 0.0f;
    return (x > 0.0f ? x : 0.0f) + f32_log_of_parts(e, f);
}

static inline float f32_tanh(float x)
{
    float a = fabsf(x);
    float h = f32_half_expm1(2.0f * (a > 10.0f ? 10.0f : a));
    return f32_with_sign_of(h / (h + 1.0f), x);
}

static inline float f32_erf(float x)
{
    float a = fabsf(x), u = a * a;
    float p = 0x1.4969f8p-14f;
    p = f32_muladd(p, u, -0x1.a3f6eap-11f);
    p = f32_muladd(p, u, 0x1.5405aep-8f);
    p = f32_muladd(p, u, -0x1.b7f90cp-6f);
    p = f32_muladd(p, u, 0x1.ce2cf8p-4f);
    p = f32_muladd(p, u, -0x1.81273ep-2f);
    p = f32_muladd(p, u, 0x1.06eba8p-3f);
    float near = f32_muladd(a, p, a);
    /* From 1 to 4: 1 − exp(q(a)), q fitted to log(erfc). */
    float t = a > 4.0f ? 4.0f : a, q = 0x1.86dbd2p-13f;
    q = f32_muladd(q, t, -0x1.8259fap-9f);
    q = f32_muladd(q, t, 0x1.65cafep-6f);
    q = f32_muladd(q, t, -0x1.a65306p-4f);
    q = f32_muladd(q, t, -0x1.46baf4p-1f);
    q = f32_muladd(q, t, -0x1.2088e8p0f);
    q = f32_muladd(q, t, -0x1.66264ep-12f);
    float far = 1.0f - f32_exp_within(q);
    return f32_with_sign_of(a < 1.0f ? near : far, x);
}

/* x = q·π/2 + r, reduced in float64, exactly enough for |x| < 2²⁷. */
#define F32_TURN_LIMIT 0x1p27f
static inline float f32_quarter_turns(float x, uint32_t *q)
{
    const double round = 0x1.8p52, high = 0x1.921fb5p0, low = 0x1.110b4611a6263p-26; /* π/2, high with 25 bits */
    double shifted = (double)x * 0x1.45f306dc9c883p-1 + round, whole = shifted - round;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    *q = (uint32_t)bits;
    return (float)(((double)x - whole * high) - whole * low);
}

static inline float f32_sin_reduced(float r)
{
    float u = r * r, s = -0x1.993d7ap-13f;
    s = f32_muladd(s, u, 0x1.11072ep-7f);
    s = f32_muladd(s, u, -0x1.555546p-3f);
    return f32_muladd(s, r * u, r);
}

static inline float f32_cos_reduced(float r)
{
    float u = r * r, c = 0x1.99f2e2p-16f;
    c = f32_muladd(c, u, -0x1.6c0c58p-10f);
    c = f32_muladd(c, u, 0x1.55554ap-5f);
    return f32_muladd(c, u * u, f32_muladd(-0.5f, u, 1.0f));
}

static inline float f32_sin_or_cos(float x, uint32_t turn)
{
    uint32_t q;
    float r = f32_quarter_turns(x, &q);
    q += turn;
    float y = q & 1u ? f32_cos_reduced(r) : f32_sin_reduced(r);
    return f32_of_bits(f32_bits(y) ^ ((q & 2u) << 30));
}

static inline float f32_sin(float x)
{
    return f32_sin_or_cos(x, 0);
}

static inline float f32_cos(float x)
{
    return f32_sin_or_cos(x, 1);
}

static inline float f32_tan(float x)
{
    uint32_t q;
    float r = f32_quarter_turns(x, &q), s = f32_sin_reduced(r), c = f32_cos_reduced(r);
    return q & 1u ? -c / s : s / c;
}

static inline float f32_hypot(float a, float b)
{
    double sum = (double)a * (double)a + (double)b * (double)b;
    float y = (float)sqrt(sum);
    return fabsf(a) == INFINITY || fabsf(b) == INFINITY ? INFINITY : y;
}

/* ---- float64 ---- */

#define f64_exp   exp
#define f64_exp2  exp2
#define f64_expm1 expm1
#define f64_log   log
#define f64_log2  log2
#define f64_log10 log10
#define f64_log1p log1p
#define f64_sin   sin
#define f64_cos   cos
#define f64_tan   tan
#define f64_sinh  sinh
#define f64_cosh  cosh
#define f64_tanh  tanh
#define f64_erf   erf
#define f64_hypot hypot

static inline double f64_sigmoid(double x)
{
    double t = exp(-fabs(x));
    return (x >= 0 ? 1.0 : t) / (1.0 + t);
}

static inline double f64_softplus(double x)
{
    return (x > 0 ? x : 0.0) + log1p(exp(-fabs(x)));
}

#endif
