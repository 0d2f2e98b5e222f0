/* Which vector code runs on this processor. */
#include "vector.h"

#include <dotgrad/formula.h>

#ifdef __x86_64__
#include <cpuid.h>
#endif
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
/* Conversions of float16, which __builtin_cpu_supports of some compilers does not know. */
static bool has_f16c(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

static bool has_v3(void)
{
    return has_f16c() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
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
        return has_v4() ? &vector_tables_v4 : NULL;
    if (strcmp(isa, "v3") == 0)
        return has_v3() ? &vector_tables_v3 : NULL;
#endif
    return strcmp(isa, "base") == 0 ? &vector_tables_base : NULL;
}

static dg_isa_level find_best(void)
{
    static const char *const names[] = {[DG_ISA_BASE] = "base", [DG_ISA_V3] = "v3", [DG_ISA_V4] = "v4"};
    const char *cap = getenv("DG_ISA");
    dg_isa_level level = DG_ISA_V4;
    while (level > DG_ISA_BASE && cap && strcmp(cap, names[level]) != 0 &&
           (strcmp(cap, "base") == 0 || strcmp(cap, "v3") == 0))
        level--;
    while (level > DG_ISA_BASE && !vector_table_named(names[level]))
        level--;
    return level;
}

dg_isa_level dg_isa_best(void)
{
    static atomic_int known; /* 1 + the level; threads that look at the same time find the same */
    int level = atomic_load_explicit(&known, memory_order_relaxed);
    if (level == 0) {
        level = 1 + (int)find_best();
        atomic_store_explicit(&known, level, memory_order_relaxed);
    }
    return (dg_isa_level)(level - 1);
}

dg_array_function dg_primitive_array(const char *name, dg_dtype dtype)
{
    if (!name)
        return NULL;
    int primitive = primitive_find(name, (int)strlen(name));
    if (primitive < 0 || !dg_dtype_is_float(dtype))
        return NULL;
    return vector_tables()->kernels[dtype == DG_FLOAT32 ? LANE_F32 : LANE_F64][primitive];
}

void dg_half_widen(dg_dtype type, const void *from, int64_t count, float *to)
{
    if (dg_dtype_is_half(type) && from && to && count > 0)
        vector_tables()->load[LANE_F32][type](to, from, 1, (size_t)count);
}

const char *dg_isa(void)
{
    return vector_tables()->name;
}
