/* What the machine can do at most: multiply-adds and reading of memory, to measure speeds against. */
#ifndef TOOLS_PEAK_H
#define TOOLS_PEAK_H

#include <dotgrad/isa.h>
#include <dotgrad/threads.h>

enum { PEAK_TILE_DEPTH = 128 };

typedef struct peak_table {
    int64_t flops; /* of one round of `multiply` */
    /* Runs rounds of float32 multiply-adds that never leave the registers. The result depends on all of them. */
    float (*multiply)(int64_t rounds, float factor, float term);
    int64_t tile_flops; /* of one round of `tile` */
    /* The same with operands from the first cache: a [depth, 6], b [depth, 32], 64-byte aligned. A neighbour on the
     * same core slows this down, and not `multiply`. */
    float (*tile)(int64_t rounds, const float *a, const float *b);
    /* Reads `count` floats, a multiple of 1024, 64-byte aligned. */
    float (*read)(const float *numbers, int64_t count);
} peak_table;
DG_ISA_TABLE(peak_table, peak_kernels)

typedef struct machine_peak {
    double flops; /* float32, a second */
    double tile;  /* the same, with operands from the first cache */
    double bytes; /* read from memory, a second */
} machine_peak;

/* tile/flops on one thread: some 0.95 where the core is this process's own, 0.6 to 0.75 where a neighbour shares it. */
double peak_tile_share(void);
/* Of all threads together, the best of what `seconds` show. DG_NO_MEMORY. */
dg_status peak_measure(dg_threads *threads, double seconds, machine_peak *peak);

#endif
