/* libsvm's sparse rows, "LABEL INDEX:VALUE INDEX:VALUE …" with indices from 1, the target in the last column
 * (https://www.csie.ntu.edu.tw/~cjlin/libsvm/). */
#include "readers.h"

#include "core/base/plain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum pair_kind { PAIR, LINE_END, NO_PAIR } pair_kind;

/* The next "INDEX:VALUE" of a line, without "qid:"; *at goes behind it. */
static pair_kind take_pair(const char **at, long long *index, double *value)
{
    char *end;
    *at += strspn(*at, " \t\r");
    if (!strncmp(*at, "qid:", 4)) {
        *at += strcspn(*at, " \t\r\n");
        *at += strspn(*at, " \t\r");
    }
    if (**at == '\n' || **at == '\0' || **at == '#')
        return LINE_END;
    *index = strtoll(*at, &end, 10);
    if (end == *at || *end != ':' || *index < 0 || !end[1] || strchr(" \t\r\n", end[1]))
        return NO_PAIR;
    const char *number = end + 1;
    *value = plain_number(number, &end);
    if (end == number || !isfinite(*value) || !(*end == '\0' || strchr(" \t\r\n", *end)))
        return NO_PAIR;
    *at = end;
    return PAIR;
}

static const char *next_line(const char *at, const char *end)
{
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    return line_end ? line_end + 1 : end;
}

static bool is_empty(const char *at)
{
    at += strspn(at, " \t\r");
    return *at == '\n' || *at == '\0' || *at == '#';
}

static bool take_label(const char **at, double *label)
{
    char *end;
    *at += strspn(*at, " \t");
    *label = plain_number(*at, &end);
    bool is_fine = end != *at && isfinite(*label) && (*end == '\0' || strchr(" \t\r\n", *end));
    *at = end;
    return is_fine;
}

static bool libsvm_recognises(const char *text, size_t size)
{
    const char *end = text + size;
    while (text < end && is_empty(text))
        text = next_line(text, end);
    double label, value;
    long long index = 0;
    return text < end && take_label(&text, &label) && take_pair(&text, &index, &value) == PAIR;
}

/* The greatest index, with every line looked at. */
static dg_status measure(const data_table *table, const char *text, const char *end, long long *greatest,
                         bool *from_zero)
{
    long long number = 1;
    *greatest = 0;
    *from_zero = false;
    for (; text < end; text = next_line(text, end), number++) {
        double label, value;
        long long index, last = -1;
        const char *at = text;
        if (is_empty(text))
            continue;
        if (!take_label(&at, &label))
            return dg_error(DG_BAD_DATA, "%s:%lld: the line begins with no number, the label", table->path, number);
        for (;;) {
            pair_kind kind = take_pair(&at, &index, &value);
            if (kind == NO_PAIR)
                return dg_error(DG_BAD_DATA, "%s:%lld: '%.*s' is not INDEX:VALUE", table->path, number,
                                (int)strcspn(at, " \t\r\n"), at);
            if (kind == LINE_END)
                break;
            *from_zero = *from_zero || index == 0;
            if (index <= last)
                return dg_error(DG_BAD_DATA, "%s:%lld: index %lld does not come after index %lld", table->path, number,
                                index, last);
            last = index;
            *greatest = index > *greatest ? index : *greatest;
        }
    }
    return dg_ok();
}

static dg_status take_rows(data_table *table, const char *text, const char *end, bool from_zero)
{
    long long number = 1;
    for (; text < end; text = next_line(text, end), number++) {
        double label, value = 0;
        const char *at = text;
        if (is_empty(text))
            continue;
        DG_TRY(data_table_add_row(table, number));
        take_label(&at, &label);
        for (int64_t k = 0; k + 1 < table->n_columns; k++)
            data_table_put_number(table, k, 0);
        data_table_put_number(table, table->n_columns - 1, label);
        for (long long index = 0; take_pair(&at, &index, &value) == PAIR;)
            if (index - !from_zero < table->n_columns - 1)
                data_table_put_number(table, index - !from_zero, value);
    }
    return dg_ok();
}

dg_status libsvm_parse(data_table *table, const data_reading *reading, char *text, size_t size)
{
    long long greatest;
    bool from_zero;
    DG_TRY(measure(table, text, text + size, &greatest, &from_zero));
    if (greatest > INT32_MAX - 2)
        return dg_error(DG_BAD_DATA, "%s: there is a feature %lld, at most %d columns are read", table->path, greatest,
                        INT32_MAX - 1);
    int64_t width = greatest + from_zero;
    if (reading->like && reading->like->n_columns > 1) { /* zeros at the end are not written */
        int64_t wanted = reading->like->n_columns - 1;
        if (width > wanted)
            return dg_error(DG_BAD_DATA, "%s: there is a feature %lld, training had %lld", table->path, greatest,
                            (long long)wanted);
        width = wanted;
    }
    if (width == 0)
        return dg_error(DG_BAD_DATA, "%s: there is no INDEX:VALUE in it", table->path);
    DG_TRY(data_table_set_columns(table, width + 1));
    if (strstr(text, " qid:"))
        DG_TRY(data_table_tell(table, "qid: the groups of rows are not read: every row counts for itself"));
    return take_rows(table, text, text + size, from_zero);
}

static const dg_data_format formats[] = {
    {"libsvm", ".libsvm .svm .svmlight", "standard", 0.25, "sparse rows, LABEL INDEX:VALUE …"},
};

const data_reader libsvm_reader = {.formats = formats,
                                   .n_formats = 1,
                                   .kinds = SETS_TABLE | SETS_TEXT | SETS_FILE,
                                   .parse = libsvm_parse,
                                   .recognises = libsvm_recognises};
