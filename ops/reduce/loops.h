/* The loops of reductions, for each instruction set. */
#ifndef OPS_REDUCE_LOOPS_H
#define OPS_REDUCE_LOOPS_H

#include <dotgrad/op.h>

#include "passes.h"

enum {
    COLUMN_WIDTH = 512, /* columns that are done together */
    DTYPES = DG_FLOAT64 + 1
};

/* One pass: [outer, rows, inner] to [outer, chunks, inner], `chunk_rows` rows at a time. */
typedef struct pass {
    int64_t outer, rows, inner;
    int64_t chunks, chunk_rows, column_blocks;
} pass;

/* The part of a pass that one unit of work is. */
typedef struct place {
    int64_t outer, chunk, row, rows, column, columns;
} place;

static inline place place_of(const pass *p, int64_t unit)
{
    if (p->column_blocks * p->chunks == 1) /* spares the divisions */
        return (place){.outer = unit, .rows = p->rows, .columns = p->inner};
    int64_t block = unit % p->column_blocks, rest = unit / p->column_blocks;
    place at = {.outer = rest / p->chunks, .chunk = rest % p->chunks};
    at.row = at.chunk * p->chunk_rows;
    at.rows = p->rows - at.row < p->chunk_rows ? p->rows - at.row : p->chunk_rows;
    at.column = block * COLUMN_WIDTH;
    at.columns = p->inner - at.column < COLUMN_WIDTH ? p->inner - at.column : COLUMN_WIDTH;
    return at;
}

/* A pass reads `data`, or what the prologue of `made` makes. */
typedef struct pass_source {
    const void *data;
    const dg_kernel *made;
} pass_source;

/* All are for units begin … end − 1 of a pass. */
typedef void (*pass_kernel)(const pass *p, const pass_source *from, void *to, int64_t begin, int64_t end);
typedef void (*place_kernel)(const pass *p, bool greatest, const void *from, int64_t *to, int64_t begin, int64_t end);

/* Of one reduction, by element type. */
struct reduction_loops {
    pass_kernel of[DTYPES];
};

typedef struct reduce_table {
    pass_kernel others[DTYPES];
    place_kernel place[DTYPES];
} reduce_table;
DG_ISA_TABLE(reduce_table, reduce_tables)

#endif
