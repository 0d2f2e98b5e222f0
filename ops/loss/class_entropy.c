/* class_entropy: cross entropy against class indices, loss and softmax in one pass over the scores; and its gradient,
 * in one more. Tensors are seen as [N, C, inner]. */
#include "labels.h"

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/loss.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/softmax.h>
#include <dotgrad/ops/source.h>

#include "ops/shared/chunks.h"
#include "ops/shared/rules.h"
#include "ops/softmax/kernel.h"
#include "reduction.h"

enum {
    PIECE_ELEMENTS = 1 << 15, /* of the scores */
    COLUMNS = 256             /* samples of a piece, where classes are not neighbours in memory */
};

enum { ENTROPY_REDUCTION, ENTROPY_IGNORE };

typedef struct totals {
    double loss, weight;
} totals;

/* A unit is a sample, or a block of up to COLUMNS neighbouring ones. */
typedef struct entropy_call {
    class_call labels;
    const softmax_table *table;
    const dg_tensor *x, *weight;
    dg_tensor *y;
    const dg_tensor *g;    /* backward: cotangents, one or one a sample */
    void *losses;          /* of the samples; backward: their factors */
    void *tops, *log_sums; /* of the samples; see kernel.h */
    totals *totals;        /* of the pieces */
    double divisor;        /* backward */
    int64_t blocks, units, per_piece;
} entropy_call;

#define TEMPLATE "ops/loss/class_entropy.template.h"
#include "core/base/for_floats.h"

/* ---- how the work is cut ---- */

static void cut(entropy_call *c, int64_t n, int64_t classes, int64_t inner)
{
    int64_t width = inner < COLUMNS ? inner : COLUMNS, work = classes * width;
    c->blocks = inner > 1 ? (inner + COLUMNS - 1) / COLUMNS : 1;
    c->units = inner > 0 ? n * c->blocks : 0;
    c->per_piece = work < PIECE_ELEMENTS ? PIECE_ELEMENTS / (work > 0 ? work : 1) : 1;
}

static void cut_scores(entropy_call *c, const dg_shape *scores)
{
    int64_t inner = 1;
    int dim = class_dim(scores);
    for (int d = dim + 1; d < scores->rank; d++)
        inner *= scores->dims[d];
    cut(c, dim ? scores->dims[0] : 1, scores->dims[dim], inner);
}

static int64_t pieces_of(const entropy_call *c)
{
    return (c->units + c->per_piece - 1) / c->per_piece;
}

/* Where a unit's first score and first sample are, and how many samples it has. */
typedef struct unit_place {
    int64_t score, sample, count;
} unit_place;

static unit_place place_of(const entropy_call *c, int64_t unit)
{
    const class_call *l = &c->labels;
    int64_t first = unit % c->blocks * COLUMNS, n = unit / c->blocks;
    return (unit_place){n * l->classes * l->inner + first, n * l->inner + first,
                        l->inner - first < COLUMNS ? l->inner - first : COLUMNS};
}

static void *at(const dg_tensor *x, int64_t index)
{
    return (char *)x->data + (size_t)index * dg_dtype_size(x->dtype);
}

static void *sample_at(const entropy_call *c, void *of, int64_t index)
{
    return (char *)of + (size_t)index * dg_dtype_size(c->x->dtype);
}

static void run_pieces(const dg_kernel *kernel, entropy_call *c, void (*work)(void *, int64_t))
{
    int64_t elements = c->labels.n * c->labels.classes * c->labels.inner;
    dg_threads_run(elements < 4 * PIECE_ELEMENTS ? NULL : kernel->threads, pieces_of(c), work, c);
}

/* ---- forward ---- */

static void forward_piece(void *argument, int64_t piece)
{
    const entropy_call *c = argument;
    const class_call *l = &c->labels;
    int64_t begin = piece * c->per_piece, end = begin + c->per_piece < c->units ? begin + c->per_piece : c->units;
    totals *sums = &c->totals[piece];
    bool single = c->x->dtype == DG_FLOAT32;
    *sums = (totals){0, 0};
    if (l->inner == 1) {
        c->table->rows(SOFTMAX_PLAIN, at(c->x, begin * l->classes), at(c->y, begin * l->classes), end - begin,
                       l->classes, (l->n - begin) * l->classes, (end - begin) * l->classes,
                       sample_at(c, c->tops, begin), sample_at(c, c->log_sums, begin));
        (single ? losses_float32 : losses_float64)(c, begin, end, sums);
        return;
    }
    for (int64_t unit = begin; unit < end; unit++) {
        unit_place p = place_of(c, unit);
        c->table->columns(SOFTMAX_PLAIN, at(c->x, p.score), at(c->y, p.score), l->classes, l->inner, p.count,
                          sample_at(c, c->tops, p.sample), sample_at(c, c->log_sums, p.sample));
        (single ? losses_float32 : losses_float64)(c, p.sample, p.sample + p.count, sums);
    }
}

static size_t samples_bytes(const dg_tensor *scores)
{
    int64_t classes = scores->shape.dims[class_dim(&scores->shape)];
    size_t bytes = classes > 0 ? (size_t)(dg_tensor_count(scores) / classes) * dg_dtype_size(scores->dtype) : 0;
    return (bytes + 63) / 64 * 64;
}

size_t class_entropy_workspace(const dg_kernel *kernel)
{
    entropy_call c = {0};
    cut_scores(&c, &kernel->inputs[0]->shape);
    return 3 * samples_bytes(kernel->inputs[0]) + (size_t)pieces_of(&c) * sizeof(totals);
}

static const softmax_table *table_for(dg_dtype dtype)
{
    return dtype == DG_FLOAT32 ? &softmax_tables()->float32 : &softmax_tables()->float64;
}

dg_status class_entropy_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0];
    dg_tensor *loss = kernel->outputs[0];
    const dg_value *reduction = &kernel->attrs[ENTROPY_REDUCTION];
    unsigned char *space = kernel->workspace;
    size_t bytes = samples_bytes(x);
    entropy_call c = {.table = table_for(x->dtype), .x = x, .weight = kernel->inputs[2], .y = kernel->outputs[1]};
    DG_TRY(class_call_of(&x->shape, kernel->inputs[1], kernel->attrs[ENTROPY_IGNORE].i, &c.labels));
    cut(&c, c.labels.n, c.labels.classes, c.labels.inner);
    c.tops = space;
    c.log_sums = space ? space + bytes : NULL; /* of no samples there is no workspace */
    c.losses = is_name(reduction, "none") || !space ? loss->data : space + 2 * bytes;
    c.totals = space ? (totals *)(void *)(space + 3 * bytes) : NULL;
    run_pieces(kernel, &c, forward_piece);
    if (is_name(reduction, "none"))
        return dg_ok();
    totals all = {0, 0};
    for (int64_t piece = 0; piece < pieces_of(&c); piece++) {
        all.loss += c.totals[piece].loss;
        all.weight += c.totals[piece].weight;
    }
    /* Samples that all have weight 0 contribute nothing, to the gradient neither; of no samples there is no mean. */
    bool nothing = all.weight == 0 && pieces_of(&c) > 0;
    dg_tensor_set(loss, 0, is_name(reduction, "mean") && !nothing ? all.loss / all.weight : all.loss);
    return dg_ok();
}

dg_status class_entropy_infer(const dg_infer *infer)
{
    DG_TRY(want_scores(infer, 0));
    DG_TRY(want_class_weight(infer, 2));
    DG_TRY(want_labels(infer, 0));
    infer->outputs[1] = *infer->inputs[0];
    return infer_reduced(infer, &infer->inputs[1]->shape, &infer->attrs[ENTROPY_REDUCTION]);
}

void class_entropy_backward(const dg_backward *vjp)
{
    dg_node *p = dg_output(vjp->node, 1), *loss = vjp->grad_outputs[0], *softmax = vjp->grad_outputs[1], *dx = NULL;
    const dg_value *attrs = vjp->attrs;
    if (loss)
        dx =
            dg_class_entropy_backward(loss, p, vjp->inputs[1], .weight = vjp->inputs[2],
                                      .reduction = attrs[ENTROPY_REDUCTION].s, .ignore_index = attrs[ENTROPY_IGNORE].i);
    if (softmax) {
        dg_node *part = dg_softmax_backward(softmax, p, .dim = class_dim(&dg_node_type(p, 0)->shape));
        dx = dx ? dg_add(dx, part) : part;
    }
    vjp->grad_inputs[0] = dx;
}

/* ---- backward: dx = g w_t (p − e_t), of a mean divided by Σ w ---- */

static void backward_piece(void *argument, int64_t piece)
{
    const entropy_call *c = argument;
    const class_call *l = &c->labels;
    int64_t begin = piece * c->per_piece, end = begin + c->per_piece < c->units ? begin + c->per_piece : c->units;
    bool single = c->x->dtype == DG_FLOAT32;
    if (l->inner == 1) {
        (single ? factors_float32 : factors_float64)(c, begin, end);
        c->table->scale_rows(at(c->x, begin * l->classes), sample_at(c, c->losses, begin), at(c->y, begin * l->classes),
                             end - begin, l->classes, (end - begin) * l->classes);
        (single ? targets_float32 : targets_float64)(c, begin, end);
        return;
    }
    for (int64_t unit = begin; unit < end; unit++) {
        unit_place p = place_of(c, unit);
        (single ? factors_float32 : factors_float64)(c, p.sample, p.sample + p.count);
        c->table->scale_columns(at(c->x, p.score), sample_at(c, c->losses, p.sample), at(c->y, p.score), l->classes,
                                l->inner, p.count);
        (single ? targets_float32 : targets_float64)(c, p.sample, p.sample + p.count);
    }
}

size_t class_entropy_backward_workspace(const dg_kernel *kernel)
{
    return samples_bytes(kernel->inputs[1]);
}

dg_status class_entropy_backward_forward(const dg_kernel *kernel)
{
    const dg_tensor *p = kernel->inputs[1];
    entropy_call c = {.table = table_for(p->dtype),
                      .x = p,
                      .weight = kernel->inputs[3],
                      .y = kernel->outputs[0],
                      .g = kernel->inputs[0],
                      .losses = kernel->workspace,
                      .divisor = 1};
    DG_TRY(class_call_of(&p->shape, kernel->inputs[2], kernel->attrs[ENTROPY_IGNORE].i, &c.labels));
    cut(&c, c.labels.n, c.labels.classes, c.labels.inner);
    if (is_name(&kernel->attrs[ENTROPY_REDUCTION], "mean"))
        c.divisor = (p->dtype == DG_FLOAT32 ? weight_sum_float32 : weight_sum_float64)(&c);
    run_pieces(kernel, &c, backward_piece);
    return dg_ok();
}

dg_status class_entropy_backward_infer(const dg_infer *infer)
{
    const dg_type *g = infer->inputs[0], *p = infer->inputs[1], *weight = infer->inputs[3];
    bool one = !is_name(&infer->attrs[ENTROPY_REDUCTION], "none");
    DG_TRY(want_scores(infer, 1));
    DG_TRY(want_floats(infer, 1));
    DG_TRY(want_floats(infer, 3));
    if (infer->inputs[2]->dtype != DG_INT64 && infer->inputs[2]->dtype != DG_INT32)
        return dg_error(DG_BAD_DTYPE, "target is %s, expected class indices (int64 or int32)",
                        dg_dtype_name(infer->inputs[2]->dtype));
    dg_shape samples = without_classes(&p->shape), target = infer->inputs[2]->shape;
    bool fits = target.rank == samples.rank && g->shape.rank == (one ? 0 : samples.rank) &&
                (!weight || weight->shape.rank == 1);
    for (int d = 0; fits && d < samples.rank; d++)
        fits =
            !sizes_differ(target.dims[d], samples.dims[d]) && (one || !sizes_differ(g->shape.dims[d], samples.dims[d]));
    if (fits && weight)
        fits = !sizes_differ(weight->shape.dims[0], p->shape.dims[class_dim(&p->shape)]);
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "grad_output, target and weight do not go with the probabilities");
    infer->outputs[0] = *p;
    return dg_ok();
}

/* Linear in g and in p. */
void class_entropy_backward_backward(const dg_backward *vjp)
{
    dg_node *g = vjp->inputs[0], *p = vjp->inputs[1], *target = vjp->inputs[2], *c = vjp->grad_output;
    const dg_value *attrs = vjp->attrs;
    int dim = class_dim(&dg_node_type(p, 0)->shape);
    int64_t ignore = attrs[ENTROPY_IGNORE].i;
    dg_node *weight = dg_class_weight(p, target, .weight = vjp->inputs[3], .ignore_index = ignore);
    if (is_name(&attrs[ENTROPY_REDUCTION], "mean"))
        weight = dg_expr("where(w == 0, 0, w / s)", {"w", weight}, {"s", dg_sum(weight)});
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = dg_expr("w * (s - t)", {"w", weight}, {"s", dg_sum(dg_mul(c, p), .dim = DG_INTS(dim))},
                                      {"t", dg_class_pick(c, target, .ignore_index = ignore)});
    if (vjp->wanted[1])
        vjp->grad_inputs[1] = dg_mul(c, dg_unsqueeze(dg_mul(g, weight), dim));
}
