/* The generator beneath dg_random_…, as its paper defines it. */
#ifndef CORE_PHILOX_H
#define CORE_PHILOX_H

#include <stdint.h>

/* Philox4x32 with 10 rounds. */
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t bits[4]);

#endif
