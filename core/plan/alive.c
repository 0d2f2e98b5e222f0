/* The last look at a binding's steps: who is needed, and in which order they run. */
#include "bind.h"

#include <stdlib.h>
#include <string.h>

void mark_alive(binding *b, const dg_plan *plan)
{
    for (int i = 0; i < plan->options.n_fetch; i++) {
        value *root = &b->values[b->values[b->fetch[i]].root];
        root->needed = root->fetched = true;
    }
    for (int i = 0; i < b->n_assignments; i++)
        b->values[b->values[b->assignments[i].value].root].needed = true;
    for (int32_t i = b->n_steps - 1; i >= 0; i--) {
        step *s = &b->steps[i];
        bool needed = false;
        for (int k = 0; s->alive && k < s->n_outputs; k++)
            needed |= b->values[s->first_output + k].needed;
        s->alive = needed;
        for (int k = 0; needed && k < s->n_inputs; k++)
            if (s->inputs[k] >= 0 && reads_bytes(s, k))
                b->values[b->values[s->inputs[k]].root].needed = true;
    }
}

/* Elementwise steps that only assignments read go to the end: when they run, no kernel can fail any more, so that they
 * may write into the parameters themselves. */
dg_status order_steps(binding *b, const dg_plan *plan)
{
    bool *held = calloc((size_t)b->n_values + 1, sizeof *held); /* roots that another step reads */
    if (!held)
        return dg_no_memory("a plan");
    int32_t n_updates = 0, count = 0;
    for (int32_t i = b->n_steps - 1; i >= 0; i--) {
        step *s = &b->steps[i];
        if (!s->alive)
            continue;
        s->update =
            s->formula && plan_does(plan, DG_REUSE) && !held[s->first_output] && !b->values[s->first_output].fetched;
        n_updates += s->update;
        for (int k = 0; !s->update && k < s->n_inputs; k++)
            if (s->inputs[k] >= 0 && reads_bytes(s, k))
                held[b->values[s->inputs[k]].root] = true;
    }
    free(held);
    step *updates = malloc(sizeof *updates * (size_t)(n_updates + 1));
    if (!updates)
        return dg_no_memory("a plan");
    n_updates = 0;
    for (int32_t i = 0; i < b->n_steps; i++) {
        if (b->steps[i].alive && b->steps[i].update)
            updates[n_updates++] = b->steps[i];
        else if (b->steps[i].alive)
            b->steps[count++] = b->steps[i];
    }
    memcpy(b->steps + count, updates, sizeof *updates * (size_t)n_updates);
    free(updates);
    b->n_steps = count + n_updates;
    for (int32_t i = 0; i < b->n_steps; i++)
        for (int k = 0; k < b->steps[i].n_outputs; k++)
            b->values[b->steps[i].first_output + k].producer = i;
    return dg_ok();
}
