/* Columns of metrics.csv, and figures of layers in watch.csv. */
#include "curves.h"

#include "tools/run/folder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LOG_RANGE 30 /* numbers that fall by more are drawn on a logarithmic axis */

/* The place of a column in the first line, −1: there is none. */
static int find_column(const char *head, const char *column)
{
    for (int k = 0;; k++) {
        size_t length = strcspn(head, ",\n");
        if (strlen(column) == length && strncmp(head, column, length) == 0)
            return k;
        if (head[length] != ',')
            return -1;
        head += length + 1;
    }
}

/* Values up to that of `epoch`, which are not known yet. */
static dg_status reach(curve *made, int64_t *room, int64_t epoch)
{
    if (epoch > *room) {
        int64_t wanted = epoch < INT64_MAX / 32 ? 2 * epoch + 64 : epoch;
        double *values = realloc(made->values, (size_t)wanted * sizeof *values);
        if (!values)
            return dg_no_memory("%lld epochs", (long long)epoch);
        made->values = values;
        *room = wanted;
    }
    while (made->count < epoch)
        made->values[made->count++] = NAN;
    return dg_ok();
}

static const char *cell_of(const char *line, int column)
{
    for (int k = 0; k < column && line; k++) {
        line = strchr(line, ',');
        line += line != NULL;
    }
    return line;
}

static double number_in(const char *cell)
{
    return cell && *cell && *cell != ',' ? strtod(cell, NULL) : NAN;
}

static dg_status fill(char *text, int column, curve *made)
{
    int64_t room = 0;
    char *line;
    strsep(&text, "\n");
    while (text && *text && (line = strsep(&text, "\n"))) {
        DG_TRY(reach(made, &room, made->count + 1));
        made->values[made->count - 1] = number_in(cell_of(line, column));
    }
    return dg_ok();
}

/* Of each epoch the last line that is of the layer. */
static dg_status fill_watched(char *text, const char *layer, int figure, curve *made)
{
    enum { EPOCH = 1, LAYER };
    int64_t room = 0, most = 100000000; /* epochs; more is no file of a run */
    size_t length = strlen(layer);
    char *line;
    strsep(&text, "\n");
    while (text && *text && (line = strsep(&text, "\n"))) {
        const char *name = cell_of(line, LAYER);
        double epoch = number_in(cell_of(line, EPOCH));
        if (!name || strncmp(name, layer, length) != 0 || name[length] != ',' || !(epoch >= 1 && epoch <= (double)most))
            continue;
        DG_TRY(reach(made, &room, (int64_t)epoch));
        made->values[(int64_t)epoch - 1] = number_in(cell_of(line, figure));
    }
    return dg_ok();
}

/* "act1.std" of watch.csv; *is_there: the run has been watched, and had such a layer and figure. */
static dg_status read_watched(const char *run, const char *column, curve *made, bool *is_there)
{
    char *path = path_join(run, "watch.csv"), *text = NULL, *layer = strdup(column);
    char *dot = layer ? strrchr(layer, '.') : NULL;
    size_t size;
    dg_status status = path && layer ? dg_ok() : dg_no_memory("%s", run);
    *is_there = false;
    if (status.code == DG_OK && dot && dg_read_file(path, &text, &size).code == DG_OK) {
        *dot = '\0';
        int figure = find_column(text, dot + 1);
        if (figure > 2) /* behind step, epoch and layer */
            status = fill_watched(text, layer, figure, made);
        *is_there = made->count > 0;
    }
    free(text);
    free(path);
    free(layer);
    return status;
}

dg_status curve_read(const char *run, const char *column, curve *made)
{
    char *path = path_join(run, "metrics.csv"), *text = NULL;
    size_t size;
    bool watched = false;
    *made = (curve){0};
    dg_status status = path ? dg_read_file(path, &text, &size) : dg_no_memory("%s", run);
    int place = status.code == DG_OK ? find_column(text, column) : -1;
    if (status.code == DG_OK && place >= 0)
        status = fill(text, place, made);
    else if (status.code == DG_OK)
        status = read_watched(run, column, made, &watched);
    if (status.code == DG_OK && place < 0 && !watched)
        status = dg_error(DG_BAD_ARGUMENT,
                          "%s: there is no column '%s'; there are %.*s, and of a run that was trained with --watch the "
                          "figures of its layers, such as fc1.std",
                          path, column, (int)strcspn(text, "\n"), text);
    free(text);
    free(path);
    return status;
}

void curve_band_release(curve_band *band)
{
    free(band->x);
    free(band->mean);
    free(band->low);
    free(band->high);
    *band = (curve_band){0};
}

dg_status curve_band_make(const curve *curves, int count, curve_band *band)
{
    *band = (curve_band){0};
    for (int k = 0; k < count; k++)
        band->count = curves[k].count > band->count ? curves[k].count : band->count;
    size_t size = ((size_t)band->count + 1) * sizeof(double);
    band->x = malloc(size);
    band->mean = malloc(size);
    band->low = count > 1 ? malloc(size) : NULL;
    band->high = count > 1 ? malloc(size) : NULL;
    if (!band->x || !band->mean || (count > 1 && (!band->low || !band->high))) {
        curve_band_release(band);
        return dg_no_memory("a curve");
    }
    int64_t epochs = band->count;
    band->count = 0;
    for (int64_t e = 0; e < epochs; e++) { /* those without a number are left out, so that a line goes on behind them */
        double sum = 0, squares = 0, n = 0;
        for (int k = 0; k < count; k++)
            if (e < curves[k].count && isfinite(curves[k].values[e])) {
                sum += curves[k].values[e];
                n++;
            }
        for (int k = 0; k < count; k++)
            if (e < curves[k].count && isfinite(curves[k].values[e]))
                squares += pow(curves[k].values[e] - sum / n, 2);
        if (n == 0)
            continue;
        double sd = n > 1 ? sqrt(squares / (n - 1)) : 0;
        int64_t at = band->count++;
        band->x[at] = (double)(e + 1);
        band->mean[at] = sum / n;
        if (count > 1) {
            band->low[at] = band->mean[at] - sd;
            band->high[at] = band->mean[at] + sd;
        }
    }
    return dg_ok();
}

bool curve_band_for_log(curve_band *bands, int count)
{
    double least = INFINITY, greatest = -INFINITY;
    for (int k = 0; k < count; k++)
        for (int64_t e = 0; e < bands[k].count; e++) {
            least = fmin(least, bands[k].mean[e]);
            greatest = fmax(greatest, bands[k].mean[e]);
        }
    bool wants = least > 0 && greatest > LOG_RANGE * least;
    for (int k = 0; k < count && wants; k++)
        for (int64_t e = 0; bands[k].low && e < bands[k].count; e++) /* a deviation above the mean */
            bands[k].low[e] = fmax(bands[k].low[e], bands[k].mean[e] / 10);
    return wants;
}
