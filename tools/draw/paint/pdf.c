/* PDF: one page as large as the picture, without margins. Text is drawn by glyphs of the bundled font (Type 3 fonts,
 * with a table back to Unicode, so that it can be searched and copied). The bytes depend on the picture alone. */
#include "scene.h"

#include "tools/draw/font/font.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MOST_GLYPHS = 1024, PER_FONT = 255, MOST_OBJECTS = 8192 };

typedef struct pdf {
    const scene *s;
    text *to;
    size_t places[MOST_OBJECTS]; /* of objects 1, 2, … */
    int n_objects;
    short code[2][MOST_GLYPHS]; /* by bold and number of a glyph: 1 + its place among those in use */
    short used[2][MOST_GLYPHS];
    int n_used[2];
    bool failed;
} pdf;

static int begin_object(pdf *p)
{
    if (p->n_objects + 1 >= MOST_OBJECTS) {
        p->failed = true;
        return p->n_objects;
    }
    p->places[++p->n_objects] = p->to->used;
    text_add(p->to, "%d 0 obj\n", p->n_objects);
    return p->n_objects;
}

static int put_stream(pdf *p, const text *content)
{
    uLongf size = compressBound(content->used);
    Bytef *packed = malloc(size + 1);
    int object = begin_object(p);
    if (!packed || content->failed ||
        compress2(packed, &size, (const Bytef *)(content->bytes ? content->bytes : ""), content->used, 9) != Z_OK) {
        p->failed = true;
        free(packed);
        return object;
    }
    text_add(p->to, "<< /Length %lu /Filter /FlateDecode >>\nstream\n", (unsigned long)size);
    text_bytes(p->to, packed, size);
    text_put(p->to, "\nendstream\nendobj\n");
    free(packed);
    return object;
}

/* ---- fonts ---- */

static void note_glyphs(pdf *p)
{
    for (int k = 0; k < p->s->n; k++) {
        const shape *one = &p->s->shapes[k];
        for (const char *at = one->kind == SHAPE_TEXT ? one->words : ""; *at;) {
            int number = font_number(text_character(&at), one->is_bold), bold = one->is_bold;
            if (number < 0)
                number = font_number(0x25a1, bold);
            if (number < MOST_GLYPHS && !p->code[bold][number]) {
                p->used[bold][p->n_used[bold]] = (short)number;
                p->code[bold][number] = (short)++p->n_used[bold];
            }
        }
    }
}

static int put_glyph(pdf *p, bool bold, int number)
{
    font_glyph glyph;
    text t = {0};
    font_at(number, bold, &glyph);
    text_add(&t, "%d 0 -100 -300 1200 1100 d1\n", glyph.width);
    double x = 0, y = 0;
    for (const unsigned char *at = glyph.outline, *end = at + glyph.size; at < end;) {
        int count = *at == 'Q' ? 4 : 2;
        double v[4] = {0};
        for (int k = 0; k < count; k++)
            v[k] = (int16_t)(at[1 + 2 * k] | at[2 + 2 * k] << 8);
        if (*at == 'Q') { /* PDF has cubic curves alone */
            double c[6] = {x + (v[0] - x) * 2 / 3,
                           y + (v[1] - y) * 2 / 3,
                           v[2] + (v[0] - v[2]) * 2 / 3,
                           v[3] + (v[1] - v[3]) * 2 / 3,
                           v[2],
                           v[3]};
            for (int k = 0; k < 6; k++) {
                text_number(&t, c[k], 1);
                text_put(&t, k < 5 ? " " : " c\n");
            }
        } else {
            text_add(&t, "%d %d %s\n", (int)v[0], (int)v[1], *at == 'M' ? "m" : "l");
        }
        x = v[count - 2];
        y = v[count - 1];
        at += 1 + 2 * count;
    }
    text_put(&t, "f\n");
    int object = put_stream(p, &t);
    text_free(&t);
    return object;
}

static void put_utf16(text *t, uint32_t c)
{
    if (c >= 0x10000)
        text_add(t, "<%04X%04X>", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
                 (unsigned)(0xdc00 + ((c - 0x10000) & 0x3ff)));
    else
        text_add(t, "<%04X>", (unsigned)c);
}

/* Glyphs first … first + count − 1 of those in use as a font; returns its object. */
static int put_font(pdf *p, bool bold, int first, int count)
{
    int objects[PER_FONT];
    font_glyph glyph;
    text map = {0};
    text_put(&map,
             "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /dotgrad def /CMapType 2 def\n"
             "1 begincodespacerange <00> <FF> endcodespacerange\n");
    for (int k = 0; k < count; k++) {
        objects[k] = put_glyph(p, bold, p->used[bold][first + k]);
        text_add(&map, "1 beginbfchar <%02X> ", (unsigned)k + 1);
        put_utf16(&map, font_at(p->used[bold][first + k], bold, &glyph));
        text_put(&map, " endbfchar\n");
    }
    text_put(&map, "endcmap CMapName currentdict /CMap defineresource pop end end\n");
    int unicode = put_stream(p, &map), object = begin_object(p);
    text_free(&map);
    text_add(p->to,
             "<< /Type /Font /Subtype /Type3 /Name /dotgrad%s /FontBBox [-100 -300 1200 1100] /FontMatrix [0.001 0 0 "
             "0.001 0 "
             "0] /FirstChar 1 /LastChar %d /ToUnicode %d 0 R /Resources << >>\n/Widths [",
             bold ? "bold" : "", count, unicode);
    for (int k = 0; k < count; k++) {
        font_at(p->used[bold][first + k], bold, &glyph);
        text_add(p->to, "%d ", glyph.width);
    }
    text_put(p->to, "]\n/Encoding << /Type /Encoding /Differences [1");
    for (int k = 0; k < count; k++)
        text_add(p->to, " /g%d", k + 1);
    text_put(p->to, "] >>\n/CharProcs <<");
    for (int k = 0; k < count; k++)
        text_add(p->to, " /g%d %d 0 R", k + 1, objects[k]);
    text_put(p->to, " >> >>\nendobj\n");
    return object;
}

/* ---- the page ---- */

static void put_number(text *t, double number)
{
    text_number(t, number, 2);
    text_put(t, " ");
}

static void put_color(text *t, const char *color, bool stroke)
{
    double rgb[3];
    style_rgb(color, rgb);
    for (int k = 0; k < 3; k++) {
        text_number(t, rgb[k], 3);
        text_put(t, " ");
    }
    text_put(t, stroke ? "RG\n" : "rg\n");
}

static void put_move(text *t, double x, double y, const char *op)
{
    put_number(t, x);
    put_number(t, y);
    text_put(t, op);
}

static void put_curve(text *t, double a, double b, double c, double d, double e, double f)
{
    const double v[6] = {a, b, c, d, e, f};
    for (int k = 0; k < 6; k++)
        put_number(t, v[k]);
    text_put(t, "c\n");
}

#define ROUND 0.5523 /* of a quarter of a circle as a Bézier curve */

static void put_rounded(text *t, double x, double y, double w, double h, double rx, double ry)
{
    double kx = rx * (1 - ROUND), ky = ry * (1 - ROUND);
    put_move(t, x + rx, y, "m\n");
    put_move(t, x + w - rx, y, "l\n");
    put_curve(t, x + w - kx, y, x + w, y + ky, x + w, y + ry);
    put_move(t, x + w, y + h - ry, "l\n");
    put_curve(t, x + w, y + h - ky, x + w - kx, y + h, x + w - rx, y + h);
    put_move(t, x + rx, y + h, "l\n");
    put_curve(t, x + kx, y + h, x, y + h - ky, x, y + h - ry);
    put_move(t, x, y + ry, "l\n");
    put_curve(t, x, y + ky, x + kx, y, x + rx, y);
    text_put(t, "h\n");
}

static void put_path(text *t, const shape *one)
{
    if (one->kind == SHAPE_RECTANGLE && one->radius <= 0) {
        put_number(t, one->x);
        put_number(t, one->y);
        put_number(t, one->width);
        put_number(t, one->height);
        text_put(t, "re\n");
    } else if (one->kind == SHAPE_RECTANGLE) {
        put_rounded(t, one->x, one->y, one->width, one->height, one->radius, one->radius);
    } else if (one->kind == SHAPE_ELLIPSE) {
        put_rounded(t, one->x - one->width, one->y - one->height, 2 * one->width, 2 * one->height, one->width,
                    one->height);
    } else {
        put_move(t, one->points[0].x, one->points[0].y, "m\n");
        for (int k = 1; one->kind == SHAPE_CURVE && k + 2 < one->n; k += 3)
            put_curve(t, one->points[k].x, one->points[k].y, one->points[k + 1].x, one->points[k + 1].y,
                      one->points[k + 2].x, one->points[k + 2].y);
        for (int k = 1; one->kind == SHAPE_POLYGON && k < one->n; k++)
            put_move(t, one->points[k].x, one->points[k].y, "l\n");
        text_put(t, one->kind == SHAPE_POLYGON ? "h\n" : "");
    }
}

static void put_shape(text *t, const shape *one)
{
    if (one->fill)
        put_color(t, one->fill, false);
    if (one->stroke) {
        put_color(t, one->stroke, true);
        put_number(t, one->line);
        text_put(t, "w [");
        for (const char *c = one->dash; *c; c++)
            text_bytes(t, *c == ',' ? " " : c, 1);
        text_put(t, "] 0 d\n");
    }
    put_path(t, one);
    text_put(t, one->fill && one->stroke ? "B\n" : one->fill ? "f\n" : "S\n");
}

/* Runs of glyphs of one font; y grows downwards here, so text is turned over. */
static void put_text(const pdf *p, text *t, const shape *one)
{
    int font = -1;
    put_color(t, one->fill, false);
    text_put(t, "BT 1 0 0 -1 ");
    put_move(t, one->x, one->y, "Tm\n");
    for (const char *at = one->words; *at;) {
        int number = font_number(text_character(&at), one->is_bold);
        if (number < 0)
            number = font_number(0x25a1, one->is_bold);
        int code = number < MOST_GLYPHS ? p->code[one->is_bold][number] - 1 : 0;
        if (code / PER_FONT != font) {
            font = code / PER_FONT;
            text_add(t, "/F%d%c ", font, one->is_bold ? 'b' : 'r');
            put_number(t, one->size);
            text_put(t, "Tf ");
        }
        text_add(t, "<%02X> Tj ", (unsigned)(code % PER_FONT + 1));
    }
    text_put(t, "ET\n");
}

static int put_page(pdf *p)
{
    text t = {0};
    double scale = p->s->scale;
    text_number(&t, scale, 3);
    text_put(&t, " 0 0 -");
    text_number(&t, scale, 3);
    text_put(&t, " 0 ");
    text_number(&t, p->s->height * scale, 2);
    text_put(&t, " cm 1 J 1 j\n");
    put_color(&t, p->s->background, false);
    text_put(&t, "0 0 ");
    put_number(&t, p->s->width);
    put_number(&t, p->s->height);
    text_put(&t, "re f\n");
    for (int k = 0; k < p->s->n; k++) {
        const shape *one = &p->s->shapes[k];
        if (one->kind == SHAPE_TEXT)
            put_text(p, &t, one);
        else if (one->kind != SHAPE_BEGIN && one->kind != SHAPE_END)
            put_shape(&t, one);
    }
    int object = put_stream(p, &t);
    text_free(&t);
    return object;
}

/* A text as UTF-16, which PDF takes for titles. */
static void put_title(text *t, const char *words)
{
    text_put(t, "<FEFF");
    while (*words) {
        uint32_t c = text_character(&words);
        if (c >= 0x10000)
            text_add(t, "%04X%04X", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
                     (unsigned)(0xdc00 + ((c - 0x10000) & 0x3ff)));
        else
            text_add(t, "%04X", (unsigned)c);
    }
    text_put(t, ">");
}

static void put_end(pdf *p, int catalog, int info)
{
    size_t place = p->to->used;
    text_add(p->to, "xref\n0 %d\n0000000000 65535 f \n", p->n_objects + 1);
    for (int k = 1; k <= p->n_objects; k++)
        text_add(p->to, "%010lu 00000 n \n", (unsigned long)p->places[k]);
    text_add(p->to, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%lu\n%%%%EOF\n", p->n_objects + 1,
             catalog, info, (unsigned long)place);
}

static void put_document(pdf *p)
{
    int fonts[2][MOST_GLYPHS / PER_FONT + 1], counts[2] = {0, 0};
    text_put(p->to, "%PDF-1.5\n%\xe2\xe3\xcf\xd3\n");
    note_glyphs(p);
    for (int bold = 0; bold < 2; bold++)
        for (int first = 0; first < p->n_used[bold]; first += PER_FONT)
            fonts[bold][counts[bold]++] =
                put_font(p, bold, first, p->n_used[bold] - first < PER_FONT ? p->n_used[bold] - first : PER_FONT);
    int content = put_page(p), page = begin_object(p);
    text_add(p->to, "<< /Type /Page /Parent %d 0 R /Contents %d 0 R /MediaBox [0 0 ", page + 1, content);
    put_number(p->to, p->s->width * p->s->scale);
    put_number(p->to, p->s->height * p->s->scale);
    text_put(p->to, "] /Resources << /Font <<");
    for (int bold = 0; bold < 2; bold++)
        for (int k = 0; k < counts[bold]; k++)
            text_add(p->to, " /F%d%c %d 0 R", k, bold ? 'b' : 'r', fonts[bold][k]);
    text_put(p->to, " >> >> >>\nendobj\n");
    begin_object(p);
    text_add(p->to, "<< /Type /Pages /Kids [%d 0 R] /Count 1 >>\nendobj\n", page);
    int catalog = begin_object(p);
    text_add(p->to, "<< /Type /Catalog /Pages %d 0 R /ViewerPreferences << /DisplayDocTitle true >> >>\nendobj\n",
             page + 1);
    int info = begin_object(p);
    text_put(p->to, "<< /Title ");
    put_title(p->to, p->s->title);
    text_put(p->to, " /Subject ");
    put_title(p->to, p->s->about);
    text_put(p->to, " /Producer (dotgrad) >>\nendobj\n");
    put_end(p, catalog, info);
}

dg_status paint_pdf(const scene *s, text *to)
{
    pdf *p = calloc(1, sizeof *p);
    if (!p)
        return dg_no_memory("a PDF");
    p->s = s;
    p->to = to;
    put_document(p);
    dg_status status = p->failed || to->failed ? dg_no_memory("a PDF") : dg_ok();
    free(p);
    return status;
}
