/* The pictures of a report. */
#include "figures.h"

#include "tools/plot/curves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *figure_method(study *s, int graph, int method)
{
    for (int v = 0; v < s->n_variants; v++)
        if (s->variants[v].graph == graph && s->variants[v].method == method)
            return study_label(s, &s->variants[v], false);
    return "";
}

/* ---- scores ---- */

/* Points of one method lie beside its name, the k-th pair always at the same place. */
static double beside(int64_t pair, int64_t pairs)
{
    return pairs > 1 ? -0.3 + 0.24 * (double)pair / (double)(pairs - 1) : -0.2;
}

static dg_status add_method(study *s, const study_cell *cell, int method, chart_series *points, chart_series *interval)
{
    double *room = dg_arena_alloc(s->arena, (2 * (size_t)s->n_pairs + 4) * sizeof *room),
           *y = room ? room + s->n_pairs + 2 : NULL;
    dg_paired_comparison mean;
    if (!room)
        return dg_no_memory("the study");
    int64_t n = 0;
    for (int64_t pair = 0; pair < s->n_pairs; pair++)
        if (!isnan(cell->scores[pair])) {
            room[n] = method + 1 + beside(pair, s->n_pairs);
            y[n++] = cell->scores[pair];
        }
    *points = (chart_series){.style = CHART_POINTS, .colour = method, .count = n, .x = room, .y = y};
    double *zeros = dg_arena_alloc(s->arena, ((size_t)n + 5) * sizeof *zeros), *one = zeros ? zeros + n : NULL;
    if (!zeros)
        return dg_no_memory("the study");
    DG_TRY(dg_compare_paired(y, zeros, n, 0.95, 0, &mean)); /* the interval of the mean itself */
    one[0] = method + 1.1;
    one[1] = cell->score.mean;
    one[2] = mean.low;
    one[3] = mean.high;
    *interval = (chart_series){.style = CHART_INTERVALS,
                               .colour = method,
                               .count = n > 0,
                               .x = one,
                               .y = one + 1,
                               .low = one + 2,
                               .high = one + 3};
    return dg_ok();
}

dg_status figure_scores(study *s, const study_result *result, int graph, const char *path)
{
    chart_series *series = dg_arena_alloc(s->arena, 2 * (size_t)s->n_methods * sizeof *series);
    const char **names = dg_arena_alloc(s->arena, (size_t)s->n_methods * sizeof *names);
    if (!series || !names)
        return dg_no_memory("the study");
    for (int m = 0; m < s->n_methods; m++) {
        names[m] = figure_method(s, graph, m);
        DG_TRY(add_method(s, &result->cells[graph * s->n_methods + m], m, &series[2 * m], &series[2 * m + 1]));
    }
    const chart picture = {.y_label = result->metrics[graph],
                           .series = series,
                           .n_series = 2 * s->n_methods,
                           .names = names,
                           .n_names = s->n_methods};
    return chart_draw(&picture, path, NULL);
}

/* ---- curves ---- */

static dg_status read_method(study *s, const study_cell *cell, const char *column, curve_band *band)
{
    curve *curves = dg_arena_alloc(s->arena, ((size_t)s->n_pairs + 1) * sizeof *curves);
    int n = 0;
    dg_status status = curves ? dg_ok() : dg_no_memory("the study");
    for (int64_t pair = 0; status.code == DG_OK && cell->variant >= 0 && pair < s->n_pairs; pair++) {
        int64_t index = pair * s->n_variants + cell->variant;
        const char *folder = study_format(s, "%s/runs/%s", s->folder, study_run_at(s, index).key);
        if (!s->rows[index] || !(study_row_is(s->rows[index], "finished")))
            continue;
        status = folder ? curve_read(folder, column, &curves[n]) : dg_no_memory("the study");
        n += status.code == DG_OK;
    }
    if (status.code == DG_OK)
        status = curve_band_make(curves, n, band);
    for (int k = 0; k < n; k++)
        free(curves[k].values);
    return status;
}

dg_status figure_curves(study *s, const study_result *result, int graph, const char *column, const char *path)
{
    chart_series *series = dg_arena_alloc(s->arena, (size_t)s->n_methods * sizeof *series);
    curve_band *bands = dg_arena_alloc(s->arena, (size_t)s->n_methods * sizeof *bands);
    dg_status status = series && bands ? dg_ok() : dg_no_memory("the study");
    for (int m = 0; m < s->n_methods && status.code == DG_OK; m++) {
        status = read_method(s, &result->cells[graph * s->n_methods + m], column, &bands[m]);
        series[m] = (chart_series){.title = figure_method(s, graph, m),
                                   .colour = m,
                                   .count = bands[m].count,
                                   .x = bands[m].x,
                                   .y = bands[m].mean,
                                   .low = bands[m].low,
                                   .high = bands[m].high};
    }
    if (status.code == DG_OK) {
        const chart picture = {.x_label = "epoch",
                               .y_label = column,
                               .series = series,
                               .n_series = s->n_methods,
                               .log_y = curve_band_for_log(bands, s->n_methods)};
        status = chart_draw(&picture, path, NULL);
    }
    for (int m = 0; bands && m < s->n_methods; m++)
        curve_band_release(&bands[m]);
    return status;
}

/* ---- ranks ---- */

enum { WIDTH = 720, SIDE = 190, TOP = 70, ROW = 22 };

typedef struct ranked {
    double rank;
    int method;
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank) : x->method - y->method;
}

static void print_xml(FILE *out, const char *text)
{
    for (; *text; text++)
        if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '&')
            fputs("&amp;", out);
        else
            fputc(*text, out);
}

static double place_of(double rank, int methods)
{
    return SIDE + (rank - 1) / (methods - 1) * (WIDTH - 2 * SIDE);
}

static void print_line(FILE *out, double x1, double y1, double x2, double y2, double width)
{
    fprintf(out, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#24292f' stroke-width='%g'/>\n", x1, y1, x2, y2,
            width);
}

/* The better half is named on the left, the other on the right. */
static void print_names(study *s, FILE *out, const ranked *sorted, int n)
{
    int left = (n + 1) / 2;
    for (int k = 0; k < n; k++) {
        bool is_left = k < left;
        double x = place_of(sorted[k].rank, n), y = TOP + 30 + ROW * (is_left ? k : n - 1 - k);
        print_line(out, x, TOP, x, y, 1);
        print_line(out, x, y, is_left ? SIDE - 12 : WIDTH - SIDE + 12, y, 1);
        fprintf(out, "<text x='%d' y='%.1f' text-anchor='%s'>", is_left ? SIDE - 16 : WIDTH - SIDE + 16, y + 4,
                is_left ? "end" : "start");
        print_xml(out, figure_method(s, 0, sorted[k].method));
        fprintf(out, " (%.2f)</text>\n", sorted[k].rank);
    }
}

static void print_ranks(study *s, const study_result *result, const ranked *sorted, FILE *out)
{
    int n = s->n_methods, bars = 0, reached = -1;
    double scale = (WIDTH - 2 * SIDE) / (double)(n - 1), critical = result->friedman.critical;
    fprintf(out,
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' width='%d' font-family='Helvetica,Arial,"
            "sans-serif' font-size='12'>\n<rect width='100%%' height='100%%' fill='white'/>\n",
            WIDTH, TOP + 50 + ROW * ((n + 1) / 2 + 1), WIDTH);
    print_line(out, SIDE, TOP, WIDTH - SIDE, TOP, 1.5);
    for (int k = 1; k <= n; k++) {
        print_line(out, place_of(k, n), TOP - 6, place_of(k, n), TOP, 1);
        fprintf(out, "<text x='%.1f' y='%d' text-anchor='middle'>%d</text>\n", place_of(k, n), TOP - 10, k);
    }
    print_line(out, SIDE, 20, SIDE + fmin(critical * scale, WIDTH - 2 * SIDE), 20, 2);
    fprintf(out, "<text x='%d' y='14'>critical difference %.3g</text>\n", SIDE, critical);
    print_names(s, out, sorted, n);
    for (int k = 0; k < n; k++) {
        int last = k;
        while (last + 1 < n && sorted[last + 1].rank - sorted[k].rank <= critical)
            last++;
        if (last > k && last > reached)
            print_line(out, place_of(sorted[k].rank, n) - 3, TOP + 8 + 5 * bars, place_of(sorted[last].rank, n) + 3,
                       TOP + 8 + 5 * bars, 3.5),
                bars++;
        reached = last > reached ? last : reached;
    }
    fputs("</svg>\n", out);
}

dg_status figure_ranks(study *s, const study_result *result, const char *path)
{
    ranked *sorted = dg_arena_alloc(s->arena, (size_t)s->n_methods * sizeof *sorted);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (int m = 0; sorted && m < s->n_methods; m++)
        sorted[m] = (ranked){result->mean_ranks[m], m};
    if (sorted && out) {
        qsort(sorted, (size_t)s->n_methods, sizeof *sorted, by_rank);
        print_ranks(s, result, sorted, out);
    }
    bool fine = out && fclose(out) == 0 && sorted;
    dg_status status = fine ? dg_write_file(path, text, size) : dg_no_memory("the study");
    free(text);
    return status;
}
