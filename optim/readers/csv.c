/* Tables as text: RFC 4180 with `,`, `;`, tab, `|` or blanks between the cells, with or without a header. */
#include "readers.h"

#include "core/base/plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_COMMENT "#%"

static dg_status bad_place(const csv_lines *lines, int64_t line, int64_t column, const char *what)
{
    return dg_error(DG_BAD_DATA, "%s:%lld:%lld: %s", lines->path, (long long)line, (long long)column + 1, what);
}

static dg_status add_cell(const csv_lines *lines, csv_row *row, const char *text)
{
    if (row->count == lines->max_columns + 2)
        return dg_error(DG_BAD_DATA, "%s:%lld: the line has more than %lld cells: allow them with max_columns=…",
                        lines->path, (long long)row->line, (long long)lines->max_columns);
    if (row->count == row->capacity) {
        int64_t capacity = row->capacity ? 2 * row->capacity : 64;
        const char **cells = realloc(row->cells, (size_t)capacity * sizeof *cells);
        if (!cells)
            return data_no_memory(lines->path);
        row->cells = cells;
        row->capacity = capacity;
    }
    row->cells[row->count++] = text;
    return dg_ok();
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool ends_cell(const csv_lines *lines, const char *at)
{
    return at == lines->end || *at == '\n' || (lines->separator == ' ' ? is_blank(*at) : *at == lines->separator);
}

/* Takes the text out of its quotes, in place; lines->at is then after the closing quote and blanks that follow. */
static dg_status read_quoted(csv_lines *lines, int64_t column, char **text)
{
    int64_t line = lines->line;
    char *to = ++lines->at;
    *text = to;
    for (;; lines->at++) {
        if (lines->at == lines->end)
            return bad_place(lines, line, column, "the quote is never closed");
        if (*lines->at == '"') {
            if (lines->at + 1 == lines->end || lines->at[1] != '"')
                break;
            lines->at++;
        } else if (*lines->at == '\n') {
            lines->line++;
        }
        *to++ = *lines->at;
    }
    lines->at++;
    while (!ends_cell(lines, lines->at) && (is_blank(*lines->at) || *lines->at == '\r'))
        lines->at++;
    if (!ends_cell(lines, lines->at))
        return bad_place(lines, lines->line, column, "text follows the closing quote");
    *to = '\0'; /* the closing quote at the latest */
    return dg_ok();
}

/* 'single quotes' count only where they enclose the whole cell: an apostrophe is text. */
static bool read_single_quoted(csv_lines *lines, char **text)
{
    char *at = lines->at + 1;
    while (at < lines->end && *at != '\n' && *at != '\'')
        at++;
    if (at == lines->end || *at != '\'')
        return false;
    char *after = at + 1;
    while (!ends_cell(lines, after) && (is_blank(*after) || *after == '\r'))
        after++;
    if (!ends_cell(lines, after))
        return false;
    *text = lines->at + 1;
    *at = '\0';
    lines->at = after;
    return true;
}

static dg_status read_plain(csv_lines *lines, char **text, char **end)
{
    *text = lines->at;
    while (!ends_cell(lines, lines->at))
        lines->at++;
    *end = lines->at;
    while (*end > *text && (is_blank((*end)[-1]) || (*end)[-1] == '\r'))
        --*end;
    return dg_ok();
}

static void skip_blanks(csv_lines *lines)
{
    while (lines->at < lines->end && *lines->at != lines->separator && is_blank(*lines->at))
        lines->at++;
    while (lines->separator == ' ' && lines->at < lines->end && (is_blank(*lines->at) || *lines->at == '\r'))
        lines->at++;
}

static void skip_line(csv_lines *lines)
{
    char *end = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    lines->at = end ? end + 1 : lines->end;
    lines->line++;
}

/* A line between the names and the rows, as programs draw it: |---|---|, ----+----. */
static bool is_rule(const csv_lines *lines)
{
    const char *end = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    size_t length = (size_t)((end ? end : lines->end) - lines->at), k = 0, marks = 0;
    for (; k < length && strchr("-=+:| \t\r", lines->at[k]) && lines->at[k]; k++)
        marks += lines->at[k] == '-' || lines->at[k] == '=';
    return k == length && marks >= 3;
}

/* Goes to the first line that has something to read. */
static void skip_empty(csv_lines *lines)
{
    for (; lines->at < lines->end; skip_line(lines)) {
        const char *at = lines->at;
        while (at < lines->end && (*at == ' ' || *at == '\r' || (*at == '\t' && lines->separator != '\t')))
            at++;
        if (at < lines->end && *at == '\n')
            continue;
        if (at == lines->end)
            lines->at = lines->end;
        if (lines->at < lines->end && is_rule(lines))
            continue;
        if (lines->at == lines->end || !strchr(lines->comment, *lines->at) || !*lines->at)
            return;
        lines->last_comment = lines->at;
    }
}

dg_status csv_read_row(csv_lines *lines, csv_row *row)
{
    row->count = 0;
    skip_empty(lines);
    row->line = lines->line;
    while (lines->at < lines->end) {
        char *text, *end = NULL;
        skip_blanks(lines);
        if (lines->at < lines->end && *lines->at == '"')
            DG_TRY(read_quoted(lines, row->count, &text));
        else if (lines->at == lines->end || *lines->at != '\'' || !read_single_quoted(lines, &text))
            DG_TRY(read_plain(lines, &text, &end));
        if (lines->separator == ' ')
            skip_blanks(lines);
        bool at_end = lines->at == lines->end, at_line = !at_end && *lines->at == '\n';
        if (end)
            *end = '\0'; /* what was there is known by now */
        DG_TRY(add_cell(lines, row, text));
        if (!at_end && (at_line || lines->separator != ' '))
            lines->at++;
        lines->line += at_line;
        if (at_end || at_line)
            return dg_ok();
        if (lines->at == lines->end && lines->separator != ' ')
            return add_cell(lines, row, lines->end);
    }
    return dg_ok();
}

/* ---- the first rows ---- */

/* scikit-learn's own sets begin with their count, number of features and the classes' names. */
static bool is_sklearn_header(const csv_row *first, const csv_row *second)
{
    double count, features, number;
    if (first->count < 4 || !decimal_read(first->cells[0], &count) || !decimal_read(first->cells[1], &features) ||
        (double)second->count != features + 1)
        return false;
    for (int64_t k = 2; k < first->count; k++)
        if (decimal_read(first->cells[k], &number))
            return false;
    return true;
}

static dg_status keep_classes(data_table *table, const csv_row *header)
{
    const char **names = dg_arena_alloc(table->arena, (size_t)header->count * sizeof *names);
    if (!names)
        return data_no_memory(table->path);
    for (int64_t k = 2; k < header->count; k++)
        names[k - 2] = header->cells[k];
    table->classes = names;
    table->n_classes = header->count - 2;
    return dg_ok();
}

static bool has_no_number(const csv_row *row)
{
    double number;
    for (int64_t k = 0; k < row->count; k++)
        if (decimal_read(row->cells[k], &number))
            return false;
    return row->count > 0;
}

static dg_status take_row(data_table *table, const csv_row *row)
{
    int64_t count = row->count;
    if (count == table->n_columns + 1 && !*row->cells[count - 1])
        count--; /* a separator after the last cell */
    if (count != table->n_columns) {
        char skip[80] = "";
        if (table->n_rows <= 2 && count > table->n_columns)
            snprintf(skip, sizeof skip, ": where the table begins here, use skip=%lld", (long long)row->line - 1);
        return dg_error(DG_BAD_DATA, "%s:%lld:%lld: the row has %lld cell(s), expected %lld%s", table->path,
                        (long long)row->line, (long long)(count < table->n_columns ? count : table->n_columns + 1),
                        (long long)count, (long long)table->n_columns, skip);
    }
    DG_TRY(data_table_add_row(table, row->line));
    for (int64_t k = 0; k < count; k++)
        DG_TRY(data_table_put(table, k, row->cells[k]));
    return dg_ok();
}

/* The first row of the file as names of columns, where it is as wide as they are or lacks or has one: R leaves the
 * names of rows without a name, and some programs end a header with a separator. */
static dg_status take_names(data_table *table, csv_lines *lines, csv_row *first, int64_t width)
{
    bool lacks = first->count == width - 1;
    if (lacks)
        DG_TRY(add_cell(lines, first, ""));
    if (lacks)
        memmove(first->cells + 1, first->cells, (size_t)(first->count - 1) * sizeof *first->cells);
    if (lacks)
        first->cells[0] = "";
    for (int64_t k = 0; k < width; k++)
        if (!(table->columns[k].name = dg_arena_text(table->arena, first->cells[k], strlen(first->cells[k]))))
            return data_no_memory(table->path);
    table->has_names = true;
    return dg_ok();
}

/* Reads the first two rows and finds how wide the table is. */
static dg_status begin(data_table *table, csv_lines *lines, csv_row *first, csv_row *second, bool *is_open)
{
    *is_open = false;
    DG_TRY(csv_read_row(lines, first));
    if (first->count == 0)
        return dg_error(DG_BAD_DATA, "%s: the file is empty", table->path);
    DG_TRY(csv_read_row(lines, second));
    int64_t width = second->count ? second->count : first->count;
    if (second->count && is_sklearn_header(first, second)) {
        DG_TRY(data_table_set_columns(table, width));
        DG_TRY(keep_classes(table, first));
        return take_row(table, second);
    }
    bool ragged = second->count && first->count != width && has_no_number(first);
    bool lacks = ragged && first->count == width - 1, ends = ragged && first->count == width + 1;
    if (lacks || (ends && !*first->cells[width])) {
        DG_TRY(data_table_set_columns(table, width));
        DG_TRY(take_names(table, lines, first, width));
        return take_row(table, second);
    }
    bool trailing = first->count > 1 && second->count == first->count && !*first->cells[first->count - 1] &&
                    !*second->cells[second->count - 1];
    DG_TRY(data_table_set_columns(table, first->count - trailing));
    DG_TRY(take_row(table, first));
    *is_open = true;
    return second->count ? take_row(table, second) : dg_ok();
}

/* A comment line just above the rows that has as many cells as they have: names, as NumPy writes them. */
static dg_status take_comment(data_table *table, const csv_lines *from, char *comment)
{
    csv_lines lines = *from;
    csv_row row = {0};
    char *end = memchr(comment, '\n', (size_t)(from->end - comment));
    const char *after = comment + 1 + strspn(comment + 1, " ");
    lines.at = *after == from->separator || *after == '\n' ? comment : comment + 1;
    lines.end = end ? end : from->end;
    lines.comment = "";
    dg_status status = csv_read_row(&lines, &row);
    if (status.code == DG_OK && row.count == table->n_columns && has_no_number(&row))
        status = take_names(table, &lines, &row, row.count);
    else
        status = dg_ok(); /* a comment may be anything */
    free(row.cells);
    return status;
}

static dg_status read_rows(data_table *table, const data_reading *reading, csv_lines *lines, csv_row *first,
                           csv_row *row)
{
    bool is_open, is_header = false;
    DG_TRY(begin(table, lines, first, row, &is_open));
    char *comment = lines->last_comment;
    lines->last_comment = NULL;
    while (row->count) {
        DG_TRY(csv_read_row(lines, row));
        if (row->count)
            DG_TRY(take_row(table, row));
    }
    bool is_told = false;
    if (is_open && reading->options->header != 0)
        DG_TRY(header_remove_others(table, first, &is_told));
    if (is_open)
        DG_TRY(header_decide(table, first, reading, &is_header));
    if (is_header || is_told)
        return data_table_remove_first(table, first->cells);
    return is_open && comment ? take_comment(table, lines, comment) : dg_ok();
}

/* Old Macintosh files end lines with a carriage return alone. */
static void mend_line_ends(char *text, size_t size)
{
    if (memchr(text, '\n', size))
        return;
    for (char *at = text; (at = memchr(at, '\r', size - (size_t)(at - text))); at++)
        *at = '\n';
}

static dg_status find_separator(const data_reading *reading, const char *text, const char *end, const char *comment,
                                char *separator)
{
    const char *given = reading->options->separator;
    bool is_tab = given && (!strcmp(given, "tab") || !strcmp(given, "\\t"));
    bool is_blank_name = given && (!strcmp(given, "blank") || !strcmp(given, "space") || !strcmp(given, "\\s+"));
    if (given && strlen(given) != 1 && !is_tab && !is_blank_name)
        return dg_error(DG_BAD_ARGUMENT, "data %s: separator needs one character, tab or blank, not '%s'",
                        reading->name, given);
    *separator = is_tab ? '\t' : is_blank_name ? ' ' : given ? *given : csv_guess_separator(text, end, comment);
    return dg_ok();
}

/* "sep=;", which Excel reads and writes; NULL: there is no such line. */
static char *read_separator_line(csv_lines *lines)
{
    char *at = lines->at;
    size_t left = (size_t)(lines->end - at);
    if (left < 6 || !plain_same_part(at, "sep=", 4) || !(at[5] == '\n' || (at[5] == '\r' && left > 6 && at[6] == '\n')))
        return NULL;
    skip_line(lines);
    return at + 4;
}

dg_status csv_parse(data_table *table, const data_reading *reading, char *text, size_t size)
{
    csv_row first = {0}, row = {0};
    char separator = ',';
    const char *comment = reading->options->comment ? reading->options->comment : DEFAULT_COMMENT;
    mend_line_ends(text, size);
    csv_lines lines = {.path = reading->path,
                       .at = text,
                       .end = text + size,
                       .line = 1,
                       .comment = comment,
                       .max_columns = table->max_columns};
    for (int64_t k = 0; k < reading->options->skip && lines.at < lines.end; k++)
        skip_line(&lines);
    char *said = read_separator_line(&lines);
    if (said && !reading->options->separator)
        separator = *said;
    else
        DG_TRY(find_separator(reading, lines.at, lines.end, comment, &separator));
    lines.separator = separator;
    dg_status status = read_rows(table, reading, &lines, &first, &row);
    free(first.cells);
    free(row.cells);
    return status;
}

static const dg_data_format formats[] = {
    {"CSV", ".csv .tsv .tab .txt .data .dat", "standard", 0.25,
     "a table as text, cells between commas, semicolons, tabs, bars or blanks; also .gz, and - for standard input"},
};

const data_reader csv_reader = {
    .formats = formats, .n_formats = 1, .kinds = SETS_TABLE | SETS_TEXT | SETS_FILE, .parse = csv_parse};
