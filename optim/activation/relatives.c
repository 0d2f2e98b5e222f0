/* Relatives: how near a function comes to those of the catalogue when both sides may be scaled and shifted. For given c
 * and d the best a and b of a·g(c·x + d) + b are a regression, so that the distance is √(1 − r²) with the correlation r
 * of the two; c and d are searched: on a coarse grid for all, by a short simplex for the best of these, and by a long
 * one for the best of those. */
#include "activation.h"
#include "core/base/arena.h"
#include "core/base/plain.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 193, SCREENED = 160, SHORT_STEPS = 25, CANDIDATES = 16, STEPS = 140 };

#define SPREAD 2.0 /* standard deviation of the weight */
#define SAME   1e-6
#define NEARLY 1e-3 /* the distance of what is the same at the points compared alone */

/* Scales of both signs in steps of √2, and where 0 comes to lie. */
enum { SCALES = 9, CENTRES = 5, GRID = 2 * SCALES * CENTRES, EACH = 3, COARSE = (POINTS + EACH - 1) / EACH };

static void grid_point(int k, double *c, double *d)
{
    *c = (k % 2 ? -1 : 1) * exp2((double)(k / 2 % SCALES - SCALES / 2) / 2);
    *d = -*c * (k / 2 / SCALES - CENTRES / 2);
}

/* The functions of the catalogue, made once and then only run. */
static struct {
    pthread_mutex_t lock;
    dg_arena *arena;
    dg_formulas *pool;
    size_t count;
    const dg_program **programs; /* by entry; NULL: none */
    float *values; /* by entry and grid point, at each third point: mean 0, square 1, both weighted, times √weight */
    double points[POINTS], weights[POINTS];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void run(const dg_program *program, const double *points, double *values)
{
    dg_shape shape = DG_SHAPE(POINTS);
    dg_operand operand = {.dtype = DG_FLOAT64, .data = points, .strides = {1}};
    dg_program_run(program, &shape, &operand, DG_FLOAT64, values, 0, POINTS);
}

/* False when the values are no numbers or constant. `scale` and `shift`: what was taken away. */
static bool normalise(double *values, double *scale, double *shift)
{
    double mean = 0, square = 0;
    for (int k = 0; k < POINTS; k++)
        mean += table.weights[k] * values[k];
    for (int k = 0; k < POINTS; k++) {
        values[k] -= mean;
        square += table.weights[k] * values[k] * values[k];
    }
    *shift = mean;
    *scale = sqrt(square);
    if (!isfinite(square) || square <= 1e-24 * mean * mean || square == 0)
        return false;
    for (int k = 0; k < POINTS; k++)
        values[k] /= *scale;
    return true;
}

static float *values_of(size_t entry, int at)
{
    return table.values + (entry * GRID + (size_t)at) * COARSE;
}

/* Of values at all points; 0 where they are no numbers. */
static void make_coarse(const double *values, float *coarse)
{
    double mean = 0, square = 0, total = 0;
    for (int k = 0; k < COARSE; k++) {
        total += table.weights[k * EACH];
        mean += table.weights[k * EACH] * values[k * EACH];
    }
    for (int k = 0; k < COARSE; k++)
        square += table.weights[k * EACH] * pow(values[k * EACH] - mean / total, 2);
    bool is_fine = isfinite(square) && square > 0;
    for (int k = 0; k < COARSE; k++)
        coarse[k] = is_fine ? (float)(sqrt(table.weights[k * EACH] / square) * (values[k * EACH] - mean / total)) : 0;
}

static void moved_values(const dg_program *program, double c, double d, double *values)
{
    double points[POINTS];
    for (int k = 0; k < POINTS; k++)
        points[k] = c * table.points[k] + d;
    run(program, points, values);
}

/* False: no memory. */
static bool make_entry(size_t index)
{
    const dg_catalogue_entry *entry = dg_catalogue_at(index);
    dg_activation read = {.arena = table.arena};
    const dg_formula *formula;
    dg_program *program;
    const char *names[1] = {"x"};
    if (entry->left_out)
        return true;
    dg_status status = read_function(&read, entry->formula);
    if (status.code == DG_OK)
        status = dg_formula_parse(table.pool, read.text, read.bindings, read.n_parameters, names, 1, &formula);
    if (status.code == DG_OK)
        status = dg_program_make(table.arena, formula, DG_FLOAT64, &program);
    if (status.code != DG_OK)
        return status.code != DG_NO_MEMORY;
    table.programs[index] = program;
    for (int k = 0; k < GRID; k++) {
        double c, d, values[POINTS];
        grid_point(k, &c, &d);
        moved_values(program, c, d, values);
        make_coarse(values, values_of(index, k));
    }
    return true;
}

static bool make_entries(void)
{
    size_t n = dg_catalogue_count();
    table.programs = calloc(n + 1, sizeof *table.programs);
    table.values = calloc((n + 1) * GRID * COARSE, sizeof *table.values);
    if (!n || !table.programs || !table.values || dg_arena_new(&table.arena).code != DG_OK ||
        dg_formulas_new(&table.pool).code != DG_OK)
        return false;
    for (size_t k = 0; k < n; k++)
        if (!make_entry(k))
            return false;
    table.count = n;
    return true;
}

/* Whole or, without memory, not at all: the next call tries again. */
static void make_table(void)
{
    double total = 0;
    for (int k = 0; k < POINTS; k++) {
        table.points[k] = 8.0 * (k - POINTS / 2) / (POINTS / 2) + 1e-7;
        table.weights[k] = exp(-table.points[k] * table.points[k] / (2 * SPREAD * SPREAD));
        total += table.weights[k];
    }
    for (int k = 0; k < POINTS; k++)
        table.weights[k] /= total;
    if (make_entries())
        return;
    dg_formulas_free(table.pool);
    dg_arena_free(table.arena);
    free(table.programs);
    free(table.values);
    table.pool = NULL;
    table.arena = NULL;
    table.programs = NULL;
    table.values = NULL;
}

static bool find_table(void)
{
    pthread_mutex_lock(&table.lock);
    if (!table.count)
        make_table();
    bool is_there = table.count > 0;
    pthread_mutex_unlock(&table.lock);
    return is_there;
}

static double correlation(const double *f, const double *g)
{
    double sum = 0;
    for (int k = 0; k < POINTS; k++)
        sum += table.weights[k] * f[k] * g[k];
    return sum;
}

/* The distance for one c and d; √(1 − r²) by the rest itself, where r is nearly 1. */
static double distance_at(const double *f, const dg_program *program, double c, double d)
{
    double g[POINTS], scale, shift, rest = 0;
    moved_values(program, c, d, g);
    if (fabs(c) < 0.05 || fabs(c) > 20 || !normalise(g, &scale, &shift))
        return 1;
    double r = correlation(f, g);
    for (int k = 0; k < POINTS; k++)
        rest += table.weights[k] * (f[k] - r * g[k]) * (f[k] - r * g[k]);
    return sqrt(rest);
}

typedef struct corner {
    double c, d, distance;
} corner;

static int compare_corners(const void *a, const void *b)
{
    double p = ((const corner *)a)->distance, q = ((const corner *)b)->distance;
    return (p > q) - (p < q);
}

/* Nelder and Mead's simplex in c and d. */
static corner refine(const double *f, const dg_program *program, double c, double d, int steps)
{
    corner s[3] = {{c, d, 0}, {c * 1.15, d + 0.05, 0}, {c * 0.9, d - 0.15, 0}};
    for (int k = 0; k < 3; k++)
        s[k].distance = distance_at(f, program, s[k].c, s[k].d);
    for (int step = 0; step < steps; step++) {
        qsort(s, 3, sizeof *s, compare_corners);
        if (s[0].distance < 1e-9 || fabs(s[2].c - s[0].c) + fabs(s[2].d - s[0].d) < 1e-10)
            break;
        double mc = (s[0].c + s[1].c) / 2, md = (s[0].d + s[1].d) / 2;
        corner r = {2 * mc - s[2].c, 2 * md - s[2].d, 0};
        r.distance = distance_at(f, program, r.c, r.d);
        if (r.distance < s[0].distance) {
            corner e = {3 * mc - 2 * s[2].c, 3 * md - 2 * s[2].d, 0};
            e.distance = distance_at(f, program, e.c, e.d);
            s[2] = e.distance < r.distance ? e : r;
        } else if (r.distance < s[1].distance) {
            s[2] = r;
        } else {
            corner in = {(mc + s[2].c) / 2, (md + s[2].d) / 2, 0};
            in.distance = distance_at(f, program, in.c, in.d);
            if (in.distance < s[2].distance) {
                s[2] = in;
            } else {
                for (int k = 1; k < 3; k++) {
                    s[k].c = (s[k].c + s[0].c) / 2;
                    s[k].d = (s[k].d + s[0].d) / 2;
                    s[k].distance = distance_at(f, program, s[k].c, s[k].d);
                }
            }
        }
    }
    qsort(s, 3, sizeof *s, compare_corners);
    return s[0];
}

/* The best grid point of each entry. */
static void screen(const double *f, dg_relative *all)
{
    float coarse[COARSE];
    make_coarse(f, coarse);
    for (size_t i = 0; i < table.count; i++) {
        all[i] = (dg_relative){.entry = dg_catalogue_at(i), .distance = 2};
        float best = -1;
        for (int k = 0; table.programs[i] && k < GRID; k++) {
            const float *values = values_of(i, k);
            float r = 0;
            for (int j = 0; j < COARSE; j++)
                r += coarse[j] * values[j];
            if (fabsf(r) <= best)
                continue;
            best = fabsf(r);
            grid_point(k, &all[i].c, &all[i].d);
            all[i].distance = sqrt(fmax(0, 1 - (double)r * (double)r));
        }
    }
}

static int compare_relatives(const void *a, const void *b)
{
    const dg_relative *p = a, *q = b;
    if (p->distance != q->distance && !(p->distance < SAME && q->distance < SAME))
        return p->distance < q->distance ? -1 : 1;
    return p->entry < q->entry ? -1 : p->entry > q->entry; /* as the catalogue has them */
}

static double value_of(const dg_program *program, double x)
{
    double value;
    dg_shape shape = dg_scalar();
    dg_operand operand = {.dtype = DG_FLOAT64, .data = &x};
    dg_program_run(program, &shape, &operand, DG_FLOAT64, &value, 0, 1);
    return value;
}

static bool same_at(const dg_activation *a, const dg_program *program, const dg_relative *r, double x)
{
    double want = value_at(a, 0, x), got = r->a * value_of(program, r->c * x + r->d) + r->b;
    return !isfinite(want) || fabs(got - want) <= 1e-4 * (1e-3 + fabs(want));
}

/* Whether the two are the same beyond the points that were compared, and between them, where the one of the catalogue
 * may bend when it is scaled by much. */
static bool same_elsewhere(const dg_activation *a, const dg_program *program, const dg_relative *r)
{
    static const double far[] = {9, 13, 22, 57, 150}, own[] = {-1.7, -0.9, -0.6, -0.2, 0.03, 0.3, 0.8, 1.4, 2.6};
    for (int k = 0; k < 10; k++)
        if (!same_at(a, program, r, k % 2 ? far[k / 2] : -far[k / 2]))
            return false;
    for (size_t k = 0; k < sizeof own / sizeof *own; k++)
        if (!same_at(a, program, r, (own[k] - r->d) / r->c))
            return false;
    return true;
}

static const dg_program *program_of(const dg_relative *r)
{
    return table.programs[r->entry - dg_catalogue_at(0)];
}

/* The grid is coarse: what is the same function may come behind many that are not. */
static void refine_shortly(const double *f, dg_relative *r)
{
    corner best = refine(f, program_of(r), r->c, r->d, SHORT_STEPS);
    *r = (dg_relative){.entry = r->entry, .distance = best.distance, .c = best.c, .d = best.d};
}

static void refine_one(const dg_activation *a, const double *f, double scale, double shift, dg_relative *r)
{
    const dg_program *program = program_of(r);
    corner best = refine(f, program, r->c, r->d, STEPS);
    double c0 = rint(4 * best.c) / 4; /* a simple scale that does as well is the better answer */
    const double simple[][2] = {{1, 0}, {-1, 0}, {2, 0}, {0.5, 0}, {c0, 0}};
    for (int k = 4; k >= 0; k--) {
        double distance = distance_at(f, program, simple[k][0], simple[k][1]);
        if (distance < SAME || distance <= best.distance)
            best = (corner){simple[k][0], simple[k][1], distance};
    }
    double g[POINTS], g_scale, g_shift;
    moved_values(program, best.c, best.d, g);
    if (!normalise(g, &g_scale, &g_shift))
        return;
    double slope = correlation(f, g) * scale / g_scale;
    *r = (dg_relative){r->entry, best.distance, slope, shift - slope * g_shift, best.c, best.d};
    if (r->distance < SAME && !same_elsewhere(a, program, r))
        r->distance = NEARLY;
}

int dg_activation_relatives(const dg_activation *activation, dg_relative *relatives, int most)
{
    if (!activation || !relatives || most < 1)
        return 0;
    double f[POINTS], scale, shift;
    dg_relative *all = find_table() ? malloc((table.count + 1) * sizeof *all) : NULL;
    if (!all) {
        arena_fail(activation->arena);
        return -1;
    }
    dg_activation_values(activation, 0, table.points, f, POINTS);
    if (!normalise(f, &scale, &shift)) {
        free(all);
        return 0;
    }
    screen(f, all);
    qsort(all, table.count, sizeof *all, compare_relatives);
    int screened = table.count < SCREENED ? (int)table.count : SCREENED, n = 0;
    int tried = screened < CANDIDATES ? screened : CANDIDATES;
    for (int k = 0; k < screened; k++)
        if (all[k].distance < 2)
            refine_shortly(f, &all[k]);
    qsort(all, (size_t)screened, sizeof *all, compare_relatives);
    for (int k = 0; k < tried; k++)
        if (all[k].distance < 2)
            refine_one(activation, f, scale, shift, &all[k]);
    qsort(all, (size_t)tried, sizeof *all, compare_relatives);
    for (; n < most && n < tried && all[n].distance < 2; n++)
        relatives[n] = all[n];
    free(all);
    return n;
}

/* 0.66667 · SiLU(1.5 x) + 0.25: without what is 1 or 0, as far as it was found. */
static void relation(const dg_relative *r, char *text, size_t size)
{
    enum { PART = 32 };
    const double found = 1e-6;
    char factor[PART] = "", inner[PART] = "x", shift[PART] = "", added[PART] = "";
    if (fabs(r->a - 1) >= found)
        plain_print(factor, PART, "%.5g · ", r->a);
    if (fabs(r->c - 1) >= found)
        plain_print(inner, PART, "%.5g x", r->c);
    if (fabs(r->d) >= found)
        plain_print(shift, PART, " %c %.5g", r->d < 0 ? '-' : '+', fabs(r->d));
    if (fabs(r->b) >= found)
        plain_print(added, PART, " %c %.5g", r->b < 0 ? '-' : '+', fabs(r->b));
    bool plain = !*factor && strcmp(inner, "x") == 0 && !*shift && !*added;
    if (plain)
        snprintf(text, size, "%s itself", r->entry->title);
    else
        snprintf(text, size, "%s%s(%s%s)%s", factor, r->entry->title, inner, shift, added);
}

void add_relatives(dg_activation *a)
{
    enum { MOST = 8 };
    dg_relative found[MOST];
    char text[300];
    int n = dg_activation_relatives(a, found, MOST), same = 0;
    for (int k = 0; k < n; k++) {
        relation(&found[k], text, sizeof text);
        bool is_same = found[k].distance < SAME;
        same += is_same;
        if (is_same)
            add_fact(a, "relatives", "same_as", "the same function as", DG_SAMPLED, found[k].distance,
                     found[k].distance, "%s: %s%s%s", found[k].entry->name, text, *found[k].entry->authors ? "; " : "",
                     found[k].entry->authors);
        else
            add_fact(a, "relatives", "relative", "near", DG_SAMPLED, found[k].distance, found[k].distance,
                     "%s, distance %.3g: %s", found[k].entry->name, found[k].distance, text);
    }
    double nearest = n ? found[0].distance : NAN;
    add_fact(a, "relatives", "is_new", "is it new?", DG_SAMPLED, nearest, nearest, "%s",
             same             ? "no: it is in the catalogue, up to scaling"
             : nearest < 0.01 ? "hardly: within 1 % of a published function"
             : nearest < 0.05 ? "a variation: within 5 % of a published function"
                              : "yes, as far as the catalogue goes");
}
