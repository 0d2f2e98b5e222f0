/* Files written whole or not at all. */
#ifndef CORE_FILE_H
#define CORE_FILE_H

#include <dotgrad/status.h>
#include <stddef.h>

typedef struct file_part {
    const void *bytes;
    size_t size;
} file_part;

/* dg_write_file() of several parts, one after another. */
dg_status file_write_parts(const char *path, const file_part *parts, size_t n_parts);

/* How messages name a path: "-" is standard input or output. */
const char *file_name_for_reading(const char *path);
const char *file_name_for_writing(const char *path);

#endif
