/* The losses beyond cross_entropy and mse_loss: values in closed form, options, kinks, failures. */
#include "../support.h"

static trial *t;

static void begin(void)
{
    t = trial_new(DG_FLOAT64);
}

static void end(void)
{
    trial_free(t);
}

TestSuite(losses, .init = begin, .fini = end);

#define VECTOR(...) trial_input(t, DG_SHAPE((int64_t)(sizeof DATA(__VA_ARGS__) / sizeof(double))), DATA(__VA_ARGS__))
static void expect_scalar(dg_node *loss, double wants)
{
    expect_values(trial_run(t, loss), dg_scalar(), 1e-14, &wants);
}

Test(losses, smooth_l1_and_huber_join_a_parabola_to_lines)
{
    dg_node *x = VECTOR(0, 0.25, 2, -3), *zero = trial_input(t, dg_scalar(), DATA(0));
    expect_values(trial_run(t, dg_smooth_l1_loss(x, zero, .beta = 0.5, .reduction = "none")), DG_SHAPE(4), 1e-15,
                  DATA(0, 0.0625, 1.75, 2.75));
    expect_values(trial_run(t, trial_grad(dg_smooth_l1_loss(x, zero, .beta = 0.5, .reduction = "sum"), x)), DG_SHAPE(4),
                  1e-15, DATA(0, 0.5, 1, -1));
    expect_scalar(dg_smooth_l1_loss(x, zero, .beta = 0), 5.25 / 4);
    expect_values(trial_run(t, dg_huber_loss(x, zero, .delta = 2, .reduction = "none")), DG_SHAPE(4), 1e-15,
                  DATA(0, 0.03125, 2, 4));
    expect_values(trial_run(t, trial_grad(dg_huber_loss(x, zero, .delta = 2, .reduction = "sum"), x)), DG_SHAPE(4),
                  1e-15, DATA(0, 0.25, 2, -2));
}

Test(losses, kl_div_is_0_where_the_target_is)
{
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(log(0.5), log(0.5), log(0.25), log(0.75)));
    dg_node *p = trial_input(t, DG_SHAPE(2, 2), DATA(1, 0, 0.5, 0.5)), *slope;
    double first = log(2), second = 0.5 * log(2) + 0.5 * log(2. / 3);
    expect_scalar(dg_kl_div(x, p), (first + second) / 4);
    expect_scalar(dg_kl_div(x, p, .reduction = "batchmean"), (first + second) / 2);
    expect_scalar(dg_kl_div(x, x, .log_target = true, .reduction = "sum"), 0);
    slope = trial_grad(dg_kl_div(x, p, .reduction = "sum"), x);
    expect_values(trial_run(t, slope), DG_SHAPE(2, 2), 1e-15, DATA(-1, 0, -0.5, -0.5));
}

Test(losses, gaussian_nll_holds_variances_at_eps)
{
    dg_node *x = trial_input(t, DG_SHAPE(2, 2), DATA(0, 1, 2, 3)),
            *y = trial_input(t, DG_SHAPE(2, 2), DATA(1, 1, 0, 4));
    dg_node *v = VECTOR(4, 0.5), *tiny = trial_input(t, DG_SHAPE(2, 1), DATA(0, 2));
    double pi = acos(-1);
    expect_scalar(dg_gaussian_nll_loss(x, y, v, .reduction = "sum"), log(4) + log(0.5) + 0.5 * (0.25 + 0 + 8 + 2));
    expect_scalar(dg_gaussian_nll_loss(x, y, v, .full = true), (log(4) + log(0.5) + 5.125) / 4 + 0.5 * log(2 * pi));
    dg_node *loss = dg_gaussian_nll_loss(x, y, tiny, .eps = 0.5, .reduction = "sum");
    expect_scalar(loss, log(0.5) + log(2) + 1 + 0.25 * 5);
    expect_values(trial_run(t, trial_grad(loss, tiny)), DG_SHAPE(2, 1), 1e-14,
                  DATA(1 / 0.5 - 0.5 / 0.25, 1. / 2 - 0.5 * 5 / 4));
}

Test(losses, gaussian_nll_refuses_variances_below_0)
{
    dg_node *x = VECTOR(0, 1, 2);
    expect_failure(trial_try(t, dg_gaussian_nll_loss(x, x, VECTOR(1, 0, -1e-9))), DG_BAD_DATA,
                   "variance number 3 is -1e-09, expected 0 or more");
}

Test(losses, poisson_nll_adds_stirlings_term_above_1)
{
    dg_node *x = VECTOR(0, 1), *y = VECTOR(1, 3);
    double full = 3 * log(3) - 3 + 0.5 * log(2 * acos(-1) * 3);
    expect_scalar(dg_poisson_nll_loss(x, y), (1 + exp(1) - 3) / 2);
    expect_scalar(dg_poisson_nll_loss(x, y, .full = true, .reduction = "sum"), 1 + exp(1) - 3 + full);
    expect_scalar(dg_poisson_nll_loss(y, x, .log_input = false, .reduction = "sum", .eps = 0), 4 - log(3));
}

Test(losses, embeddings_are_drawn_together_or_apart)
{
    dg_node *x = VECTOR(0.5, 0.25, 3), *y = VECTOR(1, -1, -1);
    expect_values(trial_run(t, dg_hinge_embedding_loss(x, y, .reduction = "none")), DG_SHAPE(3), 0, DATA(0.5, 0.75, 0));
    expect_values(trial_run(t, trial_grad(dg_hinge_embedding_loss(x, y, .reduction = "sum"), x)), DG_SHAPE(3), 0,
                  DATA(1, -1, 0));
    dg_node *a = trial_input(t, DG_SHAPE(2, 2), DATA(3, 4, 1, 0)),
            *b = trial_input(t, DG_SHAPE(2, 2), DATA(4, 3, 2, 0));
    dg_node *sign = VECTOR(1, -1);
    expect_values(trial_run(t, dg_cosine_embedding_loss(a, b, sign, .margin = 0.5, .reduction = "none")), DG_SHAPE(2),
                  1e-12, DATA(0.04, 0.5));
    expect_values(trial_run(t, dg_cosine_similarity(a, b)), DG_SHAPE(2), 1e-15, DATA(0.96, 1));
    expect_values(trial_run(t, dg_cosine_similarity(a, b, .dim = 0)), DG_SHAPE(2), 1e-15,
                  DATA(14 / sqrt(200), 12. / 12));
}

Test(losses, cosine_similarity_of_nothing_is_0)
{
    dg_node *a = VECTOR(0, 0), *b = VECTOR(1, 2), *y = dg_cosine_similarity(a, b, .dim = 0);
    expect_scalar(y, 0);
    for (int k = 0; k < 2; k++)
        cr_expect(isfinite(dg_tensor_get(trial_run(t, trial_grad(y, a)), k)));
}

Test(losses, triplets_and_rankings_keep_a_margin)
{
    dg_node *a = trial_input(t, DG_SHAPE(1, 2), DATA(0, 0)), *p = trial_input(t, DG_SHAPE(1, 2), DATA(3, 4));
    dg_node *n = trial_input(t, DG_SHAPE(1, 2), DATA(3, 5));
    expect_scalar(dg_pairwise_distance(VECTOR(3, 4), VECTOR(0, 0), .eps = 0), 5);
    expect_values(trial_run(t, dg_pairwise_distance(a, p, .eps = 0, .p = 1, .keepdim = true)), DG_SHAPE(1, 1), 0,
                  DATA(7));
    expect_scalar(dg_triplet_margin_loss(a, p, n, .eps = 0, .margin = 2), 7 - sqrt(34));
    expect_scalar(dg_triplet_margin_loss(a, p, n, .eps = 0, .margin = 2, .swap = true), 6);
    expect_scalar(dg_triplet_margin_loss(a, a, p, .eps = 0, .margin = 2), 0);
    dg_node *x1 = VECTOR(1, 2, 3), *x2 = VECTOR(2, 2, 2), *sign = VECTOR(1, -1, 1);
    expect_values(trial_run(t, dg_margin_ranking_loss(x1, x2, sign, .margin = 0.5, .reduction = "none")), DG_SHAPE(3),
                  0, DATA(1.5, 0.5, 0));
}

Test(losses, classes_keep_a_margin)
{
    dg_node *x = trial_input(t, DG_SHAPE(2, 3), DATA(1, 0.5, 2, 0, 0, -3)),
            *y = trial_labels(t, DG_SHAPE(2), DATA(0, 1));
    dg_node *w = VECTOR(2, 3, 5);
    expect_values(trial_run(t, dg_multi_margin_loss(x, y, .reduction = "none")), DG_SHAPE(2), 1e-15,
                  DATA(2.5 / 3, 1. / 3));
    expect_values(trial_run(t, dg_multi_margin_loss(x, y, .p = 2, .weight = w, .reduction = "none")), DG_SHAPE(2),
                  1e-15, DATA(2 * 4.25 / 3, 3 * 1. / 3));
    expect_scalar(dg_soft_margin_loss(VECTOR(0, 800, -800), VECTOR(1, 1, 1), .reduction = "sum"), log(2) + 800);
}

Test(losses, multilabel_margin_stops_at_the_first_negative_label)
{
    /* the example of PyTorch's reference: 0.25 ((1 − (0.1 − 0.2)) + (1 − (0.1 − 0.4)) + (1 − (0.8 − 0.2)) + …) */
    dg_node *x = trial_input(t, DG_SHAPE(1, 4), DATA(0.1, 0.2, 0.4, 0.8));
    dg_node *y = trial_labels(t, DG_SHAPE(1, 4), DATA(3, 0, -1, 1)),
            *none = trial_labels(t, DG_SHAPE(1, 4), DATA(-1, 0, 0, 0));
    expect_scalar(dg_multilabel_margin_loss(x, y), 0.85);
    expect_scalar(dg_multilabel_margin_loss(x, none), 0);
    dg_node *soft = dg_multilabel_soft_margin_loss(trial_input(t, DG_SHAPE(1, 2), DATA(0, 900)),
                                                   trial_input(t, DG_SHAPE(1, 2), DATA(1, 0)), .weight = VECTOR(1, 3));
    expect_scalar(soft, (log(2) + 2700) / 2);
}

Test(losses, focal_and_dice)
{
    dg_node *x = VECTOR(0, log(3)), *y = VECTOR(1, 0);
    expect_values(trial_run(t, dg_focal_loss(x, y, .reduction = "none")), DG_SHAPE(2), 1e-15,
                  DATA(0.25 * 0.25 * log(2), 0.75 * 0.5625 * log(4)));
    expect_values(trial_run(t, dg_focal_loss(x, y, .reduction = "none", .alpha = -1, .gamma = 0)), DG_SHAPE(2), 1e-15,
                  DATA(log(2), log(4)));
    dg_node *p = trial_input(t, DG_SHAPE(2, 2), DATA(1, 0.5, 0, 0)),
            *q = trial_input(t, DG_SHAPE(2, 2), DATA(1, 0, 0, 0));
    expect_values(trial_run(t, dg_dice_loss(p, q, .reduction = "none")), DG_SHAPE(2), 1e-15, DATA(1 - 3 / 3.5, 0));
}

Test(losses, single_precision_agrees_with_double)
{
    trial *f = trial_new(DG_FLOAT32);
    dg_node *x = trial_input(f, DG_SHAPE(3), DATA(0.25, -2, 90)), *y = trial_input(f, DG_SHAPE(3), DATA(1, 1, 1));
    expect_values(trial_run(f, dg_soft_margin_loss(x, y, .reduction = "sum")), dg_scalar(), 1e-6,
                  DATA(log1p(exp(-0.25)) + log1p(exp(2)) + exp(-90)));
    expect_values(trial_run(f, dg_huber_loss(x, y, .reduction = "sum")), dg_scalar(), 1e-6, DATA(0.28125 + 2.5 + 88.5));
    trial_free(f);
}

static void expect_refusal(dg_code code, const char *text)
{
    expect_failure(dg_graph_status(t->graph), code, text);
    trial_free(t);
    t = trial_new(DG_FLOAT64);
}

Test(losses, refuse_what_does_not_fit)
{
    dg_huber_loss(VECTOR(1), VECTOR(1), .delta = 0);
    expect_refusal(DG_BAD_ARGUMENT, "delta is 0, expected more than 0");
    dg_kl_div(trial_input(t, dg_scalar(), NULL), trial_input(t, dg_scalar(), NULL), .reduction = "batchmean");
    expect_refusal(DG_BAD_SHAPE, "needs a batch");
    dg_gaussian_nll_loss(trial_input(t, DG_SHAPE(2, 3), NULL), trial_input(t, DG_SHAPE(2, 3), NULL), VECTOR(1, 2, 3));
    expect_refusal(DG_BAD_SHAPE, "input is [2, 3] and var is [3]");
    dg_cosine_embedding_loss(VECTOR(1, 2), VECTOR(1, 2), VECTOR(1));
    expect_refusal(DG_BAD_SHAPE, "input1 is [2] and target is [1]");
    dg_triplet_margin_loss(VECTOR(1, 2), VECTOR(1, 2), VECTOR(1));
    expect_refusal(DG_BAD_SHAPE, "anchor is [2] and negative is [1]");
    dg_multi_margin_loss(VECTOR(1, 2), trial_labels(t, dg_scalar(), NULL), .p = 3);
    expect_refusal(DG_BAD_ARGUMENT, "p is 3, expected 1 or 2");
    dg_multilabel_margin_loss(VECTOR(1, 2), VECTOR(1, 2));
    expect_refusal(DG_BAD_DTYPE, "target is float64, expected class indices");
    dg_focal_loss(VECTOR(1), VECTOR(1), .gamma = -1);
    expect_refusal(DG_BAD_ARGUMENT, "gamma is -1");
}
