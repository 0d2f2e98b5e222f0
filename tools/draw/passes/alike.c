/* Modules that are like one that is shown before them, up to sizes, become boxes that say so: each kind of a network's
 * blocks is shown once. */
#include "passes.h"

#include <stdlib.h>

enum { LEAST_INSIDE = 2 }; /* boxes of a module that is closed */

typedef struct module_kind {
    uint64_t hash;
    int boxes; /* in it */
    int first; /* place of its first box in the order */
    int depth;
    int n_like; /* modules that are closed for being like it */
} module_kind;

typedef struct alike_work {
    view *v;
    view_fan in;
    int *order, *place, n; /* place: of a box among those of a module */
    module_kind *kinds;    /* by module */
} alike_work;

/* How often the box stands for a node, within the module. */
static uint64_t times_inside(const view *v, int module, int outer)
{
    uint64_t times = 1;
    for (; module >= 0 && module != outer; module = v->modules[module].parent)
        times = times * 31 + (uint64_t)v->modules[module].times;
    return times;
}

static uint64_t mix(uint64_t hash, uint64_t more)
{
    return (hash ^ (more + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2))) * 0xff51afd7ed558ccdu;
}

/* Of ops without sizes, and of wires by where they come from. Dots that hand values on are no boxes of the module's. */
static void hash_box(alike_work *a, int k, int module)
{
    view *v = a->v;
    int b = a->order[k];
    const view_box *box = &v->boxes[b];
    module_kind *kind = &a->kinds[module];
    if (box->kind == BOX_ENTRY)
        return;
    kind->first = kind->boxes ? kind->first : k;
    a->place[b] = kind->boxes++;
    kind->hash = mix(kind->hash, times_inside(v, box->module, module) * 8 + (uint64_t)box->kind);
    for (int r = 0; r < box->n_rows; r++) {
        kind->hash = text_hash(kind->hash, box->rows[r].loose ? box->rows[r].loose : box->rows[r].op);
        kind->hash = mix(kind->hash, (uint64_t)(box->rows[r].is_loss * 2 + box->rows[r].is_output));
    }
    for (int i = a->in.first[b]; i < a->in.first[b + 1]; i++) {
        const view_wire *wire = &v->wires[a->in.wires[i]];
        int from = wire->from;
        bool is_inside = v->boxes[from].kind != BOX_ENTRY && view_is_inside(v, v->boxes[from].module, module);
        uint64_t source = is_inside ? 2 + (uint64_t)(kind->boxes - a->place[from]) : 1;
        kind->hash = mix(kind->hash, source * 64 + (uint64_t)(wire->input * 8 + wire->output));
    }
}

static bool find_kinds(alike_work *a)
{
    view *v = a->v;
    a->order = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *a->order);
    a->place = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *a->place);
    a->kinds = dg_arena_alloc(v->arena, ((size_t)v->n_modules + 1) * sizeof *a->kinds);
    if (!a->order || !a->place || !a->kinds || !view_fan_in(v, &a->in))
        return false;
    a->n = view_order(v, &a->in, a->order);
    for (int m = 0; m < v->n_modules; m++)
        for (int k = 0; k < a->n; k++)
            if (view_is_inside(v, v->boxes[a->order[k]].module, m))
                hash_box(a, k, m);
    for (int m = 0; m < v->n_modules; m++)
        for (int outer = v->modules[m].parent; outer >= 0; outer = v->modules[outer].parent)
            a->kinds[m].depth++;
    return a->n >= 0;
}

/* The modules with a name and enough in them, as they come, those around others before them. Returns how many. */
static int list_modules(const alike_work *a, const char *open, int *list)
{
    int n = 0;
    for (int m = 0; m < a->v->n_modules; m++) {
        const module_kind *kind = &a->kinds[m];
        int at = n;
        if (kind->boxes < LEAST_INSIDE || !*a->v->modules[m].label || view_keeps_open(a->v, m, open))
            continue;
        for (; at > 0; at--) {
            const module_kind *before = &a->kinds[list[at - 1]];
            if (before->first < kind->first || (before->first == kind->first && before->depth <= kind->depth))
                break;
            list[at] = list[at - 1];
        }
        list[at] = m;
        n++;
    }
    return n;
}

static bool is_hidden(const view *v, const bool *closed, int module)
{
    for (int outer = v->modules[module].parent; outer >= 0; outer = v->modules[outer].parent)
        if (closed[outer])
            return true;
    return false;
}

/* Which are closed, and by module the one that it is like. */
static void choose(const alike_work *a, const int *list, int n, bool *closed, int *like)
{
    for (int k = 0; k < n; k++) {
        int m = list[k];
        bool hidden = is_hidden(a->v, closed, m);
        like[m] = hidden ? -2 : -1; /* nothing is like what is not seen */
        for (int i = 0; i < k && like[m] == -1; i++)
            if (like[list[i]] == -1 && a->kinds[list[i]].hash == a->kinds[m].hash &&
                a->kinds[list[i]].boxes == a->kinds[m].boxes)
                like[m] = list[i];
        closed[m] = like[m] >= 0;
        if (closed[m])
            a->kinds[like[m]].n_like++;
    }
}

/* Whether nothing branches in the module: a row of names would tell as much. */
static bool is_chain(const alike_work *a, int module)
{
    const view *v = a->v;
    int *outs = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *outs);
    for (int k = 0; outs && k < a->n; k++) {
        int b = a->order[k], ins = 0;
        for (int i = a->in.first[b]; i < a->in.first[b + 1] && view_is_inside(v, v->boxes[b].module, module); i++) {
            int from = v->wires[a->in.wires[i]].from;
            if (view_is_inside(v, v->boxes[from].module, module) && !view_is_source(&v->boxes[from]) &&
                (++ins > 1 || ++outs[from] > 1))
                return false;
        }
    }
    return true;
}

/* Closes `more` of those that are open: first what nothing is like, the innermost first, the last first. */
static void choose_more(const alike_work *a, const int *list, int n, int more, bool *closed)
{
    a->v->n_closable = 0;
    for (int k = 0; k < n; k++)
        a->v->n_closable += !closed[list[k]] && !is_hidden(a->v, closed, list[k]);
    for (int k = 0; k < n && more == CLOSE_CHAINS; k++)
        if (!closed[list[k]] && !is_hidden(a->v, closed, list[k]) && is_chain(a, list[k])) {
            closed[list[k]] = true;
            a->v->n_closable--;
        }
    for (; more > 0; more--) {
        int best = -1;
        for (int k = n - 1; k >= 0; k--) {
            const module_kind *kind = &a->kinds[list[k]];
            if (closed[list[k]] || is_hidden(a->v, closed, list[k]))
                continue;
            if (best < 0 || (kind->n_like == 0) > (a->kinds[best].n_like == 0) ||
                ((kind->n_like == 0) == (a->kinds[best].n_like == 0) && kind->depth > a->kinds[best].depth))
                best = list[k];
        }
        if (best < 0)
            return;
        closed[best] = true;
    }
}

int pass_close_alike(view *v, int more, const char *open)
{
    alike_work a = {.v = v};
    size_t n = (size_t)v->n_modules + 1;
    int *list = dg_arena_alloc(v->arena, n * sizeof *list), *like = dg_arena_alloc(v->arena, n * sizeof *like);
    bool *closed = dg_arena_alloc(v->arena, n);
    int first_new = v->n_boxes;
    if (!list || !like || !closed || !find_kinds(&a))
        return 0;
    int n_listed = list_modules(&a, open, list);
    for (int m = 0; m < v->n_modules; m++)
        like[m] = -1;
    choose(&a, list, n_listed, closed, like);
    choose_more(&a, list, n_listed, more, closed);
    int count = pass_close_these(v, closed);
    for (int b = first_new; b < v->n_boxes; b++) {
        view_box *box = &v->boxes[b];
        int of = box->kind == BOX_MODULE ? like[box->closed] : -1;
        if (of >= 0 && !closed[of] && !is_hidden(v, closed, of))
            box->rows[0].detail = text_format(v->arena, "like %s · %s", v->modules[of].label, box->rows[0].detail);
    }
    return count;
}
