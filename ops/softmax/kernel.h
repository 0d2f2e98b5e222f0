/* Kernels of the softmax family, one table for each instruction set and float type. */
#ifndef OPS_SOFTMAX_KERNEL_H
#define OPS_SOFTMAX_KERNEL_H

#include <dotgrad/isa.h>
#include <stddef.h>
#include <stdint.h>

/* What is written where the softmax is taken. */
typedef enum softmax_form { SOFTMAX_PLAIN, SOFTMAX_LOG } softmax_form;

typedef struct softmax_table {
    /* y = softmax(x) or its logarithm of each of `rows` rows [rows, size], of one element at least. The row after the
     * last may be read as far as `x_room` elements from x, and `y_room` elements from y written over. y may be x when
     * there is no such room. top, log_sum: NULL, or [rows] to hold the greatest of each row and ln Σ exp(x − top). */
    void (*rows)(softmax_form form, const void *x, void *y, int64_t rows, int64_t size, int64_t x_room, int64_t y_room,
                 void *top, void *log_sum);
    /* The same along the columns of [size, step], `width` of them. */
    void (*columns)(softmax_form form, const void *x, void *y, int64_t size, int64_t step, int64_t width, void *top,
                    void *log_sum);
    /* dx = y (g − Σ y g), or g − eʸ Σ g for the logarithm's y. `room`: elements that may be read and written from the
     * first one on. */
    void (*rows_backward)(softmax_form form, const void *y, const void *g, void *dx, int64_t rows, int64_t size,
                          int64_t room);
    void (*columns_backward)(softmax_form form, const void *y, const void *g, void *dx, int64_t size, int64_t step,
                             int64_t width);
    /* y = x times the factor of its row, and of its column. */
    void (*scale_rows)(const void *x, const void *factors, void *y, int64_t rows, int64_t size, int64_t room);
    void (*scale_columns)(const void *x, const void *factors, void *y, int64_t size, int64_t step, int64_t width);
} softmax_table;

/* By float type: float32, float64. */
typedef struct softmax_kernels {
    softmax_table float32, float64;
} softmax_kernels;
DG_ISA_TABLE(softmax_kernels, softmax_tables)

#endif
