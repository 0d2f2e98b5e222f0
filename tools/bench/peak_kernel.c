/* Loops that do nothing but multiply and add, and nothing but read: one source for each instruction set. */
#include "peak.h"

#ifdef __AVX512F__
#define WIDTH 64
#elif defined __AVX2__
#define WIDTH 32
#else
#define WIDTH 16
#endif

typedef float lanes __attribute__((vector_size(WIDTH)));

/* So many sums at a time: two units with a latency of four or five cycles want ten; sixteen vector registers hold
 * twelve and the two operands. */
#define SUMS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
enum { N_SUMS = 12, N_LANES = WIDTH / sizeof(float) };

static float sum_of(lanes all)
{
    float sum = 0;
    for (int k = 0; k < N_LANES; k++)
        sum += all[k];
    return sum;
}

static float multiply(int64_t rounds, float factor, float term)
{
    const lanes zero = {0}, factors = zero + factor, terms = zero + term;
    lanes all = zero;
#define BEGIN(k) lanes sum##k = terms * (float)k;
#define STEP(k)  sum##k = sum##k * factors + terms;
#define END(k)   all += sum##k;
    SUMS(BEGIN)
    for (int64_t round = 0; round < rounds; round++) {
        SUMS(STEP)
    }
    SUMS(END)
    return sum_of(all);
}

/* A product's tile, six rows of two vectors over DEPTH terms, its operands packed in the first cache. */
static float tile(int64_t rounds, const float *a, const float *b)
{
    enum { ROWS = 6, DEPTH = PEAK_TILE_DEPTH };
    lanes all = {0};
    for (int64_t round = 0; round < rounds; round++) {
        lanes sums[ROWS][2] = {{{0}}};
        const float *factors = a;
        const lanes *lines = (const lanes *)(const void *)b;
        for (int p = 0; p < DEPTH; p++, factors += ROWS, lines += 2)
#pragma GCC unroll 6
            for (int i = 0; i < ROWS; i++) {
                sums[i][0] += factors[i] * lines[0];
                sums[i][1] += factors[i] * lines[1];
            }
#pragma GCC unroll 6
        for (int i = 0; i < ROWS; i++)
            all += sums[i][0] + sums[i][1];
    }
    return sum_of(all);
}

static float read_all(const float *numbers, int64_t count)
{
    const lanes *from = (const lanes *)(const void *)numbers, *end = from + count / N_LANES;
    lanes sums[8] = {{0}};
    for (; from < end; from += 8)
        for (int k = 0; k < 8; k++)
            sums[k] += from[k];
    for (int k = 1; k < 8; k++)
        sums[0] += sums[k];
    return sum_of(sums[0]);
}

const peak_table DG_ISA_NAME(peak_kernels) = {.flops = 2 * N_SUMS * N_LANES,
                                              .multiply = multiply,
                                              .tile_flops = 2 * 6 * 2 * N_LANES * PEAK_TILE_DEPTH,
                                              .tile = tile,
                                              .read = read_all};
