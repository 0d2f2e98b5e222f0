/* Hash tables by open addressing: of items that belong to somebody else, each under a hash that its owner computes.
 *
 *     size_t at = 0;
 *     for (const thing *t; (t = table_next(&things, hash, &at));)
 *         if (strcmp(t->name, name) == 0)
 *             return t;
 *
 * A zeroed table is empty. Two tables of the project are not made of this one, because they trade a hash's even spread
 * for walking through memory in order: those of core/plan/merge.c and autograd/walk.c. */
#ifndef CORE_BASE_TABLE_H
#define CORE_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct table_slot {
    uint64_t hash;
    const void *item; /* NULL: free */
} table_slot;

typedef struct hash_table {
    table_slot *slots; /* a power of two of them, at most half of them taken */
    size_t n_slots, count;
} hash_table;

/* The next item with that hash; *at is 0 to begin with. NULL: there is no further one. */
static inline const void *table_next(const hash_table *t, uint64_t hash, size_t *at)
{
    if (!t->n_slots)
        return NULL;
    for (;;) {
        const table_slot *slot = &t->slots[(hash + (*at)++) & (t->n_slots - 1)];
        if (!slot->item || slot->hash == hash)
            return slot->item;
    }
}

/* Makes room, so that the next table_add() cannot fail. False without memory; the table is as it was. */
bool table_reserve(hash_table *t);
/* Adds an item, which is not NULL and not in the table. False without memory. */
bool table_add(hash_table *t, uint64_t hash, const void *item);
/* Takes an item out that is in the table. */
void table_remove(hash_table *t, uint64_t hash, const void *item);
void table_free(hash_table *t);

/* FNV-1a, begun with HASH_START and continued over several pieces. */
#define HASH_START UINT64_C(0xCBF29CE484222325)
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size);
uint64_t hash_text(const char *text);

#endif
