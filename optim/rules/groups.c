/* Groups of parameters by their names: rates, decay, ranges of their own, and those that are not trained. */
#include "core/base/null.h"
#include "rules.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A glob pattern over names; without * and ? it is the name of a parameter, or of the module or layer it belongs to. */
static bool name_fits(const char *name, const char *pattern)
{
    size_t length = strlen(pattern);
    if (strpbrk(pattern, "*?["))
        return fnmatch(pattern, name, 0) == 0;
    return strncmp(name, pattern, length) == 0 && (name[length] == '\0' || name[length] == '.');
}

bool dg_name_matches(const char *name, const char *patterns)
{
    if (!name || !patterns)
        return false;
    char one[256];
    for (const char *at = patterns; *at;) {
        size_t skip = strspn(at, ", "), length = strcspn(at + skip, ", ");
        if (length > 0 && length < sizeof one) {
            memcpy(one, at + skip, length);
            one[length] = '\0';
            if (name_fits(name, one))
                return true;
        }
        at += skip + length;
    }
    return false;
}

bool node_matches(const dg_node *node, const char *patterns)
{
    const char *own = dg_node_name((dg_node *)(uintptr_t)node);
    char name[512], longer[512];
    if (dg_name_matches(own, patterns))
        return true;
    int length = snprintf(name, sizeof name, "%s", own);
    for (const dg_module *at = dg_node_module(node); at && length < (int)sizeof name; at = at->parent) {
        const char *whole = at->name, *outer = at->parent ? at->parent->name : "";
        size_t skip = strlen(outer);
        if (!*whole || *dg_module_prefix(at) || (strncmp(own, whole, strlen(whole)) == 0 && own[strlen(whole)] == '.'))
            continue; /* no name, or the node has it */
        whole += skip && strncmp(whole, outer, skip) == 0 && whole[skip] == '.' ? skip + 1 : 0;
        length = snprintf(longer, sizeof longer, "%s.%s", whole, name);
        if (length < (int)sizeof longer && dg_name_matches(longer, patterns))
            return true;
        memcpy(name, longer, sizeof name);
    }
    return false;
}

enum { LR, DECAY, FREEZE, POSITIVE, MIN, MAX };
static const dg_argument arguments[] = {
    {.name = "pattern", .range = DG_ARGUMENT_VALUE, .required = true},
    {.name = "lr", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {NAN}},
    {.name = "decay", .range = DG_ARGUMENT_NOT_NEGATIVE, .fallback = {NAN}},
    {.name = "freeze", .range = DG_ARGUMENT_FLAG, .fallback = {0}},
    {.name = "positive", .range = DG_ARGUMENT_FLAG, .fallback = {0}},
    {.name = "min", .range = DG_ARGUMENT_FINITE, .fallback = {NAN}},
    {.name = "max", .range = DG_ARGUMENT_FINITE, .fallback = {NAN}},
    {.name = NULL},
};

static dg_status take_group(dg_arena *arena, const dg_value *call, dg_group *group)
{
    double numbers[7];
    const dg_value *given[7];
    if (call->kind != DG_VALUE_CALL || strcmp(call->s, "group") != 0)
        return dg_error(DG_BAD_ARGUMENT, "groups: %s, expected a list of group('hidden.*', lr=0.1, decay=0)",
                        dg_value_print(arena, call));
    DG_TRY(dg_arguments_read(arena, "groups: group", call, arguments, numbers, given));
    if (given[0]->kind != DG_VALUE_STRING && given[0]->kind != DG_VALUE_NAME && given[0]->kind != DG_VALUE_TEXT)
        return dg_error(DG_BAD_ARGUMENT,
                        "groups: the pattern is %s, expected names in quotes: group('hidden.*', lr=0.1)",
                        dg_value_print(arena, given[0]));
    const double *values = numbers + 1;
    *group = (dg_group){.pattern = given[0]->s,
                        .freeze = values[FREEZE] != 0,
                        .has_range = given[1 + POSITIVE] || given[1 + MIN] || given[1 + MAX],
                        .settings = {.lr = values[LR],
                                     .decay = values[DECAY],
                                     .range = {.positive = values[POSITIVE] != 0,
                                               .min = isnan(values[MIN]) ? -INFINITY : values[MIN],
                                               .max = isnan(values[MAX]) ? INFINITY : values[MAX]}}};
    const dg_range *range = &group->settings.range;
    if (range->min > range->max || (range->positive && range->max <= 0))
        return dg_error(DG_BAD_ARGUMENT, "groups: '%s': no number is %sfrom %g to %g", group->pattern,
                        range->positive ? "positive and " : "", range->min, range->max);
    return dg_ok();
}

static dg_status parse(dg_groups *groups, const char *text, const char *freeze)
{
    dg_value list = {0};
    dg_arena *arena = groups->arena;
    if (text && text[0])
        DG_TRY(dg_prefixed(dg_value_parse(arena, text, &list), "groups"));
    const dg_value *items = list.kind == DG_VALUE_LIST ? list.items : &list;
    size_t count = list.kind == DG_VALUE_LIST ? list.count : list.kind != DG_VALUE_NONE;
    groups->at = dg_arena_alloc(arena, (count + 1) * sizeof *groups->at);
    const char *copy = freeze ? dg_arena_text(arena, freeze, strlen(freeze)) : NULL;
    if (!groups->at || (freeze && !copy))
        return dg_no_memory("%zu groups", count);
    if (copy && strspn(copy, ", ") < strlen(copy))
        groups->at[groups->count++] = (dg_group){.pattern = copy, .freeze = true};
    for (size_t i = 0; i < count; i++)
        DG_TRY(take_group(arena, &items[i], &groups->at[groups->count++]));
    return dg_ok();
}

dg_status dg_groups_parse(const char *text, const char *freeze, dg_groups *groups)
{
    REFUSE_NULL(groups);
    *groups = (dg_groups){0};
    DG_TRY(dg_arena_new(&groups->arena));
    dg_status status = parse(groups, text, freeze);
    if (status.code != DG_OK)
        dg_groups_release(groups);
    return status;
}

void dg_groups_release(dg_groups *groups)
{
    if (!groups)
        return;
    dg_arena_free(groups->arena);
    *groups = (dg_groups){0};
}

const dg_group *dg_groups_find(const dg_groups *groups, const char *name)
{
    for (int i = 0; groups && name && i < groups->count; i++)
        if (dg_name_matches(name, groups->at[i].pattern))
            return &groups->at[i];
    return NULL;
}

const dg_group *groups_find(const dg_groups *groups, const dg_node *parameter)
{
    for (int i = 0; groups && i < groups->count; i++)
        if (node_matches(parameter, groups->at[i].pattern))
            return &groups->at[i];
    return NULL;
}

/* To freeze what no loss reaches, behind a detach, is to ask for what is so already. */
static bool is_frozen_already(const dg_group *group, dg_graph *graph)
{
    for (int64_t id = 0; group->freeze && id < dg_graph_node_count(graph); id++) {
        dg_node *node = dg_graph_node(graph, id);
        if (dg_node_op(node)->role == DG_ROLE_PARAMETER && node_matches(node, group->pattern))
            return true;
    }
    return false;
}

/* Each pattern must fit a parameter, or it is misspelt. */
dg_status dg_groups_check(const dg_groups *groups, dg_node *const *parameters, int count)
{
    if (count < 0 || (count && !parameters))
        return dg_error(DG_BAD_ARGUMENT, "the list of %d parameters is NULL", count);
    for (int i = 0; groups && i < groups->count; i++) {
        bool fits = false;
        for (int k = 0; k < count && !fits; k++)
            fits = node_matches(parameters[k], groups->at[i].pattern);
        if (!fits && !(count && is_frozen_already(&groups->at[i], dg_node_graph(parameters[0]))))
            return dg_error(DG_BAD_ARGUMENT, "%s '%s' fits no trainable parameter (there are %s, …)",
                            groups->at[i].freeze ? "freeze:" : "groups:", groups->at[i].pattern,
                            count ? dg_node_name(parameters[0]) : "none");
    }
    return dg_ok();
}

dg_status dg_groups_apply(const dg_groups *groups, dg_node **parameters, int *count, dg_parameter_settings *settings)
{
    int n = 0;
    REFUSE_NULL(parameters);
    REFUSE_NULL(count);
    REFUSE_NULL(settings);
    for (int k = 0; k < *count; k++) {
        const dg_group *group = groups_find(groups, parameters[k]);
        if (group && group->freeze)
            continue;
        settings[n] = group ? group->settings : (dg_parameter_settings){.lr = NAN, .decay = NAN};
        if (!group || !group->has_range)
            settings[n].range = dg_parameter_range(parameters[k]);
        parameters[n++] = parameters[k];
    }
    if (*count && !n)
        return dg_error(DG_BAD_ARGUMENT, "all %d parameters are frozen: nothing is left to train", *count);
    *count = n;
    return dg_ok();
}
