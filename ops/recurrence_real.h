/* Recurrences in one float type, for rows `begin` … `end` − 1 of the batch. Included with REAL, GEMM, GEMV and NAME()
 * defined. */

/* y += x·Wᵀ for `rows` rows that lie x_step and y_step apart; W is [n_out, n_in]. */
static void NAME(add_products)(const REAL *x, int64_t x_step, const REAL *w, REAL *y, int64_t y_step, int64_t rows,
                               int64_t n_out, int64_t n_in)
{
    if (rows == 1)
        GEMV(CblasRowMajor, CblasNoTrans, (blasint)n_out, (blasint)n_in, 1, w, (blasint)n_in, x, 1, 1, y, 1);
    else
        GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)rows, (blasint)n_out, (blasint)n_in, 1, x,
             (blasint)x_step, w, (blasint)n_in, 1, y, (blasint)y_step);
}

/* y += x·W */
static void NAME(add_transposed_products)(const REAL *x, int64_t x_step, const REAL *w, REAL *y, int64_t y_step,
                                          int64_t rows, int64_t n_out, int64_t n_in)
{
    if (rows == 1)
        GEMV(CblasRowMajor, CblasTrans, (blasint)n_out, (blasint)n_in, 1, w, (blasint)n_in, x, 1, 1, y, 1);
    else
        GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)rows, (blasint)n_in, (blasint)n_out, 1, x,
             (blasint)x_step, w, (blasint)n_in, 1, y, (blasint)y_step);
}

static void NAME(copy)(REAL *restrict y, const REAL *restrict x, int64_t n)
{
    if (x)
        memcpy(y, x, (size_t)n * sizeof(REAL));
    else
        memset(y, 0, (size_t)n * sizeof(REAL));
}

/* to += W·(the hidden state before step k), for all rows; `to` has `size` numbers a step. */
static void NAME(add_recurrent)(const recurrence *r, const REAL *h, const REAL *first, const REAL *w, REAL *to,
                                int64_t size, int64_t width, int64_t k, rows_of rows)
{
    const int64_t n = r->hidden;
    REAL *y = to + at_step(r, rows.begin, k) * size;
    if (k > 0)
        NAME(add_products)
    (h + at_step(r, rows.begin, k - 1) * n, r->steps * n, w, y, r->steps * size, rows.end - rows.begin, width, n);
    else if (first)
        NAME(add_products)(first + rows.begin * n, n, w, y, r->steps * size, rows.end - rows.begin, width, n);
}

static void NAME(rnn_rows)(const rnn_steps *c, rows_of rows)
{
    const recurrence *r = &c->r;
    const int64_t n = r->hidden;
    REAL *h = c->h;
    for (int64_t k = 0; k < r->steps; k++) {
        for (int64_t row = rows.begin; row < rows.end; row++)
            NAME(copy)(h + at_step(r, row, k) * n, (const REAL *)c->products + at_step(r, row, k) * n, n);
        NAME(add_recurrent)(r, h, c->first, c->weight, h, n, n, k, rows);
        for (int64_t row = rows.begin; row < rows.end; row++) {
            REAL *y = h + at_step(r, row, k) * n;
            if (!c->relu)
                c->tanh(y, y, NULL, NULL, (size_t)n);
            for (int64_t j = 0; c->relu && j < n; j++)
                y[j] = y[j] <= 0 ? 0 : y[j];
        }
    }
}

static void NAME(lstm_cells)(const REAL *restrict gates, const REAL *restrict before, REAL *restrict cell, int64_t n)
{
    const REAL *i = gates, *f = gates + n, *g = gates + 2 * n;
    if (before)
        for (int64_t j = 0; j < n; j++)
            cell[j] = f[j] * before[j] + i[j] * g[j];
    else
        for (int64_t j = 0; j < n; j++)
            cell[j] = i[j] * g[j];
}

static void NAME(lstm_rows)(const lstm_steps *c, rows_of rows)
{
    const recurrence *r = &c->r;
    const int64_t n = r->hidden;
    REAL *h = c->h, *cell = c->cell, *gates = c->gates;
    const REAL *first_cell = c->first_cell;
    for (int64_t k = 0; k < r->steps; k++) {
        for (int64_t row = rows.begin; row < rows.end; row++)
            NAME(copy)
        (gates + at_step(r, row, k) * 4 * n, (const REAL *)c->products + at_step(r, row, k) * 4 * n, 4 * n);
        NAME(add_recurrent)(r, h, c->first, c->weight, gates, 4 * n, 4 * n, k, rows);
        for (int64_t row = rows.begin; row < rows.end; row++) {
            int64_t at = at_step(r, row, k);
            REAL *gate = gates + at * 4 * n, *y = h + at * n;
            const REAL *before = k > 0 ? cell + at_step(r, row, k - 1) * n : first_cell ? first_cell + row * n : NULL;
            c->sigmoid(gate, gate, NULL, NULL, (size_t)(2 * n));
            c->tanh(gate + 2 * n, gate + 2 * n, NULL, NULL, (size_t)n);
            c->sigmoid(gate + 3 * n, gate + 3 * n, NULL, NULL, (size_t)n);
            NAME(lstm_cells)(gate, before, cell + at * n, n);
            c->tanh(y, cell + at * n, NULL, NULL, (size_t)n);
            for (int64_t j = 0; j < n; j++)
                y[j] *= gate[3 * n + j];
        }
    }
}

/* gate: W h + bias, becomes r, z, n, q */
static void NAME(gru_row)(const gru_steps *c, REAL *restrict gate, const REAL *restrict p, const REAL *restrict before,
                          REAL *restrict y)
{
    const int64_t n = c->r.hidden;
    for (int64_t j = 0; j < n; j++)
        gate[3 * n + j] = gate[2 * n + j];
    for (int64_t j = 0; j < 2 * n; j++)
        gate[j] += p[j];
    c->sigmoid(gate, gate, NULL, NULL, (size_t)(2 * n));
    for (int64_t j = 0; j < n; j++)
        gate[2 * n + j] = p[2 * n + j] + gate[j] * gate[3 * n + j];
    c->tanh(gate + 2 * n, gate + 2 * n, NULL, NULL, (size_t)n);
    for (int64_t j = 0; j < n; j++) {
        REAL z = gate[n + j];
        y[j] = (1 - z) * gate[2 * n + j] + (before ? z * before[j] : 0);
    }
}

static void NAME(gru_rows)(const gru_steps *c, rows_of rows)
{
    const recurrence *r = &c->r;
    const int64_t n = r->hidden;
    REAL *h = c->h, *gates = c->gates;
    const REAL *first = c->first;
    for (int64_t k = 0; k < r->steps; k++) {
        for (int64_t row = rows.begin; row < rows.end; row++)
            NAME(copy)(gates + at_step(r, row, k) * 4 * n, c->bias, 3 * n);
        NAME(add_recurrent)(r, h, first, c->weight, gates, 4 * n, 3 * n, k, rows);
        for (int64_t row = rows.begin; row < rows.end; row++) {
            int64_t at = at_step(r, row, k);
            const REAL *before = k > 0 ? h + at_step(r, row, k - 1) * n : first ? first + row * n : NULL;
            NAME(gru_row)(c, gates + at * 4 * n, (const REAL *)c->products + at * 3 * n, before, h + at * n);
        }
    }
}

/* ---- linear recurrences ---- */

/* y += a·b */
static void NAME(add_scaled)(REAL *restrict y, const REAL *restrict a, const REAL *restrict b, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        y[j] += a[j] * b[j];
}

static const REAL *NAME(part)(const void *x, int64_t at, int64_t size)
{
    return x ? (const REAL *)x + at * size : NULL;
}

static void NAME(linear_rows)(const linear_steps *c, rows_of rows)
{
    const recurrence *r = &c->r;
    const int64_t n = r->hidden, size = c->blocks * n, n_memory = c->readout ? c->blocks - 1 : c->blocks;
    REAL *all_s = c->s, *all_m = c->m, *all_u = c->u;
    for (int64_t k = 0; k < r->steps; k++) {
        for (int64_t row = rows.begin; row < rows.end; row++)
            NAME(copy)(all_s + at_step(r, row, k) * size, NAME(part)(c->from_s, at_step(r, row, k), size), size);
        NAME(add_recurrent)(r, all_u, NULL, c->weight, all_s, size, size, k, rows);
        for (int64_t row = rows.begin; row < rows.end; row++) {
            int64_t at = at_step(r, row, k);
            REAL *s = all_s + at * size, *m = all_m + at * n, *u = all_u + at * n;
            const REAL *gain = (const REAL *)c->gain + at * size;
            NAME(copy)(m, NAME(part)(c->from_m, at, n), n);
            if (c->decay && k > 0)
                NAME(add_scaled)(m, NAME(part)(c->decay, at, n), all_m + at_step(r, row, k - 1) * n, n);
            for (int64_t b = 0; b < n_memory; b++)
                NAME(add_scaled)(m, gain + b * n, s + b * n, n);
            NAME(copy)(u, NAME(part)(c->from_u, at, n), n);
            if (c->readout) {
                NAME(add_scaled)(u, NAME(part)(c->readout, at, n), m, n);
                NAME(add_scaled)(u, gain + n_memory * n, s + n_memory * n, n);
            }
            for (int64_t j = 0; !c->readout && j < n; j++)
                u[j] += m[j];
        }
    }
}

static void NAME(linear_transposed_rows)(const linear_steps *c, rows_of rows)
{
    const recurrence *r = &c->r;
    const int64_t n = r->hidden, size = c->blocks * n, n_memory = c->readout ? c->blocks - 1 : c->blocks;
    REAL *all_s = c->s, *all_m = c->m, *all_u = c->u;
    for (int64_t k = r->steps - 1; k >= 0; k--) {
        bool last = k == r->steps - 1;
        for (int64_t row = rows.begin; row < rows.end; row++)
            NAME(copy)(all_u + at_step(r, row, k) * n, NAME(part)(c->from_u, at_step(r, row, k), n), n);
        if (!last)
            NAME(add_transposed_products)
        (all_s + at_step(r, rows.begin, k + 1) * size, r->steps * size, c->weight,
         all_u + at_step(r, rows.begin, k) * n, r->steps * n, rows.end - rows.begin, size, n);
        for (int64_t row = rows.begin; row < rows.end; row++) {
            int64_t at = at_step(r, row, k), next = last ? at : at_step(r, row, k + 1);
            REAL *s = all_s + at * size, *m = all_m + at * n, *u = all_u + at * n;
            const REAL *gain = (const REAL *)c->gain + at * size;
            NAME(copy)(m, NAME(part)(c->from_m, at, n), n);
            if (c->readout)
                NAME(add_scaled)(m, NAME(part)(c->readout, at, n), u, n);
            for (int64_t j = 0; !c->readout && j < n; j++)
                m[j] += u[j];
            if (c->decay && !last)
                NAME(add_scaled)(m, NAME(part)(c->decay, next, n), all_m + next * n, n);
            NAME(copy)(s, NAME(part)(c->from_s, at, size), size);
            for (int64_t b = 0; b < n_memory; b++)
                NAME(add_scaled)(s + b * n, gain + b * n, m, n);
            if (c->readout)
                NAME(add_scaled)(s + n_memory * n, gain + n_memory * n, u, n);
        }
    }
}
