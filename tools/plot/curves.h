/* Columns of runs' metrics.csv and figures of their watch.csv, and their mean over runs that differ in seed or fold
 * alone. */
#ifndef TOOLS_PLOT_CURVES_H
#define TOOLS_PLOT_CURVES_H

#include "chart.h"

/* One column of one run, by epoch. */
typedef struct curve {
    int64_t count;
    double *values; /* of epoch 1, 2, … */
} curve;

/* `column` is one of metrics.csv, or "LAYER.FIGURE" of watch.csv, of each epoch the last that was written, NaN where
 * none was. DG_IO: there is no metrics.csv; DG_BAD_ARGUMENT: no such column: names those that there are. Free values
 * with free().
 */
dg_status curve_read(const char *run, const char *column, curve *made);

/* Mean ± standard deviation by epoch over runs, as far as any of them goes; free with curve_band_release. */
typedef struct curve_band {
    int64_t count;
    double *x, *mean, *low, *high; /* low, high: NULL of one run */
} curve_band;
dg_status curve_band_make(const curve *curves, int count, curve_band *band);
void curve_band_release(curve_band *band);
/* Whether numbers that span so much are better seen on a logarithmic axis; the bands then stay above 0. */
bool curve_band_for_log(curve_band *bands, int count);

#endif
