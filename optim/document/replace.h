/* Ops in the place of others: options->ops, into a document that is not built yet. */
#ifndef OPTIM_DOCUMENT_REPLACE_H
#define OPTIM_DOCUMENT_REPLACE_H

#include "document.h"

/* DG_BAD_ARGUMENT: there is no such node. */
dg_status replace_ops(dg_graph_file *file, const dg_graph_read_options *options);

#endif
