/* The facts of arithmetic: float32 kernels against enclosures of the true values, before and after the stable rewrites;
 * and the symbolic derivatives against reverse mode, forward mode and finite differences.
 *
 * The reference is interval arithmetic in float64 at the very point: it holds the true value, and where it is narrower
 * than a hundredth of a float32 unit in the last place (nearly everywhere) it is as good as any number of digits; other
 * points are counted as not decided. A caller may bring a better one (dg_activation_options): it is asked at every
 * sample, or, where all float32 numbers are compared, at those points alone. What decided is counted, and told. */
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

/* Numbers where something is amiss: the first run of them, where they come in order; else from the least of them to the
 * largest. */
typedef struct run {
    double from, to;
    bool inside, closed;
} run;

typedef struct errors {
    int64_t compared, undecided, lost, overflowed, wrong_nan;
    double worst, worst_at;
    run lost_at, over_at;
} errors;

static double unit_of(double value)
{
    double size = fabs(value);
    return size < 0x1p-126 ? 0x1p-149 : exp2(floor(log2(size)) - 23);
}

static void run_on(run *r, bool bad, double x, bool in_order)
{
    if (bad && !(in_order && r->closed)) {
        r->from = r->inside && (in_order || r->from < x) ? r->from : x;
        r->to = r->inside && !in_order && r->to > x ? r->to : x;
        r->inside = true;
    } else if (!bad && r->inside) {
        r->closed = true;
    }
}

/* f^(order) at a point, as good as float32 can tell; or not known. */
typedef struct true_value {
    double value;
    bool known;
} true_value;

/* A kernel whose numbers are compared. */
typedef struct comparison {
    int order;
    const char *which; /* "": as it is; "_written" */
    dg_program *program;
    errors e;
} comparison;
enum { COMPARED_ORDERS = 3, COMPARISONS = 2 * COMPARED_ORDERS };

/* All that a comparison of kernels is of. */
typedef struct measurement {
    const dg_activation *a;
    dg_enclosure *enclosure; /* of f, f′ and f″ alone */
    comparison list[COMPARISONS];
    int64_t by_intervals, by_reference, by_none; /* values: what has decided them */
    double share;                                /* of all float32 numbers that were looked at; 0: samples */
    bool intervals_first;                        /* the reference is asked where they leave it open */
} measurement;

/* As `truth`, when it is narrow enough. */
static true_value value_of(dg_interval truth)
{
    true_value made = {.value = truth.lo / 2 + truth.hi / 2};
    made.known =
        isfinite(truth.lo) && isfinite(truth.hi) && !truth.partial && truth.hi - truth.lo <= 0.01 * unit_of(made.value);
    return made;
}

static void find_truths(measurement *m, double x, true_value truths[COMPARED_ORDERS])
{
    const dg_activation *a = m->a;
    const dg_interval at = dg_interval_of(x, x);
    dg_interval enclosed[COMPARED_ORDERS];
    dg_enclose(m->enclosure, &at, enclosed);
    for (int order = 0; order < COMPARED_ORDERS; order++) {
        true_value made = value_of(enclosed[order]);
        double exact;
        bool asked = a->reference && !(m->intervals_first && made.known) &&
                     a->reference(a->reference_argument, dg_activation_text(a, order), x, &exact);
        truths[order] = asked ? (true_value){exact, true} : made;
        m->by_reference += asked;
        m->by_intervals += !asked && made.known;
        m->by_none += !asked && !made.known;
    }
}

static void compare_one(true_value truth, float x, float got, bool in_order, errors *e)
{
    bool sure = truth.known, over = sure && fabs(truth.value) < LARGEST && !isfinite(got);
    if (!isfinite(got) && !sure)
        e->undecided++;
    run_on(&e->over_at, over, x, in_order);
    e->overflowed += over;
    if (!sure || fabs(truth.value) >= LARGEST || over) {
        e->undecided += !sure && isfinite(got);
        run_on(&e->lost_at, false, x, in_order);
        return;
    }
    double ulps = fabs((double)got - truth.value) / unit_of(truth.value);
    e->compared++;
    e->lost += ulps > LOST;
    run_on(&e->lost_at, ulps > LOST, x, in_order);
    if (ulps > e->worst) {
        e->worst = ulps;
        e->worst_at = x;
    }
}

/* A block of all comparisons of `list`, by order: the true values are found once for each number. */
static void compare_block(measurement *m, const float *x, int64_t n, bool in_order, comparison *list, int n_list)
{
    float got[BLOCK];
    true_value truths[BLOCK][COMPARED_ORDERS];
    dg_shape shape = DG_SHAPE(n);
    dg_operand operand = {.dtype = DG_FLOAT32, .data = x, .strides = {1}};
    for (int64_t k = 0; k < n; k++)
        find_truths(m, x[k], truths[k]);
    for (int c = 0; c < n_list; c++) {
        if (!list[c].program)
            continue;
        dg_program_run(list[c].program, &shape, &operand, DG_FLOAT32, got, 0, n);
        for (int64_t k = 0; k < n; k++)
            compare_one(truths[k][list[c].order], x[k], got[k], in_order, &list[c].e);
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

static void compare_samples(measurement *m, comparison *list, int n_list)
{
    float *x = malloc((size_t)(m->a->samples + 8) * sizeof *x);
    if (!x) {
        arena_fail(m->a->arena);
        return;
    }
    int64_t n = fill_points(x, m->a->samples);
    for (int64_t at = 0; at < n; at += BLOCK)
        compare_block(m, x + at, n - at < BLOCK ? n - at : BLOCK, true, list, n_list);
    free(x);
}

static uint32_t bits_reversed(uint32_t number, int bits)
{
    uint32_t made = 0;
    for (int k = 0; k < bits; k++)
        made |= (number >> k & 1) << (bits - 1 - k);
    return made;
}

/* Block by block: each has numbers of both signs, all exponents and eight parts of each, and the next ones lie between
 * them, so that wherever it is ended what was looked at lies evenly over all numbers. */
static void compare_all(measurement *m, comparison *list, int n_list)
{
    enum { BLOCK_BITS = 12, BITS = 32 - BLOCK_BITS, EVERY = 16 };
    const dg_activation *a = m->a;
    const uint32_t blocks = UINT32_C(1) << BITS;
    float x[1 << BLOCK_BITS];
    m->intervals_first = true;
    for (uint32_t i = 0; i < blocks; i++) {
        const uint32_t low = bits_reversed(i, BITS);
        int64_t n = 0;
        if (a->progress && i % EVERY == 0 && !a->progress(a->progress_argument, (double)i / blocks))
            return;
        for (uint32_t k = 0; k < 1 << BLOCK_BITS; k++) {
            const uint32_t bits = k << BITS | low;
            float value;
            memcpy(&value, &bits, sizeof value);
            if (isfinite(value))
                x[n++] = value;
        }
        if (n)
            compare_block(m, x, n, false, list, n_list);
        m->share = (double)(i + 1) / blocks;
    }
    if (a->progress)
        a->progress(a->progress_argument, 1);
}

/* Of a list that was compared over all numbers, or over samples. */
static void add_errors(dg_activation *a, const comparison *c, bool sampled, bool whole)
{
    static const char *const short_names[] = {"f", "df", "d2f"}, *const labels[] = {"f", "f′", "f″"};
    const errors *e = &c->e;
    const char *where = sampled ? "first from x =" : "all from x =", *as = *c->which ? ", as written" : "";
    const dg_evidence evidence = whole && !e->undecided ? DG_PROVED : DG_SAMPLED;
    char name[64], label[100], text[700];
    int64_t all = e->compared + e->undecided + e->overflowed;
    double share = all ? 100.0 / (double)all : 0;
    snprintf(name, sizeof name, "ulp_%s%s", short_names[c->order], c->which);
    snprintf(label, sizeof label, "%s in float32%s", labels[c->order], as);
    int used =
        plain_print(text, sizeof text, "worst error %.3g units in the last place, at x = %.9g", e->worst, e->worst_at);
    if (e->lost)
        used += plain_print(text + used, sizeof text - (size_t)used,
                            "; more than 8 bits lost at %.2g %% of the points, %s %.6g to %.6g",
                            share * (double)e->lost, where, e->lost_at.from, e->lost_at.to);
    if (e->overflowed)
        used += plain_print(text + used, sizeof text - (size_t)used,
                            "; no finite number at %.2g %%, though there is one, %s %.6g to %.6g",
                            share * (double)e->overflowed, where, e->over_at.from, e->over_at.to);
    if (e->undecided)
        plain_print(text + used, sizeof text - (size_t)used, "; %.2g %% not decided", share * (double)e->undecided);
    add_fact(a, SECTION, name, label, evidence, e->worst, e->worst, "%s", text);
    snprintf(name, sizeof name, "overflow_%s%s", short_names[c->order], c->which);
    snprintf(label, sizeof label, "%s: numbers without a finite result%s", labels[c->order], as);
    add_fact(a, SECTION, name, label, evidence, (double)e->overflowed, (double)e->overflowed, "%lld of %lld",
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

/* What the errors were measured at, and against. */
static void add_reference(dg_activation *a, const measurement *m)
{
    const double all = (double)(m->by_intervals + m->by_reference + m->by_none), unit = all > 0 ? 100 / all : 0;
    char text[300], at[100];
    if (m->share >= 1)
        snprintf(at, sizeof at, "every finite float32 number%s",
                 m->list[COMPARED_ORDERS].program ? "; as written: samples" : "");
    else if (m->share > 0)
        plain_print(at, sizeof at, "%.3g %% of all float32 numbers, spread evenly: interrupted", 100 * m->share);
    else
        snprintf(at, sizeof at, "%d numbers%s", a->samples,
                 a->exhaustive ? ": interrupted before the first of all" : "");
    add_fact(a, SECTION, "compared", "errors in float32 are measured at", DG_COMPUTED, 100 * m->share, 100 * m->share,
             "%s", at);
    int used = 0;
    if (m->by_intervals && a->reference)
        used = plain_print(text, sizeof text, "interval arithmetic in float64 at %.4g %% of the values%s",
                           unit * (double)m->by_intervals, m->by_reference ? ", " : "");
    if (m->by_reference && m->by_intervals)
        used += plain_print(text + used, sizeof text - (size_t)used, "%s at %.3g %%", a->reference_name,
                            unit * (double)m->by_reference);
    if (used == 0)
        used = plain_print(text, sizeof text, "%s", a->reference_name);
    if (m->by_none && a->reference)
        plain_print(text + used, sizeof text - (size_t)used, "; %.2g %% not decided", unit * (double)m->by_none);
    add_fact(a, SECTION, "reference", "errors in float32 are measured against", DG_COMPUTED, NAN, NAN, "%s", text);
}

static void measure(dg_activation *a)
{
    measurement m = {.a = a};
    dg_arena *arena;
    if (!is_made(a, dg_enclosure_new(a->pool, a->orders, COMPARED_ORDERS, &m.enclosure)))
        return;
    if (!is_made(a, dg_arena_new(&arena))) {
        dg_enclosure_free(m.enclosure);
        return;
    }
    for (int k = 0; k < COMPARISONS; k++) {
        const bool is_written = k >= COMPARED_ORDERS;
        m.list[k] = (comparison){.order = k % COMPARED_ORDERS, .which = is_written ? "_written" : ""};
        if (!is_written && !is_made(a, dg_program_make(arena, a->orders[k], DG_FLOAT32, &m.list[k].program)))
            m.list[k].program = NULL;
    }
    make_written(a, arena, m.list + COMPARED_ORDERS);
    if (a->exhaustive)
        compare_all(&m, m.list, COMPARED_ORDERS);
    m.intervals_first = false;
    if (m.share > 0) {
        add_reference(a, &m);
        compare_samples(&m, m.list + COMPARED_ORDERS, COMPARED_ORDERS);
    } else {
        compare_samples(&m, m.list, COMPARISONS);
        add_reference(a, &m);
    }
    for (int k = 0; k < COMPARISONS; k++)
        if (m.list[k].program) {
            const bool sampled = k >= COMPARED_ORDERS || m.share == 0;
            add_errors(a, &m.list[k], sampled, !sampled && m.share >= 1);
        }
    dg_arena_free(arena);
    dg_enclosure_free(m.enclosure);
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
