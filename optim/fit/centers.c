/* Initialisers of the centres of a layer by the data that reaches it: k-means, and rows of the data themselves. */
#include "fit.h"

#include <dotgrad/parameters.h>

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
        status = dg_error(DG_BAD_SHAPE, "centers %s for data of %lld columns",
                          dg_shape_print(&tensor->shape, text, sizeof text), (long long)rows.shape.dims[1]);
    if (status.code == DG_OK)
        status = dg_tensor_make(&centers, DG_FLOAT64, tensor->shape);
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
        return dg_error(DG_BAD_DATA, "%lld centers want as many rows of data, there are %lld", (long long)k,
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

static dg_status by_kmeans(const dg_tensor *rows, const dg_init_call *call, dg_tensor *centers)
{
    return kmeans(rows, (int64_t)call->values[0], call->key, call->data->threads, centers);
}

static dg_status fill_samples(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_by(tensor, call, by_samples);
}

static dg_status fill_kmeans(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_by(tensor, call, by_kmeans);
}

const dg_initialiser dg_center_initialisers[] = {
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
    {NULL},
};
