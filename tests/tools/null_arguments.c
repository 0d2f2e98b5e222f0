/* NULL for every pointer argument of every public function of dotgrad-graphviz (graphviz.h, model.h and draw.h):
 * DG_BAD_ARGUMENT, or the answer that <dotgrad/core.h> promises; never a crash. */
#include "command.h"

#include <dotgrad/draw.h>
#include <dotgrad/model.h>
#include <string.h>

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        dg_status status_ = (call);                                                                                    \
        cr_assert_eq(status_.code, DG_OK, "%s", status_.message);                                                      \
    } while (0)
#define REFUSED(call)                                                                                                  \
    do {                                                                                                               \
        dg_status refused_ = (call);                                                                                   \
        cr_expect_eq(refused_.code, DG_BAD_ARGUMENT, "%s: code %d, '%s'", #call, refused_.code, refused_.message);     \
        cr_expect(refused_.message[0], "%s: no message", #call);                                                       \
    } while (0)
#define EMPTY(call) cr_expect(!(call), "%s is not empty", #call)

static const char net_text[] = "digraph { x [op=\"input([N, 2])\"]; output [op=\"linear(2)\"]; x -> output; }";

static dg_graph_file *file;
static dg_tensors *parameters;

static void set_up(void)
{
    make_folder();
    MUST(dg_graph_read("net.dot", &(dg_graph_read_options){.text = net_text}, &file));
    MUST(dg_tensors_new(&parameters));
    MUST(dg_parameters_init(parameters, file->graph, 1));
}

static void tear_down(void)
{
    dg_tensors_free(parameters);
    dg_graph_file_free(file);
    remove_folder();
}

TestSuite(null_arguments, .init = set_up, .fini = tear_down);

Test(null_arguments, reading)
{
    dg_graph_file *made;
    REFUSED(dg_graph_read(NULL, NULL, &made));
    REFUSED(dg_graph_read("net.dot", NULL, NULL));
    REFUSED(dg_document_parse_dot(NULL, net_text, strlen(net_text)));
    REFUSED(dg_document_parse_dot(file, NULL, 0));
}

Test(null_arguments, models)
{
    const dg_tensor row = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 2), (const float[]){1, 2});
    dg_dataset rows;
    dg_tensor result;
    dg_model *model;
    dg_data *data;
    dg_model_free(NULL);
    REFUSED(dg_model_open(NULL, NULL, &model));
    REFUSED(dg_model_open("run", NULL, NULL));
    cr_expect_eq(dg_model_kind_of(NULL), DG_MODEL_VALUES);
    EMPTY(dg_model_output(NULL));
    EMPTY(dg_model_file(NULL));
    EMPTY(dg_model_parameters(NULL));
    EMPTY(dg_model_class_count(NULL));
    EMPTY(dg_model_class(NULL, 0));
    REFUSED(dg_model_read(NULL, "new.csv", &data));
    MUST(dg_dataset_new(&rows));
    MUST(dg_tensors_put(rows.fields, "features", &row));
    REFUSED(dg_model_predict(NULL, &rows, &result));
    REFUSED(dg_model_predict_features(NULL, &row, &result));
    write_text("net.dot", net_text);
    MUST(dg_safetensors_write("net.safetensors", parameters));
    MUST(dg_model_open("net.dot", &(dg_model_options){.weights = "net.safetensors"}, &model));
    REFUSED(dg_model_read(model, NULL, &data));
    REFUSED(dg_model_read(model, "new.csv", NULL));
    REFUSED(dg_model_predict(model, NULL, &result));
    REFUSED(dg_model_predict(model, &rows, NULL));
    REFUSED(dg_model_predict_features(model, NULL, &result));
    REFUSED(dg_model_predict_features(model, &row, NULL));
    MUST(dg_model_predict_features(model, &row, &result));
    dg_tensor_release(&result);
    dg_model_free(model);
    dg_dataset_release(&rows);
}

Test(null_arguments, pictures)
{
    const dg_heat unlisted = {.count = 2};
    dg_heat *heat;
    char *bytes;
    size_t size;
    dg_heat_free(NULL);
    REFUSED(dg_draw(NULL, "net.svg"));
    REFUSED(dg_draw(file->graph, NULL));
    REFUSED(dg_draw(file->graph, NULL, .format = "svg"));
    REFUSED(dg_draw_bytes(NULL, &bytes, &size, .format = "svg"));
    REFUSED(dg_draw_bytes(file->graph, NULL, &size, .format = "svg"));
    REFUSED(dg_draw_bytes(file->graph, &bytes, NULL, .format = "svg"));
    REFUSED(dg_draw_check(NULL));
    REFUSED(dg_draw_bytes(file->graph, &bytes, &size, .format = "svg", .heat = &unlisted));
    EMPTY(dg_draw_format(NULL));
    dg_heat_request request = {.what = "activation", .loss = file->output, .parameters = parameters};
    REFUSED(dg_heat_measure(NULL, &heat));
    REFUSED(dg_heat_measure(&request, NULL));
    request.what = NULL;
    REFUSED(dg_heat_measure(&request, &heat));
    request.what = "activation";
    request.loss = NULL;
    REFUSED(dg_heat_measure(&request, &heat));
    request.loss = file->output;
    request.parameters = NULL;
    REFUSED(dg_heat_measure(&request, &heat));
    request.parameters = parameters;
    request.n_feeds = 1;
    REFUSED(dg_heat_measure(&request, &heat));
}
