/* Weights in 16 bits, as commands offer them. */
#include "halves.h"

#include "options.h"

#include <stdio.h>
#include <string.h>

dg_dtype halves_asked(void)
{
    const char *type = option_text("weights-type");
    return !type ? DG_DEFAULT_DTYPE : strcmp(type, dg_dtype_name(DG_FLOAT16)) == 0 ? DG_FLOAT16 : DG_BFLOAT16;
}

void halves_tell(const dg_halving *told, const double *outputs)
{
    const double MEGABYTE = 1e6, PERCENT = 100;
    if (!told->count) {
        fprintf(stderr, "dotgrad: no weight is in %s: there is none of two dimensions in float32\n",
                dg_dtype_name(told->type));
        return;
    }
    fprintf(stderr, "dotgrad: %zu weight(s) in %s: %.3g MB instead of %.3g", told->count, dg_dtype_name(told->type),
            (double)told->bytes / MEGABYTE, (double)told->bytes_before / MEGABYTE);
    if (told->name)
        fprintf(stderr, "; changed by up to %.2g %% of a weight's largest number ('%s')", PERCENT * told->error,
                told->name);
    if (told->vanished)
        fprintf(stderr, "; %lld number(s) became 0", (long long)told->vanished);
    if (outputs)
        fprintf(stderr, "; outputs by up to %.2g %% of the largest", PERCENT * *outputs);
    fputc('\n', stderr);
}
