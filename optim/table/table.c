/* Rows of cells. */
#include "table.h"

#include "core/base/plain.h"

#include <dotgrad/utf8.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_COLUMNS 100000
#define FIRST_ROWS  64

void data_table_begin(data_table *table, const char *path, const data_reading *reading, char *text, size_t size)
{
    *table = (data_table){.path = path,
                          .budget = reading->budget,
                          .text = text,
                          .taken = size,
                          .max_columns = reading->options->max_columns ? reading->options->max_columns : MAX_COLUMNS};
    const char *decimal = reading->options->decimal;
    table->points_are_words = decimal && *decimal == ',';
    for (int64_t k = 0; reading->like && k < reading->like->n_columns; k++)
        table->points_are_words |= reading->like->columns[k].style == NUMBER_COMMA;
}

void data_table_free(data_table *table)
{
    for (int64_t k = 0; table->columns && k < table->n_columns; k++)
        free(table->columns[k].words);
    free(table->columns);
    free(table->numbers);
    free(table->lines);
    free(table->text);
    dg_arena_free(table->arena);
    budget_give(table->budget, table->taken);
    *table = (data_table){0};
}

static dg_status take(data_table *table, size_t bytes)
{
    DG_TRY(budget_take(table->budget, table->path, bytes));
    table->taken += bytes;
    return dg_ok();
}

dg_status data_table_set_columns(data_table *table, int64_t n_columns)
{
    if (n_columns > table->max_columns)
        return dg_error(DG_BAD_DATA,
                        "%s: the file has %lld column(s), at most %lld are read: allow them with max_columns=…",
                        table->path, (long long)n_columns, (long long)table->max_columns);
    DG_TRY(take(table, (size_t)n_columns * sizeof(table_column)));
    table->columns = calloc((size_t)n_columns + 1, sizeof(table_column));
    if (!table->columns)
        return data_no_memory(table->path);
    for (int64_t k = 0; k < n_columns; k++)
        table->columns[k] = (table_column){.name = "", .first_point = -1};
    table->n_columns = n_columns;
    return dg_arena_new(&table->arena);
}

static dg_status grow_rows(data_table *table)
{
    int64_t capacity = table->capacity ? 2 * table->capacity : FIRST_ROWS;
    size_t rows = (size_t)capacity, bytes;
    if (__builtin_mul_overflow(rows, (size_t)table->n_columns * sizeof(double) + sizeof(int64_t), &bytes))
        return data_no_memory(table->path);
    DG_TRY(take(table, bytes - bytes / rows * (size_t)table->capacity));
    double *numbers = realloc(table->numbers, rows * (size_t)table->n_columns * sizeof(double));
    if (!numbers)
        return data_no_memory(table->path);
    table->numbers = numbers;
    int64_t *lines = realloc(table->lines, rows * sizeof *lines);
    if (!lines)
        return data_no_memory(table->path);
    table->lines = lines;
    table->capacity = capacity;
    return dg_ok();
}

dg_status data_table_add_row(data_table *table, int64_t line)
{
    if (table->n_rows == table->capacity)
        DG_TRY(grow_rows(table));
    table->lines[table->n_rows++] = line;
    return dg_ok();
}

void data_table_put_number(data_table *table, int64_t column, double number)
{
    table->numbers[(table->n_rows - 1) * table->n_columns + column] = number;
}

dg_status data_table_put(data_table *table, int64_t index, const char *text)
{
    table_column *column = &table->columns[index];
    double number;
    bool is_number = decimal_read(text, &number), has_point = is_number && strchr(text, '.');
    if (is_number && !(has_point && table->points_are_words)) {
        if (has_point && column->first_point < 0)
            column->first_point = table->n_rows - 1;
        data_table_put_number(table, index, number);
        return dg_ok();
    }
    if (column->n_words == column->capacity) {
        int64_t capacity = column->capacity ? 2 * column->capacity : 4;
        DG_TRY(take(table, (size_t)(capacity - column->capacity) * sizeof(table_word)));
        table_word *words = realloc(column->words, (size_t)capacity * sizeof *words);
        if (!words)
            return data_no_memory(table->path);
        column->words = words;
        column->capacity = capacity;
    }
    column->words[column->n_words++] = (table_word){table->n_rows - 1, text};
    data_table_put_number(table, index, NAN);
    return dg_ok();
}

dg_status data_table_remove_first(data_table *table, const char *const *names)
{
    for (int64_t k = 0; k < table->n_columns; k++) {
        table_column *column = &table->columns[k];
        bool is_word = column->n_words > 0 && column->words[0].row == 0;
        column->n_words -= is_word;
        if (is_word)
            memmove(column->words, column->words + 1, (size_t)column->n_words * sizeof *column->words);
        for (int64_t w = 0; w < column->n_words; w++)
            column->words[w].row--;
        column->first_point -= column->first_point > 0;
        if (names && !(column->name = dg_arena_text(table->arena, names[k], strlen(names[k]))))
            return data_no_memory(table->path);
    }
    table->n_rows--;
    memmove(table->numbers, table->numbers + table->n_columns,
            (size_t)(table->n_rows * table->n_columns) * sizeof(double));
    memmove(table->lines, table->lines + 1, (size_t)table->n_rows * sizeof *table->lines);
    table->has_names = names != NULL;
    return dg_ok();
}

void data_table_remove_rows(data_table *table, const bool *remove)
{
    int64_t *now = malloc((size_t)table->n_rows * sizeof *now), to = 0;
    if (!now)
        return;
    for (int64_t row = 0; row < table->n_rows; row++) {
        now[row] = to;
        if (remove[row])
            continue;
        memmove(table->numbers + to * table->n_columns, table->numbers + row * table->n_columns,
                (size_t)table->n_columns * sizeof(double));
        table->lines[to++] = table->lines[row];
    }
    for (int64_t k = 0; k < table->n_columns; k++) {
        table_column *column = &table->columns[k];
        int64_t kept = 0;
        for (int64_t w = 0; w < column->n_words; w++)
            if (!remove[column->words[w].row])
                column->words[kept++] = (table_word){now[column->words[w].row], column->words[w].text};
        column->n_words = kept;
        column->first_point = column->first_point < 0 ? -1 : now[column->first_point];
    }
    table->n_rows = to;
    free(now);
}

dg_status data_table_tell(data_table *table, const char *format, ...)
{
    char text[400];
    va_list list;
    va_start(list, format);
    plain_print_list(text, sizeof text, format, list);
    va_end(list);
    if (table->n_notes == TABLE_NOTES)
        return dg_ok();
    table->notes[table->n_notes] = dg_arena_text(table->arena, text, strlen(text));
    return table->notes[table->n_notes++] ? dg_ok() : data_no_memory(table->path);
}

const char *data_table_cell(const data_table *table, int64_t row, int64_t index, char number[DG_NUMBER_TEXT])
{
    const table_column *column = &table->columns[index];
    double value = table->numbers[row * table->n_columns + index];
    if (!isnan(value))
        return dg_number_print(value, DG_FLOAT64, number);
    int64_t low = 0, high = column->n_words;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (column->words[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < column->n_words && column->words[low].row == row ? column->words[low].text : "";
}

dg_status data_table_bad_cell(const data_table *table, int64_t row, int64_t column, const char *format, ...)
{
    char what[600];
    va_list list;
    va_start(list, format);
    plain_print_list(what, sizeof what, format, list);
    va_end(list);
    return dg_error(DG_BAD_DATA, "%s:%lld:%lld: %s", table->path, (long long)table->lines[row], (long long)column + 1,
                    what);
}

bool word_is_missing(const char *text, const char *const *missing, int64_t n_missing)
{
    static const char *const markers[] = {"?",    "NA",   "N/A",  "n/a",  "NaN",  "nan", "NULL",
                                          "null", "None", "#N/A", "<NA>", "-nan", "-NaN"};
    if (!*text)
        return true;
    for (size_t k = 0; k < sizeof markers / sizeof markers[0]; k++)
        if (!strcmp(text, markers[k]))
            return true;
    for (int64_t k = 0; k < n_missing; k++)
        if (!strcmp(text, missing[k]))
            return true;
    return false;
}

dg_status text_check(const char *path, const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    long long number = 1;
    size_t place, line = 0;
    if (size >= 2 && ((at[0] == 0xFF && at[1] == 0xFE) || (at[0] == 0xFE && at[1] == 0xFF)))
        return dg_error(DG_BAD_DATA, "%s: this text is UTF-16: read it with encoding='utf-16', or save it as UTF-8",
                        path);
    DG_TRY(foreign_check(path, text, size));
    if (memchr(text, '\0', size))
        return dg_error(DG_BAD_DATA, "%s: this is not text", path);
    if (dg_utf8_check(text, size, &place))
        return dg_ok();
    for (size_t k = 0; k < place; k++)
        if (text[k] == '\n') {
            number++;
            line = k + 1;
        }
    return dg_error(DG_BAD_DATA,
                    "%s:%lld: byte %zu of the line (0x%02X) is not UTF-8: read it with encoding=cp1252 (western "
                    "Windows), latin1 or what it is, or save it as UTF-8",
                    path, number, place - line + 1, at[place]);
}
