/* Direct convolution of float32 images stored pixel by pixel, N H W C: the inner loops, for each instruction set.
 *
 * A window is a few segments of numbers that lie side by side (a kernel's row over all channels), so that nothing is
 * unfolded: neighbouring pixels read the same segments, moved by a constant. Results are made a register tile at a
 * time, some pixels by some channels. Channels of results come in panels of at most `panel`; weights, biases and sums
 * of a panel are padded to its width, conv_panel_width(). */
#ifndef OPS_CONV_TILES_H
#define OPS_CONV_TILES_H

#include <dotgrad/isa.h>
#include <stdbool.h>
#include <stdint.h>

/* What will soon be read, asked for a part at a time while something else is computed: from `next` on each `step`
 * numbers, a line of the cache each. Only a hint. */
typedef struct conv_ahead {
    const float *next, *end;
    int64_t step, part; /* part: lines at a time */
} conv_ahead;

enum { CONV_LINE_FLOATS = 16 };

static inline void conv_ahead_in(conv_ahead *a, int64_t parts)
{
    int64_t lines = a->next ? (a->end - a->next + a->step - 1) / a->step : 0;
    a->part = parts > 0 ? (lines + parts - 1) / parts : 0;
}

static inline void conv_fetch(conv_ahead *a)
{
    for (int64_t i = 0; i < a->part && a->next < a->end; i++, a->next += a->step)
        __builtin_prefetch(a->next, 0, 2);
}

/* Whether it pays to ask for a line for every pixel of sums over so many numbers. */
static inline bool conv_fetch_pays(int64_t depth, int64_t outputs)
{
    return depth * (outputs < CONV_LINE_FLOATS ? outputs : CONV_LINE_FLOATS) >= 1024;
}

/* y[p, o] = bias[o] + Σ_{s, q} weights[s, q, o] · x[p·x_pixel + offsets[s] + q], for one line of pixels. */
typedef struct conv_line {
    int64_t pixels, outputs;
    int64_t segments, length;
    const int64_t *offsets; /* [segments] */
    const float *x;
    int64_t x_pixel;
    const float *weights; /* [segments, length, width] */
    const float *bias;    /* [width] */
    float *y;             /* `outputs` numbers of each pixel are written */
    int64_t y_pixel;
} conv_line;

/* sums[s, q, o] += Σ_{r, p} x[r·x_row + p·x_pixel + offsets[s] + q] · g[r·g_row + p·g_pixel + o]. */
typedef struct conv_sums {
    int64_t rows, pixels, outputs;
    int64_t segments, length;
    const int64_t *offsets;
    const float *x;
    int64_t x_row, x_pixel;
    const float *g; /* `width` numbers of each pixel are read */
    int64_t g_row, g_pixel;
    float *sums;       /* [segments, length, width] */
    conv_ahead *ahead; /* two, or NULL */
} conv_sums;

/* to[c / line · to_line + c % line · to_column + r] = from[r·from_row + c] for `rows` and `columns`. */
typedef struct conv_turn {
    int64_t rows, columns;
    const float *from;
    int64_t from_row;
    float *to;
    int64_t line, to_line, to_column;
} conv_turn;

/* Depthwise: each channel has a window of its own, of `segments` places; `length` is not read, `outputs` are the
 * channels, as many as there may be, in x as in y. Their width is conv_padded(). */
typedef struct conv_tiles {
    int64_t lanes, panel; /* of a vector; of the widest panel */
    void (*line)(const conv_line *line);
    void (*sums)(const conv_sums *sums);
    void (*depthwise_line)(const conv_line *line);
    void (*depthwise_sums)(const conv_sums *sums);
    void (*turn)(const conv_turn *turn);
} conv_tiles;
DG_ISA_TABLE(conv_tiles, conv_tile_table)

static inline int64_t conv_padded(const conv_tiles *tiles, int64_t channels)
{
    return (channels + tiles->lanes - 1) / tiles->lanes * tiles->lanes;
}

/* The width of the panel that begins at channel `first` of `channels`. */
static inline int64_t conv_panel_width(const conv_tiles *tiles, int64_t channels, int64_t first)
{
    int64_t rest = conv_padded(tiles, channels - first);
    return rest < tiles->panel ? rest : tiles->panel;
}

#endif
