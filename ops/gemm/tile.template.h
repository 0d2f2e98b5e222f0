/* Register tiles: `rows` rows of c by `vectors` vectors of columns. */
#if !defined(REAL) || !defined(NAME) || !defined(LANES)
#error "this is a template: REAL, NAME and LANES must be defined"
#endif

typedef NAME(vector) NAME(sums)[MOST_ROWS][MOST_VECTORS];

/* p, of which the compiler is to forget what it was made of: else it addresses both terms from one pointer, by more
 * distances than there are registers, and fetches them in between. */
INLINE const REAL *NAME(apart)(const REAL *p)
{
    __asm__("" : "+r"(p));
    return p;
}

/* Sums over k. The last vector begins at column `last`; it may overlap the one before. */
INLINE void NAME(step)(int rows, int vectors, const REAL *a, int64_t a_row, const REAL *b, int64_t last, NAME(sums) sum)
{
    NAME(vector) terms[MOST_VECTORS];
    UNROLL
    for (int j = 0; j < vectors; j++)
        terms[j] = NAME(load)(b + (j < vectors - 1 ? j * LANES : last));
    UNROLL
    for (int i = 0; i < rows; i++) {
        REAL factor = a[i * a_row];
        UNROLL
        for (int j = 0; j < vectors; j++)
            sum[i][j] += factor * terms[j];
    }
}

INLINE void NAME(accumulate)(int rows, int vectors, int64_t k, const REAL *a, int64_t a_row, int64_t a_column,
                             const REAL *b, int64_t b_row, int64_t last, NAME(sums) sum)
{
    int64_t p = 0;
    while (rows * vectors <= FEW_SUMS && p + 2 <= k) {
        int64_t end = k - p < SUMMED ? k - 1 : p + SUMMED - 1;
        NAME(sums) odd;
        UNROLL
        for (int i = 0; i < rows; i++)
            UNROLL
        for (int j = 0; j < vectors; j++)
            odd[i][j] = (NAME(vector)){0};
        const REAL *odd_a = NAME(apart)(a + a_column), *odd_b = NAME(apart)(b + b_row);
        for (; p < end; p += 2) {
            NAME(step)(rows, vectors, a, a_row, b, last, sum);
            NAME(step)(rows, vectors, odd_a, a_row, odd_b, last, odd);
            a += 2 * a_column;
            b += 2 * b_row;
            odd_a += 2 * a_column;
            odd_b += 2 * b_row;
        }
        UNROLL
        for (int i = 0; i < rows; i++)
            UNROLL
        for (int j = 0; j < vectors; j++)
            sum[i][j] += odd[i][j];
    }
    TWICE
    for (; p < k; p++) {
        NAME(step)(rows, vectors, a, a_row, b, last, sum);
        a += a_column;
        b += b_row;
    }
}

/* start: NULL for zeros. */
INLINE void NAME(tile)(int rows, int vectors, const gemm *g, const REAL *a, const REAL *b, int64_t last, REAL *c,
                       const REAL *start)
{
    NAME(sums) sum;
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
    for (int j = 0; j < vectors; j++)
        sum[i][j] =
            start ? NAME(load)(start + i * g->start_row + (j < vectors - 1 ? j * LANES : last)) : (NAME(vector)){0};
    NAME(accumulate)(rows, vectors, g->k, a, g->a_row, g->a_column, b, g->b_row, last, sum);
    int64_t c_row = g->c_row;
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
    for (int j = 0; j < vectors; j++)
        NAME(store)(c + i * c_row + (j < vectors - 1 ? j * LANES : last), sum[i][j]);
}

/* A tile of less than one vector. b's rows are read in whole vectors all the same, which takes in the row that follows:
 * but the last rows, from number `within` on, lie copied in `end`, in whole vectors. */
typedef struct NAME(narrow) {
    int64_t width, within;
    REAL end[LANES * LANES];
} NAME(narrow);

INLINE void NAME(narrow_tile)(int rows, const gemm *g, const NAME(narrow) * b, const REAL *a, REAL *c,
                              const REAL *start)
{
    NAME(sums) sum;
    REAL block[NARROW_ROWS * LANES];
    int64_t c_row = g->c_row;
    if (start)
        NAME(copy_parts)(rows, b->width, block, LANES, start, g->start_row);
    UNROLL
    for (int i = 0; i < rows; i++)
        sum[i][0] = start ? NAME(load)(block + i * LANES) : (NAME(vector)){0};
    NAME(accumulate)(rows, 1, b->within, a, g->a_row, g->a_column, g->b, g->b_row, 0, sum);
    a += b->within * g->a_column;
    NAME(accumulate)(rows, 1, g->k - b->within, a, g->a_row, g->a_column, b->end, LANES, 0, sum);
    UNROLL
    for (int i = 0; i < rows; i++)
        NAME(store)(block + i * LANES, sum[i][0]);
    NAME(copy_parts)(rows, b->width, c, c_row, block, LANES);
}

typedef void NAME(tile_function)(const gemm *g, const REAL *a, const REAL *b, int64_t last, REAL *c, const REAL *start);
typedef void NAME(narrow_function)(const gemm *g, const NAME(narrow) * b, const REAL *a, REAL *c, const REAL *start);

/* One function for each size of tile, in tables by number of rows. */
#define TILE(rows, vectors)                                                                                            \
    static void NAME(tile_##rows##_##vectors)(const gemm *g, const REAL *a, const REAL *b, int64_t last, REAL *c,      \
                                              const REAL *start)                                                       \
    {                                                                                                                  \
        NAME(tile)(rows, vectors, g, a, b, last, c, start);                                                            \
    }
#define NARROW(rows)                                                                                                   \
    static void NAME(narrow_##rows)(const gemm *g, const NAME(narrow) * b, const REAL *a, REAL *c, const REAL *start)  \
    {                                                                                                                  \
        NAME(narrow_tile)(rows, g, b, a, c, start);                                                                    \
    }

TILE(1, 1)
TILE(2, 1)
TILE(3, 1)
TILE(4, 1)
TILE(5, 1)
TILE(6, 1)
TILE(7, 1)
TILE(8, 1)
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)
NARROW(1)
NARROW(2)
NARROW(3)
NARROW(4)
NARROW(5)
NARROW(6)
NARROW(7)
NARROW(8)
#if VECTOR_REGISTERS == 32
TILE(7, 2)
TILE(8, 2)
TILE(9, 2)
TILE(10, 2)
TILE(11, 2)
TILE(12, 2)
TILE(1, 3)
TILE(2, 3)
TILE(3, 3)
TILE(4, 3)
TILE(5, 3)
TILE(6, 3)
TILE(7, 3)
TILE(8, 3)
TILE(1, 4)
TILE(2, 4)
TILE(3, 4)
TILE(4, 4)
TILE(5, 4)
TILE(6, 4)
#endif

static NAME(tile_function) *const NAME(tiles_1)[] = {
    NULL,           NAME(tile_1_1), NAME(tile_2_1), NAME(tile_3_1), NAME(tile_4_1),
    NAME(tile_5_1), NAME(tile_6_1), NAME(tile_7_1), NAME(tile_8_1),
};
static NAME(tile_function) *const NAME(tiles_2)[] = {
    NULL,           NAME(tile_1_2), NAME(tile_2_2), NAME(tile_3_2),  NAME(tile_4_2),  NAME(tile_5_2),  NAME(tile_6_2),
#if VECTOR_REGISTERS == 32
    NAME(tile_7_2), NAME(tile_8_2), NAME(tile_9_2), NAME(tile_10_2), NAME(tile_11_2), NAME(tile_12_2),
#endif
};
#if VECTOR_REGISTERS == 32
static NAME(tile_function) *const NAME(tiles_3)[] = {
    NULL,           NAME(tile_1_3), NAME(tile_2_3), NAME(tile_3_3), NAME(tile_4_3),
    NAME(tile_5_3), NAME(tile_6_3), NAME(tile_7_3), NAME(tile_8_3),
};
static NAME(tile_function) *const NAME(tiles_4)[] = {
    NULL, NAME(tile_1_4), NAME(tile_2_4), NAME(tile_3_4), NAME(tile_4_4), NAME(tile_5_4), NAME(tile_6_4),
};
#endif
static NAME(narrow_function) *const NAME(narrow_tiles)[] = {
    NULL,           NAME(narrow_1), NAME(narrow_2), NAME(narrow_3), NAME(narrow_4),
    NAME(narrow_5), NAME(narrow_6), NAME(narrow_7), NAME(narrow_8),
};
static NAME(tile_function) *const *const NAME(tiles)[] = {
    NULL,          NAME(tiles_1), NAME(tiles_2),
#if VECTOR_REGISTERS == 32
    NAME(tiles_3), NAME(tiles_4),
#endif
};
