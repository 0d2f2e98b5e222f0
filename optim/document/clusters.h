/* Clusters of graphs that are written. */
#ifndef OPTIM_DOCUMENT_CLUSTERS_H
#define OPTIM_DOCUMENT_CLUSTERS_H

#include <dotgrad/graph_file.h>

/* Makes a cluster of each module that the document's nodes were made in, one in another, with checkpoint where it has
 * it, and puts the nodes into theirs. */
dg_status clusters_make(dg_graph_file *file);

#endif
