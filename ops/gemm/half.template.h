/* Weights in 16 bits, widened to float32 as they are read. */
#if !defined(REAL) || !defined(NAME) || !defined(LANES)
#error "this is a template: REAL, NAME and LANES must be defined"
#endif

typedef uint16_t half_memory __attribute__((vector_size(VECTOR_BYTES / 2), aligned(2), may_alias));
typedef uint32_t wide_bits __attribute__((vector_size(VECTOR_BYTES)));

INLINE NAME(vector) load_bfloat16(const uint16_t *from)
{
    return (NAME(vector))(__builtin_convertvector(*(const half_memory *)from, wide_bits) << 16);
}

/* As half_from_float16(). */
INLINE NAME(vector) load_float16(const uint16_t *from)
{
#if defined(__AVX512F__)
    return (NAME(vector))_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)from));
#elif defined(__F16C__)
    return (NAME(vector))_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from));
#else
    wide_bits half = __builtin_convertvector(*(const half_memory *)from, wide_bits);
    NAME(vector) size = (NAME(vector))((half & 0x7fff) << 13) * 0x1p112f;
    wide_bits not_finite = (wide_bits)((half & 0x7c00) == 0x7c00) & 0x7f800000;
    return (NAME(vector))((wide_bits)size | not_finite | (half & 0x8000) << 16);
#endif
}

INLINE NAME(vector) load_bfloat16_part(const uint16_t *from, int64_t width)
{
    uint16_t all[LANES] = {0};
    memcpy(all, from, (size_t)width * sizeof *from);
    return load_bfloat16(all);
}

INLINE NAME(vector) load_float16_part(const uint16_t *from, int64_t width)
{
    uint16_t all[LANES] = {0};
    memcpy(all, from, (size_t)width * sizeof *from);
    return load_float16(all);
}

#define ELEMENT       uint16_t
#define DOTS(f)       f##_bfloat16
#define LOAD_ROW      load_bfloat16
#define LOAD_ROW_PART load_bfloat16_part
#include "dots.template.h"

#define ELEMENT       uint16_t
#define DOTS(f)       f##_float16
#define LOAD_ROW      load_float16
#define LOAD_ROW_PART load_float16_part
#include "dots.template.h"

INLINE void widen_row(dg_dtype type, int64_t count, const uint16_t *from, REAL *to)
{
    int64_t i = 0;
    if (type == DG_FLOAT16)
        for (; i + LANES <= count; i += LANES)
            NAME(store)(to + i, load_float16(from + i));
    else
        for (; i + LANES <= count; i += LANES)
            NAME(store)(to + i, load_bfloat16(from + i));
    for (; i < count; i++)
        to[i] = type == DG_FLOAT16 ? half_from_float16(from[i]) : half_from_bfloat16(from[i]);
}

/* A block of a, which lies row by row, a_row elements from one to the next. */
static void widen_rows(dg_dtype type, int64_t rows, int64_t k, const uint16_t *a, int64_t a_row, REAL *wide,
                       int64_t wide_row)
{
    for (int64_t i = 0; i < rows; i++)
        widen_row(type, k, a + i * a_row, wide + i * wide_row);
}

/* Of less than a vector of columns, sums are over all of k. */
static bool is_cut_in_depth(int64_t n)
{
    int64_t last = n % (MOST_VECTORS * LANES);
    return last == 0 || last >= LANES;
}

static bool turns_half(int64_t n, int64_t k, bool panels)
{
    return k <= DEPTH || (!panels && is_cut_in_depth(n));
}

/* In the blocks of multiply_turned(), and a depth at a time that stays in the first cache, in whole SUMMED, so that
 * sums are in its order. */
static void multiply_deep_half(const gemm *g, dg_dtype type)
{
    enum { WIDE_DEPTH = 2 * SUMMED };
    _Alignas(64) REAL wide[TURNED_ROWS * WIDE_DEPTH];
    enum { COLUMNS = MOST_VECTORS * LANES, ALL = 64 / COLUMNS * COLUMNS }; /* that a widened block is multiplied with */
    REAL block[TURNED_ROWS * ALL];
    const REAL *start = g->start;
    gemm part = {.a = wide, .a_row = WIDE_DEPTH, .a_column = 1, .b_row = g->b_row, .c_row = ALL, .start_row = ALL};
    for (int64_t j = 0; j < g->n; j += ALL)
        for (int64_t i = 0; i < g->m; i += TURNED_ROWS) {
            int64_t columns = g->n - j < ALL ? g->n - j : ALL;
            part.m = g->m - i < TURNED_ROWS ? g->m - i : TURNED_ROWS;
            for (int64_t r = 0; start && r < part.m; r++)
                for (int64_t s = 0; s < columns; s++)
                    block[r * ALL + s] = start[i + r];
            for (int64_t p = 0; p < g->k; p += WIDE_DEPTH) {
                part.k = g->k - p < WIDE_DEPTH ? g->k - p : WIDE_DEPTH;
                widen_rows(type, part.m, part.k, (const uint16_t *)g->a + i * g->a_row + p, g->a_row, wide, WIDE_DEPTH);
                for (int64_t s = 0; s < columns; s += COLUMNS) {
                    part.n = columns - s < COLUMNS ? columns - s : COLUMNS;
                    part.b = (const REAL *)g->b + p * g->b_row + j + s;
                    part.c = block + s;
                    part.start = p > 0 || start ? part.c : NULL;
                    NAME(multiply)(&part);
                }
            }
            NAME(transpose)(part.m, columns, block, ALL, (REAL *)g->c + j * g->c_row + i, g->c_row, false);
        }
}

static void multiply_turned_half(const gemm *g, dg_dtype type, bool panels)
{
    if (!panels && g->k > 0 && is_cut_in_depth(g->n)) {
        multiply_deep_half(g, type);
        return;
    }
    _Alignas(64) REAL wide[TURNED_ROWS * DEPTH];
    gemm part = *g;
    part.a = wide;
    part.a_row = DEPTH;
    for (int64_t i = 0; i < g->m; i += TURNED_ROWS) {
        part.m = g->m - i < TURNED_ROWS ? g->m - i : TURNED_ROWS;
        part.c = (REAL *)g->c + i;
        part.start = g->start ? (const REAL *)g->start + i : NULL;
        widen_rows(type, part.m, g->k, (const uint16_t *)g->a + i * g->a_row, g->a_row, wide, DEPTH);
        (panels ? NAME(multiply_turned_panels) : NAME(multiply_turned))(&part);
    }
}
