/* Transposition in blocks of LANES by LANES, which stay in registers. */
#if !defined(REAL) || !defined(NAME) || !defined(LANES)
#error "this is a template: REAL, NAME and LANES must be defined"
#endif

/* A perfect shuffle of the rows' elements, as often as LANES can be halved, is a transposition. */
INLINE void NAME(turn)(NAME(vector) rows[LANES])
{
    UNROLL
    for (int size = LANES; size > 1; size /= 2) {
        NAME(vector) shuffled[LANES];
        UNROLL
        for (int i = 0; i < LANES / 2; i++) {
            shuffled[2 * i] = INTERLEAVE(rows[i], rows[i + LANES / 2], 0);
            shuffled[2 * i + 1] = INTERLEAVE(rows[i], rows[i + LANES / 2], LANES / 2);
        }
        UNROLL
        for (int i = 0; i < LANES; i++)
            rows[i] = shuffled[i];
    }
}

INLINE void NAME(turn_block)(int64_t height, const REAL *from, int64_t from_row, REAL *to, int64_t to_row)
{
    NAME(vector) rows[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++)
        rows[i] = i < height ? NAME(load)(from + i * from_row) : (NAME(vector)){0};
    NAME(turn)(rows);
    UNROLL
    for (int i = 0; i < LANES; i++)
        NAME(store)(to + i * to_row, rows[i]);
}

/* A block at the edge: `height` rows of `width`, which are written as `width` rows of `room` elements. */
static __attribute__((noinline)) void NAME(turn_edge)(int64_t height, int64_t width, const REAL *from, int64_t from_row,
                                                      REAL *to, int64_t to_row, int64_t room)
{
    REAL block[LANES * LANES], turned[LANES * LANES];
    NAME(vector) rows[LANES];
    if (width < LANES) {
        memset(block, 0, sizeof block);
        NAME(copy_parts)(height, width, block, LANES, from, from_row);
        from = block;
        from_row = LANES;
    }
    UNROLL
    for (int i = 0; i < LANES; i++)
        rows[i] = i < height ? NAME(load)(from + i * from_row) : (NAME(vector)){0};
    NAME(turn)(rows);
    UNROLL
    for (int i = 0; i < LANES; i++)
        NAME(store)(turned + i * LANES, rows[i]);
    if (room < LANES)
        NAME(copy_parts)(width, room, to, to_row, turned, LANES);
    else
        for (int64_t i = 0; i < width; i++)
            NAME(store)(to + i * to_row, NAME(load)(turned + i * LANES));
}

static void NAME(transpose)(int64_t rows, int64_t columns, const void *from, int64_t from_row, void *to, int64_t to_row,
                            bool padded)
{
    if (rows * columns <= FEW_ELEMENTS) {
        int64_t room = padded ? (rows + LANES - 1) & -(int64_t)LANES : rows;
        for (int64_t j = 0; j < columns; j++)
            for (int64_t i = 0; i < room; i++)
                ((REAL *)to)[j * to_row + i] = i < rows ? ((const REAL *)from)[i * from_row + j] : 0;
        return;
    }
    for (int64_t j = 0; j < columns; j += LANES) {
        int64_t width = columns - j < LANES ? columns - j : LANES;
        for (int64_t i = 0; i < rows; i += LANES) {
            int64_t height = rows - i < LANES ? rows - i : LANES;
            const REAL *block = (const REAL *)from + i * from_row + j;
            REAL *turned = (REAL *)to + j * to_row + i;
            if (height == LANES && width == LANES)
                NAME(turn_block)(LANES, block, from_row, turned, to_row);
            else if (width == LANES && padded)
                NAME(turn_block)(height, block, from_row, turned, to_row);
            else
                NAME(turn_edge)(height, width, block, from_row, turned, to_row, padded ? LANES : height);
        }
    }
}
