/* Scores of least squares estimate 0 and 1: their softmax is near 1/classes, however sure they are. One factor mends
 * it.
 */
#include "smoother.h"

#include <math.h>
#include <stdlib.h>

#define LEAST 1e-3 /* factors between these */
#define MOST  1e6

enum { HALVINGS = 50 };

/* Scores of classes, and what they should be. */
typedef struct scored {
    int64_t n, k;
    double *scores; /* [n, k], row by row: of each row by a fit without it */
    const int64_t *classes;
    double own, others; /* probabilities that are asked for: not 1 and 0, which no finite factor gives */
} scored;

/* The derivative of the cross-entropy by the factor, which rises with it: scores as the softmax weighs them, less as
 * they should be weighed. */
static double slope_at(const scored *s, double factor)
{
    double slope = 0;
    for (int64_t i = 0; i < s->n; i++) {
        const double *row = s->scores + i * s->k;
        double most = -INFINITY, sum = 0, weighed = 0, wanted = 0;
        for (int64_t j = 0; j < s->k; j++)
            most = fmax(most, row[j]);
        for (int64_t j = 0; j < s->k; j++) {
            double weight = exp(factor * (row[j] - most));
            sum += weight;
            weighed += weight * row[j];
            wanted += row[j] * (s->classes[i] == j ? s->own : s->others);
        }
        slope += weighed / sum - wanted;
    }
    return slope;
}

static double best_factor(const scored *s)
{
    double low = log(LEAST), high = log(MOST);
    for (int k = 0; k < HALVINGS; k++) {
        double middle = (low + high) / 2;
        if (slope_at(s, exp(middle)) < 0)
            low = middle;
        else
            high = middle;
    }
    return exp((low + high) / 2);
}

dg_status smoother_sharpness(const smoother *of, double ridge, double *sharpness)
{
    double rows = (double)of->n, missed = 1 / (rows + 2);
    scored s = {.n = of->n,
                .k = of->k,
                .scores = malloc((size_t)(of->n * of->k) * sizeof(double)),
                .classes = of->classes,
                .own = 1 - missed,
                .others = missed / (double)(of->k - 1)};
    if (!s.scores)
        return dg_no_memory("the scores of %lld rows", (long long)of->n);
    smoother_left_out(of, ridge, s.scores);
    *sharpness = best_factor(&s);
    free(s.scores);
    return dg_ok();
}
