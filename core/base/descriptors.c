/* Tables of descriptors, found by name. */
#include "descriptors.h"
#include "plain.h"

#include <dotgrad/near.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name_of(const void *descriptor)
{
    return *(const char *const *)descriptor;
}

const void *descriptors_at(descriptors *table, size_t index)
{
    size_t n = 0;
    while (table->shipped[n])
        if (n++ == index)
            return table->shipped[index];
    pthread_mutex_lock(&table->lock);
    const void *found = index - n < table->n_added ? table->added[index - n] : NULL;
    pthread_mutex_unlock(&table->lock);
    return found;
}

const void *descriptors_find(descriptors *table, const char *name)
{
    const void *descriptor;
    for (size_t i = 0; (descriptor = descriptors_at(table, i)); i++)
        if (strcmp(name_of(descriptor), name) == 0)
            return descriptor;
    return NULL;
}

dg_status descriptors_add(descriptors *table, const void *descriptor)
{
    if (!descriptor || !name_of(descriptor) || !name_of(descriptor)[0])
        return dg_error(DG_BAD_ARGUMENT, "this %s has no name", table->what);
    if (!plain_is_name(name_of(descriptor), false))
        return dg_error(DG_BAD_ARGUMENT, "%s '%s': a name is letters, digits and _", table->what, name_of(descriptor));
    if (descriptors_find(table, name_of(descriptor)))
        return dg_error(DG_BAD_ARGUMENT, "%s '%s' is registered already", table->what, name_of(descriptor));
    pthread_mutex_lock(&table->lock);
    const void **larger = realloc(table->added, (table->n_added + 1) * sizeof *larger);
    if (larger) {
        table->added = larger;
        table->added[table->n_added++] = descriptor;
    }
    pthread_mutex_unlock(&table->lock);
    return larger ? dg_ok() : dg_no_memory("%s '%s'", table->what, name_of(descriptor));
}

static const char *name_at(const void *table, size_t index)
{
    const void *descriptor = descriptors_at((descriptors *)(uintptr_t)table, index);
    return descriptor ? name_of(descriptor) : NULL;
}

dg_status descriptors_unknown(descriptors *table, const char *name)
{
    char known[600] = "", hint[80] = "";
    size_t used = 0;
    const char *other, *near = dg_name_nearest(name, name_at, table);
    for (size_t i = 0; (other = name_at(table, i)); i++)
        if (used + strlen(other) + 3 < sizeof known)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", other);
    if (near)
        snprintf(hint, sizeof hint, " (did you mean '%s'?)", near);
    return dg_error(DG_BAD_ARGUMENT, "there is no %s '%.60s'%s; known are %s", table->what, name, hint, known);
}
