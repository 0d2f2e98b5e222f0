/* Convolution in one float type. See core/base/for_floats.h. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

enum { NAME(dot_lanes) = 64 / sizeof(REAL) };

static void NAME(fill_plane)(REAL *restrict to, int64_t count, REAL value)
{
    for (int64_t i = 0; i < count; i++)
        to[i] = value;
}

/* ---- columns: [channels·kernel, places of the block] ---- */

/* to[o − begin] = what tap `tap` sees of the line from output place o, for the places of the block. */
static void NAME(gather_line)(const conv_shape *s, const block *b, int64_t tap, const REAL *x, REAL *restrict to)
{
    span inside = span_of(s, b, tap);
    int64_t stride = s->stride[2], o = b->place_begin;
    for (; o < inside.begin; o++, to++) {
        int64_t p = source_of(s, 2, o, tap);
        *to = p < 0 ? 0 : x[p];
    }
    const REAL *from = x + inside.first;
    if (stride == 1)
        memcpy(to, from, (size_t)(inside.end - inside.begin) * sizeof(REAL));
    else
        for (int64_t i = 0; i < inside.end - inside.begin; i++)
            to[i] = from[i * stride];
    to += inside.end - inside.begin;
    for (o = inside.end; o < b->place_end; o++, to++) {
        int64_t p = source_of(s, 2, o, tap);
        *to = p < 0 ? 0 : x[p];
    }
}

static void NAME(scatter_line)(const conv_shape *s, const block *b, int64_t tap, const REAL *restrict from, REAL *x)
{
    span inside = span_of(s, b, tap);
    int64_t stride = s->stride[2], o = b->place_begin, count = inside.end - inside.begin;
    for (; o < inside.begin; o++, from++) {
        int64_t p = source_of(s, 2, o, tap);
        if (p >= 0)
            x[p] += *from;
    }
    REAL *restrict to = x + inside.first;
    if (stride == 1)
        for (int64_t i = 0; i < count; i++)
            to[i] += from[i];
    else
        for (int64_t i = 0; i < count; i++)
            to[i * stride] += from[i];
    from += count;
    for (o = inside.end; o < b->place_end; o++, from++) {
        int64_t p = source_of(s, 2, o, tap);
        if (p >= 0)
            x[p] += *from;
    }
}

/* The columns of one channel: a row of `ld` elements for each tap. */
static void NAME(gather_channel)(const conv_shape *s, const block *b, const REAL *x, REAL *columns, int64_t ld)
{
    int64_t width = b->place_end - b->place_begin;
    for (int64_t tap = 0; tap < s->kernel[0] * s->kernel[1] * s->kernel[2]; tap++, columns += ld) {
        REAL *to = columns;
        for (int64_t row = b->row_begin; row < b->row_end; row++, to += width) {
            int64_t line = line_of(s, row, tap);
            if (line < 0)
                memset(to, 0, (size_t)width * sizeof(REAL));
            else
                NAME(gather_line)(s, b, tap % s->kernel[2], x + line * s->in[2], to);
        }
    }
}

static void NAME(scatter_channel)(const conv_shape *s, const block *b, const REAL *columns, int64_t ld, REAL *x)
{
    int64_t width = b->place_end - b->place_begin;
    for (int64_t tap = 0; tap < s->kernel[0] * s->kernel[1] * s->kernel[2]; tap++, columns += ld) {
        const REAL *from = columns;
        for (int64_t row = b->row_begin; row < b->row_end; row++, from += width) {
            int64_t line = line_of(s, row, tap);
            if (line >= 0)
                NAME(scatter_line)(s, b, tap % s->kernel[2], from, x + line * s->in[2]);
        }
    }
}

/* The columns of `channels` channels, in `buffer` or, where x is its own columns, in x itself. Returns them. */
static const REAL *NAME(columns_of)(const run *r, const block *b, const REAL *x, int64_t channels, REAL *buffer,
                                    int64_t *ld)
{
    const conv_shape *s = r->s;
    if (r->cut.direct) {
        *ld = r->places;
        return x + block_offset(s, b);
    }
    *ld = block_places(b);
    for (int64_t c = 0; c < channels; c++)
        NAME(gather_channel)(s, b, x + c * volume(s->in), buffer + c * r->taps * *ld, *ld);
    return buffer;
}

/* ---- the three products, each one task of those that cut_*() makes ---- */

static void NAME(output_task)(const run *r, int64_t task, void *buffer)
{
    const conv_shape *s = r->s;
    int64_t image = task / r->cut.blocks, group = image % s->groups, ld;
    block b = block_at(s, &r->cut, task % r->cut.blocks);
    const REAL *x = (const REAL *)r->x + image * s->in_channels * volume(s->in);
    const REAL *w = (const REAL *)r->w + group * s->out_channels * r->depth, *bias = r->bias;
    REAL *y = (REAL *)r->to + image * s->out_channels * r->places + block_offset(s, &b);
    const REAL *columns = NAME(columns_of)(r, &b, x, s->in_channels, buffer, &ld);
    for (int64_t o = 0; bias && o < s->out_channels; o++)
        NAME(fill_plane)(y + o * r->places, block_places(&b), bias[group * s->out_channels + o]);
    multiply(s->dtype, &(gemm){.m = s->out_channels,
                               .n = block_places(&b),
                               .k = r->depth,
                               .a = w,
                               .a_row = r->depth,
                               .a_column = 1,
                               .b = columns,
                               .b_row = ld,
                               .b_column = 1,
                               .c = y,
                               .c_row = r->places,
                               .start = bias ? y : NULL,
                               .start_row = r->places});
}

static void NAME(input_grad_task)(const run *r, int64_t task, void *buffer)
{
    const conv_shape *s = r->s;
    int64_t part = task % r->cut.channel_blocks, image = task / r->cut.channel_blocks, group = image % s->groups;
    int64_t begin = part * r->cut.channels, end = least(begin + r->cut.channels, s->in_channels);
    int64_t plane = volume(s->in), rows = (end - begin) * r->taps;
    const REAL *g = (const REAL *)r->g + image * s->out_channels * r->places, *bias = r->bias;
    const REAL *w = (const REAL *)r->w + group * s->out_channels * r->depth + begin * r->taps;
    REAL *dx = (REAL *)r->to + (image * s->in_channels + begin) * plane, *columns = buffer;
    for (int64_t c = begin; (bias || !r->cut.direct) && c < end; c++)
        NAME(fill_plane)(dx + (c - begin) * plane, plane, bias ? bias[group * s->in_channels + c] : 0);
    gemm turned = {.m = rows,
                   .n = r->places,
                   .k = s->out_channels,
                   .a = w,
                   .a_row = 1,
                   .a_column = r->depth,
                   .b = g,
                   .b_row = r->places,
                   .b_column = 1};
    if (r->cut.direct) {
        turned.c = dx;
        turned.c_row = turned.start_row = r->places;
        turned.start = bias ? dx : NULL;
        multiply(s->dtype, &turned);
        return;
    }
    turned.c = columns;
    for (int64_t k = 0; k < r->cut.blocks; k++) {
        block b = block_at(s, &r->cut, k);
        int64_t ld = block_places(&b);
        turned.n = turned.c_row = ld;
        turned.b = g + block_offset(s, &b);
        multiply(s->dtype, &turned);
        for (int64_t c = 0; c < end - begin; c++)
            NAME(scatter_channel)(s, &b, columns + c * r->taps * ld, ld, dx + c * plane);
    }
}

/* Part p of the sum over images and blocks, for a block of channels of one group. */
static void NAME(weight_grad_task)(const run *r, int64_t task, void *buffer)
{
    const conv_shape *s = r->s;
    int64_t part = task % r->cut.parts, slice = task / r->cut.parts % r->cut.channel_blocks;
    int64_t group = task / r->cut.parts / r->cut.channel_blocks, total = s->batch * r->cut.blocks;
    int64_t begin = slice * r->cut.channels, end = least(begin + r->cut.channels, s->in_channels);
    REAL *dw = part == 0 ? r->to : (REAL *)r->partial + (part - 1) * s->groups * s->out_channels * r->depth;
    dw += group * s->out_channels * r->depth + begin * r->taps;
    int64_t first = total * part / r->cut.parts, last = total * (part + 1) / r->cut.parts;
    for (int64_t k = first; k < last; k++) {
        int64_t image = k / r->cut.blocks * s->groups + group, ld;
        block b = block_at(s, &r->cut, k % r->cut.blocks);
        const REAL *x = (const REAL *)r->x + (image * s->in_channels + begin) * volume(s->in);
        const REAL *g = (const REAL *)r->g + image * s->out_channels * r->places + block_offset(s, &b);
        const REAL *columns = NAME(columns_of)(r, &b, x, end - begin, buffer, &ld);
        multiply(s->dtype, &(gemm){.m = s->out_channels,
                                   .n = (end - begin) * r->taps,
                                   .k = block_places(&b),
                                   .a = g,
                                   .a_row = r->places,
                                   .a_column = 1,
                                   .b = columns,
                                   .b_row = 1,
                                   .b_column = ld,
                                   .c = dw,
                                   .c_row = r->depth,
                                   .start = k > first ? dw : NULL,
                                   .start_row = r->depth});
    }
}

/* The parts of the weight's gradient, added in order. */
static void NAME(add_parts)(void *argument, int64_t begin, int64_t end)
{
    const run *r = argument;
    int64_t count = r->s->groups * r->s->out_channels * r->depth;
    REAL *restrict to = r->to;
    for (int64_t part = 0; part + 1 < r->cut.parts; part++) {
        const REAL *restrict from = (const REAL *)r->partial + part * count;
        for (int64_t i = begin; i < end; i++)
            to[i] += from[i];
    }
}

/* ---- depthwise: one input channel a group, padded with zeros; no columns ---- */

static void NAME(depthwise_output)(const run *r, int64_t image, void *buffer)
{
    (void)buffer;
    const conv_shape *s = r->s;
    int64_t group = image % s->groups, width = s->out[2], stride = s->stride[2];
    block b = whole_block(s);
    const REAL *x = (const REAL *)r->x + image * volume(s->in);
    for (int64_t o = 0; o < s->out_channels; o++) {
        const REAL *w = (const REAL *)r->w + (group * s->out_channels + o) * r->taps;
        REAL *y = (REAL *)r->to + (image * s->out_channels + o) * r->places;
        NAME(fill_plane)(y, r->places, r->bias ? ((const REAL *)r->bias)[group * s->out_channels + o] : 0);
        for (int64_t row = 0; row < b.row_end; row++)
            for (int64_t tap = 0; tap < r->taps; tap++) {
                int64_t line = line_of(s, row, tap);
                span in = span_of(s, &b, tap % s->kernel[2]);
                if (line < 0)
                    continue;
                const REAL *from = x + line * s->in[2] + in.first;
                REAL *restrict to = y + row * width + in.begin;
                REAL weight = w[tap];
                if (stride == 1)
                    for (int64_t i = 0; i < in.end - in.begin; i++)
                        to[i] += weight * from[i];
                else
                    for (int64_t i = 0; i < in.end - in.begin; i++)
                        to[i] += weight * from[i * stride];
            }
    }
}

static void NAME(depthwise_input_grad)(const run *r, int64_t image, void *buffer)
{
    (void)buffer;
    const conv_shape *s = r->s;
    int64_t group = image % s->groups, width = s->out[2], stride = s->stride[2];
    block b = whole_block(s);
    REAL *dx = (REAL *)r->to + image * volume(s->in);
    NAME(fill_plane)(dx, volume(s->in), r->bias ? ((const REAL *)r->bias)[group] : 0);
    for (int64_t o = 0; o < s->out_channels; o++) {
        const REAL *w = (const REAL *)r->w + (group * s->out_channels + o) * r->taps;
        const REAL *g = (const REAL *)r->g + (image * s->out_channels + o) * r->places;
        for (int64_t row = 0; row < b.row_end; row++)
            for (int64_t tap = 0; tap < r->taps; tap++) {
                int64_t line = line_of(s, row, tap);
                span in = span_of(s, &b, tap % s->kernel[2]);
                if (line < 0)
                    continue;
                const REAL *from = g + row * width + in.begin;
                REAL *restrict to = dx + line * s->in[2] + in.first;
                REAL weight = w[tap];
                if (stride == 1)
                    for (int64_t i = 0; i < in.end - in.begin; i++)
                        to[i] += weight * from[i];
                else
                    for (int64_t i = 0; i < in.end - in.begin; i++)
                        to[i * stride] += weight * from[i];
            }
    }
}

static REAL NAME(dot)(const REAL *restrict a, const REAL *restrict b, int64_t b_stride, int64_t count)
{
    REAL lanes[NAME(dot_lanes)] = {0}, sum = 0;
    int64_t i = 0;
    if (b_stride == 1)
        for (; i + NAME(dot_lanes) <= count; i += NAME(dot_lanes))
            for (int k = 0; k < NAME(dot_lanes); k++)
                lanes[k] += a[i + k] * b[i + k];
    for (; i < count; i++)
        sum += a[i] * b[i * b_stride];
    for (int k = 0; k < NAME(dot_lanes); k++)
        sum += lanes[k];
    return sum;
}

/* One output channel: dw[tap] = Σ over images and lines. */
static void NAME(depthwise_weight_grad)(const run *r, int64_t channel, void *buffer)
{
    (void)buffer;
    const conv_shape *s = r->s;
    int64_t group = channel / s->out_channels;
    block b = whole_block(s);
    for (int64_t tap = 0; tap < r->taps; tap++) {
        span in = span_of(s, &b, tap % s->kernel[2]);
        double sum = 0;
        for (int64_t n = 0; n < s->batch; n++) {
            const REAL *x = (const REAL *)r->x + (n * s->groups + group) * volume(s->in) + in.first;
            const REAL *g = (const REAL *)r->g + (n * s->groups * s->out_channels + channel) * r->places + in.begin;
            for (int64_t row = 0; row < b.row_end; row++) {
                int64_t line = line_of(s, row, tap);
                if (line >= 0)
                    sum += (double)NAME(dot)(g + row * s->out[2], x + line * s->in[2], s->stride[2], in.end - in.begin);
            }
        }
        ((REAL *)r->to)[channel * r->taps + tap] = (REAL)sum;
    }
}
