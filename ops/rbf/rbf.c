/* rbf: y_j = φ(|x − c_j|) for M centres, with φ a radial basis function, and after them the monomials of x that a
 * polynomial tail is made of.
 *
 * Kernels with a width are functions of t = γ r², those without of s = r²; both of the squared distance alone, whose
 * gradient is smooth, so that only the formulas below have to mind r = 0. There they take the Taylor expansion of φ,
 * and what the chain rule multiplies by x − c = 0 is 0 and not 0·∞. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/softmax.h>
#include <dotgrad/ops/source.h>

#include <math.h>
#include <string.h>

#include "monomials.h"
#include "ops/shared/rules.h"
#include "rbf.h"
#include "widths.h"

enum { OUT_FEATURES, KERNEL, NORMALIZE, INIT, WIDTH, PER, METRIC, DEGREE }; /* attributes, in their order */

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
static const radial_kernel *kernel_named(const char *name)
{
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
        if (strcmp(kernels[i].name, name) == 0)
            return &kernels[i];
    return &kernels[0];
}

bool rbf_has_gamma(const char *kernel)
{
    return kernel_named(kernel)->has_gamma;
}

double rbf_stored_gamma(const char *kernel, double sigma)
{
    return sigma > 0 ? rbf_gamma(kernel, sigma) : NAN;
}

static const radial_kernel *kernel_of(const dg_value *attrs)
{
    return kernel_named(attrs[KERNEL].s);
}

static dg_status rbf_centers(const dg_infer *infer, dg_shape *shape, bool *present)
{
    const dg_type *input = infer->inputs[0];
    *present = input != NULL;
    if (!*present)
        return dg_ok();
    if (infer->attrs[OUT_FEATURES].kind != DG_VALUE_INT)
        return dg_error(DG_BAD_ARGUMENT, "it has neither out_features nor centers");
    if (infer->attrs[OUT_FEATURES].i <= 0)
        return dg_error(DG_BAD_ARGUMENT, "out_features is %lld, expected at least 1",
                        (long long)infer->attrs[OUT_FEATURES].i);
    if (input->shape.rank < 1)
        return dg_error(DG_BAD_SHAPE, "input is [], expected at least 1 dimension");
    *shape = DG_SHAPE(infer->attrs[OUT_FEATURES].i, input->shape.dims[input->shape.rank - 1]);
    return dg_ok();
}

static dg_status rbf_gammas(const dg_infer *infer, dg_shape *shape, bool *present)
{
    const dg_type *centers = infer->inputs[1];
    const char *per = infer->attrs[PER].s;
    *present = centers && centers->shape.rank == 2 && kernel_of(infer->attrs)->has_gamma;
    if (!*present)
        return dg_ok();
    int64_t m = centers->shape.dims[0], d = centers->shape.dims[1];
    *shape = strcmp(per, "unit") == 0    ? DG_SHAPE(m)
             : strcmp(per, "layer") == 0 ? DG_SHAPE(1)
                                         : DG_SHAPE(strcmp(per, "dimension") == 0 ? 1 : m, d);
    return dg_ok();
}

static double stored_gamma(const dg_value *attrs, double sigma)
{
    return rbf_stored_gamma(attrs[KERNEL].s, sigma);
}

static dg_status rbf_metric(const dg_infer *infer, dg_shape *shape, bool *present)
{
    const dg_type *centers = infer->inputs[1];
    *present = infer->attrs[METRIC].b && centers && centers->shape.rank == 2;
    if (*present)
        *shape = DG_SHAPE(centers->shape.dims[1], centers->shape.dims[1]);
    return dg_ok();
}

/* [] and [1]: one for all; [M]: one a unit; [1, d], [M, d]: one a dimension, of all units or of each. */
static dg_status check_gamma(const dg_infer *infer, int64_t count, int64_t d)
{
    const dg_type *gamma = infer->inputs[2];
    char text[DG_SHAPE_TEXT];
    if (!gamma)
        return dg_ok();
    const dg_shape *shape = &gamma->shape;
    if (!kernel_of(infer->attrs)->has_gamma)
        return dg_error(DG_BAD_ARGUMENT, "kernel %s has no gamma", infer->attrs[KERNEL].s);
    bool units = shape->rank == 0 || shape->dims[0] == 1 || !sizes_differ(shape->dims[0], count);
    if (shape->rank > 2 || !units || (shape->rank == 2 && sizes_differ(shape->dims[1], d)))
        return dg_error(DG_BAD_SHAPE, "gamma is %s, expected [%lld]",
                        dg_graph_print_shape(infer->graph, shape, text, sizeof text), (long long)count);
    if (shape->rank == 2 && (count == 0 || d == 0))
        return dg_error(DG_BAD_SHAPE, "gamma is %s, a number a dimension, which needs a center and a dimension",
                        dg_graph_print_shape(infer->graph, shape, text, sizeof text));
    return dg_ok();
}

static dg_status check_metric(const dg_infer *infer, int64_t count, int64_t d)
{
    const dg_type *metric = infer->inputs[3];
    char text[DG_SHAPE_TEXT];
    if (!metric)
        return dg_ok();
    const dg_shape *shape = &metric->shape;
    bool fits = shape->rank >= 2 && shape->rank <= 3 && !sizes_differ(shape->dims[shape->rank - 1], d) &&
                (shape->rank == 2 || !sizes_differ(shape->dims[0], count));
    return fits
               ? dg_ok()
               : dg_error(DG_BAD_SHAPE, "metric is %s, expected [.., %lld], or one of these for each of %lld center(s)",
                          dg_graph_print_shape(infer->graph, shape, text, sizeof text), (long long)d, (long long)count);
}

static dg_status rbf_infer(const dg_infer *infer)
{
    const dg_type *input = infer->inputs[0], *centers = infer->inputs[1];
    const dg_shape *shape = &input->shape;
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    for (int k = 0; k < 4; k++)
        DG_TRY(want_floats(infer, k));
    dg_graph_print_shape(infer->graph, &centers->shape, text, sizeof text);
    if (shape->rank < 1 || centers->shape.rank != 2 ||
        sizes_differ(centers->shape.dims[1], shape->dims[shape->rank - 1]))
        return dg_error(DG_BAD_SHAPE, "input is %s and centers is %s, expected [.., d] and [M, d]",
                        dg_graph_print_shape(infer->graph, shape, more, sizeof more), text);
    int64_t count = centers->shape.dims[0];
    if (infer->attrs[OUT_FEATURES].kind == DG_VALUE_INT && sizes_differ(count, infer->attrs[OUT_FEATURES].i))
        return dg_error(DG_BAD_SHAPE, "out_features is %lld, but centers is %s",
                        (long long)infer->attrs[OUT_FEATURES].i, text);
    int64_t d = centers->shape.dims[1], degree = infer->attrs[DEGREE].i;
    DG_TRY(check_gamma(infer, count, d));
    DG_TRY(check_metric(infer, count, d));
    if (degree < -1 || degree > MOST_DEGREE)
        return dg_error(DG_BAD_ARGUMENT, "degree is %lld, expected -1 … %d", (long long)degree, MOST_DEGREE);
    if (degree >= 0 && d <= 0)
        return dg_error(DG_BAD_SHAPE, "a polynomial needs a known number of columns, at least 1");
    infer->outputs[0] = *input;
    infer->outputs[0].shape.dims[shape->rank - 1] = degree >= 0 ? count + monomial_count(d, degree) : count;
    return dg_ok();
}

/* φ of t = γ r², or with normalize φ divided by its sum over the centres. Normalised Gaussians are a softmax of −t,
 * which does not underflow far from every centre. */
static dg_node *activations(const dg_compose *compose, dg_node *s, dg_node *gamma)
{
    const radial_kernel *kernel = kernel_of(compose->attrs);
    bool normalize = compose->attrs[NORMALIZE].b;
    if (normalize && kernel == &kernels[0])
        return dg_softmax(dg_expr("-g * s", {"g", gamma}, {"s", s}));
    dg_node *y =
        kernel->has_gamma ? dg_expr(kernel->formula, {"s", s}, {"g", gamma}) : dg_expr(kernel->formula, {"s", s});
    if (!normalize)
        return y;
    dg_node *sum = dg_sum(y, .dim = DG_INTS(-1), .keepdim = true);
    return dg_expr("where(z == 0, 0, y / z)", {"y", y}, {"z", sum});
}

/* A·v for every row v of x [.., d]; A [d', d]. */
static dg_node *mapped(dg_node *x, dg_node *a)
{
    return dg_matmul(x, a, .transpose_other = true);
}

/* Squared distances where each unit has its own matrix or its own scale in each dimension: from the differences
 * [.., M, d] themselves, so that nothing cancels. */
static dg_node *squares_by_unit(dg_node *x, dg_node *c, dg_node *metric, dg_node *gamma)
{
    dg_node *difference = dg_sub(dg_unsqueeze(x, -2), c);
    if (metric) {
        dg_node *columns = dg_unsqueeze(difference, -1); /* [.., M, d, 1] */
        difference = dg_squeeze(dg_matmul(metric, columns), .dim = DG_INTS(-1));
    }
    dg_node *squares = gamma ? dg_expr("g * x^2", {"g", gamma}, {"x", difference}) : dg_square(difference);
    return dg_sum(squares, .dim = DG_INTS(-1));
}

/* |A (x − c)|² for all units; γ by dimension comes into it and is 1 afterwards. */
static dg_node *squared_distances(dg_node *x, dg_node *c, dg_node *metric, dg_node **gamma)
{
    const dg_shape *shape = *gamma ? &dg_node_type(*gamma, 0)->shape : NULL;
    bool by_dimension = shape && shape->rank == 2;
    bool by_unit = by_dimension && shape->dims[0] != 1;
    dg_node *scale = by_dimension ? *gamma : NULL;
    if (by_dimension)
        *gamma = dg_ones_like(*gamma);
    if (by_dimension)
        *gamma = dg_slice(dg_slice(*gamma, .dim = 0, .start = 0, .end = 1), .dim = 1, .start = 0, .end = 1);
    if (metric && dg_node_type(metric, 0)->shape.rank == 2) {
        x = mapped(x, metric);
        c = mapped(c, metric);
        metric = NULL;
    }
    if (metric || by_unit)
        return squares_by_unit(x, c, metric, scale);
    if (scale) {
        x = dg_expr("x * sqrt(g)", {"x", x}, {"g", scale});
        c = dg_expr("x * sqrt(g)", {"x", c}, {"g", scale});
    }
    return dg_sqdist(x, c);
}

static void rbf_compose(const dg_compose *compose)
{
    dg_node *x = compose->inputs[0], *gamma = compose->inputs[2];
    int64_t degree = compose->attrs[DEGREE].i;
    bool single = dg_node_type(x, 0)->shape.rank == 1;
    if (single)
        x = dg_unsqueeze(x, 0);
    dg_node *s = squared_distances(x, compose->inputs[1], compose->inputs[3], &gamma);
    dg_node *y = activations(compose, s, gamma);
    if (degree >= 0) {
        dg_node *const both[] = {y, monomials(x, degree)};
        y = dg_cat(2, both, .dim = -1);
    }
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
    {"rbf(3, init=normal, width=0.5)", {"[4, 2]"}},
    {"rbf(kernel=multiquadric)", {"[3, 2]", "[4, 2]", "[1, 2] positive"}},
    {"rbf(kernel=matern52)", {"[3, 2]", "[4, 2]", "[4, 2] positive"}},
    {"rbf(metric=true)", {"[3, 2]", "[4, 2]", "[4] positive", "[2, 2]"}},
    {"rbf(kernel=inverse_quadratic)", {"[2, 3, 2]", "[4, 2]", "[4] positive", "[4, 2, 2]"}},
    {"rbf(kernel=thin_plate_spline, degree=1)", {"[3, 2]", "[4, 2]"}},
    {"rbf(kernel=quintic, degree=2)", {"[3, 3]", "[4, 3]"}},
    {0},
};

static const dg_op rbf_ops[] = {{
    .name = "rbf",
    .family = "linear",
    .summary = "φ(‖x − c‖)",
    .source = "Broomhead and Lowe, Multivariable functional interpolation and adaptive networks (1988)",
    .inputs =
        {{.name = "input", .doc = "[.., d]; r below 1e18 in float32 and 1e153 in float64, whose squares are finite"},
         {.name = "centers", .flags = DG_OPTIONAL, .doc = "[M, d]", .parameter = rbf_centers, .init_attr = "init"},
         {.name = "gamma",
          .flags = DG_OPTIONAL | DG_POSITIVE,
          .doc =
              "[M], or one for all [1], for each dimension [1, d], or for both [M, d]: multiplies r² (or each squared "
              "difference). Not of thin_plate_spline, linear, cubic and quintic",
          .parameter = rbf_gammas,
          .init_attr = "width",
          .stored = stored_gamma},
         {.name = "metric",
          .flags = DG_OPTIONAL,
          .doc = "A [d, d], or [M, d, d] for each unit: r = |A (x − c)|, the distance of Mahalanobis with AᵀA",
          .parameter = rbf_metric,
          .init = "identity"}},
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
          .choices = RBF_KERNELS},
         {.name = "normalize", .kind = DG_ATTR_BOOL, .fallback = "false", .doc = "divides by the sum over centres"},
         {.name = "init", .kind = DG_ATTR_INIT, .fallback = "kmeans", .doc = "initialiser of centers"},
         {.name = "width",
          .kind = DG_ATTR_INIT,
          .fallback = "nearest(2)",
          .doc = "σ: a number, a list, or its initialiser. gamma is 1/(2σ²) of gaussian, 1/σ² of the others; kernels "
                 "without gamma leave it out"},
         {.name = "per",
          .kind = DG_ATTR_NAME,
          .fallback = "unit",
          .doc = "what has a width of its own; a full metric is metric=true",
          .choices = "unit|layer|dimension|unit_dimension"},
         {.name = "metric",
          .kind = DG_ATTR_BOOL,
          .fallback = "false",
          .doc = "owns a full metric A [d, d] (Mahalanobis), which begins as identity and is trained"},
         {.name = "degree",
          .kind = DG_ATTR_INT,
          .fallback = "-1",
          .doc = "appends the monomials of x up to this degree to the result: 0: 1; 1: 1, x₁ … x_d; …"}},
    .infer = rbf_infer,
    .compose = rbf_compose,
    .samples = rbf_samples,
}};

const dg_op_family rbf_family = DG_FAMILY(rbf_ops);
