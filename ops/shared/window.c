/* Sizes of sliding windows, and the attributes that give them. */
#include "window.h"

#include <string.h>

padding_mode padding_mode_from(const dg_value *value)
{
    static const char *const names[] = {"", "reflect", "replicate", "circular"};
    bool named = value->kind == DG_VALUE_NAME || value->kind == DG_VALUE_STRING;
    for (int k = 1; named && k < 4; k++)
        if (strcmp(value->s, names[k]) == 0)
            return (padding_mode)k;
    return PADDING_ZEROS;
}

dg_status padding_fits(padding_mode mode, int64_t before, int64_t after, int64_t size, int dim)
{
    if (mode == PADDING_ZEROS || size < 0)
        return dg_ok();
    int64_t most = before > after ? before : after;
    if (mode == PADDING_REFLECT && most > 0 && most >= size)
        return dg_error(DG_BAD_SHAPE,
                        "reflect padding of %lld needs dimension %d to be larger than it, which has size %lld",
                        (long long)most, dim, (long long)size);
    if (mode == PADDING_CIRCULAR && most > size)
        return dg_error(DG_BAD_SHAPE, "circular padding of %lld is larger than dimension %d, which has size %lld",
                        (long long)most, dim, (long long)size);
    if (mode == PADDING_REPLICATE && most > 0 && size == 0)
        return dg_error(DG_BAD_SHAPE, "dimension %d of size 0 has nothing to replicate", dim);
    return dg_ok();
}

dg_status spatial_sizes(const dg_value *value, const char *name, int rank, int64_t least, int64_t neutral,
                        int64_t sizes[3])
{
    for (int d = 0; d < 3; d++)
        sizes[d] = neutral;
    if (value->kind != DG_VALUE_LIST)
        return dg_ok();
    bool rest = false; /* {3, 5} in C leaves a third size of 0 */
    for (size_t d = (size_t)rank; d < value->count; d++)
        rest = rest || d > 2 || value->items[d].i != 0;
    if (value->count != 1 && (value->count < (size_t)rank || rest))
        return dg_error(DG_BAD_ARGUMENT, "%s has %zu size(s), expected 1 or %d", name, value->count, rank);
    for (int d = 0; d < rank; d++) {
        int64_t size = value->items[value->count == 1 ? 0 : d].i;
        if (size < least)
            return dg_error(DG_BAD_ARGUMENT, "%s is %lld, expected at least %lld", name, (long long)size,
                            (long long)least);
        if (size > INT32_MAX)
            return dg_error(DG_BAD_ARGUMENT, "%s is %lld, expected at most %d", name, (long long)size, INT32_MAX);
        sizes[3 - rank + d] = size;
    }
    return dg_ok();
}

void spatial_dims(const dg_shape *shape, int rank, int64_t dims[3])
{
    for (int d = 0; d < 3; d++)
        dims[d] = d < 3 - rank ? 1 : shape->dims[shape->rank - 3 + d];
}

dg_status want_image(const dg_infer *infer, int k, int rank)
{
    static const char *const sizes[] = {"L", "H, W", "D, H, W"};
    const dg_shape *shape = &infer->inputs[k]->shape;
    char text[DG_SHAPE_TEXT];
    if (shape->rank == rank + 1 || shape->rank == rank + 2)
        return dg_ok();
    return dg_error(DG_BAD_SHAPE, "%s is %s, expected [N, C, %s] or [C, %s]", infer->op->inputs[k].name,
                    dg_graph_print_shape(infer->graph, shape, text, sizeof text), sizes[rank - 1], sizes[rank - 1]);
}

int64_t window_count(int64_t size, int64_t kernel, int64_t stride, int64_t dilation, int64_t padding)
{
    if (kernel < 0)
        return DG_UNKNOWN;
    int64_t extent = dilation * (kernel - 1) + 1;
    if (size < 0)
        return stride == 1 && padding == extent - 1 ? size : DG_UNKNOWN;
    return size + padding < extent ? 0 : (size + padding - extent) / stride + 1;
}

dg_status no_window_fits(const dg_infer *infer, int k, int64_t padding, int64_t extent)
{
    char text[DG_SHAPE_TEXT];
    return dg_error(DG_BAD_SHAPE, "%s is %s: a kernel that spans %lld does not fit with a padding of %lld in all",
                    infer->op->inputs[k].name,
                    dg_graph_print_shape(infer->graph, &infer->inputs[k]->shape, text, sizeof text), (long long)extent,
                    (long long)padding);
}
