/* What an op's descriptor must be, so that what comes after registration can rely on it. */
#include "graph.h"

#include "core/base/plain.h"

#include <dotgrad/version.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static dg_status wrong(const dg_op *op, const char *format, ...) __attribute__((format(printf, 2, 3)));
static dg_status wrong(const dg_op *op, const char *format, ...)
{
    char what[600];
    va_list arguments;
    va_start(arguments, format);
    plain_print_list(what, sizeof what, format, arguments);
    va_end(arguments);
    return dg_error(DG_BAD_ARGUMENT, "op '%s': %s", op->name, what);
}

/* ---- inputs ---- */

static bool is_empty_input(const dg_input_spec *input)
{
    return !input->name && !input->flags && !input->doc && !input->parameter && !input->init && !input->init_for &&
           !input->init_attr && !input->stored;
}

static dg_status check_init(const dg_op *op, const dg_input_spec *input)
{
    if ((input->init || input->init_for || input->init_attr) && !input->parameter)
        return wrong(op, "input '%s' has an initialiser, but no `parameter` that it would be for", input->name);
    if (!input->init_attr)
        return dg_ok();
    for (int k = 0; k < dg_op_attr_count(op); k++)
        if (strcmp(op->attrs[k].name, input->init_attr) == 0)
            return op->attrs[k].kind == DG_ATTR_INIT
                       ? dg_ok()
                       : wrong(op, "init_attr of input '%s' is '%s', which is no DG_ATTR_INIT", input->name,
                               input->init_attr);
    return wrong(op, "init_attr of input '%s' is '%s', and there is no such attribute", input->name, input->init_attr);
}

static dg_status check_inputs(const dg_op *op)
{
    int count = dg_op_input_count(op), targets = 0;
    for (int k = count; k < DG_MAX_INPUTS; k++)
        if (!is_empty_input(&op->inputs[k]))
            return wrong(op, "input %d has no name", count);
    for (int k = 0; k < count; k++) {
        const dg_input_spec *input = &op->inputs[k];
        if (!plain_is_name(input->name, true))
            return wrong(op, "input %d is called '%s': a name is letters, digits, _ and points", k, input->name);
        for (int i = 0; i < k; i++)
            if (strcmp(op->inputs[i].name, input->name) == 0)
                return wrong(op, "inputs %d and %d are both called '%s'", i, k, input->name);
        if ((input->flags & DG_VARIADIC) && k != count - 1)
            return wrong(op, "input '%s' is DG_VARIADIC, which only the last one may be", input->name);
        targets += (input->flags & DG_TARGET) != 0;
        DG_TRY(check_init(op, input));
    }
    return targets > 1 ? wrong(op, "%d inputs are DG_TARGET, one may be", targets) : dg_ok();
}

/* ---- attributes ---- */

static bool is_empty_attr(const dg_attr_spec *attr)
{
    return !attr->name && !attr->kind && !attr->fallback && !attr->doc && !attr->choices && !attr->positional &&
           !attr->may_be_nan && !attr->may_be_infinite && !attr->takes_rest;
}

static dg_status check_attrs(const dg_op *op)
{
    int count = dg_op_attr_count(op);
    for (int k = count; k < DG_MAX_ATTRS; k++)
        if (!is_empty_attr(&op->attrs[k]))
            return wrong(op, "attribute %d has no name", count);
    for (int k = 0; k < count; k++) {
        const dg_attr_spec *attr = &op->attrs[k];
        if (!plain_is_name(attr->name, false))
            return wrong(op, "attribute %d is called '%s': a name is letters, digits and _", k, attr->name);
        for (int i = 0; i < k; i++)
            if (strcmp(op->attrs[i].name, attr->name) == 0)
                return wrong(op, "attributes %d and %d are both called '%s'", i, k, attr->name);
        bool is_in_formula = (op->formula || op->formula_for) && attr->kind <= DG_ATTR_FLOAT;
        for (int i = 0; is_in_formula && i < dg_op_input_count(op); i++)
            if (strcmp(op->inputs[i].name, attr->name) == 0)
                return wrong(op, "input %d and attribute %d, a name in formulas, are both called '%s'", i, k,
                             attr->name);
        if ((int)attr->kind < DG_ATTR_BOOL || attr->kind > DG_ATTR_TEXT)
            return wrong(op, "attribute '%s' is of kind %d, which there is not", attr->name, (int)attr->kind);
        if (attr->choices && attr->kind != DG_ATTR_NAME && attr->kind != DG_ATTR_SIZES)
            return wrong(op, "attribute '%s' has choices, but is no DG_ATTR_NAME", attr->name);
        if ((attr->may_be_nan || attr->may_be_infinite) && attr->kind != DG_ATTR_FLOAT)
            return wrong(op, "attribute '%s' has %s, but is no DG_ATTR_FLOAT", attr->name,
                         attr->may_be_nan ? "may_be_nan" : "may_be_infinite");
        if (attr->takes_rest && attr->kind != DG_ATTR_SHAPE)
            return wrong(op, "attribute '%s' has takes_rest, but is no DG_ATTR_SHAPE", attr->name);
    }
    return dg_ok();
}

/* ---- outputs, ways to compute, traits ---- */

static dg_status check_outputs(const dg_op *op)
{
    int count = 0;
    while (count < DG_MAX_OUTPUTS && op->outputs[count])
        count++;
    for (int k = count; k < DG_MAX_OUTPUTS; k++)
        if (op->outputs[k])
            return wrong(op, "output %d has no name", count);
    for (int k = 0; k < count; k++)
        if (!plain_is_name(op->outputs[k], false))
            return wrong(op, "output %d is called '%s': a name is letters, digits and _", k, op->outputs[k]);
    if (count && op->output_count)
        return wrong(op, "it has names of outputs and an output_count: outputs that are counted have no names");
    return dg_ok();
}

static dg_status check_ways(const dg_op *op)
{
    bool any = op->flags & DG_ANY_INPUTS, formula = op->formula || op->formula_for || any;
    if (op->formula && op->formula_for)
        return wrong(op, "it has a formula and a formula_for: one is expected");
    if (formula && (op->forward || op->compose))
        return wrong(op, "it has a formula and %s: one way to compute is expected",
                     op->forward ? "forward" : "compose");
    if (op->forward && op->compose)
        return wrong(op, "it has forward and compose: one way to compute is expected");
    if (!formula && !op->infer)
        return wrong(op, "it has no shape rule (infer)");
    if (!formula && !op->forward && !op->compose && !(op->flags & DG_VIEW) && op->role == DG_ROLE_NONE)
        return wrong(op, "it has neither formula nor forward nor compose");
    if (formula && !any && dg_op_input_count(op) == 0)
        return wrong(op, "it has a formula, but no inputs");
    if ((op->flags & (DG_EPILOGUE | DG_PROLOGUE | DG_ANY_LAYOUT)) && !op->forward)
        return wrong(op, "its flags are of a kernel (DG_EPILOGUE, DG_PROLOGUE, DG_ANY_LAYOUT), but it has no forward");
    if (op->workspace && !op->forward)
        return wrong(op, "it has a workspace, but no forward that would use it");
    if (op->layout && !op->forward)
        return wrong(op, "it has a layout, but no forward whose it would be");
    if (op->terms && (formula || dg_op_input_count(op) == 0))
        return wrong(op, "it has terms, but %s", formula ? "a formula too, which tells all" : "no inputs to be summed");
    if ((op->flags & (DG_VIEW | DG_IN_PLACE)) && !any && dg_op_input_count(op) == 0)
        return wrong(op, "its output would be its input 0 (DG_VIEW, DG_IN_PLACE), but it has no inputs");
    return dg_ok();
}

static dg_status check_traits(const dg_op *op)
{
    if ((int)op->role < DG_ROLE_NONE || op->role > DG_ROLE_OUTPUT)
        return wrong(op, "its role is %d, which there is not", (int)op->role);
    if ((int)op->scores < DG_SCORES_NONE || op->scores > DG_SCORES_VALUES)
        return wrong(op, "scores is %d, which there is not", (int)op->scores);
    if ((op->scores || op->squares) && dg_op_target(op) < 1)
        return wrong(op, "%s is of a loss whose input 0 has a target beside it: another input is to have DG_TARGET",
                     op->scores ? "scores" : "squares");
    return dg_ok();
}

dg_status descriptor_check(const dg_op *op)
{
    if (op->version != 0 && op->version != DG_OP_VERSION)
        return dg_error(
            DG_BAD_ARGUMENT,
            "an op was compiled for another version of dotgrad: its descriptor is not of version %d; compile "
            "it again with the headers of dotgrad %s",
            DG_OP_VERSION, dg_version());
    if (!op->name || !op->name[0])
        return dg_error(DG_BAD_ARGUMENT, "an op has no name");
    if (!plain_is_name(op->name, false))
        return dg_error(DG_BAD_ARGUMENT, "an op is called '%.60s': a name is letters, digits and _", op->name);
    if (!op->summary || !op->family)
        return wrong(op, "it has no %s", op->summary ? "family" : "summary");
    DG_TRY(check_inputs(op));
    DG_TRY(check_attrs(op));
    if (op->unnamed < 0 || op->unnamed > dg_op_attr_count(op) || (op->unnamed && !op->from_input))
        return wrong(op, "unnamed is %d of %d attributes%s", op->unnamed, dg_op_attr_count(op),
                     op->from_input ? "" : ", without from_input");
    DG_TRY(check_outputs(op));
    DG_TRY(check_ways(op));
    return check_traits(op);
}

/* ---- texts: of ops that users register ---- */

/* Over the names that a formula may have: inputs, and attributes that are numbers, whatever these will be. */
static dg_status check_formula(const dg_op *op, dg_formulas *pool, const char *text)
{
    const char *names[DG_MAX_INPUTS + DG_MAX_ATTRS];
    const dg_formula *formula;
    int n = 0;
    for (int k = 0; k < dg_op_input_count(op); k++)
        names[n++] = op->inputs[k].name;
    for (int k = 0; k < dg_op_attr_count(op); k++) {
        dg_attr_kind kind = op->attrs[k].kind;
        if (kind == DG_ATTR_FLOAT || kind == DG_ATTR_BOOL || kind == DG_ATTR_INT)
            names[n++] = op->attrs[k].name;
    }
    dg_status status = dg_formula_parse(pool, text, NULL, 0, names, n, &formula);
    return status.code == DG_OK ? status : dg_prefixed(status, "op '%s'", op->name);
}

static dg_status check_samples(const dg_op *op, dg_arena *arena)
{
    for (const dg_sample *sample = op->samples; sample && sample->call; sample++) {
        dg_value call;
        dg_status status = dg_call_parse(arena, sample->call, &call);
        if (status.code != DG_OK)
            return dg_prefixed(status, "op '%s', sample '%.80s'", op->name, sample->call);
        if (strcmp(call.s, op->name) != 0)
            return wrong(op, "sample '%.80s' is a call of another op", sample->call);
    }
    return dg_ok();
}

static dg_status check_inits(const dg_op *op, dg_arena *arena)
{
    for (int k = 0; k < dg_op_input_count(op); k++) {
        dg_value call;
        if (!op->inputs[k].init)
            continue;
        dg_status status = dg_call_parse(arena, op->inputs[k].init, &call);
        if (status.code != DG_OK)
            return dg_prefixed(status, "op '%s', init of input '%s'", op->name, op->inputs[k].name);
    }
    return dg_ok();
}

dg_status descriptor_check_texts(const dg_op *op)
{
    dg_formulas *pool = NULL;
    dg_arena *arena = NULL;
    if (op->role != DG_ROLE_NONE)
        return wrong(op, "its role is one of the engine's own");
    dg_status status = dg_arena_new(&arena);
    if (status.code == DG_OK && op->formula)
        status = dg_formulas_new(&pool);
    if (status.code == DG_OK && op->formula)
        status = check_formula(op, pool, op->formula);
    if (status.code == DG_OK)
        status = check_samples(op, arena);
    if (status.code == DG_OK)
        status = check_inits(op, arena);
    dg_formulas_free(pool);
    dg_arena_free(arena);
    return status;
}
