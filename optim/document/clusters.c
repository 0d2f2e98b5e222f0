/* The modules of a graph as clusters of its document. */
#include "clusters.h"

#include "core/graph/graph.h"

#include <stdio.h>
#include <string.h>

typedef struct clustering {
    dg_graph_file *file;
    const dg_module **modules; /* by cluster */
    int most;
    dg_status status;
} clustering;

static const char *failed(clustering *c)
{
    c->status = dg_no_memory("the text of a graph");
    return "";
}

/* Two texts and what is between them. */
static const char *join(clustering *c, const char *head, const char *between, const char *tail)
{
    size_t room = strlen(head) + strlen(between) + strlen(tail) + 1;
    char *text = dg_arena_alloc(c->file->arena, room);
    if (!text)
        return failed(c);
    snprintf(text, room, "%s%s%s", head, between, tail);
    return text;
}

/* The module's own name behind that of the cluster around it; a number of a checkpoint without one. */
static const char *name_of(clustering *c, const dg_module *module, bool is_named, int parent)
{
    const char *own = module->name, *outer = parent < 0 ? "" : c->modules[parent]->name;
    const char *around = parent < 0 ? "" : dg_file_cluster_name(&c->file->clusters[parent]);
    size_t length = strlen(outer);
    char number[40];
    if (is_named && length && strncmp(own, outer, length) == 0 && own[length] == '.')
        own += length + 1;
    else if (is_named)
        around = "";
    snprintf(number, sizeof number, "checkpoint.%d", c->file->n_clusters);
    return join(c, "cluster_", "", join(c, around, *around ? "." : "", is_named ? own : number));
}

static bool is_taken(const clustering *c, const char *name)
{
    for (int k = 0; k < c->file->n_clusters; k++)
        if (strcmp(c->file->clusters[k].name, name) == 0)
            return true;
    return false;
}

static int add(clustering *c, const dg_module *module, bool is_named, int parent)
{
    static const char yes[] = "true", flag[] = "checkpoint";
    dg_graph_file *file = c->file;
    const char *first = name_of(c, module, is_named, parent), *name = first;
    char number[24];
    for (int k = 2; c->status.code == DG_OK && is_taken(c, name); k++) {
        snprintf(number, sizeof number, "%d", k);
        name = join(c, first, "#", number);
    }
    c->modules[file->n_clusters] = module;
    dg_file_cluster *made = &file->clusters[file->n_clusters];
    *made = (dg_file_cluster){.name = name, .parent = parent, .is_cluster = true};
    if (module->checkpoint) {
        made->attributes.items = dg_arena_alloc(file->arena, sizeof *made->attributes.items);
        if (!made->attributes.items) {
            failed(c);
            return parent;
        }
        made->attributes.count = 1;
        made->attributes.items[0] = (dg_file_attribute){.name = flag, .value = yes};
    }
    return file->n_clusters++;
}

/* The cluster of a module, in those of the modules around it; −1: none. A second module of one name has #2 behind it.
 */
static int cluster_of(clustering *c, const dg_module *module)
{
    int parent = module ? cluster_of(c, module->parent) : -1;
    bool is_named = module && *module->name && (!module->parent || strcmp(module->name, module->parent->name) != 0);
    if (!module || c->status.code != DG_OK || (!is_named && !module->checkpoint))
        return parent;
    int cluster = c->file->n_clusters - 1; /* a module's nodes are most often made one after another */
    while (cluster >= 0 && c->modules[cluster] != module)
        cluster--;
    if (cluster >= 0)
        return cluster;
    if (c->file->n_clusters < c->most)
        return add(c, module, is_named, parent);
    failed(c);
    return parent;
}

/* How many modules there may be, each counted once for a node made in it and for each around it. */
static int count_modules(const dg_graph_file *file)
{
    const dg_module *last = NULL;
    int count = 0;
    for (int k = 0; k < file->n_nodes; k++) {
        const dg_module *module = dg_node_module(file->nodes[k].node);
        for (const dg_module *at = module == last ? NULL : module; at; at = at->parent)
            count++;
        last = module;
    }
    return count;
}

dg_status clusters_make(dg_graph_file *file)
{
    clustering c = {.file = file, .most = count_modules(file), .status = dg_ok()};
    file->clusters = dg_arena_alloc(file->arena, sizeof *file->clusters * ((size_t)c.most + 1));
    c.modules = dg_arena_alloc(file->arena, sizeof *c.modules * ((size_t)c.most + 1));
    if (!file->clusters || !c.modules)
        return dg_no_memory("the text of a graph");
    for (int k = 0; k < file->n_nodes && c.status.code == DG_OK; k++)
        file->nodes[k].cluster = cluster_of(&c, dg_node_module(file->nodes[k].node));
    return c.status;
}
