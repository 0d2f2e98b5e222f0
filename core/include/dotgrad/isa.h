/* Kernels that are compiled once for each instruction set and chosen at run time.
 *
 * A source of such kernels is in the list `kernel_sources` of its folder's meson.build; it is compiled with
 * ISA = base, v3 (AVX2 and FMA) and v4 (AVX-512), and ends in one table of its functions:
 *
 *   const pool_table DG_ISA_NAME(pool_kernels) = {.max = max_pool, …};
 *
 * The header that declares the type makes the table known with DG_ISA_TABLE(pool_table, pool_kernels): then
 * pool_kernels() is the best one that runs here. */
#ifndef DOTGRAD_ISA_H
#define DOTGRAD_ISA_H

#include <dotgrad/status.h>

DG_BEGIN_C

typedef enum dg_isa_level { DG_ISA_BASE, DG_ISA_V3, DG_ISA_V4 } dg_isa_level;

/* The best that the processor has, capped by the environment's DG_ISA (base, v3 or v4), which is read once. */
dg_isa_level dg_isa_best(void);
/* Its name: "base", "v3" or "v4". */
const char *dg_isa(void);

#define DG_ISA_JOIN_AGAIN(name, isa) name##_##isa
#define DG_ISA_JOIN(name, isa)       DG_ISA_JOIN_AGAIN(name, isa)
#define DG_ISA_NAME(name)            DG_ISA_JOIN(name, ISA)

#ifdef __x86_64__
#define DG_ISA_TABLE(type, name)                                                                                       \
    extern const type name##_base, name##_v3, name##_v4;                                                               \
    static inline const type *name(void)                                                                               \
    {                                                                                                                  \
        dg_isa_level level = dg_isa_best();                                                                            \
        return level == DG_ISA_V4 ? &name##_v4 : level == DG_ISA_V3 ? &name##_v3 : &name##_base;                       \
    }
#else
#define DG_ISA_TABLE(type, name)                                                                                       \
    extern const type name##_base;                                                                                     \
    static inline const type *name(void)                                                                               \
    {                                                                                                                  \
        return &name##_base;                                                                                           \
    }
#endif

DG_END_C

#endif
