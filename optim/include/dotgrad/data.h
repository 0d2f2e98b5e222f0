/* Data sets as people have them: tables as text, arrays, folders of images, sets by name.
 *
 *     dg_data *data;
 *     DG_TRY(dg_data_open("points.csv(target=y, drop=[id])", NULL, &data));
 *     const dg_dataset *rows = dg_data_set(data);      // "features" [rows, F], "target" [rows], and the split
 *
 * A specification is a name or a path, with options in brackets where there are any; dg_data_format_at() lists formats
 * and dg_data_option_at() options. Features are numbers: words become one column for each different word (1 where the
 * row has it), missing cells the mean of their column. What is done to a table by default is reported by
 * dg_data_notice(). Reading the same bytes with the same options and seed gives the same numbers.
 *
 * text('book.txt', length=64) is a text for networks that tell the next character: "features" and "target" are int64
 * [rows, length], the numbers of characters (code points of UTF-8), the target one character further on. The classes
 * are the different characters in the order of their code points. Rows begin `stride` characters apart (`length`), or n
 * rows for training at places drawn by the seed. The split is by position: training, validation, then the last tenth
 * (test=) for testing; no row reaches from one part into another. */
#ifndef DOTGRAD_DATA_H
#define DOTGRAD_DATA_H

#include <dotgrad/graph.h>

DG_BEGIN_C

/* ---- rows and their split ---- */

/* Named fields (tensors) that share their first size, the number of rows: "features" [rows, …], "target" [rows] or
 * [rows, …]; further names are free. Lists of row numbers say which rows train, validate and test. */
typedef struct dg_dataset {
    dg_tensors *fields;
    int64_t *train, *validation, *test; /* row numbers; NULL when the count is 0 */
    int64_t n_train, n_validation, n_test;
    const struct dg_data *of; /* what dg_data_open() made these rows of: a checkpoint keeps its columns, scaling and
                                 classes as dg_data_keep() does; NULL: made otherwise */
} dg_dataset;

/* Row numbers for a task; the list stays the caller's. at == NULL: rows 0 … count − 1. */
typedef struct dg_rows {
    const int64_t *at;
    int64_t count;
} dg_rows;

/* An empty data set: no fields, no rows. */
dg_status dg_dataset_new(dg_dataset *data);
void dg_dataset_release(dg_dataset *data); /* frees and zeroes; fine on a zeroed one */
/* The common first size of all fields. DG_BAD_SHAPE: they differ, or one is a scalar; DG_BAD_DATA: no field, no row. */
dg_status dg_dataset_rows(const dg_dataset *data, int64_t *rows);
/* Deals all rows into the three lists, in a random order by the seed. `test` and `validation` are fractions of all
 * rows, 0 <= each, their sum < 1; a part that is not 0 gets at least one row. DG_BAD_ARGUMENT. */
dg_status dg_dataset_split(dg_dataset *data, double test, double validation, uint64_t seed);
/* Cross-validation: the rows, in the order that dg_dataset_split draws, are cut into `folds` parts that differ by one
 * row at most; part `fold` (1 … folds) tests, a fraction `validation` of all rows is kept from the rest.
 * DG_BAD_ARGUMENT. */
dg_status dg_dataset_fold(dg_dataset *data, int64_t folds, int64_t fold, double validation, uint64_t seed);
/* For sets with a published split: rows 0 … n_train − 1 train, the rest test. */
dg_status dg_dataset_split_at(dg_dataset *data, int64_t n_train);
/* For rows in an order, as of time: the first n_train train, the next n_validation validate, the rest test. */
dg_status dg_dataset_split_in_order(dg_dataset *data, int64_t n_train, int64_t n_validation);
/* Moves a fraction of the training rows, drawn by the seed, to the validation list. */
dg_status dg_dataset_take_validation(dg_dataset *data, double fraction, uint64_t seed);

/* ---- sets by name and by path ---- */

typedef struct dg_data dg_data;

typedef enum dg_column_use {
    DG_COLUMN_FEATURE,
    DG_COLUMN_TARGET,
    DG_COLUMN_LEFT_OUT /* by drop= or columns=, or because it can be no feature (a notice says why) */
} dg_column_use;

/* A column of a table. */
typedef struct dg_column {
    const char *name; /* "" in a table without a header */
    dg_column_use use;
    int64_t first, width;     /* the elements of a row's features (or target) that it has become */
    int64_t n_words;          /* of a column of words: width of a feature; 0: it holds numbers */
    const char *const *words; /* in the order of these elements; NULL: numbers */
    double fill;              /* what stands for a missing number; NaN: nothing */
} dg_column;

typedef struct dg_data_options {
    const char *folder;      /* a relative path starts here; NULL: the working folder */
    uint64_t seed;           /* of the split and of made sets */
    double validation;       /* the part of all rows that is kept for validation; 0: none */
    int64_t folds, fold;     /* cross-validation: part `fold` (1 … folds) of so many parts of all rows tests, whatever
                                split was published; folds 0: none, fold 0: the first */
    bool whole;              /* no split: all rows are in the training list */
    const dg_tensors *as_in; /* a checkpoint that dg_data_keep() has written to: columns are found by the names of
                                training, words, fills, scaling and classes are those of training; implies whole */
    int64_t n_features;  /* without as_in and target=: a table of so many columns has no target; 0: the last is it */
    size_t memory_limit; /* bytes that reading may take at a time; 0: 2 GiB of text or 100 times what is packed */
} dg_data_options;

/* Reads or makes a set, splits it, fills what is missing and scales the features by statistics of the training rows.
 * `options` may be NULL. Free with dg_data_free. Messages begin with the file's name, line and column where there are
 * such, and name the option that helps. DG_IO: no such file; DG_BAD_ARGUMENT: an option; DG_BAD_DATA: the content;
 * DG_BAD_SHAPE: fields that do not go together; DG_NO_MEMORY. */
dg_status dg_data_open(const char *spec, const dg_data_options *options, dg_data **data);
void dg_data_free(dg_data *data);

/* The file or folder that a specification names, as dg_data_open() would find it from `folder` (NULL: the working
 * folder). *path is NULL for a set by name and for what is not there. *whole_spec, where wanted (not NULL), is the
 * specification with the absolute path. Free both with free(). */
dg_status dg_data_path(const char *spec, const char *folder, char **path, char **whole_spec);

/* The fields with their split; belongs to the data. "one_hot" [rows, classes] comes with a target of few classes. */
const dg_dataset *dg_data_set(const dg_data *data);
int64_t dg_data_rows(const dg_data *data);
size_t dg_data_bytes(const dg_data *data); /* that its fields take */
/* The columns of a table in its order; count 0 for sets that are none. */
int64_t dg_data_column_count(const dg_data *data);
const dg_column *dg_data_column(const dg_data *data, int64_t index);
/* Classes of the target: words in their alphabetical order (of an ARFF file in the file's), numbers in theirs. Count 0:
 * the target is no class. Class k is named "k" where the labels are 0 … count − 1 and the file gives no names. */
int64_t dg_data_class_count(const dg_data *data);
const char *dg_data_class(const dg_data *data, int64_t index); /* NULL: nothing but its number */
/* feature ← (feature − offset)/divisor: float64, [1] for pixels or [features]; NULL: not scaled. */
const dg_tensor *dg_data_offset(const dg_data *data);
const dg_tensor *dg_data_divisor(const dg_data *data);
/* What was done to the data without being asked for, a sentence each that begins with the file's name; NULL after the
 * last. */
const char *dg_data_notice(const dg_data *data, size_t index);

/* Makes the target fit the losses of a graph: where cross_entropy, nll_loss (labels of an integer type) or a binary
 * cross-entropy read it, labels that are not 0 … K − 1 (1 … K, −1 and 1, words) become the numbers of their classes;
 * but not where a formula, one_hot or the like stands between. DG_BAD_DATA: a label that is not a class of the scores,
 * or neither −1 nor 1 where the loss takes these (DG_SIGNS); words where a loss of targets needs numbers. */
dg_status dg_data_suit(dg_data *data, const dg_graph *graph);
/* Whether the target fits the losses of a graph as it is; a trainer asks this of dg_data_set(). DG_BAD_DATA: labels
 * that are no class numbers or no numbers from 0 to 1 where a loss needs such; words where it needs numbers. */
dg_status dg_data_check(const dg_data *data, const dg_graph *graph);

/* Sizes that a graph file may read from data in the place of numbers: linear(CLASSES). See <dotgrad/graph_file.h>. */
typedef struct dg_data_size {
    const char *name; /* "ROWS", "FEATURES", "CLASSES", "VOCAB" */
    const char *summary;
} dg_data_size;
const dg_data_size *dg_data_size_at(size_t index); /* NULL after the last */
/* That size of the data; 0: they have none, or there is no size of that name. */
int64_t dg_data_size_of(const dg_data *data, const char *name);

/* Puts columns, words, fills, scaling and classes as notes and tensors "data.…" into `checkpoint`, for as_in. A trainer
 * does this by itself when its task's data are dg_data_set(). */
dg_status dg_data_keep(const dg_data *data, dg_tensors *checkpoint);
/* Whether training on `data` may go on from that checkpoint, which a trainer asks by itself: DG_BAD_DATA where what was
 * kept is damaged or is not there, DG_BAD_ARGUMENT where columns, words or classes are others. */
dg_status dg_data_check_kept(const dg_data *data, const dg_tensors *checkpoint);
/* The classes that dg_data_keep wrote: 0 and NULL when there are none. Free each name and the list with free(). */
dg_status dg_data_kept_classes(const dg_tensors *checkpoint, char ***classes, int64_t *count);
/* Whether the data were a text: the classes are its characters. */
bool dg_data_kept_text(const dg_tensors *checkpoint);

/* ---- what can be read: for `dotgrad list data` ---- */

typedef struct dg_data_format {
    const char *name;    /* "digits", "CSV" */
    const char *paths;   /* ".csv .tsv": how paths end that are read so; "" for sets by name */
    const char *scale;   /* the default of scale= */
    double test;         /* the default of test=, where the set has no published split */
    const char *summary; /* one line */
} dg_data_format;
const dg_data_format *dg_data_format_at(size_t index); /* NULL after the last */

typedef struct dg_data_option {
    const char *name, *sets; /* sets: "all", "tables", … */
    const char *summary;
} dg_data_option;
const dg_data_option *dg_data_option_at(size_t index); /* NULL after the last */

DG_END_C

#endif
