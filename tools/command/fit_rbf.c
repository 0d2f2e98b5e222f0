/* dotgrad fit-rbf: a radial basis function network for data by closed forms, as a run's folder. */
#include "command.h"
#include "tools/run/folder.h"
#include "train.h"

#include <dotgrad/rbf_fit.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct fit_settings {
    const char *data, *run;
    dg_rbf_fit_options options;
    int64_t seed, threads;
    bool regression;
} fit_settings;

enum { KERNEL = 256, CENTERS, SELECT, WIDTH, RIDGE, REGRESSION, SEED, THREADS };

static const struct option longs[] = {
    {"help", no_argument, NULL, 'h'},
    {"run", required_argument, NULL, 'o'},
    {"kernel", required_argument, NULL, KERNEL},
    {"centers", required_argument, NULL, CENTERS},
    {"select", required_argument, NULL, SELECT},
    {"width", required_argument, NULL, WIDTH},
    {"ridge", required_argument, NULL, RIDGE},
    {"regression", no_argument, NULL, REGRESSION},
    {"seed", required_argument, NULL, SEED},
    {"threads", required_argument, NULL, THREADS},
    {0},
};

static int help(void)
{
    puts("usage: dotgrad fit-rbf DATA [options]\n\n"
         "Chooses a radial basis function network for data, solves for its weights, and leaves it as a run: graph "
         "file,\n"
         "checkpoint, diagram. `dotgrad predict RUN` applies it, `dotgrad train --resume RUN --epochs 20` trains it "
         "on.\n\n"
         "  --kernel K,K,...   of these kernels the best: gaussian, multiquadric, inverse_multiquadric,\n"
         "                     inverse_quadratic, thin_plate_spline, linear, cubic, quintic, matern32, matern52,\n"
         "                     wendland (all)\n"
         "  --centers C        all, kmeans, samples or ols (rows chosen one at a time by how much they explain), or\n"
         "                     with a number, kmeans(50), which is chosen else (all up to 1000 rows, else kmeans)\n"
         "  --select S         by what: loocv, the error of each row when it alone is left out; aic; bic; goal=1e-3, "
         "the\n"
         "                     fewest centres by ols with that mean square error (loocv)\n"
         "  --width W          of all units (chosen)\n"
         "  --ridge R          added to the squares: R times the sum of squared weights (chosen)\n"
         "  --regression       classes are numbers to be met\n"
         "  --seed N           of the split, kmeans and samples (0)\n"
         "  --threads N        threads of computing\n"
         "  -o, --run RUN/     the folder (runs/rbf)\n\n"
         "DATA as in dotgrad train: a set by name or a table, 'points.csv(target=y)'.");
    return 0;
}

static bool take_option(const char *name, int option, fit_settings *s)
{
    switch (option) {
    case 'o':
        s->run = optarg;
        return true;
    case KERNEL:
        s->options.kernels = optarg;
        return true;
    case CENTERS:
        s->options.centers = optarg;
        return true;
    case SELECT:
        s->options.select = optarg;
        return true;
    case WIDTH:
        return command_number(name, "--width", optarg, &s->options.width);
    case RIDGE:
        return command_number(name, "--ridge", optarg, &s->options.ridge);
    case REGRESSION:
        s->regression = true;
        return true;
    case SEED:
        return command_int(name, "--seed", optarg, 0, INT64_MAX, &s->seed);
    default:
        return command_int(name, "--threads", optarg, 1, 1024, &s->threads);
    }
}

static void print_fit(const dg_rbf_fit *fit)
{
    printf("kernel: %s\ncenters: %lld of %lld rows\n", fit->kernel, (long long)fit->centers, (long long)fit->rows);
    if (fit->width > 0)
        printf("width: %.6g\n", fit->width);
    printf("ridge: %.6g\ndegrees of freedom: %.4g\n", fit->ridge, fit->freedom);
    printf("train rmse: %.6g\nleave-one-out rmse: %.6g\n", fit->error, fit->loo);
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
    char *arguments[] = {"train", "rbf.dot", "--data", (char *)s->data, "--run", (char *)s->run, "--seed",
                         seed,    NULL,      NULL,     (char *)NULL};
    training_run *run = calloc(1, sizeof *run);
    int count = 8;
    snprintf(seed, sizeof seed, "%lld", (long long)s->seed);
    snprintf(threads, sizeof threads, "%lld", (long long)s->threads);
    if (s->threads) {
        arguments[count++] = "--threads";
        arguments[count++] = threads;
    }
    dg_status status = run ? dg_rbf_fit_text(fit, classes, is_file(s->data) ? NULL : s->data, &text)
                           : dg_error(DG_NO_MEMORY, "not enough memory");
    optind = 0; /* of getopt: anew */
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

static dg_status fit_data(fit_settings *s)
{
    dg_data *data = NULL;
    dg_rbf_fit fit = {0};
    DG_TRY(dg_data_open(s->data, &(dg_data_options){.seed = (uint64_t)s->seed}, &data));
    bool classes = !s->regression && dg_data_class_count(data) > 0;
    s->options.target = classes ? "one_hot" : "target";
    s->options.seed = (uint64_t)s->seed;
    dg_status status = dg_threads_new((int)s->threads, &s->options.threads);
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
    fit_settings settings = {.run = "runs/rbf"};
    int option;
    while ((option = command_option(argc, argv, "ho:", longs)) != -1) {
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'h')
            return help();
        if (!take_option(argv[0], option, &settings))
            return EXIT_USAGE;
    }
    if (argc - optind != 1)
        return command_misused(argv[0], "wants one data set");
    settings.data = argv[optind];
    dg_status status = fit_data(&settings);
    return status.code == DG_OK ? 0 : command_failed(status);
}
