/* dotgrad generate: text by a network that was trained on text. */
#include "tools/session/command.h"
#include "tools/session/graph_options.h"
#include "tools/session/options.h"

#include <dotgrad/graph_file.h>
#include <dotgrad/model.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_row own[] = {
    {.name = "prompt",
     .form = DG_FORM_TEXT,
     .doc = "what the text begins with; its characters must be ones of the text of training (a new line)"},
    {.name = "length", .form = DG_FORM_NATURAL, .doc = "characters that are made (200)"},
    {.name = "temperature",
     .form = DG_FORM_NUMBER,
     .doc = "below 1 likely characters are drawn more often than the network says, above 1 more seldom; 0: always the\n"
            "most likely one (1)"},
    {.name = "top-k", .form = DG_FORM_COUNT, .doc = "only among so many most likely characters (all)"},
    {.name = "weights",
     .form = DG_FORM_FILE,
     .doc = "parameters for a graph file: a run or a checkpoint, whose characters are taken"},
    {.name = "whole",
     .form = DG_FORM_FLAG,
     .doc = "computes the whole sequence again for each character, which is slow: to compare with"},
    {0}};

static const command_options options = {
    .command = "generate",
    .usage = "dotgrad generate RUN/ [--prompt TEXT] [--length N] [--temperature T] [--top-k K] [--seed S]",
    .about =
        "Makes text with a network that was trained on data=\"text('book.txt')\": each character is drawn by the\n"
        "scores that the network gives it after those before. What the network carries along time (the state of a\n"
        "recurrence or scan, keys and values of causal attention) is kept between characters. A network that takes\n"
        "T places at most goes on with the last half of them when they are full. The text goes to standard output\n"
        "as it is made; equal seeds make equal texts.",
    .own = own,
    .use = DG_USE_ALWAYS | DG_USE_OUTPUT | DG_USE_SEED | DG_USE_THREADS | DG_USE_MEMORY,
    .operand = "a run's folder or checkpoint, or a graph file with --weights",
    .least = 1,
    .most = 1};

typedef struct written {
    bool is_line; /* the last character ended a line */
} written;

static bool take(void *argument, const char *character)
{
    written *w = argument;
    w->is_line = *character == '\n';
    fputs(character, stdout);
    fflush(stdout);
    return !ferror(stdout);
}

static dg_status run(const char *path, const dg_model_options *opening, dg_generate_options *asked)
{
    dg_model *model;
    written w = {.is_line = true};
    DG_TRY(dg_model_open(path, opening, &model));
    asked->take = take;
    asked->argument = &w;
    /* nothing is printed for a prompt that is refused */
    dg_status status = dg_model_generate(model, &(dg_generate_options){.prompt = asked->prompt, .whole = asked->whole});
    const char *reason = dg_model_generate_reason(model);
    if (status.code == DG_OK && reason && !asked->whole)
        command_warn("%s: the whole sequence is computed for each character: %s", path, reason);
    if (status.code == DG_OK && asked->prompt && *asked->prompt) {
        fputs(asked->prompt, stdout);
        w.is_line = asked->prompt[strlen(asked->prompt) - 1] == '\n';
    }
    if (status.code == DG_OK)
        status = dg_model_generate(model, asked);
    if (!w.is_line)
        fputc('\n', stdout);
    dg_model_free(model);
    return status;
}

int command_generate(int argc, char **argv)
{
    char **operands;
    const char *limit, *temperature;
    int over = options_take(&options, argc, argv, &operands);
    if (over >= 0)
        return over;
    const dg_graph_read_options reading = graph_options();
    dg_model_options opening = {.weights = option_text("weights"),
                                .output = option_text("output"),
                                .threads = (int)option_whole("threads", 0),
                                .reading = &reading};
    temperature = option_text("temperature");
    dg_generate_options asked = {
        .prompt = option_text("prompt"),
        .length = option_whole("length", 200),
        .whole = option_given("whole"),
        .sampling = {.temperature = temperature ? strtod(temperature, NULL) : 1,
                     .top_k = option_whole("top-k", 0),
                     .seed = (uint64_t)option_whole("seed", 0)},
    };
    if ((limit = option_text("memory_limit")))
        dg_bytes_parse(limit, &opening.memory_limit);
    if (asked.sampling.temperature < 0)
        return command_misused(argv[0], "--temperature: '%s' is below 0", temperature);
    dg_status status = run(operands[0], &opening, &asked);
    return status.code == DG_OK ? 0 : command_failed(status);
}
