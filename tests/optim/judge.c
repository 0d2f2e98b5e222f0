/* Metrics of whole passes against scikit-learn's numbers (judge.py). */
#include "small.h"

#include <dotgrad/ops.h>

enum { ROWS = 40 };

typedef struct judged_task {
    dg_graph *graph;
    dg_tensors *parameters;
    dg_dataset data;
    dg_task task;
} judged_task;

/* Scores are the features themselves. */
static judged_task make(int64_t classes, int modulus)
{
    judged_task t;
    dg_tensor *features, *target;
    MUST(dg_dataset_new(&t.data));
    MUST(dg_tensors_add(t.data.fields, "features", DG_FLOAT64, DG_SHAPE(ROWS, classes), &features));
    MUST(dg_tensors_add(t.data.fields, "target", classes > 1 ? DG_INT64 : DG_FLOAT64,
                        classes > 1 ? DG_SHAPE(ROWS) : DG_SHAPE(ROWS, 1), &target));
    for (int64_t i = 0; i < ROWS; i++) {
        for (int64_t c = 0; c < classes; c++) {
            double s = sin(1.7 * (double)i + (double)c);
            dg_tensor_set(features, i * classes + c, classes > 1 ? 2 * s : rint(4 * s) / 2);
        }
        dg_tensor_set(target, i, (double)(i * 7 / 3 % modulus));
    }
    MUST(dg_graph_new(&t.graph));
    MUST(dg_tensors_new(&t.parameters));
    dg_node *x = dg_input(t.graph, DG_SHAPE(DG_N, classes), .dtype = DG_FLOAT64, .name = "x");
    dg_node *label = classes > 1 ? dg_input(t.graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label")
                                 : dg_input(t.graph, DG_SHAPE(DG_N, 1), .dtype = DG_FLOAT64, .name = "label");
    dg_node *w = dg_parameter(t.graph, DG_SHAPE(1), .init = "ones", .dtype = DG_FLOAT64, .name = "w"),
            *s = dg_mul(x, w);
    dg_node *loss = classes > 1 ? dg_cross_entropy(s, label) : dg_binary_cross_entropy_with_logits(s, label);
    MUST(dg_graph_status(t.graph));
    MUST(dg_parameters_init(t.parameters, t.graph, 0));
    t.task = (dg_task){.graph = t.graph,
                       .loss = loss,
                       .output = s,
                       .parameters = t.parameters,
                       .batch_size = 7,
                       .metrics = "auc, f1_macro"};
    return t;
}

static void release(judged_task *t)
{
    dg_tensors_free(t->parameters);
    dg_graph_free(t->graph);
    dg_dataset_release(&t->data);
}

static double metric(const dg_metrics *metrics, const char *name)
{
    for (int k = 0; k < metrics->count; k++)
        if (strcmp(metrics->names[k], name) == 0)
            return metrics->values[k];
    cr_assert_fail("%s is missing", name);
    return NAN;
}

/* Batches of 7: the pass is judged as a whole. Sums of 40 numbers: 1e-12. */
Test(judge, several_classes_are_each_set_against_the_rest)
{
    static const int64_t wanted[9] = {5, 3, 5, 7, 1, 6, 5, 2, 6};
    judged_task t = make(3, 3);
    dg_metrics metrics;
    dg_tensor counts;
    t.task.data = &t.data;
    MUST(dg_evaluate(&t.task, (dg_rows){NULL, ROWS}, &metrics));
    cr_assert_float_eq(metric(&metrics, "auc"), 0.511904761904762, 1e-12);
    cr_assert_float_eq(metric(&metrics, "f1_macro"), 0.2777777777777778, 1e-12);
    MUST(dg_confusion(&t.task, (dg_rows){NULL, ROWS}, &counts));
    cr_assert_eq(dg_tensor_count(&counts), 9);
    cr_assert_arr_eq(counts.data, wanted, sizeof wanted);
    dg_tensor_release(&counts);
    release(&t);
}

Test(judge, one_score_decides_between_two_classes_and_ties_count_half)
{
    judged_task t = make(1, 2);
    dg_metrics metrics;
    t.task.data = &t.data;
    MUST(dg_evaluate(&t.task, (dg_rows){NULL, ROWS}, &metrics));
    cr_assert_float_eq(metric(&metrics, "auc"), 0.493734335839599, 1e-12);
    cr_assert_float_eq(metric(&metrics, "f1_macro"), 0.5223130106851037, 1e-12);
    release(&t);
}

/* Scores [N, 1] of the only class there is are no decision between two. */
Test(judge, accuracy_of_one_class_is_1)
{
    static const double scores[] = {-2, 3, 0.25, -0.5};
    static const int64_t labels[4];
    const dg_tensor x = dg_tensor_view(DG_FLOAT64, DG_SHAPE(4, 1), scores),
                    t = dg_tensor_view(DG_INT64, DG_SHAPE(4), labels);
    dg_dataset data;
    dg_graph *graph;
    dg_metrics metrics;
    MUST(dg_dataset_new(&data));
    MUST(dg_tensors_put(data.fields, "features", &x));
    MUST(dg_tensors_put(data.fields, "target", &t));
    MUST(dg_graph_new(&graph));
    dg_graph_set_dtype(graph, DG_FLOAT64);
    dg_node *input = dg_input(graph, DG_SHAPE(DG_N, 1), .name = "x");
    dg_node *target = dg_input(graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "t");
    dg_task task = {.graph = graph, .data = &data, .batch_size = 3, .metrics = "accuracy, f1"};
    task.loss = dg_cross_entropy(input, target);
    MUST(dg_evaluate(&task, (dg_rows){NULL, 4}, &metrics));
    cr_assert_eq(metrics.values[0], 0);
    cr_assert_eq(metrics.values[1], 1, "%g", metrics.values[1]);
    cr_assert_eq(metrics.values[2], 0, "%g", metrics.values[2]); /* no row is of the class 1, or said to be */
    dg_graph_free(graph);
    dg_dataset_release(&data);
}

Test(judge, f1_of_three_classes_names_the_one_that_is_of_several)
{
    static const double scores[6] = {1, 2, 3, 3, 2, 1}, labels[2] = {0, 1};
    dg_dataset data;
    dg_graph *graph;
    dg_metrics metrics;
    dg_tensor *x, *t;
    MUST(dg_dataset_new(&data));
    MUST(dg_tensors_add(data.fields, "features", DG_FLOAT64, DG_SHAPE(2, 3), &x));
    MUST(dg_tensors_add(data.fields, "target", DG_INT64, DG_SHAPE(2), &t));
    for (int k = 0; k < 6; k++)
        dg_tensor_set(x, k, scores[k]);
    for (int k = 0; k < 2; k++)
        dg_tensor_set(t, k, labels[k]);
    MUST(dg_graph_new(&graph));
    dg_graph_set_dtype(graph, DG_FLOAT64);
    dg_task task = {.graph = graph, .data = &data, .metrics = "f1"};
    dg_node *input = dg_input(graph, DG_SHAPE(DG_N, 3), .name = "x");
    task.loss = dg_cross_entropy(input, dg_input(graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "t"));
    dg_status status = dg_evaluate(&task, (dg_rows){NULL, 2}, &metrics);
    cr_expect_eq(status.code, DG_BAD_SHAPE);
    cr_expect(strstr(status.message, "here there are 3: f1_macro is of several"), "%s", status.message);
    dg_graph_free(graph);
    dg_dataset_release(&data);
}
