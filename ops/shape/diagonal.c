/* Diagonals and triangles of matrices. */
#include "ops/shared/chunks.h"
#include "ops/shared/rules.h"
#include "ops/shared/strided.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <string.h>

/* ---- diagonal, diagonal_scatter, diag_embed: attributes offset, dim1, dim2 ---- */

/* Where a diagonal runs in a tensor `whole`. */
typedef struct diagonal {
    int dim1, dim2;
    int64_t offset, length; /* DG_UNKNOWN where a size is */
} diagonal;

static dg_status diagonal_of(const dg_value *attrs, const dg_shape *whole, diagonal *diag)
{
    diag->offset = attrs[0].i;
    if (whole->rank < 2)
        return dg_error(DG_BAD_SHAPE, "%d dimension(s), expected at least 2", whole->rank);
    DG_TRY(dg_infer_dim(attrs[1].i, whole->rank, &diag->dim1));
    DG_TRY(dg_infer_dim(attrs[2].i, whole->rank, &diag->dim2));
    if (diag->dim1 == diag->dim2)
        return dg_error(DG_BAD_SHAPE, "dim1 and dim2 are both %d", diag->dim1);
    int64_t rows = whole->dims[diag->dim1], columns = whole->dims[diag->dim2];
    if (rows < 0 || columns < 0) {
        diag->length = rows == columns && diag->offset == 0 ? rows : DG_UNKNOWN;
        return dg_ok();
    }
    rows += diag->offset < 0 ? diag->offset : 0;
    columns -= diag->offset > 0 ? diag->offset : 0;
    diag->length = rows < columns ? rows : columns;
    diag->length = diag->length > 0 ? diag->length : 0;
    return dg_ok();
}

static dg_shape diagonal_shape(const dg_shape *whole, const diagonal *diag)
{
    dg_shape part = {0};
    for (int d = 0; d < whole->rank; d++)
        if (d != diag->dim1 && d != diag->dim2)
            part.dims[part.rank++] = whole->dims[d];
    part.dims[part.rank++] = diag->length;
    return part;
}

/* Copies between a diagonal and a dense tensor of its shape. */
static void copy_diagonal(const dg_tensor *whole, const dg_tensor *part, const diagonal *diag, bool into_whole,
                          dg_threads *threads)
{
    int64_t strides[DG_MAX_RANK], along[DG_MAX_RANK], dense[DG_MAX_RANK];
    box b = {.rank = part->shape.rank};
    strides_of(&whole->shape, strides);
    strides_of(&part->shape, dense);
    int k = 0;
    for (int d = 0; d < whole->shape.rank; d++)
        if (d != diag->dim1 && d != diag->dim2)
            along[k++] = strides[d];
    along[k] = strides[diag->dim1] + strides[diag->dim2];
    memcpy(b.size, part->shape.dims, sizeof b.size);
    memcpy(b.to, into_whole ? along : dense, sizeof b.to);
    memcpy(b.from, into_whole ? dense : along, sizeof b.from);
    if (dg_tensor_count(part) == 0) /* the offset may be any number */
        return;
    int64_t start = diag->offset >= 0 ? diag->offset * strides[diag->dim2] : -diag->offset * strides[diag->dim1];
    void *corner = element_at(whole->dtype, whole->data, start);
    box_copy(&b, whole->dtype, into_whole ? corner : part->data, into_whole ? part->data : corner, threads);
}

static dg_status diagonal_infer(const dg_infer *infer)
{
    diagonal diag;
    DG_TRY(diagonal_of(infer->attrs, &infer->inputs[0]->shape, &diag));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, diagonal_shape(&infer->inputs[0]->shape, &diag)};
    return dg_ok();
}

static dg_status diagonal_forward(const dg_kernel *kernel)
{
    diagonal diag;
    DG_TRY(diagonal_of(kernel->attrs, &kernel->inputs[0]->shape, &diag));
    copy_diagonal(kernel->inputs[0], kernel->outputs[0], &diag, false, kernel->threads);
    return dg_ok();
}

static void diagonal_backward(const dg_backward *vjp)
{
    const dg_value *a = vjp->attrs;
    vjp->grad_inputs[0] =
        dg_diagonal_scatter(vjp->grad_output, vjp->inputs[0], .offset = a[0].i, .dim1 = a[1].i, .dim2 = a[2].i);
}

static dg_status diagonal_scatter_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape, *like = &infer->inputs[1]->shape;
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    diagonal diag;
    DG_TRY(diagonal_of(infer->attrs, like, &diag));
    dg_shape wanted = diagonal_shape(like, &diag);
    bool fits = wanted.rank == x->rank;
    for (int d = 0; fits && d < x->rank; d++)
        fits = !sizes_differ(x->dims[d], wanted.dims[d]);
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "the input is %s, expected %s",
                        dg_graph_print_shape(infer->graph, x, left, sizeof left),
                        dg_graph_print_shape(infer->graph, &wanted, right, sizeof right));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, *like};
    return dg_ok();
}

/* Zeros with input 0 on the diagonal. */
static dg_status put_diagonal(const dg_kernel *kernel)
{
    dg_tensor *y = kernel->outputs[0];
    diagonal diag;
    DG_TRY(diagonal_of(kernel->attrs, &y->shape, &diag));
    if (dg_tensor_bytes(y) > 0)
        memset(y->data, 0, dg_tensor_bytes(y));
    copy_diagonal(y, kernel->inputs[0], &diag, true, kernel->threads);
    return dg_ok();
}

/* Of diagonal_scatter and diag_embed. */
static void take_diagonal(const dg_backward *vjp)
{
    const dg_value *a = vjp->attrs;
    vjp->grad_inputs[0] = dg_diagonal(vjp->grad_output, .offset = a[0].i, .dim1 = a[1].i, .dim2 = a[2].i);
}

static dg_status diag_embed_infer(const dg_infer *infer)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    int64_t offset = infer->attrs[0].i < 0 ? -infer->attrs[0].i : infer->attrs[0].i;
    dg_shape y = {.rank = x->rank + 1};
    int dim1, dim2;
    if (x->rank < 1 || x->rank == DG_MAX_RANK)
        return dg_error(DG_BAD_SHAPE, "%d dimension(s), expected 1 … %d", x->rank, DG_MAX_RANK - 1);
    DG_TRY(dg_infer_dim(infer->attrs[1].i, y.rank, &dim1));
    DG_TRY(dg_infer_dim(infer->attrs[2].i, y.rank, &dim2));
    if (dim1 == dim2)
        return dg_error(DG_BAD_SHAPE, "dim1 and dim2 are both %d", dim1);
    int64_t last = x->dims[x->rank - 1], size = offset == 0 ? last : last < 0 ? DG_UNKNOWN : last + offset;
    for (int d = 0, k = 0; d < y.rank; d++)
        y.dims[d] = d == dim1 || d == dim2 ? size : x->dims[k++];
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, y};
    return dg_ok();
}

/* ---- diag, trace ---- */

static dg_status diag_infer(const dg_infer *infer)
{
    dg_value attrs[] = {infer->attrs[0], dg_int(-2), dg_int(-1)};
    dg_infer same = *infer;
    same.attrs = attrs;
    int rank = infer->inputs[0]->shape.rank;
    if (rank != 1 && rank != 2)
        return dg_error(DG_BAD_SHAPE, "%d dimension(s), expected 1 or 2", rank);
    return rank == 1 ? diag_embed_infer(&same) : diagonal_infer(&same);
}

static void diag_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    int64_t offset = compose->attrs[0].i;
    bool vector = dg_node_type(x, 0)->shape.rank == 1;
    compose->outputs[0] = vector ? dg_diag_embed(x, .offset = offset) : dg_diagonal(x, .offset = offset);
}

static dg_status trace_infer(const dg_infer *infer)
{
    dg_dtype dtype = infer->inputs[0]->dtype;
    if (infer->inputs[0]->shape.rank < 2)
        return dg_error(DG_BAD_SHAPE, "%d dimension(s), expected at least 2", infer->inputs[0]->shape.rank);
    infer->outputs[0] = (dg_type){dg_dtype_is_float(dtype) ? dtype : DG_INT64, infer->inputs[0]->shape};
    infer->outputs[0].shape.rank -= 2;
    return dg_ok();
}

static void trace_compose(const dg_compose *compose)
{
    compose->outputs[0] = dg_sum(dg_diagonal(compose->inputs[0], .dim1 = -2, .dim2 = -1), .dim = DG_INTS(-1));
}

/* ---- tril, triu: attribute diagonal ---- */

typedef struct triangles {
    const dg_tensor *x;
    dg_tensor *y;
    int64_t rows, columns, offset;
    bool upper;
} triangles;

static void triangle_rows(void *argument, int64_t begin, int64_t end)
{
    const triangles *t = argument;
    size_t size = dg_dtype_size(t->x->dtype);
    for (int64_t row = begin; row < end; row++) {
        int64_t first = row % t->rows + t->offset + (t->upper ? 0 : 1); /* of the upper part */
        first = first < 0 ? 0 : first > t->columns ? t->columns : first;
        int64_t keep = t->upper ? first : 0, kept = t->upper ? t->columns - first : first;
        char *y = element_at(t->x->dtype, t->y->data, row * t->columns);
        memset(y, 0, (size_t)t->columns * size);
        memcpy(y + (size_t)keep * size, const_element_at(t->x->dtype, t->x->data, row * t->columns + keep),
               (size_t)kept * size);
    }
}

static dg_status take_triangle(const dg_kernel *kernel, bool upper)
{
    const dg_tensor *x = kernel->inputs[0];
    int rank = x->shape.rank;
    triangles t = {.x = x,
                   .y = kernel->outputs[0],
                   .rows = x->shape.dims[rank - 2],
                   .columns = x->shape.dims[rank - 1],
                   .offset = kernel->attrs[0].i,
                   .upper = upper};
    int64_t count = dg_tensor_count(x);
    if (count > 0)
        chunks_run(kernel->threads, count / t.columns, CHUNK / t.columns, triangle_rows, &t);
    return dg_ok();
}

static dg_status triangle_infer(const dg_infer *infer)
{
    int64_t most = INT32_MAX, offset = infer->attrs[0].i;
    if (infer->inputs[0]->shape.rank < 2)
        return dg_error(DG_BAD_SHAPE, "%d dimension(s), expected at least 2", infer->inputs[0]->shape.rank);
    if (offset > most || offset < -most)
        return dg_error(DG_BAD_ARGUMENT, "diagonal is %lld, expected %lld at most", (long long)offset, (long long)most);
    return dg_infer_same(infer);
}

static dg_status tril_forward(const dg_kernel *kernel)
{
    return take_triangle(kernel, false);
}

static dg_status triu_forward(const dg_kernel *kernel)
{
    return take_triangle(kernel, true);
}

static void tril_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_tril(vjp->grad_output, .diagonal = vjp->attrs[0].i);
}

static void triu_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_triu(vjp->grad_output, .diagonal = vjp->attrs[0].i);
}

/* ---- descriptors ---- */

static const dg_sample diagonal_samples[] = {{"diagonal", {"[3, 4]"}},
                                             {"diagonal(offset=1, dim1=-1, dim2=0)", {"[2, 3, 4]"}},
                                             {"diagonal(offset=-1, dim1=1, dim2=2)", {"[2, 3, 4]"}},
                                             {.call = NULL}};
static const dg_sample diagonal_scatter_samples[] = {
    {"diagonal_scatter", {"[3]", "[3, 4]"}},
    {"diagonal_scatter(offset=-1, dim1=0, dim2=2)", {"[2, 1]", "[2, 2, 3]"}},
    {.call = NULL}};
static const dg_sample diag_embed_samples[] = {
    {"diag_embed", {"[2, 3]"}}, {"diag_embed(offset=-1, dim1=0, dim2=2)", {"[2, 3]"}}, {.call = NULL}};
static const dg_sample diag_samples[] = {{"diag(1)", {"[3]"}}, {"diag(-1)", {"[3, 4]"}}, {.call = NULL}};
static const dg_sample trace_samples[] = {{"trace", {"[3, 4]"}}, {"trace", {"[2, 3, 3]"}}, {.call = NULL}};
static const dg_sample tril_samples[] = {
    {"tril", {"[3, 4]"}}, {"tril(diagonal=-1)", {"[2, 3, 2]"}}, {"tril(2)", {"[4, 4]"}}, {.call = NULL}};
static const dg_sample triu_samples[] = {
    {"triu", {"[3, 4]"}}, {"triu(diagonal=-1)", {"[2, 3, 2]"}}, {"triu(2)", {"[4, 4]"}}, {.call = NULL}};

#define INT(attr_name, fallback_text, text)                                                                            \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_INT, .fallback = fallback_text, .doc = text                                 \
    }
#define DIAGONAL_ATTRS(rows, columns)                                                                                  \
    INT("offset", "0", "above (or, negative, below) the main diagonal"), INT("dim1", rows, "the dimension of rows"),   \
        INT("dim2", columns, "the dimension of columns")
#define LIKE_INPUT                                                                                                     \
    {                                                                                                                  \
        .name = "like", .flags = DG_SHAPE_ONLY                                                                         \
    }

static const dg_op diagonal_ops[] = {
    {
        .name = "diagonal",
        .family = "shape",
        .summary = "a diagonal of two dimensions, as a new last dimension",
        .inputs = {{.name = "input"}},
        .attrs = {DIAGONAL_ATTRS("0", "1")},
        .infer = diagonal_infer,
        .forward = diagonal_forward,
        .backward = diagonal_backward,
        .samples = diagonal_samples,
    },
    {
        .name = "diagonal_scatter",
        .family = "shape",
        .summary = "zeros in the shape of like with x written on a diagonal",
        .inputs = {{.name = "input"}, LIKE_INPUT},
        .attrs = {DIAGONAL_ATTRS("0", "1")},
        .infer = diagonal_scatter_infer,
        .forward = put_diagonal,
        .backward = take_diagonal,
        .samples = diagonal_scatter_samples,
    },
    {
        .name = "diag_embed",
        .family = "shape",
        .summary = "matrices with the last dimension of x on a diagonal, else 0",
        .inputs = {{.name = "input"}},
        .attrs = {DIAGONAL_ATTRS("-2", "-1")},
        .infer = diag_embed_infer,
        .forward = put_diagonal,
        .backward = take_diagonal,
        .samples = diag_embed_samples,
    },
    {
        .name = "diag",
        .family = "shape",
        .summary = "the diagonal matrix of a vector, the diagonal of a matrix",
        .inputs = {{.name = "input"}},
        .attrs = {INT("diagonal", "0", "above (or, negative, below) the main diagonal")},
        .infer = diag_infer,
        .compose = diag_compose,
        .samples = diag_samples,
    },
    {
        .name = "trace",
        .family = "shape",
        .summary = "the sum of the diagonal of the last two dimensions",
        .inputs = {{.name = "input"}},
        .infer = trace_infer,
        .compose = trace_compose,
        .samples = trace_samples,
    },
    {
        .name = "tril",
        .family = "shape",
        .summary = "the lower triangle of the last two dimensions, else 0",
        .inputs = {{.name = "input"}},
        .attrs = {INT("diagonal", "0", "the last one that is kept; 0 the main one, above it positive")},
        .infer = triangle_infer,
        .forward = tril_forward,
        .backward = tril_backward,
        .samples = tril_samples,
    },
    {
        .name = "triu",
        .family = "shape",
        .summary = "the upper triangle of the last two dimensions, else 0",
        .inputs = {{.name = "input"}},
        .attrs = {INT("diagonal", "0", "the first one that is kept; 0 the main one, above it positive")},
        .infer = triangle_infer,
        .forward = triu_forward,
        .backward = triu_backward,
        .samples = triu_samples,
    },
};

const dg_op_family diagonal_family = DG_FAMILY(diagonal_ops);
