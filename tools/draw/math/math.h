/* Formulas as mathematics: fractions, powers, roots and cases as they are written on paper.
 *
 *   parse.c   the text of a formula as a tree
 *   set.c     the tree as words and lines in their places
 *   tex.c     the tree as LaTeX
 *   line.c    the text as it is written in one line: "x·σ(βx)"
 *
 * All show what the author wrote, whose text the node keeps; dg_formula_print_as() prints what the stable rewrites have
 * made of it. */
#ifndef TOOLS_DRAW_MATH_H
#define TOOLS_DRAW_MATH_H

#include "tools/draw/base/text.h"

typedef enum math_kind { MATH_NAME, MATH_NUMBER, MATH_CALL, MATH_MINUS, MATH_BINARY } math_kind;

enum { MATH_MOST_ARGUMENTS = 8 };

typedef struct math {
    math_kind kind;
    const char *word; /* "alpha", "0.5", "tanh", "+", "<=" */
    int n;            /* arguments */
    const struct math *args[MATH_MOST_ARGUMENTS];
} math;

/* NULL: what these rules do not cover; the formula is then shown in a line. In the arena. */
const math *math_parse(dg_arena *arena, const char *formula);
/* Sums, products and whole powers of names and numbers. */
bool math_is_polynomial(const math *m);
/* 1 comparison, 2 sum, 3 product, 4 minus, 5 power, 6 what needs no brackets. */
int math_precedence(const math *m);
/* "α" of "alpha", "∞" of "inf"; NULL: the word stands for no letter. */
const char *math_letter(const char *word, size_t length);
const char *math_small_digit(char digit); /* "²" of '2' */

/* In the arena. */
const char *math_line(dg_arena *arena, const char *formula);

typedef struct math_point {
    double x, y;
} math_point;

/* Words, or a curve of 1 + 3k points; places are from the left end of the base line, y downwards. */
typedef struct math_item {
    const char *words; /* NULL: a curve */
    double x, y, size, line;
    int n;
    math_point points[10];
} math_item;

typedef struct math_picture {
    double width, ascent, descent;
    int n;
    math_item *items;
    const char *tex;  /* for LaTeX, in the place of all items */
    const char *flat; /* in one line of text */
} math_picture;

enum { MATH_MOST_LINES = 8 };
/* Letters are of `size`, in powers of `least`. In lines that are no wider than `widest`, broken before the signs + and
 * − that are in no brackets. Returns how many there are; 0: a term is too wide, there are too many lines, or there is
 * no memory. */
int math_set_lines(dg_arena *arena, const math *m, double size, double least, double widest,
                   const math_picture *lines[MATH_MOST_LINES]);
/* The same in one line of text: "ln|x|", "√(1 + x²)". */
const char *math_flat(dg_arena *arena, const math *m);

/* As LaTeX within math mode, in brackets where it binds less than `least`. */
const char *math_tex_term(dg_arena *arena, const math *m, int least);

#endif
