/* Optimisers that run each training step themselves: what the trainer gives them, and what they do. All parameters are
 * one vector of float64 numbers. */
#ifndef OPTIM_DRIVER_H
#define OPTIM_DRIVER_H

#include <dotgrad/rules.h>

typedef struct drive {
    const dg_optimizer *optimizer;
    double lr;     /* of this step */
    int64_t n;     /* parameters */
    double *x;     /* [n]; what the step leaves there is the next value */
    double loss;   /* at x on this batch, when the step begins */
    double *g;     /* [n], the gradient there */
    double *state; /* kept from step to step and in checkpoints; zeros at first */
    void *user;
    /* Loss and gradient at another place on the same batch. */
    dg_status (*evaluate)(void *user, const double *at, double *loss, double *gradient);
    /* Of drivers with `residuals`: r [rows] and J [rows, n] at x, the loss being Σ r²/scale. They belong to the caller
     * of the step. */
    dg_status (*residuals)(void *user, int64_t *rows, const double **r, const double **jacobian, double *scale);
} drive;

struct dg_rule_driver {
    dg_status (*step)(drive *d);
    /* Numbers of state; SIZE_MAX: too many. */
    size_t (*state_size)(const dg_optimizer *optimizer, int64_t n);
    /* Numbers that a step takes beside them, for a memory limit. */
    double (*room)(const dg_optimizer *optimizer, int64_t n);
    int64_t most; /* parameters; 0: any number */
    bool residuals;
};

#endif
