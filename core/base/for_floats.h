/* Includes a template twice: for float32, then for float64. A template is a source text that is written once for
 * several element types; its name ends in .template.h, and TEMPLATE names it by its path from the top:
 *
 *     #define TEMPLATE "ops/linear/distance.template.h"
 *     #include "core/base/for_floats.h"
 *
 * What a template finds defined:
 *   REAL          the element type
 *   NAME(f)       the name of f for this type: f_float32
 *   INTEGER BITS  the signed and unsigned integers of the same size
 *   MATH(name)    the C library's function: sqrtf or sqrt
 *   BLAS(f)       cblas_sgemm or cblas_dgemm for gemm; LAPACK(f) likewise LAPACKE_sgetrf_work
 *   EPSILON       FLT_EPSILON or DBL_EPSILON
 *   IS_FLOAT32    1 or 0 */
#ifndef TEMPLATE
#error "define TEMPLATE: the path of what to include for each float type"
#endif

#define REAL       float
#define NAME(f)    f##_float32
#define INTEGER    int32_t
#define BITS       uint32_t
#define MATH(name) name##f
#define BLAS(f)    cblas_s##f
#define LAPACK(f)  LAPACKE_s##f##_work
#define EPSILON    FLT_EPSILON
#define IS_FLOAT32 1
#include TEMPLATE
#undef REAL
#undef NAME
#undef INTEGER
#undef BITS
#undef MATH
#undef BLAS
#undef LAPACK
#undef EPSILON
#undef IS_FLOAT32

#define REAL       double
#define NAME(f)    f##_float64
#define INTEGER    int64_t
#define BITS       uint64_t
#define MATH(name) name
#define BLAS(f)    cblas_d##f
#define LAPACK(f)  LAPACKE_d##f##_work
#define EPSILON    DBL_EPSILON
#define IS_FLOAT32 0
#include TEMPLATE
#undef REAL
#undef NAME
#undef INTEGER
#undef BITS
#undef MATH
#undef BLAS
#undef LAPACK
#undef EPSILON
#undef IS_FLOAT32

#undef TEMPLATE
