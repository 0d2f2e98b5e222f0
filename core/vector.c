/* Which vector code runs on this processor. */
#include "vector.h"

#include <dotgrad/formula.h>

#include <stdlib.h>
#include <string.h>

extern const vector_table vector_table_base;
#ifdef __x86_64__
extern const vector_table vector_table_v3, vector_table_v4;

static bool has_v3(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
}

static bool has_v4(void)
{
    return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

const vector_table *vector_table_named(const char *isa)
{
#ifdef __x86_64__
    if (strcmp(isa, "v4") == 0)
        return has_v4() ? &vector_table_v4 : NULL;
    if (strcmp(isa, "v3") == 0)
        return has_v3() ? &vector_table_v3 : NULL;
#endif
    return strcmp(isa, "base") == 0 ? &vector_table_base : NULL;
}

const vector_table *vector_table_best(void)
{
    static const char *const names[] = {"v4", "v3"};
    const char *cap = getenv("DG_ISA");
    bool base_only = cap && strcmp(cap, "base") == 0, not_v4 = cap && strcmp(cap, "v3") == 0;
    for (size_t k = not_v4 ? 1 : 0; !base_only && k < sizeof names / sizeof names[0]; k++) {
        const vector_table *table = vector_table_named(names[k]);
        if (table)
            return table;
    }
    return &vector_table_base;
}

dg_array_function dg_primitive_array(const char *name, dg_dtype dtype)
{
    int primitive = primitive_find(name, (int)strlen(name));
    if (primitive < 0 || !dg_dtype_is_float(dtype))
        return NULL;
    return vector_table_best()->kernels[dtype == DG_FLOAT32 ? LANE_F32 : LANE_F64][primitive];
}

const char *dg_isa(void)
{
    return vector_table_best()->name;
}
