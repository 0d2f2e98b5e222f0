/* Reductions: against plain loops over every set of dimensions, accuracy, ties, zeros, empty tensors, threads, errors.
 */
#include "../support.h"

static double drawn(uint64_t i)
{
    return 2 * dg_random_unit(&(dg_random){.seed = 7}, i) - 1;
}

/* The sum over the dimensions in `mask` by definition. */
static void plain_sum(const double *x, const int64_t *size, int rank, unsigned mask, double *y)
{
    int64_t count = 1, index[DG_MAX_RANK];
    for (int d = 0; d < rank; d++)
        count *= size[d];
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, at = 0, stride = 1;
        for (int d = rank - 1; d >= 0; d--) {
            index[d] = rest % size[d];
            rest /= size[d];
        }
        for (int d = rank - 1; d >= 0; d--) {
            if (mask >> d & 1)
                continue;
            at += index[d] * stride;
            stride *= size[d];
        }
        y[at] += x[i];
    }
}

Test(sum, works_over_every_set_of_dimensions)
{
    enum { COUNT = 3 * 4 * 1 * 5 * 2 };
    const int64_t size[] = {3, 4, 1, 5, 2};
    double x[COUNT];
    for (uint64_t i = 0; i < COUNT; i++)
        x[i] = drawn(i);
    for (unsigned mask = 1; mask < 32; mask++) {
        trial *t = trial_new(DG_FLOAT64);
        double want[COUNT] = {0};
        dg_ints dims = {.only = DG_NONE};
        dg_shape shape = {0}, kept = {.rank = 5};
        for (int d = 0; d < 5; d++) {
            kept.dims[d] = mask >> d & 1 ? 1 : size[d];
            if (mask >> d & 1)
                dims.at[dims.count++] = d - (d % 2 ? 5 : 0);
            else
                shape.dims[shape.rank++] = size[d];
        }
        plain_sum(x, size, 5, mask, want);
        dg_node *node = trial_input(t, DG_SHAPE(3, 4, 1, 5, 2), x);
        expect_values(trial_run(t, dg_sum(node, .dim = dims)), shape, 1e-14, want);
        expect_values(trial_run(t, dg_sum(node, .dim = dims, .keepdim = true)), kept, 1e-14, want);
        trial_free(t);
    }
}

Test(sum, of_a_million_floats_is_accurate)
{
    /* Added one after the other in float32, a tenth a million times gives 100958.3. */
    int64_t n = 1000000;
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(n), NULL);
    for (int64_t i = 0; i < n; i++)
        dg_tensor_set(&t->tensors[0], i, 0.1);
    expect_values(trial_run(t, dg_sum(x)), dg_scalar(), 5e-7, DATA(100000.00149));
    dg_node *columns = dg_reshape(x, DG_SHAPE(n / 2, 2));
    expect_values(trial_run(t, dg_sum(columns, .dim = DG_INTS(0))), DG_SHAPE(2), 2e-7,
                  DATA(50000.000745, 50000.000745));
    expect_values(trial_run(t, dg_mean(x)), dg_scalar(), 1e-7, DATA(0.1));
    trial_free(t);
}

Test(sum, has_the_same_bits_for_any_number_of_threads)
{
    const dg_shape shapes[] = {DG_SHAPE(300000), DG_SHAPE(70000, 3), DG_SHAPE(3, 70000), DG_SHAPE(40, 60, 80)};
    for (int k = 0; k < 4; k++) {
        for (int dim = 0; dim < shapes[k].rank; dim++) {
            trial *t = trial_new(DG_FLOAT32);
            dg_node *x = trial_input(t, shapes[k], NULL);
            for (int64_t i = 0; i < dg_tensor_count(&t->tensors[0]); i++)
                dg_tensor_set(&t->tensors[0], i, drawn((uint64_t)i));
            dg_node *y = dg_sum(x, .dim = DG_INTS(dim));
            dg_tensor alone;
            must(dg_tensor_copy(&alone, trial_run(t, y)));
            must(dg_threads_new(3, &t->threads));
            const dg_tensor *together = trial_run(t, y);
            cr_expect_arr_eq(alone.data, together->data, dg_tensor_bytes(&alone));
            dg_tensor_release(&alone);
            dg_plan_free(t->plan);
            t->plan = NULL;
            dg_threads_free(t->threads);
            trial_free(t);
        }
    }
}

Test(sum, of_integers_and_conditions_counts_in_int64)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *i = trial_feed(t, DG_INT32, DG_SHAPE(2, 2), DG_SHAPE(2, 2), DATA(2147483647, 1, 2147483647, -5));
    const dg_tensor *y = trial_run(t, dg_sum(i, .dim = DG_INTS(0)));
    cr_expect_eq(y->dtype, DG_INT64);
    expect_values(y, DG_SHAPE(2), 0, DATA(4294967294, -4));
    dg_node *b = trial_feed(t, DG_BOOL, DG_SHAPE(3), DG_SHAPE(3), DATA(1, 0, 1));
    y = trial_run(t, dg_sum(b));
    cr_expect_eq(y->dtype, DG_INT64);
    expect_values(y, dg_scalar(), 0, DATA(2));
    expect_values(trial_run(t, dg_prod(i)), dg_scalar(), 1e-12, DATA(-23058430070662103045.0 + 18446744073709551616.0));
    trial_free(t);
}

Test(reduce, of_nothing_is_the_neutral_element)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(0, 2), NULL);
    expect_values(trial_run(t, dg_sum(x)), dg_scalar(), 0, DATA(0));
    expect_values(trial_run(t, dg_sum(x, .dim = DG_INTS(0))), DG_SHAPE(2), 0, DATA(0, 0));
    expect_values(trial_run(t, dg_prod(x, .dim = DG_INTS(0))), DG_SHAPE(2), 0, DATA(1, 1));
    expect_values(trial_run(t, dg_mean(x, .dim = DG_INTS(0))), DG_SHAPE(2), 0, DATA(NAN, NAN));
    expect_values(trial_run(t, dg_all(x)), dg_scalar(), 0, DATA(1));
    expect_values(trial_run(t, dg_any(x)), dg_scalar(), 0, DATA(0));
    expect_values(trial_run(t, dg_amax(x, .dim = DG_INTS(1))), DG_SHAPE(0), 0, NULL);
    dg_amax(x, .dim = DG_INTS(0), .name = "top");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "top");
    trial_free(t);
}

Test(amax, finds_extremes_and_lets_nan_win)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(3, 3), DATA(1, -7, 3, NAN, 0, 5, -INFINITY, -2, INFINITY));
    expect_values(trial_run(t, dg_amax(x, .dim = DG_INTS(1))), DG_SHAPE(3), 0, DATA(3, NAN, INFINITY));
    expect_values(trial_run(t, dg_amin(x, .dim = DG_INTS(1))), DG_SHAPE(3), 0, DATA(-7, NAN, -INFINITY));
    expect_values(trial_run(t, dg_amax(x, .dim = DG_INTS(0))), DG_SHAPE(3), 0, DATA(NAN, 0, INFINITY));
    expect_values(trial_run(t, dg_amin(x)), dg_scalar(), 0, DATA(NAN));
    dg_node *i = trial_feed(t, DG_INT64, DG_SHAPE(3), DG_SHAPE(3), DATA(-4, 9, 2));
    cr_expect_eq(trial_run(t, dg_amax(i))->dtype, DG_INT64);
    expect_values(trial_run(t, dg_amax(i)), dg_scalar(), 0, DATA(9));
    trial_free(t);
}

Test(amax, ties_share_the_gradient)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), DATA(2, 2, 1, 0, 4, 3));
    expect_values(trial_run(t, trial_grad(dg_amax(x, .dim = DG_INTS(-1)), x)), DG_SHAPE(2, 3), 0,
                  DATA(0.5, 0.5, 0, 0, 1, 0));
    expect_values(trial_run(t, trial_grad(dg_amin(x, .dim = DG_INTS(0), .keepdim = true), x)), DG_SHAPE(2, 3), 0,
                  DATA(0, 1, 1, 1, 0, 0));
    trial_free(t);
}

Test(argmax, is_the_first_place_of_the_greatest)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(3, 4), DATA(1, 5, 5, 2, NAN, 9, NAN, 1, -3, -3, -4, -4));
    cr_expect_eq(trial_run(t, dg_argmax(x))->dtype, DG_INT64);
    expect_values(trial_run(t, dg_argmax(x)), dg_scalar(), 0, DATA(4));
    expect_values(trial_run(t, dg_argmax(x, .dim = 1)), DG_SHAPE(3), 0, DATA(1, 0, 0));
    expect_values(trial_run(t, dg_argmin(x, .dim = 1, .keepdim = true)), DG_SHAPE(3, 1), 0, DATA(0, 0, 2));
    expect_values(trial_run(t, dg_argmax(x, .dim = 0)), DG_SHAPE(4), 0, DATA(1, 1, 1, 0));
    expect_values(trial_run(t, dg_argmin(x, .dim = -2)), DG_SHAPE(4), 0, DATA(1, 2, 1, 2));
    trial_free(t);
}

Test(all, and_any_tell_what_is_true)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(3, 2), DATA(1, 2, 0, -1, 0, 0));
    cr_expect_eq(trial_run(t, dg_all(x))->dtype, DG_BOOL);
    expect_values(trial_run(t, dg_all(x, .dim = DG_INTS(1))), DG_SHAPE(3), 0, DATA(1, 0, 0));
    expect_values(trial_run(t, dg_any(x, .dim = DG_INTS(1))), DG_SHAPE(3), 0, DATA(1, 1, 0));
    expect_values(trial_run(t, dg_any(x)), dg_scalar(), 0, DATA(1));
    trial_free(t);
}

Test(prod, has_the_right_gradients_where_there_are_zeros)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(4, 3), DATA(2, 3, 4, 2, 0, 4, 0, 3, 0, 0, 0, 0));
    expect_values(trial_run(t, dg_prod(x, .dim = DG_INTS(1))), DG_SHAPE(4), 0, DATA(24, 0, 0, 0));
    expect_values(trial_run(t, trial_grad(dg_prod(x, .dim = DG_INTS(1)), x)), DG_SHAPE(4, 3), 0,
                  DATA(12, 8, 6, 0, 8, 0, 0, 0, 0, 0, 0, 0));
    trial_free(t);
}

/* d²(abc)/da db = c: also where a, b or both are 0. */
Test(prod, has_the_right_second_derivatives_where_there_are_zeros)
{
    const double points[][3] = {{2, 3, 5}, {0, 3, 5}, {0, 0, 5}, {0, 0, 0}};
    for (int k = 0; k < 4; k++) {
        trial *t = trial_new(DG_FLOAT64);
        const double *p = points[k];
        dg_node *x = trial_input(t, DG_SHAPE(3), p), *weights = trial_input(t, DG_SHAPE(3), DATA(1, 10, 100));
        dg_node *g = trial_grad(dg_prod(x), x);
        expect_values(trial_run(t, g), DG_SHAPE(3), 0, DATA(p[1] * p[2], p[0] * p[2], p[0] * p[1]));
        expect_values(trial_run(t, trial_grad(dg_mul(g, weights), x)), DG_SHAPE(3), 0,
                      DATA(10 * p[2] + 100 * p[1], p[2] + 100 * p[0], p[1] + 10 * p[0]));
        dg_node *hessian_row = trial_grad(dg_mul(g, weights), x);
        expect_values(trial_run(t, trial_grad(hessian_row, x)), DG_SHAPE(3), 0, DATA(110, 101, 11));
        trial_free(t);
    }
}

Test(prod, over_two_dimensions_has_the_gradient_of_both)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2, 2), DATA(1, 2, 3, 4, 5, 0, 7, 8));
    expect_values(trial_run(t, dg_prod(x, .dim = DG_INTS(0, 2))), DG_SHAPE(2), 0, DATA(0, 672));
    expect_values(trial_run(t, trial_grad(dg_prod(x, .dim = DG_INTS(0, 2)), x)), DG_SHAPE(2, 2, 2), 0,
                  DATA(0, 0, 224, 168, 0, 10, 96, 84));
    expect_values(trial_run(t, trial_grad(dg_prod(x), x)), DG_SHAPE(2, 2, 2), 0, DATA(0, 0, 0, 0, 0, 6720, 0, 0));
    trial_free(t);
}

Test(var, divides_by_the_count_less_the_correction)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 4), DATA(1, 2, 3, 6, 5, 5, 5, 5));
    expect_values(trial_run(t, dg_var(x, .dim = DG_INTS(1))), DG_SHAPE(2), 1e-15, DATA(14. / 3, 0));
    expect_values(trial_run(t, dg_var(x, .dim = DG_INTS(1), .correction = 0, .keepdim = true)), DG_SHAPE(2, 1), 1e-15,
                  DATA(3.5, 0));
    expect_values(trial_run(t, dg_std(x, .dim = DG_INTS(1))), DG_SHAPE(2), 1e-15, DATA(sqrt(14. / 3), 0));
    /* d std/dx = (x − mean)/(std (n − 1)); 0 where std is 0 */
    double s = sqrt(14. / 3) * 3;
    expect_values(trial_run(t, trial_grad(dg_std(x, .dim = DG_INTS(1)), x)), DG_SHAPE(2, 4), 1e-15,
                  DATA(-2 / s, -1 / s, 0, 3 / s, 0, 0, 0, 0));
    expect_values(trial_run(t, dg_var(x, .dim = DG_INTS(1), .correction = 4)), DG_SHAPE(2), 0, DATA(INFINITY, NAN));
    trial_free(t);
}

Test(var, of_numbers_far_from_0_keeps_its_digits)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(4), DATA(1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16));
    expect_values(trial_run(t, dg_var(x)), dg_scalar(), 0, DATA(30));
    trial_free(t);
}

Test(norm, of_every_order)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(3, -4, 0, -2));
    expect_values(trial_run(t, dg_norm(x)), dg_scalar(), 1e-15, DATA(sqrt(29)));
    expect_values(trial_run(t, dg_norm(x, .p = 1, .dim = DG_INTS(1))), DG_SHAPE(2), 0, DATA(7, 2));
    expect_values(trial_run(t, dg_norm(x, .dim = DG_INTS(1))), DG_SHAPE(2), 1e-15, DATA(5, 2));
    expect_values(trial_run(t, dg_norm(x, .p = 3, .dim = DG_INTS(1), .keepdim = true)), DG_SHAPE(2, 1), 1e-15,
                  DATA(cbrt(91), 2));
    expect_values(trial_run(t, dg_norm(x, .p = INFINITY, .dim = DG_INTS(1))), DG_SHAPE(2), 0, DATA(4, 2));
    expect_values(trial_run(t, dg_norm(x, .p = -INFINITY, .dim = DG_INTS(1))), DG_SHAPE(2), 0, DATA(3, 0));
    expect_values(trial_run(t, dg_norm(x, .p = 0, .dim = DG_INTS(1))), DG_SHAPE(2), 0, DATA(2, 1));
    expect_values(trial_run(t, dg_norm(x, .p = -1, .dim = DG_INTS(1))), DG_SHAPE(2), 1e-15, DATA(12. / 7, 0));
    trial_free(t);
}

Test(norm, has_gradient_0_where_everything_is_0)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(0, 0, 3, -4));
    expect_values(trial_run(t, trial_grad(dg_norm(x, .dim = DG_INTS(1)), x)), DG_SHAPE(2, 2), 1e-15,
                  DATA(0, 0, 0.6, -0.8));
    expect_values(trial_run(t, trial_grad(dg_norm(x, .p = 1, .dim = DG_INTS(1)), x)), DG_SHAPE(2, 2), 0,
                  DATA(0, 0, 1, -1));
    double r = pow(91, -2. / 3);
    expect_values(trial_run(t, trial_grad(dg_norm(x, .p = 3, .dim = DG_INTS(1)), x)), DG_SHAPE(2, 2), 1e-15,
                  DATA(0, 0, 9 * r, -16 * r));
    expect_values(trial_run(t, trial_grad(dg_norm(x, .p = INFINITY, .dim = DG_INTS(1)), x)), DG_SHAPE(2, 2), 1e-15,
                  DATA(0, 0, 0, -1));
    dg_node *half = trial_input(t, DG_SHAPE(3), DATA(0, 4, 9));
    expect_values(trial_run(t, trial_grad(dg_norm(half, .p = 0.5), half)), DG_SHAPE(3), 1e-15, DATA(0, 2.5, 5. / 3));
    trial_free(t);
}

Test(logsumexp, is_stable)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(6, 2),
                             DATA(1e4, 1e4, -1e4, -1e4, -INFINITY, 3, -INFINITY, -INFINITY, INFINITY, 1, NAN, 0));
    dg_node *y = dg_logsumexp(x, .dim = DG_INTS(1));
    expect_values(trial_run(t, y), DG_SHAPE(6), 1e-7, DATA(1e4 + log(2), -1e4 + log(2), 3, -INFINITY, INFINITY, NAN));
    dg_node *finite = trial_input(t, DG_SHAPE(4, 2), DATA(1e4, 1e4, -1e4, 1e4, -INFINITY, 3, -INFINITY, -INFINITY));
    expect_values(trial_run(t, trial_grad(dg_logsumexp(finite, .dim = DG_INTS(1), .keepdim = true), finite)),
                  DG_SHAPE(4, 2), 0, DATA(0.5, 0.5, 0, 1, 0, 1, 0, 0));
    trial_free(t);
}

Test(logsumexp, of_all_dimensions_is_a_scalar)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(0, log(2), log(3), log(4)));
    expect_values(trial_run(t, dg_logsumexp(x)), dg_scalar(), 1e-15, DATA(log(10)));
    expect_values(trial_run(t, trial_grad(dg_logsumexp(x), x)), DG_SHAPE(2, 2), 1e-15, DATA(0.1, 0.2, 0.3, 0.4));
    trial_free(t);
}

Test(mean, works_on_a_symbolic_batch)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_feed(t, DG_FLOAT64, DG_SHAPE(DG_N, 2), DG_SHAPE(4, 2), DATA(1, 2, 3, 4, 5, 6, 7, 8));
    expect_values(trial_run(t, dg_mean(x, .dim = DG_INTS(0))), DG_SHAPE(2), 0, DATA(4, 5));
    expect_values(trial_run(t, trial_grad(dg_mean(x), x)), DG_SHAPE(4, 2), 0,
                  DATA(0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125));
    expect_values(trial_run(t, trial_grad(dg_prod(x, .dim = DG_INTS(0)), x)), DG_SHAPE(4, 2), 0,
                  DATA(105, 192, 35, 96, 21, 64, 15, 48));
    trial_free(t);
}

Test(sum_to, reverses_broadcasting)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2, 3), DATA(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
    expect_values(trial_run(t, dg_sum_to(x, trial_input(t, DG_SHAPE(2, 1), NULL))), DG_SHAPE(2, 1), 0, DATA(30, 48));
    expect_values(trial_run(t, dg_sum_to(x, trial_input(t, DG_SHAPE(3), NULL))), DG_SHAPE(3), 0, DATA(22, 26, 30));
    expect_values(trial_run(t, dg_sum_to(x, trial_input(t, dg_scalar(), NULL))), dg_scalar(), 0, DATA(78));
    expect_values(trial_run(t, dg_sum_to(x, x)), DG_SHAPE(2, 2, 3), 0, DATA(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
    dg_sum_to(x, trial_input(t, DG_SHAPE(2), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "[2, 2, 3] cannot be the broadcast of [2]");
    trial_free(t);
}

Test(reduce, mistakes_are_named)
{
    const struct {
        dg_ints dim;
        dg_code code;
        const char *message;
    } mistakes[] = {{DG_INTS(2), DG_BAD_SHAPE, "dim is 2"},
                    {DG_INTS(-3), DG_BAD_SHAPE, "dim is -3"},
                    {DG_INTS(0, -2), DG_BAD_SHAPE, "dimension 0 is given twice"}};
    for (int k = 0; k < 3; k++) {
        trial *t = trial_new(DG_FLOAT32);
        dg_sum(trial_input(t, DG_SHAPE(2, 3), NULL), .dim = mistakes[k].dim, .name = "s");
        expect_failure(dg_graph_status(t->graph), mistakes[k].code, mistakes[k].message);
        expect_failure(dg_graph_status(t->graph), mistakes[k].code, "sum 's'");
        trial_free(t);
    }
    trial *t = trial_new(DG_FLOAT32);
    dg_mean(trial_labels(t, DG_SHAPE(2), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_DTYPE, "int64");
    trial_free(t);
}
