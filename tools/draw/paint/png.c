/* PNG: shapes as pixels, text as outlines of the bundled font. */
#include "scene.h"

#include "raster.h"
#include "tools/draw/font/font.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MOST_PIXELS = 32767, MOST_AREA = 400000000 };

static void glyph_path(raster *r, const font_glyph *glyph, double x, double y, double size)
{
    const unsigned char *at = glyph->outline, *end = at + glyph->size;
    while (at < end) {
        int count = *at == 'Q' ? 4 : 2;
        double v[4];
        for (int k = 0; k < count; k++) {
            int16_t number = (int16_t)(at[1 + 2 * k] | at[2 + 2 * k] << 8);
            v[k] = (k % 2 ? y - number * size / 1000 : x + number * size / 1000);
        }
        if (*at == 'M')
            raster_move(r, v[0], v[1]);
        else if (*at == 'L')
            raster_line(r, v[0], v[1]);
        else
            raster_quadratic(r, v[0], v[1], v[2], v[3]);
        at += 1 + 2 * count;
    }
}

static void put_text(raster *r, const shape *one, double unit, const double color[3])
{
    double x = one->x * unit;
    font_glyph glyph;
    for (const char *at = one->words; *at;) {
        font_find(text_character(&at), one->is_bold, &glyph);
        glyph_path(r, &glyph, x, one->y * unit, one->size * unit);
        x += glyph.width * one->size * unit / 1000;
    }
    raster_fill(r, color);
}

static void rectangle_path(raster *r, const shape *one, double unit)
{
    static const double signs[4][2] = {{1, -1}, {1, 1}, {-1, 1}, {-1, -1}};
    double radius = one->radius * unit, x = one->x * unit, y = one->y * unit, w = one->width * unit,
           h = one->height * unit;
    int pieces = radius > 0 ? 6 : 1;
    for (int corner = 0; corner < 4; corner++) {
        double cx = x + w / 2 + signs[corner][0] * (w / 2 - radius),
               cy = y + h / 2 + signs[corner][1] * (h / 2 - radius);
        for (int k = 0; k < pieces; k++) {
            double angle = M_PI / 2 * (corner - 1 + (pieces > 1 ? (double)k / (pieces - 1) : 0));
            double px = cx + radius * cos(angle), py = cy + radius * sin(angle);
            if (corner || k)
                raster_line(r, px, py);
            else
                raster_move(r, px, py);
        }
    }
}

static void path(raster *r, const shape *one, double unit)
{
    if (one->kind == SHAPE_RECTANGLE)
        rectangle_path(r, one, unit);
    for (int k = 0; one->kind == SHAPE_ELLIPSE && k < 48; k++) {
        double angle = 2 * M_PI * k / 48, x = (one->x + one->width * cos(angle)) * unit,
               y = (one->y + one->height * sin(angle)) * unit;
        if (k)
            raster_line(r, x, y);
        else
            raster_move(r, x, y);
    }
    if (one->kind == SHAPE_CURVE || one->kind == SHAPE_POLYGON)
        raster_move(r, one->points[0].x * unit, one->points[0].y * unit);
    for (int k = 1; one->kind == SHAPE_CURVE && k + 2 < one->n; k += 3)
        raster_cubic(r, one->points[k].x * unit, one->points[k].y * unit, one->points[k + 1].x * unit,
                     one->points[k + 1].y * unit, one->points[k + 2].x * unit, one->points[k + 2].y * unit);
    for (int k = 1; one->kind == SHAPE_POLYGON && k < one->n; k++)
        raster_line(r, one->points[k].x * unit, one->points[k].y * unit);
}

static void put_shape(raster *r, const shape *one, double unit)
{
    double color[3];
    if (one->kind == SHAPE_TEXT) {
        style_rgb(one->fill, color);
        put_text(r, one, unit, color);
        return;
    }
    if (one->fill) {
        style_rgb(one->fill, color);
        path(r, one, unit);
        raster_fill(r, color);
    }
    if (one->stroke) {
        style_rgb(one->stroke, color);
        path(r, one, unit);
        raster_stroke(r, one->line * unit, one->kind != SHAPE_CURVE, one->dash, unit, color);
    }
}

/* ---- the file ---- */

static void put_number(unsigned char *to, unsigned long number)
{
    for (int k = 0; k < 4; k++)
        to[k] = (unsigned char)(number >> (24 - 8 * k) & 0xff);
}

static void put_chunk(text *to, const char *kind, const unsigned char *bytes, size_t size)
{
    unsigned char number[4];
    uLong crc = crc32(crc32(0, NULL, 0), (const Bytef *)kind, 4);
    put_number(number, (unsigned long)size);
    text_bytes(to, number, 4);
    text_bytes(to, kind, 4);
    text_bytes(to, bytes, size);
    put_number(number, size ? crc32(crc, bytes, (uInt)size) : crc);
    text_bytes(to, number, 4);
}

static dg_status write_png(const raster *r, double dpi, text *to)
{
    size_t row = (size_t)r->width * 3, size = (row + 1) * (size_t)r->height;
    uLongf packed_size = compressBound(size);
    unsigned char *rows = malloc(size), *packed = malloc(packed_size), header[13] = {0}, physical[9] = {0};
    bool fine = rows && packed;
    for (int y = 0; fine && y < r->height; y++) {
        rows[(row + 1) * (size_t)y] = 1; /* differences to the pixel before */
        for (size_t x = 0; x < row; x++)
            rows[(row + 1) * (size_t)y + 1 + x] =
                (unsigned char)(r->pixels[row * (size_t)y + x] - (x >= 3 ? r->pixels[row * (size_t)y + x - 3] : 0));
    }
    fine = fine && compress2(packed, &packed_size, rows, size, 6) == Z_OK;
    if (fine) {
        text_bytes(to, "\x89PNG\r\n\x1a\n", 8);
        put_number(header, (unsigned long)r->width);
        put_number(header + 4, (unsigned long)r->height);
        header[8] = 8;
        header[9] = 2; /* red, green, blue */
        put_chunk(to, "IHDR", header, sizeof header);
        put_number(physical, (unsigned long)lround(dpi / 0.0254));
        put_number(physical + 4, (unsigned long)lround(dpi / 0.0254));
        physical[8] = 1;
        put_chunk(to, "pHYs", physical, sizeof physical);
        put_chunk(to, "IDAT", packed, packed_size);
        put_chunk(to, "IEND", NULL, 0);
    }
    free(rows);
    free(packed);
    return fine ? dg_ok() : dg_no_memory("a PNG of %d × %d pixels", r->width, r->height);
}

dg_status paint_png(const scene *s, double dpi, text *to)
{
    double unit = dpi / 72 * s->scale, width = ceil(s->width * unit), height = ceil(s->height * unit), color[3];
    raster r;
    if (fmax(width, height) > MOST_PIXELS || width * height > MOST_AREA)
        return dg_error(DG_BAD_DATA,
                        "the picture would have %.0f × %.0f pixels, more than a PNG may have (%d a side): draw SVG or "
                        "PDF, or lower --dpi",
                        width, height, MOST_PIXELS);
    style_rgb(s->background, color);
    if (!raster_begin(&r, (int)width, (int)height, color))
        return dg_no_memory("a PNG of %.0f × %.0f pixels", width, height);
    for (int k = 0; k < s->n; k++)
        put_shape(&r, &s->shapes[k], unit);
    dg_status status = r.failed ? dg_no_memory("a PNG") : write_png(&r, dpi, to);
    raster_free(&r);
    return status;
}
