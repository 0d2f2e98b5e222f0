/* Words of cells: found again by their text, listed in sentences, collected from a column. */
#include "columns.h"

#include "core/base/plain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_word(const void *a, const void *b)
{
    return strcmp(((const struct word_place *)a)->word, ((const struct word_place *)b)->word);
}

/* Equal ones in the order of their places. */
static int by_word_and_place(const void *a, const void *b)
{
    int64_t first = ((const struct word_place *)a)->place, second = ((const struct word_place *)b)->place;
    int order = by_word(a, b);
    return order ? order : (first > second) - (first < second);
}

dg_status word_index_make(const char *const *words, int64_t count, const char *source, word_index *index)
{
    index->count = count;
    index->sorted = malloc((size_t)(count + 1) * sizeof *index->sorted);
    if (!index->sorted)
        return data_no_memory(source);
    for (int64_t k = 0; k < count; k++)
        index->sorted[k] = (struct word_place){words[k], k};
    qsort(index->sorted, (size_t)count, sizeof *index->sorted, by_word_and_place);
    return dg_ok();
}

void word_index_free(word_index *index)
{
    free(index->sorted);
    *index = (word_index){0};
}

int64_t word_index_find(const word_index *index, const char *word)
{
    const struct word_place key = {word, 0};
    const struct word_place *found =
        index->count ? bsearch(&key, index->sorted, (size_t)index->count, sizeof key, by_word) : NULL;
    return found ? found->place : -1;
}

void short_list_add(short_list *list, const char *format, ...)
{
    va_list arguments;
    size_t room = sizeof list->text - list->length;
    char *at = list->text + list->length;
    int separator = list->count++ ? snprintf(at, room, ", ") : 0;
    va_start(arguments, format);
    int length = plain_print_list(at + separator, room - (size_t)separator, format, arguments);
    va_end(arguments);
    if (length < 0 || list->left_out || (size_t)(separator + length) + 40 > room) {
        *at = '\0';
        list->left_out++;
    } else {
        list->length += (size_t)(separator + length);
    }
}

const char *short_list_text(short_list *list)
{
    if (list->left_out)
        snprintf(list->text + list->length, sizeof list->text - list->length, ", … (%lld more)",
                 (long long)list->left_out);
    return list->text;
}

const char *column_label(const dg_data *set, int64_t index, char text[80])
{
    if (*set->columns[index].is.name)
        snprintf(text, 80, "'%.70s'", set->columns[index].is.name);
    else
        snprintf(text, 80, "%lld", (long long)index + 1);
    return text;
}

/* ---- the words of a column ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Adds the numbers of a column of words, printed. */
static dg_status add_numbers(const data_table *table, dg_data *set, int64_t place, const char **texts, int64_t *count)
{
    double *numbers = malloc((size_t)(table->n_rows + 1) * sizeof *numbers);
    int64_t n = 0;
    if (!numbers)
        return data_no_memory(table->path);
    for (int64_t row = 0; row < table->n_rows; row++)
        if (!isnan(table->numbers[row * table->n_columns + place]))
            numbers[n++] = table->numbers[row * table->n_columns + place];
    qsort(numbers, (size_t)n, sizeof *numbers, by_number);
    dg_status status = dg_ok();
    for (int64_t k = 0; k < n && status.code == DG_OK; k++) {
        char text[DG_NUMBER_TEXT];
        if (k > 0 && numbers[k] == numbers[k - 1])
            continue;
        if (!(texts[(*count)++] = data_text(set, dg_number_print(numbers[k], DG_FLOAT64, text))))
            status = data_no_memory(table->path);
    }
    free(numbers);
    return status;
}

dg_status column_collect(const data_table *table, dg_data *set, int64_t place, column_words *words)
{
    const table_column *column = &table->columns[place];
    size_t size = (size_t)(words->n_words + words->n_numbers + 1);
    const char **texts = malloc(size * sizeof *texts);
    int64_t count = 0, different = 0;
    if (!texts)
        return data_no_memory(table->path);
    for (int64_t k = 0; k < column->n_words; k++)
        if (!word_is_missing(column->words[k].text, set->missing, set->n_missing))
            texts[count++] = column->words[k].text;
    dg_status status = words->n_numbers ? add_numbers(table, set, place, texts, &count) : dg_ok();
    if (status.code == DG_OK && words->n_words)
        qsort(texts, (size_t)count, sizeof *texts, by_text);
    for (int64_t k = 0; status.code == DG_OK && k < count; k++)
        if (different == 0 || strcmp(texts[different - 1], texts[k]) != 0)
            texts[different++] = texts[k];
    words->different = status.code == DG_OK ? data_alloc(set, (size_t)different + 1, sizeof *texts) : NULL;
    words->n_different = different;
    for (int64_t k = 0; words->different && k < different && status.code == DG_OK; k++)
        if (!(words->different[k] = data_text(set, texts[k])))
            status = data_no_memory(table->path);
    free(texts);
    return status.code == DG_OK && !words->different ? data_no_memory(table->path) : status;
}

void column_look(const data_table *table, const dg_data *set, int64_t place, column_words *words)
{
    const table_column *column = &table->columns[place];
    *words = (column_words){.all_dates = true};
    words->n_numbers = table->n_rows - column->n_words;
    for (int64_t row = 0; set->n_missing && row < table->n_rows; row++) /* some have been removed */
        words->n_numbers -= isnan(table->numbers[row * table->n_columns + place]) != 0;
    words->n_numbers += set->n_missing ? column->n_words : 0;
    for (int64_t k = 0; k < column->n_words; k++) {
        const table_word *word = &column->words[k];
        if (word_is_missing(word->text, set->missing, set->n_missing))
            continue;
        words->first = words->first ? words->first : word;
        words->n_words++;
        words->all_dates = words->all_dates && text_is_date(word->text);
    }
    words->all_dates = words->all_dates && words->n_words > 0 && words->n_numbers == 0;
}
