"""Writes statistics.txt: what SciPy says of pairs, of several methods on several tasks, and of the distributions.

    python3 statistics.py > statistics.txt        (SciPy 1.17)

A line: what; its numbers. pairs: mode; x; y; statistic, p of scipy.stats.wilcoxon; low and high of the 95 % percentile
interval of the mean difference by scipy.stats.bootstrap with 200,000 samples and the standard deviation of that mean; mean,
standard deviation (n - 1) and median of the differences by NumPy. For 14 to 20 pairs with
ties or zeros SciPy takes the normal approximation by itself: there p is what wilcoxon(method=PermutationMethod(
n_resamples=inf)) gives, twice the share of all signs whose sum is as small, here added up by NumPy, which is quicker.
"""
import numpy as np
from scipy import stats

rng = np.random.default_rng(7)


def text(numbers):
    return " ".join(repr(float(number)) for number in np.ravel(numbers))


def all_signs(d):
    d = d[d != 0]
    ranks = stats.rankdata(np.abs(d))
    observed, sums = ranks[d > 0].sum(), np.zeros(1)
    for rank in ranks:
        sums = np.concatenate([sums, sums + rank])
    return min(1, 2 * min(np.mean(sums <= observed), np.mean(sums >= observed)))


def pairs(x, y):
    d = x - y
    tied = len(np.unique(np.abs(d[d != 0]))) < np.count_nonzero(d) or np.any(d == 0)
    n = len(d)
    mode = "exact" if not tied and n <= 50 else "exact with ties" if tied and n <= 20 else "normal approximation"
    test = stats.wilcoxon(x, y)
    statistic, p = test.statistic, all_signs(d) if tied and 13 < n <= 20 else test.pvalue
    interval = stats.bootstrap((d,), np.mean, n_resamples=2 * 10**5, batch=10**4, method="percentile",
                               rng=np.random.default_rng(1)).confidence_interval
    print(f"pairs;{mode};{text(x)};{text(y)};{text([statistic, p])};"
          f"{text([interval.low, interval.high, d.std() / np.sqrt(n)])};{text([d.mean(), d.std(ddof=1), np.median(d)])}")


for n in [5, 8, 10, 13, 14, 20, 23, 40, 50, 51, 80]:
    pairs(rng.normal(0.2, 1, n), rng.normal(0, 1, n))
for n in [5, 10, 13, 14, 16, 20, 21, 30, 60]:  # accuracies on 45 rows: ties and zeros
    pairs(rng.binomial(45, 0.93, n) / 45, rng.binomial(45, 0.9, n) / 45)
pairs(np.array([0.5, 0.25, 0.75, 1.0]), np.array([0.25, 0.5, 0.25, 0.25]))

for tasks, methods in [(2, 2), (5, 3), (8, 6), (14, 4), (30, 10)]:
    for scores in (rng.normal(size=(tasks, methods)), rng.binomial(20, 0.8, (tasks, methods)) / 20):
        if tasks == 2 and len(np.unique(scores)) < 4:
            continue
        ranks = stats.rankdata(-scores, axis=1).mean(axis=0)
        test = stats.friedmanchisquare(*scores.T) if methods > 2 else (np.nan, np.nan)
        critical = stats.studentized_range.ppf(0.95, methods, np.inf) / np.sqrt(2) * np.sqrt(methods * (methods + 1) / (6 * tasks))
        print(f"friedman;{tasks};{methods};{text(scores)};{text(ranks)};{text([test[0], test[1], critical])}")
for q in [0.5, 1.0, 2.0, 3.314, 4.0, 6.0]:
    for groups in [2, 3, 6, 10, 20]:
        print(f"range;{q};{groups};{text(stats.studentized_range.sf(q, groups, np.inf))}")
for x in [0.01, 0.7, 3.0, 12.5, 60.0]:
    for degrees in [1, 2, 3, 5, 9, 20]:
        print(f"chi;{x};{degrees};{text(stats.chi2.sf(x, degrees))}")
