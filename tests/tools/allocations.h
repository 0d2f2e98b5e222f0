/* Memory that runs out: a scenario is repeated with its first allocation failing, with its second, … and with all from
 * there on. It has the same result, or DG_NO_MEMORY; under -Db_sanitize=address nothing is lost either. The linker
 * leads the allocations of the library, which is linked whole, through __wrap_… below, and the pieces of its arenas
 * likewise, of which an allocation holds hundreds. ALLOCATIONS_POINTS in the environment says how many of each fail,
 * evenly (0: all; 40 by default), once alone and once with all after it. */
#ifndef TESTS_ALLOCATIONS_H
#define TESTS_ALLOCATIONS_H

#include "command.h"

#include <dotgrad/dotgrad.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>

/* ---- allocations that fail ---- */

enum { ALLOCATIONS, PIECES, KINDS };

static atomic_long allocations; /* of the kind that is counted */
static long fail_at;            /* 0: none */
static bool fail_from;
static int counted = KINDS; /* KINDS: nothing is counted */

static bool fails_as(int kind)
{
    if (counted != kind)
        return false;
    long number = ++allocations;
    if (!fail_at || (fail_from ? number < fail_at : number != fail_at))
        return false;
    errno = ENOMEM;
    return true;
}

static bool fails(void)
{
    return fails_as(ALLOCATIONS);
}

void *__real_dg_arena_alloc(dg_arena *arena, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **made, size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t most);
int __real_vasprintf(char **text, const char *format, va_list arguments);
FILE *__real_open_memstream(char **text, size_t *size);

/* With size 0 an arena is asked whether it has failed; of what no memory holds it fails. */
void *__wrap_dg_arena_alloc(dg_arena *arena, size_t size)
{
    bool here = size > 0 && size < SIZE_MAX && fails_as(PIECES);
    return __real_dg_arena_alloc(arena, here ? SIZE_MAX : size);
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

int __wrap_posix_memalign(void **made, size_t alignment, size_t size)
{
    return fails() ? ENOMEM : __real_posix_memalign(made, alignment, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t most)
{
    return fails() ? NULL : __real_strndup(text, most);
}

int __wrap_vasprintf(char **text, const char *format, va_list arguments)
{
    return fails() ? -1 : __real_vasprintf(text, format, arguments);
}

int __wrap_asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = __wrap_vasprintf(text, format, arguments);
    va_end(arguments);
    return length;
}

FILE *__wrap_open_memstream(char **text, size_t *size)
{
    return fails() ? NULL : __real_open_memstream(text, size);
}

/* ---- sweeps ---- */

/* What a scenario has made, as one number. */
static void mix(uint64_t *result, const void *bytes, size_t size)
{
    const unsigned char *each = bytes;
    for (size_t k = 0; k < size; k++)
        *result = (*result ^ each[k]) * 1099511628211u;
}

static inline void mix_tensor(uint64_t *result, const dg_tensor *tensor)
{
    mix(result, tensor->data, dg_tensor_bytes(tensor));
}

typedef dg_status scenario(uint64_t *result);

static dg_status run(scenario *work, int kind, long at, bool from, uint64_t *result)
{
    *result = 14695981039346656037u;
    fail_at = at;
    fail_from = from;
    allocations = 0;
    counted = kind;
    dg_status status = work(result);
    counted = KINDS;
    return status;
}

static long share_of_points = 1; /* sweeps that are many try so much less */

static long wanted_points(void)
{
    const char *text = getenv("ALLOCATIONS_POINTS");
    return text ? atol(text) : 40;
}

/* Under sanitizers, where each run takes long. */
static inline bool are_few_points(void)
{
    return wanted_points() > 0 && wanted_points() < 10;
}

static long stride_of(long all)
{
    long points = wanted_points();
    return points > 0 ? 1 + all * share_of_points / points : 1;
}

static void sweep_kind(const char *name, scenario *work, int kind, uint64_t expected)
{
    static const char *const kinds[KINDS] = {"allocation", "piece of an arena"};
    uint64_t result;
    dg_status status = run(work, kind, 0, false, &result);
    cr_assert(status.code == DG_OK && result == expected, "%s: another result the second time: %s", name,
              status.message);
    long all = allocations, stride = stride_of(all), runs = 0, failed = 0;
    for (int from = 0; from < 2; from++)
        for (long at = 1 + from * stride / 2; at <= all; at += stride, runs++) {
            status = run(work, kind, at, from, &result);
            if (status.code == DG_OK)
                cr_expect_eq(result, expected, "%s, %s %ld of %ld%s: another result", name, kinds[kind], at, all,
                             from ? " and all after it" : "");
            else
                cr_expect(status.code == DG_NO_MEMORY && status.message[0], "%s, %s %ld of %ld: %d %s", name,
                          kinds[kind], at, all, status.code, status.message);
            failed += status.code != DG_OK;
        }
    printf("%s: %ld times one %s; %ld runs, %ld of them failed with a message\n", name, all, kinds[kind], runs, failed);
}

static void sweep(const char *name, scenario *work)
{
    uint64_t expected, result;
    dg_status status = run(work, KINDS, 0, false, &expected); /* what is made once for all is made now */
    cr_assert_eq(status.code, DG_OK, "%s: %s", name, status.message);
    for (int kind = 0; kind < KINDS; kind++)
        sweep_kind(name, work, kind, expected);
    status = run(work, KINDS, 0, false, &result);
    cr_assert(status.code == DG_OK && result == expected, "%s: another result at the end: %s", name, status.message);
}

#endif
