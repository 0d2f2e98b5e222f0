/* Paths to pixels with exact coverage: each line adds the area to its right, with its direction's sign, to the pixels
 * that it passes; sums along the rows are then how much of each pixel is covered. */
#include "raster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_point(raster *r, double x, double y)
{
    if (r->n == r->room) {
        int room = r->room ? 2 * r->room : 256;
        double *points = realloc(r->points, (size_t)room * 2 * sizeof *points);
        if (points)
            r->points = points;
        bool *is_end = realloc(r->is_end, (size_t)room);
        if (is_end)
            r->is_end = is_end;
        if (!points || !is_end) {
            r->failed = true;
            return;
        }
        r->room = room;
    }
    r->points[2 * r->n] = x;
    r->points[2 * r->n + 1] = y;
    r->is_end[r->n++] = false;
}

void raster_move(raster *r, double x, double y)
{
    if (r->n)
        r->is_end[r->n - 1] = true;
    add_point(r, x, y);
}

void raster_line(raster *r, double x, double y)
{
    add_point(r, x, y);
}

void raster_quadratic(raster *r, double x1, double y1, double x2, double y2)
{
    if (!r->n)
        return;
    double x = r->points[2 * r->n - 2], y = r->points[2 * r->n - 1];
    int pieces = (int)fmin(24, 2 + sqrt(hypot(x2 - x, y2 - y)));
    for (int k = 1; k <= pieces; k++) {
        double t = (double)k / pieces, s = 1 - t;
        add_point(r, s * s * x + 2 * s * t * x1 + t * t * x2, s * s * y + 2 * s * t * y1 + t * t * y2);
    }
}

void raster_cubic(raster *r, double x1, double y1, double x2, double y2, double x3, double y3)
{
    if (!r->n)
        return;
    double x = r->points[2 * r->n - 2], y = r->points[2 * r->n - 1];
    int pieces = (int)fmin(64, 6 + sqrt(hypot(x3 - x, y3 - y)));
    for (int k = 1; k <= pieces; k++) {
        double t = (double)k / pieces, s = 1 - t, a = s * s * s, b = 3 * s * s * t, c = 3 * s * t * t, d = t * t * t;
        add_point(r, a * x + b * x1 + c * x2 + d * x3, a * y + b * y1 + c * y2 + d * y3);
    }
}

/* ---- filling ---- */

typedef struct area {
    long left, top, width, height; /* in pixels; width with room for what runs over */
    float *cover;
} area;

/* The part of a line in one row: its height there times its direction, from x to next. */
static void add_span(float *row, double height, double x, double next)
{
    double low = fmin(x, next), high = fmax(x, next), floor_low = floor(low);
    long first = (long)floor_low, last = (long)ceil(high);
    if (last <= first + 1) {
        double middle = 0.5 * (x + next) - floor_low;
        row[first] += (float)(height - height * middle);
        row[first + 1] += (float)(height * middle);
        return;
    }
    double slope = 1 / (high - low), begin = low - floor_low, end = high - (double)(last - 1);
    double a = 0.5 * slope * (1 - begin) * (1 - begin), z = 0.5 * slope * end * end;
    row[first] += (float)(height * a);
    if (last == first + 2) {
        row[first + 1] += (float)(height * (1 - a - z));
    } else {
        double b = slope * (1.5 - begin);
        row[first + 1] += (float)(height * (b - a));
        for (long k = first + 2; k < last - 1; k++)
            row[k] += (float)(height * slope);
        row[last - 1] += (float)(height * (1 - (b + (double)(last - first - 3) * slope) - z));
    }
    row[last] += (float)(height * z);
}

static void add_line(area *a, double x0, double y0, double x1, double y1)
{
    double sign = 1;
    if (y0 == y1)
        return;
    if (y0 > y1) {
        double x = x0, y = y0;
        x0 = x1;
        y0 = y1;
        x1 = x;
        y1 = y;
        sign = -1;
    }
    double slope = (x1 - x0) / (y1 - y0), x = x0;
    for (long row = (long)floor(y0); row < a->height && (double)row < y1; row++) {
        double height = fmin((double)row + 1, y1) - fmax((double)row, y0), next = x + slope * height;
        add_span(a->cover + row * a->width, sign * height, x, next);
        x = next;
    }
}

static bool make_area(raster *r, area *a)
{
    double left = INFINITY, right = -INFINITY, top = INFINITY, bottom = -INFINITY;
    for (int k = 0; k < r->n; k++) {
        left = fmin(left, r->points[2 * k]);
        right = fmax(right, r->points[2 * k]);
        top = fmin(top, r->points[2 * k + 1]);
        bottom = fmax(bottom, r->points[2 * k + 1]);
    }
    if (!(right - left < 1e5 && bottom - top < 1e5))
        return false;
    *a = (area){(long)floor(left), (long)floor(top), (long)(right - left) + 4, (long)(bottom - top) + 3, NULL};
    long wanted = a->width * a->height;
    if (wanted > r->cover_room) {
        free(r->cover);
        r->cover = malloc((size_t)wanted * sizeof *r->cover);
        r->cover_room = r->cover ? wanted : 0;
        r->failed |= !r->cover;
    }
    a->cover = r->cover;
    if (a->cover)
        memset(a->cover, 0, (size_t)wanted * sizeof *a->cover);
    return a->cover != NULL;
}

void raster_fill(raster *r, const double color[3])
{
    area a;
    if (r->n > 1 && make_area(r, &a)) {
        for (int k = 0, first = 0; k < r->n; k++) {
            int next = k + 1 == r->n || r->is_end[k] ? first : k + 1;
            add_line(&a, r->points[2 * k] - (double)a.left, r->points[2 * k + 1] - (double)a.top,
                     r->points[2 * next] - (double)a.left, r->points[2 * next + 1] - (double)a.top);
            if (next == first)
                first = k + 1;
        }
        for (long y = 0; y < a.height; y++) {
            double sum = 0;
            long row = y + a.top;
            for (long x = 0; x < a.width && row >= 0 && row < r->height; x++) {
                sum += a.cover[y * a.width + x];
                double covered = fmin(fabs(sum), 1);
                long column = x + a.left;
                if (covered < 1.0 / 512 || column < 0 || column >= r->width)
                    continue;
                unsigned char *pixel = r->pixels + 3 * (row * r->width + column);
                for (int c = 0; c < 3; c++)
                    pixel[c] = (unsigned char)lround(pixel[c] + covered * (255 * color[c] - pixel[c]));
            }
        }
    }
    r->n = 0;
}

/* ---- outlines ---- */

/* One side of a line's outline: points beside it, on the bisector of each corner. */
static void add_side(raster *to, const double *p, int n, bool is_closed, bool back, double half, bool begins)
{
    for (int i = 0; i < n; i++) {
        int k = back ? n - 1 - i : i,
            before = k           ? k - 1
                     : is_closed ? n - 1
                                 : k,
            after = k + 1 < n   ? k + 1
                    : is_closed ? 0
                                : k;
        double ax = p[2 * k] - p[2 * before], ay = p[2 * k + 1] - p[2 * before + 1];
        double bx = p[2 * after] - p[2 * k], by = p[2 * after + 1] - p[2 * k + 1];
        double a = hypot(ax, ay), b = hypot(bx, by);
        double x = (a > 0 ? ay / a : 0) + (b > 0 ? by / b : 0), y = -(a > 0 ? ax / a : 0) - (b > 0 ? bx / b : 0);
        double length = hypot(x, y), cosine = length / (a > 0 && b > 0 ? 2 : 1);
        double away = (back ? -half : half) / fmax(cosine, 0.5);
        x = length > 0 ? x / length * away : 0;
        y = length > 0 ? y / length * away : 0;
        if (i == 0 && begins)
            raster_move(to, p[2 * k] + x, p[2 * k + 1] + y);
        else
            raster_line(to, p[2 * k] + x, p[2 * k + 1] + y);
    }
}

/* The outline of one line, as one path: areas that overlap would show. */
static void add_outline(raster *to, const double *p, int n, bool is_closed, double half)
{
    if (n < 2)
        return;
    add_side(to, p, n, is_closed, false, half, true);
    add_side(to, p, n, is_closed, true, half, is_closed);
}

typedef struct dashes {
    double lengths[8];
    int count, at;
    double left;
} dashes;

static dashes read_dashes(const char *dash, double unit)
{
    dashes d = {.count = 0};
    for (char *end; *dash && d.count < 8; dash = *end == ',' ? end + 1 : end) {
        double whole = (double)strtol(dash, &end, 10); /* no strtod: it heeds the locale */
        if (*end == '.') {
            char *begin = end + 1;
            double part = (double)strtol(begin, &end, 10);
            whole += part / pow(10, (double)(end - begin));
        }
        if (end == dash)
            break;
        d.lengths[d.count++] = fmax(whole * unit, 0.1);
    }
    d.left = d.count ? d.lengths[0] : INFINITY;
    return d;
}

/* The dashes of a line, each with its own outline. */
static void add_dashed(raster *to, dashes *d, const double *p, int n, bool is_closed, double half)
{
    double *dash = malloc((size_t)(n + 3) * 2 * sizeof *dash);
    int used = 0;
    for (int k = 0; dash && k + 1 < n + is_closed; k++) {
        const double *from = p + 2 * k, *end = p + 2 * ((k + 1) % n);
        double length = hypot(end[0] - from[0], end[1] - from[1]), done = 0;
        while (done < length) {
            double step = fmin(d->left, length - done), a = done / length, b = (done + step) / length;
            if (!used) {
                dash[0] = from[0] + a * (end[0] - from[0]);
                dash[1] = from[1] + a * (end[1] - from[1]);
                used = 1;
            }
            dash[2 * used] = from[0] + b * (end[0] - from[0]);
            dash[2 * used + 1] = from[1] + b * (end[1] - from[1]);
            used++;
            done += step;
            d->left -= step;
            if (d->left <= 1e-9) {
                if (d->at % 2 == 0)
                    add_outline(to, dash, used, false, half);
                used = 0;
                d->at = (d->at + 1) % d->count;
                d->left = d->lengths[d->at];
            }
        }
    }
    if (used > 1 && d->at % 2 == 0)
        add_outline(to, dash, used, false, half);
    to->failed |= !dash;
    free(dash);
}

/* Points that lie on each other have no direction. */
static int drop_repeats(double *p, int n, bool is_closed)
{
    int kept = 0;
    for (int k = 0; k < n; k++)
        if (!kept || hypot(p[2 * k] - p[2 * kept - 2], p[2 * k + 1] - p[2 * kept - 1]) > 1e-6) {
            p[2 * kept] = p[2 * k];
            p[2 * kept + 1] = p[2 * k + 1];
            kept++;
        }
    while (is_closed && kept > 1 && hypot(p[0] - p[2 * kept - 2], p[1] - p[2 * kept - 1]) <= 1e-6)
        kept--;
    return kept;
}

void raster_stroke(raster *r, double line, bool is_closed, const char *dash, double unit, const double color[3])
{
    raster outline = {
        .width = r->width, .height = r->height, .pixels = r->pixels, .cover = r->cover, .cover_room = r->cover_room};
    dashes d = read_dashes(dash, unit);
    int n = drop_repeats(r->points, r->n, is_closed);
    if (d.count)
        add_dashed(&outline, &d, r->points, n, is_closed, line / 2);
    else
        add_outline(&outline, r->points, n, is_closed, line / 2);
    r->n = 0;
    raster_fill(&outline, color);
    r->cover = outline.cover;
    r->cover_room = outline.cover_room;
    r->failed |= outline.failed;
    free(outline.points);
    free(outline.is_end);
}

bool raster_begin(raster *r, int width, int height, const double color[3])
{
    *r = (raster){.width = width, .height = height, .pixels = malloc((size_t)width * (size_t)height * 3)};
    for (size_t k = 0; r->pixels && k < (size_t)width * (size_t)height; k++)
        for (int c = 0; c < 3; c++)
            r->pixels[3 * k + (size_t)c] = (unsigned char)lround(255 * color[c]);
    return r->pixels != NULL;
}

void raster_free(raster *r)
{
    free(r->pixels);
    free(r->cover);
    free(r->points);
    free(r->is_end);
}
