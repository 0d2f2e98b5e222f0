/* Attention (Vaswani et al. 2017): scaled_dot_product_attention, multihead_attention. */
#include "attention.h"

#include "core/base/plain.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/attention.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/softmax.h>
#include <dotgrad/ops/source.h>
#include <math.h>
#include <stdio.h>

/* ---- what attention is made of ---- */

/* Which scores count: those where every condition holds. */
static dg_node *both(dg_node *a, dg_node *b)
{
    return !a ? b : !b ? a : dg_expr("and(a, b)", {"a", a}, {"b", b});
}

static dg_node *sum_of(dg_node *a, dg_node *b)
{
    return !a ? b : !b ? a : dg_add(a, b);
}

/* [L, S]: query i sees keys 0 … i. */
static dg_node *causal(dg_node *query, dg_node *key)
{
    dg_node *i = dg_unsqueeze(dg_arange_like(query, .dim = -2), -1), *j = dg_arange_like(key, .dim = -2);
    return dg_expr("j <= i", {"j", j}, {"i", i});
}

/* A mask of numbers; where it is −∞ a score does not count. */
static void add_to_scores(attention_masks *m, dg_node *mask)
{
    m->added = sum_of(m->added, mask);
    m->keep = both(m->keep, dg_expr("a != -inf", {"a", mask}));
    m->may_empty = true;
}

dg_node *attention_weights(dg_node *query, dg_node *key, double scale, const attention_masks *m)
{
    char formula[48];
    dg_node *keep = m->causal ? both(m->keep, causal(query, key)) : m->keep;
    plain_print(formula, sizeof formula, "%.17g * q", scale);
    dg_node *scores = dg_matmul(dg_expr(formula, {"q", query}), key, .transpose_other = true);
    if (keep && m->added)
        scores = dg_expr("where(k, s + a, -1e30)", {"k", keep}, {"s", scores}, {"a", m->added});
    else if (keep)
        scores = dg_expr("where(k, s, -1e30)", {"k", keep}, {"s", scores});
    else
        scores = sum_of(scores, m->added);
    dg_node *weights = dg_softmax(scores, .dim = -1);
    return keep && m->may_empty ? dg_expr("where(k, w, 0)", {"k", keep}, {"w", weights}) : weights;
}

/* What a call draws its dropout by; NULL: nothing is dropped. */
static dg_node *dropout_key(dg_graph *graph, double p)
{
    return p > 0 ? dg_attention_key(dg_training(graph)) : NULL;
}

static dg_node *attend(dg_node *query, dg_node *key, dg_node *value, double scale, const attention_masks *m,
                       double dropout, dg_node *random)
{
    return dg_fused_attention(query, key, value, .keep = m->keep, .added = m->added, .random = random, .scale = scale,
                              .is_causal = m->causal, .dropout_p = dropout);
}

/* ---- scaled_dot_product_attention ---- */

enum { SDPA_DROPOUT, SDPA_CAUSAL, SDPA_SCALE };

dg_status attention_result(const dg_infer *infer, int first, const int *masks, int n_masks, dg_shape *result)
{
    const dg_type *q = infer->inputs[first], *k = infer->inputs[first + 1], *v = infer->inputs[first + 2];
    static const char *const wants[] = {"[.., L, E]", "[.., S, E] like the query", "[.., S, Ev] like the key"};
    dg_shape batches[3], joined;
    for (int i = 0; i < 3; i++) {
        DG_TRY(want_floats(infer, first + i));
        if (infer->inputs[first + i]->shape.rank < 2)
            return bad_shape(infer, first + i, wants[i]);
        batches[i] = infer->inputs[first + i]->shape;
        batches[i].rank -= 2;
    }
    if (sizes_differ(from_end(q, 1), from_end(k, 1)))
        return bad_shape(infer, first + 1, wants[1]);
    if (sizes_differ(from_end(k, 2), from_end(v, 2)))
        return bad_shape(infer, first + 2, wants[2]);
    DG_TRY(dg_shape_broadcast(&batches[0], &batches[1], &joined));
    joined.dims[joined.rank++] = from_end(q, 2);
    joined.dims[joined.rank++] = from_end(k, 2);
    for (int i = 0; i < n_masks; i++) {
        const dg_type *mask = infer->inputs[masks[i]];
        dg_shape scores = joined;
        for (int d = 1; mask && d <= 2 && d <= mask->shape.rank; d++)
            if (from_end(mask, d) != 1 && sizes_differ(from_end(mask, d), scores.dims[scores.rank - d]))
                return bad_shape(infer, masks[i], "what broadcasts to the scores, [.., L, S]");
        if (mask)
            DG_TRY(dg_shape_broadcast(&scores, &mask->shape, &joined));
    }
    joined.rank -= 2;
    DG_TRY(dg_shape_broadcast(&joined, &batches[2], result));
    result->dims[result->rank++] = from_end(q, 2);
    result->dims[result->rank++] = from_end(v, 1);
    return dg_ok();
}

static dg_status sdpa_infer(const dg_infer *infer)
{
    const dg_type *q = infer->inputs[0];
    DG_TRY(check_dropout(infer->attrs[SDPA_DROPOUT].f));
    DG_TRY(want_mask(infer, 3));
    DG_TRY(attention_result(infer, 0, (const int[]){3}, 1, &infer->outputs[0].shape));
    if (!is_given(&infer->attrs[SDPA_SCALE]) && from_end(q, 1) < 0)
        return bad_shape(infer, 0, "a number for its last size, or a scale");
    infer->outputs[0].dtype = q->dtype;
    return dg_ok();
}

static void sdpa_compose(const dg_compose *compose)
{
    dg_node *query = compose->inputs[0], *key = compose->inputs[1], *mask = compose->inputs[3];
    const dg_value *scale = &compose->attrs[SDPA_SCALE];
    attention_masks m = {.causal = compose->attrs[SDPA_CAUSAL].b};
    double p = compose->attrs[SDPA_DROPOUT].f, width = (double)from_end(dg_node_type(query, 0), 1);
    if (mask && is_bool(mask))
        m.keep = mask, m.may_empty = true;
    else if (mask)
        add_to_scores(&m, mask);
    compose->outputs[0] = attend(query, key, compose->inputs[2], is_given(scale) ? scale->f : 1 / sqrt(width), &m, p,
                                 dropout_key(compose->graph, p));
}

/* ---- multihead_attention ---- */

enum { MHA_EMBED, MHA_HEADS, MHA_DROPOUT, MHA_BIAS, MHA_KDIM, MHA_VDIM, MHA_BATCH_FIRST, MHA_CAUSAL };
enum {
    MHA_QUERY,
    MHA_KEY,
    MHA_VALUE,
    MHA_PADDING,
    MHA_MASK,
    MHA_IN,
    MHA_Q,
    MHA_K,
    MHA_V,
    MHA_IN_BIAS,
    MHA_OUT,
    MHA_OUT_BIAS
};

/* Keys and values of their own width have weights of their own. */
static bool separate_weights(const dg_value *attrs)
{
    int64_t width = attrs[MHA_EMBED].i;
    return int_or(&attrs[MHA_KDIM], width) != width || int_or(&attrs[MHA_VDIM], width) != width;
}

static dg_status mha_in_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[MHA_QUERY] && !separate_weights(infer->attrs);
    DG_TRY(check_heads(infer->attrs[MHA_EMBED].i, infer->attrs[MHA_HEADS].i));
    *shape = DG_SHAPE(3 * infer->attrs[MHA_EMBED].i, infer->attrs[MHA_EMBED].i);
    return dg_ok();
}

static dg_status mha_separate_weight(const dg_infer *infer, int64_t width, dg_shape *shape, bool *present)
{
    *present = infer->inputs[MHA_QUERY] && separate_weights(infer->attrs);
    *shape = DG_SHAPE(infer->attrs[MHA_EMBED].i, width);
    return dg_ok();
}

static dg_status mha_q_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    return mha_separate_weight(infer, infer->attrs[MHA_EMBED].i, shape, present);
}

static dg_status mha_k_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    return mha_separate_weight(infer, int_or(&infer->attrs[MHA_KDIM], infer->attrs[MHA_EMBED].i), shape, present);
}

static dg_status mha_v_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    return mha_separate_weight(infer, int_or(&infer->attrs[MHA_VDIM], infer->attrs[MHA_EMBED].i), shape, present);
}

static dg_status mha_in_bias(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[MHA_QUERY] && infer->attrs[MHA_BIAS].b;
    *shape = DG_SHAPE(3 * infer->attrs[MHA_EMBED].i);
    return dg_ok();
}

static dg_status mha_out_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[MHA_QUERY] != NULL;
    *shape = DG_SHAPE(infer->attrs[MHA_EMBED].i, infer->attrs[MHA_EMBED].i);
    return dg_ok();
}

static dg_status mha_out_bias(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[MHA_QUERY] && infer->attrs[MHA_BIAS].b;
    *shape = DG_SHAPE(infer->attrs[MHA_EMBED].i);
    return dg_ok();
}

static dg_status mha_check_parameters(const dg_infer *infer)
{
    static dg_status (*const rules[])(const dg_infer *, dg_shape *, bool *) = {
        mha_in_weight, mha_q_weight, mha_k_weight, mha_v_weight, mha_in_bias, mha_out_weight, mha_out_bias};
    for (int k = MHA_IN; k <= MHA_OUT_BIAS; k++) {
        dg_shape wants;
        bool present, bias = k == MHA_IN_BIAS || k == MHA_OUT_BIAS;
        char text[DG_SHAPE_TEXT];
        DG_TRY(want_floats(infer, k));
        DG_TRY(rules[k - MHA_IN](infer, &wants, &present));
        if (present && !infer->inputs[k] && !bias)
            return dg_error(DG_BAD_ARGUMENT, "input '%s' is missing", infer->op->inputs[k].name);
        if (!present && infer->inputs[k] && !bias)
            return dg_error(DG_BAD_ARGUMENT, "%s does not go with these kdim and vdim", infer->op->inputs[k].name);
        if (infer->inputs[k] && !dg_shape_equal(&infer->inputs[k]->shape, &wants))
            return bad_shape(infer, k, dg_shape_print(&wants, text, sizeof text));
    }
    return dg_ok();
}

/* The masks for `places` queries and `keys` keys in a batch of `n`. */
static dg_status mha_check_masks(const dg_infer *infer, int64_t places, int64_t keys, int64_t n)
{
    const dg_type *padding = infer->inputs[MHA_PADDING], *mask = infer->inputs[MHA_MASK];
    int rank = infer->inputs[MHA_QUERY]->shape.rank;
    if (padding && (padding->shape.rank != rank - 1 || sizes_differ(from_end(padding, 1), keys) ||
                    (rank == 3 && sizes_differ(from_end(padding, 2), n))))
        return bad_shape(infer, MHA_PADDING, rank == 3 ? "[N, S]" : "[S]");
    if (!mask)
        return dg_ok();
    bool fits = (mask->shape.rank == 2 || mask->shape.rank == 3) && !sizes_differ(from_end(mask, 1), keys) &&
                !sizes_differ(from_end(mask, 2), places);
    if (fits && mask->shape.rank == 3 && n >= 0)
        fits = !sizes_differ(from_end(mask, 3), n * infer->attrs[MHA_HEADS].i);
    return fits ? dg_ok() : bad_shape(infer, MHA_MASK, "[L, S] or [N·num_heads, L, S]");
}

static dg_status mha_infer(const dg_infer *infer)
{
    const dg_value *attrs = infer->attrs;
    const dg_type *query = infer->inputs[MHA_QUERY];
    int64_t widths[] = {attrs[MHA_EMBED].i, int_or(&attrs[MHA_KDIM], attrs[MHA_EMBED].i),
                        int_or(&attrs[MHA_VDIM], attrs[MHA_EMBED].i)};
    static const char *const wants[] = {"[N, L, embed_dim] or [L, embed_dim]", "[N, S, kdim] as the query is",
                                        "[N, S, vdim] as the query is"};
    int rank = query->shape.rank, of[] = {MHA_QUERY, MHA_QUERY, MHA_QUERY}, time = attrs[MHA_BATCH_FIRST].b ? 2 : 3;
    of[1] = infer->inputs[MHA_KEY] ? MHA_KEY : MHA_QUERY;
    of[2] = infer->inputs[MHA_VALUE] ? MHA_VALUE : of[1];
    DG_TRY(check_heads(attrs[MHA_EMBED].i, attrs[MHA_HEADS].i));
    DG_TRY(check_dropout(attrs[MHA_DROPOUT].f));
    for (int k = 0; k < 3; k++) {
        const dg_type *type = infer->inputs[of[k]];
        DG_TRY(want_floats(infer, of[k]));
        if (type->shape.rank != rank || rank < 2 || rank > 3 || sizes_differ(from_end(type, 1), widths[k]))
            return bad_shape(infer, of[k], wants[k]);
    }
    time = rank == 2 ? 2 : time;
    if (sizes_differ(from_end(infer->inputs[of[1]], time), from_end(infer->inputs[of[2]], time)))
        return bad_shape(infer, of[2], "as many places as key has");
    DG_TRY(want_mask(infer, MHA_PADDING));
    DG_TRY(want_mask(infer, MHA_MASK));
    int batch = attrs[MHA_BATCH_FIRST].b ? 3 : 2;
    for (int k = 1; rank == 3 && k < 3; k++)
        if (sizes_differ(from_end(infer->inputs[of[k]], batch), from_end(query, batch)))
            return bad_shape(infer, of[k], "the batch that query has");
    DG_TRY(mha_check_masks(infer, from_end(query, time), from_end(infer->inputs[of[1]], time),
                           rank == 3 ? from_end(query, batch) : 1));
    DG_TRY(mha_check_parameters(infer));
    infer->outputs[0] = *query;
    dg_shape weights = {.rank = rank};
    weights.dims[0] = query->shape.dims[rank == 3 && !attrs[MHA_BATCH_FIRST].b ? 1 : 0];
    weights.dims[rank - 2] = from_end(query, time);
    weights.dims[rank - 1] = from_end(infer->inputs[of[1]], time);
    infer->outputs[1] = (dg_type){query->dtype, weights};
    return dg_ok();
}

/* Rows first … first + count − 1 of the joint weight or bias. */
static dg_node *part_of(dg_node *joint, int64_t part, int64_t width)
{
    return joint ? dg_slice(joint, .dim = 0, .start = part * width, .end = (part + 1) * width) : NULL;
}

/* [N, L, E] → [N, heads, L, E/heads] */
static dg_node *split_heads(dg_node *x, int64_t heads)
{
    if (!x)
        return NULL;
    dg_shape shape = dg_node_type(x, 0)->shape;
    shape.dims[3] = shape.dims[2] / heads;
    shape.dims[2] = heads;
    shape.rank = 4;
    return dg_transpose(dg_reshape(x, shape), 1, 2);
}

/* Query, key or value: [N, L, E] → [N, heads, L, E/heads]. */
static dg_node *projected(const dg_compose *compose, dg_node *x, int part)
{
    int64_t width = compose->attrs[MHA_EMBED].i;
    dg_node *weight =
        compose->inputs[MHA_IN] ? part_of(compose->inputs[MHA_IN], part, width) : compose->inputs[MHA_Q + part];
    dg_node *bias = part_of(compose->inputs[MHA_IN_BIAS], part, width);
    return split_heads(dg_linear(x, DG_NONE, .weight = weight, .bias_node = bias, .bias = false),
                       compose->attrs[MHA_HEADS].i);
}

/* True in a mask of multihead_attention means: does not count. */
static void add_mask(attention_masks *m, dg_node *mask)
{
    if (is_bool(mask)) {
        m->keep = both(m->keep, dg_logical_not(mask));
        m->may_empty = true;
    } else {
        add_to_scores(m, mask);
    }
}

static attention_masks mha_masks(const dg_compose *compose)
{
    attention_masks m = {.causal = compose->attrs[MHA_CAUSAL].b};
    dg_node *padding = compose->inputs[MHA_PADDING], *mask = compose->inputs[MHA_MASK];
    if (padding) {
        padding = dg_unsqueeze(dg_unsqueeze(padding, -2), -2); /* [N, 1, 1, S] or [1, 1, S] */
        add_mask(&m, padding);
    }
    if (mask && dg_node_type(mask, 0)->shape.rank == 3) {
        dg_shape heads = dg_node_type(mask, 0)->shape;
        heads = (dg_shape){.rank = 4, .dims = {-1, compose->attrs[MHA_HEADS].i, heads.dims[1], heads.dims[2]}};
        mask = dg_reshape(mask, heads);
    }
    if (mask)
        add_mask(&m, mask);
    return m;
}

/* An input as [N, L, E]. */
static dg_node *with_batch_first(const dg_compose *compose, dg_node *x)
{
    if (dg_node_type(x, 0)->shape.rank == 2)
        return dg_unsqueeze(x, 0);
    return compose->attrs[MHA_BATCH_FIRST].b ? x : dg_transpose(x, 0, 1);
}

static void mha_compose(const dg_compose *compose)
{
    dg_node *query = compose->inputs[MHA_QUERY];
    dg_node *key = compose->inputs[MHA_KEY] ? compose->inputs[MHA_KEY] : query;
    dg_node *value = compose->inputs[MHA_VALUE] ? compose->inputs[MHA_VALUE] : key;
    int64_t width = compose->attrs[MHA_EMBED].i / compose->attrs[MHA_HEADS].i;
    bool single = dg_node_type(query, 0)->shape.rank == 2, batch_first = compose->attrs[MHA_BATCH_FIRST].b;
    dg_node *q = projected(compose, with_batch_first(compose, query), 0);
    dg_node *k = projected(compose, with_batch_first(compose, key), 1);
    dg_node *v = projected(compose, with_batch_first(compose, value), 2);
    if (!q || !k || !v)
        return;
    attention_masks m = mha_masks(compose);
    double scale = 1 / sqrt((double)width), p = compose->attrs[MHA_DROPOUT].f;
    dg_node *random = dropout_key(compose->graph, p), *attended = attend(q, k, v, scale, &m, p, random);
    dg_node *heads = dg_flatten(dg_transpose(attended, 1, 2), .start_dim = 2);
    dg_node *y = dg_linear(heads, DG_NONE, .weight = compose->inputs[MHA_OUT],
                           .bias_node = compose->inputs[MHA_OUT_BIAS], .bias = false);
    /* Whole matrices: made where a plan asks for them. */
    dg_node *weights = attention_weights(q, k, scale, &m);
    if (random)
        weights = dg_mul(weights, dg_attention_factors(random, attended, k, .p = p));
    dg_node *average = dg_mean(weights, .dim = DG_INTS(1));
    compose->outputs[0] = single ? dg_squeeze(y, .dim = DG_INTS(0)) : batch_first ? y : dg_transpose(y, 0, 1);
    compose->outputs[1] = single ? dg_squeeze(average, .dim = DG_INTS(0)) : average;
}

/* ---- descriptors ---- */

static const dg_sample sdpa_samples[] = {
    {"scaled_dot_product_attention", {"[2, 3, 2]", "[2, 4, 2]", "[2, 4, 3]"}},
    {"scaled_dot_product_attention(is_causal=true)", {"[2, 3, 3, 2]", "[2, 1, 3, 2]", "[3, 2]"}},
    {"scaled_dot_product_attention(scale=0.5)", {"[3, 2]", "[4, 2]", "[4, 2]", "[3, 4]"}},
    {"scaled_dot_product_attention(dropout_p=0.5)", {"[3, 2]", "[4, 2]", "[4, 2]", "[3, 4] bool"}},
    {.call = NULL}};
static const dg_sample mha_samples[] = {
    {"multihead_attention(4, 2)", {"[2, 3, 4]"}},
    {"multihead_attention(2, 1, is_causal=true, bias=false)", {"[3, 2]"}},
    {"multihead_attention(2, 2, batch_first=false)", {"[2, 1, 2]", "[3, 1, 2]", "[3, 1, 2]", "[1, 3] bool", "[2, 3]"}},
    {"multihead_attention(2, 1, kdim=3, vdim=1)", {"[1, 2, 2]", "[1, 3, 3]", "[1, 3, 1]", "-", "[1, 2, 3]"}},
    {.call = NULL}};

static const dg_op attention_ops[] = {
    {
        .name = "scaled_dot_product_attention",
        .family = "attention",
        .summary = "y = softmax(q·kᵀ·scale + mask)·v",
        .source = "Vaswani et al. 2017, eq. 1",
        .inputs = {{.name = "query", .doc = "[.., L, E]"},
                   {.name = "key", .doc = "[.., S, E]"},
                   {.name = "value", .doc = "[.., S, Ev]"},
                   MAYBE("attn_mask", "broadcast to [.., L, S]; bool: true counts (a query that sees no key gives 0); "
                                      "floats are added to the scores, −inf: does not count")},
        .attrs = {NUMBER("dropout_p", "0", "of the weights, in training"),
                  SWITCH("is_causal", "false", "query i sees keys 0 … i"),
                  NUMBER("scale", "none", "1/√E when left out")},
        .infer = sdpa_infer,
        .compose = sdpa_compose,
        .samples = sdpa_samples,
    },
    {
        .name = "multihead_attention",
        .family = "attention",
        .summary = "attention in num_heads parts of the features, over [N, T, features]",
        .source = "Vaswani et al. 2017, section 3.2.2",
        .inputs = {{.name = "query", .doc = "[N, L, embed_dim] or [L, embed_dim]"},
                   MAYBE("key", "[N, S, kdim]; the query when left out"),
                   MAYBE("value", "[N, S, vdim]; the key when left out"),
                   MAYBE("key_padding_mask", "[N, S]; bool: true does not count; floats are added"),
                   MAYBE("attn_mask", "[L, S] or [N·num_heads, L, S]; bool: true does not count; floats are added"),
                   OWNED("in_proj_weight", "[3·embed_dim, embed_dim]: query, key, value", mha_in_weight,
                         "xavier_uniform"),
                   OWNED("q_proj_weight", "[embed_dim, embed_dim], with a kdim or vdim of its own", mha_q_weight,
                         "xavier_uniform"),
                   OWNED("k_proj_weight", "[embed_dim, kdim]", mha_k_weight, "xavier_uniform"),
                   OWNED("v_proj_weight", "[embed_dim, vdim]", mha_v_weight, "xavier_uniform"),
                   OWNED("in_proj_bias", "[3·embed_dim]", mha_in_bias, "zeros"),
                   OWNED("out_proj.weight", "[embed_dim, embed_dim]", mha_out_weight, KAIMING),
                   OWNED("out_proj.bias", "[embed_dim]", mha_out_bias, "zeros")},
        .attrs = {SIZE("embed_dim", "features of query and output"), SIZE("num_heads", "divides embed_dim"),
                  NUMBER("dropout", "0", "of the weights, in training"), SWITCH("bias", "true", "owns biases"),
                  WHOLE("kdim", "none", "features of key; embed_dim when left out"),
                  WHOLE("vdim", "none", "features of value; embed_dim when left out"), BATCH_FIRST,
                  SWITCH("is_causal", "false", "query i sees keys 0 … i")},
        .outputs = {"output", "attn_weights"},
        .infer = mha_infer,
        .compose = mha_compose,
        .samples = mha_samples,
    },
};

const dg_op_family attention_family = DG_FAMILY(attention_ops);
