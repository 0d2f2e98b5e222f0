/* Nocedal: "Updating quasi-Newton matrices with limited storage" (1980), with the line search of Nocedal and Wright,
 * "Numerical optimization" (2006), algorithms 3.5 and 3.6, cubic interpolation and the stopping rules of
 * torch.optim.LBFGS: the numbers are those of PyTorch. One training step is up to max_iter iterations on its batch. */
#include "optim/rules/driver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ITER, MAX_EVAL, TOLERANCE_GRAD, TOLERANCE_CHANGE, HISTORY, LINE_SEARCH };
enum { N_ITERATIONS, N_PAIRS, SCALE, STEP, N_NUMBERS }; /* of the state, before its vectors */

/* Views of the state. */
typedef struct memory {
    double *numbers, *d, *before; /* direction and gradient of the iteration before */
    double *y, *s, *ro;           /* pairs, the oldest first */
    int64_t room;
} memory;

static int64_t room_of(const dg_optimizer *optimizer)
{
    return (int64_t)optimizer->hyper[HISTORY];
}

static size_t state_size(const dg_optimizer *optimizer, int64_t n)
{
    double wanted = N_NUMBERS + (double)room_of(optimizer) * (2 * (double)n + 1) + 2 * (double)n;
    return wanted < 1e12 ? (size_t)wanted : SIZE_MAX;
}

static memory view(const drive *d)
{
    int64_t room = room_of(d->optimizer);
    double *at = d->state + N_NUMBERS;
    return (memory){.numbers = d->state,
                    .d = at,
                    .before = at + d->n,
                    .y = at + 2 * d->n,
                    .s = at + (2 + room) * d->n,
                    .ro = at + (2 + 2 * room) * d->n,
                    .room = room};
}

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static double largest(const double *a, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(a[i]));
    return most;
}

/* ---- the line search ---- */

/* A place on the line x + t·d. */
typedef struct place {
    double t, f, slope;
    double *g;
} place;

typedef struct line_search {
    drive *d;
    const double *direction;
    double *at, *room[4];  /* gradients of up to four places */
    int evaluations, most; /* so far on this batch; at most */
} line_search;

static dg_status look(line_search *l, double t, double *gradient, place *found)
{
    for (int64_t i = 0; i < l->d->n; i++)
        l->at[i] = l->d->x[i] + t * l->direction[i];
    *found = (place){.t = t, .g = gradient};
    l->evaluations++;
    DG_TRY(l->d->evaluate(l->d->user, l->at, &found->f, gradient));
    found->slope = dot(gradient, l->direction, l->d->n);
    return dg_ok();
}

/* The minimum between low and high of the cubic through two places with their slopes. */
static double cubic(const place *a, const place *b, double low, double high)
{
    double d1 = a->slope + b->slope - 3 * (a->f - b->f) / (a->t - b->t), square = d1 * d1 - a->slope * b->slope;
    if (!(square >= 0))
        return (low + high) / 2;
    double d2 = sqrt(square), best;
    if (a->t <= b->t)
        best = b->t - (b->t - a->t) * ((b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2));
    else
        best = a->t - (a->t - b->t) * ((a->slope + d2 - d1) / (a->slope - b->slope + 2 * d2));
    return fmin(fmax(best, low), high);
}

/* A gradient buffer that neither place uses. */
static double *free_room(const line_search *l, const place *a, const place *b)
{
    int k = 0;
    while (l->room[k] == a->g || l->room[k] == b->g)
        k++;
    return l->room[k];
}

#define DECREASE  1e-4 /* c₁ of Wolfe's conditions */
#define CURVATURE 0.9  /* c₂ */

/* Makes the bracket of two places smaller until a place in it fulfils both conditions; the best place goes to low. */
static dg_status narrow(line_search *l, const place *start, place *low, place *high, int left_over, double tolerance)
{
    double size = largest(l->direction, l->d->n);
    bool stuck = false;
    while (left_over-- > 0 && fabs(high->t - low->t) * size >= tolerance) {
        double left = fmin(low->t, high->t), right = fmax(low->t, high->t), margin = 0.1 * (right - left);
        double t = cubic(low, high, left, right);
        if (fmin(right - t, t - left) < margin) {
            if (stuck || t >= right || t <= left) {
                t = fabs(t - right) < fabs(t - left) ? right - margin : left + margin;
                stuck = false;
            } else {
                stuck = true;
            }
        } else {
            stuck = false;
        }
        place new;
        DG_TRY(look(l, t, free_room(l, low, high), &new));
        if (new.f > start->f + DECREASE * t * start->slope || new.f >= low->f) {
            *high = new;
            if (high->f < low->f) {
                place swap = *low;
                *low = *high;
                *high = swap;
            }
            continue;
        }
        bool done = fabs(new.slope) <= -CURVATURE * start->slope;
        if (!done && new.slope *(high->t - low->t) >= 0)
            *high = *low;
        *low = new;
        if (done)
            break;
    }
    return dg_ok();
}

/* From the first place with step t: widens until a bracket holds what is looked for, then narrows it. */
static dg_status search(line_search *l, double t, const place *start, double tolerance, place *best)
{
    place before = *start, now;
    int searched = 0, limit = l->most - l->evaluations;
    DG_TRY(look(l, t, l->room[0], &now));
    for (;; searched++) {
        if (searched >= limit) {
            before = *start;
            break;
        }
        if (now.f > start->f + DECREASE * now.t * start->slope || (searched > 1 && now.f >= before.f))
            break;
        if (fabs(now.slope) <= -CURVATURE * start->slope) {
            *best = now;
            return dg_ok();
        }
        if (now.slope >= 0)
            break;
        double least = now.t + 0.01 * (now.t - before.t), next = cubic(&before, &now, least, now.t * 10);
        before = now;
        DG_TRY(look(l, next, free_room(l, &before, start), &now));
    }
    place low = before.f <= now.f ? before : now, high = before.f <= now.f ? now : before;
    DG_TRY(narrow(l, start, &low, &high, limit - searched, tolerance));
    *best = low;
    return dg_ok();
}

/* ---- directions ---- */

/* Keeps the pair of the last iteration, s = t·d and y = g − before, where it curves upwards. */
static void keep_pair(const drive *d, memory *m)
{
    int64_t n = d->n, count = (int64_t)m->numbers[N_PAIRS];
    double ys = 0, yy = 0;
    for (int64_t i = 0; i < n; i++) {
        double y = d->g[i] - m->before[i];
        ys += y * m->d[i] * m->numbers[STEP];
        yy += y * y;
    }
    if (!(ys > 1e-10))
        return;
    if (count == m->room) {
        count--;
        memmove(m->y, m->y + n, (size_t)(count * n) * sizeof *m->y);
        memmove(m->s, m->s + n, (size_t)(count * n) * sizeof *m->s);
        memmove(m->ro, m->ro + 1, (size_t)count * sizeof *m->ro);
    }
    for (int64_t i = 0; i < n; i++) {
        m->y[count * n + i] = d->g[i] - m->before[i];
        m->s[count * n + i] = m->d[i] * m->numbers[STEP];
    }
    m->ro[count] = 1 / ys;
    m->numbers[N_PAIRS] = (double)(count + 1);
    m->numbers[SCALE] = ys / yy;
}

/* −H·g by the two loops over the pairs. */
static void direction(const drive *d, memory *m, double *alpha)
{
    int64_t n = d->n, count = (int64_t)m->numbers[N_PAIRS];
    for (int64_t i = 0; i < n; i++)
        m->d[i] = -d->g[i];
    for (int64_t k = count; k-- > 0;) {
        alpha[k] = dot(m->s + k * n, m->d, n) * m->ro[k];
        for (int64_t i = 0; i < n; i++)
            m->d[i] -= alpha[k] * m->y[k * n + i];
    }
    for (int64_t i = 0; i < n; i++)
        m->d[i] *= m->numbers[SCALE];
    for (int64_t k = 0; k < count; k++) {
        double beta = dot(m->y + k * n, m->d, n) * m->ro[k];
        for (int64_t i = 0; i < n; i++)
            m->d[i] += m->s[k * n + i] * (alpha[k] - beta);
    }
}

/* ---- a training step ---- */

/* One iteration; *done: there is nothing more to gain on this batch. */
static dg_status iterate(drive *d, memory *m, line_search *l, double *alpha, bool last, bool *done)
{
    const double *hyper = d->optimizer->hyper;
    int64_t n = d->n;
    bool first = m->numbers[N_ITERATIONS]++ == 0;
    if (first)
        m->numbers[SCALE] = 1;
    else
        keep_pair(d, m);
    direction(d, m, alpha);
    memcpy(m->before, d->g, (size_t)n * sizeof *d->g);
    double norm = 0, loss = d->loss, slope = dot(d->g, m->d, n);
    for (int64_t i = 0; first && i < n; i++)
        norm += fabs(d->g[i]);
    m->numbers[STEP] = first ? fmin(1, 1 / norm) * d->lr : d->lr;
    *done = true;
    if (slope > -hyper[TOLERANCE_CHANGE])
        return dg_ok();
    place best = {.t = m->numbers[STEP]}, start = {.t = 0, .f = d->loss, .slope = slope, .g = d->g};
    l->direction = m->d;
    if (hyper[LINE_SEARCH] == 0)
        DG_TRY(search(l, m->numbers[STEP], &start, hyper[TOLERANCE_CHANGE], &best));
    else if (!last)
        DG_TRY(look(l, best.t, l->room[0], &best));
    m->numbers[STEP] = best.t;
    for (int64_t i = 0; i < n; i++)
        d->x[i] += best.t * m->d[i];
    if (best.g) {
        memmove(d->g, best.g, (size_t)n * sizeof *d->g);
        d->loss = best.f;
    }
    *done = largest(d->g, n) <= hyper[TOLERANCE_GRAD] || largest(m->d, n) * best.t <= hyper[TOLERANCE_CHANGE] ||
            fabs(d->loss - loss) < hyper[TOLERANCE_CHANGE];
    return dg_ok();
}

static dg_status step(drive *d)
{
    const double *hyper = d->optimizer->hyper;
    int64_t n = d->n;
    memory m = view(d);
    double most = isnan(hyper[MAX_EVAL]) ? floor(hyper[MAX_ITER] * 5 / 4) : hyper[MAX_EVAL];
    bool done = largest(d->g, n) <= hyper[TOLERANCE_GRAD];
    double *room = calloc(5 * (size_t)n + (size_t)m.room + 1, sizeof *room);
    if (!room)
        return dg_no_memory("the history of %lld parameters", (long long)n);
    line_search l = {.d = d, .at = room, .evaluations = 1, .most = (int)fmin(most, 1e9)};
    for (int k = 0; k < 4; k++)
        l.room[k] = room + (k + 1) * n;
    dg_status status = dg_ok();
    for (int i = 1; status.code == DG_OK && !done && i <= (int)hyper[MAX_ITER]; i++) {
        status = iterate(d, &m, &l, room + 5 * n, i == (int)hyper[MAX_ITER], &done);
        done = done || l.evaluations >= most;
    }
    free(room);
    return status;
}

static double room(const dg_optimizer *optimizer, int64_t n)
{
    return 5 * (double)n + (double)room_of(optimizer);
}

static const dg_rule_driver driver = {.step = step, .state_size = state_size, .room = room};

const dg_rule lbfgs_rule = {
    .name = "lbfgs",
    .summary = "x + t·d, d from the last gradients and steps, t by a search for Wolfe's strong conditions; max_iter "
               "iterations a batch",
    .source = "Nocedal 1980; Nocedal, Wright 2006, algorithms 3.5, 3.6, 7.4",
    .lr = 1,
    .arguments = {{.name = "max_iter", .range = DG_ARGUMENT_COUNT, .fallback = {20}},
                  {.name = "max_eval", .range = DG_ARGUMENT_COUNT, .fallback = {NAN}},
                  {.name = "tolerance_grad", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-7}},
                  {.name = "tolerance_change", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1e-9}},
                  {.name = "history_size", .range = DG_ARGUMENT_COUNT, .fallback = {100}},
                  {.name = "line_search_fn", .range = DG_ARGUMENT_CHOICE, .choices = "strong_wolfe|fixed"}},
    .drive = &driver,
};
