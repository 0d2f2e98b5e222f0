/* Tables: rows of cells as text formats give them, before it is decided what the columns are. The room:
 *
 *   table.c     rows of cells, whatever the format
 *   guess.c     what separates cells
 *   header.c    names of columns
 *   styles.c    1,204.5 or 1.204,5
 *   columns.c   what the columns of a table are, with words.c (the words in them)
 *   features.c  a table into fields
 *   schema.c    columns kept in a checkpoint, and met by another file
 *   scaling.c   missing numbers and scales, after the split
 *   labels.c    classes meet the losses of a graph, with numbers.c (numbers that are too large or too far) */
#ifndef OPTIM_TABLE_TABLE_H
#define OPTIM_TABLE_TABLE_H

#include "optim/data/set.h"

/* A cell that is no plain number. */
typedef struct table_word {
    int64_t row;
    const char *text; /* without blanks around it and quotes; "": empty */
} table_word;

typedef struct table_column {
    const char *name;  /* "": none */
    table_word *words; /* in order of their rows */
    int64_t n_words, capacity;
    const char *const *declared; /* the words that the file says can be here; NULL: it says nothing */
    int64_t n_declared;
    bool is_text;      /* the file says that these are texts or dates, not categories */
    const char *title; /* the name in the file, where another column has it, too, and `name` is made apart; else NULL */
    int64_t first_point; /* the first row with a plain number with a decimal point; −1: none */
} table_column;

#define TABLE_NOTES 8

typedef struct data_table {
    const char *path;
    dg_arena *arena; /* of names and declarations */
    data_budget *budget;
    size_t taken; /* bytes counted in it */
    char *text;   /* what words point into; freed with the table */
    int64_t n_columns, n_rows, capacity;
    int64_t max_columns;
    double *numbers; /* [rows, columns]; NaN where there is a word */
    int64_t *lines;  /* where each row begins in the file, from 1 */
    table_column *columns;
    bool has_names;
    const char *notes[TABLE_NOTES]; /* what reading has to tell of the table */
    int n_notes;
    bool has_evidence; /* it is known what the columns that can be read in one way say: */
    number_style evidence;
    bool points_are_words; /* the comma may be the decimal point: numbers with a point stay words until that is known */
    const char *const *classes; /* names of the classes 0, 1, …, from the header that scikit-learn writes; NULL: none */
    int64_t n_classes;
} data_table;

void data_table_begin(data_table *table, const char *path, const data_reading *reading, char *text, size_t size);
void data_table_free(data_table *table);
/* Makes n columns without names. DG_BAD_DATA: more than max_columns. */
dg_status data_table_set_columns(data_table *table, int64_t n_columns);
/* One more row; its cells are put one by one, in order. */
dg_status data_table_add_row(data_table *table, int64_t line);
/* A cell of the last row. */
dg_status data_table_put(data_table *table, int64_t column, const char *text);
void data_table_put_number(data_table *table, int64_t column, double number);
/* Takes the first row away, for it is a header; its cells are the names when `names` is not NULL. */
dg_status data_table_remove_first(data_table *table, const char *const *names);
/* Takes rows away. Nothing happens without memory. */
void data_table_remove_rows(data_table *table, const bool *remove);
/* A sentence about the table, which becomes a notice of the set. The columns must be there. */
dg_status data_table_tell(data_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Columns that have the name of another one get names of their own: "a", "a.1". Told by notices. */
dg_status data_table_name_apart(data_table *table, dg_data *set);
/* The text of a cell; numbers are printed into `number`. */
const char *data_table_cell(const data_table *table, int64_t row, int64_t column, char number[DG_NUMBER_TEXT]);
/* "path:line:column: what" */
dg_status data_table_bad_cell(const data_table *table, int64_t row, int64_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Text within which cells lie must be UTF-8: DG_BAD_DATA names line and column, and the remedy. */
dg_status text_check(const char *path, const char *text, size_t size);

/* ---- formats ---- */

/* Each fills a table from text, which it may change and which the table owns then. */
dg_status csv_parse(data_table *table, const data_reading *reading, char *text, size_t size);
dg_status arff_parse(data_table *table, const data_reading *reading, char *text, size_t size);
dg_status libsvm_parse(data_table *table, const data_reading *reading, char *text, size_t size);

/* A row of text as cells. */
typedef struct csv_row {
    const char **cells;
    int64_t count, capacity;
    int64_t line;
} csv_row;

typedef struct csv_lines {
    const char *path;
    char *at, *end;
    char separator;      /* ' ': runs of blanks and tabs */
    const char *comment; /* characters that a comment line begins with */
    int64_t line, max_columns;
    char *last_comment; /* the text of the last comment line; NULL: none yet */
} csv_lines;

/* The next row that is not blank and no comment; row->count is 0 at the end of the file. */
dg_status csv_read_row(csv_lines *lines, csv_row *row);
/* The separator that cuts the first lines into equally many cells. */
char csv_guess_separator(const char *text, const char *end, const char *comment);
/* Whether the first row names the columns. */
dg_status header_decide(const data_table *table, const csv_row *first, const data_reading *reading, bool *is_header);
/* Takes away rows of words in columns of numbers: the names once more, as in files that were put together, or units
 * below the names. *found: there were such, so that the first row is names. */
dg_status header_remove_others(data_table *table, const csv_row *first, bool *found);
/* The marker of a missing cell: "", "?", "NA", "NaN", … or one of the option's. */
bool word_is_missing(const char *text, const char *const *missing, int64_t n_missing);

/* ---- what becomes of a table ---- */

/* Decides what each column is, from the options, or as in training; fills set->columns and what goes with them. */
dg_status columns_plan(data_table *table, const data_reading *reading, dg_data *set);
/* The table's column for each of the schema's, −1 for those that are not there (targets and columns left out alone). */
dg_status schema_match(const data_table *table, const data_reading *reading, dg_data *set, int64_t *places);
/* Fields of the set. places[k]: the table's column of set->columns[k]; NULL: k. */
dg_status features_make(data_table *table, const data_reading *reading, const int64_t *places, dg_data *set);
/* All of that. */
dg_status data_table_to_set(data_table *table, const data_reading *reading, dg_data **set);

#endif
