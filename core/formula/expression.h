/* Expressions: a directed acyclic graph in a pool that keeps each distinct expression once, so that equal pointers are
 * equal expressions. Everything here takes NULL (no memory) and passes it on, so that a caller checks once. */
#ifndef CORE_EXPRESSION_H
#define CORE_EXPRESSION_H

#include <dotgrad/formula.h>

#include "core/base/table.h"

#include "primitives.h"

enum { OP_CONSTANT = PRIMITIVE_COUNT, OP_INPUT };

/* What element types an expression can be computed in, and where it comes from. */
enum expression_needs {
    NEEDS_REALS = 1,   /* integers will not do */
    NEEDS_NUMBERS = 2, /* conditions will not do: there is arithmetic in it */
    OF_COTANGENT = 4,  /* of formulas alone: a vector-Jacobian product, or derived from one */
};

typedef struct expression expression;
struct expression {
    uint8_t op; /* a primitive, OP_CONSTANT or OP_INPUT */
    uint8_t arity;
    uint8_t needs;
    uint32_t weight; /* nodes when written as a tree; stops at UINT32_MAX */
    uint64_t hash;   /* of the structure: the same in every pool */
    union {
        const expression *args[3];
        double value;
        const char *name; /* unique in the pool */
    };
    /* For one pass over the graph at a time. */
    uint64_t pass;
    union {
        const expression *image;
        size_t place;
    };
};

typedef struct memo {
    const void *key;
    size_t key_size;
    const void *value;
} memo;

typedef struct formula_functions formula_functions; /* parse.h */

struct dg_formulas {
    dg_arena *arena;
    const formula_functions *functions; /* that calls may name beyond the primitives; NULL: none */
    hash_table expressions;             /* by structure */
    hash_table names;                   /* unique texts */
    hash_table memos;                   /* what was asked before */
    uint64_t n_formulas;
    dg_dtype real; /* the float type of formulas whose inputs tell none; DG_DEFAULT_DTYPE: float32 */
    int inlining;  /* ops put in the place of calls, one within another, at this moment */
    uint64_t pass;
    const expression **order; /* of the pass under way */
    size_t n_order, order_capacity;
    const expression **stack;
    size_t stack_capacity;
    const expression *rules[PRIMITIVE_COUNT][3]; /* parsed derivatives */
    bool as_written;                             /* nothing is simplified or rewritten, but for numbers */
    struct rewrites_made *log;                   /* of the stable rewrites; NULL: none is kept */
};

/* What was rewritten: one level of an expression, before and after. */
typedef struct rewrites_made {
    struct one_rewrite {
        const expression *before, *after;
    } * list;
    int n, most;
} rewrites_made;

struct dg_formula {
    const expression *root;
    dg_formulas *pool;
    uint64_t id;
    int n_inputs;
    const char *const *names;
    const uint8_t *uses; /* for each input, of enum input_use */
    uint8_t needs;       /* of the formula as it was written */
    bool is_condition;   /* its value is 0 or 1 */
    double flops;
    const char **text;              /* printed once */
    const dg_formula **derivatives; /* for each input, when asked for */
    const dg_formula **vjps;
};

enum input_use { USED_AS_NUMBER = 1, USED_AS_CONDITION = 2 };

/* ---- making ---- */

const char *pool_name(dg_formulas *pool, const char *name, size_t length); /* the unique copy; NULL without memory */
/* The same of a list of names, in *unique, to be freed. */
dg_status unique_names(dg_formulas *pool, const char *const *names, int n, const char ***unique);
const expression *make_constant(dg_formulas *pool, double value);
const expression *make_input(dg_formulas *pool, const char *unique_name);
/* The expression as it is; simplify.c decides what is made. */
const expression *expression_intern(dg_formulas *pool, int op, const expression *a, const expression *b,
                                    const expression *c);
/* Simplified, in a normal form: making the same again from its printed text gives the same expression. */
const expression *make1(dg_formulas *pool, int op, const expression *a);
const expression *make2(dg_formulas *pool, int op, const expression *a, const expression *b);
const expression *make3(dg_formulas *pool, int op, const expression *a, const expression *b, const expression *c);
const expression *make_op(dg_formulas *pool, int op, const expression *const args[3]);
/* One level of make2() that looks for a stable form; NULL when there is none. In stable.c. */
const expression *rewrite_unary(dg_formulas *pool, int op, const expression *a);
const expression *rewrite_sum(dg_formulas *pool, const expression *a, const expression *b);
const expression *rewrite_difference(dg_formulas *pool, const expression *a, const expression *b);
/* The same for f(p·m) − f(q·m), in differences.c. */
const expression *difference_of_multiples(dg_formulas *pool, const expression *a, const expression *b);
const expression *rewrite_product(dg_formulas *pool, const expression *a, const expression *b);
const expression *rewrite_quotient(dg_formulas *pool, const expression *a, const expression *b);

/* Power series around the points where parts of it have a limit and no value; the same where there are none. In
 * holes.c. NULL without memory. */
const expression *fill_holes(dg_formulas *pool, const expression *root);

/* Notes a rewrite in pool->log, which is there; made is NULL when there was none. In switches.c. */
void note_rewrite(dg_formulas *pool, int op, const expression *a, const expression *b, const expression *made);

/* ---- asking ---- */

static inline bool is_op(const expression *e, int op)
{
    return e->op == op;
}

static inline bool is_constant(const expression *e)
{
    return e->op == OP_CONSTANT;
}

static inline bool is_value(const expression *e, double value)
{
    return e->op == OP_CONSTANT && e->value == value;
}

bool expression_is_condition(const expression *e);
/* −e when e is written as a negation: a negative constant, −u, −2·u; else NULL. */
const expression *negated(dg_formulas *pool, const expression *e);
/* A total order that depends on the structure alone. */
int expression_compare(const expression *a, const expression *b);
double primitive_evaluate(int op, double a, double b, double c);

/* ---- passes ---- */

/* Begins a pass: pool->order becomes the expressions under `root`, arguments first. False without memory. */
bool pass_begin(dg_formulas *pool, const expression *root);
bool pass_begin_all(dg_formulas *pool, int n, const expression *const *roots); /* the same under several */
/* Which inputs are read as numbers and which only as conditions, in the pass that has begun for these roots. */
void find_uses(const dg_formulas *pool, int n_roots, const expression *const *roots, int n, const char *const *names,
               uint8_t *uses);
/* Puts images[k] for input names[k] (NULL images leave an input) and `value` for `whole` (NULL: nothing). */
const expression *expression_substitute(dg_formulas *pool, const expression *root, int n, const char *const *names,
                                        const expression *const *images, const expression *whole,
                                        const expression *value);
double expression_flops(dg_formulas *pool, const expression *root); /* −1 without memory */

/* The derivative by the input of that name; NULL without memory. */
const expression *differentiate(dg_formulas *pool, const expression *root, const char *name);
/* Whether something in it is 1 less what goes to 1: then it is a derivative, or written as one. */
bool has_rests(dg_formulas *pool, const expression *root);
/* The same with sigmoid(−u) for 1 − sigmoid(u) and 1/cosh(u)² for 1 − tanh(u)². NULL without memory. */
const expression *without_rests(dg_formulas *pool, const expression *root);
dg_status formula_without_rests(dg_formulas *pool, const dg_formula *formula, const dg_formula **result);
/* Sums whose terms have a denominator in common, over that, where terms vanish by it (combine.c); else e itself. */
const expression *combine(dg_formulas *pool, const expression *e);
/* derivative · factor, for a factor that is a tangent or cotangent: 0 times anything is 0, and a choice between
 * branches stays a choice, so that the branch not taken never contributes. */
const expression *chain_rule(dg_formulas *pool, const expression *derivative, const expression *factor);

/* ---- formulas ---- */

/* `names` are unique names. The same formula for the same arguments. NULL without memory. */
const dg_formula *formula_of(dg_formulas *pool, const expression *root, int n_inputs, const char *const *names,
                             uint8_t needs);
const void *memo_find(const dg_formulas *pool, const void *key, size_t key_size, uint64_t hash);
bool memo_put(dg_formulas *pool, const void *key, size_t key_size, uint64_t hash, const void *value);
char *expression_print(const expression *root); /* to be freed; "" when it is too long, NULL without memory */

/* An empty pool. dg_formulas_new() gives it the ops that are formulas. */
dg_status formulas_make(const formula_functions *functions, dg_formulas **formulas);

#endif
