/* Random numbers by counter: Philox4x32-10. The counter is (position, step), the key comes from (seed, stream). */
#include <dotgrad/random.h>

#include "philox.h"

#include <math.h>

/* Salmon, Moraes, Dror, Shaw (SC11), table 2 and section 3.3. */
static inline void philox_rounds(uint32_t c[4], uint32_t key0, uint32_t key1)
{
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = (uint64_t)c[0] * 0xD2511F53U, product1 = (uint64_t)c[2] * 0xCD9E8D57U;
        c[0] = (uint32_t)(product1 >> 32) ^ c[1] ^ key0;
        c[1] = (uint32_t)product1;
        c[2] = (uint32_t)(product0 >> 32) ^ c[3] ^ key1;
        c[3] = (uint32_t)product0;
        key0 += 0x9E3779B9U; /* the golden ratio */
        key1 += 0xBB67AE85U; /* √3 − 1 */
    }
}

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t bits[4])
{
    for (int i = 0; i < 4; i++)
        bits[i] = counter[i];
    philox_rounds(bits, key[0], key[1]);
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

/* Block `position` under a key from cipher_key(). */
static inline void block(uint64_t cipher, uint64_t step, uint64_t position, uint32_t bits[4])
{
    bits[0] = (uint32_t)position;
    bits[1] = (uint32_t)(position >> 32);
    bits[2] = (uint32_t)step;
    bits[3] = (uint32_t)(step >> 32);
    philox_rounds(bits, (uint32_t)cipher, (uint32_t)(cipher >> 32));
}

uint64_t dg_random_stream(const char *name)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001B3);
    return hash;
}

void dg_random_bits(const dg_random *key, uint64_t position, uint32_t bits[4])
{
    block(cipher_key(key), key->step, position, bits);
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
    uint32_t bits[4];
    dg_random_bits(key, position, bits);
    return unit53(bits[0], bits[1]);
}

/* The upper half of bits · limit (Lemire 2019) without its rejection: no number is off by more than limit / 2^64. */
uint64_t dg_random_below(const dg_random *key, uint64_t position, uint64_t limit)
{
    __extension__ typedef unsigned __int128 wide;
    uint32_t bits[4];
    dg_random_bits(key, position, bits);
    return (uint64_t)((wide)join(bits[0], bits[1]) * limit >> 64);
}

void dg_random_permutation(const dg_random *key, int64_t count, int64_t *order)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t j = (int64_t)dg_random_below(key, (uint64_t)i, (uint64_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

/* A float takes one word of a block, so that a block makes four; a double takes two. */
enum { FLOATS = 4, DOUBLES = 2 };

static void uniform_floats(const uint32_t bits[4], double low, double high, float values[FLOATS])
{
    for (int i = 0; i < FLOATS; i++) {
        float value = (float)(low + (bits[i] >> 8) * 0x1p-24 * (high - low));
        values[i] = value >= (float)high && low < high ? nextafterf((float)high, -INFINITY) : value;
    }
}

static void uniform_doubles(const uint32_t bits[4], double low, double high, double values[DOUBLES])
{
    for (int i = 0; i < DOUBLES; i++) {
        double value = low + unit53(bits[2 * i], bits[2 * i + 1]) * (high - low);
        values[i] = value >= high && low < high ? nextafter(high, -INFINITY) : value;
    }
}

/* Box and Muller (1958): √(−2 ln u)·cos 2πv and ·sin 2πv, u in (0, 1]. */
static void box_muller(double u, double v, double mean, double std, double pair[2])
{
    double radius = std * sqrt(-2 * log(u)), sine, cosine;
    sincos(2 * M_PI * v, &sine, &cosine);
    pair[0] = mean + radius * cosine;
    pair[1] = mean + radius * sine;
}

static void normal_floats(const uint32_t bits[4], double mean, double std, float values[FLOATS])
{
    for (int i = 0; i < FLOATS; i += 2) {
        double pair[2];
        box_muller((bits[i] + 1.0) * 0x1p-32, bits[i + 1] * 0x1p-32, mean, std, pair);
        values[i] = (float)pair[0];
        values[i + 1] = (float)pair[1];
    }
}

static void normal_doubles(const uint32_t bits[4], double mean, double std, double values[DOUBLES])
{
    box_muller(1 - unit53(bits[0], bits[1]), unit53(bits[2], bits[3]), mean, std, values);
}

static void fill_floats(const dg_random *key, float *data, int64_t begin, int64_t end, double a, double b,
                        void (*make)(const uint32_t *, double, double, float *))
{
    uint64_t cipher = cipher_key(key);
    for (int64_t i = begin; i < end;) {
        uint32_t bits[4];
        float values[FLOATS];
        block(cipher, key->step, (uint64_t)i / FLOATS, bits);
        make(bits, a, b, values);
        for (int64_t part = i % FLOATS; part < FLOATS && i < end; part++)
            data[i++] = values[part];
    }
}

static void fill_doubles(const dg_random *key, double *data, int64_t begin, int64_t end, double a, double b,
                         void (*make)(const uint32_t *, double, double, double *))
{
    uint64_t cipher = cipher_key(key);
    for (int64_t i = begin; i < end;) {
        uint32_t bits[4];
        double values[DOUBLES];
        block(cipher, key->step, (uint64_t)i / DOUBLES, bits);
        make(bits, a, b, values);
        for (int64_t part = i % DOUBLES; part < DOUBLES && i < end; part++)
            data[i++] = values[part];
    }
}

void dg_random_uniform(const dg_random *key, dg_dtype dtype, void *data, int64_t begin, int64_t end, double low,
                       double high)
{
    if (dtype == DG_FLOAT32)
        fill_floats(key, data, begin, end, low, high, uniform_floats);
    else if (dtype == DG_FLOAT64)
        fill_doubles(key, data, begin, end, low, high, uniform_doubles);
}

void dg_random_normal(const dg_random *key, dg_dtype dtype, void *data, int64_t begin, int64_t end, double mean,
                      double std)
{
    if (dtype == DG_FLOAT32)
        fill_floats(key, data, begin, end, mean, std, normal_floats);
    else if (dtype == DG_FLOAT64)
        fill_doubles(key, data, begin, end, mean, std, normal_doubles);
}
