/* Squared distances: directly where rows are short, through a matrix product where they are long. */
#include "distance.h"

#include <cblas.h>

/* From this many columns on a product pays; a distance below NEAR times |a|² + |b|² is computed directly. */
enum { LONG_ROW = 16, PIECE_WORK = 1 << 20, FEWEST_ROWS = 16 };
#define NEAR 0.05

#define REAL       float
#define GEMM       cblas_sgemm
#define NAME(name) name##_float32
#include "distance_real.h"
#undef REAL
#undef GEMM
#undef NAME

#define REAL       double
#define GEMM       cblas_dgemm
#define NAME(name) name##_float64
#include "distance_real.h"
#undef REAL
#undef GEMM
#undef NAME

typedef struct sqdist_call {
    const dg_kernel *kernel;
    int64_t n, m, d;
    int64_t rows, pieces; /* rows in a piece, pieces in a matrix */
    bool product;
} sqdist_call;

static sqdist_call measure(const dg_kernel *kernel)
{
    const dg_shape *x1 = &kernel->inputs[0]->shape, *y = &kernel->outputs[0]->shape;
    sqdist_call c = {
        .kernel = kernel, .n = y->dims[y->rank - 2], .m = y->dims[y->rank - 1], .d = x1->dims[x1->rank - 1]};
    c.product = c.d >= LONG_ROW && c.d <= INT32_MAX && c.m <= INT32_MAX && c.n > 1 && c.m > 1;
    double rows = PIECE_WORK / ((double)c.m * (double)c.d + 1);
    c.rows = rows < FEWEST_ROWS ? FEWEST_ROWS : rows < (double)c.n ? (int64_t)rows : c.n;
    c.pieces = c.rows > 0 ? (c.n + c.rows - 1) / c.rows : 0;
    return c;
}

/* Number of the matrix of `input` that broadcasts to matrix `index` of the output's batch. */
static int64_t source_matrix(const dg_shape *input, const dg_shape *output, int64_t index)
{
    int64_t matrix = 0, stride = 1;
    for (int d = output->rank - 3; d >= 0; d--) {
        int from = d - (output->rank - input->rank);
        if (from >= 0) {
            if (input->dims[from] != 1)
                matrix += index % output->dims[d] * stride;
            stride *= input->dims[from];
        }
        index /= output->dims[d];
    }
    return matrix;
}

static int64_t matrix_count(const dg_shape *shape)
{
    dg_shape batch = *shape;
    batch.rank -= 2;
    return dg_shape_count(&batch);
}

static void run_piece(void *argument, int64_t piece)
{
    const sqdist_call *c = argument;
    const dg_tensor *x1 = c->kernel->inputs[0], *x2 = c->kernel->inputs[1], *y = c->kernel->outputs[0];
    int64_t matrix = piece / c->pieces, row = piece % c->pieces * c->rows;
    int64_t first = source_matrix(&x1->shape, &y->shape, matrix), second = source_matrix(&x2->shape, &y->shape, matrix);
    int64_t n = c->n - row < c->rows ? c->n - row : c->rows;
    int64_t a = (first * c->n + row) * c->d, b = second * c->m * c->d, at = (matrix * c->n + row) * c->m;
    if (y->dtype == DG_FLOAT32) {
        const float *from = (const float *)x1->data + a, *to = (const float *)x2->data + b;
        if (c->product)
            product_rows_float32(from, to, (float *)c->kernel->workspace + second * c->m, (float *)y->data + at, n,
                                 c->m, c->d);
        else
            direct_rows_float32(from, to, (float *)y->data + at, n, c->m, c->d);
    } else {
        const double *from = (const double *)x1->data + a, *to = (const double *)x2->data + b;
        if (c->product)
            product_rows_float64(from, to, (double *)c->kernel->workspace + second * c->m, (double *)y->data + at, n,
                                 c->m, c->d);
        else
            direct_rows_float64(from, to, (double *)y->data + at, n, c->m, c->d);
    }
}

size_t sqdist_workspace(const dg_kernel *kernel)
{
    const dg_tensor *x2 = kernel->inputs[1];
    sqdist_call c = measure(kernel);
    return c.product ? (size_t)(matrix_count(&x2->shape) * c.m) * dg_dtype_size(x2->dtype) : 0;
}

dg_status sqdist_forward(const dg_kernel *kernel)
{
    const dg_tensor *x2 = kernel->inputs[1], *y = kernel->outputs[0];
    sqdist_call c = measure(kernel);
    if (dg_shape_count(&y->shape) == 0)
        return dg_ok();
    int64_t rows = matrix_count(&x2->shape) * c.m;
    if (c.product && y->dtype == DG_FLOAT32)
        squares_float32(x2->data, rows, c.d, kernel->workspace);
    else if (c.product)
        squares_float64(x2->data, rows, c.d, kernel->workspace);
    dg_threads_run(kernel->threads, matrix_count(&y->shape) * c.pieces, run_piece, &c);
    return dg_ok();
}
