/* Networks that go down and up again, and forward beside backward: which wires are laid out against their direction,
 * and which boxes are side by side. */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SKIPS = 256 };

bool layout_is_side_by_side(const view *v, int wire)
{
    return v->wires[wire].is_beside;
}

/* Gradients go up, beside what they are of. */
static void choose_ladder(view *v)
{
    for (int w = 0; w < v->n_wires; w++) {
        view_wire *wire = &v->wires[w];
        bool is_update = v->boxes[wire->to].rows[0].style == STYLE_UPDATE;
        wire->is_reversed = wire->kind == WIRE_GRADIENT && !is_update;
        wire->is_beside = is_update && v->boxes[wire->to].partner == wire->from;
        wire->is_loose = wire->kind == WIRE_SAVED || wire->kind == WIRE_STATE ||
                         (is_update && !wire->is_beside && v->boxes[wire->to].partner >= 0);
    }
}

/* The skips from the outermost to the innermost, each inside the one before. */
static int nest_skips(const view *v, const int *rank, int skips[MOST_SKIPS])
{
    int count = 0, outer = -1;
    do {
        int best = -1;
        for (int w = 0; w < v->n_wires; w++) {
            const view_wire *wire = &v->wires[w];
            if (wire->is_gone || !wire->is_skip || wire->kind != WIRE_DATA || view_is_source(&v->boxes[wire->from]))
                continue;
            if (outer >= 0 &&
                (rank[wire->from] <= rank[v->wires[outer].from] || rank[wire->to] >= rank[v->wires[outer].to]))
                continue;
            if (best < 0 || rank[wire->to] - rank[wire->from] > rank[v->wires[best].to] - rank[v->wires[best].from])
                best = w;
        }
        outer = best;
        if (best >= 0)
            skips[count++] = best;
    } while (outer >= 0 && count < MOST_SKIPS);
    return count;
}

static void choose_u(view *v, const int *rank, const int *skips, int count)
{
    const view_wire *outer = &v->wires[skips[0]], *inner = &v->wires[skips[count - 1]];
    int middle = (rank[inner->from] + rank[inner->to]) / 2, last = rank[outer->to];
    for (int k = 0; k < count; k++)
        v->wires[skips[k]].is_beside = true;
    for (int w = 0; w < v->n_wires; w++) {
        view_wire *wire = &v->wires[w];
        if (wire->is_beside || view_is_source(&v->boxes[wire->from]))
            continue;
        wire->is_reversed = rank[wire->from] > middle && rank[wire->to] <= last && rank[wire->to] > middle;
    }
}

void layout_choose_shape(view *v)
{
    int skips[MOST_SKIPS], deepest = 0, *rank = view_ranks(v);
    if (v->is_ladder) {
        choose_ladder(v);
        return;
    }
    if (!rank)
        return;
    for (int b = 0; b < v->n_boxes; b++)
        deepest = rank[b] > deepest ? rank[b] : deepest;
    int count = nest_skips(v, rank, skips);
    if (count < 2 || 3 * (rank[v->wires[skips[0]].to] - rank[v->wires[skips[0]].from]) < 2 * deepest)
        return;
    /* residual blocks inside each other are no U: both ends of a U's levels are apart */
    if (rank[v->wires[skips[count - 1]].to] - rank[v->wires[skips[count - 1]].from] < 2)
        return;
    choose_u(v, rank, skips, count);
}
