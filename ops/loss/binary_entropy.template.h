/* Binary cross entropy of elements in one float type. Included with REAL, LOG, LOG1P and NAME() defined. */

static void NAME(entropy)(const REAL *restrict x, const REAL *restrict t, REAL *restrict y, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        REAL yes = LOG(x[i]), no = LOG1P(-x[i]);
        y[i] = (t[i] - 1) * (no < -100 ? -100 : no) - t[i] * (yes < -100 ? -100 : yes);
    }
}
