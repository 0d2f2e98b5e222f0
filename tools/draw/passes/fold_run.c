/* One run of equal segments becomes its first copy in a frame. */
#include "passes.h"

#include <stdlib.h>
#include <string.h>

typedef struct fold_work {
    view *v;
    const int *order;
    const fold_run *run;
    int *copy;  /* by box: 1 + the copy that it is in; 0: in none */
    int *twin;  /* by box: the one of copy 0 that is like it */
    int parent; /* the module around all copies */
} fold_work;

static int box_at(const fold_work *f, int copy, int k)
{
    return f->order[f->run->begin + copy * f->run->length + k];
}

/* ---- names and details that stand for all copies ---- */

/* "layer.0…11.fc": what differs in the middle, from the first to the last. */
static const char *join_names(view *v, const char *first, const char *last)
{
    size_t a = strlen(first), b = strlen(last), before = 0, after = 0;
    if (strcmp(first, last) == 0)
        return first;
    while (before < a && before < b && first[before] == last[before])
        before++;
    while (before && first[before - 1] >= '0' && first[before - 1] <= '9')
        before--;
    while (after < a - before && after < b - before && first[a - after - 1] == last[b - after - 1])
        after++;
    while (after && first[a - after] >= '0' && first[a - after] <= '9')
        after--;
    return text_format(v->arena, "%.*s…%s", (int)(a - after), first, last + before);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Puts what is at the same place in all texts, numbers that differ with bars between them. False where the texts
 * differ in more than numbers. */
static bool join_details(text *t, const char **texts, int count)
{
    const char **at = texts;
    while (*at[0] || *at[1]) {
        if (!is_digit(*at[0])) {
            for (int k = 1; k < count; k++)
                if (*at[k] != *at[0])
                    return false;
            text_bytes(t, at[0], 1);
            for (int k = 0; k < count; k++)
                at[k]++;
            continue;
        }
        const char *before = NULL;
        size_t before_size = 0;
        for (int k = 0; k < count; k++) {
            size_t size = 0;
            while (is_digit(at[k][size]) || (at[k][size] == '.' && is_digit(at[k][size + 1])))
                size++;
            if (size == 0)
                return false;
            if (!before || size != before_size || strncmp(before, at[k], size) != 0) {
                text_put(t, before ? "|" : "");
                text_bytes(t, at[k], size);
            }
            before = at[k];
            before_size = size;
            at[k] += size;
        }
    }
    return true;
}

/* The names of all copies. */
static const char *list_names(view *v, const view_row **rows, int count)
{
    text t = {0};
    for (int k = 0; k < count; k++)
        text_add(&t, "%s%s", k ? NAME_END : "", rows[k]->names ? rows[k]->names : rows[k]->name);
    const char *kept = text_keep(v->arena, &t);
    text_free(&t);
    return kept;
}

/* From the least to the largest number of those copies that have one. */
static void join_heat(view *v, view_row *row, const view_row **rows, int count)
{
    for (int k = 1; k < count; k++) {
        if (!rows[k]->has_heat)
            continue;
        if (!row->has_heat) {
            row->has_heat = true;
            row->heat = rows[k]->heat;
            row->heat_most = rows[k]->heat_most;
            row->heat_text = rows[k]->heat_text;
            continue;
        }
        row->heat = rows[k]->heat < row->heat ? rows[k]->heat : row->heat;
        row->heat_most = rows[k]->heat_most > row->heat_most ? rows[k]->heat_most : row->heat_most;
    }
    if (row->has_heat)
        row->heat_text = heat_range(v, row);
}

/* rows[0] is `row`. */
static void join_row(fold_work *f, view_row *row, const view_row **rows)
{
    view *v = f->v;
    int count = f->run->copies;
    const char **texts = dg_arena_alloc(v->arena, (size_t)count * sizeof *texts);
    text t = {0};
    bool has_name_as_head = strcmp(row->head, row->name) == 0;
    row->names = list_names(v, rows, count);
    row->name = join_names(v, rows[0]->name, rows[count - 1]->name);
    bool differs = false;
    for (int k = 1; k < count; k++)
        differs |= strcmp(rows[k]->detail, rows[0]->detail) != 0;
    for (int k = 0; texts && k < count; k++)
        texts[k] = rows[k]->detail;
    if (differs && texts) {
        if (join_details(&t, texts, count))
            row->detail = text_keep(v->arena, &t);
        else {
            v->failed |= t.failed;
            text_free(&t);
            for (int k = 0; k < count; k++)
                text_add(&t, "%s%s", k ? " | " : "", rows[k]->detail);
            row->detail = text_keep(v->arena, &t);
        }
        text_free(&t);
    }
    if (has_name_as_head)
        row->head = row->name;
    join_heat(v, row, rows, count);
}

/* Copies with other sizes have other numbers of parameters: rows then tell none, the frame tells the sum. */
static int64_t join_rows(fold_work *f)
{
    const view_row **rows = malloc((size_t)f->run->copies * sizeof *rows);
    int64_t sum = 0;
    f->v->failed |= !rows;
    for (int k = 0; rows && k < f->run->length; k++) {
        view_box *box = &f->v->boxes[box_at(f, 0, k)];
        for (int r = 0; r < box->n_rows; r++) {
            bool differs = false;
            for (int c = 0; c < f->run->copies; c++) {
                rows[c] = &f->v->boxes[box_at(f, c, k)].rows[r];
                differs |= rows[c]->parameters != rows[0]->parameters;
            }
            join_row(f, &box->rows[r], rows);
            for (int c = 0; differs && c < f->run->copies; c++)
                sum += rows[c]->parameters;
            if (differs)
                box->rows[r].parameters = 0;
        }
    }
    free(rows);
    return sum;
}

/* ---- modules ---- */

/* Whether every box in the module is in copy 0. */
static bool is_whole(const fold_work *f, int module)
{
    for (int b = 0; b < f->v->n_boxes; b++)
        if (!f->v->boxes[b].is_gone && view_is_inside(f->v, f->v->boxes[b].module, module) && f->copy[b] != 1)
            return false;
    return true;
}

/* The outermost module below the parent that a box of copy `c` is in. */
static int top_module(const fold_work *f, int box)
{
    int module = f->v->boxes[box].module, top = -1;
    for (; module >= 0 && module != f->parent; module = f->v->modules[module].parent)
        top = module;
    return top;
}

/* "layer.0…11", when each copy is just one module, whose place the frame takes unless it stands for copies itself. */
static const char *frame_label(const fold_work *f, int *module)
{
    int first = top_module(f, box_at(f, 0, 0)), last = top_module(f, box_at(f, f->run->copies - 1, 0));
    *module = -1;
    if (first < 0 || last < 0 || first == last || !is_whole(f, first))
        return "";
    for (int k = 1; k < f->run->length; k++)
        if (top_module(f, box_at(f, 0, k)) != first)
            return "";
    *module = f->v->modules[first].times > 1 ? -1 : first;
    return join_names(f->v, f->v->modules[first].label, f->v->modules[last].label);
}

/* Modules of copy 0 have the names of all copies. */
static void join_modules(const fold_work *f)
{
    view *v = f->v;
    bool *is_joined = dg_arena_alloc(v->arena, (size_t)v->n_modules + 1);
    for (int k = 0; is_joined && k < f->run->length; k++) {
        int first = v->boxes[box_at(f, 0, k)].module, last = v->boxes[box_at(f, f->run->copies - 1, k)].module;
        for (; first >= 0 && last >= 0 && first != last && first != f->parent && last != f->parent && !is_joined[first];
             first = v->modules[first].parent, last = v->modules[last].parent) {
            is_joined[first] = true;
            v->modules[first].label = join_names(v, v->modules[first].label, v->modules[last].label);
        }
    }
}

static void put_in_frame(fold_work *f, int frame, int only)
{
    view *v = f->v;
    for (int b = 0; b < v->n_boxes; b++) {
        if (f->copy[b] != 1)
            continue;
        if (only >= 0) {
            if (v->boxes[b].module == only)
                v->boxes[b].module = frame;
            continue;
        }
        int keep = v->boxes[b].module, top = -1; /* the outermost module that is whole stays, below the frame */
        for (int m = keep; m >= 0 && m != f->parent && m != frame; m = v->modules[m].parent)
            if (is_whole(f, m))
                top = m;
        if (top < 0)
            v->boxes[b].module = frame;
        else if (v->modules[top].parent != frame)
            v->modules[top].parent = frame;
    }
    for (int m = 0; only >= 0 && m < v->n_modules; m++)
        if (v->modules[m].parent == only && m != frame)
            v->modules[m].parent = frame;
}

/* ---- wires ---- */

static void find_copies(fold_work *f)
{
    for (int c = 0; c < f->run->copies; c++)
        for (int k = 0; k < f->run->length; k++) {
            f->copy[box_at(f, c, k)] = c + 1;
            f->twin[box_at(f, c, k)] = box_at(f, 0, k);
        }
    view_fan out; /* sources that one copy alone reads are in it */
    if (!view_fan_out(f->v, &out))
        return;
    for (int b = 0; b < f->v->n_boxes; b++) {
        int only = 0;
        if (f->v->boxes[b].is_gone || !view_is_source(&f->v->boxes[b]) || b == f->run->entry)
            continue;
        for (int i = out.first[b]; i < out.first[b + 1]; i++) {
            int copy = f->copy[f->v->wires[out.wires[i]].to];
            only = i == out.first[b] || copy == only ? copy : 0;
            if (!only)
                break;
        }
        f->copy[b] = only;
    }
}

static void move_wires(fold_work *f)
{
    view *v = f->v;
    for (int w = 0; w < v->n_wires; w++) {
        view_wire *wire = &v->wires[w];
        int from = f->copy[wire->from], to = f->copy[wire->to];
        if (wire->is_gone || (from <= 1 && to <= 1 && !(from == 1 && to == 0)))
            continue;
        if (to > 1)
            wire->is_gone = true; /* of a copy that is not shown */
        else if (to == 0 && from == f->run->copies && f->twin[wire->from] >= 0)
            wire->from = f->twin[wire->from];
        else if (to == 0 && from >= 1 && from < f->run->copies)
            wire->is_gone = from > 1;
    }
}

void fold_add_entry(view *v, int frame, int source)
{
    int readers = 0, last = v->n_wires, dot = -1;
    for (int w = 0; w < last; w++)
        readers += !v->wires[w].is_gone && v->wires[w].from == source &&
                   view_is_inside(v, v->boxes[v->wires[w].to].module, frame);
    if (readers < 2)
        return;
    for (int w = 0; w < last; w++) {
        view_wire *wire = &v->wires[w];
        if (wire->is_gone || wire->from != source || !view_is_inside(v, v->boxes[wire->to].module, frame))
            continue;
        if (dot < 0) {
            view_row *row = dg_arena_alloc(v->arena, sizeof *row);
            if (!row)
                return;
            *row = (view_row){.name = "",
                              .op = "entry",
                              .head = "",
                              .detail = "",
                              .shares = "",
                              .call = "entry",
                              .exact = "entry",
                              .loose = "entry",
                              .style = STYLE_ELEMENTWISE,
                              .looks = {.peripheries = -1}};
            dot = view_add_box(v,
                               (view_box){.kind = BOX_ENTRY, .n_rows = 1, .rows = row, .module = frame, .partner = -1});
            wire = &v->wires[w];
            view_wire into = *wire;
            into.to = dot;
            into.to_row = 0;
            into.argument = "";
            into.input = 0;
            view_add_wire(v, into);
            wire = &v->wires[w];
        }
        wire->from = dot;
        wire->from_row = 0;
        wire->output = 0;
        wire->result = "";
    }
}

void fold_apply(view *v, const int *order, const fold_run *run)
{
    fold_work f = {
        v, order, run, calloc((size_t)v->n_boxes + 1, sizeof(int)), calloc((size_t)v->n_boxes + 1, sizeof(int)), -1};
    if (!f.copy || !f.twin) {
        v->failed = true;
        free(f.copy);
        free(f.twin);
        return;
    }
    for (int b = 0; b < v->n_boxes; b++)
        f.twin[b] = -1;
    find_copies(&f);
    f.parent = v->boxes[box_at(&f, 0, 0)].module;
    for (int k = 1; k < run->copies * run->length; k++)
        f.parent = view_common_module(v, f.parent, v->boxes[order[run->begin + k]].module);
    int only;
    const char *label = frame_label(&f, &only);
    int64_t sum = join_rows(&f);
    int frame = view_add_module(
        v, (view_module){.name = label,
                         .label = label,
                         .parent = f.parent,
                         .times = run->copies,
                         .sizes = sum ? text_format(v->arena, "%s parameters in all", text_count(v->arena, sum)) : "",
                         .is_fold = true,
                         .instead = only});
    if (only >= 0) { /* as its author painted it */
        v->modules[frame].fill = v->modules[only].fill;
        v->modules[frame].color = v->modules[only].color;
        v->modules[frame].fontcolor = v->modules[only].fontcolor;
    }
    join_modules(&f);
    put_in_frame(&f, frame, only);
    move_wires(&f);
    for (int b = 0, n = v->n_boxes; b < n; b++)
        if (f.copy[b] > 1) {
            v->boxes[b].is_gone = true;
            v->boxes[b].became = f.twin[b] + 1;
        }
    if (run->entry >= 0)
        fold_add_entry(v, frame, run->entry);
    if (run->second_entry >= 0)
        fold_add_entry(v, frame, run->second_entry);
    free(f.copy);
    free(f.twin);
}
