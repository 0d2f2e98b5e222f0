/* Arguments of calls such as "adam(lr=0.001, betas=[0.9, 0.999])": what an optimiser, a schedule or an initialiser
 * takes, with defaults and ranges, as its descriptor lists it. Reading, checking and printing are done once, here. */
#ifndef DOTGRAD_ARGUMENT_H
#define DOTGRAD_ARGUMENT_H

#include <dotgrad/value.h>

DG_BEGIN_C

typedef enum dg_argument_range {
    DG_ARGUMENT_POSITIVE,     /* finite, > 0 */
    DG_ARGUMENT_NOT_NEGATIVE, /* finite, >= 0 */
    DG_ARGUMENT_FRACTION,     /* in [0, 1) */
    DG_ARGUMENT_FINITE,
    DG_ARGUMENT_COUNT,  /* a whole number >= 1, below 9e15 */
    DG_ARGUMENT_FLAG,   /* true or false: 1 or 0 */
    DG_ARGUMENT_CHOICE, /* one of `choices`, as its index */
    DG_ARGUMENT_VALUE,  /* any value, left to the descriptor's own code; its number, where it is one */
    DG_ARGUMENT_NATURAL /* a whole number >= 0, below 9e15 */
} dg_argument_range;

#define DG_ARGUMENT_WIDTH 3
#define DG_MOST_ARGUMENTS 16

/* An array of these ends with a NULL name. */
typedef struct dg_argument {
    const char *name;
    dg_argument_range range;
    double fallback[DG_ARGUMENT_WIDTH]; /* NaN: none, the argument may be absent */
    const char
        *symbols[DG_ARGUMENT_WIDTH]; /* names of the numbers of a list; NULL: one number of the argument's name */
    const char *choices;             /* "epoch|step" */
    const char *doc;                 /* NULL: the name says it */
    bool required;
} dg_argument;

int dg_argument_width(const dg_argument *argument); /* how many numbers it holds */
const char *dg_argument_symbol(const dg_argument *argument, int k);
/* The default as a call would write it: "0.001", "[0.9, 0.999]", "epoch", "none"; "" for one that is required. Returns
 * text. */
char *dg_argument_default(const dg_argument *argument, char *text, size_t size);

/* Reads a call's items, by position and by keyword; `what` begins the messages. An item `none` means the default.
 * `values` receives the numbers of all arguments in order, `given` (may be NULL) the item of each argument, NULL for
 * those left out. DG_BAD_ARGUMENT: an unknown, repeated, missing or surplus argument, a value out of its range. */
dg_status dg_arguments_read(dg_arena *arena, const char *what, const dg_value *call, const dg_argument *arguments,
                            double *values, const dg_value **given);
/* Appends "lr=0.001, betas=[0.9, 0.999]" to text, which holds `used` characters already; returns the new length. What
 * is absent is left out. */
size_t dg_arguments_print(const dg_argument *arguments, const double *values, char *text, size_t size, size_t used);
/* snprintf at the end of a text that is cut where it does not fit; returns the new length. */
size_t dg_text_append(char *text, size_t size, size_t used, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

DG_END_C

#endif
