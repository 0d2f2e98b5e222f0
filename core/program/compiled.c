/* Finds a program among those that were compiled in the build. */
#include "compiled.h"

#include <stdlib.h>
#include <string.h>

int compare_codes(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    if (a_size != b_size)
        return a_size < b_size ? -1 : 1;
    return memcmp(a, b, a_size);
}

static int compare_programs(const void *a, const void *b)
{
    const compiled_program *one = a, *other = b;
    return compare_codes(one->code, one->size, other->code, other->size);
}

compiled_loop compiled_find(const char *isa, const uint8_t *code, size_t size)
{
    const compiled_programs *const *table = compiled_tables;
    if (!table || size == 0)
        return NULL;
    while (*table && strcmp((*table)->isa, isa) != 0)
        table++;
    if (!*table)
        return NULL;
    compiled_program wanted = {.code = code, .size = size};
    const compiled_program *found =
        bsearch(&wanted, (*table)->programs, (*table)->count, sizeof wanted, compare_programs);
    return found ? found->loop : NULL;
}
