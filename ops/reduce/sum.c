/* sum and mean: y = Σ x, over any dimensions, and divided by their number. */
#include "reduction.h"

#ifdef ISA

#define INTEGER_TO            WIDE
#define LOOPS                 sum_loops
#define NEUTRAL               0
#define FIRST(x)              (x)
#define REAL_COMBINE(a, b)    ((a) + (b))
#define VECTOR_COMBINE(a, b)  ((a) + (b))
#define INTEGER_COMBINE(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b))) /* wraps */
#include "all_types.template.h"

#else

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

DG_ISA_TABLE(reduction_loops, sum_loops)

static dg_status sum_forward(const dg_kernel *kernel)
{
    return reduction_forward(kernel, sum_loops());
}

static void sum_backward(const dg_backward *vjp)
{
    if (dg_dtype_is_float(dg_node_type(vjp->inputs[0], 0)->dtype))
        vjp->grad_inputs[0] = dg_expand_as(reduction_kept(vjp, vjp->grad_output), vjp->inputs[0]);
}

/* How many elements there are in the dimensions of a set. */
static int64_t elements_of(const dg_shape *shape, const axes *set)
{
    int64_t elements = 1;
    for (int d = 0; d < shape->rank; d++)
        elements *= set->has[d] ? shape->dims[d] : 1;
    return elements;
}

static dg_status mean_forward(const dg_kernel *kernel)
{
    const dg_shape *shape = &kernel->inputs[0]->shape;
    axes set;
    DG_TRY(axes_from(&kernel->attrs[0], shape->rank, &set));
    reduce_run(sum_loops(), kernel, &set, (double)elements_of(shape, &set));
    return dg_ok();
}

static void mean_terms(const dg_kernel *kernel, int64_t at, dg_terms *terms)
{
    const dg_shape *shape = &kernel->inputs[0]->shape;
    axes set;
    if (axes_from(&kernel->attrs[0], shape->rank, &set).code == DG_OK)
        terms->divisor = elements_of(shape, &set);
    reduction_terms(kernel, at, terms);
}

static void mean_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0], *count = dg_count(x, .dim = ints_option(&vjp->attrs[0]));
    vjp->grad_inputs[0] = dg_expand_as(dg_div(reduction_kept(vjp, vjp->grad_output), count), x);
}

static const dg_op sum_ops[] = {
    REDUCTION("sum", "y = Σ x; of integers and conditions int64", "", 0, reduction_infer_sum, sum_forward, sum_backward,
              reduction_terms),
    REDUCTION("mean", "y = Σ x / n", "", 0, reduction_infer_float, mean_forward, mean_backward, mean_terms),
};

const dg_op_family sum_family = DG_FAMILY(sum_ops);

#endif
