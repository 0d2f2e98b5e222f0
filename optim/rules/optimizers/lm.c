/* Levenberg, "A method for the solution of certain non-linear problems in least squares" (1944), and Marquardt (1963),
 * as Hagan and Menhaj trained networks by it, "Training feedforward networks with the Marquardt algorithm" (1994): (JᵀJ
 * + μI)·δ = −Jᵀr, with μ smaller after a step that lowers the loss and larger until one does. */
#include "core/base/blas.h"
#include "optim/rules/driver.h"

#include <lapacke.h>
#include <stdlib.h>
#include <string.h>

enum { MU, MU_DECREASE, MU_INCREASE, MU_MAX };

static size_t state_size(const dg_optimizer *optimizer, int64_t n)
{
    (void)optimizer;
    (void)n;
    return 1; /* μ */
}

/* The equations twice, their right side, solution, place and gradient. */
static double room(const dg_optimizer *optimizer, int64_t n)
{
    (void)optimizer;
    return 2 * (double)n * (double)n + 4 * (double)n;
}

/* a = JᵀJ (its lower triangle, by columns) and b = −Jᵀr. */
static void normal_equations(int64_t rows, int64_t n, const double *r, const double *j, double *a, double *b)
{
    for (int64_t row = 0; row < rows; row++)
        for (int64_t i = 0; i < n; i++) {
            double left = j[row * n + i];
            b[i] -= left * r[row];
            for (int64_t k = i; k < n && left != 0; k++)
                a[i * n + k] += left * j[row * n + k];
        }
}

static dg_status step(drive *d)
{
    const double *hyper = d->optimizer->hyper, *r, *jacobian;
    int64_t rows, n = d->n;
    double scale, mu = d->state[0] > 0 ? d->state[0] : hyper[MU];
    DG_TRY(d->residuals(d->user, &rows, &r, &jacobian, &scale));
    size_t square = (size_t)n * (size_t)n;
    double *numbers = calloc(2 * square + 4 * (size_t)n + 1, sizeof *numbers);
    if (!numbers)
        return dg_no_memory("the equations of %lld parameters", (long long)n);
    double *a = numbers, *factor = a + square, *b = factor + square, *delta = b + n, *at = delta + n, *g = at + n;
    normal_equations(rows, n, r, jacobian, a, b);
    dg_status status = dg_ok();
    for (bool lower = false; status.code == DG_OK && !lower && mu <= hyper[MU_MAX];) {
        memcpy(factor, a, square * sizeof *a);
        memcpy(delta, b, (size_t)n * sizeof *b);
        for (int64_t i = 0; i < n; i++)
            factor[i * n + i] += mu;
        threads_hold_blas();
        double loss = d->loss;
        if (LAPACKE_dposv(LAPACK_COL_MAJOR, 'L', (lapack_int)n, 1, factor, (lapack_int)n, delta, (lapack_int)n) == 0) {
            for (int64_t i = 0; i < n; i++)
                at[i] = d->x[i] + d->lr * delta[i];
            status = d->evaluate(d->user, at, &loss, g);
            lower = status.code == DG_OK && loss < d->loss;
        }
        mu *= lower ? hyper[MU_DECREASE] : hyper[MU_INCREASE];
        if (lower) {
            d->loss = loss;
            memcpy(d->x, at, (size_t)n * sizeof *at);
        }
    }
    d->state[0] = mu < hyper[MU_MAX] ? (mu > 1e-300 ? mu : 1e-300) : hyper[MU_MAX];
    free(numbers);
    return status;
}

static dg_status check(const double *hyper)
{
    return hyper[MU_INCREASE] > 1 && hyper[MU] < hyper[MU_MAX]
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT, "needs mu_increase above 1 and mu below mu_max");
}

static const dg_rule_driver driver = {
    .step = step, .state_size = state_size, .room = room, .most = 20000, .residuals = true};

const dg_rule lm_rule = {
    .name = "lm",
    .summary = "Levenberg-Marquardt: δ of (JᵀJ + μI)·δ = −Jᵀr, for mse_loss and networks of some thousand parameters",
    .source = "Levenberg 1944; Marquardt 1963; Hagan, Menhaj 1994",
    .lr = 1,
    .arguments = {{.name = "mu", .range = DG_ARGUMENT_POSITIVE, .fallback = {1e-3}},
                  {.name = "mu_decrease", .range = DG_ARGUMENT_FRACTION, .fallback = {0.1}},
                  {.name = "mu_increase", .range = DG_ARGUMENT_POSITIVE, .fallback = {10}},
                  {.name = "mu_max", .range = DG_ARGUMENT_POSITIVE, .fallback = {1e10}}},
    .check = check,
    .drive = &driver,
};
