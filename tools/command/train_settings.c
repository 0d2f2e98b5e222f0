/* The options of `dotgrad train`, and where each value comes from. */
#include "train_settings.h"

#include "command.h"
#include "session.h"
#include "tools/run/folder.h"

#include <dotgrad/graph_file.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_EPOCHS  1000000000
#define MAX_THREADS 1024

enum option_value {
    HELP = 'h',
    RUN = 'o',
    DATA = 256,
    EPOCHS,
    BATCH_SIZE,
    OPTIMIZER,
    SCHEDULE,
    INIT,
    METRICS,
    DTYPE,
    SEED,
    SPLIT_SEED,
    FOLDS,
    FOLD,
    VALIDATION,
    PATIENCE,
    DROP_LAST,
    ACCUMULATE,
    AVERAGE,
    GROUPS,
    FREEZE,
    MONITOR,
    WEIGHTS,
    CLIP_NORM,
    CLIP_VALUE,
    OUTPUT,
    LOSS,
    THREADS,
    MEMORY_LIMIT,
    RESUME,
    NO_PICTURES,
    TRACE,
    STEPS
};

static const struct option options[] = {
    {"help", no_argument, NULL, HELP},
    {"run", required_argument, NULL, RUN},
    {"data", required_argument, NULL, DATA},
    {"epochs", required_argument, NULL, EPOCHS},
    {"batch-size", required_argument, NULL, BATCH_SIZE},
    {"optimizer", required_argument, NULL, OPTIMIZER},
    {"schedule", required_argument, NULL, SCHEDULE},
    {"init", required_argument, NULL, INIT},
    {"metrics", required_argument, NULL, METRICS},
    {"dtype", required_argument, NULL, DTYPE},
    {"seed", required_argument, NULL, SEED},
    {"split-seed", required_argument, NULL, SPLIT_SEED},
    {"folds", required_argument, NULL, FOLDS},
    {"fold", required_argument, NULL, FOLD},
    {"validation", required_argument, NULL, VALIDATION},
    {"patience", required_argument, NULL, PATIENCE},
    {"drop-last", no_argument, NULL, DROP_LAST},
    {"accumulate", required_argument, NULL, ACCUMULATE},
    {"average", required_argument, NULL, AVERAGE},
    {"groups", required_argument, NULL, GROUPS},
    {"freeze", required_argument, NULL, FREEZE},
    {"monitor", required_argument, NULL, MONITOR},
    {"weights", required_argument, NULL, WEIGHTS},
    {"clip-norm", required_argument, NULL, CLIP_NORM},
    {"clip-value", required_argument, NULL, CLIP_VALUE},
    {"output", required_argument, NULL, OUTPUT},
    {"loss", required_argument, NULL, LOSS},
    {"threads", required_argument, NULL, THREADS},
    {"memory-limit", required_argument, NULL, MEMORY_LIMIT},
    {"resume", required_argument, NULL, RESUME},
    {"no-pictures", no_argument, NULL, NO_PICTURES},
    {"trace", no_argument, NULL, TRACE},
    {"steps", required_argument, NULL, STEPS},
    {0},
};

static const char **text_of(train_settings *settings, int option)
{
    switch (option) {
    case RUN:
        return &settings->run;
    case DATA:
        return &settings->data;
    case OPTIMIZER:
        return &settings->optimizer;
    case SCHEDULE:
        return &settings->schedule;
    case INIT:
        return &settings->init;
    case METRICS:
        return &settings->metrics;
    case DTYPE:
        return &settings->dtype;
    case AVERAGE:
        return &settings->average;
    case GROUPS:
        return &settings->groups;
    case FREEZE:
        return &settings->freeze;
    case MONITOR:
        return &settings->monitor;
    case WEIGHTS:
        return &settings->weights;
    case OUTPUT:
        return &settings->output;
    case LOSS:
        return &settings->loss;
    case RESUME:
        return &settings->resume;
    default:
        return NULL;
    }
}

static bool take_number(train_settings *settings, const char *name, int option)
{
    switch (option) {
    case EPOCHS:
        return command_int(name, "--epochs", optarg, 0, MAX_EPOCHS, &settings->epochs);
    case BATCH_SIZE:
        return command_int(name, "--batch-size", optarg, 1, INT64_MAX, &settings->batch_size);
    case SEED:
        return command_int(name, "--seed", optarg, 0, INT64_MAX, &settings->seed);
    case SPLIT_SEED:
        return command_int(name, "--split-seed", optarg, 0, INT64_MAX, &settings->split_seed);
    case FOLDS:
        return command_int(name, "--folds", optarg, 0, INT64_MAX, &settings->folds);
    case FOLD:
        return command_int(name, "--fold", optarg, 1, INT64_MAX, &settings->fold);
    case PATIENCE:
        return command_int(name, "--patience", optarg, 0, MAX_EPOCHS, &settings->patience);
    case STEPS:
        return command_int(name, "--steps", optarg, 1, MAX_EPOCHS, &settings->steps);
    case ACCUMULATE:
        return command_int(name, "--accumulate", optarg, 1, INT32_MAX, &settings->accumulate);
    case THREADS:
        return command_int(name, "--threads", optarg, 1, MAX_THREADS, &settings->threads);
    case MEMORY_LIMIT:
        return session_take_memory_limit(name, optarg, &settings->memory_limit);
    case VALIDATION:
        return command_number(name, "--validation", optarg, &settings->validation);
    case CLIP_NORM:
        return command_number(name, "--clip-norm", optarg, &settings->clip_norm);
    default:
        return command_number(name, "--clip-value", optarg, &settings->clip_value);
    }
}

static int check(const char *name, const train_settings *settings)
{
    dg_dtype dtype;
    if (settings->dtype && (!dg_dtype_parse(settings->dtype, &dtype) || !dg_dtype_is_float(dtype)))
        return command_misused(name, "--dtype: '%s' is not float32 or float64", settings->dtype);
    if (!isnan(settings->validation) && !(settings->validation >= 0 && settings->validation < 1))
        return command_misused(name, "--validation wants a fraction of the rows, at least 0 and below 1");
    if (settings->clip_norm <= 0)
        return command_misused(name, "--clip-norm wants a number above 0");
    if (settings->clip_value <= 0)
        return command_misused(name, "--clip-value wants a number above 0");
    if (settings->steps && !settings->trace)
        return command_misused(name, "--steps goes with --trace; --epochs says how long a training is");
    if (!settings->graph && !settings->resume)
        return command_misused(name, "wants a graph file");
    return NOT_GIVEN;
}

/* The table of attributes says which options are graph attributes, too. */
static int help(void)
{
    puts("usage: dotgrad train G.dot [options]\n"
         "       dotgrad train --resume RUN/ [options]\n\n"
         "Trains a graph on data. Options come before the graph's attributes of the same name.\n");
    for (const struct option *option = options; option->name; option++) {
        const dg_attribute *known = NULL;
        char name[40];
        for (size_t k = 0; !known && dg_attribute_at(k); k++)
            if (dg_attribute_at(k)->option && strcmp(dg_attribute_at(k)->option, option->name) == 0)
                known = dg_attribute_at(k);
        snprintf(name, sizeof name, "--%s%s", option->name, option->has_arg == no_argument ? "" : " V");
        if (known)
            printf("  %-20s %s\n", name, known->doc);
    }
    puts(
        "  -o, --run RUN/       the folder for checkpoint, metrics, loss curve and diagram (runs/NAME)\n"
        "  --resume RUN/        goes on, bit for bit, from RUN/checkpoint.safetensors\n"
        "  --weights W          begins with the weights of a run, a checkpoint or a .safetensors file\n"
        "  --trace --steps K    works through K steps (1) instead: every node with the numbers filled in, forward and\n"
        "                       backward, then the new weights; leaves no folder\n"
        "  --no-pictures        draws neither the graph nor the loss curve\n\n"
        "Data: digits, iris, wine, breast_cancer, fashion-mnist, xor, spirals, …, or a path: CSV and other tables, "
        "ARFF,\n"
        "libsvm, .npz, .npy, .safetensors, a folder of IDX files; 'flowers.csv(target=species, drop=[id])'.\n"
        "`dotgrad list data`, `list optimizers`, `list schedules` and the like show what there is.\n\n"
        "Results, such as `test accuracy: 98.1 %`, go to standard output, all else to standard error.");
    return 0;
}

int settings_parse(int argc, char **argv, train_settings *settings)
{
    int option;
    *settings = (train_settings){.epochs = NOT_GIVEN,
                                 .batch_size = NOT_GIVEN,
                                 .seed = NOT_GIVEN,
                                 .split_seed = NOT_GIVEN,
                                 .folds = NOT_GIVEN,
                                 .fold = NOT_GIVEN,
                                 .threads = NOT_GIVEN,
                                 .patience = NOT_GIVEN,
                                 .drop_last = NOT_GIVEN,
                                 .accumulate = NOT_GIVEN,
                                 .validation = NAN,
                                 .clip_value = NAN,
                                 .clip_norm = NAN};
    while ((option = command_option(argc, argv, "ho:", options)) != -1) {
        const char **text = text_of(settings, option);
        if (option == '?')
            return EXIT_USAGE;
        if (option == HELP) {
            return help();
        }
        if (option == DROP_LAST)
            settings->drop_last = 1;
        else if (option == TRACE)
            settings->trace = true;
        else if (option == NO_PICTURES)
            settings->no_pictures = true;
        else if (text)
            *text = optarg;
        else if (!take_number(settings, argv[0], option))
            return EXIT_USAGE;
    }
    if (argc - optind > 1)
        return command_misused(argv[0], "'%s' is one file too many", argv[optind + 1]);
    settings->graph = optind < argc ? argv[optind] : NULL;
    return check(argv[0], settings);
}

/* ---- where the rest comes from ---- */

static dg_status take_count(const char *name, const char *text, int64_t least, int64_t most, int64_t *number)
{
    if (*number != NOT_GIVEN || !text)
        return dg_ok();
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno || value < least || value > most)
        return dg_error(DG_BAD_ARGUMENT, "%s=%s: wants a whole number from %lld on", name, text, (long long)least);
    *number = value;
    return dg_ok();
}

static dg_status take_flag(const char *name, const char *text, int64_t *flag)
{
    if (*flag != NOT_GIVEN || !text)
        return dg_ok();
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return dg_error(DG_BAD_ARGUMENT, "%s=%s: wants true or false", name, text);
    *flag = !strcmp(text, "true");
    return dg_ok();
}

/* Of the form that the table of attributes has for it, which reading has checked. */
static void take_number_text(const char *text, double *number)
{
    if (isnan(*number) && text)
        *number = strtod(text, NULL);
}

static void take_text(const char **setting, const char *text)
{
    if (!*setting)
        *setting = text;
}

dg_status settings_from_graph(train_settings *settings, const char *(*attribute)(const void *, const char *),
                              const void *argument)
{
    take_text(&settings->optimizer, attribute(argument, "optimizer"));
    take_text(&settings->schedule, attribute(argument, "schedule"));
    take_text(&settings->metrics, attribute(argument, "metrics"));
    take_text(&settings->average, attribute(argument, "average"));
    take_text(&settings->groups, attribute(argument, "groups"));
    take_text(&settings->freeze, attribute(argument, "freeze"));
    take_text(&settings->monitor, attribute(argument, "monitor"));
    DG_TRY(take_count("accumulate", attribute(argument, "accumulate"), 1, INT32_MAX, &settings->accumulate));
    DG_TRY(take_count("epochs", attribute(argument, "epochs"), 0, MAX_EPOCHS, &settings->epochs));
    DG_TRY(take_count("batch_size", attribute(argument, "batch_size"), 1, INT64_MAX, &settings->batch_size));
    DG_TRY(take_flag("drop_last", attribute(argument, "drop_last"), &settings->drop_last));
    take_number_text(attribute(argument, "validation"), &settings->validation);
    take_number_text(attribute(argument, "clip_norm"), &settings->clip_norm);
    take_number_text(attribute(argument, "clip_value"), &settings->clip_value);
    if (!settings->memory_limit && attribute(argument, "memory_limit"))
        dg_bytes_parse(attribute(argument, "memory_limit"), &settings->memory_limit);
    DG_TRY(take_count("patience", attribute(argument, "patience"), 0, MAX_EPOCHS, &settings->patience));
    DG_TRY(take_count("split_seed", attribute(argument, "split_seed"), 0, INT64_MAX, &settings->split_seed));
    DG_TRY(take_count("folds", attribute(argument, "folds"), 0, INT64_MAX, &settings->folds));
    DG_TRY(take_count("fold", attribute(argument, "fold"), 1, INT64_MAX, &settings->fold));
    return take_count("seed", attribute(argument, "seed"), 0, INT64_MAX, &settings->seed);
}

static void take_number_note(const dg_tensors *checkpoint, const char *note, double *number)
{
    take_number_text(dg_tensors_note(checkpoint, note), number);
}

dg_status settings_from_checkpoint(train_settings *settings, const dg_tensors *checkpoint)
{
    run_notes notes;
    DG_TRY(notes_read(checkpoint, &notes));
    if (!settings->data) {
        settings->data = notes.data;
        settings->folder = notes.folder;
        settings->base = notes.base;
        settings->is_kept = true;
    }
    take_text(&settings->output, notes.output);
    take_text(&settings->loss, notes.loss);
    take_text(&settings->dtype, notes.dtype);
    take_text(&settings->init, notes.init);
    take_text(&settings->optimizer, dg_tensors_note(checkpoint, "dotgrad.optimizer"));
    take_text(&settings->schedule, dg_tensors_note(checkpoint, "dotgrad.schedule"));
    take_text(&settings->metrics, dg_tensors_note(checkpoint, "dotgrad.metrics"));
    take_text(&settings->average, dg_tensors_note(checkpoint, "dotgrad.average"));
    take_text(&settings->groups, dg_tensors_note(checkpoint, "dotgrad.groups"));
    take_text(&settings->freeze, dg_tensors_note(checkpoint, "dotgrad.freeze"));
    take_text(&settings->monitor, dg_tensors_note(checkpoint, "dotgrad.monitor"));
    DG_TRY(take_count("dotgrad.accumulate", dg_tensors_note(checkpoint, "dotgrad.accumulate"), 1, INT32_MAX,
                      &settings->accumulate));
    settings->validation = isnan(settings->validation) ? notes.validation : settings->validation;
    settings->split_seed = settings->split_seed == NOT_GIVEN ? notes.split_seed : settings->split_seed;
    settings->folds = settings->folds == NOT_GIVEN ? notes.folds : settings->folds;
    settings->fold = settings->fold == NOT_GIVEN ? notes.fold : settings->fold;
    take_number_note(checkpoint, "dotgrad.clip_value", &settings->clip_value);
    take_number_note(checkpoint, "dotgrad.clip_norm", &settings->clip_norm);
    DG_TRY(
        take_count("dotgrad.epochs", dg_tensors_note(checkpoint, "dotgrad.epochs"), 0, MAX_EPOCHS, &settings->epochs));
    DG_TRY(take_count("dotgrad.batch_size", dg_tensors_note(checkpoint, "dotgrad.batch_size"), 1, INT64_MAX,
                      &settings->batch_size));
    DG_TRY(take_count("dotgrad.seed", dg_tensors_note(checkpoint, "dotgrad.seed"), 0, INT64_MAX, &settings->seed));
    DG_TRY(take_flag("dotgrad.drop_last", dg_tensors_note(checkpoint, "dotgrad.drop_last"), &settings->drop_last));
    return take_count("dotgrad.early_stopping", dg_tensors_note(checkpoint, "dotgrad.early_stopping"), 0, MAX_EPOCHS,
                      &settings->patience);
}

void settings_complete(train_settings *settings)
{
    settings->epochs = settings->epochs == NOT_GIVEN ? 10 : settings->epochs;
    settings->batch_size = settings->batch_size == NOT_GIVEN ? 32 : settings->batch_size;
    settings->seed = settings->seed == NOT_GIVEN ? 0 : settings->seed;
    settings->split_seed = settings->split_seed == NOT_GIVEN ? settings->seed : settings->split_seed;
    settings->folds = settings->folds == NOT_GIVEN ? 0 : settings->folds;
    settings->fold = settings->fold == NOT_GIVEN ? 1 : settings->fold;
    settings->threads = settings->threads == NOT_GIVEN ? 0 : settings->threads;
    settings->patience = settings->patience == NOT_GIVEN ? 0 : settings->patience;
    settings->validation = isnan(settings->validation) ? 0 : settings->validation;
    settings->clip_value = isnan(settings->clip_value) ? 0 : settings->clip_value;
    settings->clip_norm = isnan(settings->clip_norm) ? 0 : settings->clip_norm;
    take_text(&settings->optimizer, "adam");
    take_text(&settings->schedule, "constant");
    take_text(&settings->metrics, "");
    take_text(&settings->average, "none");
    settings->accumulate = settings->accumulate == NOT_GIVEN ? 1 : settings->accumulate;
}
