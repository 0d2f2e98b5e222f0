/* Wilcoxon's signed-rank test, and Holm's correction of several tests. */
#include "core/base/null.h"
#include "ranks.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_EXACT = 50, MOST_TIED = 20 };

const char *dg_test_mode_name(dg_test_mode mode)
{
    static const char *const names[] = {[DG_TEST_NONE] = "none",
                                        [DG_TEST_EXACT] = "exact",
                                        [DG_TEST_EXACT_OF_TIES] = "exact with ties",
                                        [DG_TEST_NORMAL] = "normal approximation"};
    return (unsigned)mode < sizeof names / sizeof *names ? names[mode] : "none";
}

/* P(R₊ ≤ r), R₊ the sum of the ranks whose sign is +, all 2^count signs alike likely. Ranks are halves at the least:
 * ways[s] counts the subsets whose doubled ranks add up to s, in numbers that float64 holds to 2^53 parts. */
static dg_status chance_below(const double *ranks, int64_t count, double r, double *chance)
{
    int64_t most = count * (count + 1); /* twice the sum of all ranks */
    double *ways = calloc((size_t)most + 1, sizeof *ways), below = 0;
    if (!ways)
        return dg_no_memory("the distribution of %lld ranks", (long long)count);
    ways[0] = 1;
    for (int64_t k = 0; k < count; k++) {
        int64_t rank = (int64_t)llround(2 * ranks[k]);
        for (int64_t s = most; s >= rank; s--)
            ways[s] += ways[s - rank];
    }
    for (int64_t s = 0; s <= most && s <= (int64_t)llround(2 * r); s++)
        below += ways[s];
    free(ways);
    *chance = ldexp(below, -(int)count);
    return dg_ok();
}

/* 2·P(Z > |z|) of the smaller sum, by mean and variance of the sum of signed ranks. */
static double normal_p(double smaller, double n, double ties)
{
    double mean = n * (n + 1) / 4, se = sqrt((n * (n + 1) * (2 * n + 1) - ties / 2) / 24);
    return erfc(fabs(smaller - mean) / se / sqrt(2));
}

static dg_status test_ranks(const double *differences, double *ranks, int64_t pairs, dg_wilcoxon_test *test)
{
    double ties, plus = 0, minus = 0, chance = NAN;
    int64_t n = test->count;
    double *sizes = ranks + n;
    for (int64_t k = 0; k < n; k++)
        sizes[k] = fabs(differences[k]);
    DG_TRY(rank_of_each(sizes, n, ranks, &ties));
    for (int64_t k = 0; k < n; k++)
        *(differences[k] > 0 ? &plus : &minus) += ranks[k];
    test->statistic = fmin(plus, minus);
    test->rank_biserial = (plus - minus) / (plus + minus);
    bool plain = ties == 0 && n == pairs;
    test->mode = plain && pairs <= MOST_EXACT   ? DG_TEST_EXACT
                 : !plain && pairs <= MOST_TIED ? DG_TEST_EXACT_OF_TIES
                                                : DG_TEST_NORMAL;
    if (test->mode == DG_TEST_NORMAL) {
        test->p = normal_p(test->statistic, (double)n, ties);
        return dg_ok();
    }
    DG_TRY(chance_below(ranks, n, test->statistic, &chance));
    test->p = fmin(1, 2 * chance);
    return dg_ok();
}

dg_status dg_wilcoxon(const double *x, const double *y, int64_t count, dg_wilcoxon_test *test)
{
    REFUSE_NULL(test);
    *test = (dg_wilcoxon_test){.p = 1};
    if (count < 1)
        return dg_ok();
    DG_TRY(check_numbers(x, count));
    DG_TRY(check_numbers(y, count));
    double *differences = malloc(3 * (size_t)count * sizeof *differences);
    if (!differences)
        return dg_no_memory("%lld pairs", (long long)count);
    for (int64_t k = 0; k < count; k++)
        if (x[k] != y[k])
            differences[test->count++] = x[k] - y[k];
    dg_status status = test->count ? test_ranks(differences, differences + count, count, test) : dg_ok();
    free(differences);
    return status;
}

typedef struct tested {
    double p;
    int64_t place;
} tested;

static int by_p(const void *a, const void *b)
{
    const tested *x = a, *y = b;
    return x->p != y->p ? (x->p > y->p) - (x->p < y->p) : (x->place > y->place) - (x->place < y->place);
}

dg_status dg_holm(const double *p, int64_t count, double *adjusted)
{
    if (count < 1)
        return dg_ok();
    REFUSE_NULL(p);
    REFUSE_NULL(adjusted);
    tested *sorted = calloc((size_t)count + 1, sizeof *sorted);
    int64_t n = 0;
    double most = 0;
    if (!sorted)
        return dg_no_memory("%lld tests", (long long)count);
    for (int64_t k = 0; k < count; k++) {
        adjusted[k] = NAN;
        if (!isnan(p[k]))
            sorted[n++] = (tested){p[k], k};
    }
    qsort(sorted, (size_t)n, sizeof *sorted, by_p);
    for (int64_t k = 0; k < n; k++) {
        most = fmax(most, fmin(1, (double)(n - k) * sorted[k].p));
        adjusted[sorted[k].place] = most;
    }
    free(sorted);
    return dg_ok();
}

int64_t dg_pairs_needed(int64_t comparisons, double level)
{
    int64_t n = 1;
    while (n < 1000 && !(ldexp((double)comparisons, 1 - (int)n) < level))
        n++;
    return n;
}
