/* A formula's tree as words and lines in their places. A picture is set from those of its parts, each around its own
 * base line. */
#include "math.h"

#include "tools/draw/font/font.h"

#include <math.h>
#include <string.h>

#define ASCENT  0.74 /* of a letter's size */
#define DESCENT 0.22
#define AXIS    0.31 /* the height of a fraction's line above the base line */

typedef struct setting {
    dg_arena *arena;
    double least;
    bool failed;
} setting;

static math_picture set(setting *s, const math *m, double size);

static void add_item(setting *s, math_picture *p, math_item item)
{
    if ((p->n & (p->n - 1)) == 0) { /* full: the room is the next power of 2 */
        math_item *more = dg_arena_alloc(s->arena, (size_t)(p->n ? 2 * p->n : 1) * sizeof *more);
        if (!more) {
            s->failed = true;
            return;
        }
        if (p->n)
            memcpy(more, p->items, (size_t)p->n * sizeof *more);
        p->items = more;
    }
    p->items[p->n++] = item;
}

/* Blanks at both ends are room. */
static math_picture words(setting *s, const char *given, double size)
{
    size_t before = strspn(given, " "), length = strlen(given);
    math_picture p = {.width = font_width(given, size, true), .ascent = ASCENT * size, .descent = DESCENT * size};
    while (length > before && given[length - 1] == ' ')
        length--;
    if (length > before)
        add_item(s, &p,
                 (math_item){.words = text_format(s->arena, "%.*s", (int)(length - before), given + before),
                             .x = (double)before * font_width(" ", size, true),
                             .size = size});
    return p;
}

static void place(setting *s, math_picture *p, const math_picture *part, double x, double y)
{
    for (int k = 0; k < part->n; k++) {
        math_item item = part->items[k];
        item.x += x;
        item.y += y;
        for (int i = 0; i < item.n; i++) {
            item.points[i].x += x;
            item.points[i].y += y;
        }
        add_item(s, p, item);
    }
    p->ascent = fmax(p->ascent, part->ascent - y);
    p->descent = fmax(p->descent, part->descent + y);
    p->width = fmax(p->width, x + part->width);
}

static void append(setting *s, math_picture *p, const math_picture *part, double gap)
{
    place(s, p, part, p->width + (p->n ? gap : 0), 0);
}

/* A line through corners: curves whose controls lie on them. */
static void add_corners(setting *s, math_picture *p, const math_point *corners, int count, double line)
{
    math_item item = {.n = 3 * count - 2, .line = line};
    for (int k = 0; k < count; k++)
        for (int i = 3 * k - 1; i <= 3 * k + 1; i++)
            if (i >= 0 && i < item.n)
                item.points[i] = corners[k];
    add_item(s, p, item);
}

/* A bracket, `side` −1 on the left and 1 on the right, as high as what it is around; its width. */
static double add_bracket(setting *s, math_picture *p, double x, double ascent, double descent, double size, int side)
{
    double middle = (descent - ascent) / 2, half = fmax((ascent + descent) / 2 + 0.5, size * 0.5);
    double open = side < 0 ? x + 4 : x + 0.5, bulge = side < 0 ? x - 0.2 : x + 4.7;
    math_item item = {
        .n = 4,
        .line = 1,
        .points = {
            {open, middle - half}, {bulge, middle - half / 2}, {bulge, middle + half / 2}, {open, middle + half}}};
    add_item(s, p, item);
    p->ascent = fmax(p->ascent, half - middle);
    p->descent = fmax(p->descent, half + middle);
    p->width = fmax(p->width, x + 4.5);
    return 4.5;
}

static math_picture bracketed(setting *s, const math_picture *inside, double size)
{
    math_picture p = {0};
    bool is_low = inside->ascent + inside->descent < 1.25 * size;
    if (is_low) {
        math_picture left = words(s, "(", size), right = words(s, ")", size);
        append(s, &p, &left, 0);
        append(s, &p, inside, 0);
        append(s, &p, &right, 0);
        return p;
    }
    double at = add_bracket(s, &p, 0, inside->ascent, inside->descent, size, -1);
    place(s, &p, inside, at + 0.5, 0);
    add_bracket(s, &p, p.width + 0.5, inside->ascent, inside->descent, size, 1);
    return p;
}

/* In brackets where it binds less than `least`. */
static math_picture part_of(setting *s, const math *m, int least, double size)
{
    math_picture p = set(s, m, size);
    return math_precedence(m) < least ? bracketed(s, &p, size) : p;
}

static math_picture fraction(setting *s, const math *m, double size)
{
    math_picture p = {0}, above = set(s, m->args[0], size), below = set(s, m->args[1], size);
    double width = fmax(above.width, below.width) + 4, axis = -AXIS * size;
    place(s, &p, &above, 1 + (width - above.width) / 2, axis - 1.6 - above.descent);
    place(s, &p, &below, 1 + (width - below.width) / 2, axis + 2 + below.ascent);
    add_corners(s, &p, (math_point[]){{1, axis}, {1 + width, axis}}, 2, 0.9);
    p.width = width + 2;
    return p;
}

static math_picture power(setting *s, const math *base, const math *exponent, double size)
{
    math_picture p = base ? part_of(s, base, 6, size) : words(s, "e", size), raised = set(s, exponent, s->least);
    double lift = fmax(0.38 * size, p.ascent - 0.45 * s->least) + fmax(0, raised.descent - DESCENT * s->least);
    place(s, &p, &raised, p.width + 0.8, -lift);
    return p;
}

static math_picture root(setting *s, const math *m, double size)
{
    math_picture p = {0}, inside = set(s, m, size);
    double top = -inside.ascent - 2.2, bottom = inside.descent, left = 0.55 * size;
    place(s, &p, &inside, left + 1.5, 0);
    add_corners(s, &p,
                (math_point[]){{0.3, -0.3 * size}, {0.2 * size, bottom}, {left, top}, {left + inside.width + 3, top}},
                4, 1);
    p.ascent = fmax(p.ascent, 0.6 - top);
    p.width += 2;
    return p;
}

static math_picture absolute(setting *s, const math *m, double size)
{
    math_picture p = {0}, inside = set(s, m, size);
    place(s, &p, &inside, 3.5, 0);
    double top = -inside.ascent - 0.5, bottom = inside.descent + 0.5;
    add_corners(s, &p, (math_point[]){{1.5, top}, {1.5, bottom}}, 2, 1);
    add_corners(s, &p, (math_point[]){{inside.width + 5.5, top}, {inside.width + 5.5, bottom}}, 2, 1);
    p.width = inside.width + 7;
    return p;
}

/* A value a line, with its condition behind it. */
static math_picture cases(setting *s, const math *m, double size)
{
    math_picture p = {0}, lines[2][2];
    double widest = 0, height = 0, y;
    for (int k = 0; k < 2; k++) {
        lines[k][0] = set(s, m->args[1 + k], size);
        lines[k][1] = k ? words(s, "else", s->least) : set(s, m->args[0], s->least);
        if (k == 0) {
            math_picture condition = words(s, "if ", s->least);
            append(s, &condition, &lines[0][1], 0);
            lines[0][1] = condition;
        }
        widest = fmax(widest, lines[k][0].width);
        height += fmax(lines[k][0].ascent + lines[k][0].descent, lines[k][1].ascent + lines[k][1].descent) + 3;
    }
    y = -AXIS * size - height / 2;
    double top = y, middle = y + height / 2;
    for (int k = 0; k < 2; k++) {
        double ascent = fmax(lines[k][0].ascent, lines[k][1].ascent),
               descent = fmax(lines[k][0].descent, lines[k][1].descent);
        y += ascent + 1.5;
        place(s, &p, &lines[k][0], 9, y);
        place(s, &p, &lines[k][1], 9 + widest + 8, y);
        y += descent + 1.5;
    }
    add_item(
        s, &p,
        (math_item){
            .n = 7,
            .line = 1,
            .points = {
                {7, top}, {1, top}, {7, middle}, {1.5, middle}, {7, middle}, {1, top + height}, {7, top + height}}});
    p.ascent = fmax(p.ascent, -top);
    p.descent = fmax(p.descent, top + height);
    return p;
}

static math_picture call(setting *s, const math *m, double size)
{
    bool is_small = size <= s->least;
    if (m->n == 1 && strcmp(m->word, "exp") == 0 && !is_small)
        return power(s, NULL, m->args[0], size);
    if (m->n == 1 && strcmp(m->word, "sqrt") == 0 && !is_small)
        return root(s, m->args[0], size);
    if (m->n == 1 && strcmp(m->word, "abs") == 0)
        return absolute(s, m->args[0], size);
    if (m->n == 3 && strcmp(m->word, "where") == 0 && !is_small)
        return cases(s, m, size);
    math_picture p = words(s, m->n == 1 && strcmp(m->word, "sqrt") == 0 ? "√" : m->word, size), inside = {0};
    for (int k = 0; k < m->n; k++) {
        math_picture argument = set(s, m->args[k], size), comma = words(s, ", ", size);
        if (k)
            append(s, &inside, &comma, 0);
        append(s, &inside, &argument, 0);
    }
    inside = bracketed(s, &inside, size);
    append(s, &p, &inside, 0.5);
    return p;
}

/* One letter, of whatever alphabet: bytes that go on with one begin with the bits 10. */
static bool is_letter(const char *word)
{
    int letters = 0;
    if (math_letter(word, strlen(word)))
        return true;
    for (; *word; word++)
        letters += ((unsigned char)*word & 0xc0) != 0x80;
    return letters == 1;
}

/* A number before a letter needs no sign between them: 2σ², but 2 · width. */
static bool is_coefficient(const math *m)
{
    const math *right = m->args[1];
    while (right->kind == MATH_BINARY && (*right->word == '^' || *right->word == '*'))
        right = right->args[0];
    return m->args[0]->kind == MATH_NUMBER && right->kind == MATH_NAME && is_letter(right->word);
}

/* "²" of a whole number; NULL of what has no such letters. */
static const char *small_power(setting *s, const math *exponent)
{
    const char *made = "";
    if (exponent->kind != MATH_NUMBER || strspn(exponent->word, "0123456789") != strlen(exponent->word))
        return NULL;
    for (const char *digit = exponent->word; *digit; digit++)
        made = text_format(s->arena, "%s%s", made, math_small_digit(*digit));
    return made;
}

static const char *sign_between(setting *s, const math *m)
{
    char sign = *m->word;
    return sign == '*'   ? (is_coefficient(m) ? "" : " · ")
           : sign == '-' ? " − "
           : sign == '/' ? "/"
           : sign == '^' ? "^"
                         : text_format(s->arena, " %s ", m->word);
}

/* How much what is behind the sign has to bind, to be without brackets: a − (b + c), a / (b · c). */
static int behind(const math *m)
{
    char sign = *m->word;
    bool is_left = sign == '-' || sign == '/';
    return m->args[1]->kind == MATH_MINUS && sign != '^' ? 5 : math_precedence(m) + is_left;
}

static math_picture binary(setting *s, const math *m, double size)
{
    bool is_small = size <= s->least;
    char sign = *m->word;
    const char *raised = sign == '^' && is_small ? small_power(s, m->args[1]) : NULL;
    if (raised) {
        math_picture base = part_of(s, m->args[0], 6, size), exponent = words(s, raised, size);
        append(s, &base, &exponent, 0);
        return base;
    }
    if (sign == '^' && !is_small)
        return power(s, m->args[0], m->args[1], size);
    if (sign == '/' && !is_small)
        return fraction(s, m, size);
    math_picture p = part_of(s, m->args[0], sign == '^' ? 6 : math_precedence(m), size);
    math_picture middle = words(s, sign_between(s, m), size), right = part_of(s, m->args[1], behind(m), size);
    append(s, &p, &middle, 0);
    append(s, &p, &right, is_coefficient(m) && sign == '*' ? 1 : 0);
    return p;
}

static math_picture set(setting *s, const math *m, double size)
{
    if (m->kind == MATH_NAME) {
        const char *letter = math_letter(m->word, strlen(m->word));
        return words(s, letter ? letter : m->word, size);
    }
    if (m->kind == MATH_NUMBER) {
        const char *minus = strchr(m->word, '-'); /* of an exponent */
        return words(s, minus ? text_format(s->arena, "%.*s−%s", (int)(minus - m->word), m->word, minus + 1) : m->word,
                     size);
    }
    if (m->kind == MATH_CALL)
        return call(s, m, size);
    if (m->kind == MATH_BINARY)
        return binary(s, m, size);
    math_picture p = words(s, "−", size), inside = part_of(s, m->args[0], 3, size);
    append(s, &p, &inside, 0);
    return p;
}

/* Words that follow each other in one line become one text. */
static void join_words(setting *s, math_picture *p)
{
    int n = 0;
    for (int k = 0; k < p->n; k++) {
        math_item *last = n ? &p->items[n - 1] : NULL, *next = &p->items[k];
        double gap = last && last->words && next->words ? next->x - last->x - font_width(last->words, last->size, true)
                                                        : -1,
               blank = font_width(" ", next->size, true);
        bool is_near = gap > -0.01 && (gap < 0.01 || fabs(gap - blank) < 0.01);
        if (is_near && last->y == next->y && last->size == next->size)
            last->words = text_format(s->arena, "%s%s%s", last->words, gap < 0.01 ? "" : " ", next->words);
        else
            p->items[n++] = *next;
    }
    p->n = n;
}

/* ---- lines ---- */

static const char *flat(dg_arena *arena, const math *m, int least);

static bool is_sum(const math *m)
{
    return m->kind == MATH_BINARY && (*m->word == '+' || *m->word == '-');
}

typedef struct line_list {
    setting s;
    double size, widest;
    int count;
    math_picture *lines[MATH_MOST_LINES];
    const char *tex[MATH_MOST_LINES], *flat[MATH_MOST_LINES];
    bool failed;
} line_list;

/* The term of a sum with the sign before it, in the last line where there is room, else in a new one. */
static void add_term(line_list *list, const char *sign, const math *term)
{
    bool is_first = list->count == 0;
    int least = is_first ? 0 : term->kind == MATH_MINUS ? 5 : *sign == '-' ? 3 : 2;
    math_picture part = part_of(&list->s, term, least, list->size), before;
    const char *tex = math_tex_term(list->s.arena, term, least);
    for (int is_new = is_first; is_new < 2; is_new++) {
        if (is_new && list->count == MATH_MOST_LINES)
            break;
        const char *mark = is_first ? "" : *sign == '-' ? " − " : " + ";
        mark += is_new && *mark; /* without the blank before it */
        before = words(&list->s, mark, list->size);
        double width = before.width + part.width + (is_new ? 0 : list->lines[list->count - 1]->width);
        if (width > list->widest)
            continue;
        if (is_new)
            list->lines[list->count] = dg_arena_alloc(list->s.arena, sizeof **list->lines);
        math_picture *line = list->lines[list->count - !is_new];
        if (!line)
            break;
        append(&list->s, line, &before, 0);
        append(&list->s, line, &part, 0);
        const char **to = &list->tex[list->count - !is_new];
        *to = text_format(list->s.arena, "%s%s%s", is_new ? "" : *to, is_first ? "" : sign, tex);
        to = &list->flat[list->count - !is_new];
        *to = text_format(list->s.arena, "%s%s%s", is_new ? "" : *to, mark, flat(list->s.arena, term, least));
        list->count += is_new;
        return;
    }
    list->failed = true;
}

static void add_terms(line_list *list, const math *m)
{
    if (is_sum(m)) {
        add_terms(list, m->args[0]);
        if (!list->failed)
            add_term(list, m->word, m->args[1]);
    } else {
        add_term(list, "", m);
    }
}

int math_set_lines(dg_arena *arena, const math *m, double size, double least, double widest,
                   const math_picture *lines[MATH_MOST_LINES])
{
    line_list list = {.s = {.arena = arena, .least = least}, .size = size, .widest = widest};
    add_terms(&list, m);
    for (int k = 0; k < list.count && !list.failed; k++) {
        join_words(&list.s, list.lines[k]);
        list.lines[k]->tex = text_format(arena, "$\\displaystyle %s$", list.tex[k]);
        list.lines[k]->flat = list.flat[k];
        lines[k] = list.lines[k];
    }
    return list.failed || list.s.failed ? 0 : list.count;
}

static const char *flat(dg_arena *arena, const math *m, int least)
{
    const char *made = "";
    if (math_precedence(m) < least)
        return text_format(arena, "(%s)", flat(arena, m, 0));
    if (m->kind == MATH_CALL && m->n == 1 && strcmp(m->word, "abs") == 0)
        return text_format(arena, "|%s|", flat(arena, m->args[0], 0));
    if (m->kind == MATH_CALL) {
        for (int k = 0; k < m->n; k++)
            made = text_format(arena, "%s%s%s", made, k ? ", " : "", flat(arena, m->args[k], 0));
        return text_format(arena, "%s(%s)", m->n == 1 && strcmp(m->word, "sqrt") == 0 ? "√" : m->word, made);
    }
    if (m->kind == MATH_MINUS)
        return text_format(arena, "−%s", flat(arena, m->args[0], 3));
    if (m->kind == MATH_BINARY) {
        setting s = {.arena = arena};
        char sign = *m->word;
        const char *raised = sign == '^' ? small_power(&s, m->args[1]) : NULL;
        const char *left = flat(arena, m->args[0], sign == '^' ? 6 : math_precedence(m));
        return raised ? text_format(arena, "%s%s", left, raised)
                      : text_format(arena, "%s%s%s", left, sign_between(&s, m), flat(arena, m->args[1], behind(m)));
    }
    const char *letter = m->kind == MATH_NAME ? math_letter(m->word, strlen(m->word)) : NULL;
    return letter ? letter : m->word;
}

const char *math_flat(dg_arena *arena, const math *m)
{
    return flat(arena, m, 0);
}
