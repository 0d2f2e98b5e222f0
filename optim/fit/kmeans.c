/* k-means. The nearest centres are found by the engine itself: argmin_j ‖c_j‖²/2 − x·c_j is one matrix product. */
#include "fit.h"

#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>
#include <dotgrad/ops/shape.h>
#include <dotgrad/ops/source.h>

#include <stdlib.h>
#include <string.h>

#define BLOCK 1024 /* rows to a run of the plan, and to a piece of work */

typedef struct clustering {
    int64_t n, k, d;
    const double *rows; /* [n, d] */
    double *centers;    /* [k, d] */
    int64_t *nearest;   /* [n] */
    double *distance;   /* [n]: squared, to the nearest centre */
    int64_t *counts;    /* [k] */
    int64_t fresh;      /* the centre that seeding has just added */
    dg_threads *threads;
    dg_graph *graph;
    dg_node *x, *c;
    dg_plan *plan;
} clustering;

static double squared_distance(const double *restrict a, const double *restrict b, int64_t d)
{
    double sums[4] = {0};
    int64_t i = 0;
    for (; i + 4 <= d; i += 4)
        for (int k = 0; k < 4; k++)
            sums[k] += (a[i + k] - b[i + k]) * (a[i + k] - b[i + k]);
    for (; i < d; i++)
        sums[0] += (a[i] - b[i]) * (a[i] - b[i]);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void seed_piece(void *argument, int64_t piece)
{
    clustering *m = argument;
    const double *center = m->centers + m->fresh * m->d;
    for (int64_t i = piece * BLOCK; i < m->n && i < (piece + 1) * BLOCK; i++) {
        double distance = squared_distance(m->rows + i * m->d, center, m->d);
        if (m->fresh == 0 || distance < m->distance[i])
            m->distance[i] = distance;
    }
}

static void measure_piece(void *argument, int64_t piece)
{
    clustering *m = argument;
    for (int64_t i = piece * BLOCK; i < m->n && i < (piece + 1) * BLOCK; i++)
        m->distance[i] = squared_distance(m->rows + i * m->d, m->centers + m->nearest[i] * m->d, m->d);
}

/* A row drawn with probability in proportion to its squared distance; any row when all distances are 0. */
static int64_t draw_row(const clustering *m, const dg_random *key, uint64_t position)
{
    double total = 0;
    for (int64_t i = 0; i < m->n; i++)
        total += m->distance[i];
    if (!(total > 0))
        return (int64_t)dg_random_below(key, position, (uint64_t)m->n);
    double left = dg_random_unit(key, position) * total;
    int64_t chosen = 0;
    for (int64_t i = 0; i < m->n; i++) {
        if (m->distance[i] <= 0)
            continue;
        chosen = i;
        left -= m->distance[i];
        if (left < 0)
            break;
    }
    return chosen;
}

static void seed_centers(clustering *m, const dg_random *key)
{
    for (int64_t j = 0; j < m->k; j++) {
        int64_t row = j ? draw_row(m, key, (uint64_t)j) : (int64_t)dg_random_below(key, 0, (uint64_t)m->n);
        memcpy(m->centers + j * m->d, m->rows + row * m->d, (size_t)m->d * sizeof(double));
        m->fresh = j;
        dg_threads_run(m->threads, (m->n + BLOCK - 1) / BLOCK, seed_piece, m);
    }
}

static dg_status make_plan(clustering *m)
{
    DG_TRY(dg_graph_new(&m->graph));
    m->x = dg_input(m->graph, DG_SHAPE(DG_N, m->d), .dtype = DG_FLOAT64);
    m->c = dg_input(m->graph, DG_SHAPE(m->k, m->d), .dtype = DG_FLOAT64);
    dg_node *products = dg_matmul(m->x, dg_transpose(m->c, 0, 1)); /* [N, k] */
    dg_node *squares = dg_sum(dg_square(m->c), .dim = DG_INTS(1)); /* [k] */
    dg_node *nearest = dg_argmin(dg_expr("0.5 * q - p", {"q", squares}, {"p", products}), .dim = 1);
    DG_TRY(dg_graph_status(m->graph));
    return dg_plan_new(m->graph, &(dg_plan_options){.fetch = &nearest, .n_fetch = 1, .threads = m->threads}, &m->plan);
}

/* Brings every row to its nearest centre; *moved counts those that had another. */
static dg_status assign(clustering *m, int64_t *moved)
{
    *moved = 0;
    const dg_tensor centers = dg_tensor_view(DG_FLOAT64, DG_SHAPE(m->k, m->d), m->centers);
    for (int64_t begin = 0; begin < m->n; begin += BLOCK) {
        int64_t count = m->n - begin < BLOCK ? m->n - begin : BLOCK;
        const dg_tensor rows = dg_tensor_view(DG_FLOAT64, DG_SHAPE(count, m->d), m->rows + begin * m->d);
        const dg_feed feeds[] = {{m->x, &rows}, {m->c, &centers}};
        DG_TRY(dg_plan_run(m->plan, feeds, 2));
        const dg_tensor *nearest = dg_plan_result(m->plan, 0);
        for (int64_t i = 0; i < count; i++) {
            int64_t j = (int64_t)dg_tensor_get(nearest, i);
            *moved += m->nearest[begin + i] != j;
            m->nearest[begin + i] = j;
        }
    }
    dg_threads_run(m->threads, (m->n + BLOCK - 1) / BLOCK, measure_piece, m);
    return dg_ok();
}

/* The row farthest from its centre becomes the centre of an empty cluster. */
static void reseed(clustering *m, int64_t j)
{
    int64_t farthest = 0;
    for (int64_t i = 1; i < m->n; i++)
        if (m->distance[i] > m->distance[farthest])
            farthest = i;
    memcpy(m->centers + j * m->d, m->rows + farthest * m->d, (size_t)m->d * sizeof(double));
    m->distance[farthest] = 0;
}

static void move_centers(clustering *m)
{
    memset(m->centers, 0, (size_t)(m->k * m->d) * sizeof(double));
    memset(m->counts, 0, (size_t)m->k * sizeof *m->counts);
    for (int64_t i = 0; i < m->n; i++) {
        double *center = m->centers + m->nearest[i] * m->d;
        m->counts[m->nearest[i]]++;
        for (int64_t f = 0; f < m->d; f++)
            center[f] += m->rows[i * m->d + f];
    }
    for (int64_t j = 0; j < m->k; j++) {
        for (int64_t f = 0; m->counts[j] && f < m->d; f++)
            m->centers[j * m->d + f] /= (double)m->counts[j];
        if (!m->counts[j])
            reseed(m, j);
    }
}

dg_status kmeans(const dg_tensor *rows, int64_t iterations, const dg_random *key, dg_threads *threads,
                 dg_tensor *centers)
{
    clustering m = {.n = rows->shape.dims[0],
                    .k = centers->shape.dims[0],
                    .d = centers->shape.dims[1],
                    .rows = rows->data,
                    .centers = centers->data,
                    .threads = threads};
    if (m.n < m.k)
        return dg_error(DG_BAD_DATA, "%lld center(s) need as many rows of data, there are %lld", (long long)m.k,
                        (long long)m.n);
    m.nearest = malloc((size_t)m.n * sizeof *m.nearest);
    m.distance = calloc((size_t)m.n, sizeof *m.distance);
    m.counts = calloc((size_t)m.k, sizeof *m.counts);
    dg_status status = dg_ok();
    if (!m.nearest || !m.distance || !m.counts) {
        status = dg_no_memory("the clusters of %lld rows", (long long)m.n);
        goto done;
    }
    for (int64_t i = 0; i < m.n; i++)
        m.nearest[i] = -1;
    if (key)
        seed_centers(&m, key);
    status = make_plan(&m);
    for (int64_t i = 0; status.code == DG_OK && i < iterations; i++) {
        int64_t moved;
        status = assign(&m, &moved);
        if (status.code != DG_OK || !moved)
            break;
        move_centers(&m);
    }
done:
    dg_plan_free(m.plan);
    dg_graph_free(m.graph);
    free(m.nearest);
    free(m.distance);
    free(m.counts);
    return status;
}
