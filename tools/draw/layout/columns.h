/* A picture in columns: what the cutting and the wires over the cuts share. */
#ifndef TOOLS_DRAW_LAYOUT_COLUMNS_H
#define TOOLS_DRAW_LAYOUT_COLUMNS_H

#include "layout.h"

enum { MOST_CUTS = 4096, MOST_COLUMNS = 4, MOST_CROSSING = 6, SAMPLES = 16 };
#define APART 7.0  /* points between wires that go around */
#define FREE  10.0 /* and between them and what is beside them */

/* A wire over a cut. */
typedef struct crossing {
    int wire;
    double x;                      /* where it was before the picture was cut */
    double out, in;                /* where it comes to the cut, and goes on from it */
    bool is_from_row, is_into_row; /* straight down from its row, straight down to its row */
    int lane;                      /* around; several wires of one row have one, and part above the next column */
} crossing;

/* Where wires cross a cut, from left to right. */
typedef struct cut {
    double y;
    int n;
    crossing crossings[MOST_CROSSING];
    int n_lanes;
} cut;

typedef struct column {
    double top, bottom; /* in the picture as it was */
    double left, right;
    double dx, dy;
    int n; /* wires that come from the column before */
} column;

typedef struct columns_work {
    view *v;
    layout *made;
    cut *cuts;
    int n_cuts;
    column columns[MOST_COLUMNS];
    cut *begins[MOST_COLUMNS]; /* the cut above each column; NULL: the first */
    int n;
} columns_work;

int columns_of(const columns_work *c, double y);
/* The wire's crossing into the column; NULL: it does not come from the one before. */
const crossing *columns_crossing(const columns_work *c, int k, int wire);

/* ---- columns_wires.c ---- */

/* Where on the curve its height is y, between one end above and one below. */
double columns_find_height(const layout_point *p, double y);
/* Which wires run straight down between their rows and the cuts. */
void columns_choose_straight(columns_work *c);
/* The wire, as far as it is in each column, moved with it, and led around from one to the next. False: no memory. */
bool columns_move_wire(const columns_work *c, int wire);

#endif
