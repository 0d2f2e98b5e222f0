/* One reduction from one element type to another. Wants TYPE (its name), FROM, TO, COMBINE(a, b), VECTORS (whether
 * there is a VECTOR_COMBINE for it) and, of the operation, NAME(suffix), FIRST(x) (an element, to begin with) and
 * NEUTRAL (the result over nothing). */
#if !defined(TYPE) || !defined(FROM) || !defined(TO) || !defined(COMBINE)
#error "this is a template: TYPE, FROM, TO and COMBINE must be defined"
#endif

#define KERNEL  NAME(TYPE)
#define ROW     JOIN(KERNEL, _row)
#define COLUMNS JOIN(KERNEL, _columns)
#define MAKE    JOIN(KERNEL, _make)

/* Up to ROW_BLOCK neighbours, one at least. */
#if VECTORS
#define VEC        JOIN(vec_, TYPE)
#define LOAD       JOIN(load_, TYPE)
#define PICK       JOIN(pick_, TYPE)
#define LANES      JOIN(LANES_, TYPE)
#define FOLD       JOIN(FOLD_, TYPE)
#define PAIR(a, b) VECTOR_COMBINE(a, b)
static inline TO JOIN(ROW, _block)(const FROM *restrict x, int64_t n)
{
    int64_t i = LANES;
    if (n < LANES) {
        TO result = x[0];
        for (i = 1; i < n; i++)
            result = COMBINE(result, x[i]);
        return result;
    }
    VEC sum = LOAD(x);
    if (n >= 8 * LANES) {
        VEC b = LOAD(x + LANES), c = LOAD(x + 2 * LANES), d = LOAD(x + 3 * LANES);
        for (i = 4 * LANES; i + 4 * LANES <= n; i += 4 * LANES) {
            VEC p = LOAD(x + i), q = LOAD(x + i + LANES), r = LOAD(x + i + 2 * LANES), s = LOAD(x + i + 3 * LANES);
            sum = PAIR(sum, p);
            b = PAIR(b, q);
            c = PAIR(c, r);
            d = PAIR(d, s);
        }
        sum = PAIR(sum, b);
        c = PAIR(c, d);
        sum = PAIR(sum, c);
    }
    for (; i + LANES <= n; i += LANES) {
        VEC p = LOAD(x + i);
        sum = PAIR(sum, p);
    }
    FOLD(sum, PAIR);
    TO result = sum[0];
    for (; i < n; i++)
        result = COMBINE(result, x[i]);
    return result;
}
#undef VEC
#undef LOAD
#undef PICK
#undef LANES
#undef FOLD
#undef PAIR
#else
static inline TO JOIN(ROW, _block)(const FROM *restrict x, int64_t n)
{
    int64_t i = 1;
    TO result = (TO)FIRST(x[0]);
    if (n >= 32) {
        TO lane[16];
        for (int l = 0; l < 16; l++)
            lane[l] = (TO)FIRST(x[l]);
        for (i = 16; i + 16 <= n; i += 16)
            for (int l = 0; l < 16; l++)
                lane[l] = COMBINE(lane[l], (TO)FIRST(x[i + l]));
        result = lane[0];
        for (int l = 1; l < 16; l++)
            result = COMBINE(result, lane[l]);
    }
    for (; i < n; i++)
        result = COMBINE(result, (TO)FIRST(x[i]));
    return result;
}
#endif

/* All of n neighbours: pairwise beyond a block. */
static TO ROW(const FROM *restrict x, int64_t n)
{
    if (n > ROW_BLOCK) {
        int64_t half = (n / 2 + 63) / 64 * 64;
        TO a = ROW(x, half), b = ROW(x + half, n - half);
        return COMBINE(a, b);
    }
    return n ? JOIN(ROW, _block)(x, n) : NEUTRAL;
}

/* y[0 … width − 1] from up to COLUMN_BLOCK rows, four at a time. */
static void JOIN(COLUMNS, _block)(const FROM *restrict x, int64_t stride, int64_t rows, int64_t width, TO *restrict y)
{
    int64_t r = 4;
    if (rows < 4) {
        r = 1;
        for (int64_t j = 0; j < width; j++)
            y[j] = rows ? (TO)FIRST(x[j]) : NEUTRAL;
    } else {
        for (int64_t j = 0; j < width; j++) {
            TO a = COMBINE((TO)FIRST(x[j]), (TO)FIRST(x[stride + j]));
            TO b = COMBINE((TO)FIRST(x[2 * stride + j]), (TO)FIRST(x[3 * stride + j]));
            y[j] = COMBINE(a, b);
        }
    }
    for (; r + 4 <= rows; r += 4) {
        const FROM *restrict row = x + r * stride;
        for (int64_t j = 0; j < width; j++) {
            TO a = COMBINE((TO)FIRST(row[j]), (TO)FIRST(row[stride + j]));
            TO b = COMBINE((TO)FIRST(row[2 * stride + j]), (TO)FIRST(row[3 * stride + j]));
            a = COMBINE(a, b);
            y[j] = COMBINE(y[j], a);
        }
    }
    for (; r < rows; r++) {
        const FROM *restrict row = x + r * stride;
        for (int64_t j = 0; j < width; j++)
            y[j] = COMBINE(y[j], (TO)FIRST(row[j]));
    }
}

/* y[0 … width − 1] from `rows` rows that are `stride` apart: pairwise beyond a block. */
static void COLUMNS(const FROM *restrict x, int64_t stride, int64_t rows, int64_t width, TO *restrict y)
{
    if (stride == width && width < WIDE / 2 && rows >= 2 * WIDE) { /* several narrow rows side by side */
        TO wide[WIDE], other[WIDE];
        int64_t group = 2, groups, left;
        while (2 * group * width <= WIDE)
            group *= 2;
        groups = rows / group;
        left = rows % group;
        COLUMNS(x, stride * group, groups, width * group, wide);
        for (int64_t half = group / 2; half > 0; half /= 2)
            for (int64_t j = 0; j < half * width; j++)
                wide[j] = COMBINE(wide[j], wide[half * width + j]);
        if (left)
            COLUMNS(x + groups * group * stride, stride, left, width, other);
        for (int64_t j = 0; j < width; j++)
            y[j] = left ? COMBINE(wide[j], other[j]) : wide[j];
        return;
    }
    if (rows > COLUMN_BLOCK) {
        TO other[COLUMN_WIDTH];
        int64_t half = (rows / 2 + 3) / 4 * 4;
        COLUMNS(x, stride, half, width, y);
        COLUMNS(x + half * stride, stride, rows - half, width, other);
        for (int64_t j = 0; j < width; j++)
            y[j] = COMBINE(y[j], other[j]);
        return;
    }
    JOIN(COLUMNS, _block)(x, stride, rows, width, y);
}

/* The same of rows that a prologue makes, from element `begin` on: as many as there is room for, pairwise beyond. */
__attribute__((noinline)) static void JOIN(MAKE, _some)(const dg_kernel *made, int64_t begin, int64_t rows,
                                                        int64_t width, TO *restrict y)
{
    FROM scratch[MADE];
    COLUMNS(dg_prologue_read(made, begin, rows * width, scratch), width, rows, width, y);
}

static void MAKE(const dg_kernel *made, int64_t begin, int64_t stride, int64_t rows, int64_t width, TO *restrict y)
{
    if (rows <= 1 || (stride == width && rows * width <= MADE)) {
        JOIN(MAKE, _some)(made, begin, rows, width, y);
        return;
    }
    TO other[COLUMN_WIDTH];
    int64_t half = rows / 2;
    MAKE(made, begin, stride, half, width, y);
    MAKE(made, begin + half * stride, stride, rows - half, width, other);
    for (int64_t j = 0; j < width; j++)
        y[j] = COMBINE(y[j], other[j]);
}

__attribute__((noinline)) static TO JOIN(MAKE, _part)(const dg_kernel *made, int64_t begin, int64_t n)
{
    FROM scratch[MADE];
    return ROW(dg_prologue_read(made, begin, n, scratch), n);
}

static TO JOIN(MAKE, _row)(const dg_kernel *made, int64_t begin, int64_t n)
{
    if (n <= MADE)
        return JOIN(MAKE, _part)(made, begin, n);
    int64_t half = (n / 2 + MADE - 1) / MADE * MADE;
    TO a = JOIN(MAKE, _row)(made, begin, half), b = JOIN(MAKE, _row)(made, begin + half, n - half);
    return COMBINE(a, b);
}

static void KERNEL(const pass *p, const pass_source *from, void *to, int64_t begin, int64_t end)
{
    for (int64_t unit = begin; unit < end; unit++) {
        place at = place_of(p, unit);
        int64_t first = (at.outer * p->rows + at.row) * p->inner + at.column;
        /* Of no rows there may be no data either. */
        const FROM *x = from->data && at.rows ? (const FROM *)from->data + first : NULL;
        TO *y = (TO *)to + (at.outer * p->chunks + at.chunk) * p->inner + at.column;
        if (from->made && p->inner == 1)
            y[0] = JOIN(MAKE, _row)(from->made, first, at.rows);
        else if (from->made)
            MAKE(from->made, first, p->inner, at.rows, at.columns, y);
        else if (p->inner == 1)
            y[0] = ROW(x, at.rows);
        else
            COLUMNS(x, p->inner, at.rows, at.columns, y);
    }
}

#undef ROW
#undef COLUMNS
#undef MAKE
#undef KERNEL
#undef TYPE
#undef FROM
#undef TO
