/* Samples: a descriptor's suggestion of a call and of input types, made into a graph with numbers to feed. */
#include <dotgrad/autograd.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum sample_word { WORD_NORMAL, WORD_POSITIVE, WORD_UNIT, WORD_ABOVE_1, WORD_SPD } sample_word;

/* What an input's type text says. */
typedef struct sample_type {
    dg_dtype dtype; /* DG_DEFAULT_DTYPE: a float */
    dg_shape shape;
    sample_word word;
    int64_t limit; /* of integers */
} sample_type;

static dg_status parse_sizes(const char **text, dg_shape *shape)
{
    const char *at = *text;
    *shape = dg_scalar();
    if (*at++ != '[')
        return dg_error(DG_BAD_ARGUMENT, "a sample input is '%s', expected [sizes]", *text);
    while (*at != ']') {
        char *end;
        long long size = strtoll(at, &end, 10);
        if (end == at || size < 0 || shape->rank == DG_MAX_RANK)
            return dg_error(DG_BAD_ARGUMENT, "a sample input is '%s', expected [sizes]", *text);
        shape->dims[shape->rank++] = size;
        at = end + strspn(end, ", ");
    }
    *text = at + 1;
    return dg_ok();
}

static dg_status parse_type(const char *text, sample_type *type)
{
    const char *words = text;
    *type = (sample_type){.dtype = DG_DEFAULT_DTYPE};
    DG_TRY(parse_sizes(&words, &type->shape));
    words += strspn(words, " ");
    static const char *const names[] = {"", "positive", "unit", "above 1", "spd"};
    for (int k = 0; k < 5; k++)
        if (strcmp(words, names[k]) == 0) {
            type->word = (sample_word)k;
            if (type->word == WORD_SPD && type->shape.rank < 2)
                break;
            return dg_ok();
        }
    char dtype[16] = "";
    long long limit = 0;
    int found = sscanf(words, "%15s below %lld", dtype, &limit);
    if (found >= 1 && dg_dtype_parse(dtype, &type->dtype)) {
        bool integer = type->dtype == DG_INT64 || type->dtype == DG_INT32;
        type->limit = limit;
        if ((integer && found == 2 && limit > 0) || (type->dtype == DG_BOOL && found == 1))
            return dg_ok();
    }
    return dg_error(DG_BAD_ARGUMENT, "a sample input is '%s', which says nothing that is known", text);
}

/* N(0, 1), drawn again while it is near a corner that activations have. */
static double draw_normal(const dg_random *key, int64_t element)
{
    static const double corners[] = {0, 0.5, 1, 3};
    for (uint64_t draw = 0;; draw++) {
        uint64_t position = 2 * ((uint64_t)element + (draw << 40));
        double x = sqrt(-2 * log(1 - dg_random_unit(key, position))) *
                   cos(6.283185307179586 * dg_random_unit(key, position + 1));
        bool near = false;
        for (int k = 0; k < 4; k++)
            near = near || fabs(fabs(x) - corners[k]) < 0.05;
        if (!near)
            return x;
    }
}

static double draw(const sample_type *type, const dg_random *key, int64_t element)
{
    double unit = dg_random_unit(key, (uint64_t)element);
    if (type->dtype == DG_BOOL)
        return unit < 0.5;
    if (type->limit > 0)
        return (double)dg_random_below(key, (uint64_t)element, (uint64_t)type->limit);
    switch (type->word) {
    case WORD_POSITIVE:
        return 0.3 + 1.7 * unit;
    case WORD_UNIT:
        return 0.1 + 0.8 * unit;
    case WORD_ABOVE_1:
        return 1.2 + 1.8 * unit;
    case WORD_NORMAL:
    case WORD_SPD:
        break;
    }
    return draw_normal(key, element);
}

static dg_status fill(dg_tensor *tensor, const sample_type *type, dg_dtype dtype, const dg_random *key)
{
    DG_TRY(dg_tensor_make(tensor, dtype, type->shape));
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++)
        dg_tensor_set(tensor, i, draw(type, key, i));
    return dg_ok();
}

/* B·Bᵀ/2 + I, so that a change of any element of B keeps the matrix symmetric and positive definite. */
static dg_node *make_spd(dg_node *b, const dg_shape *shape, dg_dtype dtype)
{
    dg_graph *graph = dg_node_graph(b);
    int64_t n = shape->dims[shape->rank - 1];
    dg_tensor identity;
    dg_status status = dg_tensor_make(&identity, dtype, DG_SHAPE(n, n));
    if (status.code != DG_OK)
        return dg_graph_fail(graph, status);
    for (int64_t i = 0; i < n; i++)
        dg_tensor_set(&identity, i * n + i, 1);
    dg_node *eye = dg_constant(graph, &identity, .dtype = dtype);
    dg_tensor_release(&identity);
    return dg_expr("0.5 * product + eye", {"product", dg_matmul(b, dg_transpose(b, -1, -2))}, {"eye", eye});
}

static dg_status make_input(dg_sample_case *made, const dg_op *op, const char *text, int k, uint64_t seed,
                            dg_node **input)
{
    char name[80];
    sample_type type;
    int declared = op->flags & DG_ANY_INPUTS ? 0 : dg_op_input_count(op);
    if (k < declared)
        snprintf(name, sizeof name, "%s", op->inputs[k].name);
    else
        snprintf(name, sizeof name, "%s%d", declared ? op->inputs[declared - 1].name : "x", k);
    DG_TRY(parse_type(text, &type));
    dg_dtype dtype = type.dtype == DG_DEFAULT_DTYPE ? dg_graph_dtype(made->graph) : type.dtype;
    dg_random key = {.seed = seed, .stream = dg_random_stream(name)};
    dg_tensor *tensor = &made->tensors[made->n_feeds];
    DG_TRY(fill(tensor, &type, dtype, &key));
    dg_node *node = dg_input(made->graph, type.shape, .dtype = dtype, .name = name);
    made->feeds[made->n_feeds++] = (dg_feed){node, tensor};
    *input = node && type.word == WORD_SPD ? make_spd(node, &type.shape, dtype) : node;
    return dg_graph_status(made->graph);
}

/* Σ c · (y + sin(y) / 2): not linear in y, so that second derivatives also pass through the cotangent. */
static dg_node *weigh(dg_node *y, uint64_t seed, int output)
{
    const dg_type *type = dg_node_type(y, 0);
    dg_tensor weights;
    sample_type normal = {.shape = dg_shape_is_known(&type->shape) ? type->shape : dg_scalar()};
    dg_random key = {.seed = seed, .stream = dg_random_stream("weights"), .step = (uint64_t)output};
    dg_status status = fill(&weights, &normal, type->dtype, &key);
    if (status.code != DG_OK)
        return dg_graph_fail(dg_node_graph(y), status);
    dg_node *c = dg_constant(dg_node_graph(y), &weights, .dtype = type->dtype);
    dg_tensor_release(&weights);
    return dg_sum(dg_expr("c * (y + 0.5 * sin(y))", {"c", c}, {"y", y}));
}

static void make_loss(dg_sample_case *made, uint64_t seed)
{
    for (int k = 0; k < dg_node_output_count(made->node); k++) {
        if (!dg_dtype_is_float(dg_node_type(made->node, k)->dtype))
            continue;
        dg_node *part = weigh(k ? dg_output(made->node, k) : made->node, seed, k);
        made->loss = made->loss ? dg_add(made->loss, part) : part;
    }
}

/* Parameters by their initialisers; N(0, 1) where those would look at data. */
static dg_status make_parameters(dg_sample_case *made, uint64_t seed)
{
    for (int64_t id = 0; id < dg_graph_node_count(made->graph); id++) {
        dg_node *node = dg_graph_node(made->graph, id);
        if (dg_node_op(node)->role != DG_ROLE_PARAMETER)
            continue;
        const dg_value *init = dg_node_attr(node, "init");
        if (!init || !dg_init_needs_data(init))
            continue;
        const dg_type *type = dg_node_type(node, 0);
        sample_type normal = {.shape = type->shape};
        dg_random key = {.seed = seed, .stream = dg_random_stream(dg_node_name(node))};
        dg_tensor tensor;
        DG_TRY(fill(&tensor, &normal, type->dtype, &key));
        dg_status status = dg_tensors_put(made->parameters, dg_node_name(node), &tensor);
        dg_tensor_release(&tensor);
        DG_TRY(status);
    }
    return dg_parameters_init(made->parameters, made->graph, seed);
}

dg_status dg_sample_make(dg_sample_case *made, const dg_op *op, const dg_sample *sample, dg_dtype dtype, uint64_t seed)
{
    if (!made || !op || !sample)
        return dg_error(DG_BAD_ARGUMENT, "a sample case, its op or its sample is NULL");
    *made = (dg_sample_case){0};
    DG_TRY(dg_graph_new(&made->graph));
    DG_TRY(dg_tensors_new(&made->parameters));
    dg_graph_set_dtype(made->graph, dtype);
    dg_node *inputs[DG_MAX_INPUTS] = {NULL};
    dg_value call;
    int n_inputs = 0;
    for (; n_inputs < DG_MAX_INPUTS && sample->inputs[n_inputs]; n_inputs++)
        if (strcmp(sample->inputs[n_inputs], "-") != 0)
            DG_TRY(make_input(made, op, sample->inputs[n_inputs], n_inputs, seed, &inputs[n_inputs]));
    DG_TRY(dg_call_parse(dg_graph_arena(made->graph), sample->call, &call));
    if (strcmp(call.s, op->name) != 0)
        return dg_error(DG_BAD_ARGUMENT, "op '%s' has a sample of another op: %s", op->name, sample->call);
    made->node = dg_apply(&(dg_application){.graph = made->graph,
                                            .op = op->name,
                                            .at = DG_HERE,
                                            .n_inputs = n_inputs,
                                            .inputs = inputs,
                                            .n_attrs = (int)call.count,
                                            .attrs = call.items});
    DG_TRY(dg_graph_status(made->graph));
    make_loss(made, seed);
    DG_TRY(dg_graph_status(made->graph));
    return make_parameters(made, seed);
}

void dg_sample_release(dg_sample_case *made)
{
    if (!made)
        return;
    for (int k = 0; k < made->n_feeds; k++)
        dg_tensor_release(&made->tensors[k]);
    dg_tensors_free(made->parameters);
    dg_graph_free(made->graph);
    *made = (dg_sample_case){0};
}
