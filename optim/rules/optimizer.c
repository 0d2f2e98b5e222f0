/* Optimiser calls: reading, checking and printing them, and the table of rules. */
#include "core/base/descriptors.h"
#include "core/value/value.h"
#include "lines.h"
#include "rules.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* ---- the table ---- */

/* Lines in the call itself. */
static const dg_rule text_rule = {
    .name = "rule",
    .summary = "your own lines: rule('m = 0.9*m + g; p = p - lr*m', lr=0.01)",
    .lr = 1e-3,
    .lines = "",
};

#define SHIPPED(name) extern const dg_rule name##_rule;
#include "optim/rules/optimizers/shipped.h"
#undef SHIPPED
#define SHIPPED(name) &name##_rule,
static const void *const shipped[] = {
#include "optim/rules/optimizers/shipped.h"
    &text_rule, NULL};

static descriptors table = {.what = "optimizer", .shipped = shipped, .lock = PTHREAD_MUTEX_INITIALIZER};

const dg_rule *dg_rule_at(size_t index)
{
    return descriptors_at(&table, index);
}

const dg_rule *dg_rule_find(const char *name)
{
    return name ? descriptors_find(&table, name) : NULL;
}

const char *dg_optimizer_name_at(size_t index)
{
    const dg_rule *rule = dg_rule_at(index);
    return rule ? rule->name : NULL;
}

static dg_status check_rule(dg_arena *arena, const dg_rule *rule)
{
    dg_binding hypers[DG_MAX_HYPER];
    rule_text lines;
    dg_optimizer optimizer = {.rule = rule};
    if (!rule->summary)
        return dg_error(DG_BAD_ARGUMENT, "it has no summary");
    if (!(rule->lr > 0 && rule->lr < INFINITY))
        return dg_error(DG_BAD_ARGUMENT, "its lr, the default of calls, is %g, expected a number above 0", rule->lr);
    if (!rule->lines + !rule->emit + !rule->drive != 2)
        return dg_error(DG_BAD_ARGUMENT, "it must have one of lines, emit and drive");
    int width = 0;
    for (int i = 0; rule->arguments[i].name; i++)
        width += dg_argument_width(&rule->arguments[i]);
    if (width > DG_MAX_HYPER)
        return dg_error(DG_BAD_ARGUMENT, "it has more than %d hyper-parameters", DG_MAX_HYPER);
    if (!rule->lines)
        return dg_ok();
    int n = rule_bind(&optimizer, hypers);
    DG_TRY(lines_parse(arena, rule->lines, &lines));
    return lines_check(arena, &lines, hypers, n);
}

dg_status dg_register_rule(const dg_rule *rule)
{
    dg_arena *arena = NULL;
    if (!rule)
        return dg_error(DG_BAD_ARGUMENT, "no optimizer to register");
    DG_TRY(dg_arena_new(&arena));
    static const char *const symbols[] = {"p", "g", "s", "t", "lr", NULL};
    dg_status status = dg_prefixed(check_rule(arena, rule), "optimizer '%s'", rule->name ? rule->name : "");
    if (status.code == DG_OK && rule->name)
        status = arguments_check(table.what, rule->name, rule->arguments, DG_MAX_HYPER, symbols);
    dg_arena_free(arena);
    return status.code == DG_OK ? descriptors_add(&table, rule) : status;
}

/* ---- hyper-parameters ---- */

bool rule_has_own_lines(const dg_optimizer *optimizer)
{
    return optimizer->rule == &text_rule;
}

int rule_bind(const dg_optimizer *optimizer, dg_binding bindings[DG_MAX_HYPER])
{
    int n = 0;
    if (rule_has_own_lines(optimizer))
        for (; n < DG_MAX_HYPER && optimizer->names[n][0]; n++)
            bindings[n] = (dg_binding){optimizer->names[n], optimizer->hyper[n]};
    else
        for (int i = 0; optimizer->rule->arguments[i].name; i++)
            for (int k = 0; k < dg_argument_width(&optimizer->rule->arguments[i]) && n < DG_MAX_HYPER; k++, n++)
                bindings[n] = (dg_binding){dg_argument_symbol(&optimizer->rule->arguments[i], k), optimizer->hyper[n]};
    return n;
}

double dg_optimizer_hyper(const dg_optimizer *optimizer, const char *name)
{
    if (!optimizer || !name)
        return NAN;
    dg_binding bindings[DG_MAX_HYPER];
    int n = optimizer->rule ? rule_bind(optimizer, bindings) : 0;
    for (int i = 0; i < n; i++)
        if (strcmp(bindings[i].name, name) == 0)
            return bindings[i].value;
    return NAN;
}

const char *dg_optimizer_name(const dg_optimizer *optimizer)
{
    if (!optimizer)
        return NULL;
    return optimizer->rule ? optimizer->rule->name : "";
}

/* ---- reading ---- */

/* The arguments of the call: lr, then the rule's own. */
static void list_arguments(const dg_rule *rule, dg_argument arguments[DG_MAX_HYPER + 2])
{
    arguments[0] = (dg_argument){.name = "lr", .range = DG_ARGUMENT_POSITIVE, .fallback = {rule->lr}};
    memcpy(arguments + 1, rule->arguments, sizeof rule->arguments);
}

static dg_status parse_call(dg_arena *arena, const dg_rule *rule, const dg_value *call, dg_optimizer *optimizer)
{
    dg_argument arguments[DG_MAX_HYPER + 2];
    double values[DG_MAX_HYPER + 1] = {0};
    list_arguments(rule, arguments);
    DG_TRY(dg_arguments_read(arena, rule->name, call, arguments, values, NULL));
    optimizer->rule = rule;
    optimizer->lr = values[0];
    memcpy(optimizer->hyper, values + 1, sizeof optimizer->hyper);
    return rule->check ? dg_prefixed(rule->check(optimizer->hyper), "%s", rule->name) : dg_ok();
}

static dg_status check_name(const char *name)
{
    static const char *const taken[] = {"p", "g", "s", "t", "pi", "e", "inf", "nan", "true", "false", "none"};
    size_t length = strlen(name);
    bool good = length && length < DG_RULE_NAME && (isalpha((unsigned char)name[0]) || name[0] == '_');
    for (size_t i = 0; good && i < length; i++)
        good = isalnum((unsigned char)name[i]) || name[i] == '_';
    for (size_t i = 0; good && i < sizeof taken / sizeof *taken; i++)
        good = strcmp(name, taken[i]) != 0;
    return good ? dg_ok()
                : dg_error(DG_BAD_ARGUMENT,
                           "rule: '%.40s' cannot name a hyper-parameter (at most %d letters; p, g, s and "
                           "t have their meanings)",
                           name, DG_RULE_NAME - 1);
}

/* One keyword of rule(…). */
static dg_status take_keyword(const dg_value *item, dg_optimizer *optimizer, int *n)
{
    double value = item->kind == DG_VALUE_BOOL ? item->b : NAN;
    if (item->kind != DG_VALUE_BOOL && !dg_value_number(item, &value))
        return dg_error(DG_BAD_ARGUMENT,
                        "rule: %s needs a number, true or false; lines stand in quotes: rule('p = p - lr*g', lr=0.1)",
                        item->key);
    if (!isfinite(value))
        return dg_error(DG_BAD_ARGUMENT, "rule: %s is %g, expected a finite number", item->key, value);
    if (strcmp(item->key, "lr") == 0) {
        optimizer->lr = value;
        return value > 0 ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "rule: lr is %g, expected a number above 0", value);
    }
    DG_TRY(check_name(item->key));
    if (*n == DG_MAX_HYPER)
        return dg_error(DG_BAD_ARGUMENT, "rule: more than %d hyper-parameters", DG_MAX_HYPER);
    strcpy(optimizer->names[*n], item->key);
    optimizer->hyper[(*n)++] = value;
    return dg_ok();
}

static dg_status parse_text(dg_arena *arena, const dg_value *call, dg_optimizer *optimizer)
{
    dg_binding bindings[DG_MAX_HYPER];
    rule_text lines;
    const char *text = NULL;
    int n = 0;
    optimizer->lr = text_rule.lr;
    for (size_t i = 0; i < call->count; i++) {
        const dg_value *item = &call->items[i];
        bool is_text = item->kind == DG_VALUE_STRING || item->kind == DG_VALUE_TEXT;
        if (!item->key && i == 0 && is_text)
            text = item->s;
        else if (!item->key)
            return dg_error(DG_BAD_ARGUMENT, "rule: needs the lines in quotes, then keywords: "
                                             "rule('p = p - lr*g', lr=0.1)");
        for (size_t k = 0; item->key && k < i; k++)
            if (call->items[k].key && strcmp(call->items[k].key, item->key) == 0)
                return dg_error(DG_BAD_ARGUMENT, "rule: %s is given twice", item->key);
        if (item->key)
            DG_TRY(take_keyword(item, optimizer, &n));
    }
    if (!text)
        return dg_error(DG_BAD_ARGUMENT, "rule: needs the lines in quotes: rule('p = p - lr*g', lr=0.1)");
    if (strlen(text) >= sizeof optimizer->lines)
        return dg_error(DG_BAD_ARGUMENT, "rule: the text has %zu byte(s), %d at most", strlen(text), DG_RULE_TEXT - 1);
    strcpy(optimizer->lines, text);
    optimizer->rule = &text_rule;
    int n_bindings = rule_bind(optimizer, bindings);
    DG_TRY(dg_prefixed(lines_parse(arena, optimizer->lines, &lines), "rule"));
    for (int i = 0; i < n; i++)
        if (!lines_read(&lines, optimizer->names[i]))
            return dg_error(DG_BAD_ARGUMENT, "rule: no line reads %s", optimizer->names[i]);
    return dg_prefixed(lines_check(arena, &lines, bindings, n_bindings), "rule");
}

static dg_status parse(dg_arena *arena, const char *text, dg_optimizer *optimizer)
{
    dg_value call;
    DG_TRY(dg_call_parse(arena, text, &call));
    const dg_rule *rule = dg_rule_find(call.s);
    if (!rule)
        return descriptors_unknown(&table, call.s);
    return rule == &text_rule ? parse_text(arena, &call, optimizer) : parse_call(arena, rule, &call, optimizer);
}

dg_status dg_optimizer_parse(const char *text, dg_optimizer *optimizer)
{
    if (!optimizer)
        return dg_error(DG_BAD_ARGUMENT, "optimizer: the place for the result is NULL");
    *optimizer = (dg_optimizer){0};
    if (!text)
        return dg_error(DG_BAD_ARGUMENT, "optimizer: the text is NULL");
    dg_arena *arena = NULL;
    DG_TRY(dg_arena_new(&arena));
    dg_status status = dg_prefixed(parse(arena, text, optimizer), "optimizer");
    if (status.code != DG_OK)
        *optimizer = (dg_optimizer){0};
    dg_arena_free(arena);
    return status;
}

/* ---- printing ---- */

static void print_text(const dg_optimizer *optimizer, char *text, size_t size)
{
    char number[DG_NUMBER_TEXT];
    size_t used = dg_text_append(text, size, 0, "rule('%s', lr=%s", optimizer->lines,
                                 dg_number_print(optimizer->lr, DG_FLOAT64, number));
    for (int i = 0; i < DG_MAX_HYPER && optimizer->names[i][0]; i++)
        used = dg_text_append(text, size, used, ", %s=%s", optimizer->names[i],
                              dg_number_print(optimizer->hyper[i], DG_FLOAT64, number));
    dg_text_append(text, size, used, ")");
}

char *dg_optimizer_print(const dg_optimizer *optimizer, char *text, size_t size)
{
    if (!text)
        return NULL;
    if (size)
        text[0] = '\0';
    if (!optimizer || !optimizer->rule)
        return text;
    if (rule_has_own_lines(optimizer)) {
        print_text(optimizer, text, size);
        return text;
    }
    dg_argument arguments[DG_MAX_HYPER + 2];
    double values[DG_MAX_HYPER + 1];
    list_arguments(optimizer->rule, arguments);
    values[0] = optimizer->lr;
    memcpy(values + 1, optimizer->hyper, sizeof optimizer->hyper);
    size_t used = dg_text_append(text, size, 0, "%s(", optimizer->rule->name);
    used = dg_arguments_print(arguments, values, text, size, used);
    dg_text_append(text, size, used, ")");
    return text;
}
