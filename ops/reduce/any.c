/* any: some x is true, over any dimensions. */
#include "reduction.h"

#ifdef ISA

#define FIRST(x)              ((x) != 0)
#define REAL_TO               TRUTH
#define INTEGER_TO            TRUTH
#define IN_VECTORS            0
#define LOOPS                 any_loops
#define NEUTRAL               0
#define REAL_COMBINE(a, b)    ((uint8_t)((a) | (b)))
#define INTEGER_COMBINE(a, b) ((uint8_t)((a) | (b)))
#include "all_types.template.h"

#else

DG_ISA_TABLE(reduction_loops, any_loops)

static dg_status any_forward(const dg_kernel *kernel)
{
    return reduction_forward(kernel, any_loops());
}

static const dg_op any_ops[] = {
    REDUCTION("any", "y = some x is true (not 0)", " bool", DG_NOT_DIFFERENTIABLE, reduction_infer_truth, any_forward,
              NULL, NULL),
};

const dg_op_family any_family = DG_FAMILY(any_ops);

#endif
