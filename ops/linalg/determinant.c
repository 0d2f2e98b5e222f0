/* Determinants of matrices [.., n, n], and what their derivatives are made of. */
#include "batch.h"
#include "factor.h"
#include "ops/shared/rules.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linalg.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

/* A job over the matrices of input 0, with room for a copy of one and its pivots. */
static matrix_job determinant_job(const dg_kernel *kernel)
{
    const dg_tensor *x = kernel->inputs[0];
    matrix_job job = matrix_job_of(kernel, x);
    job.work = matrix_bytes(x) + pivots_bytes(job.n);
    return job;
}

static determinant determinant_of(const matrix_job *job, int64_t matrix, void *work)
{
    const dg_tensor *x = job->kernel->inputs[0];
    void *pivots = (char *)work + matrix_bytes(x);
    matrix_copy(work, x, matrix);
    lu_factor(job->dtype, job->n, work, pivots);
    return lu_determinant(job->dtype, job->n, work, pivots);
}

static size_t determinant_workspace(const dg_kernel *kernel)
{
    matrix_job job = determinant_job(kernel);
    return matrix_job_bytes(&job);
}

/* ---- det ---- */

static dg_status det_infer(const dg_infer *infer)
{
    DG_TRY(want_square(infer, 0));
    infer->outputs[0] = *infer->inputs[0];
    infer->outputs[0].shape.rank -= 2;
    return dg_ok();
}

static int64_t det_one(const matrix_job *job, int64_t matrix, void *work, int64_t *held)
{
    (void)held;
    dg_tensor_set(job->kernel->outputs[0], matrix, determinant_of(job, matrix, work).value);
    return 0;
}

static dg_status det_forward(const dg_kernel *kernel)
{
    matrix_job job = determinant_job(kernel);
    job.one = det_one;
    return matrix_job_run(&job, "%lld");
}

/* ∂ det A / ∂ A = the cofactors of A, where A is singular, too. */
static void det_backward(const dg_backward *vjp)
{
    dg_node *g = dg_unsqueeze(dg_unsqueeze(vjp->grad_output, -1), -1);
    vjp->grad_inputs[0] = dg_mul(g, dg_cofactors(vjp->inputs[0]));
}

/* ---- cofactors: C = det A · A⁻ᵀ, continued to where det A = 0 ---- */

static dg_status cofactors_infer(const dg_infer *infer)
{
    DG_TRY(want_square(infer, 0));
    return dg_infer_same(infer);
}

static int64_t cofactors_one(const matrix_job *job, int64_t matrix, void *work, int64_t *held)
{
    (void)held;
    void *y = matrix_at(job->kernel->outputs[0], matrix);
    matrix_copy(y, job->kernel->inputs[0], matrix);
    return cofactors(job->dtype, job->n, y, work);
}

static matrix_job cofactors_job(const dg_kernel *kernel)
{
    matrix_job job = matrix_job_of(kernel, kernel->outputs[0]);
    job.one = cofactors_one;
    job.work = cofactors_bytes(job.dtype, job.n);
    return job;
}

static size_t cofactors_workspace(const dg_kernel *kernel)
{
    matrix_job job = cofactors_job(kernel);
    return matrix_job_bytes(&job);
}

static dg_status cofactors_forward(const dg_kernel *kernel)
{
    matrix_job job = cofactors_job(kernel);
    return matrix_job_run(&job, "the singular values did not converge (LAPACK's info is %lld)");
}

static void cofactors_derivative(const dg_backward *vjp)
{
    vjp->grad_inputs[0] = dg_cofactors_backward(vjp->grad_output, vjp->inputs[0]);
}

/* ---- cofactors_backward: the second derivative of det, continued to where det A = 0 ---- */

static dg_status cofactors_backward_infer(const dg_infer *infer)
{
    DG_TRY(want_square(infer, 0));
    DG_TRY(want_square(infer, 1));
    DG_TRY(shapes_agree(infer, 0, 1));
    return dg_infer_same(infer);
}

static int64_t cofactors_backward_one(const matrix_job *job, int64_t matrix, void *work, int64_t *held)
{
    (void)held;
    void *y = matrix_at(job->kernel->outputs[0], matrix);
    matrix_copy(y, job->kernel->inputs[1], matrix);
    return cofactors_backward(job->dtype, job->n, matrix_at(job->kernel->inputs[0], matrix), y, work);
}

static matrix_job cofactors_backward_job(const dg_kernel *kernel)
{
    matrix_job job = matrix_job_of(kernel, kernel->outputs[0]);
    job.one = cofactors_backward_one;
    job.work = cofactors_backward_bytes(job.dtype, job.n);
    return job;
}

static size_t cofactors_backward_workspace(const dg_kernel *kernel)
{
    matrix_job job = cofactors_backward_job(kernel);
    return matrix_job_bytes(&job);
}

static dg_status cofactors_backward_forward(const dg_kernel *kernel)
{
    matrix_job job = cofactors_backward_job(kernel);
    return matrix_job_run(&job, "the singular values did not converge (LAPACK's info is %lld)");
}

/* Bilinear in g and the cotangent h, and symmetric. As the value is (<g, C>·C − C·gᵀ·C) / det A, that of <h, value> by
 * C is k = (<h, C>·g + <g, C>·h − h·Cᵀ·g − g·Cᵀ·h) / det A, which goes on to A as g does, and by det A −<h, value> /
 * det A: third derivatives, for which det A must not be 0. */
static void cofactors_backward_derivative(const dg_backward *vjp)
{
    dg_node *g = vjp->inputs[0], *a = vjp->inputs[1], *h = vjp->grad_output;
    const dg_ints matrix = DG_INTS(-2, -1);
    if (vjp->wanted[0])
        vjp->grad_inputs[0] = dg_cofactors_backward(h, a);
    if (!vjp->wanted[1])
        return;
    dg_node *c = dg_cofactors(a), *det = dg_unsqueeze(dg_unsqueeze(dg_det(a), -1), -1);
    dg_node *gc = dg_sum(dg_mul(g, c), .dim = matrix, .keepdim = true);
    dg_node *hc = dg_sum(dg_mul(h, c), .dim = matrix, .keepdim = true);
    dg_node *first = dg_matmul(dg_matmul(h, c, .transpose_other = true), g);
    dg_node *second = dg_matmul(dg_matmul(g, c, .transpose_other = true), h);
    dg_node *k = dg_expr("(hc * g + gc * h - p - q) / det", {"hc", hc}, {"g", g}, {"gc", gc}, {"h", h}, {"p", first},
                         {"q", second}, {"det", det});
    dg_node *value = dg_sum(dg_mul(h, vjp->output), .dim = matrix, .keepdim = true);
    dg_node *through = dg_cofactors_backward(k, a);
    vjp->grad_inputs[1] =
        dg_expr("where(det == 0, nan, t - v / det * c)", {"t", through}, {"v", value}, {"det", det}, {"c", c});
}

/* ---- slogdet, logdet ---- */

static dg_status slogdet_infer(const dg_infer *infer)
{
    DG_TRY(det_infer(infer));
    infer->outputs[1] = infer->outputs[0];
    return dg_ok();
}

static int64_t slogdet_one(const matrix_job *job, int64_t matrix, void *work, int64_t *held)
{
    (void)held;
    determinant d = determinant_of(job, matrix, work);
    dg_tensor_set(job->kernel->outputs[0], matrix, d.sign);
    dg_tensor_set(job->kernel->outputs[1], matrix, d.log);
    return 0;
}

static dg_status slogdet_forward(const dg_kernel *kernel)
{
    matrix_job job = determinant_job(kernel);
    job.one = slogdet_one;
    return matrix_job_run(&job, "%lld");
}

/* ∂ log|det A| / ∂ A = A⁻ᵀ; the sign has derivative 0. */
static void slogdet_backward(const dg_backward *vjp)
{
    if (!vjp->grad_outputs[1])
        return;
    dg_node *g = dg_unsqueeze(dg_unsqueeze(vjp->grad_outputs[1], -1), -1);
    vjp->grad_inputs[0] = dg_mul(g, dg_transpose(dg_inverse(vjp->inputs[0]), -2, -1));
}

/* log of the sign is 0, NaN for −1 and −∞ for 0. */
static void logdet_compose(const dg_compose *compose)
{
    dg_node *sign = dg_slogdet(compose->inputs[0]), *log = dg_output(sign, 1);
    compose->outputs[0] = dg_add(log, dg_log(dg_detach(sign)));
}

static const dg_sample det_samples[] = {{"det", {"[3, 3]"}}, {"det", {"[2, 2, 2] spd"}}, {.call = NULL}};
static const dg_sample cofactors_samples[] = {
    {"cofactors", {"[3, 3] spd"}}, {"cofactors", {"[2, 2, 2] spd"}}, {"cofactors", {"[4, 4]"}}, {.call = NULL}};
static const dg_sample cofactors_backward_samples[] = {{"cofactors_backward", {"[3, 3]", "[3, 3] spd"}},
                                                       {"cofactors_backward", {"[2, 2, 2]", "[2, 2, 2]"}},
                                                       {.call = NULL}};
static const dg_sample slogdet_samples[] = {
    {"slogdet", {"[3, 3] spd"}}, {"slogdet", {"[2, 2, 2] spd"}}, {.call = NULL}};
static const dg_sample logdet_samples[] = {{"logdet", {"[3, 3] spd"}}, {"logdet", {"[2, 2, 2] spd"}}, {.call = NULL}};

#define SQUARE_INPUT                                                                                                   \
    {                                                                                                                  \
        .name = "input", .doc = "[.., n, n]"                                                                           \
    }
#define GILES "M. Giles: Collected matrix derivative results (2008)"

static const dg_op determinant_ops[] = {
    {
        .name = "det",
        .family = "linalg",
        .summary = "y = the determinant",
        .source = GILES,
        .inputs = {SQUARE_INPUT},
        .infer = det_infer,
        .forward = det_forward,
        .workspace = determinant_workspace,
        .backward = det_backward,
        .samples = det_samples,
    },
    {
        .name = "cofactors",
        .family = "linalg",
        .summary = "y = det x · x⁻ᵀ, of singular matrices, too: the derivative of det",
        .source = GILES,
        .inputs = {SQUARE_INPUT},
        .infer = cofactors_infer,
        .forward = cofactors_forward,
        .workspace = cofactors_workspace,
        .backward = cofactors_derivative,
        .samples = cofactors_samples,
    },
    {
        .name = "cofactors_backward",
        .family = "linalg",
        .summary =
            "∂ Σ g∘cofactors(x) / ∂x, of singular matrices, too: the second derivative of det. Its own derivative "
            "by x is NaN where det x = 0",
        .source = GILES,
        .inputs = {{.name = "grad_output", .doc = "g, [.., n, n]"}, SQUARE_INPUT},
        .infer = cofactors_backward_infer,
        .forward = cofactors_backward_forward,
        .workspace = cofactors_backward_workspace,
        .backward = cofactors_backward_derivative,
        .samples = cofactors_backward_samples,
    },
    {
        .name = "slogdet",
        .family = "linalg",
        .summary = "the determinant's sign, and the logarithm of its size: 0 and −∞ of a singular matrix, which has no "
                   "derivative: an error",
        .source = GILES,
        .inputs = {SQUARE_INPUT},
        .outputs = {"sign", "logabsdet"},
        .infer = slogdet_infer,
        .forward = slogdet_forward,
        .workspace = determinant_workspace,
        .backward = slogdet_backward,
        .samples = slogdet_samples,
    },
    {
        .name = "logdet",
        .family = "linalg",
        .summary = "y = ln det x: NaN where det x < 0, −∞ where it is 0",
        .source = GILES,
        .inputs = {SQUARE_INPUT},
        .infer = det_infer,
        .compose = logdet_compose,
        .samples = logdet_samples,
    },
};

const dg_op_family determinant_family = DG_FAMILY(determinant_ops);
