/* Tables of descriptors that others can add to: optimisers, schedules, initialisers. A descriptor is a constant whose
 * first member is its name. Those that ship are listed where the table is defined; programs and plugins add theirs. */
#ifndef CORE_DESCRIPTORS_H
#define CORE_DESCRIPTORS_H

#include <dotgrad/status.h>

#include <pthread.h>
#include <stddef.h>

typedef struct descriptors {
    const char *what;           /* "optimizer", for messages */
    const void *const *shipped; /* ended by NULL */
    pthread_mutex_t lock;
    const void **added;
    size_t n_added;
} descriptors;

/* DG_BAD_ARGUMENT: it has no name, one that no call can have, or one that is taken. The descriptor must stay. */
dg_status descriptors_add(descriptors *table, const void *descriptor);
const void *descriptors_at(descriptors *table, size_t index); /* NULL after the last; shipped ones first */
const void *descriptors_find(descriptors *table, const char *name);
/* "there is no optimizer 'adm' (did you mean 'adam'?); known are …" */
dg_status descriptors_unknown(descriptors *table, const char *name);

#endif
