/* The grammar of formulas:
 *
 *   comparison = sum [("<" | "<=" | ">" | ">=" | "==" | "!=") sum]
 *   sum        = product {("+" | "-") product}
 *   product    = signed {("*" | "/") signed}
 *   signed     = ("-" | "+") signed | power
 *   power      = atom ["^" signed]
 *   atom       = number | name | name "(" arguments ")" | "(" comparison ")"
 */
#include "parse.h"

#include "core/base/plain.h"
#include "core/value/number.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 200 }; /* brackets, calls, signs and powers within each other */

const expression *parse_fail(parser *p, const char *at, const char *format, ...)
{
    enum { AROUND = 60 };
    if (p->status.code != DG_OK)
        return NULL;
    char what[300];
    va_list arguments;
    va_start(arguments, format);
    plain_print_list(what, sizeof what, format, arguments);
    va_end(arguments);
    size_t column = (size_t)(at - p->text), length = strlen(p->text);
    const char *from = length > 2 * AROUND && column > AROUND ? at - AROUND : p->text;
    int shown = (int)(strlen(from) > 2 * AROUND ? 2 * AROUND : strlen(from));
    p->status = dg_error(DG_BAD_ARGUMENT, "formula '%s%.*s%s': %s at column %zu", from > p->text ? "…" : "", shown,
                         from, from[shown] ? "…" : "", what, column + 1);
    return NULL;
}

static const expression *no_memory(parser *p)
{
    if (p->status.code == DG_OK)
        p->status = dg_no_memory("a formula");
    return NULL;
}

void skip_space(parser *p)
{
    while (isspace((unsigned char)*p->at))
        p->at++;
}

static bool starts_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* A point joins words: fc1.weight. */
size_t word_length(const char *text)
{
    size_t n = 0;
    while (starts_word(text[n]) || (n && text[n] >= '0' && text[n] <= '9') ||
           (n && text[n] == '.' && starts_word(text[n + 1])))
        n++;
    return n;
}

const expression *parse_make(parser *p, int op, const expression *a, const expression *b, const expression *c)
{
    const expression *const args[3] = {a, b, c};
    for (int k = 0; k < primitives[op].arity; k++)
        if (!args[k])
            return NULL;
    bool power = op == P_POW && is_constant(b) && b->value >= 0 && b->value <= 64 && b->value == floor(b->value);
    if (!(primitives[op].flags & INTEGERS) && !power)
        p->needs |= NEEDS_REALS;
    if (!(primitives[op].flags & CONDITIONS))
        p->needs |= NEEDS_NUMBERS;
    const expression *made = make_op(p->pool, op, args);
    return made ? made : no_memory(p);
}

static const expression *number(parser *p)
{
    const char *end = p->at;
    while (isdigit((unsigned char)*end) || *end == '.')
        end++;
    const char *exponent = end + 1 + (*end && (end[1] == '+' || end[1] == '-'));
    if ((*end == 'e' || *end == 'E') && isdigit((unsigned char)*exponent))
        for (end = exponent; isdigit((unsigned char)*end);)
            end++;
    int64_t integer;
    double real;
    number_kind kind = number_read(p->at, (size_t)(end - p->at), &integer, &real);
    if (kind != NUMBER_INT && kind != NUMBER_FLOAT)
        return parse_fail(p, p->at, kind == NUMBER_TOO_LARGE ? "the number is too large" : "this is not a number");
    if (starts_word(*end))
        return parse_fail(p, end, "an operator is missing");
    p->at = end;
    const expression *made = make_constant(p->pool, kind == NUMBER_INT ? (double)integer : real);
    if (!made)
        return no_memory(p);
    p->needs |= made->needs;
    return made;
}

static bool is_word(const char *word, size_t length, const char *name)
{
    return strncmp(word, name, length) == 0 && name[length] == '\0';
}

static const expression *free_name(parser *p, const char *word, size_t length)
{
    const char *name = pool_name(p->pool, word, length);
    if (!name)
        return no_memory(p);
    int k = 0;
    while (k < p->n_names && p->names[k] != name)
        k++;
    if (k == p->n_names) {
        if (k == p->names_capacity) {
            int capacity = k ? k * 2 : 8;
            const char **grown = realloc(p->names, (size_t)capacity * sizeof *grown);
            if (!grown)
                return no_memory(p);
            p->names = grown;
            p->names_capacity = capacity;
        }
        p->names[p->n_names++] = name;
    }
    const expression *made = make_input(p->pool, name);
    return made ? made : no_memory(p);
}

static const expression *name(parser *p, const char *word, size_t length)
{
    static const struct {
        const char *name;
        double value;
    } constants[] = {{"pi", M_PI}, {"e", M_E}, {"inf", INFINITY}, {"nan", NAN}};
    for (int k = 0; k < p->n_bindings; k++)
        if (is_word(word, length, p->bindings[k].name)) {
            const expression *made = make_constant(p->pool, p->bindings[k].value);
            p->needs |= made ? made->needs : 0;
            return made ? made : no_memory(p);
        }
    for (int k = 0; p->inputs && k < p->n_inputs; k++)
        if (is_word(word, length, p->inputs[k])) {
            if (p->is_open)
                return free_name(p, word, length);
            const expression *made = make_input(p->pool, p->inputs[k]);
            return made ? made : no_memory(p);
        }
    for (size_t k = 0; k < sizeof constants / sizeof constants[0]; k++)
        if (is_word(word, length, constants[k].name)) {
            const expression *made = make_constant(p->pool, constants[k].value);
            p->needs |= NEEDS_REALS | NEEDS_NUMBERS;
            return made ? made : no_memory(p);
        }
    if (p->inputs && !p->is_open)
        return parse_fail(p, word, "there is no '%.*s'", (int)length, word);
    return free_name(p, word, length);
}

static const expression *atom(parser *p)
{
    skip_space(p);
    const char *start = p->at;
    if (*start == '(') {
        p->at++;
        const expression *inner = parse_expression(p);
        skip_space(p);
        if (inner && *p->at != ')')
            return parse_fail(p, p->at, "expected ')'");
        p->at += inner != NULL;
        return inner;
    }
    if (isdigit((unsigned char)*start) || *start == '.')
        return number(p);
    size_t length = word_length(start);
    if (*start == '*' && start > p->text && start[-1] == '*')
        return parse_fail(p, start, "expected a number, a name or '(' (a power is x^2)");
    if (!length && *start)
        return parse_fail(p, start, "expected a number, a name or '('");
    if (!length)
        return parse_fail(p, start, "the formula ends where a number, a name or '(' should follow");
    p->at = start + length;
    skip_space(p);
    if (*p->at != '(')
        return name(p, start, length);
    p->at++;
    return parse_call(p, start, length);
}

static const expression *signed_power(parser *p);

static const expression *power(parser *p)
{
    const expression *base = atom(p);
    skip_space(p);
    if (!base || *p->at != '^')
        return base;
    p->at++;
    return parse_make(p, P_POW, base, signed_power(p), NULL);
}

static const expression *signed_power(parser *p)
{
    skip_space(p);
    if (p->depth >= DEEPEST)
        return parse_fail(p, p->at, "nested more than %d deep", DEEPEST);
    p->depth++;
    const expression *made;
    if (*p->at == '-') {
        p->at++;
        made = parse_make(p, P_NEG, signed_power(p), NULL, NULL);
    } else if (*p->at == '+') {
        p->at++;
        made = signed_power(p);
    } else {
        made = power(p);
    }
    p->depth--;
    return made;
}

static const expression *product(parser *p)
{
    const expression *left = signed_power(p);
    for (;;) {
        skip_space(p);
        char sign = *p->at;
        if (!left || (sign != '*' && sign != '/'))
            return left;
        p->at++;
        left = parse_make(p, sign == '*' ? P_MUL : P_DIV, left, signed_power(p), NULL);
    }
}

static const expression *sum(parser *p)
{
    const expression *left = product(p);
    for (;;) {
        skip_space(p);
        char sign = *p->at;
        if (!left || (sign != '+' && sign != '-'))
            return left;
        p->at++;
        left = parse_make(p, sign == '+' ? P_ADD : P_SUB, left, product(p), NULL);
    }
}

/* The comparison at the start of the text, −1 for none. */
static int comparison_at(const char *text, size_t *length)
{
    *length = text[0] && text[1] == '=' ? 2 : 1;
    switch (text[0]) {
    case '<':
        return *length == 2 ? P_LE : P_LT;
    case '>':
        return *length == 2 ? P_GE : P_GT;
    case '=':
        return *length == 2 ? P_EQ : -1;
    case '!':
        return *length == 2 ? P_NE : -1;
    default:
        return -1;
    }
}

const expression *parse_expression(parser *p)
{
    const expression *left = sum(p);
    size_t length;
    skip_space(p);
    int op = comparison_at(p->at, &length);
    if (!left || op < 0)
        return left;
    p->at += length;
    left = parse_make(p, op, left, sum(p), NULL);
    skip_space(p);
    if (left && comparison_at(p->at, &length) >= 0)
        return parse_fail(p, p->at, "comparisons do not chain; write and(a < b, b < c)");
    return left;
}

const expression *formula_parse(parser *p)
{
    p->at = p->text;
    p->status = dg_ok();
    const expression *root = parse_expression(p);
    skip_space(p);
    if (root && *p->at)
        root = parse_fail(p, p->at, "expected an operator or the end");
    for (int k = 1; root && k < p->n_names; k++)
        if (strcmp(p->names[k], "x") == 0) {
            const char *x = p->names[k];
            memmove(&p->names[1], &p->names[0], (size_t)k * sizeof *p->names);
            p->names[0] = x;
        }
    return root;
}

const expression *parse_rule(dg_formulas *pool, const char *text)
{
    parser p = {.pool = pool, .text = text};
    const expression *root = formula_parse(&p);
    free(p.names);
    return root;
}

dg_status names_check(const dg_binding *bindings, int n_bindings, const char *const *inputs, int n_inputs)
{
    if (n_bindings < 0 || (n_bindings && !bindings))
        return dg_error(DG_BAD_ARGUMENT, "the list of %d bindings of a formula is NULL", n_bindings);
    if (n_inputs < 0 || (n_inputs && !inputs))
        return dg_error(DG_BAD_ARGUMENT, "the list of %d inputs of a formula is NULL", n_inputs);
    for (int k = 0; k < n_bindings; k++)
        if (!bindings[k].name)
            return dg_error(DG_BAD_ARGUMENT, "the name of binding %d of a formula is NULL", k);
    for (int k = 0; k < n_inputs; k++)
        if (!inputs[k])
            return dg_error(DG_BAD_ARGUMENT, "the name of input %d of a formula is NULL", k);
    return dg_ok();
}
