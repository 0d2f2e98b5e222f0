/* Convolutions against their definition in plain loops, in both types; parameters, sizes and failures. */
#include "../support.h"

#include <criterion/parameterized.h>
#include <stdio.h>

/* ---- the definition: y[n, o, p] = b[o] + Σ w[o, c, k]·x[n, c, p·stride − pad + k·dilation], all sizes in three dims
 * ---- */

typedef struct definition {
    int64_t batch, channels, outputs, groups;
    int64_t in[3], kernel[3], stride[3], pad[3], dilation[3], out[3];
} definition;

static int64_t volume(const int64_t dims[3])
{
    return dims[0] * dims[1] * dims[2];
}

static void sizes_of(definition *d)
{
    for (int k = 0; k < 3; k++)
        d->out[k] = (d->in[k] + 2 * d->pad[k] - d->dilation[k] * (d->kernel[k] - 1) - 1) / d->stride[k] + 1;
}

/* Calls visit with the flat places of every x, w and y that meet. */
static void meet(const definition *d, void (*visit)(void *, int64_t x, int64_t w, int64_t y), void *argument)
{
    int64_t in = d->channels / d->groups, out = d->outputs / d->groups, taps = volume(d->kernel);
    for (int64_t n = 0; n < d->batch; n++)
        for (int64_t o = 0; o < d->outputs; o++)
            for (int64_t c = 0; c < in; c++)
                for (int64_t p = 0; p < volume(d->out); p++)
                    for (int64_t k = 0; k < taps; k++) {
                        int64_t at = 0, places = p, tap = k, stride = 1;
                        bool inside = true;
                        for (int a = 2; a >= 0; a--) {
                            int64_t x =
                                places % d->out[a] * d->stride[a] - d->pad[a] + tap % d->kernel[a] * d->dilation[a];
                            inside = inside && x >= 0 && x < d->in[a];
                            at += x * stride;
                            stride *= d->in[a];
                            places /= d->out[a];
                            tap /= d->kernel[a];
                        }
                        if (inside)
                            visit(argument, (n * d->channels + o / out * in + c) * volume(d->in) + at,
                                  (o * in + c) * taps + k, (n * d->outputs + o) * volume(d->out) + p);
                    }
}

typedef struct buffers {
    double *x, *w, *y, *g, *dx, *dw;
} buffers;

static void accumulate(void *argument, int64_t x, int64_t w, int64_t y)
{
    buffers *b = argument;
    b->y[y] += b->w[w] * b->x[x];
    b->dx[x] += b->w[w] * b->g[y];
    b->dw[w] += b->x[x] * b->g[y];
}

/* Small whole numbers: sums of products of them are exact in float32, in any order. */
static double *whole_numbers(int64_t count, uint64_t stream)
{
    double *values = calloc((size_t)count + 1, sizeof *values);
    dg_random key = {3, stream, 0};
    for (int64_t i = 0; stream && i < count; i++)
        values[i] = (double)dg_random_below(&key, (uint64_t)i, 9) - 4;
    return values;
}

static dg_shape shape_of(int64_t first, int64_t second, const int64_t dims[3], int rank)
{
    dg_shape shape = DG_SHAPE(first, second);
    for (int k = 3 - rank; k < 3; k++)
        shape.dims[shape.rank++] = dims[k];
    return shape;
}

static dg_value list(const int64_t sizes[3], int rank, dg_value items[3], const char *key)
{
    for (int k = 0; k < rank; k++)
        items[k] = dg_int(sizes[3 - rank + k]);
    return (dg_value){.kind = DG_VALUE_LIST, .key = key, .count = (size_t)rank, .items = items};
}

static dg_node *apply(const char *op, const definition *d, int rank, dg_node *x, dg_node *w)
{
    dg_value items[3][3];
    dg_value attrs[] = {list(d->stride, rank, items[0], "stride"), list(d->pad, rank, items[1], "padding"),
                        list(d->dilation, rank, items[2], "dilation"), dg_int(d->groups)};
    attrs[3].key = "groups";
    return dg_apply(&(dg_application){
        .op = op, .at = DG_HERE, .n_inputs = 2, .inputs = (dg_node *[]){x, w}, .n_attrs = 4, .attrs = attrs});
}

/* The result and both gradients, and the transposed convolution from the other side. */
static void compare(definition d, int rank, dg_dtype dtype, dg_threads *threads)
{
    sizes_of(&d);
    int64_t xs = d.batch * d.channels * volume(d.in), ys = d.batch * d.outputs * volume(d.out);
    int64_t ws = d.outputs * d.channels / d.groups * volume(d.kernel);
    dg_shape x_shape = shape_of(d.batch, d.channels, d.in, rank), y_shape = shape_of(d.batch, d.outputs, d.out, rank);
    dg_shape w_shape = shape_of(d.outputs, d.channels / d.groups, d.kernel, rank);
    buffers b = {whole_numbers(xs, 1), whole_numbers(ws, 2), whole_numbers(ys, 0),
                 whole_numbers(ys, 3), whole_numbers(xs, 0), whole_numbers(ws, 0)};
    char conv[16];
    snprintf(conv, sizeof conv, "conv%dd", rank);
    meet(&d, accumulate, &b);
    trial *t = trial_new(dtype);
    t->threads = threads;
    dg_node *x = trial_input(t, x_shape, b.x), *w = trial_input(t, w_shape, b.w), *g = trial_input(t, y_shape, b.g);
    dg_node *y = apply(conv, &d, rank, x, w), *loss = dg_sum(dg_mul(y, g));
    expect_values(trial_run(t, y), y_shape, 0, b.y);
    expect_values(trial_run(t, trial_grad(loss, x)), x_shape, 0, b.dx);
    expect_values(trial_run(t, trial_grad(loss, w)), w_shape, 0, b.dw);
    trial_free(t);
    double *all[] = {b.x, b.w, b.y, b.g, b.dx, b.dw};
    for (int k = 0; k < 6; k++)
        free(all[k]);
}

#define ONES                                                                                                           \
    {                                                                                                                  \
        1, 1, 1                                                                                                        \
    }
static const struct configuration {
    int rank;
    definition d;
} configurations[] = {
    {1, {2, 3, 4, 1, {1, 1, 9}, {1, 1, 3}, {1, 1, 2}, {0, 0, 1}, ONES, ONES}},
    {1, {2, 2, 3, 1, {1, 1, 9000}, {1, 1, 9}, ONES, {0, 0, 4}, {1, 1, 2}, ONES}}, /* a line in several blocks */
    {2, {2, 3, 4, 1, {1, 7, 8}, {1, 3, 2}, {1, 2, 1}, {0, 1, 2}, ONES, ONES}},
    {2, {3, 5, 4, 1, {1, 6, 5}, ONES, ONES, {0, 0, 0}, ONES, ONES}}, /* x is its own columns */
    {2, {1, 200, 9, 1, {1, 6, 5}, ONES, ONES, {0, 0, 0}, ONES, ONES}},
    {2, {2, 4, 5, 1, {1, 7, 6}, ONES, {1, 2, 2}, {0, 0, 0}, ONES, ONES}},
    {2, {2, 6, 4, 2, {1, 7, 6}, {1, 3, 3}, ONES, {0, 1, 1}, {1, 2, 1}, ONES}},
    {2, {3, 6, 6, 6, {1, 7, 19}, {1, 3, 3}, ONES, {0, 1, 1}, ONES, ONES}}, /* depthwise */
    {2, {2, 3, 6, 3, {1, 7, 8}, {1, 3, 2}, {1, 2, 3}, {0, 2, 1}, {1, 1, 2}, ONES}},
    {2, {2, 2, 8, 2, {1, 5, 5}, {1, 3, 3}, ONES, {0, 1, 1}, ONES, ONES}},
    {2, {1, 150, 8, 1, {1, 9, 40}, {1, 3, 3}, ONES, {0, 1, 1}, ONES, ONES}},   /* channels in blocks */
    {2, {5, 8, 6, 1, {1, 40, 40}, {1, 3, 3}, ONES, {0, 1, 1}, ONES, ONES}},    /* rows in blocks */
    {2, {1, 1, 1, 1, {1, 2, 2}, {1, 5, 5}, {1, 3, 3}, {0, 4, 4}, ONES, ONES}}, /* mostly padding */
    {3, {2, 2, 3, 1, {4, 5, 3}, {3, 2, 3}, {1, 2, 1}, {1, 0, 1}, {1, 2, 1}, ONES}},
    {3, {1, 4, 4, 2, {3, 3, 3}, {2, 2, 2}, {2, 1, 1}, {1, 1, 0}, ONES, ONES}},
};
enum { CONFIGURATIONS = sizeof configurations / sizeof *configurations };

ParameterizedTestParameters(conv, agrees_with_its_definition)
{
    static int which[2 * CONFIGURATIONS];
    for (int k = 0; k < 2 * CONFIGURATIONS; k++)
        which[k] = k;
    return cr_make_param_array(int, which, 2 * CONFIGURATIONS);
}

ParameterizedTest(int *which, conv, agrees_with_its_definition)
{
    const struct configuration *c = &configurations[*which / 2];
    compare(c->d, c->rank, *which % 2 ? DG_FLOAT64 : DG_FLOAT32, NULL);
}

/* ---- the same bits for any number of threads ---- */

static void results_with(int n_threads, float *results[3])
{
    enum { N = 7, C = 13, O = 11, SIDE = 23 };
    dg_threads *threads;
    must(dg_threads_new(n_threads, &threads));
    trial *t = trial_new(DG_FLOAT32);
    t->threads = threads;
    static double x_values[N * C * SIDE * SIDE], w_values[O * C * 9];
    dg_random key = {5, 1, 0};
    dg_random_normal(&key, DG_FLOAT64, x_values, 0, N * C * SIDE * SIDE, 0, 1);
    dg_random_normal(&key, DG_FLOAT64, w_values, 0, O * C * 9, 0, 1);
    dg_node *x = trial_input(t, DG_SHAPE(N, C, SIDE, SIDE), x_values);
    dg_node *w = trial_input(t, DG_SHAPE(O, C, 3, 3), w_values);
    dg_node *y = dg_conv2d(x, DG_NONE, .weight = w, .padding = 1), *loss = dg_sum(dg_square(y));
    dg_node *wanted[] = {y, trial_grad(loss, x), trial_grad(loss, w)};
    for (int k = 0; k < 3; k++) {
        const dg_tensor *got = trial_run(t, wanted[k]);
        results[k] = malloc(dg_tensor_bytes(got) + sizeof(int64_t));
        *(int64_t *)(void *)results[k] = (int64_t)dg_tensor_bytes(got);
        memcpy((char *)results[k] + sizeof(int64_t), got->data, dg_tensor_bytes(got));
    }
    trial_free(t);
    dg_threads_free(threads);
}

Test(conv, gives_the_same_bits_with_any_number_of_threads)
{
    float *one[3], *three[3];
    results_with(1, one);
    results_with(3, three);
    for (int k = 0; k < 3; k++) {
        size_t bytes = (size_t) * (int64_t *)(void *)one[k] + sizeof(int64_t);
        cr_expect_eq(memcmp(one[k], three[k], bytes), 0, "result %d", k);
        free(one[k]);
        free(three[k]);
    }
}

/* ---- values by hand ---- */

Test(conv, pads_as_the_mode_says)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 1, 4), DATA(1, 2, 3, 4)),
            *w = trial_input(t, DG_SHAPE(1, 1, 3), DATA(1, 10, 100));
    dg_node *y = dg_conv1d(x, DG_NONE, .weight = w, .padding = 1, .padding_mode = "reflect");
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 4), 0, DATA(212, 321, 432, 343));
    y = dg_conv1d(x, DG_NONE, .weight = w, .padding = 1, .padding_mode = "replicate");
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 4), 0, DATA(211, 321, 432, 443));
    y = dg_conv1d(x, DG_NONE, .weight = w, .padding = 1, .padding_mode = "circular");
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 4), 0, DATA(214, 321, 432, 143));
    trial_free(t);
}

/* An even kernel: what is odd of the padding goes to the end. */
Test(conv, keeps_the_size_with_padding_same)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, 3), DATA(1, 2, 3)), *w = trial_input(t, DG_SHAPE(1, 1, 2), DATA(1, 10));
    const dg_value same = {.kind = DG_VALUE_NAME, .key = "padding", .s = "same"};
    dg_node *y = dg_apply(&(dg_application){
        .op = "conv1d", .at = DG_HERE, .n_inputs = 2, .inputs = (dg_node *[]){x, w}, .n_attrs = 1, .attrs = &same});
    expect_values(trial_run(t, y), DG_SHAPE(1, 3), 0, DATA(21, 32, 3));
    trial_free(t);
}

Test(conv, transposed_writes_where_the_convolution_reads)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, 1, 3), DATA(1, 2, 3)), *w = trial_input(t, DG_SHAPE(1, 1, 2), DATA(1, 10));
    dg_node *b = trial_input(t, DG_SHAPE(1), DATA(0.5));
    dg_node *y = dg_conv_transpose1d(x, DG_NONE, .weight = w, .bias_node = b, .stride = 2);
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 6), 0, DATA(1.5, 10.5, 2.5, 20.5, 3.5, 30.5));
    y = dg_conv_transpose1d(x, DG_NONE, .weight = w, .dilation = 3, .output_padding = 2, .padding = 1);
    expect_values(trial_run(t, y), DG_SHAPE(1, 1, 6), 0, DATA(2, 3 + 0, 10, 20, 30, 0));
    trial_free(t);
}

Test(conv, takes_one_image_without_a_batch)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 2, 2), DATA(1, 2, 3, 4));
    dg_node *w = trial_input(t, DG_SHAPE(2, 1, 2, 2), DATA(1, 1, 1, 1, 1, 0, 0, -1)),
            *b = trial_input(t, DG_SHAPE(2), DATA(1, 2));
    dg_node *y = dg_conv2d(x, DG_NONE, .weight = w, .bias_node = b);
    expect_values(trial_run(t, y), DG_SHAPE(2, 1, 1), 0, DATA(11, -1));
    expect_values(trial_run(t, trial_grad(dg_sum(y), b)), DG_SHAPE(2), 0, DATA(1, 1));
    trial_free(t);
}

Test(conv, runs_with_a_symbolic_batch_and_an_empty_one)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_shape given = DG_SHAPE(DG_N, 1, dg_symbol(t->graph, "H"), 2);
    dg_node *x = trial_feed(t, DG_FLOAT32, given, DG_SHAPE(2, 1, 1, 2), DATA(1, 2, 3, 4));
    dg_node *w = trial_input(t, DG_SHAPE(1, 1, 1, 2), DATA(10, 1)), *y = dg_conv2d(x, DG_NONE, .weight = w);
    cr_expect_eq(dg_node_type(y, 0)->shape.dims[0], DG_N);
    expect_values(trial_run(t, y), DG_SHAPE(2, 1, 1, 1), 0, DATA(12, 34));
    expect_values(trial_run(t, trial_grad(dg_sum(y), w)), DG_SHAPE(1, 1, 1, 2), 0, DATA(4, 6));
    dg_node *none = trial_feed(t, DG_FLOAT32, DG_SHAPE(0, 1, 1, 2), DG_SHAPE(0, 1, 1, 2), NULL);
    y = dg_conv2d(none, DG_NONE, .weight = w);
    expect_values(trial_run(t, y), DG_SHAPE(0, 1, 1, 1), 0, NULL);
    expect_values(trial_run(t, trial_grad(dg_sum(y), w)), DG_SHAPE(1, 1, 1, 2), 0, DATA(0, 0));
    trial_free(t);
}

/* ---- parameters ---- */

static double largest(const trial *t, const char *name, dg_shape shape)
{
    const dg_tensor *tensor = dg_tensors_find(t->parameters, name);
    cr_assert(tensor, "there is no %s", name);
    cr_assert(dg_shape_equal(&tensor->shape, &shape));
    double most = 0;
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++)
        most = fmax(most, fabs(dg_tensor_get(tensor, i)));
    return most;
}

/* Kaiming with a = √5 is U(−1/√fan_in, 1/√fan_in), for weight and bias. */
Test(conv, owns_weight_and_bias)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(1, 4, 5, 5), NULL);
    dg_node *y = dg_conv2d(x, 32, .kernel_size = DG_INTS(3, 5), .groups = 2, .name = "c");
    dg_node *z = dg_conv_transpose2d(y, 64, .kernel_size = 2, .groups = 4, .name = "u");
    trial_run(t, dg_conv2d(z, 1, .kernel_size = 1, .bias = false, .name = "v"));
    double bound = 1 / sqrt(2 * 15), more = 1 / sqrt(16 * 4);
    cr_expect(largest(t, "c.weight", DG_SHAPE(32, 2, 3, 5)) <= bound);
    cr_expect(largest(t, "c.weight", DG_SHAPE(32, 2, 3, 5)) > 0.95 * bound);
    cr_expect(largest(t, "c.bias", DG_SHAPE(32)) <= bound);
    cr_expect(largest(t, "u.weight", DG_SHAPE(32, 16, 2, 2)) <= more);
    cr_expect(largest(t, "u.bias", DG_SHAPE(64)) <= more);
    cr_expect(largest(t, "u.bias", DG_SHAPE(64)) > 0.8 * more);
    cr_expect_null(dg_tensors_find(t->parameters, "v.bias"));
    trial_free(t);
}

/* ---- failures ---- */

static void expect_refusal(dg_shape x, dg_shape w, dg_value attr, const char *key, dg_code code, const char *text)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *inputs[] = {trial_input(t, x, NULL), trial_input(t, w, NULL)};
    attr.key = key;
    dg_apply(&(dg_application){.op = "conv2d",
                               .name = "c1",
                               .at = DG_HERE,
                               .n_inputs = 2,
                               .inputs = inputs,
                               .n_attrs = key != NULL,
                               .attrs = &attr});
    expect_failure(dg_graph_status(t->graph), code, text);
    trial_free(t);
}

Test(conv, says_what_does_not_fit)
{
    dg_shape x = DG_SHAPE(1, 2, 5, 5), w = DG_SHAPE(4, 2, 3, 3);
    dg_value none = {0};
    expect_refusal(x, DG_SHAPE(4, 3, 3, 3), none, NULL, DG_BAD_SHAPE,
                   "conv2d 'c1': weight is [4, 3, 3, 3], expected 3 input channels, input is [1, 2, 5, 5]");
    expect_refusal(x, DG_SHAPE(4, 2, 3), none, NULL, DG_BAD_SHAPE, "weight is [4, 2, 3], expected 4 dimensions");
    expect_refusal(DG_SHAPE(5, 5), w, none, NULL, DG_BAD_SHAPE, "input is [5, 5], expected [N, C, H, W] or [C, H, W]");
    expect_refusal(x, DG_SHAPE(4, 2, 6, 3), none, NULL, DG_BAD_SHAPE, "a kernel that spans 6 does not fit");
    expect_refusal(x, w, dg_int(0), "stride", DG_BAD_ARGUMENT, "stride is 0, expected at least 1");
    expect_refusal(x, w, dg_int(-1), "padding", DG_BAD_ARGUMENT, "padding is -1, expected at least 0");
    expect_refusal(x, w, dg_int(99999999999), "padding", DG_BAD_ARGUMENT,
                   "padding is 99999999999, expected at most 2147483647");
    expect_refusal(x, w, dg_int(3), "groups", DG_BAD_SHAPE, "2 input channels cannot be cut into 3 groups");
    expect_refusal(x, w, dg_int(0), "groups", DG_BAD_ARGUMENT, "groups is 0");
    expect_refusal(x, w, dg_int(5), "kernel_size", DG_BAD_SHAPE, "kernel_size is 5, but weight is [4, 2, 3, 3]");
    expect_refusal(x, w, dg_int(5), "out_channels", DG_BAD_SHAPE, "out_channels is 5, but weight is [4, 2, 3, 3]");
    expect_refusal(x, w, dg_text("full"), "padding", DG_BAD_ARGUMENT, "padding");
}

Test(conv, a_layer_needs_its_sizes)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_conv2d(trial_input(t, DG_SHAPE(1, 2, 5, 5), NULL), 3);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "neither kernel_size nor a weight");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_conv2d(trial_feed(t, DG_FLOAT32, DG_SHAPE(1, DG_N, 5, 5), DG_SHAPE(1, 2, 5, 5), NULL), 3, .kernel_size = 3);
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "its sizes must be numbers");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_conv_transpose1d(trial_input(t, DG_SHAPE(1, 2, 5), NULL), 3, .kernel_size = 3, .output_padding = 1);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "output_padding is 1, expected less than stride");
    trial_free(t);
}
