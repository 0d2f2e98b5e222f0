/* A comparison over all float32 numbers takes long: its progress on standard error, and its end when that is asked for,
 * by a signal, after which the report says how far it came. */
#include "lab.h"
#include "tools/run/report.h"
#include "tools/run/stop.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void exhaustive_begin(exhaustive *e, const char *function)
{
    const char *terminal = getenv("TERM");
    *e = (exhaustive){.begin = seconds_now(),
                      .is_terminal = isatty(STDERR_FILENO) && (!terminal || strcmp(terminal, "dumb") != 0)};
    report_cut(function, 40, e->function, sizeof e->function);
    fprintf(stderr,
            "%s: every float32 number; the first Ctrl-C (SIGINT, SIGTERM) ends it, and the report says how far\n",
            e->function);
    stop_watch(true);
}

bool exhaustive_goes_on(void *argument, double done)
{
    const double redraw = 0.2;
    exhaustive *e = argument;
    const double now = seconds_now(), spent = now - e->begin;
    const bool is_due = e->is_terminal ? now - e->drawn >= redraw || done >= 1 : (int)(10 * done) > e->tenths;
    if (is_due) {
        char so_far[32], left[32];
        duration_print(spent, so_far, sizeof so_far);
        duration_print(done > 0 ? spent / done * (1 - done) : 0, left, sizeof left);
        fprintf(stderr, e->is_terminal ? "\r\033[K%s: %.2f %%, %s" : "%s: %.0f %%, %s", e->function, 100 * done,
                so_far);
        if (done > 0 && done < 1)
            fprintf(stderr, ", %s left", left);
        if (!e->is_terminal)
            fputc('\n', stderr);
        fflush(stderr);
        e->drawn = now;
        e->tenths = (int)(10 * done);
    }
    e->done = done;
    return !stop_asked;
}

void exhaustive_end(const exhaustive *e)
{
    if (e->is_terminal && e->drawn > 0)
        fputs("\r\033[K", stderr);
    stop_watch(false);
}

bool exhaustive_was_ended(void)
{
    return stop_asked;
}
