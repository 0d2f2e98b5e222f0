/* The vector functions over every float32 there is, and over many float64, on every instruction set this machine has:
 * how many units in the last place they are off at most, and how many results are not the nearest number. Fails where
 * a bound of tests/core/vector_reference.h does not hold.
 *
 * usage: vector_exhaustive [--threads N] [--every N] [--isa base|v3|v4] [FUNCTION | f32 | f64]...
 *
 * --every N takes one argument in N. What float64 is measured by is the C library's long double, which must be wider.
 */
#include "../core/vector_reference.h"
#include "core/vector/vector.h"

#include <float.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1021, CHUNK = 1 << 20, MOST_THREADS = 64, N_ISAS = 3 };

static const char *const isas[N_ISAS] = {"base", "v3", "v4"};

/* How many arguments of two numbers, and of float64, are tried. */
static const uint64_t pairs_tried = 1ull << 28, float64_tried = 1ull << 28;

typedef struct worst {
    double ulps;
    double at[2];
    uint64_t not_nearest;
} worst;

/* One function of one type, worked on by all threads. */
typedef struct job {
    const accuracy *one; /* or */
    const accuracy2 *two;
    bool is_double;
    uint64_t count, every;
    _Atomic uint64_t next;
    pthread_mutex_t lock;
    const char *only; /* instruction set; NULL: all */
    worst worst[N_ISAS];
} job;

static uint64_t mixed(uint64_t x) /* splitmix64 */
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static double unit(uint64_t bits) /* 0 … 1 */
{
    return (double)(bits >> 11) * 0x1p-53;
}

static double of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Arguments of float64: any bits; numbers of middling size; about the seams of the formulas; multiples of π/2 and of
 * log(2)/2 and what is next to them. */
static double float64_argument(uint64_t index)
{
    static const double seams[] = {0.0,
                                   0.4769,
                                   0.5,
                                   1.0,
                                   1.414213562373095,
                                   0.7071067811865475,
                                   1.5,
                                   2.0,
                                   6.0,
                                   20.0,
                                   26.5,
                                   36.7,
                                   40.0,
                                   709.782712,
                                   710.4758600,
                                   745.13321,
                                   708.3964185,
                                   1048576.0,
                                   0x1p-60,
                                   0x1p-54,
                                   0x1p-1022,
                                   0x1p-1074,
                                   0x1p52,
                                   0x1.fffffffffffffp1023,
                                   0.41421356,
                                   28.0,
                                   1.570796326,
                                   INFINITY,
                                   0x1p-28,
                                   0x1p500};
    uint64_t r = mixed(index), s = mixed(r);
    double sign = s & 1u ? -1.0 : 1.0, near = (double)((s >> 1) % 33) - 16.0, x;
    switch (index % 8) {
    case 0:
        return of_bits(r);
    case 1:
        return sign * unit(r) * 4;
    case 2:
        return sign * unit(r) * 50;
    case 3:
        return sign * unit(r) * 760;
    case 4:
        return sign * exp2(unit(r) * 44 - 22);
    case 5:
        return sign * exp2(unit(r) * 80 - 60);
    case 6:
        x = seams[r % (sizeof seams / sizeof seams[0])];
        return isfinite(x) ? sign * (x + near * 0x1p-53 * (x > 0x1p-1000 ? x : 0x1p-1021)) : sign * x;
    default:
        x = (double)((r >> 8) % (r & 1u ? 64 : 700000)) * (r & 2u ? M_PI_2 : M_LN2 / 2);
        return sign * x * (1 + near * 0x1p-53);
    }
}

static float float32_argument(uint64_t index)
{
    uint32_t bits = (uint32_t)index;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Pairs: any two; two of like size; a grid of small numbers, zeros, infinities and NaN. */
static void pair_of_arguments(uint64_t index, bool is_double, double pair[2])
{
    static const double grid[] = {0.0, -0.0,     1.0,       -1.0, 2.0,    -2.0,    3.0,    -3.0,  0.5,   -0.5,
                                  1.5, INFINITY, -INFINITY, NAN,  1e-40,  -1e-40,  3e38,   -3e38, 1e-30, 10.0,
                                  0.1, -7.0,     255.0,     -2.5, 1.0001, 0.99999, 1000.0, 1e9,   1e10,  -1e9};
    enum { N_GRID = sizeof grid / sizeof grid[0] };
    uint64_t r = mixed(index), s = mixed(r);
    if (index < N_GRID * N_GRID) {
        pair[0] = grid[index % N_GRID];
        pair[1] = grid[index / N_GRID];
    } else if (index % 4 == 0) {
        pair[0] = is_double ? of_bits(r) : (double)float32_argument(r);
        pair[1] = is_double ? of_bits(s) : (double)float32_argument(s);
    } else if (index % 4 == 1) {
        pair[0] = (s & 1u ? -1 : 1) * exp2(unit(r) * 12 - 6);
        pair[1] = (s & 2u ? -1 : 1) * unit(s) * 30;
    } else if (index % 4 == 2) {
        pair[0] = unit(r) * 40 - 20;
        pair[1] = pair[0] * (1 + (unit(s) - 0.5) * exp2((double)(s % 24) - 24.0));
    } else {
        pair[0] = 1 + (unit(r) - 0.5) * exp2((double)(r % 24) - 24.0);
        pair[1] = (unit(s) - 0.5) * 4000;
    }
}

static void note(worst *w, double off, double a, double b)
{
    w->not_nearest += off > 0.5;
    if (off > w->ulps) {
        w->ulps = off;
        w->at[0] = a;
        w->at[1] = b;
    }
}

static vector_kernel kernel_of(const job *j, int isa)
{
    const vector_table *table = vector_table_named(isas[isa]);
    if (j->only && strcmp(j->only, isas[isa]) != 0)
        return NULL;
    return table ? table->kernels[j->is_double ? LANE_F64 : LANE_F32][j->one ? j->one->op : j->two->op] : NULL;
}

static void float32_block(const job *j, uint64_t first, size_t n, worst *found)
{
    float a[BLOCK], b[BLOCK], y[BLOCK];
    double want[BLOCK];
    for (size_t i = 0; i < n; i++) {
        uint64_t index = first + i * j->every;
        double pair[2] = {0, 0};
        if (j->two)
            pair_of_arguments(index, false, pair);
        a[i] = j->one ? float32_argument(index) : (float)pair[0];
        b[i] = (float)pair[1];
        want[i] = j->one ? j->one->wide((double)a[i]) : j->two->wide((double)a[i], (double)b[i]);
    }
    bool scaled = j->two && j->two->op == P_LOGADDEXP;
    for (int isa = 0; isa < N_ISAS; isa++) {
        vector_kernel kernel = kernel_of(j, isa);
        if (!kernel)
            continue;
        kernel(y, a, b, b, n);
        for (size_t i = 0; i < n; i++)
            if (y[i] != (float)want[i] || y[i] == 0)
                note(&found[isa], ulps_off_32(y[i], want[i], scaled ? fmaxf(fabsf(a[i]), fabsf(b[i])) : 0.0f),
                     (double)a[i], (double)b[i]);
    }
}

static void float64_block(const job *j, uint64_t first, size_t n, worst *found)
{
    double a[BLOCK], b[BLOCK], y[BLOCK];
    long double want[BLOCK];
    for (size_t i = 0; i < n; i++) {
        uint64_t index = first + i * j->every;
        double pair[2] = {0, 0};
        if (j->two)
            pair_of_arguments(index, true, pair);
        a[i] = j->one ? float64_argument(index) : pair[0];
        b[i] = pair[1];
        want[i] = j->one ? j->one->widest((long double)a[i]) : j->two->widest((long double)a[i], (long double)b[i]);
    }
    bool scaled = j->two && j->two->op == P_LOGADDEXP;
    for (int isa = 0; isa < N_ISAS; isa++) {
        vector_kernel kernel = kernel_of(j, isa);
        if (!kernel)
            continue;
        kernel(y, a, b, b, n);
        for (size_t i = 0; i < n; i++)
            note(&found[isa], ulps_off_64(y[i], want[i], scaled ? fmax(fabs(a[i]), fabs(b[i])) : 0.0), a[i], b[i]);
    }
}

static void *work(void *argument)
{
    job *j = argument;
    worst found[N_ISAS] = {{0}};
    uint64_t step = (uint64_t)BLOCK * j->every, chunk = CHUNK / BLOCK * step;
    for (uint64_t begin; (begin = atomic_fetch_add(&j->next, chunk)) < j->count;)
        for (uint64_t first = begin; first < begin + chunk && first < j->count; first += step) {
            uint64_t left = (j->count - first + j->every - 1) / j->every;
            (j->is_double ? float64_block : float32_block)(j, first, left < BLOCK ? (size_t)left : BLOCK, found);
        }
    pthread_mutex_lock(&j->lock);
    for (int isa = 0; isa < N_ISAS; isa++) {
        uint64_t not_nearest = j->worst[isa].not_nearest + found[isa].not_nearest;
        if (found[isa].ulps > j->worst[isa].ulps)
            j->worst[isa] = found[isa];
        j->worst[isa].not_nearest = not_nearest;
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* Prints one line; false: a bound is broken. */
static bool run(job *j, int n_threads)
{
    pthread_t threads[MOST_THREADS];
    pthread_mutex_init(&j->lock, NULL);
    int started = 0;
    while (started < n_threads && pthread_create(&threads[started], NULL, work, j) == 0)
        started++;
    if (started == 0)
        work(j);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    int op = j->one ? j->one->op : j->two->op;
    double bound =
        j->one ? (j->is_double ? j->one->ulps64 : j->one->ulps32) : (j->is_double ? j->two->ulps64 : j->two->ulps32);
    bool holds = true;
    printf("%-7s %-10s bound %-4g", j->is_double ? "float64" : "float32", primitives[op].name, bound);
    for (int isa = 0; isa < N_ISAS; isa++) {
        const worst *w = &j->worst[isa];
        if (!kernel_of(j, isa))
            continue;
        printf("  %s %.4f at %.17g", isas[isa], w->ulps, w->at[0]);
        if (j->two)
            printf(", %.17g", w->at[1]);
        printf(" (%.3g%%)", 100.0 * (double)w->not_nearest / ((double)j->count / (double)j->every));
        holds = holds && w->ulps <= bound;
    }
    printf("%s\n", holds ? "" : "  BROKEN");
    fflush(stdout);
    pthread_mutex_destroy(&j->lock);
    return holds;
}

static bool wanted(char *const *names, int n_names, int op, bool is_double)
{
    bool any_name = false, name = false, any_type = false, type = false;
    for (int i = 0; i < n_names; i++) {
        if (strcmp(names[i], "f32") == 0 || strcmp(names[i], "f64") == 0) {
            any_type = true;
            type = type || (names[i][1] == '6') == is_double;
        } else {
            any_name = true;
            name = name || strcmp(names[i], primitives[op].name) == 0;
        }
    }
    return (name || !any_name) && (type || !any_type);
}

int main(int argc, char **argv)
{
    uint64_t every = 1;
    const char *only = NULL;
    int n_threads = (int)sysconf(_SC_NPROCESSORS_ONLN), at = 1;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (strcmp(argv[at], "--threads") == 0)
            n_threads = atoi(argv[at + 1]);
        else if (strcmp(argv[at], "--every") == 0)
            every = strtoull(argv[at + 1], NULL, 10);
        else if (strcmp(argv[at], "--isa") == 0)
            only = argv[at + 1];
    }
    if (n_threads > MOST_THREADS)
        n_threads = MOST_THREADS;
    if (every == 0)
        every = 1;
    bool holds = true;
    printf("units in the last place; in brackets the results that are not the nearest number\n");
    for (int is_double = 0; is_double < (LDBL_MANT_DIG > DBL_MANT_DIG ? 2 : 1); is_double++) {
        for (int k = 0; k < N_ACCURACIES; k++) {
            job j = {.one = &accuracies[k], .is_double = is_double, .every = every, .only = only};
            j.count = is_double ? float64_tried : 1ull << 32;
            if (wanted(argv + at, argc - at, j.one->op, is_double))
                holds = run(&j, n_threads) && holds;
        }
        for (int k = 0; k < N_ACCURACIES2; k++) {
            job j = {
                .two = &accuracies2[k], .is_double = is_double, .every = every, .only = only, .count = pairs_tried};
            if (wanted(argv + at, argc - at, j.two->op, is_double))
                holds = run(&j, n_threads) && holds;
        }
    }
    return holds ? 0 : 1;
}
