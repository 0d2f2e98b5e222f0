/* dotgrad plot --latent and --samples: values of a node in the plane. */
#include "pictures.h"

#include "chart.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiles.h"

enum { MOST_CLASSES = 10, MOST_POINTS = 2000, MOST_PANELS = 6, GREY = 9 };

/* So many rows of the data at most, at equal distances; *rows is freed with free(). */
static dg_status choose_rows(const plot_source *s, int64_t most, int64_t **rows, int64_t *count)
{
    int64_t all = s->data ? dg_data_rows(s->data) : 0;
    *count = all < most ? all : most;
    *rows = calloc((size_t)*count + 1, sizeof **rows);
    for (int64_t k = 0; *rows && k < *count; k++)
        (*rows)[k] = k * all / *count;
    return *rows ? dg_ok() : dg_no_memory("a picture");
}

/* ---- classes in the plane ---- */

/* Points of one class after the other: x, then y, [rows] each. */
static int group_points(const plot_source *s, const dg_tensor *value, const int64_t *rows, double *xy,
                        char (*numbers)[24], chart_series series[MOST_CLASSES + 1])
{
    const dg_tensor *target = dg_tensors_find(dg_data_set(s->data)->fields, "target");
    int64_t count = value->shape.dims[0], used = 0;
    bool by_class = target && target->shape.rank == 1 && dg_data_class_count(s->data) > 1;
    int n = 0;
    for (int class = 0; class <= MOST_CLASSES && used < count; class ++) {
        int64_t begin = used;
        for (int64_t k = 0; k < count; k++) {
            int64_t own = by_class ? (int64_t)llround(dg_tensor_get(target, rows[k])) : 0;
            if ((own < 0 || own > MOST_CLASSES ? MOST_CLASSES : own) != class)
                continue;
            xy[used] = dg_tensor_get(value, 2 * k);
            xy[count + used++] = dg_tensor_get(value, 2 * k + 1);
        }
        const char *name = by_class && class < MOST_CLASSES ? dg_data_class(s->data, class) : NULL;
        snprintf(numbers[class], sizeof numbers[class], class < MOST_CLASSES ? "%d" : "others", class);
        if (used > begin)
            series[n++] = (chart_series){.title = name       ? name
                                                  : by_class ? numbers[class]
                                                             : NULL,
                                         .style = CHART_POINTS,
                                         .colour = class,
                                         .count = used - begin,
                                         .x = xy + begin,
                                         .y = xy + count + begin};
    }
    return n;
}

dg_status latent_draw(const plot_source *s, const char *name, const picture_target *to)
{
    dg_node *node;
    dg_tensor value;
    int64_t *rows, count;
    char text[DG_SHAPE_TEXT], numbers[MOST_CLASSES + 1][24];
    chart_series series[MOST_CLASSES + 1];
    DG_TRY(plot_source_node(s, name, &node));
    if (!s->data)
        return dg_error(DG_BAD_ARGUMENT, "%s: there are no data to draw: give --data", s->path);
    DG_TRY(choose_rows(s, MOST_POINTS, &rows, &count));
    dg_status status = plot_source_value(s, node, (dg_rows){rows, count}, &value);
    if (status.code == DG_OK && (value.shape.rank != 2 || value.shape.dims[1] != 2))
        status = dg_error(DG_BAD_SHAPE, "%s: '%s' is %s, and a plane has two numbers a row: [rows, 2]", s->path, name,
                          dg_shape_print(&value.shape, text, sizeof text));
    double *xy = status.code == DG_OK ? calloc(2 * (size_t)count + 1, sizeof *xy) : NULL;
    if (status.code == DG_OK && !xy)
        status = dg_no_memory("a picture");
    if (status.code == DG_OK) {
        int n = group_points(s, &value, rows, xy, numbers, series);
        char labels[2][300];
        for (int d = 0; d < 2; d++)
            snprintf(labels[d], sizeof labels[d], "%.200s[%d]", name, d);
        status = chart_draw(
            &(chart){.title = to->title, .x_label = labels[0], .y_label = labels[1], .series = series, .n_series = n},
            to->svg, to->png);
    }
    free(xy);
    dg_tensor_release(&value);
    free(rows);
    return status;
}

/* ---- samples after more and more steps ---- */

typedef struct panels {
    const plot_source *source;
    dg_node *node;
    int64_t *rows, count;
    int n;
    uint64_t steps[MOST_PANELS];
    dg_tensor values[MOST_PANELS];
    char names[MOST_PANELS][40];
} panels;

/* The value by the weights of a snapshot, which the source's are put back from. */
static dg_status take_value(panels *p, const char *file, dg_tensor *value)
{
    dg_tensors *set = NULL;
    plot_source with = *p->source;
    DG_TRY(dg_tensors_read(file, &set));
    with.parameters = set;
    dg_status status = plot_source_value(&with, p->node, (dg_rows){p->rows, p->count}, value);
    dg_tensors_free(set);
    return status;
}

/* The first snapshot, the last, and some at equal distances between them. */
static dg_status take_snapshots(panels *p)
{
    uint64_t *steps;
    char **files;
    int64_t count;
    DG_TRY(snapshots_list(p->source->path, &steps, &files, &count));
    dg_status status =
        count ? dg_ok()
              : dg_error(DG_BAD_ARGUMENT, "%s: there are no snapshots in it: train with --snapshot-every STEPS",
                         p->source->path);
    int64_t wanted = count < MOST_PANELS ? count : MOST_PANELS;
    for (int64_t k = 0; k < wanted && status.code == DG_OK; k++) {
        int64_t at = wanted > 1 ? k * (count - 1) / (wanted - 1) : 0;
        p->steps[p->n] = steps[at];
        snprintf(p->names[p->n], sizeof p->names[p->n], "step %" PRIu64, steps[at]);
        status = take_value(p, files[at], &p->values[p->n]);
        p->n++;
    }
    for (int64_t k = 0; k < count; k++)
        free(files[k]);
    free(files);
    free(steps);
    return status;
}

/* The 1st and 99th percentiles of both coordinates, and a margin. */
static void find_range(const dg_tensor *real, const panels *p, double low[2], double high[2])
{
    for (int d = 0; d < 2; d++) {
        low[d] = INFINITY;
        high[d] = -INFINITY;
        const dg_tensor *last = real ? real : &p->values[p->n - 1];
        int64_t count = dg_tensor_count(last) / 2;
        for (int64_t k = 0; k < count; k++) {
            double x = dg_tensor_get(last, 2 * k + d);
            low[d] = isfinite(x) ? fmin(low[d], x) : low[d];
            high[d] = isfinite(x) ? fmax(high[d], x) : high[d];
        }
        double margin = 0.15 * (high[d] - low[d]) + 1e-9;
        low[d] -= margin;
        high[d] += margin;
    }
}

/* Points of panel k in its own strip of the x axis, around k + 1; those outside are left out. */
static void place(const dg_tensor *value, const int64_t *rows, int64_t count, int k, const double low[2],
                  const double high[2], double *x, double *y)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t row = rows ? rows[i] : i;
        double across = (dg_tensor_get(value, 2 * row) - low[0]) / (high[0] - low[0]),
               up = dg_tensor_get(value, 2 * row + 1);
        bool inside = across >= 0 && across <= 1 && up >= low[1] && up <= high[1];
        x[i] = inside ? k + 1 + 0.92 * (across - 0.5) : NAN;
        y[i] = inside ? up : NAN;
    }
}

static dg_status draw_plane(const panels *p, const picture_target *to)
{
    const dg_tensor *real = dg_tensors_find(dg_data_set(p->source->data)->fields, "features");
    int64_t count = p->values[0].shape.dims[0], n_real = 0;
    double low[2], high[2];
    chart_series series[2 * MOST_PANELS];
    const char *names[MOST_PANELS];
    int n = 0;
    real = real && real->shape.rank == 2 && real->shape.dims[1] == 2 ? real : NULL;
    n_real = real ? p->count : 0;
    double *xy = calloc(2 * (size_t)((count + n_real) * p->n) + 1, sizeof *xy), *at = xy;
    if (!xy)
        return dg_no_memory("a picture");
    find_range(real, p, low, high);
    for (int is_made = 0; is_made < 2; is_made++)
        for (int k = 0; k < p->n; k++) {
            int64_t size = is_made ? count : n_real;
            if (!size)
                continue;
            place(is_made ? &p->values[k] : real, is_made ? NULL : p->rows, size, k, low, high, at, at + size);
            series[n++] = (chart_series){.title = k         ? NULL
                                                  : is_made ? dg_node_name(p->node)
                                                            : "data",
                                         .style = CHART_POINTS,
                                         .colour = is_made ? 0 : GREY,
                                         .count = size,
                                         .x = at,
                                         .y = at + size};
            at += 2 * size;
        }
    for (int k = 0; k < p->n; k++)
        names[k] = p->names[k];
    dg_status status = chart_draw(
        &(chart){
            .title = to->title, .series = series, .n_series = n, .names = names, .n_names = p->n, .ratio = 0.92 / p->n},
        to->svg, to->png);
    free(xy);
    return status;
}

dg_status samples_draw(const plot_source *s, const char *name, const picture_target *to)
{
    enum { PICTURES = 12 };
    panels p = {.source = s};
    const char *names[MOST_PANELS];
    DG_TRY(plot_source_node(s, name, &p.node));
    if (!s->checkpoint)
        return dg_error(DG_BAD_ARGUMENT, "%s: expected the folder of a run, with snapshots", s->path);
    dg_status status = choose_rows(s, MOST_POINTS, &p.rows, &p.count);
    if (status.code == DG_OK)
        status = take_snapshots(&p);
    bool is_plane = status.code == DG_OK && p.values[0].shape.rank == 2 && p.values[0].shape.dims[1] == 2;
    for (int k = 0; k < p.n; k++)
        names[k] = p.names[k];
    if (status.code == DG_OK)
        status = is_plane ? draw_plane(&p, to) : tiles_draw_rows(s->path, p.values, names, p.n, PICTURES, to);
    for (int k = 0; k < p.n; k++)
        dg_tensor_release(&p.values[k]);
    free(p.rows);
    return status;
}
