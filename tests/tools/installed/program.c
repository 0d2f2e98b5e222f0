/* A program against the installed tree alone: every graph file that it is given is read, written and read again; a
 * table becomes a data set; a network that is built here is trained, and its checkpoint serves four threads. */
#include <dotgrad/dotgrad.h>
#include <dotgrad/draw.h>
#include <dotgrad/graphviz.h>
#include <dotgrad/model.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ok(dg_status status)
{
    if (status.code == DG_OK)
        return;
    fprintf(stderr, "%s\n", status.message);
    exit(1);
}

static void read_write_read(const char *path)
{
    dg_graph_file *file, *again;
    char *first, *second;
    ok(dg_graph_read(path, NULL, &file));
    ok(dg_graph_file_write(file, &first));
    ok(dg_graph_read(path, &(dg_graph_read_options){.text = first}, &again));
    ok(dg_graph_file_write(again, &second));
    if (strcmp(first, second) != 0) {
        fprintf(stderr, "%s is written in two ways\n", path);
        exit(1);
    }
    free(first);
    free(second);
    dg_graph_file_free(file);
    dg_graph_file_free(again);
}

static void train(const dg_dataset *data, const char *checkpoint)
{
    dg_graph *g;
    dg_tensors *parameters;
    dg_trainer *trainer;
    ok(dg_graph_new(&g));
    ok(dg_tensors_new(&parameters));
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x");
    dg_node *label = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    dg_node *scores = dg_linear(dg_tanh(dg_linear(x, 8)), 2, .name = "scores");
    dg_node *loss = dg_cross_entropy(scores, label, .name = "loss");
    ok(dg_trainer_new(
        &(dg_trainer_options){
            .task = {.graph = g, .loss = loss, .output = scores, .parameters = parameters, .data = data},
            .optimizer = "adam(lr=0.05)",
            .epochs = 40,
            .checkpoint = checkpoint},
        &trainer));
    ok(dg_trainer_run(trainer));
    dg_plan *plan;
    ok(dg_training_plan(loss, "sgd", parameters, &plan)); /* options may be left out, in strict C, too */
    dg_plan_free(plan);
    dg_trainer_free(trainer);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

static void *serve(void *argument)
{
    static const double points[] = {1, 1, 3, 9};
    const dg_tensor rows = dg_tensor_view(DG_FLOAT64, DG_SHAPE(2, 2), points);
    for (int k = 0; k < 20; k++) {
        dg_tensor result;
        ok(dg_model_predict_features(argument, &rows, &result));
        if (dg_tensor_get(&result, 0) < 0.5 || dg_tensor_get(&result, 3) < 0.5)
            ok(dg_error(DG_NUMERIC, "the wrong class"));
        dg_tensor_release(&result);
    }
    return NULL;
}

int main(int n_arguments, char **arguments)
{
    dg_data *data;
    dg_model *model;
    pthread_t threads[4];
    for (int k = 1; k < n_arguments; k++)
        read_write_read(arguments[k]);
    static const char table[] = "a,b,kind\n1,1,0\n1.2,2,0\n0.8,1.5,0\n3,9,1\n3.1,8,1\n3.05,8.5,1\n";
    ok(dg_write_file("table.csv", table, strlen(table)));
    ok(dg_data_open("table.csv(target=kind, scale=none, test=0)", NULL, &data));
    train(dg_data_set(data), "trained.safetensors");
    ok(dg_model_open("trained.safetensors", NULL, &model));
    for (int k = 0; k < 4; k++)
        if (pthread_create(&threads[k], NULL, serve, model) != 0)
            return 1;
    for (int k = 0; k < 4; k++)
        pthread_join(threads[k], NULL);
    ok(dg_draw(dg_model_file(model)->graph, "net.svg"));
    printf("%d graphs, version %s\n", n_arguments - 1, dg_version());
    dg_model_free(model);
    dg_data_free(data);
    return 0;
}
