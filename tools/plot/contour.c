/* dotgrad plot --contour: the loss over a plane in the space of all parameters, with the paths of runs. An axis is one
 * number of the parameters, the way to another run's weights, or a random direction. */
#include "axes.h"
#include "chart.h"

#include <dotgrad/op.h>
#include <dotgrad/plan.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 61, LEVELS = 14, MOST_PATHS = 10, MOST_ROWS = 500 };

typedef struct path {
    const char *title;
    int64_t count;
    double *x[2];
} path;

typedef struct contour {
    plot_source source;
    contour_axes axes;
    path paths[MOST_PATHS];
    int n_paths;
    double low[2], high[2];
    double *loss; /* [SIDE, SIDE] */
    bool is_log;
    double levels[LEVELS];
} contour;

/* ---- paths ---- */

static dg_status read_point(const contour *c, const char *file, const dg_tensors *set, path *to)
{
    double at[2];
    DG_TRY(axes_project(&c->axes, file, set, at));
    for (int d = 0; d < 2; d++)
        to->x[d][to->count] = at[d];
    to->count++;
    return dg_ok();
}

/* The snapshots of a run; of one that has none, where it has ended. */
static dg_status read_path(contour *c, const char *run)
{
    path *to = &c->paths[c->n_paths++];
    uint64_t *steps;
    char **files;
    int64_t count;
    DG_TRY(snapshots_list(run, &steps, &files, &count));
    *to = (path){.title = run};
    for (int d = 0; d < 2; d++)
        to->x[d] = calloc((size_t)count + 1, sizeof(double));
    dg_status status = to->x[0] && to->x[1] ? dg_ok() : dg_no_memory("a picture");
    for (int64_t k = 0; k < count; k++) {
        dg_tensors *set = NULL;
        if (status.code == DG_OK)
            status = dg_tensors_read(files[k], &set);
        if (status.code == DG_OK)
            status = read_point(c, files[k], set, to);
        dg_tensors_free(set);
        free(files[k]);
    }
    free(files);
    free(steps);
    if (status.code == DG_OK && count == 0) {
        dg_tensors *set;
        DG_TRY(checkpoint_read(run, &set));
        status = read_point(c, run, set, to);
        dg_tensors_free(set);
    }
    return status;
}

static dg_status read_paths(contour *c, char *const *runs, int n_runs)
{
    if (n_runs > MOST_PATHS)
        return dg_error(DG_BAD_ARGUMENT, "%d paths are more than a picture can show: at most %d", n_runs, MOST_PATHS);
    if (!c->source.checkpoint) { /* a graph file: where its parameters begin */
        path *to = &c->paths[c->n_paths++];
        *to = (path){.title = c->source.path, .x = {calloc(1, sizeof(double)), calloc(1, sizeof(double))}};
        return to->x[0] && to->x[1] ? read_point(c, c->source.path, c->source.parameters, to)
                                    : dg_no_memory("a picture");
    }
    for (int k = 0; k < n_runs; k++)
        DG_TRY(read_path(c, runs[k]));
    return dg_ok();
}

/* What the paths reach and a margin, or what was asked for. */
static dg_status find_range(contour *c, const char *range)
{
    if (range) {
        char rest;
        if (sscanf(range, "%lf ,%lf ,%lf ,%lf %c", &c->low[0], &c->high[0], &c->low[1], &c->high[1], &rest) == 4 &&
            c->low[0] < c->high[0] && c->low[1] < c->high[1])
            return dg_ok();
        return dg_error(DG_BAD_ARGUMENT, "range '%s': expected four numbers x0, x1, y0, y1, the smaller first", range);
    }
    for (int d = 0; d < 2; d++) {
        c->low[d] = INFINITY;
        c->high[d] = -INFINITY;
        for (int k = 0; k < c->n_paths; k++)
            for (int64_t i = 0; i < c->paths[k].count; i++)
                if (isfinite(c->paths[k].x[d][i])) {
                    c->low[d] = fmin(c->low[d], c->paths[k].x[d][i]);
                    c->high[d] = fmax(c->high[d], c->paths[k].x[d][i]);
                }
        if (!(c->low[d] <= c->high[d]))
            return dg_error(DG_NUMERIC, "%s is no number at any step: give --range", c->axes.at[d].name);
        if (strcmp(c->axes.at[d].name, "random") == 0) { /* as far as the weights are long */
            c->low[d] = fmin(c->low[d], -1);
            c->high[d] = fmax(c->high[d], 1);
        }
        double margin = 0.2 * (c->high[d] - c->low[d]);
        margin = margin > 0 ? margin : fmax(1, fabs(c->low[d]));
        c->low[d] -= margin;
        c->high[d] += margin;
    }
    return dg_ok();
}

/* ---- the loss ---- */

/* Training rows; of very many some at equal distances. */
static dg_status feed_rows(const contour *c, dg_fed_rows **fed)
{
    const plot_source *s = &c->source;
    dg_node *loss = s->loss;
    *fed = NULL;
    if (!s->data)
        return dg_ok();
    const dg_dataset *set = dg_data_set(s->data);
    const dg_task task = {.graph = s->file->graph, .loss = loss, .output = s->file->output, .data = set};
    int64_t rows[MOST_ROWS], count = set->n_train < MOST_ROWS ? set->n_train : MOST_ROWS;
    for (int64_t k = 0; k < count; k++)
        rows[k] = set->train[k * set->n_train / count];
    return dg_fed_rows_new(&task, &loss, 1, (dg_rows){rows, count}, fed);
}

static dg_status run_grid(contour *c, dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    dg_status status = dg_ok();
    for (int64_t i = 0; i < SIDE * SIDE && status.code == DG_OK; i++) {
        const int64_t place[2] = {i % SIDE, i / SIDE};
        double at[2];
        for (int d = 0; d < 2; d++)
            at[d] = c->low[d] + (c->high[d] - c->low[d]) * (double)place[d] / (SIDE - 1);
        axes_move(&c->axes, c->source.parameters, at);
        dg_plan_set_step(plan, 0); /* the same random numbers everywhere */
        status = dg_plan_run(plan, feeds, n_feeds);
        if (status.code == DG_OK)
            c->loss[i] = dg_tensor_get(dg_plan_result(plan, 0), 0);
    }
    return status;
}

static dg_status fill_grid(contour *c)
{
    dg_fed_rows *fed;
    dg_plan *plan = NULL;
    int count = 0;
    plot_source *s = &c->source;
    if (!s->loss)
        return dg_error(DG_BAD_ARGUMENT, "%s: there is no loss to draw", s->path);
    c->loss = calloc(SIDE * SIDE, sizeof *c->loss);
    if (!c->loss)
        return dg_no_memory("a picture");
    DG_TRY(feed_rows(c, &fed));
    const dg_feed *feeds = fed ? dg_fed_rows_feeds(fed, &count) : NULL;
    dg_status status = dg_plan_new(
        s->file->graph,
        &(dg_plan_options){.fetch = &s->loss, .n_fetch = 1, .parameters = s->parameters, .threads = s->threads}, &plan);
    if (status.code == DG_OK)
        status = run_grid(c, plan, feeds, count);
    dg_plan_free(plan);
    dg_fed_rows_free(fed);
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", s->path);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Lines at equal shares of the area: they are as dense everywhere as they can be. */
static dg_status choose_levels(contour *c)
{
    double *sorted = calloc(SIDE * SIDE, sizeof *sorted);
    int count = 0;
    if (!sorted)
        return dg_no_memory("a picture");
    for (int i = 0; i < SIDE * SIDE; i++)
        if (isfinite(c->loss[i]))
            sorted[count++] = c->loss[i];
    qsort(sorted, (size_t)count, sizeof *sorted, ascending);
    if (count) {
        double low = sorted[count / 100], most = sorted[count - 1];
        c->is_log = low > 0 && most > 30 * low;
        for (int i = 0; i < SIDE * SIDE && c->is_log; i++) /* at the bottom the logarithm has no end */
            c->loss[i] = c->loss[i] < low ? low : c->loss[i];
        for (int k = 0; k < LEVELS; k++)
            c->levels[k] = sorted[(int)((k + 0.5) * count / LEVELS)];
    }
    free(sorted);
    return count ? dg_ok() : dg_error(DG_NUMERIC, "%s: the loss is a number nowhere here", c->source.path);
}

/* ---- the picture ---- */

/* From parameters to the places of the heat's columns and rows. What is far outside is a gap. */
static void place(const contour *c, path *p)
{
    for (int64_t i = 0; i < p->count; i++) {
        double at[2];
        bool is_near = true;
        for (int d = 0; d < 2; d++) {
            at[d] = (p->x[d][i] - c->low[d]) / (c->high[d] - c->low[d]) * (SIDE - 1);
            is_near = is_near && fabs(at[d]) < 1e3 * SIDE;
        }
        for (int d = 0; d < 2; d++)
            p->x[d][i] = is_near ? at[d] : NAN;
    }
}

static dg_status draw(contour *c, const picture_target *to)
{
    chart_series series[2 * MOST_PATHS];
    int n = 0;
    for (int k = 0; k < c->n_paths; k++) {
        path *p = &c->paths[k];
        place(c, p);
        if (p->count > 1)
            series[n++] = (chart_series){.title = p->title, .colour = k, .count = p->count, .x = p->x[0], .y = p->x[1]};
        series[n++] = (chart_series){.title = p->count > 1 ? NULL : p->title,
                                     .style = CHART_POINTS,
                                     .colour = k,
                                     .count = 1,
                                     .x = p->x[0] + (p->count - 1),
                                     .y = p->x[1] + (p->count - 1)};
    }
    const chart_heat heat = {.rows = SIDE,
                             .columns = SIDE,
                             .values = c->loss,
                             .low = c->low,
                             .high = c->high,
                             .label = dg_node_name(c->source.loss),
                             .log_scale = c->is_log,
                             .palette = CHART_PALE,
                             .levels = c->levels,
                             .n_levels = LEVELS};
    return chart_draw(&(chart){.title = to->title,
                               .x_label = c->axes.at[0].name,
                               .y_label = c->axes.at[1].name,
                               .series = series,
                               .n_series = n,
                               .heat = &heat},
                      to->svg, to->png);
}

dg_status contour_draw(char *const *runs, int n_runs, const char *axes, const char *range, const char *data,
                       const dg_graph_read_options *reading, const picture_target *to)
{
    contour *c = calloc(1, sizeof *c);
    if (!c)
        return dg_no_memory("a picture");
    dg_status status = plot_source_open(&c->source, runs[0], data, reading);
    if (status.code == DG_OK)
        status = axes_read(&c->axes, &c->source, axes);
    if (status.code == DG_OK)
        status = read_paths(c, runs, n_runs);
    if (status.code == DG_OK)
        status = find_range(c, range);
    if (status.code == DG_OK)
        status = fill_grid(c);
    if (status.code == DG_OK)
        status = choose_levels(c);
    if (status.code == DG_OK)
        status = draw(c, to);
    for (int k = 0; k < c->n_paths; k++)
        for (int d = 0; d < 2; d++)
            free(c->paths[k].x[d]);
    axes_release(&c->axes);
    free(c->loss);
    plot_source_close(&c->source);
    free(c);
    return status;
}
