/* Options that every command has: how graph files are read. */
#ifndef TOOLS_GRAPH_OPTIONS_H
#define TOOLS_GRAPH_OPTIONS_H

#include <dotgrad/graphviz.h>

/* Takes --set NAME=VALUE (not of commands that have a --set of their own), --allow-path DIR, --max-nodes N and
 * --max-bytes M out of the arguments. DG_BAD_ARGUMENT: one lacks its value, or it is none. */
dg_status graph_options_take(int *argc, char **argv);
/* The lines of --help about them. */
void graph_options_help(bool has_set); /* false: the command has a --set of its own */
/* One that has been given, "--set"; NULL: none. */
const char *graph_options_given(void);
/* What they say, to which a command adds its own. */
dg_graph_read_options graph_options(void);
/* Whether a graph has been read that takes sizes from --data. */
bool graph_options_read_data(void);
/* Prints the warnings of a file that has been read. */
void graph_options_warn(const dg_graph_file *file);

#endif
