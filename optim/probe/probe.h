/* Numbers of nodes on data: the private header of this folder. <dotgrad/probe.h> is the public part.
 *
 *   probe.c    the table of probes, and one of them over a graph
 *   choose.c   which nodes a probe is of, and what is fetched for it
 *   measure.c  the number that this gives */
#ifndef OPTIM_PROBE_H
#define OPTIM_PROBE_H

#include <dotgrad/probe.h>

enum { MOST_OWN = 24 };

/* One node and what is fetched for it. */
typedef struct probed_node {
    dg_node *node;
    int n_fetch;
    dg_node *fetch[1 + 2 * MOST_OWN];
    const char *names[1 + 2 * MOST_OWN]; /* of what is fetched, for words */
    const dg_tensor *got[1 + 2 * MOST_OWN];
    double value;
    const char *words;
} probed_node;

typedef struct probe {
    const char *name, *alias, *summary;
    bool is_linear;
    bool (*takes)(const dg_node *node);                    /* whether it is of such nodes */
    dg_status (*choose)(struct dg_probing *p);             /* fills fetch */
    void (*measure)(struct dg_probing *p, probed_node *n); /* from what was got */
} probe;

struct dg_probing {
    const probe *of;
    dg_arena *arena;
    dg_arena *words; /* of the last measurement */
    dg_graph *graph;
    dg_node *loss;
    size_t count;
    probed_node *nodes;
    dg_node **beside; /* fetched beside what is of nodes */
    int n_beside, n_fetch;
    dg_node **fetch;
    const dg_plan *plan;     /* while it is measured */
    dg_node *const *updates; /* of update_ratio */
    int n_updates;
    const char *optimizer;
};

bool is_computed(const dg_node *node);
bool is_activation(const dg_node *node);
bool is_pointwise(const dg_node *node);
bool is_layer(const dg_node *node);
bool has_parameters(const dg_node *node);
bool is_any(const dg_node *node);

dg_status choose_gradient(dg_probing *p);
dg_status choose_own_gradients(dg_probing *p);
dg_status choose_itself(dg_probing *p);
dg_status choose_slopes(dg_probing *p);
dg_status choose_updates(dg_probing *p);
dg_status choose_gradients(dg_probing *p);

void measure_gradient(dg_probing *p, probed_node *node);
void measure_norm(dg_probing *p, probed_node *node);
void measure_activation(dg_probing *p, probed_node *node);
void measure_mean(dg_probing *p, probed_node *node);
void measure_std(dg_probing *p, probed_node *node);
void measure_rank(dg_probing *p, probed_node *node);
void measure_dead(dg_probing *p, probed_node *node);
void measure_saturated(dg_probing *p, probed_node *node);
void measure_update(dg_probing *p, probed_node *node);
void measure_time(dg_probing *p, probed_node *node);
void measure_memory(dg_probing *p, probed_node *node);

#endif
