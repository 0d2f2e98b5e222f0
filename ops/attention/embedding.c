/* Rows of a table by number: index_select and its reverse, embedding, one_hot. */
#include "ops/shared/arguments.h"
#include "ops/shared/chunks.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/attention.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <stdio.h>
#include <string.h>

static int64_t number_at(const dg_tensor *index, int64_t i)
{
    return index->dtype == DG_INT64 ? ((const int64_t *)index->data)[i] : ((const int32_t *)index->data)[i];
}

static dg_status check_numbers(const dg_tensor *index, int64_t limit)
{
    int64_t count = dg_tensor_count(index);
    for (int64_t i = 0; i < count; i++)
        if (number_at(index, i) < 0 || number_at(index, i) >= limit)
            return dg_error(DG_BAD_DATA, "index %lld at place %lld is outside 0 … %lld", (long long)number_at(index, i),
                            (long long)i, (long long)limit - 1);
    return dg_ok();
}

static dg_status want_indices(const dg_infer *infer, int k)
{
    dg_dtype dtype = infer->inputs[k]->dtype;
    if (dtype == DG_INT64 || dtype == DG_INT32)
        return dg_ok();
    return dg_error(DG_BAD_DTYPE, "%s is %s, expected int64 or int32", infer->op->inputs[k].name, dg_dtype_name(dtype));
}

/* ---- index_select, index_add_like ---- */

/* The table [outer, limit, inner] and what is selected, [outer, count, inner]. */
typedef struct selection {
    const dg_tensor *index;
    const dg_tensor *from;
    dg_tensor *to;
    int64_t limit, count, inner, outer;
} selection;

static dg_status selection_of(const dg_kernel *kernel, const dg_shape *table, selection *s)
{
    int axis;
    DG_TRY(dg_infer_dim(kernel->attrs[0].i, table->rank, &axis));
    *s = (selection){.index = kernel->inputs[1],
                     .from = kernel->inputs[0],
                     .to = kernel->outputs[0],
                     .limit = table->dims[axis],
                     .count = dg_tensor_count(kernel->inputs[1]),
                     .inner = 1,
                     .outer = 1};
    for (int d = 0; d < axis; d++)
        s->outer *= table->dims[d];
    for (int d = axis + 1; d < table->rank; d++)
        s->inner *= table->dims[d];
    return check_numbers(s->index, s->limit);
}

/* The index has one dimension (or none: one number), and the table a dimension to select from. */
static dg_status selected_shape(const dg_infer *infer, const dg_shape *table, dg_shape *selected)
{
    const dg_shape *index = &infer->inputs[1]->shape;
    char text[DG_SHAPE_TEXT];
    int axis;
    DG_TRY(want_indices(infer, 1));
    if (index->rank > 1)
        return dg_error(DG_BAD_SHAPE, "index is %s, expected one dimension",
                        dg_graph_print_shape(infer->graph, index, text, sizeof text));
    if (table->rank == 0)
        return dg_error(DG_BAD_SHAPE, "a scalar has no dimension to select from");
    DG_TRY(dg_infer_dim(infer->attrs[0].i, table->rank, &axis));
    *selected = *table;
    selected->dims[axis] = index->rank ? index->dims[0] : 1;
    return dg_ok();
}

static dg_status index_select_infer(const dg_infer *infer)
{
    infer->outputs[0].dtype = infer->inputs[0]->dtype;
    return selected_shape(infer, &infer->inputs[0]->shape, &infer->outputs[0].shape);
}

static void select_range(void *argument, int64_t begin, int64_t end)
{
    const selection *s = argument;
    size_t bytes = dg_dtype_size(s->from->dtype) * (size_t)s->inner;
    bool half = dg_dtype_is_half(s->from->dtype);
    for (int64_t i = begin; i < end; i++) {
        int64_t row = i / s->count * s->limit + number_at(s->index, i % s->count);
        const char *from = (const char *)s->from->data + (size_t)row * bytes;
        if (half)
            dg_half_widen(s->from->dtype, from, s->inner, (float *)s->to->data + i * s->inner);
        else
            memcpy((char *)s->to->data + (size_t)i * bytes, from, bytes);
    }
}

static dg_status index_select_forward(const dg_kernel *kernel)
{
    selection s;
    DG_TRY(selection_of(kernel, &kernel->inputs[0]->shape, &s));
    if (dg_tensor_count(s.to) > 0)
        chunks_run(kernel->threads, s.outer * s.count, CHUNK / (s.inner + 1) + 1, select_range, &s);
    return dg_ok();
}

static void index_select_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_index_add_like(vjp->grad_output, vjp->inputs[1], vjp->inputs[0], .dim = vjp->attrs[0].i);
}

static dg_status index_add_infer(const dg_infer *infer)
{
    dg_shape selected;
    char left[DG_SHAPE_TEXT], right[DG_SHAPE_TEXT];
    const dg_shape *given = &infer->inputs[0]->shape;
    DG_TRY(want_floats(infer, 0));
    DG_TRY(selected_shape(infer, &infer->inputs[2]->shape, &selected));
    bool fits = given->rank == selected.rank;
    for (int d = 0; fits && d < selected.rank; d++)
        fits = !sizes_differ(given->dims[d], selected.dims[d]);
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "the input is %s, expected %s",
                        dg_graph_print_shape(infer->graph, given, left, sizeof left),
                        dg_graph_print_shape(infer->graph, &selected, right, sizeof right));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, infer->inputs[2]->shape};
    return dg_ok();
}

/* Pieces are columns of the table, so that rows which are added to twice are so in the order of the indices. */
#define ADD_COLUMNS(type)                                                                                              \
    for (int64_t at = begin, last; at < end; at = last) {                                                              \
        int64_t outer = at / s->inner, first = at % s->inner, width = s->inner - first;                                \
        width = width < end - at ? width : end - at;                                                                   \
        last = at + width;                                                                                             \
        type *table = (type *)s->to->data + outer * s->limit * s->inner + first;                                       \
        const type *rows = (const type *)s->from->data + outer * s->count * s->inner + first;                          \
        for (int64_t i = 0; i < s->limit; i++)                                                                         \
            memset(table + i * s->inner, 0, sizeof(type) * (size_t)width);                                             \
        for (int64_t i = 0; i < s->count; i++) {                                                                       \
            type *restrict sum = table + number_at(s->index, i) * s->inner;                                            \
            const type *restrict row = rows + i * s->inner;                                                            \
            for (int64_t k = 0; k < width; k++)                                                                        \
                sum[k] += row[k];                                                                                      \
        }                                                                                                              \
    }

static void add_range(void *argument, int64_t begin, int64_t end)
{
    const selection *s = argument;
    if (s->to->dtype == DG_FLOAT32) {
        ADD_COLUMNS(float)
    } else {
        ADD_COLUMNS(double)
    }
}

static dg_status index_add_forward(const dg_kernel *kernel)
{
    enum { LEAST_COLUMNS = 64 };
    selection s;
    DG_TRY(selection_of(kernel, &kernel->outputs[0]->shape, &s));
    int64_t rows = s.limit + s.count, columns = CHUNK / (rows + 1) + 1;
    columns = columns > LEAST_COLUMNS ? columns : LEAST_COLUMNS;
    if (dg_tensor_count(s.to) > 0)
        chunks_run(kernel->threads, s.outer * s.inner, columns, add_range, &s);
    return dg_ok();
}

static void index_add_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_index_select(vjp->grad_output, vjp->inputs[1], .dim = vjp->attrs[0].i);
}

/* ---- embedding ---- */

enum { TABLE_ROWS, TABLE_WIDTH, PADDING_IDX };

static dg_status embedding_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    const dg_value *rows = &infer->attrs[TABLE_ROWS], *width = &infer->attrs[TABLE_WIDTH];
    *present = infer->inputs[0] != NULL;
    if (!*present)
        return dg_ok();
    if (!is_given(rows) || !is_given(width))
        return dg_error(DG_BAD_ARGUMENT, "it has neither a weight nor num_embeddings and embedding_dim");
    if (rows->i < 1 || width->i < 1)
        return dg_error(DG_BAD_ARGUMENT, "num_embeddings is %lld and embedding_dim %lld, expected at least 1",
                        (long long)rows->i, (long long)width->i);
    *shape = DG_SHAPE(rows->i, width->i);
    return dg_ok();
}

/* From the end when it is negative; the row must be there. */
static dg_status padding_row(const dg_value *padding, int64_t rows, int64_t *row)
{
    *row = padding->i < 0 ? padding->i + rows : padding->i;
    if (rows >= 0 && (*row < 0 || *row >= rows))
        return dg_error(DG_BAD_ARGUMENT, "padding_idx is %lld, expected %lld … %lld", (long long)padding->i,
                        -(long long)rows, (long long)rows - 1);
    return dg_ok();
}

/* N(0, 1), the row of the padding 0. */
static dg_status embedding_init(const dg_infer *infer, char *text, size_t size)
{
    const dg_value *padding = &infer->attrs[PADDING_IDX];
    int64_t row = -1;
    if (is_given(padding))
        DG_TRY(padding_row(padding, infer->attrs[TABLE_ROWS].i, &row));
    snprintf(text, size, row >= 0 ? "normal(0, 1, zero_row=%lld)" : "normal", (long long)row);
    return dg_ok();
}

static dg_status embedding_infer(const dg_infer *infer)
{
    const dg_type *index = infer->inputs[0], *weight = infer->inputs[1];
    char text[DG_SHAPE_TEXT];
    int64_t row;
    DG_TRY(want_indices(infer, 0));
    if (!dg_dtype_is_float(weight->dtype))
        return dg_error(DG_BAD_DTYPE, "weight is %s, expected float32 or float64", dg_dtype_name(weight->dtype));
    if (weight->shape.rank != 2)
        return dg_error(DG_BAD_SHAPE, "weight is %s, expected [num_embeddings, embedding_dim]",
                        dg_graph_print_shape(infer->graph, &weight->shape, text, sizeof text));
    for (int k = 0; k < 2; k++)
        if (is_given(&infer->attrs[k]) && sizes_differ(infer->attrs[k].i, weight->shape.dims[k]))
            return dg_error(DG_BAD_SHAPE, "%s is %lld, but weight is %s", infer->op->attrs[k].name,
                            (long long)infer->attrs[k].i,
                            dg_graph_print_shape(infer->graph, &weight->shape, text, sizeof text));
    if (is_given(&infer->attrs[PADDING_IDX]))
        DG_TRY(padding_row(&infer->attrs[PADDING_IDX], weight->shape.dims[0], &row));
    if (index->shape.rank == DG_MAX_RANK)
        return dg_error(DG_BAD_SHAPE, "more than %d dimensions", DG_MAX_RANK);
    infer->outputs[0] = (dg_type){weight->dtype, index->shape};
    infer->outputs[0].shape.dims[infer->outputs[0].shape.rank++] = weight->shape.dims[1];
    return dg_ok();
}

/* Padding reads its row, but no gradient goes back there. */
static dg_node *without_padding_gradient(dg_node *index, dg_node *rows, int64_t padding)
{
    char formula[64];
    snprintf(formula, sizeof formula, "where(i == %lld, d, y)", (long long)padding);
    return dg_expr(formula, {"i", dg_unsqueeze(index, -1)}, {"d", dg_detach(rows)}, {"y", rows});
}

static void embedding_compose(const dg_compose *compose)
{
    dg_node *index = compose->inputs[0], *weight = compose->inputs[1];
    const dg_shape *shape = &dg_node_type(index, 0)->shape;
    const dg_value *padding = &compose->attrs[PADDING_IDX];
    int64_t row;
    dg_node *flat = shape->rank == 1 ? index : dg_reshape(index, DG_SHAPE(-1));
    dg_node *rows = dg_index_select(weight, flat, .dim = 0);
    if (is_given(padding) && padding_row(padding, dg_node_type(weight, 0)->shape.dims[0], &row).code == DG_OK)
        rows = without_padding_gradient(flat, rows, row);
    dg_shape table = dg_node_type(weight, 0)->shape, whole = *shape;
    whole.dims[whole.rank++] = table.dims[1];
    compose->outputs[0] = shape->rank == 1 ? rows : dg_reshape(rows, whole);
}

/* ---- one_hot ---- */

static dg_status one_hot_infer(const dg_infer *infer)
{
    int64_t classes = infer->attrs[0].i;
    DG_TRY(want_indices(infer, 0));
    if (classes < 1)
        return dg_error(DG_BAD_ARGUMENT, "num_classes is %lld, expected at least 1", (long long)classes);
    dg_type *y = &infer->outputs[0];
    *y = (dg_type){DG_INT64, infer->inputs[0]->shape};
    if (y->shape.rank == DG_MAX_RANK)
        return dg_error(DG_BAD_SHAPE, "more than %d dimensions", DG_MAX_RANK);
    y->shape.dims[y->shape.rank++] = classes;
    return dg_ok();
}

static dg_status one_hot_forward(const dg_kernel *kernel)
{
    const dg_tensor *index = kernel->inputs[0];
    int64_t classes = kernel->attrs[0].i, count = dg_tensor_count(index), *y = kernel->outputs[0]->data;
    DG_TRY(check_numbers(index, classes));
    for (int64_t i = 0; i < count; i++)
        for (int64_t c = 0; c < classes; c++)
            y[i * classes + c] = c == number_at(index, i);
    return dg_ok();
}

/* ---- descriptors ---- */

static const dg_sample index_select_samples[] = {{"index_select", {"[5, 3]", "[4] int64 below 5"}},
                                                 {"index_select(dim=1)", {"[2, 3, 2]", "[5] int32 below 3"}},
                                                 {"index_select(dim=-1)", {"[2, 3]", "[] int64 below 3"}},
                                                 {.call = NULL}};
static const dg_sample index_add_samples[] = {
    {"index_add_like", {"[4, 3]", "[4] int64 below 5", "[5, 3]"}},
    {"index_add_like(dim=1)", {"[2, 5, 2]", "[5] int32 below 3", "[2, 3, 2]"}},
    {.call = NULL}};
static const dg_sample embedding_samples[] = {{"embedding", {"[2, 4] int64 below 5", "[5, 3]"}},
                                              {"embedding(4, 2)", {"[3] int32 below 4"}},
                                              {"embedding", {"[] int64 below 3", "[3, 2]"}},
                                              {.call = NULL}};
static const dg_sample one_hot_samples[] = {{"one_hot(4)", {"[2, 3] int64 below 4"}}, {.call = NULL}};

#define DIM                                                                                                            \
    {                                                                                                                  \
        .name = "dim", .kind = DG_ATTR_INT, .fallback = "0", .doc = "the dimension that the indices run along"         \
    }
#define INDEX(input_name)                                                                                              \
    {                                                                                                                  \
        .name = input_name, .flags = DG_INDEX, .doc = "int64 or int32, from 0 on"                                      \
    }

static const dg_op embedding_ops[] = {
    {
        .name = "index_select",
        .family = "embedding",
        .summary = "y[i] = x[index[i]] along dim",
        .inputs = {{.name = "input", .flags = DG_HALF}, INDEX("index")},
        .attrs = {DIM},
        .infer = index_select_infer,
        .forward = index_select_forward,
        .backward = index_select_backward,
        .samples = index_select_samples,
    },
    {
        .name = "index_add_like",
        .family = "embedding",
        .summary = "zeros in the shape of like with x[i] added at index[i] along dim",
        .inputs = {{.name = "input"}, INDEX("index"), {.name = "like", .flags = DG_SHAPE_ONLY}},
        .attrs = {DIM},
        .infer = index_add_infer,
        .forward = index_add_forward,
        .backward = index_add_backward,
        .samples = index_add_samples,
    },
    {
        .name = "embedding",
        .family = "embedding",
        .summary = "y = the rows of the weight that the input numbers",
        .inputs = {INDEX("input"),
                   {.name = "weight",
                    .flags = DG_OPTIONAL,
                    .doc = "[num_embeddings, embedding_dim]",
                    .parameter = embedding_weight,
                    .init_for = embedding_init,
                    .init_attr = "init"}},
        .attrs = {WHOLE("num_embeddings", "none", "rows, where weight is not wired"),
                  WHOLE("embedding_dim", "none", "columns, where weight is not wired"),
                  WHOLE("padding_idx", "none", "a row that no gradient reaches, and that starts as 0"),
                  {.name = "init",
                   .kind = DG_ATTR_INIT,
                   .fallback = "none",
                   .doc = "initialiser of weight; N(0, 1) when left out"}},
        .infer = embedding_infer,
        .compose = embedding_compose,
        .samples = embedding_samples,
    },
    {
        .name = "one_hot",
        .family = "embedding",
        .summary = "y[.., c] = 1 where x is c, else 0, as int64",
        .inputs = {INDEX("input")},
        .attrs = {{.name = "num_classes", .kind = DG_ATTR_INT, .positional = true, .doc = "values are below it"}},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = one_hot_infer,
        .forward = one_hot_forward,
        .samples = one_hot_samples,
    },
};

const dg_op_family embedding_family = DG_FAMILY(embedding_ops);
