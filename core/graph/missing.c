/* Nodes that were looked for in vain, and builders that are then given nothing but NULL. Such a call knows no graph
 * that its mistake could stick to; it is that of the graph in which the calling thread looked last. */
#include "graph.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct {
    uint64_t graph; /* its number; 0: none */
    char name[80];
} sought;

static _Thread_local struct {
    uint64_t graph;
    dg_status status;
} mistake;

uint64_t missing_number(void)
{
    static _Atomic uint64_t last;
    return atomic_fetch_add(&last, 1) + 1;
}

void missing_sought(const dg_graph *graph, const char *name)
{
    if (graph->status.code != DG_OK || graph->owner || graph->differentiated || graph->emitting)
        return;
    sought.graph = graph->number;
    snprintf(sought.name, sizeof sought.name, "%s", name);
}

void missing_forget(void)
{
    sought.graph = 0;
}

const char *missing_name(const dg_graph *graph)
{
    return sought.graph == graph->number ? sought.name : NULL;
}

void missing_built(const dg_application *a)
{
    const op_entry *entry = a->op ? registry_find(a->op) : NULL;
    char at[600] = "";
    if (!sought.graph || mistake.graph == sought.graph || !entry || a->n_inputs < 1)
        return;
    if (a->at.file && a->at.line > 0)
        snprintf(at, sizeof at, " (%s:%d)", a->at.file, a->at.line);
    const char *input = a->input_names && a->input_names[0] ? a->input_names[0]
                        : entry->n_inputs                   ? entry->op->inputs[0].name
                                                            : "";
    mistake.graph = sought.graph;
    mistake.status = dg_error(DG_BAD_ARGUMENT, "%s%s%s: input '%s' is NULL: the graph has no node '%s'%s", a->op,
                              a->name && *a->name ? " " : "", a->name ? a->name : "", input, sought.name, at);
}

dg_status missing_mistake(const dg_graph *graph)
{
    return mistake.graph == graph->number ? mistake.status : dg_ok();
}

void missing_recover(const dg_graph *graph)
{
    missing_forget();
    if (mistake.graph == graph->number)
        mistake.graph = 0;
}
