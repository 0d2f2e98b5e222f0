/* Two formulas at once. The square of a root is what the root is of; taken one after the other, their derivatives lose
 * that at 0: the second derivative of the square of a norm would be 0 there. So where a node's formula of another
 * node's is simpler than both, the cotangent goes through them in one step. */
#include "walk.h"

#include <string.h>

/* Whether the gradient by that node, or by one that stands for it, is asked for. */
static bool is_asked_for(const walk *w, dg_node *node)
{
    return node_map_get(&w->wrt, walk_resolve(node).node) >= 0;
}

enum { MOST_INPUTS = 4 };

/* The node with a formula that `node` is, or stands for, or is in another float type. NULL: none. */
static dg_node *formula_under(const walk *w, dg_node *node)
{
    enum { MOST_STEPS = 8 };
    for (int step = 0; node && step < MOST_STEPS && !is_asked_for(w, node); step++) {
        walk_kind kind = walk_kind_of(node);
        bool is_cast = (dg_node_op(node)->flags & DG_CAST) && dg_dtype_is_float(dg_node_type(node, 0)->dtype);
        if (kind == WALK_FORMULA)
            return dg_formula_input_count(dg_node_formula(node)) <= MOST_INPUTS ? node : NULL;
        if (kind != WALK_COMPOSED && !is_cast)
            return NULL;
        node = walk_child(node, kind, 0, false);
    }
    return NULL;
}

/* Both formulas in one, over the inputs of the inner one; NULL where that is not simpler. */
static dg_status join(dg_formulas *formulas, const dg_formula *outer, const dg_formula *inner,
                      const dg_formula **joined)
{
    const dg_formula *parts[MOST_INPUTS] = {inner, inner, inner, inner}, *made;
    *joined = NULL;
    if (dg_formula_input_count(outer) > MOST_INPUTS)
        return dg_ok();
    DG_TRY(dg_formula_substitute(formulas, outer, parts, &made));
    if (dg_formula_input_count(made) == dg_formula_input_count(inner) &&
        dg_formula_flops(made) < dg_formula_flops(inner))
        *joined = made;
    return dg_ok();
}

/* What the inputs of `joined`, which are found by their names, are of the inner node. */
static void find_inputs(const dg_node *node, const dg_formula *joined, int places[MOST_INPUTS])
{
    const dg_formula *inner = dg_node_formula(node);
    for (int j = 0; j < dg_formula_input_count(joined); j++)
        for (int k = 0; k < dg_formula_input_count(inner); k++)
            if (strcmp(dg_formula_input_name(inner, k), dg_formula_input_name(joined, j)) == 0)
                places[j] = k;
}

static bool depends_on_input(const walk *w, dg_node *inner)
{
    bool depends = false;
    int n = dg_node_input_count(inner);
    for (int k = 0; k < n; k++) {
        dg_node *input = walk_child(inner, WALK_FORMULA, k, false);
        depends = depends || (input && walk_depends(w, input));
    }
    return depends && n >= dg_formula_input_count(dg_node_formula(inner));
}

dg_status through_two(walk *w, dg_node *node, dg_node *cotangent, bool *done)
{
    dg_formulas *formulas = dg_graph_formulas(w->graph);
    const dg_formula *joined, *vjp;
    int places[MOST_INPUTS] = {0};
    *done = false;
    for (int k = 1; k < dg_node_input_count(node); k++)
        if (dg_node_input(node, k) && dg_node_input(node, k) != dg_node_input(node, 0))
            return dg_ok();
    dg_node *inner = dg_node_input_count(node) > 0 ? formula_under(w, dg_node_input(node, 0)) : NULL;
    if (!inner || !depends_on_input(w, inner))
        return dg_ok();
    DG_TRY(join(formulas, dg_node_formula(node), dg_node_formula(inner), &joined));
    if (!joined)
        return dg_ok();
    *done = true;
    find_inputs(inner, joined, places);
    int n = dg_formula_input_count(joined);
    for (int k = 0; k < n; k++) {
        dg_node *input = walk_child(inner, WALK_FORMULA, places[k], false), *inputs[MOST_INPUTS + 2] = {NULL};
        if (!input || !walk_depends(w, input))
            continue;
        DG_TRY(dg_formula_vjp(formulas, joined, k, &vjp));
        if (dg_formula_is_zero(vjp))
            continue;
        for (int j = 0; j < n + 2; j++)
            if (dg_formula_uses(vjp, j))
                inputs[j] = j < n ? dg_node_input(inner, places[j]) : j == n ? node : cotangent;
        dg_node *gradient = dg_formula_node(w->graph, DG_HERE, vjp, inputs);
        walk_add(w, (walk_point){input, 0}, conform_gradient(gradient, input));
    }
    return dg_ok();
}
