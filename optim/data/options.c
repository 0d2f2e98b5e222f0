/* What stands in the brackets of a specification: one table of options. */
#include "set.h"

#include <dotgrad/near.h>

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef enum option_form { WORD, FRACTION, AMOUNT, COUNT, WHETHER, LIST } option_form;

static const struct option_rule {
    dg_data_option is;
    unsigned kinds; /* 0: all sets */
    option_form form;
    size_t place;      /* in data_options */
    const char *words; /* the allowed ones, each between blanks; NULL: any */
} rules[] = {
#define AT(member) offsetof(data_options, member)
    {{"scale", "all", "unit: to [0, 1]; standard: mean 0, deviation 1; none (as said above of each; else none)"},
     0,
     WORD,
     AT(scale),
     " unit standard none "},
    {{"test", "all", "the part of the rows that is kept for testing, drawn by the seed (0.25; of text the last 0.1)"},
     0,
     FRACTION,
     AT(test),
     NULL},
    {{"target", "tables", "the column or columns with the target, by name or number; none (the last)"},
     SETS_TABLE,
     LIST,
     AT(target),
     NULL},
    {{"drop", "tables", "columns that are left out: drop=[id, date]"}, SETS_TABLE, LIST, AT(drop), NULL},
    {{"columns", "tables", "the columns that are features, in this order (all)"}, SETS_TABLE, LIST, AT(columns), NULL},
    {{"categories", "tables", "columns that are words, whatever is in them: one feature for each word"},
     SETS_TABLE,
     LIST,
     AT(categories),
     NULL},
    {{"missing", "tables", "markers of missing cells, beside empty cells, ?, NA, NaN, null: missing=['-', -999]"},
     SETS_TABLE,
     LIST,
     AT(missing),
     NULL},
    {{"fill", "tables",
      "what stands for missing numbers: mean, median or a number; drop: such rows are left out (mean)"},
     SETS_TABLE,
     WORD,
     AT(fill),
     NULL},
    {{"header", "text", "true: the first line names the columns; false: it does not (found out)"},
     SETS_TEXT,
     WHETHER,
     AT(header),
     NULL},
    {{"separator", "text", "what stands between cells: one character, tab or blank (found out)"},
     SETS_TEXT,
     WORD,
     AT(separator),
     NULL},
    {{"decimal", "text", "',': numbers are written 1.234,5; '.': 1,234.5 (found out, where it can be)"},
     SETS_TEXT,
     WORD,
     AT(decimal),
     " . , "},
    {{"comment", "text", "lines that begin with one of these characters are skipped (#%)"},
     SETS_TEXT,
     WORD,
     AT(comment),
     NULL},
    {{"skip", "text", "so many lines at the beginning are skipped"}, SETS_TEXT, COUNT, AT(skip), NULL},
    {{"encoding", "text", "of text that is not UTF-8: latin1, utf-16, … (all that iconv knows)"},
     SETS_TEXT | SETS_SEQUENCE,
     WORD,
     AT(encoding),
     NULL},
    {{"split", "folders", "which of several sets in the folder: split=letters"}, SETS_FOLDER, WORD, AT(split), NULL},
    {{"length", "text(…)", "characters of a row (64)"}, SETS_SEQUENCE, COUNT, AT(length), NULL},
    {{"stride", "text(…)", "characters from the beginning of one row to that of the next (length)"},
     SETS_SEQUENCE,
     COUNT,
     AT(stride),
     NULL},
    {{"n", "made sets, text(…)", "how many rows; of text for training, at places drawn by the seed"},
     SETS_MADE | SETS_SEQUENCE,
     COUNT,
     AT(n),
     NULL},
    {{"noise", "made sets", "the deviation of the noise"}, SETS_MADE, AMOUNT, AT(noise), NULL},
    {{"max_columns", "tables", "the most columns that are read (100000)"}, SETS_TABLE, COUNT, AT(max_columns), NULL},
    {{"max_bytes", "files",
      "the most bytes that are read, uncompressed (2 GiB; of a compressed file, 100 times its size)"},
     SETS_FILE | SETS_SEQUENCE,
     COUNT,
     AT(max_bytes),
     NULL},
#undef AT
};
#define N_RULES (sizeof rules / sizeof rules[0])

const dg_data_option *dg_data_option_at(size_t index)
{
    return index < N_RULES ? &rules[index].is : NULL;
}

static dg_status wants(const char *name, const struct option_rule *rule, const char *what)
{
    return dg_error(DG_BAD_ARGUMENT, "data %s: %s needs %s", name, rule->is.name, what);
}

static dg_status take_word(const char *name, const struct option_rule *rule, const dg_value *value, const char **word)
{
    char between[64];
    bool is_text = value->kind == DG_VALUE_NAME || value->kind == DG_VALUE_STRING || value->kind == DG_VALUE_TEXT;
    if (value->kind == DG_VALUE_NONE && rule->words)
        *word = "none";
    else if (is_text)
        *word = value->s;
    else if (value->source && value->kind != DG_VALUE_LIST && value->kind != DG_VALUE_CALL)
        *word = value->source; /* fill=0 */
    else
        return wants(name, rule, "a word");
    if (!rule->words)
        return dg_ok();
    int length = snprintf(between, sizeof between, " %s ", *word);
    if (length > 0 && length < (int)sizeof between && **word && strstr(rule->words, between))
        return dg_ok();
    return dg_error(DG_BAD_ARGUMENT, "data %s: %s=%.60s: expected one of%.*s", name, rule->is.name, *word,
                    (int)strlen(rule->words) - 1, rule->words);
}

static dg_status take(const char *name, const struct option_rule *rule, const dg_value *value, char *place)
{
    double number = 0;
    bool is_number = dg_value_number(value, &number);
    switch (rule->form) {
    case WORD:
        return take_word(name, rule, value, (const char **)(void *)place);
    case FRACTION:
        if (!is_number || !(number >= 0 && number < 1))
            return wants(name, rule, "a fraction of the rows, at least 0 and below 1");
        memcpy(place, &number, sizeof number);
        return dg_ok();
    case AMOUNT:
        if (!is_number || !(number >= 0 && number < INFINITY))
            return wants(name, rule, "a number, at least 0");
        memcpy(place, &number, sizeof number);
        return dg_ok();
    case COUNT:
        if (!is_number || number != floor(number) || !(number >= 1 && number < 9e15))
            return wants(name, rule, "a whole number, at least 1");
        memcpy(place, &(int64_t){(int64_t)number}, sizeof(int64_t));
        return dg_ok();
    case WHETHER:
        if (value->kind != DG_VALUE_BOOL)
            return wants(name, rule, "true or false");
        memcpy(place, &(int64_t){value->b}, sizeof(int64_t));
        return dg_ok();
    case LIST:
        break;
    }
    memcpy(place, &value, sizeof value);
    return dg_ok();
}

static const char *option_name(const void *kinds, size_t index)
{
    const unsigned *wanted = kinds;
    if (index >= N_RULES)
        return NULL;
    return !rules[index].kinds || rules[index].kinds & *wanted ? rules[index].is.name : "";
}

static dg_status no_such_option(const char *name, const char *key, unsigned kinds)
{
    char known[400] = "";
    size_t length = 0;
    for (size_t k = 0; k < N_RULES; k++)
        if (!rules[k].kinds || rules[k].kinds & kinds)
            length +=
                (size_t)snprintf(known + length, sizeof known - length, "%s%s", length ? ", " : "", rules[k].is.name);
    const char *near = dg_name_nearest(key, option_name, &kinds);
    return dg_error(DG_BAD_ARGUMENT, "data %s: there is no option '%s' here%s%s%s: %s", name, key,
                    near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "", known);
}

static dg_status check_fill(const char *name, const data_options *options)
{
    double number;
    const char *fill = options->fill;
    if (!fill || !strcmp(fill, "mean") || !strcmp(fill, "median") || !strcmp(fill, "drop") ||
        decimal_read(fill, &number))
        return dg_ok();
    return dg_error(DG_BAD_ARGUMENT, "data %s: fill=%.60s: expected mean, median, drop or a number", name, fill);
}

dg_status options_read(const char *name, const dg_value *call, size_t first, unsigned kinds, bool fields,
                       data_options *options)
{
    *options = (data_options){.test = DATA_NOT_GIVEN, .noise = DATA_NOT_GIVEN, .header = DATA_NOT_GIVEN};
    bool given[N_RULES] = {false};
    for (size_t k = first; k < call->count; k++) {
        const dg_value *item = &call->items[k];
        const struct option_rule *rule = rules;
        if (!item->key)
            return dg_error(DG_BAD_ARGUMENT, "data %s: options are written NAME=VALUE", name);
        while (rule < rules + N_RULES &&
               (strcmp(rule->is.name, item->key) != 0 || (rule->kinds && !(rule->kinds & kinds))))
            rule++;
        if (rule == rules + N_RULES && fields && item->kind == DG_VALUE_LIST)
            continue;
        if (rule == rules + N_RULES)
            return no_such_option(name, item->key, kinds);
        if (given[rule - rules])
            return dg_error(DG_BAD_ARGUMENT, "data %s: %s is given twice", name, item->key);
        given[rule - rules] = true;
        DG_TRY(take(name, rule, item, (char *)options + rule->place));
    }
    return check_fill(name, options);
}
