/* Squared distances, and their roots: directly where rows are short, through a matrix product where they are long. */
#include "distance.h"

#include "ops/gemm/gemm.h"
#include "ops/gemm/product.h"

/* From this many columns on a product pays. |a|² + |b|² − 2ab loses the digits of near points: a distance below NEAR
 * times |a|² + |b|², and one that is no number, is summed up directly. */
enum { LONG_ROW = 16, PIECE_WORK = 1 << 18 };
#define NEAR 0.05

#include <math.h>

#define TEMPLATE "ops/linear/distance.template.h"
#include "core/base/for_floats.h"

typedef struct sqdist_call {
    const dg_kernel *kernel;
    bool takes_root;
    int64_t n, m, d, size; /* size: bytes of an element */
    int64_t matrices[3];   /* of x1, x2, y */
    char *squares[2];      /* |row|² of all rows of x1, of x2 */
    int64_t rows;          /* in a piece, where distances are summed directly */
} sqdist_call;

static sqdist_call measure(const dg_kernel *kernel)
{
    const dg_tensor *tensors[] = {kernel->inputs[0], kernel->inputs[1], kernel->outputs[0]};
    const dg_shape *x1 = &tensors[0]->shape, *y = &tensors[2]->shape;
    sqdist_call c = {.kernel = kernel,
                     .n = y->dims[y->rank - 2],
                     .m = y->dims[y->rank - 1],
                     .d = x1->dims[x1->rank - 1],
                     .size = (int64_t)dg_dtype_size(tensors[2]->dtype)};
    for (int k = 0; k < 3; k++) {
        dg_shape batch = tensors[k]->shape;
        batch.rank -= 2;
        c.matrices[k] = dg_shape_count(&batch);
    }
    return c;
}

static bool by_product(const sqdist_call *c)
{
    return c->d >= LONG_ROW && c->n > 1 && c->m > 1;
}

/* Elements between the matrices of `input` along the dimensions of the output's batch; 0 where it is broadcast. */
static void batch_strides(const dg_shape *input, const dg_shape *output, int64_t strides[DG_MAX_RANK])
{
    int64_t stride = input->dims[input->rank - 2] * input->dims[input->rank - 1];
    for (int d = output->rank - 3; d >= 0; d--) {
        int from = d - (output->rank - input->rank);
        int64_t size = from >= 0 ? input->dims[from] : 1;
        strides[d] = size == 1 ? 0 : stride;
        stride *= size;
    }
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

/* One row of y, of columns [begin, end), with the rows that it is made of. */
typedef struct distances {
    int64_t first, second; /* numbers of the row of x1, of the first row of x2 */
    const char *row, *x2;
    char *y;
} distances;

static distances distances_of(const sqdist_call *c, int64_t row)
{
    const dg_tensor *x1 = c->kernel->inputs[0], *x2 = c->kernel->inputs[1], *y = c->kernel->outputs[0];
    int64_t matrix = row / c->n;
    int64_t first = source_matrix(&x1->shape, &y->shape, matrix) * c->n + row % c->n;
    int64_t second = source_matrix(&x2->shape, &y->shape, matrix) * c->m;
    return (distances){.first = first,
                       .second = second,
                       .row = (const char *)x1->data + first * c->d * c->size,
                       .x2 = (const char *)x2->data + second * c->d * c->size,
                       .y = (char *)y->data + row * c->m * c->size};
}

/* The columns [from, to) of a row of squares as distances, where distances are asked for. */
static void take_roots(const sqdist_call *c, const distances *at, int64_t from, int64_t to)
{
    if (!c->takes_root)
        return;
    if (c->kernel->outputs[0]->dtype == DG_FLOAT32)
        root_float32(at->row, at->x2, at->y, from, to, c->d);
    else
        root_float64(at->row, at->x2, at->y, from, to, c->d);
}

/* y holds products: makes distances of elements [begin, end). */
static void finish_products(void *argument, int64_t begin, int64_t end)
{
    const sqdist_call *c = argument;
    dg_dtype dtype = c->kernel->outputs[0]->dtype;
    const gemm_functions *f = gemm_for(dtype);
    for (int64_t row = begin / c->m; row * c->m < end; row++) {
        int64_t from = row * c->m < begin ? begin - row * c->m : 0;
        int64_t to = end - row * c->m < c->m ? end - row * c->m : c->m;
        distances at = distances_of(c, row);
        const char *own = c->squares[0] + at.first * c->size, *squares = c->squares[1] + at.second * c->size;
        bool is_done = f->distances(to - from, own, squares + from * c->size, NEAR, at.y + from * c->size);
        if (!is_done && dtype == DG_FLOAT32)
            mend_float32(at.row, at.x2, own, squares, at.y, from, to, c->d);
        else if (!is_done)
            mend_float64(at.row, at.x2, own, squares, at.y, from, to, c->d);
        take_roots(c, &at, from, to);
    }
}

static void run_directly(void *argument, int64_t piece)
{
    const sqdist_call *c = argument;
    int64_t rows = c->matrices[2] * c->n, begin = piece * c->rows;
    int64_t end = begin + c->rows < rows ? begin + c->rows : rows;
    for (int64_t row = begin; row < end; row++) {
        distances at = distances_of(c, row);
        if (c->kernel->outputs[0]->dtype == DG_FLOAT32)
            direct_float32(at.row, at.x2, at.y, 0, c->m, c->d);
        else
            direct_float64(at.row, at.x2, at.y, 0, c->m, c->d);
        take_roots(c, &at, 0, c->m);
    }
    dg_epilogue_run(c->kernel, begin * c->m, end * c->m);
}

/* Squares of SQUARE_ROWS rows of x1 and x2, one after the other. */
enum { SQUARE_ROWS = 64 };

static void square_piece(void *argument, int64_t piece)
{
    const sqdist_call *c = argument;
    int64_t counts[2] = {c->matrices[0] * c->n, c->matrices[1] * c->m};
    int64_t first_pieces = (counts[0] + SQUARE_ROWS - 1) / SQUARE_ROWS;
    int k = piece >= first_pieces;
    int64_t begin = (piece - (k ? first_pieces : 0)) * SQUARE_ROWS;
    int64_t end = begin + SQUARE_ROWS < counts[k] ? begin + SQUARE_ROWS : counts[k];
    const gemm_functions *f = gemm_for(c->kernel->outputs[0]->dtype);
    for (int64_t i = begin; i < end; i++) {
        const char *row = (const char *)c->kernel->inputs[k]->data + i * c->d * c->size;
        f->dots(1, c->d, row, c->d, row, NULL, 0, c->squares[k] + i * c->size);
    }
}

static product product_of(sqdist_call *c)
{
    const dg_tensor *x1 = c->kernel->inputs[0], *x2 = c->kernel->inputs[1], *y = c->kernel->outputs[0];
    product p = {.dtype = y->dtype,
                 .m = c->n,
                 .n = c->m,
                 .k = c->d,
                 .transpose_b = true,
                 .a = x1->data,
                 .b = x2->data,
                 .c = y->data,
                 .batch = y->shape,
                 .finish = finish_products,
                 .finish_argument = c};
    p.batch.rank -= 2;
    batch_strides(&x1->shape, &y->shape, p.a_strides);
    batch_strides(&x2->shape, &y->shape, p.b_strides);
    return p;
}

static size_t product_bytes(sqdist_call *c)
{
    product p = product_of(c);
    return (product_workspace(&p) + 63) / 64 * 64;
}

size_t sqdist_workspace(const dg_kernel *kernel)
{
    sqdist_call c = measure(kernel);
    size_t squares = (size_t)((c.matrices[0] * c.n + c.matrices[1] * c.m) * c.size);
    return by_product(&c) ? product_bytes(&c) + squares : 0;
}

static dg_status run(const dg_kernel *kernel, bool takes_root)
{
    sqdist_call c = measure(kernel);
    c.takes_root = takes_root;
    int64_t first = c.matrices[0] * c.n, second = c.matrices[1] * c.m, rows = c.matrices[2] * c.n;
    if (dg_shape_count(&kernel->outputs[0]->shape) == 0)
        return dg_ok();
    if (!by_product(&c)) {
        double fit = PIECE_WORK / ((double)c.m * (double)c.d + 1);
        c.rows = fit < 1 ? 1 : fit < (double)rows ? (int64_t)fit : rows;
        dg_threads_run(kernel->threads, (rows + c.rows - 1) / c.rows, run_directly, &c);
        return dg_ok();
    }
    c.squares[0] = (char *)kernel->workspace + product_bytes(&c);
    c.squares[1] = c.squares[0] + first * c.size;
    dg_threads *threads = (double)(first + second) * (double)c.d > PIECE_WORK / 2 ? kernel->threads : NULL;
    dg_threads_run(threads, (first + SQUARE_ROWS - 1) / SQUARE_ROWS + (second + SQUARE_ROWS - 1) / SQUARE_ROWS,
                   square_piece, &c);
    product p = product_of(&c);
    return product_run(&p, kernel);
}

dg_status sqdist_forward(const dg_kernel *kernel)
{
    return run(kernel, false);
}

dg_status euclidean_forward(const dg_kernel *kernel)
{
    return run(kernel, true);
}
