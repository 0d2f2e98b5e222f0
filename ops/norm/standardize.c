/* The ops standardize and standardize_backward, from which the normalisations are composed. */
#include "ops/shared/arguments.h"
#include "ops/shared/rules.h"
#include "standardize_run.h"

#include "core/base/plain.h"

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/norm.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>
#include <stdio.h>

dg_status check_eps(double eps)
{
    return eps >= 0 ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "eps is %g, expected at least 0", eps);
}

/* w/√(var + ε); without a weight 1/√(var + ε). */
dg_node *inverse_deviation(dg_node *var, double eps, dg_node *weight)
{
    char formula[64];
    plain_print(formula, sizeof formula, weight ? "w * rsqrt(v + %.17g)" : "rsqrt(v + %.17g)", eps);
    return weight ? dg_expr(formula, {"v", var}, {"w", weight}) : dg_expr(formula, {"v", var});
}

/* The dimensions that stay must be neighbours: [before, channels, after]. Of unknown sizes only that is checked. */
static dg_status layout_of(const dg_value *dims, const dg_shape *shape, channel_layout *layout, axes *set)
{
    DG_TRY(axes_from(dims, shape->rank, set));
    bool known = dg_shape_is_known(shape);
    *layout = (channel_layout){1, 1, 1};
    int d = 0;
    for (; d < shape->rank && set->has[d]; d++)
        layout->before *= known ? shape->dims[d] : 1;
    for (; d < shape->rank && !set->has[d]; d++)
        layout->channels *= known ? shape->dims[d] : 1;
    for (; d < shape->rank && set->has[d]; d++)
        layout->after *= known ? shape->dims[d] : 1;
    if (d < shape->rank)
        return dg_error(DG_BAD_SHAPE, "the dimensions that are not in dim must be neighbours, %d is apart", d);
    return dg_ok();
}

dg_status standardize_infer(const dg_infer *infer)
{
    channel_layout layout;
    axes set;
    dg_type kept = *infer->inputs[0];
    DG_TRY(want_floats(infer, 0));
    DG_TRY(check_eps(infer->attrs[1].f));
    DG_TRY(layout_of(&infer->attrs[0], &kept.shape, &layout, &set));
    for (int d = 0; d < kept.shape.rank; d++)
        kept.shape.dims[d] = set.has[d] ? 1 : kept.shape.dims[d];
    infer->outputs[0] = *infer->inputs[0];
    infer->outputs[1] = infer->outputs[2] = kept;
    return dg_ok();
}

/* Of batches of images the channels may be kept last: then each is a column. */
dg_layout standardize_layout(const dg_kernel *kernel, int k)
{
    axes set;
    const dg_tensor *x = k < kernel->n_inputs ? kernel->inputs[k] : kernel->outputs[k - kernel->n_inputs];
    if (axes_from(&kernel->attrs[0], x->shape.rank, &set).code != DG_OK)
        return DG_LAYOUT_PLAIN;
    return set.has[0] && !set.has[1] && set.has[2] && set.has[3] ? DG_LAYOUT_ALIKE : DG_LAYOUT_PLAIN;
}

static dg_status real_layout(const dg_kernel *kernel, channel_layout *layout)
{
    axes set;
    const dg_tensor *x = kernel->inputs[0];
    DG_TRY(layout_of(&kernel->attrs[0], &x->shape, layout, &set));
    if (x->channels_last)
        *layout = (channel_layout){layout->before * layout->after, layout->channels, 1};
    return dg_ok();
}

dg_status standardize_forward(const dg_kernel *kernel)
{
    channel_layout layout;
    DG_TRY(real_layout(kernel, &layout));
    standardize_run(kernel, &layout, kernel->attrs[1].f);
    return dg_ok();
}

/* With r = 1/√(var + ε), n elements and cotangents g of y, g_m of the mean, g_v of the variance:
 * dx = r (g − mean(g) − y·mean(g·y)) + g_m / n + 2 g_v (x − mean) / n */
void standardize_backward(const dg_backward *vjp)
{
    dg_node *x = vjp->inputs[0], *y = vjp->output, *g = vjp->grad_outputs[0], *gm = vjp->grad_outputs[1],
            *gv = vjp->grad_outputs[2], *dx = NULL;
    dg_ints dims = ints_option(&vjp->attrs[0]);
    dg_ints all = {.only = DG_NONE};
    int rank = dg_node_type(x, 0)->shape.rank;
    for (int d = 0; dims.count == 0 && d < rank; d++)
        all.at[all.count++] = d;
    dims = dims.count ? dims : all;
    if (g && rank > 0) /* a scalar's y is always 0 */
        dx = dg_standardize_backward(g, y, dg_output(y, 2), dims, .eps = vjp->attrs[1].f);
    dg_node *n = gm || gv ? dg_count(x, .dim = dims) : NULL;
    if (gm) {
        dg_node *part = dg_expand_as(dg_div(gm, n), x);
        dx = dx ? dg_add(dx, part) : part;
    }
    if (gv) {
        dg_node *part = dg_expr("2 * g * (x - m) / n", {"g", gv}, {"x", x}, {"m", dg_output(y, 1)}, {"n", n});
        dx = dx ? dg_add(dx, part) : part;
    }
    vjp->grad_inputs[0] = dx;
}

/* The first term as an op of its own, for two passes in place of seven. */
dg_status standardize_backward_infer(const dg_infer *infer)
{
    channel_layout layout;
    axes set;
    const dg_shape *var = &infer->inputs[2]->shape;
    dg_shape kept = infer->inputs[0]->shape;
    DG_TRY(check_eps(infer->attrs[1].f));
    for (int k = 0; k < 3; k++)
        DG_TRY(want_floats(infer, k));
    DG_TRY(shapes_agree(infer, 0, 1));
    DG_TRY(layout_of(&infer->attrs[0], &kept, &layout, &set));
    bool fits = var->rank == kept.rank;
    for (int d = 0; fits && d < kept.rank; d++)
        fits = !sizes_differ(var->dims[d], set.has[d] ? 1 : kept.dims[d]);
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "var does not have the size 1 along dim and the gradient's along the others");
    return dg_infer_same(infer);
}

dg_status standardize_backward_forward(const dg_kernel *kernel)
{
    channel_layout layout;
    DG_TRY(real_layout(kernel, &layout));
    standardize_backward_run(kernel, &layout, kernel->attrs[1].f);
    return dg_ok();
}

/* Of dx = r (g − mean(g) − y a), a = mean(g y), with the cotangent c: linear in g and its own transpose there;
 * dy = −r (c a + g mean(c y)), d var = −Σ c dx / (2 (var + ε)). */
void standardize_backward_backward(const dg_backward *vjp)
{
    dg_node *g = vjp->inputs[0], *y = vjp->inputs[1], *var = vjp->inputs[2], *c = vjp->grad_output;
    double eps = vjp->attrs[1].f;
    dg_ints dims = ints_option(&vjp->attrs[0]);
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = dg_standardize_backward(c, y, var, dims, .eps = eps);
    if (vjp->wanted[1])
        vjp->grad_inputs[1] = dg_expr("-r * (c * a + g * b)", {"r", inverse_deviation(var, eps, NULL)}, {"c", c},
                                      {"a", dg_mean(dg_mul(g, y), .dim = dims, .keepdim = true)}, {"g", g},
                                      {"b", dg_mean(dg_mul(c, y), .dim = dims, .keepdim = true)});
    if (vjp->wanted[2]) {
        char formula[64];
        plain_print(formula, sizeof formula, "-0.5 * s / (v + %.17g)", eps);
        dg_node *sum = dg_sum(dg_mul(c, vjp->output), .dim = dims, .keepdim = true);
        vjp->grad_inputs[2] = dg_expr(formula, {"s", sum}, {"v", var});
    }
}

double standardize_flops(const dg_infer *infer)
{
    return 6 * (double)dg_shape_count(&infer->inputs[0]->shape);
}
