/* Formulas: elementwise expressions that are parsed once, differentiated symbolically, simplified, made stable and run
 * as a short program of vector instructions.
 *
 * Grammar: numbers, names, + - * / ^, unary minus, comparisons (< <= > >= == !=), calls, parentheses. ^ binds tighter
 * than unary minus and to the right: -x^2 is -(x^2), 2^x^2 is 2^(x^2). Functions: the primitives (dg_primitive_name),
 * where(c, a, b), min, max, and every registered op that is itself a formula, its attributes as further arguments by
 * position or keyword: elu(x, alpha=2). Constants: pi, e, inf, nan. Every other name is an input.
 *
 * Stable rewrites: log(1 + u) → log1p(u), exp(u) − 1 → expm1(u), log1p(exp(u)) → softplus(u),
 * exp(u) / (1 + exp(u)) and 1 / (1 + exp(−u)) → sigmoid(u), log(sigmoid(u)) → −softplus(−u), √(u² + c) → hypot, and
 * their kin; derivatives of quotients and roots are written over a common denominator where terms vanish by it.
 *
 * Holes: where a part is 0/0, 0·∞ or ∞ − ∞ at a point and has a limit there, its power series stands for it around the
 * point, in value and derivatives: sin(x)/x is where(abs(x) < 1, 1 − x²/6 + …, sin(x) / x). So for a part that is of
 * one variable, and analytic in it; with sin(b·x)/x only the values at 0 itself are found.
 *
 * Values: where something overflows on the way, and the exact value does not, it is that; so at an infinite input, and
 * where a formula has a hole at an input that is 0, the value is the limit, if there is one: x·sigmoid(x) is 0 at −∞,
 * sin(x)/x is 1 at 0. Infinities of two inputs, and products of an infinite input and another that is 0, stay NaN, as
 * every NaN that comes in does. Infinite parameters have no limits in their own updates. */
#ifndef DOTGRAD_FORMULA_H
#define DOTGRAD_FORMULA_H

#include <dotgrad/value.h>

DG_BEGIN_C

/* A pool owns formulas and keeps each distinct expression once; each graph has one. For one thread at a time. */
typedef struct dg_formulas dg_formulas;
typedef struct dg_formula dg_formula; /* immutable; lives as long as its pool */

dg_status dg_formulas_new(dg_formulas **formulas);
void dg_formulas_free(dg_formulas *formulas);

/* A name in a formula that is a number, an op's attribute for instance. */
typedef struct dg_binding {
    const char *name;
    double value;
} dg_binding;

/* Parses, applies the stable rewrites and simplifies. Inputs are numbered in the order of `inputs` when that is given
 * (n_inputs names; a further free name is then an error), else in the order of appearance, `x` always first.
 * Parsing the same text with the same bindings again returns the same formula. DG_BAD_ARGUMENT shows the place.
 *
 * A name is that of a binding, then of an input, then of a constant (pi, e, inf, nan). */
dg_status dg_formula_parse(dg_formulas *formulas, const char *text, const dg_binding *bindings, int n_bindings,
                           const char *const *inputs, int n_inputs, const dg_formula **formula);
/* The same with any free names, numbered as they appear. Those of `given`, which the formula need not read, come before
 * constants: with "e" among them, e is an input. */
dg_status dg_formula_parse_given(dg_formulas *formulas, const char *text, const dg_binding *bindings, int n_bindings,
                                 const char *const *given, int n_given, const dg_formula **formula);

int dg_formula_input_count(const dg_formula *formula);
const char *dg_formula_input_name(const dg_formula *formula, int input);
bool dg_formula_uses(const dg_formula *formula, int input);
/* Readable text that parses back to an equal formula; lives in the pool. NULL without memory. */
const char *dg_formula_print(dg_formulas *formulas, const dg_formula *formula);
uint64_t dg_formula_id(const dg_formula *formula); /* equal ids in one pool: equal formulas */

/* The formula in the notation of others; lives in the pool. "" for one that is too long, NULL without memory. Python
 * calls T(v) where a function takes no plain number, and imports torch.nn.functional as F, jax.numpy as jnp, keras.ops
 * as ops; C calls square, sign, sigmoid, softplus, tanhshrink, squareplus, log_add_exp and floor_remainder, which are
 * not in its library. */
enum dg_dialect { DG_LATEX, DG_C_CODE, DG_TORCH_CODE, DG_JAX_CODE, DG_KERAS_CODE };
const char *dg_formula_print_as(dg_formulas *formulas, const dg_formula *formula, enum dg_dialect dialect);

/* What changes its sign where the formula leaves one smooth piece for another (conditions, abs, min and max, the
 * arguments of roots, divisors), over the formula's inputs, each once; at most `most` of them. */
dg_status dg_formula_switches(dg_formulas *formulas, const dg_formula *formula, const dg_formula **list, int most,
                              int *n);

/* The symmetry in the first input: 1 even, −1 odd, 0 neither or not seen. Found by rules over the expression, so that
 * it holds exactly; but an odd formula that chooses by the sign of its input may have another value at 0. */
int dg_formula_parity(dg_formulas *formulas, const dg_formula *formula);
/* The same for the two pieces around x and −x alone, with every choice made as it is made there. */
int dg_formula_parity_at(dg_formulas *formulas, const dg_formula *formula, double x);

/* From now on formulas of the pool stay as they are written: no simplification, no stable rewrite. To see what these
 * are good for; formulas that were made before stay as they are. */
void dg_formulas_keep_written(dg_formulas *formulas, bool on);

/* Which stable rewrites parsing that text makes; the texts live in the pool. The pool must be a fresh one: what it has
 * made before, it does not make again. DG_BAD_ARGUMENT as dg_formula_parse(). */
typedef struct dg_rewrite {
    const char *before, *after;
} dg_rewrite;
dg_status dg_formula_rewrites(dg_formulas *formulas, const char *text, const dg_binding *bindings, int n_bindings,
                              dg_rewrite *list, int most, int *n);

/* ∂formula/∂input, with the same inputs. Structural zeros vanish, so a branch of where() that is not taken never
 * contributes 0·inf. Kept: asking again is free. */
dg_status dg_formula_derivative(dg_formulas *formulas, const dg_formula *formula, int input,
                                const dg_formula **derivative);
bool dg_formula_is_zero(const dg_formula *formula);

/* The reverse rule of an elementwise op: cotangent · ∂formula/∂input, over the inputs of `formula` followed by
 * `output` (where the value of the formula itself occurs) and `cotangent`. dg_formula_uses tells which are read. */
dg_status dg_formula_vjp(dg_formulas *formulas, const dg_formula *formula, int input, const dg_formula **vjp);

/* The formula with `replacement` (over its own inputs) put for every input; the inputs of all are joined by name.
 * What fusion is made of. */
dg_status dg_formula_substitute(dg_formulas *formulas, const dg_formula *formula, const dg_formula *const *replacements,
                                const dg_formula **result);
/* The formula that is just input k of the given names. */
dg_status dg_formula_input(dg_formulas *formulas, const char *const *inputs, int n_inputs, int k,
                           const dg_formula **result);

/* Element types. The inputs are computed in one type: the promotion of all that are not conditions (rank 0 inputs do
 * not widen others of the same kind); integers become float32 where the formula needs real numbers. A formula that
 * ends in a comparison gives DG_BOOL. DG_BAD_DTYPE where nothing fits. */
dg_status dg_formula_dtypes(const dg_formula *formula, const dg_dtype *inputs, const int *ranks, dg_dtype *compute,
                            dg_dtype *result);

/* Work per element, for tables: an add counts 1, a transcendental 10. */
double dg_formula_flops(const dg_formula *formula);

/* A formula made ready to run in one element type. Made once, run from many threads. */
typedef struct dg_program dg_program;
dg_status dg_program_make(dg_arena *arena, const dg_formula *formula, dg_dtype compute, dg_program **program);

/* One operand: element type, buffer and the stride (in elements) for each dimension of the result; 0 broadcasts. */
typedef struct dg_operand {
    dg_dtype dtype;
    const void *data;
    int64_t strides[DG_MAX_RANK];
} dg_operand;

/* Computes elements begin … end − 1 (flat, row-major) of a contiguous result of `shape`. The result may be the very
 * buffer of an operand that is contiguous and of the same type. No allocation. */
void dg_program_run(const dg_program *program, const dg_shape *shape, const dg_operand *operands, dg_dtype result_type,
                    void *result, int64_t begin, int64_t end);

/* The primitives, for help texts and tests: name, number of arguments, derivative by each argument as a formula over
 * a, b, c and y, the primitive's own value ("" where it is 0 everywhere). */
int dg_primitive_count(void);
const char *dg_primitive_name(int primitive);
int dg_primitive_arity(int primitive);
const char *dg_primitive_derivative(int primitive, int argument);

/* One primitive over arrays, in the vector code in use: result[i] = f(a[i], b[i], c[i]). The result may be one of the
 * arguments; those that the primitive does not have are not read. An element's bits depend on its arguments alone.
 *
 * Arithmetic, sqrt, reciprocal and rounding are as IEEE 754 has them; special values (NaN, infinities, the sign of 0,
 * subnormal numbers) are as in the C standard. Transcendental functions are off by no more units in the last place than
 *   float32  0.75 pow erfc normal_cdf asinh acosh atanh hypot, 1 exp log, 1.25 exp2, 1.5 erf expm1 log1p acos rsqrt,
 *            1.75 sin cos, 2 softplus log2 log10 cosh atan atan2 logaddexp, 2.5 tanh sigmoid sinh asin, 4 tan, 7
 * tanhshrink float64  1 exp log log2 log10 sin cos pow, 1.25 exp2 expm1 erf tan, 1.5 log1p rsqrt hypot, 1.75 sigmoid
 * softplus, 2 tanh sinh cosh logaddexp, 3.5 erfc normal_cdf, 7 tanhshrink; the inverse circular and hyperbolic ones are
 * the C library's */
typedef void (*dg_array_function)(void *result, const void *a, const void *b, const void *c, size_t count);
/* NULL: no such primitive, or none for this type. `dtype`: a float type. */
dg_array_function dg_primitive_array(const char *name, dg_dtype dtype);

DG_END_C

#endif
