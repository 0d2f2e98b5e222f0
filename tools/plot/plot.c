/* The loss curve, drawn by gnuplot. */
#include "pictures.h"

#include "tools/run/child.h"
#include "tools/run/claim.h"
#include "tools/run/folder.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_POINTS 2000
#define FEW_POINTS 60 /* are drawn as points, too */
#define LOG_RANGE  30 /* a loss that falls by more is drawn on a logarithmic axis */
#define SECONDS    40 /* that gnuplot may take */
#define MARK       "# written by dotgrad "

/* What a picture is drawn of. */
typedef struct drawing {
    const dg_trainer *trainer;
    const dg_tensor *history; /* [epochs, columns] */
    const dg_objective *objectives;
    int n_objectives;
} drawing;

static const char *objective_name(const dg_objective *objective)
{
    return objective->name ? objective->name : dg_node_name(objective->loss);
}

static bool is_loss(const drawing *d, const char *column)
{
    bool is = !strcmp(column, "loss") || !strcmp(column, "validation_loss");
    for (int k = 1; k < d->n_objectives && !is; k++)
        is = !strcmp(column, objective_name(&d->objectives[k]));
    return is;
}

static bool is_accuracy(const char *column)
{
    return !strcmp(column, "accuracy") || !strcmp(column, "validation_accuracy");
}

static double number_at(const drawing *d, int64_t row, int64_t column)
{
    return dg_tensor_get(d->history, row * d->history->shape.dims[1] + column);
}

static bool wants_log(const drawing *d)
{
    const char *column;
    double least = INFINITY, greatest = -INFINITY;
    for (int64_t k = 0; (column = dg_trainer_history_column(d->trainer, k)); k++)
        for (int64_t row = 0; is_loss(d, column) && row < d->history->shape.dims[0]; row++) {
            least = fmin(least, number_at(d, row, k));
            greatest = fmax(greatest, number_at(d, row, k));
        }
    return least > 0 && greatest > LOG_RANGE * least;
}

/* Every how many epochs are drawn: of objectives whose turn does not come in each, all. */
static int64_t rows_apart(const drawing *d, int64_t column)
{
    int64_t epochs = d->history->shape.dims[0];
    for (int64_t row = 0; row < epochs; row++)
        if (isnan(number_at(d, row, column)))
            return 1;
    return epochs / MAX_POINTS + 1;
}

/* One plot of the losses on the left and, where there are any, accuracies on the right. */
static void write_plot(FILE *script, const drawing *d)
{
    static const char *const colours[] = {"#4477AA", "#EE6677", "#228833", "#AA3377"};
    const char *column;
    int drawn = 0;
    for (int64_t k = 0; (column = dg_trainer_history_column(d->trainer, k)); k++) {
        bool loss = is_loss(d, column), first = d->n_objectives > 1 && !strcmp(column, "loss");
        if (!loss && !is_accuracy(column))
            continue;
        char title[64];
        snprintf(title, sizeof title, "%s", first ? objective_name(d->objectives) : column);
        for (char *at = title; *at; at++)
            *at = *at == '_' ? ' ' : *at == '\'' ? '"' : *at;
        fprintf(script, "%s 'metrics.csv' every %lld using 1:%lld axes %s with %s lw 1.6 lc rgb '%s' title '%s'",
                drawn ? "," : "plot", (long long)rows_apart(d, k), (long long)k + 2, loss ? "x1y1" : "x1y2",
                d->history->shape.dims[0] > FEW_POINTS ? "lines" : "linespoints pt 7 ps 0.4", colours[drawn % 4],
                title);
        drawn++;
    }
    fputc('\n', script);
}

static bool has_accuracy(const dg_trainer *trainer)
{
    const char *column;
    for (int64_t k = 0; (column = dg_trainer_history_column(trainer, k)); k++)
        if (is_accuracy(column))
            return true;
    return false;
}

/* Without its first line, which is the mark. */
static void print_script(FILE *script, const drawing *d)
{
    fputs("# Draws loss.svg and loss.png: run `gnuplot loss.gp` in this folder. Once edited, it stays as it is.\n"
          "if (!exists('svg')) svg = 'loss.svg'\nif (!exists('png')) png = 'loss.png'\n"
          "set datafile separator ','\nset datafile missing 'nan'\nset key autotitle columnhead\nset key outside top "
          "center horizontal\n"
          "set xlabel 'epoch'\nset ylabel 'loss'\nset grid lt 1 lc rgb '#D0D7DE'\nset border 3 lc rgb '#57606A'\n"
          "set tics nomirror\n",
          script);
    fprintf(script, "set xrange [%s]\n", d->history->shape.dims[0] > 1 ? "1:*" : "0:2");
    if (wants_log(d))
        fputs("set logscale y\nset format y '%g'\n", script);
    if (has_accuracy(d->trainer))
        fputs("set border 11\nset y2label 'accuracy'\nset y2tics\nset y2range [*:1]\n", script);
    fputs("set terminal svg size 720,440 dynamic font 'Helvetica,Arial,sans-serif,12' background rgb 'white'\n"
          "set output svg\n",
          script);
    write_plot(script, d);
    fputs("set terminal pngcairo size 1080,660 fontscale 1.2 background rgb 'white'\nset output png\n", script);
    write_plot(script, d);
    fputs("set output\n", script);
}

/* The mark holds a hash of what follows it: a script that a person has changed is theirs. */
static bool is_edited(const char *path)
{
    char *text, wanted[64];
    size_t size;
    if (access(path, F_OK) || dg_read_file(path, &text, &size).code != DG_OK)
        return false;
    const char *body = strchr(text, '\n');
    snprintf(wanted, sizeof wanted, MARK "%016" PRIx64, body ? dg_random_stream(body + 1) : 0);
    bool edited = !body || strncmp(text, wanted, strlen(wanted)) != 0 || text + strlen(wanted) != body;
    free(text);
    return edited;
}

static dg_status write_script(const char *path, const drawing *d)
{
    char *body = NULL, *text = NULL;
    size_t size;
    FILE *script = open_memstream(&body, &size);
    if (script)
        print_script(script, d);
    bool fine = script && !ferror(script);
    fine = script && fclose(script) == 0 && fine;
    int length = fine ? asprintf(&text, MARK "%016" PRIx64 "\n%s", dg_random_stream(body), body) : -1;
    dg_status status = length < 0 ? dg_no_memory("%s", path) : dg_write_file(path, text, (size_t)length);
    if (length >= 0)
        free(text);
    free(body);
    return status;
}

/* gnuplot leaves an empty file where it fails half way: a picture gets its name when it is whole. */
static dg_status take_picture(const char *from, const char *to)
{
    struct stat about;
    if (stat(from, &about) || about.st_size == 0) {
        unlink(from);
        return dg_error(DG_IO, "gnuplot wrote no %s", to);
    }
    if (rename(from, to)) {
        dg_status status = dg_error(DG_IO, "%s: cannot write: %s", to, strerror(errno));
        unlink(from);
        return status;
    }
    return dg_ok();
}

static dg_status draw(const char *run, bool edited)
{
    static const char *const names[] = {"loss.svg", "loss.png"};
    char orders[200], temporary[2][64];
    for (int k = 0; k < 2; k++)
        snprintf(temporary[k], sizeof temporary[k], "%s.%ld-0.tmp", names[k], (long)getpid());
    snprintf(orders, sizeof orders, "svg = '%s'; png = '%s'", temporary[0], temporary[1]);
    const char *const ours[] = {"gnuplot", "-e", orders, "loss.gp", NULL}, *const theirs[] = {"gnuplot", "loss.gp",
                                                                                              NULL};
    if (edited)
        return child_run(theirs, run, SECONDS);
    char *from[2], *to[2]; /* made before there is something to be put away */
    bool fine = true;
    for (int k = 0; k < 2; k++) {
        from[k] = path_join(run, temporary[k]);
        to[k] = path_join(run, names[k]);
        fine = fine && from[k] && to[k];
    }
    dg_status status = fine ? child_run(ours, run, SECONDS) : dg_no_memory("%s", run);
    for (int k = 0; k < 2; k++) {
        if (fine && status.code == DG_OK)
            status = take_picture(from[k], to[k]);
        else if (fine)
            unlink(from[k]);
        free(from[k]);
        free(to[k]);
    }
    return status;
}

/* Files that a person's script may write. */
static dg_status make_ready(const char *run)
{
    static const char *const names[] = {"loss.svg", "loss.png"};
    dg_status status = dg_ok();
    for (int k = 0; k < 2 && status.code == DG_OK; k++) {
        char *path = path_join(run, names[k]);
        status = path ? run_file_ready(path) : dg_no_memory("%s", run);
        free(path);
    }
    return status;
}

dg_status plot_curves(const char *run, const dg_trainer *trainer, const dg_objective *objectives, int n_objectives)
{
    const dg_tensor *history = dg_trainer_history(trainer);
    const drawing d = {trainer, history, objectives, n_objectives};
    if (!history || !history->data || history->shape.dims[0] == 0)
        return dg_ok();
    char *path = path_join(run, "loss.gp");
    if (!path)
        return dg_no_memory("%s", run);
    dg_status status = run_file_ready(path);
    bool edited = status.code == DG_OK && is_edited(path);
    if (status.code == DG_OK)
        status = edited ? make_ready(run) : write_script(path, &d);
    if (status.code == DG_OK)
        status = dg_prefixed(draw(run, edited), "%s: the loss curve is not drawn", path);
    free(path);
    return status;
}
