/* Losses: values and gradients in closed form, every reduction and option, failures. */
#include "../support.h"

Test(mse_loss, reduces_squared_differences)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(1, 2, 3, 4)),
            *y = trial_input(t, DG_SHAPE(2, 2), DATA(1, 0, 0, 8));
    expect_values(trial_run(t, dg_mse_loss(x, y)), dg_scalar(), 0, DATA(7.25));
    expect_values(trial_run(t, dg_mse_loss(x, y, .reduction = "sum")), dg_scalar(), 0, DATA(29));
    expect_values(trial_run(t, dg_mse_loss(x, y, .reduction = "none")), DG_SHAPE(2, 2), 0, DATA(0, 4, 9, 16));
    expect_values(trial_run(t, trial_grad(dg_mse_loss(x, y), x)), DG_SHAPE(2, 2), 0, DATA(0, 1, 1.5, -2));
    expect_values(trial_run(t, trial_grad(dg_mse_loss(x, y), y)), DG_SHAPE(2, 2), 0, DATA(0, -1, -1.5, 2));
    trial_free(t);
}

Test(mse_loss, takes_one_number_as_target_and_a_symbolic_batch)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_feed(t, DG_FLOAT32, DG_SHAPE(DG_N, 1), DG_SHAPE(3, 1), DATA(0, 1, 3));
    dg_node *one = trial_input(t, dg_scalar(), DATA(1));
    expect_values(trial_run(t, dg_mse_loss(x, one)), dg_scalar(), 1e-6, DATA(5. / 3));
    expect_values(trial_run(t, trial_grad(dg_mse_loss(x, one), x)), DG_SHAPE(3, 1), 1e-6, DATA(-2. / 3, 0, 4. / 3));
    trial_free(t);
}

Test(l1_loss, has_no_gradient_at_0)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(4), DATA(1, 2, 3, 4)), *y = trial_input(t, DG_SHAPE(4), DATA(1, 0, 0, 8));
    expect_values(trial_run(t, dg_l1_loss(x, y)), dg_scalar(), 0, DATA(2.25));
    expect_values(trial_run(t, trial_grad(dg_l1_loss(x, y), x)), DG_SHAPE(4), 0, DATA(0, 0.25, 0.25, -0.25));
    trial_free(t);
}

Test(mse_loss, refuses_what_does_not_fit)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_mse_loss(trial_input(t, DG_SHAPE(3, 1), NULL), trial_input(t, DG_SHAPE(3), NULL), .name = "loss");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE,
                   "mse_loss 'loss': input is [3, 1] and target is [3]: they must have the same shape; squeeze(dim=-1) "
                   "makes [N, 1] to [N], and input([N, 1]) reads a column as [N, 1]");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_mse_loss(trial_input(t, DG_SHAPE(3), NULL), trial_labels(t, DG_SHAPE(3), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_DTYPE, "target is int64");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(3), NULL);
    dg_mse_loss(x, x, .reduction = "median");
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "median");
    trial_free(t);
}

/* ---- cross_entropy, nll_loss ---- */

/* Scores whose softmax rows are (1, 2, 5)/8 and (3, 3, 2)/8. */
static dg_node *shares(trial *t)
{
    return trial_input(t, DG_SHAPE(2, 3), DATA(log(1), log(2), log(5), log(3), log(3), log(2)));
}

Test(cross_entropy, is_minus_the_logarithm_of_the_targets_share)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = shares(t), *label = trial_labels(t, DG_SHAPE(2), DATA(1, 0));
    double first = log(4), second = log(8. / 3);
    expect_values(trial_run(t, dg_cross_entropy(x, label)), dg_scalar(), 1e-15, DATA((first + second) / 2));
    expect_values(trial_run(t, dg_cross_entropy(x, label, .reduction = "sum")), dg_scalar(), 1e-15,
                  DATA(first + second));
    expect_values(trial_run(t, dg_cross_entropy(x, label, .reduction = "none")), DG_SHAPE(2), 1e-15,
                  DATA(first, second));
    expect_values(trial_run(t, trial_grad(dg_cross_entropy(x, label), x)), DG_SHAPE(2, 3), 1e-15,
                  DATA(1. / 16, -3. / 8, 5. / 16, -5. / 16, 3. / 16, 1. / 8));
    trial_free(t);
}

Test(cross_entropy, has_a_second_derivative)
{
    /* the Hessian of one sample is diag p − p pᵀ; here times e_1 */
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 3), DATA(log(1), log(2), log(5)));
    dg_node *label = trial_labels(t, DG_SHAPE(1), DATA(2)), *e1 = trial_input(t, DG_SHAPE(1, 3), DATA(0, 1, 0));
    dg_node *slope = dg_sum(dg_mul(trial_grad(dg_cross_entropy(x, label), x), e1));
    expect_values(trial_run(t, trial_grad(slope, x)), DG_SHAPE(1, 3), 1e-15, DATA(-1. / 32, 3. / 16, -5. / 32));
    trial_free(t);
}

Test(cross_entropy, leaves_out_what_is_ignored)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = shares(t), *label = trial_labels(t, DG_SHAPE(2), DATA(-100, 0));
    dg_node *all = trial_labels(t, DG_SHAPE(2), DATA(7, 7)), *loss = dg_cross_entropy(x, label);
    expect_values(trial_run(t, loss), dg_scalar(), 1e-15, DATA(log(8. / 3)));
    expect_values(trial_run(t, dg_cross_entropy(x, label, .reduction = "none")), DG_SHAPE(2), 1e-15,
                  DATA(0, log(8. / 3)));
    expect_values(trial_run(t, trial_grad(loss, x)), DG_SHAPE(2, 3), 1e-15, DATA(0, 0, 0, -5. / 8, 3. / 8, 2. / 8));
    /* A batch that is ignored as a whole contributes nothing (PyTorch gives NaN), to the gradient neither. */
    dg_node *ignored = dg_cross_entropy(x, all, .ignore_index = 7);
    expect_values(trial_run(t, ignored), dg_scalar(), 0, DATA(0));
    expect_values(trial_run(t, trial_grad(ignored, x)), DG_SHAPE(2, 3), 0, DATA(0, 0, 0, 0, 0, 0));
    ignored = dg_cross_entropy(x, all, .ignore_index = 7, .label_smoothing = 0.1);
    expect_values(trial_run(t, ignored), dg_scalar(), 0, DATA(0));
    expect_values(trial_run(t, trial_grad(ignored, x)), DG_SHAPE(2, 3), 0, DATA(0, 0, 0, 0, 0, 0));
    ignored = dg_nll_loss(x, all, .ignore_index = 7);
    expect_values(trial_run(t, ignored), dg_scalar(), 0, DATA(0));
    expect_values(trial_run(t, trial_grad(ignored, x)), DG_SHAPE(2, 3), 0, DATA(0, 0, 0, 0, 0, 0));
    expect_values(trial_run(t, dg_cross_entropy(x, all, .ignore_index = 7, .reduction = "sum")), dg_scalar(), 0,
                  DATA(0));
    trial_free(t);
}

Test(cross_entropy, weighs_classes)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = shares(t), *label = trial_labels(t, DG_SHAPE(2), DATA(1, 0));
    dg_node *w = trial_input(t, DG_SHAPE(3), DATA(1, 3, 10));
    double first = 3 * log(4), second = log(8. / 3);
    expect_values(trial_run(t, dg_cross_entropy(x, label, .weight = w)), dg_scalar(), 1e-15,
                  DATA((first + second) / 4));
    expect_values(trial_run(t, dg_cross_entropy(x, label, .weight = w, .reduction = "none")), DG_SHAPE(2), 1e-15,
                  DATA(first, second));
    trial_free(t);
}

Test(cross_entropy, smooths_labels)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = shares(t), *label = trial_labels(t, DG_SHAPE(2), DATA(1, 0));
    dg_node *w = trial_input(t, DG_SHAPE(3), DATA(1, 3, 10));
    double all[2] = {log(8) + log(4) + log(1.6), 2 * log(8. / 3) + log(4)};
    double first = 0.7 * log(4) + 0.1 * all[0], second = 0.7 * log(8. / 3) + 0.1 * all[1];
    expect_values(trial_run(t, dg_cross_entropy(x, label, .label_smoothing = 0.3)), dg_scalar(), 1e-15,
                  DATA((first + second) / 2));
    double weighted[2] = {log(8) + 3 * log(4) + 10 * log(1.6), 4 * log(8. / 3) + 10 * log(4)};
    first = 0.7 * 3 * log(4) + 0.1 * weighted[0];
    second = 0.7 * log(8. / 3) + 0.1 * weighted[1];
    expect_values(trial_run(t, dg_cross_entropy(x, label, .label_smoothing = 0.3, .weight = w)), dg_scalar(), 1e-15,
                  DATA((first + second) / 4));
    dg_node *ignored = trial_labels(t, DG_SHAPE(2), DATA(1, 5));
    expect_values(trial_run(t, dg_cross_entropy(x, ignored, .label_smoothing = 0.3, .ignore_index = 5)), dg_scalar(),
                  1e-15, DATA(0.7 * log(4) + 0.1 * all[0]));
    trial_free(t);
}

Test(cross_entropy, takes_probabilities)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = shares(t), *p = trial_input(t, DG_SHAPE(2, 3), DATA(0.5, 0.5, 0, 1, 0, 0));
    dg_node *loss = dg_cross_entropy(x, p);
    double first = 0.5 * log(8) + 0.5 * log(4), second = log(8. / 3);
    expect_values(trial_run(t, loss), dg_scalar(), 1e-15, DATA((first + second) / 2));
    expect_values(trial_run(t, trial_grad(loss, p)), DG_SHAPE(2, 3), 1e-15,
                  DATA(log(8) / 2, log(4) / 2, log(1.6) / 2, log(8. / 3) / 2, log(8. / 3) / 2, log(4) / 2));
    double all[2] = {log(8) + log(4) + log(1.6), 2 * log(8. / 3) + log(4)};
    expect_values(trial_run(t, dg_cross_entropy(x, p, .label_smoothing = 0.3, .reduction = "none")), DG_SHAPE(2), 1e-15,
                  DATA(0.7 * first + 0.1 * all[0], 0.7 * second + 0.1 * all[1]));
    trial_free(t);
}

Test(cross_entropy, takes_images_and_single_samples)
{
    trial *t = trial_new(DG_FLOAT64);
    /* [1, 3, 2]: pixel 0 has the shares (1, 2, 5)/8, pixel 1 has (3, 3, 2)/8 */
    dg_node *x = trial_input(t, DG_SHAPE(1, 3, 2), DATA(log(1), log(3), log(2), log(3), log(5), log(2)));
    dg_node *label = trial_feed(t, DG_INT32, DG_SHAPE(1, 2), DG_SHAPE(1, 2), DATA(2, 1));
    dg_node *w = trial_input(t, DG_SHAPE(3), DATA(1, 3, 10));
    expect_values(trial_run(t, dg_cross_entropy(x, label, .reduction = "none")), DG_SHAPE(1, 2), 1e-15,
                  DATA(log(1.6), log(8. / 3)));
    double first = 0.7 * 10 * log(1.6) + 0.1 * (log(8) + 3 * log(4) + 10 * log(1.6));
    double second = 0.7 * 3 * log(8. / 3) + 0.1 * (4 * log(8. / 3) + 10 * log(4));
    expect_values(trial_run(t, dg_cross_entropy(x, label, .label_smoothing = 0.3, .weight = w)), dg_scalar(), 1e-15,
                  DATA((first + second) / 13));
    dg_node *single = trial_input(t, DG_SHAPE(3), DATA(log(1), log(2), log(5)));
    expect_values(trial_run(t, dg_cross_entropy(single, trial_labels(t, dg_scalar(), DATA(2)))), dg_scalar(), 1e-15,
                  DATA(log(1.6)));
    trial_free(t);
}

Test(cross_entropy, names_a_label_out_of_range)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), NULL);
    dg_node *loss = dg_cross_entropy(x, trial_labels(t, DG_SHAPE(2), DATA(1, 3)), .name = "loss");
    expect_failure(trial_try(t, loss), DG_BAD_DATA, "label 3 is out of range: the scores have 3 classes");
    loss = dg_cross_entropy(x, trial_labels(t, DG_SHAPE(2), DATA(-1, 0)), .reduction = "sum");
    expect_failure(trial_try(t, loss), DG_BAD_DATA, "label -1 is out of range: the scores have 3 classes");
    trial_free(t);
}

Test(cross_entropy, refuses_what_does_not_fit)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), NULL);
    dg_cross_entropy(x, trial_labels(t, DG_SHAPE(3), NULL), .name = "loss");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "cross_entropy 'loss': target is [3], expected [2]");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    x = trial_input(t, DG_SHAPE(2, 5, 3), NULL);
    dg_cross_entropy(x, trial_labels(t, DG_SHAPE(2, 5), NULL), .name = "loss");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE,
                   "target is [2, 5], expected [2, 3]: classes are dimension 1; transpose(1, 2) of the scores");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    x = trial_input(t, DG_SHAPE(2, 5, 4, 3), NULL); /* of a convolution that nothing has flattened */
    dg_cross_entropy(x, trial_labels(t, DG_SHAPE(2), NULL), .name = "loss");
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE,
                   "target is [2], expected [2, 4, 3]: one label a row goes with scores [N, C]: op=flatten before");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    x = trial_input(t, DG_SHAPE(2, 3), NULL);
    dg_cross_entropy(x, trial_input(t, DG_SHAPE(2), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_DTYPE,
                   "target is float32 [2]: numbers of classes are integers, input([2], dtype=int64)");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    x = trial_input(t, DG_SHAPE(2, 3), NULL);
    dg_cross_entropy(x, trial_labels(t, DG_SHAPE(2), NULL), .weight = trial_input(t, DG_SHAPE(2), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "weight is [2], expected one for each class: [3]");
    trial_free(t);
    t = trial_new(DG_FLOAT32);
    x = trial_input(t, DG_SHAPE(2, 3), NULL);
    dg_cross_entropy(x, trial_labels(t, DG_SHAPE(2), NULL), .label_smoothing = 1.5);
    expect_failure(dg_graph_status(t->graph), DG_BAD_ARGUMENT, "label_smoothing is 1.5");
    trial_free(t);
}

Test(nll_loss, picks_from_given_logarithms)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(3, 2), DATA(-1, -2, -3, -4, -5, -6));
    dg_node *label = trial_labels(t, DG_SHAPE(3), DATA(0, 1, 1)), *w = trial_input(t, DG_SHAPE(2), DATA(3, 1));
    expect_values(trial_run(t, dg_nll_loss(x, label)), dg_scalar(), 1e-15, DATA(11. / 3));
    expect_values(trial_run(t, dg_nll_loss(x, label, .weight = w)), dg_scalar(), 1e-15, DATA(13. / 5));
    expect_values(trial_run(t, dg_nll_loss(x, label, .ignore_index = 0, .reduction = "none")), DG_SHAPE(3), 0,
                  DATA(0, 4, 6));
    expect_values(trial_run(t, trial_grad(dg_nll_loss(x, label, .weight = w), x)), DG_SHAPE(3, 2), 1e-15,
                  DATA(-0.6, 0, 0, -0.2, 0, -0.2));
    dg_nll_loss(x, x);
    expect_failure(dg_graph_status(t->graph), DG_BAD_DTYPE,
                   "target is float64, expected class indices (int64 or int32): input(…, dtype=int64)");
    trial_free(t);
}

/* ---- binary_cross_entropy ---- */

Test(binary_cross_entropy, is_the_entropy_of_each_element)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(3), DATA(0.5, 0.25, 0.8)), *y = trial_input(t, DG_SHAPE(3), DATA(1, 0, 0.5));
    double terms[] = {log(2), log(4. / 3), (log(1.25) + log(5)) / 2};
    dg_node *loss = dg_binary_cross_entropy(x, y);
    expect_values(trial_run(t, loss), dg_scalar(), 1e-15, DATA((terms[0] + terms[1] + terms[2]) / 3));
    expect_values(trial_run(t, dg_binary_cross_entropy(x, y, .reduction = "none")), DG_SHAPE(3), 1e-15, terms);
    expect_values(trial_run(t, trial_grad(loss, x)), DG_SHAPE(3), 1e-14, DATA(-2. / 3, 4. / 9, 0.3 / 0.16 / 3));
    expect_values(trial_run(t, trial_grad(loss, y)), DG_SHAPE(3), 1e-15, DATA(0, log(3) / 3, log(0.25) / 3));
    dg_node *w = trial_input(t, DG_SHAPE(1), DATA(6));
    expect_values(trial_run(t, dg_binary_cross_entropy(x, y, .weight = w, .reduction = "sum")), dg_scalar(), 1e-15,
                  DATA(6 * (terms[0] + terms[1] + terms[2])));
    trial_free(t);
}

Test(binary_cross_entropy, cuts_logarithms_as_pytorch_does)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(4), DATA(0, 1, 0, 1)), *y = trial_input(t, DG_SHAPE(4), DATA(1, 0, 0, 1));
    dg_node *loss = dg_binary_cross_entropy(x, y, .reduction = "none");
    expect_values(trial_run(t, loss), DG_SHAPE(4), 0, DATA(100, 100, 0, 0));
    expect_values(trial_run(t, trial_grad(loss, x)), DG_SHAPE(4), 1e-6, DATA(-1e12, 1e12, 0, 0));
    trial_free(t);
}

Test(binary_cross_entropy_with_logits, is_stable)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(t, DG_SHAPE(5), DATA(0, 200, -200, 200, -200));
    dg_node *y = trial_input(t, DG_SHAPE(5), DATA(0.5, 1, 0, 0, 1));
    dg_node *loss = dg_binary_cross_entropy_with_logits(x, y, .reduction = "none");
    expect_values(trial_run(t, loss), DG_SHAPE(5), 1e-6, DATA(log(2), 0, 0, 200, 200));
    expect_values(trial_run(t, trial_grad(loss, x)), DG_SHAPE(5), 1e-6, DATA(0, 0, 0, 1, -1));
    trial_free(t);
}

Test(binary_cross_entropy_with_logits, weighs_positives_and_elements)
{
    trial *t = trial_new(DG_FLOAT64);
    /* sigmoid(ln 3) is 3/4 */
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(log(3), log(3), -log(3), 0));
    dg_node *y = trial_input(t, DG_SHAPE(2, 2), DATA(1, 0, 1, 0.5)), *p = trial_input(t, DG_SHAPE(2), DATA(3, 5));
    dg_node *w = trial_input(t, DG_SHAPE(2, 1), DATA(1, 10));
    double terms[] = {3 * log(4. / 3), log(4), 10 * 3 * log(4), 10 * (2.5 + 0.5) * log(2)};
    dg_node *loss = dg_binary_cross_entropy_with_logits(x, y, .pos_weight = p, .weight = w, .reduction = "none");
    expect_values(trial_run(t, loss), DG_SHAPE(2, 2), 1e-14, terms);
    expect_values(trial_run(t, trial_grad(loss, x)), DG_SHAPE(2, 2), 1e-14,
                  DATA(-0.75, 0.75, -22.5, 10 * (0.25 - 1.25)));
    dg_binary_cross_entropy_with_logits(x, y, .pos_weight = trial_input(t, DG_SHAPE(3), NULL));
    expect_failure(dg_graph_status(t->graph), DG_BAD_SHAPE, "pos_weight is [3] and does not broadcast to [2, 2]");
    trial_free(t);
}

Test(cross_entropy, class_weights_are_constants)
{
    trial *t = trial_new(DG_FLOAT64);
    dg_node *x = trial_input(t, DG_SHAPE(1, 2), DATA(1, 2)), *w = trial_input(t, DG_SHAPE(2), DATA(3, 5));
    dg_node *labels = trial_labels(t, DG_SHAPE(1), DATA(1)), *shares = trial_input(t, DG_SHAPE(1, 2), DATA(0.25, 0.75));
    dg_node *smooth = dg_cross_entropy(x, labels, .weight = w, .label_smoothing = 0.2);
    expect_values(trial_run(t, trial_grad(smooth, w)), DG_SHAPE(2), 0, DATA(0, 0));
    expect_values(trial_run(t, trial_grad(dg_cross_entropy(x, shares, .weight = w), w)), DG_SHAPE(2), 0, DATA(0, 0));
    trial_free(t);
}

/* ---- labels ---- */

Test(binary_cross_entropy, refuses_labels_outside_0_and_1)
{
    EACH_DTYPE(d)
    {
        trial *t = trial_new((dg_dtype)d);
        dg_node *x = trial_input(t, DG_SHAPE(3), DATA(0.2, 0.5, 0.7)),
                *ones = trial_input(t, DG_SHAPE(3), DATA(1, 2, 1));
        dg_node *signs = trial_input(t, DG_SHAPE(3), DATA(1, 0, -1)),
                *nan = trial_input(t, DG_SHAPE(3), DATA(0, NAN, 1));
        expect_failure(trial_try(t, dg_binary_cross_entropy(x, ones)), DG_BAD_DATA, "target number 2 is 2");
        expect_failure(trial_try(t, dg_binary_cross_entropy_with_logits(x, signs)), DG_BAD_DATA,
                       "target number 3 is -1");
        expect_failure(trial_try(t, dg_focal_loss(x, ones)), DG_BAD_DATA, "outside 0 … 1");
        expect_values(trial_run(t, dg_binary_cross_entropy_with_logits(x, nan)), dg_scalar(), 0, DATA(NAN));
        trial_free(t);
    }
}

Test(class_entropy_backward, wants_class_indices)
{
    trial *t = trial_new(DG_FLOAT32);
    dg_node *g = trial_input(t, dg_scalar(), DATA(1)), *p = trial_input(t, DG_SHAPE(3, 4), NULL);
    dg_node *label = trial_feed(t, DG_BOOL, DG_SHAPE(3), DG_SHAPE(3), NULL);
    dg_class_entropy_backward(g, p, label);
    expect_failure(dg_graph_status(t->graph), DG_BAD_DTYPE, "class indices");
    trial_free(t);
}
