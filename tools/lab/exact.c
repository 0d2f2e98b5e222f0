/* True values of a formula, to any number of digits: GNU MPFR, where the build has found it. A value is computed with
 * more and more bits until two in a row agree. */
#include "lab.h"

#ifdef HAVE_MPFR

#include <dotgrad/formula_steps.h>

#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 3, LEVELS = 4, REMEMBERED = 16 };
static const mpfr_prec_t bits[LEVELS] = {160, 448, 1792, 7168};

typedef struct exact_formula {
    char *text;
    dg_formula_step *steps;
    const struct exact_primitive **primitives; /* of each step; NULL: where(), an input or a constant */
    int n;
    mpfr_t *values;
    bool usable;
} exact_formula;

/* What a function of one number gave: those of f are those of its derivatives. */
typedef struct remembered {
    int (*of)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t); /* NULL: none yet */
    mpfr_t argument, value;
} remembered;

struct exact {
    exact_formula kept[KEPT]; /* those that were asked for last */
    int next;
    bool had_no_memory; /* for one of them */
    remembered last[REMEMBERED];
    int oldest;
};

/* ---- what MPFR has no function for ---- */

static void set_truth(mpfr_ptr r, bool truth)
{
    mpfr_set_ui(r, truth, MPFR_RNDN);
}

static int do_sign(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t how)
{
    return mpfr_set_si(r, mpfr_sgn(a), how);
}

static int do_floor(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t how)
{
    (void)how;
    return mpfr_floor(r, a);
}

static int do_ceil(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t how)
{
    (void)how;
    return mpfr_ceil(r, a);
}

static int do_round(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t how)
{
    (void)how;
    return mpfr_rint(r, a, MPFR_RNDN); /* halves to even */
}

static int do_trunc(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t how)
{
    (void)how;
    return mpfr_trunc(r, a);
}

static int do_not(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t how)
{
    (void)how;
    set_truth(r, mpfr_zero_p(a));
    return 0;
}

static int do_isnan(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t how)
{
    (void)how;
    set_truth(r, mpfr_nan_p(a));
    return 0;
}

static int do_reciprocal(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t how)
{
    return mpfr_ui_div(r, 1, a, how);
}

/* 1/(1 + e⁻ᵃ) */
static int do_sigmoid(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t how)
{
    mpfr_neg(r, a, how);
    mpfr_exp(r, r, how);
    mpfr_add_ui(r, r, 1, how);
    return mpfr_ui_div(r, 1, r, how);
}

/* max(a, 0) + log(1 + e^−|a|) */
static int do_softplus(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t how)
{
    bool above = mpfr_sgn(a) > 0;
    mpfr_t small;
    mpfr_init2(small, mpfr_get_prec(r));
    mpfr_abs(small, a, how);
    mpfr_neg(small, small, how);
    mpfr_exp(small, small, how);
    mpfr_log1p(small, small, how);
    if (above)
        mpfr_add(r, a, small, how);
    else
        mpfr_set(r, small, how);
    mpfr_clear(small);
    return 0;
}

/* erfc(−a/√2)/2 */
static int do_normal_cdf(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t how)
{
    mpfr_t root;
    mpfr_init2(root, mpfr_get_prec(r));
    mpfr_sqrt_ui(root, 2, how);
    mpfr_div(root, a, root, how);
    mpfr_neg(root, root, how);
    mpfr_erfc(r, root, how);
    mpfr_clear(root);
    return mpfr_div_ui(r, r, 2, how);
}

static int do_tanhshrink(mpfr_ptr r, mpfr_srcptr a, mpfr_rnd_t how)
{
    mpfr_tanh(r, a, how);
    return mpfr_sub(r, a, r, how);
}

static int do_remainder(mpfr_ptr r, mpfr_srcptr a, mpfr_srcptr b, mpfr_rnd_t how)
{
    mpfr_fmod(r, a, b, how);
    if (!mpfr_zero_p(r) && (mpfr_sgn(r) < 0) != (mpfr_sgn(b) < 0))
        mpfr_add(r, r, b, how);
    return 0;
}

static int do_logaddexp(mpfr_ptr r, mpfr_srcptr a, mpfr_srcptr b, mpfr_rnd_t how)
{
    mpfr_t difference;
    mpfr_init2(difference, mpfr_get_prec(r));
    mpfr_sub(difference, a, b, how);
    do_softplus(r, difference, how);
    mpfr_add(r, r, b, how);
    mpfr_clear(difference);
    return 0;
}

/* (a + √(a² + b))/2 */
static int do_squareplus(mpfr_ptr r, mpfr_srcptr a, mpfr_srcptr b, mpfr_rnd_t how)
{
    mpfr_sqr(r, a, how);
    mpfr_add(r, r, b, how);
    mpfr_sqrt(r, r, how);
    mpfr_add(r, r, a, how);
    return mpfr_div_ui(r, r, 2, how);
}

#define TRUTH(name, condition)                                                                                         \
    static int do_##name(mpfr_ptr r, mpfr_srcptr a, mpfr_srcptr b, mpfr_rnd_t how)                                     \
    {                                                                                                                  \
        (void)how;                                                                                                     \
        set_truth(r, condition);                                                                                       \
        return 0;                                                                                                      \
    }
TRUTH(lt, mpfr_less_p(a, b))
TRUTH(le, mpfr_lessequal_p(a, b))
TRUTH(gt, mpfr_greater_p(a, b))
TRUTH(ge, mpfr_greaterequal_p(a, b))
TRUTH(eq, mpfr_equal_p(a, b))
TRUTH(ne, !mpfr_equal_p(a, b))
TRUTH(and, !mpfr_zero_p(a) && !mpfr_zero_p(b))
TRUTH(or, !mpfr_zero_p(a) || !mpfr_zero_p(b))

/* ---- primitives by name ---- */

typedef struct exact_primitive {
    const char *name;
    int (*one)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
    int (*two)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);
    bool is_series; /* takes so long that its last values are remembered */
} exact_primitive;

static const exact_primitive known[] = {
    {"add", NULL, mpfr_add, false},
    {"sub", NULL, mpfr_sub, false},
    {"mul", NULL, mpfr_mul, false},
    {"div", NULL, mpfr_div, false},
    {"pow", NULL, mpfr_pow, false},
    {"fmod", NULL, mpfr_fmod, false},
    {"remainder", NULL, do_remainder, false},
    {"min", NULL, mpfr_min, false},
    {"max", NULL, mpfr_max, false},
    {"hypot", NULL, mpfr_hypot, false},
    {"atan2", NULL, mpfr_atan2, false},
    {"logaddexp", NULL, do_logaddexp, false},
    {"squareplus", NULL, do_squareplus, false},
    {"lt", NULL, do_lt, false},
    {"le", NULL, do_le, false},
    {"gt", NULL, do_gt, false},
    {"ge", NULL, do_ge, false},
    {"eq", NULL, do_eq, false},
    {"ne", NULL, do_ne, false},
    {"and", NULL, do_and, false},
    {"or", NULL, do_or, false},
    {"neg", mpfr_neg, NULL, false},
    {"abs", mpfr_abs, NULL, false},
    {"sign", do_sign, NULL, false},
    {"floor", do_floor, NULL, false},
    {"ceil", do_ceil, NULL, false},
    {"round", do_round, NULL, false},
    {"trunc", do_trunc, NULL, false},
    {"not", do_not, NULL, false},
    {"isnan", do_isnan, NULL, false},
    {"square", mpfr_sqr, NULL, false},
    {"sqrt", mpfr_sqrt, NULL, false},
    {"rsqrt", mpfr_rec_sqrt, NULL, false},
    {"reciprocal", do_reciprocal, NULL, false},
    {"exp", mpfr_exp, NULL, true},
    {"exp2", mpfr_exp2, NULL, true},
    {"expm1", mpfr_expm1, NULL, true},
    {"log", mpfr_log, NULL, true},
    {"log2", mpfr_log2, NULL, true},
    {"log10", mpfr_log10, NULL, true},
    {"log1p", mpfr_log1p, NULL, true},
    {"sin", mpfr_sin, NULL, true},
    {"cos", mpfr_cos, NULL, true},
    {"tan", mpfr_tan, NULL, true},
    {"asin", mpfr_asin, NULL, true},
    {"acos", mpfr_acos, NULL, true},
    {"atan", mpfr_atan, NULL, true},
    {"sinh", mpfr_sinh, NULL, true},
    {"cosh", mpfr_cosh, NULL, true},
    {"tanh", mpfr_tanh, NULL, true},
    {"asinh", mpfr_asinh, NULL, true},
    {"acosh", mpfr_acosh, NULL, true},
    {"atanh", mpfr_atanh, NULL, true},
    {"sigmoid", do_sigmoid, NULL, true},
    {"softplus", do_softplus, NULL, true},
    {"erf", mpfr_erf, NULL, true},
    {"erfc", mpfr_erfc, NULL, true},
    {"normal_cdf", do_normal_cdf, NULL, true},
    {"tanhshrink", do_tanhshrink, NULL, true},
};

static const exact_primitive *find_primitive(const char *name)
{
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strcmp(known[k].name, name) == 0)
            return &known[k];
    return NULL;
}

/* A value of so many bits, from those that were computed last; the same bits as if it were computed anew. */
static void run_series(exact *e, int (*of)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t), mpfr_t result, const mpfr_t argument)
{
    for (int k = 0; k < REMEMBERED; k++) {
        const remembered *one = &e->last[k];
        if (one->of == of && mpfr_get_prec(one->value) == mpfr_get_prec(result) &&
            mpfr_equal_p(one->argument, argument) && !mpfr_signbit(one->argument) == !mpfr_signbit(argument)) {
            mpfr_set(result, one->value, MPFR_RNDN);
            return;
        }
    }
    remembered *one = &e->last[e->oldest];
    e->oldest = (e->oldest + 1) % REMEMBERED;
    of(result, argument, MPFR_RNDN);
    if (!one->of)
        mpfr_inits2(mpfr_get_prec(result), one->argument, one->value, (mpfr_ptr)NULL);
    one->of = of;
    mpfr_set_prec(one->argument, mpfr_get_prec(argument));
    mpfr_set_prec(one->value, mpfr_get_prec(result));
    mpfr_set(one->argument, argument, MPFR_RNDN);
    mpfr_set(one->value, result, MPFR_RNDN);
}

static void run_step(exact *e, const exact_formula *f, int k, double x)
{
    const dg_formula_step *step = &f->steps[k];
    const exact_primitive *p = f->primitives[k];
    mpfr_t *v = f->values;
    const int *args = step->args;
    if (step->primitive < 0)
        mpfr_set_d(v[k], step->input >= 0 ? x : step->value, MPFR_RNDN);
    else if (!p)
        mpfr_set(v[k], v[args[mpfr_zero_p(v[args[0]]) ? 2 : 1]], MPFR_RNDN);
    else if (p->is_series)
        run_series(e, p->one, v[k], v[args[0]]);
    else if (p->one)
        p->one(v[k], v[args[0]], MPFR_RNDN);
    else
        p->two(v[k], v[args[0]], v[args[1]], MPFR_RNDN);
}

static void run(exact *e, const exact_formula *f, double x, mpfr_prec_t precision, mpfr_t result)
{
    for (int k = 0; k < f->n; k++) {
        mpfr_set_prec(f->values[k], precision);
        run_step(e, f, k, x);
    }
    mpfr_set_prec(result, precision);
    mpfr_set(result, f->values[f->n - 1], MPFR_RNDN);
}

/* ---- formulas ---- */

static void release(exact_formula *f)
{
    for (int k = 0; f->values && k < f->n; k++)
        mpfr_clear(f->values[k]);
    free(f->values);
    free(f->primitives);
    free(f->steps);
    free(f->text);
    *f = (exact_formula){.n = 0};
}

/* Without data: there is a primitive that MPFR is not asked for here. */
static dg_status make_values(exact_formula *f)
{
    f->primitives = calloc((size_t)f->n, sizeof(const exact_primitive *));
    f->values = malloc((size_t)f->n * sizeof *f->values);
    if (!f->primitives || !f->values) {
        f->n = f->values ? 0 : f->n; /* none of them is made */
        return dg_no_memory("true values");
    }
    for (int k = 0; k < f->n; k++)
        mpfr_init2(f->values[k], bits[0]);
    for (int k = 0; k < f->n; k++) {
        const char *name = f->steps[k].primitive < 0 ? "where" : dg_primitive_name(f->steps[k].primitive);
        f->primitives[k] = find_primitive(name);
        if (!f->primitives[k] && strcmp(name, "where") != 0)
            return dg_error(DG_BAD_ARGUMENT, "there are no true values of '%s'", name);
    }
    return dg_ok();
}

static dg_status make(const char *text, exact_formula *f)
{
    const char *names[1] = {"x"};
    const dg_formula *formula;
    dg_formulas *pool;
    *f = (exact_formula){.text = strdup(text)};
    if (!f->text)
        return dg_no_memory("true values");
    DG_TRY(dg_formulas_new(&pool));
    dg_status status = dg_formula_parse(pool, text, NULL, 0, names, 1, &formula);
    if (status.code == DG_OK)
        status = dg_formula_steps(pool, formula, &f->steps, &f->n);
    dg_formulas_free(pool);
    return status.code == DG_OK ? make_values(f) : status;
}

static const exact_formula *find(exact *e, const char *text)
{
    for (int k = 0; k < KEPT; k++)
        if (e->kept[k].text && strcmp(e->kept[k].text, text) == 0)
            return e->kept[k].usable ? &e->kept[k] : NULL;
    exact_formula *f = &e->kept[e->next];
    e->next = (e->next + 1) % KEPT;
    release(f);
    dg_status status = make(text, f);
    f->usable = status.code == DG_OK;
    e->had_no_memory |= status.code == DG_NO_MEMORY;
    return f->usable ? f : NULL;
}

/* Within 2⁻⁵⁶ of it, or below what float32 could tell from 0. */
static bool agree(const mpfr_t once, const mpfr_t twice)
{
    mpfr_t difference;
    mpfr_init2(difference, 64);
    mpfr_sub(difference, once, twice, MPFR_RNDA);
    bool fine = mpfr_zero_p(difference) || mpfr_get_exp(difference) < -160 ||
                (!mpfr_zero_p(twice) && mpfr_get_exp(difference) < mpfr_get_exp(twice) - 56);
    mpfr_clear(difference);
    return fine;
}

bool exact_value(void *argument, const char *formula, double x, double *value)
{
    const exact_formula *f = find(argument, formula);
    mpfr_t once, twice;
    bool found = false;
    if (!f)
        return false;
    mpfr_inits2(bits[0], once, twice, (mpfr_ptr)NULL);
    run(argument, f, x, bits[0], once);
    for (int level = 1; !found && mpfr_number_p(once) && level < LEVELS; level++) {
        run(argument, f, x, bits[level], twice);
        found = mpfr_number_p(twice) && agree(once, twice);
        mpfr_swap(once, twice);
    }
    *value = mpfr_get_d(once, MPFR_RNDN);
    mpfr_clears(once, twice, (mpfr_ptr)NULL);
    return found;
}

dg_status exact_new(exact **made)
{
    *made = calloc(1, sizeof(exact));
    return *made ? dg_ok() : dg_no_memory("true values");
}

dg_status exact_status(const exact *e)
{
    return e->had_no_memory ? dg_no_memory("true values") : dg_ok();
}

void exact_free(exact *e)
{
    for (int k = 0; e && k < KEPT; k++)
        release(&e->kept[k]);
    for (int k = 0; e && k < REMEMBERED; k++)
        if (e->last[k].of)
            mpfr_clears(e->last[k].argument, e->last[k].value, (mpfr_ptr)NULL);
    free(e);
    mpfr_free_cache();
}

const char *exact_name(void)
{
    return "GNU MPFR " MPFR_VERSION_STRING;
}

#else

dg_status exact_new(exact **made)
{
    *made = NULL;
    return dg_ok();
}

dg_status exact_status(const exact *e)
{
    (void)e;
    return dg_ok();
}

void exact_free(exact *e)
{
    (void)e;
}

bool exact_value(void *argument, const char *formula, double x, double *value)
{
    (void)argument;
    (void)formula;
    (void)x;
    (void)value;
    return false;
}

const char *exact_name(void)
{
    return "interval arithmetic in float64 (this dotgrad is built without GNU MPFR)";
}

#endif
