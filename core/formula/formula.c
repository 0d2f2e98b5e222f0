/* Formulas: an expression with an ordered list of inputs. What was asked before is remembered: parsing, derivatives,
 * reverse rules and substitutions are each done once. */
#include "core/base/null.h"
#include "expression.h"

#include "parse.h"

#include <stdlib.h>
#include <string.h>

dg_status formulas_make(const formula_functions *functions, dg_formulas **formulas)
{
    dg_formulas *made = calloc(1, sizeof *made);
    *formulas = NULL;
    if (!made)
        return dg_no_memory("a formula");
    made->functions = functions;
    dg_status status = dg_arena_new(&made->arena);
    if (status.code != DG_OK)
        free(made);
    else
        *formulas = made;
    return status;
}

void dg_formulas_free(dg_formulas *formulas)
{
    if (!formulas)
        return;
    dg_arena_free(formulas->arena);
    table_free(&formulas->expressions);
    table_free(&formulas->names);
    table_free(&formulas->memos);
    free(formulas->order);
    free(formulas->stack);
    free(formulas);
}

/* ---- what was asked before ---- */

const void *memo_find(const dg_formulas *pool, const void *key, size_t key_size, uint64_t hash)
{
    size_t at = 0;
    for (const memo *m; (m = table_next(&pool->memos, hash, &at));)
        if (m->key_size == key_size && memcmp(m->key, key, key_size) == 0)
            return m->value;
    return NULL;
}

bool memo_put(dg_formulas *pool, const void *key, size_t key_size, uint64_t hash, const void *value)
{
    memo *made = dg_arena_alloc(pool->arena, sizeof *made);
    char *copy = dg_arena_text(pool->arena, key, key_size);
    if (!made || !copy)
        return false;
    *made = (memo){copy, key_size, value};
    return table_add(&pool->memos, hash, made);
}

/* ---- making formulas ---- */

/* Which inputs are read as numbers and which only as conditions. Goes through the order from the root down; the marks
 * are in `image`: an expression that is needed as a number points to itself. */
void find_uses(const dg_formulas *pool, int n_roots, const expression *const *roots, int n, const char *const *names,
               uint8_t *uses)
{
    for (int k = 0; k < n_roots; k++)
        ((expression *)roots[k])->image = roots[k];
    for (size_t i = pool->n_order; i-- > 0;) {
        const expression *e = pool->order[i];
        for (int k = 0; e->op == OP_INPUT && k < n; k++)
            if (names[k] == e->name)
                uses[k] = e->image ? USED_AS_NUMBER : USED_AS_CONDITION;
        bool logical = e->op < PRIMITIVE_COUNT && (primitives[e->op].flags & LOGICAL);
        for (int k = 0; k < e->arity; k++) {
            expression *arg = (expression *)e->args[k];
            bool decides = logical || (e->op == P_WHERE && (k == 0 || !e->image));
            if (!decides)
                arg->image = arg;
        }
    }
}

static dg_formula *new_formula(dg_formulas *pool, const expression *root, int n, const char *const *names,
                               uint8_t needs)
{
    dg_formula *made = dg_arena_alloc(pool->arena, sizeof *made);
    size_t count = (size_t)(n ? n : 1);
    const char **kept = dg_arena_alloc(pool->arena, count * sizeof *kept);
    uint8_t *uses = dg_arena_alloc(pool->arena, count);
    const dg_formula **results = dg_arena_alloc(pool->arena, 2 * count * sizeof *results);
    const char **text = dg_arena_alloc(pool->arena, sizeof *text);
    if (!made || !kept || !uses || !results || !text || !pass_begin(pool, root))
        return NULL;
    for (int k = 0; k < n; k++)
        kept[k] = names[k];
    find_uses(pool, 1, &root, n, names, uses);
    *made = (dg_formula){.root = root,
                         .pool = pool,
                         .id = ++pool->n_formulas,
                         .n_inputs = n,
                         .names = kept,
                         .uses = uses,
                         .needs = needs,
                         .is_condition = expression_is_condition(root),
                         .flops = expression_flops(pool, root),
                         .text = text,
                         .derivatives = results,
                         .vjps = results + count};
    return made;
}

const dg_formula *formula_of(dg_formulas *pool, const expression *root, int n_inputs, const char *const *names,
                             uint8_t needs)
{
    if (!root)
        return NULL;
    needs |= root->needs;
    enum { SMALL = 32 };
    const void *small[SMALL + 2], **key = small;
    if (n_inputs > SMALL && !(key = malloc(((size_t)n_inputs + 2) * sizeof *key)))
        return NULL;
    key[0] = root;
    key[1] = (const void *)(uintptr_t)needs;
    for (int k = 0; k < n_inputs; k++)
        key[2 + k] = names[k];
    size_t size = ((size_t)n_inputs + 2) * sizeof *key;
    uint64_t hash = hash_bytes(HASH_START ^ 1, key, size);
    const dg_formula *found = memo_find(pool, key, size, hash);
    if (!found) {
        found = new_formula(pool, root, n_inputs, names, needs);
        if (found && !memo_put(pool, key, size, hash, found))
            found = NULL;
    }
    if (key != small)
        free(key);
    return found;
}

/* ---- asking ---- */

int dg_formula_input_count(const dg_formula *formula)
{
    if (!formula)
        return 0;
    return formula->n_inputs;
}

static bool has_input(const dg_formula *formula, int input)
{
    return formula && input >= 0 && input < formula->n_inputs;
}

static dg_status check_input(const dg_formula *formula, int input)
{
    return has_input(formula, input)
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT, "a formula of %d input(s) has no input %d", formula->n_inputs, input);
}

const char *dg_formula_input_name(const dg_formula *formula, int input)
{
    if (!has_input(formula, input))
        return NULL;
    return formula->names[input];
}

bool dg_formula_uses(const dg_formula *formula, int input)
{
    if (!has_input(formula, input))
        return false;
    return formula->uses[input] != 0;
}

uint64_t dg_formula_id(const dg_formula *formula)
{
    if (!formula)
        return 0;
    return formula->id;
}

bool dg_formula_is_zero(const dg_formula *formula)
{
    if (!formula)
        return false;
    return is_value(formula->root, 0);
}

double dg_formula_flops(const dg_formula *formula)
{
    if (!formula)
        return 0;
    return formula->flops;
}

const char *dg_formula_print(dg_formulas *formulas, const dg_formula *formula)
{
    if (!formulas || !formula)
        return NULL;
    if (!*formula->text) {
        char *text = expression_print(formula->root);
        if (text)
            *formula->text = dg_arena_text(formulas->arena, text, strlen(text));
        free(text);
    }
    return *formula->text;
}

/* ---- derivatives ---- */

dg_status formula_without_rests(dg_formulas *pool, const dg_formula *formula, const dg_formula **result)
{
    *result = formula_of(pool, without_rests(pool, formula->root), formula->n_inputs, formula->names, formula->needs);
    return *result ? dg_ok() : dg_no_memory("a formula");
}

dg_status dg_formula_derivative(dg_formulas *formulas, const dg_formula *formula, int input,
                                const dg_formula **derivative)
{
    REFUSE_NULL(formulas);
    REFUSE_NULL(formula);
    REFUSE_NULL(derivative);
    DG_TRY(check_input(formula, input));
    if (!formula->derivatives[input]) {
        const expression *root = differentiate(formulas, formula->root, formula->names[input]);
        bool is_slope = (formula->needs & OF_COTANGENT) || has_rests(formulas, formula->root);
        if (root && !formulas->as_written && is_slope)
            root = without_rests(formulas, root);
        formula->derivatives[input] =
            formula_of(formulas, root, formula->n_inputs, formula->names, formula->needs | NEEDS_REALS);
    }
    *derivative = formula->derivatives[input];
    return *derivative ? dg_ok() : dg_no_memory("a formula");
}

/* `name`, with underscores until no input has it. */
static const char *fresh_name(const dg_formula *formula, const char *name)
{
    char text[80];
    size_t length = strlen(name);
    memcpy(text, name, length + 1);
    for (int k = 0; k < formula->n_inputs && length + 1 < sizeof text;) {
        if (strcmp(formula->names[k], text) == 0) {
            text[length++] = '_';
            text[length] = '\0';
            k = 0;
        } else {
            k++;
        }
    }
    return pool_name(formula->pool, text, length);
}

/* How many inputs an expression reads: each costs about as much as two additions. */
static double cost(dg_formulas *pool, const expression *e)
{
    enum { READ = 2 };
    double flops = expression_flops(pool, e);
    for (size_t i = 0; i < pool->n_order; i++)
        flops += pool->order[i]->op == OP_INPUT ? READ : 0;
    return flops;
}

/* Whether something beside `output` overflows soon. Then the value must not be read: the slope that goes to 0 as fast
 * would be cut off from what it is multiplied by, and a second derivative would get an infinite cotangent. */
static bool may_overflow(dg_formulas *pool, const expression *e, const char *output)
{
    if (!pass_begin(pool, e))
        return true;
    for (size_t i = 0; i < pool->n_order; i++) {
        const expression *part = pool->order[i];
        switch (part->op) {
        case P_EXP:
        case P_EXP2:
        case P_EXPM1:
        case P_SINH:
        case P_COSH:
            return true;
        case P_SQUARE:
        case P_POW:
            if (part->args[0]->op != OP_INPUT || strcmp(part->args[0]->name, output) != 0)
                return true;
            break;
        default:
            break;
        }
    }
    return false;
}

/* The derivative with the formula's own value read from `output`, where that is less work than computing it again. */
static const expression *reuse_output(dg_formulas *pool, const dg_formula *formula, const expression *derivative,
                                      const char *output)
{
    if (!derivative || formula->root->op >= PRIMITIVE_COUNT)
        return derivative;
    const expression *reused =
        expression_substitute(pool, derivative, 0, NULL, NULL, formula->root, make_input(pool, output));
    if (!reused || reused == derivative || may_overflow(pool, reused, output))
        return derivative;
    return cost(pool, reused) < cost(pool, derivative) ? reused : derivative;
}

static const dg_formula *make_vjp(dg_formulas *pool, const dg_formula *formula, int wanted)
{
    const dg_formula *derivative;
    if (dg_formula_derivative(pool, formula, wanted, &derivative).code != DG_OK)
        return NULL;
    int n = formula->n_inputs;
    const char **names = malloc(((size_t)n + 2) * sizeof *names);
    if (!names)
        return NULL;
    memcpy(names, formula->names, (size_t)n * sizeof *names);
    names[n] = fresh_name(formula, "output");
    names[n + 1] = fresh_name(formula, "cotangent");
    const dg_formula *made = NULL;
    if (names[n] && names[n + 1]) {
        const expression *root = reuse_output(pool, formula, derivative->root, names[n]);
        const expression *cotangent = make_input(pool, names[n + 1]);
        made = formula_of(pool, root ? chain_rule(pool, root, cotangent) : NULL, n + 2, names,
                          formula->needs | NEEDS_REALS | OF_COTANGENT);
    }
    free(names);
    return made;
}

dg_status dg_formula_vjp(dg_formulas *formulas, const dg_formula *formula, int input, const dg_formula **vjp)
{
    REFUSE_NULL(formulas);
    REFUSE_NULL(formula);
    REFUSE_NULL(vjp);
    DG_TRY(check_input(formula, input));
    if (!formula->vjps[input])
        formula->vjps[input] = make_vjp(formulas, formula, input);
    *vjp = formula->vjps[input];
    return *vjp ? dg_ok() : dg_no_memory("a formula");
}

/* ---- putting formulas together ---- */

/* Appends the names of `formula` that are not in the list. */
static int join_names(const dg_formula *formula, const char **names, int n)
{
    for (int i = 0; i < formula->n_inputs; i++) {
        int k = 0;
        while (k < n && names[k] != formula->names[i])
            k++;
        if (k == n)
            names[n++] = formula->names[i];
    }
    return n;
}

static const dg_formula *substitute(dg_formulas *pool, const dg_formula *formula, const dg_formula *const *replacements)
{
    size_t most = 0, n_inputs = (size_t)formula->n_inputs;
    for (size_t k = 0; k < n_inputs; k++)
        most += (size_t)replacements[k]->n_inputs;
    const char **names = malloc((most + 1) * sizeof *names);
    const expression **images = malloc((n_inputs + 1) * sizeof *images);
    const dg_formula *made = NULL;
    if (names && images) {
        int n = 0;
        uint8_t needs = formula->needs;
        for (size_t k = 0; k < n_inputs; k++) {
            n = join_names(replacements[k], names, n);
            images[k] = replacements[k]->root;
            needs |= formula->uses[k] ? replacements[k]->needs : 0;
        }
        const expression *root =
            expression_substitute(pool, formula->root, formula->n_inputs, formula->names, images, NULL, NULL);
        made = formula_of(pool, root, n, names, needs);
    }
    free(names);
    free(images);
    return made;
}

dg_status dg_formula_substitute(dg_formulas *formulas, const dg_formula *formula, const dg_formula *const *replacements,
                                const dg_formula **result)
{
    REFUSE_NULL(formulas);
    REFUSE_NULL(formula);
    REFUSE_NULL(replacements);
    REFUSE_NULL(result);
    enum { SMALL = 32 };
    const void *key[SMALL + 1];
    const dg_formula *made = NULL;
    bool keep = formula->n_inputs <= SMALL;
    size_t size = ((size_t)formula->n_inputs + 1) * sizeof *key;
    uint64_t hash = 0;
    if (keep) {
        key[0] = formula;
        for (int k = 0; k < formula->n_inputs; k++)
            key[k + 1] = replacements[k];
        hash = hash_bytes(HASH_START ^ 3, key, size);
        made = memo_find(formulas, key, size, hash);
    }
    if (!made) {
        made = substitute(formulas, formula, replacements);
        if (made && keep && !memo_put(formulas, key, size, hash, made))
            made = NULL;
    }
    *result = made;
    return made ? dg_ok() : dg_no_memory("a formula");
}

dg_status dg_formula_input(dg_formulas *formulas, const char *const *inputs, int n_inputs, int k,
                           const dg_formula **result)
{
    REFUSE_NULL(formulas);
    REFUSE_NULL(inputs);
    REFUSE_NULL(result);
    const char **unique;
    DG_TRY(unique_names(formulas, inputs, n_inputs, &unique));
    *result = formula_of(formulas, make_input(formulas, unique[k]), n_inputs, unique, 0);
    free(unique);
    return *result ? dg_ok() : dg_no_memory("a formula");
}
