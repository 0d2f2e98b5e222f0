/* Networks trained, data read, a run served, and pictures drawn, by many threads at once. A plain program, since
 * Criterion does not start under -Db_sanitize=thread, which is what it is best run with: tests/under-thread-sanitizer.
 */
#include <dotgrad/dotgrad.h>
#include <dotgrad/draw.h>
#include <dotgrad/model.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void ok(dg_status status)
{
    if (status.code == DG_OK)
        return;
    printf("%s\n", status.message);
    exit(1);
}

static void expect(bool good, const char *what)
{
    if (good)
        return;
    printf("%s\n", what);
    exit(1);
}

static void together(int count, void *(*work)(void *), void *each, size_t size)
{
    pthread_t threads[16];
    for (int k = 0; k < count; k++)
        expect(pthread_create(&threads[k], NULL, work, (char *)each + (size_t)k * size) == 0, "no thread");
    for (int k = 0; k < count; k++)
        pthread_join(threads[k], NULL);
}

/* ---- a run's folder, served ---- */

enum { CLIENTS = 4, CALLS = 40 };

typedef struct client {
    dg_model *model;
    int number;
    dg_status status;
    double sum;
} client;

/* Rows of several batch sizes, and of a file. */
static void *ask(void *argument)
{
    client *me = argument;
    for (int call = 0; call < CALLS && me->status.code == DG_OK; call++) {
        int64_t rows = 1 + (call + me->number) % 5;
        double numbers[10];
        dg_tensor result;
        for (int k = 0; k < 2 * rows; k++)
            numbers[k] = sin(call + k);
        const dg_tensor features = dg_tensor_view(DG_FLOAT64, DG_SHAPE(rows, 2), numbers);
        me->status = dg_model_predict_features(me->model, &features, &result);
        for (int64_t k = 0; me->status.code == DG_OK && k < 2 * rows; k += 2)
            me->sum += dg_tensor_get(&result, k);
        dg_tensor_release(&result);
        dg_data *data = NULL;
        if (me->status.code == DG_OK && call % 8 == 0)
            me->status = dg_model_read(me->model, "points.csv", &data);
        if (me->status.code == DG_OK && data)
            me->status = dg_model_predict(me->model, dg_data_set(data), &result);
        if (me->status.code == DG_OK && data) {
            me->sum += dg_tensor_get(&result, 0);
            dg_tensor_release(&result);
        }
        dg_data_free(data);
    }
    return NULL;
}

static void serve(void)
{
    static const char net[] = "digraph { graph [data=\"moons(n=100)\", epochs=2, threads=1];\n"
                              "  x [op=\"input([N, 2])\"]; t [op=\"input([N], dtype=int64)\"]; h [op=\"linear(8)\"];\n"
                              "  n [op=layer_norm]; a [op=gelu]; output [op=\"linear(2)\"]; loss [op=cross_entropy];\n"
                              "  x -> h -> n -> a -> output -> loss; t -> loss [arg=target]; }\n";
    char line[1000];
    client clients[CLIENTS];
    dg_model *model;
    ok(dg_write_file("net.dot", net, strlen(net)));
    ok(dg_write_file("points.csv", "0,1\n1,-0.5\n", 11));
    snprintf(line, sizeof line, "'%s' train net.dot -o run >out 2>err", getenv("DOTGRAD"));
    expect(system(line) == 0, "dotgrad train fails");
    ok(dg_model_open("run", NULL, &model));
    for (int k = 0; k < CLIENTS; k++)
        clients[k] = (client){.model = model, .number = k};
    together(CLIENTS, ask, clients, sizeof *clients);
    for (int k = 0; k < CLIENTS; k++) {
        client alone = {.model = model, .number = k};
        ask(&alone);
        ok(clients[k].status);
        expect(alone.sum > 0 && clients[k].sum == alone.sum, "a client has another answer than it gets alone");
    }
    dg_model_free(model);
}

/* ---- pictures ---- */

enum { GRAPHS = 100, DRAWERS = 8 };

static atomic_int next_graph;
static char *pictures[GRAPHS];

static char *draw(int number)
{
    dg_graph *g;
    char *svg, name[32];
    size_t size;
    ok(dg_graph_new(&g));
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 16), .name = "x");
    for (int k = 0; k < 1 + number % 3; k++) {
        snprintf(name, sizeof name, "block.%d", k);
        dg_module_begin(g, name, false);
        x = dg_add(x, dg_linear(dg_relu(dg_linear(x, 8 + number, .name = "in")), 16, .name = "out"));
        dg_module_end(g);
    }
    dg_node *loss = dg_mean(dg_square(x), .name = "loss");
    dg_draw_view view = number % 20 < 5 ? (dg_draw_view)(number % 20) : DG_VIEW_FORWARD;
    ok(dg_draw_memory(g, (dg_draw_options){.loss = loss, .view = view, .format = "svg"}, &svg, &size));
    dg_graph_free(g);
    return svg;
}

static void *draw_some(void *argument)
{
    (void)argument;
    for (int k; (k = atomic_fetch_add(&next_graph, 1)) < GRAPHS;)
        pictures[k] = draw(k);
    return NULL;
}

static void draw_together(void)
{
    char each[DRAWERS] = {0};
    together(DRAWERS, draw_some, each, 1);
    for (int k = 0; k < GRAPHS; k++) {
        if (k % 7 == 0) {
            char *alone = draw(k);
            expect(strcmp(alone, pictures[k]) == 0, "a picture differs from the one drawn alone");
            free(alone);
        }
        free(pictures[k]);
    }
}

/* ---- training ---- */

enum { TRAINERS = 3 };

typedef struct trainer_of {
    int threads; /* that its plans run with */
    double loss;
} trainer_of;

/* Reads a table and trains on it, by layers whose kernels divide their work. */
static void *train(void *argument)
{
    trainer_of *me = argument;
    dg_graph *g;
    dg_data *data;
    dg_tensors *parameters;
    dg_threads *pool;
    dg_trainer *trainer;
    dg_metrics metrics;
    ok(dg_graph_new(&g));
    ok(dg_tensors_new(&parameters));
    ok(dg_threads_new(me->threads, &pool));
    ok(dg_data_open("table.csv(target=kind, scale=standard)", &(dg_data_options){.validation = 0.25}, &data));
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 16), .name = "x"),
            *t = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "t");
    dg_node *image = dg_reshape(x, DG_SHAPE(DG_N, 1, 4, 4));
    dg_node *h =
        dg_gelu(dg_batch_norm(dg_conv2d(image, 16, .kernel_size = 3, .padding = 1, .name = "conv"), .name = "bn"));
    h = dg_dropout(dg_layer_norm(dg_linear(dg_flatten(h), 64, .name = "wide"), .name = "ln"), .p = 0.1);
    h = dg_add(h, dg_linear(dg_rbf(x, 20, .name = "rbf"), 64, .name = "up"));
    dg_node *scores = dg_linear(h, 2, .name = "scores"), *loss = dg_cross_entropy(scores, t, .name = "loss");
    ok(dg_graph_status(g));
    ok(dg_data_suit(data, g));
    const dg_task task = {.graph = g,
                          .loss = loss,
                          .output = scores,
                          .parameters = parameters,
                          .data = dg_data_set(data),
                          .batch_size = 64,
                          .threads = pool};
    ok(dg_trainer_new(&(dg_trainer_options){.task = task, .epochs = 2, .early_stopping = 5, .watch = "grad_norm"},
                      &trainer));
    ok(dg_trainer_run(trainer));
    ok(dg_trainer_evaluate(trainer, (dg_rows){.count = dg_data_rows(data)}, &metrics));
    me->loss = metrics.values[0];
    dg_trainer_free(trainer);
    dg_threads_free(pool);
    dg_data_free(data);
    dg_tensors_free(parameters);
    dg_graph_free(g);
    return NULL;
}

static void train_together(void)
{
    trainer_of each[TRAINERS] = {{.threads = 2}, {.threads = 3}, {.threads = 4}}, alone = {.threads = 1};
    FILE *table = fopen("table.csv", "w");
    expect(table, "no table");
    for (int k = 0; k < 17; k++)
        fprintf(table, k < 16 ? "f%d," : "kind\n", k);
    for (int row = 0; row < 300; row++) {
        for (int k = 0; k < 16; k++)
            fprintf(table, "%.4f,", sin(row * 16 + k + row % 2));
        fprintf(table, row % 2 ? "odd\n" : "even\n");
    }
    fclose(table);
    together(TRAINERS, train, each, sizeof *each);
    train(&alone);
    for (int k = 0; k < TRAINERS; k++)
        expect(each[k].loss == alone.loss, "training beside others gives another network");
}

int main(void)
{
    char folder[] = "/tmp/dotgrad-test-XXXXXX", line[64];
    expect(getenv("DOTGRAD") && mkdtemp(folder) && chdir(folder) == 0, "no folder, or DOTGRAD is not set");
    train_together();
    serve();
    draw_together();
    snprintf(line, sizeof line, "rm -r '%s'", folder);
    expect(chdir("/") == 0 && system(line) == 0, "the folder stays");
    return 0;
}
