/* Methods against each other. */
#include "study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL 0.05

dg_status study_find_baseline(study *s, int *baseline)
{
    *baseline = 0;
    if (!s->baseline)
        return dg_ok();
    for (int v = 0; v < s->n_variants; v++) {
        const study_variant *variant = &s->variants[v];
        bool is_it = strcmp(study_label(s, variant, false), s->baseline) == 0;
        for (int k = 0; k < s->n_axes; k++)
            is_it |= !s->axes[k].is_chosen && strcmp(variant->choices[k], s->baseline) == 0;
        if (is_it) {
            *baseline = variant->method;
            return dg_ok();
        }
    }
    const char *known = "";
    for (int v = 0, method = -1; known && v < s->n_variants && strlen(known) < 200; v++)
        if (s->variants[v].graph == 0 && s->variants[v].method > method) {
            method = s->variants[v].method;
            known = study_format(s, "%s%s'%s'", known, *known ? ", " : "", study_label(s, &s->variants[v], false));
        }
    return dg_error(DG_BAD_ARGUMENT, "--baseline: there is no method '%s'; there are %s", s->baseline,
                    known ? known : "others");
}

static dg_status fill_cell(study *s, const char *metric, study_cell *cell)
{
    double *values = dg_arena_alloc(s->arena, 3 * (size_t)(s->n_pairs + 1) * sizeof *values);
    int64_t n = 0, n_seconds = 0, n_epochs = 0;
    cell->scores = dg_arena_alloc(s->arena, (size_t)(s->n_pairs + 1) * sizeof *cell->scores);
    if (!values || !cell->scores)
        return dg_no_memory("the study");
    double *seconds = values + s->n_pairs + 1, *epochs = seconds + s->n_pairs + 1;
    for (int64_t pair = 0; pair < s->n_pairs; pair++) {
        int64_t index = pair * s->n_variants + cell->variant;
        const cJSON *row = cell->variant < 0 ? NULL : s->rows[index];
        const study_run run = study_run_at(s, cell->variant < 0 ? 0 : index);
        bool fine = row && study_row_is(row, "finished");
        cell->scores[pair] = fine ? study_run_number(s, &run, metric) : NAN;
        cell->ended += row != NULL;
        cell->bad += row && !fine;
        if (!isnan(cell->scores[pair]))
            values[n++] = cell->scores[pair];
        if (fine && !cJSON_HasObjectItem(row, "resumed"))
            seconds[n_seconds++] = study_row_number(row, "seconds");
        double reached = fine ? study_epochs_to_target(s, &run) : NAN;
        if (!isnan(reached))
            epochs[n_epochs++] = reached;
    }
    DG_TRY(dg_summarise(values, n, &cell->score));
    DG_TRY(dg_summarise(seconds, n_seconds, &cell->seconds));
    return dg_summarise(epochs, n_epochs, &cell->epochs);
}

/* On the pairs in which both have a number. */
static dg_status compare(study *s, const study_result *result, study_comparison *made)
{
    const study_cell *cells = &result->cells[made->graph * s->n_methods];
    const study_cell *mine = &cells[made->method], *base = &cells[result->baseline];
    double *x = dg_arena_alloc(s->arena, 2 * (size_t)(s->n_pairs + 1) * sizeof *x), *y = x ? x + s->n_pairs + 1 : NULL;
    int64_t n = 0;
    if (!x)
        return dg_no_memory("the study");
    for (int64_t pair = 0; pair < s->n_pairs; pair++)
        if (!isnan(mine->scores[pair]) && !isnan(base->scores[pair])) {
            x[n] = mine->scores[pair];
            y[n++] = base->scores[pair];
        }
    made->bad = s->n_pairs - n;
    DG_TRY(dg_compare_paired(x, y, n, 1 - LEVEL, 0, &made->pairs));
    if (result->rise[made->graph] || !n)
        return dg_ok();
    int64_t wins = made->pairs.wins; /* less is better */
    made->pairs.wins = made->pairs.losses;
    made->pairs.losses = wins;
    return dg_ok();
}

static dg_status compare_all(study *s, study_result *result)
{
    int all = s->n_graphs * (s->n_methods - 1);
    double *p = dg_arena_alloc(s->arena, 2 * ((size_t)all + 1) * sizeof *p);
    result->comparisons = dg_arena_alloc(s->arena, ((size_t)all + 1) * sizeof *result->comparisons);
    if (!p || !result->comparisons)
        return dg_no_memory("the study");
    for (int g = 0; g < s->n_graphs; g++)
        for (int m = 0; m < s->n_methods; m++) {
            if (m == result->baseline)
                continue;
            study_comparison *made = &result->comparisons[result->n_comparisons];
            *made = (study_comparison){.graph = g, .method = m};
            DG_TRY(compare(s, result, made));
            p[result->n_comparisons++] = made->pairs.count ? made->pairs.wilcoxon.p : NAN;
        }
    DG_TRY(dg_holm(p, all, p + all));
    for (int k = 0; k < all; k++)
        result->comparisons[k].holm = p[all + k];
    result->pairs_needed = all ? dg_pairs_needed(all, LEVEL) : 0;
    return dg_ok();
}

int64_t study_fewest_pairs(const study_result *result)
{
    int64_t fewest = INT64_MAX;
    for (int k = 0; k < result->n_comparisons; k++)
        if (result->comparisons[k].pairs.count < fewest)
            fewest = result->comparisons[k].pairs.count;
    return fewest;
}

/* Of the mean scores of methods on several graphs; those graphs on which each has one. Where less is better, the sign
 * is turned. */
static dg_status rank_methods(study *s, study_result *result)
{
    double *scores = dg_arena_alloc(s->arena, (size_t)(s->n_graphs * s->n_methods + 1) * sizeof *scores);
    int64_t tasks = 0;
    result->mean_ranks = dg_arena_alloc(s->arena, (size_t)(s->n_methods + 1) * sizeof *result->mean_ranks);
    if (!scores || !result->mean_ranks)
        return dg_no_memory("the study");
    for (int g = 0; g < s->n_graphs; g++) {
        bool whole = true;
        for (int m = 0; m < s->n_methods; m++) {
            double mean = result->cells[g * s->n_methods + m].score.mean;
            scores[tasks * s->n_methods + m] = result->rise[g] ? mean : -mean;
            whole &= !isnan(mean);
        }
        tasks += whole;
    }
    result->has_friedman = tasks > 1 && s->n_methods > 1;
    return result->has_friedman
               ? dg_friedman(scores, tasks, s->n_methods, true, LEVEL, result->mean_ranks, &result->friedman)
               : dg_ok();
}

/* The rank of each method in one pair on one graph, 1 the best, ties sharing theirs; a run that failed is behind those
 * that did not. False: a run of the pair has not ended. */
static bool rank_pair(const study *s, const study_result *result, int graph, int64_t pair, double *ranks)
{
    const study_cell *cells = &result->cells[graph * s->n_methods];
    for (int m = 0; m < s->n_methods; m++)
        if (cells[m].variant < 0 || !s->rows[pair * s->n_variants + cells[m].variant])
            return false;
    for (int m = 0; m < s->n_methods; m++) {
        double mine = cells[m].scores[pair], better = 0, equal = 0;
        for (int other = 0; other < s->n_methods; other++) {
            double theirs = cells[other].scores[pair];
            bool above = isnan(mine) ? !isnan(theirs) : result->rise[graph] ? theirs > mine : theirs < mine;
            better += above;
            equal += theirs == mine || (isnan(theirs) && isnan(mine));
        }
        ranks[m] = better + (equal + 1) / 2;
    }
    return true;
}

static dg_status rank_pairs(study *s, study_result *result)
{
    size_t methods = (size_t)s->n_methods, most = (size_t)s->n_graphs * (size_t)s->n_pairs;
    double *ranks = dg_arena_alloc(s->arena, (most + 1) * methods * sizeof *ranks),
           *of_one = dg_arena_alloc(s->arena, (most + 1) * sizeof *of_one);
    result->median_ranks = dg_arena_alloc(s->arena, methods * sizeof *result->median_ranks);
    if (!ranks || !of_one || !result->median_ranks)
        return dg_no_memory("the study");
    result->ranked_least = s->n_pairs;
    for (int g = 0; g < s->n_graphs; g++) {
        int64_t before = result->ranked;
        for (int64_t pair = 0; pair < s->n_pairs; pair++)
            result->ranked += rank_pair(s, result, g, pair, ranks + (size_t)result->ranked * methods);
        if (result->ranked - before < result->ranked_least)
            result->ranked_least = result->ranked - before;
    }
    for (size_t m = 0; m < methods; m++) {
        dg_summary summary;
        for (int64_t k = 0; k < result->ranked; k++)
            of_one[k] = ranks[(size_t)k * methods + m];
        DG_TRY(dg_summarise(of_one, result->ranked, &summary));
        result->median_ranks[m] = summary.median;
    }
    return dg_ok();
}

static dg_status find_metrics(study *s, study_result *result)
{
    size_t n = (size_t)s->n_graphs;
    result->metrics = dg_arena_alloc(s->arena, n * sizeof *result->metrics);
    result->by = dg_arena_alloc(s->arena, n * sizeof *result->by);
    result->rise = dg_arena_alloc(s->arena, n * sizeof *result->rise);
    if (!result->metrics || !result->by || !result->rise)
        return dg_no_memory("the study");
    for (int g = 0; g < s->n_graphs; g++) {
        bool by_rises;
        DG_TRY(study_metric(s, g, &result->metrics[g], &result->rise[g]));
        result->by[g] = study_by(s, result->metrics[g], &by_rises);
    }
    return dg_ok();
}

const char *study_common_metric(const study *s, const study_result *result)
{
    for (int g = 1; g < s->n_graphs; g++)
        if (strcmp(result->metrics[g], result->metrics[0]) != 0)
            return "score";
    return result->metrics[0];
}

dg_status study_compare(study *s, study_result *result)
{
    int *chosen, cells = s->n_graphs * s->n_methods;
    *result = (study_result){0};
    DG_TRY(find_metrics(s, result));
    DG_TRY(study_find_baseline(s, &result->baseline));
    DG_TRY(study_choose(s, &chosen));
    result->cells = dg_arena_alloc(s->arena, (size_t)cells * sizeof *result->cells);
    if (!result->cells)
        return dg_no_memory("the study");
    for (int k = 0; k < cells; k++) {
        result->cells[k].variant = chosen[k];
        DG_TRY(fill_cell(s, result->metrics[k / s->n_methods], &result->cells[k]));
    }
    DG_TRY(compare_all(s, result));
    DG_TRY(rank_methods(s, result));
    DG_TRY(rank_pairs(s, result));
    return study_count_stale(s, &result->stale);
}
