/* Whether a perceptron can learn its rows. Proofs are checked by themselves: the weighted means of both sides are
 * equal, which no weights can part; 1e-9, of numbers near 1 in float64. */
#include "small.h"

#include <dotgrad/ops.h>

enum { FEATURES = 2 };

typedef struct perceptron {
    dg_graph *graph;
    dg_tensors *parameters;
    dg_dataset data;
    dg_node *x, *label, *says;
    dg_task task;
} perceptron;

/* Rows (x₀, x₁, wanted). */
static perceptron make(const double (*rows)[FEATURES + 1], int64_t count)
{
    perceptron p = {0};
    dg_tensor *features, *target;
    MUST(dg_dataset_new(&p.data));
    MUST(dg_tensors_add(p.data.fields, "features", DG_FLOAT64, DG_SHAPE(count, FEATURES), &features));
    MUST(dg_tensors_add(p.data.fields, "target", DG_FLOAT64, DG_SHAPE(count, 1), &target));
    for (int64_t i = 0; i < count; i++) {
        for (int64_t k = 0; k < FEATURES; k++)
            dg_tensor_set(features, i * FEATURES + k, rows[i][k]);
        dg_tensor_set(target, i, rows[i][FEATURES]);
    }
    MUST(dg_graph_new(&p.graph));
    dg_graph_set_dtype(p.graph, DG_FLOAT64);
    MUST(dg_tensors_new(&p.parameters));
    p.x = dg_input(p.graph, DG_SHAPE(DG_N, FEATURES), .dtype = DG_FLOAT64, .name = "x");
    p.label = dg_input(p.graph, DG_SHAPE(DG_N, 1), .dtype = DG_FLOAT64, .name = "label");
    return p;
}

static dg_separability find(perceptron *p, dg_node *says, int64_t count)
{
    dg_separability found;
    dg_node *loss = dg_mse_loss(says, p->label);
    MUST(dg_graph_status(p->graph));
    MUST(dg_parameters_init(p->parameters, p->graph, 3));
    p->task = (dg_task){.graph = p->graph, .loss = loss, .parameters = p->parameters, .data = &p->data};
    MUST(dg_separability_find(&p->task, (dg_rows){NULL, count}, &found));
    dg_tensors_free(p->parameters);
    dg_graph_free(p->graph);
    return found;
}

static void check_proof(const dg_separability *found, const double (*rows)[FEATURES + 1])
{
    double difference[FEATURES + 1] = {0};
    for (int64_t k = 0; k < found->n_proof; k++) {
        const double *row = rows[found->proof[k].row];
        double signed_weight = row[FEATURES] > 0 ? found->proof[k].weight : -found->proof[k].weight;
        cr_expect_eq(found->proof[k].wanted, row[FEATURES]);
        cr_expect_gt(found->proof[k].weight, 0);
        for (int i = 0; i < FEATURES; i++)
            difference[i] += signed_weight * row[i];
        difference[FEATURES] += signed_weight;
    }
    cr_expect_geq(found->n_proof, 2);
    for (int i = 0; i <= FEATURES; i++)
        cr_expect_float_eq(difference[i], 0, 1e-9, "%d: %g", i, difference[i]);
}

Test(separable, exclusive_or_is_not_and_its_rows_prove_it)
{
    static const double rows[4][3] = {{0, 0, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
    perceptron p = make(rows, 4);
    dg_separability found = find(&p, dg_step(dg_linear(p.x, 1)), 4);
    cr_assert_eq(found.verdict, DG_INSEPARABLE);
    cr_expect_eq(found.n_rows, 4);
    cr_expect_eq(found.n_proof, 4);
    for (int64_t k = 0; k < found.n_proof; k++)
        cr_expect_float_eq(found.proof[k].weight, 0.5, 1e-12);
    check_proof(&found, rows);
    dg_separability_release(&found);
    cr_expect_null(found.proof);
    dg_dataset_release(&p.data);
}

/* The product of the features is all that a line lacks; a hidden layer that learns is no perceptron. */
Test(separable, what_the_unit_looks_at_decides)
{
    static const double rows[4][3] = {{0, 0, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
    perceptron p = make(rows, 4);
    dg_node *product = dg_prod(p.x, .dim = DG_INTS(1), .keepdim = true);
    dg_separability found = find(&p, dg_step(dg_linear(dg_cat(DG_NODES(p.x, product), .dim = 1), 1)), 4);
    cr_expect_eq(found.verdict, DG_SEPARABLE);
    dg_separability_release(&found);
    dg_dataset_release(&p.data);
    p = make(rows, 4);
    found = find(&p, dg_step(dg_linear(dg_tanh(dg_linear(p.x, 4)), 1)), 4);
    cr_expect_eq(found.verdict, DG_SEPARABILITY_UNKNOWN);
    cr_expect_null(found.unit);
    dg_dataset_release(&p.data);
    p = make(rows, 4); /* two thresholds */
    found = find(&p, dg_step(dg_linear(dg_step(dg_linear(p.x, 4)), 1)), 4);
    cr_expect_eq(found.verdict, DG_SEPARABILITY_UNKNOWN);
    dg_dataset_release(&p.data);
}

/* Without a bias the line goes through the origin, and a fixed one is an offset that the weights cannot scale away. */
Test(separable, a_missing_or_fixed_bias_counts)
{
    static const double rows[3][3] = {{1, 1, 0}, {2, 2, 1}, {3, 3, 1}};
    perceptron p = make(rows, 3);
    dg_separability found = find(&p, dg_step(dg_linear(p.x, 1, .bias = false)), 3);
    cr_expect_eq(found.verdict, DG_INSEPARABLE);
    dg_separability_release(&found);
    dg_dataset_release(&p.data);
    for (int above = 0; above < 2; above++) {
        p = make(rows, 3);
        dg_node *sum = dg_linear(p.x, 1, .bias = false);
        const double fixed = above ? 1.5 : -1.5;
        const dg_tensor bias = dg_tensor_view(DG_FLOAT64, dg_scalar(), &fixed);
        found = find(&p, dg_step(dg_add(sum, dg_constant(p.graph, &bias, .dtype = DG_FLOAT64))), 3);
        cr_expect_eq(found.verdict, above ? DG_INSEPARABLE : DG_SEPARABLE, "%d", above);
        dg_separability_release(&found);
        dg_dataset_release(&p.data);
    }
    p = make(rows, 3);
    found = find(&p, dg_step(dg_linear(p.x, 1)), 3);
    cr_expect_eq(found.verdict, DG_SEPARABLE);
    dg_separability_release(&found);
    dg_dataset_release(&p.data);
}

/* Points on both sides of a random line at a distance of 1e-3 at least: separable. One more, beyond the line, as the
 * mean of two of the other side: not. By `sign`, and beside a feature a million times as large. */
Test(separable, rows_by_the_hundred)
{
    enum { ROWS = 300 };
    static double rows[ROWS][3];
    const dg_random key = {.seed = 9, .stream = 4};
    for (int seed = 0; seed < 5; seed++) {
        uint64_t at = (uint64_t)seed * 100000;
        double angle = 6.28 * dg_random_unit(&key, at++), offset = 0.4 * dg_random_unit(&key, at++) - 0.2;
        for (int64_t i = 0; i < ROWS;) {
            double u = 2 * dg_random_unit(&key, at++) - 1, v = 2 * dg_random_unit(&key, at++) - 1;
            double side = u * cos(angle) + v * sin(angle) - offset;
            if (fabs(side) < 1e-3)
                continue;
            rows[i][0] = 1e6 * u;
            rows[i][1] = v;
            rows[i++][2] = side > 0 ? 1 : -1;
        }
        for (int is_mixed = 0; is_mixed < 2; is_mixed++) {
            int64_t one = 0, other = 1;
            while (rows[one][2] < 0)
                one++;
            for (other = one + 1; rows[other][2] < 0;)
                other++;
            if (is_mixed) {
                for (int k = 0; k < 2; k++)
                    rows[ROWS - 1][k] = (rows[one][k] + rows[other][k]) / 2;
                rows[ROWS - 1][2] = -1;
            }
            perceptron p = make(rows, ROWS);
            dg_separability found = find(&p, dg_sign(dg_linear(p.x, 1)), ROWS);
            cr_expect_eq(found.verdict, is_mixed ? DG_INSEPARABLE : DG_SEPARABLE, "seed %d, %d", seed, is_mixed);
            if (is_mixed)
                for (int64_t k = 0; k < found.n_proof; k++)
                    cr_expect(found.proof[k].wanted == rows[found.proof[k].row][2]);
            dg_separability_release(&found);
            dg_dataset_release(&p.data);
        }
    }
}
