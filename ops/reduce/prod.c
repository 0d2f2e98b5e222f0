/* prod: y = Π x, over any dimensions. */
#include "reduction.h"

#ifdef ISA

#define INTEGER_TO            WIDE
#define LOOPS                 prod_loops
#define NEUTRAL               1
#define FIRST(x)              (x)
#define REAL_COMBINE(a, b)    ((a) * (b))
#define VECTOR_COMBINE(a, b)  ((a) * (b))
#define INTEGER_COMBINE(a, b) ((int64_t)((uint64_t)(a) * (uint64_t)(b)))
#include "all_types.template.h"

#else

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>

DG_ISA_TABLE(reduction_loops, prod_loops)

static dg_status prod_forward(const dg_kernel *kernel)
{
    return reduction_forward(kernel, prod_loops());
}

static int rank_of(dg_node *node)
{
    return dg_node_type(node, 0)->shape.rank;
}

/* One dimension after the other: each brings the product of the others along it as a factor. */
static void prod_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0], *gradient = reduction_kept(vjp, vjp->grad_output);
    axes set;
    if (!dg_dtype_is_float(dg_node_type(x, 0)->dtype) || axes_from(&vjp->attrs[0], rank_of(x), &set).code != DG_OK)
        return;
    bool any = false;
    for (int d = rank_of(x) - 1; d >= 0; d--) {
        if (!set.has[d])
            continue;
        gradient = dg_mul(dg_prod_others(x, .dim = d), gradient);
        x = dg_prod(x, .dim = DG_INTS(d), .keepdim = true);
        any = true;
    }
    vjp->grad_inputs[0] = any ? gradient : dg_reshape_as(gradient, vjp->inputs[0]);
}

static const dg_op prod_ops[] = {
    REDUCTION("prod", "y = Π x; of integers and conditions int64", "", 0, reduction_infer_sum, prod_forward,
              prod_backward, NULL),
};

const dg_op_family prod_family = DG_FAMILY(prod_ops);

#endif
