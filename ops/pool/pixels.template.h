/* Pooling over all channels of a pixel at once, of images that are stored as N H W C, in one float type. What belongs
 * to windows and is stored as N C H W is transposed some pixels and channels at a time, in a block on the
 * stack. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

enum { NAME(CHANNELS) = 256 / sizeof(REAL) }; /* of a block */

/* to[c, r] = from[r, c] for `rows` and `columns`. */
static void NAME(transpose)(const REAL *from, int64_t from_row, int64_t rows, int64_t columns, REAL *to, int64_t to_row)
{
    typedef REAL four __attribute__((vector_size(4 * sizeof(REAL))));
    int64_t r = 0;
    for (; r + 4 <= rows; r += 4)
        for (int64_t c = 0; c < columns; c += 4) {
            four line[4], pairs[4];
            if (c + 4 > columns) {
                for (int64_t k = c; k < columns; k++)
                    for (int64_t i = r; i < r + 4; i++)
                        to[k * to_row + i] = from[i * from_row + k];
                break;
            }
            for (int i = 0; i < 4; i++)
                memcpy(&line[i], from + (r + i) * from_row + c, sizeof line[i]);
            pairs[0] = __builtin_shufflevector(line[0], line[2], 0, 4, 1, 5);
            pairs[1] = __builtin_shufflevector(line[0], line[2], 2, 6, 3, 7);
            pairs[2] = __builtin_shufflevector(line[1], line[3], 0, 4, 1, 5);
            pairs[3] = __builtin_shufflevector(line[1], line[3], 2, 6, 3, 7);
            line[0] = __builtin_shufflevector(pairs[0], pairs[2], 0, 4, 1, 5);
            line[1] = __builtin_shufflevector(pairs[0], pairs[2], 2, 6, 3, 7);
            line[2] = __builtin_shufflevector(pairs[1], pairs[3], 0, 4, 1, 5);
            line[3] = __builtin_shufflevector(pairs[1], pairs[3], 2, 6, 3, 7);
            for (int i = 0; i < 4; i++)
                memcpy(to + (c + i) * to_row + r, &line[i], sizeof line[i]);
        }
    for (; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            to[c * to_row + r] = from[r * from_row + c];
}

/* ---- from places to windows ---- */

/* n ≤ LANES channels of the image at `x`, or less where `end` is near. */
INLINE NAME(vec) NAME(window_maximum)(const window *at, const REAL *x, const REAL *end, int64_t n)
{
    NAME(vec) best = NAME(splat)(-INFINITY);
    for (int64_t j = at->y.begin; j < at->y.end; j += at->y.step)
        for (int64_t k = at->x.begin; k < at->x.end; k += at->x.step)
            best = NAME(higher)(NAME(load_part)(x + j + k, n, end - x - j - k), best);
    return best;
}

INLINE NAME(vec) NAME(window_mean)(const window *at, const REAL *x, const REAL *end, int64_t n)
{
    NAME(vec) sum = {0};
    for (int64_t j = at->y.begin; j < at->y.end; j += at->y.step) {
        NAME(vec) line = {0};
        for (int64_t k = at->x.begin; k < at->x.end; k += at->x.step)
            line += NAME(load_part)(x + j + k, n, end - x - j - k);
        sum += line;
    }
    return sum / NAME(splat)((REAL)at->divisor);
}

INLINE NAME(vec) NAME(window_value)(const window *at, bool is_max, const REAL *x, const REAL *end, int64_t n)
{
    return is_max ? NAME(window_maximum)(at, x, end, n) : NAME(window_mean)(at, x, end, n);
}

/* Some channels of one window. `x`: the first of them at the image's first pixel; elements before x_end may be read
 * and before to_end written. */
INLINE void NAME(pool_window)(const window *at, bool is_max, const REAL *x, const REAL *x_end, int64_t channels,
                              REAL *to, const REAL *to_end)
{
    const int64_t lanes = NAME(LANES);
    for (int64_t c = 0, n; c < channels; c += n) {
        NAME(vec) value;
        if (channels - c >= lanes) { /* apart, so that the loops over the window know n */
            n = lanes;
            value = NAME(window_value)(at, is_max, x + c, x_end, lanes);
        } else {
            n = channels - c;
            value = NAME(window_value)(at, is_max, x + c, x_end, n);
        }
        NAME(store_part)(to + c, value, n, to_end - to - c);
    }
}

INLINE void NAME(pool_pixels)(const pool_call *call, bool is_max, int64_t begin, int64_t end)
{
    const pool_shape *s = call->shape;
    const int64_t channels = s->channels, plane = s->out[1] * s->out[2], image = s->in[1] * s->in[2] * channels;
    const int64_t most = NAME(CHANNELS);
    const REAL *x = call->places.data, *x_end = x + s->images * image;
    REAL *to = call->pooled.data, *to_end = to + end * channels, block[TURNED * NAME(CHANNELS)];
    window at = first_window(s, begin);
    if (call->pooled.channels_last) {
        for (int64_t p = begin; p < end; p++, next_window(s, &at))
            NAME(pool_window)(&at, is_max, x + at.image * image, x_end, channels, to + p * channels, to_end);
        return;
    }
    for (int64_t p = begin, count; p < end; p += count) {
        count = least(TURNED, plane - p % plane);
        for (int64_t c = 0; c < channels; c += most) {
            int64_t width = least(most, channels - c);
            at = first_window(s, p);
            const REAL *from = x + at.image * image + c;
            REAL *turned = to + (at.image * channels + c) * plane + p % plane;
            for (int64_t k = 0; k < count; k++, next_window(s, &at))
                NAME(pool_window)(&at, is_max, from, x_end, width, block + k * most, block + (k + 1) * most);
            NAME(transpose)(block, most, count, width, turned, plane);
        }
    }
}

static void NAME(max_pixels)(const pool_call *call, int64_t begin, int64_t end)
{
    NAME(pool_pixels)(call, true, begin, end);
}

static void NAME(mean_pixels)(const pool_call *call, int64_t begin, int64_t end)
{
    NAME(pool_pixels)(call, false, begin, end);
}

/* ---- from windows to places ---- */

/* Adds to n channels of a place, or writes them where no other window does. */
INLINE void NAME(give)(REAL *to, NAME(vec) value, int64_t n, const REAL *end, bool tiled)
{
    if (!tiled)
        value += NAME(load_part)(to, n, end - to);
    NAME(store_within)(to, value, n, end - to);
}

/* The window's greatest x is found, tap by tap, then g given to its place. */
INLINE void NAME(scatter_window)(const window *at, const REAL *x, const REAL *x_end, NAME(vec) g, int64_t n, REAL *to,
                                 const REAL *to_end, bool tiled)
{
    NAME(vec) best = NAME(splat)(-INFINITY), none = {0};
    NAME(places) place = {0};
    INTEGER tap = 0;
    for (int64_t j = at->y.begin; j < at->y.end; j += at->y.step)
        for (int64_t k = at->x.begin; k < at->x.end; k += at->x.step, tap++) {
            NAME(vec) value = NAME(load_part)(x + j + k, n, x_end - x - j - k);
            NAME(places) better = NAME(is_better)(value, best);
            best = NAME(higher)(value, best);
            place = (better & tap) | (~better & place);
        }
    tap = 0;
    for (int64_t j = at->y.begin; j < at->y.end; j += at->y.step)
        for (int64_t k = at->x.begin; k < at->x.end; k += at->x.step, tap++)
            NAME(give)(to + j + k, NAME(pick)(place == tap, g, none), n, to_end, tiled);
}

INLINE void NAME(spread_window)(const window *at, NAME(vec) g, int64_t n, REAL *to, const REAL *to_end, bool tiled)
{
    NAME(vec) share = g / NAME(splat)((REAL)at->divisor);
    for (int64_t j = at->y.begin; j < at->y.end; j += at->y.step)
        for (int64_t k = at->x.begin; k < at->x.end; k += at->x.step)
            NAME(give)(to + j + k, share, n, to_end, tiled);
}

/* One window of n channels; of averages x is NULL. */
INLINE void NAME(give_channels)(const window *at, bool is_max, bool tiled, const REAL *x, const REAL *x_end,
                                NAME(vec) g, int64_t n, REAL *to, const REAL *to_end)
{
    if (is_max)
        NAME(scatter_window)(at, x, x_end, g + 0, n, to, to_end, tiled);
    else
        NAME(spread_window)(at, g + 0, n, to, to_end, tiled);
}

/* Some channels of one window, whose values are at `g`. */
INLINE void NAME(give_window)(const window *at, bool is_max, bool tiled, const REAL *x, const REAL *x_end,
                              const REAL *g, const REAL *g_end, int64_t channels, REAL *to, const REAL *to_end)
{
    const int64_t lanes = NAME(LANES);
    int64_t c = 0;
    for (; c + lanes <= channels; c += lanes) {
        NAME(vec) value = NAME(load)(g + c);
        NAME(give_channels)(at, is_max, tiled, is_max ? x + c : x, x_end, value, lanes, to + c, to_end);
    }
    if (c < channels) {
        NAME(vec) value = NAME(load_part)(g + c, channels - c, g_end - g - c);
        NAME(give_channels)(at, is_max, tiled, is_max ? x + c : x, x_end, value, channels - c, to + c, to_end);
    }
}

INLINE void NAME(give_pixels)(const pool_call *call, bool is_max, bool tiled, int64_t begin, int64_t end)
{
    const pool_shape *s = call->shape;
    const int64_t channels = s->channels, plane = s->out[1] * s->out[2], image = s->in[1] * s->in[2] * channels;
    const int64_t most = NAME(CHANNELS);
    const REAL *x = call->x.data, *x_end = is_max ? x + s->images * image : x;
    const REAL *g = call->pooled.data, *g_end = g + s->images * plane * channels;
    REAL *to = call->places.data, block[TURNED * NAME(CHANNELS)];
    const REAL *to_end = to + end / s->out[2] * (image / s->out[1]); /* other threads write behind it */
    window at = first_window(s, begin);
    if (call->pooled.channels_last) {
        for (int64_t p = begin; p < end; p++, next_window(s, &at)) {
            const REAL *from = is_max ? x + at.image * image : x, *values = g + p * channels;
            REAL *into = to + at.image * image;
            NAME(give_window)(&at, is_max, tiled, from, x_end, values, g_end, channels, into, to_end);
        }
        return;
    }
    for (int64_t p = begin, count; p < end; p += count) {
        count = least(TURNED, least(end - p, plane - p % plane));
        for (int64_t c = 0; c < channels; c += most) {
            int64_t width = least(most, channels - c);
            at = first_window(s, p);
            const REAL *from = is_max ? x + at.image * image + c : x;
            REAL *into = to + at.image * image + c;
            NAME(transpose)(g + (at.image * channels + c) * plane + p % plane, plane, width, count, block, most);
            for (int64_t k = 0; k < count; k++, next_window(s, &at)) {
                const REAL *values = block + k * most;
                NAME(give_window)(&at, is_max, tiled, from, x_end, values, values + most, width, into, to_end);
            }
        }
    }
}

/* Lines of windows begin … end − 1. */
INLINE void NAME(give_lines)(const pool_call *call, bool is_max, int64_t begin, int64_t end)
{
    const pool_shape *s = call->shape;
    int64_t image = s->in[1] * s->in[2] * s->channels;
    if (call->tiled) {
        NAME(give_pixels)(call, is_max, true, begin * s->out[2], end * s->out[2]);
        return;
    }
    memset((REAL *)call->places.data + begin / s->out[1] * image, 0,
           (size_t)((end - begin) / s->out[1] * image) * sizeof(REAL));
    NAME(give_pixels)(call, is_max, false, begin * s->out[2], end * s->out[2]);
}

static void NAME(scatter_pixels)(const pool_call *call, int64_t begin, int64_t end)
{
    NAME(give_lines)(call, true, begin, end);
}

static void NAME(spread_pixels)(const pool_call *call, int64_t begin, int64_t end)
{
    NAME(give_lines)(call, false, begin, end);
}
