/* Files that a command writes must not be those that it reads, nor be named as what they are not. */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <dotgrad/status.h>

/* Whether `to` may be written: DG_BAD_ARGUMENT when it is one of the files that follow, unless --force is given. These
 * may be NULL or "-", folders of runs (then the files in them count), or data with options in brackets; `n` of them. */
dg_status output_check(const char *to, int n, const char *const *read);
/* Whether the name's ending may stand for what is written ("CSV is written"), which is of `endings` (ended by NULL).
 * DG_BAD_ARGUMENT: it is that of another format, as .xlsx. Names without an ending, and with one that says nothing,
 * may. `to` may be NULL. */
dg_status output_check_ending(const char *to, const char *content, const char *const *endings);
/* Of what tensors_write() writes. */
dg_status output_check_tensors(const char *to);

#endif
