/* dotgrad: the command. */
#include "tools/session/command.h"
#include "tools/session/graph_options.h"
#include "tools/session/plugin.h"

#include <dotgrad/graph_file.h>
#include <dotgrad/near.h>
#include <dotgrad/optim.h>
#include <dotgrad/version.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} command;

static const command commands[] = {
    {"train", "train a graph on data; leaves checkpoint, metrics, loss curve and diagram", command_train},
    {"study", "every combination of settings, paired over seeds and folds, with statistics", command_study},
    {"activation", "what is known of an activation function: proofs, moments, errors, relatives", command_activation},
    {"plot", "curves of several runs in one picture, with bands over seeds", command_plot},
    {"eval", "run a graph on given tensors; values and gradients", command_eval},
    {"show", "list and print the tensors of a run", command_show},
    {"fit-rbf", "choose and solve a radial basis function network for data", command_fit_rbf},
    {"predict", "apply a trained graph to a data file", command_predict},
    {"generate", "text by a network that was trained on text, a character at a time", command_generate},
    {"draw", "draw a graph as SVG, PNG, PDF or DOT", command_draw},
    {"summary", "table of nodes: op, output shape, parameters, work", command_summary},
    {"check", "compare every gradient with finite differences", command_check},
    {"bench", "time and memory of a step on random data", command_bench},
    {"examples", "list, copy and run the graphs that come with dotgrad", command_examples},
    {"fmt", "write a graph file with every argument named, in a stable order", command_fmt},
    {"list", "tables: attributes, ops, optimizers, schedules, initialisers, data, metrics, styles", command_list},
    {"ops", "the op reference", command_ops},
};

static int help(void)
{
    puts("usage: dotgrad COMMAND ...\n\n"
         "Neural networks as graphs: a Graphviz DOT file is the network that trains.\n");
    for (size_t k = 0; k < sizeof commands / sizeof commands[0]; k++)
        printf("  %-10s %s\n", commands[k].name, commands[k].summary);
    puts("\n  --help on each command tells more; --version prints the version.\n"
         "  With any command:\n"
         "  --plugin FILE     registers the ops of a shared library\n"
         "  --set NAME=VALUE  of graph [set=\"NAME=…\"], which stands as $NAME in it; or an attribute of the "
         "experiment\n"
         "  --allow-path DIR  lets graphs name files in that folder, too; else they may below their own and the "
         "working one\n"
         "  --max-nodes N     nodes that a network may have (4194304)\n"
         "  --max-bytes M     bytes that a graph file may have (256Mi)\n"
         "\nExit status: 0, 1 when it failed, 2 when it was called in a wrong way, 3 when another dotgrad trains in "
         "that "
         "folder.");
    return 0;
}

static const char *command_name(const void *unused, size_t index)
{
    (void)unused;
    return index < sizeof commands / sizeof commands[0] ? commands[index].name : NULL;
}

static int dispatch(int argc, char **argv)
{
    dg_status status = plugins_take(&argc, argv);
    if (status.code != DG_OK)
        return command_failed(status);
    status = graph_options_take(&argc, argv);
    if (status.code != DG_OK)
        return command_misused("", "%s", status.message);
    if (argc < 2)
        return command_misused("", "needs a command");
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
        return help();
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version")) {
        printf("dotgrad %s\n", dg_version());
        return 0;
    }
    for (size_t k = 0; k < sizeof commands / sizeof commands[0]; k++)
        if (!strcmp(argv[1], commands[k].name))
            return commands[k].run(argc - 1, argv + 1);
    const char *near = dg_name_nearest(argv[1], command_name, NULL);
    return command_misused("", "there is no command '%s'%s%s%s", argv[1], near ? " (did you mean '" : "",
                           near ? near : "", near ? "'?)" : "");
}

/* A standard stream that is closed is not free to become the next file that is opened, where messages would land. It
 * stands for one that cannot be read or written; messages are discarded, as the caller who closed it wanted. */
static bool open_streams(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (fcntl(stream, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", stream == STDOUT_FILENO ? O_RDONLY : O_WRONLY) != stream)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    if (!open_streams())
        return EXIT_FAILED;
    int status = dispatch(argc, argv);
    if (fflush(stdout) || ferror(stdout)) {
        if (status == 0)
            status = command_failed(dg_error(DG_IO, "standard output: cannot write: %s", strerror(errno)));
    }
    return status;
}
