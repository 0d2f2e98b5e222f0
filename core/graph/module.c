/* Modules that nodes are made in, and copies of nodes for computing a module's values again. */
#include "graph.h"

#include <dotgrad/utf8.h>

#include <string.h>

dg_module *dg_module_begin(dg_graph *graph, const char *name, bool checkpoint)
{
    if (!graph)
        return NULL;
    graph->unopened++; /* until it is */
    if (graph->status.code != DG_OK)
        return NULL;
    if (name && !dg_utf8_check(name, strlen(name), NULL)) {
        dg_graph_fail(graph, dg_error(DG_BAD_ARGUMENT, "the name of a module is not UTF-8"));
        return NULL;
    }
    const char *outer = graph->module ? graph->module->prefix : "";
    size_t before = strlen(outer), length = name ? strlen(name) : 0;
    dg_module *made = dg_arena_alloc(graph->arena, sizeof *made);
    char *prefix = dg_arena_alloc(graph->arena, before + length + 2);
    if (made && prefix) {
        memcpy(prefix, outer, before);
        if (length) {
            memcpy(prefix + before, name, length);
            prefix[before + length] = '.';
        }
        made->prefix = prefix;
        made->name = dg_arena_text(graph->arena, prefix, *prefix ? strlen(prefix) - 1 : 0);
    }
    if (!made || !prefix || !made->name) {
        dg_graph_fail(graph, dg_no_memory("module '%s'", name ? name : ""));
        return NULL;
    }
    graph->unopened--;
    made->parent = graph->module;
    made->checkpoint = checkpoint;
    graph->module = made;
    return made;
}

dg_module *module_begin_labelled(dg_graph *graph, const char *name, bool checkpoint)
{
    dg_module *made = dg_module_begin(graph, NULL, checkpoint);
    const char *label = made ? dg_arena_text(graph->arena, name, strlen(name)) : NULL;
    if (made && !label)
        dg_graph_fail(graph, dg_no_memory("module '%s'", name));
    else if (made)
        made->name = label;
    return made;
}

void dg_module_end(dg_graph *graph)
{
    if (!graph)
        return;
    if (graph->unopened > 0)
        graph->unopened--;
    else if (graph->module)
        graph->module = graph->module->parent;
    else
        dg_graph_fail(graph, dg_error(DG_BAD_ARGUMENT, "a module is closed, but none is open"));
}

dg_module *dg_module_switch(dg_graph *graph, dg_module *module)
{
    if (!graph)
        return NULL;
    dg_module *open = graph->module;
    graph->module = module;
    return open;
}

dg_module *dg_node_module(const dg_node *node)
{
    if (!node)
        return NULL;
    return node->module;
}

const char *dg_module_name(const dg_module *module)
{
    if (!module)
        return NULL;
    return module->name;
}

const char *dg_module_prefix(const dg_module *module)
{
    if (!module)
        return NULL;
    return module->prefix;
}

const char *module_name_in(dg_graph *graph, const char *name)
{
    const char *prefix = graph->owner || !graph->module ? "" : graph->module->prefix;
    size_t before = strlen(prefix), length = strlen(name);
    char *made = dg_arena_alloc(graph->arena, before + length + 1);
    if (!made)
        return NULL;
    memcpy(made, prefix, before);
    memcpy(made + before, name, length);
    return made;
}

dg_module *module_of_new(const dg_graph *graph)
{
    return graph->owner ? graph->owner->module : graph->module;
}

/* ---- for rematerialisation ---- */

static bool is_around(const dg_module *outer, const dg_module *module)
{
    while (module && module != outer)
        module = module->parent;
    return module == outer;
}

dg_module *dg_node_checkpoint(const dg_node *node)
{
    if (!node)
        return NULL;
    const dg_module *here = module_of_new(node->graph);
    dg_module *found = NULL;
    for (dg_module *module = node->module; module; module = module->parent)
        if (module->checkpoint && !is_around(module, here))
            found = module;
    return found;
}

dg_node *dg_node_original(const dg_node *node)
{
    if (!node)
        return NULL;
    return node->original ? node->original : (dg_node *)node;
}

dg_node *dg_node_copy(dg_node *node, dg_node *const *inputs, dg_node *const *expansion)
{
    if (!node || !inputs)
        return NULL;
    dg_graph *graph = node->graph;
    if (graph->status.code != DG_OK)
        return NULL;
    dg_node *copy = graph_new_node(graph, node->entry, node->n_inputs, node->n_outputs, node->at);
    size_t size = sizeof(dg_node *) * (size_t)node->n_outputs;
    dg_node **parts = node->expansion ? dg_arena_alloc(graph->arena, size) : NULL;
    if (!copy || (node->expansion && !parts))
        return dg_graph_fail(graph, dg_no_memory("a copy"));
    memcpy(copy->inputs, inputs, sizeof(dg_node *) * (size_t)node->n_inputs);
    memcpy(copy->types, node->types, sizeof(dg_type) * (size_t)node->n_outputs);
    if (parts)
        memcpy(parts, expansion, size);
    copy->expansion = parts;
    copy->attrs = node->attrs;
    copy->formula = node->formula;
    copy->original = dg_node_original(node);
    if (!copy->owner)
        copy->owner = copy->original;
    graph->nodes[graph->n_nodes++] = copy;
    return copy;
}
