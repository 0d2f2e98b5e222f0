/* One sample. */
#include "core/base/null.h"
#include "ranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

dg_status dg_summarise(const double *x, int64_t count, dg_summary *summary)
{
    REFUSE_NULL(summary);
    *summary = (dg_summary){count, NAN, NAN, NAN, NAN, NAN};
    if (count < 1 || check_numbers(x, count).code != DG_OK)
        return dg_ok();
    double *sorted = malloc((size_t)count * sizeof *sorted), sum = 0, squares = 0;
    if (!sorted)
        return dg_no_memory("%lld numbers", (long long)count);
    memcpy(sorted, x, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    for (int64_t k = 0; k < count; k++)
        sum += x[k];
    summary->mean = sum / (double)count;
    for (int64_t k = 0; k < count; k++)
        squares += (x[k] - summary->mean) * (x[k] - summary->mean);
    summary->sd = count > 1 ? sqrt(squares / (double)(count - 1)) : NAN;
    summary->median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    summary->least = sorted[0];
    summary->greatest = sorted[count - 1];
    free(sorted);
    return dg_ok();
}
