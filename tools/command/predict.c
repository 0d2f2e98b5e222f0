/* dotgrad predict: a trained graph on the rows of a data file. */
#include "command.h"
#include "session.h"

#include <dotgrad/graph_file.h>
#include <dotgrad/model.h>
#include <dotgrad/optim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: dotgrad predict RUN/ DATA [options]\n"
    "       dotgrad predict G.dot --weights W.safetensors DATA [options]\n\n"
    "Applies a trained graph (the folder of a run, or its checkpoint) to every row of DATA: whatever train reads, "
    "with\n"
    "or without the target; - is CSV on standard input. Columns are found by the names that they had in training;\n"
    "words, missing cells and scaling are those of training. The result is CSV: class and probabilities where the "
    "graph was trained on classes, else the\n"
    "values of the output.\n\n"
    "  -o, --out FILE    where to (standard output)\n"
    "  --data D          another way to write DATA\n"
    "  --weights FILE    parameters for a graph file: a checkpoint or any .safetensors\n"
    "  --output NODE     what to compute (the graph's output)\n"
    "  --batch-size B    rows at a time (256)\n"
    "  --threads T       (DG_NUM_THREADS, or all processors)\n" MEMORY_LIMIT_USAGE;

typedef struct predict_options {
    const char *model, *data, *out;
    dg_model_options opening;
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
    session_options session = {0};
    bool fine;
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
        given->opening.weights = optarg;
        return true;
    case OUTPUT:
        given->opening.output = optarg;
        return true;
    case BATCH_SIZE:
        return command_int(name, "--batch-size", optarg, 1, INT64_MAX, &given->opening.batch_size);
    case THREADS:
        fine = session_take_threads(name, optarg, &session);
        given->opening.threads = session.threads;
        return fine;
    case MEMORY_LIMIT:
        return session_take_memory_limit(name, optarg, &given->opening.memory_limit);
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

/* ---- the result ---- */

/* One cell, in quotes where it needs them. */
static void print_cell(FILE *out, const char *prefix, const char *text, const char *suffix)
{
    const char *quote = text[strcspn(text, ",\"\n\r")] ? "\"" : "";
    fprintf(out, "%s%s", quote, prefix);
    for (; *text; text++)
        fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fprintf(out, "%s%s", suffix, quote);
}

/* A class by its name. Scores beyond the classes of training have numbers. */
static void print_class(FILE *out, const char *prefix, const dg_model *model, int64_t id, int64_t count)
{
    if (dg_model_class_count(model) <= count && dg_model_class(model, id))
        print_cell(out, prefix, dg_model_class(model, id), "");
    else
        fprintf(out, "%s%lld", prefix, (long long)id);
}

static void print_header(FILE *out, const dg_model *model, int64_t width)
{
    dg_model_kind kind = dg_model_kind_of(model);
    char number[32];
    if (kind == DG_MODEL_CLASSES || (kind == DG_MODEL_CHANCES && width == 1))
        fputs("class,", out);
    for (int64_t k = 0; k < width; k++) {
        snprintf(number, sizeof number, "_%lld", (long long)k);
        fputs(k > 0 ? "," : "", out);
        if (kind == DG_MODEL_CLASSES)
            print_class(out, "p_", model, k, width);
        else
            print_cell(out, "", kind == DG_MODEL_VALUES ? dg_node_name(dg_model_output(model)) : "p",
                       width > 1 ? number : "");
    }
    fputc('\n', out);
}

static void print_number(FILE *out, double value, dg_dtype dtype)
{
    char text[DG_NUMBER_TEXT];
    fputs(dg_number_print(value, dtype, text), out);
}

static int64_t largest(const dg_tensor *result, int64_t row, int64_t width)
{
    int64_t best = 0;
    for (int64_t k = 1; k < width; k++)
        if (dg_tensor_get(result, row * width + k) > dg_tensor_get(result, row * width + best))
            best = k;
    return best;
}

static void print_row(FILE *out, const dg_model *model, const dg_tensor *result, int64_t row, int64_t width)
{
    dg_model_kind kind = dg_model_kind_of(model);
    if (kind == DG_MODEL_CLASSES)
        print_class(out, "", model, largest(result, row, width), width);
    else if (kind == DG_MODEL_CHANCES && width == 1)
        print_class(out, "", model, dg_tensor_get(result, row) >= 0.5, 2);
    bool has_class = kind == DG_MODEL_CLASSES || (kind == DG_MODEL_CHANCES && width == 1);
    for (int64_t k = 0; k < width; k++) {
        fputs(k > 0 || has_class ? "," : "", out);
        print_number(out, dg_tensor_get(result, row * width + k), kind == DG_MODEL_VALUES ? result->dtype : DG_FLOAT32);
    }
    fputc('\n', out);
}

static dg_status write_result(const predict_options *given, const dg_model *model, const dg_tensor *result)
{
    int64_t rows = result->shape.dims[0], width = rows > 0 ? dg_tensor_count(result) / rows : 0;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return dg_error(DG_NO_MEMORY, "not enough memory");
    print_header(out, model, width);
    for (int64_t row = 0; row < rows; row++)
        print_row(out, model, result, row, width);
    dg_status status = fclose(out) ? dg_error(DG_NO_MEMORY, "not enough memory") : dg_ok();
    if (status.code == DG_OK && given->out && strcmp(given->out, "-"))
        status = dg_write_file(given->out, text, size);
    else if (status.code == DG_OK)
        fwrite(text, 1, size, stdout); /* main() looks at the stream's state */
    free(text);
    return status;
}

static dg_status run(const predict_options *given, dg_model **model, dg_data **data, dg_tensor *result)
{
    const char *notice;
    DG_TRY(dg_model_open(given->model, &given->opening, model));
    DG_TRY(dg_model_read(*model, given->data, data));
    for (size_t k = 0; (notice = dg_data_notice(*data, k)); k++)
        fprintf(stderr, "dotgrad: %s\n", notice);
    DG_TRY(dg_model_predict(*model, dg_data_set(*data), result));
    return write_result(given, *model, result);
}

int command_predict(int argc, char **argv)
{
    predict_options given = {0};
    dg_model *model = NULL;
    dg_data *data = NULL;
    dg_tensor result = {0};
    int over = parse_options(argc, argv, &given);
    if (over >= 0)
        return over;
    dg_status status = run(&given, &model, &data, &result);
    dg_tensor_release(&result);
    dg_data_free(data);
    dg_model_free(model);
    return status.code == DG_OK ? 0 : command_failed(status);
}
