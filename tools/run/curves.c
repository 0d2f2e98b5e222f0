/* Columns of metrics.csv. */
#include "curves.h"

#include "folder.h"

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

static dg_status fill(char *text, int column, curve *made)
{
    int64_t room = 0;
    char *line;
    strsep(&text, "\n");
    while (text && *text && (line = strsep(&text, "\n"))) {
        for (int k = 0; k < column && line; k++) {
            line = strchr(line, ',');
            line += line != NULL;
        }
        if (made->count == room) {
            room = 2 * room + 64;
            double *values = realloc(made->values, (size_t)room * sizeof *values);
            if (!values)
                return dg_no_memory("%lld epochs", (long long)room);
            made->values = values;
        }
        made->values[made->count++] = line && *line ? strtod(line, NULL) : NAN;
    }
    return dg_ok();
}

dg_status curve_read(const char *run, const char *column, curve *made)
{
    char *path = path_join(run, "metrics.csv"), *text = NULL;
    size_t size;
    *made = (curve){0};
    dg_status status = path ? dg_read_file(path, &text, &size) : dg_no_memory("%s", run);
    if (status.code == DG_OK) {
        int place = find_column(text, column);
        status = place < 0 ? dg_error(DG_BAD_ARGUMENT, "%s: there is no column '%s'; there are %.*s", path, column,
                                      (int)strcspn(text, "\n"), text)
                           : fill(text, place, made);
    }
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
    for (int64_t e = 0; e < band->count; e++) {
        double sum = 0, squares = 0, n = 0;
        for (int k = 0; k < count; k++)
            if (e < curves[k].count && isfinite(curves[k].values[e])) {
                sum += curves[k].values[e];
                n++;
            }
        for (int k = 0; k < count; k++)
            if (e < curves[k].count && isfinite(curves[k].values[e]))
                squares += pow(curves[k].values[e] - sum / n, 2);
        double sd = n > 1 ? sqrt(squares / (n - 1)) : 0;
        band->x[e] = (double)(e + 1);
        band->mean[e] = n > 0 ? sum / n : NAN;
        if (count > 1) {
            band->low[e] = band->mean[e] - sd;
            band->high[e] = band->mean[e] + sd;
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
