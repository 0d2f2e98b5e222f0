/* Weights in 16 bits: which numbers there are and how float32 is rounded to them; kernels that read them give the bits
 * that rounded weights in float32 give, in every instruction set, every way of a product and whole networks. */
#include "../support.h"
#include "../sweeps.h"
#include "core/base/half.h"
#include "core/vector/vector.h"
#include "ops/gemm/gemm.h"
#include "ops/gemm/product.h"

#include <stdio.h>
#include <stdlib.h>

static const dg_dtype types[] = {DG_FLOAT16, DG_BFLOAT16};

/* ---- numbers ---- */

/* By the definition of the formats. */
static double value_of(dg_dtype type, unsigned half)
{
    int fraction_bits = type == DG_FLOAT16 ? 10 : 7, bias = type == DG_FLOAT16 ? 15 : 127;
    int exponent = (int)(half & 0x7fff) >> fraction_bits, fraction = (int)half & ((1 << fraction_bits) - 1);
    double size = exponent ? ldexp((1 << fraction_bits) + fraction, exponent - bias - fraction_bits)
                           : ldexp(fraction, 1 - bias - fraction_bits);
    return half & 0x8000 ? -size : size;
}

static unsigned infinity_of(dg_dtype type)
{
    return type == DG_FLOAT16 ? 0x7c00 : 0x7f80;
}

static float widened(dg_dtype type, unsigned half)
{
    return type == DG_FLOAT16 ? half_from_float16((uint16_t)half) : half_from_bfloat16((uint16_t)half);
}

static unsigned rounded(dg_dtype type, float value)
{
    return type == DG_FLOAT16 ? half_to_float16(value) : half_to_bfloat16(value);
}

Test(halves, are_the_numbers_of_their_formats)
{
    for (int d = 0; d < 2; d++)
        for (unsigned half = 0; half < 0x10000; half++) {
            unsigned size = half & 0x7fff;
            float value = widened(types[d], half);
            if (size < infinity_of(types[d]))
                cr_assert_eq((double)value, value_of(types[d], half), "%s %x", dg_dtype_name(types[d]), half);
            else if (size == infinity_of(types[d]))
                cr_assert_eq(value, half & 0x8000 ? -INFINITY : INFINITY);
            else
                cr_assert(isnan(value));
            cr_assert_eq(!signbit(value), !(half & 0x8000));
        }
}

/* Between two neighbours the middle goes to the even one, what is a little off it to the nearer one. */
Test(halves, are_the_nearest_ones)
{
    for (int d = 0; d < 2; d++)
        for (unsigned half = 0; half < infinity_of(types[d]); half++) {
            double here = value_of(types[d], half), next = value_of(types[d], half + 1);
            float middle = (float)((here + next) / 2);
            unsigned even = half & 1 ? half + 1 : half;
            cr_assert_eq(rounded(types[d], (float)here), half);
            cr_assert_eq(rounded(types[d], middle), even, "%s between %x and the next", dg_dtype_name(types[d]), half);
            cr_assert_eq(rounded(types[d], -middle), even | 0x8000);
            cr_assert_eq(rounded(types[d], nextafterf(middle, 0)), half);
            cr_assert_eq(rounded(types[d], nextafterf(middle, INFINITY)), half + 1);
        }
    for (int d = 0; d < 2; d++) {
        cr_expect_eq(rounded(types[d], INFINITY), infinity_of(types[d]));
        cr_expect_gt(rounded(types[d], NAN) & 0x7fff, infinity_of(types[d]));
    }
    cr_expect_gt(half_to_bfloat16(half_float(0x7f800001)) & 0x7fff, 0x7f80, "a NaN whose upper half is infinity's");
}

/* Rounded to float32 first, what is a little beside a middle would be the middle, and then go to the even one. */
Test(halves, of_doubles_are_rounded_once)
{
    for (int d = 0; d < 2; d++) {
        dg_tensor one, doubles, converted;
        must(dg_tensor_make(&one, types[d], DG_SHAPE(1)));
        for (unsigned half = 0; half < infinity_of(types[d]) - 1; half++) {
            double here = value_of(types[d], half), next = value_of(types[d], half + 1), middle = (here + next) / 2;
            double beside[] = {nextafter(middle, 0), middle, nextafter(middle, INFINITY)};
            double want[] = {here, half & 1 ? next : here, next};
            for (int k = 0; k < 6; k++) {
                double sign = k < 3 ? 1 : -1;
                dg_tensor_set(&one, 0, sign * beside[k % 3]);
                cr_assert_eq(dg_tensor_get(&one, 0), sign * want[k % 3], "%s: %.17g becomes %.17g",
                             dg_dtype_name(types[d]), sign * beside[k % 3], dg_tensor_get(&one, 0));
            }
        }
        doubles = dg_tensor_view(DG_FLOAT64, DG_SHAPE(3), (double[]){1e300, -1e-300, 1 + 0x1p-8 + 0x1p-50});
        must(dg_tensor_convert(&converted, &doubles, types[d]));
        cr_expect_eq(dg_tensor_get(&converted, 0), INFINITY);
        cr_expect(dg_tensor_get(&converted, 1) == 0 && signbit(dg_tensor_get(&converted, 1)));
        cr_expect_eq(dg_tensor_get(&converted, 2), types[d] == DG_FLOAT16 ? 1 + 0x1p-8 : 1 + 0x1p-7);
        dg_tensor_set(&one, 0, NAN);
        cr_expect(isnan(dg_tensor_get(&one, 0)));
        dg_tensor_release(&one);
        dg_tensor_release(&converted);
    }
}

static const vector_table *vectors(int isa)
{
    return vector_table_named((const char *const[]){"base", "v3", "v4"}[isa]);
}

Test(halves, are_widened_alike_by_every_instruction_set)
{
    enum { ALL = 0x10000 };
    uint16_t *halves = malloc(ALL * sizeof *halves);
    float *wide = malloc(ALL * sizeof *wide);
    cr_assert(halves && wide);
    for (int i = 0; i < ALL; i++)
        halves[i] = (uint16_t)i;
    for (int isa = 0; isa <= (int)dg_isa_best(); isa++)
        for (int d = 0; d < 2; d++) {
            vectors(isa)->load[LANE_F32][types[d]](wide, halves, 1, ALL);
            for (unsigned i = 0; i < ALL; i++)
                if ((i & 0x7fff) <= infinity_of(types[d]))
                    cr_assert_eq(half_bits(wide[i]), half_bits(widened(types[d], i)), "%u", i);
                else
                    cr_assert(isnan(wide[i]));
        }
    free(halves);
    free(wide);
}

/* ---- products ---- */

static float *some_floats(int64_t count, uint64_t stream)
{
    float *made = aligned_alloc(64, ((size_t)count * sizeof *made + 127) / 64 * 64);
    cr_assert(made);
    dg_random_normal(&(dg_random){5, stream, 0}, DG_FLOAT32, made, 0, count, 0, 1);
    return made;
}

/* Rounds the numbers, which stay float32, and gives them in 16 bits: exactly as many, so that tools see what is read
 * beyond. */
static uint16_t *halve(dg_dtype type, float *numbers, int64_t count)
{
    uint16_t *made = malloc((size_t)count * sizeof *made + 1);
    cr_assert(made);
    for (int64_t i = 0; i < count; i++) {
        made[i] = (uint16_t)rounded(type, numbers[i]);
        numbers[i] = widened(type, made[i]);
    }
    return made;
}

Test(halves, give_scalar_products_the_bits_of_float32)
{
    const gemm_table *const tables[] = {
        &gemm_kernels_base,
#ifdef __x86_64__
        &gemm_kernels_v3,
        &gemm_kernels_v4,
#endif
    };
    for (int isa = 0; isa <= (int)dg_isa_best(); isa++)
        for (int d = 0; d < 2; d++)
            for (int64_t k = 1; k < 140; k++) {
                int64_t m = 1 + k % 9;
                float *a = some_floats(m * k, 1), *x = some_floats(k, 2), y[9], want[9];
                uint16_t *half = halve(types[d], a, m * k);
                tables[isa]->float32.dots(m, k, a, k, x, NULL, 0, want);
                (types[d] == DG_FLOAT16 ? tables[isa]->dots_float16 : tables[isa]->dots_bfloat16)(m, k, half, k, x,
                                                                                                  NULL, 0, y);
                cr_assert_eq(memcmp(y, want, (size_t)m * sizeof *y), 0, "%s, length %lld", dg_dtype_name(types[d]),
                             (long long)k);
                free(a), free(x), free(half);
            }
}

Test(halves, give_scalar_products_of_pairs_of_rows_the_bits_of_float32)
{
    enum { MOST = 9 };
    const gemm_table *const tables[] = {
        &gemm_kernels_base,
#ifdef __x86_64__
        &gemm_kernels_v3,
        &gemm_kernels_v4,
#endif
    };
    for (int isa = 0; isa <= (int)dg_isa_best(); isa++)
        for (int d = 0; d < 2; d++)
            for (int64_t k = 1; k < 140; k++) {
                int64_t m = 1 + k % MOST, n = 1 + k / 3 % MOST;
                float *a = some_floats(m * k, 1), *x = some_floats(n * k, 2), y[MOST * MOST], want[MOST * MOST];
                uint16_t *half = halve(types[d], a, m * k);
                row_pairs pairs = {.m = m,
                                   .n = n,
                                   .k = k,
                                   .a = a,
                                   .x = x,
                                   .a_row = k,
                                   .x_row = k,
                                   .y = want,
                                   .y_row = n,
                                   .y_column = 1};
                tables[isa]->float32.pairs(&pairs);
                pairs.a = half;
                pairs.y = y;
                (types[d] == DG_FLOAT16 ? tables[isa]->pairs_float16 : tables[isa]->pairs_bfloat16)(&pairs);
                cr_assert_eq(memcmp(y, want, (size_t)(m * n) * sizeof *y), 0, "%s, length %lld",
                             dg_dtype_name(types[d]), (long long)k);
                free(a), free(x), free(half);
            }
}

typedef struct product_case {
    int64_t m, n, k, matrices;
} product_case;

static void run(product *p, float *c)
{
    size_t bytes = product_workspace(p);
    dg_kernel kernel = {.workspace = bytes ? aligned_alloc(64, (bytes + 63) / 64 * 64) : NULL};
    must(dg_threads_new(2, &kernel.threads));
    p->c = c;
    must(product_run(p, &kernel));
    dg_threads_free(kernel.threads);
    free(kernel.workspace);
}

static void check_product(const product_case *s, dg_dtype type, bool ta, bool tb)
{
    int64_t in_a = s->matrices * s->m * s->k, in_b = s->n * s->k, in_c = s->matrices * s->m * s->n;
    float *a = some_floats(in_a, 1), *b = some_floats(in_b, 2), *bias = some_floats(s->n, 3);
    float *want = some_floats(in_c, 4), *c = some_floats(in_c, 5);
    uint16_t *half_a = halve(type, a, in_a), *half_b = halve(type, b, in_b);
    product p = {.dtype = DG_FLOAT32,
                 .m = s->m,
                 .n = s->n,
                 .k = s->k,
                 .transpose_a = ta,
                 .transpose_b = tb,
                 .a = a,
                 .b = b,
                 .bias = bias};
    if (s->matrices > 1) { /* each a by one b */
        p.batch = DG_SHAPE(s->matrices);
        p.a_strides[0] = s->m * s->k;
    }
    run(&p, want);
    for (int which = 1; which < 4; which++) {
        product half = p;
        half.a_type = which & 1 ? type : DG_DEFAULT_DTYPE;
        half.b_type = which & 2 ? type : DG_DEFAULT_DTYPE;
        half.a = which & 1 ? (const void *)half_a : a;
        half.b = which & 2 ? (const void *)half_b : b;
        run(&half, c);
        cr_expect_eq(memcmp(c, want, (size_t)in_c * sizeof *c), 0, "%lld × %lld%s × %lld%s, %lld matrices, %s %d",
                     (long long)s->m, (long long)s->k, ta ? " turned" : "", (long long)s->n, tb ? " turned" : "",
                     (long long)s->matrices, dg_dtype_name(type), which);
    }
    free(a), free(b), free(bias), free(want), free(c), free(half_a), free(half_b);
}

Test(halves, give_products_the_bits_of_float32_in_every_way)
{
    static const product_case cases[] = {
        {3, 5, 7, 1},       {32, 32, 32, 1},   {1, 300, 700, 1},   {300, 1, 700, 1},    {1, 1, 1000, 1},
        {2, 300, 700, 1},   {7, 500, 300, 1},  {8, 90, 1100, 1},   {100, 200, 1500, 1}, {40, 17, 65, 1},
        {70, 130, 515, 1},  {9, 40, 100, 5},   {1, 70, 90, 4},     {64, 48, 31, 3},     {520, 512, 516, 1},
        {600, 20, 33, 1},   {16, 2000, 40, 1}, {50, 1000, 300, 1}, {20, 600, 1500, 1},  {5, 300, 2100, 1},
        {40, 300, 2100, 1}, {24, 900, 800, 1}, {70, 900, 1100, 1}, {16, 640, 1025, 1},  {17, 333, 2049, 1},
        {12, 60, 1000, 1},  {9, 70, 600, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int d = 0; d < 2; d++)
            for (int t = 0; t < 4; t++)
                if (!sweeps_are_few() || ((int)i + t + t / 2) % 2 == d) /* each case in both types, each way in one */
                    check_product(&cases[i], types[d], t & 1, t & 2);
}

/* ---- networks ---- */

/* Everything that reads weights: as an operand, by rows, element by element, and through kernels that know float32
 * alone. */
static dg_node *network(dg_graph *g, dg_node *tokens, dg_node *image)
{
    dg_node *table = dg_parameter(g, DG_SHAPE(11, 16), .init = "normal", .name = "table");
    dg_node *place = dg_parameter(g, DG_SHAPE(6, 16), .init = "normal", .name = "place");
    dg_node *left = dg_parameter(g, DG_SHAPE(6, 6), .init = "normal", .name = "left");
    dg_node *right = dg_parameter(g, DG_SHAPE(16, 40), .init = "normal", .name = "right");
    dg_node *x = dg_add(dg_embedding(tokens, .weight = table), place);
    x = dg_layer_norm(dg_matmul(left, x), .name = "norm");
    x = dg_linear(dg_gelu(dg_matmul(x, right)), 16, .name = "fc");
    dg_node *y = dg_lstm(x, 8, .name = "lstm");
    dg_node *scores = dg_linear(
        y, DG_NONE,
        .weight = dg_reshape(dg_parameter(g, DG_SHAPE(11, 2, 4), .init = "normal", .name = "out"), DG_SHAPE(11, 8)));
    dg_node *seen = dg_conv2d(image, 8, .kernel_size = 3, .padding = 1, .name = "c1");
    seen = dg_conv2d(dg_relu(seen), 4, .kernel_size = 1, .name = "c2");
    seen = dg_linear(dg_flatten(seen, .start_dim = 1), 11, .name = "head");
    return dg_add(dg_mean(scores, .dim = DG_INTS(1)), seen);
}

static void round_weights(dg_tensors *set, dg_dtype type)
{
    for (size_t k = 0; k < dg_tensors_count(set); k++) {
        dg_tensor *w = dg_tensors_at(set, k);
        for (int64_t i = 0; w->shape.rank >= 2 && i < dg_tensor_count(w); i++)
            ((float *)w->data)[i] = widened(type, rounded(type, ((float *)w->data)[i]));
    }
}

static void check_network(dg_dtype type, int batch, unsigned without, int count)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_tensor *halves[2];
    double numbers[6 * 4], pixels[3 * 3 * 8 * 8];
    for (int i = 0; i < 24; i++)
        numbers[i] = i * 7 % 11;
    for (int i = 0; i < 576; i++)
        pixels[i] = sin(i);
    dg_node *y = network(t->graph, trial_feed(t, DG_INT64, DG_SHAPE(batch, 6), DG_SHAPE(batch, 6), numbers),
                         trial_feed(t, DG_FLOAT32, DG_SHAPE(batch, 3, 8, 8), DG_SHAPE(batch, 3, 8, 8), pixels));
    dg_node *fetch[] = {y, dg_graph_find(t->graph, "right")};
    must(dg_graph_status(t->graph));
    must(dg_parameters_init(t->parameters, t->graph, 3));
    must(dg_threads_new(count, &t->threads));
    const dg_plan_options options = {
        .fetch = fetch, .n_fetch = 2, .parameters = t->parameters, .threads = t->threads, .without = without};
    must(dg_plan_new(t->graph, &options, &t->plan));
    round_weights(t->parameters, type);
    must(dg_plan_run(t->plan, t->feeds, t->n_feeds));
    dg_tensor want[2];
    for (int k = 0; k < 2; k++)
        must(dg_tensor_copy(&want[k], dg_plan_result(t->plan, k)));
    dg_halving told;
    must(dg_tensors_halve(t->parameters, type, &told));
    cr_expect_eq(told.error, 0, "rounded weights do not change again");
    cr_expect_eq(2 * told.bytes, told.bytes_before);
    cr_expect_eq(dg_tensors_find(t->parameters, "fc.bias")->dtype, DG_FLOAT32);
    halves[0] = dg_tensors_find(t->parameters, "right");
    halves[1] = dg_tensors_find(t->parameters, "lstm.weight_hh_l0");
    for (int k = 0; k < 2; k++)
        cr_assert(halves[k] && halves[k]->dtype == type);
    for (int turn = 0; turn < 2; turn++) {
        must(dg_plan_run(t->plan, t->feeds, t->n_feeds)); /* bound before */
        for (int k = 0; k < 2; k++) {
            const dg_tensor *result = dg_plan_result(t->plan, k);
            cr_expect_eq(result->dtype, DG_FLOAT32);
            cr_expect_eq(memcmp(result->data, want[k].data, dg_tensor_bytes(&want[k])), 0, "%s, batch %d, result %d",
                         dg_dtype_name(type), batch, k);
        }
    }
    for (int k = 0; k < 2; k++)
        dg_tensor_release(&want[k]);
    dg_plan_free(t->plan);
    t->plan = NULL;
    dg_threads_free(t->threads);
    trial_free(t);
}

Test(halves, give_networks_the_bits_of_rounded_weights)
{
    for (int d = 0; d < 2; d++)
        for (int batch = 1; batch < 4; batch++)
            for (int count = 1; count <= 2; count++) {
                check_network(types[d], batch, 0, count);
                check_network(types[d], batch, DG_ALL_OPTIMIZATIONS, count);
            }
}

/* ---- refusals ---- */

Test(halves, are_refused_in_training)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *w = dg_parameter(t->graph, DG_SHAPE(2, 2), .init = "normal", .name = "w");
    dg_node *update = dg_assign(w, dg_mul(w, w));
    must(dg_parameters_init(t->parameters, t->graph, 1));
    must(dg_tensors_halve(t->parameters, DG_BFLOAT16, NULL));
    must(dg_plan_new(t->graph, &(dg_plan_options){.updates = &update, .n_updates = 1, .parameters = t->parameters},
                     &t->plan));
    dg_status status = dg_plan_run(t->plan, NULL, 0);
    cr_expect_eq(status.code, DG_BAD_DTYPE);
    cr_expect(strstr(status.message, "parameter 'w' is kept in bfloat16"), "%s", status.message);
    trial_free(t);
}

Test(halves, are_refused_beyond_their_range)
{
    dg_tensors *set;
    dg_halving told;
    const dg_tensor fine = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 3), (float[]){1, 1e-9F, 65519});
    const dg_tensor large = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 2), (float[]){1, -65520});
    must(dg_tensors_new(&set));
    must(dg_tensors_put(set, "fine", &fine));
    must(dg_tensors_put(set, "large", &large));
    dg_status status = dg_tensors_halve(set, DG_FLOAT16, &told);
    cr_expect_eq(status.code, DG_NUMERIC);
    cr_expect(strstr(status.message, "'large': element 1, -65520, is beyond float16"), "%s", status.message);
    cr_expect_eq(dg_tensors_find(set, "fine")->dtype, DG_FLOAT32, "nothing has changed");
    status = dg_tensors_halve(set, DG_FLOAT64, &told);
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    dg_tensors_remove(set, "large");
    must(dg_tensors_halve(set, DG_FLOAT16, &told));
    cr_expect_eq(dg_tensor_get(dg_tensors_find(set, "fine"), 2), 65504);
    cr_expect_eq(told.count, 1);
    cr_expect_eq(told.vanished, 1);
    cr_expect_str_eq(told.name, "fine");
    cr_expect_float_eq(told.error, 15.0 / 65519, 1e-12);
    dg_tensors_free(set);
}

Test(halves, are_written_as_such)
{
    dg_tensors *set, *read;
    const dg_tensor w = dg_tensor_view(DG_FLOAT32, DG_SHAPE(1, 3), (float[]){1, -2.5F, 0.1F});
    char path[] = "/tmp/halves-XXXXXX";
    int file = mkstemp(path);
    cr_assert(file >= 0);
    for (int d = 0; d < 2; d++) {
        must(dg_tensors_new(&set));
        must(dg_tensors_put(set, "w", &w));
        must(dg_tensors_halve(set, types[d], NULL));
        must(dg_safetensors_write(path, set));
        must(dg_safetensors_read(path, &read));
        const dg_tensor *back = dg_tensors_find(read, "w");
        cr_expect_eq(back->dtype, DG_FLOAT32);
        for (int i = 0; i < 3; i++)
            cr_expect_eq(dg_tensor_get(back, i), (double)widened(types[d], rounded(types[d], ((float *)w.data)[i])));
        dg_tensors_free(read);
        dg_tensors_free(set);
    }
    remove(path);
}
