/* Initialisers of parameters, with the names, defaults and formulas of torch.nn.init. */
#include "core/base/blas.h"
#include "core/base/null.h"

#include <dotgrad/parameters.h>

#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ARGUMENTS = 3 };

typedef struct initialiser initialiser;

/* One call: the numbers it was given (or their defaults), and the words. */
typedef struct request {
    const initialiser *of;
    double numbers[MOST_ARGUMENTS];
    const char *words[MOST_ARGUMENTS]; /* of arguments that are words */
    const dg_value *list;              /* the first argument, when it is a list of numbers */
    double fan_in, fan_out;            /* where they are needed */
    const dg_random *key;
} request;

struct initialiser {
    const char *name;
    struct argument {
        const char *name;
        double fallback;  /* NaN: must be given */
        const char *word; /* of a word, its default */
    } arguments[MOST_ARGUMENTS];
    bool any_dtype; /* not only floats */
    bool takes_list;
    int least_rank; /* 2: the fans are needed */
    dg_status (*fill)(dg_tensor *tensor, const request *r);
};

static void fill_with(dg_tensor *tensor, double value)
{
    int64_t count = dg_tensor_count(tensor);
    for (int64_t i = 0; i < count; i++)
        dg_tensor_set(tensor, i, value);
}

static dg_status fill_uniform(dg_tensor *tensor, const request *r, double low, double high)
{
    dg_random_uniform(r->key, tensor->dtype, tensor->data, 0, dg_tensor_count(tensor), low, high);
    return dg_ok();
}

static dg_status fill_normal(dg_tensor *tensor, const request *r, double mean, double std)
{
    dg_random_normal(r->key, tensor->dtype, tensor->data, 0, dg_tensor_count(tensor), mean, std);
    return dg_ok();
}

static dg_status init_zeros(dg_tensor *tensor, const request *r)
{
    (void)r;
    fill_with(tensor, 0);
    return dg_ok();
}

static dg_status init_ones(dg_tensor *tensor, const request *r)
{
    (void)r;
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
        return dg_error(DG_BAD_SHAPE, "argument 'value' has not the parameter's shape %s",
                        dg_shape_print(&tensor->shape, text, sizeof text));
    }
    for (size_t i = 0; i < value->count; i++)
        DG_TRY(fill_from_list(tensor, &value->items[i], depth + 1, at));
    return dg_ok();
}

static dg_status init_constant(dg_tensor *tensor, const request *r)
{
    if (r->list)
        return fill_from_list(tensor, r->list, 0, &(int64_t){0});
    fill_with(tensor, r->numbers[0]);
    return dg_ok();
}

static dg_status init_uniform(dg_tensor *tensor, const request *r)
{
    if (!(r->numbers[0] <= r->numbers[1]))
        return dg_error(DG_BAD_ARGUMENT, "low %g is above high %g", r->numbers[0], r->numbers[1]);
    return fill_uniform(tensor, r, r->numbers[0], r->numbers[1]);
}

static dg_status init_normal(dg_tensor *tensor, const request *r)
{
    if (!(r->numbers[1] >= 0))
        return dg_error(DG_BAD_ARGUMENT, "std %g is negative", r->numbers[1]);
    DG_TRY(fill_normal(tensor, r, r->numbers[0], r->numbers[1]));
    int64_t rows = tensor->shape.rank ? tensor->shape.dims[0] : 0, row = (int64_t)r->numbers[2];
    int64_t width = rows ? dg_tensor_count(tensor) / rows : 0;
    for (int64_t i = row * width; row >= 0 && row < rows && i < (row + 1) * width; i++)
        dg_tensor_set(tensor, i, 0); /* the padding of an embedding */
    return dg_ok();
}

/* A uniform distribution on ±√3·std has the deviation std. */
static dg_status fill_uniform_std(dg_tensor *tensor, const request *r, double std)
{
    double bound = sqrt(3) * fabs(std);
    return fill_uniform(tensor, r, -bound, bound);
}

/* Glorot and Bengio (2010): std = gain·√(2 / (fan_in + fan_out)). */
static double xavier_std(const request *r)
{
    return r->numbers[0] * sqrt(2 / (r->fan_in + r->fan_out));
}

static dg_status init_xavier_uniform(dg_tensor *tensor, const request *r)
{
    return fill_uniform_std(tensor, r, xavier_std(r));
}

static dg_status init_xavier_normal(dg_tensor *tensor, const request *r)
{
    return fill_normal(tensor, r, 0, fabs(xavier_std(r)));
}

/* torch.nn.init.calculate_gain. */
static bool gain_of(const char *nonlinearity, double a, double *gain)
{
    const struct {
        const char *name;
        double gain;
    } gains[] = {{"linear", 1},  {"conv1d", 1},     {"conv2d", 1},     {"conv3d", 1},
                 {"sigmoid", 1}, {"tanh", 5.0 / 3}, {"relu", sqrt(2)}, {"leaky_relu", sqrt(2 / (1 + a * a))},
                 {"selu", 0.75}};
    for (size_t i = 0; i < sizeof gains / sizeof *gains; i++)
        if (strcmp(nonlinearity, gains[i].name) == 0) {
            *gain = gains[i].gain;
            return true;
        }
    return false;
}

/* He, Zhang, Ren, Sun (2015): std = gain / √fan. */
static dg_status kaiming_std(const request *r, double *std)
{
    double gain, fan;
    if (!gain_of(r->words[1], r->numbers[0], &gain))
        return dg_error(
            DG_BAD_ARGUMENT,
            "nonlinearity '%s' is not one of linear, sigmoid, tanh, relu, leaky_relu, selu, conv1d, conv2d, "
            "conv3d",
            r->words[1]);
    if (strcmp(r->words[2], "fan_in") == 0)
        fan = r->fan_in;
    else if (strcmp(r->words[2], "fan_out") == 0)
        fan = r->fan_out;
    else
        return dg_error(DG_BAD_ARGUMENT, "mode '%s' is not one of fan_in, fan_out", r->words[2]);
    *std = gain / sqrt(fan);
    return dg_ok();
}

static dg_status init_kaiming_uniform(dg_tensor *tensor, const request *r)
{
    double std;
    DG_TRY(kaiming_std(r, &std));
    return fill_uniform_std(tensor, r, std);
}

static dg_status init_kaiming_normal(dg_tensor *tensor, const request *r)
{
    double std;
    DG_TRY(kaiming_std(r, &std));
    return fill_normal(tensor, r, 0, std);
}

/* LeCun, Bottou, Orr, Müller (1998), "Efficient BackProp", section 4.6: std = 1 / √fan_in. */
static dg_status init_lecun_uniform(dg_tensor *tensor, const request *r)
{
    return fill_uniform_std(tensor, r, 1 / sqrt(r->fan_in));
}

static dg_status init_lecun_normal(dg_tensor *tensor, const request *r)
{
    return fill_normal(tensor, r, 0, 1 / sqrt(r->fan_in));
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

static dg_status init_orthogonal(dg_tensor *tensor, const request *r)
{
    int64_t rows = tensor->shape.dims[0], columns = dg_tensor_count(tensor) / rows;
    int64_t tall = rows > columns ? rows : columns, thin = rows > columns ? columns : rows;
    if (tall > INT32_MAX)
        return dg_error(DG_NO_MEMORY, "a matrix of %lld rows is too large for LAPACK", (long long)tall);
    dg_tensor matrix;
    DG_TRY(dg_tensor_make(&matrix, DG_FLOAT64, DG_SHAPE(thin, tall)));
    double *q = matrix.data;
    dg_random_normal(r->key, DG_FLOAT64, q, 0, tall * thin, 0, 1);
    dg_status status = orthogonal_columns(q, (lapack_int)tall, (lapack_int)thin);
    for (int64_t i = 0; status.code == DG_OK && i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            dg_tensor_set(tensor, i * columns + j,
                          r->numbers[0] * (rows > columns ? q[j * tall + i] : q[i * tall + j]));
    dg_tensor_release(&matrix);
    return status;
}

static dg_status init_identity(dg_tensor *tensor, const request *r)
{
    (void)r;
    if (tensor->shape.rank != 2)
        return dg_error(DG_BAD_SHAPE, "wants a matrix, not rank %d", tensor->shape.rank);
    fill_with(tensor, 0);
    for (int64_t i = 0; i < tensor->shape.dims[0] && i < tensor->shape.dims[1]; i++)
        dg_tensor_set(tensor, i * tensor->shape.dims[1] + i, 1);
    return dg_ok();
}

#define GAIN                                                                                                           \
    {                                                                                                                  \
        {                                                                                                              \
            "gain", 1, NULL                                                                                            \
        }                                                                                                              \
    }
#define KAIMING                                                                                                        \
    {                                                                                                                  \
        {"a", 0, NULL}, {"nonlinearity", 0, "leaky_relu"},                                                             \
        {                                                                                                              \
            "mode", 0, "fan_in"                                                                                        \
        }                                                                                                              \
    }
static const initialiser initialisers[] = {
    {"zeros", {{0}}, true, false, 0, init_zeros},
    {"ones", {{0}}, true, false, 0, init_ones},
    {"constant", {{"value", NAN, NULL}}, true, true, 0, init_constant},
    {"uniform", {{"low", 0, NULL}, {"high", 1, NULL}}, false, false, 0, init_uniform},
    {"normal", {{"mean", 0, NULL}, {"std", 1, NULL}, {"zero_row", -1, NULL}}, false, false, 0, init_normal},
    {"xavier_uniform", GAIN, false, false, 2, init_xavier_uniform},
    {"xavier_normal", GAIN, false, false, 2, init_xavier_normal},
    {"kaiming_uniform", KAIMING, false, false, 2, init_kaiming_uniform},
    {"kaiming_normal", KAIMING, false, false, 2, init_kaiming_normal},
    {"lecun_uniform", {{0}}, false, false, 2, init_lecun_uniform},
    {"lecun_normal", {{0}}, false, false, 2, init_lecun_normal},
    {"orthogonal", GAIN, false, false, 2, init_orthogonal},
    {"identity", {{0}}, true, false, 2, init_identity},
};
enum { N_INITIALISERS = sizeof initialisers / sizeof *initialisers };

static dg_status find_initialiser(const char *name, const initialiser **found)
{
    char known[256] = "";
    for (size_t i = 0; i < N_INITIALISERS; i++) {
        if (strcmp(initialisers[i].name, name) == 0) {
            *found = &initialisers[i];
            return dg_ok();
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", initialisers[i].name);
    }
    return dg_error(DG_BAD_ARGUMENT, "there is no initialiser '%s'; known are %s", name, known);
}

static bool is_word(const dg_value *value)
{
    return value->kind == DG_VALUE_NAME || value->kind == DG_VALUE_STRING || value->kind == DG_VALUE_TEXT;
}

/* The place of item i of a call among the initialiser's arguments; MOST_ARGUMENTS: it has none. */
static size_t place_of(const initialiser *of, const dg_value *call, size_t i)
{
    for (size_t k = 0; k < MOST_ARGUMENTS && of->arguments[k].name; k++)
        if (call->items[i].key ? strcmp(call->items[i].key, of->arguments[k].name) == 0 : k == i)
            return k;
    return MOST_ARGUMENTS;
}

static dg_status read_arguments(const dg_value *call, request *r)
{
    bool given[MOST_ARGUMENTS] = {false};
    for (size_t k = 0; k < MOST_ARGUMENTS && r->of->arguments[k].name; k++) {
        r->numbers[k] = r->of->arguments[k].fallback;
        r->words[k] = r->of->arguments[k].word;
    }
    for (size_t i = 0; call->kind == DG_VALUE_CALL && i < call->count; i++) {
        const dg_value *item = &call->items[i];
        size_t k = place_of(r->of, call, i);
        if (k == MOST_ARGUMENTS && item->key)
            return dg_error(DG_BAD_ARGUMENT, "there is no argument '%s'", item->key);
        if (k == MOST_ARGUMENTS)
            return dg_error(DG_BAD_ARGUMENT, "%zu arguments are too many", call->count);
        const char *name = r->of->arguments[k].name;
        if (given[k])
            return dg_error(DG_BAD_ARGUMENT, "argument '%s' is given twice", name);
        given[k] = true;
        if (k == 0 && r->of->takes_list && item->kind == DG_VALUE_LIST)
            r->list = item;
        else if (r->of->arguments[k].word && is_word(item))
            r->words[k] = item->s;
        else if (r->of->arguments[k].word || !dg_value_number(item, &r->numbers[k]))
            return dg_error(DG_BAD_ARGUMENT, "argument '%s' wants a %s", name,
                            r->of->arguments[k].word ? "name" : "number");
        else if (!isfinite(r->numbers[k]))
            return dg_error(DG_BAD_ARGUMENT, "argument '%s' is %g", name, r->numbers[k]);
    }
    for (size_t k = 0; k < MOST_ARGUMENTS && r->of->arguments[k].name; k++)
        if (!given[k] && isnan(r->of->arguments[k].fallback))
            return dg_error(DG_BAD_ARGUMENT, "argument '%s' is missing", r->of->arguments[k].name);
    return dg_ok();
}

/* A weight [out, in, …]: what lies behind the first two dimensions is the receptive field. */
static void set_fans(const dg_shape *shape, request *r)
{
    double field = 1;
    for (int d = 2; d < shape->rank; d++)
        field *= (double)shape->dims[d];
    r->fan_in = (double)shape->dims[1] * field;
    r->fan_out = (double)shape->dims[0] * field;
}

/* Reads a call for a tensor of that type; nothing is filled. */
static dg_status prepare(const dg_type *type, request *r, const dg_value *call)
{
    char text[DG_SHAPE_TEXT];
    DG_TRY(read_arguments(call, r));
    if (!r->of->any_dtype && !dg_dtype_is_float(type->dtype))
        return dg_error(DG_BAD_DTYPE, "wants float32 or float64, not %s", dg_dtype_name(type->dtype));
    if (type->shape.rank < r->of->least_rank)
        return dg_error(DG_BAD_SHAPE, "shape %s has no input and output side, which takes rank 2 or more",
                        dg_shape_print(&type->shape, text, sizeof text));
    if (r->of->least_rank == 2)
        set_fans(&type->shape, r);
    return dg_ok();
}

/* Those that look at data. */
static const char *const names[] = {"kmeans",        "samples", "random_samples", "nearest",
                                    "mean_distance", "dmax",    "d_max"};

const char *dg_initialiser_known(size_t index)
{
    if (index < N_INITIALISERS)
        return initialisers[index].name;
    return index - N_INITIALISERS < sizeof names / sizeof *names ? names[index - N_INITIALISERS] : NULL;
}

bool dg_init_needs_data(const dg_value *init)
{
    if (!init)
        return false;
    if (init->kind != DG_VALUE_CALL && !is_word(init))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(init->s, names[i]) == 0)
            return true;
    return false;
}

static dg_status find(const dg_type *type, const dg_value *init, request *r)
{
    if (init->kind != DG_VALUE_CALL && !is_word(init))
        return dg_error(DG_BAD_ARGUMENT, "an initialiser is a name or a call such as constant(0.5)");
    DG_TRY(find_initialiser(init->s, &r->of));
    return dg_prefixed(prepare(type, r, init), "initialiser '%s'", init->s);
}

dg_status dg_init_check(const dg_type *type, const dg_value *init)
{
    REFUSE_NULL(type);
    REFUSE_NULL(init);
    request r = {0};
    return dg_init_needs_data(init) ? dg_ok() : find(type, init, &r);
}

dg_status dg_init_fill(dg_tensor *tensor, const dg_value *init, const dg_random *key)
{
    REFUSE_NULL(tensor);
    REFUSE_NULL(init);
    REFUSE_NULL(key);
    request r = {.key = key};
    if (dg_init_needs_data(init))
        return dg_error(DG_BAD_ARGUMENT, "initialiser '%s' needs data to look at", init->s);
    DG_TRY(find(&(dg_type){.dtype = tensor->dtype, .shape = tensor->shape}, init, &r));
    return dg_tensor_count(tensor) == 0 ? dg_ok() : dg_prefixed(r.of->fill(tensor, &r), "initialiser '%s'", init->s);
}
