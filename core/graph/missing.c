/* Nodes that were looked for in vain, and builders that are given nothing but NULL. Such a call knows no graph that its
 * mistake could stick to; it is that of the graph in which the calling thread looked last, else of the one that it
 * built in last. */
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

static _Thread_local uint64_t built;  /* the graph that the thread's author built in last; 0: none */
static _Thread_local uint64_t failed; /* the one that failed last, of whose nodes NULLs may be; 0: none */

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

void missing_building(const dg_graph *graph)
{
    built = graph->owner || graph->differentiated || graph->emitting ? 0 : graph->number;
}

void missing_failed(const dg_graph *graph)
{
    failed = graph->number;
}

void missing_freed(const dg_graph *graph)
{
    if (failed == graph->number)
        failed = 0;
}

void missing_forget(void)
{
    sought.graph = 0;
}

const char *missing_name(const dg_graph *graph)
{
    return sought.graph == graph->number ? sought.name : NULL;
}

/* A name, where a program has written {node} for {"x", node}, is what happens to be there. */
static bool is_name(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return length > 0 && !text[length];
}

void missing_built(const dg_application *a)
{
    const op_entry *entry = a->op ? registry_find(a->op) : NULL;
    uint64_t graph = sought.graph ? sought.graph : !failed || failed == built ? built : 0;
    char at[600] = "", why[160] = "";
    if (!graph || mistake.graph == graph || !entry || (a->n_inputs < 1 && !entry->n_inputs))
        return;
    if (a->at.file && a->at.line > 0)
        snprintf(at, sizeof at, " (%s:%d)", a->at.file, a->at.line);
    const char *input = a->n_inputs > 0 && a->input_names && a->input_names[0] ? a->input_names[0]
                        : entry->n_inputs                                      ? entry->op->inputs[0].name
                                                                               : "";
    if (sought.graph)
        snprintf(why, sizeof why, ": the graph has no node '%s'", sought.name);
    else if (entry->op->flags & DG_ANY_INPUTS)
        snprintf(why, sizeof why, ": inputs are {\"name\", node}");
    mistake.graph = graph;
    mistake.status = dg_error(DG_BAD_ARGUMENT, "%s%s%s: input%s%s%s is NULL%s%s", a->op, a->name && *a->name ? " " : "",
                              a->name ? a->name : "", is_name(input) ? " '" : "", is_name(input) ? input : "",
                              is_name(input) ? "'" : "", why, at);
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
