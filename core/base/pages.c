#include "pages.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20, WORTHWHILE = HUGE_PAGE };

void *pages_alloc(size_t bytes)
{
    void *memory;
    if (posix_memalign(&memory, bytes < WORTHWHILE ? ALIGNMENT : HUGE_PAGE, bytes ? bytes : ALIGNMENT) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (bytes >= WORTHWHILE)
        madvise(memory, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE); /* a hint: nothing depends on it */
#endif
    return memory;
}
