/* Linear recurrences, and sums over time, in one float type; included after steps.template.h. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

/* y += a·b */
static void NAME(add_scaled)(REAL *restrict y, const REAL *restrict a, const REAL *restrict b, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        y[j] += a[j] * b[j];
}

/* s of step k = e + W u of the step before, for all rows. */
static void NAME(linear_products)(const linear_steps *c, rows_of rows, int64_t k)
{
    const recurrence *r = &c->r;
    const int64_t n = r->hidden, size = c->blocks * n, width = panel_width(r), at = at_step(r, rows.begin, k);
    const REAL *panel = r->panels, *before = NAME(before)(r, c->u, NULL, rows.begin, k);
    for (int64_t j = 0; j < n; j += width)
        for (int64_t b = 0; b < c->blocks; b++, panel += n * width)
            NAME(multiply_by_panel)
    (r, panel, n,
     (gemm){.m = rows.end - rows.begin,
            .n = n - j < width ? n - j : width,
            .k = before ? n : 0,
            .a = before,
            .a_row = r->steps * n,
            .a_column = 1,
            .c = (REAL *)c->s + at * size + b * n + j,
            .c_row = r->steps * size,
            .start = NAME(part)(c->from_s, at * size + b * n + j),
            .start_row = r->steps * size});
}

static void NAME(linear_rows)(const void *call, rows_of rows, void *scratch)
{
    const linear_steps *c = call;
    const recurrence *r = &c->r;
    const int64_t n = r->hidden, size = c->blocks * n, n_memory = c->readout ? c->blocks - 1 : c->blocks;
    (void)scratch;
    for (int64_t k = 0; k < r->steps; k++) {
        NAME(linear_products)(c, rows, k);
        for (int64_t row = rows.begin; row < rows.end; row++) {
            int64_t at = at_step(r, row, k);
            REAL *s = (REAL *)c->s + at * size, *m = (REAL *)c->m + at * n, *u = (REAL *)c->u + at * n;
            const REAL *gain = (const REAL *)c->gain + at * size;
            NAME(copy)(m, NAME(part)(c->from_m, at * n), n);
            if (c->decay && k > 0)
                NAME(add_scaled)(m, NAME(part)(c->decay, at * n), NAME(before)(r, c->m, NULL, row, k), n);
            for (int64_t b = 0; b < n_memory; b++)
                NAME(add_scaled)(m, gain + b * n, s + b * n, n);
            NAME(copy)(u, NAME(part)(c->from_u, at * n), n);
            if (c->readout) {
                NAME(add_scaled)(u, NAME(part)(c->readout, at * n), m, n);
                NAME(add_scaled)(u, gain + n_memory * n, s + n_memory * n, n);
            }
            for (int64_t j = 0; !c->readout && j < n; j++)
                u[j] += m[j];
        }
    }
}

static void NAME(linear_transposed_rows)(const void *call, rows_of rows, void *scratch)
{
    const linear_steps *c = call;
    const recurrence *r = &c->r;
    const int64_t n = r->hidden, size = c->blocks * n, n_memory = c->readout ? c->blocks - 1 : c->blocks;
    (void)scratch;
    for (int64_t k = r->steps - 1; k >= 0; k--) {
        bool last = k == r->steps - 1;
        int64_t first = at_step(r, rows.begin, k), after = last ? 0 : at_step(r, rows.begin, k + 1);
        NAME(weight_products)
        (r, rows.end - rows.begin, last ? 0 : size, (const REAL *)c->s + after * size, r->steps * size,
         (REAL *)c->u + first * n, r->steps * n, NAME(part)(c->from_u, first * n), r->steps * n, NULL);
        for (int64_t row = rows.begin; row < rows.end; row++) {
            int64_t at = at_step(r, row, k), next = last ? at : at_step(r, row, k + 1);
            REAL *s = (REAL *)c->s + at * size, *m = (REAL *)c->m + at * n, *u = (REAL *)c->u + at * n;
            const REAL *gain = (const REAL *)c->gain + at * size;
            NAME(copy)(m, NAME(part)(c->from_m, at * n), n);
            if (c->readout)
                NAME(add_scaled)(m, NAME(part)(c->readout, at * n), u, n);
            for (int64_t j = 0; !c->readout && j < n; j++)
                m[j] += u[j];
            if (c->decay && !last)
                NAME(add_scaled)(m, NAME(part)(c->decay, next * n), (const REAL *)c->m + next * n, n);
            NAME(copy)(s, NAME(part)(c->from_s, at * size), size);
            for (int64_t b = 0; b < n_memory; b++)
                NAME(add_scaled)(s + b * n, gain + b * n, m, n);
            if (c->readout)
                NAME(add_scaled)(s + n_memory * n, gain + n_memory * n, u, n);
        }
    }
}

/* ---- sums over time ---- */

/* Rows begin … end − 1, of all sequences as one, of h moved one step on. */
static void NAME(moved_states)(const weight_sums *c, int64_t begin, int64_t end, REAL *to)
{
    const recurrence *r = &c->r;
    const int64_t n = r->hidden;
    for (int64_t at = begin; n > 0 && at < end; at++, to += n) {
        int64_t row = at / r->steps, t = at % r->steps;
        NAME(copy)(to, NAME(before)(r, c->h, c->first, row, r->reverse ? r->steps - 1 - t : t), n);
    }
}

/* columns [m, n] of the sums, from the rows of a that begin at `at` and as many of `b`. */
static void NAME(add_sums)(const weight_sums *c, rows_of rows, int64_t at, int64_t k, const REAL *b, int64_t n,
                           REAL *sums, gemm_ahead *ahead)
{
    REAL *to = sums + rows.begin * n;
    const gemm_functions *f = c->r.gemm;
    bool in_panels = f->panels_pay && n > f->panel;
    (in_panels ? f->multiply_panels : f->multiply)(&(gemm){.m = rows.end - rows.begin,
                                                           .n = n,
                                                           .k = k,
                                                           .a = (const REAL *)c->a + at * c->size + rows.begin,
                                                           .a_row = 1,
                                                           .a_column = c->size,
                                                           .b = b,
                                                           .b_row = n,
                                                           .b_column = 1,
                                                           .c = to,
                                                           .c_row = n,
                                                           .start = at ? to : NULL,
                                                           .start_row = n,
                                                           .ahead = ahead});
}

/* alone += rows begin … end − 1 of a, added up among themselves first. */
static void NAME(add_rows)(const weight_sums *c, rows_of rows, int64_t begin, int64_t end)
{
    const int64_t n = rows.end - rows.begin;
    REAL sums[SUMS_ROWS] = {0}, *restrict alone = (REAL *)c->alone + rows.begin;
    for (int64_t i = begin; i < end; i++) {
        const REAL *restrict a = (const REAL *)c->a + i * c->size + rows.begin;
        for (int64_t j = 0; j < n; j++)
            sums[j] += a[j];
    }
    for (int64_t j = 0; j < n; j++)
        alone[j] = begin ? alone[j] + sums[j] : sums[j];
}

/* The rows begin … end − 1 that come next. */
static gemm_ahead NAME(sums_ahead)(const weight_sums *c, rows_of rows, int64_t begin, int64_t end)
{
    const int64_t size = (int64_t)sizeof(REAL), columns = c->r.hidden + c->features, terms = SUMMED_STEPS;
    const bool panels = c->r.gemm->panels_pay;
    gemm_ahead ahead = {0};
    if (begin >= end || !lies_far((double)(c->r.batch * c->r.steps * (c->size + columns) * size)))
        return ahead;
    ahead_add(&ahead, (const REAL *)c->a + begin * c->size + rows.begin, end - begin, c->size * size,
              (rows.end - rows.begin) * size);
    ahead_add(&ahead, (const REAL *)c->h + begin * c->r.hidden, 1, 0, (end - begin) * c->r.hidden * size);
    ahead_add(&ahead, NAME(part)(c->x, begin * c->features), 1, 0, (end - begin) * c->features * size);
    int64_t tiles = c->r.gemm->tiles(rows.end - rows.begin, columns, terms, panels);
    ahead.part = tiles > 0 ? (ahead.lines + tiles - 1) / tiles : 0;
    return ahead;
}

/* Of the sums' rows, not of the batch. */
static void NAME(weight_sums_rows)(const void *call, rows_of rows, void *scratch)
{
    const weight_sums *c = call;
    const int64_t count = c->r.batch * c->r.steps;
    REAL *states = scratch;
    for (int64_t at = 0; at == 0 || at < count; at += SUMMED_STEPS) {
        int64_t end = at + SUMMED_STEPS < count ? at + SUMMED_STEPS : count;
        NAME(add_rows)(c, rows, at, end); /* also brings what is read in columns next into the cache */
        NAME(moved_states)(c, at, end, states);
        int64_t after = end + SUMMED_STEPS < count ? end + SUMMED_STEPS : count;
        gemm_ahead ahead = NAME(sums_ahead)(c, rows, end, after);
        NAME(add_sums)(c, rows, at, end - at, states, c->r.hidden, c->by_h, &ahead);
        if (c->features)
            NAME(add_sums)(c, rows, at, end - at, (const REAL *)c->x + at * c->features, c->features, c->by_x, &ahead);
    }
}
