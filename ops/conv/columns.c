/* Convolution as matrix products: im2col a block at a time, so that the columns stay in the cache. How the work is cut
 * depends on the shape alone. (Chellapilla, Puri, Simard: High performance convolutional neural networks for document
 * processing, 2006.) */
#include "columns.h"

#include <string.h>

#include "ops/gemm/gemm.h"
#include "ops/shared/chunks.h"

/* Output places: whole rows of the last dimension, or a piece of a single one. */
typedef struct block {
    int64_t row_begin, row_end, place_begin, place_end;
} block;

/* Output places `begin` … `end` − 1 of a line read input places from `first` on that exist. */
typedef struct span {
    int64_t begin, end, first;
} span;

typedef struct cutting {
    bool direct;                 /* x is its own columns */
    int64_t rows, places;        /* of a block */
    int64_t line_blocks, blocks; /* blocks in a line, in an image */
    int64_t channels, channel_blocks;
    int64_t parts;        /* sums of the weight's gradient that are added at the end */
    int64_t tasks, slots; /* slot k does tasks k, k + slots, …, with a column buffer of its own */
    size_t buffer;        /* bytes of a slot's columns */
} cutting;

typedef struct run run;
typedef void task_function(const run *r, int64_t task, void *buffer);

struct run {
    const conv_shape *s;
    cutting cut;
    int64_t taps, depth, places; /* of a kernel; of all channels of a group; of an output plane */
    const void *x, *g, *w, *bias;
    void *to, *partial;
    char *buffers;
    task_function *task;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t volume(const int64_t dims[3])
{
    return dims[0] * dims[1] * dims[2];
}

/* Pieces of `size` that cover `whole`. */
static int64_t pieces(int64_t whole, int64_t size)
{
    return (whole + size - 1) / size;
}

static int64_t source_of(const conv_shape *s, int dim, int64_t place, int64_t tap)
{
    return padded_place(s->mode, place * s->stride[dim] - s->pad[dim] + tap * s->dilation[dim], s->in[dim]);
}

/* Which line of the input row `row` of the output reads with a tap; −1: padding. */
static int64_t line_of(const conv_shape *s, int64_t row, int64_t tap)
{
    tap /= s->kernel[2];
    int64_t z = source_of(s, 0, row / s->out[1], tap / s->kernel[1]);
    int64_t y = source_of(s, 1, row % s->out[1], tap % s->kernel[1]);
    return z < 0 || y < 0 ? -1 : z * s->in[1] + y;
}

static span span_of(const conv_shape *s, const block *b, int64_t tap)
{
    int64_t shift = tap * s->dilation[2] - s->pad[2], stride = s->stride[2];
    int64_t begin = shift < 0 ? pieces(-shift, stride) : 0,
            end = s->in[2] > shift ? pieces(s->in[2] - shift, stride) : 0;
    begin = least(most(begin, b->place_begin), b->place_end);
    end = least(most(end, begin), b->place_end);
    return (span){begin, end, end > begin ? begin * stride + shift : 0};
}

static block whole_block(const conv_shape *s)
{
    return (block){0, s->out[0] * s->out[1], 0, s->out[2]};
}

static int64_t block_places(const block *b)
{
    return (b->row_end - b->row_begin) * (b->place_end - b->place_begin);
}

static int64_t block_offset(const conv_shape *s, const block *b)
{
    return b->row_begin * s->out[2] + b->place_begin;
}

static block block_at(const conv_shape *s, const cutting *cut, int64_t k)
{
    int64_t row = k / cut->line_blocks * cut->rows, place = k % cut->line_blocks * cut->places;
    return (block){row, least(row + cut->rows, s->out[0] * s->out[1]), place, least(place + cut->places, s->out[2])};
}

/* c = start + a·b, where b's lines or its columns lie without gaps. Lines are multiplied as they lie: each is read once
 * for some rows of a. Columns are packed in panels, which pays for many rows; for few, sums go along whole vectors. */
static void multiply(dg_dtype dtype, const gemm *g)
{
    enum { FEW_ROWS = 16, FEWEST_VECTORS = 12 };
    const gemm_functions *f = gemm_for(dtype);
    if (g->b_column == 1)
        f->multiply(g);
    else if (g->m <= FEW_ROWS && g->k >= FEWEST_VECTORS * f->lanes && g->k % f->lanes == 0 && g->a_column == 1)
        f->pairs(&(row_pairs){.m = g->m,
                              .n = g->n,
                              .k = g->k,
                              .a = g->a,
                              .a_row = g->a_row,
                              .x = g->b,
                              .x_row = g->b_column,
                              .start = g->start,
                              .start_row = g->start_row,
                              .start_column = 1,
                              .y = g->c,
                              .y_row = g->c_row,
                              .y_column = 1});
    else
        f->multiply_panels(g);
}

#define TEMPLATE "ops/conv/columns.template.h"
#include "core/base/for_floats.h"

/* ---- cutting ---- */

/* Columns of a block: 256 KiB of float32 where the products stay efficient, at least MIN_PLACES of them. */
enum { COLUMNS = 65536, MIN_PLACES = 256, MAX_PLACES = 8192, TASKS = 16, SLOTS = 32, MIN_DEPTH = 128 };
enum { MAX_BUFFERS = 64 << 20, MAX_PARTIAL = 4 << 20 };

static bool is_direct(const conv_shape *s)
{
    bool plain = true;
    for (int d = 0; d < 3; d++)
        plain = plain && s->kernel[d] == 1 && s->stride[d] == 1 && s->pad[d] == 0 && s->in[d] == s->out[d];
    return plain;
}

static bool is_depthwise(const conv_shape *s)
{
    return s->groups > 1 && s->in_channels == 1 && s->out_channels <= 2 && s->mode == PADDING_ZEROS;
}

static cutting cut_blocks(const conv_shape *s, int64_t depth)
{
    cutting cut = {.direct = is_direct(s), .parts = 1, .channels = s->in_channels, .channel_blocks = 1};
    int64_t rows = s->out[0] * s->out[1];
    int64_t wanted = least(most(COLUMNS / most(depth, 1), MIN_PLACES), MAX_PLACES);
    cut.places = least(s->out[2], wanted);
    cut.rows = cut.places < s->out[2] ? 1 : least(most(wanted / cut.places, 1), rows);
    cut.line_blocks = pieces(s->out[2], cut.places);
    cut.blocks = cut.line_blocks * pieces(rows, cut.rows);
    size_t bytes = (size_t)(depth * cut.rows * cut.places) * dg_dtype_size(s->dtype);
    cut.buffer = cut.direct ? 0 : (bytes + 63) / 64 * 64;
    return cut;
}

static void cut_slots(cutting *cut, int64_t tasks)
{
    cut->tasks = tasks;
    cut->slots = least(tasks, SLOTS);
    while (cut->slots > 4 && cut->buffer * (size_t)cut->slots > MAX_BUFFERS)
        cut->slots /= 2;
}

/* Blocks of input channels, more of them as long as there are too few tasks and each is deep enough. */
static int64_t channel_blocks(const conv_shape *s, int64_t tasks)
{
    int64_t blocks = 1, taps = volume(s->kernel);
    while (tasks * blocks < TASKS && s->in_channels / (2 * blocks) * taps >= MIN_DEPTH)
        blocks *= 2;
    return blocks;
}

static cutting cut_output(const conv_shape *s)
{
    cutting cut = cut_blocks(s, s->in_channels * volume(s->kernel));
    cut_slots(&cut, s->batch * s->groups * cut.blocks);
    return cut;
}

static cutting cut_input_grad(const conv_shape *s)
{
    int64_t channels = pieces(s->in_channels, channel_blocks(s, s->batch * s->groups));
    cutting cut = cut_blocks(s, channels * volume(s->kernel));
    cut.channels = channels;
    cut.channel_blocks = pieces(s->in_channels, channels);
    cut_slots(&cut, s->batch * s->groups * cut.channel_blocks);
    return cut;
}

static cutting cut_weight_grad(const conv_shape *s)
{
    int64_t channels = pieces(s->in_channels, channel_blocks(s, s->groups)), taps = volume(s->kernel);
    int64_t weights = s->groups * s->out_channels * s->in_channels * taps;
    cutting cut = cut_blocks(s, channels * taps);
    cut.channels = channels;
    cut.channel_blocks = pieces(s->in_channels, channels);
    int64_t parts = least(pieces(TASKS, s->groups * cut.channel_blocks), s->batch * cut.blocks);
    cut.parts = most(least(parts, MAX_PARTIAL / most(weights, 1)), 1);
    cut_slots(&cut, s->groups * cut.channel_blocks * cut.parts);
    return cut;
}

/* ---- running ---- */

static bool is_empty(const conv_shape *s)
{
    return s->batch == 0 || volume(s->out) == 0 || volume(s->in) == 0 || volume(s->kernel) == 0 ||
           s->groups * s->in_channels == 0 || s->out_channels == 0;
}

static run make_run(const conv_shape *s, cutting cut, void *workspace)
{
    int64_t taps = volume(s->kernel);
    return (run){.s = s,
                 .cut = cut,
                 .taps = taps,
                 .depth = s->in_channels * taps,
                 .places = volume(s->out),
                 .buffers = workspace};
}

static void run_slot(void *argument, int64_t slot)
{
    const run *r = argument;
    for (int64_t task = slot; task < r->cut.tasks; task += r->cut.slots)
        r->task(r, task, r->buffers ? r->buffers + (size_t)slot * r->cut.buffer : NULL);
}

static void run_tasks(run *r, task_function *float32, task_function *float64, dg_threads *threads)
{
    r->task = r->s->dtype == DG_FLOAT32 ? float32 : float64;
    dg_threads_run(threads, r->cut.slots, run_slot, r);
}

/* One task a plane (depthwise). */
static cutting cut_planes(int64_t planes)
{
    return (cutting){.parts = 1, .tasks = planes, .slots = least(planes, SLOTS)};
}

/* The result of an empty sum: the bias of each channel of `planes`, or 0. */
static void fill_planes(const conv_shape *s, int64_t planes, int64_t channels, int64_t plane, const void *bias,
                        void *to)
{
    for (int64_t i = 0; i < planes; i++)
        if (s->dtype == DG_FLOAT32)
            fill_plane_float32((float *)to + i * plane, plane, bias ? ((const float *)bias)[i % channels] : 0);
        else
            fill_plane_float64((double *)to + i * plane, plane, bias ? ((const double *)bias)[i % channels] : 0);
}

size_t columns_output_workspace(const conv_shape *s)
{
    if (is_empty(s) || is_depthwise(s))
        return 0;
    cutting cut = cut_output(s);
    return cut.buffer * (size_t)cut.slots;
}

void columns_output(const conv_shape *s, const void *x, const void *w, const void *bias, void *y, void *workspace,
                    dg_threads *threads)
{
    int64_t channels = s->groups * s->out_channels;
    if (is_empty(s)) {
        fill_planes(s, s->batch * channels, channels, volume(s->out), bias, y);
        return;
    }
    bool depthwise = is_depthwise(s);
    run r = make_run(s, depthwise ? cut_planes(s->batch * s->groups) : cut_output(s), workspace);
    r.x = x;
    r.w = w;
    r.bias = bias;
    r.to = y;
    if (depthwise)
        run_tasks(&r, depthwise_output_float32, depthwise_output_float64, threads);
    else
        run_tasks(&r, output_task_float32, output_task_float64, threads);
}

size_t columns_input_grad_workspace(const conv_shape *s)
{
    if (is_empty(s) || is_depthwise(s))
        return 0;
    cutting cut = cut_input_grad(s);
    return cut.buffer * (size_t)cut.slots;
}

void columns_input_grad(const conv_shape *s, const void *g, const void *w, const void *bias, void *dx, void *workspace,
                        dg_threads *threads)
{
    int64_t channels = s->groups * s->in_channels;
    if (is_empty(s)) {
        fill_planes(s, s->batch * channels, channels, volume(s->in), bias, dx);
        return;
    }
    bool depthwise = is_depthwise(s);
    run r = make_run(s, depthwise ? cut_planes(s->batch * s->groups) : cut_input_grad(s), workspace);
    r.g = g;
    r.w = w;
    r.bias = bias;
    r.to = dx;
    if (depthwise)
        run_tasks(&r, depthwise_input_grad_float32, depthwise_input_grad_float64, threads);
    else
        run_tasks(&r, input_grad_task_float32, input_grad_task_float64, threads);
}

static int64_t weight_count(const conv_shape *s)
{
    return s->groups * s->out_channels * s->in_channels * volume(s->kernel);
}

size_t columns_weight_grad_workspace(const conv_shape *s)
{
    if (is_empty(s) || is_depthwise(s))
        return 0;
    cutting cut = cut_weight_grad(s);
    size_t partial = (size_t)((cut.parts - 1) * weight_count(s)) * dg_dtype_size(s->dtype);
    return cut.buffer * (size_t)cut.slots + partial;
}

void columns_weight_grad(const conv_shape *s, const void *x, const void *g, void *dw, void *workspace,
                         dg_threads *threads)
{
    if (is_empty(s)) {
        fill_planes(s, 1, 1, weight_count(s), NULL, dw);
        return;
    }
    bool depthwise = is_depthwise(s);
    run r = make_run(s, depthwise ? cut_planes(s->groups * s->out_channels) : cut_weight_grad(s), workspace);
    r.x = x;
    r.g = g;
    r.to = dw;
    if (depthwise) {
        run_tasks(&r, depthwise_weight_grad_float32, depthwise_weight_grad_float64, threads);
        return;
    }
    r.partial = r.buffers ? r.buffers + r.cut.buffer * (size_t)r.cut.slots : NULL;
    run_tasks(&r, weight_grad_task_float32, weight_grad_task_float64, threads);
    if (r.cut.parts > 1)
        chunks_run(threads, weight_count(s), CHUNK, s->dtype == DG_FLOAT32 ? add_parts_float32 : add_parts_float64, &r);
}

/* ---- unfold and fold: the columns themselves ---- */

static void unfold_planes(void *argument, int64_t begin, int64_t end)
{
    const run *r = argument;
    block b = whole_block(r->s);
    int64_t plane = volume(r->s->in), columns = r->taps * r->places;
    for (int64_t i = begin; i < end; i++)
        if (r->s->dtype == DG_FLOAT32)
            gather_channel_float32(r->s, &b, (const float *)r->x + i * plane, (float *)r->to + i * columns, r->places);
        else
            gather_channel_float64(r->s, &b, (const double *)r->x + i * plane, (double *)r->to + i * columns,
                                   r->places);
}

static void fold_planes(void *argument, int64_t begin, int64_t end)
{
    const run *r = argument;
    block b = whole_block(r->s);
    int64_t plane = volume(r->s->in), columns = r->taps * r->places;
    fill_planes(r->s, end - begin, 1, plane, NULL,
                (char *)r->to + (size_t)(begin * plane) * dg_dtype_size(r->s->dtype));
    for (int64_t i = begin; i < end; i++)
        if (r->s->dtype == DG_FLOAT32)
            scatter_channel_float32(r->s, &b, (const float *)r->x + i * columns, r->places, (float *)r->to + i * plane);
        else
            scatter_channel_float64(r->s, &b, (const double *)r->x + i * columns, r->places,
                                    (double *)r->to + i * plane);
}

static void run_planes(const conv_shape *s, const void *from, void *to, dg_threads *threads,
                       void (*work)(void *argument, int64_t begin, int64_t end))
{
    run r = make_run(s, (cutting){0}, NULL);
    r.x = from;
    r.to = to;
    chunks_run(threads, s->batch * s->groups * s->in_channels, CHUNK / most(r.taps * r.places, 1), work, &r);
}

void conv_unfold(const conv_shape *s, const void *x, void *columns, dg_threads *threads)
{
    run_planes(s, x, columns, threads, unfold_planes);
}

void conv_fold(const conv_shape *s, const void *columns, void *x, dg_threads *threads)
{
    run_planes(s, columns, x, threads, fold_planes);
}
