/* The activation lab's library: an analysis is a function with its derivatives, ready to be evaluated and enclosed, and
 * a table of facts about it.
 *
 *     input.c       the text of a function: formula, parameters, names
 *     call.c        the function as an op of a graph
 *     analyse.c     the analysis and its facts
 *     pieces.c      where the function changes from one smooth piece to the next
 *     breaks.c      what happens there
 *     bound.c       bounds of f and its derivatives by branch and bound over intervals
 *     roots.c       zeros, extrema, fixed points
 *     shape.c       the facts of its shape
 *     field.c       quadrature under N(0, q), edge of chaos; mean_field.c its facts
 *     numerics.c    float32: what overflows, what is lost; derivatives against differences
 *     catalogue.c   published functions (catalogue.tsv); relatives.c the nearest ones
 *     critical.c    the initialiser critical() */
#ifndef OPTIM_ACTIVATION_H
#define OPTIM_ACTIVATION_H

#include <dotgrad/activation.h>
#include <dotgrad/arena.h>
#include <dotgrad/interval.h>

#define LARGEST 3.4028234663852886e38 /* of float32 */

#define UNBOUNDED_VALUE 1e12 /* a value that is attained within float32's range and is no bound worth the name */

enum { ORDERS = 4, MOST_PIECES = 64, MOST_PARAMETERS = 16, MOST_INPUTS = MOST_PARAMETERS + 1 };

typedef struct piece {
    double lo, hi; /* closed */
} piece;

struct dg_activation {
    dg_arena *arena;
    dg_formulas *pool;
    const char *name; /* as given */
    const char *text; /* the formula alone, as given */
    bool is_op;       /* the name is of an op, or a call of one */
    const char *call; /* as the op of a node */
    int n_parameters;
    dg_activation_parameter parameters[MOST_PARAMETERS];
    dg_binding bindings[MOST_PARAMETERS];
    const dg_formula *orders[ORDERS]; /* f, f′, f″, f‴ over x */
    const dg_formula *free;           /* over x and the parameters */
    dg_program *programs[ORDERS];     /* float64 */
    dg_enclosure *enclosure;          /* of all orders */
    int n_pieces;
    piece pieces[2 * MOST_PIECES + 1];
    int n_breaks;
    double breaks[MOST_PIECES];
    dg_fact *facts;
    size_t n_facts, facts_capacity;
    int samples;
    bool exhaustive;
    bool (*progress)(void *argument, double done); /* NULL: none */
    void *progress_argument;
    double sigma_b;
    bool (*reference)(void *argument, const char *formula, double x, double *value); /* NULL: none */
    void *reference_argument;
    const char *reference_name;
};

/* ---- input.c ---- */

/* Sets name, text, parameters and their bindings. */
dg_status read_function(dg_activation *a, const char *given);

/* ---- call.c ---- */

dg_status make_call(dg_activation *a);

/* ---- facts (analyse.c) ---- */

/* Appends a fact; `format` makes its text. Lost without memory, as below. */
void add_fact(dg_activation *a, const char *section, const char *name, const char *label, dg_evidence evidence,
              double lo, double hi, const char *format, ...) __attribute__((format(printf, 8, 9)));
/* Whether something is there to tell facts of. What was not made for want of memory is remembered by the arena, and
 * dg_activation_analyse() then fails. */
bool is_made(const dg_activation *a, dg_status status);
const char *formula_text(const dg_activation *a, const dg_formula *formula); /* "" without memory, as above */
/* Digits of an enclosure: as many as both ends share, 9 at most. */
const char *enclosed_text(double lo, double hi, char text[64]);

double value_at(const dg_activation *a, int order, double x);
dg_interval enclose_at(const dg_activation *a, int order, double lo, double hi);

/* ---- pieces.c ---- */

dg_status find_pieces(dg_activation *a);

/* ---- bound.c ---- */

/* The least upper bound of sign·f^(order) over all pieces: it lies between `attained` and `bound`. */
typedef struct extent {
    double attained, bound, at; /* `at`: where it is attained */
    bool proved;                /* the two are close, or it is infinite */
} extent;
extent upper_extent(const dg_activation *a, int order, double sign);
/* Whether f and its derivatives below `order` are certainly defined and continuous from lo to hi. */
bool continuous_below(const dg_activation *a, int order, double lo, double hi);
/* The same everywhere but at the breaks that were found. */
bool continuous_between_breaks(const dg_activation *a, int order);
/* Whether sign·f^(order) ≥ 0 everywhere but at the breaks, and what is below it continuous: 1 proved, −1 disproved,
 * 0 neither. */
int never_below(const dg_activation *a, int order, double sign);
/* As enclose_at(), narrowed by the derivative. */
dg_interval enclose_well(const dg_activation *a, int order, double lo, double hi);

/* ---- breaks.c ---- */

typedef struct smoothness {
    int order; /* continuous derivatives; 3: as many as were looked at */
    bool jumps, kinks, bends;
    bool jumps_proved, kinks_proved;
    bool poles; /* or an end of where f is defined: what jumps there may not be f */
    bool ends;
    bool kinks_up, kinks_down, steps_up, steps_down; /* signs of the jumps of f′ and of f */
} smoothness;

/* The facts of kinks, jumps and ends. */
smoothness add_breaks(dg_activation *a);

/* ---- roots.c ---- */

enum { MOST_ROOTS = 24, MOST_TOUCHES = 4 };

typedef struct root_list {
    int n;
    double at[MOST_ROOTS];
    int n_flat; /* intervals on which the function is 0 */
    double flat[MOST_ROOTS][2];
    bool complete; /* proved: there are no others in |x| ≤ ROOT_RANGE */
    bool many;     /* more than fit */
    int n_touch;   /* intervals on which it is 0 to within rounding */
    double touch[MOST_TOUCHES][2];
} root_list;

#define ROOT_RANGE 50.0
/* Zeros of f^(order) − slope·x in |x| ≤ ROOT_RANGE. */
root_list find_roots(const dg_activation *a, int order, double slope);

/* ---- facts by section ---- */

void add_shape(dg_activation *a);
void add_gating(dg_activation *a); /* gating.c; after range, monotone and lipschitz */
void add_mean_field(dg_activation *a);
void add_numerics(dg_activation *a);
void add_relatives(dg_activation *a);

/* ---- field.c ---- */

/* As dg_activation_moments(), settled or not. */
dg_status gaussian_moments(const dg_activation *a, double q, dg_moments *moments);
/* E g(√q·z) of g = f^(i)·f^(j); j −1: f^(i) alone. */
double gaussian_mean(const dg_activation *a, double q, int i, int j);
/* Whether panels of half the width give the same to 1e-6, and next to nothing comes from far out. */
bool gaussian_settles(const dg_activation *a, double q, int i, int j);
/* E (f^(order))⁴ */
double gaussian_fourth(const dg_activation *a, double q, int order);

#endif
