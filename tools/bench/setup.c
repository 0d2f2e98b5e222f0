/* From a graph file to a plan on random data. */
#include "bench.h"
#include "tools/session/halves.h"
#include "tools/session/options.h"
#include "tools/session/random_data.h"

#include <dotgrad/graph_file.h>
#include <dotgrad/ops/source.h>
#include <dotgrad/optim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32

double bench_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static size_t resident_memory(void)
{
    long long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%lld %lld", &pages, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

static dg_status find_loss(const bench *b, dg_node **loss)
{
    *loss = b->session.loss ? b->session.loss : b->session.output;
    if (b->given->node)
        return dg_graph_file_require(b->session.file, b->given->node, loss);
    return *loss ? dg_ok()
                 : dg_error(DG_BAD_ARGUMENT, "the graph names no loss and no output: name a node with --node");
}

/* What gradients are taken by: trainable parameters, or float inputs in a graph that has none. */
static dg_status find_wrt(const bench *b, dg_node *loss, dg_node *const **wrt, int *count)
{
    dg_node **inputs;
    int n_inputs;
    DG_TRY(dg_trainable_parameters(loss, wrt, count));
    if (*count)
        return dg_ok();
    DG_TRY(session_nodes(&b->session, DG_ROLE_INPUT, &inputs, &n_inputs));
    dg_node **list = dg_arena_alloc(dg_graph_arena(b->session.graph), sizeof(dg_node *) * (size_t)(n_inputs + 1));
    for (int k = 0; list && k < n_inputs; k++)
        if (dg_dtype_is_float(dg_node_type(inputs[k], 0)->dtype))
            list[(*count)++] = inputs[k];
    free(inputs);
    *wrt = list;
    if (!list)
        return dg_no_memory("a list of inputs");
    return *count ? dg_ok()
                  : dg_error(DG_BAD_ARGUMENT, "there is no parameter and no float input to take gradients by");
}

/* The whole step as `train` takes it, with the learning rate as an input. */
static dg_status emit_updates(bench *b, dg_node *loss)
{
    const char *call = option_or_attribute(b->session.file, "optimizer");
    dg_optimizer optimizer;
    dg_tensor *rate;
    dg_node *lr = dg_input(b->session.graph, dg_scalar(), .dtype = DG_FLOAT64, .name = "optimizer/lr");
    DG_TRY(session_setting_error(b->session.file, dg_optimizer_parse(call ? call : DG_DEFAULT_OPTIMIZER, &optimizer)));
    DG_TRY(dg_graph_status(b->session.graph));
    DG_TRY(dg_tensors_add(b->fed, dg_node_name(lr), DG_FLOAT64, dg_scalar(), &rate));
    dg_tensor_set(rate, 0, optimizer.lr);
    return session_step(b->session.file, loss, lr, &b->updates, &b->n_updates);
}

static dg_status emit_gradients(bench *b, dg_node *loss)
{
    dg_node *const *wrt;
    int count = 0;
    DG_TRY(find_wrt(b, loss, &wrt, &count));
    dg_node **larger = realloc(b->fetch, ((size_t)count + 1) * sizeof *b->fetch);
    if (!larger)
        return dg_no_memory("%d results", count + 1);
    b->fetch = larger;
    b->n_fetch += count;
    return dg_grad(loss, count, wrt, b->fetch + 1);
}

static dg_status emit(bench *b)
{
    dg_node *loss = NULL;
    DG_TRY(find_loss(b, &loss));
    b->fetch = calloc(1, sizeof *b->fetch);
    if (!b->fetch)
        return dg_no_memory("a result");
    b->fetch[0] = loss;
    b->n_fetch = 1;
    return b->given->mode == BENCH_TRAIN      ? emit_updates(b, loss)
           : b->given->mode == BENCH_GRADIENT ? emit_gradients(b, loss)
                                              : dg_ok();
}

static dg_status make_data(bench *b)
{
    /* Parameters may need to see more rows than a batch has. */
    dg_tensors *more;
    DG_TRY(dg_tensors_new(&more));
    dg_status status = random_parameters(&b->session, b->given->graph, b->batch, more);
    dg_tensors_free(more);
    DG_TRY(status);
    return random_feeds(&b->session, b->given->graph, b->batch, b->fed, &b->feeds, &b->n_feeds);
}

static dg_status make_plan(bench *b)
{
    if (halves_asked()) {
        dg_halving told;
        DG_TRY(dg_tensors_halve(b->session.parameters, halves_asked(), &told));
        halves_tell(&told, NULL);
    }
    DG_TRY(dg_plan_new(b->session.graph,
                       &(dg_plan_options){.fetch = b->fetch,
                                          .n_fetch = b->n_fetch,
                                          .updates = b->updates,
                                          .n_updates = b->n_updates,
                                          .parameters = b->session.parameters,
                                          .threads = b->session.threads,
                                          .seed = b->session.seed,
                                          .training = b->given->mode != BENCH_FORWARD,
                                          .memory_limit = b->session.memory_limit},
                       &b->plan));
    return dg_plan_prepare(b->plan, b->feeds, b->n_feeds);
}

/* Errors of the library say which file they are about. */
static dg_status about_graph(const bench *b, dg_status status)
{
    return dg_prefixed(status, "%s", b->given->graph);
}

dg_status bench_set_up(bench *b)
{
    b->idle_memory = resident_memory();
    double begin = bench_now();
    DG_TRY(session_open(b->given->graph, NULL, &b->given->session, &b->session));
    b->stages.read = bench_now() - begin;
    b->n_read = dg_graph_node_count(b->session.graph);
    b->batch = option_or_attribute_whole(b->session.file, "batch_size", BATCH);
    DG_TRY(dg_tensors_new(&b->fed));
    begin = bench_now();
    DG_TRY(about_graph(b, emit(b)));
    b->stages.differentiate = bench_now() - begin;
    DG_TRY(make_data(b));
    begin = bench_now();
    DG_TRY(about_graph(b, make_plan(b)));
    b->stages.plan = bench_now() - begin;
    begin = bench_now();
    DG_TRY(about_graph(b, dg_plan_run(b->plan, b->feeds, b->n_feeds)));
    b->stages.first_step = bench_now() - begin;
    return dg_ok();
}

void bench_release(bench *b)
{
    dg_plan_free(b->plan);
    free(b->feeds);
    free(b->fetch);
    dg_tensors_free(b->fed);
    session_close(&b->session);
}
