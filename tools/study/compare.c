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

static dg_status fill_cell(study *s, const study_result *result, study_cell *cell)
{
    double *values = dg_arena_alloc(s->arena, 3 * (size_t)(s->n_pairs + 1) * sizeof *values);
    double *seconds = values + s->n_pairs + 1, *epochs = seconds + s->n_pairs + 1;
    int64_t n = 0, n_seconds = 0, n_epochs = 0;
    cell->scores = dg_arena_alloc(s->arena, (size_t)(s->n_pairs + 1) * sizeof *cell->scores);
    if (!values || !cell->scores)
        return study_no_memory();
    for (int64_t pair = 0; pair < s->n_pairs; pair++) {
        int64_t index = pair * s->n_variants + cell->variant;
        const cJSON *row = cell->variant < 0 ? NULL : s->rows[index];
        const study_run run = study_run_at(s, cell->variant < 0 ? 0 : index);
        bool fine = row && study_row_is(row, "finished");
        cell->scores[pair] = fine ? study_row_number(row, result->metric) : NAN;
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
        return study_no_memory();
    for (int64_t pair = 0; pair < s->n_pairs; pair++)
        if (!isnan(mine->scores[pair]) && !isnan(base->scores[pair])) {
            x[n] = mine->scores[pair];
            y[n++] = base->scores[pair];
        }
    made->bad = s->n_pairs - n;
    DG_TRY(dg_compare_paired(x, y, n, 1 - LEVEL, 0, &made->pairs));
    if (result->rises || !n)
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
        return study_no_memory();
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

/* Of the mean scores of methods on several graphs; those graphs on which each has one. */
static dg_status rank_methods(study *s, study_result *result)
{
    double *scores = dg_arena_alloc(s->arena, (size_t)(s->n_graphs * s->n_methods + 1) * sizeof *scores);
    int64_t tasks = 0;
    result->mean_ranks = dg_arena_alloc(s->arena, (size_t)(s->n_methods + 1) * sizeof *result->mean_ranks);
    if (!scores || !result->mean_ranks)
        return study_no_memory();
    for (int g = 0; g < s->n_graphs; g++) {
        bool whole = true;
        for (int m = 0; m < s->n_methods; m++) {
            scores[tasks * s->n_methods + m] = result->cells[g * s->n_methods + m].score.mean;
            whole &= !isnan(scores[tasks * s->n_methods + m]);
        }
        tasks += whole;
    }
    result->has_friedman = tasks > 1 && s->n_methods > 1;
    return result->has_friedman
               ? dg_friedman(scores, tasks, s->n_methods, result->rises, LEVEL, result->mean_ranks, &result->friedman)
               : dg_ok();
}

dg_status study_compare(study *s, study_result *result)
{
    int *chosen, cells = s->n_graphs * s->n_methods;
    bool by_rises;
    *result = (study_result){0};
    DG_TRY(study_metric(s, &result->metric, &result->rises));
    result->by = study_by(s, result->metric, &by_rises);
    DG_TRY(study_find_baseline(s, &result->baseline));
    DG_TRY(study_choose(s, &chosen));
    result->cells = dg_arena_alloc(s->arena, (size_t)cells * sizeof *result->cells);
    if (!result->cells)
        return study_no_memory();
    for (int k = 0; k < cells; k++) {
        result->cells[k].variant = chosen[k];
        DG_TRY(fill_cell(s, result, &result->cells[k]));
    }
    DG_TRY(compare_all(s, result));
    DG_TRY(rank_methods(s, result));
    return study_count_stale(s, &result->stale);
}
