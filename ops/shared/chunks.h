/* Work over a flat array, cut into pieces by its size alone so that any number of threads gives the same bits. */
#ifndef OPS_CHUNKS_H
#define OPS_CHUNKS_H

#include <dotgrad/threads.h>

/* Elements a piece: a multiple of every vector's and random block's length. */
#define CHUNK 32768

/* Calls work(argument, begin, end) for pieces of 0 … count − 1, `chunk` elements each but the last. */
typedef struct chunked {
    int64_t count, chunk;
    void (*work)(void *argument, int64_t begin, int64_t end);
    void *argument;
} chunked;

static inline void chunks_piece(void *argument, int64_t piece)
{
    const chunked *c = argument;
    int64_t begin = piece * c->chunk, end = begin + c->chunk;
    c->work(c->argument, begin, end < c->count ? end : c->count);
}

static inline void chunks_run(dg_threads *threads, int64_t count, int64_t chunk,
                              void (*work)(void *argument, int64_t begin, int64_t end), void *argument)
{
    chunked c = {.count = count, .chunk = chunk > 0 ? chunk : 1, .work = work, .argument = argument};
    if (count > 0)
        dg_threads_run(threads, (count + c.chunk - 1) / c.chunk, chunks_piece, &c);
}

#endif
