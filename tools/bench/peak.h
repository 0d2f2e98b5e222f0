/* What the machine can do at most: multiply-adds and reading of memory, to measure speeds against. */
#ifndef TOOLS_PEAK_H
#define TOOLS_PEAK_H

#include <dotgrad/isa.h>
#include <dotgrad/threads.h>

typedef struct peak_table {
    int64_t flops; /* of one round of `multiply` */
    /* Runs rounds of float32 multiply-adds that never leave the registers. The result depends on all of them. */
    float (*multiply)(int64_t rounds, float factor, float term);
    /* Reads `count` floats, a multiple of 1024, 64-byte aligned. */
    float (*read)(const float *numbers, int64_t count);
} peak_table;
DG_ISA_TABLE(peak_table, peak_kernels)

typedef struct machine_peak {
    double flops; /* float32, a second */
    double bytes; /* read from memory, a second */
} machine_peak;

/* Of all threads together, the best of what `seconds` show. DG_NO_MEMORY. */
dg_status peak_measure(dg_threads *threads, double seconds, machine_peak *peak);

#endif
