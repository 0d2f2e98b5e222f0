/* A training step allocates nothing once its plans are bound: the allocator's entry points are counted. */
#include "small.h"

#include <errno.h>
#include <stdatomic.h>

static atomic_bool counting;
static atomic_int calls;

#ifndef SANITIZED

/* glibc's own entry points, under which the program's are put. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void count_call(void)
{
    if (atomic_load(&counting))
        atomic_fetch_add(&calls, 1);
}

void *malloc(size_t size)
{
    count_call();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    count_call();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    count_call();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size)
{
    count_call();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count_call();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    count_call();
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

#endif

static void step(dg_trainer *trainer, int count)
{
    bool done;
    for (int i = 0; i < count; i++)
        MUST(dg_trainer_step(trainer, &done));
}

/* 7 batches an epoch, the last one smaller; validation at the end of each. */
static void count_allocations(const char *optimizer, int n_threads)
{
    dg_dataset data = three_clusters(130);
    MUST(dg_dataset_split(&data, 0, 0.2, 1));
    network net = small_classifier(0.2);
    dg_threads *threads;
    MUST(dg_threads_new(n_threads, &threads));
    dg_trainer_options options = options_for(&net, &data, optimizer);
    options.epochs = 30;
    options.schedule = "cosine(warmup=1)";
    options.clip_norm = 1;
    options.task.threads = threads;
    dg_trainer *trainer;
    MUST(dg_trainer_new(&options, &trainer));
    step(trainer, 15);
    atomic_store(&calls, 0);
    atomic_store(&counting, true);
    step(trainer, 70);
    atomic_store(&counting, false);
    cr_assert_eq(atomic_load(&calls), 0, "%s, %d threads: %d allocations in 70 steps", optimizer, n_threads,
                 atomic_load(&calls));
    dg_trainer_free(trainer);
    dg_threads_free(threads);
    network_release(&net);
    dg_dataset_release(&data);
}

Test(steady_state, the_counter_counts)
{
    atomic_store(&counting, true);
    void *volatile memory = malloc(10);
    atomic_store(&counting, false);
    free(memory);
#ifndef SANITIZED
    cr_assert_eq(atomic_load(&calls), 1);
#endif
}

Test(steady_state, training_steps_allocate_nothing)
{
    count_allocations("adam(lr=0.01)", 1);
    count_allocations("sgd(lr=0.01, momentum=0.9)", 2);
    count_allocations("rmsprop(centered=true)", 1);
}
