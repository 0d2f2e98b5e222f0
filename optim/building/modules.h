/* Makers of nodes that stand for another file. `inputs` are the sources of the node's incoming edges. */
#ifndef OPTIM_BUILDING_MODULES_H
#define OPTIM_BUILDING_MODULES_H

#include "building.h"

/* use.c: makes the nodes of the file that an item uses, and the item. */
dg_status use_build(building *b, int item, const char *name, dg_node *const *inputs);
/* scan.c: makes the steps that an item with scan() stands for. */
dg_status scan_build(building *b, int item, const char *name, dg_node *const *inputs);

#endif
