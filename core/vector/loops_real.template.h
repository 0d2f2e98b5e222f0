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

#include "values.template.h"

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
