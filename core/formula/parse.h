/* From text to expressions. parse.c has the grammar, call.c the calls of functions. */
#ifndef CORE_FORMULA_PARSE_H
#define CORE_FORMULA_PARSE_H

#include <string.h>

#include "expression.h"

typedef struct parser {
    dg_formulas *pool;
    const char *text, *at;
    const dg_binding *bindings;
    int n_bindings;
    const char *const *inputs; /* unique names; NULL: any name goes */
    int n_inputs;
    bool is_open;       /* other names go, too, behind constants; inputs are numbered as they appear */
    const char **names; /* free names in order of appearance; to be freed */
    int n_names, names_capacity;
    int depth;
    uint8_t needs; /* of everything that was written, simplified away or not */
    dg_status status;
} parser;

/* The root, or NULL with parser->status. Set pool, text, bindings and inputs before. */
const expression *formula_parse(parser *p);
/* A text of the table of primitives. NULL without memory. */
const expression *parse_rule(dg_formulas *pool, const char *text);

/* ---- between parse.c and call.c ---- */

/* Sets the status, with the place in the text. Returns NULL. */
const expression *parse_fail(parser *p, const char *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
void skip_space(parser *p);
size_t word_length(const char *text); /* of a name at the start of the text, 0 when there is none */
const expression *parse_expression(parser *p);
/* A primitive on arguments: makes it and notes what it needs. */
const expression *parse_make(parser *p, int op, const expression *a, const expression *b, const expression *c);
/* ---- functions beyond the primitives ---- */

enum { MOST_ARGUMENTS = 64 };

typedef struct call_argument {
    const char *at;  /* in the text */
    const char *key; /* NULL: by position */
    size_t key_length;
    const expression *value;
    dg_value word; /* where the function takes a name, true, false or none; else DG_VALUE_NONE with `value` set */
    bool is_word;
} call_argument;

typedef struct call {
    const char *name;     /* in the text */
    const void *function; /* what formula_functions.find gave; NULL: a primitive */
    int n;
    call_argument args[MOST_ARGUMENTS];
} call;

/* What a bare word at an argument's place may be. */
typedef enum word_use { NO_WORD, TRUE_FALSE_NONE, ANY_NAME } word_use;

/* Who knows further functions; a pool keeps one. core/graph has that of the ops that are formulas. */
struct formula_functions {
    const void *(*find)(const char *name);    /* NULL: there is no such function */
    const char *(*nearest)(const char *name); /* a function's name to suggest, or NULL */
    bool (*is_other)(const char *name);       /* an op of that name that is no function */
    word_use (*word_at)(const void *function, const call_argument *argument, int position);
    /* The expression of a call whose arguments have been read; NULL with the parser's status. */
    const expression *(*make)(parser *p, const call *c);
};

static inline bool word_is(const char *word, size_t length, const char *name)
{
    return strncmp(word, name, length) == 0 && name[length] == '\0';
}

/* DG_BAD_ARGUMENT: a list, or a name in one, is NULL. */
dg_status names_check(const dg_binding *bindings, int n_bindings, const char *const *inputs, int n_inputs);

/* NAME ( ARGUMENTS ): p->at is behind the bracket; leaves it behind the closing one. */
const expression *parse_call(parser *p, const char *name, size_t length);

#endif
