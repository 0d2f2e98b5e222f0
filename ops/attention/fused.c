/* fused_attention: the sums of attention in one kernel, which keeps no scores. Its derivative is a kernel of the same
 * kind; beyond it, derivatives are made of products of whole matrices.
 *
 *     A = q·kᵀ·scale + added, P = softmax(A) where keys count, W = P∘M (M of dropout), y = W·v
 *     with the cotangent g:  D = M∘(g·vᵀ), dA = P∘(D − Σ P∘D)
 *     dq = dA·k·scale, dk = dAᵀ·q·scale, dv = Wᵀ·g */
#include "attention.h"
#include "blocks.h"

#include "core/base/plain.h"

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/attention.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/step.h>
#include <stdio.h>

enum { QUERY, KEY, VALUE, KEEP, ADDED, RANDOM, ALL_INPUTS };
enum { SCALE, CAUSAL, DROPOUT };
enum { GRADIENT_Y = ALL_INPUTS, GRADIENT_LOG_SUM, GRADIENT_G };

/* ---- the kernels ---- */

static attention_inputs inputs_of(const dg_kernel *kernel)
{
    const dg_tensor *const *in = kernel->inputs;
    return (attention_inputs){.query = in[QUERY],
                              .key = in[KEY],
                              .value = in[VALUE],
                              .keep = in[KEEP],
                              .added = in[ADDED],
                              .random = in[RANDOM],
                              .scale = kernel->attrs[SCALE].f,
                              .causal = kernel->attrs[CAUSAL].b,
                              .dropout = kernel->attrs[DROPOUT].f};
}

static size_t forward_workspace(const dg_kernel *kernel)
{
    attention_inputs inputs = inputs_of(kernel);
    return attention_workspace(&inputs, &kernel->outputs[0]->shape);
}

static dg_status forward(const dg_kernel *kernel)
{
    attention_inputs inputs = inputs_of(kernel);
    attention_forward(&inputs, kernel, kernel->outputs[0], kernel->outputs[1]);
    return dg_ok();
}

static size_t gradient_workspace(const dg_kernel *kernel)
{
    attention_inputs inputs = inputs_of(kernel);
    return attention_gradient_workspace(&inputs, &kernel->inputs[GRADIENT_Y]->shape);
}

static dg_status gradient_forward(const dg_kernel *kernel)
{
    attention_inputs inputs = inputs_of(kernel);
    attention_gradients(&inputs, kernel, kernel->inputs[GRADIENT_Y], kernel->inputs[GRADIENT_LOG_SUM],
                        kernel->inputs[GRADIENT_G], kernel->outputs);
    return dg_ok();
}

static dg_status key_forward(const dg_kernel *kernel)
{
    int64_t *key = kernel->outputs[0]->data;
    key[0] = (int64_t)kernel->random.seed;
    key[1] = (int64_t)kernel->random.stream;
    key[2] = (int64_t)kernel->random.step;
    key[3] = dg_tensor_get(kernel->inputs[0], 0) != 0;
    return dg_ok();
}

static dg_status factors_forward(const dg_kernel *kernel)
{
    dg_tensor *to = kernel->outputs[0];
    attention_factors(kernel->inputs[0]->data, kernel->attrs[0].f, to->dtype, 0, dg_shape_count(&to->shape), to->data);
    return dg_ok();
}

/* ---- types ---- */

static dg_status want_key(const dg_infer *infer, int k)
{
    const dg_type *type = infer->inputs[k];
    if (type->dtype == DG_INT64 && type->shape.rank == 1 && !sizes_differ(type->shape.dims[0], ATTENTION_KEY))
        return dg_ok();
    return bad_shape(infer, k, "[4] int64, what attention_key gives");
}

static dg_status infer_inputs(const dg_infer *infer, dg_shape *result)
{
    const dg_type *keep = infer->inputs[KEEP], *random = infer->inputs[RANDOM];
    DG_TRY(check_dropout(infer->attrs[DROPOUT].f));
    DG_TRY(attention_result(infer, QUERY, (const int[]){KEEP, ADDED}, 2, result));
    DG_TRY(want_floats(infer, ADDED));
    if (keep && keep->dtype != DG_BOOL)
        return dg_error(DG_BAD_DTYPE, "keep is %s, expected bool", dg_dtype_name(keep->dtype));
    return random ? want_key(infer, RANDOM) : dg_ok();
}

static dg_status infer_forward(const dg_infer *infer)
{
    dg_shape *y = &infer->outputs[0].shape;
    DG_TRY(infer_inputs(infer, y));
    infer->outputs[0].dtype = infer->inputs[QUERY]->dtype;
    infer->outputs[1] = infer->outputs[0];
    infer->outputs[1].shape.rank--;
    return dg_ok();
}

static bool fits(const dg_shape *shape, const dg_shape *wants)
{
    bool same = shape->rank == wants->rank;
    for (int d = 0; same && d < wants->rank; d++)
        same = !sizes_differ(shape->dims[d], wants->dims[d]);
    return same;
}

static dg_status infer_gradient(const dg_infer *infer)
{
    dg_shape result;
    DG_TRY(infer_inputs(infer, &result));
    for (int k = GRADIENT_Y; k <= GRADIENT_G; k++) {
        dg_shape wants = result;
        char text[DG_SHAPE_TEXT];
        wants.rank -= k == GRADIENT_LOG_SUM;
        DG_TRY(want_floats(infer, k));
        if (!fits(&infer->inputs[k]->shape, &wants))
            return bad_shape(infer, k, dg_graph_print_shape(infer->graph, &wants, text, sizeof text));
    }
    for (int k = 0; k < 3; k++) { /* with the batch of the result */
        const dg_type *input = infer->inputs[QUERY + k];
        dg_shape shape = result;
        shape.dims[shape.rank - 2] = from_end(input, 2);
        shape.dims[shape.rank - 1] = from_end(input, 1);
        infer->outputs[k] = (dg_type){input->dtype, shape};
    }
    return dg_ok();
}

static dg_status infer_key(const dg_infer *infer)
{
    infer->outputs[0] = (dg_type){DG_INT64, DG_SHAPE(ATTENTION_KEY)};
    return dg_ok();
}

static dg_status infer_factors(const dg_infer *infer)
{
    const dg_type *y = infer->inputs[1], *key = infer->inputs[2];
    DG_TRY(check_dropout(infer->attrs[0].f));
    DG_TRY(want_key(infer, 0));
    if (!dg_dtype_is_float(y->dtype))
        return dg_error(DG_BAD_DTYPE, "output is %s, expected float32 or float64", dg_dtype_name(y->dtype));
    if (y->shape.rank < 2 || key->shape.rank < 2)
        return bad_shape(infer, y->shape.rank < 2 ? 1 : 2, "at least two dimensions");
    infer->outputs[0] = *y;
    infer->outputs[0].shape.dims[y->shape.rank - 1] = from_end(key, 2);
    return dg_ok();
}

/* ---- derivatives ---- */

/* What derivatives are made of: whole matrices [.., L, S]. */
typedef struct whole {
    dg_node *query, *key, *value;
    dg_node *weights; /* P */
    dg_node *factors; /* M, or NULL */
    double scale;
} whole;

static whole whole_of(dg_node *const *inputs, const dg_value *attrs, dg_node *y)
{
    whole w = {.query = inputs[QUERY], .key = inputs[KEY], .value = inputs[VALUE], .scale = attrs[SCALE].f};
    w.weights = attention_weights(w.query, w.key, w.scale,
                                  &(attention_masks){.keep = inputs[KEEP],
                                                     .added = inputs[ADDED],
                                                     .may_empty = inputs[KEEP] != NULL,
                                                     .causal = attrs[CAUSAL].b});
    if (inputs[RANDOM])
        w.factors = dg_attention_factors(inputs[RANDOM], y, w.key, .p = attrs[DROPOUT].f);
    return w;
}

static dg_node *times_factors(const whole *w, dg_node *x)
{
    return w->factors && x ? dg_mul(x, w->factors) : x;
}

static dg_node *scaled(const whole *w, dg_node *x)
{
    char formula[48];
    plain_print(formula, sizeof formula, "%.17g * x", w->scale);
    return x ? dg_expr(formula, {"x", x}) : NULL;
}

static dg_node *sum_of(dg_node *a, dg_node *b)
{
    return !a ? b : !b ? a : dg_add(a, b);
}

static dg_node *row_sums(dg_node *a, dg_node *b)
{
    return dg_sum(dg_mul(a, b), .dim = DG_INTS(-1), .keepdim = true);
}

/* P∘(x − Σ P∘x): the derivative of softmax. */
static dg_node *through_softmax(const whole *w, dg_node *x)
{
    return dg_expr("p * (x - s)", {"p", w->weights}, {"x", x}, {"s", row_sums(w->weights, x)});
}

/* A gradient is that of y's cotangent, from the kernel, and of log_sum's, which is P∘h for the scores. */
static void backward(const dg_backward *vjp)
{
    dg_node *const *in = vjp->inputs;
    dg_node *g = vjp->grad_outputs[0], *h = vjp->grad_outputs[1];
    if (g) {
        dg_node *all = dg_fused_attention_backward(in[QUERY], in[KEY], in[VALUE], vjp->output, dg_output(vjp->node, 1),
                                                   g, .keep = in[KEEP], .added = in[ADDED], .random = in[RANDOM],
                                                   .scale = vjp->attrs[SCALE].f, .is_causal = vjp->attrs[CAUSAL].b,
                                                   .dropout_p = vjp->attrs[DROPOUT].f);
        for (int k = 0; k < 3; k++)
            if (vjp->wanted[QUERY + k])
                vjp->grad_inputs[QUERY + k] = dg_output(all, k);
    }
    bool on_added = in[ADDED] && vjp->wanted[ADDED];
    if (!h && !on_added)
        return;
    whole w = whole_of(in, vjp->attrs, vjp->output);
    dg_node *on_scores = h ? dg_mul(w.weights, dg_unsqueeze(h, -1)) : NULL;
    if (on_added && g)
        vjp->grad_inputs[ADDED] =
            through_softmax(&w, times_factors(&w, dg_matmul(g, w.value, .transpose_other = true)));
    if (on_added)
        vjp->grad_inputs[ADDED] = sum_of(vjp->grad_inputs[ADDED], on_scores);
    if (h && vjp->wanted[QUERY])
        vjp->grad_inputs[QUERY] = sum_of(vjp->grad_inputs[QUERY], dg_matmul(scaled(&w, on_scores), w.key));
    if (h && vjp->wanted[KEY])
        vjp->grad_inputs[KEY] =
            sum_of(vjp->grad_inputs[KEY], dg_matmul(scaled(&w, on_scores), w.query, .transpose_input = true));
}

/* Causal attention: a query sees the keys of the steps before and its own. */
static void attention_step(const dg_step *step)
{
    dg_node *const *in = step->inputs;
    dg_node *both[2];
    if (!step->attrs[CAUSAL].b || in[KEEP] || in[ADDED])
        return;
    for (int k = 0; k < 2; k++) {
        dg_node *parts[] = {step->past(step, in[KEY + k], -2), in[KEY + k]};
        both[k] = dg_cat(2, parts, .dim = -2);
    }
    dg_node *y =
        dg_fused_attention(in[QUERY], both[0], both[1], .keep = step->counts(step), .scale = step->attrs[SCALE].f);
    step->outputs[0] = y;
    step->outputs[1] = dg_output(y, 1);
}

/* The cotangents a, b, c of dq, dk, dv stand for the number R = Σ dA∘X + Σ W∘Y with X = (a·kᵀ + q·bᵀ)·scale and
 * Y = g·cᵀ; its derivatives by the scores and by g·vᵀ are T and M∘E:
 *     E = P∘(X − Σ P∘X),   T = P∘(Q − Σ P∘Q),   Q = D∘X − D Σ P∘X − X Σ P∘D + M∘Y
 * y and log_sum are what query, key and value make them: nothing of their own goes there. */
static void gradient_backward(const dg_backward *vjp)
{
    dg_node *const *in = vjp->inputs, *const *c = vjp->grad_outputs;
    dg_node *g = in[GRADIENT_G];
    whole w = whole_of(in, vjp->attrs, in[GRADIENT_Y]);
    dg_node *d = times_factors(&w, dg_matmul(g, w.value, .transpose_other = true)), *on_scores = through_softmax(&w, d);
    dg_node *x = sum_of(c[0] ? dg_matmul(c[0], w.key, .transpose_other = true) : NULL,
                        c[1] ? dg_matmul(w.query, c[1], .transpose_other = true) : NULL);
    dg_node *y = c[2] ? times_factors(&w, dg_matmul(g, c[2], .transpose_other = true)) : NULL, *q = y, *e = NULL;
    if (x) {
        x = scaled(&w, x);
        dg_node *of_x = dg_expr("d * x - d * sx - x * sd", {"d", d}, {"x", x}, {"sx", row_sums(w.weights, x)},
                                {"sd", row_sums(w.weights, d)});
        q = sum_of(of_x, y);
        e = times_factors(&w, through_softmax(&w, x));
    }
    if (!q)
        return;
    dg_node *t = through_softmax(&w, q), *weights = times_factors(&w, w.weights);
    if (vjp->wanted[QUERY])
        vjp->grad_inputs[QUERY] = scaled(&w, sum_of(dg_matmul(t, w.key), c[1] ? dg_matmul(on_scores, c[1]) : NULL));
    if (vjp->wanted[KEY])
        vjp->grad_inputs[KEY] = scaled(&w, sum_of(dg_matmul(t, w.query, .transpose_input = true),
                                                  c[0] ? dg_matmul(on_scores, c[0], .transpose_input = true) : NULL));
    if (vjp->wanted[VALUE] && e)
        vjp->grad_inputs[VALUE] = dg_matmul(e, g, .transpose_input = true);
    if (in[ADDED] && vjp->wanted[ADDED])
        vjp->grad_inputs[ADDED] = t;
    if (vjp->wanted[GRADIENT_G])
        vjp->grad_inputs[GRADIENT_G] = sum_of(e ? dg_matmul(e, w.value) : NULL, c[2] ? dg_matmul(weights, c[2]) : NULL);
}

/* Of so many products of all queries with all keys over their numbers and over those of values. */
static double products_flops(const dg_infer *infer, dg_shape y, int over_keys, int over_values)
{
    double each = 2 * (double)from_end(infer->inputs[KEY], 2) *
                  (over_keys * (double)from_end(infer->inputs[QUERY], 1) +
                   over_values * (double)from_end(infer->inputs[VALUE], 1));
    y.rank--;
    return each * (double)dg_shape_count(&y);
}

static double forward_flops(const dg_infer *infer)
{
    return products_flops(infer, infer->outputs[0].shape, 1, 1);
}

/* The scores again, dq and dk; the gradient of the weights and dv. */
static double gradient_flops(const dg_infer *infer)
{
    return products_flops(infer, infer->inputs[GRADIENT_G]->shape, 3, 2);
}

/* ---- descriptors ---- */

#define QUERIES_KEYS_VALUES                                                                                            \
    {.name = "query", .doc = "[.., L, E]"}, {.name = "key", .doc = "[.., S, E]"},                                      \
    {                                                                                                                  \
        .name = "value", .doc = "[.., S, V]"                                                                           \
    }
#define MASKS                                                                                                          \
    {.name = "keep", .flags = DG_OPTIONAL | DG_INDEX, .doc = "bool, broadcast to [.., L, S]: which keys count"},       \
        {.name = "added", .flags = DG_OPTIONAL, .doc = "broadcast to [.., L, S]: added to the scaled scores"},         \
    {                                                                                                                  \
        .name = "random", .flags = DG_OPTIONAL | DG_INDEX, .doc = "[4], of attention_key: weights are dropped"         \
    }
#define ATTRIBUTES                                                                                                     \
    BOUND("scale", "1", "of the products q·kᵀ"), SWITCH("is_causal", "false", "query i sees keys 0 … i"),              \
        NUMBER("dropout_p", "0", "of the weights")

static const dg_sample forward_samples[] = {
    {"fused_attention", {"[2, 3, 2]", "[2, 4, 2]", "[2, 4, 3]"}},
    {"fused_attention(scale=0.5, is_causal=true)", {"[2, 3, 3, 2]", "[2, 1, 3, 2]", "[3, 2]"}},
    {"fused_attention(scale=0.7)", {"[3, 2]", "[4, 2]", "[4, 2]", "[3, 4] bool", "[3, 4]"}},
    {.call = NULL}};
static const dg_sample gradient_samples[] = {
    {"fused_attention_backward", {"[3, 2]", "[4, 2]", "[4, 3]", "-", "-", "-", "[3, 3]", "[3] positive", "[3, 3]"}},
    {.call = NULL}};
static const dg_sample key_samples[] = {{"attention_key", {"[] positive"}}, {.call = NULL}};
static const dg_sample factors_samples[] = {{"attention_factors(p=0.5)", {"[4] int64 below 2", "[3, 2]", "[4, 2]"}},
                                            {.call = NULL}};

static const dg_op fused_ops[] = {
    {
        .name = "fused_attention",
        .family = "attention",
        .summary = "y = softmax(q·kᵀ·scale + added)·v in memory that grows with L + S; what attention is made of",
        .source = "Dao, Fu, Ermon, Rudra, Ré 2022, algorithm 1",
        .inputs = {QUERIES_KEYS_VALUES, MASKS},
        .attrs = {ATTRIBUTES},
        .outputs = {"output", "log_sum"},
        .infer = infer_forward,
        .workspace = forward_workspace,
        .forward = forward,
        .backward = backward,
        .flops = forward_flops,
        .samples = forward_samples,
    },
    {
        .name = "fused_attention_backward",
        .family = "attention",
        .summary = "the gradients of fused_attention by query, key and value",
        .source = "Dao, Fu, Ermon, Rudra, Ré 2022, algorithm 4",
        .inputs = {QUERIES_KEYS_VALUES,
                   MASKS,
                   {.name = "output", .flags = DG_INDEX, .doc = "of fused_attention"},
                   {.name = "log_sum", .flags = DG_INDEX, .doc = "of fused_attention"},
                   {.name = "cotangent", .doc = "of output"}},
        .attrs = {ATTRIBUTES},
        .outputs = {"query", "key", "value"},
        .flags = DG_CUSTOM_GRADIENT, /* output and log_sum follow from the others */
        .infer = infer_gradient,
        .workspace = gradient_workspace,
        .forward = gradient_forward,
        .backward = gradient_backward,
        .flops = gradient_flops,
        .samples = gradient_samples,
    },
    {
        .name = "attention_key",
        .family = "random",
        .summary = "what one call of attention draws its dropout by",
        .inputs = {{.name = "training", .doc = "[]: not 0 where weights are dropped"}},
        .flags = DG_RANDOM | DG_NOT_DIFFERENTIABLE,
        .infer = infer_key,
        .forward = key_forward,
        .samples = key_samples,
    },
    {
        .name = "attention_factors",
        .family = "random",
        .summary = "[.., L, S]: 0 with probability p, else 1/(1 − p), as fused_attention takes them",
        .inputs = {{.name = "random", .flags = DG_INDEX, .doc = "[4], of attention_key"},
                   {.name = "output", .flags = DG_SHAPE_ONLY, .doc = "[.., L, V]"},
                   {.name = "key", .flags = DG_SHAPE_ONLY, .doc = "[.., S, E]"}},
        .attrs = {NUMBER("p", "0.5", "the probability of dropping")},
        .flags = DG_NOT_DIFFERENTIABLE,
        .infer = infer_factors,
        .forward = factors_forward,
        .samples = factors_samples,
    },
};

const dg_op_family fused_attention_family = DG_FAMILY(fused_ops);

const dg_step_rule fused_attention_rule = {"fused_attention", attention_step};
