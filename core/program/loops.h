/* What the printed loops of whole programs are made of (see compiled.h): a function for each operation. */
#ifndef CORE_LOOPS_H
#define CORE_LOOPS_H

#include "compiled.h"
#include "core/base/join.h"
#include "core/vector/math_f32.h"

#include <dotgrad/isa.h>
#include <string.h>

#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed" /* loops that call the C library stay scalar */
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#pragma GCC optimize("no-thread-jumps") /* see core/vector/kernels.c */
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

#define REAL       float
#define WORD       uint32_t
#define ELEMENT(f) JOIN(f32_, f)
#define LIMIT(c)   JOIN(F32_, c)
#define LIBM(name) JOIN(name, f)
#include "core/vector/functions.template.h"
#include "core/vector/functions_steps.h"

#define STEP(name, value)                                                                                              \
    static inline float of_##name(float a, float b, float c)                                                           \
    {                                                                                                                  \
        (void)a, (void)b, (void)c;                                                                                     \
        return (value);                                                                                                \
    }
#define UNARY(name, value)  STEP(name, value)
#define BINARY(name, value) STEP(name, value)
#define TURNING(name)
#define DIVIDING(name, value)
#include "core/vector/values.template.h"
#include "core/vector/values_steps.h"
STEP(where, a != 0 ? b : c)
#undef STEP
#undef UNARY
#undef BINARY
#undef TURNING
#undef DIVIDING
#undef REAL
#undef WORD
#undef ELEMENT
#undef LIMIT
#undef LIBM

/* Of a program's constants, which take eight bytes each. */
static inline float constant(const double *from)
{
    float value;
    memcpy(&value, from, sizeof value);
    return value;
}

#endif
