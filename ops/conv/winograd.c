/* The 36 places of transformed tiles are 36 products of matrices, [tiles, channels] by [channels, results]. The input's
 * gradient is the same with the kernel turned around. */
#include "winograd.h"

#include <string.h>

#include "direct.h"
#include "ops/shared/chunks.h"
#include "scratch.h"
#include "winograd_tiles.h"

enum { PLACES = 36, SIDE = 4 };

typedef struct winograd {
    const conv_tiles *tiles;
    const winograd_tiles *transforms;
    const dg_kernel *kernel;
    images from, to;
    bool reverse;
    int64_t batch, pad[2];
    int64_t across;               /* tiles in a row */
    int64_t pitch, panel, panels; /* channels of the source, padded; of results in a panel at most */
    pieces cut;                   /* into rows of tiles */
    int64_t source_floats, tile_floats, product_floats, result_floats, weight_floats;
    float *weights; /* [panels, PLACES, channels of the source, panel] */
    float *bias, *zeros;
    const float *w, *source, *bias_from;
    float *result;
    scratch scratch;
} winograd;

static int64_t round_up(int64_t count, int64_t unit)
{
    return (count + unit - 1) / unit * unit;
}

/* What the tiles in rows begin … end − 1 read. */
static window window_of(const winograd *k, int64_t begin, int64_t end)
{
    return (window){.row_begin = SIDE * begin - k->pad[0],
                    .row_end = SIDE * end - k->pad[0] + 2,
                    .column_begin = -k->pad[1],
                    .column_end = SIDE * k->across - k->pad[1] + 2,
                    .channels = k->from.channels,
                    .pitch = k->pitch};
}

static winograd winograd_make(const conv_shape *s, bool reverse, void *workspace, const dg_threads *threads)
{
    winograd k = {.tiles = conv_tile_table(), .transforms = winograd_tile_table(), .reverse = reverse};
    images x = images_of(s->in_channels, s->in[1], s->in[2], s->x_channels_last);
    images y = images_of(s->out_channels, s->out[1], s->out[2], s->y_channels_last);
    k.from = reverse ? y : x;
    k.to = reverse ? x : y;
    k.batch = s->batch;
    for (int d = 0; d < 2; d++)
        k.pad[d] = reverse ? 2 - s->pad[d + 1] : s->pad[d + 1];
    int64_t down = (k.to.rows + SIDE - 1) / SIDE;
    k.across = (k.to.columns + SIDE - 1) / SIDE;
    k.pitch = conv_padded(k.tiles, k.from.channels);
    k.panel = conv_panel_width(k.tiles, k.to.channels, 0);
    k.panels = (k.to.channels + k.panel - 1) / k.panel;
    double row_flops = 2 * PLACES * (double)(k.across * k.pitch * k.panel * k.panels);
    k.cut = cut_pieces(k.batch, down, row_flops, PLACES * k.across * (k.pitch + k.panel), cache_floats());
    window w = window_of(&k, 0, k.cut.rows);
    k.source_floats = round_up(window_floats(&w), 16);
    k.tile_floats = PLACES * k.cut.rows * k.across * k.pitch;
    k.product_floats = PLACES * k.cut.rows * k.across * k.panel;
    k.result_floats = SIDE * SIDE * k.cut.rows * k.across * k.panel;
    k.weight_floats = round_up(k.panels * PLACES * k.from.channels * k.panel, 16);
    k.weights = workspace;
    int64_t width = round_up(k.panels * k.panel, 16);
    k.bias = workspace ? k.weights + k.weight_floats : NULL;
    k.zeros = workspace ? k.bias + width : NULL;
    int64_t floats = k.source_floats + k.tile_floats + k.product_floats + k.result_floats;
    k.scratch = scratch_make(workspace ? k.zeros + width : NULL, k.cut.count, floats, 0, threads);
    return k;
}

static size_t winograd_workspace(const conv_shape *s, bool reverse, const dg_threads *threads)
{
    winograd k = winograd_make(s, reverse, NULL, threads);
    int64_t floats = k.weight_floats + 2 * round_up(k.panels * k.panel, 16);
    return (size_t)floats * sizeof(float) + scratch_bytes(&k.scratch);
}

/* ---- weights ---- */

static void transform_panels(void *argument, int64_t begin, int64_t end)
{
    enum { WIDEST = 32 };
    const winograd *k = argument;
    int64_t inner = k->from.channels, plane = inner * k->panel;
    int64_t inner_step = k->reverse ? k->to.channels * 9 : 9, result_step = k->reverse ? 9 : inner * 9;
    for (int64_t i = begin; i < end; i++) {
        int64_t first = i / inner * k->panel, c = i % inner, outputs = fewer(k->to.channels - first, k->panel);
        float taps[9 * WIDEST] = {0};
        for (int64_t o = 0; o < outputs; o++)
            for (int t = 0; t < 9; t++)
                taps[t * k->panel + o] = k->w[(first + o) * result_step + c * inner_step + (k->reverse ? 8 - t : t)];
        k->transforms->weights(taps, k->panel, k->panel, k->weights + i / inner * PLACES * plane + c * k->panel, plane);
    }
}

static void pack(winograd *k)
{
    int64_t width = round_up(k->panels * k->panel, 16);
    memset(k->bias, 0, (size_t)(2 * width) * sizeof *k->bias);
    if (k->bias_from)
        memcpy(k->bias, k->bias_from, (size_t)k->to.channels * sizeof *k->bias);
    chunks_run(k->kernel->threads, k->panels * k->from.channels, CHUNK / (PLACES * k->panel), transform_panels, k);
}

/* ---- a piece ---- */

typedef struct block {
    int64_t image, begin, end; /* rows of tiles */
    int64_t tiles;
    float *source, *transformed, *product, *result;
} block;

static void transform_source(const winograd *k, const block *b)
{
    window w = window_of(k, b->begin, b->end);
    pixels p = pixels_of(k->tiles, &k->from, k->source, b->image, &w, b->source);
    for (int64_t t = 0; t < b->tiles; t++)
        k->transforms->source(p.data + SIDE * (t / k->across * p.row + t % k->across * p.pixel), p.row, p.pixel,
                              k->pitch, b->transformed + t * k->pitch, b->tiles * k->pitch);
}

static void multiply(const winograd *k, const block *b, int64_t panel)
{
    const int64_t no_offset = 0, channels = k->from.channels;
    for (int64_t place = 0; place < PLACES; place++)
        k->tiles->line(&(conv_line){.pixels = b->tiles,
                                    .outputs = k->panel,
                                    .segments = 1,
                                    .length = channels,
                                    .offsets = &no_offset,
                                    .x = b->transformed + place * b->tiles * k->pitch,
                                    .x_pixel = k->pitch,
                                    .weights = k->weights + (panel * PLACES + place) * channels * k->panel,
                                    .bias = k->zeros,
                                    .y = b->product + place * b->tiles * k->panel,
                                    .y_pixel = k->panel});
}

/* A panel of results from tiles to the pixels that there are. */
static void transform_result(const winograd *k, const block *b, int64_t panel)
{
    int64_t pixel = k->panel, row = SIDE * k->across * pixel, first = panel * k->panel;
    for (int64_t t = 0; t < b->tiles; t++)
        k->transforms->result(b->product + t * k->panel, b->tiles * k->panel, k->bias + first, k->panel,
                              b->result + SIDE * (t / k->across * row + t % k->across * pixel), row, pixel);
    int64_t outputs = fewer(k->to.channels - first, k->panel), plane = k->to.rows * k->to.columns;
    for (int64_t r = SIDE * b->begin; r < fewer(SIDE * b->end, k->to.rows); r++) {
        const float *from = b->result + (r - SIDE * b->begin) * row;
        int64_t at = images_at(&k->to, b->image, first, r);
        if (!k->to.channels_last) {
            k->tiles->turn(&(conv_turn){k->to.columns, outputs, from, pixel, k->result + at, outputs, 0, plane});
            continue;
        }
        for (int64_t c = 0; c < k->to.columns; c++)
            memcpy(k->result + at + c * k->to.channels, from + c * pixel, (size_t)outputs * sizeof *from);
    }
}

static void run_epilogue(const winograd *k, const block *b)
{
    int64_t begin = SIDE * b->begin, end = fewer(SIDE * b->end, k->to.rows);
    if (k->to.channels_last)
        dg_epilogue_run(k->kernel, images_at(&k->to, b->image, 0, begin), images_at(&k->to, b->image, 0, end));
    for (int64_t c = 0; !k->to.channels_last && c < k->to.channels; c++)
        dg_epilogue_run(k->kernel, images_at(&k->to, b->image, c, begin), images_at(&k->to, b->image, c, end));
}

static void winograd_piece(void *argument, int64_t piece)
{
    const winograd *k = argument;
    int64_t image = piece / k->cut.blocks * k->cut.images, row = piece % k->cut.blocks * k->cut.rows, *offsets;
    int64_t down = (k->to.rows + SIDE - 1) / SIDE;
    block b = {.begin = row, .end = fewer(row + k->cut.rows, down)};
    b.tiles = (b.end - b.begin) * k->across;
    b.source = scratch_take(&k->scratch, 0, &offsets);
    b.transformed = b.source + k->source_floats;
    b.product = b.transformed + k->tile_floats;
    b.result = b.product + k->product_floats;
    for (b.image = image; b.image < fewer(image + k->cut.images, k->batch); b.image++) {
        transform_source(k, &b);
        for (int64_t panel = 0; panel < k->panels; panel++) {
            multiply(k, &b, panel);
            transform_result(k, &b, panel);
        }
        run_epilogue(k, &b);
    }
    scratch_return(&k->scratch, b.source, 0);
}

static void winograd_run(winograd *k)
{
    pack(k);
    scratch_clear(&k->scratch);
    dg_threads_run(k->kernel->threads, k->cut.count, winograd_piece, k);
}

/* ---- both products ---- */

bool winograd_takes(const conv_shape *s)
{
    return s->winograd && direct_takes_output(s);
}

size_t winograd_output_workspace(const conv_shape *s, const dg_threads *threads)
{
    return winograd_workspace(s, false, threads);
}

size_t winograd_input_grad_workspace(const conv_shape *s, const dg_threads *threads)
{
    return winograd_workspace(s, true, threads);
}

static void convolve(const conv_shape *s, bool transposed, const float *source, const float *w, const float *bias,
                     float *result, const dg_kernel *kernel)
{
    winograd k = winograd_make(s, transposed, kernel->workspace, kernel->threads);
    k.kernel = kernel;
    k.source = source;
    k.w = w;
    k.bias_from = bias;
    k.result = result;
    winograd_run(&k);
}

void winograd_output(const conv_shape *s, const float *x, const float *w, const float *bias, float *y,
                     const dg_kernel *kernel)
{
    convolve(s, false, x, w, bias, y, kernel);
}

void winograd_input_grad(const conv_shape *s, const float *g, const float *w, const float *bias, float *dx,
                         const dg_kernel *kernel)
{
    convolve(s, true, g, w, bias, dx, kernel);
}
