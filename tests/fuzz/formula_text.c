/* Formulas as text: what parses prints to what parses; derivatives of it print, and programs of it run. */
#include "fuzz.h"

#include <dotgrad/formula.h>
#include <dotgrad/op.h>

enum { MOST_INPUTS = 6, POINTS = 5, LONGEST = 400 };

static void run(const dg_formula *formula)
{
    dg_dtype inputs[MOST_INPUTS], compute, result;
    int ranks[MOST_INPUTS], n = dg_formula_input_count(formula);
    double x[MOST_INPUTS][POINTS], out[POINTS];
    dg_operand operands[MOST_INPUTS];
    dg_program *program;
    dg_arena *arena;
    const dg_shape shape = DG_SHAPE(POINTS);
    for (int k = 0; k < n; k++) {
        inputs[k] = DG_FLOAT64;
        ranks[k] = 1;
        operands[k] = (dg_operand){.dtype = DG_FLOAT64, .data = x[k], .strides = {1}};
        for (int i = 0; i < POINTS; i++)
            x[k][i] = (k + 1) * (i - 2) * 0.37;
    }
    if (dg_formula_dtypes(formula, inputs, ranks, &compute, &result).code != DG_OK)
        return;
    MUST(dg_arena_new(&arena));
    if (dg_program_make(arena, formula, compute, &program).code == DG_OK)
        dg_program_run(program, &shape, operands, result, out, 0, POINTS);
    dg_arena_free(arena);
}

static void differentiate(dg_formulas *pool, const dg_formula *formula)
{
    for (int k = 0; k < dg_formula_input_count(formula); k++) {
        const dg_formula *derivative, *vjp;
        if (dg_formula_derivative(pool, formula, k, &derivative).code != DG_OK)
            continue;
        CHECK(dg_formula_print(pool, derivative), "no text");
        run(derivative);
        if (dg_formula_vjp(pool, formula, k, &vjp).code == DG_OK)
            CHECK(dg_formula_print(pool, vjp), "no text");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    dg_formulas *pool;
    const dg_formula *formula, *again;
    if (size > LONGEST)
        return 0;
    char *text = text_of(bytes, size);
    MUST(dg_formulas_new(&pool));
    dg_status status = dg_formula_parse(pool, text, NULL, 0, NULL, 0, &formula);
    if (status.code == DG_OK) {
        const char *printed = dg_formula_print(pool, formula);
        CHECK(printed, "no text");
        status = dg_formula_parse(pool, printed, NULL, 0, NULL, 0, &again);
        CHECK(status.code == DG_OK, "'%s' is printed as '%s': %s", text, printed, status.message);
        if (dg_formula_input_count(formula) <= MOST_INPUTS) {
            run(formula);
            differentiate(pool, formula);
        }
    } else {
        CHECK_REFUSAL(status);
    }
    dg_formulas_free(pool);
    free(text);
    return 0;
}
