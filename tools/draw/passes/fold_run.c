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

/* Puts what is at the same place in all texts, numbers that differ with bars between them. False where the texts
 * differ in more than numbers. */
static bool join_details(text *t, const char **texts, int count)
{
    const char **at = texts;
    while (*at[0] || *at[1]) {
        if (!text_is_digit(*at[0])) {
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
            while (text_is_digit(at[k][size]) || (at[k][size] == '.' && text_is_digit(at[k][size + 1])))
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
    const char *name =
        fold_join_names(v, fold_names_of_row(v, rows[0]), fold_names_of_row(v, rows[count - 1]), count).words;
    row->names = list_names(v, rows, count);
    row->name = name;
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

/* Parameters of all copies; the rows that stand for them tell none then. */
static int64_t sum_parameters(fold_work *f)
{
    view *v = f->v;
    int64_t sum = 0;
    for (int k = 0; k < f->run->length; k++)
        for (int c = 0; c < f->run->copies; c++) {
            view_box *box = &v->boxes[box_at(f, c, k)];
            int64_t owners = view_times_within(v, box->module, f->parent, true);
            for (int r = 0; r < box->n_rows; r++) {
                sum += box->rows[r].parameters * owners;
                box->rows[r].parameters = 0;
            }
        }
    return sum;
}

/* Copies with other sizes have other numbers of parameters: the frame tells their sum, which is returned; else 0. */
static int64_t join_rows(fold_work *f)
{
    const view_row **rows = malloc((size_t)f->run->copies * sizeof *rows);
    bool differs = false;
    f->v->failed |= !rows;
    for (int k = 0; rows && k < f->run->length; k++) {
        view_box *box = &f->v->boxes[box_at(f, 0, k)];
        for (int r = 0; r < box->n_rows; r++) {
            for (int c = 0; c < f->run->copies; c++) {
                rows[c] = &f->v->boxes[box_at(f, c, k)].rows[r];
                differs |= rows[c]->parameters != rows[0]->parameters;
            }
            join_row(f, &box->rows[r], rows);
        }
    }
    free(rows);
    return differs ? sum_parameters(f) : 0;
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
static name_range frame_label(const fold_work *f, int *module)
{
    int first = top_module(f, box_at(f, 0, 0)), last = top_module(f, box_at(f, f->run->copies - 1, 0));
    *module = -1;
    if (first < 0 || last < 0 || first == last || !is_whole(f, first))
        return (name_range){"", "", ""};
    for (int k = 1; k < f->run->length; k++)
        if (top_module(f, box_at(f, 0, k)) != first)
            return (name_range){"", "", ""};
    *module = f->v->modules[first].times > 1 ? -1 : first;
    return fold_join_names(f->v, fold_names_of_module(&f->v->modules[first]),
                           fold_names_of_module(&f->v->modules[last]), f->run->copies);
}

/* What is called what at that place of a copy: the module that it is in, or the row, or its op. */
static name_range names_of_part(const fold_work *f, int copy, int k)
{
    int box = box_at(f, copy, k), module = top_module(f, box);
    const view_row *row = &f->v->boxes[box].rows[0];
    if (module >= 0 && *f->v->modules[module].label)
        return fold_names_of_module(&f->v->modules[module]);
    return *row->name ? fold_names_of_row(f->v, row) : (name_range){row->op, row->op, row->op};
}

/* What the names of all parts of a copy begin with, up to a separator: "block1.0"; "". */
static const char *common_name(const fold_work *f, int copy)
{
    name_range names = names_of_part(f, copy, 0);
    const char *first = copy ? names.last : names.first;
    size_t same = strlen(first);
    for (int k = 0; k < f->run->length; k++) {
        names = names_of_part(f, copy, k);
        const char *name = copy ? names.last : names.first;
        size_t n = 0;
        while (n < same && name[n] == first[n])
            n++;
        same = n;
    }
    while (same && !strchr("._/-:", first[same - 1]))
        same--;
    return text_format(f->v->arena, "%.*s", (int)(same ? same - 1 : 0), first);
}

/* What a frame without a name of its own repeats: "block0.1…5, sum0…4" of two parts; of more what their names begin
 * with, "block1.0…5", or the first and the last. */
static const char *frame_content(const fold_work *f)
{
    enum { MOST_PARTS = 2 };
    view *v = f->v;
    const char *words = "", *parts[MOST_PARTS];
    int n = 0, length = f->run->length, copies = f->run->copies;
    for (int k = 0; k < length && n <= MOST_PARTS; k++) {
        name_range part = names_of_part(f, 0, k);
        bool is_new = v->boxes[box_at(f, 0, k)].kind != BOX_ENTRY;
        for (int i = 0; i < n; i++)
            is_new &= strcmp(parts[i], part.words) != 0;
        if (is_new && n < MOST_PARTS) {
            parts[n] = part.words;
            words = text_format(v->arena, "%s%s%s", words, n ? ", " : "",
                                fold_join_names(v, part, names_of_part(f, copies - 1, k), copies).words);
        }
        n += is_new;
    }
    if (n <= MOST_PARTS)
        return words;
    const char *first = common_name(f, 0), *last = common_name(f, copies - 1);
    if (*first && *last && strcmp(first, last) != 0)
        return fold_join_ends(v, first, last);
    first = names_of_part(f, 0, 0).first;
    last = names_of_part(f, copies - 1, length - 1).last;
    for (int m = f->parent; m >= 0; m = v->modules[m].parent) {
        first = view_name_within(first, &v->modules[m]);
        last = view_name_within(last, &v->modules[m]);
    }
    return fold_join_ends(v, first, last);
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
            name_range names = fold_join_names(v, fold_names_of_module(&v->modules[first]),
                                               fold_names_of_module(&v->modules[last]), f->run->copies);
            v->modules[first].label = names.words;
            v->modules[first].first = names.first;
            v->modules[first].last = names.last;
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

/* Whether some copy has other sizes than the first. */
static bool has_sizes(const fold_work *f)
{
    for (int k = 0; k < f->run->length; k++)
        for (int c = 1; c < f->run->copies; c++) {
            const view_box *one = &f->v->boxes[box_at(f, 0, k)], *other = &f->v->boxes[box_at(f, c, k)];
            for (int r = 0; r < one->n_rows && r < other->n_rows; r++)
                if (strcmp(one->rows[r].exact, other->rows[r].exact) != 0)
                    return true;
        }
    return false;
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
    v->n_sized += has_sizes(&f);
    int only;
    name_range label = frame_label(&f, &only);
    const char *content = *label.words ? "" : frame_content(&f);
    int64_t sum = join_rows(&f);
    int frame = view_add_module(
        v, (view_module){.name = label.words,
                         .label = label.words,
                         .first = label.first,
                         .last = label.last,
                         .content = content,
                         .parent = f.parent,
                         .times = run->copies,
                         .sizes = sum ? text_format(v->arena, "%s parameters in all", text_count(v->arena, sum)) : "",
                         .parameters = sum,
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
