/* Statistics of comparisons: the private header of this folder. <dotgrad/statistics.h> is the public part.
 *
 *   summary.c   one sample
 *   ranks.c     ranks with ties
 *   wilcoxon.c  the signed-rank test, and Holm's correction
 *   paired.c    two methods on the same seeds: wins, effect, bootstrap
 *   multiple.c  several methods on several tasks: Friedman, Nemenyi, and the distributions that they need */
#ifndef OPTIM_STATISTICS_RANKS_H
#define OPTIM_STATISTICS_RANKS_H

#include <dotgrad/statistics.h>

/* Ranks from 1 on, the least first; equal numbers share the mean of theirs. *ties becomes Σ (t³ − t) over groups of t
 * equal numbers. DG_NO_MEMORY. */
dg_status rank_of_each(const double *x, int64_t count, double *ranks, double *ties);
dg_status check_numbers(const double *x, int64_t count);

#endif
