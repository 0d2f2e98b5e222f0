/* dotgrad show: the tensors of a run, or of any file of tensors, as text. */
#include "command.h"
#include "tools/run/folder.h"
#include "tools/run/print.h"

#include <dotgrad/rules.h>
#include <dotgrad/tensor.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: dotgrad show RUN/ [NAME]... [options]\n\n"
    "Lists the tensors of a run (or of a checkpoint, .safetensors or .npz): shape, least, mean and largest number. "
    "With\n"
    "names it prints their numbers: 'fc1.weight', 'fc1' for all of a layer, '*.bias'.\n\n"
    "  --all             the optimiser's and the trainer's tensors, too\n"
    "  -o, --out FILE    writes them: .csv, .json, .npz, else safetensors; - is standard output\n";

typedef struct show_options {
    const char *path, *out;
    char *const *names;
    int n_names;
    bool all;
} show_options;

static bool is_wanted(const show_options *given, const char *name)
{
    static const char *const own[] = {"optimizer/", "trainer/", "best/", "data/"};
    for (int k = 0; k < given->n_names; k++)
        if (dg_name_matches(name, given->names[k]))
            return true;
    for (size_t k = 0; !given->all && k < sizeof own / sizeof *own; k++)
        if (strncmp(name, own[k], strlen(own[k])) == 0)
            return false;
    return given->n_names == 0;
}

static void print_line(const char *name, const dg_tensor *tensor)
{
    char shape[DG_SHAPE_TEXT];
    int64_t count = dg_tensor_count(tensor);
    double least = INFINITY, most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < count; i++) {
        double number = dg_tensor_get(tensor, i);
        least = number < least ? number : least;
        most = number > most ? number : most;
        sum += number;
    }
    printf("%-32s %-16s %-8s", name, dg_shape_print(&tensor->shape, shape, sizeof shape), dg_dtype_name(tensor->dtype));
    if (count)
        printf(" %12.6g %12.6g %12.6g", least, sum / (double)count, most);
    putchar('\n');
}

static dg_status show(const show_options *given, const dg_tensors *set)
{
    dg_tensors *chosen;
    size_t count = dg_tensors_count(set);
    DG_TRY(dg_tensors_new(&chosen));
    dg_status status = dg_ok();
    for (size_t k = 0; k < count && status.code == DG_OK; k++)
        if (is_wanted(given, dg_tensors_name(set, k)))
            status = dg_tensors_put(chosen, dg_tensors_name(set, k), dg_tensors_at(set, k));
    if (status.code == DG_OK && given->n_names && !dg_tensors_count(chosen))
        status = dg_error(DG_BAD_ARGUMENT, "%s: no tensor fits '%s'; `dotgrad show %s` lists them", given->path,
                          given->names[0], given->path);
    if (status.code == DG_OK && given->out)
        status = tensors_write(given->out, chosen);
    else if (status.code == DG_OK && !given->n_names)
        printf("%-32s %-16s %-8s %12s %12s %12s\n", "tensor", "shape", "dtype", "least", "mean", "largest");
    for (size_t k = 0; k < dg_tensors_count(chosen) && status.code == DG_OK && !given->out; k++) {
        if (given->n_names)
            print_tensor(stdout, 0, dg_tensors_name(chosen, k), dg_tensors_at(chosen, k));
        else
            print_line(dg_tensors_name(chosen, k), dg_tensors_at(chosen, k));
    }
    dg_tensors_free(chosen);
    return status;
}

int command_show(int argc, char **argv)
{
    enum { ALL = 256 };
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'}, {"all", no_argument, NULL, ALL}, {"out", required_argument, NULL, 'o'}, {0}};
    show_options given = {.path = NULL};
    int option;
    while ((option = command_option(argc, argv, "ho:", options)) != -1) {
        if (option == 'h') {
            puts(usage);
            return 0;
        }
        if (option == 'o')
            given.out = optarg;
        else if (option == ALL)
            given.all = true;
        else
            return EXIT_USAGE;
    }
    if (optind >= argc)
        return command_misused(argv[0], "wants the folder of a run, or a file of tensors");
    given.path = argv[optind];
    given.names = argv + optind + 1;
    given.n_names = argc - optind - 1;
    dg_tensors *set;
    dg_status status = checkpoint_read(given.path, &set);
    if (status.code == DG_OK) {
        status = show(&given, set);
        dg_tensors_free(set);
    }
    return status.code == DG_OK ? 0 : command_failed(status);
}
