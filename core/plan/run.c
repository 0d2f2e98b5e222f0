/* Plans: making, running and freeing them. */
#include "plan.h"

#include "core/base/machine.h"
#include "core/tensor/tensors.h"

#include <stdlib.h>
#include <string.h>

static dg_status check_nodes(const dg_graph *graph, dg_node *const *nodes, int count, const char *what)
{
    for (int i = 0; i < count; i++) {
        if (!nodes[i])
            return dg_error(DG_BAD_ARGUMENT,
                            "%s %d of the plan is NULL: a builder returns NULL when it is given no node, as cat of an "
                            "empty list is, for then there is no graph to keep the error; look at the builder that "
                            "made it and at those it reads",
                            what, i);
        if (nodes[i]->graph != graph)
            return dg_error(DG_BAD_ARGUMENT, "%s '%s' is a node of another graph", what, dg_node_name(nodes[i]));
    }
    return dg_ok();
}

static dg_status check_options(const dg_graph *graph, const dg_plan_options *options)
{
    DG_TRY(dg_graph_status(graph));
    DG_TRY(check_nodes(graph, options->fetch, options->n_fetch, "fetch"));
    DG_TRY(check_nodes(graph, options->updates, options->n_updates, "update"));
    for (int i = 0; i < options->n_updates; i++) {
        dg_node *update = options->updates[i];
        if (update->entry->op->role != DG_ROLE_ASSIGN)
            return dg_error(DG_BAD_ARGUMENT, "update '%s' is not an assignment but %s: nothing would be updated",
                            dg_node_name(update), update->entry->op->name);
    }
    return dg_ok();
}

static dg_node **copy_nodes(dg_node *const *nodes, int count)
{
    dg_node **copy = calloc((size_t)count + 1, sizeof *copy);
    if (copy && count)
        memcpy(copy, nodes, sizeof *copy * (size_t)count);
    return copy;
}

/* What DG_WITHOUT lists. */
static dg_status read_without(unsigned *without)
{
    static const struct {
        const char *name;
        unsigned what;
    } all[] = {{"folding", DG_FOLDING},     {"merging", DG_MERGING},   {"algebra", DG_ALGEBRA},
               {"splitting", DG_SPLITTING}, {"fusion", DG_FUSION},     {"epilogues", DG_EPILOGUES},
               {"prologues", DG_PROLOGUES}, {"layouts", DG_LAYOUTS},   {"scheduling", DG_SCHEDULING},
               {"reuse", DG_REUSE},         {"compiled", DG_COMPILED}, {"all", DG_ALL_OPTIMIZATIONS}};
    const char *list = getenv("DG_WITHOUT");
    while (list && *list) {
        size_t length = strcspn(list, ","), k = 0, count = sizeof all / sizeof all[0];
        while (k < count && (strlen(all[k].name) != length || strncmp(all[k].name, list, length) != 0))
            k++;
        if (k == count)
            return dg_error(DG_BAD_ARGUMENT, "DG_WITHOUT has '%.*s', which is not an optimisation", (int)length, list);
        *without |= all[k].what;
        list += length + (list[length] == ',');
    }
    return dg_ok();
}

/* What kernels read without a word, once. */
static dg_status check_environment(void)
{
    const char *caches = getenv("DG_CACHES"), *isa = getenv("DG_ISA");
    machine_caches sizes;
    if (caches && *caches && !machine_caches_parse(caches, &sizes))
        return dg_error(DG_BAD_ARGUMENT,
                        "DG_CACHES is '%s', expected sizes of the first and the second cache, 4K to 64M: 48K,1280K",
                        caches);
    if (isa && *isa && strcmp(isa, "base") != 0 && strcmp(isa, "v3") != 0 && strcmp(isa, "v4") != 0)
        return dg_error(DG_BAD_ARGUMENT, "DG_ISA is '%s', expected base, v3 or v4", isa);
    return dg_ok();
}

dg_status dg_plan_new(dg_graph *graph, const dg_plan_options *options, dg_plan **plan)
{
    if (plan)
        *plan = NULL;
    if (!graph || !options || !plan)
        return dg_error(DG_BAD_ARGUMENT, "a plan needs %s",
                        !graph     ? "a graph"
                        : !options ? "options"
                                   : "a place for it");
    if (options->n_fetch < 0 || options->n_updates < 0 || (options->n_fetch && !options->fetch) ||
        (options->n_updates && !options->updates))
        return dg_error(DG_BAD_ARGUMENT, "a plan of %d result(s)%s and %d updates%s", options->n_fetch,
                        options->fetch ? "" : " (NULL)", options->n_updates, options->updates ? "" : " (NULL)");
    unsigned without = options->without;
    DG_TRY(read_without(&without));
    DG_TRY(check_environment());
    dg_plan *made = calloc(1, sizeof *made);
    if (!made)
        return dg_no_memory("a plan");
    made->graph = graph;
    made->options = *options;
    made->options.without = without;
    made->options.fetch = copy_nodes(options->fetch, options->n_fetch);
    made->options.updates = copy_nodes(options->updates, options->n_updates);
    pthread_mutex_lock(&graph->lock);
    const dg_graph_point before = dg_graph_mark(graph);
    dg_status status = dg_no_memory("a plan");
    if (made->options.fetch && made->options.updates)
        status = check_options(graph, options);
    if (status.code == DG_OK)
        status = plan_compile(made);
    if (status.code == DG_OK && made->options.per_sample)
        status = samples_check(made);
    dg_graph_undo(graph, before, status);
    pthread_mutex_unlock(&graph->lock);
    if (status.code != DG_OK)
        dg_plan_free(made);
    else
        *plan = made;
    return status;
}

void dg_plan_free(dg_plan *plan)
{
    if (!plan)
        return;
    samples_free(plan);
    forget_bindings(plan);
    free((void *)(uintptr_t)plan->options.fetch);
    free((void *)(uintptr_t)plan->options.updates);
    free(plan->order);
    free(plan->place);
    free(plan->inputs);
    free(plan->brought);
    free(plan);
}

/* ---- running ---- */

dg_status task_run(const dg_plan *plan, const task *t)
{
    if (t->kernel)
        return t->of->entry->op->forward(t->kernel);
    fused_run(t->fused, t->n_parts, plan->options.threads);
    return dg_ok();
}

dg_status task_failed(const dg_plan *plan, const task *t, dg_status status)
{
    pthread_mutex_lock(&plan->graph->lock);
    status = at_node(t->of->node, status);
    pthread_mutex_unlock(&plan->graph->lock);
    return status;
}

static void copy_bytes(const dg_tensor *to, const dg_tensor *from)
{
    size_t bytes = dg_tensor_bytes(from);
    if (bytes)
        memcpy(to->data, from->data, bytes);
}

static void run_assignments(binding *b)
{
    for (int i = 0; i < b->n_savings; i++)
        copy_bytes(&b->values[b->savings[i].to].tensor, &b->values[b->savings[i].from].tensor);
    for (int i = 0; i < b->n_assignments; i++)
        if (!b->assignments[i].in_place)
            copy_bytes(&b->values[b->assignments[i].parameter].tensor, &b->values[b->assignments[i].value].tensor);
}

static dg_status run_tasks(const dg_plan *plan, binding *b)
{
    for (int32_t i = 0; i < b->n_tasks; i++) {
        dg_status status = task_run(plan, &b->tasks[i]);
        if (status.code != DG_OK)
            return task_failed(plan, &b->tasks[i], status);
    }
    return dg_ok();
}

static dg_status get_ready(dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    DG_TRY(find_binding(plan, feeds, n_feeds));
    take_feeds_again(plan, plan->current, feeds, n_feeds);
    return dg_ok();
}

static dg_status changing_parameters(const char *how)
{
    return dg_error(DG_BAD_ARGUMENT,
                    "the plan's parameters %s a run of another plan: while one updates a set of parameters, no other "
                    "may read it",
                    how);
}

/* A status is large: each is returned where it is made, and copied only when something has failed. */
dg_status run_entered(dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    if (!plan->current || !knows_parameters(plan) || !take_feeds_again(plan, plan->current, feeds, n_feeds))
        DG_TRY(get_ready(plan, feeds, n_feeds));
    binding *b = plan->current;
    dg_tensors *set = b->n_parameters ? plan->options.parameters : NULL;
    bool writes = b->n_assignments > 0;
    uint64_t seen = 0;
    if (set && !tensors_enter(set, writes, &seen))
        return changing_parameters("are being updated by");
    for (int32_t i = 0; i < b->n_random_kernels; i++)
        b->random_kernels[i]->random.step = plan->step;
    dg_status status = plan->profiling ? run_tasks_timed(plan, b) : run_tasks(plan, b);
    if (status.code == DG_OK)
        run_assignments(b);
    if (set && !tensors_leave(set, writes, seen) && status.code == DG_OK)
        return changing_parameters("were updated meanwhile by");
    plan->step += status.code == DG_OK;
    return status;
}

dg_status dg_plan_run(dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    if (!plan)
        return dg_error(DG_BAD_ARGUMENT, "the plan to run is NULL");
    if (plan->options.measuring)
        return dg_error(DG_BAD_ARGUMENT, "a plan that measures has no memory to run in");
    if (!plan_enter(plan))
        return busy_plan();
    dg_status status = plan->options.per_sample ? samples_run(plan, feeds, n_feeds) : run_entered(plan, feeds, n_feeds);
    plan_leave(plan);
    if (status.code != DG_OK)
        return status;
    return dg_ok();
}

const dg_tensor *dg_plan_result(const dg_plan *plan, int k)
{
    if (!plan || !plan->current || k < 0 || k >= plan->options.n_fetch)
        return NULL;
    return plan->options.per_sample ? samples_result(plan, k) : result_of_run(plan, k);
}

void dg_plan_set_step(dg_plan *plan, uint64_t number)
{
    if (plan)
        plan->step = number;
}
