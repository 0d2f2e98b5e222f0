/* repeat=K on a cluster: a chain of K copies, each with parameters of its own.
 *
 * What enters copy 0 is a node outside; what enters copy i is what leaves copy i − 1; who reads the cluster reads the
 * last copy. If several nodes enter, the chained one is the one that `chain=NODE` of the cluster names, else the only
 * one that is neither an input nor a parameter or constant; the others (a mask) enter every copy. Names are those of
 * PyTorch's Sequential: node "conv1" or "block.conv1" of cluster_block becomes block.0.conv1, block.1.conv1, …, with
 * repeat=1, too. */
#include "building.h"
#include "core/graph/graph.h"
#include "library.h"

#include <dotgrad/argument.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dg_status fail(const building *b, int cluster, const char *what)
{
    const char *name = b->file->clusters[cluster].name;
    return dg_graph_file_error(b->file, 0,
                               dg_error(DG_BAD_ARGUMENT, "subgraph '%s' has repeat=%s: %s", name ? name : "",
                                        dg_file_attribute_find(&b->file->clusters[cluster].attributes, "repeat"),
                                        what));
}

static bool is_inside(const dg_graph_file *file, int cluster, int outer)
{
    while (cluster >= 0 && cluster != outer)
        cluster = file->clusters[cluster].parent;
    return cluster == outer;
}

static bool same_out(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* ---- what is asked for ---- */

static dg_status read_flag(const building *b, const dg_file_cluster *from, const char *name, bool *flag)
{
    const char *said = dg_file_attribute_find(&from->attributes, name);
    *flag = said && strcmp(said, "true") == 0;
    if (!said || *flag || strcmp(said, "false") == 0)
        return dg_ok();
    return dg_graph_file_error(b->file, 0,
                               dg_error(DG_BAD_ARGUMENT, "subgraph '%s' has %s=%s: expected true or false",
                                        from->name ? from->name : "", name, said));
}

static dg_status read_cluster(building *b, int cluster)
{
    const dg_file_cluster *from = &b->file->clusters[cluster];
    cluster_copies *c = &b->clusters[cluster];
    const char *repeat = dg_file_attribute_find(&from->attributes, "repeat");
    const char *checkpoint = dg_file_attribute_find(&from->attributes, "checkpoint");
    *c = (cluster_copies){.repeat = 1, .entry = -1, .exit = -1, .rival = -1};
    if (repeat && !from->is_cluster) {
        char text[300];
        snprintf(text, sizeof text, "it is not a cluster: name it cluster_%.200s", from->name ? from->name : "NAME");
        return fail(b, cluster, text);
    }
    if (repeat) {
        char *end;
        errno = 0;
        long count = strtol(repeat, &end, 10);
        if (end == repeat || *end || errno || count < 1)
            return fail(b, cluster, "expected a whole number from 1 on");
        if (count > library_most(b->library))
            return library_too_many(b->file);
        c->repeat = (int)count;
        c->is_repeated = true;
    }
    if (checkpoint && !from->is_cluster)
        return dg_graph_file_error(
            b->file, 0,
            dg_error(DG_BAD_ARGUMENT, "subgraph '%s' has checkpoint=%s: it is not a cluster: name it cluster_%.200s",
                     from->name ? from->name : "", checkpoint, from->name ? from->name : "NAME"));
    if (dg_file_attribute_find(&from->attributes, "chain") && !repeat)
        return dg_graph_file_error(
            b->file, 0,
            dg_error(DG_BAD_ARGUMENT, "subgraph '%s' has chain=%s, which changes nothing without repeat",
                     from->name ? from->name : "", dg_file_attribute_find(&from->attributes, "chain")));
    DG_TRY(read_flag(b, from, "checkpoint", &c->is_checkpoint));
    DG_TRY(read_flag(b, from, "share", &c->is_shared));
    if (c->is_shared && !c->is_repeated)
        return dg_graph_file_error(b->file, 0,
                                   dg_error(DG_BAD_ARGUMENT,
                                            "subgraph '%s' has share=true, which goes with repeat=K: its copies share",
                                            from->name));
    int64_t copies = (int64_t)c->repeat * (from->parent < 0 ? 1 : b->clusters[from->parent].copies);
    if (copies > library_most(b->library))
        return library_too_many(b->file);
    c->copies = (int)copies;
    if (!from->is_cluster)
        return dg_ok();
    c->modules = dg_arena_alloc(b->file->arena, sizeof *c->modules * (size_t)c->copies);
    return c->modules ? dg_ok() : document_no_memory(b->file);
}

static int copies_of(const building *b, int node)
{
    int cluster = b->file->nodes[node].cluster;
    return cluster < 0 ? 1 : b->clusters[cluster].copies;
}

static dg_status number_items(building *b)
{
    const dg_graph_file *file = b->file;
    int64_t count = 0;
    b->base = calloc((size_t)file->n_nodes + 1, sizeof *b->base);
    if (!b->base)
        return document_no_memory(b->file);
    for (int k = 0; k < file->n_nodes; k++) {
        b->base[k] = (int)count;
        count += copies_of(b, k);
        if (count > library_most(b->library))
            break;
    }
    if (count > library_most(b->library) || (!b->is_counting && !library_take(b->library, count)))
        return library_too_many(file);
    b->base[file->n_nodes] = (int)count;
    b->node_of = calloc((size_t)count + 1, sizeof *b->node_of);
    if (!b->node_of)
        return document_no_memory(b->file);
    for (int k = 0; k < file->n_nodes; k++)
        for (int item = b->base[k]; item < b->base[k + 1]; item++)
            b->node_of[item] = k;
    return dg_ok();
}

/* ---- what is chained ---- */

/* How likely a node that enters a cluster is the one that the copies hand on. */
static int rank_of(const building *b, int cluster, int node)
{
    const char *chain = dg_file_attribute_find(&b->file->clusters[cluster].attributes, "chain");
    const dg_op *op = dg_op_find(b->file->nodes[node].call.s);
    if (chain && strcmp(chain, b->file->nodes[node].name) == 0)
        return 3;
    if (op && (op->role == DG_ROLE_PARAMETER || op->role == DG_ROLE_CONSTANT))
        return 0;
    return op && op->role == DG_ROLE_INPUT ? 1 : 2;
}

static void note_entry(building *b, int cluster, const dg_file_edge *edge)
{
    cluster_copies *c = &b->clusters[cluster];
    if (c->entry == edge->tail && same_out(c->entry_out, edge->out))
        return;
    int rank = rank_of(b, cluster, edge->tail), best = c->entry < 0 ? -1 : rank_of(b, cluster, c->entry);
    if (rank < best)
        return;
    if (rank == best) {
        c->rival = edge->tail;
        return;
    }
    c->entry = edge->tail;
    c->entry_out = edge->out;
    c->rival = -1;
}

static dg_status note_exit(building *b, int cluster, int tail, const char *out)
{
    cluster_copies *c = &b->clusters[cluster];
    char text[300];
    if (c->exit == tail) {
        if (!out)
            c->exit_out = NULL; /* the first output goes on, if it leaves at all */
        return dg_ok();
    }
    if (c->exit >= 0 && c->repeat > 1) {
        snprintf(text, sizeof text, "two nodes leave it, '%.100s' and '%.100s', where one must enter the next copy",
                 b->file->nodes[c->exit].name, b->file->nodes[tail].name);
        return fail(b, cluster, text);
    }
    c->exit = tail;
    c->exit_out = out;
    return dg_ok();
}

static dg_status note_edge(building *b, const dg_file_edge *edge)
{
    const dg_graph_file *file = b->file;
    int from = file->nodes[edge->tail].cluster, to = file->nodes[edge->head].cluster;
    for (int c = to; c >= 0 && !is_inside(file, from, c); c = file->clusters[c].parent)
        note_entry(b, c, edge);
    for (int c = from; c >= 0 && !is_inside(file, to, c); c = file->clusters[c].parent)
        DG_TRY(note_exit(b, c, edge->tail, edge->out));
    return dg_ok();
}

/* A cluster that nobody reads passes on the one node in it that nobody reads. */
static dg_status find_unread_exits(building *b)
{
    const dg_graph_file *file = b->file;
    bool *unread = calloc((size_t)file->n_clusters + 1, sizeof *unread), *read = calloc((size_t)file->n_nodes + 1, 1);
    dg_status status = unread && read ? dg_ok() : document_no_memory(b->file);
    for (int c = 0; status.code == DG_OK && c < file->n_clusters; c++)
        unread[c] = b->clusters[c].exit < 0;
    for (int e = 0; status.code == DG_OK && e < file->n_edges; e++)
        read[file->edges[e].tail] = true;
    for (int k = 0; k < file->n_nodes; k++)
        for (int c = file->nodes[k].cluster; status.code == DG_OK && !read[k] && c >= 0; c = file->clusters[c].parent)
            if (unread[c])
                status = note_exit(b, c, k, NULL);
    free(unread);
    free(read);
    return status;
}

static dg_status check_cluster(const building *b, int cluster)
{
    const cluster_copies *c = &b->clusters[cluster];
    char text[300];
    if (c->repeat == 1)
        return dg_ok();
    if (c->entry < 0)
        return fail(b, cluster, "no node enters it");
    if (c->exit < 0)
        return fail(b, cluster, "no node leaves it");
    if (c->rival < 0)
        return dg_ok();
    snprintf(text, sizeof text, "'%.100s' and '%.100s' enter it: chain=NODE says which the copies hand on",
             b->file->nodes[c->entry].name, b->file->nodes[c->rival].name);
    return fail(b, cluster, text);
}

dg_status copies_plan(building *b)
{
    const dg_graph_file *file = b->file;
    b->clusters = calloc((size_t)file->n_clusters + 1, sizeof *b->clusters);
    if (!b->clusters)
        return document_no_memory(b->file);
    for (int c = 0; c < file->n_clusters; c++)
        DG_TRY(read_cluster(b, c));
    DG_TRY(number_items(b));
    for (int e = 0; e < file->n_edges; e++)
        DG_TRY(note_edge(b, &file->edges[e]));
    DG_TRY(find_unread_exits(b));
    for (int c = 0; c < file->n_clusters; c++)
        DG_TRY(check_cluster(b, c));
    return dg_ok();
}

/* ---- edges of items ---- */

/* The last item of a node within one copy of a cluster around it. */
static int last_in(const building *b, int node, int cluster, int copy)
{
    int inside = copies_of(b, node) / (cluster < 0 ? 1 : b->clusters[cluster].copies);
    return b->base[node] + (copy + 1) * inside - 1;
}

int copies_last(const building *b, int node)
{
    return b->base[node + 1] - 1;
}

/* The source of an edge of one item; *chained is the cluster whose last copy it comes from, −1: none. */
static edge_end find_source(const building *b, const dg_file_edge *edge, int item, int *chained)
{
    const dg_graph_file *file = b->file;
    int from = file->nodes[edge->tail].cluster, c = file->nodes[edge->head].cluster;
    int copy = item - b->base[edge->head];
    for (; c >= 0 && !is_inside(file, from, c); c = file->clusters[c].parent) {
        const cluster_copies *outer = &b->clusters[c];
        bool is_chained = outer->entry == edge->tail && same_out(outer->entry_out, edge->out);
        if (is_chained && copy % outer->repeat > 0) {
            *chained = c;
            return (edge_end){last_in(b, outer->exit, c, copy - 1), outer->exit_out};
        }
        copy /= outer->repeat;
    }
    *chained = -1;
    return (edge_end){last_in(b, edge->tail, c, copy), edge->out};
}

edge_end copies_source(const building *b, const dg_file_edge *edge, int item)
{
    int chained;
    return find_source(b, edge, item, &chained);
}

static bool same_type(const dg_type *a, const dg_type *b)
{
    bool same = a->dtype == b->dtype && a->shape.rank == b->shape.rank;
    for (int d = 0; same && d < a->shape.rank; d++)
        same = a->shape.dims[d] == b->shape.dims[d] || a->shape.dims[d] == DG_UNKNOWN || b->shape.dims[d] == DG_UNKNOWN;
    return same;
}

dg_status copies_check(const building *b, const dg_file_edge *edge, int item)
{
    int cluster, none;
    edge_end exit = find_source(b, edge, item, &cluster);
    if (cluster < 0)
        return dg_ok();
    const cluster_copies *c = &b->clusters[cluster];
    int inside = copies_of(b, edge->head) / c->copies, copy = (item - b->base[edge->head]) / inside;
    edge_end entry = find_source(b, edge, b->base[edge->head] + (copy - copy % c->repeat) * inside, &none);
    dg_node *enters, *leaves;
    if (b->state[entry.item] != 2) /* what leaves does not depend on what enters */
        return dg_ok();
    DG_TRY(build_source(b, entry, &enters));
    DG_TRY(build_source(b, exit, &leaves));
    const dg_type *before = dg_node_type(enters, 0), *after = dg_node_type(leaves, 0);
    if (same_type(before, after))
        return dg_ok();
    char text[900], in[DG_SHAPE_TEXT], out[DG_SHAPE_TEXT];
    snprintf(text, sizeof text,
             "'%.100s' enters it as %s %s, '%.100s' leaves it as %s %s: they must have the same shape",
             b->file->nodes[c->entry].name, dg_dtype_name(before->dtype),
             dg_graph_print_shape(b->graph, &before->shape, in, sizeof in), b->file->nodes[c->exit].name,
             dg_dtype_name(after->dtype), dg_graph_print_shape(b->graph, &after->shape, out, sizeof out));
    return fail(b, cluster, text);
}

/* ---- names and modules ---- */

const char *dg_file_cluster_name(const dg_file_cluster *cluster)
{
    if (!cluster || !cluster->name)
        return NULL;
    size_t prefix = strlen("cluster");
    const char *name = cluster->name + (strncmp(cluster->name, "cluster", prefix) == 0 ? prefix : 0);
    return name + (name > cluster->name && *name == '_');
}

/* The part of `name` behind "head."; NULL when it begins in another way. */
static const char *behind(const char *name, const char *head)
{
    size_t length = strlen(head);
    return length && strncmp(name, head, length) == 0 && name[length] == '.' ? name + length + 1 : NULL;
}

const char *copies_name(const building *b, int item)
{
    const dg_graph_file *file = b->file;
    int node = b->node_of[item], path[64], depth = 0, copy = item - b->base[node], inside = copies_of(b, node);
    const char *rest = file->nodes[node].name, *outer = "";
    size_t room = strlen(b->prefix) + strlen(rest) + 1;
    for (int c = file->nodes[node].cluster; c >= 0 && depth < 64; c = file->clusters[c].parent)
        if (file->clusters[c].is_cluster) {
            path[depth++] = c;
            room += strlen(file->clusters[c].name) + 16;
        }
    char *made = dg_arena_alloc(file->arena, room), *end = made;
    if (!made)
        return NULL;
    end = stpcpy(end, b->prefix);
    while (depth > 0) {
        const cluster_copies *c = &b->clusters[path[--depth]];
        const char *whole = dg_file_cluster_name(&file->clusters[path[depth]]), *own = behind(whole, outer);
        outer = whole; /* a cluster may be named with the one around it, "stage.block", or without */
        own = own ? own : whole;
        const char *shorter = behind(rest, own);
        inside /= c->repeat;
        if (c->is_repeated)
            end += sprintf(end, "%s%s%d.", own, *own ? "." : "", copy / inside % c->repeat);
        else if (shorter)
            end += sprintf(end, "%s.", own);
        rest = shorter ? shorter : rest;
    }
    strcpy(end, rest);
    return made;
}

int copies_first_shared(const building *b, int item)
{
    int node = b->node_of[item], inside = 1, copy = item - b->base[node], first = copy;
    for (int c = b->file->nodes[node].cluster; c >= 0; c = b->file->clusters[c].parent) {
        const cluster_copies *outer = &b->clusters[c];
        if (outer->is_shared)
            first -= copy / inside % outer->repeat * inside;
        inside *= outer->repeat;
    }
    return b->base[node] + first;
}

/* A cluster's name behind those of the clusters around it, which it may have in it. */
static const char *own_name(const dg_graph_file *file, int cluster)
{
    const char *whole = dg_file_cluster_name(&file->clusters[cluster]), *own = NULL;
    for (int c = file->clusters[cluster].parent; c >= 0 && !own; c = file->clusters[c].parent)
        own = file->clusters[c].is_cluster ? behind(whole, dg_file_cluster_name(&file->clusters[c])) : NULL;
    return own ? own : whole;
}

/* Opens "stage.1.block", of a copy of a cluster, in the module of what is around it. */
static dg_module *open_copy(building *b, int cluster, int copy, dg_module *outer)
{
    const cluster_copies *c = &b->clusters[cluster];
    const char *own = own_name(b->file, cluster), *around = outer ? dg_module_name(outer) : "";
    size_t room = strlen(around) + strlen(own) + 32, used = 0;
    char *name = dg_arena_alloc(b->file->arena, room);
    if (!name)
        return NULL;
    used = dg_text_append(name, room, used, "%s%s%s", around, *around && *own ? "." : "", own);
    if (c->is_repeated)
        dg_text_append(name, room, used, "%s%d", used ? "." : "", copy % c->repeat);
    dg_module *before = dg_module_switch(b->graph, outer);
    dg_module *made = module_begin_labelled(b->graph, name, c->is_checkpoint);
    dg_module_switch(b->graph, before);
    return made;
}

static dg_module *cluster_module(building *b, int cluster, int copy)
{
    const cluster_copies *c = &b->clusters[cluster];
    if (cluster < 0)
        return b->module;
    if (!b->file->clusters[cluster].is_cluster)
        return cluster_module(b, b->file->clusters[cluster].parent, copy);
    if (!c->modules[copy])
        c->modules[copy] =
            open_copy(b, cluster, copy, cluster_module(b, b->file->clusters[cluster].parent, copy / c->repeat));
    return c->modules[copy];
}

dg_module *copies_module(building *b, int item)
{
    int node = b->node_of[item];
    return cluster_module(b, b->file->nodes[node].cluster, item - b->base[node]);
}
