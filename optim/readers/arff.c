/* ARFF, Weka's attribute-relation files (https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable), dense
 * and sparse; and KEEL's, which add @inputs and @outputs. */
#include "readers.h"

#include "core/base/plain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_WORDS 100000

typedef struct arff_text {
    data_table *table;
    csv_lines lines;
    table_column *columns; /* declared so far */
    int64_t count, capacity;
    dg_arena *arena;
} arff_text;

static dg_status bad_line(const arff_text *reader, const char *what)
{
    return dg_error(DG_BAD_DATA, "%s:%lld: %s", reader->lines.path, (long long)reader->lines.line, what);
}

static bool is_keyword(const char *text, const char *keyword)
{
    size_t length = strlen(keyword);
    return plain_same_part(text, keyword, length) && (text[length] == '\0' || strchr(" \t\r\n{", text[length]));
}

static bool arff_recognises(const char *text, size_t size)
{
    const char *end = text + size;
    while (text < end) {
        text += strspn(text, " \t\r\n");
        if (*text != '%')
            return is_keyword(text, "@relation") || is_keyword(text, "@attribute");
        const char *next = memchr(text, '\n', (size_t)(end - text));
        text = next ? next : end;
    }
    return false;
}

/* A word, in quotes or not, up to one of `stops`, which *stop then is; *at goes behind that. Cut off in place. */
static char *take_word(char **at, const char *stops, char *stop)
{
    char *from = *at + strspn(*at, " \t"), *word = from, *to = from, quote = *from;
    if (quote == '\'' || quote == '"') {
        for (from++; *from && *from != quote; from++) {
            from += *from == '\\' && from[1];
            *to++ = *from;
        }
        from += *from == quote;
    } else {
        from += strcspn(from, stops);
        for (to = from; to > word && strchr(" \t", to[-1]);)
            to--;
    }
    *stop = *from;
    *at = from + (*from != '\0');
    *to = '\0';
    return word;
}

/* `a, 'b c', d}` */
static dg_status take_words(arff_text *reader, char *text, table_column *column)
{
    const char **words = NULL;
    int64_t count = 0, capacity = 0;
    char stop = ',';
    while (stop == ',') {
        if (count == MOST_WORDS)
            return bad_line(reader, "the list of values is too long");
        if (count == capacity) {
            capacity = capacity ? 2 * capacity : 16;
            const char **more = dg_arena_alloc(reader->arena, (size_t)capacity * sizeof *more);
            if (!more)
                return data_no_memory(reader->lines.path);
            for (int64_t k = 0; k < count; k++)
                more[k] = words[k];
            words = more;
        }
        words[count++] = take_word(&text, ",}", &stop);
        while (stop == ' ' || stop == '\t') {
            stop = *text;
            text += *text != '\0';
        }
    }
    if (stop != '}')
        return bad_line(reader, "the list of values is never closed");
    column->declared = words;
    column->n_declared = count;
    return dg_ok();
}

static dg_status take_attribute(arff_text *reader, char *text)
{
    if (reader->count == reader->capacity) {
        int64_t capacity = reader->capacity ? 2 * reader->capacity : 32;
        table_column *columns = realloc(reader->columns, (size_t)capacity * sizeof *columns);
        if (!columns)
            return data_no_memory(reader->lines.path);
        reader->columns = columns;
        reader->capacity = capacity;
    }
    if (reader->count == reader->lines.max_columns)
        return bad_line(reader, "there are too many attributes: allow them with max_columns=…");
    table_column *column = &reader->columns[reader->count++];
    *column = (table_column){0};
    char stop;
    const char *name = take_word(&text, " \t{", &stop);
    text += stop == '{' ? 0 : strspn(text, " \t");
    bool is_list = stop == '{' || *text == '{';
    if (!*name || (!is_list && !*text))
        return bad_line(reader, "an attribute needs a name and a type");
    if (!(column->name = dg_arena_text(reader->arena, name, strlen(name))))
        return data_no_memory(reader->lines.path);
    if (is_list)
        return take_words(reader, text + (stop != '{'), column);
    const char *type = text;
    bool is_number =
        plain_same_part(type, "numeric", 7) || plain_same_part(type, "real", 4) || plain_same_part(type, "int", 3);
    column->is_text = plain_same_part(type, "string", 6) || plain_same_part(type, "date", 4);
    return is_number || column->is_text ? dg_ok()
                                        : bad_line(reader, "the type is not numeric, a {list}, string or date");
}

/* The declarations; the reader stands after @data. */
static dg_status read_head(arff_text *reader)
{
    csv_lines *lines = &reader->lines;
    while (lines->at < lines->end) {
        char *line = lines->at, *end = memchr(line, '\n', (size_t)(lines->end - line));
        lines->at = end ? end + 1 : lines->end;
        *(end ? end : lines->end) = '\0';
        line += strspn(line, " \t");
        for (size_t length = strlen(line); length > 0 && strchr(" \t\r", line[length - 1]);)
            line[--length] = '\0';
        if (is_keyword(line, "@attribute"))
            DG_TRY(take_attribute(reader, line + strlen("@attribute")));
        else if (is_keyword(line, "@data")) {
            lines->line++;
            return reader->count ? dg_ok() : bad_line(reader, "there is no @attribute before @data");
        } else if (*line && *line != '%' && *line != '@')
            return bad_line(reader, "expected @attribute or @data here");
        lines->line++;
    }
    return bad_line(reader, "there is no @data");
}

/* "{1 4.5, 3 red}": what is not there is 0, or the first of the declared words. */
static dg_status take_sparse(arff_text *reader, csv_row *row)
{
    data_table *table = reader->table;
    const char **cells = dg_arena_alloc(table->arena, (size_t)table->n_columns * sizeof *cells);
    if (!cells)
        return data_no_memory(table->path);
    for (int64_t k = 0; k < table->n_columns; k++)
        cells[k] = table->columns[k].n_declared ? table->columns[k].declared[0] : "0";
    for (int64_t k = 0; k < row->count; k++) {
        const char *cell = row->cells[k] + (k == 0);
        char *end, *close = k == row->count - 1 ? strrchr(cell, '}') : NULL;
        if (close)
            *close = '\0';
        cell += strspn(cell, " \t");
        if (!*cell && row->count == 1)
            break;
        long long index = strtoll(cell, &end, 10);
        if (end == cell || index < 0 || index >= table->n_columns || !strchr(" \t", *end))
            return bad_line(reader, "expected {INDEX VALUE, …}");
        cells[index] = end + strspn(end, " \t");
    }
    for (int64_t k = 0; k < table->n_columns; k++)
        DG_TRY(data_table_put(table, k, cells[k]));
    return dg_ok();
}

static dg_status read_rows(arff_text *reader)
{
    data_table *table = reader->table;
    csv_row row = {0};
    dg_status status = csv_read_row(&reader->lines, &row);
    for (; status.code == DG_OK && row.count; status = csv_read_row(&reader->lines, &row)) {
        bool is_sparse = *row.cells[0] == '{';
        status = is_sparse || row.count == table->n_columns
                     ? data_table_add_row(table, row.line)
                     : dg_error(DG_BAD_DATA, "%s:%lld: the row has %lld cell(s), but there are %lld attributes",
                                table->path, (long long)row.line, (long long)row.count, (long long)table->n_columns);
        if (status.code == DG_OK && is_sparse)
            status = take_sparse(reader, &row);
        for (int64_t k = 0; status.code == DG_OK && !is_sparse && k < row.count; k++)
            status = data_table_put(table, k, row.cells[k]);
        if (status.code != DG_OK)
            break;
    }
    free(row.cells);
    return status;
}

dg_status arff_parse(data_table *table, const data_reading *reading, char *text, size_t size)
{
    arff_text reader = {.table = table,
                        .lines = {.path = reading->path,
                                  .at = text,
                                  .end = text + size,
                                  .separator = ',',
                                  .line = 1,
                                  .comment = "%",
                                  .max_columns = table->max_columns}};
    DG_TRY(dg_arena_new(&reader.arena));
    dg_status status = read_head(&reader);
    if (status.code == DG_OK)
        status = data_table_set_columns(table, reader.count);
    if (status.code == DG_OK) {
        dg_arena_free(table->arena); /* the names live in ours */
        table->arena = reader.arena;
        memcpy(table->columns, reader.columns, (size_t)reader.count * sizeof *reader.columns);
        table->has_names = true;
        status = read_rows(&reader);
    } else {
        dg_arena_free(reader.arena);
    }
    free(reader.columns);
    return status;
}

static const dg_data_format formats[] = {
    {"ARFF", ".arff", "standard", 0.25, "a table of Weka's or KEEL's; the last attribute is the target"},
};

const data_reader arff_reader = {.formats = formats,
                                 .n_formats = 1,
                                 .kinds = SETS_TABLE | SETS_TEXT | SETS_FILE,
                                 .parse = arff_parse,
                                 .recognises = arff_recognises};
