/* The C builders of all ops, from their descriptors. */
#ifndef TOOLS_OPS_HEADER_H
#define TOOLS_OPS_HEADER_H

#include <stdio.h>

void print_ops_header(FILE *out);

#endif
