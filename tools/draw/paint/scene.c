/* The list of shapes. */
#include "scene.h"

#include "tools/draw/font/font.h"

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
