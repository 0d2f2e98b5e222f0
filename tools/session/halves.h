/* --weights-type: a command that only computes keeps the weights in 16 bits, and tells what that changes. */
#ifndef TOOLS_HALVES_H
#define TOOLS_HALVES_H

#include <dotgrad/tensor.h>

#define WEIGHTS_TYPE_OPTION                                                                                            \
    {                                                                                                                  \
        .name = "weights-type", .form = DG_FORM_NAME, .choices = "bfloat16|float16",                                   \
        .doc = "keeps weights of two dimensions or more in 16 bits: half the memory, and faster where memory is\n"     \
               "what is waited for (one row, wide layers). They are widened as they are multiplied, sums are\n"        \
               "float32's. Tells the largest difference (standard error)"                                              \
    }

/* What the option says; DG_DEFAULT_DTYPE: it is not given. */
dg_dtype halves_asked(void);
/* One line for people: what the weights have become, and by how much the outputs have changed, as
 * dg_tensor_difference() has it; NULL: none were compared. */
void halves_tell(const dg_halving *told, const double *outputs);

#endif
