/* The primitives: the functions that formulas are made of. All that is known of one stands in one line of the table in
 * primitives.c; its vector code is in vector_kernels.c. */
#ifndef CORE_PRIMITIVES_H
#define CORE_PRIMITIVES_H

#include <stdint.h>

enum primitive {
    P_ADD,
    P_SUB,
    P_MUL,
    P_DIV,
    P_POW,
    P_NEG,
    P_ABS,
    P_SIGN,
    P_FLOOR,
    P_CEIL,
    P_ROUND,
    P_TRUNC,
    P_FMOD,
    P_REMAINDER,
    P_MIN,
    P_MAX,
    P_HYPOT,
    P_ATAN2,
    P_LOGADDEXP,
    P_LT,
    P_LE,
    P_GT,
    P_GE,
    P_EQ,
    P_NE,
    P_AND,
    P_OR,
    P_NOT,
    P_ISNAN,
    P_WHERE,
    P_SQUARE,
    P_SQRT,
    P_RSQRT,
    P_RECIPROCAL,
    P_EXP,
    P_EXP2,
    P_EXPM1,
    P_LOG,
    P_LOG2,
    P_LOG10,
    P_LOG1P,
    P_SIN,
    P_COS,
    P_TAN,
    P_ASIN,
    P_ACOS,
    P_ATAN,
    P_SINH,
    P_COSH,
    P_TANH,
    P_ASINH,
    P_ACOSH,
    P_ATANH,
    P_SIGMOID,
    P_SOFTPLUS,
    P_ERF,
    P_ERFC,
    PRIMITIVE_COUNT
};

enum primitive_flags {
    COMMUTES = 1,
    ODD = 2,         /* f(−a) = −f(a), exactly */
    EVEN = 4,        /* f(−a) = f(a) */
    INTEGERS = 8,    /* of integers it is an integer, computed as such */
    CONDITIONS = 16, /* of conditions it is a condition */
    TRUTH = 32,      /* its value is 0 or 1 */
    LOGICAL = 64     /* its arguments are read as conditions: 0 or not 0 */
};

typedef struct primitive_info {
    const char *name;
    int arity;
    int flops;
    unsigned flags;
    const char *derivatives[3];
} primitive_info;

extern const primitive_info primitives[PRIMITIVE_COUNT];

/* −1: no such primitive. */
int primitive_find(const char *name, int length);

#endif
