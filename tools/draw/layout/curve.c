/* Wires as Bézier curves: points on them, pieces of them, and lines with rounded corners. */
#include "layout.h"

#include <math.h>

#define KAPPA 0.5523 /* of a quarter of a circle as one curve */

static layout_point mix(layout_point a, layout_point b, double t)
{
    return (layout_point){a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t};
}

double layout_distance(layout_point a, layout_point b)
{
    return hypot(a.x - b.x, a.y - b.y);
}

layout_point layout_on_curve(const layout_point *p, double t)
{
    double s = 1 - t, a = s * s * s, b = 3 * s * s * t, c = 3 * s * t * t, d = t * t * t;
    return (layout_point){a * p[0].x + b * p[1].x + c * p[2].x + d * p[3].x,
                          a * p[0].y + b * p[1].y + c * p[2].y + d * p[3].y};
}

/* de Casteljau */
void layout_split_curve(layout_point p[4], double t, layout_point first[4])
{
    layout_point a = mix(p[0], p[1], t), b = mix(p[1], p[2], t), d = mix(p[2], p[3], t);
    layout_point e = mix(a, b, t), f = mix(b, d, t), g = mix(e, f, t);
    first[0] = p[0];
    first[1] = a;
    first[2] = e;
    first[3] = g;
    p[0] = g;
    p[1] = f;
    p[2] = d;
}

void layout_turn_wire(layout_wire *wire)
{
    for (int k = 0; k < wire->n / 2; k++) {
        layout_point point = wire->points[k];
        wire->points[k] = wire->points[wire->n - 1 - k];
        wire->points[wire->n - 1 - k] = point;
    }
}

void layout_line_to(layout_wire *wire, layout_point end)
{
    layout_point from = wire->points[wire->n - 1];
    for (int k = 1; k <= 3; k++)
        wire->points[wire->n++] = mix(from, end, k / 3.0);
}

void layout_bend_to(layout_wire *wire, layout_point corner, layout_point end)
{
    layout_point from = wire->points[wire->n - 1];
    wire->points[wire->n++] = mix(from, corner, KAPPA);
    wire->points[wire->n++] = mix(end, corner, KAPPA);
    wire->points[wire->n++] = end;
}

void layout_go_along(layout_wire *wire, const layout_point *corners, int n, double radius)
{
    layout_point from = wire->points[wire->n - 1];
    for (int k = 0; k + 1 < n; k++) {
        double before = layout_distance(from, corners[k]), after = layout_distance(corners[k], corners[k + 1]);
        double bend = fmin(radius, fmin(before, k + 2 < n ? after / 2 : after));
        if (bend < 0.1)
            continue;
        if (before > bend)
            layout_line_to(wire, mix(corners[k], from, bend / before));
        from = mix(corners[k], corners[k + 1], bend / after);
        layout_bend_to(wire, corners[k], from);
    }
    if (layout_distance(from, corners[n - 1]) > 0.1)
        layout_line_to(wire, corners[n - 1]);
}
