#include "run.h"

static dg_node *tangent_of(dg_node *output, dg_node *input, dg_node *tangent)
{
    dg_node *result = NULL;
    OK(dg_jacobian_vector(1, &output, 1, &input, &tangent, &result));
    return result;
}

Test(forward_mode, of_formulas)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(0.5, 2)), *t = give(&p, "t", DG_SHAPE(2), VALUES(1, 10));
    double wanted[2] = {sin(0.5) + 0.5 * cos(0.5), 10 * (sin(2) + 2 * cos(2))};
    expect(&p, tangent_of(dg_mul(x, dg_sin(x)), x, t), DG_SHAPE(2), wanted);
    point_free(&p);
}

Test(forward_mode, broadcasts_tangents)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2, 2), VALUES(1, 2, 3, 4)), *b = give(&p, "b", DG_SHAPE(2), VALUES(5, 6));
    dg_node *t = give(&p, "t", DG_SHAPE(2), VALUES(1, 10));
    expect(&p, tangent_of(dg_add(x, b), b, t), DG_SHAPE(2, 2), VALUES(1, 10, 1, 10));
    expect(&p, tangent_of(dg_mul(b, x), b, t), DG_SHAPE(2, 2), VALUES(1, 20, 3, 40));
    point_free(&p);
}

Test(forward_mode, by_two_reverses_where_an_op_has_only_its_reverse)
{
    point p;
    point_make(&p);
    dg_node *w = give(&p, "w", DG_SHAPE(2, 2), VALUES(1, 2, 3, 4)), *x = give(&p, "x", DG_SHAPE(2), VALUES(5, 6));
    dg_node *t = give(&p, "t", DG_SHAPE(2), VALUES(1, 10)), *u = give(&p, "u", DG_SHAPE(2, 2), VALUES(1, 0, 0, 2));
    expect(&p, tangent_of(dg_matmul(w, x), x, t), DG_SHAPE(2), VALUES(21, 43));
    dg_node *y = dg_matmul(w, x), *wrt[] = {w, x}, *tangents[] = {u, t}, *result;
    OK(dg_jacobian_vector(1, &y, 2, wrt, tangents, &result));
    expect(&p, result, DG_SHAPE(2), VALUES(21 + 5, 43 + 12));
    expect(&p, tangent_of(dg_sum(dg_square(x)), x, t), dg_scalar(), VALUES(130));
    point_free(&p);
}

Test(forward_mode, through_composed_ops_and_several_outputs)
{
    OK(dg_register(&xexp_op));
    OK(dg_register(&sincos_op));
    point p;
    point_make(&p);
    dg_node *x = give_scalar(&p, "x", 0.5), *t = give_scalar(&p, "t", 3);
    expect(&p, tangent_of(apply1("test_xexp", x), x, t), dg_scalar(), VALUES(4.5 * exp(0.5)));
    dg_node *s = apply1("test_sincos", x), *c = dg_output(s, 1);
    expect(&p, tangent_of(c, x, t), dg_scalar(), VALUES(-3 * sin(0.5)));
    expect(&p, tangent_of(dg_mul(s, c), x, t), dg_scalar(), VALUES(3 * cos(1)));
    expect(&p, tangent_of(dg_mul(s, c), c, t), dg_scalar(), VALUES(3 * sin(0.5)));
    point_free(&p);
}

static void double_jvp(const dg_tangents *jvp)
{
    jvp->output_tangents[0] = dg_mul(jvp->tangents[0], dg_add(dg_ones_like(jvp->output), dg_ones_like(jvp->output)));
}

static dg_status double_forward(const dg_kernel *kernel)
{
    for (int64_t i = 0; i < dg_tensor_count(kernel->inputs[0]); i++)
        dg_tensor_set(kernel->outputs[0], i, 2 * dg_tensor_get(kernel->inputs[0], i));
    return dg_ok();
}

Test(forward_mode, by_an_op_s_own_rule)
{
    static const dg_op twice = {.name = "test_twice",
                                .family = "test",
                                .summary = "y = 2x",
                                .inputs = {{.name = "input"}},
                                .infer = same_infer,
                                .forward = double_forward,
                                .jvp = double_jvp};
    OK(dg_register(&twice));
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(0.5, 1)), *t = give(&p, "t", DG_SHAPE(2), VALUES(3, 4));
    expect(&p, tangent_of(dg_square(apply1("test_twice", x)), x, t), DG_SHAPE(2), VALUES(2 * 1 * 6, 2 * 2 * 8));
    point_free(&p);
}

Test(forward_mode, zeros_and_ones_where_nothing_is_said)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(0.5, 1)), *y = give_scalar(&p, "y", 1);
    dg_node *outputs[] = {dg_square(x), dg_exp(y), x}, *results[3];
    OK(dg_jacobian_vector(3, outputs, 1, &x, NULL, results));
    expect(&p, results[0], DG_SHAPE(2), VALUES(1, 2));
    expect(&p, results[1], dg_scalar(), VALUES(0));
    expect(&p, results[2], DG_SHAPE(2), VALUES(1, 1));
    point_free(&p);
}

Test(forward_mode, over_reverse_gives_the_hessian)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(2, 3)), *t = give(&p, "t", DG_SHAPE(2), VALUES(1, 10));
    dg_node *f = dg_prod(dg_square(x)); /* x²y²: H = [2y² 4xy; 4xy 2x²] */
    expect(&p, tangent_of(grad_of(f, x), x, t), DG_SHAPE(2), VALUES(18 + 240, 24 + 80));
    point_free(&p);
}

Test(forward_mode, refuses_a_tangent_of_another_shape)
{
    point p;
    point_make(&p);
    dg_node *x = give(&p, "x", DG_SHAPE(2), VALUES(2, 3)), *t = give_scalar(&p, "t", 1), *y = dg_exp(x), *result;
    dg_status status = dg_jacobian_vector(1, &y, 1, &x, &t, &result);
    cr_assert_eq(status.code, DG_BAD_SHAPE);
    cr_assert_str_eq(status.message, "tangent 't' is [], but 'x' is [2]");
    point_free(&p);
}
