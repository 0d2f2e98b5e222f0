/* What there is many of while memory runs out: derivatives, optimisers, schedules, readers of data and of graph files,
 * resumed training, sequences. */
#include "allocations.h"

#include <dotgrad/generate.h>
#include <dotgrad/graphviz.h>

static void make_files(void)
{
    static const char header[] =
        "\x93NUMPY\1\0\x4A\0{'descr': '<U1', 'fortran_order': False, 'shape': (3, 2)}                \n";
    static const uint32_t letters[] = {'a', 'x', 'b', 'y', 'a', 'z'};
    make_folder();
    setenv("DG_NUM_THREADS", "1", 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    write_text("cars.csv",
               "# from a catalogue\nid|date|town|power|price\n1|2024-01-02|Ulm|1,5|$1.204,00\n"
               "2|2024-01-03|Jena|?|$900,00\n3|2024-01-04|Ulm|3,25|$1.500,00\n4|2024-01-05|Kiel|2|$1.300,50\n"
               "5|2024-01-06|Jena|1|$850,00\n6|2024-01-07|Ulm|2,75|$1.410,00\n");
    write_text("kinds.csv", "a,b,kind\n1,0,x\n2,1,y\n3,0,x\n4,1,y\n5,0,x\n6,1,y\n7,0,x\n8,1,y\n");
    write_text("book.txt", "the cat sat on the mat; the dog sat on the log; the end of it all.");
    write_text(
        "cell.dot",
        "digraph { x [op=\"input([N, 3])\"]; h [op=\"input([N, 4])\"]; a [op=\"linear(4)\"]; b [op=\"linear(4)\"];\n"
        "s [op=add]; next_h [op=tanh]; x -> a -> s; h -> b -> s -> next_h; }");
    write_text("block.dot",
               "digraph { set [op=\"linear(5)\"]; x [op=\"input([N, 5])\"]; y [op=tanh]; x -> set -> y; }");
    FILE *file = fopen("words.npy", "wb");
    cr_assert(file && fwrite(header, 1, sizeof header - 1, file) && fwrite(letters, 4, 6, file) && !fclose(file));
}

TestSuite(allocations_parts, .init = make_files, .fini = remove_folder);

/* ---- derivatives ---- */

typedef struct net {
    dg_graph *graph;
    dg_tensors *parameters;
    dg_plan *plan;
    dg_node *x, *y, *loss;
} net;

/* Two inner layers, whose values are computed again for the gradient. */
static dg_status make_net(net *n)
{
    dg_status status = dg_graph_new(&n->graph);
    if (status.code == DG_OK)
        status = dg_tensors_new(&n->parameters);
    if (status.code != DG_OK)
        return status;
    n->x = dg_input(n->graph, DG_SHAPE(2, 3), .name = "x");
    dg_module_begin(n->graph, "inner", true);
    dg_node *h = dg_layer_norm(dg_tanh(dg_linear(n->x, 4, .name = "a")), .name = "ln");
    h = dg_softmax(dg_linear(h, 4, .name = "b"), .dim = 1);
    dg_module_end(n->graph);
    n->y = dg_linear(h, 2, .name = "c");
    n->loss = dg_mean(dg_square(n->y));
    return dg_graph_status(n->graph);
}

static void release(net *n)
{
    dg_plan_free(n->plan);
    dg_tensors_free(n->parameters);
    dg_graph_free(n->graph);
}

/* Runs the plan on numbers and takes its results. */
static dg_status run_net(net *n, int n_fetch, uint64_t *result)
{
    static const float numbers[] = {0.5f, -1, 0.25f, 2, 1.5f, -0.75f};
    const dg_tensor x = dg_tensor_view(DG_FLOAT32, DG_SHAPE(2, 3), numbers);
    dg_status status = dg_plan_run(n->plan, &(dg_feed){n->x, &x}, 1);
    for (int k = 0; status.code == DG_OK && k < n_fetch; k++)
        mix_tensor(result, dg_plan_result(n->plan, k));
    return status;
}

static dg_status products(uint64_t *result)
{
    net n = {0};
    dg_node *fetch[5] = {0}, *const * parameters;
    int count;
    bool depends;
    dg_status status = make_net(&n);
    if (status.code == DG_OK)
        status = dg_trainable_parameters(n.loss, &parameters, &count);
    if (status.code == DG_OK)
        status = dg_depends(n.loss, 1, parameters, &depends);
    if (status.code == DG_OK)
        status = dg_grad(n.loss, 1, parameters, &fetch[0]);
    if (status.code == DG_OK)
        status = dg_jacobian(n.y, n.x, &fetch[1]);
    if (status.code == DG_OK)
        status = dg_hessian(n.loss, n.x, &fetch[2]);
    if (status.code == DG_OK)
        status = dg_hessian_vector(n.loss, 1, &n.x, &n.x, &fetch[3]);
    if (status.code == DG_OK)
        status = dg_gauss_newton_vector(n.loss, n.y, 1, &n.x, &n.x, &fetch[4]);
    if (status.code == DG_OK)
        status = dg_parameters_init(n.parameters, n.graph, 1);
    if (status.code == DG_OK)
        status = dg_plan_new(
            n.graph, &(dg_plan_options){.fetch = fetch, .n_fetch = 5, .parameters = n.parameters, .training = true},
            &n.plan);
    if (status.code == DG_OK)
        status = run_net(&n, 5, result);
    release(&n);
    return status;
}

Test(allocations_parts, of_products_with_derivatives)
{
    sweep("products", products);
}

/* ---- rules ---- */

static const char *rule;

static dg_status optimise(uint64_t *result)
{
    net n = {0};
    dg_status status = make_net(&n);
    if (status.code == DG_OK)
        status = dg_training_plan(n.loss, rule, n.parameters, &n.plan, .clip_value = 1, .average = "ema",
                                  .groups = "[group('c.*', lr=0.1)]", .freeze = "inner.a.bias");
    for (int step = 0; status.code == DG_OK && step < 2; step++)
        status = run_net(&n, 1, result);
    release(&n);
    return status;
}

Test(allocations_parts, of_optimizers)
{
    static const char *const rules[] = {"sgd(momentum=0.9, nesterov=true)", "adamw(amsgrad=true)", "adafactor", "muon",
                                        "rule('m = 0.9*m + g; p = p - lr*m', lr=0.01)"};
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
        rule = rules[k];
        sweep(rule, optimise);
    }
}

static dg_status plan_rates(uint64_t *result)
{
    static const char *const texts[] = {"cosine(warmup=2)",
                                        "multistep([2, 3])",
                                        "onecycle(max_lr=0.5, total_steps=20)",
                                        "plateau(patience=1)",
                                        "formula('0.9^epoch')",
                                        "multiplicative('0.5 + 0.5 * t / 10')",
                                        "sequential([linear(total_iters=2), cosine], milestones=[2])",
                                        "chained([linear, exponential(gamma=0.9)])"};
    dg_status status = dg_ok();
    for (size_t k = 0; status.code == DG_OK && k < sizeof texts / sizeof *texts; k++) {
        dg_schedule schedule;
        char text[400];
        status = dg_schedule_parse(texts[k], &schedule);
        if (status.code != DG_OK)
            break;
        dg_schedule_print(&schedule, text, sizeof text);
        mix(result, text, strlen(text));
        for (uint64_t step = 0; step < 12; step++)
            mix(result, (double[]){dg_schedule_rate(&schedule, 0.1, step, 3, 4)}, sizeof(double));
        dg_schedule_release(&schedule);
    }
    return status;
}

Test(allocations_parts, of_schedules)
{
    sweep("schedules", plan_rates);
}

/* ---- data ---- */

static void mix_text(uint64_t *result, const char *text)
{
    mix(result, text, strlen(text));
}

static dg_status read_all(uint64_t *result)
{
    static const char *const specs[] = {
        "cars.csv(drop=[id], categories=[town], decimal=',', missing=['?'], fill=median, scale=standard, test=0)",
        "cars.csv(columns=[power, price], target=price, decimal=',', missing=['?'], fill=drop, scale=none, test=0)",
        "text('book.txt', length=4)",
        "words.npy(test=0)",
        "values(x=[[1, 2], [3, 4]], t=[0, 1])",
        "xor",
        "spirals(n=30)"};
    dg_status status = dg_ok();
    for (size_t k = 0; status.code == DG_OK && k < sizeof specs / sizeof *specs; k++) {
        dg_data *data;
        status = dg_data_open(specs[k], &(dg_data_options){.seed = 3, .validation = k == 0 ? 0.3 : 0}, &data);
        if (status.code != DG_OK)
            break;
        const dg_dataset *set = dg_data_set(data);
        for (size_t i = 0; i < dg_tensors_count(set->fields); i++)
            mix_tensor(result, dg_tensors_at(set->fields, i));
        for (size_t i = 0; dg_data_notice(data, i); i++)
            mix_text(result, dg_data_notice(data, i));
        dg_data_free(data);
    }
    return status;
}

Test(allocations_parts, of_readers)
{
    sweep("readers", read_all);
}

/* What a checkpoint keeps of data is met by them and by another file. */
static dg_status keep(uint64_t *result)
{
    dg_data *data = NULL, *other = NULL;
    dg_tensors *set = NULL;
    dg_status status = dg_data_open("kinds.csv(scale=standard)", NULL, &data);
    if (status.code == DG_OK)
        status = dg_tensors_new(&set);
    if (status.code == DG_OK)
        status = dg_data_keep(data, set);
    if (status.code == DG_OK)
        status = dg_data_check_kept(data, set);
    if (status.code == DG_OK)
        status = dg_data_open("kinds.csv", &(dg_data_options){.as_in = set}, &other);
    for (size_t i = 0; status.code == DG_OK && i < dg_tensors_count(dg_data_set(other)->fields); i++)
        mix_tensor(result, dg_tensors_at(dg_data_set(other)->fields, i));
    dg_data_free(other);
    dg_data_free(data);
    dg_tensors_free(set);
    return status;
}

Test(allocations_parts, of_columns_that_are_kept)
{
    sweep("columns kept", keep);
}

/* ---- graph files ---- */

static const char *graph_text;

static dg_status read_and_write(uint64_t *result)
{
    dg_graph_file *file = NULL;
    char *text = NULL;
    const dg_symbol_size sizes[] = {{"FEATURES", 5}, {"CLASSES", 2}};
    dg_status status =
        dg_graph_read("g.dot", &(dg_graph_read_options){.text = graph_text, .sizes = sizes, .n_sizes = 2}, &file);
    if (status.code == DG_OK)
        status = dg_graph_file_write(file, &text);
    if (status.code == DG_OK)
        mix_text(result, text);
    free(text);
    dg_graph_file_free(file);
    return status;
}

Test(allocations_parts, of_graph_files)
{
    static const char *const texts[] = {
        "digraph { x [op=\"input([N, 6, 3])\"]; r [op=\"scan('cell.dot')\"]; y [op=\"linear(2)\"]; x -> r -> y; }",
        "digraph { graph [set=\"wide=5, act=relu\"]; x [op=\"input([N, FEATURES])\"]; a [op=\"use('block.dot')\"];\n"
        "b [op=\"use('block.dot')\", share=a]; subgraph cluster_c { repeat=3; share=true; h [op=\"linear($wide)\"]; s "
        "[op=\"$act\"];\n"
        "h -> s; } y [op=\"linear(CLASSES)\"]; loss [op=sum]; g [op=grad]; x -> a -> b -> h; s -> y -> loss;\n"
        "loss -> g [arg=output]; x -> g [arg=input]; \"y.weight\" -> n; n [op=norm]; }",
        "digraph { node [shape=box]; edge [color=red]; c [op=\"constant([[1.5, 2], [3, 4]])\", label=<<b>c</b>>];\n"
        "p [op=\"parameter([2], min=0, max=1, init=uniform)\"]; m [op=matmul]; c -> m; p -> m;\n"
        "note [label=\"see\", derived=true]; note -> m [derived=true]; }"};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        graph_text = texts[k];
        sweep("a graph file", read_and_write);
    }
}

/* ---- training ---- */

static dg_tensors *begun;

static dg_status note_watched(void *argument, const dg_watched *now)
{
    (void)now;
    ++*(int *)argument;
    return dg_ok();
}

static dg_status resume(uint64_t *result)
{
    int watched = 0;
    dg_data *data = NULL;
    net n = {0};
    dg_trainer *trainer = NULL;
    dg_status status = dg_data_open("kinds.csv(test=0.25)", &(dg_data_options){.seed = 1, .validation = 0.3}, &data);
    if (status.code == DG_OK)
        status = dg_graph_new(&n.graph);
    if (status.code == DG_OK)
        status = dg_tensors_new(&n.parameters);
    if (status.code == DG_OK) {
        n.x = dg_input(n.graph, DG_SHAPE(DG_N, 2), .name = "x");
        dg_node *t = dg_input(n.graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "t");
        n.y = dg_linear(dg_tanh(dg_linear(n.x, 3, .name = "a")), 2, .name = "b");
        n.loss = dg_cross_entropy(n.y, t, .name = "loss");
        status = dg_graph_status(n.graph);
    }
    if (status.code == DG_OK)
        status = dg_data_suit(data, n.graph);
    const dg_trainer_options options = {.task = {.graph = n.graph,
                                                 .loss = n.loss,
                                                 .output = n.y,
                                                 .parameters = n.parameters,
                                                 .data = status.code == DG_OK ? dg_data_set(data) : NULL,
                                                 .metrics = "accuracy, auc",
                                                 .batch_size = 2},
                                        .optimizer = "adam(lr=0.05)",
                                        .schedule = "plateau(patience=1)",
                                        .epochs = begun ? 4 : 2,
                                        .clip_norm = 1,
                                        .average = "ema",
                                        .early_stopping = 3,
                                        .watch =
                                            "grad_norm, activation, mean, std, rank, dead, saturated, update_ratio",
                                        .watch_every = 3,
                                        .watched = note_watched,
                                        .argument = &watched,
                                        .resume = begun,
                                        .checkpoint = "made.safetensors"};
    if (status.code == DG_OK)
        status = dg_trainer_new(&options, &trainer);
    if (status.code == DG_OK)
        status = dg_trainer_run(trainer);
    mix(result, &watched, sizeof watched);
    for (size_t k = 0; status.code == DG_OK && k < dg_tensors_count(n.parameters); k++)
        mix_tensor(result, dg_tensors_at(n.parameters, k));
    dg_trainer_free(trainer);
    release(&n);
    dg_data_free(data);
    return status;
}

Test(allocations_parts, of_training_that_goes_on)
{
    uint64_t result;
    dg_status status = resume(&result);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    cr_assert_eq(dg_safetensors_read("made.safetensors", &begun).code, DG_OK);
    sweep("resumed", resume);
    dg_tensors_free(begun);
}

/* ---- sequences ---- */

static dg_status make_sequence(dg_graph **graph)
{
    dg_status status = dg_graph_new(graph);
    if (status.code != DG_OK)
        return status;
    dg_node *tokens = dg_input(*graph, DG_SHAPE(DG_N, dg_symbol(*graph, "T")), .dtype = DG_INT64, .name = "tokens");
    dg_node *h = dg_embedding(tokens, .num_embeddings = 7, .embedding_dim = 4, .name = "embedding");
    h = dg_gru(h, 4, .name = "gru");
    h = dg_add(h, dg_multihead_attention(h, 4, 2, .is_causal = true, .name = "att"));
    dg_linear(h, 7, .name = "scores");
    return dg_graph_status(*graph);
}

static dg_status follow(uint64_t *result)
{
    dg_graph *graph = NULL, *copy = NULL;
    dg_tensors *parameters = NULL;
    dg_stepper *stepper = NULL;
    const double *scores;
    dg_status status = make_sequence(&graph);
    if (status.code == DG_OK)
        status = make_sequence(&copy);
    if (status.code == DG_OK)
        status = dg_tensors_new(&parameters);
    if (status.code == DG_OK)
        status = dg_parameters_init(parameters, graph, 1);
    if (status.code == DG_OK)
        status = dg_stepper_new(
            &(dg_stepper_options){
                .graph = graph, .copy = copy, .input = "tokens", .output = "scores", .parameters = parameters},
            &stepper);
    for (int64_t token = 0; status.code == DG_OK && token < 5; token++) {
        status = dg_stepper_step(stepper, token, &scores);
        if (status.code == DG_OK)
            mix(result, scores, 7 * sizeof *scores);
    }
    dg_stepper_free(stepper);
    dg_tensors_free(parameters);
    dg_graph_free(copy);
    dg_graph_free(graph);
    return status;
}

Test(allocations_parts, of_sequences)
{
    sweep("sequence", follow);
}
