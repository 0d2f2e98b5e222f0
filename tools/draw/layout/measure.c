/* Lines of text and sizes of boxes. */
#include "layout.h"

#include "tools/draw/font/font.h"
#include "tools/draw/math/math.h"

#include <math.h>
#include <string.h>

#define BETWEEN " · "
enum { WRAP = 46, MOST_LINES = 12, MOST_DETAIL = 240, WIDEST_MATH = 280 };

/* Adds a line; "" is none. */
static void add_line(layout_row *row, layout_line line)
{
    if (row->n_lines == MOST_LINES || !*line.head)
        return;
    line.width = line.math ? line.math->width : font_width(line.head, line.size, line.is_bold);
    line.height = line.math ? ceil(line.math->ascent + line.math->descent + 2) : ceil(line.size * 1.22);
    line.base = line.math ? line.math->ascent + 1 : line.size * 0.95;
    if (*line.tail)
        line.width += font_width(line.tail, SIZE_DETAIL, false) + 5;
    row->lines[row->n_lines++] = line;
    row->width = fmax(row->width, line.width);
    row->height += line.height;
}

/* A word of one letter: a unit stays beside its number. */
static bool is_letter_alone(const char *at)
{
    return ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z')) && strchr(" \n", at[1]); /* or the end */
}

/* Whether a sign that joins what is on both its sides stands before, or behind, the blank. */
static bool is_beside_sign(const char *words, const char *blank)
{
    static const char *const signs[] = {"·", "→", "|", "×", "←"};
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++) {
        size_t size = strlen(signs[k]);
        if (strncmp(blank + 1, signs[k], size) == 0 ||
            ((size_t)(blank - words) >= size && strncmp(blank - size, signs[k], size) == 0))
            return true;
    }
    return false;
}

/* Whether brackets are open. */
static bool is_in_brackets(const char *words, const char *at)
{
    int open = 0;
    for (; words < at; words++)
        open += (*words == '(' || *words == '[') - (*words == ')' || *words == ']');
    return open > 0;
}

/* Of a sum, before or behind which the blank is. */
static bool is_sign(const char *at)
{
    return (*at == '+' && at[1] == ' ') || strncmp(at, "− ", strlen("− ")) == 0;
}

/* How well a line ends at a blank: 3 where parts of a list meet, 2 behind a comma and before a sign, 1 between words, 0
 * where what belongs together would be torn. */
static int rate_break(const char *words, const char *blank, bool is_list)
{
    char before = blank > words ? blank[-1] : ' ', after = blank[1];
    if (is_list && strncmp(blank, BETWEEN, strlen(BETWEEN)) == 0)
        return 3;
    if (is_beside_sign(words, blank) || before == ':' || is_letter_alone(blank + 1))
        return 0;
    if (is_in_brackets(words, blank) || before == '+' || (blank - words > 3 && is_sign(blank - strlen("−"))))
        return 0;
    if (before == ',' || before == ';' || is_sign(blank + 1))
        return 2;
    bool is_number = is_list && (text_is_digit(before) || text_is_digit(after)); /* "20 nodes", "stride 2" */
    return is_number ? 0 : 1;
}

/* Where the line that begins there ends: at a newline, at the best of the blanks in WRAP characters, or, where there is
 * none that is good, at the first such one a little behind. */
static const char *find_break(const char *words, const char *at, bool is_list)
{
    const char *end = at, *best = NULL;
    int rated = -1;
    for (int k = 0; *end && *end != '\n' && k < (rated > 0 ? WRAP : rated == 0 ? WRAP + WRAP / 3 : 2 * WRAP); k++) {
        int rate = *end == ' ' && k > 0 ? rate_break(words, end, is_list) : -1;
        if (rate > 1 && k < WRAP / 3) /* the line would be short */
            rate = 1;
        if (rate >= 0 && rate >= rated) {
            best = end;
            rated = rate;
        }
        text_character(&end);
    }
    return *end && *end != '\n' && best ? best : end;
}

/* Breaks a text at blanks into lines of some WRAP characters. `is_list`: of parts with BETWEEN between them, which a
 * new line does the work of. */
static void add_wrapped(view *v, layout_row *row, const char *words, bool is_list, layout_line like)
{
    const char *at = words = text_cut(v->arena, words, MOST_DETAIL);
    while (*at) {
        const char *end = find_break(words, at, is_list);
        like.head = text_format(v->arena, "%.*s", (int)(end - at), at);
        add_line(row, like);
        if (is_list && strncmp(end, BETWEEN, strlen(BETWEEN)) == 0)
            end += strlen(BETWEEN);
        while (*end == ' ' || *end == '\n')
            end++;
        at = end;
    }
}

static const char *parameters_text(view *v, const view_row *row)
{
    if (!row->parameters || row->style == STYLE_PARAMETER || row->heat_text)
        return "";
    return text_format(v->arena, "%s %s", text_count(v->arena, row->parameters),
                       row->parameters == 1 ? "parameter" : "parameters");
}

static bool shows_name(const view_row *row, const layout_options *options)
{
    return *row->name && strcmp(row->head, row->name) != 0 && row->style != STYLE_PARAMETER &&
           (row->is_output || row->is_referred || options->names) && !row->looks.label;
}

/* A formula, in as many lines as its sum needs; with a term that is too wide as text, broken at its outermost signs. */
static void add_formula(view *v, const view_row *row, layout_row *to, layout_line head)
{
    const math_picture *lines[MATH_MOST_LINES];
    layout_line small = {.size = SIZE_DETAIL, .is_weak = true, .tail = ""};
    const char *tail = head.tail;
    int count = math_set_lines(v->arena, row->math, head.size, SIZE_LEAST, WIDEST_MATH, lines);
    head.tail = count == 1 ? tail : "";
    for (int k = 0; k < count; k++) {
        head.math = lines[k];
        head.head = lines[k]->flat;
        add_line(to, head);
    }
    if (!count)
        add_wrapped(v, to, math_flat(v->arena, row->math), false, head);
    if (count != 1)
        add_wrapped(v, to, tail, true, small);
}

static void measure_single(view *v, const layout_options *options, const view_row *row, layout_row *to)
{
    layout_line head = {.size = row->looks.fontsize > 0 ? row->looks.fontsize : SIZE_HEAD, .is_bold = true, .tail = ""};
    layout_line small = {.size = SIZE_DETAIL, .is_weak = true, .tail = ""};
    head.tail = shows_name(row, options) ? text_cut(v->arena, row->name, WRAP) : "";
    if (row->looks.label) { /* the author's title; what the box tells beside it stays */
        add_wrapped(v, to, row->looks.label, false, head);
    } else if (row->math) {
        add_formula(v, row, to, head);
    } else if (text_length(row->head) > WRAP) {
        head.tail = "";
        add_wrapped(v, to, row->head, false, head);
        if (shows_name(row, options))
            add_wrapped(v, to, row->name, false, small);
    } else {
        head.head = row->head;
        add_line(to, head);
    }
    add_wrapped(v, to, row->detail, true, small);
    add_wrapped(v, to, row->shares, true, small);
    add_wrapped(v, to, parameters_text(v, row), true, small);
    if (row->heat_text)
        add_wrapped(v, to, row->heat_text, true, small);
    if (row->old)
        add_wrapped(v, to, row->old, true, small);
}

/* A row of a stack: everything on one line, where that is not too long. */
static void measure_stacked(view *v, const layout_options *options, const view_row *row, layout_row *to)
{
    const char *parts[5] = {shows_name(row, options) ? row->name : "", row->detail, row->shares,
                            parameters_text(v, row), row->heat_text ? row->heat_text : ""};
    const char *tail = "";
    for (int k = 0; k < 5; k++)
        if (*parts[k])
            tail = text_format(v->arena, "%s%s%s", tail, *tail ? BETWEEN : "", parts[k]);
    bool is_formula = row->math && !row->looks.label;
    layout_line head = {.head = row->looks.label ? row->looks.label
                                : is_formula     ? math_flat(v->arena, row->math)
                                                 : row->head,
                        .size = SIZE_HEAD - 1,
                        .is_bold = true,
                        .tail = tail};
    bool is_short = text_length(head.head) + text_length(head.tail) <= (options->is_narrow ? WRAP : 72) && !row->old;
    if (is_formula) {
        head.tail = is_short ? tail : "";
        add_formula(v, row, to, head);
    } else if (is_short) {
        add_line(to, head);
    } else {
        head.tail = "";
        add_wrapped(v, to, head.head, false, head);
    }
    if (is_short)
        return;
    add_wrapped(v, to, tail, true, (layout_line){.size = SIZE_DETAIL, .is_weak = true, .tail = ""});
    if (row->old)
        add_wrapped(v, to, row->old, true, (layout_line){.size = SIZE_DETAIL, .is_weak = true, .tail = ""});
}

static bool is_circle(const view_box *box, const layout_options *options)
{
    const view_row *row = &box->rows[0];
    return box->n_rows == 1 && box->kind == BOX_OP && row->sign && !row->is_output && !row->is_loss &&
           !options->names && !row->heat_text && !*row->detail && !*row->shares && !row->looks.label &&
           !row->looks.shape && row->style != STYLE_GRADIENT && row->mark != MARK_CHANGED;
}

bool layout_is_double(const view_box *box)
{
    const view_row *row = &box->rows[0];
    return box->n_rows == 1 && (row->looks.peripheries >= 0 ? row->looks.peripheries == 2 : row->is_loss);
}

static bool measure_box(view *v, const layout_options *options, const view_box *box, layout_box *to)
{
    to->rows = dg_arena_alloc(v->arena, (size_t)box->n_rows * sizeof *to->rows);
    if (!to->rows)
        return false;
    for (int r = 0; r < box->n_rows; r++) {
        layout_row *row = &to->rows[r];
        row->lines = dg_arena_alloc(v->arena, MOST_LINES * sizeof *row->lines);
        if (!row->lines)
            return false;
        if (is_circle(box, options)) {
            to->form = FORM_CIRCLE;
            add_line(row, (layout_line){.head = box->rows[r].sign, .size = 13, .is_bold = true, .tail = ""});
            to->width = to->height = 24;
            return true;
        }
        if (box->kind == BOX_ENTRY) {
            to->form = FORM_DOT;
            to->width = to->height = 6;
            return true;
        }
        if (box->n_rows > 1)
            measure_stacked(v, options, &box->rows[r], row);
        else
            measure_single(v, options, &box->rows[r], row);
        row->height += box->n_rows > 1 ? 5 : 8;
        row->width += box->rows[r].mark != MARK_SAVED ? 0 : box->n_rows > 1 ? 8 : 14; /* the mark is in its corner */
        to->width = fmax(to->width, row->width + (box->n_rows > 1 ? 14 : 18));
        to->height += row->height;
    }
    const char *shape = box->rows[0].looks.shape;
    if (layout_is_double(box)) {
        to->width += 6;
        to->height += 6;
    }
    to->width = ceil(fmax(to->width, 30));
    to->height = ceil(fmax(to->height, 20));
    if (shape && (strcmp(shape, "ellipse") == 0 || strcmp(shape, "oval") == 0)) {
        to->form = FORM_ELLIPSE;
        to->width = ceil(to->width * 1.42);
        to->height = ceil(to->height * 1.42);
    } else if (shape && strcmp(shape, "circle") == 0) {
        to->form = FORM_CIRCLE;
        to->width = to->height = ceil(hypot(to->width, to->height));
    }
    return true;
}

static void measure_wire(view *v, const layout_options *options, const view_wire *wire, layout_wire *to)
{
    const char *words = "";
    if (wire->label) {
        words = wire->label;
    } else {
        const char *parts[3] = {wire->result, wire->shows_shape && !options->no_labels ? wire->shape : "",
                                wire->argument};
        if (*parts[0])
            words = text_format(v->arena, "%s%s", parts[0], *parts[1] ? ": " : *parts[2] ? " → " : "");
        words = text_format(v->arena, "%s%s%s%s", words, parts[1], *parts[1] && *parts[2] ? " → " : "", parts[2]);
    }
    if (!*words)
        return;
    to->label = text_cut(v->arena, words, 60);
    to->label_width = font_width(to->label, SIZE_LABEL, false);
    to->label_height = SIZE_LABEL * 1.2;
}

static void measure_module(view *v, const view_module *module, layout_module *to)
{
    to->label = text_cut(v->arena, view_module_label(module), 60);
    to->times = module->times > 1 ? text_format(v->arena, "×%lld", (long long)module->times) : "";
    to->sizes = module->sizes;
    to->label_width = font_width(to->label, SIZE_MODULE, true);
    if (*to->times)
        to->label_width += font_width(to->times, SIZE_MODULE, true) + (*to->label ? 5 : 0);
    if (*to->sizes)
        to->label_width += font_width(to->sizes, SIZE_DETAIL, false) + 6;
}

bool layout_measure(view *v, const layout_options *options, layout *made)
{
    made->boxes = dg_arena_alloc(v->arena, ((size_t)v->n_boxes + 1) * sizeof *made->boxes);
    made->wires = dg_arena_alloc(v->arena, ((size_t)v->n_wires + 1) * sizeof *made->wires);
    made->modules = dg_arena_alloc(v->arena, ((size_t)v->n_modules + 1) * sizeof *made->modules);
    if (!made->boxes || !made->wires || !made->modules)
        return false;
    for (int b = 0; b < v->n_boxes; b++)
        if (!v->boxes[b].is_gone && !measure_box(v, options, &v->boxes[b], &made->boxes[b]))
            return false;
    for (int w = 0; w < v->n_wires; w++)
        if (!v->wires[w].is_gone)
            measure_wire(v, options, &v->wires[w], &made->wires[w]);
    for (int m = 0; m < v->n_modules; m++)
        measure_module(v, &v->modules[m], &made->modules[m]);
    return !v->failed;
}

int64_t layout_bends(view *v, const layout *made, double *longest)
{
    size_t n = (size_t)v->n_boxes + 1;
    int *order = dg_arena_alloc(v->arena, n * sizeof *order), *rank = dg_arena_alloc(v->arena, n * sizeof *rank);
    double *height = dg_arena_alloc(v->arena, n * sizeof *height);
    view_fan in;
    int64_t bends = 0;
    *longest = 0;
    if (!order || !rank || !height || !view_fan_in(v, &in))
        return -1;
    int count = view_order(v, &in, order);
    for (int k = 0; k < count; k++) {
        int b = order[k];
        for (int i = in.first[b]; i < in.first[b + 1]; i++) {
            const view_wire *wire = &v->wires[in.wires[i]];
            rank[b] = rank[wire->from] + 1 > rank[b] ? rank[wire->from] + 1 : rank[b];
            height[b] = fmax(height[b], height[wire->from] + 22);
        }
        height[b] += made->boxes[b].height;
        *longest = fmax(*longest, height[b]);
    }
    for (int w = 0; w < v->n_wires; w++) {
        const view_wire *wire = &v->wires[w];
        if (!wire->is_gone && !wire->is_loose && !view_is_source(&v->boxes[wire->from]) &&
            rank[wire->to] > rank[wire->from])
            bends += rank[wire->to] - rank[wire->from] - 1;
    }
    return bends + count;
}
