/* Experiments in C: what is written wrong in options is refused by name, with the name that was probably meant. */
#include <criterion/criterion.h>
#include <dotgrad/draw.h>
#include <dotgrad/experiment.h>
#include <dotgrad/graphviz.h>
#include <stdlib.h>
#include <string.h>

static const char text[] = "digraph net { graph [data=\"xor\", epochs=2, set=\"width=3\"];\n"
                           "x [op=\"input([N, 2])\"]; target [op=\"input([N], dtype=int64)\"];\n"
                           "hidden [op=\"linear($width)\"]; output [op=\"linear(2)\"]; loss [op=cross_entropy];\n"
                           "x -> hidden -> output -> loss; target -> loss; }\n";

static void expect_refused(dg_status status, const char *words)
{
    cr_expect_eq(status.code, DG_BAD_ARGUMENT, "'%s' is taken", words);
    cr_expect(strstr(status.message, words), "'%s' is not in: %s", words, status.message);
}

Test(experiment, a_wrong_setting_is_refused)
{
    static const struct {
        dg_file_setting set;
        const char *words;
    } cases[] = {{{"epochss", "3"}, "there is no setting 'epochss' (did you mean 'epochs'?)"},
                 {{"batchsize", "3"}, "there is no setting 'batchsize' (did you mean 'batch_size'?)"},
                 {{"widht", "3"}, "there is no setting 'widht' (did you mean 'width'?)"},
                 {{"batch_size", "-4"}, "batch_size=-4: expected a whole number"},
                 {{"nothing_like_it", "3"}, "there is no setting 'nothing_like_it': graph [set="}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        dg_graph_file *file;
        const dg_graph_read_options options = {.text = text, .set = &cases[k].set, .n_set = 1};
        expect_refused(dg_graph_read("net.dot", &options, &file), cases[k].words);
    }
}

Test(experiment, a_wrong_option_is_refused)
{
    static const struct {
        dg_experiment_options options;
        const char *words;
    } cases[] = {{{.loss = "los"}, "net.dot: there is no node 'los' (did you mean 'loss'?)"},
                 {{.output = "outptu"}, "net.dot: there is no node 'outptu' (did you mean 'output'?)"},
                 {{.loss = "hidden.weigth"}, "there is no node 'hidden.weigth' (did you mean 'hidden.weight'?)"},
                 {{.loss = "bias"}, "there is no node 'bias' (did you mean 'hidden.bias'?)"},
                 {{.loss = "nothing_like_it"}, "there is no node 'nothing_like_it'"},
                 {{.batch_size = -4}, "net.dot: batch_size is -4, expected 1 or more"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        dg_graph_file *file;
        dg_experiment *experiment;
        cr_assert_eq(dg_graph_read("net.dot", &(dg_graph_read_options){.text = text}, &file).code, DG_OK);
        expect_refused(dg_experiment_new(file, &cases[k].options, &experiment), cases[k].words);
        cr_expect_null(experiment);
        dg_graph_file_free(file);
    }
}

Test(experiment, a_wrong_name_in_the_file_is_refused)
{
    dg_graph_file *file;
    static const char wrong[] = "digraph net { graph [output=hiden]; x [op=\"input([N, 2])\"]; hidden [op=tanh];"
                                " x -> hidden; }";
    expect_refused(dg_graph_read("net.dot", &(dg_graph_read_options){.text = wrong}, &file),
                   "output=hiden: there is no node 'hiden' (did you mean 'hidden'?)");
}

/* Updates that are in the graph already, of a picture or of an earlier trainer, are not the author's. */
Test(experiment, a_graph_that_was_drawn_and_trained_trains_again)
{
    dg_graph_file *file;
    char *bytes;
    size_t size;
    double losses[2];
    cr_assert_eq(dg_graph_read("net.dot", &(dg_graph_read_options){.text = text}, &file).code, DG_OK);
    dg_status status = dg_draw_bytes(file->graph, &bytes, &size, .file = file, .view = DG_VIEW_STEP,
                                     .loss = dg_graph_find(file->graph, "loss"), .format = "txt");
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    free(bytes);
    for (int k = 0; k < 2; k++) {
        dg_experiment *experiment;
        dg_trainer *trainer;
        cr_assert_eq(dg_experiment_new(file, &(dg_experiment_options){.loss = "loss"}, &experiment).code, DG_OK);
        cr_expect_eq(experiment->options.n_updates, 0);
        status = dg_trainer_new(&experiment->options, &trainer);
        cr_assert_eq(status.code, DG_OK, "%s", status.message);
        cr_assert_eq(dg_trainer_run(trainer).code, DG_OK);
        losses[k] = dg_tensor_get(dg_trainer_history(trainer), 0);
        dg_trainer_free(trainer);
        dg_experiment_free(experiment);
    }
    cr_expect_eq(losses[0], losses[1], "%g, then %g", losses[0], losses[1]);
    dg_graph_file_free(file);
}
