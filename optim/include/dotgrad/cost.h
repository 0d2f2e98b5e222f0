/* What the nodes of a graph file cost at real sizes, and numbers of that kind as people read them. */
#ifndef DOTGRAD_COST_H
#define DOTGRAD_COST_H

#include <dotgrad/graph_file.h>

DG_BEGIN_C

/* Of one node of the file, its parts and weights included. */
typedef struct dg_node_cost {
    int64_t parameters; /* numbers */
    int64_t trainable;  /* those that training changes */
    double weights;     /* bytes of the parameters */
    double flops;       /* of one forward pass; NaN where a size is not known */
    double bytes;       /* of the outputs; views take none; NaN where a size is not known */
} dg_node_cost;

/* One for each node of the file, whose symbols should have sizes (dg_graph_read_options.sizes); *costs is allocated,
 * to be freed with free(). Adds the parts of composed ops to the graph. DG_NO_MEMORY; what the graph's status says. */
dg_status dg_graph_file_costs(const dg_graph_file *file, dg_node_cost **costs);

/* The sum of two counts; INT64_MAX, which is printed as such, where it is beyond that. */
int64_t dg_count_add(int64_t first, int64_t second);

/* "8,010"; "1.25 M" and "1.25 MB" (unit ""; "B"), "?" for NaN; "12.3 us", "4.56 ms", "7.8 s". Into text, which is
 * returned; cut where it does not fit. */
char *dg_count_print(int64_t count, char *text, size_t size);
char *dg_amount_print(double amount, const char *unit, char *text, size_t size);
char *dg_seconds_print(double seconds, char *text, size_t size);

DG_END_C

#endif
