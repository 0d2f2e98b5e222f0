/* The place of the greatest (least) of the rows. Wants TYPE (its name), FROM and IS_NAN(x). */
#if !defined(TYPE) || !defined(FROM) || !defined(IS_NAN) || !defined(OP)
#error "this is a template: TYPE, FROM, IS_NAN and OP must be defined"
#endif

static void NAME(TYPE)(const pass *p, bool greatest, const void *from, int64_t *to, int64_t begin, int64_t end)
{
    for (int64_t unit = begin; unit < end; unit++) {
        place at = place_of(p, unit);
        const FROM *x = (const FROM *)from + at.outer * p->rows * p->inner + at.column;
        int64_t *y = to + at.outer * p->inner + at.column;
        FROM best[COLUMN_WIDTH];
        for (int64_t j = 0; j < at.columns; j++) {
            best[j] = x[j];
            y[j] = 0;
        }
        for (int64_t r = 1; r < p->rows; r++) {
            for (int64_t j = 0; j < at.columns; j++) {
                FROM value = x[r * p->inner + j];
                bool beats = greatest ? value > best[j] : value < best[j];
                if (beats || (IS_NAN(value) && !IS_NAN(best[j]))) {
                    best[j] = value;
                    y[j] = r;
                }
            }
        }
    }
}

#undef TYPE
#undef FROM
