/* What dotgrad bench measures. */
#ifndef TOOLS_BENCH_H
#define TOOLS_BENCH_H

#include <dotgrad/plan.h>

typedef struct bench_result {
    const char *graph, *mode;
    int64_t batch_size;
    int threads;
    int64_t steps;              /* those that were timed */
    double least, median, most; /* seconds a step */
    dg_plan_cost cost;
    size_t peak_memory; /* bytes that the process held at most */
} bench_result;

void bench_print(const bench_result *result);
/* One JSON object. */
dg_status bench_print_json(const bench_result *result);
/* A line for each step of a plan that keeps a profile, the slowest first. */
dg_status bench_print_profile(const dg_plan *plan);

#endif
