/* amax: y = max x, over any dimensions. */
#include "reduction.h"

#ifdef ISA

#define LOOPS                 amax_loops
#define NEUTRAL               0
#define FIRST(x)              (x)
#define REAL_COMBINE(a, b)    ((b) > (a) || isnan(b) ? (b) : (a))
#define VECTOR_COMBINE(a, b)  PICK(((b) > (a)) | ((b) != (b)), b, a)
#define INTEGER_COMBINE(a, b) ((b) > (a) ? (b) : (a))
#include "all_types.template.h"

#else

DG_ISA_TABLE(reduction_loops, amax_loops)

static dg_status amax_forward(const dg_kernel *kernel)
{
    return reduction_forward(kernel, amax_loops());
}

static const dg_op amax_ops[] = {
    REDUCTION("amax", "y = max x; ties share the gradient evenly", "", 0, reduction_infer_choice, amax_forward,
              reduction_choice_backward, NULL),
};

const dg_op_family amax_family = DG_FAMILY(amax_ops);

#endif
