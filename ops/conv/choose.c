/* Which way a convolution is computed: directly, or by columns. */
#include "choose.h"

#include "columns.h"
#include "direct.h"
#include "ops/gemm/gemm.h"
#include "ops/gemm/product.h"
#include "ops/shared/chunks.h"
#include "ops/shared/strided.h"
#include "winograd.h"

static int64_t volume(const int64_t dims[3])
{
    return dims[0] * dims[1] * dims[2];
}

/* ---- columns of images that are stored as N H W C: they are transposed whole, in workspace ---- */

typedef struct image_box {
    int64_t batch, channels, places;
} image_box;

static image_box x_box(const conv_shape *s)
{
    return (image_box){s->batch, s->groups * s->in_channels, volume(s->in)};
}

static image_box y_box(const conv_shape *s)
{
    return (image_box){s->batch, s->groups * s->out_channels, volume(s->out)};
}

static size_t copy_bytes(const conv_shape *s, image_box all, bool channels_last)
{
    size_t bytes = (size_t)(all.batch * all.channels * all.places) * dg_dtype_size(s->dtype);
    return channels_last ? (bytes + 63) / 64 * 64 : 0;
}

static void turn_images(const conv_shape *s, image_box i, bool to_channels_last, void *to, const void *from,
                        dg_threads *threads)
{
    int64_t image = i.channels * i.places;
    box b = {.rank = 3, .size = {i.batch, i.channels, i.places}};
    int64_t planes[3] = {image, i.places, 1}, pixels[3] = {image, 1, i.channels};
    for (int d = 0; d < 3; d++) {
        b.to[d] = to_channels_last ? pixels[d] : planes[d];
        b.from[d] = to_channels_last ? planes[d] : pixels[d];
    }
    box_copy(&b, s->dtype, to, from, threads);
}

/* `images` as N C H W: themselves, or a copy at *workspace, which moves on. */
static const void *as_planes(const conv_shape *s, image_box all, bool channels_last, const void *images,
                             char **workspace, dg_threads *threads)
{
    if (!channels_last)
        return images;
    char *copy = *workspace;
    *workspace += copy_bytes(s, all, true);
    turn_images(s, all, false, copy, images, threads);
    return copy;
}

static void run_epilogue(void *argument, int64_t begin, int64_t end)
{
    dg_epilogue_run(argument, begin, end);
}

static void finish(const dg_kernel *kernel, image_box all)
{
    if (kernel->epilogue)
        chunks_run(kernel->threads, all.batch * all.channels * all.places, CHUNK, run_epilogue,
                   (void *)(uintptr_t)kernel);
}

/* Images that a product makes: `planes` is where as N C H W. */
static void *planes_for(const conv_shape *s, image_box all, bool channels_last, void *images, char **workspace)
{
    if (!channels_last)
        return images;
    char *planes = *workspace;
    *workspace += copy_bytes(s, all, true);
    return planes;
}

/* ---- the three products ---- */

size_t conv_output_workspace(const conv_shape *s, const dg_kernel *kernel)
{
    if (winograd_takes(s))
        return winograd_output_workspace(s, kernel->threads);
    if (direct_takes_output(s))
        return direct_output_workspace(s, kernel->threads);
    return columns_output_workspace(s) + copy_bytes(s, x_box(s), s->x_channels_last) +
           copy_bytes(s, y_box(s), s->y_channels_last);
}

dg_status conv_output(const conv_shape *s, const void *x, const void *w, const void *bias, void *y,
                      const dg_kernel *kernel)
{
    if (winograd_takes(s)) {
        winograd_output(s, x, w, bias, y, kernel);
        return dg_ok();
    }
    if (direct_takes_output(s)) {
        direct_output(s, x, w, bias, y, kernel);
        return dg_ok();
    }
    char *workspace = kernel->workspace;
    x = as_planes(s, x_box(s), s->x_channels_last, x, &workspace, kernel->threads);
    void *planes = planes_for(s, y_box(s), s->y_channels_last, y, &workspace);
    columns_output(s, x, w, bias, planes, workspace, kernel->threads);
    if (s->y_channels_last)
        turn_images(s, y_box(s), true, y, planes, kernel->threads);
    finish(kernel, y_box(s));
    return dg_ok();
}

size_t conv_input_grad_workspace(const conv_shape *s, const dg_kernel *kernel)
{
    if (winograd_takes(s))
        return winograd_input_grad_workspace(s, kernel->threads);
    if (direct_takes_input_grad(s))
        return direct_input_grad_workspace(s, kernel->threads);
    return columns_input_grad_workspace(s) + copy_bytes(s, y_box(s), s->y_channels_last) +
           copy_bytes(s, x_box(s), s->x_channels_last);
}

dg_status conv_input_grad(const conv_shape *s, const void *g, const void *w, const void *bias, void *dx,
                          const dg_kernel *kernel)
{
    if (winograd_takes(s)) {
        winograd_input_grad(s, g, w, bias, dx, kernel);
        return dg_ok();
    }
    if (direct_takes_input_grad(s)) {
        direct_input_grad(s, g, w, bias, dx, kernel);
        return dg_ok();
    }
    char *workspace = kernel->workspace;
    g = as_planes(s, y_box(s), s->y_channels_last, g, &workspace, kernel->threads);
    void *planes = planes_for(s, x_box(s), s->x_channels_last, dx, &workspace);
    columns_input_grad(s, g, w, bias, planes, workspace, kernel->threads);
    if (s->x_channels_last)
        turn_images(s, x_box(s), true, dx, planes, kernel->threads);
    finish(kernel, x_box(s));
    return dg_ok();
}

/* Where windows are single pixels, dw [out, in] = gᵀ·x over the pixels of all images, of which the channels lie
 * together. It is faster than the direct kernel where there are many channels, and sums so many pixels in one row; with
 * vectors of 64 bytes, where one of them is many, and for any number of pixels. */
static bool is_product_of_pixels(const conv_shape *s)
{
    enum { SOME_CHANNELS = 64, MANY_CHANNELS = 128, MOST_PIXELS = 8192 };
    for (int d = 0; d < 3; d++)
        if (s->kernel[d] != 1 || s->stride[d] != 1 || s->in[d] != s->out[d])
            return false;
    if (s->groups != 1 || !s->x_channels_last || !s->y_channels_last)
        return false;
    const bool wide = gemm_for(s->dtype)->lanes * (int)dg_dtype_size(s->dtype) == 64;
    const bool in_is_less = s->in_channels < s->out_channels;
    int64_t less = in_is_less ? s->in_channels : s->out_channels, more = in_is_less ? s->out_channels : s->in_channels;
    return wide ? less >= SOME_CHANNELS && more >= MANY_CHANNELS
                : less >= MANY_CHANNELS && s->batch * volume(s->out) <= MOST_PIXELS;
}

static product product_of_pixels(const conv_shape *s, const void *x, const void *g, void *dw)
{
    return (product){.dtype = s->dtype,
                     .m = s->out_channels,
                     .n = s->in_channels,
                     .k = s->batch * volume(s->out),
                     .transpose_a = true,
                     .a = g,
                     .b = x,
                     .c = dw};
}

size_t conv_weight_grad_workspace(const conv_shape *s, const dg_kernel *kernel)
{
    if (is_product_of_pixels(s)) {
        product p = product_of_pixels(s, NULL, NULL, NULL);
        return product_workspace(&p);
    }
    if (direct_takes_weight_grad(s))
        return direct_weight_grad_workspace(s, kernel->threads);
    return columns_weight_grad_workspace(s) + copy_bytes(s, x_box(s), s->x_channels_last) +
           copy_bytes(s, y_box(s), s->y_channels_last);
}

dg_status conv_weight_grad(const conv_shape *s, const void *x, const void *g, void *dw, const dg_kernel *kernel)
{
    if (is_product_of_pixels(s)) {
        product p = product_of_pixels(s, x, g, dw);
        return product_run(&p, kernel);
    }
    if (direct_takes_weight_grad(s)) {
        direct_weight_grad(s, x, g, dw, kernel);
        return dg_ok();
    }
    char *workspace = kernel->workspace;
    x = as_planes(s, x_box(s), s->x_channels_last, x, &workspace, kernel->threads);
    g = as_planes(s, y_box(s), s->y_channels_last, g, &workspace, kernel->threads);
    columns_weight_grad(s, x, g, dw, workspace, kernel->threads);
    return dg_ok();
}
