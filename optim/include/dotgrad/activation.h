/* The activation lab: what is known of a function of one variable, from its formula.
 *
 *     dg_activation *a;
 *     DG_TRY(dg_activation_analyse("x * tanh(exp(x))", NULL, &a));
 *     const dg_fact *slope = dg_activation_fact(a, "lipschitz");   // slope->lo … slope->hi hold sup |f′|
 *     dg_activation_free(a);
 *
 * An analysis is a table of facts; every report (text, JSON, CSV, LaTeX, HTML) is that table printed. A fact is proved
 * by interval arithmetic (for every float64 number of at most 3.4e38, float32's range), computed by quadrature or by
 * the rules of algebra, or sampled: then it says so. */
#ifndef DOTGRAD_ACTIVATION_H
#define DOTGRAD_ACTIVATION_H

#include <dotgrad/formula.h>

DG_BEGIN_C

/* How a fact is known. */
typedef enum dg_evidence {
    DG_PROVED,   /* by interval arithmetic or symbolically */
    DG_COMPUTED, /* by quadrature or a solver, to the digits that are shown */
    DG_SAMPLED   /* seen at many points; nothing excludes another one */
} dg_evidence;

/* One fact. `lo` and `hi` enclose its number (both are it where it is exact); NaN: it is a text alone. */
typedef struct dg_fact {
    const char *section; /* "formula", "shape", "mean field", … */
    const char *name;    /* for programs: "lipschitz" */
    const char *label;   /* for people: "Lipschitz constant of f" */
    const char *text;    /* the value in words or digits */
    double lo, hi;
    dg_evidence evidence;
} dg_fact;

typedef struct dg_activation dg_activation;

/* What to look at; sections are independent of each other. */
enum dg_activation_section {
    DG_SECTION_FORMULA = 1,    /* texts, derivatives, rewrites */
    DG_SECTION_SHAPE = 2,      /* range, parity, monotone, convex, Lipschitz, kinks, zeros, … */
    DG_SECTION_MEAN_FIELD = 4, /* under N(0, q): moments, gain, edge of chaos */
    DG_SECTION_NUMERICS =
        8, /* float32: overflow, lost bits, units in the last place; derivatives against differences */
    DG_SECTION_RELATIVES = 16, /* the catalogue: the same function, the nearest ones */
    DG_ALL_SECTIONS = 31
};

typedef struct dg_activation_options {
    unsigned sections; /* of enum dg_activation_section; 0: all */
    double sigma_b;    /* standard deviation of biases for the edge of chaos; 0: 0.2; negative: no biases */
    int samples;       /* numbers for what is sampled; 0: 4096 */
    bool exhaustive;   /* units in the last place over every float32 number: an hour for relu, many for others */
    /* Asked now and then while all float32 numbers are compared, with the share that is done (at the end 1): false ends
     * it, and the facts say how far it came, evenly over all numbers. NULL: to the end. */
    bool (*progress)(void *argument, double done);
    void *progress_argument;
    /* The value of that formula over x, to float64's precision or to 2⁻¹⁵⁹, which errors in float32 are measured
     * against; false: it is not known. NULL: interval arithmetic. The name says in the report what it is. */
    bool (*reference)(void *argument, const char *formula, double x, double *value);
    void *reference_argument;
    const char *reference_name;
} dg_activation_options;

/* `formula`: a formula over x, with values of further names behind it, "x * sigmoid(beta * x), beta=parameter(1.0)"; an
 * op that is a formula, by name or as a call without its input, "elu(alpha=2)"; or a name of the catalogue, "swish" or
 * "swish(beta=2)". DG_BAD_ARGUMENT: it does not parse (the place is shown), a name has no value, or it does not
 * depend on x. A function that overflows or has kinks is analysed all the same. */
dg_status dg_activation_analyse(const char *formula, const dg_activation_options *options, dg_activation **activation);
void dg_activation_free(dg_activation *activation);

size_t dg_activation_count(const dg_activation *activation);
const dg_fact *dg_activation_at(const dg_activation *activation, size_t index);       /* NULL after the last */
const dg_fact *dg_activation_fact(const dg_activation *activation, const char *name); /* NULL: there is none */
const char *dg_evidence_name(dg_evidence evidence); /* "proved", "computed", "sampled" */

/* f (order 0) or a derivative of order 1 to 3 at `count` points, in float64. `values` may be `points`. */
void dg_activation_values(const dg_activation *activation, int order, const double *points, double *values,
                          size_t count);
/* The formula with its parameters' values put in, as text; and of a derivative. */
const char *dg_activation_text(const dg_activation *activation, int order);
const char *dg_activation_text_as(const dg_activation *activation, int order, enum dg_dialect dialect);
const char *dg_activation_name(const dg_activation *activation); /* of the catalogue or op, or the text as given */
/* Points where the function is left alone by its derivative, or changes from one piece to the next; `most` at most. */
int dg_activation_breaks(const dg_activation *activation, double *points, int most);

/* Parameters: names with values that were given as parameter(…) or numbers. */
typedef struct dg_activation_parameter {
    const char *name;
    double value, min, max; /* ∓∞: no bound */
    bool trainable;
    const char *per; /* "channel", one for each; NULL: one */
} dg_activation_parameter;
int dg_activation_parameter_count(const dg_activation *activation);
const dg_activation_parameter *dg_activation_parameter_at(const dg_activation *activation, int index);
/* The formula with its parameters free: "x * sigmoid(beta * x)"; and its derivative by parameter k. */
const char *dg_activation_free_text(const dg_activation *activation);
/* The function as the op of a node: "mish", "expr(x * sigmoid(beta * x), beta=parameter(1.0, per=channel))". */
const char *dg_activation_call(const dg_activation *activation);
const char *dg_activation_free_text_as(const dg_activation *activation, enum dg_dialect dialect);

/* ---- mean field: layers that are wide, weights N(0, σ_w²/n), biases N(0, σ_b²) ----
 * Poole, Lahiri, Raghu, Sohl-Dickstein, Ganguli 2016; Schoenholz, Gilmer, Ganguli, Sohl-Dickstein 2017. */

typedef struct dg_moments {
    double mean, second, variance, slope, slope_second; /* E f, E f², Var f, E f′, E f′² under N(0, q) */
} dg_moments;
/* DG_NUMERIC: they are not finite, or quadrature with panels of half the width gives others. */
dg_status dg_activation_moments(const dg_activation *activation, double q, dg_moments *moments);

/* Where perturbations neither grow nor shrink: χ₁ = σ_w² E f′² = 1 and q = σ_w² E f² + σ_b², solved jointly. */
typedef struct dg_edge {
    double q, sigma_w, sigma_b;
    double q_slope; /* of the map q → σ_w² E f² + σ_b² there: stable below 1 */
} dg_edge;
/* DG_NUMERIC: there is none for that σ_b (ReLU has one at σ_b = 0 alone, where any q does; then q is 0). */
dg_status dg_activation_edge(const dg_activation *activation, double sigma_b, dg_edge *edge);

/* ---- the catalogue of published activations ---- */

typedef struct dg_catalogue_entry {
    const char *name, *title; /* "e_swish", "E-swish" */
    const char *formula;      /* over x and parameters, with their values behind it */
    const char *authors;      /* and year */
    const char *source;       /* where the formula was looked up */
    const char *aliases;      /* further names, separated by commas; "" for none */
    const char *left_out;     /* why there is no formula; NULL where there is one */
} dg_catalogue_entry;
size_t dg_catalogue_count(void);
const dg_catalogue_entry *dg_catalogue_at(size_t index);       /* NULL after the last */
const dg_catalogue_entry *dg_catalogue_find(const char *name); /* by name, title or alias, whatever the case */

/* A function of the catalogue, as a·g(c·x + d) + b, and its distance: the root of the least mean square difference
 * under N(0, 2²), over f's standard deviation there. 0: the same function. */
typedef struct dg_relative {
    const dg_catalogue_entry *entry;
    double distance, a, b, c, d;
} dg_relative;
/* The nearest `most`, nearest first; returns their number, −1 without memory. */
int dg_activation_relatives(const dg_activation *activation, dg_relative *relatives, int most);

DG_END_C

#endif
