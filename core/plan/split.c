/* Derivatives that forward steps can prepare. The gradient of an elementwise step is the cotangent times a factor of
 * what the step read: x·Φ(x) has the factor Φ(x) + x·φ(x). Where that factor takes transcendental functions, it is
 * computed beside the forward step, which has most of them at hand, and kept in place of x; the backward step becomes a
 * product. */
#include "bind.h"

#include "core/formula/expression.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_FACTORS = 16,
    MOST_INPUTS = 16,
    WORTHWHILE = 8 /* operations a factor must take, so that reading it is cheaper */
};

/* A step to be added after another. */
typedef struct addition {
    int32_t after;
    step made;
} addition;

typedef struct splitting {
    build *u;
    binding *b;
    int32_t *first; /* by root: the first elementwise step that reads all its elements, or −1 */
    addition *additions;
    int32_t n_additions, capacity;
} splitting;

/* The factors of one step's formula. */
typedef struct factors {
    const expression *all[MOST_FACTORS];
    uint64_t inputs[MOST_FACTORS]; /* which inputs of the formula it has */
    int n;
} factors;

static bool is_read(const step *s, int k)
{
    return s->inputs[k] >= 0 && reads_bytes(s, k);
}

static int32_t root_of(const splitting *p, int32_t v)
{
    return p->b->values[v].root;
}

static bool is_whole(const splitting *p, const step *s, int k)
{
    return dg_tensor_count(&p->b->values[s->inputs[k]].tensor) ==
           dg_tensor_count(&p->b->values[s->first_output].tensor);
}

static bool is_candidate(const splitting *p, const step *s)
{
    const dg_tensor *out = &p->b->values[s->first_output].tensor;
    return s->alive && s->formula && s->n_inputs <= MOST_INPUTS && dg_dtype_is_float(s->compute) &&
           out->dtype == s->compute && dg_tensor_count(out) > 1;
}

/* ---- factors ---- */

static bool collect(const expression *root, factors *f)
{
    const expression *stack[MOST_FACTORS];
    int depth = 1;
    stack[0] = root;
    while (depth) {
        const expression *e = stack[--depth];
        if (e->op == P_MUL) {
            if (depth + 2 > MOST_FACTORS)
                return false;
            stack[depth++] = e->args[1];
            stack[depth++] = e->args[0];
        } else if (f->n == MOST_FACTORS) {
            return false;
        } else {
            f->all[f->n++] = e;
        }
    }
    return true;
}

static bool find_inputs(const dg_formula *formula, factors *f)
{
    for (int i = 0; i < f->n; i++) {
        if (!pass_begin(formula->pool, f->all[i]))
            return false;
        f->inputs[i] = 0;
        for (size_t e = 0; e < formula->pool->n_order; e++)
            for (int k = 0; k < formula->n_inputs; k++)
                if (is_op(formula->pool->order[e], OP_INPUT) && formula->pool->order[e]->name == formula->names[k])
                    f->inputs[i] |= UINT64_C(1) << k;
    }
    return true;
}

/* ---- what is known early ---- */

/* The forward step beside which those inputs are all known, or −1: each whole one is read by a forward step, and
 * nothing is made later than the last of these. */
static int32_t forward_step(const splitting *p, const step *s, uint64_t inputs)
{
    int32_t at = -1;
    for (int k = 0; k < s->n_inputs; k++) {
        if (!(inputs >> k & 1) || !is_whole(p, s, k))
            continue;
        int32_t first = p->first[root_of(p, s->inputs[k])];
        int32_t made = p->b->values[root_of(p, s->inputs[k])].producer;
        int32_t known = first >= 0 ? first : made; /* what a forward step has made is known there */
        at = known > at ? known : at;
    }
    for (int k = 0; k < s->n_inputs && at >= 0; k++)
        if ((inputs >> k & 1) && p->b->values[root_of(p, s->inputs[k])].producer > at)
            at = -1;
    return at >= 0 && p->b->steps[at].formula ? at : -1;
}

/* Which factors can be computed at the step `at`: those whose inputs are all made by then. */
static uint64_t early_factors(const splitting *p, const step *s, const factors *f, int32_t at)
{
    uint64_t early = 0;
    for (int i = 0; i < f->n; i++) {
        bool known = f->inputs[i] != 0;
        for (int k = 0; k < s->n_inputs && known; k++)
            if (f->inputs[i] >> k & 1)
                known = p->b->values[root_of(p, s->inputs[k])].producer <= at;
        early |= (uint64_t)known << i;
    }
    return early;
}

/* ---- splitting ---- */

static const expression *product_of(dg_formulas *pool, const factors *f, uint64_t which)
{
    const expression *product = NULL;
    for (int i = 0; i < f->n; i++)
        if (which >> i & 1)
            product = product ? make2(pool, P_MUL, product, f->all[i]) : f->all[i];
    return product;
}

static addition *new_addition(splitting *p)
{
    if (p->n_additions == p->capacity) {
        int32_t capacity = p->capacity ? 2 * p->capacity : 16;
        addition *larger = realloc(p->additions, sizeof *larger * (size_t)capacity);
        if (!larger)
            return NULL;
        p->additions = larger;
        p->capacity = capacity;
    }
    return &p->additions[p->n_additions++];
}

/* The step that computes the factor beside step `at`; *made is −1 where its type is not the product's. */
static dg_status add_factor(splitting *p, const step *s, const expression *root, int32_t at, int32_t *made)
{
    const dg_type *types[MOST_INPUTS];
    dg_type known[MOST_INPUTS], type;
    dg_dtype compute;
    const dg_formula *formula = formula_of(s->formula->pool, root, s->formula->n_inputs, s->formula->names, 0);
    *made = -1;
    if (!formula)
        return dg_no_memory("a plan");
    for (int k = 0; k < s->n_inputs; k++) {
        bool used = s->inputs[k] >= 0 && dg_formula_uses(formula, k);
        types[k] = used ? &known[k] : NULL;
        if (used)
            known[k] = type_of(&p->b->values[s->inputs[k]].tensor);
    }
    DG_TRY(formula_infer(formula, s->n_inputs, types, &type, &compute));
    const dg_tensor *out = &p->b->values[s->first_output].tensor;
    if (compute != s->compute || type.dtype != out->dtype || !dg_shape_equal(&type.shape, &out->shape))
        return dg_ok();
    DG_TRY(new_value(p->b, &type, STORED_IN_ARENA, made));
    p->b->values[*made].needed = true;
    addition *added = new_addition(p);
    if (!added)
        return dg_no_memory("a plan");
    *added = (addition){at, *s};
    added->made.formula = formula;
    added->made.first_output = *made;
    added->made.flops = dg_formula_flops(formula) * (double)dg_shape_count(&type.shape);
    return dg_ok();
}

/* The step multiplies by the factor that has been computed. */
static dg_status use_factor(splitting *p, step *s, const expression *rest, int32_t factor)
{
    dg_formulas *pool = s->formula->pool;
    const char *names[MOST_INPUTS + 1];
    int n = s->n_inputs;
    int32_t *inputs = dg_arena_alloc(p->b->arena, sizeof *inputs * (size_t)(n + 1));
    const char *name = pool_name(pool, "#factor", strlen("#factor"));
    if (!inputs || !name)
        return dg_no_memory("a plan");
    memcpy(names, s->formula->names, sizeof *names * (size_t)n);
    memcpy(inputs, s->inputs, sizeof *inputs * (size_t)n);
    names[n] = name;
    inputs[n] = factor;
    const dg_formula *formula =
        formula_of(pool, make2(pool, P_MUL, rest, make_input(pool, name)), n + 1, names, s->formula->needs);
    if (!formula)
        return dg_no_memory("a plan");
    s->flops = dg_formula_flops(formula) * (double)dg_tensor_count(&p->b->values[s->first_output].tensor);
    s->formula = formula;
    s->inputs = inputs;
    s->n_inputs = n + 1;
    return dg_ok();
}

static dg_status split_step(splitting *p, int32_t index)
{
    step *s = &p->b->steps[index];
    dg_formulas *pool = s->formula->pool;
    factors f = {.n = 0};
    if (s->n_inputs == MOST_INPUTS || !collect(s->formula->root, &f) || f.n < 2)
        return dg_ok();
    if (!find_inputs(s->formula, &f))
        return dg_no_memory("a plan");
    int32_t at = -1; /* the first place where a factor worth it can be computed */
    for (int i = 0; i < f.n; i++) {
        int32_t early = expression_flops(pool, f.all[i]) >= WORTHWHILE ? forward_step(p, s, f.inputs[i]) : -1;
        at = early >= 0 && early < index && (at < 0 || early < at) ? early : at;
    }
    if (at < 0)
        return dg_ok();
    uint64_t early = early_factors(p, s, &f, at), all = (UINT64_C(1) << f.n) - 1;
    bool late = false; /* a whole input that is not known yet */
    for (int i = 0; i < f.n; i++)
        for (int k = 0; k < s->n_inputs; k++)
            late |= !(early >> i & 1) && (f.inputs[i] >> k & 1) && is_whole(p, s, k);
    if (early == 0 || !late)
        return dg_ok();
    const expression *factor = product_of(pool, &f, early), *rest = product_of(pool, &f, all & ~early);
    int32_t made;
    if (!factor || !rest)
        return dg_no_memory("a plan");
    DG_TRY(add_factor(p, s, factor, at, &made));
    return made >= 0 ? use_factor(p, &p->b->steps[index], rest, made) : dg_ok();
}

static void note_first(splitting *p, int32_t index)
{
    const step *s = &p->b->steps[index];
    for (int k = 0; k < s->n_inputs; k++)
        if (is_read(s, k) && is_whole(p, s, k) && p->first[root_of(p, s->inputs[k])] < 0)
            p->first[root_of(p, s->inputs[k])] = index;
}

static int by_place(const void *a, const void *b)
{
    const addition *first = a, *second = b;
    return first->after != second->after ? (first->after < second->after ? -1 : 1)
                                         : (first->made.first_output < second->made.first_output ? -1 : 1);
}

static dg_status insert_additions(splitting *p)
{
    binding *b = p->b;
    step *steps = malloc(sizeof *steps * (size_t)(b->n_steps + p->n_additions + 1));
    if (!steps)
        return dg_no_memory("a plan");
    qsort(p->additions, (size_t)p->n_additions, sizeof *p->additions, by_place);
    int32_t count = 0, next = 0;
    for (int32_t i = 0; i < b->n_steps; i++) {
        steps[count++] = b->steps[i];
        for (; next < p->n_additions && p->additions[next].after == i; next++)
            steps[count++] = p->additions[next].made;
    }
    free(b->steps);
    b->steps = steps;
    b->n_steps = count;
    return dg_ok();
}

dg_status split_steps(build *u)
{
    splitting p = {.u = u, .b = u->b};
    dg_status status = dg_ok();
    if (!plan_does(u->plan, DG_SPLITTING))
        return status;
    int32_t n_values = u->b->n_values;
    p.first = malloc(sizeof *p.first * (size_t)(n_values + 1));
    if (!p.first)
        return dg_no_memory("a plan");
    memset(p.first, 0xff, sizeof *p.first * (size_t)(n_values + 1));
    for (int32_t i = 0; i < p.b->n_steps && status.code == DG_OK; i++) {
        if (!is_candidate(&p, &p.b->steps[i]))
            continue;
        note_first(&p, i);
        status = split_step(&p, i);
    }
    if (status.code == DG_OK && p.n_additions)
        status = insert_additions(&p);
    free(p.first);
    free(p.additions);
    return status;
}
