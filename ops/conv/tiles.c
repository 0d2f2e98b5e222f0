/* The inner loops of direct convolution. Sums stay in registers for a whole window (or, of the weight's gradient, a
 * whole image): every loop over a tile has constant bounds once its function is inlined, and is unrolled. */
#include "tiles.h"

#include "core/base/machine.h"

#include <string.h>

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

/* A tile is PIXELS by two vectors: with its operands it fills the 32 registers of AVX-512, or the 16 of the others.
 * Where every access is checked, large tiles would take minutes to compile. */
#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
enum { PIXELS = 2, TAPS = 2 };
#elif defined(__AVX512F__)
enum { PIXELS = 14, TAPS = 12 };
#else
enum { PIXELS = 6, TAPS = 6 };
#endif

typedef float vector __attribute__((vector_size(LANES * sizeof(float))));
typedef float loose_vector __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define TWICE  _Pragma("unroll 2") /* half of the loop's own instructions; more of it is slower */
#else
#define UNROLL _Pragma("GCC unroll 16")
#define TWICE  _Pragma("GCC unroll 2")
#endif

INLINE vector load(const float *from)
{
    return *(const loose_vector *)from;
}

INLINE void store(float *to, vector v)
{
    *(loose_vector *)to = v;
}

INLINE int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Stores the first `count` lanes of some vectors. */
INLINE void store_part(const int vectors, float *to, const vector *v, int64_t count)
{
    float lanes[2 * LANES];
    for (int j = 0; j < vectors; j++)
        store(lanes + j * LANES, v[j]);
    memcpy(to, lanes, (size_t)count * sizeof *to);
}

/* The size of the next of the pieces that `rest` falls into: at most `most`, all of nearly the same size. */
INLINE int64_t even_piece(int64_t rest, int64_t most)
{
    int64_t pieces = (rest + most - 1) / most;
    return (rest + pieces - 1) / pieces;
}

/* ---- lines of results ---- */

INLINE void line_tile(const int pixels, const int vectors, const conv_line *l, int64_t first)
{
    vector sum[PIXELS][2], weight[2];
    const float *weights = l->weights;
    const int64_t step = l->x_pixel, length = l->length;
    UNROLL
    for (int p = 0; p < pixels; p++)
        UNROLL
    for (int j = 0; j < vectors; j++)
        sum[p][j] = load(l->bias + j * LANES);
    for (int64_t s = 0; s < l->segments; s++) {
        const float *x = l->x + first * step + l->offsets[s];
        TWICE
        for (int64_t q = 0; q < length; q++, weights += vectors * LANES) {
            UNROLL
            for (int j = 0; j < vectors; j++)
                weight[j] = load(weights + j * LANES);
            UNROLL
            for (int p = 0; p < pixels; p++) {
                float value = x[p * step + q];
                UNROLL
                for (int j = 0; j < vectors; j++)
                    sum[p][j] += value * weight[j];
            }
        }
    }
    float *y = l->y + first * l->y_pixel;
    if (l->outputs >= vectors * LANES)
        UNROLL
    for (int p = 0; p < pixels; p++)
        UNROLL
    for (int j = 0; j < vectors; j++)
        store(y + p * l->y_pixel + j * LANES, sum[p][j]);
    else UNROLL for (int p = 0; p < pixels; p++) store_part(vectors, y + p * l->y_pixel, sum[p], l->outputs);
}

INLINE void line_of(const int vectors, const conv_line *l)
{
    for (int64_t p = 0, count; p < l->pixels; p += count) {
        count = even_piece(l->pixels - p, PIXELS);
        switch (count) {
#define TILE(n)                                                                                                        \
    case n:                                                                                                            \
        if (n <= PIXELS)                                                                                               \
            line_tile(n <= PIXELS ? n : 1, vectors, l, p);                                                             \
        break;
            TILE(1)
            TILE(2)
            TILE(3)
            TILE(4)
            TILE(5)
            TILE(6)
            TILE(7)
            TILE(8)
            TILE(9)
            TILE(10)
            TILE(11)
            TILE(12)
            TILE(13)
            TILE(14)
#undef TILE
        }
    }
}

static void line(const conv_line *l)
{
    if (l->outputs > LANES)
        line_of(2, l);
    else
        line_of(1, l);
}

/* ---- sums over an image: the gradient of the weights ---- */

/* `segments` segments from s on, of `length` numbers from q on. */
INLINE void sums_tile(const int segments, const int length, const int vectors, const conv_sums *t, int64_t s, int64_t q)
{
    vector sum[TAPS][2], gradient[2];
    const float *x[TAPS];
    const int64_t x_pixel = t->x_pixel, g_pixel = t->g_pixel, width = vectors * LANES;
    float *to = t->sums + (s * t->length + q) * width;
    for (int k = 0; t->ahead && k < 2; k++)
        conv_fetch(&t->ahead[k]);
    UNROLL
    for (int i = 0; i < segments * length; i++)
        UNROLL
    for (int j = 0; j < vectors; j++)
        sum[i][j] = load(to + (i / length * t->length + i % length) * width + j * LANES);
    for (int64_t r = 0; r < t->rows; r++) {
        const float *g = t->g + r * t->g_row;
        UNROLL
        for (int k = 0; k < segments; k++)
            x[k] = t->x + r * t->x_row + t->offsets[s + k] + q;
        TWICE
        for (int64_t p = 0; p < t->pixels; p++, g += g_pixel) {
            UNROLL
            for (int j = 0; j < vectors; j++)
                gradient[j] = load(g + j * LANES);
            UNROLL
            for (int i = 0; i < segments * length; i++) {
                float value = x[i / length][i % length];
                UNROLL
                for (int j = 0; j < vectors; j++)
                    sum[i][j] += value * gradient[j];
            }
            UNROLL
            for (int k = 0; k < segments; k++)
                x[k] += x_pixel;
        }
    }
    UNROLL
    for (int i = 0; i < segments * length; i++)
        UNROLL
    for (int j = 0; j < vectors; j++)
        store(to + (i / length * t->length + i % length) * width + j * LANES, sum[i][j]);
}

/* Short segments, of images with few channels: several make a tile, else too few sums would be under way at a time. */
INLINE bool short_sums_tile(const int vectors, const conv_sums *t, int64_t s, int64_t segments)
{
    switch (segments * 16 + t->length) {
#define TILE(n, length)                                                                                                \
    case (n)*16 + (length):                                                                                            \
        if ((n) * (length) <= TAPS)                                                                                    \
            sums_tile((n) * (length) <= TAPS ? n : 1, (n) * (length) <= TAPS ? length : 1, vectors, t, s, 0);          \
        return (n) * (length) <= TAPS;
        TILE(2, 1)
        TILE(3, 1)
        TILE(4, 1)
        TILE(5, 1)
        TILE(6, 1)
        TILE(2, 2)
        TILE(3, 2)
        TILE(2, 3)
        TILE(4, 2)
        TILE(3, 3)
        TILE(4, 3)
        TILE(2, 4)
        TILE(3, 4)
        TILE(2, 5)
        TILE(2, 6)
#undef TILE
    }
    return false;
}

INLINE void sums_of(const int vectors, const conv_sums *t)
{
    int64_t together = t->length <= TAPS / 2 ? least(TAPS / t->length, 6) : 1;
    for (int64_t s = 0, segments; s < t->segments; s += segments) {
        segments = even_piece(t->segments - s, together);
        if (segments > 1 && short_sums_tile(vectors, t, s, segments))
            continue;
        segments = 1;
        for (int64_t q = 0, count; q < t->length; q += count) {
            count = even_piece(t->length - q, TAPS);
            switch (count) {
#define TILE(n)                                                                                                        \
    case n:                                                                                                            \
        if (n <= TAPS)                                                                                                 \
            sums_tile(1, n <= TAPS ? n : 1, vectors, t, s, q);                                                         \
        break;
                TILE(1)
                TILE(2)
                TILE(3)
                TILE(4)
                TILE(5)
                TILE(6)
                TILE(7)
                TILE(8)
                TILE(9)
                TILE(10)
                TILE(11)
                TILE(12)
#undef TILE
            }
        }
    }
}

/* In blocks of rows: what a tile reads of them stays in the first cache while all taps pass over it. */
static void sums(const conv_sums *t)
{
    int64_t floats = (int64_t)(machine_here().first / 4 * 3 / sizeof(float)), row = t->pixels * 2 * LANES + t->x_row;
    int64_t most = row < floats ? floats / (row > 0 ? row : 1) : 1;
    conv_sums block = *t;
    for (int k = 0; t->ahead && k < 2; k++)
        conv_ahead_in(&t->ahead[k], (t->rows + most - 1) / most * t->segments * ((t->length + TAPS - 1) / TAPS));
    for (int64_t r = 0; r < t->rows; r += most) {
        block.rows = least(most, t->rows - r);
        block.x = t->x + r * t->x_row;
        block.g = t->g + r * t->g_row;
        if (t->outputs > LANES)
            sums_of(2, &block);
        else
            sums_of(1, &block);
    }
}

/* ---- depthwise ---- */

enum { DEPTH_PIXELS = 7, DEPTH_TAPS = 9 };

INLINE void depthwise_tile(const int pixels, const conv_line *l, int64_t first, int64_t c, int64_t width)
{
    vector sum[DEPTH_PIXELS];
    const int64_t step = l->x_pixel;
    const float *x = l->x + first * step + c, *weights = l->weights + c;
    UNROLL
    for (int p = 0; p < pixels; p++)
        sum[p] = load(l->bias + c);
    for (int64_t s = 0; s < l->segments; s++) {
        const float *place = x + l->offsets[s];
        vector weight = load(weights + s * width);
        UNROLL
        for (int p = 0; p < pixels; p++)
            sum[p] += weight * load(place + p * step);
    }
    float *y = l->y + first * l->y_pixel + c;
    if (l->outputs - c >= LANES)
        UNROLL
    for (int p = 0; p < pixels; p++)
        store(y + p * l->y_pixel, sum[p]);
    else UNROLL for (int p = 0; p < pixels; p++) store_part(1, y + p * l->y_pixel, &sum[p], l->outputs - c);
}

static void depthwise_line(const conv_line *l)
{
    int64_t width = (l->outputs + LANES - 1) / LANES * LANES;
    for (int64_t p = 0, count; p < l->pixels; p += count) {
        count = even_piece(l->pixels - p, DEPTH_PIXELS);
        for (int64_t c = 0; c < l->outputs; c += LANES)
            switch (count) {
#define TILE(n)                                                                                                        \
    case n:                                                                                                            \
        depthwise_tile(n, l, p, c, width);                                                                             \
        break;
                TILE(1)
                TILE(2)
                TILE(3)
                TILE(4)
                TILE(5)
                TILE(6)
                TILE(7)
#undef TILE
            }
    }
}

INLINE void depthwise_sums_tile(const int taps, const conv_sums *t, int64_t s, int64_t c, int64_t width)
{
    vector sum[DEPTH_TAPS];
    UNROLL
    for (int i = 0; i < taps; i++)
        sum[i] = load(t->sums + (s + i) * width + c);
    for (int64_t r = 0; r < t->rows; r++) {
        const float *x = t->x + r * t->x_row + c, *g = t->g + r * t->g_row + c;
        for (int64_t p = 0; p < t->pixels; p++, x += t->x_pixel, g += t->g_pixel) {
            vector gradient = load(g);
            UNROLL
            for (int i = 0; i < taps; i++)
                sum[i] += gradient * load(x + t->offsets[s + i]);
        }
    }
    UNROLL
    for (int i = 0; i < taps; i++)
        store(t->sums + (s + i) * width + c, sum[i]);
}

static void depthwise_sums(const conv_sums *t)
{
    int64_t width = (t->outputs + LANES - 1) / LANES * LANES;
    for (int64_t c = 0; c < t->outputs; c += LANES)
        for (int64_t s = 0, count; s < t->segments; s += count) {
            count = even_piece(t->segments - s, DEPTH_TAPS);
            switch (count) {
#define TILE(n)                                                                                                        \
    case n:                                                                                                            \
        depthwise_sums_tile(n, t, s, c, width);                                                                        \
        break;
                TILE(1)
                TILE(2)
                TILE(3)
                TILE(4)
                TILE(5)
                TILE(6)
                TILE(7)
                TILE(8)
                TILE(9)
#undef TILE
            }
        }
}

/* ---- transposing ---- */

#if defined(__AVX512F__)
#define LOWER  0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGHER 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__AVX2__)
#define LOWER  0, 8, 1, 9, 2, 10, 3, 11
#define HIGHER 4, 12, 5, 13, 6, 14, 7, 15
#else
#define LOWER  0, 4, 1, 5
#define HIGHER 2, 6, 3, 7
#endif

/* A square of LANES rows. Shuffling its two halves like cards turns the number of a place, row and column in binary,
 * by one digit; after half of the digits rows have become columns. */
INLINE void turn_square(vector square[LANES])
{
    vector shuffled[LANES];
    UNROLL
    for (int done = 1; done < LANES; done *= 2) {
        UNROLL
        for (int i = 0; i < LANES / 2; i++) {
            shuffled[2 * i] = __builtin_shufflevector(square[i], square[i + LANES / 2], LOWER);
            shuffled[2 * i + 1] = __builtin_shufflevector(square[i], square[i + LANES / 2], HIGHER);
        }
        UNROLL
        for (int i = 0; i < LANES; i++)
            square[i] = shuffled[i];
    }
}

/* Rows from `first` on, a number at a time. */
static void turn_numbers(const conv_turn *t, int64_t first)
{
    for (int64_t r = first; r < t->rows; r++) {
        const float *from = t->from + r * t->from_row;
        for (int64_t c = 0; c < t->columns; c += t->line) {
            float *to = t->to + c / t->line * t->to_line + r;
            int64_t count = least(t->line, t->columns - c);
            for (int64_t i = 0; i < count; i++)
                to[i * t->to_column] = from[c + i];
        }
    }
}

/* Columns are fewer than lanes, and what follows them in a row is read in vain: for all rows but the last. */
static int64_t turn_narrow(const conv_turn *t)
{
    int64_t r = 0;
    for (; (r + LANES - 1) * t->from_row + LANES <= (t->rows - 1) * t->from_row + t->columns; r += LANES) {
        vector square[LANES];
        UNROLL
        for (int i = 0; i < LANES; i++)
            square[i] = load(t->from + (r + i) * t->from_row);
        turn_square(square);
        for (int64_t c = 0; c < t->columns; c++)
            store(t->to + c / t->line * t->to_line + c % t->line * t->to_column + r, square[c]);
    }
    return r;
}

/* The last squares of a side lie over those before. */
static void turn(const conv_turn *t)
{
    if (t->rows < LANES || t->columns < LANES) {
        turn_numbers(t, t->columns < LANES ? turn_narrow(t) : 0);
        return;
    }
    for (int64_t c = 0; c < t->columns; c += LANES) {
        int64_t column = least(c, t->columns - LANES), left = column % t->line;
        float *to = t->to + column / t->line * t->to_line + left * t->to_column;
        for (int64_t r = 0; r < t->rows; r += LANES) {
            int64_t row = least(r, t->rows - LANES), place = left;
            const float *from = t->from + row * t->from_row + column;
            float *at = to + row;
            vector square[LANES];
            UNROLL
            for (int i = 0; i < LANES; i++)
                square[i] = load(from + i * t->from_row);
            turn_square(square);
            UNROLL
            for (int i = 0; i < LANES; i++) {
                store(at, square[i]);
                at += t->to_column;
                if (++place == t->line) {
                    place = 0;
                    at += t->to_line - t->line * t->to_column;
                }
            }
        }
    }
}

const conv_tiles DG_ISA_NAME(conv_tile_table) = {
    .lanes = LANES,
    .panel = 2 * LANES,
    .line = line,
    .sums = sums,
    .depthwise_line = depthwise_line,
    .depthwise_sums = depthwise_sums,
    .turn = turn,
};
