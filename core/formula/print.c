/* Expressions as text that parses back to the same expression. */
#include "expression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum precedence { COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM };

/* What is still to be printed: a text, or an expression that gets brackets when it binds weaker than `least`. */
typedef struct piece {
    const char *text;
    const expression *e;
    enum precedence least;
} piece;

typedef struct printer {
    char *text;
    size_t length, capacity;
    piece *pieces;
    size_t n_pieces, pieces_capacity;
    bool failed, too_long;
} printer;

enum { LONGEST = 1 << 24 }; /* written as a tree, a graph can be of any size */

static void put(printer *p, const char *text)
{
    size_t length = strlen(text);
    if (p->length + length + 1 > p->capacity) {
        size_t capacity = (p->length + length + 1) * 2;
        p->too_long = capacity > LONGEST;
        char *grown = p->too_long ? NULL : realloc(p->text, capacity);
        if (!grown) {
            p->failed = true;
            return;
        }
        p->text = grown;
        p->capacity = capacity;
    }
    memcpy(p->text + p->length, text, length + 1);
    p->length += length;
}

/* Pieces wait on a stack: the last one pushed is printed first. */
static void push(printer *p, const char *text, const expression *e, enum precedence least)
{
    if (p->n_pieces == p->pieces_capacity) {
        size_t capacity = p->pieces_capacity ? p->pieces_capacity * 2 : 64;
        piece *grown = realloc(p->pieces, capacity * sizeof *grown);
        if (!grown) {
            p->failed = true;
            return;
        }
        p->pieces = grown;
        p->pieces_capacity = capacity;
    }
    p->pieces[p->n_pieces++] = (piece){text, e, least};
}

typedef struct infix {
    const char *sign;
    enum precedence binds, left, right; /* its own precedence, and the least of its operands */
} infix;

static const infix *infix_of(const expression *e)
{
    static const infix operators[PRIMITIVE_COUNT] = {
        [P_ADD] = {" + ", SUM, SUM, PRODUCT},      [P_SUB] = {" - ", SUM, SUM, PRODUCT},
        [P_MUL] = {" * ", PRODUCT, PRODUCT, SIGN}, [P_DIV] = {" / ", PRODUCT, PRODUCT, SIGN},
        [P_POW] = {"^", POWER, ATOM, SIGN},        [P_LT] = {" < ", COMPARISON, SUM, SUM},
        [P_LE] = {" <= ", COMPARISON, SUM, SUM},   [P_GT] = {" > ", COMPARISON, SUM, SUM},
        [P_GE] = {" >= ", COMPARISON, SUM, SUM},   [P_EQ] = {" == ", COMPARISON, SUM, SUM},
        [P_NE] = {" != ", COMPARISON, SUM, SUM},
    };
    return e->op < PRIMITIVE_COUNT && operators[e->op].sign ? &operators[e->op] : NULL;
}

static bool is_product(const expression *e)
{
    return is_op(e, P_MUL) || is_op(e, P_DIV);
}

static const expression *first_factor(const expression *e)
{
    while (is_product(e))
        e = e->args[0];
    return e;
}

/* -x * y is read as (-x) * y, which is the same, unless -x becomes something else. */
static bool is_plainly_negated(const expression *e)
{
    const expression *first = first_factor(e);
    return is_op(e, P_RECIPROCAL) || (is_product(e) && !is_constant(first) && !is_op(first, P_SUB));
}

static enum precedence precedence_of(const expression *e)
{
    const infix *operator= infix_of(e);
    if (operator)
        return operator->binds;
    if (is_op(e, P_NEG))
        return is_plainly_negated(e->args[0]) ? PRODUCT : SIGN;
    if (is_constant(e) && signbit(e->value))
        return SIGN;
    return is_op(e, P_SQUARE) ? POWER : is_op(e, P_RECIPROCAL) ? PRODUCT : ATOM;
}

/* 2·(u·v) is what (2·u)·v parses to, unless the 2 would go into u. */
static bool is_long_product(const expression *e)
{
    if (!is_op(e, P_MUL) || !is_constant(e->args[0]) || !is_op(e->args[1], P_MUL))
        return false;
    const expression *first = e->args[1];
    while (is_op(first, P_MUL))
        first = first->args[0];
    return !is_op(first, P_DIV) && !is_constant(first);
}

static void push_infix(printer *p, const expression *e, const infix *operator)
{
    push(p, NULL, e->args[1], is_long_product(e) ? PRODUCT : operator->right);
    push(p, operator->sign, NULL, ATOM);
    push(p, NULL, e->args[0], operator->left);
}

static void push_call(printer *p, const expression *e)
{
    push(p, ")", NULL, ATOM);
    for (int k = e->arity; k-- > 0;) {
        push(p, NULL, e->args[k], COMPARISON);
        push(p, k ? ", " : "(", NULL, ATOM);
    }
    push(p, primitives[e->op].name, NULL, ATOM);
}

static void push_parts(printer *p, const expression *e)
{
    char number[DG_NUMBER_TEXT];
    const infix *operator= infix_of(e);
    if (operator) {
        push_infix(p, e, operator);
    } else if (e->op == OP_INPUT) {
        put(p, e->name);
    } else if (e->op == OP_CONSTANT) {
        put(p, dg_number_print(e->value, DG_FLOAT64, number));
    } else if (e->op == P_NEG) {
        push(p, NULL, e->args[0], is_plainly_negated(e->args[0]) ? PRODUCT : SIGN);
        put(p, "-");
    } else if (e->op == P_SQUARE) {
        push(p, "^2", NULL, ATOM);
        push(p, NULL, e->args[0], ATOM);
    } else if (e->op == P_RECIPROCAL) {
        push(p, NULL, e->args[0], SIGN);
        put(p, "1 / ");
    } else {
        push_call(p, e);
    }
}

char *expression_print(const expression *root)
{
    printer p = {.text = NULL};
    push(&p, NULL, root, COMPARISON);
    while (p.n_pieces && !p.failed) {
        piece next = p.pieces[--p.n_pieces];
        if (next.text) {
            put(&p, next.text);
        } else if (precedence_of(next.e) < next.least) {
            push(&p, ")", NULL, ATOM);
            push(&p, NULL, next.e, COMPARISON);
            put(&p, "(");
        } else {
            push_parts(&p, next.e);
        }
    }
    free(p.pieces);
    if (p.failed) {
        free(p.text);
        return p.too_long ? calloc(1, 1) : NULL;
    }
    return p.text;
}
