/* A table whose columns are known becomes fields: features [rows, F] with NaN where a number is missing, and target. */
#include "columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Work in hand. */
typedef struct making {
    data_table *table;
    const data_reading *reading;
    const int64_t *places; /* of the set's columns in the table; NULL: their own */
    dg_data *set;
    int64_t *order; /* the set's columns of features, in the order of the features */
    int64_t n_features, width;
    int64_t n_targets, *target_columns;
    double *targets; /* [table rows, targets]; NaN: missing */
    bool *keep;      /* of the table's rows */
    int64_t kept;
    bool target_is_whole; /* every target is there */
} making;

static int64_t place_of(const making *m, int64_t column)
{
    return m->places ? m->places[column] : column;
}

static double *number_at(const making *m, int64_t row, int64_t column)
{
    return &m->table->numbers[row * m->table->n_columns + place_of(m, column)];
}

/* Features in their order (columns= may have another than the table), targets in theirs. */
static dg_status lay_out(making *m)
{
    dg_data *set = m->set;
    m->order = data_alloc(set, (size_t)set->n_columns, sizeof *m->order);
    m->target_columns = data_alloc(set, (size_t)set->n_columns, sizeof *m->target_columns);
    int64_t *by_first = data_alloc(set, (size_t)set->n_columns, sizeof *by_first);
    if (!m->order || !m->target_columns || !by_first)
        return data_no_memory(set->source);
    for (int64_t k = 0; !m->reading->like && k < set->n_columns; k++)
        by_first[k] = -1;
    for (int64_t k = 0; k < set->n_columns; k++) {
        dg_column *column = &set->columns[k].is;
        if (column->use == DG_COLUMN_TARGET)
            m->target_columns[column->first] = k;
        m->n_targets += column->use == DG_COLUMN_TARGET;
        if (column->use == DG_COLUMN_FEATURE && !m->reading->like)
            by_first[column->first] = k;
        if (column->use == DG_COLUMN_FEATURE && m->reading->like)
            m->order[m->n_features++] = k; /* `first` is an element already */
    }
    for (int64_t k = 0; !m->reading->like && k < set->n_columns; k++) {
        dg_column *column = by_first[k] < 0 ? NULL : &set->columns[by_first[k]].is;
        if (!column)
            continue;
        m->order[m->n_features++] = by_first[k];
        column->first = m->width;
        column->width = column->n_words ? column->n_words : 1;
        m->width += column->width;
    }
    m->width = m->reading->like ? set->n_features : m->width;
    set->n_features = m->width;
    if (m->width <= m->table->max_columns)
        return dg_ok();
    return dg_error(DG_BAD_DATA,
                    "%s: the columns become %lld feature(s), at most %lld are made: allow them with "
                    "max_columns=…",
                    set->source, (long long)m->width, (long long)m->table->max_columns);
}

static bool is_missing_word(const making *m, const char *text)
{
    return word_is_missing(text, m->set->missing, m->set->n_missing);
}

/* The class of every row; NaN where it is missing, or unknown. */
static dg_status read_classes(making *m, int64_t column)
{
    const dg_column *is = &m->set->columns[column].is;
    word_index index = {0};
    char number[DG_NUMBER_TEXT];
    DG_TRY(word_index_make(is->words, is->n_words, m->set->source, &index));
    for (int64_t row = 0; row < m->table->n_rows; row++) {
        const char *text = data_table_cell(m->table, row, place_of(m, column), number);
        int64_t found = is_missing_word(m, text) ? -1 : word_index_find(&index, text);
        if (found < 0 && !is_missing_word(m, text) && !m->reading->like) {
            word_index_free(&index);
            return data_table_bad_cell(m->table, row, place_of(m, column), "'%.60s' is none of the declared values",
                                       text);
        }
        m->targets[row] = found < 0 ? NAN : (double)found;
    }
    word_index_free(&index);
    return dg_ok();
}

static dg_status read_targets(making *m)
{
    for (int64_t k = 0; k < m->n_targets; k++) {
        int64_t column = m->target_columns[k];
        if (place_of(m, column) < 0)
            m->n_targets = 0;
    }
    if (m->n_targets == 0)
        return dg_ok();
    size_t bytes = (size_t)m->table->n_rows * (size_t)m->n_targets * sizeof(double);
    if (!(m->targets = malloc(bytes + 1)))
        return data_no_memory(m->set->source);
    if (m->set->columns[m->target_columns[0]].is.n_words)
        return read_classes(m, m->target_columns[0]);
    for (int64_t k = 0; k < m->n_targets; k++) {
        if (m->places &&
            column_read_numbers(m->table, place_of(m, m->target_columns[k]), m->set, m->target_columns[k]).code !=
                DG_OK) {
            m->n_targets = 0; /* labels are not needed to predict */
            return data_notice(m->set, "the target is not numbers here: it is not read");
        }
        for (int64_t row = 0; row < m->table->n_rows; row++)
            m->targets[row * m->n_targets + k] = *number_at(m, row, m->target_columns[k]);
    }
    return dg_ok();
}

static bool has_target(const making *m, int64_t row)
{
    for (int64_t k = 0; k < m->n_targets; k++)
        if (isnan(m->targets[row * m->n_targets + k]))
            return false;
    return true;
}

static bool is_complete(const making *m, int64_t row)
{
    char number[DG_NUMBER_TEXT];
    for (int64_t k = 0; k < m->n_features; k++) {
        bool words = m->set->columns[m->order[k]].is.n_words > 0;
        if (words ? is_missing_word(m, data_table_cell(m->table, row, place_of(m, m->order[k]), number))
                  : isnan(*number_at(m, row, m->order[k])))
            return false;
    }
    return true;
}

/* Rows without a target cannot be learned from; rows with a missing cell are left out where fill=drop says so. */
static dg_status choose_rows(making *m)
{
    int64_t rows = m->table->n_rows, no_target = 0, incomplete = 0;
    bool drop = !strcmp(m->set->fill, "drop");
    m->keep = malloc((size_t)rows + 1);
    m->target_is_whole = m->n_targets > 0;
    if (!m->keep)
        return data_no_memory(m->set->source);
    for (int64_t row = 0; row < rows; row++) {
        bool labelled = has_target(m, row), complete = !drop || is_complete(m, row);
        m->target_is_whole = m->target_is_whole && labelled;
        if (m->reading->like && !complete)
            return dg_error(DG_BAD_DATA, "%s:%lld: a cell is missing, and training left such rows out (fill=drop)",
                            m->table->path, (long long)m->table->lines[row]);
        m->keep[row] = m->reading->like || (labelled && complete);
        no_target += !labelled;
        incomplete += labelled && !complete;
        m->kept += m->keep[row];
    }
    if (m->reading->like)
        return m->n_targets > 0 && !m->target_is_whole
                   ? data_notice(m->set, "some rows have no target that training knew: it is not read")
                   : dg_ok();
    m->target_is_whole = m->n_targets > 0;
    if (m->kept == 0)
        return dg_error(DG_BAD_DATA,
                        "%s: no row is complete: use fill=mean, or drop=[…] for columns with many missing "
                        "cells",
                        m->set->source);
    if (no_target)
        DG_TRY(data_notice(m->set, "left out: %lld row(s) without a target", (long long)no_target));
    return incomplete ? data_notice(m->set, "left out: %lld row(s) with missing cells", (long long)incomplete)
                      : dg_ok();
}

static dg_status unknown_word(const making *m, int64_t row, int64_t column, const char *text)
{
    short_list known = {0};
    char label[80];
    const dg_column *is = &m->set->columns[column].is;
    for (int64_t k = 0; k < is->n_words; k++)
        short_list_add(&known, "%s", is->words[k]);
    return data_table_bad_cell(m->table, row, place_of(m, column), "'%.60s' is none of the words of column %s%s: %s",
                               text, column_label(m->set, column, label), m->reading->like ? " in training" : "",
                               short_list_text(&known));
}

/* The columns of 0 and 1 of a column of words; a missing word is none of them. */
static dg_status fill_words(const making *m, int64_t column, double *features, short_list *told)
{
    const dg_column *is = &m->set->columns[column].is;
    word_index index = {0};
    char number[DG_NUMBER_TEXT], label[80];
    int64_t to = 0, missing = 0;
    DG_TRY(word_index_make(is->words, is->n_words, m->set->source, &index));
    for (int64_t row = 0; row < m->table->n_rows; row++) {
        if (!m->keep[row])
            continue;
        const char *text = data_table_cell(m->table, row, place_of(m, column), number);
        int64_t found = is_missing_word(m, text) ? -1 : word_index_find(&index, text);
        if (found < 0 && !is_missing_word(m, text)) {
            word_index_free(&index);
            return unknown_word(m, row, column, text);
        }
        if (found >= 0)
            features[to * m->width + is->first + found] = 1;
        missing += found < 0;
        to++;
    }
    word_index_free(&index);
    if (missing)
        short_list_add(told, "%s (%lld)", column_label(m->set, column, label), (long long)missing);
    return dg_ok();
}

static dg_status keep_lines(const making *m)
{
    int64_t *lines = data_alloc(m->set, (size_t)m->kept + 1, sizeof *lines), to = 0;
    for (int64_t row = 0; lines && row < m->table->n_rows; row++)
        if (m->keep[row])
            lines[to++] = m->table->lines[row];
    m->set->lines = lines;
    return lines ? dg_ok() : data_no_memory(m->set->source);
}

static dg_status fill_features(const making *m, double *features)
{
    short_list told = {0};
    for (int64_t k = 0; k < m->n_features; k++)
        if (m->set->columns[m->order[k]].is.n_words)
            DG_TRY(fill_words(m, m->order[k], features, &told));
    if (told.count)
        DG_TRY(data_notice(m->set, "missing words are none of those known, 0 in all their columns: %s",
                           short_list_text(&told)));
    int64_t to = 0;
    for (int64_t row = 0; row < m->table->n_rows; row++) {
        if (!m->keep[row])
            continue;
        for (int64_t k = 0; k < m->n_features; k++) {
            const dg_column *is = &m->set->columns[m->order[k]].is;
            if (!is->n_words)
                features[to * m->width + is->first] = *number_at(m, row, m->order[k]);
        }
        to++;
    }
    return dg_ok();
}

static dg_status take_target(making *m)
{
    dg_data *set = m->set;
    dg_tensor *target;
    if (!m->target_is_whole)
        return dg_ok();
    dg_shape shape = DG_SHAPE(m->kept, m->n_targets);
    shape.rank = m->n_targets == 1 ? 1 : 2;
    DG_TRY(dg_tensors_add(set->data.fields, "target", DG_FLOAT64, shape, &target));
    int64_t to = 0;
    for (int64_t row = 0; row < m->table->n_rows; row++)
        for (int64_t k = 0; m->keep[row] && k < m->n_targets; k++)
            dg_tensor_set(target, to++, m->targets[row * m->n_targets + k]);
    if (m->reading->like || m->n_targets > 1) /* classes are known, or there are none */
        return dg_ok();
    const dg_column *column = &set->columns[m->target_columns[0]].is;
    if (!column->n_words)
        return data_find_labels(set, target, NULL, false);
    set->classes = column->words;
    set->n_classes = column->n_words;
    set->has_words = true;
    return dg_ok();
}

/* The names that a file gives to the classes 0, 1, … */
static dg_status name_classes(const data_table *table, dg_data *set)
{
    if (!table->classes || set->labels || set->has_words || set->n_classes == 0 || set->n_classes > table->n_classes)
        return dg_ok();
    const char **names = data_alloc(set, (size_t)table->n_classes, sizeof *names);
    for (int64_t k = 0; names && k < table->n_classes; k++)
        if (!(names[k] = data_text(set, table->classes[k])))
            return data_no_memory(set->source);
    set->classes = names;
    set->n_classes = table->n_classes;
    return names ? dg_ok() : data_no_memory(set->source);
}

static dg_status make_fields(making *m)
{
    dg_tensor *features;
    DG_TRY(lay_out(m));
    for (int64_t k = 0; m->places && k < m->n_features; k++)
        if (!m->set->columns[m->order[k]].is.n_words)
            DG_TRY(column_read_numbers(m->table, place_of(m, m->order[k]), m->set, m->order[k]));
    DG_TRY(read_targets(m));
    DG_TRY(choose_rows(m));
    DG_TRY(budget_take(m->reading->budget, m->set->source, (size_t)m->kept * (size_t)(m->width + 1) * sizeof(double)));
    DG_TRY(dg_tensors_add(m->set->data.fields, "features", DG_FLOAT64, DG_SHAPE(m->kept, m->width), &features));
    m->set->count = m->kept;
    if (m->table->text) /* rows of arrays are no lines */
        DG_TRY(keep_lines(m));
    DG_TRY(fill_features(m, features->data));
    DG_TRY(take_target(m));
    return name_classes(m->table, m->set);
}

dg_status features_make(data_table *table, const data_reading *reading, const int64_t *places, dg_data *set)
{
    making m = {.table = table, .reading = reading, .places = places, .set = set};
    dg_status status = make_fields(&m);
    free(m.targets);
    free(m.keep);
    return status;
}

static dg_status read_set(data_table *table, const data_reading *reading, dg_data *set)
{
    int64_t *places = NULL;
    if (table->n_rows == 0)
        return dg_error(DG_BAD_DATA, "%s: there is no row of data", table->path);
    for (int k = 0; k < table->n_notes; k++)
        DG_TRY(data_notice(set, "%s", table->notes[k]));
    DG_TRY(data_table_name_apart(table, set));
    if (!reading->like || reading->like->n_columns == 0) {
        DG_TRY(columns_plan(table, reading, set));
        data_reading plain = *reading;
        plain.like = NULL;
        return features_make(table, &plain, NULL, set);
    }
    places = data_alloc(set, (size_t)reading->like->n_columns, sizeof *places);
    if (!places)
        return data_no_memory(set->source);
    DG_TRY(schema_match(table, reading, set, places));
    return features_make(table, reading, places, set);
}

dg_status data_table_to_set(data_table *table, const data_reading *reading, dg_data **made)
{
    dg_data *set;
    *made = NULL;
    DG_TRY(data_set_new(table->path, &set));
    dg_status status = read_set(table, reading, set);
    if (status.code == DG_OK)
        *made = set;
    else
        dg_data_free(set);
    return status;
}
