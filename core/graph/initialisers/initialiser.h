/* What initialisers that look at no data share. Each is a file NAME.c that defines NAME_initialiser, and a line in
 * meson.build; names, defaults and formulas are those of torch.nn.init. */
#ifndef CORE_GRAPH_INITIALISER_H
#define CORE_GRAPH_INITIALISER_H

#include <dotgrad/parameters.h>

#include <math.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* descriptors leave out what is NULL or 0 */

static inline void fill_with(dg_tensor *tensor, double value)
{
    int64_t count = dg_tensor_count(tensor);
    for (int64_t i = 0; i < count; i++)
        dg_tensor_set(tensor, i, value);
}

static inline dg_status fill_uniform(dg_tensor *tensor, const dg_init_call *call, double low, double high)
{
    dg_random_uniform(call->key, tensor->dtype, tensor->data, 0, dg_tensor_count(tensor), low, high);
    return dg_ok();
}

static inline dg_status fill_normal(dg_tensor *tensor, const dg_init_call *call, double mean, double std)
{
    dg_random_normal(call->key, tensor->dtype, tensor->data, 0, dg_tensor_count(tensor), mean, std);
    return dg_ok();
}

/* A uniform distribution on ±√3·std has the deviation std. */
static inline dg_status fill_uniform_std(dg_tensor *tensor, const dg_init_call *call, double std)
{
    double bound = sqrt(3) * fabs(std);
    return fill_uniform(tensor, call, -bound, bound);
}

/* Glorot and Bengio (2010): std = gain·√(2 / (fan_in + fan_out)). */
static inline double xavier_std(const dg_init_call *call)
{
    return call->values[0] * sqrt(2 / (call->fan_in + call->fan_out));
}

/* torch.nn.init.calculate_gain, in the order of NONLINEARITIES. */
#define NONLINEARITIES "linear|conv1d|conv2d|conv3d|sigmoid|tanh|relu|leaky_relu|selu"
enum { LEAKY_RELU = 7 };

/* He, Zhang, Ren, Sun (2015): std = gain / √fan. */
static inline double kaiming_std(const dg_init_call *call)
{
    double a = call->values[0];
    const double gains[] = {1, 1, 1, 1, 1, 5.0 / 3, sqrt(2), sqrt(2 / (1 + a * a)), 0.75};
    return gains[(int)call->values[1]] / sqrt(call->values[2] == 0 ? call->fan_in : call->fan_out);
}

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

#endif
