/* What is left out of a picture. */
#include "passes.h"

#include <string.h>

static void drop(view *v, int box)
{
    v->boxes[box].is_gone = true;
    for (int w = 0; w < v->n_wires; w++)
        if (v->wires[w].from == box || v->wires[w].to == box)
            v->wires[w].is_gone = true;
}

/* Takes a box out of its chain: what reads it reads what it reads. */
static void bridge(view *v, const view_fan *in, int box)
{
    const view_wire *source = NULL;
    for (int i = in->first[box]; i < in->first[box + 1] && !source; i++)
        if (!v->wires[in->wires[i]].is_gone)
            source = &v->wires[in->wires[i]];
    for (int w = 0; w < v->n_wires; w++)
        if (source && v->wires[w].from == box && !v->wires[w].is_gone) {
            v->wires[w].from = source->from;
            v->wires[w].from_row = source->from_row;
            v->wires[w].output = source->output;
            v->wires[w].result = source->result;
        }
    v->boxes[box].is_gone = true;
    v->boxes[box].became = source ? source->from + 1 : 0;
    for (int i = in->first[box]; i < in->first[box + 1]; i++)
        v->wires[in->wires[i]].is_gone = true;
}

/* What passes on its input with noise while training: random, with an input that a gradient passes. */
static bool is_dropout(const dg_op *op)
{
    return strcmp(op->family, "random") == 0 && op->inputs[0].name && !(op->flags & DG_NOT_DIFFERENTIABLE);
}

static bool is_hidden(const view_box *box, const char *kinds)
{
    const view_row *row = &box->rows[0];
    if (row->is_loss || row->is_output || box->kind == BOX_ENTRY)
        return false;
    return (text_lists(kinds, "reshapes") && row->style == STYLE_SHAPE && box->kind == BOX_OP && row->node &&
            dg_node_op(row->node)->flags & DG_VIEW) ||
           (text_lists(kinds, "dropout") && box->kind == BOX_OP && row->node && is_dropout(dg_node_op(row->node)));
}

dg_status pass_hide(view *v, const char *kinds)
{
    static const char known[] = "parameters,constants,inputs,reshapes,dropout";
    char word[32];
    for (const char *at = kinds; *at;) {
        size_t n = strcspn(at, ",");
        if (n >= sizeof word)
            return dg_error(DG_BAD_ARGUMENT, "hide: '%.30s…' is not one of %s", at, known);
        memcpy(word, at, n);
        word[n] = '\0';
        if (n && !text_lists(known, word))
            return dg_error(DG_BAD_ARGUMENT, "hide: '%s' is not one of %s", word, known);
        at += n + (at[n] != '\0');
    }
    int n_hidden = 0;
    for (int b = 0; b < v->n_boxes; b++) {
        view_box *box = &v->boxes[b];
        if (box->is_gone)
            continue;
        if ((box->kind == BOX_PARAMETER && text_lists(kinds, "parameters")) ||
            (box->kind == BOX_CONSTANT && text_lists(kinds, "constants")) ||
            (box->kind == BOX_INPUT && text_lists(kinds, "inputs"))) {
            drop(v, b);
            n_hidden++;
        } else if (is_hidden(box, kinds)) {
            view_fan in;
            if (!view_fan_in(v, &in))
                return dg_no_memory("a picture");
            bridge(v, &in, b);
            n_hidden++;
        }
    }
    v->hides_nothing = n_hidden == 0;
    return dg_ok();
}

static int find_box(const view *v, const char *name)
{
    for (int b = 0; b < v->n_boxes; b++)
        for (int r = 0; !v->boxes[b].is_gone && r < v->boxes[b].n_rows; r++)
            if (strcmp(v->boxes[b].rows[r].name, name) == 0)
                return b;
    return -1;
}

static dg_status no_such(const char *option, const char *name)
{
    return dg_error(DG_BAD_ARGUMENT, "%s: the picture has no node '%s'", option, name);
}

static void keep(view *v, const bool *kept)
{
    for (int b = 0; b < v->n_boxes; b++)
        if (!kept[b])
            v->boxes[b].is_gone = true;
    for (int w = 0; w < v->n_wires; w++)
        if (!kept[v->wires[w].from] || !kept[v->wires[w].to])
            v->wires[w].is_gone = true;
}

dg_status pass_around(view *v, const char *name, int radius)
{
    int *distance = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *distance);
    bool *kept = dg_arena_alloc(v->arena, (size_t)v->n_boxes + 1);
    int *queue = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *queue);
    int start = find_box(v, name), head = 0, tail = 0;
    view_fan in, out;
    if (start < 0)
        return no_such("around", name);
    if (!distance || !kept || !queue || !view_fan_in(v, &in) || !view_fan_out(v, &out))
        return dg_no_memory("a picture");
    kept[start] = true;
    queue[tail++] = start;
    while (head < tail) {
        int box = queue[head++];
        for (int turn = 0; turn < 2 && distance[box] < radius; turn++) {
            const view_fan *fan = turn ? &out : &in;
            for (int i = fan->first[box]; i < fan->first[box + 1]; i++) {
                const view_wire *wire = &v->wires[fan->wires[i]];
                int next = turn ? wire->to : wire->from;
                if (!kept[next]) {
                    kept[next] = true;
                    distance[next] = distance[box] + 1;
                    queue[tail++] = next;
                }
            }
        }
    }
    keep(v, kept);
    return dg_ok();
}

static bool mark(view *v, int start, bool forward, bool *marks)
{
    int *stack = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *stack), depth = 0;
    view_fan fan;
    if (!stack || !(forward ? view_fan_out(v, &fan) : view_fan_in(v, &fan)))
        return false;
    marks[stack[depth++] = start] = true;
    while (depth) {
        int box = stack[--depth];
        for (int i = fan.first[box]; i < fan.first[box + 1]; i++) {
            int next = forward ? v->wires[fan.wires[i]].to : v->wires[fan.wires[i]].from;
            if (!marks[next])
                marks[stack[depth++] = next] = true;
        }
    }
    return true;
}

dg_status pass_between(view *v, const char *from, const char *to)
{
    bool *after = dg_arena_alloc(v->arena, (size_t)v->n_boxes + 1),
         *before = dg_arena_alloc(v->arena, (size_t)v->n_boxes + 1);
    int begin = from ? find_box(v, from) : -1, end = to ? find_box(v, to) : -1;
    bool some = false;
    if (from && begin < 0)
        return no_such("from", from);
    if (to && end < 0)
        return no_such("to", to);
    if (!after || !before || (from && !mark(v, begin, true, after)) || (to && !mark(v, end, false, before)))
        return dg_no_memory("a picture");
    for (int b = 0; b < v->n_boxes; b++) {
        after[b] = (after[b] || !from) && (before[b] || !to);
        some |= after[b];
    }
    if (!some)
        return dg_error(DG_BAD_ARGUMENT, "no way leads from '%s' to '%s'", from ? from : "", to ? to : "");
    keep(v, after);
    return dg_ok();
}
