/* Initialisers that look at data. */
#ifndef OPTIM_FIT_H
#define OPTIM_FIT_H

#include <dotgrad/op.h>
#include <dotgrad/optim.h>

/* A parameter of the graph is missing and its initialiser needs data. */
bool fit_is_needed(const dg_tensors *parameters, const dg_graph *graph);

/* Centres [k, d] of `rows` [n, d] (both float64): k-means++ seeds (Arthur, Vassilvitskii 2007), then Lloyd's rule until
 * nothing moves or `iterations` are done. A cluster without rows takes the row farthest from its centre. */
dg_status kmeans(const dg_tensor *rows, int64_t iterations, const dg_random *key, dg_threads *threads,
                 dg_tensor *centers);

#endif
