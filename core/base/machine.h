/* What kernels are cut by: vectors and registers of the instruction set that a source is compiled for, and the caches
 * of the core that runs it. Blocks may follow the caches; the order of sums never does, so that results have the same
 * bits on all machines of one instruction set. */
#ifndef CORE_BASE_MACHINE_H
#define CORE_BASE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

#if defined(__AVX512F__) || defined(__aarch64__)
#define VECTOR_REGISTERS 32
#else
#define VECTOR_REGISTERS 16
#endif

/* A core's own caches of data, in bytes. */
typedef struct machine_caches {
    size_t first, second;
} machine_caches;

/* As the system tells them, 32 KiB and 512 KiB where it does not; DG_CACHES=32K,512K of the environment has precedence.
 * Read once. */
machine_caches machine_here(void);
/* Whether so many bytes are more than the caches near the core hold: only then does it pay to ask for them ahead. */
static inline bool lies_far(double bytes)
{
    return bytes > 4 * (double)machine_here().second;
}

/* "32K,512K" or, in bytes, "32768,524288"; false: it says nothing else. */
bool machine_caches_parse(const char *text, machine_caches *caches);

#endif
