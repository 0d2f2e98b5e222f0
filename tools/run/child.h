/* Another program, run as a child with a limit on its time. */
#ifndef TOOLS_RUN_CHILD_H
#define TOOLS_RUN_CHILD_H

#include <dotgrad/status.h>

/* Runs arguments[0], found by PATH, in `folder` and waits for its end. It reads nothing and what it prints is lost. It
 * is a process group of its own, which ends after so many seconds and when this process is asked to end (SIGINT,
 * SIGTERM, SIGHUP): that signal then does here what it would have done without a child. DG_IO: the program is missing,
 * failed, took too long, or a signal came. */
dg_status child_run(const char *const *arguments, const char *folder, double seconds);

#endif
