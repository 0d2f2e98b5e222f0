/* Parameters that a node owns: weights of layers, and those in the call of a formula. */
#include "making.h"

#include <stdio.h>
#include <string.h>

enum { MOST_OPTIONS = 12 };

/* `options` are attributes of the parameter by keyword; three more are put behind them. */
static dg_node *make_parameter(const making *m, const char *suffix, const dg_shape *shape, const dg_value *init,
                               dg_value options[MOST_OPTIONS], int n_options)
{
    char name[400];
    const dg_application *a = m->application;
    if (a->name)
        snprintf(name, sizeof name, "%s.%s", a->name, suffix);
    else
        snprintf(name, sizeof name, "%s_%lld.%s", a->op, (long long)m->number, suffix);
    options[n_options] = dg_shape_value(shape);
    options[n_options++].key = "shape";
    options[n_options] = *init;
    options[n_options++].key = "init";
    return dg_apply(&(dg_application){.graph = m->graph,
                                      .op = registry_parameter_op()->op->name,
                                      .name = name,
                                      .at = a->at,
                                      .n_attrs = n_options,
                                      .attrs = options});
}

/* The parameter that the node which this one shares with has of that name. */
static dg_status shared_parameter(const making *m, const char *name, const dg_shape *shape, dg_node **parameter)
{
    dg_node *other = m->application->share;
    char own[DG_SHAPE_TEXT], its[DG_SHAPE_TEXT];
    *parameter = NULL;
    for (int k = 0; k < other->n_inputs && !*parameter; k++) {
        const char *input = dg_node_input_name(other, k);
        if (input && strcmp(input, name) == 0)
            *parameter = other->inputs[k];
    }
    if (!*parameter)
        return dg_error(DG_BAD_ARGUMENT, "it shares with %s '%s', which has no '%s'", other->entry->op->name,
                        dg_node_name(other), name);
    if (!dg_shape_equal(&(*parameter)->types[0].shape, shape))
        return dg_error(DG_BAD_SHAPE, "it shares '%s' with '%s', where it is %s; here it would be %s", name,
                        dg_node_name(other),
                        dg_graph_print_shape(m->graph, &(*parameter)->types[0].shape, its, sizeof its),
                        dg_graph_print_shape(m->graph, shape, own, sizeof own));
    return dg_ok();
}

/* ---- weights of layers ---- */

/* The initialiser: the layer's own attribute, the graph's, then what the op says. */
static dg_status choose_init(const making *m, const dg_input_spec *spec, const dg_infer *infer, dg_value *init)
{
    char text[160];
    *init = (dg_value){0};
    for (int j = 0; spec->init_attr && j < m->entry->n_attrs; j++)
        if (strcmp(m->entry->op->attrs[j].name, spec->init_attr) == 0)
            *init = m->attrs[j];
    if (init->kind == DG_VALUE_NONE && spec->init_attr && m->graph->init[0] && !(spec->flags & DG_FIXED))
        DG_TRY(dg_call_parse(m->graph->arena, m->graph->init, init));
    if (init->kind == DG_VALUE_NONE && spec->init_for) {
        DG_TRY(spec->init_for(infer, text, sizeof text));
        DG_TRY(dg_call_parse(m->graph->arena, text, init));
    }
    if (init->kind == DG_VALUE_NONE && spec->init)
        DG_TRY(dg_call_parse(m->graph->arena, spec->init, init));
    return dg_ok();
}

static dg_status own_parameter(making *m, int k, const dg_infer *infer)
{
    const dg_input_spec *spec = input_spec(m->entry, m->attrs, k);
    dg_shape shape = {0};
    bool present = true;
    dg_value init, options[MOST_OPTIONS] = {dg_bool(!(spec->flags & DG_FIXED)), dg_bool(spec->flags & DG_POSITIVE)};
    options[0].key = "trainable";
    options[1].key = "positive";
    DG_TRY(spec->parameter(infer, &shape, &present));
    if (!present)
        return dg_ok();
    if (!dg_shape_is_known(&shape)) {
        char text[DG_SHAPE_TEXT];
        return dg_error(DG_BAD_SHAPE, "the shape of '%s' would be %s: its sizes must be numbers", spec->name,
                        dg_graph_print_shape(m->graph, &shape, text, sizeof text));
    }
    if (m->application->share)
        return shared_parameter(m, spec->name, &shape, &m->inputs[k]);
    DG_TRY(choose_init(m, spec, infer, &init));
    m->inputs[k] = make_parameter(m, spec->name, &shape, &init, options, 2);
    return m->graph->status;
}

static dg_status own_parameters(making *m)
{
    const dg_op *op = m->entry->op;
    const dg_type *few[DG_MAX_INPUTS], **types = few;
    if (m->entry->variadic)
        return dg_ok();
    if (m->n_inputs > DG_MAX_INPUTS) {
        types = dg_arena_alloc(m->graph->arena, sizeof *types * (size_t)m->n_inputs);
        if (!types)
            return dg_no_memory("a node");
    }
    for (int k = 0; k < m->n_inputs; k++) {
        if (m->inputs[k] || !input_spec(m->entry, m->attrs, k)->parameter)
            continue;
        making_types(m, types);
        dg_infer infer = {.op = op, .graph = m->graph, .attrs = m->attrs, .n_inputs = m->n_inputs, .inputs = types};
        DG_TRY(own_parameter(m, k, &infer));
    }
    return dg_ok();
}

/* ---- parameters in the call of a formula: beta=parameter(1.0, per=channel, positive=true) ---- */

/* [C, 1, …] against an input [N, C, …]. */
static dg_status channel_shape(const making *m, const dg_value *per, dg_shape *shape)
{
    const dg_node *x = m->inputs[0];
    bool channel = (per->kind == DG_VALUE_NAME || per->kind == DG_VALUE_STRING) && strcmp(per->s, "channel") == 0;
    if (!channel || !x || x->types[0].shape.rank < 2)
        return dg_error(DG_BAD_ARGUMENT, "parameter(…, per=channel) needs an input [N, C, …]");
    shape->rank = x->types[0].shape.rank - 1;
    for (int d = 0; d < shape->rank; d++)
        shape->dims[d] = d == 0 ? x->types[0].shape.dims[1] : 1;
    return shape->dims[0] >= 0
               ? dg_ok()
               : dg_error(DG_BAD_SHAPE, "parameter(…, per=channel): the number of channels is not known");
}

static dg_status start_of(const making *m, const dg_value *call, dg_value *init)
{
    const dg_value *start = dg_call_argument(call, 0, "init");
    double number = 0;
    if (start && start->kind == DG_VALUE_CALL) {
        *init = *start;
        return dg_ok();
    }
    if (start && !dg_value_number(start, &number))
        return dg_error(DG_BAD_ARGUMENT, "parameter(%s): the first argument is its starting value", call->key);
    dg_value *value = dg_arena_alloc(m->graph->arena, sizeof *value);
    if (!value)
        return dg_no_memory("a node");
    *value = dg_float(number);
    *init = (dg_value){.kind = DG_VALUE_CALL, .s = "constant", .count = 1, .items = value};
    return dg_ok();
}

/* What the call has beside start and per: options of the op "parameter" by keyword. */
static dg_status options_of(const making *m, const dg_value *call, dg_value options[MOST_OPTIONS], int *count)
{
    *count = 0;
    for (size_t i = 0; i < call->count; i++) {
        const dg_value *item = &call->items[i];
        if (!item->key && i > 1)
            return dg_error(DG_BAD_ARGUMENT,
                            "%s=parameter(…): %s is one value too many; start and per come by position, the rest by "
                            "keyword",
                            call->key, dg_value_print(m->graph->arena, item));
        if (!item->key || strcmp(item->key, "init") == 0 || strcmp(item->key, "per") == 0)
            continue;
        if (strcmp(item->key, "shape") == 0)
            return dg_error(DG_BAD_ARGUMENT,
                            "%s=parameter(…): its shape is one number, or one a channel with per=channel; wire a node "
                            "parameter(%s) for others",
                            call->key, dg_value_print(m->graph->arena, item));
        if (*count + 3 >= MOST_OPTIONS)
            return dg_error(DG_BAD_ARGUMENT, "%s=parameter(…): too many options", call->key);
        options[(*count)++] = *item;
    }
    return dg_ok();
}

/* Once the inputs, whose channels they may follow, are placed. */
static dg_status own_formula_parameters(making *m)
{
    for (int i = 0; i < m->n_extra; i++) {
        const dg_value *call = &m->extra[i];
        if (call->kind != DG_VALUE_CALL)
            continue;
        int place = making_input(m, call->key), n_options;
        if (place < 0)
            return dg_error(DG_BAD_ARGUMENT, "the formula has no '%s'", call->key);
        if (m->inputs[place])
            return dg_error(DG_BAD_ARGUMENT, "'%s' is given twice", call->key);
        const dg_value *per = dg_call_argument(call, 1, "per");
        dg_value init, options[MOST_OPTIONS];
        dg_shape shape = dg_scalar();
        if (per)
            DG_TRY(channel_shape(m, per, &shape));
        DG_TRY(options_of(m, call, options, &n_options));
        if (m->application->share) {
            DG_TRY(shared_parameter(m, call->key, &shape, &m->inputs[place]));
            continue;
        }
        DG_TRY(start_of(m, call, &init));
        m->inputs[place] = make_parameter(m, call->key, &shape, &init, options, n_options);
        if (!m->inputs[place])
            return m->graph->status;
    }
    return dg_ok();
}

dg_status making_own(making *m)
{
    return m->entry->op->flags & DG_ANY_INPUTS ? own_formula_parameters(m) : own_parameters(m);
}
