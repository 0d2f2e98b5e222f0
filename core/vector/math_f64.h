/* float64: what the functions of functions.template.h are built from, and the functions that differ from float32's.
 *
 * How many units in the last place a result may be off (see math_f32.h), measured over samples:
 *
 *   0.5    + − · / sqrt, reciprocal, square; rounding, fmod, abs, sign, min, max are exact
 *   1      exp, log, log2, log10, sin, cos             1.25   exp2, expm1, erf, tan
 *   1.5    log1p, rsqrt, hypot                         1.75   sigmoid, softplus
 *   2      tanh, sinh, cosh, logaddexp                 3.5    erfc, normal_cdf      7      tanhshrink
 *
 * The C library's, element by element: pow, fmod, asin, acos, atan, atan2, asinh, acosh, atanh, and sin, cos and tan
 * beyond F64_TURN_LIMIT. */
#ifndef CORE_VECTOR_MATH_F64_H
#define CORE_VECTOR_MATH_F64_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined __FMA__ || defined __aarch64__
#define HAS_FMA
#endif

/* a·b + c. Written out, because the compiler may not contract on its own account: it would do so in one way in the
 * vector loop and in another in the rest of it, and an element's bits would depend on its place. */
static inline double f64_muladd(double a, double b, double c)
{
#ifdef HAS_FMA
    return __builtin_fma(a, b, c);
#else
    return a * b + c;
#endif
}

static inline uint64_t f64_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double f64_of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x ≥ 0 with the sign of another. */
static inline double f64_with_sign_of(double x, double sign)
{
    return f64_of_bits(f64_bits(x) | (f64_bits(sign) & 0x8000000000000000u));
}

/* Adding 1.5·2⁵² rounds to an integer n, which is then in the low bits; those that are shifted into an exponent are all
 * that is used of them. */
#define F64_ROUND 0x1.8p52
/* log(2) = hi + lo; hi has 32 bits, so that an exponent times hi is exact. */
#define F64_LN2_HI 0x1.62e42ffp-1
#define F64_LN2_LO (-0x1.718432a1b0e26p-35)

/* Where exp ends: beyond, it is 0 and infinite. */
#define F64_EXP_LEAST   (-746.0)
#define F64_EXP_MOST    710.0
#define F64_SINH_MOST   710.7
#define F64_EXPM1_LEAST (-40.0)
#define F64_TANH_MOST   20.0
#define F64_TINY        0x1p-60 /* here sinh(x), expm1(x)… are x */
#define F64_WHOLE       0x1p52  /* from here on all numbers are whole */

static inline double f64_power_of_two(uint64_t n)
{
    return f64_of_bits((n + 1023u) << 52);
}

/* y·2ⁿ for y about 1, rounded once even where it is subnormal. */
/* 2ⁿ as a product of two, each of which is normal. */
static inline double f64_first_half(uint64_t n)
{
    return f64_of_bits(((n >> 1) << 52) + (UINT64_C(1023) << 52));
}

static inline double f64_second_half(uint64_t n)
{
    return f64_of_bits((n << 52) - ((n >> 1) << 52) + (UINT64_C(1023) << 52));
}

static inline double f64_scale(double y, uint64_t n)
{
    return y * f64_first_half(n) * f64_second_half(n);
}

/* x = n·log(2) + r + *low with |r| ≤ log(2)/2. */
static inline double f64_exp_reduce(double x, uint64_t *n, double *low)
{
    double shifted = f64_muladd(x, 0x1.71547652b82fep0, F64_ROUND), whole = shifted - F64_ROUND;
    *n = f64_bits(shifted);
    double high = f64_muladd(whole, -F64_LN2_HI, x), rest = whole * F64_LN2_LO, r = high - rest;
    *low = (high - r) - rest;
    return r;
}

/* (exp(r) − 1 − r)/r² for |r| ≤ log(2)/2 */
static inline double f64_exp_series(double r)
{
    double square = r * r, p = 0x1.1f86c29686cf8p-29;
    p = f64_muladd(p, square, f64_muladd(0x1.af4f2cfeb7791p-26, r, 0x1.27e4cfc35fe91p-22));
    p = f64_muladd(p, square, f64_muladd(0x1.71de0181a820bp-19, r, 0x1.a01a01ab93061p-16));
    p = f64_muladd(p, square, f64_muladd(0x1.a01a01ac299dap-13, r, 0x1.6c16c16c156acp-10));
    p = f64_muladd(p, square, f64_muladd(0x1.1111111110042p-7, r, 0x1.5555555555557p-5));
    return f64_muladd(p, square, f64_muladd(0x1.5555555555557p-3, r, 0.5));
}

/* exp(r + low) − 1 */
static inline double f64_expm1_near(double r, double low)
{
    return r + f64_muladd(f64_exp_series(r), r * r, low);
}

/* exp(r + low); 1 + r is added exactly. */
static inline double f64_exp_near(double r, double low)
{
    double sum = 1.0 + r, lost = r - (sum - 1.0);
    return sum + (lost + f64_muladd(f64_exp_series(r), r * r, low));
}

/* exp(r + low)·s, s a power of two. */
static inline double f64_exp_times(double r, double low, double s)
{
    return f64_exp_near(r, low) * s;
}

/* exp(high + low) for F64_EXP_LEAST ≤ high ≤ F64_EXP_MOST and small low, or NaN. */
static inline double f64_exp_of_sum(double high, double low)
{
    uint64_t n;
    double rest, r = f64_exp_reduce(high, &n, &rest), both = r + (rest + low);
    return f64_scale(f64_exp_near(both, (r - both) + (rest + low)), n);
}

static inline double f64_exp2(double x)
{
    x = x > 1025.0 ? 1025.0 : x;
    double high = x < -1080.0 ? -1080.0 : x;
    double shifted = high + F64_ROUND, r = (high - (shifted - F64_ROUND)) * 0x1.62e42fefa39efp-1;
    return f64_scale(1.0 + f64_muladd(f64_exp_series(r), r * r, r), f64_bits(shifted));
}

/* x = 2ᵉ·m with √½ ≤ m < √2 for normal x > 0. */
static inline double f64_split(double x, double *e)
{
    uint64_t bits = f64_bits(x) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
    *e = f64_of_bits((bits >> 52) | 0x4330000000000000u) - (0x1p52 + 1023.0);
    return f64_of_bits((bits & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu);
}

/* As above, e in the low bits too. */
static inline double f64_scale_of_split(double e)
{
    return f64_of_bits((1024u - f64_bits(e + F64_ROUND)) << 52); /* 2¹⁻ᵉ, which does not overflow */
}

/* x = 2ᵉ·(1 + f), for subnormal x too. */
static inline double f64_log_parts(double x, double *e)
{
    double small = x < 0x1p-1022 ? 54.0 : 0.0, m = f64_split(x < 0x1p-1022 ? x * 0x1p54 : x, e);
    *e -= small;
    return m - 1.0;
}

/* log(1 + f) = f − f²/2 + the value, for √½ ≤ 1 + f ≤ √2: the series of artanh in s = f/(2 + f). */
static inline double f64_log_tail(double f, double half_square)
{
    double s = f / (2.0 + f), z = s * s, square = z * z, p = 0x1.2b81043341af1p-3;
    p = f64_muladd(p, square, f64_muladd(0x1.39fb1a4ee6ee7p-3, z, 0x1.7462cd846fe5cp-3));
    p = f64_muladd(p, square, f64_muladd(0x1.c71c6290f395p-3, z, 0x1.2492492e2e9c6p-2));
    p = f64_muladd(p, square, f64_muladd(0x1.9999999995137p-2, z, 0x1.5555555555558p-1));
    return s * f64_muladd(p, z, half_square);
}

/* e·log(2) + log(1 + f) */
static inline double f64_log_of_parts(double e, double f)
{
    double half_square = 0.5 * f * f, tail = f64_muladd(e, F64_LN2_LO, f64_log_tail(f, half_square));
    return f64_muladd(e, F64_LN2_HI, f - (half_square - tail));
}

/* e·(unit_high + unit_low) + log(1 + f)·(scale_high + scale_low). The logarithm is cut in two at 21 bits, so that its
 * upper part times scale_high is exact. */
static inline double f64_log_to_base(double e, double f, double unit_high, double unit_low, double scale_high,
                                     double scale_low)
{
    double half_square = 0.5 * f * f, tail = f64_log_tail(f, half_square);
    double high = f64_of_bits(f64_bits(f - half_square) & 0xffffffff00000000u);
    double low = ((f - high) - half_square) + tail;
    double whole = e * unit_high, part = high * scale_high, y = whole + part;
    double rest = e * unit_low + ((low + high) * scale_low + low * scale_high);
    return y + (rest + ((whole - y) + part));
}

static inline double f64_log2_of_parts(double e, double f)
{
    return f64_log_to_base(e, f, 1.0, 0.0, 0x1.71547652p0, 0x1.705fc2eefa2p-33);
}

static inline double f64_log10_of_parts(double e, double f)
{
    return f64_log_to_base(e, f, 0x1.34413509f8p-2, -0x1.80433b83b532ap-44, 0x1.bcb7b152p-2, 0x1.b9438ca9aadd5p-36);
}

/* erf(a)/a − 1 for 0 ≤ a ≤ 1, u = a² */
static inline double f64_erf_series(double u)
{
    double square = u * u, p = 0x1.29783040ef603p-34;
    p = f64_muladd(p, square, f64_muladd(-0x1.46794feaba6f6p-30, u, 0x1.fc78cbcce41e3p-27));
    p = f64_muladd(p, square, f64_muladd(-0x1.5f9828c55cc92p-23, u, 0x1.b9ee95850f651p-20));
    p = f64_muladd(p, square, f64_muladd(-0x1.f4d333884b5c7p-17, u, 0x1.f9a335388d2f5p-14));
    p = f64_muladd(p, square, f64_muladd(-0x1.c02db49b09506p-11, u, 0x1.565bcd12991cp-8));
    p = f64_muladd(p, square, f64_muladd(-0x1.b82ce312abf08p-6, u, 0x1.ce2f21a04362dp-4));
    return f64_muladd(p, square, f64_muladd(-0x1.812746b0379fdp-2, u, 0x1.06eba8214db69p-3));
}

/* log(erfc(a)) for 1 ≤ a ≤ F64_ERF_MOST, as exactly as 1 − erfc(a) needs it. */
#define F64_ERF_MOST 6.0
static inline double f64_log_erfc(double a)
{
    double square = a * a, q = f64_muladd(-0x1.62de52f15abfap-38, a, 0x1.cb83d0fec1406p-33);
    q = f64_muladd(q, square, f64_muladd(-0x1.13ec2c604abacp-28, a, 0x1.96881cd8aa4d7p-25));
    q = f64_muladd(q, square, f64_muladd(-0x1.984e14654c5fap-22, a, 0x1.23ea55b0ccfa9p-19));
    q = f64_muladd(q, square, f64_muladd(-0x1.2874aed10071cp-17, a, 0x1.883a7a160a666p-16));
    q = f64_muladd(q, square, f64_muladd(-0x1.6c3ffa98c65cp-16, a, -0x1.15047494f4034p-13));
    q = f64_muladd(q, square, f64_muladd(0x1.9188a1f43ae1cp-11, a, -0x1.f4aa8983d42f9p-10));
    q = f64_muladd(q, square, f64_muladd(0x1.a8583386f046ap-12, a, 0x1.3735232c85ef1p-6));
    q = f64_muladd(q, square, f64_muladd(-0x1.a4aee46d0de76p-4, a, -0x1.45f608d26577ap-1));
    return f64_muladd(q, square, f64_muladd(-0x1.20dd235f0f168p0, a, -0x1.01bb5cc30b8a1p-21));
}

/* x = n·π/2 + r + *low with |r| ≤ π/4 for |x| < F64_TURN_LIMIT; n in the low bits. π/2 is cut in pieces of 33 bits, so
 * that n times a piece is exact; what the differences lose in rounding is collected. */
#define F64_TURN_LIMIT 0x1p20
static inline double f64_quarter_turns(double x, uint64_t *n, double *low)
{
    double shifted = f64_muladd(x, 0x1.45f306dc9c883p-1, F64_ROUND), whole = shifted - F64_ROUND;
    *n = f64_bits(shifted);
    double a = f64_muladd(whole, -0x1.921fb544p0, x), p = whole * 0x1.0b4611a6p-34, b = a - p, from = b - a;
    double lost = (a - (b - from)) - (p + from), q = f64_muladd(whole, 0x1.3198a2ep-69, -lost), r = b - q;
    double back = r - b;
    *low = ((b - (r - back)) - (q + back)) - whole * 0x1.b839a252049c1p-104;
    return r;
}

/* sin(r + low) − r for |r| ≤ π/4 */
static inline double f64_sin_tail(double r, double low)
{
    double u = r * r, v = u * r, square = u * u, s = 0x1.5e11b11f599bdp-33;
    s = f64_muladd(s, square, f64_muladd(-0x1.ae602161d7c85p-26, u, 0x1.71de37b224f1ap-19));
    s = f64_muladd(s, square, f64_muladd(-0x1.a01a019ea1749p-13, u, 0x1.1111111110c84p-7));
    /* sin(r) + low·cos(r), cos(r) = 1 − r²/2 */
    double correction = f64_muladd(v, s, -0.5 * low);
    return f64_muladd(v, -0x1.5555555555555p-3, f64_muladd(u, correction, low));
}

/* cos(r + low) − (1 − r²/2) for |r| ≤ π/4, and what y = 1 − r²/2 lost in rounding */
static inline double f64_cos_tail(double r, double low, double y)
{
    double u = r * r, square = u * u, c = f64_muladd(-0x1.9073e56392822p-37, u, 0x1.1eeb58653750bp-29);
    c = f64_muladd(c, square, f64_muladd(-0x1.27e4fa037cc16p-22, u, 0x1.a01a019f38b6dp-16));
    c = f64_muladd(c, square, f64_muladd(-0x1.6c16c16c168ccp-10, u, 0x1.5555555555555p-5));
    double half = 0.5 * u;
    return ((1.0 - y) - half) + f64_muladd(c, u * u, -r * low);
}

static inline double f64_sine(double r, double low)
{
    return r + f64_sin_tail(r, low);
}

static inline double f64_cosine(double r, double low)
{
    double y = 1.0 - 0.5 * (r * r);
    return y + f64_cos_tail(r, low, y);
}

/* What the two lost in their last addition. */
static inline double f64_sine_rest(double r, double low, double sine)
{
    return f64_sin_tail(r, low) - (sine - r);
}

static inline double f64_cosine_rest(double r, double low, double cosine)
{
    double y = 1.0 - 0.5 * (r * r);
    return f64_cos_tail(r, low, y) - (cosine - y);
}

/* From here on erfc(a) = exp(−a²)·g(a), g fitted as a polynomial in t = (a − 2)/(a + 2) over a + 2. What a + 2 and a²
 * lose in rounding goes into the exponent. */
#define F64_ERFC_NEAR 0.4769
static inline double f64_erfc_scaled(double a, double high, double low) /* g(a)·exp(high + low) */
{
    double sum = a + 2.0, lost = (a - (sum - 2.0)), w = 1.0 / sum, t = (a - 2.0) * w;
    double square = t * t, p = -0x1.43b6a4751e10cp-24;
    p = f64_muladd(p, square, f64_muladd(0x1.a9ee6a4b6a7c1p-23, t, 0x1.78316110445efp-23));
    p = f64_muladd(p, square, f64_muladd(-0x1.16b8c689dcdbp-21, t, -0x1.63cb4a1332167p-21));
    p = f64_muladd(p, square, f64_muladd(0x1.6b31ebdd017adp-23, t, 0x1.0e28af2982676p-19));
    p = f64_muladd(p, square, f64_muladd(0x1.de958bc458da4p-19, t, -0x1.2bd0ef74195b6p-20));
    p = f64_muladd(p, square, f64_muladd(-0x1.0e17f795ea69bp-16, t, -0x1.6c138646cc40ap-16));
    p = f64_muladd(p, square, f64_muladd(0x1.1e6dc77c57b2fp-15, t, 0x1.2efaa5abb6d67p-13));
    p = f64_muladd(p, square, f64_muladd(0x1.2055081cddc6fp-15, t, -0x1.5ba43bc41c1d4p-11));
    p = f64_muladd(p, square, f64_muladd(-0x1.b6fbfaa47968fp-11, t, 0x1.9517bb7d1e10dp-9));
    p = f64_muladd(p, square, f64_muladd(0x1.a89eaff9aae92p-8, t, -0x1.606e415532f06p-6));
    p = f64_muladd(p, square, f64_muladd(-0x1.2a88e6107e04cp-5, t, 0x1.1e2deea6b1173p-2));
    p = f64_muladd(f64_muladd(p, t, -0x1.5fd386754eff8p-1), t, 0x1.058671b52c776p0);
    return p * w * f64_exp_of_sum(high, f64_muladd(-w, lost, low));
}

static inline double f64_upper(double a) /* 26 bits: its square is exact */
{
    return f64_of_bits(f64_bits(a) & 0xfffffffff8000000u);
}

static inline double f64_erfc_far(double a)
{
    double upper = f64_upper(a);
    return f64_erfc_scaled(a, -upper * upper, -((a - upper) * (a + upper)));
}

/* Scaled by a power of two, so that squares neither overflow nor vanish. */
static inline double f64_hypot(double a, double b)
{
    double high = fabs(a) > fabs(b) ? fabs(a) : fabs(b);
    double small = high < 0x1p-500 ? 0x1p600 : 1.0, s = high > 0x1p500 ? 0x1p-600 : small;
    double back = high < 0x1p-500 ? 0x1p-600 : 1.0, p = a * s, q = b * s;
    double y = sqrt(f64_muladd(p, p, q * q)) * (high > 0x1p500 ? 0x1p600 : back);
    return (fabs(a) == INFINITY || fabs(b) == INFINITY) ? INFINITY : y;
}

/* num − q·den, exactly enough where q is num/den rounded. */
static inline double f64_rest_of_division(double num, double q, double den)
{
#ifdef HAS_FMA
    return __builtin_fma(-q, den, num);
#else
    double qh = f64_of_bits(f64_bits(q) & 0xfffffffff8000000u), ql = q - qh;
    double dh = f64_of_bits(f64_bits(den) & 0xfffffffff8000000u), dl = den - dh;
    return (((num - qh * dh) - qh * dl) - ql * dh) - ql * dl;
#endif
}

/* (num + num_low)/(den + den_low) */
static inline double f64_divide_sums(double num, double num_low, double den, double den_low)
{
    double inverse = 1.0 / den, q = num * inverse, rest = f64_rest_of_division(num, q, den);
    return f64_muladd(rest + f64_muladd(-q, den_low, num_low), inverse, q);
}

/* ---- from the C library ---- */

#define f64_pow   pow
#define f64_asin  asin
#define f64_acos  acos
#define f64_atan  atan
#define f64_atan2 atan2
#define f64_asinh asinh
#define f64_acosh acosh
#define f64_atanh atanh
#define f64_fmod  fmod

static inline int f64_fmod_holds(double a, double b)
{
    (void)a, (void)b;
    return 0;
}

/* erfc(−x/√2)/2, the exponent −x²/2 exactly from x. */
static inline double f64_normal_cdf(double x)
{
    double a = fabs(x), b = a > 40.0 ? 40.0 : a, z = b * 0x1.6a09e667f3bcdp-1, upper = f64_upper(b);
    double far = 0.5 * f64_erfc_scaled(z, -0.5 * upper * upper, -0.5 * ((b - upper) * (b + upper)));
    double y = x * 0x1.6a09e667f3bcdp-1, near = f64_muladd(0.5, f64_muladd(y, f64_erf_series(y * y), y), 0.5);
    double other = x < 0.0 ? far : 1.0 - far;
    return z < F64_ERFC_NEAR ? near : other;
}

static inline double f64_erfc(double x)
{
    double a = fabs(x), near = 1.0 - f64_muladd(x, f64_erf_series(x * x), x), far = f64_erfc_far(a > 28.0 ? 28.0 : a);
    double other = x < 0.0 ? 2.0 - far : far;
    return a < F64_ERFC_NEAR ? near : other;
}

#endif
