/* What ops give at their singular points: roots and logarithms at 0, powers of 0, ties, NaN and infinity. As PyTorch,
 * but where a line says otherwise, and but for limits at infinity, where PyTorch has NaN for silu(−∞) and its like. */
#include "points.h"

Test(singular, roots_and_logarithms_at_and_below_0)
{
    static const point points[] = {
        {"sqrt", {"[5] 0 -1 4 inf nan"}, "[5] 0 nan 2 inf nan", {"[5] inf nan 0.75 0 nan"}},
        {"rsqrt", {"[5] 0 -1 4 inf nan"}, "[5] inf nan 0.5 0 nan", {"[5] -inf nan -0.1875 0 nan"}},
        {"reciprocal", {"[5] 0 -2 inf -inf nan"}, "[5] inf -0.5 0 0 nan", {"[5] -inf -0.5 0 0 nan"}},
        {"log", {"[5] 0 -1 1 inf nan"}, "[5] -inf nan 0 inf nan", {"[5] inf -2 3 0 nan"}},
        {"log2",
         {"[5] 0 -1 1 inf nan"},
         "[5] -inf nan 0 inf nan",
         {"[5] inf -2.88539008177793 4.32808512266689 0 nan"}},
        {"log10",
         {"[5] 0 -1 1 inf nan"},
         "[5] -inf nan 0 inf nan",
         {"[5] inf -0.868588963806504 1.30288344570976 0 nan"}},
        {"log1p", {"[5] -1 -2 0 inf nan"}, "[5] -inf nan 0 inf nan", {"[5] inf -2 3 0 nan"}},
        {"exp", {"[4] 0 inf -inf nan"}, "[4] 1 inf 0 nan", {"[4] 1 inf 0 nan"}},
        {"expm1", {"[4] 0 inf -inf nan"}, "[4] 0 inf -1 nan", {"[4] 1 inf 0 nan"}},
        {"exp2", {"[4] 0 inf -inf nan"}, "[4] 1 inf 0 nan", {"[4] 0.693147180559945 inf 0 nan"}},
    };
    CHECK_POINTS(points);
}

Test(singular, inverse_functions_at_the_ends_of_their_domains)
{
    static const point points[] = {
        {"asin", {"[5] -1 0 1 2 nan"}, "[5] -1.5707963267949 0 1.5707963267949 nan nan", {"[5] inf 2 inf nan nan"}},
        {"acos", {"[5] -1 0 1 2 nan"}, "[5] 3.14159265358979 1.5707963267949 0 nan nan", {"[5] -inf -2 -inf nan nan"}},
        {"acosh", {"[4] 1 0.5 inf nan"}, "[4] 0 nan inf nan", {"[4] inf nan 0 nan"}},
        {"atanh", {"[5] -1 0 1 2 nan"}, "[5] -inf 0 inf nan nan", {"[5] inf 2 inf -1.33333333333333 nan"}},
        {"asinh", {"[4] 0 inf -inf nan"}, "[4] 0 inf -inf nan", {"[4] 1 0 0 nan"}},
        {"atan", {"[4] 0 inf -inf nan"}, "[4] 0 1.5707963267949 -1.5707963267949 nan", {"[4] 1 0 0 nan"}},
    };
    CHECK_POINTS(points);
}

Test(singular, powers_of_0_and_of_negative_numbers)
{
    static const point points[] = {
        {"pow",
         {"[14] 0 0 0 0 0 -2 -2 -2 -2 1 nan inf inf 0", "[14] 0 1 2 0.5 -1 3 2 0.5 0 nan 0 0 -1 inf"},
         "[14] 1 0 0 0 inf -8 4 nan 1 1 1 1 0 0",
         {"[14] 0 2 0 inf -inf 72 -28 nan 0 nan 0 0 0 0", "[14] 0 0 0 0 -inf nan nan nan nan 0 nan inf 0 0"}},
        {"pow", {"[2] 2 0.5", "[2] 0 0"}, "[2] 1 1", {"[2] 0 0", "[2] 0.693147180559945 -1.38629436111989"}},
        {"pow(exponent=0)", {"[5] 0 -2 nan inf -inf"}, "[5] 1 1 1 1 1", {"[5] 0 0 0 0 0"}},
        {"pow(exponent=1)", {"[5] 0 -2 nan inf -inf"}, "[5] 0 -2 nan inf -inf", {"[5] 1 2 3 4 5"}},
        {"pow(exponent=2)", {"[5] 0 -2 nan inf -inf"}, "[5] 0 4 nan inf inf", {"[5] 0 -8 nan inf -inf"}},
        {"pow(exponent=3)", {"[5] 0 -2 nan inf -inf"}, "[5] 0 -8 nan inf -inf", {"[5] 0 24 nan inf inf"}},
        {"pow(exponent=0.5)", {"[4] 0 -2 nan inf"}, "[4] 0 nan nan inf", {"[4] inf nan nan 0"}},
        {"pow(exponent=-1)", {"[5] 0 -2 nan inf -inf"}, "[5] inf -0.5 nan 0 0", {"[5] -inf -0.5 nan 0 0"}},
        {"pow(exponent=-0.5)", {"[4] 0 -2 nan inf"}, "[4] inf nan nan 0", {"[4] -inf nan nan 0"}},
        {"pow(exponent=-2)", {"[5] 0 -2 nan inf -inf"}, "[5] inf 0.25 nan 0 0", {"[5] -inf 0.5 nan 0 0"}},
        {"square", {"[4] 0 -2 inf nan"}, "[4] 0 4 inf nan", {"[4] 0 -8 inf nan"}},
    };
    CHECK_POINTS(points);
}

Test(singular, quotients_by_0)
{
    static const point points[] = {
        {"div",
         {"[5] 1 -1 0 inf inf", "[5] 0 0 0 inf 0"},
         "[5] inf -inf nan nan inf",
         {"[5] inf inf inf 0 inf", "[5] -inf inf nan nan -inf"}},
        {"fmod", {"[4] 1 -1 5 -5", "[4] 0 inf inf 3"}, "[4] nan -1 5 -2", {"[4] 1 2 3 4", "[4] -inf 0 0 4"}},
        {"remainder", {"[3] 1 5 -5", "[3] 0 inf 3"}, "[3] nan 5 1", {"[3] 1 2 3", "[3] -inf 0 6"}},
        /* 1/0.001 rounds to 1000, but there are 999 whole ones in it, of the double and of the float 0.001. */
        {"fmod", {"[2] 1 -1", "[2] 0.001 0.001"}, "[2] 0.001 -0.001", {"[2] 1 2", "[2] -999 1998"}},
        {"remainder", {"[2] 1 -1", "[2] 0.001 -0.001"}, "[2] 0.001 -0.001", {"[2] 1 2", "[2] -999 -1998"}},
        {"atan2",
         {"[6] 0 0 1 -1 inf nan", "[6] 0 -1 0 0 inf 1"},
         "[6] 0 3.14159265358979 1.5707963267949 -1.5707963267949 0.785398163397448 nan",
         {"[6] 0 -2 0 0 nan nan", "[6] 0 0 -3 4 nan nan"}},
        {"hypot",
         {"[5] 0 3 inf 0 nan", "[5] 0 0 1 nan inf"},
         "[5] 0 3 inf nan inf",
         {"[5] 0 2 3 nan nan", "[5] 0 0 0 nan nan"}}, /* at 0, 0: PyTorch nan */
        {"logaddexp",
         {"[5] -inf inf -inf 0 nan", "[5] -inf inf 0 0 1"},
         "[5] -inf inf 0 0.693147180559945 nan",
         {"[5] nan nan 0 2 nan", "[5] nan nan 3 2 nan"}},
    };
    CHECK_POINTS(points);
}

Test(singular, nan_and_infinity_through_activations)
{
    static const point points[] = {
        {"relu", {"[4] -inf inf nan 0"}, "[4] 0 inf nan 0", {"[4] 0 2 3 0"}},
        {"relu6", {"[4] -inf inf nan 0"}, "[4] 0 6 nan 0", {"[4] 0 0 3 0"}},
        {"leaky_relu", {"[4] -inf inf nan 0"}, "[4] -inf inf nan 0", {"[4] 0.01 2 0.03 0.04"}},
        {"elu", {"[4] -inf inf nan 0"}, "[4] -1 inf nan 0", {"[4] 0 2 3 4"}},
        {"celu", {"[4] -inf inf nan 0"}, "[4] -1 inf nan 0", {"[4] 0 2 3 4"}},
        {"selu",
         {"[4] -inf inf nan 0"},
         "[4] -1.75809934084738 inf nan 0",
         {"[4] 0 2.10140197471096 3.15210296206644 7.03239736338951"}},
        {"sigmoid", {"[4] -inf inf nan 0"}, "[4] 0 1 nan 0.5", {"[4] 0 0 nan 1"}},
        {"logsigmoid", {"[4] -inf inf nan 0"}, "[4] -inf 0 nan -0.693147180559945", {"[4] 1 0 nan 2"}},
        {"tanh", {"[4] -inf inf nan 0"}, "[4] -1 1 nan 0", {"[4] 0 0 nan 4"}},
        {"softplus", {"[4] -inf inf nan 0"}, "[4] 0 inf nan 0.693147180559945", {"[4] 0 2 nan 2"}},
        {"softsign", {"[4] -inf inf nan 0"}, "[4] -1 1 nan 0", {"[4] 0 0 nan 4"}},
        {"silu", {"[4] -inf inf nan 0"}, "[4] 0 inf nan 0", {"[4] 0 2 nan 2"}},
        {"mish", {"[4] -inf inf nan 0"}, "[4] 0 inf nan 0", {"[4] 0 2 nan 2.4"}},
        {"gelu", {"[4] -inf inf nan 0"}, "[4] 0 inf nan 0", {"[4] 0 2 nan 2"}},
        {"gelu(approximate=tanh)", {"[4] -inf inf nan 0"}, "[4] 0 inf nan 0", {"[4] 0 2 nan 2"}},
        {"hardtanh", {"[4] -inf inf nan 0"}, "[4] -1 1 nan 0", {"[4] 0 0 3 4"}},
        {"hardsigmoid",
         {"[4] -inf inf nan 0"},
         "[4] 0 1 nan 0.5",
         {"[4] 0 0 0.5 0.666666666666666667"}},                                    /* at nan: PyTorch 0 */
        {"hardswish", {"[4] -inf inf nan 0"}, "[4] 0 inf nan 0", {"[4] 0 2 3 2"}}, /* at −inf: PyTorch nan */
        {"hardshrink", {"[4] -inf inf nan 0"}, "[4] -inf inf nan 0", {"[4] 1 2 3 0"}},
        {"softshrink", {"[4] -inf inf nan 0"}, "[4] -inf inf nan 0", {"[4] 1 2 3 0"}},
        {"tanhshrink", {"[4] -inf inf nan 0"}, "[4] -inf inf nan 0", {"[4] 1 2 nan 0"}},
        {"erf", {"[4] -inf inf nan 0"}, "[4] -1 1 nan 0", {"[4] 0 0 nan 4.51351666838205"}},
        {"erfc", {"[4] -inf inf nan 0"}, "[4] 2 0 nan 1", {"[4] 0 0 nan -4.51351666838205"}},
        {"sin", {"[4] -inf inf nan 0"}, "[4] nan nan nan 0", {"[4] nan nan nan 4"}},
        {"cosh", {"[4] -inf inf nan 0"}, "[4] inf inf nan 1", {"[4] -inf inf nan 0"}},
        {"sinh", {"[4] -inf inf nan 0"}, "[4] -inf inf nan 0", {"[4] inf inf nan 4"}},
        {"abs", {"[4] -inf inf nan 0"}, "[4] inf inf nan 0", {"[4] -1 2 0 0"}},
        {"sign", {"[4] -inf inf nan 0"}, "[4] -1 1 0 0", {"[4] 0 0 0 0"}},
        {"floor", {"[4] -inf inf nan 0"}, "[4] -inf inf nan 0", {"[4] 0 0 0 0"}},
        {"round", {"[4] -inf inf nan 0"}, "[4] -inf inf nan 0", {"[4] 0 0 0 0"}},
        {"clamp(min=-1, max=1)", {"[4] -inf inf nan 0"}, "[4] -1 1 nan 0", {"[4] 0 0 3 4"}}, /* at nan: PyTorch 0 */
        {"threshold(0.5, 2)", {"[4] -inf inf nan 0"}, "[4] 2 inf nan 2", {"[4] 0 2 3 0"}},
        {"isnan", {"[4] -inf inf nan 0"}, "[4] bool 0 0 1 0", {}},
    };
    CHECK_POINTS(points);
}

Test(singular, ties_nan_and_infinity_of_two)
{
    static const point points[] = {
        {"maximum",
         {"[7] 1 1 2 nan 0 inf -inf", "[7] 1 2 1 0 nan inf -inf"},
         "[7] 1 2 2 nan nan inf -inf",
         {"[7] 0.5 0 3 4 5 3 3.5", "[7] 0.5 2 0 4 5 3 3.5"}},
        {"minimum",
         {"[7] 1 1 2 nan 0 inf -inf", "[7] 1 2 1 0 nan inf -inf"},
         "[7] 1 1 1 nan nan inf -inf",
         {"[7] 0.5 2 0 4 5 3 3.5", "[7] 0.5 0 3 4 5 3 3.5"}},
        {"lt", {"[4] 1 nan inf -inf", "[4] 1 nan inf inf"}, "[4] bool 0 0 0 1", {}},
        {"le", {"[4] 1 nan inf -inf", "[4] 1 nan inf inf"}, "[4] bool 1 0 1 1", {}},
        {"gt", {"[4] 1 nan inf -inf", "[4] 1 nan inf inf"}, "[4] bool 0 0 0 0", {}},
        {"ge", {"[4] 1 nan inf -inf", "[4] 1 nan inf inf"}, "[4] bool 1 0 1 0", {}},
        {"eq", {"[4] 1 nan inf -inf", "[4] 1 nan inf inf"}, "[4] bool 1 0 1 0", {}},
        {"ne", {"[4] 1 nan inf -inf", "[4] 1 nan inf inf"}, "[4] bool 0 1 0 1", {}},
        {"where",
         {"[4] bool 1 0 1 0", "[4] 1 nan inf 2", "[4] nan 1 3 inf"},
         "[4] 1 1 inf inf",
         {NULL, "[4] 1 0 3 0", "[4] 0 2 0 4"}},
        {"mul", {"[3] 0 inf nan", "[3] inf 0 0"}, "[3] nan nan nan", {"[3] inf 0 0", "[3] 0 inf nan"}},
        {"sub", {"[2] inf nan", "[2] inf 0"}, "[2] nan nan", {"[2] 1 2", "[2] -1 -2"}},
    };
    CHECK_POINTS(points);
}

Test(singular, norms_at_0)
{
    static const point points[] = {
        {"norm(p=1, dim=1)", {"[3, 2] 0 0 3 -4 0 1"}, "[3] 0 7 1", {"[3, 2] 0 0 2 -2 0 3"}},
        {"norm(p=2, dim=1)", {"[3, 2] 0 0 3 -4 0 1"}, "[3] 0 5 1", {"[3, 2] 0 0 1.2 -1.6 0 3"}},
        {"norm(p=3, dim=1)",
         {"[3, 2] 0 0 3 -4 0 1"},
         "[3] 0 4.49794144527541 1",
         {"[3, 2] 0 0 0.889702703461071 -1.5816936950419 0 3"}},
        {"norm(p=0.5, dim=1)",
         {"[3, 2] 0 0 3 -4 0 1"},
         "[3] 0 13.9282032302755 1",
         {"[3, 2] 0 0 4.3094010767585 -3.73205080756888 0 3"}},
        {"norm(p=inf, dim=1)", {"[3, 2] 0 0 3 -4 0 1"}, "[3] 0 4 1", {"[3, 2] 0 0 0 -2 0 3"}},
        {"norm(p=-inf, dim=1)", {"[3, 2] 0 0 3 -4 0 1"}, "[3] 0 3 0", {"[3, 2] 0 0 2 0 0 0"}},
        {"norm(p=0, dim=1)", {"[3, 2] 0 0 3 -4 0 1"}, "[3] 0 2 1", {"[3, 2] 0 0 0 0 0 0"}},
        {"norm", {"[2, 2] 0 0 0 0"}, "[] 0", {"[2, 2] 0 0 0 0"}},
        {"norm(p=2, dim=0)", {"[2, 2] nan inf 1 2"}, "[2] nan inf", {"[2, 2] nan nan nan 0"}},
        {"normalize(dim=1)", {"[2, 2] 0 0 3 4"}, "[2, 2] 0 0 0.6 0.8", {"[2, 2] 1000000000000 2000000000000 0 0"}},
        {"cosine_similarity",
         {"[2, 2] 0 0 3 4", "[2, 2] 1 2 0 0"},
         "[2] 0 0",
         {"[2, 2] 44721359.5499958 89442719.0999916 0 0", "[2, 2] 0 0 120000000 160000000"}},
        {"std(dim=1)",
         {"[2, 3] 2 2 2 1 2 4"},
         "[2] 0 1.52752523165195",
         {"[2, 3] 0 0 0 -0.87287156094397 -0.218217890235993 1.09108945117996"}},
        {"var(dim=1)",
         {"[2, 3] 2 2 2 1 2 4"},
         "[2] 0 2.33333333333333",
         {"[2, 3] 0 0 0 -2.66666666666667 -0.666666666666667 3.33333333333333"}},
        {"std(dim=1)", {"[2, 1] 2 3"}, "[2] nan nan", {}},
        {"var(dim=1)", {"[2, 1] 2 3"}, "[2] nan nan", {}},
        {"var(dim=1, correction=0)", {"[2, 1] 2 3"}, "[2] 0 0", {"[2, 1] 0 0"}},
        {"std(dim=1, correction=0)", {"[2, 1] 2 3"}, "[2] 0 0", {"[2, 1] 0 0"}},
    };
    CHECK_POINTS(points);
}

Test(singular, distances_of_equal_points)
{
    static const point points[] = {
        {"cdist(p=1)", {"[2, 2] 1 2 0 0", "[2, 2] 1 2 4 2"}, "[2, 2] 0 3 3 6", {"[2, 2] -2 0 -7 -7", "[2, 2] 3 3 6 4"}},
        {"cdist(p=2)",
         {"[2, 2] 1 2 0 0", "[2, 2] 1 2 4 2"},
         "[2, 2] 0 3 2.23606797749979 4.47213595499958",
         {"[2, 2] -2 0 -4.91934955049954 -4.47213595499958",
          "[2, 2] 1.34164078649987 2.68328157299975 5.57770876399966 1.78885438199983"}},
        {"cdist(p=3)",
         {"[2, 2] 1 2 0 0", "[2, 2] 1 2 4 2"},
         "[2, 2] 0 3 2.0800838230519 4.16016764610381",
         {"[2, 2] -2 0 -4.39128807088735 -3.69792679653672",
          "[2, 2] 0.693361274350635 2.77344509740254 5.69792679653672 0.92448169913418"}},
        {"cdist(p=inf)",
         {"[2, 2] 1 2 0 0", "[2, 2] 1 2 4 2"},
         "[2, 2] 0 3 2 4",
         {"[2, 2] -2 0 -4 -3", "[2, 2] 0 3 6 0"}},
        {"cdist(p=0.5)",
         {"[2, 2] 1 2 0 0", "[2, 2] 1 2 4 2"},
         "[2, 2] 0 3 5.82842712474619 11.6568542494924",
         {"[2, 2] -2 0 -14.0710678118655 -14.778174593052",
          "[2, 2] 7.24264068711929 5.12132034355964 8.82842712474619 9.65685424949238"}},
        {"pairwise_distance",
         {"[2, 2] 1 2 0 0", "[2, 2] 1 2 3 4"},
         "[2] 1.41421356237309e-06 4.9999986",
         {"[2, 2] 0.707106781186548 0.707106781186548 -1.19999993599998 -1.60000004800001",
          "[2, 2] -0.707106781186548 -0.707106781186548 1.19999993599998 1.60000004800001"}},
        {"triplet_margin_loss",
         {"[1, 2] 1 2", "[1, 2] 1 2", "[1, 2] 1 2"},
         "[] 1",
         {"[1, 2] 0 0", "[1, 2] -0.707106781186548 -0.707106781186548", "[1, 2] 0.707106781186548 0.707106781186548"}},
    };
    CHECK_POINTS(points);
}

Test(singular, ties_and_nan_in_reductions)
{
    static const point points[] = {
        {"amax(dim=1)",
         {"[3, 4] 1 3 3 2 5 5 5 5 nan 1 2 nan"},
         "[3] 3 5 nan",
         {"[3, 4] 0 0.5 0.5 0 0.5 0.5 0.5 0.5 nan nan nan nan"}},
        {"amin(dim=1)",
         {"[3, 4] 1 3 3 2 5 5 5 5 nan 1 2 nan"},
         "[3] 1 5 nan",
         {"[3, 4] 1 0 0 0 0.5 0.5 0.5 0.5 nan nan nan nan"}},
        {"amax", {"[4] 2 7 7 1"}, "[] 7", {"[4] 0 0.5 0.5 0"}},
        {"argmax(dim=1)", {"[3, 4] 1 3 3 2 5 5 5 5 nan 1 2 nan"}, "[3] int64 1 0 0", {}},
        {"argmin(dim=1)", {"[3, 4] 1 3 3 2 5 5 5 5 nan 1 2 nan"}, "[3] int64 0 0 0", {}},
        {"sort", {"[5] 2 1 2 nan 1"}, "[5] 1 1 2 2 nan", {"[5] 3 1 4 5 2"}},
        {"sort(descending=true)", {"[5] 2 1 2 nan 1"}, "[5] nan 2 2 1 1", {"[5] 2 4 3 1 5"}},
        {"argsort", {"[5] 2 1 2 nan 1"}, "[5] int64 1 4 0 2 3", {}},
        {"argsort(descending=true)", {"[5] 2 1 2 nan 1"}, "[5] int64 3 0 2 1 4", {}},
        {"sort(stable=true)", {"[5] 2 1 2 nan 1"}, "[5] 1 1 2 2 nan", {"[5] 3 1 4 5 2"}},
        {"topk(2)", {"[5] 2 1 2 1 2"}, "[2] 2 2", {"[5] 1 0 2 0 0"}}, /* the first ones; PyTorch promises no order */
        {"median", {"[5] 2 2 2 1 3"}, "[] 2", {"[5] 0.333333333333333 0.333333333333333 0.333333333333333 0 0"}},
        {"median(dim=0)", {"[4] 2 2 1 1"}, "[] 1", {"[4] 0 0 0 1"}},
        {"median", {"[3] 1 nan 2"}, "[] nan", {"[3] 0 1 0"}},
        {"max_pool1d(2)", {"[1, 1, 6] 3 3 1 nan nan -inf"}, "[1, 1, 3] 3 nan nan", {"[1, 1, 6] 1 0 0 2 3 0"}},
        {"max_pool1d(2)", {"[1, 1, 4] -inf -inf inf inf"}, "[1, 1, 2] -inf inf", {"[1, 1, 4] 1 0 2 0"}},
        {"adaptive_max_pool1d(2)", {"[1, 1, 4] 2 2 1 1"}, "[1, 1, 2] 2 1", {"[1, 1, 4] 1 0 2 0"}},
        {"maxout", {"[1, 4] 2 2 1 3"}, "[1, 2] 2 3", {"[1, 4] 0.5 0.5 0 2"}},
        {"sum(dim=1)", {"[3, 2] inf 1 inf -inf nan 0"}, "[3] inf nan nan", {"[3, 2] 1 1 2 2 3 3"}},
        {"mean(dim=1)", {"[3, 2] inf 1 inf -inf nan 0"}, "[3] inf nan nan", {"[3, 2] 0.5 0.5 1 1 1.5 1.5"}},
        {"cummax(0)", {"[4] 1 2 2 1"}, "[4] 1 2 2 2", {"[4] 1 2 7 0"}},
    };
    CHECK_POINTS(points);
}

Test(singular, products_with_zeros)
{
    static const point points[] = {
        {"prod(dim=1)", {"[4, 3] 2 0 3 0 0 5 0 0 0 1 2 3"}, "[4] 0 0 0 6", {"[4, 3] 0 6 0 0 0 0 0 0 0 24 12 8"}},
        {"prod", {"[3] 2 0 3"}, "[] 0", {"[3] 0 6 0"}},
        {"cumprod(dim=0)", {"[4] 2 0 3 0"}, "[4] 2 0 0 0", {"[4] 1 22 0 0"}},
        {"prod", {"[2] inf 0"}, "[] nan", {"[2] 0 inf"}},
    };
    CHECK_POINTS(points);
}

Test(singular, exponentials_of_infinity_in_rows)
{
    static const point points[] = {
        {"softmax(dim=1)",
         {"[5, 2] -inf -inf -inf 0 inf 0 inf inf nan 0"},
         "[5, 2] nan nan 0 1 nan nan nan nan nan nan",
         {"[5, 2] nan nan 0 0 nan nan nan nan nan nan"}},
        {"log_softmax(dim=1)",
         {"[5, 2] -inf -inf -inf 0 inf 0 inf inf nan 0"},
         "[5, 2] nan nan -inf 0 nan nan nan nan nan nan",
         {"[5, 2] nan nan 3 -3 nan nan nan nan nan nan"}},
        {"logsumexp(dim=1)",
         {"[5, 2] -inf -inf -inf 0 inf 0 inf inf nan 0"},
         "[5] -inf 0 inf inf nan",
         {"[5, 2] 0 0 0 2 nan 0 nan nan nan nan"}}, /* of −inf alone: PyTorch nan */
        {"softmin(dim=1)",
         {"[5, 2] -inf -inf -inf 0 inf 0 inf inf nan 0"},
         "[5, 2] nan nan nan nan 0 1 nan nan nan nan",
         {"[5, 2] nan nan nan nan 0 0 nan nan nan nan"}},
        {"logcumsumexp(1)", {"[2, 2] 1 nan nan 1"}, "[2, 2] 1 nan nan nan", {"[2, 2] nan nan nan nan"}},
        {"logcumsumexp(1)",
         {"[2, 2] -inf -inf 0 -inf"},
         "[2, 2] -inf -inf 0 0",
         {"[2, 2] 0 0 7 0"}}, /* of −inf alone: PyTorch nan */
        {"softmax(dim=1)", {"[2, 1] 3 -4"}, "[2, 1] 1 1", {"[2, 1] 0 0"}},
        {"log_softmax(dim=1)", {"[2, 1] 3 -4"}, "[2, 1] 0 0", {"[2, 1] 0 0"}},
    };
    CHECK_POINTS(points);
}

Test(singular, losses_at_their_singular_points)
{
    static const point points[] = {
        {"binary_cross_entropy(reduction=none)",
         {"[6] 0 0 1 1 0 0.5", "[6] 0 1 0 1 0.5 0.5"},
         "[6] 0 100 100 0 50 0.693147180559945",
         {"[6] 0 -2000000000000 3000000000000 0 -2500000000000 0",
          "[6] inf inf -inf -inf inf 0"}}, /* PyTorch's 1e-12 is a float */
        {"binary_cross_entropy_with_logits(reduction=none)",
         {"[4] 1000 -1000 1000 0", "[4] 1 1 0 0.5"},
         "[4] 0 1000 1000 0.693147180559945",
         {"[4] 0 -2 3 0", "[4] -1000 2000 -3000 0"}},
        {"kl_div(reduction=none)",
         {"[4] -1 -2 0 -inf", "[4] 0 1 0 1"},
         "[4] 0 2 0 inf",
         {"[4] 0 -2 0 -4", "[4] 1 6 0 inf"}}, /* at target 0: PyTorch nan */
        {"cross_entropy(ignore_index=1)",
         {"[2, 2] 1 2 3 4", "[2] int64 1 1"},
         "[] 0",
         {"[2, 2] 0 0 0 0", NULL}}, /* PyTorch nan */
        {"cross_entropy(ignore_index=1, reduction=sum)",
         {"[2, 2] 1 2 3 4", "[2] int64 1 1"},
         "[] 0",
         {"[2, 2] 0 0 0 0", NULL}},
        {"cross_entropy(reduction=none)",
         {"[3, 2] -inf 0 -inf 0 1000 0", "[3] int64 0 1 1"},
         "[3] inf 0 1000",
         {"[3, 2] -1 1 0 0 3 -3", NULL}},
        {"cross_entropy", {"[2, 1] 3 4", "[2] int64 0 0"}, "[] 0", {"[2, 1] 0 0", NULL}},
        {"l1_loss(reduction=none)", {"[2] 1 2", "[2] 1 3"}, "[2] 0 1", {"[2] 0 -2", "[2] 0 2"}},
        {"smooth_l1_loss(beta=0, reduction=none)", {"[2] 1 2", "[2] 1 3"}, "[2] 0 1", {"[2] 0 -2", "[2] 0 2"}},
        {"huber_loss(delta=1, reduction=none)",
         {"[3] 1 2 0", "[3] 1 3 inf"},
         "[3] 0 0.5 inf",
         {"[3] 0 -2 -3", "[3] 0 2 3"}},
        {"gaussian_nll_loss(reduction=none)",
         {"[2] 1 2", "[2] 1 3", "[2] 0 1"},
         "[2] -6.90775527898214 0.5",
         {"[2] 0 -2", "[2] 0 2", "[2] 500000 0"}},
        {"poisson_nll_loss(log_input=false, full=true, reduction=none)",
         {"[3] 0 1 1", "[3] 0 0 1"},
         "[3] 0 1 0.99999999",
         {"[3] 1 2 2.99999993735867e-08", NULL}},
        {"mse_loss", {"[0]", "[0]"}, "[] nan", {"[0]", "[0]"}},
        {"mse_loss(reduction=sum)", {"[0]", "[0]"}, "[] 0", {"[0]", "[0]"}},
        {"l1_loss", {"[0]", "[0]"}, "[] nan", {"[0]", "[0]"}},
        {"l1_loss(reduction=sum)", {"[0]", "[0]"}, "[] 0", {"[0]", "[0]"}},
        {"huber_loss", {"[0]", "[0]"}, "[] nan", {"[0]", "[0]"}},
        {"huber_loss(reduction=sum)", {"[0]", "[0]"}, "[] 0", {"[0]", "[0]"}},
        {"smooth_l1_loss", {"[0]", "[0]"}, "[] nan", {"[0]", "[0]"}},
        {"smooth_l1_loss(reduction=sum)", {"[0]", "[0]"}, "[] 0", {"[0]", "[0]"}},
        {"cross_entropy", {"[0, 3]", "[0] int64"}, "[] nan", {"[0, 3]", NULL}},
        {"cross_entropy(reduction=none)", {"[0, 3]", "[0] int64"}, "[0]", {"[0, 3]", NULL}},
        {"nll_loss", {"[0, 3]", "[0] int64"}, "[] nan", {"[0, 3]", NULL}},
        {"binary_cross_entropy", {"[0]", "[0]"}, "[] nan", {"[0]", "[0]"}},
    };
    CHECK_POINTS(points);
}

Test(singular, norm_layers_without_variance)
{
    static const point points[] = {
        {"layer_norm([1], elementwise_affine=false)", {"[2, 1] 3 4"}, "[2, 1] 0 0", {"[2, 1] 0 0"}},
        {"layer_norm([2], elementwise_affine=false)",
         {"[2, 2] 3 3 0 0"},
         "[2, 2] 0 0 0 0",
         {"[2, 2] -158.113883008419 158.113883008419 -158.113883008419 158.113883008419"}},
        {"rms_norm([2], eps=1e-5, elementwise_affine=false)",
         {"[2, 2] 0 0 3 4"},
         "[2, 2] 0 0 0.848527798012806 1.13137039735041",
         {"[2, 2] 316.227766016838 632.455532033676 6.78821695410115e-07 9.05095593806138e-07"}},
        {"batch_norm(training=true, affine=false, track_running_stats=false)",
         {"[2, 2] 3 1 3 2"},
         "[2, 2] 0 -0.99998000059998 0 0.99998000059998",
         {"[2, 2] -316.227766016838 -7.99952002401509e-05 316.227766016838 7.99952002401509e-05"}},
        {"instance_norm", {"[1, 1, 2] 3 3"}, "[1, 1, 2] 0 0", {"[1, 1, 2] -158.113883008419 158.113883008419"}},
        {"group_norm(1, affine=false)",
         {"[1, 2, 1] 3 3"},
         "[1, 2, 1] 0 0",
         {"[1, 2, 1] -158.113883008419 158.113883008419"}},
        {"layer_norm([2], elementwise_affine=false)",
         {"[3, 2] inf 0 nan 1 1 2"},
         "[3, 2] nan nan nan nan -0.99998000059998 0.99998000059998",
         {"[3, 2] nan nan nan nan -3.99976001217439e-05 3.99976001190794e-05"}},
    };
    CHECK_POINTS(points);
}

Test(singular, singular_matrices)
{
    static const point points[] = {
        {"det", {"[2, 2] 1 2 2 4"}, "[] 0", {"[2, 2] 4 -2 -2 1"}}, /* the cofactors; PyTorch 0 */
        {"logdet", {"[2, 2] 1 2 2 4"}, "[] -inf", {}},
        {"logdet", {"[2, 2] 1 2 3 4"}, "[] nan", {}},
        {"det", {"[2, 2] 0 0 0 0"}, "[] 0", {"[2, 2] 0 0 0 0"}},
        {"det", {"[3, 3] 1 2 3 2 4 6 0 1 1"}, "[] 0", {"[3, 3] -2 -2 2 1 1 -1 0 0 0"}}, /* the cofactors; PyTorch 0 */
        {"matmul", {"[1, 2] inf 0", "[2, 1] 0 1"}, "[1, 1] nan", {"[1, 2] 0 1", "[2, 1] inf 0"}},
    };
    CHECK_POINTS(points);
}

Test(singular, losses_of_nan)
{
    static const point points[] = {
        {"margin_ranking_loss(reduction=none)", {"[2] nan 1", "[2] 1 nan", "[2] 1 -1"}, "[2] nan nan", {}},
        {"triplet_margin_loss(reduction=none)", {"[1, 2] nan 1", "[1, 2] 1 2", "[1, 2] 3 4"}, "[1] nan", {}},
        {"cosine_embedding_loss(reduction=none)", {"[1, 2] nan 1", "[1, 2] 1 2", "[1] -1"}, "[1] nan", {}},
        {"multilabel_margin_loss(reduction=none)", {"[2] nan 1", "[2] int64 1 -1"}, "[] nan", {}},
        {"hinge_embedding_loss(reduction=none)",
         {"[2] nan 1", "[2] -1 nan"},
         "[2] nan nan",
         {}}, /* target: PyTorch 0 */
    };
    CHECK_POINTS(points);
}

Test(singular, bounds_that_are_nan)
{
    static const point points[] = {
        {"expr(where(x < b, b, x), b=nan)", {"[2] 1 2"}, "[2] 1 2", {"[2] 1 2"}},
        {"expr(where(x <= b, b, x), b=nan)", {"[2] 1 2"}, "[2] 1 2", {"[2] 1 2"}},
        {"expr(max(x, b), b=nan)", {"[2] 1 2"}, "[2] nan nan", {}},
    };
    CHECK_POINTS(points);
}

Test(singular, norms_of_negative_order)
{
    static const point points[] = {
        {"norm(p=-1)", {"[3] 1 0 -2"}, "[] 0", {"[3] 0 0 0"}},
        {"norm(p=-2)", {"[2] 3 4"}, "[] 2.4", {"[2] 0.512 0.216"}},
        {"norm(p=-2)", {"[2] nan 4"}, "[] nan", {"[2] nan nan"}},
        {"norm(p=3, dim=1)", {"[2, 2] 0 0 0 2"}, "[2] 0 2", {"[2, 2] 0 0 0 2"}},
    };
    CHECK_POINTS(points);
}
