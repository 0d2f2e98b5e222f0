/* Where nodes of derivatives are among the boxes of the network that they are shown beside. */
#include "mirror_work.h"

#include <string.h>

static node_place place_now(const view *v, int box, int row)
{
    while (v->boxes[box].is_gone && v->boxes[box].became) {
        row = v->boxes[box].became_row;
        box = v->boxes[box].became - 1;
    }
    return v->boxes[box].is_gone ? (node_place){-1, 0, FORWARD} : (node_place){box, row, FORWARD};
}

void mirror_place_forward(mirror *m)
{
    for (int64_t id = 0; id < m->n; id++)
        m->places[id].box = -1;
    for (int b = 0; b < m->n_boxes; b++)
        for (int r = 0; r < m->v->boxes[b].n_rows; r++) {
            const view_row *row = &m->v->boxes[b].rows[r];
            if (row->node && dg_node_id(row->node) < m->derived->first)
                m->places[dg_node_id(row->node)] = place_now(m->v, b, r);
            for (int k = 0; k < row->n_made; k++)
                m->places[dg_node_id(row->made[k])] = place_now(m->v, b, r);
            for (int k = 0; k < row->n_inner; k++)
                if (m->places[dg_node_id(row->made[k])].box < 0)
                    m->places[dg_node_id(row->made[k])] = place_now(m->v, b, r);
        }
}

/* The node of another file is in the module that is called as its name begins. */
static node_place place_by_name(const mirror *m, const dg_node *node)
{
    const char *name = dg_node_name((dg_node *)(uintptr_t)node);
    for (int b = 0; b < m->n_boxes; b++)
        for (int r = 0; r < m->v->boxes[b].n_rows; r++) {
            size_t length = strlen(m->v->boxes[b].rows[r].name);
            if (length && strncmp(m->v->boxes[b].rows[r].name, name, length) == 0 && name[length] == '.')
                return place_now(m->v, b, r);
        }
    return (node_place){-1, 0, FORWARD};
}

/* Where the forward node is that a node is a part, a result or the derivative of. */
node_place mirror_find_place(const mirror *m, const dg_node *node)
{
    const dg_node *last = node;
    while (node) {
        int64_t id = dg_node_id(node);
        const dg_node *of = dg_node_derivative_of(node), *owner = dg_node_owner(node);
        if (id < m->derived->first && m->places[id].box >= 0)
            return m->places[id];
        last = node;
        node = dg_node_op(node)->role == DG_ROLE_OUTPUT ? dg_node_input(node, 0)
               : id < m->derived->first && owner        ? owner
               : of                                     ? of
                                                        : owner;
    }
    return dg_node_id(last) < m->derived->first ? place_by_name(m, last) : (node_place){-1, 0, FORWARD};
}

/* What has no place of its own is where what it reads is. */
static node_place place_of_input(const mirror *m, const dg_node *node)
{
    for (int k = 0; k < dg_node_input_count(node); k++) {
        const dg_node *input = dg_node_input(node, k);
        if (input && dg_node_id(input) >= m->derived->first && m->places[dg_node_id(input)].box >= 0)
            return m->places[dg_node_id(input)];
    }
    return mirror_find_place(m, m->loss);
}

bool mirror_is_again(const dg_node *node)
{
    return dg_node_original((dg_node *)(uintptr_t)node) != node;
}

bool mirror_is_sum(const mirror *m, const dg_node *node)
{
    const dg_node *of = dg_node_derivative_of(node);
    if (dg_node_id(node) < m->derived->first || !of || dg_node_owner(node) || dg_node_input_count(node) != 2 ||
        mirror_is_again(node) || strcmp(dg_node_op(node)->name, "add") != 0)
        return false;
    for (int k = 0; k < 2; k++) {
        const dg_node *term = dg_node_input(node, k);
        if (term && dg_node_op(term)->role == DG_ROLE_OUTPUT)
            term = dg_node_input(term, 0);
        if (!term || dg_node_id(term) < m->derived->first)
            return false;
        if (dg_node_derivative_of(term) == of && m->places[dg_node_id(term)].kind == GRADIENT)
            return false;
    }
    return true;
}

/* Where a sum is: with its terms, where these are in one box; else in the box of what it is the gradient by, which it
 * reaches before all else that is there. What is by a parameter would seem to flow on there: it is with the update, or
 * on its own where there is none. */
static node_place place_sum(const mirror *m, const dg_node *node, node_place of)
{
    node_place terms[2];
    for (int k = 0; k < 2; k++)
        terms[k] = m->places[dg_node_id(dg_node_input(node, k))];
    if (terms[0].box < 0 || terms[1].box < 0)
        return of;
    if (terms[0].kind == terms[1].kind && terms[0].box == terms[1].box && terms[0].row == terms[1].row)
        return terms[0];
    if (dg_node_op(dg_node_derivative_of(node))->role == DG_ROLE_PARAMETER)
        of.kind = m->derived->rule ? UPDATE : WEIGHT_SUM;
    return of;
}

bool mirror_counts(const mirror *m, const dg_node *node)
{
    return m->is_wanted[dg_node_id(node)] && dg_node_op(node)->role != DG_ROLE_OUTPUT &&
           (!dg_node_owner(node) || dg_node_original(node) != node);
}

void mirror_place_derivatives(mirror *m)
{
    const derived_nodes *d = m->derived;
    for (int k = 0; k < d->count; k++)
        m->is_wanted[dg_node_id(d->nodes[k])] = true;
    for (int k = 0; k < d->n_gradients; k++)
        m->is_wanted[dg_node_id(d->gradients[k])] = true;
    for (int64_t id = m->n - 1; id >= d->first; id--) {
        const dg_node *node = dg_graph_node(m->graph, id), *owner = dg_node_owner(node);
        for (int k = 0; m->is_wanted[id] && k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k))
                m->is_wanted[dg_node_id(dg_node_input(node, k))] = true;
        if (m->is_wanted[id] && owner)
            m->is_wanted[dg_node_id(owner)] = true;
    }
    for (int64_t id = 0; id < m->n; id++) {
        const dg_node *node = dg_graph_node(m->graph, id), *parameter = d->updated ? d->updated[id] : NULL;
        bool is_update = id >= d->first_update || parameter; /* a state may be from an earlier step */
        if (!m->is_wanted[id] || (id < d->first && !parameter))
            continue;
        node_place place = {-1, 0, FORWARD};
        bool is_again = mirror_is_again(node);
        if (parameter)
            place = mirror_find_place(m, parameter);
        else if (is_again)
            place = mirror_find_place(m, dg_node_original((dg_node *)(uintptr_t)node));
        else if (!is_update && (place = mirror_find_place(m, node)).box < 0)
            place = place_of_input(m, node);
        place.kind = is_update ? UPDATE : !is_again && derive_is_derivative(d, node) ? GRADIENT : FORWARD;
        if (place.kind == GRADIENT && place.box >= 0 && mirror_is_sum(m, node))
            place = place_sum(m, node, place);
        m->places[id] = place;
        bool is_kept = strcmp(dg_node_op(node)->name, "recompute") == 0; /* it hands on what is kept */
        if (mirror_counts(m, node) && place.box >= 0 && !is_kept)
            m->counts[place.kind][m->first[place.box] + place.row]++;
        else if (mirror_counts(m, node) && is_update)
            m->n_shared++;
    }
}
