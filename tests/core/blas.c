#include <criterion/criterion.h>

#include "core/base/blas.h"

/* A processor that OpenBLAS does not know gets one of the others' kernels, whose vectors are of 16 bytes. */
Test(blas, kernels_of_old_processors_have_short_vectors)
{
    static const char *const old[] = {"Prescott", "Nehalem", "Barcelona", "generic", "unknown"};
    for (size_t k = 0; k < sizeof old / sizeof *old; k++) {
        cr_expect(blas_core_has(old[k], 16), "%s", old[k]);
        cr_expect(!blas_core_has(old[k], 32), "%s", old[k]);
    }
}

Test(blas, kernels_of_new_processors_have_long_ones)
{
    cr_expect(blas_core_has("Haswell", 32) && !blas_core_has("Haswell", 64));
    cr_expect(blas_core_has("Zen", 32) && !blas_core_has("Zen", 64));
    cr_expect(blas_core_has("SkylakeX", 32) && blas_core_has("SkylakeX", 64));
    cr_expect(blas_core_has("SapphireRapids", 64) && blas_has(16));
}
