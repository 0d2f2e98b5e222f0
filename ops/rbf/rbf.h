/* What ops of radial functions share. */
#ifndef OPS_RBF_RBF_H
#define OPS_RBF_RBF_H

#include <stdbool.h>

#define RBF_KERNELS                                                                                                    \
    "gaussian|multiquadric|inverse_multiquadric|inverse_quadratic|thin_plate_spline|linear|cubic|quintic|matern32|"    \
    "matern52|wendland"

/* Whether the kernel is a function of γ r². */
bool rbf_has_gamma(const char *kernel);
/* γ of a width; NaN for one that is not above 0. */
double rbf_stored_gamma(const char *kernel, double sigma);

#endif
