/* Binary cross entropy of elements in one float type. See core/base/for_floats.h. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

static void NAME(entropy)(const REAL *restrict x, const REAL *restrict t, REAL *restrict y, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        REAL yes = MATH(log)(x[i]), no = MATH(log1p)(-x[i]);
        y[i] = (t[i] - 1) * (no < -100 ? -100 : no) - t[i] * (yes < -100 ? -100 : yes);
    }
}
