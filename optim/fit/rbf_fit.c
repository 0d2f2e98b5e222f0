/* Choosing a radial basis function network: kernel, width, centres and ridge, by closed forms. Long because every
 * choice works on the same search. */
#include <dotgrad/rbf_fit.h>

#include "core/base/null.h"
#include "core/base/plain.h"
#include "ops/rbf/monomials.h"
#include "ops/rbf/rbf.h"
#include "smoother.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ALL = 1000, MOST_KERNELS = 16 };

#define SHARPNESS "scores.sharpness"

/* Kernels, with the sign and the least degree by which they are positive (Micchelli, 1986). */
typedef struct kernel_traits {
    const char *name;
    double sign;
    int64_t degree;
} kernel_traits;

static const kernel_traits kernels[] = {
    {"gaussian", 1, 0},
    {"multiquadric", -1, 0},
    {"inverse_multiquadric", 1, 0},
    {"inverse_quadratic", 1, 0},
    {"thin_plate_spline", 1, 1},
    {"linear", -1, 0},
    {"cubic", 1, 1},
    {"quintic", -1, 2},
    {"matern32", 1, 0},
    {"matern52", 1, 0},
    {"wendland", 1, 0},
};

typedef enum center_way { ALL_ROWS, BY_KMEANS, BY_SAMPLES, BY_OLS } center_way;
typedef enum criterion { BY_HINGE, BY_LOO, BY_AIC, BY_BIC, BY_GOAL } criterion;

typedef struct search {
    const dg_rbf_fit_options *options;
    dg_tensor rows, targets; /* [n, d], [n, k] */
    const kernel_traits *kernels[MOST_KERNELS];
    int n_kernels;
    center_way way;
    int64_t count; /* of centres; 0: chosen */
    criterion by;
    double goal, distance; /* the mean one between rows */
    dg_rbf_fit best;
    double best_score;
    bool any;
} search;

/* One choice, and what comes of it. */
typedef struct candidate {
    const kernel_traits *kernel;
    double sigma;
    int64_t degree;
    const dg_tensor *centers;
    dg_tensor gamma, basis;
} candidate;

/* ---- options ---- */

static dg_status read_kernels(search *s)
{
    const char *list = s->options->kernels;
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        const char *at = list ? strstr(list, kernels[k].name) : NULL;
        size_t length = strlen(kernels[k].name);
        for (; at && ((at > list && !strchr(", |", at[-1])) || (at[length] && !strchr(", |", at[length])));)
            at = strstr(at + 1, kernels[k].name);
        if (!list || at)
            s->kernels[s->n_kernels++] = &kernels[k];
    }
    int words = 0;
    for (const char *at = list; at && *at; at += strcspn(at, ", |")) {
        at += strspn(at, ", |");
        words += *at != '\0';
    }
    return !list || words == s->n_kernels ? dg_ok()
                                          : dg_error(DG_BAD_ARGUMENT, "kernels '%s': there are %s", list, RBF_KERNELS);
}

static dg_status read_centers(search *s, int64_t n)
{
    static const char *const ways[] = {"all", "kmeans", "samples", "ols"};
    const char *text = s->options->centers;
    s->way = n <= MOST_ALL ? ALL_ROWS : BY_KMEANS;
    for (int k = 0; text && k < 4; k++) {
        size_t length = strlen(ways[k]);
        char *end = (char *)text + length;
        if (strncmp(text, ways[k], length) != 0)
            continue;
        s->way = (center_way)k;
        if (*end == '(' && k > 0)
            s->count = strtoll(end + 1, &end, 10);
        if (*end == ')' && s->count > 0 && s->count < n && !end[1])
            return dg_ok();
        if (!*end && !s->count)
            return dg_ok();
        return dg_error(DG_BAD_ARGUMENT,
                        "centers '%s' of %lld row(s): expected all, kmeans(M), samples(M) or ols(M) with M "
                        "below the rows",
                        text, (long long)n);
    }
    return text ? dg_error(DG_BAD_ARGUMENT, "centers '%s': expected all, kmeans, samples or ols", text) : dg_ok();
}

static dg_status read_select(search *s)
{
    static const char *const names[] = {"hinge", "loocv", "aic", "bic"};
    const char *text = s->options->select ? s->options->select : "hinge";
    for (int k = 0; k < 4; k++)
        if (strcmp(text, names[k]) == 0) {
            s->by = (criterion)k;
            return dg_ok();
        }
    char *end = NULL;
    s->goal = strncmp(text, "goal=", 5) == 0 ? plain_number(text + 5, &end) : 0;
    if (!end || *end || !(s->goal > 0))
        return dg_error(DG_BAD_ARGUMENT, "select '%s': expected hinge, loocv, aic, bic or goal=MEAN_SQUARE", text);
    if (s->options->centers && s->way != BY_OLS)
        return dg_error(DG_BAD_ARGUMENT, "select '%s' counts the centres that ols chooses: centers must be ols", text);
    s->by = BY_GOAL;
    s->way = BY_OLS;
    return dg_ok();
}

/* ---- data ---- */

static dg_status take_field(const dg_dataset *data, const char *name, dg_tensor *made)
{
    const dg_tensor *field = dg_tensors_find(data->fields, name);
    if (!field || field->shape.rank < 1)
        return dg_error(DG_BAD_ARGUMENT, "the data set has no field '%s'", name);
    int64_t width = field->shape.dims[0] ? dg_tensor_count(field) / field->shape.dims[0] : 0;
    DG_TRY(dg_tensor_make(made, DG_FLOAT64, DG_SHAPE(data->n_train, width)));
    for (int64_t i = 0; i < data->n_train; i++)
        for (int64_t j = 0; j < width; j++) {
            double number = dg_tensor_get(field, data->train[i] * width + j);
            if (!isfinite(number))
                return dg_error(DG_BAD_DATA, "field '%s', row %lld: %g", name, (long long)data->train[i], number);
            dg_tensor_set(made, i * width + j, number);
        }
    return dg_ok();
}

/* The mean distance between rows, of at most 500 that are spread evenly. */
static double mean_distance(const dg_tensor *rows)
{
    int64_t n = rows->shape.dims[0], d = rows->shape.dims[1], step = n / 500 + 1, pairs = 0;
    const double *x = rows->data;
    double sum = 0;
    for (int64_t i = 0; i < n; i += step)
        for (int64_t j = 0; j < i; j += step, pairs++) {
            double squares = 0;
            for (int64_t c = 0; c < d; c++)
                squares += (x[i * d + c] - x[j * d + c]) * (x[i * d + c] - x[j * d + c]);
            sum += sqrt(squares);
        }
    return pairs && sum > 0 ? sum / (double)pairs : 1;
}

/* ---- one candidate ---- */

static void candidate_release(candidate *c)
{
    dg_tensor_release(&c->gamma);
    dg_tensor_release(&c->basis);
}

static dg_status candidate_make(const search *s, const kernel_traits *kernel, double sigma, const dg_tensor *centers,
                                candidate *c)
{
    bool exact = s->way == ALL_ROWS, has_gamma = rbf_has_gamma(kernel->name);
    *c = (candidate){.kernel = kernel, .sigma = sigma, .degree = exact ? kernel->degree : -1, .centers = centers};
    DG_TRY(dg_tensor_make(&c->gamma, DG_FLOAT64, DG_SHAPE(1)));
    dg_tensor_set(&c->gamma, 0, has_gamma ? rbf_stored_gamma(kernel->name, sigma) : 1);
    const radial_basis radial = {.kernel = kernel->name,
                                 .centers = centers,
                                 .gamma = has_gamma ? &c->gamma : NULL,
                                 .degree = c->degree,
                                 .threads = s->options->threads};
    return radial_values(&radial, &s->rows, &c->basis);
}

enum { NOT_MET = 1000000 };

/* Less is better. Of a goal: the number of centres where it is met, else more than any by the error. */
static double score_of(const search *s, const smoother *of, const smoothed *result)
{
    if (s->by == BY_GOAL)
        return result->error * result->error <= s->goal ? (double)of->m : NOT_MET + result->error;
    if ((s->by == BY_AIC || s->by == BY_BIC) && result->freedom > 0.5 * (double)of->n)
        return INFINITY; /* both go to −∞ with the error, whatever it costs */
    return s->by == BY_AIC                    ? result->aic
           : s->by == BY_BIC                  ? result->bic
           : s->by == BY_HINGE && of->classes ? result->hinge
                                              : result->loo;
}

/* The best ridge: a factor of √10 apart, then between its neighbours. Eigenvalues are right to about n ε of the
 * largest: with a smaller ridge rounding decides, and each processor finds another network. */
static double best_ridge(const search *s, const smoother *of, smoothed *best)
{
    double fixed = s->options->ridge, most = of->values[of->r - 1], score = INFINITY, at = 0;
    double least = fmax(-14, log10((double)of->r * DBL_EPSILON));
    if (fixed > 0 || s->by == BY_GOAL) {
        smoother_measure(of, fixed > 0 ? fixed / (most > 0 ? most : 1) : pow(10, least), best);
        return score_of(s, of, best);
    }
    smoother_measure(of, 1, best);
    for (int round = 0; round < 3; round++) {
        double step = round == 0 ? 0.5 : round == 1 ? 0.25 : 0.125, middle = at;
        int from = round ? -1 : -28, to = round ? 1 : 2;
        for (int k = from; k <= to; k++) {
            smoothed result;
            double power = middle + step * k;
            if ((round && k == 0) || power < least)
                continue;
            smoother_measure(of, pow(10, power), &result);
            if (!(score_of(s, of, &result) < score))
                continue;
            score = score_of(s, of, &result);
            *best = result;
            at = power;
        }
    }
    return score;
}

static dg_status put_sharpness(const smoother *of, const smoothed *chosen, dg_tensors *set)
{
    dg_tensor *factor;
    double sharpness;
    DG_TRY(smoother_sharpness(of, chosen->ridge, &sharpness));
    DG_TRY(dg_tensors_add(set, SHARPNESS, DG_FLOAT64, (dg_shape){0}, &factor));
    dg_tensor_set(factor, 0, sharpness);
    return dg_ok();
}

static dg_status put_parameters(search *s, const candidate *c, const smoother *of, const smoothed *chosen)
{
    int64_t k = of->k, width = of->m + of->q;
    dg_tensor *weight, *bias, wide = {0};
    dg_tensors *set = NULL;
    DG_TRY(dg_tensors_new(&set));
    dg_status status = dg_tensors_put(set, "hidden.centers", c->centers);
    if (status.code == DG_OK && rbf_has_gamma(c->kernel->name))
        status = dg_tensors_put(set, "hidden.gamma", &c->gamma);
    if (status.code == DG_OK)
        status = dg_tensors_add(set, "output.bias", DG_FLOAT64, DG_SHAPE(k), &bias);
    if (status.code == DG_OK)
        status = dg_tensor_make(&wide, DG_FLOAT64, DG_SHAPE(k, width));
    if (status.code == DG_OK)
        status = smoother_weights(of, chosen->ridge, &wide, bias);
    /* A constant is the bias; the monomials of a higher degree stay beside it, the constant among them. */
    int64_t kept = c->degree == 0 ? of->m : width;
    if (status.code == DG_OK)
        status = dg_tensors_add(set, "output.weight", DG_FLOAT64, DG_SHAPE(k, kept), &weight);
    for (int64_t j = 0; status.code == DG_OK && j < k; j++) {
        for (int64_t i = 0; i < kept; i++)
            dg_tensor_set(weight, j * kept + i, dg_tensor_get(&wide, j * width + i));
        if (c->degree == 0)
            dg_tensor_set(dg_tensors_find(set, "output.bias"), j, dg_tensor_get(&wide, j * width + of->m));
    }
    dg_tensor_release(&wide);
    if (status.code == DG_OK && of->classes)
        status = put_sharpness(of, chosen, set);
    if (status.code == DG_OK) {
        dg_tensors_free(s->best.parameters);
        s->best.parameters = set;
    } else {
        dg_tensors_free(set);
    }
    return status;
}

/* Measures a candidate and keeps it when it is the best so far; *score is its own. */
static dg_status consider(search *s, const candidate *c, double *score)
{
    smoother of;
    smoothed result;
    bool exact = s->way == ALL_ROWS;
    int64_t m = c->centers->shape.dims[0];
    DG_TRY(smoother_make(&of, exact, &c->basis, exact ? c->basis.shape.dims[1] - m : 0, c->kernel->sign, &s->targets));
    *score = best_ridge(s, &of, &result);
    dg_status status = dg_ok();
    if (*score < s->best_score || !s->any) {
        status = put_parameters(s, c, &of, &result);
        dg_tensors *parameters = s->best.parameters;
        s->best_score = *score;
        s->any = true;
        s->best = (dg_rbf_fit){.kernel = c->kernel->name,
                               .rows = of.n,
                               .features = s->rows.shape.dims[1],
                               .targets = of.k,
                               .centers = m,
                               .degree = c->degree > 0 ? c->degree : 0,
                               .width = rbf_has_gamma(c->kernel->name) ? c->sigma : 0,
                               .ridge = result.ridge,
                               .loo = result.loo,
                               .hinge = of.classes ? result.hinge : NAN,
                               .error = result.error,
                               .freedom = result.freedom,
                               .aic = result.aic,
                               .bic = result.bic,
                               .parameters = parameters};
    }
    smoother_release(&of);
    return status;
}

static dg_status consider_width(search *s, const kernel_traits *kernel, double sigma, const dg_tensor *centers,
                                double *score)
{
    candidate c;
    *score = INFINITY;
    dg_status status = candidate_make(s, kernel, sigma, centers, &c);
    if (status.code == DG_OK)
        status = consider(s, &c, score);
    candidate_release(&c);
    return status;
}

/* ---- the search over widths and sizes ---- */

/* All widths of a kernel at given centres: by factors of two around the mean distance, then finer. */
static dg_status search_widths(search *s, const kernel_traits *kernel, const dg_tensor *centers)
{
    double score, best = INFINITY, at = 0;
    if (s->options->width > 0 || !rbf_has_gamma(kernel->name))
        return consider_width(s, kernel, s->options->width > 0 ? s->options->width : 1, centers, &score);
    for (int round = 0; round < 3; round++) {
        double step = round == 0 ? 1 : round == 1 ? 0.5 : 0.25, middle = at;
        for (int k = round ? -1 : -4; k <= (round ? 1 : 4); k++) {
            if (round && k == 0)
                continue;
            DG_TRY(consider_width(s, kernel, s->distance * pow(2, middle + step * k), centers, &score));
            if (score < best) {
                best = score;
                at = middle + step * k;
            }
        }
    }
    return dg_ok();
}

static dg_status sample_centers(const search *s, int64_t m, dg_tensor *centers)
{
    int64_t n = s->rows.shape.dims[0], d = s->rows.shape.dims[1];
    int64_t *order = calloc((size_t)n + 1, sizeof *order);
    const dg_random key = {.seed = s->options->seed, .stream = dg_random_stream("rbf_fit")};
    if (!order)
        return dg_no_memory("the order of %lld rows", (long long)n);
    dg_random_permutation(&key, n, order);
    for (int64_t j = 0; j < m; j++)
        memcpy((double *)centers->data + j * d, (const double *)s->rows.data + order[j] * d,
               (size_t)d * sizeof(double));
    free(order);
    return dg_ok();
}

static dg_status at_size(search *s, int64_t m)
{
    dg_tensor centers = {0};
    const dg_random key = {.seed = s->options->seed, .stream = dg_random_stream("rbf_fit")};
    dg_status status = dg_tensor_make(&centers, DG_FLOAT64, DG_SHAPE(m, s->rows.shape.dims[1]));
    if (status.code == DG_OK)
        status = s->way == BY_KMEANS ? kmeans(&s->rows, 100, &key, s->options->threads, &centers)
                                     : sample_centers(s, m, &centers);
    for (int k = 0; status.code == DG_OK && k < s->n_kernels; k++)
        status = search_widths(s, s->kernels[k], &centers);
    dg_tensor_release(&centers);
    return status;
}

/* The sizes that are tried: 5, 10, 20, 50, … */
static int64_t next_size(int64_t m)
{
    int64_t power = 1;
    while (power * 10 <= m)
        power *= 10;
    return m / power == 2 ? power * 5 : 2 * m;
}

static dg_status search_sizes(search *s)
{
    int64_t n = s->rows.shape.dims[0];
    if (s->count)
        return at_size(s, s->count);
    for (int64_t m = 5; m <= n / 2 && m <= MOST_ALL; m = next_size(m))
        DG_TRY(at_size(s, m));
    return s->any ? dg_ok()
                  : dg_error(DG_BAD_DATA, "%lld row(s) are too few to choose from: give the number of centers",
                             (long long)n);
}

/* ---- rows chosen one at a time ---- */

static dg_status consider_prefix(search *s, const candidate *all, const int64_t *chosen, int64_t m, double *score)
{
    int64_t n = s->rows.shape.dims[0], d = s->rows.shape.dims[1], width = all->basis.shape.dims[1];
    dg_tensor centers = {0};
    candidate c = *all;
    c.basis = (dg_tensor){0};
    DG_TRY(dg_tensor_make(&centers, DG_FLOAT64, DG_SHAPE(m, d)));
    dg_status status = dg_tensor_make(&c.basis, DG_FLOAT64, DG_SHAPE(n, m));
    for (int64_t j = 0; status.code == DG_OK && j < m; j++) {
        memcpy((double *)centers.data + j * d, (const double *)s->rows.data + chosen[j] * d,
               (size_t)d * sizeof(double));
        for (int64_t i = 0; i < n; i++)
            dg_tensor_set(&c.basis, i * m + j, dg_tensor_get(&all->basis, i * width + chosen[j]));
    }
    c.centers = &centers;
    if (status.code == DG_OK)
        status = consider(s, &c, score);
    dg_tensor_release(&c.basis);
    dg_tensor_release(&centers);
    return status;
}

/* Sizes until the goal is met, unless fewer centres meet it already; or those of the ladder. */
static dg_status search_prefixes(search *s, const candidate *all, const int64_t *chosen, int64_t n_chosen)
{
    double score;
    bool goal = s->by == BY_GOAL;
    if (s->count)
        return consider_prefix(s, all, chosen, s->count < n_chosen ? s->count : n_chosen, &score);
    for (int64_t m = goal ? 1 : 5; m <= n_chosen; m = goal ? m + 1 : next_size(m)) {
        if (goal && (double)m >= s->best_score)
            break;
        DG_TRY(consider_prefix(s, all, chosen, m, &score));
        if (goal && score < NOT_MET)
            break;
    }
    return dg_ok();
}

static dg_status choose_rows(search *s, const kernel_traits *kernel, double sigma)
{
    candidate all;
    int64_t n = s->rows.shape.dims[0], n_chosen = 0;
    int64_t most = s->count ? s->count : s->by == BY_GOAL ? n - 1 : n / 2;
    int64_t *chosen = calloc((size_t)n + 1, sizeof *chosen);
    dg_status status =
        chosen ? candidate_make(s, kernel, sigma, &s->rows, &all) : dg_no_memory("%lld rows", (long long)n);
    if (!chosen)
        return status;
    if (status.code == DG_OK)
        status = orthogonal_least_squares(&all.basis, &s->targets, most < MOST_ALL ? most : MOST_ALL, chosen, &n_chosen,
                                          NULL);
    if (status.code == DG_OK)
        status = search_prefixes(s, &all, chosen, n_chosen);
    candidate_release(&all);
    free(chosen);
    return status;
}

static dg_status search_ols(search *s)
{
    for (int k = 0; k < s->n_kernels; k++) {
        bool fixed = s->options->width > 0 || !rbf_has_gamma(s->kernels[k]->name);
        for (int f = fixed ? 0 : -3; f <= (fixed ? 0 : 3); f++)
            DG_TRY(choose_rows(s, s->kernels[k],
                               fixed && s->options->width > 0 ? s->options->width : s->distance * pow(2, f)));
    }
    if (s->by == BY_GOAL && !(s->best.error * s->best.error <= s->goal))
        return dg_error(DG_BAD_DATA, "no network reaches a mean square of %g: the best has %g with %lld center(s)",
                        s->goal, s->best.error * s->best.error, (long long)s->best.centers);
    return s->any ? dg_ok()
                  : dg_error(DG_BAD_DATA, "%lld row(s) are too few to choose from: give the number of centers",
                             (long long)s->rows.shape.dims[0]);
}

static dg_status search_all(search *s)
{
    if (s->way == BY_OLS)
        return search_ols(s);
    if (s->way != ALL_ROWS)
        return search_sizes(s);
    for (int k = 0; k < s->n_kernels; k++)
        if (s->n_kernels == 1 || monomial_count(s->rows.shape.dims[1], s->kernels[k]->degree) < s->rows.shape.dims[0])
            DG_TRY(search_widths(s, s->kernels[k], &s->rows)); /* of several, those that the rows determine */
    return dg_ok();
}

dg_status dg_rbf_fit_make(const dg_dataset *data, const dg_rbf_fit_options *options, dg_rbf_fit *fit)
{
    REFUSE_NULL(data);
    REFUSE_NULL(fit);
    *fit = (dg_rbf_fit){0};
    search s = {.options = options ? options : &(dg_rbf_fit_options){0}, .best_score = INFINITY};
    if (!(s.options->width >= 0) || !(s.options->ridge >= 0))
        return dg_error(DG_BAD_ARGUMENT, "width is %g and ridge %g: expected numbers above 0, or 0 for chosen ones",
                        s.options->width, s.options->ridge);
    dg_status status = take_field(data, "features", &s.rows);
    if (status.code == DG_OK)
        status = take_field(data, s.options->target ? s.options->target : "target", &s.targets);
    if (status.code == DG_OK && data->n_train < 3)
        status = dg_error(DG_BAD_DATA,
                          "%lld training row(s), where 3 are needed at least: with test=0 no row is kept from training",
                          (long long)data->n_train);
    if (status.code == DG_OK)
        status = read_kernels(&s);
    if (status.code == DG_OK)
        status = read_centers(&s, data->n_train);
    if (status.code == DG_OK)
        status = read_select(&s);
    if (status.code == DG_OK) {
        s.distance = mean_distance(&s.rows);
        status = search_all(&s);
    }
    dg_tensor_release(&s.rows);
    dg_tensor_release(&s.targets);
    if (status.code == DG_OK)
        *fit = s.best;
    else
        dg_tensors_free(s.best.parameters);
    return dg_prefixed(status, "fit-rbf");
}

void dg_rbf_fit_release(dg_rbf_fit *fit)
{
    if (!fit)
        return;
    dg_tensors_free(fit->parameters);
    *fit = (dg_rbf_fit){0};
}

/* ---- the graph file ---- */

dg_status dg_rbf_fit_text(const dg_rbf_fit *fit, bool classes, const char *data, char **text)
{
    char width[DG_NUMBER_TEXT], degree[40] = "";
    size_t length;
    REFUSE_NULL(fit);
    REFUSE_NULL(text);
    *text = NULL;
    FILE *out = open_memstream(text, &length);
    if (!out)
        return dg_no_memory("a graph file");
    if (fit->degree > 0)
        snprintf(degree, sizeof degree, ", degree=%lld", (long long)fit->degree);
    fputs("digraph rbf {\n  graph [", out);
    if (data) {
        fputs("data=\"", out);
        for (const char *at = data; *at; at++)
            fprintf(out, "%s%c", *at == '"' ? "\\" : "", *at);
        fputs("\", ", out);
    }
    bool has_scores = classes && dg_tensors_find(fit->parameters, SHARPNESS);
    fprintf(out, "epochs=0, dtype=float64, loss=loss, output=%s];\n", has_scores ? "scores" : "output");
    fprintf(out, "  x      [op=\"input([N, %lld])\"];\n", (long long)fit->features);
    fprintf(out, classes ? "  target [op=\"input([N], dtype=int64)\"];\n" : "  target [op=\"input([N, %lld])\"];\n",
            (long long)fit->targets);
    fprintf(out, "  hidden [op=\"rbf(%lld, kernel=%s, per=layer%s%s%s)\"];\n", (long long)fit->centers, fit->kernel,
            fit->width > 0 ? ", width=" : "", fit->width > 0 ? dg_number_print(fit->width, DG_FLOAT64, width) : "",
            degree[0] ? degree : "");
    fprintf(out, "  output [op=\"linear(%lld)\"];\n", (long long)fit->targets);
    if (has_scores) /* 0 and 1 are no scores of a softmax yet */
        fputs("  scores [op=\"expr(sharpness * x, sharpness=parameter(1.0))\"];\n", out);
    fprintf(out, "  loss   [op=%s];\n  x -> hidden -> output -> %sloss;\n  target -> loss [arg=target];\n}\n",
            classes ? "cross_entropy" : "mse_loss", has_scores ? "scores -> " : "");
    if (fclose(out) == 0)
        return dg_ok();
    free(*text);
    *text = NULL;
    return dg_no_memory("a graph file");
}
