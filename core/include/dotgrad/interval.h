/* Intervals: enclosures of what a formula can be over a range of its inputs, with bounds rounded outwards. What an
 * enclosure excludes is excluded for real numbers too, so properties of functions are proved by it: a range, a sign, a
 * Lipschitz constant.
 *
 * Sums, products, quotients and roots are rounded to the neighbouring float64 on the safe side only where they are not
 * exact; transcendental functions are the C library's, widened by more than the errors that the GNU C library documents
 * (8 units in the last place). Constants of a formula are the float64 numbers they are read as.
 * Source: Moore, Kearfott, Cloud: Introduction to Interval Analysis, 2009, chapters 2 to 6. */
#ifndef DOTGRAD_INTERVAL_H
#define DOTGRAD_INTERVAL_H

#include <dotgrad/formula.h>

DG_BEGIN_C

/* All reals from lo to hi; an infinite bound means that none is known. `partial`: for some inputs of the range there
 * may be no value (the logarithm of a negative number); the bounds hold for those that have one. `open`: a choice
 * is left open or a step may lie inside, so that the values need not be a continuous function of the inputs. */
typedef struct dg_interval {
    double lo, hi;
    bool partial, open;
} dg_interval;

static inline dg_interval dg_interval_of(double lo, double hi)
{
    dg_interval made;
    made.lo = lo;
    made.hi = hi;
    made.partial = made.open = false;
    return made;
}

/* Formulas over the same inputs, ready to be enclosed together. For one thread at a time; independent of the pool from
 * then on. */
typedef struct dg_enclosure dg_enclosure;

/* DG_BAD_ARGUMENT when the formulas have not the same inputs in the same order. */
dg_status dg_enclosure_new(dg_formulas *formulas, const dg_formula *const *list, int n, dg_enclosure **enclosure);
void dg_enclosure_free(dg_enclosure *enclosure);
/* results[k]: an interval that contains every value of formula k for inputs in those intervals (finite numbers; one for
 * each input of the formulas). A choice that the intervals leave open encloses both branches. */
void dg_enclose(const dg_enclosure *enclosure, const dg_interval *inputs, dg_interval *results);

/* One primitive by name, over intervals: for tests, and for whoever encloses by hand. False: no such primitive. */
bool dg_interval_primitive(const char *name, const dg_interval *a, const dg_interval *b, const dg_interval *c,
                           dg_interval *result);

DG_END_C

#endif
