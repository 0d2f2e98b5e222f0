/* Plans that run sample by sample: each as a batch of one, its results stacked. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

struct samples {
    dg_feed *feeds; /* the caller's, with one sample in the place of a batch */
    dg_tensor *one; /* that sample, by feed */
    int n_feeds, capacity;
    int64_t count;      /* of samples in this run */
    bool done;          /* the results are those of the last run */
    dg_tensor *results; /* of all samples, in buffers that are kept from run to run: */
    size_t *room;       /* so many bytes */
};

dg_status samples_check(const dg_plan *plan)
{
    const dg_node *update = plan->options.n_updates ? plan->options.updates[0]
                            : plan->n_brought       ? plan->brought[0].assign
                                                    : NULL;
    return update ? dg_error(DG_BAD_ARGUMENT,
                             "a plan that runs sample by sample updates nothing, but '%s' would be updated: use its "
                             "results in a second plan",
                             dg_node_name(update->inputs[0]))
                  : dg_ok();
}

void samples_free(dg_plan *plan)
{
    struct samples *s = plan->samples;
    if (!s)
        return;
    for (int k = 0; s->results && k < plan->options.n_fetch; k++)
        dg_tensor_release(&s->results[k]);
    free(s->results);
    free(s->room);
    free(s->feeds);
    free(s->one);
    free(s);
    plan->samples = NULL;
}

static dg_status make_room(dg_plan *plan, int n_feeds)
{
    size_t n_fetch = (size_t)plan->options.n_fetch + 1, wanted = (size_t)n_feeds + 1;
    if (!plan->samples && !(plan->samples = calloc(1, sizeof *plan->samples)))
        return dg_no_memory("a plan");
    struct samples *s = plan->samples;
    if (!s->results)
        s->results = calloc(n_fetch, sizeof *s->results);
    if (!s->room)
        s->room = calloc(n_fetch, sizeof *s->room);
    if (s->capacity < n_feeds || !s->feeds || !s->one) {
        dg_feed *feeds = realloc(s->feeds, wanted * sizeof *feeds);
        s->feeds = feeds ? feeds : s->feeds;
        dg_tensor *one = realloc(s->one, wanted * sizeof *one);
        s->one = one ? one : s->one;
        s->capacity = feeds && one ? n_feeds : 0;
    }
    return s->results && s->room && s->capacity >= n_feeds && s->feeds && s->one ? dg_ok() : dg_no_memory("a plan");
}

/* ---- one sample ---- */

/* Whether the node's first size is the batch; an error where another one is. */
static dg_status has_batch(const dg_plan *plan, dg_node *node, bool *has)
{
    const dg_shape *shape = &node->types[0].shape;
    *has = shape->rank > 0 && shape->dims[0] == DG_N;
    for (int d = 1; d < shape->rank; d++) {
        char text[DG_SHAPE_TEXT];
        if (shape->dims[d] == DG_N)
            return dg_error(DG_BAD_SHAPE, "'%s' is %s: a plan runs sample by sample along a first size alone",
                            name_unlocked(plan, node), dg_graph_print_shape(plan->graph, shape, text, sizeof text));
    }
    return dg_ok();
}

static dg_status cut_feed(dg_plan *plan, const dg_feed *feed, dg_tensor *one)
{
    struct samples *s = plan->samples;
    bool has;
    *one = *feed->tensor;
    DG_TRY(has_batch(plan, feed->node, &has));
    if (!has || one->shape.rank == 0)
        return dg_ok();
    int64_t count = one->shape.dims[0];
    if (s->count >= 0 && count != s->count)
        return dg_error(DG_BAD_SHAPE, "'%s' is fed %lld sample(s), another input %lld", name_unlocked(plan, feed->node),
                        (long long)count, (long long)s->count);
    s->count = count;
    one->shape.dims[0] = 1;
    if (count == 0)
        one->data = s; /* there is none, and none will be read */
    return dg_ok();
}

/* Feeds of one sample each, the first. */
static dg_status cut_feeds(dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    DG_TRY(check_feed_list(plan, feeds, n_feeds));
    DG_TRY(make_room(plan, n_feeds));
    struct samples *s = plan->samples;
    s->n_feeds = n_feeds;
    s->count = -1;
    for (int k = 0; k < n_feeds; k++) {
        dg_node *node = feeds[k].node;
        s->feeds[k] = feeds[k];
        if (node->id >= plan->n_places || plan->place[node->id] < 0)
            continue; /* is not looked at */
        DG_TRY(cut_feed(plan, &feeds[k], &s->one[k]));
        s->feeds[k].tensor = &s->one[k];
    }
    return s->count >= 0 ? dg_ok()
                         : dg_error(DG_BAD_ARGUMENT, "a plan that runs sample by sample is fed no batch: none of its "
                                                     "inputs is [N, …]");
}

dg_status samples_prepare(dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    DG_TRY(cut_feeds(plan, feeds, n_feeds));
    return find_binding(plan, plan->samples->feeds, n_feeds);
}

static void go_to(const struct samples *s, const dg_feed *feeds, int64_t sample)
{
    for (int k = 0; k < s->n_feeds; k++)
        if (s->feeds[k].tensor == &s->one[k] && s->one[k].shape.rank > 0 &&
            s->one[k].shape.dims[0] != feeds[k].tensor->shape.dims[0])
            s->one[k].data = (char *)feeds[k].tensor->data + (size_t)sample * dg_tensor_bytes(&s->one[k]);
}

/* ---- all samples ---- */

/* What one result becomes: the batch goes on where it is one, else samples are a first dimension. */
static dg_status stacked_type(const dg_plan *plan, int k, dg_type *type, size_t *bytes)
{
    dg_node *node = plan->options.fetch[k];
    bool has;
    *type = type_of(result_of_run(plan, k));
    DG_TRY(has_batch(plan, node, &has));
    dg_shape *shape = &type->shape;
    if (!has && shape->rank == DG_MAX_RANK)
        return dg_error(DG_BAD_SHAPE, "'%s' has %d dimension(s), there is none left for the samples",
                        name_unlocked(plan, node), shape->rank);
    if (!has)
        memmove(shape->dims + 1, shape->dims, (size_t)shape->rank++ * sizeof *shape->dims);
    shape->dims[0] = plan->samples->count;
    return dg_shape_bytes(shape, type->dtype, bytes);
}

static dg_status make_results(const dg_plan *plan)
{
    struct samples *s = plan->samples;
    size_t limit = plan->options.memory_limit, sum = plan->memory_bytes;
    for (int k = 0; k < plan->options.n_fetch; k++) {
        dg_tensor *all = &s->results[k];
        dg_type type;
        size_t bytes;
        DG_TRY(stacked_type(plan, k, &type, &bytes));
        if (limit && bytes > limit - (sum < limit ? sum : limit))
            return dg_error(
                DG_NO_MEMORY,
                "'%s' of %lld sample(s) takes %zu byte(s) beside %zu of the plan, the limit is %zu: run fewer "
                "samples at a time",
                name_unlocked(plan, plan->options.fetch[k]), (long long)s->count, bytes, sum, limit);
        sum += bytes;
        if (bytes > s->room[k] || !all->data) {
            dg_tensor_release(all);
            s->room[k] = 0;
            DG_TRY(dg_tensor_make(all, type.dtype, type.shape));
            s->room[k] = bytes;
        }
        all->dtype = type.dtype;
        all->shape = type.shape;
    }
    return dg_ok();
}

dg_status samples_run(dg_plan *plan, const dg_feed *feeds, int n_feeds)
{
    DG_TRY(samples_prepare(plan, feeds, n_feeds));
    struct samples *s = plan->samples;
    s->done = false;
    DG_TRY(make_results(plan));
    for (int64_t sample = 0; sample < s->count; sample++) {
        go_to(s, feeds, sample);
        dg_status status = run_entered(plan, s->feeds, n_feeds);
        if (status.code != DG_OK)
            return dg_prefixed(status, "sample %lld", (long long)sample);
        for (int k = 0; k < plan->options.n_fetch; k++) {
            const dg_tensor *one = result_of_run(plan, k);
            size_t bytes = dg_tensor_bytes(one);
            if (bytes)
                memcpy((char *)s->results[k].data + (size_t)sample * bytes, one->data, bytes);
        }
    }
    s->done = true;
    return dg_ok();
}

const dg_tensor *samples_result(const dg_plan *plan, int k)
{
    return plan->samples && plan->samples->done ? &plan->samples->results[k] : NULL;
}
