/* Finite differences of a scalar node. */
#ifndef AUTOGRAD_PROBE_H
#define AUTOGRAD_PROBE_H

#include <dotgrad/plan.h>

/* A scalar of a graph as a function of the tensors it is computed from. */
typedef struct probe {
    dg_plan *plan;
    const dg_feed *feeds;
    int n_feeds;
    dg_tensor *stops; /* at the point itself: the nodes that no derivative passes, though values do */
    int n_stops;
    double value; /* at the point itself */
    double flops; /* of one evaluation */
    double work;  /* FLOPs of all so far */
} probe;

/* `settings` gives parameters, threads, seed and mode. Computes the value and the stops; DG_NUMERIC when the value is
 * not a finite number. probe_release() in any case. */
dg_status probe_make(probe *p, dg_node *root, const dg_plan_options *settings, const dg_feed *feeds, int n_feeds);
void probe_release(probe *p);

/* A way to change one tensor: along `direction`, or, where that is NULL, at one element. `next` changes with it. */
typedef struct probe_line {
    double *data;         /* what the plan reads */
    const double *origin; /* what it held at first, and holds afterwards */
    int64_t count, element;
    const double *direction;
    const struct probe_line *next; /* of another tensor, along its direction; NULL: none */
} probe_line;

typedef enum probe_verdict {
    PROBE_AGREES,
    PROBE_DIFFERS,
    PROBE_NOTHING /* there is no derivative here to compare with */
} probe_verdict;

enum { PROBE_LEAST = 6 }; /* evaluations of a comparison that agrees at once */

/* Two evaluations: whether `found` agrees with one central difference, which goes to *expected, does not mean much
 * where it says no. */
dg_status probe_glance(probe *p, const probe_line *line, double found, double tolerance, double *expected,
                       bool *agrees);
/* Compares `found` with the slope along the line, which goes to *expected. */
dg_status probe_compare(probe *p, const probe_line *line, double found, double tolerance, double *expected,
                        probe_verdict *verdict);

#endif
