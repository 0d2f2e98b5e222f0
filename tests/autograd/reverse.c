#include "run.h"

#include <pthread.h>

static const double third[3] = {0.3, -1.2, 2.0};

Test(reverse, product_rule)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(3), third);
    double wanted[3];
    for (int i = 0; i < 3; i++)
        wanted[i] = sin(third[i]) + third[i] * cos(third[i]);
    expect(&p, grad_of(dg_mul(x, dg_sin(x)), x), DG_SHAPE(3), wanted);
    point_free(&p);
}

Test(reverse, an_input_used_twice_counts_twice)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(3), third);
    expect(&p, grad_of(dg_mul(x, x), x), DG_SHAPE(3), VALUES(0.6, -2.4, 4));
    expect(&p, grad_of(dg_sub(x, x), x), DG_SHAPE(3), VALUES(0, 0, 0));
    expect(&p, grad_of(dg_matmul(x, x), x), DG_SHAPE(3), VALUES(0.6, -2.4, 4));
    point_free(&p);
}

Test(reverse, a_shared_node_is_passed_once)
{
    point p;
    point_make(&p);
    dg_node *x = give_scalar(&p, "x", 0.7), *y = x;
    for (int k = 0; k < 60; k++) /* 2⁶⁰ paths */
        y = dg_mul(dg_add(y, y), dg_sigmoid(dg_mul(x, dg_detach(dg_zeros_like(x)))));
    int64_t before = dg_graph_node_count(p.graph);
    dg_node *gradient = grad_of(y, x);
    cr_assert_lt(dg_graph_node_count(p.graph) - before, 60 * 12);
    expect(&p, gradient, dg_scalar(), VALUES(1));
    point_free(&p);
}

Test(reverse, sums_over_broadcast_dimensions)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6));
    dg_node *row = give(&p, "row", DG_SHAPE(3), VALUES(1, 10, 100));
    dg_node *column = give(&p, "column", DG_SHAPE(2, 1), VALUES(2, 3));
    dg_node *scalar = give_scalar(&p, "scalar", 5);
    dg_node *y = dg_mul(dg_mul(x, row), dg_mul(column, scalar));
    dg_node *wrt[] = {x, row, column, scalar}, *grads[4];
    OK(dg_grad(y, 4, wrt, grads));
    expect(&p, grads[0], DG_SHAPE(2, 3), VALUES(10, 100, 1000, 15, 150, 1500));
    expect(&p, grads[1], DG_SHAPE(3), VALUES(5 * (2 + 12), 5 * (4 + 15), 5 * (6 + 18)));
    expect(&p, grads[2], DG_SHAPE(2, 1), VALUES(5 * 321, 5 * 654));
    expect(&p, grads[3], dg_scalar(), VALUES(2 * 321 + 3 * 654));
    point_free(&p);
}

Test(reverse, sums_where_a_symbol_turns_out_to_be_one)
{
    point p;
    point_make(&p);
    dg_shape two = DG_SHAPE(2, dg_symbol(p.graph, "T"));
    dg_node *x = give_as(&p, "x", two, DG_SHAPE(2, 1), VALUES(3, 4));
    dg_node *y = give_as(&p, "y", DG_SHAPE(2, dg_symbol(p.graph, "S")), DG_SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6));
    expect(&p, grad_of(dg_mul(x, y), x), DG_SHAPE(2, 1), VALUES(6, 15));
    point_free(&p);
}

Test(reverse, keeps_the_batch_symbolic)
{
    point p;
    point_make(&p);
    dg_node *x = give_as(&p, "x", DG_SHAPE(DG_N, 2), DG_SHAPE(3, 2), VALUES(1, 2, 3, 4, 5, 6));
    dg_node *w = give(&p, "w", DG_SHAPE(2, 1), VALUES(0.5, -1));
    dg_node *b = give(&p, "b", DG_SHAPE(1), VALUES(0.1));
    dg_node *y = dg_add(dg_matmul(x, w), b), *wrt[] = {x, w, b}, *grads[3];
    OK(dg_grad(y, 3, wrt, grads));
    expect(&p, grads[0], DG_SHAPE(3, 2), VALUES(0.5, -1, 0.5, -1, 0.5, -1));
    expect(&p, grads[1], DG_SHAPE(2, 1), VALUES(9, 12));
    expect(&p, grads[2], DG_SHAPE(1), VALUES(3));
    point_free(&p);
}

Test(reverse, by_nodes_in_between)
{
    point p;
    point_make(&p);
    dg_node *x = give_scalar(&p, "x", 0.5), *h = dg_square(x), *y = dg_sin(h);
    dg_node *wrt[] = {h, x, y}, *grads[3];
    OK(dg_grad(y, 3, wrt, grads));
    expect(&p, grads[0], dg_scalar(), VALUES(cos(0.25)));
    expect(&p, grads[1], dg_scalar(), VALUES(cos(0.25)));
    expect(&p, grads[2], dg_scalar(), VALUES(1));
    point_free(&p);
}

Test(reverse, zeros_where_nothing_depends)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(1, 2)), *y = give(&p, "y", DG_SHAPE(2), VALUES(3, 4));
    dg_node *wrt[] = {y, x, y}, *grads[3];
    OK(dg_grad(dg_exp(y), 3, wrt, grads));
    expect(&p, grads[1], DG_SHAPE(2), VALUES(0, 0));
    expect(&p, grads[0], DG_SHAPE(2), VALUES(exp(3), exp(4)));
    cr_assert_eq(grads[0], grads[2]);
    OK(dg_grad(y, 0, NULL, NULL));
    point_free(&p);
}

Test(reverse, detach_and_steps_stop_it)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(1.5, -2));
    expect(&p, grad_of(dg_mul(x, dg_detach(x)), x), DG_SHAPE(2), VALUES(1.5, -2));
    expect(&p, grad_of(dg_mul(x, dg_sign(x)), x), DG_SHAPE(2), VALUES(1, -1));
    point_free(&p);
}

Test(reverse, a_branch_not_taken_makes_no_nan)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(3), VALUES(-1, 0, 4));
    dg_node *y = dg_expr("where(x > 0, sqrt(x), exp(1000 * x) - 1)", {"x", x});
    expect(&p, grad_of(y, x), DG_SHAPE(3), VALUES(0, 1000, 0.25));
    point_free(&p);
}

Test(reverse, weighs_outputs_by_cotangents)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(1, 2));
    dg_node *u = give(&p, "u", DG_SHAPE(2), VALUES(10, 20));
    dg_node *outputs[] = {dg_square(x), dg_neg(x), x}, *cotangents[] = {u, NULL, u}, *gradient;
    OK(dg_vector_jacobian(3, outputs, cotangents, 1, &x, &gradient));
    expect(&p, gradient, DG_SHAPE(2), VALUES(20 - 1 + 10, 80 - 1 + 20));
    point_free(&p);
}

Test(reverse, passes_through_composed_ops)
{
    OK(dg_register(&xexp_op));
    point p;
    point_make(&p);
    dg_node *x = give_scalar(&p, "x", 0.5), *y = apply1("test_xexp", dg_square(x));
    expect(&p, grad_of(y, x), dg_scalar(), VALUES(2 * 0.5 * (1 + 0.25) * exp(0.25)));
    dg_node *inside = dg_node_input(dg_node_expansion(y)[0], 1);
    expect(&p, grad_of(dg_mul(y, x), inside), dg_scalar(), VALUES(0.25 * 0.5));
    point_free(&p);
}

Test(reverse, passes_through_every_output)
{
    OK(dg_register(&sincos_op));
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(0.3, 1));
    dg_node *s = apply1("test_sincos", x), *c = dg_output(s, 1);
    double wanted[2] = {cos(0.6), cos(2)}, sines[2] = {sin(0.3), sin(1)};
    expect(&p, grad_of(dg_mul(s, c), x), DG_SHAPE(2), wanted);
    expect(&p, grad_of(dg_neg(c), x), DG_SHAPE(2), sines);
    /* Another handle on the same output is the same thing. */
    expect(&p, grad_of(dg_mul(s, c), dg_output(s, 1)), DG_SHAPE(2), sines);
    point_free(&p);
}

static dg_status copy_forward(const dg_kernel *kernel)
{
    memcpy(kernel->outputs[0]->data, kernel->inputs[0]->data, dg_tensor_bytes(kernel->inputs[0]));
    return dg_ok();
}

Test(reverse, names_the_op_without_derivative)
{
    static const dg_op bare = {.name = "test_bare",
                               .family = "test",
                               .summary = "y = x",
                               .inputs = {{.name = "input"}},
                               .infer = same_infer,
                               .forward = copy_forward};
    OK(dg_register(&bare));
    point p;
    point_make(&p);
    dg_node *x = give_scalar(&p, "x", 1),
            *y = dg_apply(&(dg_application){.op = "test_bare", .name = "here", .n_inputs = 1, .inputs = &x});
    dg_node *gradient = x;
    dg_status status = dg_grad(dg_exp(y), 1, &x, &gradient);
    cr_assert_eq(status.code, DG_BAD_ARGUMENT);
    cr_assert_str_eq(status.message, "op 'test_bare' (node 'here') has no derivative");
    cr_assert_null(gradient);
    OK(dg_grad(dg_exp(y), 1, &y, &gradient)); /* not on the way */
    OK(dg_grad(dg_exp(dg_detach(y)), 1, &x, &gradient));
    point_free(&p);
}

Test(reverse, refuses_what_has_no_gradient)
{
    point p, q;
    point_make(&p);
    point_make(&q);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(1, 2)), *other = give(&q, "x", DG_SHAPE(2), VALUES(1, 2));
    dg_node *index = dg_input(p.graph, DG_SHAPE(2), .dtype = DG_INT64, .name = "index"), *gradient, *none = NULL;
    gradient = x;
    dg_status status = dg_grad(x, 1, &index, &gradient);
    cr_assert_null(gradient);
    cr_assert_eq(status.code, DG_BAD_DTYPE);
    cr_assert(strstr(status.message, "'index' is int64"));
    cr_assert_eq(dg_grad(index, 1, &x, &gradient).code, DG_BAD_DTYPE);
    cr_assert_eq(dg_grad(x, 1, &other, &gradient).code, DG_BAD_ARGUMENT);
    cr_assert_eq(dg_grad(x, 1, &none, &gradient).code, DG_BAD_ARGUMENT);
    cr_assert_eq(dg_grad(NULL, 1, &none, &gradient).code, DG_BAD_ARGUMENT);
    dg_node *narrow = dg_sum(x);
    status = dg_vector_jacobian(1, &x, &other, 1, &x, &gradient);
    cr_assert_eq(status.code, DG_BAD_ARGUMENT);
    status = dg_vector_jacobian(1, &x, &narrow, 1, &x, &gradient);
    cr_assert_eq(status.code, DG_BAD_SHAPE);
    OK(dg_graph_status(p.graph));
    point_free(&p);
    point_free(&q);
}

Test(reverse, returns_an_earlier_mistake)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(1, 2)), *gradient;
    dg_node *bad = dg_add(x, dg_input(p.graph, DG_SHAPE(3)));
    cr_assert_null(bad);
    dg_status status = dg_grad(bad, 1, &x, &gradient);
    cr_assert_eq(status.code, DG_BAD_SHAPE);
    cr_assert_str_eq(status.message, dg_graph_status(p.graph).message);
    point_free(&p);
}

Test(reverse, gradients_have_the_input_s_dtype)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(1, 2));
    dg_tensor values = {0};
    OK(dg_tensor_make(&values, DG_FLOAT32, DG_SHAPE(2)));
    dg_node *narrow = dg_input(p.graph, DG_SHAPE(2), .dtype = DG_FLOAT32);
    p.feeds[p.n_feeds] = (dg_feed){narrow, &p.tensors[p.n_feeds]};
    p.tensors[p.n_feeds++] = values;
    dg_node *gradient = grad_of(dg_mul(x, narrow), narrow);
    cr_assert_eq(dg_node_type(gradient, 0)->dtype, DG_FLOAT32);
    expect(&p, gradient, DG_SHAPE(2), VALUES(1, 2));
    point_free(&p);
}

enum { CHAIN = 100000 };

/* Differentiates and runs a chain of CHAIN nodes at 0.9; NULL when all went well. */
static void *long_chain(void *argument)
{
    double *slope = argument, start = 0.9;
    dg_graph *graph = NULL;
    dg_plan *plan = NULL;
    dg_node *gradient;
    dg_tensor tensor = dg_tensor_view(DG_FLOAT64, dg_scalar(), &start);
    if (dg_graph_new(&graph).code != DG_OK)
        return argument;
    dg_node *x = dg_input(graph, dg_scalar(), .dtype = DG_FLOAT64), *y = x;
    for (int k = 0; k < CHAIN; k++)
        y = k % 2 ? dg_sin(y) : dg_add(y, x);
    bool done = dg_grad(y, 1, &x, &gradient).code == DG_OK &&
                dg_plan_new(graph, &(dg_plan_options){.fetch = &gradient, .n_fetch = 1}, &plan).code == DG_OK &&
                dg_plan_run(plan, &(dg_feed){x, &tensor}, 1).code == DG_OK;
    if (done)
        *slope = dg_tensor_get(dg_plan_result(plan, 0), 0);
    dg_plan_free(plan);
    dg_graph_free(graph);
    return done ? NULL : argument;
}

Test(reverse, a_long_chain_needs_no_deep_stack)
{
    pthread_t thread;
    pthread_attr_t small;
    void *failure;
    double found = 0, value = 0.9, slope = 1;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    cr_assert_eq(pthread_create(&thread, &small, long_chain, &found), 0);
    pthread_join(thread, &failure);
    pthread_attr_destroy(&small);
    cr_assert_null(failure);
    for (int k = 0; k < CHAIN; k++) {
        slope = k % 2 ? slope * cos(value) : slope + 1;
        value = k % 2 ? sin(value) : value + 0.9;
    }
    cr_assert_float_eq(found, slope, 1e-9 * fabs(slope));
}

Test(reverse, small_derivatives_in_a_large_graph_stay_small)
{
    point p;
    point_make(&p);
    dg_node *x = give_scalar(&p, "x", 0.9), *y = x;
    for (int k = 0; k < 200000; k++)
        y = dg_sin(y);
    for (int k = 0; k < 20000; k++) { /* 4·10⁹ steps, if each went through all */
        dg_node *late = dg_exp(y), *gradient = grad_of(dg_square(late), late);
        cr_assert_not_null(gradient);
    }
    point_free(&p);
}

/* From every node of a derivative there is a way back to the node that it is the derivative of. */
Test(reverse, nodes_know_what_they_are_the_derivative_of)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(3), third), *inner = dg_sin(x), *outer = dg_softplus(inner);
    int64_t before = dg_graph_node_count(p.graph);
    dg_node *gradient = grad_of(outer, x);
    cr_assert_null(dg_node_derivative_of(inner));
    cr_assert_eq(dg_node_derivative_of(gradient), inner);
    int of_outer = 0;
    for (int64_t id = before; id < dg_graph_node_count(p.graph); id++)
        of_outer += dg_node_derivative_of(dg_graph_node(p.graph, id)) == outer;
    cr_assert_gt(of_outer, 0);
    cr_assert_null(dg_node_derivative_of(dg_cos(x)));
    point_free(&p);
}

/* What two readers give is added for neither of them, but for what both read. */
Test(reverse, a_sum_of_gradients_is_of_what_is_read_twice)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(3), third), *twice = dg_sin(x);
    dg_node *y = dg_mul(dg_cumsum(twice, 0), dg_flip(twice, 0));
    int64_t before = dg_graph_node_count(p.graph);
    cr_assert_not_null(grad_of(y, x));
    int sums = 0;
    for (int64_t id = before; id < dg_graph_node_count(p.graph); id++) {
        dg_node *node = dg_graph_node(p.graph, id);
        if (strcmp(dg_node_op(node)->name, "add") != 0)
            continue;
        cr_expect_eq(dg_node_derivative_of(node), twice);
        sums++;
    }
    cr_expect_eq(sums, 1);
    point_free(&p);
}
