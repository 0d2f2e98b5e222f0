/* Recurrent layers and their gradients in one float type, for rows `begin` … `end` − 1 of the batch. See
 * core/base/for_floats.h.
 *
 * A step's products are taken for a panel of hidden units after the other, all gates of these units together, and what
 * follows is computed while they are in the cache. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

/* Rows from … from + rows − 1 of the panels, `depth` deep, that hold columns `first` … of a matrix of `hidden` columns,
 * which lie `column` apart and its rows `row`. Returns where the next panels begin. */
static REAL *NAME(pack_columns)(const recurrence *r, const REAL *matrix, int64_t row, int64_t column, int64_t first,
                                int64_t rows, REAL *to, int64_t from, int64_t depth)
{
    const int64_t width = panel_width(r), n = r->hidden - first < width ? r->hidden - first : width;
    matrix += first * column;
    if (r->gemm->panels_pay)
        for (int64_t j = 0, panel = r->gemm->panel; j < n; j += panel)
            r->gemm->pack_panel(rows, n - j < panel ? n - j : panel, matrix + j * column, row, column,
                                to + j * depth + from * panel);
    else if (row == 1)
        r->gemm->transpose(n, rows, matrix, column, to + from * width, width, false);
    else
        for (int64_t p = 0; p < rows; p++)
            memcpy(to + (from + p) * width, matrix + p * row, (size_t)n * sizeof(REAL));
    return to + depth * width;
}

static void NAME(pack_turned)(const recurrence *r, int64_t blocks, const void *weight, int64_t columns, int64_t from,
                              int64_t depth)
{
    REAL *to = r->panels;
    for (int64_t j = 0; j < r->hidden; j += panel_width(r))
        for (int64_t b = 0; b < blocks; b++)
            to = NAME(pack_columns)(r, (const REAL *)weight + b * r->hidden * columns, 1, columns, j, columns, to, from,
                                    depth);
}

static void NAME(pack)(const recurrence *r, const void *weight, int64_t depth)
{
    REAL *to = r->panels;
    for (int64_t j = 0; j < r->hidden; j += panel_width(r))
        to = NAME(pack_columns)(r, weight, r->hidden, 1, j, depth, to, 0, depth);
}

/* c = start + a·(the first k rows of a panel, `depth` deep), whose columns are c's. */
static void NAME(multiply_by_panel)(const recurrence *r, const REAL *panel, int64_t depth, gemm g)
{
    const int64_t width = panel_width(r), k = g.k;
    if (r->gemm->panels_pay) {
        g.b = panel;
        g.b_panel = depth * r->gemm->panel;
        r->gemm->multiply_panels(&g);
        return;
    }
    g.b_row = width;
    const int64_t most = panel_depth(width * (int64_t)sizeof(REAL));
    for (int64_t p = 0; p == 0 || p < k; p += most) {
        gemm part = g;
        part.k = k - p < most ? k - p : most;
        part.a = p ? (const REAL *)g.a + p : g.a; /* there may be none */
        part.b = panel + p * width;
        part.start = p ? g.c : g.start;
        part.start_row = p ? g.c_row : g.start_row;
        r->gemm->multiply(&part);
    }
}

/* Some units of all rows at one step. */
typedef struct NAME(units) {
    const recurrence *r;
    int64_t begin, step; /* row and step */
    int64_t m;           /* rows */
    int64_t first, n;    /* units */
    gemm_ahead *ahead;
} NAME(units);

/* Where the sequence [batch, steps, size] has block `b` of these units, in row i. */
static int64_t NAME(place)(const NAME(units) * u, int64_t i, int64_t size, int64_t b)
{
    return at_step(u->r, u->begin + i, u->step) * size + b * u->r->hidden + u->first;
}

static NAME(units) NAME(units_of)(const recurrence *r, rows_of rows, int64_t step, int64_t first, gemm_ahead *ahead)
{
    int64_t width = panel_width(r), rest = r->hidden - first;
    return (NAME(units)){r, rows.begin, step, rows.end - rows.begin, first, rest < width ? rest : width, ahead};
}

/* Step k of some rows of a sequence [batch, steps, size] will be read or written; NULL: none. */
static void NAME(ahead_step)(gemm_ahead *ahead, const recurrence *r, const void *sequence, rows_of rows, int64_t k,
                             int64_t size)
{
    if (!sequence || k < 0 || k >= r->steps)
        return;
    const int64_t bytes = size * (int64_t)sizeof(REAL);
    ahead_add(ahead, (const REAL *)sequence + at_step(r, rows.begin, k) * size, rows.end - rows.begin, r->steps * bytes,
              bytes);
}

/* What is ahead goes to the tiles of a step's products [m, n]; nothing, where all steps of the batch are near. */
static void NAME(ahead_in_products)(const recurrence *r, gemm_ahead *ahead, int64_t m, int64_t n, int64_t depth)
{
    const bool panels = r->gemm->panels_pay;
    const int64_t most = panels ? depth : panel_depth(panel_width(r) * (int64_t)sizeof(REAL));
    const int64_t tiles = most > 0 ? (depth + most - 1) / most * r->gemm->tiles(m, n, most, panels) : 0;
    if (!lies_far((double)ahead->lines * AHEAD_LINE * (double)r->steps * (double)r->batch / (double)m))
        *ahead = (gemm_ahead){0};
    ahead->part = tiles > 0 ? (ahead->lines + tiles - 1) / tiles : 0;
}

/* c [m, n] = start + a·(block b of the panel), of whose rows `known` count. */
static void NAME(unit_products)(const NAME(units) * u, int64_t blocks, int64_t b, const REAL *a, int64_t depth,
                                int64_t known, REAL *c, const REAL *start, int64_t start_row)
{
    int64_t width = panel_width(u->r);
    const REAL *panel = (const REAL *)u->r->panels + (u->first / width * blocks + b) * depth * width;
    NAME(multiply_by_panel)
    (u->r, panel, depth,
     (gemm){.m = u->m,
            .n = u->n,
            .k = known,
            .a = a,
            .a_row = depth,
            .a_column = 1,
            .c = c,
            .c_row = u->n,
            .start = start,
            .start_row = start_row,
            .ahead = u->ahead});
}

static const REAL *NAME(part)(const void *x, int64_t at)
{
    return x ? (const REAL *)x + at : NULL;
}

/* The columns from j on, one panel's, of c [m, hidden] = start + a·W for a [m, depth]. */
static void NAME(panel_products)(const recurrence *r, int64_t j, int64_t m, int64_t depth, const REAL *a, int64_t a_row,
                                 REAL *c, int64_t c_row, const REAL *start, int64_t start_row, gemm_ahead *ahead)
{
    const int64_t n = r->hidden, width = panel_width(r);
    NAME(multiply_by_panel)
    (r, (const REAL *)r->panels + j * depth, depth,
     (gemm){.m = m,
            .n = n - j < width ? n - j : width,
            .k = depth,
            .a = a,
            .a_row = a_row,
            .a_column = 1,
            .c = c + j,
            .c_row = c_row,
            .start = NAME(part)(start, j),
            .start_row = start_row,
            .ahead = ahead});
}

static void NAME(weight_products)(const recurrence *r, int64_t m, int64_t depth, const REAL *a, int64_t a_row, REAL *c,
                                  int64_t c_row, const REAL *start, int64_t start_row, gemm_ahead *ahead)
{
    for (int64_t j = 0; j < r->hidden; j += panel_width(r))
        NAME(panel_products)(r, j, m, depth, a, a_row, c, c_row, start, start_row, ahead);
}

/* A vector of which n elements count, or a whole one. */
static inline NAME(vec) NAME(take)(const REAL *x, int64_t n)
{
    return NAME(load_part)(x, n, n);
}

static inline void NAME(give)(REAL *y, NAME(vec) v, int64_t n)
{
    NAME(store_part)(y, v, n, n);
}

static void NAME(copy)(REAL *restrict y, const REAL *restrict x, int64_t n)
{
    if (n == 0)
        return; /* there may be no y */
    if (x)
        memcpy(y, x, (size_t)n * sizeof(REAL));
    else
        memset(y, 0, (size_t)n * sizeof(REAL));
}

/* Row i of a sequence [batch, steps, hidden] at the step before, or of `first`; NULL: 0. */
static const REAL *NAME(before)(const recurrence *r, const void *sequence, const void *first, int64_t row, int64_t k)
{
    if (k > 0)
        return (const REAL *)sequence + at_step(r, row, k - 1) * r->hidden;
    return first ? (const REAL *)first + row * r->hidden : NULL;
}

/* ---- rnn ---- */

static void NAME(rnn_units)(const rnn_steps *c, const NAME(units) * u, const REAL *now, int64_t known, REAL *next,
                            REAL *sums)
{
    const int64_t hidden = c->r.hidden, n = u->n;
    const REAL *start = (const REAL *)c->products + NAME(place)(u, 0, hidden, 0);
    NAME(unit_products)(u, 1, 0, now, hidden, known, sums, start, c->r.steps * hidden);
    for (int64_t i = 0; i < u->m; i++) {
        REAL *h = (REAL *)c->h + NAME(place)(u, i, hidden, 0), *copy = next + i * hidden + u->first;
        for (int64_t j = 0; j < n; j += NAME(LANES)) {
            NAME(vec) x = NAME(take)(sums + i * n + j, n - j);
            NAME(vec) y = c->relu ? NAME(pick)(x <= 0, (NAME(vec)){0}, x) : NAME(tanh)(x);
            NAME(give)(h + j, y, n - j);
            NAME(give)(copy + j, y, n - j);
        }
    }
}

static void NAME(rnn_rows)(const void *call, rows_of rows, void *scratch)
{
    const rnn_steps *c = call;
    const recurrence *r = &c->r;
    const int64_t n = r->hidden, m = rows.end - rows.begin;
    REAL *states[] = {scratch, (REAL *)scratch + m * n}, *sums = states[1] + m * n;
    if (c->first)
        NAME(copy)(states[0], (const REAL *)c->first + rows.begin * n, m * n);
    for (int64_t k = 0; k < r->steps; k++) {
        gemm_ahead ahead = {0};
        NAME(ahead_step)(&ahead, r, c->products, rows, k + 1, n);
        NAME(ahead_step)(&ahead, r, c->h, rows, k + 1, n);
        NAME(ahead_in_products)(r, &ahead, m, n, n);
        for (int64_t j = 0; j < n; j += panel_width(r)) {
            NAME(units) u = NAME(units_of)(r, rows, k, j, &ahead);
            NAME(rnn_units)(c, &u, states[k % 2], k || c->first ? n : 0, states[(k + 1) % 2], sums);
        }
    }
}

/* ---- lstm ---- */

/* From the sums of the four gates, each [m, n] in `blocks`: gates, cell and h. */
static void NAME(lstm_gates)(const lstm_steps *c, const NAME(units) * u, const REAL *blocks, REAL *next)
{
    const recurrence *r = &c->r;
    const int64_t hidden = r->hidden, n = u->n, count = u->m * n, depth = c->features + hidden;
    for (int64_t row = 0; row < u->m; row++) {
        const REAL *before = NAME(before)(r, c->cell, c->first_cell, u->begin + row, u->step);
        REAL *gates = (REAL *)c->gates + NAME(place)(u, row, 4 * hidden, 0);
        REAL *cell = (REAL *)c->cell + NAME(place)(u, row, hidden, 0);
        REAL *h = (REAL *)c->h + NAME(place)(u, row, hidden, 0), *copy = next + row * depth + c->features + u->first;
        for (int64_t j = 0; j < n; j += NAME(LANES)) {
            const REAL *sums = blocks + row * n + j;
            const int64_t rest = n - j;
            NAME(vec) i = NAME(sigmoid)(NAME(take)(sums, rest)), f = NAME(sigmoid)(NAME(take)(sums + count, rest));
            NAME(vec) g = NAME(tanh)(NAME(take)(sums + 2 * count, rest));
            NAME(vec) o = NAME(sigmoid)(NAME(take)(sums + 3 * count, rest)), state = i * g;
            if (before)
                state += f * NAME(take)(before + u->first + j, rest);
            NAME(vec) y = o * NAME(tanh)(state);
            NAME(give)(gates + j, i, rest);
            NAME(give)(gates + hidden + j, f, rest);
            NAME(give)(gates + 2 * hidden + j, g, rest);
            NAME(give)(gates + 3 * hidden + j, o, rest);
            NAME(give)(cell + j, state, rest);
            NAME(give)(h + j, y, rest);
            NAME(give)(copy + j, y, rest);
        }
    }
}

/* joined [m, features + hidden]: x_t and h_{t−1}; next: the same of the step to come. */
static void NAME(lstm_units)(const lstm_steps *c, const NAME(units) * u, const REAL *joined, int64_t known, REAL *next,
                             REAL *blocks)
{
    const recurrence *r = &c->r;
    const int64_t hidden = r->hidden, depth = c->features + hidden, n = u->n;
    for (int64_t b = 0; b < 4; b++) {
        const REAL *start = c->has_weight ? NAME(part)(c->bias, b * hidden + u->first)
                                          : (const REAL *)c->input + NAME(place)(u, 0, 4 * hidden, b);
        NAME(unit_products)
        (u, 4, b, joined, depth, known, blocks + b * u->m * n, start, c->has_weight ? 0 : r->steps * 4 * hidden);
    }
    NAME(lstm_gates)(c, u, blocks, next);
}

/* What step k of some rows reads and writes. */
static gemm_ahead NAME(lstm_ahead)(const lstm_steps *c, rows_of rows, int64_t k)
{
    const recurrence *r = &c->r;
    const int64_t n = r->hidden, features = c->has_weight ? c->features : 4 * n;
    gemm_ahead ahead = {0};
    NAME(ahead_step)(&ahead, r, c->gates, rows, k, 4 * n);
    NAME(ahead_step)(&ahead, r, c->cell, rows, k, n);
    NAME(ahead_step)(&ahead, r, c->h, rows, k, n);
    NAME(ahead_step)(&ahead, r, c->input, rows, k, features);
    NAME(ahead_in_products)(r, &ahead, rows.end - rows.begin, 4 * n, c->features + n);
    return ahead;
}

static void NAME(lstm_rows)(const void *call, rows_of rows, void *scratch)
{
    const lstm_steps *c = call;
    const recurrence *r = &c->r;
    const int64_t n = r->hidden, m = rows.end - rows.begin, features = c->features, depth = features + n;
    REAL *joined[] = {scratch, (REAL *)scratch + m * depth}, *blocks = joined[1] + m * depth;
    for (int64_t i = 0; c->first && i < m; i++)
        NAME(copy)(joined[0] + i * depth + features, (const REAL *)c->first + (rows.begin + i) * n, n);
    for (int64_t k = 0; k < r->steps; k++) {
        REAL *now = joined[k % 2];
        for (int64_t i = 0; features && i < m; i++)
            NAME(copy)
        (now + i * depth, (const REAL *)c->input + at_step(r, rows.begin + i, k) * features, features);
        gemm_ahead ahead = NAME(lstm_ahead)(c, rows, k + 1);
        for (int64_t j = 0; j < n; j += panel_width(r)) {
            NAME(units) u = NAME(units_of)(r, rows, k, j, &ahead);
            NAME(lstm_units)(c, &u, now, k || c->first ? depth : features, joined[(k + 1) % 2], blocks);
        }
    }
}

/* One row at one step. before: c⁻ or NULL; on_cell: the cotangent of c that comes from the step after, and then what
 * goes to the step before; direct: what c's own is beside it, or NULL. */
static void NAME(lstm_gradient_row)(int64_t n, const REAL *gates, const REAL *cell, const REAL *before,
                                    const REAL *on_h, const REAL *direct, REAL *on_cell, REAL *on_sums)
{
    for (int64_t j = 0; j < n; j += NAME(LANES)) {
        const int64_t rest = n - j;
        NAME(vec) i = NAME(take)(gates + j, rest), f = NAME(take)(gates + n + j, rest);
        NAME(vec) g = NAME(take)(gates + 2 * n + j, rest), o = NAME(take)(gates + 3 * n + j, rest);
        NAME(vec) y = NAME(tanh)(NAME(take)(cell + j, rest)), h = NAME(take)(on_h + j, rest);
        NAME(vec) old = before ? NAME(take)(before + j, rest) : (NAME(vec)){0};
        NAME(vec) d = NAME(take)(on_cell + j, rest) + h * (o * (1 - y * y));
        if (direct)
            d += NAME(take)(direct + j, rest);
        NAME(give)(on_sums + j, d * (g * i * (1 - i)), rest);
        NAME(give)(on_sums + n + j, d * (old * f * (1 - f)), rest);
        NAME(give)(on_sums + 2 * n + j, d * (i * (1 - g * g)), rest);
        NAME(give)(on_sums + 3 * n + j, h * (o * (1 - o) * y), rest);
        NAME(give)(on_cell + j, d * f, rest);
    }
}

/* What step k of some rows reads and writes. */
static gemm_ahead NAME(lstm_gradient_ahead)(const lstm_gradient_steps *c, rows_of rows, int64_t k)
{
    const recurrence *r = &c->r;
    const int64_t n = r->hidden;
    gemm_ahead ahead = {0};
    NAME(ahead_step)(&ahead, r, c->gates, rows, k, 4 * n);
    NAME(ahead_step)(&ahead, r, c->on_sums, rows, k, 4 * n);
    NAME(ahead_step)(&ahead, r, c->cell, rows, k - 1, n);
    NAME(ahead_step)(&ahead, r, c->on_h, rows, k, n);
    NAME(ahead_step)(&ahead, r, c->on_cell, rows, k, n);
    NAME(ahead_in_products)(r, &ahead, rows.end - rows.begin, n, 4 * n);
    return ahead;
}

static void NAME(lstm_gradient_rows)(const void *call, rows_of rows, void *scratch)
{
    const lstm_gradient_steps *c = call;
    const recurrence *r = &c->r;
    const int64_t n = r->hidden, m = rows.end - rows.begin, width = panel_width(r);
    REAL *on_h = scratch, *on_cell = on_h + m * n, *on_sums = c->on_sums;
    memset(on_cell, 0, (size_t)(m * n) * sizeof(REAL));
    for (int64_t k = r->steps - 1; k >= 0; k--) {
        bool last = k == r->steps - 1;
        const int64_t first = at_step(r, rows.begin, k), after = last ? first : at_step(r, rows.begin, k + 1);
        gemm_ahead ahead = NAME(lstm_gradient_ahead)(c, rows, k - 1);
        for (int64_t j = 0; j < n; j += width)
            NAME(panel_products)
        (r, j, m, last ? 0 : 4 * n, on_sums + after * 4 * n, r->steps * 4 * n, on_h, n, NAME(part)(c->on_h, first * n),
         r->steps * n, &ahead);
        for (int64_t i = 0; i < m; i++) {
            const int64_t row = rows.begin + i, at = at_step(r, row, k);
            NAME(lstm_gradient_row)
            (n, (const REAL *)c->gates + at * 4 * n, (const REAL *)c->cell + at * n,
             NAME(before)(r, c->cell, c->first_cell, row, k), on_h + i * n, NAME(part)(c->on_cell, at * n),
             on_cell + i * n, on_sums + at * 4 * n);
        }
    }
    NAME(copy)((REAL *)c->on_first_cell + rows.begin * n, on_cell, m * n);
}

/* ---- gru ---- */

/* From the sums inside the gates, each [m, n] in `blocks`, of which q is without the input's products. */
static void NAME(gru_gates)(const gru_steps *c, const NAME(units) * u, const REAL *blocks, const REAL *states,
                            REAL *next)
{
    const int64_t hidden = c->r.hidden, n = u->n, count = u->m * n;
    for (int64_t row = 0; row < u->m; row++) {
        const REAL *p = (const REAL *)c->products + NAME(place)(u, row, 3 * hidden, 0);
        const REAL *before = states ? states + row * hidden + u->first : NULL;
        REAL *gates = (REAL *)c->gates + NAME(place)(u, row, 4 * hidden, 0);
        REAL *h = (REAL *)c->h + NAME(place)(u, row, hidden, 0), *copy = next + row * hidden + u->first;
        for (int64_t j = 0; j < n; j += NAME(LANES)) {
            const REAL *sums = blocks + row * n + j;
            const int64_t rest = n - j;
            NAME(vec) r = NAME(sigmoid)(NAME(take)(p + j, rest) + NAME(take)(sums, rest));
            NAME(vec) z = NAME(sigmoid)(NAME(take)(p + hidden + j, rest) + NAME(take)(sums + count, rest));
            NAME(vec) q = NAME(take)(sums + 2 * count, rest);
            NAME(vec) x = NAME(tanh)(NAME(take)(p + 2 * hidden + j, rest) + r * q), y = (1 - z) * x;
            if (before)
                y += z * NAME(take)(before + j, rest);
            NAME(give)(gates + j, r, rest);
            NAME(give)(gates + hidden + j, z, rest);
            NAME(give)(gates + 2 * hidden + j, x, rest);
            NAME(give)(gates + 3 * hidden + j, q, rest);
            NAME(give)(h + j, y, rest);
            NAME(give)(copy + j, y, rest);
        }
    }
}

/* states [m, hidden]: h_{t−1}, or NULL; next: h_t. */
static void NAME(gru_units)(const gru_steps *c, const NAME(units) * u, const REAL *states, REAL *next, REAL *blocks)
{
    const int64_t hidden = c->r.hidden;
    for (int64_t b = 0; b < 3; b++)
        NAME(unit_products)
    (u, 3, b, states, hidden, states ? hidden : 0, blocks + b * u->m * u->n, NAME(part)(c->bias, b * hidden + u->first),
     0);
    NAME(gru_gates)(c, u, blocks, states, next);
}

static void NAME(gru_rows)(const void *call, rows_of rows, void *scratch)
{
    const gru_steps *c = call;
    const recurrence *r = &c->r;
    const int64_t n = r->hidden, m = rows.end - rows.begin;
    REAL *states[] = {scratch, (REAL *)scratch + m * n}, *blocks = states[1] + m * n;
    if (c->first)
        NAME(copy)(states[0], (const REAL *)c->first + rows.begin * n, m * n);
    for (int64_t k = 0; k < r->steps; k++) {
        gemm_ahead ahead = {0};
        NAME(ahead_step)(&ahead, r, c->products, rows, k + 1, 3 * n);
        NAME(ahead_step)(&ahead, r, c->gates, rows, k + 1, 4 * n);
        NAME(ahead_step)(&ahead, r, c->h, rows, k + 1, n);
        NAME(ahead_in_products)(r, &ahead, m, 3 * n, n);
        for (int64_t j = 0; j < n; j += panel_width(r)) {
            NAME(units) u = NAME(units_of)(r, rows, k, j, &ahead);
            NAME(gru_units)(c, &u, k || c->first ? states[k % 2] : NULL, states[(k + 1) % 2], blocks);
        }
    }
}

/* One row at one step. on_h: the cotangent of h, and then what goes to h⁻ without W. */
static void NAME(gru_gradient_row)(int64_t n, const REAL *gates, const REAL *before, REAL *on_h, REAL *on_products,
                                   REAL *on_sums)
{
    for (int64_t j = 0; j < n; j += NAME(LANES)) {
        const int64_t rest = n - j;
        NAME(vec) r = NAME(take)(gates + j, rest), z = NAME(take)(gates + n + j, rest);
        NAME(vec) x = NAME(take)(gates + 2 * n + j, rest), q = NAME(take)(gates + 3 * n + j, rest);
        NAME(vec) old = before ? NAME(take)(before + j, rest) : (NAME(vec)){0}, h = NAME(take)(on_h + j, rest);
        NAME(vec)
        on_x = (1 - z) * h * (1 - x * x), on_r = on_x * q * (r * (1 - r)), on_z = (old - x) * (z * (1 - z)) * h;
        NAME(give)(on_products + j, on_r, rest);
        NAME(give)(on_products + n + j, on_z, rest);
        NAME(give)(on_products + 2 * n + j, on_x, rest);
        NAME(give)(on_sums + j, on_r, rest);
        NAME(give)(on_sums + n + j, on_z, rest);
        NAME(give)(on_sums + 2 * n + j, on_x * r, rest);
        NAME(give)(on_h + j, h * z, rest);
    }
}

/* What step k of some rows reads and writes. */
static gemm_ahead NAME(gru_gradient_ahead)(const gru_gradient_steps *c, rows_of rows, int64_t k)
{
    const recurrence *r = &c->r;
    const int64_t n = r->hidden;
    gemm_ahead ahead = {0};
    NAME(ahead_step)(&ahead, r, c->gates, rows, k, 4 * n);
    NAME(ahead_step)(&ahead, r, c->on_products, rows, k, 3 * n);
    NAME(ahead_step)(&ahead, r, c->on_sums, rows, k, 3 * n);
    NAME(ahead_step)(&ahead, r, c->h, rows, k - 1, n);
    NAME(ahead_step)(&ahead, r, c->on_h, rows, k, n);
    NAME(ahead_in_products)(r, &ahead, rows.end - rows.begin, n, 3 * n);
    return ahead;
}

static void NAME(gru_gradient_rows)(const void *call, rows_of rows, void *scratch)
{
    const gru_gradient_steps *c = call;
    const recurrence *r = &c->r;
    const int64_t n = r->hidden, m = rows.end - rows.begin;
    REAL *on_h = scratch, *on_sums = c->on_sums;
    memset(on_h, 0, (size_t)(m * n) * sizeof(REAL));
    for (int64_t k = r->steps - 1; k >= 0; k--) {
        gemm_ahead ahead = NAME(gru_gradient_ahead)(c, rows, k - 1);
        if (k + 1 < r->steps)
            NAME(weight_products)
        (r, m, 3 * n, on_sums + at_step(r, rows.begin, k + 1) * 3 * n, r->steps * 3 * n, on_h, n, on_h, n, &ahead);
        for (int64_t i = 0; i < m; i++) {
            const int64_t row = rows.begin + i, at = at_step(r, row, k);
            const REAL *direct = (const REAL *)c->on_h + at * n;
            for (int64_t j = 0; j < n; j++)
                on_h[i * n + j] += direct[j];
            NAME(gru_gradient_row)
            (n, (const REAL *)c->gates + at * 4 * n, NAME(before)(r, c->h, c->first, row, k), on_h + i * n,
             (REAL *)c->on_products + at * 3 * n, on_sums + at * 3 * n);
        }
    }
    NAME(copy)((REAL *)c->on_first + rows.begin * n, on_h, m * n);
}
