/* What all readers share: the set that they fill, its columns and the memory that reading may take. Tables and readers
 * of formats are above it, in optim/table and optim/readers. The room:
 *
 *   set.c       the set itself, and what a program may ask of it
 *   dataset.c   rows and their split
 *   bytes.c     files into memory, unpacked, within bounds
 *   foreign.c   files of other kinds, and how they become tables
 *   number.c    numbers and dates as tables write them
 *   options.c   what stands in the brackets of a specification
 *   sizes.c     ROWS, FEATURES, CLASSES, VOCAB of a set
 *   target.c    which inputs of a graph take the labels */
#ifndef OPTIM_DATA_SET_H
#define OPTIM_DATA_SET_H

#include <dotgrad/data.h>

#include "number.h"

/* Bytes that are taken at a time while a set is read. */
typedef struct data_budget {
    size_t used, limit; /* limit 0: none */
} data_budget;

/* Counts `bytes` more; DG_NO_MEMORY when that is beyond the limit. */
dg_status budget_take(data_budget *budget, const char *source, size_t bytes);
void budget_give(data_budget *budget, size_t bytes);

/* A column with what makes equal cells equal numbers in another file. */
typedef struct data_column {
    dg_column is;
    number_style style;
    bool is_date; /* words that are dates: no class, no category */
} data_column;

/* A target of classes is kept as class numbers when it is words, and as the numbers of the file when it is numbers:
 * dg_data_suit() turns these into class numbers where a loss asks for classes. */
struct dg_data {
    char *source;    /* the name or path: for messages */
    dg_arena *arena; /* of all text below */
    dg_dataset data;
    int64_t count;              /* rows */
    int64_t published;          /* so many rows train by the publisher's split, the others test; 0: there is none */
    int64_t in_order[3];        /* rows for training, validation and test, one after another; 0: no such order */
    bool is_pixels;             /* the features share one unit */
    bool is_text;               /* features and target are characters, the classes */
    int64_t n_classes;          /* 0: the target is no class */
    const char *const *classes; /* n_classes names; NULL: class k is "k" */
    const double *labels;       /* the number in the file of each class, ascending; NULL: k itself, or words */
    bool has_words;             /* the names are the cells of the target itself */
    bool is_numbered;           /* a target of `labels` holds class numbers by now */
    const char *word_example;   /* a cell of such a target */
    data_column *columns;
    int64_t n_columns;
    bool has_names;             /* the columns have names */
    bool is_usual_target;       /* the last column is the target for want of another wish */
    const char *const *missing; /* markers of missing cells beside those that everybody uses */
    int64_t n_missing;
    const char *fill;          /* "mean", "median", "drop" or a number */
    int64_t n_features;        /* elements of a row of features that the columns become */
    const int64_t *lines;      /* where each row begins in the file, from 1; NULL: not known */
    dg_tensor offset, divisor; /* float64 [1] or [features]; no data: nothing is scaled */
    const char **notices;
    size_t n_notices, notices_capacity;
};

dg_status data_set_new(const char *source, dg_data **set);
dg_status data_no_memory(const char *source);
/* A copy of a text in the set's arena, NULL without memory; zeroed memory in it. */
char *data_text(dg_data *set, const char *text);
void *data_alloc(dg_data *set, size_t count, size_t size);
dg_status data_notice(dg_data *set, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "iris.csv:7", or "net.npz: row 7" where lines are not known; row from 0. */
#define DATA_PLACE 300
const char *data_place(const dg_data *set, int64_t row, char text[DATA_PLACE]);
/* One more than the greatest element when all are whole numbers from 0 on; else 0. */
int64_t data_count_classes(const dg_tensor *target);
/* Finds classes in a numeric target [rows]: 0 … K − 1 as they are, unless `all` is set; else, when it holds at most
 * DATA_MAX_LABELS different whole numbers, these. Elements that equal *ignored (may be NULL) do not count. */
dg_status data_find_labels(dg_data *set, const dg_tensor *target, const double *ignored, bool all);
/* The class of a label as the file has it; −1: none. */
int64_t data_class_of(const dg_data *set, double label);
#define DATA_MAX_LABELS 1000

/* The options of a specification; NULL, 0, false or DATA_NOT_GIVEN: not given. */
#define DATA_NOT_GIVEN (-1)
typedef struct data_options {
    const char *scale, *fill, *split, *encoding, *comment, *separator, *decimal;
    double test, noise;
    int64_t n, skip, max_columns, max_bytes, length, stride;
    int64_t header;                                                 /* 1: there is one, 0: there is none */
    const dg_value *target, *drop, *columns, *categories, *missing; /* a name, a number, a list of those, or none */
} data_options;

/* Kinds of sets, for options that not all have. */
enum { SETS_MADE = 1, SETS_TABLE = 2, SETS_TEXT = 4, SETS_FOLDER = 8, SETS_FILE = 16, SETS_SEQUENCE = 32 };

/* Reads the items of a call from number `first` on; `kinds` of the set say which options there are. With `fields`,
 * items that are lists and no options are the set's own (values(FIELD=[…])). */
dg_status options_read(const char *name, const dg_value *call, size_t first, unsigned kinds, bool fields,
                       data_options *options);

/* One call of a reader. */
typedef struct data_reading {
    const char *name, *path;
    const dg_value *call;
    const data_options *options;
    const dg_data_options *asked;
    const dg_data *like; /* as_in, without rows; NULL: none */
    data_budget *budget;
} data_reading;

/* The whole content of a file ("-": standard input), unpacked when it is a .gz, with a 0 byte after it; *size is
 * counted in the budget. max_bytes: the bound where there is no memory limit; 0: the default. Only regular files, and
 * pipes as standard input or /dev/fd/N, are read. */
dg_status bytes_read(const char *path, int64_t max_bytes, data_budget *budget, char **bytes, size_t *size);

/* The same of a text, which becomes UTF-8 without a byte order mark. DG_BAD_DATA: it is empty or no text. */
dg_status data_read_text(const data_reading *reading, char **text, size_t *size);

/* foreign.c: DG_BAD_DATA for what is known to be no table, with the way to make it one. */
dg_status foreign_check(const char *path, const char *bytes, size_t size);

/* ---- scaling.c: after the split ---- */

/* What stands for missing numbers, by the training rows, where the columns do not say yet; then fills them in. */
dg_status data_fill(dg_data *set);
/* notable.c: notices of columns of one number, and of numbers far from all others of their column. */
dg_status data_tell_columns(dg_data *set);
/* Statistics of the training rows into offset and divisor. kind: "unit", "standard" or "none". */
dg_status data_scaling_fit(dg_data *set, const char *kind);
dg_status data_scale(dg_data *set);

/* ---- schema.c ---- */

/* The columns, classes and scaling that a checkpoint keeps, as a set without rows. *like is NULL when it keeps none. */
dg_status schema_read(const dg_tensors *checkpoint, dg_data **like);

#endif
