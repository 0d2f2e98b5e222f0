/* What ops say of their sums, added up by hand in float64, against what their kernels compute: 1e-13 of the largest
 * number that is added allows for another order. */
#include "../support.h"

enum { MOST = 64 };

static double sum_of(const dg_terms *terms, const dg_tensor *const *inputs, double *largest)
{
    double sum = 0;
    for (int64_t i = 0; i < terms->count; i++) {
        double product = 1;
        for (int k = 0; k < terms->list[i].n_factors; k++) {
            const dg_tensor *input = inputs[terms->list[i].input[k]];
            cr_assert(terms->list[i].at[k] >= 0 && terms->list[i].at[k] < dg_tensor_count(input));
            product *= dg_tensor_get(input, terms->list[i].at[k]);
        }
        sum += product;
        *largest = fmax(*largest, fabs(product));
    }
    return sum / (double)terms->divisor;
}

static void check_sample(const dg_op *op, const dg_sample *sample)
{
    dg_sample_case made;
    dg_node *fetch[1 + DG_MAX_INPUTS];
    const dg_tensor *inputs[DG_MAX_INPUTS] = {NULL};
    dg_plan *plan;
    int n = 1;
    must(dg_sample_make(&made, op, sample, DG_FLOAT64, 3));
    fetch[0] = made.node;
    for (int k = 0; k < dg_node_input_count(made.node); k++)
        if (dg_node_input(made.node, k))
            fetch[n++] = dg_node_input(made.node, k);
    must(dg_plan_new(made.graph, &(dg_plan_options){.fetch = fetch, .n_fetch = n, .parameters = made.parameters},
                     &plan));
    must(dg_plan_run(plan, made.feeds, made.n_feeds));
    for (int k = 0, at = 1; k < dg_node_input_count(made.node); k++)
        inputs[k] = dg_node_input(made.node, k) ? dg_plan_result(plan, at++) : NULL;
    dg_tensor *result = (dg_tensor *)dg_plan_result(plan, 0);
    const dg_kernel kernel = {.attrs = dg_node_attrs(made.node),
                              .n_inputs = dg_node_input_count(made.node),
                              .inputs = inputs,
                              .n_outputs = 1,
                              .outputs = &result};
    for (int64_t i = 0; i < dg_tensor_count(result); i++) {
        dg_term list[MOST];
        dg_terms terms = {.most = MOST, .list = list, .divisor = 1};
        double largest = 0;
        op->terms(&kernel, i, &terms);
        cr_assert(terms.count <= MOST, "%s", sample->call);
        double sum = sum_of(&terms, inputs, &largest), value = dg_tensor_get(result, i);
        cr_expect(fabs(sum - value) <= 1e-13 * largest, "%s, element %d: %.17g, its terms make %.17g", sample->call,
                  (int)i, value, sum);
    }
    dg_plan_free(plan);
    dg_sample_release(&made);
}

Test(terms, make_the_values_of_every_op_that_has_them)
{
    int n = 0;
    for (size_t k = 0; k < dg_op_count(); k++) {
        const dg_op *op = dg_op_at(k);
        for (const dg_sample *sample = op->samples; op->terms && sample && sample->call; sample++, n++)
            check_sample(op, sample);
    }
    cr_expect_gt(n, 20, "%d samples", n);
}

/* What does not fit is told by the count. */
Test(terms, stop_where_there_is_no_room)
{
    const dg_op *sum = dg_op_find("sum");
    const dg_tensor x = {.dtype = DG_FLOAT32, .shape = DG_SHAPE(1000)};
    dg_tensor y = {.dtype = DG_FLOAT32, .shape = dg_scalar()};
    const dg_value attrs[2] = {{.kind = DG_VALUE_NONE}, {.kind = DG_VALUE_BOOL}};
    dg_term list[3] = {{0}};
    dg_terms terms = {.most = 2, .list = list, .divisor = 1};
    sum->terms(&(dg_kernel){.attrs = attrs,
                            .n_inputs = 1,
                            .inputs = (const dg_tensor *[]){&x},
                            .n_outputs = 1,
                            .outputs = (dg_tensor *[]){&y}},
               0, &terms);
    cr_expect_gt(terms.count, 2);
    cr_expect_eq(list[1].at[0], 1);
    cr_expect_eq(list[2].n_factors, 0);
}
