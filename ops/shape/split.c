/* Tensors dealt out to several outputs. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/shape.h>
#include <string.h>

/* ---- split, chunk, unbind: slices one after the other ---- */

/* How a dimension is dealt out: pieces of `size` (the last one smaller), or of the sizes in a list. */
typedef struct dealing {
    int axis;
    int64_t count, size, whole;
    const dg_value *sizes; /* or NULL */
} dealing;

static dg_status axis_of(const dg_value *dim, const dg_shape *x, dealing *deal)
{
    if (x->rank == 0)
        return dg_error(DG_BAD_SHAPE, "the input is a scalar, expected a dimension");
    DG_TRY(dg_infer_dim(dim->i, x->rank, &deal->axis));
    deal->whole = x->dims[deal->axis];
    return dg_ok();
}

static dg_status pieces_of_size(dealing *deal)
{
    if (deal->whole < 0)
        return dg_error(DG_BAD_SHAPE, "how many pieces dimension %d gives is not known", deal->axis);
    deal->count = deal->size > 0 ? (deal->whole + deal->size - 1) / deal->size : 0;
    deal->count = deal->count > 0 ? deal->count : 1;
    return dg_ok();
}

/* Attributes: split_size, dim. */
static dg_status split_of(const dg_value *attrs, const dg_shape *x, dealing *deal)
{
    const dg_value *sizes = &attrs[0];
    int64_t sum = 0;
    *deal = (dealing){0};
    DG_TRY(axis_of(&attrs[1], x, deal));
    bool bad = sizes->count == 0 || (sizes->count == 1 && sizes->items[0].i == 0 && deal->whole > 0);
    for (size_t k = 0; k < sizes->count; k++) {
        bad = bad || sizes->items[k].i < 0;
        sum += sizes->items[k].i;
    }
    if (bad)
        return dg_error(DG_BAD_ARGUMENT, "split_size needs a size of 1 or more, or a list of sizes");
    if (sizes->count == 1) {
        deal->size = sizes->items[0].i;
        return pieces_of_size(deal);
    }
    deal->sizes = sizes;
    deal->count = (int64_t)sizes->count;
    if (deal->whole >= 0 && sum != deal->whole)
        return dg_error(DG_BAD_SHAPE, "the sizes add up to %lld, dimension %d has %lld", (long long)sum, deal->axis,
                        (long long)deal->whole);
    return dg_ok();
}

/* Attributes: chunks, dim. */
static dg_status chunk_of(const dg_value *attrs, const dg_shape *x, dealing *deal)
{
    *deal = (dealing){0};
    DG_TRY(axis_of(&attrs[1], x, deal));
    if (attrs[0].i < 1)
        return dg_error(DG_BAD_ARGUMENT, "%lld chunk(s), expected at least 1", (long long)attrs[0].i);
    deal->size = deal->whole < 0 ? 0 : (deal->whole + attrs[0].i - 1) / attrs[0].i;
    DG_TRY(pieces_of_size(deal));
    if (deal->whole == 0)
        deal->count = attrs[0].i;
    return dg_ok();
}

/* Attribute: dim. */
static dg_status unbind_of(const dg_value *attrs, const dg_shape *x, dealing *deal)
{
    *deal = (dealing){.size = 1};
    DG_TRY(axis_of(&attrs[0], x, deal));
    DG_TRY(pieces_of_size(deal));
    return deal->whole > 0 ? dg_ok() : dg_error(DG_BAD_SHAPE, "dimension %d has no places", deal->axis);
}

static int64_t piece_size(const dealing *deal, int64_t piece)
{
    if (deal->sizes)
        return deal->sizes->items[piece].i;
    int64_t left = deal->whole - piece * deal->size;
    return left < 0 ? 0 : left < deal->size ? left : deal->size;
}

typedef dg_status deal_rule(const dg_value *attrs, const dg_shape *x, dealing *deal);

static dg_status count_pieces(const dg_infer *infer, deal_rule *rule, int *count)
{
    dealing deal;
    DG_TRY(rule(infer->attrs, &infer->inputs[0]->shape, &deal));
    if (deal.count > DG_MAX_OUTPUTS)
        return dg_error(DG_BAD_SHAPE, "%lld piece(s), at most %d are possible", (long long)deal.count, DG_MAX_OUTPUTS);
    *count = (int)deal.count;
    return dg_ok();
}

static dg_status infer_pieces(const dg_infer *infer, deal_rule *rule, bool drop)
{
    const dg_shape *x = &infer->inputs[0]->shape;
    dealing deal;
    DG_TRY(rule(infer->attrs, x, &deal));
    if (deal.count != infer->n_outputs)
        return dg_error(DG_BAD_SHAPE, "%lld piece(s), the node has %d output(s)", (long long)deal.count,
                        infer->n_outputs);
    for (int k = 0; k < infer->n_outputs; k++) {
        dg_type *y = &infer->outputs[k];
        *y = *infer->inputs[0];
        y->shape.dims[deal.axis] = piece_size(&deal, k);
        if (drop)
            for (int d = deal.axis + 1; d < x->rank; d++)
                y->shape.dims[d - 1] = x->dims[d];
        y->shape.rank -= drop;
    }
    return dg_ok();
}

static void compose_pieces(const dg_compose *compose, deal_rule *rule, bool drop)
{
    dg_node *x = compose->inputs[0];
    dealing deal;
    if (rule(compose->attrs, &dg_node_type(x, 0)->shape, &deal).code != DG_OK)
        return;
    for (int64_t k = 0, start = 0; k < compose->n_outputs; k++) {
        int64_t end = start + piece_size(&deal, k);
        dg_node *piece = dg_slice(x, .dim = deal.axis, .start = start, .end = end);
        compose->outputs[k] = drop ? dg_squeeze(piece, .dim = DG_INTS(deal.axis)) : piece;
        start = end;
    }
}

static dg_status split_count(const dg_infer *infer, int *count)
{
    return count_pieces(infer, split_of, count);
}

static dg_status split_infer(const dg_infer *infer)
{
    return infer_pieces(infer, split_of, false);
}

static void split_compose(const dg_compose *compose)
{
    compose_pieces(compose, split_of, false);
}

static dg_status chunk_count(const dg_infer *infer, int *count)
{
    return count_pieces(infer, chunk_of, count);
}

static dg_status chunk_infer(const dg_infer *infer)
{
    return infer_pieces(infer, chunk_of, false);
}

static void chunk_compose(const dg_compose *compose)
{
    compose_pieces(compose, chunk_of, false);
}

static dg_status unbind_count(const dg_infer *infer, int *count)
{
    return count_pieces(infer, unbind_of, count);
}

static dg_status unbind_infer(const dg_infer *infer)
{
    return infer_pieces(infer, unbind_of, true);
}

static void unbind_compose(const dg_compose *compose)
{
    compose_pieces(compose, unbind_of, true);
}

/* ---- meshgrid: one output for each vector, stretched over all of them ---- */

static dg_status meshgrid_count(const dg_infer *infer, int *count)
{
    if (infer->n_inputs > DG_MAX_RANK)
        return dg_error(DG_BAD_SHAPE, "%d vector(s), at most %d are possible", infer->n_inputs, DG_MAX_RANK);
    *count = infer->n_inputs;
    return dg_ok();
}

/* The dimension that vector k runs along. */
static int mesh_axis(const dg_value *attrs, int k)
{
    return strcmp(attrs[0].s, "xy") == 0 && k < 2 ? 1 - k : k;
}

static dg_status meshgrid_infer(const dg_infer *infer)
{
    dg_shape shape = {.rank = infer->n_inputs};
    bool swapped = strcmp(infer->attrs[0].s, "xy") == 0 && infer->n_inputs > 1;
    for (int k = 0; k < infer->n_inputs; k++) {
        const dg_type *x = infer->inputs[k];
        if (x->shape.rank > 1 || x->dtype != infer->inputs[0]->dtype)
            return dg_error(DG_BAD_SHAPE, "input %d is not a vector of %s", k, dg_dtype_name(infer->inputs[0]->dtype));
        shape.dims[swapped ? mesh_axis(infer->attrs, k) : k] = x->shape.rank ? x->shape.dims[0] : 1;
    }
    for (int k = 0; k < infer->n_outputs; k++)
        infer->outputs[k] = (dg_type){infer->inputs[0]->dtype, shape};
    return dg_ok();
}

static void meshgrid_compose(const dg_compose *compose)
{
    int rank = compose->n_inputs;
    dg_node *columns[DG_MAX_RANK], *like = NULL; /* like: never computed, only for its shape */
    bool swapped = strcmp(compose->attrs[0].s, "xy") == 0 && rank > 1;
    for (int k = 0; k < rank; k++) {
        dg_node *x = compose->inputs[k];
        columns[k] = dg_node_type(x, 0)->shape.rank ? x : dg_unsqueeze(x, 0);
        for (int d = (swapped ? mesh_axis(compose->attrs, k) : k) + 1; d < rank; d++)
            columns[k] = dg_unsqueeze(columns[k], -1);
    }
    for (int k = 0; k < rank; k++)
        like = like ? dg_eq(like, columns[k]) : columns[k];
    for (int k = 0; k < rank; k++)
        compose->outputs[k] = dg_expand_as(columns[k], like);
}

/* ---- descriptors ---- */

static const dg_sample split_samples[] = {
    {"split(2)", {"[5, 2]"}}, {"split([1, 3], dim=1)", {"[2, 4]"}}, {"split(4, dim=-1)", {"[2, 4]"}}, {.call = NULL}};
static const dg_sample chunk_samples[] = {{"chunk(2)", {"[5, 2]"}}, {"chunk(3, dim=-1)", {"[2, 4]"}}, {.call = NULL}};
static const dg_sample unbind_samples[] = {{"unbind", {"[2, 3]"}}, {"unbind(dim=-1)", {"[2, 1, 3]"}}, {.call = NULL}};
static const dg_sample meshgrid_samples[] = {
    {"meshgrid", {"[2]", "[3]"}}, {"meshgrid(xy)", {"[2]", "[3]", "[2]"}}, {.call = NULL}};

#define DIM_ATTR                                                                                                       \
    {                                                                                                                  \
        .name = "dim", .kind = DG_ATTR_INT, .fallback = "0", .doc = "the dimension"                                    \
    }

static const dg_op deal_ops[] = {
    {
        .name = "split",
        .family = "shape",
        .summary = "pieces along dim, one an output",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "split_size",
                   .kind = DG_ATTR_INTS,
                   .positional = true,
                   .doc = "places in a piece, the last one smaller; or a list of sizes"},
                  DIM_ATTR},
        .output_count = split_count,
        .infer = split_infer,
        .compose = split_compose,
        .samples = split_samples,
    },
    {
        .name = "chunk",
        .family = "shape",
        .summary = "so many pieces along dim, the last one smaller, one an output",
        .inputs = {{.name = "input"}},
        .attrs = {{.name = "chunks", .kind = DG_ATTR_INT, .positional = true, .doc = "pieces, at most"}, DIM_ATTR},
        .output_count = chunk_count,
        .infer = chunk_infer,
        .compose = chunk_compose,
        .samples = chunk_samples,
    },
    {
        .name = "unbind",
        .family = "shape",
        .summary = "the places along dim, one an output, without that dimension",
        .inputs = {{.name = "input"}},
        .attrs = {DIM_ATTR},
        .output_count = unbind_count,
        .infer = unbind_infer,
        .compose = unbind_compose,
        .samples = unbind_samples,
    },
    {
        .name = "meshgrid",
        .family = "shape",
        .summary = "vectors as coordinates of a grid, one output each",
        .inputs = {{.name = "tensors", .flags = DG_VARIADIC, .doc = "[n] each"}},
        .attrs = {{.name = "indexing",
                   .kind = DG_ATTR_NAME,
                   .fallback = "ij",
                   .choices = "ij|xy",
                   .doc = "xy: the first runs along dimension 1"}},
        .output_count = meshgrid_count,
        .infer = meshgrid_infer,
        .compose = meshgrid_compose,
        .samples = meshgrid_samples,
    },
};

const dg_op_family deal_family = DG_FAMILY(deal_ops);
