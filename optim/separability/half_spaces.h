/* Systems of linear inequalities through the origin. */
#ifndef OPTIM_HALF_SPACES_H
#define OPTIM_HALF_SPACES_H

#include <dotgrad/status.h>

#include <stdint.h>

typedef struct half_spaces {
    int64_t n, d;
    const double *a;      /* [n, d], each row of length 1 */
    const double *strict; /* [n], 1: a·x > 0 is asked for; 0: a·x >= 0; one at least is strict */
} half_spaces;

typedef enum half_spaces_answer {
    HALF_SPACES_CLOSE,   /* rounding hides which */
    HALF_SPACES_MEET,    /* x is a solution */
    HALF_SPACES_DISJOINT /* there is none: Σ weight·a = 0, where all weights are >= 0 and some strict one's is not 0 */
} half_spaces_answer;

/* x [d], weight [n]. At most d + 1 weights are not 0. */
dg_status half_spaces_solve(const half_spaces *system, double *x, double *weight, half_spaces_answer *answer);

#endif
