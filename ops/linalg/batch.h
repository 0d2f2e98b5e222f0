/* Stacks of matrices [.., rows, columns], worked on one by one, several threads at a time. */
#ifndef OPS_MATRIX_BATCH_H
#define OPS_MATRIX_BATCH_H

#include <dotgrad/op.h>

enum { MOST_PIECES = 16 };

/* Work on every matrix of a batch. `one` does number `matrix` with `work` bytes of its own, which the next matrix of
 * the same piece finds as they were left; `*held` is such a place too, −1 at first. It returns 0 or what failed. */
typedef struct matrix_job matrix_job;
struct matrix_job {
    const dg_kernel *kernel;
    dg_dtype dtype;
    dg_shape batch;  /* leading sizes of the results */
    int64_t m, n, k; /* sizes, as the job needs them */
    int64_t (*one)(const matrix_job *job, int64_t matrix, void *work, int64_t *held);
    size_t work; /* bytes */
    int64_t pieces, each;
    struct failure {
        int64_t matrix, info; /* info 0: none */
    } failures[MOST_PIECES];
};

/* Shape rules: floats of at least two dimensions, and square. */
dg_status want_matrices(const dg_infer *infer, int k);
dg_status want_square(const dg_infer *infer, int k);

/* A job over matrices like those of `result`, whose leading sizes are the batch; m and n are its last two. */
matrix_job matrix_job_of(const dg_kernel *kernel, const dg_tensor *result);
/* Bytes of the kernel's workspace, once `work` and the sizes are set. */
size_t matrix_job_bytes(matrix_job *job);
/* Runs it. The first failure is DG_NUMERIC: "matrix 3 of the batch: …", where `what` has one %lld for its number. */
dg_status matrix_job_run(matrix_job *job, const char *what);

/* Matrix number `matrix` of the batch in an operand that is broadcast to it, and which one of its own that is. */
int64_t matrix_of_batch(const matrix_job *job, const dg_tensor *operand, int64_t matrix);
void *matrix_at(const dg_tensor *tensor, int64_t matrix);
size_t matrix_bytes(const dg_tensor *tensor); /* of one */
void matrix_copy(void *to, const dg_tensor *from, int64_t matrix);

#endif
