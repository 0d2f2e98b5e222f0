/* Sets of tensors, for callers that keep addresses of their buffers. */
#ifndef CORE_TENSORS_H
#define CORE_TENSORS_H

#include <dotgrad/tensor.h>

/* A number that changes whenever a buffer of the set may have gone: a tensor was removed, or replaced by one of another
 * type or shape. */
uint64_t tensors_state(const dg_tensors *set);

/* A run of a plan that reads the set, or writes to it, too. enter: false while another one writes. leave: false, to a
 * reader, where one has written meanwhile. */
bool tensors_enter(dg_tensors *set, bool writes, uint64_t *seen);
bool tensors_leave(dg_tensors *set, bool writes, uint64_t seen);

#endif
