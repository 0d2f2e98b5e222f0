/* Losses of margins, told by their shape as functions of the score, whatever ops they are written with. */
#include "score.h"

#include "core/base/null.h"
#include "optim/batch/reach.h"

#include <math.h>
#include <stdlib.h>

/* ---- the node ---- */

enum { LEARNT = 1, FED = 2, BOTH = 3 };

/* BOTH: it changes with what is learnt and with the row. */
static void mark_sources(const dg_graph *graph, int64_t last, unsigned char *marks)
{
    for (int64_t id = 0; id <= last; id++) {
        const dg_node *node = dg_graph_node(graph, id);
        marks[id] = threshold_may_move(node) ? LEARNT : dg_node_op(node)->role == DG_ROLE_INPUT ? FED : 0;
        for (int k = 0; k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k))
                marks[id] |= marks[dg_node_id(dg_node_input(node, k))];
    }
}

static bool has_rows(const dg_node *node)
{
    const dg_shape *shape = &dg_node_type(node, 0)->shape;
    return shape->rank >= 1 && shape->dims[0] == DG_N;
}

static bool is_score(const dg_node *node, bool has_classes)
{
    const dg_type *type = dg_node_type(node, 0);
    if (!has_rows(node) || !dg_dtype_is_float(type->dtype))
        return false;
    if (has_classes)
        return type->shape.rank == 2 && type->shape.dims[1] > 1;
    for (int k = 1; k < type->shape.rank; k++)
        if (type->shape.dims[k] != 1)
            return false;
    return true;
}

/* reader[id]: the last node that reads it on the way to the loss; the result: the last one where parameters alone join
 * rows. */
static int64_t find_readers(const dg_graph *graph, int64_t last, const bool *reached, const unsigned char *marks,
                            int64_t *reader)
{
    int64_t join = 0;
    for (int64_t id = 0; id <= last; id++) {
        const dg_node *node = dg_graph_node(graph, id);
        if (!reached[id] || marks[id] != BOTH)
            continue;
        for (int k = 0; k < dg_node_input_count(node); k++) {
            const dg_node *input = dg_node_input(node, k);
            if (!input)
                continue;
            reader[dg_node_id(input)] = id;
            if (marks[dg_node_id(input)] == LEARNT && has_rows(node))
                join = id;
        }
    }
    return join;
}

dg_status score_find(dg_node *loss, bool has_classes, const dg_node *after, dg_node **score)
{
    dg_graph *graph = dg_node_graph(loss);
    const int64_t last = dg_node_id(loss), from = after ? dg_node_id(after) + 1 : 0;
    bool *reached = NULL;
    unsigned char *marks = calloc((size_t)last + 1, sizeof *marks);
    int64_t *reader = calloc((size_t)last + 1, sizeof *reader), furthest = 0;
    dg_status status = marks && reader ? dg_ok() : dg_no_memory("%lld nodes", (long long)last);
    *score = NULL;
    if (status.code == DG_OK)
        status = reach_new(graph, &loss, 1, &reached);
    if (status.code == DG_OK) {
        mark_sources(graph, last, marks);
        int64_t join = find_readers(graph, last, reached, marks, reader);
        for (int64_t id = 0; id <= last && !*score; id++) {
            dg_node *node = dg_graph_node(graph, id);
            if (!reached[id] || marks[id] != BOTH)
                continue;
            if (furthest <= id && id >= join && id >= from &&
                is_score(node, has_classes)) /* nothing before is read after */
                *score = node;
            furthest = reader[id] > furthest ? reader[id] : furthest;
        }
    }
    free(reached);
    free(marks);
    free(reader);
    return status;
}

/* ---- the loss as a function of it ---- */

static const double places[] = {-1e6, -1e3, -10, -3, -1, -0.3, -0.1, 0, 0.1, 0.3, 1, 3, 10, 1e3, 1e6};

enum { N_PLACES = sizeof places / sizeof *places, MIDDLE = N_PLACES / 2, ONE = MIDDLE + 3, TEN = MIDDLE + 5 };

/* A row's losses at the places; NaN, which a formula may be far out, is passed over. */
typedef struct curve {
    double loss[N_PLACES];
} curve;

/* The loss on the way to the side that is wanted: k places beyond 0. */
static double towards(const curve *c, double wanted, int k)
{
    return c->loss[wanted > 0 ? MIDDLE + k : MIDDLE - k];
}

/* 1: it falls with the score and never rises, −1: the other way, 0: constant; NaN: neither. */
static double side_of(const curve *c)
{
    double before = NAN;
    bool falls = false, rises = false;
    for (int k = 0; k < N_PLACES; k++) {
        double now = c->loss[k], rounding = 1e-6 * (fabs(now) + fabs(before));
        rises |= now > before && !(now - before <= rounding && isfinite(now));
        falls |= now < before && !(before - now <= rounding && isfinite(before));
        before = isnan(now) ? before : now;
    }
    return falls && rises ? NAN : falls ? 1 : rises ? -1 : 0;
}

/* A mean of scores alone falls for ever: no row is ever right. */
static bool levels_off(const curve *c, double wanted)
{
    double far = towards(c, wanted, MIDDLE), near = towards(c, wanted, MIDDLE - 1),
           against = towards(c, wanted, 1 - MIDDLE);
    return isnan(far) || isnan(near) || isnan(against) || near - far <= 0.01 * (against - near);
}

/* Whether two rows that want something have one loss, mirrored where they want different sides, but for a factor and a
 * constant. */
static bool is_same(const curve *a, double a_wants, const curve *b, double b_wants)
{
    const int one = ONE - MIDDLE, ten = TEN - MIDDLE;
    double a_best = towards(a, a_wants, one), b_best = towards(b, b_wants, one);
    double a_span = towards(a, a_wants, -one) - a_best, b_span = towards(b, b_wants, -one) - b_best;
    if (!(a_span > 0) || !(b_span > 0))
        return false;
    for (int k = -ten; k <= ten; k++) {
        double x = (towards(a, a_wants, k) - a_best) / a_span, y = (towards(b, b_wants, k) - b_best) / b_span;
        if (!(fabs(x - y) <= 1e-3 * (1 + fabs(x))))
            return false;
    }
    return true;
}

static dg_status find_curves(const question *q, curve *curves, bool *are_there)
{
    *are_there = true;
    for (int k = 0; k < N_PLACES && *are_there; k++) {
        dg_tensor losses = {0};
        dg_status status = question_loss(q, &places[k], 1, &losses);
        *are_there = status.code == DG_OK && losses.data;
        for (int64_t row = 0; *are_there && row < q->rows.count; row++)
            curves[row].loss[k] = dg_tensor_get(&losses, row);
        dg_tensor_release(&losses);
        DG_TRY(status);
    }
    return dg_ok();
}

dg_status score_wants(question *q, bool *is_margin)
{
    curve *curves = calloc((size_t)q->rows.count, sizeof *curves);
    int64_t first = -1;
    if (!curves)
        return dg_no_memory("losses of %lld rows", (long long)q->rows.count);
    dg_status status = find_curves(q, curves, is_margin);
    q->any_threshold = false;
    for (int64_t row = 0; status.code == DG_OK && *is_margin && row < q->rows.count; row++) {
        double side = side_of(&curves[row]);
        *is_margin = side == 0 || (!isnan(side) && levels_off(&curves[row], side));
        q->wanted[row] = side;
        if (side == 0)
            continue;
        if (first < 0)
            first = row;
        q->any_threshold |= !is_same(&curves[first], q->wanted[first], &curves[row], side);
    }
    free(curves);
    return status;
}
