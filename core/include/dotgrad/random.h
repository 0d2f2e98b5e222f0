/* Random numbers by counter: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
 * SC11). A number depends on its key and position alone, so that any order of evaluation, any number of threads and
 * any resumed run gives the same ones. */
#ifndef DOTGRAD_RANDOM_H
#define DOTGRAD_RANDOM_H

#include <dotgrad/tensor.h>

DG_BEGIN_C

typedef struct dg_random {
    uint64_t seed;   /* of the experiment */
    uint64_t stream; /* for what: a node, a parameter (dg_random_stream of its name), the shuffle */
    uint64_t step;   /* when: the step of training, the epoch */
} dg_random;

uint64_t dg_random_stream(const char *name);                                    /* FNV-1a of the name */
void dg_random_bits(const dg_random *key, uint64_t position, uint32_t bits[4]); /* block `position` of 4 words */
/* Words begin … end − 1 of all blocks one after another: word 4·position + w is bits[w] of that block. Many at a time
 * are several times faster than block by block. */
void dg_random_words(const dg_random *key, int64_t begin, int64_t end, uint32_t *words);
double dg_random_unit(const dg_random *key, uint64_t position);                    /* in [0, 1), 53 bits */
uint64_t dg_random_below(const dg_random *key, uint64_t position, uint64_t limit); /* 0 … limit − 1; limit > 0 */

/* Fill elements begin … end − 1 of float data (the whole array has its own numbering, so that pieces may be filled
 * in any order). Normals are Box-Muller's. A float32 takes one word and is computed in float32, a float64 takes two:
 * the numbers of a key differ between the types, one is not the other rounded. */
void dg_random_uniform(const dg_random *key, dg_dtype dtype, void *data, int64_t begin, int64_t end, double low,
                       double high);
void dg_random_normal(const dg_random *key, dg_dtype dtype, void *data, int64_t begin, int64_t end, double mean,
                      double std);
/* A random order of 0 … count − 1 (Fisher-Yates). */
void dg_random_permutation(const dg_random *key, int64_t count, int64_t *order);

DG_END_C

#endif
