/* A pool of threads that claim pieces of work.
 *
 * One word, the ticket, tells the run and the next piece of it. Whoever raises the piece number by compare-and-swap
 * has claimed that piece. A worker that read the description of an earlier run holds an earlier ticket, and its claim
 * fails; so the description may be rewritten while workers look at it. */
#include <dotgrad/threads.h>

#include "blas.h"
#include "core/base/null.h"

#include <cblas.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 1024, SPIN_NANOSECONDS = 50000, CACHE_LINE = 64 };

/* The upper half of a ticket is the number of its run, the lower one the next piece. */
#define MOST_PIECES UINT64_C(0xFFFFFFFE)
#define CLOSED      UINT64_C(0xFFFFFFFF) /* as a piece: the run is being described */

struct dg_threads {
    _Alignas(CACHE_LINE) _Atomic uint64_t ticket;
    _Alignas(CACHE_LINE) _Atomic uint64_t finished; /* pieces of this run that are done */
    _Alignas(CACHE_LINE) _Atomic uint64_t pieces;   /* the run's description */
    _Atomic int64_t first;
    _Atomic(void *) argument;
    void (*_Atomic work)(void *argument, int64_t piece);
    _Alignas(CACHE_LINE) atomic_int sleepers;
    atomic_bool busy; /* somebody's run is going on */
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int count;     /* threads, the caller's included */
    int n_workers; /* started */
    pthread_t *workers;
};

static uint64_t run_of(uint64_t ticket)
{
    return ticket >> 32;
}

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* A wait that begins by spinning. spin_on() is false once SPIN_NANOSECONDS have gone by. */
typedef struct spin {
    unsigned turns;
    int64_t end;
} spin;

static bool spin_on(spin *s)
{
    enum { TURNS_BETWEEN_LOOKS = 64 }; /* at the clock */
    relax();
    if (++s->turns % TURNS_BETWEEN_LOOKS != 0)
        return true;
    int64_t time = now();
    if (!s->end)
        s->end = time + SPIN_NANOSECONDS;
    return time < s->end;
}

/* Claims and does pieces of the run that `ticket` is of, until none is left. */
static void work_on(dg_threads *pool, uint64_t ticket)
{
    uint64_t done = 0, run = run_of(ticket);
    while (run_of(ticket) == run && (ticket & CLOSED) != CLOSED) {
        uint64_t piece = ticket & CLOSED;
        uint64_t pieces = atomic_load_explicit(&pool->pieces, memory_order_acquire);
        int64_t first = atomic_load_explicit(&pool->first, memory_order_acquire);
        void *argument = atomic_load_explicit(&pool->argument, memory_order_acquire);
        void (*work)(void *, int64_t) = atomic_load_explicit(&pool->work, memory_order_acquire);
        if (piece >= pieces)
            break;
        if (atomic_compare_exchange_weak_explicit(&pool->ticket, &ticket, ticket + 1, memory_order_acq_rel,
                                                  memory_order_acquire)) {
            work(argument, first + (int64_t)piece);
            done++;
            ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
        }
    }
    if (done)
        atomic_fetch_add_explicit(&pool->finished, done, memory_order_release);
}

static void sleep_until_run(dg_threads *pool, uint64_t seen)
{
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleepers, 1);
    while (run_of(atomic_load(&pool->ticket)) == seen && !atomic_load(&pool->stop))
        pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *worker(void *argument)
{
    dg_threads *pool = argument;
    uint64_t seen = 0; /* the run worked on last */
    for (;;) {
        spin wait = {0};
        uint64_t ticket;
        while (ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire),
               run_of(ticket) == seen || (ticket & CLOSED) == CLOSED) {
            if (atomic_load_explicit(&pool->stop, memory_order_relaxed))
                return NULL;
            if (!spin_on(&wait))
                sleep_until_run(pool, seen);
        }
        seen = run_of(ticket);
        work_on(pool, ticket);
    }
}

static void wake_all(dg_threads *pool)
{
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

/* One run of at most MOST_PIECES pieces. */
static void run_together(dg_threads *pool, int64_t first, uint64_t pieces, void (*work)(void *, int64_t),
                         void *argument)
{
    uint64_t run = run_of(atomic_load_explicit(&pool->ticket, memory_order_relaxed)) + 1;
    run &= UINT64_C(0xFFFFFFFF);
    /* Closed first: a worker that sees any part of the new description cannot claim with the old ticket any more. */
    atomic_store_explicit(&pool->ticket, run << 32 | CLOSED, memory_order_release);
    atomic_store_explicit(&pool->pieces, pieces, memory_order_release);
    atomic_store_explicit(&pool->first, first, memory_order_release);
    atomic_store_explicit(&pool->argument, argument, memory_order_release);
    atomic_store_explicit(&pool->work, work, memory_order_release);
    atomic_store_explicit(&pool->finished, 0, memory_order_relaxed);
    atomic_store(&pool->ticket, run << 32);
    if (atomic_load(&pool->sleepers) > 0)
        wake_all(pool);
    work_on(pool, run << 32);
    spin wait = {0};
    while (atomic_load_explicit(&pool->finished, memory_order_acquire) != pieces)
        if (!spin_on(&wait))
            sched_yield(); /* a worker with a piece in hand may want this very processor */
}

void dg_threads_run(dg_threads *threads, int64_t pieces, void (*work)(void *argument, int64_t piece), void *argument)
{
    if (!work)
        return;
    bool alone = !threads || threads->n_workers == 0 || pieces <= 1 ||
                 atomic_exchange_explicit(&threads->busy, true, memory_order_acquire);
    if (alone) {
        for (int64_t piece = 0; piece < pieces; piece++)
            work(argument, piece);
        return;
    }
    for (int64_t first = 0; first < pieces; first += (int64_t)MOST_PIECES) {
        uint64_t left = (uint64_t)(pieces - first);
        run_together(threads, first, left < MOST_PIECES ? left : MOST_PIECES, work, argument);
    }
    atomic_store_explicit(&threads->busy, false, memory_order_release);
}

void threads_hold_blas(void)
{
    if (openblas_get_num_threads() != 1)
        openblas_set_num_threads(1);
}

static dg_status count_threads(int asked, int *count)
{
    cpu_set_t allowed;
    *count = asked;
    if (asked < 0 || asked > MOST_THREADS)
        return dg_error(DG_BAD_ARGUMENT, "%d thread(s): expected a number from 1 to %d, or 0 for all processors", asked,
                        MOST_THREADS);
    const char *text = getenv("DG_NUM_THREADS");
    if (asked == 0 && text && *text) {
        char *end;
        errno = 0;
        long number = strtol(text, &end, 10);
        if (*end || errno || number < 1 || number > MOST_THREADS)
            return dg_error(DG_BAD_ARGUMENT, "DG_NUM_THREADS is '%s', expected a number from 1 to %d", text,
                            MOST_THREADS);
        *count = (int)number;
    } else if (asked == 0) {
        *count = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed)
                                                                     : (int)sysconf(_SC_NPROCESSORS_ONLN);
        *count = *count < 1 ? 1 : *count > MOST_THREADS ? MOST_THREADS : *count;
    }
    return dg_ok();
}

/* Where workers may run: anywhere the process may, except where the caller is now, as far as that leaves one processor
 * for each. The caller itself is never bound. */
static bool worker_processors(int n_workers, cpu_set_t *processors)
{
    int mine = sched_getcpu();
    if (mine < 0 || mine >= CPU_SETSIZE || sched_getaffinity(0, sizeof *processors, processors) != 0)
        return false;
    CPU_CLR((size_t)mine, processors);
    return CPU_COUNT(processors) >= n_workers;
}

static dg_status start_workers(dg_threads *pool)
{
    cpu_set_t processors;
    int wanted = pool->count - 1, error = 0;
    bool bound = worker_processors(wanted, &processors);
    pool->workers = calloc((size_t)wanted + 1, sizeof *pool->workers);
    if (!pool->workers)
        return dg_no_memory("%d threads", pool->count);
    while (pool->n_workers < wanted) {
        pthread_t *started = &pool->workers[pool->n_workers];
        error = pthread_create(started, NULL, worker, pool);
        if (error != 0)
            return dg_error(DG_NO_MEMORY, "cannot start thread %d of %d", pool->n_workers + 2, pool->count);
        pool->n_workers++;
        if (bound)
            pthread_setaffinity_np(*started, sizeof processors, &processors);
    }
    return dg_ok();
}

dg_status dg_threads_new(int count, dg_threads **threads)
{
    REFUSE_NULL(threads);
    *threads = NULL;
    DG_TRY(count_threads(count, &count));
    void *memory;
    if (posix_memalign(&memory, CACHE_LINE, sizeof(dg_threads)) != 0)
        return dg_no_memory("%d threads", count);
    memset(memory, 0, sizeof(dg_threads));
    dg_threads *pool = memory;
    pool->count = count;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    threads_hold_blas();
    dg_status status = start_workers(pool);
    if (status.code == DG_OK)
        *threads = pool;
    else
        dg_threads_free(pool);
    return status;
}

void dg_threads_free(dg_threads *threads)
{
    if (!threads)
        return;
    atomic_store(&threads->stop, true);
    wake_all(threads);
    for (int i = 0; i < threads->n_workers; i++)
        pthread_join(threads->workers[i], NULL);
    pthread_cond_destroy(&threads->wake);
    pthread_mutex_destroy(&threads->lock);
    free(threads->workers);
    free(threads);
}

int dg_threads_count(const dg_threads *threads)
{
    return threads ? threads->count : 1;
}
