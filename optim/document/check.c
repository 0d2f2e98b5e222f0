/* What a document's attributes say, before anything is built from them: names near ours, places, forms of values. */
#include "document.h"

#include "core/base/null.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_UNKNOWN = 300 };

typedef struct checking {
    const dg_graph_file *file;
    char unknown[MOST_UNKNOWN]; /* "graph attribute 'a', node attribute 'b'" */
    char misplaced[MOST_UNKNOWN];
} checking;

void document_warn(dg_graph_file *file, const char *format, ...)
{
    char text[900];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
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
    *number = strtod(text, &end);
    return end != text && !*end && isfinite(*number);
}

static bool is_whole(const char *text, long long least)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return end != text && !*end && !errno && number >= least;
}

bool dg_bytes_parse(const char *text, size_t *bytes)
{
    static const char units[] = "kMGT";
    if (!text || !bytes)
        return false;
    char *end;
    double size = strtod(text, &end);
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

/* What the value should be; NULL: it is. */
static const char *wanted_form(const dg_attribute *attribute, const char *value)
{
    double number;
    size_t bytes;
    switch (attribute->form) {
    case DG_FORM_COUNT:
        return is_whole(value, 1) ? NULL : "a whole number from 1 on";
    case DG_FORM_NATURAL:
        return is_whole(value, 0) ? NULL : "a whole number from 0 on";
    case DG_FORM_FRACTION:
        return is_number(value, &number) && number >= 0 && number < 1 ? NULL : "a number from 0 on, below 1";
    case DG_FORM_POSITIVE:
        return is_number(value, &number) && number > 0 ? NULL : "a number above 0";
    case DG_FORM_NUMBER:
        return is_number(value, &number) ? NULL : "a number";
    case DG_FORM_FLAG:
        return strcmp(value, "true") == 0 || strcmp(value, "false") == 0 ? NULL : "true or false";
    case DG_FORM_BYTES:
        return dg_bytes_parse(value, &bytes) ? NULL : "a size such as 512M, 2G or 1.5Gi";
    default:
        return NULL;
    }
}

dg_status dg_attribute_check(const dg_attribute *attribute, const char *value)
{
    REFUSE_NULL(attribute);
    REFUSE_NULL(value);
    const char *wanted = wanted_form(attribute, value);
    return wanted ? dg_error(DG_BAD_ARGUMENT, "%s=%.60s: wants %s", attribute->name, value, wanted) : dg_ok();
}

/* ---- names ---- */

static void list(char text[MOST_UNKNOWN], const char *kind, const char *name)
{
    char item[120];
    snprintf(item, sizeof item, "%s attribute '%.60s'", kind, name);
    size_t used = strlen(text);
    if (!strstr(text, item))
        snprintf(text + used, MOST_UNKNOWN - used, "%s%s", used ? ", " : "", item);
}

static dg_status check_one(checking *c, const char *name, const char *value, unsigned where)
{
    const dg_attribute *known = dg_attribute_find(name);
    if (known && !known->ours)
        return dg_ok();
    if (known && (known->where & where))
        return known->option ? dg_attribute_check(known, value) : dg_ok();
    if (known && (known->where & DG_ON_GRAPH)) {
        list(c->misplaced, place_name(where), name);
        return dg_ok();
    }
    if (known)
        return dg_error(DG_BAD_ARGUMENT, "%s=%.60s: this is an attribute of %ss", name, value,
                        place_name(known->where));
    const char *near = dg_attribute_near(name, where);
    if (near)
        return dg_error(DG_BAD_ARGUMENT, "there is no %s attribute '%s' (did you mean '%s'?)", place_name(where), name,
                        near);
    list(c->unknown, place_name(where), name);
    return dg_ok();
}

static dg_status check_list(checking *c, const dg_file_attributes *attributes, unsigned where)
{
    for (size_t k = 0; k < attributes->count; k++)
        DG_TRY(check_one(c, attributes->items[k].name, attributes->items[k].value, where));
    return dg_ok();
}

static dg_status check_nodes_and_edges(checking *c)
{
    const dg_graph_file *file = c->file;
    for (int k = 0; k < file->n_nodes; k++) {
        dg_status status = check_list(c, &file->nodes[k].attributes, DG_ON_NODE);
        if (status.code != DG_OK)
            return dg_graph_file_error(file, file->nodes[k].line,
                                       dg_prefixed(status, "node '%s'", file->nodes[k].name));
    }
    for (int k = 0; k < file->n_edges; k++) {
        const dg_file_edge *edge = &file->edges[k];
        dg_status status = check_list(c, &edge->attributes, DG_ON_EDGE);
        if (status.code != DG_OK)
            return dg_graph_file_error(
                file, 0,
                dg_prefixed(status, "edge %s -> %s", file->nodes[edge->tail].name, file->nodes[edge->head].name));
    }
    return dg_ok();
}

dg_status document_check(dg_graph_file *file, dg_graph_file *warned)
{
    checking c = {.file = file};
    dg_status status = check_list(&c, &file->attributes, DG_ON_GRAPH);
    if (status.code != DG_OK)
        return dg_graph_file_error(file, 0, status);
    for (int k = 0; k < file->n_clusters; k++) {
        const char *name = file->clusters[k].name;
        status = check_list(&c, &file->clusters[k].attributes, DG_ON_CLUSTER);
        if (status.code != DG_OK)
            return dg_graph_file_error(file, 0, dg_prefixed(status, "subgraph '%s'", name ? name : ""));
    }
    status = check_list(&c, &file->node_defaults, DG_ON_NODE);
    if (status.code == DG_OK)
        status = check_list(&c, &file->edge_defaults, DG_ON_EDGE);
    if (status.code != DG_OK)
        return dg_graph_file_error(file, 0, status);
    DG_TRY(check_nodes_and_edges(&c));
    if (c.unknown[0])
        document_warn(warned, "%s: not known, kept as it is: %s", file->path, c.unknown);
    if (c.misplaced[0])
        document_warn(warned, "%s: of no effect there, an attribute of the graph: %s", file->path, c.misplaced);
    return dg_ok();
}
