/* What differs between two graph files beside boxes and wires: the experiment, modules that repeat, attributes of
 * nodes, and what is in the files that nodes use. */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TOLD = 4 }; /* changes inside of a used file */

/* "epochs 5 → 10, …" in the making. */
typedef struct change_list {
    view *v;
    text words;
    int count, most; /* most: that are told; 0: all */
} change_list;

static void tell(change_list *list, const char *name, const char *old, const char *now)
{
    if (old && now && strcmp(old, now) == 0)
        return;
    list->count++;
    if (!list->most || list->count <= list->most)
        text_add(&list->words, "%s%s %s → %s", list->words.used ? ", " : "", name, old ? old : "none",
                 now ? now : "none");
}

static const char *finish(change_list *list)
{
    if (list->most && list->count > list->most)
        text_add(&list->words, ", and %d more", list->count - list->most);
    const char *kept = list->words.used ? text_keep(list->v->arena, &list->words) : "";
    text_free(&list->words);
    return kept;
}

/* ---- attributes ---- */

/* Of ours; not what edges and calls show anyway, what an export adds, and what a file keeps of others. */
static bool matters(const char *name, unsigned where)
{
    static const char *const others[] = {"op", "arg", "out", "derived", "dotgrad", "was_set", "folder"};
    const dg_attribute *known = dg_attribute_find(name);
    if (!known || !known->ours || !(known->where & where) || strncmp(name, "styled", 6) == 0 || strchr(name, ':'))
        return false;
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        if (strcmp(name, others[k]) == 0)
            return false;
    return true;
}

static void compare_attributes(change_list *list, const dg_file_attributes *now, const dg_file_attributes *old,
                               unsigned where)
{
    for (size_t i = 0, k = 0; i < now->count || k < old->count;) {
        int order = i == now->count ? 1 : k == old->count ? -1 : strcmp(now->items[i].name, old->items[k].name);
        const dg_file_attribute *one = order <= 0 ? &now->items[i++] : NULL,
                                *two = order >= 0 ? &old->items[k++] : NULL;
        const char *name = one ? one->name : two->name;
        if (matters(name, where))
            tell(list, name, two ? two->value : NULL, one ? one->value : NULL);
    }
}

const char *diff_attributes(view *v, const dg_file_attributes *now, const dg_file_attributes *old, unsigned where,
                            int *count)
{
    change_list list = {.v = v};
    compare_attributes(&list, now, old, where);
    *count += list.count;
    return finish(&list);
}

/* ---- inside of used files ---- */

typedef struct inner_node {
    const char *name; /* in the used file: "h" of "cell.h" */
    const dg_node *node;
} inner_node;

static int by_name(const void *a, const void *b)
{
    const inner_node *one = a, *two = b;
    int order = strcmp(one->name, two->name);
    return order ? order
                 : (dg_node_id(one->node) > dg_node_id(two->node)) - (dg_node_id(one->node) < dg_node_id(two->node));
}

/* Those that have names of their own, by name. NULL without memory. */
static inner_node *list_inner(const dg_file_node *node, int *count)
{
    inner_node *list = malloc(((size_t)node->n_made + 1) * sizeof *list);
    size_t length = strlen(node->name);
    *count = 0;
    for (int k = 0; list && k < node->n_made; k++) {
        const char *name = dg_node_name(node->made[k]);
        bool is_inside = strncmp(name, node->name, length) == 0 && name[length] == '.';
        if (dg_node_is_named(node->made[k]) && !dg_node_owner(node->made[k]) && is_inside)
            list[(*count)++] = (inner_node){name + length + 1, node->made[k]};
    }
    if (list)
        qsort(list, (size_t)*count, sizeof *list, by_name);
    return list;
}

/* "x and h": the nodes of the used file that a node reads. */
static const char *sources_of(view *v, const dg_node *node, const char *outer)
{
    size_t length = strlen(outer);
    const char *words = "";
    for (int k = 0; k < dg_node_input_count(node); k++) {
        dg_node *input = dg_node_input(node, k);
        if (!input || !dg_node_is_named(input) || dg_node_owner(input))
            continue;
        const char *name = dg_node_name(input);
        bool is_inside = strncmp(name, outer, length) == 0 && name[length] == '.';
        words =
            text_format(v->arena, "%s%s%s", words, *words ? " and " : "", is_inside ? name + length + 1 : "an input");
    }
    return words;
}

static void compare_inner(change_list *list, const char *name, const dg_node *now, const dg_node *old)
{
    const dg_op *op = dg_node_op(now);
    dg_arena *arena = list->v->arena;
    if (op != dg_node_op(old)) {
        tell(list, name, dg_node_op(old)->name, op->name);
        return;
    }
    for (int k = 0; k < dg_op_attr_count(op) && dg_node_attrs(now) && dg_node_attrs(old); k++)
        tell(list, text_format(arena, "%s %s", name, op->attrs[k].name), label_value(list->v, old, k),
             label_value(list->v, now, k));
}

static void compare_inside(change_list *list, const dg_file_node *now, const dg_file_node *old)
{
    int n_now, n_old;
    inner_node *one = list_inner(now, &n_now), *two = list_inner(old, &n_old);
    for (int i = 0, k = 0; one && two && (i < n_now || k < n_old);) {
        int order = i == n_now ? 1 : k == n_old ? -1 : strcmp(one[i].name, two[k].name);
        if (order == 0) {
            const char *name = one[i].name;
            compare_inner(list, name, one[i].node, two[k].node);
            tell(list, text_format(list->v->arena, "%s reads", name), sources_of(list->v, two[k].node, old->name),
                 sources_of(list->v, one[i].node, now->name));
        } else if (order < 0) {
            tell(list, one[i].name, NULL, dg_node_op(one[i].node)->name);
        } else {
            tell(list, two[k].name, dg_node_op(two[k].node)->name, NULL);
        }
        i += order <= 0;
        k += order >= 0;
    }
    list->v->failed |= !one || !two;
    free(one);
    free(two);
}

static bool uses_file(const dg_file_node *node)
{
    return node->call.s && (strcmp(node->call.s, "use") == 0 || strcmp(node->call.s, "scan") == 0);
}

const char *diff_nodes(view *v, const dg_file_node *now, const dg_file_node *old)
{
    change_list list = {.v = v};
    compare_attributes(&list, &now->attributes, &old->attributes, DG_ON_NODE);
    list.most = list.count + MOST_TOLD;
    if (uses_file(now) && uses_file(old))
        compare_inside(&list, now, old);
    return finish(&list);
}

/* ---- modules ---- */

/* The cluster that module number m is of: views have one for each cluster, in order. */
static const dg_file_cluster *cluster_of(const dg_graph_file *file, int m)
{
    for (int k = 0; k < file->n_clusters; k++)
        if (file->clusters[k].is_cluster && m-- == 0)
            return &file->clusters[k];
    return NULL;
}

void diff_modules(view *v, const view *old, const diff_files *files, diff_counts *counts)
{
    for (int m = 0; m < v->n_modules; m++)
        for (int k = 0; k < old->n_modules; k++) {
            const dg_file_cluster *now = cluster_of(files->now, m), *was = cluster_of(files->old, k);
            int count = 0;
            if (!now || !was || strcmp(v->modules[m].name, old->modules[k].name) != 0)
                continue;
            const char *words = diff_attributes(v, &now->attributes, &was->attributes, DG_ON_CLUSTER, &count);
            if (!count)
                continue;
            counts->modules++;
            v->modules[m].sizes = words;
            v->notes =
                text_format(v->arena, "%s~ module %s  %s\n", v->notes ? v->notes : "", v->modules[m].name, words);
        }
}
