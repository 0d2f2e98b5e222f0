/* dotgrad plot --filters, --maps and --recall: weights and values as small grey pictures. */
#include "tiles.h"

#include "chart.h"

#include <dotgrad/op.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TILES = 64, MOST_LINES = 16, GAP = 1 };

/* Pictures of one size, a line after the other. */
typedef struct tiles {
    int64_t lines, columns; /* of pictures */
    int64_t height, width;  /* of each */
    double *pixels;         /* [rows, row] of the whole; NaN between and where there is none */
    const char **row_names; /* of the rows of pixels */
} tiles;

static int64_t rows_of(const tiles *t)
{
    return t->lines * (t->height + GAP) - GAP;
}

static int64_t row_of(const tiles *t)
{
    return t->columns * (t->width + GAP) - GAP;
}

static dg_status make(tiles *t)
{
    int64_t count = rows_of(t) * row_of(t);
    if (count > 4000000)
        return dg_error(DG_BAD_ARGUMENT, "%lld pixels are too many for a picture", (long long)count);
    t->pixels = malloc((size_t)count * sizeof *t->pixels);
    t->row_names = calloc((size_t)rows_of(t), sizeof *t->row_names);
    if (!t->pixels || !t->row_names)
        return dg_no_memory("a picture");
    for (int64_t k = 0; k < count; k++)
        t->pixels[k] = NAN;
    for (int64_t k = 0; k < rows_of(t); k++)
        t->row_names[k] = "";
    return dg_ok();
}

static void release(tiles *t)
{
    free(t->pixels);
    free(t->row_names);
    *t = (tiles){0};
}

/* Numbers from `first` on of a tensor, as a picture at a place. */
static void put(tiles *t, int64_t line, int64_t column, const dg_tensor *from, int64_t first)
{
    for (int64_t y = 0; y < t->height; y++)
        for (int64_t x = 0; x < t->width; x++)
            t->pixels[(line * (t->height + GAP) + y) * row_of(t) + column * (t->width + GAP) + x] =
                dg_tensor_get(from, first + y * t->width + x);
}

static void name_line(tiles *t, int64_t line, const char *name)
{
    t->row_names[line * (t->height + GAP) + t->height / 2] = name;
}

/* Signed where numbers below 0 weigh as much as those above. */
static dg_status draw(const tiles *t, const char *label, const picture_target *to)
{
    double least = 0, most = 0;
    for (int64_t k = 0; k < rows_of(t) * row_of(t); k++) {
        least = fmin(least, t->pixels[k]); /* passes over NaN */
        most = fmax(most, t->pixels[k]);
    }
    bool is_signed = -least > 0.6 * most;
    const chart_heat heat = {.rows = rows_of(t),
                             .columns = row_of(t),
                             .values = t->pixels,
                             .row_names = t->row_names,
                             .label = label,
                             .down = true,
                             .equal = true,
                             .palette = is_signed ? CHART_SIGNED : CHART_GREY};
    return chart_draw(&(chart){.title = to->title, .heat = &heat}, to->svg, to->png);
}

/* h·w = count, as square as it can be; false: nothing but a line. */
static bool find_sides(int64_t count, int64_t *height, int64_t *width)
{
    *height = (int64_t)sqrt((double)count);
    while (*height > 1 && count % *height)
        --*height;
    *width = count / (*height > 0 ? *height : 1);
    return *height > 1 || count < 4;
}

/* The sizes of a row [h, w], [1, h, w] or [h·w]. */
static dg_status find_picture(const char *path, const char *name, const dg_tensor *value, tiles *t)
{
    const dg_shape *shape = &value->shape;
    char text[DG_SHAPE_TEXT];
    int first = shape->rank == 4 && shape->dims[1] == 1 ? 2 : 1;
    if (shape->rank - first == 2) {
        t->height = shape->dims[first];
        t->width = shape->dims[first + 1];
    } else if (shape->rank != 2 || !find_sides(shape->dims[1], &t->height, &t->width)) {
        return dg_error(DG_BAD_SHAPE, "%s: '%s' is %s: its rows are no pictures, [rows, h, w] or [rows, h·w]", path,
                        name, dg_shape_print(shape, text, sizeof text));
    }
    return dg_ok();
}

dg_status tiles_draw_rows(const char *path, const dg_tensor *values, const char *const *names, int n, int64_t most,
                          const picture_target *to)
{
    tiles t = {.lines = n};
    char text[DG_SHAPE_TEXT], other[DG_SHAPE_TEXT];
    for (int k = 0; k < n; k++) {
        if (values[k].shape.rank < 2 || !dg_shape_equal(&values[k].shape, &values[0].shape))
            return dg_error(DG_BAD_SHAPE, "%s: '%s' is %s and '%s' %s: expected rows of one size", path, names[0],
                            dg_shape_print(&values[0].shape, text, sizeof text), names[k],
                            dg_shape_print(&values[k].shape, other, sizeof other));
    }
    DG_TRY(find_picture(path, names[0], &values[0], &t));
    int64_t rows = values[0].shape.dims[0], size = t.height * t.width;
    t.columns = rows < most ? rows : most;
    dg_status status = make(&t);
    for (int k = 0; status.code == DG_OK && k < n; k++) {
        name_line(&t, k, names[k]);
        for (int64_t i = 0; i < t.columns; i++)
            put(&t, k, i, &values[k], i * size);
    }
    if (status.code == DG_OK)
        status = draw(&t, NULL, to);
    release(&t);
    return status;
}

/* `count` pictures one after another in a tensor, wrapped into lines. */
static dg_status draw_wrapped(const dg_tensor *from, int64_t first, int64_t count, tiles *t, const char *label,
                              const picture_target *to)
{
    count = count < MOST_TILES ? count : MOST_TILES;
    t->columns = (int64_t)ceil(sqrt(1.7 * (double)count));
    t->columns = t->columns < count ? t->columns : count;
    t->lines = (count + t->columns - 1) / t->columns;
    DG_TRY(make(t));
    for (int64_t k = 0; k < count; k++)
        put(t, k / t->columns, k % t->columns, from, first + k * t->height * t->width);
    return draw(t, label, to);
}

/* ---- filters ---- */

/* [out, in, h, w], or [out, in] where `in` is a square. */
static bool has_pictures(const dg_tensor *weight)
{
    int64_t height, width;
    const dg_shape *shape = &weight->shape;
    if (!dg_dtype_is_float(weight->dtype))
        return false;
    if (shape->rank == 4)
        return shape->dims[2] * shape->dims[3] > 1;
    return shape->rank == 2 && shape->dims[1] >= 9 && find_sides(shape->dims[1], &height, &width) && height == width;
}

/* The parameter of that name, or the one of the layer of that name that has pictures. */
static const dg_tensor *find_filters(const plot_source *s, const char *name, const char **found)
{
    size_t length = strlen(name);
    for (int64_t id = 0; id < dg_graph_node_count(s->file->graph); id++) { /* in the order of the graph */
        dg_node *node = dg_graph_node(s->file->graph, id);
        if (dg_node_op(node)->role != DG_ROLE_PARAMETER)
            continue;
        const char *own = dg_node_name(node);
        const dg_tensor *tensor = dg_tensors_find(s->parameters, own);
        bool is_meant = !length || strcmp(own, name) == 0 || (strncmp(own, name, length) == 0 && own[length] == '.');
        *found = own;
        if (tensor && is_meant && has_pictures(tensor))
            return tensor;
    }
    return NULL;
}

/* A line for each output where there are few inputs, else outputs of all inputs one after another. */
static dg_status draw_channels(const dg_tensor *weight, tiles *t, const char *label, const picture_target *to)
{
    int64_t out = weight->shape.dims[0], in = weight->shape.dims[1], size = t->height * t->width;
    t->lines = out < MOST_LINES ? out : MOST_LINES;
    t->columns = in < 2 * MOST_LINES ? in : 2 * MOST_LINES;
    DG_TRY(make(t));
    for (int64_t o = 0; o < t->lines; o++)
        for (int64_t i = 0; i < t->columns; i++)
            put(t, o, i, weight, (o * in + i) * size);
    return draw(t, label, to);
}

dg_status filters_draw(const plot_source *s, const char *name, const picture_target *to)
{
    const char *found = NULL;
    const dg_tensor *weight = find_filters(s, name, &found);
    tiles t = {0};
    if (!weight)
        return dg_error(DG_BAD_ARGUMENT,
                        "%s: %s%s%s has no weights that are pictures: [out, in, h, w], or [out, in] with a square of "
                        "inputs",
                        s->path, *name ? "'" : "it", name, *name ? "'" : "");
    const dg_shape *shape = &weight->shape;
    if (shape->rank == 4) {
        t.height = shape->dims[2];
        t.width = shape->dims[3];
    } else {
        find_sides(shape->dims[1], &t.height, &t.width);
    }
    dg_status status = shape->rank == 4 && shape->dims[1] > 1 ? draw_channels(weight, &t, found, to)
                                                              : draw_wrapped(weight, 0, shape->dims[0], &t, found, to);
    release(&t);
    return status;
}

/* ---- feature maps ---- */

dg_status maps_draw(const plot_source *s, const char *name, int64_t row, const picture_target *to)
{
    dg_node *node;
    dg_tensor value;
    tiles t = {0};
    char text[DG_SHAPE_TEXT];
    DG_TRY(plot_source_node(s, name, &node));
    int64_t rows = s->data ? dg_data_rows(s->data) : 0;
    if (rows == 0)
        return dg_error(DG_BAD_ARGUMENT, "%s: there are no data to look at: give --data", s->path);
    if (row >= rows)
        return dg_error(DG_BAD_ARGUMENT, "%s: row %lld of data of %lld rows, which count from 0", s->path,
                        (long long)row, (long long)rows);
    DG_TRY(plot_source_value(s, node, (dg_rows){&row, 1}, &value));
    const dg_shape *shape = &value.shape;
    int64_t count = shape->rank > 1 ? shape->dims[1] : 0;
    dg_status status = dg_ok();
    if (shape->rank == 4) {
        t.height = shape->dims[2];
        t.width = shape->dims[3];
    } else {
        count = 1;
        status = find_picture(s->path, name, &value, &t);
    }
    if (status.code == DG_OK && dg_tensor_count(&value) == 0)
        status = dg_error(DG_BAD_SHAPE, "%s: '%s' is %s: there is nothing in it", s->path, name,
                          dg_shape_print(shape, text, sizeof text));
    if (status.code == DG_OK)
        status = draw_wrapped(&value, 0, count, &t, name, to);
    release(&t);
    dg_tensor_release(&value);
    return status;
}

/* ---- recall ---- */

dg_status recall_draw(const plot_source *s, const char *list, const picture_target *to)
{
    enum { MOST_NODES = 8, PATTERNS = 12 };
    char *copy = strdup(list), *rest = NULL;
    const char *names[MOST_NODES];
    dg_tensor values[MOST_NODES];
    int n = 0;
    int64_t rows = s->data ? dg_data_rows(s->data) : 0;
    dg_status status = copy ? dg_ok() : dg_no_memory("a picture");
    for (char *name = copy ? strtok_r(copy, ", ", &rest) : NULL; name && status.code == DG_OK;
         name = strtok_r(NULL, ", ", &rest)) {
        dg_node *node;
        if (n == MOST_NODES)
            status = dg_error(DG_BAD_ARGUMENT, "--recall: at most %d nodes", MOST_NODES);
        else
            status = plot_source_node(s, name, &node);
        if (status.code == DG_OK)
            status = plot_source_value(s, node, (dg_rows){.count = rows < PATTERNS ? rows : PATTERNS}, &values[n]);
        if (status.code == DG_OK)
            names[n++] = name;
    }
    if (status.code == DG_OK && n == 0)
        status = dg_error(DG_BAD_ARGUMENT, "--recall needs names of nodes");
    if (status.code == DG_OK)
        status = tiles_draw_rows(s->path, values, names, n, PATTERNS, to);
    for (int k = 0; k < n; k++)
        dg_tensor_release(&values[k]);
    free(copy);
    return status;
}
