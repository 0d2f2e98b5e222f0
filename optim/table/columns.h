/* Texts of cells, collected and found again; used where columns are decided and where they become fields. */
#ifndef OPTIM_TABLE_COLUMNS_H
#define OPTIM_TABLE_COLUMNS_H

#include "table.h"

/* Words with their places, for finding. */
typedef struct word_index {
    struct word_place {
        const char *word;
        int64_t place;
    } * sorted;
    int64_t count;
} word_index;

dg_status word_index_make(const char *const *words, int64_t count, const char *source, word_index *index);
void word_index_free(word_index *index);
int64_t word_index_find(const word_index *index, const char *word); /* −1: it is none of them */

/* Lists in sentences: "a, b, c, …". */
typedef struct short_list {
    char text[400];
    size_t length;
    int64_t count, left_out;
} short_list;

void short_list_add(short_list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* With ", … (N more)" where some had no room. */
const char *short_list_text(short_list *list);

/* "'name'", or "3" of a column without a name. */
const char *column_label(const dg_data *set, int64_t index, char text[80]);

/* "the target", with ", column 'name'," where that has a name. */
const char *table_target(const dg_data *set, char text[120]);
/* DG_BAD_DATA: a feature of a float32 graph that float32 cannot hold, as it is in the file. */
dg_status table_check_features(const dg_data *set, const dg_graph *graph);
/* A target of numbers meets its loss. DG_BAD_DATA: float32 cannot hold it or, where it is needed, its square. */
dg_status table_suit_numbers(dg_data *set, const dg_node *loss, const dg_node *input, bool as_they_are,
                             const dg_tensor *target);

/* What is in a column. */
typedef struct column_words {
    const char **different; /* sorted; in the set's arena */
    int64_t n_different, n_words, n_numbers;
    const table_word *first; /* the first that is not missing */
    bool all_dates;
} column_words;

/* Counts words and numbers that are not missing. */
void column_look(const data_table *table, const dg_data *set, int64_t place, column_words *words);
/* After that: the different texts, for a column that is taken for words; in alphabetical order, or as numbers when all
 * are. */
dg_status column_collect(const data_table *table, dg_data *set, int64_t place, column_words *words);

/* How the words of a column are numbers. */
typedef struct column_style {
    bool is_found; /* every word is one, in `style` */
    number_style style;
    int64_t n_read;        /* so many are in the style in which most are */
    const table_word *bad; /* the first that is not; NULL: none */
} column_style;
/* styles.c. DG_BAD_DATA: two conventions in one column, or words that are two different numbers, with the option that
 * decides. */
dg_status column_find_style(data_table *table, const data_reading *reading, const dg_data *set, int64_t place,
                            const column_words *words, column_style *found);

/* Words of a column of numbers become numbers in the table, missing ones NaN. DG_BAD_DATA: a word that is no number in
 * that style, with its place. */
dg_status column_read_numbers(data_table *table, int64_t place, const dg_data *set, int64_t index);

#endif
