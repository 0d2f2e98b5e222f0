/* Reading the text of a rule. Formulas themselves are read by <dotgrad/formula.h>; here are statements, names, and the
 * calls of ops that no formula has. */
#include "lines.h"

#include "core/base/plain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

typedef enum word_kind { WORD_NAME, WORD_FUNCTION, WORD_KEY } word_kind;

typedef struct word {
    word_kind kind;
    const char *at;
    size_t length;
} word;

static bool begins_name(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static bool continues_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static const char *skip_spaces(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* The next word before `end`; numbers are passed over. */
static bool next_word(const char **at, const char *end, word *found)
{
    const char *p = *at;
    while (p < end && !begins_name(*p)) {
        char *after = NULL;
        if (isdigit((unsigned char)*p) || (*p == '.' && isdigit((unsigned char)p[1])))
            plain_number(p, &after);
        p = after && after > p ? after : p + 1;
    }
    if (p >= end)
        return false;
    found->at = p;
    while (p < end && continues_name(*p))
        p++;
    found->length = (size_t)(p - found->at);
    const char *after = skip_spaces(p);
    found->kind = after < end && *after == '('                      ? WORD_FUNCTION
                  : after < end && *after == '=' && after[1] != '=' ? WORD_KEY
                                                                    : WORD_NAME;
    *at = p;
    return true;
}

static bool word_is(const word *w, const char *text)
{
    return strlen(text) == w->length && strncmp(w->at, text, w->length) == 0;
}

/* The op that a function word calls, where it is none that formulas have. */
static const dg_op *op_of(const word *w)
{
    char name[64];
    if (w->kind != WORD_FUNCTION || w->length >= sizeof name)
        return NULL;
    memcpy(name, w->at, w->length);
    name[w->length] = '\0';
    for (int i = 0; i < dg_primitive_count(); i++)
        if (strcmp(dg_primitive_name(i), name) == 0)
            return NULL;
    const dg_op *op = dg_op_find(name);
    return op && !op->formula && !op->formula_for ? op : NULL;
}

/* The bracket that closes the one at `open`; NULL: none before the text's end. */
static const char *closing(const char *open)
{
    int depth = 0;
    for (const char *p = open; *p; p++) {
        depth += (*p == '(' || *p == '[') - (*p == ')' || *p == ']');
        if (depth == 0)
            return p;
    }
    return NULL;
}

/* The end of the piece that begins at `at`: the next comma outside brackets, or `end`. */
static const char *piece_end(const char *at, const char *end)
{
    int depth = 0;
    for (; at < end; at++) {
        depth += (*at == '(' || *at == '[') - (*at == ')' || *at == ']');
        if (*at == ',' && depth == 0)
            return at;
    }
    return end;
}

/* ---- what a statement reads ---- */

static bool is_constant(const word *w)
{
    static const char *const names[] = {"pi", "e", "inf", "nan", "true", "false", "none"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (word_is(w, names[i]))
            return true;
    return false;
}

static dg_status add_read(dg_arena *arena, statement *s, const word *w, bool reduced)
{
    for (int i = 0; i < s->n_reads; i++)
        if (word_is(w, s->reads[i].name)) {
            s->reads[i].reduced = s->reads[i].reduced && reduced;
            return dg_ok();
        }
    if (s->n_reads == MOST_READS)
        return dg_error(DG_BAD_ARGUMENT, "'%s = …' reads more than %d names", s->symbol, (int)MOST_READS);
    const char *name = dg_arena_text(arena, w->at, w->length);
    if (!name)
        return dg_no_memory("a rule");
    s->reads[s->n_reads++] = (rule_read){name, reduced};
    return dg_ok();
}

static bool has_key(const char *at, const char *end)
{
    word w;
    while (next_word(&at, end, &w))
        if (w.kind == WORD_KEY)
            return true;
    return false;
}

static dg_status find_reads(dg_arena *arena, statement *s, const char *at, const char *end, bool reduced)
{
    word w;
    while (next_word(&at, end, &w)) {
        const dg_op *op = op_of(&w);
        if (op) {
            const char *open = skip_spaces(at), *close = closing(open);
            if (!close || close > end)
                return dg_error(DG_BAD_ARGUMENT, "'%s = %s': a bracket is not closed", s->symbol, s->formula);
            bool to_one = strcmp(op->family, "reduce") == 0 && !has_key(open, close);
            DG_TRY(find_reads(arena, s, open + 1, close, reduced || to_one));
            s->calls = true;
            at = close + 1;
        } else if (w.kind == WORD_NAME && !is_constant(&w)) {
            DG_TRY(add_read(arena, s, &w, reduced));
        }
    }
    return dg_ok();
}

/* ---- statements ---- */

/* Takes "if NAME" or "unless NAME" off the end of an expression. */
static const char *take_condition(dg_arena *arena, statement *s, const char *at, const char *end)
{
    word w, before = {0}, last = {0};
    for (const char *p = at; next_word(&p, end, &w);) {
        before = last;
        last = w;
    }
    bool is_if = before.at && word_is(&before, "if"), is_unless = before.at && word_is(&before, "unless");
    if (!is_if && !is_unless)
        return end;
    s->flag = dg_arena_text(arena, last.at, last.length);
    s->unless = is_unless;
    return before.at;
}

static const char *trim(const char *at, const char *end)
{
    while (end > at && isspace((unsigned char)end[-1]))
        end--;
    return end;
}

static dg_status parse_statement(dg_arena *arena, const char *at, const char *end, statement *s)
{
    int length = (int)(end - at);
    const char *name = at;
    while (at < end && continues_name(*at))
        at++;
    const char *after = skip_spaces(at);
    char change = after < end && strchr("+-*/", *after) && after[1] == '=' ? *after : '\0';
    const char *equals = change ? after + 1 : after;
    if (at == name || !begins_name(*name) || equals >= end || *equals != '=' || equals[1] == '=')
        return dg_error(DG_BAD_ARGUMENT, "'%.*s' is not a statement, which is written 'name = formula'", length, name);
    if (is_constant(&(word){.at = name, .length = (size_t)(at - name)}))
        return dg_error(DG_BAD_ARGUMENT, "'%.*s': '%.*s' is a constant of formulas and takes no value", length, name,
                        (int)(at - name), name);
    s->symbol = dg_arena_text(arena, name, (size_t)(at - name));
    const char *begin = skip_spaces(equals + 1), *stop = trim(begin, take_condition(arena, s, begin, end));
    if (begin >= stop)
        return dg_error(DG_BAD_ARGUMENT, "'%.*s' gives '%s' no value", length, name, s->symbol ? s->symbol : "");
    size_t room = (size_t)(stop - begin) + strlen(s->symbol ? s->symbol : "") + 8;
    char *text = dg_arena_alloc(arena, room);
    if (!text || !s->symbol)
        return dg_no_memory("a rule");
    if (change)
        snprintf(text, room, "%s %c (%.*s)", s->symbol, change, (int)(stop - begin), begin);
    else
        snprintf(text, room, "%.*s", (int)(stop - begin), begin);
    s->formula = text;
    return find_reads(arena, s, text, text + strlen(text), false);
}

/* A line end inside brackets does not end a statement. */
static const char *statement_end(const char *at)
{
    int depth = 0;
    for (; *at; at++) {
        depth += (*at == '(' || *at == '[') - (*at == ')' || *at == ']');
        if (*at == ';' || (*at == '\n' && depth <= 0))
            break;
    }
    return at;
}

dg_status lines_parse(dg_arena *arena, const char *text, rule_text *lines)
{
    *lines = (rule_text){0};
    for (const char *at = text; *at;) {
        at += strspn(at, " \t\r\n;");
        const char *end = statement_end(at);
        const char *stop = trim(at, end);
        if (stop > at) {
            if (lines->count == MOST_STATEMENTS)
                return dg_error(DG_BAD_ARGUMENT, "a rule has at most %d statements", (int)MOST_STATEMENTS);
            DG_TRY(parse_statement(arena, at, stop, &lines->at[lines->count++]));
        }
        at = end;
    }
    return lines->count ? dg_ok()
                        : dg_error(DG_BAD_ARGUMENT, "the rule is empty; it needs a line such as p = p - lr*g");
}

/* ---- calls of ops ---- */

static dg_status read_call(dg_arena *arena, const dg_op *op, const char *open, const char *close, op_call *call)
{
    *call = (op_call){.op = op};
    for (const char *at = open + 1; at < close;) {
        const char *end = piece_end(at, close), *inside = at, *stop = trim(at, end);
        word w = {0};
        const char *begin = skip_spaces(at);
        bool key = next_word(&inside, end, &w) && w.at == begin && w.kind == WORD_KEY;
        if (call->n_inputs == MOST_PIECES || call->n_attrs == MOST_PIECES)
            return dg_error(DG_BAD_ARGUMENT, "%s(…): more than %d arguments", op->name, (int)MOST_PIECES);
        if (key) {
            const char *value = skip_spaces(skip_spaces(inside) + 1);
            char *text = value < stop ? dg_arena_text(arena, value, (size_t)(stop - value)) : NULL;
            dg_value *attr = &call->attrs[call->n_attrs++];
            if (!text)
                return dg_error(DG_BAD_ARGUMENT, "%s(…): an argument has no value", op->name);
            DG_TRY(dg_value_parse(arena, text, attr));
            attr->key = dg_arena_text(arena, w.at, w.length);
        } else {
            call->inputs[call->n_inputs++] = begin < stop ? dg_arena_text(arena, begin, (size_t)(stop - begin)) : "";
        }
        at = end + 1;
    }
    return dg_ok();
}

dg_status lines_replace_calls(dg_arena *arena, const char *expression, op_visitor *visit, void *user,
                              const char **result)
{
    size_t room = 2 * strlen(expression) + 256, used = 0;
    char *text = dg_arena_alloc(arena, room);
    const char *at = expression, *end = expression + strlen(expression), *copied = expression;
    word w;
    if (!text)
        return dg_no_memory("a rule");
    while (next_word(&at, end, &w)) {
        const dg_op *op = op_of(&w);
        op_call call;
        const char *name = NULL, *open = skip_spaces(at), *close = op ? closing(open) : NULL;
        if (!op)
            continue;
        if (!close)
            return dg_error(DG_BAD_ARGUMENT, "'%s': a bracket is not closed", expression);
        DG_TRY(read_call(arena, op, open, close, &call));
        DG_TRY(visit(user, &call, &name));
        used = dg_text_append(text, room, used, "%.*s%s", (int)(w.at - copied), copied, name);
        at = copied = close + 1;
    }
    dg_text_append(text, room, used, "%s", copied);
    *result = text;
    return dg_ok();
}

/* ---- checks ---- */

static bool is_known(const char *name, const dg_binding *hypers, int n_hypers)
{
    static const char *const given[] = {"p", "g", "s", "t", "lr"};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (strcmp(name, given[i]) == 0)
            return true;
    for (int i = 0; i < n_hypers; i++)
        if (strcmp(name, hypers[i].name) == 0)
            return true;
    return false;
}

static bool is_assigned_before(const rule_text *lines, int line, const char *name)
{
    for (int i = 0; i < line; i++)
        if (strcmp(lines->at[i].symbol, name) == 0)
            return true;
    return false;
}

static bool is_assigned(const rule_text *lines, const char *name)
{
    return is_assigned_before(lines, lines->count, name);
}

typedef struct checking {
    dg_arena *arena;
    dg_formulas *pool;
    int n;
} checking;

static dg_status check_expression(checking *c, const char *expression);

static dg_status check_call(void *user, const op_call *call, const char **name)
{
    checking *c = user;
    for (int i = 0; i < call->n_inputs; i++)
        DG_TRY(check_expression(c, call->inputs[i]));
    char text[24];
    snprintf(text, sizeof text, "r__%d", c->n++);
    *name = dg_arena_text(c->arena, text, strlen(text));
    return *name ? dg_ok() : dg_no_memory("a rule");
}

static dg_status check_expression(checking *c, const char *expression)
{
    const char *text;
    const dg_formula *formula;
    DG_TRY(lines_replace_calls(c->arena, expression, check_call, c, &text));
    return dg_formula_parse(c->pool, text, NULL, 0, NULL, 0, &formula);
}

/* A name that a line reads: given from outside, a line's value, or state. */
static dg_status check_read(const rule_text *lines, int line, const char *name, const dg_binding *hypers, int n_hypers)
{
    const statement *s = &lines->at[line];
    if (is_known(name, hypers, n_hypers))
        return dg_ok();
    if (!is_assigned(lines, name))
        return dg_error(
            DG_BAD_ARGUMENT,
            "'%s = %s' reads '%s', which no line gives a value and no argument is named; known are p, g, t, "
            "lr and the rule's keywords",
            s->symbol, s->formula, name);
    if (strcmp(name, "step") == 0 && !is_assigned_before(lines, line, name))
        return dg_error(DG_BAD_ARGUMENT,
                        "'%s = %s' keeps '%s' from step to step: the optimiser counts its steps under that name, and "
                        "lines read the count as t",
                        s->symbol, s->formula, name);
    return dg_ok();
}

dg_status lines_check(dg_arena *arena, const rule_text *lines, const dg_binding *hypers, int n_hypers)
{
    if (!is_assigned(lines, "p"))
        return dg_error(DG_BAD_ARGUMENT, "no line gives p, the parameter, a new value");
    checking c = {.arena = arena};
    DG_TRY(dg_formulas_new(&c.pool));
    dg_status status = dg_ok();
    for (int i = 0; i < lines->count && status.code == DG_OK; i++) {
        const statement *s = &lines->at[i];
        for (int k = 0; k < s->n_reads && status.code == DG_OK; k++)
            status = check_read(lines, i, s->reads[k].name, hypers, n_hypers);
        if (status.code == DG_OK && s->flag && (!is_known(s->flag, hypers, n_hypers) || strlen(s->flag) < 2))
            status = dg_error(DG_BAD_ARGUMENT, "'%s = %s': after if or unless comes an argument of the rule, not '%s'",
                              s->symbol, s->formula, s->flag);
        if (status.code == DG_OK)
            status = dg_prefixed(check_expression(&c, s->formula), "'%s = %s'", s->symbol, s->formula);
    }
    dg_formulas_free(c.pool);
    return status;
}

bool lines_read(const rule_text *lines, const char *name)
{
    for (int i = 0; i < lines->count; i++) {
        const statement *s = &lines->at[i];
        if (s->flag && strcmp(s->flag, name) == 0)
            return true;
        for (int k = 0; k < s->n_reads; k++)
            if (strcmp(s->reads[k].name, name) == 0)
                return true;
    }
    return false;
}
