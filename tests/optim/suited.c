/* Labels that do not fit a loss as they are. */
#include "small.h"

/* What a trainer says of labels before the data are suited to the loss, and after. */
static void train_on_labels(const char *spec, bool classes, const char *before, bool suits)
{
    dg_graph *g;
    dg_data *data;
    dg_tensors *parameters;
    dg_trainer *trainer = NULL;
    MUST(dg_data_open(spec, NULL, &data));
    MUST(dg_graph_new(&g));
    MUST(dg_tensors_new(&parameters));
    dg_node *y = dg_linear(dg_input(g, DG_SHAPE(DG_N, 1), .name = "x"), classes ? 3 : 1, .name = "y"), *loss;
    if (classes)
        loss = dg_cross_entropy(y, dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "t"), .name = "loss");
    else
        loss = dg_mse_loss(y, dg_input(g, DG_SHAPE(DG_N, 1), .name = "t"), .name = "loss");
    dg_trainer_options options = {
        .task = {.graph = g, .loss = loss, .parameters = parameters, .data = dg_data_set(data)}, .epochs = 1};
    dg_status status = dg_trainer_new(&options, &trainer);
    cr_expect_eq(status.code, DG_BAD_DATA, "%s", spec);
    cr_expect_not_null(strstr(status.message, before), "%s", status.message);
    cr_expect_eq(dg_data_suit(data, g).code == DG_OK, suits, "%s", spec);
    if (suits)
        MUST(dg_trainer_new(&options, &trainer));
    dg_trainer_free(trainer);
    dg_tensors_free(parameters);
    dg_graph_free(g);
    dg_data_free(data);
}

Test(suited, trainers_refuse_labels_that_do_not_fit_the_loss)
{
    FILE *file = fopen("words.csv", "w");
    cr_assert_not_null(file);
    fputs("a,y\n1,yes\n2,no\n3,yes\n4,no\n5,no\n", file);
    fclose(file);
    train_on_labels("words.csv(test=0)", false, "words", false);
    remove("words.csv");
    train_on_labels(
        "values(features=[1, 2, 3], target=[1, 2, 3], test=0)", true,
        "label 3: 'y' has 3 scores, for the classes 0 … 2: 'loss' (cross_entropy) needs as many scores as there are "
        "classes; dg_data_suit()",
        true);
}

/* A graph of one linear node whose target goes to `op` as it is, or through a formula. */
static dg_status suit(const char *spec, const char *op, bool computed, char notice[400])
{
    dg_graph *g;
    dg_data *data;
    MUST(dg_data_open(spec, NULL, &data));
    MUST(dg_graph_new(&g));
    dg_node *y = dg_linear(dg_input(g, DG_SHAPE(DG_N, 1), .name = "x"), 1, .name = "y");
    dg_node *t = dg_input(g, DG_SHAPE(DG_N, 1), .name = "t");
    if (computed)
        t = dg_expr("x - 1", {"x", t});
    if (strcmp(op, "soft_margin_loss") == 0)
        dg_soft_margin_loss(y, t, .name = "loss");
    else if (strcmp(op, "hinge_embedding_loss") == 0)
        dg_hinge_embedding_loss(y, t, .name = "loss");
    else if (strcmp(op, "multilabel_soft_margin_loss") == 0)
        dg_multilabel_soft_margin_loss(y, t, .name = "loss");
    else
        dg_binary_cross_entropy_with_logits(y, t, .name = "loss");
    MUST(dg_graph_status(g));
    dg_status status = dg_data_suit(data, g);
    const char *first = dg_data_notice(data, 0);
    snprintf(notice, 400, "%s", first ? first : "");
    dg_graph_free(g);
    dg_data_free(data);
    return status;
}

/* Of -1 and 1 the losses of margins learn; 0 would be no label of theirs, or none of either kind. */
Test(suited, losses_of_signs_take_minus_1_and_1_alone)
{
    static const char *const losses[] = {"soft_margin_loss", "hinge_embedding_loss"};
    char notice[400];
    for (size_t k = 0; k < sizeof losses / sizeof *losses; k++) {
        MUST(suit("values(features=[1, 2, 3], target=[-1, 1, -1], test=0)", losses[k], false, notice));
        dg_status status = suit("values(features=[1, 2, 3], target=[1, 0, 1], test=0)", losses[k], false, notice);
        cr_expect_eq(status.code, DG_BAD_DATA);
        cr_expect_not_null(strstr(status.message, "the target is 0"), "%s", status.message);
        cr_expect_not_null(strstr(status.message, losses[k]), "%s", status.message);
        MUST(suit("values(features=[1, 2, 3], target=[2, 0, 2], test=0)", losses[k], true, notice));
    }
    cr_expect_eq(
        suit("values(features=[1, 2], target=[3, 0.5], test=0)", "multilabel_soft_margin_loss", false, notice).code,
        DG_BAD_DATA);
}

/* Labels 1 and 2 become 0 and 1 for a loss that takes them as they are; a formula counts from what the file has. */
Test(suited, labels_that_a_formula_reads_stay_as_they_are)
{
    const char *spec = "values(features=[1, 2, 3], target=[1, 2, 1], test=0)", *op = "binary_cross_entropy_with_logits";
    char notice[400];
    MUST(suit(spec, op, false, notice));
    cr_expect_not_null(strstr(notice, "numbered from 0"), "%s", notice);
    MUST(suit(spec, op, true, notice));
    cr_expect_str_empty(notice);
}

/* A class that has come into the tested rows alone is told, by its name. */
Test(suited, classes_without_a_training_row_are_told)
{
    int told = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        dg_graph *g;
        dg_data *data;
        FILE *file = fopen("rare.csv", "w");
        cr_assert_not_null(file);
        fputs("a,y\n1,yes\n2,no\n3,yes\n4,no\n5,no\n6,yes\n7,no\n8,maybe\n", file);
        fclose(file);
        MUST(dg_data_open("rare.csv(test=0.5)", &(dg_data_options){.seed = seed}, &data));
        remove("rare.csv");
        MUST(dg_graph_new(&g));
        dg_node *y = dg_linear(dg_input(g, DG_SHAPE(DG_N, 1), .name = "x"), 3, .name = "y");
        dg_cross_entropy(y, dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "t"), .name = "loss");
        MUST(dg_data_suit(data, g));
        const dg_dataset *set = dg_data_set(data);
        bool trains = false, is_told = false;
        for (int64_t k = 0; k < set->n_train; k++)
            trains |= set->train[k] == 7;
        for (size_t k = 0; dg_data_notice(data, k); k++)
            is_told |= strstr(dg_data_notice(data, k), "no training row is of class 'maybe', which") != NULL;
        cr_expect_eq(is_told, !trains, "seed %d", (int)seed);
        told += is_told;
        dg_graph_free(g);
        dg_data_free(data);
    }
    cr_expect(told > 0 && told < 8, "%d of 8 splits", told);
}

/* A loss that compares with the network's own input takes no labels, whatever they are. */
Test(suited, targets_that_no_loss_reads_may_be_words)
{
    FILE *file = fopen("flowers.csv", "w");
    cr_assert_not_null(file);
    fputs("a,b,y\n1,2,yes\n2,1,no\n3,5,yes\n4,2,no\n5,1,no\n", file);
    fclose(file);
    for (int classifies = 0; classifies < 2; classifies++) {
        dg_graph *g;
        dg_data *data;
        dg_tensors *parameters;
        dg_trainer *trainer;
        MUST(dg_data_open("flowers.csv(test=0)", NULL, &data));
        MUST(dg_graph_new(&g));
        MUST(dg_tensors_new(&parameters));
        dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x"), *code = dg_linear(x, 1, .name = "code");
        dg_node *loss = dg_mse_loss(dg_linear(code, 2, .name = "y"), x, .name = "copied");
        if (classifies) { /* the class is a condition of the copy as well */
            dg_node *label = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
            dg_node *both = dg_add(code, dg_embedding(label, .num_embeddings = 2, .embedding_dim = 1, .name = "kind"));
            loss = dg_mse_loss(dg_linear(both, 2, .name = "again"), x, .name = "copied_again");
            loss = dg_add(loss, dg_cross_entropy(dg_linear(code, 2, .name = "z"), label, .name = "told"));
        }
        MUST(dg_graph_status(g));
        MUST(dg_data_suit(data, g));
        dg_trainer_options options = {
            .task = {.graph = g, .loss = loss, .parameters = parameters, .data = dg_data_set(data)}, .epochs = 1};
        MUST(dg_trainer_new(&options, &trainer));
        MUST(dg_trainer_run(trainer));
        dg_trainer_free(trainer);
        dg_tensors_free(parameters);
        dg_graph_free(g);
        dg_data_free(data);
    }
    remove("flowers.csv");
}
