#include "run.h"

static dg_node *grad_node(dg_node *output, dg_node *input)
{
    dg_node *inputs[] = {output, input};
    return dg_apply(&(dg_application){.op = "grad", .at = DG_HERE, .n_inputs = 2, .inputs = inputs});
}

Test(second_order, of_a_cube)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(2, -3)), *y = dg_mul(x, dg_mul(x, x));
    dg_node *first = grad_of(y, x), *second = grad_of(first, x), *last = grad_of(second, x);
    expect(&p, first, DG_SHAPE(2), VALUES(12, 27));
    expect(&p, second, DG_SHAPE(2), VALUES(12, -18));
    expect(&p, last, DG_SHAPE(2), VALUES(6, 6));
    expect(&p, grad_of(last, x), DG_SHAPE(2), VALUES(0, 0));
    point_free(&p);
}

Test(second_order, by_the_grad_op_of_the_grad_op)
{
    point p;
    point_make(&p);
    double x0 = 0.7, t = tanh(x0), d = 1 - t * t;
    dg_node *x = give_scalar(&p, "x", x0), *y = dg_tanh(x);
    dg_node *first = grad_node(y, x), *second = grad_node(first, x), *last = grad_node(second, x);
    expect(&p, first, dg_scalar(), VALUES(d));
    expect(&p, second, dg_scalar(), VALUES(-2 * t * d));
    expect(&p, last, dg_scalar(), VALUES(-2 * d * d + 4 * t * t * d));
    point_free(&p);
}

Test(second_order, a_gradient_penalty_trains)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(1, 2)), *w = give(&p, "w", DG_SHAPE(2), VALUES(3, 5));
    dg_node *u = dg_sum(dg_mul(dg_square(x), w)); /* ∂u/∂x = 2xw; penalty Σ 4x²w² */
    dg_node *penalty = dg_sum(dg_square(grad_node(u, x)));
    expect(&p, grad_of(penalty, w), DG_SHAPE(2), VALUES(8 * 1 * 3, 8 * 4 * 5));
    point_free(&p);
}

Test(second_order, grad_s_type_and_mistakes)
{
    point p;
    point_make(&p);
    dg_node *x = give_as(&p, "x", DG_SHAPE(DG_N, 2), DG_SHAPE(1, 2), VALUES(1, 2));
    dg_node *label = dg_input(p.graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    const dg_type *type = dg_node_type(grad_node(dg_exp(x), x), 0);
    cr_assert(type->shape.rank == 2 && type->shape.dims[0] == DG_N && type->dtype == DG_FLOAT64);
    cr_assert_null(grad_node(dg_exp(x), label));
    dg_status status = dg_graph_status(p.graph);
    cr_assert_eq(status.code, DG_BAD_DTYPE);
    cr_assert(strstr(status.message, "input is int64"), "%s", status.message);
    point_free(&p);
}

Test(second_order, mixed_derivatives_agree)
{
    point p;
    point_make(&p);
    dg_node *x = give_scalar(&p, "x", 0.4), *y = give_scalar(&p, "y", 1.3);
    dg_node *f = dg_mul(dg_exp(dg_mul(x, y)), dg_sin(y));
    double e = exp(0.52), wanted = e * ((1 + 0.52) * sin(1.3) + 1.3 * cos(1.3));
    expect(&p, grad_of(grad_of(f, x), y), dg_scalar(), &wanted);
    expect(&p, grad_of(grad_of(f, y), x), dg_scalar(), &wanted);
    point_free(&p);
}

Test(second_order, through_matrix_products)
{
    point p;
    point_make(&p);
    dg_node *w = give(&p, "w", DG_SHAPE(2, 2), VALUES(1, 2, 3, 4)), *x = give(&p, "x", DG_SHAPE(2), VALUES(5, -1));
    dg_node *f = dg_sum(dg_square(dg_matmul(w, x))), *hessian; /* 2 wᵀw */
    OK(dg_hessian(f, x, &hessian));
    expect(&p, hessian, DG_SHAPE(2, 2), VALUES(20, 28, 28, 40));
    point_free(&p);
}

Test(second_order, by_what_has_no_known_size_names_the_callers_node)
{
    dg_graph *graph;
    dg_node *hessian;
    OK(dg_graph_new(&graph));
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 3), .name = "x");
    dg_status status = dg_hessian(dg_sum(dg_square(x)), x, &hessian);
    cr_assert_eq(status.code, DG_BAD_SHAPE);
    cr_assert(strstr(status.message, "a Hessian by 'x' needs known sizes, it is [N, 3]"), "%s", status.message);
    dg_graph_free(graph);
}

Test(jacobian, by_rows_and_by_columns)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(2, 3)), *tall, *wide;
    dg_node *parts[] = {dg_square(x), dg_mul(x, dg_sum(x)), dg_neg(x)};
    OK(dg_jacobian(dg_stack(3, parts), x, &tall)); /* [3, 2, 2], by two tangents */
    expect(&p, tall, DG_SHAPE(3, 2, 2), VALUES(4, 0, 0, 6, 7, 2, 3, 8, -1, 0, 0, -1));
    OK(dg_jacobian(dg_prod(x), x, &wide)); /* one row */
    expect(&p, wide, DG_SHAPE(2), VALUES(3, 2));
    point_free(&p);
}

Test(jacobian, of_nothing_and_of_unknown_size)
{
    point p;
    point_make(&p);
    dg_node *x = give_as(&p, "x", DG_SHAPE(DG_N), DG_SHAPE(2), VALUES(2, 3)), *result;
    dg_node *empty = give(&p, "empty", DG_SHAPE(0), VALUES(0));
    OK(dg_jacobian(dg_exp(empty), empty, &result));
    expect(&p, result, DG_SHAPE(0, 0), VALUES(0));
    dg_status status = dg_jacobian(dg_exp(x), x, &result);
    cr_assert_eq(status.code, DG_BAD_SHAPE);
    cr_assert(strstr(status.message, "[N]"), "%s", status.message);
    point_free(&p);
}

Test(products, of_the_hessian_and_a_vector)
{
    point p;
    point_make(&p);
    dg_node *x = give_scalar(&p, "x", 2), *y = give_scalar(&p, "y", 3); /* f = x²y³: H = [2y³ 6xy²; 6xy² 6x²y] */
    dg_node *a = give_scalar(&p, "a", 10), *b = give_scalar(&p, "b", -1);
    dg_node *f = dg_mul(dg_square(x), dg_mul(y, dg_square(y)));
    dg_node *wrt[] = {x, y}, *vectors[] = {a, b}, *products[2];
    OK(dg_hessian_vector(f, 2, wrt, vectors, products));
    expect(&p, products[0], dg_scalar(), VALUES(54 * 10 - 108));
    expect(&p, products[1], dg_scalar(), VALUES(108 * 10 - 72));
    point_free(&p);
}

Test(products, gauss_newton_leaves_out_the_curvature_of_the_model)
{
    point p;
    point_make(&p);
    dg_node *x = give_scalar(&p, "x", 0.5), *v = give_scalar(&p, "v", 3), *product;
    dg_node *output = dg_exp(x), *loss = dg_square(output); /* Jᵀ·2·J·v, where the Hessian would give 4 e^2x v */
    OK(dg_gauss_newton_vector(loss, output, 1, &x, &v, &product));
    expect(&p, product, dg_scalar(), VALUES(2 * exp(1) * 3));
    point_free(&p);
}

static dg_status copy_forward(const dg_kernel *kernel)
{
    memcpy(kernel->outputs[0]->data, kernel->inputs[0]->data, dg_tensor_bytes(kernel->inputs[0]));
    return dg_ok();
}

static const dg_op last = {.name = "test_last",
                           .family = "test",
                           .summary = "y = x, without a derivative",
                           .inputs = {{.name = "input"}},
                           .infer = same_infer,
                           .forward = copy_forward};

static void once_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_call(DG_HERE, "test_last", 1, &vjp->grad_output);
}

static const dg_op once = {.name = "test_once",
                           .family = "test",
                           .summary = "y = x, whose derivative has none",
                           .inputs = {{.name = "input"}},
                           .infer = same_infer,
                           .forward = copy_forward,
                           .backward = once_backward};

Test(second_order, a_check_says_how_an_op_is_checked_that_has_none)
{
    point p;
    OK(dg_register(&last));
    OK(dg_register(&once));
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(3), VALUES(1, 2, 3));
    dg_node *loss = dg_sum(dg_square(dg_call(DG_HERE, "test_once", 1, &x)));
    for (int k = 0; k < 3; k++) { /* second derivatives; forward mode; as it says */
        dg_check_report *report = NULL;
        dg_status status = dg_check_gradients(
            &(dg_check_options){
                .loss = loss, .feeds = p.feeds, .n_feeds = p.n_feeds, .order = k ? 1 : 2, .no_forward = k != 1},
            &report);
        cr_expect_eq(status.code, k < 2 ? DG_BAD_ARGUMENT : DG_OK, "%d: %s", k, status.message);
        cr_expect_eq(k < 2, strstr(status.message, "'test_last'") && strstr(status.message, "--order 1 --reverse"),
                     "%d: %s", k, status.message);
        dg_check_report_free(report);
    }
    point_free(&p);
}
