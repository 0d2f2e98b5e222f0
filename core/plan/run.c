/* Plans: making, running and freeing them. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

static dg_status check_nodes(const dg_graph *graph, dg_node *const *nodes, int count, const char *what)
{
    for (int i = 0; i < count; i++) {
        if (!nodes[i])
            return dg_error(DG_BAD_ARGUMENT, "%s %d of the plan is NULL", what, i);
        if (nodes[i]->graph != graph)
            return dg_error(DG_BAD_ARGUMENT, "%s '%s' is a node of another graph", what, dg_node_name(nodes[i]));
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
    } all[] = {{"folding", DG_FOLDING},     {"merging", DG_MERGING},      {"algebra", DG_ALGEBRA},
               {"splitting", DG_SPLITTING}, {"fusion", DG_FUSION},        {"epilogues", DG_EPILOGUES},
               {"prologues", DG_PROLOGUES}, {"layouts", DG_LAYOUTS},      {"scheduling", DG_SCHEDULING},
               {"reuse", DG_REUSE},         {"all", DG_ALL_OPTIMIZATIONS}};
    const char *list = getenv("DG_WITHOUT");
    while (list && *list) {
        size_t length = strcspn(list, ","), k = 0, count = sizeof all / sizeof all[0];
        while (k < count && (strlen(all[k].name) != length || strncmp(all[k].name, list, length) != 0))
            k++;
        if (k == count)
            return dg_error(DG_BAD_ARGUMENT, "DG_WITHOUT has '%.*s', which is no optimisation", (int)length, list);
        *without |= all[k].what;
        list += length + (list[length] == ',');
    }
    return dg_ok();
}

dg_status dg_plan_new(dg_graph *graph, const dg_plan_options *options, dg_plan **plan)
{
    *plan = NULL;
    DG_TRY(dg_graph_status(graph));
    DG_TRY(check_nodes(graph, options->fetch, options->n_fetch, "fetch"));
    DG_TRY(check_nodes(graph, options->updates, options->n_updates, "update"));
    unsigned without = options->without;
    DG_TRY(read_without(&without));
    dg_plan *made = calloc(1, sizeof *made);
    if (!made)
        return dg_no_memory("a plan");
    made->graph = graph;
    made->options = *options;
    made->options.without = without;
    made->options.fetch = copy_nodes(options->fetch, options->n_fetch);
    made->options.updates = copy_nodes(options->updates, options->n_updates);
    dg_status status = made->options.fetch && made->options.updates ? plan_compile(made)
                                                                    : dg_no_memory("a plan");
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
    for (binding *b = plan->bindings, *next; b; b = next) {
        next = b->next;
        binding_free(b);
    }
    free((void *)(uintptr_t)plan->options.fetch);
    free((void *)(uintptr_t)plan->options.updates);
    free(plan->order);
    free(plan->place);
    free(plan->inputs);
    free(plan);
}

/* ---- feeds ---- */

static dg_status check_feed(const dg_plan *plan, const dg_feed *feed, int64_t *symbols)
{
    const dg_type *wants = &feed->node->types[0];
    const dg_tensor *has = feed->tensor;
    char first[DG_SHAPE_TEXT], second[DG_SHAPE_TEXT];
    if (has->dtype != wants->dtype)
        return dg_error(DG_BAD_DTYPE, "input '%s' is %s, the tensor fed is %s", dg_node_name(feed->node),
                        dg_dtype_name(wants->dtype), dg_dtype_name(has->dtype));
    bool fits = has->shape.rank == wants->shape.rank;
    for (int d = 0; fits && d < wants->shape.rank; d++) {
        int64_t size = wants->shape.dims[d];
        if (size < DG_UNKNOWN) {
            int64_t *known = &symbols[DG_N - size];
            if (*known >= 0 && *known != has->shape.dims[d])
                return dg_error(DG_BAD_SHAPE, "input '%s' is %s: %s is %lld in another input, here the tensor is %s",
                                dg_node_name(feed->node),
                                dg_graph_print_shape(plan->graph, &wants->shape, first, sizeof first),
                                dg_symbol_name(plan->graph, size), (long long)*known,
                                dg_shape_print(&has->shape, second, sizeof second));
            *known = has->shape.dims[d];
        } else if (size >= 0) {
            fits = size == has->shape.dims[d];
        }
    }
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "input '%s' is %s, the tensor fed is %s", dg_node_name(feed->node),
                        dg_graph_print_shape(plan->graph, &wants->shape, first, sizeof first),
                        dg_shape_print(&has->shape, second, sizeof second));
    return dg_ok();
}

static const dg_feed *find_feed(const dg_feed *feeds, int n_feeds, const dg_node *node)
{
    for (int k = 0; k < n_feeds; k++)
        if (feeds[k].node == node)
            return &feeds[k];
    return NULL;
}

/* All feeds are there, of the right types, and agree on the symbols. */
static dg_status check_feeds(const dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    int n_symbols = plan->graph->n_symbols + 1;
    int64_t *symbols = malloc(sizeof *symbols * (size_t)n_symbols);
    if (!symbols)
        return dg_no_memory("a plan");
    for (int i = 0; i < n_symbols; i++)
        symbols[i] = -1;
    dg_status status = dg_ok();
    for (int i = 0; status.code == DG_OK && i < plan->n_inputs; i++) {
        const dg_feed *feed = find_feed(feeds, n_feeds, plan->inputs[i]);
        status = feed ? check_feed(plan, feed, symbols)
                      : dg_error(DG_BAD_ARGUMENT, "input '%s' is not fed", dg_node_name(plan->inputs[i]));
    }
    free(symbols);
    return status;
}

static bool binding_fits(const dg_plan *plan, const binding *b, const dg_feed *feeds, int n_feeds)
{
    for (int i = 0; i < plan->n_inputs; i++) {
        const dg_feed *feed = find_feed(feeds, n_feeds, plan->inputs[i]);
        if (!feed || feed->tensor->dtype != plan->inputs[i]->types[0].dtype ||
            !dg_shape_equal(&feed->tensor->shape, &b->feeds[i]))
            return false;
    }
    return true;
}

dg_status find_binding(dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    if (plan->current && binding_fits(plan, plan->current, feeds, n_feeds))
        return dg_ok();
    for (binding *b = plan->bindings; b; b = b->next) {
        if (binding_fits(plan, b, feeds, n_feeds)) {
            plan->current = b;
            return dg_ok();
        }
    }
    DG_TRY(check_feeds(plan, feeds, n_feeds));
    binding *made;
    DG_TRY(plan_bind(plan, feeds, n_feeds, &made));
    made->next = plan->bindings;
    plan->bindings = plan->current = made;
    return dg_ok();
}

static void set_feeds(const dg_plan *plan, binding *b, const dg_feed *feeds, int n_feeds)
{
    for (int i = 0; i < plan->n_inputs; i++) {
        void *data = find_feed(feeds, n_feeds, plan->inputs[i])->tensor->data;
        for (int32_t k = b->feed_starts[i]; k < b->feed_starts[i + 1]; k++)
            b->values[b->fed_views[k]].tensor.data = data;
    }
}

/* ---- running ---- */

dg_status task_run(const dg_plan *plan, const task *t)
{
    if (t->kernel)
        return t->of->entry->op->forward(t->kernel);
    fused_run(t->fused, t->n_parts, plan->options.threads);
    return dg_ok();
}

static void run_assignments(binding *b)
{
    for (int i = 0; i < b->n_assignments; i++) {
        const assignment *a = &b->assignments[i];
        const dg_tensor *from = &b->values[a->value].tensor;
        if (a->snapshot && dg_tensor_bytes(from))
            memcpy(b->memory + a->snapshot - 1, from->data, dg_tensor_bytes(from));
    }
    for (int i = 0; i < b->n_assignments; i++) {
        const assignment *a = &b->assignments[i];
        const dg_tensor *from = &b->values[a->value].tensor;
        if (!a->in_place && dg_tensor_bytes(from))
            memcpy(b->values[a->parameter].tensor.data, a->snapshot ? b->memory + a->snapshot - 1 : from->data,
                   dg_tensor_bytes(from));
    }
}

static dg_status run_tasks(const dg_plan *plan, binding *b)
{
    for (int32_t i = 0; i < b->n_tasks; i++) {
        dg_status status = task_run(plan, &b->tasks[i]);
        if (status.code != DG_OK)
            return at_node(b->tasks[i].of->node, status);
    }
    return dg_ok();
}

dg_status dg_plan_run(dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    DG_TRY(find_binding(plan, feeds, n_feeds));
    binding *b = plan->current;
    set_feeds(plan, b, feeds, n_feeds);
    for (int32_t i = 0; i < b->n_random_kernels; i++)
        b->random_kernels[i]->random.step = plan->step;
    DG_TRY(plan->profiling ? run_tasks_timed(plan, b) : run_tasks(plan, b));
    run_assignments(b);
    plan->step++;
    return dg_ok();
}

const dg_tensor *dg_plan_result(const dg_plan *plan, int k)
{
    if (!plan->current || k < 0 || k >= plan->options.n_fetch)
        return NULL;
    return &plan->current->values[plan->current->fetch[k]].tensor;
}

void dg_plan_set_step(dg_plan *plan, uint64_t number)
{
    plan->step = number;
}
