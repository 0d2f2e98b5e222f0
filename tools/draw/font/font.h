/* The two fonts that the library carries, with Helvetica's widths: what text is measured by everywhere, and what PNG
 * and PDF draw. See README.md in this folder for where they are from.
 *
 *   font.S       the files' bytes
 *   font.c       glyphs and widths */
#ifndef TOOLS_DRAW_FONT_H
#define TOOLS_DRAW_FONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct font_glyph {
    int width;                    /* in thousandths of the size */
    const unsigned char *outline; /* 'M' x y, 'L' x y, 'Q' x y x y: little-endian int16 in thousandths, y upwards */
    size_t size;                  /* bytes of the outline */
} font_glyph;

/* False where the font has no such character; `glyph` is then that of a box. */
bool font_find(uint32_t character, bool bold, font_glyph *glyph);
/* The width of a line in points. */
double font_width(const char *words, double size, bool bold);
/* The number of a glyph, −1: none; and the glyph of that number. For files that embed a font. */
int font_number(uint32_t character, bool bold);
uint32_t font_at(int number, bool bold, font_glyph *glyph);

#endif
