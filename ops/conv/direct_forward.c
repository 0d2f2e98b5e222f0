/* Direct convolution, forward and the input's gradient. Both are sums over a window that slides over images: for the
 * gradient with the kernel turned around. With a stride s the places of dx that are alike modulo s meet the same taps
 * of the kernel; they are a phase, which is a convolution without stride. */
#include "direct.h"

#include <string.h>

#include "ops/shared/chunks.h"
#include "scratch.h"

/* One dimension of a phase. Result t is at place `first` + t·`step`; its taps, of the kernel tap + k·tap_step, meet the
 * source at `window` + t·`move` + k·`gap`. */
typedef struct phase_line {
    int64_t taps, tap, tap_step;
    int64_t window, move, gap;
    int64_t first, step, count;
} phase_line;

typedef struct slide {
    conv_shape s;
    const conv_tiles *tiles;
    const dg_kernel *kernel;
    bool reverse, depthwise; /* reverse: the input's gradient */
    bool far;                /* images lie in memory, and are asked for ahead */
    images from, to;
    int64_t phases[2];
    int64_t inner;        /* channels that a result sums over */
    int64_t panel, pitch; /* channels of a panel at most; of a source's pixel in scratch */
    int64_t width;        /* all channels of results, padded */
    pieces cut;
    int64_t source_floats, offsets; /* scratch of a piece */
    size_t weight_floats;
    float *weights, *bias; /* packed */
    const float *w, *source, *bias_from;
    float *result;
    scratch scratch;
} slide;

/* ---- geometry ---- */

static phase_line phase_of(const slide *k, int d, int64_t phase)
{
    const conv_shape *s = &k->s;
    int64_t stride = s->stride[d], pad = s->pad[d], gap = s->dilation[d], taps = s->kernel[d];
    if (!k->reverse)
        return (phase_line){taps, 0, 1, -pad, stride, gap, 0, 1, s->out[d]};
    /* Of dx at i the kernel's tap t meets g at (i + pad − t·dilation) / stride. */
    int64_t count = taps > phase ? (taps - phase - 1) / stride + 1 : 0;
    int64_t first = ((phase - pad) % stride + stride) % stride, last_tap = phase + (count - 1) * stride;
    return (phase_line){.taps = count,
                        .tap = last_tap,
                        .tap_step = -stride,
                        .window = (first + pad - phase) / stride - (count - 1) * gap,
                        .move = 1,
                        .gap = gap,
                        .first = first,
                        .step = stride,
                        .count = first < s->in[d] ? (s->in[d] - 1 - first) / stride + 1 : 0};
}

/* Results t of a phase that are at places begin … end − 1. */
static void results_between(const phase_line *p, int64_t begin, int64_t end, int64_t *t_begin, int64_t *t_end)
{
    *t_begin = begin > p->first ? (begin - p->first + p->step - 1) / p->step : 0;
    *t_end = fewer(end > p->first ? (end - p->first + p->step - 1) / p->step : 0, p->count);
}

/* The part of a source line that the results at begin … end − 1 need. */
static void source_between(const slide *k, int d, int64_t begin, int64_t end, int64_t *low, int64_t *high)
{
    bool any = false;
    *low = *high = 0;
    for (int64_t i = 0; i < k->phases[d - 1]; i++) {
        phase_line p = phase_of(k, d, i);
        int64_t t_begin, t_end;
        results_between(&p, begin, end, &t_begin, &t_end);
        if (t_begin >= t_end || p.taps == 0)
            continue;
        int64_t from = p.window + t_begin * p.move, to = p.window + (t_end - 1) * p.move + (p.taps - 1) * p.gap + 1;
        *low = any ? fewer(*low, from) : from;
        *high = any ? more(*high, to) : to;
        any = true;
    }
}

/* Taps of all phases before this one: that many times the channels are the weights that are packed before its own. */
static int64_t taps_before(const slide *k, int64_t row_phase, int64_t column_phase)
{
    int64_t rows = 0, columns = 0;
    for (int64_t i = 0; i < row_phase; i++)
        rows += phase_of(k, 1, i).taps;
    for (int64_t i = 0; i < column_phase; i++)
        columns += phase_of(k, 2, i).taps;
    return rows * k->s.kernel[2] + phase_of(k, 1, row_phase).taps * columns;
}

static int64_t round_up(int64_t count, int64_t unit)
{
    return (count + unit - 1) / unit * unit;
}

/* Results of a row block in scratch, where they are stored by planes. */
static int64_t result_row_floats(const slide *k)
{
    return k->to.channels_last ? 0 : k->to.columns * k->panel;
}

static void cut_slide(slide *k)
{
    int64_t low, high;
    source_between(k, 2, 0, k->to.columns, &low, &high);
    int64_t width = high - low, most_rows = 0;
    source_between(k, 1, 0, k->to.rows, &low, &high);
    int64_t row = (high - low) * width * k->pitch / more(k->to.rows, 1) + result_row_floats(k);
    double flops = 2 * (double)k->s.kernel[1] * (double)k->s.kernel[2] * (double)k->inner * (double)k->to.channels *
                   (double)k->to.columns / (double)(k->phases[0] * k->phases[1]);
    k->cut = cut_pieces(k->s.batch, k->to.rows, k->depthwise ? 4 * flops : flops, row, cache_floats());
    for (int64_t r = 0; r < k->to.rows; r += k->cut.rows) {
        source_between(k, 1, r, fewer(r + k->cut.rows, k->to.rows), &low, &high);
        most_rows = more(most_rows, high - low);
    }
    k->source_floats = round_up(most_rows * width * k->pitch, 16);
}

static slide slide_make(const conv_shape *shape, bool reverse, void *workspace, const dg_threads *threads)
{
    const conv_tiles *tiles = conv_tile_table();
    conv_shape upright = conv_upright(shape), *s = &upright;
    slide k = {.s = upright, .tiles = tiles, .reverse = reverse, .depthwise = is_depthwise_shape(s), .phases = {1, 1}};
    images x = images_of(s->groups * s->in_channels, s->in[1], s->in[2], s->x_channels_last);
    images y = images_of(s->groups * s->out_channels, s->out[1], s->out[2], s->y_channels_last);
    k.from = reverse ? y : x;
    k.to = reverse ? x : y;
    k.far = images_lie_far(s->batch, &x, &y);
    for (int d = 1; reverse && d < 3; d++)
        k.phases[d - 1] = s->stride[d];
    k.inner = k.depthwise ? 1 : k.from.channels;
    k.width = conv_padded(tiles, k.to.channels);
    k.panel = k.depthwise ? k.width : conv_panel_width(tiles, k.to.channels, 0);
    k.pitch = k.depthwise ? k.width : k.from.channels;
    cut_slide(&k);
    k.offsets = s->kernel[1] * s->kernel[2];
    k.weight_floats = (size_t)round_up(k.offsets * k.inner * k.width, 16);
    k.weights = workspace;
    k.bias = workspace ? k.weights + k.weight_floats : NULL;
    char *rest = workspace ? (char *)(k.bias + round_up(k.width, 16)) : NULL;
    k.scratch =
        scratch_make(rest, k.cut.count, k.source_floats + k.cut.rows * result_row_floats(&k), k.offsets, threads);
    return k;
}

static size_t slide_workspace(const conv_shape *s, bool reverse, const dg_threads *threads)
{
    slide k = slide_make(s, reverse, NULL, threads);
    return (k.weight_floats + (size_t)round_up(k.width, 16)) * sizeof(float) + scratch_bytes(&k.scratch);
}

/* ---- weights: by phases, panels, taps, channels summed over, channels of results ---- */

static int64_t panels_of(const slide *k)
{
    return (k->to.channels + k->panel - 1) / k->panel;
}

static int64_t panel_width(const slide *k, int64_t first)
{
    return k->depthwise ? k->width : conv_panel_width(k->tiles, k->to.channels, first);
}

static float *panel_weights(const slide *k, const phase_line p[2], int64_t row_phase, int64_t column_phase,
                            int64_t first)
{
    return k->weights + k->inner * (taps_before(k, row_phase, column_phase) * k->width + p[0].taps * p[1].taps * first);
}

/* All taps, of channels c of the sum: outputs are rows of the weight, w[o][c][tap]. */
static void pack_outputs(const slide *k, int64_t first, int64_t width, int64_t outputs, float *to)
{
    int64_t taps = k->s.kernel[1] * k->s.kernel[2], row = k->inner * taps;
    k->tiles->turn(&(conv_turn){.rows = outputs,
                                .columns = row,
                                .from = k->w + first * row,
                                .from_row = row,
                                .to = to,
                                .line = taps,
                                .to_line = width,
                                .to_column = k->inner * width});
}

/* The taps of a phase, turned around: outputs are channels of the weight's rows, w[c][o][tap]. */
static void pack_turned(const slide *k, const phase_line p[2], int64_t first, int64_t width, int64_t outputs, float *to)
{
    const int64_t *kernel = k->s.kernel;
    int64_t taps = kernel[1] * kernel[2], row = k->s.in_channels * taps, tap_floats = k->inner * width;
    bool whole = p[0].taps * p[1].taps == taps;
    for (int64_t c = 0; c < k->inner; c++, to += width) {
        const float *from = k->w + c * row + first * taps;
        if (whole) { /* the last tap comes first */
            float *last = to + (taps - 1) * tap_floats;
            k->tiles->turn(&(conv_turn){outputs, taps, from, taps, last, taps, 0, -tap_floats});
            continue;
        }
        float *at = to;
        for (int64_t i = 0; i < p[0].taps; i++)
            for (int64_t j = 0; j < p[1].taps; j++, at += tap_floats) {
                const float *tap = from + (p[0].tap + i * p[0].tap_step) * kernel[2] + p[1].tap + j * p[1].tap_step;
                for (int64_t o = 0; o < outputs; o++)
                    at[o] = tap[o * taps];
            }
    }
}

static void pack_panel(const slide *k, const phase_line p[2], int64_t first, float *to)
{
    int64_t width = panel_width(k, first), outputs = fewer(k->to.channels - first, width);
    int64_t rows = p[0].taps * p[1].taps * k->inner;
    for (int64_t r = 0; outputs < width && r < rows; r++)
        memset(to + r * width + outputs, 0, (size_t)(width - outputs) * sizeof *to);
    if (k->reverse)
        pack_turned(k, p, first, width, outputs, to);
    else
        pack_outputs(k, first, width, outputs, to);
}

static void pack_panels(void *argument, int64_t begin, int64_t end)
{
    const slide *k = argument;
    for (int64_t panel = begin; panel < end; panel++)
        for (int64_t r = 0; r < k->phases[0]; r++)
            for (int64_t c = 0; c < k->phases[1]; c++) {
                phase_line p[2] = {phase_of(k, 1, r), phase_of(k, 2, c)};
                pack_panel(k, p, panel * k->panel, panel_weights(k, p, r, c, panel * k->panel));
            }
}

static void pack(slide *k)
{
    memset(k->bias, 0, (size_t)k->width * sizeof *k->bias);
    if (k->bias_from)
        memcpy(k->bias, k->bias_from, (size_t)k->to.channels * sizeof *k->bias);
    int64_t floats = (int64_t)k->weight_floats / panels_of(k);
    chunks_run(k->kernel->threads, panels_of(k), CHUNK / more(floats, 1), pack_panels, k);
}

/* ---- a piece: some rows of an image, or some images ---- */

typedef struct block {
    int64_t image, row_begin, row_end;
    window window; /* of the source */
    pixels source;
    float *result; /* scratch, where results are stored by planes */
    int64_t *offsets;
    conv_ahead ahead;
} block;

/* Where the result at a place is written; `pixel` and `row` are the distances of neighbours. */
static float *result_at(const slide *k, const block *b, int64_t first, int64_t r, int64_t c, int64_t *row,
                        int64_t *pixel)
{
    bool direct = k->to.channels_last;
    *pixel = direct ? k->to.channels : panel_width(k, first);
    *row = k->to.columns * *pixel;
    float *start = direct ? k->result + images_at(&k->to, b->image, first, 0) : b->result - b->row_begin * *row;
    return start + r * *row + c * *pixel;
}

/* Asks for what the next line will be written to. */
static void fetch_line(const conv_line *line, const float *y)
{
    for (int64_t p = 0; p < line->pixels; p++, y += line->y_pixel)
        for (int64_t o = 0; o < line->outputs; o += CONV_LINE_FLOATS)
            __builtin_prefetch(y + o, 1);
}

static void slide_phase(const slide *k, block *b, int64_t first, int64_t row_phase, int64_t column_phase)
{
    phase_line p[2] = {phase_of(k, 1, row_phase), phase_of(k, 2, column_phase)};
    int64_t begin, end, y_row, y_pixel;
    results_between(&p[0], b->row_begin, b->row_end, &begin, &end);
    float *y = result_at(k, b, first, p[0].first + begin * p[0].step, p[1].first, &y_row, &y_pixel);
    conv_line line = {.outputs = fewer(k->to.channels - first, panel_width(k, first)), .bias = k->bias + first};
    int64_t taps[2] = {p[0].taps, p[1].taps}, gaps[2] = {p[0].gap, p[1].gap}, x_row = p[0].move * b->source.row;
    line.segments = segments_of(taps, gaps, k->depthwise ? 0 : k->inner, &b->source, b->offsets, &line.length);
    line.offsets = b->offsets;
    line.weights = panel_weights(k, p, row_phase, column_phase, first);
    const float *x = b->source.data + (p[0].window + begin * p[0].move - b->window.row_begin) * b->source.row +
                     (p[1].window - b->window.column_begin) * b->source.pixel;
    line.x_pixel = p[1].move * b->source.pixel;
    line.y_pixel = y_pixel * p[1].step;
    line.pixels = p[1].count;
    y_row *= p[0].step;
    int64_t lines = end - begin;
    bool fetch = k->far && !k->depthwise && conv_fetch_pays(line.segments * line.length, line.outputs);
    if (line.pixels < 4 && lines > line.pixels) { /* lines down the image are longer than those across it */
        int64_t across = line.x_pixel, y_across = line.y_pixel, columns = line.pixels;
        line.x_pixel = x_row, line.y_pixel = y_row, line.pixels = lines;
        x_row = across, y_row = y_across, lines = columns;
    }
    for (int64_t i = 0; i < lines; i++) {
        line.x = x + i * x_row;
        line.y = y + i * y_row;
        if (fetch && k->to.channels_last && i + 1 < lines)
            fetch_line(&line, line.y + y_row);
        if (fetch)
            conv_fetch(&b->ahead);
        if (k->depthwise)
            k->tiles->depthwise_line(&line);
        else
            k->tiles->line(&line);
    }
}

/* A panel of results from scratch to planes. */
static void turn_results(const slide *k, const block *b, int64_t first)
{
    int64_t outputs = fewer(k->to.channels - first, panel_width(k, first)), plane = k->to.rows * k->to.columns;
    int64_t places = (b->row_end - b->row_begin) * k->to.columns;
    int64_t at = images_at(&k->to, b->image, first, b->row_begin);
    k->tiles->turn(&(conv_turn){.rows = places,
                                .columns = outputs,
                                .from = b->result,
                                .from_row = panel_width(k, first),
                                .to = k->result + at,
                                .line = outputs,
                                .to_column = plane});
    if (places == plane)
        dg_epilogue_run(k->kernel, at, at + outputs * plane);
    else
        for (int64_t o = 0; o < outputs; o++)
            dg_epilogue_run(k->kernel, at + o * plane, at + o * plane + places);
}

static window source_of(const slide *k, int64_t row_begin, int64_t row_end)
{
    window w = {.channels = k->from.channels, .pitch = k->pitch};
    source_between(k, 1, row_begin, row_end, &w.row_begin, &w.row_end);
    source_between(k, 2, 0, k->to.columns, &w.column_begin, &w.column_end);
    return w;
}

/* The source of the block after, or of the one that this thread is likely to take next. */
static conv_ahead source_ahead(const slide *k, int64_t piece, int64_t image)
{
    int64_t row = piece % k->cut.blocks * k->cut.rows;
    if (image + 1 >= fewer((piece / k->cut.blocks + 1) * k->cut.images, k->s.batch)) {
        piece += dg_threads_count(k->kernel->threads);
        if (piece >= k->cut.count)
            return (conv_ahead){0};
        row = piece % k->cut.blocks * k->cut.rows;
        image = piece / k->cut.blocks * k->cut.images - 1;
    }
    window w = source_of(k, row, fewer(row + k->cut.rows, k->to.rows));
    return ahead_of(&k->from, k->source, image + 1, &w);
}

static void slide_block(const slide *k, block *b, float *buffer)
{
    window *w = &b->window;
    *w = source_of(k, b->row_begin, b->row_end);
    conv_ahead_in(&b->ahead, (b->row_end - b->row_begin) * panels_of(k));
    b->source = pixels_of(k->tiles, &k->from, k->source, b->image, w, buffer);
    b->result = buffer + k->source_floats;
    for (int64_t first = 0; first < k->to.channels; first += k->panel) {
        for (int64_t r = 0; r < k->phases[0]; r++)
            for (int64_t c = 0; c < k->phases[1]; c++)
                slide_phase(k, b, first, r, c);
        if (!k->to.channels_last)
            turn_results(k, b, first);
    }
    if (k->to.channels_last)
        dg_epilogue_run(k->kernel, images_at(&k->to, b->image, 0, b->row_begin),
                        images_at(&k->to, b->image, 0, b->row_end));
}

static void slide_piece(void *argument, int64_t piece)
{
    const slide *k = argument;
    int64_t image = piece / k->cut.blocks * k->cut.images, row = piece % k->cut.blocks * k->cut.rows;
    int64_t end = fewer(image + k->cut.images, k->s.batch);
    block b = {.row_begin = row, .row_end = fewer(row + k->cut.rows, k->to.rows)};
    float *buffer = scratch_take(&k->scratch, k->offsets, &b.offsets);
    for (b.image = image; b.image < end; b.image++) {
        b.ahead = source_ahead(k, piece, b.image);
        slide_block(k, &b, buffer);
    }
    scratch_return(&k->scratch, buffer, k->offsets);
}

static void slide_run(slide *k)
{
    pack(k);
    scratch_clear(&k->scratch);
    dg_threads_run(k->cut.count > 1 ? k->kernel->threads : NULL, k->cut.count, slide_piece, k);
}

/* ---- forward ---- */

static bool is_plain(const conv_shape *s)
{
    return s->dtype == DG_FLOAT32 && s->mode == PADDING_ZEROS && s->in[0] == 1 && s->out[0] == 1 && s->kernel[0] == 1 &&
           (s->groups == 1 || is_depthwise_shape(s)) && s->batch > 0 && s->in_channels > 0 && s->out_channels > 0 &&
           s->in[1] * s->in[2] > 0 && s->out[1] * s->out[2] > 0 && s->kernel[1] * s->kernel[2] > 0;
}

/* A product of planes alone is one of matrices as they lie in memory. */
static bool is_product_of_planes(const conv_shape *s)
{
    bool plain = !s->x_channels_last && !s->y_channels_last && s->groups == 1;
    for (int d = 1; d < 3; d++)
        plain = plain && s->kernel[d] == 1 && s->stride[d] == 1 && s->pad[d] == 0 && s->in[d] == s->out[d];
    return plain && s->in[1] * s->in[2] > 1;
}

bool direct_takes_output(const conv_shape *s)
{
    return is_plain(s) && !is_product_of_planes(s);
}

size_t direct_output_workspace(const conv_shape *s, const dg_threads *threads)
{
    return slide_workspace(s, false, threads);
}

static void convolve(const conv_shape *s, bool transposed, const float *source, const float *w, const float *bias,
                     float *result, const dg_kernel *kernel)
{
    slide k = slide_make(s, transposed, kernel->workspace, kernel->threads);
    k.source = source;
    k.w = w;
    k.bias_from = bias;
    k.result = result;
    k.kernel = kernel;
    slide_run(&k);
}

void direct_output(const conv_shape *s, const float *x, const float *w, const float *bias, float *y,
                   const dg_kernel *kernel)
{
    convolve(s, false, x, w, bias, y, kernel);
}

/* ---- the input's gradient ---- */

bool direct_takes_input_grad(const conv_shape *s)
{
    /* Columns are few, and most lanes of a vector would be empty. */
    bool narrow = s->groups == 1 && s->in_channels * 5 <= conv_tile_table()->lanes;
    return direct_takes_output(s) && !narrow && (s->stride[1] == 1 || s->dilation[1] == 1) &&
           (s->stride[2] == 1 || s->dilation[2] == 1);
}

size_t direct_input_grad_workspace(const conv_shape *s, const dg_threads *threads)
{
    return slide_workspace(s, true, threads);
}

void direct_input_grad(const conv_shape *s, const float *g, const float *w, const float *bias, float *dx,
                       const dg_kernel *kernel)
{
    convolve(s, true, g, w, bias, dx, kernel);
}
