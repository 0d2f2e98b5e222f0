/* What is written in a node: signs, attributes, shapes, and text made safe. */
#include "draw.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const draw_style draw_styles[DRAW_STYLES] = {
    [STYLE_INPUT] = {"source", "#FFFFFF", "#24292F"},
    [STYLE_PARAMETER] = {"", "#F4F0D0", "#94860F"},
    [STYLE_ELEMENTWISE] = {"elementwise compare random gradient", "#ECEFF2", "#6E7781"},
    {"linear conv embedding attention recurrent", "#DCE8F5", "#4477AA"},
    {"norm normalisation normalization", "#D9EEDD", "#228833"},
    {"activation softmax", "#FBE0E4", "#EE6677"},
    {"pool reduce", "#DDF3FA", "#2E93B5"},
    {"shape join index", "#F6F8FA", "#8C959F"},
    {"loss", "#EFD9E7", "#AA3377"},
};

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; length && (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

int draw_style_of(const dg_op *op)
{
    if (op->role == DG_ROLE_PARAMETER)
        return STYLE_PARAMETER;
    if (op->role != DG_ROLE_INPUT && has_word(draw_styles[STYLE_INPUT].families, op->family))
        return STYLE_ELEMENTWISE; /* constants and the like */
    for (int k = 0; k < DRAW_STYLES; k++)
        if (has_word(draw_styles[k].families, op->family))
            return k;
    return STYLE_ELEMENTWISE;
}

const char *draw_sign(const dg_op *op)
{
    static const char *const signs[][2] = {{"add", "+"}, {"sub", "−"}, {"mul", "×"}, {"div", "÷"},
                                           {"pow", "^"}, {"lt", "<"},  {"le", "≤"},  {"gt", ">"},
                                           {"ge", "≥"},  {"eq", "="},  {"ne", "≠"}};
    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++)
        if (strcmp(op->name, signs[k][0]) == 0)
            return signs[k][1];
    return NULL;
}

/* ---- the line of attributes ---- */

typedef struct line {
    char *text;
    size_t used;
} line;

static void __attribute__((format(printf, 2, 3))) put(line *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(to->text + to->used, DRAW_DETAIL - to->used, format, arguments);
    va_end(arguments);
    to->used += length < 0 ? 0 : (size_t)length;
    to->used = to->used < DRAW_DETAIL ? to->used : DRAW_DETAIL - 1;
}

static void put_comma(line *to)
{
    if (to->used)
        put(to, ", ");
}

static const dg_shape *input_shape(const dg_node *node, const char *name)
{
    for (int k = 0; k < dg_node_input_count(node); k++) {
        const char *found = dg_node_input_name(node, k);
        if (found && strcmp(found, name) == 0 && dg_node_input(node, k))
            return &dg_node_type(dg_node_input(node, k), 0)->shape;
    }
    return NULL;
}

/* "64 → 10", "3×3, 64 → 64" from the weight's shape; true when it told the sizes. */
static bool put_weight(line *to, const dg_node *node)
{
    const dg_op *op = dg_node_op(node);
    const dg_shape *weight = input_shape(node, "weight");
    if (!weight)
        weight = input_shape(node, "centers");
    if (!weight || !dg_shape_is_known(weight))
        return false;
    const int64_t *dims = weight->dims;
    bool is_conv = strcmp(op->family, "conv") == 0;
    if (is_conv && weight->rank > 2) {
        const dg_value *groups = dg_node_attr(node, "groups");
        int64_t n_groups = groups && groups->kind == DG_VALUE_INT ? groups->i : 1;
        for (int d = 2; d < weight->rank; d++)
            put(to, "%s%lld", d > 2 ? "×" : "", (long long)dims[d]);
        bool transposed = strstr(op->name, "transpose") != NULL; /* [in, out / groups, …] */
        put(to, "%s, %lld → %lld", weight->rank == 3 ? " wide" : "",
            (long long)(transposed ? dims[0] : dims[1] * n_groups),
            (long long)(transposed ? dims[1] * n_groups : dims[0]));
        return true;
    }
    if (weight->rank == 1) {
        put(to, "%lld channels", (long long)dims[0]);
        return true;
    }
    if (weight->rank != 2)
        return false;
    bool is_table = strcmp(op->name, "embedding") == 0; /* [words, size] */
    put(to, "%lld → %lld", (long long)dims[is_table ? 0 : 1], (long long)dims[is_table ? 1 : 0]);
    return true;
}

static void put_sizes(line *to, const dg_value *list)
{
    char number[DG_NUMBER_TEXT];
    double value;
    for (size_t k = 0; k < list->count; k++)
        put(to, "%s%s", k ? "×" : "",
            dg_value_number(&list->items[k], &value) ? dg_number_print(value, DG_FLOAT64, number) : "…");
}

static const char *short_name(const char *name)
{
    static const char *const names[][2] = {
        {"padding", "pad"},       {"kernel_size", "window"},        {"negative_slope", "slope"}, {"num_heads", "heads"},
        {"num_layers", "layers"}, {"label_smoothing", "smoothing"}, {"normalized_shape", "over"}};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(name, names[k][0]) == 0)
            return names[k][1];
    return name;
}

/* One argument of the call, as short as can be. */
static void put_argument(line *to, dg_arena *arena, const dg_attr_spec *attr, const dg_value *value)
{
    const char *text = dg_value_print(arena, value);
    if (!text || (attr->fallback && strcmp(text, attr->fallback) == 0))
        return;
    put_comma(to);
    if (value->kind == DG_VALUE_BOOL)
        put(to, "%s%s", value->b ? "" : "no ", attr->name);
    else if (attr->kind == DG_ATTR_TEXT && (value->kind == DG_VALUE_TEXT || value->kind == DG_VALUE_STRING))
        put(to, "%s", value->s);
    else if (attr->kind == DG_ATTR_NAME || attr->kind == DG_ATTR_TEXT || attr->kind == DG_ATTR_DTYPE)
        put(to, "%s", value->kind == DG_VALUE_NAME || value->kind == DG_VALUE_STRING ? value->s : text);
    else if (attr->kind == DG_ATTR_SHAPE)
        put(to, "%s", text);
    else {
        put(to, "%s ", short_name(attr->name));
        if (value->kind == DG_VALUE_LIST)
            put_sizes(to, value);
        else
            put(to, "%s", text);
    }
}

/* What the weights or the edges tell already, and initialisers. */
static bool is_told(const dg_op *op, const dg_attr_spec *attr, bool has_weight)
{
    static const char *const sizes[] = {"out_features", "in_features",  "out_channels",   "in_channels",
                                        "num_features", "num_channels", "num_embeddings", "embedding_dim"};
    if (attr->kind == DG_ATTR_INIT || strstr(attr->name, "init"))
        return true;
    if (has_weight && strcmp(op->family, "conv") == 0 && strcmp(attr->name, "kernel_size") == 0)
        return true;
    for (size_t k = 0; has_weight && k < sizeof sizes / sizeof *sizes; k++)
        if (strcmp(attr->name, sizes[k]) == 0)
            return true;
    return false;
}

char *draw_detail(const dg_graph_file *file, const dg_file_node *node, char text[DRAW_DETAIL])
{
    line to = {text, 0};
    const dg_op *op = dg_node_op(node->node);
    text[0] = '\0';
    if (op->role == DG_ROLE_INPUT || op->role == DG_ROLE_CONSTANT)
        return text;
    if (op->role == DG_ROLE_PARAMETER)
        return draw_shape(file->graph, &dg_node_type(node->node, 0)->shape, text, DRAW_DETAIL);
    if (strcmp(node->call.s, op->name) != 0 && node->call.count && node->call.items[0].kind != DG_VALUE_CALL) {
        put(&to, "%s", dg_value_print(file->arena, &node->call.items[0])); /* use(), scan(): the file */
        return text;
    }
    bool has_weight = put_weight(&to, node->node);
    int n_attrs = dg_op_attr_count(op), place = 0;
    for (size_t k = 0; k < node->call.count; k++) {
        const dg_value *value = &node->call.items[k];
        int at = -1;
        for (int i = 0; value->key && i < n_attrs; i++)
            if (strcmp(op->attrs[i].name, value->key) == 0)
                at = i;
        if (!value->key)
            at = place++;
        if (at >= 0 && at < n_attrs && !is_told(op, &op->attrs[at], has_weight))
            put_argument(&to, file->arena, &op->attrs[at], value);
    }
    return text;
}

char *draw_shape(const dg_graph *graph, const dg_shape *shape, char *text, size_t size)
{
    size_t used = 0;
    if (shape->rank == 0) {
        snprintf(text, size, "scalar");
        return text;
    }
    text[0] = '\0';
    for (int d = 0; d < shape->rank && used < size; d++) {
        int length;
        if (shape->dims[d] >= 0)
            length = snprintf(text + used, size - used, "%s%lld", d ? "×" : "", (long long)shape->dims[d]);
        else
            length = snprintf(text + used, size - used, "%s%s", d ? "×" : "",
                              shape->dims[d] == DG_UNKNOWN ? "?" : dg_symbol_name(graph, shape->dims[d]));
        used += length < 0 ? 0 : (size_t)length;
    }
    return text;
}

/* ---- safe text ---- */

const char *draw_escape(dg_arena *arena, const char *text, int most)
{
    char *escaped = dg_arena_alloc(arena, strlen(text) * 6 + 8), *to = escaped;
    int count = 0;
    if (!escaped)
        return NULL;
    for (const char *c = text; *c; c++) {
        bool begins = ((unsigned char)*c & 0xc0) != 0x80;
        if (begins && count++ == most) {
            memcpy(to, "…", sizeof "…");
            return escaped;
        }
        const char *sign = *c == '&' ? "&amp;" : *c == '<' ? "&lt;" : *c == '>' ? "&gt;" : *c == '"' ? "&quot;" : NULL;
        if (sign)
            to = stpcpy(to, sign);
        else
            *to++ = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c;
    }
    if (to == escaped)
        *to = ' '; /* Graphviz takes no empty text */
    return escaped;
}

const char *draw_escape_backslashes(dg_arena *arena, const char *text)
{
    char *escaped = dg_arena_alloc(arena, strlen(text) * 2 + 1), *to = escaped;
    if (!escaped)
        return NULL;
    for (const char *c = text; *c; c++) {
        if (*c == '\\')
            *to++ = '\\';
        *to++ = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c;
    }
    return escaped;
}
