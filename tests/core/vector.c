/* Vector kernels and programs: every instruction set this machine has, against the C library; operands of every layout
 * and type; the same bits however the work is cut. Long because one suite holds every kernel against the same
 * references. */
#include "core/vector/vector.h"
#include "core/formula/expression.h"
#include "core/program/program.h"
#include "vector_reference.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const isas[] = {"base", "v3", "v4"};
enum { N_ISAS = 3 };

static void check_float32(const vector_table *table, const accuracy *a, uint32_t step)
{
    enum { N = 1021 };
    static float x[N], y[N];
    double worst = 0;
    float where = 0;
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
        size_t n = 0;
        for (; n < N && bits <= UINT32_MAX; n++, bits += step) {
            uint32_t pattern = (uint32_t)bits;
            memcpy(&x[n], &pattern, sizeof pattern);
        }
        table->kernels[LANE_F32][a->op](y, x, x, x, n);
        for (size_t i = 0; i < n; i++) {
            double off = ulps_off_32(y[i], a->wide((double)x[i]), 0);
            if (off > worst) {
                worst = off;
                where = x[i];
            }
        }
    }
    cr_expect_leq(worst, a->ulps32, "%s %s is off by %g ulp at %.9g", table->name, primitives[a->op].name, worst,
                  (double)where);
}

/* tests/soak/vector_exhaustive.c takes all of them. */
Test(vector, float32_functions_hold_their_bounds_over_all_floats)
{
    for (int isa = 0; isa < N_ISAS; isa++) {
        const vector_table *table = vector_table_named(isas[isa]);
        for (size_t k = 0; table && k < N_ACCURACIES; k++)
            check_float32(table, &accuracies[k], 40009);
    }
}

/* Against long double, or, where that is no wider, the same C library that some of them are. */
static void check_float64(const vector_table *table, const accuracy *a, double first, double ratio)
{
    enum { N = 10007 };
    static double x[N], y[N];
    double worst = 0, where = 0, at = first;
    for (int i = 0; i < N; i++, at *= ratio)
        x[i] = i % 2 ? -at : at;
    table->kernels[LANE_F64][a->op](y, x, x, x, N);
    for (int i = 0; i < N; i++) {
        double off = ulps_off_64(y[i], a->widest((long double)x[i]), 0);
        if (off > worst) {
            worst = off;
            where = x[i];
        }
    }
    cr_expect_leq(worst, a->ulps64, "%s %s is off by %g ulp at %.17g", table->name, primitives[a->op].name, worst,
                  where);
}

Test(vector, float64_functions_hold_their_bounds)
{
    for (int isa = 0; isa < N_ISAS; isa++) {
        const vector_table *table = vector_table_named(isas[isa]);
        for (size_t k = 0; table && k < N_ACCURACIES; k++) {
            check_float64(table, &accuracies[k], 0x1p-1074, 1.15233);
            check_float64(table, &accuracies[k], 1e-4, 1.0015873);
            check_float64(table, &accuracies[k], 0.1, 1.0005);
        }
    }
}

static const double special[] = {0.0,   -0.0,     1,      -1,         INFINITY, -INFINITY, NAN,          -NAN,
                                 1e-45, -1e-45,   1e-38,  3.4e38,     -3.4e38,  88.7,      89,           -87.5,
                                 -104,  0.999999, 1e10,   -1e10,      0.5,      1.5,       2.5,          -0.5,
                                 1e30,  10,       1000,   1e-20,      -1e-20,   0.41421,   1.41421,      16777216,
                                 1e9,   0x1p-126, 1e-310, -0x1p-1074, 0x1p23,   8388607.5, -0x1p23,      709.7,
                                 709.8, -745.2,   -708.4, 1e300,      -1e300,   0x1p52,    0x1p52 - 0.5, -1.5};
enum { N_SPECIAL = sizeof special / sizeof special[0] };

/* The sign of 0 too. */
Test(vector, functions_are_right_at_special_values)
{
    float x[N_SPECIAL], y[N_SPECIAL];
    double z[N_SPECIAL];
    for (size_t i = 0; i < N_SPECIAL; i++)
        x[i] = (float)special[i];
    for (int isa = 0; isa < N_ISAS; isa++) {
        const vector_table *table = vector_table_named(isas[isa]);
        for (size_t k = 0; table && k < N_ACCURACIES; k++) {
            const accuracy *a = &accuracies[k];
            table->kernels[LANE_F32][a->op](y, x, x, x, N_SPECIAL);
            table->kernels[LANE_F64][a->op](z, special, special, special, N_SPECIAL);
            for (size_t i = 0; i < N_SPECIAL; i++) {
                cr_expect_leq(ulps_off_32(y[i], a->wide((double)x[i]), 0), a->ulps32, "%s %s(%g) is %g", isas[isa],
                              primitives[a->op].name, (double)x[i], (double)y[i]);
                cr_expect_leq(ulps_off_64(z[i], a->widest((long double)special[i]), 0), a->ulps64,
                              "%s %s(%g) is %g in float64", isas[isa], primitives[a->op].name, special[i], z[i]);
            }
        }
    }
}

/* f(x) = y, and nothing else will do. */
static const struct exact_case {
    int op;
    double x, y;
} exact_cases[] = {{P_EXP, 0, 1},          {P_EXP2, 0, 1},      {P_EXP2, 10, 1024},       {P_EXP2, -126, 0x1p-126},
                   {P_EXP2, 127, 0x1p127}, {P_EXP2, -3, 0.125}, {P_EXP2, -149, 0x1p-149}, {P_LOG, 1, 0},
                   {P_LOG2, 1, 0},         {P_LOG2, 8, 3},      {P_LOG2, 0x1p-140, -140}, {P_LOG10, 1, 0},
                   {P_LOG10, 1000, 3},     {P_LOG10, 1e10, 10}, {P_LOG1P, 0, 0},          {P_COS, 0, 1},
                   {P_COSH, 0, 1},         {P_SIGMOID, 0, 0.5}, {P_ERFC, 0, 1},           {P_ACOS, 1, 0},
                   {P_ACOSH, 1, 0},        {P_TANH, 40, 1},     {P_TANH, -40, -1},        {P_ERF, 10, 1},
                   {P_SIGMOID, 100, 1},    {P_EXPM1, -100, -1}, {P_SOFTPLUS, 200, 200}};

Test(vector, functions_are_exact_where_mathematics_is)
{
    for (int isa = 0; isa < N_ISAS; isa++) {
        const vector_table *table = vector_table_named(isas[isa]);
        for (size_t k = 0; table && k < sizeof exact_cases / sizeof exact_cases[0]; k++) {
            const struct exact_case *c = &exact_cases[k];
            float x = (float)c->x, y;
            double z;
            table->kernels[LANE_F32][c->op](&y, &x, &x, &x, 1);
            table->kernels[LANE_F64][c->op](&z, &c->x, &c->x, &c->x, 1);
            cr_expect_eq(y, (float)c->y, "%s %s(%g) is %.9g", isas[isa], primitives[c->op].name, c->x, (double)y);
            cr_expect_eq(z, c->y, "%s %s(%g) is %.17g in float64", isas[isa], primitives[c->op].name, c->x, z);
        }
    }
}

/* Vector part and rest of a loop give the same bits. */
Test(vector, elements_depend_on_their_arguments_alone)
{
    enum { N = 203 };
    static float x[N], whole[N], one[N];
    static double z[N], whole64[N], one64[N];
    for (int i = 0; i < N; i++) {
        z[i] = sin(i * 0.7) * (i % 3 ? 1.0 : 9.0);
        x[i] = (float)z[i];
    }
    for (int isa = 0; isa < N_ISAS; isa++) {
        const vector_table *table = vector_table_named(isas[isa]);
        for (int op = 0; table && op < FORMULA_PRIMITIVES; op++) {
            vector_kernel f = table->kernels[LANE_F32][op], g = table->kernels[LANE_F64][op];
            f(whole, x, x + 1, x + 2, N - 2);
            g(whole64, z, z + 1, z + 2, N - 2);
            for (int i = 0; i < N - 2; i++) {
                f(&one[i], x + i, x + i + 1, x + i + 2, 1);
                g(&one64[i], z + i, z + i + 1, z + i + 2, 1);
            }
            cr_expect_eq(memcmp(whole, one, (N - 2) * sizeof one[0]), 0, "%s %s", isas[isa], primitives[op].name);
            cr_expect_eq(memcmp(whole64, one64, (N - 2) * sizeof one64[0]), 0, "%s %s in float64", isas[isa],
                         primitives[op].name);
        }
    }
}

Test(vector, functions_of_two_arguments_are_right_at_special_values)
{
    static const double x[] = {0,   -0.0, 1,    -1,       2,         3,   -3,  0.5,  -2.5,  7,
                               1.5, 1e9,  -1e9, INFINITY, -INFINITY, NAN, 100, -100, 1e-40, 3e38};
    enum { N = sizeof x / sizeof x[0] };
    for (int isa = 0; isa < N_ISAS; isa++) {
        const vector_table *table = vector_table_named(isas[isa]);
        for (size_t at = 0; table && at < N * N * N_ACCURACIES2; at++) {
            double a = x[at % N], b = x[at / N % N], y;
            const accuracy2 *f = &accuracies2[at / N / N];
            float a32 = (float)a, b32 = (float)b, y32, scale = f->op == P_LOGADDEXP ? fmaxf(fabsf(a32), fabsf(b32)) : 0;
            table->kernels[LANE_F64][f->op](&y, &a, &b, &b, 1);
            table->kernels[LANE_F32][f->op](&y32, &a32, &b32, &b32, 1);
            cr_expect_leq(ulps_off_64(y, f->widest((long double)a, (long double)b), (double)scale), f->ulps64,
                          "%s %s(%g, %g) is %g", isas[isa], primitives[f->op].name, a, b, y);
            cr_expect_leq(ulps_off_32(y32, f->wide((double)a32, (double)b32), scale), f->ulps32,
                          "%s %s(%g, %g) is %g in float32", isas[isa], primitives[f->op].name, a, b, (double)y32);
        }
    }
}

static double more(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : fmax(a, b);
}

static double less(double a, double b)
{
    return isnan(a) || isnan(b) ? NAN : fmin(a, b);
}

Test(vector, choices_and_comparisons_are_right_at_special_values)
{
    static const double x[] = {0, -0.0, 1, -1, 0.5, INFINITY, -INFINITY, NAN, 1e-40};
    enum { N = sizeof x / sizeof x[0] };
    static const int ops[] = {P_MAX, P_MIN, P_LT, P_LE, P_GT, P_GE, P_EQ, P_NE, P_AND, P_OR};
    for (int isa = 0; isa < N_ISAS; isa++) {
        const vector_table *table = vector_table_named(isas[isa]);
        for (int at = 0; table && at < N * N; at++) {
            double a = x[at % N], b = x[at / N], y;
            float a32 = (float)a, b32 = (float)b, y32;
            double want[] = {more(a, b), less(a, b), (a < b),  (a <= b),         (a > b),
                             (a >= b),   (a == b),   (a != b), a != 0 && b != 0, a != 0 || b != 0};
            for (size_t k = 0; k < sizeof ops / sizeof ops[0]; k++) {
                table->kernels[LANE_F64][ops[k]](&y, &a, &b, &b, 1);
                table->kernels[LANE_F32][ops[k]](&y32, &a32, &b32, &b32, 1);
                cr_expect(y == want[k] || (isnan(y) && isnan(want[k])), "%s %s(%g, %g)", isas[isa],
                          primitives[ops[k]].name, a, b);
                cr_expect(y32 == (float)want[k] || (isnan(y32) && isnan(want[k])), "%s %s(%g, %g) in float32",
                          isas[isa], primitives[ops[k]].name, a, b);
            }
        }
    }
}

Test(vector, what_is_not_finite_is_found_wherever_it_is)
{
    enum { N = 150 };
    float x[N];
    double z[N];
    for (int isa = 0; isa < N_ISAS; isa++) {
        const vector_table *table = vector_table_named(isas[isa]);
        for (size_t n = 0; table && n <= N; n++) {
            for (size_t i = 0; i < n; i++) {
                x[i] = i % 2 ? -3.4e38f : 0.5f;
                z[i] = i % 2 ? -1.7e308 : 0.5;
            }
            cr_assert_not(table->any_not_finite[LANE_F32](x, n), "%s, %zu elements", isas[isa], n);
            cr_assert_not(table->any_not_finite[LANE_F64](z, n), "%s, %zu elements", isas[isa], n);
            for (size_t i = 0; i < n; i++) {
                float kept = x[i];
                x[i] = i % 3 ? NAN : i % 2 ? INFINITY : -INFINITY;
                z[i] = (double)x[i];
                cr_assert(table->any_not_finite[LANE_F32](x, n), "%s, %zu of %zu", isas[isa], i, n);
                cr_assert(table->any_not_finite[LANE_F64](z, n), "%s, %zu of %zu", isas[isa], i, n);
                x[i] = kept;
                z[i] = (double)kept;
            }
        }
    }
}

Test(vector, remainder_has_the_sign_of_the_divisor)
{
    static const double cases[][3] = {{7, 3, 1}, {-7, 3, 2}, {7, -3, -2}, {-7, -3, -1}, {6, -3, 0}};
    const vector_table *table = vector_table_named("base");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double a = cases[i][0], b = cases[i][1], y;
        int64_t p = (int64_t)a, q = (int64_t)b, z;
        table->kernels[LANE_F64][P_REMAINDER](&y, &a, &b, &b, 1);
        table->kernels[LANE_I64][P_REMAINDER](&z, &p, &q, &q, 1);
        cr_expect_eq(y, cases[i][2]);
        cr_expect_eq(z, (int64_t)cases[i][2]);
    }
}

/* ---- programs ---- */

typedef struct bench {
    dg_formulas *pool;
    dg_arena *arena;
} bench;

static bench open_bench(void)
{
    bench b;
    cr_assert_eq(dg_formulas_new(&b.pool).code, DG_OK);
    cr_assert_eq(dg_arena_new(&b.arena).code, DG_OK);
    return b;
}

static void close_bench(bench *b)
{
    dg_arena_free(b->arena);
    dg_formulas_free(b->pool);
}

static dg_program *make_program(bench *b, const char *text, dg_dtype compute, const char *isa)
{
    const dg_formula *formula;
    dg_program *program;
    dg_status status = dg_formula_parse(b->pool, text, NULL, 0, NULL, 0, &formula);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    const vector_table *table = isa ? vector_table_named(isa) : vector_tables();
    status = program_make(b->arena, formula, compute, table, &program);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return program;
}

static const char everything[] =
    "where(x > y, tanh(x) + exp(y) * sigmoid(x), erf(y) - sin(x * 3) / (1 + x^2)) + max(softplus(x), log1p(y^2)) + "
    "x^3 * rsqrt(2 + cos(y)) + log(abs(x) + 0.1) + expm1(x) * atan2(x, y) + sinh(x) + exp2(y) + x / 3";

Test(program, gives_the_same_bits_however_the_work_is_cut)
{
    enum { N = 5000 };
    static float x[N], y[N], whole[N], pieces[N];
    for (int i = 0; i < N; i++) {
        x[i] = (float)sin(i * 0.7) * 4;
        y[i] = (float)cos(i * 1.3) * 3;
    }
    dg_shape shape = DG_SHAPE(N);
    dg_operand operands[] = {{.dtype = DG_FLOAT32, .data = x, .strides = {1}},
                             {.dtype = DG_FLOAT32, .data = y, .strides = {1}}};
    bench b = open_bench();
    for (int isa = 0; isa < N_ISAS; isa++) {
        if (!vector_table_named(isas[isa]))
            continue;
        dg_program *program = make_program(&b, everything, DG_FLOAT32, isas[isa]);
        dg_program_run(program, &shape, operands, DG_FLOAT32, whole, 0, N);
        for (int64_t begin = 0, length = 1; begin < N; begin += length, length = (length * 7 + 3) % 97 + 1) {
            int64_t end = begin + length < N ? begin + length : N;
            dg_program_run(program, &shape, operands, DG_FLOAT32, pieces, begin, end);
        }
        cr_expect_eq(memcmp(whole, pieces, sizeof whole), 0, "%s", isas[isa]);
    }
    close_bench(&b);
}

Test(program, instruction_sets_agree_closely)
{
    enum { N = 1000 };
    static float x[N], y[N], results[N_ISAS][N];
    for (int i = 0; i < N; i++) {
        x[i] = (float)sin(i * 0.7) * 4;
        y[i] = (float)cos(i * 1.3) * 3;
    }
    dg_shape shape = DG_SHAPE(N);
    dg_operand operands[] = {{.dtype = DG_FLOAT32, .data = x, .strides = {1}},
                             {.dtype = DG_FLOAT32, .data = y, .strides = {1}}};
    bench b = open_bench();
    for (int isa = 0; isa < N_ISAS; isa++) {
        const char *name = vector_table_named(isas[isa]) ? isas[isa] : "base";
        dg_program_run(make_program(&b, everything, DG_FLOAT32, name), &shape, operands, DG_FLOAT32, results[isa], 0,
                       N);
    }
    for (int i = 0; i < N; i++)
        for (int isa = 1; isa < N_ISAS; isa++)
            cr_expect_float_eq(results[isa][i], results[0][i], 1e-4f * (1 + fabsf(results[0][i])));
    close_bench(&b);
}

Test(program, may_write_over_an_operand)
{
    enum { N = 3000 };
    static float x[N], y[N], apart[N];
    for (int i = 0; i < N; i++)
        x[i] = (float)i / 500 - 3, y[i] = (float)(i % 7);
    dg_shape shape = DG_SHAPE(N);
    dg_operand operands[] = {{.dtype = DG_FLOAT32, .data = x, .strides = {1}},
                             {.dtype = DG_FLOAT32, .data = y, .strides = {1}}};
    bench b = open_bench();
    dg_program *program = make_program(&b, "x * tanh(y) + sigmoid(x) * y - x^2", DG_FLOAT32, NULL);
    dg_program_run(program, &shape, operands, DG_FLOAT32, apart, 0, N);
    dg_program_run(program, &shape, operands, DG_FLOAT32, y, 0, N);
    cr_expect_eq(memcmp(apart, y, sizeof y), 0);
    close_bench(&b);
}

/* Strides of every kind against an index computed by hand. */
Test(program, reads_operands_of_every_layout)
{
    enum { A = 5, B = 1, C = 37, D = 3, N = A * B * C * D };
    static float data[N * 2], got[N];
    for (int i = 0; i < N * 2; i++)
        data[i] = (float)i + 0.5f;
    dg_shape shape = DG_SHAPE(A, B, C, D);
    static const int64_t layouts[][4] = {
        {C * D, C * D, D, 1}, /* contiguous */
        {0, 0, 0, 0},         /* a scalar */
        {0, 0, 0, 1},         /* [D] */
        {0, 0, D, 1},         /* [C, D] */
        {0, 0, 1, 0},         /* [C, 1] */
        {1, 9, 0, 0},         /* [A, 1, 1, 1] */
        {D, 0, 0, 1},         /* [A, 1, 1, D] */
        {1, 0, A, A * C},     /* transposed */
        {2 * C * D, 0, 2 * D, 2},
    };
    bench b = open_bench();
    dg_program *program = make_program(&b, "x * 2 + y", DG_FLOAT32, NULL);
    for (size_t k = 0; k < sizeof layouts / sizeof layouts[0]; k++) {
        dg_operand operands[] = {{.dtype = DG_FLOAT32, .data = data}, {.dtype = DG_FLOAT32, .data = data}};
        memcpy(operands[0].strides, layouts[k], sizeof layouts[k]);
        memcpy(operands[1].strides, layouts[0], sizeof layouts[0]);
        dg_program_run(program, &shape, operands, DG_FLOAT32, got, 0, 100);
        dg_program_run(program, &shape, operands, DG_FLOAT32, got, 100, N);
        for (int i = 0; i < N; i++) {
            int64_t at = i / (C * D) * layouts[k][0] + i / D % C * layouts[k][2] + i % D * layouts[k][3];
            cr_assert_eq(got[i], data[at] * 2 + data[i], "layout %zu, element %d", k, i);
        }
    }
    close_bench(&b);
}

Test(program, converts_operands_and_results)
{
    enum { N = 300 };
    static uint8_t flags[N], tests[N];
    static int32_t small[N];
    static int64_t large[N], whole[N];
    static double wide[N], result[N];
    for (int i = 0; i < N; i++) {
        flags[i] = i % 3 == 0;
        small[i] = i - 150;
        large[i] = (int64_t)i * 1000;
        wide[i] = i * 0.25;
    }
    dg_shape shape = DG_SHAPE(N);
    dg_operand operands[] = {{.dtype = DG_BOOL, .data = flags, .strides = {1}},
                             {.dtype = DG_INT32, .data = small, .strides = {1}},
                             {.dtype = DG_INT64, .data = large, .strides = {1}},
                             {.dtype = DG_FLOAT64, .data = wide, .strides = {1}}};
    bench b = open_bench();
    dg_program_run(make_program(&b, "where(a, b + 0, c) * d", DG_FLOAT64, NULL), &shape, operands, DG_FLOAT64, result,
                   0, N);
    for (int i = 0; i < N; i++)
        cr_assert_eq(result[i], (flags[i] ? small[i] : (double)large[i]) * wide[i]);
    dg_program_run(make_program(&b, "a + b > 0.5", DG_FLOAT32, NULL), &shape, operands, DG_BOOL, tests, 0, N);
    for (int i = 0; i < N; i++)
        cr_assert_eq(tests[i], flags[i] + small[i] > 0.5);
    dg_program_run(make_program(&b, "a + b", DG_INT64, NULL), &shape, operands, DG_INT64, whole, 0, N);
    for (int i = 0; i < N; i++)
        cr_assert_eq(whole[i], flags[i] + small[i]);
    close_bench(&b);
}

Test(program, is_exact_in_integers)
{
    int64_t a[] = {9007199254740993, -5, INT64_MAX, 3, INT64_MIN, 0}, b[] = {9007199254740993, 7, 1, 0, -1, 0}, y[6];
    dg_shape shape = DG_SHAPE(6);
    dg_operand operands[] = {{.dtype = DG_INT64, .data = a, .strides = {1}},
                             {.dtype = DG_INT64, .data = b, .strides = {1}}};
    static const struct {
        const char *text;
        int64_t want[6];
    } cases[] = {
        {"a + b", {18014398509481986, 2, INT64_MIN, 3, INT64_MAX, 0}},
        {"max(a, b)", {9007199254740993, 7, INT64_MAX, 3, -1, 0}},
        {"where(a == b, a, -b)", {9007199254740993, -7, -1, 0, 1, 0}},
        {"fmod(a, b)", {0, -5, 0, 0, 0, 0}},
        {"remainder(a, b)", {0, 2, 0, 0, 0, 0}},
        {"abs(b) * sign(b)", {9007199254740993, 7, 1, 0, -1, 0}},
        {"floor(a)", {9007199254740993, -5, INT64_MAX, 3, INT64_MIN, 0}},
        {"(b != 0) * 2 + (a > b)", {2, 2, 3, 1, 2, 0}},
    };
    bench t = open_bench();
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const char *text = cases[k].text;
        bool only_a = !strcmp(text, "floor(a)"), only_b = !strcmp(text, "abs(b) * sign(b)"),
             b_first = !strncmp(text, "(b", 2);
        dg_operand swapped[] = {operands[1], operands[0]};
        dg_program_run(make_program(&t, text, DG_INT64, NULL), &shape,
                       only_a              ? operands
                       : only_b || b_first ? swapped
                                           : operands,
                       DG_INT64, y, 0, 6);
        for (int i = 0; i < 6; i++)
            cr_expect_eq(y[i], cases[k].want[i], "%s, element %d: %lld", text, i, (long long)y[i]);
    }
    close_bench(&t);
}

Test(program, computes_conditions)
{
    uint8_t a[] = {0, 0, 1, 1}, b[] = {0, 1, 0, 1}, y[4];
    dg_shape shape = DG_SHAPE(4);
    dg_operand operands[] = {{.dtype = DG_BOOL, .data = a, .strides = {1}},
                             {.dtype = DG_BOOL, .data = b, .strides = {1}}};
    static const struct {
        const char *text;
        uint8_t want[4];
    } cases[] = {
        {"and(a, b)", {0, 0, 0, 1}}, {"or(a, b)", {0, 1, 1, 1}},  {"not(a) == b", {0, 1, 1, 0}},
        {"a != b", {0, 1, 1, 0}},    {"max(a, b)", {0, 1, 1, 1}}, {"where(a, b, 1)", {1, 1, 0, 1}},
    };
    bench t = open_bench();
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        dg_program_run(make_program(&t, cases[k].text, DG_BOOL, NULL), &shape, operands, DG_BOOL, y, 0, 4);
        cr_expect_eq(memcmp(y, cases[k].want, 4), 0, "%s", cases[k].text);
    }
    close_bench(&t);
}

Test(program, reads_a_condition_as_not_zero_before_it_converts)
{
    double tiny[] = {1e-300, 0, -1e-300}; /* 0 in float32 */
    float y[3];
    dg_shape shape = DG_SHAPE(3);
    dg_operand operand = {.dtype = DG_FLOAT64, .data = tiny, .strides = {1}};
    bench b = open_bench();
    dg_program_run(make_program(&b, "where(c, 1, 2)", DG_FLOAT32, NULL), &shape, &operand, DG_FLOAT32, y, 0, 3);
    cr_expect(y[0] == 1 && y[1] == 2 && y[2] == 1);
    close_bench(&b);
}

Test(program, runs_formulas_of_one_input_or_none)
{
    float x[] = {1, 2, 3}, y[3];
    dg_shape shape = DG_SHAPE(3);
    dg_operand operand = {.dtype = DG_FLOAT32, .data = x, .strides = {1}};
    bench b = open_bench();
    dg_program_run(make_program(&b, "x", DG_FLOAT32, NULL), &shape, &operand, DG_FLOAT32, y, 0, 3);
    cr_expect_eq(memcmp(x, y, sizeof x), 0);
    dg_program_run(make_program(&b, "2.5", DG_FLOAT32, NULL), &shape, NULL, DG_FLOAT32, y, 0, 3);
    cr_expect(y[0] == 2.5f && y[2] == 2.5f);
    dg_program_run(make_program(&b, "x", DG_FLOAT32, NULL), &shape, &operand, DG_FLOAT32, y, 1, 1);
    close_bench(&b);
}

/* A polynomial with as many constants as there are terms, and a sum of products whose parts are all needed again. */
Test(program, works_with_more_values_than_fit_in_the_cache)
{
    enum { TERMS = 600, N = 100 };
    static double x[N], y[N];
    char *text = malloc(TERMS * 40);
    size_t at = 0;
    for (int k = 0; k < TERMS; k++)
        at += (size_t)sprintf(text + at, "%s%d.5 * sin(x * 0.%04d)", k ? " + " : "", k, k + 1);
    for (int i = 0; i < N; i++)
        x[i] = i * 0.1;
    dg_shape shape = DG_SHAPE(N);
    dg_operand operand = {.dtype = DG_FLOAT64, .data = x, .strides = {1}};
    bench b = open_bench();
    dg_program_run(make_program(&b, text, DG_FLOAT64, NULL), &shape, &operand, DG_FLOAT64, y, 0, N);
    for (int i = 0; i < N; i++) {
        double want = 0;
        for (int k = 0; k < TERMS; k++)
            want += (k + 0.5) * sin(x[i] * (k + 1) / 1e4);
        cr_assert_float_eq(y[i], want, 1e-9 * (1 + fabs(want)));
    }
    free(text);
    close_bench(&b);
}

/* The cap is read once in a process. */
static void expect_capped(const char *cap, const char *want)
{
    cr_assert_eq(cap ? setenv("DG_ISA", cap, 1) : unsetenv("DG_ISA"), 0);
    cr_expect_str_eq(dg_isa(), want);
    cr_expect_str_eq(vector_tables()->name, want);
}

Test(program, takes_the_base_instruction_set_when_asked_to)
{
    expect_capped("base", "base");
}

Test(program, takes_at_most_the_instruction_set_asked_for)
{
    expect_capped("v3", vector_table_named("v3") ? "v3" : "base");
}

Test(program, takes_the_best_instruction_set)
{
    expect_capped(NULL, vector_table_named("v4") ? "v4" : vector_table_named("v3") ? "v3" : "base");
}
