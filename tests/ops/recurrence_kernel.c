/* Kernels of recurrent layers on each instruction set, in both types, against loops over single numbers in float64. */
#include "ops/recurrent/run.h"

#include "../support.h"

typedef struct sizes {
    int n, steps, features, hidden;
    bool reverse, first; /* first: with a state and a cell before the first step */
} sizes;

static const sizes cases[] = {{1, 1, 1, 1, false, false},  {3, 4, 2, 5, false, true},   {2, 3, 3, 33, true, true},
                              {17, 3, 1, 16, true, false}, {66, 2, 5, 40, false, true}, {16, 5, 0, 64, false, true},
                              {33, 2, 0, 7, true, false}};
enum { MOST = 66 * 2 * 200 };

/* Numbers in the type that is tested, and beside them as float64. */
typedef struct numbers {
    double exact[MOST];
    void *data;
} numbers;

static dg_dtype dtype;

static void make_scaled(numbers *x, int64_t count, double phase, double scale)
{
    cr_assert(count <= MOST);
    dg_tensor tensor;
    must(dg_tensor_make(&tensor, dtype, DG_SHAPE(count)));
    for (int64_t i = 0; i < count; i++) {
        dg_tensor_set(&tensor, i, scale * sin(1.7 * (double)i + phase));
        x->exact[i] = dg_tensor_get(&tensor, i);
    }
    x->data = tensor.data;
}

static void make(numbers *x, int64_t count, double phase)
{
    make_scaled(x, count, phase, 0.9);
}

static void expect(const char *what, const sizes *s, const void *got, const double *expected, int64_t count)
{
    dg_tensor tensor = dg_tensor_view(dtype, DG_SHAPE(count), got);
    double tolerance = dtype == DG_FLOAT32 ? 4e-6 : 1e-13;
    for (int64_t i = 0; i < count; i++) {
        double value = dg_tensor_get(&tensor, i);
        cr_assert(fabs(value - expected[i]) <= tolerance * fmax(1, fabs(expected[i])),
                  "%s, %s, %d steps of %d by %d units: number %d is %.9g, expected %.9g", dg_isa(), what, s->steps,
                  s->n, s->hidden, (int)i, value, expected[i]);
    }
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static int64_t place(const sizes *s, int n, int k)
{
    return (int64_t)n * s->steps + (s->reverse ? s->steps - 1 - k : k);
}

/* Number j of W·v for W [.., size], or of vᵀ·W. */
static double row_product(const double *w, int j, int size, const double *v)
{
    double sum = 0;
    for (int k = 0; k < size; k++)
        sum += w[j * size + k] * v[k];
    return sum;
}

static double column_product(const double *w, int j, int rows, int size, const double *v)
{
    double sum = 0;
    for (int k = 0; k < rows; k++)
        sum += w[k * size + j] * v[k];
    return sum;
}

static const double *before(const sizes *s, const double *states, const double *first, int n, int k)
{
    static const double zeros[64];
    return k > 0 ? states + place(s, n, k - 1) * s->hidden : s->first ? first + n * s->hidden : zeros;
}

static numbers x, input_weight, bias, weight, first, first_cell, h, cell, gates, on_h, on_cell, on_sums, on_first;
static numbers products, by_h, by_x, alone;

static recurrence recurrence_for(const sizes *s)
{
    dg_tensor states = dg_tensor_view(dtype, DG_SHAPE(s->n, s->steps, s->hidden), h.data);
    return recurrence_of(&states, s->reverse);
}

static void make_all(const sizes *s)
{
    int64_t steps = (int64_t)s->n * s->steps, hidden = s->hidden;
    make(&x, steps * (s->features ? s->features : 4 * hidden), 0);
    make(&input_weight, 4 * hidden * s->features, 1);
    make(&bias, 4 * hidden, 2);
    make_scaled(&weight, 4 * hidden * hidden, 3, 2 / (double)hidden); /* the states stay small */
    make(&first, s->n * hidden, 4);
    make(&first_cell, s->n * hidden, 5);
    numbers *const results[] = {&h, &cell, &on_h, &on_cell, &gates, &on_sums, &products};
    for (int k = 0; k < 7; k++)
        make(results[k], steps * hidden * (k < 4 ? 1 : 4), 6 + k);
    make(&on_first, s->n * hidden, 0);
    make(&by_h, 4 * hidden * hidden, 0);
    make(&by_x, 4 * hidden * (s->features + 1), 0);
    make(&alone, 4 * hidden, 0);
}

static void release_all(void)
{
    numbers *const all[] = {&x,    &input_weight, &bias,    &weight,   &first, &first_cell, &h,     &cell,    &gates,
                            &on_h, &on_cell,      &on_sums, &on_first, &by_h,  &by_x,       &alone, &products};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        free(all[k]->data);
}

static void lstm_by_hand(const sizes *s)
{
    const int u = s->hidden;
    for (int n = 0; n < s->n; n++) {
        for (int k = 0; k < s->steps; k++) {
            const int64_t at = place(s, n, k);
            const double *state = before(s, h.exact, first.exact, n, k),
                         *old = before(s, cell.exact, first_cell.exact, n, k);
            double *gate = gates.exact + at * 4 * u;
            for (int j = 0; j < 4 * u; j++) {
                double sum = row_product(weight.exact, j, u, state);
                sum += s->features
                           ? bias.exact[j] + row_product(input_weight.exact, j, s->features, x.exact + at * s->features)
                           : x.exact[at * 4 * u + j];
                gate[j] = j / u == 2 ? tanh(sum) : sigmoid(sum);
            }
            for (int j = 0; j < u; j++) {
                double c = gate[u + j] * old[j] + gate[j] * gate[2 * u + j];
                cell.exact[at * u + j] = c;
                h.exact[at * u + j] = gate[3 * u + j] * tanh(c);
            }
        }
    }
}

static void lstm_gradient_by_hand(const sizes *s)
{
    const int u = s->hidden;
    for (int n = 0; n < s->n; n++) {
        double on_c[64] = {0}, from_after[64] = {0};
        for (int k = s->steps - 1; k >= 0; k--) {
            const int64_t at = place(s, n, k);
            const double *gate = gates.exact + at * 4 * u, *old = before(s, cell.exact, first_cell.exact, n, k);
            double *sums = on_sums.exact + at * 4 * u;
            for (int j = 0; j < u; j++) {
                double i = gate[j], f = gate[u + j], g = gate[2 * u + j], o = gate[3 * u + j];
                double y = tanh(cell.exact[at * u + j]), on = on_h.exact[at * u + j] + from_after[j];
                double d = on_c[j] + on_cell.exact[at * u + j] + on * o * (1 - y * y);
                sums[j] = d * g * i * (1 - i);
                sums[u + j] = d * old[j] * f * (1 - f);
                sums[2 * u + j] = d * i * (1 - g * g);
                sums[3 * u + j] = on * y * o * (1 - o);
                on_c[j] = d * f;
            }
            for (int j = 0; j < u; j++)
                from_after[j] = column_product(weight.exact, j, 4 * u, u, sums);
        }
        memcpy(on_first.exact + n * u, on_c, sizeof(double) * (size_t)u);
    }
}

static void sums_by_hand(const sizes *s)
{
    const int u = s->hidden;
    memset(by_h.exact, 0, sizeof by_h.exact);
    memset(by_x.exact, 0, sizeof by_x.exact);
    memset(alone.exact, 0, sizeof alone.exact);
    for (int n = 0; n < s->n; n++) {
        for (int k = 0; k < s->steps; k++) {
            const int64_t at = place(s, n, k);
            const double *state = before(s, h.exact, first.exact, n, k);
            for (int i = 0; i < 4 * u; i++) {
                double a = on_sums.exact[at * 4 * u + i];
                alone.exact[i] += a;
                for (int j = 0; j < u; j++)
                    by_h.exact[i * u + j] += a * state[j];
                for (int j = 0; j < s->features; j++)
                    by_x.exact[i * s->features + j] += a * x.exact[at * s->features + j];
            }
        }
    }
}

static void check_lstm(const sizes *s)
{
    make_all(s);
    const int64_t steps = (int64_t)s->n * s->steps, u = s->hidden;
    lstm_steps forward = {.r = recurrence_for(s),
                          .has_weight = s->features > 0,
                          .features = s->features,
                          .input = x.data,
                          .input_weight = s->features ? input_weight.data : NULL,
                          .bias = bias.data,
                          .weight = weight.data,
                          .first = s->first ? first.data : NULL,
                          .first_cell = s->first ? first_cell.data : NULL,
                          .h = h.data,
                          .cell = cell.data,
                          .gates = gates.data};
    lstm_gradient_steps backward = {.r = forward.r,
                                    .weight = weight.data,
                                    .gates = gates.data,
                                    .cell = cell.data,
                                    .first_cell = forward.first_cell,
                                    .on_h = on_h.data,
                                    .on_cell = on_cell.data,
                                    .on_sums = on_sums.data,
                                    .on_first_cell = on_first.data};
    weight_sums sums = {.r = forward.r,
                        .size = 4 * u,
                        .features = s->features,
                        .a = on_sums.data,
                        .x = x.data,
                        .h = h.data,
                        .first = forward.first,
                        .by_h = by_h.data,
                        .by_x = by_x.data,
                        .alone = alone.data};
    size_t bytes = lstm_bytes(&forward);
    bytes = lstm_gradient_bytes(&backward) > bytes ? lstm_gradient_bytes(&backward) : bytes;
    bytes = weight_sums_bytes(&sums) > bytes ? weight_sums_bytes(&sums) : bytes;
    void *workspace = aligned_alloc(64, (bytes + 63) / 64 * 64);
    memset(workspace, 0xff, bytes); /* NaN */
    lstm_by_hand(s);
    lstm_run(&forward, workspace, NULL);
    expect("lstm's states", s, h.data, h.exact, steps * u);
    expect("lstm's cells", s, cell.data, cell.exact, steps * u);
    expect("lstm's gates", s, gates.data, gates.exact, steps * 4 * u);
    lstm_gradient_by_hand(s);
    lstm_gradient_run(&backward, workspace, NULL);
    expect("the sums' gradient", s, on_sums.data, on_sums.exact, steps * 4 * u);
    expect("the first cell's gradient", s, on_first.data, on_first.exact, s->n * u);
    sums_by_hand(s);
    weight_sums_run(&sums, workspace, NULL);
    expect("sums by h", s, by_h.data, by_h.exact, 4 * u * u);
    expect("sums by x", s, by_x.data, by_x.exact, 4 * u * s->features);
    expect("sums alone", s, alone.data, alone.exact, 4 * u);
    free(workspace);
    release_all();
}

static void gru_by_hand(const sizes *s)
{
    const int u = s->hidden;
    for (int n = 0; n < s->n; n++) {
        for (int k = 0; k < s->steps; k++) {
            const int64_t at = place(s, n, k);
            const double *state = before(s, h.exact, first.exact, n, k), *p = products.exact + at * 3 * u;
            double *gate = gates.exact + at * 4 * u;
            for (int j = 0; j < u; j++) {
                double sum[3];
                for (int b = 0; b < 3; b++)
                    sum[b] = bias.exact[b * u + j] + row_product(weight.exact, b * u + j, u, state);
                double r = sigmoid(p[j] + sum[0]), z = sigmoid(p[u + j] + sum[1]), y = tanh(p[2 * u + j] + r * sum[2]);
                gate[j] = r;
                gate[u + j] = z;
                gate[2 * u + j] = y;
                gate[3 * u + j] = sum[2];
                h.exact[at * u + j] = (1 - z) * y + z * state[j];
            }
        }
    }
}

/* on_cell has what goes to the products, on_sums to W h + bias. */
static void gru_gradient_by_hand(const sizes *s, double *on_products)
{
    const int u = s->hidden;
    for (int n = 0; n < s->n; n++) {
        double through[64] = {0}, from_after[64] = {0};
        for (int k = s->steps - 1; k >= 0; k--) {
            const int64_t at = place(s, n, k);
            const double *gate = gates.exact + at * 4 * u, *state = before(s, h.exact, first.exact, n, k);
            double *sums = on_sums.exact + at * 3 * u, *p = on_products + at * 3 * u;
            for (int j = 0; j < u; j++) {
                double r = gate[j], z = gate[u + j], y = gate[2 * u + j], q = gate[3 * u + j];
                double on = on_h.exact[at * u + j] + through[j] + from_after[j], on_y = on * (1 - z) * (1 - y * y);
                p[j] = sums[j] = on_y * q * r * (1 - r);
                p[u + j] = sums[u + j] = on * (state[j] - y) * z * (1 - z);
                p[2 * u + j] = on_y;
                sums[2 * u + j] = on_y * r;
                through[j] = on * z;
            }
            for (int j = 0; j < u; j++)
                from_after[j] = column_product(weight.exact, j, 3 * u, u, sums);
        }
        memcpy(on_first.exact + n * u, through, sizeof(double) * (size_t)u);
    }
}

static void check_gru(const sizes *s)
{
    make_all(s);
    const int64_t steps = (int64_t)s->n * s->steps, u = s->hidden;
    gru_steps forward = {.r = recurrence_for(s),
                         .products = products.data,
                         .weight = weight.data,
                         .bias = bias.data,
                         .first = s->first ? first.data : NULL,
                         .h = h.data,
                         .gates = gates.data};
    gru_gradient_steps backward = {.r = forward.r,
                                   .weight = weight.data,
                                   .gates = gates.data,
                                   .h = h.data,
                                   .first = forward.first,
                                   .on_h = on_h.data,
                                   .on_products = x.data,
                                   .on_sums = on_sums.data,
                                   .on_first = on_first.data};
    free(x.data);
    make(&x, steps * 3 * u, 0);
    backward.on_products = x.data;
    size_t bytes = gru_bytes(&forward);
    bytes = gru_gradient_bytes(&backward) > bytes ? gru_gradient_bytes(&backward) : bytes;
    void *workspace = aligned_alloc(64, (bytes + 63) / 64 * 64);
    memset(workspace, 0xff, bytes);
    gru_by_hand(s);
    gru_run(&forward, workspace, NULL);
    expect("gru's states", s, h.data, h.exact, steps * u);
    expect("gru's gates", s, gates.data, gates.exact, steps * 4 * u);
    gru_gradient_by_hand(s, x.exact);
    gru_gradient_run(&backward, workspace, NULL);
    expect("the products' gradient", s, x.data, x.exact, steps * 3 * u);
    expect("the gru's sums' gradient", s, on_sums.data, on_sums.exact, steps * 3 * u);
    expect("the first state's gradient", s, on_first.data, on_first.exact, s->n * u);
    free(workspace);
    release_all();
}

static void check_rnn(const sizes *s, bool relu)
{
    make_all(s);
    const int64_t steps = (int64_t)s->n * s->steps, u = s->hidden;
    rnn_steps call = {.r = recurrence_for(s),
                      .relu = relu,
                      .products = products.data,
                      .weight = weight.data,
                      .first = s->first ? first.data : NULL,
                      .h = h.data};
    void *workspace = aligned_alloc(64, (rnn_bytes(&call) + 63) / 64 * 64);
    memset(workspace, 0xff, rnn_bytes(&call));
    for (int n = 0; n < s->n; n++) {
        for (int k = 0; k < s->steps; k++) {
            const double *state = before(s, h.exact, first.exact, n, k);
            for (int j = 0; j < u; j++) {
                double sum = products.exact[place(s, n, k) * u + j] + row_product(weight.exact, j, (int)u, state);
                h.exact[place(s, n, k) * u + j] = relu ? fmax(sum, 0) : tanh(sum);
            }
        }
    }
    rnn_run(&call, workspace, NULL);
    expect(relu ? "rnn's states with relu" : "rnn's states", s, h.data, h.exact, steps * u);
    free(workspace);
    release_all();
}

/* Every test is a process of its own, in which the instruction set is chosen once. */
static void check_on(const char *isa)
{
    setenv("DG_ISA", isa, 1);
    for (int type = 0; type < 2; type++) {
        dtype = type ? DG_FLOAT32 : DG_FLOAT64;
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            check_lstm(&cases[k]);
            check_gru(&cases[k]);
            check_rnn(&cases[k], false);
            check_rnn(&cases[k], true);
        }
    }
}

Test(recurrence_kernel, follows_the_formulas_on_base)
{
    check_on("base");
}

Test(recurrence_kernel, follows_the_formulas_on_v3)
{
    check_on("v3");
}

Test(recurrence_kernel, follows_the_formulas_on_v4)
{
    check_on("v4");
}

/* ---- special values: one unit, one step, no weight to speak of ---- */

static void check_activation(const char *isa, const double *sums, const double *tanhs, const double *sigmoids,
                             int count)
{
    setenv("DG_ISA", isa, 1);
    float p[4 * 32], zero[4 * 32 * 32] = {0}, y[32], c[32], g[4 * 32];
    for (int j = 0; j < count; j++)
        for (int b = 0; b < 4; b++)
            p[b * count + j] = (float)sums[j];
    recurrence r = {.dtype = DG_FLOAT32, .batch = 1, .steps = 1, .hidden = count};
    lstm_steps call = {.r = r, .input = p, .weight = zero, .h = y, .cell = c, .gates = g};
    void *workspace = aligned_alloc(64, (lstm_bytes(&call) + 63) / 64 * 64);
    lstm_run(&call, workspace, NULL);
    for (int j = 0; j < count; j++) {
        double got[] = {g[j], g[count + j], g[2 * count + j], g[3 * count + j]};
        for (int b = 0; b < 4; b++) {
            double wants = b == 2 ? tanhs[j] : sigmoids[j];
            bool same = isnan(wants) ? isnan(got[b]) : fabs(got[b] - wants) <= 4e-7 * fabs(wants);
            cr_expect(same, "%s: gate %d of %g is %.9g, expected %.9g", dg_isa(), b, sums[j], got[b], wants);
        }
    }
    free(workspace);
}

static void check_special(const char *isa)
{
    double sums[32], tanhs[32], sigmoids[32];
    const double odd[] = {0.0,   -0.0, INFINITY, -INFINITY, NAN,  1e-30, -1e-30, 1e-4,
                          -1e-4, 88,   -88,      100,       -100, 3e38,  0.5};
    for (int j = 0; j < 32; j++) {
        double v = j < 15 ? (double)(float)odd[j] : (double)(float)(0.37 * (j - 23));
        sums[j] = v;
        tanhs[j] = tanh(v);
        sigmoids[j] = v < -87.3 ? 0 : 1 / (1 + exp(-v));
    }
    check_activation(isa, sums, tanhs, sigmoids, 32);
    check_activation(isa, sums, tanhs, sigmoids, 15);
}

Test(recurrence_kernel, keeps_special_values_on_base)
{
    check_special("base");
}

Test(recurrence_kernel, keeps_special_values_on_v3)
{
    check_special("v3");
}

Test(recurrence_kernel, keeps_special_values_on_v4)
{
    check_special("v4");
}
