/* The loops over float32 or float64. Included with what functions.template.h needs and
 *   NAME(f)  the loop's name */
#if !defined(REAL) || !defined(NAME) || !defined(ELEMENT)
#error "this is a template: REAL, NAME and ELEMENT must be defined"
#endif

#define UNARY(name, value)                                                                                             \
    static void NAME(name)(void *r, const void *pa, const void *pb, const void *pc, size_t n)                          \
    {                                                                                                                  \
        REAL *y = r;                                                                                                   \
        const REAL *x = pa;                                                                                            \
        (void)pb, (void)pc;                                                                                            \
        INDEPENDENT                                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                                               \
            REAL a = x[i];                                                                                             \
            y[i] = (value);                                                                                            \
        }                                                                                                              \
    }

#define BINARY(name, value)                                                                                            \
    static void NAME(name)(void *r, const void *pa, const void *pb, const void *pc, size_t n)                          \
    {                                                                                                                  \
        REAL *y = r;                                                                                                   \
        const REAL *x = pa, *z = pb;                                                                                   \
        (void)pc;                                                                                                      \
        INDEPENDENT                                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                                               \
            REAL a = x[i], b = z[i];                                                                                   \
            y[i] = (value);                                                                                            \
        }                                                                                                              \
    }

/* Beyond the limit an element is the C library's. */
#define TURNING(name)                                                                                                  \
    static void NAME(name)(void *r, const void *pa, const void *pb, const void *pc, size_t n)                          \
    {                                                                                                                  \
        REAL *y = r;                                                                                                   \
        const REAL *x = pa;                                                                                            \
        int beyond = 0;                                                                                                \
        (void)pb, (void)pc;                                                                                            \
        for (size_t i = 0; i < n; i++)                                                                                 \
            beyond |= !(LIBM(fabs)(x[i]) < LIMIT(TURN_LIMIT));                                                         \
        if (beyond) {                                                                                                  \
            for (size_t i = 0; i < n; i++)                                                                             \
                y[i] = LIBM(fabs)(x[i]) < LIMIT(TURN_LIMIT) ? ELEMENT(name)(x[i]) : LIBM(name)(x[i]);                  \
            return;                                                                                                    \
        }                                                                                                              \
        INDEPENDENT                                                                                                    \
        for (size_t i = 0; i < n; i++)                                                                                 \
            y[i] = ELEMENT(name)(x[i]);                                                                                \
    }

/* value, a function of m = fmod(a, b) and b. Where ELEMENT(fmod) does not hold, m is the C library's. */
#define DIVIDING(name, value)                                                                                          \
    static void NAME(name)(void *r, const void *pa, const void *pb, const void *pc, size_t n)                          \
    {                                                                                                                  \
        REAL *y = r;                                                                                                   \
        const REAL *x = pa, *z = pb;                                                                                   \
        int beyond = 0;                                                                                                \
        (void)pc;                                                                                                      \
        for (size_t i = 0; i < n; i++)                                                                                 \
            beyond |= !ELEMENT(fmod_holds)(x[i], z[i]);                                                                \
        if (beyond) {                                                                                                  \
            for (size_t i = 0; i < n; i++) {                                                                           \
                REAL b = z[i], m = LIBM(fmod)(x[i], b);                                                                \
                y[i] = (value);                                                                                        \
            }                                                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        INDEPENDENT                                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                                               \
            REAL b = z[i], m = ELEMENT(fmod)(x[i], b);                                                                 \
            y[i] = (value);                                                                                            \
        }                                                                                                              \
    }

static inline REAL NAME(min_of)(REAL a, REAL b)
{
    REAL least = a < b ? a : b;
    return a != a ? a : least;
}

static inline REAL NAME(max_of)(REAL a, REAL b)
{
    REAL most = a > b ? a : b;
    return a != a ? a : most;
}

BINARY(add, a + b)
BINARY(sub, a - b)
BINARY(mul, a *b)
BINARY(div, a / b)
BINARY(pow, ELEMENT(pow)(a, b))
UNARY(neg, -a)
UNARY(abs, LIBM(fabs)(a))
UNARY(sign, (REAL)(a > 0) - (REAL)(a < 0))
UNARY(floor, ELEMENT(floor)(a))
UNARY(ceil, ELEMENT(ceil)(a))
UNARY(round, ELEMENT(round)(a))
UNARY(trunc, ELEMENT(trunc)(a))
DIVIDING(fmod, ((void)b, m))
DIVIDING(remainder, ELEMENT(remainder_of)(m, b))
BINARY(min, NAME(min_of)(a, b))
BINARY(max, NAME(max_of)(a, b))
BINARY(hypot, ELEMENT(hypot)(a, b))
BINARY(atan2, ELEMENT(atan2)(a, b))
BINARY(logaddexp, ELEMENT(logaddexp)(a, b))
BINARY(lt, a < b ? (REAL)1 : (REAL)0)
BINARY(le, a <= b ? (REAL)1 : (REAL)0)
BINARY(gt, a > b ? (REAL)1 : (REAL)0)
BINARY(ge, a >= b ? (REAL)1 : (REAL)0)
BINARY(eq, a == b ? (REAL)1 : (REAL)0)
BINARY(ne, a != b ? (REAL)1 : (REAL)0)
BINARY(and, ((a != 0) & (b != 0)) ? (REAL)1 : (REAL)0)
BINARY(or, ((a != 0) | (b != 0)) ? (REAL)1 : (REAL)0)
UNARY(not, a == 0 ? (REAL)1 : (REAL)0)
UNARY(isnan, a != a ? (REAL)1 : (REAL)0)
UNARY(square, a *a)
UNARY(sqrt, LIBM(sqrt)(a))
UNARY(rsqrt, 1 / LIBM(sqrt)(a))
UNARY(reciprocal, 1 / a)
UNARY(exp, ELEMENT(exp)(a))
UNARY(exp2, ELEMENT(exp2)(a))
UNARY(expm1, ELEMENT(expm1)(a))
UNARY(log, ELEMENT(log)(a))
UNARY(log2, ELEMENT(log2)(a))
UNARY(log10, ELEMENT(log10)(a))
UNARY(log1p, ELEMENT(log1p)(a))
TURNING(sin)
TURNING(cos)
TURNING(tan)
UNARY(asin, ELEMENT(asin)(a))
UNARY(acos, ELEMENT(acos)(a))
UNARY(atan, ELEMENT(atan)(a))
UNARY(sinh, ELEMENT(sinh)(a))
UNARY(cosh, ELEMENT(cosh)(a))
UNARY(tanh, ELEMENT(tanh)(a))
UNARY(asinh, ELEMENT(asinh)(a))
UNARY(acosh, ELEMENT(acosh)(a))
UNARY(atanh, ELEMENT(atanh)(a))
UNARY(sigmoid, ELEMENT(sigmoid)(a))
UNARY(softplus, ELEMENT(softplus)(a))
UNARY(erf, ELEMENT(erf)(a))
UNARY(erfc, ELEMENT(erfc)(a))
UNARY(normal_cdf, ELEMENT(normal_cdf)(a))
UNARY(tanhshrink, ELEMENT(tanhshrink)(a))
BINARY(squareplus, ELEMENT(squareplus)(a, b))
UNARY(copy, a)

static void NAME(where)(void *r, const void *pa, const void *pb, const void *pc, size_t n)
{
    REAL *y = r;
    const REAL *a = pa, *b = pb, *c = pc;
    INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        REAL p = b[i], q = c[i]; /* both read, so that the choice needs no branch */
        y[i] = a[i] != 0 ? p : q;
    }
}

#undef UNARY
#undef BINARY
#undef TURNING
#undef DIVIDING
