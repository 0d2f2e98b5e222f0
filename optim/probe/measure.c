/* What each probe makes of what was fetched. */
#include "probe.h"

#include "core/base/arena.h"
#include "core/base/plain.h"

#include <dotgrad/op.h>

#include <lapacke.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RANK_ROWS = 512, MOST_RANK_ELEMENTS = 2048 };

/* ---- words ---- */

static const char *probe_words(dg_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
static const char *probe_words(dg_arena *arena, const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    int length = plain_print_list(text, sizeof text, format, list);
    va_end(list);
    const char *kept = length < 0 ? NULL : dg_arena_text(arena, text, strlen(text));
    return kept ? kept : "";
}

/* ---- numbers ---- */

static double norm(const dg_tensor *tensor)
{
    double sum = 0;
    for (int64_t k = 0; k < dg_tensor_count(tensor); k++)
        sum += pow(dg_tensor_get(tensor, k), 2);
    return sqrt(sum);
}

/* Three digits. */
static const char *print(dg_arena *arena, double value)
{
    char made[DG_NUMBER_TEXT];
    if (!isfinite(value))
        return isnan(value) ? "NaN" : "∞";
    if (value == 0)
        return "0";
    double power = pow(10, floor(log10(fabs(value))) - 2);
    return probe_words(arena, "%s", dg_number_print(round(value / power) * power, DG_FLOAT32, made));
}

static const char *percent(dg_arena *arena, double share)
{
    return probe_words(arena, "%s %%", print(arena, round(share * 1000) / 10));
}

void measure_gradient(dg_probing *p, probed_node *node)
{
    node->value = norm(node->got[0]);
    node->words = probe_words(p->words, "‖∂‖ %s", print(p->words, node->value));
    for (int i = 1; i < node->n_fetch; i++)
        node->words =
            probe_words(p->words, "%s · %s %s", node->words, node->names[i], print(p->words, norm(node->got[i])));
}

void measure_activation(dg_probing *p, probed_node *node)
{
    int64_t count = dg_tensor_count(node->got[0]);
    double sum = 0, squares = 0;
    for (int64_t k = 0; k < count; k++) {
        double value = dg_tensor_get(node->got[0], k);
        sum += value;
        squares += value * value;
    }
    double mean = count ? sum / (double)count : 0, square = count ? squares / (double)count : 0;
    node->value = sqrt(square);
    node->words = probe_words(p->words, "rms %s · mean %s", print(p->words, node->value), print(p->words, mean));
}

static double mean_of(const dg_tensor *tensor)
{
    int64_t count = dg_tensor_count(tensor);
    double sum = 0;
    for (int64_t k = 0; k < count; k++)
        sum += dg_tensor_get(tensor, k);
    return count ? sum / (double)count : NAN;
}

void measure_norm(dg_probing *p, probed_node *node)
{
    double squares = 0;
    for (int i = 0; i < node->n_fetch; i++)
        squares += pow(norm(node->got[i]), 2);
    node->value = node->n_fetch ? sqrt(squares) : NAN;
    node->words = node->n_fetch ? probe_words(p->words, "‖∂‖ %s", print(p->words, node->value)) : NULL;
}

void measure_mean(dg_probing *p, probed_node *node)
{
    node->value = mean_of(node->got[0]);
    node->words = probe_words(p->words, "mean %s", print(p->words, node->value));
}

void measure_std(dg_probing *p, probed_node *node)
{
    int64_t count = dg_tensor_count(node->got[0]);
    double mean = mean_of(node->got[0]), squares = 0;
    for (int64_t k = 0; k < count; k++)
        squares += pow(dg_tensor_get(node->got[0], k) - mean, 2);
    node->value = count ? sqrt(squares / (double)count) : NAN;
    node->words = probe_words(p->words, "std %s", print(p->words, node->value));
}

/* exp(−Σ q ln q), q = σ/Σσ; NaN where there are no singular values, or they are not finite. Without memory `words`
 * fails. */
static double effective_rank(dg_arena *words, double *matrix, int64_t rows, int64_t columns)
{
    int64_t n = rows < columns ? rows : columns;
    double *sigma = calloc((size_t)n + 1, sizeof *sigma), *spare = calloc((size_t)n + 1, sizeof *spare), sum = 0,
           entropy = 0;
    lapack_int info = LAPACK_WORK_MEMORY_ERROR;
    if (sigma && spare)
        info = n == 0 ? 1
                      : LAPACKE_dgesvd(LAPACK_ROW_MAJOR, 'N', 'N', (lapack_int)rows, (lapack_int)columns, matrix,
                                       (lapack_int)columns, sigma, NULL, 1, NULL, 1, spare);
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        arena_fail(words);
    bool fine = info == 0;
    for (int64_t k = 0; fine && k < n; k++)
        sum += sigma[k];
    for (int64_t k = 0; fine && k < n; k++)
        entropy -= sigma[k] > 0 ? sigma[k] / sum * log(sigma[k] / sum) : 0;
    free(sigma);
    free(spare);
    return fine && sum > 0 ? exp(entropy) : fine ? 0 : NAN;
}

void measure_rank(dg_probing *p, probed_node *node)
{
    const dg_tensor *got = node->got[0];
    int64_t rows = got->shape.rank ? got->shape.dims[0] : 1, width = rows ? dg_tensor_count(got) / rows : 0;
    int64_t m = rows < MOST_RANK_ROWS ? rows : MOST_RANK_ROWS,
            n = width < MOST_RANK_ELEMENTS ? width : MOST_RANK_ELEMENTS;
    double *matrix = malloc(((size_t)(m * n) + 1) * sizeof *matrix);
    bool finite = matrix != NULL;
    if (!matrix)
        arena_fail(p->words);
    for (int64_t i = 0; finite && i < m; i++)
        for (int64_t k = 0; finite && k < n; k++) {
            matrix[i * n + k] = dg_tensor_get(got, i * width + k);
            finite = isfinite(matrix[i * n + k]);
        }
    node->value = finite ? effective_rank(p->words, matrix, m, n) : NAN;
    node->words = probe_words(p->words, "rank %s of %lld", print(p->words, node->value), (long long)(m < n ? m : n));
    free(matrix);
}

/* Units are what a row has one of: channels of images, else every element. A unit is dead that is 0 in every row. */
void measure_dead(dg_probing *p, probed_node *node)
{
    const dg_tensor *got = node->got[0];
    int rank = got->shape.rank;
    int64_t count = dg_tensor_count(got), rows = rank ? got->shape.dims[0] : 1,
            inner = rows ? count / (rows ? rows : 1) : 0;
    int64_t per = 1, units = inner;
    if (rank >= 4) {
        units = got->shape.dims[1];
        per = units ? inner / units : 1;
    }
    int64_t dead = 0;
    for (int64_t unit = 0; unit < units; unit++) {
        bool lives = false;
        for (int64_t row = 0; row < rows && !lives; row++)
            for (int64_t k = 0; k < per && !lives; k++)
                lives = dg_tensor_get(got, row * inner + unit * per + k) != 0;
        dead += !lives;
    }
    node->value = units ? (double)dead / (double)units : 0;
    node->words = probe_words(p->words, "%lld of %lld dead", (long long)dead, (long long)units);
}

void measure_memory(dg_probing *p, probed_node *node)
{
    static const char *const units[] = {"B", "kB", "MB", "GB"};
    double bytes = (double)dg_tensor_bytes(node->got[0]), shown = bytes;
    int unit = 0;
    for (; shown >= 1000 && unit < 3; unit++)
        shown /= 1000;
    node->value = bytes;
    node->words = probe_words(p->words, "%s %s", print(p->words, shown), units[unit]);
}

void measure_saturated(dg_probing *p, probed_node *node)
{
    int64_t count = dg_tensor_count(node->got[0]), flat = 0;
    for (int64_t k = 0; k < count; k++)
        flat += fabs(dg_tensor_get(node->got[0], k)) < 0.01;
    node->value = count ? (double)flat / (double)count : 0;
    node->words = probe_words(p->words, "%s saturated", percent(p->words, node->value));
}

void measure_update(dg_probing *p, probed_node *node)
{
    double change = 0, size = 0;
    for (int i = 0; i + 1 < node->n_fetch; i += 2)
        for (int64_t k = 0; k < dg_tensor_count(node->got[i]); k++) {
            double before = dg_tensor_get(node->got[i], k), after = dg_tensor_get(node->got[i + 1], k);
            change += (after - before) * (after - before);
            size += before * before;
        }
    node->value = node->n_fetch && size > 0 ? sqrt(change / size) : NAN;
    node->words = node->n_fetch ? probe_words(p->words, "‖Δp‖/‖p‖ %s", print(p->words, node->value)) : NULL;
}

/* The node of the picture that a step works for. */
static const dg_node *user_node(const dg_node *node)
{
    while (node && (dg_node_owner(node) || dg_node_derivative_of(node)))
        node = dg_node_owner(node) ? dg_node_owner(node) : dg_node_derivative_of(node);
    return node;
}

void measure_time(dg_probing *p, probed_node *node)
{
    size_t count = dg_plan_profile_entries(p->plan, NULL, 0);
    dg_plan_profile_entry *entries = dg_arena_alloc(p->words, (count + 1) * sizeof *entries);
    double seconds = 0;
    dg_plan_profile_entries(p->plan, entries, entries ? count : 0);
    for (size_t k = 0; entries && k < count; k++)
        if (user_node(entries[k].node) == node->node && entries[k].calls)
            seconds += entries[k].seconds / (double)entries[k].calls;
    node->value = seconds > 0 ? seconds : NAN;
    node->words = seconds > 0 ? probe_words(p->words, "%s µs", print(p->words, seconds * 1e6)) : NULL;
}
