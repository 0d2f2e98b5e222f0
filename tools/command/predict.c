/* dotgrad predict: a trained graph on the rows of a data file. */
#include "command.h"
#include "tools/run/folder.h"
#include "session.h"

#include <dotgrad/dotgrad.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: dotgrad predict RUN/ DATA [options]\n"
    "       dotgrad predict G.dot --weights W.safetensors DATA [options]\n\n"
    "Applies a trained graph (the folder of a run, or its checkpoint) to every row of DATA: a CSV file with or "
    "without\n"
    "the target, .safetensors, a folder of IDX files, or a set by name; - is CSV on standard input. Features are "
    "scaled\n"
    "as in training. The result is CSV: class and probabilities where the graph was trained on classes, else the\n"
    "values of the output.\n\n"
    "  -o, --out FILE    where to (standard output)\n"
    "  --data D          another way to write DATA\n"
    "  --weights FILE    parameters for a graph file: a checkpoint or any .safetensors\n"
    "  --output NODE     what to compute (the graph's output)\n"
    "  --batch-size B    rows at a time (256)\n"
    "  --threads T       (DG_NUM_THREADS, or all processors)\n" MEMORY_LIMIT_USAGE;

typedef struct predict_options {
    const char *model, *data, *weights, *output, *out;
    int64_t batch;
    session_options session;
} predict_options;

enum option_value { DATA = 256, WEIGHTS, OUTPUT, BATCH_SIZE, THREADS, MEMORY_LIMIT };

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"out", required_argument, NULL, 'o'},
    {"data", required_argument, NULL, DATA},
    {"weights", required_argument, NULL, WEIGHTS},
    {"output", required_argument, NULL, OUTPUT},
    {"batch-size", required_argument, NULL, BATCH_SIZE},
    {"threads", required_argument, NULL, THREADS},
    {"memory-limit", required_argument, NULL, MEMORY_LIMIT},
    {0},
};

static bool take_option(const char *name, int option, predict_options *given, int *over)
{
    *over = EXIT_USAGE;
    switch (option) {
    case 'h':
        puts(usage);
        *over = 0;
        return false;
    case 'o':
        given->out = optarg;
        return true;
    case DATA:
        given->data = optarg;
        return true;
    case WEIGHTS:
        given->weights = optarg;
        return true;
    case OUTPUT:
        given->output = optarg;
        return true;
    case BATCH_SIZE:
        return command_int(name, "--batch-size", optarg, 1, INT64_MAX, &given->batch);
    case THREADS:
        return session_take_threads(name, optarg, &given->session);
    case MEMORY_LIMIT:
        return session_take_memory_limit(name, optarg, &given->session.memory_limit);
    default:
        return false;
    }
}

static int parse_options(int argc, char **argv, predict_options *given)
{
    int option, over;
    while ((option = command_option(argc, argv, "ho:", options)) != -1)
        if (!take_option(argv[0], option, given, &over))
            return over;
    if (optind < argc)
        given->model = argv[optind++];
    if (optind < argc && !given->data)
        given->data = argv[optind++];
    if (!given->model)
        return command_misused(argv[0], "wants a run's folder or a graph file");
    if (!given->data)
        return command_misused(argv[0], "wants data");
    if (optind < argc)
        return command_misused(argv[0], "'%s' is one argument too many", argv[optind]);
    return -1;
}

/* ---- the model ---- */

typedef struct model_state {
    graph_session session;
    dg_tensors *checkpoint;
    dg_node *output;
    data_scaling scaling;
    char **classes; /* n_classes names, or NULL */
    int64_t n_classes;
    bool classes_are_words;
} model_state;

static bool is_graph_file(const char *path)
{
    size_t length = strlen(path);
    return (length > 4 && !strcmp(path + length - 4, ".dot")) || (length > 3 && !strcmp(path + length - 3, ".gv"));
}

static dg_status open_graph(predict_options *given, model_state *model)
{
    const char *text = NULL, *output = given->output;
    bool is_file = is_graph_file(given->model);
    if (is_file && !given->weights)
        return dg_error(DG_BAD_ARGUMENT, "%s: a graph file alone is not trained: say --weights", given->model);
    DG_TRY(checkpoint_read(is_file ? given->weights : given->model, &model->checkpoint));
    if (!is_file) {
        run_notes notes;
        dg_status status = notes_read(model->checkpoint, &notes);
        if (status.code != DG_OK)
            return dg_prefixed(status, "%s", given->model);
        text = dg_tensors_note(model->checkpoint, "dotgrad.graph");
        output = output ? output : notes.output;
        if (notes.dtype && !dg_dtype_parse(notes.dtype, &given->session.dtype))
            return dg_error(DG_BAD_DATA, "%s: the checkpoint's dtype is '%s'", given->model, notes.dtype);
    }
    DG_TRY(session_open(given->model, text, &given->session, &model->session));
    DG_TRY(session_take_weights(&model->session, is_file ? given->weights : given->model, model->checkpoint));
    model->output = model->session.file->output;
    if (output)
        DG_TRY(session_find(&model->session, output, &model->output));
    if (!model->output)
        return dg_error(DG_BAD_ARGUMENT, "%s: the graph names no output: say --output", given->model);
    return dg_ok();
}

static dg_status open_model(predict_options *given, model_state *model)
{
    DG_TRY(open_graph(given, model));
    dg_status status = notes_scaling(model->checkpoint, &model->scaling);
    if (status.code == DG_OK)
        status = notes_classes(model->checkpoint, &model->classes, &model->n_classes, &model->classes_are_words);
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", given->model);
}

static void close_model(model_state *model)
{
    notes_free_classes(model->classes, model->n_classes);
    data_scaling_release(&model->scaling);
    dg_tensors_free(model->checkpoint);
    session_close(&model->session);
}

/* ---- the data ---- */

static void mark(const dg_node *node, bool *read)
{
    if (!node || read[dg_node_id(node)])
        return;
    read[dg_node_id(node)] = true;
    for (int k = 0; k < dg_node_input_count(node); k++)
        mark(dg_node_input(node, k), read);
}

/* How many numbers a row has, when one input with a known size alone is what the output reads; else 0. */
static dg_status count_features(const model_state *model, int64_t *n_features)
{
    dg_node **inputs;
    int count, found = 0;
    bool *read = calloc((size_t)dg_graph_node_count(model->session.graph) + 1, sizeof(bool));
    *n_features = 0;
    if (!read)
        return dg_error(DG_NO_MEMORY, "not enough memory");
    mark(model->output, read);
    dg_status status = session_nodes(&model->session, DG_ROLE_INPUT, &inputs, &count);
    for (int k = 0; status.code == DG_OK && k < count; k++) {
        if (!read[dg_node_id(inputs[k])])
            continue;
        dg_shape row = dg_node_type(inputs[k], 0)->shape;
        if (row.rank > 0)
            row.dims[0] = 1;
        *n_features = found++ == 0 && dg_shape_is_known(&row) ? dg_shape_count(&row) : 0;
    }
    if (status.code == DG_OK)
        free(inputs);
    free(read);
    return status;
}

static dg_status load_data(const predict_options *given, const model_state *model, data_set **set)
{
    data_request request = {.spec = given->data, .whole = true};
    if (model->classes_are_words) {
        request.classes = model->classes;
        request.n_classes = model->n_classes;
    }
    DG_TRY(count_features(model, &request.n_features));
    DG_TRY(data_load(&request, set, NULL));
    return data_scale(*set, &model->scaling);
}

/* ---- the result ---- */

typedef enum output_meaning { VALUES, LOGITS, LOG_PROBABILITIES, LOGIT, PROBABILITY } output_meaning;

/* What the output's numbers mean, by the loss that reads them. */
static output_meaning meaning_of(const dg_graph *graph, const dg_node *output)
{
    static const struct {
        const char *op;
        output_meaning meaning;
    } losses[] = {{"cross_entropy", LOGITS},
                  {"nll_loss", LOG_PROBABILITIES},
                  {"binary_cross_entropy_with_logits", LOGIT},
                  {"binary_cross_entropy", PROBABILITY}};
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        const dg_node *node = dg_graph_node(graph, id);
        if (dg_node_input_count(node) == 0 || dg_node_input(node, 0) != output)
            continue;
        for (size_t k = 0; k < sizeof losses / sizeof losses[0]; k++)
            if (!strcmp(dg_node_op(node)->name, losses[k].op))
                return losses[k].meaning;
    }
    return VALUES;
}

/* One cell, in quotes where it needs them. */
static void print_cell(FILE *out, const char *prefix, const char *text, const char *suffix)
{
    const char *quote = text[strcspn(text, ",\"\n\r")] ? "\"" : "";
    fprintf(out, "%s%s", quote, prefix);
    for (; *text; text++)
        fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fprintf(out, "%s%s", suffix, quote);
}

static void print_class(FILE *out, const char *prefix, const model_state *model, int64_t id, int64_t count)
{
    if (model->classes && model->n_classes == count)
        print_cell(out, prefix, model->classes[id], "");
    else
        fprintf(out, "%s%lld", prefix, (long long)id);
}

static void print_header(FILE *out, const model_state *model, output_meaning meaning, int64_t width)
{
    bool classes = meaning == LOGITS || meaning == LOG_PROBABILITIES;
    char number[32];
    if (classes || (meaning != VALUES && width == 1))
        fputs("class,", out);
    for (int64_t k = 0; k < width; k++) {
        snprintf(number, sizeof number, "_%lld", (long long)k);
        fputs(k > 0 ? "," : "", out);
        if (classes)
            print_class(out, "p_", model, k, width);
        else
            print_cell(out, "", meaning == VALUES ? dg_node_name(model->output) : "p", width > 1 ? number : "");
    }
    fputc('\n', out);
}

static void print_number(FILE *out, double value, dg_dtype dtype)
{
    char text[DG_NUMBER_TEXT];
    fputs(dg_number_print(value, dtype, text), out);
}

/* A row of scores as its class and the probabilities: softmax for logits. */
static void print_scores(FILE *out, const model_state *model, const dg_tensor *result, int64_t row, int64_t width,
                         output_meaning meaning)
{
    int64_t best = 0;
    double greatest = -INFINITY, sum = 0;
    for (int64_t k = 0; k < width; k++)
        if (dg_tensor_get(result, row * width + k) > greatest) {
            greatest = dg_tensor_get(result, row * width + k);
            best = k;
        }
    for (int64_t k = 0; k < width; k++)
        sum += exp(dg_tensor_get(result, row * width + k) - greatest);
    print_class(out, "", model, best, width);
    for (int64_t k = 0; k < width; k++) {
        double score = dg_tensor_get(result, row * width + k);
        fputc(',', out);
        print_number(out, meaning == LOGITS ? exp(score - greatest) / sum : exp(score), DG_FLOAT32);
    }
}

static void print_row(FILE *out, const model_state *model, const dg_tensor *result, int64_t row, int64_t width,
                      output_meaning meaning)
{
    if (meaning == LOGITS || meaning == LOG_PROBABILITIES) {
        print_scores(out, model, result, row, width, meaning);
    } else {
        for (int64_t k = 0; k < width; k++) {
            double value = dg_tensor_get(result, row * width + k);
            if (meaning == LOGIT)
                value = 1 / (1 + exp(-value));
            if (meaning != VALUES && width == 1) {
                print_class(out, "", model, value >= 0.5, 2);
                fputc(',', out);
            }
            fputs(k > 0 ? "," : "", out);
            print_number(out, value, meaning == VALUES ? result->dtype : DG_FLOAT32);
        }
    }
    fputc('\n', out);
}

static dg_status write_result(const predict_options *given, const model_state *model, const dg_tensor *result)
{
    int64_t rows = result->shape.dims[0], width = rows > 0 ? dg_tensor_count(result) / rows : 0;
    output_meaning meaning = meaning_of(model->session.graph, model->output);
    char *text = NULL;
    size_t size = 0;
    if ((meaning == LOGITS || meaning == LOG_PROBABILITIES) && result->shape.rank != 2)
        meaning = VALUES;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return dg_error(DG_NO_MEMORY, "not enough memory");
    print_header(out, model, meaning, width);
    for (int64_t row = 0; row < rows; row++)
        print_row(out, model, result, row, width, meaning);
    dg_status status = fclose(out) ? dg_error(DG_NO_MEMORY, "not enough memory") : dg_ok();
    if (status.code == DG_OK && given->out && strcmp(given->out, "-"))
        status = dg_write_file(given->out, text, size);
    else if (status.code == DG_OK)
        fwrite(text, 1, size, stdout); /* main() looks at the stream's state */
    free(text);
    return status;
}

static dg_status run(predict_options *given, model_state *model)
{
    data_set *set = NULL;
    dg_tensor result = {0};
    DG_TRY(open_model(given, model));
    dg_status status = load_data(given, model, &set);
    if (status.code == DG_OK) {
        const dg_task task = {.graph = model->session.graph,
                              .output = model->output,
                              .parameters = model->session.parameters,
                              .data = &set->data,
                              .batch_size = given->batch,
                              .threads = model->session.threads,
                              .memory_limit = model->session.memory_limit};
        status = dg_predict(&task, model->output, (dg_rows){.count = set->count}, &result);
        if (status.code != DG_OK)
            status = dg_prefixed(status, "%s", set->source);
    }
    if (status.code == DG_OK && (result.shape.rank == 0 || result.shape.dims[0] != set->count))
        status = dg_error(DG_BAD_SHAPE, "%s: '%s' has no row for each row of the data", given->model,
                          dg_node_name(model->output));
    if (status.code == DG_OK)
        status = write_result(given, model, &result);
    dg_tensor_release(&result);
    data_set_free(set);
    return status;
}

int command_predict(int argc, char **argv)
{
    predict_options given = {.batch = 256};
    model_state model = {0};
    int over = parse_options(argc, argv, &given);
    if (over >= 0)
        return over;
    dg_status status = run(&given, &model);
    close_model(&model);
    return status.code == DG_OK ? 0 : command_failed(status);
}
