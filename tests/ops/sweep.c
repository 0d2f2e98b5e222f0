/* Sweeps over the samples of every op: each size made 0, each input of another element type or rank, NaN in each
 * element. What an op does not take it must refuse with a status; what it takes it must compute, value and both
 * derivatives, and a NaN that a result depends on must be seen in it. */
#include "../support.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT = 64 };

/* A sample with texts of its own. */
typedef struct variant {
    dg_sample sample;
    char texts[DG_MAX_INPUTS][TEXT];
    int n;
} variant;

static variant variant_of(const dg_sample *sample)
{
    variant v = {.sample = {.call = sample->call}};
    for (; v.n < DG_MAX_INPUTS && sample->inputs[v.n]; v.n++)
        snprintf(v.texts[v.n], TEXT, "%s", sample->inputs[v.n]);
    return v;
}

static const dg_sample *as_sample(variant *v)
{
    for (int k = 0; k < v->n; k++)
        v->sample.inputs[k] = v->texts[k];
    return &v->sample;
}

/* The sizes of "[2, 3] …"; returns what follows. */
static const char *read_sizes(const char *text, dg_shape *shape)
{
    *shape = dg_scalar();
    if (*text != '[')
        return text;
    char *at = (char *)text + 1;
    while (*at != ']') {
        shape->dims[shape->rank++] = strtoll(at, &at, 10);
        at += strspn(at, ", ");
    }
    return at + 1;
}

static void write_sizes(char *text, const dg_shape *shape)
{
    char after[TEXT];
    dg_shape old;
    snprintf(after, sizeof after, "%s", read_sizes(text, &old));
    int at = snprintf(text, TEXT, "[");
    for (int d = 0; d < shape->rank; d++)
        at += snprintf(text + at, (size_t)(TEXT - at), "%s%d", d ? ", " : "", (int)shape->dims[d]);
    snprintf(text + at, (size_t)(TEXT - at), "]%s", after);
}

/* Makes the graph of a sample with its gradients of first and second order, and runs it. */
static dg_status run_both_orders(const dg_op *op, const dg_sample *sample, dg_dtype dtype, bool training, int *ran)
{
    dg_sample_case made;
    dg_node *leaves[DG_MAX_INPUTS], *fetch[2 + 2 * DG_MAX_INPUTS];
    int n = 0, count = 0;
    dg_status status = dg_sample_make(&made, op, sample, dtype, 1);
    if (status.code != DG_OK) {
        dg_sample_release(&made);
        return dg_ok(); /* refused */
    }
    fetch[count++] = made.node;
    for (int k = 0; k < made.n_feeds; k++)
        if (dg_dtype_is_float(dg_node_type(made.feeds[k].node, 0)->dtype))
            leaves[n++] = made.feeds[k].node;
    if (made.loss && n > 0) {
        dg_node *first[DG_MAX_INPUTS], *sum = NULL;
        status = dg_grad(made.loss, n, leaves, first);
        for (int k = 0; status.code == DG_OK && k < n; k++) {
            dg_node *part = dg_sum(dg_sin(first[k]));
            sum = sum ? dg_add(sum, part) : part;
            fetch[count++] = first[k];
        }
        if (status.code == DG_OK)
            status = dg_grad(sum, n, leaves, fetch + count);
        count += n;
    }
    dg_plan *plan = NULL;
    if (status.code == DG_OK)
        status = dg_plan_new(
            made.graph,
            &(dg_plan_options){.fetch = fetch, .n_fetch = count, .parameters = made.parameters, .training = training},
            &plan);
    if (status.code == DG_OK) {
        status = dg_plan_run(plan, made.feeds, made.n_feeds);
        *ran += status.code == DG_OK;
        if (status.code == DG_BAD_DATA || status.code == DG_NUMERIC) /* refused by what it was fed */
            status = dg_ok();
    }
    for (int k = 0; plan && status.code == DG_OK && made.loss && k < 2 * n; k++) {
        const dg_shape *got = &dg_plan_result(plan, 1 + k)->shape, *of = &dg_node_type(leaves[k % n], 0)->shape;
        if (!dg_shape_equal(got, of))
            status = dg_error(DG_BAD_SHAPE, "a gradient has not the shape of its input");
    }
    dg_plan_free(plan);
    dg_sample_release(&made);
    return status;
}

static void expect_runs(const dg_op *op, variant *v, int *ran)
{
    for (int k = 0; k < 4; k++) {
        const dg_sample *sample = as_sample(v);
        const dg_dtype dtype = k % 2 ? DG_FLOAT64 : DG_FLOAT32;
        dg_status status = run_both_orders(op, sample, dtype, k / 2, ran);
        cr_expect_eq(status.code, DG_OK, "%s of %s; %s; %s, %s%s: %s", sample->call, v->n > 0 ? v->texts[0] : "",
                     v->n > 1 ? v->texts[1] : "", v->n > 2 ? v->texts[2] : "", dg_dtype_name(dtype),
                     k / 2 ? ", training" : "", status.message);
    }
}

/* A first input of each rank alone: what else there is, the op makes for itself or misses. Of ops
 * without samples, too. */
static void with_own_parameters(const dg_op *op, const dg_sample *sample, int *ran)
{
    static const char *const inputs[] = {"[]",
                                         "[6]",
                                         "[0]",
                                         "[4, 6]",
                                         "[4, 0]",
                                         "[4, 6, 4]",
                                         "[4, 6, 0]",
                                         "[4, 6, 0, 3]",
                                         "[2, 6, 4, 4]",
                                         "[2, 6, 4, 4, 4]",
                                         "[2, 6, 0, 1, 3, 0]"};
    for (size_t k = 0; k < sizeof inputs / sizeof *inputs; k++) {
        variant v = {.sample = {.call = sample->call}, .n = 1};
        snprintf(v.texts[0], TEXT, "%s", inputs[k]);
        expect_runs(op, &v, ran);
    }
}

static void each_sample(void (*check)(const dg_op *op, const dg_sample *sample, int *ran), int least)
{
    int ran = 0;
    for (size_t i = 0; i < dg_op_count(); i++) {
        const dg_op *op = dg_op_at(i);
        for (const dg_sample *sample = op->samples; sample && sample->call; sample++)
            check(op, sample, &ran);
        if (!op->samples && check == with_own_parameters)
            check(op, &(dg_sample){.call = op->name}, &ran);
    }
    cr_expect_geq(ran, least, "%d cases ran, the rest was refused", ran);
}

/* Each size of each input on its own, and each size wherever it stands, in the call, too. */
static void with_sizes_of_0(const dg_op *op, const dg_sample *sample, int *ran)
{
    bool tried[100] = {false};
    for (int k = 0; k < DG_MAX_INPUTS && sample->inputs[k]; k++) {
        dg_shape shape;
        read_sizes(sample->inputs[k], &shape);
        for (int d = 0; d < shape.rank; d++) {
            variant one = variant_of(sample);
            dg_shape changed = shape;
            int64_t size = shape.dims[d];
            changed.dims[d] = 0;
            write_sizes(one.texts[k], &changed);
            expect_runs(op, &one, ran);
            if (size <= 0 || size >= 100 || tried[size])
                continue;
            tried[size] = true;
            variant all = variant_of(sample);
            for (int j = 0; j < all.n; j++) {
                read_sizes(all.texts[j], &changed);
                for (int e = 0; e < changed.rank; e++)
                    changed.dims[e] = changed.dims[e] == size ? 0 : changed.dims[e];
                if (all.texts[j][0] == '[')
                    write_sizes(all.texts[j], &changed);
            }
            expect_runs(op, &all, ran);
        }
    }
}

Test(sweep, every_sample_of_every_op_with_each_size_0)
{
    each_sample(with_sizes_of_0, 1000);
}

/* Each input of each other type, of rank 0, and of one dimension more and one less. */
static void with_other_types(const dg_op *op, const dg_sample *sample, int *ran)
{
    static const char *const types[] = {"bool", "int32 below 2", "int64 below 2", ""};
    for (int k = 0; k < DG_MAX_INPUTS && sample->inputs[k]; k++) {
        dg_shape shape;
        if (sample->inputs[k][0] != '[')
            continue;
        size_t sizes = (size_t)(read_sizes(sample->inputs[k], &shape) - sample->inputs[k]);
        for (int type = 0; type < 4; type++) {
            variant v = variant_of(sample);
            snprintf(v.texts[k], TEXT, "%.*s%s%s", (int)sizes, sample->inputs[k], types[type][0] ? " " : "",
                     types[type]);
            expect_runs(op, &v, ran);
        }
        dg_shape less = shape, more = shape, scalar = dg_scalar();
        more.dims[more.rank++] = 2;
        less.rank -= less.rank > 0;
        const dg_shape *const ranks[] = {&less, &more, &scalar};
        for (int r = 0; r < 3; r++) {
            variant v = variant_of(sample);
            write_sizes(v.texts[k], ranks[r]);
            expect_runs(op, &v, ran);
        }
    }
}

Test(sweep, every_op_refuses_or_takes_a_first_input_of_each_rank)
{
    each_sample(with_own_parameters, 1000);
}

Test(sweep, every_op_refuses_or_takes_each_type_and_rank)
{
    each_sample(with_other_types, 1000);
}

/* ---- NaN ---- */

typedef struct values {
    double *at;
    int64_t count;
} values;

/* All results, one after the other. */
static dg_status read_outputs(dg_plan *plan, const dg_sample_case *made, int n, values *to)
{
    dg_plan_set_step(plan, 0);
    DG_TRY(dg_plan_run(plan, made->feeds, made->n_feeds));
    to->count = 0;
    for (int k = 0; k < n; k++) {
        const dg_tensor *y = dg_plan_result(plan, k);
        for (int64_t i = 0; i < dg_tensor_count(y); i++)
            to->at[to->count++] = dg_tensor_get(y, i);
    }
    return dg_ok();
}

/* Where a NaN is no number like others: it sorts behind all (as in PyTorch), or is what the op takes away. */
static bool may_lose(const dg_op *op)
{
    static const char *const names[] = {"sort", "topk", "kthvalue", "nan_to_num"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(op->name, names[k]) == 0)
            return true;
    return false;
}

static void element_with_nan(const dg_sample *sample, const dg_sample_case *made, dg_plan *plan, int n, int input,
                             int64_t element, values *plain, values *moved, int *ran)
{
    dg_tensor *x = (dg_tensor *)made->feeds[input].tensor;
    double old = dg_tensor_get(x, element);
    dg_tensor_set(x, element, old + 0.01);
    bool moves = read_outputs(plan, made, n, moved).code == DG_OK;
    bool *depends = calloc((size_t)plain->count + 1, sizeof *depends);
    for (int64_t i = 0; moves && i < plain->count; i++)
        depends[i] = plain->at[i] != moved->at[i];
    dg_tensor_set(x, element, NAN);
    bool runs = read_outputs(plan, made, n, moved).code == DG_OK;
    for (int64_t i = 0; moves && runs && i < plain->count; i++) {
        cr_expect(!depends[i] || isnan(moved->at[i]), "%s of %s: with NaN in element %d of input %d result %d is %g",
                  sample->call, sample->inputs[0], (int)element, input, (int)i, moved->at[i]);
        *ran += depends[i];
    }
    dg_tensor_set(x, element, old);
    free(depends);
}

/* The float outputs of the op, then the derivatives of orders 1 and 2 of its sample's loss by its float inputs. */
static int list_results(const dg_op *op, const dg_sample_case *made, dg_node **fetch)
{
    dg_node *leaves[DG_MAX_INPUTS], *sum = NULL;
    int count = 0, n = 0;
    for (int k = 0; k < dg_node_output_count(made->node); k++)
        if (dg_dtype_is_float(dg_node_type(made->node, k)->dtype))
            fetch[count++] = k ? dg_output(made->node, k) : made->node;
    for (int k = 0; k < made->n_feeds; k++)
        if (dg_dtype_is_float(dg_node_type(made->feeds[k].node, 0)->dtype))
            leaves[n++] = made->feeds[k].node;
    if (!made->loss || n == 0 || op->flags & DG_NOT_DIFFERENTIABLE)
        return count;
    must(dg_grad(made->loss, n, leaves, fetch + count));
    for (int k = 0; k < n; k++) {
        dg_node *part = dg_sum(dg_sin(fetch[count + k]));
        sum = sum ? dg_add(sum, part) : part;
    }
    must(dg_grad(sum, n, leaves, fetch + count + n));
    return count + 2 * n;
}

static void with_nan(const dg_op *op, const dg_sample *sample, int *ran)
{
    for (int d = DG_FLOAT32; d <= DG_FLOAT64 && !may_lose(op); d++) {
        dg_sample_case made;
        dg_plan *plan = NULL;
        dg_node *fetch[DG_MAX_OUTPUTS + 2 * DG_MAX_INPUTS];
        values plain = {.at = calloc(1 << 16, sizeof(double))}, moved = {.at = calloc(1 << 16, sizeof(double))};
        must(dg_sample_make(&made, op, sample, (dg_dtype)d, 1));
        int n = list_results(op, &made, fetch);
        if (n > 0) {
            must(dg_plan_new(made.graph,
                             &(dg_plan_options){.fetch = fetch, .n_fetch = n, .parameters = made.parameters}, &plan));
            must(read_outputs(plan, &made, n, &plain));
        }
        for (int k = 0; n > 0 && k < made.n_feeds; k++)
            for (int64_t i = 0; i < dg_tensor_count(&made.tensors[k]) && dg_dtype_is_float(made.tensors[k].dtype); i++)
                element_with_nan(sample, &made, plan, n, k, i, &plain, &moved, ran);
        dg_plan_free(plan);
        dg_sample_release(&made);
        free(plain.at);
        free(moved.at);
    }
}

Test(sweep, a_nan_that_a_result_depends_on_is_seen_in_it)
{
    each_sample(with_nan, 40000);
}
