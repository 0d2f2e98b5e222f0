/* How exact activations are over the whole range of float32: each against itself in float64, at numbers of every
 * exponent and sign, in units in the last place of the result. */
#include "../support.h"

#include <stdlib.h>

enum { N = 1 << 16 };

static float inputs[N];

/* Every 65536th pattern, infinities and NaN left out. */
static int64_t fill_inputs(void)
{
    int64_t n = 0;
    for (uint32_t k = 0; k < N; k++) {
        uint32_t bits = (k << 16) | (k * 40503u & 0xffffu);
        float x;
        memcpy(&x, &bits, sizeof x);
        if (isfinite(x))
            inputs[n++] = x;
    }
    return n;
}

static void run_op(const char *op, dg_dtype dtype, int64_t n, double *results)
{
    trial *t = trial_new(dtype);
    double *values = malloc((size_t)n * sizeof *values);
    cr_assert(values);
    for (int64_t i = 0; i < n; i++)
        values[i] = (double)inputs[i];
    dg_node *x = trial_input(t, DG_SHAPE(n), values);
    const dg_tensor *y = trial_run(
        t, dg_apply(&(dg_application){.graph = t->graph, .op = op, .at = DG_HERE, .n_inputs = 1, .inputs = &x}));
    for (int64_t i = 0; i < n; i++)
        results[i] = dg_tensor_get(y, i);
    free(values);
    trial_free(t);
}

/* |got − want| in units of the last place that a float has at `want`. Below 2⁻¹¹⁸ they are as large as there: a factor
 * of such a result may be subnormal. */
static double ulps(double got, double want)
{
    int exponent;
    if (got == want || (isnan(got) && isnan(want)) || (float)want == (float)got)
        return 0;
    if (isinf((float)want))
        return fabs(got) >= 3.4e38 && (got > 0) == (want > 0) ? 0 : INFINITY;
    frexp(want, &exponent);
    return fabs(got - want) / ldexp(1, (exponent < -118 ? -118 : exponent) - 24);
}

static double worst_of(const char *op, int64_t n, double *where)
{
    static double single[N], wide[N];
    double worst = 0;
    run_op(op, DG_FLOAT32, n, single);
    run_op(op, DG_FLOAT64, n, wide);
    for (int64_t i = 0; i < n; i++) {
        double off = ulps(single[i], wide[i]);
        if (!(off <= worst)) {
            worst = off;
            *where = (double)inputs[i];
        }
    }
    return worst;
}

/* What the others keep within, and those that do not. */
enum { MOST_ULPS = 3 };

static double bound_of(const char *op)
{
    static const struct {
        const char *op;
        double ulps;
    } larger[] = {{"tan", 4}, {"tanhshrink", 7}, {"snake", 5}, {"gelu", 7}, {"lecun_tanh", 4}, {"mish", 4}};
    for (size_t k = 0; k < sizeof larger / sizeof *larger; k++)
        if (strcmp(op, larger[k].op) == 0)
            return larger[k].ulps;
    return MOST_ULPS;
}

Test(accuracy, of_functions_of_one_number_over_all_of_float32)
{
    int64_t n = fill_inputs();
    int checked = 0;
    for (size_t i = 0; i < dg_op_count(); i++) {
        const dg_op *op = dg_op_at(i);
        bool wants_numbers = op->attrs[0].name && (!op->attrs[0].fallback || strcmp(op->name, "clamp") == 0);
        if (!(op->formula || op->formula_for) || dg_op_input_count(op) != 1 || wants_numbers)
            continue;
        if (strcmp(op->name, "sine") == 0) /* is as exact as its argument 30·x, which is rounded */
            continue;
        if (strcmp(op->family, "activation") != 0 && strcmp(op->family, "elementwise") != 0)
            continue;
        double where = 0, worst = worst_of(op->name, n, &where);
        cr_expect_leq(worst, bound_of(op->name), "%s is off by %g units in the last place at %.9g", op->name, worst,
                      where);
        checked++;
    }
    cr_expect_geq(checked, 60);
}

/* ---- against long double ---- */

typedef long double exact;

static exact softplus(exact x)
{
    return x > 60 ? x : log1pl(expl(x));
}

static exact gelu(exact x)
{
    return x * erfcl(-x * 0.707106781186547524400844362104849039L) / 2;
}

static exact squareplus(exact x)
{
    exact root = sqrtl(x * x + 4);
    return x < 0 ? 2 / (root - x) : (x + root) / 2;
}

static exact tanhshrink(exact x)
{
    return fabsl(x) < 1e-3L ? x * x * x * (1 / 3.0L - x * x * (2 / 15.0L)) : x - tanhl(x);
}

#define REFERENCE(name, value)                                                                                         \
    static exact name##_of(exact x)                                                                                    \
    {                                                                                                                  \
        return value;                                                                                                  \
    }
REFERENCE(elu, x > 0 ? x : expm1l(x))
REFERENCE(selu, 1.0507009873554805L * (x > 0 ? x : 1.6732632423543772L * expm1l(x)))
REFERENCE(sigmoid, 1 / (1 + expl(-x)))
REFERENCE(logsigmoid, -softplus(-x))
REFERENCE(softplus, x > 20 ? x : softplus(x))
REFERENCE(softsign, x / (1 + fabsl(x)))
REFERENCE(silu, x / (1 + expl(-x)))
REFERENCE(eswish, 1.375L * x / (1 + expl(-x)))
REFERENCE(mish, x *tanhl(softplus(x)))
REFERENCE(serf, x *erfl(softplus(x)))
REFERENCE(tanhexp, x *tanhl(expl(x)))
REFERENCE(lisht, x *tanhl(x))
REFERENCE(lecun_tanh, 1.7159L * tanhl(2 * x / 3))
REFERENCE(penalized_tanh, (x > 0 ? 1 : 0.25L) * tanhl(x))
REFERENCE(isru, x / sqrtl(1 + x * x))
REFERENCE(isrlu, x >= 0 ? x : x / sqrtl(1 + x * x))
REFERENCE(bent_identity, x + x * x / (sqrtl(x * x + 1) + 1) / 2)
REFERENCE(gaussian, expl(-x *x))
REFERENCE(gcu, x *cosl(x))
REFERENCE(snake, x + sinl(x) * sinl(x))
REFERENCE(exponential, expl(x))
REFERENCE(tanh, tanhl(x))

Test(accuracy, of_activations_against_long_double)
{
    static const struct {
        const char *op;
        exact (*of)(exact);
    } references[] = {{"gelu", gelu},
                      {"squareplus", squareplus},
                      {"tanhshrink", tanhshrink},
                      {"elu", elu_of},
                      {"selu", selu_of},
                      {"sigmoid", sigmoid_of},
                      {"logsigmoid", logsigmoid_of},
                      {"softplus", softplus_of},
                      {"softsign", softsign_of},
                      {"silu", silu_of},
                      {"swish", silu_of},
                      {"eswish", eswish_of},
                      {"mish", mish_of},
                      {"serf", serf_of},
                      {"tanhexp", tanhexp_of},
                      {"lisht", lisht_of},
                      {"lecun_tanh", lecun_tanh_of},
                      {"penalized_tanh", penalized_tanh_of},
                      {"isru", isru_of},
                      {"isrlu", isrlu_of},
                      {"bent_identity", bent_identity_of},
                      {"gaussian", gaussian_of},
                      {"gcu", gcu_of},
                      {"snake", snake_of},
                      {"exponential", exponential_of},
                      {"tanh", tanh_of}};
    static double got[N];
    int64_t n = fill_inputs();
    for (size_t k = 0; k < sizeof references / sizeof *references; k++) {
        double worst = 0, where = 0;
        run_op(references[k].op, DG_FLOAT32, n, got);
        for (int64_t i = 0; i < n; i++) {
            double off = ulps(got[i], (double)references[k].of((exact)inputs[i]));
            if (!(off <= worst)) {
                worst = off;
                where = (double)inputs[i];
            }
        }
        cr_expect_leq(worst, bound_of(references[k].op), "%s is off by %g units in the last place at %.9g",
                      references[k].op, worst, where);
    }
}

/* Against erfc in long double: the left tail down to where float32 and float64 end. */
Test(accuracy, of_gelu_in_its_left_tail)
{
    static const double at[] = {-0.5, -2, -5.3, -8.1, -12.7, -13.9, -21.3, -30.7, -37.9};
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        const dg_tensor *y = trial_run(t, dg_gelu(trial_input(t, DG_SHAPE(9), at)));
        for (int i = 0; i < 9; i++) {
            const long double root = 0.707106781186547524400844362104849039L;
            long double x = d == DG_FLOAT32 ? (long double)(float)at[i] : (long double)at[i], z = -x * root;
            long double want = x * erfcl(z) / 2 * (1 - 2 * z * fmal(-x, root, -z));
            double got = dg_tensor_get(y, i), unit = d == DG_FLOAT32 ? 0x1p-21 : 0x1p-49,
                   least = d == DG_FLOAT32 ? 1e-42 : 1e-320;
            cr_expect(fabsl((long double)got - want) <= unit * fabsl(want) + least,
                      "gelu(%g) is %.17g, expected %.17Lg", at[i], got, want);
        }
        trial_free(t);
    }
}

/* √(x² + b) − |x| and √(x² + 1) − 1 cancel, squares overflow: not here. By mpmath. */
Test(accuracy, of_activations_with_roots)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        dg_node *x = trial_input(t, DG_SHAPE(5), DATA(-1e30, -1e4, -0.001, 1e4, 1e30));
        const double p = d == DG_FLOAT32 ? 5e-7 : 1e-15;
        const double plus[] = {1e-30, 9.9999999000000020e-05, 0.99950012499999219, 10000.0001, 1e30};
        const double bent[] = {-5e29, -5000.499975, -0.00099975000006249997, 14999.500025, 1.5e30};
        const double isru[] = {-1, -0.999999995, -0.00099999950000037500, 0.999999995, 1};
        const double *const wants[] = {plus, bent, isru};
        dg_node *const nodes[] = {dg_squareplus(x), dg_bent_identity(x), dg_isru(x)};
        for (int k = 0; k < 3; k++) {
            const dg_tensor *y = trial_run(t, nodes[k]);
            for (int i = 0; i < 5; i++)
                cr_expect(fabs(dg_tensor_get(y, i) / wants[k][i] - 1) <= p, "%d, %d: it is %.17g, expected %.17g", k, i,
                          dg_tensor_get(y, i), wants[k][i]);
        }
        trial_free(t);
    }
}

/* ---- norms and layers ---- */

enum { ROW = 6, SCALES = 77, ROWS = SCALES + 5 };

/* Rows of one shape at sizes from 1e-38 to 1e38, and beside a mean that is far larger than what is beside it. */
static void fill_rows(double *rows)
{
    static const double shape[ROW] = {0.3, -1.2, 0.7, 2.1, -0.4, 1.5};
    static const double means[ROWS - SCALES] = {1e3, -1e4, 1e5, -1e6, 1e7};
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < ROW; i++)
            rows[r * ROW + i] =
                (double)(float)(r < SCALES ? shape[i] * pow(10, r - SCALES / 2) : means[r - SCALES] + shape[i]);
}

static int64_t run_call(const char *text, dg_dtype dtype, const double *rows, double *results)
{
    dg_value call;
    trial *t = trial_new(dtype);
    dg_node *x = trial_input(t, DG_SHAPE(ROWS, ROW), rows);
    must(dg_call_parse(dg_graph_arena(t->graph), text, &call));
    const dg_tensor *y = trial_run(t, dg_apply(&(dg_application){.graph = t->graph,
                                                                 .op = call.s,
                                                                 .at = DG_HERE,
                                                                 .n_inputs = 1,
                                                                 .inputs = &x,
                                                                 .n_attrs = (int)call.count,
                                                                 .attrs = call.items}));
    int64_t n = dg_tensor_count(y);
    for (int64_t i = 0; i < n; i++)
        results[i] = dg_tensor_get(y, i);
    trial_free(t);
    return n;
}

/* Float32 against float64, which does not overflow or cancel there; `most`: the largest number that the bound is for.
 * rms_norm squares in float32: below 1e18 squares and their sums are finite. */
Test(accuracy, of_norms_and_layers_over_float32)
{
    static const struct {
        const char *call;
        double most, ulps, least; /* units are no smaller than those of that number */
    } cases[] = {
        {"norm(p=2, dim=1)", 1e39, 1, 0},
        {"norm(p=1, dim=1)", 1e39, 2, 0},
        {"norm(p=3, dim=1)", 1e39, 1, 0},
        {"norm(p=0.5, dim=1)", 1e37, 1, 0},
        {"norm(p=-2, dim=1)", 1e39, 1, 0},
        {"var(dim=1)", 1e39, 1, 0},
        {"std(dim=1)", 1e39, 1, 0},
        {"mean(dim=1)", 1e39, 2, 0},
        {"logsumexp(dim=1)", 1e39, 1, 0},
        {"softmax(dim=1)", 1e39, 4, 0},
        {"log_softmax(dim=1)", 1e39, 2, 1},
        {"normalize(dim=1)", 1e39, 3, 0},
        {"layer_norm(elementwise_affine=false)", 1e39, 6, 0},
        {"rms_norm(eps=1e-5, elementwise_affine=false)", 1e18, 4, 0},
        {"group_norm(1, affine=false)", 1e39, 6, 0},
        {"batch_norm(training=true, affine=false, track_running_stats=false)", 1e39, 8, 0},
    };
    static double rows[ROWS * ROW], some[ROWS * ROW], single[ROWS * ROW], wide[ROWS * ROW];
    fill_rows(rows);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        memcpy(some, rows, sizeof rows);
        for (int i = 0; i < ROWS * ROW; i++)
            some[i] = fabs(rows[i]) > cases[c].most ? 1 : rows[i];
        int64_t n = run_call(cases[c].call, DG_FLOAT32, some, single);
        run_call(cases[c].call, DG_FLOAT64, some, wide);
        for (int64_t i = 0; i < n; i++) {
            double least = cases[c].least, off = ulps(single[i], wide[i]);
            if (least > fabs(wide[i]))
                off = fabs(single[i] - wide[i]) / (least * 0x1p-23);
            cr_expect_leq(off, cases[c].ulps,
                          "%s: element %d is %.9g, expected %.9g: off by %g units in the last place", cases[c].call,
                          (int)i, single[i], wide[i], off);
        }
    }
}

/* ---- norms of float64 ---- */

static dg_node *apply_text(trial *t, const char *text, dg_node *input)
{
    dg_value call;
    must(dg_call_parse(dg_graph_arena(t->graph), text, &call));
    return dg_apply(&(dg_application){.graph = t->graph,
                                      .op = call.s,
                                      .at = DG_HERE,
                                      .n_inputs = 1,
                                      .inputs = &input,
                                      .n_attrs = (int)call.count,
                                      .attrs = call.items});
}

/* values[0 … 6): the op of x·2^exponent, times 2^−exponent where it is of degree 1; values[6 … 12): its gradient. */
static void run_scaled(const char *call, int degree, int exponent, double values[12])
{
    static const double x[] = {0.3, -1.2, 0.7, 2.1, -0.4, 1.5};
    double scaled[6];
    for (int i = 0; i < 6; i++)
        scaled[i] = ldexp(x[i], exponent);
    trial *t = trial_new(DG_FLOAT64);
    dg_node *input = trial_input(t, DG_SHAPE(2, 3), scaled), *y = apply_text(t, call, input);
    dg_node *fetch[] = {y, trial_grad(degree ? dg_sum(y) : dg_sum(dg_mul(y, y)), input)};
    for (int k = 0; k < 2; k++) {
        const dg_tensor *got = trial_run(t, fetch[k]);
        for (int i = 0; i < dg_tensor_count(got); i++)
            values[6 * k + i] = ldexp(dg_tensor_get(got, i), (k - degree) * exponent);
    }
    trial_free(t);
}

/* Of the type's largest and smallest numbers they are those of numbers near 1 times a power of two. */
Test(accuracy, of_norms_of_float64_far_from_1)
{
    static const char *const layers[] = {"layer_norm(eps=0, elementwise_affine=false)", "standardize(0, eps=0)"};
    static const char *const calls[] = {
        "norm(dim=1)", "norm(p=3, dim=1)",  "norm(p=-2, dim=1, keepdim=true)", "norm",
        "std(dim=1)",  "std(correction=0)", "normalize(eps=1e-310)",           "norm(p=0.5)"};
    static const int exponents[] = {-900, -560, 560, 1000};
    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
        double want[12] = {0}, got[12] = {0};
        int degree = strncmp(calls[c], "normalize", 9) != 0;
        run_scaled(calls[c], degree, 0, want);
        for (int e = 0; e < 4; e++) {
            run_scaled(calls[c], degree, exponents[e], got);
            for (int i = 0; i < 12; i++)
                cr_expect(fabs(got[i] - want[i]) <= 1e-14, "%s at 2^%d: %d is %.17g, wants %.17g", calls[c],
                          exponents[e], i, got[i], want[i]);
        }
    }
    for (int c = 0; c < 2; c++) { /* values alone: beyond 1e153 derivatives are 0 */
        double want[12] = {0}, got[12] = {0};
        run_scaled(layers[c], 0, 0, want);
        run_scaled(layers[c], 0, 1000, got);
        for (int i = 0; i < 6; i++)
            cr_expect(fabs(got[i] - want[i]) <= 1e-14, "%s: %d is %.17g, wants %.17g", layers[c], i, got[i], want[i]);
    }
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x1 = trial_input(t, DG_SHAPE(2, 2), DATA(3e200, 4e200, 3e-200, 4e-200));
    dg_node *x2 = trial_input(t, DG_SHAPE(2, 2), DATA(4e180, 3e180, 3e250, -4e250));
    expect_values(trial_run(t, dg_cosine_similarity(x1, x2, .eps = 0)), DG_SHAPE(2), 1e-15, DATA(0.96, -0.28));
    expect_values(trial_run(t, dg_norm(trial_input(t, DG_SHAPE(2), DATA(3, 4)))), dg_scalar(), 0, DATA(5));
    trial_free(t);
}
