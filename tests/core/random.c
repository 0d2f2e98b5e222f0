#include <criterion/criterion.h>
#include <dotgrad/random.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/philox.h"

/* Random123's known answers (kat_vectors, philox4x32 10). */
Test(random, philox_gives_the_published_answers)
{
    const struct {
        uint32_t counter[4], key[2], bits[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t bits[4];
        philox4x32(cases[i].counter, cases[i].key, bits);
        cr_assert_arr_eq(bits, cases[i].bits, sizeof bits, "case %zu", i);
    }
}

/* FNV-1a's published values. */
Test(random, streams_are_fnv1a)
{
    cr_assert_eq(dg_random_stream(""), UINT64_C(0xcbf29ce484222325));
    cr_assert_eq(dg_random_stream("a"), UINT64_C(0xaf63dc4c8601ec8c));
    cr_assert_eq(dg_random_stream("foobar"), UINT64_C(0x85944171f73967e8));
}

Test(random, every_part_of_the_key_matters)
{
    const dg_random keys[] = {{1, 2, 3}, {2, 2, 3}, {1, 3, 3}, {1, 2, 4}, {2, 1, 3}, {1, 2, 3 + (UINT64_C(1) << 32)}};
    uint32_t bits[6][4], again[4];
    for (int i = 0; i < 6; i++) {
        dg_random_bits(&keys[i], 7, bits[i]);
        for (int j = 0; j < i; j++)
            cr_assert_neq(memcmp(bits[i], bits[j], sizeof bits[i]), 0);
    }
    dg_random_bits(&keys[0], 7, again);
    cr_assert_arr_eq(again, bits[0], sizeof again);
    dg_random_bits(&keys[0], 7 + (UINT64_C(1) << 32), again);
    cr_assert_neq(memcmp(again, bits[0], sizeof again), 0);
}

enum { COUNT = 400001 };

typedef void filler(const dg_random *, dg_dtype, void *, int64_t, int64_t, double, double);

static void check_moments(filler *fill, dg_dtype dtype, double a, double b, const double moments[4])
{
    dg_tensor tensor;
    cr_assert_eq(dg_tensor_make(&tensor, dtype, DG_SHAPE(COUNT)).code, DG_OK);
    fill(&(dg_random){42, 1, 0}, dtype, tensor.data, 0, COUNT, a, b);
    double mean = 0, m2 = 0, m3 = 0, m4 = 0;
    for (int64_t i = 0; i < COUNT; i++)
        mean += dg_tensor_get(&tensor, i) / COUNT;
    for (int64_t i = 0; i < COUNT; i++) {
        double d = dg_tensor_get(&tensor, i) - mean;
        m2 += d * d / COUNT;
        m3 += d * d * d / COUNT;
        m4 += d * d * d * d / COUNT;
    }
    double deviation = sqrt(moments[1]);
    cr_assert_float_eq(mean, moments[0], 5 * deviation / sqrt(COUNT));
    cr_assert_float_eq(m2, moments[1], .02 * moments[1]);
    cr_assert_float_eq(m3 / (m2 * deviation), moments[2], .03);
    cr_assert_float_eq(m4 / (m2 * m2), moments[3], .05);
    dg_tensor_release(&tensor);
}

Test(random, moments_are_those_of_the_distribution)
{
    const double uniform[4] = {1, 16.0 / 12, 0, 1.8}, normal[4] = {3, 4, 0, 3};
    for (dg_dtype dtype = DG_FLOAT32; dtype <= DG_FLOAT64; dtype++) {
        check_moments(dg_random_uniform, dtype, -1, 3, uniform);
        check_moments(dg_random_normal, dtype, 3, 2, normal);
    }
}

/* The largest distance between the numbers' distribution and Φ: below 1.95/√n in 999 of 1000 samples. */
static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

Test(random, normals_follow_the_normal_distribution)
{
    static double numbers[COUNT];
    dg_random_normal(&(dg_random){7, 7, 7}, DG_FLOAT64, numbers, 0, COUNT, 0, 1);
    qsort(numbers, COUNT, sizeof *numbers, by_size);
    double worst = 0;
    for (int i = 0; i < COUNT; i++)
        worst = fmax(worst, fabs(.5 * erfc(-numbers[i] / sqrt(2)) - (i + .5) / COUNT));
    cr_assert_lt(worst, 1.95 / sqrt(COUNT));
}

Test(random, numbers_do_not_depend_on_the_pieces)
{
    filler *fillers[] = {dg_random_uniform, dg_random_normal};
    const dg_random key = {5, 6, 7};
    for (int f = 0; f < 2; f++)
        for (dg_dtype dtype = DG_FLOAT32; dtype <= DG_FLOAT64; dtype++) {
            enum { SIZE = 103 };
            double whole[SIZE], pieces[SIZE];
            size_t bytes = SIZE * dg_dtype_size(dtype);
            fillers[f](&key, dtype, whole, 0, SIZE, 0, 1);
            for (int64_t end = SIZE; end > 0; end -= 7)
                fillers[f](&key, dtype, pieces, end > 7 ? end - 7 : 0, end, 0, 1);
            cr_assert_arr_eq(whole, pieces, bytes);
        }
}

Test(random, uniform_stays_below_its_upper_end)
{
    static float numbers[COUNT];
    dg_random_uniform(&(dg_random){1, 1, 1}, DG_FLOAT32, numbers, 0, COUNT, 16777216, 16777218);
    for (int i = 0; i < COUNT; i++)
        cr_assert(numbers[i] >= 16777216 && numbers[i] < 16777218);
    dg_random_uniform(&(dg_random){1, 1, 1}, DG_FLOAT32, numbers, 0, 9, 2, 2);
    cr_assert_eq(numbers[8], 2);
}

Test(random, unit_and_below_stay_in_range)
{
    const dg_random key = {9, 8, 7};
    int counts[6] = {0};
    for (uint64_t i = 0; i < 60000; i++) {
        double unit = dg_random_unit(&key, i);
        cr_assert(unit >= 0 && unit < 1);
        uint64_t below = dg_random_below(&key, i, 6);
        cr_assert_lt(below, 6);
        counts[below]++;
    }
    for (int i = 0; i < 6; i++)
        cr_assert_float_eq(counts[i], 10000, 5 * sqrt(10000 * 5 / 6.0));
    cr_assert_eq(dg_random_below(&key, 3, 1), 0);
}

Test(random, permutation_is_a_permutation)
{
    for (int64_t count = 0; count < 200; count++) {
        int64_t order[200];
        bool seen[200] = {false};
        dg_random_permutation(&(dg_random){3, 1, (uint64_t)count}, count, order);
        for (int64_t i = 0; i < count; i++) {
            cr_assert(order[i] >= 0 && order[i] < count && !seen[order[i]]);
            seen[order[i]] = true;
        }
    }
}

Test(random, permutations_are_equally_likely)
{
    int counts[24] = {0};
    for (uint64_t step = 0; step < 24000; step++) {
        int64_t p[4];
        dg_random_permutation(&(dg_random){11, 0, step}, 4, p);
        int64_t rank = 0;
        for (int i = 0; i < 4; i++) {
            int64_t smaller = 0;
            for (int j = i + 1; j < 4; j++)
                smaller += p[j] < p[i];
            rank = rank * (4 - i) + smaller;
        }
        counts[rank]++;
    }
    double chi2 = 0;
    for (int i = 0; i < 24; i++)
        chi2 += (counts[i] - 1000) * (counts[i] - 1000) / 1000.0;
    cr_assert_lt(chi2, 49.7, "χ² = %g", chi2); /* 23 degrees of freedom: exceeded once in 1000 */
}

Test(random, words_are_the_bits_of_blocks_one_after_another)
{
    dg_random key = {3, 5, 7};
    uint32_t words[203], bits[4];
    for (int64_t begin = 1; begin < 9; begin += 3) {
        dg_random_words(&key, begin, begin + 203, words);
        for (int64_t i = begin; i < begin + 203; i++) {
            dg_random_bits(&key, (uint64_t)i / 4, bits);
            cr_expect_eq(words[i - begin], bits[i % 4]);
        }
    }
}
