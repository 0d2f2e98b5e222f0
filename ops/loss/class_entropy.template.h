/* What class_entropy does sample by sample, in one float type. See core/base/for_floats.h. */
#if !defined(REAL) || !defined(NAME)
#error "this is a template: REAL and NAME must be defined"
#endif

static inline REAL NAME(weight_of)(const entropy_call *c, int64_t label)
{
    return label == c->labels.ignore ? 0 : c->weight ? ((const REAL *)c->weight->data)[label] : 1;
}

/* The place of a sample's score for one class. */
static inline int64_t NAME(score_at)(const entropy_call *c, int64_t sample, int64_t label)
{
    const class_call *l = &c->labels;
    if (l->inner == 1)
        return sample * l->classes + label;
    return (sample / l->inner * l->classes + label) * l->inner + sample % l->inner;
}

static void NAME(losses)(const entropy_call *c, int64_t begin, int64_t end, totals *sums)
{
    const REAL *x = c->x->data, *tops = c->tops, *log_sums = c->log_sums;
    REAL *losses = c->losses;
    for (int64_t i = begin; i < end; i++) {
        int64_t label = label_at(&c->labels, i);
        REAL weight = NAME(weight_of)(c, label);
        losses[i] = label == c->labels.ignore ? 0 : weight * ((tops[i] - x[NAME(score_at)(c, i, label)]) + log_sums[i]);
        sums->loss += (double)losses[i];
        sums->weight += (double)weight;
    }
}

static double NAME(weight_sum)(const entropy_call *c)
{
    double sum = 0;
    for (int64_t i = 0; i < c->labels.n * c->labels.inner; i++)
        sum += (double)NAME(weight_of)(c, label_at(&c->labels, i));
    return sum;
}

static void NAME(factors)(const entropy_call *c, int64_t begin, int64_t end)
{
    const REAL *g = c->g->data;
    REAL *factors = c->losses,
         one = c->g->shape.rank == 0 ? (REAL)((double)g[0] / (c->divisor == 0 ? 1 : c->divisor)) : 0;
    for (int64_t i = begin; i < end; i++) {
        int64_t label = label_at(&c->labels, i);
        factors[i] = label == c->labels.ignore ? 0 : NAME(weight_of)(c, label) * (c->g->shape.rank == 0 ? one : g[i]);
    }
}

static void NAME(targets)(const entropy_call *c, int64_t begin, int64_t end)
{
    const REAL *p = c->x->data, *factors = c->losses;
    REAL *dx = c->y->data;
    for (int64_t i = begin; i < end; i++) {
        int64_t label = label_at(&c->labels, i);
        if (label == c->labels.ignore)
            continue;
        int64_t place = NAME(score_at)(c, i, label);
        dx[place] = (p[place] - 1) * factors[i];
    }
}
