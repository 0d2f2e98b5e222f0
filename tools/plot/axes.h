/* A plane in the space of all parameters, through the weights of a run. */
#ifndef TOOLS_PLOT_AXES_H
#define TOOLS_PLOT_AXES_H

#include "pictures.h"

/* A step along the axis adds `direction` to the parameters. A number's axis shows the number itself; those of other
 * axes begin at 0, the weights of the run. */
typedef struct axis {
    char name[200];        /* "fc.weight[0,3]", "random", "runs/b" */
    dg_tensors *direction; /* float64, by parameter; what is missing does not change */
    double origin;         /* the value at the weights of the run */
} axis;

typedef struct contour_axes {
    const char *path; /* for messages */
    axis at[2];
    dg_tensors *base;  /* the weights of the run */
    double gram[2][2]; /* products of the directions */
} contour_axes;

/* "A, B", each "w[0]", "runs/b" or "random". DG_BAD_ARGUMENT: no such axis, or both are one direction. Release the axes
 * even after a failure. */
dg_status axes_read(contour_axes *a, const plot_source *s, const char *text);
void axes_release(contour_axes *a);
/* Where weights are in the plane: of those beside it, the nearest point. */
dg_status axes_project(const contour_axes *a, const char *file, const dg_tensors *set, double at[2]);
/* Puts the weights at a place of the plane into `parameters`. */
void axes_move(const contour_axes *a, dg_tensors *parameters, const double at[2]);

#endif
