/* The registry of ops: those that ship, in one table made on first use, and those that users add before their first
 * graph. */
#include "core/base/null.h"
#include "graph.h"

#include "core/base/table.h"

#include <dotgrad/near.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct registry {
    pthread_once_t once;
    pthread_mutex_t lock;
    dg_status status; /* of filling it */
    dg_arena *arena;
    op_entry **entries;
    size_t count, capacity;
    hash_table by_name;
    const op_entry *formula_op, *parameter_op;
    dg_status (*fill)(void); /* set when the library is loaded */
    bool closed;             /* a graph has been made */
} registry = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local bool filling; /* this thread is inside `once` */

static int count_inputs(const dg_op *op)
{
    int n = 0;
    while (n < DG_MAX_INPUTS && op->inputs[n].name)
        n++;
    return n;
}

static int count_attrs(const dg_op *op)
{
    int n = 0;
    while (n < DG_MAX_ATTRS && op->attrs[n].name)
        n++;
    return n;
}

int dg_op_input_count(const dg_op *op)
{
    if (!op)
        return 0;
    return count_inputs(op);
}

int dg_op_attr_count(const dg_op *op)
{
    if (!op)
        return 0;
    return count_attrs(op);
}

int dg_op_output_count(const dg_op *op)
{
    if (!op)
        return 0;
    int n = 0;
    while (n < DG_MAX_OUTPUTS && op->outputs[n])
        n++;
    return n ? n : 1;
}

int dg_op_target(const dg_op *op)
{
    int n = dg_op_input_count(op);
    for (int k = 0; k < n; k++)
        if (op->inputs[k].flags & DG_TARGET)
            return k;
    for (int k = 1; k < n && strcmp(op->family, "loss") == 0; k++)
        if (strcmp(op->inputs[k].name, "target") == 0)
            return k;
    return -1;
}

static const op_entry *find(const char *name)
{
    size_t at = 0;
    for (const op_entry *entry; (entry = table_next(&registry.by_name, hash_text(name), &at));)
        if (strcmp(entry->op->name, name) == 0)
            return entry;
    return NULL;
}

static dg_status grow(void)
{
    size_t capacity = registry.capacity ? registry.capacity * 2 : 512;
    op_entry **entries = realloc(registry.entries, capacity * sizeof *entries);
    if (!entries)
        return dg_no_memory("the registry of ops");
    registry.entries = entries;
    registry.capacity = capacity;
    return dg_ok();
}

static dg_status parse_defaults(op_entry *entry)
{
    for (int k = 0; k < entry->n_attrs; k++) {
        const dg_attr_spec *spec = &entry->op->attrs[k];
        if (!spec->fallback || strcmp(spec->fallback, "none") == 0)
            continue;
        dg_value given;
        dg_status status = dg_value_parse(registry.arena, spec->fallback, &given);
        if (status.code == DG_OK)
            status = attribute_normalise(NULL, registry.arena, spec, &given, &entry->defaults[k]);
        if (status.code != DG_OK)
            return dg_prefixed(status, "op '%s', default of '%s'", entry->op->name, spec->name);
    }
    return dg_ok();
}

static dg_status add(const dg_op *op)
{
    if (registry.count >= registry.capacity)
        DG_TRY(grow());
    if (find(op->name))
        return dg_error(DG_BAD_ARGUMENT, "op '%s' is registered already", op->name);
    op_entry *entry = dg_arena_alloc(registry.arena, sizeof *entry);
    if (!entry)
        return dg_no_memory("op '%s'", op->name);
    entry->op = op;
    entry->index = registry.count;
    entry->n_inputs = count_inputs(op);
    entry->n_attrs = count_attrs(op);
    entry->n_outputs = dg_op_output_count(op);
    entry->variadic = entry->n_inputs > 0 && (op->inputs[entry->n_inputs - 1].flags & DG_VARIADIC);
    DG_TRY(parse_defaults(entry));
    if (!table_add(&registry.by_name, hash_text(op->name), entry))
        return dg_no_memory("op '%s'", op->name);
    registry.entries[registry.count++] = entry;
    if ((op->flags & DG_ANY_INPUTS) && !registry.formula_op)
        registry.formula_op = entry;
    if (op->role == DG_ROLE_PARAMETER && !registry.parameter_op)
        registry.parameter_op = entry;
    return dg_ok();
}

static void fill(void)
{
    filling = true;
    registry.status = dg_arena_new(&registry.arena);
    if (registry.status.code == DG_OK && registry.fill)
        registry.status = registry.fill();
    filling = false;
}

static void fill_once(void)
{
    if (!filling)
        pthread_once(&registry.once, fill);
}

void registry_filled_by(dg_status (*fill_with)(void))
{
    registry.fill = fill_with;
}

static dg_status add_later(const dg_op *op)
{
    if (!op)
        return dg_error(DG_BAD_ARGUMENT, "no op is given");
    if (registry.closed)
        return dg_error(DG_BAD_ARGUMENT, "op '%s' comes too late: ops are registered before the first graph is made",
                        op->name ? op->name : "?");
    DG_TRY(descriptor_check(op));
    if (!filling)
        DG_TRY(descriptor_check_texts(op));
    return add(op);
}

dg_status dg_register(const dg_op *op)
{
    DG_TRY(registry_status());
    pthread_mutex_lock(&registry.lock);
    dg_status status = add_later(op);
    pthread_mutex_unlock(&registry.lock);
    return status;
}

dg_status dg_register_family(const dg_op_family *family)
{
    REFUSE_NULL(family);
    for (size_t i = 0; i < family->count; i++)
        DG_TRY(dg_register(&family->ops[i]));
    return dg_ok();
}

dg_status registry_status(void)
{
    fill_once();
    return registry.status;
}

dg_status registry_close(void)
{
    DG_TRY(registry_status());
    pthread_mutex_lock(&registry.lock);
    registry.closed = true;
    pthread_mutex_unlock(&registry.lock);
    return dg_ok();
}

const op_entry *registry_find(const char *name)
{
    fill_once();
    return find(name);
}

const op_entry *registry_formula_op(void)
{
    fill_once();
    return registry.formula_op;
}

const op_entry *registry_parameter_op(void)
{
    fill_once();
    return registry.parameter_op;
}

size_t registry_count(void)
{
    fill_once();
    return registry.count;
}

const dg_op *dg_op_find(const char *name)
{
    if (!name)
        return NULL;
    const op_entry *entry = registry_find(name);
    return entry ? entry->op : NULL;
}

size_t dg_op_count(void)
{
    return registry_count();
}

const dg_op *dg_op_at(size_t index)
{
    return index < registry_count() ? registry.entries[index]->op : NULL;
}

typedef bool entry_test(const op_entry *entry);

/* The ops' names, then those that other libraries have for them; "" for those that do not fit. */
static const char *name_at(const void *fits, size_t index)
{
    entry_test *const *test = fits;
    size_t count = registry_count(), other = index < count ? 0 : index - count;
    if (other >= count * DG_MAX_ELSEWHERE)
        return NULL;
    const op_entry *entry = registry.entries[index < count ? index : other / DG_MAX_ELSEWHERE];
    const char *name = index < count ? entry->op->name : entry->op->elsewhere[other % DG_MAX_ELSEWHERE];
    return name && (!*test || (*test)(entry)) ? name : "";
}

/* The op that has this very text among its names elsewhere. */
static const char *own_name(const char *name)
{
    for (size_t i = 0; i < registry_count(); i++)
        for (int k = 0; k < DG_MAX_ELSEWHERE; k++)
            if (registry.entries[i]->op->elsewhere[k] == name)
                return registry.entries[i]->op->name;
    return name;
}

const char *registry_nearest(const char *name, bool (*fits)(const op_entry *entry))
{
    entry_test *test = fits;
    const char *nearest = dg_name_nearest(name, name_at, &test);
    return nearest ? own_name(nearest) : NULL;
}

const char *dg_op_nearest(const char *name)
{
    if (!name)
        return NULL;
    return registry_nearest(name, NULL);
}
