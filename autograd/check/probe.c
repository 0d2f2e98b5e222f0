/* Finite differences: three central ones at steps h, h/2 and h/4, extrapolated twice (Richardson), which leaves an
 * error of order h⁶. Where the slope disagrees with the derivative, smaller steps follow: three of them in a row that
 * disagree by the same amount, before the point and behind it, condemn it. What kinks (rectifiers, maxima) make of a
 * slope shrinks with the step, and is another on either side. */
#include "probe.h"

#include "autograd/walk.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A node whose value follows a float, while no derivative does. */
static bool is_stop(const walk_entry *entry)
{
    if (entry->kind != WALK_STOP)
        return false;
    for (int k = 0; k < dg_node_input_count(entry->node); k++) {
        const dg_node *input = walk_child(entry->node, WALK_STOP, k, true);
        if (input && dg_dtype_is_float(dg_node_type(input, 0)->dtype))
            return true;
    }
    return false;
}

/* The root, then the stops, as a list to fetch. */
static dg_status list_fetches(dg_node *root, dg_node ***fetch, int *count)
{
    walk w;
    dg_status status = walk_make(&w, dg_node_graph(root), 1, &root, 0, NULL, true);
    *fetch = status.code == DG_OK ? calloc((size_t)w.count + 1, sizeof(dg_node *)) : NULL;
    if (status.code == DG_OK && !*fetch)
        status = dg_no_memory("the check of %lld nodes", (long long)w.count);
    if (status.code == DG_OK) {
        (*fetch)[0] = root;
        *count = 1;
        for (int64_t i = 0; i < w.count; i++)
            if (is_stop(&w.entries[i]))
                (*fetch)[(*count)++] = w.entries[i].node;
    }
    walk_release(&w);
    return status;
}

static dg_status run(probe *p)
{
    dg_plan_set_step(p->plan, 0);
    return dg_plan_run(p->plan, p->feeds, p->n_feeds);
}

dg_status probe_make(probe *p, dg_node *root, const dg_plan_options *settings, const dg_feed *feeds, int n_feeds)
{
    *p = (probe){.feeds = feeds, .n_feeds = n_feeds};
    dg_node **fetch = NULL;
    int n_fetch = 0;
    DG_TRY(list_fetches(root, &fetch, &n_fetch));
    dg_plan_options options = *settings;
    options.fetch = fetch;
    options.n_fetch = n_fetch;
    dg_status status = dg_plan_new(dg_node_graph(root), &options, &p->plan);
    free(fetch);
    DG_TRY(status);
    DG_TRY(run(p));
    p->flops = dg_plan_cost_of(p->plan).flops;
    p->value = dg_tensor_get(dg_plan_result(p->plan, 0), 0);
    if (!isfinite(p->value))
        return dg_error(DG_NUMERIC, "'%s' is %g: there is nothing to compare its derivatives with", dg_node_name(root),
                        isnan(p->value) ? fabs(p->value) : p->value); /* nan of either sign */
    p->stops = calloc((size_t)n_fetch, sizeof *p->stops);
    if (!p->stops)
        return dg_no_memory("the check of '%s'", dg_node_name(root));
    for (int k = 1; k < n_fetch; k++, p->n_stops++)
        DG_TRY(dg_tensor_copy(&p->stops[k - 1], dg_plan_result(p->plan, k)));
    return dg_ok();
}

void probe_release(probe *p)
{
    for (int k = 0; p->stops && k < p->n_stops; k++)
        dg_tensor_release(&p->stops[k]);
    free(p->stops);
    dg_plan_free(p->plan);
    *p = (probe){0};
}

static void move(const probe_line *line, double t)
{
    if (!line->direction)
        line->data[line->element] = line->origin[line->element] + t;
    for (; line && line->direction; line = line->next)
        for (int64_t i = 0; i < line->count; i++)
            line->data[i] = line->origin[i] + t * line->direction[i];
}

static void restore(const probe_line *line)
{
    if (!line->direction)
        line->data[line->element] = line->origin[line->element];
    for (; line && line->direction; line = line->next)
        memcpy(line->data, line->origin, (size_t)line->count * sizeof(double));
}

/* The value at t, and whether a stop has another value there. */
static dg_status evaluate(probe *p, const probe_line *line, double t, double *value, bool *moved)
{
    move(line, t);
    dg_status status = run(p);
    p->work += p->flops;
    if (status.code == DG_OK)
        *value = dg_tensor_get(dg_plan_result(p->plan, 0), 0);
    for (int k = 0; k < p->n_stops && status.code == DG_OK && !*moved; k++) {
        const dg_tensor *now = dg_plan_result(p->plan, k + 1);
        *moved = memcmp(now->data, p->stops[k].data, dg_tensor_bytes(now)) != 0;
    }
    restore(line); /* last: a result may be the very buffer that is fed */
    return status;
}

typedef struct estimate {
    double slope;
    double sides[2]; /* the slopes behind the point and before it, with an error of order h³ */
    double noise;    /* what rounding of the value can make of the slope */
    bool moved;      /* stops were different: a slope that disagrees means nothing */
} estimate;

static double noise_at(const probe *p, double h)
{
    return 64 * DBL_EPSILON * fmax(1, fabs(p->value)) / h;
}

static dg_status estimate_slope(probe *p, const probe_line *line, double h, estimate *e)
{
    double central[3], behind[3], before[3];
    bool moved = false;
    for (int k = 0; k < 3; k++) {
        double step = h / (1 << k), above, below;
        DG_TRY(evaluate(p, line, step, &above, &moved));
        DG_TRY(evaluate(p, line, -step, &below, &moved));
        central[k] = (above - below) / (2 * step);
        behind[k] = (above - p->value) / step;
        before[k] = (p->value - below) / step;
    }
    e->slope = (64 * central[2] - 20 * central[1] + central[0]) / 45;
    e->sides[0] = (8 * behind[2] - 6 * behind[1] + behind[0]) / 3;
    e->sides[1] = (8 * before[2] - 6 * before[1] + before[0]) / 3;
    e->noise = noise_at(p, h / 4);
    e->moved = moved;
    return dg_ok();
}

/* Whether `found` misses both slopes in the same direction, and by as much as at the last step. */
static bool is_same_error(const estimate *last, const estimate *now, double found, double allowed)
{
    for (int k = 0; k < 2; k++) {
        double first = found - last->sides[k], second = found - now->sides[k];
        if (!(fabs(second) > allowed && fabs(first - second) <= 0.25 * fmax(fabs(first), fabs(second))))
            return false;
    }
    return (found > now->sides[0]) == (found > now->sides[1]);
}

enum { STEPS = 7, ALIKE = 3 /* steps in a row */ };
static const double steps[STEPS] = {1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6};

/* Slopes that move on by as much or more with every smaller step, but not as across a jump: those of s·log(s) or √s
 * beside 0, where there is no derivative. */
static dg_status has_no_slope(probe *p, const probe_line *line, double scale, bool *none)
{
    double slope = 0, change = 0;
    *none = true;
    for (int k = 0; 2 * k < STEPS && *none; k++) { /* each a tenth of the last */
        estimate e;
        DG_TRY(estimate_slope(p, line, steps[2 * k] * scale, &e));
        double now = e.slope - slope, ratio = now / change;
        if (k > 0)
            *none = fabs(now) > e.noise;
        if (k > 1)
            *none = *none && ratio > 0.5 && ratio < 5;
        slope = e.slope;
        change = now;
    }
    return dg_ok();
}

dg_status probe_glance(probe *p, const probe_line *line, double found, double tolerance, double *expected, bool *agrees)
{
    double h = 1e-5 * (line->direction ? 1 : fmax(1, fabs(line->origin[line->element]))), above, below;
    bool moved = false;
    DG_TRY(evaluate(p, line, h, &above, &moved));
    DG_TRY(evaluate(p, line, -h, &below, &moved));
    *expected = (above - below) / (2 * h);
    *agrees = fabs(found - *expected) <= tolerance * fmax(fabs(found), fabs(*expected)) + noise_at(p, h);
    return dg_ok();
}

dg_status probe_compare(probe *p, const probe_line *line, double found, double tolerance, double *expected,
                        probe_verdict *verdict)
{
    double scale = line->direction ? 1 : fmax(1, fabs(line->origin[line->element]));
    estimate e, last = {0};
    int alike = 0;
    *expected = (double)NAN;
    *verdict = PROBE_NOTHING;
    for (int k = 0; k < STEPS && *verdict != PROBE_DIFFERS; k++) {
        DG_TRY(estimate_slope(p, line, steps[k] * scale, &e));
        if (!isfinite(e.slope))
            continue;
        double error = found - e.slope, allowed = tolerance * fmax(fabs(found), fabs(e.slope)) + e.noise;
        if (fabs(error) <= allowed) {
            *expected = e.slope;
            *verdict = PROBE_AGREES;
            return dg_ok();
        }
        if (e.moved)
            continue;
        *expected = e.slope;
        alike = alike > 0 && is_same_error(&last, &e, found, allowed) ? alike + 1 : 1;
        if (!isfinite(found) || alike == ALIKE)
            *verdict = PROBE_DIFFERS;
        last = e;
    }
    bool none = false;
    if (*verdict == PROBE_DIFFERS)
        DG_TRY(has_no_slope(p, line, scale, &none));
    if (none)
        *verdict = PROBE_NOTHING;
    return dg_ok();
}
