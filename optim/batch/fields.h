/* Which field each input of a graph takes, and its rows in the input's own shape and element type. */
#ifndef OPTIM_FIELDS_H
#define OPTIM_FIELDS_H

#include <dotgrad/op.h>
#include <dotgrad/optim.h>

typedef struct field_source {
    dg_node *input;
    const char *field; /* lives with the data set or the graph */
    dg_tensor rows;    /* [rows, …]: a view of the field, or a converted copy */
    size_t row_bytes;
} field_source;

typedef struct field_sources {
    int count;
    field_source *at;
    int64_t rows;
} field_sources;

/* What a caller of a function may have left out of a task. */
enum { TASK_GRAPH = 1, TASK_LOSS = 2, TASK_PARAMETERS = 4, TASK_DATA = 8 };
/* Whether the task's graph is sound, `members` of the task are there, and its loss, output and inputs are of the graph.
 * A mistake in building, which leaves nodes NULL, is told first. */
dg_status task_check(const dg_task *task, const char *who, unsigned members);

/* The inputs that `nodes` read, of a task that task_check takes. Converts fields where their element type is another.
 */
dg_status fields_bind(const dg_task *task, dg_node *const *nodes, int n_nodes, field_sources *sources);
void fields_release(field_sources *sources);

/* The loss op that the loss is made of: the last node it reads whose op takes labels; NULL: none. */
dg_status find_loss_op(dg_node *loss, dg_node **loss_op);
/* What is wired to the labels' input of a loss op; NULL: the node is none. */
dg_node *find_target(const dg_node *node);

/* The field whose rows a node holds as they are, but for their shape and element type; NULL: it holds others, or which
 * field it is cannot be told. Lives with the data. */
dg_status find_field(const dg_task *task, dg_node *node, const dg_tensor **field);

/* Bytes of all tensors of a set; NULL: 0. */
size_t tensors_bytes(const dg_tensors *set);

#endif
