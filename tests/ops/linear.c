/* matmul, linear, outer, sqdist, cdist: values by hand and by plain loops, gradients in closed form, failures. */
#include "../support.h"

Test(matmul, multiplies_matrices)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *a = trial_input(t, DG_SHAPE(2, 3), DATA(1, 2, 3, 4, 5, 6));
    dg_node *b = trial_input(t, DG_SHAPE(3, 2), DATA(7, 8, 9, 10, 11, 12));
    expect_values(trial_run(t, dg_matmul(a, b)), DG_SHAPE(2, 2), 0, DATA(58, 64, 139, 154));
    trial_free(t);
}

Test(matmul, takes_vectors_on_either_side)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *m = trial_input(t, DG_SHAPE(2, 3), DATA(1, 2, 3, 4, 5, 6));
    dg_node *u = trial_input(t, DG_SHAPE(2), DATA(1, -1)), *v = trial_input(t, DG_SHAPE(3), DATA(1, 0, 2));
    dg_node *stack = trial_input(t, DG_SHAPE(2, 3, 1), DATA(1, 2, 3, 4, 5, 6));
    expect_values(trial_run(t, dg_matmul(u, m)), DG_SHAPE(3), 0, DATA(-3, -3, -3));
    expect_values(trial_run(t, dg_matmul(m, v)), DG_SHAPE(2), 0, DATA(7, 16));
    expect_values(trial_run(t, dg_matmul(v, v)), dg_scalar(), 0, DATA(5));
    expect_values(trial_run(t, dg_matmul(v, stack)), DG_SHAPE(2, 1), 0, DATA(7, 16));
    trial_free(t);
}

Test(matmul, broadcasts_batch_dimensions)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 1, 1, 2), DATA(1, 2, 3, 4));
    dg_node *b = trial_input(t, DG_SHAPE(3, 2, 1), DATA(1, 0, 0, 1, 1, 1));
    expect_values(trial_run(t, dg_matmul(a, b)), DG_SHAPE(2, 3, 1, 1), 0, DATA(1, 2, 3, 3, 4, 7));
    trial_free(t);
}

Test(matmul, transposes_its_operands)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(3, 2), DATA(1, 4, 2, 5, 3, 6));
    dg_node *b = trial_input(t, DG_SHAPE(2, 3), DATA(7, 9, 11, 8, 10, 12));
    dg_node *y = dg_matmul(a, b, .transpose_input = true, .transpose_other = true);
    expect_values(trial_run(t, y), DG_SHAPE(2, 2), 0, DATA(58, 64, 139, 154));
    trial_free(t);
}

Test(matmul, of_nothing_is_zero_or_empty)
{
    trial *t = trial_new(DG_FLOAT32);
    const double zeros[9] = {0};
    dg_node *a = trial_input(t, DG_SHAPE(2, 0), NULL), *b = trial_input(t, DG_SHAPE(0, 3), NULL);
    dg_node *c = trial_input(t, DG_SHAPE(0, 2), NULL), *v = trial_input(t, DG_SHAPE(0), NULL);
    expect_values(trial_run(t, dg_matmul(a, b)), DG_SHAPE(2, 3), 0, DATA(0, 0, 0, 0, 0, 0));
    expect_values(trial_run(t, dg_matmul(a, c, .transpose_input = true, .transpose_other = true)), DG_SHAPE(0, 0), 0,
                  NULL);
    expect_values(trial_run(t, dg_matmul(c, a)), DG_SHAPE(0, 0), 0, NULL);
    expect_values(trial_run(t, dg_matmul(b, b, .transpose_input = true)), DG_SHAPE(3, 3), 0, zeros);
    expect_values(trial_run(t, dg_matmul(a, v)), DG_SHAPE(2), 0, DATA(0, 0));
    trial_free(t);
}

Test(matmul, runs_with_a_symbolic_batch)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_feed(t, DG_FLOAT32, DG_SHAPE(DG_N, 2), DG_SHAPE(3, 2), DATA(1, 2, 3, 4, 5, 6));
    dg_node *w = trial_input(t, DG_SHAPE(2, 1), DATA(10, 1)), *y = dg_matmul(x, w);
    expect_values(trial_run(t, y), DG_SHAPE(3, 1), 0, DATA(12, 34, 56));
    expect_values(trial_run(t, trial_grad(y, w)), DG_SHAPE(2, 1), 0, DATA(9, 12));
    trial_free(t);
}

/* Whole numbers from −4 to 4: products of them have no rounding error, in any order of summation. */
static void whole_numbers(double *values, int64_t count, uint64_t stream)
{
    dg_random key = {7, stream, 0};
    for (int64_t i = 0; i < count; i++)
        values[i] = (double)dg_random_below(&key, (uint64_t)i, 9) - 4;
}

enum { LARGE_M = 150, LARGE_K = 301, LARGE_N = 270 };

static void large_product(dg_dtype dtype, bool ta, bool tb)
{
    static double a[LARGE_M * LARGE_K], b[LARGE_K * LARGE_N], want[LARGE_M * LARGE_N];
    whole_numbers(a, LARGE_M * LARGE_K, 1);
    whole_numbers(b, LARGE_K * LARGE_N, 2);
    for (int i = 0; i < LARGE_M; i++)
        for (int j = 0; j < LARGE_N; j++) {
            want[i * LARGE_N + j] = 0;
            for (int k = 0; k < LARGE_K; k++)
                want[i * LARGE_N + j] +=
                    a[ta ? k * LARGE_M + i : i * LARGE_K + k] * b[tb ? j * LARGE_K + k : k * LARGE_N + j];
        }
    trial *t = trial_new(dtype);
    dg_node *x = trial_input(t, ta ? DG_SHAPE(LARGE_K, LARGE_M) : DG_SHAPE(LARGE_M, LARGE_K), a);
    dg_node *y = trial_input(t, tb ? DG_SHAPE(LARGE_N, LARGE_K) : DG_SHAPE(LARGE_K, LARGE_N), b);
    dg_node *product = dg_matmul(x, y, .transpose_input = ta, .transpose_other = tb);
    for (int threads = 1; threads <= 3; threads++) {
        must(dg_threads_new(threads, &t->threads));
        expect_values(trial_run(t, product), DG_SHAPE(LARGE_M, LARGE_N), 0, want);
        dg_threads_free(t->threads);
        t->threads = NULL;
    }
    trial_free(t);
}

Test(matmul, cuts_large_products_into_pieces)
{
    for (int flags = 0; flags < 4; flags++) {
        large_product(DG_FLOAT32, flags & 1, flags & 2);
        large_product(DG_FLOAT64, flags & 1, flags & 2);
    }
}

Test(matmul, has_the_same_bits_for_any_number_of_threads)
{
    enum { M = 96, K = 517, N = 700 };
    trial *t = trial_new(DG_FLOAT32);
    dg_node *y = dg_matmul(dg_normal(t->graph, DG_SHAPE(3, M, K)), dg_normal(t->graph, DG_SHAPE(K, N)));
    dg_node *v = dg_matmul(dg_normal(t->graph, DG_SHAPE(1, 3000)), dg_normal(t->graph, DG_SHAPE(3000, N)));
    dg_tensor first[2] = {0};
    for (int threads = 1; threads <= 4; threads++)
        for (int k = 0; k < 2; k++) {
            must(dg_threads_new(threads, &t->threads));
            const dg_tensor *result = trial_run(t, k ? v : y);
            if (threads == 1)
                must(dg_tensor_copy(&first[k], result));
            cr_expect_eq(memcmp(first[k].data, result->data, dg_tensor_bytes(result)), 0, "%d threads", threads);
            dg_threads_free(t->threads);
            t->threads = NULL;
        }
    dg_tensor_release(&first[0]);
    dg_tensor_release(&first[1]);
    trial_free(t);
}

Test(matmul, has_gradients_of_any_order)
{
    /* f = Σ (A B)², so df/dA = 2 A B Bᵀ, and d(Σ df/dA)/dA = 2 · 1 B Bᵀ */
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 2), DATA(1, 2, 3, 4)),
            *b = trial_input(t, DG_SHAPE(2, 2), DATA(0, 1, 1, 2));
    dg_node *f = dg_sum(dg_square(dg_matmul(a, b))), *da = trial_grad(f, a);
    expect_values(trial_run(t, da), DG_SHAPE(2, 2), 1e-14, DATA(10, 24, 22, 52));
    expect_values(trial_run(t, trial_grad(da, a)), DG_SHAPE(2, 2), 1e-14, DATA(6, 14, 6, 14));
    expect_values(trial_run(t, trial_grad(f, b)), DG_SHAPE(2, 2), 1e-14, DATA(28, 76, 40, 108));
    trial_free(t);
}

Test(matmul, sums_the_gradient_over_broadcast_batches)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 1, 2), DATA(1, 2, 3, 4)), *w = trial_input(t, DG_SHAPE(2, 1), DATA(5, 6));
    dg_node *v = trial_input(t, DG_SHAPE(2), DATA(5, 6));
    expect_values(trial_run(t, trial_grad(dg_matmul(a, w), w)), DG_SHAPE(2, 1), 0, DATA(4, 6));
    expect_values(trial_run(t, trial_grad(dg_matmul(a, v), v)), DG_SHAPE(2), 0, DATA(4, 6));
    expect_values(trial_run(t, trial_grad(dg_matmul(a, w), a)), DG_SHAPE(2, 1, 2), 0, DATA(5, 6, 5, 6));
    trial_free(t);
}

Test(matmul, refuses_what_does_not_fit)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *a = trial_input(t, DG_SHAPE(2, 3), NULL), *b = trial_input(t, DG_SHAPE(4, 5), NULL);
    dg_matmul(a, b, .name = "product");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE,
                   "matmul 'product': input is [2, 3] and other is [4, 5]: the inner sizes 3 and 4 differ");
    trial_free(t);

    t = trial_new(DG_FLOAT32);
    a = trial_input(t, DG_SHAPE(2, 3), NULL);
    b = trial_feed(t, DG_FLOAT64, DG_SHAPE(3, 2), DG_SHAPE(3, 2), NULL);
    dg_matmul(a, b);
    expect_failure(dg_graph_status(t->graph), DG_BAD_DTYPE, "input is float32 and other is float64");
    trial_free(t);

    t = trial_new(DG_FLOAT32);
    dg_matmul(trial_input(t, DG_SHAPE(2, 2, 3), NULL), trial_input(t, DG_SHAPE(3, 3, 2), NULL));
    cr_expect_eq(dg_graph_status(t->graph).code, DG_BAD_SHAPE);
    trial_free(t);

    t = trial_new(DG_FLOAT32);
    dg_matmul(trial_input(t, dg_scalar(), NULL), trial_input(t, DG_SHAPE(3), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "input is [], expected at least 1 dimension");
    trial_free(t);
}

/* ---- linear ---- */

Test(linear, multiplies_by_the_transposed_weight_and_adds_the_bias)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(1, 2, 3, 4));
    dg_node *w = trial_input(t, DG_SHAPE(3, 2), DATA(1, 0, 0, 1, 1, 1)),
            *b = trial_input(t, DG_SHAPE(3), DATA(10, 20, 30));
    dg_node *y = dg_linear(x, DG_NONE, .weight = w, .bias_node = b);
    expect_values(trial_run(t, y), DG_SHAPE(2, 3), 0, DATA(11, 22, 33, 13, 24, 37));
    y = dg_linear(x, DG_NONE, .weight = w);
    expect_values(trial_run(t, y), DG_SHAPE(2, 3), 0, DATA(1, 2, 3, 3, 4, 7));
    trial_free(t);
}

Test(linear, keeps_leading_dimensions_and_takes_vectors)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 1, 2), DATA(1, 2, 3, 4)), *v = trial_input(t, DG_SHAPE(2), DATA(1, 2));
    dg_node *w = trial_input(t, DG_SHAPE(1, 2), DATA(10, 1)), *b = trial_input(t, DG_SHAPE(1), DATA(0.5));
    expect_values(trial_run(t, dg_linear(x, 1, .weight = w, .bias_node = b)), DG_SHAPE(2, 1, 1), 0, DATA(12.5, 34.5));
    expect_values(trial_run(t, dg_linear(v, 1, .weight = w, .bias_node = b)), DG_SHAPE(1), 0, DATA(12.5));
    trial_free(t);
}

Test(linear, has_gradients_for_input_weight_and_bias)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *w = trial_input(t, DG_SHAPE(2, 2), DATA(1, 2, 3, 4)), *b = trial_input(t, DG_SHAPE(2), DATA(5, 6));
    dg_node *inputs[] = {
        trial_input(t, DG_SHAPE(2), DATA(1, 2)),
        trial_input(t, DG_SHAPE(2, 2), DATA(1, 2, 3, 4)),
        trial_feed(t, DG_FLOAT64, DG_SHAPE(DG_N, 1, 2), DG_SHAPE(2, 1, 2), DATA(1, 2, 3, 4)),
    };
    const double weight_grads[3][4] = {{1, 2, 1, 2}, {4, 6, 4, 6}, {4, 6, 4, 6}};
    for (int k = 0; k < 3; k++) {
        dg_node *y = dg_linear(inputs[k], DG_NONE, .weight = w, .bias_node = b);
        expect_values(trial_run(t, trial_grad(y, w)), DG_SHAPE(2, 2), 0, weight_grads[k]);
        expect_values(trial_run(t, trial_grad(y, b)), DG_SHAPE(2), 0, k ? DATA(2, 2) : DATA(1, 1));
        const dg_tensor *dx = trial_run(t, trial_grad(y, inputs[k]));
        expect_values(dx, dx->shape, 0, DATA(4, 6, 4, 6));
    }
    trial_free(t);
}

Test(linear, owns_its_weight_and_bias)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, 64), NULL), *y = dg_linear(x, 100, .name = "fc1");
    trial_run(t, y);
    const dg_tensor *weight = dg_tensors_find(t->parameters, "fc1.weight"),
                    *bias = dg_tensors_find(t->parameters, "fc1.bias");
    cr_assert(weight && bias);
    cr_expect(dg_shape_equal(&weight->shape, &DG_SHAPE(100, 64)));
    cr_expect(dg_shape_equal(&bias->shape, &DG_SHAPE(100)));
    double largest[2] = {0}, square = 0; /* U(−1/8, 1/8) has the variance 1/192 */
    for (int64_t i = 0; i < 6400; i++) {
        largest[0] = fmax(largest[0], fabs(dg_tensor_get(weight, i)));
        square += dg_tensor_get(weight, i) * dg_tensor_get(weight, i) / 6400;
    }
    for (int64_t i = 0; i < 100; i++)
        largest[1] = fmax(largest[1], fabs(dg_tensor_get(bias, i)));
    cr_expect(largest[0] <= 0.125 && largest[0] > 0.124, "%g", largest[0]);
    cr_expect(largest[1] <= 0.125 && largest[1] > 0.1, "%g", largest[1]);
    cr_expect_float_eq(square, 1.0 / 192, 2e-4);
    trial_free(t);
}

Test(linear, owns_no_bias_when_told_so)
{
    trial *t = trial_new(DG_FLOAT32);
    trial_run(t, dg_linear(trial_input(t, DG_SHAPE(1, 3), NULL), 2, .bias = false, .init = "ones", .name = "fc"));
    cr_expect(!dg_tensors_find(t->parameters, "fc.bias"));
    expect_values(dg_tensors_find(t->parameters, "fc.weight"), DG_SHAPE(2, 3), 0, DATA(1, 1, 1, 1, 1, 1));
    trial_free(t);
}

static void expect_linear_failure(dg_shape input, int64_t out_features, const dg_shape *weight, const char *message)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = dg_input(t->graph, input), *w = weight ? dg_input(t->graph, *weight) : NULL;
    dg_linear(x, out_features, .weight = w, .name = "fc1");
    cr_expect_neq(dg_graph_status(t->graph).code, DG_OK);
    expect_failure(dg_graph_status(t->graph), dg_graph_status(t->graph).code, message);
    trial_free(t);
}

Test(linear, refuses_what_does_not_fit)
{
    expect_linear_failure(DG_SHAPE(DG_N, 4), DG_NONE, &DG_SHAPE(5, 3),
                          "linear 'fc1': weight is [5, 3], expected [out, 4]");
    expect_linear_failure(DG_SHAPE(DG_N, 4), DG_NONE, &DG_SHAPE(4), "linear 'fc1': weight is [4], expected [out, 4]");
    expect_linear_failure(DG_SHAPE(DG_N, 4), 3, &DG_SHAPE(5, 4), "out_features is 3, but weight is [5, 4]");
    expect_linear_failure(DG_SHAPE(DG_N, 4), DG_NONE, NULL, "neither out_features nor a weight");
    expect_linear_failure(DG_SHAPE(DG_N, 4), 0, NULL, "out_features is 0, expected at least 1");
    expect_linear_failure(DG_SHAPE(4, DG_N), 3, NULL, "its last size must be a number");
    expect_linear_failure(dg_scalar(), 3, NULL, "input is [], expected at least 1 dimension");
}

/* ---- outer, sqdist, cdist ---- */

Test(outer, multiplies_every_pair)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *a = trial_input(t, DG_SHAPE(2), DATA(1, 2)), *b = trial_input(t, DG_SHAPE(3), DATA(3, 4, 5));
    dg_node *y = dg_outer(a, b);
    expect_values(trial_run(t, y), DG_SHAPE(2, 3), 0, DATA(3, 4, 5, 6, 8, 10));
    expect_values(trial_run(t, trial_grad(y, a)), DG_SHAPE(2), 0, DATA(12, 12));
    dg_outer(a, y);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "vec2 is [2, 3], expected one dimension");
    trial_free(t);
}

Test(cdist, measures_between_rows)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 2), DATA(0, 0, 3, 4)),
            *b = trial_input(t, DG_SHAPE(2, 2), DATA(0, 0, -5, 12));
    expect_values(trial_run(t, dg_cdist(a, b)), DG_SHAPE(2, 2), 1e-15, DATA(0, 13, 5, sqrt(128)));
    expect_values(trial_run(t, dg_cdist(a, b, .p = 1)), DG_SHAPE(2, 2), 1e-15, DATA(0, 17, 7, 16));
    expect_values(trial_run(t, dg_sqdist(a, b)), DG_SHAPE(2, 2), 0, DATA(0, 169, 25, 128));
    trial_free(t);
}

Test(cdist, has_no_gradient_at_distance_0)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(1, 2), DATA(3, 4)), *b = trial_input(t, DG_SHAPE(2, 2), DATA(3, 4, 0, 0));
    dg_node *da = trial_grad(dg_cdist(a, b), a);
    expect_values(trial_run(t, da), DG_SHAPE(1, 2), 1e-15, DATA(0.6, 0.8));
    /* d(0.6 + 0.8)/da: the Hessian of the norm is (1 − u uᵀ) / 5 with u = (0.6, 0.8) */
    expect_values(trial_run(t, trial_grad(da, a)), DG_SHAPE(1, 2), 1e-15, DATA((0.64 - 0.48) / 5, (0.36 - 0.48) / 5));
    trial_free(t);
}

Test(cdist, broadcasts_batches)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 1, 1, 1), DATA(1, 2)),
            *b = trial_input(t, DG_SHAPE(3, 1, 1), DATA(4, 6, 9));
    expect_values(trial_run(t, dg_cdist(a, b)), DG_SHAPE(2, 3, 1, 1), 0, DATA(3, 5, 8, 2, 4, 7));
    trial_free(t);
}

/* Multiples of 2⁻¹⁶, which float32 holds exactly. */
static double near_float(double x)
{
    return round(x * 65536) / 65536;
}

/* Points far from the origin, some of them close to each other, against sums in double precision. */
static void compare_sqdist(dg_dtype dtype, int64_t n, int64_t m, int64_t d, double tolerance)
{
    double *a = calloc((size_t)(n * d), sizeof *a), *b = calloc((size_t)(m * d), sizeof *b);
    double *want = calloc((size_t)(n * m), sizeof *want);
    cr_assert(a && b && want);
    dg_random key = {3, 1, 0};
    for (int64_t i = 0; i < n * d; i++)
        a[i] = near_float(10 + dg_random_unit(&key, (uint64_t)i));
    for (int64_t i = 0; i < m * d; i++) /* row 0 is a's row 0, row 1 lies near a's row 1 */
        b[i] = i < d       ? a[i]
               : i < 2 * d ? near_float(a[i] + 1e-4)
                           : near_float(-10 * dg_random_unit(&key, (uint64_t)(n * d + i)));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++)
            for (int64_t k = 0; k < d; k++)
                want[i * m + j] += (a[i * d + k] - b[j * d + k]) * (a[i * d + k] - b[j * d + k]);
    trial *t = trial_new(dtype);
    dg_node *y = dg_sqdist(trial_input(t, DG_SHAPE(n, d), a), trial_input(t, DG_SHAPE(m, d), b));
    const dg_tensor *got = trial_run(t, y);
    for (int64_t i = 0; i < n * m; i++)
        cr_expect_leq(fabs(dg_tensor_get(got, i) - want[i]), tolerance * want[i], "element %d is %.9g, expected %.9g",
                      (int)i, dg_tensor_get(got, i), want[i]);
    free(a);
    free(b);
    free(want);
    trial_free(t);
}

Test(sqdist, is_accurate_for_near_and_for_far_points)
{
    compare_sqdist(DG_FLOAT32, 70, 33, 64, 1e-5);
    compare_sqdist(DG_FLOAT64, 70, 33, 64, 1e-13);
    compare_sqdist(DG_FLOAT32, 5, 4, 3, 1e-6);
    compare_sqdist(DG_FLOAT64, 5, 4, 3, 1e-15);
    compare_sqdist(DG_FLOAT64, 300, 300, 100, 1e-13);
}

Test(sqdist, of_infinities_is_infinite)
{
    trial *t = trial_new(DG_FLOAT32);
    double a[40] = {0}, b[40] = {0};
    a[0] = INFINITY;
    b[0] = 1e30;
    dg_node *y = dg_sqdist(trial_input(t, DG_SHAPE(2, 20), a), trial_input(t, DG_SHAPE(2, 20), b));
    expect_values(trial_run(t, y), DG_SHAPE(2, 2), 0, DATA(INFINITY, INFINITY, INFINITY, 0));
    trial_free(t);
}

/* Rows of one matrix times a power of two are as far from each other as the rows, times that power: squares that leave
 * the range of the type lose nothing. Columns: few (summed directly) and many (through a product). */
static void expect_scaled_distances(dg_dtype dtype, int exponent, int64_t d)
{
    enum { N = 3, M = 4, MOST = 20 };
    double a[N * MOST], b[M * MOST], far_a[N * MOST], far_b[M * MOST];
    dg_random key = {5, 2, 0};
    for (int64_t i = 0; i < N * d; i++)
        far_a[i] = ldexp(a[i] = near_float(dg_random_unit(&key, (uint64_t)i)), exponent);
    for (int64_t i = 0; i < M * d; i++)
        far_b[i] = ldexp(b[i] = near_float(-dg_random_unit(&key, (uint64_t)(100 + i))), exponent);
    trial *t = trial_new(dtype);
    dg_node *x1 = trial_input(t, DG_SHAPE(N, d), far_a), *x2 = trial_input(t, DG_SHAPE(M, d), far_b);
    dg_node *y = dg_cdist(x1, x2);
    const double tolerance = dtype == DG_FLOAT32 ? 3e-7 : 5e-16;
    const dg_tensor *got = trial_run(t, y);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < M; j++) {
            double sum = 0;
            for (int64_t k = 0; k < d; k++)
                sum += (a[i * d + k] - b[j * d + k]) * (a[i * d + k] - b[j * d + k]);
            double want = ldexp(sqrt(sum), exponent), is = dg_tensor_get(got, i * M + j);
            cr_expect(fabs(is - want) <= tolerance * want, "2^%d, %d columns: %.17g, expected %.17g", exponent, (int)d,
                      is, want);
        }
    const dg_tensor *gradient = trial_run(t, trial_grad(y, x1));
    for (int i = 0; i < N * d; i++)
        cr_expect(fabs(dg_tensor_get(gradient, i)) <= M && dg_tensor_get(gradient, i) > 0, "2^%d: gradient %g",
                  exponent, dg_tensor_get(gradient, i));
    trial_free(t);
}

Test(cdist, is_right_where_squares_overflow_and_vanish)
{
    static const int exponents32[] = {0, 62, 64, 100, 120, -40, -64, -75, -100},
                     exponents64[] = {0, 510, 520, 1000, 1015, -450, -520, -600, -1000};
    for (size_t k = 0; k < sizeof exponents32 / sizeof *exponents32; k++)
        for (int64_t d = 2; d <= 20; d += 18) {
            expect_scaled_distances(DG_FLOAT32, exponents32[k], d);
            expect_scaled_distances(DG_FLOAT64, exponents64[k], d);
        }
}

Test(cdist, tells_infinity_from_nan)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *y = dg_cdist(trial_input(t, DG_SHAPE(3, 2), DATA(INFINITY, 0, NAN, INFINITY, 3e38, 0)),
                          trial_input(t, DG_SHAPE(1, 2), DATA(-3e38, 0)));
    expect_values(trial_run(t, y), DG_SHAPE(3, 1), 0, DATA(INFINITY, NAN, INFINITY));
    trial_free(t);
}

Test(cdist, refuses_what_does_not_fit)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_cdist(trial_input(t, DG_SHAPE(2, 3), NULL), trial_input(t, DG_SHAPE(2, 4), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "the inner sizes 3 and 4 differ");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_cdist(trial_input(t, DG_SHAPE(2, 3), NULL), trial_input(t, DG_SHAPE(2, 3), NULL), .p = -1);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "p is -1");
    trial_free(t);
}
