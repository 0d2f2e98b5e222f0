/* Which of many rectangles are near a place, without a look at all of them: each is in the cells that it touches. */
#ifndef TOOLS_DRAW_LAYOUT_GRID_H
#define TOOLS_DRAW_LAYOUT_GRID_H

#include <dotgrad/arena.h>

#include <stdbool.h>

typedef struct layout_rectangle {
    double left, top, right, bottom;
} layout_rectangle;

/* An item in a cell; its first cell is `x`, `y`. */
typedef struct grid_entry {
    int item, next, x, y;
} grid_entry;

typedef struct layout_grid {
    dg_arena *arena;
    double cell; /* points, of its sides */
    int across, down;
    int *heads; /* by cell: 1 + its last entry; 0: it is empty */
    grid_entry *entries;
    int n, room;
} layout_grid;

typedef struct layout_grid_walk {
    const layout_grid *grid;
    int left, top, right, bottom; /* cells */
    int x, y, at;
} layout_grid_walk;

/* For a picture of that size, in points, and about so many items. What is outside of it is in the cells at its edge.
 * All in the arena. False: no memory. */
bool layout_grid_make(dg_arena *arena, double width, double height, int items, layout_grid *made);
bool layout_grid_add(layout_grid *grid, const layout_rectangle *place, int item);
/* All items in the cells that the place touches, each once: more than those that touch it. */
layout_grid_walk layout_grid_near(const layout_grid *grid, const layout_rectangle *place);
int layout_grid_next(layout_grid_walk *walk); /* −1: there is no more */

#endif
