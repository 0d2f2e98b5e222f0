/* What the columns of a table are: features, target or left out; numbers, words or dates. */
#include "columns.h"

#include "core/base/plain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FREE_WORDS 10  /* so many different words always make categories … */
#define MOST_WORDS 100 /* … and never more than these; between them, when each occurs twice on average */

/* ---- which column is meant ---- */

static dg_status no_such_column(const data_table *table, const char *option, const char *text)
{
    short_list names = {0};
    if (!table->has_names)
        return dg_error(
            DG_BAD_ARGUMENT,
            "%s: %s=%s: the file has no header that names its %lld column(s): give a column's number, from 1",
            table->path, option, text, (long long)table->n_columns);
    for (int64_t k = 0; k < table->n_columns; k++)
        short_list_add(&names, "%s", table->columns[k].name);
    return dg_error(DG_BAD_ARGUMENT, "%s: %s=%s: there is no such column: there are %s", table->path, option, text,
                    short_list_text(&names));
}

static dg_status find_column(const data_table *table, const char *option, const dg_value *value, int64_t *index)
{
    char number[32];
    const char *text = value->s;
    if (value->kind == DG_VALUE_INT) {
        snprintf(number, sizeof number, "%lld", (long long)value->i);
        text = number;
    } else if (value->kind != DG_VALUE_NAME && value->kind != DG_VALUE_STRING && value->kind != DG_VALUE_TEXT) {
        return dg_error(DG_BAD_ARGUMENT, "%s: %s needs names or numbers of columns", table->path, option);
    }
    for (*index = 0; table->has_names && *index < table->n_columns; ++*index) {
        const table_column *column = &table->columns[*index];
        if (value->kind == DG_VALUE_INT || strcmp(column->name, text) != 0)
            continue;
        if (column->title && !strcmp(column->title, text))
            return dg_error(DG_BAD_ARGUMENT,
                            "%s: %s=%s: several columns have that name: give the number of one, from 1", table->path,
                            option, text);
        return dg_ok();
    }
    if (value->kind != DG_VALUE_INT)
        return no_such_column(table, option, text);
    *index = value->i < 0 ? table->n_columns + value->i : value->i - 1;
    if (value->i != 0 && *index >= 0 && *index < table->n_columns)
        return dg_ok();
    for (*index = 0; table->has_names && *index < table->n_columns; ++*index)
        if (!strcmp(table->columns[*index].name, text))
            return dg_ok(); /* a name such as 2020 */
    return dg_error(DG_BAD_ARGUMENT, "%s: %s=%s: the table has %lld column(s)", table->path, option, text,
                    (long long)table->n_columns);
}

/* The columns that an option lists, in its order; *count is 0 for none. */
static dg_status find_columns(const data_table *table, dg_data *set, const char *option, const dg_value *value,
                              int64_t **list, int64_t *count)
{
    bool none = !value || value->kind == DG_VALUE_NONE;
    size_t given = none ? 0 : value->kind == DG_VALUE_LIST ? value->count : 1;
    *count = 0;
    *list = data_alloc(set, given + 1, sizeof **list);
    if (!*list)
        return data_no_memory(table->path);
    for (size_t k = 0; k < given; k++) {
        int64_t index = 0;
        DG_TRY(find_column(table, option, value->kind == DG_VALUE_LIST ? &value->items[k] : value, &index));
        for (int64_t other = 0; other < *count; other++)
            if ((*list)[other] == index)
                return dg_error(DG_BAD_ARGUMENT, "%s: %s names column %lld twice", table->path, option,
                                (long long)index + 1);
        (*list)[(*count)++] = index;
    }
    return dg_ok();
}

/* ---- numbers ---- */

static dg_status bad_number(const data_table *table, int64_t place, const table_word *word, const dg_data *set,
                            int64_t index, bool advise)
{
    char label[80], *end;
    double number = plain_number(word->text, &end);
    column_label(set, index, label);
    if (!*word->text)
        return data_table_bad_cell(table, word->row, place, "the cell is empty: a number belongs here");
    if (*end == '\0' && !isfinite(number))
        return data_table_bad_cell(table, word->row, place,
                                   "'%.60s' is not a finite number: use missing=['%.60s'] where it stands for none",
                                   word->text, word->text);
    if (table->points_are_words && decimal_read(word->text, &number))
        return data_table_bad_cell(table, word->row, place,
                                   "'%.60s' is not a number where the comma is the decimal point: a point stands "
                                   "before each three digits, as in 1.234,5",
                                   word->text);
    if (!advise)
        return data_table_bad_cell(table, word->row, place, "'%.60s' is not a number, as column %s needs", word->text,
                                   label);
    return data_table_bad_cell(table, word->row, place,
                               "'%.60s' is not a number, as most of column %s are: use missing=['%.60s'], or "
                               "categories=[%s] where the column is words",
                               word->text, label, word->text, label);
}

dg_status column_read_numbers(data_table *table, int64_t place, const dg_data *set, int64_t index)
{
    const table_column *column = &table->columns[place];
    for (int64_t k = 0; k < column->n_words; k++) {
        const table_word *word = &column->words[k];
        double number = NAN;
        if (!word_is_missing(word->text, set->missing, set->n_missing) &&
            !decimal_read_as(set->columns[index].style, word->text, &number))
            return bad_number(table, place, word, set, index, false);
        table->numbers[word->row * table->n_columns + place] = number;
    }
    return dg_ok();
}

/* Numbers that are markers of missing cells: missing=[-999]. */
static void remove_missing_numbers(data_table *table, const dg_data *set, int64_t place)
{
    for (int64_t m = 0; m < set->n_missing; m++) {
        double marker;
        if (!decimal_read(set->missing[m], &marker))
            continue;
        for (int64_t row = 0; row < table->n_rows; row++) {
            double *number = &table->numbers[row * table->n_columns + place];
            *number = *number == marker ? NAN : *number;
        }
    }
}

/* ---- one column ---- */

static bool are_numbers(const char *const *words, int64_t count)
{
    double number;
    for (int64_t k = 0; k < count; k++)
        if (!decimal_read(words[k], &number))
            return false;
    return count > 0;
}

/* Whether the column is numbers and nothing else, in some style. DG_BAD_DATA: it is nearly. */
static dg_status settle_numbers(data_table *table, const data_reading *reading, dg_data *set, int64_t index,
                                const column_words *words, bool *is_numbers)
{
    data_column *column = &set->columns[index];
    const table_column *cells = &table->columns[index];
    column_style found;
    char label[80];
    bool is_declared = cells->n_declared && !are_numbers(cells->declared, cells->n_declared);
    *is_numbers = false;
    if (is_declared)
        return dg_ok();
    DG_TRY(column_find_style(table, reading, set, index, words, &found));
    if (found.style == NUMBER_BOOL && column->is.use == DG_COLUMN_TARGET)
        found.is_found = false; /* classes, with names */
    *is_numbers = words->n_words == 0 || found.is_found;
    if (*is_numbers) {
        column->style = found.style;
        DG_TRY(column_read_numbers(table, index, set, index));
        if (words->n_words == 0 || found.style == NUMBER_BOOL || reading->options->decimal)
            return dg_ok();
        const double value = table->numbers[words->first->row * table->n_columns + index];
        return data_notice(set, "column %s: '%.60s' is read as %.10g", column_label(set, index, label),
                           words->first->text, value);
    }
    if (words->n_numbers + found.n_read >= words->n_words - found.n_read && found.bad && !cells->n_declared)
        return bad_number(table, index, found.bad, set, index, true);
    return dg_ok();
}

static dg_status take_words(const data_table *table, dg_data *set, int64_t index, column_words *words)
{
    dg_column *column = &set->columns[index].is;
    const table_column *cells = &table->columns[index];
    DG_TRY(column_collect(table, set, index, words));
    column->words = words->different;
    column->n_words = words->n_different;
    if (!cells->n_declared)
        return dg_ok();
    const char **declared = data_alloc(set, (size_t)cells->n_declared, sizeof *declared);
    if (!declared)
        return data_no_memory(table->path);
    for (int64_t k = 0; k < cells->n_declared; k++)
        if (!(declared[k] = data_text(set, cells->declared[k])))
            return data_no_memory(table->path);
    column->words = declared;
    column->n_words = cells->n_declared;
    return dg_ok();
}

/* A first column that counts the rows, without a name, as pandas and R write, or with the name of a counter. */
static bool is_row_number(const data_table *table, const dg_data *set, int64_t index)
{
    static const char *const counters[] = {"",         "id", "index", "row", "rowid", "row_id", "row id",
                                           "rownames", "no", "no.",   "nr",  "nr.",   "#",      "sno"};
    const char *name = set->columns[index].is.name;
    bool is_counter = !strncmp(name, "Unnamed: ", 9);
    for (size_t k = 0; k < sizeof counters / sizeof counters[0]; k++)
        is_counter |= plain_same(name, counters[k]);
    if (index != 0 || !table->has_names || !is_counter || table->n_columns < 2 || table->n_rows < 2)
        return false;
    for (int64_t row = 0; row < table->n_rows; row++)
        if (table->numbers[row * table->n_columns] != table->numbers[0] + (double)row)
            return false;
    return true;
}

/* -999 and the like, which many programs write for missing cells: told, not decided. */
static dg_status tell_marker(const data_table *table, dg_data *set, int64_t index)
{
    static const double markers[] = {-99, -999, -9999, -99999};
    char label[80];
    double least = INFINITY, next = INFINITY;
    int64_t count = 0;
    for (int64_t row = 0; row < table->n_rows; row++) {
        double number = table->numbers[row * table->n_columns + index];
        if (number < least) {
            next = least;
            least = number;
            count = 0;
        } else if (number > least && number < next) {
            next = number;
        }
        count += number == least;
    }
    for (size_t k = 0; k < sizeof markers / sizeof markers[0]; k++)
        if (least == markers[k] && count > 1 && next > least / 10)
            return data_notice(
                set, "column %s holds %g in %lld row(s): where that stands for a missing cell, use missing=[%g]",
                column_label(set, index, label), least, (long long)count, least);
    return dg_ok();
}

/* The notices about the columns. */
typedef struct column_lists {
    short_list words, texts, others;
    int64_t n_made;
} column_lists;

/* Words that differ in capitals alone are probably one: "Low" and "low". */
static dg_status tell_spellings(dg_data *set, int64_t index, const column_words *words)
{
    char label[80];
    if (words->n_different > MOST_WORDS)
        return dg_ok();
    for (int64_t k = 0; k < words->n_different; k++)
        for (int64_t other = k + 1; other < words->n_different; other++)
            if (plain_same(words->different[k], words->different[other]))
                return data_notice(set, "column %s holds '%.60s' and '%.60s', which are two words here",
                                   column_label(set, index, label), words->different[k], words->different[other]);
    return dg_ok();
}

static dg_status settle_feature(data_table *table, const data_reading *reading, dg_data *set, int64_t index,
                                bool forced, column_lists *lists)
{
    data_column *column = &set->columns[index];
    column_words words;
    bool is_numbers = false;
    char label[80];
    column_label(set, index, label);
    remove_missing_numbers(table, set, index);
    column_look(table, set, index, &words);
    column->is_date = words.all_dates;
    if (words.n_numbers + words.n_words == 0 ||
        (!forced && !reading->options->columns && is_row_number(table, set, index))) {
        column->is.use = DG_COLUMN_LEFT_OUT;
        short_list_add(&lists->others, words.n_numbers ? "%s (the rows' numbers)" : "%s (empty)", label);
        return dg_ok();
    }
    if (!forced && !table->columns[index].is_text)
        DG_TRY(settle_numbers(table, reading, set, index, &words, &is_numbers));
    if (is_numbers)
        return tell_marker(table, set, index);
    DG_TRY(take_words(table, set, index, &words));
    DG_TRY(tell_spellings(set, index, &words));
    int64_t cells = words.n_words + words.n_numbers, different = words.n_different;
    bool many = different > MOST_WORDS || (different > FREE_WORDS && 2 * different > cells) ||
                (different == cells && cells > 1);
    if (!forced && (words.all_dates || table->columns[index].is_text || (many && !table->columns[index].n_declared))) {
        column->is.use = DG_COLUMN_LEFT_OUT;
        column->is.n_words = 0;
        column->is.words = NULL;
        if (words.all_dates)
            short_list_add(&lists->texts, "%s (dates)", label);
        else
            short_list_add(&lists->texts, "%s (%lld different texts)", label, (long long)different);
        return dg_ok();
    }
    lists->n_made += column->is.n_words;
    if (!forced)
        short_list_add(&lists->words, "%s (%lld)", label, (long long)column->is.n_words);
    return dg_ok();
}

static dg_status settle_target(data_table *table, const data_reading *reading, dg_data *set, int64_t index,
                               int64_t n_targets)
{
    data_column *column = &set->columns[index];
    column_words words;
    bool is_numbers;
    char label[80];
    remove_missing_numbers(table, set, index);
    column_look(table, set, index, &words);
    column->is_date = words.all_dates;
    if (words.n_numbers + words.n_words == 0)
        return dg_error(DG_BAD_DATA, "%s: the target, column %s, is empty: choose another with target=…", table->path,
                        column_label(set, index, label));
    DG_TRY(settle_numbers(table, reading, set, index, &words, &is_numbers));
    if (is_numbers)
        return dg_ok();
    if (n_targets > 1)
        return bad_number(table, index, words.first, set, index, false);
    DG_TRY(take_words(table, set, index, &words));
    DG_TRY(tell_spellings(set, index, &words));
    set->word_example = words.first ? data_text(set, words.first->text) : column->is.words[0];
    return set->word_example ? dg_ok() : data_no_memory(table->path);
}

/* ---- all columns ---- */

static dg_status take_missing(const data_reading *reading, dg_data *set)
{
    const dg_value *value = reading->options->missing;
    size_t count = !value || value->kind == DG_VALUE_NONE ? 0 : value->kind == DG_VALUE_LIST ? value->count : 1;
    const char **markers = data_alloc(set, count + 1, sizeof *markers);
    if (!markers)
        return data_no_memory(set->source);
    for (size_t k = 0; k < count; k++) {
        const dg_value *item = value->kind == DG_VALUE_LIST ? &value->items[k] : value;
        char number[DG_NUMBER_TEXT];
        double marker;
        bool is_number = dg_value_number(item, &marker);
        bool is_text = item->kind == DG_VALUE_NAME || item->kind == DG_VALUE_STRING || item->kind == DG_VALUE_TEXT;
        if (!is_number && !is_text && item->kind != DG_VALUE_NONE)
            return dg_error(DG_BAD_ARGUMENT, "data %s: missing needs markers of missing cells, such as ['?', -999]",
                            reading->name);
        markers[k] = data_text(set, is_number ? dg_number_print(marker, DG_FLOAT64, number)
                                    : is_text ? item->s
                                              : "none");
        if (!markers[k])
            return data_no_memory(set->source);
    }
    set->missing = markers;
    set->n_missing = (int64_t)count;
    return dg_ok();
}

/* The last column is the target where none is named; where it is dropped, the one before it. */
static dg_status tell_other_target(dg_data *set, int64_t column)
{
    char label[80];
    return data_notice(set, "the last column is dropped: the target is column %s; target=… chooses another",
                       column_label(set, column, label));
}

/* Uses by the options; `first` of features is their place for a while, of targets for good. */
static dg_status choose_uses(const data_table *table, const data_reading *reading, dg_data *set, int64_t *n_targets)
{
    const data_options *options = reading->options;
    int64_t *list, count;
    data_column *columns = set->columns;
    if (options->columns) {
        DG_TRY(find_columns(table, set, "columns", options->columns, &list, &count));
        for (int64_t k = 0; k < set->n_columns; k++)
            columns[k].is.use = DG_COLUMN_LEFT_OUT;
        for (int64_t k = 0; k < count; k++)
            columns[list[k]].is = (dg_column){columns[list[k]].is.name, DG_COLUMN_FEATURE, .first = k, .fill = NAN};
    }
    DG_TRY(find_columns(table, set, "drop", options->drop, &list, &count));
    bool *dropped = data_alloc(set, (size_t)set->n_columns, sizeof *dropped);
    if (!dropped)
        return data_no_memory(set->source);
    for (int64_t k = 0; k < count; k++) {
        columns[list[k]].is.use = DG_COLUMN_LEFT_OUT;
        dropped[list[k]] = true;
    }
    DG_TRY(find_columns(table, set, "target", options->target, &list, n_targets));
    if (!options->target && reading->asked->n_features != set->n_columns) {
        for (list[0] = set->n_columns - 1; list[0] > 0 && dropped[list[0]];)
            list[0]--;
        *n_targets = options->columns && columns[list[0]].is.use == DG_COLUMN_FEATURE ? 0 : 1;
        set->is_usual_target = *n_targets > 0;
        if (*n_targets && list[0] < set->n_columns - 1)
            DG_TRY(tell_other_target(set, list[0]));
    }
    for (int64_t k = 0; k < *n_targets; k++) {
        if (dropped[list[k]])
            return dg_error(DG_BAD_ARGUMENT, "%s: drop names column %lld, which is the target", table->path,
                            (long long)list[k] + 1);
        columns[list[k]].is.use = DG_COLUMN_TARGET;
        columns[list[k]].is.first = k;
        columns[list[k]].is.width = 1;
    }
    return dg_ok();
}

static dg_status tell(dg_data *set, column_lists *lists)
{
    if (lists->words.count)
        DG_TRY(data_notice(set, "columns of words became %lld column(s) of 0 and 1: %s", (long long)lists->n_made,
                           short_list_text(&lists->words)));
    if (lists->texts.count)
        DG_TRY(data_notice(
            set, "left out, because these are not categories: %s; drop=[…] confirms it, categories=[…] uses them",
            short_list_text(&lists->texts)));
    return lists->others.count ? data_notice(set, "left out: %s", short_list_text(&lists->others)) : dg_ok();
}

static dg_status settle(data_table *table, const data_reading *reading, dg_data *set, int64_t n_targets)
{
    int64_t *forced, n_forced, n_features = 0;
    column_lists *lists = data_alloc(set, 1, sizeof *lists);
    DG_TRY(find_columns(table, set, "categories", reading->options->categories, &forced, &n_forced));
    for (int64_t k = 0; lists && k < set->n_columns; k++) {
        bool is_forced = false;
        for (int64_t f = 0; f < n_forced; f++)
            is_forced = is_forced || forced[f] == k;
        if (set->columns[k].is.use == DG_COLUMN_TARGET)
            DG_TRY(settle_target(table, reading, set, k, n_targets));
        else if (set->columns[k].is.use == DG_COLUMN_FEATURE)
            DG_TRY(settle_feature(table, reading, set, k, is_forced, lists));
        else if (is_forced)
            return dg_error(DG_BAD_ARGUMENT, "%s: categories names column %lld, which is left out", table->path,
                            (long long)k + 1);
        n_features += set->columns[k].is.use == DG_COLUMN_FEATURE;
    }
    if (!lists)
        return data_no_memory(set->source);
    if (n_features)
        return tell(set, lists);
    const char *why = lists->texts.count ? short_list_text(&lists->texts) : short_list_text(&lists->others);
    return dg_error(DG_BAD_DATA, "%s: the table has no column of features beside the target%s%s%s", table->path,
                    *why                    ? ": left out because they are not categories: "
                    : table->n_columns == 1 ? ": it has one column; separator=… says what stands between columns"
                                            : "",
                    why, *why ? "; categories=[…] or columns=[…] uses them" : "");
}

dg_status columns_plan(data_table *table, const data_reading *reading, dg_data *set)
{
    int64_t n_targets;
    set->n_columns = table->n_columns;
    set->has_names = table->has_names;
    set->fill = data_text(set, reading->options->fill ? reading->options->fill : "mean");
    set->columns = data_alloc(set, (size_t)table->n_columns, sizeof *set->columns);
    if (!set->columns || !set->fill)
        return data_no_memory(set->source);
    for (int64_t k = 0; k < set->n_columns; k++) {
        const char *name = data_text(set, table->columns[k].name);
        if (!name)
            return data_no_memory(set->source);
        set->columns[k].is = (dg_column){.name = name, .first = k, .fill = NAN};
    }
    DG_TRY(take_missing(reading, set));
    DG_TRY(choose_uses(table, reading, set, &n_targets));
    return settle(table, reading, set, n_targets);
}
