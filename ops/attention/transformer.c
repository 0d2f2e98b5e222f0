/* transformer_encoder_layer: attention and a feed-forward part, each with a residual connection and a layer_norm. */
#include "attention.h"

#include "core/base/plain.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/activation.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/attention.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/norm.h>
#include <dotgrad/ops/source.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    TEL_MODEL,
    TEL_HEADS,
    TEL_FEED,
    TEL_DROPOUT,
    TEL_ACTIVATION,
    TEL_EPS,
    TEL_BATCH_FIRST,
    TEL_NORM_FIRST,
    TEL_BIAS,
    TEL_CAUSAL
};
enum {
    TEL_SRC,
    TEL_MASK,
    TEL_PADDING,
    TEL_IN,
    TEL_IN_BIAS,
    TEL_OUT,
    TEL_OUT_BIAS,
    TEL_W1,
    TEL_B1,
    TEL_W2,
    TEL_B2,
    TEL_N1,
    TEL_N1_BIAS,
    TEL_N2,
    TEL_N2_BIAS,
    TEL_INPUTS
};

/* Parameter k is [rows] or [rows, columns]. */
static void tel_shape(const dg_value *attrs, int k, dg_shape *shape)
{
    int64_t model = attrs[TEL_MODEL].i, feed = attrs[TEL_FEED].i;
    *shape = k == TEL_IN        ? DG_SHAPE(3 * model, model)
             : k == TEL_IN_BIAS ? DG_SHAPE(3 * model)
             : k == TEL_OUT     ? DG_SHAPE(model, model)
             : k == TEL_W1      ? DG_SHAPE(feed, model)
             : k == TEL_B1      ? DG_SHAPE(feed)
             : k == TEL_W2      ? DG_SHAPE(model, feed)
                                : DG_SHAPE(model);
}

static bool tel_is_bias(int k)
{
    return k == TEL_IN_BIAS || k == TEL_OUT_BIAS || k == TEL_B1 || k == TEL_B2 || k == TEL_N1_BIAS || k == TEL_N2_BIAS;
}

static dg_status tel_parameter(const dg_infer *infer, int k, dg_shape *shape, bool *present)
{
    if (infer->attrs[TEL_FEED].i < 1)
        return dg_error(DG_BAD_ARGUMENT, "dim_feedforward is %lld, expected at least 1",
                        (long long)infer->attrs[TEL_FEED].i);
    DG_TRY(check_heads(infer->attrs[TEL_MODEL].i, infer->attrs[TEL_HEADS].i));
    *present = infer->inputs[TEL_SRC] && (infer->attrs[TEL_BIAS].b || !tel_is_bias(k));
    tel_shape(infer->attrs, k, shape);
    return dg_ok();
}

#define TEL_RULE(name, k)                                                                                              \
    static dg_status name(const dg_infer *infer, dg_shape *shape, bool *present)                                       \
    {                                                                                                                  \
        return tel_parameter(infer, k, shape, present);                                                                \
    }
TEL_RULE(tel_in, TEL_IN)
TEL_RULE(tel_in_bias, TEL_IN_BIAS)
TEL_RULE(tel_out, TEL_OUT)
TEL_RULE(tel_w1, TEL_W1)
TEL_RULE(tel_b1, TEL_B1)
TEL_RULE(tel_w2, TEL_W2)
TEL_RULE(tel_vector, TEL_N1)
TEL_RULE(tel_vector_bias, TEL_N1_BIAS)

static dg_status uniform_by_fan(int64_t fan, char *text, size_t size)
{
    double bound = fan > 0 ? 1 / sqrt((double)fan) : 0;
    plain_print(text, size, "uniform(-%.17g, %.17g)", bound, bound);
    return dg_ok();
}

static dg_status tel_init_b1(const dg_infer *infer, char *text, size_t size)
{
    return uniform_by_fan(infer->attrs[TEL_MODEL].i, text, size);
}

static dg_status tel_init_b2(const dg_infer *infer, char *text, size_t size)
{
    return uniform_by_fan(infer->attrs[TEL_FEED].i, text, size);
}

static dg_status tel_infer(const dg_infer *infer)
{
    const dg_type *src = infer->inputs[TEL_SRC];
    DG_TRY(want_floats(infer, TEL_SRC));
    DG_TRY(check_heads(infer->attrs[TEL_MODEL].i, infer->attrs[TEL_HEADS].i));
    DG_TRY(check_dropout(infer->attrs[TEL_DROPOUT].f));
    if (src->shape.rank < 2 || src->shape.rank > 3 || sizes_differ(from_end(src, 1), infer->attrs[TEL_MODEL].i))
        return bad_shape(infer, TEL_SRC, "[N, T, d_model] or [T, d_model]");
    DG_TRY(want_mask(infer, TEL_MASK));
    DG_TRY(want_mask(infer, TEL_PADDING));
    for (int k = TEL_IN; k < TEL_INPUTS; k++) {
        dg_shape wants;
        char text[DG_SHAPE_TEXT];
        DG_TRY(want_floats(infer, k));
        tel_shape(infer->attrs, k, &wants);
        if (infer->inputs[k] && !dg_shape_equal(&infer->inputs[k]->shape, &wants))
            return bad_shape(infer, k, dg_shape_print(&wants, text, sizeof text));
        if (!infer->inputs[k] && !tel_is_bias(k))
            return dg_error(DG_BAD_ARGUMENT, "input '%s' is missing", infer->op->inputs[k].name);
    }
    return dg_infer_same(infer);
}

static dg_node *tel_dropout(const dg_compose *compose, dg_node *x)
{
    double p = compose->attrs[TEL_DROPOUT].f;
    return p > 0 ? dg_dropout(x, .p = p) : x;
}

static dg_node *tel_norm(const dg_compose *compose, dg_node *x, int k)
{
    return dg_layer_norm(x, .eps = compose->attrs[TEL_EPS].f, .weight = compose->inputs[k],
                         .bias_node = compose->inputs[k + 1], .bias = false);
}

static dg_node *tel_attention(const dg_compose *compose, dg_node *x)
{
    dg_node *const *in = compose->inputs;
    const dg_value *attrs = compose->attrs;
    dg_node *y = dg_multihead_attention(x, attrs[TEL_MODEL].i, attrs[TEL_HEADS].i, .dropout = attrs[TEL_DROPOUT].f,
                                        .batch_first = attrs[TEL_BATCH_FIRST].b, .is_causal = attrs[TEL_CAUSAL].b,
                                        .bias = false, .attn_mask = in[TEL_MASK], .key_padding_mask = in[TEL_PADDING],
                                        .in_proj_weight = in[TEL_IN], .in_proj_bias = in[TEL_IN_BIAS],
                                        .out_proj_weight = in[TEL_OUT], .out_proj_bias = in[TEL_OUT_BIAS]);
    return tel_dropout(compose, y);
}

static dg_node *tel_feed_forward(const dg_compose *compose, dg_node *x)
{
    dg_node *const *in = compose->inputs;
    dg_node *h = dg_linear(x, DG_NONE, .weight = in[TEL_W1], .bias_node = in[TEL_B1], .bias = false);
    h = strcmp(compose->attrs[TEL_ACTIVATION].s, "gelu") == 0 ? dg_gelu(h) : dg_relu(h);
    h = tel_dropout(compose, h);
    h = dg_linear(h, DG_NONE, .weight = in[TEL_W2], .bias_node = in[TEL_B2], .bias = false);
    return tel_dropout(compose, h);
}

static void tel_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[TEL_SRC];
    if (compose->attrs[TEL_NORM_FIRST].b) {
        x = dg_add(x, tel_attention(compose, tel_norm(compose, x, TEL_N1)));
        compose->outputs[0] = dg_add(x, tel_feed_forward(compose, tel_norm(compose, x, TEL_N2)));
    } else {
        x = tel_norm(compose, dg_add(x, tel_attention(compose, x)), TEL_N1);
        compose->outputs[0] = tel_norm(compose, dg_add(x, tel_feed_forward(compose, x)), TEL_N2);
    }
}

static const dg_sample tel_samples[] = {
    {"transformer_encoder_layer(2, 1, dim_feedforward=3, activation=gelu, layer_norm_eps=0.1)", {"[2, 3, 2]"}},
    {"transformer_encoder_layer(4, 2, dim_feedforward=2, activation=gelu, norm_first=true, is_causal=true)",
     {"[2, 4]"}},
    {.call = NULL}};

static const dg_op transformer_ops[] = {
    {
        .name = "transformer_encoder_layer",
        .family = "attention",
        .summary = "x + attention(x), then x + linear2(activation(linear1(x))), each with a layer_norm; over [N, T, d]",
        .source = "Vaswani et al. 2017, section 3.1",
        .inputs = {{.name = "src", .doc = "[N, T, d_model] or [T, d_model]"},
                   MAYBE("src_mask", "[T, T]; bool: true does not count; floats are added"),
                   MAYBE("src_key_padding_mask", "[N, T]; bool: true does not count; floats are added"),
                   OWNED("self_attn.in_proj_weight", "[3·d_model, d_model]", tel_in, "xavier_uniform"),
                   OWNED("self_attn.in_proj_bias", "[3·d_model]", tel_in_bias, "zeros"),
                   OWNED("self_attn.out_proj.weight", "[d_model, d_model]", tel_out, KAIMING),
                   OWNED("self_attn.out_proj.bias", "[d_model]", tel_vector_bias, "zeros"),
                   OWNED("linear1.weight", "[dim_feedforward, d_model]", tel_w1, KAIMING),
                   {.name = "linear1.bias",
                    .flags = DG_OPTIONAL,
                    .doc = "[dim_feedforward]",
                    .parameter = tel_b1,
                    .init_for = tel_init_b1},
                   OWNED("linear2.weight", "[d_model, dim_feedforward]", tel_w2, KAIMING),
                   {.name = "linear2.bias",
                    .flags = DG_OPTIONAL,
                    .doc = "[d_model]",
                    .parameter = tel_vector_bias,
                    .init_for = tel_init_b2},
                   OWNED("norm1.weight", "[d_model]", tel_vector, "ones"),
                   OWNED("norm1.bias", "[d_model]", tel_vector_bias, "zeros"),
                   OWNED("norm2.weight", "[d_model]", tel_vector, "ones"),
                   OWNED("norm2.bias", "[d_model]", tel_vector_bias, "zeros")},
        .attrs = {SIZE("d_model", "features"),
                  SIZE("nhead", "divides d_model"),
                  WHOLE("dim_feedforward", "2048", "features between linear1 and linear2"),
                  NUMBER("dropout", "0.1", "of the weights and after each part, in training"),
                  {.name = "activation",
                   .kind = DG_ATTR_NAME,
                   .fallback = "relu",
                   .choices = "relu|gelu",
                   .doc = "between linear1 and linear2"},
                  NUMBER("layer_norm_eps", "1e-5", "added to the variance"),
                  BATCH_FIRST,
                  SWITCH("norm_first", "false", "normalises what goes into each part, not the sums"),
                  SWITCH("bias", "true", "owns biases"),
                  SWITCH("is_causal", "false", "place i sees 0 … i")},
        .infer = tel_infer,
        .compose = tel_compose,
        .samples = tel_samples,
    },
};

const dg_op_family transformer_family = DG_FAMILY(transformer_ops);
