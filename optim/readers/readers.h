/* The table of readers: all formats and all sets by name. A reader is one file, NAME.c, which defines
 * `NAME_reader`, and one line in meson.build; csv.c takes every other text. load.c is dg_data_open: read, split, fill,
 * scale. */
#ifndef OPTIM_READERS_READERS_H
#define OPTIM_READERS_READERS_H

#include "optim/data/set.h"
#include "optim/table/table.h"

typedef struct data_reader {
    const dg_data_format *formats; /* the sets by name or the format by path that it reads */
    size_t n_formats;
    unsigned kinds;  /* SETS_…: which options there are */
    bool has_fields; /* values(FIELD=[…]): lists in the brackets are the data */
    bool has_path;   /* text('book.txt'): the file is the first thing in the brackets */
    /* A set with at least one row, whose fields agree in their count. */
    dg_status (*read)(const data_reading *reading, dg_data **set);
    /* Instead of `read`, for tables that are text: see csv_parse(). */
    dg_status (*parse)(data_table *table, const data_reading *reading, char *text, size_t size);
    bool (*recognises)(const char *text, size_t size); /* a text of this format, whatever its path is */
} data_reader;

/* The reader of a set by that name, with its format; NULL: there is none. */
const data_reader *reader_of_name(const char *name, const dg_data_format **format);
/* The reader of a path by its ending ("/": a folder). For other paths it is that of CSV. */
const data_reader *reader_of_path(const char *path, bool is_folder, const dg_data_format **format);
/* The reader of a text: the one of its path, but where that is CSV's, which takes all that looks like nothing else, one
 * that recognises it. */
const data_reader *reader_of_text(const data_reader *by_path, const char *text, size_t size,
                                  const dg_data_format **format);
/* arrays.c: the tensors of a file; DG_BAD_DATA for elements that are not finite numbers. */
dg_status arrays_file(const data_reading *reading, dg_tensors **file);
dg_status arrays_check(const char *path, const char *name, const dg_tensor *tensor);

/* "digits, iris, …": the sets by name, for messages. Returns text. */
char *reader_names(char *text, size_t size);
/* One after the other, for dg_name_nearest(); "" for a format that has no name. */
const char *reader_name_at(const void *user, size_t index);

#endif
