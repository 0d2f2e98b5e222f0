/* Parameters live outside graphs, by name, so that many graphs share them. */
#ifndef DOTGRAD_PARAMETERS_H
#define DOTGRAD_PARAMETERS_H

#include <dotgrad/graph.h>
#include <dotgrad/random.h>

DG_BEGIN_C

/* Creates in `parameters` each parameter of the graph that is not there yet, by its initialiser. Numbers depend on the
 * seed and the parameter's name alone. DG_BAD_SHAPE: one that is there has another shape; DG_BAD_DTYPE likewise.
 * DG_BAD_ARGUMENT: an initialiser that needs data (kmeans) — see dg_fit_parameters in <dotgrad/optim.h>. */
dg_status dg_parameters_init(dg_tensors *parameters, const dg_graph *graph, uint64_t seed);
/* Whether each parameter's initialiser is one that ships, with arguments it takes and a shape that fits; nothing is
 * made. DG_BAD_ARGUMENT, DG_BAD_DTYPE, DG_BAD_SHAPE name the parameter. */
dg_status dg_parameters_check(const dg_graph *graph);
/* The same of one call for a tensor of that type. */
dg_status dg_init_check(const dg_type *type, const dg_value *init);
const char *dg_initialiser_known(size_t index); /* their names; NULL after the last */
/* True when the initialiser needs data to look at. */
bool dg_init_needs_data(const dg_value *init);
/* Fills a tensor by an initialiser call: zeros, ones, constant(value) (a number, or nested lists of the
 * tensor's shape), uniform(low, high), normal(mean, std, zero_row),
 * xavier_uniform(gain), xavier_normal(gain), kaiming_uniform(a, nonlinearity), kaiming_normal(a, nonlinearity),
 * lecun_uniform, lecun_normal, orthogonal(gain), identity. Fans: a weight is [out, in, …] (PyTorch's layout). */
dg_status dg_init_fill(dg_tensor *tensor, const dg_value *init, const dg_random *key);

DG_END_C

#endif
