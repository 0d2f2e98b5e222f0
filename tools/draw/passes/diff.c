/* What has changed between two networks. Nodes are matched by their names, then by their structure: a node with another
 * name is the same one where its op and attributes are the same and it is between nodes that are matched. The view
 * of the new network gets what is gone from the old one, and marks. */
#include "diff.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct differing {
    view *v;
    const view *old;
    int *old_of, *new_of; /* by box of the one, the other's; −1: none */
    int n_new;            /* boxes of the new network */
    const diff_files *files;
} differing;

static bool is_same_call(const view_row *a, const view_row *b)
{
    return strcmp(a->call, b->call) == 0;
}

/* ---- matching ---- */

typedef struct named_box {
    const char *name;
    int box;
} named_box;

static int by_name(const void *a, const void *b)
{
    const named_box *one = a, *two = b;
    int order = strcmp(one->name, two->name);
    return order ? order : (one->box > two->box) - (one->box < two->box);
}

static void match(differing *d, int box, int old)
{
    d->old_of[box] = old;
    d->new_of[old] = box;
}

static bool match_names(differing *d)
{
    named_box *names = malloc(((size_t)d->old->n_boxes + 1) * sizeof *names);
    if (!names)
        return false;
    for (int b = 0; b < d->old->n_boxes; b++)
        names[b] = (named_box){d->old->boxes[b].rows[0].name, b};
    qsort(names, (size_t)d->old->n_boxes, sizeof *names, by_name);
    for (int b = 0; b < d->n_new; b++) {
        const char *name = d->v->boxes[b].rows[0].name;
        size_t low = 0, high = (size_t)d->old->n_boxes;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (strcmp(names[middle].name, name) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        if (*name && low < (size_t)d->old->n_boxes && strcmp(names[low].name, name) == 0 &&
            d->new_of[names[low].box] < 0)
            match(d, b, names[low].box);
    }
    free(names);
    return true;
}

/* The old wire that carries the same argument between matched boxes, −1: none. */
static int old_wire(const differing *d, const view_fan *old_in, const view_wire *wire)
{
    int from = d->old_of[wire->from], to = d->old_of[wire->to];
    bool any = to >= 0 && d->v->boxes[wire->to].rows[0].is_commutative;
    for (int i = to < 0 || from < 0 ? 0 : old_in->first[to]; to >= 0 && from >= 0 && i < old_in->first[to + 1]; i++) {
        const view_wire *other = &d->old->wires[old_in->wires[i]];
        if (other->from == from && other->output == wire->output && (any || other->input == wire->input) &&
            other->mark == MARK_NONE)
            return old_in->wires[i];
    }
    return -1;
}

/* How well an unmatched box fits the place of an unmatched old one: wires to matched neighbours that agree. */
static int agreement(const differing *d, const view_fan *in, const view_fan *out, const view_fan *old_in,
                     const view_fan *old_out, int b, int o)
{
    int agree = 0;
    for (int i = in->first[b]; i < in->first[b + 1]; i++)
        for (int k = old_in->first[o]; k < old_in->first[o + 1]; k++) {
            const view_wire *one = &d->v->wires[in->wires[i]], *two = &d->old->wires[old_in->wires[k]];
            agree += one->input == two->input && d->old_of[one->from] == two->from;
        }
    for (int i = out->first[b]; i < out->first[b + 1]; i++)
        for (int k = old_out->first[o]; k < old_out->first[o + 1]; k++) {
            const view_wire *one = &d->v->wires[out->wires[i]], *two = &d->old->wires[old_out->wires[k]];
            agree += one->input == two->input && d->old_of[one->to] == two->to;
        }
    return agree;
}

/* Renamed nodes: of the same call, beside matched ones; again and again, since a match makes others possible. */
static bool match_structure(differing *d)
{
    view_fan in, out, old_in, old_out;
    if (!view_fan_in(d->v, &in) || !view_fan_out(d->v, &out) || !view_fan_in((view *)(uintptr_t)d->old, &old_in) ||
        !view_fan_out((view *)(uintptr_t)d->old, &old_out))
        return false;
    for (bool found = true; found;) {
        found = false;
        for (int b = 0; b < d->n_new; b++) {
            int best = -1, most = 0;
            for (int o = 0; d->old_of[b] < 0 && o < d->old->n_boxes; o++) {
                if (d->new_of[o] >= 0 || !is_same_call(&d->v->boxes[b].rows[0], &d->old->boxes[o].rows[0]))
                    continue;
                int agree = agreement(d, &in, &out, &old_in, &old_out, b, o);
                if (agree > most) {
                    most = agree;
                    best = o;
                }
            }
            if (best >= 0) {
                match(d, b, best);
                found = true;
            }
        }
    }
    return true;
}

/* ---- marks ---- */

/* "linear(10)", "conv2d(8, 3, bias=false)": as a file would have it, without defaults. */
static const char *call_of(view *v, const view_row *row)
{
    const dg_op *op = row->node ? dg_node_op(row->node) : NULL;
    const dg_value *values = op ? dg_node_attrs(row->node) : NULL;
    int count = 0;
    text t = {0};
    if (!values || strcmp(op->name, row->op) != 0)
        return row->call;
    text_put(&t, row->op);
    for (int k = 0; k < dg_op_attr_count(op); k++) {
        const char *words = label_value(v, row->node, k);
        if (values[k].kind == DG_VALUE_NONE || label_is_default(v, &op->attrs[k], &values[k], words))
            continue;
        text_put(&t, count ? ", " : "(");
        if (count++ != k) /* not at its place */
            text_add(&t, "%s=", op->attrs[k].name);
        text_put(&t, words);
    }
    text_put(&t, count ? ")" : "");
    const char *kept = text_keep(v->arena, &t);
    text_free(&t);
    return kept;
}

/* "kernel_size 3 → 5, bias true → false" */
static const char *describe_change(view *v, const view_row *row, const view_row *old)
{
    const dg_op *op = row->node ? dg_node_op(row->node) : NULL;
    text t = {0};
    if (strcmp(row->op, old->op) != 0)
        text_add(&t, "%s → %s", call_of(v, old), call_of(v, row));
    else if (op && old->node && dg_node_op(old->node) == op && dg_node_attrs(row->node) && dg_node_attrs(old->node)) {
        for (int k = 0; k < dg_op_attr_count(op); k++) {
            const char *one = label_value(v, old->node, k), *two = label_value(v, row->node, k);
            if (strcmp(one, two) != 0)
                text_add(&t, "%s%s %s → %s", t.used ? ", " : "", op->attrs[k].name, one, two);
        }
    }
    if (!t.used && !is_same_call(row, old))
        text_add(&t, "%s → %s", old->call, row->call);
    if (strcmp(row->name, old->name) != 0)
        text_add(&t, "%sname %s → %s", t.used ? ", " : "", old->name, row->name);
    const char *kept = text_keep(v->arena, &t);
    text_free(&t);
    return kept;
}

static const dg_shape *input_shape(const view_row *row)
{
    const dg_node *input =
        row->node && row->parameters && dg_node_input_count(row->node) ? dg_node_input(row->node, 0) : NULL;
    return input ? &dg_node_type(input, 0)->shape : NULL;
}

/* "in 64 → 128 (follows)" of a layer that is as it was, but reads another size, so that it has other parameters; "". */
static const char *describe_following(view *v, const view_row *row, const view_row *old)
{
    const dg_shape *now = input_shape(row), *before = input_shape(old);
    int axis = -1, differ = 0;
    if (!now || !before || row->parameters == old->parameters)
        return "";
    for (int k = 0; now->rank == before->rank && k < now->rank; k++)
        if (now->dims[k] != before->dims[k]) {
            axis = k;
            differ++;
        }
    if (differ == 1 && now->dims[axis] >= 0 && before->dims[axis] >= 0)
        return text_format(v->arena, "in %lld → %lld (follows)", (long long)before->dims[axis],
                           (long long)now->dims[axis]);
    return text_format(v->arena, "parameters %s → %s (follows)", text_count(v->arena, old->parameters),
                       text_count(v->arena, row->parameters));
}

static int module_like(const view *v, const view *old, int module)
{
    for (; module >= 0; module = old->modules[module].parent)
        for (int m = 0; m < v->n_modules; m++)
            if (strcmp(v->modules[m].name, old->modules[module].name) == 0)
                return m;
    return -1;
}

/* What two nodes of files differ in beside their calls: boxes are in the order of the files' nodes. */
static const char *describe_rest(const differing *d, int b, int o)
{
    const diff_files *files = d->files;
    if (!files || b >= files->now->n_nodes || o >= files->old->n_nodes)
        return "";
    return diff_nodes(d->v, &files->now->nodes[b], &files->old->nodes[o]);
}

static void mark_boxes(differing *d, diff_counts *counts)
{
    view *v = d->v;
    for (int b = 0; b < d->n_new; b++) {
        view_row *row = &v->boxes[b].rows[0];
        if (v->boxes[b].is_gone)
            continue;
        const view_row *old = d->old_of[b] >= 0 ? &d->old->boxes[d->old_of[b]].rows[0] : NULL;
        if (!old) {
            row->mark = MARK_ADDED;
            row->call = call_of(v, row);
            counts->added++;
            continue;
        }
        const char *rest = describe_rest(d, b, d->old_of[b]);
        bool is_same = is_same_call(row, old) && strcmp(row->name, old->name) == 0;
        const char *following = describe_following(v, row, old);
        if (is_same && !*rest) { /* weaker than a mark: nobody has changed it */
            row->old = *following ? following : NULL;
            counts->following += *following != '\0';
            continue;
        }
        const char *change = is_same ? "" : describe_change(v, row, old);
        row->mark = MARK_CHANGED;
        row->old = text_format(v->arena, "%s%s%s", change, *change && *rest ? ", " : "", rest);
        counts->changed++;
    }
    for (int o = 0; o < d->old->n_boxes; o++) {
        if (d->new_of[o] >= 0 || d->old->boxes[o].is_gone)
            continue;
        view_box gone = d->old->boxes[o];
        gone.module = module_like(v, d->old, gone.module);
        gone.partner = -1;
        gone.rows[0].mark = MARK_REMOVED;
        gone.rows[0].call = call_of(v, &gone.rows[0]);
        gone.rows[0].parameters = 0; /* not of this network */
        d->new_of[o] = view_add_box(v, gone);
        counts->removed++;
    }
}

static bool mark_wires(differing *d, diff_counts *counts)
{
    view *v = d->v;
    view *old = (view *)(uintptr_t)d->old; /* its wires' marks are scratch: which have been found again */
    view_fan old_in;
    int n = v->n_wires;
    if (!view_fan_in(old, &old_in))
        return false;
    for (int w = 0; w < n; w++) {
        view_wire *wire = &v->wires[w];
        int found = wire->from < d->n_new && wire->to < d->n_new ? old_wire(d, &old_in, wire) : -1;
        if (found >= 0) {
            old->wires[found].mark = MARK_SAVED;
        } else {
            wire->mark = MARK_ADDED;
            counts->wires++;
        }
    }
    for (int w = 0; w < old->n_wires; w++) {
        view_wire wire = old->wires[w];
        if (wire.mark == MARK_SAVED || wire.is_gone)
            continue;
        wire.from = d->new_of[wire.from];
        wire.to = d->new_of[wire.to];
        wire.mark = MARK_REMOVED;
        view_add_wire(v, wire);
        counts->wires++;
    }
    return true;
}

dg_status pass_diff(view *v, const view *old, const diff_files *files, diff_counts *counts)
{
    differing d = {v,
                   old,
                   malloc(((size_t)v->n_boxes + 1) * sizeof(int)),
                   malloc(((size_t)old->n_boxes + 1) * sizeof(int)),
                   v->n_boxes,
                   files};
    *counts = (diff_counts){0};
    bool fine = d.old_of && d.new_of;
    for (int b = 0; fine && b < v->n_boxes; b++)
        d.old_of[b] = -1;
    for (int o = 0; fine && o < old->n_boxes; o++)
        d.new_of[o] = -1;
    fine = fine && match_names(&d) && match_structure(&d);
    if (fine) {
        mark_boxes(&d, counts);
        if (files)
            diff_modules(v, old, files, counts);
        fine = mark_wires(&d, counts);
    }
    free(d.old_of);
    free(d.new_of);
    return fine && !v->failed ? dg_ok() : dg_no_memory("a picture");
}
