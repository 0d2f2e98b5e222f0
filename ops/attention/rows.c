/* Softmax by blocks of keys, and its gradient. */
#include "rows.h"

#include "ops/shared/lanes.h"

#define TEMPLATE "ops/attention/rows.template.h"
#include "core/base/for_floats.h"

#define TABLE(type)                                                                                                    \
    {                                                                                                                  \
        .exponentials = exponentials_##type, .finish = finish_##type, .dots = dots_##type,                             \
        .gradients = gradients_##type                                                                                  \
    }
const attention_tables DG_ISA_NAME(attention_kernels) = {.float32 = TABLE(float32), .float64 = TABLE(float64)};
