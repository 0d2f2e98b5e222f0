/* Equal steps are computed once, and equal views are one value. */
#include "bind.h"

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

/* ---- the table ---- */

/* Unlike core/base/table.h, this table is probed near a place that follows from the newest input first, and at random
 * only when these places are full: a binding visits steps from front to back, so it walks through memory in order. */
enum { NEAR = 8 };

static size_t place(const build *u, int32_t newest, uint32_t hash, size_t k)
{
    return (k < NEAR ? 2 * (size_t)newest + k : hash + k) & (u->n_slots - 1);
}

static int32_t newest_input(const step *s)
{
    int32_t newest = 0;
    for (int k = 0; k < s->n_inputs; k++)
        newest = s->inputs[k] > newest ? s->inputs[k] : newest;
    return newest;
}

/* The newest value that what a slot holds is made of. */
static int32_t newest_of(const build *u, const merge_slot *slot)
{
    return slot->what < 0 ? u->b->values[-1 - slot->what].origin : newest_input(&u->b->steps[slot->what - 1]);
}

static dg_status grow_slots(build *u)
{
    if (2 * u->used_slots < u->n_slots)
        return dg_ok();
    size_t n_old = u->n_slots, n_slots = n_old ? 2 * n_old : 64;
    while (!n_old && n_slots < 2 * (size_t)u->plan->n_order) /* at first for all; views may need more */
        n_slots *= 2;
    merge_slot *slots = calloc(n_slots, sizeof *slots), *old = u->slots;
    if (!slots)
        return dg_no_memory("a plan");
    u->slots = slots;
    u->n_slots = n_slots;
    for (size_t i = 0; i < n_old; i++) {
        if (!old[i].what)
            continue;
        int32_t newest = newest_of(u, &old[i]);
        size_t k = 0;
        while (slots[place(u, newest, old[i].hash, k)].what)
            k++;
        slots[place(u, newest, old[i].hash, k)] = old[i];
    }
    free(old);
    return dg_ok();
}

static void keep(build *u, merge_slot *slot, int32_t what, uint64_t hash)
{
    *slot = (merge_slot){what, (uint32_t)hash};
    u->used_slots++;
}

/* ---- views and steps ---- */

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
    uint64_t hash = view_hash(origin, shape);
    merge_slot *slot;
    for (size_t k = 0; (slot = &u->slots[place(u, origin, (uint32_t)hash, k)])->what; k++) {
        const value *v = slot->what < 0 && slot->hash == (uint32_t)hash ? &u->b->values[-1 - slot->what] : NULL;
        if (v && v->origin == origin && dg_shape_equal(&v->tensor.shape, shape)) {
            *view = -1 - slot->what;
            return dg_ok();
        }
    }
    DG_TRY(new_view(u, origin, shape, view));
    u->b->values[*view].origin = origin;
    keep(u, slot, -1 - *view, hash);
    return dg_ok();
}

dg_status merge(build *u, int32_t index, int32_t *earlier)
{
    *earlier = -1;
    step *s = &u->b->steps[index];
    if (!plan_does(u->plan, DG_MERGING) || (s->entry->op->flags & (DG_RANDOM | DG_EFFECT)))
        return dg_ok();
    DG_TRY(grow_slots(u));
    uint64_t hash = step_hash(s);
    int32_t newest = newest_input(s);
    merge_slot *slot;
    for (size_t k = 0; (slot = &u->slots[place(u, newest, (uint32_t)hash, k)])->what; k++) {
        if (slot->what > 0 && slot->hash == (uint32_t)hash && same_step(&u->b->steps[slot->what - 1], s)) {
            *earlier = slot->what - 1;
            return dg_ok();
        }
    }
    keep(u, slot, index + 1, hash);
    return dg_ok();
}
