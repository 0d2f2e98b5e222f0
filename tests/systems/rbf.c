/* Radial basis function networks of the textbooks: published figures and those of independent computations in NumPy and
 * SciPy. Each test prints what is found beside what is expected. FULL=1 in the environment runs whole tables. */
#include "../optim/small.h"

#include "optim/fit/fit.h"

#include <stdlib.h>

/* ---- one network: x → rbf → linear → loss, in float64 ---- */

typedef struct net_options {
    const char *kernel, *centers, *width, *solver;
    int64_t m, classes; /* classes 0: one number */
    bool normalize, no_bias, layer;
    uint64_t seed;
} net_options;

typedef struct solved {
    dg_graph *graph;
    dg_node *x, *target, *y, *loss;
    dg_tensors *parameters;
    dg_plan *plan;
} solved;

static void begin_net(solved *net, int64_t d, int64_t classes)
{
    MUST(dg_graph_new(&net->graph));
    MUST(dg_tensors_new(&net->parameters));
    dg_graph_set_dtype(net->graph, DG_FLOAT64);
    net->x = dg_input(net->graph, DG_SHAPE(DG_N, d), .name = "x");
    net->target = classes ? dg_input(net->graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "target")
                          : dg_input(net->graph, DG_SHAPE(DG_N, 1), .name = "target");
}

static void finish_net(solved *net, const dg_tensor *x, const dg_tensor *t, int64_t classes, uint64_t seed)
{
    net->loss = classes ? dg_cross_entropy(net->y, net->target) : dg_mse_loss(net->y, net->target);
    MUST(dg_graph_status(net->graph));
    const dg_feed feeds[] = {{net->x, x}, {net->target, t}};
    MUST(dg_fit_parameters(net->parameters, net->graph, feeds, 2, seed, NULL));
    MUST(dg_plan_new(net->graph, &(dg_plan_options){.fetch = &net->y, .n_fetch = 1, .parameters = net->parameters},
                     &net->plan));
}

static void solve(solved *net, const dg_tensor *x, const dg_tensor *t, net_options o)
{
    begin_net(net, x->shape.dims[1], o.classes);
    dg_node *hidden =
        dg_rbf(net->x, o.m, .kernel = o.kernel ? o.kernel : "gaussian", .init = o.centers, .width = o.width,
               .per = o.layer ? "layer" : "unit", .normalize = o.normalize, .name = "hidden");
    net->y = dg_linear(hidden, o.classes ? o.classes : 1, .bias = !o.no_bias, .init = o.solver, .name = "y");
    finish_net(net, x, t, o.classes, o.seed);
}

static const dg_tensor *outputs(const solved *net, const dg_tensor *x)
{
    MUST(dg_plan_run(net->plan, &(dg_feed){net->x, x}, 1));
    return dg_plan_result(net->plan, 0);
}

static void end_net(solved *net)
{
    dg_plan_free(net->plan);
    dg_tensors_free(net->parameters);
    dg_graph_free(net->graph);
}

static double accuracy(const solved *net, const dg_tensor *x, const dg_tensor *labels)
{
    const dg_tensor *y = outputs(net, x);
    int64_t rows = y->shape.dims[0], k = y->shape.dims[1], right = 0;
    for (int64_t i = 0; i < rows; i++) {
        int64_t best = 0;
        for (int64_t j = 1; j < k; j++)
            if (dg_tensor_get(y, i * k + j) > dg_tensor_get(y, i * k + best))
                best = j;
        right += best == (int64_t)dg_tensor_get(labels, i);
    }
    return 100 * (double)right / (double)rows;
}

static double rmse_to(const solved *net, const dg_tensor *x, const double *truth)
{
    const dg_tensor *y = outputs(net, x);
    double sum = 0;
    int64_t n = dg_tensor_count(y);
    for (int64_t i = 0; i < n; i++)
        sum += (dg_tensor_get(y, i) - truth[i]) * (dg_tensor_get(y, i) - truth[i]);
    return sqrt(sum / (double)n);
}

static void show(const char *what, double found, double expected, double within)
{
    fprintf(stderr, "%-64s found %.7g, expected %.7g ± %.2g\n", what, found, expected, within);
    cr_expect(fabs(found - expected) <= within, "%s: %g", what, found);
}

/* ---- folds of a data set ---- */

static void rows_of(const dg_dataset *data, const int64_t *at, int64_t count, dg_tensor *x, dg_tensor *t)
{
    const dg_tensor *features = dg_tensors_find(data->fields, "features"),
                    *target = dg_tensors_find(data->fields, "target");
    int64_t d = dg_tensor_count(features) / features->shape.dims[0];
    MUST(dg_tensor_make(x, DG_FLOAT64, DG_SHAPE(count, d)));
    MUST(dg_tensor_make(t, DG_INT64, DG_SHAPE(count)));
    for (int64_t i = 0; i < count; i++) {
        dg_tensor_set(t, i, dg_tensor_get(target, at[i]));
        for (int64_t j = 0; j < d; j++)
            dg_tensor_set(x, i * d + j, dg_tensor_get(features, at[i] * d + j));
    }
}

/* The mean accuracy over folds of 5, so many of them, with a new split after each five. `pnn`: σ of a probabilistic
 * network instead. */
static double mean_accuracy(const char *set, net_options o, int n_folds, const char *pnn)
{
    double sum = 0;
    for (int k = 0; k < n_folds; k++) {
        dg_data *data;
        dg_tensor x, t, test_x, test_t;
        solved net;
        MUST(dg_data_open(set, &(dg_data_options){.folds = 5, .fold = 1 + k % 5, .seed = (uint64_t)(k / 5)}, &data));
        const dg_dataset *rows = dg_data_set(data);
        rows_of(rows, rows->train, rows->n_train, &x, &t);
        rows_of(rows, rows->test, rows->n_test, &test_x, &test_t);
        o.seed = (uint64_t)k;
        o.classes = dg_data_class_count(data);
        if (pnn) {
            begin_net(&net, x.shape.dims[1], o.classes);
            net.y = dg_pnn(net.x, x.shape.dims[0], o.classes, .width = pnn);
            finish_net(&net, &x, &t, o.classes, 0);
        } else {
            solve(&net, &x, &t, o);
        }
        sum += accuracy(&net, &test_x, &test_t) / n_folds;
        end_net(&net);
        dg_tensor *const made[] = {&x, &t, &test_x, &test_t};
        for (int i = 0; i < 4; i++)
            dg_tensor_release(made[i]);
        dg_data_free(data);
    }
    return sum;
}

static bool is_full(void)
{
    return getenv("FULL") != NULL;
}

/* Digits, k-means and ridge: the table of four ways by five sizes. Independent: NumPy, 5 folds twice. Within 0.6 points
 * (the spread of k-means and folds); the collapse by a bias within 5. */
Test(rbf_systems, digits_by_kmeans_and_ridge)
{
    static const int64_t sizes[] = {20, 50, 100, 200, 400};
    static const struct {
        const char *name;
        net_options options;
        double accuracy[5], within;
    } ways[] = {
        {"nearest(2)",
         {.centers = "kmeans", .width = "nearest(2)", .solver = "ridge(1e-6)"},
         {92.8, 96.3, 98.0, 98.7, 98.9},
         0.6},
        {"dmax, bias",
         {.centers = "kmeans", .width = "dmax", .solver = "ridge(1e-6)", .layer = true},
         {85.0, 77.7, 59.3, 33.0, 14.9},
         5},
        {"dmax",
         {.centers = "kmeans", .width = "dmax", .solver = "ridge(1e-6)", .layer = true, .no_bias = true},
         {89.8, 94.3, 96.8, 98.0, 98.6},
         1},
        {"dmax, normalised",
         {.centers = "kmeans",
          .width = "dmax",
          .solver = "ridge(1e-6)",
          .layer = true,
          .no_bias = true,
          .normalize = true},
         {90.9, 95.0, 97.1, 98.4, 98.6},
         1},
    };
    for (int w = 0; w < 4; w++)
        for (int s = 0; s < (is_full() ? 5 : 3); s++) {
            net_options o = ways[w].options;
            char name[80];
            o.m = sizes[s];
            snprintf(name, sizeof name, "digits, k-means + ridge, %s, M = %d", ways[w].name, (int)o.m);
            show(name, mean_accuracy("digits(scale=unit)", o, is_full() ? 10 : 3, NULL), ways[w].accuracy[s],
                 ways[w].within * (is_full() ? 1 : 2));
        }
}

Test(rbf_systems, digits_by_one_width_and_by_a_probabilistic_network)
{
    net_options o = {.m = 200, .centers = "kmeans", .width = "mean_distance", .solver = "ridge(1e-6)", .layer = true};
    int folds = is_full() ? 10 : 2;
    double within = is_full() ? 0.5 : 1;
    show("digits, M = 200, mean distance, k-means", mean_accuracy("digits(scale=unit)", o, folds, NULL), 98.9, within);
    o.centers = "samples";
    show("digits, M = 200, mean distance, samples", mean_accuracy("digits(scale=unit)", o, folds, NULL), 98.7, within);
    show("digits, PNN, width .3", mean_accuracy("digits(scale=unit)", o, folds, "0.3"), 98.8, within);
}

Test(rbf_systems, small_tables_standardised)
{
    net_options o = {.m = 40, .centers = "kmeans", .width = "mean_distance", .solver = "ridge(0.1)", .layer = true};
    int folds = is_full() ? 50 : 15;
    show("iris, M = 40, ridge .1", mean_accuracy("iris(scale=standard)", o, folds, NULL), 96.7, 1.2);
    show("breast cancer, M = 40, ridge .1", mean_accuracy("breast_cancer(scale=standard)", o, folds, NULL), 96.4, 1);
    show("wine, M = 40, ridge .1", mean_accuracy("wine(scale=standard)", o, folds, NULL), 98.4, 1);
    o.solver = "ridge(1)";
    show("wine, M = 40, ridge 1", mean_accuracy("wine(scale=standard)", o, folds, NULL), 98.9, 1);
}

/* ---- small ones, exact ---- */

/* MATLAB's demo of newrb, spread 1: φ = exp(−ln 2 d²). Columns are chosen without a bias, the fit has one. */
Test(rbf_systems, orthogonal_least_squares_follows_the_newrb_demo)
{
    static const double t[21] = {-.9602, -.5770, -.0729, .3771, .6405, .6600, .4609, .1336,  -.2013, -.4344, -.5,
                                 -.3930, -.1647, .0988,  .3072, .3960, .3449, .1816, -.0312, -.2189, -.3201};
    static const double squares[] = {.176192, .175738, .160368, .128338, .027519, .026488, .000462};
    static const double centers[] = {-1, -.9, -.8, -.7, 1, -.6};
    double x[21], half = log(2);
    for (int i = 0; i < 21; i++)
        x[i] = -1 + 0.1 * i;
    const dg_tensor rows = dg_tensor_view(DG_FLOAT64, DG_SHAPE(21, 1), x),
                    gamma = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1), &half);
    const dg_tensor targets = dg_tensor_view(DG_FLOAT64, DG_SHAPE(21, 1), t);
    dg_tensor values;
    int64_t chosen[6], n;
    MUST(radial_values(&(radial_basis){.kernel = "gaussian", .centers = &rows, .gamma = &gamma, .degree = -1}, &rows,
                       &values));
    MUST(orthogonal_least_squares(&values, &targets, 6, chosen, &n, NULL));
    cr_assert_eq(n, 6);
    for (int64_t m = 0; m <= 6; m++) {
        least_squares system;
        dg_tensor features, solution;
        char name[40];
        MUST(dg_tensor_make(&features, DG_FLOAT64, DG_SHAPE(21, m)));
        for (int64_t i = 0; i < 21 * m; i++)
            dg_tensor_set(&features, i, dg_tensor_get(&values, i / m * 21 + chosen[i % m]));
        MUST(least_squares_make(&system, m, true, 1));
        MUST(least_squares_add(&system, &features, &targets));
        MUST(least_squares_solve(&system, SOLVE_LSTSQ, 0, &solution));
        double left = 0;
        for (int64_t i = 0; i < 21; i++) {
            double y = dg_tensor_get(&solution, m);
            for (int64_t j = 0; j < m; j++)
                y += dg_tensor_get(&solution, j) * dg_tensor_get(&features, i * m + j);
            left += (y - t[i]) * (y - t[i]) / 21;
        }
        snprintf(name, sizeof name, "newrb, %d neurons: mean square", (int)m);
        show(name, left, squares[m], 6e-7);
        if (m > 0)
            show("newrb: centre", x[chosen[m - 1]], centers[m - 1], 1e-9);
        least_squares_release(&system);
        dg_tensor_release(&features);
        dg_tensor_release(&solution);
    }
    dg_tensor_release(&values);
}

/* P = [1 2 3], T = [2 4.1 5.9] at 1.5, φ = 2^−d²: MATLAB's newrbe and newgrnn. σ = 1/√(2 ln 2). */
Test(rbf_systems, three_points_exactly_and_by_general_regression)
{
    static const double p[] = {1, 2, 3}, t[] = {2, 4.1, 5.9}, at = 1.5;
    const dg_tensor x = dg_tensor_view(DG_FLOAT64, DG_SHAPE(3, 1), p),
                    y = dg_tensor_view(DG_FLOAT64, DG_SHAPE(3, 1), t);
    const dg_tensor place = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1, 1), &at);
    solved net;
    solve(&net, &x, &y, (net_options){.m = 3, .centers = "all", .width = "0.84932180028801907", .solver = "lstsq"});
    show("newrbe at 1.5, the shortest solution with a bias", dg_tensor_get(outputs(&net, &place), 0), 2.780805, 6e-7);
    end_net(&net);
    begin_net(&net, 1, 0);
    net.y = dg_grnn(net.x, 3, 1, .width = "0.84932180028801907");
    finish_net(&net, &x, &y, 0, 0);
    show("GRNN at 1.5", dg_tensor_get(outputs(&net, &place), 0), 3.366667, 6e-7);
    end_net(&net);
}

/* Haykin, Neural Networks, 5.8: φ = exp(−r²), so σ = 1/√2. */
Test(rbf_systems, xor_by_two_centres)
{
    static const double corners[] = {0, 0, 0, 1, 1, 0, 1, 1}, t[] = {0, 1, 1, 0};
    const dg_tensor x = dg_tensor_view(DG_FLOAT64, DG_SHAPE(4, 2), corners),
                    y = dg_tensor_view(DG_FLOAT64, DG_SHAPE(4, 1), t);
    solved net;
    solve(&net, &x, &y,
          (net_options){
              .m = 2, .centers = "constant([[0, 0], [1, 1]])", .width = "0.70710678118654752", .solver = "lstsq"});
    const dg_tensor *w = dg_tensors_find(net.parameters, "y.weight");
    show("XOR: first weight", dg_tensor_get(w, 0), -2.50265, 6e-6);
    show("XOR: second weight", dg_tensor_get(w, 1), -2.50265, 6e-6);
    show("XOR: bias", dg_tensor_get(dg_tensors_find(net.parameters, "y.bias"), 0), 2.84135, 6e-6);
    show("XOR: error", rmse_to(&net, &x, t), 0, 1e-12);
    end_net(&net);
}

/* The points halfway along each arm: angle (i + ½)π/16, radius 6.5(104 − i − ½)/104. */
static void spiral_points(double offset, int count, double *points, int64_t *labels)
{
    for (int i = 0; i < count; i++)
        for (int arm = 0; arm < 2; arm++) {
            double at = i + offset, angle = at * M_PI / 16, radius = 6.5 * (104 - at) / 104, sign = arm ? -1 : 1;
            points[4 * i + 2 * arm] = sign * radius * sin(angle);
            points[4 * i + 2 * arm + 1] = sign * radius * cos(angle);
            labels[2 * i + arm] = arm;
        }
}

Test(rbf_systems, two_spirals)
{
    double points[388], between[384];
    int64_t labels[194], middle[192];
    spiral_points(0, 97, points, labels);
    spiral_points(0.5, 96, between, middle);
    const dg_tensor x = dg_tensor_view(DG_FLOAT64, DG_SHAPE(194, 2), points),
                    t = dg_tensor_view(DG_INT64, DG_SHAPE(194), labels);
    const dg_tensor mx = dg_tensor_view(DG_FLOAT64, DG_SHAPE(192, 2), between),
                    mt = dg_tensor_view(DG_INT64, DG_SHAPE(192), middle);
    static const char *const widths[] = {"0.3", "0.6", "1", "1.2"};
    solved net;
    for (int k = 0; k < 4; k++) {
        solve(&net, &x, &t,
              (net_options){.m = 194, .centers = "all", .width = widths[k], .solver = "lstsq", .classes = 2});
        show("two spirals, exact, rows", accuracy(&net, &x, &t), 100, 0);
        show("two spirals, exact, halfway along the arms", accuracy(&net, &mx, &mt), 100, 0);
        end_net(&net);
    }
    solve(&net, &x, &t,
          (net_options){.m = 100, .centers = "kmeans", .width = "nearest(2)", .solver = "ridge(1e-6)", .classes = 2});
    show("two spirals, 100 centres of k-means, rows", accuracy(&net, &x, &t), 100, 4);
    end_net(&net);
    solve(&net, &x, &t,
          (net_options){.m = 20, .centers = "kmeans", .width = "nearest(2)", .solver = "ridge(1e-6)", .classes = 2});
    show("two spirals, 20 centres of k-means, rows: too few", accuracy(&net, &x, &t), 65, 20);
    end_net(&net);
}

static double franke(double x, double y)
{
    double a = 9 * x, b = 9 * y;
    return 0.75 * exp(-((a - 2) * (a - 2) + (b - 2) * (b - 2)) / 4) +
           0.75 * exp(-(a + 1) * (a + 1) / 49 - (b + 1) / 10) +
           0.5 * exp(-((a - 7) * (a - 7) + (b - 3) * (b - 3)) / 4) - 0.2 * exp(-(a - 4) * (a - 4) - (b - 7) * (b - 7));
}

static void franke_grid(int n, double *points, double *values)
{
    for (int i = 0; i < n * n; i++) {
        points[2 * i] = (double)(i / n) / (n - 1);
        points[2 * i + 1] = (double)(i % n) / (n - 1);
        values[i] = franke(points[2 * i], points[2 * i + 1]);
    }
}

/* Against SciPy's RBFInterpolator: 9 × 9 grid, RMSE on 40 × 40. ε = 3 is σ = 1/3. */
Test(rbf_systems, frankes_function)
{
    static double points[162], values[81], grid[3200], truth[1600];
    franke_grid(9, points, values);
    franke_grid(40, grid, truth);
    const dg_tensor x = dg_tensor_view(DG_FLOAT64, DG_SHAPE(81, 2), points),
                    t = dg_tensor_view(DG_FLOAT64, DG_SHAPE(81, 1), values);
    const dg_tensor at = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1600, 2), grid);
    static const struct {
        const char *name, *kernel;
        int64_t degree;
        double rmse;
    } ways[] = {
        {"Franke, inverse multiquadric", "inverse_multiquadric", -1, 4.083e-3},
        {"Franke, inverse multiquadric with a constant", "inverse_multiquadric", DG_NONE, 4.050e-3},
        {"Franke, thin plate with a linear tail", "thin_plate_spline", DG_NONE, 5.962e-3},
        {"Franke, linear with a constant", "linear", DG_NONE, 1.261e-2},
    };
    for (int k = 0; k < 4; k++) {
        solved net;
        begin_net(&net, 2, 0);
        net.y = dg_rbf_interpolator(net.x, 81, 1, .kernel = ways[k].kernel, .width = "0.33333333333333333",
                                    .degree = ways[k].degree);
        finish_net(&net, &x, &t, 0, 0);
        show(ways[k].name, rmse_to(&net, &at, truth), ways[k].rmse, ways[k].rmse * 2e-4);
        end_net(&net);
    }
}

/* sin(x)/x on [−10, 10] with noise of deviation .1: the mean over ten draws. */
Test(rbf_systems, noisy_sinc)
{
    double mean = 0;
    for (uint64_t seed = 0; seed < 10; seed++) {
        static double grid[401], truth[401];
        dg_data *data;
        dg_tensor x, t;
        solved net;
        MUST(dg_data_open("sinc(n=200, test=0)", &(dg_data_options){.seed = seed}, &data));
        MUST(dg_tensor_convert(&x, dg_tensors_find(dg_data_set(data)->fields, "features"), DG_FLOAT64));
        MUST(dg_tensor_convert(&t, dg_tensors_find(dg_data_set(data)->fields, "target"), DG_FLOAT64));
        t.shape = DG_SHAPE(200, 1);
        for (int i = 0; i < 401; i++) {
            grid[i] = -10 + 0.05 * i;
            truth[i] = i == 200 ? 1 : sin(grid[i]) / grid[i];
        }
        const dg_tensor at = dg_tensor_view(DG_FLOAT64, DG_SHAPE(401, 1), grid);
        solve(
            &net, &x, &t,
            (net_options){.m = 15, .centers = "kmeans", .width = "nearest(2)", .solver = "ridge(1e-6)", .seed = seed});
        mean += rmse_to(&net, &at, truth) / 10;
        end_net(&net);
        dg_tensor_release(&x);
        dg_tensor_release(&t);
        dg_data_free(data);
    }
    show("noisy sinc, 15 centres: RMSE to the truth", mean, 0.030, 0.005);
}

/* ---- by gradients ---- */

/* Accuracy on the test rows after training as `dotgrad train` does at the default rate. */
static double train_digits(const char *kernel, uint64_t seed, const char *freeze)
{
    dg_data *data;
    dg_trainer *trainer;
    solved net;
    dg_metrics metrics;
    MUST(dg_data_open("digits(scale=none)", &(dg_data_options){.seed = seed}, &data));
    MUST(dg_graph_new(&net.graph));
    MUST(dg_tensors_new(&net.parameters));
    net.x = dg_input(net.graph, DG_SHAPE(DG_N, 64), .name = "x");
    net.target = dg_input(net.graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "target");
    net.y = dg_linear(dg_rbf(net.x, 100, .kernel = kernel, .name = "hidden"), 10, .name = "y");
    net.loss = dg_cross_entropy(net.y, net.target, .name = "loss");
    MUST(dg_graph_status(net.graph));
    MUST(dg_trainer_new(&(dg_trainer_options){.task = {.graph = net.graph,
                                                       .loss = net.loss,
                                                       .parameters = net.parameters,
                                                       .data = dg_data_set(data),
                                                       .batch_size = 64,
                                                       .seed = seed},
                                              .freeze = freeze,
                                              .epochs = 30},
                        &trainer));
    MUST(dg_trainer_run(trainer));
    const dg_tensor *gamma = dg_tensors_find(net.parameters, "hidden.gamma");
    for (int64_t i = 0; gamma && i < dg_tensor_count(gamma); i++)
        cr_assert_gt(dg_tensor_get(gamma, i), 0);
    MUST(dg_trainer_evaluate(trainer, (dg_rows){dg_data_set(data)->test, dg_data_set(data)->n_test}, &metrics));
    dg_trainer_free(trainer);
    dg_tensors_free(net.parameters);
    dg_graph_free(net.graph);
    dg_data_free(data);
    return 100 * metrics.values[1];
}

/* Features from 0 to 16: widths that are trained do as well as frozen ones, and no kernel diverges. */
Test(rbf_systems, unscaled_digits_train_with_every_kernel)
{
    static const char *const kernels[] = {"gaussian",
                                          "multiquadric",
                                          "inverse_multiquadric",
                                          "inverse_quadratic",
                                          "matern32",
                                          "matern52",
                                          "wendland",
                                          "thin_plate_spline",
                                          "linear",
                                          "cubic",
                                          "quintic"};
    int seeds = is_full() ? 5 : 1;
    for (int k = 0; k < 11; k++) {
        double trained = 0, frozen = 0;
        char name[80];
        for (int seed = 0; seed < seeds; seed++) {
            trained += train_digits(kernels[k], (uint64_t)seed, NULL) / seeds;
            frozen += k < 7 ? train_digits(kernels[k], (uint64_t)seed, "hidden.gamma") / seeds : 0;
        }
        snprintf(name, sizeof name, "unscaled digits, %s, trained (expected: frozen widths)", kernels[k]);
        if (k < 7)
            show(name, trained, frozen, is_full() ? 1 : 2.5);
        else
            show(name, trained, 90, 10);
    }
}
