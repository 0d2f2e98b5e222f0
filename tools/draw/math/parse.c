/* The text of a formula as a tree, by the grammar of <dotgrad/formula.h>. */
#include "math.h"

#include <ctype.h>
#include <string.h>

enum { MOST_DEPTH = 40 };

typedef struct reading {
    dg_arena *arena;
    const char *at;
    int depth;
    bool failed;
} reading;

int math_precedence(const math *m)
{
    if (m->kind == MATH_MINUS)
        return 4;
    if (m->kind != MATH_BINARY)
        return 6;
    switch (*m->word) {
    case '+':
    case '-':
        return 2;
    case '*':
    case '/':
        return 3;
    case '^':
        return 5;
    default:
        return 1;
    }
}

static const math *make(reading *r, math_kind kind, const char *word, int n, const math *a, const math *b)
{
    math *m = r->failed ? NULL : dg_arena_alloc(r->arena, sizeof *m);
    if (!m || (n > 0 && !a) || (n > 1 && !b)) {
        r->failed = true;
        return NULL;
    }
    *m = (math){.kind = kind, .word = word, .n = n, .args = {a, b}};
    return m;
}

static char peek(reading *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
    return *r->at;
}

static const math *read_comparison(reading *r);

static const math *binary(reading *r, const char *word, const math *a, const math *b)
{
    return make(r, MATH_BINARY, word, 2, a, b);
}

static const math *number(reading *r, const char *word)
{
    return make(r, MATH_NUMBER, word, 0, NULL, NULL);
}

/* Functions that mathematics writes in other ways. */
static const math *simplify_call(reading *r, math *m)
{
    static const char *const names[][2] = {
        {"log", "ln"}, {"minimum", "min"}, {"maximum", "max"}, {"normal_cdf", "Φ"}, {"sigmoid", "σ"}};
    const math *one = number(r, "1"), *a = m->args[0];
    if (m->n == 1 && strcmp(m->word, "square") == 0)
        return binary(r, "^", a, number(r, "2"));
    if (m->n == 1 && strcmp(m->word, "reciprocal") == 0)
        return binary(r, "/", one, a);
    if (m->n == 1 && strcmp(m->word, "rsqrt") == 0)
        return binary(r, "/", one, make(r, MATH_CALL, "sqrt", 1, a, NULL));
    if (m->n == 1 && strcmp(m->word, "expm1") == 0)
        return binary(r, "-", make(r, MATH_CALL, "exp", 1, a, NULL), one);
    if (m->n == 1 && strcmp(m->word, "log1p") == 0)
        return make(r, MATH_CALL, "ln", 1, binary(r, "+", one, a), NULL);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(m->word, names[k][0]) == 0)
            m->word = names[k][1];
    return m;
}

static const math *read_call(reading *r, const char *name)
{
    math *m = dg_arena_alloc(r->arena, sizeof *m);
    if (!m) {
        r->failed = true;
        return NULL;
    }
    *m = (math){.kind = MATH_CALL, .word = name};
    for (r->at++; peek(r) != ')' && !r->failed;) {
        if (m->n == MATH_MOST_ARGUMENTS || (m->n && *r->at++ != ',')) {
            r->failed = true;
            return NULL;
        }
        m->args[m->n++] = read_comparison(r);
    }
    if (r->failed || m->n == 0)
        return NULL;
    r->at++;
    return simplify_call(r, m);
}

static const math *read_atom(reading *r)
{
    const char *begin;
    char c = peek(r);
    if (c == '(') {
        r->at++;
        const math *inside = read_comparison(r);
        r->failed |= peek(r) != ')';
        r->at += !r->failed;
        return inside;
    }
    begin = r->at;
    if (isdigit((unsigned char)c) || c == '.') {
        r->at += strspn(r->at, "0123456789.");
        if ((*r->at == 'e' || *r->at == 'E') &&
            (isdigit((unsigned char)r->at[1]) || (strchr("+-", r->at[1]) && isdigit((unsigned char)r->at[2])))) {
            r->at += 2;
            r->at += strspn(r->at, "0123456789");
        }
        return number(r, text_format(r->arena, "%.*s", (int)(r->at - begin), begin));
    }
    while (isalnum((unsigned char)*r->at) || *r->at == '_')
        r->at++;
    const char *word = text_format(r->arena, "%.*s", (int)(r->at - begin), begin);
    r->failed |= !*word;
    return peek(r) == '(' ? read_call(r, word) : make(r, MATH_NAME, word, 0, NULL, NULL);
}

static const math *read_minus(reading *r);

static const math *read_power(reading *r)
{
    const math *base = read_atom(r);
    if (r->failed || peek(r) != '^')
        return base;
    r->at++;
    return binary(r, "^", base, read_minus(r));
}

static const math *read_minus(reading *r)
{
    const math *m = NULL;
    if (++r->depth > MOST_DEPTH)
        r->failed = true;
    else if (peek(r) == '-') {
        r->at++;
        m = make(r, MATH_MINUS, "-", 1, read_minus(r), NULL);
    } else {
        m = read_power(r);
    }
    r->depth--;
    return m;
}

static bool is_same(const math *a, const math *b)
{
    bool same = a->kind == b->kind && a->n == b->n && strcmp(a->word, b->word) == 0;
    for (int k = 0; same && k < a->n; k++)
        same = is_same(a->args[k], b->args[k]);
    return same;
}

/* x·x as x², and x·y·y as x·y². */
static const math *product(reading *r, const math *a, const math *b)
{
    if (r->failed || !a || !b || b->kind == MATH_NUMBER || b->kind == MATH_CALL)
        return binary(r, "*", a, b);
    if (is_same(a, b))
        return binary(r, "^", a, number(r, "2"));
    if (a->kind == MATH_BINARY && *a->word == '*' && is_same(a->args[1], b))
        return binary(r, "*", a->args[0], binary(r, "^", b, number(r, "2")));
    return binary(r, "*", a, b);
}

static const math *read_product(reading *r)
{
    const math *m = read_minus(r);
    while (!r->failed && (peek(r) == '*' || *r->at == '/'))
        m = *r->at++ == '*' ? product(r, m, read_minus(r)) : binary(r, "/", m, read_minus(r));
    return m;
}

static const math *read_sum(reading *r)
{
    const math *m = read_product(r);
    while (!r->failed && (peek(r) == '+' || *r->at == '-')) {
        const char *word = *r->at++ == '+' ? "+" : "-";
        m = binary(r, word, m, read_product(r));
    }
    return m;
}

static const math *read_comparison(reading *r)
{
    static const char *const signs[][2] = {{"<=", "≤"}, {">=", "≥"}, {"==", "="}, {"!=", "≠"}, {"<", "<"}, {">", ">"}};
    const math *m = NULL;
    if (++r->depth > MOST_DEPTH)
        r->failed = true;
    else
        m = read_sum(r);
    peek(r);
    for (size_t k = 0; !r->failed && k < sizeof signs / sizeof *signs; k++)
        if (strncmp(r->at, signs[k][0], strlen(signs[k][0])) == 0) {
            r->at += strlen(signs[k][0]);
            m = binary(r, signs[k][1], m, read_sum(r));
            break;
        }
    r->depth--;
    return m;
}

static bool is_whole(const math *m)
{
    return m->kind == MATH_NUMBER && strspn(m->word, "0123456789") == strlen(m->word);
}

bool math_is_polynomial(const math *m)
{
    bool is_fine = m->kind != MATH_CALL && (m->kind != MATH_BINARY || strchr("+-*/^", *m->word));
    if (m->kind == MATH_BINARY && *m->word == '/')
        is_fine &= m->args[1]->kind == MATH_NUMBER;
    if (m->kind == MATH_BINARY && *m->word == '^')
        is_fine &= is_whole(m->args[1]);
    for (int k = 0; is_fine && k < m->n; k++)
        is_fine = math_is_polynomial(m->args[k]);
    return is_fine;
}

const math *math_parse(dg_arena *arena, const char *formula)
{
    reading r = {.arena = arena, .at = formula};
    const math *m = read_comparison(&r);
    return r.failed || peek(&r) ? NULL : m;
}
