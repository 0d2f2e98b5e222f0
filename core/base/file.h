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

/* Opens a file for reading; "-" is a copy of standard input. Pipes with a name, which may never begin, and devices and
 * sockets, which may never end, are DG_IO with the remedy; a pipe that is open already, as a shell's <(…) gives, is
 * read. Nothing waits. */
dg_status file_open(const char *path, int *descriptor);
/* read() that a signal does not end: −1 is an error, 0 the end. */
long file_read_some(int descriptor, void *bytes, size_t size);

/* How messages name a path: "-" is standard input or output. */
const char *file_name_for_reading(const char *path);
const char *file_name_for_writing(const char *path);

#endif
