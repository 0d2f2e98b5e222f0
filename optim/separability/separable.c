/* Whether a threshold unit, or a score whose sign decides, can learn its rows: what it weighs, the score itself, must
 * be linear in the parameters that are learnt, and then each row is an inequality on them. What a row wants of the unit
 * is what makes its loss smaller. */
#include <dotgrad/optim.h>

#include "classes.h"
#include "core/base/null.h"
#include "half_spaces.h"
#include "optim/batch/fields.h"
#include "optim/batch/reach.h"
#include "question.h"
#include "score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WEIGHTS 1000
#define MAX_NUMBERS (INT64_C(1) << 24) /* rows times weights: 128 MB */
#define MAX_WORK    (INT64_C(1) << 31) /* rows times weights twice: some seconds */
#define FEW_ROWS    16
#define FIRST_ROWS  64 /* enough to tell nearly all that is not linear, or no classifier */
#define POINTS      4

/* ---- the unit and its parameters ---- */

dg_status question_parameters(question *q)
{
    dg_node *sum = q->is_score ? q->unit : dg_node_input(q->unit, 0);
    int64_t count = dg_node_id(sum) + 1;
    bool *mark;
    DG_TRY(reach_new(q->task->graph, &sum, 1, &mark));
    q->parameters = calloc((size_t)count, sizeof *q->parameters);
    q->fetch = calloc((size_t)count + 1, sizeof *q->fetch);
    for (int64_t id = 0; q->parameters && q->fetch && id < count; id++) {
        dg_node *node = dg_graph_node(q->task->graph, id);
        if (!mark[id] || !threshold_may_move(node))
            continue;
        q->parameters[q->n_parameters++] = node;
        q->d += dg_shape_count(&dg_node_type(node, 0)->shape);
    }
    free(mark);
    if (!q->parameters || !q->fetch)
        return dg_no_memory("a list of %lld parameters", (long long)count);
    q->fetch[0] = sum;
    return dg_ok();
}

/* ---- rows as inequalities ---- */

/* Derivatives and value at a point: row by row, d + 1 numbers. */
static dg_status look_at(const question *q, const double *point, double *found, bool *is_complete)
{
    dg_tensor *tensors = calloc((size_t)q->n_parameters, sizeof *tensors);
    dg_feed *feeds = calloc((size_t)q->n_parameters, sizeof *feeds);
    dg_plan *plan = NULL;
    dg_status status = tensors && feeds ? dg_ok() : dg_no_memory("%d parameters", q->n_parameters);
    int64_t at = 0;
    for (int k = 0; k < q->n_parameters && status.code == DG_OK; k++) {
        const dg_type *type = dg_node_type(q->parameters[k], 0);
        status = dg_tensor_make(&tensors[k], type->dtype, type->shape);
        for (int64_t i = 0; status.code == DG_OK && i < dg_tensor_count(&tensors[k]); i++)
            dg_tensor_set(&tensors[k], i, point ? point[at++] : 0);
        feeds[k] = (dg_feed){.node = q->parameters[k], .tensor = &tensors[k]};
    }
    if (status.code == DG_OK)
        status = question_run(q, q->fetch, q->n_parameters + 1, feeds, q->n_parameters, &plan);
    *is_complete = status.code == DG_OK && dg_tensor_count(dg_plan_result(plan, 0)) == q->rows.count;
    at = 0;
    for (int k = 0; k <= q->n_parameters && *is_complete; k++) { /* derivatives first, the value last */
        const dg_tensor *result = dg_plan_result(plan, k < q->n_parameters ? k + 1 : 0);
        int64_t width = dg_tensor_count(result) / q->rows.count;
        *is_complete = at + width <= q->d + 1 && width * q->rows.count == dg_tensor_count(result);
        for (int64_t i = 0; *is_complete && i < dg_tensor_count(result); i++)
            found[i / width * (q->d + 1) + at + i % width] = dg_tensor_get(result, i);
        at += width;
    }
    dg_plan_free(plan);
    for (int k = 0; tensors && k < q->n_parameters; k++)
        dg_tensor_release(&tensors[k]);
    free(tensors);
    free(feeds);
    return status;
}

static double value_at(const question *q, int64_t row, const double *point, double *size)
{
    const double *a = q->a + row * (q->d + 1);
    double sum = a[q->d];
    *size = fabs(sum);
    for (int64_t k = 0; k < q->d; k++) {
        sum += a[k] * point[k];
        *size += fabs(a[k] * point[k]);
    }
    return sum;
}

/* A point elsewhere: the odd ones are those before them, mirrored, where a ReLU that is off all over is on. */
static void choose_point(int64_t d, int which, double *point)
{
    const dg_random key = {.seed = 1, .stream = 1 + (uint64_t)which / 2};
    for (int64_t k = 0; k < d; k++)
        point[k] = (which % 2 ? -1 : 1) * (2 * dg_random_unit(&key, (uint64_t)k) - 1);
}

/* Linear: the derivatives are the same elsewhere, and the value is what they make of it (but for rounding). */
static dg_status compare_points(question *q, int n_points, bool *is_linear)
{
    size_t numbers = (size_t)(q->rows.count * (q->d + 1));
    double rounding = 1e-4, *elsewhere = malloc((size_t)q->d * sizeof(double)),
           *there = calloc(numbers, sizeof(double));
    dg_status status = elsewhere && there ? dg_ok() : dg_no_memory("%zu numbers", numbers);
    *is_linear = false;
    if (status.code == DG_OK)
        status = look_at(q, NULL, q->a, is_linear);
    for (int point = 0; status.code == DG_OK && *is_linear && point < n_points; point++) {
        choose_point(q->d, point, elsewhere);
        status = look_at(q, elsewhere, there, is_linear);
        for (int64_t row = 0; status.code == DG_OK && *is_linear && row < q->rows.count; row++) {
            const double *a = q->a + row * (q->d + 1), *b = there + row * (q->d + 1);
            double size, value = value_at(q, row, elsewhere, &size);
            *is_linear = fabs(value - b[q->d]) <= rounding * size; /* false of NaN */
            for (int64_t k = 0; *is_linear && k < q->d; k++)
                *is_linear = fabs(a[k] - b[k]) <= rounding * fabs(a[k]);
        }
    }
    free(elsewhere);
    free(there);
    return status;
}

/* At several points of a few rows first. */
static dg_status find_inequalities(question *q, bool *is_linear)
{
    const int64_t count = q->rows.count;
    DG_TRY(dg_grad(q->fetch[0], q->n_parameters, q->parameters, q->fetch + 1));
    q->rows.count = count < FIRST_ROWS ? count : FIRST_ROWS;
    dg_status status = compare_points(q, 2 * POINTS, is_linear);
    q->rows.count = count;
    if (status.code == DG_OK && *is_linear)
        status = compare_points(q, 1, is_linear);
    return status;
}

static dg_status find_wanted(question *q)
{
    dg_tensor low = {0}, high = {0};
    dg_status status = question_loss(q, &q->threshold.below, 1, &low);
    if (status.code == DG_OK)
        status = question_loss(q, &q->threshold.above, 1, &high);
    for (int64_t row = 0; status.code == DG_OK && low.data && high.data && row < q->rows.count; row++) {
        double below = dg_tensor_get(&low, row), above = dg_tensor_get(&high, row);
        q->wanted[row] = above < below ? 1 : below < above ? -1 : 0;
    }
    dg_tensor_release(&low);
    dg_tensor_release(&high);
    return status;
}

/* Of a few rows first. */
static dg_status find_wanted_scores(question *q, bool *is_margin)
{
    const int64_t count = q->rows.count;
    q->rows.count = count < FIRST_ROWS ? count : FIRST_ROWS;
    dg_status status = score_wants(q, is_margin);
    q->rows.count = count;
    if (status.code == DG_OK && *is_margin && count > FIRST_ROWS)
        status = score_wants(q, is_margin);
    return status;
}

static bool wants_both(const question *q)
{
    bool above = false, below = false;
    for (int64_t row = 0; row < q->rows.count; row++) {
        above |= q->wanted[row] > 0;
        below |= q->wanted[row] < 0;
    }
    return above && below;
}

/* ---- the answer ---- */

/* The system's rows are those of q that want something, and last, where values at 0 are not all 0, the number that they
 * are multiplied by, which is positive. A threshold that may be any number is one more column. */
typedef struct inequalities {
    half_spaces system;
    int64_t *row; /* [n], −1: of the last one */
    double *a, *strict, *solution, *weight, *length;
} inequalities;

static void inequalities_release(inequalities *s)
{
    free(s->row);
    free(s->a);
    free(s->strict);
    free(s->solution);
    free(s->weight);
    free(s->length);
}

static dg_status inequalities_make(inequalities *s, const question *q)
{
    int64_t n = q->rows.count + 1, d = q->d + 2;
    *s = (inequalities){.row = calloc((size_t)n, sizeof *s->row),
                        .a = calloc((size_t)(n * d), sizeof(double)),
                        .strict = calloc((size_t)n, sizeof(double)),
                        .solution = calloc((size_t)d, sizeof(double)),
                        .weight = calloc((size_t)n, sizeof(double)),
                        .length = calloc((size_t)n, sizeof(double))};
    if (!s->row || !s->a || !s->strict || !s->solution || !s->weight || !s->length) {
        inequalities_release(s);
        return dg_no_memory("%lld inequalities of %lld weights", (long long)n, (long long)d);
    }
    return dg_ok();
}

/* Signed rows, columns scaled to at most 1, then rows to length 1: neither changes whether there is a solution. */
static void inequalities_fill(inequalities *s, const question *q)
{
    int64_t d = q->d, n = 0;
    bool has_offset = false;
    for (int64_t row = 0; row < q->rows.count; row++)
        has_offset |= q->a[row * (q->d + 1) + q->d] != 0;
    const int64_t from_rows = d + has_offset;
    d = from_rows + q->any_threshold;
    for (int64_t row = 0; row < q->rows.count; row++) {
        if (q->wanted[row] == 0)
            continue;
        for (int64_t k = 0; k < from_rows; k++)
            s->a[n * d + k] = q->wanted[row] * q->a[row * (q->d + 1) + k];
        if (q->any_threshold)
            s->a[n * d + from_rows] = q->wanted[row];
        s->row[n++] = row;
    }
    if (has_offset) {
        s->a[n * d + q->d] = 1;
        s->row[n++] = -1;
    }
    for (int64_t k = 0; k < d; k++) {
        double most = 0;
        for (int64_t i = 0; i < n; i++)
            most = fmax(most, fabs(s->a[i * d + k]));
        for (int64_t i = 0; i < n && most > 0; i++)
            s->a[i * d + k] /= most;
    }
    for (int64_t i = 0; i < n; i++) {
        double square = 0;
        for (int64_t k = 0; k < d; k++)
            square += s->a[i * d + k] * s->a[i * d + k];
        s->length[i] = square > 0 ? sqrt(square) : 1;
        for (int64_t k = 0; k < d; k++)
            s->a[i * d + k] /= s->length[i];
    }
    s->system = (half_spaces){.n = n, .d = d, .a = s->a, .strict = s->strict};
}

/* All rows strictly; where that cannot be, those that the threshold itself satisfies only up to it. */
static dg_status solve(inequalities *s, const question *q, half_spaces_answer *answer)
{
    for (int strictly = 1; strictly >= 0; strictly--) {
        for (int64_t i = 0; i < s->system.n; i++)
            s->strict[i] = strictly || s->row[i] < 0 || q->wanted[s->row[i]] != q->threshold.side ? 1 : 0;
        DG_TRY(half_spaces_solve(&s->system, s->solution, s->weight, answer));
        if (*answer != HALF_SPACES_DISJOINT)
            break;
        if (!strictly)
            return dg_ok();
    }
    return dg_ok();
}

/* The rows of the proof: of the side whose weights are larger, they have the sum 1. */
static dg_status keep_proof(const inequalities *s, const question *q, dg_separability *found)
{
    double sum[2] = {0};
    int64_t n = s->system.n, count = 0;
    found->proof = calloc((size_t)n, sizeof *found->proof);
    if (!found->proof)
        return dg_no_memory("a list of %lld rows", (long long)n);
    for (int64_t i = 0; i < n; i++)
        if (s->row[i] >= 0 && s->weight[i] > 0)
            sum[q->wanted[s->row[i]] > 0] += s->weight[i] / s->length[i];
    for (int64_t i = 0; i < n; i++) {
        int64_t row = s->row[i];
        if (row < 0 || !(s->weight[i] > 0))
            continue;
        found->proof[count++] =
            (dg_separability_row){.row = q->rows.at ? q->rows.at[row] : row,
                                  .wanted = q->wanted[row] > 0 ? q->threshold.above : q->threshold.below,
                                  .weight = s->weight[i] / s->length[i] / fmax(sum[0], sum[1])};
    }
    found->n_proof = count;
    return dg_ok();
}

static dg_status answer(const question *q, dg_separability *found)
{
    inequalities s;
    half_spaces_answer verdict = HALF_SPACES_CLOSE;
    for (int64_t row = 0; row < q->rows.count; row++) {
        double size, value = value_at(q, row, q->point, &size);
        int side = value > 0 ? 1 : value < 0 ? -1 : q->threshold.side;
        found->n_rows += q->wanted[row] != 0;
        found->n_wrong += q->wanted[row] != 0 && side != q->wanted[row];
    }
    if (!found->n_rows)
        return dg_ok();
    found->unit = q->unit;
    found->is_score = q->is_score;
    if (!found->n_wrong) {
        found->verdict = DG_SEPARABLE;
        return dg_ok();
    }
    DG_TRY(inequalities_make(&s, q));
    inequalities_fill(&s, q);
    dg_status status = solve(&s, q, &verdict);
    if (status.code == DG_OK && verdict == HALF_SPACES_DISJOINT)
        status = keep_proof(&s, q, found);
    if (status.code == DG_OK)
        found->verdict = verdict == HALF_SPACES_DISJOINT ? DG_INSEPARABLE
                         : verdict == HALF_SPACES_MEET   ? DG_SEPARABLE
                                                         : DG_SEPARABILITY_UNKNOWN;
    inequalities_release(&s);
    return status;
}

static dg_status take_point(question *q)
{
    int64_t at = 0;
    for (int k = 0; k < q->n_parameters; k++) {
        const dg_tensor *tensor = dg_tensors_find(q->task->parameters, dg_node_name(q->parameters[k]));
        int64_t count = dg_shape_count(&dg_node_type(q->parameters[k], 0)->shape);
        if (!tensor || dg_tensor_count(tensor) != count)
            return dg_error(DG_BAD_ARGUMENT, "parameter '%s' is missing", dg_node_name(q->parameters[k]));
        for (int64_t i = 0; i < count; i++)
            q->point[at++] = dg_tensor_get(tensor, i);
    }
    return dg_ok();
}

bool question_is_small(const question *q)
{
    return q->d <= MAX_WEIGHTS && q->rows.count <= MAX_NUMBERS / (q->d + 1) && q->rows.count <= MAX_WORK / q->d / q->d;
}

/* What the unit answers, of rows that are too many to be solved for. */
static dg_status count_wrong(const question *q, dg_separability *found)
{
    dg_node *fetch[] = {q->unit};
    dg_plan *plan = NULL;
    DG_TRY(question_run(q, fetch, 1, &(dg_feed){0}, 0, &plan));
    const dg_tensor *said = dg_plan_result(plan, 0);
    for (int64_t row = 0; dg_tensor_count(said) == q->rows.count && row < q->rows.count; row++) {
        double want = q->wanted[row] > 0 ? q->threshold.above : q->threshold.below;
        found->n_rows += q->wanted[row] != 0;
        found->n_wrong += q->wanted[row] != 0 && dg_tensor_get(said, row) != want;
    }
    dg_plan_free(plan);
    return dg_ok();
}

/* The rows that are looked at to see whether the unit is linear. */
static int64_t rows_to_try(const question *q)
{
    int64_t most = MAX_NUMBERS / (q->d + 1);
    most = question_is_small(q) || most < FEW_ROWS ? most : FEW_ROWS;
    return q->rows.count < most ? q->rows.count : most;
}

/* Numbers of the rows and parameters that are looked at. */
static dg_status question_alloc(question *q)
{
    const int64_t count = rows_to_try(q);
    q->a = calloc((size_t)(count * (q->d + 1)), sizeof(double));
    q->point = calloc((size_t)q->d, sizeof(double));
    if (!q->a || !q->point)
        return dg_no_memory("%lld rows of %lld numbers", (long long)count, (long long)q->d);
    return take_point(q);
}

static bool can_be_tried(const question *q)
{
    return q->n_parameters && q->d >= 1 && rows_to_try(q) >= 1 && (!q->is_score || question_is_small(q));
}

static dg_status try_linear(question *q, bool *is_linear)
{
    const dg_rows all = q->rows;
    DG_TRY(question_alloc(q));
    q->rows.count = rows_to_try(q);
    dg_status status = find_inequalities(q, is_linear);
    q->rows = all;
    return status;
}

static dg_status answer_about(question *q, dg_separability *found)
{
    if (!question_is_small(q)) {
        found->unit = q->unit;
        found->verdict = DG_SEPARABILITY_TOO_LARGE;
        return count_wrong(q, found);
    }
    for (int64_t row = 0; row < q->rows.count; row++)
        q->a[row * (q->d + 1) + q->d] -= q->threshold.at;
    return answer(q, found);
}

dg_status question_ask(question *q, dg_separability *found)
{
    bool is_linear = false;
    if (can_be_tried(q))
        DG_TRY(try_linear(q, &is_linear));
    return is_linear ? answer_about(q, found) : dg_ok();
}

void question_release(question *q)
{
    free(q->parameters);
    free(q->fetch);
    free(q->a);
    free(q->wanted);
    free(q->point);
}

static dg_status wanted_alloc(question *q)
{
    q->wanted = calloc((size_t)q->rows.count, sizeof(double));
    return q->wanted ? dg_ok() : dg_no_memory("what %lld rows want", (long long)q->rows.count);
}

static dg_status ask_threshold(question *q, dg_separability *found)
{
    bool is_linear = false;
    DG_TRY(question_parameters(q));
    if (!can_be_tried(q))
        return dg_ok();
    DG_TRY(try_linear(q, &is_linear));
    if (!is_linear)
        return dg_ok();
    DG_TRY(wanted_alloc(q));
    DG_TRY(find_wanted(q));
    return answer_about(q, found);
}

static dg_status ask_score(question *q, dg_separability *found)
{
    bool is_margin = false;
    q->is_score = true;
    q->threshold = (threshold){.at = 0, .below = -1, .above = 1, .side = 0};
    DG_TRY(question_parameters(q));
    if (!can_be_tried(q))
        return dg_ok();
    DG_TRY(wanted_alloc(q));
    DG_TRY(find_wanted_scores(q, &is_margin));
    return is_margin && wants_both(q) ? question_ask(q, found) : dg_ok();
}

/* The unit is a threshold, or where there is none, a score, or else there are scores of classes. */
static dg_status ask(question *q, dg_separability *found)
{
    int n_thresholds;
    DG_TRY(threshold_unit(q->task->loss, &q->unit, &q->threshold, &n_thresholds));
    if (n_thresholds)
        return q->unit ? ask_threshold(q, found) : dg_ok();
    DG_TRY(score_find(q->task->loss, false, NULL, &q->unit));
    if (q->unit)
        DG_TRY(ask_score(q, found));
    return found->unit ? dg_ok() : classes_ask(q->task, q->rows, found);
}

dg_status dg_separability_find(const dg_task *task, dg_rows rows, dg_separability *found)
{
    REFUSE_NULL(task);
    REFUSE_NULL(found);
    *found = (dg_separability){0};
    DG_TRY(task_check(task, "whether rows are separable", TASK_LOSS | TASK_PARAMETERS | TASK_DATA));
    if (rows.count < 1)
        return dg_error(DG_BAD_ARGUMENT, "whether rows are separable: no rows");
    question q = {.task = task, .rows = rows};
    dg_status status = ask(&q, found);
    question_release(&q);
    if (status.code != DG_OK)
        dg_separability_release(found);
    return status;
}

void dg_separability_release(dg_separability *found)
{
    if (!found)
        return;
    free(found->proof);
    *found = (dg_separability){0};
}
