/* Metrics of whole passes. */
#include "judge.h"

#include "optim/statistics/ranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static dg_status reserve(judged *all, int64_t rows)
{
    if (rows <= all->room)
        return dg_ok();
    int64_t room = 2 * all->room > rows ? 2 * all->room : rows;
    double *scores = realloc(all->scores, (size_t)(room * all->classes) * sizeof *scores);
    if (scores)
        all->scores = scores;
    int64_t *labels = scores ? realloc(all->labels, (size_t)room * sizeof *labels) : NULL;
    if (!labels)
        return dg_no_memory("the scores of %lld rows", (long long)room);
    all->labels = labels;
    all->room = room;
    return dg_ok();
}

void judged_release(judged *all)
{
    free(all->scores);
    free(all->labels);
    *all = (judged){0};
}

/* Softmax: between rows, scores of a class are compared as probabilities. */
static void make_probabilities(double *scores, int64_t classes)
{
    double most = -INFINITY, sum = 0;
    for (int64_t c = 0; c < classes; c++)
        most = fmax(most, scores[c]);
    for (int64_t c = 0; c < classes; c++)
        sum += scores[c] = exp(scores[c] - most);
    for (int64_t c = 0; c < classes; c++)
        scores[c] /= sum;
}

/* One decision a number: above the threshold is class 1. */
static dg_status add_decisions(judged *all, const metric_set *set, const dg_tensor *prediction, const dg_tensor *target)
{
    int64_t n = dg_tensor_count(prediction);
    double threshold = isnan(set->threshold) ? 0.5 : set->threshold;
    DG_TRY(reserve(all, all->rows + n));
    for (int64_t i = 0; i < n; i++) {
        DG_TRY(metric_check_decision("auc, f1_macro", dg_tensor_get(target, i)));
        all->scores[all->rows] = dg_tensor_get(prediction, i) - threshold;
        all->labels[all->rows++] = dg_tensor_get(target, i) > 0.5;
    }
    return dg_ok();
}

dg_status judged_add(judged *all, const metric_set *set, const dg_tensor *prediction, const dg_tensor *target)
{
    int64_t count = dg_tensor_count(prediction), n = dg_tensor_count(target);
    int64_t classes = prediction->shape.rank == 2 ? prediction->shape.dims[1] : 1;
    bool by_class = classes > 1 && count == n * classes && !dg_dtype_is_float(target->dtype);
    if (!by_class && count != n)
        return dg_error(
            DG_BAD_SHAPE,
            "auc, f1_macro and confusion need scores [N, classes] with labels [N], or one score for each binary label");
    if (all->classes && all->classes != (by_class ? classes : 1))
        return dg_error(DG_BAD_SHAPE, "the number of classes changes from batch to batch");
    all->classes = by_class ? classes : 1;
    if (!by_class)
        return add_decisions(all, set, prediction, target);
    DG_TRY(reserve(all, all->rows + n));
    for (int64_t i = 0; i < n; i++) {
        int64_t label = (int64_t)dg_tensor_get(target, i);
        if (label == set->ignored)
            continue;
        if (label < 0 || label >= classes)
            return dg_error(DG_BAD_DATA, "label %lld is none of %lld class(es)", (long long)label, (long long)classes);
        double *row = all->scores + all->rows * classes;
        for (int64_t c = 0; c < classes; c++)
            row[c] = dg_tensor_get(prediction, i * classes + c);
        if (set->scores != DG_SCORES_MARGINS)
            make_probabilities(row, classes);
        all->labels[all->rows++] = label;
    }
    return dg_ok();
}

/* Of class c against the rest, by the sum of the ranks of its rows (Mann and Whitney 1947). */
static dg_status one_auc(const judged *all, int64_t c, double *column, double *ranks, double *value)
{
    double ties, sum = 0, is = 0, not ;
    for (int64_t i = 0; i < all->rows; i++)
        column[i] = all->scores[i * all->classes + (all->classes > 1 ? c : 0)];
    DG_TRY(rank_of_each(column, all->rows, ranks, &ties));
    for (int64_t i = 0; i < all->rows; i++)
        if (all->labels[i] == c) {
            sum += ranks[i];
            is++;
        }
    not = (double)all->rows - is;
    *value = is > 0 && not > 0 ? (sum - is * (is + 1) / 2) / (is * not ) : NAN;
    return dg_ok();
}

dg_status judged_auc(const judged *all, double *value)
{
    double *column = malloc(2 * ((size_t)all->rows + 1) * sizeof *column), one, sum = 0;
    dg_status status = column ? dg_ok() : dg_no_memory("ranks of %lld rows", (long long)all->rows);
    *value = NAN;
    for (int64_t c = all->classes > 1 ? 0 : 1; status.code == DG_OK && c < judged_classes(all); c++) {
        status = one_auc(all, c, column, column + all->rows + 1, &one);
        sum += one;
    }
    free(column);
    if (status.code == DG_OK)
        *value = all->classes > 1 ? sum / (double)all->classes : sum;
    return status;
}

int64_t judged_classes(const judged *all)
{
    return all->classes > 1 ? all->classes : 2;
}

static int64_t decision(const judged *all, int64_t i)
{
    const double *row = all->scores + i * all->classes;
    int64_t best = 0;
    if (all->classes == 1)
        return row[0] > 0;
    for (int64_t c = 1; c < all->classes; c++)
        best = row[c] > row[best] ? c : best;
    return best;
}

void judged_count(const judged *all, int64_t *counts)
{
    int64_t classes = judged_classes(all);
    memset(counts, 0, (size_t)(classes * classes) * sizeof *counts);
    for (int64_t i = 0; i < all->rows; i++)
        counts[all->labels[i] * classes + decision(all, i)]++;
}

dg_status judged_f1(const judged *all, double *value)
{
    int64_t classes = judged_classes(all), *counts = calloc((size_t)(classes * classes), sizeof *counts);
    double sum = 0;
    if (!counts)
        return dg_no_memory("counts of %lld classes", (long long)classes);
    judged_count(all, counts);
    for (int64_t c = 0; c < classes; c++) {
        int64_t is = 0, said = 0, hits = counts[c * classes + c];
        for (int64_t k = 0; k < classes; k++) {
            is += counts[c * classes + k];
            said += counts[k * classes + c];
        }
        sum += is + said ? 2 * (double)hits / (double)(is + said) : 0;
    }
    free(counts);
    *value = sum / (double)classes;
    return dg_ok();
}
