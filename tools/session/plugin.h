/* Ops of the user's, from shared libraries.
 *
 * A plugin is compiled with `cc -shared -fPIC own.c $(pkg-config --cflags dotgrad) -o own.so` and defines
 *     const dg_op *const dotgrad_plugin[] = {&first_op, &second_op, NULL};
 * It needs no library of its own: the command brings dotgrad's functions. */
#ifndef TOOLS_PLUGIN_H
#define TOOLS_PLUGIN_H

#include <dotgrad/status.h>

/* Takes every `--plugin FILE` and `--plugin=FILE` out of the arguments and registers the ops. To be called before the
 * first graph is made. Libraries stay loaded until the program ends. */
dg_status plugins_take(int *argc, char **argv);

#endif
