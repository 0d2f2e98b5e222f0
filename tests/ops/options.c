/* How C writes options: one number means that number, a list is DG_INTS(…), and absent, 0, 1 and a list differ. */
#include "support.h"

#include <dotgrad/ops.h>

#define X_VALUES DATA(1, -2, 3, 0.5, 4, -1)
static const double x_values[2][3] = {{1, -2, 3}, {0.5, 4, -1}};

/* ---- dimensions: each reduction against a loop over the slice, in float64, to rounding ---- */

static double sum_of(int n, const double *x)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

static double mean_of(int n, const double *x)
{
    return sum_of(n, x) / n;
}

static double prod_of(int n, const double *x)
{
    double product = 1;
    for (int i = 0; i < n; i++)
        product *= x[i];
    return product;
}

static double amax_of(int n, const double *x)
{
    double most = x[0];
    for (int i = 1; i < n; i++)
        most = fmax(most, x[i]);
    return most;
}

static double amin_of(int n, const double *x)
{
    double least = x[0];
    for (int i = 1; i < n; i++)
        least = fmin(least, x[i]);
    return least;
}

static double var_of(int n, const double *x)
{
    double squares = 0, mean = mean_of(n, x);
    for (int i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return squares / (n - 1);
}

static double std_of(int n, const double *x)
{
    return sqrt(var_of(n, x));
}

static double norm_of(int n, const double *x)
{
    double squares = 0;
    for (int i = 0; i < n; i++)
        squares += x[i] * x[i];
    return sqrt(squares);
}

static double logsumexp_of(int n, const double *x)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += exp(x[i]);
    return log(sum);
}

static void expect_over_0(const dg_tensor *got, double (*reduce)(int n, const double *x))
{
    double want[3];
    for (int j = 0; j < 3; j++)
        want[j] = reduce(2, DATA(x_values[0][j], x_values[1][j]));
    expect_values(got, DG_SHAPE(3), 1e-14, want);
}

static void expect_over_1(const dg_tensor *got, double (*reduce)(int n, const double *x))
{
    expect_values(got, DG_SHAPE(2), 1e-14, DATA(reduce(3, x_values[0]), reduce(3, x_values[1])));
}

static void expect_over_all(const dg_tensor *got, double (*reduce)(int n, const double *x))
{
    expect_values(got, dg_scalar(), 1e-14, DATA(reduce(6, x_values[0])));
}

#define REDUCTION(op)                                                                                                  \
    static void check_##op(trial *t, dg_node *x)                                                                       \
    {                                                                                                                  \
        int zero = 0;                                                                                                  \
        size_t one = 1;                                                                                                \
        dg_ints both = DG_INTS(0, 1);                                                                                  \
        expect_over_0(trial_run(t, dg_##op(x, .dim = 0)), op##_of);                                                    \
        expect_over_0(trial_run(t, dg_##op(x, .dim = zero)), op##_of);                                                 \
        expect_over_0(trial_run(t, dg_##op(x, .dim = {0})), op##_of);                                                  \
        expect_over_0(trial_run(t, dg_##op(x, .dim = DG_INTS(-2))), op##_of);                                          \
        expect_over_1(trial_run(t, dg_##op(x, .dim = 1)), op##_of);                                                    \
        expect_over_1(trial_run(t, dg_##op(x, .dim = -1)), op##_of);                                                   \
        expect_over_1(trial_run(t, dg_##op(x, .dim = (int64_t)one, .name = #op)), op##_of);                            \
        expect_over_1(trial_run(t, dg_##op(x, .dim = {1})), op##_of);                                                  \
        expect_over_1(trial_run(t, dg_##op(x, .dim = DG_INTS(1))), op##_of);                                           \
        expect_over_all(trial_run(t, dg_##op(x)), op##_of);                                                            \
        expect_over_all(trial_run(t, dg_##op(x, .dim = DG_NONE)), op##_of);                                            \
        expect_over_all(trial_run(t, dg_##op(x, .dim = both)), op##_of);                                               \
        expect_over_all(trial_run(t, dg_##op(x, .dim = DG_INTS(1, 0))), op##_of);                                      \
    }
REDUCTION(sum)
REDUCTION(mean)
REDUCTION(amax)
REDUCTION(amin)
REDUCTION(var)
REDUCTION(std)
REDUCTION(norm)
REDUCTION(logsumexp)

Test(options, a_number_is_that_dimension_of_every_reduction)
{
    static void (*const checks[])(trial * t, dg_node * x) = {check_sum, check_mean, check_amax, check_amin,
                                                             check_var, check_std,  check_norm, check_logsumexp};
    for (size_t k = 0; k < sizeof checks / sizeof *checks; k++) {
        trial *t = trial_new(DG_FLOAT64);
        checks[k](t, trial_input(t, DG_SHAPE(2, 3), X_VALUES));
        trial_free(t);
    }
}

Test(options, a_number_is_that_dimension_of_products_and_conditions)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), X_VALUES), *positive = dg_gt(x, dg_zeros(t->graph, dg_scalar()));
    expect_over_0(trial_run(t, dg_prod(x, .dim = 0)), prod_of);
    expect_over_1(trial_run(t, dg_prod(x, .dim = 1)), prod_of);
    expect_over_all(trial_run(t, dg_prod(x)), prod_of);
    expect_values(trial_run(t, dg_all(positive, .dim = 0)), DG_SHAPE(3), 0, DATA(1, 0, 0));
    expect_values(trial_run(t, dg_all(positive, .dim = 1)), DG_SHAPE(2), 0, DATA(0, 0));
    expect_values(trial_run(t, dg_count(x, .dim = 0)), dg_scalar(), 0, DATA(2));
    expect_values(trial_run(t, dg_count(x, .dim = 1)), dg_scalar(), 0, DATA(3));
    expect_values(trial_run(t, dg_count(x)), dg_scalar(), 0, DATA(6));
    expect_values(trial_run(t, dg_any(positive, .dim = 0)), DG_SHAPE(3), 0, DATA(1, 1, 1));
    expect_values(trial_run(t, dg_any(positive, .dim = DG_INTS(0, 1))), dg_scalar(), 0, DATA(1));
    trial_free(t);
}

static void expect_shape(dg_node *node, dg_shape want)
{
    char has[DG_SHAPE_TEXT], wants[DG_SHAPE_TEXT];
    cr_assert(node, "no node");
    const dg_shape *shape = &dg_node_type(node, 0)->shape;
    cr_expect(dg_shape_equal(shape, &want), "%s is %s, expected %s", dg_node_name(node),
              dg_shape_print(shape, has, sizeof has), dg_shape_print(&want, wants, sizeof wants));
}

Test(options, squeeze_and_softmax_and_normalize_take_the_same_spelling)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 2, 1, 3), X_VALUES), *y = dg_squeeze(x);
    expect_shape(dg_squeeze(x, .dim = 0), DG_SHAPE(2, 1, 3));
    expect_shape(dg_squeeze(x, .dim = 2), DG_SHAPE(1, 2, 3));
    expect_shape(dg_squeeze(x, .dim = DG_INTS(0, 2)), DG_SHAPE(2, 3));
    expect_shape(y, DG_SHAPE(2, 3));
    expect_values(trial_run(t, dg_sum(dg_softmax(y, .dim = 0), .dim = 0)), DG_SHAPE(3), 1e-14, DATA(1, 1, 1));
    expect_values(trial_run(t, dg_sum(dg_softmax(y, .dim = 1), .dim = 1)), DG_SHAPE(2), 1e-14, DATA(1, 1));
    expect_values(trial_run(t, dg_norm(dg_normalize(y, .dim = 0), .dim = 0)), DG_SHAPE(3), 1e-14, DATA(1, 1, 1));
    expect_values(trial_run(t, dg_norm(dg_normalize(y), .dim = 1)), DG_SHAPE(2), 1e-14, DATA(1, 1));
    expect_values(trial_run(t, dg_norm(dg_normalize(y, .dim = DG_INTS(0, 1)))), dg_scalar(), 1e-14, DATA(1));
    trial_free(t);
}

/* ---- sizes: one for every dimension ---- */

Test(options, one_padding_is_for_height_and_width)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = dg_ones(t->graph, DG_SHAPE(1, 1, 3, 3)), *w = dg_ones(t->graph, DG_SHAPE(1, 1, 3, 3));
    expect_values(trial_run(t, dg_conv2d(x, DG_NONE, .weight = w, .padding = 1)), DG_SHAPE(1, 1, 3, 3), 0,
                  DATA(4, 6, 4, 6, 9, 6, 4, 6, 4));
    expect_values(trial_run(t, dg_conv2d(x, DG_NONE, .weight = w, .padding = {1})), DG_SHAPE(1, 1, 3, 3), 0,
                  DATA(4, 6, 4, 6, 9, 6, 4, 6, 4));
    expect_values(trial_run(t, dg_conv2d(x, DG_NONE, .weight = w, .padding = DG_INTS(1, 0))), DG_SHAPE(1, 1, 3, 1), 0,
                  DATA(6, 9, 6));
    expect_values(trial_run(t, dg_conv2d(x, DG_NONE, .weight = w, .padding = 0)), DG_SHAPE(1, 1, 1, 1), 0, DATA(9));
    expect_values(trial_run(t, dg_conv2d(x, DG_NONE, .weight = w)), DG_SHAPE(1, 1, 1, 1), 0, DATA(9));
    trial_free(t);
}

Test(options, padding_may_be_a_word)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x1 = trial_input(t, DG_SHAPE(1, 2, 9), NULL), *x2 = trial_input(t, DG_SHAPE(1, 2, 9, 8), NULL),
            *x3 = trial_input(t, DG_SHAPE(1, 2, 9, 8, 7), NULL);
    expect_shape(dg_conv1d(x1, 1, .kernel_size = 4, .padding = DG_SAME), DG_SHAPE(1, 1, 9));
    expect_shape(dg_conv2d(x2, 1, .kernel_size = 5, .padding = DG_SAME, .dilation = 2), DG_SHAPE(1, 1, 9, 8));
    expect_shape(dg_conv3d(x3, 1, .kernel_size = DG_INTS(1, 3, 5), .padding = {DG_SAME}), DG_SHAPE(1, 1, 9, 8, 7));
    expect_shape(dg_conv2d(x2, 1, .kernel_size = 5, .padding = DG_VALID), DG_SHAPE(1, 1, 5, 4));
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    x2 = trial_input(t, DG_SHAPE(1, 2, 9, 9), NULL);
    cr_expect_null(dg_max_pool2d(x2, .kernel_size = 2, .padding = DG_SAME));
    cr_expect(strstr(dg_graph_status(t->graph).message, "is same, expected a size"), "%s",
              dg_graph_status(t->graph).message);
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    cr_expect_null(
        dg_conv2d(trial_input(t, DG_SHAPE(1, 2, 9, 9), NULL), 1, .kernel_size = 3, .stride = 2, .padding = DG_SAME));
    cr_expect(strstr(dg_graph_status(t->graph).message, "stride of 1"), "%s", dg_graph_status(t->graph).message);
    trial_free(t);
}

Test(options, one_size_is_for_every_dimension_of_a_convolution)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x1 = trial_input(t, DG_SHAPE(1, 2, 9), NULL), *x2 = trial_input(t, DG_SHAPE(1, 2, 9, 9), NULL),
            *x3 = trial_input(t, DG_SHAPE(1, 2, 9, 9, 9), NULL);
    expect_shape(dg_conv1d(x1, 1, .kernel_size = 3), DG_SHAPE(1, 1, 7));
    expect_shape(dg_conv2d(x2, 1, .kernel_size = 3), DG_SHAPE(1, 1, 7, 7));
    expect_shape(dg_conv2d(x2, 1, .kernel_size = {3}, .stride = 2), DG_SHAPE(1, 1, 4, 4));
    expect_shape(dg_conv2d(x2, 1, .kernel_size = DG_INTS(3, 1), .dilation = 2), DG_SHAPE(1, 1, 5, 9));
    expect_shape(dg_conv2d(x2, 1, .kernel_size = 3, .stride = DG_INTS(1, 2)), DG_SHAPE(1, 1, 7, 4));
    expect_shape(dg_conv2d(x2, 1, .kernel_size = 3, .dilation = DG_INTS(1, 4)), DG_SHAPE(1, 1, 7, 1));
    expect_shape(dg_conv3d(x3, 1, .kernel_size = 3, .padding = 1), DG_SHAPE(1, 1, 9, 9, 9));
    expect_shape(dg_conv3d(x3, 1, .kernel_size = DG_INTS(1, 3, 5)), DG_SHAPE(1, 1, 9, 7, 5));
    expect_shape(dg_conv_transpose1d(x1, 1, .kernel_size = 2, .stride = 2), DG_SHAPE(1, 1, 18));
    expect_shape(dg_conv_transpose2d(x2, 1, .kernel_size = 3, .stride = 2, .padding = 1, .output_padding = 1),
                 DG_SHAPE(1, 1, 18, 18));
    expect_shape(
        dg_conv_transpose2d(x2, 1, .kernel_size = 3, .stride = 2, .padding = 1, .output_padding = DG_INTS(0, 1)),
        DG_SHAPE(1, 1, 17, 18));
    expect_shape(dg_conv_transpose3d(x3, 1, .kernel_size = DG_INTS(1, 2, 3), .dilation = 2), DG_SHAPE(1, 1, 9, 11, 13));
    must(dg_graph_status(t->graph));
    trial_free(t);
}

Test(options, one_size_is_for_every_dimension_of_a_window)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x1 = trial_input(t, DG_SHAPE(1, 2, 8), NULL), *x2 = trial_input(t, DG_SHAPE(1, 2, 8, 8), NULL),
            *x3 = trial_input(t, DG_SHAPE(1, 2, 8, 8, 8), NULL);
    expect_shape(dg_max_pool1d(x1, .kernel_size = 2), DG_SHAPE(1, 2, 4));
    expect_shape(dg_max_pool2d(x2, .kernel_size = 2), DG_SHAPE(1, 2, 4, 4));
    expect_shape(dg_max_pool2d(x2, .kernel_size = 3, .stride = 1, .padding = 1), DG_SHAPE(1, 2, 8, 8));
    expect_shape(dg_max_pool2d(x2, .kernel_size = DG_INTS(2, 4), .stride = DG_INTS(1, 2)), DG_SHAPE(1, 2, 7, 3));
    expect_shape(dg_max_pool2d(x2, .kernel_size = 2, .stride = 1, .dilation = DG_INTS(1, 3)), DG_SHAPE(1, 2, 7, 5));
    expect_shape(dg_max_pool3d(x3, .kernel_size = 4), DG_SHAPE(1, 2, 2, 2, 2));
    expect_shape(dg_avg_pool1d(x1, .kernel_size = 4), DG_SHAPE(1, 2, 2));
    expect_shape(dg_avg_pool2d(x2, .kernel_size = 3, .padding = 1, .stride = 1), DG_SHAPE(1, 2, 8, 8));
    expect_shape(dg_avg_pool2d(x2, .kernel_size = 3, .padding = DG_INTS(1, 0), .stride = 1), DG_SHAPE(1, 2, 8, 6));
    expect_shape(dg_avg_pool3d(x3, .kernel_size = DG_INTS(1, 2, 4)), DG_SHAPE(1, 2, 8, 4, 2));
    expect_shape(dg_adaptive_max_pool1d(x1, .output_size = 3), DG_SHAPE(1, 2, 3));
    expect_shape(dg_adaptive_max_pool2d(x2, .output_size = 3), DG_SHAPE(1, 2, 3, 3));
    expect_shape(dg_adaptive_max_pool3d(x3, .output_size = DG_INTS(1, 2, 3)), DG_SHAPE(1, 2, 1, 2, 3));
    expect_shape(dg_adaptive_avg_pool1d(x1, .output_size = 1), DG_SHAPE(1, 2, 1));
    expect_shape(dg_adaptive_avg_pool2d(x2, .output_size = {1}), DG_SHAPE(1, 2, 1, 1));
    expect_shape(dg_adaptive_avg_pool3d(x3, .output_size = 2), DG_SHAPE(1, 2, 2, 2, 2));
    expect_shape(dg_interpolate(x2, .size = 5), DG_SHAPE(1, 2, 5, 5));
    expect_shape(dg_interpolate(x2, .size = DG_INTS(5, 3)), DG_SHAPE(1, 2, 5, 3));
    expect_shape(dg_unfold(x2, .kernel_size = 2, .stride = 2), DG_SHAPE(1, 8, 16));
    expect_shape(dg_unfold(x2, .kernel_size = DG_INTS(2, 1), .padding = 1), DG_SHAPE(1, 4, 90));
    expect_shape(dg_fold(dg_unfold(x2, .kernel_size = 2), .output_size = 8, .kernel_size = 2), DG_SHAPE(1, 2, 8, 8));
    must(dg_graph_status(t->graph));
    trial_free(t);
}

Test(options, a_normalized_shape_is_a_size_or_a_list)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), X_VALUES);
    dg_node *rows = dg_layer_norm(x, .normalized_shape = 3), *all = dg_layer_norm(x, .normalized_shape = DG_INTS(2, 3));
    /* mean 2/3, variance 38/9; and 5.5/6, 31.25/6 − (5.5/6)² */
    double r = 1 / sqrt(38. / 9 + 1e-5), q = 1 / sqrt(31.25 / 6 - 5.5 / 6 * 5.5 / 6 + 1e-5);
    cr_expect_float_eq(dg_tensor_get(trial_run(t, rows), 0), (1 - 2. / 3) * r, 1e-14);
    cr_expect_float_eq(dg_tensor_get(trial_run(t, all), 0), (1 - 5.5 / 6) * q, 1e-14);
    expect_shape(dg_rms_norm(x, .normalized_shape = 3), DG_SHAPE(2, 3));
    dg_layer_norm(x, .normalized_shape = 12);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "does not end in the 1 normalised dimension, [12]");
    trial_free(t);
}

/* ---- lists that an op cannot do without ---- */

Test(options, a_list_as_an_argument_is_a_number_too)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), X_VALUES);
    expect_values(trial_run(t, dg_flip(x, 1)), DG_SHAPE(2, 3), 0, DATA(3, -2, 1, -1, 4, 0.5));
    expect_values(trial_run(t, dg_flip(x, 0)), DG_SHAPE(2, 3), 0, DATA(0.5, 4, -1, 1, -2, 3));
    expect_values(trial_run(t, dg_flip(x, DG_INTS(0, 1))), DG_SHAPE(2, 3), 0, DATA(-1, 4, 0.5, 3, -2, 1));
    expect_values(trial_run(t, dg_roll(x, 1, .dims = 1)), DG_SHAPE(2, 3), 0, DATA(3, 1, -2, -1, 0.5, 4));
    expect_values(trial_run(t, dg_roll(x, 1, .dims = 0)), DG_SHAPE(2, 3), 0, DATA(0.5, 4, -1, 1, -2, 3));
    expect_values(trial_run(t, dg_roll(x, 1)), DG_SHAPE(2, 3), 0, DATA(-1, 1, -2, 3, 0.5, 4));
    expect_values(trial_run(t, dg_movedim(x, 0, 1)), DG_SHAPE(3, 2), 0, DATA(1, 0.5, -2, 4, 3, -1));
    expect_values(trial_run(t, dg_permute(x, DG_INTS(1, 0))), DG_SHAPE(3, 2), 0, DATA(1, 0.5, -2, 4, 3, -1));
    expect_shape(dg_tile(x, 2), DG_SHAPE(2, 6));
    expect_shape(dg_repeat(x, DG_INTS(2, 1)), DG_SHAPE(4, 3));
    expect_shape(dg_pad(x, DG_INTS(1, 0)), DG_SHAPE(2, 4));
    cr_expect_eq(dg_node_output_count(dg_split(x, 1, .dim = 1)), 3);
    cr_expect_eq(dg_node_output_count(dg_split(x, DG_INTS(1, 2), .dim = 1)), 2);
    must(dg_graph_status(t->graph));
    trial_free(t);
}

/* ---- what is refused ---- */

static void expect_bad_dims(dg_ints dims, const char *text)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_sum(trial_input(t, DG_SHAPE(2, 3), NULL), .dim = dims, .name = "s");
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, text);
    trial_free(t);
}

Test(options, lists_that_are_none_are_refused)
{
    expect_bad_dims((dg_ints){.only = 1, .guard = (dg_guard)2}, "sum 's': 'dim' is a list in bare braces");
    expect_bad_dims((dg_ints){.count = DG_MAX_INTS + 1}, "'dim' has 17 numbers, at most 16");
    expect_bad_dims((dg_ints){.count = -1}, "'dim' has -1 numbers");
}

Test(options, a_number_that_is_none_is_refused_where_it_has_no_meaning)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2), DATA(-1, 1));
    expect_values(trial_run(t, dg_full(t->graph, DG_SHAPE(2), NAN)), DG_SHAPE(2), 0, DATA(NAN, NAN));
    expect_values(trial_run(t, dg_masked_fill(x, dg_gt(x, dg_zeros_like(x)), NAN)), DG_SHAPE(2), 0, DATA(-1, NAN));
    expect_values(trial_run(t, dg_clamp(x, .max = 0.5)), DG_SHAPE(2), 0, DATA(-1, 0.5));
    expect_values(trial_run(t, dg_clamp(x, .min = DG_NO_NUMBER, .max = 0.5)), DG_SHAPE(2), 0, DATA(-1, 0.5));
    dg_leaky_relu(x, .negative_slope = NAN, .name = "l");
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "leaky_relu 'l': 'negative_slope' is NaN");
    trial_free(t);
    t = trial_new(DG_FLOAT64);
    dg_clamp(trial_input(t, DG_SHAPE(2), NULL), .min = NAN, .max = 0.5);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "'min' is NaN");
    trial_free(t);
}
