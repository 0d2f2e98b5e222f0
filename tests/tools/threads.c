/* A run served, and pictures drawn, by many threads at once. A plain program, since Criterion does not start under
 * -Db_sanitize=thread, which is what it is best run with: tests/under-thread-sanitizer. */
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

int main(void)
{
    char folder[] = "/tmp/dotgrad-test-XXXXXX", line[64];
    expect(getenv("DOTGRAD") && mkdtemp(folder) && chdir(folder) == 0, "no folder, or DOTGRAD is not set");
    serve();
    draw_together();
    snprintf(line, sizeof line, "rm -r '%s'", folder);
    expect(chdir("/") == 0 && system(line) == 0, "the folder stays");
    return 0;
}
