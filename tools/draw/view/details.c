/* An op's attributes, as short as can be: "3×3, 64 → 64, pad 1". */
#include "view.h"

#include <string.h>

static void put_comma(text *t)
{
    if (t->used)
        text_put(t, ", ");
}

/* The input that is called so, else the first one that a layer would own; NULL: neither is there. */
static const dg_node *weight_of(const dg_node *node)
{
    const dg_op *op = dg_node_op(node);
    const dg_node *owned = NULL;
    for (int k = 0; k < dg_node_input_count(node); k++) {
        const char *name = dg_node_input_name(node, k);
        if (name && strcmp(name, "weight") == 0)
            return dg_node_input(node, k);
        if (!owned && k < DG_MAX_INPUTS && op->inputs[k].parameter)
            owned = dg_node_input(node, k);
    }
    return owned;
}

static bool has_attribute(const dg_op *op, const char *name)
{
    for (int k = 0; k < dg_op_attr_count(op); k++)
        if (strcmp(op->attrs[k].name, name) == 0)
            return true;
    return false;
}

/* "64 → 10", "3×3, 64 → 64" from the weight's shape; true when that tells the sizes. */
static bool put_weight(text *t, const dg_node *node)
{
    const dg_op *op = dg_node_op(node);
    const dg_node *weight = weight_of(node);
    const dg_shape *shape = weight ? &dg_node_type(weight, 0)->shape : NULL;
    if (!shape || !dg_shape_is_known(shape))
        return false;
    const int64_t *dims = shape->dims;
    if (strcmp(op->family, "conv") == 0 && shape->rank > 2) {
        const dg_value *groups = dg_node_attr(node, "groups");
        int64_t n_groups = groups && groups->kind == DG_VALUE_INT ? groups->i : 1;
        const dg_shape *made = &dg_node_type(node, 0)->shape;
        int channel = made->rank - shape->rank + 1;                       /* of [N, C, …] and [C, …] */
        bool transposed = channel >= 0 && made->dims[channel] != dims[0]; /* [in, out / groups, …] */
        int64_t in = transposed ? dims[0] : dims[1] * n_groups, out = transposed ? dims[1] * n_groups : dims[0];
        for (int d = 2; d < shape->rank; d++)
            text_add(t, "%s%lld", d > 2 ? "×" : shape->rank == 3 ? "window " : "", (long long)dims[d]);
        text_add(t, ", %lld → %lld", (long long)in, (long long)out);
        return true;
    }
    if (shape->rank == 1 && strcmp(op->family, "norm") == 0) {
        text_add(t, has_attribute(op, "normalized_shape") ? "over the last %lld" : "%lld channels", (long long)dims[0]);
        return true;
    }
    bool is_table = (op->inputs[0].flags & DG_INDEX) != 0; /* [words, size] */
    if (shape->rank != 2 || (strcmp(op->family, "linear") != 0 && !is_table))
        return false;
    text_add(t, "%lld → %lld", (long long)dims[is_table ? 0 : 1], (long long)dims[is_table ? 1 : 0]);
    return true;
}

static void put_number(text *t, const dg_value *value)
{
    char number[DG_NUMBER_TEXT];
    double d;
    text_put(t, dg_value_number(value, &d) ? dg_number_print(d, DG_FLOAT64, number) : "…");
}

static void put_list(text *t, const dg_value *list, const char *between)
{
    for (size_t k = 0; k < list->count; k++) {
        text_put(t, k ? between : "");
        put_number(t, &list->items[k]);
    }
}

static bool is_alike(const dg_value *list)
{
    for (size_t k = 1; k < list->count; k++)
        if (!dg_value_equal(&list->items[0], &list->items[k]))
            return false;
    return list->count > 0;
}

/* Sizes: a window always with all of them ("2×2"), others once where they are alike. */
static void put_sizes(text *t, const dg_node *node, const char *name, const dg_value *list)
{
    bool is_window = strcmp(name, "kernel_size") == 0 || strcmp(name, "output_size") == 0;
    int count = list->count > 1 ? (int)list->count : is_window ? dg_node_op(node)->spatial : 1;
    if (!is_alike(list)) {
        put_list(t, list, "×");
        return;
    }
    for (int k = 0; k == 0 || (is_window && k < count); k++) {
        text_put(t, k ? "×" : "");
        put_number(t, &list->items[0]);
    }
}

static const char *short_name(const char *name)
{
    static const char *const names[][2] = {{"padding", "pad"},
                                           {"kernel_size", "window"},
                                           {"negative_slope", "slope"},
                                           {"num_heads", "heads"},
                                           {"num_layers", "layers"},
                                           {"label_smoothing", "smoothing"},
                                           {"normalized_shape", "over the last"},
                                           {"output_size", "to"},
                                           {"hidden_size", "size"}};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(name, names[k][0]) == 0)
            return names[k][1];
    return name;
}

/* Whether the value is the default; "1e-5" and 0.00001 are the same. */
bool label_is_default(view *v, const dg_attr_spec *attr, const dg_value *value, const char *words)
{
    dg_value usual;
    double a, b;
    if (!attr->fallback)
        return false;
    if (strcmp(words, attr->fallback) == 0)
        return true;
    return dg_value_number(value, &a) && dg_value_parse(v->arena, attr->fallback, &usual).code == DG_OK &&
           dg_value_number(&usual, &b) && a == b;
}

const char *label_value(view *v, const dg_node *node, int k)
{
    const dg_attr_spec *attr = &dg_node_op(node)->attrs[k];
    const dg_value *value = &dg_node_attrs(node)[k];
    char shape[DG_SHAPE_TEXT];
    if (attr->kind == DG_ATTR_DTYPE)
        return dg_dtype_name(value->kind == DG_VALUE_INT && value->i != DG_DEFAULT_DTYPE
                                 ? (dg_dtype)value->i
                                 : dg_node_type(node, 0)->dtype);
    if (value->kind == DG_VALUE_SHAPE)
        return text_format(v->arena, "%s",
                           dg_graph_print_shape(dg_node_graph(node), value->shape, shape, sizeof shape));
    const char *words = dg_value_print(v->arena, value);
    return words ? words : "";
}

static void put_attribute(text *t, view *v, const dg_node *node, const dg_attr_spec *attr, const dg_value *value)
{
    const char *words = dg_value_print(v->arena, value);
    if (value->kind == DG_VALUE_NONE || !words || label_is_default(v, attr, value, words))
        return;
    if (attr->kind == DG_ATTR_SIZES && value->kind == DG_VALUE_LIST && attr->fallback && is_alike(value)) {
        const char *one = dg_value_print(v->arena, &value->items[0]);
        if (one && strcmp(one, attr->fallback) == 0)
            return;
    }
    put_comma(t);
    if (value->kind == DG_VALUE_BOOL)
        text_add(t, "%s%s", value->b ? "" : "no ", attr->name);
    else if (attr->kind == DG_ATTR_DTYPE)
        text_put(t, value->kind == DG_VALUE_INT ? dg_dtype_name((dg_dtype)value->i) : words);
    else if (attr->kind == DG_ATTR_NAME)
        text_add(t, "%s %s", short_name(attr->name),
                 value->kind == DG_VALUE_NAME || value->kind == DG_VALUE_STRING || value->kind == DG_VALUE_TEXT
                     ? value->s
                     : words);
    else if (attr->kind == DG_ATTR_TEXT)
        text_add(t, "%s %s", short_name(attr->name),
                 value->kind == DG_VALUE_TEXT || value->kind == DG_VALUE_STRING ? value->s : words);
    else if (attr->kind == DG_ATTR_SHAPE && value->kind == DG_VALUE_SHAPE)
        text_add(t, "%s %s", strcmp(attr->name, "shape") == 0 ? "to" : short_name(attr->name),
                 label_for_shape(v, value->shape));
    else {
        if (strcmp(attr->name, dg_node_op(node)->name) != 0) /* "pad 1, 0" */
            text_add(t, "%s ", short_name(attr->name));
        if (value->kind == DG_VALUE_LIST && attr->kind == DG_ATTR_SIZES)
            put_sizes(t, node, attr->name, value);
        else if (value->kind == DG_VALUE_LIST && attr->kind == DG_ATTR_INTS)
            put_list(t, value, ", ");
        else
            text_put(t, words);
    }
}

/* What the weights or the edges tell already, and initialisers. */
bool label_is_shown(const dg_op *op, const dg_attr_spec *attr, bool has_weight)
{
    static const char *const sizes[] = {"out_features",   "in_features",   "out_channels",
                                        "in_channels",    "num_features",  "num_channels",
                                        "num_embeddings", "embedding_dim", "normalized_shape"};
    if (attr->kind == DG_ATTR_INIT || strstr(attr->name, "init"))
        return false;
    if (has_weight && strcmp(op->family, "conv") == 0 && strcmp(attr->name, "kernel_size") == 0)
        return false;
    for (size_t k = 0; has_weight && k < sizeof sizes / sizeof *sizes; k++)
        if (strcmp(attr->name, sizes[k]) == 0)
            return false;
    return true;
}

void label_details(view *v, const dg_node *node, text *t)
{
    const dg_op *op = dg_node_op(node);
    const dg_value *attrs = dg_node_attrs(node);
    bool has_weight = put_weight(t, node);
    for (int k = 0; k < dg_op_attr_count(op) && attrs; k++)
        if (label_is_shown(op, &op->attrs[k], has_weight) &&
            !(op->flags & DG_ANY_INPUTS && op->attrs[k].kind == DG_ATTR_TEXT))
            put_attribute(t, v, node, &op->attrs[k], &attrs[k]);
}
