/* Shapes as pixels. */
#ifndef TOOLS_DRAW_RASTER_H
#define TOOLS_DRAW_RASTER_H

#include <stdbool.h>

typedef struct raster {
    int width, height;
    unsigned char *pixels; /* red, green, blue */
    float *cover;          /* of the path in the making: room for its box */
    long cover_room;
    double *points; /* of the path: x, y; parts end where is_end says */
    bool *is_end;
    int n, room;
    bool failed;
} raster;

/* A path of closed parts in pixels; it is filled wherever something of it covers (Raph Levien's way of signed areas).
 */
void raster_move(raster *r, double x, double y);
void raster_line(raster *r, double x, double y);
void raster_quadratic(raster *r, double x1, double y1, double x2, double y2);
void raster_cubic(raster *r, double x1, double y1, double x2, double y2, double x3, double y3);
void raster_fill(raster *r, const double color[3]);
/* The outline of the path, which is of one part, closed or not, instead of the path. dash: "5,3" in units of `unit`
 * pixels. */
void raster_stroke(raster *r, double line, bool is_closed, const char *dash, double unit, const double color[3]);
bool raster_begin(raster *r, int width, int height, const double color[3]);
void raster_free(raster *r);

#endif
