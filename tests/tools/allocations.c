/* Long because a scenario is here for each part of the library. The library while memory runs out, from graphs to
 * pictures; allocations_parts.c has what there is many of. */
#include "allocations.h"

#include <dotgrad/activation.h>
#include <dotgrad/draw.h>
#include <dotgrad/graphviz.h>
#include <dotgrad/model.h>

static void make_files(void)
{
    make_folder();
    setenv("DG_NUM_THREADS", "1", 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    write_text("table.csv", "length;width;colour;kind\n1,5;2;red;tulip\n2;;blue;tulip\n1;3;red;rose\n7;1;green;rose\n"
                            "6;2;red;tulip\n5;4;;rose\n8;2;blue;rose\n1;1;blue;tulip\n");
    write_text("table.arff", "@relation r\n@attribute a numeric\n@attribute c {x,y}\n@data\n1,x\n2,y\n3,?\n");
    write_text("table.svm", "1 1:0.5 3:2\n-1 2:1\n1 1:3\n");
    write_text("net.dot",
               "digraph net { graph [data=\"table.csv(target=kind)\", set=\"act=tanh\", epochs=2, batch_size=4];\n"
               "  x [op=\"input([N, FEATURES])\"]; t [op=\"input([N], dtype=int64)\"];\n"
               "  p [op=\"linear(6)\"]; subgraph cluster_block { repeat=2; label=\"a block\"; h [op=\"linear(6)\", "
               "tooltip=first]; a "
               "[op=\"$act\"]; h -> a; }\n"
               "  e [op=\"expr(x * sigmoid(b * x), b=parameter(1.5))\"]; output [op=\"linear(CLASSES)\"];\n"
               "  loss [op=cross_entropy]; x -> p -> h; a -> e -> output -> loss; t -> loss [arg=target]; }\n");
}

TestSuite(allocations, .init = make_files, .fini = remove_folder);

/* ---- building, planning, running ---- */

typedef struct built {
    dg_graph *graph;
    dg_tensors *parameters;
    dg_plan *plan;
    dg_tensor image, label;
} built;

static void release(built *b)
{
    dg_plan_free(b->plan);
    dg_tensors_free(b->parameters);
    dg_graph_free(b->graph);
    dg_tensor_release(&b->image);
    dg_tensor_release(&b->label);
}

static dg_status fill(dg_tensor *tensor, dg_dtype dtype, dg_shape shape, int64_t most)
{
    dg_status status = dg_tensor_make(tensor, dtype, shape);
    for (int64_t k = 0; status.code == DG_OK && k < dg_tensor_count(tensor); k++)
        dg_tensor_set(tensor, k, most ? (double)(k % most) : 0.1 * (double)(k % 17) - 0.8);
    return status;
}

/* Convolution, norms, a module, attention, a formula and a recurrence; the image, labels and the loss. */
static dg_status build(built *b, dg_node **x, dg_node **t, dg_node **loss)
{
    dg_status status = dg_graph_new(&b->graph);
    if (status.code == DG_OK)
        status = dg_tensors_new(&b->parameters);
    if (status.code != DG_OK)
        return status;
    *x = dg_input(b->graph, DG_SHAPE(DG_N, 2, 6, 6), .name = "x");
    *t = dg_input(b->graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "t");
    dg_node *h =
        dg_relu(dg_batch_norm(dg_conv2d(*x, 4, .kernel_size = 3, .padding = 1, .name = "conv"), .name = "norm"));
    h = dg_max_pool2d(h, .kernel_size = 2);
    h = dg_transpose(dg_flatten(h, .start_dim = 2), 1, 2);
    dg_module_begin(b->graph, "block", false);
    h = dg_add(h, dg_multihead_attention(dg_layer_norm(h, .name = "ln"), 4, 2, .name = "att"));
    dg_module_end(b->graph);
    h = dg_gru(h, 5, .name = "gru");
    dg_node *mean = dg_mean(h, .dim = 1), *slope = dg_parameter(b->graph, DG_SHAPE(5), .name = "b");
    h = dg_expr("h * tanh(exp(b * h))", {"h", mean}, {"b", slope});
    h = dg_linear(dg_dropout(h, .p = 0.1), 3, .name = "scores");
    *loss = dg_cross_entropy(h, *t, .name = "loss");
    return dg_graph_status(b->graph);
}

static dg_status plan_and_run(uint64_t *result)
{
    built b = {0};
    dg_node *x, *t, *loss;
    dg_status status = build(&b, &x, &t, &loss);
    if (status.code == DG_OK)
        status = dg_parameters_init(b.parameters, b.graph, 1);
    if (status.code == DG_OK)
        status = dg_training_plan(loss, "adam(lr=0.01)", b.parameters, &b.plan, .clip_norm = 1);
    if (status.code == DG_OK)
        status = fill(&b.image, DG_FLOAT32, DG_SHAPE(4, 2, 6, 6), 0);
    if (status.code == DG_OK)
        status = fill(&b.label, DG_INT64, DG_SHAPE(4), 3);
    for (int k = 0; status.code == DG_OK && k < 2; k++)
        status = dg_plan_run(b.plan, (dg_feed[]){{x, &b.image}, {t, &b.label}}, 2);
    for (size_t k = 0; status.code == DG_OK && k < dg_tensors_count(b.parameters); k++)
        mix_tensor(result, dg_tensors_at(b.parameters, k));
    release(&b);
    return status;
}

Test(allocations, of_a_training_plan)
{
    sweep("plan and run", plan_and_run);
}

static dg_status differentiate(uint64_t *result)
{
    built b = {0};
    dg_node *x, *t, *loss, *const *parameters, *fetch[64];
    int count;
    dg_status status = build(&b, &x, &t, &loss);
    if (status.code == DG_OK)
        status = dg_trainable_parameters(loss, &parameters, &count);
    if (status.code == DG_OK)
        status = dg_grad(loss, count, parameters, fetch);
    if (status.code == DG_OK)
        status = dg_grad(dg_sum(dg_square(fetch[0])), count, parameters, fetch); /* second derivatives */
    if (status.code == DG_OK)
        status = dg_jacobian_vector(1, &loss, 1, &x, (dg_node *[]){dg_ones_like(x)}, &fetch[count]);
    if (status.code == DG_OK)
        status = dg_parameters_init(b.parameters, b.graph, 1);
    if (status.code == DG_OK)
        status = dg_plan_new(
            b.graph, &(dg_plan_options){.fetch = fetch, .n_fetch = count + 1, .parameters = b.parameters}, &b.plan);
    if (status.code == DG_OK)
        status = fill(&b.image, DG_FLOAT32, DG_SHAPE(4, 2, 6, 6), 0);
    if (status.code == DG_OK)
        status = fill(&b.label, DG_INT64, DG_SHAPE(4), 3);
    if (status.code == DG_OK)
        status = dg_plan_run(b.plan, (dg_feed[]){{x, &b.image}, {t, &b.label}}, 2);
    for (int k = 0; status.code == DG_OK && k <= count; k++)
        mix_tensor(result, dg_plan_result(b.plan, k));
    release(&b);
    return status;
}

Test(allocations, of_derivatives)
{
    sweep("derivatives", differentiate);
}

/* ---- files ---- */

static dg_status write_and_read(uint64_t *result)
{
    built b = {0};
    dg_node *x, *t, *loss;
    char *text = NULL, *again = NULL;
    dg_tensors *read = NULL;
    dg_graph_file *file = NULL;
    dg_status status = build(&b, &x, &t, &loss);
    if (status.code == DG_OK)
        status = dg_parameters_init(b.parameters, b.graph, 1);
    if (status.code == DG_OK)
        status = dg_safetensors_write("made.safetensors", b.parameters);
    if (status.code == DG_OK)
        status = dg_safetensors_read("made.safetensors", &read);
    for (size_t k = 0; status.code == DG_OK && k < dg_tensors_count(read); k++)
        mix_tensor(result, dg_tensors_at(read, k));
    if (status.code == DG_OK)
        status = dg_graph_write(b.graph, &(dg_graph_write_options){.name = "g", .loss = loss}, &text);
    if (status.code == DG_OK)
        status = dg_graph_read("g.dot", &(dg_graph_read_options){.text = text}, &file);
    if (status.code == DG_OK)
        status = dg_graph_file_write(file, &again);
    if (status.code == DG_OK)
        mix(result, again, strlen(again));
    free(text);
    free(again);
    dg_graph_file_free(file);
    dg_tensors_free(read);
    release(&b);
    return status;
}

Test(allocations, of_files)
{
    sweep("files", write_and_read);
}

static dg_status read_data(uint64_t *result)
{
    static const char *const specs[] = {"table.csv(target=kind, scale=standard)", "table.arff", "table.svm", "iris"};
    dg_status status = dg_ok();
    for (size_t k = 0; status.code == DG_OK && k < sizeof specs / sizeof *specs; k++) {
        dg_data *data;
        status = dg_data_open(specs[k], NULL, &data);
        if (status.code != DG_OK)
            break;
        const dg_dataset *set = dg_data_set(data);
        for (size_t i = 0; i < dg_tensors_count(set->fields); i++)
            mix_tensor(result, dg_tensors_at(set->fields, i));
        mix(result, set->train, (size_t)set->n_train * sizeof *set->train);
        for (int64_t i = 0; dg_data_class(data, i); i++)
            mix(result, dg_data_class(data, i), strlen(dg_data_class(data, i)));
        for (size_t i = 0; dg_data_notice(data, i); i++)
            mix(result, dg_data_notice(data, i), strlen(dg_data_notice(data, i)));
        dg_data_free(data);
    }
    return status;
}

Test(allocations, of_data)
{
    sweep("data", read_data);
}

/* ---- training and what follows ---- */

static dg_status train(uint64_t *result)
{
    dg_data *data = NULL;
    dg_graph_file *file = NULL;
    dg_tensors *parameters = NULL;
    dg_trainer *trainer = NULL;
    dg_status status = dg_tensors_new(&parameters);
    if (status.code == DG_OK)
        status = dg_graph_read("net.dot", &(dg_graph_read_options){.find_data = NULL}, &file);
    if (status.code == DG_OK)
        status = dg_graph_file_open_data(file, NULL, &data);
    if (status.code == DG_OK)
        status = dg_data_suit(data, file->graph);
    if (status.code == DG_OK)
        status = dg_trainer_new(&(dg_trainer_options){.task = {.graph = file->graph,
                                                               .loss = file->loss,
                                                               .output = file->output,
                                                               .parameters = parameters,
                                                               .data = dg_data_set(data),
                                                               .batch_size = 3},
                                                      .epochs = 2,
                                                      .checkpoint = "made.safetensors"},
                                &trainer);
    if (status.code == DG_OK)
        status = dg_trainer_run(trainer);
    for (size_t k = 0; status.code == DG_OK && k < dg_tensors_count(parameters); k++)
        mix_tensor(result, dg_tensors_at(parameters, k));
    dg_trainer_free(trainer);
    dg_tensors_free(parameters);
    dg_graph_file_free(file);
    dg_data_free(data);
    return status;
}

Test(allocations, of_training)
{
    sweep("training", train);
    dg_model *model;
    dg_status status = dg_model_open("made.safetensors", NULL, &model);
    cr_assert_eq(status.code, DG_OK, "the last checkpoint: %s", status.message);
    dg_model_free(model);
}

static dg_status serve(uint64_t *result)
{
    dg_model *model = NULL;
    dg_data *data = NULL;
    dg_tensor scores = {0};
    dg_status status = dg_model_open("run", NULL, &model);
    if (status.code == DG_OK)
        status = dg_model_read(model, "table.csv", &data);
    if (status.code == DG_OK)
        status = dg_model_predict(model, dg_data_set(data), &scores);
    if (status.code == DG_OK)
        mix_tensor(result, &scores);
    dg_tensor_release(&scores);
    dg_data_free(data);
    dg_model_free(model);
    return status;
}

Test(allocations, of_a_trained_model)
{
    expect_fine(dotgrad("train net.dot -o run"));
    sweep("model", serve);
}

/* ---- pictures ---- */

static dg_draw_options picture;

static dg_status draw(uint64_t *result)
{
    dg_graph_file *file = NULL;
    char *bytes = NULL;
    size_t size;
    dg_status status = dg_graph_read(
        "net.dot", &(dg_graph_read_options){.sizes = (dg_symbol_size[]){{"FEATURES", 4}, {"CLASSES", 2}}, .n_sizes = 2},
        &file);
    dg_draw_options options = picture;
    options.file = file;
    if (status.code == DG_OK)
        status = dg_draw_memory(file->graph, options, &bytes, &size);
    if (status.code == DG_OK)
        mix(result, bytes, size);
    free(bytes);
    dg_graph_file_free(file);
    return status;
}

Test(allocations, of_pictures)
{
    static const char *const formats[] = {"svg", "pdf", "png", "html", "tex", "txt", "dot"};
    const unsigned step = are_few_points() ? 3 : 1; /* svg, html, dot; backward, plan */
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k += step) {
        picture = (dg_draw_options){.format = formats[k]};
        sweep(formats[k], draw);
    }
    for (dg_draw_view view = DG_VIEW_BACKWARD; view <= DG_VIEW_PLAN; view += step) {
        picture = (dg_draw_options){.format = "svg", .view = view};
        sweep("a view of derivatives", draw);
    }
}

/* ---- functions ---- */

static dg_status analyse(uint64_t *result)
{
    dg_activation *activation;
    dg_status status =
        dg_activation_analyse("x * tanh(softplus(b * x)), b=1.5", &(dg_activation_options){.samples = 16}, &activation);
    if (status.code != DG_OK)
        return status;
    for (size_t k = 0; k < dg_activation_count(activation); k++) {
        const char *text = dg_activation_at(activation, k)->text;
        mix(result, text, strlen(text));
    }
    dg_activation_free(activation);
    return status;
}

Test(allocations, of_an_analysis)
{
    sweep("analysis", analyse);
}

static dg_status check(uint64_t *result)
{
    dg_graph *g = NULL;
    dg_tensors *parameters = NULL;
    dg_check_report *report = NULL;
    dg_status status = dg_graph_new(&g);
    if (status.code == DG_OK)
        status = dg_tensors_new(&parameters);
    if (status.code == DG_OK) {
        dg_graph_set_dtype(g, DG_FLOAT64);
        dg_node *w = dg_parameter(g, DG_SHAPE(3), .name = "w", .init = "constant([1, 2, 3])");
        dg_node *loss = dg_sum(dg_expr("sin(w) * exp(w)", {"w", w}));
        status = dg_graph_status(g);
        if (status.code == DG_OK)
            status = dg_parameters_init(parameters, g, 1);
        if (status.code == DG_OK)
            status = dg_check_gradients(&(dg_check_options){.loss = loss, .parameters = parameters}, &report);
    }
    if (status.code == DG_OK)
        mix(result, (int64_t[]){report->checked, report->failed}, 16);
    dg_check_report_free(report);
    dg_tensors_free(parameters);
    dg_graph_free(g);
    return status;
}

Test(allocations, of_a_gradient_check)
{
    sweep("gradient check", check);
}

static dg_status fit(uint64_t *result)
{
    dg_data *data = NULL;
    dg_rbf_fit found = {0};
    char *text = NULL;
    dg_status status = dg_data_open("table.csv(target=kind)", NULL, &data);
    if (status.code == DG_OK)
        status = dg_rbf_fit_make(dg_data_set(data), NULL, &found);
    if (status.code == DG_OK)
        status = dg_rbf_fit_text(&found, true, "table.csv(target=kind)", &text);
    if (status.code == DG_OK)
        mix(result, text, strlen(text));
    free(text);
    dg_rbf_fit_release(&found);
    dg_data_free(data);
    return status;
}

Test(allocations, of_an_rbf_fit)
{
    sweep("rbf fit", fit);
}
