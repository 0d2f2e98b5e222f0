/* Hash tables by open addressing, and the hash of bytes. */
#include "table.h"

#include <stdlib.h>

static void place(hash_table *t, uint64_t hash, const void *item)
{
    size_t slot = hash & (t->n_slots - 1);
    while (t->slots[slot].item)
        slot = (slot + 1) & (t->n_slots - 1);
    t->slots[slot] = (table_slot){hash, item};
}

bool table_reserve(hash_table *t)
{
    if (2 * t->count < t->n_slots)
        return true;
    hash_table larger = {.n_slots = t->n_slots ? 2 * t->n_slots : 64, .count = t->count};
    larger.slots = calloc(larger.n_slots, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i].item)
            place(&larger, t->slots[i].hash, t->slots[i].item);
    free(t->slots);
    *t = larger;
    return true;
}

bool table_add(hash_table *t, uint64_t hash, const void *item)
{
    if (!table_reserve(t))
        return false;
    place(t, hash, item);
    t->count++;
    return true;
}

void table_remove(hash_table *t, uint64_t hash, const void *item)
{
    size_t mask = t->n_slots - 1, hole = hash & mask;
    while (t->slots[hole].item != item)
        hole = (hole + 1) & mask;
    t->count--;
    /* What follows moves up where it may: not before the place that its own hash gives it. */
    for (size_t slot = (hole + 1) & mask; t->slots[slot].item; slot = (slot + 1) & mask) {
        size_t home = t->slots[slot].hash & mask;
        if (((slot - home) & mask) < ((slot - hole) & mask))
            continue;
        t->slots[hole] = t->slots[slot];
        hole = slot;
    }
    t->slots[hole].item = NULL;
}

void table_free(hash_table *t)
{
    free(t->slots);
    *t = (hash_table){0};
}

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001B3);
    return hash;
}

uint64_t hash_text(const char *text)
{
    uint64_t hash = HASH_START;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    return hash;
}
