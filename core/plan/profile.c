/* What plans cost: work, memory, and the time of each step. */
#include "plan.h"

#include <stdlib.h>
#include <time.h>

dg_plan_cost dg_plan_cost_of(const dg_plan *plan)
{
    const binding *b = plan ? plan->current : NULL;
    if (!b)
        return (dg_plan_cost){0};
    dg_plan_cost cost = {.arena_bytes = b->memory_bytes, .steps = (size_t)b->n_tasks};
    for (int32_t i = 0; i < b->n_tasks; i++)
        cost.flops += b->tasks[i].flops;
    return cost;
}

dg_status dg_plan_prepare(dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    if (!plan)
        return dg_error(DG_BAD_ARGUMENT, "the plan to prepare is NULL");
    if (!plan_enter(plan))
        return busy_plan();
    dg_status status =
        plan->options.per_sample ? samples_prepare(plan, feeds, n_feeds) : find_binding(plan, feeds, n_feeds);
    plan_leave(plan);
    return status;
}

void dg_plan_profile(dg_plan *plan, bool on)
{
    if (!plan)
        return;
    plan->profiling = on;
    for (binding *b = plan->bindings; on && b; b = b->next) {
        free(b->seconds);
        b->seconds = NULL;
        b->timed_runs = 0;
    }
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

dg_status run_tasks_timed(const dg_plan *plan, binding *b)
{
    if (!b->seconds)
        b->seconds = calloc((size_t)b->n_tasks + 1, sizeof *b->seconds);
    if (!b->seconds)
        return dg_no_memory("a profile of %lld steps", (long long)b->n_tasks);
    double begin = now();
    for (int32_t i = 0; i < b->n_tasks; i++) {
        dg_status status = task_run(plan, &b->tasks[i]);
        if (status.code != DG_OK)
            return task_failed(plan, &b->tasks[i], status);
        double end = now();
        b->seconds[i] += end - begin;
        begin = end;
    }
    b->timed_runs++;
    return dg_ok();
}

static double operand_bytes(const dg_fused *run)
{
    double bytes = 0;
    for (int k = 0; k < run->program->n_inputs; k++) {
        const program_operand *operand = &run->operands[run->program->inputs[k].index];
        bytes += (operand->access == IN_PLACE ? (double)run->count : 0) * (double)dg_dtype_size(operand->dtype);
    }
    return bytes;
}

/* Of what goes through memory; of operands that are repeated nothing is counted. */
static double task_bytes(const task *t)
{
    double bytes = 0;
    for (int k = 0; t->kernel && k < t->of->n_inputs; k++)
        if (t->kernel->inputs[k] && t->kernel->inputs[k]->data && reads_bytes(t->of, k))
            bytes += (double)dg_tensor_bytes(t->kernel->inputs[k]);
    for (int k = 0; t->kernel && k < t->of->n_outputs; k++)
        bytes += (double)dg_tensor_bytes(t->kernel->outputs[k]);
    for (int32_t k = 0; k < t->n_parts; k++) {
        bytes += operand_bytes(&t->fused[k]);
        for (int r = 0; r < t->fused[k].program->n_results; r++)
            bytes += (double)t->fused[k].count * (double)dg_dtype_size(t->fused[k].results[r].dtype);
    }
    return t->kernel && t->kernel->prologue ? bytes + operand_bytes(t->kernel->prologue) : bytes;
}

size_t dg_plan_profile_entries(const dg_plan *plan, dg_plan_profile_entry *entries, size_t count)
{
    const binding *b = plan ? plan->current : NULL;
    if (!b || !b->timed_runs)
        return 0;
    for (size_t i = 0; entries && i < count && i < (size_t)b->n_tasks; i++) {
        const task *t = &b->tasks[i];
        entries[i] = (dg_plan_profile_entry){.node = t->of->node,
                                             .nodes = t->nodes,
                                             .n_nodes = (size_t)t->n_nodes,
                                             .seconds = b->seconds[i],
                                             .calls = b->timed_runs,
                                             .flops = t->flops,
                                             .bytes = task_bytes(t)};
    }
    return (size_t)b->n_tasks;
}
