/* Comparisons against SciPy's numbers, which statistics.py has written to statistics.txt. */
#include <criterion/criterion.h>
#include <dotgrad/statistics.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 400, FIELDS = 8 };

/* The numbers of a field. */
static int64_t numbers(const char *text, double into[MOST])
{
    int64_t count = 0;
    for (char *end; count < MOST; text = end) {
        double number = strtod(text, &end);
        if (end == text)
            return count;
        into[count++] = number;
    }
    return count;
}

/* Calls `each` with the fields of every line that begins with `kind`; returns how many there are. */
static int for_lines(const char *kind, void (*each)(char *fields[FIELDS]))
{
    char path[512], *line = NULL;
    size_t room = 0;
    int count = 0;
    snprintf(path, sizeof path, "%s/optim/statistics.txt", getenv("TESTS"));
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    while (getline(&line, &room, file) > 0) {
        char *fields[FIELDS] = {0}, *rest = line, *field;
        for (int k = 0; k < FIELDS && (field = strsep(&rest, ";")); k++)
            fields[k] = field;
        if (strcmp(fields[0], kind) != 0)
            continue;
        each(fields);
        count++;
    }
    free(line);
    fclose(file);
    return count;
}

/* Equal sums in another order: 1e-10, as is asked of p-values, is far above their rounding. */
static void expect(double got, double wanted, const char *what)
{
    cr_assert(isnan(wanted) ? isnan(got) : fabs(got - wanted) <= 1e-10 * fmax(1, fabs(wanted)),
              "%s: %.17g, SciPy %.17g", what, got, wanted);
}

static void check_pairs(char *fields[FIELDS])
{
    double x[MOST], y[MOST], test[MOST], interval[MOST], moments[MOST];
    dg_paired_comparison made;
    int64_t n = numbers(fields[2], x);
    cr_assert_eq(numbers(fields[3], y), n);
    numbers(fields[4], test);
    numbers(fields[5], interval);
    numbers(fields[6], moments);
    cr_assert_eq(dg_compare_paired(x, y, n, 0.95, 3, &made).code, DG_OK);
    cr_assert_str_eq(dg_test_mode_name(made.wilcoxon.mode), fields[1], "%lld pairs", (long long)n);
    expect(made.wilcoxon.statistic, test[0], "statistic");
    expect(made.wilcoxon.p, test[1], "p");
    expect(made.mean, moments[0], "mean");
    expect(made.sd, moments[1], "standard deviation");
    cr_assert_eq(made.wins + made.ties + made.losses, n);
    /* Two draws of 10,000 samples: a percentile near the tail is uncertain by some 3 % of the mean's deviation;
     * means of accuracies on 45 rows lie on a grid, of which a neighbour may come out. */
    double apart = 0.12 * interval[2] + (strstr(fields[1], "ties") || n == 4 ? 1.0 / 45 / (double)n : 0);
    cr_assert_float_eq(made.low, interval[0], apart);
    cr_assert_float_eq(made.high, interval[1], apart);
}

Test(statistics, compares_pairs_as_scipy_does)
{
    cr_assert_eq(for_lines("pairs", check_pairs), 21);
}

static void check_friedman(char *fields[FIELDS])
{
    double scores[MOST], ranks[MOST], made_ranks[MOST], test[MOST];
    int64_t tasks = atoi(fields[1]), methods = atoi(fields[2]);
    dg_friedman_test made;
    cr_assert_eq(numbers(fields[3], scores), tasks * methods);
    numbers(fields[4], ranks);
    numbers(fields[5], test);
    cr_assert_eq(dg_friedman(scores, tasks, methods, true, 0.05, made_ranks, &made).code, DG_OK);
    for (int64_t k = 0; k < methods; k++)
        expect(made_ranks[k], ranks[k], "mean rank");
    if (methods > 2) { /* SciPy wants three */
        expect(made.statistic, test[0], "statistic");
        expect(made.p, test[1], "p");
    }
    cr_assert_float_eq(made.critical, test[2], 1e-8); /* SciPy integrates to that */
}

Test(statistics, ranks_methods_over_tasks_as_scipy_does)
{
    cr_assert_geq(for_lines("friedman", check_friedman), 9);
}

static void check_range(char *fields[FIELDS])
{
    double wanted = strtod(fields[3], NULL);
    cr_assert_float_eq(dg_range_above(strtod(fields[1], NULL), atoi(fields[2])), wanted, 1e-9);
}

static void check_chi(char *fields[FIELDS])
{
    expect(dg_chi_square_above(strtod(fields[1], NULL), atoi(fields[2])), strtod(fields[3], NULL), "χ²");
}

Test(statistics, has_the_distributions_of_scipy)
{
    cr_assert_eq(for_lines("range", check_range), 30);
    cr_assert_eq(for_lines("chi", check_chi), 30);
}

/* Demšar 2006, table 5: q of α = 0.05 is the quantile over √2, there from tables of two or three digits. */
Test(statistics, has_the_critical_values_of_nemenyi)
{
    static const double q[] = {1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164};
    for (int k = 2; k <= 10; k++)
        cr_assert_float_eq(dg_range_quantile(0.05, k) / sqrt(2), q[k - 2], 1e-3);
}

/* By hand: sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1, each at least the one before. */
Test(statistics, holm_corrects_in_the_order_of_p)
{
    const double p[] = {0.01, NAN, 0.04, 0.03, 0.005}, wanted[] = {0.03, NAN, 0.06, 0.06, 0.02};
    double made[5];
    cr_assert_eq(dg_holm(p, 5, made).code, DG_OK);
    for (int k = 0; k < 5; k++)
        cr_assert(isnan(wanted[k]) ? isnan(made[k]) : fabs(made[k] - wanted[k]) < 1e-15, "%d: %g", k, made[k]);
}

/* The least p of n pairs is 2/2^n: 0.0625 of 5, 0.03125 of 6. */
Test(statistics, knows_how_many_pairs_can_tell)
{
    cr_assert_eq(dg_pairs_needed(1, 0.05), 6);
    cr_assert_eq(dg_pairs_needed(5, 0.05), 8);
    double x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {0};
    dg_wilcoxon_test test;
    cr_assert_eq(dg_wilcoxon(x, y, 5, &test).code, DG_OK);
    cr_assert_eq(test.p, 0.0625);
    cr_assert_eq(dg_wilcoxon(x, y, 6, &test).code, DG_OK);
    cr_assert_eq(test.p, 0.03125);
    cr_assert_eq(test.rank_biserial, 1);
}

Test(statistics, equal_pairs_tell_nothing)
{
    const double x[] = {0.5, 0.25, 0.75};
    dg_paired_comparison made;
    cr_assert_eq(dg_compare_paired(x, x, 3, 0.95, 0, &made).code, DG_OK);
    cr_assert_eq(made.wilcoxon.p, 1);
    cr_assert_eq(made.wilcoxon.mode, DG_TEST_NONE);
    cr_assert_eq(made.ties, 3);
    cr_assert(isnan(made.effect));
    const double bad[] = {0.5, NAN, 0.75};
    cr_assert_eq(dg_compare_paired(x, bad, 3, 0.95, 0, &made).code, DG_BAD_DATA);
}
