/* Threads: one budget for the whole program, shared with OpenBLAS, which is held to one thread of its own. */
#ifndef DOTGRAD_THREADS_H
#define DOTGRAD_THREADS_H

#include <dotgrad/status.h>
#include <stdint.h>

DG_BEGIN_C

/* A small pool. Its workers claim pieces of work; the caller works too and never waits for a piece that nobody has
 * begun. One caller at a time; a second one at the same moment simply works alone. */
typedef struct dg_threads dg_threads;

/* `count` threads, the caller's included. 0: DG_NUM_THREADS when set, else the processors this process may use. */
dg_status dg_threads_new(int count, dg_threads **threads);
void dg_threads_free(dg_threads *threads);
int dg_threads_count(const dg_threads *threads); /* 1 for NULL */

/* Calls work(argument, piece) for every piece 0 … pieces − 1, each once, in any order, and returns when all are done.
 * Cut work by its shape alone, never by the number of threads: then results have the same bits for any number.
 * NULL threads, or one piece: in the caller, in order. */
void dg_threads_run(dg_threads *threads, int64_t pieces, void (*work)(void *argument, int64_t piece), void *argument);

DG_END_C

#endif
