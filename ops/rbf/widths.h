/* Widths of radial basis functions from the distances between their centres. */
#ifndef OPS_RBF_WIDTHS_H
#define OPS_RBF_WIDTHS_H

/* γ of a radial basis function of width σ, by the kernel's own definition: gaussian exp(−γr²) has γ = 1/(2σ²), the
 * others are functions of γr² with γ = 1/σ². */
double rbf_gamma(const char *kernel, double sigma);

#endif
