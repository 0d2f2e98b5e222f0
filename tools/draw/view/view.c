/* The arrays of a view, and the order of its boxes. */
#include "view.h"

#include <string.h>

static bool make_room(view *v, void **items, int count, int *room, size_t size)
{
    if (count < *room)
        return true;
    int larger = *room ? 2 * *room : 64;
    void *made = dg_arena_alloc(v->arena, (size_t)larger * size);
    if (!made) {
        v->failed = true;
        return false;
    }
    if (count)
        memcpy(made, *items, (size_t)count * size);
    *items = made;
    *room = larger;
    return true;
}

int view_add_box(view *v, view_box box)
{
    if (!make_room(v, (void **)&v->boxes, v->n_boxes, &v->boxes_room, sizeof box))
        return 0;
    v->boxes[v->n_boxes] = box;
    return v->n_boxes++;
}

int view_add_wire(view *v, view_wire wire)
{
    if (!make_room(v, (void **)&v->wires, v->n_wires, &v->wires_room, sizeof wire))
        return 0;
    v->wires[v->n_wires] = wire;
    return v->n_wires++;
}

int view_add_module(view *v, view_module module)
{
    if (!make_room(v, (void **)&v->modules, v->n_modules, &v->modules_room, sizeof module))
        return 0;
    v->modules[v->n_modules] = module;
    return v->n_modules++;
}

view_box *view_last_box(view *v)
{
    return &v->boxes[v->n_boxes - 1];
}

static bool make_fan(view *v, view_fan *fan, bool in)
{
    size_t n = (size_t)v->n_boxes;
    int *used = dg_arena_alloc(v->arena, (n + 1) * sizeof *used);
    fan->first = dg_arena_alloc(v->arena, (n + 2) * sizeof *fan->first);
    fan->wires = dg_arena_alloc(v->arena, ((size_t)v->n_wires + 1) * sizeof *fan->wires);
    if (!used || !fan->first || !fan->wires)
        return !(v->failed = true);
    for (int w = 0; w < v->n_wires; w++)
        if (!v->wires[w].is_gone)
            fan->first[(in ? v->wires[w].to : v->wires[w].from) + 1]++;
    for (size_t k = 0; k < n; k++)
        fan->first[k + 1] += fan->first[k];
    for (int w = 0; w < v->n_wires; w++) {
        int box = in ? v->wires[w].to : v->wires[w].from;
        if (!v->wires[w].is_gone)
            fan->wires[fan->first[box] + used[box]++] = w;
    }
    return true;
}

bool view_fan_in(view *v, view_fan *fan)
{
    if (!make_fan(v, fan, true))
        return false;
    for (int b = 0; b < v->n_boxes; b++) /* few: insertion, stable */
        for (int i = fan->first[b] + 1; i < fan->first[b + 1]; i++) {
            int wire = fan->wires[i], k = i;
            const view_wire *w = &v->wires[wire];
            for (; k > fan->first[b]; k--) {
                const view_wire *before = &v->wires[fan->wires[k - 1]];
                if (before->to_row < w->to_row || (before->to_row == w->to_row && before->input <= w->input))
                    break;
                fan->wires[k] = fan->wires[k - 1];
            }
            fan->wires[k] = wire;
        }
    return true;
}

bool view_fan_out(view *v, view_fan *fan)
{
    return make_fan(v, fan, false);
}

typedef struct walk {
    const view *v;
    const view_fan *in;
    int *order, *stack, *next, count;
    bool *seen;
} walk;

static void walk_from(walk *w, int last)
{
    int depth = 0;
    w->seen[w->stack[depth++] = last] = true;
    while (depth) {
        int box = w->stack[depth - 1], i = w->in->first[box] + w->next[box]++;
        if (i >= w->in->first[box + 1]) {
            w->order[w->count++] = box;
            depth--;
        } else if (!w->seen[w->v->wires[w->in->wires[i]].from]) {
            w->seen[w->stack[depth++] = w->v->wires[w->in->wires[i]].from] = true;
        }
    }
}

int view_order_to(view *v, const view_fan *in, const int *firsts, int n_firsts, int *order)
{
    size_t n = (size_t)v->n_boxes;
    walk w = {.v = v, .in = in, .order = order};
    bool *is_read = dg_arena_alloc(v->arena, n + 1);
    w.stack = dg_arena_alloc(v->arena, (n + 1) * sizeof *w.stack);
    w.next = dg_arena_alloc(v->arena, (n + 1) * sizeof *w.next);
    w.seen = dg_arena_alloc(v->arena, n + 1);
    if (!w.stack || !w.next || !is_read || !w.seen) {
        v->failed = true;
        return -1;
    }
    for (int k = 0; k < v->n_wires; k++)
        if (!v->wires[k].is_gone)
            is_read[v->wires[k].from] = true;
    for (int k = 0; k < n_firsts; k++)
        if (!w.seen[firsts[k]])
            walk_from(&w, firsts[k]);
    for (int last = 0; last < v->n_boxes; last++)
        if (!v->boxes[last].is_gone && !is_read[last] && !w.seen[last])
            walk_from(&w, last);
    return w.count;
}

int view_order(view *v, const view_fan *in, int *order)
{
    return view_order_to(v, in, NULL, 0, order);
}

int *view_ranks(view *v)
{
    size_t n = (size_t)v->n_boxes + 1;
    int *order = dg_arena_alloc(v->arena, n * sizeof *order), *rank = dg_arena_alloc(v->arena, n * sizeof *rank);
    view_fan in;
    if (!order || !rank || !view_fan_in(v, &in))
        return NULL;
    int count = view_order(v, &in, order);
    for (int k = 0; k < count; k++)
        for (int i = in.first[order[k]]; i < in.first[order[k] + 1]; i++) {
            int above = rank[v->wires[in.wires[i]].from] + 1;
            rank[order[k]] = above > rank[order[k]] ? above : rank[order[k]];
        }
    return rank;
}

const char *view_module_label(const view_module *module)
{
    return *module->label || !module->content ? module->label : module->content;
}

const char *view_name_within(const char *name, const view_module *module)
{
    size_t n = strlen(module->name);
    const char *rest = n && strncmp(name, module->name, n) == 0 ? name + n : name;
    return rest > name && *rest && rest[1] && strchr("._/-:", *rest) ? rest + 1 : name;
}

bool view_is_source(const view_box *box)
{
    return box->kind == BOX_INPUT || box->kind == BOX_PARAMETER || box->kind == BOX_CONSTANT;
}

bool view_is_inside(const view *v, int module, int outer)
{
    while (module >= 0 && module != outer)
        module = v->modules[module].parent;
    return module == outer;
}

int view_common_module(const view *v, int a, int b)
{
    while (a >= 0 && !view_is_inside(v, b, a))
        a = v->modules[a].parent;
    return a;
}

int64_t view_times_within(const view *v, int module, int outer, bool of_parameters)
{
    int64_t times = 1;
    for (; module >= 0 && module != outer; module = v->modules[module].parent)
        times *= of_parameters && v->modules[module].is_shared ? 1 : v->modules[module].times;
    return times;
}

const char *view_alt(view *v, const view_row *row)
{
    const char *words = text_format(v->arena, "%s%s%s", row->op, *row->name ? " " : "", row->name);
    if (row->head != row->op && strcmp(row->head, row->op) != 0 && strcmp(row->head, row->name) != 0)
        words = text_format(v->arena, "%s, %s", words, row->head);
    if (*row->detail)
        words = text_format(v->arena, "%s, %s", words, row->detail);
    if (*row->shares)
        words = text_format(v->arena, "%s, %s", words, row->shares);
    if (row->parameters && row->style != STYLE_PARAMETER)
        words = text_format(v->arena, "%s, %s %s", words, text_count(v->arena, row->parameters),
                            row->parameters == 1 ? "parameter" : "parameters");
    if (row->is_rounded)
        words = text_format(v->arena, "%s, exactly %s", words, row->call);
    if (row->is_output)
        words = text_format(v->arena, "%s, output", words);
    if (row->is_loss)
        words = text_format(v->arena, "%s, the loss", words);
    if (row->heat_text)
        words = text_format(v->arena, "%s, %s", words, row->heat_text);
    if (row->old)
        words = text_format(v->arena, "%s, %s%s", words, row->mark == MARK_CHANGED ? "changed: " : "", row->old);
    return words;
}
