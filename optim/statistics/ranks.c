/* Ranks with ties. */
#include "ranks.h"

#include <math.h>
#include <stdlib.h>

typedef struct placed {
    double value;
    int64_t place;
} placed;

static int by_value(const void *a, const void *b)
{
    double x = ((const placed *)a)->value, y = ((const placed *)b)->value;
    return (x > y) - (x < y);
}

dg_status check_numbers(const double *x, int64_t count)
{
    for (int64_t k = 0; k < count; k++)
        if (isnan(x[k]))
            return dg_error(DG_BAD_DATA, "number %lld of %lld is NaN", (long long)k + 1, (long long)count);
    return dg_ok();
}

dg_status rank_of_each(const double *x, int64_t count, double *ranks, double *ties)
{
    placed *sorted = calloc((size_t)count + 1, sizeof *sorted);
    if (!sorted)
        return dg_no_memory("%lld ranks", (long long)count);
    for (int64_t k = 0; k < count; k++)
        sorted[k] = (placed){x[k], k};
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    *ties = 0;
    for (int64_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && sorted[end].value == sorted[begin].value; end++)
            continue;
        double equal = (double)(end - begin);
        *ties += equal * equal * equal - equal;
        for (int64_t k = begin; k < end; k++)
            ranks[sorted[k].place] = (double)(begin + 1 + end) / 2;
    }
    free(sorted);
    return dg_ok();
}
