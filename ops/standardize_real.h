/* The kernel of standardize for one float type: REAL, NAME(name). Sums are kept in float64. */

/* Σ (x − shift)^power of a row, power 1 or 2; LANES sums side by side. */
static double NAME(row_sum)(const REAL *restrict x, int64_t count, double shift, bool squared)
{
    double lanes[LANES] = {0}, sum = 0;
    int64_t whole = count / LANES * LANES;
    if (squared)
        for (int64_t i = 0; i < whole; i += LANES)
            for (int k = 0; k < LANES; k++)
                lanes[k] += ((double)x[i + k] - shift) * ((double)x[i + k] - shift);
    else
        for (int64_t i = 0; i < whole; i += LANES)
            for (int k = 0; k < LANES; k++)
                lanes[k] += (double)x[i + k];
    for (int64_t i = whole; i < count; i++)
        sum += squared ? ((double)x[i] - shift) * ((double)x[i] - shift) : (double)x[i];
    for (int k = 0; k < LANES; k++)
        sum += lanes[k];
    return sum;
}

/* One channel whose elements come in rows. */
static void NAME(channel)(const call *c, int64_t channel)
{
    const channel_layout *l = c->layout;
    const REAL *x = (const REAL *)c->x->data + channel * l->after;
    REAL *y = (REAL *)c->y->data + channel * l->after;
    int64_t stride = l->channels * l->after;
    double count = (double)(l->before * l->after), sum = 0, squares = 0;
    for (int64_t a = 0; a < l->before; a++)
        sum += NAME(row_sum)(x + a * stride, l->after, 0, false);
    double mean = sum / count;
    for (int64_t a = 0; a < l->before; a++)
        squares += NAME(row_sum)(x + a * stride, l->after, mean, true);
    double var = squares / count, scale = 1 / sqrt(var + c->eps);
    for (int64_t a = 0; a < l->before; a++)
        for (int64_t i = 0; i < l->after; i++)
            y[a * stride + i] = (REAL)(((double)x[a * stride + i] - mean) * scale);
    ((REAL *)c->mean->data)[channel] = (REAL)mean;
    ((REAL *)c->var->data)[channel] = (REAL)var;
}

/* Up to LANES neighbouring channels of a tensor [before, channels]. */
static void NAME(columns)(const call *c, int64_t first, int64_t width)
{
    const channel_layout *l = c->layout;
    const REAL *x = (const REAL *)c->x->data + first;
    REAL *y = (REAL *)c->y->data + first;
    double mean[LANES] = {0}, var[LANES] = {0}, scale[LANES], count = (double)l->before;
    for (int64_t a = 0; a < l->before; a++)
        for (int64_t k = 0; k < width; k++)
            mean[k] += (double)x[a * l->channels + k];
    for (int64_t k = 0; k < width; k++)
        mean[k] /= count;
    for (int64_t a = 0; a < l->before; a++)
        for (int64_t k = 0; k < width; k++)
            var[k] += ((double)x[a * l->channels + k] - mean[k]) * ((double)x[a * l->channels + k] - mean[k]);
    for (int64_t k = 0; k < width; k++) {
        var[k] /= count;
        scale[k] = 1 / sqrt(var[k] + c->eps);
        ((REAL *)c->mean->data)[first + k] = (REAL)mean[k];
        ((REAL *)c->var->data)[first + k] = (REAL)var[k];
    }
    for (int64_t a = 0; a < l->before; a++)
        for (int64_t k = 0; k < width; k++)
            y[a * l->channels + k] = (REAL)(((double)x[a * l->channels + k] - mean[k]) * scale[k]);
}
