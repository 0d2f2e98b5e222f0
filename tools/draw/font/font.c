/* Glyphs and widths. A file is a count, then 12 bytes a glyph (character, width, bytes of its outline, their place), in
 * order of the characters, then the outlines; all little-endian. */
#include "font.h"

#include "tools/draw/base/text.h"

extern const unsigned char draw_font_regular[], draw_font_bold[];

static uint32_t number_at(const unsigned char *at, int bytes)
{
    uint32_t number = 0;
    for (int k = bytes - 1; k >= 0; k--)
        number = number << 8 | at[k];
    return number;
}

uint32_t font_at(int number, bool bold, font_glyph *glyph)
{
    const unsigned char *font = bold ? draw_font_bold : draw_font_regular, *entry = font + 4 + 12 * number;
    *glyph = (font_glyph){(int)number_at(entry + 4, 2), font + number_at(entry + 8, 4), number_at(entry + 6, 2)};
    return number_at(entry, 4);
}

int font_number(uint32_t character, bool bold)
{
    const unsigned char *font = bold ? draw_font_bold : draw_font_regular;
    int low = 0, high = (int)number_at(font, 4) - 1;
    while (low <= high) {
        int middle = (low + high) / 2;
        uint32_t found = number_at(font + 4 + 12 * middle, 4);
        if (found == character)
            return middle;
        if (found < character)
            low = middle + 1;
        else
            high = middle - 1;
    }
    return -1;
}

bool font_find(uint32_t character, bool bold, font_glyph *glyph)
{
    int number = font_number(character, bold);
    if (number >= 0) {
        font_at(number, bold, glyph);
        return true;
    }
    font_at(font_number(0x25a1, bold), bold, glyph); /* a box */
    bool joins = (character >= 0x300 && character < 0x370) || (character >= 0x200b && character < 0x2010) ||
                 (character >= 0xfe00 && character < 0xfe10);
    glyph->width = joins ? 0 : 1000; /* the width of an ideograph */
    return false;
}

double font_width(const char *words, double size, bool bold)
{
    double width = 0;
    font_glyph glyph;
    while (*words) {
        font_find(text_character(&words), bold, &glyph);
        width += glyph.width;
    }
    return width * size / 1000;
}
