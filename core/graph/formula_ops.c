/* Ops that are formulas, as functions in other formulas: a call is replaced by the op's own formula. */
#include "core/base/null.h"
#include "core/formula/parse.h"
#include "graph.h"

#include <string.h>

enum { DEEPEST_OPS = 16, MOST_NAMES = DG_MAX_INPUTS + DG_MAX_ATTRS };

int formula_bindings(const op_entry *entry, const dg_value *attrs, dg_binding bindings[MAX_BINDINGS])
{
    int count = 0;
    for (int k = 0; k < entry->n_attrs && count < MAX_BINDINGS; k++) {
        double number;
        if (attrs[k].kind == DG_VALUE_BOOL)
            number = attrs[k].b;
        else if (!dg_value_number(&attrs[k], &number))
            continue;
        bindings[count++] = (dg_binding){entry->op->attrs[k].name, number};
    }
    return count;
}

static const op_entry *entry_of(const call *c)
{
    return c->function;
}

static bool is_formula(const op_entry *entry)
{
    return entry->op->formula || entry->op->formula_for;
}

static const void *find_function(const char *name)
{
    const op_entry *entry = registry_find(name);
    return entry && is_formula(entry) ? entry : NULL;
}

static const char *nearest_function(const char *name)
{
    return registry_nearest(name, is_formula);
}

static bool is_other(const char *name)
{
    return registry_find(name) != NULL;
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
static int attr_of(const op_entry *entry, const call_argument *arg, int position)
{
    if (arg->key)
        return find_attr(entry, arg->key, arg->key_length);
    return position < entry->n_inputs || position >= entry->n_inputs + entry->n_attrs ? -1 : position - entry->n_inputs;
}

static word_use word_at(const void *function, const call_argument *arg, int position)
{
    const op_entry *entry = function;
    int attr = attr_of(entry, arg, position);
    return attr < 0 ? NO_WORD : entry->op->attrs[attr].kind == DG_ATTR_NAME ? ANY_NAME : TRUE_FALSE_NONE;
}

typedef struct inlining {
    const expression *inputs[DG_MAX_INPUTS];
    dg_value attrs[DG_MAX_ATTRS];
    const expression *computed[DG_MAX_ATTRS]; /* attributes given as more than a number */
    bool given[DG_MAX_ATTRS];
} inlining;

static bool set_attr(parser *p, const call *c, const call_argument *arg, int k, inlining *in)
{
    const dg_attr_spec *spec = &entry_of(c)->op->attrs[k];
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
        if (entry_of(c)->op->formula_for || (spec->kind != DG_ATTR_FLOAT && spec->kind != DG_ATTR_BOOL)) {
            parse_fail(p, arg->at, "'%s' of %s must be a number", spec->name, entry_of(c)->op->name);
            return false;
        }
        in->computed[k] = arg->value;
        return true;
    }
    if (given.kind == DG_VALUE_NONE)
        return true;
    dg_status status = attribute_normalise(NULL, p->pool->arena, spec, &given, &in->attrs[k]);
    if (status.code != DG_OK && status.code != DG_NO_MEMORY)
        parse_fail(p, arg->at, "%s: %s", entry_of(c)->op->name, status.message);
    return status.code == DG_OK;
}

static bool place_arguments(parser *p, const call *c, inlining *in)
{
    const op_entry *entry = entry_of(c);
    for (int i = 0; i < c->n; i++) {
        const call_argument *arg = &c->args[i];
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
            parse_fail(p, c->name, "%s needs '%s'", entry->op->name, entry->op->attrs[k].name);
            return false;
        }
    return true;
}

/* Whether an attribute is not a number, so that nothing can be said of its range. */
static bool any_computed(const op_entry *entry, const inlining *in)
{
    for (int k = 0; k < entry->n_attrs; k++)
        if (in->computed[k])
            return true;
    return false;
}

/* Parses the op's own formula, over its inputs and the attributes that are not numbers, and substitutes. */
static const expression *inline_formula(parser *p, const call *c, const inlining *in)
{
    const dg_op *op = entry_of(c)->op;
    const char *names[MOST_NAMES];
    const expression *images[MOST_NAMES];
    dg_binding all[MAX_BINDINGS], bindings[MAX_BINDINGS];
    int n = 0, n_bindings = 0, n_all = formula_bindings(entry_of(c), in->attrs, all);
    for (int k = 0; k < entry_of(c)->n_inputs && in->inputs[k]; k++) {
        names[n] = op->inputs[k].name;
        images[n++] = in->inputs[k];
    }
    if (n < entry_of(c)->n_inputs && !(op->inputs[n].flags & DG_OPTIONAL))
        return parse_fail(p, c->name, "%s needs '%s'", op->name, op->inputs[n].name);
    dg_status status = op->check && !any_computed(entry_of(c), in) ? op->check(in->attrs) : dg_ok();
    if (status.code != DG_OK)
        return parse_fail(p, c->name, "%s: %s", op->name, status.message);
    const char *text = op->formula ? op->formula : op->formula_for(in->attrs, n);
    if (!text)
        return parse_fail(p, c->name, "%s has no formula for these arguments", op->name);
    for (int i = 0; i < n_all; i++) {
        int k = find_attr(entry_of(c), all[i].name, strlen(all[i].name));
        if (k < 0 || !in->computed[k])
            bindings[n_bindings++] = all[i];
    }
    for (int k = 0; k < entry_of(c)->n_attrs; k++)
        if (in->computed[k]) {
            names[n] = op->attrs[k].name;
            images[n++] = in->computed[k];
        }
    const dg_formula *formula;
    status = dg_formula_parse(p->pool, text, bindings, n_bindings, names, n, &formula);
    if (status.code == DG_NO_MEMORY)
        return NULL;
    if (status.code != DG_OK)
        return parse_fail(p, c->name, "op %s: %s", op->name, status.message);
    p->needs |= formula->needs;
    return expression_substitute(p->pool, formula->root, n, formula->names, images, NULL, NULL);
}

/* What has failed without a mistake to name. */
static const expression *without_memory(parser *p)
{
    if (p->status.code == DG_OK)
        p->status = dg_no_memory("a formula");
    return NULL;
}

static const expression *call_op(parser *p, const call *c)
{
    inlining in = {.inputs = {NULL}};
    memcpy(in.attrs, entry_of(c)->defaults, sizeof in.attrs);
    if (!place_arguments(p, c, &in))
        return without_memory(p);
    if (p->pool->inlining >= DEEPEST_OPS)
        return parse_fail(p, c->name, "the formula of %s calls itself", entry_of(c)->op->name);
    p->pool->inlining++;
    const expression *made = inline_formula(p, c, &in);
    p->pool->inlining--;
    return made ? made : without_memory(p);
}

static const formula_functions op_functions = {
    .find = find_function, .nearest = nearest_function, .is_other = is_other, .word_at = word_at, .make = call_op};

dg_status dg_formulas_new(dg_formulas **formulas)
{
    REFUSE_NULL(formulas);
    return formulas_make(&op_functions, formulas);
}
