/* Hopfield's network: states of ±1 that settle.
 *
 *   field_i = Σ_j W_ij s_j + b_i,   s_i ← sign(field_i), where field_i = 0 leaves s_i as it is (below 1e-6 Σ_j |W_ij|
 *                                                 it is rounding)
 *
 * one unit after another in an order drawn anew each sweep (asynchronous), each seeing what those before it have
 * become, or all at once (synchronous). With a temperature T > 0 a unit becomes +1 with probability 1/(1 +
 * exp(−2·field/T)) (Boltzmann's machine, Glauber's dynamics). The energy −½ sᵀWs − bᵀs never rises asynchronously at T
 * = 0 where W is symmetric with a diagonal of 0. Each row of the batch is a network of its own. */
#include "ops/shared/rules.h"

#include <dotgrad/op.h>
#include <dotgrad/ops/arithmetic.h>
#include <dotgrad/ops/linear.h>
#include <dotgrad/ops/reduce.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static dg_status hopfield_weight(const dg_infer *infer, dg_shape *shape, bool *present)
{
    const dg_shape *input = &infer->inputs[0]->shape;
    char text[DG_SHAPE_TEXT];
    (void)present;
    if (input->rank != 2)
        return dg_error(DG_BAD_SHAPE, "the state is %s, expected [N, units]",
                        dg_graph_print_shape(infer->graph, input, text, sizeof text));
    *shape = DG_SHAPE(input->dims[1], input->dims[1]);
    return dg_ok();
}

static dg_status check_types(const dg_infer *infer)
{
    const dg_type *state = infer->inputs[0], *weight = infer->inputs[1],
                  *bias = infer->n_inputs > 2 ? infer->inputs[2] : NULL;
    char first[DG_SHAPE_TEXT], second[DG_SHAPE_TEXT];
    int64_t n = state->shape.rank == 2 ? state->shape.dims[1] : 0;
    bool fits = state->shape.rank == 2 && weight->shape.rank == 2 && weight->shape.dims[0] == weight->shape.dims[1] &&
                (n < 0 || weight->shape.dims[0] == n);
    if (!fits)
        return dg_error(DG_BAD_SHAPE, "the state is %s and the weight %s, expected [N, units] and [units, units]",
                        dg_graph_print_shape(infer->graph, &state->shape, first, sizeof first),
                        dg_graph_print_shape(infer->graph, &weight->shape, second, sizeof second));
    if (bias && (bias->shape.rank != 1 || bias->shape.dims[0] != weight->shape.dims[0]))
        return dg_error(DG_BAD_SHAPE, "the bias is %s, expected [%lld]",
                        dg_graph_print_shape(infer->graph, &bias->shape, first, sizeof first),
                        (long long)weight->shape.dims[0]);
    for (int k = 0; k < infer->n_inputs; k++)
        DG_TRY(want_floats(infer, k));
    return dg_ok();
}

static dg_status hopfield_infer(const dg_infer *infer)
{
    if (infer->attrs[0].i < 0)
        return dg_error(DG_BAD_ARGUMENT, "sweeps is %lld, expected 0 or more", (long long)infer->attrs[0].i);
    if (!(infer->attrs[2].f >= 0))
        return dg_error(DG_BAD_ARGUMENT, "temperature is %g, expected 0 or more", infer->attrs[2].f);
    DG_TRY(check_types(infer));
    return dg_infer_same(infer);
}

/* ---- settling ---- */

typedef struct settling {
    const dg_kernel *kernel;
    const double *weight; /* [n, n] */
    const double *bias;   /* [n] or NULL */
    const double *least;  /* [n]: fields below are 0 */
    int64_t n, sweeps;
    double temperature;
    bool is_synchronous;
    double *scratch; /* a row has 2·n numbers, then n places */
} settling;

static size_t row_bytes(int64_t n)
{
    return (size_t)n * (2 * sizeof(double) + sizeof(int64_t));
}

static double next_state(const settling *s, int64_t i, double field, double state, const dg_random *key, uint64_t at)
{
    if (s->temperature > 0)
        return dg_random_unit(key, at) < 1 / (1 + exp(-2 * field / s->temperature)) ? 1 : -1;
    return field > s->least[i] ? 1 : field < -s->least[i] ? -1 : state;
}

static double field_of(const settling *s, const double *state, int64_t i)
{
    const double *row = s->weight + i * s->n;
    double sums[4] = {s->bias ? s->bias[i] : 0};
    int64_t j = 0;
    for (; j + 4 <= s->n; j += 4)
        for (int k = 0; k < 4; k++)
            sums[k] += row[j + k] * state[j + k];
    for (; j < s->n; j++)
        sums[0] += row[j] * state[j];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* All at once; true when something has changed. */
static bool sweep_together(const settling *s, double *state, double *next, const dg_random *key, uint64_t at)
{
    bool changed = false;
    for (int64_t i = 0; i < s->n; i++) {
        next[i] = next_state(s, i, field_of(s, state, i), state[i], key, at + (uint64_t)i);
        changed = changed || next[i] != state[i];
    }
    memcpy(state, next, (size_t)s->n * sizeof *state);
    return changed;
}

/* One after another. A unit that changes changes the fields of all others: they are kept, not summed anew. */
static bool sweep_in_turn(const settling *s, double *state, double *fields, const int64_t *order, const dg_random *key,
                          uint64_t at)
{
    bool changed = false;
    for (int64_t k = 0; k < s->n; k++) {
        int64_t i = order[k];
        double next = next_state(s, i, fields[i], state[i], key, at + (uint64_t)k), step = next - state[i];
        if (step == 0)
            continue;
        changed = true;
        state[i] = next;
        for (int64_t j = 0; j < s->n; j++)
            fields[j] += s->weight[j * s->n + i] * step;
    }
    return changed;
}

static void settle_row(void *argument, int64_t row)
{
    const settling *s = argument;
    const dg_tensor *input = s->kernel->inputs[0];
    double *state = (double *)(void *)((char *)s->scratch + (size_t)row * row_bytes(s->n)), *fields = state + s->n;
    int64_t *order = (int64_t *)(void *)(fields + s->n);
    dg_random key = s->kernel->random, shuffle;
    key.stream += 2 * (uint64_t)row;
    shuffle = key;
    shuffle.stream++;
    for (int64_t i = 0; i < s->n; i++)
        state[i] = dg_tensor_get(input, row * s->n + i);
    for (int64_t i = 0; i < s->n && !s->is_synchronous; i++)
        fields[i] = field_of(s, state, i);
    bool changed = true;
    for (int64_t sweep = 0; sweep < s->sweeps && (changed || s->temperature > 0); sweep++) {
        uint64_t at = (uint64_t)(sweep * s->n);
        shuffle.seed = key.seed + (uint64_t)sweep;
        if (s->is_synchronous)
            changed = sweep_together(s, state, fields, &key, at);
        else {
            dg_random_permutation(&shuffle, s->n, order);
            changed = sweep_in_turn(s, state, fields, order, &key, at);
        }
    }
    for (int64_t i = 0; i < s->n; i++)
        dg_tensor_set(s->kernel->outputs[0], row * s->n + i, state[i]);
}

static size_t hopfield_workspace(const dg_kernel *kernel)
{
    int64_t rows = kernel->inputs[0]->shape.dims[0], n = kernel->inputs[0]->shape.dims[1];
    return (size_t)(n * n + 2 * n) * sizeof(double) + (size_t)rows * row_bytes(n);
}

static dg_status hopfield_forward(const dg_kernel *kernel)
{
    const dg_tensor *weight = kernel->inputs[1], *bias = kernel->n_inputs > 2 ? kernel->inputs[2] : NULL;
    int64_t n = weight->shape.dims[0];
    double *numbers = kernel->workspace;
    if (n == 0) /* nothing settles, and there is no workspace */
        return dg_ok();
    settling s = {.kernel = kernel,
                  .weight = numbers,
                  .bias = bias ? numbers + n * n : NULL,
                  .n = n,
                  .sweeps = kernel->attrs[0].i,
                  .temperature = kernel->attrs[2].f,
                  .is_synchronous = strcmp(kernel->attrs[1].s, "synchronous") == 0,
                  .least = numbers + n * n + n,
                  .scratch = numbers + n * n + 2 * n};
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++) {
            numbers[i * n + j] = dg_tensor_get(weight, i * n + j);
            sum += fabs(numbers[i * n + j]);
        }
        numbers[n * n + n + i] = 1e-6 * sum;
    }
    for (int64_t i = 0; bias && i < n; i++)
        numbers[n * n + i] = dg_tensor_get(bias, i);
    dg_threads_run(kernel->threads, kernel->inputs[0]->shape.dims[0], settle_row, &s);
    return dg_ok();
}

/* ---- energy: −½ sᵀWs − bᵀs of each row ---- */

static dg_status energy_infer(const dg_infer *infer)
{
    DG_TRY(check_types(infer));
    infer->outputs[0] = (dg_type){infer->inputs[0]->dtype, DG_SHAPE(infer->inputs[0]->shape.dims[0])};
    return dg_ok();
}

static void energy_compose(const dg_compose *compose)
{
    dg_node *s = compose->inputs[0], *w = compose->inputs[1], *b = compose->n_inputs > 2 ? compose->inputs[2] : NULL;
    dg_node *field = dg_matmul(s, w, .transpose_other = true);
    dg_node *each = b ? dg_expr("-s * (0.5 * f + b)", {"s", s}, {"f", field}, {"b", b})
                      : dg_expr("-0.5 * s * f", {"s", s}, {"f", field});
    compose->outputs[0] = dg_sum(each, .dim = 1);
}

static const dg_op hopfield_ops[] = {
    {
        .name = "hopfield",
        .family = "recurrent",
        .summary = "states of ±1 that settle: s_i ← sign(Σ W_ij s_j + b_i) until nothing changes",
        .source = "Hopfield 1982; with a temperature Hinton, Sejnowski 1983",
        .inputs = {{.name = "input", .doc = "[N, units] of ±1"},
                   {.name = "weight",
                    .flags = DG_OPTIONAL | DG_FIXED,
                    .doc = "[units, units], symmetric",
                    .parameter = hopfield_weight,
                    .init = "hebb",
                    .init_attr = "init"},
                   {.name = "bias", .flags = DG_OPTIONAL, .doc = "[units]"}},
        .attrs = {{.name = "sweeps",
                   .kind = DG_ATTR_INT,
                   .fallback = "100",
                   .doc = "the most: it ends sooner when nothing changes"},
                  {.name = "update",
                   .kind = DG_ATTR_NAME,
                   .fallback = "asynchronous",
                   .choices = "asynchronous|synchronous",
                   .doc = "one unit after another, in an order drawn for each sweep, or all at once"},
                  {.name = "temperature",
                   .kind = DG_ATTR_FLOAT,
                   .fallback = "0",
                   .doc = "above 0: a unit is +1 with probability 1/(1 + exp(−2·field/temperature))"},
                  {.name = "init",
                   .kind = DG_ATTR_INIT,
                   .fallback = "hebb",
                   .doc = "of weight, from the patterns that reach the layer: hebb, storkey, pseudo_inverse"}},
        .flags = DG_RANDOM | DG_NOT_DIFFERENTIABLE,
        .infer = hopfield_infer,
        .forward = hopfield_forward,
        .workspace = hopfield_workspace,
    },
    {
        .name = "hopfield_energy",
        .family = "recurrent",
        .summary = "−½ sᵀWs − bᵀs of each row",
        .source = "Hopfield 1982",
        .inputs = {{.name = "input", .doc = "[N, units]"},
                   {.name = "weight", .doc = "[units, units]"},
                   {.name = "bias", .flags = DG_OPTIONAL, .doc = "[units]"}},
        .infer = energy_infer,
        .compose = energy_compose,
        .samples = (const dg_sample[]){{"hopfield_energy", {"[2, 3]", "[3, 3]"}},
                                       {"hopfield_energy", {"[2, 3]", "[3, 3]", "[3]"}},
                                       {.call = NULL}},
    },
};

const dg_op_family hopfield_family = DG_FAMILY(hopfield_ops);
