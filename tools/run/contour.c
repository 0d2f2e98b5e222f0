/* dotgrad plot --contour: the loss over a plane in the space of all parameters, with the paths of runs. An axis is one
 * number of the parameters, the way to another run's weights, or a random direction. */
#include "pictures.h"

#include "chart.h"

#include <dotgrad/op.h>
#include <dotgrad/plan.h>
#include <dotgrad/random.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 61, TICS = 5, LEVELS = 14, MOST_PATHS = 10, MOST_ROWS = 500 };

/* A step along the axis adds `direction` to the parameters. A number's axis shows the number itself; those of other
 * axes begin at 0, the weights of the first run. */
typedef struct axis {
    char name[200];        /* "fc.weight[0,3]", "random", "runs/b" */
    dg_tensors *direction; /* float64, by parameter; what is missing does not change */
    double origin;         /* the value at the weights of the first run */
} axis;

typedef struct path {
    const char *title;
    int64_t count;
    double *x[2];
} path;

typedef struct contour {
    plot_source source;
    axis axes[2];
    dg_tensors *base;  /* the weights of the first run */
    double gram[2][2]; /* products of the directions */
    path paths[MOST_PATHS];
    int n_paths;
    double low[2], high[2];
    double *loss; /* [SIDE, SIDE] */
    bool is_log;
    double levels[LEVELS];
} contour;

static dg_status no_memory(void)
{
    return dg_error(DG_NO_MEMORY, "not enough memory to draw");
}

/* ---- axes ---- */

/* Adds a tensor of zeros like `like` to a direction. */
static dg_status add_zeros(dg_tensors *direction, const char *name, const dg_tensor *like, dg_tensor **made)
{
    return dg_tensors_add(direction, name, DG_FLOAT64, like->shape, made);
}

/* "NAME[i, j]": the element of a parameter. */
static dg_status take_number(const contour *c, axis *to)
{
    char text[DG_SHAPE_TEXT], *bracket = strchr(to->name, '['), parameter[200];
    int64_t flat = 0;
    int rank = 0;
    snprintf(parameter, sizeof parameter, "%.*s", (int)strcspn(to->name, "["), to->name);
    dg_tensor *tensor = dg_tensors_find(c->base, parameter), *made;
    if (!tensor)
        return dg_error(DG_BAD_ARGUMENT, "%s: there is no parameter '%s', and no run of that name", c->source.path,
                        parameter);
    const dg_shape *shape = &tensor->shape;
    bool fits = true;
    for (char *at = bracket; at && *at != ']' && fits; rank++) {
        char *behind;
        long long index = strtoll(at + 1, &behind, 10);
        fits = behind > at + 1 && rank < shape->rank && index >= 0 && index < shape->dims[rank];
        flat = fits ? flat * shape->dims[rank] + index : 0;
        at = behind + strspn(behind, " ");
        fits = fits && (*at == ',' || (*at == ']' && !at[1]));
    }
    if (!fits || rank != shape->rank)
        return dg_error(DG_BAD_ARGUMENT, "%s: '%s' is no number of '%s' %s", c->source.path, to->name, parameter,
                        dg_shape_print(shape, text, sizeof text));
    DG_TRY(add_zeros(to->direction, parameter, tensor, &made));
    dg_tensor_set(made, flat, 1);
    to->origin = dg_tensor_get(tensor, flat);
    return dg_ok();
}

/* The way to the weights of another run: 1 is there. */
static dg_status take_run(const contour *c, axis *to)
{
    dg_tensors *other = NULL;
    dg_status status = checkpoint_read(to->name, &other);
    for (size_t k = 0; status.code == DG_OK && k < dg_tensors_count(c->base); k++) {
        const char *name = dg_tensors_name(c->base, k);
        const dg_tensor *here = dg_tensors_at(c->base, k), *there = dg_tensors_find(other, name);
        dg_tensor *made;
        if (!dg_dtype_is_float(here->dtype))
            continue;
        status = there && dg_shape_equal(&there->shape, &here->shape)
                     ? add_zeros(to->direction, name, here, &made)
                     : dg_error(DG_BAD_SHAPE, "%s: '%s' is not as in %s", to->name, name, c->source.path);
        for (int64_t i = 0; status.code == DG_OK && i < dg_tensor_count(here); i++)
            dg_tensor_set(made, i, dg_tensor_get(there, i) - dg_tensor_get(here, i));
    }
    dg_tensors_free(other);
    return status;
}

static double norm_of(const dg_tensor *tensor, int64_t begin, int64_t count)
{
    double sum = 0;
    for (int64_t i = begin; i < begin + count; i++)
        sum += dg_tensor_get(tensor, i) * dg_tensor_get(tensor, i);
    return sqrt(sum);
}

/* Normal numbers, each filter (row of a weight) scaled to the norm of the parameter's own; vectors stay (Li and others,
 * Visualizing the loss landscape of neural nets, 2018, section 4). */
static dg_status take_random(const contour *c, int d, axis *to)
{
    dg_random key = {.seed = (uint64_t)d};
    for (size_t k = 0; k < dg_tensors_count(c->base); k++) {
        const char *name = dg_tensors_name(c->base, k);
        const dg_tensor *here = dg_tensors_at(c->base, k);
        dg_tensor *made;
        if (!dg_dtype_is_float(here->dtype) || here->shape.rank < 2)
            continue;
        DG_TRY(add_zeros(to->direction, name, here, &made));
        key.stream = dg_random_stream(name);
        int64_t count = dg_tensor_count(here), row = count / here->shape.dims[0];
        dg_random_normal(&key, DG_FLOAT64, made->data, 0, count, 0, 1);
        for (int64_t begin = 0; begin < count; begin += row) {
            double scale = norm_of(here, begin, row) / fmax(norm_of(made, begin, row), 1e-300);
            for (int64_t i = begin; i < begin + row; i++)
                dg_tensor_set(made, i, scale * dg_tensor_get(made, i));
        }
    }
    return dg_tensors_count(to->direction)
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT, "%s: there are no weights of two dimensions or more", c->source.path);
}

/* The comma outside brackets. */
static const char *find_comma(const char *text)
{
    int depth = 0;
    for (; *text; text++) {
        depth += (*text == '[') - (*text == ']');
        if (*text == ',' && depth == 0)
            return text;
    }
    return NULL;
}

static void name_axis(axis *to, const char *text, size_t length)
{
    while (length && *text == ' ')
        text++, length--;
    while (length && text[length - 1] == ' ')
        length--;
    snprintf(to->name, sizeof to->name, "%.*s", (int)length, text);
}

static double product(const dg_tensors *a, const dg_tensors *b)
{
    double sum = 0;
    for (size_t k = 0; k < dg_tensors_count(a); k++) {
        const dg_tensor *x = dg_tensors_at(a, k), *y = dg_tensors_find(b, dg_tensors_name(a, k));
        for (int64_t i = 0; y && i < dg_tensor_count(x); i++)
            sum += dg_tensor_get(x, i) * dg_tensor_get(y, i);
    }
    return sum;
}

static dg_status take_axes(contour *c, const char *text)
{
    const char *comma = find_comma(text), *second = comma ? comma + 1 : NULL;
    if (!comma || find_comma(second))
        return dg_error(DG_BAD_ARGUMENT,
                        "contour '%s': expected two of: a number of a parameter, w[0]; a run, runs/b; random", text);
    name_axis(&c->axes[0], text, (size_t)(comma - text));
    name_axis(&c->axes[1], second, strlen(second));
    DG_TRY(dg_tensors_new(&c->base));
    for (size_t k = 0; k < dg_tensors_count(c->source.parameters); k++)
        DG_TRY(
            dg_tensors_put(c->base, dg_tensors_name(c->source.parameters, k), dg_tensors_at(c->source.parameters, k)));
    for (int d = 0; d < 2; d++) {
        axis *to = &c->axes[d];
        DG_TRY(dg_tensors_new(&to->direction));
        if (strcmp(to->name, "random") == 0)
            DG_TRY(take_random(c, d, to));
        else if (access(to->name, F_OK) == 0)
            DG_TRY(take_run(c, to));
        else
            DG_TRY(take_number(c, to));
    }
    for (int i = 0; i < 4; i++)
        c->gram[i / 2][i % 2] = product(c->axes[i / 2].direction, c->axes[i % 2].direction);
    double volume = c->gram[0][0] * c->gram[1][1] - c->gram[0][1] * c->gram[1][0];
    if (!(volume > 1e-12 * c->gram[0][0] * c->gram[1][1]))
        return dg_error(DG_BAD_ARGUMENT, "contour '%s': the two axes are one direction", text);
    return dg_ok();
}

/* ---- paths ---- */

/* Where weights are in the plane: of those beside it, the nearest point (by least squares). */
static dg_status read_point(const contour *c, const char *file, const dg_tensors *set, path *to)
{
    double along[2] = {0, 0};
    for (int d = 0; d < 2; d++)
        for (size_t k = 0; k < dg_tensors_count(c->axes[d].direction); k++) {
            const char *name = dg_tensors_name(c->axes[d].direction, k);
            const dg_tensor *direction = dg_tensors_at(c->axes[d].direction, k), *there = dg_tensors_find(set, name),
                            *base = dg_tensors_find(c->base, name);
            if (!there || dg_tensor_count(there) != dg_tensor_count(direction))
                return dg_error(DG_BAD_ARGUMENT, "%s: parameter '%s' is not as in %s", file, name, c->source.path);
            for (int64_t i = 0; i < dg_tensor_count(direction); i++)
                along[d] += dg_tensor_get(direction, i) * (dg_tensor_get(there, i) - dg_tensor_get(base, i));
        }
    double volume = c->gram[0][0] * c->gram[1][1] - c->gram[0][1] * c->gram[1][0];
    to->x[0][to->count] = c->axes[0].origin + (along[0] * c->gram[1][1] - along[1] * c->gram[0][1]) / volume;
    to->x[1][to->count] = c->axes[1].origin + (along[1] * c->gram[0][0] - along[0] * c->gram[1][0]) / volume;
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
    dg_status status = to->x[0] && to->x[1] ? dg_ok() : no_memory();
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
        return to->x[0] && to->x[1] ? read_point(c, c->source.path, c->source.parameters, to) : no_memory();
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
            return dg_error(DG_NUMERIC, "%s is no number at any step: give --range", c->axes[d].name);
        if (strcmp(c->axes[d].name, "random") == 0) { /* as far as the weights are long */
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

/* The parameters at a place of the plane. */
static void set_parameters(const contour *c, const double at[2])
{
    for (int d = 0; d < 2; d++) /* back to the base */
        for (size_t k = 0; k < dg_tensors_count(c->axes[d].direction); k++) {
            const char *name = dg_tensors_name(c->axes[d].direction, k);
            const dg_tensor *base = dg_tensors_find(c->base, name);
            memcpy(dg_tensors_find(c->source.parameters, name)->data, base->data, dg_tensor_bytes(base));
        }
    for (int d = 0; d < 2; d++)
        for (size_t k = 0; k < dg_tensors_count(c->axes[d].direction); k++) {
            const dg_tensor *direction = dg_tensors_at(c->axes[d].direction, k);
            dg_tensor *tensor = dg_tensors_find(c->source.parameters, dg_tensors_name(c->axes[d].direction, k));
            for (int64_t i = 0; i < dg_tensor_count(direction); i++)
                dg_tensor_set(tensor, i,
                              dg_tensor_get(tensor, i) + (at[d] - c->axes[d].origin) * dg_tensor_get(direction, i));
        }
}

static dg_status run_grid(contour *c, dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    dg_status status = dg_ok();
    for (int64_t i = 0; i < SIDE * SIDE && status.code == DG_OK; i++) {
        const int64_t place[2] = {i % SIDE, i / SIDE};
        double at[2];
        for (int d = 0; d < 2; d++)
            at[d] = c->low[d] + (c->high[d] - c->low[d]) * (double)place[d] / (SIDE - 1);
        set_parameters(c, at);
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
        return no_memory();
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
        return no_memory();
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

/* Three digits at the step of the axis. */
static double rounded(double x, double span)
{
    double unit = pow(10, floor(log10(span)) - 2);
    return round(x / unit) * unit + 0.0;
}

static dg_status draw(contour *c, const picture_target *to)
{
    char texts[TICS][32];
    const char *names[SIDE];
    double across[SIDE];
    chart_series series[2 * MOST_PATHS];
    int n = 0;
    for (int i = 0; i < SIDE; i++) {
        names[i] = "";
        across[i] = rounded(c->low[0] + (c->high[0] - c->low[0]) * i / (SIDE - 1), c->high[0] - c->low[0]);
    }
    for (int k = 0; k < TICS; k++) {
        int row = k * (SIDE - 1) / (TICS - 1);
        double span = c->high[1] - c->low[1];
        snprintf(texts[k], sizeof texts[k], "%.6g", rounded(c->low[1] + span * row / (SIDE - 1), span));
        names[row] = texts[k];
    }
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
                             .row_names = names,
                             .x = across,
                             .label = dg_node_name(c->source.loss),
                             .log_scale = c->is_log,
                             .palette = CHART_PALE,
                             .levels = c->levels,
                             .n_levels = LEVELS};
    return chart_draw(&(chart){.title = to->title,
                               .x_label = c->axes[0].name,
                               .y_label = c->axes[1].name,
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
        return no_memory();
    dg_status status = plot_source_open(&c->source, runs[0], data, reading);
    if (status.code == DG_OK)
        status = take_axes(c, axes);
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
    for (int d = 0; d < 2; d++)
        dg_tensors_free(c->axes[d].direction);
    dg_tensors_free(c->base);
    free(c->loss);
    plot_source_close(&c->source);
    free(c);
    return status;
}
