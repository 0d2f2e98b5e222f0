/* What core knows of OpenBLAS's own threads. */
#ifndef CORE_BLAS_H
#define CORE_BLAS_H

/* Holds OpenBLAS to one thread: its results then have the same bits on every machine, and the budget is ours. */
void threads_hold_blas(void);

#endif
