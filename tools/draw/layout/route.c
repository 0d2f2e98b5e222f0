/* A wire that still runs through a box is led around all boxes: in horizontal and vertical lines a little beside their
 * edges, the shortest way with the fewest corners (Dijkstra's, over the points where such lines meet). */
#include "layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ENDS = 6, MOST_CORNERS = 40, MOST_LINES = 600, PIECES = 128, LANES = 3 };
#define SHARP  -0.7 /* the cosine of a turn on the spot, */
#define SPOT   9.0  /* which takes so many points */
#define TOUCH  2.0  /* between a wire and a box beside it, at least */
#define ARROWS 7.0  /* between two that end at one box */
#define CLEAR  4.0  /* points between a wire and a box that it passes, at least */
#define LANE   2.5  /* between the lanes beside a box */
#define TURN   24.0 /* what a corner is worth in points of length */
#define BEND   6.0  /* radius of corners */
#define EDGE   3.0  /* between a wire and the border of its module */

typedef struct rectangle {
    double left, top, right, bottom;
} rectangle;

/* Where a wire may leave or meet its row, and the way out from there. */
typedef struct landing {
    layout_point at, out;
    int x, y; /* of `out`, among the lines */
    bool is_across;
} landing;

/* Before a point, on the way there: for those reached on a line across and on one down. */
typedef struct reached {
    double cost;
    int before; /* −1: the beginning */
    bool is_done;
} reached;

typedef struct heap_entry {
    double cost;
    int state;
} heap_entry;

typedef struct router {
    view *v;
    layout *made;
    double apart; /* of lines from the boxes that they are beside */
    double *x, *y;
    int n_x, n_y;
    bool *shut_right, *shut_down; /* by point: the piece of line from it */
    reached *states;              /* 2 by point: across, down */
    heap_entry *heap;
    int n_heap, most_heap;
    landing begins[MOST_ENDS], ends[MOST_ENDS];
    int n_begins, n_ends;
    bool failed; /* no memory */
} router;

/* ---- which wires ---- */

static bool is_in(const rectangle *r, layout_point at)
{
    return at.x > r->left && at.x < r->right && at.y > r->top && at.y < r->bottom;
}

static bool curve_runs_through(const layout_point *p, const rectangle *inside)
{
    if (fmax(fmax(p[0].x, p[1].x), fmax(p[2].x, p[3].x)) < inside->left ||
        fmin(fmin(p[0].x, p[1].x), fmin(p[2].x, p[3].x)) > inside->right ||
        fmax(fmax(p[0].y, p[1].y), fmax(p[2].y, p[3].y)) < inside->top ||
        fmin(fmin(p[0].y, p[1].y), fmin(p[2].y, p[3].y)) > inside->bottom)
        return false;
    for (int i = 0; i <= PIECES; i++)
        if (is_in(inside, layout_on_curve(p, (double)i / PIECES)))
            return true;
    return false;
}

/* Through a box, or so close by one that it is no end of the wire's that they seem to touch. */
static bool runs_through(const view *v, const layout *made, int w)
{
    const layout_wire *wire = &made->wires[w];
    for (int b = 0; b < v->n_boxes; b++) {
        const layout_box *box = &made->boxes[b];
        bool is_end = b == v->wires[w].from || b == v->wires[w].to;
        bool is_round = box->form != FORM_BOX; /* wires end inside the corners */
        double x = is_round ? 0.15 * box->width : is_end ? 1.4 : -TOUCH, y = is_round ? 0.15 * box->height : x;
        const rectangle inside = {box->x + x, box->y + y, box->x + box->width - x, box->y + box->height - y};
        for (int k = 0; !v->boxes[b].is_gone && k + 3 < wire->n; k += 3)
            if (curve_runs_through(wire->points + k, &inside))
                return true;
    }
    return false;
}

/* Whether it turns back on the spot, as on to its row from where dot has it leave the stack: the other way within a few
 * points. */
static bool has_cusp(const layout_wire *wire)
{
    enum { STEPS = 24, KEPT = 64 };
    layout_point ways[KEPT], last = wire->points[0];
    double along[KEPT], length = 0;
    int n = 0;
    for (int k = 0; k + 3 < wire->n; k += 3)
        for (int i = 1; i <= STEPS; i++) {
            layout_point p = layout_on_curve(wire->points + k, (double)i / STEPS);
            double step = layout_distance(last, p);
            if (step < 0.05)
                continue;
            ways[n % KEPT] = (layout_point){(p.x - last.x) / step, (p.y - last.y) / step};
            along[n % KEPT] = length;
            for (int b = n - 1; b >= 0 && b > n - KEPT && length - along[b % KEPT] < SPOT; b--)
                if (ways[b % KEPT].x * ways[n % KEPT].x + ways[b % KEPT].y * ways[n % KEPT].y < SHARP)
                    return true;
            length += step;
            last = p;
            n++;
        }
    return false;
}

/* Whether it leaves the module that both its ends are in. */
static bool leaves_module(const view *v, const layout *made, int w)
{
    const layout_wire *wire = &made->wires[w];
    int m = view_common_module(v, v->boxes[v->wires[w].from].module, v->boxes[v->wires[w].to].module);
    if (m < 0 || !made->modules[m].is_placed)
        return false;
    const rectangle r = {made->modules[m].left, made->modules[m].top, made->modules[m].right, made->modules[m].bottom};
    for (int k = 0; k + 3 < wire->n; k += 3)
        for (int i = 0; i <= 16; i++)
            if (!is_in(&r, layout_on_curve(wire->points + k, i / 16.0)))
                return true;
    return false;
}

/* ---- lines ---- */

static int by_value(const void *a, const void *b)
{
    double one = *(const double *)a, two = *(const double *)b;
    return (one > two) - (one < two);
}

static int sort_lines(double *lines, int n)
{
    int kept = 0;
    qsort(lines, (size_t)n, sizeof *lines, by_value);
    for (int k = 0; k < n; k++)
        if (!kept || lines[k] > lines[kept - 1] + 0.01)
            lines[kept++] = lines[k];
    return kept;
}

static int find_line(const double *lines, int n, double at)
{
    int best = 0;
    for (int k = 1; k < n; k++)
        best = fabs(lines[k] - at) < fabs(lines[best] - at) ? k : best;
    return best;
}

static int list_landings(const router *r, int b, int row, landing *list)
{
    const view_box *of = &r->v->boxes[b];
    const layout_box *box = &r->made->boxes[b];
    int shown = of->is_upwards ? of->n_rows - 1 - row : row, n = 0;
    double top = box->y, bottom = box->y + box->height, right = box->x + box->width, quarter = box->width / 4;
    if (of->n_rows > 1) {
        for (int k = 0; k < shown; k++)
            top += box->rows[of->is_upwards ? of->n_rows - 1 - k : k].height;
        bottom = top + box->rows[row].height;
    }
    double middle = (top + bottom) / 2;
    list[n++] = (landing){.at = {box->x, middle}, .out = {box->x - r->apart, middle}, .is_across = true};
    list[n++] = (landing){.at = {right, middle}, .out = {right + r->apart, middle}, .is_across = true};
    bool is_round = box->form != FORM_BOX;
    for (int k = is_round ? 2 : 1; k <= (is_round ? 2 : 3); k += 2) {
        double x = box->x + k * quarter;
        if (shown == 0)
            list[n++] = (landing){.at = {x, box->y}, .out = {x, box->y - r->apart}};
        if (shown == of->n_rows - 1)
            list[n++] = (landing){.at = {x, box->y + box->height}, .out = {x, box->y + box->height + r->apart}};
    }
    return n;
}

/* Without those where another wire's arrow is, if there are others; returns how many are left. */
static int drop_taken(const router *r, int w, landing *list, int n)
{
    int left = 0;
    landing kept[MOST_ENDS];
    for (int k = 0; k < n; k++) {
        bool is_taken = false;
        for (int i = 0; i < r->v->n_wires && !is_taken; i++) {
            const layout_wire *other = &r->made->wires[i];
            is_taken = i != w && !r->v->wires[i].is_gone && r->v->wires[i].to == r->v->wires[w].to && other->n >= 4 &&
                       layout_distance(other->points[other->n - 1], list[k].at) < ARROWS;
        }
        if (!is_taken)
            kept[left++] = list[k];
    }
    if (left)
        memcpy(list, kept, (size_t)left * sizeof *kept);
    return left ? left : n;
}

static void add_ends(router *r, const landing *list, int n)
{
    for (int k = 0; k < n; k++) {
        r->x[r->n_x++] = list[k].out.x;
        r->y[r->n_y++] = list[k].out.y;
    }
}

static bool make_lines(router *r)
{
    const view *v = r->v;
    size_t room = 2 * (size_t)v->n_boxes + 2 * MOST_ENDS;
    r->x = dg_arena_alloc(v->arena, room * sizeof *r->x);
    r->y = dg_arena_alloc(v->arena, room * sizeof *r->y);
    if (!r->x || !r->y) {
        r->failed = true;
        return false;
    }
    for (int b = 0; b < v->n_boxes; b++) {
        const layout_box *box = &r->made->boxes[b];
        if (v->boxes[b].is_gone)
            continue;
        r->x[r->n_x++] = box->x - r->apart;
        r->x[r->n_x++] = box->x + box->width + r->apart;
        r->y[r->n_y++] = box->y - r->apart;
        r->y[r->n_y++] = box->y + box->height + r->apart;
    }
    add_ends(r, r->begins, r->n_begins);
    add_ends(r, r->ends, r->n_ends);
    r->n_x = sort_lines(r->x, r->n_x);
    r->n_y = sort_lines(r->y, r->n_y);
    for (int turn = 0; turn < 2; turn++)
        for (int k = 0; k < (turn ? r->n_ends : r->n_begins); k++) {
            landing *to = turn ? &r->ends[k] : &r->begins[k];
            to->x = find_line(r->x, r->n_x, to->out.x);
            to->y = find_line(r->y, r->n_y, to->out.y);
        }
    return r->n_x <= MOST_LINES && r->n_y <= MOST_LINES;
}

/* Pieces of lines that a box, `clear` around it, is in the way of. */
static void shut(router *r, const rectangle *box)
{
    for (int j = 0; j < r->n_y && r->y[j] < box->bottom; j++)
        for (int i = 0; i < r->n_x && r->x[i] < box->right; i++) {
            double right = i + 1 < r->n_x ? r->x[i + 1] : r->x[i], down = j + 1 < r->n_y ? r->y[j + 1] : r->y[j];
            if (r->y[j] > box->top && right > box->left)
                r->shut_right[j * r->n_x + i] = true;
            if (r->x[i] > box->left && down > box->top)
                r->shut_down[j * r->n_x + i] = true;
        }
}

/* `within`: what the wire is not to leave; NULL. */
static void shut_all(router *r, const rectangle *within)
{
    for (int b = 0; b < r->v->n_boxes; b++) {
        const layout_box *box = &r->made->boxes[b];
        const rectangle around = {box->x - CLEAR, box->y - CLEAR, box->x + box->width + CLEAR,
                                  box->y + box->height + CLEAR};
        if (!r->v->boxes[b].is_gone)
            shut(r, &around);
    }
    for (int j = 0; within && j < r->n_y; j++)
        for (int i = 0; i < r->n_x; i++) {
            bool here = is_in(within, (layout_point){r->x[i], r->y[j]});
            if (!here || i + 1 == r->n_x || !is_in(within, (layout_point){r->x[i + 1], r->y[j]}))
                r->shut_right[j * r->n_x + i] = true;
            if (!here || j + 1 == r->n_y || !is_in(within, (layout_point){r->x[i], r->y[j + 1]}))
                r->shut_down[j * r->n_x + i] = true;
        }
}

/* ---- the shortest way ---- */

static void heap_add(router *r, double cost, int state)
{
    int at = r->n_heap++;
    for (; at > 0 && r->heap[(at - 1) / 2].cost > cost; at = (at - 1) / 2)
        r->heap[at] = r->heap[(at - 1) / 2];
    r->heap[at] = (heap_entry){cost, state};
}

static heap_entry heap_take(router *r)
{
    heap_entry least = r->heap[0], last = r->heap[--r->n_heap];
    int at = 0;
    for (int next; (next = 2 * at + 1) < r->n_heap; at = next) {
        next += next + 1 < r->n_heap && r->heap[next + 1].cost < r->heap[next].cost;
        if (r->heap[next].cost >= last.cost)
            break;
        r->heap[at] = r->heap[next];
    }
    r->heap[at] = last;
    return least;
}

static void reach(router *r, int state, double cost, int before)
{
    reached *to = &r->states[state];
    if (to->is_done || (to->cost > 0 && to->cost <= cost) || r->n_heap == r->most_heap)
        return;
    to->cost = cost;
    to->before = before;
    heap_add(r, cost, state);
}

/* From a state to the points beside it on its line, and to the same point on the other line. */
static void go_on(router *r, int state)
{
    int point = state / 2, i = point % r->n_x, j = point / r->n_x;
    double cost = r->states[state].cost;
    if (state % 2 == 0) {
        if (i + 1 < r->n_x && !r->shut_right[point])
            reach(r, 2 * (point + 1), cost + r->x[i + 1] - r->x[i], state);
        if (i > 0 && !r->shut_right[point - 1])
            reach(r, 2 * (point - 1), cost + r->x[i] - r->x[i - 1], state);
    } else {
        if (j + 1 < r->n_y && !r->shut_down[point])
            reach(r, 2 * (point + r->n_x) + 1, cost + r->y[j + 1] - r->y[j], state);
        if (j > 0 && !r->shut_down[point - r->n_x])
            reach(r, 2 * (point - r->n_x) + 1, cost + r->y[j] - r->y[j - 1], state);
    }
    reach(r, state ^ 1, cost + TURN, state);
}

static int state_of(const router *r, const landing *at)
{
    return 2 * (at->y * r->n_x + at->x) + (at->is_across ? 0 : 1);
}

/* The end that is reached first, its state in *last; NULL: none is. */
static const landing *search(router *r, int *last)
{
    for (int k = 0; k < r->n_begins; k++)
        reach(r, state_of(r, &r->begins[k]), 1, -1);
    while (r->n_heap) {
        int state = heap_take(r).state;
        if (r->states[state].is_done)
            continue;
        r->states[state].is_done = true;
        for (int k = 0; k < r->n_ends; k++)
            if (state_of(r, &r->ends[k]) == state) {
                *last = state;
                return &r->ends[k];
            }
        go_on(r, state);
    }
    return NULL;
}

/* ---- wires ---- */

/* Along the corners of the way: false if there are too many of them, or no memory. */
static bool lead(router *r, const landing *end, int last, layout_wire *wire)
{
    layout_point back[MOST_CORNERS], corners[MOST_CORNERS];
    int n = 0, first = last;
    back[n++] = end->at;
    for (int state = last; state >= 0; first = state, state = r->states[state].before) {
        int before = r->states[state].before, point = state / 2;
        bool turns = before >= 0 && before / 2 == point;
        if (turns && n < MOST_CORNERS)
            back[n++] = (layout_point){r->x[point % r->n_x], r->y[point / r->n_x]};
    }
    const landing *begin = &r->begins[0];
    for (int k = 0; k < r->n_begins; k++)
        begin = state_of(r, &r->begins[k]) == first ? &r->begins[k] : begin;
    if (n == MOST_CORNERS)
        return false;
    for (int k = 0; k < n; k++)
        corners[k] = back[n - 1 - k];
    layout_point *points = dg_arena_alloc(r->v->arena, (6 * (size_t)n + 1) * sizeof *points);
    if (!points) {
        r->failed = true;
        return false;
    }
    points[0] = begin->at;
    *wire = (layout_wire){.n = 1,
                          .points = points,
                          .label = wire->label,
                          .label_width = wire->label_width,
                          .label_height = wire->label_height};
    layout_go_along(wire, corners, n, BEND);
    return true;
}

/* Leads the wire, if there is a way. False: no memory. */
static bool route(view *v, layout *made, int w, double apart, bool *is_led)
{
    const view_wire *of = &v->wires[w];
    int module = view_common_module(v, v->boxes[of->from].module, v->boxes[of->to].module), last;
    router r = {.v = v, .made = made, .apart = apart};
    r.n_begins = list_landings(&r, of->from, of->from_row, r.begins);
    r.n_ends = list_landings(&r, of->to, of->to_row, r.ends);
    r.n_ends = drop_taken(&r, w, r.ends, r.n_ends);
    if (!make_lines(&r))
        return !r.failed;
    size_t points = (size_t)r.n_x * (size_t)r.n_y;
    r.most_heap = (int)(8 * points);
    r.shut_right = calloc(points, 1);
    r.shut_down = calloc(points, 1);
    r.states = calloc(2 * points, sizeof *r.states);
    r.heap = malloc((size_t)r.most_heap * sizeof *r.heap);
    r.failed = !r.shut_right || !r.shut_down || !r.states || !r.heap;
    if (!r.failed) {
        const layout_module *own = module >= 0 && made->modules[module].is_placed ? &made->modules[module] : NULL;
        rectangle within = {0};
        if (own)
            within = (rectangle){own->left + EDGE, own->top + EDGE, own->right - EDGE, own->bottom - EDGE};
        shut_all(&r, own ? &within : NULL);
        const landing *end = search(&r, &last);
        *is_led = end && lead(&r, end, last, &made->wires[w]);
    }
    free(r.shut_right);
    free(r.shut_down);
    free(r.states);
    free(r.heap);
    return !r.failed;
}

static bool is_faulty(const view *v, const layout *made, int w)
{
    return runs_through(v, made, w) || has_cusp(&made->wires[w]) || leaves_module(v, made, w);
}

/* A wire that touches a box is moved a little to a side, but for its ends, if that is enough. False: it is not. */
static bool nudge(const view *v, layout *made, int w, layout_point *room)
{
    static const double ways[] = {2, -2, 4, -4, 6, -6, 9, -9, 13, -13};
    layout_wire *wire = &made->wires[w];
    layout_point *own = wire->points;
    bool is_fine = false;
    for (size_t k = 0; !is_fine && k < 2 * sizeof ways / sizeof *ways; k++) {
        for (int i = 0; i < wire->n; i++) {
            double by = i == 0 || i == wire->n - 1 ? 0 : ways[k / 2];
            room[i] = (layout_point){own[i].x + (k % 2 ? by : 0), own[i].y + (k % 2 ? 0 : by)};
        }
        wire->points = room;
        is_fine = !is_faulty(v, made, w);
        wire->points = own;
    }
    if (is_fine)
        memcpy(own, room, (size_t)wire->n * sizeof *own);
    return is_fine;
}

bool layout_route(view *v, layout *made, int *led)
{
    *led = 0;
    for (int w = 0; w < v->n_wires; w++) {
        const view_wire *wire = &v->wires[w];
        bool is_led = false;
        if (wire->is_gone || made->wires[w].n < 4 || wire->from == wire->to || !is_faulty(v, made, w))
            continue;
        layout_point *room = dg_arena_alloc(v->arena, (size_t)made->wires[w].n * sizeof *room);
        if (!room)
            return false;
        is_led = nudge(v, made, w, room);
        if (!is_led && !route(v, made, w, CLEAR + 1 + LANE * (*led % LANES), &is_led))
            return false;
        *led += is_led;
    }
    return true;
}
