/* What runs long: its clock, and the call to stop it, by SIGINT, SIGTERM or SIGHUP. */
#ifndef TOOLS_RUN_STOP_H
#define TOOLS_RUN_STOP_H

#include <signal.h>
#include <stdbool.h>

double seconds_now(void); /* since some moment; may be called in a signal's handler */

/* On: the first call to stop sets stop_asked, a later one ends the program. A signal that is ignored (nohup) stays so.
 */
void stop_watch(bool on);
extern volatile sig_atomic_t stop_asked;

#endif
