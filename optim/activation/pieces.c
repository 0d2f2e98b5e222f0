/* Pieces: closed intervals of float64 numbers, between which the function may have kinks and steps. They are found by
 * sampling; one that is missed does no harm to proofs, since an enclosure knows when a choice is left open. */
#include "activation.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_SWITCHES = 32, NEAR = 4001, FAR = 600, GRID = NEAR + 2 * FAR };

static void add_break(dg_activation *a, double at)
{
    for (int k = 0; k < a->n_breaks; k++)
        if (a->breaks[k] == at)
            return;
    if (a->n_breaks < MOST_PIECES && fabs(at) < LARGEST)
        a->breaks[a->n_breaks++] = at;
}

/* From sign(lo) ≠ sign(hi) down to a number with value 0, or to neighbours; then the upper one. */
static double bisect(const dg_program *program, double lo, double hi, double value_lo)
{
    dg_shape shape = dg_scalar();
    for (int step = 0; step < 2200; step++) {
        double middle = lo / 2 + hi / 2, value;
        if (middle <= lo || middle >= hi)
            break;
        dg_operand operand = {.dtype = DG_FLOAT64, .data = &middle};
        dg_program_run(program, &shape, &operand, DG_FLOAT64, &value, 0, 1);
        if (value == 0)
            return middle;
        if ((value > 0) == (value_lo > 0))
            lo = middle;
        else
            hi = middle;
    }
    return hi;
}

/* Points from −1e6 to 1e6, dense at 0, among them the whole and half numbers of small size; and some in each octave
 * beyond, as far as float32 goes. */
static void fill_grid(double *grid)
{
    for (int i = 0; i < NEAR; i++) {
        double t = (i - NEAR / 2) / (double)(NEAR / 2);
        grid[FAR + i] = fabs(t) <= 0.5 ? t * 128 : copysign(64 * exp2((fabs(t) - 0.5) * 28), t);
    }
    for (int k = 1; k <= FAR; k++) {
        grid[FAR + NEAR - 1 + k] = grid[FAR + NEAR - 1] * exp2(k * 107.9 / FAR);
        grid[FAR - k] = -grid[FAR + NEAR - 1 + k];
    }
}

static dg_status find_breaks(dg_activation *a, const dg_formula *turn, const double *grid, double *values)
{
    dg_program *program;
    DG_TRY(dg_program_make(a->arena, turn, DG_FLOAT64, &program));
    dg_shape shape = DG_SHAPE(GRID);
    dg_operand operand = {.dtype = DG_FLOAT64, .data = grid, .strides = {1}};
    dg_program_run(program, &shape, &operand, DG_FLOAT64, values, 0, GRID);
    for (int k = 0; k < GRID;
         k++) { /* from the middle outwards: where there are more than fit, the far ones are lost */
        int i = k % 2 ? GRID / 2 - (k + 1) / 2 : GRID / 2 + k / 2;
        bool zero = values[i] == 0,
             flat = zero && ((i > 0 && values[i - 1] == 0) || (i + 1 < GRID && values[i + 1] == 0));
        if (zero && !flat)
            add_break(a, grid[i]);
        if (i + 1 < GRID && values[i] * values[i + 1] < 0)
            add_break(a, bisect(program, grid[i], grid[i + 1], values[i]));
        else if (i + 1 < GRID && (values[i] == 0) != (values[i + 1] == 0) && flat)
            add_break(a, values[i] == 0 ? grid[i] : grid[i + 1]);
    }
    return dg_ok();
}

static int compare_numbers(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

static void add_piece(dg_activation *a, double lo, double hi)
{
    if (lo <= hi)
        a->pieces[a->n_pieces++] = (piece){lo, hi};
}

dg_status find_pieces(dg_activation *a)
{
    const dg_formula *turns[MOST_SWITCHES];
    int n = 0;
    double *grid = malloc(2 * GRID * sizeof *grid);
    if (!grid)
        return dg_no_memory("an analysis");
    fill_grid(grid);
    dg_status status = dg_formula_switches(a->pool, a->orders[0], turns, MOST_SWITCHES, &n);
    for (int k = 0; k < n && status.code == DG_OK; k++)
        status = find_breaks(a, turns[k], grid, grid + GRID);
    free(grid);
    qsort(a->breaks, (size_t)a->n_breaks, sizeof *a->breaks, compare_numbers);
    double from = -LARGEST;
    for (int k = 0; k < a->n_breaks; k++) {
        add_piece(a, from, nextafter(a->breaks[k], -INFINITY));
        add_piece(a, a->breaks[k], a->breaks[k]);
        from = nextafter(a->breaks[k], INFINITY);
    }
    add_piece(a, from, LARGEST);
    return status;
}
