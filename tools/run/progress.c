/* The progress of training, on standard error. */
#include "report.h"
#include "stop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_WIDTH     24
#define REDRAW        0.1 /* seconds */
#define PLAIN_LINES   50
#define DEFAULT_WIDTH 80

char *metric_print(const char *name, double value, char *text, size_t size)
{
    if (!strcmp(name, "accuracy"))
        snprintf(text, size, "%.1f %%", 100 * value);
    else
        snprintf(text, size, "%.4g", value);
    return text;
}

void progress_begin(progress_bar *progress)
{
    const char *terminal = getenv("TERM");
    *progress = (progress_bar){.is_terminal = isatty(STDERR_FILENO) && (!terminal || strcmp(terminal, "dumb"))};
    progress->begin = progress->last = seconds_now();
}

static size_t append(char *line, size_t size, size_t length, const char *text)
{
    int added = snprintf(line + length, size - length, "%s", text);
    return added < 0 ? length : length + (size_t)added < size ? length + (size_t)added : size - 1;
}

static size_t append_metrics(char *line, size_t size, size_t length, const char *prefix, const dg_metrics *metrics)
{
    char value[40], text[120];
    bool any = false;
    for (int k = 0; k < metrics->count; k++)
        any = any || !isnan(metrics->values[k]);
    for (int k = 0; k < metrics->count; k++) {
        if (isnan(metrics->values[k]) && (any || k > 0)) /* not measured in training, or it was another loss's turn */
            continue;
        metric_print(metrics->names[k], metrics->values[k], value, sizeof value);
        snprintf(text, sizeof text, "  %s%s %s", prefix, metrics->names[k], value);
        length = append(line, size, length, text);
    }
    return length;
}

void duration_print(double seconds, char *text, size_t size)
{
    if (seconds >= 3600)
        snprintf(text, size, "%d:%02d:%02d", (int)(seconds / 3600), (int)fmod(seconds / 60, 60),
                 (int)fmod(seconds, 60));
    else
        snprintf(text, size, "%d:%02d", (int)(seconds / 60), (int)fmod(seconds, 60));
}

static void draw_bar(progress_bar *progress, const dg_progress *now, double seconds)
{
    char line[512], text[96], left[32];
    size_t length = 0;
    double done = (double)now->batch / (double)(now->batches > 0 ? now->batches : 1);
    double all = (double)now->epochs * (double)now->batches;
    double rest = all - (double)now->step, steps = (double)(now->step - progress->first_step);
    int filled = (int)(done * BAR_WIDTH);
    snprintf(text, sizeof text, "epoch %lld/%lld [", (long long)now->epoch, (long long)now->epochs);
    length = append(line, sizeof line, length, text);
    for (int k = 0; k < BAR_WIDTH; k++)
        length = append(line, sizeof line, length, k < filled ? "=" : k == filled ? ">" : " ");
    length = append(line, sizeof line, length, "]");
    length = append_metrics(line, sizeof line, length, "", &now->train);
    if (steps > 0 && rest >= 0) {
        duration_print(rest * (seconds - progress->begin) / steps, left, sizeof left);
        snprintf(text, sizeof text, "  %s left", left);
        length = append(line, sizeof line, length, text);
    }
    struct winsize window = {0};
    size_t width = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) || !window.ws_col ? DEFAULT_WIDTH : window.ws_col;
    if (length >= width)
        line[width - 1] = '\0';
    fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
    progress->is_drawn = true;
    progress->last = seconds;
}

static void print_epoch(progress_bar *progress, const dg_progress *now, double seconds)
{
    char line[512], text[96], left[32];
    snprintf(text, sizeof text, "epoch %lld/%lld", (long long)now->epoch, (long long)now->epochs);
    size_t length = append(line, sizeof line, 0, text);
    length = append_metrics(line, sizeof line, length, "", &now->train);
    length = append_metrics(line, sizeof line, length, "validation ", &now->validation);
    duration_print(seconds - progress->begin, left, sizeof left);
    snprintf(text, sizeof text, "  %s", left);
    append(line, sizeof line, length, text);
    fprintf(stderr, "%s%s\n", progress->is_drawn ? "\r\033[K" : "", line);
    progress->is_drawn = false;
}

void progress_show(progress_bar *progress, const dg_progress *now)
{
    double seconds = seconds_now();
    if (!progress->has_begun) {
        progress->has_begun = true;
        progress->first_step = now->step > 0 ? now->step - 1 : 0;
    }
    if (now->epoch_done) {
        progress->epoch = now->epoch;
        progress->epochs = now->epochs;
        progress->best = now->best ? now->epoch : progress->best;
        bool last = now->epoch == now->epochs;
        bool turn = now->epoch * PLAIN_LINES / now->epochs != (now->epoch - 1) * PLAIN_LINES / now->epochs;
        if (turn || last || now->epoch == 1)
            print_epoch(progress, now, seconds);
    } else if (progress->is_terminal && seconds - progress->last >= REDRAW) {
        draw_bar(progress, now, seconds);
    }
}

void progress_end(progress_bar *progress)
{
    if (progress->is_drawn)
        fputs("\r\033[K", stderr);
    progress->is_drawn = false;
}

void progress_tell_best(const progress_bar *progress, const char *monitor, int64_t patience)
{
    if (!progress->epoch || progress->best == progress->epoch)
        return;
    if (progress->epoch < progress->epochs)
        fprintf(stderr, "stopped after epoch %lld of %lld: no better validation %s for %lld epoch%s (patience)\n",
                (long long)progress->epoch, (long long)progress->epochs, monitor, (long long)patience,
                patience == 1 ? "" : "s");
    if (progress->best)
        fprintf(stderr, "the weights are those of epoch %lld, whose validation %s was best\n",
                (long long)progress->best, monitor);
    else
        fprintf(stderr, "the weights are those of an epoch before this run was resumed, whose validation %s was best\n",
                monitor);
}
