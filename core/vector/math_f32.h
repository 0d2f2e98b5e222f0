/* float32: what the functions of functions.template.h are built from, and the functions that differ from float64's.
 * Those that need more than float32's precision on the way are computed in float64 throughout: half as many fit in a
 * vector, but they need neither care nor corrections.
 *
 * How many units in the last place a result may be off; tests/core/vector_reference.h has the same bounds for the
 * tests. tests/soak/vector_exhaustive.c measures them over all 2³² arguments; that was done with AVX-512 for exp, exp2,
 * expm1, log, log1p, tanh, sigmoid, softplus, erf, sin, cos and tan, and over samples for the others and the other
 * variants.
 *
 *   0.5    + − · / sqrt, reciprocal, square; rounding, fmod, abs, sign, min, max are exact
 *   0.75   pow, erfc, asinh, acosh, atanh, hypot
 *   1      exp, log
 *   1.25   exp2                                        1.5    erf, expm1, log1p, acos, rsqrt
 *   1.75   sin, cos                                    2      softplus, log2, log10, cosh, atan, atan2
 *   2      logaddexp (places of its larger argument)   2.5    tanh, sigmoid, sinh, asin
 *   4      tan                                        4.5    normal_cdf (1.5 for x > 0)
 *   7      tanhshrink
 *
 * NaN gives NaN, infinities, the sign of 0 and subnormal numbers are the C standard's. Beyond F32_TURN_LIMIT sin, cos
 * and tan are the C library's, and so is fmod where f32_fmod_holds says no.
 *
 * Coefficients: tests/soak/fit_polynomials.sollya. A polynomial is summed by pairs of terms in the square of its
 * argument: as many operations as Horner's rule in half the depth. */
#ifndef CORE_VECTOR_MATH_F32_H
#define CORE_VECTOR_MATH_F32_H

#include "math_f64.h"

static inline float f32_muladd(float a, float b, float c)
{
#ifdef HAS_FMA
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

/* x ≥ 0 with the sign of another. */
static inline float f32_with_sign_of(float x, float sign)
{
    return f32_of_bits(f32_bits(x) | (f32_bits(sign) & 0x80000000u));
}

/* See the float64 ones. */
#define F32_ROUND       0x1.8p23f
#define F32_LN2_HI      0x1.63p-1f
#define F32_LN2_LO      (-0x1.bd0106p-13f)
#define F32_EXP_LEAST   (-104.0f)
#define F32_EXP_MOST    89.0f
#define F32_SINH_MOST   89.5f
#define F32_EXPM1_LEAST (-20.0f)
#define F32_TANH_MOST   10.0f
#define F32_TINY        0x1p-30f
#define F32_WHOLE       0x1p23f

static inline float f32_power_of_two(uint32_t n)
{
    return f32_of_bits((n + 127u) << 23);
}

/* 2ⁿ as a product of two, each of which is normal. */
static inline float f32_first_half(uint32_t n)
{
    return f32_of_bits(((n >> 1) << 23) + (127u << 23));
}

static inline float f32_second_half(uint32_t n)
{
    return f32_of_bits((n << 23) - ((n >> 1) << 23) + (127u << 23));
}

static inline float f32_scale(float y, uint32_t n)
{
    return y * f32_first_half(n) * f32_second_half(n);
}

/* Nothing is left over: it would be less than the other errors. */
static inline float f32_exp_reduce(float x, uint32_t *n, float *low)
{
    float shifted = f32_muladd(x, 0x1.715476p0f, F32_ROUND), whole = shifted - F32_ROUND;
    *n = f32_bits(shifted);
    *low = 0.0f;
    return f32_muladd(whole, -F32_LN2_LO, f32_muladd(whole, -F32_LN2_HI, x));
}

static inline float f32_exp_series(float r)
{
    float square = r * r, p = f32_muladd(0x1.a2d926p-13f, r, 0x1.6d3096p-10f);
    p = f32_muladd(p, square, f32_muladd(0x1.110fc2p-7f, r, 0x1.5555p-5f));
    return f32_muladd(p, square, f32_muladd(0x1.555556p-3f, r, 0.5f));
}

static inline float f32_expm1_near(float r, float low)
{
    (void)low;
    return f32_muladd(f32_exp_series(r), r * r, r);
}

/* exp(r + low)·s, s a power of two, which is known while the series is still summed. */
static inline float f32_exp_times(float r, float low, float s)
{
    return f32_muladd(f32_expm1_near(r, low), s, s);
}

static inline float f32_exp2(float x)
{
    x = x > 129.0f ? 129.0f : x;
    float high = x < -160.0f ? -160.0f : x;
    float shifted = high + F32_ROUND, r = (high - (shifted - F32_ROUND)) * 0x1.62e43p-1f;
    uint32_t n = f32_bits(shifted);
    return f32_exp_times(r, 0.0f, f32_first_half(n)) * f32_second_half(n);
}

/* x = 2ᵉ·m with √½ ≤ m < √2, for normal x > 0. */
static inline float f32_split(float x, float *e)
{
    uint32_t bits = f32_bits(x) - 0x3f3504f3u;
    *e = (float)((int32_t)bits >> 23);
    return f32_of_bits((bits & 0x7fffffu) + 0x3f3504f3u);
}

static inline float f32_scale_of_split(float e)
{
    return f32_of_bits((128u - f32_bits(e + F32_ROUND)) << 23);
}

static inline float f32_log_parts(float x, float *e)
{
    float small = x < 0x1p-126f ? 23.0f : 0.0f, m = f32_split(x < 0x1p-126f ? x * 0x1p23f : x, e);
    *e -= small;
    return m - 1.0f;
}

/* log(1 + f) − f for √½ ≤ 1 + f ≤ √2 */
static inline float f32_log_tail(float f)
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

static inline float f32_log_of_parts(float e, float f)
{
    float tail = f32_muladd(e, F32_LN2_LO, f32_log_tail(f));
    return f32_muladd(e, F32_LN2_HI, f + tail);
}

static inline float f32_log2_of_parts(float e, float f)
{
    return f32_muladd(f + f32_log_tail(f), 0x1.715476p0f, e);
}

/* In float64 at the end, so that whole powers of ten come out whole. */
static inline float f32_log10_of_parts(float e, float f)
{
    double l = (double)(f + f32_log_tail(f));
    return (float)((double)e * 0x1.34413509f79ffp-2 + l * 0x1.bcb7b1526e50ep-2);
}

static inline float f32_erf_series(float u)
{
    float square = u * u, p = 0x1.4969f8p-14f;
    p = f32_muladd(p, square, f32_muladd(-0x1.a3f6eap-11f, u, 0x1.5405aep-8f));
    p = f32_muladd(p, square, f32_muladd(-0x1.b7f90cp-6f, u, 0x1.ce2cf8p-4f));
    return f32_muladd(p, square, f32_muladd(-0x1.81273ep-2f, u, 0x1.06eba8p-3f));
}

#define F32_ERF_MOST 4.0f
static inline float f32_log_erfc(float a)
{
    float square = a * a, q = 0x1.86dbd2p-13f;
    q = f32_muladd(q, square, f32_muladd(-0x1.8259fap-9f, a, 0x1.65cafep-6f));
    q = f32_muladd(q, square, f32_muladd(-0x1.a65306p-4f, a, -0x1.46baf4p-1f));
    return f32_muladd(q, square, f32_muladd(-0x1.2088e8p0f, a, -0x1.66264ep-12f));
}

/* Reduced in float64, exactly enough for |x| < F32_TURN_LIMIT, so that nothing is left over. */
#define F32_TURN_LIMIT 0x1p27f
static inline float f32_quarter_turns(float x, uint32_t *n, float *low)
{
    const double high = 0x1.921fb5p0, rest = 0x1.110b4611a6263p-26; /* π/2, high with 25 bits */
    double shifted = f64_muladd((double)x, 0x1.45f306dc9c883p-1, F64_ROUND), whole = shifted - F64_ROUND;
    *n = (uint32_t)f64_bits(shifted);
    *low = 0.0f;
    return (float)f64_muladd(whole, -rest, f64_muladd(whole, -high, (double)x));
}

static inline float f32_sine(float r, float low)
{
    float u = r * r, s = -0x1.993d7ap-13f;
    (void)low;
    s = f32_muladd(s, u, 0x1.11072ep-7f);
    s = f32_muladd(s, u, -0x1.555546p-3f);
    return f32_muladd(s, r * u, r);
}

static inline float f32_cosine(float r, float low)
{
    float u = r * r, c = 0x1.99f2e2p-16f;
    (void)low;
    c = f32_muladd(c, u, -0x1.6c0c58p-10f);
    c = f32_muladd(c, u, 0x1.55554ap-5f);
    return f32_muladd(c, u * u, f32_muladd(-0.5f, u, 1.0f));
}

#define F32_ASIN_NEAR 0.54f /* here asin(s) is about 1 less than π/2 */
/* (asin(s) − s)/s³ for 0 ≤ s ≤ F32_ASIN_NEAR, u = s² */
static inline float f32_asin_series(float u)
{
    float square = u * u, p = f32_muladd(0x1.3cf7d6p-5f, u, 0x1.cd1a5ap-7f);
    p = f32_muladd(p, square, f32_muladd(0x1.042664p-5f, u, 0x1.6ce5e8p-5f));
    return f32_muladd(p, square, f32_muladd(0x1.3335e8p-4f, u, 0x1.555554p-3f));
}

/* (atan(t) − t)/t³ for 0 ≤ t ≤ 1, u = t² */
static inline float f32_atan_series(float u)
{
    float square = u * u, p = -0x1.449a16p-9f;
    p = f32_muladd(p, square, f32_muladd(0x1.c62ea6p-7f, u, -0x1.2a759ap-5f));
    p = f32_muladd(p, square, f32_muladd(0x1.01e514p-4f, u, -0x1.636df2p-4f));
    p = f32_muladd(p, square, f32_muladd(0x1.c423eep-4f, u, -0x1.246f74p-3f));
    return f32_muladd(p, square, f32_muladd(0x1.99984cp-3f, u, -0x1.555554p-2f));
}

#define F32_PI_HI 0x1.921fb6p1f
#define F32_PI_LO (-0x1.777a5cp-24f)

/* a ≤ F32_ASIN_NEAR: asin(a); else asin(a) = π/2 − 2·asin(√((1 − a)/2)), and this is the 2·asin(…). */
static inline float f32_asin_or_rest(float a)
{
    float u = a > F32_ASIN_NEAR ? 0.5f - 0.5f * a : a * a, root = sqrtf(u), s = a > F32_ASIN_NEAR ? root + root : a;
    return f32_muladd(f32_asin_series(u), s * u, s);
}

static inline float f32_asin(float x)
{
    float a = fabsf(x), p = f32_asin_or_rest(a), far = 0.5f * F32_PI_HI - (p - 0.5f * F32_PI_LO);
    return f32_with_sign_of(a > F32_ASIN_NEAR ? far : p, x);
}

static inline float f32_acos(float x)
{
    float a = fabsf(x), p = f32_asin_or_rest(a), signed_p = f32_with_sign_of(p, x);
    float near = 0.5f * F32_PI_HI - (signed_p - 0.5f * F32_PI_LO), left = F32_PI_HI - (p - F32_PI_LO);
    float far = x < 0.0f ? left : p;
    return a > F32_ASIN_NEAR ? far : near;
}

/* The angle of (b, a) for a, b ≥ 0. */
static inline float f32_angle(float a, float b)
{
    float high = a > b ? a : b, low = a > b ? b : a;
    float t = low / (high == 0.0f ? 1.0f : high), u;
    t = low == INFINITY && high == INFINITY ? 1.0f : t;
    u = t * t;
    float p = f32_muladd(f32_atan_series(u), t * u, t);
    return a > b ? 0.5f * F32_PI_HI - (p - 0.5f * F32_PI_LO) : p;
}

static inline float f32_atan(float x)
{
    return f32_with_sign_of(f32_angle(fabsf(x), 1.0f), x);
}

static inline float f32_atan2(float y, float x)
{
    float p = f32_angle(fabsf(y), fabsf(x));
    return f32_with_sign_of((int32_t)f32_bits(x) < 0 ? F32_PI_HI - (p - F32_PI_LO) : p, y);
}

/* ---- by way of float64 ---- */

/* log(1 + f) for √½ ≤ 1 + f ≤ √2, to 35 bits */
static inline double f32_wide_log1p(double f)
{
    double s = f / (2.0 + f), z = s * s, square = z * z, p = f64_muladd(0x1.ddf9a61b8d738p-3, z, 0x1.245b7062e96eap-2);
    p = f64_muladd(p, square, f64_muladd(0x1.9999ed5a7f801p-2, z, 0x1.5555554b5aa1dp-1));
    return s * f64_muladd(p, z, 2.0);
}

static inline double f32_wide_log(double x)
{
    double e, m = f64_split(x, &e);
    return f64_muladd(e, 0x1.62e42fefa39efp-1, f32_wide_log1p(m - 1.0));
}

/* Below 2⁻¹⁰ by its series; x + √(x² + 1) would lose x. */
static inline float f32_asinh(float x)
{
    double a = (double)fabsf(x), far = f32_wide_log(a + sqrt(f64_muladd(a, a, 1.0)));
    double near = f64_muladd(a * a, a * -0x1.5555555555555p-3, a);
    float y = (float)(a < 0x1p-10 ? near : far);
    return fabsf(x) < INFINITY ? f32_with_sign_of(y, x) : x;
}

static inline float f32_acosh(float x)
{
    double a = (double)x;
    float y = (float)f32_wide_log(a + sqrt(f64_muladd(a, a, -1.0))), beyond = x >= 1.0f ? x : NAN;
    return x >= 1.0f && x < INFINITY ? y : beyond;
}

static inline float f32_atanh(float x)
{
    double a = (double)fabsf(x), far = 0.5 * f32_wide_log((1.0 + a) / (1.0 - a));
    double near = f64_muladd(a * a, a * 0x1.5555555555555p-2, a);
    float y = (float)(a < 0x1p-10 ? near : far), beyond = a == 1.0 ? INFINITY : NAN;
    return f32_with_sign_of(a < 1.0 ? y : beyond, x);
}

/* 2^x for |x| ≤ 1000 */
static inline double f32_wide_exp2(double x)
{
    double shifted = x + F64_ROUND, f = x - (shifted - F64_ROUND), square = f * f,
           p = f64_muladd(0x1.4498ffd21a00dp-13, f, 0x1.5f48c64e4edebp-10);
    p = f64_muladd(p, square, f64_muladd(0x1.3b2995f22351fp-7, f, 0x1.c6aecc579e509p-5));
    p = f64_muladd(p, square, f64_muladd(0x1.ebfbe10e316e2p-3, f, 0x1.62e430d0436cep-1));
    return f64_of_bits(f64_bits(f64_muladd(p, f, 1.0)) + (f64_bits(shifted) << 52));
}

/* Without multiply-add the C library is faster. */
#ifndef HAS_FMA
#define f32_pow powf
#else
/* |x|^y = 2^(y·log₂|x|), then the sign and the special cases of the C standard. */
static inline float f32_pow(float x, float y)
{
    double base = (double)x, power = (double)y, a = fabs(base), b = fabs(power), e, m = f64_split(a, &e);
    double inside = f64_muladd(f32_wide_log1p(m - 1.0), 0x1.71547652b82fep0, e);
    double beyond = a == 0.0 ? -INFINITY : a, log2 = a > 0.0 && a < INFINITY ? inside : beyond;
    double t = power * log2, least = t < -200.0 ? -200.0 : t;
    double z = f32_wide_exp2(least > 200.0 ? 200.0 : least);
    double capped = b < 0x1p30 ? b : 0x1p30, shifted = capped + F64_ROUND; /* from 2³⁰ on y is even */
    uint64_t odd = f64_bits(shifted) << 63;
    z = f64_of_bits(f64_bits(z) | (f64_bits(base) & odd));
    z = base < 0.0 && a < INFINITY && shifted - F64_ROUND != capped ? NAN : z;
    return (float)(base == 1.0 || b == 0.0 || (a == 1.0 && b == INFINITY) ? 1.0 : z);
}
#endif

/* erfc(a) for a ≥ 0; see f64_erfc_far. */
static inline double f32_wide_erfc(double a)
{
    double u = a * a, w = 1.0 / (a + 2.0), t = (a - 2.0) * w, square = t * t,
           p = f64_muladd(0x1.b92eae7749502p-13, t, -0x1.315c19cf348a4p-11);
    p = f64_muladd(p, square, f64_muladd(-0x1.000ed82e4afa5p-10, t, 0x1.942442801b011p-9));
    p = f64_muladd(p, square, f64_muladd(0x1.ab395bd920877p-8, t, -0x1.607784bdab177p-6));
    p = f64_muladd(p, square, f64_muladd(-0x1.2a91f0d869044p-5, t, 0x1.1e2e025305cep-2));
    p = f64_muladd(p, square, f64_muladd(-0x1.5fd38224f1d4cp-1, t, 0x1.058671a3ed3acp0)) * w;
    double power = u * u, q = f64_muladd(-0x1.9743b47a78818p-11, u, 0x1.5512be0b81bbdp-8);
    q = f64_muladd(q, power, f64_muladd(-0x1.b8234611bce1fp-6, u, 0x1.ce2f010503b2bp-4));
    q = f64_muladd(q, power, f64_muladd(-0x1.81274687b6d7ap-2, u, 0x1.06eba8210c77ap-3));
    return a < F64_ERFC_NEAR ? 1.0 - f64_muladd(a, q, a) : p * f32_wide_exp2(u * -0x1.71547652b82fep0);
}

/* 0 beyond 11 and 2 below −11 */
static inline float f32_erfc(float x)
{
    double a = (double)fabsf(x), y = f32_wide_erfc(a > 11.0 ? 11.0 : a);
    return (float)(x < 0.0f ? 2.0 - y : y);
}

#ifdef HAS_FMA
/* Φ(−a) for a ≥ 0: exp(−a²/2)·p(t)/(a + 2.5), p a polynomial in t = (a − 2.5)/(a + 2.5); what a² loses by rounding goes
 * into the exponent. */
static inline float f32_normal_tail(float a)
{
    float w = 1.0f / (a + 2.5f), t = (a - 2.5f) * w, power = t * t;
    float p = f32_muladd(-0x1.59791ap-13f, t, -0x1.50ff5p-12f);
    p = f32_muladd(p, power, f32_muladd(0x1.6a2838p-11f, t, 0x1.4c5128p-9f));
    p = f32_muladd(p, power, f32_muladd(-0x1.a41p-10f, t, -0x1.0c8b7ep-6f));
    p = f32_muladd(p, power, f32_muladd(0x1.2ea4c2p-7f, t, 0x1.0e4f88p-3f));
    p = f32_muladd(p, power, f32_muladd(-0x1.bc19c2p-2f, t, 0x1.69cee6p-1f)) * w;
    uint32_t n;
    float square = a * a, lost = f32_muladd(a, a, -square), none, r = f32_exp_reduce(-0.5f * square, &n, &none);
    return f32_exp_times(f32_muladd(-0.5f, lost, r), none, f32_first_half(n)) * (f32_second_half(n) * p);
}

/* Up to 1 from ½ by a series; below −1 the tail. */
static inline float f32_normal_cdf(float x)
{
    float a = fabsf(x), u = x * x, power = u * u, tail = f32_normal_tail(a > 14.5f ? 14.5f : a);
    float q = f32_muladd(-0x1.24b7fcp-17f, u, 0x1.e8555ep-14f);
    q = f32_muladd(q, power, f32_muladd(-0x1.37c2b8p-10f, u, 0x1.46d91cp-7f));
    q = f32_muladd(q, power, f32_muladd(-0x1.10587p-4f, u, 0x1.988454p-2f));
    float far = x < 0.0f ? tail : 1.0f - tail;
    return a > 1.0f ? far : f32_muladd(x, q, 0.5f);
}
#else
/* Of a wide x, so that x/√2 is as exact as its square needs it: 0 beyond −15 and 1 beyond 15. */
static inline float f32_normal_cdf(float x)
{
    double a = (double)fabsf(x) * 0x1.6a09e667f3bcdp-1, y = 0.5 * f32_wide_erfc(a > 11.0 ? 11.0 : a);
    return (float)(x < 0.0f ? y : 1.0 - y);
}
#endif

static inline float f32_hypot(float a, float b)
{
    double sum = (double)a * (double)a + (double)b * (double)b;
    float y = (float)sqrt(sum);
    return fabsf(a) == INFINITY || fabsf(b) == INFINITY ? INFINITY : y;
}

/* Where f32_fmod holds: the quotient has at most 29 bits, and its product with b is exact. */
static inline int f32_fmod_holds(float a, float b)
{
    return fabsf(a) < fabsf(b) * 0x1p29f;
}

static inline float f32_fmod(float a, float b)
{
    double x = (double)fabsf(a), y = (double)fabsf(b), quotient = x / y;
    double near = (quotient + 0x1p52) - 0x1p52, whole = near > quotient ? near - 1.0 : near;
    double rest = x - whole * y, y_too_many = rest < 0.0 ? rest + y : rest;
    return f32_with_sign_of(y < INFINITY ? (float)y_too_many : fabsf(a), a);
}

#endif
