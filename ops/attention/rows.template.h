/* Rows of attention in one float type: see rows.h and core/base/for_floats.h. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

#define VEC   NAME(vec)
#define WIDTH NAME(LANES)
#define EXP   NAME(exp_fast)

/* Keys of row r that do not count, and the rest of the last vector, become −∞; what is added to scores is added. */
static void NAME(mask_row)(const attention_block *b, int64_t r, bool scales)
{
    const REAL scale = (REAL)b->scale, none = -(REAL)INFINITY;
    REAL *restrict s = (REAL *)b->scores + r * b->row;
    int64_t seen = b->seen + r, n = seen < 0 ? 0 : seen < b->columns ? seen : b->columns;
    int64_t end = (b->columns + WIDTH - 1) / WIDTH * WIDTH;
    for (int64_t c = n; c < end; c++)
        s[c] = none;
    for (int64_t c = 0; scales && c < n; c++)
        s[c] *= scale;
    if (b->added) {
        const REAL *added = (const REAL *)b->added + r * b->added_row;
        for (int64_t c = 0; c < n; c++)
            s[c] = added[c * b->added_column] == none ? none : s[c] + added[c * b->added_column];
    }
    if (b->keep) {
        const uint8_t *keep = (const uint8_t *)b->keep + r * b->keep_row;
        for (int64_t c = 0; c < n; c++)
            s[c] = keep[c * b->keep_column] ? s[c] : none;
    }
}

/* Whether there are scores that do not count. */
static bool NAME(is_masked)(const attention_block *b)
{
    return b->added || b->keep || b->seen < b->columns || b->columns % WIDTH != 0;
}

/* All rows, before the others' loops, which calls would take the registers from. Returns what scores must yet be scaled
 * by. */
static REAL NAME(mask_rows)(const attention_block *b)
{
    const bool scales = b->added || b->keep || !(b->scale > 0);
    if (scales || NAME(is_masked)(b))
        for (int64_t r = 0; r < b->rows; r++)
            NAME(mask_row)(b, r, scales);
    return scales ? 1 : (REAL)b->scale;
}

/* By parts: what waits for one comparison after the other takes longer than all of them. */
static REAL NAME(top_of_row)(const REAL *s, int64_t columns)
{
    enum { PARTS = 4 };
    VEC top[PARTS];
    for (int k = 0; k < PARTS; k++)
        top[k] = NAME(splat)(-(REAL)INFINITY);
    int64_t c = 0;
    for (; c + PARTS * WIDTH <= columns; c += PARTS * WIDTH)
        for (int k = 0; k < PARTS; k++)
            top[k] = NAME(greater)(NAME(load)(s + c + k * WIDTH), top[k]);
    for (; c < columns; c += WIDTH)
        top[0] = NAME(greater)(NAME(load)(s + c), top[0]);
    return NAME(greatest)(NAME(greater)(NAME(greater)(top[0], top[1]), NAME(greater)(top[2], top[3])))[0];
}

/* Σ exp(s·scale − top), which go to s, times their factors. */
static REAL NAME(exp_row)(REAL *s, int64_t columns, REAL scale, REAL top, const REAL *factors)
{
    VEC sum = {0}, shift = NAME(splat)(top);
    for (int64_t c = 0; c < columns; c += WIDTH) {
        VEC e = EXP(NAME(load)(s + c) * scale - shift);
        sum += e;
        NAME(store)(s + c, factors ? e * NAME(load)(factors + c) : e);
    }
    return NAME(total)(sum)[0];
}

static void NAME(scale_row)(REAL *y, int64_t n, REAL factor)
{
    for (int64_t c = 0; c < n; c++)
        y[c] *= factor;
}

static void NAME(exponentials)(const attention_block *b, bool first, void *top, void *sum, void *y, int64_t width)
{
    REAL *tops = top, *sums = sum;
    const REAL none = -(REAL)INFINITY, scale = NAME(mask_rows)(b);
    for (int64_t r = 0; r < b->rows; r++) {
        REAL *s = (REAL *)b->scores + r * b->row, old = first ? none : tops[r];
        REAL now = scale * NAME(top_of_row)(s, b->columns), shrink = 1;
        now = old > now ? old : now;
        if (!first && now > old) {
            shrink = old == none ? 0 : EXP(NAME(splat)(old - now))[0];
            if (width > 0)
                NAME(scale_row)((REAL *)y + r * width, width, shrink);
        }
        REAL shift = now == none ? 0 : now;
        REAL part =
            NAME(exp_row)(s, b->columns, scale, shift, b->factors ? (const REAL *)b->factors + r * b->row : NULL);
        sums[r] = (first ? 0 : sums[r] * shrink) + part;
        tops[r] = now;
    }
}

static void NAME(finish)(int64_t rows, const void *top, const void *sum, void *y, int64_t width, void *log_sum)
{
    const REAL *tops = top, *sums = sum;
    for (int64_t r = 0; r < rows; r++) {
        bool empty = sums[r] == 0;
        if (width > 0)
            NAME(scale_row)((REAL *)y + r * width, width, empty ? 0 : 1 / sums[r]);
        ((REAL *)log_sum)[r] = empty ? 0 : tops[r] + (REAL)log((double)sums[r]);
    }
}

static void NAME(dots)(int64_t rows, int64_t width, const void *y, const void *g, void *dots)
{
    for (int64_t r = 0; r < rows; r++) {
        const REAL *a = width ? (const REAL *)y + r * width : NULL, *b = width ? (const REAL *)g + r * width : NULL;
        VEC sum = {0};
        for (int64_t c = 0; c < width; c += WIDTH) {
            int64_t rest = width - c;
            sum += NAME(load_part)(a + c, rest, rest) * NAME(load_part)(b + c, rest, rest);
        }
        ((REAL *)dots)[r] = NAME(total)(sum)[0];
    }
}

/* One row of the block; factors may be NULL. */
static inline void NAME(gradient_row)(int64_t columns, REAL *s, REAL *on, const REAL *factors, REAL left, REAL log,
                                      REAL dot, REAL scale, bool masked)
{
    const VEC zero = {0}, none = NAME(splat)(-(REAL)INFINITY), least = NAME(splat)(dot * scale);
    for (int64_t c = 0; c < columns; c += WIDTH) {
        VEC x = NAME(load)(s + c), p = EXP(x * left - log), d = NAME(load)(on + c) * scale;
        if (factors) {
            d *= NAME(load)(factors + c);
            NAME(store)(s + c, p * NAME(load)(factors + c));
        } else
            NAME(store)(s + c, p);
        d = p * (d - least);
        NAME(store)(on + c, masked ? NAME(pick)(x == none, zero, d) : d);
    }
}

static void NAME(gradients)(const attention_block *b, const void *log_sum, const void *dots, void *on_weights)
{
    const REAL scale = (REAL)b->scale, left = NAME(mask_rows)(b), *logs = log_sum, *each = dots, *factors = b->factors;
    const bool masked = NAME(is_masked)(b);
    for (int64_t r = 0; r < b->rows; r++) {
        const int64_t at = r * b->row;
        REAL *s = (REAL *)b->scores + at, *on = (REAL *)on_weights + at;
        if (masked || factors)
            NAME(gradient_row)
        (b->columns, s, on, factors ? factors + at : NULL, left, logs[r], each[r], scale, true);
        else NAME(gradient_row)(b->columns, s, on, NULL, left, logs[r], each[r], scale, false);
    }
}

#undef VEC
#undef WIDTH
#undef EXP
