/* dotgrad show: the tensors of a run, or of any file of tensors, as text. */
#include "tools/run/folder.h"
#include "tools/run/print.h"
#include "tools/session/command.h"
#include "tools/session/options.h"
#include "tools/session/output.h"

#include <dotgrad/rules.h>
#include <dotgrad/tensor.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_row own[] = {
    {.name = "all", .form = DG_FORM_FLAG, .doc = "the optimiser's and the trainer's tensors, too"},
    {.name = "out",
     .letter = 'o',
     .form = DG_FORM_FILE,
     .doc = "writes them: .csv, .json, .npz, else safetensors; - is standard output"},
    {.name = "force", .form = DG_FORM_FLAG, .needs = "out", .doc = "lets --out replace a file that is read here"},
    {0}};

static const command_options options = {
    .command = "show",
    .usage = "dotgrad show RUN/ [NAME]... [options]",
    .about = "Lists the tensors of a run (or of a checkpoint, .safetensors or .npz): shape, least, mean and largest "
             "number.\n"
             "With names it prints their numbers: 'fc1.weight', 'fc1' for all of a layer, '*.bias'.",
    .own = own,
    .operand = "the folder of a run, or a file of tensors",
    .least = 1,
    .most = INT32_MAX};

typedef struct show_options {
    const char *path, *out;
    char *const *names;
    int n_names;
    bool all;
} show_options;

static bool is_wanted(const show_options *given, const char *name)
{
    static const char *const kept[] = {"optimizer/", "trainer/", "best/", "data/"};
    for (int k = 0; k < given->n_names; k++)
        if (dg_name_matches(name, given->names[k]))
            return true;
    for (size_t k = 0; !given->all && k < sizeof kept / sizeof *kept; k++)
        if (strncmp(name, kept[k], strlen(kept[k])) == 0)
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
    printf("%-*s %-16s %-8s", text_width(name, 32), name, dg_shape_print(&tensor->shape, shape, sizeof shape),
           dg_dtype_name(tensor->dtype));
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
    char **operands;
    int over = options_take(&options, argc, argv, &operands);
    if (over >= 0)
        return over;
    show_options given = {
        .path = operands[0], .out = option_text("out"), .names = operands + 1, .all = option_given("all")};
    while (given.names[given.n_names])
        given.n_names++;
    dg_tensors *set;
    dg_status status = output_check(given.out, 1, &given.path);
    if (status.code == DG_OK)
        status = output_check_tensors(given.out);
    if (status.code != DG_OK)
        return command_misused(argv[0], "%s", status.message);
    status = checkpoint_read(given.path, &set);
    if (status.code == DG_OK) {
        status = show(&given, set);
        dg_tensors_free(set);
    }
    return status.code == DG_OK ? 0 : command_failed(status);
}
