/* Runs that diverge: they fail, name the step and the node, and keep the last good state. */
#include "small.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct tiny {
    dg_graph *graph;
    dg_node *x, *w, *loss;
    dg_tensors *parameters;
    dg_dataset data;
    char path[64];
} tiny;

/* w [1] on rows of one feature; make_loss finishes the graph. */
static void begin(tiny *t, const double *rows, int64_t count, double w)
{
    dg_tensor *features;
    const dg_tensor first = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1), &w);
    *t = (tiny){0};
    snprintf(t->path, sizeof t->path, "/tmp/dotgrad-diverge-%d.safetensors", (int)getpid());
    MUST(dg_graph_new(&t->graph));
    MUST(dg_tensors_new(&t->parameters));
    dg_graph_set_dtype(t->graph, DG_FLOAT64);
    MUST(dg_dataset_new(&t->data));
    MUST(dg_tensors_add(t->data.fields, "features", DG_FLOAT64, DG_SHAPE(count, 1), &features));
    for (int64_t i = 0; i < count; i++)
        dg_tensor_set(features, i, rows[i]);
    MUST(dg_dataset_split_at(&t->data, count));
    t->x = dg_input(t->graph, DG_SHAPE(DG_N, 1), .field = "features", .name = "x");
    t->w = dg_parameter(t->graph, DG_SHAPE(1), .name = "w");
    MUST(dg_tensors_put(t->parameters, "w", &first));
}

static void finish(tiny *t)
{
    unlink(t->path);
    dg_tensors_free(t->parameters);
    dg_graph_free(t->graph);
    dg_dataset_release(&t->data);
}

static dg_trainer_options options_of(tiny *t, const char *optimizer, int64_t epochs)
{
    return (dg_trainer_options){
        .task = {.graph = t->graph, .loss = t->loss, .parameters = t->parameters, .data = &t->data, .batch_size = 1},
        .optimizer = optimizer,
        .epochs = epochs,
        .checkpoint = t->path};
}

static double weight(const tiny *t)
{
    return dg_tensor_get(dg_tensors_find(t->parameters, "w"), 0);
}

static void expect_words(dg_status status, const char *const *words)
{
    for (; *words; words++)
        cr_assert_not_null(strstr(status.message, *words), "'%s' is not in: %s", *words, status.message);
}

static const double ones[] = {1, 1, 1};

/* w² with a rate of 3 multiplies w by −5 in each step: the loss overflows in float64 after 221 of them, in epoch 74. */
Test(diverge, keeps_the_last_good_epoch_and_names_the_step)
{
    tiny t;
    dg_trainer *trainer;
    dg_tensors *saved;
    begin(&t, ones, 3, 1);
    t.loss = dg_mean(dg_mul(dg_square(dg_mul(t.x, t.w), .name = "power"), t.x), .name = "loss");
    MUST(dg_graph_status(t.graph));
    for (int in_memory = 0; in_memory < 2; in_memory++) {
        const double one = 1;
        const dg_tensor first = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1), &one);
        MUST(dg_tensors_put(t.parameters, "w", &first));
        dg_trainer_options options = options_of(&t, "sgd(lr=3)", 1000);
        options.checkpoint_seconds = in_memory ? 1000 : 0;
        MUST(dg_trainer_new(&options, &trainer));
        dg_status status = dg_trainer_run(trainer);
        cr_assert_eq(status.code, DG_NUMERIC);
        expect_words(status, (const char *const[]){"'loss' is infinite in epoch 74, step 3 of 3", "'power'", NULL});
        cr_assert_eq(dg_trainer_history(trainer)->shape.dims[0], 73);
        cr_assert_float_eq(weight(&t), -pow(5, 3 * 73), 1e-9 * pow(5, 3 * 73));
        MUST(dg_safetensors_read(t.path, &saved));
        cr_assert_str_eq(dg_tensors_note(saved, "dotgrad.epoch"), "73");
        cr_assert_eq(dg_tensor_get(dg_tensors_find(saved, "w"), 0), weight(&t));
        dg_tensors_free(saved);
        dg_trainer_free(trainer);
    }
    finish(&t);
}

/* The derivative of √w at 0 is infinite while the loss is 0: the only step of the run makes w infinite. */
Test(diverge, sees_a_gradient_that_is_no_number_in_the_last_step)
{
    tiny t;
    dg_trainer *trainer;
    begin(&t, ones, 1, 0);
    t.loss = dg_mean(dg_mul(dg_sqrt(t.w, .name = "root"), t.x), .name = "loss");
    MUST(dg_graph_status(t.graph));
    dg_trainer_options options = options_of(&t, "sgd(lr=0.1)", 1);
    MUST(dg_trainer_new(&options, &trainer));
    dg_status status = dg_trainer_run(trainer);
    cr_assert_eq(status.code, DG_NUMERIC);
    expect_words(status, (const char *const[]){"'w' becomes infinite in epoch 1, step 1 of 1",
                                               "the derivative of 'root'", "before any step of training", NULL});
    cr_assert_null(strstr(status.message, "learning rate"), "%s", status.message);
    cr_assert_eq(weight(&t), 0);
    dg_trainer_free(trainer);
    finish(&t);
}

/* Weights that come in as no numbers are named. */
Test(diverge, names_a_parameter_that_is_no_number_at_the_start)
{
    tiny t;
    dg_trainer *trainer;
    begin(&t, ones, 3, NAN);
    t.loss = dg_mean(dg_mul(t.x, t.w), .name = "loss");
    MUST(dg_graph_status(t.graph));
    dg_trainer_options options = options_of(&t, "sgd(lr=0.1)", 1);
    MUST(dg_trainer_new(&options, &trainer));
    dg_status status = dg_trainer_run(trainer);
    cr_assert_eq(status.code, DG_NUMERIC);
    expect_words(status, (const char *const[]){"'w' is nan before the first step", NULL});
    dg_trainer_free(trainer);
    finish(&t);
}

/* Of what is no number before the first step, the learning rate is not the cause; later on it may be. */
Test(diverge, tells_what_the_first_node_reads_before_any_step)
{
    static const double rows[] = {-3, 2, -1.5};
    tiny t;
    dg_trainer *trainer;
    begin(&t, rows, 3, 1);
    t.loss = dg_mean(dg_log(dg_mul(t.x, t.w, .name = "z"), .name = "lg"), .name = "loss");
    MUST(dg_graph_status(t.graph));
    dg_trainer_options options = options_of(&t, "sgd(lr=0.1)", 1);
    options.task.batch_size = 3;
    MUST(dg_trainer_new(&options, &trainer));
    dg_status status = dg_trainer_run(trainer);
    cr_assert_eq(status.code, DG_NUMERIC);
    expect_words(status, (const char *const[]){"'lg' (log) is the first node that is nan; it reads 'z', from -3 to 2;",
                                               "before any step of training", NULL});
    cr_assert_null(strstr(status.message, "learning rate"), "%s", status.message);
    dg_trainer_free(trainer);
    finish(&t);
}

Test(diverge, tells_numbers_that_are_no_probabilities)
{
    tiny t;
    dg_trainer *trainer;
    begin(&t, ones, 3, -2);
    dg_node *p = dg_mul(t.x, t.w, .name = "p");
    t.loss = dg_binary_cross_entropy(p, dg_square(t.x), .name = "loss");
    MUST(dg_graph_status(t.graph));
    dg_trainer_options options = options_of(&t, "sgd(lr=0.1)", 1);
    MUST(dg_trainer_new(&options, &trainer));
    dg_status status = dg_trainer_run(trainer);
    cr_assert_eq(status.code, DG_NUMERIC);
    expect_words(status, (const char *const[]){"it reads 'p', from -2 to -2, where probabilities are from 0 to 1",
                                               "op=sigmoid", NULL});
    dg_trainer_free(trainer);
    finish(&t);
}

/* The one step leaves a weight of about 1e200: a number, but its loss is none. */
Test(diverge, sees_a_final_loss_that_is_no_number)
{
    tiny t;
    dg_trainer *trainer;
    begin(&t, ones, 1, 1);
    t.loss = dg_mean(dg_square(dg_mul(t.x, t.w)), .name = "loss");
    MUST(dg_graph_status(t.graph));
    dg_trainer_options options = options_of(&t, "sgd(lr=1e200)", 1);
    MUST(dg_trainer_new(&options, &trainer));
    dg_status status = dg_trainer_run(trainer);
    cr_assert_eq(status.code, DG_NUMERIC);
    expect_words(status, (const char *const[]){"after the last step", "epoch 1, step 1 of 1", NULL});
    cr_assert_eq(weight(&t), 1);
    dg_trainer_free(trainer);
    finish(&t);
}

Test(diverge, names_an_input_whose_data_is_no_number)
{
    static const double rows[] = {1, 2, NAN};
    tiny t;
    dg_trainer *trainer;
    begin(&t, rows, 3, 1);
    t.loss = dg_mean(dg_square(dg_mul(t.x, t.w)), .name = "loss");
    MUST(dg_graph_status(t.graph));
    dg_trainer_options options = options_of(&t, "sgd(lr=0.01)", 2);
    MUST(dg_trainer_new(&options, &trainer));
    dg_status status = dg_trainer_run(trainer);
    cr_assert_eq(status.code, DG_NUMERIC);
    expect_words(status, (const char *const[]){"'loss' is nan in epoch 1",
                                               "the data of input 'x' is nan; take such rows out of them", NULL});
    cr_expect_null(strstr(status.message, "learning rate"), "%s", status.message);
    cr_assert_eq(weight(&t), 1);
    dg_trainer_free(trainer);
    finish(&t);
}

/* A large parameter is not looked at after every step; the step is found all the same, by running the epoch again. */
Test(diverge, finds_the_step_in_large_parameters_too)
{
    enum { SIZE = 200000 };
    static double rows[40];
    tiny t;
    dg_trainer *trainer;
    for (int k = 0; k < 40; k++)
        rows[k] = k + 1;
    begin(&t, rows, 40, 1);
    dg_node *large = dg_parameter(t.graph, DG_SHAPE(SIZE), .name = "large", .init = "zeros");
    /* ∂/∂large is √ of the row's distance from 17 at 0: infinite in the step that holds that row */
    dg_node *root =
        dg_sqrt(dg_expr("abs(x - 17) + sum", {"x", t.x}, {"sum", dg_square(dg_mean(large))}), .name = "root");
    t.loss = dg_mean(dg_mul(root, t.w), .name = "loss");
    MUST(dg_graph_status(t.graph));
    dg_trainer_options options = options_of(&t, "sgd(lr=1e-3)", 1);
    MUST(dg_trainer_new(&options, &trainer));
    dg_status status = dg_trainer_run(trainer);
    cr_assert_eq(status.code, DG_NUMERIC, "%s", status.message);
    expect_words(status,
                 (const char *const[]){"'large' becomes nan in epoch 1", "of 40", "the derivative of 'root'", NULL});
    dg_trainer_free(trainer);
    finish(&t);
}

Test(diverge, lets_a_fixed_mask_be_infinite)
{
    tiny t;
    dg_trainer *trainer;
    begin(&t, ones, 3, 1);
    dg_node *mask = dg_parameter(t.graph, DG_SHAPE(2), .name = "mask", .trainable = false);
    const double values[] = {0, -INFINITY};
    const dg_tensor made = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2), values);
    MUST(dg_tensors_put(t.parameters, "mask", &made));
    t.loss = dg_mean(dg_mul(dg_square(dg_mul(t.x, t.w)), dg_sum(dg_softmax(mask))), .name = "loss");
    MUST(dg_graph_status(t.graph));
    dg_trainer_options options = options_of(&t, "sgd(lr=0.01)", 3);
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    dg_trainer_free(trainer);
    finish(&t);
}

/* 10⁹ epochs that end after three take the memory of three. */
Test(diverge, takes_memory_for_epochs_that_are_done)
{
    tiny t;
    dg_trainer *trainer;
    begin(&t, ones, 3, 1);
    t.loss = dg_mean(dg_square(dg_mul(t.x, t.w)), .name = "loss");
    dg_trainer_options options = options_of(&t, "sgd(lr=0.01)", 1000000000);
    MUST(dg_trainer_new(&options, &trainer));
    bool done = false;
    for (int k = 0; k < 9; k++)
        MUST(dg_trainer_step(trainer, &done));
    cr_assert_eq(dg_trainer_history(trainer)->shape.dims[0], 3);
    dg_trainer_free(trainer);
    options.epochs = 3000; /* the history grows on the way */
    options.checkpoint = NULL;
    MUST(dg_trainer_new(&options, &trainer));
    MUST(dg_trainer_run(trainer));
    const dg_tensor *history = dg_trainer_history(trainer);
    cr_assert_eq(history->shape.dims[0], 3000);
    for (int64_t e = 1; e < 3000; e++)
        cr_assert_leq(dg_tensor_get(history, 2 * e), dg_tensor_get(history, 2 * (e - 1)));
    dg_trainer_free(trainer);
    finish(&t);
}

Test(diverge, refuses_limits_that_are_none)
{
    tiny t;
    dg_trainer *trainer;
    begin(&t, ones, 3, 1);
    t.loss = dg_mean(dg_square(dg_mul(t.x, t.w)), .name = "loss");
    dg_trainer_options options = options_of(&t, "sgd(lr=0.01)", 1);
    options.clip_norm = -1;
    MUST_FAIL(DG_BAD_ARGUMENT, dg_trainer_new(&options, &trainer));
    options.clip_norm = NAN;
    MUST_FAIL(DG_BAD_ARGUMENT, dg_trainer_new(&options, &trainer));
    finish(&t);
}

/* 400 kB of parameters, three times with Adam's state: the limit counts them before they are made. */
Test(diverge, counts_parameters_and_state_against_the_memory_limit)
{
    tiny t;
    dg_trainer *trainer;
    begin(&t, ones, 3, 1);
    dg_node *large = dg_parameter(t.graph, DG_SHAPE(50000), .name = "large", .init = "zeros");
    t.loss = dg_mean(dg_mul(dg_square(dg_mul(t.x, t.w)), dg_mean(large)), .name = "loss");
    dg_trainer_options options = options_of(&t, "adam", 1);
    options.task.memory_limit = 1000000;
    dg_status status = dg_trainer_new(&options, &trainer);
    cr_assert_eq(status.code, DG_NO_MEMORY);
    expect_words(status,
                 (const char *const[]){"parameters and the optimizer's state take 1200", "the limit is 1000000", NULL});
    cr_assert_null(dg_tensors_find(t.parameters, "large"));
    options.task.memory_limit = 4000000;
    MUST(dg_trainer_new(&options, &trainer));
    dg_trainer_free(trainer);
    finish(&t);
}

/* ---- parameters that are another's in the middle ---- */

static void halve(dg_tensors *set)
{
    MUST(dg_tensors_halve(set, DG_FLOAT16, NULL));
}

static void take_out(dg_tensors *set)
{
    dg_tensors_remove(set, "fc1.weight");
}

static void take_state_out(dg_tensors *set)
{
    for (size_t k = 0; k < dg_tensors_count(set); k++)
        if (strncmp(dg_tensors_name(set, k), "optimizer/", 10) == 0) {
            dg_tensors_remove(set, dg_tensors_name(set, k));
            return;
        }
}

static void put(dg_tensors *set, dg_dtype dtype, dg_shape shape)
{
    dg_tensor other;
    MUST(dg_tensor_make(&other, dtype, shape));
    MUST(dg_tensors_put(set, "fc1.weight", &other));
    dg_tensor_release(&other);
}

static void widen(dg_tensors *set)
{
    put(set, DG_FLOAT64, DG_SHAPE(8, 2));
}

static void shrink(dg_tensors *set)
{
    put(set, DG_FLOAT32, DG_SHAPE(1, 2));
}

/* There again, elsewhere: training goes on. */
static void renew(dg_tensors *set)
{
    take_out(set);
    put(set, DG_FLOAT32, DG_SHAPE(8, 2));
}

Test(diverge, names_parameters_that_are_replaced_between_steps)
{
    static const char *const optimizers[] = {"adam(lr=0.01)", "lbfgs"};
    static const struct {
        void (*change)(dg_tensors *set);
        dg_code code;
        const char *message;
    } cases[] = {{halve, DG_BAD_DTYPE, "parameter 'fc1.weight' is kept in float16, which is for inference"},
                 {take_out, DG_BAD_ARGUMENT, "parameter 'fc1.weight' was taken out"},
                 {take_state_out, DG_BAD_ARGUMENT, "parameter 'optimizer/"},
                 {widen, DG_BAD_DTYPE, "parameter 'fc1.weight' has become float64"},
                 {shrink, DG_BAD_SHAPE, "parameter 'fc1.weight' has become [1, 2], the graph's is [8, 2]"},
                 {renew, DG_OK, ""}};
    for (size_t k = 0; k < 2 * (sizeof cases / sizeof *cases); k++) {
        dg_dataset data = three_clusters(48);
        network net = small_classifier(0);
        dg_trainer *trainer;
        bool done;
        dg_trainer_options options = options_for(&net, &data, optimizers[k % 2]);
        MUST(dg_dataset_split(&data, 0, 0, 1));
        options.task.batch_size = 48;
        MUST(dg_trainer_new(&options, &trainer));
        MUST(dg_trainer_step(trainer, &done));
        cases[k / 2].change(net.parameters);
        dg_status status = dg_trainer_step(trainer, &done);
        cr_expect_eq(status.code, cases[k / 2].code, "%s: %s", optimizers[k % 2], status.message);
        cr_expect(strstr(status.message, cases[k / 2].message), "%s: %s", optimizers[k % 2], status.message);
        dg_trainer_free(trainer);
        network_release(&net);
        dg_dataset_release(&data);
    }
}
