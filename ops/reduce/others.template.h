/* Products of the other rows: those before, times those after. Wants TYPE (its name) and REAL. */
#if !defined(TYPE) || !defined(REAL) || !defined(OP)
#error "this is a template: TYPE, REAL and OP must be defined"
#endif

static void NAME(TYPE)(const pass *p, const pass_source *from, void *to, int64_t begin, int64_t end)
{
    for (int64_t unit = begin; unit < end; unit++) {
        place at = place_of(p, unit);
        int64_t start = at.outer * p->rows * p->inner + at.column;
        const REAL *restrict x = (const REAL *)from->data + start;
        REAL *restrict y = (REAL *)to + start;
        REAL product[COLUMN_WIDTH];
        for (int64_t j = 0; j < at.columns; j++)
            product[j] = 1;
        for (int64_t r = 0; r < p->rows; r++) {
            for (int64_t j = 0; j < at.columns; j++) {
                y[r * p->inner + j] = product[j];
                product[j] *= x[r * p->inner + j];
            }
        }
        for (int64_t j = 0; j < at.columns; j++)
            product[j] = 1;
        for (int64_t r = p->rows - 1; r >= 0; r--) {
            for (int64_t j = 0; j < at.columns; j++) {
                y[r * p->inner + j] *= product[j];
                product[j] *= x[r * p->inner + j];
            }
        }
    }
}

#undef TYPE
#undef REAL
