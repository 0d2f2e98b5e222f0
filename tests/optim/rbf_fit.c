/* Choosing radial basis function networks: closed forms against what they stand for, each row left out in turn. */
#include "small.h"

#include "optim/fit/smoother.h"

#include <dotgrad/rbf_fit.h>

enum { ROWS = 25 };

/* sin 3x + noise at uneven places; three columns of targets, the others its square and its place. */
static void make_rows(dg_tensor *x, dg_tensor *t)
{
    const dg_random key = {.seed = 3, .stream = 9};
    MUST(dg_tensor_make(x, DG_FLOAT64, DG_SHAPE(ROWS, 1)));
    MUST(dg_tensor_make(t, DG_FLOAT64, DG_SHAPE(ROWS, 3)));
    for (int64_t i = 0; i < ROWS; i++) {
        double at = (double)i / ROWS + 0.02 * dg_random_unit(&key, (uint64_t)i);
        double y = sin(3 * at) + 0.1 * dg_random_unit(&key, (uint64_t)(100 + i));
        dg_tensor_set(x, i, at);
        dg_tensor_set(t, 3 * i, y);
        dg_tensor_set(t, 3 * i + 1, y * y);
        dg_tensor_set(t, 3 * i + 2, at);
    }
}

static void drop_row(const dg_tensor *all, int64_t row, dg_tensor *rest)
{
    int64_t d = all->shape.dims[1];
    MUST(dg_tensor_make(rest, DG_FLOAT64, DG_SHAPE(all->shape.dims[0] - 1, d)));
    for (int64_t i = 0; i < dg_tensor_count(rest); i++)
        dg_tensor_set(rest, i, dg_tensor_get(all, i < row * d ? i : i + d));
}

typedef struct smoothed_kernel {
    const char *kernel;
    double sign;
    int64_t degree;
} smoothed_kernel;

/* φ of rows to centers, and monomials. */
static void basis_at(const smoothed_kernel *k, const dg_tensor *rows, const dg_tensor *centers, int64_t degree,
                     dg_tensor *basis)
{
    static double number = 4;
    static const char *const without[] = {"thin_plate_spline", "linear", "cubic", "quintic"};
    const dg_tensor gamma = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1), &number);
    bool has_gamma = true;
    for (int i = 0; i < 4; i++)
        has_gamma = has_gamma && strcmp(k->kernel, without[i]) != 0;
    MUST(radial_values(
        &(radial_basis){.kernel = k->kernel, .centers = centers, .gamma = has_gamma ? &gamma : NULL, .degree = degree},
        rows, basis));
}

/* What the smoother of all rows but one says of that one: three numbers. */
static void leave_out(const smoothed_kernel *k, bool exact, const dg_tensor *x, const dg_tensor *t,
                      const dg_tensor *centers, int64_t row, double ridge, double says[3])
{
    dg_tensor rest, targets, basis, weights, bias, place, at;
    int64_t degree = exact ? k->degree : -1;
    drop_row(x, row, &rest);
    drop_row(t, row, &targets);
    basis_at(k, &rest, exact ? &rest : centers, degree, &basis);
    int64_t m = exact ? ROWS - 1 : centers->shape.dims[0], width = basis.shape.dims[1];
    smoother of;
    MUST(smoother_make(&of, exact, &basis, width - m, k->sign, &targets));
    MUST(dg_tensor_make(&weights, DG_FLOAT64, DG_SHAPE(3, width)));
    MUST(dg_tensor_make(&bias, DG_FLOAT64, DG_SHAPE(3)));
    MUST(smoother_weights(&of, ridge, &weights, &bias));
    double point = dg_tensor_get(x, row);
    place = dg_tensor_view(DG_FLOAT64, DG_SHAPE(1, 1), &point);
    basis_at(k, &place, exact ? &rest : centers, degree, &at);
    for (int64_t c = 0; c < 3; c++) {
        says[c] = dg_tensor_get(&bias, c);
        for (int64_t j = 0; j < width; j++)
            says[c] += dg_tensor_get(&weights, c * width + j) * dg_tensor_get(&at, j);
    }
    smoother_release(&of);
    dg_tensor *const made[] = {&rest, &targets, &basis, &weights, &bias, &at};
    for (int i = 0; i < 6; i++)
        dg_tensor_release(made[i]);
}

static double square_of(double x)
{
    return x * x;
}

/* Three thirds are classes, but for some rows. */
static int own_class(int64_t row)
{
    return (int)(row % 6 == 4 ? row % 3 : 3 * row / ROWS);
}

/* Cross-entropy of the softmax of left-out predictions times a factor, by its definition. */
static double entropy_of(const double *says, double factor)
{
    double sum = 0, missed = 1.0 / (ROWS + 2);
    for (int64_t i = 0; i < ROWS; i++) {
        double most = fmax(says[3 * i], fmax(says[3 * i + 1], says[3 * i + 2])), total = 0;
        for (int c = 0; c < 3; c++)
            total += exp(factor * (says[3 * i + c] - most));
        for (int c = 0; c < 3; c++)
            sum -= (c == own_class(i) ? 1 - missed : missed / 2) * (factor * (says[3 * i + c] - most) - log(total));
    }
    return sum;
}

/* Where the cross-entropy is least: by trying factors half a hundredth apart. */
static void expect_sharpness(const smoother *of, double ridge, const double *says)
{
    double left[3 * ROWS], sharpness, best = 0, least = INFINITY;
    smoother_left_out(of, ridge, left);
    for (int i = 0; i < 3 * ROWS; i++)
        cr_expect_float_eq(left[i], says[i], 1e-7 * (1 + fabs(says[i])), "%.10g, expected %.10g", left[i], says[i]);
    if (!of->classes)
        return;
    MUST(smoother_sharpness(of, ridge, &sharpness));
    for (double factor = 1e-3; factor < 1e6; factor *= 1.005) {
        double entropy = entropy_of(says, factor);
        best = entropy < least ? factor : best;
        least = fmin(least, entropy);
    }
    cr_expect_float_eq(sharpness, best, 6e-3 * best, "%.6g, expected %.6g", sharpness, best);
}

static void expect_loo(const smoothed_kernel *k, bool exact, bool classes)
{
    dg_tensor x, t, basis, centers;
    make_rows(&x, &t);
    for (int64_t i = 0; i < 3 * ROWS && classes; i++)
        dg_tensor_set(&t, i, own_class(i / 3) == i % 3);
    MUST(dg_tensor_make(&centers, DG_FLOAT64, DG_SHAPE(5, 1)));
    for (int64_t j = 0; j < 5; j++)
        dg_tensor_set(&centers, j, 0.1 + 0.2 * (double)j);
    basis_at(k, &x, exact ? &x : &centers, exact ? k->degree : -1, &basis);
    smoother of;
    smoothed result;
    MUST(smoother_make(&of, exact, &basis, exact ? basis.shape.dims[1] - ROWS : 0, k->sign, &t));
    smoother_measure(&of, 1e-3, &result);
    double squares = 0, hinge = 0, all[3 * ROWS];
    for (int64_t row = 0; row < ROWS; row++) {
        double *says = all + 3 * row;
        leave_out(k, exact, &x, &t, &centers, row, result.ridge, says);
        for (int c = 0; c < 3; c++) {
            squares += square_of(says[c] - dg_tensor_get(&t, 3 * row + c));
            hinge += !classes ? 0 : square_of(fmax(0, own_class(row) == c ? 1 - says[c] : says[c]));
        }
    }
    double expected = sqrt(squares / (3 * ROWS));
    fprintf(stderr, "%s, %s: leave-one-out %.10g, expected %.10g\n", k->kernel, exact ? "all rows" : "5 centers",
            result.loo, expected);
    cr_expect_float_eq(result.loo, expected, 1e-8 * expected);
    cr_expect_float_eq(result.hinge, sqrt(hinge / (3 * ROWS)), 1e-8, "hinge %.10g, expected %.10g", result.hinge,
                       sqrt(hinge / (3 * ROWS)));
    expect_sharpness(&of, result.ridge, all);
    smoother_release(&of);
    dg_tensor *const made[] = {&x, &t, &basis, &centers};
    for (int i = 0; i < 4; i++)
        dg_tensor_release(made[i]);
}

Test(rbf_fit, leaving_one_out_has_a_closed_form_for_every_kernel)
{
    static const smoothed_kernel kernels[] = {{"gaussian", 1, 0},
                                              {"multiquadric", -1, 0},
                                              {"inverse_multiquadric", 1, 0},
                                              {"inverse_quadratic", 1, 0},
                                              {"thin_plate_spline", 1, 1},
                                              {"linear", -1, 0},
                                              {"cubic", 1, 1},
                                              {"quintic", -1, 2},
                                              {"matern32", 1, 0},
                                              {"matern52", 1, 0},
                                              {"wendland", 1, 0}};
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++)
        for (int classes = 0; classes < 2; classes++)
            expect_loo(&kernels[k], true, classes);
    for (int classes = 0; classes < 2; classes++) {
        expect_loo(&kernels[0], false, classes);
        expect_loo(&kernels[9], false, classes);
    }
}

static dg_dataset wave(void)
{
    dg_dataset data;
    dg_tensor x, t, *features, *target;
    make_rows(&x, &t);
    MUST(dg_dataset_new(&data));
    MUST(dg_tensors_add(data.fields, "features", DG_FLOAT64, DG_SHAPE(ROWS, 1), &features));
    MUST(dg_tensors_add(data.fields, "target", DG_FLOAT64, DG_SHAPE(ROWS), &target));
    for (int64_t i = 0; i < ROWS; i++) {
        dg_tensor_set(features, i, dg_tensor_get(&x, i));
        dg_tensor_set(target, i, dg_tensor_get(&t, 3 * i));
    }
    MUST(dg_dataset_split_at(&data, ROWS));
    dg_tensor_release(&x);
    dg_tensor_release(&t);
    return data;
}

Test(rbf_fit, finds_the_curve_below_the_noise_by_each_criterion)
{
    static const char *const selects[] = {"loocv", "aic", "bic"}, *const centers[] = {"all", "kmeans", "ols",
                                                                                      "samples(6)"};
    dg_dataset data = wave();
    for (int k = 0; k < 12; k++) {
        dg_rbf_fit fit;
        MUST(dg_rbf_fit_make(
            &data,
            &(dg_rbf_fit_options){.kernels = "gaussian, matern52", .select = selects[k % 3], .centers = centers[k / 3]},
            &fit));
        cr_expect_lt(fit.loo, 0.05, "%s %s: %g", selects[k % 3], centers[k / 3], fit.loo);
        cr_expect_gt(fit.freedom, 2);
        dg_rbf_fit_release(&fit);
    }
    dg_dataset_release(&data);
}

Test(rbf_fit, a_goal_takes_the_fewest_centers)
{
    dg_dataset data = wave();
    dg_rbf_fit loose, tight;
    MUST(dg_rbf_fit_make(&data, &(dg_rbf_fit_options){.kernels = "gaussian", .select = "goal=1e-2"}, &loose));
    MUST(dg_rbf_fit_make(&data, &(dg_rbf_fit_options){.kernels = "gaussian", .select = "goal=1e-3"}, &tight));
    cr_expect_leq(loose.error * loose.error, 1e-2);
    cr_expect_leq(tight.error * tight.error, 1e-3);
    cr_expect_lt(loose.centers, tight.centers);
    dg_rbf_fit_release(&loose);
    dg_rbf_fit_release(&tight);
    MUST_FAIL(DG_BAD_DATA,
              dg_rbf_fit_make(
                  &data, &(dg_rbf_fit_options){.kernels = "gaussian", .width = 1e-9, .select = "goal=1e-30"}, &tight));
    dg_dataset_release(&data);
}

Test(rbf_fit, says_what_is_wrong)
{
    dg_dataset data = wave();
    dg_rbf_fit fit;
    MUST_FAIL(DG_BAD_ARGUMENT, dg_rbf_fit_make(&data, &(dg_rbf_fit_options){.kernels = "gausian"}, &fit));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_rbf_fit_make(&data, &(dg_rbf_fit_options){.centers = "kmeans(99)"}, &fit));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_rbf_fit_make(&data, &(dg_rbf_fit_options){.centers = "grid"}, &fit));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_rbf_fit_make(&data, &(dg_rbf_fit_options){.select = "best"}, &fit));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_rbf_fit_make(&data, &(dg_rbf_fit_options){.target = "y"}, &fit));
    MUST_FAIL(DG_BAD_ARGUMENT, dg_rbf_fit_make(&data, &(dg_rbf_fit_options){.width = -1}, &fit));
    dg_dataset_release(&data);
}
