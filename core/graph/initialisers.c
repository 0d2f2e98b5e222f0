/* The initialisers of parameters that look at no data, with the names, defaults and formulas of torch.nn.init: what
 * each computes, then its descriptor, then the list of them. A new one is a descriptor and a line of that list. */
#include "core/base/blas.h"
#include "init.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* the tables leave out what is NULL or 0 */

static void fill_with(dg_tensor *tensor, double value)
{
    int64_t count = dg_tensor_count(tensor);
    for (int64_t i = 0; i < count; i++)
        dg_tensor_set(tensor, i, value);
}

static dg_status fill_uniform(dg_tensor *tensor, const dg_init_call *call, double low, double high)
{
    dg_random_uniform(call->key, tensor->dtype, tensor->data, 0, dg_tensor_count(tensor), low, high);
    return dg_ok();
}

static dg_status fill_normal(dg_tensor *tensor, const dg_init_call *call, double mean, double std)
{
    dg_random_normal(call->key, tensor->dtype, tensor->data, 0, dg_tensor_count(tensor), mean, std);
    return dg_ok();
}

static dg_status init_zeros(dg_tensor *tensor, const dg_init_call *call)
{
    (void)call;
    fill_with(tensor, 0);
    return dg_ok();
}

static dg_status init_ones(dg_tensor *tensor, const dg_init_call *call)
{
    (void)call;
    fill_with(tensor, 1);
    return dg_ok();
}

/* Nested lists of the tensor's own shape. */
static dg_status fill_from_list(dg_tensor *tensor, const dg_value *value, int depth, int64_t *at)
{
    double number;
    if (depth == tensor->shape.rank) {
        if (!dg_value_number(value, &number))
            return dg_error(DG_BAD_ARGUMENT, "argument 'value' has more dimensions than the parameter, or no number");
        dg_tensor_set(tensor, (*at)++, number);
        return dg_ok();
    }
    if (value->kind != DG_VALUE_LIST || (int64_t)value->count != tensor->shape.dims[depth]) {
        char text[DG_SHAPE_TEXT];
        return dg_error(DG_BAD_SHAPE, "argument 'value' does not have the parameter's shape %s",
                        dg_shape_print(&tensor->shape, text, sizeof text));
    }
    for (size_t i = 0; i < value->count; i++)
        DG_TRY(fill_from_list(tensor, &value->items[i], depth + 1, at));
    return dg_ok();
}

static dg_status check_constant(const dg_init_call *call, const dg_type *type)
{
    (void)type;
    if (call->given[0]->kind == DG_VALUE_LIST)
        return dg_ok();
    double number;
    if (!dg_value_number(call->given[0], &number))
        return dg_error(DG_BAD_ARGUMENT, "argument 'value' wants a number or nested lists of numbers");
    if (!isfinite(number))
        return dg_error(DG_BAD_ARGUMENT, "argument 'value' is %g", number);
    return dg_ok();
}

static dg_status init_constant(dg_tensor *tensor, const dg_init_call *call)
{
    if (call->given[0]->kind == DG_VALUE_LIST)
        return fill_from_list(tensor, call->given[0], 0, &(int64_t){0});
    fill_with(tensor, call->values[0]);
    return dg_ok();
}

static dg_status check_uniform(const dg_init_call *call, const dg_type *type)
{
    (void)type;
    if (!(call->values[0] <= call->values[1]))
        return dg_error(DG_BAD_ARGUMENT, "low %g is above high %g", call->values[0], call->values[1]);
    return dg_ok();
}

static dg_status init_uniform(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_uniform(tensor, call, call->values[0], call->values[1]);
}

static dg_status init_normal(dg_tensor *tensor, const dg_init_call *call)
{
    DG_TRY(fill_normal(tensor, call, call->values[0], call->values[1]));
    int64_t rows = tensor->shape.rank ? tensor->shape.dims[0] : 0;
    if (!(call->values[2] >= 0 && call->values[2] < (double)rows))
        return dg_ok();
    int64_t width = dg_tensor_count(tensor) / rows, begin = (int64_t)call->values[2] * width;
    for (int64_t i = begin; i < begin + width; i++)
        dg_tensor_set(tensor, i, 0); /* the padding of an embedding */
    return dg_ok();
}

/* A uniform distribution on ±√3·std has the deviation std. */
static dg_status fill_uniform_std(dg_tensor *tensor, const dg_init_call *call, double std)
{
    double bound = sqrt(3) * fabs(std);
    return fill_uniform(tensor, call, -bound, bound);
}

/* Glorot and Bengio (2010): std = gain·√(2 / (fan_in + fan_out)). */
static double xavier_std(const dg_init_call *call)
{
    return call->values[0] * sqrt(2 / (call->fan_in + call->fan_out));
}

static dg_status init_xavier_uniform(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_uniform_std(tensor, call, xavier_std(call));
}

static dg_status init_xavier_normal(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_normal(tensor, call, 0, fabs(xavier_std(call)));
}

/* torch.nn.init.calculate_gain, in the order of NONLINEARITIES. */
#define NONLINEARITIES "linear|conv1d|conv2d|conv3d|sigmoid|tanh|relu|leaky_relu|selu"
enum { LEAKY_RELU = 7 };

/* He, Zhang, Ren, Sun (2015): std = gain / √fan. */
static double kaiming_std(const dg_init_call *call)
{
    double a = call->values[0];
    const double gains[] = {1, 1, 1, 1, 1, 5.0 / 3, sqrt(2), sqrt(2 / (1 + a * a)), 0.75};
    return gains[(int)call->values[1]] / sqrt(call->values[2] == 0 ? call->fan_in : call->fan_out);
}

static dg_status init_kaiming_uniform(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_uniform_std(tensor, call, kaiming_std(call));
}

static dg_status init_kaiming_normal(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_normal(tensor, call, 0, kaiming_std(call));
}

/* LeCun, Bottou, Orr, Müller (1998), "Efficient BackProp", section 4.6: std = 1 / √fan_in. */
static dg_status init_lecun_uniform(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_uniform_std(tensor, call, 1 / sqrt(call->fan_in));
}

static dg_status init_lecun_normal(dg_tensor *tensor, const dg_init_call *call)
{
    return fill_normal(tensor, call, 0, 1 / sqrt(call->fan_in));
}

/* Saxe, McClelland, Ganguli (2013). Q of a normal matrix [tall, thin] (column by column, for LAPACK), each column with
 * the sign that makes R's diagonal positive, so that Q is uniform among orthogonal matrices. */
static dg_status orthogonal_columns(double *matrix, lapack_int tall, lapack_int thin)
{
    double *tau = malloc((size_t)thin * sizeof *tau), *signs = malloc((size_t)thin * sizeof *signs);
    dg_status status = dg_no_memory("a matrix [%d, %d]", (int)tall, (int)thin);
    if (!tau || !signs)
        goto done;
    threads_hold_blas();
    if (LAPACKE_dgeqrf(LAPACK_COL_MAJOR, tall, thin, matrix, tall, tau) != 0)
        goto done;
    for (lapack_int j = 0; j < thin; j++)
        signs[j] = matrix[(size_t)j * (size_t)tall + (size_t)j] < 0 ? -1 : 1;
    if (LAPACKE_dorgqr(LAPACK_COL_MAJOR, tall, thin, thin, matrix, tall, tau) != 0)
        goto done;
    for (size_t j = 0; j < (size_t)thin; j++)
        for (size_t i = 0; i < (size_t)tall; i++)
            matrix[j * (size_t)tall + i] *= signs[j];
    status = dg_ok();
done:
    free(tau);
    free(signs);
    return status;
}

static dg_status init_orthogonal(dg_tensor *tensor, const dg_init_call *call)
{
    int64_t rows = tensor->shape.dims[0], columns = dg_tensor_count(tensor) / rows;
    int64_t tall = rows > columns ? rows : columns, thin = rows > columns ? columns : rows;
    if (tall > INT32_MAX)
        return dg_error(DG_NO_MEMORY, "a matrix of %lld rows is too large for LAPACK", (long long)tall);
    dg_tensor matrix;
    DG_TRY(dg_tensor_make(&matrix, DG_FLOAT64, DG_SHAPE(thin, tall)));
    double *q = matrix.data;
    dg_random_normal(call->key, DG_FLOAT64, q, 0, tall * thin, 0, 1);
    dg_status status = orthogonal_columns(q, (lapack_int)tall, (lapack_int)thin);
    for (int64_t i = 0; status.code == DG_OK && i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            dg_tensor_set(tensor, i * columns + j,
                          call->values[0] * (rows > columns ? q[j * tall + i] : q[i * tall + j]));
    dg_tensor_release(&matrix);
    return status;
}

static dg_status check_identity(const dg_init_call *call, const dg_type *type)
{
    (void)call;
    if (type->shape.rank != 2)
        return dg_error(DG_BAD_SHAPE, "wants a matrix, not rank %d", type->shape.rank);
    return dg_ok();
}

static dg_status init_identity(dg_tensor *tensor, const dg_init_call *call)
{
    (void)call;
    fill_with(tensor, 0);
    for (int64_t i = 0; i < tensor->shape.dims[0] && i < tensor->shape.dims[1]; i++)
        dg_tensor_set(tensor, i * tensor->shape.dims[1] + i, 1);
    return dg_ok();
}

/* ---- the descriptors ---- */

#define GAIN                                                                                                           \
    {                                                                                                                  \
        .name = "gain", .range = DG_ARGUMENT_FINITE, .fallback = { 1 }                                                 \
    }
#define KAIMING                                                                                                        \
    {.name = "a", .range = DG_ARGUMENT_FINITE},                                                                        \
        {.name = "nonlinearity", .range = DG_ARGUMENT_CHOICE, .fallback = {LEAKY_RELU}, .choices = NONLINEARITIES},    \
    {                                                                                                                  \
        .name = "mode", .range = DG_ARGUMENT_CHOICE, .choices = "fan_in|fan_out"                                       \
    }

static const dg_initialiser zeros = {
    .name = "zeros",
    .summary = "0 everywhere",
    .any_dtype = true,
    .fill = init_zeros,
};

static const dg_initialiser ones = {
    .name = "ones",
    .summary = "1 everywhere",
    .any_dtype = true,
    .fill = init_ones,
};

static const dg_initialiser constant = {
    .name = "constant",
    .summary = "one number everywhere, or nested lists of the shape of the parameter",
    .arguments = {{.name = "value", .range = DG_ARGUMENT_VALUE, .required = true}},
    .any_dtype = true,
    .check = check_constant,
    .fill = init_constant,
};

static const dg_initialiser uniform = {
    .name = "uniform",
    .summary = "drawn evenly from low to high",
    .arguments = {{.name = "low", .range = DG_ARGUMENT_FINITE, .fallback = {0}},
                  {.name = "high", .range = DG_ARGUMENT_FINITE, .fallback = {1}}},
    .check = check_uniform,
    .fill = init_uniform,
};

static const dg_initialiser normal = {
    .name = "normal",
    .summary = "N(mean, std²); row zero_row, where it is 0 or more, is 0 (the padding of an embedding)",
    .arguments = {{.name = "mean", .range = DG_ARGUMENT_FINITE, .fallback = {0}},
                  {.name = "std", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {1}},
                  {.name = "zero_row", .range = DG_ARGUMENT_FINITE, .fallback = {-1}}},
    .fill = init_normal,
};

static const dg_initialiser xavier_uniform = {
    .name = "xavier_uniform",
    .summary = "U(−√3 s, √3 s), s = gain √(2 / (fan_in + fan_out))",
    .source = "Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010)",
    .arguments = {GAIN},
    .least_rank = 2,
    .fill = init_xavier_uniform,
};

static const dg_initialiser xavier_normal = {
    .name = "xavier_normal",
    .summary = "N(0, s²), s = gain √(2 / (fan_in + fan_out))",
    .source = "Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010)",
    .arguments = {GAIN},
    .least_rank = 2,
    .fill = init_xavier_normal,
};

static const dg_initialiser kaiming_uniform = {
    .name = "kaiming_uniform",
    .summary = "U(−√3 s, √3 s), s = gain / √fan; the gain is of the nonlinearity, a the slope of leaky_relu",
    .source = "He, Zhang, Ren, Sun, Delving deep into rectifiers (2015)",
    .arguments = {KAIMING},
    .least_rank = 2,
    .fill = init_kaiming_uniform,
};

static const dg_initialiser kaiming_normal = {
    .name = "kaiming_normal",
    .summary = "N(0, s²), s = gain / √fan; the gain is of the nonlinearity, a the slope of leaky_relu",
    .source = "He, Zhang, Ren, Sun, Delving deep into rectifiers (2015)",
    .arguments = {KAIMING},
    .least_rank = 2,
    .fill = init_kaiming_normal,
};

static const dg_initialiser lecun_uniform = {
    .name = "lecun_uniform",
    .summary = "U(−√3 s, √3 s), s = 1 / √fan_in",
    .source = "LeCun, Bottou, Orr, Müller, Efficient BackProp (1998), section 4.6",
    .least_rank = 2,
    .fill = init_lecun_uniform,
};

static const dg_initialiser lecun_normal = {
    .name = "lecun_normal",
    .summary = "N(0, s²), s = 1 / √fan_in",
    .source = "LeCun, Bottou, Orr, Müller, Efficient BackProp (1998), section 4.6",
    .least_rank = 2,
    .fill = init_lecun_normal,
};

static const dg_initialiser orthogonal = {
    .name = "orthogonal",
    .summary = "gain times a random matrix with orthonormal rows or columns",
    .source = "Saxe, McClelland, Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural "
              "networks (2013)",
    .arguments = {GAIN},
    .least_rank = 2,
    .fill = init_orthogonal,
};

static const dg_initialiser identity = {
    .name = "identity",
    .summary = "a matrix with 1 on its diagonal, 0 elsewhere",
    .any_dtype = true,
    .least_rank = 2,
    .check = check_identity,
    .fill = init_identity,
};

const void *const init_shipped[] = {
    &zeros,           &ones,           &constant,      &uniform,      &normal,     &xavier_uniform, &xavier_normal,
    &kaiming_uniform, &kaiming_normal, &lecun_uniform, &lecun_normal, &orthogonal, &identity,       NULL,
};
