/* The facts of wide random layers. */
#include "activation.h"

#include <math.h>
#include <stdio.h>

#define SECTION "mean field"

/* NaN: the quadrature gave no number that can be told. */
static void number(dg_activation *a, const char *name, const char *label, double value)
{
    if (isnan(value))
        add_fact(a, SECTION, name, label, DG_SAMPLED, NAN, NAN, "not computed");
    else
        add_fact(a, SECTION, name, label, DG_COMPUTED, value, value, "%.6g", value);
}

static void add_moments(dg_activation *a)
{
    dg_moments m;
    dg_status status = gaussian_moments(a, 1, &m);
    if (status.code != DG_OK) {
        add_fact(a, SECTION, "moments", "moments under N(0,1)", DG_COMPUTED, NAN, NAN, "%s", status.message);
        return;
    }
    bool f = gaussian_settles(a, 1, 0, -1), f2 = gaussian_settles(a, 1, 0, 0), slope = gaussian_settles(a, 1, 1, -1),
         slope2 = gaussian_settles(a, 1, 1, 1);
    number(a, "mean", "E f", f ? m.mean : NAN);
    number(a, "second", "E f²", f2 ? m.second : NAN);
    number(a, "variance", "Var f", f && f2 ? m.variance : NAN);
    number(a, "slope", "E f′", slope ? m.slope : NAN);
    number(a, "slope_second", "E f′²", slope2 ? m.slope_second : NAN);
    number(a, "gain", "gain that keeps E f² = 1 (1/√E f²)", f2 ? 1 / sqrt(m.second) : NAN);
    number(a, "gain_backward", "gain that keeps gradients (1/√E f′²)", slope2 ? 1 / sqrt(m.slope_second) : NAN);
    /* Singular values of the Jacobian of a layer at the edge of chaos: mean square 1; their spread grows with every
     * layer by this much (Pennington, Schoenholz, Ganguli 2017, with orthogonal weights). */
    double fourth = slope2 ? gaussian_fourth(a, 1, 1) : NAN;
    number(a, "isometry", "spread of squared singular values a layer, orthogonal weights (E f′⁴/(E f′²)² − 1)",
           fourth / (m.slope_second * m.slope_second) - 1);
    number(a, "isometry_gaussian", "the same with Gaussian weights (E f′⁴/(E f′²)²)",
           fourth / (m.slope_second * m.slope_second));
}

/* Where q → σ_w² E f² + σ_b² ends from small variances, and χ₁ there. */
static void add_from_below(dg_activation *a, const dg_edge *edge)
{
    double q = 1e-3, w = edge->sigma_w * edge->sigma_w, b = edge->sigma_b * edge->sigma_b;
    for (int k = 0; k < 2000 && q < 1e8; k++) {
        double next = w * gaussian_mean(a, q, 0, 0) + b;
        bool settled = fabs(next - q) <= 1e-12 * q;
        q = next;
        if (settled || !isfinite(q))
            break;
    }
    double chi = isfinite(q) && q < 1e8 ? w * gaussian_mean(a, q, 1, 1) : NAN;
    if (!isnan(chi) && (!gaussian_settles(a, q, 0, 0) || !gaussian_settles(a, q, 1, 1))) {
        number(a, "q_below", "variance reached from small ones at that σ_w", NAN);
        return;
    }
    if (isnan(chi)) {
        add_fact(a, SECTION, "q_below", "variance reached from small ones at that σ_w", DG_COMPUTED, INFINITY, INFINITY,
                 "none: it grows without bound");
        return;
    }
    number(a, "q_below", "variance reached from small ones at that σ_w", q);
    number(a, "chi_below", "χ₁ = σ_w² E f′² there", chi);
    double depth = fabs(chi - 1) < 1e-9 ? INFINITY : 1 / fabs(log(chi));
    number(a, "depth_below", "depth scale of correlations there, layers (1/|ln χ₁|)", depth);
}

static void add_edge(dg_activation *a)
{
    dg_edge edge;
    dg_status status = dg_activation_edge(a, a->sigma_b, &edge);
    if (status.code != DG_OK && a->sigma_b > 0) {
        add_fact(a, SECTION, "edge_note", "edge of chaos with biases", DG_COMPUTED, NAN, NAN, "%s", status.message);
        status = dg_activation_edge(a, 0, &edge);
    }
    if (status.code != DG_OK) {
        add_fact(a, SECTION, "edge_note", "edge of chaos without biases", DG_COMPUTED, NAN, NAN, "%s", status.message);
        return;
    }
    add_fact(a, SECTION, "edge_sigma_b", "edge of chaos: σ_b", DG_COMPUTED, edge.sigma_b, edge.sigma_b, "%.6g",
             edge.sigma_b);
    number(a, "edge_sigma_w", "edge of chaos: σ_w", edge.sigma_w);
    number(a, "edge_q", edge.q == 0 ? "edge of chaos: variance q (0: any, or the limit)" : "edge of chaos: variance q",
           edge.q);
    number(a, "edge_q_slope", "slope of the variance map there (stable below 1)", edge.q_slope);
    add_fact(a, SECTION, "edge_stable", "variance fixed point", DG_COMPUTED, NAN, NAN, "%s",
             edge.q_slope < 1 - 1e-6   ? "stable"
             : edge.q_slope > 1 + 1e-6 ? "unstable: iterating from elsewhere leaves it"
                                       : "neutral");
    if (edge.q > 0)
        add_from_below(a, &edge);
}

void add_mean_field(dg_activation *a)
{
    add_moments(a);
    add_edge(a);
}
