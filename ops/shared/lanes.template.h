/* Vectors of one float type: REAL, INTEGER and BITS (of its size), NAME(name), NAME(FOLD)(v, OP). */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

typedef REAL NAME(vec) __attribute__((vector_size(LANES_BYTES)));
typedef INTEGER NAME(int) __attribute__((vector_size(LANES_BYTES)));
typedef BITS NAME(bits) __attribute__((vector_size(LANES_BYTES)));
enum { NAME(LANES) = LANES_BYTES / sizeof(REAL) };

static inline NAME(vec) NAME(load)(const REAL *x)
{
    NAME(vec) v;
    memcpy(&v, x, sizeof v);
    return v;
}

static inline void NAME(store)(REAL *y, NAME(vec) v)
{
    memcpy(y, &v, sizeof v);
}

static inline NAME(vec) NAME(splat)(REAL x)
{
    return x - (NAME(vec)){0};
}

/* Where the mask is set a, elsewhere b. */
static inline NAME(vec) NAME(pick)(NAME(int) mask, NAME(vec) a, NAME(vec) b)
{
    return (NAME(vec))((mask & (NAME(int))a) | (~mask & (NAME(int))b));
}

/* The greater; b where one of them is NaN. */
static inline NAME(vec) NAME(greater)(NAME(vec) a, NAME(vec) b)
{
#if defined(__SSE2__)
    return NAME(MAX)(a, b);
#else
    return NAME(pick)(a > b, a, b);
#endif
}

static inline NAME(vec) NAME(plus)(NAME(vec) a, NAME(vec) b)
{
    return a + b;
}

/* In every lane. */
static inline NAME(vec) NAME(greatest)(NAME(vec) v)
{
    NAME(FOLD)(v, NAME(greater));
    return v;
}

static inline NAME(vec) NAME(total)(NAME(vec) v)
{
    NAME(FOLD)(v, NAME(plus));
    return v;
}

/* Set in the first n lanes. */
static inline NAME(int) NAME(first)(int64_t n)
{
    NAME(int) lane;
    for (int l = 0; l < NAME(LANES); l++)
        lane[l] = (INTEGER)l;
    return lane < (INTEGER)n - (NAME(int)){0};
}

/* The first n elements (or a whole vector), 0 behind them. `room`: how many elements may be read. */
static inline NAME(vec) NAME(load_part)(const REAL *x, int64_t n, int64_t room)
{
    if (n >= NAME(LANES))
        return NAME(load)(x);
    if (room >= NAME(LANES))
        return NAME(pick)(NAME(first)(n), NAME(load)(x), (NAME(vec)){0});
    REAL part[NAME(LANES)] = {0};
    for (int64_t i = 0; i < n; i++)
        part[i] = x[i];
    return NAME(load)(part);
}

/* Writes the first n lanes, and more of them where `room` elements may be written. */
static inline void NAME(store_part)(REAL *y, NAME(vec) v, int64_t n, int64_t room)
{
    if (n >= NAME(LANES) || room >= NAME(LANES)) {
        NAME(store)(y, v);
        return;
    }
    REAL part[NAME(LANES)];
    NAME(store)(part, v);
    for (int64_t i = 0; i < n; i++)
        y[i] = part[i];
}

/* Writes the first n lanes and leaves the rest as it is, which is written back where `room` elements may be. */
static inline void NAME(store_within)(REAL *y, NAME(vec) v, int64_t n, int64_t room)
{
    if (n < NAME(LANES) && room >= NAME(LANES))
        v = NAME(pick)(NAME(first)(n), v, NAME(load)(y));
    NAME(store_part)(y, v, n, room);
}
