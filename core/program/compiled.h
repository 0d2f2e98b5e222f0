/* Programs that were compiled to a loop each when dotgrad was built: those of the activations and optimisers that
 * ship. Elements stay in registers from the first instruction to the last, where program_run would bring every
 * intermediate value to a tile of memory; their bits are the same.
 *
 * A program is known by its code, bytes that say all but the values of its constants: the numbers of inputs, results,
 * constants and registers, then operation, place of the result and places of three arguments of each instruction. */
#ifndef CORE_COMPILED_H
#define CORE_COMPILED_H

#include <stddef.h>
#include <stdint.h>

enum { CODE_HEAD = 4, CODE_STEP = 5, MOST_CODE_STEPS = 80, MOST_CODE = CODE_HEAD + CODE_STEP * MOST_CODE_STEPS };

/* n elements. places: the inputs', then the results'; a result may lie over an input where program_may_overwrite says
 * so. constants: as in dg_program. */
typedef void (*compiled_loop)(void *const *places, const double *constants, size_t n);

typedef struct compiled_program {
    const uint8_t *code;
    size_t size;
    compiled_loop loop;
} compiled_program;

/* In the order of compare_codes. */
typedef struct compiled_programs {
    const char *isa;
    size_t count;
    const compiled_program *programs;
} compiled_programs;

/* Of each instruction set, ended by NULL. Made from the plans that the library itself makes, so the library that the
 * maker of it is linked to has none. */
extern const compiled_programs *const compiled_tables[] __attribute__((weak));

int compare_codes(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size);
/* NULL: not compiled. */
compiled_loop compiled_find(const char *isa, const uint8_t *code, size_t size);

#endif
