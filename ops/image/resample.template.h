/* Resampling along one dimension in one float type. See core/base/for_floats.h. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

/* New lines `begin` … `end` − 1 of [outer · out, inner]. */
static void NAME(resample_lines)(void *argument, int64_t begin, int64_t end)
{
    const passes *p = argument;
    for (int64_t line = begin; line < end; line++) {
        const sample_point *point = &p->points[line % p->out];
        const REAL *from = (const REAL *)p->from + line / p->out * p->in * p->inner;
        REAL *restrict to = (REAL *)p->to + line * p->inner;
        for (int k = 0; k < p->taps; k++) {
            const REAL *restrict x = from + point->at[k] * p->inner;
            REAL weight = (REAL)point->weight[k];
            for (int64_t i = 0; i < p->inner; i++)
                to[i] = weight * x[i] + (k ? to[i] : 0);
        }
    }
}

/* The transposed: all old lines of `outer` blocks. */
static void NAME(resample_back)(void *argument, int64_t begin, int64_t end)
{
    const passes *p = argument;
    for (int64_t block = begin; block < end; block++) {
        const REAL *restrict g = (const REAL *)p->from + block * p->out * p->inner;
        REAL *dx = (REAL *)p->to + block * p->in * p->inner;
        memset(dx, 0, (size_t)(p->in * p->inner) * sizeof(REAL));
        for (int64_t o = 0; o < p->out; o++, g += p->inner)
            for (int k = 0; k < p->taps; k++) {
                REAL *restrict to = dx + p->points[o].at[k] * p->inner;
                REAL weight = (REAL)p->points[o].weight[k];
                for (int64_t i = 0; i < p->inner; i++)
                    to[i] += weight * g[i];
            }
    }
}
