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

/* min and max whose second argument is a constant of the program, which is neither NaN nor −0 (find_loop sees to that):
 * an instruction of the processor that passes its second operand on when it is NaN or they are equal, which is a here,
 * and a sum that makes +0 of −0 where the constant is 0. */
static inline float known_min(float a, float constant)
{
    return (constant < a ? constant : a) + (constant == 0 ? 0.0f : -0.0f);
}

static inline float known_max(float a, float constant)
{
    return (constant > a ? constant : a) + (constant == 0 ? 0.0f : -0.0f);
}

#define STEP(name, value)                                                                                              \
    static inline float known_of_##name(float a, float b, float c)                                                     \
    {                                                                                                                  \
        (void)a, (void)b, (void)c;                                                                                     \
        return (value);                                                                                                \
    }
#define f32_min_of known_min
#define f32_max_of known_max
STEP(min, known_min(a, b))
STEP(max, known_max(a, b))
#include "core/vector/values_steps.h"
#undef f32_min_of
#undef f32_max_of
#undef STEP
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
