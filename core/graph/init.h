/* The initialisers that ship with the core, for the table of all. */
#ifndef CORE_GRAPH_INIT_H
#define CORE_GRAPH_INIT_H

#include <dotgrad/parameters.h>

extern const void *const init_shipped[]; /* of dg_initialiser; ended by NULL */

#endif
