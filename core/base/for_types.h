/* Includes a template once for every element type. What it finds defined:
 *   TYPE       the element type; bool is uint8_t
 *   NAME(f)    the name of f for this type: f_bool, f_int32, f_int64, f_float32, f_float64
 *   TO         the type of a sum: int64_t for bool and integers
 *   SUM        the type that sums are computed in: uint64_t, which wraps, for bool and integers; double for floats
 *   IS_NAN(x)  false for bool and integers
 * for_floats.h tells what a template is and how TEMPLATE names it. */
#ifndef TEMPLATE
#error "define TEMPLATE: the path of what to include for each element type"
#endif

#define TYPE      uint8_t
#define NAME(f)   f##_bool
#define TO        int64_t
#define SUM       uint64_t
#define IS_NAN(x) ((void)(x), false)
#include TEMPLATE
#undef TYPE
#undef NAME
#undef TO
#undef SUM
#undef IS_NAN

#define TYPE      int32_t
#define NAME(f)   f##_int32
#define TO        int64_t
#define SUM       uint64_t
#define IS_NAN(x) ((void)(x), false)
#include TEMPLATE
#undef TYPE
#undef NAME
#undef TO
#undef SUM
#undef IS_NAN

#define TYPE      int64_t
#define NAME(f)   f##_int64
#define TO        int64_t
#define SUM       uint64_t
#define IS_NAN(x) ((void)(x), false)
#include TEMPLATE
#undef TYPE
#undef NAME
#undef TO
#undef SUM
#undef IS_NAN

#define TYPE      float
#define NAME(f)   f##_float32
#define TO        float
#define SUM       double
#define IS_NAN(x) isnan(x)
#include TEMPLATE
#undef TYPE
#undef NAME
#undef TO
#undef SUM
#undef IS_NAN

#define TYPE      double
#define NAME(f)   f##_float64
#define TO        double
#define SUM       double
#define IS_NAN(x) isnan(x)
#include TEMPLATE
#undef TYPE
#undef NAME
#undef TO
#undef SUM
#undef IS_NAN

#undef TEMPLATE
