/* How ops read their attributes: dimensions, lists, values that may be absent. */
#ifndef OPS_ARGUMENTS_H
#define OPS_ARGUMENTS_H

#include <dotgrad/op.h>

static inline bool is_given(const dg_value *value)
{
    return value->kind != DG_VALUE_NONE;
}

static inline int64_t int_or(const dg_value *value, int64_t fallback)
{
    return is_given(value) ? value->i : fallback;
}

/* An attribute for an option of a builder, where DG_NONE is "absent". */
static inline int64_t int_option(const dg_value *value)
{
    return int_or(value, DG_NONE);
}

static inline dg_ints ints_option(const dg_value *value)
{
    dg_ints ints = {.only = DG_NONE};
    for (size_t i = 0; is_given(value) && i < value->count && i < DG_MAX_INTS; i++)
        ints.at[ints.count++] = value->items[i].i;
    return ints;
}

/* A dtype attribute; absent means the graph's float type. */
static inline dg_dtype dtype_or_default(const dg_value *value, const dg_graph *graph)
{
    dg_dtype dtype = (dg_dtype)int_or(value, DG_DEFAULT_DTYPE);
    return dtype == DG_DEFAULT_DTYPE ? dg_graph_dtype(graph) : dtype;
}

/* A set of dimensions of a tensor. */
typedef struct axes {
    bool has[DG_MAX_RANK];
} axes;

/* From a list of dimensions, negative ones counted from the end; an absent or empty list is all of them.
 * DG_BAD_SHAPE: one that the tensor does not have, or has twice in the list. */
dg_status axes_from(const dg_value *dims, int rank, axes *set);

/* Puts the reduced dimensions back, of size 1, into the result of a reduction of a tensor of `rank`. */
dg_node *restore_dims(dg_node *reduced, int rank, const dg_value *dims, bool keepdim);

#endif
