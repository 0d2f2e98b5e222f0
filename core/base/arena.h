/* Memory that an arena did not get. It gives nothing after that, so what is made of many pieces need not ask at each of
 * them, but once at the end. */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <dotgrad/arena.h>
#include <stdbool.h>

/* Whether something for it has found no memory. */
static inline bool arena_failed(dg_arena *arena)
{
    return !dg_arena_alloc(arena, 0);
}

/* Something has, a piece that was to go there and was made elsewhere first. */
static inline void arena_fail(dg_arena *arena)
{
    dg_arena_alloc(arena, SIZE_MAX);
}

#endif
