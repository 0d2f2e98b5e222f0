/* Calls in formulas: primitives, and ops that are formulas themselves, which are put in the place of the call. */
#include "parse.h"
#include "core/graph/graph.h"

#include <string.h>

enum { MOST_ARGUMENTS = DG_MAX_INPUTS + DG_MAX_ATTRS, DEEPEST_OPS = 16 };

typedef struct argument {
    const char *at;
    const char *key;
    size_t key_length;
    const expression *value;
    dg_value word; /* where an attribute takes a name, true, false or none; else DG_VALUE_NONE with `value` set */
    bool is_word;
} argument;

typedef struct call {
    const char *name;
    size_t length;
    const op_entry *entry; /* of an op that is a formula, or NULL */
    int n;
    argument args[MOST_ARGUMENTS];
} call;

static bool word_is(const char *word, size_t length, const char *name)
{
    return strncmp(word, name, length) == 0 && name[length] == '\0';
}

static int find_input(const op_entry *entry, const char *key, size_t length)
{
    for (int k = 0; k < entry->n_inputs; k++)
        if (word_is(key, length, entry->op->inputs[k].name))
            return k;
    return -1;
}

static int find_attr(const op_entry *entry, const char *key, size_t length)
{
    for (int k = 0; k < entry->n_attrs; k++)
        if (word_is(key, length, entry->op->attrs[k].name))
            return k;
    return -1;
}

/* The attribute that argument number `position` is for, −1 for an input. */
static int attr_of(const op_entry *entry, const argument *arg, int position)
{
    if (arg->key)
        return find_attr(entry, arg->key, arg->key_length);
    return position < entry->n_inputs || position >= entry->n_inputs + entry->n_attrs ? -1 : position - entry->n_inputs;
}

/* A bare word where an attribute takes one: its choices, true, false, none. */
static bool parse_word(parser *p, const call *c, argument *arg)
{
    int attr = c->entry ? attr_of(c->entry, arg, c->n) : -1;
    size_t length = word_length(p->at);
    const char *after = p->at + length + strspn(p->at + length, " \t\n");
    if (attr < 0 || !length || (*after != ',' && *after != ')'))
        return false;
    if (word_is(p->at, length, "true") || word_is(p->at, length, "false"))
        arg->word = dg_bool(*p->at == 't');
    else if (c->entry->op->attrs[attr].kind == DG_ATTR_NAME)
        arg->word = (dg_value){.kind = DG_VALUE_NAME, .s = pool_name(p->pool, p->at, length)};
    else if (!word_is(p->at, length, "none"))
        return false;
    arg->is_word = true;
    p->at = after;
    return true;
}

static bool parse_argument(parser *p, call *c)
{
    argument *arg = &c->args[c->n];
    skip_space(p);
    *arg = (argument){.at = p->at};
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

/* ---- ops ---- */

typedef struct inlining {
    const expression *inputs[DG_MAX_INPUTS];
    dg_value attrs[DG_MAX_ATTRS];
    const expression *computed[DG_MAX_ATTRS]; /* attributes given as more than a number */
    bool given[DG_MAX_ATTRS];
} inlining;

static bool set_attr(parser *p, const call *c, const argument *arg, int k, inlining *in)
{
    const dg_attr_spec *spec = &c->entry->op->attrs[k];
    if (in->given[k]) {
        parse_fail(p, arg->at, "'%s' is given twice", spec->name);
        return false;
    }
    in->given[k] = true;
    dg_value given = arg->word;
    if (!arg->is_word && is_constant(arg->value)) {
        double number = arg->value->value;
        given = number >= -1e15 && number <= 1e15 && number == (double)(int64_t)number ? dg_int((int64_t)number)
                                                                                       : dg_float(number);
    } else if (!arg->is_word) {
        if (c->entry->op->formula_for || (spec->kind != DG_ATTR_FLOAT && spec->kind != DG_ATTR_BOOL)) {
            parse_fail(p, arg->at, "'%s' of %s must be a number", spec->name, c->entry->op->name);
            return false;
        }
        in->computed[k] = arg->value;
        return true;
    }
    if (given.kind == DG_VALUE_NONE)
        return true;
    dg_status status = attribute_normalise(NULL, p->pool->arena, spec, &given, &in->attrs[k]);
    if (status.code != DG_OK)
        parse_fail(p, arg->at, "%s: %s", c->entry->op->name, status.message);
    return status.code == DG_OK;
}

static bool place_arguments(parser *p, const call *c, inlining *in)
{
    const op_entry *entry = c->entry;
    for (int i = 0; i < c->n; i++) {
        const argument *arg = &c->args[i];
        int k = arg->key ? find_input(entry, arg->key, arg->key_length) : i < entry->n_inputs ? i : -1;
        int attr = k < 0 ? attr_of(entry, arg, i) : -1;
        if (k < 0 && attr < 0) {
            if (arg->key)
                parse_fail(p, arg->at, "%s has no argument '%.*s'", entry->op->name, (int)arg->key_length, arg->key);
            else
                parse_fail(p, arg->at, "%s takes at most %d argument%s", entry->op->name,
                           entry->n_inputs + entry->n_attrs, entry->n_inputs + entry->n_attrs == 1 ? "" : "s");
            return false;
        }
        if (attr >= 0) {
            if (!set_attr(p, c, arg, attr, in))
                return false;
        } else if (in->inputs[k]) {
            parse_fail(p, arg->at, "'%s' is given twice", entry->op->inputs[k].name);
            return false;
        } else {
            in->inputs[k] = arg->value;
        }
    }
    for (int k = 0; k < entry->n_attrs; k++)
        if (!entry->op->attrs[k].fallback && !in->given[k]) {
            parse_fail(p, c->name, "%s wants '%s'", entry->op->name, entry->op->attrs[k].name);
            return false;
        }
    return true;
}

/* Parses the op's own formula, over its inputs and the attributes that are not numbers, and substitutes. */
static const expression *inline_formula(parser *p, const call *c, const inlining *in)
{
    const dg_op *op = c->entry->op;
    const char *names[MOST_ARGUMENTS];
    const expression *images[MOST_ARGUMENTS];
    dg_binding all[MAX_BINDINGS], bindings[MAX_BINDINGS];
    int n = 0, n_bindings = 0, n_all = formula_bindings(c->entry, in->attrs, all);
    for (int k = 0; k < c->entry->n_inputs && in->inputs[k]; k++) {
        names[n] = op->inputs[k].name;
        images[n++] = in->inputs[k];
    }
    if (n < c->entry->n_inputs && !(op->inputs[n].flags & DG_OPTIONAL))
        return parse_fail(p, c->name, "%s wants '%s'", op->name, op->inputs[n].name);
    const char *text = op->formula ? op->formula : op->formula_for(in->attrs, n);
    if (!text)
        return parse_fail(p, c->name, "%s has no formula for these arguments", op->name);
    for (int i = 0; i < n_all; i++) {
        int k = find_attr(c->entry, all[i].name, strlen(all[i].name));
        if (k < 0 || !in->computed[k])
            bindings[n_bindings++] = all[i];
    }
    for (int k = 0; k < c->entry->n_attrs; k++)
        if (in->computed[k]) {
            names[n] = op->attrs[k].name;
            images[n++] = in->computed[k];
        }
    const dg_formula *formula;
    dg_status status = dg_formula_parse(p->pool, text, bindings, n_bindings, names, n, &formula);
    if (status.code != DG_OK)
        return parse_fail(p, c->name, "op %s: %s", op->name, status.message);
    p->needs |= formula->needs;
    return expression_substitute(p->pool, formula->root, n, formula->names, images, NULL, NULL);
}

static const expression *call_op(parser *p, const call *c)
{
    inlining in = {.inputs = {NULL}};
    memcpy(in.attrs, c->entry->defaults, sizeof in.attrs);
    if (!place_arguments(p, c, &in))
        return NULL;
    if (p->pool->inlining >= DEEPEST_OPS)
        return parse_fail(p, c->name, "the formula of %s calls itself", c->entry->op->name);
    p->pool->inlining++;
    const expression *made = inline_formula(p, c, &in);
    p->pool->inlining--;
    if (!made && p->status.code == DG_OK)
        p->status = dg_error(DG_NO_MEMORY, "no memory for a formula");
    return made;
}

/* ---- primitives ---- */

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
    call c = {.name = name, .length = length};
    char terminated[64] = "";
    if (length < sizeof terminated)
        memcpy(terminated, name, length);
    int op = primitive_find(name, (int)length);
    c.entry = registry_find(terminated);
    if (c.entry && !c.entry->op->formula && !c.entry->op->formula_for)
        c.entry = NULL;
    if (!c.entry && op < 0) {
        const char *near = dg_op_nearest(terminated);
        return near ? parse_fail(p, name, "no function '%.*s' (did you mean '%s'?)", (int)length, name, near)
                    : parse_fail(p, name, "no function '%.*s'", (int)length, name);
    }
    if (!parse_arguments(p, &c))
        return NULL;
    if (fits_primitive(&c, op))
        return call_primitive(p, &c, op);
    if (c.entry)
        return call_op(p, &c);
    if (op == P_MIN || op == P_MAX)
        return parse_fail(p, name, "%s wants at least 2 arguments and has %d", primitives[op].name, c.n);
    for (int k = 0; k < c.n; k++)
        if (c.args[k].key)
            return parse_fail(p, c.args[k].at, "%s has no argument '%.*s'", primitives[op].name,
                              (int)c.args[k].key_length, c.args[k].key);
    return parse_fail(p, name, "%s wants %d argument%s and has %d", primitives[op].name, primitives[op].arity,
                      primitives[op].arity == 1 ? "" : "s", c.n);
}
