/* Numbers of nodes on data: norms of gradients, dead and saturated units, changes of parameters, moments and rank of
 * values. One table, for pictures (dg_heat_measure), for watching a training run (dg_trainer_options.watch) and for
 * programs of your own:
 *
 *     DG_TRY(dg_probing_new(&(dg_probing_options){.what = "dead", .loss = loss}, &probing));
 *     fetch = dg_probing_fetch(probing, &n_fetch);       // goes into a plan
 *     DG_TRY(dg_plan_run(plan, feeds, n_feeds));
 *     DG_TRY(dg_probing_measure(probing, plan, 0));      // value of each node */
#ifndef DOTGRAD_PROBE_H
#define DOTGRAD_PROBE_H

#include <dotgrad/plan.h>

DG_BEGIN_C

/* gradient      ‖∂loss/∂value‖₂ of each value, and of each parameter of a layer
 * grad_norm     ‖∂loss/∂p‖₂ over all parameters p of a layer
 * activation    root mean square and mean of each value
 * mean, std     of each layer's and activation's value
 * rank          effective rank of that value as a matrix [rows, elements of a row]: exp of the entropy of its singular
 *               values over their sum (Roy and Vetterli 2007); of 512 rows and 2,048 elements at most
 * dead          of activations, the share of units (channels, or elements of a row) that are 0 in every row
 * saturated     of elementwise activations, the share of elements where |f′| < 0.01
 * update_ratio  ‖Δp‖/‖p‖ over all parameters of a layer in a step of the optimiser; also named update
 * time          of the loss and its gradients, by the node that it is spent for; needs a plan with profiling
 * memory        bytes of each value */
const char *dg_probe_name_at(size_t index); /* NULL after the last */
const char *dg_probe_summary(size_t index);
dg_status dg_probe_check(const char *name); /* DG_BAD_ARGUMENT: there is none of that name; it lists them */

/* One probe over the nodes that a loss is computed from. */
typedef struct dg_probing dg_probing;

typedef struct dg_probing_options {
    const char *what;
    dg_node *loss;           /* or the last node that is of interest */
    dg_node *const *updates; /* assign nodes of a training step (dg_optimizer_emit); NULL: those of `optimizer` */
    int n_updates;
    const char
        *optimizer; /* whose first step update_ratio is of where there are no updates; NULL: DG_DEFAULT_OPTIMIZER */
} dg_probing_options;

/* The graph grows by the derivatives that the probe takes. DG_BAD_ARGUMENT: no such probe; errors of derivatives. */
dg_status dg_probing_new(const dg_probing_options *options, dg_probing **probing);
void dg_probing_free(dg_probing *probing); /* NULL is fine */
/* What a plan has to fetch; belongs to the probing. */
dg_node *const *dg_probing_fetch(const dg_probing *probing, int *count);
/* From a plan that has run and whose results first, first + 1 … are those. */
dg_status dg_probing_measure(dg_probing *probing, const dg_plan *plan, int first);

typedef struct dg_probed {
    dg_node *node;
    double value;      /* NaN: there is none */
    const char *words; /* "3 of 64 dead"; NULL: none; until the next measurement */
} dg_probed;

/* The nodes, in the graph's order, with what was measured last. */
size_t dg_probing_count(const dg_probing *probing);
dg_probed dg_probing_at(const dg_probing *probing, size_t index);
const char *dg_probing_title(const dg_probing *probing); /* "dead: units that are 0 in every row" */
bool dg_probing_is_linear(const dg_probing *probing);    /* of shares, say; else a logarithmic scale suits it */

DG_END_C

#endif
