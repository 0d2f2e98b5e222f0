/* The comparison as text, CSV and LaTeX. */
#include "figures.h"

#include "tools/run/folder.h"
#include "tools/run/print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void print_csv_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

/* ---- CSV ---- */

static void write_summary(study *s, const study_result *result, FILE *out)
{
    fprintf(out,
            "graph,method,chosen,runs,failed,%s_mean,sd,median,least,greatest,epochs_to_target_mean,reached,"
            "seconds_mean,metric\n",
            study_common_metric(s, result));
    for (int k = 0; k < s->n_graphs * s->n_methods; k++) {
        const study_cell *cell = &result->cells[k];
        print_csv_text(out, s->graphs[k / s->n_methods]);
        fputc(',', out);
        print_csv_text(out, figure_method(s, k / s->n_methods, k % s->n_methods));
        fputc(',', out);
        print_csv_text(out, cell->variant < 0 ? "" : study_label(s, &s->variants[cell->variant], true));
        fprintf(out, ",%lld,%lld,%.17g,%.17g,%.17g,%.17g,%.17g,%.6g,%lld,%.6g,%s\n", (long long)cell->ended,
                (long long)cell->bad, cell->score.mean, cell->score.sd, cell->score.median, cell->score.least,
                cell->score.greatest, cell->epochs.mean, (long long)cell->epochs.count, cell->seconds.mean,
                result->metrics[k / s->n_methods]);
    }
}

static void write_comparisons(study *s, const study_result *result, FILE *out)
{
    fputs(
        "graph,method,baseline,pairs,left_out,wins,ties,losses,mean_difference,low,high,d_z,rank_biserial,statistic,p,"
        "mode,p_holm\n",
        out);
    for (int k = 0; k < result->n_comparisons; k++) {
        const study_comparison *c = &result->comparisons[k];
        print_csv_text(out, s->graphs[c->graph]);
        fputc(',', out);
        print_csv_text(out, figure_method(s, c->graph, c->method));
        fputc(',', out);
        print_csv_text(out, figure_method(s, c->graph, result->baseline));
        fprintf(out, ",%lld,%lld,%lld,%lld,%lld,%.17g,%.17g,%.17g,%.6g,%.6g,%.17g,%.17g,%s,%.17g\n",
                (long long)c->pairs.count, (long long)c->bad, (long long)c->pairs.wins, (long long)c->pairs.ties,
                (long long)c->pairs.losses, c->pairs.mean, c->pairs.low, c->pairs.high, c->pairs.effect,
                c->pairs.wilcoxon.rank_biserial, c->pairs.wilcoxon.statistic, c->pairs.wilcoxon.p,
                dg_test_mode_name(c->pairs.wilcoxon.mode), c->holm);
    }
}

static void write_ranks(study *s, const study_result *result, FILE *out)
{
    fputs("method,median_rank,mean_rank,pairs,fewest_pairs_of_a_task\n", out);
    for (int m = 0; m < s->n_methods; m++) {
        print_csv_text(out, figure_method(s, 0, m));
        fprintf(out, ",%.17g,", result->median_ranks[m]);
        if (result->has_friedman)
            fprintf(out, "%.17g", result->mean_ranks[m]);
        fprintf(out, ",%lld,%lld\n", (long long)result->ranked, (long long)result->ranked_least);
    }
}

/* ---- LaTeX ---- */

static void print_tex(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("#$%&_{}", *text))
            fprintf(out, "\\%c", *text);
        else if (strchr("\\^~", *text))
            fprintf(out, "\\char`\\%c ", *text);
        else
            fputc(*text, out);
    }
}

/* The best of each graph is bold. */
static void write_tex(study *s, const study_result *result, FILE *out)
{
    fputs("% \\usepackage{booktabs}\n\\begin{tabular}{l", out);
    for (int g = 0; g < s->n_graphs; g++)
        fputc('r', out);
    fputs("}\n\\toprule\nmethod", out);
    for (int g = 0; g < s->n_graphs; g++) {
        fputs(" & ", out);
        print_tex(out, s->graphs[g]);
    }
    fputs(" \\\\\n\\midrule\n", out);
    for (int m = 0; m < s->n_methods; m++) {
        print_tex(out, figure_method(s, 0, m));
        for (int g = 0; g < s->n_graphs; g++) {
            const dg_summary *score = &result->cells[g * s->n_methods + m].score;
            bool best = !isnan(score->mean);
            for (int other = 0; other < s->n_methods; other++) {
                double mean = result->cells[g * s->n_methods + other].score.mean;
                best &= !(result->rise[g] ? mean > score->mean : mean < score->mean);
            }
            if (isnan(score->mean))
                fputs(" & --", out);
            else
                fprintf(out, best ? " & $\\mathbf{%.4g} \\pm %.2g$" : " & $%.4g \\pm %.2g$", score->mean,
                        isnan(score->sd) ? 0 : score->sd);
        }
        fputs(" \\\\\n", out);
    }
    fputs("\\bottomrule\n\\end{tabular}\n", out);
}

static dg_status write_file(study *s, const study_result *result, const char *name,
                            void (*write)(study *, const study_result *, FILE *))
{
    char *text = NULL, *path = path_join(s->folder, name);
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out && path)
        write(s, result, out);
    bool fine = path && out && fclose(out) == 0;
    dg_status status = fine ? dg_write_file(path, text, size) : dg_no_memory("the study");
    free(text);
    free(path);
    return status;
}

dg_status study_write_results(study *s, const study_result *result)
{
    DG_TRY(write_file(s, result, "summary.csv", write_summary));
    DG_TRY(write_file(s, result, "comparisons.csv", write_comparisons));
    DG_TRY(write_file(s, result, "ranks.csv", write_ranks));
    return write_file(s, result, "table.tex", write_tex);
}

/* ---- text ---- */

static void print_cells(study *s, const study_result *result, int graph, FILE *out)
{
    fprintf(out, "%s: %s (%s is better), %lld seeds", s->graphs[graph], result->metrics[graph],
            result->rise[graph] ? "more" : "less", (long long)s->seeds);
    if (s->folds)
        fprintf(out, " x %lld folds", (long long)s->folds);
    fputc('\n', out);
    for (int m = 0; m < s->n_methods; m++) {
        const study_cell *cell = &result->cells[graph * s->n_methods + m];
        const char *method = figure_method(s, graph, m);
        fprintf(out, "  %-*s ", text_width(method, 32), method);
        const bool has_score = !isnan(cell->score.mean);
        if (has_score)
            fprintf(out, "%.5g", cell->score.mean);
        else
            fputs(cell->ended == cell->bad ? "no run has finished" : "no run has a number", out);
        if (!isnan(cell->score.sd)) /* of one run there is none */
            fprintf(out, " +- %.2g", cell->score.sd);
        if (has_score)
            fprintf(out, ", median %.5g, %lld run%s", cell->score.median, (long long)cell->ended, plural(cell->ended));
        if (cell->bad)
            fprintf(out, ", %lld failed", (long long)cell->bad);
        if (s->target && cell->epochs.count)
            fprintf(out, ", %s after %.3g epochs (%lld run%s)", s->target, cell->epochs.mean,
                    (long long)cell->epochs.count, plural(cell->epochs.count));
        if (s->n_configurations > 1 && cell->variant >= 0)
            fprintf(out, ", %s by %s", study_label(s, &s->variants[cell->variant], true), result->by[graph]);
        fputc('\n', out);
    }
}

static void print_comparison(study *s, const study_result *result, const study_comparison *c, FILE *out)
{
    const dg_wilcoxon_test *test = &c->pairs.wilcoxon;
    const dg_paired_comparison *pairs = &c->pairs;
    fprintf(out, "  %s: %s against %s: ", s->graphs[c->graph], figure_method(s, c->graph, c->method),
            figure_method(s, c->graph, result->baseline));
    if (!pairs->count) {
        fputs("no pair has ended in both\n", out);
        return;
    }
    fprintf(out, "%lld win%s, %lld tie%s, %lld loss%s; difference %.3g [%.3g, %.3g]; ", (long long)pairs->wins,
            plural(pairs->wins), (long long)pairs->ties, plural(pairs->ties), (long long)pairs->losses,
            pairs->losses == 1 ? "" : "es", pairs->mean, pairs->low, pairs->high);
    if (!isnan(c->pairs.effect))
        fprintf(out, "d_z %.2g; ", c->pairs.effect);
    double times = result->cells[c->graph * s->n_methods + result->baseline].epochs.mean /
                   result->cells[c->graph * s->n_methods + c->method].epochs.mean;
    if (isfinite(times))
        fprintf(out, "reaches %s %.3g times as fast; ", s->target, times);
    fprintf(out, "p = %.4g (%s), Holm %.4g%s\n", test->p, dg_test_mode_name(test->mode), c->holm,
            c->holm < 0.05 ? " *" : "");
}

void study_print(study *s, const study_result *result, FILE *out)
{
    for (int g = 0; g < s->n_graphs; g++)
        print_cells(s, result, g, out);
    if (result->n_comparisons)
        fputs("Wilcoxon's signed-rank test over pairs (same seed, split and order):\n", out);
    for (int k = 0; k < result->n_comparisons; k++)
        print_comparison(s, result, &result->comparisons[k], out);
    int64_t fewest = study_fewest_pairs(result);
    if (fewest < result->pairs_needed)
        fprintf(out, "%lld pair%s too few to tell: with %d comparison%s the test can come below 5 %% from %lld on\n",
                (long long)fewest, fewest == 1 ? " is" : "s are", result->n_comparisons, plural(result->n_comparisons),
                (long long)result->pairs_needed);
    if (result->has_friedman) {
        fprintf(out, "Friedman's test over tasks: p = %.4g; critical difference of mean ranks (Nemenyi, 5 %%) %.3g:\n",
                result->friedman.p, result->friedman.critical);
        for (int m = 0; m < s->n_methods; m++) {
            const char *method = figure_method(s, 0, m);
            fprintf(out, "  %-*s %.3g; median over %lld pairs %.3g\n", text_width(method, 32), method,
                    result->mean_ranks[m], (long long)result->ranked, result->median_ranks[m]);
        }
    }
    if (result->progress.dropped_pairs)
        fprintf(out, "%lld of %lld pair%s dropped: the budget was spent\n", (long long)result->progress.dropped_pairs,
                (long long)s->n_pairs, s->n_pairs == 1 ? " was" : "s were");
    if (result->stale)
        fprintf(out,
                "%lld row%s stale, of settings that are not compared now, or of graphs or data that have changed "
                "since: not counted, but in runs.csv; a study with another folder (-o) keeps its own report\n",
                (long long)result->stale, result->stale == 1 ? " is" : "s are");
}
