/* Elementwise work that is joined to kernels. */
#include <dotgrad/op.h>

void dg_fused_epilogue(const dg_fused *epilogue, int64_t begin, int64_t end)
{
    (void)epilogue, (void)begin, (void)end; /* no plan makes any yet */
}

const void *dg_fused_prologue(const dg_fused *prologue, int64_t begin, int64_t count, void *scratch)
{
    (void)prologue, (void)begin, (void)count;
    return scratch; /* no plan makes any yet */
}
