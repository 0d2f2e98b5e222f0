/* Vector kernels: plain C loops, compiled once for each instruction set and chosen when a program is made. */
#ifndef CORE_VECTOR_H
#define CORE_VECTOR_H

#include <dotgrad/isa.h>
#include <dotgrad/tensor.h>

#include "core/formula/primitives.h"

/* What elements are computed in. Conditions are numbers there, 0 and 1. */
typedef enum lane_kind { LANE_F32, LANE_F64, LANE_I32, LANE_I64, LANE_COUNT } lane_kind;

/* Kernels beyond the primitives; the numbers between are those of constants and inputs. */
enum { V_COPY = PRIMITIVE_COUNT + 2, VECTOR_KERNELS };
enum { DTYPE_COUNT = DG_BFLOAT16 + 1 };

/* r[i] = f(a[i], b[i], c[i]). r may be one of the arguments; arguments that a primitive does not have are not read.
 * An element's bits depend on its arguments alone, not on n or its place. */
typedef void (*vector_kernel)(void *r, const void *a, const void *b, const void *c, size_t n);
/* r[i] = a[i·stride], converted to the lane's type. */
typedef void (*vector_load)(void *r, const void *a, int64_t stride, size_t n);
/* r[i] = a[i], converted from the lane's type, to all but those of 16 bits. */
typedef void (*vector_store)(void *r, const void *a, size_t n);

typedef struct vector_table {
    const char *name;
    vector_kernel kernels[LANE_COUNT][VECTOR_KERNELS]; /* NULL: not for integers */
    vector_load load[LANE_COUNT][DTYPE_COUNT];
    vector_load load_condition[LANE_COUNT][DTYPE_COUNT]; /* a[i·stride] != 0 */
    vector_store store[LANE_COUNT][DTYPE_COUNT];
    bool (*any_not_finite[LANE_F64 + 1])(const void *a, size_t n); /* infinite or NaN, among n elements */
} vector_table;

/* "base", "v3", "v4"; NULL when the processor or the build has it not. */
const vector_table *vector_table_named(const char *isa);
/* vector_tables(): the best one here. */
DG_ISA_TABLE(vector_table, vector_tables)

#endif
