/* Distances between the rows of two matrices, and their squares. */
#ifndef OPS_DISTANCE_H
#define OPS_DISTANCE_H

#include <dotgrad/op.h>

/* Kernels of sqdist and euclidean: inputs [.., n, d] and [.., m, d], output [.., n, m]. */
dg_status sqdist_forward(const dg_kernel *kernel);
dg_status euclidean_forward(const dg_kernel *kernel);
size_t sqdist_workspace(const dg_kernel *kernel);

#endif
