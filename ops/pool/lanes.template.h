/* What pooling needs of vectors, in one float type. Included before planes.template.h and pixels.template.h. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

typedef NAME(int) NAME(places); /* of a vector of windows */

static inline NAME(places) NAME(is_better)(NAME(vec) x, NAME(vec) best)
{
    return (x > best) | (x != x);
}

static inline NAME(vec) NAME(higher)(NAME(vec) x, NAME(vec) best)
{
    return NAME(pick)(NAME(is_better)(x, best), x, best);
}

/* 0, 1, 2, … */
static inline NAME(places) NAME(count_up)(void)
{
    NAME(places) lanes;
    for (int l = 0; l < NAME(LANES); l++)
        lanes[l] = (INTEGER)l;
    return lanes;
}
