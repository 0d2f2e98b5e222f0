/* Gathers the rows of a mini-batch; nothing is allocated after batch_make. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

dg_status batch_make(batch *made, const field_sources *sources, int64_t capacity, int extra)
{
    *made = (batch){.sources = sources, .capacity = capacity, .n_feeds = sources->count + extra};
    size_t n = (size_t)made->n_feeds + 1;
    made->buffers = calloc(n, sizeof *made->buffers);
    made->tensors = calloc(n, sizeof *made->tensors);
    made->feeds = calloc(n, sizeof *made->feeds);
    dg_status status = dg_ok();
    if (!made->buffers || !made->tensors || !made->feeds)
        status = dg_no_memory("a batch of %d inputs", sources->count);
    for (int i = 0; status.code == DG_OK && i < sources->count; i++) {
        const dg_tensor *rows = &sources->at[i].rows;
        dg_shape shape = rows->shape;
        shape.dims[0] = capacity;
        status = dg_tensor_make(&made->buffers[i], rows->dtype, shape);
        made->feeds[i] = (dg_feed){sources->at[i].input, &made->tensors[i]};
    }
    if (status.code != DG_OK)
        batch_release(made);
    return status;
}

void batch_release(batch *made)
{
    for (int i = 0; made->buffers && i < made->sources->count; i++)
        dg_tensor_release(&made->buffers[i]);
    free(made->buffers);
    free(made->tensors);
    free(made->feeds);
    *made = (batch){0};
}

static int64_t row_number(dg_rows rows, const int64_t *order, int64_t at)
{
    int64_t place = order ? order[at] : at;
    return rows.at ? rows.at[place] : place;
}

void batch_gather(batch *into, dg_rows rows, const int64_t *order, int64_t begin, int64_t count)
{
    for (int k = 0; k < into->sources->count; k++) {
        const field_source *source = &into->sources->at[k];
        const char *from = source->rows.data;
        char *to = into->buffers[k].data;
        for (int64_t i = 0; i < count; i++, to += source->row_bytes)
            memcpy(to, from + (size_t)row_number(rows, order, begin + i) * source->row_bytes, source->row_bytes);
        dg_shape shape = into->buffers[k].shape;
        shape.dims[0] = count;
        into->tensors[k] = dg_tensor_view(into->buffers[k].dtype, shape, into->buffers[k].data);
    }
}

dg_status rows_check(dg_rows rows, int64_t limit, const char *what)
{
    for (int64_t i = 0; rows.at && i < rows.count; i++)
        if (rows.at[i] < 0 || rows.at[i] >= limit)
            return dg_error(DG_BAD_ARGUMENT, "%s: row %lld of a data set of %lld row(s)", what, (long long)rows.at[i],
                            (long long)limit);
    if (rows.count < 0 || (!rows.at && rows.count > limit))
        return dg_error(DG_BAD_ARGUMENT, "%s: %lld row(s) of a data set of %lld", what, (long long)rows.count,
                        (long long)limit);
    return dg_ok();
}

dg_status rows_check_some(dg_rows rows, int64_t limit)
{
    DG_TRY(rows_check(rows, limit, "rows"));
    return rows.count ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "rows: there is none, and the mean over none is no number");
}
