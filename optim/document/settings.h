/* Settings of graph files: $name in attributes. */
#ifndef OPTIM_DOCUMENT_SETTINGS_H
#define OPTIM_DOCUMENT_SETTINGS_H

#include <dotgrad/graph_file.h>

typedef struct settings_given {
    const dg_file_setting *settings; /* of the command line, or of the call that uses the file */
    int count;
    const char *outer;    /* those of the file that uses this one, which it may read, too; NULL: none */
    const dg_value *call; /* that uses the file; NULL: it is the first */
    bool is_top;          /* attributes of the experiment may be set, too */
} settings_given;

/* Puts the values in the places of their names. DG_BAD_ARGUMENT: a name that is not declared, with a suggestion, or one
 * that is read nowhere. *all becomes "NAME=VALUE, …" for the files that this one uses, in its arena. */
dg_status settings_put(dg_graph_file *file, const settings_given *given, const char **all);

/* Whether reading puts a setting into that value. */
bool document_has_setting(const char *value);

/* Sets an attribute of the graph, in its place by name; the value is copied. */
dg_status document_set(dg_graph_file *file, const char *name, const char *value);
/* The text of a call, with 2*64 and the like in its arguments computed, as an attribute's value. */
dg_status document_set_computed(dg_graph_file *file, dg_file_attribute *attribute, const char *text);

/* What its author wrote in the place of the graph's attribute; "": nothing. */
void document_note_written(dg_graph_file *file, const char *name, const char *written);

#endif
