/* Networks of radial functions that keep the training data itself, a node each: general regression (GRNN),
 * probabilistic (PNN), and exact interpolation with a polynomial tail. Nothing in them is trained by gradients: their
 * parameters are the data and what is solved for. */
#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linear.h>

#include <string.h>

#include "monomials.h"
#include "ops/shared/rules.h"
#include "rbf.h"

enum { PATTERNS, OUT_FEATURES, KERNEL, WIDTH, DEGREE }; /* attributes, in their order; DEGREE of interpolation alone */

static dg_status owned_centers(const dg_infer *infer, dg_shape *shape, bool *present)
{
    const dg_type *input = infer->inputs[0];
    *present = input != NULL;
    if (!*present)
        return dg_ok();
    if (infer->attrs[PATTERNS].i < 1 || infer->attrs[OUT_FEATURES].i < 1)
        return dg_error(DG_BAD_ARGUMENT, "patterns is %lld and out_features %lld, expected at least 1",
                        (long long)infer->attrs[PATTERNS].i, (long long)infer->attrs[OUT_FEATURES].i);
    if (input->shape.rank < 1)
        return dg_error(DG_BAD_SHAPE, "input is [], expected at least 1 dimension");
    *shape = DG_SHAPE(infer->attrs[PATTERNS].i, input->shape.dims[input->shape.rank - 1]);
    return dg_ok();
}

static dg_status owned_gamma(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = rbf_has_gamma(infer->attrs[KERNEL].s);
    *shape = DG_SHAPE(1);
    return dg_ok();
}

static double stored_gamma(const dg_value *attrs, double sigma)
{
    return rbf_stored_gamma(attrs[KERNEL].s, sigma);
}

static dg_status owned_values(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = true;
    *shape = DG_SHAPE(infer->attrs[PATTERNS].i, infer->attrs[OUT_FEATURES].i);
    return dg_ok();
}

/* The degree below which the system of a kernel may be singular (Micchelli, Interpolation of scattered data, 1986). */
static int64_t degree_of(const dg_value *attrs)
{
    const char *kernel = attrs[KERNEL].s;
    if (attrs[DEGREE].kind == DG_VALUE_INT)
        return attrs[DEGREE].i;
    return strcmp(kernel, "quintic") == 0                                             ? 2
           : strcmp(kernel, "cubic") == 0 || strcmp(kernel, "thin_plate_spline") == 0 ? 1
                                                                                      : 0;
}

static dg_status owned_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    const dg_type *centers = infer->inputs[1];
    *present = centers && centers->shape.rank == 2 && centers->shape.dims[1] >= 0;
    if (*present)
        *shape = DG_SHAPE(infer->attrs[OUT_FEATURES].i,
                          centers->shape.dims[0] + monomial_count(centers->shape.dims[1], degree_of(infer->attrs)));
    return dg_ok();
}

/* A wired parameter must be of the shape of the node's own. */
static dg_status check_wired(const dg_infer *infer, int k)
{
    dg_shape wants;
    bool present;
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    const dg_input_spec *spec = &infer->op->inputs[k];
    if (!infer->inputs[k])
        return dg_ok();
    DG_TRY(spec->parameter(infer, &wants, &present));
    if (!present)
        return dg_error(DG_BAD_ARGUMENT, "kernel %s has no %s", infer->attrs[KERNEL].s, spec->name);
    const dg_shape *shape = &infer->inputs[k]->shape;
    bool fits = shape->rank == wants.rank;
    for (int d = 0; fits && d < wants.rank; d++)
        fits = !sizes_differ(shape->dims[d], wants.dims[d]);
    return fits ? dg_ok()
                : dg_error(DG_BAD_SHAPE, "%s is %s, expected %s", spec->name,
                           dg_graph_print_shape(infer->graph, shape, text, sizeof text),
                           dg_graph_print_shape(infer->graph, &wants, more, sizeof more));
}

static dg_status network_infer(const dg_infer *infer)
{
    const dg_type *input = infer->inputs[0], *centers = infer->inputs[1];
    char text[DG_SHAPE_TEXT], more[DG_SHAPE_TEXT];
    for (int k = 0; k < 4; k++)
        DG_TRY(want_floats(infer, k));
    if (input->shape.rank < 1 || centers->shape.rank != 2 ||
        sizes_differ(centers->shape.dims[1], input->shape.dims[input->shape.rank - 1]))
        return dg_error(DG_BAD_SHAPE, "input is %s and centers is %s, expected [.., d] and [M, d]",
                        dg_graph_print_shape(infer->graph, &input->shape, text, sizeof text),
                        dg_graph_print_shape(infer->graph, &centers->shape, more, sizeof more));
    for (int k = 1; k < 4; k++)
        DG_TRY(check_wired(infer, k));
    infer->outputs[0] = *input;
    infer->outputs[0].shape.dims[input->shape.rank - 1] = infer->attrs[OUT_FEATURES].i;
    return dg_ok();
}

static dg_status interpolator_infer(const dg_infer *infer)
{
    int64_t degree = degree_of(infer->attrs);
    if (degree < -1 || degree > MOST_DEGREE)
        return dg_error(DG_BAD_ARGUMENT, "degree is %lld, expected -1 … %d", (long long)degree, MOST_DEGREE);
    DG_TRY(network_infer(infer));
    return degree < 0 || infer->inputs[1]->shape.dims[1] != 0
               ? dg_ok()
               : dg_error(DG_BAD_SHAPE,
                          "the input has rows of 0 numbers, expected at least 1 for a polynomial of degree %lld",
                          (long long)degree);
}

static dg_node *shares(const dg_compose *compose)
{
    return dg_rbf(compose->inputs[0], DG_NONE, .kernel = compose->attrs[KERNEL].s, .normalize = true,
                  .centers = compose->inputs[1], .gamma = compose->inputs[2]);
}

static void grnn_compose(const dg_compose *compose)
{
    compose->outputs[0] = dg_matmul(shares(compose), compose->inputs[3]);
}

/* ln Σ_i φ_i v_ik, with what all classes share taken off. */
static void pnn_compose(const dg_compose *compose)
{
    dg_node *densities = dg_matmul(shares(compose), compose->inputs[3]);
    compose->outputs[0] = dg_expr("log(p + 1e-30)", {"p", densities});
}

static void interpolator_compose(const dg_compose *compose)
{
    dg_node *basis =
        dg_rbf(compose->inputs[0], DG_NONE, .kernel = compose->attrs[KERNEL].s, .centers = compose->inputs[1],
               .gamma = compose->inputs[2], .degree = degree_of(compose->attrs));
    compose->outputs[0] = dg_linear(basis, DG_NONE, .weight = compose->inputs[3]);
}

#define CENTERS                                                                                                        \
    {                                                                                                                  \
        .name = "centers", .flags = DG_OPTIONAL | DG_FIXED, .doc = "[M, d]: the rows of the training data",            \
        .parameter = owned_centers, .init = "all"                                                                      \
    }
#define GAMMA                                                                                                          \
    {                                                                                                                  \
        .name = "gamma", .flags = DG_OPTIONAL | DG_FIXED, .doc = "[1]: multiplies r², as in rbf",                      \
        .parameter = owned_gamma, .init_attr = "width", .stored = stored_gamma                                         \
    }
#define SIZES                                                                                                          \
    {.name = "patterns", .kind = DG_ATTR_INT, .positional = true, .doc = "rows M of the training data: ROWS"},         \
    {                                                                                                                  \
        .name = "out_features", .kind = DG_ATTR_INT, .positional = true, .doc = "columns of the targets, or classes"   \
    }
#define KERNEL_ATTR(default_kernel)                                                                                    \
    {                                                                                                                  \
        .name = "kernel", .kind = DG_ATTR_NAME, .fallback = default_kernel, .doc = "φ, as in rbf",                     \
        .choices = RBF_KERNELS                                                                                         \
    }
#define WIDTH_ATTR(default_width)                                                                                      \
    {                                                                                                                  \
        .name = "width", .kind = DG_ATTR_INIT, .fallback = default_width,                                              \
        .doc = "σ, one for all: a number or an initialiser, as in rbf"                                                \
    }

static const dg_sample grnn_samples[] = {
    {"grnn(4, 2)", {"[3, 2]", "[4, 2]", "[1] positive", "[4, 2]"}},
    {"grnn(4, 1, kernel=inverse_quadratic)", {"[3, 2]", "[4, 2]", "[1] positive", "[4, 1]"}},
    {0},
};
static const dg_sample pnn_samples[] = {
    {"pnn(4, 2)", {"[3, 2]", "[4, 2]", "[1] positive", "[4, 2] positive"}},
    {0},
};
static const dg_sample interpolator_samples[] = {
    {"rbf_interpolator(4, 2, kernel=gaussian)", {"[3, 2]", "[4, 2]", "[1] positive", "[2, 5]"}},
    {"rbf_interpolator(4, 1)", {"[3, 2]", "[4, 2]", "-", "[1, 7]"}},
    {0},
};

static const dg_op network_ops[] = {
    {
        .name = "grnn",
        .family = "linear",
        .summary = "y = Σ φ(‖x − c_i‖) v_i / Σ φ(‖x − c_i‖), with the training rows as c and their targets as v",
        .source = "Specht, A general regression neural network (1991)",
        .inputs = {{.name = "input", .doc = "[.., d]"},
                   CENTERS,
                   GAMMA,
                   {.name = "values",
                    .flags = DG_OPTIONAL | DG_FIXED,
                    .doc = "[M, K]: the targets",
                    .parameter = owned_values,
                    .init = "targets"}},
        .attrs = {SIZES, KERNEL_ATTR("gaussian"), WIDTH_ATTR("nearest(2)")},
        .infer = network_infer,
        .compose = grnn_compose,
        .samples = grnn_samples,
    },
    {
        .name = "pnn",
        .family = "linear",
        .summary = "ln of the density of each class, the mean of φ(‖x − c_i‖) over its training rows; up to a constant",
        .source = "Specht, Probabilistic neural networks (1990)",
        .inputs = {{.name = "input", .doc = "[.., d]"},
                   CENTERS,
                   GAMMA,
                   {.name = "values",
                    .flags = DG_OPTIONAL | DG_FIXED,
                    .doc = "[M, K]: 1/(rows of the class) in the column of each row's class, else 0",
                    .parameter = owned_values,
                    .init = "targets(balanced=true)"}},
        .attrs = {SIZES, KERNEL_ATTR("gaussian"), WIDTH_ATTR("nearest(2)")},
        .infer = network_infer,
        .compose = pnn_compose,
        .samples = pnn_samples,
    },
    {
        .name = "rbf_interpolator",
        .family = "linear",
        .summary = "y = Σ w_i φ(‖x − c_i‖) + a polynomial, through all training rows",
        .source =
            "Hardy, Multiquadric equations of topography (1971); Micchelli, Interpolation of scattered data (1986)",
        .inputs = {{.name = "input", .doc = "[.., d]"},
                   CENTERS,
                   GAMMA,
                   {.name = "weight",
                    .flags = DG_OPTIONAL | DG_FIXED,
                    .doc = "[K, M + monomials]",
                    .parameter = owned_weight,
                    .init = "interpolation",
                    .init_attr = "init"}},
        .attrs =
            {SIZES,
             KERNEL_ATTR("thin_plate_spline"),
             WIDTH_ATTR("1"),
             {.name = "degree",
              .kind = DG_ATTR_INT,
              .fallback = "none",
              .doc = "of the polynomial, -1: none; left out 1 for thin_plate_spline and cubic, 2 for quintic, else 0"},
             {.name = "init",
              .kind = DG_ATTR_INIT,
              .fallback = "interpolation",
              .doc = "of the weight: interpolation(smoothing) leaves out noise"}},
        .infer = interpolator_infer,
        .compose = interpolator_compose,
        .samples = interpolator_samples,
    },
};

const dg_op_family kernel_network_family = DG_FAMILY(network_ops);
