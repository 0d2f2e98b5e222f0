/* Plans that run sample by sample, against a plan that is fed one row after another, and finite differences. */
#include "planned.h"

#include <dotgrad/rules.h>

enum { FEATURES = 3, CLASSES = 4, HIDDEN = 5, MOST = 6 };

typedef struct network {
    dg_graph *graph;
    dg_tensors *parameters;
    dg_node *x, *label, *loss;
    dg_node *weights[4], *gradients[4];
} network;

/* The loss is the mean over the batch: of one row, that row's. */
static network make_network(void)
{
    network n = {.graph = new_graph(), .parameters = new_tensors()};
    dg_graph_set_dtype(n.graph, DG_FLOAT64);
    n.x = dg_input(n.graph, DG_SHAPE(DG_N, FEATURES), .name = "x");
    n.label = dg_input(n.graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    dg_node *hidden = dg_gelu(dg_layer_norm(dg_linear(n.x, HIDDEN, .name = "a"), .name = "norm"));
    n.loss = dg_cross_entropy(dg_linear(hidden, CLASSES, .name = "b"), n.label, .name = "loss");
    const char *names[] = {"a.weight", "norm.weight", "b.weight", "b.bias"};
    for (int k = 0; k < 4; k++)
        n.weights[k] = dg_graph_find(n.graph, names[k]);
    OK(dg_grad(n.loss, 4, n.weights, n.gradients));
    OK(dg_parameters_init(n.parameters, n.graph, 3));
    return n;
}

static void free_network(network *n)
{
    dg_tensors_free(n->parameters);
    dg_graph_free(n->graph);
}

static double rows[MOST * FEATURES];
static int64_t labels[MOST];

static void make_rows(void)
{
    for (int i = 0; i < MOST * FEATURES; i++)
        rows[i] = sin(3.0 * i);
    for (int i = 0; i < MOST; i++)
        labels[i] = i % CLASSES;
}

TestSuite(per_sample, .init = make_rows);

static void run_rows(const network *n, dg_plan *plan, int first, int count)
{
    dg_tensor x = dg_tensor_view(DG_FLOAT64, DG_SHAPE(count, FEATURES), rows + first * FEATURES);
    dg_tensor label = dg_tensor_view(DG_INT64, DG_SHAPE(count), labels + first);
    OK(dg_plan_run(plan, (dg_feed[]){{n->label, &label}, {n->x, &x}}, 2));
}

Test(per_sample, gradients_are_those_of_each_row_alone_whatever_the_batch)
{
    network n = make_network();
    const dg_plan_options options = {.fetch = n.gradients, .n_fetch = 4, .parameters = n.parameters};
    dg_plan_options by_sample = options;
    by_sample.per_sample = true;
    dg_plan *loop = new_plan(n.graph, options), *plan = new_plan(n.graph, by_sample);
    for (int count = MOST; count >= 1; count -= 2) { /* one plan, three sizes */
        run_rows(&n, plan, 0, count);
        for (int row = 0; row < count; row++) {
            run_rows(&n, loop, row, 1);
            for (int k = 0; k < 4; k++) {
                const dg_tensor *all = dg_plan_result(plan, k), *one = dg_plan_result(loop, k);
                cr_assert_eq(all->shape.rank, one->shape.rank + 1);
                cr_assert_eq(all->shape.dims[0], count);
                cr_assert_eq(all->shape.dims[1], one->shape.dims[0]);
                size_t bytes = dg_tensor_bytes(one); /* the same plan of the same numbers: the same bytes */
                cr_assert_eq(memcmp((char *)all->data + (size_t)row * bytes, one->data, bytes), 0, "row %d", row);
            }
        }
    }
    dg_plan_free(plan);
    dg_plan_free(loop);
    free_network(&n);
}

/* Layers whose weights' gradients sum over the batch in kernels of their own. */
Test(per_sample, convolutions_recurrences_and_tables_give_each_rows_gradient)
{
    enum { ROWS = 3, WORDS = 5, PIXELS = 36, WEIGHTS = 9 };
    dg_graph *g = new_graph();
    dg_tensors *parameters = new_tensors();
    dg_graph_set_dtype(g, DG_FLOAT64);
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 1, 6, 6), .name = "x");
    dg_node *words = dg_input(g, DG_SHAPE(DG_N, WORDS), .dtype = DG_INT64, .name = "words");
    dg_node *seen = dg_flatten(dg_relu(dg_conv2d(x, 2, .kernel_size = 3, .padding = DG_SAME)));
    dg_node *read = dg_lstm(dg_embedding(words, .num_embeddings = 7, .embedding_dim = 4), 3);
    dg_node *mean = dg_mean(read, .dim = 1), *both = dg_cat(DG_NODES(seen, mean), .dim = 1);
    dg_node *loss = dg_mean(dg_square(dg_linear(both, 2))), *const * weights, *gradients[WEIGHTS];
    int count;
    OK(dg_trainable_parameters(loss, &weights, &count));
    cr_assert_eq(count, WEIGHTS);
    OK(dg_grad(loss, count, weights, gradients));
    OK(dg_parameters_init(parameters, g, 1));
    dg_plan_options options = {.fetch = gradients, .n_fetch = count, .parameters = parameters};
    dg_plan *loop = new_plan(g, options);
    options.per_sample = true;
    dg_plan *plan = new_plan(g, options);
    double pixels[ROWS * PIXELS];
    int64_t word[ROWS * WORDS];
    for (int i = 0; i < ROWS * PIXELS; i++)
        pixels[i] = sin(i);
    for (int i = 0; i < ROWS * WORDS; i++)
        word[i] = i % 7;
    dg_tensor all_x = dg_tensor_view(DG_FLOAT64, DG_SHAPE(ROWS, 1, 6, 6), pixels),
              all_words = dg_tensor_view(DG_INT64, DG_SHAPE(ROWS, WORDS), word);
    OK(dg_plan_run(plan, (dg_feed[]){{x, &all_x}, {words, &all_words}}, 2));
    for (int row = 0; row < ROWS; row++) {
        dg_tensor one = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1, 1, 6, 6), pixels + row * PIXELS),
                  some = dg_tensor_view(DG_INT64, DG_SHAPE(1, WORDS), word + row * WORDS);
        OK(dg_plan_run(loop, (dg_feed[]){{x, &one}, {words, &some}}, 2));
        for (int k = 0; k < count; k++) {
            size_t bytes = dg_tensor_bytes(dg_plan_result(loop, k));
            const char *here = (const char *)dg_plan_result(plan, k)->data + (size_t)row * bytes;
            cr_expect_eq(memcmp(here, dg_plan_result(loop, k)->data, bytes), 0, "row %d of %s", row,
                         dg_node_name(weights[k]));
        }
    }
    dg_plan_free(plan);
    dg_plan_free(loop);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

static double loss_of(const network *n, dg_plan *loss, int row)
{
    run_rows(n, loss, row, 1);
    return element(loss, 0, 0);
}

Test(per_sample, gradients_are_finite_differences_of_each_rows_loss)
{
    network n = make_network();
    dg_plan *loss = plan_of(n.loss, n.parameters);
    dg_plan *plan = new_plan(
        n.graph, (dg_plan_options){.fetch = n.gradients, .n_fetch = 4, .parameters = n.parameters, .per_sample = true});
    run_rows(&n, plan, 0, MOST);
    const double h = 1e-5;
    for (int k = 0; k < 4; k++) {
        dg_tensor *weight = dg_tensors_find(n.parameters, dg_node_name(n.weights[k]));
        int64_t count = dg_tensor_count(weight);
        for (int row = 0; row < MOST; row++)
            for (int64_t i = 0; i < count; i += 3) {
                double *at = (double *)weight->data + i, before = *at;
                *at = before + h;
                double above = loss_of(&n, loss, row);
                *at = before - h;
                double slope = (above - loss_of(&n, loss, row)) / (2 * h);
                *at = before; /* central differences: h² and 1e-16/h */
                cr_expect_float_eq(element(plan, k, row * count + i), slope, 1e-8, "%s row %d element %d",
                                   dg_node_name(n.weights[k]), row, (int)i);
            }
    }
    dg_plan_free(plan);
    dg_plan_free(loss);
    free_network(&n);
}

/* Private training (Abadi et al. 2016): each sample's gradient is clipped, the mean of them makes the step. */
Test(per_sample, clipped_gradients_make_a_step_in_a_second_plan)
{
    network n = make_network();
    dg_node *clipped[4], *const *updates;
    int n_updates;
    dg_optimizer sgd;
    OK(dg_optimizer_parse("sgd(lr=1)", &sgd));
    OK(dg_clip_norm(n.graph, 4, n.gradients, 0.1, clipped, NULL));
    dg_node *lr = dg_full(n.graph, dg_scalar(), 1, .dtype = DG_FLOAT64);
    OK(dg_optimizer_emit(
        &sgd,
        &(dg_optimizer_step){.graph = n.graph, .count = 4, .parameters = n.weights, .gradients = clipped, .lr = lr},
        &updates, &n_updates));
    OK(dg_parameters_init(n.parameters, n.graph, 3));
    dg_plan *each = new_plan(
        n.graph, (dg_plan_options){.fetch = clipped, .n_fetch = 4, .parameters = n.parameters, .per_sample = true});
    dg_plan *step =
        new_plan(n.graph, (dg_plan_options){.updates = updates, .n_updates = n_updates, .parameters = n.parameters});
    run_rows(&n, each, 0, MOST);
    double before[4], squares[MOST] = {0};
    dg_tensor means[4];
    dg_feed feeds[4];
    for (int k = 0; k < 4; k++) {
        const dg_tensor *all = dg_plan_result(each, k),
                        *weight = dg_tensors_find(n.parameters, dg_node_name(n.weights[k]));
        int64_t count = dg_tensor_count(weight);
        before[k] = dg_tensor_get(weight, 0);
        OK(dg_tensor_make(&means[k], DG_FLOAT64, weight->shape));
        for (int64_t i = 0; i < MOST * count; i++) {
            double g = dg_tensor_get(all, i);
            squares[i / count] += g * g;
            ((double *)means[k].data)[i % count] += g / MOST;
        }
        feeds[k] = (dg_feed){clipped[k], &means[k]};
    }
    for (int row = 0; row < MOST; row++)
        cr_expect_leq(sqrt(squares[row]), 0.1 + 1e-12, "row %d", row);
    OK(dg_plan_run(step, feeds, 4));
    for (int k = 0; k < 4; k++) {
        double now = dg_tensor_get(dg_tensors_find(n.parameters, dg_node_name(n.weights[k])), 0);
        cr_expect_float_eq(now, before[k] - dg_tensor_get(&means[k], 0), 1e-15);
        dg_tensor_release(&means[k]);
    }
    dg_plan_free(step);
    dg_plan_free(each);
    free_network(&n);
}

Test(per_sample, batches_stay_batches_and_shared_feeds_are_shared)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x"), *scale = dg_input(g, DG_SHAPE(2), .name = "scale");
    dg_node *y = dg_mul(x, scale), *results[] = {y, dg_sum(y), scale};
    dg_plan *plan = new_plan(g, (dg_plan_options){.fetch = results, .n_fetch = 3, .per_sample = true});
    cr_expect_null(dg_plan_result(plan, 0));
    dg_tensor rows_of_x = FLOATS(DG_SHAPE(3, 2), 1, 2, 3, 4, 5, 6), s = FLOATS(DG_SHAPE(2), 10, 1);
    OK(dg_plan_run(plan, (dg_feed[]){{x, &rows_of_x}, {scale, &s}}, 2));
    const dg_shape wants[] = {DG_SHAPE(3, 2), DG_SHAPE(3), DG_SHAPE(3, 2)};
    for (int k = 0; k < 3; k++)
        cr_expect(dg_shape_equal(&dg_plan_result(plan, k)->shape, &wants[k]), "result %d", k);
    cr_expect_arr_eq(dg_plan_result(plan, 0)->data, ((float[]){10, 2, 30, 4, 50, 6}), 6 * sizeof(float));
    cr_expect_arr_eq(dg_plan_result(plan, 1)->data, ((float[]){12, 34, 56}), 3 * sizeof(float));
    cr_expect_arr_eq(dg_plan_result(plan, 2)->data, ((float[]){10, 1, 10, 1, 10, 1}), 6 * sizeof(float));
    dg_tensor none = FLOATS(DG_SHAPE(0, 2), 0);
    OK(dg_plan_run(plan, (dg_feed[]){{x, &none}, {scale, &s}}, 2));
    cr_expect_eq(dg_plan_result(plan, 1)->shape.dims[0], 0);
    dg_plan_free(plan);
    dg_graph_free(g);
}

Test(per_sample, what_it_cannot_do_is_refused_with_a_sentence)
{
    dg_graph *g = new_graph();
    dg_tensors *parameters = new_tensors();
    dg_plan *plan;
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x"), *z = dg_input(g, DG_SHAPE(DG_N), .name = "z");
    dg_node *square = dg_input(g, DG_SHAPE(DG_N, DG_N), .name = "square");
    dg_node *sum = dg_add(dg_sum(x), dg_sum(z)), *alone = dg_input(g, DG_SHAPE(2), .name = "alone");
    dg_node *norm = dg_batch_norm(x, .name = "bn");
    EXPECT_FAILURE(
        dg_plan_new(g, &(dg_plan_options){.fetch = &norm, .n_fetch = 1, .per_sample = true, .training = true}, &plan),
        DG_BAD_ARGUMENT, "sample by sample updates nothing");
    dg_tensor four = FLOATS(DG_SHAPE(2, 2), 1, 2, 3, 4), three = FLOATS(DG_SHAPE(3), 1, 2, 3),
              two = FLOATS(DG_SHAPE(2), 1, 2);
    plan = new_plan(g, (dg_plan_options){.fetch = &sum, .n_fetch = 1, .per_sample = true});
    EXPECT_FAILURE(dg_plan_run(plan, (dg_feed[]){{x, &four}, {z, &three}}, 2), DG_BAD_SHAPE,
                   "3 samples, another input 2");
    EXPECT_FAILURE(dg_plan_run(plan, (dg_feed[]){{x, &four}}, 1), DG_BAD_ARGUMENT, "'z' is not fed");
    OK(dg_plan_run(plan, (dg_feed[]){{x, &four}, {z, &two}}, 2));
    dg_plan_free(plan);
    dg_node *squares = dg_sum(square);
    plan = new_plan(g, (dg_plan_options){.fetch = &squares, .n_fetch = 1, .per_sample = true});
    EXPECT_FAILURE(dg_plan_run(plan, (dg_feed[]){{square, &four}}, 1), DG_BAD_SHAPE, "along a first size alone");
    dg_plan_free(plan);
    dg_node *doubled = dg_add(alone, alone);
    plan = new_plan(g, (dg_plan_options){.fetch = &doubled, .n_fetch = 1, .per_sample = true});
    EXPECT_FAILURE(dg_plan_run(plan, (dg_feed[]){{alone, &two}}, 1), DG_BAD_ARGUMENT, "is fed no batch");
    dg_plan_free(plan);
    dg_node *wide = dg_matmul(dg_reshape(x, DG_SHAPE(-1, 1)), dg_zeros(g, DG_SHAPE(1, 100)));
    plan = new_plan(g, (dg_plan_options){.fetch = &wide, .n_fetch = 1, .per_sample = true, .memory_limit = 1500});
    EXPECT_FAILURE(dg_plan_run(plan, (dg_feed[]){{x, &four}}, 1), DG_NO_MEMORY, "run fewer samples at a time");
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

Test(per_sample, random_nodes_draw_anew_for_each_sample)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 8), .name = "x"), *y = dg_dropout(x, .p = 0.5, .name = "drop");
    dg_plan *plan = new_plan(g, (dg_plan_options){.fetch = &y, .n_fetch = 1, .per_sample = true, .training = true});
    float ones[32];
    for (int i = 0; i < 32; i++)
        ones[i] = 1;
    dg_tensor four = dg_tensor_view(DG_FLOAT32, DG_SHAPE(4, 8), ones);
    OK(dg_plan_run(plan, &(dg_feed){x, &four}, 1));
    const float *drawn = dg_plan_result(plan, 0)->data;
    cr_expect(memcmp(drawn, drawn + 8, 8 * sizeof(float)) != 0 || memcmp(drawn, drawn + 16, 8 * sizeof(float)) != 0);
    dg_plan_free(plan);
    dg_graph_free(g);
}
