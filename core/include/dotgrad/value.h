/* Values of attributes: numbers, names, lists and calls, as graph files write them.
 *
 *   CALL  = NAME [ "(" [ARG {"," ARG}] ")" ]      conv2d(32, kernel_size=3)
 *   ARG   = [KEY "="] VALUE
 *   VALUE = number | true | false | none | name | 'string' | [list] | CALL
 *
 * An argument that is not a VALUE but is balanced in its brackets is kept as DG_VALUE_TEXT: a formula. */
#ifndef DOTGRAD_VALUE_H
#define DOTGRAD_VALUE_H

#include <dotgrad/arena.h>
#include <dotgrad/tensor.h>

typedef enum dg_value_kind {
    DG_VALUE_NONE = 0,
    DG_VALUE_BOOL,   /* .b */
    DG_VALUE_INT,    /* .i */
    DG_VALUE_FLOAT,  /* .f */
    DG_VALUE_NAME,   /* .s: a bare word */
    DG_VALUE_STRING, /* .s: was quoted */
    DG_VALUE_LIST,   /* .items */
    DG_VALUE_CALL,   /* .s and .items */
    DG_VALUE_TEXT,   /* .s: a formula */
    DG_VALUE_SHAPE,  /* .shape: made from a list where an attribute is a shape */
    DG_VALUE_TENSOR  /* .tensor: made from numbers where an attribute is a tensor */
} dg_value_kind;

/* A value owns nothing: text, items, shapes and tensors live in an arena (or with the caller). */
typedef struct dg_value dg_value;
struct dg_value {
    dg_value_kind kind;
    const char *key;    /* as an argument of a call: its keyword, or NULL */
    const char *source; /* the text it was read from, or NULL */
    union {
        bool b;
        int64_t i;
        double f;
        const char *s;
        const dg_shape *shape;
        const dg_tensor *tensor;
    };
    size_t count;
    const dg_value *items;
};

/* Reads one VALUE that fills the whole text. DG_BAD_ARGUMENT says what was expected and shows where it stopped. */
dg_status dg_value_parse(dg_arena *arena, const char *text, dg_value *value);
/* Reads a CALL; a bare name becomes a call without arguments. */
dg_status dg_call_parse(dg_arena *arena, const char *text, dg_value *call);
/* The canonical text of a value (numbers in the fewest digits that read back the same), in the arena.
 * NULL without memory. */
const char *dg_value_print(dg_arena *arena, const dg_value *value);
/* Own keys and sources do not count (keys inside a call do); a text is the same bare or quoted. */
bool dg_value_equal(const dg_value *a, const dg_value *b);
uint64_t dg_value_hash(const dg_value *value); /* equal values have equal hashes */
bool dg_value_number(const dg_value *value, double *number); /* of DG_VALUE_INT and DG_VALUE_FLOAT */

#define DG_NUMBER_TEXT 32
/* The fewest digits that read back as the same double (or float). Returns text. */
char *dg_number_print(double number, dg_dtype dtype, char text[DG_NUMBER_TEXT]);

/* Argument k of a call by position or keyword; NULL when it is not given. */
const dg_value *dg_call_argument(const dg_value *call, size_t position, const char *key);

/* Values for dg_application.attrs. A number that equals DG_NONE (or is NaN), a NULL text and an empty list mean
 * "left at its default". */
#define DG_NONE INT64_MIN
typedef struct dg_ints {
    int count;
    int64_t at[DG_MAX_RANK];
} dg_ints;
#define DG_INTS(...)                                                                                                   \
    ((dg_ints){.count = (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), .at = {__VA_ARGS__}})
dg_value dg_bool(bool value);
dg_value dg_int(int64_t value);
dg_value dg_float(double value);
dg_value dg_text(const char *value);                       /* a name, formula, initialiser, dtype */
dg_value dg_int_list(const dg_ints *value, dg_value *items); /* items: room for DG_MAX_RANK values */
dg_value dg_sizes(const int64_t value[3], dg_value *items);  /* {3, DG_NONE, DG_NONE}: 3 for every dimension */
dg_value dg_shape_value(const dg_shape *value);
dg_value dg_dtype_value(dg_dtype value);
dg_value dg_tensor_value(const dg_tensor *value);

#endif
