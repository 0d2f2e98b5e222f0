#include "winograd_tiles.h"

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

typedef float vector __attribute__((vector_size(LANES * sizeof(float))));
typedef float loose_vector __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

INLINE vector load(const float *from)
{
    return *(const loose_vector *)from;
}

INLINE void store(float *to, vector v)
{
    *(loose_vector *)to = v;
}

/* Bᵀ·d, of six vectors that are `step` apart. */
INLINE void source_line(vector *d, int step)
{
    vector d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    vector even = d4 - 4 * d2, odd = d3 - 4 * d1, near = d4 - d2, far = 2 * (d3 - d1);
    d[0] = 4 * d0 - 5 * d2 + d4;
    d[step] = even + odd;
    d[2 * step] = even - odd;
    d[3 * step] = near + far;
    d[4 * step] = near - far;
    d[5 * step] = 4 * d1 - 5 * d3 + d5;
}

static void source(const float *from, int64_t row, int64_t pixel, int64_t channels, float *to, int64_t plane)
{
    for (int64_t c = 0; c < channels; c += LANES) {
        vector d[36];
        for (int i = 0; i < 6; i++) {
            for (int j = 0; j < 6; j++)
                d[6 * i + j] = load(from + i * row + j * pixel + c);
            source_line(d + 6 * i, 1);
        }
        for (int j = 0; j < 6; j++)
            source_line(d + j, 6);
        for (int k = 0; k < 36; k++)
            store(to + k * plane + c, d[k]);
    }
}

/* G·g: three vectors that are `step` apart to six that are `to_step` apart. */
INLINE void weights_line(const vector *g, int step, vector *to, int to_step)
{
    vector g0 = g[0], g1 = g[step], g2 = g[2 * step];
    vector sum = (g0 + g2) * (-1.0f / 6), wide = g0 * (1.0f / 24) + g2 * (1.0f / 6);
    to[0] = g0 * 0.25f;
    to[to_step] = sum - g1 * (1.0f / 6);
    to[2 * to_step] = sum + g1 * (1.0f / 6);
    to[3 * to_step] = wide + g1 * (1.0f / 12);
    to[4 * to_step] = wide - g1 * (1.0f / 12);
    to[5 * to_step] = g2;
}

static void weights(const float *from, int64_t tap, int64_t channels, float *to, int64_t plane)
{
    for (int64_t c = 0; c < channels; c += LANES) {
        vector g[9], half[18], whole[36];
        for (int k = 0; k < 9; k++)
            g[k] = load(from + k * tap + c);
        for (int j = 0; j < 3; j++)
            weights_line(g + j, 3, half + j, 3);
        for (int i = 0; i < 6; i++)
            weights_line(half + 3 * i, 1, whole + 6 * i, 1);
        for (int k = 0; k < 36; k++)
            store(to + k * plane + c, whole[k]);
    }
}

/* Aᵀ·m: six vectors that are `step` apart to four that are `to_step` apart. */
INLINE void result_line(const vector *m, int step, vector *to, int to_step)
{
    vector sum = m[step] + m[2 * step], difference = m[step] - m[2 * step];
    vector far_sum = m[3 * step] + m[4 * step], far_difference = m[3 * step] - m[4 * step];
    to[0] = m[0] + sum + far_sum;
    to[to_step] = difference + 2 * far_difference;
    to[2 * to_step] = sum + 4 * far_sum;
    to[3 * to_step] = difference + 8 * far_difference + m[5 * step];
}

static void result(const float *from, int64_t plane, const float *bias, int64_t channels, float *to, int64_t row,
                   int64_t pixel)
{
    for (int64_t c = 0; c < channels; c += LANES) {
        vector half[24], whole[16], b = load(bias + c);
        for (int i = 0; i < 6; i++) {
            vector m[6];
            for (int j = 0; j < 6; j++)
                m[j] = load(from + (6 * i + j) * plane + c);
            result_line(m, 1, half + 4 * i, 1);
        }
        for (int j = 0; j < 4; j++)
            result_line(half + j, 4, whole + j, 4);
        for (int k = 0; k < 16; k++)
            store(to + k / 4 * row + k % 4 * pixel + c, whole[k] + b);
    }
}

const winograd_tiles DG_ISA_NAME(winograd_tile_table) = {.source = source, .weights = weights, .result = result};
