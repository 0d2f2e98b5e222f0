/* What the ops of attention share: checks, and the macros of their descriptors. */
#ifndef OPS_ATTENTION_H
#define OPS_ATTENTION_H

#include "ops/shared/arguments.h"
#include "ops/shared/describe.h"
#include "ops/shared/rules.h"

typedef struct attention_masks {
    dg_node *keep;  /* bool, broadcast to the scores; NULL: all */
    bool may_empty; /* there may be queries without a key: their weights are 0 */
    dg_node *added; /* to the scores; NULL: nothing */
    bool causal;    /* query i sees keys 0 … i */
} attention_masks;

/* softmax(q·kᵀ·scale + added) in whole. Scores that do not count become so small that their exponential is 0. */
dg_node *attention_weights(dg_node *query, dg_node *key, double scale, const attention_masks *masks);

/* The shape of softmax(q·kᵀ + masks)·v, for query, key and value from input `first` on; masks: inputs, which may be
 * left out. */
dg_status attention_result(const dg_infer *infer, int first, const int *masks, int n_masks, dg_shape *result);

static inline dg_status check_dropout(double p)
{
    return p >= 0 && p <= 1 ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "dropout is %g, expected 0 … 1", p);
}

static inline bool is_bool(const dg_node *node)
{
    return dg_node_type(node, 0)->dtype == DG_BOOL;
}

static inline dg_status want_mask(const dg_infer *infer, int k)
{
    const dg_type *mask = infer->inputs[k];
    return !mask || mask->dtype == DG_BOOL ? dg_ok() : want_floats(infer, k);
}

static inline dg_status bad_shape(const dg_infer *infer, int k, const char *wants)
{
    char text[DG_SHAPE_TEXT];
    return dg_error(DG_BAD_SHAPE, "%s is %s, expected %s", infer->op->inputs[k].name,
                    dg_graph_print_shape(infer->graph, &infer->inputs[k]->shape, text, sizeof text), wants);
}

static inline int64_t from_end(const dg_type *type, int k)
{
    return type->shape.dims[type->shape.rank - k];
}

static inline dg_status check_heads(int64_t width, int64_t heads)
{
    if (width < 1 || heads < 1 || width % heads != 0)
        return dg_error(DG_BAD_ARGUMENT, "%lld feature(s) do not divide into %lld head(s)", (long long)width,
                        (long long)heads);
    return dg_ok();
}

#define SIZE(attr_name, text)                                                                                          \
    {                                                                                                                  \
        .name = attr_name, .kind = DG_ATTR_INT, .positional = true, .doc = text                                        \
    }
#define MAYBE(input_name, text)                                                                                        \
    {                                                                                                                  \
        .name = input_name, .flags = DG_OPTIONAL, .doc = text                                                          \
    }
#define OWNED(input_name, text, rule, initialiser)                                                                     \
    {                                                                                                                  \
        .name = input_name, .flags = DG_OPTIONAL, .doc = text, .parameter = rule, .init = initialiser                  \
    }
#define BATCH_FIRST                                                                                                    \
    SWITCH("batch_first", "true", "true: [N, T, features], the layout here; false: [T, N, features], PyTorch's default")
#define KAIMING "kaiming_uniform(2.23606797749979)"

#endif
