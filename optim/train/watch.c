/* Watching: a second plan on the batch, seed and step of a step that is about to be made. It writes nothing that
 * training reads, so that a run gives the same bits with it and without. */
#include "trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USUAL_EVERY  100 /* steps */
#define MOST_PROBES  16
#define MOST_LETTERS 40

struct watching {
    int n_probes;
    char names[MOST_PROBES][MOST_LETTERS];
    dg_probing *probes[MOST_PROBES];
    int first[MOST_PROBES]; /* of the plan's results */
    dg_plan *plan;
    uint64_t every;
    size_t n_layers;
    dg_node **layers; /* of any probe, in the graph's order */
    double *values;   /* [n_layers, n_probes] */
    const char **words;
    dg_node **updates; /* of all objectives */
};

void watch_release(dg_trainer *t)
{
    watching *w = t->watching;
    if (!w)
        return;
    for (int k = 0; k < w->n_probes; k++)
        dg_probing_free(w->probes[k]);
    dg_plan_free(w->plan);
    free(w->layers);
    free(w->values);
    free(w->words);
    free(w->updates);
    free(w);
    t->watching = NULL;
}

/* Those of optimisers that run each step themselves are not in the graph. */
static dg_status gather_updates(const dg_trainer *t, watching *w, int *count)
{
    int all = 0;
    for (int k = 0; k < t->n_objectives; k++)
        all += t->objectives[k].n_updates;
    w->updates = calloc((size_t)all + 1, sizeof *w->updates);
    if (!w->updates)
        return dg_no_memory("%d updates", all);
    *count = 0;
    for (int k = 0; k < t->n_objectives; k++)
        for (int i = 0; i < t->objectives[k].n_updates; i++)
            w->updates[(*count)++] = t->objectives[k].updates[i];
    return dg_ok();
}

static dg_status add_probe(const dg_trainer *t, watching *w, const char *name, size_t length, int n_updates)
{
    if (w->n_probes == MOST_PROBES)
        return dg_error(DG_BAD_ARGUMENT, "watch: more than %d probes", MOST_PROBES);
    snprintf(w->names[w->n_probes], MOST_LETTERS, "%.*s", (int)length, name);
    if (strcmp(w->names[w->n_probes], "time") == 0)
        return dg_error(DG_BAD_ARGUMENT, "watch: time is measured by dotgrad bench --profile and draw --heat time");
    dg_status status = dg_probing_new(
        &(dg_probing_options){
            .what = w->names[w->n_probes], .loss = t->options.task.loss, .updates = w->updates, .n_updates = n_updates},
        &w->probes[w->n_probes]);
    if (status.code != DG_OK)
        return dg_prefixed(status, "watch");
    w->n_probes++;
    return dg_ok();
}

dg_status watch_emit(dg_trainer *t)
{
    const char *names = t->options.watch;
    int n_updates = 0;
    if (!names || !names[strspn(names, ", \t[]")])
        return dg_ok();
    if (t->options.watch_every < 0)
        return dg_error(DG_BAD_ARGUMENT, "watch_every is %lld, expected 1 or more steps",
                        (long long)t->options.watch_every);
    watching *w = t->watching = calloc(1, sizeof *w);
    if (!w)
        return dg_no_memory("what is watched");
    w->every = t->options.watch_every ? (uint64_t)t->options.watch_every : USUAL_EVERY;
    DG_TRY(gather_updates(t, w, &n_updates));
    for (const char *at = names; *at;) {
        size_t skip = strspn(at, ", \t[]"), length = strcspn(at + skip, ", \t[]");
        if (length)
            DG_TRY(add_probe(t, w, at + skip, length, n_updates));
        at += skip + length;
    }
    return dg_ok();
}

static int by_id(const void *a, const void *b)
{
    int64_t x = dg_node_id(*(dg_node *const *)a), y = dg_node_id(*(dg_node *const *)b);
    return (x > y) - (x < y);
}

static dg_status list_layers(watching *w)
{
    size_t all = 0, kept = 0;
    for (int k = 0; k < w->n_probes; k++)
        all += dg_probing_count(w->probes[k]);
    w->layers = calloc(all + 1, sizeof(dg_node *));
    w->values = calloc(all * (size_t)w->n_probes + 1, sizeof *w->values);
    w->words = calloc(all * (size_t)w->n_probes + 1, sizeof *w->words);
    if (!w->layers || !w->values || !w->words)
        return dg_no_memory("what is watched of %zu layers", all);
    for (int k = 0; k < w->n_probes; k++)
        for (size_t i = 0; i < dg_probing_count(w->probes[k]); i++)
            w->layers[w->n_layers++] = dg_probing_at(w->probes[k], i).node;
    qsort(w->layers, w->n_layers, sizeof(dg_node *), by_id);
    for (size_t i = 0; i < w->n_layers; i++)
        if (!i || w->layers[i] != w->layers[i - 1])
            w->layers[kept++] = w->layers[i];
    w->n_layers = kept;
    return dg_ok();
}

dg_status watch_plan(dg_trainer *t)
{
    watching *w = t->watching;
    const dg_task *task = &t->options.task;
    int all = 1, count;
    if (!w)
        return dg_ok();
    DG_TRY(list_layers(w));
    for (int k = 0; k < w->n_probes; k++) {
        w->first[k] = all;
        dg_probing_fetch(w->probes[k], &count);
        all += count;
    }
    dg_node **fetch = calloc((size_t)all, sizeof(dg_node *));
    if (!fetch)
        return dg_no_memory("%d results", all);
    fetch[0] = task->loss;
    for (int k = 0; k < w->n_probes; k++) {
        dg_node *const *own = dg_probing_fetch(w->probes[k], &count);
        if (count)
            memcpy(fetch + w->first[k], own, (size_t)count * sizeof(dg_node *));
    }
    dg_status status = dg_plan_new(task->graph,
                                   &(dg_plan_options){.fetch = fetch,
                                                      .n_fetch = all,
                                                      .parameters = task->parameters,
                                                      .threads = task->threads,
                                                      .seed = task->seed,
                                                      .training = true,
                                                      .memory_limit = memory_rest(t)},
                                   &w->plan);
    free(fetch);
    if (status.code == DG_OK)
        status = memory_prepare(t, w->plan, t->batch.feeds, t->batch.n_feeds);
    return status.code == DG_OK ? status : dg_prefixed(status, "watch");
}

static void collect(watching *w)
{
    for (size_t i = 0; i < w->n_layers * (size_t)w->n_probes; i++) {
        w->values[i] = NAN;
        w->words[i] = NULL;
    }
    for (int k = 0; k < w->n_probes; k++) {
        size_t layer = 0;
        for (size_t i = 0; i < dg_probing_count(w->probes[k]); i++) {
            dg_probed one = dg_probing_at(w->probes[k], i);
            while (layer < w->n_layers && w->layers[layer] != one.node)
                layer++;
            w->values[layer * (size_t)w->n_probes + (size_t)k] = one.value;
            w->words[layer * (size_t)w->n_probes + (size_t)k] = one.words;
        }
    }
}

dg_status watch_step(dg_trainer *t)
{
    watching *w = t->watching;
    const char *names[MOST_PROBES];
    if (!w || t->step % w->every != 0 || !t->options.watched)
        return dg_ok();
    DG_TRY(take_batch(t, NULL));
    dg_plan_set_step(w->plan, t->step);
    DG_TRY(dg_plan_run(w->plan, t->batch.feeds, t->batch.n_feeds));
    for (int k = 0; k < w->n_probes; k++) {
        DG_TRY(dg_probing_measure(w->probes[k], w->plan, w->first[k]));
        names[k] = w->names[k];
    }
    collect(w);
    return t->options.watched(t->options.argument, &(dg_watched){.step = t->step,
                                                                 .epoch = t->epoch + 1,
                                                                 .n_probes = w->n_probes,
                                                                 .probes = names,
                                                                 .n_layers = w->n_layers,
                                                                 .layers = w->layers,
                                                                 .values = w->values,
                                                                 .words = w->words});
}
