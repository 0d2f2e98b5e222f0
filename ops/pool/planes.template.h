/* Pooling plane by plane in one float type: windows of a line side by side, a vector of them at a time where all their
 * places are on the line. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

/* n elements, `stride` apart; what the lanes behind them hold means nothing. */
INLINE NAME(vec) NAME(load_line)(const REAL *x, int64_t stride, int64_t n, const REAL *end)
{
    if (stride == 1 && end - x >= NAME(LANES))
        return NAME(load)(x);
    if (stride == 2 && end - x >= 2 * NAME(LANES))
        return __builtin_shufflevector(NAME(load)(x), NAME(load)(x + NAME(LANES)), NAME(EVENS));
    NAME(vec) v = {0};
    for (int64_t l = 0; l < n; l++)
        v[l] = x[l * stride];
    return v;
}

/* The two alternating. */
static inline void NAME(store_pairs)(REAL *to, NAME(vec) first, NAME(vec) second, int64_t n, const REAL *end)
{
    const int64_t lanes = NAME(LANES);
    NAME(store_part)(to, __builtin_shufflevector(first, second, NAME(LOWER)), least(2 * n, lanes), end - to);
    if (2 * n > lanes) {
        NAME(vec) upper = __builtin_shufflevector(first, second, NAME(UPPER));
        NAME(store_part)(to + lanes, upper, 2 * n - lanes, end - to - lanes);
    }
}

/* Windows so long that each has a vector of its own. */
static bool NAME(long_windows)(const pool_shape *s)
{
    return s->kernel[2] >= 2 * NAME(LANES) && s->dilation[2] == 1;
}

/* ---- the greatest ---- */

/* The greatest of a line, a NaN before every number; which of −0 and 0 is not said. */
static REAL NAME(line_greatest)(const REAL *x, int64_t count)
{
    NAME(vec) best = NAME(splat)(-INFINITY);
    REAL value = -INFINITY;
    int64_t k = 0;
    for (; k + NAME(LANES) <= count; k += NAME(LANES))
        best = NAME(higher)(NAME(load)(x + k), best);
    for (int l = 0; l < NAME(LANES); l++)
        value = best[l] > value || best[l] != best[l] ? best[l] : value;
    for (; k < count; k++)
        value = x[k] > value || x[k] != x[k] ? x[k] : value;
    return value;
}

/* The place of the greatest element of the window in its plane; −1: there is none. */
static int64_t NAME(place_of_greatest)(const pool_shape *s, const REAL *x, int64_t step, const range *z, const range *y,
                                       const range *w)
{
    int64_t place = -1, count = w->end - w->begin;
    bool skims = step == 1 && w->step == 1 && count >= 2 * NAME(LANES);
    REAL best = -INFINITY;
    for (int64_t i = z->begin; i < z->end; i += z->step)
        for (int64_t j = y->begin; j < y->end; j += y->step) {
            int64_t line = (i * s->in[1] + j) * s->in[2];
            if (skims && place >= 0 && NAME(line_greatest)(x + line + w->begin, count) <= best)
                continue;
            for (int64_t k = w->begin; k < w->end; k += w->step) {
                REAL value = x[(line + k) * step];
                if (value > best || value != value || place < 0) {
                    best = value;
                    place = line + k;
                }
            }
        }
    return place;
}

/* The places in the plane of the greatest of n windows from `first` on, all inner ones. */
INLINE NAME(places) NAME(place_windows)(const int64_t stride, const pool_shape *s, const REAL *x, const REAL *x_end,
                                        const range *z, const range *y, int64_t first, int64_t n)
{
    int64_t start = (z->begin * s->in[1] + y->begin) * s->in[2] + first * stride - s->pad[2];
    NAME(vec) best = NAME(splat)(-INFINITY);
    NAME(places) place = {0};
    for (int64_t i = z->begin; i < z->end; i += z->step)
        for (int64_t j = y->begin; j < y->end; j += y->step)
            for (int64_t tap = 0; tap < s->kernel[2]; tap++) {
                int64_t moved = ((i - z->begin) * s->in[1] + j - y->begin) * s->in[2] + tap * s->dilation[2];
                NAME(vec) value = NAME(load_line)(x + start + moved, stride, n, x_end);
                NAME(places) better = NAME(is_better)(value, best);
                best = NAME(higher)(value, best);
                place = (better & (INTEGER)moved) | (~better & place);
            }
    return place + NAME(count_up)() * (INTEGER)stride + (INTEGER)start;
}

INLINE void NAME(places_by)(const int64_t stride, const pool_shape *s, const REAL *x, const REAL *x_end, const range *z,
                            const range *y, int64_t first, int64_t end, INTEGER *places)
{
    const int64_t lanes = NAME(LANES);
    for (int64_t k = first; k < end; k += lanes, places += lanes) {
        NAME(places) place = NAME(place_windows)(stride, s, x, x_end, z, y, k, least(lanes, end - k));
        memcpy(places, &place, sizeof place);
    }
}

/* Of windows first … end − 1 of a line, all inner ones. */
static void NAME(inner_places)(const pool_shape *s, const REAL *x, const REAL *x_end, const range *z, const range *y,
                               int64_t first, int64_t end, INTEGER *places)
{
    if (s->stride[2] == 2)
        NAME(places_by)(2, s, x, x_end, z, y, first, end, places);
    else if (s->stride[2] == 1)
        NAME(places_by)(1, s, x, x_end, z, y, first, end, places);
    else
        NAME(places_by)(s->stride[2], s, x, x_end, z, y, first, end, places);
}

static void NAME(outer_places)(const pool_shape *s, const REAL *x, int64_t step, const range *z, const range *y,
                               int64_t first, int64_t end, INTEGER *places)
{
    for (int64_t k = first; k < end; k++) {
        range w = range_of(s, 2, k);
        *places++ = (INTEGER)NAME(place_of_greatest)(s, x, step, z, y, &w);
    }
}

/* Of `count` ≤ BLOCK windows of a line, from `first` on; places has room for a vector more. */
static void NAME(line_places)(const pool_shape *s, const REAL *x, int64_t step, const REAL *x_end, const range *z,
                              const range *y, int64_t first, int64_t count, INTEGER *places)
{
    range inner = inner_windows(s);
    bool any = step == 1 && !NAME(long_windows)(s) && z->end > z->begin && y->end > y->begin;
    int64_t begin = inner.begin > first ? inner.begin : first, end = least(inner.end, first + count);
    if (!any || begin >= end)
        begin = end = first;
    else
        NAME(inner_places)(s, x, x_end, z, y, begin, end, places + (begin - first));
    NAME(outer_places)(s, x, step, z, y, first, begin, places);
    NAME(outer_places)(s, x, step, z, y, end, first + count, places + (end - first));
}

/* The maxima themselves of inner windows first … end − 1. */
INLINE void NAME(maxima_by)(const int64_t stride, const pool_shape *s, const REAL *x, const REAL *x_end, const range *z,
                            const range *y, int64_t first, int64_t end, REAL *to, const REAL *to_end)
{
    const int64_t lanes = NAME(LANES);
    for (int64_t k = first; k < end; k += lanes) {
        const REAL *start = x + k * stride - s->pad[2];
        NAME(vec) best = NAME(splat)(-INFINITY);
        for (int64_t i = z->begin; i < z->end; i += z->step)
            for (int64_t j = y->begin; j < y->end; j += y->step)
                for (int64_t tap = 0; tap < s->kernel[2]; tap++) {
                    const REAL *from = start + (i * s->in[1] + j) * s->in[2] + tap * s->dilation[2];
                    best = NAME(higher)(NAME(load_line)(from, stride, least(lanes, end - k), x_end), best);
                }
        NAME(store_part)(to + k, best, least(lanes, end - k), to_end - to - k);
    }
}

static void NAME(inner_maxima)(const pool_shape *s, const REAL *x, const REAL *x_end, const range *z, const range *y,
                               int64_t first, int64_t end, REAL *to, const REAL *to_end)
{
    if (s->stride[2] == 2)
        NAME(maxima_by)(2, s, x, x_end, z, y, first, end, to, to_end);
    else if (s->stride[2] == 1)
        NAME(maxima_by)(1, s, x, x_end, z, y, first, end, to, to_end);
    else
        NAME(maxima_by)(s->stride[2], s, x, x_end, z, y, first, end, to, to_end);
}

static void NAME(outer_maxima)(const pool_shape *s, const REAL *x, const range *z, const range *y, int64_t first,
                               int64_t end, REAL *to)
{
    for (int64_t k = first; k < end; k++) {
        range w = range_of(s, 2, k);
        int64_t place = NAME(place_of_greatest)(s, x, 1, z, y, &w);
        to[k] = place < 0 ? -INFINITY : x[place];
    }
}

/* Max pooling where windows and results lie side by side. Lines of results are written from left to right, as a line's
 * last vector may write beyond it. */
static void NAME(max_planes)(const pool_call *call, int64_t begin, int64_t end)
{
    const pool_shape *s = call->shape;
    int64_t plane = volume(s->in), rows = s->out[0] * s->out[1], width = s->out[2];
    const REAL *x = call->x.data, *x_end = x + s->images * s->channels * plane;
    REAL *to = (REAL *)call->pooled.data + begin * rows * width, *to_end = to + (end - begin) * rows * width;
    range inner = inner_windows(s);
    x += begin * plane;
    for (int64_t p = begin; p < end; p++, x += plane)
        for (row_of_windows at = first_row(s); at.n < rows; next_row(s, &at), to += width) {
            NAME(outer_maxima)(s, x, &at.z, &at.y, 0, inner.begin, to);
            NAME(inner_maxima)(s, x, x_end, &at.z, &at.y, inner.begin, inner.end, to, to_end);
            NAME(outer_maxima)(s, x, &at.z, &at.y, inner.end, width, to);
        }
}

static void NAME(gather_planes)(const pool_call *call, int64_t begin, int64_t end)
{
    const pool_shape *s = call->shape;
    int64_t rows = s->out[0] * s->out[1];
    layout x_at = layout_of(s, &call->x, s->in), from_at = layout_of(s, &call->places, s->in);
    layout to_at = layout_of(s, &call->pooled, s->out);
    bool is_max = call->x.data == call->places.data;
    REAL nowhere = is_max && !s->adaptive ? -INFINITY : 0;
    INTEGER places[BLOCK + NAME(LANES)];
    if (is_max && x_at.step == 1 && to_at.step == 1 && !s->adaptive && !NAME(long_windows)(s)) {
        NAME(max_planes)(call, begin, end);
        return;
    }
    const REAL *x_end = (const REAL *)call->x.data + s->images * s->channels * volume(s->in);
    for (int64_t p = begin; p < end; p++) {
        const REAL *x = (const REAL *)call->x.data + at_plane(s, &x_at, p);
        const REAL *from = (const REAL *)call->places.data + at_plane(s, &from_at, p);
        REAL *to = (REAL *)call->pooled.data + at_plane(s, &to_at, p);
        for (row_of_windows at = first_row(s); at.n < rows; next_row(s, &at))
            for (int64_t first = 0; first < s->out[2]; first += BLOCK) {
                int64_t count = least(s->out[2] - first, BLOCK);
                NAME(line_places)(s, x, x_at.step, x_end, &at.z, &at.y, first, count, places);
                for (int64_t k = 0; k < count; k++, to += to_at.step)
                    *to = places[k] < 0 ? nowhere : from[places[k] * from_at.step];
            }
    }
}

/* ---- the greatest, transposed ---- */

/* Windows of two by … that tile the plane: every line below them is written whole. A line's last vector may write
 * beyond it, where it is the only one, as what is there is still to come. */
static void NAME(scatter_pairs)(const pool_call *call, int64_t begin, int64_t end)
{
    const pool_shape *s = call->shape;
    const int64_t lanes = NAME(LANES), plane = volume(s->in), rows = s->out[0] * s->out[1], width = s->out[2];
    const bool may_pass = s->in[0] == 1 && width <= lanes;
    const REAL *all = call->x.data, *x_end = all + s->images * s->channels * plane;
    const REAL *g = (const REAL *)call->pooled.data + begin * rows * width, *g_end = g + (end - begin) * rows * width;
    REAL *to_all = call->places.data;
    for (int64_t p = begin; p < end; p++)
        for (row_of_windows at = first_row(s); at.n < rows; next_row(s, &at), g += width)
            for (int64_t k = 0; k < width; k += lanes) {
                int64_t n = least(lanes, width - k);
                const REAL *x = all + p * plane;
                NAME(places) place = NAME(place_windows)(2, s, x, x_end, &at.z, &at.y, k, n);
                NAME(vec) value = NAME(load_part)(g + k, n, g_end - g - k) + 0, none = {0};
                for (int64_t i = at.z.begin; i < at.z.end; i++)
                    for (int64_t j = at.y.begin; j < at.y.end; j++) {
                        int64_t line = (i * s->in[1] + j) * s->in[2];
                        NAME(places) here = NAME(count_up)() * 2 + (INTEGER)(line + 2 * k);
                        REAL *to = to_all + p * plane + line;
                        const REAL *end_of_room = may_pass ? to_all + end * plane : to + s->in[2];
                        NAME(vec) first = NAME(pick)(place == here, value, none);
                        NAME(vec) second = NAME(pick)(place == here + 1, value, none);
                        NAME(store_pairs)(to + 2 * k, first, second, n, end_of_room);
                    }
            }
}

static void NAME(scatter_planes)(const pool_call *call, int64_t begin, int64_t end)
{
    const pool_shape *s = call->shape;
    int64_t plane = volume(s->in), rows = s->out[0] * s->out[1];
    layout x_at = layout_of(s, &call->x, s->in), to_at = layout_of(s, &call->places, s->in);
    layout g_at = layout_of(s, &call->pooled, s->out);
    INTEGER places[BLOCK + NAME(LANES)];
    const REAL *x_end = (const REAL *)call->x.data + s->images * s->channels * plane;
    REAL *all = call->places.data;
    if (call->tiled && s->kernel[2] == 2 && x_at.step == 1 && to_at.step == 1 && g_at.step == 1) {
        NAME(scatter_pairs)(call, begin, end);
        return;
    }
    memset(all + begin * plane, 0, (size_t)((end - begin) * plane) * sizeof(REAL));
    for (int64_t p = begin; p < end; p++) {
        const REAL *x = (const REAL *)call->x.data + at_plane(s, &x_at, p);
        const REAL *g = (const REAL *)call->pooled.data + at_plane(s, &g_at, p);
        REAL *to = all + at_plane(s, &to_at, p);
        for (row_of_windows at = first_row(s); at.n < rows; next_row(s, &at))
            for (int64_t first = 0; first < s->out[2]; first += BLOCK) {
                int64_t count = least(s->out[2] - first, BLOCK);
                NAME(line_places)(s, x, x_at.step, x_end, &at.z, &at.y, first, count, places);
                for (int64_t k = 0; k < count; k++, g += g_at.step)
                    if (places[k] >= 0)
                        to[places[k] * to_at.step] += *g;
            }
    }
}

/* ---- means ---- */

/* In vectors of sums side by side, and these in blocks: rounding does not grow with the count. */
static REAL NAME(line_sum)(const REAL *x, int64_t count)
{
    enum { VECTORS = 4, MOST = 64 };
    const int64_t lanes = NAME(LANES);
    NAME(vec) all = {0};
    bool vectors = count >= lanes;
    REAL sum = 0;
    while (count >= lanes) {
        NAME(vec) sums[VECTORS] = {0};
        int64_t blocks = least(count / (VECTORS * lanes), MOST);
        for (int64_t k = 0; k < blocks; k++, x += VECTORS * lanes)
            for (int v = 0; v < VECTORS; v++)
                sums[v] += NAME(load)(x + v * lanes);
        count -= blocks * VECTORS * lanes;
        for (; blocks < MOST && count >= lanes; x += lanes, count -= lanes)
            sums[0] += NAME(load)(x);
        all += (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
    for (int64_t k = 0; k < count; k++)
        sum += x[k];
    return vectors ? sum + NAME(total)(all)[0] : sum;
}

static REAL NAME(mean_of_window)(const pool_shape *s, const REAL *x, const range *z, const range *y, int64_t k)
{
    range w = range_of(s, 2, k);
    REAL sum = 0;
    for (int64_t i = z->begin; i < z->end; i++)
        for (int64_t j = y->begin; j < y->end; j++)
            sum += NAME(line_sum)(x + (i * s->in[1] + j) * s->in[2] + w.begin, w.end - w.begin);
    return sum / (REAL)divisor_of(s, z, y, &w);
}

INLINE void NAME(means_by)(const int64_t stride, const pool_shape *s, const REAL *x, const REAL *x_end, const range *z,
                           const range *y, const range *inner, REAL *to, const REAL *to_end)
{
    const int64_t lanes = NAME(LANES);
    range w = {.counted = s->kernel[2]};
    NAME(vec) divisor = NAME(splat)((REAL)divisor_of(s, z, y, &w));
    for (int64_t k = inner->begin; k < inner->end; k += lanes) {
        NAME(vec) sum = {0};
        for (int64_t i = z->begin; i < z->end; i++)
            for (int64_t j = y->begin; j < y->end; j++) {
                const REAL *from = x + (i * s->in[1] + j) * s->in[2] + k * stride - s->pad[2];
                NAME(vec) line = {0};
                for (int64_t tap = 0; tap < s->kernel[2]; tap++)
                    line += NAME(load_line)(from + tap, stride, least(lanes, inner->end - k), x_end);
                sum += line;
            }
        NAME(store_part)(to + k, sum / divisor, least(lanes, inner->end - k), to_end - to - k);
    }
}

static void NAME(inner_means)(const pool_shape *s, const REAL *x, const REAL *x_end, const range *z, const range *y,
                              const range *inner, REAL *to, const REAL *to_end)
{
    if (s->stride[2] == 2)
        NAME(means_by)(2, s, x, x_end, z, y, inner, to, to_end);
    else if (s->stride[2] == 1)
        NAME(means_by)(1, s, x, x_end, z, y, inner, to, to_end);
    else
        NAME(means_by)(s->stride[2], s, x, x_end, z, y, inner, to, to_end);
}

static void NAME(mean_planes)(const pool_call *call, int64_t begin, int64_t end)
{
    const pool_shape *s = call->shape;
    int64_t plane = volume(s->in), rows = s->out[0] * s->out[1], width = s->out[2];
    layout to_at = layout_of(s, &call->pooled, s->out);
    const REAL *x = call->places.data, *x_end = x + s->images * s->channels * plane;
    REAL *all = call->pooled.data, *to_end = all + end * rows * width;
    range inner = inner_windows(s);
    if (to_at.step != 1 || NAME(long_windows)(s))
        inner = (range){0};
    x += begin * plane;
    for (int64_t p = begin; p < end; p++, x += plane) {
        REAL *to = all + at_plane(s, &to_at, p);
        for (row_of_windows at = first_row(s); at.n < rows; next_row(s, &at), to += width * to_at.step) {
            for (int64_t k = 0; k < inner.begin; k++)
                to[k] = NAME(mean_of_window)(s, x, &at.z, &at.y, k);
            NAME(inner_means)(s, x, x_end, &at.z, &at.y, &inner, to, to_end);
            for (int64_t k = inner.end; k < width; k++)
                to[k * to_at.step] = NAME(mean_of_window)(s, x, &at.z, &at.y, k);
        }
    }
}

/* ---- means, transposed ---- */

/* What `count` windows of a line give to each of their places. */
static void NAME(line_shares)(const pool_shape *s, const REAL *g, int64_t step, const range *z, const range *y,
                              int64_t first, int64_t count, REAL *shares)
{
    range inner = inner_windows(s), whole = {.counted = s->kernel[2]};
    if (inner.begin <= first && first + count <= inner.end) {
        REAL divisor = (REAL)divisor_of(s, z, y, &whole);
        for (int64_t k = 0; k < count; k++)
            shares[k] = g[k * step] / divisor;
        return;
    }
    for (int64_t k = 0; k < count; k++) {
        range w = range_of(s, 2, first + k);
        shares[k] = g[k * step] / (REAL)divisor_of(s, z, y, &w);
    }
}

static void NAME(spread_line)(const pool_shape *s, bool tiled, const REAL *shares, int64_t first, int64_t count,
                              REAL *to, const REAL *end)
{
    const int64_t lanes = NAME(LANES);
    if (tiled && s->kernel[2] == 2) {
        for (int64_t k = 0; k < count; k += lanes) {
            NAME(vec) share = NAME(load)(shares + k);
            NAME(store_pairs)(to + 2 * (first + k), share, share, least(lanes, count - k), end);
        }
        return;
    }
    for (int64_t k = 0; k < count; k++) {
        range w = range_of(s, 2, first + k);
        for (int64_t c = w.begin; c < w.end; c++)
            to[c] = tiled ? shares[k] : to[c] + shares[k];
    }
}

static void NAME(spread_planes)(const pool_call *call, int64_t begin, int64_t end)
{
    const pool_shape *s = call->shape;
    int64_t plane = volume(s->in), rows = s->out[0] * s->out[1];
    layout g_at = layout_of(s, &call->pooled, s->out);
    REAL shares[BLOCK + NAME(LANES)], *to = (REAL *)call->places.data + begin * plane;
    if (!call->tiled)
        memset(to, 0, (size_t)((end - begin) * plane) * sizeof(REAL));
    for (int64_t p = begin; p < end; p++, to += plane) {
        const REAL *g = (const REAL *)call->pooled.data + at_plane(s, &g_at, p);
        for (row_of_windows at = first_row(s); at.n < rows; next_row(s, &at)) {
            for (int64_t first = 0; first < s->out[2]; first += BLOCK) {
                int64_t count = least(s->out[2] - first, BLOCK);
                NAME(line_shares)(s, g, g_at.step, &at.z, &at.y, first, count, shares);
                g += count * g_at.step;
                for (int64_t i = at.z.begin; i < at.z.end; i++)
                    for (int64_t j = at.y.begin; j < at.y.end; j++) {
                        REAL *places = to + (i * s->in[1] + j) * s->in[2];
                        NAME(spread_line)(s, call->tiled, shares, first, count, places, places + s->in[2]);
                    }
            }
        }
    }
}
