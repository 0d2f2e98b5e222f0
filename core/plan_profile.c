/* What plans cost: work, memory, and the time of each step. */
#include "plan_internal.h"

#include <stdlib.h>
#include <time.h>

dg_plan_cost dg_plan_cost_of(const dg_plan *plan)
{
    const binding *b = plan->current;
    if (!b)
        return (dg_plan_cost){0};
    dg_plan_cost cost = {.arena_bytes = b->memory_bytes, .steps = (size_t)b->n_steps};
    for (int32_t i = 0; i < b->n_steps; i++)
        cost.flops += b->steps[i].flops;
    return cost;
}

void dg_plan_profile(dg_plan *plan, bool on)
{
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

dg_status run_steps_timed(const dg_plan *plan, binding *b)
{
    if (!b->seconds)
        b->seconds = calloc((size_t)b->n_steps + 1, sizeof *b->seconds);
    if (!b->seconds)
        return dg_error(DG_NO_MEMORY, "no memory for a profile of %lld steps", (long long)b->n_steps);
    double begin = now();
    for (int32_t i = 0; i < b->n_steps; i++) {
        dg_status status = step_run(plan, &b->steps[i]);
        if (status.code != DG_OK)
            return at_node(b->steps[i].node, status);
        double end = now();
        b->seconds[i] += end - begin;
        begin = end;
    }
    b->timed_runs++;
    return dg_ok();
}

static double step_bytes(const step *s)
{
    double bytes = 0;
    for (int k = 0; k < s->n_inputs; k++)
        if (s->kernel.inputs[k] && reads_bytes(s, k))
            bytes += (double)dg_tensor_bytes(s->kernel.inputs[k]);
    for (int k = 0; k < s->n_outputs; k++)
        bytes += (double)dg_tensor_bytes(s->kernel.outputs[k]);
    return bytes;
}

size_t dg_plan_profile_entries(const dg_plan *plan, dg_plan_profile_entry *entries, size_t count)
{
    const binding *b = plan->current;
    if (!b || !b->timed_runs)
        return 0;
    for (size_t i = 0; i < count && i < (size_t)b->n_steps; i++)
        entries[i] = (dg_plan_profile_entry){.node = b->steps[i].node,
                                             .seconds = b->seconds[i],
                                             .calls = b->timed_runs,
                                             .flops = b->steps[i].flops,
                                             .bytes = step_bytes(&b->steps[i])};
    return (size_t)b->n_steps;
}
