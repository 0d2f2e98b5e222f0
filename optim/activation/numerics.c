/* The facts of arithmetic: float32 kernels against enclosures of the true values, before and after the stable rewrites;
 * and the symbolic derivatives against reverse mode, forward mode and finite differences.
 *
 * The reference is interval arithmetic in float64 at the very point: it holds the true value, and where it is narrower
 * than a hundredth of a float32 unit in the last place (nearly everywhere) it is as good as any number of digits; other
 * points are counted as not decided. A caller may bring a better one (dg_activation_options): it is asked at every
 * sample, or, where all float32 numbers are compared, at those points alone. */
#include "activation.h"
#include "core/base/arena.h"
#include "core/base/plain.h"

#include <dotgrad/autograd.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/source.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTION "numerics"

enum { BLOCK = 4096, LOST = 256 /* 8 bits */ };

typedef struct errors {
    int64_t compared, undecided, lost, overflowed, wrong_nan;
    double worst, worst_at;
    double lost_from, lost_to, over_from, over_to; /* first run of points */
    bool in_lost, in_over, lost_closed, over_closed;
} errors;

static double unit_of(double value)
{
    double size = fabs(value);
    return size < 0x1p-126 ? 0x1p-149 : exp2(floor(log2(size)) - 23);
}

static void run_of(bool bad, double x, bool *inside, bool *closed, double *from, double *to)
{
    if (bad && !*closed) {
        *from = *inside ? *from : x;
        *to = x;
        *inside = true;
    } else if (*inside) {
        *closed = true;
    }
}

/* f^(order) at a point, as good as float32 can tell; or not known. */
typedef struct true_value {
    double value;
    bool known;
} true_value;

static true_value truth_at(const dg_activation *a, int order, double x)
{
    dg_interval truth = enclose_at(a, order, x, x);
    true_value made = {.value = truth.lo / 2 + truth.hi / 2};
    made.known =
        isfinite(truth.lo) && isfinite(truth.hi) && !truth.partial && truth.hi - truth.lo <= 0.01 * unit_of(made.value);
    double exact;
    if (a->reference && !(a->exhaustive && made.known) &&
        a->reference(a->reference_argument, dg_activation_text(a, order), x, &exact))
        made = (true_value){exact, true};
    return made;
}

static void compare_one(true_value truth, float x, float got, errors *e)
{
    bool sure = truth.known, over = sure && fabs(truth.value) < LARGEST && !isfinite(got);
    if (!isfinite(got) && !sure)
        e->undecided++;
    run_of(over, x, &e->in_over, &e->over_closed, &e->over_from, &e->over_to);
    e->overflowed += over;
    if (!sure || fabs(truth.value) >= LARGEST || over) {
        e->undecided += !sure && isfinite(got);
        run_of(false, x, &e->in_lost, &e->lost_closed, &e->lost_from, &e->lost_to);
        return;
    }
    double ulps = fabs((double)got - truth.value) / unit_of(truth.value);
    e->compared++;
    e->lost += ulps > LOST;
    run_of(ulps > LOST, x, &e->in_lost, &e->lost_closed, &e->lost_from, &e->lost_to);
    if (ulps > e->worst) {
        e->worst = ulps;
        e->worst_at = x;
    }
}

/* A kernel whose numbers are compared. */
typedef struct comparison {
    int order;
    const char *which; /* "": as it is; "_written" */
    dg_program *program;
    errors e;
} comparison;
enum { COMPARISONS = 6 };

/* A block of all comparisons of f, then of f′, then of f″: the true values are found once for each. */
static void compare_block(const dg_activation *a, const float *x, int64_t n, comparison *list, int n_list)
{
    float got[BLOCK];
    true_value truths[BLOCK];
    dg_shape shape = DG_SHAPE(n);
    dg_operand operand = {.dtype = DG_FLOAT32, .data = x, .strides = {1}};
    for (int order = 0; order < 3; order++) {
        for (int64_t k = 0; k < n; k++)
            truths[k] = truth_at(a, order, x[k]);
        for (int c = 0; c < n_list; c++) {
            if (list[c].order != order || !list[c].program)
                continue;
            dg_program_run(list[c].program, &shape, &operand, DG_FLOAT32, got, 0, n);
            for (int64_t k = 0; k < n; k++)
                compare_one(truths[k], x[k], got[k], &list[c].e);
        }
    }
}

static int compare_floats(const void *a, const void *b)
{
    float p = *(const float *)a, q = *(const float *)b;
    return (p > q) - (p < q);
}

/* All sizes of both signs, and densely the numbers that networks have; in order. */
static int64_t fill_points(float *x, int64_t n)
{
    int64_t half = n / 4, count = 0;
    for (int64_t k = 0; k < half; k++) {
        double size = exp2(-60 + 187.9 * (double)k / (double)half);
        x[count++] = (float)size;
        x[count++] = (float)-size;
    }
    for (int64_t k = 0; count < n; k++) {
        double t = 2 * (double)k / (double)(n - 2 * half) - 1;
        x[count++] = (float)(t * (k % 3 == 0 ? 120 : k % 3 == 1 ? 20 : 4) + 1e-3 * (double)(k % 7));
    }
    qsort(x, (size_t)count, sizeof *x, compare_floats);
    return count;
}

static void compare_samples(const dg_activation *a, comparison *list, int n_list)
{
    float *x = malloc((size_t)(a->samples + 8) * sizeof *x);
    if (!x) {
        arena_fail(a->arena);
        return;
    }
    int64_t n = fill_points(x, a->samples);
    for (int64_t at = 0; at < n; at += BLOCK)
        compare_block(a, x + at, n - at < BLOCK ? n - at : BLOCK, list, n_list);
    free(x);
}

static void compare_all(const dg_activation *a, comparison *list, int n_list)
{
    float x[BLOCK];
    for (uint64_t from = 0; from < UINT64_C(1) << 32; from += BLOCK) {
        int64_t n = 0;
        for (uint64_t k = 0; k < BLOCK; k++) {
            uint32_t bits = (uint32_t)(from + k);
            float value;
            memcpy(&value, &bits, sizeof value);
            if (isfinite(value))
                x[n++] = value;
        }
        if (n)
            compare_block(a, x, n, list, n_list);
    }
}

static void add_errors(dg_activation *a, int order, const char *which, const errors *e)
{
    static const char *const short_names[] = {"f", "df", "d2f"}, *const labels[] = {"f", "f′", "f″"};
    char name[64], label[100], text[700];
    int used;
    int64_t all = e->compared + e->undecided + e->overflowed;
    double share = all ? 100.0 / (double)all : 0;
    snprintf(name, sizeof name, "ulp_%s%s", short_names[order], which);
    snprintf(label, sizeof label, "%s in float32%s", labels[order], *which ? ", as written" : "");
    used =
        plain_print(text, sizeof text, "worst error %.3g units in the last place, at x = %.9g", e->worst, e->worst_at);
    if (e->lost)
        used += plain_print(text + used, sizeof text - (size_t)used,
                            "; more than 8 bits lost at %.2g %% of the points, first from x = %.6g to %.6g",
                            share * (double)e->lost, e->lost_from, e->lost_to);
    if (e->overflowed)
        used += plain_print(text + used, sizeof text - (size_t)used,
                            "; no finite number at %.2g %%, though there is one, first from x = %.6g to %.6g",
                            share * (double)e->overflowed, e->over_from, e->over_to);
    if (e->undecided)
        plain_print(text + used, sizeof text - (size_t)used, "; %.2g %% not decided", share * (double)e->undecided);
    add_fact(a, SECTION, name, label, a->exhaustive && !*which ? DG_PROVED : DG_SAMPLED, e->worst, e->worst, "%s",
             text);
    snprintf(name, sizeof name, "overflow_%s%s", short_names[order], which);
    snprintf(label, sizeof label, "%s: numbers without a finite result%s", labels[order], *which ? ", as written" : "");
    add_fact(a, SECTION, name, label, DG_SAMPLED, (double)e->overflowed, (double)e->overflowed, "%lld of %lld",
             (long long)e->overflowed, (long long)all);
}

/* f, f′ and f″ with every expression as it was written. */
static void make_written(const dg_activation *a, dg_arena *arena, comparison *list)
{
    dg_formulas *pool;
    const dg_formula *f;
    const char *names[1] = {"x"};
    if (!is_made(a, dg_formulas_new(&pool)))
        return;
    dg_formulas_keep_written(pool, true);
    dg_status status = dg_formula_parse(pool, a->text, a->bindings, a->n_parameters, names, 1, &f);
    for (int order = 0; order < 3 && status.code == DG_OK; order++) {
        if (!is_made(a, dg_program_make(arena, f, DG_FLOAT32, &list[order].program)))
            list[order].program = NULL;
        if (order < 2)
            status = dg_formula_derivative(pool, f, 0, &f);
    }
    is_made(a, status);
    dg_formulas_free(pool);
}

static void measure(dg_activation *a)
{
    comparison list[COMPARISONS];
    dg_arena *arena;
    if (!is_made(a, dg_arena_new(&arena)))
        return;
    for (int k = 0; k < COMPARISONS; k++) {
        list[k] = (comparison){.order = k % 3, .which = k < 3 ? "" : "_written"};
        if (k < 3 && !is_made(a, dg_program_make(arena, a->orders[k], DG_FLOAT32, &list[k].program)))
            list[k].program = NULL;
    }
    make_written(a, arena, list + 3);
    if (a->exhaustive) {
        compare_all(a, list, 3);
        compare_samples(a, list + 3, 3);
    } else {
        compare_samples(a, list, COMPARISONS);
    }
    add_fact(a, SECTION, "reference", "errors in float32 are measured against", DG_COMPUTED, NAN, NAN, "%s",
             a->reference_name);
    for (int k = 0; k < COMPARISONS; k++)
        if (list[k].program)
            add_errors(a, list[k].order, list[k].which, &list[k].e);
    dg_arena_free(arena);
}

/* ---- derivatives ---- */

static bool near_break(const dg_activation *a, double x)
{
    for (int k = 0; k < a->n_breaks; k++)
        if (fabs(a->breaks[k] - x) < 0.02)
            return true;
    return false;
}

enum { CHECKED = 48 };

static int check_points(const dg_activation *a, double *x)
{
    int n = 0;
    for (int k = 0; k < CHECKED; k++) {
        double t = -6 + 12.0 * k / (CHECKED - 1) + 0.0137;
        if (!near_break(a, t) && isfinite(value_at(a, 2, t)) && fabs(value_at(a, 2, t)) < 1e6)
            x[n++] = t;
    }
    return n;
}

/* Both derivatives against Richardson's central differences. */
static void check_differences(dg_activation *a, const double *x, int n)
{
    double worst = 0, at = 0;
    for (int k = 0; k < n; k++)
        for (int order = 1; order <= 2; order++) {
            double h = 2e-3, estimates[2];
            for (int i = 0; i < 2; i++, h /= 2)
                estimates[i] = (value_at(a, order - 1, x[k] + h) - value_at(a, order - 1, x[k] - h)) / (2 * h);
            double want = (4 * estimates[1] - estimates[0]) / 3, got = value_at(a, order, x[k]);
            double size = fmax(1, fmax(fabs(value_at(a, 3, x[k])), fabs(got))), error = fabs(got - want) / size;
            if (error > worst) {
                worst = error;
                at = x[k];
            }
        }
    add_fact(a, SECTION, "check_differences", "f′ and f″ against finite differences", DG_SAMPLED, worst, worst,
             "%s: largest relative difference %.2g%s", worst < 1e-5 ? "agree" : "DIFFER", worst,
             worst < 1e-5 ? "" : " (fast oscillation makes differences rough)");
    (void)at;
}

static dg_status check_graph(dg_activation *a, const double *x, int n, dg_check_report **report)
{
    dg_graph *g;
    dg_tensor feed = {.dtype = DG_FLOAT64, .shape = DG_SHAPE(n), .data = (void *)(uintptr_t)x};
    DG_TRY(dg_graph_new(&g));
    dg_node *input = dg_input(g, DG_SHAPE(n), .name = "x", .dtype = DG_FLOAT64);
    dg_node *loss = dg_sum(dg_expr(formula_text(a, a->orders[0]), {"x", input}));
    dg_status status = dg_graph_status(g);
    if (status.code == DG_OK)
        status = dg_check_gradients(&(dg_check_options){.loss = loss,
                                                        .feeds = &(dg_feed){input, &feed},
                                                        .n_feeds = 1,
                                                        .elements = CHECKED,
                                                        .directions = 1,
                                                        .tolerance = 1e-5},
                                    report);
    dg_graph_free(g);
    return status;
}

static void add_check(dg_activation *a, const double *x, int n)
{
    dg_check_report *report;
    dg_status status = check_graph(a, x, n, &report);
    if (!is_made(a, status)) {
        add_fact(a, SECTION, "check_modes", "reverse and forward mode, orders 1 and 2", DG_SAMPLED, NAN, NAN,
                 "not checked: %s", status.message);
        return;
    }
    add_fact(a, SECTION, "check_modes", "reverse and forward mode, orders 1 and 2", DG_SAMPLED, (double)report->failed,
             (double)report->failed, "%s: %lld compared with finite differences, %lld wrong",
             report->failed ? "DIFFER" : "agree", (long long)report->checked, (long long)report->failed);
    dg_check_report_free(report);
}

/* NaN where the limit exists: the derivatives at all sizes, in both float types. */
static void add_nan(dg_activation *a)
{
    enum { N = 2048 };
    float narrow[N], got[N];
    double wide[N], values[N], first = NAN;
    int64_t n = fill_points(narrow, N), found = 0;
    dg_shape shape = DG_SHAPE(n);
    dg_arena *arena;
    if (!is_made(a, dg_arena_new(&arena)))
        return;
    for (int64_t k = 0; k < n; k++)
        wide[k] = narrow[k];
    for (int order = 0; order < 3; order++) {
        dg_program *program;
        dg_operand operand = {.dtype = DG_FLOAT32, .data = narrow, .strides = {1}};
        if (is_made(a, dg_program_make(arena, a->orders[order], DG_FLOAT32, &program)))
            dg_program_run(program, &shape, &operand, DG_FLOAT32, got, 0, n);
        dg_activation_values(a, order, wide, values, (size_t)n);
        for (int64_t k = 0; k < n; k++)
            if (isnan(got[k]) || isnan(values[k])) {
                first = isnan(first) ? wide[k] : first;
                found++;
            }
    }
    dg_arena_free(arena);
    if (found)
        add_fact(a, SECTION, "nan", "NaN in f, f′, f″", DG_SAMPLED, (double)found, (double)found,
                 "%lld of %lld values, first at x = %.6g", (long long)found, (long long)(6 * n), first);
    else
        add_fact(a, SECTION, "nan", "NaN in f, f′, f″", DG_SAMPLED, 0, 0, "none");
}

void add_numerics(dg_activation *a)
{
    double x[CHECKED];
    measure(a);
    add_nan(a);
    int n = check_points(a, x);
    if (n) {
        check_differences(a, x, n);
        add_check(a, x, n);
    }
}
