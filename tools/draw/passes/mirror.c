/* Derivatives in the large: beside each box of a network, one for all nodes of its gradients, and one for those of the
 * optimiser that update its parameters. What the network shows as one box, as a row of a stack, as a closed module or
 * as K times, its derivatives show as one, too: the picture is as high as that of the network alone. What adds
 * gradients that several boxes give is with what they are by: in one of theirs, the others would seem to flow through
 * that layer. */
#include "mirror_work.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_NAMED = 3, DEEPEST_SUM = 1000 };

/* With a plan, steps are counted in the place of nodes. */
static void place_steps(mirror *m)
{
    dg_arena *arena = m->v->arena;
    for (int kind = 0; kind < N_KINDS; kind++)
        for (int b = 0; b < m->n_boxes; b++)
            for (int r = 0; r < m->v->boxes[b].n_rows; r++)
                m->counts[kind][m->first[b] + r] = 0;
    m->n_shared = 0;
    for (size_t k = 0; k < m->plan->count; k++) {
        const dg_plan_step *step = &m->plan->steps[k];
        for (size_t i = 0; i < step->n_nodes; i++) {
            const dg_node *node = step->nodes[i];
            int64_t id = dg_node_id(node);
            node_place place = id < m->derived->first ? mirror_find_place(m, node) : m->places[id];
            bool is_own = node == step->node;
            size_t bytes = is_own && step->is_in_arena ? step->bytes : 0;
            int at = place.box < 0 ? 0 : m->first[place.box] + place.row;
            step_list *list = place.box < 0 ? &m->shared : &m->steps[place.kind][at];
            if (place.box >= 0)
                m->counts[place.kind][at]++;
            m->n_shared += place.box < 0;
            list->is_own |= is_own;
            step_list_add(arena, list, (int64_t)k + 1, bytes);
        }
    }
    for (int b = 0; b < m->n_boxes; b++)
        for (int r = 0; r < m->v->boxes[b].n_rows; r++) {
            view_row *row = &m->v->boxes[b].rows[r];
            bool computes = !view_is_source(&m->v->boxes[b]) && m->v->boxes[b].kind != BOX_ENTRY;
            row->parameters = 0;
            if (computes)
                row->detail = step_list_text(m->v->arena, &m->steps[FORWARD][m->first[b] + r]);
        }
}

static void put_name(const mirror *m, node_place place, const char *name)
{
    int at = m->first[place.box] + place.row, *count = &m->n_names[place.kind][at];
    const char **names = &m->names[place.kind][at];
    name = text_format(m->v->arena, "%s%s", place.kind == GRADIENT ? "∂" : "", name);
    if (*count > MOST_NAMED || text_lists(*names, name))
        return;
    *names = text_format(m->v->arena, "%s%s%s", *names, *count ? ", " : "", *count == MOST_NAMED ? "…" : name);
    ++*count;
}

/* With the boxes whose nodes give a parameter's gradient or a term of it. `own`: where what owns the parameter is,
 * whose name is said there. Returns how many there are. */
static int name_terms(const mirror *m, const dg_node *term, node_place own, const char *name, int depth)
{
    const node_place *place = &m->places[dg_node_id(term)];
    const char *dot = strrchr(name, '.');
    int count = 0;
    if (dg_node_id(term) < m->derived->first)
        return 0;
    if (dg_node_op(term)->role == DG_ROLE_OUTPUT)
        return name_terms(m, dg_node_input(term, 0), own, name, depth);
    if (place->kind == GRADIENT && place->box >= 0) {
        bool is_own = place->box == own.box && place->row == own.row;
        put_name(m, *place, is_own && dot ? dot + 1 : name);
        return 1;
    }
    for (int k = 0; depth < DEEPEST_SUM && mirror_is_sum(m, term) && k < 2; k++)
        count += name_terms(m, dg_node_input(term, k), own, name, depth + 1);
    return count;
}

static void name_parameters(mirror *m)
{
    for (int k = 0; k < m->derived->n_gradients; k++) {
        const dg_node *parameter = m->derived->wrt[k];
        node_place place = mirror_find_place(m, parameter);
        const char *name = dg_node_name((dg_node *)(uintptr_t)parameter), *dot = strrchr(name, '.');
        bool is_named = name_terms(m, m->derived->gradients[k], place, name, 0) > 0;
        for (int kind = GRADIENT; kind <= UPDATE && place.box >= 0; kind++) {
            place.kind = (mirror_kind)kind;
            if (kind == UPDATE || (kind == GRADIENT && !is_named))
                put_name(m, place, dot ? dot + 1 : name);
        }
    }
}

/* ---- boxes ---- */

static int64_t times_of(const view *v, int module)
{
    int64_t times = 1;
    for (; module >= 0; module = v->modules[module].parent)
        times *= v->modules[module].times;
    return times;
}

/* "3 nodes", of one copy; with a plan "steps 4–6". */
static const char *shadow_amount(const mirror *m, int box, int at, mirror_kind kind)
{
    view *v = m->v;
    int64_t count = m->counts[kind][at], times = times_of(v, v->boxes[box].module);
    if (m->plan)
        return step_list_text(v->arena, &m->steps[kind][at]);
    if (!count)
        return "no node of its own";
    return count % times == 0
               ? text_format(v->arena, "%s %s", text_count(v->arena, count / times), count == times ? "node" : "nodes")
               : text_format(v->arena, "%s nodes in all copies", text_count(v->arena, count));
}

/* What has no op's name on it, a formula above all. */
static bool is_called_by_name(const view_row *of)
{
    return strcmp(of->head, of->op) != 0 && *of->name && of->style != STYLE_MODULE;
}

static view_row shadow_row(const mirror *m, int box, int r, mirror_kind kind)
{
    dg_arena *arena = m->v->arena;
    const view_row *of = &m->v->boxes[box].rows[r];
    bool is_module = m->v->boxes[box].kind == BOX_MODULE || of->style == STYLE_MODULE;
    const char *what = is_module ? of->head : is_called_by_name(of) ? of->name : of->op;
    const char *amount = shadow_amount(m, box, m->first[box] + r, kind), *names = "";
    view_row row = {.name = "",
                    .call = "",
                    .shares = "",
                    .style = kind == UPDATE ? STYLE_UPDATE : STYLE_GRADIENT,
                    .exact = "",
                    .loose = "",
                    .looks = {.peripheries = -1}};
    if (kind == WEIGHT_SUM) {
        row.op = "sum of gradients";
        row.head = "+";
        row.looks.tooltip =
            text_format(arena, "the sum of the gradients by parameters of %s", *of->name ? of->name : what);
        row.detail = amount;
        return row;
    }
    if (!is_module && !m->plan)
        names = m->names[kind][m->first[box] + r];
    if (*of->name)
        row.name = text_format(arena, "%s%s", kind == GRADIENT ? "∂" : "update of ", of->name);
    row.op = kind == GRADIENT ? text_format(arena, "∂%s", of->op) : m->derived->rule;
    row.head = kind == GRADIENT ? text_format(arena, "∂%s", what) : m->derived->rule;
    bool is_long = m->v->boxes[box].n_rows == 1 && text_length(names) + text_length(amount) > 36;
    row.detail = text_format(arena, "%s%s%s", names, !*names || !*amount ? "" : is_long ? "\n" : " · ", amount);
    return row;
}

/* What a box stands beside. */
static int partner_of(const mirror *m, int box, mirror_kind kind)
{
    int partner = box;
    for (int before = GRADIENT; before < (int)kind; before++)
        if (m->shadow[before][box] >= 0)
            partner = m->shadow[before][box];
    return partner;
}

static void add_shadow(mirror *m, int box, mirror_kind kind)
{
    view *v = m->v;
    int n_rows = v->boxes[box].n_rows;
    int64_t count = 0;
    for (int r = 0; r < n_rows; r++)
        count += m->has_nodes[kind][m->first[box] + r];
    if (!count)
        return;
    view_row *rows = dg_arena_alloc(v->arena, (size_t)n_rows * sizeof *rows);
    if (!rows) {
        v->failed = true;
        return;
    }
    int n_shown = 0;
    for (int r = 0; r < n_rows; r++)
        if (kind == GRADIENT || m->has_nodes[kind][m->first[box] + r]) {
            v->boxes[box].rows[r].is_referred |=
                kind == GRADIENT && is_called_by_name(&v->boxes[box].rows[r]) && v->boxes[box].kind != BOX_MODULE;
            rows[n_shown++] = shadow_row(m, box, r, kind);
        }
    m->shadow[kind][box] = view_add_box(v, (view_box){.kind = BOX_OP,
                                                      .is_backwards = kind == GRADIENT,
                                                      .n_rows = n_shown,
                                                      .rows = rows,
                                                      .module = v->boxes[box].module,
                                                      .partner = partner_of(m, box, kind)});
}

/* In the box itself, what boxes beside it would say. */
static void tell_row(const mirror *m, int box, int r, mirror_kind kind)
{
    view_row *row = &m->v->boxes[box].rows[r];
    if (!m->counts[kind][m->first[box] + r])
        return;
    const char *what = kind == GRADIENT ? "∂" : kind == UPDATE ? m->derived->rule : "∂ added";
    const char *between = !*row->detail ? "" : m->v->boxes[box].n_rows > 1 ? " · " : "\n";
    row->detail =
        text_format(m->v->arena, "%s%s%s: %s", row->detail, between, what, shadow_row(m, box, r, kind).detail);
}

/* What a checkpoint does not keep. */
static void tell_again(const mirror *m, int box)
{
    for (int r = 0; r < m->v->boxes[box].n_rows; r++) {
        view_row *row = &m->v->boxes[box].rows[r];
        const char *between = !*row->detail ? "" : m->v->boxes[box].n_rows > 1 ? " · " : "\n";
        if (m->counts[FORWARD][m->first[box] + r] && !m->plan)
            row->detail = text_format(m->v->arena, "%s%scomputed again", row->detail, between);
    }
}

/* What all updates read: the count of steps and what follows from it. */
static void add_shared(mirror *m)
{
    view *v = m->v;
    view_row *row = m->n_shared ? dg_arena_alloc(v->arena, sizeof *row) : NULL;
    if (!row)
        return;
    *row = (view_row){.name = "",
                      .op = m->derived->rule,
                      .call = "",
                      .head = text_format(v->arena, "%s: what all updates read", m->derived->rule),
                      .detail = m->plan ? step_list_text(m->v->arena, &m->shared)
                                        : text_format(v->arena, "%s %s", text_count(v->arena, m->n_shared),
                                                      m->n_shared == 1 ? "node" : "nodes"),
                      .shares = "",
                      .style = STYLE_UPDATE,
                      .exact = "",
                      .loose = "",
                      .looks = {.peripheries = -1}};
    view_add_box(v, (view_box){.kind = BOX_OP, .n_rows = 1, .rows = row, .module = -1, .partner = -1});
}

/* ---- wires ---- */

static bool in_one_fold(const view *v, int a, int b)
{
    int module = view_common_module(v, v->boxes[a].module, v->boxes[b].module);
    return times_of(v, module) > 1;
}

/* Only gradients have a row for each of the network's. */
static int shadow_row_at(const mirror *m, const node_place *place)
{
    int row = 0;
    for (int r = 0; r < place->row; r++)
        row += place->kind == FORWARD || place->kind == GRADIENT || m->has_nodes[place->kind][m->first[place->box] + r];
    return row;
}

/* The wire that a node's input becomes; false: none. Gradients run from later boxes to earlier ones: those that do not
 * are between the copies of what is folded. */
static bool make_wire(const mirror *m, const node_place *from, const node_place *to, view_wire *wire)
{
    int tail = m->shadow[from->kind][from->box], head = m->shadow[to->kind][to->box];
    if (tail < 0 || head < 0 || tail == head)
        return false;
    bool is_upwards = m->order[from->box] > m->order[to->box];
    if (from->kind == GRADIENT && to->kind == GRADIENT && !is_upwards && in_one_fold(m->v, from->box, to->box))
        return false;
    if (from->kind == FORWARD && to->kind == GRADIENT && is_upwards && in_one_fold(m->v, from->box, to->box))
        return false; /* what the copy before has made: read where it enters */
    if (from->kind == FORWARD && to->kind == UPDATE)
        return false; /* parameters and states: the box stands beside theirs */
    *wire = (view_wire){.from = tail,
                        .to = head,
                        .from_row = shadow_row_at(m, from),
                        .to_row = shadow_row_at(m, to),
                        .argument = "",
                        .result = "",
                        .shape = "",
                        .kind = from->kind == FORWARD ? WIRE_SAVED : WIRE_GRADIENT};
    return true;
}

static int by_ends(const void *a, const void *b)
{
    const view_wire *one = a, *two = b;
    if (one->from != two->from)
        return one->from < two->from ? -1 : 1;
    if (one->to != two->to)
        return one->to < two->to ? -1 : 1;
    return one->from_row != two->from_row ? (one->from_row < two->from_row ? -1 : 1)
                                          : (one->to_row > two->to_row) - (one->to_row < two->to_row);
}

static void collect_wires(mirror *m, view_wire *wires, size_t *count)
{
    *count = 0;
    for (int64_t id = m->derived->first; id < m->n; id++) {
        const dg_node *node = dg_graph_node(m->graph, id);
        if (!mirror_counts(m, node) || m->places[id].box < 0)
            continue;
        const dg_op *op = dg_node_op(node);
        for (int k = 0; k < dg_node_input_count(node); k++) {
            const dg_node *input = dg_node_input(node, k);
            bool for_shape = k < dg_op_input_count(op) && op->inputs[k].flags & DG_SHAPE_ONLY;
            node_place from = {-1, 0, FORWARD};
            if (input)
                from =
                    dg_node_id(input) < m->derived->first ? mirror_find_place(m, input) : m->places[dg_node_id(input)];
            if (input && dg_node_id(input) < m->derived->first)
                m->places[dg_node_id(input)] = from;
            if (from.box < 0 || for_shape)
                continue;
            bool is_forward = m->places[id].kind == FORWARD; /* computed again: from what is kept */
            if (from.kind == FORWARD && (is_forward || m->places[id].kind == GRADIENT) && !mirror_is_again(input))
                m->v->boxes[from.box].rows[from.row].mark = MARK_SAVED;
            *count += !is_forward && make_wire(m, &from, &m->places[id], &wires[*count]);
        }
    }
}

/* Between gradients, each row's wires are shown: a gradient goes on in one, and is added to another's in one. Of what
 * is saved for a box, and of what its updates read, one wire tells enough. */
static bool is_chain(const view *v, const view_wire *wire)
{
    return wire->kind == WIRE_GRADIENT && v->boxes[wire->to].rows[0].style != STYLE_UPDATE;
}

static bool add_wires(mirror *m)
{
    size_t count = 0, most = 1;
    for (int64_t id = m->derived->first; id < m->n; id++)
        most += (size_t)dg_node_input_count(dg_graph_node(m->graph, id));
    view_wire *wires = calloc(most, sizeof *wires);
    if (!wires)
        return false;
    collect_wires(m, wires, &count);
    qsort(wires, count, sizeof *wires, by_ends);
    for (size_t k = 0; k < count; k++)
        if (k == 0 || wires[k].from != wires[k - 1].from || wires[k].to != wires[k - 1].to ||
            (is_chain(m->v, &wires[k]) && by_ends(&wires[k], &wires[k - 1]) != 0))
            view_add_wire(m->v, wires[k]);
    free(wires);
    return true;
}

/* ---- the pass ---- */

static bool find_order(mirror *m)
{
    int *order = dg_arena_alloc(m->v->arena, ((size_t)m->v->n_boxes + 1) * sizeof *order);
    view_fan in;
    if (!order || !view_fan_in(m->v, &in))
        return false;
    int count = view_order(m->v, &in, order);
    for (int k = 0; k < count; k++)
        m->order[order[k]] = k;
    return count >= 0;
}

static bool make_room(mirror *m)
{
    dg_arena *arena = m->v->arena;
    size_t boxes = (size_t)m->n_boxes + 1, nodes = (size_t)m->n + 1, rows = 1;
    m->first = dg_arena_alloc(arena, boxes * sizeof *m->first);
    for (int b = 0; m->first && b < m->n_boxes; b++) {
        m->first[b] = (int)rows - 1;
        rows += (size_t)m->v->boxes[b].n_rows;
    }
    m->is_wanted = dg_arena_alloc(arena, nodes);
    m->places = dg_arena_alloc(arena, nodes * sizeof *m->places);
    m->order = dg_arena_alloc(arena, boxes * sizeof *m->order);
    bool fine = m->first && m->is_wanted && m->places && m->order;
    for (int k = 0; k < N_KINDS; k++) {
        m->counts[k] = dg_arena_alloc(arena, rows * sizeof *m->counts[k]);
        m->has_nodes[k] = dg_arena_alloc(arena, rows);
        m->shadow[k] = dg_arena_alloc(arena, boxes * sizeof *m->shadow[k]);
        m->names[k] = dg_arena_alloc(arena, rows * sizeof *m->names[k]);
        m->n_names[k] = dg_arena_alloc(arena, rows * sizeof *m->n_names[k]);
        m->steps[k] = dg_arena_alloc(arena, rows * sizeof *m->steps[k]);
        fine = fine && m->counts[k] && m->has_nodes[k] && m->shadow[k] && m->names[k] && m->n_names[k] && m->steps[k];
        for (size_t r = 0; fine && r < rows; r++)
            m->names[k][r] = "";
    }
    return fine;
}

/* The derivatives alone, from the loss on. */
static void drop_network(mirror *m)
{
    view *v = m->v;
    for (int w = 0; w < v->n_wires; w++)
        if (v->wires[w].from < m->n_boxes || v->wires[w].to < m->n_boxes)
            v->wires[w].is_gone = true;
    for (int b = 0; b < v->n_boxes; b++) {
        v->boxes[b].is_gone |= b < m->n_boxes;
        v->boxes[b].partner = -1;
    }
}

dg_status pass_mirror(view *v, const mirror_wish *wish)
{
    mirror m = {.v = v,
                .graph = wish->graph,
                .derived = wish->derived,
                .loss = wish->loss,
                .plan = wish->plan,
                .n = dg_graph_node_count(wish->graph),
                .n_boxes = v->n_boxes};
    if (!make_room(&m) || !find_order(&m))
        return dg_no_memory("a picture");
    mirror_place_forward(&m);
    mirror_place_derivatives(&m);
    name_parameters(&m);
    for (int kind = FORWARD; kind < N_KINDS; kind++)
        for (int b = 0, at = 0; b < m.n_boxes; b++)
            for (int r = 0; r < v->boxes[b].n_rows; r++, at++)
                m.has_nodes[kind][at] = m.counts[kind][at];
    if (m.plan)
        place_steps(&m);
    for (int b = 0; b < m.n_boxes; b++) {
        m.shadow[FORWARD][b] = b;
        for (int kind = GRADIENT; kind <= UPDATE; kind++)
            m.shadow[kind][b] = -1;
        if (v->boxes[b].is_gone)
            continue;
        tell_again(&m, b);
        for (int kind = GRADIENT; kind <= UPDATE; kind++) {
            for (int r = 0; wish->is_told && r < v->boxes[b].n_rows; r++)
                tell_row(&m, b, r, (mirror_kind)kind);
            if (!wish->is_told)
                add_shadow(&m, b, (mirror_kind)kind);
        }
    }
    if (!add_wires(&m))
        return dg_no_memory("a picture");
    add_shared(&m);
    v->is_ladder = wish->with_network && !wish->is_told;
    if (!wish->with_network)
        drop_network(&m);
    return v->failed ? dg_no_memory("a picture") : dg_ok();
}
