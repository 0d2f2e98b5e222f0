/* Characters that the bundled font has not: in formats that draw its outlines, a frame with the code point in it, as
 * fonts of last resort have them. */
#include "scene.h"

#include "tools/draw/font/font.h"

#include <string.h>

/* Puts the words in between, and moves on. */
static void add_part(scene *s, const shape *of, const char *begin, const char *end, double *x)
{
    if (begin == end)
        return;
    shape part = *of;
    part.words = text_format(s->arena, "%.*s", (int)(end - begin), begin);
    part.x = *x;
    part.width = font_width(part.words, of->size, of->is_bold);
    scene_add(s, part);
    *x += part.width;
}

/* "4E" above "2D": as wide as the character was measured. */
static void add_frame(scene *s, const shape *of, uint32_t character, double width, double *x)
{
    const char *digits = text_format(s->arena, character > 0xffff ? "%06X" : "%04X", (unsigned)character);
    int half = (int)strlen(digits) / 2;
    double inside = width - 0.16 * of->size, top = of->y - 0.8 * of->size, height = 0.96 * of->size;
    scene_add(s, (shape){.kind = SHAPE_RECTANGLE,
                         .x = *x + 0.04 * of->size,
                         .y = top,
                         .width = width - 0.08 * of->size,
                         .height = height,
                         .stroke = of->fill,
                         .line = 0.05 * of->size});
    for (int row = 0; row < 2; row++) {
        const char *words = text_format(s->arena, "%.*s", half, digits + row * half);
        double size = 0.44 * of->size, natural = font_width(words, size, false);
        size *= natural > inside ? inside / natural : 1;
        natural = font_width(words, size, false);
        scene_text(s, *x + (width - natural) / 2, top + (row ? 0.86 : 0.43) * of->size, words, size, false, of->fill);
    }
    *x += width;
}

static bool is_missing(const char **at, bool bold, uint32_t *character, font_glyph *glyph)
{
    *character = text_character(at);
    return !font_find(*character, bold, glyph);
}

static int replace(scene *s, const shape *one)
{
    double x = one->x;
    const char *begin = one->words, *at = begin;
    int count = 0;
    while (*at) {
        const char *before = at;
        uint32_t character;
        font_glyph glyph;
        if (!is_missing(&at, one->is_bold, &character, &glyph))
            continue;
        add_part(s, one, begin, before, &x);
        begin = at;
        if (glyph.width > 0) { /* what joins others has none */
            add_frame(s, one, character, glyph.width * one->size / 1000, &x);
            count++;
        }
    }
    add_part(s, one, begin, at, &x);
    return count;
}

int scene_replace_missing(scene *s)
{
    scene made = *s;
    int count = 0;
    made.n = made.room = 0;
    made.shapes = NULL;
    for (int k = 0; k < s->n; k++) {
        const shape *one = &s->shapes[k];
        const char *at = one->kind == SHAPE_TEXT ? one->words : "";
        bool is_whole = true;
        while (*at && is_whole) {
            uint32_t character;
            font_glyph glyph;
            is_whole = !is_missing(&at, one->is_bold, &character, &glyph);
        }
        if (is_whole)
            scene_add(&made, *one);
        else
            count += replace(&made, one);
    }
    *s = made;
    return count;
}
