/* Linear smoothers: predictions of rows are a matrix times their targets, so that what each row would be off if it were
 * left out follows from one decomposition, for every ridge. */
#ifndef OPTIM_SMOOTHER_H
#define OPTIM_SMOOTHER_H

#include "fit.h"

/* (Φ + λI) w + P v = t, Pᵀw = 0, or |Φw + v − t|² + λ|w|² at its least. Matrices are column by column. */
typedef struct smoother {
    bool exact;                /* the first: as many centres as rows */
    int64_t n, k, m, q;        /* rows, columns of targets, centres, columns of P */
    double sign;               /* of the kernel, so that sign·Φ is positive where Pᵀw = 0 */
    int64_t r;                 /* of the decomposition */
    double *vectors;           /* [n, r]: of the first eigenvectors U, of the second ΦV */
    double *values;            /* [r]: eigenvalues, from 0 on */
    double *rotation;          /* [m, r]: V of the second */
    double *targets, *along;   /* [n, k] (of the second without their means); [r, k] */
    double *means, *phi_means; /* [k], [m] of the second */
    int64_t *classes;          /* [n]: the column of the row's 1; NULL: targets are no classes */
    const dg_tensor *basis;    /* [n, m + q], float64, row by row: the caller's */
    double *work;              /* [n, k] */
} smoother;

/* What one ridge gives. */
typedef struct smoothed {
    double ridge, loo, hinge, error, freedom, aic, bic; /* as in dg_rbf_fit */
} smoothed;

/* `basis` [n, m + q] holds Φ and the monomials P (q of them, in an exact one) at the rows; targets [n, k]. */
dg_status smoother_make(smoother *made, bool exact, const dg_tensor *basis, int64_t q, double sign,
                        const dg_tensor *targets);
void smoother_release(smoother *made);
/* The ridge is relative to the largest eigenvalue. */
void smoother_measure(const smoother *of, double relative, smoothed *result);
/* weights [k, m + q (exact)] and bias [k] (NULL in an exact one), float64. */
dg_status smoother_weights(const smoother *of, double ridge, dg_tensor *weights, dg_tensor *bias);
/* predictions [n, k], row by row: of each row by a fit without it. */
void smoother_left_out(const smoother *of, double ridge, double *predictions);
/* sharpness.c. What scores of classes are multiplied with so that their softmax is nearest to the classes of rows that
 * were left out, by cross-entropy. Only where `classes` are there. Sources: Platt, Probabilistic outputs for support
 * vector machines (1999), for the targets; Guo et al., On calibration of modern neural networks (2017), for the one
 * factor. */
dg_status smoother_sharpness(const smoother *of, double ridge, double *sharpness);

#endif
