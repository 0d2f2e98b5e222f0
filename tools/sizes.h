/* What the nodes of a graph cost at given sizes: real types, work and parameters, without running anything. */
#ifndef TOOLS_SIZES_H
#define TOOLS_SIZES_H

#include "graph_file.h"

/* A size for a symbol: {"N", 32}. */
typedef struct symbol_size {
    const char *name;
    int64_t size;
} symbol_size;

/* What one node of the file costs; what composed ops are made of counts for them. */
typedef struct node_cost {
    dg_type types[DG_MAX_OUTPUTS]; /* sizes stay symbols where no number is given for them */
    int64_t parameters, trainable; /* elements */
    double flops;                  /* NaN: depends on a size that is not known */
    size_t output_bytes;           /* 0 when not known */
} node_cost;

/* costs[k] for node k of the file; *costs is allocated. Expands composed ops, so that the graph grows. */
dg_status sizes_of(const graph_file *file, const symbol_size *symbols, int n_symbols, node_cost **costs);

/* 12345678 → "12,345,678", and 12300000 → "12.3 M". Return text. */
#define COUNT_TEXT 48
char *count_print(int64_t count, char text[COUNT_TEXT]);
char *amount_print(double amount, char text[COUNT_TEXT]);

#endif
