/* Graphs that grow at random from a few inputs, the same ones for the same seed. */
#ifndef TESTS_AUTOGRAD_GROWN_H
#define TESTS_AUTOGRAD_GROWN_H

#include "run.h"

#include <criterion/parameterized.h>

enum { MOST_NODES = 24 };

typedef struct maker {
    point p;
    dg_node *nodes[MOST_NODES];
    int n_nodes;
    uint64_t seed, stream, draws;
} maker;

static inline void maker_begin(maker *m, uint64_t seed, uint64_t stream)
{
    *m = (maker){.seed = seed, .stream = stream};
    point_make(&m->p);
}

static inline int64_t below(maker *m, int64_t limit)
{
    dg_random key = {.seed = m->seed, .stream = m->stream};
    return (int64_t)dg_random_below(&key, m->draws++, (uint64_t)limit);
}

static inline dg_node *any_node(maker *m)
{
    return m->nodes[below(m, m->n_nodes)];
}

/* Lets the inputs grow to so many nodes; the loss is of the last ones. */
static inline dg_node *maker_grow(maker *m, int64_t wanted, dg_node *(*grow)(maker *m))
{
    int n_inputs = m->n_nodes;
    while (m->n_nodes < wanted) {
        m->nodes[m->n_nodes] = grow(m);
        cr_assert_not_null(m->nodes[m->n_nodes], "graph %d: %s", (int)m->seed, dg_graph_status(m->p.graph).message);
        m->n_nodes++;
    }
    dg_node *loss = NULL;
    for (int k = m->n_nodes - 1; k >= n_inputs && k >= m->n_nodes - 4; k--) {
        dg_node *part = dg_mean(dg_tanh(m->nodes[k]));
        loss = loss ? dg_add(loss, part) : part;
    }
    OK(dg_graph_status(m->p.graph));
    return loss;
}

#endif
