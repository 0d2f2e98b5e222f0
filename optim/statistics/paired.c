/* Two methods on the same seeds. */
#include "core/base/null.h"
#include "ranks.h"

#include <dotgrad/random.h>

#include <math.h>
#include <stdlib.h>

enum { SAMPLES = 10000 };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The number below which a share of the sorted ones lie, between neighbours by straight lines. */
static double percentile(const double *sorted, int64_t count, double share)
{
    double at = share * (double)(count - 1), floor_at = floor(at);
    int64_t k = (int64_t)floor_at;
    return k + 1 < count ? sorted[k] + (at - floor_at) * (sorted[k + 1] - sorted[k]) : sorted[count - 1];
}

static dg_status bootstrap(const double *d, int64_t count, double level, uint64_t seed, double *low, double *high)
{
    const dg_random key = {.seed = seed, .stream = dg_random_stream("bootstrap")};
    double *means = malloc(SAMPLES * sizeof *means);
    if (!means)
        return dg_no_memory("%d means", SAMPLES);
    for (int64_t k = 0; k < SAMPLES; k++) {
        double sum = 0;
        for (int64_t i = 0; i < count; i++)
            sum += d[dg_random_below(&key, (uint64_t)(k * count + i), (uint64_t)count)];
        means[k] = sum / (double)count;
    }
    qsort(means, SAMPLES, sizeof *means, by_value);
    *low = percentile(means, SAMPLES, (1 - level) / 2);
    *high = percentile(means, SAMPLES, (1 + level) / 2);
    free(means);
    return dg_ok();
}

dg_status dg_compare_paired(const double *x, const double *y, int64_t count, double level, uint64_t seed,
                            dg_paired_comparison *comparison)
{
    dg_summary summary;
    REFUSE_NULL(comparison);
    *comparison =
        (dg_paired_comparison){.count = count, .mean = NAN, .sd = NAN, .effect = NAN, .low = NAN, .high = NAN};
    if (!(level > 0 && level < 1))
        return dg_error(DG_BAD_ARGUMENT, "level is %g, expected a number between 0 and 1", level);
    DG_TRY(dg_wilcoxon(x, y, count, &comparison->wilcoxon));
    if (count < 1)
        return dg_ok();
    double *d = malloc((size_t)count * sizeof *d);
    if (!d)
        return dg_no_memory("%lld pairs", (long long)count);
    for (int64_t k = 0; k < count; k++) {
        d[k] = x[k] == y[k] ? 0 : x[k] - y[k];
        comparison->wins += d[k] > 0;
        comparison->ties += d[k] == 0;
        comparison->losses += d[k] < 0;
    }
    dg_status status = dg_summarise(d, count, &summary);
    comparison->mean = summary.mean;
    comparison->sd = summary.sd;
    comparison->effect = summary.sd > 0 ? summary.mean / summary.sd : NAN;
    if (status.code == DG_OK)
        status = bootstrap(d, count, level, seed, &comparison->low, &comparison->high);
    free(d);
    return status;
}
