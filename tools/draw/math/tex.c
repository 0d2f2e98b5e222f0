/* A formula's tree as LaTeX, for math mode, without packages. */
#include "math.h"

#include <ctype.h>
#include <string.h>

static const char *tex(dg_arena *arena, const math *m, bool is_small); /* is_small: in a power, without fractions */

/* Names: a Greek letter, one letter in italics, more of them upright. */
static const char *name(dg_arena *arena, const char *word)
{
    text t = {0};
    if (math_letter(word, strlen(word)))
        return strcmp(word, "inf") == 0   ? "\\infty "
               : strcmp(word, "eps") == 0 ? "\\varepsilon "
                                          : text_format(arena, "\\%s ", word);
    if (strcmp(word, "Φ") == 0)
        return "\\Phi ";
    if (strcmp(word, "σ") == 0)
        return "\\sigma ";
    for (const char *c = word; *c; c++)
        text_add(&t, *c == '_' ? "\\_" : "%c", *c);
    const char *kept = text_keep(arena, &t);
    text_free(&t);
    return strlen(word) == 1 ? kept : text_format(arena, "\\mathrm{%s}", kept);
}

static const char *part_of(dg_arena *arena, const math *m, int least, bool is_small)
{
    const char *inside = tex(arena, m, is_small);
    return math_precedence(m) < least ? text_format(arena, "\\left(%s\\right)", inside) : inside;
}

static const char *call(dg_arena *arena, const math *m, bool is_small)
{
    if (m->n == 1 && strcmp(m->word, "exp") == 0)
        return text_format(arena, "e^{%s}", tex(arena, m->args[0], true));
    if (m->n == 1 && strcmp(m->word, "sqrt") == 0)
        return text_format(arena, "\\sqrt{%s}", tex(arena, m->args[0], is_small));
    if (m->n == 1 && strcmp(m->word, "abs") == 0)
        return text_format(arena, "\\left|%s\\right|", tex(arena, m->args[0], is_small));
    if (m->n == 3 && strcmp(m->word, "where") == 0)
        return text_format(arena,
                           "\\left\\{\\begin{array}{@{}ll@{}}%s & \\textrm{if }%s\\\\ %s & "
                           "\\textrm{else}\\end{array}\\right.",
                           tex(arena, m->args[1], is_small), tex(arena, m->args[0], is_small),
                           tex(arena, m->args[2], is_small));
    const char *inside = "";
    for (int k = 0; k < m->n; k++)
        inside = text_format(arena, "%s%s%s", inside, k ? ", " : "", tex(arena, m->args[k], is_small));
    return text_format(arena, "%s\\left(%s\\right)", name(arena, m->word), inside);
}

static const char *binary(dg_arena *arena, const math *m, bool is_small)
{
    static const char *const signs[][2] = {{"*", "\\cdot "}, {"≤", "\\le "}, {"≥", "\\ge "}, {"≠", "\\ne "}};
    const char *sign = m->word;
    int precedence = math_precedence(m);
    if (*sign == '/' && !is_small)
        return text_format(arena, "\\frac{%s}{%s}", tex(arena, m->args[0], is_small), tex(arena, m->args[1], is_small));
    if (*sign == '^')
        return text_format(arena, "{%s}^{%s}", part_of(arena, m->args[0], 6, is_small), tex(arena, m->args[1], true));
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++)
        if (strcmp(sign, signs[k][0]) == 0)
            sign = signs[k][1];
    int after = m->args[1]->kind == MATH_MINUS ? 5 : precedence + (*sign == '-' || *sign == '/');
    return text_format(arena, "%s%s%s", part_of(arena, m->args[0], precedence, is_small), sign,
                       part_of(arena, m->args[1], after, is_small));
}

static const char *tex(dg_arena *arena, const math *m, bool is_small)
{
    switch (m->kind) {
    case MATH_NAME:
        return name(arena, m->word);
    case MATH_NUMBER:
        return m->word;
    case MATH_CALL:
        return call(arena, m, is_small);
    case MATH_MINUS:
        return text_format(arena, "-%s", part_of(arena, m->args[0], 3, is_small));
    case MATH_BINARY:
        break;
    }
    return binary(arena, m, is_small);
}

const char *math_tex_term(dg_arena *arena, const math *m, int least)
{
    return part_of(arena, m, least, false);
}
