/* What stored parameters are kept for: the state of an optimiser is that of the parameters which it steps. */
#include "graph.h"

#include <stdio.h>
#include <string.h>

enum { KEY_SIZE = 160 };

/* Notes of a set of tensors have the purpose of each group in it. */
static const char *key_of(const char *group, char key[KEY_SIZE])
{
    snprintf(key, KEY_SIZE, "dotgrad.kept_for.%s", group);
    return key;
}

const char *purpose_in(const dg_tensors *set, const char *group)
{
    char key[KEY_SIZE];
    return dg_tensors_note(set, key_of(group, key));
}

bool purpose_fits(const dg_tensors *set, const dg_node *parameter)
{
    const char *there = set && parameter->purpose ? purpose_in(set, parameter->purpose->group) : NULL;
    return !there || strcmp(there, parameter->purpose->text) == 0;
}

dg_status purpose_check(const dg_tensors *set, const dg_node *parameter)
{
    if (purpose_fits(set, parameter))
        return dg_ok();
    const char *there = purpose_in(set, parameter->purpose->group), *here = parameter->purpose->text;
    return dg_error(DG_BAD_ARGUMENT,
                    "what is stored under this name is of %.*s, and this graph's is of %.*s: two optimizers with one "
                    "dg_tensors need names of their own (.name), or each a dg_tensors of its own",
                    (int)strcspn(there, "[") - 1, there, (int)strcspn(here, "[") - 1, here);
}

dg_status purpose_keep(dg_tensors *set, const dg_node *parameter)
{
    char key[KEY_SIZE];
    if (!parameter->purpose)
        return dg_ok();
    const char *there = purpose_in(set, parameter->purpose->group);
    return there && strcmp(there, parameter->purpose->text) == 0
               ? dg_ok()
               : dg_tensors_set_note(set, key_of(parameter->purpose->group, key), parameter->purpose->text);
}
