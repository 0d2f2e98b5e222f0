/* The loss curve, drawn by gnuplot. */
#include "report.h"

#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_POINTS 2000
#define FEW_POINTS 60 /* are drawn as points, too */
#define LOG_RANGE  30 /* a loss that falls by more is drawn on a logarithmic axis */

extern char **environ;

static bool is_loss(const char *column)
{
    return !strcmp(column, "loss") || !strcmp(column, "validation_loss");
}

static bool is_accuracy(const char *column)
{
    return !strcmp(column, "accuracy") || !strcmp(column, "validation_accuracy");
}

static bool wants_log(const dg_trainer *trainer, const dg_tensor *history)
{
    const char *column;
    double least = INFINITY, greatest = -INFINITY;
    for (int64_t k = 0; (column = dg_trainer_history_column(trainer, k)); k++)
        for (int64_t row = 0; is_loss(column) && row < history->shape.dims[0]; row++) {
            double value = dg_tensor_get(history, row * history->shape.dims[1] + k);
            least = fmin(least, value);
            greatest = fmax(greatest, value);
        }
    return least > 0 && greatest > LOG_RANGE * least;
}

/* One plot of the losses on the left and, where there are any, accuracies on the right. */
static void write_plot(FILE *script, const dg_trainer *trainer, int64_t epochs)
{
    static const char *const colours[] = {"#4477AA", "#EE6677", "#228833", "#AA3377"};
    const char *column;
    int drawn = 0;
    for (int64_t k = 0; (column = dg_trainer_history_column(trainer, k)); k++) {
        if (!is_loss(column) && !is_accuracy(column))
            continue;
        char title[64];
        snprintf(title, sizeof title, "%s", column);
        for (char *at = title; *at; at++)
            *at = *at == '_' ? ' ' : *at;
        fprintf(script, "%s 'metrics.csv' every %lld using 1:%lld axes %s with %s lw 1.6 lc rgb '%s' title '%s'",
                drawn ? "," : "plot", (long long)(epochs / MAX_POINTS + 1), (long long)k + 2,
                is_loss(column) ? "x1y1" : "x1y2", epochs > FEW_POINTS ? "lines" : "linespoints pt 7 ps 0.4",
                colours[drawn % 4], title);
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

static dg_status write_script(const char *path, const dg_trainer *trainer, const dg_tensor *history)
{
    FILE *script = fopen(path, "we");
    if (!script)
        return dg_error(DG_IO, "%s: cannot write: %s", path, strerror(errno));
    fputs("# Draws loss.svg and loss.png: run `gnuplot loss.gp` in this folder.\n"
          "set datafile separator ','\nset key autotitle columnhead\nset key outside top center horizontal\n"
          "set xlabel 'epoch'\nset ylabel 'loss'\nset grid lt 1 lc rgb '#D0D7DE'\nset border 3 lc rgb '#57606A'\n"
          "set tics nomirror\n",
          script);
    fprintf(script, "set xrange [%s]\n", history->shape.dims[0] > 1 ? "1:*" : "0:2");
    if (wants_log(trainer, history))
        fputs("set logscale y\nset format y '%g'\n", script);
    if (has_accuracy(trainer))
        fputs("set border 11\nset y2label 'accuracy'\nset y2tics\nset y2range [*:1]\n", script);
    fputs("set terminal svg size 720,440 dynamic font 'Helvetica,Arial,sans-serif,12' background rgb 'white'\n"
          "set output 'loss.svg'\n",
          script);
    write_plot(script, trainer, history->shape.dims[0]);
    fputs("set terminal pngcairo size 1080,660 fontscale 1.2 background rgb 'white'\nset output 'loss.png'\n", script);
    write_plot(script, trainer, history->shape.dims[0]);
    if (fclose(script))
        return dg_error(DG_IO, "%s: cannot write: %s", path, strerror(errno));
    return dg_ok();
}

static dg_status run_gnuplot(const char *run)
{
    char *const arguments[] = {"gnuplot", "loss.gp", NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int state = 0;
    if (posix_spawn_file_actions_init(&actions))
        return dg_error(DG_NO_MEMORY, "%s: the loss curve is not drawn: not enough memory", run);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1, 0);
    posix_spawn_file_actions_addchdir_np(&actions, run);
    int error = posix_spawnp(&child, "gnuplot", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        return dg_error(DG_IO, "%s: the loss curve is not drawn: cannot run gnuplot: %s", run, strerror(error));
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            return dg_error(DG_IO, "%s: lost sight of gnuplot: %s", run, strerror(errno));
    if (!WIFEXITED(state) || WEXITSTATUS(state))
        return dg_error(DG_IO, "%s/loss.gp: the loss curve is not drawn: gnuplot failed", run);
    return dg_ok();
}

dg_status plot_curves(const char *run, const dg_trainer *trainer)
{
    const dg_tensor *history = dg_trainer_history(trainer);
    char *path;
    if (!history || !history->data || history->shape.dims[0] == 0)
        return dg_ok();
    if (asprintf(&path, "%s/loss.gp", run) < 0)
        return dg_error(DG_NO_MEMORY, "%s: not enough memory", run);
    dg_status status = write_script(path, trainer, history);
    free(path);
    return status.code == DG_OK ? run_gnuplot(run) : status;
}
