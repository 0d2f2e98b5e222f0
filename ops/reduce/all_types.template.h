/* One reduction for every element type. Wants OP, FIRST(x), NEUTRAL, REAL_COMBINE(a, b), VECTOR_COMBINE(a, b),
 * INTEGER_COMBINE(a, b), the types of results, REAL_TO(type) and INTEGER_TO(type), and IN_VECTORS: whether floats are
 * combined as vectors. */
#if !defined(OP) || !defined(FIRST) || !defined(NEUTRAL) || !defined(REAL_COMBINE) || !defined(VECTOR_COMBINE) ||      \
    !defined(INTEGER_COMBINE)
#error "this is a template: OP, FIRST, NEUTRAL, REAL_COMBINE, VECTOR_COMBINE and INTEGER_COMBINE must be defined"
#endif

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

#undef OP
#undef NEUTRAL
#undef REAL_COMBINE
#undef VECTOR_COMBINE
#undef INTEGER_COMBINE
