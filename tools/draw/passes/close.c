/* Modules that are closed: one box for all that is in them. */
#include "passes.h"

#include <stdio.h>
#include <string.h>

static int depth_of(const view *v, int module)
{
    int depth = 0;
    for (; module >= 0; module = v->modules[module].parent)
        depth += !v->modules[module].is_fold;
    return depth;
}

int view_depth(const view *v)
{
    int deepest = 0;
    for (int b = 0; b < v->n_boxes; b++)
        if (!v->boxes[b].is_gone) {
            int depth = depth_of(v, v->boxes[b].module) + (v->boxes[b].kind == BOX_MODULE);
            deepest = depth > deepest ? depth : deepest;
        }
    return deepest;
}

dg_status pass_check_modules(const view *v, const char *option, const char *patterns)
{
    char one[200];
    for (const char *at = patterns; at && *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
        bool any = false;
        snprintf(one, sizeof one, "%.*s", (int)strcspn(at, ","), at);
        for (int m = 0; m < v->n_modules && !any; m++)
            any = text_matches(one, v->modules[m].name);
        if (*one && !any)
            return dg_error(DG_BAD_ARGUMENT, "%s: no module is called '%s'%s%s", option, one,
                            v->n_modules ? "; there is " : ": the picture has none",
                            v->n_modules ? v->modules[0].name : "");
    }
    return dg_ok();
}

bool view_keeps_open(const view *v, int module, const char *open)
{
    for (int m = 0; open && m < v->n_modules; m++)
        if (view_is_inside(v, m, module) && text_matches(open, v->modules[m].name))
            return true;
    for (int m = v->modules[module].parent; open && m >= 0; m = v->modules[m].parent)
        if (text_matches(open, v->modules[m].name))
            return true;
    return false;
}

/* Parameters that frames inside the module tell instead of their rows. */
static int64_t parameters_of_frames(view *v, int module, const int *module_of, int n)
{
    bool *is_counted = dg_arena_alloc(v->arena, (size_t)v->n_modules + 1);
    int64_t sum = 0;
    for (int b = 0; is_counted && b < n; b++) {
        int m = v->boxes[b].kind == BOX_MODULE ? v->boxes[b].closed : v->boxes[b].module;
        for (; module_of[b] == module && m >= 0 && m != module && !is_counted[m]; m = v->modules[m].parent) {
            is_counted[m] = true;
            sum += v->modules[m].parameters * view_times_within(v, v->modules[m].parent, module, true);
        }
    }
    return sum;
}

/* One box for the module; returns it. module_of: of the first n boxes, which module they go into. */
static int close_module(view *v, int module, const int *module_of, int n)
{
    view_row *row = dg_arena_alloc(v->arena, sizeof *row);
    int64_t parameters = 0, nodes = 0;
    text exact = {0};
    if (!row)
        return 0;
    *row = (view_row){.name = v->modules[module].name,
                      .op = "module",
                      .call = "module",
                      .head = view_module_label(&v->modules[module]),
                      .shares = "",
                      .style = STYLE_MODULE,
                      .looks = {.peripheries = -1}};
    for (int b = 0; b < n; b++) {
        const view_box *box = &v->boxes[b];
        if (module_of[b] != module)
            continue;
        int64_t times = view_times_within(v, box->module, module, false);
        int64_t owners = view_times_within(v, box->module, module, true);
        for (int r = 0; r < box->n_rows; r++) {
            parameters += box->rows[r].parameters * owners;
            nodes += (box->kind == BOX_MODULE ? box->n_inside : box->kind == BOX_ENTRY ? 0 : 1) * times;
            row->is_output |= box->rows[r].is_output;
            row->is_loss |= box->rows[r].is_loss;
            text_add(&exact, "%s;", box->rows[r].exact ? box->rows[r].exact : "");
        }
    }
    row->parameters = parameters + parameters_of_frames(v, module, module_of, n);
    row->detail = text_format(v->arena, "%s %s", text_count(v->arena, nodes), nodes == 1 ? "node" : "nodes");
    if (v->modules[module].is_fold && *v->modules[module].sizes)
        row->detail = text_format(v->arena, "%s · %s", row->detail, v->modules[module].sizes);
    if (v->modules[module].times > 1)
        row->head = text_format(v->arena, "%s ×%lld", row->head, (long long)v->modules[module].times);
    row->exact = row->loose = text_keep(v->arena, &exact);
    text_free(&exact);
    return view_add_box(v, (view_box){.kind = BOX_MODULE,
                                      .n_rows = 1,
                                      .rows = row,
                                      .module = v->modules[module].parent,
                                      .closed = module,
                                      .n_inside = (int)nodes,
                                      .partner = -1});
}

/* Of wires between the same two boxes that carry the same value, one stays. */
static void merge_wires(view *v, int first_new)
{
    view_fan in;
    if (!view_fan_in(v, &in))
        return;
    for (int b = 0; b < v->n_boxes; b++) {
        int from_values = 0;
        for (int i = in.first[b]; i < in.first[b + 1]; i++) {
            view_wire *one = &v->wires[in.wires[i]];
            if (one->is_gone || (b < first_new && one->from < first_new))
                continue;
            from_values++; /* that have not been merged into one before */
            for (int k = i + 1; k < in.first[b + 1]; k++) {
                view_wire *two = &v->wires[in.wires[k]];
                bool same_place = v->boxes[b].kind == BOX_MODULE || strcmp(two->argument, one->argument) == 0;
                if (!two->is_gone && two->from == one->from && two->from_row == one->from_row &&
                    strcmp(two->result, one->result) == 0 && same_place) {
                    two->is_gone = true;
                    one->times = (one->times ? one->times : 1) + 1;
                }
            }
        }
        for (int i = in.first[b]; from_values == 1 && v->boxes[b].kind == BOX_MODULE && i < in.first[b + 1]; i++)
            v->wires[in.wires[i]].argument = ""; /* one value enters: nothing could be exchanged */
    }
}

int pass_close(view *v, int depth, const char *open, const char *close)
{
    bool *closed = dg_arena_alloc(v->arena, (size_t)v->n_modules + 1);
    for (int m = 0; closed && m < v->n_modules; m++) {
        bool matches = close && text_matches(close, v->modules[m].name);
        bool deep = depth > 0 && depth_of(v, m) >= depth && !v->modules[m].is_fold;
        closed[m] = (matches || deep) && !view_keeps_open(v, m, open);
    }
    return closed ? pass_close_these(v, closed) : 0;
}

int pass_close_these(view *v, const bool *closed)
{
    int *module_of = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *module_of);
    int *box_of_module = dg_arena_alloc(v->arena, ((size_t)v->n_modules + 1) * sizeof *box_of_module);
    int first_new = v->n_boxes, count = 0;
    if (!module_of || !box_of_module)
        return 0;
    for (int b = 0; b < first_new; b++) {
        module_of[b] = -1;
        for (int m = v->boxes[b].module; m >= 0 && !v->boxes[b].is_gone; m = v->modules[m].parent)
            if (closed[m])
                module_of[b] = m; /* the outermost */
    }
    for (int m = 0; m < v->n_modules; m++)
        box_of_module[m] = -1;
    for (int b = 0; b < first_new; b++)
        if (module_of[b] >= 0 && box_of_module[module_of[b]] < 0) {
            box_of_module[module_of[b]] = close_module(v, module_of[b], module_of, first_new);
            count++;
        }
    for (int w = 0; w < v->n_wires; w++) {
        view_wire *wire = &v->wires[w];
        int from = module_of[wire->from], to = module_of[wire->to];
        if (wire->is_gone || (from < 0 && to < 0))
            continue;
        if (from == to) {
            wire->is_gone = true;
            continue;
        }
        if (to >= 0) {
            const view_row *reader = &v->boxes[wire->to].rows[wire->to_row];
            bool is_named = reader->node && dg_node_is_named(reader->node);
            if (*wire->argument && is_named)
                wire->argument =
                    text_format(v->arena, "%s of %s", wire->argument, view_name_within(reader->name, &v->modules[to]));
            wire->to = box_of_module[to];
            wire->to_row = 0;
        }
        if (from >= 0) {
            wire->from = box_of_module[from];
            wire->from_row = 0;
        }
    }
    for (int b = 0; b < first_new; b++)
        if (module_of[b] >= 0) {
            v->boxes[b].is_gone = true;
            v->boxes[b].became = box_of_module[module_of[b]] + 1;
        }
    for (int b = 0; b < first_new; b++) { /* which boxes are side by side */
        int partner = v->boxes[b].partner;
        if (partner >= 0 && partner < first_new && module_of[partner] >= 0)
            partner = v->boxes[b].partner = box_of_module[module_of[partner]];
        if (module_of[b] >= 0 && partner >= 0 && v->boxes[box_of_module[module_of[b]]].partner < 0)
            v->boxes[box_of_module[module_of[b]]].partner = partner;
    }
    if (count)
        merge_wires(v, first_new);
    return count;
}
