/* Parameters whose first values come from data: centres of radial basis functions, and their widths. */
#include "fit.h"

#include <dotgrad/argument.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* the tables leave out what is NULL or 0 */

typedef struct fitting {
    dg_tensors *parameters;
    dg_graph *graph;
    const dg_feed *feeds;
    int n_feeds;
    uint64_t seed;
    dg_threads *threads;
    bool *pending; /* by node id */
} fitting;

double rbf_gamma(const char *kernel, double sigma)
{
    return strcmp(kernel, "gaussian") == 0 ? 1 / (2 * sigma * sigma) : 1 / (sigma * sigma);
}

static const dg_value *data_init(const dg_node *node)
{
    const dg_value *init = dg_node_op(node)->role == DG_ROLE_PARAMETER ? dg_node_attr(node, "init") : NULL;
    return init && init->kind != DG_VALUE_NONE && dg_init_needs_data(init) ? init : NULL;
}

bool fit_is_needed(const dg_tensors *parameters, const dg_graph *graph)
{
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (data_init(node) && !dg_tensors_find(parameters, dg_node_name(node)))
            return true;
    }
    return false;
}

/* The value of a node on the data, as float64 [rows, d] with d its last size. */
static dg_status value_on_data(const fitting *f, dg_node *node, dg_tensor *rows)
{
    dg_plan *plan = NULL;
    DG_TRY(dg_plan_new(
        f->graph,
        &(dg_plan_options){
            .fetch = &node, .n_fetch = 1, .parameters = f->parameters, .threads = f->threads, .seed = f->seed},
        &plan));
    dg_status status = dg_plan_run(plan, f->feeds, f->n_feeds);
    if (status.code == DG_OK)
        status = dg_tensor_convert(rows, dg_plan_result(plan, 0), DG_FLOAT64);
    dg_plan_free(plan);
    if (status.code != DG_OK)
        return status;
    int rank = rows->shape.rank;
    int64_t d = rank ? rows->shape.dims[rank - 1] : 1, count = dg_tensor_count(rows);
    rows->shape = DG_SHAPE(d ? count / d : 0, d);
    return dg_ok();
}

/* ---- centres ---- */

static dg_status draw_samples(const dg_tensor *rows, const dg_random *key, dg_tensor *centers)
{
    int64_t n = rows->shape.dims[0], k = centers->shape.dims[0];
    size_t row = (size_t)rows->shape.dims[1] * sizeof(double);
    if (n < k)
        return dg_error(DG_BAD_DATA, "%lld centers want as many rows of data, there are %lld", (long long)k,
                        (long long)n);
    int64_t *order = calloc((size_t)n, sizeof *order);
    if (!order)
        return dg_no_memory("the order of %lld rows", (long long)n);
    dg_random_permutation(key, n, order);
    for (int64_t j = 0; j < k; j++)
        memcpy((char *)centers->data + (size_t)j * row, (const char *)rows->data + (size_t)order[j] * row, row);
    free(order);
    return dg_ok();
}

static dg_status fit_centers(const fitting *f, const dg_value *init, const dg_node *user, const char *name,
                             dg_tensor *centers)
{
    static const dg_argument kmeans_args[] = {{"iterations", DG_ARGUMENT_COUNT, {100}}, {NULL}};
    static const dg_argument no_args[] = {{NULL}};
    bool clusters = strcmp(init->s, "kmeans") == 0;
    double iterations = 0;
    const dg_random key = {.seed = f->seed, .stream = dg_random_stream(name)};
    dg_tensor rows = {0};
    DG_TRY(dg_arguments_read(dg_graph_arena(f->graph), init->s, init, clusters ? kmeans_args : no_args, &iterations,
                             NULL));
    DG_TRY(value_on_data(f, dg_node_input(user, 0), &rows));
    dg_status status = dg_ok();
    if (centers->shape.rank != 2 || centers->shape.dims[1] != rows.shape.dims[1]) {
        char text[DG_SHAPE_TEXT];
        status = dg_error(DG_BAD_SHAPE, "%s: centers %s for data of %lld columns", init->s,
                          dg_shape_print(&centers->shape, text, sizeof text), (long long)rows.shape.dims[1]);
    } else {
        status = clusters ? kmeans(&rows, (int64_t)iterations, &key, f->threads, centers)
                          : draw_samples(&rows, &key, centers);
    }
    dg_tensor_release(&rows);
    return status;
}

/* ---- widths ---- */

static double distance(const dg_tensor *centers, int64_t i, int64_t j)
{
    int64_t d = centers->shape.dims[1];
    const double *a = (const double *)centers->data + i * d, *b = (const double *)centers->data + j * d;
    double sum = 0;
    for (int64_t k = 0; k < d; k++)
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sqrt(sum);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* σ_j: the mean distance from centre j to its p nearest other centres. `room` holds a distance for each centre. */
static void nearest_widths(const dg_tensor *centers, int64_t p, double *sigmas, double *room)
{
    int64_t m = centers->shape.dims[0], count = p < m - 1 ? p : m - 1;
    for (int64_t i = 0; i < m; i++) {
        int64_t n = 0;
        for (int64_t j = 0; j < m; j++)
            if (j != i)
                room[n++] = distance(centers, i, j);
        qsort(room, (size_t)n, sizeof *room, ascending);
        sigmas[i] = 0;
        for (int64_t j = 0; j < count; j++)
            sigmas[i] += room[j] / (double)count;
    }
}

/* One σ for all: the mean distance between centres, or the largest one over √(2M). */
static void common_width(const dg_tensor *centers, bool largest, double *sigmas)
{
    int64_t m = centers->shape.dims[0];
    double sum = 0, most = 0;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < i; j++) {
            double r = distance(centers, i, j);
            sum += r;
            most = fmax(most, r);
        }
    double pairs = 0.5 * (double)m * (double)(m - 1);
    for (int64_t i = 0; i < m; i++)
        sigmas[i] = largest ? most / sqrt(2 * (double)m) : pairs > 0 ? sum / pairs : 0;
}

/* Centres that coincide have no distance to go by: they take the mean of the other widths, or 1. */
static void mend_widths(double *sigmas, int64_t m)
{
    double sum = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < m; i++)
        if (sigmas[i] > 0) {
            sum += sigmas[i];
            n++;
        }
    for (int64_t i = 0; i < m; i++)
        if (!(sigmas[i] > 0))
            sigmas[i] = n ? sum / (double)n : 1;
}

static dg_status set_gammas(const char *kernel, const double *sigmas, int64_t m, dg_tensor *gamma)
{
    int64_t count = dg_tensor_count(gamma);
    if (count != m && count != 1)
        return dg_error(DG_BAD_SHAPE, "%lld widths for %lld centers", (long long)count, (long long)m);
    double mean = 0;
    for (int64_t i = 0; i < m; i++)
        mean += sigmas[i] / (double)m;
    for (int64_t i = 0; i < count; i++)
        dg_tensor_set(gamma, i, rbf_gamma(kernel, count == m ? sigmas[i] : mean));
    return dg_ok();
}

static dg_status fit_widths(const fitting *f, const dg_value *init, const dg_node *user, dg_tensor *gamma)
{
    static const dg_argument nearest_args[] = {{"p", DG_ARGUMENT_COUNT, {2}}, {NULL}};
    static const dg_argument no_args[] = {{NULL}};
    bool nearest = strcmp(init->s, "nearest") == 0, mean = strcmp(init->s, "mean_distance") == 0;
    double p = 0;
    const dg_value *kernel = dg_node_attr(user, "kernel");
    dg_node *centers_node = NULL;
    for (int k = 0; k < dg_node_input_count(user); k++)
        if (dg_node_input_name(user, k) && strcmp(dg_node_input_name(user, k), "centers") == 0)
            centers_node = dg_node_input(user, k);
    if (!centers_node || !kernel)
        return dg_error(DG_BAD_ARGUMENT, "initialiser %s is for the gamma of rbf", init->s);
    DG_TRY(dg_arguments_read(dg_graph_arena(f->graph), init->s, init, nearest ? nearest_args : no_args, &p, NULL));
    dg_tensor centers = {0};
    DG_TRY(value_on_data(f, centers_node, &centers));
    int64_t m = centers.shape.dims[0];
    double *sigmas = calloc(2 * (size_t)m + 1, sizeof *sigmas);
    dg_status status = dg_ok();
    if (!sigmas) {
        status = dg_no_memory("%lld widths", (long long)m);
    } else {
        if (nearest)
            nearest_widths(&centers, (int64_t)p, sigmas, sigmas + m);
        else
            common_width(&centers, !mean, sigmas);
        mend_widths(sigmas, m);
        status = set_gammas(kernel->s, sigmas, m, gamma);
    }
    free(sigmas);
    dg_tensor_release(&centers);
    return status;
}

/* ---- all parameters of a graph ---- */

static bool fits_centers(const dg_value *init)
{
    return strcmp(init->s, "kmeans") == 0 || strcmp(init->s, "samples") == 0 || strcmp(init->s, "random_samples") == 0;
}

static dg_status fit_one(const fitting *f, dg_node *parameter, const dg_node *user)
{
    const dg_value *init = data_init(parameter);
    const char *name = dg_node_name(parameter);
    dg_tensor *stored = dg_tensors_find(f->parameters, name), values = {0};
    if (!fits_centers(init))
        return fit_widths(f, init, user, stored);
    DG_TRY(dg_tensor_make(&values, DG_FLOAT64, stored->shape));
    dg_status status = fit_centers(f, init, user, name, &values);
    for (int64_t i = 0; status.code == DG_OK && i < dg_tensor_count(&values); i++)
        dg_tensor_set(stored, i, dg_tensor_get(&values, i));
    dg_tensor_release(&values);
    return status;
}

/* Fits the pending parameters of one node: centres first, then widths, which look at the centres. */
static dg_status fit_inputs(const fitting *f, const dg_node *user)
{
    for (int widths = 0; widths < 2; widths++)
        for (int k = 1; k < dg_node_input_count(user); k++) {
            dg_node *parameter = dg_node_input(user, k);
            if (!parameter || !f->pending[dg_node_id(parameter)] || fits_centers(data_init(parameter)) == (widths == 1))
                continue;
            dg_status status = fit_one(f, parameter, user);
            if (status.code != DG_OK)
                return dg_prefixed(status, "parameter '%s'", dg_node_name(parameter));
            f->pending[dg_node_id(parameter)] = false;
        }
    return dg_ok();
}

/* Zeros for what is to be fitted, so that everything else can be made and run. */
static dg_status place_pending(const fitting *f, int64_t count)
{
    for (int64_t id = 0; id < count; id++) {
        dg_node *node = dg_graph_node(f->graph, id);
        const dg_type *type = dg_node_type(node, 0);
        dg_tensor *made;
        if (!data_init(node) || dg_tensors_find(f->parameters, dg_node_name(node)))
            continue;
        if (!dg_shape_is_known(&type->shape))
            return dg_error(DG_BAD_SHAPE, "parameter '%s' has a size that is not known", dg_node_name(node));
        DG_TRY(dg_tensors_add(f->parameters, dg_node_name(node), type->dtype, type->shape, &made));
        f->pending[id] = true;
    }
    return dg_parameters_init(f->parameters, f->graph, f->seed);
}

dg_status dg_fit_parameters(dg_tensors *parameters, dg_graph *graph, const dg_feed *feeds, int n_feeds, uint64_t seed,
                            dg_threads *threads)
{
    DG_TRY(dg_graph_status(graph));
    int64_t count = dg_graph_node_count(graph);
    fitting f = {parameters, graph, feeds, n_feeds, seed, threads, calloc((size_t)count + 1, sizeof(bool))};
    if (!f.pending)
        return dg_error(DG_NO_MEMORY, "no memory to fit %lld nodes", (long long)count);
    dg_status status = place_pending(&f, count);
    for (int64_t id = 0; status.code == DG_OK && id < count; id++)
        status = fit_inputs(&f, dg_graph_node(graph, id));
    for (int64_t id = 0; id < count; id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (f.pending[id] && status.code == DG_OK)
            status =
                dg_error(DG_BAD_ARGUMENT, "parameter '%s': no layer uses it, initialiser %s has no data to look at",
                         dg_node_name(node), data_init(node)->s);
        if (f.pending[id])
            dg_tensors_remove(parameters, dg_node_name(node));
    }
    free(f.pending);
    return status;
}
