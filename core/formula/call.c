/* Calls in formulas: primitives, and the further functions that the pool knows. */
#include "parse.h"

#include <string.h>

/* A bare word where the function takes one: a choice of an attribute, true, false, none. */
static bool parse_word(parser *p, const call *c, call_argument *arg)
{
    size_t length = word_length(p->at);
    const char *after = p->at + length + strspn(p->at + length, " \t\n");
    word_use use = c->function ? p->pool->functions->word_at(c->function, arg, c->n) : NO_WORD;
    if (use == NO_WORD || !length || (*after != ',' && *after != ')'))
        return false;
    if (word_is(p->at, length, "true") || word_is(p->at, length, "false"))
        arg->word = dg_bool(*p->at == 't');
    else if (use == ANY_NAME)
        arg->word = (dg_value){.kind = DG_VALUE_NAME, .s = pool_name(p->pool, p->at, length)};
    else if (!word_is(p->at, length, "none"))
        return false;
    arg->is_word = true;
    p->at = after;
    return true;
}

static bool parse_argument(parser *p, call *c)
{
    call_argument *arg = &c->args[c->n];
    skip_space(p);
    *arg = (call_argument){.at = p->at};
    size_t length = word_length(p->at);
    const char *after = p->at + length + strspn(p->at + length, " \t\n");
    if (length && after[0] == '=' && after[1] != '=') {
        arg->key = p->at;
        arg->key_length = length;
        p->at = after + 1;
        skip_space(p);
    }
    if (!parse_word(p, c, arg)) {
        arg->value = parse_expression(p);
        if (!arg->value)
            return false;
    }
    c->n++;
    return true;
}

static bool parse_arguments(parser *p, call *c)
{
    skip_space(p);
    if (*p->at == ')') {
        p->at++;
        return true;
    }
    for (;;) {
        if (c->n == MOST_ARGUMENTS) {
            parse_fail(p, p->at, "more than %d arguments", (int)MOST_ARGUMENTS);
            return false;
        }
        if (!parse_argument(p, c))
            return false;
        skip_space(p);
        char end = *p->at;
        if (end != ',' && end != ')') {
            parse_fail(p, p->at, "expected ',' or ')'");
            return false;
        }
        p->at++;
        if (end == ')')
            return true;
    }
}

static const expression *call_primitive(parser *p, const call *c, int op)
{
    if (op != P_MIN && op != P_MAX)
        return parse_make(p, op, c->args[0].value, c->args[1].value, c->args[2].value);
    const expression *made = c->args[0].value;
    for (int k = 1; k < c->n; k++)
        made = parse_make(p, op, made, c->args[k].value, NULL);
    return made;
}

static bool fits_primitive(const call *c, int op)
{
    if (op < 0 || (op == P_MIN || op == P_MAX ? c->n < 2 : c->n != primitives[op].arity))
        return false;
    for (int k = 0; k < c->n; k++)
        if (c->args[k].key || c->args[k].is_word)
            return false;
    return true;
}

const expression *parse_call(parser *p, const char *name, size_t length)
{
    call c = {.name = name};
    const formula_functions *functions = p->pool->functions;
    char terminated[64] = "";
    if (length < sizeof terminated)
        memcpy(terminated, name, length);
    int op = primitive_find(name, (int)length);
    c.function = functions ? functions->find(terminated) : NULL;
    if (!c.function && op < 0) {
        if (functions && functions->is_other(terminated))
            return parse_fail(
                p, name, "op %s works on whole tensors: make it a node, and give its value to the formula", terminated);
        const char *near = functions ? functions->nearest(terminated) : NULL;
        return near ? parse_fail(p, name, "there is no function '%.*s' (did you mean '%s'?)", (int)length, name, near)
                    : parse_fail(p, name, "there is no function '%.*s'", (int)length, name);
    }
    if (!parse_arguments(p, &c))
        return NULL;
    if (fits_primitive(&c, op))
        return call_primitive(p, &c, op);
    if (c.function)
        return functions->make(p, &c);
    if (op == P_MIN || op == P_MAX)
        return parse_fail(p, name, "%s takes at least 2 arguments, %d given", primitives[op].name, c.n);
    for (int k = 0; k < c.n; k++)
        if (c.args[k].key)
            return parse_fail(p, c.args[k].at, "%s has no argument '%.*s'", primitives[op].name,
                              (int)c.args[k].key_length, c.args[k].key);
    return parse_fail(p, name, "%s takes %d argument%s, %d given", primitives[op].name, primitives[op].arity,
                      primitives[op].arity == 1 ? "" : "s", c.n);
}
