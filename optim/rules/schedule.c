/* Schedule calls: reading, checking and printing them, their table, and where in training they are asked. */
#include "schedule.h"

#include "core/base/descriptors.h"
#include "core/value/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

#define SHIPPED(name) extern const dg_schedule_rule name##_schedule;
#include "optim/rules/schedules/shipped.h"
#undef SHIPPED
#define SHIPPED(name) &name##_schedule,
static const void *const shipped[] = {
#include "optim/rules/schedules/shipped.h"
    NULL};

static descriptors table = {.what = "schedule", .shipped = shipped, .lock = PTHREAD_MUTEX_INITIALIZER};

const dg_schedule_rule *dg_schedule_rule_at(size_t index)
{
    return descriptors_at(&table, index);
}

const char *dg_schedule_name_at(size_t index)
{
    const dg_schedule_rule *rule = dg_schedule_rule_at(index);
    return rule ? rule->name : NULL;
}

dg_status dg_register_schedule(const dg_schedule_rule *rule)
{
    if (!rule)
        return dg_error(DG_BAD_ARGUMENT, "no schedule to register");
    if (!rule->summary || !rule->rate)
        return dg_error(DG_BAD_ARGUMENT, "schedule '%s' has no summary or no rate", rule->name ? rule->name : "");
    static const char *const none[] = {NULL}, *const shared[] = {"warmup", "per", NULL};
    if (rule->name)
        DG_TRY(arguments_check(table.what, rule->name, rule->arguments, DG_MOST_ARGUMENTS - 2,
                               rule->composite ? none : shared));
    return descriptors_add(&table, rule);
}

/* ---- reading ---- */

/* The rule's arguments, then those that all but composite ones take. Returns how many are the rule's own. */
static int list_arguments(const dg_schedule_rule *rule, dg_argument arguments[DG_MOST_ARGUMENTS + 1])
{
    int n = 0;
    while (n < DG_MOST_ARGUMENTS - 2 && rule->arguments[n].name) {
        arguments[n] = rule->arguments[n];
        n++;
    }
    arguments[n] = (dg_argument){.name = "warmup", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {0}};
    arguments[n + 1] = (dg_argument){.name = "per", .range = DG_ARGUMENT_CHOICE, .choices = "epoch|step"};
    arguments[n + 2] = (dg_argument){0};
    if (rule->composite)
        arguments[n] = (dg_argument){0};
    return n;
}

static dg_status inside_of(dg_schedule *schedule)
{
    if (schedule->inside)
        return dg_ok();
    schedule->inside = calloc(1, sizeof *schedule->inside);
    if (!schedule->inside)
        return dg_no_memory("a schedule");
    return dg_arena_new(&schedule->inside->arena);
}

static dg_status take_numbers(schedule_list *list, dg_arena *arena, const dg_value *value)
{
    list->count = value->kind == DG_VALUE_LIST ? (int)value->count : 1;
    list->numbers = dg_arena_alloc(arena, ((size_t)list->count + 1) * sizeof(double));
    if (!list->numbers)
        return dg_no_memory("a schedule");
    for (int i = 0; i < list->count; i++)
        if (!dg_value_number(value->kind == DG_VALUE_LIST ? &value->items[i] : value, &list->numbers[i]) ||
            !(list->numbers[i] > (i ? list->numbers[i - 1] : 0)) || !isfinite(list->numbers[i]))
            return dg_error(DG_BAD_ARGUMENT, "%s needs numbers above 0 that rise", list->argument);
    return dg_ok();
}

static const char *const formula_names[] = {"t", "epoch", "steps", "epochs", "lr"};
enum { N_FORMULA_NAMES = sizeof formula_names / sizeof *formula_names };

static dg_status take_formula(struct dg_schedule_inside *inside, schedule_list *list, const char *text)
{
    const dg_formula *formula;
    if (!inside->pool)
        DG_TRY(dg_formulas_new(&inside->pool));
    DG_TRY(dg_prefixed(dg_formula_parse(inside->pool, text, NULL, 0, formula_names, N_FORMULA_NAMES, &formula),
                       "the formula (of t, epoch, steps, epochs, lr)"));
    inside->reads_end = inside->reads_end || dg_formula_uses(formula, 2) || dg_formula_uses(formula, 3);
    inside->reads_rate = inside->reads_rate || dg_formula_uses(formula, 4);
    return dg_program_make(inside->arena, formula, DG_FLOAT64, &list->formula);
}

static dg_status parse(dg_arena *arena, const char *text, dg_schedule *schedule);

static dg_status take_inner(struct dg_schedule_inside *inside, const dg_value *value)
{
    inside->inner = dg_arena_alloc(inside->arena, value->count * sizeof *inside->inner + 1);
    inside->inner_text = dg_value_print(inside->arena, value);
    if (!inside->inner || !inside->inner_text)
        return dg_no_memory("a schedule");
    for (size_t i = 0; i < value->count; i++) {
        dg_value bare = value->items[i];
        bare.key = NULL;
        const char *text =
            bare.kind == DG_VALUE_STRING || bare.kind == DG_VALUE_TEXT ? bare.s : dg_value_print(inside->arena, &bare);
        if (!text)
            return dg_no_memory("a schedule");
        inside->n_inner++;
        DG_TRY(parse(inside->arena, text, &inside->inner[i]));
        if (inside->inner[i].rule->follows_losses || inside->inner[i].rule->composite)
            return dg_error(DG_BAD_ARGUMENT, "%s cannot be a part of another schedule", inside->inner[i].rule->name);
    }
    return value->count ? dg_ok() : dg_error(DG_BAD_ARGUMENT, "needs a list of schedules");
}

/* An argument that is no plain number. */
static dg_status take_value(dg_schedule *schedule, const dg_argument *argument, const dg_value *value)
{
    DG_TRY(inside_of(schedule));
    struct dg_schedule_inside *inside = schedule->inside;
    if (strcmp(argument->name, "schedules") == 0)
        return value->kind == DG_VALUE_LIST ? take_inner(inside, value)
                                            : dg_error(DG_BAD_ARGUMENT, "schedules needs a list of schedules");
    dg_value bare = *value;
    bare.key = NULL;
    schedule_list *list = &inside->lists[inside->n_lists++];
    list->argument = argument->name;
    list->text = dg_value_print(inside->arena, &bare);
    if (!list->text)
        return dg_no_memory("a schedule");
    bool is_formula = strcmp(argument->name, "formula") == 0;
    if (is_formula && (bare.kind == DG_VALUE_LIST || bare.kind == DG_VALUE_BOOL))
        return dg_error(DG_BAD_ARGUMENT, "%s is %s, expected a formula in quotes: '0.9^t'", argument->name, list->text);
    if (bare.kind == DG_VALUE_LIST || strcmp(argument->name, "milestones") == 0)
        return take_numbers(list, inside->arena, &bare);
    bool quoted = bare.kind == DG_VALUE_STRING || bare.kind == DG_VALUE_TEXT;
    return take_formula(inside, list, quoted ? bare.s : list->text);
}

static dg_status parse_call(dg_arena *arena, const dg_schedule_rule *rule, const dg_value *call, dg_schedule *schedule)
{
    dg_argument arguments[DG_MOST_ARGUMENTS + 1];
    double values[DG_MOST_ARGUMENTS * DG_ARGUMENT_WIDTH];
    const dg_value *given[DG_MOST_ARGUMENTS] = {NULL};
    int n = list_arguments(rule, arguments);
    DG_TRY(dg_arguments_read(arena, rule->name, call, arguments, values, given));
    schedule->rule = rule;
    memcpy(schedule->values, values, (size_t)n * sizeof *values);
    if (!rule->composite) {
        schedule->warmup = values[n];
        schedule->per_step = values[n + 1] != 0;
    }
    for (int k = 0; k < n; k++)
        if (given[k] && arguments[k].range == DG_ARGUMENT_VALUE)
            DG_TRY(dg_prefixed(take_value(schedule, &arguments[k], given[k]), "%s", rule->name));
    return rule->check ? dg_prefixed(rule->check(schedule), "%s", rule->name) : dg_ok();
}

/* A call of a known schedule, or a formula. */
static dg_status parse(dg_arena *arena, const char *text, dg_schedule *schedule)
{
    dg_value call;
    dg_status status = dg_call_parse(arena, text, &call);
    if (status.code == DG_NO_MEMORY)
        return status;
    const dg_schedule_rule *rule = status.code == DG_OK ? descriptors_find(&table, call.s) : NULL;
    if (rule)
        return parse_call(arena, rule, &call, schedule);
    const dg_value item = {.kind = DG_VALUE_STRING, .s = text};
    const dg_value formula = {.kind = DG_VALUE_CALL, .s = "formula", .count = 1, .items = &item};
    const dg_status as_formula =
        text[0] ? parse_call(arena, descriptors_find(&table, "formula"), &formula, schedule) : status;
    if (as_formula.code == DG_OK)
        return as_formula;
    return status.code == DG_OK ? descriptors_unknown(&table, call.s) : as_formula;
}

dg_status dg_schedule_parse(const char *text, dg_schedule *schedule)
{
    if (!schedule)
        return dg_error(DG_BAD_ARGUMENT, "schedule: the place for the result is NULL");
    *schedule = (dg_schedule){0};
    if (!text)
        return dg_error(DG_BAD_ARGUMENT, "schedule: the text is NULL");
    dg_arena *arena = NULL;
    DG_TRY(dg_arena_new(&arena));
    dg_status status = dg_prefixed(parse(arena, text, schedule), "schedule");
    dg_arena_free(arena);
    if (status.code != DG_OK)
        dg_schedule_release(schedule);
    return status;
}

void dg_schedule_release(dg_schedule *schedule)
{
    if (!schedule)
        return;
    struct dg_schedule_inside *inside = schedule->inside;
    for (int i = 0; inside && i < inside->n_inner; i++)
        dg_schedule_release(&inside->inner[i]);
    if (inside) {
        dg_formulas_free(inside->pool);
        dg_arena_free(inside->arena);
    }
    free(inside);
    *schedule = (dg_schedule){0};
}

/* ---- printing ---- */

static size_t print_inside(const dg_schedule *schedule, const char *argument, char *text, size_t size, size_t used)
{
    const struct dg_schedule_inside *inside = schedule->inside;
    const char *separator = used && text[used - 1] != '(' ? ", " : "";
    for (int i = 0; inside && i < inside->n_lists; i++)
        if (strcmp(inside->lists[i].argument, argument) == 0)
            return dg_text_append(text, size, used, "%s%s=%s", separator, argument, inside->lists[i].text);
    if (inside && inside->inner_text && strcmp(argument, "schedules") == 0)
        return dg_text_append(text, size, used, "%s%s=%s", separator, argument, inside->inner_text);
    return used;
}

char *dg_schedule_print(const dg_schedule *schedule, char *text, size_t size)
{
    if (!text)
        return NULL;
    if (size)
        text[0] = '\0';
    const dg_schedule_rule *rule = schedule ? schedule->rule : NULL;
    if (!rule)
        return text;
    dg_argument arguments[DG_MOST_ARGUMENTS + 1];
    int n = list_arguments(rule, arguments);
    size_t used = dg_text_append(text, size, 0, "%s(", rule->name);
    for (int k = 0; arguments[k].name; k++) {
        const dg_argument one[2] = {arguments[k], {0}};
        double value = k < n ? schedule->values[k] : k == n ? schedule->warmup : schedule->per_step;
        bool absent = k < n && isnan(value);
        if (k < n && arguments[k].range == DG_ARGUMENT_VALUE)
            used = print_inside(schedule, arguments[k].name, text, size, used);
        else if (!absent)
            used = dg_arguments_print(one, &value, text, size,
                                      used && text[used - 1] != '(' ? dg_text_append(text, size, used, ", ") : used);
    }
    dg_text_append(text, size, used, ")");
    return text;
}

/* ---- asking ---- */

static dg_schedule_point point_of(const dg_schedule *schedule, double base, uint64_t step, uint64_t steps_per_epoch,
                                  uint64_t epochs)
{
    dg_schedule_point at = {.base = base, .step = step, .epochs = epochs, .steps_per_epoch = steps_per_epoch};
    at.steps = epochs * steps_per_epoch;
    at.unit = schedule->per_step ? 1 : (double)(steps_per_epoch ? steps_per_epoch : 1);
    double warmup = round(schedule->warmup * at.unit); /* in steps */
    at.t = ((double)step - warmup) / at.unit;
    at.whole = ((double)at.steps - warmup) / at.unit;
    return at;
}

double dg_schedule_follow(const dg_schedule *schedule, double base, uint64_t step, uint64_t steps_per_epoch,
                          uint64_t epochs, int n_losses, const double *losses, double *momentum)
{
    if (momentum)
        *momentum = NAN;
    if (!schedule)
        return 0;
    dg_schedule_point at = point_of(schedule, base, step, steps_per_epoch, epochs);
    double warmup = round(schedule->warmup * at.unit);
    at.n_losses = losses ? n_losses : 0;
    at.losses = losses;
    if (!schedule->rule)
        return base;
    if (at.t < 0 && warmup > 0) {
        dg_schedule_point first = at;
        first.t = 0;
        if (momentum && schedule->rule->momentum)
            *momentum = schedule->rule->momentum(schedule, &first);
        return base * ((double)step + 1) / warmup;
    }
    if (momentum && schedule->rule->momentum)
        *momentum = schedule->rule->momentum(schedule, &at);
    return schedule->rule->rate(schedule, &at);
}

double dg_schedule_rate(const dg_schedule *schedule, double base, uint64_t step, uint64_t steps_per_epoch,
                        uint64_t epochs)
{
    return dg_schedule_follow(schedule, base, step, steps_per_epoch, epochs, 0, NULL, NULL);
}

bool dg_schedule_moves_momentum(const dg_schedule *schedule)
{
    double momentum = NAN;
    dg_schedule_follow(schedule, 1, 0, 1, 1, 0, NULL, &momentum);
    return !isnan(momentum);
}

bool dg_schedule_knows_the_end(const dg_schedule *schedule)
{
    for (uint64_t step = 0; step < 64; step++) {
        double here = dg_schedule_rate(schedule, 1, step, 1, 64), there = dg_schedule_rate(schedule, 1, step, 1, 128);
        if (here != there && !(isnan(here) && isnan(there)))
            return true;
    }
    return false;
}

int dg_schedule_list(const dg_schedule *schedule, const char *argument, const double **numbers)
{
    if (!numbers)
        return 0;
    *numbers = NULL;
    if (!schedule || !argument)
        return 0;
    for (int i = 0; schedule->inside && i < schedule->inside->n_lists; i++)
        if (strcmp(schedule->inside->lists[i].argument, argument) == 0) {
            *numbers = schedule->inside->lists[i].numbers;
            return schedule->inside->lists[i].count;
        }
    return 0;
}

double dg_schedule_formula(const dg_schedule *schedule, const char *argument, const dg_schedule_point *at)
{
    if (!schedule || !argument || !at)
        return NAN;
    const struct dg_schedule_inside *inside = schedule->inside;
    double steps = at->t * at->unit, per_epoch = (double)(at->steps_per_epoch ? at->steps_per_epoch : 1);
    double inputs[N_FORMULA_NAMES] = {steps, floor(steps / per_epoch + 1e-9), at->whole * at->unit,
                                      at->whole * at->unit / per_epoch, at->base};
    dg_operand operands[N_FORMULA_NAMES];
    const dg_shape one = dg_scalar();
    double value = NAN;
    for (int i = 0; i < N_FORMULA_NAMES; i++)
        operands[i] = (dg_operand){.dtype = DG_FLOAT64, .data = &inputs[i]};
    for (int i = 0; inside && i < inside->n_lists; i++)
        if (strcmp(inside->lists[i].argument, argument) == 0 && inside->lists[i].formula)
            dg_program_run(inside->lists[i].formula, &one, operands, DG_FLOAT64, &value, 0, 1);
    return value;
}

double schedule_inner(const dg_schedule *schedule, int k, const dg_schedule_point *at, double skip)
{
    const dg_schedule *inner = &schedule->inside->inner[k];
    double done = round((at->t - skip) * at->unit), left = round((at->whole - skip) * at->unit);
    uint64_t per_epoch = at->steps_per_epoch ? at->steps_per_epoch : 1;
    return dg_schedule_rate(inner, at->base, done > 0 ? (uint64_t)done : 0, per_epoch,
                            left > 0 ? (uint64_t)(left / (double)per_epoch) : 0);
}
