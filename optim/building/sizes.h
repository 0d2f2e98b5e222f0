/* Sizes that a graph reads from data: see dg_graph_read_options. */
#ifndef OPTIM_BUILDING_SIZES_H
#define OPTIM_BUILDING_SIZES_H

#include <dotgrad/graph_file.h>

/* Puts numbers for ROWS, FEATURES, CLASSES and VOCAB into the calls of `file`, which is `top`, or used by it with
 * `call`. */
dg_status data_sizes_put(dg_graph_file *top, dg_graph_file *file, const dg_graph_read_options *options,
                         const dg_value *call);

/* Where a mistake in building names a word that is nearly one of the sizes, CLASES: says so. */
dg_status data_sizes_hint(const dg_graph_file *file, dg_status status);

/* Whether an argument of use() or scan() gives the used file one of these sizes itself. */
bool data_size_is_given(const dg_value *argument);

#endif
