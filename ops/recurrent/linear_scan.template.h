/* Recurrences in one float type. See core/base/for_floats.h. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

static void NAME(linear_scan)(const lines *l, int64_t begin, int64_t end)
{
    for (int64_t unit = begin; unit < end; unit++) {
        line at = line_of(l, unit);
        const REAL *restrict a = (const REAL *)l->a + at.start;
        const REAL *restrict b = (const REAL *)l->x + at.start;
        REAL *restrict y = (REAL *)l->y + at.start;
        REAL state[WIDTH] = {0};
        for (int64_t t = 0; t < l->n; t++) {
            int64_t row = (l->reverse ? l->n - 1 - t : t) * l->inner, factor = l->reverse ? row + l->inner : row;
            for (int64_t j = 0; j < at.width; j++) {
                state[j] = t ? a[factor + j] * state[j] + b[row + j] : b[row + j];
                y[row + j] = state[j];
            }
        }
    }
}

/* The sum of exponentials, relative to the greatest of them. */
static void NAME(logcumsumexp)(const lines *l, int64_t begin, int64_t end)
{
    for (int64_t unit = begin; unit < end; unit++) {
        line at = line_of(l, unit);
        for (int64_t j = 0; j < at.width; j++) {
            const REAL *x = (const REAL *)l->x + at.start + j;
            REAL *y = (REAL *)l->y + at.start + j;
            double most = -INFINITY, sum = 0;
            for (int64_t t = 0; t < l->n; t++) {
                double value = (double)x[t * l->inner];
                if (value == most) {
                    sum += 1;
                } else if (value > most) {
                    sum = sum * exp(most - value) + 1;
                    most = value;
                } else {
                    sum += exp(value - most);
                }
                y[t * l->inner] = (REAL)(most + log(sum));
            }
        }
    }
}
