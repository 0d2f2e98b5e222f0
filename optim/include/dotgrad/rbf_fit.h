/* Radial basis function networks without gradients: kernel, width, centres and ridge are chosen by errors that have a
 * closed form, and the weights are solved for. */
#ifndef DOTGRAD_RBF_FIT_H
#define DOTGRAD_RBF_FIT_H

#include <dotgrad/data.h>
#include <dotgrad/threads.h>

DG_BEGIN_C

/* What is chosen, and from what. Zeroes and NULLs choose all. */
typedef struct dg_rbf_fit_options {
    const char *target;  /* the field of targets [rows] or [rows, K]; NULL: "target". Of classes: "one_hot" */
    const char *kernels; /* names of rbf's kernels, with commas between them; NULL: all */
    /* "all" rows, "kmeans", "samples" or "ols" (orthogonal least squares: rows chosen one at a time by how much they
     * explain), with a number of them in brackets, "kmeans(50)", or without, when that is chosen too. NULL: all up to
     * 1000 rows, else kmeans. */
    const char *centers;
    /* What is made least: "loocv", the mean square of what each row is off when it alone is left out; "hinge" (NULL),
     * of classes (each row of targets has one 1, and else 0) that of what it is below its 1 or above a 0, so that what
     * is off on the right side does not count, of other targets as "loocv"; "aic", "bic" (among networks with degrees
     * of freedom for at most half of the rows); or "goal=1e-3": the fewest centres, by ols, whose mean square error on
     * the rows is at most that. */
    const char *select;
    double width;  /* σ of all units; 0: chosen */
    double ridge;  /* λ; 0: chosen */
    uint64_t seed; /* of kmeans and samples */
    dg_threads *threads;
} dg_rbf_fit_options;

/* The network that was chosen: y = Σ_j w_j φ(|x − c_j|) + a polynomial of `degree`. With all rows as centres the
 * weights solve (Φ + λI) w + P v = t, Pᵀw = 0, which is the mean of a Gaussian process whose covariance is φ; with
 * fewer they make |y − t|² + λ|w|² least. */
typedef struct dg_rbf_fit {
    const char *kernel; /* constant text */
    int64_t rows, features, targets, centers;
    int64_t degree; /* of the polynomial: 0, a constant, is output.bias; from 1 on its monomials follow φ */
    double width, ridge;
    double loo, error;      /* root mean squares: each row left out in turn; of the rows themselves */
    double hinge;           /* a root mean square, too, of classes: see select; else NaN */
    double freedom;         /* effective degrees of freedom, the trace of what makes y of t */
    double aic, bic;        /* n ln(mean square) + 2 freedom, + ln n freedom */
    dg_tensors *parameters; /* float64: hidden.centers, hidden.gamma, output.weight, output.bias, scores.… */
} dg_rbf_fit;

/* Fits the training rows of a data set (field "features" [rows, …]). Release the result. DG_BAD_ARGUMENT: an option;
 * DG_BAD_DATA: too few rows, or numbers that are not finite; DG_NO_MEMORY. Sources: Rippa, An algorithm for selecting a
 * good value for the parameter c in radial basis function interpolation (1999), for the error of leaving one out;
 * Golub, Heath and Wahba, Generalized cross-validation (1979), for its use with ridges; Orr, Introduction to radial
 * basis function networks (1996); Crammer and Singer, On the algorithmic implementation of multiclass kernel-based
 * vector machines (2001), for the margin of a class over the others. */
dg_status dg_rbf_fit_make(const dg_dataset *data, const dg_rbf_fit_options *options, dg_rbf_fit *fit);
void dg_rbf_fit_release(dg_rbf_fit *fit);
/* The network as a graph file, float64: nodes x, target, hidden (rbf), output (linear), loss; of one_hot targets scores
 * (output times scores.sharpness, so that its softmax is probabilities). `classes`: the loss is cross_entropy with
 * labels, else mse_loss. `data` (may be NULL): the attribute of that name. Free the text with free(). */
dg_status dg_rbf_fit_text(const dg_rbf_fit *fit, bool classes, const char *data, char **text);

DG_END_C

#endif
