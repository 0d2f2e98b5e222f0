/* Kernels over rows and columns, each instruction set that the processor has, against plain float64 loops. */
#include "../support.h"

#include "ops/norm/kernel.h"
#include "ops/reduce/reduction.h"
#include "ops/softmax/kernel.h"

enum { MOST = 3000, GUARD = 7 };

#ifdef __x86_64__
#define TABLES(type, name) static const type *const name##_of[] = {&name##_base, &name##_v3, &name##_v4};
#else
#define TABLES(type, name) static const type *const name##_of[] = {&name##_base};
#endif
TABLES(softmax_kernels, softmax_tables)
TABLES(standardize_kernels, standardize_tables)
#ifdef __x86_64__
#define LOOPS(kind)                                                                                                    \
    extern const reduction_loops kind##_loops_base, kind##_loops_v3, kind##_loops_v4;                                  \
    TABLES(reduction_loops, kind##_loops)
#else
#define LOOPS(kind)                                                                                                    \
    extern const reduction_loops kind##_loops_base;                                                                    \
    TABLES(reduction_loops, kind##_loops)
#endif
LOOPS(sum)
LOOPS(prod)
LOOPS(amax)
LOOPS(amin)

/* Numbers of one float type beside the same in float64; GUARD elements behind must stay as they are. */
typedef struct buffer {
    bool single;
    int64_t count;
    float f[MOST + GUARD];
    double d[MOST + GUARD];
} buffer;

static void *data(buffer *b)
{
    return b->single ? (void *)b->f : (void *)b->d;
}

static double get(const buffer *b, int64_t i)
{
    return b->single ? (double)b->f[i] : b->d[i];
}

static void make(buffer *b, bool single, int64_t count, uint64_t seed)
{
    cr_assert(count <= MOST);
    b->single = single;
    b->count = count;
    for (int64_t i = 0; i < MOST + GUARD; i++) {
        double x = i < count ? 8 * dg_random_unit(&(dg_random){.seed = seed}, (uint64_t)i) - 4 : -77;
        b->f[i] = (float)x;
        b->d[i] = single ? (double)b->f[i] : x;
    }
}

static void expect_near(const buffer *got, int64_t i, double want, double bound, const char *what, int level)
{
    double found = get(got, i), scale = fabs(want) > 1 ? fabs(want) : 1, eps = got->single ? 0x1p-23 : 0x1p-52;
    bool same = isnan(want) ? isnan(found) : found == want || fabs(found - want) <= bound * eps * scale;
    cr_assert(same, "%s, level %d, element %lld: %.17g, expected %.17g", what, level, (long long)i, found, want);
}

static void expect_guard(const buffer *b, const char *what)
{
    for (int64_t i = b->count; i < MOST + GUARD; i++)
        cr_assert_eq(get(b, i), -77, "%s writes behind its end", what);
}

/* Row r, column c of rows or columns. */
typedef struct layout {
    int64_t rows, size, row_step, step;
} layout;

static int64_t at(const layout *l, int64_t r, int64_t i)
{
    return r * l->row_step + i * l->step;
}

static double shifted_sum(const buffer *x, const layout *l, int64_t r, double *top)
{
    double sum = 0;
    *top = -INFINITY;
    for (int64_t i = 0; i < l->size; i++)
        *top = get(x, at(l, r, i)) > *top ? get(x, at(l, r, i)) : *top;
    for (int64_t i = 0; i < l->size; i++)
        sum += exp(get(x, at(l, r, i)) - *top);
    return sum;
}

static void check_softmax(const softmax_table *t, int level, bool single, bool columns, int64_t rows, int64_t size)
{
    static buffer x, y, g, dx, tops, logs;
    layout l = columns ? (layout){rows, size, 1, rows} : (layout){rows, size, size, 1};
    int64_t n = rows * size;
    for (int form = SOFTMAX_PLAIN; form <= SOFTMAX_LOG; form++) {
        make(&x, single, n, 1);
        make(&g, single, n, 2);
        make(&y, single, 0, 0);
        make(&dx, single, 0, 0);
        make(&tops, single, 0, 0);
        make(&logs, single, 0, 0);
        y.count = dx.count = n;
        tops.count = logs.count = rows;
        if (columns)
            t->columns((softmax_form)form, data(&x), data(&y), size, rows, rows, data(&tops), data(&logs));
        else
            t->rows((softmax_form)form, data(&x), data(&y), rows, size, n, n, data(&tops), data(&logs));
        for (int64_t r = 0; r < rows; r++) {
            double top, sum = shifted_sum(&x, &l, r, &top);
            expect_near(&tops, r, top, 0, "greatest", level);
            expect_near(&logs, r, log(sum), 8, "logarithm of the sum", level);
            for (int64_t i = 0; i < size; i++) {
                double log_p = get(&x, at(&l, r, i)) - top - log(sum);
                expect_near(&y, at(&l, r, i), form == SOFTMAX_LOG ? log_p : exp(log_p), 8, "softmax", level);
            }
        }
        if (columns)
            t->columns_backward((softmax_form)form, data(&y), data(&g), data(&dx), size, rows, rows);
        else
            t->rows_backward((softmax_form)form, data(&y), data(&g), data(&dx), rows, size, n);
        for (int64_t r = 0; r < rows; r++) {
            double dot = 0;
            for (int64_t i = 0; i < size; i++)
                dot += get(&g, at(&l, r, i)) * (form == SOFTMAX_LOG ? 1 : get(&y, at(&l, r, i)));
            for (int64_t i = 0; i < size; i++) {
                double value = get(&y, at(&l, r, i)), slope = get(&g, at(&l, r, i));
                double want = form == SOFTMAX_LOG ? slope - exp(value) * dot : value * (slope - dot);
                expect_near(&dx, at(&l, r, i), want, 16 + (double)size, "gradient", level);
            }
        }
        expect_guard(&y, "softmax");
        expect_guard(&dx, "gradient");
        expect_guard(&tops, "greatest");
    }
}

Test(rows, softmax_is_right_on_every_instruction_set)
{
    const int64_t sizes[][2] = {{1, 1},   {1, 7},  {3, 2},   {17, 3},  {64, 10},  {5, 16},
                                {33, 15}, {4, 17}, {20, 33}, {3, 100}, {2, 1200}, {70, 40}};
    for (int level = 0; level <= (int)dg_isa_best(); level++)
        for (int single = 0; single < 2; single++)
            for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
                const softmax_table *t =
                    single ? &softmax_tables_of[level]->float32 : &softmax_tables_of[level]->float64;
                check_softmax(t, level, single, false, sizes[k][0], sizes[k][1]);
                check_softmax(t, level, single, true, sizes[k][0], sizes[k][1]);
                check_softmax(t, level, single, true, sizes[k][1], sizes[k][0]);
            }
}

Test(rows, softmax_keeps_special_values_on_every_instruction_set)
{
    /* Rows of three and of twenty: −inf alone, one NaN, one +inf, −inf beside numbers, far apart. */
    const double heads[][3] = {
        {-INFINITY, -INFINITY, -INFINITY}, {NAN, 0, 1}, {1, INFINITY, 0}, {-INFINITY, 0, 0}, {1e4, -1e4, 1e4}};
    const double wants[][3] = {{NAN, NAN, NAN}, {NAN, NAN, NAN}, {NAN, NAN, NAN}, {0, 0.5, 0.5}, {0.5, 0, 0.5}};
    static buffer x, y;
    for (int level = 0; level <= (int)dg_isa_best(); level++)
        for (int64_t size = 3; size <= 20; size += 17)
            for (int columns = 0; columns < 2; columns++) {
                layout l = columns ? (layout){5, size, 1, 5} : (layout){5, size, size, 1};
                const softmax_table *t = &softmax_tables_of[level]->float32;
                make(&x, true, 5 * size, 3);
                make(&y, true, 5 * size, 4);
                for (int64_t r = 0; r < 5; r++)
                    for (int64_t i = 0; i < size; i++)
                        x.f[at(&l, r, i)] = i < 3 ? (float)heads[r][i] : -INFINITY;
                if (columns)
                    t->columns(SOFTMAX_PLAIN, x.f, y.f, size, 5, 5, NULL, NULL);
                else
                    t->rows(SOFTMAX_PLAIN, x.f, y.f, 5, size, 5 * size, 5 * size, NULL, NULL);
                for (int64_t r = 0; r < 5; r++)
                    for (int64_t i = 0; i < size; i++)
                        expect_near(&y, at(&l, r, i),
                                    i < 3                ? wants[r][i]
                                    : isnan(wants[r][0]) ? NAN
                                                         : 0,
                                    2, "softmax", level);
            }
}

Test(rows, exponentials_are_within_an_ulp_on_every_instruction_set)
{
    /* Rows [0, x]: the second output times the sum 1 + eˣ is eˣ. */
    enum { COUNT = 1000 };
    static buffer x, y;
    for (int level = 0; level <= (int)dg_isa_best(); level++) {
        make(&x, true, 2 * COUNT, 1);
        make(&y, true, 2 * COUNT, 2);
        for (int i = 0; i < COUNT; i++) {
            x.f[2 * i] = 0;
            x.f[2 * i + 1] = -(float)i * 0.0871f;
        }
        softmax_tables_of[level]->float32.rows(SOFTMAX_PLAIN, x.f, y.f, COUNT, 2, 2 * COUNT, 2 * COUNT, NULL, NULL);
        for (int i = 0; i < COUNT; i++) {
            double e = exp((double)x.f[2 * i + 1]), want = e / (1 + e);
            cr_assert_float_eq((double)y.f[2 * i + 1] / want, 1, 4 * 0x1p-23, "exp(%g)", (double)x.f[2 * i + 1]);
        }
    }
}

/* ---- standardize ---- */

static void check_standardize(const standardize_table *t, int level, bool single, int64_t before, int64_t channels,
                              int64_t after, double offset)
{
    static buffer x, y, mean, var, g, dx;
    int64_t n = before * channels * after, all = channels * after;
    double eps = 0.1, count = (double)(before * after);
    make(&x, single, n, 5);
    make(&g, single, n, 6);
    buffer *made[] = {&y, &mean, &var, &dx};
    for (int k = 0; k < 4; k++)
        make(made[k], single, 0, 0);
    y.count = dx.count = n;
    mean.count = var.count = channels;
    for (int64_t i = 0; i < n; i++) {
        x.f[i] += (float)offset;
        x.d[i] = single ? (double)x.f[i] : x.d[i] + offset;
    }
    size_t size = single ? sizeof(float) : sizeof(double);
    char *px = data(&x), *py = data(&y), *pm = data(&mean), *pv = data(&var), *pg = data(&g), *pd = data(&dx);
    if (before == 1) {
        t->rows(px, py, pm, pv, eps, channels, after, n, n);
        t->rows_backward(pg, py, pv, pd, eps, channels, after, n, n);
    } else if (after == 1) {
        t->columns(px, py, pm, pv, eps, before, channels, channels);
        t->columns_backward(pg, py, pv, pd, eps, before, channels, channels);
    } else {
        for (int64_t c = 0; c < channels; c++) {
            size_t skip = (size_t)(c * after) * size, one = (size_t)c * size;
            t->channel(px + skip, py + skip, pm + one, pv + one, eps, before, after, all);
            t->channel_backward(pg + skip, py + skip, pv + one, pd + skip, eps, before, after, all);
        }
    }
    for (int64_t c = 0; c < channels; c++) {
        long double total = 0;
        for (int64_t k = 0; k < before * after; k++)
            total += (long double)get(&x, k / after * all + c * after + k % after);
        double m = (double)(total / (long double)count), v = 0, sum = 0, along = 0;
        for (int64_t k = 0; k < before * after; k++) {
            int64_t i = k / after * all + c * after + k % after;
            v += (get(&x, i) - m) * (get(&x, i) - m) / count;
            sum += get(&g, i) / count;
            along += get(&g, i) * get(&y, i) / count;
        }
        expect_near(&mean, c, m, 4, "mean", level);
        expect_near(&var, c, v, 16, "var", level);
        for (int64_t k = 0; k < before * after; k++) {
            int64_t i = k / after * all + c * after + k % after;
            expect_near(&y, i, (get(&x, i) - m) / sqrt(v + eps), 16 + (offset > 0 && !single ? 1e6 : 0), "standardize",
                        level);
            double want = (get(&g, i) - sum - get(&y, i) * along) / sqrt(get(&var, c) + eps);
            expect_near(&dx, i, want, 32, "gradient", level);
        }
    }
    expect_guard(&y, "standardize");
    expect_guard(&dx, "gradient");
    expect_guard(&var, "var");
}

Test(rows, standardize_is_right_on_every_instruction_set)
{
    const int64_t shapes[][3] = {{1, 5, 7},  {1, 20, 64}, {1, 3, 600}, {1, 1, 1},  {2, 3, 5},
                                 {3, 2, 40}, {40, 3, 1},  {70, 35, 1}, {6, 64, 1}, {1, 40, 17}};
    for (int level = 0; level <= (int)dg_isa_best(); level++)
        for (int single = 0; single < 2; single++)
            for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
                const standardize_table *t =
                    single ? &standardize_tables_of[level]->float32 : &standardize_tables_of[level]->float64;
                check_standardize(t, level, single, shapes[k][0], shapes[k][1], shapes[k][2], 0);
                check_standardize(t, level, single, shapes[k][0], shapes[k][1], shapes[k][2], 4096);
            }
}

/* ---- reductions ---- */

typedef enum reduction { REDUCE_SUM, REDUCE_PROD, REDUCE_AMAX, REDUCE_AMIN } reduction;
static const reduction_loops *const *const loops_of[] = {sum_loops_of, prod_loops_of, amax_loops_of, amin_loops_of};

static double combined(reduction kind, double a, double b)
{
    if (kind == REDUCE_SUM || kind == REDUCE_PROD)
        return kind == REDUCE_SUM ? a + b : a * b;
    if (isnan(a) || isnan(b))
        return NAN;
    return kind == REDUCE_AMAX ? fmax(a, b) : fmin(a, b);
}

Test(rows, reductions_are_right_on_every_instruction_set)
{
    const int64_t shapes[][3] = {{3, 1, 1},  {2, 5, 1},  {5, 16, 1}, {1, 17, 1}, {2, 128, 1}, {1, 2999, 1},
                                 {1, 7, 33}, {3, 40, 5}, {2, 3, 70}, {1, 1, 40}, {4, 100, 3}};
    static buffer x, y;
    for (int level = 0; level <= (int)dg_isa_best(); level++)
        for (int single = 0; single < 2; single++)
            for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
                for (int kind = REDUCE_SUM; kind <= REDUCE_AMIN; kind++) {
                    int64_t outer = shapes[k][0], rows = shapes[k][1], inner = shapes[k][2];
                    pass p = {outer, rows, inner, 1, rows, 1};
                    make(&x, single, outer * rows * inner, 8);
                    make(&y, single, 0, 0);
                    y.count = outer * inner;
                    if (kind == REDUCE_PROD)
                        for (int64_t i = 0; i < x.count; i++)
                            x.f[i] = (float)(x.d[i] = i % 3 ? 1.001 : -0.998);
                    if (kind == REDUCE_AMAX && k % 2)
                        x.f[x.count / 2] = NAN, x.d[x.count / 2] = (double)NAN;
                    pass_source from = {data(&x), NULL};
                    loops_of[kind][level]->of[single ? DG_FLOAT32 : DG_FLOAT64](&p, &from, data(&y), 0, outer);
                    for (int64_t o = 0; o < outer; o++)
                        for (int64_t j = 0; j < inner; j++) {
                            double want = get(&x, o * rows * inner + j);
                            for (int64_t r = 1; r < rows; r++)
                                want = combined((reduction)kind, want, get(&x, (o * rows + r) * inner + j));
                            double bound = kind == REDUCE_SUM    ? (double)rows
                                           : kind == REDUCE_PROD ? 8 * (double)rows
                                                                 : 0;
                            expect_near(&y, o * inner + j, want, bound, "reduction", level);
                        }
                    expect_guard(&y, "reduction");
                }
}
