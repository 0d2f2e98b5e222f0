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

DG_BEGIN_C

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
    DG_VALUE_TENSOR, /* .tensor: made from numbers where an attribute is a tensor */
    DG_VALUE_INTS    /* .ints: a list as C writes it; an attribute of a node is a DG_VALUE_LIST */
} dg_value_kind;

/* A value owns nothing: text, items, shapes and tensors live in an arena (or with the caller). */
typedef struct dg_value dg_value;
struct dg_value {
    dg_value_kind kind;
    const char *key;    /* as an argument of a call: its keyword, or NULL */
    const char *source; /* the text it was read from, or NULL */
    __extension__ union {
        bool b;
        int64_t i;
        double f;
        const char *s;
        const dg_shape *shape;
        const dg_tensor *tensor;
        const struct dg_ints *ints;
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
uint64_t dg_value_hash(const dg_value *value);               /* equal values have equal hashes */
bool dg_value_number(const dg_value *value, double *number); /* of DG_VALUE_INT and DG_VALUE_FLOAT */

#define DG_NUMBER_TEXT 32
/* The fewest digits that read back as the same double (or float). Returns text. */
char *dg_number_print(double number, dg_dtype dtype, char text[DG_NUMBER_TEXT]);

/* Argument k of a call by position or keyword; NULL when it is not given. */
const dg_value *dg_call_argument(const dg_value *call, size_t position, const char *key);

/* One integer or a list of them: what an option is that names dimensions or sizes.
 *
 *     dg_sum(x, .dim = 1)                    one number: dimension 1; 0 is dimension 0
 *     dg_sum(x, .dim = DG_INTS(0, 2))        a list, in its one spelling: dimensions 0 and 2
 *     dg_sum(x)                              absent: the op's default, here all dimensions
 *     dg_conv2d(x, 8, .kernel_size = 3)      3 for each dimension; DG_INTS(3, 5): 3 for H, 5 for W
 *     dg_conv2d(x, 8, .padding = DG_SAME)    a word where the op has one: padding=same in a graph file
 *
 * `= n` and `= {n}` set `only`, of which the type below takes care; `= {0, 2}` does not compile in a builder (with gcc
 * as C99 it is an error of the graph, where the 2 is not 0). In a variable of one's own: {.only = n}, {.only = DG_NONE}
 * (absent), or `count` > 0 numbers in `at`, and then `only` is not read. */
#define DG_NONE     INT64_MIN
#define DG_SAME     (INT64_MIN + 1) /* .padding of convolutions, the words same */
#define DG_VALID    (INT64_MIN + 2) /* and valid: as much as keeps the sizes, and none */
#define DG_MAX_INTS 16
typedef enum dg_guard { DG_GUARD = 0x4c495354 } dg_guard;
#ifdef __cplusplus
DG_END_C
struct dg_ints {
    int64_t only;
    dg_guard guard;
    int count;
    int64_t at[DG_MAX_INTS];
    constexpr dg_ints() : only(DG_NONE), guard(), count(0), at()
    {
    }
    template <class number> constexpr dg_ints(number value) : only(dg_whole(value)), guard(), count(0), at()
    {
    }
    template <class... numbers> static constexpr dg_ints list(numbers... number)
    {
        static_assert(sizeof...(number) <= DG_MAX_INTS, "a list has at most DG_MAX_INTS numbers");
        const int64_t numbers_at[] = {dg_whole(number)...};
        dg_ints ints;
        for (; ints.count < static_cast<int>(sizeof...(number)); ints.count++)
            ints.at[ints.count] = numbers_at[ints.count];
        return ints;
    }
};
#define DG_INTS(...) dg_ints::list(__VA_ARGS__)
DG_BEGIN_C
#else
#if defined(__GNUC__) && !defined(__clang__) && __STDC_VERSION__ >= 201112L
#define DG_INTS_BEGIN struct __attribute__((designated_init)) {
#define DG_INTS_END                                                                                                    \
    }                                                                                                                  \
    ;
#else
#define DG_INTS_BEGIN
#define DG_INTS_END
#endif
typedef struct dg_ints {
    DG_INTS_BEGIN
    int64_t only;
    dg_guard guard; /* 0; where a list in bare braces would write its second number */
    int count;
    int64_t at[DG_MAX_INTS];
    DG_INTS_END
} dg_ints;
#define DG_INTS(...)                                                                                                   \
    ((dg_ints){                                                                                                        \
        .only = DG_NONE, .count = (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), .at = {__VA_ARGS__}})
#endif

/* Values for dg_application.attrs. "Left at its default" is said by a number that equals DG_NONE, by the one NaN that
 * DG_NO_NUMBER is (any other NaN is a mistake), by a NULL text and an absent list. */
#define DG_NO_NUMBER __builtin_nan("0x6467")
dg_value dg_bool(bool value);
dg_value dg_int(int64_t value);
dg_value dg_float(double value);
dg_value dg_text(const char *value);          /* a name, formula, initialiser, dtype */
dg_value dg_ints_value(const dg_ints *value); /* keeps the pointer where it is a list */
dg_value dg_shape_value(const dg_shape *value);
dg_value dg_dtype_value(dg_dtype value);
dg_value dg_tensor_value(const dg_tensor *value);

DG_END_C

#endif
