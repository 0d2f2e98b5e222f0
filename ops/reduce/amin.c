/* amin: y = min x, over any dimensions. */
#include "reduction.h"

#ifdef ISA

#define LOOPS                 amin_loops
#define NEUTRAL               0
#define FIRST(x)              (x)
#define REAL_COMBINE(a, b)    ((b) < (a) || isnan(b) ? (b) : (a))
#define VECTOR_COMBINE(a, b)  PICK(((b) < (a)) | ((b) != (b)), b, a)
#define INTEGER_COMBINE(a, b) ((b) < (a) ? (b) : (a))
#include "all_types.template.h"

#else

DG_ISA_TABLE(reduction_loops, amin_loops)

static dg_status amin_forward(const dg_kernel *kernel)
{
    return reduction_forward(kernel, amin_loops());
}

static const dg_op amin_ops[] = {
    REDUCTION("amin", "y = min x; ties share the gradient evenly", "", 0, reduction_infer_choice, amin_forward,
              reduction_choice_backward, NULL),
};

const dg_op_family amin_family = DG_FAMILY(amin_ops);

#endif
