/* Functions of one element in float32 or float64, from the parts that math_f32.h and math_f64.h have.
 * Without branches, so that a loop over them becomes vector code. Included with
 *   REAL        the element type
 *   WORD        an unsigned integer of its size
 *   ELEMENT(f)  the name of a function or constant of this type
 *   LIMIT(c)    the name of a constant of this type
 *   LIBM(f)     the C library's function
 *   EXACT_QUOTIENTS, if defined: tan, tanh and sigmoid correct their quotients for what was rounded before. */
#if !defined(REAL) || !defined(WORD) || !defined(ELEMENT) || !defined(LIMIT) || !defined(LIBM)
#error "this is a template: REAL, WORD, ELEMENT, LIMIT and LIBM must be defined"
#endif

#define OF(f) static inline REAL ELEMENT(f)

/* ---- rounding ---- */

#if defined __SSE4_1__ || defined __aarch64__
OF(round)(REAL x)
{
    return LIBM(rint)(x);
}

OF(floor)(REAL x)
{
    return LIBM(floor)(x);
}

OF(ceil)(REAL x)
{
    return LIBM(ceil)(x);
}

OF(trunc)(REAL x)
{
    return LIBM(trunc)(x);
}
#else
/* No instruction rounds: adding and subtracting a number whose last place is 1 does. */
static inline REAL ELEMENT(round_of_positive)(REAL a)
{
    return a < LIMIT(WHOLE) ? (a + LIMIT(WHOLE)) - LIMIT(WHOLE) : a;
}

OF(round)(REAL x)
{
    return ELEMENT(with_sign_of)(ELEMENT(round_of_positive)(LIBM(fabs)(x)), x);
}

OF(trunc)(REAL x)
{
    REAL a = LIBM(fabs)(x), y = ELEMENT(round_of_positive)(a);
    return ELEMENT(with_sign_of)(y - (y > a ? (REAL)1 : (REAL)0), x);
}

OF(floor)(REAL x)
{
    REAL y = ELEMENT(round)(x);
    return y - (y > x ? (REAL)1 : (REAL)0);
}

OF(ceil)(REAL x)
{
    return -ELEMENT(floor)(-x);
}
#endif

/* ---- exponentials ---- */

/* x = n·log(2) + r with |r| ≤ log(2)/2; returns exp(r) − 1. n is in the low bits. */
static inline REAL ELEMENT(expm1_reduced)(REAL x, WORD *n)
{
    REAL low, r = ELEMENT(exp_reduce)(x, n, &low);
    return ELEMENT(expm1_near)(r, low);
}

/* exp(x) where neither it nor 2ⁿ is subnormal or infinite, or NaN. */
OF(exp_normal)(REAL x)
{
    WORD n;
    REAL low, r = ELEMENT(exp_reduce)(x, &n, &low);
    return ELEMENT(exp_times)(r, low, ELEMENT(power_of_two)(n));
}

/* exp(x) for LIMIT(EXP_LEAST) ≤ x ≤ LIMIT(EXP_MOST), or NaN. */
OF(exp_within)(REAL x)
{
    WORD n;
    REAL low, r = ELEMENT(exp_reduce)(x, &n, &low);
    return ELEMENT(exp_times)(r, low, ELEMENT(first_half)(n)) * ELEMENT(second_half)(n);
}

/* exp(r + low)·2ⁿ for n ≤ 63: made 2⁶⁴ times as large, where it is normal. */
static inline REAL ELEMENT(exp_times_small)(REAL r, REAL low, WORD n)
{
    return ELEMENT(exp_times)(r, low, ELEMENT(power_of_two)(n + 64u)) * (REAL)0x1p-64;
}

/* exp(x) for x ≤ 43, or NaN. */
OF(exp_of_negative)(REAL x)
{
    WORD n;
    REAL low, r = ELEMENT(exp_reduce)(x < LIMIT(EXP_LEAST) ? LIMIT(EXP_LEAST) : x, &n, &low);
    return ELEMENT(exp_times_small)(r, low, n);
}

OF(exp)(REAL x)
{
    REAL most = x > LIMIT(EXP_MOST) ? LIMIT(EXP_MOST) : x;
    return ELEMENT(exp_within)(most < LIMIT(EXP_LEAST) ? LIMIT(EXP_LEAST) : most);
}

/* (exp(x) − 1)/2ᶜ, c so large that it is finite; x ≥ LIMIT(EXPM1_LEAST), or NaN. The two largest parts are added
 * exactly. */
static inline REAL ELEMENT(scaled_expm1)(REAL x, REAL half_to_the_c, WORD c)
{
    WORD n;
    REAL low, r = ELEMENT(exp_reduce)(x, &n, &low), s = ELEMENT(power_of_two)(n - c);
    REAL tail = ELEMENT(muladd)(ELEMENT(exp_series)(r), r * r, low);
    REAL a = s - half_to_the_c, b = s * r, high = a + b;
    return high + ELEMENT(muladd)(s, tail, b - (high - a));
}

OF(expm1)(REAL x)
{
    REAL most = x > LIMIT(EXP_MOST) ? LIMIT(EXP_MOST) : x;
    REAL y = 2 * ELEMENT(scaled_expm1)(most < LIMIT(EXPM1_LEAST) ? LIMIT(EXPM1_LEAST) : most, (REAL)0.5, 1);
    return LIBM(fabs)(x) < LIMIT(TINY) ? x : y;
}

/* (exp(|x|) − 1)/2 */
OF(half_expm1)(REAL x)
{
    REAL a = LIBM(fabs)(x);
    return 2 * ELEMENT(scaled_expm1)(a > LIMIT(SINH_MOST) ? LIMIT(SINH_MOST) : a, (REAL)0.25, 2);
}

OF(sinh)(REAL x)
{
    REAL h = ELEMENT(half_expm1)(x), g = h > (REAL)0x1p100 ? (REAL)0x1p100 : h;
    REAL y = ELEMENT(with_sign_of)(h + g / (2 * g + 1), x);
    return LIBM(fabs)(x) < LIMIT(TINY) ? x : y;
}

OF(cosh)(REAL x)
{
    REAL e = (REAL)0.5 + ELEMENT(half_expm1)(x);
    return e + (REAL)0.25 / e;
}

/* y/(y + 2) with y = exp(2|x|) − 1 */
OF(tanh)(REAL x)
{
    WORD n;
    REAL a = LIBM(fabs)(x), twice = 2 * (a > LIMIT(TANH_MOST) ? LIMIT(TANH_MOST) : a);
    REAL p = ELEMENT(expm1_reduced)(twice, &n), s = ELEMENT(power_of_two)(n);
    REAL y = ELEMENT(muladd)(s, p, s - 1), den = y + 2, q = y / den;
#ifdef EXACT_QUOTIENTS
    /* What the sum loses in rounding matters while y is small, and then 1/(y + 2) is about (1 − q)²/2. */
    REAL w = ELEMENT(muladd)(-(REAL)M_SQRT1_2, q, (REAL)M_SQRT1_2);
    q = ELEMENT(muladd)((den - 2 - y) * w, q * w, q);
#endif
    return ELEMENT(with_sign_of)(q, x);
}

/* (x + √(x² + b))/2, below 0 as b/2 / (√(x² + b) − x); the root is |x| where x² is too large. */
OF(squareplus)(REAL x, REAL b)
{
    REAL a = LIBM(fabs)(x), large = (REAL)1e17, square = LIBM(sqrt)(ELEMENT(muladd)(x, x, b));
    REAL root = a > large ? a : square, half = (REAL)0.5 * a + (REAL)0.5 * root;
    REAL below = (REAL)0.25 * b / half, above = a > large ? x : half;
    return x < 0 ? below : above;
}

/* x − tanh x; below 1 by the continued fraction of tanh, cut at 19, as a quotient without differences: x³·p/q. */
OF(tanhshrink)(REAL x)
{
    REAL a = LIBM(fabs)(x), t = a > 1 ? (REAL)1 : a, u = t * t;
    REAL p = ELEMENT(muladd)((REAL)1.5273493085670588e-09, u, (REAL)2.184109511250894e-06);
    p = ELEMENT(muladd)(p, u, (REAL)0.0004422821760283061);
    p = ELEMENT(muladd)(p, u, (REAL)0.02456140350877193);
    p = ELEMENT(muladd)(p, u, (REAL)0.3333333333333333);
    REAL q = ELEMENT(muladd)((REAL)1.5273493085670588e-09, u, (REAL)2.2681137232220826e-06);
    q = ELEMENT(muladd)(q, u, (REAL)0.00048159614723082214);
    q = ELEMENT(muladd)(q, u, (REAL)0.02889576883384933);
    q = ELEMENT(muladd)(q, u, (REAL)0.47368421052631576);
    q = ELEMENT(muladd)(q, u, (REAL)1);
    REAL near = x * (u * (p / q)), far = x - ELEMENT(tanh)(x);
    return a < 1 ? near : far;
}

OF(sigmoid)(REAL x)
{
    REAL t = ELEMENT(exp_of_negative)(-LIBM(fabs)(x)), num = x >= 0 ? (REAL)1 : t, den = 1 + t;
#ifdef EXACT_QUOTIENTS
    return ELEMENT(divide_sums)(num, 0, den, t - (den - 1));
#else
    return num / den;
#endif
}

/* ---- logarithms ---- */

/* Puts right what a formula for 0 < x < ∞ gives elsewhere. */
static inline REAL ELEMENT(log_domain)(REAL x, REAL y)
{
    REAL outside = x == 0 ? -(REAL)INFINITY : (REAL)NAN, large = x < (REAL)INFINITY ? y : x;
    return x > 0 ? large : outside;
}

OF(log)(REAL x)
{
    REAL e, f = ELEMENT(log_parts)(x, &e);
    return ELEMENT(log_domain)(x, ELEMENT(log_of_parts)(e, f));
}

OF(log2)(REAL x)
{
    REAL e, f = ELEMENT(log_parts)(x, &e);
    return ELEMENT(log_domain)(x, ELEMENT(log2_of_parts)(e, f));
}

OF(log10)(REAL x)
{
    REAL e, f = ELEMENT(log_parts)(x, &e);
    return ELEMENT(log_domain)(x, ELEMENT(log10_of_parts)(e, f));
}

/* What 1 + x loses in rounding is given back to the mantissa. */
OF(log1p)(REAL x)
{
    REAL u = 1 + x, lost = x - (u - 1), e, m = ELEMENT(split)(u, &e);
    REAL f = ELEMENT(muladd)((REAL)0.5 * lost, ELEMENT(scale_of_split)(e), m - 1);
    REAL y = ELEMENT(with_sign_of)(ELEMENT(log_of_parts)(e, f), x), large = x < (REAL)INFINITY ? y : x;
    REAL outside = x == -1 ? -(REAL)INFINITY : (REAL)NAN;
    return x > -1 ? large : outside;
}

/* max(x, 0) + log(1 + t) with t = exp(−|x|) ≤ 1; 1 + t is 1 + f or 2(1 + f). */
OF(softplus)(REAL x)
{
    REAL t = ELEMENT(exp_of_negative)(-LIBM(fabs)(x)), cut = (REAL)0.41421356, halved = (REAL)0.5 * t - (REAL)0.5;
    REAL e = t > cut ? (REAL)1 : (REAL)0, f = t > cut ? halved : t;
    return (x > 0 ? x : 0) + ELEMENT(log_of_parts)(e, f);
}

OF(logaddexp)(REAL a, REAL b)
{
    REAL high = a > b ? a : b, y = high + ELEMENT(softplus)(-LIBM(fabs)(a - b));
    return a == b ? a + (REAL)M_LN2 : y;
}

/* ---- erf ---- */

/* erf(a) for 0 ≤ a ≤ 1 */
OF(erf_near)(REAL a)
{
    return ELEMENT(muladd)(a, ELEMENT(erf_series)(a * a), a);
}

/* From 1 on 1 − exp(q), q fitted to log(erfc). */
OF(erf)(REAL x)
{
    REAL a = LIBM(fabs)(x), near = ELEMENT(erf_near)(a);
    REAL far = 1 - ELEMENT(exp_normal)(ELEMENT(log_erfc)(a > LIMIT(ERF_MOST) ? LIMIT(ERF_MOST) : a));
    return ELEMENT(with_sign_of)(a < 1 ? near : far, x);
}

/* ---- remainders ---- */

/* With the sign of the divisor. */
OF(remainder_of)(REAL remainder, REAL b)
{
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

/* ---- circular functions of |x| < LIMIT(TURN_LIMIT) ---- */

/* sin(x + turn·π/2) */
static inline REAL ELEMENT(sin_of_turned)(REAL x, WORD turn)
{
    WORD n;
    REAL low, r = ELEMENT(quarter_turns)(x, &n, &low);
    REAL sine = ELEMENT(sine)(r, low), cosine = ELEMENT(cosine)(r, low);
    n += turn;
    REAL y = n & 1u ? cosine : sine;
    return ELEMENT(of_bits)(ELEMENT(bits)(y) ^ ((n & 2u) << (8 * sizeof(REAL) - 2)));
}

OF(sin)(REAL x)
{
    REAL y = ELEMENT(sin_of_turned)(x, 0);
    return x == 0 ? x : y;
}

OF(cos)(REAL x)
{
    return ELEMENT(sin_of_turned)(x, 1);
}

/* The sine, or minus the cosine, over the other. */
OF(tan)(REAL x)
{
    WORD n;
    REAL low, r = ELEMENT(quarter_turns)(x, &n, &low), sine = ELEMENT(sine)(r, low), cosine = ELEMENT(cosine)(r, low);
    REAL num = n & 1u ? -cosine : sine, den = n & 1u ? sine : cosine;
#ifdef EXACT_QUOTIENTS
    REAL sine_low = ELEMENT(sine_rest)(r, low, sine), cosine_low = ELEMENT(cosine_rest)(r, low, cosine);
    REAL num_low = n & 1u ? -cosine_low : sine_low, den_low = n & 1u ? sine_low : cosine_low;
    REAL y = ELEMENT(divide_sums)(num, num_low, den, den_low);
#else
    REAL y = num / den;
#endif
    return x == 0 ? x : y;
}

#undef OF

static inline REAL ELEMENT(min_of)(REAL a, REAL b)
{
    REAL least = a < b ? a : b;
    return a != a ? a : least;
}

static inline REAL ELEMENT(max_of)(REAL a, REAL b)
{
    REAL most = a > b ? a : b;
    return a != a ? a : most;
}
