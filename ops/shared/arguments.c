#include "arguments.h"

#include <dotgrad/ops/shape.h>

dg_status axes_from(const dg_value *dims, int rank, axes *set)
{
    *set = (axes){{false}};
    bool all = !is_given(dims) || dims->count == 0;
    for (int d = 0; all && d < rank; d++)
        set->has[d] = true;
    for (size_t i = 0; !all && i < dims->count; i++) {
        int axis;
        DG_TRY(dg_infer_dim(dims->items[i].i, rank, &axis));
        if (rank == 0)
            continue;
        if (set->has[axis])
            return dg_error(DG_BAD_SHAPE, "dimension %d is given twice", axis);
        set->has[axis] = true;
    }
    return dg_ok();
}

dg_node *restore_dims(dg_node *reduced, int rank, const dg_value *dims, bool keepdim)
{
    axes set;
    if (!reduced || keepdim || !is_given(dims) || dims->count == 0 || axes_from(dims, rank, &set).code != DG_OK)
        return reduced;
    for (int d = 0; d < rank; d++)
        if (set.has[d])
            reduced = dg_unsqueeze(reduced, d);
    return reduced;
}
