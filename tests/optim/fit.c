/* Initialisers that look at data. */
#include "small.h"

#include "ops/rbf/widths.h"
#include "optim/fit/fit.h"

typedef struct rbf_net {
    dg_graph *graph;
    dg_node *x, *hidden;
    dg_tensors *parameters;
} rbf_net;

static rbf_net build_net(int64_t centers, const char *kernel, const char *init, const char *width)
{
    rbf_net net;
    MUST(dg_graph_new(&net.graph));
    MUST(dg_tensors_new(&net.parameters));
    net.x = dg_input(net.graph, DG_SHAPE(DG_N, 2), .name = "x");
    net.hidden = dg_rbf(net.x, centers, .kernel = kernel, .init = init, .width = width, .name = "hidden");
    return net;
}

static rbf_net make_net(int64_t centers, const char *kernel, const char *init, const char *width)
{
    rbf_net net = build_net(centers, kernel, init, width);
    MUST(dg_graph_status(net.graph));
    return net;
}

static dg_status fit(rbf_net *net, const dg_tensor *rows, uint64_t seed)
{
    return dg_fit_parameters(net->parameters, net->graph, &(dg_feed){net->x, rows}, 1, seed, NULL);
}

static void free_net(rbf_net *net)
{
    dg_tensors_free(net->parameters);
    dg_graph_free(net->graph);
}

Test(fit, kmeans_finds_separated_clusters)
{
    for (uint64_t seed = 0; seed < 5; seed++) {
        dg_dataset data = three_clusters(2100);
        const dg_tensor *rows = dg_tensors_find(data.fields, "features");
        rbf_net net = make_net(3, "gaussian", "kmeans", "nearest(2)");
        MUST(fit(&net, rows, seed));
        double sums[3][2] = {{0}};
        for (int64_t i = 0; i < 2 * 2100; i++)
            sums[i / 2 % 3][i % 2] += dg_tensor_get(rows, i) / 700;
        const dg_tensor *centers = dg_tensors_find(net.parameters, "hidden.centers");
        bool taken[3] = {false};
        for (int64_t j = 0; j < 3; j++)
            for (int c = 0; c < 3; c++)
                if (fabs(dg_tensor_get(centers, 2 * j) - sums[c][0]) < 1e-4 &&
                    fabs(dg_tensor_get(centers, 2 * j + 1) - sums[c][1]) < 1e-4)
                    taken[c] = true;
        cr_assert(taken[0] && taken[1] && taken[2], "seed %d", (int)seed);
        free_net(&net);
        dg_dataset_release(&data);
    }
}

Test(fit, same_seed_gives_the_same_centers_for_any_number_of_threads)
{
    dg_dataset data = three_clusters(3000);
    const dg_tensor *rows = dg_tensors_find(data.fields, "features");
    rbf_net first = make_net(20, "gaussian", "kmeans(iterations=7)", "nearest(3)");
    rbf_net second = make_net(20, "gaussian", "kmeans(iterations=7)", "nearest(3)");
    rbf_net other = make_net(20, "gaussian", "kmeans(iterations=7)", "nearest(3)");
    dg_threads *threads;
    MUST(dg_threads_new(2, &threads));
    MUST(fit(&first, rows, 11));
    MUST(dg_fit_parameters(second.parameters, second.graph, &(dg_feed){second.x, rows}, 1, 11, threads));
    MUST(fit(&other, rows, 12));
    static const char *const names[] = {"hidden.centers", "hidden.gamma"};
    for (int i = 0; i < 2; i++) {
        cr_assert(same_bits(dg_tensors_find(first.parameters, names[i]), dg_tensors_find(second.parameters, names[i])));
        cr_assert_not(
            same_bits(dg_tensors_find(first.parameters, names[i]), dg_tensors_find(other.parameters, names[i])));
    }
    dg_threads_free(threads);
    free_net(&first);
    free_net(&second);
    free_net(&other);
    dg_dataset_release(&data);
}

Test(fit, kmeans_gives_every_center_rows)
{
    /* 4 distinct points, 4 centres: whatever the seeding, each point becomes a centre. */
    static const double points[12][2] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0},
                                         {0, 0}, {0, 0}, {0, 0}, {9, 0}, {0, 9}, {5, 5}};
    const dg_tensor rows = dg_tensor_view(DG_FLOAT64, DG_SHAPE(12, 2), points);
    for (uint64_t seed = 0; seed < 20; seed++) {
        dg_tensor centers;
        MUST(dg_tensor_make(&centers, DG_FLOAT64, DG_SHAPE(4, 2)));
        MUST(kmeans(&rows, 100, &(dg_random){.seed = seed}, NULL, &centers));
        double sum = 0;
        for (int64_t i = 0; i < 8; i++)
            sum += dg_tensor_get(&centers, i);
        cr_assert_float_eq(sum, 28, 1e-12);
        dg_tensor_release(&centers);
    }
}

Test(fit, samples_are_distinct_rows)
{
    dg_dataset data = three_clusters(30);
    const dg_tensor *rows = dg_tensors_find(data.fields, "features");
    rbf_net net = make_net(30, "gaussian", "samples", "dmax");
    MUST(fit(&net, rows, 3));
    const dg_tensor *centers = dg_tensors_find(net.parameters, "hidden.centers");
    double all = 0, drawn = 0;
    for (int64_t i = 0; i < 60; i++) {
        all += dg_tensor_get(rows, i);
        drawn += dg_tensor_get(centers, i);
    }
    cr_assert_float_eq(all, drawn, 1e-4);
    free_net(&net);
    dg_dataset_release(&data);
}

/* Widths of the centres (0, 0), (3, 4), (0, 1): distances 5, 1 and √(9 + 9). */
static double gamma_of(const char *kernel, const char *width, int64_t unit)
{
    static const float points[] = {0, 0, 3, 4, 0, 1};
    const dg_tensor centers = dg_tensor_view(DG_FLOAT32, DG_SHAPE(3, 2), points);
    rbf_net net = make_net(3, kernel, "kmeans", width);
    MUST(dg_tensors_put(net.parameters, "hidden.centers", &centers));
    MUST(fit(&net, &centers, 1));
    double gamma = dg_tensor_get(dg_tensors_find(net.parameters, "hidden.gamma"), unit);
    free_net(&net);
    return gamma;
}

Test(fit, widths_follow_their_definitions)
{
    double near = sqrt(18);
    cr_assert_float_eq(gamma_of("gaussian", "nearest(1)", 0), 0.5, 1e-6);
    cr_assert_float_eq(gamma_of("gaussian", "nearest", 0), 1 / (2 * 3.0 * 3.0), 1e-6);
    cr_assert_float_eq(gamma_of("gaussian", "nearest(p=1)", 1), 1 / (2 * near * near), 1e-6);
    cr_assert_float_eq(gamma_of("gaussian", "nearest(99)", 2), 2 / ((1 + near) * (1 + near)), 1e-6);
    cr_assert_float_eq(gamma_of("gaussian", "mean_distance", 1), 4.5 / ((6 + near) * (6 + near)), 1e-6);
    cr_assert_float_eq(gamma_of("gaussian", "dmax", 1), 6 / (2 * 25.0), 1e-6);
    cr_assert_float_eq(gamma_of("multiquadric", "nearest(1)", 0), 1, 1e-6);
    cr_assert_float_eq(gamma_of("inverse_quadratic", "dmax", 0), 6 / 25.0, 1e-6);
    cr_assert_float_eq(gamma_of("inverse_quadratic", "dmax(scale=2)", 0), 6 / 100.0, 1e-6);
    cr_assert_float_eq(gamma_of("wendland", "nearest(1)", 0), 1 / 20.0,
                       1e-6); /* the curvature of a Gaussian of σ = 1 */
}

Test(fit, a_gaussian_falls_to_its_inflection_at_one_sigma)
{
    /* φ(σ) = exp(−½) */
    cr_assert_float_eq(exp(-rbf_gamma("gaussian", 3) * 9), exp(-0.5), 1e-15);
}

Test(fit, keeps_parameters_that_are_there_and_makes_the_others)
{
    dg_dataset data = three_clusters(60);
    rbf_net net = make_net(3, "gaussian", "kmeans", "nearest(2)");
    dg_linear(net.hidden, 2, .name = "out");
    static const float ones[] = {1, 1, 1};
    const dg_tensor gamma = dg_tensor_view(DG_FLOAT32, DG_SHAPE(3), ones);
    MUST(dg_tensors_put(net.parameters, "hidden.gamma", &gamma));
    MUST(fit(&net, dg_tensors_find(data.fields, "features"), 1));
    cr_assert(same_bits(dg_tensors_find(net.parameters, "hidden.gamma"), &gamma));
    cr_assert_not_null(dg_tensors_find(net.parameters, "hidden.centers"));
    cr_assert_not_null(dg_tensors_find(net.parameters, "out.weight"));
    free_net(&net);
    dg_dataset_release(&data);
}

Test(fit, sees_the_values_that_reach_the_layer)
{
    dg_dataset data = three_clusters(60);
    dg_graph *graph;
    dg_tensors *parameters;
    MUST(dg_graph_new(&graph));
    MUST(dg_tensors_new(&parameters));
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 2), .name = "x");
    dg_rbf(dg_expr("100 + 0 * x", {"x", x}), 1, .init = "kmeans", .name = "hidden");
    MUST(dg_graph_status(graph));
    const dg_feed feed = {x, dg_tensors_find(data.fields, "features")};
    MUST(dg_fit_parameters(parameters, graph, &feed, 1, 1, NULL));
    cr_assert_eq(dg_tensor_get(dg_tensors_find(parameters, "hidden.centers"), 0), 100);
    cr_assert_gt(dg_tensor_get(dg_tensors_find(parameters, "hidden.gamma"), 0), 0);
    dg_tensors_free(parameters);
    dg_graph_free(graph);
    dg_dataset_release(&data);
}

Test(fit, says_what_is_wrong)
{
    dg_dataset data = three_clusters(5);
    const dg_tensor *rows = dg_tensors_find(data.fields, "features");
    static const char *const inits[][2] = {{"kmeans", "nearest(2)"}, {"samples", "nearest(2)"}};
    for (int i = 0; i < 2; i++) {
        rbf_net net = make_net(6, "gaussian", inits[i][0], inits[i][1]);
        MUST_FAIL(DG_BAD_DATA, fit(&net, rows, 1));
        cr_assert_null(dg_tensors_find(net.parameters, "hidden.centers"));
        free_net(&net);
    }
    static const char *const wrong[][2] = {{"kmeans(iterations=0)", "nearest(2)"}, {"kmeans", "nearest(p=0)"}};
    for (int i = 0; i < 2; i++) {
        rbf_net net = build_net(2, "gaussian", wrong[i][0], wrong[i][1]);
        MUST_FAIL(DG_BAD_ARGUMENT, dg_graph_status(net.graph));
        free_net(&net);
    }
    dg_dataset_release(&data);
}

/* ---- centres and weights by targets ---- */

typedef struct solved_net {
    dg_graph *graph;
    dg_node *x, *target, *layer, *loss;
    dg_tensors *parameters;
} solved_net;

/* rbf of `centers` centres, and a linear layer on it that feeds cross_entropy or mse_loss. */
static solved_net make_solved(int64_t centers, const char *init, const char *weights, bool bias)
{
    solved_net net;
    MUST(dg_graph_new(&net.graph));
    MUST(dg_tensors_new(&net.parameters));
    net.x = dg_input(net.graph, DG_SHAPE(DG_N, 2), .name = "x");
    net.target = dg_input(net.graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    dg_node *hidden = dg_rbf(net.x, centers, .init = init, .width = "1", .name = "hidden");
    net.layer = dg_linear(hidden, 3, .bias = bias, .init = weights, .name = "out");
    net.loss = dg_cross_entropy(net.layer, net.target, .name = "loss");
    MUST(dg_graph_status(net.graph));
    return net;
}

static dg_status fit_solved(solved_net *net, const dg_dataset *data)
{
    const dg_feed feeds[] = {{net->x, dg_tensors_find(data->fields, "features")},
                             {net->target, dg_tensors_find(data->fields, "target")}};
    return dg_fit_parameters(net->parameters, net->graph, feeds, 2, 1, NULL);
}

static void free_solved(solved_net *net)
{
    dg_tensors_free(net->parameters);
    dg_graph_free(net->graph);
}

Test(fit, all_takes_every_row_in_order)
{
    dg_dataset data = three_clusters(30);
    const dg_tensor *rows = dg_tensors_find(data.fields, "features");
    rbf_net net = make_net(30, "gaussian", "all", "1");
    MUST(fit(&net, rows, 3));
    cr_assert(same_bits(dg_tensors_find(net.parameters, "hidden.centers"), rows));
    free_net(&net);
    net = make_net(29, "gaussian", "all", "1");
    MUST_FAIL(DG_BAD_SHAPE, fit(&net, rows, 3));
    free_net(&net);
    dg_dataset_release(&data);
}

Test(fit, per_class_gives_each_class_its_centres)
{
    dg_dataset data = three_clusters(60);
    solved_net net = make_solved(6, "per_class(2)", "ridge", true);
    MUST(fit_solved(&net, &data));
    const dg_tensor *centers = dg_tensors_find(net.parameters, "hidden.centers");
    static const double middle[3][2] = {{0, 0}, {4, 0}, {0, 4}};
    for (int64_t j = 0; j < 6; j++)
        for (int64_t k = 0; k < 2; k++)
            cr_assert_float_eq(dg_tensor_get(centers, 2 * j + k), middle[j / 2][k], 0.6);
    free_solved(&net);
    net = make_solved(7, "per_class(2)", "ridge", true);
    MUST_FAIL(DG_BAD_SHAPE, fit_solved(&net, &data));
    free_solved(&net);
    dg_dataset_release(&data);
}

Test(fit, orthogonal_least_squares_takes_a_centre_of_each_cluster)
{
    dg_dataset data = three_clusters(60);
    solved_net net = make_solved(3, "ols(3)", "ridge", true);
    MUST(fit_solved(&net, &data));
    const dg_tensor *centers = dg_tensors_find(net.parameters, "hidden.centers");
    bool taken[3] = {false};
    for (int64_t j = 0; j < 3; j++)
        taken[dg_tensor_get(centers, 2 * j) > 2 ? 1 : dg_tensor_get(centers, 2 * j + 1) > 2 ? 2 : 0] = true;
    cr_assert(taken[0] && taken[1] && taken[2]);
    free_solved(&net);
    net = make_solved(59, "ols", "ridge", true); /* wide bumps: a few make up the others, though not the targets */
    dg_status status = fit_solved(&net, &data);
    cr_expect_eq(status.code, DG_BAD_DATA);
    cr_expect(strstr(status.message, "further ones add rounding alone: the layer has 59; take at most "), "%s",
              status.message);
    free_solved(&net);
    dg_dataset_release(&data);
}

/* At the least of |y − t|² + λ|w|² the derivative is 0: Σ_n (y_n − t_n) φ_n + λ w = 0, and Σ_n (y_n − t_n) = 0 of the
 * bias. 5000 rows are more than a block. */
Test(fit, ridge_ends_where_the_derivative_is_zero)
{
    dg_dataset data = three_clusters(5000);
    solved_net net = make_solved(5, "samples", "ridge(0.5)", true);
    dg_graph_set_dtype(net.graph, DG_FLOAT32);
    MUST(fit_solved(&net, &data));
    dg_node *const fetch[] = {net.layer, dg_node_input(net.layer, 0)};
    dg_plan *plan;
    MUST(dg_plan_new(net.graph, &(dg_plan_options){.fetch = fetch, .n_fetch = 2, .parameters = net.parameters}, &plan));
    MUST(dg_plan_run(plan, &(dg_feed){net.x, dg_tensors_find(data.fields, "features")}, 1));
    const dg_tensor *y = dg_plan_result(plan, 0), *phi = dg_plan_result(plan, 1);
    const dg_tensor *label = dg_tensors_find(data.fields, "target"), *w = dg_tensors_find(net.parameters, "out.weight");
    for (int64_t k = 0; k < 3; k++)
        for (int64_t j = 0; j <= 5; j++) {
            double sum = j < 5 ? 0.5 * dg_tensor_get(w, 5 * k + j) : 0;
            for (int64_t n = 0; n < 5000; n++)
                sum += (dg_tensor_get(y, 3 * n + k) - (dg_tensor_get(label, n) == (double)k)) *
                       (j < 5 ? dg_tensor_get(phi, 5 * n + j) : 1);
            cr_assert_float_eq(sum, 0, 5e-3, "%d %d: %g", (int)k, (int)j, sum); /* of float32 weights */
        }
    dg_plan_free(plan);
    free_solved(&net);
    dg_dataset_release(&data);
}

/* Of dependent features (one centre twice) ridge and svd give both the same weight; the shortest solution. */
Test(fit, svd_finds_the_shortest_solution)
{
    dg_dataset data = three_clusters(60);
    solved_net net = make_solved(2, "constant([[0, 0], [0, 0]])", "svd", true);
    MUST(fit_solved(&net, &data));
    const dg_tensor *w = dg_tensors_find(net.parameters, "out.weight");
    for (int64_t k = 0; k < 3; k++)
        cr_assert_float_eq(dg_tensor_get(w, 2 * k), dg_tensor_get(w, 2 * k + 1), 1e-5);
    free_solved(&net);
    dg_dataset_release(&data);
}

Test(fit, a_bias_that_is_given_stays)
{
    dg_dataset data = three_clusters(60);
    solved_net net = make_solved(3, "samples", "lstsq", true);
    static const float numbers[] = {7, 8, 9};
    const dg_tensor bias = dg_tensor_view(DG_FLOAT32, DG_SHAPE(3), numbers);
    MUST(dg_tensors_put(net.parameters, "out.bias", &bias));
    MUST(fit_solved(&net, &data));
    cr_assert(same_bits(dg_tensors_find(net.parameters, "out.bias"), &bias));
    free_solved(&net);
    dg_dataset_release(&data);
}

Test(fit, solvers_want_a_layer_that_feeds_a_loss)
{
    dg_dataset data = three_clusters(60);
    solved_net net = make_solved(3, "samples", "zeros", true);
    dg_node *first = dg_linear(dg_relu(dg_linear(net.x, 3, .init = "ridge", .name = "first")), 3, .name = "second");
    dg_cross_entropy(first, net.target);
    dg_status status = fit_solved(&net, &data);
    cr_assert_eq(status.code, DG_BAD_ARGUMENT);
    cr_assert(strstr(status.message, "feeds a loss directly"), "%s", status.message);
    free_solved(&net);
    dg_dataset_release(&data);
}

Test(fit, epochs_of_none_solve_and_refit_solves_again)
{
    dg_dataset data = three_clusters(60);
    MUST(dg_dataset_split(&data, 0.25, 0, 1));
    for (int again = 0; again < 2; again++) {
        solved_net net = make_solved(6, "kmeans", "ridge(1e-6)", true);
        dg_trainer *trainer;
        dg_metrics metrics;
        MUST(dg_trainer_new(&(dg_trainer_options){.task = {.graph = net.graph,
                                                           .loss = net.loss,
                                                           .parameters = net.parameters,
                                                           .data = &data,
                                                           .metrics = "accuracy"},
                                                  .optimizer = "sgd(lr=10)",
                                                  .refit = again ? "out" : NULL,
                                                  .epochs = again ? 2 : DG_NONE},
                            &trainer));
        MUST(dg_trainer_run(trainer));
        cr_assert_eq(dg_trainer_history(trainer)->shape.dims[0], again ? 2 : 0);
        MUST(dg_trainer_evaluate(trainer, (dg_rows){data.test, data.n_test}, &metrics));
        cr_assert_float_eq(metrics.values[1], 1, 1e-12, "accuracy %g", metrics.values[1]);
        dg_trainer_free(trainer);
        free_solved(&net);
    }
    dg_dataset_release(&data);
}

static dg_status solve_far(dg_tensor *weight, dg_tensor *bias, const dg_init_call *call)
{
    (void)bias;
    for (int64_t i = 0; i < dg_tensor_count(weight); i++)
        dg_tensor_set(weight, i, 1e300);
    return call->data ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "no data");
}

/* What is solved for in float64 may be beyond the layer's own type. */
Test(fit, a_solution_beyond_the_type_of_the_layer_is_refused)
{
    static const dg_initialiser far = {.name = "far", .summary = "1e300", .needs_data = true, .solve = solve_far};
    static const float narrow_values[] = {1, 2};
    static const double wide_values[] = {1, 2};
    const dg_tensor rows[] = {dg_tensor_view(DG_FLOAT32, DG_SHAPE(2, 1), narrow_values),
                              dg_tensor_view(DG_FLOAT64, DG_SHAPE(2, 1), wide_values)};
    MUST(dg_register_initialiser(&far));
    for (int wide = 0; wide < 2; wide++) {
        rbf_net net = {.graph = NULL};
        MUST(dg_graph_new(&net.graph));
        MUST(dg_tensors_new(&net.parameters));
        dg_graph_set_dtype(net.graph, wide ? DG_FLOAT64 : DG_FLOAT32);
        net.x = dg_input(net.graph, DG_SHAPE(DG_N, 1), .name = "x");
        net.hidden = dg_linear(net.x, 1, .bias = false, .init = "far");
        dg_mse_loss(net.hidden, net.x);
        dg_status status = fit(&net, &rows[wide], 1);
        cr_expect_eq(status.code, wide ? DG_OK : DG_NUMERIC, "%s", status.message);
        cr_expect(wide || strstr(status.message, "the solution has 1e+300, which is beyond float32"), "%s",
                  status.message);
        free_net(&net);
    }
}
