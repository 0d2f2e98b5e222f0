#include <criterion/criterion.h>
#include <dotgrad/threads.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 257 };

typedef struct tally {
    _Atomic int counts[MOST];
    int plain[MOST]; /* written without atomics: dg_threads_run must order it with the caller */
} tally;

static void count_piece(void *argument, int64_t piece)
{
    tally *t = argument;
    atomic_fetch_add(&t->counts[piece], 1);
    t->plain[piece] = (int)piece + 1;
}

static void check_once_each(dg_threads *threads, int64_t pieces)
{
    tally t;
    memset(&t, 0, sizeof t);
    dg_threads_run(threads, pieces, count_piece, &t);
    for (int i = 0; i < MOST; i++) {
        cr_assert_eq(atomic_load(&t.counts[i]), i < pieces, "piece %d of %d", i, (int)pieces);
        cr_assert_eq(t.plain[i], i < pieces ? i + 1 : 0);
    }
}

Test(threads, covers_each_piece_exactly_once)
{
    for (int count = 1; count <= 4; count++) {
        dg_threads *threads;
        cr_assert_eq(dg_threads_new(count, &threads).code, DG_OK);
        cr_assert_eq(dg_threads_count(threads), count);
        for (int run = 0; run < 5000; run++)
            check_once_each(threads, run % MOST);
        dg_threads_free(threads);
    }
}

Test(threads, covers_each_piece_after_the_workers_went_to_sleep)
{
    dg_threads *threads;
    cr_assert_eq(dg_threads_new(2, &threads).code, DG_OK);
    for (int run = 0; run < 200; run++) {
        nanosleep(&(struct timespec){.tv_nsec = run % 2 ? 300000 : 50000}, NULL);
        check_once_each(threads, 8);
    }
    dg_threads_free(threads);
}

static void note_order(void *argument, int64_t piece)
{
    int64_t *next = argument;
    cr_assert_eq(piece, (*next)++);
}

Test(threads, without_a_pool_the_caller_works_in_order)
{
    int64_t next = 0;
    dg_threads_run(NULL, 10, note_order, &next);
    cr_assert_eq(next, 10);
    dg_threads_run(NULL, 0, note_order, &next);
    cr_assert_eq(next, 10);
    cr_assert_eq(dg_threads_count(NULL), 1);
    dg_threads_free(NULL);
}

typedef struct meeting {
    atomic_int arrived;
    bool together;
} meeting;

/* Each piece waits a while for the other one to begin. */
static void meet(void *argument, int64_t piece)
{
    meeting *m = argument;
    (void)piece;
    atomic_fetch_add(&m->arrived, 1);
    for (int i = 0; i < 60000 && atomic_load(&m->arrived) < 2; i++)
        usleep(1000);
    if (atomic_load(&m->arrived) == 2)
        m->together = true;
}

Test(threads, two_threads_work_at_the_same_time)
{
    dg_threads *threads;
    cr_assert_eq(dg_threads_new(2, &threads).code, DG_OK);
    meeting m = {0};
    dg_threads_run(threads, 2, meet, &m);
    cr_assert(m.together);
    dg_threads_free(threads);
}

typedef struct nest {
    dg_threads *threads;
    atomic_int inner;
} nest;

static void count_inner(void *argument, int64_t piece)
{
    (void)piece;
    atomic_fetch_add((atomic_int *)argument, 1);
}

static void run_inner(void *argument, int64_t piece)
{
    nest *n = argument;
    (void)piece;
    dg_threads_run(n->threads, 5, count_inner, &n->inner);
}

Test(threads, a_run_inside_a_run_works_alone)
{
    nest n = {0};
    cr_assert_eq(dg_threads_new(2, &n.threads).code, DG_OK);
    for (int run = 0; run < 500; run++)
        dg_threads_run(n.threads, 6, run_inner, &n);
    cr_assert_eq(atomic_load(&n.inner), 500 * 6 * 5);
    dg_threads_free(n.threads);
}

static void *call_often(void *argument)
{
    for (int run = 0; run < 3000; run++)
        check_once_each(argument, 1 + run % 20);
    return NULL;
}

Test(threads, two_callers_share_a_pool)
{
    dg_threads *threads;
    pthread_t other;
    cr_assert_eq(dg_threads_new(2, &threads).code, DG_OK);
    cr_assert_eq(pthread_create(&other, NULL, call_often, threads), 0);
    call_often(threads);
    pthread_join(other, NULL);
    dg_threads_free(threads);
}

Test(threads, count_comes_from_the_environment)
{
    dg_threads *threads;
    setenv("DG_NUM_THREADS", "3", 1);
    cr_assert_eq(dg_threads_new(0, &threads).code, DG_OK);
    cr_assert_eq(dg_threads_count(threads), 3);
    dg_threads_free(threads);
    cr_assert_eq(dg_threads_new(1, &threads).code, DG_OK);
    cr_assert_eq(dg_threads_count(threads), 1);
    dg_threads_free(threads);
    unsetenv("DG_NUM_THREADS");
    cr_assert_eq(dg_threads_new(0, &threads).code, DG_OK);
    cr_assert_geq(dg_threads_count(threads), 1);
    dg_threads_free(threads);
    const char *const wrong[] = {"0", "-2", "two", "2x", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        setenv("DG_NUM_THREADS", wrong[i], 1);
        dg_status status = dg_threads_new(0, &threads);
        cr_assert_eq(status.code, DG_BAD_ARGUMENT);
        cr_assert(strstr(status.message, wrong[i]));
        cr_assert_null(threads);
    }
    cr_assert_eq(dg_threads_new(-1, &threads).code, DG_BAD_ARGUMENT);
}
