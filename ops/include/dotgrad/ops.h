/* The builders of all ops. Made from the ops' descriptors by `dotgrad ops --header`; a test keeps them equal.
 *
 * Inputs that an op needs come first, then attributes that it cannot do without; all else is an option:
 * dg_linear(x, 10, .bias = false, .name = "fc"). `.name` names the node. An input that may be left out is an option
 * too (`.weight = w`); where an attribute has the same name, the input is NAME_node. The graph (first argument of ops
 * without inputs) owns what is returned; after a mistake it is NULL and the graph holds the message.
 *
 * clang-format off */
#ifndef DOTGRAD_OPS_H
#define DOTGRAD_OPS_H

#include <dotgrad/graph.h>

/* ---- source ---- */

/* a tensor that the caller or the data set feeds
 *   shape: sizes; N is the batch
 *   dtype: the element type; the graph's float type when left out
 *   field: the field of the data set */
typedef struct dg_input_options {
    dg_dtype dtype;
    const char *field;
    const char *name;
} dg_input_options;
static inline dg_node *dg_input_at(dg_location at, dg_graph *graph, dg_shape shape, dg_input_options options)
{
    const dg_value attrs[] = {dg_shape_value(&shape), dg_dtype_value(options.dtype), dg_text(options.field)};
    return dg_apply(&(dg_application){.graph = graph, .op = "input", .name = options.name, .at = at, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_input(graph, shape, ...) dg_input_at(DG_HERE, (graph), (shape), DG_OPTIONS(dg_input_options, __VA_ARGS__))

/* a named tensor that training changes
 *   shape: sizes, all of them numbers
 *   init: the initialiser: xavier_uniform
 *   dtype: the element type; the graph's float type when left out
 *   trainable: false: the optimiser skips it */
typedef struct dg_parameter_options {
    const char *init;
    dg_dtype dtype;
    bool trainable;
    const char *name;
} dg_parameter_options;
static inline dg_node *dg_parameter_at(dg_location at, dg_graph *graph, dg_shape shape, dg_parameter_options options)
{
    const dg_value attrs[] = {dg_shape_value(&shape), dg_text(options.init), dg_dtype_value(options.dtype), dg_bool(options.trainable)};
    return dg_apply(&(dg_application){.graph = graph, .op = "parameter", .name = options.name, .at = at, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_parameter(graph, shape, ...) dg_parameter_at(DG_HERE, (graph), (shape), DG_OPTIONS(dg_parameter_options, .trainable = true, __VA_ARGS__))

/* numbers that never change: constant([[0, 1], [1, 0]])
 *   value: a number or nested lists
 *   dtype: the element type; as written when left out, with a point the graph's float type */
typedef struct dg_constant_options {
    dg_dtype dtype;
    const char *name;
} dg_constant_options;
static inline dg_node *dg_constant_at(dg_location at, dg_graph *graph, const dg_tensor *value, dg_constant_options options)
{
    const dg_value attrs[] = {dg_tensor_value(value), dg_dtype_value(options.dtype)};
    return dg_apply(&(dg_application){.graph = graph, .op = "constant", .name = options.name, .at = at, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_constant(graph, value, ...) dg_constant_at(DG_HERE, (graph), (value), DG_OPTIONS(dg_constant_options, __VA_ARGS__))

/* true in a plan for training, else false */
typedef struct dg_training_options {
    const char *name;
} dg_training_options;
static inline dg_node *dg_training_at(dg_location at, dg_graph *graph, dg_training_options options)
{
    return dg_apply(&(dg_application){.graph = graph, .op = "training", .name = options.name, .at = at});
}
#define dg_training(graph, ...) dg_training_at(DG_HERE, (graph), DG_OPTIONS(dg_training_options, __VA_ARGS__))

/* output number `index` of a node with several
 *   index: from 0 on */
typedef struct dg_output_options {
    const char *name;
} dg_output_options;
static inline dg_node *dg_output_at(dg_location at, dg_node *input, int64_t index, dg_output_options options)
{
    const dg_value attrs[] = {dg_int(index)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "output", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_output(input, index, ...) dg_output_at(DG_HERE, (input), (index), DG_OPTIONS(dg_output_options, __VA_ARGS__))

/* writes the value into the parameter at the end of a run */
typedef struct dg_assign_options {
    const char *name;
} dg_assign_options;
static inline dg_node *dg_assign_at(dg_location at, dg_node *parameter, dg_node *value, dg_assign_options options)
{
    dg_node *const inputs[] = {parameter, value};
    return dg_apply(&(dg_application){.op = "assign", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_assign(parameter, value, ...) dg_assign_at(DG_HERE, (parameter), (value), DG_OPTIONS(dg_assign_options, __VA_ARGS__))

/* y = x, gradient 0 */
typedef struct dg_detach_options {
    const char *name;
} dg_detach_options;
static inline dg_node *dg_detach_at(dg_location at, dg_node *input, dg_detach_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "detach", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_detach(input, ...) dg_detach_at(DG_HERE, (input), DG_OPTIONS(dg_detach_options, __VA_ARGS__))

/* zeros in the shape of x */
typedef struct dg_zeros_like_options {
    const char *name;
} dg_zeros_like_options;
static inline dg_node *dg_zeros_like_at(dg_location at, dg_node *input, dg_zeros_like_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "zeros_like", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_zeros_like(input, ...) dg_zeros_like_at(DG_HERE, (input), DG_OPTIONS(dg_zeros_like_options, __VA_ARGS__))

/* ones in the shape of x */
typedef struct dg_ones_like_options {
    const char *name;
} dg_ones_like_options;
static inline dg_node *dg_ones_like_at(dg_location at, dg_node *input, dg_ones_like_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "ones_like", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_ones_like(input, ...) dg_ones_like_at(DG_HERE, (input), DG_OPTIONS(dg_ones_like_options, __VA_ARGS__))

/* the number of elements along dimensions, as a float scalar
 *   dim: all of them when left out */
typedef struct dg_count_options {
    dg_ints dim;
    const char *name;
} dg_count_options;
static inline dg_node *dg_count_at(dg_location at, dg_node *input, dg_count_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "count", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_count(input, ...) dg_count_at(DG_HERE, (input), DG_OPTIONS(dg_count_options, .dim = {.only = DG_NONE}, __VA_ARGS__))

/* 0, 1, … as far as x goes along a dimension
 *   dim: the dimension */
typedef struct dg_arange_like_options {
    int64_t dim;
    const char *name;
} dg_arange_like_options;
static inline dg_node *dg_arange_like_at(dg_location at, dg_node *input, dg_arange_like_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "arange_like", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_arange_like(input, ...) dg_arange_like_at(DG_HERE, (input), DG_OPTIONS(dg_arange_like_options, __VA_ARGS__))

/* the same values as another element type; integers are cut towards 0
 *   dtype: float64, int64, … */
typedef struct dg_to_options {
    const char *name;
} dg_to_options;
static inline dg_node *dg_to_at(dg_location at, dg_node *input, dg_dtype dtype, dg_to_options options)
{
    const dg_value attrs[] = {dg_dtype_value(dtype)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "to", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_to(input, dtype, ...) dg_to_at(DG_HERE, (input), (dtype), DG_OPTIONS(dg_to_options, __VA_ARGS__))

/* start, start + step, … before end; with one number, 0, 1, … before it
 *   start: the first number; or the end, where that is left out
 *   end: is not reached
 *   step: the distance
 *   dtype: int64 when left out and all are whole numbers, else the graph's float type */
typedef struct dg_arange_options {
    double end;
    double step;
    dg_dtype dtype;
    const char *name;
} dg_arange_options;
static inline dg_node *dg_arange_at(dg_location at, dg_graph *graph, double start, dg_arange_options options)
{
    const dg_value attrs[] = {dg_float(start), dg_float(options.end), dg_float(options.step), dg_dtype_value(options.dtype)};
    return dg_apply(&(dg_application){.graph = graph, .op = "arange", .name = options.name, .at = at, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_arange(graph, start, ...) dg_arange_at(DG_HERE, (graph), (start), DG_OPTIONS(dg_arange_options, .end = DG_NO_NUMBER, .step = 1, __VA_ARGS__))

/* numbers from start to end, both included, at equal distances
 *   start: the first number
 *   end: the last number
 *   steps: how many
 *   dtype: the element type; the graph's float type when left out */
typedef struct dg_linspace_options {
    dg_dtype dtype;
    const char *name;
} dg_linspace_options;
static inline dg_node *dg_linspace_at(dg_location at, dg_graph *graph, double start, double end, int64_t steps, dg_linspace_options options)
{
    const dg_value attrs[] = {dg_float(start), dg_float(end), dg_int(steps), dg_dtype_value(options.dtype)};
    return dg_apply(&(dg_application){.graph = graph, .op = "linspace", .name = options.name, .at = at, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_linspace(graph, start, end, steps, ...) dg_linspace_at(DG_HERE, (graph), (start), (end), (steps), DG_OPTIONS(dg_linspace_options, __VA_ARGS__))

/* a matrix with ones on the diagonal, else 0
 *   n: rows
 *   m: columns; n when left out
 *   dtype: the element type; the graph's float type when left out */
typedef struct dg_eye_options {
    int64_t m;
    dg_dtype dtype;
    const char *name;
} dg_eye_options;
static inline dg_node *dg_eye_at(dg_location at, dg_graph *graph, int64_t n, dg_eye_options options)
{
    const dg_value attrs[] = {dg_int(n), dg_int(options.m), dg_dtype_value(options.dtype)};
    return dg_apply(&(dg_application){.graph = graph, .op = "eye", .name = options.name, .at = at, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_eye(graph, n, ...) dg_eye_at(DG_HERE, (graph), (n), DG_OPTIONS(dg_eye_options, .m = DG_NONE, __VA_ARGS__))

/* zeros
 *   shape: sizes; N is the batch
 *   dtype: the element type; the graph's float type when left out */
typedef struct dg_zeros_options {
    dg_dtype dtype;
    const char *name;
} dg_zeros_options;
static inline dg_node *dg_zeros_at(dg_location at, dg_graph *graph, dg_shape shape, dg_zeros_options options)
{
    const dg_value attrs[] = {dg_shape_value(&shape), dg_dtype_value(options.dtype)};
    return dg_apply(&(dg_application){.graph = graph, .op = "zeros", .name = options.name, .at = at, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_zeros(graph, shape, ...) dg_zeros_at(DG_HERE, (graph), (shape), DG_OPTIONS(dg_zeros_options, __VA_ARGS__))

/* ones
 *   shape: sizes; N is the batch
 *   dtype: the element type; the graph's float type when left out */
typedef struct dg_ones_options {
    dg_dtype dtype;
    const char *name;
} dg_ones_options;
static inline dg_node *dg_ones_at(dg_location at, dg_graph *graph, dg_shape shape, dg_ones_options options)
{
    const dg_value attrs[] = {dg_shape_value(&shape), dg_dtype_value(options.dtype)};
    return dg_apply(&(dg_application){.graph = graph, .op = "ones", .name = options.name, .at = at, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_ones(graph, shape, ...) dg_ones_at(DG_HERE, (graph), (shape), DG_OPTIONS(dg_ones_options, __VA_ARGS__))

/* one value everywhere
 *   shape: sizes; N is the batch
 *   fill_value: the value
 *   dtype: the element type; the graph's float type when left out */
typedef struct dg_full_options {
    dg_dtype dtype;
    const char *name;
} dg_full_options;
static inline dg_node *dg_full_at(dg_location at, dg_graph *graph, dg_shape shape, double fill_value, dg_full_options options)
{
    const dg_value attrs[] = {dg_shape_value(&shape), dg_float(fill_value), dg_dtype_value(options.dtype)};
    return dg_apply(&(dg_application){.graph = graph, .op = "full", .name = options.name, .at = at, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_full(graph, shape, fill_value, ...) dg_full_at(DG_HERE, (graph), (shape), (fill_value), DG_OPTIONS(dg_full_options, __VA_ARGS__))

/* one value everywhere, in the shape of x
 *   fill_value: the value */
typedef struct dg_full_like_options {
    const char *name;
} dg_full_like_options;
static inline dg_node *dg_full_like_at(dg_location at, dg_node *input, double fill_value, dg_full_like_options options)
{
    const dg_value attrs[] = {dg_float(fill_value)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "full_like", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_full_like(input, fill_value, ...) dg_full_like_at(DG_HERE, (input), (fill_value), DG_OPTIONS(dg_full_like_options, __VA_ARGS__))

/* ---- random ---- */

/* y ~ N(mean, std²)
 *   shape: sizes; N is the batch
 *   mean: the mean
 *   std: the standard deviation
 *   dtype: the element type; the graph's float type when left out */
typedef struct dg_normal_options {
    double mean;
    double std;
    dg_dtype dtype;
    const char *name;
} dg_normal_options;
static inline dg_node *dg_normal_at(dg_location at, dg_graph *graph, dg_shape shape, dg_normal_options options)
{
    const dg_value attrs[] = {dg_shape_value(&shape), dg_float(options.mean), dg_float(options.std), dg_dtype_value(options.dtype)};
    return dg_apply(&(dg_application){.graph = graph, .op = "normal", .name = options.name, .at = at, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_normal(graph, shape, ...) dg_normal_at(DG_HERE, (graph), (shape), DG_OPTIONS(dg_normal_options, .std = 1, __VA_ARGS__))

/* y uniform in [low, high)
 *   shape: sizes; N is the batch
 *   low: the least value
 *   high: what lies above all
 *   dtype: the element type; the graph's float type when left out */
typedef struct dg_uniform_options {
    double low;
    double high;
    dg_dtype dtype;
    const char *name;
} dg_uniform_options;
static inline dg_node *dg_uniform_at(dg_location at, dg_graph *graph, dg_shape shape, dg_uniform_options options)
{
    const dg_value attrs[] = {dg_shape_value(&shape), dg_float(options.low), dg_float(options.high), dg_dtype_value(options.dtype)};
    return dg_apply(&(dg_application){.graph = graph, .op = "uniform", .name = options.name, .at = at, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_uniform(graph, shape, ...) dg_uniform_at(DG_HERE, (graph), (shape), DG_OPTIONS(dg_uniform_options, .high = 1, __VA_ARGS__))

/* y = 1 with probability p, else 0
 *   shape: sizes; N is the batch
 *   p: the probability of 1
 *   dtype: the element type; the graph's float type when left out */
typedef struct dg_bernoulli_options {
    double p;
    dg_dtype dtype;
    const char *name;
} dg_bernoulli_options;
static inline dg_node *dg_bernoulli_at(dg_location at, dg_graph *graph, dg_shape shape, dg_bernoulli_options options)
{
    const dg_value attrs[] = {dg_shape_value(&shape), dg_float(options.p), dg_dtype_value(options.dtype)};
    return dg_apply(&(dg_application){.graph = graph, .op = "bernoulli", .name = options.name, .at = at, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_bernoulli(graph, shape, ...) dg_bernoulli_at(DG_HERE, (graph), (shape), DG_OPTIONS(dg_bernoulli_options, .p = 0.5, __VA_ARGS__))

/* y ~ N(mean, std²) in the shape of x
 *   mean: the mean
 *   std: the standard deviation */
typedef struct dg_normal_like_options {
    double mean;
    double std;
    const char *name;
} dg_normal_like_options;
static inline dg_node *dg_normal_like_at(dg_location at, dg_node *input, dg_normal_like_options options)
{
    const dg_value attrs[] = {dg_float(options.mean), dg_float(options.std)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "normal_like", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_normal_like(input, ...) dg_normal_like_at(DG_HERE, (input), DG_OPTIONS(dg_normal_like_options, .std = 1, __VA_ARGS__))

/* y uniform in [low, high), in the shape of x
 *   low: the least value
 *   high: what lies above all */
typedef struct dg_uniform_like_options {
    double low;
    double high;
    const char *name;
} dg_uniform_like_options;
static inline dg_node *dg_uniform_like_at(dg_location at, dg_node *input, dg_uniform_like_options options)
{
    const dg_value attrs[] = {dg_float(options.low), dg_float(options.high)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "uniform_like", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_uniform_like(input, ...) dg_uniform_like_at(DG_HERE, (input), DG_OPTIONS(dg_uniform_like_options, .high = 1, __VA_ARGS__))

/* y = 1 with probability p, else 0, in the shape of x
 *   p: the probability of 1 */
typedef struct dg_bernoulli_like_options {
    double p;
    const char *name;
} dg_bernoulli_like_options;
static inline dg_node *dg_bernoulli_like_at(dg_location at, dg_node *input, dg_bernoulli_like_options options)
{
    const dg_value attrs[] = {dg_float(options.p)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "bernoulli_like", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_bernoulli_like(input, ...) dg_bernoulli_like_at(DG_HERE, (input), DG_OPTIONS(dg_bernoulli_like_options, .p = 0.5, __VA_ARGS__))

/* in training y = x·mask/(1 − p), mask 0 with probability p; else y = x
 *   p: the probability of dropping
 *   Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014 */
typedef struct dg_dropout_options {
    double p;
    const char *name;
} dg_dropout_options;
static inline dg_node *dg_dropout_at(dg_location at, dg_node *input, dg_dropout_options options)
{
    const dg_value attrs[] = {dg_float(options.p)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "dropout", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_dropout(input, ...) dg_dropout_at(DG_HERE, (input), DG_OPTIONS(dg_dropout_options, .p = 0.5, __VA_ARGS__))

/* ---- activation ---- */

/* y = x above 0, else a·x: in training a is uniform in [lower, upper), else their mean
 *   lower: the least slope
 *   upper: the greatest
 *   Source: Xu, Wang, Chen, Li 2015, section 2.4 */
typedef struct dg_rrelu_options {
    double lower;
    double upper;
    const char *name;
} dg_rrelu_options;
static inline dg_node *dg_rrelu_at(dg_location at, dg_node *input, dg_rrelu_options options)
{
    const dg_value attrs[] = {dg_float(options.lower), dg_float(options.upper)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "rrelu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_rrelu(input, ...) dg_rrelu_at(DG_HERE, (input), DG_OPTIONS(dg_rrelu_options, .lower = 0.125, .upper = 0.3333333333333333, __VA_ARGS__))

/* ---- random ---- */

/* dropout of whole channels of [N, C, L] or [C, L]
 *   p: the probability of dropping
 *   Source: Tompson, Goroshin, Jain, LeCun, Bregler 2015 */
typedef struct dg_dropout1d_options {
    double p;
    const char *name;
} dg_dropout1d_options;
static inline dg_node *dg_dropout1d_at(dg_location at, dg_node *input, dg_dropout1d_options options)
{
    const dg_value attrs[] = {dg_float(options.p)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "dropout1d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_dropout1d(input, ...) dg_dropout1d_at(DG_HERE, (input), DG_OPTIONS(dg_dropout1d_options, .p = 0.5, __VA_ARGS__))

/* dropout of whole channels of [N, C, H, W] or [C, H, W]
 *   p: the probability of dropping
 *   Source: Tompson, Goroshin, Jain, LeCun, Bregler 2015 */
typedef struct dg_dropout2d_options {
    double p;
    const char *name;
} dg_dropout2d_options;
static inline dg_node *dg_dropout2d_at(dg_location at, dg_node *input, dg_dropout2d_options options)
{
    const dg_value attrs[] = {dg_float(options.p)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "dropout2d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_dropout2d(input, ...) dg_dropout2d_at(DG_HERE, (input), DG_OPTIONS(dg_dropout2d_options, .p = 0.5, __VA_ARGS__))

/* dropout of whole channels of [N, C, D, H, W] or [C, D, H, W]
 *   p: the probability of dropping
 *   Source: Tompson, Goroshin, Jain, LeCun, Bregler 2015 */
typedef struct dg_dropout3d_options {
    double p;
    const char *name;
} dg_dropout3d_options;
static inline dg_node *dg_dropout3d_at(dg_location at, dg_node *input, dg_dropout3d_options options)
{
    const dg_value attrs[] = {dg_float(options.p)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "dropout3d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_dropout3d(input, ...) dg_dropout3d_at(DG_HERE, (input), DG_OPTIONS(dg_dropout3d_options, .p = 0.5, __VA_ARGS__))

/* dropout to the limit of selu that keeps mean 0 and variance 1
 *   p: the probability of dropping
 *   Source: Klambauer, Unterthiner, Mayr, Hochreiter 2017 */
typedef struct dg_alpha_dropout_options {
    double p;
    const char *name;
} dg_alpha_dropout_options;
static inline dg_node *dg_alpha_dropout_at(dg_location at, dg_node *input, dg_alpha_dropout_options options)
{
    const dg_value attrs[] = {dg_float(options.p)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "alpha_dropout", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_alpha_dropout(input, ...) dg_alpha_dropout_at(DG_HERE, (input), DG_OPTIONS(dg_alpha_dropout_options, .p = 0.5, __VA_ARGS__))

/* alpha_dropout of whole channels of [N, C, …]
 *   p: the probability of dropping
 *   Source: Klambauer, Unterthiner, Mayr, Hochreiter 2017 */
typedef struct dg_feature_alpha_dropout_options {
    double p;
    const char *name;
} dg_feature_alpha_dropout_options;
static inline dg_node *dg_feature_alpha_dropout_at(dg_location at, dg_node *input, dg_feature_alpha_dropout_options options)
{
    const dg_value attrs[] = {dg_float(options.p)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "feature_alpha_dropout", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_feature_alpha_dropout(input, ...) dg_feature_alpha_dropout_at(DG_HERE, (input), DG_OPTIONS(dg_feature_alpha_dropout_options, .p = 0.5, __VA_ARGS__))

/* ---- elementwise ---- */

/* y = x */
typedef struct dg_identity_options {
    const char *name;
} dg_identity_options;
static inline dg_node *dg_identity_at(dg_location at, dg_node *input, dg_identity_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "identity", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_identity(input, ...) dg_identity_at(DG_HERE, (input), DG_OPTIONS(dg_identity_options, __VA_ARGS__))

/* y = |x|, derivative 0 at 0 */
typedef struct dg_abs_options {
    const char *name;
} dg_abs_options;
static inline dg_node *dg_abs_at(dg_location at, dg_node *input, dg_abs_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "abs", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_abs(input, ...) dg_abs_at(DG_HERE, (input), DG_OPTIONS(dg_abs_options, __VA_ARGS__))

/* y = −x */
typedef struct dg_neg_options {
    const char *name;
} dg_neg_options;
static inline dg_node *dg_neg_at(dg_location at, dg_node *input, dg_neg_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "neg", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_neg(input, ...) dg_neg_at(DG_HERE, (input), DG_OPTIONS(dg_neg_options, __VA_ARGS__))

/* y = −1, 0 or 1, the sign of x */
typedef struct dg_sign_options {
    const char *name;
} dg_sign_options;
static inline dg_node *dg_sign_at(dg_location at, dg_node *input, dg_sign_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "sign", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_sign(input, ...) dg_sign_at(DG_HERE, (input), DG_OPTIONS(dg_sign_options, __VA_ARGS__))

/* y = ⌈x⌉ */
typedef struct dg_ceil_options {
    const char *name;
} dg_ceil_options;
static inline dg_node *dg_ceil_at(dg_location at, dg_node *input, dg_ceil_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "ceil", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_ceil(input, ...) dg_ceil_at(DG_HERE, (input), DG_OPTIONS(dg_ceil_options, __VA_ARGS__))

/* y = ⌊x⌋ */
typedef struct dg_floor_options {
    const char *name;
} dg_floor_options;
static inline dg_node *dg_floor_at(dg_location at, dg_node *input, dg_floor_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "floor", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_floor(input, ...) dg_floor_at(DG_HERE, (input), DG_OPTIONS(dg_floor_options, __VA_ARGS__))

/* y = the nearest integer, ties to the even one */
typedef struct dg_round_options {
    const char *name;
} dg_round_options;
static inline dg_node *dg_round_at(dg_location at, dg_node *input, dg_round_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "round", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_round(input, ...) dg_round_at(DG_HERE, (input), DG_OPTIONS(dg_round_options, __VA_ARGS__))

/* y = x rounded towards 0 */
typedef struct dg_trunc_options {
    const char *name;
} dg_trunc_options;
static inline dg_node *dg_trunc_at(dg_location at, dg_node *input, dg_trunc_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "trunc", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_trunc(input, ...) dg_trunc_at(DG_HERE, (input), DG_OPTIONS(dg_trunc_options, __VA_ARGS__))

/* y = x − trunc(x) */
typedef struct dg_frac_options {
    const char *name;
} dg_frac_options;
static inline dg_node *dg_frac_at(dg_location at, dg_node *input, dg_frac_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "frac", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_frac(input, ...) dg_frac_at(DG_HERE, (input), DG_OPTIONS(dg_frac_options, __VA_ARGS__))

/* y = x² */
typedef struct dg_square_options {
    const char *name;
} dg_square_options;
static inline dg_node *dg_square_at(dg_location at, dg_node *input, dg_square_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "square", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_square(input, ...) dg_square_at(DG_HERE, (input), DG_OPTIONS(dg_square_options, __VA_ARGS__))

/* y = √x */
typedef struct dg_sqrt_options {
    const char *name;
} dg_sqrt_options;
static inline dg_node *dg_sqrt_at(dg_location at, dg_node *input, dg_sqrt_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "sqrt", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_sqrt(input, ...) dg_sqrt_at(DG_HERE, (input), DG_OPTIONS(dg_sqrt_options, __VA_ARGS__))

/* y = 1/√x */
typedef struct dg_rsqrt_options {
    const char *name;
} dg_rsqrt_options;
static inline dg_node *dg_rsqrt_at(dg_location at, dg_node *input, dg_rsqrt_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "rsqrt", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_rsqrt(input, ...) dg_rsqrt_at(DG_HERE, (input), DG_OPTIONS(dg_rsqrt_options, __VA_ARGS__))

/* y = 1/x */
typedef struct dg_reciprocal_options {
    const char *name;
} dg_reciprocal_options;
static inline dg_node *dg_reciprocal_at(dg_location at, dg_node *input, dg_reciprocal_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "reciprocal", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_reciprocal(input, ...) dg_reciprocal_at(DG_HERE, (input), DG_OPTIONS(dg_reciprocal_options, __VA_ARGS__))

/* y = eˣ */
typedef struct dg_exp_options {
    const char *name;
} dg_exp_options;
static inline dg_node *dg_exp_at(dg_location at, dg_node *input, dg_exp_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "exp", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_exp(input, ...) dg_exp_at(DG_HERE, (input), DG_OPTIONS(dg_exp_options, __VA_ARGS__))

/* y = 2ˣ */
typedef struct dg_exp2_options {
    const char *name;
} dg_exp2_options;
static inline dg_node *dg_exp2_at(dg_location at, dg_node *input, dg_exp2_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "exp2", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_exp2(input, ...) dg_exp2_at(DG_HERE, (input), DG_OPTIONS(dg_exp2_options, __VA_ARGS__))

/* y = eˣ − 1 */
typedef struct dg_expm1_options {
    const char *name;
} dg_expm1_options;
static inline dg_node *dg_expm1_at(dg_location at, dg_node *input, dg_expm1_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "expm1", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_expm1(input, ...) dg_expm1_at(DG_HERE, (input), DG_OPTIONS(dg_expm1_options, __VA_ARGS__))

/* y = ln x */
typedef struct dg_log_options {
    const char *name;
} dg_log_options;
static inline dg_node *dg_log_at(dg_location at, dg_node *input, dg_log_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "log", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_log(input, ...) dg_log_at(DG_HERE, (input), DG_OPTIONS(dg_log_options, __VA_ARGS__))

/* y = log₂ x */
typedef struct dg_log2_options {
    const char *name;
} dg_log2_options;
static inline dg_node *dg_log2_at(dg_location at, dg_node *input, dg_log2_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "log2", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_log2(input, ...) dg_log2_at(DG_HERE, (input), DG_OPTIONS(dg_log2_options, __VA_ARGS__))

/* y = log₁₀ x */
typedef struct dg_log10_options {
    const char *name;
} dg_log10_options;
static inline dg_node *dg_log10_at(dg_location at, dg_node *input, dg_log10_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "log10", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_log10(input, ...) dg_log10_at(DG_HERE, (input), DG_OPTIONS(dg_log10_options, __VA_ARGS__))

/* y = ln(1 + x) */
typedef struct dg_log1p_options {
    const char *name;
} dg_log1p_options;
static inline dg_node *dg_log1p_at(dg_location at, dg_node *input, dg_log1p_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "log1p", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_log1p(input, ...) dg_log1p_at(DG_HERE, (input), DG_OPTIONS(dg_log1p_options, __VA_ARGS__))

/* y = sin x */
typedef struct dg_sin_options {
    const char *name;
} dg_sin_options;
static inline dg_node *dg_sin_at(dg_location at, dg_node *input, dg_sin_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "sin", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_sin(input, ...) dg_sin_at(DG_HERE, (input), DG_OPTIONS(dg_sin_options, __VA_ARGS__))

/* y = cos x */
typedef struct dg_cos_options {
    const char *name;
} dg_cos_options;
static inline dg_node *dg_cos_at(dg_location at, dg_node *input, dg_cos_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "cos", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_cos(input, ...) dg_cos_at(DG_HERE, (input), DG_OPTIONS(dg_cos_options, __VA_ARGS__))

/* y = tan x */
typedef struct dg_tan_options {
    const char *name;
} dg_tan_options;
static inline dg_node *dg_tan_at(dg_location at, dg_node *input, dg_tan_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "tan", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_tan(input, ...) dg_tan_at(DG_HERE, (input), DG_OPTIONS(dg_tan_options, __VA_ARGS__))

/* y = asin x */
typedef struct dg_asin_options {
    const char *name;
} dg_asin_options;
static inline dg_node *dg_asin_at(dg_location at, dg_node *input, dg_asin_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "asin", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_asin(input, ...) dg_asin_at(DG_HERE, (input), DG_OPTIONS(dg_asin_options, __VA_ARGS__))

/* y = acos x */
typedef struct dg_acos_options {
    const char *name;
} dg_acos_options;
static inline dg_node *dg_acos_at(dg_location at, dg_node *input, dg_acos_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "acos", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_acos(input, ...) dg_acos_at(DG_HERE, (input), DG_OPTIONS(dg_acos_options, __VA_ARGS__))

/* y = atan x */
typedef struct dg_atan_options {
    const char *name;
} dg_atan_options;
static inline dg_node *dg_atan_at(dg_location at, dg_node *input, dg_atan_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "atan", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_atan(input, ...) dg_atan_at(DG_HERE, (input), DG_OPTIONS(dg_atan_options, __VA_ARGS__))

/* y = sinh x */
typedef struct dg_sinh_options {
    const char *name;
} dg_sinh_options;
static inline dg_node *dg_sinh_at(dg_location at, dg_node *input, dg_sinh_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "sinh", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_sinh(input, ...) dg_sinh_at(DG_HERE, (input), DG_OPTIONS(dg_sinh_options, __VA_ARGS__))

/* y = cosh x */
typedef struct dg_cosh_options {
    const char *name;
} dg_cosh_options;
static inline dg_node *dg_cosh_at(dg_location at, dg_node *input, dg_cosh_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "cosh", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_cosh(input, ...) dg_cosh_at(DG_HERE, (input), DG_OPTIONS(dg_cosh_options, __VA_ARGS__))

/* y = asinh x */
typedef struct dg_asinh_options {
    const char *name;
} dg_asinh_options;
static inline dg_node *dg_asinh_at(dg_location at, dg_node *input, dg_asinh_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "asinh", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_asinh(input, ...) dg_asinh_at(DG_HERE, (input), DG_OPTIONS(dg_asinh_options, __VA_ARGS__))

/* y = acosh x */
typedef struct dg_acosh_options {
    const char *name;
} dg_acosh_options;
static inline dg_node *dg_acosh_at(dg_location at, dg_node *input, dg_acosh_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "acosh", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_acosh(input, ...) dg_acosh_at(DG_HERE, (input), DG_OPTIONS(dg_acosh_options, __VA_ARGS__))

/* y = atanh x */
typedef struct dg_atanh_options {
    const char *name;
} dg_atanh_options;
static inline dg_node *dg_atanh_at(dg_location at, dg_node *input, dg_atanh_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "atanh", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_atanh(input, ...) dg_atanh_at(DG_HERE, (input), DG_OPTIONS(dg_atanh_options, __VA_ARGS__))

/* y = erf x = 2/√π ∫₀ˣ exp(−t²) dt */
typedef struct dg_erf_options {
    const char *name;
} dg_erf_options;
static inline dg_node *dg_erf_at(dg_location at, dg_node *input, dg_erf_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "erf", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_erf(input, ...) dg_erf_at(DG_HERE, (input), DG_OPTIONS(dg_erf_options, __VA_ARGS__))

/* y = 1 − erf x */
typedef struct dg_erfc_options {
    const char *name;
} dg_erfc_options;
static inline dg_node *dg_erfc_at(dg_location at, dg_node *input, dg_erfc_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "erfc", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_erfc(input, ...) dg_erfc_at(DG_HERE, (input), DG_OPTIONS(dg_erfc_options, __VA_ARGS__))

/* y = min(max(x, min), max), either bound may be left out; derivative 1 at the bounds
 *   min: the least value
 *   max: the greatest value */
typedef struct dg_clamp_options {
    double min;
    double max;
    const char *name;
} dg_clamp_options;
static inline dg_node *dg_clamp_at(dg_location at, dg_node *input, dg_clamp_options options)
{
    const dg_value attrs[] = {dg_float(options.min), dg_float(options.max)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "clamp", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_clamp(input, ...) dg_clamp_at(DG_HERE, (input), DG_OPTIONS(dg_clamp_options, .min = DG_NO_NUMBER, .max = DG_NO_NUMBER, __VA_ARGS__))

/* y = a + b */
typedef struct dg_add_options {
    const char *name;
} dg_add_options;
static inline dg_node *dg_add_at(dg_location at, dg_node *input, dg_node *other, dg_add_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "add", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_add(input, other, ...) dg_add_at(DG_HERE, (input), (other), DG_OPTIONS(dg_add_options, __VA_ARGS__))

/* y = a − b */
typedef struct dg_sub_options {
    const char *name;
} dg_sub_options;
static inline dg_node *dg_sub_at(dg_location at, dg_node *input, dg_node *other, dg_sub_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "sub", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_sub(input, other, ...) dg_sub_at(DG_HERE, (input), (other), DG_OPTIONS(dg_sub_options, __VA_ARGS__))

/* y = a·b */
typedef struct dg_mul_options {
    const char *name;
} dg_mul_options;
static inline dg_node *dg_mul_at(dg_location at, dg_node *input, dg_node *other, dg_mul_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "mul", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_mul(input, other, ...) dg_mul_at(DG_HERE, (input), (other), DG_OPTIONS(dg_mul_options, __VA_ARGS__))

/* y = a/b */
typedef struct dg_div_options {
    const char *name;
} dg_div_options;
static inline dg_node *dg_div_at(dg_location at, dg_node *input, dg_node *other, dg_div_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "div", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_div(input, other, ...) dg_div_at(DG_HERE, (input), (other), DG_OPTIONS(dg_div_options, __VA_ARGS__))

/* y = max(a, b), each derivative ½ on ties */
typedef struct dg_maximum_options {
    const char *name;
} dg_maximum_options;
static inline dg_node *dg_maximum_at(dg_location at, dg_node *input, dg_node *other, dg_maximum_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "maximum", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_maximum(input, other, ...) dg_maximum_at(DG_HERE, (input), (other), DG_OPTIONS(dg_maximum_options, __VA_ARGS__))

/* y = min(a, b), each derivative ½ on ties */
typedef struct dg_minimum_options {
    const char *name;
} dg_minimum_options;
static inline dg_node *dg_minimum_at(dg_location at, dg_node *input, dg_node *other, dg_minimum_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "minimum", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_minimum(input, other, ...) dg_minimum_at(DG_HERE, (input), (other), DG_OPTIONS(dg_minimum_options, __VA_ARGS__))

/* y = the angle of the point (b, a), −π … π */
typedef struct dg_atan2_options {
    const char *name;
} dg_atan2_options;
static inline dg_node *dg_atan2_at(dg_location at, dg_node *input, dg_node *other, dg_atan2_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "atan2", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_atan2(input, other, ...) dg_atan2_at(DG_HERE, (input), (other), DG_OPTIONS(dg_atan2_options, __VA_ARGS__))

/* y = √(a² + b²) */
typedef struct dg_hypot_options {
    const char *name;
} dg_hypot_options;
static inline dg_node *dg_hypot_at(dg_location at, dg_node *input, dg_node *other, dg_hypot_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "hypot", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_hypot(input, other, ...) dg_hypot_at(DG_HERE, (input), (other), DG_OPTIONS(dg_hypot_options, __VA_ARGS__))

/* y = a − b·trunc(a/b), of the sign of a */
typedef struct dg_fmod_options {
    const char *name;
} dg_fmod_options;
static inline dg_node *dg_fmod_at(dg_location at, dg_node *input, dg_node *other, dg_fmod_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "fmod", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_fmod(input, other, ...) dg_fmod_at(DG_HERE, (input), (other), DG_OPTIONS(dg_fmod_options, __VA_ARGS__))

/* y = a − b·⌊a/b⌋, of the sign of b */
typedef struct dg_remainder_options {
    const char *name;
} dg_remainder_options;
static inline dg_node *dg_remainder_at(dg_location at, dg_node *input, dg_node *other, dg_remainder_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "remainder", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_remainder(input, other, ...) dg_remainder_at(DG_HERE, (input), (other), DG_OPTIONS(dg_remainder_options, __VA_ARGS__))

/* y = ln(eᵃ + eᵇ) */
typedef struct dg_logaddexp_options {
    const char *name;
} dg_logaddexp_options;
static inline dg_node *dg_logaddexp_at(dg_location at, dg_node *input, dg_node *other, dg_logaddexp_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "logaddexp", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_logaddexp(input, other, ...) dg_logaddexp_at(DG_HERE, (input), (other), DG_OPTIONS(dg_logaddexp_options, __VA_ARGS__))

/* y = a^b, with b the second input or the number `exponent`
 *   exponent: b, when it is a number */
typedef struct dg_pow_options {
    double exponent;
    dg_node *other;
    const char *name;
} dg_pow_options;
static inline dg_node *dg_pow_at(dg_location at, dg_node *input, dg_pow_options options)
{
    const dg_value attrs[] = {dg_float(options.exponent)};
    dg_node *const inputs[] = {input, options.other};
    return dg_apply(&(dg_application){.op = "pow", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_pow(input, ...) dg_pow_at(DG_HERE, (input), DG_OPTIONS(dg_pow_options, .exponent = DG_NO_NUMBER, __VA_ARGS__))

/* ---- compare ---- */

/* y = a = b */
typedef struct dg_eq_options {
    const char *name;
} dg_eq_options;
static inline dg_node *dg_eq_at(dg_location at, dg_node *input, dg_node *other, dg_eq_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "eq", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_eq(input, other, ...) dg_eq_at(DG_HERE, (input), (other), DG_OPTIONS(dg_eq_options, __VA_ARGS__))

/* y = a ≠ b */
typedef struct dg_ne_options {
    const char *name;
} dg_ne_options;
static inline dg_node *dg_ne_at(dg_location at, dg_node *input, dg_node *other, dg_ne_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "ne", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_ne(input, other, ...) dg_ne_at(DG_HERE, (input), (other), DG_OPTIONS(dg_ne_options, __VA_ARGS__))

/* y = a < b */
typedef struct dg_lt_options {
    const char *name;
} dg_lt_options;
static inline dg_node *dg_lt_at(dg_location at, dg_node *input, dg_node *other, dg_lt_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "lt", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_lt(input, other, ...) dg_lt_at(DG_HERE, (input), (other), DG_OPTIONS(dg_lt_options, __VA_ARGS__))

/* y = a ≤ b */
typedef struct dg_le_options {
    const char *name;
} dg_le_options;
static inline dg_node *dg_le_at(dg_location at, dg_node *input, dg_node *other, dg_le_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "le", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_le(input, other, ...) dg_le_at(DG_HERE, (input), (other), DG_OPTIONS(dg_le_options, __VA_ARGS__))

/* y = a > b */
typedef struct dg_gt_options {
    const char *name;
} dg_gt_options;
static inline dg_node *dg_gt_at(dg_location at, dg_node *input, dg_node *other, dg_gt_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "gt", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_gt(input, other, ...) dg_gt_at(DG_HERE, (input), (other), DG_OPTIONS(dg_gt_options, __VA_ARGS__))

/* y = a ≥ b */
typedef struct dg_ge_options {
    const char *name;
} dg_ge_options;
static inline dg_node *dg_ge_at(dg_location at, dg_node *input, dg_node *other, dg_ge_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "ge", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_ge(input, other, ...) dg_ge_at(DG_HERE, (input), (other), DG_OPTIONS(dg_ge_options, __VA_ARGS__))

/* y = a and b */
typedef struct dg_logical_and_options {
    const char *name;
} dg_logical_and_options;
static inline dg_node *dg_logical_and_at(dg_location at, dg_node *input, dg_node *other, dg_logical_and_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "logical_and", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_logical_and(input, other, ...) dg_logical_and_at(DG_HERE, (input), (other), DG_OPTIONS(dg_logical_and_options, __VA_ARGS__))

/* y = a or b */
typedef struct dg_logical_or_options {
    const char *name;
} dg_logical_or_options;
static inline dg_node *dg_logical_or_at(dg_location at, dg_node *input, dg_node *other, dg_logical_or_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "logical_or", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_logical_or(input, other, ...) dg_logical_or_at(DG_HERE, (input), (other), DG_OPTIONS(dg_logical_or_options, __VA_ARGS__))

/* y = one of a and b, not both */
typedef struct dg_logical_xor_options {
    const char *name;
} dg_logical_xor_options;
static inline dg_node *dg_logical_xor_at(dg_location at, dg_node *input, dg_node *other, dg_logical_xor_options options)
{
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "logical_xor", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_logical_xor(input, other, ...) dg_logical_xor_at(DG_HERE, (input), (other), DG_OPTIONS(dg_logical_xor_options, __VA_ARGS__))

/* y = x is 0 */
typedef struct dg_logical_not_options {
    const char *name;
} dg_logical_not_options;
static inline dg_node *dg_logical_not_at(dg_location at, dg_node *input, dg_logical_not_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "logical_not", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_logical_not(input, ...) dg_logical_not_at(DG_HERE, (input), DG_OPTIONS(dg_logical_not_options, __VA_ARGS__))

/* y = x is not a number */
typedef struct dg_isnan_options {
    const char *name;
} dg_isnan_options;
static inline dg_node *dg_isnan_at(dg_location at, dg_node *input, dg_isnan_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "isnan", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_isnan(input, ...) dg_isnan_at(DG_HERE, (input), DG_OPTIONS(dg_isnan_options, __VA_ARGS__))

/* y = x is ∞ or −∞ */
typedef struct dg_isinf_options {
    const char *name;
} dg_isinf_options;
static inline dg_node *dg_isinf_at(dg_location at, dg_node *input, dg_isinf_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "isinf", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_isinf(input, ...) dg_isinf_at(DG_HERE, (input), DG_OPTIONS(dg_isinf_options, __VA_ARGS__))

/* y = x is neither ∞ nor −∞ nor NaN */
typedef struct dg_isfinite_options {
    const char *name;
} dg_isfinite_options;
static inline dg_node *dg_isfinite_at(dg_location at, dg_node *input, dg_isfinite_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "isfinite", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_isfinite(input, ...) dg_isfinite_at(DG_HERE, (input), DG_OPTIONS(dg_isfinite_options, __VA_ARGS__))

/* y = a where the condition holds, else b */
typedef struct dg_where_options {
    const char *name;
} dg_where_options;
static inline dg_node *dg_where_at(dg_location at, dg_node *condition, dg_node *input, dg_node *other, dg_where_options options)
{
    dg_node *const inputs[] = {condition, input, other};
    return dg_apply(&(dg_application){.op = "where", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs});
}
#define dg_where(condition, input, other, ...) dg_where_at(DG_HERE, (condition), (input), (other), DG_OPTIONS(dg_where_options, __VA_ARGS__))

/* ---- activation ---- */

/* y = max(0, x), derivative 0 at 0 */
typedef struct dg_relu_options {
    const char *name;
} dg_relu_options;
static inline dg_node *dg_relu_at(dg_location at, dg_node *input, dg_relu_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "relu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_relu(input, ...) dg_relu_at(DG_HERE, (input), DG_OPTIONS(dg_relu_options, __VA_ARGS__))

/* y = min(max(0, x), 6), derivative 0 at 0 and 6
 *   Source: Krizhevsky 2010 */
typedef struct dg_relu6_options {
    const char *name;
} dg_relu6_options;
static inline dg_node *dg_relu6_at(dg_location at, dg_node *input, dg_relu6_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "relu6", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_relu6(input, ...) dg_relu6_at(DG_HERE, (input), DG_OPTIONS(dg_relu6_options, __VA_ARGS__))

/* y = x above 0, else slope·x, derivative slope at 0
 *   negative_slope: the slope below 0
 *   Source: Maas, Hannun, Ng 2013 */
typedef struct dg_leaky_relu_options {
    double negative_slope;
    const char *name;
} dg_leaky_relu_options;
static inline dg_node *dg_leaky_relu_at(dg_location at, dg_node *input, dg_leaky_relu_options options)
{
    const dg_value attrs[] = {dg_float(options.negative_slope)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "leaky_relu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_leaky_relu(input, ...) dg_leaky_relu_at(DG_HERE, (input), DG_OPTIONS(dg_leaky_relu_options, .negative_slope = 0.01, __VA_ARGS__))

/* y = x above 0, else α(eˣ − 1), derivative α at 0
 *   alpha: −α is the limit for x → −∞
 *   Source: Clevert, Unterthiner, Hochreiter 2016, eq. 15 */
typedef struct dg_elu_options {
    double alpha;
    const char *name;
} dg_elu_options;
static inline dg_node *dg_elu_at(dg_location at, dg_node *input, dg_elu_options options)
{
    const dg_value attrs[] = {dg_float(options.alpha)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "elu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_elu(input, ...) dg_elu_at(DG_HERE, (input), DG_OPTIONS(dg_elu_options, .alpha = 1, __VA_ARGS__))

/* y = x above 0, else α(exp(x/α) − 1)
 *   alpha: −α is the limit for x → −∞
 *   Source: Barron 2017, eq. 2 */
typedef struct dg_celu_options {
    double alpha;
    const char *name;
} dg_celu_options;
static inline dg_node *dg_celu_at(dg_location at, dg_node *input, dg_celu_options options)
{
    const dg_value attrs[] = {dg_float(options.alpha)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "celu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_celu(input, ...) dg_celu_at(DG_HERE, (input), DG_OPTIONS(dg_celu_options, .alpha = 1, __VA_ARGS__))

/* y = λx above 0, else λα(eˣ − 1): keeps mean 0 and variance 1
 *   Source: Klambauer, Unterthiner, Mayr, Hochreiter 2017, eq. 2 */
typedef struct dg_selu_options {
    const char *name;
} dg_selu_options;
static inline dg_node *dg_selu_at(dg_location at, dg_node *input, dg_selu_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "selu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_selu(input, ...) dg_selu_at(DG_HERE, (input), DG_OPTIONS(dg_selu_options, __VA_ARGS__))

/* y = 1/(1 + e⁻ˣ) */
typedef struct dg_sigmoid_options {
    const char *name;
} dg_sigmoid_options;
static inline dg_node *dg_sigmoid_at(dg_location at, dg_node *input, dg_sigmoid_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "sigmoid", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_sigmoid(input, ...) dg_sigmoid_at(DG_HERE, (input), DG_OPTIONS(dg_sigmoid_options, __VA_ARGS__))

/* y = ln σ(x) = −softplus(−x) */
typedef struct dg_logsigmoid_options {
    const char *name;
} dg_logsigmoid_options;
static inline dg_node *dg_logsigmoid_at(dg_location at, dg_node *input, dg_logsigmoid_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "logsigmoid", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_logsigmoid(input, ...) dg_logsigmoid_at(DG_HERE, (input), DG_OPTIONS(dg_logsigmoid_options, __VA_ARGS__))

/* y = tanh x */
typedef struct dg_tanh_options {
    const char *name;
} dg_tanh_options;
static inline dg_node *dg_tanh_at(dg_location at, dg_node *input, dg_tanh_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "tanh", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_tanh(input, ...) dg_tanh_at(DG_HERE, (input), DG_OPTIONS(dg_tanh_options, __VA_ARGS__))

/* y = x − tanh x */
typedef struct dg_tanhshrink_options {
    const char *name;
} dg_tanhshrink_options;
static inline dg_node *dg_tanhshrink_at(dg_location at, dg_node *input, dg_tanhshrink_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "tanhshrink", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_tanhshrink(input, ...) dg_tanhshrink_at(DG_HERE, (input), DG_OPTIONS(dg_tanhshrink_options, __VA_ARGS__))

/* y = ln(1 + exp(βx))/β, x itself where βx > threshold
 *   beta: how sharp the bend is
 *   threshold: where the line begins
 *   Source: Dugas, Bengio, Bélisle, Nadeau, Garcia 2001 */
typedef struct dg_softplus_options {
    double beta;
    double threshold;
    const char *name;
} dg_softplus_options;
static inline dg_node *dg_softplus_at(dg_location at, dg_node *input, dg_softplus_options options)
{
    const dg_value attrs[] = {dg_float(options.beta), dg_float(options.threshold)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "softplus", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_softplus(input, ...) dg_softplus_at(DG_HERE, (input), DG_OPTIONS(dg_softplus_options, .beta = 1, .threshold = 20, __VA_ARGS__))

/* y = x/(1 + |x|)
 *   Source: Turian, Bergstra, Bengio 2009 */
typedef struct dg_softsign_options {
    const char *name;
} dg_softsign_options;
static inline dg_node *dg_softsign_at(dg_location at, dg_node *input, dg_softsign_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "softsign", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_softsign(input, ...) dg_softsign_at(DG_HERE, (input), DG_OPTIONS(dg_softsign_options, __VA_ARGS__))

/* y = x·σ(x)
 *   Source: Elfwing, Uchibe, Doya 2018; swish: Ramachandran, Zoph, Le 2017 */
typedef struct dg_silu_options {
    const char *name;
} dg_silu_options;
static inline dg_node *dg_silu_at(dg_location at, dg_node *input, dg_silu_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "silu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_silu(input, ...) dg_silu_at(DG_HERE, (input), DG_OPTIONS(dg_silu_options, __VA_ARGS__))

/* y = x·tanh(softplus(x))
 *   Source: Misra 2019 */
typedef struct dg_mish_options {
    const char *name;
} dg_mish_options;
static inline dg_node *dg_mish_at(dg_location at, dg_node *input, dg_mish_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "mish", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_mish(input, ...) dg_mish_at(DG_HERE, (input), DG_OPTIONS(dg_mish_options, __VA_ARGS__))

/* y = x·Φ(x) = x(1 + erf(x/√2))/2, or its approximation by tanh
 *   approximate: tanh: x(1 + tanh(√(2/π)(x + 0.044715 x³)))/2 (none|tanh)
 *   Source: Hendrycks, Gimpel 2016 */
typedef struct dg_gelu_options {
    const char *approximate;
    const char *name;
} dg_gelu_options;
static inline dg_node *dg_gelu_at(dg_location at, dg_node *input, dg_gelu_options options)
{
    const dg_value attrs[] = {dg_text(options.approximate)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "gelu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_gelu(input, ...) dg_gelu_at(DG_HERE, (input), DG_OPTIONS(dg_gelu_options, .approximate = "none", __VA_ARGS__))

/* y = min(max(x, min_val), max_val), derivative 0 at both
 *   min_val: the least value
 *   max_val: the greatest value
 *   Source: Collobert 2004 */
typedef struct dg_hardtanh_options {
    double min_val;
    double max_val;
    const char *name;
} dg_hardtanh_options;
static inline dg_node *dg_hardtanh_at(dg_location at, dg_node *input, dg_hardtanh_options options)
{
    const dg_value attrs[] = {dg_float(options.min_val), dg_float(options.max_val)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "hardtanh", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_hardtanh(input, ...) dg_hardtanh_at(DG_HERE, (input), DG_OPTIONS(dg_hardtanh_options, .min_val = -1, .max_val = 1, __VA_ARGS__))

/* y = min(max(x/6 + ½, 0), 1), derivative 0 at ±3
 *   Source: Courbariaux, Bengio, David 2015 */
typedef struct dg_hardsigmoid_options {
    const char *name;
} dg_hardsigmoid_options;
static inline dg_node *dg_hardsigmoid_at(dg_location at, dg_node *input, dg_hardsigmoid_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "hardsigmoid", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_hardsigmoid(input, ...) dg_hardsigmoid_at(DG_HERE, (input), DG_OPTIONS(dg_hardsigmoid_options, __VA_ARGS__))

/* y = x·min(max(x + 3, 0), 6)/6, derivative −½ at −3 and 1½ at 3
 *   Source: Howard et al. 2019 (MobileNetV3) */
typedef struct dg_hardswish_options {
    const char *name;
} dg_hardswish_options;
static inline dg_node *dg_hardswish_at(dg_location at, dg_node *input, dg_hardswish_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "hardswish", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_hardswish(input, ...) dg_hardswish_at(DG_HERE, (input), DG_OPTIONS(dg_hardswish_options, __VA_ARGS__))

/* y = x where |x| > λ, else 0
 *   lambd: λ */
typedef struct dg_hardshrink_options {
    double lambd;
    const char *name;
} dg_hardshrink_options;
static inline dg_node *dg_hardshrink_at(dg_location at, dg_node *input, dg_hardshrink_options options)
{
    const dg_value attrs[] = {dg_float(options.lambd)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "hardshrink", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_hardshrink(input, ...) dg_hardshrink_at(DG_HERE, (input), DG_OPTIONS(dg_hardshrink_options, .lambd = 0.5, __VA_ARGS__))

/* y = x moved by λ towards 0, 0 where |x| ≤ λ
 *   lambd: λ */
typedef struct dg_softshrink_options {
    double lambd;
    const char *name;
} dg_softshrink_options;
static inline dg_node *dg_softshrink_at(dg_location at, dg_node *input, dg_softshrink_options options)
{
    const dg_value attrs[] = {dg_float(options.lambd)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "softshrink", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_softshrink(input, ...) dg_softshrink_at(DG_HERE, (input), DG_OPTIONS(dg_softshrink_options, .lambd = 0.5, __VA_ARGS__))

/* y = x where x > threshold, else value
 *   threshold: where x itself begins
 *   value: what stands below */
typedef struct dg_threshold_options {
    const char *name;
} dg_threshold_options;
static inline dg_node *dg_threshold_at(dg_location at, dg_node *input, double threshold, double value, dg_threshold_options options)
{
    const dg_value attrs[] = {dg_float(threshold), dg_float(value)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "threshold", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_threshold(input, threshold, value, ...) dg_threshold_at(DG_HERE, (input), (threshold), (value), DG_OPTIONS(dg_threshold_options, __VA_ARGS__))

/* y = 1 from 0 on, else 0; derivative 0 everywhere
 *   Source: McCulloch, Pitts 1943 */
typedef struct dg_step_options {
    const char *name;
} dg_step_options;
static inline dg_node *dg_step_at(dg_location at, dg_node *input, dg_step_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "step", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_step(input, ...) dg_step_at(DG_HERE, (input), DG_OPTIONS(dg_step_options, __VA_ARGS__))

/* y = 0 below 0, 1 above, `values` at 0 */
typedef struct dg_heaviside_options {
    const char *name;
} dg_heaviside_options;
static inline dg_node *dg_heaviside_at(dg_location at, dg_node *input, dg_node *values, dg_heaviside_options options)
{
    dg_node *const inputs[] = {input, values};
    return dg_apply(&(dg_application){.op = "heaviside", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_heaviside(input, values, ...) dg_heaviside_at(DG_HERE, (input), (values), DG_OPTIONS(dg_heaviside_options, __VA_ARGS__))

/* y = x above 0, else w·x, w trained: one for all or one a channel of [N, C, …]
 *   weight: [1] or [channels]
 *   num_parameters: 1 or the number of channels
 *   init: of the weight
 *   Source: He, Zhang, Ren, Sun 2015, eq. 1 */
typedef struct dg_prelu_options {
    int64_t num_parameters;
    const char *init;
    dg_node *weight;
    const char *name;
} dg_prelu_options;
static inline dg_node *dg_prelu_at(dg_location at, dg_node *input, dg_prelu_options options)
{
    const dg_value attrs[] = {dg_int(options.num_parameters), dg_text(options.init)};
    dg_node *const inputs[] = {input, options.weight};
    return dg_apply(&(dg_application){.op = "prelu", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_prelu(input, ...) dg_prelu_at(DG_HERE, (input), DG_OPTIONS(dg_prelu_options, .num_parameters = 1, __VA_ARGS__))

/* y = x·σ(βx)
 *   beta: 1: silu; large: nearly relu
 *   Source: Ramachandran, Zoph, Le 2017 */
typedef struct dg_swish_options {
    double beta;
    const char *name;
} dg_swish_options;
static inline dg_node *dg_swish_at(dg_location at, dg_node *input, dg_swish_options options)
{
    const dg_value attrs[] = {dg_float(options.beta)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "swish", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_swish(input, ...) dg_swish_at(DG_HERE, (input), DG_OPTIONS(dg_swish_options, .beta = 1, __VA_ARGS__))

/* y = βx·σ(x)
 *   beta: the slope far to the right
 *   Source: Alcaide 2018 */
typedef struct dg_eswish_options {
    double beta;
    const char *name;
} dg_eswish_options;
static inline dg_node *dg_eswish_at(dg_location at, dg_node *input, dg_eswish_options options)
{
    const dg_value attrs[] = {dg_float(options.beta)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "eswish", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_eswish(input, ...) dg_eswish_at(DG_HERE, (input), DG_OPTIONS(dg_eswish_options, .beta = 1.375, __VA_ARGS__))

/* y = (x + √(x² + b))/2
 *   b: how round the bend is
 *   Source: Barron 2021 */
typedef struct dg_squareplus_options {
    double b;
    const char *name;
} dg_squareplus_options;
static inline dg_node *dg_squareplus_at(dg_location at, dg_node *input, dg_squareplus_options options)
{
    const dg_value attrs[] = {dg_float(options.b)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "squareplus", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_squareplus(input, ...) dg_squareplus_at(DG_HERE, (input), DG_OPTIONS(dg_squareplus_options, .b = 4, __VA_ARGS__))

/* y = 0 up to −1, (x + 1)²/4 up to 1, x from there
 *   Source: Keras 3, sparse_plus */
typedef struct dg_sparse_plus_options {
    const char *name;
} dg_sparse_plus_options;
static inline dg_node *dg_sparse_plus_at(dg_location at, dg_node *input, dg_sparse_plus_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "sparse_plus", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_sparse_plus(input, ...) dg_sparse_plus_at(DG_HERE, (input), DG_OPTIONS(dg_sparse_plus_options, __VA_ARGS__))

/* y = min(max((x + 1)/2, 0), 1), derivative 0 at ±1
 *   Source: Keras 3, sparse_sigmoid */
typedef struct dg_sparse_sigmoid_options {
    const char *name;
} dg_sparse_sigmoid_options;
static inline dg_node *dg_sparse_sigmoid_at(dg_location at, dg_node *input, dg_sparse_sigmoid_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "sparse_sigmoid", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_sparse_sigmoid(input, ...) dg_sparse_sigmoid_at(DG_HERE, (input), DG_OPTIONS(dg_sparse_sigmoid_options, __VA_ARGS__))

/* y = eˣ
 *   Source: Keras 3, exponential */
typedef struct dg_exponential_options {
    const char *name;
} dg_exponential_options;
static inline dg_node *dg_exponential_at(dg_location at, dg_node *input, dg_exponential_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "exponential", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_exponential(input, ...) dg_exponential_at(DG_HERE, (input), DG_OPTIONS(dg_exponential_options, __VA_ARGS__))

/* y = tanh x above 0, else tanh(x)/4
 *   Source: Xu, Huang, Li 2016 */
typedef struct dg_penalized_tanh_options {
    const char *name;
} dg_penalized_tanh_options;
static inline dg_node *dg_penalized_tanh_at(dg_location at, dg_node *input, dg_penalized_tanh_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "penalized_tanh", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_penalized_tanh(input, ...) dg_penalized_tanh_at(DG_HERE, (input), DG_OPTIONS(dg_penalized_tanh_options, __VA_ARGS__))

/* y = x/√(1 + αx²)
 *   alpha: 1/√α is the limit
 *   Source: Carlile, Delamarter, Kinney, Marti, Whitney 2017 */
typedef struct dg_isru_options {
    double alpha;
    const char *name;
} dg_isru_options;
static inline dg_node *dg_isru_at(dg_location at, dg_node *input, dg_isru_options options)
{
    const dg_value attrs[] = {dg_float(options.alpha)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "isru", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_isru(input, ...) dg_isru_at(DG_HERE, (input), DG_OPTIONS(dg_isru_options, .alpha = 1, __VA_ARGS__))

/* y = x from 0 on, else x/√(1 + αx²)
 *   alpha: −1/√α is the limit for x → −∞
 *   Source: Carlile, Delamarter, Kinney, Marti, Whitney 2017 */
typedef struct dg_isrlu_options {
    double alpha;
    const char *name;
} dg_isrlu_options;
static inline dg_node *dg_isrlu_at(dg_location at, dg_node *input, dg_isrlu_options options)
{
    const dg_value attrs[] = {dg_float(options.alpha)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "isrlu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_isrlu(input, ...) dg_isrlu_at(DG_HERE, (input), DG_OPTIONS(dg_isrlu_options, .alpha = 1, __VA_ARGS__))

/* y = (√(x² + 1) − 1)/2 + x */
typedef struct dg_bent_identity_options {
    const char *name;
} dg_bent_identity_options;
static inline dg_node *dg_bent_identity_at(dg_location at, dg_node *input, dg_bent_identity_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "bent_identity", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_bent_identity(input, ...) dg_bent_identity_at(DG_HERE, (input), DG_OPTIONS(dg_bent_identity_options, __VA_ARGS__))

/* y = 1.7159·tanh(2x/3)
 *   Source: LeCun, Bottou, Orr, Müller 1998, section 4.4 */
typedef struct dg_lecun_tanh_options {
    const char *name;
} dg_lecun_tanh_options;
static inline dg_node *dg_lecun_tanh_at(dg_location at, dg_node *input, dg_lecun_tanh_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "lecun_tanh", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_lecun_tanh(input, ...) dg_lecun_tanh_at(DG_HERE, (input), DG_OPTIONS(dg_lecun_tanh_options, __VA_ARGS__))

/* y = sin(ω₀x)
 *   omega: ω₀, the frequency
 *   Source: Sitzmann, Martel, Bergman, Lindell, Wetzstein 2020 */
typedef struct dg_sine_options {
    double omega;
    const char *name;
} dg_sine_options;
static inline dg_node *dg_sine_at(dg_location at, dg_node *input, dg_sine_options options)
{
    const dg_value attrs[] = {dg_float(options.omega)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "sine", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_sine(input, ...) dg_sine_at(DG_HERE, (input), DG_OPTIONS(dg_sine_options, .omega = 30, __VA_ARGS__))

/* y = x + sin²(ax)/a
 *   a: the frequency, not 0
 *   Source: Ziyin, Hartwig, Ueda 2020 */
typedef struct dg_snake_options {
    double a;
    const char *name;
} dg_snake_options;
static inline dg_node *dg_snake_at(dg_location at, dg_node *input, dg_snake_options options)
{
    const dg_value attrs[] = {dg_float(options.a)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "snake", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_snake(input, ...) dg_snake_at(DG_HERE, (input), DG_OPTIONS(dg_snake_options, .a = 1, __VA_ARGS__))

/* y = x·cos x
 *   Source: Noel, Arunkumar, Trivedi, Dutta 2021 */
typedef struct dg_gcu_options {
    const char *name;
} dg_gcu_options;
static inline dg_node *dg_gcu_at(dg_location at, dg_node *input, dg_gcu_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "gcu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_gcu(input, ...) dg_gcu_at(DG_HERE, (input), DG_OPTIONS(dg_gcu_options, __VA_ARGS__))

/* y = exp(−x²)
 *   Source: Broomhead, Lowe 1988 */
typedef struct dg_gaussian_options {
    const char *name;
} dg_gaussian_options;
static inline dg_node *dg_gaussian_at(dg_location at, dg_node *input, dg_gaussian_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "gaussian", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_gaussian(input, ...) dg_gaussian_at(DG_HERE, (input), DG_OPTIONS(dg_gaussian_options, __VA_ARGS__))

/* y = x·tanh x
 *   Source: Roy, Manna, Dubey, Chaudhuri 2019 */
typedef struct dg_lisht_options {
    const char *name;
} dg_lisht_options;
static inline dg_node *dg_lisht_at(dg_location at, dg_node *input, dg_lisht_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "lisht", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_lisht(input, ...) dg_lisht_at(DG_HERE, (input), DG_OPTIONS(dg_lisht_options, __VA_ARGS__))

/* y = x·tanh(eˣ)
 *   Source: Liu, Di 2020 */
typedef struct dg_tanhexp_options {
    const char *name;
} dg_tanhexp_options;
static inline dg_node *dg_tanhexp_at(dg_location at, dg_node *input, dg_tanhexp_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "tanhexp", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_tanhexp(input, ...) dg_tanhexp_at(DG_HERE, (input), DG_OPTIONS(dg_tanhexp_options, __VA_ARGS__))

/* y = x·erf(softplus x)
 *   Source: Nag, Bhattacharyya, Mukherjee, Kundu 2021 */
typedef struct dg_serf_options {
    const char *name;
} dg_serf_options;
static inline dg_node *dg_serf_at(dg_location at, dg_node *input, dg_serf_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "serf", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_serf(input, ...) dg_serf_at(DG_HERE, (input), DG_OPTIONS(dg_serf_options, __VA_ARGS__))

/* y = max(0, x)²
 *   Source: So, Mańke, Liu, Dai, Shazeer, Le 2021 */
typedef struct dg_relu_squared_options {
    const char *name;
} dg_relu_squared_options;
static inline dg_node *dg_relu_squared_at(dg_location at, dg_node *input, dg_relu_squared_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "relu_squared", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_relu_squared(input, ...) dg_relu_squared_at(DG_HERE, (input), DG_OPTIONS(dg_relu_squared_options, __VA_ARGS__))

/* y = (a0 + a1·x + … + a5·x⁵)/(1 + |b1·x + … + b4·x⁴|), all coefficients trained from a leaky ReLU
 *   Source: Molina, Schramowski, Kersting 2020 (Padé activation units) */
typedef struct dg_pau_options {
    dg_node *a0;
    dg_node *a1;
    dg_node *a2;
    dg_node *a3;
    dg_node *a4;
    dg_node *a5;
    dg_node *b1;
    dg_node *b2;
    dg_node *b3;
    dg_node *b4;
    const char *name;
} dg_pau_options;
static inline dg_node *dg_pau_at(dg_location at, dg_node *input, dg_pau_options options)
{
    dg_node *const inputs[] = {input, options.a0, options.a1, options.a2, options.a3, options.a4, options.a5, options.b1, options.b2, options.b3, options.b4};
    return dg_apply(&(dg_application){.op = "pau", .name = options.name, .at = at, .n_inputs = 11, .inputs = inputs});
}
#define dg_pau(input, ...) dg_pau_at(DG_HERE, (input), DG_OPTIONS(dg_pau_options, __VA_ARGS__))

/* y = a·σ(b), a and b the halves of x
 *   dim: the dimension of the features
 *   Source: Dauphin, Fan, Auli, Grangier 2017, eq. 1 */
typedef struct dg_glu_options {
    int64_t dim;
    const char *name;
} dg_glu_options;
static inline dg_node *dg_glu_at(dg_location at, dg_node *input, dg_glu_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "glu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_glu(input, ...) dg_glu_at(DG_HERE, (input), DG_OPTIONS(dg_glu_options, .dim = -1, __VA_ARGS__))

/* y = a·silu(b), a and b the halves of x
 *   dim: the dimension of the features
 *   Source: Shazeer 2020, eq. 5 */
typedef struct dg_swiglu_options {
    int64_t dim;
    const char *name;
} dg_swiglu_options;
static inline dg_node *dg_swiglu_at(dg_location at, dg_node *input, dg_swiglu_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "swiglu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_swiglu(input, ...) dg_swiglu_at(DG_HERE, (input), DG_OPTIONS(dg_swiglu_options, .dim = -1, __VA_ARGS__))

/* y = a·gelu(b), a and b the halves of x
 *   dim: the dimension of the features
 *   Source: Shazeer 2020, eq. 5 */
typedef struct dg_geglu_options {
    int64_t dim;
    const char *name;
} dg_geglu_options;
static inline dg_node *dg_geglu_at(dg_location at, dg_node *input, dg_geglu_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "geglu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_geglu(input, ...) dg_geglu_at(DG_HERE, (input), DG_OPTIONS(dg_geglu_options, .dim = -1, __VA_ARGS__))

/* y = a·relu(b), a and b the halves of x
 *   dim: the dimension of the features
 *   Source: Shazeer 2020, eq. 5 */
typedef struct dg_reglu_options {
    int64_t dim;
    const char *name;
} dg_reglu_options;
static inline dg_node *dg_reglu_at(dg_location at, dg_node *input, dg_reglu_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "reglu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_reglu(input, ...) dg_reglu_at(DG_HERE, (input), DG_OPTIONS(dg_reglu_options, .dim = -1, __VA_ARGS__))

/* y = the largest of each run of `pieces` features; on ties each derivative is an equal share
 *   pieces: features that one unit sees
 *   dim: the dimension of the features
 *   Source: Goodfellow, Warde-Farley, Mirza, Courville, Bengio 2013 */
typedef struct dg_maxout_options {
    int64_t pieces;
    int64_t dim;
    const char *name;
} dg_maxout_options;
static inline dg_node *dg_maxout_at(dg_location at, dg_node *input, dg_maxout_options options)
{
    const dg_value attrs[] = {dg_int(options.pieces), dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "maxout", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_maxout(input, ...) dg_maxout_at(DG_HERE, (input), DG_OPTIONS(dg_maxout_options, .pieces = 2, .dim = -1, __VA_ARGS__))

/* y = [max(0, x), max(0, −x)] along dim: twice the features
 *   dim: the dimension of the features
 *   Source: Shang, Sohn, Almeida, Lee 2016, definition 2.1 */
typedef struct dg_crelu_options {
    int64_t dim;
    const char *name;
} dg_crelu_options;
static inline dg_node *dg_crelu_at(dg_location at, dg_node *input, dg_crelu_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "crelu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_crelu(input, ...) dg_crelu_at(DG_HERE, (input), DG_OPTIONS(dg_crelu_options, .dim = 1, __VA_ARGS__))

/* the probabilities nearest to x: y = max(x − τ, 0) with τ such that Σ y = 1 along dim
 *   dim: the dimension of the features
 *   Source: Martins, Astudillo 2016, algorithm 1 */
typedef struct dg_sparsemax_options {
    int64_t dim;
    const char *name;
} dg_sparsemax_options;
static inline dg_node *dg_sparsemax_at(dg_location at, dg_node *input, dg_sparsemax_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "sparsemax", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_sparsemax(input, ...) dg_sparsemax_at(DG_HERE, (input), DG_OPTIONS(dg_sparsemax_options, .dim = -1, __VA_ARGS__))

/* softmax((x + Gumbel noise)/tau) along dim, new noise in every run
 *   tau: the temperature
 *   hard: the largest as 1, all else 0; the gradient is that of the softmax
 *   dim: the dimension of the features
 *   Source: Jang, Gu, Poole 2017, eq. 2; Maddison, Mnih, Teh 2017 */
typedef struct dg_gumbel_softmax_options {
    double tau;
    bool hard;
    int64_t dim;
    const char *name;
} dg_gumbel_softmax_options;
static inline dg_node *dg_gumbel_softmax_at(dg_location at, dg_node *input, dg_gumbel_softmax_options options)
{
    const dg_value attrs[] = {dg_float(options.tau), dg_bool(options.hard), dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "gumbel_softmax", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_gumbel_softmax(input, ...) dg_gumbel_softmax_at(DG_HERE, (input), DG_OPTIONS(dg_gumbel_softmax_options, .tau = 1, .dim = -1, __VA_ARGS__))

/* y = the value of `hard`, whose gradient goes to `soft`: a step that training can pass
 *   hard: what y is
 *   soft: what the gradient reaches, of the same shape
 *   Source: Bengio, Léonard, Courville 2013 */
typedef struct dg_straight_through_options {
    const char *name;
} dg_straight_through_options;
static inline dg_node *dg_straight_through_at(dg_location at, dg_node *hard, dg_node *soft, dg_straight_through_options options)
{
    dg_node *const inputs[] = {hard, soft};
    return dg_apply(&(dg_application){.op = "straight_through", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_straight_through(hard, soft, ...) dg_straight_through_at(DG_HERE, (hard), (soft), DG_OPTIONS(dg_straight_through_options, __VA_ARGS__))

/* ---- reduce ---- */

/* y = Σ x; of integers and conditions int64
 *   dim: the dimension or dimensions; all when left out or empty, as in PyTorch
 *   keepdim: keeps them, of size 1 */
typedef struct dg_sum_options {
    dg_ints dim;
    bool keepdim;
    const char *name;
} dg_sum_options;
static inline dg_node *dg_sum_at(dg_location at, dg_node *input, dg_sum_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "sum", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_sum(input, ...) dg_sum_at(DG_HERE, (input), DG_OPTIONS(dg_sum_options, .dim = {.only = DG_NONE}, __VA_ARGS__))

/* y = Σ x / n
 *   dim: the dimension or dimensions; all when left out or empty, as in PyTorch
 *   keepdim: keeps them, of size 1 */
typedef struct dg_mean_options {
    dg_ints dim;
    bool keepdim;
    const char *name;
} dg_mean_options;
static inline dg_node *dg_mean_at(dg_location at, dg_node *input, dg_mean_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "mean", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_mean(input, ...) dg_mean_at(DG_HERE, (input), DG_OPTIONS(dg_mean_options, .dim = {.only = DG_NONE}, __VA_ARGS__))

/* y = Π x; of integers and conditions int64
 *   dim: the dimension or dimensions; all when left out or empty, as in PyTorch
 *   keepdim: keeps them, of size 1 */
typedef struct dg_prod_options {
    dg_ints dim;
    bool keepdim;
    const char *name;
} dg_prod_options;
static inline dg_node *dg_prod_at(dg_location at, dg_node *input, dg_prod_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "prod", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_prod(input, ...) dg_prod_at(DG_HERE, (input), DG_OPTIONS(dg_prod_options, .dim = {.only = DG_NONE}, __VA_ARGS__))

/* y = max x; ties share the gradient evenly
 *   dim: the dimension or dimensions; all when left out or empty, as in PyTorch
 *   keepdim: keeps them, of size 1 */
typedef struct dg_amax_options {
    dg_ints dim;
    bool keepdim;
    const char *name;
} dg_amax_options;
static inline dg_node *dg_amax_at(dg_location at, dg_node *input, dg_amax_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "amax", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_amax(input, ...) dg_amax_at(DG_HERE, (input), DG_OPTIONS(dg_amax_options, .dim = {.only = DG_NONE}, __VA_ARGS__))

/* y = min x; ties share the gradient evenly
 *   dim: the dimension or dimensions; all when left out or empty, as in PyTorch
 *   keepdim: keeps them, of size 1 */
typedef struct dg_amin_options {
    dg_ints dim;
    bool keepdim;
    const char *name;
} dg_amin_options;
static inline dg_node *dg_amin_at(dg_location at, dg_node *input, dg_amin_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "amin", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_amin(input, ...) dg_amin_at(DG_HERE, (input), DG_OPTIONS(dg_amin_options, .dim = {.only = DG_NONE}, __VA_ARGS__))

/* y = every x is true (not 0)
 *   dim: the dimension or dimensions; all when left out or empty, as in PyTorch
 *   keepdim: keeps them, of size 1 */
typedef struct dg_all_options {
    dg_ints dim;
    bool keepdim;
    const char *name;
} dg_all_options;
static inline dg_node *dg_all_at(dg_location at, dg_node *input, dg_all_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "all", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_all(input, ...) dg_all_at(DG_HERE, (input), DG_OPTIONS(dg_all_options, .dim = {.only = DG_NONE}, __VA_ARGS__))

/* y = some x is true (not 0)
 *   dim: the dimension or dimensions; all when left out or empty, as in PyTorch
 *   keepdim: keeps them, of size 1 */
typedef struct dg_any_options {
    dg_ints dim;
    bool keepdim;
    const char *name;
} dg_any_options;
static inline dg_node *dg_any_at(dg_location at, dg_node *input, dg_any_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "any", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_any(input, ...) dg_any_at(DG_HERE, (input), DG_OPTIONS(dg_any_options, .dim = {.only = DG_NONE}, __VA_ARGS__))

/* y = Σ (x − mean)² / (n − correction)
 *   dim: the dimension or dimensions; all when left out or empty, as in PyTorch
 *   correction: 0: biased, 1: Bessel's
 *   keepdim: keeps them, of size 1 */
typedef struct dg_var_options {
    dg_ints dim;
    double correction;
    bool keepdim;
    const char *name;
} dg_var_options;
static inline dg_node *dg_var_at(dg_location at, dg_node *input, dg_var_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.dim), dg_float(options.correction), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "var", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_var(input, ...) dg_var_at(DG_HERE, (input), DG_OPTIONS(dg_var_options, .dim = {.only = DG_NONE}, .correction = 1, __VA_ARGS__))

/* y = √var; gradient 0 where that is 0
 *   dim: the dimension or dimensions; all when left out or empty, as in PyTorch
 *   correction: 0: biased, 1: Bessel's
 *   keepdim: keeps them, of size 1 */
typedef struct dg_std_options {
    dg_ints dim;
    double correction;
    bool keepdim;
    const char *name;
} dg_std_options;
static inline dg_node *dg_std_at(dg_location at, dg_node *input, dg_std_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.dim), dg_float(options.correction), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "std", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_std(input, ...) dg_std_at(DG_HERE, (input), DG_OPTIONS(dg_std_options, .dim = {.only = DG_NONE}, .correction = 1, __VA_ARGS__))

/* y = (Σ |x|ᵖ)^(1/p); gradient 0 where that is 0
 *   p: the order: inf is the greatest |x|, 0 counts what is not 0
 *   dim: the dimension or dimensions; all when left out or empty, as in PyTorch
 *   keepdim: keeps them, of size 1 */
typedef struct dg_norm_options {
    double p;
    dg_ints dim;
    bool keepdim;
    const char *name;
} dg_norm_options;
static inline dg_node *dg_norm_at(dg_location at, dg_node *input, dg_norm_options options)
{
    const dg_value attrs[] = {dg_float(options.p), dg_ints_value(&options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "norm", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_norm(input, ...) dg_norm_at(DG_HERE, (input), DG_OPTIONS(dg_norm_options, .p = 2, .dim = {.only = DG_NONE}, __VA_ARGS__))

/* y = ln Σ eˣ, without overflow
 *   dim: the dimension or dimensions; all when left out or empty, as in PyTorch
 *   keepdim: keeps them, of size 1 */
typedef struct dg_logsumexp_options {
    dg_ints dim;
    bool keepdim;
    const char *name;
} dg_logsumexp_options;
static inline dg_node *dg_logsumexp_at(dg_location at, dg_node *input, dg_logsumexp_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "logsumexp", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_logsumexp(input, ...) dg_logsumexp_at(DG_HERE, (input), DG_OPTIONS(dg_logsumexp_options, .dim = {.only = DG_NONE}, __VA_ARGS__))

/* y = where x is greatest, int64; the first place on ties
 *   dim: when left out, of the flat tensor
 *   keepdim: keeps them, of size 1 */
typedef struct dg_argmax_options {
    int64_t dim;
    bool keepdim;
    const char *name;
} dg_argmax_options;
static inline dg_node *dg_argmax_at(dg_location at, dg_node *input, dg_argmax_options options)
{
    const dg_value attrs[] = {dg_int(options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "argmax", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_argmax(input, ...) dg_argmax_at(DG_HERE, (input), DG_OPTIONS(dg_argmax_options, .dim = DG_NONE, __VA_ARGS__))

/* y = where x is least, int64; the first place on ties
 *   dim: when left out, of the flat tensor
 *   keepdim: keeps them, of size 1 */
typedef struct dg_argmin_options {
    int64_t dim;
    bool keepdim;
    const char *name;
} dg_argmin_options;
static inline dg_node *dg_argmin_at(dg_location at, dg_node *input, dg_argmin_options options)
{
    const dg_value attrs[] = {dg_int(options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "argmin", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_argmin(input, ...) dg_argmin_at(DG_HERE, (input), DG_OPTIONS(dg_argmin_options, .dim = DG_NONE, __VA_ARGS__))

/* sums over broadcast dimensions to the shape of like */
typedef struct dg_sum_to_options {
    const char *name;
} dg_sum_to_options;
static inline dg_node *dg_sum_to_at(dg_location at, dg_node *input, dg_node *like, dg_sum_to_options options)
{
    dg_node *const inputs[] = {input, like};
    return dg_apply(&(dg_application){.op = "sum_to", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_sum_to(input, like, ...) dg_sum_to_at(DG_HERE, (input), (like), DG_OPTIONS(dg_sum_to_options, __VA_ARGS__))

/* y_i = Π x_j over j ≠ i, the derivative of prod, right where there are zeros
 *   dim: the dimension */
typedef struct dg_prod_others_options {
    int64_t dim;
    const char *name;
} dg_prod_others_options;
static inline dg_node *dg_prod_others_at(dg_location at, dg_node *input, dg_prod_others_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "prod_others", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_prod_others(input, ...) dg_prod_others_at(DG_HERE, (input), DG_OPTIONS(dg_prod_others_options, __VA_ARGS__))

/* y_t = x_0 + … + x_t along dim
 *   dim: the dimension
 *   reverse: from the last place on */
typedef struct dg_cumsum_options {
    bool reverse;
    const char *name;
} dg_cumsum_options;
static inline dg_node *dg_cumsum_at(dg_location at, dg_node *input, int64_t dim, dg_cumsum_options options)
{
    const dg_value attrs[] = {dg_int(dim), dg_bool(options.reverse)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "cumsum", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_cumsum(input, dim, ...) dg_cumsum_at(DG_HERE, (input), (dim), DG_OPTIONS(dg_cumsum_options, __VA_ARGS__))

/* y_t = x_0 · … · x_t along dim
 *   dim: the dimension */
typedef struct dg_cumprod_options {
    const char *name;
} dg_cumprod_options;
static inline dg_node *dg_cumprod_at(dg_location at, dg_node *input, int64_t dim, dg_cumprod_options options)
{
    const dg_value attrs[] = {dg_int(dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "cumprod", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_cumprod(input, dim, ...) dg_cumprod_at(DG_HERE, (input), (dim), DG_OPTIONS(dg_cumprod_options, __VA_ARGS__))

/* y_t = max(x_0, …, x_t) along dim, and where it is; the last one on ties
 *   dim: the dimension
 *   outputs: values, indices */
typedef struct dg_cummax_options {
    const char *name;
} dg_cummax_options;
static inline dg_node *dg_cummax_at(dg_location at, dg_node *input, int64_t dim, dg_cummax_options options)
{
    const dg_value attrs[] = {dg_int(dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "cummax", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_cummax(input, dim, ...) dg_cummax_at(DG_HERE, (input), (dim), DG_OPTIONS(dg_cummax_options, __VA_ARGS__))

/* y_t = min(x_0, …, x_t) along dim, and where it is; the last one on ties
 *   dim: the dimension
 *   outputs: values, indices */
typedef struct dg_cummin_options {
    const char *name;
} dg_cummin_options;
static inline dg_node *dg_cummin_at(dg_location at, dg_node *input, int64_t dim, dg_cummin_options options)
{
    const dg_value attrs[] = {dg_int(dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "cummin", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_cummin(input, dim, ...) dg_cummin_at(DG_HERE, (input), (dim), DG_OPTIONS(dg_cummin_options, __VA_ARGS__))

/* y_t = ln(exp(x_0) + … + exp(x_t)) along dim
 *   dim: the dimension */
typedef struct dg_logcumsumexp_options {
    const char *name;
} dg_logcumsumexp_options;
static inline dg_node *dg_logcumsumexp_at(dg_location at, dg_node *input, int64_t dim, dg_logcumsumexp_options options)
{
    const dg_value attrs[] = {dg_int(dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "logcumsumexp", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_logcumsumexp(input, dim, ...) dg_logcumsumexp_at(DG_HERE, (input), (dim), DG_OPTIONS(dg_logcumsumexp_options, __VA_ARGS__))

/* y_t = a_t·y_{t−1} + b_t along dim, y_{−1} = 0
 *   dim: the dimension
 *   transposed: y_t = a_{t+1}·y_{t+1} + b_t, from the last place on */
typedef struct dg_linear_scan_options {
    bool transposed;
    const char *name;
} dg_linear_scan_options;
static inline dg_node *dg_linear_scan_at(dg_location at, dg_node *a, dg_node *b, int64_t dim, dg_linear_scan_options options)
{
    const dg_value attrs[] = {dg_int(dim), dg_bool(options.transposed)};
    dg_node *const inputs[] = {a, b};
    return dg_apply(&(dg_application){.op = "linear_scan", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_linear_scan(a, b, dim, ...) dg_linear_scan_at(DG_HERE, (a), (b), (dim), DG_OPTIONS(dg_linear_scan_options, __VA_ARGS__))

/* ---- sort ---- */

/* x in order along dim, and where each element was; NaN counts as the greatest
 *   dim: the dimension
 *   descending: the greatest first
 *   stable: equal elements keep their order: they always do
 *   outputs: values, indices */
typedef struct dg_sort_options {
    int64_t dim;
    bool descending;
    bool stable;
    const char *name;
} dg_sort_options;
static inline dg_node *dg_sort_at(dg_location at, dg_node *input, dg_sort_options options)
{
    const dg_value attrs[] = {dg_int(options.dim), dg_bool(options.descending), dg_bool(options.stable)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "sort", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_sort(input, ...) dg_sort_at(DG_HERE, (input), DG_OPTIONS(dg_sort_options, .dim = -1, __VA_ARGS__))

/* where the elements of x are in order along dim
 *   dim: the dimension
 *   descending: the greatest first
 *   stable: equal elements keep their order: they always do */
typedef struct dg_argsort_options {
    int64_t dim;
    bool descending;
    bool stable;
    const char *name;
} dg_argsort_options;
static inline dg_node *dg_argsort_at(dg_location at, dg_node *input, dg_argsort_options options)
{
    const dg_value attrs[] = {dg_int(options.dim), dg_bool(options.descending), dg_bool(options.stable)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "argsort", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_argsort(input, ...) dg_argsort_at(DG_HERE, (input), DG_OPTIONS(dg_argsort_options, .dim = -1, __VA_ARGS__))

/* the k greatest elements along dim, in order, and where they are
 *   k: how many
 *   dim: the dimension
 *   largest: else the least
 *   sorted: in order: they always are
 *   outputs: values, indices */
typedef struct dg_topk_options {
    int64_t dim;
    bool largest;
    bool sorted;
    const char *name;
} dg_topk_options;
static inline dg_node *dg_topk_at(dg_location at, dg_node *input, int64_t k, dg_topk_options options)
{
    const dg_value attrs[] = {dg_int(k), dg_int(options.dim), dg_bool(options.largest), dg_bool(options.sorted)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "topk", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_topk(input, k, ...) dg_topk_at(DG_HERE, (input), (k), DG_OPTIONS(dg_topk_options, .dim = -1, .largest = true, .sorted = true, __VA_ARGS__))

/* the middle element in order, the lower one of two, and where it is; NaN where there is one
 *   dim: the dimension; all of the tensor when left out
 *   keepdim: keeps it, of size 1
 *   outputs: values, indices */
typedef struct dg_median_options {
    int64_t dim;
    bool keepdim;
    const char *name;
} dg_median_options;
static inline dg_node *dg_median_at(dg_location at, dg_node *input, dg_median_options options)
{
    const dg_value attrs[] = {dg_int(options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "median", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_median(input, ...) dg_median_at(DG_HERE, (input), DG_OPTIONS(dg_median_options, .dim = DG_NONE, __VA_ARGS__))

/* the k-th least element along dim, and where it is
 *   k: from 1 on
 *   dim: the dimension
 *   keepdim: keeps it, of size 1
 *   outputs: values, indices */
typedef struct dg_kthvalue_options {
    int64_t dim;
    bool keepdim;
    const char *name;
} dg_kthvalue_options;
static inline dg_node *dg_kthvalue_at(dg_location at, dg_node *input, int64_t k, dg_kthvalue_options options)
{
    const dg_value attrs[] = {dg_int(k), dg_int(options.dim), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "kthvalue", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_kthvalue(input, k, ...) dg_kthvalue_at(DG_HERE, (input), (k), DG_OPTIONS(dg_kthvalue_options, .dim = -1, __VA_ARGS__))

/* ---- shape ---- */

/* the same elements under another shape
 *   shape: sizes; −1 is what is left over, N the batch */
typedef struct dg_reshape_options {
    const char *name;
} dg_reshape_options;
static inline dg_node *dg_reshape_at(dg_location at, dg_node *input, dg_shape shape, dg_reshape_options options)
{
    const dg_value attrs[] = {dg_shape_value(&shape)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "reshape", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_reshape(input, shape, ...) dg_reshape_at(DG_HERE, (input), (shape), DG_OPTIONS(dg_reshape_options, __VA_ARGS__))

/* the same elements in the shape of like */
typedef struct dg_reshape_as_options {
    const char *name;
} dg_reshape_as_options;
static inline dg_node *dg_reshape_as_at(dg_location at, dg_node *input, dg_node *like, dg_reshape_as_options options)
{
    dg_node *const inputs[] = {input, like};
    return dg_apply(&(dg_application){.op = "reshape_as", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_reshape_as(input, like, ...) dg_reshape_as_at(DG_HERE, (input), (like), DG_OPTIONS(dg_reshape_as_options, __VA_ARGS__))

/* one dimension for several
 *   start_dim: the first of them
 *   end_dim: the last of them */
typedef struct dg_flatten_options {
    int64_t start_dim;
    int64_t end_dim;
    const char *name;
} dg_flatten_options;
static inline dg_node *dg_flatten_at(dg_location at, dg_node *input, dg_flatten_options options)
{
    const dg_value attrs[] = {dg_int(options.start_dim), dg_int(options.end_dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "flatten", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_flatten(input, ...) dg_flatten_at(DG_HERE, (input), DG_OPTIONS(dg_flatten_options, .start_dim = 1, .end_dim = -1, __VA_ARGS__))

/* swaps two dimensions
 *   dim0: one of them
 *   dim1: the other */
typedef struct dg_transpose_options {
    const char *name;
} dg_transpose_options;
static inline dg_node *dg_transpose_at(dg_location at, dg_node *input, int64_t dim0, int64_t dim1, dg_transpose_options options)
{
    const dg_value attrs[] = {dg_int(dim0), dg_int(dim1)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "transpose", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_transpose(input, dim0, dim1, ...) dg_transpose_at(DG_HERE, (input), (dim0), (dim1), DG_OPTIONS(dg_transpose_options, __VA_ARGS__))

/* dimensions in another order
 *   dims: dimension k of the result is dimension dims[k] of x */
typedef struct dg_permute_options {
    const char *name;
} dg_permute_options;
static inline dg_node *dg_permute_at(dg_location at, dg_node *input, dg_ints dims, dg_permute_options options)
{
    const dg_value attrs[] = {dg_ints_value(&dims)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "permute", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_permute(input, dims, ...) dg_permute_at(DG_HERE, (input), DG_INTS_ARGUMENT(dims), DG_OPTIONS(dg_permute_options, __VA_ARGS__))

/* broadcasts to a shape
 *   shape: sizes; −1 keeps that of x */
typedef struct dg_expand_options {
    const char *name;
} dg_expand_options;
static inline dg_node *dg_expand_at(dg_location at, dg_node *input, dg_shape shape, dg_expand_options options)
{
    const dg_value attrs[] = {dg_shape_value(&shape)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "expand", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_expand(input, shape, ...) dg_expand_at(DG_HERE, (input), (shape), DG_OPTIONS(dg_expand_options, __VA_ARGS__))

/* broadcasts to the shape of like */
typedef struct dg_expand_as_options {
    const char *name;
} dg_expand_as_options;
static inline dg_node *dg_expand_as_at(dg_location at, dg_node *input, dg_node *like, dg_expand_as_options options)
{
    dg_node *const inputs[] = {input, like};
    return dg_apply(&(dg_application){.op = "expand_as", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_expand_as(input, like, ...) dg_expand_as_at(DG_HERE, (input), (like), DG_OPTIONS(dg_expand_as_options, __VA_ARGS__))

/* drops dimensions of size 1
 *   dim: those of these; all when left out */
typedef struct dg_squeeze_options {
    dg_ints dim;
    const char *name;
} dg_squeeze_options;
static inline dg_node *dg_squeeze_at(dg_location at, dg_node *input, dg_squeeze_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "squeeze", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_squeeze(input, ...) dg_squeeze_at(DG_HERE, (input), DG_OPTIONS(dg_squeeze_options, .dim = {.only = DG_NONE}, __VA_ARGS__))

/* puts in a dimension of size 1
 *   dim: its place in the result */
typedef struct dg_unsqueeze_options {
    const char *name;
} dg_unsqueeze_options;
static inline dg_node *dg_unsqueeze_at(dg_location at, dg_node *input, int64_t dim, dg_unsqueeze_options options)
{
    const dg_value attrs[] = {dg_int(dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "unsqueeze", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_unsqueeze(input, dim, ...) dg_unsqueeze_at(DG_HERE, (input), (dim), DG_OPTIONS(dg_unsqueeze_options, __VA_ARGS__))

/* joins along a dimension
 *   dim: the dimension */
typedef struct dg_cat_options {
    int64_t dim;
    const char *name;
} dg_cat_options;
static inline dg_node *dg_cat_at(dg_location at, int count, dg_node *const *tensors, dg_cat_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    return dg_apply(&(dg_application){.op = "cat", .name = options.name, .at = at, .n_inputs = count, .inputs = tensors, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_cat(count, tensors, ...) dg_cat_at(DG_HERE, (count), (tensors), DG_OPTIONS(dg_cat_options, __VA_ARGS__))

/* joins along a new dimension
 *   dim: the place of the new dimension */
typedef struct dg_stack_options {
    int64_t dim;
    const char *name;
} dg_stack_options;
static inline dg_node *dg_stack_at(dg_location at, int count, dg_node *const *tensors, dg_stack_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    return dg_apply(&(dg_application){.op = "stack", .name = options.name, .at = at, .n_inputs = count, .inputs = tensors, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_stack(count, tensors, ...) dg_stack_at(DG_HERE, (count), (tensors), DG_OPTIONS(dg_stack_options, __VA_ARGS__))

/* y = x[start:end:step] along dim
 *   dim: the dimension
 *   start: the first place; negative: from the end
 *   end: the place after the last; negative: from the end
 *   step: every so many */
typedef struct dg_slice_options {
    int64_t dim;
    int64_t start;
    int64_t end;
    int64_t step;
    const char *name;
} dg_slice_options;
static inline dg_node *dg_slice_at(dg_location at, dg_node *input, dg_slice_options options)
{
    const dg_value attrs[] = {dg_int(options.dim), dg_int(options.start), dg_int(options.end), dg_int(options.step)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "slice", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_slice(input, ...) dg_slice_at(DG_HERE, (input), DG_OPTIONS(dg_slice_options, .start = DG_NONE, .end = DG_NONE, .step = 1, __VA_ARGS__))

/* zeros in the shape of like with x written at the slice
 *   dim: the dimension
 *   start: the first place; negative: from the end
 *   end: the place after the last; negative: from the end
 *   step: every so many */
typedef struct dg_slice_scatter_options {
    int64_t dim;
    int64_t start;
    int64_t end;
    int64_t step;
    const char *name;
} dg_slice_scatter_options;
static inline dg_node *dg_slice_scatter_at(dg_location at, dg_node *input, dg_node *like, dg_slice_scatter_options options)
{
    const dg_value attrs[] = {dg_int(options.dim), dg_int(options.start), dg_int(options.end), dg_int(options.step)};
    dg_node *const inputs[] = {input, like};
    return dg_apply(&(dg_application){.op = "slice_scatter", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_slice_scatter(input, like, ...) dg_slice_scatter_at(DG_HERE, (input), (like), DG_OPTIONS(dg_slice_scatter_options, .start = DG_NONE, .end = DG_NONE, .step = 1, __VA_ARGS__))

/* as many places of x along dim as like has, after as many as before has
 *   before: has as many places along dim as come before
 *   dim: the dimension */
typedef struct dg_slice_like_options {
    int64_t dim;
    dg_node *before;
    const char *name;
} dg_slice_like_options;
static inline dg_node *dg_slice_like_at(dg_location at, dg_node *input, dg_node *like, dg_slice_like_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input, like, options.before};
    return dg_apply(&(dg_application){.op = "slice_like", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_slice_like(input, like, ...) dg_slice_like_at(DG_HERE, (input), (like), DG_OPTIONS(dg_slice_like_options, __VA_ARGS__))

/* zeros in the shape of like with x written after as many places as before has
 *   before: has as many places along dim as come before
 *   dim: the dimension */
typedef struct dg_slice_like_scatter_options {
    int64_t dim;
    dg_node *before;
    const char *name;
} dg_slice_like_scatter_options;
static inline dg_node *dg_slice_like_scatter_at(dg_location at, dg_node *input, dg_node *like, dg_slice_like_scatter_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input, like, options.before};
    return dg_apply(&(dg_application){.op = "slice_like_scatter", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_slice_like_scatter(input, like, ...) dg_slice_like_scatter_at(DG_HERE, (input), (like), DG_OPTIONS(dg_slice_like_scatter_options, __VA_ARGS__))

/* y[i][j] = x[i][index[i][j]] along dim
 *   index: int64 or int32, from 0 on
 *   dim: the dimension that the indices run along */
typedef struct dg_gather_options {
    int64_t dim;
    const char *name;
} dg_gather_options;
static inline dg_node *dg_gather_at(dg_location at, dg_node *input, dg_node *index, dg_gather_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input, index};
    return dg_apply(&(dg_application){.op = "gather", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_gather(input, index, ...) dg_gather_at(DG_HERE, (input), (index), DG_OPTIONS(dg_gather_options, __VA_ARGS__))

/* zeros in the shape of like with x added at index along dim
 *   index: int64 or int32, from 0 on
 *   dim: the dimension that the indices run along */
typedef struct dg_scatter_add_options {
    int64_t dim;
    const char *name;
} dg_scatter_add_options;
static inline dg_node *dg_scatter_add_at(dg_location at, dg_node *input, dg_node *index, dg_node *like, dg_scatter_add_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input, index, like};
    return dg_apply(&(dg_application){.op = "scatter_add", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_scatter_add(input, index, like, ...) dg_scatter_add_at(DG_HERE, (input), (index), (like), DG_OPTIONS(dg_scatter_add_options, __VA_ARGS__))

/* a diagonal of two dimensions, as a new last dimension
 *   offset: above (or, negative, below) the main diagonal
 *   dim1: the dimension of rows
 *   dim2: the dimension of columns */
typedef struct dg_diagonal_options {
    int64_t offset;
    int64_t dim1;
    int64_t dim2;
    const char *name;
} dg_diagonal_options;
static inline dg_node *dg_diagonal_at(dg_location at, dg_node *input, dg_diagonal_options options)
{
    const dg_value attrs[] = {dg_int(options.offset), dg_int(options.dim1), dg_int(options.dim2)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "diagonal", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_diagonal(input, ...) dg_diagonal_at(DG_HERE, (input), DG_OPTIONS(dg_diagonal_options, .dim2 = 1, __VA_ARGS__))

/* zeros in the shape of like with x written on a diagonal
 *   offset: above (or, negative, below) the main diagonal
 *   dim1: the dimension of rows
 *   dim2: the dimension of columns */
typedef struct dg_diagonal_scatter_options {
    int64_t offset;
    int64_t dim1;
    int64_t dim2;
    const char *name;
} dg_diagonal_scatter_options;
static inline dg_node *dg_diagonal_scatter_at(dg_location at, dg_node *input, dg_node *like, dg_diagonal_scatter_options options)
{
    const dg_value attrs[] = {dg_int(options.offset), dg_int(options.dim1), dg_int(options.dim2)};
    dg_node *const inputs[] = {input, like};
    return dg_apply(&(dg_application){.op = "diagonal_scatter", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_diagonal_scatter(input, like, ...) dg_diagonal_scatter_at(DG_HERE, (input), (like), DG_OPTIONS(dg_diagonal_scatter_options, .dim2 = 1, __VA_ARGS__))

/* matrices with the last dimension of x on a diagonal, else 0
 *   offset: above (or, negative, below) the main diagonal
 *   dim1: the dimension of rows
 *   dim2: the dimension of columns */
typedef struct dg_diag_embed_options {
    int64_t offset;
    int64_t dim1;
    int64_t dim2;
    const char *name;
} dg_diag_embed_options;
static inline dg_node *dg_diag_embed_at(dg_location at, dg_node *input, dg_diag_embed_options options)
{
    const dg_value attrs[] = {dg_int(options.offset), dg_int(options.dim1), dg_int(options.dim2)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "diag_embed", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_diag_embed(input, ...) dg_diag_embed_at(DG_HERE, (input), DG_OPTIONS(dg_diag_embed_options, .dim1 = -2, .dim2 = -1, __VA_ARGS__))

/* the diagonal matrix of a vector, the diagonal of a matrix
 *   diagonal: above (or, negative, below) the main diagonal */
typedef struct dg_diag_options {
    int64_t diagonal;
    const char *name;
} dg_diag_options;
static inline dg_node *dg_diag_at(dg_location at, dg_node *input, dg_diag_options options)
{
    const dg_value attrs[] = {dg_int(options.diagonal)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "diag", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_diag(input, ...) dg_diag_at(DG_HERE, (input), DG_OPTIONS(dg_diag_options, __VA_ARGS__))

/* the sum of the diagonal of the last two dimensions */
typedef struct dg_trace_options {
    const char *name;
} dg_trace_options;
static inline dg_node *dg_trace_at(dg_location at, dg_node *input, dg_trace_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "trace", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_trace(input, ...) dg_trace_at(DG_HERE, (input), DG_OPTIONS(dg_trace_options, __VA_ARGS__))

/* the lower triangle of the last two dimensions, else 0
 *   diagonal: the last one that is kept; 0 the main one, above it positive */
typedef struct dg_tril_options {
    int64_t diagonal;
    const char *name;
} dg_tril_options;
static inline dg_node *dg_tril_at(dg_location at, dg_node *input, dg_tril_options options)
{
    const dg_value attrs[] = {dg_int(options.diagonal)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "tril", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_tril(input, ...) dg_tril_at(DG_HERE, (input), DG_OPTIONS(dg_tril_options, __VA_ARGS__))

/* the upper triangle of the last two dimensions, else 0
 *   diagonal: the first one that is kept; 0 the main one, above it positive */
typedef struct dg_triu_options {
    int64_t diagonal;
    const char *name;
} dg_triu_options;
static inline dg_node *dg_triu_at(dg_location at, dg_node *input, dg_triu_options options)
{
    const dg_value attrs[] = {dg_int(options.diagonal)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "triu", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_triu(input, ...) dg_triu_at(DG_HERE, (input), DG_OPTIONS(dg_triu_options, __VA_ARGS__))

/* the elements in reverse along dimensions
 *   dims: the dimensions */
typedef struct dg_flip_options {
    const char *name;
} dg_flip_options;
static inline dg_node *dg_flip_at(dg_location at, dg_node *input, dg_ints dims, dg_flip_options options)
{
    const dg_value attrs[] = {dg_ints_value(&dims)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "flip", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_flip(input, dims, ...) dg_flip_at(DG_HERE, (input), DG_INTS_ARGUMENT(dims), DG_OPTIONS(dg_flip_options, __VA_ARGS__))

/* the elements moved along; what leaves at the end comes in at the start
 *   shifts: how far, for each dimension
 *   dims: the dimensions; the flat tensor when left out */
typedef struct dg_roll_options {
    dg_ints dims;
    const char *name;
} dg_roll_options;
static inline dg_node *dg_roll_at(dg_location at, dg_node *input, dg_ints shifts, dg_roll_options options)
{
    const dg_value attrs[] = {dg_ints_value(&shifts), dg_ints_value(&options.dims)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "roll", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_roll(input, shifts, ...) dg_roll_at(DG_HERE, (input), DG_INTS_ARGUMENT(shifts), DG_OPTIONS(dg_roll_options, .dims = {.only = DG_NONE}, __VA_ARGS__))

/* copies side by side: so many along each dimension, new ones in front
 *   repeats: how many; one for each dimension at least */
typedef struct dg_repeat_options {
    const char *name;
} dg_repeat_options;
static inline dg_node *dg_repeat_at(dg_location at, dg_node *input, dg_ints repeats, dg_repeat_options options)
{
    const dg_value attrs[] = {dg_ints_value(&repeats)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "repeat", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_repeat(input, repeats, ...) dg_repeat_at(DG_HERE, (input), DG_INTS_ARGUMENT(repeats), DG_OPTIONS(dg_repeat_options, __VA_ARGS__))

/* copies side by side: so many along each of the last dimensions
 *   dims: how many */
typedef struct dg_tile_options {
    const char *name;
} dg_tile_options;
static inline dg_node *dg_tile_at(dg_location at, dg_node *input, dg_ints dims, dg_tile_options options)
{
    const dg_value attrs[] = {dg_ints_value(&dims)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "tile", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_tile(input, dims, ...) dg_tile_at(DG_HERE, (input), DG_INTS_ARGUMENT(dims), DG_OPTIONS(dg_tile_options, __VA_ARGS__))

/* dimensions moved to other places, the rest in order
 *   source: the dimensions
 *   destination: their places in the result */
typedef struct dg_movedim_options {
    const char *name;
} dg_movedim_options;
static inline dg_node *dg_movedim_at(dg_location at, dg_node *input, dg_ints source, dg_ints destination, dg_movedim_options options)
{
    const dg_value attrs[] = {dg_ints_value(&source), dg_ints_value(&destination)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "movedim", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_movedim(input, source, destination, ...) dg_movedim_at(DG_HERE, (input), DG_INTS_ARGUMENT(source), DG_INTS_ARGUMENT(destination), DG_OPTIONS(dg_movedim_options, __VA_ARGS__))

/* several dimensions for one
 *   dim: the dimension
 *   sizes: its sizes; −1 is what is left over */
typedef struct dg_unflatten_options {
    const char *name;
} dg_unflatten_options;
static inline dg_node *dg_unflatten_at(dg_location at, dg_node *input, int64_t dim, dg_shape sizes, dg_unflatten_options options)
{
    const dg_value attrs[] = {dg_int(dim), dg_shape_value(&sizes)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "unflatten", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_unflatten(input, dim, sizes, ...) dg_unflatten_at(DG_HERE, (input), (dim), (sizes), DG_OPTIONS(dg_unflatten_options, __VA_ARGS__))

/* pieces along dim, one an output
 *   split_size: places in a piece, the last one smaller; or a list of sizes
 *   dim: the dimension */
typedef struct dg_split_options {
    int64_t dim;
    const char *name;
} dg_split_options;
static inline dg_node *dg_split_at(dg_location at, dg_node *input, dg_ints split_size, dg_split_options options)
{
    const dg_value attrs[] = {dg_ints_value(&split_size), dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "split", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_split(input, split_size, ...) dg_split_at(DG_HERE, (input), DG_INTS_ARGUMENT(split_size), DG_OPTIONS(dg_split_options, __VA_ARGS__))

/* so many pieces along dim, the last one smaller, one an output
 *   chunks: pieces, at most
 *   dim: the dimension */
typedef struct dg_chunk_options {
    int64_t dim;
    const char *name;
} dg_chunk_options;
static inline dg_node *dg_chunk_at(dg_location at, dg_node *input, int64_t chunks, dg_chunk_options options)
{
    const dg_value attrs[] = {dg_int(chunks), dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "chunk", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_chunk(input, chunks, ...) dg_chunk_at(DG_HERE, (input), (chunks), DG_OPTIONS(dg_chunk_options, __VA_ARGS__))

/* the places along dim, one an output, without that dimension
 *   dim: the dimension */
typedef struct dg_unbind_options {
    int64_t dim;
    const char *name;
} dg_unbind_options;
static inline dg_node *dg_unbind_at(dg_location at, dg_node *input, dg_unbind_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "unbind", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_unbind(input, ...) dg_unbind_at(DG_HERE, (input), DG_OPTIONS(dg_unbind_options, __VA_ARGS__))

/* vectors as coordinates of a grid, one output each
 *   tensors: [n] each
 *   indexing: xy: the first runs along dimension 1 (ij|xy) */
typedef struct dg_meshgrid_options {
    const char *indexing;
    const char *name;
} dg_meshgrid_options;
static inline dg_node *dg_meshgrid_at(dg_location at, int count, dg_node *const *tensors, dg_meshgrid_options options)
{
    const dg_value attrs[] = {dg_text(options.indexing)};
    return dg_apply(&(dg_application){.op = "meshgrid", .name = options.name, .at = at, .n_inputs = count, .inputs = tensors, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_meshgrid(count, tensors, ...) dg_meshgrid_at(DG_HERE, (count), (tensors), DG_OPTIONS(dg_meshgrid_options, .indexing = "ij", __VA_ARGS__))

/* y = value where the mask holds, else x
 *   value: the value */
typedef struct dg_masked_fill_options {
    const char *name;
} dg_masked_fill_options;
static inline dg_node *dg_masked_fill_at(dg_location at, dg_node *input, dg_node *mask, double value, dg_masked_fill_options options)
{
    const dg_value attrs[] = {dg_float(value)};
    dg_node *const inputs[] = {input, mask};
    return dg_apply(&(dg_application){.op = "masked_fill", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_masked_fill(input, mask, value, ...) dg_masked_fill_at(DG_HERE, (input), (mask), (value), DG_OPTIONS(dg_masked_fill_options, __VA_ARGS__))

/* y = x, with numbers for NaN, ∞ and −∞; derivative 0 there
 *   nan: for NaN
 *   posinf: for ∞; the greatest number when left out
 *   neginf: for −∞; the least number when left out */
typedef struct dg_nan_to_num_options {
    double nan;
    double posinf;
    double neginf;
    const char *name;
} dg_nan_to_num_options;
static inline dg_node *dg_nan_to_num_at(dg_location at, dg_node *input, dg_nan_to_num_options options)
{
    const dg_value attrs[] = {dg_float(options.nan), dg_float(options.posinf), dg_float(options.neginf)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "nan_to_num", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_nan_to_num(input, ...) dg_nan_to_num_at(DG_HERE, (input), DG_OPTIONS(dg_nan_to_num_options, .posinf = DG_NO_NUMBER, .neginf = DG_NO_NUMBER, __VA_ARGS__))

/* y = x, with src written at index along dim
 *   index: int64 or int32, from 0 on; of several that are equal the last one counts
 *   src: of the index's shape; or value is given
 *   dim: the dimension that the indices run along
 *   value: in the place of src */
typedef struct dg_scatter_options {
    int64_t dim;
    double value;
    dg_node *src;
    const char *name;
} dg_scatter_options;
static inline dg_node *dg_scatter_at(dg_location at, dg_node *input, dg_node *index, dg_scatter_options options)
{
    const dg_value attrs[] = {dg_int(options.dim), dg_float(options.value)};
    dg_node *const inputs[] = {input, index, options.src};
    return dg_apply(&(dg_application){.op = "scatter", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_scatter(input, index, ...) dg_scatter_at(DG_HERE, (input), (index), DG_OPTIONS(dg_scatter_options, .value = DG_NO_NUMBER, __VA_ARGS__))

/* ---- linear ---- */

/* matrix product, batched and broadcast as in NumPy
 *   transpose_input: swaps the last two dimensions of input
 *   transpose_other: swaps the last two dimensions of other */
typedef struct dg_matmul_options {
    bool transpose_input;
    bool transpose_other;
    const char *name;
} dg_matmul_options;
static inline dg_node *dg_matmul_at(dg_location at, dg_node *input, dg_node *other, dg_matmul_options options)
{
    const dg_value attrs[] = {dg_bool(options.transpose_input), dg_bool(options.transpose_other)};
    dg_node *const inputs[] = {input, other};
    return dg_apply(&(dg_application){.op = "matmul", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_matmul(input, other, ...) dg_matmul_at(DG_HERE, (input), (other), DG_OPTIONS(dg_matmul_options, __VA_ARGS__))

/* y = x·Wᵀ + b
 *   input: [.., in]
 *   weight: [out, in]
 *   bias: [out]; a linear with a wired weight and without out_features owns none
 *   out_features: columns of the result, where weight is not wired
 *   bias: owns a bias, where none is wired
 *   init: initialiser of weight */
typedef struct dg_linear_options {
    bool bias;
    const char *init;
    dg_node *weight;
    dg_node *bias_node;
    const char *name;
} dg_linear_options;
static inline dg_node *dg_linear_at(dg_location at, dg_node *input, int64_t out_features, dg_linear_options options)
{
    const dg_value attrs[] = {dg_int(out_features), dg_bool(options.bias), dg_text(options.init)};
    dg_node *const inputs[] = {input, options.weight, options.bias_node};
    return dg_apply(&(dg_application){.op = "linear", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_linear(input, out_features, ...) dg_linear_at(DG_HERE, (input), (out_features), DG_OPTIONS(dg_linear_options, .bias = true, __VA_ARGS__))

/* y_ij = a_i b_j
 *   input: [n]
 *   vec2: [m] */
typedef struct dg_outer_options {
    const char *name;
} dg_outer_options;
static inline dg_node *dg_outer_at(dg_location at, dg_node *input, dg_node *vec2, dg_outer_options options)
{
    dg_node *const inputs[] = {input, vec2};
    return dg_apply(&(dg_application){.op = "outer", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_outer(input, vec2, ...) dg_outer_at(DG_HERE, (input), (vec2), DG_OPTIONS(dg_outer_options, __VA_ARGS__))

/* squared distances between rows: y_ij = |a_i − b_j|²
 *   x1: [.., n, d]
 *   x2: [.., m, d] */
typedef struct dg_sqdist_options {
    const char *name;
} dg_sqdist_options;
static inline dg_node *dg_sqdist_at(dg_location at, dg_node *x1, dg_node *x2, dg_sqdist_options options)
{
    dg_node *const inputs[] = {x1, x2};
    return dg_apply(&(dg_application){.op = "sqdist", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_sqdist(x1, x2, ...) dg_sqdist_at(DG_HERE, (x1), (x2), DG_OPTIONS(dg_sqdist_options, __VA_ARGS__))

/* distances between rows
 *   x1: [.., n, d]
 *   x2: [.., m, d]
 *   p: of the norm */
typedef struct dg_cdist_options {
    double p;
    const char *name;
} dg_cdist_options;
static inline dg_node *dg_cdist_at(dg_location at, dg_node *x1, dg_node *x2, dg_cdist_options options)
{
    const dg_value attrs[] = {dg_float(options.p)};
    dg_node *const inputs[] = {x1, x2};
    return dg_apply(&(dg_application){.op = "cdist", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_cdist(x1, x2, ...) dg_cdist_at(DG_HERE, (x1), (x2), DG_OPTIONS(dg_cdist_options, .p = 2, __VA_ARGS__))

/* sums of products over labelled dimensions: 'bij,bjk->bik'
 *   equation: a letter a dimension, '...' for several; labels that are not in the result are summed over */
typedef struct dg_einsum_options {
    const char *name;
} dg_einsum_options;
static inline dg_node *dg_einsum_at(dg_location at, int count, dg_node *const *operands, const char *equation, dg_einsum_options options)
{
    const dg_value attrs[] = {dg_text(equation)};
    return dg_apply(&(dg_application){.op = "einsum", .name = options.name, .at = at, .n_inputs = count, .inputs = operands, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_einsum(count, operands, equation, ...) dg_einsum_at(DG_HERE, (count), (operands), (equation), DG_OPTIONS(dg_einsum_options, __VA_ARGS__))

/* ---- linalg ---- */

/* the triangular L of L·Lᵀ = x; x is symmetric positive definite
 *   input: [.., n, n]; one triangle of it is read
 *   upper: Lᵀ instead, from the upper triangle
 *   Source: I. Murray: Differentiation of the Cholesky decomposition (2016) */
typedef struct dg_cholesky_options {
    bool upper;
    const char *name;
} dg_cholesky_options;
static inline dg_node *dg_cholesky_at(dg_location at, dg_node *input, dg_cholesky_options options)
{
    const dg_value attrs[] = {dg_bool(options.upper)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "cholesky", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_cholesky(input, ...) dg_cholesky_at(DG_HERE, (input), DG_OPTIONS(dg_cholesky_options, __VA_ARGS__))

/* y = A⁻¹·b of a triangular A
 *   b: [.., n, k]
 *   A: [.., n, n]; one triangle of it is read
 *   upper: reads the upper triangle, else the lower
 *   transpose: Aᵀ in the place of A
 *   unitriangular: the diagonal counts as ones
 *   Source: M. Giles: Collected matrix derivative results (2008) */
typedef struct dg_triangular_solve_options {
    bool upper;
    bool transpose;
    bool unitriangular;
    const char *name;
} dg_triangular_solve_options;
static inline dg_node *dg_triangular_solve_at(dg_location at, dg_node *b, dg_node *A, dg_triangular_solve_options options)
{
    const dg_value attrs[] = {dg_bool(options.upper), dg_bool(options.transpose), dg_bool(options.unitriangular)};
    dg_node *const inputs[] = {b, A};
    return dg_apply(&(dg_application){.op = "triangular_solve", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_triangular_solve(b, A, ...) dg_triangular_solve_at(DG_HERE, (b), (A), DG_OPTIONS(dg_triangular_solve_options, .upper = true, __VA_ARGS__))

/* y = x⁻¹
 *   input: [.., n, n]
 *   Source: M. Giles: Collected matrix derivative results (2008) */
typedef struct dg_inverse_options {
    const char *name;
} dg_inverse_options;
static inline dg_node *dg_inverse_at(dg_location at, dg_node *input, dg_inverse_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "inverse", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_inverse(input, ...) dg_inverse_at(DG_HERE, (input), DG_OPTIONS(dg_inverse_options, __VA_ARGS__))

/* the y of A·y = B
 *   A: [.., n, n]
 *   B: [.., n, k]; or vectors: [n], or A's sizes without the last
 *   left: else the y of y·A = B
 *   Source: M. Giles: Collected matrix derivative results (2008) */
typedef struct dg_solve_options {
    bool left;
    const char *name;
} dg_solve_options;
static inline dg_node *dg_solve_at(dg_location at, dg_node *A, dg_node *B, dg_solve_options options)
{
    const dg_value attrs[] = {dg_bool(options.left)};
    dg_node *const inputs[] = {A, B};
    return dg_apply(&(dg_application){.op = "solve", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_solve(A, B, ...) dg_solve_at(DG_HERE, (A), (B), DG_OPTIONS(dg_solve_options, .left = true, __VA_ARGS__))

/* the y of A·y = B for matrices
 *   A: [.., n, n]
 *   B: [.., n, k]
 *   Source: M. Giles: Collected matrix derivative results (2008) */
typedef struct dg_solve_matrix_options {
    const char *name;
} dg_solve_matrix_options;
static inline dg_node *dg_solve_matrix_at(dg_location at, dg_node *A, dg_node *B, dg_solve_matrix_options options)
{
    dg_node *const inputs[] = {A, B};
    return dg_apply(&(dg_application){.op = "solve_matrix", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_solve_matrix(A, B, ...) dg_solve_matrix_at(DG_HERE, (A), (B), DG_OPTIONS(dg_solve_matrix_options, __VA_ARGS__))

/* the y of least ‖A·y − B‖, and of least ‖y‖; A of full rank
 *   A: [.., m, n]
 *   B: [.., m, k]; or vectors: [m], or A's sizes without the last
 *   Source: G. Golub and V. Pereyra: The differentiation of pseudo-inverses (1973) */
typedef struct dg_lstsq_options {
    const char *name;
} dg_lstsq_options;
static inline dg_node *dg_lstsq_at(dg_location at, dg_node *A, dg_node *B, dg_lstsq_options options)
{
    dg_node *const inputs[] = {A, B};
    return dg_apply(&(dg_application){.op = "lstsq", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_lstsq(A, B, ...) dg_lstsq_at(DG_HERE, (A), (B), DG_OPTIONS(dg_lstsq_options, __VA_ARGS__))

/* the y of least ‖A·y − B‖, and of least ‖y‖, for matrices
 *   A: [.., m, n]
 *   B: [.., m, k]
 *   Source: G. Golub and V. Pereyra: The differentiation of pseudo-inverses (1973) */
typedef struct dg_lstsq_matrix_options {
    const char *name;
} dg_lstsq_matrix_options;
static inline dg_node *dg_lstsq_matrix_at(dg_location at, dg_node *A, dg_node *B, dg_lstsq_matrix_options options)
{
    dg_node *const inputs[] = {A, B};
    return dg_apply(&(dg_application){.op = "lstsq_matrix", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_lstsq_matrix(A, B, ...) dg_lstsq_matrix_at(DG_HERE, (A), (B), DG_OPTIONS(dg_lstsq_matrix_options, __VA_ARGS__))

/* eigenvalues, ascending, and eigenvectors (columns) of a symmetric x
 *   input: [.., n, n]; one triangle of it is read
 *   UPLO: the triangle (L|U)
 *   outputs: eigenvalues, eigenvectors
 *   Source: M. Giles: Collected matrix derivative results (2008) */
typedef struct dg_eigh_options {
    const char *UPLO;
    const char *name;
} dg_eigh_options;
static inline dg_node *dg_eigh_at(dg_location at, dg_node *input, dg_eigh_options options)
{
    const dg_value attrs[] = {dg_text(options.UPLO)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "eigh", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_eigh(input, ...) dg_eigh_at(DG_HERE, (input), DG_OPTIONS(dg_eigh_options, .UPLO = "L", __VA_ARGS__))

/* y = the determinant
 *   input: [.., n, n]
 *   Source: M. Giles: Collected matrix derivative results (2008) */
typedef struct dg_det_options {
    const char *name;
} dg_det_options;
static inline dg_node *dg_det_at(dg_location at, dg_node *input, dg_det_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "det", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_det(input, ...) dg_det_at(DG_HERE, (input), DG_OPTIONS(dg_det_options, __VA_ARGS__))

/* y = det x · x⁻ᵀ, of singular matrices, too: the derivative of det
 *   input: [.., n, n]
 *   Source: M. Giles: Collected matrix derivative results (2008) */
typedef struct dg_cofactors_options {
    const char *name;
} dg_cofactors_options;
static inline dg_node *dg_cofactors_at(dg_location at, dg_node *input, dg_cofactors_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "cofactors", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_cofactors(input, ...) dg_cofactors_at(DG_HERE, (input), DG_OPTIONS(dg_cofactors_options, __VA_ARGS__))

/* the determinant's sign, and the logarithm of its size: 0 and −∞ of a singular matrix
 *   input: [.., n, n]
 *   outputs: sign, logabsdet
 *   Source: M. Giles: Collected matrix derivative results (2008) */
typedef struct dg_slogdet_options {
    const char *name;
} dg_slogdet_options;
static inline dg_node *dg_slogdet_at(dg_location at, dg_node *input, dg_slogdet_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "slogdet", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_slogdet(input, ...) dg_slogdet_at(DG_HERE, (input), DG_OPTIONS(dg_slogdet_options, __VA_ARGS__))

/* y = ln det x: NaN where det x < 0, −∞ where it is 0
 *   input: [.., n, n]
 *   Source: M. Giles: Collected matrix derivative results (2008) */
typedef struct dg_logdet_options {
    const char *name;
} dg_logdet_options;
static inline dg_node *dg_logdet_at(dg_location at, dg_node *input, dg_logdet_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "logdet", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_logdet(input, ...) dg_logdet_at(DG_HERE, (input), DG_OPTIONS(dg_logdet_options, __VA_ARGS__))

/* ---- linear ---- */

/* φ(‖x − c‖)
 *   input: [.., d]
 *   centers: [M, d]
 *   gamma: [M]: multiplies r². Not of thin_plate_spline, linear, cubic and quintic
 *   out_features: number of centres M, where centers is not wired
 *   kernel: φ, with t = γ r²: gaussian exp(−t), multiquadric √(1 + t), inverse_multiquadric 1/√(1 + t), inverse_quadratic 1/(1 + t), thin_plate_spline r² ln r, linear r, cubic r³, quintic r⁵, matern32 (1 + √(3t)) exp(−√(3t)), matern52 (1 + √(5t) + 5t/3) exp(−√(5t)), wendland (1 − √t)₊⁴ (4√t + 1) (gaussian|multiquadric|inverse_multiquadric|inverse_quadratic|thin_plate_spline|linear|cubic|quintic|matern32|matern52|wendland)
 *   normalize: divides by the sum over centres
 *   init: initialiser of centers
 *   width: initialiser of gamma
 *   Source: Broomhead and Lowe, Multivariable functional interpolation and adaptive networks (1988) */
typedef struct dg_rbf_options {
    const char *kernel;
    bool normalize;
    const char *init;
    const char *width;
    dg_node *centers;
    dg_node *gamma;
    const char *name;
} dg_rbf_options;
static inline dg_node *dg_rbf_at(dg_location at, dg_node *input, int64_t out_features, dg_rbf_options options)
{
    const dg_value attrs[] = {dg_int(out_features), dg_text(options.kernel), dg_bool(options.normalize), dg_text(options.init), dg_text(options.width)};
    dg_node *const inputs[] = {input, options.centers, options.gamma};
    return dg_apply(&(dg_application){.op = "rbf", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 5, .attrs = attrs, .attrs_in_order = true});
}
#define dg_rbf(input, out_features, ...) dg_rbf_at(DG_HERE, (input), (out_features), DG_OPTIONS(dg_rbf_options, .kernel = "gaussian", __VA_ARGS__))

/* ---- softmax ---- */

/* eˣ / Σ eˣ along dim
 *   dim: the dimension of the classes */
typedef struct dg_softmax_options {
    int64_t dim;
    const char *name;
} dg_softmax_options;
static inline dg_node *dg_softmax_at(dg_location at, dg_node *input, dg_softmax_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "softmax", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_softmax(input, ...) dg_softmax_at(DG_HERE, (input), DG_OPTIONS(dg_softmax_options, .dim = -1, __VA_ARGS__))

/* x − ln Σ eˣ along dim
 *   dim: the dimension of the classes */
typedef struct dg_log_softmax_options {
    int64_t dim;
    const char *name;
} dg_log_softmax_options;
static inline dg_node *dg_log_softmax_at(dg_location at, dg_node *input, dg_log_softmax_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "log_softmax", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_log_softmax(input, ...) dg_log_softmax_at(DG_HERE, (input), DG_OPTIONS(dg_log_softmax_options, .dim = -1, __VA_ARGS__))

/* softmax of −x
 *   dim: the dimension of the classes */
typedef struct dg_softmin_options {
    int64_t dim;
    const char *name;
} dg_softmin_options;
static inline dg_node *dg_softmin_at(dg_location at, dg_node *input, dg_softmin_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "softmin", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_softmin(input, ...) dg_softmin_at(DG_HERE, (input), DG_OPTIONS(dg_softmin_options, .dim = -1, __VA_ARGS__))

/* y (g − Σ y g) along dim: the gradient of softmax, whose value is y
 *   grad_output: g
 *   output: y
 *   dim: the dimension of the classes */
typedef struct dg_softmax_backward_options {
    int64_t dim;
    const char *name;
} dg_softmax_backward_options;
static inline dg_node *dg_softmax_backward_at(dg_location at, dg_node *grad_output, dg_node *output, dg_softmax_backward_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {grad_output, output};
    return dg_apply(&(dg_application){.op = "softmax_backward", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_softmax_backward(grad_output, output, ...) dg_softmax_backward_at(DG_HERE, (grad_output), (output), DG_OPTIONS(dg_softmax_backward_options, .dim = -1, __VA_ARGS__))

/* g − eʸ Σ g along dim: the gradient of log_softmax, whose value is y
 *   grad_output: g
 *   output: y, at most 40
 *   dim: the dimension of the classes */
typedef struct dg_log_softmax_backward_options {
    int64_t dim;
    const char *name;
} dg_log_softmax_backward_options;
static inline dg_node *dg_log_softmax_backward_at(dg_location at, dg_node *grad_output, dg_node *output, dg_log_softmax_backward_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {grad_output, output};
    return dg_apply(&(dg_application){.op = "log_softmax_backward", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_log_softmax_backward(grad_output, output, ...) dg_log_softmax_backward_at(DG_HERE, (grad_output), (output), DG_OPTIONS(dg_log_softmax_backward_options, .dim = -1, __VA_ARGS__))

/* ---- loss ---- */

/* (x − target)²
 *   target: in input's shape, or one number
 *   reduction: of the losses: mean, sum or none (mean|sum|none) */
typedef struct dg_mse_loss_options {
    const char *reduction;
    const char *name;
} dg_mse_loss_options;
static inline dg_node *dg_mse_loss_at(dg_location at, dg_node *input, dg_node *target, dg_mse_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction)};
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "mse_loss", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_mse_loss(input, target, ...) dg_mse_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_mse_loss_options, .reduction = "mean", __VA_ARGS__))

/* |x − target|
 *   target: in input's shape, or one number
 *   reduction: of the losses: mean, sum or none (mean|sum|none) */
typedef struct dg_l1_loss_options {
    const char *reduction;
    const char *name;
} dg_l1_loss_options;
static inline dg_node *dg_l1_loss_at(dg_location at, dg_node *input, dg_node *target, dg_l1_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction)};
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "l1_loss", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_l1_loss(input, target, ...) dg_l1_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_l1_loss_options, .reduction = "mean", __VA_ARGS__))

/* y = x, which must be within 0 … 1, as labels of binary losses are: other numbers fail the run */
typedef struct dg_unit_interval_options {
    const char *name;
} dg_unit_interval_options;
static inline dg_node *dg_unit_interval_at(dg_location at, dg_node *input, dg_unit_interval_options options)
{
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "unit_interval", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs});
}
#define dg_unit_interval(input, ...) dg_unit_interval_at(DG_HERE, (input), DG_OPTIONS(dg_unit_interval_options, __VA_ARGS__))

/* y = x[target], along dim 1; 0 where target is ignore_index
 *   input: [N, C, ..] or [C]
 *   target: [N, ..] class indices
 *   ignore_index: samples of this target do not count */
typedef struct dg_class_pick_options {
    int64_t ignore_index;
    const char *name;
} dg_class_pick_options;
static inline dg_node *dg_class_pick_at(dg_location at, dg_node *input, dg_node *target, dg_class_pick_options options)
{
    const dg_value attrs[] = {dg_int(options.ignore_index)};
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "class_pick", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_class_pick(input, target, ...) dg_class_pick_at(DG_HERE, (input), (target), DG_OPTIONS(dg_class_pick_options, .ignore_index = -100, __VA_ARGS__))

/* zeros in the shape of like with x written at target, along dim 1
 *   input: [N, ..]
 *   target: [N, ..] class indices
 *   like: [N, C, ..]
 *   ignore_index: samples of this target do not count */
typedef struct dg_class_scatter_options {
    int64_t ignore_index;
    const char *name;
} dg_class_scatter_options;
static inline dg_node *dg_class_scatter_at(dg_location at, dg_node *input, dg_node *target, dg_node *like, dg_class_scatter_options options)
{
    const dg_value attrs[] = {dg_int(options.ignore_index)};
    dg_node *const inputs[] = {input, target, like};
    return dg_apply(&(dg_application){.op = "class_scatter", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_class_scatter(input, target, like, ...) dg_class_scatter_at(DG_HERE, (input), (target), (like), DG_OPTIONS(dg_class_scatter_options, .ignore_index = -100, __VA_ARGS__))

/* the weight of each target's class (1 without weights); 0 where target is ignore_index
 *   input: [N, C, ..]
 *   target: [N, ..] class indices
 *   weight: [C], one for each class; constant
 *   ignore_index: samples of this target do not count */
typedef struct dg_class_weight_options {
    int64_t ignore_index;
    dg_node *weight;
    const char *name;
} dg_class_weight_options;
static inline dg_node *dg_class_weight_at(dg_location at, dg_node *input, dg_node *target, dg_class_weight_options options)
{
    const dg_value attrs[] = {dg_int(options.ignore_index)};
    dg_node *const inputs[] = {input, target, options.weight};
    return dg_apply(&(dg_application){.op = "class_weight", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_class_weight(input, target, ...) dg_class_weight_at(DG_HERE, (input), (target), DG_OPTIONS(dg_class_weight_options, .ignore_index = -100, __VA_ARGS__))

/* cross_entropy against class indices, and the softmax that its gradient needs
 *   input: [N, C], [N, C, ..] or [C]: scores before the softmax
 *   target: [N, ..] class indices
 *   weight: [C], one for each class; constant
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   ignore_index: samples of this target do not count
 *   outputs: loss, softmax */
typedef struct dg_class_entropy_options {
    const char *reduction;
    int64_t ignore_index;
    dg_node *weight;
    const char *name;
} dg_class_entropy_options;
static inline dg_node *dg_class_entropy_at(dg_location at, dg_node *input, dg_node *target, dg_class_entropy_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_int(options.ignore_index)};
    dg_node *const inputs[] = {input, target, options.weight};
    return dg_apply(&(dg_application){.op = "class_entropy", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_class_entropy(input, target, ...) dg_class_entropy_at(DG_HERE, (input), (target), DG_OPTIONS(dg_class_entropy_options, .reduction = "mean", .ignore_index = -100, __VA_ARGS__))

/* g w_t (p − e_t), for a mean divided by Σ w: the gradient of class_entropy, whose softmax is p
 *   grad_output: g
 *   probabilities: p
 *   target: [N, ..] class indices
 *   weight: [C], one for each class; constant
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   ignore_index: samples of this target do not count */
typedef struct dg_class_entropy_backward_options {
    const char *reduction;
    int64_t ignore_index;
    dg_node *weight;
    const char *name;
} dg_class_entropy_backward_options;
static inline dg_node *dg_class_entropy_backward_at(dg_location at, dg_node *grad_output, dg_node *probabilities, dg_node *target, dg_class_entropy_backward_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_int(options.ignore_index)};
    dg_node *const inputs[] = {grad_output, probabilities, target, options.weight};
    return dg_apply(&(dg_application){.op = "class_entropy_backward", .name = options.name, .at = at, .n_inputs = 4, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_class_entropy_backward(grad_output, probabilities, target, ...) dg_class_entropy_backward_at(DG_HERE, (grad_output), (probabilities), (target), DG_OPTIONS(dg_class_entropy_backward_options, .reduction = "mean", .ignore_index = -100, __VA_ARGS__))

/* −log softmax(x)[target]
 *   input: [N, C], [N, C, ..] or [C]: scores before the softmax
 *   target: class indices [N, ..], or probabilities in input's shape
 *   weight: [C], one for each class; constant
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   ignore_index: samples of this target do not count
 *   label_smoothing: moved to all classes alike */
typedef struct dg_cross_entropy_options {
    const char *reduction;
    int64_t ignore_index;
    double label_smoothing;
    dg_node *weight;
    const char *name;
} dg_cross_entropy_options;
static inline dg_node *dg_cross_entropy_at(dg_location at, dg_node *input, dg_node *target, dg_cross_entropy_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_int(options.ignore_index), dg_float(options.label_smoothing)};
    dg_node *const inputs[] = {input, target, options.weight};
    return dg_apply(&(dg_application){.op = "cross_entropy", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_cross_entropy(input, target, ...) dg_cross_entropy_at(DG_HERE, (input), (target), DG_OPTIONS(dg_cross_entropy_options, .reduction = "mean", .ignore_index = -100, __VA_ARGS__))

/* −x[target]
 *   input: [N, C], [N, C, ..] or [C]: logarithms of probabilities
 *   target: [N, ..] class indices
 *   weight: [C], one for each class; constant
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   ignore_index: samples of this target do not count */
typedef struct dg_nll_loss_options {
    const char *reduction;
    int64_t ignore_index;
    dg_node *weight;
    const char *name;
} dg_nll_loss_options;
static inline dg_node *dg_nll_loss_at(dg_location at, dg_node *input, dg_node *target, dg_nll_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_int(options.ignore_index)};
    dg_node *const inputs[] = {input, target, options.weight};
    return dg_apply(&(dg_application){.op = "nll_loss", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_nll_loss(input, target, ...) dg_nll_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_nll_loss_options, .reduction = "mean", .ignore_index = -100, __VA_ARGS__))

/* binary_cross_entropy of each element
 *   input: probabilities */
typedef struct dg_bce_options {
    const char *name;
} dg_bce_options;
static inline dg_node *dg_bce_at(dg_location at, dg_node *input, dg_node *target, dg_bce_options options)
{
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "bce", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs});
}
#define dg_bce(input, target, ...) dg_bce_at(DG_HERE, (input), (target), DG_OPTIONS(dg_bce_options, __VA_ARGS__))

/* −t ln x − (1 − t) ln(1 − x)
 *   input: probabilities
 *   target: in input's shape
 *   weight: multiplies the losses, broadcast to them
 *   reduction: of the losses: mean, sum or none (mean|sum|none) */
typedef struct dg_binary_cross_entropy_options {
    const char *reduction;
    dg_node *weight;
    const char *name;
} dg_binary_cross_entropy_options;
static inline dg_node *dg_binary_cross_entropy_at(dg_location at, dg_node *input, dg_node *target, dg_binary_cross_entropy_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction)};
    dg_node *const inputs[] = {input, target, options.weight};
    return dg_apply(&(dg_application){.op = "binary_cross_entropy", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_binary_cross_entropy(input, target, ...) dg_binary_cross_entropy_at(DG_HERE, (input), (target), DG_OPTIONS(dg_binary_cross_entropy_options, .reduction = "mean", __VA_ARGS__))

/* the same on sigmoid(x)
 *   input: scores before the sigmoid
 *   target: in input's shape
 *   weight: multiplies the losses, broadcast to them
 *   pos_weight: multiplies the losses of target 1
 *   reduction: of the losses: mean, sum or none (mean|sum|none) */
typedef struct dg_binary_cross_entropy_with_logits_options {
    const char *reduction;
    dg_node *weight;
    dg_node *pos_weight;
    const char *name;
} dg_binary_cross_entropy_with_logits_options;
static inline dg_node *dg_binary_cross_entropy_with_logits_at(dg_location at, dg_node *input, dg_node *target, dg_binary_cross_entropy_with_logits_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction)};
    dg_node *const inputs[] = {input, target, options.weight, options.pos_weight};
    return dg_apply(&(dg_application){.op = "binary_cross_entropy_with_logits", .name = options.name, .at = at, .n_inputs = 4, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_binary_cross_entropy_with_logits(input, target, ...) dg_binary_cross_entropy_with_logits_at(DG_HERE, (input), (target), DG_OPTIONS(dg_binary_cross_entropy_with_logits_options, .reduction = "mean", __VA_ARGS__))

/* (x − t)²/(2β) where |x − t| < β, else |x − t| − β/2
 *   target: in input's shape, or one number
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   beta: where the parabola ends; 0: l1_loss
 *   Source: Girshick, Fast R-CNN (2015), eq. 3 */
typedef struct dg_smooth_l1_loss_options {
    const char *reduction;
    double beta;
    const char *name;
} dg_smooth_l1_loss_options;
static inline dg_node *dg_smooth_l1_loss_at(dg_location at, dg_node *input, dg_node *target, dg_smooth_l1_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_float(options.beta)};
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "smooth_l1_loss", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_smooth_l1_loss(input, target, ...) dg_smooth_l1_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_smooth_l1_loss_options, .reduction = "mean", .beta = 1, __VA_ARGS__))

/* (x − t)²/2 where |x − t| ≤ δ, else δ(|x − t| − δ/2)
 *   target: in input's shape, or one number
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   delta: where the parabola ends
 *   Source: Huber, Robust estimation of a location parameter (1964) */
typedef struct dg_huber_loss_options {
    const char *reduction;
    double delta;
    const char *name;
} dg_huber_loss_options;
static inline dg_node *dg_huber_loss_at(dg_location at, dg_node *input, dg_node *target, dg_huber_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_float(options.delta)};
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "huber_loss", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_huber_loss(input, target, ...) dg_huber_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_huber_loss_options, .reduction = "mean", .delta = 1, __VA_ARGS__))

/* t (ln t − x), x and with log_target t being logarithms of probabilities
 *   target: in input's shape, or one number
 *   reduction: of the losses; batchmean divides the sum by the batch alone, as the definition does (mean|sum|none|batchmean)
 *   log_target: target holds logarithms
 *   Source: Kullback and Leibler, On information and sufficiency (1951) */
typedef struct dg_kl_div_options {
    const char *reduction;
    bool log_target;
    const char *name;
} dg_kl_div_options;
static inline dg_node *dg_kl_div_at(dg_location at, dg_node *input, dg_node *target, dg_kl_div_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_bool(options.log_target)};
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "kl_div", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_kl_div(input, target, ...) dg_kl_div_at(DG_HERE, (input), (target), DG_OPTIONS(dg_kl_div_options, .reduction = "mean", __VA_ARGS__))

/* ½ (ln v + (x − t)²/v), v = max(var, eps)
 *   input: means
 *   target: in input's shape, or one number
 *   var: variances: in input's shape, or with 1 or no size at its end
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   full: adds the constant ½ ln 2π
 *   eps: the least variance; the gradient by var passes it
 *   Source: Nix and Weigend, Estimating the mean and variance of the target distribution (1994) */
typedef struct dg_gaussian_nll_loss_options {
    const char *reduction;
    bool full;
    double eps;
    const char *name;
} dg_gaussian_nll_loss_options;
static inline dg_node *dg_gaussian_nll_loss_at(dg_location at, dg_node *input, dg_node *target, dg_node *var, dg_gaussian_nll_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_bool(options.full), dg_float(options.eps)};
    dg_node *const inputs[] = {input, target, var};
    return dg_apply(&(dg_application){.op = "gaussian_nll_loss", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_gaussian_nll_loss(input, target, var, ...) dg_gaussian_nll_loss_at(DG_HERE, (input), (target), (var), DG_OPTIONS(dg_gaussian_nll_loss_options, .reduction = "mean", .eps = 1e-6, __VA_ARGS__))

/* eˣ − t x, or without log_input x − t ln(x + eps)
 *   target: in input's shape, or one number
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   log_input: input holds logarithms of rates
 *   full: adds Stirling's t ln t − t + ½ ln 2πt where t > 1
 *   eps: keeps the logarithm from 0 */
typedef struct dg_poisson_nll_loss_options {
    const char *reduction;
    bool log_input;
    bool full;
    double eps;
    const char *name;
} dg_poisson_nll_loss_options;
static inline dg_node *dg_poisson_nll_loss_at(dg_location at, dg_node *input, dg_node *target, dg_poisson_nll_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_bool(options.log_input), dg_bool(options.full), dg_float(options.eps)};
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "poisson_nll_loss", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_poisson_nll_loss(input, target, ...) dg_poisson_nll_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_poisson_nll_loss_options, .reduction = "mean", .log_input = true, .eps = 1e-8, __VA_ARGS__))

/* ‖x1 − x2 + eps‖_p along the last dimension
 *   x1: [.., d]
 *   x2: [.., d], broadcast to x1
 *   p: of the norm
 *   eps: keeps the norm from 0
 *   keepdim: keeps the last dimension, of size 1 */
typedef struct dg_pairwise_distance_options {
    double p;
    double eps;
    bool keepdim;
    const char *name;
} dg_pairwise_distance_options;
static inline dg_node *dg_pairwise_distance_at(dg_location at, dg_node *x1, dg_node *x2, dg_pairwise_distance_options options)
{
    const dg_value attrs[] = {dg_float(options.p), dg_float(options.eps), dg_bool(options.keepdim)};
    dg_node *const inputs[] = {x1, x2};
    return dg_apply(&(dg_application){.op = "pairwise_distance", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_pairwise_distance(x1, x2, ...) dg_pairwise_distance_at(DG_HERE, (x1), (x2), DG_OPTIONS(dg_pairwise_distance_options, .p = 2, .eps = 1e-6, __VA_ARGS__))

/* x1·x2 / (max(‖x1‖, eps) max(‖x2‖, eps)) along dim
 *   x2: broadcast to x1
 *   dim: the dimension of the vectors
 *   eps: the least norm */
typedef struct dg_cosine_similarity_options {
    int64_t dim;
    double eps;
    const char *name;
} dg_cosine_similarity_options;
static inline dg_node *dg_cosine_similarity_at(dg_location at, dg_node *x1, dg_node *x2, dg_cosine_similarity_options options)
{
    const dg_value attrs[] = {dg_int(options.dim), dg_float(options.eps)};
    dg_node *const inputs[] = {x1, x2};
    return dg_apply(&(dg_application){.op = "cosine_similarity", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_cosine_similarity(x1, x2, ...) dg_cosine_similarity_at(DG_HERE, (x1), (x2), DG_OPTIONS(dg_cosine_similarity_options, .dim = 1, .eps = 1e-8, __VA_ARGS__))

/* 1 − cos where the target is 1, max(0, cos − margin) where it is −1
 *   input1: [N, d] or [d]
 *   input2: in input1's shape
 *   target: [N] or []: 1 or −1
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   margin: the cosine that unlike ones may have */
typedef struct dg_cosine_embedding_loss_options {
    const char *reduction;
    double margin;
    const char *name;
} dg_cosine_embedding_loss_options;
static inline dg_node *dg_cosine_embedding_loss_at(dg_location at, dg_node *input1, dg_node *input2, dg_node *target, dg_cosine_embedding_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_float(options.margin)};
    dg_node *const inputs[] = {input1, input2, target};
    return dg_apply(&(dg_application){.op = "cosine_embedding_loss", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_cosine_embedding_loss(input1, input2, target, ...) dg_cosine_embedding_loss_at(DG_HERE, (input1), (input2), (target), DG_OPTIONS(dg_cosine_embedding_loss_options, .reduction = "mean", __VA_ARGS__))

/* x where the target is 1, max(0, margin − x) where it is −1
 *   input: distances
 *   target: 1 or −1, in input's shape or one number
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   margin: the distance that unlike ones shall have */
typedef struct dg_hinge_embedding_loss_options {
    const char *reduction;
    double margin;
    const char *name;
} dg_hinge_embedding_loss_options;
static inline dg_node *dg_hinge_embedding_loss_at(dg_location at, dg_node *input, dg_node *target, dg_hinge_embedding_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_float(options.margin)};
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "hinge_embedding_loss", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_hinge_embedding_loss(input, target, ...) dg_hinge_embedding_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_hinge_embedding_loss_options, .reduction = "mean", .margin = 1, __VA_ARGS__))

/* max(0, d(anchor, positive) − d(anchor, negative) + margin), d being pairwise_distance
 *   anchor: [.., d]
 *   positive: in anchor's shape
 *   negative: in anchor's shape
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   margin: how much farther negatives shall be
 *   p: of the norm
 *   eps: keeps the norm from 0
 *   swap: takes d(positive, negative) where that is less than d(anchor, negative)
 *   Source: Balntas et al., Learning local feature descriptors with triplets (2016) */
typedef struct dg_triplet_margin_loss_options {
    const char *reduction;
    double margin;
    double p;
    double eps;
    bool swap;
    const char *name;
} dg_triplet_margin_loss_options;
static inline dg_node *dg_triplet_margin_loss_at(dg_location at, dg_node *anchor, dg_node *positive, dg_node *negative, dg_triplet_margin_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_float(options.margin), dg_float(options.p), dg_float(options.eps), dg_bool(options.swap)};
    dg_node *const inputs[] = {anchor, positive, negative};
    return dg_apply(&(dg_application){.op = "triplet_margin_loss", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 5, .attrs = attrs, .attrs_in_order = true});
}
#define dg_triplet_margin_loss(anchor, positive, negative, ...) dg_triplet_margin_loss_at(DG_HERE, (anchor), (positive), (negative), DG_OPTIONS(dg_triplet_margin_loss_options, .reduction = "mean", .margin = 1, .p = 2, .eps = 1e-6, __VA_ARGS__))

/* max(0, −t (x1 − x2) + margin)
 *   input2: in input1's shape
 *   target: 1: input1 shall be larger, −1: input2; in input1's shape or one number
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   margin: by how much */
typedef struct dg_margin_ranking_loss_options {
    const char *reduction;
    double margin;
    const char *name;
} dg_margin_ranking_loss_options;
static inline dg_node *dg_margin_ranking_loss_at(dg_location at, dg_node *input1, dg_node *input2, dg_node *target, dg_margin_ranking_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_float(options.margin)};
    dg_node *const inputs[] = {input1, input2, target};
    return dg_apply(&(dg_application){.op = "margin_ranking_loss", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_margin_ranking_loss(input1, input2, target, ...) dg_margin_ranking_loss_at(DG_HERE, (input1), (input2), (target), DG_OPTIONS(dg_margin_ranking_loss_options, .reduction = "mean", __VA_ARGS__))

/* ln(1 + exp(−t x))
 *   target: 1 or −1, in input's shape or one number
 *   reduction: of the losses: mean, sum or none (mean|sum|none) */
typedef struct dg_soft_margin_loss_options {
    const char *reduction;
    const char *name;
} dg_soft_margin_loss_options;
static inline dg_node *dg_soft_margin_loss_at(dg_location at, dg_node *input, dg_node *target, dg_soft_margin_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction)};
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "soft_margin_loss", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_soft_margin_loss(input, target, ...) dg_soft_margin_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_soft_margin_loss_options, .reduction = "mean", __VA_ARGS__))

/* Σ_j w_y max(0, margin − x_y + x_j)ᵖ / C over classes j but the target y
 *   input: [N, C] or [C]
 *   target: [N] or []: class indices
 *   weight: [C], one for each class
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   p: 1 or 2
 *   margin: by which the target shall lead
 *   Source: Crammer and Singer, On the algorithmic implementation of multiclass kernel-based vector machines (2001) */
typedef struct dg_multi_margin_loss_options {
    const char *reduction;
    double p;
    double margin;
    dg_node *weight;
    const char *name;
} dg_multi_margin_loss_options;
static inline dg_node *dg_multi_margin_loss_at(dg_location at, dg_node *input, dg_node *target, dg_multi_margin_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_float(options.p), dg_float(options.margin)};
    dg_node *const inputs[] = {input, target, options.weight};
    return dg_apply(&(dg_application){.op = "multi_margin_loss", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_multi_margin_loss(input, target, ...) dg_multi_margin_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_multi_margin_loss_options, .reduction = "mean", .p = 1, .margin = 1, __VA_ARGS__))

/* Σ max(0, 1 − x_y + x_i) / C over targets y and classes i that are none
 *   input: [N, C] or [C]
 *   target: class indices in input's shape; the first negative one ends them
 *   reduction: of the losses: mean, sum or none (mean|sum|none) */
typedef struct dg_multilabel_margin_loss_options {
    const char *reduction;
    const char *name;
} dg_multilabel_margin_loss_options;
static inline dg_node *dg_multilabel_margin_loss_at(dg_location at, dg_node *input, dg_node *target, dg_multilabel_margin_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction)};
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "multilabel_margin_loss", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_multilabel_margin_loss(input, target, ...) dg_multilabel_margin_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_multilabel_margin_loss_options, .reduction = "mean", __VA_ARGS__))

/* mean over classes of −t ln σ(x) − (1 − t) ln σ(−x)
 *   input: [.., C]: scores before the sigmoid
 *   target: in input's shape
 *   weight: [C], one for each class
 *   reduction: of the losses: mean, sum or none (mean|sum|none) */
typedef struct dg_multilabel_soft_margin_loss_options {
    const char *reduction;
    dg_node *weight;
    const char *name;
} dg_multilabel_soft_margin_loss_options;
static inline dg_node *dg_multilabel_soft_margin_loss_at(dg_location at, dg_node *input, dg_node *target, dg_multilabel_soft_margin_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction)};
    dg_node *const inputs[] = {input, target, options.weight};
    return dg_apply(&(dg_application){.op = "multilabel_soft_margin_loss", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_multilabel_soft_margin_loss(input, target, ...) dg_multilabel_soft_margin_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_multilabel_soft_margin_loss_options, .reduction = "mean", __VA_ARGS__))

/* −α_t (1 − p_t)^γ ln p_t, p = σ(x)
 *   input: scores before the sigmoid
 *   target: 0 … 1, in input's shape or one number
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   alpha: weight of target 1, 1 − alpha of target 0; below 0: none
 *   gamma: how little easy samples count
 *   Source: Lin, Goyal, Girshick, He, Dollár, Focal loss for dense object detection (2017), eq. 5 */
typedef struct dg_focal_loss_options {
    const char *reduction;
    double alpha;
    double gamma;
    const char *name;
} dg_focal_loss_options;
static inline dg_node *dg_focal_loss_at(dg_location at, dg_node *input, dg_node *target, dg_focal_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_float(options.alpha), dg_float(options.gamma)};
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "focal_loss", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_focal_loss(input, target, ...) dg_focal_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_focal_loss_options, .reduction = "mean", .alpha = 0.25, .gamma = 2, __VA_ARGS__))

/* 1 − (2 Σ x t + s)/(Σ x + Σ t + s) of each sample
 *   input: [N, ..]: probabilities; of rank 1 one sample
 *   target: 0 … 1, in input's shape
 *   reduction: of the losses: mean, sum or none (mean|sum|none)
 *   smooth: s, which keeps empty samples from 0/0
 *   Source: Sudre, Li, Vercauteren, Ourselin, Cardoso, Generalised Dice overlap (2017) */
typedef struct dg_dice_loss_options {
    const char *reduction;
    double smooth;
    const char *name;
} dg_dice_loss_options;
static inline dg_node *dg_dice_loss_at(dg_location at, dg_node *input, dg_node *target, dg_dice_loss_options options)
{
    const dg_value attrs[] = {dg_text(options.reduction), dg_float(options.smooth)};
    dg_node *const inputs[] = {input, target};
    return dg_apply(&(dg_application){.op = "dice_loss", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_dice_loss(input, target, ...) dg_dice_loss_at(DG_HERE, (input), (target), DG_OPTIONS(dg_dice_loss_options, .reduction = "mean", .smooth = 1, __VA_ARGS__))

/* ---- recurrent ---- */

/* y_t = x_{t−1}, and first (or 0) at the first time step
 *   input: [N, T, features]
 *   first: [N, features]
 *   reverse: from the last time step to the first */
typedef struct dg_time_shift_options {
    bool reverse;
    dg_node *first;
    const char *name;
} dg_time_shift_options;
static inline dg_node *dg_time_shift_at(dg_location at, dg_node *input, dg_time_shift_options options)
{
    const dg_value attrs[] = {dg_bool(options.reverse)};
    dg_node *const inputs[] = {input, options.first};
    return dg_apply(&(dg_application){.op = "time_shift", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_time_shift(input, ...) dg_time_shift_at(DG_HERE, (input), DG_OPTIONS(dg_time_shift_options, __VA_ARGS__))

/* what a recurrent layer's weights get: Σ a_t h_{t−1}ᵀ over the batch and all time steps, Σ a_t, and with an input x Σ a_t x_tᵀ
 *   a: [N, T, features]
 *   states: h, [N, T, H]
 *   first: [N, H], before the first step; left out: 0
 *   input: x, [N, T, features]
 *   reverse: from the last time step to the first */
typedef struct dg_time_products_options {
    bool reverse;
    dg_node *first;
    dg_node *input;
    const char *name;
} dg_time_products_options;
static inline dg_node *dg_time_products_at(dg_location at, dg_node *a, dg_node *states, dg_time_products_options options)
{
    const dg_value attrs[] = {dg_bool(options.reverse)};
    dg_node *const inputs[] = {a, states, options.first, options.input};
    return dg_apply(&(dg_application){.op = "time_products", .name = options.name, .at = at, .n_inputs = 4, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_time_products(a, states, ...) dg_time_products_at(DG_HERE, (a), (states), DG_OPTIONS(dg_time_products_options, __VA_ARGS__))

/* s_t = e_t + W u_{t−1}, m_t = φ_t + F_t m_{t−1} + Σ_b C_t^b s_t^b, u_t = ψ_t + m_t or, the last block left out of the sum, ψ_t + K_t m_t + C_t^last s_t^last; e, φ, ψ are the inputs s, m, u
 *   weight: W, [blocks·H, H]
 *   gain: C, [N, T, blocks·H]
 *   decay: F, [N, T, H]; left out: 0
 *   readout: K, [N, T, H]; with one the last block bypasses m
 *   s: [N, T, blocks·H]; left out: 0
 *   m: [N, T, H]; left out: 0
 *   u: [N, T, H]; left out: 0
 *   reverse: from the last time step to the first
 *   outputs: s, m, u */
typedef struct dg_linear_recurrence_options {
    bool reverse;
    dg_node *decay;
    dg_node *readout;
    dg_node *s;
    dg_node *m;
    dg_node *u;
    const char *name;
} dg_linear_recurrence_options;
static inline dg_node *dg_linear_recurrence_at(dg_location at, dg_node *weight, dg_node *gain, dg_linear_recurrence_options options)
{
    const dg_value attrs[] = {dg_bool(options.reverse)};
    dg_node *const inputs[] = {weight, gain, options.decay, options.readout, options.s, options.m, options.u};
    return dg_apply(&(dg_application){.op = "linear_recurrence", .name = options.name, .at = at, .n_inputs = 7, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_linear_recurrence(weight, gain, ...) dg_linear_recurrence_at(DG_HERE, (weight), (gain), DG_OPTIONS(dg_linear_recurrence_options, __VA_ARGS__))

/* the transposed of linear_recurrence: from cotangents of its outputs those of its inputs s, m, u
 *   weight: W, [blocks·H, H]
 *   gain: C, [N, T, blocks·H]
 *   decay: F, [N, T, H]; left out: 0
 *   readout: K, [N, T, H]; with one the last block bypasses m
 *   s: [N, T, blocks·H]; left out: 0
 *   m: [N, T, H]; left out: 0
 *   u: [N, T, H]; left out: 0
 *   reverse: from the last time step to the first
 *   outputs: s, m, u */
typedef struct dg_linear_recurrence_transposed_options {
    bool reverse;
    dg_node *decay;
    dg_node *readout;
    dg_node *s;
    dg_node *m;
    dg_node *u;
    const char *name;
} dg_linear_recurrence_transposed_options;
static inline dg_node *dg_linear_recurrence_transposed_at(dg_location at, dg_node *weight, dg_node *gain, dg_linear_recurrence_transposed_options options)
{
    const dg_value attrs[] = {dg_bool(options.reverse)};
    dg_node *const inputs[] = {weight, gain, options.decay, options.readout, options.s, options.m, options.u};
    return dg_apply(&(dg_application){.op = "linear_recurrence_transposed", .name = options.name, .at = at, .n_inputs = 7, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_linear_recurrence_transposed(weight, gain, ...) dg_linear_recurrence_transposed_at(DG_HERE, (weight), (gain), DG_OPTIONS(dg_linear_recurrence_transposed_options, __VA_ARGS__))

/* h_t = tanh(p_t + W h_{t−1}) or max(0, …), p being the products of the input
 *   products: [N, T, H]
 *   weight: W, [H, H]
 *   first: [N, H], before the first step; left out: 0
 *   reverse: from the last time step to the first
 *   nonlinearity: of the hidden state (tanh|relu)
 *   Source: Elman, Finding structure in time (1990) */
typedef struct dg_rnn_recurrence_options {
    bool reverse;
    const char *nonlinearity;
    dg_node *first;
    const char *name;
} dg_rnn_recurrence_options;
static inline dg_node *dg_rnn_recurrence_at(dg_location at, dg_node *products, dg_node *weight, dg_rnn_recurrence_options options)
{
    const dg_value attrs[] = {dg_bool(options.reverse), dg_text(options.nonlinearity)};
    dg_node *const inputs[] = {products, weight, options.first};
    return dg_apply(&(dg_application){.op = "rnn_recurrence", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_rnn_recurrence(products, weight, ...) dg_rnn_recurrence_at(DG_HERE, (products), (weight), DG_OPTIONS(dg_rnn_recurrence_options, .nonlinearity = "tanh", __VA_ARGS__))

/* (i, f, g, o) = (σ, σ, tanh, σ)(V x_t + b + W h_{t−1}), c_t = f c_{t−1} + i g, h_t = o tanh c_t
 *   input: x, [N, T, features]; without input_weight V x + b, [N, T, 4·H]
 *   weight: W, [4·H, H]
 *   first: [N, H], before the first step; left out: 0
 *   first_cell: [N, H], before the first step; left out: 0
 *   input_weight: V, [4·H, features]
 *   bias: b, [4·H]; left out: 0
 *   reverse: from the last time step to the first
 *   outputs: output, cell, gates
 *   Source: Hochreiter and Schmidhuber, Long short-term memory (1997); Gers, Schmidhuber, Cummins (2000) */
typedef struct dg_lstm_recurrence_options {
    bool reverse;
    dg_node *first;
    dg_node *first_cell;
    dg_node *input_weight;
    dg_node *bias;
    const char *name;
} dg_lstm_recurrence_options;
static inline dg_node *dg_lstm_recurrence_at(dg_location at, dg_node *input, dg_node *weight, dg_lstm_recurrence_options options)
{
    const dg_value attrs[] = {dg_bool(options.reverse)};
    dg_node *const inputs[] = {input, weight, options.first, options.first_cell, options.input_weight, options.bias};
    return dg_apply(&(dg_application){.op = "lstm_recurrence", .name = options.name, .at = at, .n_inputs = 6, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_lstm_recurrence(input, weight, ...) dg_lstm_recurrence_at(DG_HERE, (input), (weight), DG_OPTIONS(dg_lstm_recurrence_options, __VA_ARGS__))

/* the gradient of lstm_recurrence: from cotangents of output and cell those of the gates' sums V x_t + b + W h_{t−1} and of first_cell
 *   weight: W, [4·H, H]
 *   gates: [N, T, 4·H]
 *   cell: [N, T, H]
 *   first_cell: [N, H], before the first step; left out: 0
 *   on_output: [N, T, H]; left out: 0
 *   on_cell: [N, T, H]; left out: 0
 *   reverse: from the last time step to the first
 *   outputs: sums, first_cell */
typedef struct dg_lstm_recurrence_grad_options {
    bool reverse;
    dg_node *first_cell;
    dg_node *on_output;
    dg_node *on_cell;
    const char *name;
} dg_lstm_recurrence_grad_options;
static inline dg_node *dg_lstm_recurrence_grad_at(dg_location at, dg_node *weight, dg_node *gates, dg_node *cell, dg_lstm_recurrence_grad_options options)
{
    const dg_value attrs[] = {dg_bool(options.reverse)};
    dg_node *const inputs[] = {weight, gates, cell, options.first_cell, options.on_output, options.on_cell};
    return dg_apply(&(dg_application){.op = "lstm_recurrence_grad", .name = options.name, .at = at, .n_inputs = 6, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_lstm_recurrence_grad(weight, gates, cell, ...) dg_lstm_recurrence_grad_at(DG_HERE, (weight), (gates), (cell), DG_OPTIONS(dg_lstm_recurrence_grad_options, __VA_ARGS__))

/* (a, b, q) = W h_{t−1} + bias, r = σ(p_r + a), z = σ(p_z + b), n = tanh(p_n + r q), h_t = (1 − z) n + z h_{t−1}
 *   products: p, [N, T, 3·H]
 *   weight: W, [3·H, H]
 *   bias: [3·H]; left out: 0
 *   first: [N, H], before the first step; left out: 0
 *   reverse: from the last time step to the first
 *   outputs: output, gates
 *   Source: Cho et al., Learning phrase representations using RNN encoder-decoder (2014) */
typedef struct dg_gru_recurrence_options {
    bool reverse;
    dg_node *bias;
    dg_node *first;
    const char *name;
} dg_gru_recurrence_options;
static inline dg_node *dg_gru_recurrence_at(dg_location at, dg_node *products, dg_node *weight, dg_gru_recurrence_options options)
{
    const dg_value attrs[] = {dg_bool(options.reverse)};
    dg_node *const inputs[] = {products, weight, options.bias, options.first};
    return dg_apply(&(dg_application){.op = "gru_recurrence", .name = options.name, .at = at, .n_inputs = 4, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_gru_recurrence(products, weight, ...) dg_gru_recurrence_at(DG_HERE, (products), (weight), DG_OPTIONS(dg_gru_recurrence_options, __VA_ARGS__))

/* the gradient of gru_recurrence: from the cotangent of output those of p, of W h_{t−1} + bias, and of first where it is not multiplied by W
 *   weight: W, [3·H, H]
 *   gates: [N, T, 4·H]
 *   output: h, [N, T, H]
 *   on_output: [N, T, H]
 *   first: [N, H], before the first step; left out: 0
 *   reverse: from the last time step to the first
 *   outputs: products, sums, first */
typedef struct dg_gru_recurrence_grad_options {
    bool reverse;
    dg_node *first;
    const char *name;
} dg_gru_recurrence_grad_options;
static inline dg_node *dg_gru_recurrence_grad_at(dg_location at, dg_node *weight, dg_node *gates, dg_node *output, dg_node *on_output, dg_gru_recurrence_grad_options options)
{
    const dg_value attrs[] = {dg_bool(options.reverse)};
    dg_node *const inputs[] = {weight, gates, output, on_output, options.first};
    return dg_apply(&(dg_application){.op = "gru_recurrence_grad", .name = options.name, .at = at, .n_inputs = 5, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_gru_recurrence_grad(weight, gates, output, on_output, ...) dg_gru_recurrence_grad_at(DG_HERE, (weight), (gates), (output), (on_output), DG_OPTIONS(dg_gru_recurrence_grad_options, __VA_ARGS__))

/* h_t = tanh(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh), or max(0, …)
 *   input: [N, T, features], or [T, features]
 *   h_0: [layers·directions, N, H]; left out: 0
 *   weight_ih_l0: [H, features]; the others: weight_ih_l0_reverse, weight_ih_l1, …, and so for each of the four
 *   weight_hh_l0: [H, H]
 *   bias_ih_l0: [H]
 *   bias_hh_l0: [H]
 *   hidden_size: H
 *   num_layers: layers on top of each other, to 16
 *   bias: owns biases, where none are wired
 *   batch_first: false: input is [T, N, features]
 *   dropout: probability, between layers
 *   bidirectional: a second layer beside each, from the last step to the first; outputs are joined
 *   nonlinearity: of the hidden state (tanh|relu)
 *   outputs: output, h_n
 *   Source: Elman, Finding structure in time (1990) */
typedef struct dg_rnn_options {
    int64_t num_layers;
    bool bias;
    bool batch_first;
    double dropout;
    bool bidirectional;
    const char *nonlinearity;
    dg_node *h_0;
    dg_node *weight_ih_l0;
    dg_node *weight_hh_l0;
    dg_node *bias_ih_l0;
    dg_node *bias_hh_l0;
    const char *name;
} dg_rnn_options;
static inline dg_node *dg_rnn_at(dg_location at, dg_node *input, int64_t hidden_size, dg_rnn_options options)
{
    const dg_value attrs[] = {dg_int(hidden_size), dg_int(options.num_layers), dg_bool(options.bias), dg_bool(options.batch_first), dg_float(options.dropout), dg_bool(options.bidirectional), dg_text(options.nonlinearity)};
    dg_node *const inputs[] = {input, options.h_0, options.weight_ih_l0, options.weight_hh_l0, options.bias_ih_l0, options.bias_hh_l0};
    return dg_apply(&(dg_application){.op = "rnn", .name = options.name, .at = at, .n_inputs = 6, .inputs = inputs, .n_attrs = 7, .attrs = attrs, .attrs_in_order = true});
}
#define dg_rnn(input, hidden_size, ...) dg_rnn_at(DG_HERE, (input), (hidden_size), DG_OPTIONS(dg_rnn_options, .num_layers = 1, .bias = true, .batch_first = true, .nonlinearity = "tanh", __VA_ARGS__))

/* h_t = (1 − z) n + z h_{t−1}, n = tanh(W_in x + b_in + r (W_hn h_{t−1} + b_hn)); gates r, z, n
 *   input: [N, T, features], or [T, features]
 *   h_0: [layers·directions, N, H]; left out: 0
 *   weight_ih_l0: [3·H, features]; the others: weight_ih_l0_reverse, weight_ih_l1, …, and so for each of the four
 *   weight_hh_l0: [3·H, H]
 *   bias_ih_l0: [3·H]
 *   bias_hh_l0: [3·H]
 *   hidden_size: H
 *   num_layers: layers on top of each other, to 16
 *   bias: owns biases, where none are wired
 *   batch_first: false: input is [T, N, features]
 *   dropout: probability, between layers
 *   bidirectional: a second layer beside each, from the last step to the first; outputs are joined
 *   outputs: output, h_n
 *   Source: Cho et al., Learning phrase representations using RNN encoder-decoder (2014) */
typedef struct dg_gru_options {
    int64_t num_layers;
    bool bias;
    bool batch_first;
    double dropout;
    bool bidirectional;
    dg_node *h_0;
    dg_node *weight_ih_l0;
    dg_node *weight_hh_l0;
    dg_node *bias_ih_l0;
    dg_node *bias_hh_l0;
    const char *name;
} dg_gru_options;
static inline dg_node *dg_gru_at(dg_location at, dg_node *input, int64_t hidden_size, dg_gru_options options)
{
    const dg_value attrs[] = {dg_int(hidden_size), dg_int(options.num_layers), dg_bool(options.bias), dg_bool(options.batch_first), dg_float(options.dropout), dg_bool(options.bidirectional)};
    dg_node *const inputs[] = {input, options.h_0, options.weight_ih_l0, options.weight_hh_l0, options.bias_ih_l0, options.bias_hh_l0};
    return dg_apply(&(dg_application){.op = "gru", .name = options.name, .at = at, .n_inputs = 6, .inputs = inputs, .n_attrs = 6, .attrs = attrs, .attrs_in_order = true});
}
#define dg_gru(input, hidden_size, ...) dg_gru_at(DG_HERE, (input), (hidden_size), DG_OPTIONS(dg_gru_options, .num_layers = 1, .bias = true, .batch_first = true, __VA_ARGS__))

/* c_t = f c_{t−1} + i g, h_t = o tanh c_t, gates i, f, g, o of W_ih x_t + b_ih + W_hh h_{t−1} + b_hh
 *   input: [N, T, features], or [T, features]
 *   h_0: [layers·directions, N, H]; left out: 0
 *   c_0: [layers·directions, N, H]; left out: 0
 *   weight_ih_l0: [4·H, features]; the others: weight_ih_l0_reverse, weight_ih_l1, …, and so for each of the four
 *   weight_hh_l0: [4·H, H]
 *   bias_ih_l0: [4·H]
 *   bias_hh_l0: [4·H]
 *   hidden_size: H
 *   num_layers: layers on top of each other, to 16
 *   bias: owns biases, where none are wired
 *   batch_first: false: input is [T, N, features]
 *   dropout: probability, between layers
 *   bidirectional: a second layer beside each, from the last step to the first; outputs are joined
 *   outputs: output, h_n, c_n
 *   Source: Hochreiter and Schmidhuber, Long short-term memory (1997); Gers, Schmidhuber, Cummins (2000) */
typedef struct dg_lstm_options {
    int64_t num_layers;
    bool bias;
    bool batch_first;
    double dropout;
    bool bidirectional;
    dg_node *h_0;
    dg_node *c_0;
    dg_node *weight_ih_l0;
    dg_node *weight_hh_l0;
    dg_node *bias_ih_l0;
    dg_node *bias_hh_l0;
    const char *name;
} dg_lstm_options;
static inline dg_node *dg_lstm_at(dg_location at, dg_node *input, int64_t hidden_size, dg_lstm_options options)
{
    const dg_value attrs[] = {dg_int(hidden_size), dg_int(options.num_layers), dg_bool(options.bias), dg_bool(options.batch_first), dg_float(options.dropout), dg_bool(options.bidirectional)};
    dg_node *const inputs[] = {input, options.h_0, options.c_0, options.weight_ih_l0, options.weight_hh_l0, options.bias_ih_l0, options.bias_hh_l0};
    return dg_apply(&(dg_application){.op = "lstm", .name = options.name, .at = at, .n_inputs = 7, .inputs = inputs, .n_attrs = 6, .attrs = attrs, .attrs_in_order = true});
}
#define dg_lstm(input, hidden_size, ...) dg_lstm_at(DG_HERE, (input), (hidden_size), DG_OPTIONS(dg_lstm_options, .num_layers = 1, .bias = true, .batch_first = true, __VA_ARGS__))

/* h′ = tanh(W_ih x + b_ih + W_hh h + b_hh), or max(0, …)
 *   input: [N, features] or [features]
 *   hidden: [N, H] or [H]; left out: 0
 *   weight_ih: [H, features]
 *   weight_hh: [H, H]
 *   bias_ih: [H]
 *   bias_hh: [H]
 *   hidden_size: H
 *   bias: owns biases, where none are wired
 *   nonlinearity: of the hidden state (tanh|relu) */
typedef struct dg_rnn_cell_options {
    bool bias;
    const char *nonlinearity;
    dg_node *hidden;
    dg_node *weight_ih;
    dg_node *weight_hh;
    dg_node *bias_ih;
    dg_node *bias_hh;
    const char *name;
} dg_rnn_cell_options;
static inline dg_node *dg_rnn_cell_at(dg_location at, dg_node *input, int64_t hidden_size, dg_rnn_cell_options options)
{
    const dg_value attrs[] = {dg_int(hidden_size), dg_bool(options.bias), dg_text(options.nonlinearity)};
    dg_node *const inputs[] = {input, options.hidden, options.weight_ih, options.weight_hh, options.bias_ih, options.bias_hh};
    return dg_apply(&(dg_application){.op = "rnn_cell", .name = options.name, .at = at, .n_inputs = 6, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_rnn_cell(input, hidden_size, ...) dg_rnn_cell_at(DG_HERE, (input), (hidden_size), DG_OPTIONS(dg_rnn_cell_options, .bias = true, .nonlinearity = "tanh", __VA_ARGS__))

/* h′ = (1 − z) n + z h, n = tanh(W_in x + b_in + r (W_hn h + b_hn)); gates r, z, n
 *   input: [N, features] or [features]
 *   hidden: [N, H] or [H]; left out: 0
 *   weight_ih: [3·H, features]
 *   weight_hh: [3·H, H]
 *   bias_ih: [3·H]
 *   bias_hh: [3·H]
 *   hidden_size: H
 *   bias: owns biases, where none are wired */
typedef struct dg_gru_cell_options {
    bool bias;
    dg_node *hidden;
    dg_node *weight_ih;
    dg_node *weight_hh;
    dg_node *bias_ih;
    dg_node *bias_hh;
    const char *name;
} dg_gru_cell_options;
static inline dg_node *dg_gru_cell_at(dg_location at, dg_node *input, int64_t hidden_size, dg_gru_cell_options options)
{
    const dg_value attrs[] = {dg_int(hidden_size), dg_bool(options.bias)};
    dg_node *const inputs[] = {input, options.hidden, options.weight_ih, options.weight_hh, options.bias_ih, options.bias_hh};
    return dg_apply(&(dg_application){.op = "gru_cell", .name = options.name, .at = at, .n_inputs = 6, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_gru_cell(input, hidden_size, ...) dg_gru_cell_at(DG_HERE, (input), (hidden_size), DG_OPTIONS(dg_gru_cell_options, .bias = true, __VA_ARGS__))

/* c′ = f c + i g, h′ = o tanh c′, gates i, f, g, o of W_ih x + b_ih + W_hh h + b_hh
 *   input: [N, features] or [features]
 *   hidden: [N, H] or [H]; left out: 0
 *   cell: [N, H] or [H]; left out: 0
 *   weight_ih: [4·H, features]
 *   weight_hh: [4·H, H]
 *   bias_ih: [4·H]
 *   bias_hh: [4·H]
 *   hidden_size: H
 *   bias: owns biases, where none are wired
 *   outputs: h, c */
typedef struct dg_lstm_cell_options {
    bool bias;
    dg_node *hidden;
    dg_node *cell;
    dg_node *weight_ih;
    dg_node *weight_hh;
    dg_node *bias_ih;
    dg_node *bias_hh;
    const char *name;
} dg_lstm_cell_options;
static inline dg_node *dg_lstm_cell_at(dg_location at, dg_node *input, int64_t hidden_size, dg_lstm_cell_options options)
{
    const dg_value attrs[] = {dg_int(hidden_size), dg_bool(options.bias)};
    dg_node *const inputs[] = {input, options.hidden, options.cell, options.weight_ih, options.weight_hh, options.bias_ih, options.bias_hh};
    return dg_apply(&(dg_application){.op = "lstm_cell", .name = options.name, .at = at, .n_inputs = 7, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_lstm_cell(input, hidden_size, ...) dg_lstm_cell_at(DG_HERE, (input), (hidden_size), DG_OPTIONS(dg_lstm_cell_options, .bias = true, __VA_ARGS__))

/* ---- conv ---- */

/* y[n, o, p] = b[o] + Σ w[o, c, k]·x[n, c, p·stride − padding + k·dilation]
 *   input: [N, C, L], or one without N
 *   weight: [out, C/groups, k]
 *   bias: [out]; a layer with a wired weight and without out_channels owns none
 *   out_channels: channels of the result, where weight is not wired
 *   kernel_size: where weight is not wired
 *   stride: between windows
 *   padding: at both ends; same: as much as keeps the sizes; valid: none (same|valid)
 *   dilation: between the places that a window reads
 *   groups: channels are cut into as many groups, each with weights of its own
 *   bias: owns a bias, where none is wired
 *   padding_mode: what padding shows (zeros|reflect|replicate|circular)
 *   init: initialiser of weight */
typedef struct dg_conv1d_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    dg_ints dilation;
    int64_t groups;
    bool bias;
    const char *padding_mode;
    const char *init;
    dg_node *weight;
    dg_node *bias_node;
    const char *name;
} dg_conv1d_options;
static inline dg_node *dg_conv1d_at(dg_location at, dg_node *input, int64_t out_channels, dg_conv1d_options options)
{
    const dg_value attrs[] = {dg_int(out_channels), dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.dilation), dg_int(options.groups), dg_bool(options.bias), dg_text(options.padding_mode), dg_text(options.init)};
    dg_node *const inputs[] = {input, options.weight, options.bias_node};
    return dg_apply(&(dg_application){.op = "conv1d", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 9, .attrs = attrs, .attrs_in_order = true});
}
#define dg_conv1d(input, out_channels, ...) dg_conv1d_at(DG_HERE, (input), (out_channels), DG_OPTIONS(dg_conv1d_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = 1}, .padding = {.only = 0}, .dilation = {.only = 1}, .groups = 1, .bias = true, .padding_mode = "zeros", __VA_ARGS__))

/* y[n, o, p] = b[o] + Σ w[o, c, k]·x[n, c, p·stride − padding + k·dilation]
 *   input: [N, C, H, W], or one without N
 *   weight: [out, C/groups, kh, kw]
 *   bias: [out]; a layer with a wired weight and without out_channels owns none
 *   out_channels: channels of the result, where weight is not wired
 *   kernel_size: where weight is not wired
 *   stride: between windows
 *   padding: at both ends; same: as much as keeps the sizes; valid: none (same|valid)
 *   dilation: between the places that a window reads
 *   groups: channels are cut into as many groups, each with weights of its own
 *   bias: owns a bias, where none is wired
 *   padding_mode: what padding shows (zeros|reflect|replicate|circular)
 *   init: initialiser of weight
 *   algorithm: winograd: for a float32 result and input gradient, with half as much work, but rounding errors ten times as large (4e-5 on results of size 1); auto never takes it (auto|direct|winograd) */
typedef struct dg_conv2d_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    dg_ints dilation;
    int64_t groups;
    bool bias;
    const char *padding_mode;
    const char *init;
    const char *algorithm;
    dg_node *weight;
    dg_node *bias_node;
    const char *name;
} dg_conv2d_options;
static inline dg_node *dg_conv2d_at(dg_location at, dg_node *input, int64_t out_channels, dg_conv2d_options options)
{
    const dg_value attrs[] = {dg_int(out_channels), dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.dilation), dg_int(options.groups), dg_bool(options.bias), dg_text(options.padding_mode), dg_text(options.init), dg_text(options.algorithm)};
    dg_node *const inputs[] = {input, options.weight, options.bias_node};
    return dg_apply(&(dg_application){.op = "conv2d", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 10, .attrs = attrs, .attrs_in_order = true});
}
#define dg_conv2d(input, out_channels, ...) dg_conv2d_at(DG_HERE, (input), (out_channels), DG_OPTIONS(dg_conv2d_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = 1}, .padding = {.only = 0}, .dilation = {.only = 1}, .groups = 1, .bias = true, .padding_mode = "zeros", .algorithm = "auto", __VA_ARGS__))

/* y[n, o, p] = b[o] + Σ w[o, c, k]·x[n, c, p·stride − padding + k·dilation]
 *   input: [N, C, D, H, W], or one without N
 *   weight: [out, C/groups, kd, kh, kw]
 *   bias: [out]; a layer with a wired weight and without out_channels owns none
 *   out_channels: channels of the result, where weight is not wired
 *   kernel_size: where weight is not wired
 *   stride: between windows
 *   padding: at both ends; same: as much as keeps the sizes; valid: none (same|valid)
 *   dilation: between the places that a window reads
 *   groups: channels are cut into as many groups, each with weights of its own
 *   bias: owns a bias, where none is wired
 *   padding_mode: what padding shows (zeros|reflect|replicate|circular)
 *   init: initialiser of weight */
typedef struct dg_conv3d_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    dg_ints dilation;
    int64_t groups;
    bool bias;
    const char *padding_mode;
    const char *init;
    dg_node *weight;
    dg_node *bias_node;
    const char *name;
} dg_conv3d_options;
static inline dg_node *dg_conv3d_at(dg_location at, dg_node *input, int64_t out_channels, dg_conv3d_options options)
{
    const dg_value attrs[] = {dg_int(out_channels), dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.dilation), dg_int(options.groups), dg_bool(options.bias), dg_text(options.padding_mode), dg_text(options.init)};
    dg_node *const inputs[] = {input, options.weight, options.bias_node};
    return dg_apply(&(dg_application){.op = "conv3d", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 9, .attrs = attrs, .attrs_in_order = true});
}
#define dg_conv3d(input, out_channels, ...) dg_conv3d_at(DG_HERE, (input), (out_channels), DG_OPTIONS(dg_conv3d_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = 1}, .padding = {.only = 0}, .dilation = {.only = 1}, .groups = 1, .bias = true, .padding_mode = "zeros", __VA_ARGS__))

/* y[n, o, p·stride − padding + k·dilation] += w[c, o, k]·x[n, c, p], plus b[o]
 *   input: [N, C, L], or one without N
 *   weight: [C, out/groups, k]
 *   bias: [out]; a layer with a wired weight and without out_channels owns none
 *   out_channels: channels of the result, where weight is not wired
 *   kernel_size: where weight is not wired
 *   stride: between the places of the result that neighbours write to
 *   padding: places cut off at both ends
 *   output_padding: places added at the end
 *   groups: channels are cut into as many groups, each with weights of its own
 *   bias: owns a bias, where none is wired
 *   dilation: between the places that one input writes to
 *   init: initialiser of weight
 *   Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), section 4 */
typedef struct dg_conv_transpose1d_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    dg_ints output_padding;
    int64_t groups;
    bool bias;
    dg_ints dilation;
    const char *init;
    dg_node *weight;
    dg_node *bias_node;
    const char *name;
} dg_conv_transpose1d_options;
static inline dg_node *dg_conv_transpose1d_at(dg_location at, dg_node *input, int64_t out_channels, dg_conv_transpose1d_options options)
{
    const dg_value attrs[] = {dg_int(out_channels), dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.output_padding), dg_int(options.groups), dg_bool(options.bias), dg_ints_value(&options.dilation), dg_text(options.init)};
    dg_node *const inputs[] = {input, options.weight, options.bias_node};
    return dg_apply(&(dg_application){.op = "conv_transpose1d", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 9, .attrs = attrs, .attrs_in_order = true});
}
#define dg_conv_transpose1d(input, out_channels, ...) dg_conv_transpose1d_at(DG_HERE, (input), (out_channels), DG_OPTIONS(dg_conv_transpose1d_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = 1}, .padding = {.only = 0}, .output_padding = {.only = 0}, .groups = 1, .bias = true, .dilation = {.only = 1}, __VA_ARGS__))

/* y[n, o, p·stride − padding + k·dilation] += w[c, o, k]·x[n, c, p], plus b[o]
 *   input: [N, C, H, W], or one without N
 *   weight: [C, out/groups, kh, kw]
 *   bias: [out]; a layer with a wired weight and without out_channels owns none
 *   out_channels: channels of the result, where weight is not wired
 *   kernel_size: where weight is not wired
 *   stride: between the places of the result that neighbours write to
 *   padding: places cut off at both ends
 *   output_padding: places added at the end
 *   groups: channels are cut into as many groups, each with weights of its own
 *   bias: owns a bias, where none is wired
 *   dilation: between the places that one input writes to
 *   init: initialiser of weight
 *   Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), section 4 */
typedef struct dg_conv_transpose2d_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    dg_ints output_padding;
    int64_t groups;
    bool bias;
    dg_ints dilation;
    const char *init;
    dg_node *weight;
    dg_node *bias_node;
    const char *name;
} dg_conv_transpose2d_options;
static inline dg_node *dg_conv_transpose2d_at(dg_location at, dg_node *input, int64_t out_channels, dg_conv_transpose2d_options options)
{
    const dg_value attrs[] = {dg_int(out_channels), dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.output_padding), dg_int(options.groups), dg_bool(options.bias), dg_ints_value(&options.dilation), dg_text(options.init)};
    dg_node *const inputs[] = {input, options.weight, options.bias_node};
    return dg_apply(&(dg_application){.op = "conv_transpose2d", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 9, .attrs = attrs, .attrs_in_order = true});
}
#define dg_conv_transpose2d(input, out_channels, ...) dg_conv_transpose2d_at(DG_HERE, (input), (out_channels), DG_OPTIONS(dg_conv_transpose2d_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = 1}, .padding = {.only = 0}, .output_padding = {.only = 0}, .groups = 1, .bias = true, .dilation = {.only = 1}, __VA_ARGS__))

/* y[n, o, p·stride − padding + k·dilation] += w[c, o, k]·x[n, c, p], plus b[o]
 *   input: [N, C, D, H, W], or one without N
 *   weight: [C, out/groups, kd, kh, kw]
 *   bias: [out]; a layer with a wired weight and without out_channels owns none
 *   out_channels: channels of the result, where weight is not wired
 *   kernel_size: where weight is not wired
 *   stride: between the places of the result that neighbours write to
 *   padding: places cut off at both ends
 *   output_padding: places added at the end
 *   groups: channels are cut into as many groups, each with weights of its own
 *   bias: owns a bias, where none is wired
 *   dilation: between the places that one input writes to
 *   init: initialiser of weight
 *   Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), section 4 */
typedef struct dg_conv_transpose3d_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    dg_ints output_padding;
    int64_t groups;
    bool bias;
    dg_ints dilation;
    const char *init;
    dg_node *weight;
    dg_node *bias_node;
    const char *name;
} dg_conv_transpose3d_options;
static inline dg_node *dg_conv_transpose3d_at(dg_location at, dg_node *input, int64_t out_channels, dg_conv_transpose3d_options options)
{
    const dg_value attrs[] = {dg_int(out_channels), dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.output_padding), dg_int(options.groups), dg_bool(options.bias), dg_ints_value(&options.dilation), dg_text(options.init)};
    dg_node *const inputs[] = {input, options.weight, options.bias_node};
    return dg_apply(&(dg_application){.op = "conv_transpose3d", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 9, .attrs = attrs, .attrs_in_order = true});
}
#define dg_conv_transpose3d(input, out_channels, ...) dg_conv_transpose3d_at(DG_HERE, (input), (out_channels), DG_OPTIONS(dg_conv_transpose3d_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = 1}, .padding = {.only = 0}, .output_padding = {.only = 0}, .groups = 1, .bias = true, .dilation = {.only = 1}, __VA_ARGS__))

/* conv(x, w) with as many places as like has
 *   like: of the result's shape
 *   stride: as of conv (same|valid)
 *   padding: as of conv (same|valid)
 *   dilation: as of conv (same|valid)
 *   groups: as of conv
 *   padding_mode: as of conv (zeros|reflect|replicate|circular)
 *   algorithm: as of conv2d (auto|direct|winograd) */
typedef struct dg_conv_like_options {
    dg_ints stride;
    dg_ints padding;
    dg_ints dilation;
    int64_t groups;
    const char *padding_mode;
    const char *algorithm;
    const char *name;
} dg_conv_like_options;
static inline dg_node *dg_conv_like_at(dg_location at, dg_node *input, dg_node *weight, dg_node *like, dg_conv_like_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.dilation), dg_int(options.groups), dg_text(options.padding_mode), dg_text(options.algorithm)};
    dg_node *const inputs[] = {input, weight, like};
    return dg_apply(&(dg_application){.op = "conv_like", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 6, .attrs = attrs, .attrs_in_order = true});
}
#define dg_conv_like(input, weight, like, ...) dg_conv_like_at(DG_HERE, (input), (weight), (like), DG_OPTIONS(dg_conv_like_options, .stride = {.only = 1}, .padding = {.only = 0}, .dilation = {.only = 1}, .groups = 1, .padding_mode = "zeros", .algorithm = "auto", __VA_ARGS__))

/* the gradient of a convolution's input, from that of its result and its weight
 *   like: of the result's shape
 *   stride: as of conv (same|valid)
 *   padding: as of conv (same|valid)
 *   dilation: as of conv (same|valid)
 *   groups: as of conv
 *   padding_mode: as of conv (zeros|reflect|replicate|circular)
 *   algorithm: as of conv2d (auto|direct|winograd) */
typedef struct dg_conv_input_grad_options {
    dg_ints stride;
    dg_ints padding;
    dg_ints dilation;
    int64_t groups;
    const char *padding_mode;
    const char *algorithm;
    const char *name;
} dg_conv_input_grad_options;
static inline dg_node *dg_conv_input_grad_at(dg_location at, dg_node *grad, dg_node *weight, dg_node *like, dg_conv_input_grad_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.dilation), dg_int(options.groups), dg_text(options.padding_mode), dg_text(options.algorithm)};
    dg_node *const inputs[] = {grad, weight, like};
    return dg_apply(&(dg_application){.op = "conv_input_grad", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 6, .attrs = attrs, .attrs_in_order = true});
}
#define dg_conv_input_grad(grad, weight, like, ...) dg_conv_input_grad_at(DG_HERE, (grad), (weight), (like), DG_OPTIONS(dg_conv_input_grad_options, .stride = {.only = 1}, .padding = {.only = 0}, .dilation = {.only = 1}, .groups = 1, .padding_mode = "zeros", .algorithm = "auto", __VA_ARGS__))

/* the gradient of a convolution's weight, from its input and the gradient of its result
 *   like: of the result's shape
 *   stride: as of conv (same|valid)
 *   padding: as of conv (same|valid)
 *   dilation: as of conv (same|valid)
 *   groups: as of conv
 *   padding_mode: as of conv (zeros|reflect|replicate|circular)
 *   algorithm: as of conv2d (auto|direct|winograd) */
typedef struct dg_conv_weight_grad_options {
    dg_ints stride;
    dg_ints padding;
    dg_ints dilation;
    int64_t groups;
    const char *padding_mode;
    const char *algorithm;
    const char *name;
} dg_conv_weight_grad_options;
static inline dg_node *dg_conv_weight_grad_at(dg_location at, dg_node *input, dg_node *grad, dg_node *like, dg_conv_weight_grad_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.dilation), dg_int(options.groups), dg_text(options.padding_mode), dg_text(options.algorithm)};
    dg_node *const inputs[] = {input, grad, like};
    return dg_apply(&(dg_application){.op = "conv_weight_grad", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 6, .attrs = attrs, .attrs_in_order = true});
}
#define dg_conv_weight_grad(input, grad, like, ...) dg_conv_weight_grad_at(DG_HERE, (input), (grad), (like), DG_OPTIONS(dg_conv_weight_grad_options, .stride = {.only = 1}, .padding = {.only = 0}, .dilation = {.only = 1}, .groups = 1, .padding_mode = "zeros", .algorithm = "auto", __VA_ARGS__))

/* ---- pool ---- */

/* the greatest of each window; the first one on ties
 *   input: [N, C, sizes], or one without N
 *   kernel_size: places of a window; needed
 *   stride: between windows; kernel_size when left out
 *   padding: places at both ends that windows may cover and that hold nothing
 *   dilation: between the places of a window
 *   ceil_mode: a last window may hang over the end */
typedef struct dg_max_pool1d_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    dg_ints dilation;
    bool ceil_mode;
    const char *name;
} dg_max_pool1d_options;
static inline dg_node *dg_max_pool1d_at(dg_location at, dg_node *input, dg_max_pool1d_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.dilation), dg_bool(options.ceil_mode)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "max_pool1d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 5, .attrs = attrs, .attrs_in_order = true});
}
#define dg_max_pool1d(input, ...) dg_max_pool1d_at(DG_HERE, (input), DG_OPTIONS(dg_max_pool1d_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = DG_NONE}, .padding = {.only = 0}, .dilation = {.only = 1}, __VA_ARGS__))

/* the greatest of each window; the first one on ties
 *   input: [N, C, sizes], or one without N
 *   kernel_size: places of a window; needed
 *   stride: between windows; kernel_size when left out
 *   padding: places at both ends that windows may cover and that hold nothing
 *   dilation: between the places of a window
 *   ceil_mode: a last window may hang over the end */
typedef struct dg_max_pool2d_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    dg_ints dilation;
    bool ceil_mode;
    const char *name;
} dg_max_pool2d_options;
static inline dg_node *dg_max_pool2d_at(dg_location at, dg_node *input, dg_max_pool2d_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.dilation), dg_bool(options.ceil_mode)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "max_pool2d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 5, .attrs = attrs, .attrs_in_order = true});
}
#define dg_max_pool2d(input, ...) dg_max_pool2d_at(DG_HERE, (input), DG_OPTIONS(dg_max_pool2d_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = DG_NONE}, .padding = {.only = 0}, .dilation = {.only = 1}, __VA_ARGS__))

/* the greatest of each window; the first one on ties
 *   input: [N, C, sizes], or one without N
 *   kernel_size: places of a window; needed
 *   stride: between windows; kernel_size when left out
 *   padding: places at both ends that windows may cover and that hold nothing
 *   dilation: between the places of a window
 *   ceil_mode: a last window may hang over the end */
typedef struct dg_max_pool3d_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    dg_ints dilation;
    bool ceil_mode;
    const char *name;
} dg_max_pool3d_options;
static inline dg_node *dg_max_pool3d_at(dg_location at, dg_node *input, dg_max_pool3d_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.dilation), dg_bool(options.ceil_mode)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "max_pool3d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 5, .attrs = attrs, .attrs_in_order = true});
}
#define dg_max_pool3d(input, ...) dg_max_pool3d_at(DG_HERE, (input), DG_OPTIONS(dg_max_pool3d_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = DG_NONE}, .padding = {.only = 0}, .dilation = {.only = 1}, __VA_ARGS__))

/* the mean of each window
 *   input: [N, C, sizes], or one without N
 *   kernel_size: places of a window; needed
 *   stride: between windows; kernel_size when left out
 *   padding: places at both ends that windows may cover and that hold nothing
 *   ceil_mode: a last window may hang over the end
 *   count_include_pad: padding counts as zeros
 *   divisor_override: instead of the number of places */
typedef struct dg_avg_pool1d_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    bool ceil_mode;
    bool count_include_pad;
    int64_t divisor_override;
    const char *name;
} dg_avg_pool1d_options;
static inline dg_node *dg_avg_pool1d_at(dg_location at, dg_node *input, dg_avg_pool1d_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_bool(options.ceil_mode), dg_bool(options.count_include_pad), dg_int(options.divisor_override)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "avg_pool1d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 6, .attrs = attrs, .attrs_in_order = true});
}
#define dg_avg_pool1d(input, ...) dg_avg_pool1d_at(DG_HERE, (input), DG_OPTIONS(dg_avg_pool1d_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = DG_NONE}, .padding = {.only = 0}, .count_include_pad = true, .divisor_override = DG_NONE, __VA_ARGS__))

/* the mean of each window
 *   input: [N, C, sizes], or one without N
 *   kernel_size: places of a window; needed
 *   stride: between windows; kernel_size when left out
 *   padding: places at both ends that windows may cover and that hold nothing
 *   ceil_mode: a last window may hang over the end
 *   count_include_pad: padding counts as zeros
 *   divisor_override: instead of the number of places */
typedef struct dg_avg_pool2d_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    bool ceil_mode;
    bool count_include_pad;
    int64_t divisor_override;
    const char *name;
} dg_avg_pool2d_options;
static inline dg_node *dg_avg_pool2d_at(dg_location at, dg_node *input, dg_avg_pool2d_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_bool(options.ceil_mode), dg_bool(options.count_include_pad), dg_int(options.divisor_override)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "avg_pool2d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 6, .attrs = attrs, .attrs_in_order = true});
}
#define dg_avg_pool2d(input, ...) dg_avg_pool2d_at(DG_HERE, (input), DG_OPTIONS(dg_avg_pool2d_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = DG_NONE}, .padding = {.only = 0}, .count_include_pad = true, .divisor_override = DG_NONE, __VA_ARGS__))

/* the mean of each window
 *   input: [N, C, sizes], or one without N
 *   kernel_size: places of a window; needed
 *   stride: between windows; kernel_size when left out
 *   padding: places at both ends that windows may cover and that hold nothing
 *   ceil_mode: a last window may hang over the end
 *   count_include_pad: padding counts as zeros
 *   divisor_override: instead of the number of places */
typedef struct dg_avg_pool3d_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    bool ceil_mode;
    bool count_include_pad;
    int64_t divisor_override;
    const char *name;
} dg_avg_pool3d_options;
static inline dg_node *dg_avg_pool3d_at(dg_location at, dg_node *input, dg_avg_pool3d_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_bool(options.ceil_mode), dg_bool(options.count_include_pad), dg_int(options.divisor_override)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "avg_pool3d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 6, .attrs = attrs, .attrs_in_order = true});
}
#define dg_avg_pool3d(input, ...) dg_avg_pool3d_at(DG_HERE, (input), DG_OPTIONS(dg_avg_pool3d_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = DG_NONE}, .padding = {.only = 0}, .count_include_pad = true, .divisor_override = DG_NONE, __VA_ARGS__))

/* the greatest of as many windows as are wanted: ⌊o·in/out⌋ … ⌈(o + 1)·in/out⌉ − 1
 *   input: [N, C, sizes], or one without N
 *   output_size: windows of each dimension; needed */
typedef struct dg_adaptive_max_pool1d_options {
    dg_ints output_size;
    const char *name;
} dg_adaptive_max_pool1d_options;
static inline dg_node *dg_adaptive_max_pool1d_at(dg_location at, dg_node *input, dg_adaptive_max_pool1d_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.output_size)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "adaptive_max_pool1d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_adaptive_max_pool1d(input, ...) dg_adaptive_max_pool1d_at(DG_HERE, (input), DG_OPTIONS(dg_adaptive_max_pool1d_options, .output_size = {.only = DG_NONE}, __VA_ARGS__))

/* the greatest of as many windows as are wanted: ⌊o·in/out⌋ … ⌈(o + 1)·in/out⌉ − 1
 *   input: [N, C, sizes], or one without N
 *   output_size: windows of each dimension; needed */
typedef struct dg_adaptive_max_pool2d_options {
    dg_ints output_size;
    const char *name;
} dg_adaptive_max_pool2d_options;
static inline dg_node *dg_adaptive_max_pool2d_at(dg_location at, dg_node *input, dg_adaptive_max_pool2d_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.output_size)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "adaptive_max_pool2d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_adaptive_max_pool2d(input, ...) dg_adaptive_max_pool2d_at(DG_HERE, (input), DG_OPTIONS(dg_adaptive_max_pool2d_options, .output_size = {.only = DG_NONE}, __VA_ARGS__))

/* the greatest of as many windows as are wanted: ⌊o·in/out⌋ … ⌈(o + 1)·in/out⌉ − 1
 *   input: [N, C, sizes], or one without N
 *   output_size: windows of each dimension; needed */
typedef struct dg_adaptive_max_pool3d_options {
    dg_ints output_size;
    const char *name;
} dg_adaptive_max_pool3d_options;
static inline dg_node *dg_adaptive_max_pool3d_at(dg_location at, dg_node *input, dg_adaptive_max_pool3d_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.output_size)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "adaptive_max_pool3d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_adaptive_max_pool3d(input, ...) dg_adaptive_max_pool3d_at(DG_HERE, (input), DG_OPTIONS(dg_adaptive_max_pool3d_options, .output_size = {.only = DG_NONE}, __VA_ARGS__))

/* the mean of as many windows as are wanted: ⌊o·in/out⌋ … ⌈(o + 1)·in/out⌉ − 1
 *   input: [N, C, sizes], or one without N
 *   output_size: windows of each dimension; needed */
typedef struct dg_adaptive_avg_pool1d_options {
    dg_ints output_size;
    const char *name;
} dg_adaptive_avg_pool1d_options;
static inline dg_node *dg_adaptive_avg_pool1d_at(dg_location at, dg_node *input, dg_adaptive_avg_pool1d_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.output_size)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "adaptive_avg_pool1d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_adaptive_avg_pool1d(input, ...) dg_adaptive_avg_pool1d_at(DG_HERE, (input), DG_OPTIONS(dg_adaptive_avg_pool1d_options, .output_size = {.only = DG_NONE}, __VA_ARGS__))

/* the mean of as many windows as are wanted: ⌊o·in/out⌋ … ⌈(o + 1)·in/out⌉ − 1
 *   input: [N, C, sizes], or one without N
 *   output_size: windows of each dimension; needed */
typedef struct dg_adaptive_avg_pool2d_options {
    dg_ints output_size;
    const char *name;
} dg_adaptive_avg_pool2d_options;
static inline dg_node *dg_adaptive_avg_pool2d_at(dg_location at, dg_node *input, dg_adaptive_avg_pool2d_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.output_size)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "adaptive_avg_pool2d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_adaptive_avg_pool2d(input, ...) dg_adaptive_avg_pool2d_at(DG_HERE, (input), DG_OPTIONS(dg_adaptive_avg_pool2d_options, .output_size = {.only = DG_NONE}, __VA_ARGS__))

/* the mean of as many windows as are wanted: ⌊o·in/out⌋ … ⌈(o + 1)·in/out⌉ − 1
 *   input: [N, C, sizes], or one without N
 *   output_size: windows of each dimension; needed */
typedef struct dg_adaptive_avg_pool3d_options {
    dg_ints output_size;
    const char *name;
} dg_adaptive_avg_pool3d_options;
static inline dg_node *dg_adaptive_avg_pool3d_at(dg_location at, dg_node *input, dg_adaptive_avg_pool3d_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.output_size)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "adaptive_avg_pool3d", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_adaptive_avg_pool3d(input, ...) dg_adaptive_avg_pool3d_at(DG_HERE, (input), DG_OPTIONS(dg_adaptive_avg_pool3d_options, .output_size = {.only = DG_NONE}, __VA_ARGS__))

/* from, at the place of the greatest input of each window; no gradient through input
 *   dims: spatial dimensions: 1, 2 or 3
 *   kernel_size: places of a window; none: adaptive
 *   stride: between windows; kernel_size when left out
 *   padding: places at both ends that windows may cover and that hold nothing
 *   dilation: between the places of a window */
typedef struct dg_max_pool_gather_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    dg_ints dilation;
    const char *name;
} dg_max_pool_gather_options;
static inline dg_node *dg_max_pool_gather_at(dg_location at, dg_node *input, dg_node *from, dg_node *like, int64_t dims, dg_max_pool_gather_options options)
{
    const dg_value attrs[] = {dg_int(dims), dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.dilation)};
    dg_node *const inputs[] = {input, from, like};
    return dg_apply(&(dg_application){.op = "max_pool_gather", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 5, .attrs = attrs, .attrs_in_order = true});
}
#define dg_max_pool_gather(input, from, like, dims, ...) dg_max_pool_gather_at(DG_HERE, (input), (from), (like), (dims), DG_OPTIONS(dg_max_pool_gather_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = DG_NONE}, .padding = {.only = 0}, .dilation = {.only = 1}, __VA_ARGS__))

/* zeros with grad added at the place of the greatest input of each window; no gradient through input
 *   dims: spatial dimensions: 1, 2 or 3
 *   kernel_size: places of a window; none: adaptive
 *   stride: between windows; kernel_size when left out
 *   padding: places at both ends that windows may cover and that hold nothing
 *   dilation: between the places of a window */
typedef struct dg_max_pool_scatter_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    dg_ints dilation;
    const char *name;
} dg_max_pool_scatter_options;
static inline dg_node *dg_max_pool_scatter_at(dg_location at, dg_node *input, dg_node *grad, int64_t dims, dg_max_pool_scatter_options options)
{
    const dg_value attrs[] = {dg_int(dims), dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_ints_value(&options.dilation)};
    dg_node *const inputs[] = {input, grad};
    return dg_apply(&(dg_application){.op = "max_pool_scatter", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 5, .attrs = attrs, .attrs_in_order = true});
}
#define dg_max_pool_scatter(input, grad, dims, ...) dg_max_pool_scatter_at(DG_HERE, (input), (grad), (dims), DG_OPTIONS(dg_max_pool_scatter_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = DG_NONE}, .padding = {.only = 0}, .dilation = {.only = 1}, __VA_ARGS__))

/* the mean of each window, as many as like has
 *   dims: spatial dimensions: 1, 2 or 3
 *   kernel_size: places of a window; none: adaptive
 *   stride: between windows; kernel_size when left out
 *   padding: places at both ends that windows may cover and that hold nothing
 *   count_include_pad: padding counts as zeros
 *   divisor_override: instead of the number of places */
typedef struct dg_avg_pool_like_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    bool count_include_pad;
    int64_t divisor_override;
    const char *name;
} dg_avg_pool_like_options;
static inline dg_node *dg_avg_pool_like_at(dg_location at, dg_node *input, dg_node *like, int64_t dims, dg_avg_pool_like_options options)
{
    const dg_value attrs[] = {dg_int(dims), dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_bool(options.count_include_pad), dg_int(options.divisor_override)};
    dg_node *const inputs[] = {input, like};
    return dg_apply(&(dg_application){.op = "avg_pool_like", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 6, .attrs = attrs, .attrs_in_order = true});
}
#define dg_avg_pool_like(input, like, dims, ...) dg_avg_pool_like_at(DG_HERE, (input), (like), (dims), DG_OPTIONS(dg_avg_pool_like_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = DG_NONE}, .padding = {.only = 0}, .count_include_pad = true, .divisor_override = DG_NONE, __VA_ARGS__))

/* the gradient of average pooling: each grad spread over its window
 *   dims: spatial dimensions: 1, 2 or 3
 *   kernel_size: places of a window; none: adaptive
 *   stride: between windows; kernel_size when left out
 *   padding: places at both ends that windows may cover and that hold nothing
 *   count_include_pad: padding counts as zeros
 *   divisor_override: instead of the number of places */
typedef struct dg_avg_pool_grad_options {
    dg_ints kernel_size;
    dg_ints stride;
    dg_ints padding;
    bool count_include_pad;
    int64_t divisor_override;
    const char *name;
} dg_avg_pool_grad_options;
static inline dg_node *dg_avg_pool_grad_at(dg_location at, dg_node *grad, dg_node *like, int64_t dims, dg_avg_pool_grad_options options)
{
    const dg_value attrs[] = {dg_int(dims), dg_ints_value(&options.kernel_size), dg_ints_value(&options.stride), dg_ints_value(&options.padding), dg_bool(options.count_include_pad), dg_int(options.divisor_override)};
    dg_node *const inputs[] = {grad, like};
    return dg_apply(&(dg_application){.op = "avg_pool_grad", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 6, .attrs = attrs, .attrs_in_order = true});
}
#define dg_avg_pool_grad(grad, like, dims, ...) dg_avg_pool_grad_at(DG_HERE, (grad), (like), (dims), DG_OPTIONS(dg_avg_pool_grad_options, .kernel_size = {.only = DG_NONE}, .stride = {.only = DG_NONE}, .padding = {.only = 0}, .count_include_pad = true, .divisor_override = DG_NONE, __VA_ARGS__))

/* ---- shape ---- */

/* more places at the ends of the last dimensions
 *   pad: places before and after of the last dimension, then of the one before it, …; negative ones are cut
 *   mode: what the new places show (constant|reflect|replicate|circular)
 *   value: of mode=constant */
typedef struct dg_pad_options {
    const char *mode;
    double value;
    const char *name;
} dg_pad_options;
static inline dg_node *dg_pad_at(dg_location at, dg_node *input, dg_ints pad, dg_pad_options options)
{
    const dg_value attrs[] = {dg_ints_value(&pad), dg_text(options.mode), dg_float(options.value)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "pad", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_pad(input, pad, ...) dg_pad_at(DG_HERE, (input), DG_INTS_ARGUMENT(pad), DG_OPTIONS(dg_pad_options, .mode = "constant", __VA_ARGS__))

/* the gradient of pad in the modes that repeat elements: each added to the one that it repeats
 *   pad: places before and after of the last dimension, then of the one before it, …; negative ones are cut
 *   mode: what the new places show (constant|reflect|replicate|circular) */
typedef struct dg_pad_grad_options {
    const char *mode;
    const char *name;
} dg_pad_grad_options;
static inline dg_node *dg_pad_grad_at(dg_location at, dg_node *grad, dg_node *like, dg_ints pad, dg_pad_grad_options options)
{
    const dg_value attrs[] = {dg_ints_value(&pad), dg_text(options.mode)};
    dg_node *const inputs[] = {grad, like};
    return dg_apply(&(dg_application){.op = "pad_grad", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_pad_grad(grad, like, pad, ...) dg_pad_grad_at(DG_HERE, (grad), (like), DG_INTS_ARGUMENT(pad), DG_OPTIONS(dg_pad_grad_options, .mode = "constant", __VA_ARGS__))

/* ---- conv ---- */

/* what each window of an image covers, as a column: [N, C, H, W] to [N, C·kernel, L]
 *   kernel_size: places of a window; needed
 *   dilation: between the places of one
 *   padding: zeros at both ends
 *   stride: between windows */
typedef struct dg_unfold_options {
    dg_ints kernel_size;
    dg_ints dilation;
    dg_ints padding;
    dg_ints stride;
    const char *name;
} dg_unfold_options;
static inline dg_node *dg_unfold_at(dg_location at, dg_node *input, dg_unfold_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.kernel_size), dg_ints_value(&options.dilation), dg_ints_value(&options.padding), dg_ints_value(&options.stride)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "unfold", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_unfold(input, ...) dg_unfold_at(DG_HERE, (input), DG_OPTIONS(dg_unfold_options, .kernel_size = {.only = DG_NONE}, .dilation = {.only = 1}, .padding = {.only = 0}, .stride = {.only = 1}, __VA_ARGS__))

/* an image from the columns of its windows, added where they overlap: the transposed of unfold
 *   output_size: H and W; needed
 *   kernel_size: places of a window; needed
 *   dilation: between the places of one
 *   padding: zeros at both ends
 *   stride: between windows */
typedef struct dg_fold_options {
    dg_ints output_size;
    dg_ints kernel_size;
    dg_ints dilation;
    dg_ints padding;
    dg_ints stride;
    const char *name;
} dg_fold_options;
static inline dg_node *dg_fold_at(dg_location at, dg_node *input, dg_fold_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.output_size), dg_ints_value(&options.kernel_size), dg_ints_value(&options.dilation), dg_ints_value(&options.padding), dg_ints_value(&options.stride)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "fold", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 5, .attrs = attrs, .attrs_in_order = true});
}
#define dg_fold(input, ...) dg_fold_at(DG_HERE, (input), DG_OPTIONS(dg_fold_options, .output_size = {.only = DG_NONE}, .kernel_size = {.only = DG_NONE}, .dilation = {.only = 1}, .padding = {.only = 0}, .stride = {.only = 1}, __VA_ARGS__))

/* fold to the shape of like
 *   kernel_size: places of a window; needed
 *   dilation: between the places of one
 *   padding: zeros at both ends
 *   stride: between windows */
typedef struct dg_unfold_grad_options {
    dg_ints kernel_size;
    dg_ints dilation;
    dg_ints padding;
    dg_ints stride;
    const char *name;
} dg_unfold_grad_options;
static inline dg_node *dg_unfold_grad_at(dg_location at, dg_node *grad, dg_node *like, dg_unfold_grad_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.kernel_size), dg_ints_value(&options.dilation), dg_ints_value(&options.padding), dg_ints_value(&options.stride)};
    dg_node *const inputs[] = {grad, like};
    return dg_apply(&(dg_application){.op = "unfold_grad", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_unfold_grad(grad, like, ...) dg_unfold_grad_at(DG_HERE, (grad), (like), DG_OPTIONS(dg_unfold_grad_options, .kernel_size = {.only = DG_NONE}, .dilation = {.only = 1}, .padding = {.only = 0}, .stride = {.only = 1}, __VA_ARGS__))

/* ---- shape ---- */

/* [.., C·r², H, W] to [.., C, H·r, W·r]: channels become pixels
 *   upscale_factor: r
 *   Source: Shi et al., Real-time single image and video super-resolution (2016) */
typedef struct dg_pixel_shuffle_options {
    const char *name;
} dg_pixel_shuffle_options;
static inline dg_node *dg_pixel_shuffle_at(dg_location at, dg_node *input, int64_t upscale_factor, dg_pixel_shuffle_options options)
{
    const dg_value attrs[] = {dg_int(upscale_factor)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "pixel_shuffle", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_pixel_shuffle(input, upscale_factor, ...) dg_pixel_shuffle_at(DG_HERE, (input), (upscale_factor), DG_OPTIONS(dg_pixel_shuffle_options, __VA_ARGS__))

/* [.., C, H·r, W·r] to [.., C·r², H, W]: pixels become channels
 *   downscale_factor: r */
typedef struct dg_pixel_unshuffle_options {
    const char *name;
} dg_pixel_unshuffle_options;
static inline dg_node *dg_pixel_unshuffle_at(dg_location at, dg_node *input, int64_t downscale_factor, dg_pixel_unshuffle_options options)
{
    const dg_value attrs[] = {dg_int(downscale_factor)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "pixel_unshuffle", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_pixel_unshuffle(input, downscale_factor, ...) dg_pixel_unshuffle_at(DG_HERE, (input), (downscale_factor), DG_OPTIONS(dg_pixel_unshuffle_options, __VA_ARGS__))

/* images [N, C, sizes] of another size
 *   size: new sizes, without N and C
 *   scale_factor: new sizes by old ones
 *   mode: how old places are mixed (nearest|nearest-exact|linear|bilinear|trilinear|bicubic|area)
 *   align_corners: the first and last places stay, instead of the edges */
typedef struct dg_interpolate_options {
    dg_ints size;
    double scale_factor;
    const char *mode;
    bool align_corners;
    const char *name;
} dg_interpolate_options;
static inline dg_node *dg_interpolate_at(dg_location at, dg_node *input, dg_interpolate_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.size), dg_float(options.scale_factor), dg_text(options.mode), dg_bool(options.align_corners)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "interpolate", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_interpolate(input, ...) dg_interpolate_at(DG_HERE, (input), DG_OPTIONS(dg_interpolate_options, .size = {.only = DG_NONE}, .scale_factor = DG_NO_NUMBER, .mode = "nearest", __VA_ARGS__))

/* interpolate along one dimension
 *   dim: the dimension
 *   size: new places
 *   scale_factor: new sizes by old ones
 *   mode: how old places are mixed (nearest|nearest-exact|linear|cubic)
 *   align_corners: the first and last places stay, instead of the edges */
typedef struct dg_resample_options {
    int64_t size;
    double scale_factor;
    const char *mode;
    bool align_corners;
    const char *name;
} dg_resample_options;
static inline dg_node *dg_resample_at(dg_location at, dg_node *input, int64_t dim, dg_resample_options options)
{
    const dg_value attrs[] = {dg_int(dim), dg_int(options.size), dg_float(options.scale_factor), dg_text(options.mode), dg_bool(options.align_corners)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "resample", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 5, .attrs = attrs, .attrs_in_order = true});
}
#define dg_resample(input, dim, ...) dg_resample_at(DG_HERE, (input), (dim), DG_OPTIONS(dg_resample_options, .size = DG_NONE, .scale_factor = DG_NO_NUMBER, .mode = "nearest", __VA_ARGS__))

/* the gradient of resample: each grad added to the places that it was mixed from
 *   dim: the dimension
 *   size: new places
 *   scale_factor: new sizes by old ones
 *   mode: how old places are mixed (nearest|nearest-exact|linear|cubic)
 *   align_corners: the first and last places stay, instead of the edges */
typedef struct dg_resample_grad_options {
    int64_t size;
    double scale_factor;
    const char *mode;
    bool align_corners;
    const char *name;
} dg_resample_grad_options;
static inline dg_node *dg_resample_grad_at(dg_location at, dg_node *grad, dg_node *like, int64_t dim, dg_resample_grad_options options)
{
    const dg_value attrs[] = {dg_int(dim), dg_int(options.size), dg_float(options.scale_factor), dg_text(options.mode), dg_bool(options.align_corners)};
    dg_node *const inputs[] = {grad, like};
    return dg_apply(&(dg_application){.op = "resample_grad", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 5, .attrs = attrs, .attrs_in_order = true});
}
#define dg_resample_grad(grad, like, dim, ...) dg_resample_grad_at(DG_HERE, (grad), (like), (dim), DG_OPTIONS(dg_resample_grad_options, .size = DG_NONE, .scale_factor = DG_NO_NUMBER, .mode = "nearest", __VA_ARGS__))

/* ---- norm ---- */

/* y = (x − mean)/√(var + eps) over dim, with the biased variance
 *   dim: what mean and variance go over; those left are neighbours
 *   eps: added to the variance
 *   outputs: output, mean, var */
typedef struct dg_standardize_options {
    double eps;
    const char *name;
} dg_standardize_options;
static inline dg_node *dg_standardize_at(dg_location at, dg_node *input, dg_ints dim, dg_standardize_options options)
{
    const dg_value attrs[] = {dg_ints_value(&dim), dg_float(options.eps)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "standardize", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_standardize(input, dim, ...) dg_standardize_at(DG_HERE, (input), DG_INTS_ARGUMENT(dim), DG_OPTIONS(dg_standardize_options, .eps = 1e-5, __VA_ARGS__))

/* dx = (g − mean(g) − y mean(g y))/√(var + eps) over dim: the gradient of standardize, whose value is y
 *   grad_output: g
 *   output: y
 *   dim: what mean and variance go over; those left are neighbours
 *   eps: added to the variance */
typedef struct dg_standardize_backward_options {
    double eps;
    const char *name;
} dg_standardize_backward_options;
static inline dg_node *dg_standardize_backward_at(dg_location at, dg_node *grad_output, dg_node *output, dg_node *var, dg_ints dim, dg_standardize_backward_options options)
{
    const dg_value attrs[] = {dg_ints_value(&dim), dg_float(options.eps)};
    dg_node *const inputs[] = {grad_output, output, var};
    return dg_apply(&(dg_application){.op = "standardize_backward", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_standardize_backward(grad_output, output, var, dim, ...) dg_standardize_backward_at(DG_HERE, (grad_output), (output), (var), DG_INTS_ARGUMENT(dim), DG_OPTIONS(dg_standardize_backward_options, .eps = 1e-5, __VA_ARGS__))

/* y = w·(x − mean)/√(var + eps) + b for each channel of [N, C, …]: of the batch in training, running ones otherwise
 *   input: [N, C, …]
 *   weight: [C]
 *   bias: [C]
 *   running_mean: [C], moved by momentum in training
 *   running_var: [C], unbiased, moved by momentum in training
 *   eps: added to the variance
 *   momentum: the weight of a new batch
 *   affine: owns weight and bias, where none is wired
 *   track_running_stats: owns running_mean and running_var, where none is wired
 *   training: true: always the batch's statistics, false: always the running ones (none|true|false)
 *   Source: Ioffe, Szegedy 2015, algorithms 1 and 2 */
typedef struct dg_batch_norm_options {
    double eps;
    double momentum;
    bool affine;
    bool track_running_stats;
    const char *training;
    dg_node *weight;
    dg_node *bias;
    dg_node *running_mean;
    dg_node *running_var;
    const char *name;
} dg_batch_norm_options;
static inline dg_node *dg_batch_norm_at(dg_location at, dg_node *input, dg_batch_norm_options options)
{
    const dg_value attrs[] = {dg_float(options.eps), dg_float(options.momentum), dg_bool(options.affine), dg_bool(options.track_running_stats), dg_text(options.training)};
    dg_node *const inputs[] = {input, options.weight, options.bias, options.running_mean, options.running_var};
    return dg_apply(&(dg_application){.op = "batch_norm", .name = options.name, .at = at, .n_inputs = 5, .inputs = inputs, .n_attrs = 5, .attrs = attrs, .attrs_in_order = true});
}
#define dg_batch_norm(input, ...) dg_batch_norm_at(DG_HERE, (input), DG_OPTIONS(dg_batch_norm_options, .eps = 1e-5, .momentum = 0.1, .affine = true, .track_running_stats = true, .training = "none", __VA_ARGS__))

/* y = w·(x − mean)/√(var + eps) + b over the last dimensions
 *   weight: normalized_shape
 *   bias: normalized_shape
 *   normalized_shape: the last sizes, over which the mean goes; when left out, those of a wired weight or the last one
 *   eps: added to the variance
 *   elementwise_affine: owns weight and bias
 *   bias: owns a bias, where none is wired
 *   Source: Ba, Kiros, Hinton 2016 */
typedef struct dg_layer_norm_options {
    dg_ints normalized_shape;
    double eps;
    bool elementwise_affine;
    bool bias;
    dg_node *weight;
    dg_node *bias_node;
    const char *name;
} dg_layer_norm_options;
static inline dg_node *dg_layer_norm_at(dg_location at, dg_node *input, dg_layer_norm_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.normalized_shape), dg_float(options.eps), dg_bool(options.elementwise_affine), dg_bool(options.bias)};
    dg_node *const inputs[] = {input, options.weight, options.bias_node};
    return dg_apply(&(dg_application){.op = "layer_norm", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_layer_norm(input, ...) dg_layer_norm_at(DG_HERE, (input), DG_OPTIONS(dg_layer_norm_options, .normalized_shape = {.only = DG_NONE}, .eps = 1e-5, .elementwise_affine = true, .bias = true, __VA_ARGS__))

/* y = w·x/√(mean(x²) + eps) over the last dimensions
 *   weight: normalized_shape
 *   normalized_shape: the last sizes, over which the mean goes; when left out, those of a wired weight or the last one
 *   eps: added to the mean square; the float type's epsilon when left out
 *   elementwise_affine: owns a weight
 *   Source: Zhang, Sennrich 2019, eq. 4 */
typedef struct dg_rms_norm_options {
    dg_ints normalized_shape;
    double eps;
    bool elementwise_affine;
    dg_node *weight;
    const char *name;
} dg_rms_norm_options;
static inline dg_node *dg_rms_norm_at(dg_location at, dg_node *input, dg_rms_norm_options options)
{
    const dg_value attrs[] = {dg_ints_value(&options.normalized_shape), dg_float(options.eps), dg_bool(options.elementwise_affine)};
    dg_node *const inputs[] = {input, options.weight};
    return dg_apply(&(dg_application){.op = "rms_norm", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_rms_norm(input, ...) dg_rms_norm_at(DG_HERE, (input), DG_OPTIONS(dg_rms_norm_options, .normalized_shape = {.only = DG_NONE}, .eps = DG_NO_NUMBER, .elementwise_affine = true, __VA_ARGS__))

/* y = w·(x − mean)/√(var + eps) + b over each group of channels of [N, C, …]
 *   input: [N, C, …]
 *   weight: [C]
 *   bias: [C]
 *   num_groups: divides the channels
 *   eps: added to the variance
 *   affine: owns weight and bias, where none is wired
 *   Source: Wu, He 2018, eq. 1 */
typedef struct dg_group_norm_options {
    double eps;
    bool affine;
    dg_node *weight;
    dg_node *bias;
    const char *name;
} dg_group_norm_options;
static inline dg_node *dg_group_norm_at(dg_location at, dg_node *input, int64_t num_groups, dg_group_norm_options options)
{
    const dg_value attrs[] = {dg_int(num_groups), dg_float(options.eps), dg_bool(options.affine)};
    dg_node *const inputs[] = {input, options.weight, options.bias};
    return dg_apply(&(dg_application){.op = "group_norm", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_group_norm(input, num_groups, ...) dg_group_norm_at(DG_HERE, (input), (num_groups), DG_OPTIONS(dg_group_norm_options, .eps = 1e-5, .affine = true, __VA_ARGS__))

/* y = w·(x − mean)/√(var + eps) + b over each channel of each sample of [N, C, …]
 *   input: [N, C, …]
 *   weight: [C]
 *   bias: [C]
 *   eps: added to the variance
 *   affine: owns weight and bias, where none is wired
 *   Source: Ulyanov, Vedaldi, Lempitsky 2016 */
typedef struct dg_instance_norm_options {
    double eps;
    bool affine;
    dg_node *weight;
    dg_node *bias;
    const char *name;
} dg_instance_norm_options;
static inline dg_node *dg_instance_norm_at(dg_location at, dg_node *input, dg_instance_norm_options options)
{
    const dg_value attrs[] = {dg_float(options.eps), dg_bool(options.affine)};
    dg_node *const inputs[] = {input, options.weight, options.bias};
    return dg_apply(&(dg_application){.op = "instance_norm", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 2, .attrs = attrs, .attrs_in_order = true});
}
#define dg_instance_norm(input, ...) dg_instance_norm_at(DG_HERE, (input), DG_OPTIONS(dg_instance_norm_options, .eps = 1e-5, __VA_ARGS__))

/* y = x/max(‖x‖, eps) along dim
 *   p: of the norm
 *   dim: what the norm goes over
 *   eps: the least that is divided by */
typedef struct dg_normalize_options {
    double p;
    dg_ints dim;
    double eps;
    const char *name;
} dg_normalize_options;
static inline dg_node *dg_normalize_at(dg_location at, dg_node *input, dg_normalize_options options)
{
    const dg_value attrs[] = {dg_float(options.p), dg_ints_value(&options.dim), dg_float(options.eps)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "normalize", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_normalize(input, ...) dg_normalize_at(DG_HERE, (input), DG_OPTIONS(dg_normalize_options, .p = 2, .dim = {.only = 1}, .eps = 1e-12, __VA_ARGS__))

/* w = g·v/‖v‖: a weight as a length and a direction for each index along dim
 *   weight_g: the size of dim, 1 for the others; [] without dim
 *   dim: what the norm does not go over; −1: one norm of all
 *   Source: Salimans, Kingma 2016, eq. 2 */
typedef struct dg_weight_norm_options {
    int64_t dim;
    dg_node *weight_g;
    const char *name;
} dg_weight_norm_options;
static inline dg_node *dg_weight_norm_at(dg_location at, dg_node *weight_v, dg_weight_norm_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {weight_v, options.weight_g};
    return dg_apply(&(dg_application){.op = "weight_norm", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_weight_norm(weight_v, ...) dg_weight_norm_at(DG_HERE, (weight_v), DG_OPTIONS(dg_weight_norm_options, __VA_ARGS__))

/* y = x/(k + alpha/size·Σ x²)^beta, the sum over size channels around each
 *   input: [N, C, …]
 *   size: channels that are summed
 *   alpha: α
 *   beta: β
 *   k: k
 *   Source: Krizhevsky, Sutskever, Hinton 2012, section 3.3 */
typedef struct dg_local_response_norm_options {
    double alpha;
    double beta;
    double k;
    const char *name;
} dg_local_response_norm_options;
static inline dg_node *dg_local_response_norm_at(dg_location at, dg_node *input, int64_t size, dg_local_response_norm_options options)
{
    const dg_value attrs[] = {dg_int(size), dg_float(options.alpha), dg_float(options.beta), dg_float(options.k)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "local_response_norm", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_local_response_norm(input, size, ...) dg_local_response_norm_at(DG_HERE, (input), (size), DG_OPTIONS(dg_local_response_norm_options, .alpha = 1e-4, .beta = 0.75, .k = 1, __VA_ARGS__))

/* ---- embedding ---- */

/* y[i] = x[index[i]] along dim
 *   index: int64 or int32, from 0 on
 *   dim: the dimension that the indices run along */
typedef struct dg_index_select_options {
    int64_t dim;
    const char *name;
} dg_index_select_options;
static inline dg_node *dg_index_select_at(dg_location at, dg_node *input, dg_node *index, dg_index_select_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input, index};
    return dg_apply(&(dg_application){.op = "index_select", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_index_select(input, index, ...) dg_index_select_at(DG_HERE, (input), (index), DG_OPTIONS(dg_index_select_options, __VA_ARGS__))

/* zeros in the shape of like with x[i] added at index[i] along dim
 *   index: int64 or int32, from 0 on
 *   dim: the dimension that the indices run along */
typedef struct dg_index_add_like_options {
    int64_t dim;
    const char *name;
} dg_index_add_like_options;
static inline dg_node *dg_index_add_like_at(dg_location at, dg_node *input, dg_node *index, dg_node *like, dg_index_add_like_options options)
{
    const dg_value attrs[] = {dg_int(options.dim)};
    dg_node *const inputs[] = {input, index, like};
    return dg_apply(&(dg_application){.op = "index_add_like", .name = options.name, .at = at, .n_inputs = 3, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_index_add_like(input, index, like, ...) dg_index_add_like_at(DG_HERE, (input), (index), (like), DG_OPTIONS(dg_index_add_like_options, __VA_ARGS__))

/* y = the rows of the weight that the input numbers
 *   input: int64 or int32, from 0 on
 *   weight: [num_embeddings, embedding_dim]
 *   num_embeddings: rows, where weight is not wired
 *   embedding_dim: columns, where weight is not wired
 *   padding_idx: a row that no gradient reaches, and that starts as 0
 *   init: initialiser of weight; N(0, 1) when left out */
typedef struct dg_embedding_options {
    int64_t num_embeddings;
    int64_t embedding_dim;
    int64_t padding_idx;
    const char *init;
    dg_node *weight;
    const char *name;
} dg_embedding_options;
static inline dg_node *dg_embedding_at(dg_location at, dg_node *input, dg_embedding_options options)
{
    const dg_value attrs[] = {dg_int(options.num_embeddings), dg_int(options.embedding_dim), dg_int(options.padding_idx), dg_text(options.init)};
    dg_node *const inputs[] = {input, options.weight};
    return dg_apply(&(dg_application){.op = "embedding", .name = options.name, .at = at, .n_inputs = 2, .inputs = inputs, .n_attrs = 4, .attrs = attrs, .attrs_in_order = true});
}
#define dg_embedding(input, ...) dg_embedding_at(DG_HERE, (input), DG_OPTIONS(dg_embedding_options, .num_embeddings = DG_NONE, .embedding_dim = DG_NONE, .padding_idx = DG_NONE, __VA_ARGS__))

/* y[.., c] = 1 where x is c, else 0, as int64
 *   input: int64 or int32, from 0 on
 *   num_classes: values are below it */
typedef struct dg_one_hot_options {
    const char *name;
} dg_one_hot_options;
static inline dg_node *dg_one_hot_at(dg_location at, dg_node *input, int64_t num_classes, dg_one_hot_options options)
{
    const dg_value attrs[] = {dg_int(num_classes)};
    dg_node *const inputs[] = {input};
    return dg_apply(&(dg_application){.op = "one_hot", .name = options.name, .at = at, .n_inputs = 1, .inputs = inputs, .n_attrs = 1, .attrs = attrs, .attrs_in_order = true});
}
#define dg_one_hot(input, num_classes, ...) dg_one_hot_at(DG_HERE, (input), (num_classes), DG_OPTIONS(dg_one_hot_options, __VA_ARGS__))

/* ---- attention ---- */

/* y = softmax(q·kᵀ·scale + mask)·v
 *   query: [.., L, E]
 *   key: [.., S, E]
 *   value: [.., S, Ev]
 *   attn_mask: broadcast to [.., L, S]; bool: true counts (a query that sees no key gives 0); floats are added to the scores, −inf: does not count
 *   dropout_p: of the weights, in training
 *   is_causal: query i sees keys 0 … i
 *   scale: 1/√E when left out
 *   Source: Vaswani et al. 2017, eq. 1 */
typedef struct dg_scaled_dot_product_attention_options {
    double dropout_p;
    bool is_causal;
    double scale;
    dg_node *attn_mask;
    const char *name;
} dg_scaled_dot_product_attention_options;
static inline dg_node *dg_scaled_dot_product_attention_at(dg_location at, dg_node *query, dg_node *key, dg_node *value, dg_scaled_dot_product_attention_options options)
{
    const dg_value attrs[] = {dg_float(options.dropout_p), dg_bool(options.is_causal), dg_float(options.scale)};
    dg_node *const inputs[] = {query, key, value, options.attn_mask};
    return dg_apply(&(dg_application){.op = "scaled_dot_product_attention", .name = options.name, .at = at, .n_inputs = 4, .inputs = inputs, .n_attrs = 3, .attrs = attrs, .attrs_in_order = true});
}
#define dg_scaled_dot_product_attention(query, key, value, ...) dg_scaled_dot_product_attention_at(DG_HERE, (query), (key), (value), DG_OPTIONS(dg_scaled_dot_product_attention_options, .scale = DG_NO_NUMBER, __VA_ARGS__))

/* attention in num_heads parts of the features, over [N, T, features]
 *   query: [N, L, embed_dim] or [L, embed_dim]
 *   key: [N, S, kdim]; the query when left out
 *   value: [N, S, vdim]; the key when left out
 *   key_padding_mask: [N, S]; bool: true does not count; floats are added
 *   attn_mask: [L, S] or [N·num_heads, L, S]; bool: true does not count; floats are added
 *   in_proj_weight: [3·embed_dim, embed_dim]: query, key, value
 *   q_proj_weight: [embed_dim, embed_dim], with a kdim or vdim of its own
 *   k_proj_weight: [embed_dim, kdim]
 *   v_proj_weight: [embed_dim, vdim]
 *   in_proj_bias: [3·embed_dim]
 *   out_proj.weight: [embed_dim, embed_dim]
 *   out_proj.bias: [embed_dim]
 *   embed_dim: features of query and output
 *   num_heads: divides embed_dim
 *   dropout: of the weights, in training
 *   bias: owns biases
 *   kdim: features of key; embed_dim when left out
 *   vdim: features of value; embed_dim when left out
 *   batch_first: true: [N, T, features], the layout here; false: [T, N, features], PyTorch's default
 *   is_causal: query i sees keys 0 … i
 *   outputs: output, attn_weights
 *   Source: Vaswani et al. 2017, section 3.2.2 */
typedef struct dg_multihead_attention_options {
    double dropout;
    bool bias;
    int64_t kdim;
    int64_t vdim;
    bool batch_first;
    bool is_causal;
    dg_node *key;
    dg_node *value;
    dg_node *key_padding_mask;
    dg_node *attn_mask;
    dg_node *in_proj_weight;
    dg_node *q_proj_weight;
    dg_node *k_proj_weight;
    dg_node *v_proj_weight;
    dg_node *in_proj_bias;
    dg_node *out_proj_weight;
    dg_node *out_proj_bias;
    const char *name;
} dg_multihead_attention_options;
static inline dg_node *dg_multihead_attention_at(dg_location at, dg_node *query, int64_t embed_dim, int64_t num_heads, dg_multihead_attention_options options)
{
    const dg_value attrs[] = {dg_int(embed_dim), dg_int(num_heads), dg_float(options.dropout), dg_bool(options.bias), dg_int(options.kdim), dg_int(options.vdim), dg_bool(options.batch_first), dg_bool(options.is_causal)};
    dg_node *const inputs[] = {query, options.key, options.value, options.key_padding_mask, options.attn_mask, options.in_proj_weight, options.q_proj_weight, options.k_proj_weight, options.v_proj_weight, options.in_proj_bias, options.out_proj_weight, options.out_proj_bias};
    return dg_apply(&(dg_application){.op = "multihead_attention", .name = options.name, .at = at, .n_inputs = 12, .inputs = inputs, .n_attrs = 8, .attrs = attrs, .attrs_in_order = true});
}
#define dg_multihead_attention(query, embed_dim, num_heads, ...) dg_multihead_attention_at(DG_HERE, (query), (embed_dim), (num_heads), DG_OPTIONS(dg_multihead_attention_options, .bias = true, .kdim = DG_NONE, .vdim = DG_NONE, .batch_first = true, __VA_ARGS__))

/* x + attention(x), then x + linear2(activation(linear1(x))), each with a layer_norm; over [N, T, d]
 *   src: [N, T, d_model] or [T, d_model]
 *   src_mask: [T, T]; bool: true does not count; floats are added
 *   src_key_padding_mask: [N, T]; bool: true does not count; floats are added
 *   self_attn.in_proj_weight: [3·d_model, d_model]
 *   self_attn.in_proj_bias: [3·d_model]
 *   self_attn.out_proj.weight: [d_model, d_model]
 *   self_attn.out_proj.bias: [d_model]
 *   linear1.weight: [dim_feedforward, d_model]
 *   linear1.bias: [dim_feedforward]
 *   linear2.weight: [d_model, dim_feedforward]
 *   linear2.bias: [d_model]
 *   norm1.weight: [d_model]
 *   norm1.bias: [d_model]
 *   norm2.weight: [d_model]
 *   norm2.bias: [d_model]
 *   d_model: features
 *   nhead: divides d_model
 *   dim_feedforward: features between linear1 and linear2
 *   dropout: of the weights and after each part, in training
 *   activation: between linear1 and linear2 (relu|gelu)
 *   layer_norm_eps: added to the variance
 *   batch_first: true: [N, T, features], the layout here; false: [T, N, features], PyTorch's default
 *   norm_first: normalises what goes into each part, not the sums
 *   bias: owns biases
 *   is_causal: place i sees 0 … i
 *   Source: Vaswani et al. 2017, section 3.1 */
typedef struct dg_transformer_encoder_layer_options {
    int64_t dim_feedforward;
    double dropout;
    const char *activation;
    double layer_norm_eps;
    bool batch_first;
    bool norm_first;
    bool bias;
    bool is_causal;
    dg_node *src_mask;
    dg_node *src_key_padding_mask;
    dg_node *self_attn_in_proj_weight;
    dg_node *self_attn_in_proj_bias;
    dg_node *self_attn_out_proj_weight;
    dg_node *self_attn_out_proj_bias;
    dg_node *linear1_weight;
    dg_node *linear1_bias;
    dg_node *linear2_weight;
    dg_node *linear2_bias;
    dg_node *norm1_weight;
    dg_node *norm1_bias;
    dg_node *norm2_weight;
    dg_node *norm2_bias;
    const char *name;
} dg_transformer_encoder_layer_options;
static inline dg_node *dg_transformer_encoder_layer_at(dg_location at, dg_node *src, int64_t d_model, int64_t nhead, dg_transformer_encoder_layer_options options)
{
    const dg_value attrs[] = {dg_int(d_model), dg_int(nhead), dg_int(options.dim_feedforward), dg_float(options.dropout), dg_text(options.activation), dg_float(options.layer_norm_eps), dg_bool(options.batch_first), dg_bool(options.norm_first), dg_bool(options.bias), dg_bool(options.is_causal)};
    dg_node *const inputs[] = {src, options.src_mask, options.src_key_padding_mask, options.self_attn_in_proj_weight, options.self_attn_in_proj_bias, options.self_attn_out_proj_weight, options.self_attn_out_proj_bias, options.linear1_weight, options.linear1_bias, options.linear2_weight, options.linear2_bias, options.norm1_weight, options.norm1_bias, options.norm2_weight, options.norm2_bias};
    return dg_apply(&(dg_application){.op = "transformer_encoder_layer", .name = options.name, .at = at, .n_inputs = 15, .inputs = inputs, .n_attrs = 10, .attrs = attrs, .attrs_in_order = true});
}
#define dg_transformer_encoder_layer(src, d_model, nhead, ...) dg_transformer_encoder_layer_at(DG_HERE, (src), (d_model), (nhead), DG_OPTIONS(dg_transformer_encoder_layer_options, .dim_feedforward = 2048, .dropout = 0.1, .activation = "relu", .layer_norm_eps = 1e-5, .batch_first = true, .bias = true, __VA_ARGS__))

#endif
