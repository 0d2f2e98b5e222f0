/* Elementwise work on buffers: what a plan joins to kernels, or runs by itself. */
#ifndef CORE_FUSED_H
#define CORE_FUSED_H

#include <dotgrad/op.h>

#include "core/program/program.h"

struct dg_fused {
    const dg_program *program;
    const program_operand *operands, *results;
    int64_t count;       /* elements */
    int64_t first_piece; /* of a run of several */
};

/* Numbers the pieces that the parts are run in. */
void fused_number_pieces(dg_fused *parts, int n);
/* Runs all parts, which do not depend on each other. */
void fused_run(const dg_fused *parts, int n, dg_threads *threads);

#endif
