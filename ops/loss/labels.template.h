/* Reading and writing at class indices in one float type. See core/base/for_floats.h. Tensors
 * are [N, C, inner] with targets [N, inner]. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

/* The first place of a number outside 0 … 1; −1: there is none. */
static int64_t NAME(outside)(const REAL *restrict x, int64_t count)
{
    int any = 0;
    for (int64_t i = 0; i < count; i++)
        any |= (x[i] < 0) | (x[i] > 1);
    for (int64_t i = 0; any && i < count; i++)
        if (x[i] < 0 || x[i] > 1)
            return i;
    return -1;
}

static void NAME(pick)(const class_call *c, const REAL *restrict x, REAL *restrict y)
{
    for (int64_t i = 0; i < c->n * c->inner; i++) {
        int64_t label = label_at(c, i);
        y[i] = label == c->ignore ? 0 : x[(i / c->inner * c->classes + label) * c->inner + i % c->inner];
    }
}

static void NAME(scatter)(const class_call *c, const REAL *restrict x, REAL *restrict y)
{
    memset(y, 0, (size_t)(c->n * c->classes * c->inner) * sizeof(REAL));
    for (int64_t i = 0; i < c->n * c->inner; i++) {
        int64_t label = label_at(c, i);
        if (label != c->ignore)
            y[(i / c->inner * c->classes + label) * c->inner + i % c->inner] = x[i];
    }
}

static void NAME(weigh)(const class_call *c, const REAL *restrict weight, REAL *restrict y)
{
    for (int64_t i = 0; i < c->n * c->inner; i++) {
        int64_t label = label_at(c, i);
        y[i] = label == c->ignore ? 0 : weight ? weight[label] : 1;
    }
}
