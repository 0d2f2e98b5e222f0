/* dotgrad fit-rbf: a radial basis function network for data by closed forms, as a run's folder. */
#include "tools/run/folder.h"
#include "tools/run/print.h"
#include "tools/session/command.h"
#include "tools/session/options.h"
#include "train.h"

#include <dotgrad/rbf_fit.h>
#include <dotgrad/utf8.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct fit_settings {
    const char *data, *run;
    dg_rbf_fit_options options;
    int64_t seed, threads;
    bool regression, force;
} fit_settings;

static const option_row own[] = {
    {.name = "kernel",
     .form = DG_FORM_LIST,
     .value = "K,K",
     .doc = "of these kernels the best: gaussian, multiquadric, inverse_multiquadric, inverse_quadratic,\n"
            "thin_plate_spline, linear, cubic, quintic, matern32, matern52, wendland (all)"},
    {.name = "centers",
     .form = DG_FORM_CALL,
     .doc = "all, kmeans, samples or ols (rows chosen one at a time by how much they explain), or with a\n"
            "number, kmeans(50), which is chosen else (all up to 1000 rows, else kmeans)"},
    {.name = "select",
     .form = DG_FORM_NAME,
     .value = "S",
     .doc = "by what: loocv, the error of each row when it alone is left out; hinge, the same of classes\n"
            "without what is off on the right side; aic; bic; goal=1e-3, the fewest centres by ols with\n"
            "that mean square error (hinge of classes, else loocv)"},
    {.name = "width", .form = DG_FORM_POSITIVE, .doc = "of all units (chosen)"},
    {.name = "ridge",
     .form = DG_FORM_POSITIVE,
     .doc = "added to the squares: this times the sum of squared weights (chosen)"},
    {.name = "regression", .form = DG_FORM_FLAG, .doc = "class numbers are values to fit"},
    {.name = "run", .letter = 'o', .form = DG_FORM_FILE, .value = "RUN/", .doc = "the folder (runs/rbf)"},
    {.name = "force", .form = DG_FORM_FLAG, .doc = "lets the run replace one of another network in its folder"},
    {0}};

static const command_options known = {
    .command = "fit-rbf",
    .usage = "dotgrad fit-rbf DATA [options]",
    .about =
        "Chooses a radial basis function network for data, solves for its weights, and leaves it as a run: graph "
        "file,\n"
        "checkpoint, diagram. `dotgrad predict RUN` applies it, `dotgrad train --resume RUN --epochs 20` trains it on.",
    .own = own,
    .use = DG_USE_SEED | DG_USE_THREADS,
    .footer = "DATA as in dotgrad train: a set by name or a table, 'points.csv(target=y)'.",
    .operand = "one data set",
    .least = 1,
    .most = 1};

static void print_fit(const dg_rbf_fit *fit)
{
    printf("kernel: %s\ncenters: %lld of %lld row%s\n", fit->kernel, (long long)fit->centers, (long long)fit->rows,
           plural(fit->rows));
    if (fit->width > 0)
        printf("width: %.6g\n", fit->width);
    printf("ridge: %.6g\ndegrees of freedom: %.4g\n", fit->ridge, fit->freedom);
    printf("train rmse: %.6g\nleave-one-out rmse: %.6g\n", fit->error, fit->loo);
    if (!isnan(fit->hinge))
        printf("leave-one-out hinge: %.6g\n", fit->hinge);
    fflush(stdout);
}

/* A path in a graph starts from the graph's folder, which is the run's: the run keeps where its data are. */
static bool is_file(const char *data)
{
    char *path = strndup(data, strcspn(data, "("));
    bool there = path && access(path, F_OK) == 0;
    free(path);
    return there;
}

/* As `dotgrad train` with these options, of a graph that is in no file, with its parameters there already. */
static dg_status write_run(const fit_settings *s, const dg_rbf_fit *fit, bool classes)
{
    char *text = NULL, seed[32], threads[32];
    char *arguments[] = {"train", "rbf.dot", "--data", (char *)s->data, "--run", (char *)s->run, "--seed", seed,
                         NULL,    NULL,      NULL,     (char *)NULL};
    training_run *run = calloc(1, sizeof *run);
    int count = 8;
    snprintf(seed, sizeof seed, "%lld", (long long)s->seed);
    snprintf(threads, sizeof threads, "%lld", (long long)s->threads);
    if (s->threads) {
        arguments[count++] = "--threads";
        arguments[count++] = threads;
    }
    if (s->force)
        arguments[count++] = "--force";
    dg_status status =
        run ? dg_rbf_fit_text(fit, classes, is_file(s->data) ? NULL : s->data, &text) : dg_no_memory("an RBF network");
    if (status.code == DG_OK && !dg_utf8_check(s->data, strlen(s->data), NULL))
        status =
            dg_error(DG_BAD_ARGUMENT, "%s: its name is not UTF-8, in which a run keeps it: rename the file", s->data);
    if (status.code == DG_OK && settings_parse(count, arguments, &run->settings) >= 0)
        status = dg_error(DG_BAD_ARGUMENT, "%s: no data and folder that a training run takes", s->data);
    if (status.code == DG_OK) {
        run->text = text;
        run->weights = fit->parameters;
        status = train_run(run);
    }
    free(text);
    free(run);
    return status;
}

/* "the target", or "the target, column 'price',"; whether it holds words. */
static bool target_has_words(const dg_data *data, char *label, size_t size)
{
    snprintf(label, size, "the target");
    for (int64_t k = 0; k < dg_data_column_count(data); k++) {
        const dg_column *column = dg_data_column(data, k);
        if (column->use != DG_COLUMN_TARGET)
            continue;
        if (*column->name)
            snprintf(label, size, "the target, column '%.200s',", column->name);
        return column->n_words > 0;
    }
    return false;
}

/* A network has an output for each of a few classes; of a target with more different numbers the values are fitted. */
static dg_status choose_target(const fit_settings *s, const dg_data *data, bool *classes)
{
    char label[256];
    long long count = dg_data_class_count(data);
    bool has_words = target_has_words(data, label, sizeof label);
    bool has_outputs = dg_tensors_find(dg_data_set(data)->fields, "one_hot");
    *classes = has_outputs && !s->regression;
    if (has_words && s->regression)
        return dg_error(DG_BAD_ARGUMENT,
                        "%s: %s holds words, and --regression fits numbers: choose a column of numbers with target=…, "
                        "or leave --regression out",
                        s->data, label);
    if (has_words && !has_outputs)
        return dg_error(DG_BAD_DATA,
                        "%s: %s holds %lld different word%s, where 2 to 100 can be classes: choose another column with "
                        "target=…",
                        s->data, label, count, plural(count));
    if (count > 0 && !has_outputs && !s->regression)
        fprintf(stderr, "dotgrad: %s: %s holds too many different numbers for classes: values are fitted\n", s->data,
                label);
    return dg_ok();
}

static dg_status fit_data(fit_settings *s)
{
    dg_data *data = NULL;
    dg_rbf_fit fit = {0};
    bool classes = false;
    DG_TRY(dg_data_open(s->data, &(dg_data_options){.seed = (uint64_t)s->seed}, &data));
    command_tell_data(data);
    dg_status status = choose_target(s, data, &classes);
    s->options.target = classes ? "one_hot" : "target";
    s->options.seed = (uint64_t)s->seed;
    if (status.code == DG_OK)
        status = dg_threads_new((int)s->threads, &s->options.threads);
    if (status.code == DG_OK)
        status = dg_rbf_fit_make(dg_data_set(data), &s->options, &fit);
    dg_data_free(data);
    if (status.code == DG_OK) {
        print_fit(&fit);
        status = write_run(s, &fit, classes);
    }
    dg_rbf_fit_release(&fit);
    dg_threads_free(s->options.threads);
    return status;
}

int command_fit_rbf(int argc, char **argv)
{
    char **operands;
    int over = options_take(&known, argc, argv, &operands);
    if (over >= 0)
        return over;
    fit_settings settings = {.data = operands[0],
                             .run = option_given("run") ? option_text("run") : "runs/rbf",
                             .options = {.kernels = option_text("kernel"),
                                         .centers = option_text("centers"),
                                         .select = option_text("select"),
                                         .width = option_number("width", 0),
                                         .ridge = option_number("ridge", 0)},
                             .seed = option_whole("seed", 0),
                             .threads = option_whole("threads", 0),
                             .regression = option_given("regression"),
                             .force = option_given("force")};
    dg_status status = fit_data(&settings);
    return status.code == DG_OK ? 0 : command_failed(status);
}
