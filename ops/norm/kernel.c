#include "kernel.h"

#include "ops/shared/lanes.h"

enum {
    SUM_BLOCK = 512,    /* elements that are added in lanes */
    COLUMN_BLOCK = 32,  /* the same for rows */
    COLUMN_VECTORS = 2, /* columns that are done together */
    GROUP = 16          /* rows that are done step by step together */
};

#define TEMPLATE "ops/norm/kernel.template.h"
#include "core/base/for_floats.h"

#define TABLE(type)                                                                                                    \
    {                                                                                                                  \
        .rows = rows_##type, .channel = channel_##type, .columns = columns_##type,                                     \
        .rows_backward = rows_backward_##type, .channel_backward = channel_backward_##type,                            \
        .columns_backward = columns_backward_##type                                                                    \
    }

const standardize_kernels DG_ISA_NAME(standardize_tables) = {.float32 = TABLE(float32), .float64 = TABLE(float64)};
