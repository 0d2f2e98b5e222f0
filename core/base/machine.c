/* The caches of the machine. */
#include "machine.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST = 32 << 10, SECOND = 512 << 10, LEAST = 4 << 10, MOST = 64 << 20 };

static bool is_size(long bytes)
{
    return bytes >= LEAST && bytes <= MOST;
}

/* "48K" and what follows; −1: none. */
static long take_size(const char **text)
{
    char *end;
    long size = strtol(*text, &end, 10);
    if (end == *text || size < 0 || size > MOST)
        return -1;
    if (*end == 'K' || *end == 'M')
        size <<= *end++ == 'K' ? 10 : 20;
    *text = end;
    return is_size(size) ? size : -1;
}

bool machine_caches_parse(const char *text, machine_caches *caches)
{
    long first = take_size(&text), second = first > 0 && *text == ',' ? (text++, take_size(&text)) : -1;
    if (second < 0 || *text)
        return false;
    *caches = (machine_caches){(size_t)first, (size_t)second};
    return true;
}

/* Of the first processor, as Linux describes it; 0: it does not. */
static long described(int level)
{
    for (int index = 0; index < 8; index++) {
        char path[96], type[32] = "", text[32] = "";
        int at = 0;
        const char *names[] = {"level", "type", "size"};
        for (int k = 0; k < 3; k++) {
            snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, names[k]);
            FILE *file = fopen(path, "r");
            bool read = file && (k == 0 ? fscanf(file, "%d", &at) : fscanf(file, "%31s", k == 1 ? type : text)) == 1;
            if (file)
                fclose(file);
            if (!read)
                break;
        }
        const char *from = text;
        if (at == level && strcmp(type, "Instruction") != 0 && *text)
            return take_size(&from);
    }
    return 0;
}

static long told(int level)
{
    long bytes = 0;
#if defined(_SC_LEVEL1_DCACHE_SIZE) && defined(_SC_LEVEL2_CACHE_SIZE)
    bytes = sysconf(level == 1 ? _SC_LEVEL1_DCACHE_SIZE : _SC_LEVEL2_CACHE_SIZE);
#endif
    return is_size(bytes) ? bytes : described(level);
}

static machine_caches look(void)
{
    machine_caches caches;
    const char *text = getenv("DG_CACHES");
    if (text && machine_caches_parse(text, &caches))
        return caches;
    long first = told(1), second = told(2);
    return (machine_caches){is_size(first) ? (size_t)first : FIRST, is_size(second) ? (size_t)second : SECOND};
}

/* Threads that look at the same time find the same. */
machine_caches machine_here(void)
{
    static atomic_size_t first, second;
    machine_caches caches = {atomic_load_explicit(&first, memory_order_relaxed),
                             atomic_load_explicit(&second, memory_order_relaxed)};
    if (caches.first && caches.second)
        return caches;
    caches = look();
    atomic_store_explicit(&first, caches.first, memory_order_relaxed);
    atomic_store_explicit(&second, caches.second, memory_order_relaxed);
    return caches;
}
