/* dotgrad plot --boundary: a grid over the data's two features goes through the trained network. */
#include "plane.h"

#include "chart.h"

#include <dotgrad/model.h>
#include <dotgrad/optim.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 120, MOST_CLASSES = 10 };

typedef struct plane {
    plot_source source;
    dg_model *model;
    dg_data *data;          /* the source's */
    double low[2], high[2]; /* of the features, with a margin */
    double *heat, *across;  /* [SIDE, SIDE], [SIDE] */
    int64_t wide;           /* numbers of the network a point */
    chart_series points[MOST_CLASSES];
    double *x, *y; /* of all points, class after class */
    int n_points;
} plane;

/* ---- the data ---- */

static dg_status measure(plane *p, const char *run)
{
    const dg_tensor *features = dg_tensors_find(dg_data_set(p->data)->fields, "features");
    char text[DG_SHAPE_TEXT];
    if (!features || features->shape.rank != 2 || features->shape.dims[1] != 2)
        return dg_error(DG_BAD_SHAPE, "%s: the features are %s, and a boundary is drawn over two: [rows, 2]", run,
                        features ? dg_shape_print(&features->shape, text, sizeof text) : "none");
    for (int d = 0; d < 2; d++) {
        p->low[d] = INFINITY;
        p->high[d] = -INFINITY;
        for (int64_t r = 0; r < features->shape.dims[0]; r++) {
            double value = dg_tensor_get(features, 2 * r + d);
            p->low[d] = fmin(p->low[d], value);
            p->high[d] = fmax(p->high[d], value);
        }
        double margin = 0.08 * (p->high[d] - p->low[d]) + 1e-9;
        p->low[d] -= margin;
        p->high[d] += margin;
    }
    return dg_ok();
}

/* Points by class, in the places of the heat's columns and rows. */
static dg_status place_points(plane *p)
{
    const dg_tensors *fields = dg_data_set(p->data)->fields;
    const dg_tensor *features = dg_tensors_find(fields, "features"), *target = dg_tensors_find(fields, "target");
    int64_t rows = features->shape.dims[0], used = 0;
    bool by_class = target && dg_tensor_count(target) == rows && dg_model_kind_of(p->model) != DG_MODEL_VALUES;
    p->x = calloc(2 * (size_t)rows + 1, sizeof *p->x);
    p->y = p->x + rows;
    if (!p->x)
        return dg_no_memory("a picture");
    for (int class = 0; class < MOST_CLASSES && used < rows; class ++) {
        int64_t begin = used;
        for (int64_t r = 0; r < rows; r++) {
            int64_t own = by_class ? (int64_t)llround(dg_tensor_get(target, r)) : 0;
            if (own != class)
                continue;
            p->x[used] = (dg_tensor_get(features, 2 * r) - p->low[0]) / (p->high[0] - p->low[0]) * (SIDE - 1);
            p->y[used++] = (dg_tensor_get(features, 2 * r + 1) - p->low[1]) / (p->high[1] - p->low[1]) * (SIDE - 1);
        }
        const char *name = by_class ? dg_model_class(p->model, class) : NULL;
        if (used > begin)
            p->points[p->n_points++] = (chart_series){.title = name,
                                                      .style = CHART_POINTS,
                                                      .colour = class,
                                                      .count = used - begin,
                                                      .x = p->x + begin,
                                                      .y = p->y + begin};
    }
    return dg_ok();
}

/* ---- the network ---- */

/* The place of the largest chance, and so much less as it is unsure; or the one number that there is. */
static double decision(const dg_tensor *result, int64_t row)
{
    int64_t wide = dg_tensor_count(result) / result->shape.dims[0], best = 0;
    for (int64_t k = 1; k < wide; k++)
        if (dg_tensor_get(result, row * wide + k) > dg_tensor_get(result, row * wide + best))
            best = k;
    return wide == 2 ? dg_tensor_get(result, row * wide + 1) : wide > 2 ? (double)best : dg_tensor_get(result, row);
}

static dg_status fill_heat(plane *p)
{
    dg_dataset grid;
    dg_tensor *features, result;
    p->heat = calloc(SIDE * SIDE + SIDE, sizeof *p->heat);
    if (!p->heat)
        return dg_no_memory("a picture");
    p->across = p->heat + SIDE * SIDE;
    for (int c = 0; c < SIDE; c++)
        p->across[c] = p->low[0] + (p->high[0] - p->low[0]) * c / (SIDE - 1);
    DG_TRY(dg_dataset_new(&grid));
    dg_status status = dg_tensors_add(grid.fields, "features", DG_FLOAT64, DG_SHAPE(SIDE * SIDE, 2), &features);
    for (int64_t i = 0; status.code == DG_OK && i < SIDE * SIDE; i++) {
        dg_tensor_set(features, 2 * i, p->across[i % SIDE]);
        dg_tensor_set(features, 2 * i + 1, p->low[1] + (p->high[1] - p->low[1]) * (double)(i / SIDE) / (SIDE - 1));
    }
    if (status.code == DG_OK)
        status = dg_model_predict(p->model, &grid, &result);
    if (status.code == DG_OK) {
        p->wide = dg_tensor_count(&result) / (SIDE * SIDE);
        for (int64_t i = 0; i < SIDE * SIDE; i++)
            p->heat[i] = decision(&result, i);
        dg_tensor_release(&result);
    }
    dg_dataset_release(&grid);
    return status;
}

/* The name of the column that has become feature d, and its numbers as they were before they were scaled. */
static const char *describe_axis(const plane *p, int d, double *low, double *high)
{
    static const char *const unnamed[2] = {"first feature", "second feature"};
    const dg_tensor *offset = dg_data_offset(p->data), *divisor = dg_data_divisor(p->data);
    if (offset && divisor) {
        int64_t at = dg_tensor_count(offset) > 1 ? d : 0;
        low[d] = p->low[d] * dg_tensor_get(divisor, at) + dg_tensor_get(offset, at);
        high[d] = p->high[d] * dg_tensor_get(divisor, at) + dg_tensor_get(offset, at);
    } else {
        low[d] = p->low[d];
        high[d] = p->high[d];
    }
    for (int64_t k = 0; k < dg_data_column_count(p->data); k++) {
        const dg_column *column = dg_data_column(p->data, k);
        if (column->use == DG_COLUMN_FEATURE && column->first == d && column->width == 1 && column->name[0])
            return column->name;
    }
    return unnamed[d];
}

static dg_status draw(plane *p, const picture_target *to)
{
    double low[2], high[2];
    char label[100] = "output";
    int64_t classes = dg_model_kind_of(p->model) == DG_MODEL_VALUES ? 0 : p->wide > 1 ? p->wide : 2;
    if (classes == 2)
        snprintf(label, sizeof label, "chance of %s", dg_model_class(p->model, 1) ? dg_model_class(p->model, 1) : "1");
    const char *x_label = describe_axis(p, 0, low, high), *y_label = describe_axis(p, 1, low, high);
    const chart_heat heat = {.rows = SIDE,
                             .columns = SIDE,
                             .values = p->heat,
                             .low = low,
                             .high = high,
                             .label = classes > 2 ? NULL : label,
                             .n_classes = classes > 100 ? 100 : (int)classes};
    const chart whole = {.title = to->title,
                         .x_label = x_label,
                         .y_label = y_label,
                         .series = p->points,
                         .n_series = p->n_points,
                         .heat = &heat};
    return chart_draw(&whole, to->svg, to->png);
}

dg_status plane_draw(const char *run, const char *data, const dg_graph_read_options *reading, const picture_target *to)
{
    plane p = {.model = NULL};
    dg_status status = plot_source_open(&p.source, run, data, reading);
    p.data = p.source.data;
    if (status.code == DG_OK && !p.data)
        status = dg_error(DG_BAD_ARGUMENT, "%s: the run has no data: give --data", run);
    if (status.code == DG_OK)
        status = dg_model_open(run, NULL, &p.model);
    if (status.code == DG_OK)
        status = measure(&p, run);
    if (status.code == DG_OK)
        status = place_points(&p);
    if (status.code == DG_OK)
        status = fill_heat(&p);
    if (status.code == DG_OK)
        status = draw(&p, to);
    free(p.heat);
    free(p.x);
    dg_model_free(p.model);
    plot_source_close(&p.source);
    return status;
}
