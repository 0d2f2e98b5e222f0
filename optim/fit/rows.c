/* Rows of feeds that hold all of them: views of their first dimension. */
#include "fit.h"

#include <stdlib.h>

enum { BLOCK_ROWS = 2048 };

static bool has_rows(const dg_node *input)
{
    const dg_shape *shape = &dg_node_type(input, 0)->shape;
    return shape->rank > 0 && shape->dims[0] < 0;
}

static dg_status show_rows(void *argument, bool sampled, int64_t begin, int64_t count, const dg_feed **feeds,
                           int *n_feeds)
{
    (void)sampled;
    feed_rows *f = argument;
    for (int k = 0; k < f->n_feeds; k++) {
        const dg_tensor *all = f->feeds[k].tensor;
        f->views[k] = *all;
        f->shown[k] = (dg_feed){f->feeds[k].node, &f->views[k]};
        if (!has_rows(f->feeds[k].node))
            continue;
        size_t row = all->shape.dims[0] ? dg_tensor_bytes(all) / (size_t)all->shape.dims[0] : 0;
        dg_shape shape = all->shape;
        shape.dims[0] = count;
        f->views[k] = dg_tensor_view(all->dtype, shape, (char *)all->data + (size_t)begin * row);
    }
    *feeds = f->shown;
    *n_feeds = f->n_feeds;
    return dg_ok();
}

dg_status feed_rows_make(const dg_feed *feeds, int n_feeds, feed_rows *made, fit_rows *rows)
{
    *made = (feed_rows){.feeds = feeds, .n_feeds = n_feeds, .count = 1};
    const char *first = NULL;
    for (int k = n_feeds; k-- > 0;) {
        if (!feeds[k].node || !feeds[k].tensor)
            return dg_error(DG_BAD_ARGUMENT, "feed %d has no node or no tensor", k);
        if (has_rows(feeds[k].node) && feeds[k].tensor->shape.rank > 0) {
            made->count = feeds[k].tensor->shape.dims[0];
            first = dg_node_name(feeds[k].node);
        }
    }
    for (int k = 0; k < n_feeds; k++) {
        if (!has_rows(feeds[k].node))
            continue;
        if (feeds[k].tensor->shape.rank == 0)
            return dg_error(DG_BAD_SHAPE, "'%s' is fed one number, expected rows", dg_node_name(feeds[k].node));
        if (feeds[k].tensor->shape.dims[0] != made->count)
            return dg_error(DG_BAD_SHAPE, "'%s' is fed %lld row(s) and '%s' %lld: they need as many", first,
                            (long long)made->count, dg_node_name(feeds[k].node),
                            (long long)feeds[k].tensor->shape.dims[0]);
    }
    made->views = calloc((size_t)n_feeds + 1, sizeof *made->views);
    made->shown = calloc((size_t)n_feeds + 1, sizeof *made->shown);
    if (!made->views || !made->shown) {
        feed_rows_release(made);
        return dg_no_memory("%d feeds", n_feeds);
    }
    *rows = (fit_rows){made->count, made->count, BLOCK_ROWS, made, show_rows};
    return dg_ok();
}

void feed_rows_release(feed_rows *made)
{
    free(made->views);
    free(made->shown);
    *made = (feed_rows){0};
}
