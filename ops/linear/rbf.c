/* rbf: y_j = φ(|x − c_j|) for M centres, with φ a radial basis function.
 *
 * Kernels with a width are functions of t = γ r², those without of s = r²; both of the squared distance alone, whose
 * gradient is smooth, so that only the formulas below have to mind r = 0. There they take the Taylor expansion of φ,
 * and what the chain rule multiplies by x − c = 0 is 0 and not 0·∞. */
#include <dotgrad/op.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/softmax.h>

#include <string.h>

#include "ops/shared/rules.h"

typedef struct radial_kernel {
    const char *name, *formula; /* over s = r² and g = γ */
    bool has_gamma;
} radial_kernel;

/* Matérn: Rasmussen and Williams, Gaussian Processes for Machine Learning, (4.17), with r/ℓ = √t. Wendland: φ₃,₁ of
 * "Piecewise polynomial, positive definite and compactly supported radial functions of minimal degree" (1995),
 * (1 − √t)₊⁴ (4√t + 1), multiplied out so that its derivative by t has no √t below a line. */
static const radial_kernel kernels[] = {
    {"gaussian", "exp(-g * s)", true},
    {"multiquadric", "sqrt(1 + g * s)", true},
    {"inverse_multiquadric", "1 / sqrt(1 + g * s)", true},
    {"inverse_quadratic", "1 / (1 + g * s)", true},
    {"thin_plate_spline", "where(s <= 0, 0, 0.5 * s * log(s))", false},
    {"linear", "where(s <= 0, 0, sqrt(s))", false},
    {"cubic", "where(s <= 0, 0, s * sqrt(s))", false},
    {"quintic", "where(s <= 0, 0, s^2 * sqrt(s))", false},
    {"matern32", "where(g * s <= 0, 1 - 1.5 * g * s, (1 + sqrt(3 * g * s)) * exp(-sqrt(3 * g * s)))", true},
    {"matern52",
     "where(g * s <= 0, 1 - 5 / 6 * g * s + 25 / 24 * (g * s)^2,"
     " (1 + sqrt(5 * g * s) + 5 / 3 * g * s) * exp(-sqrt(5 * g * s)))",
     true},
    {"wendland",
     "where(g * s >= 1, 0, where(g * s <= 0, 1 - 10 * g * s - 15 * (g * s)^2,"
     " 1 - 10 * g * s + 20 * (g * s)^1.5 - 15 * (g * s)^2 + 4 * (g * s)^2.5))",
     true},
};
static const char kernel_names[] =
    "gaussian|multiquadric|inverse_multiquadric|inverse_quadratic|thin_plate_spline|linear|"
    "cubic|quintic|matern32|matern52|wendland";

static const radial_kernel *kernel_of(const dg_value *attrs)
{
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
        if (strcmp(kernels[i].name, attrs[1].s) == 0)
            return &kernels[i];
    return &kernels[0];
}

static dg_status rbf_centers(const dg_infer *infer, dg_shape *shape, bool *present)
{
    const dg_type *input = infer->inputs[0];
    *present = input != NULL;
    if (!*present)
        return dg_ok();
    if (infer->attrs[0].kind != DG_VALUE_INT)
        return dg_error(DG_BAD_ARGUMENT, "it has neither out_features nor centers");
    if (infer->attrs[0].i <= 0)
        return dg_error(DG_BAD_ARGUMENT, "out_features is %lld, wants at least 1", (long long)infer->attrs[0].i);
    if (input->shape.rank < 1)
        return dg_error(DG_BAD_SHAPE, "input is [], wants at least 1 dimension");
    *shape = DG_SHAPE(infer->attrs[0].i, input->shape.dims[input->shape.rank - 1]);
    return dg_ok();
}

static dg_status rbf_gamma(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[1] && infer->inputs[1]->shape.rank == 2 && kernel_of(infer->attrs)->has_gamma;
    if (*present)
        *shape = DG_SHAPE(infer->inputs[1]->shape.dims[0]);
    return dg_ok();
}

static dg_status rbf_infer(const dg_infer *infer)
{
    const dg_type *input = infer->inputs[0], *centers = infer->inputs[1], *gamma = infer->inputs[2];
    const dg_shape *shape = &input->shape;
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    for (int k = 0; k < 3; k++)
        DG_TRY(want_floats(infer, k));
    dg_graph_print_shape(infer->graph, &centers->shape, text, sizeof text);
    if (shape->rank < 1 || centers->shape.rank != 2 ||
        sizes_differ(centers->shape.dims[1], shape->dims[shape->rank - 1]))
        return dg_error(DG_BAD_SHAPE, "input is %s and centers is %s, wants [.., d] and [M, d]",
                        dg_graph_print_shape(infer->graph, shape, more, sizeof more), text);
    int64_t count = centers->shape.dims[0];
    if (infer->attrs[0].kind == DG_VALUE_INT && sizes_differ(count, infer->attrs[0].i))
        return dg_error(DG_BAD_SHAPE, "out_features is %lld, but centers is %s", (long long)infer->attrs[0].i, text);
    if (gamma && !kernel_of(infer->attrs)->has_gamma)
        return dg_error(DG_BAD_ARGUMENT, "kernel %s has no gamma", infer->attrs[1].s);
    if (gamma && gamma->shape.rank > 0 &&
        (gamma->shape.rank > 1 || (gamma->shape.dims[0] != 1 && sizes_differ(gamma->shape.dims[0], count))))
        return dg_error(DG_BAD_SHAPE, "gamma is %s, wants [%lld]",
                        dg_graph_print_shape(infer->graph, &gamma->shape, more, sizeof more), (long long)count);
    infer->outputs[0] = *input;
    infer->outputs[0].shape.dims[shape->rank - 1] = count;
    return dg_ok();
}

/* φ, or with normalize φ divided by its sum over the centres. Normalised Gaussians are a softmax of −γ r², which does
 * not underflow far from every centre. */
static dg_node *activations(const dg_compose *compose, dg_node *s)
{
    const radial_kernel *kernel = kernel_of(compose->attrs);
    dg_node *gamma = compose->inputs[2];
    bool normalize = compose->attrs[2].b;
    if (normalize && kernel == &kernels[0])
        return dg_softmax(dg_expr("-g * s", {"g", gamma}, {"s", s}));
    dg_node *y =
        kernel->has_gamma ? dg_expr(kernel->formula, {"s", s}, {"g", gamma}) : dg_expr(kernel->formula, {"s", s});
    if (!normalize)
        return y;
    dg_node *sum = dg_sum(y, .dim = DG_INTS(-1), .keepdim = true);
    return dg_expr("where(z == 0, 0, y / z)", {"y", y}, {"z", sum});
}

static void rbf_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0];
    bool single = dg_node_type(x, 0)->shape.rank == 1;
    dg_node *y = activations(compose, dg_sqdist(single ? dg_unsqueeze(x, 0) : x, compose->inputs[1]));
    compose->outputs[0] = single ? dg_squeeze(y, .dim = DG_INTS(0)) : y;
}

static const dg_sample rbf_samples[] = {
    {"rbf", {"[3, 2]", "[4, 2]", "[4] positive"}},
    {"rbf(kernel=multiquadric)", {"[3, 2]", "[4, 2]", "[4] positive"}},
    {"rbf(kernel=inverse_multiquadric)", {"[3, 2]", "[4, 2]", "[4] positive"}},
    {"rbf(kernel=inverse_quadratic)", {"[3, 2]", "[4, 2]", "[4] positive"}},
    {"rbf(kernel=thin_plate_spline)", {"[3, 2]", "[4, 2]", "-"}},
    {"rbf(kernel=linear)", {"[3, 2]", "[4, 2]", "-"}},
    {"rbf(kernel=cubic)", {"[3, 2]", "[4, 2]", "-"}},
    {"rbf(kernel=quintic)", {"[3, 2]", "[4, 2]", "-"}},
    {"rbf(kernel=matern32)", {"[3, 2]", "[4, 2]", "[4] positive"}},
    {"rbf(kernel=matern52)", {"[3, 2]", "[4, 2]", "[4] positive"}},
    {"rbf(kernel=wendland)", {"[3, 2]", "[4, 2]", "[4] positive"}},
    {"rbf(normalize=true)", {"[2, 3, 2]", "[4, 2]", "[4] positive"}},
    {"rbf(kernel=inverse_quadratic, normalize=true)", {"[3, 2]", "[4, 2]", "[] positive"}},
    {"rbf(3, kernel=cubic, init=normal, width=constant(1))", {"[2]"}},
    {"rbf(3, init=normal, width=constant(0.5))", {"[4, 2]"}},
    {0},
};

static const dg_op rbf_ops[] = {{
    .name = "rbf",
    .family = "linear",
    .summary = "φ(‖x − c‖)",
    .source = "Broomhead and Lowe, Multivariable functional interpolation and adaptive networks (1988)",
    .inputs =
        {{.name = "input", .doc = "[.., d]"},
         {.name = "centers", .flags = DG_OPTIONAL, .doc = "[M, d]", .parameter = rbf_centers, .init_attr = "init"},
         {.name = "gamma",
          .flags = DG_OPTIONAL,
          .doc = "[M]: multiplies r². Not of thin_plate_spline, linear, cubic and quintic",
          .parameter = rbf_gamma,
          .init_attr = "width"}},
    .attrs =
        {{.name = "out_features",
          .kind = DG_ATTR_INT,
          .fallback = "none",
          .doc = "number of centres M, where centers is not wired",
          .positional = true},
         {.name = "kernel",
          .kind = DG_ATTR_NAME,
          .fallback = "gaussian",
          .doc = "φ, with t = γ r²: gaussian exp(−t), multiquadric √(1 + t), inverse_multiquadric 1/√(1 + t), "
                 "inverse_quadratic 1/(1 + t), thin_plate_spline r² ln r, linear r, cubic r³, quintic r⁵, matern32 "
                 "(1 + √(3t)) exp(−√(3t)), matern52 (1 + √(5t) + 5t/3) exp(−√(5t)), wendland (1 − √t)₊⁴ (4√t + 1)",
          .choices = kernel_names},
         {.name = "normalize", .kind = DG_ATTR_BOOL, .fallback = "false", .doc = "divides by the sum over centres"},
         {.name = "init", .kind = DG_ATTR_INIT, .fallback = "kmeans", .doc = "initialiser of centers"},
         {.name = "width", .kind = DG_ATTR_INIT, .fallback = "nearest(2)", .doc = "initialiser of gamma"}},
    .infer = rbf_infer,
    .compose = rbf_compose,
    .samples = rbf_samples,
}};

const dg_op_family dg_rbf_ops = DG_FAMILY(rbf_ops);
