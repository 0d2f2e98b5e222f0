/* Initialisers by name: the table of those that ship and those that are registered, reading a call, filling a tensor.
 */
#include "core/base/descriptors.h"
#include "core/base/null.h"
#include "core/value/value.h"
#include "graph.h"

#include <dotgrad/parameters.h>

#include <math.h>
#include <stdio.h>

#define SHIPPED(name) extern const dg_initialiser name##_initialiser;
#include "core/graph/initialisers/shipped.h"
#undef SHIPPED
#define SHIPPED(name) &name##_initialiser,
static const void *const shipped[] = {
#include "core/graph/initialisers/shipped.h"
    NULL};

static descriptors table = {"initialiser", shipped, PTHREAD_MUTEX_INITIALIZER, NULL, 0};

dg_status dg_register_initialiser(const dg_initialiser *initialiser)
{
    REFUSE_NULL(initialiser);
    DG_TRY(registry_status());
    if (initialiser->name && (!initialiser->summary || !(initialiser->fill || initialiser->solve)))
        return dg_error(DG_BAD_ARGUMENT, "initialiser '%s' has no summary, or neither fill nor solve",
                        initialiser->name);
    if (initialiser->arguments[DG_MOST_INIT_ARGUMENTS].name)
        return dg_error(DG_BAD_ARGUMENT, "initialiser '%s' has more than %d arguments",
                        initialiser->name ? initialiser->name : "?", DG_MOST_INIT_ARGUMENTS);
    static const char *const taken[] = {NULL};
    if (initialiser->name)
        DG_TRY(arguments_check(table.what, initialiser->name, initialiser->arguments, DG_MOST_INIT_ARGUMENTS, taken));
    return descriptors_add(&table, initialiser);
}

const dg_initialiser *dg_initialiser_at(size_t index)
{
    return registry_status().code == DG_OK ? descriptors_at(&table, index) : NULL;
}

const dg_initialiser *dg_initialiser_find(const char *name)
{
    return name && registry_status().code == DG_OK ? descriptors_find(&table, name) : NULL;
}

const char *dg_initialiser_name_at(size_t index)
{
    const dg_initialiser *initialiser = dg_initialiser_at(index);
    return initialiser ? initialiser->name : NULL;
}

static bool has_name(const dg_value *init)
{
    return init->kind == DG_VALUE_CALL || init->kind == DG_VALUE_NAME || init->kind == DG_VALUE_STRING ||
           init->kind == DG_VALUE_TEXT;
}

const dg_initialiser *dg_init_of(const dg_value *init)
{
    return init && has_name(init) ? dg_initialiser_find(init->s) : NULL;
}

/* Reads the arguments; what they are worth depends on a tensor. */
static dg_status read_arguments(const dg_value *init, dg_init_call *call)
{
    char what[80];
    dg_arena *arena; /* of the text of an argument that is refused */
    DG_TRY(registry_status());
    call->initialiser = dg_init_of(init);
    if (!call->initialiser)
        return descriptors_unknown(&table, init->s);
    snprintf(what, sizeof what, "initialiser '%.60s'", init->s);
    DG_TRY(dg_arena_new(&arena));
    dg_status status = dg_arguments_read(arena, what, init, call->initialiser->arguments, call->values, call->given);
    dg_arena_free(arena);
    return status;
}

dg_status init_is_known(const dg_value *init)
{
    return has_name(init) ? read_arguments(init, &(dg_init_call){0}) : dg_ok();
}

bool dg_init_needs_data(const dg_value *init)
{
    const dg_initialiser *initialiser = dg_init_of(init);
    return initialiser && initialiser->needs_data;
}

/* A weight [out, in, …]: what lies behind the first two dimensions is the receptive field. */
static void set_fans(const dg_shape *shape, dg_init_call *call)
{
    double field = 1;
    for (int d = 2; d < shape->rank; d++)
        field *= (double)shape->dims[d];
    call->fan_in = (double)shape->dims[1] * field;
    call->fan_out = (double)shape->dims[0] * field;
}

static dg_status check(const dg_type *type, dg_init_call *call)
{
    const dg_initialiser *initialiser = call->initialiser;
    char text[DG_SHAPE_TEXT];
    if (!initialiser->any_dtype && !dg_dtype_is_float(type->dtype))
        return dg_error(DG_BAD_DTYPE, "needs float32 or float64, not %s", dg_dtype_name(type->dtype));
    if (type->shape.rank < initialiser->least_rank && initialiser->least_rank == 2)
        return dg_error(DG_BAD_SHAPE, "shape %s has no input and output side, which takes rank 2 or more",
                        dg_shape_print(&type->shape, text, sizeof text));
    if (type->shape.rank < initialiser->least_rank)
        return dg_error(DG_BAD_SHAPE, "shape %s has a rank below %d", dg_shape_print(&type->shape, text, sizeof text),
                        initialiser->least_rank);
    if (initialiser->least_rank == 2)
        set_fans(&type->shape, call);
    return initialiser->check ? initialiser->check(call, type) : dg_ok();
}

/* Reads a call for a tensor of that type; nothing is filled. */
static dg_status read_call(const dg_type *type, const dg_value *init, dg_init_call *call)
{
    if (!has_name(init))
        return dg_error(DG_BAD_ARGUMENT, "an initialiser is a name or a call such as constant(0.5)");
    DG_TRY(read_arguments(init, call));
    return dg_prefixed(check(type, call), "initialiser '%.60s'", init->s);
}

dg_status dg_init_check(const dg_type *type, const dg_value *init)
{
    REFUSE_NULL(type);
    REFUSE_NULL(init);
    return read_call(type, init, &(dg_init_call){0});
}

static dg_status begin_call(const dg_tensor *tensor, const dg_value *init, const dg_random *key,
                            const dg_init_data *data, dg_init_call *call)
{
    *call = (dg_init_call){0};
    DG_TRY(read_call(&(dg_type){.dtype = tensor->dtype, .shape = tensor->shape}, init, call));
    if (call->initialiser->needs_data && !data)
        return dg_error(DG_BAD_ARGUMENT, "initialiser '%s' needs data to look at", init->s);
    call->key = key;
    call->data = call->initialiser->needs_data ? data : NULL;
    return dg_ok();
}

/* Every number must be one: a constant of 1e39, say, is infinite in float32. */
static dg_status check_filled(const dg_tensor *tensor)
{
    int64_t count = dg_dtype_is_float(tensor->dtype) ? dg_tensor_count(tensor) : 0;
    for (int64_t i = 0; i < count; i++) {
        double value = dg_tensor_get(tensor, i);
        if (!isfinite(value))
            return dg_error(DG_NUMERIC, "a value is %s in %s, expected a finite number",
                            isnan(value) ? "nan"
                            : value < 0  ? "-inf"
                                         : "inf",
                            dg_dtype_name(tensor->dtype));
    }
    return dg_ok();
}

dg_status dg_init_fill_from(dg_tensor *tensor, const dg_value *init, const dg_random *key, const dg_init_data *data)
{
    REFUSE_NULL(tensor);
    REFUSE_NULL(init);
    REFUSE_NULL(key);
    dg_init_call call;
    DG_TRY(begin_call(tensor, init, key, data, &call));
    if (!call.initialiser->fill)
        return dg_error(DG_BAD_ARGUMENT, "initialiser '%s' is for the weight of a layer that feeds a loss", init->s);
    if (dg_tensor_count(tensor) == 0)
        return dg_ok();
    dg_status status = call.initialiser->fill(tensor, &call);
    return dg_prefixed(status.code == DG_OK ? check_filled(tensor) : status, "initialiser '%s'", init->s);
}

dg_status dg_init_solve(dg_tensor *weight, dg_tensor *bias, const dg_value *init, const dg_random *key,
                        const dg_init_data *data)
{
    REFUSE_NULL(weight);
    REFUSE_NULL(init);
    REFUSE_NULL(key);
    dg_init_call call;
    DG_TRY(begin_call(weight, init, key, data, &call));
    if (!call.initialiser->solve)
        return dg_error(DG_BAD_ARGUMENT, "initialiser '%s' does not solve for a layer", init->s);
    dg_status status = call.initialiser->solve(weight, bias, &call);
    if (status.code == DG_OK)
        status = check_filled(weight);
    if (status.code == DG_OK && bias)
        status = check_filled(bias);
    return dg_prefixed(status, "initialiser '%s'", init->s);
}

dg_status dg_init_fill(dg_tensor *tensor, const dg_value *init, const dg_random *key)
{
    REFUSE_NULL(tensor);
    REFUSE_NULL(init);
    REFUSE_NULL(key);
    return dg_init_fill_from(tensor, init, key, NULL);
}
