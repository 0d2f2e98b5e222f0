/* Orthogonal least squares: columns chosen one at a time, each by how much of the targets it explains beside those that
 * are there. */
#include "fit.h"

#include <stdlib.h>

static double dot(const double *restrict a, const double *restrict b, int64_t n)
{
    double sums[4] = {0};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            sums[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        sums[0] += a[i] * b[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* What is worked on: columns one after the other. */
typedef struct choosing {
    int64_t n, c, k;
    double *columns, *targets; /* [c, n], [k, n]: what the chosen ones do not explain */
    double *sizes;             /* [c]: squares of the columns at the start */
    bool *taken;
} choosing;

static dg_status begin(choosing *s, const dg_tensor *values, const dg_tensor *targets)
{
    s->n = values->shape.dims[0];
    s->c = values->shape.dims[1];
    s->k = targets->shape.dims[1];
    s->columns = malloc(((size_t)(s->n * s->c) + 1) * sizeof *s->columns);
    s->targets = malloc(((size_t)(s->n * s->k) + 1) * sizeof *s->targets);
    s->sizes = calloc((size_t)s->c + 1, sizeof *s->sizes);
    s->taken = calloc((size_t)s->c + 1, sizeof *s->taken);
    if (!s->columns || !s->targets || !s->sizes || !s->taken)
        return dg_no_memory("a choice among %lld columns of %lld rows", (long long)s->c, (long long)s->n);
    for (int64_t i = 0; i < s->n; i++) {
        for (int64_t j = 0; j < s->c; j++)
            s->columns[j * s->n + i] = ((const double *)values->data)[i * s->c + j];
        for (int64_t j = 0; j < s->k; j++)
            s->targets[j * s->n + i] = ((const double *)targets->data)[i * s->k + j];
    }
    for (int64_t j = 0; j < s->c; j++)
        s->sizes[j] = dot(s->columns + j * s->n, s->columns + j * s->n, s->n);
    return dg_ok();
}

static void end(choosing *s)
{
    free(s->columns);
    free(s->targets);
    free(s->sizes);
    free(s->taken);
}

/* The column that explains most; −1: none explains anything. One that the chosen ones make up but for rounding does
 * not count. */
static int64_t best_column(const choosing *s)
{
    int64_t best = -1;
    double most = 0;
    for (int64_t j = 0; j < s->c; j++) {
        const double *column = s->columns + j * s->n;
        double size = s->taken[j] ? 0 : dot(column, column, s->n), explained = 0;
        if (!(size > 1e-12 * s->sizes[j]))
            continue;
        for (int64_t t = 0; t < s->k; t++) {
            double along = dot(column, s->targets + t * s->n, s->n);
            explained += along * along / size;
        }
        if (explained > most) {
            most = explained;
            best = j;
        }
    }
    return best;
}

static void take_out(double *restrict vector, const double *restrict column, double size, int64_t n)
{
    double along = dot(column, vector, n) / size;
    for (int64_t i = 0; i < n; i++)
        vector[i] -= along * column[i];
}

dg_status orthogonal_least_squares(const dg_tensor *values, const dg_tensor *targets, int64_t count, int64_t *chosen,
                                   int64_t *n_chosen, double *errors)
{
    choosing s = {0};
    dg_status status = begin(&s, values, targets);
    *n_chosen = 0;
    while (status.code == DG_OK && *n_chosen < count) {
        int64_t best = best_column(&s);
        if (best < 0)
            break;
        const double *column = s.columns + best * s.n;
        double size = dot(column, column, s.n), left = 0;
        s.taken[best] = true;
        for (int64_t j = 0; j < s.c; j++)
            if (!s.taken[j])
                take_out(s.columns + j * s.n, column, size, s.n);
        for (int64_t t = 0; t < s.k; t++) {
            take_out(s.targets + t * s.n, column, size, s.n);
            left += dot(s.targets + t * s.n, s.targets + t * s.n, s.n);
        }
        if (errors)
            errors[*n_chosen] = left;
        chosen[(*n_chosen)++] = best;
    }
    end(&s);
    return status;
}
