/* Steps of a plan in words. */
#ifndef TOOLS_DRAW_STEP_LIST_H
#define TOOLS_DRAW_STEP_LIST_H

#include "tools/draw/base/text.h"

/* Which steps of a plan compute what is in a row: "3–5, 9". */
typedef struct step_list {
    int64_t begin, end; /* of the last range: numbers from 1 on; 0: none */
    int n_ranges;
    const char *words; /* of the ranges before it */
    bool is_own;       /* one of them is its own; else they are others', which compute it on their way */
    size_t bytes;
} step_list;

void step_list_add(dg_arena *arena, step_list *list, int64_t number, size_t bytes); /* numbers ascend */
/* "steps 3–5, 9 · 4,096 B" */
const char *step_list_text(dg_arena *arena, const step_list *list);

#endif
