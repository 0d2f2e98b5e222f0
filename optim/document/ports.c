/* What edges show in a picture and may be taken for what they compute: ports, r:1 -> y, where an output or an argument
 * seems to be meant, edges that are drawn the other way round, or not at all. */
#include "document.h"

#include <stdio.h>
#include <string.h>

enum { MOST_PORT = 80 };

static bool is_compass_point(const char *port)
{
    static const char *const points[] = {"n", "ne", "e", "se", "s", "sw", "w", "nw", "c", "_"};
    for (size_t k = 0; k < sizeof points / sizeof *points; k++)
        if (strcmp(points[k], port) == 0)
            return true;
    return false;
}

/* <port> in the label of a record, PORT="port" in one of HTML. */
static bool is_in_label(const dg_file_node *node, const char *port)
{
    const char *label = dg_file_attribute_find(&node->attributes, "label");
    char field[MOST_PORT + 3], cell[MOST_PORT + 3];
    snprintf(field, sizeof field, "<%s>", port);
    snprintf(cell, sizeof cell, "\"%s\"", port);
    return label && (strstr(label, field) || strstr(label, cell));
}

static bool is_number(const char *port)
{
    return *port && port[strspn(port, "0123456789")] == '\0';
}

/* Whether the port would name one of several outputs; `known` lists them. */
static bool is_output(const dg_file_node *node, const char *port, char *known, size_t size)
{
    const dg_op *op = document_op(node);
    bool found = is_number(port);
    if (!op || (dg_op_output_count(op) < 2 && !op->output_count))
        return !op && document_uses_file(node);
    for (int k = 0; k < DG_MAX_OUTPUTS && op->outputs[k]; k++) {
        size_t used = strlen(known);
        snprintf(known + used, size - used, "%s%s", k ? ", " : " of ", op->outputs[k]);
        found |= strcmp(op->outputs[k], port) == 0;
    }
    return found;
}

/* Whether it would name one of several inputs. */
static bool is_input(const dg_file_node *node, const char *port, char *known, size_t size)
{
    const dg_op *op = document_op(node);
    bool found = is_number(port);
    if (!op || (op->flags & DG_ANY_INPUTS))
        return op || document_uses_file(node);
    for (int k = 0; k < dg_op_input_count(op); k++) {
        size_t used = strlen(known);
        snprintf(known + used, size - used, "%s%s", k ? ", " : " of ", op->inputs[k].name);
        found |= strcmp(op->inputs[k].name, port) == 0;
    }
    return found && (dg_op_input_count(op) > 1 || (op->inputs[0].flags & DG_VARIADIC));
}

static dg_status check_port(const dg_graph_file *file, const dg_file_edge *edge, bool is_tail)
{
    const dg_file_node *node = &file->nodes[is_tail ? edge->tail : edge->head];
    const char *whole = dg_file_attribute_find(&edge->attributes, is_tail ? "tailport" : "headport");
    char port[MOST_PORT], known[300] = "";
    if (!whole || (is_tail ? edge->out : edge->arg))
        return dg_ok();
    snprintf(port, sizeof port, "%.*s", (int)strcspn(whole, ":"), whole);
    if (!*port || is_compass_point(port) || is_in_label(node, port) ||
        !(is_tail ? is_output : is_input)(node, port, known, sizeof known))
        return dg_ok();
    return dg_graph_file_error(
        file, node->line,
        dg_error(DG_BAD_ARGUMENT,
                 "edge %s -> %s: '%s:%s' is a place in the picture; which %s%s is meant is said by %s=%s on the edge",
                 file->nodes[edge->tail].name, file->nodes[edge->head].name, node->name, port,
                 is_tail ? "output" : "input", known, is_tail ? "out" : "arg", port));
}

dg_status document_check_ports(const dg_graph_file *file)
{
    for (int k = 0; k < file->n_edges; k++) {
        const dg_file_edge *edge = &file->edges[k];
        if (!edge->attributes.count)
            continue;
        DG_TRY(check_port(file, edge, true));
        DG_TRY(check_port(file, edge, false));
    }
    return dg_ok();
}

void document_warn_of_looks(const dg_graph_file *file, dg_graph_file *warned)
{
    static const char *const looks[][2] = {{"style", "invis"}, {"dir", "back"}, {"dir", "both"}, {"dir", "none"}};
    char list[400] = "";
    for (int k = 0; k < file->n_edges; k++)
        for (size_t i = 0; file->edges[k].attributes.count && i < sizeof looks / sizeof *looks; i++) {
            const char *value = dg_file_attribute_find(&file->edges[k].attributes, looks[i][0]);
            size_t used = strlen(list);
            if (value && strcmp(value, looks[i][1]) == 0)
                snprintf(list + used, sizeof list - used, "%s%.80s -> %.80s (%s=%s)", used ? ", " : "",
                         file->nodes[file->edges[k].tail].name, file->nodes[file->edges[k].head].name, looks[i][0],
                         value);
        }
    if (*list)
        document_warn(warned,
                      "%s: these edges are inputs of their heads, whatever they look like: %s; those that only help a "
                      "layout are marked derived=true",
                      file->path, list);
}
