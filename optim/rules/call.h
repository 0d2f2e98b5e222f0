/* Reads the arguments of calls such as "adam(lr=0.001, betas=[0.9, 0.999])" into numbers. */
#ifndef OPTIM_CALL_H
#define OPTIM_CALL_H

#include <dotgrad/value.h>

typedef enum call_range {
    CALL_POSITIVE,     /* finite, > 0 */
    CALL_NOT_NEGATIVE, /* finite, >= 0 */
    CALL_FRACTION,     /* in [0, 1) */
    CALL_FINITE,
    CALL_COUNT, /* a whole number >= 1 */
    CALL_FLAG,  /* true or false: 1 or 0 */
    CALL_CHOICE /* one of `choices`, as its index */
} call_range;

#define CALL_MAX_WIDTH 2

typedef struct call_arg {
    const char *name;
    call_range range;
    double fallback[CALL_MAX_WIDTH];
    const char *symbols[CALL_MAX_WIDTH]; /* names of the numbers of a list; NULL: one number of the argument's name */
    const char *choices;                 /* "epoch|step" */
} call_arg;

int call_width(const call_arg *arg); /* how many numbers it holds */
const char *call_symbol(const call_arg *arg, int k);

/* `args` ends with a NULL name. `what` begins the messages. `none` means the default. `values` receives the numbers of
 * all arguments in order. */
dg_status call_read(dg_arena *arena, const char *what, const dg_value *call, const call_arg *args, double *values);
/* Appends "lr=0.001, betas=[0.9, 0.999]" to text, which holds `used` characters already; returns the new length. */
size_t call_print(const call_arg *args, const double *values, char *text, size_t size, size_t used);
/* snprintf at the end of a text that is cut where it does not fit. */
size_t text_append(char *text, size_t size, size_t used, const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
