/* Settings of graph files: $name in attributes. */
#ifndef OPTIM_DOCUMENT_SETTINGS_H
#define OPTIM_DOCUMENT_SETTINGS_H

#include <dotgrad/graph_file.h>

typedef struct settings_given {
    const dg_file_setting *settings; /* of the command line, or of the call that uses the file */
    int count;
    const char *outer; /* those of the file that uses this one, which it may read, too; NULL: none */
    bool is_top;       /* attributes of the experiment may be set, too */
} settings_given;

/* Puts the values in the places of their names. DG_BAD_ARGUMENT: a name that is not declared, with a suggestion, or one
 * that is read nowhere. *all becomes "NAME=VALUE, …" for the files that this one uses, in its arena. */
dg_status settings_put(dg_graph_file *file, const settings_given *given, const char **all);

#endif
