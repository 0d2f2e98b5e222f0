/* Pictures of what a trained network says over the plane of its two features. */
#ifndef TOOLS_PLOT_PLANE_H
#define TOOLS_PLOT_PLANE_H

#include "pictures.h"

/* The decision over the plane, with the data on it: the class, or the chance or value where there are no classes.
 * `data`: a specification, NULL: that of the run. Axes have the names of the columns and their numbers before scaling.
 * DG_BAD_SHAPE: not two features. */
dg_status plane_draw(const char *run, const char *data, const dg_graph_read_options *reading, const picture_target *to);

#endif
