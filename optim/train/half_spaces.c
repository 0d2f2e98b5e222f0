/* Either there is an x with A·x > 0, or weights λ >= 0, not all 0, with Aᵀ·λ = 0 (P. Gordan, 1873; with A·x >= 0 for
 * some rows: T. Motzkin, 1936). One least squares problem finds whichever it is:
 *
 *     min ‖b − Bλ‖, λ >= 0,   B = [Aᵀ; strictᵀ], b = [0; 1]
 *
 * by the active sets of C. Lawson and R. Hanson ("Solving Least Squares Problems", 1974, chapter 23). At its end the
 * residual r = (r₁, r₂) has Bᵀ·r <= 0 and r₂ = ‖r‖². Where r = 0, λ is the proof that there is no x; else −r₁ is an x.
 */
#include "half_spaces.h"

#include "core/base/null.h"

#include <lapacke.h>
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
    double *matrix;   /* [m, m + 1] */
    double *residual; /* [m] */
} active_set;

static double slope(const active_set *s, int64_t row)
{
    const double *a = s->system->a + row * s->system->d;
    double sum = s->system->strict[row] * s->residual[s->system->d];
    for (int64_t k = 0; k < s->system->d; k++)
        sum += a[k] * s->residual[k];
    return sum;
}

static double find_residual(active_set *s)
{
    const half_spaces *h = s->system;
    double square = 0;
    memset(s->residual, 0, (size_t)h->d * sizeof(double));
    s->residual[h->d] = 1;
    for (int64_t i = 0; i < s->count; i++) {
        for (int64_t k = 0; k < h->d; k++)
            s->residual[k] -= s->weight[i] * h->a[s->at[i] * h->d + k];
        s->residual[h->d] -= s->weight[i] * h->strict[s->at[i]];
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

/* Least squares over the rows of the set, with weights of any sign. */
static bool solve_free(active_set *s)
{
    const half_spaces *h = s->system;
    for (int64_t i = 0; i < s->count; i++) {
        memcpy(s->matrix + i * s->m, h->a + s->at[i] * h->d, (size_t)h->d * sizeof(double));
        s->matrix[i * s->m + h->d] = h->strict[s->at[i]];
    }
    memset(s->solution, 0, (size_t)(s->m + 1) * sizeof(double));
    s->solution[h->d] = 1;
    return s->count <= s->m && LAPACKE_dgels(LAPACK_COL_MAJOR, 'N', (lapack_int)s->m, (lapack_int)s->count, 1,
                                             s->matrix, (lapack_int)s->m, s->solution, (lapack_int)s->m) == 0;
}

/* Goes from the weights towards the free solution until one is 0, and leaves that row out; false: all arrive. */
static bool meets_zero(active_set *s)
{
    double step = 1;
    int64_t first = -1, kept = 0;
    for (int64_t i = 0; i < s->count; i++)
        if (s->solution[i] <= 0) {
            double here = s->weight[i] / (s->weight[i] - s->solution[i]);
            if (first < 0 || here < step) {
                first = i;
                step = here;
            }
        }
    for (int64_t i = 0; i < s->count; i++) {
        double weight = s->weight[i] + (first < 0 ? 1 : step) * (s->solution[i] - s->weight[i]);
        if (i == first || !(weight > 0))
            continue;
        s->at[kept] = s->at[i];
        s->weight[kept++] = weight;
    }
    s->count = kept;
    return first >= 0;
}

static double descend(active_set *s)
{
    double length = find_residual(s);
    for (int64_t turn = 0; turn < 20 * s->m + 100 && length > NO_RESIDUAL; turn++) {
        int64_t row = steepest(s);
        if (row < 0)
            break;
        s->at[s->count] = row;
        s->weight[s->count++] = 0;
        do
            if (!solve_free(s))
                return length;
        while (meets_zero(s));
        double now = find_residual(s);
        if (!(now < length))
            return now;
        length = now;
    }
    return length;
}

static bool is_solution(const half_spaces *h, const double *x)
{
    double size = 0;
    for (int64_t k = 0; k < h->d; k++)
        size += x[k] * x[k];
    size = sqrt(size);
    for (int64_t row = 0; row < h->n; row++) {
        double sum = 0;
        bool is_zero = true;
        for (int64_t k = 0; k < h->d; k++) {
            sum += h->a[row * h->d + k] * x[k];
            is_zero &= h->a[row * h->d + k] * x[k] == 0;
        }
        if (is_zero && !(h->strict[row] > 0))
            continue;
        if (!(sum > 1e-15 * (double)h->d * size)) /* beyond the rounding of the sum */
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
                    .matrix = calloc(room * room, sizeof(double)),
                    .residual = calloc(room, sizeof(double))};
    dg_status status = dg_ok();
    *answer = HALF_SPACES_CLOSE;
    if (!s.at || !s.weight || !s.solution || !s.matrix || !s.residual) {
        status = dg_no_memory("%lld inequalities", (long long)system->n);
        goto done;
    }
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
    free(s.matrix);
    free(s.residual);
    return status;
}
