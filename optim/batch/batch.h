/* Mini-batches: rows gathered into buffers that are made once. Beside it: fields.c, which field each input of a graph
 * takes, and reach.c, what a node depends on. */
#ifndef OPTIM_BATCH_H
#define OPTIM_BATCH_H

#include "fields.h"

typedef struct batch {
    const field_sources *sources;
    int64_t capacity;
    dg_tensor *buffers; /* [capacity, …] each */
    dg_tensor *tensors; /* views of the rows that are in use */
    dg_feed *feeds;     /* sources->count of them, then room for `extra` of the caller's */
    int n_feeds;        /* sources->count + extra */
} batch;

dg_status batch_make(batch *made, const field_sources *sources, int64_t capacity, int extra);
void batch_release(batch *made);
/* Brings rows.at[order[begin + i]] (order NULL: rows.at[begin + i]; rows.at NULL: the number itself) for i < count <=
 * capacity into the buffers. No allocation. */
void batch_gather(batch *into, dg_rows rows, const int64_t *order, int64_t begin, int64_t count);
/* DG_BAD_ARGUMENT: a row number that the data set does not have; of the second, no rows too. */
dg_status rows_check(dg_rows rows, int64_t limit, const char *what);
dg_status rows_check_some(dg_rows rows, int64_t limit);

#endif
