/* Data sets: where they come from, how they are split and scaled, and how they reach a graph's inputs.
 *
 * A specification is a name or a path with options: `digits(scale=standard, test=0.25)`, `flowers.csv(target=species)`.
 *
 *   option   sets               meaning
 *   scale    all                unit: [0, 1] by least and greatest value; standard: mean 0, deviation 1; none
 *   test     unsplit sets       the part of the rows that is kept for testing, shuffled by the seed; 0: none
 *   target   CSV                the column with the target, by its name or its number from 1; a list; none. Default:
 * the last n, noise made sets          how many rows, and the deviation of the noise
 *
 *   set                                     scale     test
 *   digits, iris, wine, breast_cancer       standard  0.25
 *   fashion-mnist, a folder of IDX files    unit      the files t10k-*; 0.25 when there are none
 *   xor, spirals, ring, grid                none      0
 *   values(features=[[0, 1], [1, 0]], …)    none      0; the rows of each field, written out
 *   moons, sinc                             none      0.25
 *   a CSV file                              standard  0.25
 *   a .safetensors file                     none      tensors named test.FIELD; 0.25 when there are none
 *
 * Pixels share one range, mean and deviation; other features have each their own. */
#ifndef TOOLS_DATA_H
#define TOOLS_DATA_H

#include <dotgrad/optim.h>

/* Rows in named fields: `features` and `target`, or the tensors of a safetensors file by their names. A target of
 * classes has a third field `one_hot`, [rows, classes] of 0 and 1. */
typedef struct data_set {
    char *source; /* the name or path: for messages */
    dg_dataset data;
    int64_t count;     /* rows */
    int64_t published; /* so many rows train by the publisher's split, the others test; 0: there is none */
    bool is_pixels;    /* the features share one unit */
    int64_t n_classes; /* of a target of whole numbers from 0 on; 0: it is no class */
    char **classes;    /* n_classes names; NULL: none */
    bool has_words;    /* the names come from the cells of the target itself */
} data_set;

dg_status data_set_new(const char *source, data_set **set);
void data_set_free(data_set *set);
dg_status data_no_memory(const char *source);
/* One more than the greatest element when all are whole numbers from 0 on; else 0. */
int64_t data_count_classes(const dg_tensor *target);

/* What is subtracted from the features, and what they are divided by then; one number each, or one a feature. */
typedef struct data_scaling {
    dg_tensor offset; /* float64 [1] or [features]; no data: nothing is scaled */
    dg_tensor divisor;
} data_scaling;

void data_scaling_release(data_scaling *scaling);
/* Statistics of the training part. kind: "unit", "standard" or "none". */
dg_status data_scaling_fit(const data_set *set, const char *kind, data_scaling *scaling);
dg_status data_scale(data_set *set, const data_scaling *scaling);

/* What a caller knows of data before it is read. */
typedef struct data_request {
    const char *spec;
    const char *folder;   /* a path in the specification is relative to it; NULL: the working folder */
    uint64_t seed;        /* of the split and of made sets */
    double validation;    /* the part of the rows that is kept for validation; 0: none */
    bool whole;           /* no split and no scaling: the rows as they are */
    int64_t n_features;   /* not 0: a CSV file of so many columns has no target */
    char *const *classes; /* names of classes that are known already, sorted; NULL: those in the file */
    int64_t n_classes;
} data_request;

/* Reads or makes a set, splits it and scales it. `scaling` may be NULL. Messages begin with the file's name, line and
 * column where there are such. */
dg_status data_load(const data_request *request, data_set **set, data_scaling *scaling);

/* DG_BAD_DATA: a label that is no class of the scores which a cross_entropy or nll_loss of the graph compares it with.
 */
dg_status data_check_labels(const data_set *set, const dg_graph *graph);

/* Readers. Each returns a set with at least one row, whose fields agree in their count. */
typedef struct csv_options {
    const dg_value *target; /* names, numbers, a list of those, or none; NULL: the last column */
    int64_t n_features;
    char *const *classes;
    int64_t n_classes;
} csv_options;

dg_status csv_read(const char *path, const csv_options *options,
                   data_set **set); /* plain or .gz; "-": standard input */
/* `text` is changed by reading it. */
dg_status csv_parse(const char *path, char *text, size_t size, const csv_options *options, data_set **set);
dg_status idx_read(const char *folder, data_set **set);
dg_status tensors_read(const char *path, data_set **set);

bool builtin_is(const char *name);
dg_status builtin_read(const char *name, data_set **set);
bool made_is(const char *name);
/* n: 0 for the set's own; noise: negative for the set's own. */
dg_status made_make(const char *name, int64_t n, double noise, uint64_t seed, data_set **set);
/* The lists of a call values(FIELD=[...], ...) as fields of an empty set. */
dg_status values_take(const dg_value *call, data_set *set);
/* "digits, iris, …": for messages and help. */
#define DATA_NAMES "digits, iris, wine, breast_cancer, fashion-mnist, xor, spirals, moons, ring, grid, sinc"

/* The whole content of a file, unpacked when it is a .gz, with a 0 byte after it. */
dg_status gz_read(const char *path, char **bytes, size_t *size);

#endif
