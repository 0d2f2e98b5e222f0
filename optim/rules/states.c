/* Whose an optimiser's states are: those of one optimiser, for the parameters that it steps. */
#include "rules.h"

#include "core/graph/graph.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "adam of 'a' and 1 more [c0ffee]"; the order of the parameters does not matter. */
static const char *print_purpose(const dg_optimizer *optimizer, const dg_optimizer_step *step)
{
    char text[700], more[40] = "";
    uint64_t sum = rule_has_own_lines(optimizer) ? hash_text(optimizer->lines) : 0;
    for (int i = 0; i < step->count; i++)
        sum += hash_text(dg_node_name(step->parameters[i]));
    if (step->count > 1)
        snprintf(more, sizeof more, " and %d more", step->count - 1);
    int length = snprintf(text, sizeof text, "%s of %s%.500s%s%s [%" PRIx64 "]", dg_optimizer_name(optimizer),
                          step->count ? "'" : "nothing", step->count ? dg_node_name(step->parameters[0]) : "",
                          step->count ? "'" : "", more, sum);
    return dg_arena_text(dg_graph_arena(step->graph), text, (size_t)length);
}

/* What has the group already, in the graph or among stored tensors, whatever its states are called; NULL: nothing else
 * than this purpose. */
static const char *other_purpose(const dg_optimizer_step *step, const purpose *wanted)
{
    for (int64_t id = 0; id < dg_graph_node_count(step->graph); id++) {
        const purpose *has = dg_graph_node(step->graph, id)->purpose;
        if (has && strcmp(has->group, wanted->group) == 0 && strcmp(has->text, wanted->text) != 0)
            return has->text;
    }
    const char *there = step->states ? purpose_in(step->states, wanted->group) : NULL;
    return there && strcmp(there, wanted->text) != 0 ? there : NULL;
}

static dg_status choose_by_name(const dg_optimizer_step *step, purpose *made)
{
    char group[STATES_GROUP];
    int length = snprintf(group, sizeof group, "optimizer/%s/", step->name);
    if (length >= (int)sizeof group || strchr(step->name, '/'))
        return dg_error(DG_BAD_ARGUMENT, "optimizer: '%.60s' is not a name for an optimizer (at most 60 letters, no /)",
                        step->name);
    made->group = dg_arena_text(dg_graph_arena(step->graph), group, strlen(group));
    if (!made->group)
        return dg_no_memory("an optimizer's step");
    const char *other = other_purpose(step, made);
    return other ? dg_error(DG_BAD_ARGUMENT,
                            "optimizer '%s' is %.*s already, and here it would be %.*s: give one of them another name",
                            step->name, (int)strcspn(other, "[") - 1, other, (int)strcspn(made->text, "[") - 1,
                            made->text)
                 : dg_ok();
}

/* The group of that number: true where nothing else has it, and, with `there`, its stored states are for this. */
static bool try_number(const dg_optimizer_step *step, int64_t number, bool there, purpose *made,
                       char group[STATES_GROUP])
{
    snprintf(group, STATES_GROUP, number > 1 ? "optimizer/%lld/" : "optimizer/", (long long)number);
    made->group = group;
    return !other_purpose(step, made) && (!there || purpose_in(step->states, group));
}

dg_status states_choose(const dg_optimizer *optimizer, const dg_optimizer_step *step, const purpose **chosen)
{
    purpose *made = dg_arena_alloc(dg_graph_arena(step->graph), sizeof *made);
    if (!made || !(made->text = print_purpose(optimizer, step)))
        return dg_no_memory("an optimizer's step");
    *chosen = made;
    if (step->name && step->name[0])
        return choose_by_name(step, made);
    char group[STATES_GROUP];
    int64_t number = 1, noted = step->states ? (int64_t)dg_tensors_note_count(step->states) : 0;
    while (number <= noted && !try_number(step, number, true, made, group))
        number++;
    if (number > noted)
        for (number = 1; !try_number(step, number, false, made, group);)
            number++;
    made->group = dg_arena_text(dg_graph_arena(step->graph), group, strlen(group));
    return made->group ? dg_ok() : dg_no_memory("an optimizer's step");
}
