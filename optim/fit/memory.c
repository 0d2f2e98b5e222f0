/* Initialisers of associative memories: weights [n, n] that keep the patterns of ±1 which reach the layer, ξ¹ … ξᴾ.
 *
 *   hebb            W = Σ ξξᵀ/n, diagonal 0
 *   storkey         one pattern after another: W ← W + (ξ_i ξ_j − ξ_i h_ji − h_ij ξ_j)/n with the local fields
 *                   h_ij = Σ_{k ≠ i, j} W_ik ξ_k (Storkey 1997), diagonal 0
 *   pseudo_inverse  W = X⁺X, the projection on the span of the patterns, diagonal 0 (Personnaz, Guyon, Dreyfus 1985) */
#include "fit.h"

#include <dotgrad/parameters.h>

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* the table leaves out what is NULL or 0 */

/* Patterns of 0 and 1, which the rules would take in silence, keep nothing. */
static dg_status check_patterns(const dg_tensor *rows)
{
    int64_t n = rows->shape.dims[1];
    for (int64_t i = 0; i < dg_tensor_count(rows); i++) {
        double value = dg_tensor_get(rows, i);
        if (fabs(value) != 1)
            return dg_error(DG_BAD_DATA,
                            "pattern %lld has %g at unit %lld: expected -1 or 1, which expr(2*x - 1) makes of 0 and 1",
                            (long long)(i / n), value, (long long)(i % n));
    }
    return dg_ok();
}

/* Fills w [n, n] from patterns x [p, n]. */
typedef dg_status memory_rule(const double *x, int64_t p, int64_t n, double *w);

static dg_status fill_by(dg_tensor *tensor, const dg_init_call *call, memory_rule *rule)
{
    dg_tensor rows = {0};
    char text[DG_SHAPE_TEXT];
    DG_TRY(call->data->value(call->data, dg_node_input(call->data->layer, 0), &rows));
    int64_t p = rows.shape.dims[0], n = rows.shape.dims[1];
    dg_status status = check_patterns(&rows);
    if (tensor->shape.rank != 2 || tensor->shape.dims[0] != n || tensor->shape.dims[1] != n)
        status = dg_error(DG_BAD_SHAPE, "weights %s for patterns of %lld unit(s)",
                          dg_shape_print(&tensor->shape, text, sizeof text), (long long)n);
    double *w = status.code == DG_OK ? calloc((size_t)(n * n) + 1, sizeof *w) : NULL;
    if (status.code == DG_OK)
        status = w ? rule(rows.data, p, n, w) : dg_no_memory("weights of %lld units", (long long)n);
    for (int64_t i = 0; status.code == DG_OK && i < n * n; i++)
        dg_tensor_set(tensor, i, i / n == i % n ? 0 : w[i]);
    free(w);
    dg_tensor_release(&rows);
    return status;
}

static dg_status by_hebb(const double *x, int64_t p, int64_t n, double *w)
{
    for (int64_t m = 0; m < p; m++)
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++)
                w[i * n + j] += x[m * n + i] * x[m * n + j] / (double)n;
    return dg_ok();
}

static dg_status by_storkey(const double *x, int64_t p, int64_t n, double *w)
{
    double *field = calloc((size_t)n + 1, sizeof *field);
    if (!field)
        return dg_no_memory("fields of %lld units", (long long)n);
    for (int64_t m = 0; m < p; m++) {
        const double *s = x + m * n;
        for (int64_t i = 0; i < n; i++) {
            field[i] = 0;
            for (int64_t k = 0; k < n; k++)
                field[i] += k == i ? 0 : w[i * n + k] * s[k];
        }
        /* h_ij leaves out j, too. W stays symmetric: both halves are of the same old numbers. */
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < i; j++) {
                double old = w[i * n + j], hij = field[i] - old * s[j], hji = field[j] - old * s[i];
                w[i * n + j] = w[j * n + i] = old + (s[i] * s[j] - s[i] * hji - hij * s[j]) / (double)n;
            }
    }
    free(field);
    return dg_ok();
}

/* By singular values: X = UΣVᵀ, X⁺X = VVᵀ of those above rounding. */
static dg_status by_pseudo_inverse(const double *x, int64_t p, int64_t n, double *w)
{
    int64_t r = p < n ? p : n;
    double *a = malloc(((size_t)(p * n) + 1) * sizeof *a), *s = malloc(((size_t)r + 1) * sizeof *s);
    double *u = malloc(((size_t)(p * r) + 1) * sizeof *u), *v = malloc(((size_t)(r * n) + 1) * sizeof *v);
    dg_status status = a && s && u && v ? dg_ok() : dg_no_memory("the projection of %lld patterns", (long long)p);
    if (status.code == DG_OK) {
        memcpy(a, x, (size_t)(p * n) * sizeof *a);
        if (LAPACKE_dgesdd(LAPACK_ROW_MAJOR, 'S', (int)p, (int)n, a, (int)n, s, u, (int)r, v, (int)n) != 0)
            status = dg_error(DG_NUMERIC, "the patterns have no singular values that can be found");
    }
    for (int64_t k = 0; status.code == DG_OK && k < r; k++)
        for (int64_t i = 0; i < n && s[k] > 1e-10 * s[0]; i++)
            for (int64_t j = 0; j < n; j++)
                w[i * n + j] += v[k * n + i] * v[k * n + j];
    free(a);
    free(s);
    free(u);
    free(v);
    return status;
}

static dg_status fill_hebb(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_by(tensor, call, by_hebb);
}

static dg_status fill_storkey(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_by(tensor, call, by_storkey);
}

static dg_status fill_pseudo_inverse(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_by(tensor, call, by_pseudo_inverse);
}

const dg_initialiser memory_initialisers[] = {
    {.name = "hebb",
     .summary = "of an associative memory: W = Σ ξξᵀ/n over the patterns that reach the layer, diagonal 0",
     .source = "Hopfield, Neural networks and physical systems with emergent collective computational abilities (1982)",
     .needs_data = true,
     .fill = fill_hebb},
    {.name = "storkey",
     .summary = "of an associative memory: Hebb's rule less what the patterns before say already, diagonal 0",
     .source = "Storkey, Increasing the capacity of a Hopfield network without sacrificing functionality (1997)",
     .needs_data = true,
     .fill = fill_storkey},
    {.name = "pseudo_inverse",
     .summary = "of an associative memory: the projection on the patterns that reach the layer, diagonal 0",
     .source =
         "Personnaz, Guyon and Dreyfus, Information storage and retrieval in spin-glass like neural networks (1985)",
     .needs_data = true,
     .fill = fill_pseudo_inverse},
    {NULL},
};
