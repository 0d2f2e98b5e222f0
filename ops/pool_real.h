/* Pooling in one float type. Included with REAL, PLACE (an integer as wide) and NAME() defined. */

/* The place of the greatest element of the window in its plane; −1: there is none. */
static inline int64_t NAME(greatest)(const pool_shape *s, const REAL *x, const range *z, const range *y, const range *w)
{
    int64_t place = -1;
    REAL best = -INFINITY;
    for (int64_t i = z->begin; i < z->end; i += z->step)
        for (int64_t j = y->begin; j < y->end; j += y->step) {
            int64_t line = (i * s->in[1] + j) * s->in[2];
            for (int64_t k = w->begin; k < w->end; k += w->step) {
                REAL value = x[line + k];
                if (value > best || value != value || place < 0) {
                    best = value;
                    place = line + k;
                }
            }
        }
    return place;
}

/* The same for `count` ≤ BLOCK neighbouring windows of a line, from `first` on: a place of all of them at a time. */
static void NAME(find_places)(const pool_shape *s, const REAL *x, const range *z, const range *y, int64_t first,
                              int64_t count, PLACE *restrict places)
{
    REAL best[BLOCK];
    for (int64_t k = 0; k < count; k++) {
        best[k] = -INFINITY;
        places[k] = -1;
    }
    for (int64_t i = z->begin; i < z->end; i += z->step)
        for (int64_t j = y->begin; j < y->end; j += y->step)
            for (int64_t tap = 0; tap < s->kernel[2]; tap++) {
                range in = windows_that_see(s, tap, first, count);
                int64_t stride = s->stride[2], line = (i * s->in[1] + j) * s->in[2] + in.step;
                for (int64_t k = in.begin; k < in.end; k++) {
                    int64_t at = line + (k - in.begin) * stride;
                    REAL value = x[at];
                    bool better = (value > best[k]) | (value != value) | (places[k] < 0);
                    best[k] = better ? value : best[k];
                    places[k] = better ? (PLACE)at : places[k];
                }
            }
}

static void NAME(line_places)(const pool_shape *s, const REAL *x, int64_t row, int64_t first, int64_t count,
                              PLACE *places)
{
    range z = range_of(s, 0, row / s->out[1]), y = range_of(s, 1, row % s->out[1]);
    if (!s->adaptive) {
        NAME(find_places)(s, x, &z, &y, first, count, places);
        return;
    }
    for (int64_t k = 0; k < count; k++) {
        range w = range_of(s, 2, first + k);
        places[k] = (PLACE)NAME(greatest)(s, x, &z, &y, &w);
    }
}

static void NAME(gather_planes)(void *argument, int64_t begin, int64_t end)
{
    const run *r = argument;
    const pool_shape *s = r->s;
    int64_t plane = volume(s->in);
    PLACE places[BLOCK];
    const REAL *x = (const REAL *)r->x + begin * plane, *from = (const REAL *)r->from + begin * plane;
    REAL *y = (REAL *)r->to + begin * volume(s->out);
    for (int64_t p = begin; p < end; p++, x += plane, from += plane)
        for (int64_t row = 0; row < s->out[0] * s->out[1]; row++)
            for (int64_t first = 0; first < s->out[2]; first += BLOCK) {
                int64_t count = s->out[2] - first < BLOCK ? s->out[2] - first : BLOCK;
                NAME(line_places)(s, x, row, first, count, places);
                for (int64_t k = 0; k < count; k++)
                    *y++ = places[k] < 0 ? 0 : from[places[k]];
            }
}

static void NAME(scatter_planes)(void *argument, int64_t begin, int64_t end)
{
    const run *r = argument;
    const pool_shape *s = r->s;
    int64_t plane = volume(s->in);
    PLACE places[BLOCK];
    const REAL *x = (const REAL *)r->x + begin * plane, *g = (const REAL *)r->from + begin * volume(s->out);
    REAL *dx = (REAL *)r->to + begin * plane;
    memset(dx, 0, (size_t)((end - begin) * plane) * sizeof(REAL));
    for (int64_t p = begin; p < end; p++, x += plane, dx += plane)
        for (int64_t row = 0; row < s->out[0] * s->out[1]; row++)
            for (int64_t first = 0; first < s->out[2]; first += BLOCK) {
                int64_t count = s->out[2] - first < BLOCK ? s->out[2] - first : BLOCK;
                NAME(line_places)(s, x, row, first, count, places);
                for (int64_t k = 0; k < count; k++, g++)
                    if (places[k] >= 0)
                        dx[places[k]] += *g;
            }
}

/* y_k = max(y_k, x_(k·stride)), where a NaN wins. */
static void NAME(raise)(REAL *restrict y, const REAL *restrict x, int64_t stride, int64_t count)
{
    if (stride == 1)
        for (int64_t k = 0; k < count; k++)
            y[k] = x[k] > y[k] || x[k] != x[k] ? x[k] : y[k];
    else if (stride == 2)
        for (int64_t k = 0; k < count; k++)
            y[k] = x[2 * k] > y[k] || x[2 * k] != x[2 * k] ? x[2 * k] : y[k];
    else
        for (int64_t k = 0; k < count; k++)
            y[k] = x[k * stride] > y[k] || x[k * stride] != x[k * stride] ? x[k * stride] : y[k];
}

/* Plain max pooling, a line of windows at a time. */
static void NAME(max_planes)(void *argument, int64_t begin, int64_t end)
{
    const run *r = argument;
    const pool_shape *s = r->s;
    int64_t plane = volume(s->in), width = s->out[2];
    const REAL *x = (const REAL *)r->x + begin * plane;
    REAL *y = (REAL *)r->to + begin * volume(s->out);
    for (int64_t row = 0; row < (end - begin) * s->out[0] * s->out[1]; row++, y += width) {
        int64_t lines = s->out[0] * s->out[1];
        const REAL *from = x + row / lines * plane;
        range z = range_of(s, 0, row % lines / s->out[1]), v = range_of(s, 1, row % s->out[1]);
        for (int64_t k = 0; k < width; k++)
            y[k] = -INFINITY;
        for (int64_t i = z.begin; i < z.end; i += z.step)
            for (int64_t j = v.begin; j < v.end; j += v.step)
                for (int64_t tap = 0; tap < s->kernel[2]; tap++) {
                    range in = windows_that_see(s, tap, 0, width);
                    if (in.end > in.begin)
                        NAME(raise)
                    (y + in.begin, from + (i * s->in[1] + j) * s->in[2] + in.step, s->stride[2], in.end - in.begin);
                }
    }
}

/* In eight sums side by side. */
static REAL NAME(sum_line)(const REAL *restrict x, int64_t count)
{
    REAL lanes[8] = {0}, sum = 0;
    int64_t k = 0;
    for (; k + 8 <= count; k += 8)
        for (int l = 0; l < 8; l++)
            lanes[l] += x[k + l];
    for (; k < count; k++)
        sum += x[k];
    for (int l = 0; l < 8 && count >= 8; l++)
        sum += lanes[l];
    return sum;
}

static void NAME(mean_planes)(void *argument, int64_t begin, int64_t end)
{
    const run *r = argument;
    const pool_shape *s = r->s;
    int64_t plane = volume(s->in);
    const REAL *x = (const REAL *)r->x + begin * plane;
    REAL *y = (REAL *)r->to + begin * volume(s->out);
    for (int64_t p = begin; p < end; p++, x += plane)
        for (int64_t i = 0; i < s->out[0]; i++) {
            range z = range_of(s, 0, i);
            for (int64_t j = 0; j < s->out[1]; j++) {
                range v = range_of(s, 1, j);
                for (int64_t k = 0; k < s->out[2]; k++, y++) {
                    range w = range_of(s, 2, k);
                    REAL sum = 0;
                    for (int64_t a = z.begin; a < z.end; a++)
                        for (int64_t b = v.begin; b < v.end; b++)
                            sum += NAME(sum_line)(x + (a * s->in[1] + b) * s->in[2] + w.begin, w.end - w.begin);
                    *y = sum / (REAL)divisor_of(s, &z, &v, &w);
                }
            }
        }
}

static void NAME(spread_planes)(void *argument, int64_t begin, int64_t end)
{
    const run *r = argument;
    const pool_shape *s = r->s;
    int64_t plane = volume(s->in);
    const REAL *g = (const REAL *)r->x + begin * volume(s->out);
    REAL *dx = (REAL *)r->to + begin * plane;
    memset(dx, 0, (size_t)((end - begin) * plane) * sizeof(REAL));
    for (int64_t p = begin; p < end; p++, dx += plane)
        for (int64_t i = 0; i < s->out[0]; i++) {
            range z = range_of(s, 0, i);
            for (int64_t j = 0; j < s->out[1]; j++) {
                range v = range_of(s, 1, j);
                for (int64_t k = 0; k < s->out[2]; k++, g++) {
                    range w = range_of(s, 2, k);
                    REAL share = *g / (REAL)divisor_of(s, &z, &v, &w);
                    for (int64_t a = z.begin; a < z.end; a++)
                        for (int64_t b = v.begin; b < v.end; b++)
                            for (int64_t c = w.begin; c < w.end; c++)
                                dx[(a * s->in[1] + b) * s->in[2] + c] += share;
                }
            }
        }
}
