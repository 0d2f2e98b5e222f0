/* Random tensors for the inputs of a graph: normal numbers, labels below the number of classes, indices below the size
 * that they index, targets between 0 and 1 where they are probabilities. They depend on the session's seed and the
 * input's name alone. */
#ifndef TOOLS_RANDOM_DATA_H
#define TOOLS_RANDOM_DATA_H

#include "session.h"

/* Adds to `fed` a tensor for each input that it has none for, N being `rows`, and gives all of it as feeds; *feeds is
 * allocated. `path` is what errors name: where the other tensors of `fed` come from. */
dg_status random_feeds(const graph_session *session, const char *path, int64_t rows, dg_tensors *fed, dg_feed **feeds,
                       int *count);

/* Makes the parameters that the session does not have. Initialisers that look at data see what is in `fed`, and random
 * tensors, added to it, of so many rows or more. */
dg_status random_parameters(graph_session *session, const char *path, int64_t rows, dg_tensors *fed);

#endif
