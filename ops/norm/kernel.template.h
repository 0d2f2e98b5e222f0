/* Standardizing in one float type: REAL, NAME(name). */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

#define VEC   NAME(vec)
#define WIDTH NAME(LANES)

/* Two sums at once. */
typedef struct NAME(sums) {
    double first, second;
} NAME(sums);

/* Σ x of a row. */
static inline double NAME(row_sum)(const REAL *x, int64_t size, int64_t room)
{
    double sum = 0;
    for (int64_t begin = 0; begin < size; begin += SUM_BLOCK) {
        int64_t end = size - begin < SUM_BLOCK ? size : begin + SUM_BLOCK, i = begin;
        VEC a = {0}, b = {0};
        for (; i + 2 * WIDTH <= end; i += 2 * WIDTH) {
            a += NAME(load)(x + i);
            b += NAME(load)(x + i + WIDTH);
        }
        a += b;
        for (; i < end; i += WIDTH)
            a += NAME(load_part)(x + i, end - i, room - i);
        sum += (double)NAME(total)(a)[0];
    }
    return sum;
}

/* Σ (x − shift) and Σ (x − shift)². */
static inline NAME(sums) NAME(row_moments)(const REAL *x, int64_t size, int64_t room, REAL shift)
{
    NAME(sums) sums = {0, 0};
    for (int64_t begin = 0; begin < size; begin += SUM_BLOCK) {
        int64_t end = size - begin < SUM_BLOCK ? size : begin + SUM_BLOCK, i = begin;
        VEC first = {0}, second = {0}, other = {0};
        for (; i + 2 * WIDTH <= end; i += 2 * WIDTH) {
            VEC a = NAME(load)(x + i) - shift, b = NAME(load)(x + i + WIDTH) - shift;
            first += a + b;
            second += a * a;
            other += b * b;
        }
        second += other;
        for (; i < end; i += WIDTH) {
            VEC a = NAME(load_part)(x + i, end - i, room - i) - shift;
            if (end - i < WIDTH)
                a = NAME(pick)(NAME(first)(end - i), a, (VEC){0});
            first += a;
            second += a * a;
        }
        sums.first += (double)NAME(total)(first)[0];
        sums.second += (double)NAME(total)(second)[0];
    }
    return sums;
}

/* What makes y of x: y = ((x − shift) − rest)·scale. */
typedef struct NAME(line) {
    REAL shift, rest, scale;
} NAME(line);

static inline NAME(line) NAME(line_of)(REAL shift, NAME(sums) sums, double count, double eps, REAL *mean, REAL *var)
{
    double rest = sums.first / count, variance = sums.second / count - rest * rest;
    variance = variance < 0 ? 0 : variance;
    *mean = isfinite(shift) ? (REAL)((double)shift + rest) : shift;
    *var = (REAL)variance;
    return (NAME(line)){shift, (REAL)rest, (REAL)(1 / sqrt(variance + eps))};
}

static inline void NAME(row_write)(const REAL *x, REAL *y, int64_t size, int64_t x_room, int64_t y_room,
                                   NAME(line) line)
{
    int64_t i = 0;
    for (; i + WIDTH <= size; i += WIDTH)
        NAME(store)(y + i, ((NAME(load)(x + i) - line.shift) - line.rest) * line.scale);
    if (i < size) {
        VEC v = NAME(load_part)(x + i, size - i, x_room - i);
        NAME(store_part)(y + i, ((v - line.shift) - line.rest) * line.scale, size - i, y_room - i);
    }
}

static void NAME(rows)(const void *from, void *to, void *means, void *vars, double eps, int64_t rows, int64_t size,
                       int64_t x_room, int64_t y_room)
{
    const REAL *x = from;
    REAL *y = to, *mean = means, *var = vars;
    for (int64_t r = 0; r < rows; r += GROUP) {
        int64_t some = rows - r < GROUP ? rows - r : GROUP;
        NAME(line) lines[GROUP];
        for (int64_t k = 0, at = r * size; k < some; k++, at += size)
            lines[k].shift = (REAL)(NAME(row_sum)(x + at, size, x_room - at) / (double)size);
        for (int64_t k = 0, at = r * size; k < some; k++, at += size)
            lines[k] = NAME(line_of)(lines[k].shift, NAME(row_moments)(x + at, size, x_room - at, lines[k].shift),
                                     (double)size, eps, mean + r + k, var + r + k);
        for (int64_t k = 0, at = r * size; k < some; k++, at += size)
            NAME(row_write)(x + at, y + at, size, x_room - at, y_room - at, lines[k]);
    }
}

static void NAME(channel)(const void *from, void *to, void *mean, void *var, double eps, int64_t parts, int64_t size,
                          int64_t stride)
{
    const REAL *x = from;
    REAL *y = to;
    double count = (double)(parts * size), sum = 0;
    NAME(sums) sums = {0, 0};
    for (int64_t p = 0; p < parts; p++)
        sum += NAME(row_sum)(x + p * stride, size, size);
    REAL shift = (REAL)(sum / count);
    for (int64_t p = 0; p < parts; p++) {
        NAME(sums) part = NAME(row_moments)(x + p * stride, size, size, shift);
        sums.first += part.first;
        sums.second += part.second;
    }
    NAME(line) line = NAME(line_of)(shift, sums, count, eps, mean, var);
    for (int64_t p = 0; p < parts; p++)
        NAME(row_write)(x + p * stride, y + p * stride, size, size, size, line);
}

/* ---- columns ---- */

static inline void NAME(widen)(int vectors, VEC *sums, double wide[][WIDTH])
{
    for (int k = 0; k < vectors; k++) {
        for (int l = 0; l < WIDTH; l++)
            wide[k][l] += (double)sums[k][l];
        sums[k] = (VEC){0};
    }
}

/* Elements of a row that may be read from where n columns begin: whole vectors as long as there is a next row. */
static inline int64_t NAME(room_in)(int64_t rows, int64_t i, int64_t stride, int64_t n)
{
    return (rows - i - 1) * stride >= WIDTH ? WIDTH : n;
}

/* The first n columns and no other: their neighbours may be another thread's. */
static inline void NAME(store_columns)(REAL *y, VEC v, int64_t n)
{
    if (n == WIDTH) {
        NAME(store)(y, v);
        return;
    }
    REAL lanes[WIDTH];
    const REAL *from = lanes;
    NAME(store)(lanes, v);
#pragma GCC unroll 4
    for (int size = WIDTH / 2; size > 0; size /= 2)
        if (n & size) {
            memcpy(y, from, (size_t)size * sizeof(REAL));
            y += size;
            from += size;
        }
}

/* `vectors` vectors of columns, or n < WIDTH columns in one. */
static inline void NAME(some_columns)(const REAL *x, REAL *y, REAL *mean, REAL *var, double eps, int64_t rows,
                                      int vectors, int64_t n, int64_t stride)
{
    VEC shift[COLUMN_VECTORS] = {0}, rest[COLUMN_VECTORS] = {0}, scale[COLUMN_VECTORS] = {0};
    VEC first[COLUMN_VECTORS] = {0}, second[COLUMN_VECTORS] = {0};
    double sum[COLUMN_VECTORS][WIDTH], squares[COLUMN_VECTORS][WIDTH];
    memset(sum, 0, sizeof sum);
    for (int64_t i = 0; i < rows; i++) {
        for (int k = 0; k < vectors; k++)
            first[k] += NAME(load_part)(x + i * stride + k * WIDTH, n, NAME(room_in)(rows, i, stride, n));
        if (i % COLUMN_BLOCK == COLUMN_BLOCK - 1 || i + 1 == rows)
            NAME(widen)(vectors, first, sum);
    }
    for (int k = 0; k < vectors; k++)
        for (int l = 0; l < WIDTH; l++)
            shift[k][l] = (REAL)(sum[k][l] / (double)rows);
    memset(sum, 0, sizeof sum);
    memset(squares, 0, sizeof squares);
    for (int64_t i = 0; i < rows; i++) {
        for (int k = 0; k < vectors; k++) {
            VEC a = NAME(load_part)(x + i * stride + k * WIDTH, n, NAME(room_in)(rows, i, stride, n)) - shift[k];
            first[k] += a;
            second[k] += a * a;
        }
        if (i % COLUMN_BLOCK == COLUMN_BLOCK - 1 || i + 1 == rows) {
            NAME(widen)(vectors, first, sum);
            NAME(widen)(vectors, second, squares);
        }
    }
    for (int k = 0; k < vectors; k++)
        for (int l = 0; l < n; l++) {
            NAME(sums) sums = {sum[k][l], squares[k][l]};
            int64_t c = k * WIDTH + l;
            NAME(line) line = NAME(line_of)(shift[k][l], sums, (double)rows, eps, mean + c, var + c);
            rest[k][l] = line.rest;
            scale[k][l] = line.scale;
        }
    for (int64_t i = 0; i < rows; i++)
        for (int k = 0; k < vectors; k++) {
            int64_t at = i * stride + k * WIDTH;
            VEC a = NAME(load_part)(x + at, n, NAME(room_in)(rows, i, stride, n));
            NAME(store_columns)(y + at, ((a - shift[k]) - rest[k]) * scale[k], n);
        }
}

static void NAME(columns)(const void *from, void *to, void *means, void *vars, double eps, int64_t rows, int64_t width,
                          int64_t stride)
{
    const REAL *x = from;
    REAL *y = to, *mean = means, *var = vars;
    int64_t j = 0;
    for (; j + COLUMN_VECTORS * WIDTH <= width; j += COLUMN_VECTORS * WIDTH)
        NAME(some_columns)(x + j, y + j, mean + j, var + j, eps, rows, COLUMN_VECTORS, WIDTH, stride);
    for (; j + 2 * WIDTH <= width; j += 2 * WIDTH)
        NAME(some_columns)(x + j, y + j, mean + j, var + j, eps, rows, 2, WIDTH, stride);
    for (; j < width; j += WIDTH) {
        int64_t n = width - j < WIDTH ? width - j : WIDTH;
        NAME(some_columns)(x + j, y + j, mean + j, var + j, eps, rows, 1, n, stride);
    }
}

/* ---- backward ---- */

/* Σ g and Σ g y of a row. */
static inline NAME(sums) NAME(row_products)(const REAL *g, const REAL *y, int64_t size, int64_t room)
{
    NAME(sums) sums = {0, 0};
    for (int64_t begin = 0; begin < size; begin += SUM_BLOCK) {
        int64_t end = size - begin < SUM_BLOCK ? size : begin + SUM_BLOCK, i = begin;
        VEC first = {0}, second = {0}, other = {0};
        for (; i + 2 * WIDTH <= end; i += 2 * WIDTH) {
            VEC a = NAME(load)(g + i), b = NAME(load)(g + i + WIDTH);
            first += a + b;
            second += a * NAME(load)(y + i);
            other += b * NAME(load)(y + i + WIDTH);
        }
        second += other;
        for (; i < end; i += WIDTH) {
            VEC a = NAME(load_part)(g + i, end - i, room - i);
            first += a;
            second += a * NAME(load_part)(y + i, end - i, room - i);
        }
        sums.first += (double)NAME(total)(first)[0];
        sums.second += (double)NAME(total)(second)[0];
    }
    return sums;
}

/* dx = (g − mean − y·slope)·scale */
static inline void NAME(row_slope)(const REAL *g, const REAL *y, REAL *dx, int64_t size, int64_t room, int64_t dx_room,
                                   NAME(sums) sums, double count, double var, double eps)
{
    REAL mean = (REAL)(sums.first / count), slope = (REAL)(sums.second / count), scale = (REAL)(1 / sqrt(var + eps));
    int64_t i = 0;
    for (; i + WIDTH <= size; i += WIDTH)
        NAME(store)(dx + i, (NAME(load)(g + i) - mean - NAME(load)(y + i) * slope) * scale);
    if (i < size) {
        VEC a = NAME(load_part)(g + i, size - i, room - i), b = NAME(load_part)(y + i, size - i, room - i);
        NAME(store_part)(dx + i, (a - mean - b * slope) * scale, size - i, dx_room - i);
    }
}

static void NAME(rows_backward)(const void *pg, const void *py, const void *vars, void *to, double eps, int64_t rows,
                                int64_t size, int64_t room, int64_t dx_room)
{
    const REAL *g = pg, *y = py, *var = vars;
    REAL *dx = to;
    for (int64_t r = 0; r < rows; r += GROUP) {
        int64_t some = rows - r < GROUP ? rows - r : GROUP;
        NAME(sums) sums[GROUP];
        for (int64_t k = 0, at = r * size; k < some; k++, at += size)
            sums[k] = NAME(row_products)(g + at, y + at, size, room - at);
        for (int64_t k = 0, at = r * size; k < some; k++, at += size) {
            double count = (double)size, v = (double)var[r + k];
            NAME(row_slope)(g + at, y + at, dx + at, size, room - at, dx_room - at, sums[k], count, v, eps);
        }
    }
}

static void NAME(channel_backward)(const void *pg, const void *py, const void *var, void *to, double eps, int64_t parts,
                                   int64_t size, int64_t stride)
{
    const REAL *g = pg, *y = py;
    REAL *dx = to;
    NAME(sums) sums = {0, 0};
    for (int64_t p = 0; p < parts; p++) {
        NAME(sums) part = NAME(row_products)(g + p * stride, y + p * stride, size, size);
        sums.first += part.first;
        sums.second += part.second;
    }
    double count = (double)(parts * size), v = (double)*(const REAL *)var;
    for (int64_t at = 0; at < parts * stride; at += stride)
        NAME(row_slope)(g + at, y + at, dx + at, size, size, size, sums, count, v, eps);
}

static inline void NAME(some_columns_backward)(const REAL *g, const REAL *y, const REAL *var, REAL *dx, double eps,
                                               int64_t rows, int vectors, int64_t n, int64_t stride)
{
    VEC first[COLUMN_VECTORS] = {0}, second[COLUMN_VECTORS] = {0};
    VEC mean[COLUMN_VECTORS] = {0}, slope[COLUMN_VECTORS] = {0}, scale[COLUMN_VECTORS] = {0};
    double sum[COLUMN_VECTORS][WIDTH], products[COLUMN_VECTORS][WIDTH];
    memset(sum, 0, sizeof sum);
    memset(products, 0, sizeof products);
    for (int64_t i = 0; i < rows; i++) {
        for (int k = 0; k < vectors; k++) {
            int64_t at = i * stride + k * WIDTH;
            int64_t room = NAME(room_in)(rows, i, stride, n);
            VEC a = NAME(load_part)(g + at, n, room);
            first[k] += a;
            second[k] += a * NAME(load_part)(y + at, n, room);
        }
        if (i % COLUMN_BLOCK == COLUMN_BLOCK - 1 || i + 1 == rows) {
            NAME(widen)(vectors, first, sum);
            NAME(widen)(vectors, second, products);
        }
    }
    for (int k = 0; k < vectors; k++)
        for (int l = 0; l < n; l++) {
            mean[k][l] = (REAL)(sum[k][l] / (double)rows);
            slope[k][l] = (REAL)(products[k][l] / (double)rows);
            scale[k][l] = (REAL)(1 / sqrt((double)var[k * WIDTH + l] + eps));
        }
    for (int64_t i = 0; i < rows; i++)
        for (int k = 0; k < vectors; k++) {
            int64_t at = i * stride + k * WIDTH;
            int64_t room = NAME(room_in)(rows, i, stride, n);
            VEC a = NAME(load_part)(g + at, n, room), b = NAME(load_part)(y + at, n, room);
            NAME(store_columns)(dx + at, (a - mean[k] - b * slope[k]) * scale[k], n);
        }
}

static void NAME(columns_backward)(const void *pg, const void *py, const void *vars, void *to, double eps, int64_t rows,
                                   int64_t width, int64_t stride)
{
    const REAL *g = pg, *y = py, *var = vars;
    REAL *dx = to;
    int64_t j = 0;
    for (; j + COLUMN_VECTORS * WIDTH <= width; j += COLUMN_VECTORS * WIDTH)
        NAME(some_columns_backward)(g + j, y + j, var + j, dx + j, eps, rows, COLUMN_VECTORS, WIDTH, stride);
    for (; j + 2 * WIDTH <= width; j += 2 * WIDTH)
        NAME(some_columns_backward)(g + j, y + j, var + j, dx + j, eps, rows, 2, WIDTH, stride);
    for (; j < width; j += WIDTH) {
        int64_t n = width - j < WIDTH ? width - j : WIDTH;
        NAME(some_columns_backward)(g + j, y + j, var + j, dx + j, eps, rows, 1, n, stride);
    }
}

#undef VEC
#undef WIDTH
