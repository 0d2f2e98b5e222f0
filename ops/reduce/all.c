/* all: every x is true, over any dimensions. */
#include "reduction.h"

#ifdef ISA

#define FIRST(x)              ((x) != 0)
#define REAL_TO               TRUTH
#define INTEGER_TO            TRUTH
#define IN_VECTORS            0
#define LOOPS                 all_loops
#define NEUTRAL               1
#define REAL_COMBINE(a, b)    ((uint8_t)((a) & (b)))
#define INTEGER_COMBINE(a, b) ((uint8_t)((a) & (b)))
#include "all_types.template.h"

#else

DG_ISA_TABLE(reduction_loops, all_loops)

static dg_status all_forward(const dg_kernel *kernel)
{
    return reduction_forward(kernel, all_loops());
}

static const dg_op all_ops[] = {
    REDUCTION("all", "y = every x is true (not 0)", " bool", DG_NOT_DIFFERENTIABLE, reduction_infer_truth, all_forward,
              NULL, NULL),
};

const dg_op_family all_family = DG_FAMILY(all_ops);

#endif
