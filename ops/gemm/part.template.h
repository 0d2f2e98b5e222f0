/* Less than a vector: the first `width` elements, 0 < width < LANES. Two copies of a half, a quarter … that overlap
 * are faster than one of variable size. */
#if !defined(REAL) || !defined(NAME) || !defined(LANES)
#error "this is a template: REAL, NAME and LANES must be defined"
#endif

static __attribute__((noinline)) void NAME(copy_parts)(int64_t rows, int64_t width, REAL *to, int64_t to_row,
                                                       const REAL *from, int64_t from_row)
{
    UNROLL
    for (int size = LANES / 2; size >= 1; size /= 2)
        if (width >= size) {
            int64_t second = width - size;
            for (int64_t i = 0; i < rows; i++) {
                REAL left[LANES], right[LANES];
                memcpy(left, from + i * from_row, (size_t)size * sizeof(REAL));
                memcpy(right, from + i * from_row + second, (size_t)size * sizeof(REAL));
                memcpy(to + i * to_row, left, (size_t)size * sizeof(REAL));
                memcpy(to + i * to_row + second, right, (size_t)size * sizeof(REAL));
            }
            return;
        }
}

/* The rest is 0. */
INLINE NAME(vector) NAME(load_part)(const REAL *from, int64_t width)
{
    REAL all[LANES] = {0};
    NAME(copy_parts)(1, width, all, LANES, from, LANES);
    return NAME(load)(all);
}
