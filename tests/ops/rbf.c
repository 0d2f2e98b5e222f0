/* rbf: every kernel against its textbook formula over r, its derivatives at a distance and at a centre, the parameters
 * that it owns, failures. */
#include "../support.h"

typedef struct radial {
    const char *name;
    double (*phi)(double r, double gamma);
    bool has_gamma;
} radial;

static double gaussian(double r, double g)
{
    return exp(-g * r * r);
}

static double multiquadric(double r, double g)
{
    return sqrt(1 + g * r * r);
}

static double inverse_multiquadric(double r, double g)
{
    return 1 / sqrt(1 + g * r * r);
}

static double inverse_quadratic(double r, double g)
{
    return 1 / (1 + g * r * r);
}

static double thin_plate_spline(double r, double g)
{
    (void)g;
    return r > 0 ? r * r * log(r) : 0;
}

static double linear(double r, double g)
{
    (void)g;
    return r;
}

static double cubic(double r, double g)
{
    (void)g;
    return r * r * r;
}

static double quintic(double r, double g)
{
    (void)g;
    return r * r * r * r * r;
}

static double matern32(double r, double g)
{
    double u = sqrt(3 * g) * r;
    return (1 + u) * exp(-u);
}

static double matern52(double r, double g)
{
    double u = sqrt(5 * g) * r;
    return (1 + u + u * u / 3) * exp(-u);
}

static double wendland(double r, double g)
{
    double u = sqrt(g) * r;
    return u < 1 ? pow(1 - u, 4) * (4 * u + 1) : 0;
}

static const radial radials[] = {
    {"gaussian", gaussian, true},
    {"multiquadric", multiquadric, true},
    {"inverse_multiquadric", inverse_multiquadric, true},
    {"inverse_quadratic", inverse_quadratic, true},
    {"thin_plate_spline", thin_plate_spline, false},
    {"linear", linear, false},
    {"cubic", cubic, false},
    {"quintic", quintic, false},
    {"matern32", matern32, true},
    {"matern52", matern52, true},
    {"wendland", wendland, true},
};
enum { RADIALS = sizeof radials / sizeof radials[0] };

/* Distances from x to the centres 0, 0.3 and 2 on a line, with γ 0.5, 1 and 2. */
static dg_node *on_a_line(trial *t, const radial *kernel, double x, dg_node **input)
{
    *input = trial_input(t, DG_SHAPE(1, 1), &x);
    dg_node *centers = trial_input(t, DG_SHAPE(3, 1), DATA(0, 0.3, 2)), *gamma = NULL;
    if (kernel->has_gamma)
        gamma = trial_input(t, DG_SHAPE(3), DATA(0.5, 1, 2));
    return dg_rbf(*input, DG_NONE, .kernel = kernel->name, .centers = centers, .gamma = gamma);
}

Test(rbf, computes_each_kernel)
{
    for (int k = 0; k < RADIALS; k++) {
        trial *t = trial_new(DG_FLOAT64);
        dg_node *x, *y = on_a_line(t, &radials[k], 0.75, &x);
        double (*phi)(double, double) = radials[k].phi;
        expect_values(trial_run(t, y), DG_SHAPE(1, 3), 1e-14, DATA(phi(0.75, 0.5), phi(0.45, 1), phi(1.25, 2)));
        trial_free(t);
    }
}

Test(rbf, has_first_and_second_derivatives)
{
    const double h = 1e-3;
    for (int k = 0; k < RADIALS; k++) {
        trial *t = trial_new(DG_FLOAT64);
        dg_node *x, *y = on_a_line(t, &radials[k], 0.75, &x), *dx = trial_grad(y, x);
        double (*phi)(double, double) = radials[k].phi, first = 0, second = 0;
        const double distances[] = {0.75, 0.45, 1.25}, signs[] = {1, 1, -1}, gammas[] = {0.5, 1, 2};
        for (int j = 0; j < 3; j++) { /* central differences of fourth order */
            double r = distances[j], g = gammas[j];
            double at[] = {phi(r - 2 * h, g), phi(r - h, g), phi(r, g), phi(r + h, g), phi(r + 2 * h, g)};
            first += signs[j] * (at[0] - 8 * at[1] + 8 * at[3] - at[4]) / (12 * h);
            second += (-at[0] + 16 * at[1] - 30 * at[2] + 16 * at[3] - at[4]) / (12 * h * h);
        }
        expect_values(trial_run(t, dx), DG_SHAPE(1, 1), 1e-9, &first);
        expect_values(trial_run(t, trial_grad(dx, x)), DG_SHAPE(1, 1), 1e-7, &second);
        trial_free(t);
    }
}

/* At its centre a radial function is flat; its curvature is φ″(0) where that exists. */
Test(rbf, is_finite_at_a_centre)
{
    const double curvatures[RADIALS] = {-2 * 0.7, 0.7, -0.7, -2 * 0.7, 0, 0, 0, 0, -3 * 0.7, -5.0 / 3 * 0.7, -20 * 0.7};
    for (int k = 0; k < RADIALS; k++) {
        trial *t = trial_new(DG_FLOAT64);
        dg_node *x = trial_input(t, DG_SHAPE(1, 2), DATA(0.5, -1)), *c = trial_input(t, DG_SHAPE(1, 2), DATA(0.5, -1));
        dg_node *gamma = radials[k].has_gamma ? trial_input(t, DG_SHAPE(1), DATA(0.7)) : NULL;
        dg_node *y = dg_rbf(x, DG_NONE, .kernel = radials[k].name, .centers = c, .gamma = gamma);
        dg_node *dx = trial_grad(y, x);
        double value = radials[k].phi(0, 0.7), curvature = curvatures[k];
        expect_values(trial_run(t, y), DG_SHAPE(1, 1), 0, &value);
        expect_values(trial_run(t, dx), DG_SHAPE(1, 2), 0, DATA(0, 0));
        expect_values(trial_run(t, trial_grad(dx, x)), DG_SHAPE(1, 2), 1e-14, DATA(curvature, curvature));
        expect_values(trial_run(t, trial_grad(dx, c)), DG_SHAPE(1, 2), 1e-14, DATA(-curvature, -curvature));
        if (gamma)
            expect_values(trial_run(t, trial_grad(y, gamma)), DG_SHAPE(1), 0, DATA(0));
        trial_free(t);
    }
}

Test(rbf, solves_xor)
{
    /* centres (0,0) and (1,1), φ = exp(−r²), weights −2.50265 twice and bias 2.84135 (Haykin, Neural Networks, 5.8) */
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(4, 2), DATA(0, 0, 0, 1, 1, 0, 1, 1));
    dg_node *c = trial_input(t, DG_SHAPE(2, 2), DATA(0, 0, 1, 1)), *gamma = trial_input(t, dg_scalar(), DATA(1));
    dg_node *w = trial_input(t, DG_SHAPE(1, 2), DATA(-2.50265, -2.50265)),
            *b = trial_input(t, DG_SHAPE(1), DATA(2.84135));
    dg_node *y = dg_linear(dg_rbf(x, 2, .centers = c, .gamma = gamma), 1, .weight = w, .bias_node = b);
    expect_values(trial_run(t, y), DG_SHAPE(4, 1), 2e-5, DATA(0, 1, 1, 0));
    trial_free(t);
}

Test(rbf, normalizes_rows_even_far_from_every_centre)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 1), DATA(0.5, 1000)), *c = trial_input(t, DG_SHAPE(2, 1), DATA(0, 1));
    dg_node *gamma = trial_input(t, DG_SHAPE(1), DATA(1));
    dg_node *y = dg_rbf(x, DG_NONE, .centers = c, .gamma = gamma, .normalize = true);
    expect_values(trial_run(t, y), DG_SHAPE(2, 2), 1e-6, DATA(0.5, 0.5, 0, 1));
    y = dg_rbf(x, DG_NONE, .centers = c, .gamma = gamma, .normalize = true, .kernel = "wendland");
    expect_values(trial_run(t, y), DG_SHAPE(2, 2), 1e-6, DATA(0.5, 0.5, 0, 0));
    trial_free(t);
}

Test(rbf, takes_vectors_and_leading_dimensions)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *c = trial_input(t, DG_SHAPE(2, 1), DATA(0, 1));
    dg_node *vector = trial_input(t, DG_SHAPE(1), DATA(3)), *stack = trial_input(t, DG_SHAPE(2, 1, 1), DATA(3, 4));
    expect_values(trial_run(t, dg_rbf(vector, 2, .kernel = "linear", .centers = c)), DG_SHAPE(2), 0, DATA(3, 2));
    expect_values(trial_run(t, dg_rbf(stack, 2, .kernel = "linear", .centers = c)), DG_SHAPE(2, 1, 2), 0,
                  DATA(3, 2, 4, 3));
    trial_free(t);
}

Test(rbf, owns_centers_and_gamma)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = dg_input(t->graph, DG_SHAPE(DG_N, 3));
    dg_node *y = dg_rbf(x, 5, .init = "normal", .width = "0.5", .name = "hidden");
    must(dg_graph_status(t->graph));
    cr_expect(dg_shape_equal(&dg_node_type(y, 0)->shape, &DG_SHAPE(DG_N, 5)));
    dg_rbf(x, 5, .kernel = "cubic", .init = "normal", .name = "other");
    must(dg_parameters_init(t->parameters, t->graph, 1));
    cr_expect(dg_shape_equal(&dg_tensors_find(t->parameters, "hidden.centers")->shape, &DG_SHAPE(5, 3)));
    expect_values(dg_tensors_find(t->parameters, "hidden.gamma"), DG_SHAPE(5), 0, DATA(2, 2, 2, 2, 2));
    cr_expect(dg_tensors_find(t->parameters, "other.centers"));
    cr_expect(!dg_tensors_find(t->parameters, "other.gamma"));
    trial_free(t);
}

/* φ(σ) of the kernels that have a width, from their definitions with r = σ: e^−½, √2, 1/√2, ½, (1 + √3) e^−√3,
 * (1 + √5 + 5/3) e^−√5, 0. */
Test(rbf, width_is_sigma_for_every_kernel)
{
    const double at_sigma[RADIALS] = {0.60653065971263342,
                                      1.4142135623730951,
                                      0.70710678118654752,
                                      0.5,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0.48335772459650772,
                                      0.52399410883182031,
                                      0};
    for (int k = 0; k < RADIALS; k++) {
        if (!radials[k].has_gamma)
            continue;
        trial *t = trial_new(DG_FLOAT64);
        dg_node *x = trial_input(t, DG_SHAPE(1, 1), DATA(0.3));
        dg_node *y = dg_rbf(x, 1, .kernel = radials[k].name, .init = "zeros", .width = "0.3", .name = "hidden");
        must(dg_parameters_init(t->parameters, t->graph, 1));
        expect_values(trial_run(t, y), DG_SHAPE(1, 1), 1e-14, &at_sigma[k]);
        trial_free(t);
    }
}

Test(rbf, width_may_be_one_a_unit_a_layer_or_a_dimension)
{
    static const char *const per[] = {"unit", "layer", "dimension", "unit_dimension"};
    const dg_shape shapes[] = {DG_SHAPE(2), DG_SHAPE(1), DG_SHAPE(1, 3), DG_SHAPE(2, 3)};
    for (int k = 0; k < 4; k++) {
        trial *t = trial_new(DG_FLOAT64);
        dg_node *x = dg_input(t->graph, DG_SHAPE(DG_N, 3));
        dg_rbf(x, 2, .init = "normal", .width = "[[1, 2, 4]]", .per = per[k], .name = "hidden");
        dg_status status = dg_parameters_init(t->parameters, t->graph, 1);
        cr_expect_eq(status.code == DG_OK, k == 2, "%s: %s", per[k], status.message);
        const dg_node *gamma = dg_graph_find(t->graph, "hidden.gamma");
        cr_expect(dg_shape_equal(&dg_node_type(gamma, 0)->shape, &shapes[k]), "%s", per[k]);
        if (k == 2)
            expect_values(dg_tensors_find(t->parameters, "hidden.gamma"), shapes[k], 1e-15, DATA(0.5, 0.125, 1.0 / 32));
        trial_free(t);
    }
}

Test(rbf, refuses_a_width_that_is_not_positive)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_rbf(dg_input(t->graph, DG_SHAPE(DG_N, 3)), 2, .init = "normal", .width = "-1", .name = "hidden");
    expect_failure(dg_parameters_init(t->parameters, t->graph, 1), DG_BAD_ARGUMENT,
                   "parameter 'hidden.gamma': width is -1, which gives no gamma: expected a number above 0");
    trial_free(t);
}

/* Σ_k γ_jk (x_k − c_jk)² and |A (x − c)|², by hand: x = (1, 2), centres (0, 0) and (3, 1). */
Test(rbf, measures_by_dimension_and_by_metric)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 2), DATA(1, 2)), *c = trial_input(t, DG_SHAPE(2, 2), DATA(0, 0, 3, 1));
    dg_node *dimension = trial_input(t, DG_SHAPE(1, 2), DATA(0.5, 0.25));
    dg_node *both = trial_input(t, DG_SHAPE(2, 2), DATA(0.5, 0.25, 1, 2)), *one = trial_input(t, DG_SHAPE(1), DATA(1));
    dg_node *a = trial_input(t, DG_SHAPE(2, 2), DATA(1, 2, 0, 3)); /* A (1, 2) = (5, 6); A (−2, 1) = (0, 3) */
    dg_node *each = trial_input(t, DG_SHAPE(2, 2, 2), DATA(1, 2, 0, 3, 1, 0, 0, 1));
    expect_values(trial_run(t, dg_rbf(x, 2, .kernel = "inverse_quadratic", .centers = c, .gamma = dimension)),
                  DG_SHAPE(1, 2), 1e-14, DATA(1 / 2.5, 1 / 3.25));
    expect_values(trial_run(t, dg_rbf(x, 2, .kernel = "inverse_quadratic", .centers = c, .gamma = both)),
                  DG_SHAPE(1, 2), 1e-14, DATA(1 / 2.5, 1 / 7.0));
    expect_values(
        trial_run(t, dg_rbf(x, 2, .kernel = "inverse_quadratic", .centers = c, .gamma = one, .metric_node = a)),
        DG_SHAPE(1, 2), 1e-14, DATA(1 / 62.0, 1 / 10.0));
    expect_values(
        trial_run(t, dg_rbf(x, 2, .kernel = "inverse_quadratic", .centers = c, .gamma = one, .metric_node = each)),
        DG_SHAPE(1, 2), 1e-14, DATA(1 / 62.0, 1 / 6.0));
    trial_free(t);
}

Test(rbf, appends_the_monomials_of_a_polynomial)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 3), DATA(2, 3, 5)), *c = trial_input(t, DG_SHAPE(1, 3), DATA(2, 3, 4));
    expect_values(trial_run(t, dg_rbf(x, 1, .kernel = "linear", .centers = c, .degree = 0)), DG_SHAPE(1, 2), 1e-14,
                  DATA(1, 1));
    expect_values(trial_run(t, dg_rbf(x, 1, .kernel = "linear", .centers = c, .degree = 2)), DG_SHAPE(1, 11), 1e-14,
                  DATA(1, 1, 2, 3, 5, 4, 6, 10, 9, 15, 25));
    dg_node *plane = dg_slice(x, .dim = 1, .start = 0, .end = 2);
    dg_node *corner = dg_slice(c, .dim = 1, .start = 0, .end = 2);
    expect_values(trial_run(t, dg_rbf(plane, 1, .kernel = "cubic", .centers = corner, .degree = 3)), DG_SHAPE(1, 11),
                  1e-14, DATA(0, 1, 2, 3, 4, 6, 9, 8, 12, 18, 27));
    trial_free(t);
}

/* P = [1 2 3], T = [2 4.1 5.9] at 1.5, φ = 2^−d², as MATLAB gives for newgrnn, 3.366667. */
Test(rbf, general_regression_averages_targets)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 1), DATA(1.5)), *c = trial_input(t, DG_SHAPE(3, 1), DATA(1, 2, 3));
    dg_node *gamma = trial_input(t, DG_SHAPE(1), DATA(0.69314718055994531));
    dg_node *values = trial_input(t, DG_SHAPE(3, 1), DATA(2, 4.1, 5.9));
    dg_node *y = dg_grnn(x, 3, 1, .centers = c, .gamma = gamma, .values = values);
    expect_values(trial_run(t, y), DG_SHAPE(1, 1), 1e-6, DATA(3.366667));
    trial_free(t);
}

/* Cubic B-splines on a uniform grid sum to 1 between its second and its last but one knot interval. */
Test(kan, splines_of_a_uniform_grid_sum_to_one)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(3, 1), DATA(-0.9, 0.123, 0.5));
    double ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    dg_node *w = trial_input(t, DG_SHAPE(1, 8), ones), *b = trial_input(t, DG_SHAPE(1, 1), DATA(0));
    expect_values(trial_run(t, dg_kan(x, 1, .weight = w, .base_weight = b)), DG_SHAPE(3, 1), 1e-14, DATA(1, 1, 1));
    trial_free(t);
}

static void expect_rbf_failure(int64_t out_features, const char *kernel, const dg_shape *centers, const dg_shape *gamma,
                               const char *message)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = dg_input(t->graph, DG_SHAPE(DG_N, 3));
    dg_rbf(x, out_features, .kernel = kernel, .centers = centers ? dg_input(t->graph, *centers) : NULL,
           .gamma = gamma ? dg_input(t->graph, *gamma) : NULL, .name = "hidden");
    expect_failure(dg_graph_status(t->graph), dg_graph_status(t->graph).code, message);
    trial_free(t);
}

Test(rbf, refuses_what_does_not_fit)
{
    expect_rbf_failure(DG_NONE, "gaussian", NULL, NULL, "rbf 'hidden': it has neither out_features nor centers");
    expect_rbf_failure(-1, "gaussian", NULL, NULL, "out_features is -1");
    expect_rbf_failure(4, "gaussian", &DG_SHAPE(5, 3), NULL, "out_features is 4, but centers is [5, 3]");
    expect_rbf_failure(5, "gaussian", &DG_SHAPE(5, 2), NULL, "centers is [5, 2]");
    expect_rbf_failure(5, "gaussian", &DG_SHAPE(5, 3), &DG_SHAPE(4), "gamma is [4], expected [5]");
    expect_rbf_failure(5, "cubic", &DG_SHAPE(5, 3), &DG_SHAPE(5), "kernel cubic has no gamma");
    expect_rbf_failure(5, "gausian", NULL, NULL, "gausian");
}
