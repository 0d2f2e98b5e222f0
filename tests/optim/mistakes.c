/* What a trainer says of trainings that are hardly meant, and of graphs that its checkpoints cannot keep. */
#include "small.h"

#include <unistd.h>

/* The trainer's warnings in one text, trained to the end or not. */
static void warnings_of(const dg_trainer_options *options, bool train, char text[2000])
{
    dg_trainer *trainer;
    size_t used = 0;
    text[0] = '\0';
    MUST(dg_trainer_new(options, &trainer));
    if (train)
        MUST(dg_trainer_run(trainer));
    for (size_t k = 0; dg_trainer_warning_at(trainer, k); k++)
        used = dg_text_append(text, 2000, used, "%s\n", dg_trainer_warning_at(trainer, k));
    dg_trainer_free(trainer);
}

/* x [N, 2] → scores (linear) → p (`between`) → loss. */
static network through(const char *between, bool is_nll)
{
    network net;
    MUST(dg_graph_new(&net.graph));
    MUST(dg_tensors_new(&net.parameters));
    net.x = dg_input(net.graph, DG_SHAPE(DG_N, 2), .name = "x");
    net.label = dg_input(net.graph, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "label");
    net.scores = dg_linear(net.x, 3, .name = "scores");
    dg_node *p =
        dg_apply(&(dg_application){.op = between, .name = "p", .at = DG_HERE, .n_inputs = 1, .inputs = &net.scores});
    net.loss = is_nll ? dg_nll_loss(p, net.label, .name = "loss") : dg_cross_entropy(p, net.label, .name = "loss");
    MUST(dg_graph_status(net.graph));
    return net;
}

Test(mistakes, scores_that_are_not_what_the_loss_takes_are_told)
{
    static const struct {
        bool is_nll;
        const char *between, *words;
    } cases[] = {{false, "softmax",
                  "'loss' (cross_entropy) takes scores and makes probabilities of them itself, but "
                  "'p' (softmax) gives probabilities already"},
                 {true, "softmax", "op=log_softmax makes such"},
                 {false, "identity", ""},
                 {true, "log_softmax", ""}};
    dg_dataset data = three_clusters(60);
    MUST(dg_dataset_split(&data, 0, 0, 1));
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[2000];
        network net = through(cases[k].between, cases[k].is_nll);
        const dg_trainer_options options = options_for(&net, &data, "adam");
        warnings_of(&options, false, text);
        cr_expect_str_eq(text, "");
        warnings_of(&options, true, text);
        cr_expect(cases[k].words[0] ? strstr(text, cases[k].words) != NULL : !text[0], "%s: %s", cases[k].between,
                  text);
        network_release(&net);
    }
    dg_dataset_release(&data);
}

Test(mistakes, layers_that_the_loss_does_not_see_are_told_before_the_first_step)
{
    dg_dataset data = three_clusters(60);
    MUST(dg_dataset_split(&data, 0, 0, 1));
    for (int asked = 0; asked < 2; asked++) {
        char text[2000];
        network net = small_classifier(0);
        dg_node *aside = dg_linear(net.x, 5, .name = "aside");
        dg_trainer_options options = options_for(&net, &data, "adam");
        if (asked)
            options.task.output = aside;
        warnings_of(&options, false, text);
        cr_expect(asked ? !text[0] : strstr(text, "the loss does not depend on 'aside' (linear)") != NULL, "%s", text);
        network_release(&net);
    }
    dg_dataset_release(&data);
}

/* Graphs that cannot be written: what a checkpoint would not open for. */
Test(mistakes, graphs_that_checkpoints_cannot_keep_are_refused_or_told)
{
    static const char *const names[] = {"%x", "a\\", "$a"};
    dg_dataset data = three_clusters(60);
    MUST(dg_dataset_split(&data, 0, 0, 1));
    char path[] = "/tmp/mistakes-XXXXXX";
    close(mkstemp(path));
    unlink(path);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        dg_trainer *trainer;
        char text[2000];
        network net = small_classifier(0);
        net.scores = dg_mul(net.scores, net.scores, .name = names[k]);
        net.loss = dg_cross_entropy(net.scores, net.label, .name = "end");
        MUST(dg_graph_status(net.graph));
        dg_trainer_options options = options_for(&net, &data, "adam");
        options.checkpoint = path;
        dg_status status = dg_trainer_new(&options, &trainer);
        cr_expect_eq(status.code, DG_BAD_ARGUMENT, "%s", names[k]);
        cr_expect(strstr(status.message, names[k]) && strstr(status.message, "cannot be written") &&
                      strstr(status.message, "graph_text"),
                  "%s", status.message);
        cr_expect_neq(access(path, F_OK), 0, "nothing is written");
        options.graph_text = "";
        warnings_of(&options, true, text);
        dg_tensors *checkpoint;
        MUST(dg_safetensors_read(path, &checkpoint));
        cr_expect_null(dg_tensors_note(checkpoint, "dotgrad.graph"));
        cr_expect_null(strstr(text, "checkpoints"), "%s", text);
        dg_tensors_free(checkpoint);
        unlink(path);
        options.graph_text = options.checkpoint = NULL;
        warnings_of(&options, false, text);
        cr_expect(strstr(text, names[k]) && strstr(text, "checkpoints will not open"), "%s", text);
        network_release(&net);
    }
    dg_dataset_release(&data);
}

Test(mistakes, a_graph_text_that_is_none_is_refused)
{
    static const struct {
        const char *text;
        bool is_fine;
    } texts[] = {{"my network", false},
                 {"digraph", false},
                 {"digraph {", false},
                 {"digraph { a [label=\"}\"] ", false},
                 {"graph { a }", false},
                 {"digraph { a } and more", false},
                 {"digraphs { }", false},
                 {" /* of } mine */ digraph \"my {net\" { // }\n a [label=<<b>}</b>>]; a -> b; { c } }\n", true},
                 {"# net }\nDiGraph net{a->b}", true}};
    dg_dataset data = three_clusters(60);
    MUST(dg_dataset_split(&data, 0, 0, 1));
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        dg_trainer *trainer;
        network net = small_classifier(0);
        dg_trainer_options options = options_for(&net, &data, "adam");
        options.graph_text = texts[k].text;
        dg_status status = dg_trainer_new(&options, &trainer);
        cr_expect_eq(status.code, texts[k].is_fine ? DG_OK : DG_BAD_ARGUMENT, "%s: %s", texts[k].text, status.message);
        if (status.code == DG_OK)
            dg_trainer_free(trainer);
        else
            cr_expect(strstr(status.message, "graph_text"), "%s", status.message);
        network_release(&net);
    }
    dg_dataset_release(&data);
}
