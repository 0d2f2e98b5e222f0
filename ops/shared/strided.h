/* Copies of boxes: transposing, broadcasting, slicing and joining are all one of them. */
#ifndef OPS_STRIDED_H
#define OPS_STRIDED_H

#include <dotgrad/op.h>

/* A box of elements, with the distance (in elements) of neighbours along each dimension in both buffers. A `from` of 0
 * repeats. */
typedef struct box {
    int rank;
    int64_t size[DG_MAX_RANK], to[DG_MAX_RANK], from[DG_MAX_RANK];
} box;

/* Row-major strides of a shape. */
void strides_of(const dg_shape *shape, int64_t strides[DG_MAX_RANK]);

/* to[i·b.to] = from[i·b.from] for every index i in the box. The buffers do not overlap; the elements of `to` differ. */
void box_copy(const box *b, dg_dtype dtype, void *to, const void *from, dg_threads *threads);

/* The sizes in the order in which they are in memory, N H W C where the tensor keeps channels last, and where a
 * dimension of the shape is then. */
dg_shape stored_shape(const dg_tensor *tensor);
int stored_axis(const dg_tensor *tensor, int axis);

/* The rule of a kernel that goes by them: whichever layout, but one for all. */
dg_layout layout_alike(const dg_kernel *kernel, int k);

/* The address of an element. */
void *element_at(dg_dtype dtype, void *data, int64_t index);
const void *const_element_at(dg_dtype dtype, const void *data, int64_t index);

#endif
