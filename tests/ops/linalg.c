/* Factorisations, solutions, determinants. Numbers by hand. */
#include "../support.h"

#include <math.h>
#include <string.h>

Test(cholesky, factors_a_batch)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        dg_node *x = trial_input(t, DG_SHAPE(2, 2, 2), DATA(4, 99, 2, 5, 9, NAN, 3, 2));
        expect_values(trial_run(t, dg_cholesky(x)), DG_SHAPE(2, 2, 2), precision(d), DATA(2, 0, 1, 2, 3, 0, 1, 1));
        dg_node *y = trial_input(t, DG_SHAPE(2, 2), DATA(4, 2, 99, 5));
        expect_values(trial_run(t, dg_cholesky(y, .upper = true)), DG_SHAPE(2, 2), precision(d), DATA(2, 1, 0, 2));
        trial_free(t);
    }
}

/* 2 Σ ln L_ii = ln det A, whose gradient is A⁻¹. */
Test(cholesky, has_a_symmetric_gradient)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(4, 2, 2, 5));
    for (int upper = 0; upper < 2; upper++) {
        dg_node *log = dg_log(dg_diagonal(dg_cholesky(x, .upper = upper)));
        dg_node *g = trial_grad(dg_mul(dg_sum(log), dg_full_like(dg_sum(log), 2)), x);
        expect_values(trial_run(t, g), DG_SHAPE(2, 2), 1e-14, DATA(5 / 16., -2 / 16., -2 / 16., 4 / 16.));
    }
    trial_free(t);
}

Test(cholesky, names_the_minor_and_the_matrix)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2, 2), DATA(1, 0, 0, 1, 1, 2, 2, 1));
    dg_status status = trial_try(t, dg_cholesky(x, .name = "c"));
    expect_failure(status, DG_NUMERIC, "'c'");
    expect_failure(status, DG_NUMERIC, "matrix 1 of the batch: its leading minor of order 2 is not positive");
    expect_failure(trial_try(t, dg_cholesky(trial_input(t, DG_SHAPE(1, 1), DATA(-1)))), DG_NUMERIC, "order 1");
    expect_failure(trial_try(t, dg_cholesky(trial_input(t, DG_SHAPE(1, 1), DATA(NAN)))), DG_NUMERIC, "order 1");
    dg_cholesky(trial_input(t, DG_SHAPE(2, 3), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "input is [2, 3], expected square matrices");
    trial_free(t);
}

Test(solve, takes_vectors_and_matrices)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        double p = precision(d);
        dg_node *a = trial_input(t, DG_SHAPE(2, 2), DATA(2, 1, 1, 3)), *b = trial_input(t, DG_SHAPE(2), DATA(3, 5));
        dg_node *x = dg_solve(a, b);
        expect_values(trial_run(t, x), DG_SHAPE(2), p, DATA(0.8, 1.4));
        expect_values(trial_run(t, trial_grad(x, b)), DG_SHAPE(2), p, DATA(0.4, 0.2));
        expect_values(trial_run(t, trial_grad(x, a)), DG_SHAPE(2, 2), p, DATA(-0.32, -0.56, -0.16, -0.28));
        dg_node *two = trial_input(t, DG_SHAPE(2, 2, 2), DATA(0, 1, 1, 0, 2, 0, 0, 4));
        dg_node *vectors = trial_input(t, DG_SHAPE(2, 2), DATA(1, 2, 3, 4));
        expect_values(trial_run(t, dg_solve(two, vectors)), DG_SHAPE(2, 2), p, DATA(2, 1, 1.5, 1));
        dg_node *one = trial_input(t, DG_SHAPE(2, 1), DATA(1, 2));
        expect_values(trial_run(t, dg_solve(two, one)), DG_SHAPE(2, 2, 1), p, DATA(2, 1, 0.5, 0.5));
        dg_node *row = trial_input(t, DG_SHAPE(1, 2), DATA(3, 5));
        expect_values(trial_run(t, dg_solve(a, row, .left = false)), DG_SHAPE(1, 2), p, DATA(0.8, 1.4));
        expect_values(trial_run(t, trial_grad(dg_solve(two, one), one)), DG_SHAPE(2, 1), p, DATA(1.5, 1.25));
        trial_free(t);
    }
}

Test(solve, names_the_pivot_of_a_singular_matrix)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 2), DATA(1, 2, 2, 4)), *b = trial_input(t, DG_SHAPE(2), DATA(3, 5));
    expect_failure(trial_try(t, dg_solve(a, b)), DG_NUMERIC, "pivot 2 is 0: the matrix is singular");
    expect_failure(trial_try(t, dg_inverse(dg_stack(2, ((dg_node *[]){dg_matmul(a, a, .transpose_other = true), a})))),
                   DG_NUMERIC, "matrix 0 of the batch: pivot 2");
    dg_solve(a, trial_input(t, DG_SHAPE(3, 1), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "the same number of rows");
    trial_free(t);
}

Test(solve, works_on_empty_tensors)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *none = trial_input(t, DG_SHAPE(0, 0), NULL), *empty = trial_input(t, DG_SHAPE(0, 2, 2), NULL);
    dg_node *b = trial_input(t, DG_SHAPE(2, 0), NULL), *a = trial_input(t, DG_SHAPE(2, 2), DATA(1, 0, 0, 1));
    expect_values(trial_run(t, dg_det(none)), dg_scalar(), 0, DATA(1));
    expect_values(trial_run(t, trial_grad(dg_sum(dg_inverse(empty)), empty)), DG_SHAPE(0, 2, 2), 0, NULL);
    expect_values(trial_run(t, dg_solve(a, b)), DG_SHAPE(2, 0), 0, NULL);
    expect_values(trial_run(t, dg_cholesky(none)), DG_SHAPE(0, 0), 0, NULL);
    expect_values(trial_run(t, dg_eigh(empty)), DG_SHAPE(0, 2), 0, NULL);
    trial_free(t);
}

Test(inverse, of_many_matrices_on_two_threads)
{
    enum { COUNT = 40, SIDE = 24 };
    trial *t = trial_new(DG_FLOAT64);
    must(dg_threads_new(2, &t->threads));
    double *values = calloc(COUNT * SIDE * SIDE, sizeof *values);
    for (int i = 0; i < COUNT * SIDE * SIDE; i++)
        values[i] = (i * 7919 % 1009) / 1009. + (i % (SIDE * SIDE) % (SIDE + 1) == 0 ? SIDE : 0);
    dg_node *x = trial_input(t, DG_SHAPE(COUNT, SIDE, SIDE), values), *y = dg_inverse(x);
    const dg_tensor *product = trial_run(t, dg_matmul(y, x));
    for (int i = 0; i < COUNT * SIDE * SIDE; i++)
        cr_assert_float_eq(dg_tensor_get(product, i), i % (SIDE * SIDE) % (SIDE + 1) == 0, 1e-12);
    free(values);
    dg_threads *threads = t->threads;
    trial_free(t);
    dg_threads_free(threads);
}

Test(triangular_solve, in_every_form)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        double p = precision(d);
        dg_node *a = trial_input(t, DG_SHAPE(2, 2), DATA(2, 4, 8, 5)),
                *b = trial_input(t, DG_SHAPE(2, 1), DATA(14, 10));
        expect_values(trial_run(t, dg_triangular_solve(b, a)), DG_SHAPE(2, 1), p, DATA(3, 2));
        expect_values(trial_run(t, dg_triangular_solve(b, a, .upper = false)), DG_SHAPE(2, 1), p, DATA(7, -9.2));
        expect_values(trial_run(t, dg_triangular_solve(b, a, .transpose = true)), DG_SHAPE(2, 1), p, DATA(7, -3.6));
        dg_node *unit = dg_triangular_solve(b, a, .unitriangular = true);
        expect_values(trial_run(t, unit), DG_SHAPE(2, 1), p, DATA(-26, 10));
        expect_values(trial_run(t, trial_grad(unit, a)), DG_SHAPE(2, 2), p, DATA(0, -10, 0, 0));
        trial_free(t);
    }
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(2, 2), DATA(2, 1, 1, 0)), *b = trial_input(t, DG_SHAPE(2, 1), DATA(1, 1));
    expect_failure(trial_try(t, dg_triangular_solve(b, a)), DG_NUMERIC, "element 2 of the diagonal is 0");
    trial_free(t);
}

Test(det, of_regular_and_singular_matrices)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        double p = precision(d);
        dg_node *x = trial_input(t, DG_SHAPE(3, 2, 2), DATA(1, 2, 3, 4, 1, 2, 2, 4, 3, 1, 1, 2)), *s = dg_slogdet(x);
        expect_values(trial_run(t, dg_det(x)), DG_SHAPE(3), p, DATA(-2, 0, 5));
        expect_values(trial_run(t, s), DG_SHAPE(3), 0, DATA(-1, 0, 1));
        expect_values(trial_run(t, dg_output(s, 1)), DG_SHAPE(3), p, DATA(log(2), -INFINITY, log(5)));
        expect_values(trial_run(t, dg_logdet(x)), DG_SHAPE(3), p, DATA(NAN, -INFINITY, log(5)));
        dg_node *last = dg_slice(x, .start = 2);
        expect_values(trial_run(t, trial_grad(dg_logdet(last), last)), DG_SHAPE(1, 2, 2), p, DATA(.4, -.2, -.2, .6));
        trial_free(t);
    }
}

Test(det, has_a_gradient_where_it_is_0)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        double p = 10 * precision(d);
        dg_node *x = trial_input(t, DG_SHAPE(3, 3), DATA(1, 2, 3, 4, 5, 6, 5, 7, 9)); /* rank 2 */
        expect_values(trial_run(t, trial_grad(dg_det(x), x)), DG_SHAPE(3, 3), p, DATA(3, -6, 3, 3, -6, 3, -3, 6, -3));
        dg_node *ones = trial_input(t, DG_SHAPE(3, 3), DATA(1, 1, 1, 1, 1, 1, 1, 1, 1)); /* rank 1 */
        expect_values(trial_run(t, trial_grad(dg_det(ones), ones)), DG_SHAPE(3, 3), p, DATA(0, 0, 0, 0, 0, 0, 0, 0, 0));
        dg_node *one = trial_input(t, DG_SHAPE(1, 1), DATA(0));
        expect_values(trial_run(t, trial_grad(dg_det(one), one)), DG_SHAPE(1, 1), p, DATA(1));
        trial_free(t);
    }
}

/* Second derivatives of a polynomial, by its terms (SymPy): matrices of rank 2, 1 and 0. */
Test(det, has_a_second_derivative_where_it_is_0)
{
    static const double matrices[3][9] = {{1, 2, 3, 4, 5, 6, 5, 7, 9}, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {0}};
    static const double wants[3][9] = {{37, 13, -33, -33, 9, 9, 10, -11, 0}, {5, 2, -7, -6, 1, 5, 1, -3, 2}, {0}};
    EACH_DTYPE(d)
    for (int k = 0; k < 3; k++) {
        trial *t = trial_new((dg_dtype)d);
        dg_node *x = trial_input(t, DG_SHAPE(3, 3), matrices[k]);
        dg_node *w = trial_input(t, DG_SHAPE(3, 3), DATA(1, 2, -1, 0, 3, 1, 2, -2, 1));
        dg_node *second = trial_grad(dg_sum(dg_mul(trial_grad(dg_det(x), x), w)), x);
        expect_values(trial_run(t, second), DG_SHAPE(3, 3), 10 * precision(d), wants[k]);
        trial_free(t);
    }
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(4, 4), DATA(1, 2, 3, 4, 2, 4, 6, 8, 1, 0, 1, 0, 0, 2, 2, 4)); /* rank 2 */
    dg_node *w = trial_input(t, DG_SHAPE(4, 4), DATA(1, 2, -1, 0, 0, 3, 1, 1, 2, -2, 1, 1, 1, 0, 0, 2));
    dg_node *second = trial_grad(dg_sum(dg_mul(dg_cofactors(x), w)), x);
    expect_values(trial_run(t, second), DG_SHAPE(4, 4), 1e-12,
                  DATA(38, 30, -38, 4, -22, -6, 22, -8, 6, -18, -6, 12, 6, -18, -6, 12));
    dg_node *third = trial_grad(dg_sum(dg_square(trial_grad(dg_sum(dg_square(dg_cofactors(x))), x))), x);
    const dg_tensor *nans = trial_run(t, third);
    for (int i = 0; i < 16; i++)
        cr_expect(isnan(dg_tensor_get(nans, i)) || fabs(dg_tensor_get(nans, i)) > 1e8, "%g", dg_tensor_get(nans, i));
    trial_free(t);
}

Test(eigh, gives_values_and_vectors)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        double p = 4 * precision(d);
        dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(2, NAN, 1, 2)), *values = dg_eigh(x),
                *v = dg_output(values, 1);
        expect_values(trial_run(t, values), DG_SHAPE(2), p, DATA(1, 3));
        expect_values(trial_run(t, dg_matmul(dg_matmul(v, dg_diag_embed(values)), v, .transpose_other = true)),
                      DG_SHAPE(2, 2), p, DATA(2, 1, 1, 2));
        expect_values(trial_run(t, dg_matmul(v, v, .transpose_input = true)), DG_SHAPE(2, 2), p, DATA(1, 0, 0, 1));
        dg_node *most = dg_slice(values, .start = 1);
        expect_values(trial_run(t, trial_grad(most, x)), DG_SHAPE(2, 2), p, DATA(.5, .5, .5, .5));
        dg_node *upper = trial_input(t, DG_SHAPE(2, 2), DATA(2, 1, NAN, 2));
        expect_values(trial_run(t, dg_eigh(upper, .uplo = "U")), DG_SHAPE(2), p, DATA(1, 3));
        trial_free(t);
    }
}

static void expect_all_nan(const dg_tensor *of, const char *what)
{
    for (int64_t i = 0; i < dg_tensor_count(of); i++)
        cr_expect(isnan(dg_tensor_get(of, i)), "%s: number %lld is %g", what, (long long)i, dg_tensor_get(of, i));
}

/* Whether LAPACK's iterations end with such numbers differs between processors. */
Test(eigh, of_numbers_that_are_not_finite_is_nan)
{
    static double numbers[40 * 40];
    EACH_DTYPE(d)
    for (int n = 1; n <= 40; n += 13)
        for (int bad = 0; bad < 2; bad++) {
            trial *t = trial_new((dg_dtype)d);
            for (int i = 0; i < n * n; i++)
                numbers[i] = 1.0 / (1 + i / n + i % n);
            numbers[(n - 1) * n] = bad ? INFINITY : NAN;
            dg_node *x = trial_input(t, DG_SHAPE(n, n), numbers), *values = dg_eigh(x);
            expect_all_nan(trial_run(t, values), "values");
            expect_all_nan(trial_run(t, dg_output(values, 1)), "vectors");
            expect_all_nan(trial_run(t, trial_grad(dg_det(x), x)), "gradient of the determinant");
            trial_free(t);
        }
}

/* Σ (V diag(λ) Vᵀ) is Σ A, whose gradient is 1; but that does not follow from those of V and λ, 0 and 0/0: NaN, as
 * PyTorch gives. What looks at λ alone, or at a vector whose λ is no other's, has its derivative: of diag(2, 1, 1) the
 * vector of λ = 2 is e₁, and its second element grows with A₂₁ at the rate 1/(2 − 1). */
Test(eigh, has_a_derivative_of_equal_eigenvalues_where_it_exists_and_else_nan)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(1, 0, 0, 1)), *values = dg_eigh(x), *v = dg_output(values, 1);
    dg_node *again = dg_matmul(dg_matmul(v, dg_diag_embed(values)), v, .transpose_other = true);
    expect_values(trial_run(t, trial_grad(dg_sum(values), x)), DG_SHAPE(2, 2), 1e-14, DATA(1, 0, 0, 1));
    expect_values(trial_run(t, trial_grad(dg_sum(again), x)), DG_SHAPE(2, 2), 0, DATA(NAN, NAN, NAN, NAN));
    dg_node *a = trial_input(t, DG_SHAPE(3, 3), DATA(2, 0, 0, 0, 1, 0, 0, 0, 1)), *u = dg_output(dg_eigh(a), 1);
    dg_node *first = dg_slice(u, .dim = 1, .start = 2, .end = 3);
    dg_node *element = dg_div(dg_slice(first, .dim = 0, .start = 1, .end = 2), dg_slice(first, .dim = 0, .end = 1));
    expect_values(trial_run(t, trial_grad(dg_sum(element), a)), DG_SHAPE(3, 3), 1e-14, DATA(0, 0, 0, 1, 0, 0, 0, 0, 0));
    /* What looks at one of the vectors, although its cotangent is at right angles to the other. */
    dg_node *one = dg_slice(dg_square(v), .dim = 1, .end = 1);
    expect_values(trial_run(t, trial_grad(dg_sum(dg_mul(one, x)), x)), DG_SHAPE(2, 2), 0, DATA(NAN, NAN, NAN, NAN));
    dg_node *curved = trial_grad(dg_sum(dg_mul(trial_grad(dg_sum(dg_square(values)), x), x)), x);
    expect_values(trial_run(t, curved), DG_SHAPE(2, 2), 0, DATA(NAN, NAN, NAN, NAN));
    trial_free(t);
}

/* Of I + 2hhᵀ with h = (3, 6, 2)/7, whose eigenvalues are 1, 1 and 3, rounding sets the equal ones apart: their vectors
 * are any, and what would follow from them is no derivative, in either mode. The vector of 3 has one. */
Test(eigh, has_no_derivative_of_vectors_that_rounding_alone_tells_apart)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        const double k = 2.0 / 49;
        dg_node *x = trial_input(t, DG_SHAPE(3, 3),
                                 DATA(1 + 9 * k, 18 * k, 6 * k, 18 * k, 1 + 36 * k, 12 * k, 6 * k, 12 * k, 1 + 4 * k));
        dg_node *v = dg_output(dg_eigh(x), 1),
                *looks[] = {dg_sum(dg_mul(dg_square(v), x)), dg_sum(dg_square(dg_slice(v, .dim = 1, .start = 2)))};
        for (int i = 0; i < 2; i++) {
            dg_node *tangent = dg_ones_like(x), *slope;
            cr_assert_eq(dg_jacobian_vector(1, &looks[i], 1, &x, &tangent, &slope).code, DG_OK);
            double found = dg_tensor_get(trial_run(t, dg_sum(trial_grad(looks[i], x))), 0);
            double forward = dg_tensor_get(trial_run(t, slope), 0);
            cr_expect_eq((bool)isnan(found), i == 0, "%g", found);
            cr_expect_eq((bool)isnan(forward), i == 0, "%g", forward);
            cr_expect(i == 0 || (fabs(found) < 64 * precision(d) && fabs(forward) < 64 * precision(d)), "%g, %g", found,
                      forward); /* its length stays 1 */
        }
        trial_free(t);
    }
}

/* A line through (0, 1), (1, 3), (2, 4): 7/6 + 3/2 x. */
Test(lstsq, fits_a_line_to_a_batch_of_any_size)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        double p = 4 * precision(d);
        dg_node *a = trial_feed(t, (dg_dtype)d, DG_SHAPE(DG_N, 2), DG_SHAPE(3, 2), DATA(1, 0, 1, 1, 1, 2));
        dg_node *b = trial_feed(t, (dg_dtype)d, DG_SHAPE(DG_N), DG_SHAPE(3), DATA(1, 3, 4)), *x = dg_lstsq(a, b);
        expect_values(trial_run(t, x), DG_SHAPE(2), p, DATA(7 / 6., 1.5));
        expect_values(trial_run(t, trial_grad(x, b)), DG_SHAPE(3), p, DATA(1 / 3., 1 / 3., 1 / 3.));
        dg_node *known = trial_input(t, DG_SHAPE(3, 2), DATA(1, 0, 1, 1, 1, 2));
        const dg_tensor *g = trial_run(t, trial_grad(dg_lstsq(known, b), known));
        double wants[6];
        for (int i = 0; i < 6; i++)
            wants[i] = dg_tensor_get(g, i);
        expect_values(trial_run(t, trial_grad(x, a)), DG_SHAPE(3, 2), p, wants);
        trial_free(t);
    }
}

Test(lstsq, takes_the_least_solution_of_many)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *a = trial_input(t, DG_SHAPE(1, 2), DATA(1, 1)), *b = trial_input(t, DG_SHAPE(1, 1), DATA(2));
    expect_values(trial_run(t, dg_lstsq(a, b)), DG_SHAPE(2, 1), 1e-14, DATA(1, 1));
    dg_node *flat = trial_input(t, DG_SHAPE(3, 2), DATA(1, 0, 1, 0, 1, 0)), *c = trial_input(t, DG_SHAPE(3, 1), NULL);
    expect_failure(trial_try(t, dg_lstsq(flat, c)), DG_NUMERIC, "element 2 of the triangular factor's diagonal is 0");
    trial_free(t);
}

/* OpenBLAS begins with a thread for each processor, on which the bits of its results depend; a plan without a pool is
 * of one, as one with a pool is. */
Test(linalg, bits_without_a_pool_are_those_with_one)
{
    enum { SIZE = 300 };
    dg_graph *g;
    dg_tensor a, first;
    must(dg_graph_new(&g));
    must(dg_tensor_make(&a, DG_FLOAT64, DG_SHAPE(SIZE, SIZE)));
    must(dg_tensor_make(&first, DG_FLOAT64, a.shape));
    for (int64_t i = 0; i < SIZE * SIZE; i++)
        dg_tensor_set(&a, i, sin(1.3 * (double)i + (double)(i % 17 * i)));
    dg_node *x = dg_input(g, a.shape, .dtype = DG_FLOAT64, .name = "x"), *y = dg_inverse(x);
    for (int k = 0; k < 2; k++) {
        dg_plan *plan;
        dg_threads *pool = NULL;
        if (k == 1)
            must(dg_threads_new(1, &pool));
        must(dg_plan_new(g, &(dg_plan_options){.fetch = &y, .n_fetch = 1, .threads = pool}, &plan));
        must(dg_plan_run(plan, &(dg_feed){x, &a}, 1));
        const dg_tensor *made = dg_plan_result(plan, 0);
        if (k == 0)
            memcpy(first.data, made->data, dg_tensor_bytes(made));
        else
            cr_expect_eq(memcmp(first.data, made->data, dg_tensor_bytes(made)), 0);
        dg_plan_free(plan);
        dg_threads_free(pool);
    }
    dg_tensor_release(&first);
    dg_tensor_release(&a);
    dg_graph_free(g);
}
