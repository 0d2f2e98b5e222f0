/* A random deep network, forward and backward: what mean field predicts for infinitely wide layers, measured. Weights
 * are drawn from counters, so that the way back draws them again instead of keeping them. */
#include "lab.h"

#include <math.h>
#include <stdlib.h>

typedef struct probe {
    const dg_activation *a;
    const depth_options *options;
    double sigma_w, steepest;
    double *weights; /* [width, width] of the layer at hand */
    double *z;       /* [layers, rows, width] */
    double *h, *g;   /* [rows, width] */
    double *scratch;
} probe;

static size_t cells(const probe *p)
{
    return (size_t)p->options->rows * (size_t)p->options->width;
}

static void draw(const probe *p, uint64_t stream, double *to, size_t count, double deviation)
{
    dg_random key = {.seed = p->options->seed, .stream = stream};
    dg_random_normal(&key, DG_FLOAT64, to, 0, (int64_t)count, 0, deviation);
}

static void draw_weights(const probe *p, int layer)
{
    size_t n = (size_t)p->options->width;
    draw(p, 1000 + 2 * (uint64_t)layer, p->weights, n * n, p->sigma_w / sqrt((double)n));
}

/* z = h·Wᵀ + b */
static void linear(const probe *p, int layer, double *z)
{
    size_t n = (size_t)p->options->width;
    draw_weights(p, layer);
    draw(p, 1001 + 2 * (uint64_t)layer, p->scratch, n, p->options->sigma_b);
    for (size_t r = 0; r < (size_t)p->options->rows; r++)
        for (size_t i = 0; i < n; i++) {
            double sum = p->scratch[i];
            for (size_t j = 0; j < n; j++)
                sum += p->weights[i * n + j] * p->h[r * n + j];
            z[r * n + i] = sum;
        }
}

static double correlation(const probe *p)
{
    size_t n = (size_t)p->options->width;
    double sum = 0;
    int pairs = p->options->rows / 2;
    for (size_t k = 0; k < (size_t)pairs; k++) {
        const double *u = p->h + 2 * k * n, *v = u + n;
        double uv = 0, uu = 0, vv = 0;
        for (size_t j = 0; j < n; j++) {
            uv += u[j] * v[j];
            uu += u[j] * u[j];
            vv += v[j] * v[j];
        }
        sum += uv / sqrt(uu * vv);
    }
    return sum / pairs;
}

static void measure(const probe *p, const double *z, depth_row *row)
{
    size_t n = (size_t)p->options->width, count = cells(p), dead = 0, flat = 0;
    double sum = 0, square = 0;
    for (size_t k = 0; k < count; k++) {
        sum += p->h[k];
        square += p->h[k] * p->h[k];
    }
    dg_activation_values(p->a, 1, z, p->scratch, count);
    for (size_t j = 0; j < n; j++) {
        bool alive = false;
        for (size_t r = 0; r < (size_t)p->options->rows; r++) {
            double slope = fabs(p->scratch[r * n + j]);
            alive |= slope != 0;
            flat += slope < 0.05 * p->steepest;
        }
        dead += !alive;
    }
    row->mean = sum / (double)count;
    row->second = square / (double)count;
    row->correlation = correlation(p);
    row->dead = (double)dead / (double)n;
    row->saturated = (double)flat / (double)count;
}

static double norm_of(const double *g, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++)
        sum += g[k] * g[k];
    return sqrt(sum);
}

/* From the last layer's activations back: g ← (g·f′(z))·W. */
static void backward(const probe *p, depth_table *t)
{
    size_t n = (size_t)p->options->width, count = cells(p);
    draw(p, 7, p->g, count, 1);
    double last = norm_of(p->g, count);
    for (int layer = t->layers - 1; layer >= 0; layer--) {
        t->rows[layer].gradient = norm_of(p->g, count) / last;
        dg_activation_values(p->a, 1, p->z + (size_t)layer * count, p->scratch, count);
        draw_weights(p, layer);
        for (size_t k = 0; k < count; k++)
            p->scratch[k] *= p->g[k];
        for (size_t r = 0; r < (size_t)p->options->rows; r++)
            for (size_t j = 0; j < n; j++)
                p->g[r * n + j] = 0;
        for (size_t r = 0; r < (size_t)p->options->rows; r++)
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < n; j++)
                    p->g[r * n + j] += p->scratch[r * n + i] * p->weights[i * n + j];
    }
}

static void run(const probe *p, depth_table *t, double q)
{
    size_t n = (size_t)p->options->width, count = cells(p);
    draw(p, 3, p->h, count, sqrt(q));
    for (size_t r = 1; r < (size_t)p->options->rows; r += 2)
        for (size_t j = 0; j < n; j++)
            p->h[r * n + j] = 0.5 * p->h[(r - 1) * n + j] + sqrt(0.75) * p->h[r * n + j];
    for (int layer = 0; layer < t->layers; layer++) {
        double *z = p->z + (size_t)layer * count;
        linear(p, layer, z);
        dg_activation_values(p->a, 0, z, p->h, count);
        measure(p, z, &t->rows[layer]);
    }
    backward(p, t);
}

dg_status depth_probe(const dg_activation *a, const depth_options *options, depth_table *table)
{
    dg_edge edge = {.q = 1, .sigma_w = options->sigma_w};
    if (!(options->sigma_w > 0)) {
        dg_status status = dg_activation_edge(a, options->sigma_b, &edge);
        if (status.code != DG_OK)
            return dg_prefixed(status, "%s: give --sigma-w", report_title(a));
    }
    const dg_fact *slope = dg_activation_fact(a, "lipschitz");
    *table = (depth_table){.layers = options->layers, .sigma_w = edge.sigma_w, .sigma_b = options->sigma_b};
    size_t width = (size_t)options->width, count = width * (size_t)options->rows;
    size_t room = count > width * width ? count : width * width;
    double *memory = malloc((width * width + count * (size_t)options->layers + 2 * count + room) * sizeof *memory);
    if (!memory)
        return dg_no_memory("a probe of %d layers", options->layers);
    probe p = {.a = a, .options = options, .sigma_w = edge.sigma_w};
    p.steepest = slope && isfinite(slope->lo) ? slope->lo : 1;
    p.weights = memory;
    p.z = p.weights + width * width;
    p.h = p.z + count * (size_t)options->layers;
    p.g = p.h + count;
    p.scratch = p.g + count;
    run(&p, table, edge.q > 0 ? edge.q : 1);
    free(memory);
    return dg_ok();
}

void depth_print(const depth_table *t, FILE *to)
{
    fprintf(to, "σ_w = %.5g, σ_b = %.5g\n", t->sigma_w, t->sigma_b);
    fprintf(to, "%5s  %10s  %11s  %11s  %13s  %6s  %9s\n", "layer", "mean", "mean square", "correlation",
            "gradient norm", "dead", "saturated");
    for (int k = 0; k < t->layers; k++) {
        const depth_row *r = &t->rows[k];
        if (k < 5 || (k + 1) % 10 == 0 || k + 1 == t->layers)
            fprintf(to, "%5d  %10.4g  %11.4g  %11.4f  %13.4g  %5.1f%%  %8.1f%%\n", k + 1, r->mean, r->second,
                    r->correlation, r->gradient, 100 * r->dead, 100 * r->saturated);
    }
}
