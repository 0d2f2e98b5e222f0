/* Rectangles by the cells of a grid. */
#include "grid.h"

#include <math.h>
#include <string.h>

#define LEAST_CELL 8.0 /* points */
enum { MOST_ACROSS = 1024 };

bool layout_grid_make(dg_arena *arena, double width, double height, int items, layout_grid *made)
{
    double area = fmax(width, 1) * fmax(height, 1), cell = fmax(sqrt(area / fmax(items, 1)), LEAST_CELL);
    cell = fmax(cell, fmax(width, height) / MOST_ACROSS);
    *made = (layout_grid){
        .arena = arena, .cell = cell, .across = (int)(width / cell) + 1, .down = (int)(height / cell) + 1};
    made->heads = dg_arena_alloc(arena, (size_t)made->across * (size_t)made->down * sizeof *made->heads);
    return made->heads;
}

static int cell_of(double at, double cell, int count)
{
    return (int)fmin(fmax(at / cell, 0), count - 1);
}

layout_grid_walk layout_grid_near(const layout_grid *grid, const layout_rectangle *place)
{
    layout_grid_walk walk = {.grid = grid,
                             .left = cell_of(place->left, grid->cell, grid->across),
                             .top = cell_of(place->top, grid->cell, grid->down),
                             .right = cell_of(place->right, grid->cell, grid->across),
                             .bottom = cell_of(place->bottom, grid->cell, grid->down)};
    walk.x = walk.left;
    walk.y = walk.top;
    walk.at = grid->heads[walk.y * grid->across + walk.x];
    return walk;
}

static bool has_room(layout_grid *grid)
{
    if (grid->n < grid->room)
        return true;
    int room = grid->room ? 2 * grid->room : 256;
    grid_entry *entries = dg_arena_alloc(grid->arena, (size_t)room * sizeof *entries);
    if (!entries)
        return false;
    if (grid->n)
        memcpy(entries, grid->entries, (size_t)grid->n * sizeof *entries);
    grid->entries = entries;
    grid->room = room;
    return true;
}

bool layout_grid_add(layout_grid *grid, const layout_rectangle *place, int item)
{
    layout_grid_walk cells = layout_grid_near(grid, place);
    for (int y = cells.top; y <= cells.bottom; y++)
        for (int x = cells.left; x <= cells.right; x++) {
            int *head = &grid->heads[y * grid->across + x];
            if (!has_room(grid))
                return false;
            grid->entries[grid->n] = (grid_entry){item, *head, cells.left, cells.top};
            *head = ++grid->n;
        }
    return true;
}

static int largest(int a, int b)
{
    return a > b ? a : b;
}

/* An item is met in the first of the cells that it and the place have in common. */
int layout_grid_next(layout_grid_walk *walk)
{
    const layout_grid *grid = walk->grid;
    for (;;) {
        while (walk->at) {
            const grid_entry *entry = &grid->entries[walk->at - 1];
            walk->at = entry->next;
            if (walk->x == largest(entry->x, walk->left) && walk->y == largest(entry->y, walk->top))
                return entry->item;
        }
        if (walk->x == walk->right && walk->y == walk->bottom)
            return -1;
        walk->y += walk->x == walk->right;
        walk->x = walk->x == walk->right ? walk->left : walk->x + 1;
        walk->at = grid->heads[walk->y * grid->across + walk->x];
    }
}
