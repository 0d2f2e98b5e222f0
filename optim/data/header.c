/* Whether the first row of a table names its columns. */
#include "table.h"

#include <math.h>
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

static void look_at(const data_table *table, const data_reading *reading, const csv_row *first, int64_t index,
                    evidence *found)
{
    const table_column *column = &table->columns[index];
    const char *cell = first->cells[index];
    bool word = is_first(column), again = false, dressed = true;
    int64_t below = 0, missing = 0;
    double number;
    (void)reading;
    for (int64_t k = word; k < column->n_words; k++) {
        const char *text = column->words[k].text;
        bool gone = word_is_missing(text, NULL, 0);
        missing += gone;
        below += !gone;
        again = again || (word && !strcmp(text, cell));
        dressed = dressed && (gone || decimal_read_as(NUMBER_GROUPED, text, &number));
    }
    bool numbers = below == 0 && missing < table->n_rows - 1;
    if (word && word_is_missing(cell, NULL, 0))
        return;
    if (word && numbers) {
        found->words_over_numbers++;
        found->odd = index;
    } else if (word && below > 0) {
        found->words_again += again || (dressed && decimal_read_as(NUMBER_GROUPED, cell, &number));
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
        look_at(table, reading, first, k, &found);
    int64_t words = found.words_over_numbers, numbers = found.numbers_over_numbers;
    if (table->n_rows < 2)
        *is_header = numbers == 0 && found.words_again == 0 && table->n_columns > 0;
    else if (words > 0 && numbers > 0 && names_by_numbers(table))
        *is_header = true;
    else if (words > numbers)
        *is_header = true;
    else if (words > 0)
        return data_table_bad_cell(table, 0, found.odd,
                                   "'%.60s' is not a number: if line %lld names the columns, say header=true",
                                   first->cells[found.odd], (long long)table->lines[0]);
    else if (numbers > 0)
        *is_header = found.words_again == 0 && names_by_numbers(table);
    else
        *is_header = found.words_once > 2 * found.words_again;
    return dg_ok();
}
