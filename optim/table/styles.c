/* In which style the numbers of a column are written: 1,204.50 or 1.204,50, or true and false. A column that can be
 * read in one way is read so; where there are two, the other columns of the table decide, or the option does. */
#include "columns.h"

#include <math.h>
#include <string.h>

/* How the words of a column can be read. */
typedef struct reading_count {
    int64_t all, grouped, comma, either, boolean;
    const table_word *not_grouped, *not_comma; /* the first of each; NULL: none */
    const table_word *ambiguous;               /* the first that is two different numbers */
    double as_grouped, as_comma;               /* these */
} reading_count;

static void count_readings(const data_table *table, const dg_data *set, int64_t place, reading_count *count)
{
    const table_column *column = &table->columns[place];
    *count = (reading_count){0};
    for (int64_t k = 0; k < column->n_words; k++) {
        const table_word *word = &column->words[k];
        double grouped, comma, truth;
        if (word_is_missing(word->text, set->missing, set->n_missing))
            continue;
        bool is_grouped = decimal_read_as(NUMBER_GROUPED, word->text, &grouped);
        bool is_comma = decimal_read_as(NUMBER_COMMA, word->text, &comma);
        count->all++;
        count->grouped += is_grouped;
        count->comma += is_comma;
        count->either += is_grouped || is_comma;
        count->boolean += decimal_read_as(NUMBER_BOOL, word->text, &truth);
        if (!is_grouped && !count->not_grouped)
            count->not_grouped = word;
        if (!is_comma && !count->not_comma)
            count->not_comma = word;
        if (is_grouped && is_comma && grouped != comma && !count->ambiguous) {
            count->ambiguous = word;
            count->as_grouped = grouped;
            count->as_comma = comma;
        }
    }
}

/* What the columns that can be read in one way alone say of the others; NUMBER_PLAIN: nothing, or both. */
static number_style find_evidence(const data_table *table, const dg_data *set)
{
    bool points = false, commas = false;
    for (int64_t k = 0; k < table->n_columns; k++) {
        reading_count count;
        count_readings(table, set, k, &count);
        bool is_number = count.all == count.either && (count.all > 0 || table->columns[k].first_point >= 0);
        points |= is_number && (table->columns[k].first_point >= 0 || count.not_comma);
        commas |= is_number && count.not_grouped;
    }
    return points == commas ? NUMBER_PLAIN : points ? NUMBER_GROUPED : NUMBER_COMMA;
}

static dg_status is_mixed(const data_table *table, int64_t place, const table_word *comma, int64_t point_row)
{
    return data_table_bad_cell(table, comma->row, place,
                               "'%.60s' has a decimal comma, but line %lld has a decimal point: use decimal=',' or "
                               "decimal='.' for the one that is right, and mend the other",
                               comma->text, (long long)table->lines[point_row]);
}

/* Both readings are possible and differ. */
static dg_status choose_by_others(data_table *table, const dg_data *set, int64_t place, const reading_count *count,
                                  number_style *style)
{
    if (!table->has_evidence)
        table->evidence = find_evidence(table, set);
    table->has_evidence = true;
    *style = table->columns[place].first_point >= 0 ? NUMBER_GROUPED : table->evidence;
    if (*style != NUMBER_PLAIN)
        return dg_ok();
    return data_table_bad_cell(
        table, count->ambiguous->row, place,
        "'%.60s' may be %.10g or %.10g: use decimal='.' for the first, decimal=',' for the second",
        count->ambiguous->text, count->as_grouped, count->as_comma);
}

dg_status column_find_style(data_table *table, const data_reading *reading, const dg_data *set, int64_t place,
                            const column_words *words, column_style *found)
{
    const char *decimal = reading->options->decimal;
    int64_t point = table->columns[place].first_point;
    reading_count count;
    count_readings(table, set, place, &count);
    bool grouped = count.grouped == count.all && !(decimal && *decimal == ',');
    bool comma = count.comma == count.all && point < 0 && !(decimal && *decimal == '.');
    bool may_comma = !decimal || *decimal == ',', may_group = !decimal || *decimal == '.';
    bool by_comma = may_comma && (!may_group || count.comma > count.grouped);
    *found = (column_style){.n_read = by_comma ? count.comma : count.grouped,
                            .bad = by_comma ? count.not_comma : count.not_grouped};
    found->is_found = count.all > 0;
    if (count.all == 0)
        return dg_ok();
    if (count.boolean == count.all && words->n_numbers == 0)
        found->style = NUMBER_BOOL;
    else if (grouped && comma && count.ambiguous)
        return choose_by_others(table, set, place, &count, &found->style);
    else if (grouped)
        found->style = NUMBER_GROUPED;
    else if (comma)
        found->style = NUMBER_COMMA;
    else if (!decimal && count.comma == count.all && point >= 0)
        return is_mixed(table, place, count.not_grouped ? count.not_grouped : words->first, point);
    else if (!decimal && count.either == count.all)
        return is_mixed(table, place, count.not_grouped, count.not_comma->row);
    else
        found->is_found = false;
    return dg_ok();
}
