/* Reductions with a kernel: each is a file such as sum.c, and a line of meson.build. The file is compiled once for each
 * instruction set, with ISA defined, which gives its loops, and once without, which gives the op:
 *
 *   #include "reduction.h"
 *   #ifdef ISA
 *   #define LOOPS              sum_loops
 *   #define NEUTRAL            0
 *   #define FIRST(x)           (x)
 *   #define REAL_COMBINE(a, b) ((a) + (b))
 *   …                                        (all_types.template.h says what each means)
 *   #include "all_types.template.h"
 *   #else
 *   DG_ISA_TABLE(reduction_loops, sum_loops)
 *   …
 *   static const dg_op sum_ops[] = {REDUCTION("sum", …)};
 *   const dg_op_family sum_family = DG_FAMILY(sum_ops);
 *   #endif */
#ifndef OPS_REDUCTION_H
#define OPS_REDUCTION_H

#include "loops.h"

#ifdef ISA

#include <math.h>

#include "core/base/join.h"
#include "ops/shared/lanes.h"

enum {
    ROW_BLOCK = 8 * LANES_BYTES, /* neighbours that are added in lanes */
    COLUMN_BLOCK = 16,           /* rows that are added one after the other */
    WIDE = 256,                  /* columns that are worth a loop */
    MADE = 4096                  /* elements that a prologue is asked for */
};

/* Types of results: the element's own, int64 (of integers), true or false. */
#define SAME(type)  type
#define WIDE(type)  int64_t
#define TRUTH(type) uint8_t

#else

#include "ops/shared/describe.h"

#include <dotgrad/op.h>

/* Shape rules, of the attributes dim and keepdim: floats alone; integers and conditions to int64; of one element at
 * least, of its type; to conditions. */
dg_status reduction_infer_float(const dg_infer *infer);
dg_status reduction_infer_sum(const dg_infer *infer);
dg_status reduction_infer_choice(const dg_infer *infer);
dg_status reduction_infer_truth(const dg_infer *infer);
/* What they are made of. */
dg_status reduction_shape(const dg_infer *infer, const dg_value *dims, bool keepdim, bool need_elements);
dg_status reduction_of_floats(const dg_infer *infer);

double reduction_flops(const dg_infer *infer);
size_t reduction_workspace(const dg_kernel *kernel);
dg_layout reduction_layout(const dg_kernel *kernel, int k);
dg_status reduction_forward(const dg_kernel *kernel, const reduction_loops *loops);
void reduction_terms(const dg_kernel *kernel, int64_t at, dg_terms *terms);
/* Of the sum over a set of dimensions of a tensor. */
void reduction_terms_over(const dg_shape *shape, const axes *set, int64_t at, dg_terms *terms);

/* A node of the result's shape, such as the cotangent, with the reduced dimensions back as 1. */
dg_node *reduction_kept(const dg_backward *vjp, dg_node *node);
/* Those that share the greatest (least) value share its gradient evenly. */
void reduction_choice_backward(const dg_backward *vjp);

#define DIM_ATTR                                                                                                       \
    {                                                                                                                  \
        .name = "dim", .kind = DG_ATTR_INTS, .fallback = "none",                                                       \
        .doc = "the dimension or dimensions; all when left out or empty, as in PyTorch"                                \
    }
#define KEEPDIM_ATTR                                                                                                   \
    {                                                                                                                  \
        .name = "keepdim", .kind = DG_ATTR_BOOL, .fallback = "false", .doc = "keeps them, of size 1"                   \
    }
#define REDUCTION_SAMPLES(op_name, kind)                                                                               \
    SAMPLES({op_name, {"[3, 4]" kind}}, {op_name "(dim=1)", {"[3, 4]" kind}},                                          \
            {op_name "(dim=-1, keepdim=true)", {"[3, 4]" kind}}, {op_name "(dim=[0, 2])", {"[2, 3, 4]" kind}},         \
            {op_name "(dim=[0, -1], keepdim=true)", {"[2, 3, 4]" kind}})

/* One with a kernel, and the attributes dim and keepdim; `sums`: its terms, or NULL. */
#define REDUCTION(op_name, summary_text, kind, flags_value, infer_rule, kernel, derivative, sums)                      \
    {                                                                                                                  \
        .name = op_name, .family = "reduce", .summary = summary_text, .inputs = {{.name = "input"}},                   \
        .attrs = {DIM_ATTR, KEEPDIM_ATTR}, .flags = (flags_value) | DG_EPILOGUE | DG_PROLOGUE | DG_ANY_LAYOUT,         \
        .infer = infer_rule, .forward = kernel, .workspace = reduction_workspace, .layout = reduction_layout,          \
        .backward = derivative, .flops = reduction_flops, .terms = sums, .samples = REDUCTION_SAMPLES(op_name, kind)   \
    }

#endif
#endif
