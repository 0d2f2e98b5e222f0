/* Plans of one graph in several threads: made, bound and run there. A plain program, since Criterion does not start
 * under -Db_sanitize=thread, which is what it is best run with. */
#include <dotgrad/autograd.h>
#include <dotgrad/ops.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void expect(bool good, const char *what, const char *message)
{
    if (good)
        return;
    printf("%s: %s\n", what, message);
    failures++;
}

static void ok(dg_status status)
{
    if (status.code == DG_OK)
        return;
    printf("%s\n", status.message);
    exit(1);
}

static dg_plan *plan_of(dg_node *fetched, dg_tensors *parameters)
{
    dg_plan *plan;
    ok(dg_plan_new(dg_node_graph(fetched),
                   &(dg_plan_options){.fetch = &fetched, .n_fetch = 1, .parameters = parameters}, &plan));
    return plan;
}

static double element(const dg_plan *plan, int64_t index)
{
    return dg_tensor_get(dg_plan_result(plan, 0), index);
}

enum { THREADS = 4, RUNS = 60, FEATURES = 8 };

typedef struct shared {
    dg_graph *graph;
    dg_tensors *parameters;
    dg_threads *pool;
    dg_node *x, *y;
    bool makes_plans; /* in the thread */
    bool new_sizes;   /* each time */
} shared;

typedef struct served {
    const shared *all;
    dg_plan *plan;
    int number;
    double error; /* the largest */
    dg_status status;
} served;

static float datum(int row, int column)
{
    return (float)sin(row * FEATURES + column);
}

static void make_batch(dg_tensor *batch, int rows, int begin)
{
    ok(dg_tensor_make(batch, DG_FLOAT32, DG_SHAPE(rows, FEATURES)));
    for (int i = 0; i < rows; i++)
        for (int k = 0; k < FEATURES; k++)
            ((float *)batch->data)[i * FEATURES + k] = datum(begin + i, k);
}

/* What row number `row` gives, from a plan of its own in one thread. */
static void expected_rows(const shared *all, int rows, double *wants)
{
    dg_plan *plan = plan_of(all->y, all->parameters);
    dg_tensor batch;
    make_batch(&batch, rows, 0);
    ok(dg_plan_run(plan, &(dg_feed){all->x, &batch}, 1));
    for (int i = 0; i < 3 * rows; i++)
        wants[i] = element(plan, i);
    dg_tensor_release(&batch);
    dg_plan_free(plan);
}

static double wants[3 * (RUNS + THREADS + 16)];

static void *serve(void *argument)
{
    served *mine = argument;
    const shared *all = mine->all;
    if (all->makes_plans)
        mine->status = dg_plan_new(
            all->graph,
            &(dg_plan_options){.fetch = &all->y, .n_fetch = 1, .parameters = all->parameters, .threads = all->pool},
            &mine->plan);
    for (int run = 0; run < RUNS && mine->status.code == DG_OK; run++) {
        int rows = all->new_sizes ? 1 + run % 9 + mine->number % 3 : 8, begin = (run + mine->number) % RUNS;
        dg_tensor batch;
        make_batch(&batch, rows, begin);
        mine->status = dg_plan_run(mine->plan, &(dg_feed){all->x, &batch}, 1);
        for (int i = 0; i < 3 * rows && mine->status.code == DG_OK; i++)
            mine->error = fmax(mine->error, fabs(element(mine->plan, i) - wants[3 * begin + i]));
        dg_tensor_release(&batch);
    }
    return NULL;
}

static void serve_together(bool makes_plans, bool new_sizes)
{
    shared all = {.makes_plans = makes_plans, .new_sizes = new_sizes};
    ok(dg_graph_new(&all.graph));
    ok(dg_tensors_new(&all.parameters));
    all.x = dg_input(all.graph, DG_SHAPE(DG_N, FEATURES), .name = "x");
    all.y = dg_linear(dg_layer_norm(dg_gelu(dg_linear(all.x, 32, .name = "a"))), 3, .name = "b");
    ok(dg_threads_new(2, &all.pool));
    ok(dg_parameters_init(all.parameters, all.graph, 1));
    expected_rows(&all, RUNS + THREADS + 12, wants);
    served each[THREADS];
    pthread_t threads[THREADS];
    dg_tensor batch;
    make_batch(&batch, 8, 0);
    for (int k = 0; k < THREADS; k++) {
        each[k] = (served){.all = &all, .number = k};
        if (makes_plans)
            continue;
        each[k].plan = plan_of(all.y, all.parameters);
        ok(dg_plan_prepare(each[k].plan, &(dg_feed){all.x, &batch}, 1));
    }
    for (int k = 0; k < THREADS; k++)
        if (pthread_create(&threads[k], NULL, serve, &each[k]) != 0)
            exit(1);
    for (int k = 0; k < THREADS; k++) {
        pthread_join(threads[k], NULL);
        expect(each[k].status.code == DG_OK, "a run in a thread", each[k].status.message);
        expect(each[k].error <= 1e-6, "a result in a thread", "it is off"); /* float32 near 1 */
        dg_plan_free(each[k].plan);
    }
    dg_tensor_release(&batch);
    dg_tensors_free(all.parameters);
    dg_threads_free(all.pool);
    dg_graph_free(all.graph);
}

/* ---- one plan in two threads ---- */

typedef struct meeting {
    dg_plan *plan;
    dg_node *x;
} meeting;

static meeting met;

/* A kernel in which the first thread waits until a second one has tried to run the same plan. */
static dg_status meet_infer(const dg_infer *infer)
{
    return dg_infer_same(infer);
}

static dg_status second_run;

static void *run_again(void *argument)
{
    (void)argument;
    dg_tensor data = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2), (float[]){1, 2});
    second_run = dg_plan_run(met.plan, &(dg_feed){met.x, &data}, 1);
    return NULL;
}

static dg_status meet_forward(const dg_kernel *kernel)
{
    pthread_t thread;
    memcpy(kernel->outputs[0]->data, kernel->inputs[0]->data, dg_tensor_bytes(kernel->outputs[0]));
    if (pthread_create(&thread, NULL, run_again, NULL) != 0)
        return dg_error(DG_NO_MEMORY, "no thread");
    pthread_join(thread, NULL);
    return dg_ok();
}

static const dg_op meet = {.name = "meet",
                           .family = "shape",
                           .summary = "y = x, slowly",
                           .inputs = {{.name = "input"}},
                           .flags = DG_NOT_DIFFERENTIABLE,
                           .infer = meet_infer,
                           .forward = meet_forward};

static void one_plan_in_two_threads_is_refused(void)
{
    dg_graph *g;
    ok(dg_graph_new(&g));
    met.x = dg_input(g, DG_SHAPE(2), .name = "x");
    dg_node *y = dg_call(DG_HERE, "meet", 1, &met.x);
    ok(dg_graph_status(g));
    met.plan = plan_of(y, NULL);
    dg_tensor data = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2), (float[]){3, 4});
    ok(dg_plan_run(met.plan, &(dg_feed){met.x, &data}, 1));
    expect(second_run.code == DG_BAD_ARGUMENT && strstr(second_run.message, "another thread"), "the second run",
           second_run.message);
    expect(element(met.plan, 1) == 4, "the first run", "its result is wrong");
    ok(dg_plan_prepare(met.plan, &(dg_feed){met.x, &data}, 1)); /* free again */
    dg_plan_free(met.plan);
    dg_graph_free(g);
}

/* ---- updates beside readers ---- */

typedef struct updating {
    dg_plan *reader, *updater, *other; /* what a thread runs while a kernel of the first two waits for it */
    dg_status status;
} updating;

static updating both;

static void *run_other(void *argument)
{
    (void)argument;
    both.status = dg_plan_run(both.other, NULL, 0);
    return NULL;
}

static dg_status wait_forward(const dg_kernel *kernel)
{
    pthread_t thread;
    memcpy(kernel->outputs[0]->data, kernel->inputs[0]->data, dg_tensor_bytes(kernel->outputs[0]));
    if (!both.other)
        return dg_ok();
    if (pthread_create(&thread, NULL, run_other, NULL) != 0)
        return dg_error(DG_NO_MEMORY, "no thread");
    pthread_join(thread, NULL);
    return dg_ok();
}

static const dg_op waiting = {.name = "waiting",
                              .family = "shape",
                              .summary = "y = x, while another plan runs",
                              .inputs = {{.name = "input"}},
                              .flags = DG_NOT_DIFFERENTIABLE,
                              .infer = meet_infer,
                              .forward = wait_forward};

static void updates_beside_readers_are_refused(void)
{
    dg_graph *g;
    dg_tensors *parameters;
    ok(dg_graph_new(&g));
    ok(dg_tensors_new(&parameters));
    dg_node *w = dg_parameter(g, DG_SHAPE(2), .name = "w", .init = "ones"), *read = dg_call(DG_HERE, "waiting", 1, &w);
    dg_node *again = dg_call(DG_HERE, "waiting", 1, &w), *update = dg_assign(w, dg_add(again, again));
    dg_node *plain = dg_add(w, w), *plain_update = dg_assign(w, plain);
    ok(dg_graph_status(g));
    ok(dg_parameters_init(parameters, g, 1));
    both.reader = plan_of(read, parameters);
    ok(dg_plan_new(g, &(dg_plan_options){.updates = &update, .n_updates = 1, .parameters = parameters}, &both.updater));
    dg_plan *second = plan_of(plain, parameters), *second_updater;
    ok(dg_plan_new(g, &(dg_plan_options){.updates = &plain_update, .n_updates = 1, .parameters = parameters},
                   &second_updater));
    dg_plan *const others[] = {second, second_updater};
    for (int k = 0; k < 2; k++) { /* a reader, an update while one updates */
        both.other = others[k];
        ok(dg_plan_run(both.updater, NULL, 0));
        expect(both.status.code == DG_BAD_ARGUMENT && strstr(both.status.message, "are being updated"),
               "a run beside updates", both.status.message);
    }
    both.other = second; /* two readers */
    ok(dg_plan_run(both.reader, NULL, 0));
    ok(both.status);
    both.other = second_updater; /* an update that begins while one reads */
    dg_status status = dg_plan_run(both.reader, NULL, 0);
    ok(both.status);
    expect(status.code == DG_BAD_ARGUMENT && strstr(status.message, "were updated meanwhile"), "a reader",
           status.message);
    both.other = NULL;
    ok(dg_plan_run(both.reader, NULL, 0)); /* free again */
    expect(element(both.reader, 0) == 8, "three updates", "are not what was done");
    dg_plan_free(second);
    dg_plan_free(second_updater);
    dg_plan_free(both.reader);
    dg_plan_free(both.updater);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

int main(void)
{
    ok(dg_register(&meet));
    ok(dg_register(&waiting));
    serve_together(false, false); /* bound plans */
    serve_together(false, true);  /* bound to new sizes in the threads */
    serve_together(true, true);   /* and made there */
    one_plan_in_two_threads_is_refused();
    updates_beside_readers_are_refused();
    printf("%d failures\n", failures);
    return failures != 0;
}
