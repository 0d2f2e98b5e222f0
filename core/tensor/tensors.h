/* Sets of tensors, for callers that keep addresses of their buffers. */
#ifndef CORE_TENSORS_H
#define CORE_TENSORS_H

#include <dotgrad/tensor.h>

/* A number that changes whenever a buffer of the set may have gone: a tensor was removed, or replaced by one of another
 * type or shape. */
uint64_t tensors_state(const dg_tensors *set);

#endif
