/* Learning rates over the course of training, in closed form. */
#include <dotgrad/optim.h>

#include "call.h"

#include <math.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* the table leaves out what is NULL or 0 */

#define WARMUP_AND_UNIT                                                                                                \
    {"warmup", CALL_NOT_NEGATIVE, {0}},                                                                                \
    {                                                                                                                  \
        "per", CALL_CHOICE, {0}, .choices = "epoch|step"                                                               \
    }

typedef struct schedule_rule {
    const char *name;
    call_arg args[5];
} schedule_rule;

static const schedule_rule rules[] = {
    [DG_SCHEDULE_CONSTANT] = {"constant", {WARMUP_AND_UNIT}},
    [DG_SCHEDULE_STEP] = {"step", {{"step_size", CALL_COUNT, {30}}, {"gamma", CALL_POSITIVE, {0.1}}, WARMUP_AND_UNIT}},
    [DG_SCHEDULE_EXPONENTIAL] = {"exponential", {{"gamma", CALL_POSITIVE, {0.95}}, WARMUP_AND_UNIT}},
    [DG_SCHEDULE_COSINE] = {"cosine",
                            {{"t_max", CALL_POSITIVE, {0}}, {"eta_min", CALL_NOT_NEGATIVE, {0}}, WARMUP_AND_UNIT}},
};
#define N_RULES (sizeof rules / sizeof rules[0])

const char *dg_schedule_known(size_t index)
{
    return index < N_RULES ? rules[index].name : NULL;
}

/* Where each argument is kept; `per` apart. */
static double *field_of(dg_schedule *schedule, const char *name)
{
    const struct {
        const char *name;
        double *field;
    } fields[] = {{"step_size", &schedule->step_size},
                  {"gamma", &schedule->gamma},
                  {"t_max", &schedule->t_max},
                  {"eta_min", &schedule->eta_min},
                  {"warmup", &schedule->warmup}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].field;
    return NULL;
}

static dg_status parse(dg_arena *arena, const char *text, dg_schedule *schedule)
{
    dg_value call;
    DG_TRY(dg_call_parse(arena, text, &call));
    for (size_t i = 0; i < N_RULES; i++) {
        if (strcmp(rules[i].name, call.s) != 0)
            continue;
        double values[5] = {0};
        DG_TRY(call_read(arena, call.s, &call, rules[i].args, values));
        schedule->kind = (dg_schedule_kind)i;
        for (int k = 0; rules[i].args[k].name; k++) {
            double *field = field_of(schedule, rules[i].args[k].name);
            if (field)
                *field = values[k];
            else
                schedule->per_step = values[k] != 0;
        }
        return dg_ok();
    }
    char known[200] = "";
    size_t used = 0;
    for (size_t i = 0; i < N_RULES; i++)
        used = text_append(known, sizeof known, used, "%s%s", i ? ", " : "", rules[i].name);
    return dg_error(DG_BAD_ARGUMENT, "unknown schedule '%s'; there are %s", call.s, known);
}

dg_status dg_schedule_parse(const char *text, dg_schedule *schedule)
{
    *schedule = (dg_schedule){0};
    dg_arena *arena = NULL;
    DG_TRY(dg_arena_new(&arena));
    dg_status status = dg_prefixed(parse(arena, text, schedule), "schedule");
    dg_arena_free(arena);
    return status;
}

char *dg_schedule_print(const dg_schedule *schedule, char *text, size_t size)
{
    const schedule_rule *rule = &rules[schedule->kind];
    dg_schedule copy = *schedule;
    call_arg args[sizeof rule->args / sizeof rule->args[0] + 1] = {{NULL}};
    double values[5];
    int n = 0;
    for (int k = 0; rule->args[k].name; k++) {
        const double *field = field_of(&copy, rule->args[k].name);
        if (field == &copy.t_max && *field <= 0)
            continue; /* none: the whole run */
        args[n] = rule->args[k];
        values[n++] = field ? *field : copy.per_step;
    }
    size_t used = text_append(text, size, 0, "%s(", rule->name);
    used = call_print(args, values, text, size, used);
    text_append(text, size, used, ")");
    return text;
}

double dg_schedule_rate(const dg_schedule *schedule, double base, uint64_t step, uint64_t steps_per_epoch,
                        uint64_t epochs)
{
    double unit = schedule->per_step ? 1 : (double)(steps_per_epoch ? steps_per_epoch : 1);
    double warmup = round(schedule->warmup * unit); /* in steps */
    if ((double)step < warmup)
        return base * ((double)step + 1) / warmup;
    double t = ((double)step - warmup) / unit;
    switch (schedule->kind) {
    case DG_SCHEDULE_STEP:
        return base * pow(schedule->gamma, floor(floor(t) / schedule->step_size));
    case DG_SCHEDULE_EXPONENTIAL:
        return base * pow(schedule->gamma, floor(t));
    case DG_SCHEDULE_COSINE: {
        double whole = ((double)epochs * (double)steps_per_epoch - warmup) / unit;
        double t_max = schedule->t_max > 0 ? schedule->t_max : whole;
        double done = t_max > 0 ? fmin(t / t_max, 1) : 1;
        return schedule->eta_min + (base - schedule->eta_min) * (1 + cos(M_PI * done)) / 2;
    }
    case DG_SCHEDULE_CONSTANT:
        break;
    }
    return base;
}
