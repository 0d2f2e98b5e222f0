/* What the families of losses share: reductions, and formulas over an input and its target. */
#ifndef OPS_LOSSES_H
#define OPS_LOSSES_H

#include "ops/shared/describe.h"

#include <dotgrad/op.h>

#include <string.h>

static inline bool is_name(const dg_value *value, const char *name)
{
    return strcmp(value->s, name) == 0;
}

/* The mean or sum of all losses, or the losses as they are. */
dg_node *reduced(dg_node *losses, const dg_value *reduction);
/* The type of that, of input 0's float type. */
dg_status infer_reduced(const dg_infer *infer, const dg_shape *losses, const dg_value *reduction);

/* Shape rule: floats, input and target of one shape (or a target of one number); attribute 0 is the reduction. */
dg_status loss_of_pair_infer(const dg_infer *infer);

/* A formula over x and t, its numbers put in by printf's rules. */
dg_node *loss_of_pair(dg_node *x, dg_node *t, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define REDUCTION                                                                                                      \
    {                                                                                                                  \
        .name = "reduction", .kind = DG_ATTR_NAME, .fallback = "mean", .doc = "of the losses: mean, sum or none",      \
        .choices = "mean|sum|none"                                                                                     \
    }
#define PAIR_INPUTS                                                                                                    \
    {                                                                                                                  \
        {.name = "input"},                                                                                             \
        {                                                                                                              \
            .name = "target", .doc = "in input's shape, or one number"                                                 \
        }                                                                                                              \
    }

#endif
