/* Blocks of convolutions, recurrences and products follow the caches of the machine; the bits of their results do not.
 */
#include "../support.h"
#include "ops/conv/choose.h"
#include "ops/recurrent/run.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* The sizes are read once in a process, so each has one of its own. */
static const char *const caches[] = {"4K,64K", "32K,512K", "48K,1280K", "128K,8M"};
enum { SIZES = sizeof caches / sizeof *caches };

static float *random_floats(int64_t count, uint64_t stream)
{
    float *x = malloc((size_t)count * sizeof *x);
    cr_assert_not_null(x);
    dg_random_normal(&(dg_random){3, stream, 0}, DG_FLOAT32, x, 0, count, 0, 1);
    return x;
}

/* What `make` writes, `count` floats, is the same with all of them. */
static void compare(void (*make)(float *results), size_t count)
{
    float *all = mmap(NULL, SIZES * count * sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(all != MAP_FAILED);
    for (int k = 0; k < SIZES; k++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            setenv("DG_CACHES", caches[k], 1);
            make(all + (size_t)k * count);
            _exit(0);
        }
        cr_assert(child > 0 && waitpid(child, &status, 0) == child && status == 0);
        cr_expect_eq(memcmp(all, all + (size_t)k * count, count * sizeof *all), 0, "%s and %s", caches[0], caches[k]);
    }
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += fabs((double)all[i]);
    cr_expect(sum > 0 && isfinite(sum));
    munmap(all, SIZES * count * sizeof *all);
}

/* ---- convolution: y, dx and dw ---- */

enum { IMAGES = 2, IN = 24, OUT = 40, SIDE = 31, TAPS = 9 };
enum { X = IMAGES * IN * SIDE * SIDE, Y = IMAGES * OUT * SIDE * SIDE, W = OUT * IN * TAPS };

static void convolve(float *results, bool channels_last)
{
    conv_shape s = {.dtype = DG_FLOAT32,
                    .batch = IMAGES,
                    .groups = 1,
                    .in_channels = IN,
                    .out_channels = OUT,
                    .in = {1, SIDE, SIDE},
                    .out = {1, SIDE, SIDE},
                    .kernel = {1, 3, 3},
                    .stride = {1, 1, 1},
                    .pad = {0, 1, 1},
                    .dilation = {1, 1, 1},
                    .x_channels_last = channels_last,
                    .y_channels_last = channels_last};
    dg_kernel kernel = {0};
    size_t bytes = conv_output_workspace(&s, &kernel) + conv_input_grad_workspace(&s, &kernel) +
                   conv_weight_grad_workspace(&s, &kernel);
    float *x = random_floats(X, 1), *w = random_floats(W, 2), *g = random_floats(Y, 3);
    kernel.workspace = aligned_alloc(64, (bytes + 63) / 64 * 64);
    must(conv_output(&s, x, w, NULL, results, &kernel));
    must(conv_input_grad(&s, g, w, NULL, results + Y, &kernel));
    must(conv_weight_grad(&s, x, g, results + Y + X, &kernel));
    free(x), free(w), free(g), free(kernel.workspace);
}

static void convolve_both(float *results)
{
    convolve(results, false);
    convolve(results + Y + X + W, true);
}

Test(caches, convolutions_have_the_same_bits_for_any)
{
    compare(convolve_both, 2 * (Y + X + W));
}

/* ---- an LSTM: h, and the cotangents of its gates' sums ---- */

enum { ROWS = 35, STEPS = 3, FEATURES = 90, UNITS = 100 };
enum { STATES = ROWS * STEPS * UNITS };

static void run_lstm(float *results)
{
    dg_tensor like = dg_tensor_view(DG_FLOAT32, DG_SHAPE(ROWS, STEPS, UNITS), results);
    recurrence r = recurrence_of(&like, false);
    float *x = random_floats(ROWS * STEPS * FEATURES, 1), *v = random_floats(4 * UNITS * FEATURES, 2);
    float *w = random_floats(4 * UNITS * UNITS, 3), *on_h = random_floats(STATES, 4);
    float *cell = random_floats(STATES, 5), *gates = random_floats(4 * STATES, 6), *first = random_floats(STATES, 7);
    lstm_steps forward = {.r = r,
                          .has_weight = true,
                          .features = FEATURES,
                          .input = x,
                          .input_weight = v,
                          .weight = w,
                          .h = results,
                          .cell = cell,
                          .gates = gates};
    lstm_gradient_steps gradient = {.r = r,
                                    .weight = w,
                                    .gates = gates,
                                    .cell = cell,
                                    .on_h = on_h,
                                    .on_sums = results + STATES,
                                    .on_first_cell = first};
    void *workspace = aligned_alloc(64, (lstm_bytes(&forward) + lstm_gradient_bytes(&gradient) + 63) / 64 * 64);
    lstm_run(&forward, workspace, NULL);
    lstm_gradient_run(&gradient, workspace, NULL);
    free(x), free(v), free(w), free(on_h), free(cell), free(gates), free(first), free(workspace);
}

Test(caches, recurrences_have_the_same_bits_for_any)
{
    compare(run_lstm, 5 * STATES);
}

/* ---- products of few and of many columns, whose sums are cut where the left matrix lies transposed ---- */

enum { LEFT = 37, TERMS = 1400, FEW = 17, MANY = 90 };

static void multiply_transposed(float *results)
{
    float *a = random_floats(LEFT * TERMS, 1), *b = random_floats(TERMS * MANY, 2);
    for (int64_t n = FEW; n <= MANY; results += LEFT * n, n += MANY - FEW)
        gemm_for(DG_FLOAT32)
            ->multiply(&(gemm){.m = n == FEW ? 3 : LEFT,
                               .n = n,
                               .k = TERMS,
                               .a = a,
                               .a_row = 1,
                               .a_column = LEFT,
                               .b = b,
                               .b_row = n,
                               .c = results,
                               .c_row = n});
    free(a), free(b);
}

Test(caches, products_have_the_same_bits_for_any)
{
    compare(multiply_transposed, LEFT * (FEW + MANY));
}
