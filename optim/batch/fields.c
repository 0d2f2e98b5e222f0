/* Fields of a data set meet inputs of a graph. */
#include "fields.h"

#include "optim/data/target.h"
#include "reach.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dg_node *find_target(const dg_node *node)
{
    int k = dg_op_target(dg_node_op(node));
    return k >= 0 && k < dg_node_input_count(node) ? dg_node_input(node, k) : NULL;
}

dg_status find_loss_op(dg_node *loss, dg_node **loss_op)
{
    *loss_op = NULL;
    if (!loss)
        return dg_ok();
    bool *mark;
    dg_graph *graph = dg_node_graph(loss);
    DG_TRY(reach_new(graph, &loss, 1, &mark));
    for (int64_t id = dg_node_id(loss); id >= 0 && !*loss_op; id--) {
        dg_node *node = dg_graph_node(graph, id);
        if (mark[id] && find_target(node))
            *loss_op = node;
    }
    free(mark);
    return dg_ok();
}

/* What the roles of inputs are decided from. */
typedef struct wiring {
    bool *read;   /* by the nodes asked for */
    bool *target; /* inputs that are the labels of losses */
    int others;   /* inputs that are read, are no targets and name no field */
} wiring;

static bool is_input(const dg_node *node)
{
    return dg_node_op(node)->role == DG_ROLE_INPUT;
}

static const char *field_attr(const dg_node *input)
{
    const dg_value *field = dg_node_attr(input, "field");
    bool text =
        field && (field->kind == DG_VALUE_NAME || field->kind == DG_VALUE_STRING || field->kind == DG_VALUE_TEXT);
    return text && field->s[0] ? field->s : NULL;
}

static const char *chosen_field(const dg_task *task, const dg_node *input)
{
    for (int i = 0; i < task->n_inputs; i++)
        if (task->inputs[i].input == input)
            return task->inputs[i].field;
    return field_attr(input);
}

static dg_status check_input(const dg_task *task, int i)
{
    dg_node *input = task->inputs[i].input;
    if (!input)
        return dg_error(DG_BAD_ARGUMENT, "input %d of the task is NULL", i);
    if (dg_node_graph(input) != task->graph)
        return dg_error(DG_BAD_ARGUMENT, "input %d of the task, '%s', is a node of another graph", i,
                        dg_node_name(input));
    if (!is_input(input))
        return dg_error(DG_BAD_ARGUMENT, "input %d of the task, '%s', is not an input but %s", i, dg_node_name(input),
                        dg_node_op(input)->name);
    if (!task->inputs[i].field || !task->inputs[i].field[0])
        return dg_error(DG_BAD_ARGUMENT, "input %d of the task, '%s', has no field", i, dg_node_name(input));
    for (int k = 0; k < i; k++)
        if (task->inputs[k].input == input)
            return dg_error(DG_BAD_ARGUMENT, "inputs %d and %d of the task are both '%s'", k, i, dg_node_name(input));
    return dg_ok();
}

/* "WHO: the task has no loss, no data" */
static dg_status check_members(const dg_task *task, const char *who, unsigned members)
{
    const struct {
        unsigned member;
        const char *name;
        bool is_there;
    } all[] = {{TASK_GRAPH, "graph", task->graph},
               {TASK_LOSS, "loss", task->loss},
               {TASK_PARAMETERS, "parameters (a dg_tensors, which may be empty)", task->parameters},
               {TASK_DATA, "data", task->data}};
    char text[200];
    int used = 0, n = 0;
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        if ((members & all[k].member) && !all[k].is_there)
            used += snprintf(text + used, sizeof text - (size_t)used, "%s%s", n++ ? ", no " : "no ", all[k].name);
    return n ? dg_error(DG_BAD_ARGUMENT, "%s: the task has %s", who, text) : dg_ok();
}

dg_status task_check(const dg_task *task, const char *who, unsigned members)
{
    if (task->graph)
        DG_TRY(dg_graph_status(task->graph));
    DG_TRY(check_members(task, who, members | TASK_GRAPH));
    const struct {
        const char *what;
        dg_node *node;
    } nodes[] = {{"loss", task->loss}, {"output", task->output}};
    for (size_t k = 0; k < sizeof nodes / sizeof *nodes; k++)
        if (nodes[k].node && dg_node_graph(nodes[k].node) != task->graph)
            return dg_error(DG_BAD_ARGUMENT, "the task's %s '%s' is a node of another graph", nodes[k].what,
                            dg_node_name(nodes[k].node));
    if (task->n_inputs < 0 || (task->n_inputs && !task->inputs))
        return dg_error(DG_BAD_ARGUMENT, "the list of %d inputs of the task is NULL", task->n_inputs);
    for (int i = 0; i < task->n_inputs; i++)
        DG_TRY(check_input(task, i));
    return dg_ok();
}

static dg_status wiring_new(const dg_task *task, dg_node *const *nodes, int n_nodes, wiring *w)
{
    bool *losses = NULL; /* what the loss and the nodes read, in which loss ops are found */
    DG_TRY(reach_new(task->graph, nodes, n_nodes, &w->read));
    DG_TRY(reach_new(task->graph, &task->loss, 1, &losses));
    int64_t count = dg_graph_node_count(task->graph);
    bool *all = calloc((size_t)count + 1, sizeof *all);
    for (int64_t id = 0; all && id < count; id++)
        all[id] = losses[id] || w->read[id];
    dg_status status = all ? target_inputs(task->graph, all, &w->target) : dg_no_memory("%lld nodes", (long long)count);
    for (int64_t id = 0; status.code == DG_OK && id < count; id++) {
        const dg_node *node = dg_graph_node(task->graph, id);
        w->others += is_input(node) && all[id] && !w->target[id] && !chosen_field(task, node);
    }
    free(all);
    free(losses);
    return status;
}

static dg_status no_field(const dg_task *task, const char *input, const char *name)
{
    char known[300] = "";
    size_t used = 0;
    for (size_t k = 0; k < dg_tensors_count(task->data->fields); k++)
        used = dg_text_append(known, sizeof known, used, "%s%s", k ? ", " : "; there are ",
                              dg_tensors_name(task->data->fields, k));
    return dg_error(DG_BAD_ARGUMENT, "input '%s': the data set has no field '%s'%s%s", input, name, known,
                    used ? ": give the input the name of its field, or field=…" : "");
}

static dg_status pick_field(const dg_task *task, const wiring *w, dg_node *input, const char **name,
                            const dg_tensor **field)
{
    dg_tensors *fields = task->data->fields;
    int64_t id = dg_node_id(input);
    *name = chosen_field(task, input);
    if (!*name)
        *name = w->target[id] ? "target" : w->others == 1 ? "features" : dg_node_name(input);
    *field = dg_tensors_find(fields, *name);
    if (!*field && !chosen_field(task, input)) {
        const dg_tensor *own = dg_tensors_find(fields, dg_node_name(input));
        if (own)
            *name = dg_node_name(input);
        *field = own;
    }
    if (*field)
        return dg_ok();
    if (!chosen_field(task, input) && !w->target[id] && w->others > 1)
        return dg_error(
            DG_BAD_ARGUMENT,
            "input '%s': %d input(s) and no way to tell which field each takes; give each field=features or "
            "field=target (no loss has one of them as its target alone)",
            dg_node_name(input), w->others);
    return no_field(task, dg_node_name(input), *name);
}

dg_status find_field(const dg_task *task, dg_node *node, const dg_tensor **field)
{
    wiring w = {0};
    const char *name;
    *field = NULL;
    while (node && !is_input(node))
        node = dg_node_op(node)->flags & (DG_VIEW | DG_CAST) ? dg_node_input(node, 0) : NULL;
    if (!node || !task->data)
        return dg_ok();
    dg_status status = wiring_new(task, &node, 1, &w);
    if (status.code == DG_OK && pick_field(task, &w, node, &name, field).code != DG_OK)
        *field = NULL;
    free(w.read);
    free(w.target);
    return status;
}

/* Columns that an input lacks, where the target is them: of a table without one, the last column was taken for it. */
static void find_missing(const dg_task *task, const char *name, int64_t missing, char text[200])
{
    const dg_tensor *target = dg_tensors_find(task->data->fields, "target");
    const dg_data *data = task->data->of;
    int64_t rows = target && target->shape.rank ? target->shape.dims[0] : 0;
    *text = 0;
    if (strcmp(name, "features") != 0 || !rows || missing != dg_tensor_count(target) / rows)
        return;
    for (int64_t k = 0; k < dg_data_column_count(data); k++)
        if (dg_data_column(data, k)->use == DG_COLUMN_TARGET && dg_data_column(data, k)->n_words == 0)
            snprintf(text, 200, ": column %s%.80s%s is the target; with target=none in data it is a feature",
                     *dg_data_column(data, k)->name ? "'" : "", dg_data_column(data, k)->name,
                     *dg_data_column(data, k)->name ? "'" : "");
}

/* The shape of all rows as the input takes them. */
static dg_status shape_rows(const dg_task *task, dg_node *input, const char *name, const dg_tensor *field,
                            dg_shape *shape)
{
    const dg_shape *wanted = &dg_node_type(input, 0)->shape;
    bool same = wanted->rank == field->shape.rank, known = wanted->rank > 0;
    int64_t wanted_row = 1, row = 1;
    for (int d = 1; d < field->shape.rank; d++)
        row *= field->shape.dims[d];
    for (int d = 1; d < wanted->rank; d++) {
        known = known && wanted->dims[d] >= 0;
        wanted_row *= wanted->dims[d];
        same = same && (wanted->dims[d] < 0 || wanted->dims[d] == field->shape.dims[d]);
    }
    *shape = same ? field->shape : *wanted;
    shape->dims[0] = field->shape.dims[0];
    if ((same && wanted->rank > 0) || (known && wanted_row == row))
        return dg_ok();
    char input_text[DG_SHAPE_TEXT], field_text[DG_SHAPE_TEXT], missing[200];
    const dg_tensor *one_hot = strcmp(name, "target") == 0 ? dg_tensors_find(task->data->fields, "one_hot") : NULL;
    bool is_one_hot = one_hot && wanted->rank == 2 && wanted->dims[1] == one_hot->shape.dims[1];
    find_missing(task, name, known ? wanted_row - row : 0, missing);
    return dg_error(DG_BAD_SHAPE, "input '%s' is %s, which field '%s' %s does not fit%s", dg_node_name(input),
                    dg_graph_print_shape(task->graph, wanted, input_text, sizeof input_text), name,
                    dg_shape_print(&field->shape, field_text, sizeof field_text),
                    is_one_hot ? ": field=one_hot is a column of 0 and 1 for each class" : missing);
}

/* Labels that come as floats must be whole numbers. */
static dg_status check_whole(dg_node *input, const char *name, const dg_tensor *field, dg_dtype dtype)
{
    if (!dg_dtype_is_float(field->dtype) || dg_dtype_is_float(dtype))
        return dg_ok();
    int64_t count = dg_tensor_count(field), rows = field->shape.dims[0];
    for (int64_t i = 0; i < count; i++) {
        double value = dg_tensor_get(field, i);
        if (!(fabs(value) < 9e15) || value != floor(value))
            return dg_error(DG_BAD_DATA, "field '%s', row %lld: %g is not a whole number, input '%s' is %s", name,
                            (long long)(i / (count / rows)), value, dg_node_name(input), dg_dtype_name(dtype));
    }
    return dg_ok();
}

static dg_status bind_source(const dg_task *task, const wiring *w, dg_node *input, field_source *source)
{
    const dg_tensor *field;
    dg_shape shape;
    dg_dtype dtype = dg_node_type(input, 0)->dtype;
    source->input = input;
    DG_TRY(pick_field(task, w, input, &source->field, &field));
    DG_TRY(shape_rows(task, input, source->field, field, &shape));
    if (field->dtype == dtype)
        source->rows = dg_tensor_view(dtype, shape, field->data);
    else {
        DG_TRY(check_whole(input, source->field, field, dtype));
        DG_TRY(dg_tensor_convert(&source->rows, field, dtype));
        source->rows.shape = shape;
    }
    source->row_bytes = dg_tensor_bytes(&source->rows) / (size_t)shape.dims[0];
    return dg_ok();
}

dg_status fields_bind(const dg_task *task, dg_node *const *nodes, int n_nodes, field_sources *sources)
{
    *sources = (field_sources){0};
    if (!task->data)
        return dg_error(DG_BAD_ARGUMENT, "the task has no data");
    DG_TRY(dg_dataset_rows(task->data, &sources->rows));
    wiring w = {0};
    dg_status status = wiring_new(task, nodes, n_nodes, &w);
    int64_t n_nodes_all = dg_graph_node_count(task->graph);
    size_t n = 0;
    for (int64_t id = 0; status.code == DG_OK && id < n_nodes_all; id++)
        n += w.read[id] && is_input(dg_graph_node(task->graph, id));
    if (status.code == DG_OK && !(sources->at = calloc(n + 1, sizeof *sources->at)))
        status = dg_no_memory("%zu inputs", n);
    for (int64_t id = 0; status.code == DG_OK && id < n_nodes_all; id++) {
        dg_node *node = dg_graph_node(task->graph, id);
        if (w.read[id] && is_input(node))
            status = bind_source(task, &w, node, &sources->at[sources->count++]);
    }
    free(w.read);
    free(w.target);
    if (status.code != DG_OK)
        fields_release(sources);
    return status;
}

void fields_release(field_sources *sources)
{
    for (int i = 0; i < sources->count; i++)
        dg_tensor_release(&sources->at[i].rows);
    free(sources->at);
    *sources = (field_sources){0};
}

size_t tensors_bytes(const dg_tensors *set)
{
    size_t bytes = 0;
    for (size_t k = 0; set && k < dg_tensors_count(set); k++)
        bytes += dg_tensor_bytes(dg_tensors_at(set, k));
    return bytes;
}
