/* Random numbers by counter: Philox4x32-10. The counter is (position, step), the key comes from (seed, stream). */
#include <dotgrad/random.h>

#include "core/base/philox.h"
#include "core/base/table.h"

#include <math.h>
#include <string.h>

/* Blocks are made so many at a time: they do not depend on each other, which keeps the processor's multipliers busy. */
enum { BLOCKS = 16, WORDS = 4 * BLOCKS };

/* One round of `n` blocks, word w of block l in c[w][l]. Salmon, Moraes, Dror, Shaw (SC11), section 3.3 and table 2. */
static inline void philox_round(uint32_t c[4][BLOCKS], int n, uint32_t key0, uint32_t key1)
{
    for (int l = 0; l < n; l++) {
        uint64_t product0 = (uint64_t)c[0][l] * 0xD2511F53U, product1 = (uint64_t)c[2][l] * 0xCD9E8D57U;
        c[0][l] = (uint32_t)(product1 >> 32) ^ c[1][l] ^ key0;
        c[1][l] = (uint32_t)product1;
        c[2][l] = (uint32_t)(product0 >> 32) ^ c[3][l] ^ key1;
        c[3][l] = (uint32_t)product0;
    }
}

static inline void philox_rounds(uint32_t c[4][BLOCKS], int n, uint32_t key0, uint32_t key1)
{
    for (int round = 0; round < 10; round++) {
        philox_round(c, n, key0, key1);
        key0 += 0x9E3779B9U; /* the golden ratio */
        key1 += 0xBB67AE85U; /* √3 − 1 */
    }
}

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t bits[4])
{
    uint32_t c[4][BLOCKS];
    for (int w = 0; w < 4; w++)
        c[w][0] = counter[w];
    philox_rounds(c, 1, key[0], key[1]);
    for (int w = 0; w < 4; w++)
        bits[w] = c[w][0];
}

/* splitmix64's finaliser: every bit of the input moves every bit of the result. */
static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static uint64_t cipher_key(const dg_random *key)
{
    return mix(mix(key->seed + UINT64_C(0x9E3779B97F4A7C15)) ^ key->stream);
}

/* Blocks position … position + BLOCKS − 1, one after another, under a key from cipher_key(). */
static void many_bits(uint64_t cipher, uint64_t step, uint64_t position, uint32_t bits[WORDS])
{
    uint32_t c[4][BLOCKS];
    for (uint64_t l = 0; l < BLOCKS; l++) {
        c[0][l] = (uint32_t)(position + l);
        c[1][l] = (uint32_t)((position + l) >> 32);
        c[2][l] = (uint32_t)step;
        c[3][l] = (uint32_t)(step >> 32);
    }
    philox_rounds(c, BLOCKS, (uint32_t)cipher, (uint32_t)(cipher >> 32));
    for (int l = 0; l < BLOCKS; l++)
        for (int w = 0; w < 4; w++)
            bits[4 * l + w] = c[w][l];
}

uint64_t dg_random_stream(const char *name)
{
    if (!name)
        return 0;
    return hash_text(name);
}

void dg_random_bits(const dg_random *key, uint64_t position, uint32_t bits[4])
{
    if (!key || !bits)
        return;
    uint64_t cipher = cipher_key(key);
    const uint32_t counter[4] = {(uint32_t)position, (uint32_t)(position >> 32), (uint32_t)key->step,
                                 (uint32_t)(key->step >> 32)};
    philox4x32(counter, (uint32_t[]){(uint32_t)cipher, (uint32_t)(cipher >> 32)}, bits);
}

void dg_random_words(const dg_random *key, int64_t begin, int64_t end, uint32_t *words)
{
    if (!key || !words)
        return;
    uint64_t cipher = cipher_key(key);
    for (int64_t at = begin / 4 * 4; at < end; at += WORDS) {
        uint32_t bits[WORDS];
        int64_t from = at > begin ? at : begin, until = at + WORDS < end ? at + WORDS : end;
        many_bits(cipher, key->step, (uint64_t)at / 4, bits);
        memcpy(words + (from - begin), bits + (from - at), (size_t)(until - from) * sizeof *bits);
    }
}

static uint64_t join(uint32_t high, uint32_t low)
{
    return (uint64_t)high << 32 | low;
}

/* In [0, 1). */
static double unit53(uint32_t high, uint32_t low)
{
    return (double)(join(high, low) >> 11) * 0x1p-53;
}

double dg_random_unit(const dg_random *key, uint64_t position)
{
    if (!key)
        return 0;
    uint32_t bits[4];
    dg_random_bits(key, position, bits);
    return unit53(bits[0], bits[1]);
}

/* The upper half of bits · limit (Lemire 2019) without its rejection: no number is off by more than limit / 2^64. */
uint64_t dg_random_below(const dg_random *key, uint64_t position, uint64_t limit)
{
    if (!key || !limit)
        return 0;
    __extension__ typedef unsigned __int128 wide;
    uint32_t bits[4];
    dg_random_bits(key, position, bits);
    return (uint64_t)((wide)join(bits[0], bits[1]) * limit >> 64);
}

void dg_random_permutation(const dg_random *key, int64_t count, int64_t *order)
{
    if (!key || !order)
        return;
    for (int64_t i = 0; i < count; i++) {
        int64_t j = (int64_t)dg_random_below(key, (uint64_t)i, (uint64_t)i + 1);
        if (j < i)
            order[i] = order[j];
        order[j] = i;
    }
}

/* Fills for a whole group of blocks: a float takes one word, a double two. */
enum { FLOATS = WORDS, DOUBLES = WORDS / 2 };

static void uniform_floats(const uint32_t bits[WORDS], double low, double high, void *data)
{
    float *values = data, end = (float)high, last = low < high ? nextafterf(end, -INFINITY) : end;
    for (int i = 0; i < FLOATS; i++) {
        float value = (float)(low + (bits[i] >> 8) * 0x1p-24 * (high - low));
        values[i] = value >= end ? last : value;
    }
}

static void uniform_doubles(const uint32_t bits[WORDS], double low, double high, void *data)
{
    double *values = data, last = low < high ? nextafter(high, -INFINITY) : high;
    for (int i = 0; i < DOUBLES; i++) {
        double value = low + unit53(bits[2 * i], bits[2 * i + 1]) * (high - low);
        values[i] = value >= high ? last : value;
    }
}

/* Box and Muller (1958): √(−2 ln u)·cos 2πv and ·sin 2πv, u in (0, 1]. */
static void normal_floats(const uint32_t bits[WORDS], double mean, double std, void *data)
{
    float *values = data, middle = (float)mean, spread = (float)std;
    for (int i = 0; i < FLOATS; i += 2) {
        float u = ((float)bits[i] + 1) * 0x1p-32F, v = (float)(bits[i + 1] >> 8) * 0x1p-24F, sine, cosine;
        float radius = spread * sqrtf(-2 * logf(u));
        sincosf(2 * (float)M_PI * v, &sine, &cosine);
        values[i] = middle + radius * cosine;
        values[i + 1] = middle + radius * sine;
    }
}

static void normal_doubles(const uint32_t bits[WORDS], double mean, double std, void *data)
{
    double *values = data;
    for (int i = 0; i < DOUBLES; i += 2) {
        double u = 1 - unit53(bits[2 * i], bits[2 * i + 1]), v = unit53(bits[2 * i + 2], bits[2 * i + 3]);
        double radius = std * sqrt(-2 * log(u)), sine, cosine;
        sincos(2 * M_PI * v, &sine, &cosine);
        values[i] = mean + radius * cosine;
        values[i + 1] = mean + radius * sine;
    }
}

/* Elements begin … end − 1 of `data`, `group` of them from one group of blocks. */
static void fill(const dg_random *key, void *data, size_t size, int64_t group, int64_t begin, int64_t end, double a,
                 double b, void (*make)(const uint32_t *, double, double, void *))
{
    uint64_t cipher = cipher_key(key);
    unsigned char *to = data;
    for (int64_t first = begin / group * group; first < end; first += group) {
        uint32_t bits[WORDS];
        many_bits(cipher, key->step, (uint64_t)(first / group) * BLOCKS, bits);
        if (first >= begin && first + group <= end) {
            make(bits, a, b, to + (size_t)first * size);
            continue;
        }
        double buffer[WORDS];
        int64_t from = first > begin ? first : begin, until = first + group < end ? first + group : end;
        make(bits, a, b, buffer);
        memcpy(to + (size_t)from * size, (unsigned char *)buffer + (size_t)(from - first) * size,
               (size_t)(until - from) * size);
    }
}

void dg_random_uniform(const dg_random *key, dg_dtype dtype, void *data, int64_t begin, int64_t end, double low,
                       double high)
{
    if (!key || !data)
        return;
    if (dtype == DG_FLOAT32)
        fill(key, data, sizeof(float), FLOATS, begin, end, low, high, uniform_floats);
    else if (dtype == DG_FLOAT64)
        fill(key, data, sizeof(double), DOUBLES, begin, end, low, high, uniform_doubles);
}

void dg_random_normal(const dg_random *key, dg_dtype dtype, void *data, int64_t begin, int64_t end, double mean,
                      double std)
{
    if (!key || !data)
        return;
    if (dtype == DG_FLOAT32)
        fill(key, data, sizeof(float), FLOATS, begin, end, mean, std, normal_floats);
    else if (dtype == DG_FLOAT64)
        fill(key, data, sizeof(double), DOUBLES, begin, end, mean, std, normal_doubles);
}
