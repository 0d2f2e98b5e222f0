/* Parameters live outside graphs, by name, so that many graphs share them. */
#ifndef DOTGRAD_PARAMETERS_H
#define DOTGRAD_PARAMETERS_H

#include <dotgrad/argument.h>
#include <dotgrad/graph.h>
#include <dotgrad/random.h>
#include <dotgrad/threads.h>

DG_BEGIN_C

/* Creates in `parameters` each parameter of the graph that is not there yet, by its initialiser. Numbers depend on the
 * seed and the parameter's name alone. DG_BAD_SHAPE: one that is there has another shape; DG_BAD_DTYPE likewise.
 * DG_BAD_ARGUMENT: an initialiser that needs data (kmeans) — see dg_fit_parameters in <dotgrad/optim.h> — or one that
 * gives numbers which the parameter does not take. */
dg_status dg_parameters_init(dg_tensors *parameters, const dg_graph *graph, uint64_t seed);
/* Whether each parameter's initialiser is a known one, with arguments it takes and a shape that fits; nothing is
 * made. DG_BAD_ARGUMENT, DG_BAD_DTYPE, DG_BAD_SHAPE name the parameter. */
dg_status dg_parameters_check(const dg_graph *graph);

/* The numbers that a parameter takes: its options positive, min and max. Of one that is positive an optimiser steps the
 * logarithm: u = log p with the gradient g·p, and without decay; what is stored, its gradient and its name are p's. A
 * step that ends beyond min or max ends there instead. */
typedef struct dg_range {
    bool positive;
    double min, max; /* −∞, ∞: none */
} dg_range;
dg_range dg_parameter_range(const dg_node *parameter);
bool dg_range_is_all(const dg_range *range); /* true of the range that every number is in */
/* DG_BAD_ARGUMENT names a number that is not in the range, and where it is. */
dg_status dg_range_check(const dg_range *range, const dg_tensor *values);

/* ---- initialisers ---- */

#define DG_MOST_INIT_ARGUMENTS 7

typedef struct dg_initialiser dg_initialiser;
typedef struct dg_init_data dg_init_data;

/* What `blocks` calls for each block of rows, in order: `values` are float64 [rows, d], one a node. */
typedef dg_status dg_init_visit(void *argument, const dg_tensor *values);

/* What an initialiser with `needs_data` looks at, beside the call. */
struct dg_init_data {
    dg_node *layer;      /* the node that the parameter is an input of; its input 0 is the data as the layer sees it */
    dg_threads *threads; /* NULL: this thread alone */
    /* The value of a node on the data, as float64 [rows, d] with d the node's last size; of labels [N] as [N, 1]. Of
     * very many rows a sample, the same for each node. The caller releases it. */
    dg_status (*value)(const dg_init_data *data, dg_node *node, dg_tensor *rows);
    /* The values of some nodes on all rows, in the order of the data, a block at a time: for what cannot be held at
     * once. Stops at the first status that is not DG_OK. */
    dg_status (*blocks)(const dg_init_data *data, int count, dg_node *const *nodes, dg_init_visit *visit,
                        void *argument);
};

/* One call of an initialiser, read and checked against its arguments. */
typedef struct dg_init_call {
    const dg_initialiser *initialiser;
    /* Of the arguments, in order, as dg_arguments_read() gives them. */
    double values[DG_MOST_INIT_ARGUMENTS * DG_ARGUMENT_WIDTH];
    const dg_value *given[DG_MOST_INIT_ARGUMENTS]; /* the item of each argument; NULL: left out */
    double fan_in, fan_out;                        /* of a tensor [out, in, ...], where least_rank is 2; else 0 */
    const dg_random *key;                          /* draws numbers; NULL in `check` */
    const dg_init_data *data;                      /* NULL unless needs_data; NULL in `check` */
} dg_init_call;

/* An initialiser's descriptor. */
struct dg_initialiser {
    const char *name;
    const char *summary;                               /* one line, with the formula */
    const char *source;                                /* paper, where there is one */
    dg_argument arguments[DG_MOST_INIT_ARGUMENTS + 1]; /* ended by a NULL name */
    int least_rank;                                    /* 2: the fans are needed */
    bool any_dtype;                                    /* takes integers and bool too, not only floats */
    bool needs_data;                                   /* `fill` gets call->data: see dg_fit_parameters() */
    bool looks_at_others; /* needs_data: reads other parameters of the layer, and comes after those that do not */
    bool row_each;        /* needs_data: its tensor has a row for each row of the data, no more and no fewer */
    /* What is wrong with this call for a tensor of that type. NULL: nothing can be. */
    dg_status (*check)(const dg_init_call *call, const dg_type *type);
    /* Gives every element of the tensor, which has at least one, its value. */
    dg_status (*fill)(dg_tensor *tensor, const dg_init_call *call);
    /* Instead of fill, of the weight of a layer whose parameters are solved for together: float64 `weight`, and `bias`
     * where the layer owns one that is not given, else NULL. */
    dg_status (*solve)(dg_tensor *weight, dg_tensor *bias, const dg_init_call *call);
};

/* Adds an initialiser, which graphs then name as those that ship. The descriptor must stay. DG_BAD_ARGUMENT: it has no
 * name, summary or fill, its name or that of an argument is not letters, digits and _, or one is taken. */
dg_status dg_register_initialiser(const dg_initialiser *initialiser);
const dg_initialiser *dg_initialiser_at(size_t index); /* NULL after the last; those that ship first */
const dg_initialiser *dg_initialiser_find(const char *name);
const char *dg_initialiser_name_at(size_t index); /* their names; NULL after the last */
/* The initialiser that a call or name is of; NULL: there is none. */
const dg_initialiser *dg_init_of(const dg_value *init);
/* True when the initialiser needs data to look at. */
bool dg_init_needs_data(const dg_value *init);
/* dg_parameters_check() of one call for a tensor of that type. */
dg_status dg_init_check(const dg_type *type, const dg_value *init);
/* Fills a tensor by an initialiser call: zeros, ones, constant(value) (a number, or nested lists of the
 * tensor's shape), uniform(low, high), normal(mean, std, zero_row),
 * xavier_uniform(gain), xavier_normal(gain), kaiming_uniform(a, nonlinearity), kaiming_normal(a, nonlinearity),
 * lecun_uniform, lecun_normal, orthogonal(gain), identity; `dotgrad list initialisers` prints all. Fans: a weight is
 * [out, in, …] (PyTorch's layout). DG_BAD_ARGUMENT: one that needs data, or as dg_init_check(). */
dg_status dg_init_fill(dg_tensor *tensor, const dg_value *init, const dg_random *key);
/* The same for initialisers of both kinds. `data` may be NULL, as for dg_init_fill(). */
dg_status dg_init_fill_from(dg_tensor *tensor, const dg_value *init, const dg_random *key, const dg_init_data *data);
/* Fills weight and bias (may be NULL) of a layer by an initialiser with `solve`. */
dg_status dg_init_solve(dg_tensor *weight, dg_tensor *bias, const dg_value *init, const dg_random *key,
                        const dg_init_data *data);
/* dg_init_fill_from() for a parameter of a graph: where its layer keeps another quantity than the initialiser speaks of
 * (gamma of a width), that is what the tensor gets. DG_BAD_ARGUMENT: a number that it cannot be made of. */
dg_status dg_parameter_fill(const dg_node *parameter, dg_tensor *tensor, const dg_value *init, const dg_random *key,
                            const dg_init_data *data);

DG_END_C

#endif
