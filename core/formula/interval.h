/* Arithmetic of intervals, rounded outwards. interval.c has the table of primitives,
 * enclosure.c runs it over the expressions of formulas. */
#ifndef CORE_FORMULA_INTERVAL_H
#define CORE_FORMULA_INTERVAL_H

#include <dotgrad/interval.h>

#include "primitives.h"

/* Of a primitive of formulas (below FORMULA_PRIMITIVES). */
dg_interval interval_apply(int op, dg_interval a, dg_interval b, dg_interval c);

#endif
