/* A run's folder while a run writes in it: held by one process, without symbolic links, without what killed runs left.
 */
#ifndef TOOLS_RUN_CLAIM_H
#define TOOLS_RUN_CLAIM_H

#include <dotgrad/status.h>

#define EXIT_BUSY 3 /* the exit status of a command that ends with DG_BUSY */

/* RUN/.lock, locked while the process lives and removed when it lets go. Zero: none is held. */
typedef struct run_claim {
    char *path;
    int file;
} run_claim;

/* DG_BUSY when another process holds the folder, which the message names, DG_IO when nothing can be written there. A
 * file system without locks is not held. */
dg_status run_claim_take(run_claim *claim, const char *folder);
void run_claim_drop(run_claim *claim);

/* Removes the temporary files of runs that were killed. Only for who holds the folder. */
void run_folder_clean(const char *folder);

/* Makes `path` fit to be written: a symbolic link there is removed, not followed. DG_IO: it is a folder, a device or a
 * pipe. */
dg_status run_file_ready(const char *path);

#endif
