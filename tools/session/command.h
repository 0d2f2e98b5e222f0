/* The commands, and what they share. Results go to standard output, messages to standard error, one line each.
 * A command returns the exit status: 0, EXIT_FAILED, EXIT_USAGE or EXIT_BUSY (tools/run/claim.h).
 *
 *   messages.c       failures, misuse, warnings
 *   options.c        a command's options: its own, and those that are attributes of graph files
 *   graph_options.c  options that every command has
 *   plugin.c         ops of the user's
 *   session.c        a graph from its file, its parameters, threads
 *   random_data.c    random tensors for its inputs
 *   halves.c         weights in 16 bits
 *   needs.c          work and memory of a graph's plans
 *   output.c         files that are written are not those that are read */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

#include <stdint.h>

#include <dotgrad/data.h>
#include <dotgrad/status.h>

#define EXIT_FAILED 1
#define EXIT_USAGE  2

/* argv[0] is the command's own name. */
int command_train(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_predict(int argc, char **argv);
int command_generate(int argc, char **argv);
int command_draw(int argc, char **argv);
int command_summary(int argc, char **argv);
int command_check(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_ops(int argc, char **argv);
int command_fmt(int argc, char **argv);
int command_list(int argc, char **argv);
int command_examples(int argc, char **argv);
int command_show(int argc, char **argv);
int command_study(int argc, char **argv);
int command_activation(int argc, char **argv);
int command_plot(int argc, char **argv);
int command_fit_rbf(int argc, char **argv);

/* Prints "dotgrad: message" on one line; returns EXIT_FAILED, or EXIT_BUSY for DG_BUSY. */
int command_failed(dg_status status);
/* Prints "dotgrad COMMAND: message (see dotgrad COMMAND --help)"; returns EXIT_USAGE. */
int command_misused(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints "dotgrad: warning: message" on one line. */
void command_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints what was done to data without being asked for, a line each. */
void command_tell_data(const dg_data *data);

/* A whole number on the command line; a message and false when `text` is none or out of bounds. */
bool command_int(const char *command, const char *option, const char *text, int64_t least, int64_t most,
                 int64_t *number);

#endif
