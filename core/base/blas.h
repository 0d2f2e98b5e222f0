/* What is known of OpenBLAS: its threads and its kernels. */
#ifndef CORE_BLAS_H
#define CORE_BLAS_H

#include <stdbool.h>
#include <stdint.h>

/* Holds OpenBLAS to one thread: its results then have the same bits on every machine, and the budget is ours. */
void threads_hold_blas(void);

/* Whether its kernels for `core`, as openblas_get_corename() has it, use vectors of so many bytes. For a processor that
 * is younger than OpenBLAS it takes those of a much older one ("Prescott"), at a quarter of the speed. */
bool blas_core_has(const char *core, int64_t vector_bytes);
/* Those that it has chosen here. */
bool blas_has(int64_t vector_bytes);

#endif
