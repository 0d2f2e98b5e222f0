/* Which attribute of an op each value of an application is for: by name, or by its place. */
#include "graph.h"

#include <stdio.h>
#include <string.h>

/* Whether a value that C made has what its kind tells, at any depth. */
static bool is_whole(const dg_value *value)
{
    switch (value->kind) {
    case DG_VALUE_NAME:
    case DG_VALUE_STRING:
    case DG_VALUE_TEXT:
        return value->s != NULL;
    case DG_VALUE_SHAPE:
        return value->shape != NULL;
    case DG_VALUE_TENSOR:
        return value->tensor != NULL;
    case DG_VALUE_CALL:
    case DG_VALUE_LIST:
        if ((value->kind == DG_VALUE_CALL && !value->s) || (value->count && !value->items))
            return false;
        for (size_t k = 0; k < value->count; k++)
            if (!is_whole(&value->items[k]))
                return false;
        return true;
    default:
        return true;
    }
}

static dg_status check_given(const dg_application *application)
{
    if (application->n_attrs < 0 || (application->n_attrs && !application->attrs))
        return dg_error(DG_BAD_ARGUMENT, "the list of %d attributes is NULL", application->n_attrs);
    for (int i = 0; i < application->n_attrs; i++)
        if (!is_whole(&application->attrs[i]))
            return dg_error(DG_BAD_ARGUMENT, "attribute '%s' has a NULL in its value",
                            application->attrs[i].key ? application->attrs[i].key : "?");
    return dg_ok();
}

static int find_attr(const op_entry *entry, const char *key)
{
    for (int k = 0; k < entry->n_attrs; k++)
        if (strcmp(entry->op->attrs[k].name, key) == 0)
            return k;
    return -1;
}

static dg_status list_attrs(const op_entry *entry, const char *key)
{
    char known[400] = "";
    for (int k = 0; k < entry->n_attrs; k++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", k ? ", " : "", entry->op->attrs[k].name);
    }
    return dg_error(DG_BAD_ARGUMENT, "no attribute '%s'%s%s", key, entry->n_attrs ? "; there are " : "", known);
}

static dg_status refuse_unnamed(const op_entry *entry, int position)
{
    char first[200] = "";
    for (int k = 0; k < entry->op->unnamed; k++) {
        size_t used = strlen(first);
        snprintf(first + used, sizeof first - used, "%s%s", k ? ", " : "", entry->op->attrs[k].name);
    }
    return dg_error(DG_BAD_ARGUMENT,
                    "argument %d has no name: PyTorch's %s is what comes in here, and is not written; arguments%s%s go "
                    "by name (%s=…)",
                    position + 1, entry->op->from_input, *first ? " other than " : "", first,
                    entry->op->attrs[position < entry->n_attrs ? position : entry->n_attrs - 1].name);
}

/* Which attribute a given value is for: by keyword, else the next place. −1: an extra keyword. */
static dg_status place_of(const op_entry *entry, const dg_value *given, int position, const dg_application *application,
                          bool allow_extra, int *place)
{
    *place = given->key ? find_attr(entry, given->key) : position;
    if (given->key && *place < 0 && !allow_extra)
        return list_attrs(entry, given->key);
    if (!given->key && entry->op->from_input && position >= entry->op->unnamed && !application->attrs_in_order)
        return refuse_unnamed(entry, position);
    if (!given->key && position >= entry->n_attrs)
        return dg_error(DG_BAD_ARGUMENT, "takes %d attribute%s, argument %d is one too many", entry->n_attrs,
                        entry->n_attrs == 1 ? "" : "s", position + 1);
    return dg_ok();
}

dg_status attributes_collect(dg_graph *graph, const op_entry *entry, const dg_application *application,
                             const dg_value **attrs, const dg_value **extra, int *n_extra)
{
    *attrs = NULL;
    if (extra) {
        *extra = NULL;
        *n_extra = 0;
    }
    DG_TRY(check_given(application));
    if (!entry->n_attrs && !application->n_attrs)
        return dg_ok();
    dg_value *values = dg_arena_alloc(graph->arena, (size_t)(entry->n_attrs + 1) * sizeof *values);
    dg_value *surplus = NULL;
    if (!values)
        return dg_no_memory("an attribute");
    memcpy(values, entry->defaults, (size_t)entry->n_attrs * sizeof *values);
    bool given_before[DG_MAX_ATTRS] = {false};
    for (int i = 0, position = 0; i < application->n_attrs; i++) {
        const dg_value *given = &application->attrs[i];
        int place;
        DG_TRY(place_of(entry, given, position, application, extra != NULL, &place));
        position += !given->key;
        if (place < 0) {
            if (!surplus && !(surplus = dg_arena_alloc(graph->arena, (size_t)application->n_attrs * sizeof *surplus)))
                return dg_no_memory("an attribute");
            surplus[(*n_extra)++] = *given;
            continue;
        }
        if (given_before[place])
            return dg_error(DG_BAD_ARGUMENT, "attribute '%s' is given twice", entry->op->attrs[place].name);
        given_before[place] = true;
        dg_value value;
        DG_TRY(attribute_normalise(graph, graph->arena, &entry->op->attrs[place], given, &value));
        if (value.kind != DG_VALUE_NONE)
            values[place] = value;
    }
    for (int k = 0; k < entry->n_attrs; k++)
        if (values[k].kind == DG_VALUE_NONE && !entry->op->attrs[k].fallback)
            return dg_error(DG_BAD_ARGUMENT, "attribute '%s' is missing", entry->op->attrs[k].name);
    *attrs = values;
    if (extra)
        *extra = surplus;
    return dg_ok();
}
