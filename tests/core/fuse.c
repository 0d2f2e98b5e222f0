/* Fusion: what runs together gives what it gives apart, in fewer tasks and less memory. */
#include <criterion/criterion.h>
#include <dotgrad/autograd.h>
#include <dotgrad/ops.h>
#include <math.h>
#include <string.h>

enum { ROWS = 37, COLUMNS = 29, COUNT = ROWS * COLUMNS, MOST_FETCHED = 4 };

static void must(dg_status status)
{
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
}

/* ---- kernels of a user's own that take part ---- */

/* y = 2x, told to the epilogue in pieces of odd sizes, the last ones first. */
static dg_status twice_forward(const dg_kernel *kernel)
{
    const float *x = kernel->inputs[0]->data;
    float *y = kernel->outputs[0]->data;
    for (int64_t end = dg_tensor_count(kernel->outputs[0]); end > 0;) {
        int64_t begin = end > 101 ? end - 101 : 0;
        for (int64_t i = begin; i < end; i++)
            y[i] = 2 * x[i];
        dg_epilogue_run(kernel, begin, end);
        for (int64_t i = begin; kernel->epilogue && i < end; i++)
            cr_assert(kernel->inputs[0]->data == x); /* what it reads stays */
        end = begin;
    }
    return dg_ok();
}

/* Sums of rows, each read by the prologue in two pieces. */
static dg_status infer_rows(const dg_infer *infer)
{
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, DG_SHAPE(infer->inputs[0]->shape.dims[0])};
    return dg_ok();
}

static dg_status row_sums_forward(const dg_kernel *kernel)
{
    int64_t rows = kernel->inputs[0]->shape.dims[0], columns = kernel->inputs[0]->shape.dims[1];
    float scratch[COLUMNS], *y = kernel->outputs[0]->data;
    for (int64_t i = 0; i < rows; i++) {
        double sum = 0;
        for (int64_t j = 0; j < columns;) {
            int64_t n = j == 0 && columns > 7 ? 7 : columns - j;
            const float *piece = dg_prologue_read(kernel, i * columns + j, n, scratch);
            for (int64_t k = 0; k < n; k++)
                sum += (double)piece[k];
            j += n;
        }
        y[i] = (float)sum;
    }
    return dg_ok();
}

static const dg_op own_ops[] = {{.name = "test_twice",
                                 .family = "test",
                                 .summary = "y = 2x",
                                 .inputs = {{.name = "input", .doc = "x"}},
                                 .flags = DG_EPILOGUE | DG_NOT_DIFFERENTIABLE,
                                 .infer = dg_infer_same,
                                 .forward = twice_forward},
                                {.name = "test_row_sums",
                                 .family = "test",
                                 .summary = "sums of rows",
                                 .inputs = {{.name = "input", .doc = "x"}},
                                 .flags = DG_PROLOGUE | DG_NOT_DIFFERENTIABLE,
                                 .infer = infer_rows,
                                 .forward = row_sums_forward}};

static dg_node *call(const char *op, dg_node *x)
{
    return dg_call(DG_HERE, op, 1, &x);
}

/* ---- a graph and its data ---- */

typedef struct bench {
    dg_graph *g;
    dg_node *x, *z, *row;
    float xs[COUNT], zs[COUNT], rows[COLUMNS];
    dg_tensor tensors[3];
} bench;

static bench *open_bench(void)
{
    static bench b;
    for (size_t k = 0; k < sizeof own_ops / sizeof own_ops[0]; k++)
        must(dg_register(&own_ops[k]));
    must(dg_graph_new(&b.g));
    for (int i = 0; i < COUNT; i++) {
        b.xs[i] = (float)sin(i * 0.37) * 2;
        b.zs[i] = (float)cos(i * 0.91) + 1.5f;
    }
    for (int i = 0; i < COLUMNS; i++)
        b.rows[i] = (float)i / 10;
    b.x = dg_input(b.g, DG_SHAPE(DG_N, COLUMNS), .name = "x");
    b.z = dg_input(b.g, DG_SHAPE(DG_N, COLUMNS), .name = "z");
    b.row = dg_input(b.g, DG_SHAPE(COLUMNS), .name = "row");
    b.tensors[0] = dg_tensor_view(DG_FLOAT32, DG_SHAPE(ROWS, COLUMNS), b.xs);
    b.tensors[1] = dg_tensor_view(DG_FLOAT32, DG_SHAPE(ROWS, COLUMNS), b.zs);
    b.tensors[2] = dg_tensor_view(DG_FLOAT32, DG_SHAPE(COLUMNS), b.rows);
    return &b;
}

static dg_plan *run_without(bench *b, unsigned without, int n, dg_node *const *fetch)
{
    dg_plan *plan;
    const dg_feed feeds[] = {{b->x, &b->tensors[0]}, {b->z, &b->tensors[1]}, {b->row, &b->tensors[2]}};
    must(dg_plan_new(b->g, &(dg_plan_options){.fetch = fetch, .n_fetch = n, .without = without}, &plan));
    must(dg_plan_run(plan, feeds, 3));
    must(dg_plan_run(plan, feeds, 3)); /* nothing of the first run is in the way */
    return plan;
}

/* Runs with everything on, and with each optimisation off; all give the same to `error`. Returns the tasks of the
 * first. */
static size_t expect_same(bench *b, int n, dg_node *const *fetch, double error)
{
    dg_plan *best = run_without(b, 0, n, fetch);
    for (unsigned off = 1; off <= DG_ALL_OPTIMIZATIONS; off = off == DG_REUSE ? DG_ALL_OPTIMIZATIONS : 2 * off) {
        dg_plan *other = run_without(b, off, n, fetch);
        for (int k = 0; k < n; k++) {
            const dg_tensor *got = dg_plan_result(best, k), *want = dg_plan_result(other, k);
            cr_assert(dg_shape_equal(&got->shape, &want->shape) && got->dtype == want->dtype);
            for (int64_t i = 0; i < dg_tensor_count(got); i++)
                cr_assert_float_eq(dg_tensor_get(got, i), dg_tensor_get(want, i), error,
                                   "result %d, element %d without %u: %g and %g", k, (int)i, off, dg_tensor_get(got, i),
                                   dg_tensor_get(want, i));
        }
        dg_plan_free(other);
        if (off == DG_ALL_OPTIMIZATIONS)
            break;
    }
    size_t tasks = dg_plan_cost_of(best).steps;
    dg_plan_free(best);
    return tasks;
}

static void close_bench(bench *b)
{
    must(dg_graph_status(b->g));
    dg_graph_free(b->g);
}

/* ---- elementwise steps ---- */

Test(fuse, a_chain_is_one_task)
{
    bench *b = open_bench();
    dg_node *y = dg_tanh(dg_add(dg_mul(b->x, b->z), b->row));
    cr_expect_eq(expect_same(b, 1, &y, 1e-6), 1);
    close_bench(b);
}

Test(fuse, several_results_leave_one_task)
{
    bench *b = open_bench();
    dg_node *e = dg_exp(b->x), *product = dg_mul(e, b->z), *sum = dg_add(product, e);
    dg_node *fetch[] = {e, sum, product};
    cr_expect_eq(expect_same(b, 3, fetch, 1e-6), 1);
    close_bench(b);
}

Test(fuse, siblings_that_read_the_same_run_together)
{
    bench *b = open_bench();
    dg_node *fetch[] = {dg_sin(b->x), dg_cos(b->x)};
    cr_expect_eq(expect_same(b, 2, fetch, 1e-6), 1);
    close_bench(b);
}

Test(fuse, conditions_and_views_stay_within)
{
    bench *b = open_bench();
    dg_node *flat = dg_reshape(dg_mul(b->x, b->z), DG_SHAPE(-1));
    dg_node *kept = dg_where(dg_gt(flat, dg_reshape(b->z, DG_SHAPE(-1))), flat, dg_neg(flat));
    dg_node *fetch[] = {dg_reshape(kept, DG_SHAPE(-1, COLUMNS)), dg_gt(b->x, b->z)};
    cr_expect_leq(expect_same(b, 2, fetch, 1e-6), 2);
    close_bench(b);
}

Test(fuse, what_is_needed_in_between_is_not_skipped)
{
    bench *b = open_bench();
    /* total needs all of e before any of y can be made: the two cannot be one task. */
    dg_node *e = dg_exp(b->x), *total = dg_sum(e), *y = dg_div(e, total);
    cr_expect_eq(expect_same(b, 1, &y, 1e-6), 3);
    close_bench(b);
}

Test(fuse, a_result_is_not_written_over_what_is_read_later)
{
    bench *b = open_bench();
    dg_node *a = dg_matmul(b->x, dg_ones(b->g, DG_SHAPE(COLUMNS, COLUMNS)));
    dg_node *early = dg_exp(dg_mul(a, b->z)), *late = dg_add(dg_sin(early), a); /* a dies here, twice read */
    dg_node *fetch[] = {early, late, dg_sub(late, a)};
    expect_same(b, 3, fetch, 1e-4);
    close_bench(b);
}

Test(fuse, long_chains_are_cut)
{
    bench *b = open_bench();
    dg_node *y = b->x;
    for (int k = 0; k < 100; k++)
        y = k % 2 ? dg_sin(y) : dg_mul(y, b->z);
    size_t tasks = expect_same(b, 1, &y, 1e-4);
    cr_expect(tasks > 1 && tasks < 20, "%d tasks", (int)tasks);
    close_bench(b);
}

/* ---- with kernels ---- */

Test(fuse, a_kernel_takes_the_steps_that_follow)
{
    bench *b = open_bench();
    dg_node *doubled = call("test_twice", b->x);
    dg_node *fetch[] = {dg_tanh(dg_add(doubled, b->z)), dg_mul(doubled, b->row)};
    cr_expect_eq(expect_same(b, 2, fetch, 1e-6), 1);
    fetch[1] = doubled; /* its own output is wanted too */
    cr_expect_eq(expect_same(b, 2, fetch, 1e-6), 1);
    close_bench(b);
}

Test(fuse, a_step_that_needs_more_waits)
{
    bench *b = open_bench();
    dg_node *first = call("test_twice", b->x), *second = call("test_twice", dg_relu(first));
    dg_node *y = dg_add(first, second);
    cr_expect_eq(expect_same(b, 1, &y, 1e-6), 2);
    close_bench(b);
}

Test(fuse, a_reduction_takes_the_steps_before_it)
{
    bench *b = open_bench();
    dg_node *y = call("test_row_sums", dg_square(dg_sub(b->x, b->z)));
    cr_expect_eq(expect_same(b, 1, &y, 1e-4), 1);
    close_bench(b);
}

Test(fuse, a_reduction_does_not_take_what_others_read)
{
    bench *b = open_bench();
    dg_node *square = dg_square(b->x);
    dg_node *fetch[] = {call("test_row_sums", square), square};
    cr_expect_eq(expect_same(b, 2, fetch, 1e-4), 2);
    close_bench(b);
}

/* ---- derivatives ---- */

Test(fuse, forward_steps_prepare_factors_of_their_derivative)
{
    bench *b = open_bench();
    dg_node *w = dg_input(b->g, DG_SHAPE(COLUMNS, COLUMNS), .name = "w"), *grad;
    float ws[COLUMNS * COLUMNS];
    for (int i = 0; i < COLUMNS * COLUMNS; i++)
        ws[i] = (float)sin(i * 0.1);
    dg_tensor weights = dg_tensor_view(DG_FLOAT32, DG_SHAPE(COLUMNS, COLUMNS), ws);
    dg_node *y = dg_matmul(dg_gelu(b->x), w), *loss = dg_sum(dg_square(y));
    must(dg_grad(loss, 1, &b->x, &grad));
    const dg_feed feeds[] = {{b->x, &b->tensors[0]}, {w, &weights}};
    double flops[2];
    dg_plan *plans[2];
    for (int k = 0; k < 2; k++) {
        must(dg_plan_new(b->g, &(dg_plan_options){.fetch = &grad, .n_fetch = 1, .without = k ? DG_SPLITTING : 0},
                         &plans[k]));
        must(dg_plan_run(plans[k], feeds, 2));
        flops[k] = dg_plan_cost_of(plans[k]).flops;
    }
    for (int i = 0; i < COUNT; i++) {
        double a = dg_tensor_get(dg_plan_result(plans[0], 0), i), c = dg_tensor_get(dg_plan_result(plans[1], 0), i);
        cr_assert_float_eq(a, c, 1e-5 * (1 + fabs(c)));
    }
    cr_expect_leq(flops[0], 1.02 * flops[1], "%g and %g", flops[0], flops[1]);
    dg_plan_free(plans[0]);
    dg_plan_free(plans[1]);
    close_bench(b);
}

/* ---- updates ---- */

Test(fuse, updates_of_many_parameters_are_one_task)
{
    bench *b = open_bench();
    dg_tensors *parameters;
    dg_node *updates[8], *p[8];
    must(dg_tensors_new(&parameters));
    for (int k = 0; k < 8; k++) {
        char name[8] = {'p', (char)('0' + k), 0};
        p[k] = dg_parameter(b->g, DG_SHAPE(k + 1, 5), .name = name, .init = "constant(2)");
        updates[k] = dg_assign(p[k], dg_sub(p[k], dg_mul(dg_square(p[k]), dg_mean(b->x))));
    }
    must(dg_graph_status(b->g));
    must(dg_parameters_init(parameters, b->g, 0));
    dg_plan *plan;
    must(dg_plan_new(b->g, &(dg_plan_options){.updates = updates, .n_updates = 8, .parameters = parameters}, &plan));
    double mean = 0;
    for (int i = 0; i < COUNT; i++)
        mean += (double)b->xs[i] / COUNT;
    must(dg_plan_run(plan, &(dg_feed){b->x, &b->tensors[0]}, 1));
    for (int k = 0; k < 8; k++)
        for (int i = 0; i < (k + 1) * 5; i++)
            cr_assert_float_eq(dg_tensor_get(dg_tensors_find(parameters, dg_node_name(p[k])), i), 2 - 4 * mean, 1e-5);
    cr_expect_leq(dg_plan_cost_of(plan).steps, 3, "%d tasks", (int)dg_plan_cost_of(plan).steps);
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    close_bench(b);
}

/* Two parameters that follow each other: each update reads what the other one writes. */
Test(fuse, updates_read_the_old_values)
{
    bench *b = open_bench();
    dg_tensors *parameters;
    must(dg_tensors_new(&parameters));
    dg_node *p = dg_parameter(b->g, DG_SHAPE(3), .name = "p", .init = "constant(1)");
    dg_node *q = dg_parameter(b->g, DG_SHAPE(3), .name = "q", .init = "constant(10)");
    dg_node *updates[] = {dg_assign(p, dg_add(p, q)), dg_assign(q, dg_add(q, p))};
    must(dg_parameters_init(parameters, b->g, 0));
    dg_plan *plan;
    must(dg_plan_new(b->g, &(dg_plan_options){.updates = updates, .n_updates = 2, .parameters = parameters}, &plan));
    must(dg_plan_run(plan, NULL, 0));
    must(dg_plan_run(plan, NULL, 0));
    cr_expect_eq(dg_tensor_get(dg_tensors_find(parameters, "p"), 2), 22);
    cr_expect_eq(dg_tensor_get(dg_tensors_find(parameters, "q"), 0), 22);
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    close_bench(b);
}

/* ---- what is off ---- */

Test(fuse, the_environment_turns_optimisations_off)
{
    bench *b = open_bench();
    dg_node *y = dg_tanh(dg_mul(b->x, b->z));
    dg_plan *plan;
    cr_assert_eq(setenv("DG_WITHOUT", "fusion,layouts", 1), 0);
    plan = run_without(b, 0, 1, &y);
    cr_expect_eq(dg_plan_cost_of(plan).steps, 2);
    dg_plan_free(plan);
    cr_assert_eq(setenv("DG_WITHOUT", "fission", 1), 0);
    dg_status status = dg_plan_new(b->g, &(dg_plan_options){.fetch = &y, .n_fetch = 1}, &plan);
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect(strstr(status.message, "'fission'"), "%s", status.message);
    close_bench(b);
}

/* What kernels would pass over without a word. */
Test(plan, refuses_an_environment_that_says_nothing)
{
    static const struct {
        const char *name, *value;
        bool is_fine;
    } cases[] = {{"DG_CACHES", "48K", false},     {"DG_CACHES", "48k,1m", false},
                 {"DG_CACHES", "-48K,1M", false}, {"DG_CACHES", "48K,1M,3", false},
                 {"DG_CACHES", "1,1", false},     {"DG_CACHES", "99999999999999999999,1M", false},
                 {"DG_CACHES", "", true},         {"DG_CACHES", "49152,1280K", true},
                 {"DG_ISA", "avx2", false},       {"DG_ISA", "", true},
                 {"DG_ISA", "base", true},        {"DG_ISA", "v4", true}};
    bench *b = open_bench();
    dg_node *y = dg_tanh(b->x);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        dg_plan *plan;
        cr_assert_eq(setenv(cases[k].name, cases[k].value, 1), 0);
        dg_status status = dg_plan_new(b->g, &(dg_plan_options){.fetch = &y, .n_fetch = 1}, &plan);
        cr_expect_eq(status.code, cases[k].is_fine ? DG_OK : DG_BAD_ARGUMENT, "%s=%s", cases[k].name, cases[k].value);
        cr_expect(cases[k].is_fine || (strstr(status.message, cases[k].name) && strstr(status.message, "expected")),
                  "%s", status.message);
        dg_plan_free(plan);
        unsetenv(cases[k].name);
    }
    close_bench(b);
}
