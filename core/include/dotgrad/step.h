/* Sequences a step at a time: what ops keep of the steps before. An op that carries nothing along time needs nothing of
 * this; one that does has a rule, a constant like its descriptor. See dg_stepper in <dotgrad/generate.h>. */
#ifndef DOTGRAD_STEP_H
#define DOTGRAD_STEP_H

#include <dotgrad/op.h>

DG_BEGIN_C

/* Emits what the op gives at one step of a sequence, from what it is given at that step and what it keeps of the steps
 * before: a recurrence its state, attention its keys and values. An output that is left NULL: with these attributes and
 * inputs the op cannot be taken step by step. */
typedef struct dg_step {
    dg_graph *graph;
    dg_node *node; /* over the whole sequence */
    const dg_value *attrs;
    int n_inputs;
    dg_node *const *inputs; /* at the step: their size along time is 1 */
    int n_outputs;
    dg_node **outputs;
    dg_node *position; /* int64 [1]: how many steps were before */
    /* What is kept between steps: the node is its value before this step, at first that of `first` (NULL: zeros). */
    dg_node *(*state)(const struct dg_step *step, dg_type type, dg_node *first);
    void (*next)(const struct dg_step *step, dg_node *state, dg_node *value); /* its value after this step */
    /* All values of x, along an axis, of the steps before; there is room for more, which `counts` does not count: bool
     * [room + 1], the last for this step itself. */
    dg_node *(*past)(const struct dg_step *step, dg_node *x, int axis);
    dg_node *(*counts)(const struct dg_step *step);
} dg_step;

typedef struct dg_step_rule {
    const char *op;
    void (*emit)(const dg_step *step);
} dg_step_rule;
/* Adds the rule of an op of one's own. The rule must stay. DG_BAD_ARGUMENT: it is not complete, or the op has another
 * one. */
dg_status dg_register_step(const dg_step_rule *rule);
const dg_step_rule *dg_step_rule_of(const dg_op *op); /* NULL: it has none */

/* The node's op with its attributes on other inputs, which may be of other sizes: a node of its own. A layer's
 * parameters are inputs. `name` and `owner` may be NULL. */
dg_node *dg_node_again(dg_node *node, dg_node *const *inputs, const char *name, dg_location at, dg_node *owner);

/* A scan as it stands in a graph (see <dotgrad/scan.h>), for those who walk graphs: the cell's nodes for the first step
 * have ids from `begin` to `end`, and all nodes of the scan ids from `first_id` to that of `output`. */
typedef struct dg_scan_record {
    dg_node *sequence, *output; /* all outputs, stacked */
    int axis;
    bool reverse;
    int n_states;
    dg_node *const *starts, *const *states, *const *next; /* states before and after the first step */
    dg_node *x, *result;                                  /* of the first step */
    int64_t first_id, begin, end;
} dg_scan_record;
dg_status dg_graph_keep_scan(dg_graph *graph, const dg_scan_record *record);
/* The scan that gives `output`; NULL: none does. */
const dg_scan_record *dg_graph_scan_of(const dg_graph *graph, const dg_node *output);

DG_END_C

#endif
