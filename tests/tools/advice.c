/* Graphs and tables as users bring them, nearly right: what works without advice, and which advice is given. */
#include "command.h"

/* Two clusters of numbers with the name of each in the last column; the same without it. */
static void make_tables(void)
{
    make_folder();
    FILE *words = fopen("words.csv", "w"), *numbers = fopen("numbers.csv", "w");
    cr_assert(words && numbers);
    fputs("a,b,c,kind\n", words);
    fputs("a,b,c\n", numbers);
    for (int k = 0; k < 24; k++) {
        double a = (k % 2 ? 1.25 : -1.5) + 0.05 * (k % 5), b = 0.5 - 0.07 * (k % 7), c = 0.5 * a - b;
        fprintf(words, "%g,%g,%g,%s\n", a, b, c, k % 2 ? "rose" : "thorn");
        fprintf(numbers, "%g,%g,%g\n", a, b, c);
    }
    fclose(words);
    fclose(numbers);
}

TestSuite(advice, .init = make_tables, .fini = remove_folder);

static const char *const autoencoder = "digraph ae {\n"
                                       "  graph [epochs=2, loss=loss, output=y];\n"
                                       "  x [op=\"input([N, 3])\"]; h [op=\"linear(2)\"]; y [op=\"linear(3)\"];\n"
                                       "  loss [op=mse_loss];\n"
                                       "  x -> h -> y -> loss; x -> loss [arg=target];\n"
                                       "}\n";

/* An autoencoder compares with its own input: the words of the last column are none of its business. */
Test(advice, autoencoders_leave_a_target_of_words_alone)
{
    write_text("ae.dot", autoencoder);
    expect_fine(dotgrad("train ae.dot --data words.csv -o out"));
    outcome run = dotgrad("predict out words.csv");
    expect_fine(run);
    cr_assert_eq(strncmp(run.out, "y_0,y_1,y_2\n", 12), 0, "%s", run.out);
}

/* How far a row is from its copy is a prediction, too, of data without labels. */
Test(advice, the_error_of_a_copy_is_predicted)
{
    write_text("odd.dot", "digraph odd {\n"
                          "  graph [epochs=2, loss=loss, output=each];\n"
                          "  x [op=\"input([N, 3])\"]; h [op=\"linear(2)\"]; y [op=\"linear(3)\"];\n"
                          "  each [op=\"mse_loss(reduction='none')\"]; loss [op=mean];\n"
                          "  x -> h -> y -> each -> loss; x -> each [arg=target];\n"
                          "}\n");
    expect_fine(dotgrad("train odd.dot --data 'numbers.csv(target=none)' -o out"));
    outcome run = dotgrad("predict out 'numbers.csv(target=none)'");
    expect_fine(run);
    cr_assert_eq(strncmp(run.out, "each_0,each_1,each_2\n", 21), 0, "%s", run.out);
}

/* What also classifies takes the labels where cross_entropy compares with them, without field=. */
Test(advice, autoencoders_that_classify_find_features_and_labels)
{
    write_text("both.dot", "digraph both {\n"
                           "  graph [epochs=60, optimizer=\"adam(lr=0.05)\", loss=total, output=z];\n"
                           "  x [op=\"input([N, 3])\"]; label [op=\"input([N], dtype=int64)\"];\n"
                           "  h [op=\"linear(2)\"]; y [op=\"linear(3)\"]; z [op=\"linear(CLASSES)\"];\n"
                           "  copied [op=mse_loss]; told [op=cross_entropy]; total [op=add];\n"
                           "  x -> h -> y -> copied; x -> copied [arg=target];\n"
                           "  h -> z -> told; label -> told [arg=target]; copied -> total; told -> total;\n"
                           "}\n");
    outcome run = dotgrad("train both.dot --data words.csv -o out");
    expect_fine(run);
    cr_assert_gt(number_after(run.out, "test accuracy: "), 99);
}

/* The last of the columns is the target where no other is named; who compares with features alone wants it too. */
Test(advice, autoencoders_of_a_table_of_features_alone_are_told_of_target_none)
{
    write_text("ae.dot", autoencoder);
    outcome run = dotgrad("train ae.dot --data numbers.csv -o out");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "column 'c' is the target; with target=none"), "%s", run.err);
    run = dotgrad("train ae.dot --data 'numbers.csv(target=none)' -o out");
    expect_fine(run);
    cr_assert_null(strstr(run.err, "target=none"), "%s", run.err);
    write_text("sized.dot", "digraph ae {\n"
                            "  graph [data=\"numbers.csv\", epochs=2, loss=loss, output=y];\n"
                            "  x [op=\"input([N, FEATURES])\"]; h [op=\"linear(2)\"]; y [op=\"linear(FEATURES)\"];\n"
                            "  loss [op=mse_loss];\n"
                            "  x -> h -> y -> loss; x -> loss [arg=target];\n"
                            "}\n");
    run = dotgrad("train sized.dot -o out2");
    expect_fine(run);
    cr_assert_not_null(strstr(run.err, "no loss compares with the target, column 'c', which is the last"), "%s",
                       run.err);
}

/* Logistic regression and softmax on noisy data are as they should be; of a perceptron that never ends it is warned. */
Test(advice, rows_that_are_not_separable_are_a_note_to_logistic_regression)
{
    static const struct {
        const char *labels, *loss;
        bool is_warned;
    } cases[] = {{"N], dtype=int64", "y [op=\"linear(2)\"]; loss [op=cross_entropy]; y -> loss;", false},
                 {"N, 1]", "y [op=\"linear(1)\"]; loss [op=binary_cross_entropy_with_logits]; y -> loss;", false},
                 {"N, 1]",
                  "y [op=\"linear(1)\"]; each [op=\"expr(relu(1 - (2 * t - 1) * y))\"]; loss [op=mean];"
                  "y -> each [arg=y]; t -> each [arg=t]; each -> loss;",
                  true}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[800];
        snprintf(text, sizeof text,
                 "digraph { graph [epochs=2, data=\"values(features=[[0, 0], [0, 1], [1, 0], [1, 1]], "
                 "target=[0, 1, 1, 0], test=0)\"];\n"
                 "x [op=\"input([N, 2])\"]; t [op=\"input([%s, field=target)\"]; %s x -> y; %s }",
                 cases[k].labels, cases[k].loss, cases[k].is_warned ? "" : "t -> loss [arg=target];");
        write_text("xor.dot", text);
        outcome run = dotgrad("train xor.dot -o run%zu --no-pictures", k);
        expect_fine(run);
        const char *told =
            strstr(run.err, "not separable: whatever its weights, 'y' errs on one of the 4 training rows");
        cr_assert_not_null(told, "%s", run.err);
        cr_expect_eq(strstr(run.err, "warning") != NULL, cases[k].is_warned, "%s", run.err);
    }
}

#define COPY                                                                                                           \
    "digraph copy { graph [data=\"%s\", epochs=2, output=p]; x [op=\"input([N, FEATURES])\"]; h [op=\"linear(2)\"];\n" \
    "y [op=\"linear(FEATURES)\"]; p [op=sigmoid]; loss [op=binary_cross_entropy]; x -> h -> y -> p -> loss; %s }"

/* Of pictures that are copied nothing is decided, whether they are compared with as they are or cut. */
Test(advice, accuracy_is_of_targets_that_are_0_or_1)
{
    static const char *const targets[] = {"x -> loss [arg=target];",
                                          "c [op=\"clamp(0, 1)\"]; x -> c; c -> loss [arg=target];"};
    char text[800];
    for (size_t k = 0; k < sizeof targets / sizeof *targets; k++) {
        snprintf(text, sizeof text, COPY, "digits(scale=unit)", targets[k]);
        write_text("copy.dot", text);
        outcome run = dotgrad("train copy.dot -o run%zu --no-pictures", k);
        expect_fine(run);
        cr_expect_null(strstr(run.out, "accuracy"), "%s: %s", targets[k], run.out);
        run = dotgrad("train copy.dot -o asked%zu --no-pictures --metrics accuracy", k);
        cr_expect_eq(run.status, 1, "%s", targets[k]);
        cr_expect_not_null(strstr(run.err, "accuracy counts decisions, but targets are not all 0 and 1, one is 0."),
                           "%s", run.err);
    }
    snprintf(text, sizeof text, COPY, "digits(scale=unit)",
             "c [op=\"expr(where(x > 0.5, 1, 0))\"]; x -> c; c -> loss [arg=target];");
    write_text("copy.dot", text);
    outcome run = dotgrad("train copy.dot -o cut --no-pictures");
    expect_fine(run);
    cr_expect_not_null(strstr(run.out, "accuracy"), "%s", run.out);
}

/* A row beyond those of training is scaled beyond 0 … 1: a loss of probabilities says so before it trains. */
Test(advice, rows_that_are_scaled_beyond_probabilities_are_told_before_training)
{
    FILE *file = fopen("far.csv", "w");
    cr_assert_not_null(file);
    fputs("a,b,kind\n", file);
    for (int k = 0; k < 12; k++)
        fprintf(file, "%d,%d,%s\n", k == 7 ? 90 : k % 5, k % 3, k % 2 ? "yes" : "no");
    fclose(file);
    char text[800];
    bool seen[2] = {false};
    for (int seed = 0; seed < 12 && !(seen[0] && seen[1]); seed++) {
        snprintf(text, sizeof text, COPY, "far.csv(scale=unit)", "x -> loss [arg=target];");
        write_text("copy.dot", text);
        outcome run = dotgrad("train copy.dot -o run --force --no-pictures --split-seed %d", seed);
        seen[run.status == 0] = true;
        if (run.status == 0)
            continue;
        cr_expect_null(strstr(run.err, "epoch 1"), "%s", run.err);
        if (strstr(run.err, "'a' is 90"))
            cr_expect_not_null(strstr(run.err, "far.csv:9: column 'a' is 90, scaled 22.5, but 'loss'"), "%s", run.err);
        cr_expect_not_null(strstr(run.err, "op=\"clamp(0, 1)\""), "%s", run.err);
    }
    cr_expect(seen[0] && seen[1]);
    snprintf(text, sizeof text, COPY, "far.csv(scale=unit)", "c [op=\"clamp(0, 1)\"]; x -> c; c -> loss [arg=target];");
    write_text("copy.dot", text);
    for (int seed = 0; seed < 4; seed++)
        expect_fine(dotgrad("train copy.dot -o run --force --no-pictures --split-seed %d", seed));
    snprintf(text, sizeof text, COPY, "far.csv(scale=standard, test=0)", "x -> loss [arg=target];");
    write_text("copy.dot", text);
    outcome run = dotgrad("train copy.dot -o run --force --no-pictures");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "scale=unit in data makes such"), "%s", run.err);
}

/* What a formula of one number stops is told as that, not as units that are off; an output of constants as well. */
Test(advice, formulas_of_one_number_are_told)
{
    static const struct {
        const char *output, *nodes, *words;
    } cases[] = {{"y", "y [op=\"expr(0 * x + 2)\"]; h -> y -> loss;",
                  "'y' (expr) gives 2 for all of them: it does not depend on what it reads"},
                 {"h", "y [op=\"expr(x - x)\"]; h -> y -> loss;", "'y' (expr) gives 0 whatever it reads"},
                 {"c", "c [op=\"constant([1, 2, 3])\"]; h -> loss;", "'c', the output, is computed from constants"},
                 {"h", "y [op=\"expr(relu(x - 1e6))\"]; h -> y -> loss;", "all units of a layer are off"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[600];
        snprintf(text, sizeof text,
                 "digraph { graph [data=wine, epochs=2, output=%s]; x [op=\"input([N, 13])\"]; "
                 "t [op=\"input([N], dtype=int64)\"]; h [op=\"linear(3)\"]; loss [op=cross_entropy]; x -> h; "
                 "t -> loss [arg=target]; %s }",
                 cases[k].output, cases[k].nodes);
        write_text("one.dot", text);
        outcome run = dotgrad("train one.dot -o run%zu --no-pictures", k);
        expect_fine(run);
        cr_expect_not_null(strstr(run.err, cases[k].words), "%s: %s", cases[k].nodes, run.err);
    }
}

/* A loss of each row or element is told what makes one number of it. */
Test(advice, losses_of_many_numbers_are_told_how_to_become_one)
{
    static const struct {
        const char *loss, *words;
    } cases[] = {{"loss [op=\"binary_cross_entropy(reduction='none')\"];", "write reduction='mean'"},
                 {"loss [op=bce];", "a node op=mean behind it"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[600];
        snprintf(text, sizeof text,
                 "digraph { graph [data=breast_cancer, epochs=1]; x [op=\"input([N, 30])\"]; t [op=\"input([N, 1])\"];"
                 "y [op=\"linear(1)\"]; p [op=sigmoid]; %s x -> y -> p -> loss; t -> loss [arg=target]; }",
                 cases[k].loss);
        write_text("each.dot", text);
        outcome run = dotgrad("train each.dot -o run%zu --no-pictures", k);
        cr_expect_eq(run.status, 1);
        cr_expect_not_null(strstr(run.err, cases[k].words), "%s", run.err);
    }
}

/* ---- graph files ---- */

#define IRIS                                                                                                           \
    "digraph iris { graph [data=iris, epochs=1];\n x [op=\"input([N, 4])\"]; t [op=\"input([N], dtype=int64)\"];\n "   \
    "y [op=\"linear(3)\"]; loss [op=cross_entropy];\n x -> y -> loss; t -> loss [arg=target];\n %s\n}\n"

static outcome summary_of(const char *more)
{
    char text[1200];
    snprintf(text, sizeof text, IRIS, more);
    write_text("iris.dot", text);
    return dotgrad("summary iris.dot");
}

/* Space in a call says nothing, unless it parts two words or stands in a text. */
Test(advice, values_that_differ_in_space_alone_are_one_value)
{
    static const struct {
        const char *more;
        bool is_one;
    } cases[] = {{"y [op=\"linear( 3 )\"];", true},
                 {"y [op=\" linear(3) \"];", true},
                 {"y [op=\"linear(13)\"];", false},
                 {"graph [optimizer=\"adam(lr=0.1, weight_decay=0.8)\"]; graph [optimizer=\"adam( lr = "
                  "0.1,weight_decay=0.8 )\"];",
                  true},
                 {"graph [metrics=\"accuracy f1\"]; graph [metrics=\"accuracyf1\"];", false},
                 {"graph [data=\"csv( 'a b' )\"];", false},
                 {"z [op=\"expr(x + 1)\"]; x -> z; z [op=\"expr(x+1)\"];", true}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        outcome run = summary_of(cases[k].more);
        cr_expect_eq(run.status, cases[k].is_one ? 0 : 1, "%s: %s", cases[k].more, run.err);
        cr_expect_eq(strstr(run.err, "and not with this value") == NULL, cases[k].is_one, "%s: %s", cases[k].more,
                     run.err);
    }
}

/* An edge that only moves nodes is an argument, and perhaps one too many or one of a circle: the remedy is
 * derived=true.
 */
Test(advice, edges_that_are_not_to_be_seen_are_told_of_derived)
{
    static const char *const edges[] = {"x -> loss [style=invis];", "x -> y [style=\"dashed,invis\"];",
                                        "{ edge [style=invis]; x -> y; }", "loss -> x [style=invis];"};
    for (size_t k = 0; k < sizeof edges / sizeof *edges; k++) {
        outcome run = summary_of(edges[k]);
        cr_expect_eq(run.status, 1, "%s", edges[k]);
        cr_expect_not_null(strstr(run.err, "has style=invis: one that is for the layout alone is marked derived=true"),
                           "%s: %s", edges[k], run.err);
    }
    expect_fine(summary_of("x -> loss [style=invis, derived=true];"));
    outcome run = summary_of("z [op=\"linear(3, bias=maybe)\"]; x -> z;");
    cr_expect_eq(run.status, 1);
    cr_expect_null(strstr(run.err, "derived"), "%s", run.err);
}

/* {rank=same; …} says where nodes are drawn, not whose they are: it may name one of another cluster, before or after.
 */
Test(advice, groups_of_one_rank_may_name_nodes_of_other_clusters)
{
    static const char *const texts[] = {
        "subgraph cluster_a { x; y; } subgraph cluster_b { t; {rank=same; y; loss} }",
        "subgraph cluster_b { t; {rank=same; y; loss} } subgraph cluster_a { x; y; }",
        "subgraph cluster_a { x; y; } subgraph cluster_b { t; subgraph level { rank=same; y; loss } }"};
    char first[2000], text[2000];
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        expect_fine(summary_of(texts[k]));
        expect_fine(dotgrad("fmt iris.dot -o written.dot"));
        read_text("written.dot", text, sizeof text);
        char *cluster = strstr(text, "cluster_a"), *node = strstr(text, "y [op"), *end = strchr(cluster, '}');
        cr_expect(cluster < node && node < end, "%s", text);
        cr_expect_not_null(strstr(text, "rank=same"), "%s", text);
        expect_fine(dotgrad("fmt written.dot -o again.dot"));
        cr_expect(same_bytes("written.dot", "again.dot"), "%s", text);
        if (k == 0)
            strcpy(first, text);
        else if (k == 1)
            cr_expect_str_eq(text, first);
    }
    outcome run = summary_of("subgraph cluster_a { x; y; } subgraph cluster_b { t; y; loss }");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "node 'y' stands in 'cluster_a'"), "%s", run.err);
}

/* What Graphviz passes over without a word, in a sentence. */
Test(advice, attributes_of_graphviz_that_have_no_effect_are_told)
{
    static const struct {
        const char *more, *words;
    } cases[] = {{"rankdir=TBbalance;", "rankdir=TBbalance: TBbalance is an attribute of its own"},
                 {"rankdir=lr;", "rankdir=lr: in large letters, LR"},
                 {"rankdir=LRx;", "rankdir=LRx: expected one of TB, LR, BT, RL"},
                 {"y [TBbalance=min];", "of no effect there, an attribute of the graph: node attribute 'TBbalance'"},
                 {"y [Shape=box];", "node attribute 'Shape' (line 5; did you mean 'shape'?)"},
                 {"TBbalance=min; rankdir=LR;", NULL},
                 {"y [shape=box];", NULL}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        outcome run = summary_of(cases[k].more);
        expect_fine(run);
        if (cases[k].words)
            cr_expect_not_null(strstr(run.err, cases[k].words), "%s: %s", cases[k].more, run.err);
        else
            cr_expect_str_empty(run.err);
    }
}

/* Attributes behind a -> b -> c are of both edges; fmt keeps what the author wrote on an edge, key too. */
Test(advice, chains_with_an_argument_and_keys_of_edges)
{
    static const char *const chains[] = {"r [op=relu]; s [op=mul]; x -> s; x -> r -> s [arg=other];",
                                         "p [op=\"parameter([3, 4])\"]; q [op=\"linear(3)\"]; w [op=\"linear(2)\"]; "
                                         "p -> q -> w [arg=weight];"};
    for (size_t k = 0; k < sizeof chains / sizeof *chains; k++) {
        outcome run = summary_of(chains[k]);
        cr_expect_eq(run.status, 1);
        cr_expect_not_null(strstr(run.err, "behind a chain a -> b -> c is of each of its edges"), "%s", run.err);
    }
    char text[2000];
    expect_fine(summary_of("m [op=mul]; x -> m [key=first, color=red]; x -> m [key=second];"));
    expect_fine(dotgrad("fmt iris.dot -o written.dot"));
    read_text("written.dot", text, sizeof text);
    cr_expect_not_null(strstr(text, "x -> m [arg=input, color=red, key=first];"), "%s", text);
    cr_expect_not_null(strstr(text, "x -> m [arg=other, key=second];"), "%s", text);
    expect_fine(dotgrad("fmt written.dot -o again.dot"));
    cr_expect(same_bytes("written.dot", "again.dot"), "%s", text);
}

static bool has_moved(const char *parameter)
{
    outcome before = dotgrad("show before %s", parameter), after = dotgrad("show after %s", parameter);
    expect_fine(before);
    expect_fine(after);
    return strcmp(before.out, after.out) != 0;
}

/* The name of a cluster stands for all in it, wherever parameters are named. */
Test(advice, clusters_are_named_where_parameters_are)
{
    static const struct {
        const char *graph, *loss;
        bool moves[3]; /* h, in encoder; k, in inner in encoder; y, in decoder */
    } cases[] = {{"freeze=encoder", "", {false, false, true}},
                 {"freeze=\"encoder.*\"", "", {false, false, true}},
                 {"freeze=inner", "", {true, false, true}},
                 {"freeze=\"encoder.inner, decoder\"", "", {true, false, false}},
                 {"label=x", ", trains=decoder", {false, false, true}},
                 {"label=x", ", trains=\"encoder.h, decoder\"", {true, false, true}},
                 {"groups=\"[group(encoder, lr=0)]\"", "", {false, false, true}}};
    static const char *const parameters[] = {"h.weight", "k.weight", "y.weight"};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[900];
        snprintf(text, sizeof text,
                 "digraph ae { graph [data=iris, optimizer=\"sgd(lr=0.1)\", output=y, %s]; x [op=\"input([N, 4])\"];\n"
                 "subgraph cluster_encoder { h [op=\"linear(3)\"]; subgraph cluster_inner { k [op=\"linear(2)\"]; } }\n"
                 "subgraph cluster_decoder { y [op=\"linear(4)\"]; } loss [op=mse_loss%s];\n"
                 "x -> h -> k -> y -> loss; x -> loss [arg=target]; }",
                 cases[k].graph, cases[k].loss);
        write_text("ae.dot", text);
        expect_fine(dotgrad("train ae.dot -o before --epochs 0 --force --no-pictures"));
        expect_fine(dotgrad("train ae.dot -o after --epochs 1 --force --no-pictures"));
        for (int i = 0; i < 3; i++)
            cr_expect_eq(has_moved(parameters[i]), cases[k].moves[i], "%s%s: %s", cases[k].graph, cases[k].loss,
                         parameters[i]);
    }
}
