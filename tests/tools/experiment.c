/* Experiments in C: what is written wrong in options is refused by name, with the name that was probably meant. */
#include <criterion/criterion.h>
#include <dotgrad/experiment.h>
#include <dotgrad/graphviz.h>
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
