/* A bump allocator: chunks that double in size, freed together. */
#include "arena.h"
#include "core/base/null.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16, FIRST_CHUNK = 4096, LARGEST_CHUNK = 1 << 20 };

typedef struct chunk {
    struct chunk *next;
    size_t used, size; /* bytes of `bytes` */
    _Alignas(ALIGNMENT) unsigned char bytes[];
} chunk;

struct dg_arena {
    chunk *current; /* the chunks before it are used up */
    chunk *large;   /* chunks made for one large piece each */
    size_t next_size, bytes;
    bool failed; /* then it gives nothing more */
};

dg_status dg_arena_new(dg_arena **arena)
{
    REFUSE_NULL(arena);
    *arena = calloc(1, sizeof **arena);
    if (!*arena)
        return dg_no_memory("an arena");
    (*arena)->next_size = FIRST_CHUNK;
    return dg_ok();
}

static void free_chunks(chunk *first)
{
    while (first) {
        chunk *next = first->next;
        free(first);
        first = next;
    }
}

void dg_arena_free(dg_arena *arena)
{
    if (!arena)
        return;
    free_chunks(arena->current);
    free_chunks(arena->large);
    free(arena);
}

static chunk *add_chunk(dg_arena *arena, chunk **list, size_t size)
{
    chunk *made = calloc(1, sizeof *made + size);
    if (!made) {
        arena->failed = true;
        return NULL;
    }
    made->size = size;
    made->next = *list;
    *list = made;
    arena->bytes += sizeof *made + size;
    return made;
}

void *dg_arena_alloc(dg_arena *arena, size_t size)
{
    if (!arena || arena->failed)
        return NULL;
    if (size > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    chunk *current = arena->current;
    if (!current || size > current->size - current->used) {
        if (size > arena->next_size / 4) { /* a chunk of its own; the current one goes on */
            chunk *own = add_chunk(arena, &arena->large, size);
            if (!own)
                return NULL;
            own->used = size;
            return own->bytes;
        }
        if (!add_chunk(arena, &arena->current, arena->next_size))
            return NULL;
        current = arena->current;
        if (arena->next_size < LARGEST_CHUNK)
            arena->next_size *= 2;
    }
    void *piece = current->bytes + current->used;
    current->used += size;
    return piece;
}

size_t dg_arena_bytes(const dg_arena *arena)
{
    return arena ? arena->bytes : 0;
}

char *dg_arena_text(dg_arena *arena, const char *text, size_t length)
{
    if (!arena || !text)
        return NULL;
    if (length == SIZE_MAX)
        return NULL;
    char *copy = dg_arena_alloc(arena, length + 1);
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}
