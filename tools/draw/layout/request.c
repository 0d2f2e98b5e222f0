/* The request to the helper: a DOT graph of sizes, with numbers for names. */
#include "layout.h"

#include <math.h>

static void put_inches(text *t, const char *name, double points)
{
    text_add(t, " %s=", name);
    text_number(t, ceil(points) / 72 + 0.0005, 3);
}

static void put_blank(text *t, double width, double height)
{
    text_add(
        t,
        " label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"0\"><TR><TD FIXEDSIZE=\"TRUE\" "
        "WIDTH=\"%d\" HEIGHT=\"%d\"></TD></TR></TABLE>>",
        (int)ceil(width), (int)ceil(height));
}

/* What dot is told of lines that are to be straight, and of the order of arguments. */
typedef struct hints {
    const int *trunk;    /* by box: the part of the longest way that it is on; 0: none; NULL */
    const bool *ordered; /* by box: wires come in in the order of its arguments; NULL */
    const bool *is_only; /* by wire: between its boxes there is nothing to choose */
} hints;

static bool is_reversed_between(const view *v, const view_fan *in, int from, int to)
{
    for (int i = in->first[to]; i < in->first[to + 1]; i++)
        if (v->wires[in->wires[i]].from == from && v->wires[in->wires[i]].is_reversed)
            return true;
    return false;
}

/* The boxes of the way that ends with `last`. In a U, what goes down, what rises and what follows are three lines. */
static void mark_trunk(const view *v, const view_fan *in, const int *before, int last, int *trunk)
{
    int part = 1;
    for (int b = last; b >= 0; b = before[b]) {
        bool rises = !v->is_ladder && before[b] >= 0 && is_reversed_between(v, in, before[b], b);
        part += rises != (part % 2 == 0);
        trunk[b] = part;
    }
}

/* The boxes of the longest way: dot keeps them on one line. A module that is closed may read what comes of it: such a
 * wire is on no way. */
static int *find_trunk(view *v)
{
    size_t n = (size_t)v->n_boxes + 1;
    int *order = dg_arena_alloc(v->arena, n * sizeof *order), *length = dg_arena_alloc(v->arena, n * sizeof *length);
    int *before = dg_arena_alloc(v->arena, n * sizeof *before), *place = dg_arena_alloc(v->arena, n * sizeof *place);
    int *trunk = dg_arena_alloc(v->arena, n * sizeof *trunk);
    view_fan in;
    int last = -1;
    if (!order || !length || !before || !place || !trunk || !view_fan_in(v, &in))
        return NULL;
    int count = view_order(v, &in, order);
    for (int k = 0; k < count; k++)
        place[order[k]] = k;
    for (int k = 0; k < count; k++) {
        int b = order[k];
        before[b] = -1;
        for (int i = in.first[b]; i < in.first[b + 1]; i++) {
            int from = v->wires[in.wires[i]].from;
            if (place[from] < k && length[from] + 1 > length[b]) {
                length[b] = length[from] + 1;
                before[b] = from;
            }
        }
        if (last < 0 || length[b] > length[last])
            last = b;
    }
    mark_trunk(v, &in, before, last, trunk);
    return trunk;
}

/* Whether the wire says where its ends are placed: parameters and constants stand beside what reads them. */
static bool is_way(const view *v, const view_wire *wire)
{
    box_kind kind = v->boxes[wire->from].kind;
    return !wire->is_gone && !wire->is_loose && !wire->is_beside && kind != BOX_PARAMETER && kind != BOX_CONSTANT;
}

/* The wires that are the only way out of the one box and the only way into the other: lines of branches beside the
 * longest way. NULL: no memory. */
static bool *find_only(view *v)
{
    size_t n = (size_t)v->n_boxes + 1;
    int *ins = dg_arena_alloc(v->arena, n * sizeof *ins), *outs = dg_arena_alloc(v->arena, n * sizeof *outs);
    bool *is_only = dg_arena_alloc(v->arena, (size_t)v->n_wires + 1);
    if (!ins || !outs || !is_only)
        return NULL;
    for (int w = 0; w < v->n_wires; w++)
        if (is_way(v, &v->wires[w])) {
            ins[v->wires[w].to]++;
            outs[v->wires[w].from]++;
        }
    for (int w = 0; w < v->n_wires; w++) {
        const view_wire *wire = &v->wires[w];
        is_only[w] = is_way(v, wire) && !wire->is_skip && ins[wire->to] == 1 && outs[wire->from] == 1;
    }
    return is_only;
}

/* Boxes whose arguments have numbers: wires come in in that order, as far as none is laid out backwards. */
static bool *find_ordered(view *v)
{
    bool *is_ordered = dg_arena_alloc(v->arena, (size_t)v->n_boxes + 1);
    for (int w = 0; is_ordered && !v->is_ladder && w < v->n_wires; w++) {
        const view_wire *wire = &v->wires[w];
        if (!wire->is_gone && (wire->is_reversed || wire->is_beside))
            return NULL;
        if (!wire->is_gone && *wire->argument >= '0' && *wire->argument <= '9')
            is_ordered[wire->to] = true;
    }
    return is_ordered;
}

static void put_box(const layout *made, const hints *h, int b, text *t)
{
    const layout_box *box = &made->boxes[b];
    text_add(t, "n%d [", b);
    put_inches(t, "width", box->width);
    put_inches(t, "height", box->height);
    if (box->form == FORM_CIRCLE || box->form == FORM_DOT || box->form == FORM_ELLIPSE)
        text_put(t, " shape=ellipse");
    if (h->ordered && h->ordered[b])
        text_put(t, " ordering=in");
    if (h->trunk && h->trunk[b])
        text_add(t, " group=t%d", h->trunk[b]);
    text_put(t, "]\n");
}

/* Modules with a box in them, in the order in which a walk along the arguments meets them: dot begins with what comes
 * first at the left, and keeps it there where nothing is crossed. Returns how many; −1 without memory. */
static int list_modules(view *v, int *modules)
{
    int *order = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *order), count = 0;
    bool *is_listed = dg_arena_alloc(v->arena, (size_t)v->n_modules + 1);
    view_fan in;
    if (!order || !is_listed || !view_fan_in(v, &in))
        return -1;
    int n_ordered = view_order(v, &in, order);
    for (int k = 0; k < n_ordered; k++)
        for (int m = v->boxes[order[k]].module; m >= 0 && !is_listed[m]; m = v->modules[m].parent) {
            is_listed[m] = true;
            modules[count++] = m;
        }
    return count;
}

/* A module and what is in it. */
static void put_module(view *v, const layout *made, const hints *h, const int *modules, int count, int module, text *t)
{
    for (int k = 0; k < count; k++) {
        int m = modules[k];
        if (v->modules[m].parent != module)
            continue;
        text_add(t, "subgraph cluster_%d {\ngraph [margin=10 labeljust=l labelloc=%s", m,
                 v->rankdir && v->rankdir[0] == 'B' ? "b" : "t");
        if (made->modules[m].label_width > 0)
            put_blank(t, fmax(made->modules[m].label_width + 8, made->modules[m].wanted_width), SIZE_MODULE * 1.3);
        text_put(t, "]\n");
        put_module(v, made, h, modules, count, m, t);
        text_put(t, "}\n");
    }
    for (int b = 0; b < v->n_boxes; b++)
        if (!v->boxes[b].is_gone && v->boxes[b].module == module)
            put_box(made, h, b, t);
}

static void put_wire(view *v, const layout_options *options, const layout *made, int w, int weight, text *t)
{
    const view_wire *wire = &v->wires[w];
    const layout_wire *place = &made->wires[w];
    text_add(t, "n%d -> n%d [e=%d", wire->is_reversed ? wire->to : wire->from,
             wire->is_reversed ? wire->from : wire->to, w);
    if (place->label && !options->no_labels)
        put_blank(t, place->label_width + 10, place->label_height + 2);
    if ((layout_is_side_by_side(v, w) && !v->is_ladder) || wire->is_loose)
        text_put(t, " constraint=false");
    else if (weight > 1)
        text_add(t, " weight=%d", weight);
    text_put(t, "]\n");
}

static void put_weighed(view *v, const layout_options *options, const layout *made, const hints *h, int w, text *t)
{
    const view_wire *wire = &v->wires[w];
    bool on_trunk = h->trunk && h->trunk[wire->from] && h->trunk[wire->to] && !wire->is_skip;
    put_wire(v, options, made, w, on_trunk || h->is_only[w] ? 8 : wire->is_skip ? 1 : 2, t);
}

/* Wires as they come, but those of a box with an order in that order, when the first of them comes. */
static void put_wires(view *v, const layout_options *options, const layout *made, const hints *h, text *t)
{
    bool *has_all = dg_arena_alloc(v->arena, (size_t)v->n_boxes + 1);
    view_fan in;
    if (!has_all || !view_fan_in(v, &in))
        return;
    for (int w = 0; w < v->n_wires; w++) {
        int to = v->wires[w].to;
        if (v->wires[w].is_gone || has_all[to])
            continue;
        if (!h->ordered || !h->ordered[to]) {
            put_weighed(v, options, made, h, w, t);
            continue;
        }
        for (int i = in.first[to]; i < in.first[to + 1]; i++)
            put_weighed(v, options, made, h, in.wires[i], t);
        has_all[to] = true;
    }
}

/* What has a partner is placed on its right: the first by a line that is not seen, where no wire holds it there already
 * (dot would lead both around each other), others as their wires say. */
static void put_partners(view *v, text *t)
{
    bool *has_one = dg_arena_alloc(v->arena, (size_t)v->n_boxes + 1);
    bool *is_held = dg_arena_alloc(v->arena, (size_t)v->n_boxes + 1);
    if (!has_one || !is_held)
        return;
    for (int w = 0; w < v->n_wires; w++)
        if (!v->wires[w].is_gone && v->wires[w].is_beside && v->boxes[v->wires[w].to].partner == v->wires[w].from)
            is_held[v->wires[w].to] = true;
    for (int b = 0; b < v->n_boxes; b++) {
        int partner = v->boxes[b].is_gone ? -1 : v->boxes[b].partner;
        if (partner < 0 || has_one[partner] || v->boxes[partner].is_gone)
            continue;
        has_one[partner] = true;
        text_add(t, "{ rank=same n%d n%d }\n", partner, b);
        if (!is_held[b])
            text_add(t, "n%d -> n%d [style=invis]\n", partner, b);
    }
}

void layout_request(view *v, const layout_options *options, const layout *made, text *t)
{
    const hints h = {find_trunk(v), find_ordered(v), find_only(v)};
    int *modules = dg_arena_alloc(v->arena, ((size_t)v->n_modules + 1) * sizeof *modules);
    int count = modules ? list_modules(v, modules) : -1;
    if (count < 0 || !h.is_only) {
        t->failed = true;
        return;
    }
    text_add(t, "digraph g {\ngraph [rankdir=%s nodesep=0.%d ranksep=0.%d newrank=true", options->rankdir,
             25 + 12 * options->spread, 28 + 8 * options->spread);
    if (made->bends > 2000)
        text_put(t, " nslimit=0");
    text_put(t, "]\nnode [shape=box fixedsize=true label=\"\" margin=0]\nedge [arrowhead=none]\n");
    put_module(v, made, &h, modules, count, -1, t);
    put_wires(v, options, made, &h, t);
    for (int w = 0; w < v->n_wires; w++)
        if (!v->wires[w].is_gone && layout_is_side_by_side(v, w))
            text_add(t, "{ rank=same n%d n%d }\n", v->wires[w].from, v->wires[w].to);
    if (v->is_ladder)
        put_partners(v, t);
    text_put(t, "}\n");
}
