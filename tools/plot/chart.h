/* Charts: curves with bands, points, intervals and heat maps, drawn by gnuplot. */
#ifndef TOOLS_PLOT_CHART_H
#define TOOLS_PLOT_CHART_H

#include <stdint.h>

#include <dotgrad/status.h>

typedef enum chart_style { CHART_LINE, CHART_DASHES, CHART_POINTS, CHART_INTERVALS } chart_style;

typedef struct chart_series {
    const char *title; /* NULL: not in the key */
    chart_style style;
    int colour; /* those of one number have one colour */
    int64_t count;
    const double *x, *y;      /* NaN: a gap */
    const double *low, *high; /* a band (lines) or an interval; NULL: none */
} chart_series;

/* Row r of values is drawn at height r, the first at the bottom or, where `down`, at the top. */
typedef struct chart_heat {
    int64_t rows, columns;
    const double *values;     /* [rows, columns]; NaN: nothing */
    const double *low, *high; /* [2], of a part of a plane: x and y of the first and the last column and row; or: */
    const char *const *row_names;
    const double *x;                 /* of the columns, at equal steps in the picture; NULL: they have no numbers */
    const char *const *column_names; /* in the place of these numbers; NULL: none */
    const double *counts;            /* [rows, columns], written into the cells; NULL: none */
    const char *label;
    bool log_scale, down;
    enum { CHART_WARM, CHART_PALE, CHART_GREY, CHART_SIGNED } palette; /* signed: blue below 0, red above */
    int n_classes; /* above 1: values are numbers of classes, or of two the chance of the second one, and have pale
                      tints of the colours of series; no palette */
    bool equal;    /* rows and columns are equally wide */
    const double *levels; /* of lines of equal value over it, ascending */
    int n_levels;
} chart_heat;

typedef struct chart {
    const char *title, *x_label, *y_label; /* NULL: none */
    const chart_series *series;
    int n_series;
    bool log_x, log_y;
    double ratio;             /* of height to width; 0: what fits */
    const char *const *names; /* of x = 1, 2, …; NULL: numbers */
    int n_names;
    const chart_heat *heat; /* series lie over it, in the places of its columns and rows, from 0 */
} chart;

/* Writes the picture to `svg` and `png`, whole or not at all; NULL leaves one out. DG_IO: gnuplot is missing or failed.
 */
dg_status chart_draw(const chart *c, const char *svg, const char *png);

#endif
