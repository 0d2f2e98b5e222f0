/* One reduction for every element type, and the table of its loops. Wants LOOPS (the table's name), NEUTRAL (the result
 * over nothing), FIRST(x) (what an element becomes before it is combined; the result over x alone), REAL_COMBINE(a, b),
 * INTEGER_COMBINE(a, b) and VECTOR_COMBINE(a, b). Combined are elements after FIRST, and results over parts of the
 * elements, in any order: so it must be associative and commutative, but for rounding. Where it is not as usual: the
 * types of results, REAL_TO(type) and INTEGER_TO(type), and IN_VECTORS: whether floats are combined as vectors, which
 * leaves FIRST out, so that it must be (x) then. */
#if !defined(LOOPS) || !defined(NEUTRAL) || !defined(FIRST) || !defined(REAL_COMBINE) || !defined(INTEGER_COMBINE)
#error "this is a template: LOOPS, NEUTRAL, FIRST, REAL_COMBINE and INTEGER_COMBINE must be defined"
#endif

#ifndef REAL_TO
#define REAL_TO SAME
#endif
#ifndef INTEGER_TO
#define INTEGER_TO SAME
#endif
#ifndef IN_VECTORS
#define IN_VECTORS 1
#endif
#if IN_VECTORS
_Static_assert(FIRST(3) == 3 && FIRST(-2) == -2, "where FIRST(x) is not (x), IN_VECTORS must be 0");
#endif
#define NAME(suffix) JOIN(reduce_, suffix)

#define COMBINE(a, b) INTEGER_COMBINE(a, b)
#define VECTORS       0
#define TYPE          condition
#define FROM          uint8_t
#define TO            INTEGER_TO(uint8_t)
#include "loops.template.h"
#define TYPE int32
#define FROM int32_t
#define TO   INTEGER_TO(int32_t)
#include "loops.template.h"
#define TYPE int64
#define FROM int64_t
#define TO   INTEGER_TO(int64_t)
#include "loops.template.h"
#undef COMBINE
#undef VECTORS

#define COMBINE(a, b) REAL_COMBINE(a, b)
#define VECTORS       IN_VECTORS
#define TYPE          float32
#define FROM          float
#define TO            REAL_TO(float)
#include "loops.template.h"
#define TYPE float64
#define FROM double
#define TO   REAL_TO(double)
#include "loops.template.h"
#undef COMBINE
#undef VECTORS

const reduction_loops DG_ISA_NAME(LOOPS) = {{[DG_BOOL] = NAME(condition),
                                             [DG_INT32] = NAME(int32),
                                             [DG_INT64] = NAME(int64),
                                             [DG_FLOAT32] = NAME(float32),
                                             [DG_FLOAT64] = NAME(float64)}};
