/* Formulas that are constant on both sides of a number. The number is found by bisection of the float64 numbers; that
 * nothing else happens on either side is proved by enclosures. */
#include "threshold.h"

#include <dotgrad/interval.h>

#include "core/base/null.h"
#include "optim/batch/reach.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Between the last number that is certainly below and the first that is certainly above, relative to numbers near 1:
 * rounding inside the formula hides which those between are. */
#define MOST_DOUBT 1e-12

/* float64 numbers in their order: those that are next to each other have places that are. */
static int64_t place_of(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >= 0 ? bits : INT64_MIN - bits;
}

static double number_at(int64_t place)
{
    int64_t bits = place >= 0 ? place : INT64_MIN - place;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* NaN: more than one number, or none, is possible. */
static double only_value(const dg_enclosure *enclosure, double lo, double hi)
{
    dg_interval x = dg_interval_of(lo, hi), y;
    dg_enclose(enclosure, &x, &y);
    return y.lo == y.hi && !y.partial && isfinite(y.lo) ? y.lo : NAN;
}

/* The last number on the way from `from`, which has the answer, to `to`, which has not, by bisection. */
static double last_with(const dg_enclosure *enclosure, double answer, double from, double to)
{
    int64_t with = place_of(from), without = place_of(to);
    for (;;) {
        int64_t middle = with / 2 + without / 2 + (with % 2 + without % 2) / 2;
        if (middle == with || middle == without)
            return number_at(with);
        double x = number_at(middle);
        if (only_value(enclosure, x, x) == answer)
            with = middle;
        else
            without = middle;
    }
}

static int zeros_at_end(uint64_t bits)
{
    return bits ? __builtin_ctzll(bits) : 64;
}

/* The number of the range [a, b] with the fewest binary digits, which is the one that was written. */
static double roundest(double a, double b)
{
    if (a <= 0 && b >= 0)
        return 0;
    double sign = b < 0 ? -1 : 1, least = sign < 0 ? -b : a, most = sign < 0 ? -a : b;
    uint64_t from = (uint64_t)place_of(least), to = (uint64_t)place_of(most);
    if (from == to)
        return a;
    int differs = 63 - __builtin_clzll(from ^ to);
    uint64_t made = to & ~((UINT64_C(1) << differs) - 1);
    return sign * number_at((int64_t)(zeros_at_end(from) > zeros_at_end(made) ? from : made));
}

static bool find_in(const dg_enclosure *enclosure, threshold *t)
{
    t->below = only_value(enclosure, -DBL_MAX, -DBL_MAX);
    t->above = only_value(enclosure, DBL_MAX, DBL_MAX);
    if (isnan(t->below) || isnan(t->above) || t->below == t->above)
        return false;
    double a = last_with(enclosure, t->below, -DBL_MAX, DBL_MAX);
    double b = last_with(enclosure, t->above, DBL_MAX, -DBL_MAX);
    if (!(a < b) || b - a > MOST_DOUBT * (1 + fabs(a)) || only_value(enclosure, -INFINITY, a) != t->below ||
        only_value(enclosure, b, INFINITY) != t->above)
        return false;
    t->at = roundest(a, b);
    double there = only_value(enclosure, t->at, t->at);
    t->side = there == t->below ? -1 : there == t->above ? 1 : 0;
    return true;
}

dg_status threshold_find(const dg_node *node, threshold *found, bool *is_one)
{
    const dg_formula *formula = dg_node_formula(node);
    dg_enclosure *enclosure;
    *is_one = false;
    if (!formula || dg_formula_input_count(formula) != 1 || dg_node_input_count(node) < 1)
        return dg_ok();
    DG_TRY(dg_enclosure_new(dg_graph_formulas(dg_node_graph(node)), &formula, 1, &enclosure));
    *is_one = find_in(enclosure, found);
    dg_enclosure_free(enclosure);
    return dg_ok();
}

static bool is_learnt(const dg_graph *graph, const dg_node *parameter)
{
    const dg_value *trainable = dg_node_attr(parameter, "trainable");
    if (!trainable || trainable->b)
        return true;
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        const dg_node *node = dg_graph_node(graph, id);
        if (dg_node_op(node)->role == DG_ROLE_ASSIGN && dg_node_input(node, 0) == parameter)
            return true;
    }
    return false;
}

bool threshold_may_move(const dg_node *node)
{
    return dg_node_op(node)->role == DG_ROLE_PARAMETER && dg_dtype_is_float(dg_node_type(node, 0)->dtype) &&
           is_learnt(dg_node_graph(node), node);
}

/* depends[id]: the value changes with what is learnt. */
static void mark_dependent(const dg_graph *graph, int64_t last, bool *depends)
{
    for (int64_t id = 0; id <= last; id++) {
        const dg_node *node = dg_graph_node(graph, id);
        depends[id] = threshold_may_move(node);
        for (int k = 0; !depends[id] && k < dg_node_input_count(node); k++)
            depends[id] = dg_node_input(node, k) && depends[dg_node_id(dg_node_input(node, k))];
    }
}

dg_status threshold_unit(dg_node *loss, dg_node **unit, threshold *found, int *count)
{
    dg_graph *graph = dg_node_graph(loss);
    const int64_t last = dg_node_id(loss);
    bool *mark, *depends = calloc((size_t)last + 1, sizeof *depends);
    *unit = NULL;
    *count = 0;
    if (!depends)
        return dg_no_memory("%lld nodes", (long long)last);
    dg_status status = reach_new(graph, &loss, 1, &mark);
    if (status.code != DG_OK) {
        free(depends);
        return status;
    }
    mark_dependent(graph, last, depends);
    for (int64_t id = 0; id <= last && status.code == DG_OK; id++) {
        dg_node *node = dg_graph_node(graph, id);
        threshold candidate;
        bool is_one = false;
        if (mark[id] && depends[id])
            status = threshold_find(node, &candidate, &is_one);
        if (!is_one)
            continue;
        ++*count;
        *unit = node;
        *found = candidate;
    }
    free(mark);
    free(depends);
    if (*count != 1)
        *unit = NULL;
    return status;
}
