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

/* Boxes in order, and how many boxes the longest way from each to `to` has; 0: there is none. */
static int *count_left(const view *v, const view_fan *in, const int *rank, const int *order, int count, int to)
{
    int *left = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *left);
    if (!left)
        return NULL;
    left[to] = 1;
    for (int k = count - 1; k >= 0; k--)
        for (int i = in->first[order[k]], b = order[k]; left[b] && i < in->first[b + 1]; i++) {
            int from = v->wires[in->wires[i]].from;
            if (rank[from] < rank[b] && left[b] + 1 > left[from])
                left[from] = left[b] + 1;
        }
    return left;
}

/* The arm of a U that goes up again. What goes down from the innermost skip's tail, `below`, somewhere meets what the
 * skip carries, or what is computed of that. The network turns in the middle of the way there, or before, at the first
 * box that is read from behind the meeting. False: no memory. */
static bool find_rising(view *v, const int *rank, const view_wire *inner, bool *rises)
{
    size_t n = (size_t)v->n_boxes + 1;
    int *order = dg_arena_alloc(v->arena, n * sizeof *order), *left;
    bool *is_below = dg_arena_alloc(v->arena, n), *is_across = dg_arena_alloc(v->arena, n);
    int first = -1, meeting = rank[inner->to], count;
    view_fan in;
    if (!order || !is_below || !is_across || !view_fan_in(v, &in) || (count = view_order(v, &in, order)) < 0 ||
        !(left = count_left(v, &in, rank, order, count, inner->to)))
        return false;
    for (int w = 0; w < v->n_wires; w++)
        if (!v->wires[w].is_gone && v->wires[w].from == inner->from &&
            (first < 0 || left[v->wires[w].to] > left[first]))
            first = v->wires[w].to;
    is_below[first] = is_across[inner->from] = true;
    for (int k = 0; k < count; k++)
        for (int i = in.first[order[k]], b = order[k]; i < in.first[b + 1]; i++) {
            int from = v->wires[in.wires[i]].from;
            is_below[b] |= is_below[from];
            is_across[b] |= b != first && is_across[from];
            if (is_below[b] && is_across[b] && rank[b] < meeting)
                meeting = rank[b];
        }
    int turn = (rank[inner->from] + meeting + 1) / 2;
    for (int w = 0; w < v->n_wires; w++)
        if (!v->wires[w].is_gone && is_below[v->wires[w].from] && rank[v->wires[w].to] >= meeting &&
            rank[v->wires[w].from] < turn)
            turn = rank[v->wires[w].from];
    for (int b = 0; b < v->n_boxes; b++)
        rises[b] = is_below[b] && rank[b] >= turn;
    return true;
}

/* What the deepest skip's tail is computed of. */
static bool find_falling(view *v, int tail, bool *falls)
{
    int *order = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *order), count;
    view_fan in;
    if (!order || !view_fan_in(v, &in) || (count = view_order(v, &in, order)) < 0)
        return false;
    falls[tail] = true;
    for (int k = count - 1; k >= 0; k--)
        for (int i = in.first[order[k]]; falls[order[k]] && i < in.first[order[k] + 1]; i++)
            falls[v->wires[in.wires[i]].from] = true;
    return true;
}

/* The last rank that is laid out upwards: where all that the outermost skip brings has come together. */
static int find_last(const view *v, const int *rank, int head)
{
    enum { MOST_MORE = 4 };
    for (int last = rank[head]; last <= rank[head] + MOST_MORE; last++) {
        bool is_passed = false;
        for (int w = 0; w < v->n_wires && !is_passed; w++) {
            const view_wire *wire = &v->wires[w];
            is_passed = !wire->is_gone && !view_is_source(&v->boxes[wire->from]) && rank[wire->from] < last &&
                        rank[wire->to] > last;
        }
        if (!is_passed)
            return last;
    }
    return rank[head];
}

/* How many skips end neither on the arm that goes down nor on that which rises: a nest, as U-Net++ is, has many. */
static int count_inner(const view *v, const bool *rises, const bool *falls, const int *skips, int count)
{
    int inner = 0;
    for (int w = 0; w < v->n_wires; w++) {
        const view_wire *wire = &v->wires[w];
        bool is_level = false;
        for (int k = 0; k < count; k++)
            is_level |= skips[k] == w;
        inner += !wire->is_gone && wire->is_skip && wire->kind == WIRE_DATA && !is_level && !rises[wire->to] &&
                 !falls[wire->to] && !view_is_source(&v->boxes[wire->from]);
    }
    return inner;
}

/* How many wires come out of the inside of a level, or into it, but for those of the levels themselves: in a U there
 * are few, where anything may read anything there are many. */
static int count_crossing(const view *v, const int *rank, const int *skips, int count)
{
    int crossing = 0;
    for (int w = 0; w < v->n_wires; w++) {
        const view_wire *wire = &v->wires[w];
        bool crosses = false;
        if (wire->is_gone || !wire->is_skip || wire->kind != WIRE_DATA || view_is_source(&v->boxes[wire->from]))
            continue;
        for (int k = 0; k < count && !crosses; k++) {
            int above = rank[v->wires[skips[k]].from], below = rank[v->wires[skips[k]].to];
            int from = rank[wire->from], to = rank[wire->to];
            crosses = (from > above && from < below && to > below) || (from < above && to > above && to < below);
        }
        crossing += crosses;
    }
    return crossing;
}

static void choose_u(view *v, const int *rank, const int *skips, int count)
{
    bool *rises = dg_arena_alloc(v->arena, (size_t)v->n_boxes + 1);
    bool *falls = dg_arena_alloc(v->arena, (size_t)v->n_boxes + 1);
    int last = find_last(v, rank, v->wires[skips[0]].to);
    const view_wire *inner = &v->wires[skips[count - 1]];
    if (!rises || !falls || !find_rising(v, rank, inner, rises) || !find_falling(v, inner->from, falls) ||
        count_inner(v, rises, falls, skips, count) >= count || count_crossing(v, rank, skips, count) > 2 * count)
        return;
    for (int k = 0; k < count; k++)
        v->wires[skips[k]].is_beside = true;
    for (int w = 0; w < v->n_wires; w++) {
        view_wire *wire = &v->wires[w];
        wire->is_reversed = !wire->is_beside && rises[wire->from] && rank[wire->to] <= last;
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
