/* The machine's peaks: the best of many short runs. */
#include "peak.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { ROUNDS = 1 << 16, PIECES_A_THREAD = 8 };
#define PAGE  ((size_t)2 << 20)
#define BYTES ((size_t)256 << 20) /* more than the caches hold */

typedef struct peak_run {
    float *numbers;
    int64_t piece; /* floats */
} peak_run;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* What a loop computes goes somewhere, or there would be no loop. */
static void keep(float result)
{
    volatile float sink = result;
    (void)sink;
}

static void multiply_piece(void *argument, int64_t piece)
{
    (void)argument;
    keep(peak_kernels()->multiply(ROUNDS, 0.999f, (float)(piece + 1)));
}

enum { TILE_ROUNDS = 256 };

static void tile_piece(void *argument, int64_t piece)
{
    const peak_run *run = argument;
    (void)piece;
    keep(peak_kernels()->tile(TILE_ROUNDS, run->numbers, run->numbers + 1024));
}

static void fill_piece(void *argument, int64_t piece)
{
    const peak_run *run = argument;
    for (int64_t k = 0; k < run->piece; k++)
        run->numbers[piece * run->piece + k] = 1;
}

static void read_piece(void *argument, int64_t piece)
{
    const peak_run *run = argument;
    keep(peak_kernels()->read(run->numbers + piece * run->piece, run->piece));
}

/* Seconds that the fastest run over all pieces takes. */
static double fastest(dg_threads *threads, double seconds, int64_t pieces, void (*work)(void *, int64_t), peak_run *run)
{
    double begin = now(), last = begin, least = INFINITY;
    do {
        dg_threads_run(threads, pieces, work, run);
        double end = now();
        least = fmin(least, end - last);
        last = end;
    } while (last - begin < seconds);
    return least;
}

double peak_tile_share(void)
{
    static _Alignas(64) float numbers[1024 + PEAK_TILE_DEPTH * 32];
    const double seconds = 0.003;
    peak_run run = {.numbers = numbers};
    double tile = TILE_ROUNDS * (double)peak_kernels()->tile_flops / fastest(NULL, seconds, 1, tile_piece, &run);
    return tile / (ROUNDS * (double)peak_kernels()->flops / fastest(NULL, seconds, 1, multiply_piece, &run));
}

dg_status peak_measure(dg_threads *threads, double seconds, machine_peak *peak)
{
    peak_run run = {.piece = (int64_t)(PAGE / sizeof(float))};
    int64_t pieces = (int64_t)PIECES_A_THREAD * dg_threads_count(threads), pages = (int64_t)(BYTES / PAGE);
    run.numbers = aligned_alloc(PAGE, BYTES);
    if (!run.numbers)
        return dg_no_memory("%zu bytes whose speed is measured", BYTES);
    madvise(run.numbers, BYTES, MADV_HUGEPAGE);
    peak->flops = (double)pieces * ROUNDS * (double)peak_kernels()->flops /
                  fastest(threads, seconds / 2, pieces, multiply_piece, &run);
    dg_threads_run(threads, pages, fill_piece, &run);
    peak->tile = (double)pieces * TILE_ROUNDS * (double)peak_kernels()->tile_flops /
                 fastest(threads, seconds / 4, pieces, tile_piece, &run);
    peak->bytes = (double)BYTES / fastest(threads, seconds / 2, pages, read_piece, &run);
    free(run.numbers);
    return dg_ok();
}
