/* Calls that no program means: numbers beyond all bounds, dimensions that are not there, lists that repeat, texts
 * without end. Each is a node, or NULL and a status with a sentence in it; never a crash. */
#include "planned.h"

#include <stdlib.h>

static dg_graph *g;
static dg_node *image, *vector;

static void set_up(void)
{
    g = new_graph();
    image = dg_input(g, DG_SHAPE(DG_N, 3, 12, 12), .name = "image");
    vector = dg_input(g, DG_SHAPE(DG_N, 3), .name = "vector");
    OK(dg_graph_status(g));
}

static void tear_down(void)
{
    dg_graph_free(g);
}

TestSuite(hostile, .init = set_up, .fini = tear_down);

/* In a graph of its own: what `building` makes there is refused, with the word in the message. */
#define EXPECT_REFUSED(building, word)                                                                                 \
    do {                                                                                                               \
        tear_down();                                                                                                   \
        set_up();                                                                                                      \
        cr_expect_null(building, "%s", #building);                                                                     \
        dg_status status_ = dg_graph_status(g);                                                                        \
        cr_expect(status_.code != DG_OK && strstr(status_.message, word), "%s: %d '%s' without '%s'", #building,       \
                  status_.code, status_.message, word);                                                                \
    } while (0)

Test(hostile, numbers_out_of_range)
{
    EXPECT_REFUSED(dg_linear(image, -3), "out_features");
    EXPECT_REFUSED(dg_softmax(image, .dim = 9), "dim");
    EXPECT_REFUSED(dg_dropout(image, .p = 1.5), "p");
    EXPECT_REFUSED(dg_dropout(image, .p = (double)NAN), "p");
    EXPECT_REFUSED(dg_conv2d(image, 4, .kernel_size = 3, .groups = 2), "groups");
    EXPECT_REFUSED(dg_conv2d(image, 4, .kernel_size = 3, .groups = 0), "groups");
    EXPECT_REFUSED(dg_conv2d(image, 4, .kernel_size = 3, .stride = {0}), "stride");
    EXPECT_REFUSED(dg_conv2d(image, 4, .kernel_size = 30), "conv2d");
    EXPECT_REFUSED(dg_conv2d(image, 4, .kernel_size = 3, .dilation = {INT64_C(1) << 62}), "conv2d");
    EXPECT_REFUSED(dg_conv2d(image, 4, .kernel_size = 3, .padding = {INT64_C(1) << 62}), "padding");
    EXPECT_REFUSED(dg_pixel_shuffle(image, INT64_C(1) << 33), "pixel_shuffle");
    EXPECT_REFUSED(dg_interpolate(image, .scale_factor = -2), "scale_factor");
    EXPECT_REFUSED(dg_interpolate(image, .scale_factor = 1e18), "interpolate");
    EXPECT_REFUSED(dg_slice(image, .dim = 1, .step = 0), "step");
    EXPECT_REFUSED(dg_pad(image, DG_INTS(-20, 0)), "pad");
    EXPECT_REFUSED(dg_linspace(g, 0, 1, -5), "linspace");
    EXPECT_REFUSED(dg_arange(g, 0, .end = 1e18), "arange");
    EXPECT_REFUSED(dg_arange(g, 5, .end = 9, .step = 0), "step");
    EXPECT_REFUSED(dg_topk(image, 13), "k");
    EXPECT_REFUSED(dg_repeat(image, DG_INTS(-1)), "repeat");
    EXPECT_REFUSED(dg_to(image, (dg_dtype)99), "99");
    EXPECT_REFUSED(dg_softplus(image, .beta = (double)INFINITY), "'beta' is inf, expected a finite number");
    EXPECT_REFUSED(dg_var(image, .correction = (double)-INFINITY), "'correction' is -inf");
    EXPECT_REFUSED(dg_uniform_like(image, .low = 2, .high = 1), "low");
    EXPECT_REFUSED(dg_uniform_like(image, .high = (double)INFINITY), "high");
    EXPECT_REFUSED(dg_uniform(g, DG_SHAPE(2), .low = -3e38, .high = 3e38, .dtype = DG_FLOAT32), "float32");
    EXPECT_REFUSED(dg_normal_like(image, .mean = (double)INFINITY), "mean");
    EXPECT_REFUSED(dg_normal(g, DG_SHAPE(2), .std = (double)INFINITY), "std");
}

/* Where a number may be infinite: a bound that nothing reaches, the order of a norm. */
Test(hostile, infinite_numbers_that_mean_something)
{
    cr_expect_not_null(dg_clamp(image, .min = (double)-INFINITY, .max = 1));
    cr_expect_not_null(dg_norm(image, .p = (double)INFINITY));
    cr_expect_not_null(dg_hardtanh(image, .max_val = (double)INFINITY));
    cr_expect_not_null(dg_full(g, DG_SHAPE(2), (double)-INFINITY));
    cr_expect_not_null(dg_huber_loss(image, image, .delta = (double)INFINITY));
    OK(dg_graph_status(g));
}

/* The number that says in C that there is none is not the default where a file says it. */
Test(hostile, a_least_integer_that_is_written)
{
    static const char *const calls[] = {"softmax(dim=-9223372036854775808)", "sum(dim=-9223372036854775808)",
                                        "squeeze(dim=[-9223372036854775808])"};
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
        dg_value call;
        tear_down();
        set_up();
        OK(dg_call_parse(dg_graph_arena(g), calls[k], &call));
        cr_expect_null(dg_apply(&(dg_application){.graph = g,
                                                  .op = call.s,
                                                  .n_inputs = 1,
                                                  .inputs = &vector,
                                                  .n_attrs = (int)call.count,
                                                  .attrs = call.items}));
        cr_expect(strstr(dg_graph_status(g).message, "'dim' is -9223372036854775808, expected an integer above"),
                  "%s: %s", calls[k], dg_graph_status(g).message);
    }
}

/* Such a call knows no graph; the mistake is that of the one that was built in last, unless another has failed, whose
 * nodes the NULLs may be. */
Test(hostile, builders_that_are_given_nothing_but_null)
{
    dg_node *none = NULL;
    EXPECT_REFUSED(dg_relu(none), "relu: input 'input' is NULL (");
    EXPECT_REFUSED(dg_expr("tanh(x)*2", {(const char *)(const void *)image, NULL}),
                   "expr: input is NULL: inputs are {\"name\", node} (");
    EXPECT_REFUSED(dg_cat(0, NULL), "cat: input 'tensors' is NULL (");
    EXPECT_REFUSED(dg_call(DG_HERE, "relu", 0, NULL), "relu: input 'input' is NULL (");
    EXPECT_REFUSED(dg_expr("tanh(x)*2", {"x", none}), "expr: input 'x' is NULL: inputs are");
    tear_down();
    set_up();
    dg_graph *other = new_graph();
    dg_node *of_other = dg_linear(dg_input(other, DG_SHAPE(DG_N, 3), .name = "x"), -3);
    dg_node *here = dg_relu(vector);
    cr_expect_null(dg_relu(of_other));
    cr_expect_eq(dg_graph_status(g).code, DG_OK, "%s", dg_graph_status(g).message);
    cr_expect_neq(dg_graph_status(other).code, DG_OK);
    cr_expect_not_null(here);
    dg_graph_free(other);
}

/* In a graph of its own, of one of the two inputs. */
static dg_node *apply(const char *text, bool to_image)
{
    dg_value call;
    tear_down();
    set_up();
    OK(dg_call_parse(dg_graph_arena(g), text, &call));
    return dg_apply(&(dg_application){.graph = g,
                                      .op = call.s,
                                      .n_inputs = 1,
                                      .inputs = to_image ? &image : &vector,
                                      .n_attrs = (int)call.count,
                                      .attrs = call.items});
}

/* A line of PyTorch's that has the sizes of the input, too, would be another network: lstm(3, 16) has 16 layers. */
Test(hostile, sizes_of_the_input_are_not_written)
{
    static const char *const images[] = {"conv2d(3, 16, 3)",
                                         "conv2d(3, 16, 3, padding=1)",
                                         "conv_transpose2d(3, 16, 2, stride=2)",
                                         "batch_norm(3)",
                                         "instance_norm(3)",
                                         "group_norm(1, 3)",
                                         "batch_norm(3, 1e-5)"};
    static const char *const vectors[] = {"linear(3, 4)",    "lstm(3, 16)",    "gru(3, 16, 2)", "rnn(3, 16)",
                                          "lstm_cell(3, 4)", "gru_cell(3, 4)", "rnn_cell(3, 4)"};
    static const char *const fine[] = {"conv2d(16, 3)", "conv2d(16, kernel_size=3, stride=2)",
                                       "batch_norm",    "batch_norm(eps=1e-3)",
                                       "group_norm(3)", "instance_norm(affine=true)"};
    for (size_t k = 0; k < sizeof images / sizeof *images; k++) {
        cr_expect_null(apply(images[k], true), "%s", images[k]);
        cr_expect(strstr(dg_graph_status(g).message, " has no name: PyTorch's "), "%s: %s", images[k],
                  dg_graph_status(g).message);
    }
    for (size_t k = 0; k < sizeof vectors / sizeof *vectors; k++) {
        cr_expect_null(apply(vectors[k], false), "%s", vectors[k]);
        cr_expect(strstr(dg_graph_status(g).message, " has no name: PyTorch's in"), "%s: %s", vectors[k],
                  dg_graph_status(g).message);
    }
    for (size_t k = 0; k < sizeof fine / sizeof *fine; k++)
        cr_expect_not_null(apply(fine[k], true), "%s: %s", fine[k], dg_graph_status(g).message);
}

Test(hostile, dimensions_and_lists_that_do_not_fit)
{
    EXPECT_REFUSED(dg_transpose(image, 0, 7), "transpose");
    EXPECT_REFUSED(dg_permute(image, DG_INTS(0, 0, 1, 2)), "permute");
    EXPECT_REFUSED(dg_split(image, DG_INTS(5, 5), .dim = 2), "split");
    EXPECT_REFUSED(dg_split(image, DG_INTS(0)), "split");
    EXPECT_REFUSED(dg_output(image, 3), "output");
    EXPECT_REFUSED(dg_one_hot(image, 10), "one_hot");
    EXPECT_REFUSED(dg_embedding(image), "embedding");
    EXPECT_REFUSED(dg_mse_loss(image, image, .reduction = "median"), "median");
    EXPECT_REFUSED(dg_rbf(vector, 5, .kernel = "nope"), "nope");
    EXPECT_REFUSED(dg_unsqueeze(dg_input(g, DG_SHAPE(1, 2, 3, 4, 5, 6, 7, 8), .name = "wide"), 0), "unsqueeze");
    EXPECT_REFUSED(dg_call(DG_HERE, "relu", 3, (dg_node *[]){image, image, image}), "relu");
    EXPECT_REFUSED(dg_parameter(g, DG_SHAPE(DG_N, 3), .name = "p"), "p");
    EXPECT_REFUSED(dg_constant(g, (&(dg_tensor){.dtype = DG_FLOAT32, .shape = DG_SHAPE(3)})), "without data");
}

/* What is too large to be held is told when it is to be made, not before: a summary of it is fine. */
Test(hostile, tensors_beyond_all_memory)
{
    dg_tensors *set = new_tensors();
    dg_node *huge = dg_parameter(g, DG_SHAPE(INT64_C(1) << 40, INT64_C(1) << 40), .name = "huge");
    cr_assert_not_null(huge);
    dg_status status = dg_parameters_init(set, g, 1);
    cr_expect(status.code != DG_OK && strstr(status.message, "huge"), "%d %s", status.code, status.message);
    dg_tensors_free(set);
    dg_node *eye = dg_eye(g, INT64_C(1) << 40);
    dg_plan *plan;
    status = dg_plan_new(g, &(dg_plan_options){.fetch = &eye, .n_fetch = 1}, &plan);
    if (status.code == DG_OK) {
        status = dg_plan_run(plan, NULL, 0);
        dg_plan_free(plan);
    }
    cr_expect(status.code != DG_OK && status.message[0], "%d %s", status.code, status.message);
}

static char *repeated(const char *begin, const char *middle, const char *end, size_t times)
{
    size_t a = strlen(begin), m = strlen(middle), b = strlen(end);
    char *text = malloc(times * (a + b) + m + 1), *at = text;
    cr_assert_not_null(text);
    for (size_t k = 0; k < times; k++, at += a)
        memcpy(at, begin, a);
    memcpy(at, middle, m);
    at += m;
    for (size_t k = 0; k < times; k++, at += b)
        memcpy(at, end, b);
    *at = '\0';
    return text;
}

Test(hostile, formulas_without_end)
{
    static const char *const deep[][3] = {
        {"(", "x", ")"}, {"-", "x", ""}, {"x^", "x", ""}, {"sin(", "x", ")"}, {"where(x > 0, ", "x", ", 1)"}};
    for (size_t k = 0; k < sizeof deep / sizeof *deep; k++) {
        char *text = repeated(deep[k][0], deep[k][1], deep[k][2], 100000);
        EXPECT_REFUSED(dg_expr(text, {"x", vector}), "formula");
        free(text);
    }
    char *sums = repeated("x + ", "x", "", 100000); /* not deep */
    tear_down();
    set_up();
    cr_expect_not_null(dg_expr(sums, {"x", vector}), "%s", dg_graph_status(g).message);
    free(sums);
}

Test(hostile, names_and_texts_without_end)
{
    char *name = repeated("a", "", "", 100000), *list = repeated("[", "1", "]", 5000);
    dg_node *named = dg_linear(vector, 3, .name = name);
    dg_tensors *set = new_tensors();
    dg_status status = named ? dg_parameters_init(set, g, 1) : dg_graph_status(g);
    cr_expect(status.code == DG_OK || strlen(status.message) > 10, "%d %s", status.code, status.message);
    dg_tensors_free(set);
    EXPECT_REFUSED(dg_parameter(g, DG_SHAPE(3), .name = "q", .init = list), "deeper");
    EXPECT_REFUSED(dg_expr("x * \xcf\x80 + \xff", {"x", vector}), "formula");
    EXPECT_REFUSED(dg_expr("a", {"a", vector}, {"typo", image}), "typo");
    EXPECT_REFUSED(dg_input(g, DG_SHAPE(-7, 2), .name = "%n%s%s%d"), "%n%s%s%d");
    free(name);
    free(list);
}

/* A name of a constant is a name like another where an input has it. */
Test(hostile, an_input_named_pi_is_the_input)
{
    dg_node *y = dg_expr("pi * x", {"x", vector}, {"pi", vector});
    dg_plan *plan = plan_of(y, NULL);
    dg_tensor twos = FLOATS(DG_SHAPE(1, 3), 2, 2, 2);
    OK(dg_plan_run(plan, &(dg_feed){vector, &twos}, 1));
    cr_expect_eq(element(plan, 0, 0), 4);
    dg_plan_free(plan);
}
