/* Recurrences over time: the cutting of the batch, the workspace and the packing of weights. */
#include "run.h"

#include <string.h>

recurrence recurrence_of(const dg_tensor *hidden_states, bool reverse)
{
    const int64_t *dims = hidden_states->shape.dims;
    return (recurrence){
        .dtype = hidden_states->dtype, .batch = dims[0], .steps = dims[1], .hidden = dims[2], .reverse = reverse};
}

/* ---- pieces ---- */

/* Rows of a piece: enough to make a step's product worth the reading of the weight, few enough to keep several threads
 * busy. */
static int64_t piece_rows(const recurrence *r)
{
    return r->batch >= 64 ? 32 : 16;
}

static int64_t piece_count(const recurrence *r)
{
    return (r->batch + piece_rows(r) - 1) / piece_rows(r);
}

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Of panels of so many elements, and behind them a scratch of so many for every row of a piece. */
static size_t bytes_for(const recurrence *r, int64_t panels, int64_t scratch_of_row)
{
    size_t element = dg_dtype_size(r->dtype);
    size_t scratch = aligned((size_t)(scratch_of_row * piece_rows(r)) * element);
    return aligned((size_t)panels * element) + (size_t)piece_count(r) * scratch;
}

/* Rows cut into pieces. */
typedef struct cutting {
    rows_function work;
    const void *call;
    int64_t rows, piece;
    char *scratch;
    size_t scratch_bytes;
} cutting;

static void run_piece(void *argument, int64_t piece)
{
    const cutting *c = argument;
    int64_t begin = piece * c->piece, end = begin + c->piece < c->rows ? begin + c->piece : c->rows;
    c->work(c->call, (rows_of){begin, end}, c->scratch ? c->scratch + (size_t)piece * c->scratch_bytes : NULL);
}

static void run_pieces(cutting c, dg_threads *threads)
{
    dg_threads_run(threads, (c.rows + c.piece - 1) / c.piece, run_piece, &c);
}

/* The batch in pieces, whose scratch memory is behind the panels. */
static void run(const recurrence *r, dg_threads *threads, rows_function work, const void *call, int64_t panels,
                int64_t scratch_of_row)
{
    size_t element = dg_dtype_size(r->dtype);
    cutting c = {.work = work,
                 .call = call,
                 .rows = r->batch,
                 .piece = piece_rows(r),
                 .scratch = (char *)r->panels + aligned((size_t)panels * element),
                 .scratch_bytes = aligned((size_t)(scratch_of_row * piece_rows(r)) * element)};
    run_pieces(c, threads);
}

static bool is_empty(const recurrence *r)
{
    return r->batch == 0 || r->steps == 0 || r->hidden == 0;
}

static const recurrence_functions *functions_for(dg_dtype dtype)
{
    return dtype == DG_FLOAT32 ? &recurrence_tables()->float32 : &recurrence_tables()->float64;
}

/* What a call needs beside its buffers. */
static const recurrence_functions *prepare(recurrence *r, void *workspace)
{
    r->gemm = gemm_for(r->dtype);
    r->panels = workspace;
    return functions_for(r->dtype);
}

/* ---- the calls: panels, and elements of scratch for a row ---- */

static int64_t rnn_panels(const rnn_steps *c)
{
    return panel_count(&c->r, 1, c->r.hidden);
}

static int64_t rnn_scratch(const rnn_steps *c)
{
    return 2 * c->r.hidden + panel_width(&c->r);
}

size_t rnn_bytes(const rnn_steps *call)
{
    return bytes_for(&call->r, rnn_panels(call), rnn_scratch(call));
}

void rnn_run(rnn_steps *call, void *workspace, dg_threads *threads)
{
    if (is_empty(&call->r))
        return;
    const recurrence_functions *functions = prepare(&call->r, workspace);
    functions->pack_turned(&call->r, 1, call->weight, call->r.hidden, 0, call->r.hidden);
    run(&call->r, threads, functions->rnn, call, rnn_panels(call), rnn_scratch(call));
}

static int64_t lstm_panels(const lstm_steps *c)
{
    return panel_count(&c->r, 4, c->features + c->r.hidden);
}

static int64_t lstm_scratch(const lstm_steps *c)
{
    return 2 * (c->features + c->r.hidden) + 4 * panel_width(&c->r);
}

size_t lstm_bytes(const lstm_steps *call)
{
    return bytes_for(&call->r, lstm_panels(call), lstm_scratch(call));
}

void lstm_run(lstm_steps *call, void *workspace, dg_threads *threads)
{
    if (is_empty(&call->r))
        return;
    const recurrence_functions *functions = prepare(&call->r, workspace);
    int64_t depth = call->features + call->r.hidden;
    if (call->features > 0)
        functions->pack_turned(&call->r, 4, call->input_weight, call->features, 0, depth);
    functions->pack_turned(&call->r, 4, call->weight, call->r.hidden, call->features, depth);
    run(&call->r, threads, functions->lstm, call, lstm_panels(call), lstm_scratch(call));
}

size_t lstm_gradient_bytes(const lstm_gradient_steps *call)
{
    return bytes_for(&call->r, panel_count(&call->r, 1, 4 * call->r.hidden), 2 * call->r.hidden);
}

void lstm_gradient_run(lstm_gradient_steps *call, void *workspace, dg_threads *threads)
{
    recurrence *r = &call->r;
    if (is_empty(r)) {
        memset(call->on_first_cell, 0, (size_t)(r->batch * r->hidden) * dg_dtype_size(r->dtype));
        return;
    }
    const recurrence_functions *functions = prepare(r, workspace);
    functions->pack(r, call->weight, 4 * r->hidden);
    run(r, threads, functions->lstm_gradient, call, panel_count(r, 1, 4 * r->hidden), 2 * r->hidden);
}

static int64_t gru_panels(const gru_steps *c)
{
    return panel_count(&c->r, 3, c->r.hidden);
}

static int64_t gru_scratch(const gru_steps *c)
{
    return 2 * c->r.hidden + 3 * panel_width(&c->r);
}

size_t gru_bytes(const gru_steps *call)
{
    return bytes_for(&call->r, gru_panels(call), gru_scratch(call));
}

void gru_run(gru_steps *call, void *workspace, dg_threads *threads)
{
    if (is_empty(&call->r))
        return;
    const recurrence_functions *functions = prepare(&call->r, workspace);
    functions->pack_turned(&call->r, 3, call->weight, call->r.hidden, 0, call->r.hidden);
    run(&call->r, threads, functions->gru, call, gru_panels(call), gru_scratch(call));
}

size_t gru_gradient_bytes(const gru_gradient_steps *call)
{
    return bytes_for(&call->r, panel_count(&call->r, 1, 3 * call->r.hidden), call->r.hidden);
}

void gru_gradient_run(gru_gradient_steps *call, void *workspace, dg_threads *threads)
{
    recurrence *r = &call->r;
    if (is_empty(r)) {
        memset(call->on_first, 0, (size_t)(r->batch * r->hidden) * dg_dtype_size(r->dtype));
        return;
    }
    const recurrence_functions *functions = prepare(r, workspace);
    functions->pack(r, call->weight, 3 * r->hidden);
    run(r, threads, functions->gru_gradient, call, panel_count(r, 1, 3 * r->hidden), r->hidden);
}

static int64_t linear_panels(const linear_steps *c)
{
    return panel_count(&c->r, c->blocks, c->r.hidden);
}

size_t linear_bytes(const linear_steps *call)
{
    return bytes_for(&call->r, linear_panels(call), 0);
}

void linear_run(linear_steps *call, void *workspace, dg_threads *threads)
{
    if (is_empty(&call->r))
        return;
    const recurrence_functions *functions = prepare(&call->r, workspace);
    functions->pack_turned(&call->r, call->blocks, call->weight, call->r.hidden, 0, call->r.hidden);
    run(&call->r, threads, functions->linear, call, linear_panels(call), 0);
}

void linear_transposed_run(linear_steps *call, void *workspace, dg_threads *threads)
{
    if (is_empty(&call->r))
        return;
    const recurrence_functions *functions = prepare(&call->r, workspace);
    functions->pack(&call->r, call->weight, call->blocks * call->r.hidden);
    run(&call->r, threads, functions->linear_transposed, call, linear_panels(call), 0);
}

/* ---- sums over time ---- */

static size_t weight_sums_scratch(const weight_sums *call)
{
    return aligned((size_t)(SUMMED_STEPS * call->r.hidden) * dg_dtype_size(call->r.dtype));
}

size_t weight_sums_bytes(const weight_sums *call)
{
    return (size_t)((call->size + SUMS_ROWS - 1) / SUMS_ROWS) * weight_sums_scratch(call);
}

void weight_sums_run(weight_sums *call, void *workspace, dg_threads *threads)
{
    const recurrence_functions *functions = prepare(&call->r, workspace);
    cutting c = {.work = functions->weight_sums,
                 .call = call,
                 .rows = call->size,
                 .piece = SUMS_ROWS,
                 .scratch = workspace,
                 .scratch_bytes = weight_sums_scratch(call)};
    run_pieces(c, threads);
}

/* ---- time_shift ---- */

void shift_run(const recurrence *r, int64_t size, const void *x, const void *first, void *y)
{
    size_t step = (size_t)size * dg_dtype_size(r->dtype);
    if (step == 0 || r->steps == 0)
        return;
    for (int64_t row = 0; row < r->batch; row++) {
        char *to = (char *)y + (size_t)at_step(r, row, 0) * step;
        size_t rest = (size_t)(r->steps - 1) * step, lowest = (size_t)(row * r->steps) * step;
        if (first)
            memcpy(to, (const char *)first + (size_t)row * step, step);
        else
            memset(to, 0, step);
        memcpy((char *)y + lowest + (r->reverse ? 0 : step), (const char *)x + lowest + (r->reverse ? step : 0), rest);
    }
}
