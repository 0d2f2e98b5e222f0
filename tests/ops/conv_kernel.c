/* Direct convolution: the inner loops of every instruction set, and whole products in every layout, against plain
 * loops. All numbers are small and whole, so that sums are exact in any order. */
#include "../support.h"
#include "../sweeps.h"
#include "ops/conv/choose.h"
#include "ops/conv/tiles.h"
#include "ops/conv/winograd_tiles.h"

#include <criterion/parameterized.h>

static const conv_tiles *tables(int k)
{
#ifdef __x86_64__
    if (k == 1 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &conv_tile_table_v3;
    if (k == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
        return &conv_tile_table_v4;
#endif
    return k == 0 ? &conv_tile_table_base : NULL;
}

static float *whole_floats(int64_t count, uint64_t stream)
{
    float *values = calloc((size_t)count + 1, sizeof *values);
    dg_random key = {3, stream, 0};
    for (int64_t i = 0; stream && i < count; i++)
        values[i] = (float)dg_random_below(&key, (uint64_t)i, 9) - 4;
    return values;
}

/* ---- the loops ---- */

/* Every count of pixels and of channels up to beyond a tile; two segments of odd length that overlap the next pixel. */
Test(conv_tiles, a_line_is_a_sum_over_segments)
{
    enum { LENGTH = 5, STEP = 3, PIXELS = 31, PANEL = 32 };
    const int64_t offsets[] = {2, 40};
    float *x = whole_floats(40 + PIXELS * STEP + LENGTH, 1), *w = whole_floats(2 * LENGTH * PANEL, 2);
    float *bias = whole_floats(PANEL, 3), *y = whole_floats(PIXELS * (PANEL + 1), 0);
    for (int t = 0; t < 3; t++) {
        const conv_tiles *tiles = tables(t);
        for (int64_t outputs = 1; tiles && outputs <= tiles->panel; outputs++) {
            int64_t width = conv_panel_width(tiles, outputs, 0), y_pixel = outputs + 1;
            for (int64_t pixels = 1; pixels <= PIXELS; pixels++) {
                for (int64_t i = 0; i < pixels * y_pixel; i++)
                    y[i] = 1000;
                tiles->line(&(conv_line){pixels, outputs, 2, LENGTH, offsets, x, STEP, w, bias, y, y_pixel});
                for (int64_t p = 0; p < pixels; p++)
                    for (int64_t o = 0; o <= outputs; o++) {
                        double want = o < outputs ? (double)bias[o] : 1000;
                        for (int64_t k = 0; o < outputs && k < 2 * LENGTH; k++)
                            want += (double)(w[k * width + o] * x[p * STEP + offsets[k / LENGTH] + k % LENGTH]);
                        cr_assert_eq((double)y[p * y_pixel + o], want, "table %d, %d pixels, %d outputs: [%d, %d]", t,
                                     (int)pixels, (int)outputs, (int)p, (int)o);
                    }
            }
        }
    }
    free(x), free(w), free(bias), free(y);
}

/* Segments of every length and number that are cut into tiles differently. */
Test(conv_tiles, sums_go_over_rows_and_pixels)
{
    enum { ROWS = 3, PIXELS = 4, LONGEST = 29, MOST = 7, STEP = 2, ROW = 50, PANEL = 32 };
    float *x = whole_floats(MOST * 11 + ROWS * ROW + PIXELS * STEP + LONGEST, 1);
    float *g = whole_floats(ROWS * PIXELS * PANEL, 2), *sums = whole_floats(MOST * LONGEST * PANEL, 0);
    int64_t offsets[MOST];
    for (int k = 0; k < MOST; k++)
        offsets[k] = k * 11;
    for (int t = 0; t < 3; t++)
        for (int64_t segments = 1; segments <= MOST; segments++)
            for (int64_t length = 1; length <= LONGEST; length += length < 15 ? 1 : 7)
                for (int wide = 0; tables(t) && wide < 2; wide++) {
                    int64_t width = wide ? tables(t)->panel : tables(t)->lanes, count = segments * length * width;
                    for (int64_t i = 0; i < count; i++)
                        sums[i] = 7;
                    conv_ahead ahead[2] = {{x, x + MOST * 11, CONV_LINE_FLOATS, 0}, {NULL, NULL, 0, 0}};
                    tables(t)->sums(&(conv_sums){ROWS, PIXELS, width, segments, length, offsets, x, ROW, STEP, g,
                                                 PIXELS * width, width, sums, ahead});
                    if (length > 6) /* shorter ones share tiles, and what is ahead is asked for in part */
                        cr_assert_geq(ahead[0].next, ahead[0].end);
                    cr_assert_null(ahead[1].next);
                    for (int64_t i = 0; i < count; i++) {
                        double want = 7;
                        for (int64_t r = 0; r < ROWS; r++)
                            for (int64_t p = 0; p < PIXELS; p++)
                                want +=
                                    (double)(x[r * ROW + p * STEP + offsets[i / width / length] + i / width % length] *
                                             g[(r * PIXELS + p) * width + i % width]);
                        cr_assert_eq((double)sums[i], want, "table %d, %d segments of %d: %d", t, (int)segments,
                                     (int)length, (int)i);
                    }
                }
    free(x), free(g), free(sums);
}

Test(conv_tiles, turns_any_matrix_around)
{
    enum { MOST = 37, ROW = MOST + 2 };
    float *from = whole_floats(MOST * ROW, 1), *to = whole_floats(MOST * (MOST + 3) + 8, 0);
    for (int t = 0; t < 3; t++)
        for (int64_t rows = 1; tables(t) && rows <= MOST; rows++)
            for (int64_t columns = 1; columns <= MOST; columns++)
                for (int64_t line = 5; line <= MOST; line += 32) { /* a gap of 8 numbers after every line */
                    int64_t gaps = (columns - 1) / line * 8, end = columns * rows + gaps;
                    float *room = calloc((size_t)end, sizeof *room);
                    tables(t)->turn(&(conv_turn){rows, columns, from, ROW, room, line, line * rows + 8, rows});
                    for (int64_t c = 0; c < columns; c++)
                        for (int64_t r = 0; r < rows; r++)
                            cr_assert_eq(room[c * rows + c / line * 8 + r], from[r * ROW + c], "table %d, %d by %d", t,
                                         (int)rows, (int)columns);
                    free(room);
                }
    free(from), free(to);
}

Test(conv_tiles, depthwise_channels_keep_to_themselves)
{
    enum { PIXELS = 9, TAPS = 11, CHANNELS = 37, WIDTH = 48 };
    int64_t offsets[TAPS];
    for (int k = 0; k < TAPS; k++)
        offsets[k] = (k * 5 % TAPS) * WIDTH;
    float *x = whole_floats((PIXELS + TAPS) * WIDTH, 1), *w = whole_floats(TAPS * WIDTH, 2);
    float *bias = whole_floats(WIDTH, 3), *y = whole_floats(PIXELS * WIDTH, 0), *g = whole_floats(PIXELS * WIDTH, 4);
    float *sums = whole_floats(TAPS * WIDTH, 0);
    for (int t = 0; t < 3; t++)
        for (int64_t channels = 1; tables(t) && channels <= CHANNELS; channels++) {
            int64_t width = conv_padded(tables(t), channels);
            memset(sums, 0, TAPS * WIDTH * sizeof *sums);
            tables(t)->depthwise_line(&(conv_line){PIXELS, channels, TAPS, 0, offsets, x, WIDTH, w, bias, y, channels});
            tables(t)->depthwise_sums(
                &(conv_sums){1, PIXELS, channels, TAPS, 0, offsets, x, 0, WIDTH, g, 0, WIDTH, sums, NULL});
            for (int64_t c = 0; c < channels; c++) {
                for (int64_t p = 0; p < PIXELS; p++) {
                    double want = (double)bias[c];
                    for (int64_t k = 0; k < TAPS; k++)
                        want += (double)(w[k * width + c] * x[p * WIDTH + offsets[k] + c]);
                    cr_assert_eq((double)y[p * channels + c], want);
                }
                for (int64_t k = 0; k < TAPS; k++) {
                    double want = 0;
                    for (int64_t p = 0; p < PIXELS; p++)
                        want += (double)(g[p * WIDTH + c] * x[p * WIDTH + offsets[k] + c]);
                    cr_assert_eq((double)sums[k * width + c], want);
                }
            }
        }
    free(x), free(w), free(bias), free(y), free(g), free(sums);
}

/* ---- whole products ---- */

static const struct layer {
    int64_t batch, channels, outputs, groups, in[2], kernel[2], stride[2], pad[2], dilation[2];
} layers[] = {
    {2, 3, 5, 1, {7, 8}, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
    {3, 1, 33, 1, {9, 17}, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
    {2, 20, 34, 1, {5, 30}, {3, 2}, {1, 1}, {1, 0}, {1, 1}},
    {2, 17, 40, 1, {8, 9}, {3, 3}, {2, 2}, {1, 1}, {1, 1}},
    {2, 6, 7, 1, {11, 10}, {2, 3}, {3, 4}, {0, 1}, {1, 1}}, /* places that no tap meets */
    {1, 5, 6, 1, {12, 13}, {3, 3}, {1, 1}, {2, 2}, {2, 3}}, /* dilation */
    {1, 5, 6, 1, {12, 13}, {3, 3}, {2, 1}, {2, 2}, {2, 1}}, /* stride and dilation at once */
    {2, 4, 18, 1, {4, 5}, {2, 2}, {1, 1}, {3, 4}, {1, 1}},  /* more padding than a kernel covers */
    {2, 4, 18, 1, {4, 5}, {2, 1}, {2, 3}, {3, 4}, {1, 1}},  /* the same with a stride */
    {2, 19, 21, 1, {6, 7}, {1, 1}, {1, 1}, {0, 0}, {1, 1}}, /* products of matrices */
    {2, 16, 32, 1, {6, 7}, {1, 1}, {2, 2}, {0, 0}, {1, 1}},
    {2, 16, 32, 1, {6, 7}, {3, 3}, {1, 1}, {0, 0}, {1, 1}}, /* no copy of the image */
    {3, 7, 9, 1, {40, 2}, {5, 1}, {1, 1}, {2, 0}, {1, 1}},  /* lines down the image */
    {3, 7, 9, 1, {1, 50}, {1, 5}, {1, 2}, {0, 2}, {1, 1}},
    {1, 24, 33, 1, {1, 9000}, {1, 3}, {1, 1}, {0, 1}, {1, 1}}, /* a line in blocks */
    {2, 4, 6, 1, {1, 30}, {1, 3}, {5, 3}, {0, 1}, {4, 1}},
    {2, 3, 4, 1, {5, 5}, {5, 5}, {1, 1}, {0, 0}, {1, 1}},    /* one result */
    {2, 37, 37, 37, {7, 9}, {3, 3}, {1, 1}, {1, 1}, {1, 1}}, /* depthwise */
    {2, 16, 16, 16, {8, 9}, {3, 2}, {2, 1}, {1, 0}, {1, 1}},
    {2, 6, 6, 6, {8, 9}, {4, 4}, {1, 1}, {3, 3}, {2, 1}},
    {2, 6, 12, 6, {5, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1}}, /* two results a channel */
    {2, 6, 4, 2, {7, 6}, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
    {1, 24, 40, 1, {60, 60}, {3, 3}, {1, 1}, {1, 1}, {1, 1}}, /* blocks of rows */
    {41, 4, 8, 1, {6, 6}, {3, 3}, {1, 1}, {1, 1}, {1, 1}},    /* several images a piece */
    {3, 130, 129, 1, {7, 6}, {1, 1}, {1, 1}, {0, 0}, {1, 1}}, /* pixels alone */
    {2, 70, 131, 1, {9, 5}, {1, 1}, {1, 1}, {0, 0}, {1, 1}},  /* likewise, with vectors of 64 bytes */
};
enum { LAYERS = sizeof layers / sizeof *layers, LAYOUTS = 4 };

static conv_shape shape_of(const struct layer *l, dg_dtype dtype, int layout)
{
    conv_shape s = {.dtype = dtype,
                    .batch = l->batch,
                    .groups = l->groups,
                    .in_channels = l->channels / l->groups,
                    .out_channels = l->outputs / l->groups,
                    .in = {1, l->in[0], l->in[1]},
                    .kernel = {1, l->kernel[0], l->kernel[1]},
                    .stride = {1, l->stride[0], l->stride[1]},
                    .pad = {0, l->pad[0], l->pad[1]},
                    .dilation = {1, l->dilation[0], l->dilation[1]},
                    .x_channels_last = layout & 1,
                    .y_channels_last = layout & 2};
    s.out[0] = 1;
    for (int d = 1; d < 3; d++)
        s.out[d] = (s.in[d] + 2 * s.pad[d] - s.dilation[d] * (s.kernel[d] - 1) - 1) / s.stride[d] + 1;
    return s;
}

static int64_t place(const int64_t size[3], int64_t channels, bool last, int64_t n, int64_t c, int64_t r, int64_t col)
{
    return last ? ((n * size[1] + r) * size[2] + col) * channels + c
                : ((n * channels + c) * size[1] + r) * size[2] + col;
}

typedef struct arrays {
    float *x, *w, *g, *x_bias, *y_bias, *y, *dx, *dw;
    int64_t xs, ws, ys;
} arrays;

static arrays arrays_of(const conv_shape *s)
{
    int64_t in = s->groups * s->in_channels, out = s->groups * s->out_channels;
    int64_t xs = s->batch * in * s->in[1] * s->in[2], ys = s->batch * out * s->out[1] * s->out[2];
    int64_t ws = out * s->in_channels * s->kernel[1] * s->kernel[2];
    return (arrays){whole_floats(xs, 1),
                    whole_floats(ws, 2),
                    whole_floats(ys, 3),
                    whole_floats(in, 4),
                    whole_floats(out, 5),
                    whole_floats(ys, 0),
                    whole_floats(xs, 0),
                    whole_floats(ws, 0),
                    xs,
                    ws,
                    ys};
}

static void arrays_free(arrays *a)
{
    float *all[] = {a->x, a->w, a->g, a->x_bias, a->y_bias, a->y, a->dx, a->dw};
    for (int k = 0; k < 8; k++)
        free(all[k]);
}

/* What weight w has to do with line r of the results of image n. */
static void define_line(const conv_shape *s, arrays *a, int64_t n, int64_t w, int64_t r)
{
    int64_t in = s->groups * s->in_channels, out = s->groups * s->out_channels, taps = s->kernel[1] * s->kernel[2];
    int64_t o = w / (s->in_channels * taps), k = w % (s->in_channels * taps), tap = k % taps;
    int64_t c = o / s->out_channels * s->in_channels + k / taps;
    int64_t i = r * s->stride[1] - s->pad[1] + tap / s->kernel[2] * s->dilation[1];
    int64_t j = tap % s->kernel[2] * s->dilation[2] - s->pad[2];
    if (i < 0 || i >= s->in[1])
        return;
    int64_t x = place(s->in, in, s->x_channels_last, n, c, i, 0), x_step = s->x_channels_last ? in : 1;
    int64_t y = place(s->out, out, s->y_channels_last, n, o, r, 0), y_step = s->y_channels_last ? out : 1;
    float weight = a->w[w], sum = 0;
    for (int64_t col = 0; col < s->out[2]; col++, j += s->stride[2], y += y_step) {
        int64_t at = x + j * x_step;
        if (j < 0 || j >= s->in[2])
            continue;
        a->y[y] += weight * a->x[at];
        a->dx[at] += weight * a->g[y];
        sum += a->x[at] * a->g[y];
    }
    a->dw[w] += sum;
}

/* All three products by their definition. */
static void define(const conv_shape *s, arrays *a)
{
    int64_t in = s->groups * s->in_channels, out = s->groups * s->out_channels, taps = s->kernel[1] * s->kernel[2];
    for (int64_t n = 0; n < s->batch; n++) {
        for (int64_t c = 0; c < in; c++)
            for (int64_t p = 0; p < s->in[1] * s->in[2]; p++)
                a->dx[place(s->in, in, s->x_channels_last, n, c, p / s->in[2], p % s->in[2])] += a->x_bias[c];
        for (int64_t o = 0; o < out; o++)
            for (int64_t p = 0; p < s->out[1] * s->out[2]; p++)
                a->y[place(s->out, out, s->y_channels_last, n, o, p / s->out[2], p % s->out[2])] += a->y_bias[o];
        for (int64_t w = 0; w < out * s->in_channels * taps; w++)
            for (int64_t r = 0; r < s->out[1]; r++)
                define_line(s, a, n, w, r);
    }
}

static void *real(const float *from, int64_t count, dg_dtype dtype)
{
    char *to = malloc((size_t)(count + 1) * dg_dtype_size(dtype));
    for (int64_t i = 0; i < count; i++)
        if (dtype == DG_FLOAT32)
            ((float *)(void *)to)[i] = from[i];
        else
            ((double *)(void *)to)[i] = (double)from[i];
    return to;
}

static void expect_all(const void *got, const float *want, int64_t count, dg_dtype dtype, const char *what)
{
    for (int64_t i = 0; i < count; i++) {
        double value = dtype == DG_FLOAT32 ? (double)((const float *)got)[i] : ((const double *)got)[i];
        cr_assert_eq(value, (double)want[i], "%s[%d] is %g, expected %g", what, (int)i, value, (double)want[i]);
    }
}

static void *workspace(size_t bytes)
{
    void *memory = NULL;
    cr_assert_eq(posix_memalign(&memory, 64, bytes + 64), 0);
    memset(memory, 0xff, bytes); /* NaN, and buffers that seem to be taken */
    return memory;
}

/* `a` has what comes out. */
static void compare(const conv_shape *s, const arrays *a, dg_threads *threads)
{
    int64_t in = s->groups * s->in_channels, out = s->groups * s->out_channels;
    void *x = real(a->x, a->xs, s->dtype), *w = real(a->w, a->ws, s->dtype), *g = real(a->g, a->ys, s->dtype);
    void *x_bias = real(a->x_bias, in, s->dtype), *y_bias = real(a->y_bias, out, s->dtype);
    void *y = real(a->g, a->ys, s->dtype), *dx = real(a->x, a->xs, s->dtype), *dw = real(a->w, a->ws, s->dtype);
    dg_kernel kernel = {.threads = threads};
    kernel.workspace = workspace(conv_output_workspace(s, &kernel));
    must(conv_output(s, x, w, y_bias, y, &kernel));
    free(kernel.workspace);
    kernel.workspace = workspace(conv_input_grad_workspace(s, &kernel));
    must(conv_input_grad(s, g, w, x_bias, dx, &kernel));
    free(kernel.workspace);
    kernel.workspace = workspace(conv_weight_grad_workspace(s, &kernel));
    must(conv_weight_grad(s, x, g, dw, &kernel));
    free(kernel.workspace);
    expect_all(y, a->y, a->ys, s->dtype, "y");
    expect_all(dx, a->dx, a->xs, s->dtype, "dx");
    expect_all(dw, a->dw, a->ws, s->dtype, "dw");
    void *all[] = {x, w, g, x_bias, y_bias, y, dx, dw};
    for (int k = 0; k < 8; k++)
        free(all[k]);
}

ParameterizedTestParameters(conv_kernel, agrees_with_its_definition_in_every_layout)
{
    static int which[LAYERS];
    for (int k = 0; k < LAYERS; k++)
        which[k] = k;
    return cr_make_param_array(int, which, LAYERS);
}

ParameterizedTest(int *which, conv_kernel, agrees_with_its_definition_in_every_layout)
{
    dg_threads *threads;
    must(dg_threads_new(3, &threads));
    for (int layout = 0; layout < LAYOUTS; layout++) {
        conv_shape s = shape_of(&layers[*which], DG_FLOAT32, layout);
        arrays a = arrays_of(&s);
        define(&s, &a); /* whole numbers: the same in both types */
        compare(&s, &a, layout % 2 ? threads : NULL);
        s.dtype = DG_FLOAT64;
        compare(&s, &a, layout % 2 ? NULL : threads);
        arrays_free(&a);
    }
    dg_threads_free(threads);
}

/* ---- Winograd's: products of fractions, so not exact ---- */

static const winograd_tiles *transforms(int k)
{
#ifdef __x86_64__
    if (k > 0)
        return !tables(k) ? NULL : k == 1 ? &winograd_tile_table_v3 : &winograd_tile_table_v4;
#endif
    return k == 0 ? &winograd_tile_table_base : NULL;
}

Test(conv_winograd_tiles, a_tile_is_sixteen_results)
{
    enum { CHANNELS = 32, ROW = 8 * CHANNELS };
    float *x = whole_floats(6 * ROW, 1), *w = whole_floats(9 * CHANNELS, 2), *bias = whole_floats(CHANNELS, 3);
    float d[36 * CHANNELS], g[36 * CHANNELS], y[4 * ROW];
    for (int t = 0; t < 3; t++) {
        if (!transforms(t))
            continue;
        transforms(t)->source(x, ROW, CHANNELS, CHANNELS, d, CHANNELS);
        transforms(t)->weights(w, CHANNELS, CHANNELS, g, CHANNELS);
        for (int i = 0; i < 36 * CHANNELS; i++)
            d[i] *= g[i];
        transforms(t)->result(d, CHANNELS, bias, CHANNELS, y, ROW, CHANNELS);
        for (int k = 0; k < 16 * CHANNELS; k++) {
            int c = k % CHANNELS, column = k / CHANNELS % 4, row = k / CHANNELS / 4;
            double want = (double)bias[c];
            for (int tap = 0; tap < 9; tap++)
                want += (double)(w[tap * CHANNELS + c] * x[(row + tap / 3) * ROW + (column + tap % 3) * CHANNELS + c]);
            cr_assert_float_eq((double)y[row * ROW + column * CHANNELS + c], want, 1e-3, "table %d", t);
        }
    }
    free(x), free(w), free(bias);
}

static void expect_near(const float *got, const float *want, int64_t count, const char *what)
{
    for (int64_t i = 0; i < count; i++)
        cr_assert_float_eq((double)got[i], (double)want[i], 1e-2, "%s[%d] is %g, expected %g", what, (int)i,
                           (double)got[i], (double)want[i]);
}

Test(conv_winograd, agrees_with_the_definition_in_every_layout)
{
    static const struct layer some[] = {
        {2, 3, 5, 1, {7, 8}, {3, 3}, {1, 1}, {1, 1}, {1, 1}},     {1, 1, 1, 1, {3, 3}, {3, 3}, {1, 1}, {0, 0}, {1, 1}},
        {3, 16, 33, 1, {9, 14}, {3, 3}, {1, 1}, {0, 2}, {1, 1}},  {2, 4, 6, 1, {4, 5}, {3, 3}, {1, 1}, {3, 4}, {1, 1}},
        {1, 33, 20, 1, {50, 50}, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
    };
    dg_threads *threads;
    must(dg_threads_new(3, &threads));
    for (int k = 0; k < 5 * LAYOUTS; k++) {
        conv_shape s = shape_of(&some[k / LAYOUTS], DG_FLOAT32, k % LAYOUTS);
        s.winograd = true;
        arrays a = arrays_of(&s);
        define(&s, &a);
        float *y = whole_floats(a.ys, 0), *dx = whole_floats(a.xs, 0);
        dg_kernel kernel = {.threads = threads};
        kernel.workspace = workspace(conv_output_workspace(&s, &kernel));
        must(conv_output(&s, a.x, a.w, a.y_bias, y, &kernel));
        free(kernel.workspace);
        kernel.workspace = workspace(conv_input_grad_workspace(&s, &kernel));
        must(conv_input_grad(&s, a.g, a.w, a.x_bias, dx, &kernel));
        free(kernel.workspace);
        expect_near(y, a.y, a.ys, "y");
        expect_near(dx, a.dx, a.xs, "dx");
        free(y), free(dx);
        arrays_free(&a);
    }
    dg_threads_free(threads);
}

/* In float64 the attribute changes nothing; in float32 it reaches the gradient too. */
static const dg_tensor *gradient_by(trial *t, const char *algorithm)
{
    double values[2 * 5 * 36];
    for (int i = 0; i < 360; i++)
        values[i] = sin(i);
    dg_node *x = trial_input(t, DG_SHAPE(2, 5, 6, 6), values), *w = trial_input(t, DG_SHAPE(8, 5, 3, 3), values);
    dg_node *y = dg_conv2d(x, DG_NONE, .weight = w, .padding = 1, .algorithm = algorithm);
    return trial_run(t, trial_grad(dg_sum(dg_square(y)), x));
}

Test(conv_winograd, is_asked_for_by_an_attribute)
{
    for (int k = 0; k < 2; k++) {
        dg_dtype dtype = k ? DG_FLOAT64 : DG_FLOAT32;
        trial *direct = trial_new(dtype), *winograd = trial_new(dtype);
        const dg_tensor *a = gradient_by(direct, "auto"), *b = gradient_by(winograd, "winograd");
        bool same = memcmp(a->data, b->data, dg_tensor_bytes(a)) == 0;
        cr_expect_eq(same, dtype == DG_FLOAT64);
        for (int64_t i = 0; i < dg_tensor_count(a); i++)
            cr_expect_float_eq(dg_tensor_get(a, i), dg_tensor_get(b, i), 2e-3);
        trial_free(direct);
        trial_free(winograd);
    }
}

Test(conv_winograd, wants_three_by_three_without_stride)
{
    const char *text = "algorithm=winograd needs a kernel of 3 by 3";
    for (int k = 0; k < 2; k++) {
        trial *t = trial_new(DG_FLOAT32);
        dg_node *x = trial_input(t, DG_SHAPE(1, 2, 9, 9), NULL);
        if (k == 0)
            dg_conv2d(x, 3, .kernel_size = 5, .algorithm = "winograd");
        else
            dg_conv2d(x, 3, .kernel_size = 3, .stride = 2, .algorithm = "winograd");
        expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, text);
        trial_free(t);
    }
}

/* ---- in a plan ---- */

/* An activation that a plan may join to the product sees every element once, and its own. */
static void expect_activation(int64_t batch, int64_t channels, int64_t outputs, int64_t side)
{
    trial *t = trial_new(DG_FLOAT32);
    int64_t xs = batch * channels * side * side, ys = batch * outputs * side * side, ws = outputs * channels * 9;
    double *x_values = malloc((size_t)(xs + ws + ys) * sizeof *x_values), *w_values = x_values + xs,
           *want = w_values + ws;
    dg_random key = {3, 1, 0};
    for (int64_t i = 0; i < xs + ws; i++)
        x_values[i] = (double)dg_random_below(&key, (uint64_t)i, 9) - 4;
    dg_node *x = trial_input(t, DG_SHAPE(batch, channels, side, side), x_values);
    dg_node *w = trial_input(t, DG_SHAPE(outputs, channels, 3, 3), w_values);
    dg_node *y = dg_conv2d(x, DG_NONE, .weight = w, .padding = 1);
    const dg_tensor *plain = trial_run(t, y);
    for (int64_t i = 0; i < ys; i++)
        want[i] = pow(fmax(dg_tensor_get(plain, i), 0), 2);
    expect_values(trial_run(t, dg_square(dg_relu(y))), DG_SHAPE(batch, outputs, side, side), 0, want);
    trial_free(t);
    free(x_values);
}

Test(conv_kernel, leaves_every_element_to_an_activation)
{
    expect_activation(3, 5, 33, 9);
    expect_activation(1, 8, 16, 80);
    expect_activation(40, 1, 3, 6);
}
