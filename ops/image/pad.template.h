/* Padded lines in one float type. See core/base/for_floats.h. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

static void NAME(copy_lines)(void *argument, int64_t begin, int64_t end)
{
    const lines *l = argument;
    int last = l->small->rank - 1;
    int64_t size = l->small->dims[last], width = l->large->dims[last], before = l->m->before[last];
    for (int64_t line = begin; line < end; line++) {
        const REAL *from = (const REAL *)l->from + line_shown(l, line) * size;
        REAL *restrict to = (REAL *)l->to + line * width;
        for (int64_t i = 0; i < before; i++)
            to[i] = from[padded_place(l->m->mode, i - before, size)];
        memcpy(to + before, from, (size_t)size * sizeof(REAL));
        for (int64_t i = before + size; i < width; i++)
            to[i] = from[padded_place(l->m->mode, i - before, size)];
    }
}

/* The transposed. Pieces are independent of each other, the lines of one are not. */
static void NAME(add_lines)(void *argument, int64_t begin, int64_t end)
{
    const lines *l = argument;
    int last = l->small->rank - 1;
    int64_t size = l->small->dims[last], width = l->large->dims[last], before = l->m->before[last];
    for (int64_t line = begin * l->count; line < end * l->count; line++) {
        const REAL *restrict from = (const REAL *)l->from + line * width;
        REAL *restrict to = (REAL *)l->to + line_shown(l, line) * size;
        for (int64_t i = 0; i < before; i++)
            to[padded_place(l->m->mode, i - before, size)] += from[i];
        for (int64_t i = 0; i < size; i++)
            to[i] += from[before + i];
        for (int64_t i = before + size; i < width; i++)
            to[padded_place(l->m->mode, i - before, size)] += from[i];
    }
}
