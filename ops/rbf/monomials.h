/* The monomials of a polynomial of several variables. */
#ifndef OPS_RBF_MONOMIALS_H
#define OPS_RBF_MONOMIALS_H

#include <dotgrad/graph.h>

enum { MOST_DEGREE = 4 };

/* How many monomials of d variables have a degree of at most `degree`: (d + degree choose degree); 0 of −1. */
int64_t monomial_count(int64_t d, int64_t degree);
/* They themselves, of the columns of x [.., d]: 1, x₁ … x_d, x₁x₁, x₁x₂ …, [.., monomial_count]. */
dg_node *monomials(dg_node *x, int64_t degree);

#endif
