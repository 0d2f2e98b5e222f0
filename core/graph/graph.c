/* Graphs: storage of nodes, names and symbols, and what callers may ask of a node. */
#include "graph.h"
#include "core/base/arena.h"
#include "core/base/blas.h"
#include "core/base/null.h"
#include "core/base/plain.h"
#include "core/formula/expression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dg_status dg_graph_new(dg_graph **graph)
{
    REFUSE_NULL(graph);
    *graph = NULL;
    DG_TRY(registry_close());
    threads_hold_blas(); /* plans without a pool are of one thread, too */
    dg_graph *made = calloc(1, sizeof *made);
    if (!made)
        return dg_no_memory("a graph");
    made->number = missing_number();
    pthread_mutex_init(&made->lock, NULL);
    made->dtype = DG_FLOAT32;
    made->init = "";
    dg_status status = dg_arena_new(&made->arena);
    if (status.code == DG_OK)
        status = dg_formulas_new(&made->formulas);
    made->op_formulas = calloc(registry_count() + 1, sizeof *made->op_formulas);
    if (status.code == DG_OK && !made->op_formulas)
        status = dg_no_memory("a graph");
    if (status.code != DG_OK) {
        dg_graph_free(made);
        return status;
    }
    *graph = made;
    return status;
}

void dg_graph_free(dg_graph *graph)
{
    if (!graph)
        return;
    missing_freed(graph);
    pthread_mutex_destroy(&graph->lock);
    dg_formulas_free(graph->formulas);
    dg_arena_free(graph->arena);
    free(graph->nodes);
    table_free(&graph->names);
    free(graph->symbols);
    free(graph->op_formulas);
    free(graph);
}

dg_status dg_graph_status(const dg_graph *graph)
{
    REFUSE_NULL(graph);
    if (graph->status.code == DG_OK && arena_failed(graph->arena))
        return dg_no_memory("a graph");
    return graph->status.code == DG_OK ? missing_mistake(graph) : graph->status;
}

dg_node *dg_graph_fail(dg_graph *graph, dg_status status)
{
    if (!graph)
        return NULL;
    if (graph->status.code == DG_OK && status.code != DG_OK) {
        missing_forget(); /* from now on NULLs come from this */
        missing_failed(graph);
        graph->status = status;
    }
    return NULL;
}

void dg_graph_set_dtype(dg_graph *graph, dg_dtype dtype)
{
    if (!graph)
        return;
    if (dg_dtype_is_float(dtype))
        graph->dtype = graph->formulas->real = dtype;
    else
        dg_graph_fail(graph, dg_error(DG_BAD_DTYPE, "the graph's dtype is %s, expected float32 or float64",
                                      dg_dtype_name(dtype)));
}

dg_dtype dg_graph_dtype(const dg_graph *graph)
{
    if (!graph)
        return DG_DEFAULT_DTYPE;
    return graph->dtype;
}

dg_status dg_graph_set_init(dg_graph *graph, const char *init)
{
    REFUSE_NULL(graph);
    dg_value call;
    if (init && init[0]) {
        DG_TRY(dg_call_parse(graph->arena, init, &call));
        DG_TRY(init_is_known(&call));
    }
    const char *copy = dg_arena_text(graph->arena, init ? init : "", init ? strlen(init) : 0);
    if (!copy)
        return dg_no_memory("the initialiser");
    graph->init = copy;
    return dg_ok();
}

int64_t dg_symbol(dg_graph *graph, const char *name)
{
    if (!graph || !name)
        return DG_UNKNOWN;
    if (strcmp(name, "N") == 0)
        return DG_N;
    if (!plain_is_name(name, false)) {
        dg_graph_fail(
            graph,
            dg_error(DG_BAD_ARGUMENT,
                     "symbol '%s': a size's name has letters, digits and underscores, and does not begin with a digit",
                     name));
        return DG_UNKNOWN;
    }
    for (int k = 0; k < graph->n_symbols; k++)
        if (strcmp(graph->symbols[k], name) == 0)
            return DG_N - 1 - k;
    const char **symbols = realloc(graph->symbols, (size_t)(graph->n_symbols + 1) * sizeof *symbols);
    const char *copy = dg_arena_text(graph->arena, name, strlen(name));
    if (symbols)
        graph->symbols = symbols;
    if (!symbols || !copy) {
        dg_graph_fail(graph, dg_no_memory("symbol '%s'", name));
        return DG_UNKNOWN;
    }
    graph->symbols[graph->n_symbols++] = copy;
    return DG_N - graph->n_symbols;
}

const char *dg_symbol_name(const dg_graph *graph, int64_t symbol)
{
    if (!graph)
        return symbol == DG_N ? "N" : "?";
    if (symbol == DG_N)
        return "N";
    int64_t k = DG_N - 1 - symbol;
    return k >= 0 && k < graph->n_symbols ? graph->symbols[k] : "?";
}

char *dg_graph_print_shape(const dg_graph *graph, const dg_shape *shape, char *text, size_t size)
{
    if (!shape || !text || !size)
        return text;
    size_t used = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < shape->rank && used < size; i++) {
        const char *comma = i ? ", " : "";
        used += shape->dims[i] >= 0
                    ? (size_t)snprintf(text + used, size - used, "%s%lld", comma, (long long)shape->dims[i])
                    : (size_t)snprintf(text + used, size - used, "%s%s", comma, dg_symbol_name(graph, shape->dims[i]));
    }
    if (used < size)
        snprintf(text + used, size - used, "]");
    return text;
}

dg_arena *dg_graph_arena(dg_graph *graph)
{
    if (!graph)
        return NULL;
    return graph->arena;
}

dg_formulas *dg_graph_formulas(dg_graph *graph)
{
    if (!graph)
        return NULL;
    return graph->formulas;
}

/* ---- names ---- */

static dg_node *find_named(const dg_graph *graph, const char *name)
{
    size_t at = 0;
    for (const dg_node *node; (node = table_next(&graph->names, hash_text(name), &at));)
        if (strcmp(node->name, name) == 0)
            return (dg_node *)node;
    return NULL;
}

dg_status graph_check_name(const dg_graph *graph, const char *name)
{
    return find_named(graph, name) ? dg_error(DG_BAD_ARGUMENT, "the name '%s' is taken by another node", name)
                                   : dg_ok();
}

dg_status graph_add_name(dg_graph *graph, dg_node *node)
{
    DG_TRY(graph_check_name(graph, node->name));
    return table_add(&graph->names, hash_text(node->name), node) ? dg_ok() : dg_no_memory("the name '%s'", node->name);
}

dg_node *dg_graph_find(const dg_graph *graph, const char *name)
{
    if (!graph || !name)
        return NULL;
    dg_node *node = find_named(graph, name);
    if (!node)
        missing_sought(graph, name);
    return node;
}

const char *dg_node_name(dg_node *node)
{
    if (!node)
        return NULL;
    if (node->name)
        return node->name;
    char made[160];
    snprintf(made, sizeof made, "%s_%lld", node->entry->op->name, (long long)node->id);
    while (find_named(node->graph, made) && strlen(made) + 2 < sizeof made)
        strcat(made, "_");
    const char *copy = dg_arena_text(node->graph->arena, made, strlen(made));
    if (!copy)
        return node->entry->op->name;
    node->name = copy;
    if (graph_add_name(node->graph, node).code != DG_OK)
        node->name = copy; /* stays printable; only looking it up by name is lost */
    return copy;
}

bool dg_node_is_named(const dg_node *node)
{
    if (!node)
        return false;
    return node->named;
}

/* ---- nodes ---- */

dg_node *graph_new_node(dg_graph *graph, const op_entry *entry, int n_inputs, int n_outputs, dg_location at)
{
    if (graph->n_nodes == graph->capacity) {
        int64_t capacity = graph->capacity ? graph->capacity * 2 : 64;
        dg_node **nodes = realloc(graph->nodes, (size_t)capacity * sizeof *nodes);
        if (!nodes)
            return NULL;
        graph->nodes = nodes;
        graph->capacity = capacity;
    }
    size_t inputs = sizeof(dg_node *) * (size_t)n_inputs, types = sizeof(dg_type) * (size_t)n_outputs;
    dg_node *node = dg_arena_alloc(graph->arena, sizeof *node + types + inputs);
    if (!node)
        return NULL;
    node->graph = graph;
    node->entry = entry;
    node->at = at;
    node->n_inputs = n_inputs;
    node->n_outputs = n_outputs;
    node->types = (dg_type *)(node + 1);
    node->inputs = (dg_node **)(node->types + n_outputs);
    node->owner = graph->owner;
    node->derivative_of = graph->differentiated;
    node->emitted = graph->emitting;
    node->module = module_of_new(graph);
    node->id = graph->n_nodes;
    return node;
}

int64_t dg_graph_node_count(const dg_graph *graph)
{
    if (!graph)
        return 0;
    return graph->n_nodes;
}

dg_node *dg_graph_node(const dg_graph *graph, int64_t id)
{
    if (!graph)
        return NULL;
    return id >= 0 && id < graph->n_nodes ? graph->nodes[id] : NULL;
}

dg_graph *dg_node_graph(const dg_node *node)
{
    if (!node)
        return NULL;
    return node->graph;
}

int64_t dg_node_id(const dg_node *node)
{
    if (!node)
        return -1;
    return node->id;
}

const dg_op *dg_node_op(const dg_node *node)
{
    if (!node)
        return NULL;
    return node->entry->op;
}

int dg_node_input_count(const dg_node *node)
{
    if (!node)
        return 0;
    return node->n_inputs;
}

dg_node *dg_node_input(const dg_node *node, int input)
{
    if (!node)
        return NULL;
    return input >= 0 && input < node->n_inputs ? node->inputs[input] : NULL;
}

const char *dg_node_input_name(const dg_node *node, int input)
{
    if (!node)
        return NULL;
    if (node->entry->op->flags & DG_ANY_INPUTS)
        return dg_formula_input_name(node->formula, input);
    if (node->entry->n_inputs == 0 || input < 0 || input >= node->n_inputs)
        return NULL;
    return input_spec(node->entry, node->attrs, input)->name;
}

int dg_node_output_count(const dg_node *node)
{
    if (!node)
        return 0;
    return node->n_outputs;
}

/* What composes ops or emits derivatives goes on with NULL once a node could not be made, and asks it for sizes. */
static const dg_type placeholder = {.dtype = DG_FLOAT32, .shape = {.rank = 4, .dims = {1, 1, 1, 1, 1, 1, 1, 1}}};

const dg_type *dg_node_type(const dg_node *node, int output)
{
    if (!node)
        return &placeholder;
    return output >= 0 && output < node->n_outputs ? &node->types[output] : NULL;
}

const dg_value *dg_node_attrs(const dg_node *node)
{
    if (!node)
        return NULL;
    if (!node->attrs && (node->entry->op->flags & DG_ANY_INPUTS)) {
        dg_value *text = dg_arena_alloc(node->graph->arena, sizeof *text);
        if (!text)
            return NULL;
        text->kind = DG_VALUE_TEXT;
        text->s = dg_formula_print(node->graph->formulas, node->formula);
        if (!text->s)
            arena_fail(node->graph->arena);
        if (!text->s || !*text->s)
            return NULL;
        ((dg_node *)node)->attrs = text;
    }
    return node->attrs;
}

const dg_value *dg_node_attr(const dg_node *node, const char *name)
{
    if (!node || !name)
        return NULL;
    for (int k = 0; k < node->entry->n_attrs; k++)
        if (strcmp(node->entry->op->attrs[k].name, name) == 0)
            return &dg_node_attrs(node)[k];
    return NULL;
}

const dg_formula *dg_node_formula(const dg_node *node)
{
    if (!node)
        return NULL;
    return node->formula;
}

dg_node *dg_node_owner(const dg_node *node)
{
    if (!node)
        return NULL;
    return node->owner;
}

dg_node *dg_node_derivative_of(const dg_node *node)
{
    if (!node)
        return NULL;
    return node->derivative_of;
}

dg_node *dg_graph_differentiate(dg_graph *graph, dg_node *node)
{
    if (!graph)
        return NULL;
    dg_node *outer = graph->differentiated;
    graph->differentiated = node;
    missing_forget();
    return outer;
}

bool dg_node_is_emitted(const dg_node *node)
{
    return node && node->emitted;
}

bool dg_node_is_update(const dg_node *node)
{
    return node && node->entry->op->role == DG_ROLE_ASSIGN && !node->emitted && !node->owner;
}

bool dg_graph_emit(dg_graph *graph, bool on)
{
    if (!graph)
        return false;
    bool before = graph->emitting;
    graph->emitting = on;
    missing_forget();
    return before;
}

static bool reads_marked(const dg_node *node, const bool *marks)
{
    for (int k = 0; k < node->n_inputs; k++)
        if (node->inputs[k] && marks[node->inputs[k]->id])
            return true;
    return false;
}

/* Nodes read what was made before them; so one walk forward finds what follows from emitted nodes, and one back what
 * the network is computed from. */
dg_status dg_graph_mark_network(const dg_graph *graph, const dg_node *loss, const dg_node *output, bool *marks)
{
    REFUSE_NULL(graph);
    REFUSE_NULL(marks);
    for (int64_t id = 0; id < graph->n_nodes; id++) {
        const dg_node *node = graph->nodes[id];
        bool is_update = node->entry->op->role == DG_ROLE_ASSIGN, leaves_out = loss || output || is_update;
        marks[id] = node->emitted || (leaves_out && reads_marked(node, marks));
    }
    for (int64_t id = 0; id < graph->n_nodes; id++)
        marks[id] = !marks[id];
    if (loss)
        marks[loss->id] = true;
    if (output)
        marks[output->id] = true;
    for (int64_t id = graph->n_nodes - 1; id >= 0; id--)
        for (int k = 0; marks[id] && k < graph->nodes[id]->n_inputs; k++)
            if (graph->nodes[id]->inputs[k])
                marks[graph->nodes[id]->inputs[k]->id] = true;
    return dg_ok();
}

dg_location dg_node_location(const dg_node *node)
{
    if (!node)
        return (dg_location){0};
    return node->at;
}
