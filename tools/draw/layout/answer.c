/* The whole of placing: measured, asked, and the answer taken. */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_RETRIED = 1000, MOST_SPREAD = 2 }; /* of boxes and bends */
enum { MOST_COMPARED = 32 };                   /* arguments of one box */

static double coordinate(char **at)
{
    return (double)strtol(*at, at, 10) / 100;
}

static bool take_wire(view *v, layout *made, char *at)
{
    long number = strtol(at, &at, 10), count = strtol(at, &at, 10);
    if (number < 0 || number >= v->n_wires || count < 4 || count > 100000)
        return true;
    layout_wire *wire = &made->wires[number];
    wire->points = dg_arena_alloc(v->arena, (size_t)count * sizeof *wire->points);
    if (!wire->points)
        return false;
    wire->n = (int)count;
    bool back = v->wires[number].is_reversed;
    for (long k = 0; k < count; k++) {
        layout_point *point = &wire->points[back ? count - 1 - k : k];
        point->x = coordinate(&at);
        point->y = coordinate(&at);
    }
    return true;
}

static bool take_line(view *v, layout *made, char *at)
{
    char kind = *at++;
    if (kind == 'g') {
        at += strlen("raph");
        made->width = coordinate(&at);
        made->height = coordinate(&at);
        return true;
    }
    if (kind == 'e' && *at == ' ')
        return take_wire(v, made, at);
    if (kind != 'n' && kind != 'l' && kind != 'c')
        return true;
    long number = strtol(at, &at, 10);
    double x = coordinate(&at), y = coordinate(&at);
    if (kind == 'n' && number >= 0 && number < v->n_boxes) {
        layout_box *box = &made->boxes[number];
        box->x = x - box->width / 2;
        box->y = y - box->height / 2;
    } else if (kind == 'l' && number >= 0 && number < v->n_wires) {
        made->wires[number].has_label = true;
        made->wires[number].label_at = (layout_point){x, y};
    } else if (kind == 'c' && number >= 0 && number < v->n_modules) {
        layout_module *module = &made->modules[number];
        module->is_placed = true;
        module->left = x;
        module->top = y;
        module->right = coordinate(&at);
        module->bottom = coordinate(&at);
    }
    return true;
}

dg_status layout_take(view *v, const char *answer, const layout_options *options, layout *made)
{
    for (const char *line = answer; *line;) {
        if (!take_line(v, made, (char *)(uintptr_t)line))
            return dg_no_memory("a picture of %s", options->who);
        const char *end = strchr(line, '\n');
        line = end ? end + 1 : line + strlen(line);
    }
    return dg_ok();
}

static dg_status ask_once(view *v, const layout_options *options, layout *made)
{
    text request = {0};
    char *answer = NULL;
    layout_options asked = *options;
    asked.no_labels |= made->bends > 4000;
    layout_request(v, &asked, made, &request);
    dg_status status = request.failed ? dg_no_memory("a picture of %s", options->who)
                                      : layout_ask_once(request.bytes, request.used, options, &answer);
    text_free(&request);
    if (status.code == DG_OK)
        status = layout_take(v, answer, options, made);
    free(answer);
    return status;
}

/* A stack is read in the direction in which more of its wires end where their rows are; if that is the same, one that
 * values enter from below is read from below. From left to right, wires end at its sides. */
static bool choose_upwards(view *v, const layout *made)
{
    int *above = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *above); /* wires from there, less others */
    view_fan in, out;
    if (v->rankdir && strchr("LR", v->rankdir[0]))
        return true;
    if (!above || !view_fan_in(v, &in) || !view_fan_out(v, &out))
        return false;
    for (int w = 0; w < v->n_wires; w++) {
        const view_wire *wire = &v->wires[w];
        const layout_box *from = &made->boxes[wire->from], *to = &made->boxes[wire->to];
        if (!wire->is_gone && !wire->is_loose)
            above[wire->to] += (from->y + from->height <= to->y) - (to->y + to->height <= from->y);
    }
    for (int b = 0; b < v->n_boxes; b++) {
        int more = layout_strays(v, made, b, false, &in, &out) - layout_strays(v, made, b, true, &in, &out);
        if (more || above[b])
            v->boxes[b].is_upwards = more ? more > 0 : (above[b] < 0) != v->boxes[b].is_backwards;
    }
    return true;
}

/* How many pairs of computed arguments of one box are from left to right, less those that are not. */
static int64_t count_ordered(view *v, const layout *made)
{
    view_fan in;
    int64_t sum = 0;
    if (!view_fan_in(v, &in))
        return 0;
    for (int b = 0; b < v->n_boxes; b++)
        for (int i = in.first[b]; i < in.first[b + 1]; i++)
            for (int k = i + 1; k < in.first[b + 1] && k < i + MOST_COMPARED; k++) {
                const view_wire *one = &v->wires[in.wires[i]], *two = &v->wires[in.wires[k]];
                const layout_box *left = &made->boxes[one->from], *right = &made->boxes[two->from];
                double between = right->x + right->width / 2 - left->x - left->width / 2;
                if (one->input != two->input && one->to_row == two->to_row && one->from != two->from &&
                    !v->boxes[b].rows[one->to_row].is_commutative && !view_is_source(&v->boxes[one->from]) &&
                    !view_is_source(&v->boxes[two->from]))
                    sum += (between > 1) - (between < -1);
            }
    return sum;
}

/* Left and right may be exchanged where that brings arguments into their order, or what goes down in a U to the left of
 * what comes up; not where the shape says which is which. */
static void choose_sides(view *v, layout *made)
{
    int rightwards = 0;
    bool is_u = false;
    if (v->is_ladder || (v->rankdir && strchr("LR", v->rankdir[0])))
        return;
    for (int w = 0; w < v->n_wires; w++) {
        const view_wire *wire = &v->wires[w];
        if (wire->is_gone || !wire->is_beside)
            continue;
        is_u = true;
        rightwards += made->boxes[wire->from].x < made->boxes[wire->to].x ? 1 : -1;
    }
    if (is_u ? rightwards >= 0 : count_ordered(v, made) >= 0)
        return;
    for (int b = 0; b < v->n_boxes; b++)
        made->boxes[b].x = made->width - made->boxes[b].x - made->boxes[b].width;
    for (int w = 0; w < v->n_wires; w++) {
        layout_wire *wire = &made->wires[w];
        for (int k = 0; k < wire->n; k++)
            wire->points[k].x = made->width - wire->points[k].x;
        wire->has_label = false; /* labels are to the right of wires */
    }
    for (int m = 0; m < v->n_modules; m++) {
        double left = made->modules[m].left;
        made->modules[m].left = made->width - made->modules[m].right;
        made->modules[m].right = made->width - left;
    }
}

static dg_status ask_with_rows(view *v, const layout_options *options, layout *made)
{
    DG_TRY(ask_once(v, options, made));
    choose_sides(v, made);
    bool has_memory = choose_upwards(v, made);
    layout_meet_rows(v, made);
    if (!has_memory || !layout_keep_inside(v, made))
        return dg_no_memory("a picture of %s", options->who);
    layout_straighten(v, made);
    layout_make_room(v, made);
    return dg_ok();
}

/* Once more with wider modules, where a label has no place. */
static dg_status place(view *v, const layout_options *options, layout *made)
{
    DG_TRY(ask_with_rows(v, options, made));
    if (!layout_place_labels(v, made) && made->bends < MOST_RETRIED) {
        DG_TRY(ask_with_rows(v, options, made));
        layout_place_labels(v, made);
    }
    return dg_ok();
}

/* With more room, where a wire runs through a box; as before where that does not help, the wire around all boxes. */
static dg_status place_apart(view *v, const layout_options *options, layout *made)
{
    layout_options tried = *options;
    DG_TRY(place(v, &tried, made));
    while (made->bends < MOST_RETRIED && layout_crossings(v, made)) {
        tried.spread = tried.spread < MOST_SPREAD ? tried.spread + 1 : options->spread;
        DG_TRY(place(v, &tried, made));
        if (tried.spread == options->spread)
            break;
    }
    int led = 0;
    if ((made->bends < MOST_RETRIED || layout_crossings(v, made)) && !layout_route(v, made, &led))
        return dg_no_memory("a picture of %s", options->who);
    if (led) {
        layout_make_room(v, made);
        layout_place_labels(v, made);
    }
    made->poor += layout_crossings(v, made);
    return dg_ok();
}

dg_status layout_make(view *v, const layout_options *options, layout *made)
{
    double longest;
    if (!made->boxes && !layout_measure(v, options, made))
        return dg_no_memory("a picture of %s", options->who);
    layout_choose_shape(v);
    made->bends = layout_bends(v, made, &longest);
    if (made->bends > MOST_LAID_OUT)
        return dg_error(
            DG_BAD_DATA,
            "%s: the picture is too large to be laid out (%lld boxes and bends, at most %d): fold it (--fold "
            "auto), close modules (--depth 1), cut it (--around NODE), or draw it as text (-o x.txt)",
            options->who, (long long)made->bends, MOST_LAID_OUT);
    return place_apart(v, options, made);
}
