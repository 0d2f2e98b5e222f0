#include "batch.h"
#include "ops/shared/rules.h"
#include "ops/shared/strided.h"

#include <stdio.h>
#include <string.h>

dg_status want_matrices(const dg_infer *infer, int k)
{
    const dg_type *type = infer->inputs[k];
    char text[DG_SHAPE_TEXT];
    DG_TRY(want_floats(infer, 0));
    DG_TRY(want_floats(infer, k));
    if (type->shape.rank < 2)
        return dg_error(DG_BAD_SHAPE, "%s is %s, expected matrices [.., rows, columns]", infer->op->inputs[k].name,
                        dg_graph_print_shape(infer->graph, &type->shape, text, sizeof text));
    return dg_ok();
}

dg_status want_square(const dg_infer *infer, int k)
{
    const dg_type *type = infer->inputs[k];
    char text[DG_SHAPE_TEXT];
    DG_TRY(want_matrices(infer, k));
    const int64_t *sizes = &type->shape.dims[type->shape.rank - 2];
    if (sizes_differ(sizes[0], sizes[1]))
        return dg_error(DG_BAD_SHAPE, "%s is %s, expected square matrices", infer->op->inputs[k].name,
                        dg_graph_print_shape(infer->graph, &type->shape, text, sizeof text));
    return dg_ok();
}

matrix_job matrix_job_of(const dg_kernel *kernel, const dg_tensor *result)
{
    int rank = result->shape.rank;
    matrix_job job = {.kernel = kernel,
                      .dtype = result->dtype,
                      .batch = result->shape,
                      .m = result->shape.dims[rank - 2],
                      .n = result->shape.dims[rank - 1]};
    job.batch.rank -= 2;
    return job;
}

/* Pieces of some 100 µs at least, by the sizes alone. */
static void cut(matrix_job *job)
{
    enum { PIECE_WORK = 1 << 16 };
    int64_t count = dg_shape_count(&job->batch);
    double side = (double)(job->m > job->n ? job->m : job->n), work = (double)count * side * side * side;
    job->pieces = work < PIECE_WORK ? 1 : work / PIECE_WORK > MOST_PIECES ? MOST_PIECES : (int64_t)(work / PIECE_WORK);
    job->pieces = job->pieces < count ? job->pieces : count;
    job->each = job->pieces ? (count + job->pieces - 1) / job->pieces : 0;
}

static size_t piece_bytes(const matrix_job *job)
{
    return (job->work + 63) / 64 * 64;
}

size_t matrix_job_bytes(matrix_job *job)
{
    cut(job);
    return piece_bytes(job) * (size_t)job->pieces;
}

static void run_piece(void *argument, int64_t piece)
{
    matrix_job *job = argument;
    int64_t begin = piece * job->each, end = begin + job->each, count = dg_shape_count(&job->batch), held = -1;
    size_t bytes = piece_bytes(job);
    char nothing = 0; /* for matrices without elements: an address that may be added 0 to, as NULL may not */
    void *work = bytes ? (char *)job->kernel->workspace + (size_t)piece * bytes : &nothing;
    for (int64_t i = begin; i < end && i < count; i++) {
        job->failures[piece] = (struct failure){i, job->one(job, i, work, &held)};
        if (job->failures[piece].info)
            return;
    }
}

dg_status matrix_job_run(matrix_job *job, const char *what)
{
    cut(job);
    enum { MOST_ROWS = 1 << 24 }; /* LAPACK counts workspace, 64 columns of it, in 31 bits */
    if (job->m > MOST_ROWS || job->n > MOST_ROWS || job->k > MOST_ROWS)
        return dg_error(DG_BAD_SHAPE, "a matrix of [%lld, %lld] is larger than LAPACK can index", (long long)job->m,
                        (long long)job->n);
    dg_threads_run(job->kernel->threads, job->pieces, run_piece, job);
    for (int64_t p = 0; p < job->pieces; p++) {
        if (!job->failures[p].info)
            continue;
        char where[80] = "", message[200];
        if (job->batch.rank > 0)
            snprintf(where, sizeof where, "matrix %lld of the batch: ", (long long)job->failures[p].matrix);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(message, sizeof message, what, (long long)job->failures[p].info);
#pragma GCC diagnostic pop
        return dg_error(DG_NUMERIC, "%s%s", where, message);
    }
    return dg_ok();
}

int64_t matrix_of_batch(const matrix_job *job, const dg_tensor *operand, int64_t matrix)
{
    int64_t index = 0, stride = 1;
    for (int d = job->batch.rank - 1, own = operand->shape.rank - 3; d >= 0; d--, own--) {
        int64_t i = matrix % job->batch.dims[d];
        matrix /= job->batch.dims[d];
        if (own < 0)
            continue;
        index += operand->shape.dims[own] == 1 ? 0 : i * stride;
        stride *= operand->shape.dims[own];
    }
    return index;
}

void *matrix_at(const dg_tensor *tensor, int64_t matrix)
{
    int rank = tensor->shape.rank;
    return element_at(tensor->dtype, tensor->data,
                      matrix * tensor->shape.dims[rank - 2] * tensor->shape.dims[rank - 1]);
}

size_t matrix_bytes(const dg_tensor *tensor)
{
    int rank = tensor->shape.rank;
    return (size_t)tensor->shape.dims[rank - 2] * (size_t)tensor->shape.dims[rank - 1] * dg_dtype_size(tensor->dtype);
}

void matrix_copy(void *to, const dg_tensor *from, int64_t matrix)
{
    if (matrix_bytes(from) > 0)
        memcpy(to, matrix_at(from, matrix), matrix_bytes(from));
}
