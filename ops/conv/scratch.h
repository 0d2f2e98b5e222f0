/* What direct convolutions share: scratch buffers for pieces of work, and parts of images laid out pixel by pixel. */
#ifndef OPS_CONV_SCRATCH_H
#define OPS_CONV_SCRATCH_H

#include "choose.h"
#include "core/base/machine.h"
#include "tiles.h"

/* Pieces of some 10 µs; below the work of two of them one thread is faster. */
enum { PIECE_FLOPS = 2000000, LEAST_PIECES = 8 };

/* Buffers that pieces of work take for a while. There are as many as threads, so one is always free. */
typedef struct scratch {
    char *first;
    int64_t count;
    size_t bytes; /* of each, all told */
} scratch;

scratch scratch_make(void *memory, int64_t users, int64_t floats, int64_t offsets, const dg_threads *threads);
size_t scratch_bytes(const scratch *s);
void scratch_clear(const scratch *s); /* before the first is taken */
/* A buffer of the size that was asked for; *offsets is room for that many of them. */
float *scratch_take(const scratch *s, int64_t n_offsets, int64_t **offsets);
void scratch_return(const scratch *s, const float *buffer, int64_t n_offsets);

/* Images [batch, channels, rows, columns], float32. */
typedef struct images {
    int64_t channels, rows, columns;
    bool channels_last;
} images;

/* Images of one pixel or one channel are the same in both layouts. */
images images_of(int64_t channels, int64_t rows, int64_t columns, bool channels_last);
/* Where channel c of the first pixel of row r of image n is. */
int64_t images_at(const images *i, int64_t n, int64_t c, int64_t r);

/* A part of an image, which may reach beyond it: there it is 0. Channels `channel` … `channel` + channels − 1, of which
 * `pitch` numbers a pixel are kept, those beyond the image's being 0. */
typedef struct window {
    int64_t row_begin, row_end, column_begin, column_end;
    int64_t channel, channels, pitch;
} window;

static inline int64_t window_floats(const window *w)
{
    return (w->row_end - w->row_begin) * (w->column_end - w->column_begin) * w->pitch;
}

/* Pixels in memory: data is the window's first. */
typedef struct pixels {
    const float *data;
    int64_t row, pixel;
} pixels;

/* The window of image n: in the image itself where that is possible, else copied to `buffer`. */
pixels pixels_of(const conv_tiles *tiles, const images *i, const float *data, int64_t n, const window *w,
                 float *buffer);

static inline bool images_lie_far(int64_t batch, const images *x, const images *y)
{
    double places = (double)(x->channels * x->rows * x->columns) + (double)(y->channels * y->rows * y->columns);
    return lies_far((double)batch * places * (double)sizeof(float));
}

/* What pixels_of() will read of image n, as far as it lies together. */
conv_ahead ahead_of(const images *i, const float *data, int64_t n, const window *w);

/* Writes the places, from a window's first pixel, at which the segments of a kernel begin; `gap` lies between its taps.
 * *length is that of a segment, given that `channels` numbers of each place are wanted (0: each tap is a segment).
 * Returns how many there are. */
int64_t segments_of(const int64_t taps[2], const int64_t gap[2], int64_t channels, const pixels *p, int64_t *offsets,
                    int64_t *length);

/* Rows of a piece of an image and images of a piece, where a row takes so much work and scratch, of which `floats` are
 * for a piece. */
typedef struct pieces {
    int64_t rows, blocks; /* blocks: of an image */
    int64_t images, count;
} pieces;
pieces cut_pieces(int64_t batch, int64_t rows, double row_flops, int64_t row_floats, int64_t floats);

/* For scratch that stays in the second cache of this machine. */
static inline int64_t cache_floats(void)
{
    return (int64_t)(machine_here().second / 2 / sizeof(float));
}

static inline int64_t fewer(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t more(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A line of pixels is taken for a column: rows can be cut into blocks. */
static inline conv_shape conv_upright(const conv_shape *shape)
{
    conv_shape s = *shape;
    if (s.in[1] != 1 || s.out[1] != 1 || s.kernel[1] != 1 || s.pad[1] != 0)
        return s;
    int64_t *const sizes[] = {s.in, s.out, s.kernel, s.stride, s.pad, s.dilation};
    for (int k = 0; k < 6; k++) {
        int64_t first = sizes[k][1];
        sizes[k][1] = sizes[k][2];
        sizes[k][2] = first;
    }
    return s;
}

static inline bool is_depthwise_shape(const conv_shape *s)
{
    return s->groups > 1 && s->in_channels == 1 && s->out_channels == 1;
}

#endif
