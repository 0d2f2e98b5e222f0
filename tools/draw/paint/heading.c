/* Title, summary and legend. */
#include "scene.h"

#include "tools/draw/font/font.h"
#include "tools/draw/passes/passes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct heading {
    scene *s;
    const compose_options *options;
    double x, y, widest, right;
} heading;

static void put_chip(heading *h, const char *words, const char *fill, const char *stroke, const char *dash, double line,
                     bool is_square, const char *ink)
{
    double width = font_width(words, SIZE_LEAST, false) + 12;
    if (h->x > 12 && h->x + width > h->widest) {
        h->x = 12;
        h->y += 20;
    }
    scene_add(h->s, (shape){.kind = SHAPE_RECTANGLE,
                            .x = h->x,
                            .y = h->y,
                            .width = width,
                            .height = 16,
                            .radius = is_square ? 0 : 4,
                            .fill = fill,
                            .stroke = stroke,
                            .line = line,
                            .dash = dash});
    scene_text(h->s, h->x + 6, h->y + 11.3, words, SIZE_LEAST, false, ink);
    scene_fix(h->s, h->s->n - 1, fill);
    h->x += width + 6;
    h->right = fmax(h->right, h->x);
}

/* A short line, with a mark where there is one, and what it means. */
static void put_line(heading *h, const char *words, const char *color, double line, const char *dash, const char *mark)
{
    double width = font_width(words, SIZE_LEAST, false) + 26;
    layout_point *points = dg_arena_alloc(h->s->arena, 4 * sizeof *points);
    if (!points)
        return;
    if (h->x > 12 && h->x + width > h->widest) {
        h->x = 12;
        h->y += 20;
    }
    for (int k = 0; k < 4; k++)
        points[k] = (layout_point){h->x + 6.0 * k, h->y + 8};
    scene_add(h->s,
              (shape){.kind = SHAPE_CURVE, .n = 4, .points = points, .stroke = color, .line = line, .dash = dash});
    if (mark) /* as boxes have it in their corner */
        scene_add(h->s,
                  (shape){.kind = SHAPE_RECTANGLE, .x = h->x, .y = h->y + 5.5, .width = 5, .height = 5, .fill = mark});
    scene_text(h->s, h->x + 22, h->y + 11.3, words, SIZE_LEAST, false, h->options->sheet->weak);
    h->x += width + 8;
    h->right = fmax(h->right, h->x);
}

static void put_families(heading *h, const view *v)
{
    bool present[N_STYLES] = {false};
    const style_sheet *sheet = h->options->sheet;
    for (int b = 0; b < v->n_boxes; b++)
        for (int r = 0; !v->boxes[b].is_gone && v->boxes[b].kind != BOX_ENTRY && r < v->boxes[b].n_rows; r++) {
            const view_row *row = &v->boxes[b].rows[r];
            present[row->looks.fill ? STYLE_INPUT : row->style] = true;
            present[STYLE_INPUT] |= row->is_output;
        }
    for (int k = 0; k < N_STYLES; k++)
        if (present[k])
            put_chip(h, sheet->families[k].legend, sheet->families[k].fill, sheet->families[k].border,
                     sheet->families[k].dash, k == STYLE_INPUT ? 1.6 : 1, k == STYLE_PARAMETER, sheet->ink);
}

static void put_wires(heading *h, const view *v)
{
    bool skip = false, gradient = false, saved = false, added = false, removed = false, changed = false;
    const style_sheet *sheet = h->options->sheet;
    for (int w = 0; w < v->n_wires; w++) {
        if (v->wires[w].is_gone)
            continue;
        skip |= v->wires[w].is_skip;
        gradient |= v->wires[w].kind == WIRE_GRADIENT;
        saved |= v->wires[w].kind == WIRE_SAVED;
        added |= v->wires[w].mark == MARK_ADDED;
        removed |= v->wires[w].mark == MARK_REMOVED;
        changed |= v->wires[w].mark == MARK_CHANGED;
    }
    for (int b = 0; b < v->n_boxes; b++)
        for (int r = 0; !v->boxes[b].is_gone && r < v->boxes[b].n_rows; r++) {
            saved |= v->boxes[b].rows[r].mark == MARK_SAVED;
            added |= v->boxes[b].rows[r].mark == MARK_ADDED;
            removed |= v->boxes[b].rows[r].mark == MARK_REMOVED;
            changed |= v->boxes[b].rows[r].mark == MARK_CHANGED;
        }
    if (skip)
        put_line(h, "skip", sheet->skip, 1.6, sheet->skip_dash, NULL);
    if (gradient)
        put_line(h, "gradient", sheet->gradient, 1.1, "5,3", NULL);
    if (saved)
        put_line(h, "saved for backward", sheet->saved, 1.1, "1.5,3", sheet->gradient);
    if (added)
        put_line(h, "added", sheet->added, 2.6, "", NULL);
    if (removed)
        put_line(h, "removed", sheet->removed, 2.6, DASH_REMOVED, NULL);
    if (changed)
        put_line(h, "changed", sheet->changed, 2.6, DASH_CHANGED, NULL);
}

static void put_heat(heading *h, const view *v)
{
    enum { STEPS = 5 };
    const style_sheet *sheet = h->options->sheet;
    char color[8];
    int steps = v->heat_high > v->heat_low ? STEPS : 1; /* all is of one colour */
    for (int k = 0; k < steps; k++) {
        double place = (double)k / (STEPS - 1), low = v->heat_low, high = v->heat_high;
        double value = v->heat_is_log && low > 0 ? low * pow(high / low, place) : low + place * (high - low);
        style_mix(sheet->heat_low, sheet->heat_high, place, color);
        put_chip(h, heat_print(h->s->arena, value, v->heat_unit), text_format(h->s->arena, "%s", color), sheet->frame,
                 "", 0.6, true, sheet->heat_ink);
        h->x -= 6;
    }
    h->x += 6;
}

/* How much of the words is a line: up to a blank before they are too wide, all of them if they are not. */
static size_t line_length(heading *h, const char *words, double size, bool is_bold)
{
    double most = fmax(h->widest, 420) - 12;
    size_t blank = 0, fits = 0;
    for (const char *at = words; *at;) {
        const char *begin = at;
        text_character(&at);
        if (*begin == ' ' && begin > words)
            blank = (size_t)(begin - words);
        if (fits && font_width(text_format(h->s->arena, "%.*s", (int)(at - words), words), size, is_bold) > most)
            return blank ? blank : fits;
        fits = (size_t)(at - words);
    }
    return fits;
}

/* Lines no wider than the picture may be; what is left after some of them is cut. */
static void put_words(heading *h, const char *words, double size, bool is_bold, const char *color)
{
    enum { LINES = 6, LONGEST = 400 };
    words = text_cut(h->s->arena, words, LINES * LONGEST);
    for (int k = 0; *words && k < LINES; k++) {
        size_t length = line_length(h, words, size, is_bold);
        bool is_cut = k + 1 == LINES && words[length];
        const char *line = text_format(h->s->arena, "%.*s%s", (int)length, words, is_cut ? "…" : "");
        scene_text(h->s, 12, h->y + size, line, size, is_bold, color);
        h->right = fmax(h->right, 12 + font_width(line, size, is_bold));
        h->y += ceil(size * (words[length] && !is_cut ? 1.2 : 1.45));
        for (words += length; *words == ' ';)
            words++;
    }
}

double scene_heading(scene *s, view *v, const compose_options *options, double width)
{
    heading h = {s, options, 12, 12, width + 12, 0};
    const style_sheet *sheet = options->sheet;
    if (!options->no_title) {
        scene_begin(s, "title", "heading", NULL, NULL, -1, -1, -1);
        if (v->title && *v->title)
            put_words(&h, v->title, SIZE_TITLE, true, v->color ? v->color : sheet->ink);
        if (v->summary && *v->summary)
            put_words(&h, v->summary, SIZE_LEAST, false, sheet->weak);
        if (v->heat_title)
            put_words(&h, v->heat_title, SIZE_LEAST, true, sheet->ink);
        scene_end(s);
    }
    if (!options->no_legend) {
        h.y += 2;
        scene_begin(s, "legend", "legend", NULL, NULL, -1, -1, -1);
        if (v->heat_title)
            put_heat(&h, v);
        else
            put_families(&h, v);
        put_wires(&h, v);
        scene_end(s);
        h.y += h.right > 0 ? 24 : 0;
    }
    s->width = fmax(s->width, h.right + 12);
    return h.y > 12 ? h.y : 0;
}
