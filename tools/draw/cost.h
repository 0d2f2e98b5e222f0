/* What the nodes of a graph file cost at real sizes. */
#ifndef TOOLS_COST_H
#define TOOLS_COST_H

#include <dotgrad/graph_file.h>

/* Of one node of the file, its parts and weights included. */
typedef struct node_cost {
    int64_t parameters; /* numbers */
    int64_t trainable;  /* those that training changes */
    double weights;     /* bytes of the parameters */
    double flops;       /* of one forward pass; NaN where a size is not known */
    double bytes;       /* of the outputs; views take none; NaN where a size is not known */
} node_cost;

/* One for each node of the file, whose symbols should have sizes (dg_graph_read_options.sizes); *costs is allocated.
 * Adds the parts of composed ops to the graph. */
dg_status cost_of_nodes(const dg_graph_file *file, node_cost **costs);

/* The sum of two counts; INT64_MAX, which is printed as such, where it is beyond that. */
int64_t count_add(int64_t first, int64_t second);

/* "8,010"; "1.25 M" and "1.25 MB" (unit ""; "B"), "?" for NaN. Into text, which is returned. */
char *cost_print_count(int64_t count, char *text, size_t size);
char *cost_print_amount(double amount, const char *unit, char *text, size_t size);
/* "12.3 us", "4.56 ms", "7.8 s". Returns text. */
char *cost_print_seconds(double seconds, char *text, size_t size);

#endif
