/* Equal steps are computed once, and equal views are one value. */
#include "plan_build.h"

#include <stdlib.h>
#include <string.h>

static uint64_t view_hash(int32_t origin, const dg_shape *shape)
{
    uint64_t hash = hash_mix(17, (uint64_t)origin);
    for (int i = 0; i < shape->rank; i++)
        hash = hash_mix(hash, (uint64_t)shape->dims[i]);
    return hash;
}

static uint64_t step_hash(const step *s)
{
    uint64_t hash =
        s->formula ? hash_mix(3, (uint64_t)(uintptr_t)s->formula) : hash_mix(5, (uint64_t)(uintptr_t)s->entry);
    for (int k = 0; !s->formula && k < s->entry->n_attrs; k++)
        hash = hash_mix(hash, dg_value_hash(&s->attrs[k]));
    for (int k = 0; k < s->n_inputs; k++)
        hash = hash_mix(hash, (uint64_t)s->inputs[k]);
    return hash;
}

static bool same_step(const step *a, const step *b)
{
    if (a->formula != b->formula || (!a->formula && a->entry != b->entry) || a->n_inputs != b->n_inputs ||
        memcmp(a->inputs, b->inputs, sizeof *a->inputs * (size_t)a->n_inputs) != 0)
        return false;
    for (int k = 0; !a->formula && k < a->entry->n_attrs; k++)
        if (!dg_value_equal(&a->attrs[k], &b->attrs[k]))
            return false;
    return true;
}

static uint64_t slot_hash(const build *u, int32_t slot)
{
    if (slot < 0) {
        const value *v = &u->b->values[-1 - slot];
        return view_hash(v->origin, &v->tensor.shape);
    }
    const step *s = &u->b->steps[slot - 1];
    return step_hash(s);
}

static dg_status grow_slots(build *u)
{
    if (2 * u->used_slots < u->n_slots)
        return dg_ok();
    size_t n_slots = u->n_slots ? 2 * u->n_slots : 64;
    while (!u->n_slots && n_slots < 2 * (size_t)u->plan->n_order) /* at first for all; views may need more */
        n_slots *= 2;
    int32_t *slots = calloc(n_slots, sizeof *slots), *old = u->slots;
    if (!slots)
        return plan_no_memory();
    for (size_t i = 0; i < u->n_slots; i++) {
        if (!old[i])
            continue;
        size_t at = slot_hash(u, old[i]) & (n_slots - 1);
        while (slots[at])
            at = (at + 1) & (n_slots - 1);
        slots[at] = old[i];
    }
    free(old);
    u->slots = slots;
    u->n_slots = n_slots;
    return dg_ok();
}

dg_status new_view(build *u, int32_t base, const dg_shape *shape, int32_t *view)
{
    int32_t root = u->b->values[base].root;
    dg_type type = {u->b->values[root].tensor.dtype, *shape};
    DG_TRY(new_value(u->b, &type, u->b->values[root].kind, view));
    u->b->values[*view].root = root;
    u->b->values[*view].tensor.data = u->b->values[root].tensor.data;
    return dg_ok();
}

/* The value that is `base` under another shape; its origin itself where the shape is that one's own. */
dg_status make_view(build *u, int32_t base, const dg_shape *shape, int32_t *view)
{
    int32_t origin = u->b->values[base].origin;
    *view = origin;
    if (dg_shape_equal(&u->b->values[origin].tensor.shape, shape))
        return dg_ok();
    DG_TRY(grow_slots(u));
    size_t at = view_hash(origin, shape) & (u->n_slots - 1);
    for (; u->slots[at]; at = (at + 1) & (u->n_slots - 1)) {
        const value *v = u->slots[at] < 0 ? &u->b->values[-1 - u->slots[at]] : NULL;
        if (v && v->origin == origin && dg_shape_equal(&v->tensor.shape, shape)) {
            *view = -1 - u->slots[at];
            return dg_ok();
        }
    }
    DG_TRY(new_view(u, origin, shape, view));
    u->b->values[*view].origin = origin;
    u->slots[at] = -1 - *view;
    u->used_slots++;
    return dg_ok();
}

dg_status merge(build *u, int32_t index, int32_t *earlier)
{
    *earlier = -1;
    step *s = &u->b->steps[index];
    if (!plan_does(u->plan, DG_MERGING) || (s->entry->op->flags & (DG_RANDOM | DG_EFFECT)))
        return dg_ok();
    DG_TRY(grow_slots(u));
    size_t at = step_hash(s) & (u->n_slots - 1);
    for (; u->slots[at]; at = (at + 1) & (u->n_slots - 1)) {
        if (u->slots[at] > 0 && same_step(&u->b->steps[u->slots[at] - 1], s)) {
            *earlier = u->slots[at] - 1;
            return dg_ok();
        }
    }
    u->slots[at] = index + 1;
    u->used_slots++;
    return dg_ok();
}
