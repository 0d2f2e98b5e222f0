/* The comparison by training: ready tasks as graph files with a setting `act`, and a study over each of them. */
#include "lab.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

typedef struct task {
    const char *name, *about, *graph;
} task;

#define CLASSES                                                                                                        \
    "  label  [op=\"input([N], dtype=int64)\"];\n  loss   [op=cross_entropy];\n  scores -> loss; label -> loss "       \
    "[arg=target];\n"

static const task tasks[] = {
    {"mlp-digits", "two hidden layers on handwritten digits",
     "digraph mlp_digits {\n"
     "  graph [data=\"digits(scale=unit)\", epochs=12, validation=0.2, batch_size=32, optimizer=\"sgd(lr=$lr, "
     "momentum=0.9)\",\n"
     "         loss=loss, output=scores, metrics=accuracy, set=\"act=relu, lr=0.03\"];\n"
     "  x      [op=\"input([N, 64])\"];\n  fc1    [op=\"linear(64)\"];\n  a1     [op=\"$act\"];\n"
     "  fc2    [op=\"linear(64)\"];\n  a2     [op=\"$act\"];\n  scores [op=\"linear(10)\"];\n" CLASSES
     "  x -> fc1 -> a1 -> fc2 -> a2 -> scores;\n}\n"},
    {"deep-mlp-digits", "twelve layers without normalisation, He's initial weights, on handwritten digits",
     "digraph deep_mlp_digits {\n"
     "  graph [data=\"digits(scale=standard)\", epochs=12, validation=0.2, batch_size=32, optimizer=\"sgd(lr=$lr, "
     "momentum=0.9)\",\n"
     "         loss=loss, output=scores, metrics=accuracy, clip_norm=1, set=\"act=relu, lr=0.01\"];\n"
     "  x      [op=\"input([N, 64])\"];\n  first  [op=\"linear(48)\"];\n"
     "  subgraph cluster_deep { repeat=12; fc [op=\"linear(48, init=kaiming_normal(nonlinearity=relu))\"]; a "
     "[op=\"$act\"]; fc -> a; }\n"
     "  scores [op=\"linear(10)\"];\n" CLASSES "  x -> first -> fc; a -> scores;\n}\n"},
    {"cnn-digits", "a small convolutional network on handwritten digits",
     "digraph cnn_digits {\n"
     "  graph [data=\"digits(scale=unit)\", epochs=8, validation=0.2, batch_size=32, optimizer=\"adam(lr=$lr)\",\n"
     "         loss=loss, output=scores, metrics=accuracy, set=\"act=relu, lr=0.003\"];\n"
     "  x      [op=\"input([N, 64])\"];\n  image  [op=\"reshape([-1, 1, 8, 8])\"];\n"
     "  c1     [op=\"conv2d(8, kernel_size=3, padding=1)\"];\n  a1     [op=\"$act\"];\n  p1     "
     "[op=\"max_pool2d(2)\"];\n"
     "  c2     [op=\"conv2d(16, kernel_size=3, padding=1)\"];\n  a2     [op=\"$act\"];\n  flat   [op=flatten];\n"
     "  scores [op=\"linear(10)\"];\n" CLASSES "  x -> image -> c1 -> a1 -> p1 -> c2 -> a2 -> flat -> scores;\n}\n"},
    {"spirals", "two spirals",
     "digraph spirals {\n"
     "  graph [data=spirals, epochs=200, validation=0.2, batch_size=32, optimizer=\"adam(lr=$lr)\",\n"
     "         loss=loss, output=scores, metrics=accuracy, set=\"act=relu, lr=0.01\"];\n"
     "  x      [op=\"input([N, 2])\"];\n  fc1    [op=\"linear(32)\"];\n  a1     [op=\"$act\"];\n"
     "  fc2    [op=\"linear(32)\"];\n  a2     [op=\"$act\"];\n  scores [op=\"linear(2)\"];\n" CLASSES
     "  x -> fc1 -> a1 -> fc2 -> a2 -> scores;\n}\n"},
    {"autoencoder-digits", "an autoencoder of handwritten digits, eight numbers wide",
     "digraph autoencoder_digits {\n"
     "  graph [data=\"digits(scale=unit)\", epochs=12, validation=0.2, batch_size=32, optimizer=\"adam(lr=$lr)\",\n"
     "         loss=loss, output=out, set=\"act=relu, lr=0.003\"];\n"
     "  x    [op=\"input([N, 64])\"];\n  fc1  [op=\"linear(48)\"];\n  a1   [op=\"$act\"];\n  code [op=\"linear(8)\"];\n"
     "  fc2  [op=\"linear(48)\"];\n  a2   [op=\"$act\"];\n  out  [op=\"linear(64)\"];\n  loss [op=mse_loss];\n"
     "  x -> fc1 -> a1 -> code -> fc2 -> a2 -> out -> loss; x -> loss [arg=target];\n}\n"},
};
enum { TASKS = sizeof tasks / sizeof tasks[0] };

void train_list(FILE *to)
{
    for (int k = 0; k < TASKS; k++)
        fprintf(to, "  %-20s %s\n", tasks[k].name, tasks[k].about);
}

static dg_status write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0) {
        if (file)
            fclose(file);
        return dg_error(DG_IO, "%s: cannot write: %s", path, strerror(errno));
    }
    return fclose(file) == 0 ? dg_ok() : dg_error(DG_IO, "%s: cannot write: %s", path, strerror(errno));
}

static dg_status run_study(char *const *arguments)
{
    pid_t child;
    int state;
    int error = posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ);
    if (error)
        return dg_error(DG_IO, "cannot start a study: %s", strerror(error));
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            return dg_error(DG_IO, "cannot wait for a study: %s", strerror(errno));
    return WIFEXITED(state) && WEXITSTATUS(state) == 0 ? dg_ok() : dg_error(DG_NUMERIC, "the study failed");
}

/* An op's name stays what it is; else the formula. */
static const char *named(const dg_activation *a)
{
    return dg_op_find(dg_activation_name(a)) ? dg_activation_name(a) : NULL;
}

/* "act=relu|expr(x * tanh(exp(x)))" */
static char *alternatives(dg_activation *const *functions, int n)
{
    size_t size = 16;
    for (int k = 0; k < n; k++)
        size += strlen(dg_activation_text(functions[k], 0)) + strlen(dg_activation_name(functions[k])) + 8;
    char *text = malloc(size);
    if (!text)
        return NULL;
    strcpy(text, "act=");
    for (int k = 0; k < n; k++) {
        const char *name = named(functions[k]);
        strcat(text, k ? "|" : "");
        strcat(text, name ? name : "expr(");
        strcat(text, name ? "" : dg_activation_text(functions[k], 0));
        strcat(text, name ? "" : ")");
    }
    return text;
}

static dg_status train_one(const task *t, const train_options *options, char *act)
{
    char graph[600], out[600], seeds[32];
    snprintf(graph, sizeof graph, "%s/%s.dot", options->folder, t->name);
    snprintf(out, sizeof out, "%s/%s", options->folder, t->name);
    snprintf(seeds, sizeof seeds, "%d", options->seeds);
    DG_TRY(write_file(graph, t->graph));
    char *arguments[20] = {
        "dotgrad", "study",      graph,     "--set", act,  "--range", "lr=geomspace(0.001, 0.1, 5)", "--select", "lr",
        "--by",    "validation", "--seeds", seeds,   "-o", out};
    int n = 15;
    if (options->budget) {
        arguments[n++] = "--budget";
        arguments[n++] = (char *)(uintptr_t)options->budget;
    }
    arguments[n] = NULL;
    return dg_prefixed(run_study(arguments), "%s", t->name);
}

dg_status train_compare(dg_activation *const *functions, int n, const train_options *options)
{
    char *act = alternatives(functions, n);
    if (!act)
        return dg_no_memory("a study");
    dg_status status = dg_ok();
    int ran = 0;
    if (mkdir(options->folder, 0777) != 0 && errno != EEXIST)
        status = dg_error(DG_IO, "%s: cannot make the folder: %s", options->folder, strerror(errno));
    for (int k = 0; k < TASKS && status.code == DG_OK; k++)
        if (!options->task || strcmp(options->task, tasks[k].name) == 0) {
            status = train_one(&tasks[k], options, act);
            ran++;
        }
    free(act);
    if (status.code == DG_OK && !ran)
        return dg_error(DG_BAD_ARGUMENT, "there is no task '%s'", options->task);
    return status;
}
