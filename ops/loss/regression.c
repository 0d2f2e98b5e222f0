/* Losses of real-valued targets: robust regression, and negative log-likelihoods of distributions. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/loss.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

#include <stdio.h>

#include "ops/shared/rules.h"
#include "reduction.h"

#include "core/base/plain.h"

static dg_status number_out_of_range(const dg_infer *infer, int attr, const char *wants)
{
    return dg_error(DG_BAD_ARGUMENT, "%s is %g, expected %s", infer->op->attrs[attr].name, infer->attrs[attr].f, wants);
}

/* ---- smooth_l1_loss, huber_loss ---- */

static dg_status smooth_l1_loss_infer(const dg_infer *infer)
{
    if (!(infer->attrs[1].f >= 0))
        return number_out_of_range(infer, 1, "0 or more");
    return loss_of_pair_infer(infer);
}

static void smooth_l1_loss_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *t = compose->inputs[1];
    double beta = compose->attrs[1].f;
    dg_node *losses = beta == 0
                          ? loss_of_pair(x, t, "abs(x - t)")
                          : loss_of_pair(x, t, "where(abs(x - t) < %.17g, %.17g * square(x - t), abs(x - t) - %.17g)",
                                         beta, 0.5 / beta, 0.5 * beta);
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static const dg_sample smooth_l1_loss_samples[] = {{"smooth_l1_loss", {"[2, 3]", "[2, 3]"}},
                                                   {"smooth_l1_loss(reduction=sum, beta=0.5)", {"[4]", "[4]"}},
                                                   {"smooth_l1_loss(reduction=none, beta=0)", {"[4]", "[4]"}},
                                                   {.call = NULL}};

static dg_status huber_loss_infer(const dg_infer *infer)
{
    if (!(infer->attrs[1].f > 0))
        return number_out_of_range(infer, 1, "more than 0");
    return loss_of_pair_infer(infer);
}

static void huber_loss_compose(const dg_compose *compose)
{
    double delta = compose->attrs[1].f;
    dg_node *losses = loss_of_pair(compose->inputs[0], compose->inputs[1],
                                   "where(abs(x - t) <= %.17g, 0.5 * square(x - t), %.17g * (abs(x - t) - %.17g))",
                                   delta, delta, 0.5 * delta);
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static const dg_sample huber_loss_samples[] = {{"huber_loss", {"[2, 3]", "[2, 3]"}},
                                               {"huber_loss(reduction=sum, delta=0.7)", {"[4]", "[4]"}},
                                               {"huber_loss(reduction=none, delta=2)", {"[2, 3]", "[]"}},
                                               {.call = NULL}};

/* ---- kl_div ---- */

static dg_status kl_div_infer(const dg_infer *infer)
{
    if (is_name(&infer->attrs[0], "batchmean") && infer->inputs[0]->shape.rank == 0)
        return dg_error(DG_BAD_SHAPE, "reduction=batchmean needs a batch, but input is []");
    return loss_of_pair_infer(infer);
}

static void kl_div_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *t = compose->inputs[1];
    bool batch = is_name(&compose->attrs[0], "batchmean"), log_target = compose->attrs[1].b;
    dg_node *losses = loss_of_pair(x, t, log_target ? "exp(t) * (t - x)" : "where(t == 0, 0, t * log(t)) - t * x");
    compose->outputs[0] =
        batch ? dg_div(dg_sum(losses), dg_count(x, .dim = DG_INTS(0))) : reduced(losses, &compose->attrs[0]);
}

static const dg_sample kl_div_samples[] = {{"kl_div", {"[2, 3]", "[2, 3] unit"}},
                                           {"kl_div(reduction=batchmean)", {"[2, 3]", "[2, 3] unit"}},
                                           {"kl_div(reduction=sum, log_target=true)", {"[2, 3]", "[2, 3]"}},
                                           {"kl_div(reduction=none)", {"[4]", "[4] unit"}},
                                           {.call = NULL}};

/* ---- gaussian_nll_loss ---- */

/* var has input's shape, or lacks its last size or has 1 there: one variance for several numbers. */
static bool lacks_last(const dg_shape *var, const dg_shape *shape)
{
    return var->rank == shape->rank - 1;
}

static dg_status gaussian_nll_loss_infer(const dg_infer *infer)
{
    const dg_shape *shape = &infer->inputs[0]->shape, *var = &infer->inputs[2]->shape;
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    if (!(infer->attrs[2].f > 0))
        return number_out_of_range(infer, 2, "more than 0");
    DG_TRY(loss_of_pair_infer(infer));
    DG_TRY(want_floats(infer, 2));
    bool fits = var->rank == shape->rank || lacks_last(var, shape);
    for (int d = 0; fits && d < var->rank; d++)
        fits = !sizes_differ(var->dims[d], shape->dims[d]) || (d == shape->rank - 1 && var->dims[d] == 1);
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "input is %s and var is %s: var needs input's shape, or 1 or no size at its end",
                        dg_graph_print_shape(infer->graph, shape, text, sizeof text),
                        dg_graph_print_shape(infer->graph, var, more, sizeof more));
    return dg_ok();
}

/* not_negative: y = x; a number below 0 fails the run, a NaN does not. */
static dg_status not_negative_infer(const dg_infer *infer)
{
    DG_TRY(want_floats(infer, 0));
    return dg_infer_same(infer);
}

static dg_status not_negative_forward(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0], *y = kernel->outputs[0];
    int64_t count = dg_tensor_count(x), at = 0;
    if (x->dtype == DG_FLOAT32)
        while (at < count && !(((const float *)x->data)[at] < 0))
            at++;
    else
        while (at < count && !(((const double *)x->data)[at] < 0))
            at++;
    if (at < count)
        return dg_error(DG_BAD_DATA, "variance number %lld is %g, expected 0 or more", (long long)at + 1,
                        dg_tensor_get(x, at));
    if (y->data != x->data && count > 0)
        memcpy(y->data, x->data, dg_tensor_bytes(x));
    return dg_ok();
}

static void not_negative_backward(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = vjp->grad_output;
}

static const dg_sample not_negative_samples[] = {{"not_negative", {"[2, 3] positive"}}, {.call = NULL}};

/* var is held at eps or more; its gradient passes as if it were not, as in PyTorch. */
static void gaussian_nll_loss_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *t = compose->inputs[1], *var = compose->inputs[2];
    char held[120];
    double eps = compose->attrs[2].f;
    if (lacks_last(&dg_node_type(var, 0)->shape, &dg_node_type(x, 0)->shape))
        var = dg_unsqueeze(var, -1);
    var = dg_not_negative(var);
    plain_print(held, sizeof held, "where(v < %.17g, %.17g + (v - d), v)", eps, eps);
    var = dg_expr(held, {"v", var}, {"d", dg_detach(var)});
    dg_node *losses = compose->attrs[1].b
                          ? dg_expr("0.5 * (log(v) + square(x - t) / v + log(2 * pi))", {"x", x}, {"t", t}, {"v", var})
                          : dg_expr("0.5 * (log(v) + square(x - t) / v)", {"x", x}, {"t", t}, {"v", var});
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static const dg_sample gaussian_nll_loss_samples[] = {
    {"gaussian_nll_loss", {"[2, 3]", "[2, 3]", "[2, 3] positive"}},
    {"gaussian_nll_loss(reduction=sum, full=true)", {"[2, 3]", "[2, 3]", "[2] positive"}},
    {"gaussian_nll_loss(reduction=none)", {"[2, 3]", "[2, 3]", "[2, 1] positive"}},
    {.call = NULL}};

/* ---- poisson_nll_loss ---- */

static dg_status poisson_nll_loss_infer(const dg_infer *infer)
{
    if (!(infer->attrs[3].f >= 0))
        return number_out_of_range(infer, 3, "0 or more");
    return loss_of_pair_infer(infer);
}

static void poisson_nll_loss_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *t = compose->inputs[1];
    dg_node *losses = compose->attrs[1].b ? loss_of_pair(x, t, "exp(x) - t * x")
                                          : loss_of_pair(x, t, "x - t * log(x + %.17g)", compose->attrs[3].f);
    if (compose->attrs[2].b)
        losses = dg_expr("l + where(t > 1, t * log(t) - t + 0.5 * log(2 * pi * t), 0)", {"l", losses}, {"t", t});
    compose->outputs[0] = reduced(losses, &compose->attrs[0]);
}

static const dg_sample poisson_nll_loss_samples[] = {
    {"poisson_nll_loss", {"[2, 3]", "[2, 3] positive"}},
    {"poisson_nll_loss(reduction=sum, log_input=false, full=true)", {"[2, 3] positive", "[2, 3] above 1"}},
    {"poisson_nll_loss(reduction=none, full=true)", {"[4]", "[4] unit"}},
    {.call = NULL}};

static const dg_op regression_loss_ops[] = {
    {
        .name = "smooth_l1_loss",
        .family = "loss",
        .scores = DG_SCORES_VALUES,
        .summary = "(x − t)²/(2β) where |x − t| < β, else |x − t| − β/2",
        .source = "Girshick, Fast R-CNN (2015), eq. 3",
        .inputs = PAIR_INPUTS,
        .attrs = {REDUCTION, NUMBER("beta", "1", "where the parabola ends; 0: l1_loss")},
        .infer = smooth_l1_loss_infer,
        .compose = smooth_l1_loss_compose,
        .samples = smooth_l1_loss_samples,
    },
    {
        .name = "huber_loss",
        .family = "loss",
        .scores = DG_SCORES_VALUES,
        .summary = "(x − t)²/2 where |x − t| ≤ δ, else δ(|x − t| − δ/2)",
        .source = "Huber, Robust estimation of a location parameter (1964)",
        .inputs = PAIR_INPUTS,
        .attrs = {REDUCTION, BOUND("delta", "1", "where the parabola ends")},
        .infer = huber_loss_infer,
        .compose = huber_loss_compose,
        .samples = huber_loss_samples,
    },
    {
        .name = "kl_div",
        .family = "loss",
        .summary = "t (ln t − x), x and with log_target t being logarithms of probabilities",
        .source = "Kullback and Leibler, On information and sufficiency (1951)",
        .inputs = PAIR_INPUTS,
        .attrs = {{.name = "reduction",
                   .kind = DG_ATTR_NAME,
                   .fallback = "mean",
                   .doc = "of the losses; batchmean divides the sum by the batch alone, as the definition does",
                   .choices = "mean|sum|none|batchmean"},
                  SWITCH("log_target", "false", "target holds logarithms")},
        .infer = kl_div_infer,
        .compose = kl_div_compose,
        .samples = kl_div_samples,
    },
    {
        .name = "not_negative",
        .family = "loss",
        .summary = "y = x, which must be 0 or more, as variances are: other numbers fail the run",
        .inputs = {{.name = "input"}},
        .flags = DG_IN_PLACE,
        .infer = not_negative_infer,
        .forward = not_negative_forward,
        .backward = not_negative_backward,
        .samples = not_negative_samples,
    },
    {
        .name = "gaussian_nll_loss",
        .family = "loss",
        .summary = "½ (ln v + (x − t)²/v), v = max(var, eps)",
        .source = "Nix and Weigend, Estimating the mean and variance of the target distribution (1994)",
        .inputs = {{.name = "input", .doc = "means"},
                   {.name = "target", .doc = "in input's shape, or one number"},
                   {.name = "var", .doc = "variances, 0 or more: in input's shape, or with 1 or no size at its end"}},
        .attrs = {REDUCTION, SWITCH("full", "false", "adds the constant ½ ln 2π"),
                  NUMBER("eps", "1e-6", "the least variance; the gradient by var passes it")},
        .infer = gaussian_nll_loss_infer,
        .compose = gaussian_nll_loss_compose,
        .samples = gaussian_nll_loss_samples,
    },
    {
        .name = "poisson_nll_loss",
        .family = "loss",
        .summary = "eˣ − t x, or without log_input x − t ln(x + eps)",
        .inputs = PAIR_INPUTS,
        .attrs = {REDUCTION, SWITCH("log_input", "true", "input holds logarithms of rates"),
                  SWITCH("full", "false", "adds Stirling's t ln t − t + ½ ln 2πt where t > 1"),
                  NUMBER("eps", "1e-8", "keeps the logarithm from 0")},
        .infer = poisson_nll_loss_infer,
        .compose = poisson_nll_loss_compose,
        .samples = poisson_nll_loss_samples,
    },
};

const dg_op_family regression_loss_family = DG_FAMILY(regression_loss_ops);
