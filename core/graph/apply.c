/* Making nodes: arguments to their places, weights for layers, formulas. */
#include "core/base/null.h"
#include "graph.h"

#include "making.h"
#include <dotgrad/utf8.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The node of the user's that is being expanded or differentiated; NULL: the user is making this one. */
static dg_node *on_behalf_of(const dg_graph *graph)
{
    dg_node *node = graph->owner ? graph->owner : graph->differentiated;
    while (node && (node->owner || node->derivative_of))
        node = node->owner ? node->owner : node->derivative_of;
    return node;
}

/* Where a node is made that is made now: what is emitted has no place in the user's program. */
static dg_location place_of(const making *m)
{
    return m->graph->emitting ? (dg_location){.file = NULL} : m->application->at;
}

/* "linear 'fc1': message (net.c:12)"; of a part that the user has not written, "layer_norm 'ln': its mul: message
 * (net.c:12)", with the place where the user has made that layer_norm. */
static dg_node *fail(const making *m, dg_status status)
{
    if (m->graph->status.code != DG_OK)
        return NULL;
    const dg_application *a = m->application;
    dg_node *whole = on_behalf_of(m->graph);
    dg_location where = whole ? whole->at : place_of(m);
    char at[600] = "", part[100] = "";
    if (where.file && where.line > 0)
        snprintf(at, sizeof at, " (%s:%d)", where.file, where.line);
    else if (where.file)
        snprintf(at, sizeof at, " (%s)", where.file);
    const char *op = whole ? whole->entry->op->name : a->op ? a->op : "node";
    const char *name = whole ? dg_node_name(whole) : m->name ? m->name : "", *quote = *name ? "'" : "";
    const char *space = *name ? " " : "";
    if (whole)
        snprintf(part, sizeof part, "%s %s: ", m->graph->owner ? "its" : "in its derivative,", a->op ? a->op : "node");
    return dg_graph_fail(
        m->graph, dg_error(status.code, "%s%s%s%s%s: %s%s%s", op, space, quote, name, quote, part, status.message, at));
}

/* ---- inputs ---- */

int making_input(const making *m, const char *name)
{
    if (m->formula) {
        for (int k = 0; k < dg_formula_input_count(m->formula); k++)
            if (strcmp(dg_formula_input_name(m->formula, k), name) == 0)
                return k;
    }
    if (!(m->entry->op->flags & DG_ANY_INPUTS)) {
        for (int k = 0; k < input_count(m->entry, m->attrs); k++)
            if (strcmp(input_spec(m->entry, m->attrs, k)->name, name) == 0)
                return k;
    }
    char *end;
    long position = strtol(name, &end, 10);
    return *name && !*end && position >= 0 && position < m->n_inputs ? (int)position : -1;
}

static void list_inputs(const making *m, char *text, size_t size)
{
    bool any = m->entry->op->flags & DG_ANY_INPUTS;
    int count = any ? dg_formula_input_count(m->formula) : input_count(m->entry, m->attrs);
    text[0] = '\0';
    for (int k = 0; k < count; k++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%s", k ? ", " : "",
                 any ? dg_formula_input_name(m->formula, k) : input_spec(m->entry, m->attrs, k)->name);
    }
    if (count == 0)
        snprintf(text, size, "none");
}

static int input_places(const making *m)
{
    if (m->entry->op->flags & DG_ANY_INPUTS)
        return dg_formula_input_count(m->formula);
    int places = input_count(m->entry, m->attrs);
    return m->entry->variadic && m->application->n_inputs > places ? m->application->n_inputs : places;
}

/* What was given for it is NULL, or nothing was. */
static dg_status missing_input(const making *m, const char *input)
{
    const char *name = missing_name(m->graph);
    return dg_error(DG_BAD_ARGUMENT, "input '%s' is missing%s%s%s", input, name ? ": the graph has no node '" : "",
                    name ? name : "", name ? "'" : "");
}

static dg_status place_inputs(making *m)
{
    const dg_application *a = m->application;
    char known[300];
    m->n_inputs = input_places(m);
    m->inputs = dg_arena_alloc(m->graph->arena, sizeof(dg_node *) * (size_t)(m->n_inputs + 1));
    if (!m->inputs)
        return dg_no_memory("a node");
    for (int i = 0; i < a->n_inputs; i++) { /* the named ones first: they keep their places */
        const char *name = a->input_names ? a->input_names[i] : NULL;
        if (!name)
            continue;
        int place = making_input(m, name);
        list_inputs(m, known, sizeof known);
        if (place < 0)
            return dg_error(DG_BAD_ARGUMENT, "no input '%s'; it takes %s", name, known);
        if (m->inputs[place])
            return dg_error(DG_BAD_ARGUMENT, "two nodes are connected to input '%s': '%s' and '%s'", name,
                            dg_node_name(m->inputs[place]), dg_node_name(a->inputs[i]));
        if (!a->inputs[i])
            return missing_input(m, name);
        m->inputs[place] = a->inputs[i];
    }
    for (int i = 0, place = 0; i < a->n_inputs; i++) {
        if (a->input_names && a->input_names[i])
            continue;
        while (a->input_names && place < m->n_inputs && m->inputs[place])
            place++;
        if (place >= m->n_inputs) {
            list_inputs(m, known, sizeof known);
            return dg_error(DG_BAD_ARGUMENT, "%d input(s) given, it takes %d: %s", a->n_inputs, m->n_inputs, known);
        }
        m->inputs[place++] = a->inputs[i];
    }
    return dg_ok();
}

int input_count(const op_entry *entry, const dg_value *attrs)
{
    int more = 0;
    if (entry->op->more_inputs)
        entry->op->more_inputs(attrs, &more);
    return entry->n_inputs + more;
}

const dg_input_spec *input_spec(const op_entry *entry, const dg_value *attrs, int k)
{
    const dg_op *op = entry->op;
    int more = 0;
    if (k < entry->n_inputs)
        return &op->inputs[k];
    const dg_input_spec *specs = op->more_inputs ? op->more_inputs(attrs, &more) : NULL;
    return k - entry->n_inputs < more ? &specs[k - entry->n_inputs] : &op->inputs[entry->n_inputs - 1];
}

/* What is wanted and cannot be made is there, before parameters are made by it. */
static dg_status check_given(const making *m)
{
    for (int k = 0; k < m->n_inputs && !(m->entry->op->flags & DG_ANY_INPUTS); k++) {
        const dg_input_spec *spec = input_spec(m->entry, m->attrs, k);
        if (!m->inputs[k] && !(spec->flags & DG_OPTIONAL) && !spec->parameter)
            return missing_input(m, spec->name);
    }
    dg_node *assigned = m->entry->op->role == DG_ROLE_ASSIGN ? m->inputs[0] : NULL;
    if (assigned && assigned->entry->op->role != DG_ROLE_PARAMETER)
        return dg_error(DG_BAD_ARGUMENT, "'%s' is made by %s: only a parameter can be assigned to",
                        dg_node_name(assigned), assigned->entry->op->name);
    return dg_ok();
}

static dg_status check_inputs(const making *m)
{
    bool any = m->entry->op->flags & DG_ANY_INPUTS;
    for (int k = 0; k < m->n_inputs; k++) {
        const dg_node *input = m->inputs[k];
        if (!input &&
            (any ? dg_formula_uses(m->formula, k) : !(input_spec(m->entry, m->attrs, k)->flags & DG_OPTIONAL)))
            return missing_input(m,
                                 any ? dg_formula_input_name(m->formula, k) : input_spec(m->entry, m->attrs, k)->name);
        if (input && input->graph != m->graph)
            return dg_error(DG_BAD_ARGUMENT, "input '%s' is a node of another graph", dg_node_name((dg_node *)input));
    }
    return dg_ok();
}

/* ---- formulas ---- */

/* The names that the call gives, of inputs and of parameters; *n of them. */
static const char **given_names(const making *m, int *n)
{
    const dg_application *a = m->application;
    const char **names = dg_arena_alloc(m->graph->arena, sizeof *names * (size_t)(a->n_inputs + m->n_extra + 1));
    *n = 0;
    for (int i = 0; names && i < a->n_inputs; i++)
        if (a->input_names && a->input_names[i])
            names[(*n)++] = a->input_names[i];
    for (int i = 0; names && i < m->n_extra; i++)
        if (m->extra[i].kind == DG_VALUE_CALL)
            names[(*n)++] = m->extra[i].key;
    return names;
}

/* beta=1.5 is a number; beta=parameter(1.0) one that is trained, one a channel with per=channel. */
static dg_status bind_extra(making *m, dg_binding *bindings, int *n_bindings)
{
    for (int i = 0; i < m->n_extra; i++) {
        for (int k = 0; k < i; k++)
            if (strcmp(m->extra[k].key, m->extra[i].key) == 0)
                return dg_error(DG_BAD_ARGUMENT, "'%s' is given twice", m->extra[i].key);
        double number;
        if (dg_value_number(&m->extra[i], &number)) {
            if (*n_bindings >= MAX_BINDINGS)
                return dg_error(DG_BAD_ARGUMENT, "more than %d numbers are bound", MAX_BINDINGS);
            bindings[(*n_bindings)++] = (dg_binding){m->extra[i].key, number};
        } else if (m->extra[i].kind != DG_VALUE_CALL || strcmp(m->extra[i].s, registry_parameter_op()->op->name) != 0) {
            return dg_error(DG_BAD_ARGUMENT, "'%s' is %s, expected a number or parameter(…)", m->extra[i].key,
                            dg_value_print(m->graph->arena, &m->extra[i]));
        }
    }
    return dg_ok();
}

void making_types(const making *m, const dg_type **types)
{
    for (int k = 0; k < m->n_inputs; k++)
        types[k] = m->inputs[k] ? &m->inputs[k]->types[0] : NULL;
}

static dg_status find_formula(making *m)
{
    const dg_op *op = m->entry->op;
    if (!op->formula && !op->formula_for && !(op->flags & DG_ANY_INPUTS))
        return dg_ok();
    const dg_formula **cached = &m->graph->op_formulas[m->entry->index];
    if (op->formula && !m->entry->n_attrs && *cached) {
        m->formula = *cached;
        return dg_ok();
    }
    dg_binding bindings[MAX_BINDINGS];
    int n_bindings = formula_bindings(m->entry, m->attrs, bindings);
    if (op->check)
        DG_TRY(op->check(m->attrs));
    if (op->flags & DG_ANY_INPUTS) {
        DG_TRY(bind_extra(m, bindings, &n_bindings));
        int n_given;
        const char **given = given_names(m, &n_given);
        if (!given)
            return dg_no_memory("a formula");
        return dg_formula_parse_given(m->graph->formulas, m->attrs[0].s, bindings, n_bindings, given, n_given,
                                      &m->formula);
    }
    const char *names[DG_MAX_INPUTS], *text = op->formula;
    int n_names = m->entry->n_inputs;
    for (int k = 0; k < n_names; k++)
        names[k] = op->inputs[k].name;
    if (op->formula_for) {
        int n_given = 0;
        for (int i = 0; i < m->application->n_inputs; i++)
            n_given += m->application->inputs[i] != NULL;
        text = op->formula_for(m->attrs, n_given);
        if (!text)
            return dg_error(DG_BAD_ARGUMENT, "these attributes and inputs do not go together");
    }
    DG_TRY(dg_formula_parse(m->graph->formulas, text, bindings, n_bindings, names, n_names, &m->formula));
    if (op->formula && !m->entry->n_attrs)
        *cached = m->formula;
    return dg_ok();
}

static dg_status name_node(making *m, dg_node *node)
{
    if (!m->name)
        return dg_ok();
    node->name = m->name;
    node->named = true;
    return graph_add_name(m->graph, node);
}

static dg_status count_outputs(making *m, int *count)
{
    const dg_type **types = dg_arena_alloc(m->graph->arena, sizeof *types * (size_t)(m->n_inputs + 1));
    if (!types)
        return dg_no_memory("a node");
    making_types(m, types);
    dg_infer infer = {
        .op = m->entry->op, .graph = m->graph, .attrs = m->attrs, .n_inputs = m->n_inputs, .inputs = types};
    DG_TRY(m->entry->op->output_count(&infer, count));
    if (*count < 1 || *count > DG_MAX_OUTPUTS)
        return dg_error(DG_BAD_ARGUMENT, "%d output(s), expected 1 … %d", *count, DG_MAX_OUTPUTS);
    return dg_ok();
}

static dg_node *finish(making *m)
{
    dg_graph *graph = m->graph;
    int n_outputs = m->entry->n_outputs;
    dg_status counted = m->entry->op->output_count ? count_outputs(m, &n_outputs) : dg_ok();
    if (counted.code != DG_OK)
        return fail(m, counted);
    dg_node *node = graph_new_node(graph, m->entry, m->n_inputs, n_outputs, place_of(m));
    if (!node)
        return fail(m, dg_no_memory("a node"));
    memcpy(node->inputs, m->inputs, sizeof(dg_node *) * (size_t)m->n_inputs);
    node->attrs = m->attrs;
    node->formula = m->formula;
    if (m->application->owner)
        node->owner = m->application->owner;
    if (m->application->original)
        node->original = dg_node_original(m->application->original);
    dg_status status = node_infer_types(node);
    if (status.code == DG_OK)
        status = node_check_sizes(node);
    if (status.code == DG_OK)
        status = name_node(m, node);
    if (status.code != DG_OK)
        return fail(m, status);
    graph->nodes[graph->n_nodes++] = node;
    return node;
}

static dg_graph *graph_of(const dg_application *a)
{
    dg_graph *graph = a->graph;
    for (int i = 0; !graph && a->inputs && i < a->n_inputs; i++)
        graph = a->inputs[i] ? a->inputs[i]->graph : NULL;
    return graph;
}

dg_node *dg_apply(const dg_application *application)
{
    if (!application)
        return NULL;
    making m = {.graph = graph_of(application), .application = application};
    if (!m.graph) {
        missing_built(application);
        return NULL;
    }
    missing_building(m.graph);
    dg_graph_fail(m.graph, missing_mistake(m.graph));
    if (m.graph->status.code != DG_OK) {
        missing_forget();
        return NULL;
    }
    m.number = m.graph->n_nodes;
    const char *name = application->name && *application->name ? application->name : NULL;
    if (name && !dg_utf8_check(name, strlen(name), NULL))
        return fail(&m, dg_error(DG_BAD_ARGUMENT, "its name is not UTF-8"));
    if (name && !(m.name = module_name_in(m.graph, name)))
        return fail(&m, dg_no_memory("a node"));
    if (!application->op || application->n_inputs < 0 || (application->n_inputs && !application->inputs))
        return fail(&m, dg_error(DG_BAD_ARGUMENT, "%s %s NULL", application->op ? "its list of inputs" : "its op",
                                 application->n_inputs < 0 ? "has a negative length, or is" : "is"));
    m.entry = registry_find(application->op);
    if (!m.entry) {
        const char *near = dg_op_nearest(application->op);
        return fail(&m, dg_error(DG_BAD_ARGUMENT, "there is no op '%s'%s%s%s", application->op,
                                 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : ""));
    }
    bool any = m.entry->op->flags & DG_ANY_INPUTS;
    int64_t first_own = m.graph->n_nodes;
    dg_status status =
        attributes_collect(m.graph, m.entry, application, &m.attrs, any ? &m.extra : NULL, any ? &m.n_extra : NULL);
    if (status.code == DG_OK)
        status = find_formula(&m);
    if (status.code == DG_OK)
        status = place_inputs(&m);
    if (status.code == DG_OK)
        status = check_given(&m);
    if (status.code == DG_OK && m.name)
        status = graph_check_name(m.graph, m.name); /* before those of its parameters */
    if (status.code == DG_OK)
        status = making_own(&m);
    if (status.code == DG_OK)
        status = check_inputs(&m);
    dg_node *node = status.code == DG_OK ? finish(&m) : fail(&m, status);
    for (int64_t id = first_own; node && id < node->id; id++)
        m.graph->nodes[id]->owner = node;
    if (!node)
        graph_forget(m.graph, first_own);
    return node;
}

dg_node *dg_call(dg_location at, const char *op, int n_inputs, dg_node *const *inputs)
{
    return dg_apply(&(dg_application){.op = op, .at = at, .n_inputs = n_inputs, .inputs = inputs});
}

dg_node *dg_expr_at(dg_location at, const char *formula, int n_inputs, const dg_named_node *inputs)
{
    enum { MOST = MAX_FORMULA_INPUTS };
    dg_node *nodes[MOST];
    const char *names[MOST];
    if (!inputs)
        n_inputs = 0;
    if (n_inputs > MOST)
        return dg_graph_fail(inputs[0].node ? inputs[0].node->graph : NULL,
                             dg_error(DG_BAD_ARGUMENT, "a formula has %d inputs, at most %d are possible (%s:%d)",
                                      n_inputs, MOST, at.file ? at.file : "?", at.line));
    for (int i = 0; i < n_inputs; i++) {
        nodes[i] = inputs[i].node;
        names[i] = inputs[i].name;
    }
    dg_value text = dg_text(formula);
    return dg_apply(&(dg_application){.op = registry_formula_op()->op->name,
                                      .at = at,
                                      .n_inputs = n_inputs,
                                      .inputs = nodes,
                                      .input_names = names,
                                      .n_attrs = 1,
                                      .attrs = &text});
}

dg_node *dg_formula_node(dg_graph *graph, dg_location at, const dg_formula *formula, dg_node *const *inputs)
{
    if (!graph || !formula)
        return NULL;
    const op_entry *entry = registry_formula_op();
    making m = {.graph = graph,
                .entry = entry,
                .formula = formula,
                .inputs = (dg_node **)inputs,
                .n_inputs = dg_formula_input_count(formula),
                .application = &(dg_application){.graph = graph, .op = entry->op->name, .at = at}};
    if (graph->status.code != DG_OK)
        return NULL;
    dg_status status = m.n_inputs && !inputs
                           ? dg_error(DG_BAD_ARGUMENT, "the list of %d inputs of a formula is NULL", m.n_inputs)
                           : check_inputs(&m);
    return status.code == DG_OK ? finish(&m) : fail(&m, status);
}
