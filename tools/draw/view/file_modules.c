/* Modules of a graph's nodes, as the clusters of its file say. */
#include "file.h"

#include <stdint.h>
#include <string.h>

dg_status file_modules_make(file_modules *modules, const dg_graph_file *file, dg_arena *arena)
{
    int64_t n = dg_graph_node_count(file->graph);
    modules->file = file;
    modules->arena = arena;
    modules->n = n;
    modules->node = dg_arena_alloc(arena, ((size_t)n + 1) * sizeof *modules->node);
    if (!modules->node)
        return dg_no_memory("a picture of %s", file->path);
    for (int64_t id = 0; id < n; id++)
        modules->node[id] = -1;
    for (int k = 0; k < file->n_nodes; k++)
        for (int i = 0; i < file->nodes[k].n_made; i++)
            modules->node[dg_node_id(file->nodes[k].made[i])] = k;
    return dg_ok();
}

/* "block.3", for block.3.fc of a cluster that repeats: the node's name up to the number of the last such cluster. */
static const char *copy_name(const file_modules *modules, const char *node, const char *cluster)
{
    const char *end = NULL;
    size_t length = strlen(cluster);
    for (const char *at = node; (at = strstr(at, cluster)); at++) {
        const char *number = at + length + 1;
        size_t digits = at[length] == '.' ? strspn(number, "0123456789") : 0;
        if ((at == node || at[-1] == '.') && digits && number[digits] == '.')
            end = number + digits;
    }
    return end ? text_format(modules->arena, "%.*s", (int)(end - node), node) : NULL;
}

const char *file_module_of(void *user, const dg_node *node)
{
    const file_modules *modules = user;
    const dg_graph_file *file = modules->file;
    int64_t id = dg_node_id(node);
    if (id < modules->n_groups && modules->groups[id])
        return modules->groups[id];
    if (!file || id >= modules->n || modules->node[id] < 0 || file->nodes[modules->node[id]].cluster < 0)
        return NULL;
    const char *name = NULL, *path = dg_node_name((dg_node *)(uintptr_t)node);
    int chain[64], depth = 0;
    for (int k = file->nodes[modules->node[id]].cluster; k >= 0 && depth < 64; k = file->clusters[k].parent)
        if (file->clusters[k].is_cluster)
            chain[depth++] = k;
    while (depth) {
        const dg_file_cluster *cluster = &file->clusters[chain[--depth]];
        const char *own = dg_file_cluster_name(cluster);
        const char *copy =
            dg_file_attribute_find(&cluster->attributes, "repeat") ? copy_name(modules, path, own) : NULL;
        name = copy ? copy : name ? text_format(modules->arena, "%s.%s", name, own) : own;
    }
    return name;
}
