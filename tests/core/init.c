#include <criterion/criterion.h>
#include <dotgrad/plan.h>
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
        {"glorot", DG_FLOAT32, DG_SHAPE(2, 2), DG_BAD_ARGUMENT, "there is no initialiser 'glorot'; known are zeros, "},
        {"constant", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "initialiser 'constant': argument 'value' is missing"},
        {"zeros(1)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "1 arguments are too many"},
        {"uniform(0, 1, 2)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "3 arguments are too many"},
        {"uniform(lo=0)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "there is no argument 'lo'"},
        {"uniform(0, low=1)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "argument 'low' is given twice"},
        {"uniform(1, 0)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "low 1 is above high 0"},
        {"uniform(a)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "argument 'low' wants a number"},
        {"uniform(nan)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "argument 'low' is nan"},
        {"normal(0, -1)", DG_FLOAT32, DG_SHAPE(2), DG_BAD_ARGUMENT, "std -1 is negative"},
        {"kaiming_uniform(nonlinearity=swish)", DG_FLOAT32, DG_SHAPE(2, 2), DG_BAD_ARGUMENT, "nonlinearity 'swish'"},
        {"kaiming_uniform(mode=fan)", DG_FLOAT32, DG_SHAPE(2, 2), DG_BAD_ARGUMENT, "mode 'fan'"},
        {"kaiming_uniform(mode=1)", DG_FLOAT32, DG_SHAPE(2, 2), DG_BAD_ARGUMENT, "argument 'mode' wants a name"},
        {"xavier_uniform", DG_FLOAT32, DG_SHAPE(5), DG_BAD_SHAPE, "shape [5] has no input and output side"},
        {"normal", DG_INT64, DG_SHAPE(5), DG_BAD_DTYPE, "wants float32 or float64, not int64"},
        {"kmeans", DG_FLOAT32, DG_SHAPE(5, 2), DG_BAD_ARGUMENT, "initialiser 'kmeans' needs data"},
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
