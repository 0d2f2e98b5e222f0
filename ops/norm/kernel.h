/* Kernels of standardize and its gradient, one table for each instruction set and float type.
 *
 * The mean is found first, roughly; then the sums of the distances from it and of their squares, which put it right. So
 * a large mean costs neither of them digits. Sums are the float type's lanes' over a block, and float64 beyond. */
#ifndef OPS_STANDARDIZE_KERNEL_H
#define OPS_STANDARDIZE_KERNEL_H

#include <dotgrad/isa.h>
#include <stddef.h>
#include <stdint.h>

typedef struct standardize_table {
    /* [rows, size], each row by itself; mean and var have `rows` elements. x may be read as far as x_room elements, y
     * written over as far as y_room. */
    void (*rows)(const void *x, void *y, void *mean, void *var, double eps, int64_t rows, int64_t size, int64_t x_room,
                 int64_t y_room);
    /* One channel: `parts` rows of `size` elements, `stride` apart. */
    void (*channel)(const void *x, void *y, void *mean, void *var, double eps, int64_t parts, int64_t size,
                    int64_t stride);
    /* `width` columns of [rows, stride]. */
    void (*columns)(const void *x, void *y, void *mean, void *var, double eps, int64_t rows, int64_t width,
                    int64_t stride);
    /* dx = r (g − mean(g) − y mean(g y)), r = 1/√(var + eps), over the same three. */
    void (*rows_backward)(const void *g, const void *y, const void *var, void *dx, double eps, int64_t rows,
                          int64_t size, int64_t room, int64_t dx_room);
    void (*channel_backward)(const void *g, const void *y, const void *var, void *dx, double eps, int64_t parts,
                             int64_t size, int64_t stride);
    void (*columns_backward)(const void *g, const void *y, const void *var, void *dx, double eps, int64_t rows,
                             int64_t width, int64_t stride);
} standardize_table;

typedef struct standardize_kernels {
    standardize_table float32, float64;
} standardize_kernels;
DG_ISA_TABLE(standardize_kernels, standardize_tables)

#endif
