/* FOLDER/report.html: one page that needs nothing beside it. */
#include "figures.h"

#include "tools/run/folder.h"
#include "tools/run/print.h"

#include <dotgrad/version.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct page {
    study *s;
    const study_result *result;
    FILE *out;
    dg_status picture; /* the first that could not be drawn */
} page;

static void print_text(const page *p, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;" : NULL;
        if (entity)
            fputs(entity, p->out);
        else
            fputc(*text, p->out);
    }
}

static void print_cell(const page *p, const char *text)
{
    fputs("<td class='t'>", p->out);
    print_text(p, text);
    fputs("</td>", p->out);
}

static void print_value(const page *p, const char *format, double number)
{
    fputs("<td>", p->out);
    if (isnan(number))
        fputs("–", p->out);
    else
        fprintf(p->out, format, number);
    fputs("</td>", p->out);
}

/* ---- pictures ---- */

/* The text of an SVG file from its <svg on, with identities of its own: gnuplot's pictures all use the same. */
static void print_svg(const page *p, const char *path, int number)
{
    static const char *const marks[] = {"id='", "url(#", "xlink:href='#", "id=\"", "xlink:href=\"#"};
    char *text;
    size_t size;
    if (dg_read_file(path, &text, &size).code != DG_OK)
        return;
    const char *at = strstr(text, "<svg");
    while (at && *at) {
        size_t length = 0;
        for (size_t k = 0; !length && k < sizeof marks / sizeof *marks; k++)
            length = strncmp(at, marks[k], strlen(marks[k])) == 0 ? strlen(marks[k]) : 0;
        if (length)
            fprintf(p->out, "%.*sf%d", (int)length, at, number);
        else
            fputc(*at, p->out);
        at += length ? length : 1;
    }
    free(text);
}

static void print_figure(page *p, dg_status drawn, const char *path, int number, const char *caption)
{
    if (drawn.code != DG_OK) {
        p->picture = p->picture.code == DG_OK ? drawn : p->picture;
        return;
    }
    fputs("<figure>", p->out);
    print_svg(p, path, number);
    fputs("<figcaption>", p->out);
    print_text(p, caption);
    fputs("</figcaption></figure>\n", p->out);
}

static const char *path_of(const page *p, const char *what, int graph)
{
    study *s = p->s;
    return s->n_graphs > 1 ? study_format(s, "%s/%s-%s.svg", s->folder, what, s->graphs[graph])
                           : study_format(s, "%s/%s.svg", s->folder, what);
}

static dg_status print_figures(page *p, int graph)
{
    study *s = p->s;
    const char *scores = path_of(p, "scores", graph), *loss = path_of(p, "loss", graph),
               *curves = path_of(p, "curves", graph);
    bool rises;
    const char *by = study_by(s, p->result->metrics[graph], &rises);
    if (!scores || !loss || !curves)
        return dg_no_memory("the study");
    print_figure(
        p, figure_scores(s, p->result, graph, scores), scores, 3 * graph,
        study_format(s, "%s: each run as a point, mean with its 95 %% bootstrap interval", p->result->metrics[graph]));
    print_figure(p, figure_curves(s, p->result, graph, "loss", loss), loss, 3 * graph + 1,
                 "training loss: mean and standard deviation over pairs");
    dg_status drawn = figure_curves(s, p->result, graph, by, curves);
    if (drawn.code != DG_BAD_ARGUMENT) /* no validation data */
        print_figure(p, drawn, curves, 3 * graph + 2,
                     study_format(s, "%s: mean and standard deviation over pairs", by));
    return dg_ok();
}

/* ---- tables ---- */

static void print_scores(const page *p, int graph)
{
    study *s = p->s;
    const study_result *result = p->result;
    fputs("<p>Compared: ", p->out);
    print_text(p, result->metrics[graph]);
    fprintf(p->out, "; %s is better.", result->rise[graph] ? "more" : "less");
    if (s->n_configurations > 1) {
        fputs(" Settings are chosen by ", p->out);
        print_text(p, result->by[graph]);
        fputs(", never by the test part.", p->out);
    }
    fputs("</p>\n", p->out);
    fprintf(p->out,
            "<table><tr><th class='t'>method</th>%s<th>mean</th><th>sd</th><th>median</th><th>least</th>"
            "<th>greatest</th><th>runs</th><th>failed</th>",
            s->n_configurations > 1 ? "<th class='t'>chosen</th>" : "");
    if (s->target) {
        fputs("<th>epochs to ", p->out);
        print_text(p, s->target);
        fputs("</th><th>reached</th>", p->out);
    }
    fputs("<th>seconds</th></tr>\n", p->out);
    for (int m = 0; m < s->n_methods; m++) {
        const study_cell *cell = &result->cells[graph * s->n_methods + m];
        fputs(m == result->baseline ? "<tr class='base'>" : "<tr>", p->out);
        print_cell(p, figure_method(s, graph, m));
        if (s->n_configurations > 1)
            print_cell(p, cell->variant < 0 ? "–" : study_label(s, &s->variants[cell->variant], true));
        print_value(p, "%.5g", cell->score.mean);
        print_value(p, "%.2g", cell->score.sd);
        print_value(p, "%.5g", cell->score.median);
        print_value(p, "%.5g", cell->score.least);
        print_value(p, "%.5g", cell->score.greatest);
        fprintf(p->out, "<td>%lld</td><td%s>%lld</td>", (long long)cell->ended, cell->bad ? " class='bad'" : "",
                (long long)cell->bad);
        if (s->target) {
            print_value(p, "%.3g", cell->epochs.mean);
            fprintf(p->out, "<td>%lld</td>", (long long)cell->epochs.count);
        }
        print_value(p, "%.3g", cell->seconds.mean);
        fputs("</tr>\n", p->out);
    }
    fputs("</table>\n", p->out);
}

static void print_comparisons(const page *p, int graph)
{
    study *s = p->s;
    fputs("<h3>Against ", p->out);
    print_text(p, figure_method(s, graph, p->result->baseline));
    fputs("</h3>\n<table><tr><th class='t'>method</th><th>pairs</th><th>wins</th><th>ties</th><th>losses</th>"
          "<th>mean difference</th><th>95 % interval</th><th>d<sub>z</sub></th><th>rank-biserial</th><th>p</th>"
          "<th class='t'>how</th><th>p, Holm</th></tr>\n",
          p->out);
    for (int k = 0; k < p->result->n_comparisons; k++) {
        const study_comparison *c = &p->result->comparisons[k];
        const dg_wilcoxon_test *test = &c->pairs.wilcoxon;
        if (c->graph != graph)
            continue;
        fputs(c->holm < 0.05 ? "<tr class='told'>" : "<tr>", p->out);
        print_cell(p, figure_method(s, graph, c->method));
        fprintf(p->out, "<td>%lld</td><td>%lld</td><td>%lld</td><td>%lld</td>", (long long)c->pairs.count,
                (long long)c->pairs.wins, (long long)c->pairs.ties, (long long)c->pairs.losses);
        print_value(p, "%+.4g", c->pairs.mean);
        fprintf(p->out, "<td>%+.4g … %+.4g</td>", c->pairs.low, c->pairs.high);
        print_value(p, "%+.2f", c->pairs.effect);
        print_value(p, "%+.2f", test->rank_biserial);
        print_value(p, "%.4g", test->p);
        print_cell(p, dg_test_mode_name(test->mode));
        print_value(p, "%.4g", c->holm);
        fputs("</tr>\n", p->out);
    }
    fputs("</table>\n", p->out);
}

static void print_warnings(const page *p)
{
    const study_result *result = p->result;
    int64_t bad = 0, missing = 0, fewest = study_fewest_pairs(result);
    for (int k = 0; k < p->s->n_graphs * p->s->n_methods; k++) {
        bad += result->cells[k].bad;
        missing += p->s->n_pairs - result->cells[k].ended;
    }
    fputs("<ul>\n", p->out);
    if (fewest < result->pairs_needed)
        fprintf(p->out,
                "<li class='bad'>%lld pair%s too few to tell: with %d comparison%s the test can come below 5 %% from "
                "%lld pairs on.</li>\n",
                (long long)fewest, fewest == 1 ? " is" : "s are", result->n_comparisons, plural(result->n_comparisons),
                (long long)result->pairs_needed);
    if (bad)
        fprintf(p->out,
                "<li class='bad'>%lld run%s diverged, failed or took too long: what is paired with %s is left out of "
                "the comparisons; runs.csv says where.</li>\n",
                (long long)bad, plural(bad), bad == 1 ? "it" : "them");
    if (missing)
        fprintf(p->out, "<li class='bad'>%lld run%s not ended.</li>\n", (long long)missing,
                missing == 1 ? " has" : "s have");
    if (result->progress.dropped_pairs)
        fprintf(p->out, "<li>%lld pair%s dropped: the budget was spent.</li>\n",
                (long long)result->progress.dropped_pairs, result->progress.dropped_pairs == 1 ? " was" : "s were");
    if (result->stale)
        fprintf(p->out,
                "<li>%lld row%s stale, of settings that are not compared now, or of graphs or data that have changed "
                "since: not counted.</li>\n",
                (long long)result->stale, result->stale == 1 ? " is" : "s are");
    fputs("</ul>\n", p->out);
}

/* ---- the page ---- */

static const char style[] =
    "body{font:15px/1.5 Helvetica,Arial,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#24292f}"
    "table{border-collapse:collapse;margin:1em 0;font-size:13px}th,td{padding:3px 9px;text-align:right;"
    "border-bottom:1px solid #d0d7de}th{background:#f6f8fa}.t{text-align:left}.base{background:#f6f8fa}"
    ".told{background:#dafbe1}.bad{color:#b30000}figure{margin:1em 0}figure svg{width:100%;max-width:720px;height:auto}"
    "figcaption{font-size:13px;color:#57606a}pre{background:#f6f8fa;padding:1em;overflow:auto;font-size:12px}";

static void print_head(const page *p)
{
    study *s = p->s;
    fprintf(p->out,
            "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><meta name='viewport' "
            "content='width=device-width'><title>Study</title><style>%s</style></head><body>\n<h1>Study of ",
            style);
    for (int g = 0; g < s->n_graphs; g++) {
        fputs(g ? ", " : "", p->out);
        print_text(p, s->graphs[g]);
    }
    fprintf(p->out, "</h1>\n<p>%d method%s, %d setting%s of each, %lld seed%s", s->n_methods, plural(s->n_methods),
            s->n_configurations, plural(s->n_configurations), (long long)s->seeds, plural(s->seeds));
    if (s->folds)
        fprintf(p->out, " × %lld folds", (long long)s->folds);
    fputs(". Runs of one pair have the same seed, split, order of rows and, where shapes agree, the same initial "
          "numbers.</p>\n",
          p->out);
}

static void print_method(const page *p)
{
    fprintf(
        p->out,
        "<h2>How it was computed</h2>\n<p>Wilcoxon's signed-rank test over pairs, two-sided; Holm's correction over "
        "the %d comparisons of the study; bootstrap intervals of the mean difference (percentiles of 10,000 "
        "samples); d<sub>z</sub> is the mean difference over its standard deviation. dotgrad %s; runs.csv has all "
        "rows, curves.csv all epochs, and the manifest repeats the study: <code>dotgrad study --repeat "
        "manifest</code>.</p>\n<table><tr><th class='t'>varied</th><th class='t'>values</th></tr>\n",
        p->result->n_comparisons, dg_version());
    for (int k = 0; k < p->s->n_axes; k++) {
        const study_axis *axis = &p->s->axes[k];
        fputs("<tr>", p->out);
        print_cell(p, axis->name);
        fputs("<td class='t'>", p->out);
        for (int v = 0; v < axis->values.count; v++) {
            fputs(v ? " | " : "", p->out);
            print_text(p, axis->values.items[v]);
        }
        fputs("</td></tr>\n", p->out);
    }
    fputs("</table>\n", p->out);
}

static dg_status print_ranks(page *p)
{
    study *s = p->s;
    const char *path = study_format(s, "%s/ranks.svg", s->folder);
    if (!path)
        return dg_no_memory("the study");
    fprintf(p->out,
            "<h2>Over all tasks</h2>\n<p>Friedman's test: χ² = %.4g, p = %.4g. Methods whose mean ranks are less than "
            "Nemenyi's critical difference apart (5 %%) are joined by a bar.</p>\n",
            p->result->friedman.statistic, p->result->friedman.p);
    print_figure(p, figure_ranks(s, p->result, path), path, 3 * s->n_graphs, "mean ranks; 1 is best");
    fprintf(p->out,
            "<p>Median rank over the %lld pairs of all tasks, a run that failed ranking last.</p>\n"
            "<table><tr><th class='t'>method</th><th>median rank</th></tr>\n",
            (long long)p->result->ranked);
    for (int m = 0; m < s->n_methods; m++) {
        fputs("<tr>", p->out);
        print_cell(p, figure_method(s, 0, m));
        print_value(p, "%.3g", p->result->median_ranks[m]);
        fputs("</tr>\n", p->out);
    }
    fputs("</table>\n", p->out);
    return dg_ok();
}

static dg_status print_page(page *p)
{
    study *s = p->s;
    print_head(p);
    print_warnings(p);
    for (int g = 0; g < s->n_graphs; g++) {
        fputs("<h2>", p->out);
        print_text(p, s->graphs[g]);
        fputs("</h2>\n", p->out);
        print_scores(p, g);
        if (s->n_methods > 1)
            print_comparisons(p, g);
        DG_TRY(print_figures(p, g));
    }
    if (p->result->has_friedman)
        DG_TRY(print_ranks(p));
    print_method(p);
    for (int g = 0; g < s->n_graphs; g++)
        for (int v = 0; v < s->n_variants; v++)
            if (s->variants[v].graph == g) {
                fputs("<details><summary>The graph ", p->out);
                print_text(p, s->graphs[g]);
                fputs(", with the first settings</summary><pre>", p->out);
                print_text(p, s->variants[v].text);
                fputs("</pre></details>\n", p->out);
                break;
            }
    fputs("</body></html>\n", p->out);
    return dg_ok();
}

dg_status study_write_report(study *s, const study_result *result, dg_status *pictures)
{
    char *text = NULL, *path = path_join(s->folder, "report.html");
    size_t size;
    page p = {.s = s, .result = result, .out = open_memstream(&text, &size), .picture = dg_ok()};
    dg_status status = p.out && path ? print_page(&p) : dg_no_memory("the study");
    if (p.out && fclose(p.out) != 0 && status.code == DG_OK)
        status = dg_no_memory("the study");
    if (status.code == DG_OK)
        status = dg_write_file(path, text, size);
    *pictures = p.picture;
    free(text);
    free(path);
    return status;
}
