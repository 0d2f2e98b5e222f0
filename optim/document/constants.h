/* Constants in files beside a graph, constant('net.safetensors'): each file is read once. */
#ifndef OPTIM_DOCUMENT_CONSTANTS_H
#define OPTIM_DOCUMENT_CONSTANTS_H

#include <dotgrad/graph_file.h>

typedef struct constant_file constant_file;
typedef struct constant_files {
    size_t count;
    constant_file *files;
} constant_files;

/* The tensor `name`, else `otherwise`, of the file of that key (keys.c): from the text of `top` where it keeps the
 * file, else from `path`. DG_BAD_DATA: there is no such tensor. */
dg_status constants_find(constant_files *all, const dg_graph_file *top, const char *key, const char *path,
                         const char *name, const char *otherwise, const dg_tensor **found);
/* The attributes of a graph that keep the tensors found so far: as many as there are files, in the arena. */
dg_status constants_keep(const constant_files *all, dg_arena *arena, dg_file_attribute *items, size_t *count);
void constants_free(constant_files *all);

#endif
