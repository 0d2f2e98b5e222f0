/* Layouts: a plan keeps channels last between convolutions where it can, and nobody can tell from the numbers. */
#include "../support.h"
#include "core/plan/plan.h"

enum { MOST_WATCHED = 24, GRAPHS = 150 };

typedef struct network {
    trial *t;
    uint64_t seed, draws;
    dg_node *x;
    dg_node *watched[MOST_WATCHED]; /* what the gradient is taken for */
    int n_watched;
} network;

static int64_t below(network *n, int64_t limit)
{
    dg_random key = {.seed = n->seed, .stream = 3};
    return (int64_t)dg_random_below(&key, n->draws++, (uint64_t)limit);
}

static const dg_shape *shape_of(const dg_node *node)
{
    return &dg_node_type(node, 0)->shape;
}

/* ---- an op that would rather have channels last, in every element type ---- */

static int64_t index_in(const dg_tensor *t, int64_t i)
{
    int64_t channels = t->shape.dims[1], plane = t->shape.dims[2] * t->shape.dims[3];
    int64_t image = i / (channels * plane), channel = i / plane % channels, place = i % plane;
    return t->channels_last ? (image * plane + place) * channels + channel : i;
}

static dg_status pass_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0];
    dg_tensor *y = kernel->outputs[0];
    for (int64_t i = 0; i < dg_tensor_count(x); i++)
        dg_tensor_set(y, index_in(y, i), dg_tensor_get(x, index_in(x, i)));
    dg_epilogue_run(kernel, 0, dg_tensor_count(x));
    return dg_ok();
}

static void pass_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_call(DG_HERE, "test_pass", 1, &vjp->grad_output);
}

static dg_layout pass_layout(const dg_kernel *kernel, int k)
{
    (void)kernel, (void)k;
    return DG_LAYOUT_CHANNELS_LAST;
}

static const dg_op pass_op = {.name = "test_pass",
                              .family = "test",
                              .summary = "y = x",
                              .inputs = {{.name = "input", .doc = "x"}},
                              .flags = DG_ANY_LAYOUT | DG_EPILOGUE,
                              .infer = dg_infer_same,
                              .forward = pass_forward,
                              .layout = pass_layout,
                              .backward = pass_backward};

/* ---- networks ---- */

static void watch(network *n, dg_node *layer)
{
    for (int k = 1; k <= 2; k++)
        if (dg_node_input(layer, k) && n->n_watched < MOST_WATCHED)
            n->watched[n->n_watched++] = dg_node_input(layer, k);
}

static network open_network(dg_dtype dtype, dg_shape shape, uint64_t seed)
{
    if (!dg_op_find(pass_op.name))
        must(dg_register(&pass_op));
    network n = {.t = trial_new(dtype), .seed = seed};
    n.x = trial_input(n.t, shape, NULL);
    dg_random key = {.seed = seed};
    dg_random_uniform(&key, dtype, n.t->tensors[0].data, 0, dg_shape_count(&shape), -1, 1);
    n.watched[n.n_watched++] = n.x;
    return n;
}

/* ---- plans ---- */

typedef struct result {
    dg_plan *plan;
    dg_tensors *parameters;
} result;

/* Two steps of descent, with what is fetched in the second. */
static result train(network *n, unsigned without, int n_fetch, dg_node *const *fetch, int n_updates,
                    dg_node *const *updates)
{
    result r;
    must(dg_tensors_new(&r.parameters));
    must(dg_parameters_init(r.parameters, n->t->graph, 1));
    must(dg_plan_new(n->t->graph,
                     &(dg_plan_options){.fetch = fetch,
                                        .n_fetch = n_fetch,
                                        .updates = updates,
                                        .n_updates = n_updates,
                                        .training = true,
                                        .parameters = r.parameters,
                                        .without = without},
                     &r.plan));
    for (int run = 0; run < 2; run++)
        must(dg_plan_run(r.plan, n->t->feeds, n->t->n_feeds));
    return r;
}

static void close_result(result *r)
{
    dg_plan_free(r->plan);
    dg_tensors_free(r->parameters);
}

static int channels_last_values(const dg_plan *plan)
{
    int count = 0;
    for (int32_t v = 0; v < plan->current->n_values; v++)
        count += plan->current->values[v].tensor.channels_last;
    return count;
}

static void expect_close(const char *what, uint64_t seed, const dg_tensor *got, const dg_tensor *want, double tolerance)
{
    cr_assert(dg_shape_equal(&got->shape, &want->shape) && !got->channels_last);
    for (int64_t i = 0; i < dg_tensor_count(got); i++) {
        double a = dg_tensor_get(got, i), b = dg_tensor_get(want, i);
        cr_assert(fabs(a - b) <= tolerance * (1 + fabs(b)), "%s of %d: element %d is %.17g, expected %.17g", what,
                  (int)seed, (int)i, a, b);
    }
}

/* Trains Σ y²/2 + Σ y with and without layouts, fetching y and all gradients; returns the values that keep channels
 * last. */
static int check(network *n, dg_node *y, bool fetches)
{
    dg_node *loss = dg_mean(dg_expr("y * y / 2 + y", {"y", y})), *grads[MOST_WATCHED], *fetch[MOST_WATCHED + 2];
    dg_node *updates[MOST_WATCHED];
    must(dg_graph_status(n->t->graph));
    must(dg_grad(loss, n->n_watched, n->watched, grads));
    int n_fetch = 0;
    fetch[n_fetch++] = loss;
    fetch[n_fetch++] = grads[0];
    for (int k = 1; k < n->n_watched; k++)
        updates[k - 1] = dg_assign(n->watched[k], dg_expr("p - 0.1 * g", {"p", n->watched[k]}, {"g", grads[k]}));
    if (fetches)
        fetch[n_fetch++] = y;
    must(dg_graph_status(n->t->graph));
    result want = train(n, DG_ALL_OPTIMIZATIONS, n_fetch, fetch, n->n_watched - 1, updates);
    result plain = train(n, DG_LAYOUTS, n_fetch, fetch, n->n_watched - 1, updates);
    result got = train(n, 0, n_fetch, fetch, n->n_watched - 1, updates);
    double tolerance = dg_graph_dtype(n->t->graph) == DG_FLOAT64 ? 1e-11 : 2e-4;
    for (int k = 0; k < n_fetch; k++)
        expect_close("result", n->seed, dg_plan_result(got.plan, k), dg_plan_result(want.plan, k), tolerance);
    for (size_t k = 0; k < dg_tensors_count(got.parameters); k++)
        expect_close(dg_tensors_name(got.parameters, k), n->seed, dg_tensors_at(got.parameters, k),
                     dg_tensors_at(want.parameters, k), tolerance);
    cr_expect_eq(channels_last_values(want.plan), 0);
    cr_expect_eq(channels_last_values(plain.plan), 0);
    int count = channels_last_values(got.plan);
    close_result(&want);
    close_result(&plain);
    close_result(&got);
    return count;
}

/* ---- chains that must keep channels last ---- */

/* Of float64 no convolution is faster with channels last: there the op above, on both sides, asks for them. */
static dg_node *convolution(network *n, dg_node *x, int64_t channels)
{
    bool single = dg_graph_dtype(n->t->graph) == DG_FLOAT32;
    dg_node *from = single ? x : dg_call(DG_HERE, "test_pass", 1, &x);
    dg_node *y = dg_conv2d(from, channels, .kernel_size = 3, .padding = 1);
    watch(n, y);
    return single ? y : dg_call(DG_HERE, "test_pass", 1, &y);
}

Test(layout, lasts_from_convolution_to_convolution)
{
    for (dg_dtype dtype = DG_FLOAT32; dtype <= DG_FLOAT64; dtype++) {
        network n = open_network(dtype, DG_SHAPE(2, 1, 8, 6), 1);
        dg_node *y = dg_relu(convolution(&n, n.x, 16));
        y = dg_max_pool2d(dg_gelu(convolution(&n, y, 8)), .kernel_size = 2);
        y = dg_linear(dg_flatten(y), 3);
        watch(&n, y);
        /* two convolutions and activations forward, and the gradients of all four */
        cr_expect_geq(check(&n, y, true), 8);
        trial_free(n.t);
    }
}

Test(layout, lasts_through_batch_norm_and_a_sum_with_what_came_before)
{
    for (dg_dtype dtype = DG_FLOAT32; dtype <= DG_FLOAT64; dtype++) {
        network n = open_network(dtype, DG_SHAPE(3, 3, 5, 7), 2);
        dg_node *a = convolution(&n, n.x, 16), *norm = dg_batch_norm(a), *b = convolution(&n, dg_relu(norm), 16);
        watch(&n, norm);
        dg_node *y = dg_adaptive_avg_pool2d(dg_relu(dg_add(a, b)), .output_size = 1);
        cr_expect_geq(check(&n, y, true), 8);
        trial_free(n.t);
    }
}

/* A scale of each channel, a picture for all images and a number for each image are all read across. The gradient of
 * those that keep channels and places apart would want the order of the shape: they are inputs. */
Test(layout, broadcast_operands_are_read_across)
{
    network n = open_network(DG_FLOAT64, DG_SHAPE(2, 3, 4, 5), 3);
    const dg_shape shapes[] = {DG_SHAPE(8, 1, 1),    DG_SHAPE(1, 8, 1, 1), DG_SHAPE(4, 5),
                               DG_SHAPE(2, 1, 1, 1), DG_SHAPE(8, 4, 1),    DG_SHAPE(1, 8, 4, 5)};
    double values[8 * 4 * 5];
    for (int i = 0; i < 8 * 4 * 5; i++)
        values[i] = sin(i);
    dg_node *y = convolution(&n, n.x, 8);
    for (int k = 0; k < 6; k++) {
        char name[8] = {'p', (char)('0' + k)};
        dg_node *p = k < 4 ? dg_parameter(n.t->graph, shapes[k], .name = name, .init = "normal")
                           : trial_input(n.t, shapes[k], values);
        if (k < 4)
            n.watched[n.n_watched++] = p;
        y = dg_expr("tanh(y * (1 + p))", {"y", y}, {"p", p});
    }
    cr_expect_geq(check(&n, convolution(&n, y, 8), false), 8);
    trial_free(n.t);
}

/* Who reads the order of the shape gets it: what is fetched, a view, another op. */
Test(layout, ends_where_the_order_of_the_shape_is_read)
{
    network n = open_network(DG_FLOAT64, DG_SHAPE(2, 3, 4, 5), 4);
    dg_node *a = dg_tanh(convolution(&n, n.x, 8)), *view = dg_reshape(a, DG_SHAPE(2, 8, 20));
    dg_node *y = dg_add(dg_mul(a, a), dg_reshape(dg_softmax(view), DG_SHAPE(2, 8, 4, 5)));
    check(&n, y, true);
    trial_free(n.t);
    /* one image: the picture of all channels has as many elements as the batch */
    n = open_network(DG_FLOAT64, DG_SHAPE(1, 3, 4, 5), 5);
    dg_node *p = dg_parameter(n.t->graph, DG_SHAPE(8, 4, 5), .name = "p", .init = "normal");
    n.watched[n.n_watched++] = p;
    check(&n, convolution(&n, dg_mul(dg_tanh(convolution(&n, n.x, 8)), dg_tanh(p)), 8), false);
    trial_free(n.t);
}

/* A U-Net: what is joined and made larger keeps channels last, forward and backward. */
Test(layout, lasts_through_joins_padding_and_interpolation)
{
    for (dg_dtype dtype = DG_FLOAT32; dtype <= DG_FLOAT64; dtype++) {
        network n = open_network(dtype, DG_SHAPE(2, 3, 8, 6), 6);
        dg_node *fine = dg_relu(convolution(&n, n.x, 16));
        dg_node *coarse = dg_relu(convolution(&n, dg_max_pool2d(fine, .kernel_size = 2), 16));
        dg_node *wide = dg_interpolate(coarse, .scale_factor = 2);
        dg_node *y = dg_relu(convolution(&n, dg_pad(dg_cat(DG_NODES(fine, wide), .dim = 1), DG_INTS(1, 1)), 8));
        cr_expect_geq(check(&n, convolution(&n, dg_slice(y, .dim = 3, .start = 1), 4), true), 18);
        trial_free(n.t);
    }
}

/* ---- random chains ---- */

static dg_node *any_layer(network *n, dg_node *y, dg_node **kept)
{
    const dg_shape *shape = shape_of(y);
    int64_t channels = shape->dims[1], height = shape->dims[2], width = shape->dims[3];
    switch (below(n, 19)) {
    case 0:
    case 1:
        return convolution(n, y, 8 + 4 * below(n, 3));
    case 2: {
        dg_node *x = dg_conv_transpose2d(y, 8, .kernel_size = 2);
        watch(n, x);
        return x;
    }
    case 3: {
        dg_node *x = dg_conv2d(y, channels, .kernel_size = 3, .padding = 1, .groups = channels);
        watch(n, x);
        return x;
    }
    case 4:
        return dg_gelu(y);
    case 5:
        return dg_relu(y);
    case 6: {
        dg_node *x = dg_batch_norm(y);
        watch(n, x);
        return x;
    }
    case 7:
        return height > 1 && width > 1 ? dg_max_pool2d(y, .kernel_size = 2, .stride = 1 + below(n, 2)) : y;
    case 8:
        return dg_avg_pool2d(y, .kernel_size = 3, .stride = 1, .padding = 1);
    case 9:
        *kept = y;
        return y;
    case 10:
        return *kept && dg_shape_equal(shape_of(*kept), shape) ? dg_add(y, dg_tanh(*kept)) : y;
    case 11: /* squeeze and excitation */
        return dg_mul(y, dg_sigmoid(dg_mean(y, .dim = DG_INTS(2, 3), .keepdim = true)));
    case 12:
        return dg_expr("y / (1 + s)", {"y", y},
                       {"s", dg_sum(dg_square(y), .dim = DG_INTS(below(n, 4)), .keepdim = true)});
    case 13:
        return dg_reshape(dg_tanh(dg_flatten(y)), *shape);
    case 14:
        return dg_cat(DG_NODES(y, dg_tanh(y)), .dim = below(n, 4));
    case 15:
        return dg_slice(y, .dim = 1, .start = channels > 2 ? 1 : 0, .step = 1 + below(n, 2));
    case 16:
        return dg_pad(y, DG_INTS(1, 0, 2, 1), .value = 0.5);
    case 17:
        return height * width < 200 ? dg_interpolate(y, .scale_factor = 2) : y;
    default:
        return dg_adaptive_max_pool2d(y, .output_size = DG_INTS(1 + below(n, height), 1 + below(n, width)));
    }
}

Test(layout, random_chains_give_what_they_give_without)
{
    int count = 0;
    for (uint64_t seed = 100; seed < 100 + GRAPHS; seed++) {
        network draw = {.seed = seed};
        dg_shape shape =
            DG_SHAPE(1 + below(&draw, 3), 1 + 3 * below(&draw, 4), 1 + below(&draw, 6), 1 + below(&draw, 7));
        network n = open_network(DG_FLOAT64, shape, seed);
        dg_node *kept = NULL, *y = convolution(&n, n.x, 8);
        int64_t layers = 2 + below(&n, 7);
        for (int64_t k = 0; k < layers && n.n_watched < MOST_WATCHED - 2; k++)
            y = any_layer(&n, y, &kept);
        count += check(&n, y, below(&n, 2));
        trial_free(n.t);
    }
    cr_expect_geq(count, 2 * GRAPHS);
}
