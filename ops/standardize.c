#include "standardize.h"

#include <math.h>
#include <stdbool.h>

enum { LANES = 16, PIECE_ELEMENTS = 1 << 13 };

typedef struct call {
    const dg_tensor *x;
    const channel_layout *layout;
    double eps;
    dg_tensor *y, *mean, *var;
    int64_t per_piece; /* channels */
} call;

#define REAL       float
#define NAME(name) name##_float32
#include "standardize_real.h"
#undef REAL
#undef NAME

#define REAL       double
#define NAME(name) name##_float64
#include "standardize_real.h"
#undef REAL
#undef NAME

static void run_piece(void *argument, int64_t piece)
{
    const call *c = argument;
    int64_t first = piece * c->per_piece, end = first + c->per_piece, channels = c->layout->channels;
    bool single = c->x->dtype == DG_FLOAT32;
    end = end < channels ? end : channels;
    if (c->layout->after > 1 || c->layout->before == 1) {
        for (int64_t channel = first; channel < end; channel++)
            (single ? channel_float32 : channel_float64)(c, channel);
        return;
    }
    for (int64_t at = first; at < end; at += LANES)
        (single ? columns_float32 : columns_float64)(c, at, end - at < LANES ? end - at : LANES);
}

void standardize_run(const dg_tensor *x, const channel_layout *layout, double eps, dg_tensor *y, dg_tensor *mean,
                     dg_tensor *var, dg_threads *threads)
{
    call c = {.x = x, .layout = layout, .eps = eps, .y = y, .mean = mean, .var = var};
    int64_t elements = layout->before * layout->after;
    c.per_piece = elements > 0 && elements < PIECE_ELEMENTS ? PIECE_ELEMENTS / elements : 1;
    c.per_piece = (c.per_piece + LANES - 1) / LANES * LANES;
    if (layout->after > 1 && elements >= PIECE_ELEMENTS)
        c.per_piece = 1;
    dg_threads_run(threads, (layout->channels + c.per_piece - 1) / c.per_piece, run_piece, &c);
}
