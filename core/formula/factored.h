/* A Laurent series times what else stands there: q·p^degree·Σ a[k]·u^(low + k). u = p·v is the variable of the series,
 * p a scale that does not depend on v: v itself is p⁻¹·u, so that sin(b·v)/v is b·Σ a[k]·(b·v)^k, for every b. q is a
 * factor that has no series. */
#ifndef CORE_FORMULA_FACTORED_H
#define CORE_FORMULA_FACTORED_H

#include "expression.h"
#include "series.h"

typedef struct factored {
    series s;
    int degree;
    const expression *factor; /* q; NULL: 1 */
} factored;

factored factored_of(series s, int degree);
/* e as the factor of 1. */
factored factored_opaque(const expression *e);
/* Whether it is a series alone. */
static inline bool factored_is_plain(const factored *x)
{
    return x->degree == 0 && !x->factor;
}

/* A primitive of these; s.n = 0 where it is not found. Products, quotients and powers carry factors and scales along,
 * sums those that their terms have in common, all else takes series alone. *failed is set where there was no memory. */
factored factored_apply(dg_formulas *pool, int op, const factored *a, const factored *b, const factored *c,
                        bool *failed);

#endif
