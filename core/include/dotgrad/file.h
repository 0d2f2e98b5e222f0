/* Files, read and written whole. */
#ifndef DOTGRAD_FILE_H
#define DOTGRAD_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <dotgrad/status.h>

DG_BEGIN_C

/* Writes `size` bytes to `path` whole or not at all: a temporary file in the same folder, fsync, rename. "-" is
 * standard output. */
dg_status dg_write_file(const char *path, const void *bytes, size_t size);
/* Reads a whole file, with a final 0 byte after `size`; free it with free(). DG_IO names the path. */
dg_status dg_read_file(const char *path, char **bytes, size_t *size);
/* The same, but DG_BAD_DATA as soon as there are more than `most` bytes: /dev/zero has no end. */
dg_status dg_read_file_up_to(const char *path, size_t most, char **bytes, size_t *size);

DG_END_C

#endif
