/* Whether a set suits a graph: labels are looked at before training begins. */
#include "data.h"

#include <math.h>
#include <string.h>

static int find_input(const dg_node *node, const char *name)
{
    for (int k = 0; k < dg_node_input_count(node); k++)
        if (!strcmp(dg_node_input_name(node, k), name))
            return k;
    return -1;
}

/* The number of classes that the scores of a loss on labels have; 0: not known, or another loss. */
static int64_t count_scores(const dg_node *loss)
{
    const char *op = dg_node_op(loss)->name;
    if (strcmp(op, "cross_entropy") && strcmp(op, "nll_loss"))
        return 0;
    const dg_shape *scores = &dg_node_type(dg_node_input(loss, 0), 0)->shape;
    int64_t classes = scores->rank == 0 ? 0 : scores->dims[scores->rank == 1 ? 0 : 1];
    return classes > 0 ? classes : 0;
}

static const char *field_of(const dg_node *input)
{
    const dg_value *field = dg_node_attr(input, "field");
    return field && field->kind != DG_VALUE_NONE && field->s && *field->s ? field->s : "target";
}

static dg_status check_labels(const data_set *set, const dg_node *loss, const dg_node *input, int64_t classes)
{
    const char *field = field_of(input);
    const dg_tensor *labels = dg_tensors_find(set->data.fields, field);
    const dg_value *ignored = dg_node_attr(loss, "ignore_index");
    int64_t width = labels ? dg_tensor_count(labels) / set->count : 0;
    for (int64_t k = 0; k < set->count * width; k++) {
        double label = dg_tensor_get(labels, k);
        if (ignored && ignored->kind == DG_VALUE_INT && label == (double)ignored->i)
            continue;
        if (label != floor(label))
            return dg_error(DG_BAD_DATA, "%s: row %lld: %s is %g: '%s' wants whole numbers, the classes", set->source,
                            (long long)(k / width) + 1, field, label, dg_node_name((dg_node *)(uintptr_t)loss));
        if (label < 0 || label >= (double)classes)
            return dg_error(DG_BAD_DATA, "%s: row %lld: label %.0f is out of range: '%s' has %lld classes, from 0 on",
                            set->source, (long long)(k / width) + 1, label, dg_node_name(dg_node_input(loss, 0)),
                            (long long)classes);
    }
    return dg_ok();
}

dg_status data_check_labels(const data_set *set, const dg_graph *graph)
{
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        const dg_node *loss = dg_graph_node(graph, id);
        int64_t classes = count_scores(loss);
        int target = classes ? find_input(loss, "target") : -1;
        const dg_node *input = target < 0 ? NULL : dg_node_input(loss, target);
        if (input && dg_node_op(input)->role == DG_ROLE_INPUT && !dg_dtype_is_float(dg_node_type(input, 0)->dtype))
            DG_TRY(check_labels(set, loss, input, classes));
    }
    return dg_ok();
}
