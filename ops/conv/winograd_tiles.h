/* The transforms of Winograd's minimal filtering F(4×4, 3×3): tiles of 4 by 4 results from 6 by 6 places, with 36
 * multiplications instead of 144. Y = Aᵀ[(G·g·Gᵀ) ∘ (Bᵀ·d·B)]A. (Lavin and Gray, Fast algorithms for convolutional
 * neural networks, 2016.) All take `channels` channels, a multiple of the lanes of conv_tiles, and keep place (i, j) of
 * a transformed tile at (6·i + j)·plane. */
#ifndef OPS_CONV_WINOGRAD_TILES_H
#define OPS_CONV_WINOGRAD_TILES_H

#include <dotgrad/isa.h>
#include <stdint.h>

typedef struct winograd_tiles {
    /* Bᵀ·d·B of the 6 by 6 pixels from `from` on */
    void (*source)(const float *from, int64_t row, int64_t pixel, int64_t channels, float *to, int64_t plane);
    /* G·g·Gᵀ of taps at from + (3·i + j)·tap */
    void (*weights)(const float *from, int64_t tap, int64_t channels, float *to, int64_t plane);
    /* Aᵀ·m·A + bias, to 4 by 4 pixels from `to` on */
    void (*result)(const float *from, int64_t plane, const float *bias, int64_t channels, float *to, int64_t row,
                   int64_t pixel);
} winograd_tiles;
DG_ISA_TABLE(winograd_tiles, winograd_tile_table)

#endif
