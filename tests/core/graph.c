/* Building graphs: sticky errors that name everything, weights that layers own, symbols, names. */
#include <criterion/criterion.h>
#include <dotgrad/autograd.h>
#include <dotgrad/core.h>
#include <dotgrad/ops.h>
#include <string.h>

static dg_graph *new_graph(void)
{
    dg_graph *graph;
    dg_status status = dg_graph_new(&graph);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return graph;
}

/* The graph failed, and the message has each of the words. */
static void expect_failure(const dg_graph *graph, dg_code code, const char *const *words)
{
    dg_status status = dg_graph_status(graph);
    cr_expect_eq(status.code, code, "%s", status.message);
    for (; *words; words++)
        cr_expect(strstr(status.message, *words), "'%s' is not in: %s", *words, status.message);
}

Test(graph, layer_owns_named_parameters)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 64), .name = "x");
    dg_node *y = dg_linear(x, 10, .name = "fc1");
    cr_assert(y, "%s", dg_graph_status(g).message);
    dg_node *weight = dg_graph_find(g, "fc1.weight"), *bias = dg_graph_find(g, "fc1.bias");
    cr_assert(weight && bias);
    cr_expect_eq(dg_node_owner(weight), y);
    cr_expect_eq(dg_node_input(y, 1), weight);
    cr_expect(dg_shape_equal(&dg_node_type(weight, 0)->shape, &DG_SHAPE(10, 64)));
    cr_expect(dg_shape_equal(&dg_node_type(bias, 0)->shape, &DG_SHAPE(10)));
    cr_expect(dg_shape_equal(&dg_node_type(y, 0)->shape, &DG_SHAPE(DG_N, 10)));
    dg_graph_free(g);
}

Test(graph, layer_without_bias_owns_no_bias)
{
    dg_graph *g = new_graph();
    dg_node *y = dg_linear(dg_input(g, DG_SHAPE(DG_N, 4)), 3, .bias = false, .name = "fc");
    cr_assert(y);
    cr_expect_null(dg_graph_find(g, "fc.bias"));
    cr_expect_null(dg_node_input(y, 2));
    dg_graph_free(g);
}

Test(graph, mistakes_of_nodes_without_a_name_begin_with_the_op)
{
    dg_graph *g = new_graph();
    cr_expect_null(dg_linear(dg_input(g, DG_SHAPE(DG_N, 4)), 0));
    dg_status status = dg_graph_status(g);
    cr_expect_eq(strncmp(status.message, "linear: ", 8), 0, "%s", status.message);
    dg_graph_free(g);
}

Test(graph, wired_weight_is_used)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 4)), *w = dg_input(g, DG_SHAPE(5, 4));
    dg_node *y = dg_linear(x, DG_NONE, .weight = w, .bias = false, .name = "fc");
    cr_assert(y, "%s", dg_graph_status(g).message);
    cr_expect_null(dg_graph_find(g, "fc.weight"));
    cr_expect_eq(dg_node_input(y, 1), w);
    dg_graph_free(g);
}

Test(graph, first_error_sticks_with_op_name_shapes_and_place)
{
    dg_graph *g = new_graph();
    dg_node *a = dg_input(g, DG_SHAPE(3, 4)), *b = dg_input(g, DG_SHAPE(5, 2));
    dg_node *bad = dg_add(a, b, .name = "sum1");
    cr_expect_null(bad);
    cr_expect_null(dg_relu(bad));
    cr_expect_null(dg_linear(dg_relu(bad), 3));
    expect_failure(g, DG_BAD_SHAPE, (const char *[]){"add", "'sum1'", "[3, 4]", "[5, 2]", "graph.c", NULL});
    dg_graph_free(g);
}

Test(graph, unknown_op_suggests_the_nearest)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(3));
    dg_node *const inputs[] = {x};
    dg_apply(&(dg_application){.op = "sigmiod", .name = "s", .n_inputs = 1, .inputs = inputs});
    expect_failure(g, DG_BAD_ARGUMENT, (const char *[]){"'sigmiod'", "'sigmoid'", NULL});
    dg_graph_free(g);
}

static void apply_named(dg_graph *g, const char *op, int count, const char *const *names)
{
    dg_node *x = dg_input(g, DG_SHAPE(3, 3));
    dg_node *const inputs[] = {x, x, x, x};
    dg_apply(&(dg_application){.op = op, .name = "n", .n_inputs = count, .inputs = inputs, .input_names = names});
}

Test(graph, wrong_inputs_are_named)
{
    dg_graph *g = new_graph();
    apply_named(g, "add", 3, NULL);
    expect_failure(g, DG_BAD_ARGUMENT, (const char *[]){"add 'n'", "3 inputs given, it takes 2: input, other", NULL});
    dg_graph_free(g);

    g = new_graph();
    apply_named(g, "add", 1, NULL);
    expect_failure(g, DG_BAD_ARGUMENT, (const char *[]){"'other' is missing", NULL});
    dg_graph_free(g);

    g = new_graph();
    apply_named(g, "add", 2, (const char *[]){"input", "weight"});
    expect_failure(g, DG_BAD_ARGUMENT, (const char *[]){"no input 'weight'; it takes input, other", NULL});
    dg_graph_free(g);

    g = new_graph();
    apply_named(g, "add", 2, (const char *[]){"other", "other"});
    expect_failure(g, DG_BAD_ARGUMENT, (const char *[]){"two nodes", "'other'", NULL});
    dg_graph_free(g);
}

Test(graph, named_and_positional_inputs_mix)
{
    dg_graph *g = new_graph();
    dg_node *a = dg_input(g, DG_SHAPE(3), .name = "a"), *b = dg_input(g, DG_SHAPE(3), .name = "b");
    dg_node *const inputs[] = {a, b};
    const char *const names[] = {"other", NULL};
    dg_node *y = dg_apply(&(dg_application){.op = "sub", .n_inputs = 2, .inputs = inputs, .input_names = names});
    cr_assert(y);
    cr_expect_eq(dg_node_input(y, 0), b);
    cr_expect_eq(dg_node_input(y, 1), a);
    dg_graph_free(g);
}

Test(graph, attributes_are_checked)
{
    const struct {
        const char *call;
        const char *words[4];
    } cases[] = {
        {"elu(beta=2)", {"'beta'", "alpha"}},
        {"elu(1, 2)", {"one too many"}},
        {"elu(alpha=big)", {"'alpha'", "big", "a number"}},
        {"elu(1, alpha=2)", {"'alpha'", "twice"}},
        {"gelu(approximate=sinh)", {"sinh", "one of", "tanh"}},
        {"threshold(0.1)", {"'value'", "missing"}},
        {"sum(dim=first)", {"'dim'", "first"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_graph *g = new_graph();
        dg_value call;
        cr_assert_eq(dg_call_parse(dg_graph_arena(g), cases[i].call, &call).code, DG_OK);
        dg_node *const inputs[] = {dg_input(g, DG_SHAPE(3))};
        dg_apply(&(dg_application){
            .op = call.s, .n_inputs = 1, .inputs = inputs, .n_attrs = (int)call.count, .attrs = call.items});
        expect_failure(g, DG_BAD_ARGUMENT, cases[i].words);
        dg_graph_free(g);
    }
}

Test(graph, name_can_be_taken_once)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(3), .name = "x");
    cr_expect_null(dg_relu(x, .name = "x"));
    expect_failure(g, DG_BAD_ARGUMENT, (const char *[]){"'x'", "taken", NULL});
    dg_graph_recover(g);
    dg_linear(x, 2, .name = "fc");
    cr_expect_null(dg_linear(x, 2, .name = "fc")); /* not: the name 'fc.weight' */
    expect_failure(g, DG_BAD_ARGUMENT, (const char *[]){"linear 'fc': the name 'fc' is taken", NULL});
    dg_graph_free(g);
}

Test(graph, made_up_names_are_unique_and_stay)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(3)), *a = dg_relu(x), *b = dg_relu(x);
    const char *name = dg_node_name(a);
    cr_expect_str_neq(name, dg_node_name(b));
    cr_expect_eq(name, dg_node_name(a));
    cr_expect_eq(dg_graph_find(g, name), a);
    cr_expect_not(dg_node_is_named(a));
    dg_graph_free(g);
}

Test(graph, nodes_of_two_graphs_do_not_mix)
{
    dg_graph *g = new_graph(), *h = new_graph();
    dg_node *a = dg_input(g, DG_SHAPE(3), .name = "a"), *b = dg_input(h, DG_SHAPE(3), .name = "b");
    cr_expect_null(dg_add(a, b));
    expect_failure(g, DG_BAD_ARGUMENT, (const char *[]){"'b'", "another graph", NULL});
    dg_graph_free(g);
    dg_graph_free(h);
}

Test(graph, symbols_follow_through_shape_rules)
{
    dg_graph *g = new_graph();
    int64_t t = dg_symbol(g, "T");
    cr_expect_eq(t, dg_symbol(g, "T"));
    cr_expect_str_eq(dg_symbol_name(g, t), "T");
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, t, 8)), *b = dg_input(g, DG_SHAPE(8));
    dg_node *y = dg_add(x, b);
    char text[DG_SHAPE_TEXT];
    cr_expect_str_eq(dg_graph_print_shape(g, &dg_node_type(y, 0)->shape, text, sizeof text), "[N, T, 8]");
    dg_graph_free(g);
}

Test(graph, expression_binds_numbers_and_parameters)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 3, 4), .name = "x");
    dg_value call;
    cr_assert_eq(dg_call_parse(dg_graph_arena(g),
                               "expr(x * sigmoid(beta * x) + k, beta=parameter(1.5, per=channel), k=2)", &call)
                     .code,
                 DG_OK);
    dg_node *const inputs[] = {x};
    dg_node *y = dg_apply(&(dg_application){
        .op = "expr", .name = "act", .n_inputs = 1, .inputs = inputs, .n_attrs = (int)call.count, .attrs = call.items});
    cr_assert(y, "%s", dg_graph_status(g).message);
    dg_node *beta = dg_graph_find(g, "act.beta");
    cr_assert(beta);
    cr_expect(dg_shape_equal(&dg_node_type(beta, 0)->shape, &DG_SHAPE(3, 1)));
    cr_expect(dg_shape_equal(&dg_node_type(y, 0)->shape, &dg_node_type(x, 0)->shape));
    dg_graph_free(g);
}

Test(graph, default_dtype_and_init_apply)
{
    dg_graph *g = new_graph();
    dg_graph_set_dtype(g, DG_FLOAT64);
    dg_status wrong = dg_graph_set_init(g, "constnat(0.25)");
    cr_expect_eq(wrong.code, DG_BAD_ARGUMENT);
    cr_expect(strstr(wrong.message, "there is no initialiser 'constnat'"), "%s", wrong.message);
    cr_assert_eq(dg_graph_set_init(g, "constant(0.25)").code, DG_OK);
    dg_linear(dg_input(g, DG_SHAPE(DG_N, 4)), 3, .name = "fc");
    cr_expect_eq(dg_node_type(dg_graph_find(g, "fc.weight"), 0)->dtype, DG_FLOAT64);
    dg_tensors *parameters;
    cr_assert_eq(dg_tensors_new(&parameters).code, DG_OK);
    dg_status status = dg_parameters_init(parameters, g, 1);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_expect_eq(dg_tensor_get(dg_tensors_find(parameters, "fc.weight"), 5), 0.25);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

Test(registry, refuses_incomplete_and_repeated_ops)
{
    static const dg_op no_summary = {.name = "test_op"}, again = {.name = "tanh",
                                                                  .family = "x",
                                                                  .summary = "x",
                                                                  .formula = "tanh(input)",
                                                                  .inputs = {{.name = "input"}}};
    cr_expect_eq(dg_register(&no_summary).code, DG_BAD_ARGUMENT);
    dg_status status = dg_register(&again);
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect(strstr(status.message, "tanh"));
}

Test(registry, formula_is_enough_for_an_op)
{
    static const dg_op swishy = {.name = "swishy",
                                 .family = "activation",
                                 .summary = "x·σ(a·x)",
                                 .inputs = {{.name = "input"}},
                                 .attrs = {{.name = "a", .kind = DG_ATTR_FLOAT, .fallback = "2"}},
                                 .formula = "input * sigmoid(a * input)"};
    cr_assert_eq(dg_register(&swishy).code, DG_OK);
    dg_graph *g = new_graph();
    dg_node *const inputs[] = {dg_input(g, DG_SHAPE(3))};
    dg_node *y = dg_apply(&(dg_application){.op = "swishy", .n_inputs = 1, .inputs = inputs});
    cr_expect(y && dg_node_formula(y), "%s", dg_graph_status(g).message);
    dg_graph_free(g);
}

/* ---- attributes that are refused ---- */

static void refuses(const char *text, dg_code code, const char *message)
{
    dg_graph *graph;
    cr_assert_eq(dg_graph_new(&graph).code, DG_OK);
    dg_node *x = dg_input(graph, DG_SHAPE(2, 3)), *t = dg_input(graph, DG_SHAPE(2, 3)), *inputs[] = {x, t};
    dg_value call;
    dg_status status = dg_call_parse(dg_graph_arena(graph), text, &call);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    const dg_op *op = dg_op_find(call.s);
    int n = dg_op_input_count(op);
    dg_apply(&(dg_application){.graph = graph,
                               .op = call.s,
                               .at = DG_HERE,
                               .n_inputs = op->flags & DG_ANY_INPUTS ? 1
                                           : n > 2                   ? 2
                                                                     : n,
                               .inputs = inputs,
                               .n_attrs = (int)call.count,
                               .attrs = call.items});
    status = dg_graph_status(graph);
    cr_expect_eq(status.code, code, "%s: code %d, %s", text, (int)status.code, status.message);
    cr_expect(strstr(status.message, message), "%s: '%s' is not in '%s'", text, message, status.message);
    dg_graph_free(graph);
}

Test(attributes, refuse_what_is_no_choice_and_out_of_range)
{
    refuses("mse_loss(reduction='mean|sum')", DG_BAD_ARGUMENT, "expected one of mean|sum|none");
    refuses("mse_loss(reduction='mea')", DG_BAD_ARGUMENT, "expected one of mean|sum|none");
    refuses("mse_loss(reduction='')", DG_BAD_ARGUMENT, "expected one of mean|sum|none");
    refuses("hardtanh(0.5, -0.5)", DG_BAD_ARGUMENT, "min_val ≤ max_val");
    refuses("expr(hardtanh(x, 0.5, -0.5))", DG_BAD_ARGUMENT, "min_val ≤ max_val");
    refuses("softshrink(-0.5)", DG_BAD_ARGUMENT, "lambd is -0.5, expected 0 or more");
    refuses("expr(softshrink(x, lambd=-0.5))", DG_BAD_ARGUMENT, "lambd is -0.5");
    refuses("softshrink(nan)", DG_BAD_ARGUMENT, "lambd");
    refuses("clamp(min=nan)", DG_BAD_ARGUMENT, "min");
    refuses("celu(0)", DG_BAD_ARGUMENT, "alpha is 0");
    refuses("softplus(beta=0)", DG_BAD_ARGUMENT, "beta is 0");
    refuses("snake(0)", DG_BAD_ARGUMENT, "a is 0");
    refuses("snake(inf)", DG_BAD_ARGUMENT, "'a' is inf, expected a finite number");
    refuses("celu(inf)", DG_BAD_ARGUMENT, "'alpha' is inf, expected a finite number");
    refuses("softplus(beta=-inf)", DG_BAD_ARGUMENT, "'beta' is -inf, expected a finite number");
    refuses("squareplus(b=inf)", DG_BAD_ARGUMENT, "'b' is inf, expected a finite number");
    refuses("leaky_relu(inf)", DG_BAD_ARGUMENT, "inf, expected a finite number");
    refuses("swish(beta=inf)", DG_BAD_ARGUMENT, "inf, expected a finite number");
    refuses("squareplus(-1)", DG_BAD_ARGUMENT, "b is -1");
    refuses("isru(alpha=-1)", DG_BAD_ARGUMENT, "alpha is -1");
    refuses("to(99)", DG_BAD_ARGUMENT, "expected an element type");
    refuses("input([-1, 3])", DG_BAD_SHAPE, "a size is a number from 0 on");
    refuses("normal([-1, 3])", DG_BAD_SHAPE, "a size is a number from 0 on");
}

/* Lists of one level are all as long, and numbers stand at one depth. */
Test(attributes, refuse_ragged_lists)
{
    refuses("constant([[1, 2, 3], [[], [], []]])", DG_BAD_SHAPE, "numbers and lists are mixed");
    refuses("constant([[1.5, 2.5], [[], []]])", DG_BAD_SHAPE, "numbers and lists are mixed");
    refuses("constant([[[3, 4]], [1]])", DG_BAD_SHAPE, "numbers and lists are mixed");
    refuses("constant([[], [1]])", DG_BAD_SHAPE, "a list has 1 item where another has 0");
    refuses("constant([1, [2]])", DG_BAD_SHAPE, "numbers and lists are mixed");
    refuses("constant([[[1]], [[]]])", DG_BAD_SHAPE, "a list has 0 items where another has 1");
}

Test(graph, shapes_from_c_are_checked)
{
    static const struct {
        dg_shape shape;
        const char *message;
    } mistakes[] = {
        {{.rank = 9}, "input 'x': 'shape' has 9 dimensions, at most 8"},
        {{.rank = -1}, "'shape' has -1 dimensions"},
        {{.rank = 2, .dims = {-200000000, 2}}, "-200000000, which is neither a size nor a symbol of this graph"},
        {{.rank = 2, .dims = {DG_N, DG_UNKNOWN}}, "'shape' has the size -1: a size that is known later is a symbol"},
        {{.rank = 1, .dims = {DG_N - 2}}, "-4, which is neither a size nor a symbol of this graph"}};
    for (size_t k = 0; k < sizeof mistakes / sizeof *mistakes; k++) {
        dg_graph *g;
        cr_assert_eq(dg_graph_new(&g).code, DG_OK);
        dg_symbol(g, "T"); /* −3 */
        dg_input(g, mistakes[k].shape, .name = "x");
        cr_expect_eq(dg_graph_status(g).code, DG_BAD_SHAPE);
        cr_expect(strstr(dg_graph_status(g).message, mistakes[k].message), "%s", dg_graph_status(g).message);
        dg_graph_free(g);
    }
}

Test(graph, ops_are_registered_before_the_first_graph)
{
    static const dg_op early = {.name = "early_op",
                                .family = "activation",
                                .summary = "y = 2x",
                                .inputs = {{.name = "input"}},
                                .formula = "input * 2"},
                       late = {.name = "late_op",
                               .family = "activation",
                               .summary = "y = 2x",
                               .inputs = {{.name = "input"}},
                               .formula = "input * 2"};
    dg_graph *g;
    cr_assert_eq(dg_register(&early).code, DG_OK);
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_status status = dg_register(&late);
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect(strstr(status.message, "'late_op' comes too late"), "%s", status.message);
    dg_node *x = dg_input(g, DG_SHAPE(2), .name = "x");
    cr_expect(dg_call(DG_HERE, "early_op", 1, &x));
    dg_graph_free(g);
    cr_expect_eq(dg_register(&late).code, DG_BAD_ARGUMENT);
}

Test(graph, nodes_are_a_count_and_an_array)
{
    dg_graph *g;
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *a = dg_input(g, DG_SHAPE(2, 3), .name = "a"), *b = dg_relu(a);
    dg_node *y = dg_cat(DG_NODES(a, b, dg_tanh(b)), .dim = 1);
    cr_assert(y, "%s", dg_graph_status(g).message);
    cr_expect_eq(dg_node_type(y, 0)->shape.dims[1], 9);
    cr_expect_eq(dg_node_input(y, 1), b);
    dg_graph_free(g);
}

Test(graph, names_are_text_and_no_name_is_none)
{
    dg_graph *g;
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(2), .name = "");
    cr_expect_not(dg_node_is_named(x));
    cr_expect_str_eq(dg_node_name(x), "input_0");
    cr_expect_null(dg_relu(x, .name = "\xff"));
    cr_expect(strstr(dg_graph_status(g).message, "not UTF-8"), "%s", dg_graph_status(g).message);
    dg_graph_free(g);
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    cr_expect_null(dg_module_begin(g, "m\xc3", false));
    cr_expect_eq(dg_graph_status(g).code, DG_BAD_ARGUMENT);
    dg_graph_free(g);
}

/* e and pi are numbers only where nobody gives them. */
Test(graph, names_that_are_given_to_a_formula_come_before_constants)
{
    dg_graph *g = new_graph();
    dg_node *a = dg_input(g, DG_SHAPE(3), .name = "a"), *b = dg_input(g, DG_SHAPE(3), .name = "b");
    dg_node *both = dg_expr("e * pi + x", {"e", a}, {"x", b});
    cr_assert(both, "%s", dg_graph_status(g).message);
    cr_assert_eq(dg_node_input_count(both), 2);
    cr_expect_str_eq(dg_node_input_name(both, 0), "x");
    cr_expect_str_eq(dg_node_input_name(both, 1), "e");
    cr_expect_eq(dg_node_input(both, 0), b);
    cr_expect_eq(dg_node_input(both, 1), a);
    dg_node *number = dg_expr("e * pi + x", {"x", b});
    cr_expect_null(dg_expr("a * x", {"a", dg_graph_find(g, "nobody")}, {"x", b}));
    expect_failure(g, DG_BAD_ARGUMENT, (const char *[]){"expr", "'a' is missing", "graph.c", NULL});
    dg_graph_recover(g);
    cr_expect_eq(dg_node_input_count(number), 1);
    dg_value text[] = {dg_text("x * e"), {0}}, start = dg_float(2);
    text[1] = (dg_value){.kind = DG_VALUE_CALL, .key = "e", .s = "parameter", .count = 1, .items = &start};
    dg_node *own = dg_apply(
        &(dg_application){.op = "expr", .name = "own", .n_inputs = 1, .inputs = &b, .n_attrs = 2, .attrs = text});
    cr_assert(own, "%s", dg_graph_status(g).message);
    cr_expect_not_null(dg_graph_find(g, "own.e"));
    dg_graph_free(g);
}

/* ---- nodes that are not there ---- */

/* Such a call knows no graph but by what was looked for. */
Test(graph, a_builder_that_gets_a_node_that_is_not_there_is_the_first_mistake)
{
    dg_graph *g = new_graph(), *another = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(2), .name = "x");
    dg_node *y = dg_tanh(dg_relu(dg_graph_find(g, "typo"), .name = "y"));
    cr_expect_null(y);
    expect_failure(g, DG_BAD_ARGUMENT,
                   (const char *[]){"relu y: input 'input' is NULL", "no node 'typo'", "graph.c", NULL});
    cr_expect_null(dg_relu(x));
    cr_expect_eq(dg_graph_status(another).code, DG_OK);
    cr_expect_not_null(dg_relu(dg_input(another, DG_SHAPE(2))));
    cr_expect_eq(dg_graph_recover(g).code, DG_BAD_ARGUMENT);
    cr_expect_eq(dg_graph_status(g).code, DG_OK);
    cr_expect_not_null(dg_relu(x));
    cr_expect_null(dg_expr("a * 2", {"a", dg_graph_find(g, "typo")}));
    expect_failure(g, DG_BAD_ARGUMENT, (const char *[]){"expr: input 'a' is NULL", "'typo'", NULL});
    dg_graph_free(g);
    dg_graph_free(another);
}

Test(graph, an_input_that_is_not_there_is_told_by_the_name_it_was_looked_for)
{
    dg_graph *g = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(2), .name = "x");
    cr_expect_null(dg_add(x, dg_graph_find(g, "typo")));
    expect_failure(g, DG_BAD_ARGUMENT, (const char *[]){"add: input 'other' is missing", "no node 'typo'", NULL});
    dg_graph_free(g);
}

/* To look is no mistake, nor are the NULLs that follow another one. */
Test(graph, a_node_that_is_not_there_may_be_asked_for)
{
    dg_graph *g = new_graph(), *failed = new_graph();
    dg_node *x = dg_input(g, DG_SHAPE(2), .name = "x"), *slope;
    cr_expect_null(dg_graph_find(g, "typo"));
    cr_expect_not_null(dg_relu(x));
    cr_expect_null(dg_tanh(dg_linear(dg_input(failed, DG_SHAPE(2)), 0)));
    cr_expect_null(dg_graph_find(g, "typo"));
    cr_expect_eq(dg_grad(dg_sum(dg_softplus(x)), 1, &x, &slope).code, DG_OK);
    cr_expect_eq(dg_graph_status(g).code, DG_OK, "%s", dg_graph_status(g).message);
    expect_failure(failed, DG_BAD_ARGUMENT, (const char *[]){"linear", "out_features is 0", NULL});
    dg_graph_free(g);
    dg_graph_free(failed);
}
