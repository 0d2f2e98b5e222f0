/* What convolution, pooling, unfold and fold share: windows that slide over up to three spatial dimensions. Sizes are
 * kept for three dimensions, those that are missing in front with neutral values. */
#ifndef OPS_WINDOW_H
#define OPS_WINDOW_H

#include <dotgrad/op.h>

typedef enum padding_mode { PADDING_ZEROS, PADDING_REFLECT, PADDING_REPLICATE, PADDING_CIRCULAR } padding_mode;

#define PADDING_MODES "reflect|replicate|circular"

/* "reflect", "replicate", "circular"; all else is zeros (or another constant). */
padding_mode padding_mode_from(const dg_value *value);

/* The place of a line of `size` that place p of the padded line shows, p = 0 being the line's first: −1 for none. */
static inline int64_t padded_place(padding_mode mode, int64_t p, int64_t size)
{
    if (p >= 0 && p < size)
        return p;
    switch (mode) {
    case PADDING_REFLECT:
        p = p < 0 ? -p : 2 * (size - 1) - p;
        return p >= 0 && p < size ? p : -1;
    case PADDING_REPLICATE:
        return p < 0 && size > 0 ? 0 : size - 1;
    case PADDING_CIRCULAR:
        return size > 0 ? (p % size + size) % size : -1;
    case PADDING_ZEROS:
        break;
    }
    return -1;
}

/* Whether a line of `size` (when that is a number) can be padded so; `dim` is for the message. */
dg_status padding_fits(padding_mode mode, int64_t before, int64_t after, int64_t size, int dim);

/* An attribute with one size for all `rank` dimensions, or a list of as many, each at least `least`; absent: `neutral`,
 * which the dimensions in front always have. */
dg_status spatial_sizes(const dg_value *value, const char *name, int rank, int64_t least, int64_t neutral,
                        int64_t sizes[3]);

/* The last `rank` sizes of a shape, with 1 in front. */
void spatial_dims(const dg_shape *shape, int rank, int64_t dims[3]);

/* Input k must be a batch [N, C, sizes] or one image [C, sizes]. */
dg_status want_image(const dg_infer *infer, int k, int rank);

/* How many windows of `kernel` places, `dilation` apart, fit into `size` places with `padding` more of both ends
 * together, when they are moved by `stride`: a symbol or DG_UNKNOWN where it cannot be known, 0 when none fits. */
int64_t window_count(int64_t size, int64_t kernel, int64_t stride, int64_t dilation, int64_t padding);

/* The message for a dimension in which no window fits. */
dg_status no_window_fits(const dg_infer *infer, int k, int64_t padding, int64_t extent);

#endif
