/* Initialisers that look at data.
 *
 * fit.c      the parameters of a graph in order, and what initialisers see
 * rows.c     rows of feeds, for dg_fit_parameters()
 * targets.c  what a layer's result is compared with: labels as one column a class
 * centers.c  centres by the data; kmeans.c, ols.c
 * solve.c    weights by least squares, a block of rows at a time
 * patterns.c layers that keep the training data
 * rbf_fit.c  <dotgrad/rbf_fit.h>: kernel, width, centres and ridge by closed forms; smoother.c
 * memory.c   weights of Hopfield's networks
 * radial.c   values of radial functions between two lists of points */
#ifndef OPTIM_FIT_H
#define OPTIM_FIT_H

#include <dotgrad/op.h>
#include <dotgrad/optim.h>

#define FIT_ROWS 10000 /* initialisers that hold rows at once look at this many at most, drawn by the seed */

/* ---- fit.c ---- */

/* Where rows come from. */
typedef struct fit_rows {
    int64_t count, sample; /* rows; how many of them `value` of dg_init_data looks at */
    int64_t block;         /* rows that are asked for at a time, at most; `sample` may be more */
    void *argument;
    /* Feeds of rows [begin, begin + count) in the order of the data, or of the sample. They stay until the next call.
     */
    dg_status (*feeds)(void *argument, bool sampled, int64_t begin, int64_t count, const dg_feed **feeds, int *n_feeds);
} fit_rows;

/* A parameter of the graph is missing and its initialiser needs data. */
bool fit_is_needed(const dg_tensors *parameters, const dg_graph *graph);
/* dg_fit_parameters() on such rows. */
dg_status fit_parameters(dg_tensors *parameters, dg_graph *graph, const fit_rows *rows, uint64_t seed,
                         dg_threads *threads);
/* The data-driven initialisers of some layers (layers[id of the node]) again, into the tensors that are there; `epoch`
 * goes into their random numbers. */
dg_status fit_again(dg_tensors *parameters, dg_graph *graph, const fit_rows *rows, const bool *layers, int64_t epoch,
                    uint64_t seed, dg_threads *threads);

/* The input of a layer with that name; NULL: there is none. */
dg_node *layer_input(const dg_node *layer, const char *name);

/* ---- rows.c ---- */

/* Rows of feeds that hold all of them. Release with feed_rows_release. */
typedef struct feed_rows {
    const dg_feed *feeds;
    int n_feeds;
    int64_t count;
    dg_tensor *views;
    dg_feed *shown;
} feed_rows;
dg_status feed_rows_make(const dg_feed *feeds, int n_feeds, feed_rows *made, fit_rows *rows);
void feed_rows_release(feed_rows *made);

/* ---- targets.c ---- */

/* What the loss that a layer reaches compares with. */
typedef struct fit_target {
    dg_node *loss, *node;
    int64_t columns;  /* of the matrix that targets become */
    bool labels;      /* numbers of classes */
    double low, high; /* what 0 and 1 of a class or decision become */
} fit_target;

/* The target of the loss whose scores `layer` is itself. DG_BAD_ARGUMENT: it feeds none directly. */
dg_status target_of(dg_node *layer, fit_target *target);
/* The target of the first loss that depends on the layer; `columns` is 0 for labels, whose number is not known. */
dg_status target_reached(dg_node *layer, fit_target *target);
/* The target's values [rows, 1] (labels) or [rows, columns] as a matrix [rows, columns]. Release it. */
dg_status target_matrix(const fit_target *target, const dg_tensor *values, dg_tensor *matrix);

/* ---- centres ---- */

/* Centres [k, d] of `rows` [n, d] (both float64): k-means++ seeds (Arthur, Vassilvitskii 2007), then Lloyd's rule until
 * nothing moves or `iterations` are done. A cluster without rows takes the row farthest from its centre. key NULL: from
 * the centres as they are. */
dg_status kmeans(const dg_tensor *rows, int64_t iterations, const dg_random *key, dg_threads *threads,
                 dg_tensor *centers);

/* Orthogonal least squares (Chen, Cowan and Grant, 1991): of the columns of `values` [n, c] chooses, one at a time,
 * those that leave the least of `targets` [n, k] unexplained; all float64. chosen[0 … count − 1]; a choice that would
 * explain nothing more ends it early, *n_chosen says where. `errors` (may be NULL): the sum of squares that is left
 * after each choice. */
dg_status orthogonal_least_squares(const dg_tensor *values, const dg_tensor *targets, int64_t count, int64_t *chosen,
                                   int64_t *n_chosen, double *errors);

/* ---- radial.c ---- */

/* φ(|x − c|) for rows x [n, d] and centers [m, d], float64, and monomials up to `degree` (−1: none) after them, in
 * *values [n, m + …]; gamma may be NULL for kernels without one, and has one of the shapes that rbf takes. */
typedef struct radial_basis {
    const char *kernel;
    const dg_tensor *centers, *gamma, *metric;
    int64_t degree;
    bool normalize;
    dg_threads *threads;
} radial_basis;
dg_status radial_values(const radial_basis *basis, const dg_tensor *rows, dg_tensor *values);

/* ---- solve.c ---- */

/* Least squares of rows that come a block at a time: [features | 1 | targets] is kept as the triangle of its QR
 * factors, [p + k, p + k] column by column, with p features (a column of ones with them). */
typedef struct least_squares {
    int64_t features, targets; /* p and k */
    bool bias;                 /* the last feature is 1 */
    double *factor;
} least_squares;
dg_status least_squares_make(least_squares *made, int64_t features, bool bias, int64_t targets);
void least_squares_release(least_squares *made);
/* Rows [n, p (without the ones)] and [n, k], float64. */
dg_status least_squares_add(least_squares *into, const dg_tensor *features, const dg_tensor *targets);

typedef enum solver {
    SOLVE_RIDGE, /* + number·|w|², the bias left out */
    SOLVE_SVD,   /* singular values below number times the largest count as 0 */
    SOLVE_LSTSQ  /* the shortest solution: SOLVE_SVD by the precision of float64 */
} solver;
/* *solution is float64 [p, k]; release it. */
dg_status least_squares_solve(const least_squares *of, solver by, double number, dg_tensor *solution);

#endif
