/* Recurrences of one's own: the nodes of one step, repeated along a dimension of a sequence. */
#ifndef DOTGRAD_SCAN_H
#define DOTGRAD_SCAN_H

#include <dotgrad/graph.h>

DG_BEGIN_C

/* The nodes of one step. A sequence [N, T, F] gives x [N, F]; `states` are what the step before has set in `next`. Sets
 * `output` and every `next`, each of its state's shape and dtype. A node that is no part of the step may be used: it is
 * the same one at every step. */
typedef struct dg_scan_step {
    void *user;
    dg_graph *graph;
    dg_node *x;
    int n_states;
    dg_node *const *states;
    dg_node **next;
    dg_node *output;
} dg_scan_step;
typedef void dg_scan_cell(dg_scan_step *step);

typedef struct DG_BY_NAME dg_scan_options {
    DG_OPTIONS_BEGIN
    int64_t dim DG_DEFAULT(1); /* along which the input is walked: 1, time in [N, T, …] */
    DG_OPTION
    dg_flag reverse DG_DEFAULT(); /* from the last step to the first; outputs stay at their steps */
    void *user DG_DEFAULT();      /* for the cell */
    dg_node **final DG_DEFAULT(); /* receives the n_states states after the last step taken; may be NULL */
    const char *const *state_names DG_DEFAULT(); /* for messages; may be NULL */
    const char *name DG_DEFAULT();
} dg_scan_options;

/* h₀ = states, (yₜ, hₜ₊₁) = cell(xₜ, hₜ): returns the outputs of all steps, stacked along `dim`, [N, T, …].
 *
 * `cell` is called once. What it makes for the first step is repeated for the others with the same parameters, in the
 * module `name`: a layer "fc" in there owns "NAME.fc.weight", at step t > 0 its node is "NAME.fc@t". (Steps count in
 * the order in which they are taken. Where scans nest, fc@0@t is the inner scan's step 0 of the outer one's t.) Random
 * nodes draw other numbers at each step. Since the steps are ordinary nodes, derivatives of every order and mode follow
 * from the cell's own.
 *
 *     static void cell(dg_scan_step *s) // hₜ₊₁ = tanh(W xₜ + U hₜ + b)
 *     {
 *         dg_node *sum = dg_add(dg_linear(s->x, 64, .name = "in"), dg_linear(s->states[0], 64, .bias = false,
 *                                                                             .name = "own"));
 *         s->output = s->next[0] = dg_tanh(sum);
 *     }
 *     dg_node *h = dg_zeros(g, DG_SHAPE(DG_N, 64));
 *     dg_node *y = dg_scan(x, 1, &h, cell, .name = "rnn");
 *
 * Errors, which stick to the graph: T is a symbol (the steps are made now) or 0, there is no state, the cell leaves a
 * node unset, a state's next value has another shape or dtype. */
#ifdef DG_BUILDERS
#define dg_scan(...) dg_scan_with(__VA_ARGS__, )
#define dg_scan_with(input, n_states, states, cell, ...)                                                               \
    dg_scan_at(DG_HERE, DG_NODE_ARGUMENT(input, "argument input of dg_scan"), (n_states), DG_NODES_ARGUMENT(states),   \
               (cell), DG_OPTIONS(dg_scan_options, DG_GIVEN(.name = NULL, .dim = 1, ) __VA_ARGS__))
#endif
dg_node *dg_scan_at(dg_location at, dg_node *input, int n_states, dg_node *const *states, dg_scan_cell *cell,
                    dg_scan_options options);

DG_END_C

#endif
