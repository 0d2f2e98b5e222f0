/* Monomials: those of a degree, in the order of their first factor, are that factor times those of one degree less that
 * begin with it or come after. */
#include "monomials.h"

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

#include <stdlib.h>

int64_t monomial_count(int64_t d, int64_t degree)
{
    int64_t count = degree >= 0;
    for (int64_t k = 1; k <= degree; k++)
        count = count * (d + k) / k;
    return count;
}

/* Of exactly this degree, in d variables. */
static int64_t count_of(int64_t d, int64_t degree)
{
    return degree == 0 ? 1 : d == 0 ? 0 : monomial_count(d - 1, degree);
}

/* From those of `degree` − 1. */
static dg_node *next_degree(dg_node *x, dg_node *before, int64_t d, int64_t degree)
{
    dg_node **parts = calloc((size_t)d + 1, sizeof *parts);
    int64_t all = count_of(d, degree - 1);
    if (!parts) {
        dg_graph_fail(dg_node_graph(x), dg_no_memory("%lld monomials", (long long)d));
        return NULL;
    }
    for (int64_t i = 0; i < d; i++) {
        int64_t rest = count_of(d - i, degree - 1);
        dg_node *factor = dg_slice(x, .dim = -1, .start = i, .end = i + 1);
        parts[i] = dg_mul(factor, dg_slice(before, .dim = -1, .start = all - rest, .end = all));
    }
    dg_node *joined = dg_cat((int)d, parts, .dim = -1);
    free(parts);
    return joined;
}

dg_node *monomials(dg_node *x, int64_t degree)
{
    const dg_shape *shape = &dg_node_type(x, 0)->shape;
    int64_t d = shape->dims[shape->rank - 1];
    dg_node *by_degree[MOST_DEGREE + 1];
    by_degree[0] = dg_ones_like(dg_slice(x, .dim = -1, .start = 0, .end = 1));
    for (int64_t k = 1; k <= degree; k++)
        by_degree[k] = k == 1 ? x : next_degree(x, by_degree[k - 1], d, k);
    return dg_cat((int)degree + 1, by_degree, .dim = -1);
}
