/* dg_rbf_fit_make() on the rows of rbf_peers.py, whose numbers are in rbf_peers.txt: its error is at most 5 % above the
 * best of SciPy's RBFInterpolator and scikit-learn's GaussianProcess and SVC; of wine, where 5 % are less than a row,
 * one row. */
#include "../optim/small.h"

#include <dotgrad/rbf_fit.h>

#include <stdlib.h>

/* The least error that a peer has on a problem. */
static double best_peer(const char *problem)
{
    char path[500], name[40], peer[60];
    double error, best = INFINITY;
    snprintf(path, sizeof path, "%s/systems/rbf_peers.txt", getenv("TESTS"));
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    while (fscanf(file, "%39s %59s %lf", name, peer, &error) == 3)
        if (strcmp(name, problem) == 0 && error < best)
            best = error;
    fclose(file);
    cr_assert(isfinite(best), "%s", problem);
    return best;
}

/* `least` is what an error can differ by: one row of a table; 0 of numbers. */
static void show(const char *problem, const dg_rbf_fit *fit, double found, double least)
{
    double expected = best_peer(problem), most = fmax(1.05 * expected, expected + least);
    fprintf(stderr, "%-14s found %.6g (%s, width %.3g, ridge %.3g), expected at most %.6g\n", problem, found,
            fit->kernel, fit->width, fit->ridge, most);
    cr_expect_leq(found, most + 1e-4 * expected); /* the file has six digits */
}

/* The network of a fit, as its graph would compute it. */
typedef struct network_of {
    dg_graph *graph;
    dg_node *x, *y;
    dg_plan *plan;
} network_of;

static void build(const dg_rbf_fit *fit, network_of *net)
{
    MUST(dg_graph_new(&net->graph));
    dg_graph_set_dtype(net->graph, DG_FLOAT64);
    net->x = dg_input(net->graph, DG_SHAPE(DG_N, fit->features));
    net->y = dg_linear(dg_rbf(net->x, fit->centers, .kernel = fit->kernel, .per = "layer",
                              .degree = fit->degree > 0 ? fit->degree : -1, .name = "hidden"),
                       fit->targets, .name = "output");
    MUST(dg_graph_status(net->graph));
    MUST(dg_plan_new(net->graph, &(dg_plan_options){.fetch = &net->y, .n_fetch = 1, .parameters = fit->parameters},
                     &net->plan));
}

static void dispose(network_of *net)
{
    dg_plan_free(net->plan);
    dg_graph_free(net->graph);
}

/* ---- curves and surfaces ---- */

static dg_dataset points_set(int64_t n, int64_t d, const double *x, const double *t)
{
    dg_dataset data;
    dg_tensor *features, *target;
    MUST(dg_dataset_new(&data));
    MUST(dg_tensors_add(data.fields, "features", DG_FLOAT64, DG_SHAPE(n, d), &features));
    MUST(dg_tensors_add(data.fields, "target", DG_FLOAT64, DG_SHAPE(n), &target));
    memcpy(features->data, x, (size_t)(n * d) * sizeof *x);
    memcpy(target->data, t, (size_t)n * sizeof *t);
    MUST(dg_dataset_split_at(&data, n));
    return data;
}

/* The RMSE of the fit of a set; both belong to the caller. */
static double fit_curve(const dg_dataset *data, int64_t d, int64_t n, const double *at, const double *truth,
                        dg_rbf_fit *fit)
{
    network_of net;
    double sum = 0;
    MUST(dg_rbf_fit_make(data, NULL, fit));
    build(fit, &net);
    const dg_tensor rows = dg_tensor_view(DG_FLOAT64, DG_SHAPE(n, d), at);
    MUST(dg_plan_run(net.plan, &(dg_feed){net.x, &rows}, 1));
    for (int64_t i = 0; i < n; i++)
        sum += pow(dg_tensor_get(dg_plan_result(net.plan, 0), i) - truth[i], 2) / (double)n;
    dispose(&net);
    return sqrt(sum);
}

static double sinc(double x)
{
    return x == 0 ? 1 : sin(x) / x;
}

/* Number k of splitmix64 as one in (0, 1). */
static double unit(uint64_t k)
{
    uint64_t z = (k + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53 + 0x1p-54;
}

Test(rbf_peers, noisy_sinc)
{
    double x[200], t[200], at[401], truth[401], mean = 0;
    dg_rbf_fit fit = {0};
    for (int i = 0; i < 401; i++) {
        at[i] = -10 + 0.05 * i;
        truth[i] = sinc(at[i]);
    }
    for (uint64_t draw = 0; draw < 6; draw++) {
        for (uint64_t i = 0; i < 200; i++) {
            double u = unit(600 * draw + 3 * i + 1), v = unit(600 * draw + 3 * i + 2);
            x[i] = -10 + 20 * unit(600 * draw + 3 * i);
            t[i] = sinc(x[i]) + 0.1 * sqrt(-2 * log(u)) * cos(2 * M_PI * v);
        }
        dg_dataset data = points_set(200, 1, x, t);
        dg_rbf_fit_release(&fit);
        mean += fit_curve(&data, 1, 401, at, truth, &fit) / 6;
        dg_dataset_release(&data);
    }
    show("sinc", &fit, mean, 0);
    dg_rbf_fit_release(&fit);
}

static void franke_grid(int n, double *points, double *values)
{
    for (int i = 0; i < n * n; i++) {
        points[2 * i] = (double)(i / n) / (n - 1);
        points[2 * i + 1] = (double)(i % n) / (n - 1);
        double a = 9 * points[2 * i], b = 9 * points[2 * i + 1];
        values[i] = 0.75 * exp(-((a - 2) * (a - 2) + (b - 2) * (b - 2)) / 4) +
                    0.75 * exp(-(a + 1) * (a + 1) / 49 - (b + 1) / 10) +
                    0.5 * exp(-((a - 7) * (a - 7) + (b - 3) * (b - 3)) / 4) -
                    0.2 * exp(-(a - 4) * (a - 4) - (b - 7) * (b - 7));
    }
}

Test(rbf_peers, frankes_function)
{
    static double points[162], values[81], grid[3200], truth[1600];
    franke_grid(9, points, values);
    franke_grid(40, grid, truth);
    dg_dataset data = points_set(81, 2, points, values);
    dg_rbf_fit fit;
    double error = fit_curve(&data, 2, 1600, grid, truth, &fit);
    show("franke", &fit, error, 0);
    dg_rbf_fit_release(&fit);
    dg_dataset_release(&data);
}

/* ---- tables ---- */

/* Rows of a fold, standardised by its training rows; targets are one column a class. */
static dg_dataset fold_of(const dg_data *whole, int64_t fold)
{
    const dg_tensor *features = dg_tensors_find(dg_data_set(whole)->fields, "features");
    const dg_tensor *one_hot = dg_tensors_find(dg_data_set(whole)->fields, "one_hot");
    int64_t n = features->shape.dims[0], d = features->shape.dims[1], k = one_hot->shape.dims[1];
    dg_dataset data;
    dg_tensor *x, *t;
    MUST(dg_dataset_new(&data));
    MUST(dg_tensors_add(data.fields, "features", DG_FLOAT64, DG_SHAPE(n, d), &x));
    MUST(dg_tensors_add(data.fields, "target", DG_FLOAT64, DG_SHAPE(n, k), &t));
    data.train = calloc((size_t)n, sizeof *data.train);
    for (int64_t i = 0; i < n; i++)
        if (i % 5 != fold)
            data.train[data.n_train++] = i;
    for (int64_t i = 0; i < n * k; i++)
        dg_tensor_set(t, i, dg_tensor_get(one_hot, i));
    for (int64_t j = 0; j < d; j++) {
        double mean = 0, square = 0, count = (double)data.n_train;
        for (int64_t i = 0; i < data.n_train; i++)
            mean += dg_tensor_get(features, data.train[i] * d + j) / count;
        for (int64_t i = 0; i < data.n_train; i++)
            square += pow(dg_tensor_get(features, data.train[i] * d + j) - mean, 2) / count;
        for (int64_t i = 0; i < n; i++)
            dg_tensor_set(x, i * d + j, (dg_tensor_get(features, i * d + j) - mean) / sqrt(square));
    }
    return data;
}

static int64_t largest(const dg_tensor *rows, int64_t row)
{
    int64_t k = rows->shape.dims[1], best = 0;
    for (int64_t j = 1; j < k; j++)
        if (dg_tensor_get(rows, row * k + j) > dg_tensor_get(rows, row * k + best))
            best = j;
    return best;
}

static void expect_table(const char *problem, const char *kernels, bool one_row_more)
{
    dg_data *whole;
    int64_t wrong = 0, n = 0;
    dg_rbf_fit fit;
    char spec[60];
    snprintf(spec, sizeof spec, "%s(scale=none)", problem);
    MUST(dg_data_open(spec, NULL, &whole));
    for (int64_t fold = 0; fold < 5; fold++) {
        network_of net;
        dg_dataset data = fold_of(whole, fold);
        const dg_tensor *x = dg_tensors_find(data.fields, "features"), *t = dg_tensors_find(data.fields, "target");
        MUST(dg_rbf_fit_make(&data, &(dg_rbf_fit_options){.kernels = kernels}, &fit));
        build(&fit, &net);
        MUST(dg_plan_run(net.plan, &(dg_feed){net.x, x}, 1));
        n = x->shape.dims[0];
        for (int64_t i = fold; i < n; i += 5)
            wrong += largest(dg_plan_result(net.plan, 0), i) != largest(t, i);
        dispose(&net);
        if (fold < 4)
            dg_rbf_fit_release(&fit);
        dg_dataset_release(&data);
    }
    show(problem, &fit, 100 * (double)wrong / (double)n, one_row_more ? 100 / (double)n : 0);
    dg_rbf_fit_release(&fit);
    dg_data_free(whole);
}

Test(rbf_peers, wine)
{
    expect_table("wine", NULL, true);
}

Test(rbf_peers, breast_cancer)
{
    expect_table("breast_cancer", NULL, false);
    expect_table("breast_cancer", "gaussian", false);
}
