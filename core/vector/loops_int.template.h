/* The loops over int32 or int64, of the primitives that stay in the integers. Included with INTEGER, UNSIGNED (sums and
 * products wrap) and NAME(f). Division by zero gives 0. */
#if !defined(INTEGER) || !defined(UNSIGNED) || !defined(NAME)
#error "this is a template: INTEGER, UNSIGNED and NAME must be defined"
#endif

#define UNARY(name, value)                                                                                             \
    static void NAME(name)(void *r, const void *pa, const void *pb, const void *pc, size_t n)                          \
    {                                                                                                                  \
        INTEGER *y = r;                                                                                                \
        const INTEGER *x = pa;                                                                                         \
        (void)pb, (void)pc;                                                                                            \
        INDEPENDENT                                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                                               \
            INTEGER a = x[i];                                                                                          \
            y[i] = (INTEGER)(value);                                                                                   \
        }                                                                                                              \
    }

#define BINARY(name, value)                                                                                            \
    static void NAME(name)(void *r, const void *pa, const void *pb, const void *pc, size_t n)                          \
    {                                                                                                                  \
        INTEGER *y = r;                                                                                                \
        const INTEGER *x = pa, *z = pb;                                                                                \
        (void)pc;                                                                                                      \
        INDEPENDENT                                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                                               \
            INTEGER a = x[i], b = z[i];                                                                                \
            y[i] = (INTEGER)(value);                                                                                   \
        }                                                                                                              \
    }

static inline INTEGER NAME(fmod_of)(INTEGER a, INTEGER b)
{
    return b == 0 || b == -1 ? 0 : a % b;
}

static inline INTEGER NAME(remainder_of)(INTEGER a, INTEGER b)
{
    INTEGER m = NAME(fmod_of)(a, b);
    return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}

BINARY(add, (UNSIGNED)a + (UNSIGNED)b)
BINARY(sub, (UNSIGNED)a - (UNSIGNED)b)
BINARY(mul, (UNSIGNED)a *(UNSIGNED)b)
UNARY(neg, 0 - (UNSIGNED)a)
UNARY(abs, a < 0 ? 0 - (UNSIGNED)a : (UNSIGNED)a)
UNARY(sign, (a > 0) - (a < 0))
BINARY(fmod, NAME(fmod_of)(a, b))
BINARY(remainder, NAME(remainder_of)(a, b))
BINARY(min, a < b ? a : b)
BINARY(max, a > b ? a : b)
BINARY(lt, a < b)
BINARY(le, a <= b)
BINARY(gt, a > b)
BINARY(ge, a >= b)
BINARY(eq, a == b)
BINARY(ne, a != b)
BINARY(and, (a != 0) & (b != 0))
BINARY(or, (a != 0) | (b != 0))
UNARY(not, a == 0)
UNARY(square, (UNSIGNED)a *(UNSIGNED)a)
UNARY(copy, a)

static void NAME(where)(void *r, const void *pa, const void *pb, const void *pc, size_t n)
{
    INTEGER *y = r;
    const INTEGER *a = pa, *b = pb, *c = pc;
    INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        INTEGER p = b[i], q = c[i];
        y[i] = a[i] != 0 ? p : q;
    }
}

#undef UNARY
#undef BINARY
