/* The primitives: the functions that formulas are made of. Everything about one is in one line of the table in
 * primitives.c; its vector code is in kernels.c. */
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
    P_NORMAL_CDF,
    P_TANHSHRINK,
    P_SQUAREPLUS,

    /* Steps: what float32 programs are made of beside the primitives of formulas, put there by faster.c for speed. Not
     * for formulas: they have no derivatives, and some hold for a part of the numbers only. */
    FORMULA_PRIMITIVES,
    S_WHERE_GT0 = FORMULA_PRIMITIVES, /* a > 0 ? b : c */
    S_WHERE_GE0,
    S_WHERE_LT0,
    S_WHERE_LE0,
    S_SLOPE,         /* the gradient of max: a < b ? 0 : a == b ? c/2 : c */
    S_EXP_MINUS_ABS, /* exp(−|a|) */
    S_EXP_CAPPED,    /* exp(min(a, 40)): its square and that plus 1 are finite */
    S_GAUSS,         /* exp(−a²) */
    S_ERF_OF_GAUSS,  /* erf(a), with b = exp(−a²) */
    S_HALF_GAUSS,    /* exp(−a²/2) */
    S_CDF_OF_GAUSS,  /* normal_cdf(a), with b = exp(−a²/2) */
    S_LOG1P_OF_EXP,  /* log(1 + a), 0 ≤ a ≤ 1 */
    S_EXP_SPLIT,     /* exp(a) − 1 for a > −log(2), else exp(a): both come from it without loss, by */
    S_EXP_JOIN,      /* exp(a), with b = exp_split(a), and */
    S_EXPM1_JOIN,    /* exp(a) − 1 */
    /* Two operations in one go, rounded one after the other: (a ∘ b) ∘ c. */
    S_PAIRS,
    PRIMITIVE_COUNT = S_PAIRS + 6 * 8
};

/* The operations of a pair: S_PAIRS + first · PAIR_SECONDS + second. t is what the first gives. */
enum pair_first { FIRST_ADD, FIRST_SUB, FIRST_MUL, FIRST_DIV, FIRST_MIN, FIRST_MAX, PAIR_FIRSTS };
enum pair_second {
    SECOND_ADD,  /* t + c */
    SECOND_SUB,  /* t − c */
    SECOND_FROM, /* c − t */
    SECOND_MUL,  /* t · c */
    SECOND_DIV,  /* t / c */
    SECOND_INTO, /* c / t */
    SECOND_MIN,
    SECOND_MAX,
    PAIR_SECONDS
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

/* −1: no such primitive in formulas. */
int primitive_find(const char *name, int length);

#endif
