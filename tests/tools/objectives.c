/* Several losses in one graph file, assignments of its own, and weights to begin from, by the command. */
#include "command.h"

#include <dotgrad/dotgrad.h>

#include <math.h>

TestSuite(objectives, .init = make_folder, .fini = remove_folder);

static const char gan[] =
    "digraph gan { graph [data=\"ring(n=400)\", epochs=4, batch_size=64, loss=\"d_loss, g_loss\", output=fake, "
    "optimizer=\"adam(lr=2e-4, betas=[0.5, 0.999])\"]; real [op=\"input([N, 2], field=features)\"]; "
    "z [op=\"normal([N, 8])\"]; \"g.fc1\" [op=\"linear(32)\"]; \"g.a1\" [op=relu]; fake [op=\"linear(2)\"]; "
    "z -> \"g.fc1\" -> \"g.a1\" -> fake; \"d.fc1\" [op=\"linear(32)\"]; \"d.a\" [op=\"leaky_relu(0.2)\"]; "
    "\"d.out\" [op=\"linear(1)\"]; \"e.fc1\" [op=\"linear(32)\", share=\"d.fc1\"]; \"e.a\" [op=\"leaky_relu(0.2)\"]; "
    "\"e.out\" [op=\"linear(1)\", share=\"d.out\"]; real -> \"d.fc1\" -> \"d.a\" -> \"d.out\"; "
    "fake -> \"e.fc1\" -> \"e.a\" -> \"e.out\"; dl [op=\"expr(softplus(-r) + softplus(f))\"]; "
    "d_loss [op=mean, trains=\"d.*\", turns=2]; gl [op=\"expr(softplus(-x))\"]; "
    "g_loss [op=mean, trains=\"g.*, fake\", optimizer=\"adam(lr=1e-4)\"]; "
    "\"d.out\" -> dl [arg=r]; \"e.out\" -> dl [arg=f]; dl -> d_loss; \"e.out\" -> gl -> g_loss; }\n";

static dg_tensors *checkpoint_of(const char *run)
{
    char path[200];
    dg_tensors *set;
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", run);
    cr_assert_eq(dg_safetensors_read(path, &set).code, DG_OK, "%s", path);
    return set;
}

static void expect_same_runs(const char *a, const char *b)
{
    dg_tensors *left = checkpoint_of(a), *right = checkpoint_of(b);
    cr_assert_eq(dg_tensors_count(left), dg_tensors_count(right));
    for (size_t k = 0; k < dg_tensors_count(left); k++) {
        const dg_tensor *x = dg_tensors_at(left, k), *y = dg_tensors_find(right, dg_tensors_name(left, k));
        cr_assert(y && memcmp(x->data, y->data, dg_tensor_bytes(x)) == 0, "%s", dg_tensors_name(left, k));
    }
    dg_tensors_free(left);
    dg_tensors_free(right);
}

/* An epoch has 7 batches and a round 3 turns, so that the run that goes on does it in the middle of a round. */
Test(objectives, of_a_graph_file_take_turns_and_go_on)
{
    write_text("gan.dot", gan);
    outcome run = dotgrad("train gan.dot -o whole");
    expect_fine(run);
    cr_assert(strstr(run.out, "g_loss"), "%s", run.out);
    expect_fine(dotgrad("train gan.dot --epochs 1 -o part"));
    expect_fine(dotgrad("train --resume part --epochs 4"));
    expect_same_runs("whole", "part");
    dg_tensors *set = checkpoint_of("whole");
    cr_assert(dg_tensors_find(set, "optimizer/d_loss/d.fc1.weight/exp_avg"));
    cr_assert(!dg_tensors_find(set, "optimizer/d_loss/g.fc1.weight/exp_avg"));
    cr_assert_eq(dg_tensor_get(dg_tensors_find(set, "optimizer/d_loss/step"), 0), 19);
    cr_assert_eq(dg_tensor_get(dg_tensors_find(set, "optimizer/g_loss/step"), 0), 9);
    dg_tensors_free(set);
}

Test(objectives, stand_in_the_summary)
{
    write_text("gan.dot", gan);
    outcome run = dotgrad("summary gan.dot");
    expect_fine(run);
    cr_assert(
        strstr(run.out, "objective   d_loss trains d.* (129 numbers) by adam(lr=2e-4, betas=[0.5, 0.999]), 2 turns\n"),
        "%s", run.out);
    cr_assert(strstr(run.out, "objective   g_loss trains g.*, fake (354 numbers) by adam(lr=1e-4), 1 turn\n"), "%s",
              run.out);
}

/* The points of the line of that title. */
static int points_of(const char *svg, const char *title)
{
    static char text[400000];
    char group[80];
    int points = 0;
    read_text(svg, text, sizeof text);
    snprintf(group, sizeof group, "<title>%s</title>", title);
    const char *at = strstr(text, group);
    cr_assert_not_null(at, "%s has no line of '%s'", svg, title);
    const char *end = strstr(at, "<title>") ? strstr(at + 1, "<title>") : NULL;
    for (; at && (!end || at < end) && *at; at++)
        points += strchr("ML", *at) && at[1] >= '0' && at[1] <= '9' && strchr(" \t'", at[-1]);
    return points;
}

/* An epoch has one batch here: one loss has a number in the odd ones, the other in the even ones. */
Test(objectives, have_a_curve_each)
{
    write_text("two.dot", "digraph { graph [loss=\"left, right\", optimizer=\"sgd(lr=0.1)\", epochs=100];\n"
                          "  a [op=\"parameter([2], init=ones)\"]; b [op=\"parameter([2], init=ones)\"];\n"
                          "  s [op=square]; t [op=square]; left [op=sum, trains=a]; right [op=sum, trains=b];\n"
                          "  a -> s -> left; b -> t -> right; }\n");
    outcome run = dotgrad("train two.dot -o run");
    expect_fine(run);
    cr_expect(!strstr(run.err, "nan") && strstr(run.err, "right"), "%s", run.err);
    cr_expect_geq(points_of("run/loss.svg", "left"), 50);
    cr_expect_geq(points_of("run/loss.svg", "right"), 50);
    expect_fine(dotgrad("plot run --what right -o right.svg"));
    cr_expect_geq(points_of("right.svg", "run"), 50);
}

Test(objectives, that_are_misspelt_are_named)
{
    write_text("gan.dot", gan);
    outcome run = dotgrad("train gan.dot --loss 'd_loss, gloss' -o run");
    cr_assert_eq(run.status, 1);
    cr_assert(strstr(run.err, "gloss"), "%s", run.err);
    run = dotgrad("train gan.dot --freeze discriminator -o run");
    cr_assert_eq(run.status, 1);
    cr_assert(strstr(run.err, "'discriminator' fits no trainable parameter"), "%s", run.err);
    char text[sizeof gan + 20];
    snprintf(text, sizeof text, "%s", gan);
    memcpy(strstr(text, "trains=\"g.*, fake\"") + strlen("trains=\"g.*, "), "fkae", 4); /* of two patterns one */
    write_text("gan.dot", text);
    run = dotgrad("train gan.dot -o run");
    cr_assert_eq(run.status, 1);
    cr_assert(strstr(run.err, "no trainable parameter of 'g_loss' fits 'fkae' (there are "), "%s", run.err);
}

/* An option for all losses where each has its own would change nothing. */
Test(objectives, with_optimisers_of_their_own_take_none_from_the_command_line)
{
    write_text("two.dot", "digraph { graph [loss=\"left, right\", epochs=2];\n"
                          "  a [op=\"parameter([2], init=ones)\"]; b [op=\"parameter([2], init=ones)\"];\n"
                          "  s [op=square]; t [op=square]; left [op=sum, trains=a, optimizer=\"sgd(lr=0.1)\"];\n"
                          "  right [op=sum, trains=b, optimizer=\"sgd(lr=0.2)\", schedule=cosine];\n"
                          "  a -> s -> left; b -> t -> right; }\n");
    outcome run = dotgrad("train two.dot --optimizer adam -o run");
    cr_assert_eq(run.status, 1);
    cr_assert(strstr(run.err, "--optimizer changes nothing: each loss, as 'left', has one of its own in"), "%s",
              run.err);
    expect_fine(dotgrad("train two.dot --schedule linear -o run")); /* of left */
}

/* Rosenblatt's rule as assignments: w grows by (label − answer)·x, one row at a time. */
Test(objectives, assignments_in_the_file_are_a_rule_of_learning)
{
    write_text("gate.csv", "x0,x1,y\n0,0,0\n0,1,0\n1,0,0\n1,1,1\n");
    write_text(
        "p.dot",
        "digraph p { graph [data=\"gate.csv(target=y, test=0, scale=none)\", epochs=20, batch_size=1, loss=errors]; "
        "x [op=\"input([N, 2])\"]; y [op=\"input([N, 1], field=target)\"]; "
        "w [op=\"parameter([1, 2], init=zeros, trainable=false)\"]; "
        "b [op=\"parameter([1], init=zeros, trainable=false)\"]; net [op=linear]; x -> net [arg=input]; "
        "w -> net [arg=weight]; b -> net [arg=bias]; says [op=step]; net -> says; "
        "miss [op=\"expr(y - s)\"]; y -> miss [arg=y]; says -> miss [arg=s]; "
        "miss -> all; all [op=\"expr(abs(x))\"]; errors [op=mean]; all -> errors; "
        "push [op=\"expr(m * x)\"]; miss -> push [arg=m]; x -> push [arg=x]; "
        "dw [op=\"sum(dim=0, keepdim=true)\"]; push -> dw; db [op=\"sum(dim=0)\"]; miss -> db; "
        "w2 [op=add]; w -> w2; dw -> w2; b2 [op=add]; b -> b2; db -> b2; "
        "aw [op=assign]; w -> aw [arg=parameter]; w2 -> aw [arg=value]; "
        "ab [op=assign]; b -> ab [arg=parameter]; b2 -> ab [arg=value]; }\n");
    outcome run = dotgrad("train p.dot -o run");
    expect_fine(run);
    cr_assert_float_eq(number_after(run.out, "loss: "), 0, 1e-12, "AND is learnt: %s", run.out);
}

/* The delta rule by hand, of a parameter that the optimiser would train, too. */
Test(objectives, an_assigned_parameter_is_not_trained_as_well)
{
    static const char graph[] =
        "digraph d { graph [data=\"line.csv(target=y, test=0, scale=none)\", epochs=60, batch_size=3]; "
        "x [op=\"input([N, 1])\"]; y [op=\"input([N, 1], field=target)\"]; "
        "w [op=\"parameter([1, 1], init=zeros%s)\"]; net [op=linear]; x -> net [arg=input]; w -> net [arg=weight]; "
        "loss [op=mse_loss]; net -> loss; y -> loss [arg=target]; "
        "g [op=grad]; loss -> g [arg=output]; w -> g [arg=input]; "
        "next [op=\"expr(w - 0.1*g)\"]; w -> next [arg=w]; g -> next [arg=g]; "
        "rule [op=assign]; w -> rule [arg=parameter]; next -> rule [arg=value]; }\n";
    char text[1200];
    write_text("line.csv", "x,y\n1,3\n2,6\n-1,-3\n");
    snprintf(text, sizeof text, graph, "");
    write_text("d.dot", text);
    outcome run = dotgrad("train d.dot -o run");
    cr_assert_eq(run.status, 1);
    cr_assert(strstr(run.err, "parameter 'w' gets its value from 'rule', and optimizer adam trains it, too: write "
                              "trainable=false at the parameter"),
              "%s", run.err);
    snprintf(text, sizeof text, graph, ", trainable=false");
    write_text("d.dot", text);
    run = dotgrad("train d.dot -o run");
    expect_fine(run);
    cr_assert_lt(number_after(run.out, "loss: "), 1e-6, "%s", run.out);
}

/* With every trained parameter frozen, steps are what the graph assigns; without assignments there are none to take. */
Test(objectives, assignments_go_on_where_all_is_frozen)
{
    static const char graph[] =
        "digraph c { graph [data=\"line.csv(target=y, test=0, scale=none)\", epochs=4, batch_size=3]; "
        "x [op=\"input([N, 1])\"]; y [op=\"input([N, 1], field=target)\"]; net [op=\"linear(1)\"]; x -> net; "
        "loss [op=mse_loss]; net -> loss; y -> loss [arg=target]; "
        "n [op=\"parameter([1], init=zeros, trainable=false)\"]; next [op=\"expr(n + 1)\"]; n -> next [arg=n]; %s }\n";
    char text[1200];
    write_text("line.csv", "x,y\n1,3\n2,6\n-1,-3\n");
    snprintf(text, sizeof text, graph, "count [op=assign]; n -> count [arg=parameter]; next -> count [arg=value];");
    write_text("c.dot", text);
    expect_fine(dotgrad("train c.dot --epochs 0 -o begun"));
    expect_fine(dotgrad("train c.dot --freeze 'net.*' -o run"));
    dg_tensors *begun = checkpoint_of("begun"), *set = checkpoint_of("run");
    cr_expect_eq(dg_tensor_get(dg_tensors_find(set, "n"), 0), 4);
    cr_expect_eq(dg_tensor_get(dg_tensors_find(set, "net.weight"), 0),
                 dg_tensor_get(dg_tensors_find(begun, "net.weight"), 0));
    dg_tensors_free(begun);
    dg_tensors_free(set);
    snprintf(text, sizeof text, graph, "");
    write_text("c.dot", text);
    outcome run = dotgrad("train c.dot --freeze 'net.*' -o still --force");
    cr_assert_eq(run.status, 1);
    cr_assert(strstr(run.err, "all 2 parameters are frozen: nothing is left to train"), "%s", run.err);
    write_text("gan.dot", gan);
    run = dotgrad("train gan.dot --freeze 'd.*' -o gan");
    cr_assert_eq(run.status, 1);
    cr_assert(strstr(run.err, "objective 'd_loss': all 4 parameters are frozen"), "%s", run.err);
}

Test(objectives, weights_of_another_run_are_begun_from)
{
    write_text("a.dot", "digraph { graph [data=iris, epochs=3]; x [op=\"input([N, 4])\"]; l [op=\"input([N], "
                        "dtype=int64)\"]; fc [op=\"linear(5)\"]; head [op=\"linear(3)\"]; loss [op=cross_entropy]; "
                        "x -> fc -> head -> loss; l -> loss [arg=target]; }\n");
    write_text("b.dot", "digraph { graph [data=iris, epochs=1]; x [op=\"input([N, 4])\"]; l [op=\"input([N], "
                        "dtype=int64)\"]; fc [op=\"linear(5)\"]; top [op=\"linear(3)\"]; loss [op=cross_entropy]; "
                        "x -> fc -> top -> loss; l -> loss [arg=target]; }\n");
    expect_fine(dotgrad("train a.dot -o a"));
    outcome run = dotgrad("train b.dot --weights a --freeze fc -o b");
    expect_fine(run);
    cr_assert(strstr(run.err, "2 of 4 parameters"), "%s", run.err);
    dg_tensors *a = checkpoint_of("a"), *b = checkpoint_of("b");
    const dg_tensor *x = dg_tensors_find(a, "fc.weight"), *y = dg_tensors_find(b, "fc.weight");
    cr_assert_eq(memcmp(x->data, y->data, dg_tensor_bytes(x)), 0);
    dg_tensors_free(a);
    dg_tensors_free(b);
    cr_assert_eq(dotgrad("train gan.dot --weights none.safetensors -o c").status, 1);
}

/* A full batch is one turn an epoch: every third is the second loss's, in which the first one's judge saw nothing. */
Test(objectives, an_epoch_without_a_turn_of_the_first_loss_has_no_metrics)
{
    char text[2000];
    write_text("turns.dot",
               "digraph { graph [data=\"sinc(n=40)\", epochs=6, batch_size=40, loss=\"la, lb\", output=o];"
               "x [op=\"input([N,1])\"]; y [op=\"input([N,1])\"]; h [op=\"linear(3)\"]; o [op=\"linear(1)\"];"
               "x -> h -> o; la [op=mse_loss, trains=\"h.*\", turns=2]; o -> la; y -> la [arg=target];"
               "lb [op=l1_loss, trains=\"o.*\"]; o -> lb; y -> lb [arg=target]; }");
    expect_fine(dotgrad("train turns.dot -o run"));
    read_text("run/metrics.csv", text, sizeof text);
    int empty = 0, line = 0;
    for (char *at = strchr(text, '\n'); at && at[1]; at = strchr(at + 1, '\n'), line++) {
        char *comma = strchr(at, ',');
        double loss = strtod(comma + 1, &comma), rmse = strtod(comma + 1, NULL);
        cr_expect_eq(isnan(loss), isnan(rmse), "%s", text);
        cr_expect(isnan(rmse) || rmse > 0, "%s", text);
        empty += isnan(rmse);
    }
    cr_assert_eq(line, 6);
    cr_assert_eq(empty, 2, "%s", text);
}

/* A teacher behind a detach is frozen already; to say so is no mistake, but its name has to be one. */
Test(objectives, freeze_what_no_loss_reaches)
{
    write_text(
        "distilled.dot",
        "digraph { graph [data=iris, epochs=1, loss=loss, output=s, freeze=\"t1, s1\"]; x [op=\"input([N, 4])\"];"
        "t1 [op=\"linear(3)\"]; p [op=softmax]; d [op=detach]; s1 [op=\"linear(8)\"]; a [op=tanh];"
        "s [op=\"linear(3)\"]; q [op=log_softmax]; loss [op=kl_div]; x -> t1 -> p -> d;"
        "x -> s1 -> a -> s -> q -> loss; d -> loss [arg=target]; }");
    expect_fine(dotgrad("train distilled.dot -o distilled"));
    outcome run = dotgrad("train distilled.dot -o distilled --force --freeze t2");
    cr_assert_eq(run.status, 1);
    cr_assert(strstr(run.err, "'t2' fits no trainable parameter"), "%s", run.err);
}
