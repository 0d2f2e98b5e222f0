/* The options of `dotgrad train`, and where each value comes from. */
#include "settings.h"

#include "tools/run/folder.h"
#include "tools/session/command.h"
#include "tools/session/options.h"

#include <dotgrad/rules.h>

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_row own[] = {
    {.name = "run",
     .letter = 'o',
     .form = DG_FORM_FILE,
     .value = "RUN/",
     .doc = "the folder for checkpoint, metrics, loss curve and diagram (runs/NAME)"},
    {.name = "resume",
     .form = DG_FORM_FILE,
     .value = "RUN/",
     .against = "init",
     .doc = "goes on, bit for bit, from RUN/checkpoint.safetensors"},
    {.name = "weights",
     .form = DG_FORM_FILE,
     .against = "resume",
     .doc = "begins with the weights of a run, a checkpoint or a .safetensors file"},
    {.name = "force",
     .form = DG_FORM_FLAG,
     .against = "resume",
     .doc = "lets the run replace one of another network in its folder"},
    {.name = "trace",
     .form = DG_FORM_FLAG,
     .against = "run|force|no-pictures|watch|watch-every|snapshot-every|patience|monitor|metrics|validation|folds|fold",
     .doc = "works through --steps steps instead: every node with the numbers filled in, forward and\n"
            "backward, then the new weights; leaves no folder"},
    {.name = "steps", .form = DG_FORM_COUNT, .most = 1000000000, .needs = "trace", .doc = "of the trace (1)"},
    {.name = "no-pictures", .form = DG_FORM_FLAG, .doc = "draws neither the graph nor the loss curve"},
    {0}};

static const command_options known = {
    .command = "train",
    .usage = "dotgrad train G.dot [options]\ndotgrad train --resume RUN/ [options]",
    .about = "Trains a graph on data.",
    .own = own,
    .use = ~0u,
    .footer = "Data: digits, iris, wine, breast_cancer, fashion-mnist, xor, spirals, …, or a path: CSV and other "
              "tables, ARFF,\n"
              "libsvm, .npz, .npy, .safetensors, a folder of IDX files; 'flowers.csv(target=species, drop=[id])'.\n"
              "`dotgrad list data`, `list optimizers`, `list schedules` and the like show what there is.\n\n"
              "Results, such as `test accuracy: 98.1 %`, go to standard output, all else to standard error.",
    .operand = "a graph file (its data have --data)",
    .most = 1};

/* ---- the settings that are attributes ---- */

enum { ALSO_RESUMED = 2 };
typedef enum setting_kind { TEXT, WHOLE, NUMBER, FLAG, BYTES } setting_kind;

/* Where a setting is, and what a checkpoint calls it. */
typedef struct setting {
    const char *name; /* of the attribute */
    setting_kind kind;
    size_t offset;     /* in train_settings */
    const char *note;  /* NULL: kept in another way (run_notes), or not */
    int is_of_graph;   /* the graph's attribute is taken here, not while the graph is read; ALSO_RESUMED: by a run that
                          goes on, too, because it is no part of the result */
    const char *usual; /* NULL: none */
} setting;

#define AT(member) offsetof(train_settings, member)

static const setting settings_known[] = {
    {"data", TEXT, AT(data), NULL, false, NULL},
    {"output", TEXT, AT(output), NULL, false, NULL},
    {"loss", TEXT, AT(loss), NULL, false, NULL},
    {"dtype", TEXT, AT(dtype), NULL, false, NULL},
    {"init", TEXT, AT(init), NULL, false, NULL},
    {"optimizer", TEXT, AT(optimizer), "dotgrad.optimizer", true, DG_DEFAULT_OPTIMIZER},
    {"schedule", TEXT, AT(schedule), "dotgrad.schedule", true, DG_DEFAULT_SCHEDULE},
    {"metrics", TEXT, AT(metrics), "dotgrad.metrics", true, ""},
    {"average", TEXT, AT(average), "dotgrad.average", true, "none"},
    {"groups", TEXT, AT(groups), "dotgrad.groups", true, NULL},
    {"freeze", TEXT, AT(freeze), "dotgrad.freeze", true, NULL},
    {"monitor", TEXT, AT(monitor), "dotgrad.monitor", true, NULL},
    {"epochs", WHOLE, AT(epochs), "dotgrad.epochs", true, "10"},
    {"batch_size", WHOLE, AT(batch_size), "dotgrad.batch_size", true, "32"},
    {"accumulate", WHOLE, AT(accumulate), "dotgrad.accumulate", true, "1"},
    {"seed", WHOLE, AT(seed), "dotgrad.seed", true, "0"},
    {"split_seed", WHOLE, AT(split_seed), NULL, true, NULL},
    {"folds", WHOLE, AT(folds), NULL, true, "0"},
    {"fold", WHOLE, AT(fold), NULL, true, "1"},
    {"patience", WHOLE, AT(patience), "dotgrad.early_stopping", true, "0"},
    {"drop_last", FLAG, AT(drop_last), "dotgrad.drop_last", true, NULL},
    {"validation", NUMBER, AT(validation), NULL, true, "0"},
    {"clip_value", NUMBER, AT(clip_value), "dotgrad.clip_value", true, "0"},
    {"clip_norm", NUMBER, AT(clip_norm), "dotgrad.clip_norm", true, "0"},
    {"memory_limit", BYTES, AT(memory_limit), NULL, true, NULL},
    {"watch", TEXT, AT(watch), NULL, ALSO_RESUMED, NULL},
    {"watch_every", WHOLE, AT(watch_every), NULL, ALSO_RESUMED, "0"},
    {"snapshot_every", WHOLE, AT(snapshot_every), NULL, ALSO_RESUMED, "0"}};
enum { SETTINGS = sizeof settings_known / sizeof *settings_known };

static bool is_given(const train_settings *settings, const setting *one)
{
    const char *at = (const char *)settings + one->offset;
    return one->kind == TEXT     ? *(const char *const *)(const void *)at != NULL
           : one->kind == NUMBER ? !isnan(*(const double *)(const void *)at)
           : one->kind == BYTES  ? *(const size_t *)(const void *)at != 0
                                 : *(const int64_t *)(const void *)at != NOT_GIVEN;
}

/* A text of the attribute's form; NULL changes nothing. What is given already stays. */
static void take(train_settings *settings, const setting *one, const char *text)
{
    void *at = (char *)settings + one->offset;
    if (!text || is_given(settings, one))
        return;
    if (one->kind == TEXT)
        *(const char **)at = text;
    else if (one->kind == NUMBER)
        *(double *)at = strtod(text, NULL);
    else if (one->kind == BYTES)
        dg_bytes_parse(text, at);
    else
        *(int64_t *)at = one->kind == FLAG ? strcmp(text, "false") != 0 : strtoll(text, NULL, 10);
}

static void begin(train_settings *settings)
{
    *settings = (train_settings){0};
    for (int k = 0; k < SETTINGS; k++) {
        void *at = (char *)settings + settings_known[k].offset;
        if (settings_known[k].kind == NUMBER)
            *(double *)at = NAN;
        else if (settings_known[k].kind == WHOLE || settings_known[k].kind == FLAG)
            *(int64_t *)at = NOT_GIVEN;
    }
}

int settings_parse(int argc, char **argv, train_settings *settings)
{
    char **operands;
    begin(settings);
    int over = options_take(&known, argc, argv, &operands);
    if (over >= 0)
        return over;
    for (int k = 0; k < SETTINGS; k++)
        take(settings, &settings_known[k], option_text(settings_known[k].name));
    settings->run = option_text("run");
    settings->resume = option_text("resume");
    settings->weights = option_text("weights");
    settings->no_pictures = option_given("no-pictures");
    settings->trace = option_given("trace");
    settings->steps = option_whole("steps", 0);
    settings->force = option_given("force");
    settings->graph = operands[0];
    if (!settings->graph && !settings->resume)
        return command_misused(argv[0], "needs a graph file");
    return -1;
}

bool settings_watches(const train_settings *settings)
{
    return settings->watch && settings->watch[strspn(settings->watch, ", []")];
}

void settings_from_graph(train_settings *settings, const char *(*attribute)(const void *, const char *),
                         const void *argument)
{
    for (int k = 0; k < SETTINGS; k++)
        if (settings_known[k].is_of_graph && (!settings->resume || settings_known[k].is_of_graph == ALSO_RESUMED))
            take(settings, &settings_known[k], attribute(argument, settings_known[k].name));
}

/* What the notes have by themselves. */
static void take_notes(train_settings *settings, const run_notes *notes)
{
    if (!settings->data) {
        settings->data = notes->data;
        settings->folder = notes->folder;
        settings->base = notes->base;
        settings->is_kept = true;
    }
    settings->output = settings->output ? settings->output : notes->output;
    settings->loss = settings->loss ? settings->loss : notes->loss;
    settings->dtype = settings->dtype ? settings->dtype : notes->dtype;
    settings->init = settings->init ? settings->init : notes->init;
    settings->validation = isnan(settings->validation) ? notes->validation : settings->validation;
    settings->split_seed = settings->split_seed == NOT_GIVEN ? notes->split_seed : settings->split_seed;
    settings->folds = settings->folds == NOT_GIVEN ? notes->folds : settings->folds;
    settings->fold = settings->fold == NOT_GIVEN ? notes->fold : settings->fold;
}

dg_status settings_from_checkpoint(train_settings *settings, const dg_tensors *checkpoint)
{
    run_notes notes;
    DG_TRY(notes_read(checkpoint, &notes));
    take_notes(settings, &notes);
    for (int k = 0; k < SETTINGS; k++) {
        const setting *one = &settings_known[k];
        const char *text = one->note ? dg_tensors_note(checkpoint, one->note) : NULL;
        bool is_off = text && one->kind == NUMBER && strtod(text, NULL) == 0; /* clip_norm=0: as it is kept */
        if (text && one->kind != TEXT && !is_off) {
            dg_status status = dg_attribute_check(dg_attribute_find(one->name), text);
            if (status.code != DG_OK)
                return dg_prefixed(status, "%s", one->note);
        }
        take(settings, one, text);
    }
    return dg_ok();
}

void settings_complete(train_settings *settings)
{
    for (int k = 0; k < SETTINGS; k++)
        take(settings, &settings_known[k], settings_known[k].usual);
    settings->split_seed = settings->split_seed == NOT_GIVEN ? settings->seed : settings->split_seed;
}
