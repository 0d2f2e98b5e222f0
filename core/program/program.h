/* Programs: formulas lowered to instructions. program.c makes them, run.c runs them. */
#ifndef CORE_PROGRAM_H
#define CORE_PROGRAM_H

#include <dotgrad/formula.h>

#include "compiled.h"
#include "core/formula/expression.h"
#include "core/vector/vector.h"
#include "wide.h"

/* Places are numbered: registers first, then constants, then inputs, then results. Registers and constants have a
 * tile of scratch memory each. */
typedef struct instruction {
    vector_kernel kernel;
    uint16_t result, args[3];
} instruction;

typedef struct program_input {
    uint16_t index;     /* of the formula's input */
    bool is_condition;  /* read as 0 or not 0 */
    uint16_t last_read; /* the last instruction that reads it */
} program_input;

struct dg_program {
    const vector_table *vectors;
    lane_kind lane;
    dg_dtype lane_dtype; /* the type whose elements the lane has */
    size_t element;      /* bytes */
    int n_registers, n_constants, n_inputs, n_results, n_instructions;
    const double *constants;     /* eight bytes each, of the lane's type */
    const program_input *inputs; /* those that are read */
    const uint16_t *written;     /* by result: the instruction that writes it */
    const instruction *instructions;
    const uint8_t *code; /* see compiled.h; code_size 0: too long, or not in float32 */
    size_t code_size;
    compiled_loop loop;     /* all instructions in one; NULL: not compiled */
    const wide_steps *wide; /* the formula again, for elements that become NaN by overflow; NULL: there are none */
};

enum { MOST_PLACES = 2000, MOST_RESULTS = 16, MOST_OPERANDS = 256 /* of dg_program_run */ };

/* Several expressions over the same inputs that are computed together, in one element type. */
typedef struct joint_formula {
    dg_formulas *pool;
    int n_roots; /* at most MOST_RESULTS */
    const expression *const *roots;
    int n_inputs;
    const char *const *names; /* of the inputs, unique in the pool */
    dg_dtype compute;
    bool compiled;  /* runs as a compiled loop, if there is one */
    bool for_speed; /* may be written in other ways that are as accurate */
    bool is_update; /* makes new values of parameters alone */
} joint_formula;

dg_status program_make_joint(dg_arena *arena, const joint_formula *formula, const vector_table *vectors,
                             dg_program **program);
/* dg_program_make for a certain instruction set. */
dg_status program_make(dg_arena *arena, const dg_formula *formula, dg_dtype compute, const vector_table *vectors,
                       dg_program **program);

/* Whether a result may be written over the buffer of that input of the formula, element by element. */
bool program_may_overwrite(const dg_program *program, int result, int input);

/* The element type that it computes in. */
static inline dg_dtype program_dtype(const dg_program *program)
{
    return program->lane_dtype;
}

/* ---- running (run.c) ---- */

/* How an operand lies against the elements of the result: its dimensions, those of size 1 left out and those that step
 * alike joined. */
typedef struct row_pattern {
    int rank;
    int64_t dims[DG_MAX_RANK], strides[DG_MAX_RANK];
} row_pattern;

typedef enum operand_access {
    IN_PLACE, /* contiguous, of the lane's type: read where it is */
    ONCE,     /* one element for all: a tile filled at the start */
    GATHERED  /* anything else: a tile filled for every tile */
} operand_access;

/* One operand or result: the buffer is looked up when the program runs. */
typedef struct program_operand {
    void *const *data;
    const row_pattern *rows; /* of a gathered one */
    dg_dtype dtype;
    uint8_t access;
} program_operand;

row_pattern pattern_of(const dg_shape *shape, const int64_t *strides);
operand_access access_of(const dg_program *program, dg_dtype dtype, const row_pattern *rows);

/* Elements begin … end − 1 of every result; results are contiguous, and their buffers begin with element `origin`.
 * Operands go by the formula's inputs. */
void program_run(const dg_program *program, const program_operand *operands, const program_operand *results,
                 int64_t begin, int64_t end, int64_t origin);

#endif
