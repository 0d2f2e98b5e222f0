/* Either there is an x with A·x > 0, or weights λ >= 0, not all 0, with Aᵀ·λ = 0 (P. Gordan, 1873; with A·x >= 0 for
 * some rows: T. Motzkin, 1936). One least squares problem finds whichever it is:
 *
 *     min ‖b − Bλ‖, λ >= 0,   B = [Aᵀ; strictᵀ], b = [0; 1]
 *
 * by the active sets of C. Lawson and R. Hanson ("Solving Least Squares Problems", 1974, chapter 23), whose columns of
 * B are kept as Q·R: a row that comes or goes costs m² (chapter 24). At its end the residual r = (r₁, r₂) has Bᵀ·r <= 0
 * and r₂ = ‖r‖². Where r = 0, λ is the proof that there is no x; else −r₁ is an x.
 */
#include "half_spaces.h"

#include "core/base/null.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NO_RESIDUAL 1e-11 /* of rows of length 1 in float64: a thousand times what rounding leaves */
#define NO_SLOPE    1e-13

typedef struct active_set {
    const half_spaces *system;
    int64_t m, count; /* m = d + 1 */
    int64_t *at;      /* [m + 1] rows whose weights may differ from 0 */
    double *weight;   /* [m + 1] theirs */
    double *solution; /* [m + 1] */
    double *right;    /* [m + 1] */
    double *q;        /* [m, m] columns of Q, one after the other: all of a basis, of which R uses the first */
    double *r;        /* [m + 1, m] columns of R */
    double *residual; /* [m] */
} active_set;

/* Eight sums at a time, which a processor adds side by side. */
static double dot(int64_t n, const double *x, const double *y)
{
    double sums[8] = {0}, sum = 0;
    int64_t k = 0;
    for (; k + 8 <= n; k += 8)
        for (int i = 0; i < 8; i++)
            sums[i] += x[k + i] * y[k + i];
    for (; k < n; k++)
        sum += x[k] * y[k];
    for (int i = 0; i < 8; i++)
        sum += sums[i];
    return sum;
}

static double slope(const active_set *s, int64_t row)
{
    const half_spaces *h = s->system;
    return h->strict[row] * s->residual[h->d] + dot(h->d, h->a + row * h->d, s->residual);
}

static double find_residual(active_set *s, const double *weight)
{
    const half_spaces *h = s->system;
    double square = 0;
    memset(s->residual, 0, (size_t)h->d * sizeof(double));
    s->residual[h->d] = 1;
    for (int64_t i = 0; i < s->count; i++) {
        for (int64_t k = 0; k < h->d; k++)
            s->residual[k] -= weight[i] * h->a[s->at[i] * h->d + k];
        s->residual[h->d] -= weight[i] * h->strict[s->at[i]];
    }
    for (int64_t k = 0; k < s->m; k++)
        square += s->residual[k] * s->residual[k];
    return sqrt(square);
}

/* The row whose weight takes most from the residual; −1: none. */
static int64_t steepest(const active_set *s)
{
    int64_t best = -1;
    double most = NO_SLOPE;
    for (int64_t row = 0; row < s->system->n; row++) {
        double now = slope(s, row);
        if (now > most) {
            best = row;
            most = now;
        }
    }
    for (int64_t i = 0; i < s->count; i++)
        if (s->at[i] == best)
            return -1; /* its slope is rounding */
    return best;
}

/* ---- Q·R ---- */

/* Turns the plane of two vectors so that (x, y) becomes (length, 0). */
typedef struct rotation {
    double c, s;
} rotation;

static rotation rotation_of(double x, double y, double *length)
{
    *length = hypot(x, y);
    return *length > 0 ? (rotation){x / *length, y / *length} : (rotation){1, 0};
}

static void rotate(rotation by, int64_t n, double *restrict x, double *restrict y)
{
    for (int64_t k = 0; k < n; k++) {
        double turned = by.c * x[k] + by.s * y[k];
        y[k] = by.c * y[k] - by.s * x[k];
        x[k] = turned;
    }
}

/* Qᵀ·v, its first `count` numbers. */
static void into_basis(const active_set *s, int64_t count, const double *v, double *found)
{
    for (int64_t i = 0; i < count; i++)
        found[i] = dot(s->m, s->q + i * s->m, v);
}

/* With weight 0; false: it depends on those that are there. */
static bool add_row(active_set *s, int64_t row)
{
    const half_spaces *h = s->system;
    int64_t m = s->m, last = s->count;
    double *column = s->r + last * m;
    if (last == m)
        return false;
    memcpy(s->solution, h->a + row * h->d, (size_t)h->d * sizeof(double));
    s->solution[h->d] = h->strict[row];
    into_basis(s, m, s->solution, column);
    for (int64_t k = m - 1; k > last; k--) {
        rotate(rotation_of(column[k - 1], column[k], &column[k - 1]), m, s->q + (k - 1) * m, s->q + k * m);
        column[k] = 0;
    }
    s->at[last] = row;
    s->weight[last] = 0;
    s->count++;
    return fabs(column[last]) > NO_SLOPE;
}

static void remove_row(active_set *s, int64_t i)
{
    int64_t m = s->m, after = --s->count - i;
    memmove(s->at + i, s->at + i + 1, (size_t)after * sizeof *s->at);
    memmove(s->weight + i, s->weight + i + 1, (size_t)after * sizeof(double));
    memmove(s->r + i * m, s->r + (i + 1) * m, (size_t)(after * m) * sizeof(double));
    for (int64_t k = i; k < s->count; k++) { /* column k reaches down to k + 1 */
        double *column = s->r + k * m;
        rotation by = rotation_of(column[k], column[k + 1], &column[k]);
        column[k + 1] = 0;
        for (int64_t j = k + 1; j < s->count; j++)
            rotate(by, 1, s->r + j * m + k, s->r + j * m + k + 1);
        rotate(by, m, s->q + k * m, s->q + (k + 1) * m);
    }
}

/* x += R⁻¹·Qᵀ·v */
static void add_solution(const active_set *s, const double *v, double *right, double *x)
{
    into_basis(s, s->count, v, right);
    for (int64_t i = s->count - 1; i >= 0; i--) {
        const double *column = s->r + i * s->m;
        right[i] /= column[i];
        x[i] += right[i];
        for (int64_t k = 0; k < i; k++)
            right[k] -= right[i] * column[k];
    }
}

/* Least squares over the rows of the set, with weights of any sign; once more for what rounding has left. */
static void solve_free(active_set *s)
{
    memset(s->solution, 0, (size_t)(s->m + 1) * sizeof(double));
    for (int turn = 0; turn < 2; turn++) {
        (void)find_residual(s, s->solution);
        add_solution(s, s->residual, s->right, s->solution);
    }
}

/* Goes from the weights towards the free solution until one is 0, and leaves that row out; false: all arrive. */
static bool meets_zero(active_set *s)
{
    double step = 1;
    int64_t first = -1;
    for (int64_t i = 0; i < s->count; i++)
        if (s->solution[i] <= 0) {
            double here = s->weight[i] / (s->weight[i] - s->solution[i]);
            if (first < 0 || here < step) {
                first = i;
                step = here;
            }
        }
    for (int64_t i = 0; i < s->count; i++)
        s->weight[i] += (first < 0 ? 1 : step) * (s->solution[i] - s->weight[i]);
    for (int64_t i = s->count - 1; i >= 0; i--)
        if (i == first || !(s->weight[i] > 0))
            remove_row(s, i);
    return first >= 0;
}

static double descend(active_set *s)
{
    double length = find_residual(s, s->weight);
    for (int64_t turn = 0; turn < 20 * s->m + 100 && length > NO_RESIDUAL; turn++) {
        int64_t row = steepest(s);
        if (row < 0)
            break;
        if (!add_row(s, row))
            return length;
        do
            solve_free(s);
        while (meets_zero(s));
        double now = find_residual(s, s->weight);
        if (!(now < length))
            return now;
        length = now;
    }
    return length;
}

/* Every product is 0: without rounding. */
static bool is_exactly_zero(int64_t n, const double *a, const double *x)
{
    for (int64_t k = 0; k < n; k++)
        if (a[k] * x[k] != 0)
            return false;
    return true;
}

static bool is_solution(const half_spaces *h, const double *x)
{
    double size = 0;
    for (int64_t k = 0; k < h->d; k++)
        size += x[k] * x[k];
    size = sqrt(size);
    for (int64_t row = 0; row < h->n; row++) {
        const double *a = h->a + row * h->d;
        if (!(h->strict[row] > 0) && is_exactly_zero(h->d, a, x))
            continue;
        if (!(dot(h->d, a, x) > 1e-15 * (double)h->d * size)) /* beyond the rounding of the sum */
            return false;
    }
    return true;
}

dg_status half_spaces_solve(const half_spaces *system, double *x, double *weight, half_spaces_answer *answer)
{
    int64_t m = system->d + 1;
    size_t room = (size_t)m + 1;
    active_set s = {.system = system,
                    .m = m,
                    .at = calloc(room, sizeof *s.at),
                    .weight = calloc(room, sizeof(double)),
                    .solution = calloc(room, sizeof(double)),
                    .right = calloc(room, sizeof(double)),
                    .q = calloc(room * room, sizeof(double)),
                    .r = calloc(room * room, sizeof(double)),
                    .residual = calloc(room, sizeof(double))};
    dg_status status = dg_ok();
    *answer = HALF_SPACES_CLOSE;
    if (!s.at || !s.weight || !s.solution || !s.right || !s.q || !s.r || !s.residual) {
        status = dg_no_memory("%lld inequalities", (long long)system->n);
        goto done;
    }
    for (int64_t k = 0; k < m; k++)
        s.q[k * m + k] = 1;
    double length = descend(&s);
    for (int64_t k = 0; k < system->d; k++)
        x[k] = -s.residual[k];
    memset(weight, 0, (size_t)system->n * sizeof(double));
    for (int64_t i = 0; i < s.count; i++)
        weight[s.at[i]] = s.weight[i];
    *answer = length <= NO_RESIDUAL    ? HALF_SPACES_DISJOINT
              : is_solution(system, x) ? HALF_SPACES_MEET
                                       : HALF_SPACES_CLOSE;
done:
    free(s.at);
    free(s.weight);
    free(s.solution);
    free(s.right);
    free(s.q);
    free(s.r);
    free(s.residual);
    return status;
}
