/* Recurrences over time: the cutting of the batch, in both float types. */
#include "recurrence_kernel.h"

#include <cblas.h>
#include <string.h>

/* Of the batch. */
typedef struct rows_of {
    int64_t begin, end;
} rows_of;

/* Where the k-th step that is taken stands in a sequence [batch, steps]. */
static int64_t at_step(const recurrence *r, int64_t row, int64_t k)
{
    return row * r->steps + (r->reverse ? r->steps - 1 - k : k);
}

#define REAL       float
#define GEMM       cblas_sgemm
#define GEMV       cblas_sgemv
#define NAME(name) name##_float32
#include "recurrence_real.h"
#undef REAL
#undef GEMM
#undef GEMV
#undef NAME

#define REAL       double
#define GEMM       cblas_dgemm
#define GEMV       cblas_dgemv
#define NAME(name) name##_float64
#include "recurrence_real.h"
#undef REAL
#undef GEMM
#undef GEMV
#undef NAME

dg_status recurrence_make(recurrence *r, const dg_tensor *hidden_states, int64_t widest, bool reverse)
{
    const int64_t *dims = hidden_states->shape.dims;
    *r = (recurrence){hidden_states->dtype, dims[0], dims[1], dims[2], reverse};
    if (r->steps > 0 && widest > INT32_MAX / r->steps)
        return dg_error(DG_BAD_SHAPE, "%lld steps of %lld numbers are beyond what BLAS can count", (long long)r->steps,
                        (long long)widest);
    return dg_ok();
}

/* Rows in a piece: enough to make a step's product worth its overhead, few enough to keep several threads busy. */
static int64_t piece_rows(const recurrence *r)
{
    return r->batch >= 64 ? 32 : 16;
}

static rows_of rows_of_piece(const recurrence *r, int64_t piece)
{
    int64_t rows = piece_rows(r), begin = piece * rows;
    return (rows_of){begin, begin + rows < r->batch ? begin + rows : r->batch};
}

static void run(const recurrence *r, dg_threads *threads, void (*work)(void *call, int64_t piece), void *call)
{
    int64_t rows = piece_rows(r);
    if (r->batch > 0 && r->steps > 0 && r->hidden > 0)
        dg_threads_run(threads, (r->batch + rows - 1) / rows, work, call);
}

static void rnn_piece(void *call, int64_t piece)
{
    const rnn_steps *c = call;
    (c->r.dtype == DG_FLOAT32 ? rnn_rows_float32 : rnn_rows_float64)(c, rows_of_piece(&c->r, piece));
}

void rnn_run(rnn_steps *call, dg_threads *threads)
{
    call->tanh = dg_primitive_array("tanh", call->r.dtype);
    run(&call->r, threads, rnn_piece, call);
}

static void lstm_piece(void *call, int64_t piece)
{
    const lstm_steps *c = call;
    (c->r.dtype == DG_FLOAT32 ? lstm_rows_float32 : lstm_rows_float64)(c, rows_of_piece(&c->r, piece));
}

void lstm_run(lstm_steps *call, dg_threads *threads)
{
    call->sigmoid = dg_primitive_array("sigmoid", call->r.dtype);
    call->tanh = dg_primitive_array("tanh", call->r.dtype);
    run(&call->r, threads, lstm_piece, call);
}

static void gru_piece(void *call, int64_t piece)
{
    const gru_steps *c = call;
    (c->r.dtype == DG_FLOAT32 ? gru_rows_float32 : gru_rows_float64)(c, rows_of_piece(&c->r, piece));
}

void gru_run(gru_steps *call, dg_threads *threads)
{
    call->sigmoid = dg_primitive_array("sigmoid", call->r.dtype);
    call->tanh = dg_primitive_array("tanh", call->r.dtype);
    run(&call->r, threads, gru_piece, call);
}

static void linear_piece(void *call, int64_t piece)
{
    const linear_steps *c = call;
    (c->r.dtype == DG_FLOAT32 ? linear_rows_float32 : linear_rows_float64)(c, rows_of_piece(&c->r, piece));
}

void linear_run(linear_steps *call, dg_threads *threads)
{
    run(&call->r, threads, linear_piece, call);
}

static void linear_transposed_piece(void *call, int64_t piece)
{
    const linear_steps *c = call;
    (c->r.dtype == DG_FLOAT32 ? linear_transposed_rows_float32
                              : linear_transposed_rows_float64)(c, rows_of_piece(&c->r, piece));
}

void linear_transposed_run(linear_steps *call, dg_threads *threads)
{
    run(&call->r, threads, linear_transposed_piece, call);
}

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
