/* See stop.h. */
#include "stop.h"

#include <stddef.h>
#include <time.h>

volatile sig_atomic_t stop_asked;

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* `timeout` and job schedulers signal a process and then its group: what comes together is one call to stop. */
static void ask_to_stop(int signal_number)
{
    const double together = 0.5;
    static volatile double asked_at;
    if (!stop_asked) {
        asked_at = seconds_now();
        stop_asked = 1;
    } else if (seconds_now() - asked_at > together) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
}

void stop_watch(bool on)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction ask = {.sa_handler = ask_to_stop}, usual = {.sa_handler = SIG_DFL};
    for (size_t k = 0; k < sizeof signals / sizeof *signals; k++) {
        struct sigaction before;
        if (sigaction(signals[k], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[k], on ? &ask : &usual, NULL);
    }
}
