/* Pooling kernels of each instruction set and in each layout, against windows looked at one by one. */
#include "../support.h"
#include "../sweeps.h"
#include "ops/pool/kernel.h"

#include <stdlib.h>

/* Images, their plain layout known by the place of an element. */
typedef struct pictures {
    dg_tensor tensor;
    int64_t channels, plane;
    double *values; /* as they were filled in */
} pictures;

static pictures make_pictures(const pool_shape *s, const int64_t dims[3], bool channels_last)
{
    pictures p = {.channels = s->channels, .plane = dims[0] * dims[1] * dims[2]};
    must(dg_tensor_make(&p.tensor, s->dtype, DG_SHAPE(s->images, s->channels, dims[0] * dims[1], dims[2])));
    p.tensor.channels_last = channels_last;
    p.values = calloc((size_t)dg_tensor_count(&p.tensor), sizeof *p.values);
    cr_assert(p.values);
    return p;
}

static int64_t index_of(const pictures *p, int64_t image, int64_t channel, int64_t place)
{
    if (p->tensor.channels_last)
        return (image * p->plane + place) * p->channels + channel;
    return (image * p->channels + channel) * p->plane + place;
}

/* Small whole numbers, so that there are ties, and some special values. */
static void fill(pictures *p, uint64_t seed, bool specials)
{
    dg_random key = {.seed = seed};
    for (int64_t i = 0; i < dg_tensor_count(&p->tensor); i++) {
        double value = (double)dg_random_below(&key, (uint64_t)i, 7) - 3;
        uint64_t lot = dg_random_below(&key, (uint64_t)i + (1u << 30), 40);
        if (specials && lot < 4)
            value = lot == 0 ? NAN : lot == 1 ? -0.0 : lot == 2 ? -INFINITY : INFINITY;
        dg_tensor_set(&p->tensor, i, value);
        p->values[i] = value;
    }
}

/* ---- the reference ---- */

enum { MOST_PLACES = 1024 };

typedef struct window_places {
    int64_t n, at[MOST_PLACES], counted;
} window_places;

static void along(const pool_shape *s, int d, int64_t o, int64_t *begin, int64_t *end, int64_t *counted)
{
    if (s->adaptive) {
        *begin = o * s->in[d] / s->out[d];
        *end = ((o + 1) * s->in[d] + s->out[d] - 1) / s->out[d];
        *counted = *end - *begin;
        return;
    }
    *begin = o * s->stride[d] - s->pad[d];
    *end = *begin + s->dilation[d] * (s->kernel[d] - 1) + 1;
    *counted = 0;
    for (int64_t p = *begin; p < *end; p++)
        *counted += s->count_include_pad ? p < s->in[d] + s->pad[d] : p >= 0 && p < s->in[d];
}

static void find_places(const pool_shape *s, int64_t window, window_places *w)
{
    int64_t o[3] = {window / s->out[2] / s->out[1], window / s->out[2] % s->out[1], window % s->out[2]};
    int64_t begin[3], end[3], counted[3], step[3];
    w->n = 0;
    for (int d = 0; d < 3; d++) {
        along(s, d, o[d], &begin[d], &end[d], &counted[d]);
        step[d] = s->adaptive ? 1 : s->dilation[d];
    }
    for (int64_t z = begin[0]; z < end[0]; z += step[0])
        for (int64_t y = begin[1]; y < end[1]; y += step[1])
            for (int64_t x = begin[2]; x < end[2]; x += step[2])
                if (z >= 0 && y >= 0 && x >= 0 && z < s->in[0] && y < s->in[1] && x < s->in[2]) {
                    cr_assert_lt(w->n, MOST_PLACES);
                    w->at[w->n++] = (z * s->in[1] + y) * s->in[2] + x;
                }
    w->counted = s->divisor ? s->divisor : counted[0] * counted[1] * counted[2];
}

/* The first of the greatest, or the last NaN. */
static int64_t greatest(const pictures *x, int64_t image, int64_t channel, const window_places *w)
{
    int64_t best = w->at[0];
    double most = x->values[index_of(x, image, channel, best)];
    for (int64_t k = 1; k < w->n; k++) {
        double value = x->values[index_of(x, image, channel, w->at[k])];
        if (value > most || isnan(value)) {
            best = w->at[k];
            most = value;
        }
    }
    return best;
}

static void expect_same(const char *what, const pictures *got, const double *wants, double tolerance)
{
    for (int64_t i = 0; i < dg_tensor_count(&got->tensor); i++) {
        double value = dg_tensor_get(&got->tensor, i), want = wants[i];
        bool same = value == want ? tolerance > 0 || signbit(value) == signbit(want)
                                  : (isnan(value) && isnan(want)) || fabs(value - want) <= tolerance;
        cr_assert(same, "%s, %s: element %d is %.17g, expected %.17g", what, dg_isa(), (int)i, value, want);
    }
}

static double *zeros(const pictures *like)
{
    double *values = calloc((size_t)dg_tensor_count(&like->tensor), sizeof *values);
    cr_assert(values);
    return values;
}

/* Every window, whose places w gets, of every plane. */
#define FOR_WINDOWS(s, w)                                                                                              \
    for (int64_t window = 0; window < (s)->out[0] * (s)->out[1] * (s)->out[2]; window++)                               \
        for (int64_t image = (find_places(s, window, w), 0); image < (s)->images; image++)                             \
            for (int64_t channel = 0; channel < (s)->channels; channel++)

static void check_max(const pool_shape *s, const dg_kernel *kernel, const pictures *x, const pictures *from,
                      pictures *places, pictures *pooled)
{
    double *maxima = zeros(pooled), *gathered = zeros(pooled), *scattered = zeros(places);
    int64_t *found = calloc((size_t)dg_tensor_count(&pooled->tensor), sizeof *found);
    window_places w;
    cr_assert(found);
    FOR_WINDOWS(s, &w)
    {
        int64_t at = greatest(x, image, channel, &w), to = index_of(pooled, image, channel, window);
        found[to] = at;
        maxima[to] = x->values[index_of(x, image, channel, at)];
        gathered[to] = from->values[index_of(from, image, channel, at)];
    }
    max_pool_gather(s, kernel, &x->tensor, &x->tensor, &pooled->tensor);
    expect_same("max", pooled, maxima, 0);
    max_pool_gather(s, kernel, &x->tensor, &from->tensor, &pooled->tensor);
    expect_same("gather", pooled, gathered, 0);
    fill(pooled, 5, false);
    FOR_WINDOWS(s, &w)
    {
        int64_t from_pooled = index_of(pooled, image, channel, window);
        scattered[index_of(places, image, channel, found[from_pooled])] += pooled->values[from_pooled];
    }
    max_pool_scatter(s, kernel, &x->tensor, &places->tensor, &pooled->tensor);
    expect_same("scatter", places, scattered, 0);
    free(found);
    free(maxima);
    free(gathered);
    free(scattered);
}

static void check_mean(const pool_shape *s, const dg_kernel *kernel, const pictures *from, pictures *places,
                       pictures *pooled)
{
    double *means = zeros(pooled), *spread = zeros(places), tolerance = s->dtype == DG_FLOAT32 ? 1e-5 : 1e-13;
    window_places w;
    FOR_WINDOWS(s, &w)
    {
        double *mean = &means[index_of(pooled, image, channel, window)];
        for (int64_t k = 0; k < w.n; k++)
            *mean += from->values[index_of(from, image, channel, w.at[k])] / (double)w.counted;
    }
    avg_pool_mean(s, kernel, &from->tensor, &pooled->tensor);
    expect_same("mean", pooled, means, tolerance);
    fill(pooled, 6, false);
    FOR_WINDOWS(s, &w)
    {
        double share = pooled->values[index_of(pooled, image, channel, window)] / (double)w.counted;
        for (int64_t k = 0; k < w.n; k++)
            spread[index_of(places, image, channel, w.at[k])] += share;
    }
    avg_pool_spread(s, kernel, &places->tensor, &pooled->tensor);
    expect_same("spread", places, spread, tolerance * 10);
    free(means);
    free(spread);
}

/* The layouts of x, places and pooled are three bits. */
static void check_layouts(const pool_shape *s, unsigned layouts)
{
    dg_kernel kernel = {0};
    pictures x = make_pictures(s, s->in, layouts & 1), from = make_pictures(s, s->in, layouts & 2);
    pictures places = make_pictures(s, s->in, layouts & 2), pooled = make_pictures(s, s->out, layouts & 4);
    fill(&x, 1, true);
    fill(&from, 2, false);
    if (s->dilation[2] == 1 || !s->adaptive)
        check_max(s, &kernel, &x, &from, &places, &pooled);
    if (s->dilation[0] == 1 && s->dilation[1] == 1 && s->dilation[2] == 1)
        check_mean(s, &kernel, &from, &places, &pooled);
    pictures *all[] = {&x, &from, &places, &pooled};
    for (int k = 0; k < 4; k++) {
        dg_tensor_release(&all[k]->tensor);
        free(all[k]->values);
    }
}

static int64_t size_of(int64_t in, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation)
{
    return (in + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
}

static pool_shape flat(int64_t height, int64_t width, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation)
{
    return (pool_shape){
        .in = {1, height, width},
        .out = {1, size_of(height, kernel, stride, pad, dilation), size_of(width, kernel, stride, pad, dilation)},
        .kernel = {1, kernel, kernel},
        .stride = {1, stride, stride},
        .pad = {0, pad, pad},
        .dilation = {1, dilation, dilation}};
}

static void check_isa(const char *isa)
{
    setenv("DG_ISA", isa, 1); /* read at the first use, and each test is a process */
    if (strcmp(dg_isa(), isa) != 0)
        return; /* not this processor */
    const int64_t channels[] = {1, 2, 3, 16, 19, 70};
    pool_shape shapes[] = {flat(6, 8, 2, 2, 0, 1),  flat(28, 28, 2, 2, 0, 1), flat(4, 140, 2, 2, 0, 1),
                           flat(7, 9, 2, 2, 0, 1),  flat(7, 9, 3, 2, 1, 1),   flat(9, 37, 3, 1, 1, 1),
                           flat(9, 8, 2, 3, 0, 2),  flat(6, 40, 2, 1, 1, 3),  flat(9, 9, 3, 3, 0, 1),
                           flat(3, 70, 3, 1, 1, 1), flat(5, 5, 5, 5, 0, 1),   flat(1, 1, 1, 1, 0, 1),
                           flat(20, 40, 2, 5, 1, 1)};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
        for (unsigned layouts = 0; layouts < 8; layouts++) /* each pair of the three, not all combinations */
            for (unsigned variant = (k + layouts) % 2; variant < 4; variant += 2) {
                if (sweeps_are_few() && (variant ^ k ^ layouts / 2) & 2)
                    continue; /* of each shape and layout one variant */
                pool_shape s = shapes[k];
                s.dtype = variant % 2 ? DG_FLOAT64 : DG_FLOAT32;
                s.images = 2;
                s.channels = channels[(k + layouts / 2 + variant) % 6];
                s.count_include_pad = variant < 2;
                s.divisor = variant == 3 ? 7 : 0;
                check_layouts(&s, layouts);
                s.adaptive = true;
                s.out[1] = s.in[1] / 2 + 1;
                s.out[2] = variant < 2 ? 1 : (s.in[2] + 1) / 2;
                s.dilation[1] = s.dilation[2] = 1;
                check_layouts(&s, layouts);
            }
    for (dg_dtype dtype = DG_FLOAT32; dtype <= DG_FLOAT64; dtype++) {
        pool_shape deep = {.dtype = dtype,
                           .images = 2,
                           .channels = 3,
                           .in = {4, 6, 10},
                           .out = {2, 3, 5},
                           .kernel = {2, 2, 2},
                           .stride = {2, 2, 2},
                           .dilation = {1, 1, 1}};
        check_layouts(&deep, 0);
        deep.in[2] = 11;
        check_layouts(&deep, 0);
    }
}

Test(pool_kernel, base_computes_every_window)
{
    check_isa("base");
}

#ifdef __x86_64__
Test(pool_kernel, v3_computes_every_window)
{
    check_isa("v3");
}

Test(pool_kernel, v4_computes_every_window)
{
    check_isa("v4");
}
#endif

/* ---- long lines ---- */

/* Windows longer than a vector go along the line; the first of equal ones is found, and the last NaN. */
Test(pool_kernel, long_windows_keep_the_rule_for_ties)
{
    enum { WIDTH = 200 };
    pool_shape s = {.dtype = DG_FLOAT32,
                    .images = 1,
                    .channels = 1,
                    .in = {1, 2, WIDTH},
                    .out = {1, 1, 1},
                    .kernel = {1, 2, WIDTH},
                    .stride = {1, 2, WIDTH},
                    .dilation = {1, 1, 1}};
    dg_kernel kernel = {0};
    pictures x = make_pictures(&s, s.in, false), places = make_pictures(&s, s.in, false);
    pictures pooled = make_pictures(&s, s.out, false);
    const int first[] = {150, 150, 350, 399}, second[] = {250, 151, 399, 399};
    for (int k = 0; k < 4; k++) {
        for (int nan = 0; nan < 2; nan++) {
            for (int i = 0; i < 2 * WIDTH; i++)
                dg_tensor_set(&x.tensor, i, i == first[k] || i == second[k] ? (nan ? (double)NAN : 5) : i % 5);
            dg_tensor_set(&pooled.tensor, 0, 3);
            max_pool_scatter(&s, &kernel, &x.tensor, &places.tensor, &pooled.tensor);
            int hit = nan ? second[k] : first[k];
            for (int i = 0; i < 2 * WIDTH; i++)
                cr_expect_eq(dg_tensor_get(&places.tensor, i), i == hit ? 3 : 0, "%d of case %d", i, k);
        }
    }
    pictures *all[] = {&x, &places, &pooled};
    for (int k = 0; k < 3; k++) {
        dg_tensor_release(&all[k]->tensor);
        free(all[k]->values);
    }
}
