/* What a document's attributes say, before anything is built from them: names near ours, places, forms of values. */
#include "document.h"

#include "core/base/counts.h"
#include "core/base/null.h"
#include "core/base/plain.h"

#include <dotgrad/near.h>
#include <dotgrad/utf8.h>

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_UNKNOWN = 500 };

typedef struct checking {
    const dg_graph_file *file;
    char unknown[MOST_UNKNOWN]; /* "graph attribute 'a' (line 1), node attribute 'b' (line 7)" */
    char misplaced[MOST_UNKNOWN];
    char unread[MOST_UNKNOWN]; /* "rankdir=lr (did you mean LR?)" */
} checking;

/* What an attribute belongs to. */
typedef struct carrier {
    unsigned where;
    const dg_op *op; /* of the node, or of the head of the edge; NULL: not known */
} carrier;

void document_warn(dg_graph_file *file, const char *format, ...)
{
    char text[900];
    va_list arguments;
    va_start(arguments, format);
    plain_print_list(text, sizeof text, format, arguments);
    va_end(arguments);
    settle_counts(text);
    size_t count = (size_t)file->n_warnings;
    const char **longer = dg_arena_alloc(file->arena, (count + 1) * sizeof *longer);
    const char *copy = dg_arena_text(file->arena, text, strlen(text));
    if (!longer || !copy)
        return;
    if (count)
        memcpy(longer, file->warnings, count * sizeof *longer);
    longer[count] = copy;
    file->warnings = longer;
    file->n_warnings++;
}

static const char *place_name(unsigned where)
{
    return where & DG_ON_NODE ? "node" : where & DG_ON_EDGE ? "edge" : where & DG_ON_CLUSTER ? "cluster" : "graph";
}

/* ---- values ---- */

static bool is_number(const char *text, double *number)
{
    char *end;
    *number = plain_number(text, &end);
    return end != text && !*end && isfinite(*number);
}

static bool is_whole(const char *text, int64_t least, int64_t most)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return end != text && !*end && !errno && number >= least && number <= most;
}

/* One of "float32|float64". */
static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);
    for (const char *at = choices; *at; at += strcspn(at, "|") + (at[strcspn(at, "|")] == '|'))
        if (strcspn(at, "|") == length && memcmp(at, text, length) == 0)
            return true;
    return false;
}

bool dg_bytes_parse(const char *text, size_t *bytes)
{
    static const char units[] = "kMGT";
    if (!text || !bytes)
        return false;
    char *end;
    double size = plain_number(text, &end);
    const char *unit = *end ? strchr(units, *end == 'K' ? 'k' : *end) : NULL;
    bool is_fine = end != text;
    if (unit) {
        double step = end[1] == 'i' ? 1024 : 1000;
        end += end[1] == 'i' ? 2 : 1;
        for (const char *at = units; at <= unit; at++)
            size *= step;
    }
    end += *end == 'B';
    if (!is_fine || *end || !(size >= 1 && size < (double)(SIZE_MAX / 2)))
        return false;
    *bytes = (size_t)size;
    return true;
}

/* Whether the value is of the attribute's form; else what it should be. */
static bool has_form(const dg_attribute *attribute, const char *value, char *wanted, size_t size)
{
    double number;
    size_t bytes;
    int64_t least = attribute->form == DG_FORM_COUNT, most = attribute->most ? attribute->most : INT32_MAX;
    switch (attribute->form) {
    case DG_FORM_COUNT:
    case DG_FORM_NATURAL:
        snprintf(wanted, size, "a whole number from %lld to %lld", (long long)least, (long long)most);
        return is_whole(value, least, most);
    case DG_FORM_FRACTION:
        snprintf(wanted, size, "a number from 0 on, below 1");
        return is_number(value, &number) && number >= 0 && number < 1;
    case DG_FORM_POSITIVE:
        snprintf(wanted, size, "a number above 0");
        return is_number(value, &number) && number > 0;
    case DG_FORM_NUMBER:
        snprintf(wanted, size, "a number");
        return is_number(value, &number);
    case DG_FORM_FLAG:
        snprintf(wanted, size, "true or false");
        return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    case DG_FORM_BYTES:
        snprintf(wanted, size, "a size such as 512M, 2G or 1.5Gi");
        return dg_bytes_parse(value, &bytes);
    default:
        snprintf(wanted, size, attribute->choices ? "one of " : "a value");
        for (const char *at = attribute->choices; at && *at; at++)
            snprintf(wanted + strlen(wanted), size - strlen(wanted), *at == '|' ? ", " : "%c", *at);
        return *value && (!attribute->choices || is_choice(attribute->choices, value));
    }
}

dg_status dg_attribute_check(const dg_attribute *attribute, const char *value)
{
    char wanted[120];
    size_t place = 0;
    REFUSE_NULL(attribute);
    REFUSE_NULL(value);
    if (attribute->form != DG_FORM_FILE && !dg_utf8_check(value, strlen(value), &place))
        return dg_error(
            DG_BAD_ARGUMENT,
            "%s: byte %zu (0x%02X) is not UTF-8, in which runs and graph files keep it: write it, or name the "
            "file, in UTF-8",
            attribute->name, place + 1, (unsigned char)value[place]);
    if (has_form(attribute, value, wanted, sizeof wanted))
        return dg_ok();
    return dg_error(DG_BAD_ARGUMENT, "%s=%.60s: expected %s", attribute->name, value, wanted);
}

/* ---- names ---- */

static void list(const checking *c, char text[MOST_UNKNOWN], unsigned where, const char *name, const char *near)
{
    char item[200], about[120] = "";
    int line = document_line(c->file, name);
    size_t used = strlen(text), length = 0;
    if (line)
        length = (size_t)snprintf(about, sizeof about, " (line %d", line);
    if (near)
        length +=
            (size_t)snprintf(about + length, sizeof about - length, "%sdid you mean '%s'?", line ? "; " : " (", near);
    snprintf(item, sizeof item, "%s attribute '%.60s'%s%s", place_name(where), name, about, length ? ")" : "");
    if (!strstr(text, item))
        snprintf(text + used, MOST_UNKNOWN - used, "%s%s", used ? ", " : "", item);
}

/* Arguments of calls that are written as attributes of the node, names of inputs as attributes of the edge. */
static dg_status check_argument(const carrier *on, const char *name, const char *value)
{
    const dg_op *op = on->op;
    for (int k = 0; op && on->where == DG_ON_NODE && k < dg_op_attr_count(op); k++)
        if (dg_name_is_near(name, op->attrs[k].name))
            return dg_error(DG_BAD_ARGUMENT, "%s=%.60s: this is an argument of the op: write op=\"%s(…, %s=%.60s)\"",
                            name, value, op->name, op->attrs[k].name, value);
    for (int k = 0; op && on->where == DG_ON_EDGE && k < dg_op_input_count(op); k++)
        if (dg_name_is_near(name, op->inputs[k].name))
            return dg_error(DG_BAD_ARGUMENT,
                            "%s=%.60s: an edge names the argument of %s that it is by arg: write arg=%s", name, value,
                            op->name, op->inputs[k].name);
    return dg_ok();
}

/* A value of Graphviz's that Graphviz passes over without a word. */
static void list_value(checking *c, const dg_attribute *known, const char *value)
{
    char item[300], about[160] = "";
    const dg_attribute *meant = dg_attribute_find(value);
    size_t used = strlen(c->unread), length = strlen(value);
    if (!known->choices || is_choice(known->choices, value) || !*value)
        return;
    for (const char *at = known->choices; *at; at += strcspn(at, "|") + (at[strcspn(at, "|")] == '|'))
        if (strcspn(at, "|") == length && plain_same_part(at, value, length))
            snprintf(about, sizeof about, ": in large letters, %.*s", (int)length, at);
    if (!*about && meant)
        snprintf(about, sizeof about, ": %.60s is an attribute of its own, %s", meant->name, meant->doc);
    if (!*about)
        for (const char *at = known->choices; *at; at++)
            snprintf(about + strlen(about), sizeof about - strlen(about), *at == '|' ? ", " : "%s%c",
                     at == known->choices ? ": expected one of " : "", *at);
    snprintf(item, sizeof item, "%s=%.60s%s", known->name, value, about);
    snprintf(c->unread + used, MOST_UNKNOWN - used, "%s%s", used ? "; " : "", item);
}

/* Not scale=standard: where Graphviz reads numbers, a word is meant for somebody else. */
static bool is_of_graphviz(const dg_attribute *known, const char *value)
{
    bool is_numeric = known->form == DG_FORM_NUMBER || known->form == DG_FORM_POINTS;
    return !is_numeric || !plain_is_name(value, false);
}

static dg_status check_one(checking *c, const char *name, const char *value, const carrier *on)
{
    const dg_attribute *known = dg_attribute_find(name);
    if (known && !known->ours && (known->where & on->where))
        list_value(c, known, value);
    if (known && (known->where & on->where))
        return known->ours                    ? dg_attribute_check(known, value)
               : is_of_graphviz(known, value) ? dg_ok()
                                              : document_check_option(c->file, on->where, name, value);
    const char *near = known ? NULL : dg_attribute_near(name, on->where);
    if (near && dg_attribute_is_ours(near))
        return dg_error(DG_BAD_ARGUMENT, "there is no %s attribute '%s' (did you mean '%s'?)", place_name(on->where),
                        name, near);
    DG_TRY(check_argument(on, name, value));
    if (known && known->where == DG_ON_GRAPH && !known->ours && on->where != DG_ON_CLUSTER)
        list(c, c->misplaced, on->where, name, NULL);
    if (known && !known->ours)
        return is_of_graphviz(known, value) ? dg_ok() : document_check_option(c->file, on->where, name, value);
    if (!known)
        DG_TRY(document_check_option(c->file, on->where, name, value));
    if (known && (known->where & DG_ON_GRAPH)) {
        list(c, c->misplaced, on->where, name, NULL);
        return dg_ok();
    }
    if (known)
        return dg_error(DG_BAD_ARGUMENT, "%s=%.60s: this is an attribute of %ss", name, value,
                        place_name(known->where));
    list(c, c->unknown, on->where, name, near);
    return dg_ok();
}

/* `line`: of what carries them; 0: the attribute's own line. `about` goes before messages; may be "". */
static dg_status check_list(checking *c, const dg_file_attributes *attributes, const carrier *on, int line,
                            const char *about)
{
    for (size_t k = 0; k < attributes->count; k++) {
        dg_status status = check_one(c, attributes->items[k].name, attributes->items[k].value, on);
        if (status.code != DG_OK)
            return dg_graph_file_error(c->file, line ? line : document_line(c->file, attributes->items[k].name),
                                       *about ? dg_prefixed(status, "%s", about) : status);
    }
    return dg_ok();
}

static dg_status check_nodes_and_edges(checking *c)
{
    const dg_graph_file *file = c->file;
    char about[300];
    for (int k = 0; k < file->n_nodes; k++) {
        const dg_file_node *node = &file->nodes[k];
        if (node->attributes.count < 2) /* op alone, which building reads */
            continue;
        snprintf(about, sizeof about, "node '%s'", node->name);
        DG_TRY(check_list(c, &node->attributes, &(carrier){DG_ON_NODE, document_op(node)}, node->line, about));
    }
    for (int k = 0; k < file->n_edges; k++) {
        const dg_file_edge *edge = &file->edges[k];
        if (!edge->attributes.count)
            continue;
        snprintf(about, sizeof about, "edge %s -> %s", file->nodes[edge->tail].name, file->nodes[edge->head].name);
        DG_TRY(
            check_list(c, &edge->attributes, &(carrier){DG_ON_EDGE, document_op(&file->nodes[edge->head])}, 0, about));
    }
    return dg_ok();
}

dg_status document_check(dg_graph_file *file, dg_graph_file *warned)
{
    checking c = {.file = file};
    char about[200];
    DG_TRY(check_list(&c, &file->attributes, &(carrier){.where = DG_ON_GRAPH}, 0, ""));
    for (int k = 0; k < file->n_clusters; k++) {
        const char *name = file->clusters[k].name;
        snprintf(about, sizeof about, "subgraph '%s'", name ? name : "");
        DG_TRY(check_list(&c, &file->clusters[k].attributes, &(carrier){.where = DG_ON_CLUSTER}, 0, about));
    }
    DG_TRY(check_list(&c, &file->node_defaults, &(carrier){.where = DG_ON_NODE}, 0, "node"));
    DG_TRY(check_list(&c, &file->edge_defaults, &(carrier){.where = DG_ON_EDGE}, 0, "edge"));
    DG_TRY(check_nodes_and_edges(&c));
    DG_TRY(document_check_ports(file));
    document_warn_of_looks(file, warned);
    if (c.unknown[0])
        document_warn(warned, "%s: not known, kept as it is: %s", file->path, c.unknown);
    if (c.unread[0])
        document_warn(warned, "%s: Graphviz passes over %s", file->path, c.unread);
    if (c.misplaced[0])
        document_warn(warned, "%s: of no effect there, an attribute of the graph: %s", file->path, c.misplaced);
    return dg_ok();
}

/* ---- attributes that change nothing where they stand ---- */

static bool is_loss(const dg_graph_file *file, int index)
{
    for (int k = 0; k < file->n_losses; k++)
        if (dg_graph_file_index(file, file->losses[k]) == index)
            return true;
    return false;
}

/* Why an attribute of the node changes nothing; NULL: it does, or that is not known. */
static const char *why_idle(const dg_graph_file *file, int index, const char *name)
{
    static const char *const of_losses[] = {"trains", "turns", "optimizer", "schedule", "clip_norm", "clip_value"};
    const dg_file_node *node = &file->nodes[index];
    if (strcmp(name, "checkpoint") == 0)
        return document_is_module(node) ? NULL : "only nodes with use() or scan() are computed again";
    for (size_t k = 0; file->n_losses && k < sizeof of_losses / sizeof *of_losses; k++)
        if (strcmp(name, of_losses[k]) == 0 && !is_loss(file, index))
            return "the node is not a loss of the graph";
    return strcmp(name, "turns") == 0 && file->n_losses == 1 ? "the graph has one loss, which is always next" : NULL;
}

void document_warn_of_idle(dg_graph_file *file)
{
    for (int k = 0; k < file->n_nodes; k++) {
        const dg_file_attributes *own = &file->nodes[k].attributes;
        for (size_t i = 0; own->count > 1 && i < own->count; i++) {
            const char *why = why_idle(file, k, own->items[i].name);
            if (why)
                document_warn(file, "%s: node '%.200s': %s has no effect: %s", file->path, file->nodes[k].name,
                              own->items[i].name, why);
        }
    }
}
