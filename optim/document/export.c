/* Any graph to a document: the nodes that its author made, with the calls that make them again. */
#include "clusters.h"
#include "document.h"
#include "settings.h"

#include "core/base/null.h"
#include "core/formula/expression.h"
#include "core/graph/graph.h"

#include <dotgrad/utf8.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WRITTEN = 64 /* numbers of a constant that are written in the text */ };

typedef struct exporting {
    dg_graph *graph;
    const dg_graph_write_options *options;
    dg_graph_file file;
    int *index;       /* by id of a node: its place in the document, −1: it has none */
    bool *is_network; /* by id: what training adds is not */
    bool *is_read;    /* by id: by a node of the network */
    dg_tensors *constants;
    dg_status status;
} exporting;

static const char *format(exporting *e, const char *pattern, ...) __attribute__((format(printf, 2, 3)));
static const char *format(exporting *e, const char *pattern, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, pattern);
    int length = vasprintf(&text, pattern, arguments);
    va_end(arguments);
    const char *kept = length < 0 ? NULL : dg_arena_text(e->file.arena, text, (size_t)length);
    if (length >= 0)
        free(text);
    if (!kept)
        e->status = dg_no_memory("the text of a graph");
    return kept ? kept : "";
}

/* ---- which nodes ---- */

static bool is_own_parameter(const dg_node *node)
{
    return dg_node_op(node)->role == DG_ROLE_PARAMETER && dg_node_owner(node);
}

/* An output of a node with several is an edge's (out=h_n), unless it has a name or a role of its own. A parameter that
 * a formula made (beta=parameter(1.0)) is a node of its own in the file. */
static bool is_written(const exporting *e, const dg_node *node)
{
    const dg_node *owner = dg_node_owner(node);
    if (!e->is_network[dg_node_id(node)])
        return false;
    if (!owner)
        return dg_node_op(node)->role != DG_ROLE_OUTPUT || dg_node_is_named(node) || node == e->options->loss ||
               node == e->options->output || !e->is_read[dg_node_id(node)];
    return is_own_parameter(node) && (dg_node_op(owner)->flags & DG_ANY_INPUTS) && !dg_node_owner(owner);
}

/* The name of a node, which its parameters have, too: a layer without a name has got its number after theirs. */
static const char *name_of(exporting *e, dg_node *node)
{
    for (int k = 0; k < dg_node_input_count(node) && !dg_node_is_named(node); k++) {
        dg_node *input = dg_node_input(node, k);
        if (!input || !is_own_parameter(input) || dg_node_owner(input) != node)
            continue;
        const char *name = dg_node_name(input), *own = dg_node_input_name(node, k);
        size_t length = strlen(name), size = own ? strlen(own) + 1 : 0;
        if (size && length > size && name[length - size] == '.' && strcmp(name + length - size + 1, own) == 0)
            return format(e, "%.*s", (int)(length - size), name);
    }
    return dg_node_name(node);
}

/* ---- calls ---- */

static bool is_default(exporting *e, const dg_attr_spec *spec, const dg_value *value, const char *text)
{
    dg_value usual;
    double a, b;
    if (!spec->fallback)
        return false;
    if (value->kind == DG_VALUE_NONE || strcmp(text, spec->fallback) == 0)
        return true;
    return dg_value_number(value, &a) && dg_value_parse(e->file.arena, spec->fallback, &usual).code == DG_OK &&
           dg_value_number(&usual, &b) && a == b;
}

static const char *file_in(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* constant('net.safetensors'): the reader knows the file by its ending, and takes $name for a setting. */
static dg_status check_constants(const char *path)
{
    static const char ending[] = ".safetensors";
    const char *file = path ? file_in(path) : "";
    size_t length = strlen(file), size = sizeof ending - 1;
    if (!path || (length > size && strcmp(file + length - size, ending) == 0 && !strchr(file, '$')))
        return dg_ok();
    return dg_error(DG_BAD_ARGUMENT, "constants '%s': the file's name ends in %s, and has no $", path, ending);
}

/* A large constant goes into the file beside the graph, under the node's name. */
static bool put_beside(exporting *e, const dg_node *node, const char *name, const dg_value *value)
{
    bool is_large = dg_node_op(node)->role == DG_ROLE_CONSTANT && value->kind == DG_VALUE_TENSOR &&
                    dg_tensor_count(value->tensor) > MOST_WRITTEN;
    if (!is_large || !e->options->constants)
        return false;
    if (!e->constants && e->status.code == DG_OK)
        e->status = dg_tensors_new(&e->constants);
    if (e->status.code == DG_OK)
        e->status = dg_tensors_put(e->constants, name, value->tensor);
    return true;
}

/* A shape with the names of its symbols; −1 where the size follows from the others. */
static const char *shape_text(exporting *e, const dg_shape *shape)
{
    char text[DG_SHAPE_TEXT];
    const char *list = "";
    for (int d = 0; d < shape->rank; d++) {
        const char *symbol = shape->dims[d] < DG_UNKNOWN ? dg_symbol_name(e->graph, shape->dims[d]) : "N";
        bool fits = size_is_name(symbol);
        for (const char *at = symbol; *at; at++)
            fits = fits && (isalnum((unsigned char)*at) || *at == '_');
        if (!fits)
            e->status = dg_error(DG_BAD_ARGUMENT,
                                 "symbol '%s' cannot be written: in graph files symbols are capital letters, then "
                                 "letters, digits and _, and not None or the like",
                                 symbol);
        const dg_shape one = DG_SHAPE(shape->dims[d]);
        dg_graph_print_shape(e->graph, &one, text, sizeof text);
        list = shape->dims[d] == DG_UNKNOWN
                   ? format(e, "%s%s-1", list, d ? ", " : "")
                   : format(e, "%s%s%.*s", list, d ? ", " : "", (int)strlen(text) - 2, text + 1);
    }
    return format(e, "[%s]", list);
}

/* What the reader makes of a formula's text, whose inputs are wired by their names (or, with `bare`, are not). */
static const dg_formula *read_formula(exporting *e, const dg_node *node, const char *text, bool bare)
{
    const dg_formula *own = dg_node_formula(node), *read = NULL;
    int count = bare ? 0 : dg_formula_input_count(own);
    const char **names = dg_arena_alloc(e->file.arena, sizeof *names * ((size_t)count + 1));
    for (int k = 0; names && k < count; k++)
        names[k] = dg_formula_input_name(own, k);
    return names && text &&
                   dg_formula_parse_given(dg_graph_formulas(e->graph), text, NULL, 0, names, count, &read).code == DG_OK
               ? read
               : NULL;
}

/* As its author wrote it, unless numbers were bound to names in it. */
static const char *formula_text(exporting *e, const dg_node *node)
{
    const char *text = dg_node_attrs(node)[0].s;
    const dg_formula *read = read_formula(e, node, text, false);
    return read && read->root == dg_node_formula(node)->root
               ? text
               : dg_formula_print(dg_graph_formulas(e->graph), dg_node_formula(node));
}

static const char *attribute_text(exporting *e, const dg_node *node, const char *name, int k)
{
    const dg_attr_spec *spec = &dg_node_op(node)->attrs[k];
    const dg_value *value = &dg_node_attrs(node)[k];
    if (spec->kind == DG_ATTR_DTYPE && value->kind == DG_VALUE_INT)
        return value->i == DG_DEFAULT_DTYPE ? NULL : dg_dtype_name((dg_dtype)value->i);
    if (put_beside(e, node, name, value)) {
        const char *file =
            dg_value_print(e->file.arena, &(dg_value){.kind = DG_VALUE_STRING, .s = file_in(e->options->constants)});
        if (!file)
            e->status = dg_no_memory("the text of a graph");
        return file;
    }
    if (k == 0 && (dg_node_op(node)->flags & DG_ANY_INPUTS))
        return formula_text(e, node);
    bool is_list = spec->kind == DG_ATTR_SIZES || spec->kind == DG_ATTR_INTS;
    if (is_list && value->kind == DG_VALUE_LIST && value->count == 1) /* kept as a list, of one number */
        value = &value->items[0];
    const char *text =
        value->kind == DG_VALUE_SHAPE ? shape_text(e, value->shape) : dg_value_print(dg_graph_arena(e->graph), value);
    if (!text)
        e->status = dg_no_memory("the text of a graph");
    return !text || is_default(e, spec, value, text) ? NULL : text;
}

static const char *call_of(exporting *e, const dg_node *node, const char *name)
{
    const dg_op *op = dg_node_op(node);
    const char *call = op->name, *between = "(";
    for (int k = 0; k < dg_op_attr_count(op) && dg_node_attrs(node); k++) {
        const char *text = attribute_text(e, node, name, k);
        if (!text)
            continue;
        bool is_first = strcmp(between, "(") == 0 && !op->attrs[k].fallback;
        call = is_first && k == 0 ? format(e, "%s(%s", call, text)
                                  : format(e, "%s%s%s=%s", call, between, op->attrs[k].name, text);
        between = ", ";
    }
    return strcmp(between, "(") == 0 ? call : format(e, "%s)", call);
}

static dg_status set_attributes(exporting *e, dg_file_attributes *to, const char *name, const char *value)
{
    to->items = dg_arena_alloc(e->file.arena, sizeof *to->items);
    if (!to->items || !name || !value)
        return dg_no_memory("the text of a graph");
    to->count = 1;
    to->items[0] = (dg_file_attribute){.name = name, .value = value};
    return dg_ok();
}

static dg_status add_node(exporting *e, dg_node *from)
{
    dg_file_node *node = &e->file.nodes[e->file.n_nodes];
    *node = (dg_file_node){.name = name_of(e, from), .cluster = -1, .node = from};
    if (*node->name == '%')
        return dg_error(DG_BAD_ARGUMENT,
                        "node '%s' cannot be written: its name begins with %%, and Graphviz would lose it", node->name);
    const char *call = call_of(e, from, node->name);
    DG_TRY(e->status);
    dg_status status = dg_call_parse(e->file.arena, call, &node->call);
    if (status.code != DG_OK)
        return dg_prefixed(status, "node '%s' cannot be written", node->name);
    e->index[dg_node_id(from)] = e->file.n_nodes++;
    return set_attributes(e, &node->attributes, "op", call);
}

/* ---- edges ---- */

/* A layer's own parameter that something else reads: a node without op. */
static dg_status add_parameter(exporting *e, dg_node *parameter)
{
    e->file.nodes[e->file.n_nodes] = (dg_file_node){.name = dg_node_name(parameter), .cluster = -1, .node = parameter};
    e->index[dg_node_id(parameter)] = e->file.n_nodes++;
    return dg_ok();
}

static dg_status add_edge(exporting *e, dg_node *head, int input, const char *arg)
{
    dg_node *source = dg_node_input(head, input), *tail = source;
    const char *out = NULL;
    if (!source || (is_own_parameter(source) && dg_node_owner(source) == head && e->index[dg_node_id(source)] < 0))
        return dg_ok();
    if (dg_node_op(source)->role == DG_ROLE_OUTPUT && e->index[dg_node_id(source)] < 0) {
        int64_t number = dg_node_attrs(source)[0].i;
        tail = dg_node_input(source, 0);
        const char *const *outputs = dg_node_op(tail)->outputs;
        bool is_named = number < DG_MAX_OUTPUTS && outputs[0] && outputs[number];
        out = is_named ? outputs[number] : format(e, "%lld", (long long)number);
    }
    if (e->index[dg_node_id(tail)] < 0 && is_own_parameter(tail))
        DG_TRY(add_parameter(e, tail));
    if (e->index[dg_node_id(tail)] < 0)
        return dg_error(DG_BAD_ARGUMENT,
                        "the network goes on from a derivative: its '%s' reads '%s', a part of '%s' that graph files "
                        "have no word for; make such a derivative by the op grad, dg_call(DG_HERE, \"grad\", "
                        "DG_NODES(output, input))",
                        dg_node_name(head), dg_node_name(tail),
                        dg_node_owner(tail) ? dg_node_name(dg_node_owner(tail)) : "another node");
    e->file.edges[e->file.n_edges++] = (dg_file_edge){.tail = e->index[dg_node_id(tail)],
                                                      .head = e->index[dg_node_id(head)],
                                                      .arg = arg,
                                                      .out = out,
                                                      .input = input,
                                                      .source = source};
    return dg_ok();
}

/* In the order in which the reader will have them: of a formula that of its text. */
static dg_status add_edges(exporting *e, dg_node *head)
{
    int count = dg_node_input_count(head);
    bool any = dg_node_op(head)->flags & DG_ANY_INPUTS;
    const char *text = any ? formula_text(e, head) : NULL;
    const dg_formula *read = any ? read_formula(e, head, text, false) : NULL, *own = dg_node_formula(head);
    bool is_named = any && read != read_formula(e, head, text, true); /* an input is called e or pi */
    for (int k = 0; k < dg_formula_input_count(read); k++)
        for (int input = 0; input < count; input++) {
            const char *name = dg_formula_input_name(own, input);
            if (strcmp(dg_formula_input_name(read, k), name) == 0)
                DG_TRY(add_edge(e, head, input, is_named ? name : NULL));
        }
    for (int input = 0; input < count && !read; input++)
        DG_TRY(add_edge(e, head, input, NULL));
    return dg_ok();
}

/* ---- the whole ---- */

static int by_name(const void *a, const void *b)
{
    const dg_file_attribute *first = a, *second = b;
    return strcmp(first->name, second->name);
}

static dg_status add_setting(exporting *e, const dg_file_setting *setting, dg_file_attribute *items, size_t *count)
{
    const char *name = setting->name, *value = setting->value;
    dg_dtype dtype;
    if (!name || !*name || !value)
        return dg_error(DG_BAD_ARGUMENT, "setting %s%s is %s", name && *name ? "" : "without a name", name ? name : "",
                        value ? value : "NULL");
    if (!dg_utf8_check(name, strlen(name), NULL) || !dg_utf8_check(value, strlen(value), NULL))
        return dg_error(DG_BAD_ARGUMENT, "setting '%.60s' is not UTF-8", name);
    if (strcmp(name, "dtype") == 0 && dg_dtype_parse(value, &dtype) && dtype != dg_graph_dtype(e->graph))
        return dg_error(DG_BAD_ARGUMENT, "dtype=%s: the graph is built in %s", value,
                        dg_dtype_name(dg_graph_dtype(e->graph)));
    for (size_t k = 0; k < *count; k++) {
        if (strcmp(items[k].name, name) != 0)
            continue;
        return strcmp(items[k].value, value) == 0
                   ? dg_ok()
                   : dg_error(DG_BAD_ARGUMENT, "%s=%s: it is %s already", name, value, items[k].value);
    }
    items[(*count)++] = (dg_file_attribute){.name = name, .value = value};
    return dg_ok();
}

/* The reader finds the node by what loss or output says, of which loss is a list of names, and $name a setting. */
static dg_status add_role(exporting *e, const char *role, dg_node *node, dg_file_attribute *items, size_t *count)
{
    const char *value = node ? name_of(e, node) : NULL;
    if (!value)
        return dg_ok();
    items[(*count)++] = (dg_file_attribute){.name = role, .value = value};
    char first[400];
    const char *behind = document_name_in(value, first, sizeof first);
    bool is_one = strcmp(role, "loss") != 0 || (behind && strcmp(first, value) == 0);
    if (is_one && !document_has_setting(value))
        return dg_ok();
    return dg_error(DG_BAD_ARGUMENT, "node '%s' cannot be written as the graph's %s: in %s=… %s; give it another name",
                    value, role, role,
                    is_one ? "$ stands before the name of a setting" : "commas and blanks part names");
}

/* What the reader asks of loss and output. */
static dg_status check_roles(const exporting *e)
{
    const char *names[] = {"loss", "output"}, *found[2];
    for (int k = 0; k < 2; k++) {
        found[k] = dg_file_attribute_find(&e->file.attributes, names[k]);
        if (found[k] && document_find(&e->file, found[k]) < 0)
            return dg_prefixed(document_no_node(&e->file, found[k]), "%s=%s", names[k], found[k]);
    }
    if (found[0] && found[1] && strcmp(found[0], found[1]) == 0)
        return dg_error(DG_BAD_ARGUMENT,
                        "output=%s: this is the loss, which training minimises; output names the "
                        "node whose values are the predictions",
                        found[1]);
    return dg_ok();
}

static dg_status add_settings(exporting *e)
{
    const dg_graph_write_options *options = e->options;
    size_t count = 0;
    dg_file_attribute *items = dg_arena_alloc(e->file.arena, sizeof *items * ((size_t)options->n_settings + 4));
    if (!items)
        return dg_no_memory("the text of a graph");
    DG_TRY(add_role(e, "loss", options->loss, items, &count));
    DG_TRY(add_role(e, "output", options->output, items, &count));
    if (dg_graph_dtype(e->graph) == DG_FLOAT64)
        items[count++] = (dg_file_attribute){.name = "dtype", .value = "float64"};
    if (e->graph->init[0])
        items[count++] = (dg_file_attribute){.name = "init", .value = e->graph->init};
    for (int k = 0; k < options->n_settings; k++)
        DG_TRY(add_setting(e, &options->settings[k], items, &count));
    qsort(items, count, sizeof *items, by_name);
    e->file.attributes = (dg_file_attributes){count, items};
    return check_roles(e);
}

static dg_status make_document(exporting *e)
{
    dg_graph_file *file = &e->file;
    int64_t count = dg_graph_node_count(e->graph), edges = 0;
    e->index = dg_arena_alloc(file->arena, sizeof *e->index * ((size_t)count + 1));
    e->is_network = dg_arena_alloc(file->arena, sizeof *e->is_network * ((size_t)count + 1));
    e->is_read = dg_arena_alloc(file->arena, sizeof *e->is_read * ((size_t)count + 1));
    file->nodes = dg_arena_alloc(file->arena, sizeof *file->nodes * ((size_t)count + 1));
    if (!e->index || !e->is_network || !e->is_read || !file->nodes)
        return dg_no_memory("the text of a graph");
    DG_TRY(dg_graph_mark_network(e->graph, e->options->loss, e->options->output, e->is_network));
    for (int64_t id = 0; id < count; id++) {
        dg_node *node = dg_graph_node(e->graph, id);
        e->index[id] = -1;
        edges += dg_node_input_count(node);
        for (int k = 0; k < dg_node_input_count(node) && e->is_network[id] && !dg_node_owner(node); k++)
            if (dg_node_input(node, k))
                e->is_read[dg_node_id(dg_node_input(node, k))] = true;
    }
    file->edges = dg_arena_alloc(file->arena, sizeof *file->edges * ((size_t)edges + 1));
    if (!file->edges)
        return dg_no_memory("the text of a graph");
    for (int64_t id = 0; id < count; id++)
        if (is_written(e, dg_graph_node(e->graph, id)))
            DG_TRY(add_node(e, dg_graph_node(e->graph, id)));
    for (int k = 0, written = file->n_nodes; k < written; k++)
        DG_TRY(add_edges(e, file->nodes[k].node));
    DG_TRY(clusters_make(file));
    return add_settings(e);
}

dg_status dg_graph_write(dg_graph *graph, const dg_graph_write_options *options, char **text)
{
    static const dg_graph_write_options usual = {0};
    REFUSE_NULL(graph);
    REFUSE_NULL(text);
    *text = NULL;
    if (options && options->n_settings && !options->settings)
        return dg_error(DG_BAD_ARGUMENT, "the list of %d settings is NULL", options->n_settings);
    if (options && ((options->loss && dg_node_graph(options->loss) != graph) ||
                    (options->output && dg_node_graph(options->output) != graph)))
        return dg_error(DG_BAD_ARGUMENT, "the loss or the output to write is a node of another graph");
    DG_TRY(dg_graph_status(graph));
    DG_TRY(check_constants(options ? options->constants : NULL));
    exporting e = {.graph = graph, .options = options ? options : &usual, .status = dg_ok()};
    e.file = (dg_graph_file){.path = "graph", .name = e.options->name ? e.options->name : "", .graph = graph};
    DG_TRY(dg_arena_new(&e.file.arena));
    dg_status status = make_document(&e);
    if (status.code == DG_OK)
        status = e.status;
    if (status.code == DG_OK)
        status = document_check(&e.file, &e.file);
    if (status.code == DG_OK)
        status = dg_graph_file_write(&e.file, text);
    if (status.code == DG_OK && e.constants)
        status = dg_safetensors_write(e.options->constants, e.constants);
    if (status.code != DG_OK) {
        free(*text);
        *text = NULL;
    }
    dg_tensors_free(e.constants);
    dg_arena_free(e.file.arena);
    return status;
}
