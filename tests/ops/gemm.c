/* Products of matrices on buffers: every instruction set's kernels on all small sizes, then the ways and cuts that
 * product_run chooses. The numbers are whole, so that sums are exact in any order. Long because every kind of kernel is
 * held against the same sums, by the same few functions. */
#include "ops/gemm/gemm.h"
#include "../support.h"
#include "../sweeps.h"
#include "core/base/machine.h"
#include "ops/gemm/product.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const gemm_table *const tables[] = {
    &gemm_kernels_base,
#ifdef __x86_64__
    &gemm_kernels_v3,
    &gemm_kernels_v4,
#endif
};

static int table_count(void)
{
    return (int)dg_isa_best() + 1;
}

static const gemm_functions *functions(int table, dg_dtype dtype)
{
    return dtype == DG_FLOAT32 ? &tables[table]->float32 : &tables[table]->float64;
}

/* Numbers of either type. */
typedef struct numbers {
    dg_dtype dtype;
    int64_t count;
    void *data; /* exactly as long, so that tools see what is read beyond it */
} numbers;

static double get(const numbers *x, int64_t i)
{
    return x->dtype == DG_FLOAT32 ? (double)((float *)x->data)[i] : ((double *)x->data)[i];
}

static void set(numbers *x, int64_t i, double value)
{
    if (x->dtype == DG_FLOAT32)
        ((float *)x->data)[i] = (float)value;
    else
        ((double *)x->data)[i] = value;
}

static numbers some(dg_dtype dtype, int64_t count, uint64_t stream)
{
    numbers x = {dtype, count, malloc((size_t)(count > 0 ? count : 1) * dg_dtype_size(dtype))};
    dg_random key = {11, stream, 0};
    cr_assert(x.data);
    for (int64_t i = 0; i < count; i++)
        set(&x, i, (double)dg_random_below(&key, (uint64_t)i, 9) - 4);
    return x;
}

/* Length of `rows` rows that begin `row` apart and of which the last has `columns`. */
static int64_t length(int64_t rows, int64_t row, int64_t columns)
{
    return rows > 0 && columns > 0 ? (rows - 1) * row + columns : 0;
}

enum start { FROM_NOTHING, FROM_C, FROM_BIAS, STARTS };

typedef struct sizes {
    int64_t m, n, k;
    bool transposed; /* a */
    enum start start;
} sizes;

static double sum_of(const numbers *a, const numbers *b, const gemm *g, int64_t i, int64_t j)
{
    double sum = 0;
    for (int64_t p = 0; p < g->k; p++)
        sum += get(a, i * g->a_row + p * g->a_column) * get(b, p * g->b_row + j);
    return sum;
}

static void check_multiply(const gemm_functions *f, dg_dtype dtype, const sizes *s)
{
    enum { GAP = 3 };
    int64_t lda = (s->transposed ? s->m : s->k) + GAP, ldb = s->n + (s->k % 2) * GAP, ldc = s->n + GAP;
    numbers a = some(dtype, s->transposed ? length(s->k, lda, s->m) : length(s->m, lda, s->k), 1);
    numbers b = some(dtype, length(s->k, ldb, s->n), 2), c = some(dtype, s->m * ldc, 3),
            was = some(dtype, s->m * ldc, 3);
    numbers bias = some(dtype, s->n, 4);
    gemm g = {.m = s->m,
              .n = s->n,
              .k = s->k,
              .a = a.data,
              .a_row = s->transposed ? 1 : lda,
              .a_column = s->transposed ? lda : 1,
              .b = b.data,
              .b_row = ldb,
              .c = c.data,
              .c_row = ldc,
              .start = s->start == FROM_C      ? c.data
                       : s->start == FROM_BIAS ? bias.data
                                               : NULL,
              .start_row = s->start == FROM_C ? ldc : 0};
    f->multiply(&g);
    for (int64_t i = 0; i < s->m; i++)
        for (int64_t j = 0; j < ldc; j++) {
            double start = s->start == FROM_C                  ? get(&was, i * ldc + j)
                           : s->start == FROM_BIAS && j < s->n ? get(&bias, j)
                                                               : 0;
            double want = j < s->n ? start + sum_of(&a, &b, &g, i, j) : get(&was, i * ldc + j);
            cr_assert_eq(get(&c, i * ldc + j), want,
                         "%lldx%lldx%lld, transposed %d, start %d, at %lld, %lld: %g, expected %g", (long long)s->m,
                         (long long)s->n, (long long)s->k, s->transposed, s->start, (long long)i, (long long)j,
                         get(&c, i * ldc + j), want);
        }
    free(a.data), free(b.data), free(c.data), free(was.data), free(bias.data);
}

static void check_turned(const gemm_functions *f, dg_dtype dtype, const sizes *s)
{
    int64_t row = s->m + 1;
    numbers a = some(dtype, s->m * s->k, 1), b = some(dtype, s->k * s->n, 2), bias = some(dtype, s->m, 4);
    numbers c = some(dtype, s->n * row, 3), was = some(dtype, s->n * row, 3);
    gemm g = {.m = s->m, .n = s->n, .k = s->k, .a = a.data, .a_row = s->k, .a_column = 1, .b = b.data, .b_row = s->n};
    g.c = c.data;
    g.c_row = row;
    g.start = s->start == FROM_NOTHING ? NULL : bias.data;
    f->multiply_turned(&g);
    for (int64_t j = 0; j < s->n; j++)
        for (int64_t i = 0; i < row; i++) {
            double want = i < s->m ? (g.start ? get(&bias, i) : 0) + sum_of(&a, &b, &g, i, j) : get(&was, j * row + i);
            cr_assert_eq(get(&c, j * row + i), want, "turned %lldx%lldx%lld, at %lld, %lld", (long long)s->m,
                         (long long)s->n, (long long)s->k, (long long)i, (long long)j);
        }
    free(a.data), free(b.data), free(c.data), free(was.data), free(bias.data);
}

/* All of b as panels. */
static numbers packed(const gemm_functions *f, dg_dtype dtype, const numbers *b, const gemm *g)
{
    numbers panels = some(dtype, (g->n + f->panel - 1) / f->panel * f->panel * g->k, 5);
    char *to = panels.data;
    for (int64_t j = 0; j < g->n; j += f->panel, to += f->panel * g->k * (int64_t)dg_dtype_size(dtype)) {
        int64_t width = g->n - j < f->panel ? g->n - j : f->panel;
        f->pack_panel(g->k, width, (const char *)b->data + j * g->b_column * (int64_t)dg_dtype_size(dtype), g->b_row,
                      g->b_column, to);
    }
    return panels;
}

/* Of packed panels, and of those packed on the way. */
static void check_panels(const gemm_functions *f, dg_dtype dtype, const sizes *s, bool b_transposed, bool turned)
{
    int64_t lda = s->transposed ? s->m + 2 : s->k + 2, ldc = (turned ? s->m : s->n) + 3;
    numbers a = some(dtype, s->transposed ? length(s->k, lda, s->m) : length(s->m, lda, s->k), 1);
    numbers b = some(dtype, s->k * s->n, 2), bias = some(dtype, turned ? s->m : s->n, 4);
    gemm g = {.m = s->m, .n = s->n, .k = s->k, .a = a.data, .c_row = ldc};
    g.a_row = s->transposed ? 1 : lda;
    g.a_column = s->transposed ? lda : 1;
    g.b_row = b_transposed ? 1 : s->n;
    g.b_column = b_transposed ? s->k : 1;
    numbers panels = packed(f, dtype, &b, &g);
    for (int on_the_way = 0; on_the_way < (turned ? 1 : 2); on_the_way++) {
        numbers c = some(dtype, (turned ? s->n : s->m) * ldc, 3), was = some(dtype, c.count, 3);
        g.c = c.data;
        g.b = on_the_way ? b.data : panels.data;
        g.b_panel = on_the_way ? 0 : f->panel * s->k;
        g.start = s->start == FROM_NOTHING ? NULL : s->start == FROM_C && !turned ? c.data : bias.data;
        g.start_row = g.start == c.data ? ldc : 0;
        (turned ? f->multiply_turned_panels : f->multiply_panels)(&g);
        for (int64_t at = 0; at < c.count; at++) {
            int64_t row = at / ldc, column = at % ldc, i = turned ? column : row, j = turned ? row : column;
            double want = get(&was, at);
            if (column < ldc - 3) {
                want = !g.start ? 0 : g.start == c.data ? want : get(&bias, column);
                for (int64_t p = 0; p < s->k; p++)
                    want += get(&a, i * g.a_row + p * g.a_column) * get(&b, p * g.b_row + j * g.b_column);
            }
            cr_assert_eq(get(&c, at), want, "panels %lldx%lldx%lld at %lld, %lld", (long long)s->m, (long long)s->n,
                         (long long)s->k, (long long)row, (long long)column);
        }
        free(c.data), free(was.data);
    }
    free(a.data), free(b.data), free(bias.data), free(panels.data);
}

static const dg_dtype dtypes[] = {DG_FLOAT32, DG_FLOAT64};

static void check_sizes(const sizes *s)
{
    for (int table = 0; table < table_count(); table++)
        for (int d = 0; d < 2; d++) {
            check_multiply(functions(table, dtypes[d]), dtypes[d], s);
            check_turned(functions(table, dtypes[d]), dtypes[d], s);
        }
}

Test(gemm, multiplies_all_small_sizes)
{
    static const int64_t columns[] = {0,  1,  2,  3,  4,  5,  7,  8,  9,  15, 16, 17,
                                      31, 33, 47, 48, 49, 63, 64, 65, 79, 81, 130};
    int count = 0;
    for (int64_t m = 0; m < 26; m++)
        for (size_t j = 0; j < sizeof columns / sizeof columns[0]; j++, count++) {
            if (sweeps_are_few() && ((size_t)m + j) % 3) /* each m and each number of columns, not all pairs */
                continue;
            check_sizes(&(sizes){m, columns[j], (int64_t[]){0, 1, 2, 5, 8, 19}[count % 6], count / 2 % 2,
                                 (enum start)(count / 3 % STARTS)});
        }
}

Test(gemm, multiplies_deep_and_tall_ones)
{
    check_sizes(&(sizes){3, 20, 2050, false, FROM_BIAS});
    check_sizes(&(sizes){3, 20, 1025, true, FROM_C});
    check_sizes(&(sizes){2, 5, 1100, false, FROM_NOTHING});
    check_sizes(&(sizes){100, 70, 9, true, FROM_BIAS});
}

Test(gemm, multiplies_in_panels)
{
    static const sizes shapes[] = {
        {1, 1, 3, false, FROM_NOTHING}, {5, 16, 7, false, FROM_BIAS},  {6, 17, 20, true, FROM_C},
        {13, 70, 33, true, FROM_BIAS},  {100, 31, 200, false, FROM_C}, {97, 40, 385, true, FROM_NOTHING},
        {7, 24, 800, false, FROM_BIAS}, {200, 72, 19, true, FROM_C},   {50, 9, 400, true, FROM_BIAS},
        {49, 130, 5, false, FROM_BIAS},
    };
    for (int table = 0; table < table_count(); table++)
        for (int d = 0; d < 2; d++)
            for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
                for (int way = 0; way < 4; way++)
                    check_panels(functions(table, dtypes[d]), dtypes[d], &shapes[s], way & 1, way & 2);
}

/* What lies beside b is read along with its rows, and must not come through. */
Test(gemm, keeps_columns_apart)
{
    for (int table = 0; table < table_count(); table++)
        for (int64_t n = 1; n < 20; n++) {
            numbers a = some(DG_FLOAT32, 5 * 7, 1), b = some(DG_FLOAT32, 7 * 20, 2), c = some(DG_FLOAT32, 5 * n, 3);
            for (int64_t p = 0; p < 7; p++)
                for (int64_t j = n; j < 20; j++)
                    set(&b, p * 20 + j, j % 2 ? NAN : INFINITY);
            gemm g = {
                .m = 5, .n = n, .k = 7, .a = a.data, .a_row = 7, .a_column = 1, .b = b.data, .b_row = 20, .c = c.data};
            g.c_row = n;
            functions(table, DG_FLOAT32)->multiply(&g);
            for (int64_t i = 0; i < 5; i++)
                for (int64_t j = 0; j < n; j++)
                    cr_assert_eq(get(&c, i * n + j), sum_of(&a, &b, &g, i, j));
            free(a.data), free(b.data), free(c.data);
        }
}

Test(gemm, transposes_and_pads)
{
    for (int table = 0; table < table_count(); table++)
        for (int d = 0; d < 2; d++) {
            const gemm_functions *f = functions(table, dtypes[d]);
            for (int64_t rows = 0; rows < 40; rows += 1 + rows / 18)
                for (int64_t columns = 0; columns < 40; columns += 1 + columns / 18) {
                    if (sweeps_are_few() && (rows + columns) % 3)
                        continue;
                    int64_t whole = (rows + f->lanes - 1) / f->lanes * f->lanes, row = whole + 1;
                    bool padded = (rows + columns) % 2;
                    numbers from = some(dtypes[d], rows * columns, 1), to = some(dtypes[d], columns * row, 2);
                    numbers was = some(dtypes[d], columns * row, 2);
                    f->transpose(rows, columns, from.data, columns, to.data, row, padded);
                    for (int64_t j = 0; j < columns; j++)
                        for (int64_t i = 0; i < row; i++) {
                            double want = i < rows              ? get(&from, i * columns + j)
                                          : padded && i < whole ? 0
                                                                : get(&was, j * row + i);
                            cr_assert_eq(get(&to, j * row + i), want, "%lldx%lld at %lld, %lld", (long long)rows,
                                         (long long)columns, (long long)i, (long long)j);
                        }
                    free(from.data), free(to.data), free(was.data);
                }
        }
}

Test(gemm, has_scalar_products_of_any_length)
{
    for (int table = 0; table < table_count(); table++)
        for (int d = 0; d < 2; d++)
            for (int64_t k = 0; k < 70; k++)
                for (int64_t step = 0; step < 3; step++) {
                    int64_t m = 1 + k % 7;
                    numbers a = some(dtypes[d], m * k, 1), x = some(dtypes[d], k, 2), y = some(dtypes[d], m, 3);
                    numbers start = some(dtypes[d], m, 4);
                    functions(table, dtypes[d])
                        ->dots(m, k, a.data, k, x.data, step == 2 ? NULL : start.data, step, y.data);
                    for (int64_t i = 0; i < m; i++) {
                        double want = step == 2 ? 0 : get(&start, i * step);
                        for (int64_t p = 0; p < k; p++)
                            want += get(&a, i * k + p) * get(&x, p);
                        cr_assert_eq(get(&y, i), want, "length %lld, row %lld", (long long)k, (long long)i);
                    }
                    free(a.data), free(x.data), free(y.data), free(start.data);
                }
}

/* y[i, j] lies at i·y_row + j·y_column, one of them 1. */
static void check_pairs(int table, dg_dtype dtype, int64_t m, int64_t n, int64_t k, int step)
{
    const int64_t a_row = k + step, x_row = k + 2 * (step & 1);
    numbers a = some(dtype, length(m, a_row, k), 1), x = some(dtype, length(n, x_row, k), 2);
    numbers start = some(dtype, m + n, 3), y = some(dtype, m * n, 4);
    row_pairs pairs = {.m = m, .n = n, .k = k, .a = a.data, .x = x.data, .a_row = a_row, .x_row = x_row, .y = y.data};
    pairs.y_row = step & 1 ? 1 : n;
    pairs.y_column = step & 1 ? m : 1;
    pairs.start = step < 3 ? start.data : NULL;
    pairs.start_row = step == 1;
    pairs.start_column = step == 2;
    functions(table, dtype)->pairs(&pairs);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double want = step < 3 ? get(&start, i * pairs.start_row + j * pairs.start_column) : 0;
            for (int64_t p = 0; p < k; p++)
                want += get(&a, i * a_row + p) * get(&x, j * x_row + p);
            cr_assert_eq(get(&y, i * pairs.y_row + j * pairs.y_column), want, "%lldx%lld, length %lld, step %d",
                         (long long)m, (long long)n, (long long)k, step);
        }
    free(a.data), free(x.data), free(start.data), free(y.data);
}

Test(gemm, has_scalar_products_of_all_pairs_of_rows)
{
    for (int table = 0; table < table_count(); table++)
        for (int d = 0; d < 2; d++)
            for (int64_t k = 0; k < 70; k += sweeps_are_few() ? 5 : k < 35 ? 1 : 7)
                for (int64_t m = 0; m < 10; m++)
                    for (int64_t n = 0; n < 10; n++)
                        check_pairs(table, dtypes[d], m, n, k, (int)((k + m + n) % 4));
}

Test(gemm, tells_near_distances)
{
    for (int table = 0; table < table_count(); table++)
        for (int odd = -1; odd < 21; odd++) {
            float own = 3, squares[21], y[21];
            for (int j = 0; j < 21; j++) {
                squares[j] = (float)j;
                y[j] = j == odd ? (3 + (float)j) / 2 : 1;
            }
            if (odd == 20)
                y[20] = NAN;
            cr_expect_eq(functions(table, DG_FLOAT32)->distances(21, &own, squares, 0.05, y), odd < 0);
            for (int j = 0; j < 20; j++)
                cr_expect_eq(y[j], j == odd ? 0 : (float)j + 1);
        }
}

/* ---- caches ---- */

Test(gemm, reads_the_sizes_of_caches)
{
    machine_caches caches = {0};
    cr_expect(machine_caches_parse("48K,1M", &caches));
    cr_expect_eq(caches.first, 48 << 10);
    cr_expect_eq(caches.second, 1 << 20);
    cr_expect(machine_caches_parse("32768,524288", &caches));
    cr_expect_eq(caches.second, 524288);
    const char *const wrong[] = {"", "48K", "48K,", "48K,1M,", "48K;1M", "-48K,1M", "1,1M", "48K,1G", "x,y"};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++)
        cr_expect_not(machine_caches_parse(wrong[k], &caches), "%s", wrong[k]);
    caches = machine_here();
    cr_expect(caches.first >= 4096 && caches.second >= caches.first, "%zu, %zu", caches.first, caches.second);
}

enum { CACHE_ROWS = 107, CACHE_COLUMNS = 75, CACHE_DEPTH = 1501, CACHE_SIZES = 4 };

/* c = a·b in panels, packed and as they are needed, of a in rows and in columns, for every instruction set, behind one
 * another. */
static void multiply_all(const float *a, const float *b, float *c)
{
    for (int table = 0; table < table_count(); table++)
        for (int64_t m = 1; m <= CACHE_ROWS; m += m < 14 ? 1 : 31)
            for (int turned = 0; turned < 2; turned++, c += CACHE_ROWS * CACHE_COLUMNS)
                functions(table, DG_FLOAT32)
                    ->multiply_panels(&(gemm){.m = m,
                                              .n = CACHE_COLUMNS,
                                              .k = CACHE_DEPTH,
                                              .a = a,
                                              .a_row = turned ? 1 : CACHE_DEPTH,
                                              .a_column = turned ? CACHE_ROWS : 1,
                                              .b = b,
                                              .b_row = CACHE_COLUMNS,
                                              .b_column = 1,
                                              .c = c,
                                              .c_row = CACHE_COLUMNS});
}

/* The sizes are read once in a process, so each has one of its own. */
Test(gemm, sums_have_the_same_bits_for_any_cache)
{
    static const char *const caches[CACHE_SIZES] = {"4K,64K", "32K,512K", "48K,1280K", "128K,8M"};
    enum { CALLS = 3 * 17 * 2, COUNT = CALLS * CACHE_ROWS * CACHE_COLUMNS };
    float *a = malloc(CACHE_ROWS * CACHE_DEPTH * sizeof *a), *b = malloc(CACHE_COLUMNS * CACHE_DEPTH * sizeof *b);
    float *c = mmap(NULL, CACHE_SIZES * COUNT * sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(a && b && c != MAP_FAILED);
    dg_random_normal(&(dg_random){3, 1, 0}, DG_FLOAT32, a, 0, CACHE_ROWS * CACHE_DEPTH, 0, 1);
    dg_random_normal(&(dg_random){3, 2, 0}, DG_FLOAT32, b, 0, CACHE_COLUMNS * CACHE_DEPTH, 0, 1);
    for (int k = 0; k < CACHE_SIZES; k++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            setenv("DG_CACHES", caches[k], 1);
            multiply_all(a, b, c + k * COUNT);
            _exit(0);
        }
        cr_assert(child > 0 && waitpid(child, &status, 0) == child && status == 0);
        cr_expect_eq(memcmp(c, c + k * COUNT, COUNT * sizeof *c), 0, "%s and %s", caches[0], caches[k]);
    }
    munmap(c, CACHE_SIZES * COUNT * sizeof *c);
    free(a), free(b);
}

/* ---- product_run ---- */

typedef struct ending {
    const numbers *c;
    const double *want;
    int *visits; /* of each element */
} ending;

static void visit(void *argument, int64_t begin, int64_t end)
{
    const ending *e = argument;
    for (int64_t i = begin; i < end; i++) {
        cr_assert_eq(get(e->c, i), e->want[i], "element %lld: %g, expected %g", (long long)i, get(e->c, i), e->want[i]);
        e->visits[i]++;
    }
}

/* The matrices [k, n], or their transposes, as doubles in rows. */
static double *plain_rows(const numbers *b, int64_t matrices, int64_t k, int64_t n, bool transposed)
{
    double *rows = malloc((size_t)(matrices * k * n + 1) * sizeof *rows);
    cr_assert(rows);
    for (int64_t q = 0; q < matrices; q++)
        for (int64_t p = 0; p < k; p++)
            for (int64_t j = 0; j < n; j++)
                rows[(q * k + p) * n + j] = get(b, q * k * n + (transposed ? j * k + p : p * n + j));
    return rows;
}

/* Runs and visits every element once, when it is final. The batch has `outer` times `inner` matrices, over `inner` of
 * which b is broadcast. */
static void check_product(dg_dtype dtype, int64_t m, int64_t n, int64_t k, int flags, int64_t outer, int64_t inner)
{
    bool ta = flags & 1, tb = flags & 2, biased = flags & 4;
    int64_t matrices = outer * inner;
    numbers a = some(dtype, matrices * m * k, 1), b = some(dtype, outer * k * n, 2),
            c = some(dtype, matrices * m * n, 3);
    numbers bias = some(dtype, n, 4);
    double *want = calloc((size_t)(matrices * m * n + 1), sizeof *want), *b_rows = plain_rows(&b, outer, k, n, tb);
    int *visits = calloc((size_t)(matrices * m * n + 1), sizeof *visits);
    cr_assert(want && visits);
    for (int64_t q = 0; q < matrices; q++)
        for (int64_t i = 0; i < m; i++) {
            double *row = want + (q * m + i) * n;
            for (int64_t j = 0; biased && j < n; j++)
                row[j] = get(&bias, j);
            for (int64_t p = 0; p < k; p++) {
                double factor = get(&a, q * m * k + (ta ? p * m + i : i * k + p));
                const double *b_row = b_rows + (q / inner * k + p) * n;
                for (int64_t j = 0; j < n; j++)
                    row[j] += factor * b_row[j];
            }
        }
    ending e = {&c, want, visits};
    product p = {.dtype = dtype,
                 .m = m,
                 .n = n,
                 .k = k,
                 .transpose_a = ta,
                 .transpose_b = tb,
                 .a = a.data,
                 .b = b.data,
                 .c = c.data,
                 .bias = biased ? bias.data : NULL,
                 .finish = visit,
                 .finish_argument = &e};
    if (matrices > 1) {
        p.batch = DG_SHAPE(outer, inner);
        p.a_strides[0] = inner * m * k, p.a_strides[1] = m * k;
        p.b_strides[0] = k * n;
    }
    size_t bytes = product_workspace(&p);
    dg_kernel kernel = {.workspace = bytes ? aligned_alloc(64, (bytes + 63) / 64 * 64) : NULL};
    for (int threads = 1; threads <= 2; threads++) {
        must(dg_threads_new(threads, &kernel.threads));
        must(product_run(&p, &kernel));
        dg_threads_free(kernel.threads);
        for (int64_t i = 0; i < matrices * m * n; i++)
            cr_assert_eq(visits[i], threads, "%lldx%lldx%lld, flags %d: element %lld", (long long)m, (long long)n,
                         (long long)k, flags, (long long)i);
    }
    free(kernel.workspace), free(a.data), free(b.data), free(c.data), free(bias.data), free(want), free(visits);
    free(b_rows);
}

Test(product, finishes_every_element_once)
{
    static const int64_t shapes[][5] = {
        {4, 16, 16, 1, 1},    {5, 3, 2, 1, 1},      {1, 40, 40, 1, 1},     {40, 1, 40, 1, 1},    {1, 1, 50, 1, 1},
        {64, 10, 128, 1, 1},  {70, 130, 300, 1, 1}, {20, 300, 500, 1, 1},  {300, 20, 500, 1, 1}, {40, 36, 20, 3, 2},
        {130, 128, 16, 3, 4}, {90, 100, 90, 2, 3},  {33, 2, 0, 1, 1},      {0, 7, 3, 1, 1},      {3, 1000, 400, 1, 1},
        {1, 700, 400, 1, 1},  {700, 1, 400, 1, 1},  {40, 40, 300, 1, 2},   {130, 64, 100, 1, 1}, {150, 100, 64, 2, 2},
        {48, 96, 400, 1, 1},  {30, 512, 700, 1, 1}, {25, 1024, 330, 1, 1}, {70, 500, 50, 1, 1},  {512, 40, 660, 1, 1},
        {2, 30, 64, 1, 1},    {6, 300, 500, 1, 1},  {301, 5, 520, 1, 1},   {8, 50, 900, 2, 2},   {70, 2, 400, 2, 1},
        {12, 40, 1000, 1, 1}, {90, 9, 500, 1, 1},   {9, 50, 6000, 1, 1},
    };
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (int flags = 0; flags < 8; flags++) {
            if (sweeps_are_few() && __builtin_parity((unsigned)flags) != (int)s % 2)
                continue; /* of each shape every flag, and each two of them in every way */
            check_product(flags & 4 ? DG_FLOAT64 : DG_FLOAT32, shapes[s][0], shapes[s][1], shapes[s][2], flags,
                          shapes[s][3], shapes[s][4]);
        }
}

Test(product, of_large_squares)
{
    check_product(DG_FLOAT32, 513, 512, 512, 6, 1, 1); /* where OpenBLAS may be the better choice */
    check_product(DG_FLOAT32, 512, 1024, 513, 1, 1, 1);
}
