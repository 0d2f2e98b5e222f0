/* The list of shapes. */
#include "scene.h"

#include "tools/draw/font/font.h"
#include "tools/draw/math/math.h"

#include <string.h>

void scene_add(scene *s, shape one)
{
    if (s->n == s->room) {
        int room = s->room ? 2 * s->room : 256;
        shape *shapes = dg_arena_alloc(s->arena, (size_t)room * sizeof *shapes);
        if (!shapes) {
            s->failed = true;
            return;
        }
        if (s->n)
            memcpy(shapes, s->shapes, (size_t)s->n * sizeof *shapes);
        s->shapes = shapes;
        s->room = room;
    }
    if (!one.dash)
        one.dash = "";
    s->shapes[s->n++] = one;
}

void scene_text(scene *s, double x, double y, const char *words, double size, bool is_bold, const char *color)
{
    if (*words)
        scene_add(s, (shape){.kind = SHAPE_TEXT,
                             .x = x,
                             .y = y,
                             .words = words,
                             .size = size,
                             .is_bold = is_bold,
                             .fill = color,
                             .width = font_width(words, size, is_bold)});
}

void scene_math(scene *s, double x, double y, const math_picture *set, double size, const char *color)
{
    for (int k = 0; k < set->n; k++) {
        const math_item *item = &set->items[k];
        shape one = {.kind = item->words ? SHAPE_TEXT : SHAPE_CURVE,
                     .x = x + item->x,
                     .y = y + item->y,
                     .n = item->n,
                     .line = item->line,
                     .words = item->words,
                     .size = item->size,
                     .is_bold = true,
                     .tex = ""};
        if (item->words) {
            one.fill = color;
            one.width = font_width(item->words, item->size, true);
        } else {
            layout_point *points = dg_arena_alloc(s->arena, (size_t)item->n * sizeof *points);
            for (int i = 0; points && i < item->n; i++)
                points[i] = (layout_point){x + item->points[i].x, y + item->points[i].y};
            one.points = points;
            one.stroke = color;
            s->failed |= !points;
        }
        if (!s->failed)
            scene_add(s, one);
    }
    shape whole = {
        .kind = SHAPE_TEXT, .x = x, .y = y, .tex = set->tex, .size = size, .width = set->width, .fill = color};
    whole.words = "";
    scene_add(s, whole);
}

void scene_fix(scene *s, int first, const char *ground)
{
    if (s->failed) /* the shapes may not be there */
        return;
    for (int k = svg_is_variable(ground) ? s->n : first; k < s->n; k++)
        s->shapes[k].is_fixed = true;
}

void scene_begin(scene *s, const char *class, const char *id, const char *name, const char *role, int box, int row,
                 int module)
{
    scene_add(s, (shape){.kind = SHAPE_BEGIN,
                         .class = class,
                         .id = id,
                         .name = name,
                         .role = role,
                         .box = box,
                         .row = row,
                         .module = module});
}

void scene_end(scene *s)
{
    scene_add(s, (shape){.kind = SHAPE_END});
}
