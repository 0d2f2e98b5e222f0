/* Several methods on several tasks, and the distributions that their tests need. */
#include "core/base/null.h"
#include "ranks.h"

#include <math.h>
#include <stdlib.h>

/* Q(a + 1, y) = Q(a, y) + y^a·e^(−y)/Γ(a + 1) from Q(½, y) = erfc(√y) and Q(1, y) = e^(−y): all terms are positive. */
double dg_chi_square_above(double x, int64_t degrees)
{
    if (!(x > 0))
        return isnan(x) ? NAN : 1;
    double y = x / 2, a = degrees % 2 ? 0.5 : 1, sum = degrees % 2 ? erfc(sqrt(y)) : exp(-y);
    for (; a < (double)degrees / 2; a++)
        sum += exp(a * log(y) - y - lgamma(a + 1));
    return sum;
}

static double normal_below(double z)
{
    return erfc(-z / sqrt(2)) / 2;
}

/* k ∫ φ(z) (Φ(z) − Φ(z − q))^(k − 1) dz by the trapezoid rule, which converges faster than any power for a function
 * that dies away like this one; z is the greatest of the k numbers. */
double dg_range_above(double q, int64_t groups)
{
    const double step = 1.0 / 32;
    double sum = 0;
    if (!(q > 0) || groups < 2)
        return isnan(q) ? NAN : 1;
    for (double z = -10; z <= 10 + q; z += step) {
        double all = pow(normal_below(z) - normal_below(z - q), (double)(groups - 1));
        sum += exp(-z * z / 2) * all;
    }
    return fmax(0, 1 - (double)groups * sum * step / sqrt(2 * 3.14159265358979323846));
}

double dg_range_quantile(double level, int64_t groups)
{
    double low = 0, high = 1;
    if (!(level > 0 && level < 1) || groups < 2)
        return NAN;
    while (dg_range_above(high, groups) > level && high < 100)
        high *= 2;
    for (int k = 0; k < 100; k++) {
        double middle = (low + high) / 2;
        *(dg_range_above(middle, groups) > level ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

dg_status dg_friedman(const double *scores, int64_t tasks, int64_t methods, bool rises, double level,
                      double *mean_ranks, dg_friedman_test *test)
{
    double all_ties = 0, squares = 0, n = (double)tasks, k = (double)methods;
    REFUSE_NULL(test);
    if (tasks < 2 || methods < 2)
        return dg_error(DG_BAD_ARGUMENT, "Friedman's test needs 2 tasks and 2 methods or more, not %lld and %lld",
                        (long long)tasks, (long long)methods);
    DG_TRY(check_numbers(scores, tasks * methods));
    double *row = malloc(2 * (size_t)methods * sizeof *row), *ranks = row ? row + methods : NULL;
    if (!row)
        return dg_no_memory("%lld ranks", (long long)methods);
    for (int64_t m = 0; m < methods; m++)
        mean_ranks[m] = 0;
    dg_status status = dg_ok();
    for (int64_t t = 0; t < tasks && status.code == DG_OK; t++) {
        double ties = 0;
        for (int64_t m = 0; m < methods; m++)
            row[m] = rises ? -scores[t * methods + m] : scores[t * methods + m];
        status = rank_of_each(row, methods, ranks, &ties);
        all_ties += ties;
        for (int64_t m = 0; m < methods && status.code == DG_OK; m++)
            mean_ranks[m] += ranks[m];
    }
    free(row);
    for (int64_t m = 0; m < methods; m++) {
        squares += mean_ranks[m] * mean_ranks[m];
        mean_ranks[m] /= n;
    }
    double correction = 1 - all_ties / (k * (k * k - 1) * n);
    test->statistic = correction > 0 ? (12 / (k * n * (k + 1)) * squares - 3 * n * (k + 1)) / correction : NAN;
    test->p = dg_chi_square_above(test->statistic, methods - 1);
    test->critical = dg_range_quantile(level, methods) / sqrt(2) * sqrt(k * (k + 1) / (6 * n));
    return status;
}
