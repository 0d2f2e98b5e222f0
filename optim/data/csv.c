/* Tables as text: RFC 4180 with `,`, `;` or tab between the cells, with or without a header. */
#include "data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct csv_cell {
    char *text; /* ends in a 0 byte; without the blanks around it */
    int64_t line;
} csv_cell;

typedef struct csv_row {
    csv_cell *cells;
    int64_t count, capacity;
} csv_row;

typedef struct csv_reader {
    const char *path;
    char *at, *end;
    char separator;
    int64_t line;
} csv_reader;

/* Where a column's numbers go. */
typedef struct csv_column {
    bool is_target;
    int64_t place; /* among the features, or among the targets */
} csv_column;

typedef struct csv_table {
    const csv_options *options;
    csv_column *columns;
    int64_t n_columns, n_features, n_targets;
    int64_t rows, capacity;
    double *features, *targets;
    char **words;   /* of the target, one a row; NULL: numbers so far */
    char **classes; /* given by the header that scikit-learn writes */
    int64_t n_classes;
    int64_t first_line; /* of the data */
} csv_table;

static dg_status bad_cell(const csv_reader *reader, const csv_cell *cell, int64_t column, const char *what)
{
    return dg_error(DG_BAD_DATA, "%s:%lld:%lld: %s", reader->path, (long long)cell->line, (long long)column + 1, what);
}

static bool is_number(const char *text, double *number)
{
    if (*text == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
        return false;
    char *end;
    *number = strtod(text, &end);
    return *end == '\0' && isfinite(*number);
}

static dg_status add_cell(const csv_reader *reader, csv_row *row, char *text, char *end, bool quoted)
{
    if (row->count == row->capacity) {
        int64_t capacity = row->capacity ? 2 * row->capacity : 64;
        csv_cell *cells = realloc(row->cells, (size_t)capacity * sizeof(csv_cell));
        if (!cells)
            return data_no_memory(reader->path);
        row->cells = cells;
        row->capacity = capacity;
    }
    if (!quoted) {
        while (text < end && (*text == ' ' || *text == '\t'))
            text++;
        while (text < end && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
            end--;
    }
    *end = '\0';
    row->cells[row->count++] = (csv_cell){text, reader->line};
    return dg_ok();
}

/* Takes the text out of its quotes, in place; *end is where it stops, reader->at where the cell does. */
static dg_status read_quoted(csv_reader *reader, int64_t column, char **text, char **end)
{
    int64_t line = reader->line;
    char *to = ++reader->at;
    *text = to;
    for (;; reader->at++) {
        if (reader->at == reader->end)
            return bad_cell(reader, &(csv_cell){NULL, line}, column, "the quote is never closed");
        if (*reader->at == '"') {
            if (reader->at + 1 == reader->end || reader->at[1] != '"')
                break;
            reader->at++;
        } else if (*reader->at == '\n') {
            reader->line++;
        }
        *to++ = *reader->at;
    }
    *end = to;
    for (reader->at++; reader->at < reader->end; reader->at++) {
        if (*reader->at == reader->separator || *reader->at == '\n')
            return dg_ok();
        if (*reader->at != ' ' && *reader->at != '\r')
            return bad_cell(reader, &(csv_cell){NULL, reader->line}, column, "text follows the closing quote");
    }
    return dg_ok();
}

/* The next row that is not blank; row->count is 0 at the end of the file. */
static dg_status read_row(csv_reader *reader, csv_row *row)
{
    row->count = 0;
    while (reader->at < reader->end && (*reader->at == '\n' || *reader->at == '\r')) {
        reader->line += *reader->at == '\n';
        reader->at++;
    }
    while (reader->at < reader->end) {
        while (*reader->at == ' ' && reader->at + 1 < reader->end)
            reader->at++;
        char *text = reader->at, *end = NULL;
        bool quoted = *text == '"';
        int64_t line = reader->line;
        if (quoted) {
            DG_TRY(read_quoted(reader, row->count, &text, &end));
        } else {
            while (reader->at < reader->end && *reader->at != reader->separator && *reader->at != '\n')
                reader->at++;
            end = reader->at;
        }
        bool more = reader->at < reader->end && *reader->at == reader->separator;
        DG_TRY(add_cell(reader, row, text, end, quoted));
        row->cells[row->count - 1].line = line;
        if (reader->at < reader->end)
            reader->at++;
        if (!more) {
            reader->line++;
            return dg_ok();
        }
        if (reader->at == reader->end)
            return add_cell(reader, row, reader->end, reader->end, false);
    }
    return dg_ok();
}

static bool is_header(const csv_row *row)
{
    double number;
    for (int64_t k = 0; k < row->count; k++)
        if (is_number(row->cells[k].text, &number))
            return false;
    return row->count > 1;
}

/* scikit-learn's own sets begin with their count, number of features and the classes' names. */
static bool is_sklearn_header(const csv_row *row, double sizes[2])
{
    double number;
    if (row->count < 4 || !is_number(row->cells[0].text, &sizes[0]) || !is_number(row->cells[1].text, &sizes[1]))
        return false;
    for (int64_t k = 2; k < row->count; k++)
        if (is_number(row->cells[k].text, &number))
            return false;
    return true;
}

static dg_status find_column(const csv_reader *reader, const csv_row *header, int64_t n_columns, const dg_value *target,
                             int64_t *index)
{
    if (target->kind == DG_VALUE_INT) {
        if (target->i < 1 || target->i > n_columns)
            return dg_error(DG_BAD_ARGUMENT, "%s: target=%lld: there are %lld columns", reader->path,
                            (long long)target->i, (long long)n_columns);
        *index = target->i - 1;
        return dg_ok();
    }
    if (target->kind != DG_VALUE_NAME && target->kind != DG_VALUE_STRING)
        return dg_error(DG_BAD_ARGUMENT, "%s: target wants a column's name or number", reader->path);
    if (!header)
        return dg_error(DG_BAD_ARGUMENT, "%s: target=%s: the file has no header that names its columns", reader->path,
                        target->s);
    for (*index = 0; *index < header->count; ++*index)
        if (!strcmp(header->cells[*index].text, target->s))
            return dg_ok();
    return dg_error(DG_BAD_ARGUMENT, "%s: target=%s: there is no such column", reader->path, target->s);
}

/* Decides what each column is for. */
static dg_status plan_columns(const csv_reader *reader, csv_table *table, const csv_row *header, int64_t n_columns)
{
    const dg_value *target = table->options->target, last = {.kind = DG_VALUE_INT, .i = n_columns};
    table->n_columns = n_columns;
    table->columns = calloc((size_t)n_columns, sizeof(csv_column));
    if (!table->columns)
        return data_no_memory(reader->path);
    if (!target && table->options->n_features != n_columns)
        target = &last;
    size_t n_targets = !target || target->kind == DG_VALUE_NONE ? 0 : target->kind == DG_VALUE_LIST ? target->count : 1;
    for (size_t k = 0; k < n_targets; k++) {
        int64_t index = 0;
        DG_TRY(
            find_column(reader, header, n_columns, target->kind == DG_VALUE_LIST ? &target->items[k] : target, &index));
        if (table->columns[index].is_target)
            return dg_error(DG_BAD_ARGUMENT, "%s: target names column %lld twice", reader->path, (long long)index + 1);
        table->columns[index] = (csv_column){true, table->n_targets++};
    }
    for (int64_t k = 0; k < n_columns; k++)
        if (!table->columns[k].is_target)
            table->columns[k].place = table->n_features++;
    if (table->n_features == 0)
        return dg_error(DG_BAD_DATA, "%s: the table has no column of features beside the target", reader->path);
    return dg_ok();
}

static dg_status grow(const csv_reader *reader, csv_table *table)
{
    if (table->rows < table->capacity)
        return dg_ok();
    int64_t capacity = table->capacity ? 2 * table->capacity : 256;
    size_t rows = (size_t)capacity, width;
    if (__builtin_mul_overflow(rows, (size_t)table->n_columns * sizeof(double), &width))
        return data_no_memory(reader->path);
    double *features = realloc(table->features, rows * (size_t)table->n_features * sizeof(double));
    if (!features)
        return data_no_memory(reader->path);
    table->features = features;
    double *targets = realloc(table->targets, (rows * (size_t)table->n_targets + 1) * sizeof(double));
    if (!targets)
        return data_no_memory(reader->path);
    table->targets = targets;
    if (table->words) {
        char **words = realloc(table->words, rows * sizeof(char *));
        if (!words)
            return data_no_memory(reader->path);
        table->words = words;
    }
    table->capacity = capacity;
    return dg_ok();
}

static dg_status bad_number(const csv_reader *reader, const csv_cell *cell, int64_t column)
{
    char what[160];
    if (!*cell->text)
        return bad_cell(reader, cell, column, "the cell is empty: a number belongs here");
    char *end;
    double number = strtod(cell->text, &end);
    bool finite = *end != '\0' || isfinite(number);
    snprintf(what, sizeof what, finite ? "'%.60s' is not a number" : "'%.60s' is not a finite number", cell->text);
    return bad_cell(reader, cell, column, what);
}

/* A word as a class: only in the one target column, and either in every row or in none. */
static dg_status take_word(const csv_reader *reader, csv_table *table, const csv_cell *cell, int64_t index)
{
    double number;
    if (is_number(cell->text, &number)) {
        char what[160];
        snprintf(what, sizeof what, "'%.60s' is a number, but the classes before it are words", cell->text);
        return bad_cell(reader, cell, index, what);
    }
    if (!*cell->text || table->n_targets != 1)
        return bad_number(reader, cell, index);
    if (table->rows == 0 && !table->words) {
        table->words = malloc((size_t)table->capacity * sizeof(char *));
        if (!table->words)
            return data_no_memory(reader->path);
    }
    if (!table->words)
        return bad_number(reader, cell, index);
    table->words[table->rows] = cell->text;
    return dg_ok();
}

static dg_status take_row(const csv_reader *reader, csv_table *table, const csv_row *row)
{
    if (row->count != table->n_columns) {
        char what[120];
        snprintf(what, sizeof what, "the row has %lld cells, wants %lld", (long long)row->count,
                 (long long)table->n_columns);
        int64_t place = row->count < table->n_columns ? row->count - 1 : table->n_columns;
        return bad_cell(reader, &row->cells[place], place, what);
    }
    DG_TRY(grow(reader, table));
    for (int64_t k = 0; k < row->count; k++) {
        const csv_cell *cell = &row->cells[k];
        const csv_column *column = &table->columns[k];
        double number = 0;
        bool ok = is_number(cell->text, &number);
        if (!column->is_target && !ok)
            return bad_number(reader, cell, k);
        if (column->is_target && (!ok || table->words))
            DG_TRY(take_word(reader, table, cell, k));
        if (column->is_target)
            table->targets[table->rows * table->n_targets + column->place] = number;
        else
            table->features[table->rows * table->n_features + column->place] = number;
    }
    table->rows++;
    return dg_ok();
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static dg_status keep_classes(data_set *set, char *const *names, int64_t count)
{
    set->classes = calloc((size_t)count, sizeof(char *));
    if (!set->classes)
        return data_no_memory(set->source);
    set->n_classes = count;
    for (int64_t k = 0; k < count; k++)
        if (!(set->classes[k] = strdup(names[k])))
            return data_no_memory(set->source);
    return dg_ok();
}

/* Numbers the words of the target in their sorted order. */
static dg_status name_classes(csv_table *table, data_set *set)
{
    if (table->options->classes) {
        DG_TRY(keep_classes(set, table->options->classes, table->options->n_classes));
    } else {
        char **sorted = malloc((size_t)table->rows * sizeof(char *));
        if (!sorted)
            return data_no_memory(set->source);
        memcpy(sorted, table->words, (size_t)table->rows * sizeof(char *));
        qsort(sorted, (size_t)table->rows, sizeof(char *), by_text);
        int64_t count = 0;
        for (int64_t k = 0; k < table->rows; k++)
            if (count == 0 || strcmp(sorted[count - 1], sorted[k]))
                sorted[count++] = sorted[k];
        dg_status status = keep_classes(set, sorted, count);
        free(sorted);
        DG_TRY(status);
    }
    for (int64_t k = 0; k < table->rows; k++) {
        char **found = bsearch(&table->words[k], set->classes, (size_t)set->n_classes, sizeof(char *), by_text);
        if (!found)
            return dg_error(DG_BAD_DATA, "%s: row %lld: the class '%.60s' is not one of those trained on", set->source,
                            (long long)k + 1, table->words[k]);
        table->targets[k] = (double)(found - set->classes);
    }
    set->has_words = true;
    return dg_ok();
}

static dg_status make_fields(csv_table *table, data_set *set)
{
    dg_tensor *features, *target;
    set->count = table->rows;
    DG_TRY(
        dg_tensors_add(set->data.fields, "features", DG_FLOAT64, DG_SHAPE(table->rows, table->n_features), &features));
    memcpy(features->data, table->features, dg_tensor_bytes(features));
    if (table->n_targets == 0)
        return dg_ok();
    if (table->words)
        DG_TRY(name_classes(table, set));
    dg_shape shape = DG_SHAPE(table->rows, table->n_targets);
    shape.rank = table->n_targets == 1 ? 1 : 2;
    DG_TRY(dg_tensors_add(set->data.fields, "target", DG_FLOAT64, shape, &target));
    memcpy(target->data, table->targets, dg_tensor_bytes(target));
    if (table->words || table->n_targets != 1)
        return dg_ok();
    int64_t n_classes = data_count_classes(target);
    if (table->classes && n_classes > 0 && n_classes <= table->n_classes)
        return keep_classes(set, table->classes, table->n_classes);
    set->n_classes = n_classes;
    return dg_ok();
}

/* Reads the first row as a header, or as data. */
static dg_status begin(csv_reader *reader, csv_table *table, csv_row *row)
{
    double sizes[2];
    int64_t first_line;
    DG_TRY(read_row(reader, row));
    if (row->count == 0)
        return dg_error(DG_BAD_DATA, "%s: the file is empty", reader->path);
    first_line = row->cells[0].line;
    if (is_header(row))
        return plan_columns(reader, table, row, row->count);
    if (is_sklearn_header(row, sizes)) {
        csv_reader ahead = *reader;
        csv_row names = *row;
        *row = (csv_row){0};
        dg_status status = read_row(&ahead, row);
        if (status.code == DG_OK && row->count > 0 && (double)row->count == sizes[1] + 1) {
            table->n_classes = names.count - 2;
            table->classes = calloc((size_t)names.count, sizeof(char *));
            for (int64_t k = 0; table->classes && k < table->n_classes; k++)
                table->classes[k] = names.cells[k + 2].text;
            if (!table->classes)
                status = data_no_memory(reader->path);
            *reader = ahead;
            free(names.cells);
            DG_TRY(status);
            DG_TRY(plan_columns(reader, table, NULL, row->count));
            return take_row(reader, table, row);
        }
        free(row->cells);
        *row = names;
        DG_TRY(status);
    }
    table->first_line = first_line;
    DG_TRY(plan_columns(reader, table, NULL, row->count));
    return take_row(reader, table, row);
}

static char guess_separator(const char *text, const char *end)
{
    const char *line_end = memchr(text, '\n', (size_t)(end - text));
    size_t length = (size_t)((line_end ? line_end : end) - text);
    for (const char *candidate = ",;\t"; *candidate; candidate++)
        if (memchr(text, *candidate, length))
            return *candidate;
    return ',';
}

dg_status csv_parse(const char *path, char *text, size_t size, const csv_options *options, data_set **made)
{
    csv_table table = {.options = options};
    csv_row row = {0};
    data_set *set = NULL;
    *made = NULL;
    if (size >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) {
        text += 3;
        size -= 3;
    }
    if (memchr(text, '\0', size))
        return dg_error(DG_BAD_DATA, "%s: this is not text", path);
    csv_reader reader = {path, text, text + size, guess_separator(text, text + size), 1};
    dg_status status = begin(&reader, &table, &row);
    while (status.code == DG_OK) {
        status = read_row(&reader, &row);
        if (status.code != DG_OK || row.count == 0)
            break;
        status = take_row(&reader, &table, &row);
    }
    if (status.code == DG_OK && table.rows == 0)
        status = dg_error(DG_BAD_DATA, "%s: there is no row of data", path);
    if (status.code == DG_OK)
        status = data_set_new(path, &set);
    if (status.code == DG_OK)
        status = make_fields(&table, set);
    if (status.code == DG_OK)
        *made = set;
    else
        data_set_free(set);
    free(row.cells);
    free(table.columns);
    free(table.features);
    free(table.targets);
    free(table.words);
    free(table.classes);
    return status;
}

dg_status csv_read(const char *path, const csv_options *options, data_set **set)
{
    char *text;
    size_t size;
    *set = NULL;
    DG_TRY(gz_read(path, &text, &size));
    dg_status status = csv_parse(path, text, size, options, set);
    free(text);
    return status;
}
