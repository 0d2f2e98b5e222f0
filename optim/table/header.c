/* Whether the first row of a table names its columns, and names that several columns have. */
#include "columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EARLIEST_YEAR 1800
#define LATEST_YEAR   2200

/* What the first row says, counted in columns. */
typedef struct evidence {
    int64_t words_over_numbers;   /* a word where all else is numbers */
    int64_t numbers_over_numbers; /* a number there */
    int64_t words_again;          /* a word that occurs further down */
    int64_t words_once;           /* one that does not, where there are words below */
    int64_t odd;                  /* the last column of the first kind */
} evidence;

static bool is_first(const table_column *column)
{
    return column->n_words > 0 && column->words[0].row == 0;
}

static bool is_dressed(const char *text)
{
    double number;
    return decimal_read_as(NUMBER_GROUPED, text, &number) || decimal_read_as(NUMBER_COMMA, text, &number);
}

static void look_at(const data_table *table, const csv_row *first, int64_t index, evidence *found)
{
    const table_column *column = &table->columns[index];
    const char *cell = first->cells[index];
    bool word = is_first(column), again = false, dressed = true;
    int64_t below = 0, missing = 0;
    for (int64_t k = word; k < column->n_words; k++) {
        const char *text = column->words[k].text;
        bool gone = word_is_missing(text, NULL, 0);
        missing += gone;
        below += !gone;
        again = again || (word && !strcmp(text, cell));
        dressed = dressed && (gone || is_dressed(text));
    }
    bool numbers = below == 0 && missing < table->n_rows - 1;
    if (word && word_is_missing(cell, NULL, 0))
        return;
    if (word && numbers) {
        found->words_over_numbers++;
        found->odd = index;
    } else if (word && below > 0) {
        found->words_again += again || (dressed && is_dressed(cell));
        found->words_once += !again;
    } else if (!word) {
        found->numbers_over_numbers++;
    }
}

/* Rows 0, 1, 2, … and runs of years are names, where no other row looks so. */
static bool is_run(const data_table *table, int64_t row, double *start, int64_t *length)
{
    double last = NAN;
    *length = 0;
    for (int64_t k = 0; k < table->n_columns; k++) {
        double number = table->numbers[row * table->n_columns + k];
        if (isnan(number))
            continue;
        if (number != floor(number) || (*length > 0 && number != last + 1))
            return false;
        if ((*length)++ == 0)
            *start = number;
        last = number;
    }
    return true;
}

static bool names_by_numbers(const data_table *table)
{
    double start = 0, other;
    int64_t length, other_length;
    if (!is_run(table, 0, &start, &length) || table->n_rows < 2)
        return false;
    bool years = length >= 2 && start >= EARLIEST_YEAR && start + (double)length <= LATEST_YEAR;
    bool counts = length >= 3 && length == table->n_columns && start == 0;
    if (!years && !counts)
        return false;
    for (int64_t row = 1; row < table->n_rows; row++)
        if (is_run(table, row, &other, &other_length))
            return false;
    return true;
}

/* A table that is read as in training is recognised by the names of that time. */
static bool has_known_names(const csv_row *first, const dg_data *like)
{
    int64_t features = 0, found = 0;
    for (int64_t c = 0; like && like->has_names && c < like->n_columns; c++) {
        if (like->columns[c].is.use != DG_COLUMN_FEATURE)
            continue;
        features++;
        bool here = false;
        for (int64_t k = 0; k < first->count && !here; k++)
            here = *first->cells[k] && !strcmp(first->cells[k], like->columns[c].is.name);
        found += here;
    }
    return features > 0 && 2 * found > features;
}

dg_status header_decide(const data_table *table, const csv_row *first, const data_reading *reading, bool *is_header)
{
    evidence found = {0};
    int64_t given = reading->options->header;
    *is_header = given == 1 || (given < 0 && has_known_names(first, reading->like));
    if (given >= 0 || *is_header)
        return dg_ok();
    for (int64_t k = 0; k < table->n_columns; k++)
        look_at(table, first, k, &found);
    int64_t words = found.words_over_numbers, numbers = found.numbers_over_numbers;
    if (table->n_rows < 2)
        *is_header = numbers == 0 && found.words_again == 0 && table->n_columns > 0;
    else if (words > 0 && numbers > 0 && names_by_numbers(table))
        *is_header = true;
    else if (words > numbers)
        *is_header = true;
    else if (words > 0)
        return data_table_bad_cell(table, 0, found.odd,
                                   "'%.60s' is not a number: if line %lld names the columns, use header=true",
                                   first->cells[found.odd], (long long)table->lines[0]);
    else if (numbers > 0)
        *is_header = found.words_again == 0 && names_by_numbers(table);
    else
        *is_header = found.words_once > 2 * found.words_again;
    return dg_ok();
}

/* ---- rows that are no data ---- */

static bool is_name_row(const data_table *table, const csv_row *first, int64_t row)
{
    char number[DG_NUMBER_TEXT];
    for (int64_t k = 0; k < table->n_columns; k++)
        if (strcmp(data_table_cell(table, row, k, number), first->cells[k]) != 0)
            return false;
    return true;
}

/* Words in all columns, each of which is nowhere else in its column: cm, kg, class. */
static bool is_unit_row(const data_table *table, int64_t row)
{
    char number[DG_NUMBER_TEXT];
    for (int64_t k = 0; k < table->n_columns; k++) {
        const table_column *column = &table->columns[k];
        const char *cell = data_table_cell(table, row, k, number);
        double value;
        int64_t same = 0;
        for (int64_t w = 0; w < column->n_words; w++)
            same += !strcmp(column->words[w].text, cell);
        if (same != 1 || word_is_missing(cell, NULL, 0) || decimal_read_as(NUMBER_GROUPED, cell, &value))
            return false;
    }
    return true;
}

/* A column of numbers but for few words below the first row; −1: there is none. */
static int64_t find_odd_column(const data_table *table)
{
    for (int64_t k = 0; k < table->n_columns; k++) {
        const table_column *column = &table->columns[k];
        int64_t below = 0;
        for (int64_t w = is_first(column); w < column->n_words; w++)
            below += !word_is_missing(column->words[w].text, NULL, 0);
        if (is_first(column) && below > 0 && table->n_rows - column->n_words > column->n_words)
            return k;
    }
    return -1;
}

dg_status header_remove_others(data_table *table, const csv_row *first, bool *found)
{
    int64_t odd = find_odd_column(table), repeats = 0, unit = -1;
    *found = false;
    if (odd < 0)
        return dg_ok();
    bool *remove = calloc((size_t)table->n_rows, sizeof *remove), fits = remove != NULL;
    const table_column *column = &table->columns[odd];
    for (int64_t w = 1; fits && w < column->n_words; w++) {
        int64_t row = column->words[w].row;
        if (word_is_missing(column->words[w].text, NULL, 0))
            continue;
        bool is_repeat = is_name_row(table, first, row);
        fits = is_repeat || (row == 1 && is_unit_row(table, row));
        unit = is_repeat ? unit : row;
        repeats += is_repeat;
        remove[row] = true;
    }
    dg_status status = remove ? dg_ok() : data_no_memory(table->path);
    if (fits && unit >= 0)
        status =
            data_table_tell(table, "line %lld is left out: it holds no data, but words such as '%.60s', units perhaps",
                            (long long)table->lines[unit], column->words[1].text);
    if (fits && repeats && status.code == DG_OK)
        status =
            data_table_tell(table, "lines that repeat the names of the columns are left out: %lld", (long long)repeats);
    if (fits)
        data_table_remove_rows(table, remove);
    *found = fits;
    free(remove);
    return status;
}

/* ---- names that are there twice ---- */

/* `number` counts on in a run of equal names: "a", "a.1", "a.2", but for those that the file has already. */
static dg_status name_apart(data_table *table, const word_index *names, int64_t first, int64_t again, int64_t *number)
{
    table_column *column = &table->columns[again];
    char name[200];
    do
        snprintf(name, sizeof name, "%.170s.%lld", column->name, (long long)++*number);
    while (word_index_find(names, name) >= 0 && *number < table->n_columns);
    table->columns[first].title = column->title = column->name;
    column->name = dg_arena_text(table->arena, name, strlen(name));
    return column->name ? dg_ok() : data_no_memory(table->path);
}

dg_status data_table_name_apart(data_table *table, dg_data *set)
{
    word_index names = {0};
    short_list told = {0};
    const char **words = table->has_names ? malloc((size_t)table->n_columns * sizeof *words) : NULL;
    if (!words)
        return table->has_names ? data_no_memory(table->path) : dg_ok();
    for (int64_t k = 0; k < table->n_columns; k++)
        words[k] = table->columns[k].name;
    dg_status status = word_index_make(words, table->n_columns, table->path, &names);
    for (int64_t k = 1, first = 0, number = 0; status.code == DG_OK && k < names.count; k++) {
        if (strcmp(names.sorted[k].word, names.sorted[first].word) != 0) {
            first = k;
            number = 0;
        } else if (*names.sorted[k].word) {
            int64_t place = names.sorted[k].place;
            status = name_apart(table, &names, names.sorted[first].place, place, &number);
            short_list_add(&told, "column %lld is '%s'", (long long)place + 1, table->columns[place].name);
        }
    }
    word_index_free(&names);
    free(words);
    return status.code == DG_OK && told.count
               ? data_notice(set, "columns have the names of others: here, %s", short_list_text(&told))
               : status;
}
