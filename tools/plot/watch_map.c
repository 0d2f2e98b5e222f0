/* Heat maps of RUN/watch.csv: depth downwards, time to the right. */
#include "pictures.h"

#include "tools/run/watch.h"

#include "chart.h"
#include "tools/run/folder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 400, MOST_FIELDS = 32 };

/* The file, cut at its commas. */
typedef struct record_table {
    char *text;
    int n_fields;
    const char *fields[MOST_FIELDS];
    int64_t n_lines, n_layers, n_steps;
    const char **cells;      /* [n_lines, n_fields] */
    int64_t *layer, *column; /* of each line */
    const char **layers;
    double *steps;
} record_table;

static void table_release(record_table *t)
{
    free(t->text);
    free(t->cells);
    free(t->layer);
    free(t->column);
    free(t->layers);
    free(t->steps);
}

static int cut(char *line, const char *fields[MOST_FIELDS])
{
    int n = 0;
    for (char *field; n < MOST_FIELDS && (field = strsep(&line, ","));)
        fields[n++] = field;
    return n;
}

static int64_t place_of_layer(record_table *t, const char *name)
{
    for (int64_t k = 0; k < t->n_layers; k++)
        if (strcmp(t->layers[k], name) == 0)
            return k;
    t->layers[t->n_layers] = name;
    return t->n_layers++;
}

static bool allocate(record_table *t)
{
    int64_t lines = 0;
    for (const char *at = t->text; *at; at++)
        lines += *at == '\n';
    size_t n = (size_t)lines + 1;
    t->cells = calloc(n * MOST_FIELDS, sizeof *t->cells);
    t->layer = calloc(n, sizeof *t->layer);
    t->column = calloc(n, sizeof *t->column);
    t->layers = calloc(n, sizeof *t->layers);
    t->steps = calloc(n, sizeof *t->steps);
    return t->cells && t->layer && t->column && t->layers && t->steps;
}

static void fill(record_table *t)
{
    char *rest = t->text, *line = strsep(&rest, "\n");
    t->n_fields = cut(line, t->fields);
    while (rest && *rest && (line = strsep(&rest, "\n"))) {
        const char *fields[MOST_FIELDS];
        if (cut(line, fields) < t->n_fields || t->n_fields < 4)
            continue;
        double step = strtod(fields[0], NULL);
        if (!t->n_steps || t->steps[t->n_steps - 1] != step)
            t->steps[t->n_steps++] = step;
        t->layer[t->n_lines] = place_of_layer(t, fields[2]);
        t->column[t->n_lines] = t->n_steps - 1;
        memcpy(&t->cells[t->n_lines++ * MOST_FIELDS], fields, (size_t)t->n_fields * sizeof *fields);
    }
}

/* Where there are many records, of each of so many pieces of time the first. */
static dg_status draw_map(const record_table *t, const char *run, int field)
{
    int64_t every = t->n_steps / MOST_COLUMNS + 1, columns = (t->n_steps + every - 1) / every;
    double *values = malloc((size_t)(t->n_layers * columns + 1) * sizeof *values);
    double *x = malloc((size_t)(columns + 1) * sizeof *x), least = INFINITY, greatest = -INFINITY;
    const char **names = calloc((size_t)t->n_layers + 1, sizeof *names);
    char *svg = NULL, *png = NULL;
    int64_t *row = calloc((size_t)t->n_layers + 1, sizeof *row), rows = 0;
    bool fine = values && x && names && row && asprintf(&svg, "%s/watch-%s.svg", run, t->fields[field]) > 0 &&
                asprintf(&png, "%s/watch-%s.png", run, t->fields[field]) > 0;
    for (int64_t k = 0; fine && k < t->n_lines; k++) /* layers that the probe is of */
        row[t->layer[k]] |= t->cells[k * MOST_FIELDS + field][0] != '\0';
    for (int64_t k = 0; fine && k < t->n_layers; k++)
        if (row[k]) {
            names[rows] = t->layers[k];
            row[k] = ++rows;
        }
    for (int64_t k = 0; fine && k < rows * columns; k++)
        values[k] = NAN;
    for (int64_t k = 0; fine && k < t->n_lines; k++) {
        const char *cell = t->cells[k * MOST_FIELDS + field];
        if (!*cell || t->column[k] % every)
            continue;
        double value = strtod(cell, NULL);
        values[(row[t->layer[k]] - 1) * columns + t->column[k] / every] = value;
        least = value > 0 ? fmin(least, value) : least;
        greatest = fmax(greatest, value);
    }
    for (int64_t k = 0; fine && k < columns; k++)
        x[k] = t->steps[k * every];
    const chart_heat heat = {.rows = rows,
                             .columns = columns,
                             .values = values,
                             .row_names = names,
                             .x = x,
                             .label = t->fields[field],
                             .down = true,
                             .log_scale = greatest > 30 * least};
    dg_status status = !fine  ? dg_no_memory("%s", run)
                       : rows ? chart_draw(&(chart){.x_label = "step", .heat = &heat}, svg, png)
                              : dg_ok();
    free(values);
    free(x);
    free(names);
    free(row);
    free(svg);
    free(png);
    return status;
}

dg_status watch_draw_maps(const char *run)
{
    char *path = path_join(run, "watch.csv");
    record_table t = {0};
    size_t size;
    dg_status status = path ? dg_read_file(path, &t.text, &size) : dg_no_memory("%s", run);
    free(path);
    if (status.code == DG_OK && size) {
        status = allocate(&t) ? dg_ok() : dg_no_memory("%s", run);
        if (status.code == DG_OK)
            fill(&t);
        for (int k = 3; k < t.n_fields && t.n_lines && status.code == DG_OK; k++)
            status = draw_map(&t, run, k);
    }
    table_release(&t);
    return status;
}
