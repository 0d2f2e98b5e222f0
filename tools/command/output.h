/* Files that a command writes must not be those that it reads. */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <dotgrad/status.h>

/* Whether `to` may be written: DG_BAD_ARGUMENT when it is one of the files that follow, unless --force is given. These
 * may be NULL or "-", folders of runs (then the files in them count), or data with options in brackets; `n` of them. */
dg_status output_check(const char *to, int n, const char *const *read);

#endif
