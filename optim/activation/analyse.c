/* An analysis: a function made ready, and its table of facts. */
#include "activation.h"
#include "core/base/arena.h"
#include "core/base/plain.h"
#include "core/formula/expression.h"

#include <dotgrad/near.h>
#include <dotgrad/op.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- facts ---- */

void add_fact(dg_activation *a, const char *section, const char *name, const char *label, dg_evidence evidence,
              double lo, double hi, const char *format, ...)
{
    char text[4000];
    va_list arguments;
    va_start(arguments, format);
    plain_print_list(text, sizeof text, format, arguments);
    va_end(arguments);
    if (a->n_facts == a->facts_capacity) {
        size_t capacity = a->facts_capacity ? 2 * a->facts_capacity : 64;
        dg_fact *grown = realloc(a->facts, capacity * sizeof *grown);
        if (!grown) {
            arena_fail(a->arena);
            return;
        }
        a->facts = grown;
        a->facts_capacity = capacity;
    }
    const char *kept = dg_arena_text(a->arena, text, strlen(text)), *key = dg_arena_text(a->arena, name, strlen(name));
    const char *words = dg_arena_text(a->arena, label, strlen(label));
    if (kept && key && words)
        a->facts[a->n_facts++] = (dg_fact){section, key, words, kept, lo, hi, evidence};
}

bool is_made(const dg_activation *a, dg_status status)
{
    if (status.code == DG_NO_MEMORY)
        arena_fail(a->arena);
    return status.code == DG_OK;
}

const char *formula_text(const dg_activation *a, const dg_formula *formula)
{
    const char *text = dg_formula_print(a->pool, formula);
    if (!text)
        arena_fail(a->arena);
    return text ? text : "";
}

const char *enclosed_text(double lo, double hi, char text[64])
{
    double size = fmax(fabs(lo), fabs(hi));
    if (isinf(lo) || isinf(hi) || isnan(lo)) {
        plain_print(text, 64, lo == hi || isnan(lo) ? "%g" : "%g … %g", lo, hi);
    } else if (lo == hi && fabs(lo) < 1e15) {
        plain_print(text, 64, "%.9g", lo);
    } else if (hi - lo <= 1e-12 * size || size < 1e-12) {
        plain_print(text, 64, "%.9g", size < 1e-12 ? 0.0 : lo / 2 + hi / 2);
    } else if (hi - lo <= 1e-4 * size) {
        int digits = (int)fmin(9, fmax(3, floor(-log10((hi - lo) / size))));
        plain_print(text, 64, "%.*g", digits, lo / 2 + hi / 2);
    } else {
        plain_print(text, 64, "%.5g … %.5g", lo, hi);
    }
    return text;
}

const char *dg_evidence_name(dg_evidence evidence)
{
    return evidence == DG_PROVED ? "proved" : evidence == DG_COMPUTED ? "computed" : "sampled";
}

size_t dg_activation_count(const dg_activation *activation)
{
    return activation ? activation->n_facts : 0;
}

const dg_fact *dg_activation_at(const dg_activation *activation, size_t index)
{
    return activation && index < activation->n_facts ? &activation->facts[index] : NULL;
}

const dg_fact *dg_activation_fact(const dg_activation *activation, const char *name)
{
    for (size_t k = 0; activation && name && k < activation->n_facts; k++)
        if (strcmp(activation->facts[k].name, name) == 0)
            return &activation->facts[k];
    return NULL;
}

/* ---- values ---- */

void dg_activation_values(const dg_activation *activation, int order, const double *points, double *values,
                          size_t count)
{
    if (!activation || order < 0 || order >= ORDERS || !points || !values)
        return;
    dg_shape shape = DG_SHAPE((int64_t)count);
    dg_operand operand = {.dtype = DG_FLOAT64, .data = points, .strides = {1}};
    dg_program_run(activation->programs[order], &shape, &operand, DG_FLOAT64, values, 0, (int64_t)count);
}

double value_at(const dg_activation *a, int order, double x)
{
    double value;
    dg_activation_values(a, order, &x, &value, 1);
    return value;
}

dg_interval enclose_at(const dg_activation *a, int order, double lo, double hi)
{
    dg_interval x = dg_interval_of(lo, hi), results[ORDERS];
    dg_enclose(a->enclosure, &x, results);
    return results[order];
}

/* ---- making ---- */

/* A free name that has no value. */
static dg_status check_names(const dg_activation *a, const dg_formula *formula)
{
    for (int k = 0; k < dg_formula_input_count(formula); k++) {
        const char *name = dg_formula_input_name(formula, k);
        bool known = strcmp(name, "x") == 0;
        for (int p = 0; p < a->n_parameters; p++)
            known |= strcmp(name, a->parameters[p].name) == 0;
        bool is_alone = !known && strcmp(name, a->text) == 0;
        if (is_alone && a->n_parameters > 0 && (dg_op_find(name) || dg_catalogue_find(name)))
            return dg_error(DG_BAD_ARGUMENT,
                            "'%s' is a function by its name, whose numbers stand in brackets: '%s(%s=%g)'", name, name,
                            a->parameters[0].name, a->parameters[0].value);
        const char *near = is_alone ? dg_op_nearest(name) : NULL, *dot = strrchr(name, '.');
        if (near && dg_name_is_near(dot ? dot + 1 : name, near)) /* torch.tanh: tanh */
            return dg_error(DG_BAD_ARGUMENT, "there is no activation '%s' (did you mean '%s'?)", name, near);
        if (!known)
            return dg_error(DG_BAD_ARGUMENT,
                            "'%s' has no value: the input is x, and further names need one behind the formula, as in "
                            "\"%s, %s=1\" or \"%s=parameter(1.0)\"",
                            name, a->text, name, name);
    }
    return dg_ok();
}

/* leaky_relu(0.2) is a number: in formulas the input comes first. */
static dg_status refuse_constant(const dg_activation *a)
{
    size_t n = strcspn(a->text, "(");
    const char *name = dg_arena_text(a->arena, a->text, n);
    const dg_op *op = a->text[n] && name ? dg_op_find(name) : NULL;
    const char *inside = a->text + n + 1;
    if (!op || dg_op_attr_count(op) == 0 || strpbrk(inside, "(=,"))
        return dg_error(DG_BAD_ARGUMENT, "the formula '%s' does not depend on x", a->text);
    return dg_error(DG_BAD_ARGUMENT,
                    "the formula '%s' does not depend on x: write '%s(x, %s', or '%s(%s=%s' by its name", a->text, name,
                    inside, name, op->attrs[0].name, inside);
}

static dg_status make_formulas(dg_activation *a)
{
    const dg_formula *any;
    const char *names[MOST_INPUTS] = {"x"};
    DG_TRY(dg_formula_parse(a->pool, a->text, NULL, 0, NULL, 0, &any));
    DG_TRY(check_names(a, any));
    for (int k = 0; k < a->n_parameters; k++)
        names[k + 1] = a->parameters[k].name;
    DG_TRY(dg_formula_parse(a->pool, a->text, NULL, 0, names, a->n_parameters + 1, &a->free));
    for (int k = 0; k < a->n_parameters; k++)
        if (!dg_formula_uses(a->free, k + 1))
            return dg_error(DG_BAD_ARGUMENT, "the formula does not use '%s'", a->parameters[k].name);
    DG_TRY(dg_formula_parse(a->pool, a->text, a->bindings, a->n_parameters, names, 1, &a->orders[0]));
    if (!dg_formula_uses(a->orders[0], 0))
        return refuse_constant(a);
    for (int k = 1; k < ORDERS; k++) {
        DG_TRY(dg_formula_derivative(a->pool, a->orders[k - 1], 0, &a->orders[k]));
        if (k > 1) /* as the gradient of a gradient is */
            DG_TRY(formula_without_rests(a->pool, a->orders[k], &a->orders[k]));
    }
    for (int k = 0; k < ORDERS; k++)
        DG_TRY(dg_program_make(a->arena, a->orders[k], DG_FLOAT64, &a->programs[k]));
    return dg_enclosure_new(a->pool, a->orders, ORDERS, &a->enclosure);
}

/* ---- the section of the formula ---- */

static void add_rewrites(dg_activation *a)
{
    enum { MOST = 16 };
    dg_formulas *fresh;
    dg_rewrite made[MOST];
    int n = 0;
    if (!is_made(a, dg_formulas_new(&fresh)))
        return;
    if (is_made(a, dg_formula_rewrites(fresh, a->text, a->bindings, a->n_parameters, made, MOST, &n)))
        for (int k = 0; k < n; k++)
            add_fact(a, "formula", "rewrite", "stable rewrite", DG_PROVED, NAN, NAN, "%s → %s", made[k].before,
                     made[k].after);
    dg_formulas_free(fresh);
}

/* "1, trained, at least 0.1, one for each channel" */
static void add_parameter(dg_activation *a, const dg_activation_parameter *p)
{
    char least[48] = "", most[48] = "", per[80] = "";
    if (isfinite(p->min))
        plain_print(least, sizeof least, ", at least %.9g", p->min);
    if (isfinite(p->max))
        plain_print(most, sizeof most, ", at most %.9g", p->max);
    if (p->per)
        snprintf(per, sizeof per, ", one for each %s", p->per);
    add_fact(a, "formula", "parameter", p->name, DG_PROVED, p->value, p->value, "%.9g%s%s%s%s", p->value,
             p->trainable ? ", trainable" : "", least, most, per);
}

static void add_formula(dg_activation *a)
{
    static const char *const names[] = {"f", "df", "d2f"}, *const labels[] = {"f(x)", "f′(x)", "f″(x)"};
    for (int k = 0; k < 3; k++) {
        const char *text = formula_text(a, a->orders[k]);
        if (*text && strlen(text) < 3000)
            add_fact(a, "formula", names[k], labels[k], DG_PROVED, NAN, NAN, "%s", text);
        else
            add_fact(a, "formula", names[k], labels[k], DG_PROVED, NAN, NAN, "(too long to write down)");
    }
    for (int k = 0; k < a->n_parameters; k++) {
        const dg_formula *by;
        char label[100];
        snprintf(label, sizeof label, "∂f/∂%s", a->parameters[k].name);
        if (is_made(a, dg_formula_derivative(a->pool, a->free, k + 1, &by)))
            add_fact(a, "formula", "df_dparameter", label, DG_PROVED, NAN, NAN, "%s", formula_text(a, by));
        add_parameter(a, &a->parameters[k]);
    }
    add_rewrites(a);
}

static dg_status fill(dg_activation *a, const char *formula, unsigned sections)
{
    DG_TRY(read_function(a, formula));
    DG_TRY(make_formulas(a));
    DG_TRY(make_call(a));
    DG_TRY(find_pieces(a));
    if (sections & DG_SECTION_FORMULA)
        add_formula(a);
    if (sections & DG_SECTION_SHAPE)
        add_shape(a);
    if (sections & DG_SECTION_MEAN_FIELD)
        add_mean_field(a);
    if (sections & DG_SECTION_NUMERICS)
        add_numerics(a);
    if (sections & DG_SECTION_RELATIVES)
        add_relatives(a);
    return arena_failed(a->arena) ? dg_no_memory("an analysis") : dg_ok();
}

dg_status dg_activation_analyse(const char *formula, const dg_activation_options *options, dg_activation **activation)
{
    if (!formula || !activation)
        return dg_error(DG_BAD_ARGUMENT, "an analysis needs a formula and a place for the result");
    *activation = NULL;
    dg_activation *a = calloc(1, sizeof *a);
    if (!a)
        return dg_no_memory("an analysis");
    a->samples = options && options->samples > 0 ? options->samples : 4096;
    a->exhaustive = options && options->exhaustive;
    a->progress = options ? options->progress : NULL;
    a->progress_argument = options ? options->progress_argument : NULL;
    a->reference = options ? options->reference : NULL;
    a->reference_argument = options ? options->reference_argument : NULL;
    a->reference_name = options && options->reference_name ? options->reference_name : "interval arithmetic in float64";
    a->sigma_b = !options || options->sigma_b == 0 ? 0.2 : fmax(options->sigma_b, 0);
    dg_status status = dg_arena_new(&a->arena);
    if (status.code == DG_OK)
        status = dg_formulas_new(&a->pool);
    if (status.code == DG_OK)
        status = fill(a, formula, options && options->sections ? options->sections : DG_ALL_SECTIONS);
    if (status.code != DG_OK) {
        dg_activation_free(a);
        return status;
    }
    *activation = a;
    return status;
}

void dg_activation_free(dg_activation *activation)
{
    if (!activation)
        return;
    dg_enclosure_free(activation->enclosure);
    dg_formulas_free(activation->pool);
    dg_arena_free(activation->arena);
    free(activation->facts);
    free(activation);
}

/* ---- asking ---- */

const char *dg_activation_name(const dg_activation *activation)
{
    return activation ? activation->name : NULL;
}

const char *dg_activation_text(const dg_activation *activation, int order)
{
    return activation && order >= 0 && order < ORDERS ? dg_formula_print(activation->pool, activation->orders[order])
                                                      : NULL;
}

const char *dg_activation_text_as(const dg_activation *activation, int order, enum dg_dialect dialect)
{
    return activation && order >= 0 && order < ORDERS
               ? dg_formula_print_as(activation->pool, activation->orders[order], dialect)
               : NULL;
}

const char *dg_activation_free_text(const dg_activation *activation)
{
    return activation ? dg_formula_print(activation->pool, activation->free) : NULL;
}

const char *dg_activation_free_text_as(const dg_activation *activation, enum dg_dialect dialect)
{
    return activation ? dg_formula_print_as(activation->pool, activation->free, dialect) : NULL;
}

int dg_activation_breaks(const dg_activation *activation, double *points, int most)
{
    int n = activation && points ? activation->n_breaks : 0;
    n = n < most ? n : most;
    for (int k = 0; k < n; k++)
        points[k] = activation->breaks[k];
    return n;
}

int dg_activation_parameter_count(const dg_activation *activation)
{
    return activation ? activation->n_parameters : 0;
}

const dg_activation_parameter *dg_activation_parameter_at(const dg_activation *activation, int index)
{
    return activation && index >= 0 && index < activation->n_parameters ? &activation->parameters[index] : NULL;
}
