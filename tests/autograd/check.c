/* Long because the ops that are wrong on purpose are here with all that must find them. The gradient check finds
 * mistakes, and no others. */
#include "run.h"

/* ---- ops that are wrong on purpose: y = x³ for one input, y = a·b for two ---- */

static dg_status cube_forward(const dg_kernel *kernel)
{
    const double *x = kernel->inputs[0]->data;
    double *y = kernel->outputs[0]->data;
    for (int64_t i = 0; i < dg_tensor_count(kernel->inputs[0]); i++)
        y[i] = x[i] * x[i] * x[i];
    return dg_ok();
}

static dg_node *right_slope(const dg_backward *vjp)
{
    return dg_expr("3 * x^2", {"x", vjp->inputs[0]});
}

static void right(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_mul(vjp->grad_output, right_slope(vjp));
}

static void wrong_sign(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_neg(dg_mul(vjp->grad_output, right_slope(vjp)));
}

static void missing_factor(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_mul(vjp->grad_output, dg_square(vjp->inputs[0]));
}

static void slightly_wrong(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_expr("1.00001 * g * s", {"g", vjp->grad_output}, {"s", right_slope(vjp)});
}

static void wrong_by_a_thousandth(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_expr("1.001 * g * s", {"g", vjp->grad_output}, {"s", right_slope(vjp)});
}

/* Wrong at the last element alone, as at the border of a padded convolution. */
static void wrong_at_the_border(const dg_backward *vjp)
{
    dg_tensor mask;
    dg_shape shape = dg_node_type(vjp->inputs[0], 0)->shape;
    if (dg_tensor_make(&mask, DG_FLOAT64, shape).code != DG_OK)
        return;
    for (int64_t i = 0; i < dg_tensor_count(&mask); i++)
        dg_tensor_set(&mask, i, i != dg_tensor_count(&mask) - 1);
    dg_node *constant = dg_constant(vjp->graph, &mask, .dtype = DG_FLOAT64);
    dg_tensor_release(&mask);
    vjp->grad_inputs[0] = dg_mul(dg_mul(vjp->grad_output, right_slope(vjp)), constant);
}

static void wrong_second_derivative(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_mul(
        vjp->grad_output, dg_expr("3 * x * y", {"x", vjp->inputs[0]}, {"y", apply1("test_blind", vjp->inputs[0])}));
}

static void wrong_by_the_cotangent(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_mul(apply1("test_blind", vjp->grad_output), right_slope(vjp));
}

static void nothing_at_all(const dg_backward *vjp)
{
    (void)vjp;
}

static void wrong_tangent(const dg_tangents *jvp)
{
    jvp->output_tangents[0] = dg_mul(jvp->tangents[0], dg_square(jvp->inputs[0]));
}

static dg_status product_forward(const dg_kernel *kernel)
{
    int64_t n = dg_tensor_count(kernel->inputs[0]), m = dg_tensor_count(kernel->inputs[1]);
    const double *a = kernel->inputs[0]->data, *b = kernel->inputs[1]->data;
    double *y = kernel->outputs[0]->data;
    for (int64_t i = 0; i < n; i++)
        y[i] = a[i] * b[i % m];
    return dg_ok();
}

static void wrong_operand(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_mul(vjp->grad_output, vjp->inputs[1]);
    vjp->grad_inputs[1] = dg_mul(vjp->grad_output, vjp->inputs[1]);
}

static void missing_operand(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_mul(vjp->grad_output, vjp->inputs[1]);
    vjp->grad_inputs[1] = vjp->grad_output;
}

static void missing_broadcast_sum(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_mul(vjp->grad_output, vjp->inputs[1]);
    dg_node *whole = dg_mul(vjp->grad_output, vjp->inputs[0]);
    vjp->grad_inputs[1] = dg_reshape_as(dg_slice(whole, .dim = 0, .start = 0, .end = 1), vjp->inputs[1]);
}

/* y = x, whose own derivative is forgotten: what rules that are right at first and wrong later are made of. */
static dg_status blind_forward(const dg_kernel *kernel)
{
    memcpy(kernel->outputs[0]->data, kernel->inputs[0]->data, dg_tensor_bytes(kernel->inputs[0]));
    return dg_ok();
}

static const dg_sample one_input[] = {{.call = "test_wrong", .inputs = {"[2, 3]"}}, {.call = NULL}};
static const dg_sample two_inputs[] = {{.call = "test_wrong", .inputs = {"[2, 3]", "[3]"}}, {.call = NULL}};

static dg_op wrong = {
    .name = "test_wrong",
    .family = "test",
    .summary = "wrong on purpose",
    .inputs = {{.name = "a"}},
    .infer = same_infer,
    .forward = cube_forward,
    .samples = one_input,
};

static const dg_op blind = {
    .name = "test_blind",
    .family = "test",
    .summary = "y = x, of which nothing can be differentiated",
    .inputs = {{.name = "input"}},
    .infer = same_infer,
    .forward = blind_forward,
    .backward = nothing_at_all,
};

static dg_check_report *check_wrong(void)
{
    dg_check_report *report;
    OK(dg_register(&blind));
    OK(dg_register(&wrong));
    OK(dg_check_op(&wrong, NULL, &report));
    return report;
}

static const dg_check_entry *find(const dg_check_report *report, const char *node, int order, bool forward)
{
    for (size_t k = 0; k < report->count; k++)
        if (strcmp(report->entries[k].node, node) == 0 && report->entries[k].order == order &&
            report->entries[k].forward == forward)
            return &report->entries[k];
    cr_assert_fail("no entry for %s, order %d", node, order);
    return NULL;
}

Test(check, passes_what_is_right)
{
    wrong.backward = right;
    dg_check_report *report = check_wrong();
    cr_assert_eq(report->failed, 0);
    cr_assert_eq(report->skipped, 0);
    cr_assert_eq(report->count, 4);
    cr_assert_eq(report->checked, 2 * (6 + 2 + 2));
    const dg_check_entry *entry = find(report, "a", 1, false);
    cr_assert_str_eq(entry->call, "test_wrong");
    cr_assert_eq(entry->checked, 8);
    cr_assert_float_eq(entry->expected, entry->found, 1e-6);
    dg_check_report_free(report);
}

Test(check, catches_a_wrong_sign)
{
    wrong.backward = wrong_sign;
    dg_check_report *report = check_wrong();
    const dg_check_entry *entry = find(report, "a", 1, false);
    cr_assert_eq(entry->failed, 8); /* 6 elements and 2 directions */
    cr_assert_float_eq(entry->expected, -entry->found, 1e-6 * fabs(entry->found));
    cr_assert_gt(find(report, "a", 1, true)->failed, 0); /* forward mode is made of the same rule */
    dg_check_report_free(report);
}

Test(check, catches_a_missing_factor)
{
    wrong.backward = missing_factor;
    dg_check_report *report = check_wrong();
    const dg_check_entry *entry = find(report, "a", 1, false);
    cr_assert_eq(entry->failed, 8);
    cr_assert_float_eq(entry->expected, 3 * entry->found, 1e-5 * fabs(entry->found));
    dg_check_report_free(report);
}

Test(check, catches_one_part_in_a_hundred_thousand)
{
    wrong.backward = slightly_wrong;
    dg_check_report *report = check_wrong();
    cr_assert_eq(find(report, "a", 1, false)->failed, 8);
    dg_check_report_free(report);
}

Test(check, names_the_one_element_that_is_wrong)
{
    wrong.backward = wrong_at_the_border;
    dg_check_report *report = check_wrong();
    const dg_check_entry *entry = find(report, "a", 1, false);
    cr_assert_eq(entry->failed, 3); /* it and the two directions */
    cr_assert_eq(entry->element, 5);
    cr_assert_eq(entry->found, 0);
    cr_assert_neq(entry->expected, 0);
    dg_check_report_free(report);
}

Test(check, catches_a_derivative_that_is_forgotten)
{
    wrong.backward = nothing_at_all;
    dg_check_report *report = check_wrong();
    cr_assert_eq(find(report, "a", 1, false)->failed, 8);
    dg_check_report_free(report);
}

Test(check, catches_a_wrong_second_derivative)
{
    wrong.backward = wrong_second_derivative;
    dg_check_report *report = check_wrong();
    cr_assert_eq(find(report, "a", 1, false)->failed, 0);
    cr_assert_gt(find(report, "a", 2, false)->failed, 0);
    dg_check_report_free(report);
}

Test(check, catches_a_second_derivative_lost_by_the_cotangent)
{
    wrong.backward = wrong_by_the_cotangent;
    dg_check_report *report = check_wrong();
    cr_assert_eq(find(report, "a", 1, false)->failed, 0);
    cr_assert_gt(find(report, "a", 2, false)->failed, 0);
    dg_check_report_free(report);
}

Test(check, catches_a_wrong_forward_mode)
{
    wrong.backward = right;
    wrong.jvp = wrong_tangent;
    dg_check_report *report = check_wrong();
    cr_assert_eq(find(report, "a", 1, false)->failed, 0);
    const dg_check_entry *entry = find(report, "a", 1, true);
    cr_assert_eq(entry->failed, 2);
    cr_assert_eq(entry->element, -1);
    dg_check_report_free(report);
}

static dg_check_report *check_wrong_product(void (*backward)(const dg_backward *))
{
    wrong.inputs[1].name = "b";
    wrong.forward = product_forward;
    wrong.samples = two_inputs;
    wrong.backward = backward;
    return check_wrong();
}

Test(check, catches_a_wrong_operand)
{
    dg_check_report *report = check_wrong_product(wrong_operand);
    cr_assert_eq(find(report, "a", 1, false)->failed, 0);
    cr_assert_eq(find(report, "b", 1, false)->failed, 5);
    dg_check_report_free(report);
}

Test(check, catches_a_missing_operand)
{
    dg_check_report *report = check_wrong_product(missing_operand);
    cr_assert_eq(find(report, "a", 1, false)->failed, 0);
    cr_assert_eq(find(report, "b", 1, false)->failed, 5);
    dg_check_report_free(report);
}

Test(check, catches_a_missing_broadcast_sum)
{
    dg_check_report *report = check_wrong_product(missing_broadcast_sum);
    cr_assert_eq(find(report, "a", 1, false)->failed, 0);
    cr_assert_eq(find(report, "b", 1, false)->failed, 5);
    dg_check_report_free(report);
}

/* ---- whole graphs ---- */

static dg_check_report *check_graph(const point *p, dg_check_options options)
{
    dg_check_report *report;
    options.feeds = p->feeds;
    options.n_feeds = p->n_feeds;
    OK(dg_check_gradients(&options, &report));
    return report;
}

Test(check, a_network_with_parameters)
{
    point p;
    point_make(&p);
    dg_node *x = give_as(&p, "x", DG_SHAPE(DG_N, 2), DG_SHAPE(3, 2), VALUES(1, 2, -3, 0.4, 0.5, -0.6));
    dg_node *y = dg_linear(dg_tanh(dg_linear(x, 4, .name = "fc1")), 1, .name = "fc2");
    dg_node *loss = dg_mean(dg_square(y));
    dg_tensors *parameters;
    OK(dg_tensors_new(&parameters));
    OK(dg_parameters_init(parameters, p.graph, 7));
    double before = dg_tensor_get(dg_tensors_find(parameters, "fc1.weight"), 3);
    dg_check_report *report = check_graph(&p, (dg_check_options){.loss = loss, .parameters = parameters});
    cr_assert_eq(report->failed, 0);
    cr_assert_eq(report->count, 4 * 5);
    cr_assert_eq(find(report, "fc1.weight", 1, false)->checked, 8 + 2);
    cr_assert_eq(find(report, "fc2.bias", 2, true)->checked, 2);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(parameters, "fc1.weight"), 3), before);
    dg_check_report_free(report);
    dg_tensors_free(parameters);
    point_free(&p);
}

Test(check, skips_kinks_but_not_mistakes_beside_them)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(4), VALUES(0, 1e-5, -3, 2));
    dg_check_report *report = check_graph(&p, (dg_check_options){.loss = dg_relu(x), .order = 1});
    const dg_check_entry *entry = find(report, "x", 1, false);
    cr_assert_eq(entry->failed, 0);
    cr_assert_geq(entry->skipped, 1);
    cr_assert_geq(entry->checked, 3);
    dg_check_report_free(report);
    point_free(&p);
}

/* x³ and, of slope 0.0005, a rectifier that opens 3·10⁻⁷ beyond x = 1: all steps but the smallest cross its kink. */
static dg_check_report *check_beside_a_kink(void (*backward)(const dg_backward *vjp))
{
    point p;
    wrong.backward = backward;
    OK(dg_register(&blind));
    OK(dg_register(&wrong));
    point_make(&p);
    dg_node *x = give_scalar(&p, "x", 1), *smooth = apply1("test_wrong", x);
    dg_node *loss = dg_expr("smooth + 5e-4 * relu(x - 1 - 3e-7)", {"smooth", smooth}, {"x", x});
    dg_check_report *report = check_graph(&p, (dg_check_options){.loss = loss, .order = 1});
    point_free(&p);
    return report;
}

Test(check, is_not_misled_by_a_small_kink_on_one_side)
{
    dg_check_report *report = check_beside_a_kink(right);
    cr_assert_eq(report->failed, 0);
    dg_check_report_free(report);
}

Test(check, is_not_blind_beside_a_small_kink)
{
    dg_check_report *report = check_beside_a_kink(wrong_by_a_thousandth);
    cr_assert_eq(find(report, "x", 1, false)->failed, 3);
    dg_check_report_free(report);
}

/* A convolution's bias moves hundreds of rectifiers and maxima at once: a step of any size crosses some. */
static dg_check_report *check_kinks(void (*backward)(const dg_backward *vjp))
{
    enum { SIZE = 2 * 14 * 14 };
    static double pixels[SIZE];
    const dg_random key = {.seed = 3};
    point p;
    dg_tensors *parameters;
    wrong.backward = backward;
    OK(dg_register(&blind));
    OK(dg_register(&wrong));
    point_make(&p);
    dg_random_normal(&key, DG_FLOAT64, pixels, 0, SIZE, 0, 1);
    dg_node *x = give(&p, "x", DG_SHAPE(2, 1, 14, 14), pixels);
    dg_node *first =
        dg_max_pool2d(dg_relu(dg_conv2d(x, 8, .kernel_size = 3, .padding = 1, .name = "c1")), .kernel_size = 2);
    dg_node *second =
        dg_max_pool2d(dg_relu(dg_conv2d(first, 8, .kernel_size = 3, .padding = 1, .name = "c2")), .kernel_size = 2);
    dg_node *loss = dg_sum(apply1("test_wrong", dg_linear(dg_flatten(second, .start_dim = 1), 3, .name = "scores")));
    OK(dg_graph_status(p.graph));
    OK(dg_tensors_new(&parameters));
    OK(dg_parameters_init(parameters, p.graph, 1));
    dg_check_report *report = check_graph(
        &p, (dg_check_options){.loss = loss, .parameters = parameters, .order = 1, .elements = 10, .directions = 8});
    dg_tensors_free(parameters);
    point_free(&p);
    return report;
}

Test(check, is_not_misled_by_the_kinks_of_a_convolutional_network)
{
    dg_check_report *report = check_kinks(right);
    cr_assert_eq(report->failed, 0);
    cr_assert_lt(report->skipped, report->checked / 20);
    dg_check_report_free(report);
}

Test(check, is_not_blind_to_small_mistakes_among_kinks)
{
    static const char *const leaves[] = {"x", "c1.weight", "c1.bias", "c2.weight", "c2.bias", "scores.weight"};
    dg_check_report *report = check_kinks(slightly_wrong);
    for (size_t k = 0; k < sizeof leaves / sizeof *leaves; k++)
        cr_assert_gt(find(report, leaves[k], 1, false)->failed, 3, "%s", leaves[k]);
    dg_check_report_free(report);
}

Test(check, skips_what_a_detached_node_changes)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(2, 3)), *y = give(&p, "y", DG_SHAPE(2), VALUES(4, 5));
    dg_check_report *report = check_graph(&p, (dg_check_options){.loss = dg_mul(dg_detach(x), dg_exp(y))});
    cr_assert_eq(report->failed, 0);
    cr_assert_eq(find(report, "x", 1, false)->checked, 0);
    cr_assert_eq(find(report, "y", 1, false)->skipped, 0);
    cr_assert_eq(find(report, "y", 2, true)->checked, 2);
    dg_check_report_free(report);
    point_free(&p);
}

Test(check, looks_at_some_elements_of_large_tensors)
{
    point p;
    point_make(&p);
    double values[1000];
    for (int i = 0; i < 1000; i++)
        values[i] = sin(i);
    dg_node *x = give(&p, "x", DG_SHAPE(1000), values);
    dg_check_options options = {.loss = dg_mean(dg_exp(x)), .elements = 7, .directions = 3, .no_forward = true};
    dg_check_report *report = check_graph(&p, options);
    cr_assert_eq(report->count, 2);
    cr_assert_eq(report->checked, 20);
    cr_assert_eq(report->failed, 0);
    dg_check_report_free(report);
    point_free(&p);
}

/* Four inputs of 50 numbers, of which test_wrong cubes the third. */
static dg_check_report *check_four(point *p, double most_work)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    double values[50];
    dg_node *sum = NULL;
    point_make(p);
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < 50; i++)
            values[i] = sin(i + 50 * k);
        dg_node *x = give(p, names[k], DG_SHAPE(50), values);
        dg_node *y = k == 2 ? dg_call(DG_HERE, "test_wrong", 1, &x) : dg_exp(x);
        sum = k ? dg_add(sum, y) : y;
    }
    return check_graph(p, (dg_check_options){.loss = dg_sum(sum), .order = 1, .most_work = most_work});
}

Test(check, compares_all_together_where_there_is_no_work_for_each)
{
    point p;
    wrong.backward = right;
    OK(dg_register(&wrong));
    dg_check_report *report = check_four(&p, 1e9); /* enough */
    cr_assert_eq(report->count, 8);
    cr_assert_eq(report->tensors, 4);
    cr_assert_eq(report->left_out, 0);
    dg_check_report_free(report);
    point_free(&p);
    report = check_four(&p, 1);
    cr_assert_eq(report->count, 6);
    cr_assert_eq(report->left_out, 4);
    cr_assert_eq(report->failed, 0);
    for (int k = 0; k < 4; k++) /* each by itself, too */
        cr_assert_eq(find(report, (const char *const[]){"a", "b", "c", "d"}[k], 1, false)->checked, 1);
    cr_assert_eq(find(report, "all together", 1, false)->checked, 1);
    cr_assert_eq(find(report, "all together", 1, true)->checked, 1);
    dg_check_report_free(report);
    point_free(&p);
    report = check_four(&p, 100000);
    cr_assert(report->left_out > 0 && report->left_out < 4, "%lld", (long long)report->left_out);
    cr_assert_eq(report->count, 2 + 2 * (4 - (size_t)report->left_out) + (size_t)report->left_out);
    cr_assert_eq(report->failed, 0);
    dg_check_report_free(report);
    point_free(&p);
}

Test(check, catches_in_all_together_what_is_wrong_in_one)
{
    point p;
    wrong.backward = wrong_by_a_thousandth;
    OK(dg_register(&wrong));
    dg_check_report *report = check_four(&p, 1);
    cr_assert_eq(report->count, 6);
    cr_assert_eq(find(report, "all together", 1, false)->failed, 1);
    cr_assert_eq(find(report, "c", 1, false)->failed, 1); /* and by its one element */
    cr_assert_eq(find(report, "b", 1, false)->failed, 0);
    dg_check_report_free(report);
    point_free(&p);
}

Test(check, refuses_float32_and_a_loss_that_is_no_number)
{
    point p;
    point_make(&p);
    dg_check_report *report;
    dg_node *narrow = dg_input(p.graph, DG_SHAPE(2), .dtype = DG_FLOAT32, .name = "narrow");
    dg_tensor values;
    OK(dg_tensor_make(&values, DG_FLOAT32, DG_SHAPE(2)));
    dg_feed feed = {narrow, &values};
    dg_status status =
        dg_check_gradients(&(dg_check_options){.loss = dg_exp(narrow), .feeds = &feed, .n_feeds = 1}, &report);
    cr_assert_eq(status.code, DG_BAD_DTYPE);
    cr_assert(strstr(status.message, "'narrow'"), "%s", status.message);
    cr_assert_null(report);
    dg_node *x = give_scalar(&p, "x", -1), *root = dg_sqrt(x);
    status = dg_check_gradients(&(dg_check_options){.loss = root, .feeds = p.feeds, .n_feeds = 1}, &report);
    cr_assert_eq(status.code, DG_NUMERIC);
    status = dg_check_gradients(&(dg_check_options){.loss = root}, &report);
    cr_assert_eq(status.code, DG_BAD_ARGUMENT);
    cr_assert(strstr(status.message, "'x' has no value"), "%s", status.message);
    dg_tensor_release(&values);
    point_free(&p);
}

Test(check, refuses_samples_that_say_nothing)
{
    static const char *const bad[] = {"2, 3",   "[2, x]", "[2", "[2] nonsense", "[2] int64", "[2] int64 below 0",
                                      "[3] spd"};
    dg_sample_case made;
    OK(dg_register(&blind));
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        dg_sample sample = {.call = "test_blind", .inputs = {bad[k]}};
        dg_status status = dg_sample_make(&made, &blind, &sample, DG_FLOAT64, 1);
        cr_assert_eq(status.code, DG_BAD_ARGUMENT, "%s", bad[k]);
        dg_sample_release(&made);
    }
    dg_check_report *report;
    dg_status status = dg_check_op(&blind, NULL, &report);
    cr_assert_eq(status.code, DG_BAD_ARGUMENT);
    cr_assert(strstr(status.message, "'test_blind' has no samples"));
}

Test(check, samples_are_what_they_say)
{
    static const dg_sample sample = {.call = "test_blind", .inputs = {"[400]"}};
    dg_sample_case made;
    OK(dg_register(&blind));
    OK(dg_sample_make(&made, &blind, &sample, DG_FLOAT64, 3));
    const double *x = made.tensors[0].data;
    for (int i = 0; i < 400; i++)
        for (double corner = 0; corner <= 3; corner += 0.5)
            cr_assert(corner == 1.5 || corner == 2 || corner == 2.5 || fabs(fabs(x[i]) - corner) >= 0.05);
    dg_sample_release(&made);
    cr_assert_null(made.graph);
}
