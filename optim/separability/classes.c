/* Which class a row wants is told by the loss as a function of the scores, whatever ops it is written with: it falls
 * with one of them and rises with each other, and the same number added to all of them changes nothing. */
#include "classes.h"

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/shape.h>

#include "question.h"
#include "score.h"

#include <math.h>
#include <stdlib.h>

#define MAX_CLASSES 256
#define MAX_WORK    (INT64_C(1) << 31) /* rows times weights twice, over all pairs of classes */
#define FEW_ROWS    64                 /* enough to tell nearly all that is no classifier */

typedef struct classes {
    question q;      /* its unit: the scores */
    int64_t count;   /* C */
    int64_t *wanted; /* [rows], −1: all are the same */
    double *scores;  /* [rows, C], now */
} classes;

/* ---- what rows want ---- */

/* losses [rows]: where all scores are `base`, but that of class k (−1: none) one more. */
static dg_status find_losses(const classes *c, double base, int64_t k, double *answer, double *losses, bool *are_there)
{
    dg_tensor found = {0};
    for (int64_t i = 0; i < c->count; i++)
        answer[i] = i == k ? base + 1 : base;
    dg_status status = question_loss(&c->q, answer, c->count, &found);
    *are_there = status.code == DG_OK && found.data;
    for (int64_t row = 0; *are_there && row < c->q.rows.count; row++)
        losses[row] = dg_tensor_get(&found, row);
    dg_tensor_release(&found);
    return status;
}

static bool is_close(double a, double b)
{
    return fabs(a - b) <= 1e-5 * (1 + fabs(a) + fabs(b)); /* false of NaN */
}

/* level [rows]: all scores are the same; with_one [rows]: that of class k is higher. */
static void take_class(classes *c, int64_t k, const double *level, const double *with_one, bool *are_classes)
{
    for (int64_t row = 0; row < c->q.rows.count; row++) {
        if (isnan(level[row]) || isnan(with_one[row]) || (with_one[row] < level[row] && c->wanted[row] >= 0))
            *are_classes = false; /* falls with two of them */
        else if (with_one[row] < level[row])
            c->wanted[row] = k;
    }
}

/* Two shifts: squares may be equal at one by chance. */
static dg_status find_level(const classes *c, double *answer, double *level, double *shifted, bool *are_classes)
{
    static const double shifts[] = {1, -2};
    DG_TRY(find_losses(c, 0, -1, answer, level, are_classes));
    for (int k = 0; k < 2 && *are_classes; k++) {
        DG_TRY(find_losses(c, shifts[k], -1, answer, shifted, are_classes));
        for (int64_t row = 0; *are_classes && row < c->q.rows.count; row++)
            *are_classes = is_close(level[row], shifted[row]);
    }
    return dg_ok();
}

/* Each row's loss rises with all scores but the one that it falls with; rows that want nothing have one loss. */
static bool agree(const classes *c, const double *level, const double *losses)
{
    const int64_t n = c->q.rows.count;
    for (int64_t row = 0; row < n; row++)
        for (int64_t k = 0; k < c->count; k++) {
            double loss = losses[k * n + row];
            if (c->wanted[row] < 0 ? loss != level[row] : c->wanted[row] != k && !(loss > level[row]))
                return false;
        }
    return true;
}

static dg_status find_wanted(classes *c, bool *are_classes)
{
    const int64_t n = c->q.rows.count;
    double *losses = calloc((size_t)(n * (c->count + 1) + c->count), sizeof *losses);
    if (!losses)
        return dg_no_memory("losses of %lld rows", (long long)n);
    double *level = losses + n * c->count, *answer = level + n;
    dg_status status = find_level(c, answer, level, losses, are_classes);
    for (int64_t row = 0; row < n; row++)
        c->wanted[row] = -1;
    for (int64_t k = 0; k < c->count && status.code == DG_OK && *are_classes; k++) {
        status = find_losses(c, 0, k, answer, losses + k * n, are_classes);
        if (status.code == DG_OK && *are_classes)
            take_class(c, k, level, losses + k * n, are_classes);
    }
    *are_classes = status.code == DG_OK && *are_classes && agree(c, level, losses);
    free(losses);
    return status;
}

/* Of a few rows first. */
static dg_status try_scores(classes *c, bool *are_classes)
{
    const int64_t count = c->q.rows.count;
    c->q.rows.count = count < FEW_ROWS ? count : FEW_ROWS;
    dg_status status = find_wanted(c, are_classes);
    c->q.rows.count = count;
    if (status.code == DG_OK && *are_classes && count > FEW_ROWS)
        status = find_wanted(c, are_classes);
    return status;
}

/* The first node that is such scores; *are_classes false: there is none, or more before it than is looked into. */
static dg_status find_scores(classes *c, bool *are_classes)
{
    dg_node *node = NULL;
    *are_classes = false;
    c->wanted = calloc((size_t)c->q.rows.count, sizeof *c->wanted);
    if (!c->wanted)
        return dg_no_memory("classes of %lld rows", (long long)c->q.rows.count);
    while (!*are_classes) {
        DG_TRY(score_find(c->q.task->loss, true, node, &node));
        if (!node)
            break;
        question one = {.task = c->q.task, .rows = c->q.rows, .unit = node, .is_score = true};
        dg_status status = question_parameters(&one);
        bool is_small = status.code == DG_OK && question_is_small(&one);
        question_release(&one);
        if (status.code != DG_OK || !is_small)
            return status;
        c->q.unit = node;
        c->count = dg_node_type(node, 0)->shape.dims[1];
        if (c->count <= MAX_CLASSES)
            DG_TRY(try_scores(c, are_classes));
    }
    return dg_ok();
}

/* ---- two of them ---- */

static dg_status run_scores(classes *c, bool *are_there)
{
    dg_plan *plan = NULL;
    DG_TRY(question_run(&c->q, &c->q.unit, 1, &(dg_feed){0}, 0, &plan));
    const dg_tensor *scores = dg_plan_result(plan, 0);
    const int64_t count = dg_tensor_count(scores);
    *are_there = count == c->q.rows.count * c->count;
    c->scores = *are_there ? calloc((size_t)count, sizeof *c->scores) : NULL;
    for (int64_t i = 0; c->scores && i < count; i++)
        c->scores[i] = dg_tensor_get(scores, i);
    dg_plan_free(plan);
    return c->scores || !*are_there ? dg_ok() : dg_no_memory("scores of %lld rows", (long long)c->q.rows.count);
}

static bool is_wrong(const classes *c, int64_t row, int64_t low, int64_t high)
{
    const double *scores = c->scores + row * c->count;
    return c->wanted[row] == low ? !(scores[low] > scores[high]) : !(scores[high] > scores[low]);
}

/* The rows of two classes, and what they want of the difference of the scores: more than 0 where they are of `high`. */
static dg_status take_rows(const classes *c, int64_t low, int64_t high, int64_t *at, question *pair, bool *errs)
{
    const dg_rows all = c->q.rows;
    *pair = (question){.task = c->q.task,
                       .is_score = true,
                       .threshold = {.below = (double)low, .above = (double)high},
                       .wanted = calloc((size_t)all.count, sizeof(double))};
    *errs = false;
    if (!pair->wanted)
        return dg_no_memory("what %lld rows want", (long long)all.count);
    for (int64_t row = 0; row < all.count; row++) {
        if (c->wanted[row] != low && c->wanted[row] != high)
            continue;
        pair->wanted[pair->rows.count] = c->wanted[row] == high ? 1 : -1;
        at[pair->rows.count++] = all.at ? all.at[row] : row;
        *errs = *errs || is_wrong(c, row, low, high);
    }
    pair->rows.at = at;
    return dg_ok();
}

static dg_status ask_pair(const classes *c, question *pair, dg_separability *found)
{
    int64_t low = (int64_t)pair->threshold.below, high = (int64_t)pair->threshold.above;
    pair->unit = dg_sub(dg_slice(c->q.unit, .dim = 1, .start = high, .end = high + 1),
                        dg_slice(c->q.unit, .dim = 1, .start = low, .end = low + 1));
    DG_TRY(dg_graph_status(pair->task->graph));
    DG_TRY(question_parameters(pair));
    DG_TRY(question_ask(pair, found));
    found->classes[0] = low;
    found->classes[1] = high;
    return dg_ok();
}

/* Two classes after two that some row errs between, the first of all to see whether scores are linear, until two cannot
 * be told from each other, or it would take too long. */
static dg_status ask_pairs(const classes *c, int64_t *at, dg_separability *found)
{
    bool are_all = true, is_first = true;
    int64_t work = 0;
    for (int64_t high = 1; high < c->count; high++)
        for (int64_t low = 0; low < high; low++) {
            question pair;
            bool errs;
            dg_status status = take_rows(c, low, high, at, &pair, &errs);
            bool is_asked = status.code == DG_OK && pair.rows.count && (errs || is_first) && work <= MAX_WORK;
            if (is_asked)
                status = ask_pair(c, &pair, found);
            work += pair.rows.count * pair.d * pair.d;
            question_release(&pair);
            DG_TRY(status);
            if (is_asked && (!found->unit || found->verdict == DG_INSEPARABLE))
                return dg_ok();
            is_first = is_first && !is_asked;
            are_all = are_all && (!errs || (found->verdict == DG_SEPARABLE && c->count == 2));
            dg_separability_release(found);
        }
    found->verdict = are_all && !is_first ? DG_SEPARABLE : DG_SEPARABILITY_UNKNOWN;
    return dg_ok();
}

static void count_rows(const classes *c, dg_separability *found)
{
    for (int64_t row = 0; row < c->q.rows.count; row++) {
        bool errs = false;
        for (int64_t k = 0; k < c->count; k++)
            errs = errs || (c->wanted[row] >= 0 && k != c->wanted[row] && is_wrong(c, row, k, c->wanted[row]));
        found->n_rows += c->wanted[row] >= 0;
        found->n_wrong += errs;
    }
}

dg_status classes_ask(const dg_task *task, dg_rows rows, dg_separability *found)
{
    classes c = {.q = {.task = task, .rows = rows}};
    int64_t *at = calloc((size_t)rows.count, sizeof *at);
    bool are_classes = false;
    dg_status status = at ? find_scores(&c, &are_classes) : dg_no_memory("a list of %lld rows", (long long)rows.count);
    if (status.code == DG_OK && are_classes)
        status = run_scores(&c, &are_classes);
    if (status.code == DG_OK && are_classes)
        status = ask_pairs(&c, at, found);
    if (found->verdict == DG_SEPARABLE)
        count_rows(&c, found);
    if (found->verdict == DG_SEPARABILITY_UNKNOWN)
        *found = (dg_separability){0};
    else
        found->unit = c.q.unit;
    found->is_classes = found->unit != NULL;
    found->is_score = false;
    free(at);
    free(c.wanted);
    free(c.scores);
    return status;
}
