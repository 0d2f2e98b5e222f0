#include "kernel.h"

#include <stdbool.h>

#include "ops/shared/lanes.h"

enum {
    SUM_BLOCK = 1024,   /* elements that are added in the float type's lanes; beyond in float64 */
    COLUMN_BLOCK = 64,  /* the same for rows */
    COLUMN_VECTORS = 4, /* columns that are done together */
    GROUP = 4096        /* elements that stay in the first cache */
};

#define TEMPLATE "ops/softmax/kernel.template.h"
#include "core/base/for_floats.h"

#define TABLE(type)                                                                                                    \
    {                                                                                                                  \
        .rows = rows_##type, .columns = columns_##type, .rows_backward = rows_backward_##type,                         \
        .columns_backward = columns_backward_##type, .scale_rows = scale_rows_##type,                                  \
        .scale_columns = scale_columns_##type                                                                          \
    }

const softmax_kernels DG_ISA_NAME(softmax_tables) = {.float32 = TABLE(float32), .float64 = TABLE(float64)};
