/* Direct convolution: the weight's gradient. Row blocks of images are shared out to a few parts, by shape alone; each
 * part sums, for one panel of channels of g, into partial results of its own, which are added in order. */
#include "direct.h"

#include <string.h>

#include "ops/shared/chunks.h"
#include "scratch.h"

/* Scratch of a block, of any machine: blocks make the parts, and so the order of sums. */
enum { TASKS = 16, PARTIAL_FLOATS = 1 << 20, BLOCK_FLOATS = 128 * 1024 };

typedef struct summing {
    conv_shape s;
    const conv_tiles *tiles;
    bool depthwise;
    images x, y;
    int64_t depth; /* numbers of a window: taps, times channels unless depthwise */
    int64_t width; /* channels of g, padded */
    int64_t panel, panels, pitch;
    int64_t rows, blocks; /* of y in a block, blocks in an image */
    int64_t parts, x_floats, g_floats, offsets;
    int64_t partial_floats;
    float *partial; /* [parts, panels, depth, panel] */
    const float *from_x, *from_g;
    float *dw;
    scratch scratch;
} summing;

/* The window of x that rows begin … end − 1 of y come from. */
static window window_of(const summing *k, int64_t begin, int64_t end)
{
    const conv_shape *s = &k->s;
    int64_t row = begin * s->stride[1] - s->pad[1], column = -s->pad[2];
    return (window){.row_begin = row,
                    .row_end = row + (end - begin - 1) * s->stride[1] + (s->kernel[1] - 1) * s->dilation[1] + 1,
                    .column_begin = column,
                    .column_end = column + (s->out[2] - 1) * s->stride[2] + (s->kernel[2] - 1) * s->dilation[2] + 1,
                    .channels = k->x.channels,
                    .pitch = k->pitch};
}

static window gradient_of(const summing *k, int64_t first, int64_t begin, int64_t end)
{
    int64_t width = k->depthwise ? k->width : conv_panel_width(k->tiles, k->y.channels, first);
    return (window){.row_begin = begin,
                    .row_end = end,
                    .column_end = k->y.columns,
                    .channel = first,
                    .channels = fewer(k->y.channels - first, width),
                    .pitch = width};
}

static summing summing_make(const conv_shape *shape, void *workspace, const dg_threads *threads)
{
    conv_shape upright = conv_upright(shape), *s = &upright;
    summing k = {.s = upright, .tiles = conv_tile_table(), .depthwise = is_depthwise_shape(s)};
    k.x = images_of(s->groups * s->in_channels, s->in[1], s->in[2], s->x_channels_last);
    k.y = images_of(s->groups * s->out_channels, s->out[1], s->out[2], s->y_channels_last);
    k.offsets = s->kernel[1] * s->kernel[2];
    k.depth = k.offsets * (k.depthwise ? 1 : k.x.channels);
    k.width = conv_padded(k.tiles, k.y.channels);
    k.panel = k.depthwise ? k.width : conv_panel_width(k.tiles, k.y.channels, 0);
    k.panels = (k.y.channels + k.panel - 1) / k.panel;
    k.pitch = k.depthwise ? k.width : k.x.channels;
    window whole = window_of(&k, 0, k.y.rows);
    double row_flops = 2 * (double)k.depth * (double)k.panel * (double)k.y.columns;
    pieces cut = cut_pieces(s->batch, k.y.rows, k.depthwise ? 4 * row_flops : row_flops,
                            window_floats(&whole) / k.y.rows + k.y.columns * k.panel, BLOCK_FLOATS);
    k.rows = cut.rows;
    k.blocks = cut.blocks;
    int64_t weights = k.depth * k.width, enough = (int64_t)(row_flops * (double)(k.y.rows * s->batch) / PIECE_FLOPS);
    k.parts = fewer((TASKS + k.panels - 1) / k.panels, PARTIAL_FLOATS / weights);
    k.parts = more(fewer(fewer(k.parts, enough), s->batch * k.blocks), 1);
    window x = window_of(&k, 0, k.rows), g = gradient_of(&k, 0, 0, k.rows);
    k.x_floats = (window_floats(&x) + 15) / 16 * 16;
    k.g_floats = window_floats(&g);
    k.partial_floats = (k.parts * k.panels * k.depth * k.panel + 15) / 16 * 16;
    k.partial = workspace;
    k.scratch = scratch_make(workspace ? k.partial + k.partial_floats : NULL, k.parts * k.panels,
                             k.x_floats + k.g_floats, k.offsets, threads);
    return k;
}

/* What a unit reads for the panel that begins at channel `first` of g. */
typedef struct unit_windows {
    int64_t image, rows;
    window x, g;
} unit_windows;

static unit_windows windows_of(const summing *k, int64_t unit, int64_t first)
{
    int64_t begin = unit % k->blocks * k->rows, end = fewer(begin + k->rows, k->y.rows);
    return (unit_windows){unit / k->blocks, end - begin, window_of(k, begin, end), gradient_of(k, first, begin, end)};
}

static void sum_block(const summing *k, int64_t unit, int64_t first, conv_ahead *ahead, float *to, float *buffer,
                      int64_t *offsets)
{
    const conv_shape *s = &k->s;
    unit_windows u = windows_of(k, unit, first);
    pixels x = pixels_of(k->tiles, &k->x, k->from_x, u.image, &u.x, buffer);
    pixels g = pixels_of(k->tiles, &k->y, k->from_g, u.image, &u.g, buffer + k->x_floats);
    conv_sums sums = {.rows = u.rows,
                      .pixels = k->y.columns,
                      .outputs = u.g.channels,
                      .offsets = offsets,
                      .x = x.data,
                      .x_row = s->stride[1] * x.row,
                      .x_pixel = s->stride[2] * x.pixel,
                      .g = g.data,
                      .g_row = g.row,
                      .g_pixel = g.pixel,
                      .sums = to,
                      .ahead = ahead};
    if (sums.pixels < 4 && sums.rows > sums.pixels) /* lines down the image are longer than those across it */
        sums = (conv_sums){.rows = sums.pixels,
                           .pixels = sums.rows,
                           .outputs = sums.outputs,
                           .offsets = offsets,
                           .x = x.data,
                           .x_row = sums.x_pixel,
                           .x_pixel = sums.x_row,
                           .g = g.data,
                           .g_row = g.pixel,
                           .g_pixel = g.row,
                           .sums = to,
                           .ahead = ahead};
    sums.segments =
        segments_of(s->kernel + 1, s->dilation + 1, k->depthwise ? 0 : k->x.channels, &x, offsets, &sums.length);
    if (k->depthwise)
        k->tiles->depthwise_sums(&sums);
    else
        k->tiles->sums(&sums);
}

static void sum_part(void *argument, int64_t task)
{
    const summing *k = argument;
    int64_t part = task / k->panels, panel = task % k->panels, units = k->s.batch * k->blocks;
    float *to = k->partial + task * k->depth * k->panel;
    memset(to, 0, (size_t)(k->depth * k->panel) * sizeof *to);
    int64_t *offsets;
    float *buffer = scratch_take(&k->scratch, k->offsets, &offsets);
    int64_t end = units * (part + 1) / k->parts;
    for (int64_t unit = units * part / k->parts; unit < end; unit++) {
        conv_ahead ahead[2] = {{0}};
        if (unit + 1 < end && images_lie_far(k->s.batch, &k->x, &k->y) && conv_fetch_pays(k->depth, k->panel) &&
            !k->depthwise) {
            unit_windows next = windows_of(k, unit + 1, panel * k->panel);
            ahead[0] = ahead_of(&k->x, k->from_x, next.image, &next.x);
            ahead[1] = ahead_of(&k->y, k->from_g, next.image, &next.g);
        }
        sum_block(k, unit, panel * k->panel, ahead, to, buffer, offsets);
    }
    scratch_return(&k->scratch, buffer, k->offsets);
}

/* The parts' sums, added in order, for row `from` of a panel; `to` has room for the panel's width. */
static void add_parts(const summing *k, const float *from, int64_t width, float *to)
{
    int64_t part = k->panels * k->depth * k->panel;
    if (to != from)
        memcpy(to, from, (size_t)width * sizeof *to);
    for (int64_t p = 1; p < k->parts; p++)
        for (int64_t o = 0; o < width; o++)
            to[o] += from[p * part + o];
}

/* dw[o][c][tap] of all o of a panel, for the pairs of c and tap from `begin` on. */
static void finish_rows(const summing *k, int64_t panel, int64_t begin, int64_t end)
{
    enum { ROWS = 64, WIDEST = 32 };
    float rows[ROWS * WIDEST];
    window g = gradient_of(k, panel * k->panel, 0, 0);
    int64_t taps = k->offsets, channels = k->depth / taps;
    const float *sums = k->partial + panel * k->depth * k->panel;
    for (int64_t r = begin; r < end; r += ROWS) {
        int64_t count = fewer(ROWS, end - r);
        for (int64_t i = 0; i < count; i++)
            add_parts(k, sums + ((r + i) % taps * channels + (r + i) / taps) * g.pitch, g.pitch, rows + i * g.pitch);
        k->tiles->turn(&(conv_turn){.rows = count,
                                    .columns = g.channels,
                                    .from = rows,
                                    .from_row = g.pitch,
                                    .to = k->dw + g.channel * k->depth + r,
                                    .line = g.channels,
                                    .to_column = k->depth});
    }
}

static void finish(void *argument, int64_t begin, int64_t end)
{
    const summing *k = argument;
    for (int64_t row = begin, next; row < end; row = next) {
        int64_t panel = row / k->depth;
        next = fewer(end, (panel + 1) * k->depth);
        finish_rows(k, panel, row - panel * k->depth, next - panel * k->depth);
    }
}

/* Of a depthwise convolution: taps begin … end − 1 of all channels. */
static void finish_depthwise(void *argument, int64_t begin, int64_t end)
{
    const summing *k = argument;
    for (int64_t tap = begin; tap < end; tap++) {
        float *sum = k->partial + tap * k->width;
        add_parts(k, sum, k->width, sum);
        for (int64_t c = 0; c < k->y.channels; c++)
            k->dw[c * k->offsets + tap] = sum[c];
    }
}

bool direct_takes_weight_grad(const conv_shape *s)
{
    return direct_takes_output(s);
}

size_t direct_weight_grad_workspace(const conv_shape *s, const dg_threads *threads)
{
    summing k = summing_make(s, NULL, threads);
    return (size_t)k.partial_floats * sizeof(float) + scratch_bytes(&k.scratch);
}

void direct_weight_grad(const conv_shape *s, const float *x, const float *g, float *dw, const dg_kernel *kernel)
{
    summing k = summing_make(s, kernel->workspace, kernel->threads);
    k.from_x = x;
    k.from_g = g;
    k.dw = dw;
    scratch_clear(&k.scratch);
    dg_threads_run(kernel->threads, k.parts * k.panels, sum_part, &k);
    chunks_run(kernel->threads, k.panels * k.depth, CHUNK / k.panel / k.parts, k.depthwise ? finish_depthwise : finish,
               &k);
}
