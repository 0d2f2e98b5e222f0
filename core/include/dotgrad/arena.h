/* Arenas: memory that is given back all at once. */
#ifndef DOTGRAD_ARENA_H
#define DOTGRAD_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include <dotgrad/status.h>

DG_BEGIN_C

/* A bump allocator: everything in it lives until it is freed. Graphs own one. */
typedef struct dg_arena dg_arena;
dg_status dg_arena_new(dg_arena **arena);
void dg_arena_free(dg_arena *arena);
void *dg_arena_alloc(dg_arena *arena, size_t size); /* zeroed, 16-byte aligned; NULL without memory */
size_t dg_arena_bytes(const dg_arena *arena);       /* that it has taken from the system */
char *dg_arena_text(dg_arena *arena, const char *text, size_t length); /* a terminated copy */

DG_END_C

#endif
