/* Initialisers of the widths of rbf, by the distances between its centres: nearest, mean_distance, dmax. */
#include "widths.h"

#include <dotgrad/op.h>
#include <dotgrad/parameters.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* the tables leave out what is NULL or 0 */

double rbf_gamma(const char *kernel, double sigma)
{
    return strcmp(kernel, "gaussian") == 0 ? 1 / (2 * sigma * sigma) : 1 / (sigma * sigma);
}

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

/* A width for each unit, the same in its dimensions; one for all units is the mean. */
static dg_status set_widths(const double *sigmas, int64_t m, dg_tensor *widths)
{
    int64_t rank = widths->shape.rank, units = rank ? widths->shape.dims[0] : 1, count = dg_tensor_count(widths);
    if (units != m && units != 1)
        return dg_error(DG_BAD_SHAPE, "%lld width(s) for %lld center(s)", (long long)units, (long long)m);
    double mean = 0;
    for (int64_t i = 0; i < m; i++)
        mean += sigmas[i] / (double)m;
    for (int64_t i = 0; i < count; i++)
        dg_tensor_set(widths, i, units == m ? sigmas[i / (count / units)] : mean);
    return dg_ok();
}

/* How one initialiser finds the widths of m centres; `room` holds m numbers. */
typedef void width_rule(const dg_tensor *centers, const dg_init_call *call, double *sigmas, double *room);

/* The last argument; left out 1, and of wendland, which ends at its σ, √20: its curvature at the centre is then that of
 * a Gaussian. */
static double scale_of(const dg_init_call *call)
{
    int last = 0;
    while (call->initialiser->arguments[last].name)
        last++;
    const dg_value *kernel = dg_node_attr(call->data->layer, "kernel");
    double scale = call->values[last - 1];
    return !isnan(scale) ? scale : kernel && strcmp(kernel->s, "wendland") == 0 ? sqrt(20) : 1;
}

static dg_status fill_by(dg_tensor *widths, const dg_init_call *call, width_rule *rule)
{
    const dg_node *layer = call->data->layer;
    dg_node *centers_node = NULL;
    for (int k = 0; k < dg_node_input_count(layer); k++)
        if (dg_node_input_name(layer, k) && strcmp(dg_node_input_name(layer, k), "centers") == 0)
            centers_node = dg_node_input(layer, k);
    if (!centers_node)
        return dg_error(DG_BAD_ARGUMENT, "it is for the widths of rbf");
    dg_tensor centers = {0};
    DG_TRY(call->data->value(call->data, centers_node, &centers));
    int64_t m = centers.shape.dims[0];
    double *sigmas = calloc(2 * (size_t)m + 1, sizeof *sigmas);
    dg_status status = dg_ok();
    if (!sigmas) {
        status = dg_no_memory("%lld widths", (long long)m);
    } else {
        rule(&centers, call, sigmas, sigmas + m);
        mend_widths(sigmas, m);
        for (int64_t i = 0; i < m; i++)
            sigmas[i] *= scale_of(call);
        status = set_widths(sigmas, m, widths);
    }
    free(sigmas);
    dg_tensor_release(&centers);
    return status;
}

static void by_nearest(const dg_tensor *centers, const dg_init_call *call, double *sigmas, double *room)
{
    nearest_widths(centers, (int64_t)call->values[0], sigmas, room);
}

static void by_mean(const dg_tensor *centers, const dg_init_call *call, double *sigmas, double *room)
{
    (void)call;
    (void)room;
    common_width(centers, false, sigmas);
}

static void by_largest(const dg_tensor *centers, const dg_init_call *call, double *sigmas, double *room)
{
    (void)call;
    (void)room;
    common_width(centers, true, sigmas);
}

static dg_status fill_nearest(dg_tensor *widths, const dg_init_call *call)
{
    return fill_by(widths, call, by_nearest);
}

static dg_status fill_mean_distance(dg_tensor *widths, const dg_init_call *call)
{
    return fill_by(widths, call, by_mean);
}

static dg_status fill_dmax(dg_tensor *widths, const dg_init_call *call)
{
    return fill_by(widths, call, by_largest);
}

#define SCALE                                                                                                          \
    {                                                                                                                  \
        .name = "scale", .range = DG_ARGUMENT_POSITIVE, .fallback = { NAN }                                            \
    }

const dg_initialiser width_initialisers[] = {
    {.name = "nearest",
     .summary = "width of rbf: each is the mean distance to the p nearest other centres",
     .source = "Moody and Darken, Fast learning in networks of locally-tuned processing units (1989)",
     .arguments = {{.name = "p", .range = DG_ARGUMENT_COUNT, .fallback = {2}}, SCALE},
     .needs_data = true,
     .looks_at_others = true,
     .fill = fill_nearest},
    {.name = "mean_distance",
     .summary = "width of rbf: that of all is the mean distance between centres",
     .arguments = {SCALE},
     .needs_data = true,
     .looks_at_others = true,
     .fill = fill_mean_distance},
    {.name = "dmax",
     .summary = "width of rbf: that of all is the largest distance between centres over √(2M)",
     .source = "Haykin, Neural Networks: A Comprehensive Foundation (1999)",
     .arguments = {SCALE},
     .needs_data = true,
     .looks_at_others = true,
     .fill = fill_dmax},
    {.name = "d_max",
     .summary = "dmax",
     .arguments = {SCALE},
     .needs_data = true,
     .looks_at_others = true,
     .fill = fill_dmax},
    {NULL},
};
