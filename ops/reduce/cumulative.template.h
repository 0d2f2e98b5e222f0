/* Running sums, products and the like in one element type. See core/base/for_types.h. */
#if !defined(TYPE) || !defined(NAME) || !defined(TO) || !defined(SUM) || !defined(IS_NAN)
#error "this is a template: TYPE, NAME, TO, SUM and IS_NAN must be defined"
#endif

static void NAME(cumsum)(const lines *l, int64_t begin, int64_t end)
{
    for (int64_t unit = begin; unit < end; unit++) {
        line at = line_of(l, unit);
        const TYPE *restrict x = (const TYPE *)l->x + at.start;
        TO *restrict y = (TO *)l->y + at.start;
        SUM sum[WIDTH] = {0};
        for (int64_t t = 0; t < l->n; t++) {
            int64_t row = (l->reverse ? l->n - 1 - t : t) * l->inner;
            for (int64_t j = 0; j < at.width; j++) {
                sum[j] += (SUM)x[row + j];
                y[row + j] = (TO)sum[j];
            }
        }
    }
}

static void NAME(cumprod)(const lines *l, int64_t begin, int64_t end)
{
    for (int64_t unit = begin; unit < end; unit++) {
        line at = line_of(l, unit);
        const TYPE *restrict x = (const TYPE *)l->x + at.start;
        TO *restrict y = (TO *)l->y + at.start;
        SUM product[WIDTH];
        for (int64_t j = 0; j < at.width; j++)
            product[j] = 1;
        for (int64_t t = 0; t < l->n; t++)
            for (int64_t j = 0; j < at.width; j++) {
                product[j] *= (SUM)x[t * l->inner + j];
                y[t * l->inner + j] = (TO)product[j];
            }
    }
}

/* The last one on ties; a NaN stays. */
static void NAME(extreme)(const lines *l, int64_t begin, int64_t end)
{
    for (int64_t unit = begin; unit < end; unit++) {
        line at = line_of(l, unit);
        for (int64_t j = 0; j < at.width; j++) {
            const TYPE *x = (const TYPE *)l->x + at.start + j;
            TYPE *y = (TYPE *)l->y + at.start + j;
            int64_t *index = l->index + at.start + j, best = 0;
            for (int64_t t = 0; t < l->n; t++) {
                TYPE value = x[t * l->inner], so_far = x[best * l->inner];
                bool nan = IS_NAN(value), stays = IS_NAN(so_far) && !nan;
                if (!stays && (nan || (l->greatest ? value >= so_far : value <= so_far)))
                    best = t;
                y[t * l->inner] = x[best * l->inner];
                index[t * l->inner] = best;
            }
        }
    }
}
