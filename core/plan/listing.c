/* What a bound plan will do, step by step, to be shown. */
#include "core/base/null.h"
#include "plan.h"

#include <string.h>

typedef struct listing {
    const binding *b;
    dg_arena *arena;
    dg_plan_step *steps;
    size_t at;     /* the step that is looked at */
    size_t *reads; /* of it */
    size_t n_reads, room;
} listing;

/* Where the value's bytes are in the arena of buffers. False: somewhere else. */
static bool find_offset(const binding *b, const value *v, size_t *offset)
{
    const unsigned char *data = v->tensor.data;
    if (v->kind != STORED_IN_ARENA || !data || !b->memory || data < b->memory || data >= b->memory + b->memory_bytes)
        return false;
    *offset = (size_t)(data - b->memory);
    return true;
}

static void note_write(void *user, int32_t root)
{
    listing *l = user;
    const value *v = &l->b->values[root];
    dg_plan_step *made = &l->steps[l->at];
    size_t offset;
    made->bytes += dg_tensor_bytes(&v->tensor);
    if (find_offset(l->b, v, &offset) && (!made->is_in_arena || offset < made->offset)) {
        made->offset = offset;
        made->is_in_arena = true;
    }
}

static void note_read(void *user, int32_t root)
{
    listing *l = user;
    int32_t producer = l->b->values[root].producer;
    if (producer < 0 || (size_t)producer >= l->at)
        return;
    l->steps[producer].last = l->at;
    for (size_t k = 0; k < l->n_reads; k++)
        if (l->reads[k] == (size_t)producer)
            return;
    if (l->n_reads < l->room)
        l->reads[l->n_reads++] = (size_t)producer;
}

static void count_read(void *user, int32_t root)
{
    (void)root;
    ++*(size_t *)user;
}

/* What the caller or a parameter gets lives to the end. */
static void mark_results(listing *l, int n_fetch)
{
    const binding *b = l->b;
    for (int k = 0; k < n_fetch; k++) {
        int32_t producer = b->values[b->values[b->fetch[k]].root].producer;
        if (producer >= 0 && producer < b->n_tasks)
            l->steps[producer].last = (size_t)b->n_tasks;
    }
    for (int32_t i = 0; i < b->n_assignments; i++) {
        int32_t producer = b->values[b->values[b->assignments[i].value].root].producer;
        if (producer >= 0 && producer < b->n_tasks)
            l->steps[producer].last = (size_t)b->n_tasks;
    }
}

dg_status dg_plan_steps(const dg_plan *plan, dg_arena *arena, dg_plan_step **steps, size_t *count)
{
    const binding *b = plan ? plan->current ? plan->current : plan->bindings : NULL;
    REFUSE_NULL(steps);
    REFUSE_NULL(count);
    *steps = NULL;
    *count = 0;
    REFUSE_NULL(arena);
    if (!b)
        return dg_error(DG_BAD_ARGUMENT,
                        "the plan is not bound to sizes: run or prepare it before its steps are listed");
    listing l = {.b = b, .arena = arena};
    l.steps = dg_arena_alloc(arena, ((size_t)b->n_tasks + 1) * sizeof *l.steps);
    if (!l.steps)
        return dg_no_memory("a list of %lld steps", (long long)b->n_tasks);
    for (l.at = 0; l.at < (size_t)b->n_tasks; l.at++) {
        const task *t = &b->tasks[l.at];
        l.room = 0;
        l.n_reads = 0;
        task_reads(b, t, count_read, &l.room);
        l.reads = dg_arena_alloc(arena, (l.room + 1) * sizeof *l.reads);
        if (!l.reads)
            return dg_no_memory("a list of %lld steps", (long long)b->n_tasks);
        l.steps[l.at] = (dg_plan_step){.node = t->of->node,
                                       .nodes = t->nodes,
                                       .n_nodes = (size_t)t->n_nodes,
                                       .flops = t->flops,
                                       .workspace_bytes = t->workspace_bytes,
                                       .last = l.at};
        task_writes(b, t, note_write, &l);
        task_reads(b, t, note_read, &l);
        l.steps[l.at].reads = l.reads;
        l.steps[l.at].n_reads = l.n_reads;
    }
    mark_results(&l, plan->options.n_fetch);
    *steps = l.steps;
    *count = (size_t)b->n_tasks;
    return dg_ok();
}
