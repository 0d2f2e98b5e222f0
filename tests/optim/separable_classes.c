/* Whether scores of classes can be highest where they should be. Proofs are checked by themselves, as in separable.c.
 */
#include "small.h"

#include <dotgrad/ops.h>

/* Rows (x₀, x₁, class). */
static const double exclusive_or[4][3] = {{0, 0, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}},
                    gate[4][3] = {{0, 0, 0}, {0, 1, 0}, {1, 0, 0}, {1, 1, 1}},
                    /* 0 and 2 lie in one another's places, 1 is apart */
    three[6][3] = {{0, 0, 0}, {3, 3, 0}, {0, 9, 1}, {1, 9, 1}, {1, 1, 2}, {4, 4, 2}},
                    apart[6][3] = {{0, 0, 0}, {1, 0, 0}, {9, 0, 1}, {9, 1, 1}, {0, 9, 2}, {1, 9, 2}};

static dg_dataset make_data(const double (*rows)[3], int64_t count)
{
    dg_dataset data;
    dg_tensor *features, *target;
    MUST(dg_dataset_new(&data));
    MUST(dg_tensors_add(data.fields, "features", DG_FLOAT64, DG_SHAPE(count, 2), &features));
    MUST(dg_tensors_add(data.fields, "target", DG_INT64, DG_SHAPE(count), &target));
    for (int64_t i = 0; i < count; i++) {
        for (int64_t k = 0; k < 2; k++)
            dg_tensor_set(features, 2 * i + k, rows[i][k]);
        dg_tensor_set(target, i, rows[i][2]);
    }
    return data;
}

typedef dg_node *(*loss_rule)(dg_node *scores, dg_node *label);

static dg_node *plain(dg_node *scores, dg_node *label)
{
    return dg_cross_entropy(scores, label);
}

static dg_node *smoothed(dg_node *scores, dg_node *label)
{
    return dg_cross_entropy(scores, label, .label_smoothing = 0.1);
}

static dg_node *by_logarithms(dg_node *scores, dg_node *label)
{
    return dg_nll_loss(dg_log_softmax(scores, .dim = 1), label);
}

static dg_node *twice(dg_node *scores, dg_node *label)
{
    return dg_cross_entropy(dg_softmax(scores, .dim = 1), label);
}

static dg_node *margins(dg_node *scores, dg_node *label)
{
    return dg_multi_margin_loss(scores, label);
}

static dg_node *one_by_one(dg_node *scores, dg_node *label)
{
    return dg_mean(dg_cross_entropy(scores, label, .reduction = "none"));
}

/* Squares of what the scores lack are a regression, whose scores are values. */
static dg_node *squares(dg_node *scores, dg_node *label)
{
    int64_t count = dg_node_type(scores, 0)->shape.dims[1];
    return dg_mse_loss(scores, dg_to(dg_one_hot(label, count), DG_FLOAT64));
}

/* hidden: of so many tanh units, 0: no such layer; `steps` of training beforehand. */
static dg_separability find(const double (*rows)[3], int64_t count, int64_t n_classes, loss_rule rule, int64_t hidden,
                            int64_t epochs)
{
    dg_dataset data = make_data(rows, count);
    dg_graph *graph;
    dg_tensors *parameters;
    dg_separability found;
    dg_trainer *trainer = NULL;
    MUST(dg_graph_new(&graph));
    dg_graph_set_dtype(graph, DG_FLOAT64);
    MUST(dg_tensors_new(&parameters));
    dg_node *x = dg_input(graph, DG_SHAPE(DG_N, 2), .dtype = DG_FLOAT64, .name = "x");
    dg_node *label = dg_input(graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    dg_node *scores = dg_linear(hidden ? dg_tanh(dg_linear(x, hidden)) : x, n_classes, .name = "scores");
    dg_node *loss = rule(scores, label);
    MUST(dg_graph_status(graph));
    MUST(dg_parameters_init(parameters, graph, 3));
    data.n_train = count;
    dg_task task = {.graph = graph, .loss = loss, .parameters = parameters, .data = &data, .batch_size = 4};
    if (epochs) {
        MUST(dg_trainer_new(&(dg_trainer_options){.task = task, .optimizer = "adam(lr=0.1)", .epochs = epochs},
                            &trainer));
        MUST(dg_trainer_run(trainer));
    }
    MUST(dg_separability_find(&task, (dg_rows){NULL, count}, &found));
    dg_trainer_free(trainer);
    dg_tensors_free(parameters);
    dg_graph_free(graph);
    dg_dataset_release(&data);
    return found;
}

/* Weighted means of the rows of both classes are one, which no scores with a bias can tell from each other. */
static void check_proof(const dg_separability *found, const double (*rows)[3], int64_t low, int64_t high)
{
    double difference[3] = {0};
    cr_expect(found->is_classes && !found->is_score && found->unit);
    cr_expect_eq(found->classes[0], low);
    cr_expect_eq(found->classes[1], high);
    cr_assert_geq(found->n_proof, 2);
    for (int64_t k = 0; k < found->n_proof; k++) {
        const double *row = rows[found->proof[k].row];
        double weight = found->proof[k].weight * (row[2] == (double)high ? 1 : -1);
        cr_expect(row[2] == (double)low || row[2] == (double)high);
        cr_expect_eq(found->proof[k].wanted, row[2]);
        cr_expect_gt(found->proof[k].weight, 0);
        for (int i = 0; i < 2; i++)
            difference[i] += weight * row[i];
        difference[2] += weight;
    }
    for (int i = 0; i < 3; i++)
        cr_expect_float_eq(difference[i], 0, 1e-9, "%d: %g", i, difference[i]);
}

/* Told by the loss's shape, whatever ops it is made of. */
Test(separable_classes, exclusive_or_is_not_and_its_rows_prove_it)
{
    static const loss_rule rules[] = {plain, smoothed, by_logarithms, twice, margins, one_by_one};
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
        dg_separability found = find(exclusive_or, 4, 2, rules[k], 0, 0);
        cr_assert_eq(found.verdict, DG_INSEPARABLE, "%zu: %d", k, (int)found.verdict);
        cr_expect_eq(found.n_rows, 4);
        check_proof(&found, exclusive_or, 0, 1);
        dg_separability_release(&found);
        found = find(gate, 4, 2, rules[k], 0, 0);
        cr_expect_eq(found.verdict, DG_SEPARABLE, "%zu: %d", k, (int)found.verdict);
        dg_separability_release(&found);
    }
}

Test(separable_classes, what_is_no_linear_classifier_is_not_asked)
{
    dg_separability found = find(exclusive_or, 4, 2, squares, 0, 0);
    cr_expect_eq(found.verdict, DG_SEPARABILITY_UNKNOWN, "%d", (int)found.verdict);
    cr_expect_null(found.unit);
    for (int64_t hidden = 1; hidden <= 8; hidden++)
        for (int epochs = 0; epochs <= 50; epochs += 50) {
            found = find(exclusive_or, 4, 2, plain, hidden, epochs);
            cr_expect_eq(found.verdict, DG_SEPARABILITY_UNKNOWN, "%lld: %d", (long long)hidden, (int)found.verdict);
            cr_expect_null(found.unit);
        }
}

/* Of three the two that overlap are named; where any two are separable, only scores that are right show that all are.
 */
Test(separable_classes, two_of_three_are_named)
{
    dg_separability found = find(three, 6, 3, plain, 0, 0);
    cr_assert_eq(found.verdict, DG_INSEPARABLE, "%d", (int)found.verdict);
    cr_expect_eq(found.n_rows, 4);
    check_proof(&found, three, 0, 2);
    dg_separability_release(&found);
    found = find(apart, 6, 3, plain, 0, 0);
    cr_expect_eq(found.verdict, DG_SEPARABILITY_UNKNOWN, "%d", (int)found.verdict);
    dg_separability_release(&found);
    found = find(apart, 6, 3, plain, 0, 100);
    cr_expect_eq(found.verdict, DG_SEPARABLE, "%d", (int)found.verdict);
    cr_expect_eq(found.n_rows, 6);
    cr_expect_eq(found.n_wrong, 0);
    dg_separability_release(&found);
}
