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
    train_on_labels("values(features=[1, 2, 3], target=[1, 2, 3], test=0)", true, "dg_data_suit()", true);
}
