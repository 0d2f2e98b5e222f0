/* Chains without branches become one box with a row an op. */
#include "passes.h"

#include <string.h>

static bool may_stack(const view_box *box)
{
    return !box->is_gone && box->kind == BOX_OP && box->partner < 0 && !box->rows[0].is_loss &&
           !box->rows[0].looks.shape;
}

/* The network, its derivatives and their updates: one box does not hold rows of two. */
static view_style part_of(const view_box *box)
{
    view_style style = box->rows[0].style;
    return style == STYLE_GRADIENT || style == STYLE_UPDATE ? style : N_STYLES;
}

/* The parameters of one layer become one box, too. */
static void stack_parameters(view *v)
{
    view_fan in, out;
    if (!view_fan_in(v, &in) || !view_fan_out(v, &out))
        return;
    for (int b = 0; b < v->n_boxes; b++) {
        int first = -1, count = 0;
        for (int turn = 0; turn < 2; turn++) {
            for (int i = in.first[b]; i < in.first[b + 1]; i++) {
                view_wire *wire = &v->wires[in.wires[i]];
                view_box *box = &v->boxes[wire->from];
                if (wire->is_gone || wire->kind != WIRE_PARAMETER || *wire->argument || box->is_gone ||
                    box->kind != BOX_PARAMETER || out.first[wire->from + 1] - out.first[wire->from] != 1)
                    continue;
                if (turn == 0) {
                    count++;
                } else if (first < 0) {
                    view_row *rows = dg_arena_alloc(v->arena, (size_t)count * sizeof *rows);
                    if (!rows)
                        return;
                    rows[0] = box->rows[0];
                    box->rows = rows;
                    first = wire->from;
                } else {
                    box->became = first + 1;
                    box->became_row = v->boxes[first].n_rows;
                    v->boxes[first].rows[v->boxes[first].n_rows++] = box->rows[0];
                    box->is_gone = wire->is_gone = true;
                }
            }
            if (count < 2)
                break;
        }
    }
}

int pass_stack(view *v)
{
    view_fan in, out;
    int *head = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *head); /* the box that a box is merged in */
    int *order = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *order);
    int merged = 0;
    stack_parameters(v);
    if (!head || !order || !view_fan_in(v, &in) || !view_fan_out(v, &out))
        return 0;
    int count = view_order(v, &in, order);
    for (int b = 0; b < v->n_boxes; b++)
        head[b] = b;
    for (int k = 0; k < count; k++) {
        int b = order[k];
        if (!may_stack(&v->boxes[b]) || in.first[b + 1] - in.first[b] != 1)
            continue;
        view_wire *wire = &v->wires[in.wires[in.first[b]]];
        int above = wire->from;
        if (!may_stack(&v->boxes[above]) || out.first[above + 1] - out.first[above] != 1 || *wire->argument ||
            *wire->result || wire->label || v->boxes[above].module != v->boxes[b].module ||
            part_of(&v->boxes[above]) != part_of(&v->boxes[b]))
            continue;
        head[b] = head[above];
        wire->is_gone = true;
        v->boxes[head[b]].n_rows++; /* counted first, filled below */
        merged++;
    }
    int *used = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *used);
    for (int k = 0; used && k < count; k++) {
        int b = order[k], top = head[b];
        view_box *box = &v->boxes[top];
        if (box->n_rows < 2 || box->kind != BOX_OP || v->boxes[b].is_gone)
            continue;
        view_row own = v->boxes[b].rows[0];
        if (top == b && !(box->rows = dg_arena_alloc(v->arena, (size_t)box->n_rows * sizeof *box->rows))) {
            v->failed = true;
            return merged;
        }
        box->rows[used[top]] = own;
        for (int i = out.first[b]; i < out.first[b + 1]; i++) {
            v->wires[out.wires[i]].from = top;
            v->wires[out.wires[i]].from_row = used[top];
        }
        if (top != b) {
            v->boxes[b].is_gone = true;
            v->boxes[b].became = top + 1;
            v->boxes[b].became_row = used[top];
        }
        used[top]++;
    }
    return merged;
}
