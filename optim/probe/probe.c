/* The table of probes, and one of them over a graph. */
#include "probe.h"

#include "core/base/arena.h"
#include "core/base/null.h"

#include <dotgrad/op.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const probe probes[] = {
    {"gradient", NULL, "norm of the loss's gradient by each value", false, is_computed, choose_gradient,
     measure_gradient},
    {"grad_norm", NULL, "norm of the loss's gradient by each layer's parameters", false, has_parameters,
     choose_own_gradients, measure_norm},
    {"activation", NULL, "root mean square of each value", false, is_computed, choose_itself, measure_activation},
    {"mean", NULL, "mean of each layer's value", true, is_layer, choose_itself, measure_mean},
    {"std", NULL, "standard deviation of each layer's value", false, is_layer, choose_itself, measure_std},
    {"rank", NULL, "effective rank of each layer's value", true, is_layer, choose_itself, measure_rank},
    {"dead", NULL, "units that are 0 in every row", true, is_activation, choose_itself, measure_dead},
    {"saturated", NULL, "elements where the slope is below 0.01", true, is_pointwise, choose_slopes, measure_saturated},
    {"update_ratio", "update", "change of the parameters in a step, relative to their size", false, has_parameters,
     choose_updates, measure_update},
    {"time", NULL, "time of the loss and its gradients", false, is_any, choose_gradients, measure_time},
    {"memory", NULL, "bytes of each value", false, is_any, choose_itself, measure_memory}};
enum { PROBES = sizeof probes / sizeof *probes };

const char *dg_probe_name_at(size_t index)
{
    return index < PROBES ? probes[index].name : NULL;
}

const char *dg_probe_summary(size_t index)
{
    return index < PROBES ? probes[index].summary : NULL;
}

static const probe *find(const char *name)
{
    for (size_t k = 0; k < PROBES; k++)
        if (strcmp(name, probes[k].name) == 0 || (probes[k].alias && strcmp(name, probes[k].alias) == 0))
            return &probes[k];
    return NULL;
}

static dg_status find_probe(const char *name, const probe **found)
{
    char names[200];
    size_t used = 0;
    *found = find(name);
    for (size_t k = 0; k < PROBES && used < sizeof names; k++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", k ? ", " : "", probes[k].name);
    return *found ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "'%.60s' is not one of %s", name, names);
}

dg_status dg_probe_check(const char *name)
{
    const probe *found;
    REFUSE_NULL(name);
    return find_probe(name, &found);
}

/* ---- one over a graph ---- */

static bool *mark_ancestors(dg_probing *p)
{
    int64_t n = dg_graph_node_count(p->graph);
    bool *marks = dg_arena_alloc(p->arena, (size_t)n + 1);
    if (!marks)
        return NULL;
    marks[dg_node_id(p->loss)] = true;
    for (int64_t id = n - 1; id >= 0; id--) {
        const dg_node *node = dg_graph_node(p->graph, id);
        for (int k = 0; marks[id] && k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k))
                marks[dg_node_id(dg_node_input(node, k))] = true;
    }
    return marks;
}

/* The user's nodes that the loss is computed from and the probe is of. */
static dg_status list_nodes(dg_probing *p)
{
    int64_t n = dg_graph_node_count(p->graph);
    bool *marks = mark_ancestors(p);
    size_t count = 0;
    for (int64_t id = 0; marks && id < n; id++) {
        const dg_node *node = dg_graph_node(p->graph, id);
        marks[id] = marks[id] && !dg_node_owner(node) && !dg_node_derivative_of(node) &&
                    dg_node_op(node)->role != DG_ROLE_OUTPUT && p->of->takes(node);
        count += marks[id];
    }
    p->nodes = dg_arena_alloc(p->arena, (count + 1) * sizeof *p->nodes);
    if (!p->nodes || !marks)
        return dg_no_memory("what is measured");
    for (int64_t id = 0; id < n; id++)
        if (marks[id])
            p->nodes[p->count++].node = dg_graph_node(p->graph, id);
    return dg_ok();
}

static dg_status list_fetch(dg_probing *p)
{
    size_t all = (size_t)p->n_beside;
    for (size_t k = 0; k < p->count; k++)
        all += (size_t)p->nodes[k].n_fetch;
    p->fetch = dg_arena_alloc(p->arena, (all + 1) * sizeof *p->fetch);
    if (!p->fetch)
        return dg_no_memory("what is measured");
    for (size_t k = 0; k < p->count; k++)
        for (int i = 0; i < p->nodes[k].n_fetch; i++)
            p->fetch[p->n_fetch++] = p->nodes[k].fetch[i];
    for (int k = 0; k < p->n_beside; k++)
        p->fetch[p->n_fetch++] = p->beside[k];
    return dg_ok();
}

dg_status dg_probing_new(const dg_probing_options *options, dg_probing **probing)
{
    REFUSE_NULL(options);
    REFUSE_NULL(probing);
    REFUSE_NULL(options->what);
    REFUSE_NULL(options->loss);
    const probe *of = NULL;
    dg_arena *arena;
    *probing = NULL;
    DG_TRY(find_probe(options->what, &of));
    DG_TRY(dg_arena_new(&arena));
    dg_probing *p = dg_arena_alloc(arena, sizeof *p);
    if (!p) {
        dg_arena_free(arena);
        return dg_no_memory("what is measured");
    }
    *p = (dg_probing){.of = of,
                      .arena = arena,
                      .graph = dg_node_graph(options->loss),
                      .loss = options->loss,
                      .updates = options->updates,
                      .n_updates = options->n_updates,
                      .optimizer = options->optimizer};
    dg_graph *graph = p->graph;
    const dg_graph_point before = dg_graph_mark(graph);
    dg_status status = list_nodes(p);
    if (status.code == DG_OK)
        status = of->choose(p);
    if (status.code == DG_OK)
        status = list_fetch(p);
    if (status.code == DG_OK)
        *probing = p;
    else
        dg_probing_free(p);
    return dg_graph_undo(graph, before, status);
}

void dg_probing_free(dg_probing *p)
{
    if (!p)
        return;
    dg_arena_free(p->words);
    dg_arena_free(p->arena);
}

dg_node *const *dg_probing_fetch(const dg_probing *p, int *count)
{
    if (count)
        *count = p ? p->n_fetch : 0;
    return p ? p->fetch : NULL;
}

dg_status dg_probing_measure(dg_probing *p, const dg_plan *plan, int first)
{
    REFUSE_NULL(p);
    REFUSE_NULL(plan);
    dg_arena_free(p->words);
    p->words = NULL;
    DG_TRY(dg_arena_new(&p->words));
    p->plan = plan;
    for (size_t k = 0; k < p->count; k++) {
        probed_node *node = &p->nodes[k];
        for (int i = 0; i < node->n_fetch; i++)
            node->got[i] = dg_plan_result(plan, first++);
        p->of->measure(p, node);
    }
    if (arena_failed(p->words))
        return dg_no_memory("a measurement");
    return dg_ok();
}

size_t dg_probing_count(const dg_probing *p)
{
    return p ? p->count : 0;
}

dg_probed dg_probing_at(const dg_probing *p, size_t index)
{
    if (!p || index >= p->count)
        return (dg_probed){.value = NAN};
    return (dg_probed){p->nodes[index].node, p->nodes[index].value, p->nodes[index].words};
}

const char *dg_probing_title(const dg_probing *p)
{
    return p ? p->of->summary : "";
}

bool dg_probing_is_linear(const dg_probing *p)
{
    return p && p->of->is_linear;
}
