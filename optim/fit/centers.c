/* Initialisers of the centres of a layer by the data that reaches it: k-means, of all rows or by class, and rows of the
 * data themselves: all, some at random, those that explain most. */
#include "fit.h"

#include "ops/rbf/widths.h"

#include <dotgrad/parameters.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* the tables leave out what is NULL or 0 */

/* Fills centers [k, d] from rows [n, d], both float64. */
typedef dg_status center_rule(const dg_tensor *rows, const dg_init_call *call, dg_tensor *centers);

static dg_status fill_by(dg_tensor *tensor, const dg_init_call *call, center_rule *rule)
{
    char text[DG_SHAPE_TEXT];
    dg_tensor rows = {0}, centers = {0};
    DG_TRY(call->data->value(call->data, dg_node_input(call->data->layer, 0), &rows));
    dg_status status = dg_ok();
    if (tensor->shape.rank != 2 || tensor->shape.dims[1] != rows.shape.dims[1])
        status = dg_error(DG_BAD_SHAPE, "centers %s for data of %lld column(s)",
                          dg_shape_print(&tensor->shape, text, sizeof text), (long long)rows.shape.dims[1]);
    if (status.code == DG_OK)
        status = dg_tensor_make(&centers, DG_FLOAT64, tensor->shape);
    for (int64_t i = 0; status.code == DG_OK && i < dg_tensor_count(&centers); i++)
        dg_tensor_set(&centers, i, dg_tensor_get(tensor, i));
    if (status.code == DG_OK)
        status = rule(&rows, call, &centers);
    for (int64_t i = 0; status.code == DG_OK && i < dg_tensor_count(&centers); i++)
        dg_tensor_set(tensor, i, dg_tensor_get(&centers, i));
    dg_tensor_release(&centers);
    dg_tensor_release(&rows);
    return status;
}

static dg_status by_samples(const dg_tensor *rows, const dg_init_call *call, dg_tensor *centers)
{
    int64_t n = rows->shape.dims[0], k = centers->shape.dims[0];
    size_t row = (size_t)rows->shape.dims[1] * sizeof(double);
    if (n < k)
        return dg_error(DG_BAD_DATA, "%lld center(s) need as many rows of data, there are %lld", (long long)k,
                        (long long)n);
    int64_t *order = calloc((size_t)n, sizeof *order);
    if (!order)
        return dg_no_memory("the order of %lld rows", (long long)n);
    dg_random_permutation(call->key, n, order);
    for (int64_t j = 0; j < k; j++)
        memcpy((char *)centers->data + (size_t)j * row, (const char *)rows->data + (size_t)order[j] * row, row);
    free(order);
    return dg_ok();
}

/* After an epoch k-means goes on from the centres, so that each unit stays where those that read it expect it. */
static dg_status by_kmeans(const dg_tensor *rows, const dg_init_call *call, dg_tensor *centers)
{
    return kmeans(rows, (int64_t)call->values[0], call->key->step ? NULL : call->key, call->data->threads, centers);
}

/* ---- all rows ---- */

typedef struct all_rows {
    dg_tensor *centers;
    int64_t done;
} all_rows;

static dg_status take_block(void *argument, const dg_tensor *values)
{
    all_rows *a = argument;
    int64_t count = a->centers->shape.dims[0], d = a->centers->shape.dims[1], rows = values[0].shape.dims[0];
    if (values[0].shape.dims[1] != d)
        return dg_error(DG_BAD_SHAPE, "centers of %lld column(s) for data of %lld", (long long)d,
                        (long long)values[0].shape.dims[1]);
    for (int64_t i = 0; i < rows * d && a->done * d + i < count * d; i++)
        dg_tensor_set(a->centers, a->done * d + i, dg_tensor_get(&values[0], i));
    a->done += rows;
    return dg_ok();
}

static dg_status fill_all(dg_tensor *tensor, const dg_init_call *call)
{
    all_rows a = {tensor, 0};
    dg_node *const input = dg_node_input(call->data->layer, 0);
    if (tensor->shape.rank != 2)
        return dg_error(DG_BAD_SHAPE, "it is for centers [M, d]");
    DG_TRY(call->data->blocks(call->data, 1, &input, take_block, &a));
    return a.done == tensor->shape.dims[0]
               ? dg_ok()
               : dg_error(DG_BAD_SHAPE,
                          "the layer gets %lld row(s) and has %lld center(s): give it ROWS of them, or init=samples",
                          (long long)a.done, (long long)tensor->shape.dims[0]);
}

/* ---- by class ---- */

/* Rows whose label is `class`, one after the other. */
static int64_t pick_class(const dg_tensor *rows, const dg_tensor *labels, int64_t class, double *picked)
{
    int64_t d = rows->shape.dims[1], n = 0;
    for (int64_t i = 0; i < rows->shape.dims[0]; i++)
        if ((int64_t)dg_tensor_get(labels, i) == class)
            memcpy(picked + d * n++, (const double *)rows->data + d * i, (size_t)d * sizeof *picked);
    return n;
}

static int64_t class_count(const dg_tensor *labels)
{
    int64_t most = -1;
    for (int64_t i = 0; i < dg_tensor_count(labels); i++)
        most = dg_tensor_get(labels, i) > (double)most ? (int64_t)dg_tensor_get(labels, i) : most;
    return most + 1;
}

static dg_status centers_by_class(const dg_tensor *rows, const dg_tensor *labels, const dg_init_call *call,
                                  dg_tensor *centers)
{
    int64_t classes = class_count(labels), m = centers->shape.dims[0], d = centers->shape.dims[1], done = 0;
    int64_t each = isnan(call->values[0]) ? 0 : (int64_t)call->values[0];
    if (each ? each * classes != m : m < classes)
        return dg_error(DG_BAD_SHAPE, "%lld center(s) for %lld class(es)%s", (long long)m, (long long)classes,
                        each ? ": expected as many as the argument says for each" : ": expected one for each at least");
    double *picked = malloc(((size_t)dg_tensor_count(rows) + 1) * sizeof *picked);
    dg_status status = picked ? dg_ok() : dg_no_memory("%lld rows", (long long)rows->shape.dims[0]);
    for (int64_t class = 0; status.code == DG_OK && class < classes; class ++) {
        int64_t n = pick_class(rows, labels, class, picked), k = m / classes + (class < m % classes);
        const dg_random key = {
            .seed = call->key->seed, .stream = call->key->stream + (uint64_t) class, .step = call->key->step};
        const dg_tensor view = dg_tensor_view(DG_FLOAT64, DG_SHAPE(n, d), picked);
        dg_tensor part = dg_tensor_view(DG_FLOAT64, DG_SHAPE(k, d), (double *)centers->data + done * d);
        status = dg_prefixed(kmeans(&view, 100, &key, call->data->threads, &part), "class %lld", (long long)class);
        done += k;
    }
    free(picked);
    return status;
}

static dg_status by_class(const dg_tensor *rows, const dg_init_call *call, dg_tensor *centers)
{
    fit_target target;
    dg_tensor labels;
    DG_TRY(target_reached(call->data->layer, &target));
    if (!target.labels)
        return dg_error(DG_BAD_ARGUMENT, "loss '%s' takes no class labels", dg_node_name(target.loss));
    DG_TRY(call->data->value(call->data, target.node, &labels));
    dg_status status = labels.shape.dims[0] == rows->shape.dims[0] && labels.shape.dims[1] == 1
                           ? centers_by_class(rows, &labels, call, centers)
                           : dg_error(DG_BAD_SHAPE, "the layer gets %lld row(s), but %lld label(s)",
                                      (long long)rows->shape.dims[0], (long long)dg_tensor_count(&labels));
    dg_tensor_release(&labels);
    return status;
}

/* ---- by orthogonal least squares ---- */

enum { MOST_CANDIDATES = 2000 };

/* The mean distance between rows (of the first thousand, which are drawn at random). */
static double mean_distance(const dg_tensor *rows)
{
    int64_t n = rows->shape.dims[0] < 1000 ? rows->shape.dims[0] : 1000, d = rows->shape.dims[1];
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) {
            double squares = 0;
            for (int64_t k = 0; k < d; k++) {
                double x = ((const double *)rows->data)[i * d + k] - ((const double *)rows->data)[j * d + k];
                squares += x * x;
            }
            sum += sqrt(squares);
        }
    return n > 1 && sum > 0 ? sum / (0.5 * (double)n * (double)(n - 1)) : 1;
}

/* γ by which columns are compared: the layer's own where all its units have one and it is there already, else that of
 * the mean distance between rows. */
static dg_status candidate_gamma(const dg_tensor *rows, const dg_init_call *call, dg_tensor *gamma)
{
    dg_node *node = layer_input(call->data->layer, "gamma");
    const char *kernel = dg_node_attr(call->data->layer, "kernel")->s;
    DG_TRY(dg_tensor_make(gamma, DG_FLOAT64, DG_SHAPE(1)));
    dg_tensor_set(gamma, 0, rbf_gamma(kernel, mean_distance(rows)));
    const dg_value *init = node ? dg_node_attr(node, "init") : NULL;
    if (!node || !init || dg_init_needs_data(init))
        return dg_ok();
    dg_tensor own;
    DG_TRY(call->data->value(call->data, node, &own));
    double first = dg_tensor_get(&own, 0);
    bool same = true;
    for (int64_t i = 0; i < dg_tensor_count(&own); i++)
        same = same && dg_tensor_get(&own, i) == first;
    dg_tensor_release(&own);
    if (!same)
        return dg_error(DG_BAD_ARGUMENT, "centers are chosen by one width for all: give the layer one number as width");
    dg_tensor_set(gamma, 0, first);
    return dg_ok();
}

static dg_status choose_centers(const dg_tensor *rows, const dg_tensor *targets, const dg_tensor *gamma,
                                const dg_init_call *call, dg_tensor *centers)
{
    int64_t m = centers->shape.dims[0], d = centers->shape.dims[1], n_chosen = 0;
    const dg_value *kernel = dg_node_attr(call->data->layer, "kernel");
    dg_tensor candidates = *rows, values = {0};
    if (candidates.shape.dims[0] > MOST_CANDIDATES)
        candidates.shape.dims[0] = MOST_CANDIDATES;
    const radial_basis basis = {.kernel = kernel->s,
                                .centers = &candidates,
                                .gamma = layer_input(call->data->layer, "gamma") ? gamma : NULL,
                                .degree = -1,
                                .threads = call->data->threads};
    int64_t *chosen = calloc((size_t)m + 1, sizeof *chosen);
    dg_status status = chosen ? radial_values(&basis, rows, &values) : dg_no_memory("%lld centers", (long long)m);
    if (status.code == DG_OK)
        status = orthogonal_least_squares(&values, targets, m, chosen, &n_chosen, NULL);
    if (status.code == DG_OK && n_chosen < m)
        status =
            dg_error(DG_BAD_DATA,
                     "%lld center(s) explain all that these rows can, and further ones add rounding alone: the layer "
                     "has %lld; take at most %lld, or one smaller number as width (gamma is now %g)",
                     (long long)n_chosen, (long long)m, (long long)n_chosen, dg_tensor_get(gamma, 0));
    for (int64_t j = 0; status.code == DG_OK && j < m; j++)
        memcpy((double *)centers->data + j * d, (const double *)rows->data + chosen[j] * d, (size_t)d * sizeof(double));
    dg_tensor_release(&values);
    free(chosen);
    return status;
}

static dg_status by_least_squares(const dg_tensor *rows, const dg_init_call *call, dg_tensor *centers)
{
    fit_target target;
    dg_tensor values = {0}, targets = {0}, gamma = {0};
    if (!dg_node_attr(call->data->layer, "kernel"))
        return dg_error(DG_BAD_ARGUMENT, "it is for the centers of rbf");
    if (!isnan(call->values[0]) && (int64_t)call->values[0] != centers->shape.dims[0])
        return dg_error(DG_BAD_SHAPE, "the layer has %lld center(s), not %g", (long long)centers->shape.dims[0],
                        call->values[0]);
    DG_TRY(target_reached(call->data->layer, &target));
    dg_status status = call->data->value(call->data, target.node, &values);
    if (status.code == DG_OK && target.labels)
        target.columns = class_count(&values);
    if (status.code == DG_OK)
        status = target_matrix(&target, &values, &targets);
    if (status.code == DG_OK && targets.shape.dims[0] != rows->shape.dims[0])
        status = dg_error(DG_BAD_SHAPE, "the layer gets %lld row(s), but %lld target(s)",
                          (long long)rows->shape.dims[0], (long long)targets.shape.dims[0]);
    if (status.code == DG_OK)
        status = candidate_gamma(rows, call, &gamma);
    if (status.code == DG_OK)
        status = choose_centers(rows, &targets, &gamma, call, centers);
    dg_tensor_release(&values);
    dg_tensor_release(&targets);
    dg_tensor_release(&gamma);
    return status;
}

static dg_status fill_by_class(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_by(tensor, call, by_class);
}

static dg_status fill_ols(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_by(tensor, call, by_least_squares);
}

static dg_status fill_samples(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_by(tensor, call, by_samples);
}

static dg_status fill_kmeans(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_by(tensor, call, by_kmeans);
}

const dg_initialiser center_initialisers[] = {
    {.name = "kmeans",
     .summary = "centres of clusters of the data that reaches the layer: k-means++ seeds, then Lloyd's rule",
     .source = "Arthur and Vassilvitskii, k-means++: the advantages of careful seeding (2007)",
     .arguments = {{.name = "iterations", .range = DG_ARGUMENT_COUNT, .fallback = {100}}},
     .needs_data = true,
     .fill = fill_kmeans},
    {.name = "samples",
     .summary = "distinct rows of the data that reaches the layer, drawn at random",
     .needs_data = true,
     .fill = fill_samples},
    {.name = "random_samples", .summary = "samples", .needs_data = true, .fill = fill_samples},
    {.name = "all",
     .summary = "every row of the data that reaches the layer, in order: as many centres as rows",
     .needs_data = true,
     .row_each = true,
     .fill = fill_all},
    {.name = "per_class",
     .summary = "k-means among the rows of each class: count centres for each, or an equal share",
     .arguments = {{.name = "count", .range = DG_ARGUMENT_COUNT, .fallback = {NAN}}},
     .needs_data = true,
     .fill = fill_by_class},
    {.name = "ols",
     .summary = "rows chosen one at a time by how much of the targets they explain (orthogonal least squares)",
     .source = "Chen, Cowan and Grant, Orthogonal least squares learning algorithm for radial basis function networks "
               "(1991)",
     .arguments = {{.name = "count", .range = DG_ARGUMENT_COUNT, .fallback = {NAN}}},
     .needs_data = true,
     .fill = fill_ols},
    {NULL},
};
