/* Wide random layers: means under N(0, q) by Gauss-Legendre quadrature over the function's pieces, and the edge of
 * chaos. */
#include "activation.h"

#include <math.h>
#include <stdlib.h>

enum { NODES = 16, PANELS = 48, FIELD_POINTS = NODES * (2 * PANELS + MOST_PIECES) };

#define FAR_OUT 12.0 /* standard deviations: beyond, the density is below 1e-31 */

/* Nodes and weights on [−1, 1]: roots of the Legendre polynomial by Newton's iteration. */
static void legendre(double nodes[NODES], double weights[NODES])
{
    for (int i = 0; i < NODES; i++) {
        double x = cos(M_PI * (i + 0.75) / (NODES + 0.5)), slope = 1;
        for (int step = 0; step < 60; step++) {
            double p = 1, before = 0;
            for (int k = 1; k <= NODES; k++) {
                double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
                before = p;
                p = next;
            }
            slope = NODES * (x * p - before) / (x * x - 1);
            double moved = p / slope;
            x -= moved;
            if (fabs(moved) < 1e-16)
                break;
        }
        nodes[i] = x;
        weights[i] = 2 / ((1 - x * x) * slope * slope);
    }
}

static int compare_numbers(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

/* Points and weights of E g(√q·z): panels end where the function has breaks. */
static int gaussian_points(const dg_activation *a, double q, int panels, double *points, double *weights)
{
    double nodes[NODES], parts[NODES], edges[2 * PANELS + 1 + MOST_PIECES], sd = sqrt(q);
    int n_edges = 0, n = 0;
    legendre(nodes, parts);
    for (int k = 0; k <= panels; k++)
        edges[n_edges++] = FAR_OUT * (2.0 * k / panels - 1);
    for (int k = 0; k < a->n_breaks; k++)
        if (fabs(a->breaks[k] / sd) < FAR_OUT)
            edges[n_edges++] = a->breaks[k] / sd;
    qsort(edges, (size_t)n_edges, sizeof *edges, compare_numbers);
    for (int k = 0; k + 1 < n_edges; k++) {
        double middle = (edges[k] + edges[k + 1]) / 2, half = (edges[k + 1] - edges[k]) / 2;
        for (int i = 0; i < NODES && half > 0; i++) {
            double z = middle + half * nodes[i];
            points[n] = sd * z;
            weights[n++] = half * parts[i] * exp(-z * z / 2) / sqrt(2 * M_PI);
        }
    }
    return n;
}

typedef struct integral {
    double sum, size, far; /* of g, of |g|, of |g| beyond 10 standard deviations */
    double kinks;          /* what |g| may be off by where g goes through 0 */
} integral;

/* Whether g goes through 0 between two nodes of a panel: it is less there than further out, as at a pole it is not. */
static bool crosses_zero(const double *g, int k)
{
    return k % NODES >= 1 && k % NODES < NODES - 2 && (g[k] > 0) != (g[k + 1] > 0) && fabs(g[k]) <= fabs(g[k - 1]) &&
           fabs(g[k + 1]) <= fabs(g[k + 2]);
}

static integral integrate(const dg_activation *a, double q, int i, int j, int panels)
{
    double points[FIELD_POINTS], weights[FIELD_POINTS], f[FIELD_POINTS], g[FIELD_POINTS], far_out = 10 * sqrt(q);
    integral made = {0};
    int n = gaussian_points(a, q, panels, points, weights);
    dg_activation_values(a, i, points, f, (size_t)n);
    if (j >= 0)
        dg_activation_values(a, j, points, g, (size_t)n);
    for (int k = 0; k < n && j >= 0; k++)
        f[k] *= g[k];
    for (int k = 0; k < n; k++)
        if (weights[k] > 0) {
            double part = weights[k] * f[k];
            made.sum += part;
            made.size += fabs(part);
            made.far += fabs(points[k]) > far_out ? fabs(part) : 0;
            made.kinks += crosses_zero(f, k) ? fabs(part) + weights[k + 1] * fabs(f[k + 1]) : 0;
        }
    return made;
}

double gaussian_mean(const dg_activation *a, double q, int i, int j)
{
    return integrate(a, q, i, j, PANELS).sum;
}

bool gaussian_settles(const dg_activation *a, double q, int i, int j)
{
    integral once = integrate(a, q, i, j, PANELS), twice = integrate(a, q, i, j, 2 * PANELS);
    return fabs(once.sum - twice.sum) <= 1e-6 * twice.size &&
           fabs(once.size - twice.size) <= 1e-4 * twice.size + once.kinks &&
           once.far <= 1e-6 * once.size; /* the size: on both sides of a pole sums cancel */
}

double gaussian_fourth(const dg_activation *a, double q, int order)
{
    double points[FIELD_POINTS], weights[FIELD_POINTS], f[FIELD_POINTS], sum = 0;
    int n = gaussian_points(a, q, PANELS, points, weights);
    dg_activation_values(a, order, points, f, (size_t)n);
    for (int k = 0; k < n; k++)
        sum += weights[k] * f[k] * f[k] * f[k] * f[k];
    return sum;
}

dg_status gaussian_moments(const dg_activation *a, double q, dg_moments *moments)
{
    *moments = (dg_moments){
        .mean = gaussian_mean(a, q, 0, -1),
        .second = gaussian_mean(a, q, 0, 0),
        .slope = gaussian_mean(a, q, 1, -1),
        .slope_second = gaussian_mean(a, q, 1, 1),
    };
    moments->variance = moments->second - moments->mean * moments->mean;
    if (!isfinite(moments->second) || !isfinite(moments->slope_second))
        return dg_error(DG_NUMERIC, "the moments under N(0, %g) are not finite", q);
    return dg_ok();
}

static dg_status check_settled(const dg_activation *a, double q)
{
    if (gaussian_settles(a, q, 0, 0) && gaussian_settles(a, q, 1, 1))
        return dg_ok();
    return dg_error(DG_NUMERIC, "the means under N(0, %g) do not settle as the quadrature is refined", q);
}

dg_status dg_activation_moments(const dg_activation *activation, double q, dg_moments *moments)
{
    if (!activation || !moments || !(q > 0) || !isfinite(q))
        return dg_error(DG_BAD_ARGUMENT, "moments need an analysis and a variance above 0, not %g", q);
    DG_TRY(gaussian_moments(activation, q, moments));
    return check_settled(activation, q);
}

/* q − σ_b² − E f²/E f′², which is 0 at the edge of chaos. */
static double edge_gap(const dg_activation *a, double q, double sigma_b)
{
    return q - sigma_b * sigma_b - gaussian_mean(a, q, 0, 0) / gaussian_mean(a, q, 1, 1);
}

static double solve_edge(const dg_activation *a, double lo, double hi, double sigma_b)
{
    double at_lo = edge_gap(a, lo, sigma_b);
    for (int k = 0; k < 200 && hi / lo > 1 + 1e-14; k++) {
        double m = sqrt(lo * hi), v = edge_gap(a, m, sigma_b);
        if ((v > 0) == (at_lo > 0))
            lo = m;
        else
            hi = m;
    }
    return sqrt(lo * hi);
}

static dg_status edge_at(const dg_activation *a, double q, double sigma_b, dg_edge *edge)
{
    double h = 1e-4;
    *edge = (dg_edge){.q = q, .sigma_b = sigma_b, .sigma_w = 1 / sqrt(gaussian_mean(a, q, 1, 1))};
    double up = gaussian_mean(a, q * (1 + h), 0, 0), down = gaussian_mean(a, q * (1 - h), 0, 0);
    edge->q_slope = edge->sigma_w * edge->sigma_w * (up - down) / (2 * h * q);
    return isfinite(edge->sigma_w) ? check_settled(a, q)
                                   : dg_error(DG_NUMERIC, "E f′² under N(0, %g) is not a number above 0", q);
}

/* Whether E f² is E f′² times q for every q: a function such as ReLU, which scales. */
static bool scales(const dg_activation *a)
{
    for (double q = 0.01; q < 200; q *= 10)
        if (!(fabs(edge_gap(a, q, 0)) <= 1e-9 * q))
            return false;
    return true;
}

dg_status dg_activation_edge(const dg_activation *activation, double sigma_b, dg_edge *edge)
{
    if (!activation || !edge || !(sigma_b >= 0))
        return dg_error(DG_BAD_ARGUMENT, "the edge of chaos needs an analysis and sigma_b of 0 or more, not %g",
                        sigma_b);
    if (scales(activation)) {
        if (sigma_b > 0)
            return dg_error(DG_NUMERIC,
                            "with biases there is no edge of chaos: the function scales (f(2x) = 2·f(x)), and "
                            "the variance grows by σ_b² a layer");
        DG_TRY(edge_at(activation, 1, 0, edge));
        edge->q = 0; /* any */
        return dg_ok();
    }
    if (sigma_b == 0 && value_at(activation, 0, 0) == 0 && value_at(activation, 1, 0) != 0 &&
        edge_gap(activation, 1e-4, 0) >= 0) { /* tanh: q shrinks to 0, where the function is its slope */
        *edge = (dg_edge){.q = 0, .sigma_w = 1 / fabs(value_at(activation, 1, 0)), .q_slope = 1};
        return dg_ok();
    }
    double before = 1e-8, gap = edge_gap(activation, before, sigma_b);
    for (double q = before * 1.25; q < 1e6; q *= 1.25) {
        double next = edge_gap(activation, q, sigma_b);
        if (isfinite(gap) && isfinite(next) && (gap > 0) != (next > 0))
            return edge_at(activation, solve_edge(activation, before, q, sigma_b), sigma_b, edge);
        before = q;
        gap = next;
    }
    return dg_error(DG_NUMERIC, "there is no edge of chaos with σ_b = %g for q from 1e-8 to 1e6", sigma_b);
}
