/* The builders of elementwise ops: sums, products, comparisons …, and activations. */
#ifndef DOTGRAD_OPS_ELEMENTWISE_H
#define DOTGRAD_OPS_ELEMENTWISE_H

#include <dotgrad/ops/activation.h>
#include <dotgrad/ops/arithmetic.h>

#endif
