/* RUN/confusion.csv: which class was taken for which. */
#include "chart.h"
#include "pictures.h"
#include "tools/run/claim.h"
#include "tools/run/folder.h"
#include "tools/run/print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 200, FEW_CLASSES = 12 };

static void print_class(FILE *out, const dg_data *data, int64_t k)
{
    const char *name = dg_data_class(data, k);
    if (!name)
        fprintf(out, "%lld", (long long)k);
    else
        csv_print(out, name);
}

static dg_status write_table(const char *path, const dg_tensor *counts, const dg_data *data)
{
    int64_t classes = counts->shape.dims[0];
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return dg_no_memory("%s", path);
    fputs("target", out);
    for (int64_t k = 0; k < classes; k++) {
        fputc(',', out);
        print_class(out, data, k);
    }
    for (int64_t row = 0; row < classes; row++) {
        fputc('\n', out);
        print_class(out, data, row);
        for (int64_t k = 0; k < classes; k++)
            fprintf(out, ",%.0f", dg_tensor_get(counts, row * classes + k));
    }
    fputc('\n', out);
    dg_status status = fclose(out) == 0 ? run_file_ready(path) : dg_no_memory("%s", path);
    if (status.code == DG_OK)
        status = dg_write_file(path, text, size);
    free(text);
    return status;
}

/* Shares of each target's rows; of few classes with their names on both sides and the numbers of rows. */
static dg_status draw(const char *path, const dg_tensor *counts, const dg_data *data, const picture_target *to)
{
    int64_t classes = counts->shape.dims[0];
    double *values = calloc((size_t)(2 * classes * classes + classes), sizeof *values),
           *cells = values + classes * classes, *x = cells + classes * classes;
    const char **names = calloc((size_t)classes, sizeof *names);
    char(*numbers)[24] = calloc((size_t)classes, sizeof *numbers);
    bool fine = values && names && numbers;
    for (int64_t row = 0; fine && row < classes; row++) {
        double sum = 0;
        for (int64_t k = 0; k < classes; k++)
            sum += dg_tensor_get(counts, row * classes + k);
        for (int64_t k = 0; k < classes; k++) {
            cells[row * classes + k] = dg_tensor_get(counts, row * classes + k);
            values[row * classes + k] = sum > 0 ? dg_tensor_get(counts, row * classes + k) / sum : NAN;
        }
        snprintf(numbers[row], sizeof numbers[row], "%lld", (long long)row);
        x[row] = (double)row;
        names[row] = dg_data_class(data, row) ? dg_data_class(data, row) : numbers[row];
    }
    const chart_heat heat = {.rows = classes,
                             .columns = classes,
                             .values = values,
                             .row_names = names,
                             .x = x,
                             .column_names = classes <= FEW_CLASSES ? names : NULL,
                             .counts = classes <= FEW_CLASSES ? cells : NULL,
                             .label = "share of the target's rows",
                             .down = true};
    dg_status status =
        fine ? chart_draw(&(chart){.title = to->title, .x_label = "decision", .y_label = "target", .heat = &heat},
                          to->svg, to->png)
             : dg_no_memory("%s", path);
    free(values);
    free(names);
    free(numbers);
    return status;
}

dg_status confusion_write(const char *run, const dg_task *task, dg_rows rows, const dg_data *data, bool picture)
{
    dg_tensor counts = {0};
    char *table = path_join(run, "confusion.csv"), *svg = path_join(run, "confusion.svg");
    dg_status status = table && svg ? dg_ok() : dg_no_memory("%s", run);
    if (status.code == DG_OK)
        status = dg_confusion(task, rows, &counts);
    if (status.code == DG_OK && counts.shape.dims[0] <= MOST_CLASSES) {
        status = write_table(table, &counts, data);
        if (status.code == DG_OK && picture)
            status = draw(svg, &counts, data, &(picture_target){.svg = svg});
    }
    dg_tensor_release(&counts);
    free(table);
    free(svg);
    return status;
}

dg_status confusion_draw(const plot_source *s, const picture_target *to)
{
    dg_tensor counts = {0};
    if (!s->data || !s->loss)
        return dg_error(DG_BAD_ARGUMENT, "%s: there are no %s: give --data", s->path, s->data ? "losses" : "data");
    const dg_dataset *set = dg_data_set(s->data);
    const dg_task task = {.graph = s->file->graph,
                          .loss = s->loss,
                          .output = s->file->output,
                          .parameters = s->parameters,
                          .data = set,
                          .threads = s->threads};
    dg_rows rows = set->n_test ? (dg_rows){set->test, set->n_test} : (dg_rows){.count = dg_data_rows(s->data)};
    dg_status status = dg_confusion(&task, rows, &counts);
    if (status.code == DG_OK && counts.shape.dims[0] > MOST_CLASSES)
        status = dg_error(DG_BAD_ARGUMENT, "%lld classes are too many for a picture", (long long)counts.shape.dims[0]);
    if (status.code == DG_OK)
        status = draw(s->path, &counts, s->data, to);
    dg_tensor_release(&counts);
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", s->path);
}
