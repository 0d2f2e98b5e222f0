/* Copies for one element size. Wants SUFFIX and ELEMENT, a type that may alias any other. */
#if !defined(SUFFIX) || !defined(ELEMENT)
#error "this is a template: SUFFIX and ELEMENT must be defined"
#endif

static void NAME(rows)(void *argument, int64_t begin, int64_t end)
{
    const copying *c = argument;
    const box *b = &c->box;
    int last = b->rank - 1;
    int64_t to_step = b->to[last], from_step = b->from[last];
    if (c->segments == 1 && to_step == 1 && from_step == 1) {
        size_t bytes = (size_t)b->size[last] * sizeof(ELEMENT);
        walk w = walk_from(b, begin, last);
        for (int64_t unit = begin; unit < end; unit++, walk_on(b, &w))
            copy_row((ELEMENT *)c->to + w.at.to, (const ELEMENT *)c->from + w.at.from, bytes);
        return;
    }
    for (int64_t unit = begin; unit < end; unit++) {
        int64_t first = unit % c->segments * CHUNK, count = b->size[last] - first;
        count = count < CHUNK ? count : CHUNK;
        corner at = corner_of(b, unit / c->segments, last);
        ELEMENT *restrict y = (ELEMENT *)c->to + at.to + first * to_step;
        const ELEMENT *restrict x = (const ELEMENT *)c->from + at.from + first * from_step;
        if (to_step == 1 && from_step == 1)
            memcpy(y, x, (size_t)count * sizeof *y);
        else if (to_step == 1 && from_step == 0)
            for (int64_t i = 0; i < count; i++)
                y[i] = x[0];
        else
            for (int64_t i = 0; i < count; i++)
                y[i * to_step] = x[i * from_step];
    }
}

/* The last two dimensions, one of them dense in `to`, the other in `from`, in tiles that both caches like. */
static void NAME(tiles)(void *argument, int64_t begin, int64_t end)
{
    const copying *c = argument;
    const box *b = &c->box;
    int m = b->rank - 2, n = b->rank - 1;
    int64_t across = (b->size[n] + TILE - 1) / TILE, down = (b->size[m] + TILE - 1) / TILE;
    for (int64_t unit = begin; unit < end; unit++) {
        corner at = corner_of(b, unit / (across * down), m);
        int64_t i0 = unit / across % down * TILE, j0 = unit % across * TILE;
        int64_t i1 = i0 + TILE < b->size[m] ? i0 + TILE : b->size[m],
                j1 = j0 + TILE < b->size[n] ? j0 + TILE : b->size[n];
        ELEMENT *restrict y = (ELEMENT *)c->to + at.to;
        const ELEMENT *restrict x = (const ELEMENT *)c->from + at.from;
        ELEMENT tile[TILE][TILE];
        for (int64_t j = j0; j < j1; j++)
            for (int64_t i = i0; i < i1; i++)
                tile[i - i0][j - j0] = x[i + j * b->from[n]];
        for (int64_t i = i0; i < i1; i++)
            memcpy(y + i * b->to[m] + j0, tile[i - i0], (size_t)(j1 - j0) * sizeof *y);
    }
}

#undef SUFFIX
#undef ELEMENT
