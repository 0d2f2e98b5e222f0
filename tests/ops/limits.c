/* Ops of one and of two tensors, and their derivatives of orders 1 and 2, from 1e-30 to the largest numbers and at the
 * infinities, in both float types, as plans compute them, against mpmath (make_limits.py, limits.safetensors).
 *
 * Where there is a value or a limit there is a number. It is as exact as one of arguments that are off by some units in
 * the last place; or it is off by no more than some units of 1, and has the right sign or is 0. */
#include "../support.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

enum { POINTS = 256, RESULTS = 6 };

static dg_tensors *wants;

static void read_wants(void)
{
    char path[1000];
    snprintf(path, sizeof path, "%s/ops/limits.safetensors", getenv("TESTS"));
    must(dg_safetensors_read(path, &wants));
}

static void free_wants(void)
{
    dg_tensors_free(wants);
}

static dg_node *apply_call(trial *t, const char *text, int n_inputs, dg_node **inputs)
{
    dg_value call;
    must(dg_call_parse(dg_graph_arena(t->graph), text, &call));
    dg_node *node = dg_apply(&(dg_application){.graph = t->graph,
                                               .op = call.s,
                                               .at = DG_HERE,
                                               .n_inputs = n_inputs,
                                               .inputs = inputs,
                                               .n_attrs = (int)call.count,
                                               .attrs = call.items});
    must(dg_graph_status(t->graph));
    return node;
}

static void run_all(trial *t, int count, dg_node **fetch)
{
    must(dg_plan_new(t->graph, &(dg_plan_options){.fetch = fetch, .n_fetch = count, .parameters = t->parameters},
                     &t->plan));
    must(dg_plan_run(t->plan, t->feeds, t->n_feeds));
}

/* `moves`: how far the result moves when the arguments do by their own size. */
static bool is_right(dg_dtype dtype, int order, double got, double want, double moves)
{
    static const double factors[] = {8, 32, 256};
    double epsilon = factors[order] * (dtype == DG_FLOAT32 ? (double)FLT_EPSILON : DBL_EPSILON);
    double least = dtype == DG_FLOAT32 ? (double)FLT_MIN : DBL_MIN;
    double most = dtype == DG_FLOAT32 ? (double)FLT_MAX : DBL_MAX;
    if (isnan(want) || got == want)
        return true;
    if (order == 2 && moves > most / 4 && !isnan(got)) /* a difference of terms beyond the range */
        return true;
    if (isnan(got))
        return false;
    if (fabs(want) > most / 4) /* a second derivative beyond the range may have vanished on the way */
        return (fabs(got) > most / 8 && (got > 0) == (want > 0)) || (order == 2 && got == 0);
    double off = fabs(got - want);
    return off <= epsilon * (fabs(want) + moves) + least || (off <= epsilon && got * want >= 0);
}

/* ---- one tensor ---- */

static void check_unary(dg_dtype dtype, const char *call, const dg_tensor *want, int64_t *checked)
{
    double x[POINTS];
    int64_t places[POINTS], n = 0, count = dg_tensor_count(dg_tensors_find(wants, "x")),
                            single = (int64_t)dg_tensor_get(dg_tensors_find(wants, "single"), 0);
    for (int64_t i = 0; i < count; i++) {
        double at = dg_tensor_get(dg_tensors_find(wants, "x"), i);
        if (dtype == DG_FLOAT64 || i < single || isinf(at)) {
            places[n] = i;
            x[n++] = at;
        }
    }
    trial *t = trial_new(dtype);
    dg_node *input = trial_input(t, DG_SHAPE(n), x), *fetch[3] = {apply_call(t, call, 1, &input)};
    fetch[1] = trial_grad(fetch[0], input);
    fetch[2] = trial_grad(fetch[1], input);
    run_all(t, 3, fetch);
    for (int order = 0; order < 3; order++)
        for (int64_t i = 0; i < n; i++) {
            double value = dg_tensor_get(want, order * count + places[i]),
                   slope = dg_tensor_get(want, (order + 1) * count + places[i]);
            double moves = isinf(x[i]) || isnan(slope) ? 0 : fabs(x[i] * slope);
            double got = dg_tensor_get(dg_plan_result(t->plan, order), i);
            cr_expect(is_right(dtype, order, got, value, moves), "%s, order %d at %.9g, %s: it is %.9g, wants %.9g",
                      call, order, x[i], dg_dtype_name(dtype), got, value);
            *checked += !isnan(value);
        }
    trial_free(t);
}

/* Formulas without numbers here: those of steps, which have no derivative but 0, and those that are as exact as their
 * tensors, by the tables of tests/ops/singular.c and activation.c. */
static bool is_elsewhere(const dg_op *op)
{
    static const char *const names[] = {
        "heaviside", "frac",        /* steps */
        "where",     "masked_fill", /* choose */
        "pau",                      /* a rational function of eleven tensors */
    };
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(op->name, names[k]) == 0)
            return true;
    return op->flags & DG_NOT_DIFFERENTIABLE;
}

Test(limits, of_ops_of_one_tensor, .init = read_wants, .fini = free_wants)
{
    int64_t checked = 0;
    for (size_t k = 0; k < dg_tensors_count(wants); k++) {
        const char *name = dg_tensors_name(wants, k);
        if (strncmp(name, "1.", 2) != 0)
            continue;
        EACH_DTYPE(d)
        check_unary((dg_dtype)d, name + 2, dg_tensors_at(wants, k), &checked);
    }
    cr_expect_geq(checked, 30000);
}

Test(limits, every_op_that_is_a_formula_has_numbers, .init = read_wants, .fini = free_wants)
{
    for (size_t i = 0; i < dg_op_count(); i++) {
        const dg_op *op = dg_op_at(i);
        bool found = is_elsewhere(op) || !(op->formula || op->formula_for);
        for (size_t k = 0; k < dg_tensors_count(wants); k++) {
            const char *name = dg_tensors_name(wants, k) + 2;
            size_t length = strlen(op->name);
            found = found || (strncmp(name, op->name, length) == 0 && (name[length] == 0 || name[length] == '('));
        }
        cr_expect(found, "%s", op->name);
    }
}

/* ---- two tensors: the value, then the derivatives a, b, aa, ab, bb ---- */

static void check_binary(dg_dtype dtype, const char *op, const dg_tensor *want, int64_t *checked)
{
    static const char *const names[RESULTS] = {"value", "∂a", "∂b", "∂a∂a", "∂a∂b", "∂b∂b"};
    const dg_tensor *all[2] = {dg_tensors_find(wants, "a"), dg_tensors_find(wants, "b")};
    double x[2][POINTS];
    int64_t places[POINTS], n = 0, count = dg_tensor_count(all[0]);
    for (int64_t i = 0; i < count; i++) {
        double a = dg_tensor_get(all[0], i), b = dg_tensor_get(all[1], i);
        if (dtype == DG_FLOAT64 || ((double)(float)a == a && (double)(float)b == b)) {
            places[n] = i;
            x[0][n] = a;
            x[1][n++] = b;
        }
    }
    trial *t = trial_new(dtype);
    dg_node *inputs[2] = {trial_input(t, DG_SHAPE(n), x[0]), trial_input(t, DG_SHAPE(n), x[1])}, *fetch[RESULTS];
    fetch[0] = apply_call(t, op, 2, inputs);
    must(dg_grad(fetch[0], 2, inputs, fetch + 1));
    must(dg_grad(fetch[1], 2, inputs, fetch + 3));
    fetch[5] = trial_grad(fetch[2], inputs[1]);
    run_all(t, RESULTS, fetch);
    for (int k = 0; k < RESULTS; k++)
        for (int64_t i = 0; i < n; i++) {
            double value = dg_tensor_get(want, k * count + places[i]),
                   moves = dg_tensor_get(want, (RESULTS + k) * count + places[i]);
            double got = dg_tensor_get(dg_plan_result(t->plan, k), i);
            cr_expect(is_right(dtype, k ? 1 + (k > 2) : 0, got, value, isnan(moves) ? 0 : moves),
                      "%s of %.9g and %.9g, %s, %s: it is %.9g, wants %.9g", op, x[0][i], x[1][i], names[k],
                      dg_dtype_name(dtype), got, value);
            *checked += !isnan(value);
        }
    trial_free(t);
}

Test(limits, of_ops_of_two_tensors, .init = read_wants, .fini = free_wants)
{
    int64_t checked = 0;
    for (size_t k = 0; k < dg_tensors_count(wants); k++) {
        const char *name = dg_tensors_name(wants, k);
        if (strncmp(name, "2.", 2) != 0)
            continue;
        EACH_DTYPE(d)
        check_binary((dg_dtype)d, name + 2, dg_tensors_at(wants, k), &checked);
    }
    cr_expect_geq(checked, 10000);
}
