/* dotgrad predict: a trained graph on the rows of a data file. */
#include "tools/session/command.h"
#include "tools/session/graph_options.h"
#include "tools/session/halves.h"
#include "tools/session/options.h"
#include "tools/session/output.h"

#include <dotgrad/graph_file.h>
#include <dotgrad/model.h>
#include <dotgrad/optim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_row own[] = {
    {.name = "out", .letter = 'o', .form = DG_FORM_FILE, .doc = "where the CSV goes (standard output)"},
    {.name = "weights",
     .form = DG_FORM_FILE,
     .doc = "parameters for a graph file: a run, a checkpoint, .safetensors or .npz"},
    WEIGHTS_TYPE_OPTION,
    {.name = "force", .form = DG_FORM_FLAG, .needs = "out", .doc = "lets --out replace a file that is read here"},
    {0}};

static const command_options options = {
    .command = "predict",
    .usage = "dotgrad predict RUN/ DATA [options]\ndotgrad predict G.dot --weights W.safetensors DATA [options]",
    .about =
        "Applies a trained graph (the folder of a run, or its checkpoint) to every row of DATA: whatever train reads,\n"
        "with or without the target; - is CSV on standard input. Columns are found by the names that they had in\n"
        "training; words, missing cells and scaling are those of training. The result is CSV: class and\n"
        "probabilities where the graph was trained on classes, else the values of the output.",
    .own = own,
    .use = DG_USE_ALWAYS | DG_USE_OUTPUT | DG_USE_DATA | DG_USE_BATCH | DG_USE_THREADS | DG_USE_MEMORY,
    .footer = "--data D is another way to write DATA; --batch-size is here how many rows are computed at a time (256).",
    .operand = "a run's folder or a graph file, and data",
    .least = 1,
    .most = 2};

typedef struct predict_options {
    const char *model, *data, *out;
    dg_model_options opening;
} predict_options;

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), size = strlen(end);
    return length > size && strcmp(text + length - size, end) == 0;
}

static bool is_graph_file(const char *path)
{
    return ends_in(path, ".dot") || ends_in(path, ".gv");
}

static int parse_options(int argc, char **argv, predict_options *given)
{
    char **operands;
    const char *limit;
    int over = options_take(&options, argc, argv, &operands);
    if (over >= 0)
        return over;
    *given = (predict_options){.model = operands[0],
                               .data = operands[1] ? operands[1] : option_text("data"),
                               .out = option_text("out"),
                               .opening = {.weights = option_text("weights"),
                                           .output = option_text("output"),
                                           .batch_size = option_whole("batch_size", 0),
                                           .threads = (int)option_whole("threads", 0)}};
    if ((limit = option_text("memory_limit")))
        dg_bytes_parse(limit, &given->opening.memory_limit);
    if (!given->data)
        return command_misused(argv[0], "needs data");
    if (operands[1] && option_given("data"))
        return command_misused(argv[0], "'%s' is one argument too many: --data names the data already", operands[1]);
    if (given->opening.weights && !is_graph_file(given->model))
        return command_misused(argv[0], "--weights go with a graph file (.dot, .gv); '%s' has its own", given->model);
    dg_status status =
        output_check(given->out, 3, (const char *const[]){given->model, given->data, given->opening.weights});
    if (status.code == DG_OK)
        status = output_check_ending(given->out, "CSV is written (eval --out writes tensors)",
                                     (const char *const[]){"csv", "txt", NULL});
    return status.code == DG_OK ? -1 : command_misused(argv[0], "%s", status.message);
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

/* What is not named is said. */
static void tell_classes(const dg_model *model, int64_t width)
{
    dg_model_kind kind = dg_model_kind_of(model);
    int64_t classes = dg_model_class_count(model), columns = kind == DG_MODEL_CHANCES && width == 1 ? 2 : width;
    if (kind == DG_MODEL_VALUES || classes == 0 || classes == columns || (kind == DG_MODEL_CHANCES && width != 1))
        return;
    fprintf(stderr, "dotgrad: output '%s' scores %lld classes, and training had names of %lld: %s numbers, from 0\n",
            dg_node_name(dg_model_output(model)), (long long)columns, (long long)classes,
            classes > columns ? "classes are" : "those beyond are");
}

static dg_status write_result(const predict_options *given, const dg_model *model, const dg_tensor *result)
{
    int64_t rows = result->shape.dims[0], width = rows > 0 ? dg_tensor_count(result) / rows : 0;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return dg_no_memory("predictions");
    if (rows > 0)
        tell_classes(model, width);
    print_header(out, model, width);
    for (int64_t row = 0; row < rows; row++)
        print_row(out, model, result, row, width);
    dg_status status = fclose(out) ? dg_no_memory("predictions") : dg_ok();
    if (status.code == DG_OK && given->out && strcmp(given->out, "-"))
        status = dg_write_file(given->out, text, size);
    else if (status.code == DG_OK)
        fwrite(text, 1, size, stdout); /* main() looks at the stream's state */
    free(text);
    return status;
}

static dg_status run(const predict_options *given, dg_model **model, dg_data **data, dg_tensor *result)
{
    const dg_graph_read_options reading = graph_options();
    dg_model_options opening = given->opening;
    opening.reading = &reading;
    if (is_graph_file(given->model) && !opening.weights)
        return dg_error(DG_BAD_ARGUMENT,
                        "%s: a graph file alone is not trained: name its weights, a run or a checkpoint (--weights W)",
                        given->model);
    DG_TRY(dg_model_open(given->model, &opening, model));
    DG_TRY(dg_model_read(*model, given->data, data));
    command_tell_data(*data);
    if (halves_asked()) {
        dg_model_halving told;
        DG_TRY(dg_model_halve(*model, halves_asked(), dg_data_set(*data), &told));
        halves_tell(&told.weights, told.rows ? &told.outputs : NULL);
    }
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
