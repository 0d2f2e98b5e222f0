/* Where a formula may change from one smooth piece to another, and what was rewritten when it was parsed. */
#include "parse.h"

#include <math.h>
#include <stdlib.h>

/* Of an expression with whole values: it changes its sign from one to the next. */
static const expression *step_parity(dg_formulas *pool, const expression *whole)
{
    const expression *parity = make2(pool, P_REMAINDER, whole, make_constant(pool, 2));
    return make2(pool, P_SUB, parity, make_constant(pool, 0.5));
}

/* What changes its sign where the expression leaves one piece for another; NULL: it is smooth. */
static const expression *switch_of(dg_formulas *pool, const expression *e)
{
    switch (e->op) {
    case P_LT:
    case P_LE:
    case P_GT:
    case P_GE:
    case P_EQ:
    case P_NE:
    case P_MIN:
    case P_MAX:
        return make2(pool, P_SUB, e->args[0], e->args[1]);
    case P_ABS:
    case P_SIGN:
    case P_SQRT:
    case P_RSQRT:
    case P_RECIPROCAL:
    case P_LOG:
    case P_LOG2:
    case P_LOG10:
        return e->args[0];
    case P_TAN:
        return make1(pool, P_COS, e->args[0]);
    case P_FLOOR:
    case P_CEIL:
    case P_ROUND:
    case P_TRUNC:
        return step_parity(pool, e);
    case P_FMOD:
        return step_parity(pool, make1(pool, P_TRUNC, make2(pool, P_DIV, e->args[0], e->args[1])));
    case P_REMAINDER:
        return step_parity(pool, make1(pool, P_FLOOR, make2(pool, P_DIV, e->args[0], e->args[1])));
    case P_DIV:
        return e->args[1];
    case P_POW:
        return is_constant(e->args[1]) && e->args[1]->value != rint(e->args[1]->value) ? e->args[0] : NULL;
    default:
        return NULL;
    }
}

dg_status dg_formula_switches(dg_formulas *formulas, const dg_formula *formula, const dg_formula **list, int most,
                              int *n)
{
    if (!formulas || !formula || !list || !n || most < 0)
        return dg_error(DG_BAD_ARGUMENT, "switches need a pool, a formula and a list");
    if (!pass_begin(formulas, formula->root))
        return dg_no_memory("a formula");
    size_t count = formulas->n_order;
    const expression **order =
        malloc((count + 1) * sizeof *order); /* making expressions begins no pass, but may later */
    if (!order)
        return dg_no_memory("a formula");
    for (size_t i = 0; i < count; i++)
        order[i] = formulas->order[i];
    *n = 0;
    dg_status status = dg_ok();
    for (size_t i = 0; i < count && status.code == DG_OK; i++) {
        const expression *e = order[i]->op < PRIMITIVE_COUNT ? switch_of(formulas, order[i]) : NULL;
        const dg_formula *made =
            e && !is_constant(e) ? formula_of(formulas, e, formula->n_inputs, formula->names, formula->needs) : NULL;
        bool there = !made;
        for (int k = 0; k < *n; k++)
            there |= list[k] == made;
        if (!there && *n < most)
            list[(*n)++] = made;
    }
    free(order);
    return status;
}

void dg_formulas_keep_written(dg_formulas *formulas, bool on)
{
    if (formulas)
        formulas->as_written = on;
}

/* ---- the log of rewrites ---- */

void note_rewrite(dg_formulas *pool, int op, const expression *a, const expression *b, const expression *made)
{
    rewrites_made *log = pool->log;
    const expression *before = made ? expression_intern(pool, op, a, b, NULL) : NULL;
    if (!before || before == made || log->n == log->most)
        return;
    for (int k = 0; k < log->n; k++)
        if (log->list[k].before == before)
            return;
    log->list[log->n++] = (struct one_rewrite){before, made};
}

static const char *text_of(dg_formulas *pool, const expression *e)
{
    char *text = expression_print(e);
    const char *kept = text ? dg_arena_text(pool->arena, text, strlen(text)) : NULL;
    free(text);
    return kept;
}

dg_status dg_formula_rewrites(dg_formulas *formulas, const char *text, const dg_binding *bindings, int n_bindings,
                              dg_rewrite *list, int most, int *n)
{
    enum { MOST = 64 };
    struct one_rewrite made[MOST];
    if (!formulas || !text || !list || !n)
        return dg_error(DG_BAD_ARGUMENT, "rewrites need a pool, a text and a list");
    rewrites_made log = {.list = made, .most = most < MOST ? most : MOST};
    parser p = {.pool = formulas, .text = text, .bindings = bindings, .n_bindings = n_bindings};
    formulas->log = &log;
    const expression *read = formula_parse(&p), *root = fill_holes(formulas, read);
    formulas->log = NULL;
    free(p.names);
    if (!read)
        return p.status;
    if (!root)
        return dg_no_memory("a formula");
    *n = 0;
    for (int k = 0; k < log.n; k++) {
        const char *before = text_of(formulas, made[k].before), *after = text_of(formulas, made[k].after);
        if (!before || !after)
            return dg_no_memory("a formula");
        list[(*n)++] = (dg_rewrite){before, after};
    }
    return dg_ok();
}
