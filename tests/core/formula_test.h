/* What the tests of formulas share: a pool, and formulas read, printed, differentiated and evaluated in it. */
#ifndef TESTS_CORE_FORMULA_TEST_H
#define TESTS_CORE_FORMULA_TEST_H

#include <criterion/criterion.h>
#include <dotgrad/formula.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dg_formulas *pool;

static inline void set_up(void)
{
    cr_assert_eq(dg_formulas_new(&pool).code, DG_OK);
}

static inline void tear_down(void)
{
    dg_formulas_free(pool);
}

static inline const dg_formula *parse(const char *text)
{
    const dg_formula *formula;
    dg_status status = dg_formula_parse(pool, text, NULL, 0, NULL, 0, &formula);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return formula;
}

static inline const char *print(const dg_formula *formula)
{
    const char *text = dg_formula_print(pool, formula);
    cr_assert_not_null(text);
    return text;
}

/* The value at one point, computed in `type`. */
static inline double evaluate_in(dg_dtype type, const dg_formula *formula, const double *point)
{
    dg_operand operands[8];
    double wide[8], wide_result;
    float narrow[8], narrow_result;
    dg_arena *arena;
    dg_program *program;
    int n = dg_formula_input_count(formula);
    bool is_wide = type == DG_FLOAT64;
    for (int k = 0; k < n; k++) {
        wide[k] = point[k];
        narrow[k] = (float)point[k];
        operands[k] = (dg_operand){.dtype = type, .data = is_wide ? (void *)&wide[k] : (void *)&narrow[k]};
    }
    cr_assert_eq(dg_arena_new(&arena).code, DG_OK);
    dg_status status = dg_program_make(arena, formula, type, &program);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    dg_shape shape = dg_scalar();
    dg_program_run(program, &shape, operands, type, is_wide ? (void *)&wide_result : (void *)&narrow_result, 0, 1);
    dg_arena_free(arena);
    return is_wide ? wide_result : (double)narrow_result;
}

static inline double evaluate(const dg_formula *formula, const double *point)
{
    return evaluate_in(DG_FLOAT64, formula, point);
}

static inline const dg_formula *derivative(const dg_formula *formula, int input)
{
    const dg_formula *made;
    cr_assert_eq(dg_formula_derivative(pool, formula, input, &made).code, DG_OK);
    return made;
}

static inline double slope_in(dg_dtype type, const char *text, double x)
{
    return evaluate_in(type, derivative(parse(text), 0), &x);
}

static inline bool close_to(double a, double b, double relative, double absolute)
{
    return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= absolute + relative * fabs(b);
}

#endif
