/* What wires show, skip edges, and a copy of a source for each of its uses. */
#include "passes.h"

#include <string.h>

enum {
    MOST_VISITS = 4000000, /* of the search for longer ways */
    FAR = 12,              /* ranks between readers of one source */
    MOST_SAVED = 120       /* boxes of a picture that shows wires of saved values */
};

void pass_shapes(view *v, shape_mode mode)
{
    view_fan out;
    if (!view_fan_out(v, &out))
        return;
    for (int b = 0; b < v->n_boxes; b++)
        for (int i = out.first[b]; i < out.first[b + 1]; i++) {
            view_wire *wire = &v->wires[out.wires[i]];
            const view_row *tail = &v->boxes[b].rows[wire->from_row];
            bool is_first = true, changes = tail->node && label_changes_shape(tail->node, wire->output);
            for (int k = out.first[b]; k < out.first[b + 1]; k++) {
                const view_wire *other = &v->wires[out.wires[k]];
                if (other != wire && other->from_row == wire->from_row && other->output == wire->output &&
                    (other->is_skip < wire->is_skip || (other->is_skip == wire->is_skip && k < i)))
                    is_first = false;
            }
            wire->shows_shape = mode == SHAPES_ALL ||
                                (mode == SHAPES_CHANGES && is_first && (changes || v->boxes[b].kind == BOX_MODULE) &&
                                 v->boxes[b].kind != BOX_ENTRY && wire->kind != WIRE_PARAMETER);
        }
}

static bool has_longer_way(const view *v, const view_fan *out, const int *rank, const view_wire *wire, int *seen,
                           int mark, int *stack, int64_t *visits)
{
    int depth = 0;
    stack[depth++] = wire->from;
    while (depth) {
        int at = stack[--depth];
        for (int i = out->first[at]; i < out->first[at + 1]; i++) {
            int next = v->wires[out->wires[i]].to;
            if (next == wire->to && at != wire->from)
                return true;
            if (++*visits > MOST_VISITS)
                return false;
            if (next == wire->to || seen[next] == mark || rank[next] >= rank[wire->to])
                continue;
            seen[next] = mark;
            stack[depth++] = next;
        }
    }
    return false;
}

void pass_skips(view *v)
{
    size_t n = (size_t)v->n_boxes + 1;
    int *seen = dg_arena_alloc(v->arena, n * sizeof *seen), *stack = dg_arena_alloc(v->arena, n * sizeof *stack);
    int *rank = view_ranks(v);
    view_fan out;
    int64_t visits = 0;
    if (!rank || !seen || !stack || !view_fan_out(v, &out))
        return;
    for (int w = 0; w < v->n_wires; w++) {
        view_wire *wire = &v->wires[w];
        wire->is_skip = !wire->is_gone && wire->kind == WIRE_DATA && rank[wire->to] - rank[wire->from] > 1 &&
                        out.first[wire->from + 1] - out.first[wire->from] > 1 &&
                        has_longer_way(v, &out, rank, wire, seen, w + 1, stack, &visits);
    }
}

/* Whether the readers of a source are far from each other: wires to all of them would run through the whole picture. */
static bool is_read_afar(const view *v, const view_fan *out, const int *rank, int box)
{
    int first = 1 << 30, last = 0;
    for (int i = out->first[box]; i < out->first[box + 1]; i++) {
        int reader = rank[v->wires[out->wires[i]].to];
        first = reader < first ? reader : first;
        last = reader > last ? reader : last;
    }
    return out->first[box + 1] - out->first[box] > 2 && last - first > FAR;
}

void pass_share(view *v)
{
    int n = v->n_boxes, *rank = view_ranks(v);
    view_fan out;
    if (!rank || !view_fan_out(v, &out))
        return;
    for (int b = 0; b < n; b++) {
        if (v->boxes[b].is_gone || !view_is_source(&v->boxes[b]) || !is_read_afar(v, &out, rank, b))
            continue;
        for (int i = out.first[b] + 1; i < out.first[b + 1]; i++) {
            view_box copy = v->boxes[b];
            view_row *row = dg_arena_alloc(v->arena, sizeof *row);
            if (!row)
                return;
            *row = copy.rows[0];
            row->shares = "again";
            row->parameters = 0;
            copy.rows = row;
            copy.module = v->boxes[v->wires[out.wires[i]].to].module;
            v->wires[out.wires[i]].from = view_add_box(v, copy);
        }
    }
}

void pass_unsaved(view *v)
{
    int boxes = 0;
    for (int b = 0; b < v->n_boxes; b++)
        boxes += !v->boxes[b].is_gone;
    for (int w = 0; w < v->n_wires && boxes > MOST_SAVED; w++)
        if (v->wires[w].kind == WIRE_SAVED || v->wires[w].kind == WIRE_STATE)
            v->wires[w].is_gone = true;
}

void pass_entries(view *v)
{
    view_fan in, out;
    if (!view_fan_in(v, &in) || !view_fan_out(v, &out))
        return;
    for (int b = 0; b < v->n_boxes; b++) {
        if (v->boxes[b].is_gone || v->boxes[b].kind != BOX_ENTRY || in.first[b + 1] - in.first[b] != 1 ||
            out.first[b + 1] - out.first[b] != 1)
            continue;
        view_wire *before = &v->wires[in.wires[in.first[b]]], *after = &v->wires[out.wires[out.first[b]]];
        after->from = before->from;
        after->from_row = before->from_row;
        after->output = before->output;
        after->result = before->result;
        before->is_gone = true;
        v->boxes[b].is_gone = true;
        v->boxes[b].became = before->from + 1;
        if (!view_fan_in(v, &in) || !view_fan_out(v, &out))
            return;
    }
}
