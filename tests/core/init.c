#include <criterion/criterion.h>
#include <dotgrad/dotgrad.h>
#include <math.h>
#include <string.h>

static dg_arena *arena;

static void setup(void)
{
    cr_assert_eq(dg_arena_new(&arena).code, DG_OK);
}

static void teardown(void)
{
    dg_arena_free(arena);
}

TestSuite(init, .init = setup, .fini = teardown);

static const dg_random key = {.seed = 1, .stream = 2};

static dg_value parse(const char *text)
{
    dg_value call;
    cr_assert_eq(dg_call_parse(arena, text, &call).code, DG_OK);
    return call;
}

static dg_status try_fill(const char *call, dg_dtype dtype, dg_shape shape, dg_tensor *tensor)
{
    dg_value init = parse(call);
    cr_assert_eq(dg_tensor_make(tensor, dtype, shape).code, DG_OK);
    return dg_init_fill(tensor, &init, &key);
}

static dg_tensor filled(const char *call, dg_dtype dtype, dg_shape shape)
{
    dg_tensor tensor;
    dg_status status = try_fill(call, dtype, shape, &tensor);
    cr_assert_eq(status.code, DG_OK, "%s: %s", call, status.message);
    return tensor;
}

Test(init, constants)
{
    const struct {
        const char *call;
        double value;
    } cases[] = {{"zeros", 0}, {"ones", 1}, {"constant(3)", 3}, {"constant(value=-2.5)", -2.5}, {"zeros()", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_tensor tensor = filled(cases[i].call, DG_FLOAT32, DG_SHAPE(2, 3));
        for (int64_t k = 0; k < 6; k++)
            cr_assert_eq(dg_tensor_get(&tensor, k), cases[i].value);
        dg_tensor_release(&tensor);
    }
    dg_tensor tensor = filled("ones", DG_INT64, DG_SHAPE(2));
    cr_assert_eq(((int64_t *)tensor.data)[1], 1);
    dg_tensor_release(&tensor);
}

Test(init, identity_has_ones_on_its_diagonal)
{
    dg_tensor tensor = filled("identity", DG_FLOAT64, DG_SHAPE(3, 4));
    for (int64_t i = 0; i < 12; i++)
        cr_assert_eq(dg_tensor_get(&tensor, i), i % 5 == 0);
    dg_tensor_release(&tensor);
    cr_assert_eq(try_fill("identity", DG_FLOAT64, DG_SHAPE(3, 4, 1), &tensor).code, DG_BAD_SHAPE);
    dg_tensor_release(&tensor);
}

/* Deviation, and for uniforms the bound, of a weight [200, 300]: fan_in 300, fan_out 200. */
Test(init, spread_is_pytorchs)
{
    const struct {
        const char *call;
        double std;
        bool uniform;
        double mean;
    } cases[] = {
        {"uniform", 1 / sqrt(12), true, .5},
        {"uniform(-0.1, high=0.3)", .4 / sqrt(12), true, .1},
        {"normal", 1, false, 0},
        {"normal(2, std=0.02)", .02, false, 2},
        {"xavier_uniform", sqrt(2.0 / 500), true, 0},
        {"xavier_uniform(gain=2)", 2 * sqrt(2.0 / 500), true, 0},
        {"xavier_normal", sqrt(2.0 / 500), false, 0},
        {"kaiming_uniform", sqrt(2.0 / 300), true, 0},
        {"kaiming_uniform(a=2.23606797749979)", 1 / sqrt(3.0 * 300), true, 0},
        {"kaiming_uniform(nonlinearity=relu, mode=fan_out)", sqrt(2.0 / 200), true, 0},
        {"kaiming_normal(nonlinearity='tanh')", 5.0 / 3 / sqrt(300), false, 0},
        {"kaiming_normal(0, selu)", .75 / sqrt(300), false, 0},
        {"lecun_uniform", 1 / sqrt(300), true, 0},
        {"lecun_normal", 1 / sqrt(300), false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (dg_dtype dtype = DG_FLOAT32; dtype <= DG_FLOAT64; dtype++) {
            dg_tensor tensor = filled(cases[i].call, dtype, DG_SHAPE(200, 300));
            double sum = 0, squares = 0, largest = 0;
            for (int64_t k = 0; k < 60000; k++) {
                double d = dg_tensor_get(&tensor, k) - cases[i].mean;
                sum += d;
                squares += d * d;
                largest = fmax(largest, fabs(d));
            }
            cr_assert_float_eq(sum / 60000, 0, 5 * cases[i].std / sqrt(60000), "%s", cases[i].call);
            cr_assert_float_eq(sqrt(squares / 60000), cases[i].std, .015 * cases[i].std, "%s", cases[i].call);
            double bound = sqrt(3) * cases[i].std * (1 + 1e-6);
            if (cases[i].uniform)
                cr_assert(largest <= bound && largest > .999 * bound, "%s: %g", cases[i].call, largest);
            else
                cr_assert_gt(largest, 3.5 * cases[i].std);
            dg_tensor_release(&tensor);
        }
}

Test(init, fans_count_the_receptive_field)
{
    dg_tensor tensor = filled("kaiming_uniform(nonlinearity=linear)", DG_FLOAT64, DG_SHAPE(64, 8, 3, 5));
    double largest = 0;
    for (int64_t k = 0; k < dg_tensor_count(&tensor); k++)
        largest = fmax(largest, fabs(dg_tensor_get(&tensor, k)));
    double bound = sqrt(3.0 / (8 * 3 * 5));
    cr_assert(largest <= bound && largest > .999 * bound);
    dg_tensor_release(&tensor);
}

static void check_orthogonal(dg_shape shape, double gain, const char *call, dg_dtype dtype, double tolerance)
{
    dg_tensor tensor = filled(call, dtype, shape);
    int64_t rows = shape.dims[0], columns = dg_tensor_count(&tensor) / rows;
    int64_t thin = rows < columns ? rows : columns, tall = rows < columns ? columns : rows;
    for (int64_t i = 0; i < thin; i++)
        for (int64_t j = 0; j < thin; j++) {
            double product = 0;
            for (int64_t k = 0; k < tall; k++)
                product += rows < columns
                               ? dg_tensor_get(&tensor, i * columns + k) * dg_tensor_get(&tensor, j * columns + k)
                               : dg_tensor_get(&tensor, k * columns + i) * dg_tensor_get(&tensor, k * columns + j);
            cr_assert_float_eq(product, i == j ? gain * gain : 0, tolerance);
        }
    dg_tensor_release(&tensor);
}

Test(init, orthogonal_rows_or_columns)
{
    check_orthogonal(DG_SHAPE(20, 20), 1, "orthogonal", DG_FLOAT64, 1e-13);
    check_orthogonal(DG_SHAPE(7, 30), 1, "orthogonal", DG_FLOAT64, 1e-13);
    check_orthogonal(DG_SHAPE(30, 7), 2, "orthogonal(gain=2)", DG_FLOAT64, 1e-12);
    check_orthogonal(DG_SHAPE(5, 4, 3), 1, "orthogonal", DG_FLOAT32, 1e-6);
    check_orthogonal(DG_SHAPE(1, 1), 1, "orthogonal", DG_FLOAT64, 1e-15);
}

/* Uniform among orthogonal matrices: without the fix of signs the first element would never be positive. */
Test(init, orthogonal_prefers_no_sign)
{
    int positive = 0;
    dg_value call = parse("orthogonal");
    for (uint64_t seed = 0; seed < 200; seed++) {
        double numbers[9];
        dg_tensor tensor = dg_tensor_view(DG_FLOAT64, DG_SHAPE(3, 3), numbers);
        cr_assert_eq(dg_init_fill(&tensor, &call, &(dg_random){.seed = seed}).code, DG_OK);
        positive += numbers[0] > 0;
    }
    cr_assert(positive > 70 && positive < 130, "%d", positive);
}

Test(init, numbers_follow_the_key)
{
    float a[64] = {0}, b[64] = {0}, c[64] = {0};
    dg_tensor x = dg_tensor_view(DG_FLOAT32, DG_SHAPE(8, 8), a), y = dg_tensor_view(DG_FLOAT32, DG_SHAPE(8, 8), b),
              z = dg_tensor_view(DG_FLOAT32, DG_SHAPE(8, 8), c);
    const char *const calls[] = {"uniform", "normal", "xavier_uniform", "orthogonal"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        dg_value call = parse(calls[i]);
        cr_assert_eq(dg_init_fill(&x, &call, &(dg_random){.seed = 1}).code, DG_OK);
        cr_assert_eq(dg_init_fill(&y, &call, &(dg_random){.seed = 1}).code, DG_OK);
        cr_assert_eq(dg_init_fill(&z, &call, &(dg_random){.seed = 2}).code, DG_OK);
        cr_assert_arr_eq(a, b, sizeof a);
        cr_assert_neq(memcmp(a, c, sizeof a), 0);
    }
}

Test(init, empty_tensors_are_fine)
{
    const char *const calls[] = {"zeros", "normal", "xavier_uniform", "kaiming_normal", "orthogonal", "identity"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        dg_tensor tensor = filled(calls[i], DG_FLOAT32, DG_SHAPE(0, 5));
        dg_tensor_release(&tensor);
    }
}

Test(init, mistakes_are_named)
{
    const struct {
        const char *call;
        dg_dtype dtype;
        dg_shape shape;
        dg_code code;
        const char *says;
    } cases[] = {
        {"glorot", DG_FLOAT32, DG_SHAPE(2, 2), DG_BAD_ARGUMENT,
         "there is no initialiser 'glorot' (did you mean 'xavier_uniform'?); known are zeros, "},
        {"constant", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "initialiser 'constant': argument 'value' is missing"},
        {"zeros(1)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "1 argument given, it takes at most 0"},
        {"uniform(0, 1, 2)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "3 arguments given, it takes at most 2"},
        {"uniform(lo=0)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "unknown argument 'lo'; it takes low, high"},
        {"uniform(0, low=1)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "low is given twice"},
        {"uniform(1, 0)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "low 1 is above high 0"},
        {"uniform(a)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "low is a, expected a finite number"},
        {"uniform(nan)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "low is nan, expected a finite number"},
        {"normal(0, -1)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "std is -1, expected a finite number, 0 or more"},
        {"kaiming_uniform(nonlinearity=swish)", DG_FLOAT32, DG_SHAPE(2, 2), DG_BAD_ARGUMENT,
         "nonlinearity is swish, expected linear|"},
        {"kaiming_uniform(mode=fan)", DG_FLOAT32, DG_SHAPE(2, 2), DG_BAD_ARGUMENT,
         "mode is fan, expected fan_in|fan_out"},
        {"kaiming_uniform(mode=1)", DG_FLOAT32, DG_SHAPE(2, 2), DG_BAD_ARGUMENT, "mode is 1, expected fan_in|fan_out"},
        {"xavier_uniform", DG_FLOAT32, DG_SHAPE(5), DG_BAD_SHAPE, "shape [5] has no input and output side"},
        {"normal", DG_INT64, DG_SHAPE(5), DG_BAD_DTYPE, "needs float32 or float64, not int64"},
        {"constant(a)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "argument 'value' needs a number"},
        {"constant(inf)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "argument 'value' is inf"},
        {"constant(1e39)", DG_FLOAT32, DG_SHAPE(2), DG_NUMERIC, "initialiser 'constant': a value is inf in float32"},
        {"xavier_normal(1e200)", DG_FLOAT32, DG_SHAPE(2, 2), DG_NUMERIC, "a value is inf in float32"},
        {"uniform(-3e38, 3e38)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "is farther from low -3e+38 than float32"},
        {"normal(zero_row=5)", DG_FLOAT32, DG_SHAPE(5, 2), DG_BAD_ARGUMENT, "zero_row is 5, expected a row, below 5"},
        {"normal(zero_row=0.5)", DG_FLOAT32, DG_SHAPE(5, 2), DG_BAD_ARGUMENT, "zero_row is 0.5, expected a row"},
        {"kmeans", DG_FLOAT32, DG_SHAPE(5, 2), DG_BAD_ARGUMENT, "initialiser 'kmeans' needs data"},
        {"kmeans(0)", DG_FLOAT32, DG_SHAPE(5, 2), DG_BAD_ARGUMENT,
         "iterations is 0, expected a whole number, 1 or more"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_tensor tensor;
        dg_status status = try_fill(cases[i].call, cases[i].dtype, cases[i].shape, &tensor);
        cr_assert_eq(status.code, cases[i].code, "%s: %s", cases[i].call, status.message);
        cr_assert(strstr(status.message, cases[i].says), "%s: %s", cases[i].call, status.message);
        dg_tensor_release(&tensor);
    }
}

Test(init, data_driven_initialisers_are_told_apart)
{
    const char *const data[] = {"kmeans", "samples", "random_samples", "nearest(2)", "mean_distance", "dmax"};
    for (size_t i = 0; i < sizeof data / sizeof *data; i++) {
        dg_value call = parse(data[i]);
        cr_assert(dg_init_needs_data(&call), "%s", data[i]);
    }
    dg_value plain = parse("normal(0, 1)");
    cr_assert_not(dg_init_needs_data(&plain));
}

/* ---- a user's own ---- */

/* start + step·i + fan_in for element i. */
static dg_status fill_ramp(dg_tensor *tensor, const dg_init_call *call)
{
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++)
        dg_tensor_set(tensor, i, call->values[0] + call->values[1] * (double)i + call->fan_in);
    return dg_ok();
}

static dg_status check_ramp(const dg_init_call *call, const dg_type *type)
{
    return call->values[1] == 0 && type->shape.rank == 2 ? dg_error(DG_BAD_ARGUMENT, "a ramp needs a step") : dg_ok();
}

static const dg_initialiser ramp = {
    .name = "ramp",
    .summary = "start + step i + fan_in",
    .arguments = {{.name = "start", .range = DG_ARGUMENT_FINITE, .required = true},
                  {.name = "step", .range = DG_ARGUMENT_FINITE, .fallback = {2}}},
    .least_rank = 2,
    .check = check_ramp,
    .fill = fill_ramp,
};

static bool is_listed(const char *name)
{
    for (size_t i = 0; dg_initialiser_name_at(i); i++)
        if (strcmp(dg_initialiser_name_at(i), name) == 0)
            return dg_initialiser_at(i) == dg_initialiser_find(name);
    return false;
}

static dg_status make_parameters(const char *init, dg_tensors *parameters)
{
    dg_graph *graph;
    cr_assert_eq(dg_graph_new(&graph).code, DG_OK);
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 3), .name = "x");
    dg_linear(x, 2, .name = "out", .init = init);
    dg_status status = dg_graph_status(graph);
    if (status.code == DG_OK)
        status = dg_parameters_check(graph);
    if (status.code == DG_OK)
        status = dg_parameters_init(parameters, graph, 1);
    dg_graph_free(graph);
    return status;
}

Test(init, a_user_s_own_is_used_by_its_name_in_a_graph)
{
    dg_tensors *parameters;
    cr_assert_eq(dg_tensors_new(&parameters).code, DG_OK);
    cr_assert(strstr(make_parameters("ramp(1)", parameters).message, "there is no initialiser 'ramp'"));
    cr_assert_eq(dg_register_initialiser(&ramp).code, DG_OK);
    cr_assert(is_listed("ramp"));
    cr_assert_eq(make_parameters("ramp(10, step=0.5)", parameters).code, DG_OK);
    const dg_tensor *weight = dg_tensors_find(parameters, "out.weight");
    for (int64_t i = 0; i < 6; i++)
        cr_assert_eq(dg_tensor_get(weight, i), 13 + 0.5 * (double)i);
    const struct {
        const char *call, *says;
    } refused[] = {{"ramp", "argument 'start' is missing"},
                   {"ramp(1, 0)", "parameter 'out.weight': initialiser 'ramp': a ramp needs a step"},
                   {"ramp(1, stop=3)", "unknown argument 'stop'; it takes start, step"}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        dg_status status = make_parameters(refused[i].call, parameters);
        cr_assert_eq(status.code, DG_BAD_ARGUMENT);
        cr_assert(strstr(status.message, refused[i].says), "%s: %s", refused[i].call, status.message);
    }
    dg_tensors_free(parameters);
}

/* Fills or solves with zeros and a logarithm at the end. */
static dg_status fill_hole(dg_tensor *tensor, const dg_init_call *call)
{
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++)
        dg_tensor_set(tensor, i, i + 1 == dg_tensor_count(tensor) ? log(call->values[0]) : 0);
    return dg_ok();
}

static dg_status solve_hole(dg_tensor *weight, dg_tensor *bias, const dg_init_call *call)
{
    DG_TRY(fill_hole(weight, &(dg_init_call){.values = {1}}));
    return fill_hole(bias, call);
}

#define ONE_NUMBER .summary = "a logarithm at the end", .arguments = {{.name = "number", .range = DG_ARGUMENT_FINITE}}
static const dg_initialiser hole = {.name = "hole", ONE_NUMBER, .fill = fill_hole};
static const dg_initialiser solved_hole = {.name = "solved_hole", ONE_NUMBER, .solve = solve_hole};

Test(init, a_user_s_own_that_gives_what_is_no_number_is_refused_by_name)
{
    dg_tensors *parameters;
    cr_assert_eq(dg_tensors_new(&parameters).code, DG_OK);
    cr_assert_eq(dg_register_initialiser(&hole).code, DG_OK);
    cr_assert_eq(dg_register_initialiser(&solved_hole).code, DG_OK);
    dg_status status = make_parameters("hole(0)", parameters);
    cr_assert_eq(status.code, DG_NUMERIC, "%s", status.message);
    cr_assert(strstr(status.message, "parameter 'out.weight': initialiser 'hole': a value is -inf in float32"), "%s",
              status.message);
    float numbers[3] = {5, 5, 5};
    dg_tensor weight = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 2), numbers),
              bias = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1), numbers + 2);
    const dg_value call = parse("solved_hole(-1)"), well = parse("solved_hole(1)");
    status = dg_init_solve(&weight, &bias, &call, &(dg_random){.seed = 1}, NULL);
    cr_assert_eq(status.code, DG_NUMERIC, "%s", status.message);
    cr_assert(strstr(status.message, "initialiser 'solved_hole': a value is nan"), "%s", status.message);
    cr_assert_eq(dg_init_solve(&weight, &bias, &well, &(dg_random){.seed = 1}, NULL).code, DG_OK);
    cr_assert_eq(numbers[2], 0);
    dg_tensors_free(parameters);
}

Test(init, a_descriptor_that_is_not_complete_or_whose_name_is_taken_is_refused)
{
    dg_initialiser bad[] = {ramp, ramp, ramp, ramp, ramp, ramp};
    bad[0].name = "zeros";
    bad[1].name = "kmeans"; /* registered by another part of the library */
    bad[2].name = "";
    bad[3].summary = NULL;
    bad[4].fill = NULL;
    for (int k = 0; k <= DG_MOST_INIT_ARGUMENTS; k++)
        bad[5].arguments[k] = (dg_argument){.name = "a"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_eq(dg_register_initialiser(&bad[i]).code, DG_BAD_ARGUMENT, "%zu", i);
    cr_assert_eq(dg_register_initialiser(NULL).code, DG_BAD_ARGUMENT);
    cr_assert_not(is_listed("ramp"));
    dg_initialiser unspeakable[] = {ramp, ramp, ramp};
    unspeakable[0].name = "a ramp";
    unspeakable[1].arguments[0] = (dg_argument){.name = "the step"};
    unspeakable[2].arguments[0] = unspeakable[2].arguments[1] = (dg_argument){.name = "step"};
    for (size_t i = 0; i < sizeof unspeakable / sizeof *unspeakable; i++)
        cr_expect_eq(dg_register_initialiser(&unspeakable[i]).code, DG_BAD_ARGUMENT, "%zu", i);
}

Test(init, numbers_that_memory_does_not_hold_are_named_once)
{
    dg_graph *graph;
    dg_tensors *parameters;
    cr_assert_eq(dg_graph_new(&graph).code, DG_OK);
    cr_assert_eq(dg_tensors_new(&parameters).code, DG_OK);
    dg_linear(dg_input(graph, DG_SHAPE(DG_N, 4)), INT64_C(1) << 50, .name = "fc");
    dg_status status = dg_parameters_init(parameters, graph, 1);
    cr_expect_eq(status.code, DG_NO_MEMORY);
    cr_expect_str_eq(status.message,
                     "parameter 'fc.weight': no memory for its numbers, [1125899906842624, 4] of float32");
    dg_tensors_free(parameters);
    dg_graph_free(graph);
}

/* The largest number in the first column of what reaches the layer. */
static dg_status fill_largest(dg_tensor *tensor, const dg_init_call *call)
{
    dg_tensor rows;
    DG_TRY(call->data->value(call->data, dg_node_input(call->data->layer, 0), &rows));
    double largest = dg_tensor_get(&rows, 0);
    for (int64_t i = 0; i < rows.shape.dims[0]; i++)
        largest = fmax(largest, dg_tensor_get(&rows, i * rows.shape.dims[1]));
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++)
        dg_tensor_set(tensor, i, largest);
    dg_tensor_release(&rows);
    return dg_ok();
}

static const dg_initialiser largest = {
    .name = "largest", .summary = "max of column 0", .needs_data = true, .fill = fill_largest};

Test(init, a_user_s_own_that_needs_data_is_filled_from_it_and_refused_without)
{
    static const float values[] = {1, 9, 7, 2, 5, 3};
    const dg_tensor rows = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2, 3), values);
    dg_graph *graph;
    dg_tensors *parameters;
    cr_assert_eq(dg_register_initialiser(&largest).code, DG_OK);
    cr_assert_eq(dg_tensors_new(&parameters).code, DG_OK);
    cr_assert_eq(dg_graph_new(&graph).code, DG_OK);
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 3), .name = "x");
    dg_linear(dg_expr("10 * x", {"x", x}), 2, .name = "out", .init = "largest");
    cr_assert_eq(dg_graph_status(graph).code, DG_OK);
    dg_status status = dg_parameters_init(parameters, graph, 1);
    cr_assert_eq(status.code, DG_BAD_ARGUMENT);
    cr_assert(strstr(status.message, "initialiser largest needs data: train, call dg_fit_parameters()"), "%s",
              status.message);
    status = dg_fit_parameters(parameters, graph, &(dg_feed){x, &rows}, 1, 1, NULL);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    for (int64_t i = 0; i < 6; i++)
        cr_assert_eq(dg_tensor_get(dg_tensors_find(parameters, "out.weight"), i), 20);
    dg_tensors_free(parameters);
    dg_graph_free(graph);
}
