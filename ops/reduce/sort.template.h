/* Stable sorting of one row in one element type. See core/base/for_types.h. */
#if !defined(TYPE) || !defined(NAME) || !defined(IS_NAN)
#error "this is a template: TYPE, NAME and IS_NAN must be defined"
#endif

typedef struct NAME(item) {
    TYPE value;
    int64_t index;
} NAME(item);

/* A NaN is greater than every number. */
static inline bool NAME(precedes)(TYPE a, TYPE b, bool descending)
{
    return descending ? a > b || (IS_NAN(a) && !IS_NAN(b)) : a < b || (IS_NAN(b) && !IS_NAN(a));
}

static void NAME(insertion)(NAME(item) * row, int64_t count, bool descending)
{
    for (int64_t i = 1; i < count; i++) {
        NAME(item) item = row[i];
        int64_t j = i;
        for (; j > 0 && NAME(precedes)(item.value, row[j - 1].value, descending); j--)
            row[j] = row[j - 1];
        row[j] = item;
    }
}

/* Returns the one of both buffers where the sorted row is. */
static NAME(item) * NAME(merge_sort)(NAME(item) * row, NAME(item) * other, int64_t count, bool descending)
{
    enum { SHORT = 16 };
    for (int64_t i = 0; i < count; i += SHORT)
        NAME(insertion)(row + i, count - i < SHORT ? count - i : SHORT, descending);
    for (int64_t width = SHORT; width < count; width *= 2) {
        for (int64_t low = 0; low < count; low += 2 * width) {
            int64_t middle = low + width < count ? low + width : count;
            int64_t end = low + 2 * width < count ? low + 2 * width : count, i = low, j = middle;
            for (int64_t k = low; k < end; k++)
                other[k] = j >= end || (i < middle && !NAME(precedes)(row[j].value, row[i].value, descending))
                               ? row[i++]
                               : row[j++];
        }
        NAME(item) *sorted = other;
        other = row;
        row = sorted;
    }
    return row;
}

/* Writes places start … start + count − 1 of the sorted rows of unit; see `ranking`. */
static void NAME(rank_row)(const ranking *r, int64_t unit, void *work)
{
    int64_t outer = unit / r->inner, column = unit % r->inner, start = r->start;
    const TYPE *x = (const TYPE *)r->x + outer * r->n * r->inner + column;
    NAME(item) *row = work;
    for (int64_t i = 0; i < r->n; i++)
        row[i] = (NAME(item)){.value = x[i * r->inner], .index = i};
    row = NAME(merge_sort)(row, row + r->n, r->n, r->descending);
    for (int64_t i = 0; r->median && i < r->n; i++)
        if (IS_NAN(row[i].value)) {
            start = i; /* the first NaN */
            break;
        }
    TYPE *values = (TYPE *)r->values + outer * r->count * r->inner + column;
    int64_t *indices = r->indices + outer * r->count * r->inner + column;
    for (int64_t i = 0; i < r->count; i++) {
        values[i * r->inner] = row[start + i].value;
        indices[i * r->inner] = row[start + i].index;
    }
}
