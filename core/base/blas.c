/* OpenBLAS's kernels. */
#include "blas.h"

#include <cblas.h>

#include "plain.h"

bool blas_core_has(const char *core, int64_t vector_bytes)
{
    static const struct {
        const char *core;
        int64_t vector_bytes;
    } wide[] = {{"Haswell", 32}, {"Zen", 32}, {"SkylakeX", 64}, {"Cooperlake", 64}, {"SapphireRapids", 64}};
    for (size_t k = 0; k < sizeof wide / sizeof *wide; k++)
        if (plain_same(core, wide[k].core))
            return vector_bytes <= wide[k].vector_bytes;
    return vector_bytes <= 16;
}

bool blas_has(int64_t vector_bytes)
{
    return blas_core_has(openblas_get_corename(), vector_bytes);
}
