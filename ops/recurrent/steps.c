/* Recurrences over time in vector code. */
#include "steps.h"

#include <string.h>

#include "core/base/machine.h"
#include "ops/shared/lanes.h"

/* Rows of a panel that are multiplied at a time: what fits into the first cache. Few sums are made in runs of so many
 * terms as the unit, see gemm.c, so whole ones give the same bits on all machines. */
static int64_t panel_depth(int64_t row_bytes)
{
    enum { UNIT = 64, MOST = 512 };
    int64_t rows = row_bytes > 0 ? (int64_t)machine_here().first / row_bytes / UNIT * UNIT : UNIT;
    return rows < UNIT ? UNIT : rows < MOST ? rows : MOST;
}

/* exp(x) = power·(1 + rest) for −87.3 ≤ x ≤ 88: with x = n·ln 2 + r, power = 2ⁿ and rest = eʳ − 1. The bits of
 * 1.5·2²³ + 127 + x/ln 2 end in n + 127. */
static inline vec_float32 exp_parts(vec_float32 x, vec_float32 *power)
{
    const float round = 0x1.8p23f + 127.0f;
    vec_float32 shifted = x * 0x1.715476p0f + round, whole = shifted - round;
    vec_float32 r = x - whole * 0x1.63p-1f;
    r = r - whole * -0x1.bd0106p-13f;
    vec_float32 p = r * 0x1.6a2442p-10f + 0x1.1239d4p-7f;
    p = p * r + 0x1.5558f2p-5f;
    p = p * r + 0x1.555492p-3f;
    p = p * r + 0x1.fffffcp-2f;
    *power = (vec_float32)((bits_float32)shifted << 23);
    return p * (r * r) + r;
}

/* σ(x) by t = exp(−|x|), which is taken for 0 where it would be subnormal. */
static inline vec_float32 sigmoid_float32(vec_float32 x)
{
    vec_float32 power, v = (vec_float32)((bits_float32)x | 0x80000000u);
    vec_float32 rest = exp_parts(v, &power), t = power + power * rest;
    t = (vec_float32)((int_float32)t & ~(v < -87.3f));
    return pick_float32(x >= 0.0f, (vec_float32){0} + 1.0f, t) / (1.0f + t);
}

/* tanh(x) = m/(m + 2) with m = exp(2|x|) − 1, without cancellation for small x. */
static inline vec_float32 tanh_float32(vec_float32 x)
{
    bits_float32 sign = (bits_float32)x & 0x80000000u;
    vec_float32 a = (vec_float32)((bits_float32)x ^ sign), power;
    a = pick_float32(a > 10.0f, (vec_float32){0} + 10.0f, a);
    vec_float32 rest = exp_parts(2.0f * a, &power), m = power * rest + (power - 1.0f);
    return (vec_float32)((bits_float32)(m / (m + 2.0f)) | sign);
}

/* float64 is for precision: by the C library. */
static inline vec_float64 sigmoid_float64(vec_float64 x)
{
    for (int l = 0; l < LANES_float64; l++) {
        double t = exp(-fabs(x[l]));
        x[l] = (x[l] >= 0 ? 1 : t) / (1 + t);
    }
    return x;
}

static inline vec_float64 tanh_float64(vec_float64 x)
{
    for (int l = 0; l < LANES_float64; l++)
        x[l] = tanh(x[l]);
    return x;
}

#define TEMPLATE "ops/recurrent/steps.template.h"
#include "core/base/for_floats.h"

#define TEMPLATE "ops/recurrent/linear.template.h"
#include "core/base/for_floats.h"

#define FUNCTIONS(type)                                                                                                \
    {                                                                                                                  \
        .pack_turned = pack_turned_##type, .pack = pack_##type, .rnn = rnn_rows_##type, .lstm = lstm_rows_##type,      \
        .lstm_gradient = lstm_gradient_rows_##type, .gru = gru_rows_##type, .gru_gradient = gru_gradient_rows_##type,  \
        .linear = linear_rows_##type, .linear_transposed = linear_transposed_rows_##type,                              \
        .weight_sums = weight_sums_rows_##type                                                                         \
    }
const recurrence_kernels DG_ISA_NAME(recurrence_tables) = {.float32 = FUNCTIONS(float32),
                                                           .float64 = FUNCTIONS(float64)};
