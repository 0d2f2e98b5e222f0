/* Statistics of comparisons: methods that were run on the same seeds and folds, or on the same tasks. Pure functions of
 * numbers; sources by each. What SciPy has too gives its numbers. */
#ifndef DOTGRAD_STATISTICS_H
#define DOTGRAD_STATISTICS_H

#include <stdint.h>

#include <dotgrad/status.h>

DG_BEGIN_C

/* ---- one sample ---- */

typedef struct dg_summary {
    int64_t count;
    double mean, sd, median, least, greatest; /* sd: by count − 1, NaN below two; all NaN without numbers */
} dg_summary;

/* DG_NO_MEMORY. Numbers that are NaN make the results so. */
dg_status dg_summarise(const double *x, int64_t count, dg_summary *summary);

/* ---- pairs ---- */

/* How a p-value was found. */
typedef enum dg_test_mode {
    DG_TEST_NONE,          /* no difference but 0: p is 1 */
    DG_TEST_EXACT,         /* by the distribution of the signed ranks: no ties, no zeros */
    DG_TEST_EXACT_OF_TIES, /* over all signs of the ranks at hand, ties sharing theirs, zeros left out */
    DG_TEST_NORMAL         /* by the normal approximation, corrected for ties */
} dg_test_mode;

const char *dg_test_mode_name(dg_test_mode mode); /* "exact", "exact with ties", "normal approximation", "none" */

typedef struct dg_wilcoxon_test {
    double statistic; /* the smaller of the sums of ranks of positive and of negative differences */
    double p;         /* two-sided */
    int64_t count;    /* of differences that are not 0 */
    dg_test_mode mode;
    double rank_biserial; /* effect size (R₊ − R₋)/(R₊ + R₋), Kerby 2014: 1 when each x is above its y; 0 without any */
} dg_wilcoxon_test;

/* Wilcoxon's signed-rank test of x − y (Wilcoxon 1945), two-sided; zeros are left out. Exact up to 50 pairs without
 * ties and zeros, exact over signs up to 20 pairs with them, else the normal approximation. That is what
 * scipy.stats.wilcoxon(x, y) of SciPy 1.17 gives, but for 14 to 20 pairs with ties or zeros, where it takes the normal
 * approximation unless it is asked for PermutationMethod(n_resamples=inf). DG_NO_MEMORY; DG_BAD_DATA: a NaN. */
dg_status dg_wilcoxon(const double *x, const double *y, int64_t count, dg_wilcoxon_test *test);

/* The p-values of several tests, adjusted so that the chance of any false one stays below the level (Holm 1979). NaN
 * stays NaN and is not counted. DG_NO_MEMORY. */
dg_status dg_holm(const double *p, int64_t count, double *adjusted);

typedef struct dg_paired_comparison {
    int64_t count, wins, ties, losses; /* pairs, and those where x is above, equal to and below y */
    double mean, sd;                   /* of x − y */
    double effect;                     /* mean/sd: Cohen's d of the differences (d_z); NaN where the sd is 0 */
    double low, high;                  /* bootstrap interval of the mean difference */
    dg_wilcoxon_test wilcoxon;
} dg_paired_comparison;

/* All of it. The interval holds `level` (0.95, say) of the means of 10,000 samples drawn with replacement from the
 * differences (percentiles: Efron 1979), by the seed. DG_NO_MEMORY; DG_BAD_DATA: a NaN. */
dg_status dg_compare_paired(const double *x, const double *y, int64_t count, double level, uint64_t seed,
                            dg_paired_comparison *comparison);

/* The least number of pairs with which Wilcoxon's test can come below `level` at all when Holm corrects it for so many
 * comparisons: 2^(1 − n)·comparisons < level. */
int64_t dg_pairs_needed(int64_t comparisons, double level);

/* ---- several methods on several tasks ---- */

typedef struct dg_friedman_test {
    double statistic, p; /* χ² with methods − 1 degrees of freedom, corrected for ties; NaN where all are equal */
    double critical;     /* Nemenyi's critical difference of mean ranks at the level */
} dg_friedman_test;

/* Friedman's test (1937) of scores [tasks, methods], and the mean rank of each method: 1 is the one with the greatest
 * score where `rises`, else with the least; ties share their ranks. Needs 2 tasks and 2 methods or more:
 * DG_BAD_ARGUMENT. DG_BAD_DATA: a NaN. SciPy: friedmanchisquare. Demšar 2006 for the critical difference. */
dg_status dg_friedman(const double *scores, int64_t tasks, int64_t methods, bool rises, double level,
                      double *mean_ranks, dg_friedman_test *test);

/* P(range of `groups` standard normal numbers > q): the studentised range with endless degrees of freedom. */
double dg_range_above(double q, int64_t groups);
/* The q for which that is `level`. */
double dg_range_quantile(double level, int64_t groups);
/* P(χ² of so many degrees of freedom > x). */
double dg_chi_square_above(double x, int64_t degrees);

DG_END_C

#endif
