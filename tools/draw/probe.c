/* Numbers of nodes on data as a picture's heat: the probes of <dotgrad/probe.h>. */
#include "core/base/null.h"
#include "include/dotgrad/draw.h"

#include "tools/draw/base/text.h"

#include <dotgrad/optim.h>

#include <string.h>

enum { TIMED_RUNS = 10 };

typedef struct owned_heat {
    dg_heat heat; /* the first: freed as what it is in */
    dg_arena *arena;
} owned_heat;

/* The loss, too, so that a plan has something to fetch. */
static dg_status run_plan(const dg_heat_request *request, dg_probing *probing, dg_plan **plan)
{
    dg_graph *graph = dg_node_graph(request->loss);
    int count;
    dg_node *const *fetch = dg_probing_fetch(probing, &count);
    dg_node **all = dg_arena_alloc(dg_graph_arena(graph), ((size_t)count + 1) * sizeof *all);
    if (!all)
        return dg_no_memory("what is measured");
    all[0] = request->loss;
    if (count)
        memcpy(all + 1, fetch, (size_t)count * sizeof *all);
    DG_TRY(dg_parameters_init(request->parameters, graph, request->seed));
    DG_TRY(
        dg_plan_new(graph,
                    &(dg_plan_options){
                        .fetch = all, .n_fetch = count + 1, .parameters = request->parameters, .seed = request->seed},
                    plan));
    DG_TRY(dg_plan_run(*plan, request->feeds, request->n_feeds));
    bool timed = strcmp(request->what, "time") == 0;
    if (timed)
        dg_plan_profile(*plan, true);
    for (int k = 0; timed && k < TIMED_RUNS; k++)
        DG_TRY(dg_plan_run(*plan, request->feeds, request->n_feeds));
    return dg_probing_measure(probing, *plan, 1);
}

static const char *unit_of(const char *what)
{
    static const char *const units[][2] = {{"time", "s"}, {"memory", "B"}, {"dead", "%"}, {"saturated", "%"}};
    for (size_t k = 0; k < sizeof units / sizeof *units; k++)
        if (strcmp(what, units[k][0]) == 0)
            return units[k][1];
    return NULL;
}

static dg_status fill_heat(const dg_heat_request *request, const dg_probing *probing, owned_heat *made)
{
    dg_arena *arena = made->arena;
    size_t count = dg_probing_count(probing);
    dg_node **nodes = dg_arena_alloc(arena, (count + 1) * sizeof *nodes);
    double *values = dg_arena_alloc(arena, (count + 1) * sizeof *values);
    const char **words = dg_arena_alloc(arena, (count + 1) * sizeof *words);
    if (!nodes || !values || !words)
        return dg_no_memory("what is measured");
    for (size_t k = 0; k < count; k++) {
        dg_probed one = dg_probing_at(probing, k);
        nodes[k] = one.node;
        values[k] = one.value;
        words[k] = one.words ? text_format(arena, "%s", one.words) : NULL;
    }
    const char *title = text_format(arena, request->data ? "%s: %s, %s" : "%s: %s", request->what,
                                    dg_probing_title(probing), request->data);
    made->heat = (dg_heat){title, count, nodes, values, words, dg_probing_is_linear(probing), unit_of(request->what)};
    return dg_ok();
}

static dg_status measure(const dg_heat_request *request, owned_heat *made)
{
    const char *optimizer = request->optimizer ? request->optimizer
                            : request->file    ? dg_graph_file_setting(request->file, "optimizer")
                                               : NULL;
    dg_probing *probing;
    dg_plan *plan = NULL;
    DG_TRY(dg_probing_new(&(dg_probing_options){.what = request->what, .loss = request->loss, .optimizer = optimizer},
                          &probing));
    dg_status status = run_plan(request, probing, &plan);
    if (status.code == DG_OK)
        status = fill_heat(request, probing, made);
    dg_plan_free(plan);
    dg_probing_free(probing);
    return status;
}

dg_status dg_heat_measure(const dg_heat_request *request, dg_heat **heat)
{
    dg_arena *arena;
    REFUSE_NULL(request);
    REFUSE_NULL(heat);
    *heat = NULL;
    if (!request->what || !request->loss || !request->parameters)
        return dg_error(DG_BAD_ARGUMENT,
                        "heat needs the name of a probe, a loss (or another last node) and parameters");
    DG_TRY(dg_arena_new(&arena));
    owned_heat *made = dg_arena_alloc(arena, sizeof *made);
    dg_status status = made ? dg_ok() : dg_no_memory("what is measured");
    if (status.code == DG_OK) {
        made->arena = arena;
        status = measure(request, made);
    }
    if (status.code != DG_OK)
        dg_arena_free(arena);
    else
        *heat = &made->heat;
    return dg_prefixed(status, "heat");
}

void dg_heat_free(dg_heat *heat)
{
    if (heat)
        dg_arena_free(((owned_heat *)(void *)heat)->arena);
}
