/* Pictures of a network's insides and of how it was trained, for `dotgrad plot`. All are drawn by chart.c; `to` says
 * where each goes.
 *
 *   chart.c      curves, points, intervals and heat maps by gnuplot
 *   plot.c       the loss curve of a run
 *   curves.c     those of several runs, and their means
 *   watch_map.c  what was watched, over depth and time
 *   axes.c       what the axes of a contour are
 *   contour.c    the loss over a plane of parameters, and the paths of runs on it
 *   plane.c      what a network says over the plane of its two features
 *   points.c     values of a node in the plane: by class, or after more and more steps
 *   tiles.c      filters, feature maps, patterns as grey pictures
 *   confusion.c  which class is taken for which */
#ifndef TOOLS_PLOT_PICTURES_H
#define TOOLS_PLOT_PICTURES_H

#include "tools/run/source.h"

typedef struct picture_target {
    const char *title;     /* NULL: none */
    const char *svg, *png; /* NULL: not wanted */
} picture_target;

/* The loss of the first run's training rows over a plane through its weights, and on it the paths of all runs, by their
 * snapshots. The two `axes`: numbers of parameters, "w[0], fc.bias[3]" (of scalars "x, y"); the way to another run's
 * weights, "runs/b"; "random", each filter scaled as the weights' own. `range`: "x0, x1, y0, y1"; NULL: what the paths
 * reach. DG_BAD_ARGUMENT: no such axis, or the two are one direction. */
dg_status contour_draw(char *const *runs, int n_runs, const char *axes, const char *range, const char *data,
                       const dg_graph_read_options *reading, const picture_target *to);

/* A node's values [rows, 2] as points, coloured by the class of the target. */
dg_status latent_draw(const plot_source *s, const char *node, const picture_target *to);
/* A node's values at six of the run's snapshots: points beside the features of the data where it is [rows, 2], else
 * grey pictures. */
dg_status samples_draw(const plot_source *s, const char *node, const picture_target *to);

/* The weights of a layer as pictures: [out, in, h, w] of a convolution, [out, h·h] of others. node: the layer or the
 * parameter; "": the first that can be drawn. */
dg_status filters_draw(const plot_source *s, const char *node, const picture_target *to);
/* The values of a node [rows, C, h, w] for one row, each channel a picture. */
dg_status maps_draw(const plot_source *s, const char *node, int64_t row, const picture_target *to);
/* Values of nodes [rows, units] as pictures, a line of them for each node: "cue, recall". */
dg_status recall_draw(const plot_source *s, const char *nodes, const picture_target *to);

/* The shares of decisions on the test rows, or on all where there are none. */
dg_status confusion_draw(const plot_source *s, const picture_target *to);

/* ---- left in the folder of a run ---- */

/* RUN/confusion.csv of rows, and RUN/confusion.svg: targets downwards, decisions to the right. */
dg_status confusion_write(const char *run, const dg_task *task, dg_rows rows, const dg_data *data, bool picture);

/* RUN/loss.svg and RUN/loss.png from RUN/metrics.csv, by gnuplot with the script RUN/loss.gp. Nothing is drawn when
 * no epoch was finished. DG_IO: gnuplot is missing or failed. */
dg_status plot_curves(const char *run, const dg_trainer *trainer, const dg_objective *objectives, int n_objectives);
/* RUN/watch-PROBE.svg and .png from RUN/watch.csv: a line for each layer, the first on top, a column for each record.
 * Nothing is drawn of a probe that has no number. */
dg_status watch_draw_maps(const char *run);

#endif
