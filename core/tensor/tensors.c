/* Ordered sets of named tensors, with text notes. */
#include "tensors.h"
#include "core/base/null.h"

#include <dotgrad/tensor.h>

#include "core/base/table.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry {
    dg_tensor tensor;
    uint64_t hash;
    char name[];
} entry;

typedef struct note {
    char *key, *text;
} note;

struct dg_tensors {
    entry **entries; /* in order; each allocated for itself, so that tensors stay where they are */
    size_t count, capacity;
    hash_table by_name;
    note *notes;
    size_t n_notes, notes_capacity;
    uint64_t state;              /* counts buffers that have gone */
    atomic_uint_fast64_t writes; /* one more when a run of a plan begins to write and when it ends: odd meanwhile */
};

dg_status dg_tensors_new(dg_tensors **set)
{
    REFUSE_NULL(set);
    *set = calloc(1, sizeof **set);
    return *set ? dg_ok() : dg_no_memory("a set of tensors");
}

static void free_entry(entry *removed)
{
    dg_tensor_release(&removed->tensor);
    free(removed);
}

void dg_tensors_free(dg_tensors *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++)
        free_entry(set->entries[i]);
    for (size_t i = 0; i < set->n_notes; i++) {
        free(set->notes[i].key);
        free(set->notes[i].text);
    }
    free(set->entries);
    table_free(&set->by_name);
    free(set->notes);
    free(set);
}

uint64_t tensors_state(const dg_tensors *set)
{
    return set->state;
}

/* Readers write nothing, so that those of many threads do not wait for each other: what they have read was left alone
 * when `writes` is the same at the end. */
bool tensors_enter(dg_tensors *set, bool writes, uint64_t *seen)
{
    uint_fast64_t now = atomic_load_explicit(&set->writes, memory_order_acquire);
    *seen = now;
    if (now & 1)
        return false;
    return !writes || atomic_compare_exchange_strong_explicit(&set->writes, &now, now + 1, memory_order_acq_rel,
                                                              memory_order_relaxed);
}

bool tensors_leave(dg_tensors *set, bool writes, uint64_t seen)
{
    if (writes) {
        atomic_store_explicit(&set->writes, seen + 2, memory_order_release);
        return true;
    }
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&set->writes, memory_order_relaxed) == seen;
}

size_t dg_tensors_count(const dg_tensors *set)
{
    if (!set)
        return 0;
    return set->count;
}

const char *dg_tensors_name(const dg_tensors *set, size_t index)
{
    if (!set)
        return NULL;
    return index < set->count ? set->entries[index]->name : NULL;
}

dg_tensor *dg_tensors_at(const dg_tensors *set, size_t index)
{
    if (!set)
        return NULL;
    return index < set->count ? &set->entries[index]->tensor : NULL;
}

static entry *find_entry(const dg_tensors *set, const char *name)
{
    uint64_t hash = hash_text(name);
    size_t at = 0;
    for (const entry *there; (there = table_next(&set->by_name, hash, &at));)
        if (strcmp(there->name, name) == 0)
            return (entry *)there;
    return NULL;
}

dg_tensor *dg_tensors_find(const dg_tensors *set, const char *name)
{
    if (!set || !name)
        return NULL;
    entry *found = find_entry(set, name);
    return found ? &found->tensor : NULL;
}

static bool reserve(dg_tensors *set)
{
    if (!table_reserve(&set->by_name))
        return false;
    if (set->count < set->capacity)
        return true;
    size_t capacity = set->capacity ? set->capacity * 2 : 16;
    entry **entries = realloc(set->entries, capacity * sizeof *entries);
    if (!entries)
        return false;
    set->entries = entries;
    set->capacity = capacity;
    return true;
}

/* Adds `tensor`, whose buffer the set takes over, under a name that is not there yet. */
static dg_status append(dg_tensors *set, const char *name, const dg_tensor *tensor, dg_tensor **made)
{
    size_t length = strlen(name);
    if (!reserve(set))
        return dg_no_memory("'%s' in a set of tensors", name);
    entry *added = malloc(sizeof *added + length + 1);
    if (!added)
        return dg_no_memory("'%s' in a set of tensors", name);
    added->tensor = *tensor;
    added->hash = hash_text(name);
    memcpy(added->name, name, length + 1);
    set->entries[set->count++] = added;
    table_add(&set->by_name, added->hash, added); /* there is room */
    if (made)
        *made = &added->tensor;
    return dg_ok();
}

dg_status dg_tensors_put(dg_tensors *set, const char *name, const dg_tensor *tensor)
{
    REFUSE_NULL(set);
    REFUSE_NULL(name);
    REFUSE_NULL(tensor);
    dg_tensor *there = dg_tensors_find(set, name), copy;
    if (!tensor->data && dg_tensor_count(tensor) > 0)
        return dg_error(DG_BAD_ARGUMENT, "the tensor for '%s' has no data", name);
    if (there && there->dtype == tensor->dtype && dg_shape_equal(&there->shape, &tensor->shape)) {
        size_t bytes = dg_tensor_bytes(tensor);
        if (bytes)
            memmove(there->data, tensor->data, bytes);
        return dg_ok();
    }
    dg_status status = dg_tensor_copy(&copy, tensor);
    if (status.code != DG_OK)
        return dg_prefixed(status, "'%s'", name);
    if (there) {
        dg_tensor_release(there);
        *there = copy;
        set->state++;
        return dg_ok();
    }
    status = append(set, name, &copy, NULL);
    if (status.code != DG_OK)
        dg_tensor_release(&copy);
    return status;
}

dg_status dg_tensors_add(dg_tensors *set, const char *name, dg_dtype dtype, dg_shape shape, dg_tensor **made)
{
    REFUSE_NULL(set);
    REFUSE_NULL(name);
    dg_tensor tensor;
    if (made)
        *made = NULL;
    if (dg_tensors_find(set, name))
        return dg_error(DG_BAD_ARGUMENT, "there is a tensor '%s' in the set already", name);
    dg_status status = dg_tensor_make(&tensor, dtype, shape);
    if (status.code != DG_OK)
        return dg_prefixed(status, "'%s'", name);
    status = append(set, name, &tensor, made);
    if (status.code != DG_OK)
        dg_tensor_release(&tensor);
    return status;
}

void dg_tensors_remove(dg_tensors *set, const char *name)
{
    if (!set || !name)
        return;
    entry *removed = find_entry(set, name);
    if (!removed)
        return;
    table_remove(&set->by_name, removed->hash, removed);
    size_t index = 0;
    while (set->entries[index] != removed)
        index++;
    set->count--;
    set->state++;
    memmove(set->entries + index, set->entries + index + 1, (set->count - index) * sizeof *set->entries);
    free_entry(removed);
}

static note *find_note(const dg_tensors *set, const char *key)
{
    for (size_t i = 0; i < set->n_notes; i++)
        if (strcmp(set->notes[i].key, key) == 0)
            return &set->notes[i];
    return NULL;
}

const char *dg_tensors_note(const dg_tensors *set, const char *key)
{
    if (!set || !key)
        return NULL;
    const note *found = find_note(set, key);
    return found ? found->text : NULL;
}

dg_status dg_tensors_set_note(dg_tensors *set, const char *key, const char *text)
{
    REFUSE_NULL(set);
    REFUSE_NULL(key);
    REFUSE_NULL(text);
    char *copy = strdup(text), *key_copy = NULL;
    if (!copy)
        return dg_no_memory("'%s' in a set of tensors", key);
    note *there = find_note(set, key);
    if (there) {
        free(there->text);
        there->text = copy;
        return dg_ok();
    }
    key_copy = strdup(key);
    if (!key_copy)
        goto fail;
    if (set->n_notes == set->notes_capacity) {
        size_t capacity = set->notes_capacity ? set->notes_capacity * 2 : 8;
        note *notes = realloc(set->notes, capacity * sizeof *notes);
        if (!notes)
            goto fail;
        set->notes = notes;
        set->notes_capacity = capacity;
    }
    set->notes[set->n_notes++] = (note){key_copy, copy};
    return dg_ok();
fail:
    free(copy);
    free(key_copy);
    return dg_no_memory("'%s' in a set of tensors", key);
}

size_t dg_tensors_note_count(const dg_tensors *set)
{
    if (!set)
        return 0;
    return set->n_notes;
}

const char *dg_tensors_note_key(const dg_tensors *set, size_t index)
{
    if (!set)
        return NULL;
    return index < set->n_notes ? set->notes[index].key : NULL;
}
