/* Programs: formulas lowered to instructions. program.c makes them, program_run.c runs them. */
#ifndef CORE_PROGRAM_H
#define CORE_PROGRAM_H

#include <dotgrad/formula.h>

#include "vector.h"

/* Places are numbered: registers first, then constants, then inputs, then the result. Registers and constants have a
 * tile of scratch memory each. */
typedef struct instruction {
    vector_kernel kernel;
    uint16_t result, args[3];
} instruction;

typedef struct program_input {
    uint16_t index;    /* of the formula's input */
    bool is_condition; /* read as 0 or not 0 */
} program_input;

struct dg_program {
    const vector_table *vectors;
    lane_kind lane;
    dg_dtype lane_dtype; /* the type whose elements the lane has */
    size_t element;      /* bytes */
    int n_registers, n_constants, n_inputs, n_instructions;
    const double *constants;     /* eight bytes each, of the lane's type */
    const program_input *inputs; /* those that are read */
    const instruction *instructions;
};

enum { MOST_PLACES = 2000 };

/* dg_program_make for a certain instruction set. */
dg_status program_make(dg_arena *arena, const dg_formula *formula, dg_dtype compute, const vector_table *vectors,
                       dg_program **program);

#endif
