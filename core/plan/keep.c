/* The bindings that a plan keeps, one for each set of sizes that came lately, and the one arena of buffers that they
 * share: only one of them runs at a time, and what is in the buffers lasts until the next run. */
#include "core/base/pages.h"
#include "core/tensor/tensors.h"
#include "plan.h"

#include <stdlib.h>

enum {
    MOST_BINDINGS = 16,
    MOST_KEPT_BYTES = 1 << 24 /* of all but the current one: sizes that seldom come again cost a binding each time */
};

dg_status busy_plan(void)
{
    return dg_error(DG_BAD_ARGUMENT, "the plan is running in another thread: each thread needs a plan of its own");
}

const char *name_unlocked(const dg_plan *plan, dg_node *node)
{
    pthread_mutex_lock(&plan->graph->lock);
    const char *name = dg_node_name(node);
    pthread_mutex_unlock(&plan->graph->lock);
    return name;
}

/* ---- addresses ---- */

/* Gives the values their addresses in an arena that is somewhere else now. */
static void point_to(binding *b, unsigned char *memory)
{
    for (int32_t v = 0; v < b->n_values; v++)
        if (b->values[v].root == v && b->values[v].kind == STORED_IN_ARENA && b->values[v].offset != NOWHERE)
            b->values[v].tensor.data = memory + b->values[v].offset;
    for (int32_t v = 0; v < b->n_values; v++)
        if (b->values[b->values[v].root].kind == STORED_IN_ARENA)
            b->values[v].tensor.data = b->values[b->values[v].root].tensor.data;
    for (int32_t i = 0; i < b->n_tasks; i++)
        if (b->tasks[i].workspace_bytes)
            b->tasks[i].kernel->workspace = memory + b->tasks[i].workspace_offset;
    b->memory = memory;
}

static dg_status resize_arena(dg_plan *plan, size_t bytes)
{
    plan->current = NULL; /* its results go */
    free(plan->memory);
    plan->memory = bytes ? pages_alloc(bytes) : NULL;
    plan->memory_bytes = plan->memory ? bytes : 0;
    if (bytes && !plan->memory)
        return dg_no_memory("the plan's %zu bytes", bytes);
    return dg_ok();
}

bool knows_parameters(const dg_plan *plan)
{
    const dg_tensors *set = plan->options.parameters;
    return plan->current->stored == (set ? tensors_state(set) : 0);
}

/* Tensors of the set may have been replaced or removed. */
static dg_status find_parameters_again(const dg_plan *plan, binding *b)
{
    if (knows_parameters(plan))
        return dg_ok();
    for (int32_t k = 0; k < b->n_parameters; k++) {
        const dg_tensor *tensor;
        dg_status status = find_parameter(plan, b->parameters[k], &tensor);
        if (status.code != DG_OK)
            return dg_prefixed(status, "parameter '%s'", dg_node_name(b->parameters[k]));
        for (int32_t v = 0; v < b->n_values; v++) {
            const value *root = &b->values[b->values[v].root];
            if (root->kind == STORED_AS_PARAMETER && root->source == k)
                b->values[v].tensor.data = tensor->data;
        }
    }
    b->stored = tensors_state(plan->options.parameters);
    return dg_ok();
}

/* Whether they still have the types that the binding is made for. */
static bool keeps_types(const dg_plan *plan, const binding *b)
{
    const dg_tensor *tensor;
    if (plan->options.measuring ||
        b->stored == (plan->options.parameters ? tensors_state(plan->options.parameters) : 0))
        return true;
    for (int32_t k = 0; k < b->n_parameters; k++)
        if (find_parameter(plan, b->parameters[k], &tensor).code == DG_OK && tensor->dtype != b->kept_in[k])
            return false;
    return true;
}

static bool fits(const dg_plan *plan, const binding *b, const dg_feed *feeds, int n_feeds)
{
    return feeds_fit(plan, b, feeds, n_feeds) && keeps_types(plan, b);
}

/* ---- keeping ---- */

static size_t kept_bytes(const binding *b)
{
    return b->constant_bytes + dg_arena_bytes(b->arena) + sizeof *b + sizeof *b->values * (size_t)b->values_capacity +
           sizeof *b->steps * (size_t)b->n_steps + sizeof *b->tasks * (size_t)b->n_tasks;
}

static bool keeps_too_much(const dg_plan *plan)
{
    const binding *newest = plan->bindings;
    size_t limit = plan->options.memory_limit, others = 0, n = 0, constants = 0, arena = 0;
    for (const binding *b = newest; b; b = b->next) {
        others += b == newest ? 0 : kept_bytes(b);
        constants += b->constant_bytes;
        arena = b->memory_bytes > arena ? b->memory_bytes : arena;
        n++;
    }
    return n > 1 && (n > MOST_BINDINGS || others > MOST_KEPT_BYTES || (limit && arena + constants > limit));
}

static void drop_oldest(dg_plan *plan)
{
    binding **at = &plan->bindings;
    while ((*at)->next)
        at = &(*at)->next;
    if (plan->current == *at)
        plan->current = NULL;
    binding_free(*at);
    *at = NULL;
}

void forget_bindings(dg_plan *plan)
{
    while (plan->bindings)
        drop_oldest(plan);
    free(plan->memory);
    plan->memory = NULL;
    plan->memory_bytes = 0;
}

static void put_first(dg_plan *plan, binding *b)
{
    b->next = plan->bindings;
    plan->bindings = b;
}

static binding *take_out(dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    for (binding **at = &plan->bindings; *at; at = &(*at)->next) {
        binding *b = *at;
        if (!fits(plan, b, feeds, n_feeds))
            continue;
        *at = b->next;
        return b;
    }
    return NULL;
}

/* Makes room for the binding among the others, and in the arena. */
static dg_status make_current(dg_plan *plan, binding *b)
{
    size_t limit = plan->options.memory_limit, constants = 0;
    put_first(plan, b);
    plan->current = b;
    if (plan->options.measuring)
        return dg_ok();
    while (keeps_too_much(plan))
        drop_oldest(plan);
    for (const binding *kept = plan->bindings; kept; kept = kept->next)
        constants += kept->constant_bytes;
    if (b->memory_bytes > plan->memory_bytes || (limit && plan->memory_bytes + constants > limit))
        DG_TRY(resize_arena(plan, b->memory_bytes));
    if (b->memory != plan->memory)
        point_to(b, plan->memory);
    plan->current = b;
    return dg_ok();
}

dg_status find_binding(dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    DG_TRY(check_feed_list(plan, feeds, n_feeds));
    if (!plan->current || !fits(plan, plan->current, feeds, n_feeds)) {
        binding *b = take_out(plan, feeds, n_feeds);
        if (!b) {
            pthread_mutex_lock(&plan->graph->lock); /* binding makes formulas and names in the graph */
            dg_status status = plan_bind(plan, feeds, n_feeds, &b);
            pthread_mutex_unlock(&plan->graph->lock);
            DG_TRY(status);
        }
        DG_TRY(make_current(plan, b));
    }
    return plan->options.measuring ? dg_ok() : find_parameters_again(plan, plan->current);
}
