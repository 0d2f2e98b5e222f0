/* Softmax of rows and columns in one float type. See core/base/for_floats.h.
 *
 * Every row is shifted by its greatest element, so that no exponential overflows. A row that does not fill its last
 * vector is padded with −inf, whose exponential is 0. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

#define VEC   NAME(vec)
#define WIDTH NAME(LANES)
#define EXP   NAME(exp_fast)

/* The last vector of a row, n < WIDTH elements of it, then −inf. */
static inline VEC NAME(load_padded)(const REAL *x, int64_t n, int64_t room)
{
    return NAME(pick)(NAME(first)(n), NAME(load_part)(x, n, room), NAME(splat)(-(REAL)INFINITY));
}

static inline REAL NAME(row_top)(const REAL *x, int64_t size, int64_t room)
{
    int64_t i = 0;
    VEC top = NAME(splat)(-(REAL)INFINITY), other = top;
    for (; i + 2 * WIDTH <= size; i += 2 * WIDTH) {
        top = NAME(greater)(NAME(load)(x + i), top);
        other = NAME(greater)(NAME(load)(x + i + WIDTH), other);
    }
    top = NAME(greater)(top, other);
    for (; i + WIDTH <= size; i += WIDTH)
        top = NAME(greater)(NAME(load)(x + i), top);
    if (i < size)
        top = NAME(greater)(NAME(load_padded)(x + i, size - i, room - i), top);
    return NAME(greatest)(top)[0];
}

/* Σ exp(x − top) of up to SUM_BLOCK elements; with y the exponentials go there. */
static inline REAL NAME(exp_block)(const REAL *x, REAL *y, int64_t size, int64_t x_room, int64_t y_room, VEC top)
{
    VEC sum = {0}, other = {0};
    int64_t i = 0;
    for (; i + 2 * WIDTH <= size; i += 2 * WIDTH) {
        VEC a = EXP(NAME(load)(x + i) - top), b = EXP(NAME(load)(x + i + WIDTH) - top);
        sum += a;
        other += b;
        if (y) {
            NAME(store)(y + i, a);
            NAME(store)(y + i + WIDTH, b);
        }
    }
    sum += other;
    for (; i + WIDTH <= size; i += WIDTH) {
        VEC a = EXP(NAME(load)(x + i) - top);
        sum += a;
        if (y)
            NAME(store)(y + i, a);
    }
    if (i < size) {
        VEC a = EXP(NAME(load_padded)(x + i, size - i, x_room - i) - top);
        sum += a;
        if (y)
            NAME(store_part)(y + i, a, size - i, y_room - i);
    }
    return NAME(total)(sum)[0];
}

static inline REAL NAME(exp_row)(const REAL *x, REAL *y, int64_t size, int64_t x_room, int64_t y_room, REAL top)
{
    VEC tops = NAME(splat)(top);
    if (size <= SUM_BLOCK)
        return NAME(exp_block)(x, y, size, x_room, y_room, tops);
    double sum = 0;
    for (int64_t i = 0; i < size; i += SUM_BLOCK)
        sum += NAME(exp_block)(x + i, y ? y + i : NULL, size - i < SUM_BLOCK ? size - i : SUM_BLOCK, x_room - i,
                               y_room - i, tops);
    return (REAL)sum;
}

static inline void NAME(scale_row)(REAL *y, int64_t size, int64_t room, REAL factor)
{
    int64_t i = 0;
    for (; i + WIDTH <= size; i += WIDTH)
        NAME(store)(y + i, NAME(load)(y + i) * factor);
    if (i < size)
        NAME(store_within)(y + i, NAME(load_part)(y + i, size - i, room - i) * factor, size - i, room - i);
}

static inline void NAME(shift_row)(const REAL *x, REAL *y, int64_t size, int64_t x_room, int64_t y_room, REAL top,
                                   REAL log_sum)
{
    int64_t i = 0;
    for (; i + WIDTH <= size; i += WIDTH)
        NAME(store)(y + i, (NAME(load)(x + i) - top) - log_sum);
    if (i < size)
        NAME(store_part)(y + i, (NAME(load_part)(x + i, size - i, x_room - i) - top) - log_sum, size - i, y_room - i);
}

/* Rows that fit one vector: greatest and sum of each; with y its softmax too, which stays in registers. */
static inline void NAME(short_rows)(const REAL *x, REAL *y, int64_t rows, int64_t size, int64_t x_room, int64_t y_room,
                                    REAL *tops, REAL *sums)
{
    for (int64_t r = 0; r < rows; r++) {
        VEC v = NAME(load_padded)(x + r * size, size, x_room - r * size);
        VEC top = NAME(greatest)(v), e = EXP(v - top), sum = NAME(total)(e);
        tops[r] = top[0];
        sums[r] = sum[0];
        if (y)
            NAME(store_part)(y + r * size, e / sum, size, y_room - r * size);
    }
}

/* The same for rows of several vectors. Step by step over all of them: the steps of one row wait for each other. */
static inline void NAME(long_rows)(const REAL *x, REAL *y, int64_t rows, int64_t size, int64_t x_room, int64_t y_room,
                                   REAL *tops, REAL *sums)
{
    for (int64_t r = 0; r < rows; r++)
        tops[r] = NAME(row_top)(x + r * size, size, x_room - r * size);
    for (int64_t r = 0; r < rows; r++)
        sums[r] =
            NAME(exp_row)(x + r * size, y ? y + r * size : NULL, size, x_room - r * size, y_room - r * size, tops[r]);
    for (int64_t r = 0; y && r < rows; r++)
        NAME(scale_row)(y + r * size, size, y_room - r * size, 1 / sums[r]);
}

/* Up to WIDTH rows: their logarithms are taken together. */
static void NAME(some_rows)(softmax_form form, const REAL *x, REAL *y, int64_t rows, int64_t size, int64_t x_room,
                            int64_t y_room, REAL *top, REAL *log_sum)
{
    REAL tops[WIDTH], sums[WIDTH];
    NAME(store)(sums, NAME(splat)(1));
    if (size <= WIDTH && form == SOFTMAX_PLAIN)
        NAME(short_rows)(x, y, rows, size, x_room, y_room, tops, sums);
    else if (size <= WIDTH)
        NAME(short_rows)(x, NULL, rows, size, x_room, 0, tops, sums);
    else if (form == SOFTMAX_PLAIN)
        NAME(long_rows)(x, y, rows, size, x_room, y_room, tops, sums);
    else
        NAME(long_rows)(x, NULL, rows, size, x_room, 0, tops, sums);
    if (form == SOFTMAX_PLAIN && !top)
        return;
    NAME(store)(sums, NAME(log)(NAME(load)(sums)));
    for (int64_t r = 0; r < rows && form == SOFTMAX_LOG; r++)
        NAME(shift_row)(x + r * size, y + r * size, size, x_room - r * size, y_room - r * size, tops[r], sums[r]);
    if (top) {
        memcpy(top, tops, (size_t)rows * sizeof(REAL));
        memcpy(log_sum, sums, (size_t)rows * sizeof(REAL));
    }
}

static void NAME(rows)(softmax_form form, const void *from, void *to, int64_t rows, int64_t size, int64_t x_room,
                       int64_t y_room, void *top, void *log_sum)
{
    const REAL *x = from;
    REAL *y = to, *tops = top, *log_sums = log_sum;
    int64_t group = size * WIDTH <= GROUP ? WIDTH : size < GROUP ? GROUP / size : 1;
    for (int64_t r = 0; r < rows; r += group) {
        int64_t some = rows - r < group ? rows - r : group, at = r * size;
        REAL *t = tops ? tops + r : NULL, *l = tops ? log_sums + r : NULL;
        NAME(some_rows)(form, x + at, y + at, some, size, x_room - at, y_room - at, t, l);
    }
}

/* ---- columns ---- */

/* Sums of columns are the lanes' own over COLUMN_BLOCK rows, and float64 beyond. */
static inline void NAME(widen)(int vectors, VEC *sums, double wide[][WIDTH])
{
    for (int k = 0; k < vectors; k++) {
        for (int l = 0; l < WIDTH; l++)
            wide[k][l] += (double)sums[k][l];
        sums[k] = (VEC){0};
    }
}

static inline void NAME(narrow)(int vectors, VEC *sums, double wide[][WIDTH])
{
    NAME(widen)(vectors, sums, wide);
    for (int k = 0; k < vectors; k++) {
        REAL sum[WIDTH];
        for (int l = 0; l < WIDTH; l++)
            sum[l] = (REAL)wide[k][l];
        sums[k] = NAME(load)(sum);
    }
}

/* `vectors` vectors of columns, or n < WIDTH columns in one; with `dense` no other columns are between the rows. */
static inline void NAME(some_columns)(softmax_form form, const REAL *x, REAL *y, int64_t size, int64_t step,
                                      int vectors, int64_t n, bool dense, REAL *top, REAL *log_sum)
{
    VEC tops[COLUMN_VECTORS], sums[COLUMN_VECTORS] = {0};
    double wide[COLUMN_VECTORS][WIDTH];
    int64_t room = dense ? (size - 1) * step + n : n; /* as many elements belong to these columns */
    for (int k = 0; k < vectors; k++)
        tops[k] = NAME(load_part)(x + k * WIDTH, n, room);
    for (int64_t i = 1; i < size; i++)
        for (int k = 0; k < vectors; k++)
            tops[k] = NAME(greater)(NAME(load_part)(x + i * step + k * WIDTH, n, room - i * step), tops[k]);
    memset(wide, 0, sizeof wide);
    for (int64_t i = 0; i < size; i++) {
        for (int k = 0; k < vectors; k++) {
            int64_t at = i * step + k * WIDTH;
            VEC e = EXP(NAME(load_part)(x + at, n, room - i * step) - tops[k]);
            sums[k] += e;
            if (form == SOFTMAX_PLAIN)
                NAME(store_within)(y + at, e, n, room - i * step);
        }
        if (i % COLUMN_BLOCK == COLUMN_BLOCK - 1)
            NAME(widen)(vectors, sums, wide);
    }
    if (size >= COLUMN_BLOCK)
        NAME(narrow)(vectors, sums, wide);
    VEC shifts[COLUMN_VECTORS];
    for (int k = 0; k < vectors; k++)
        shifts[k] = form == SOFTMAX_PLAIN ? 1 / sums[k] : NAME(log)(sums[k]);
    for (int64_t i = 0; i < size; i++)
        for (int k = 0; k < vectors; k++) {
            int64_t at = i * step + k * WIDTH, left = room - i * step;
            VEC v = form == SOFTMAX_PLAIN ? NAME(load_part)(y + at, n, left) * shifts[k]
                                          : (NAME(load_part)(x + at, n, left) - tops[k]) - shifts[k];
            NAME(store_within)(y + at, v, n, left);
        }
    for (int k = 0; top && k < vectors; k++) {
        NAME(store_part)(top + k * WIDTH, tops[k], n, n);
        NAME(store_part)(log_sum + k * WIDTH, form == SOFTMAX_LOG ? shifts[k] : NAME(log)(sums[k]), n, n);
    }
}

static void NAME(columns)(softmax_form form, const void *from, void *to, int64_t size, int64_t step, int64_t width,
                          void *top, void *log_sum)
{
    const REAL *x = from;
    REAL *y = to, *tops = top, *sums = log_sum;
    int64_t j = 0, wide = COLUMN_VECTORS * WIDTH;
    for (; j < width; j += wide) {
        REAL *t = tops ? tops + j : NULL, *l = tops ? sums + j : NULL;
        if (width - j < wide)
            wide = WIDTH;
        int64_t n = width - j;
        if (wide > WIDTH && form == SOFTMAX_PLAIN)
            NAME(some_columns)(SOFTMAX_PLAIN, x + j, y + j, size, step, COLUMN_VECTORS, WIDTH, false, t, l);
        else if (wide > WIDTH)
            NAME(some_columns)(SOFTMAX_LOG, x + j, y + j, size, step, COLUMN_VECTORS, WIDTH, false, t, l);
        else if (n >= WIDTH)
            NAME(some_columns)(form, x + j, y + j, size, step, 1, WIDTH, false, t, l);
        else
            NAME(some_columns)(form, x + j, y + j, size, step, 1, n, width == step, t, l);
    }
}

/* ---- backward ---- */

/* Σ y g, or Σ g for the logarithm, of up to SUM_BLOCK elements. */
static inline REAL NAME(dot_block)(softmax_form form, const REAL *y, const REAL *g, int64_t size, int64_t room)
{
    VEC sum = {0}, other = {0};
    int64_t i = 0;
    for (; i + 2 * WIDTH <= size; i += 2 * WIDTH) {
        VEC a = NAME(load)(g + i), b = NAME(load)(g + i + WIDTH);
        sum += form == SOFTMAX_PLAIN ? a * NAME(load)(y + i) : a;
        other += form == SOFTMAX_PLAIN ? b * NAME(load)(y + i + WIDTH) : b;
    }
    sum += other;
    for (; i + WIDTH <= size; i += WIDTH) {
        VEC a = NAME(load)(g + i);
        sum += form == SOFTMAX_PLAIN ? a * NAME(load)(y + i) : a;
    }
    if (i < size) {
        VEC a = NAME(load_part)(g + i, size - i, room - i);
        sum += form == SOFTMAX_PLAIN ? a * NAME(load_part)(y + i, size - i, room - i) : a;
    }
    return NAME(total)(sum)[0];
}

static inline REAL NAME(dot_row)(softmax_form form, const REAL *y, const REAL *g, int64_t size, int64_t room)
{
    if (size <= SUM_BLOCK)
        return NAME(dot_block)(form, y, g, size, room);
    double sum = 0;
    for (int64_t i = 0; i < size; i += SUM_BLOCK)
        sum += NAME(dot_block)(form, y + i, g + i, size - i < SUM_BLOCK ? size - i : SUM_BLOCK, room - i);
    return (REAL)sum;
}

/* One vector of dx. The logarithm's y is at most 0, or by rounding a little more. */
static inline VEC NAME(slope)(softmax_form form, VEC y, VEC g, VEC sum)
{
    return form == SOFTMAX_PLAIN ? y * (g - sum) : g - EXP(y) * sum;
}

static inline void NAME(all_rows_backward)(softmax_form form, const REAL *y, const REAL *g, REAL *dx, int64_t rows,
                                           int64_t size, int64_t room)
{
    for (int64_t r = 0; r < rows; r++, y += size, g += size, dx += size, room -= size) {
        VEC sum = NAME(splat)(NAME(dot_row)(form, y, g, size, room));
        int64_t i = 0;
        for (; i + WIDTH <= size; i += WIDTH)
            NAME(store)(dx + i, NAME(slope)(form, NAME(load)(y + i), NAME(load)(g + i), sum));
        if (i < size) {
            VEC a = NAME(load_part)(y + i, size - i, room - i), b = NAME(load_part)(g + i, size - i, room - i);
            NAME(store_part)(dx + i, NAME(slope)(form, a, b, sum), size - i, room - i);
        }
    }
}

static void NAME(rows_backward)(softmax_form form, const void *y, const void *g, void *dx, int64_t rows, int64_t size,
                                int64_t room)
{
    if (form == SOFTMAX_PLAIN)
        NAME(all_rows_backward)(SOFTMAX_PLAIN, y, g, dx, rows, size, room);
    else
        NAME(all_rows_backward)(SOFTMAX_LOG, y, g, dx, rows, size, room);
}

static inline void NAME(some_columns_backward)(softmax_form form, const REAL *y, const REAL *g, REAL *dx, int64_t size,
                                               int64_t step, int vectors, int64_t n, bool dense)
{
    VEC sums[COLUMN_VECTORS] = {0};
    double wide[COLUMN_VECTORS][WIDTH];
    int64_t room = dense ? (size - 1) * step + n : n;
    memset(wide, 0, sizeof wide);
    for (int64_t i = 0; i < size; i++) {
        for (int k = 0; k < vectors; k++) {
            int64_t at = i * step + k * WIDTH;
            VEC a = NAME(load_part)(g + at, n, room - i * step);
            sums[k] += form == SOFTMAX_PLAIN ? a * NAME(load_part)(y + at, n, room - i * step) : a;
        }
        if (i % COLUMN_BLOCK == COLUMN_BLOCK - 1)
            NAME(widen)(vectors, sums, wide);
    }
    if (size >= COLUMN_BLOCK)
        NAME(narrow)(vectors, sums, wide);
    for (int64_t i = 0; i < size; i++)
        for (int k = 0; k < vectors; k++) {
            int64_t at = i * step + k * WIDTH, left = room - i * step;
            VEC a = NAME(load_part)(y + at, n, left), b = NAME(load_part)(g + at, n, left);
            NAME(store_within)(dx + at, NAME(slope)(form, a, b, sums[k]), n, left);
        }
}

static void NAME(columns_backward)(softmax_form form, const void *py, const void *pg, void *to, int64_t size,
                                   int64_t step, int64_t width)
{
    const REAL *y = py, *g = pg;
    REAL *dx = to;
    int64_t j = 0;
    for (; j + COLUMN_VECTORS * WIDTH <= width; j += COLUMN_VECTORS * WIDTH)
        if (form == SOFTMAX_PLAIN)
            NAME(some_columns_backward)(SOFTMAX_PLAIN, y + j, g + j, dx + j, size, step, COLUMN_VECTORS, WIDTH, false);
        else
            NAME(some_columns_backward)(SOFTMAX_LOG, y + j, g + j, dx + j, size, step, COLUMN_VECTORS, WIDTH, false);
    for (; j + WIDTH <= width; j += WIDTH)
        NAME(some_columns_backward)(form, y + j, g + j, dx + j, size, step, 1, WIDTH, false);
    if (j < width)
        NAME(some_columns_backward)(form, y + j, g + j, dx + j, size, step, 1, width - j, width == step);
}

/* ---- scaled ---- */

static void NAME(scale_rows)(const void *from, const void *factors, void *to, int64_t rows, int64_t size, int64_t room)
{
    const REAL *x = from, *factor = factors;
    REAL *y = to;
    for (int64_t r = 0; r < rows; r++, x += size, y += size, room -= size) {
        int64_t i = 0;
        for (; i + WIDTH <= size; i += WIDTH)
            NAME(store)(y + i, NAME(load)(x + i) * factor[r]);
        if (i < size)
            NAME(store_part)(y + i, NAME(load_part)(x + i, size - i, room - i) * factor[r], size - i, room - i);
    }
}

static void NAME(scale_columns)(const void *from, const void *factors, void *to, int64_t size, int64_t step,
                                int64_t width)
{
    const REAL *restrict x = from, *restrict factor = factors;
    REAL *restrict y = to;
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < width; j++)
            y[i * step + j] = x[i * step + j] * factor[j];
}

#undef VEC
#undef WIDTH
#undef EXP
