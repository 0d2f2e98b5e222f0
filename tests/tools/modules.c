/* Modules in graph files: repeat=K on a cluster, use('file.dot'), checkpoint=true. The reference is always the same
 * network written out by hand: parameters of the same names start from the same numbers. */
#include "command.h"

#include <dotgrad/dotgrad.h>

TestSuite(modules, .init = make_folder, .fini = remove_folder);

#define X "x [op=\"parameter([5, 4], init=normal)\"]; "

/* One copy of a residual block, named NAME, and one that follows it. */
#define BLOCK(NAME)                                                                                                    \
    "\"" NAME ".fc\" [op=\"linear(4)\"]; \"" NAME ".act\" [op=tanh]; \"" NAME ".sum\" [op=add]; "                      \
    "\"" NAME ".fc\" -> \"" NAME ".act\"; \"" NAME ".act\" -> \"" NAME ".sum\" [arg=0]; "
#define INTO(TAIL, NAME) "\"" TAIL "\" -> \"" NAME ".fc\"; \"" TAIL "\" -> \"" NAME ".sum\" [arg=1]; "
#define TOP(TAIL)        "output [op=\"linear(3)\"]; loss [op=sum]; \"" TAIL "\" -> output -> loss; "

#define BY_HAND                                                                                                        \
    "digraph { " X BLOCK("block.0") BLOCK("block.1") BLOCK("block.2") INTO("x", "block.0")                             \
        INTO("block.0.sum", "block.1") INTO("block.1.sum", "block.2") TOP("block.2.sum") "}\n"
#define REPEATED(K)                                                                                                    \
    "digraph { " X "subgraph cluster_block { repeat=" K "; " BLOCK("block") "} " INTO("x", "block")                    \
        TOP("block.sum") "}\n"

static void expect_error(const char *text, const char *first, const char *second)
{
    write_text("bad.dot", text);
    outcome run = dotgrad("eval bad.dot --fetch y --out out");
    const char *end = strchr(run.err, '\n');
    cr_assert_eq(run.status, 1, "%s: exit status %d", text, run.status);
    cr_assert(end && !end[1], "not one line: %s", run.err);
    cr_expect_not_null(strstr(run.err, first), "'%s' is not in: %s", first, run.err);
    cr_expect_not_null(strstr(run.err, second), "'%s' is not in: %s", second, run.err);
}

/* Both graphs give the same bytes for what is fetched, and for the gradients by all parameters. */
static void expect_same(const char *a, const char *b, const char *fetch)
{
    write_text("a.dot", a);
    write_text("b.dot", b);
    expect_fine(dotgrad("eval a.dot --fetch %s --grad loss --out a --training", fetch));
    expect_fine(dotgrad("eval b.dot --fetch %s --grad loss --out b --training", fetch));
    dg_tensors *left, *right;
    cr_assert_eq(dg_safetensors_read("a", &left).code, DG_OK);
    cr_assert_eq(dg_safetensors_read("b", &right).code, DG_OK);
    cr_assert_eq(dg_tensors_count(left), dg_tensors_count(right), "%zu results, not %zu", dg_tensors_count(right),
                 dg_tensors_count(left));
    for (size_t k = 0; k < dg_tensors_count(left); k++) {
        const char *name = dg_tensors_name(left, k);
        const dg_tensor *x = dg_tensors_at(left, k), *y = dg_tensors_find(right, name);
        cr_assert_not_null(y, "no %s", name);
        cr_assert(dg_shape_equal(&x->shape, &y->shape), "%s has another shape", name);
        cr_assert_eq(memcmp(x->data, y->data, dg_tensor_bytes(x)), 0, "%s differs", name);
    }
    dg_tensors_free(left);
    dg_tensors_free(right);
}

/* A drawing in DOT loads again and gives itself, and still says `words`. */
static void expect_round_trip(const char *text, const char *words, const char *not_words)
{
    char drawn[16384];
    write_text("g.dot", text);
    expect_fine(dotgrad("draw g.dot -o once.dot"));
    expect_fine(dotgrad("draw once.dot -o twice.dot"));
    cr_expect(same_bytes("once.dot", "twice.dot"), "%s", text);
    read_text("once.dot", drawn, sizeof drawn);
    cr_expect_not_null(strstr(drawn, words), "'%s' is not in: %s", words, drawn);
    cr_expect_null(strstr(drawn, not_words), "'%s' is in: %s", not_words, drawn);
    dotgrad("eval g.dot --fetch output --out a");
    dotgrad("eval once.dot --fetch output --out b");
    cr_expect(same_bytes("a", "b"), "the drawing is another network");
}

/* ---- repeat ---- */

Test(modules, repeated_cluster_is_a_chain_of_copies)
{
    expect_same(BY_HAND, REPEATED("3"), "output,loss,block.0.sum,block.1.fc,block.2.act");
}

Test(modules, outside_reads_the_last_copy)
{
    write_text("g.dot", REPEATED("3"));
    expect_fine(dotgrad("eval g.dot --fetch block.sum --out last"));
    expect_fine(dotgrad("eval g.dot --fetch block.2.sum --out third"));
    dg_tensors *last, *third;
    cr_assert_eq(dg_safetensors_read("last", &last).code, DG_OK);
    cr_assert_eq(dg_safetensors_read("third", &third).code, DG_OK);
    cr_expect_eq(memcmp(dg_tensors_at(last, 0)->data, dg_tensors_at(third, 0)->data, 5 * 4 * 4), 0);
    dg_tensors_free(last);
    dg_tensors_free(third);
}

Test(modules, one_copy_is_numbered_too)
{
    expect_same("digraph { " X BLOCK("block.0") INTO("x", "block.0") TOP("block.0.sum") "}", REPEATED("1"),
                "output,block.0.act");
}

Test(modules, nodes_need_not_carry_the_cluster_s_name)
{
    expect_same("digraph { " X "\"body.0.fc\" [op=\"linear(4)\"]; \"body.1.fc\" [op=\"linear(4)\"]; loss [op=sum]; "
                "x -> \"body.0.fc\" -> \"body.1.fc\" -> loss; }",
                "digraph { " X "subgraph cluster_body { repeat=2; fc [op=\"linear(4)\"]; } loss [op=sum]; "
                "x -> fc -> loss; }",
                "loss");
}

Test(modules, nested_repeats_multiply)
{
    static const char *const nested[] = {
        "subgraph cluster_stage { repeat=2; subgraph cluster_block { repeat=2; \"stage.block.fc\" [op=\"linear(4)\"]; "
        "} "
        "\"stage.act\" [op=tanh]; \"stage.block.fc\" -> \"stage.act\"; } x -> \"stage.block.fc\"; "
        "\"stage.act\" -> loss; ",
        "subgraph cluster_stage { repeat=2; subgraph cluster_block { repeat=2; fc [op=\"linear(4)\"]; } "
        "act [op=tanh]; fc -> act; } x -> fc; act -> loss; "};
    for (size_t k = 0; k < 2; k++) {
        char text[1000];
        snprintf(text, sizeof text, "digraph { " X "loss [op=sum]; %s }", nested[k]);
        expect_same("digraph { " X "loss [op=sum]; \"stage.0.block.0.fc\" [op=\"linear(4)\"]; "
                    "\"stage.0.block.1.fc\" [op=\"linear(4)\"]; \"stage.0.act\" [op=tanh]; "
                    "\"stage.1.block.0.fc\" [op=\"linear(4)\"]; \"stage.1.block.1.fc\" [op=\"linear(4)\"]; "
                    "\"stage.1.act\" [op=tanh]; x -> \"stage.0.block.0.fc\" -> \"stage.0.block.1.fc\" -> "
                    "\"stage.0.act\" -> \"stage.1.block.0.fc\" -> \"stage.1.block.1.fc\" -> \"stage.1.act\" -> loss; }",
                    text, "loss,stage.1.block.0.fc");
    }
}

Test(modules, other_tensors_enter_every_copy)
{
    static const char mask[] = "m [op=\"parameter([4], init=normal)\"]; h [op=tanh]; x -> h; loss [op=sum]; ";
    char by_hand[1000], repeated[1000];
    snprintf(by_hand, sizeof by_hand,
             "digraph { " X
             "%s \"b.0.p\" [op=mul]; \"b.1.p\" [op=mul]; h -> \"b.0.p\" [arg=0]; m -> \"b.0.p\" [arg=1]; "
             "\"b.0.p\" -> \"b.1.p\" [arg=0]; m -> \"b.1.p\" [arg=1]; \"b.1.p\" -> loss; }",
             mask);
    snprintf(repeated, sizeof repeated,
             "digraph { " X
             "%s subgraph cluster_b { repeat=2; p [op=mul]; } h -> p [arg=0]; m -> p [arg=1]; p -> loss; }",
             mask);
    expect_same(by_hand, repeated, "loss");
}

Test(modules, chain_names_what_is_handed_on)
{
    expect_same("digraph { " X "a [op=tanh]; b [op=sigmoid]; x -> a; x -> b; loss [op=sum]; \"c.0.d\" [op=sub]; "
                "\"c.1.d\" [op=sub]; a -> \"c.0.d\" [arg=0]; b -> \"c.0.d\" [arg=1]; a -> \"c.1.d\" [arg=0]; "
                "\"c.0.d\" -> \"c.1.d\" [arg=1]; \"c.1.d\" -> loss; }",
                "digraph { " X "a [op=tanh]; b [op=sigmoid]; x -> a; x -> b; loss [op=sum]; "
                "subgraph cluster_c { repeat=2; chain=b; d [op=sub]; } a -> d [arg=0]; b -> d [arg=1]; d -> loss; }",
                "loss");
}

Test(modules, repeats_that_cannot_be_chained_are_refused)
{
    static const char *const bad[][3] = {
        {"digraph { " X "subgraph cluster_b { repeat=2; fc [op=\"linear(3)\"]; } x -> fc; }",
         "'x' enters it as float32 [5, 4], 'fc' leaves it as float32 [5, 3]", "'cluster_b'"},
        {"digraph { " X "subgraph cluster_b { repeat=2; a [op=tanh]; b [op=exp]; } x -> a -> b; y [op=add]; a -> y; "
         "b -> y; }",
         "two nodes leave it", "'a' and 'b'"},
        {"digraph { " X "subgraph cluster_b { repeat=2; a [op=tanh]; b [op=exp]; } x -> a; x -> b; }",
         "two nodes leave it", "cluster_b"},
        {"digraph { " X "a [op=tanh]; b [op=exp]; x -> a; x -> b; subgraph cluster_b { repeat=2; y [op=add]; } a -> y; "
         "b -> y; }",
         "'a' and 'b' enter it", "chain="},
        {"digraph { subgraph cluster_b { repeat=2; " X "} }", "no node enters it", "cluster_b"},
        {"digraph { " X "subgraph cluster_b { repeat=0; a [op=tanh]; } x -> a; }", "repeat=0", "whole number from 1"},
        {"digraph { " X "subgraph cluster_b { repeat=2.5; a [op=tanh]; } x -> a; }", "repeat=2.5",
         "whole number from 1"},
        {"digraph { " X "subgraph cluster_b { repeat=99999999999999999999; a [op=tanh]; } x -> a; }", "repeat=9999",
         "whole number from 1"},
        {"digraph { " X "subgraph cluster_b { repeat=4000000; subgraph cluster_c { repeat=4000000; a [op=tanh]; } } "
         "x -> a; }",
         "more than 4194304 nodes", "bad.dot"},
        {"digraph { " X "subgraph cluster_b { repeat=4000000; a [op=tanh]; b [op=exp]; } x -> a -> b; }",
         "more than 4194304 nodes", "bad.dot"},
        {"digraph { " X "subgraph cluster_b { checkpoint=maybe; a [op=tanh]; } x -> a; }", "checkpoint=maybe",
         "true or false"},
        {"digraph { " X "subgraph cluster_b { repeat=2; share=yes; a [op=\"linear(4)\"]; } x -> a; }", "share=yes",
         "true or false"},
        {"digraph { " X
         "subgraph cluster_b { repeat=2; a [op=add]; b [op=tanh]; } x -> a; a -> b; b -> a; y [op=exp]; b -> y; }",
         "cycle", "bad.dot"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
        expect_error(bad[k][0], bad[k][1], bad[k][2]);
}

Test(modules, export_writes_a_repeated_cluster_once)
{
    expect_round_trip(REPEATED("3"), "repeat=3", "block.0");
    expect_round_trip("digraph { " X "output [op=tanh]; subgraph cluster_a { repeat=2; subgraph cluster_b { repeat=2; "
                      "fc [op=\"linear(4)\"]; } } x -> fc -> output; }",
                      "      repeat=2", "repeat=4");
}

Test(modules, summary_counts_all_copies)
{
    write_text("g.dot", REPEATED("3"));
    outcome run = dotgrad("summary g.dot");
    expect_fine(run);
    cr_expect_eq(number_after(run.out, "trainable "), 20 + 3 * 20 + 15);
}

/* ---- use ---- */

#define INNER                                                                                                          \
    "digraph { graph [data=digits, epochs=3, output=y]; a [op=\"input([N, 4])\"]; label [op=\"input([N], "             \
    "dtype=int64)\"]; fc [op=\"linear(4)\"]; y [op=tanh]; loss [op=cross_entropy]; a -> fc -> y -> loss; "             \
    "label -> loss [arg=target]; }\n"

Test(modules, used_file_is_a_module_with_named_parameters)
{
    cr_assert_eq(system("mkdir parts"), 0);
    write_text("parts/inner.dot", INNER);
    expect_same("digraph { " X "\"m.fc\" [op=\"linear(4)\"]; m [op=tanh]; loss [op=sum]; x -> \"m.fc\" -> m -> loss; }",
                "digraph { " X "m [op=\"use('parts/inner.dot')\"]; loss [op=sum]; x -> m -> loss; }", "loss,m,m.fc");
}

Test(modules, used_files_use_files_next_to_them)
{
    cr_assert_eq(system("mkdir parts"), 0);
    write_text("parts/inner.dot", INNER);
    write_text("parts/two.dot", "digraph { z [op=\"input([N, 4])\"]; subgraph cluster_r { repeat=2; i "
                                "[op=\"use('inner.dot')\"]; } z -> i; }");
    expect_same("digraph { " X "\"m.r.0.i.fc\" [op=\"linear(4)\"]; \"m.r.0.i\" [op=tanh]; \"m.r.1.i.fc\" "
                "[op=\"linear(4)\"]; m [op=tanh]; loss [op=sum]; "
                "x -> \"m.r.0.i.fc\" -> \"m.r.0.i\" -> \"m.r.1.i.fc\" -> m -> loss; }",
                "digraph { " X "m [op=\"use('parts/two.dot')\"]; loss [op=sum]; x -> m -> loss; }",
                "loss,m,m.r.0.i,m.r.1.i.fc");
}

Test(modules, inputs_are_wired_by_name_number_or_order)
{
    static const char *const edges[] = {"x -> m; v -> m;", "v -> m [arg=q]; x -> m;",
                                        "v -> m [arg=1]; x -> m [arg=0];"};
    write_text("inner.dot", "digraph { p [op=\"input([N, 4])\"]; q [op=\"input([N, 4])\"]; d [op=sub]; p -> d [arg=0]; "
                            "q -> d [arg=1]; }");
    for (size_t k = 0; k < 3; k++) {
        char text[500];
        snprintf(text, sizeof text,
                 "digraph { " X "v [op=tanh]; x -> v; m [op=\"use('inner.dot')\"]; loss [op=sum]; m -> loss; %s }",
                 edges[k]);
        expect_same("digraph { " X "v [op=tanh]; x -> v; m [op=sub]; loss [op=sum]; x -> m [arg=0]; v -> m [arg=1]; "
                    "m -> loss; }",
                    text, "loss,m");
    }
}

Test(modules, out_takes_another_node_of_the_used_file)
{
    write_text("inner.dot", "digraph { graph [output=mean]; p [op=\"input([N, 4])\"]; mean [op=tanh]; "
                            "spread [op=exp]; p -> mean; p -> spread; }");
    expect_same("digraph { " X "a [op=tanh]; b [op=exp]; loss [op=sum]; s [op=sub]; x -> a; x -> b; a -> s [arg=0]; "
                "b -> s [arg=1]; s -> loss; }",
                "digraph { " X "m [op=\"use('inner.dot')\"]; loss [op=sum]; s [op=sub]; x -> m; m -> s [arg=0]; "
                "m -> s [arg=1, out=spread]; s -> loss; }",
                "loss");
}

Test(modules, sizes_are_those_of_what_is_wired_or_given)
{
    write_text("inner.dot",
               "digraph { p [op=\"input([B, F])\"]; r [op=\"reshape([F, B])\"]; w [op=\"parameter([K, B], "
               "init=normal)\"]; y [op=matmul]; s [op=\"linear(K, bias=false)\"]; p -> r; w -> y [arg=0]; "
               "p -> y [arg=1]; t [op=sum]; r -> t; o [op=add]; t -> o [arg=0]; y -> s; s -> o [arg=1]; }");
    expect_same("digraph { " X "\"m.w\" [op=\"parameter([3, 5], init=normal)\"]; y [op=matmul]; \"m.s\" "
                "[op=\"linear(3, bias=false)\"]; \"m.w\" -> y [arg=0]; x -> y [arg=1]; t [op=sum]; x -> t; m [op=add]; "
                "t -> m [arg=0]; y -> \"m.s\"; \"m.s\" -> m [arg=1]; loss [op=sum]; m -> loss; }",
                "digraph { " X "m [op=\"use('inner.dot', K=3)\"]; loss [op=sum]; x -> m -> loss; }", "loss,m");
}

Test(modules, export_keeps_the_call_of_a_used_file)
{
    write_text("inner.dot", INNER);
    expect_round_trip("digraph { " X "output [op=\"use('inner.dot')\"]; x -> output; }", "use('inner.dot')", "fc");
}

Test(modules, mistakes_in_used_files_name_both_files)
{
    static const char *const bad[][4] = {
        {INNER, "digraph { " X "m [op=\"use('none.dot')\"]; x -> m; }", "bad.dot:1: use 'm': none.dot", "No such"},
        {"digraph { ", "digraph { " X "m [op=\"use('inner.dot')\"]; x -> m; }", "bad.dot:1: use 'm': inner.dot:1",
         "syntax error"},
        {"digraph { a [op=\"input([N, 4])\"];\n y [op=realu]; a -> y; }",
         "digraph { " X "m [op=\"use('inner.dot')\"]; x -> m; }",
         "bad.dot:1: use 'm': inner.dot:2:", "did you mean 'relu'"},
        {"digraph { a [op=\"input([N, 4])\"]; m [op=\"use('bad.dot')\"]; a -> m; }",
         "digraph { " X "m [op=\"use('inner.dot')\"]; x -> m; }", "in a circle", "bad.dot uses inner.dot uses bad.dot"},
        {INNER, "digraph { m [op=\"use('inner.dot')\"]; }", "input 'a' of inner.dot is not wired", "use 'm'"},
        {INNER, "digraph { " X "m [op=\"use('inner.dot')\"]; x -> m; x -> m; }", "it gets 2 nodes", "are a"},
        {INNER, "digraph { " X "m [op=\"use('inner.dot')\"]; x -> m [arg=label]; }", "no input 'label'", "there are a"},
        {INNER, "digraph { " X "m [op=\"use('inner.dot')\"]; x -> m [arg=0]; x -> m [arg=a]; }", "two nodes", "'a'"},
        {INNER, "digraph { " X "m [op=\"use('inner.dot', width=3)\"]; x -> m; }", "no setting 'width'", "use 'm'"},
        {INNER, "digraph { " X "m [op=\"use('inner.dot', T=3)\"]; x -> m; }", "no size 'T'", "inner.dot"},
        {INNER, "digraph { " X "m [op=use]; x -> m; }", "needs a file", "use 'm'"},
        {INNER, "digraph { z [op=\"constant([[1, 2]])\"]; m [op=\"use('inner.dot')\"]; z -> m; }",
         "'a' of inner.dot is [N, 4], 'z' is [1, 2]", "use 'm'"},
        {INNER, "digraph { z [op=\"constant([1, 2])\"]; m [op=\"use('inner.dot')\"]; z -> m; }",
         "'a' of inner.dot is [N, 4], 'z' is [2]", "use 'm'"},
        {"digraph { a [op=\"input([N, N])\"]; y [op=tanh]; a -> y; }",
         "digraph { " X "m [op=\"use('inner.dot')\"]; x -> m; }", "size N would be both 5 and 4", "use 'm'"},
        {"digraph { a [op=\"input([N, 4], dtype=int64)\"]; y [op=tanh]; a -> y; }",
         "digraph { " X "m [op=\"use('inner.dot')\"]; x -> m; }", "is int64, 'x' is float32", "use 'm'"},
        {"digraph { a [op=\"input([N, 4])\"]; y [op=tanh]; z [op=exp]; a -> y; a -> z; }",
         "digraph { " X "m [op=\"use('inner.dot')\"]; x -> m; }", "several nodes", "inner.dot: "},
        {"digraph { graph [output=q]; a [op=\"input([N, 4])\"]; }",
         "digraph { " X "m [op=\"use('inner.dot')\"]; x -> m; }", "output=q", "inner.dot: "},
        {INNER, "digraph { " X "m [op=\"use('inner.dot')\"]; x -> m; y [op=tanh]; m -> y [out=q]; }", "no output 'q'",
         "'m'"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        write_text("inner.dot", bad[k][0]);
        expect_error(bad[k][1], bad[k][2], bad[k][3]);
    }
}

Test(modules, files_that_double_are_bounded)
{
    char name[32], text[300];
    for (int k = 0; k < 40; k++) {
        snprintf(name, sizeof name, "f%d.dot", k);
        snprintf(
            text, sizeof text,
            "digraph { a [op=\"input([N, 4])\"]; b [op=\"use('f%d.dot')\"]; c [op=\"use('f%d.dot')\"]; a -> b -> c; }",
            k + 1, k + 1);
        write_text(name, k < 39 ? text : "digraph { a [op=\"input([N, 4])\"]; b [op=tanh]; a -> b; }");
        snprintf(name, sizeof name, "g%d.dot", k);
        snprintf(text, sizeof text, "digraph { a [op=\"input([N, 4])\"]; b [op=\"use('g%d.dot')\"]; a -> b; }", k + 1);
        write_text(name, k < 39 ? text : "digraph { a [op=\"input([N, 4])\"]; b [op=tanh]; a -> b; }");
    }
    expect_error("digraph { " X "m [op=\"use('g0.dot')\"]; x -> m; }", "more than 32 deep", "bad.dot:1: use 'm': g");
    expect_error("digraph { " X "m [op=\"use('f9.dot')\"]; x -> m; }", "more than 4194304 nodes", "--max-nodes");
}

/* ---- checkpoint ---- */

Test(modules, checkpoint_changes_no_number)
{
    static const char plain[] = "digraph { " X "subgraph cluster_block { repeat=3; " BLOCK(
        "block") "\"block.drop\" [op=\"dropout(0.5)\"]; \"block.sum\" -> \"block.drop\"; } " INTO("x", "block")
        TOP("block.drop") "}";
    static const char spare[] = "digraph { " X "subgraph cluster_block { repeat=3; checkpoint=true; " BLOCK(
        "block") "\"block.drop\" [op=\"dropout(0.5)\"]; \"block.sum\" -> \"block.drop\"; } " INTO("x", "block")
        TOP("block.drop") "}";
    expect_same(plain, spare, "output,loss,block.1.drop");
    expect_round_trip(spare, "checkpoint=true", "block.0");
    write_text("inner.dot", INNER);
    expect_same("digraph { " X "output [op=\"use('inner.dot')\"]; x -> output -> loss; loss [op=sum]; }",
                "digraph { " X
                "output [op=\"use('inner.dot')\", checkpoint=true]; x -> output -> loss; loss [op=sum]; }",
                "loss");
    write_text("g.dot", spare);
    expect_fine(dotgrad("check g.dot"));
}

/* ---- share ---- */

#define TWO(FAKE, WIRES)                                                                                               \
    "digraph { " X "z [op=\"parameter([5, 4], init=normal)\"]; real [op=\"linear(3)\"]; fake [op=\"linear(3)\"" FAKE   \
    "]; x -> real; z -> fake; " WIRES                                                                                  \
    "ra [op=sum]; rb [op=square]; rc [op=sum]; real -> ra; fake -> rb -> rc; loss [op=\"expr(a - 2*b)\"]; "            \
    "ra -> loss [arg=a]; rc -> loss [arg=b]; }\n"

Test(modules, share_uses_the_parameters_of_another_layer)
{
    expect_same(TWO(", share=real", ""),
                TWO("", "\"real.weight\" -> fake [arg=weight]; \"real.bias\" -> fake [arg=bias]; "), "fake");
}

Test(modules, share_beside_repeat_gives_the_copies_one_set_of_parameters)
{
    expect_same("digraph { " X "subgraph cluster_block { repeat=3; share=true; " BLOCK("block") "} " INTO("x", "block")
                    TOP("block.sum") "}\n",
                "digraph { " X BLOCK("block.0") BLOCK("block.1") BLOCK("block.2") INTO("x", "block.0")
                    INTO("block.0.sum", "block.1") INTO("block.1.sum", "block.2")
                        TOP("block.2.sum") "\"block.0.fc.weight\" -> \"block.1.fc\" [arg=weight]; \"block.0.fc.bias\" "
                                           "-> \"block.1.fc\" [arg=bias]; "
                                           "\"block.0.fc.weight\" -> \"block.2.fc\" [arg=weight]; \"block.0.fc.bias\" "
                                           "-> \"block.2.fc\" [arg=bias]; "
                                           "}\n",
                "output");
}

Test(modules, share_goes_into_a_used_file_and_a_formula)
{
    write_text("d.dot", "digraph { v [op=\"input([N, 4])\"]; fc [op=\"linear(3)\"]; act [op=\"expr(x * b, "
                        "b=parameter(0.5))\"]; v -> fc -> act; }\n");
    const char *top = "digraph { " X "z [op=\"parameter([5, 4], init=normal)\"]; real [op=\"use('d.dot')\"]; %s"
                      "add [op=add]; loss [op=sum]; x -> real; real -> add; fake -> add; add -> loss; }\n";
    char shared[1024], by_hand[1024];
    snprintf(shared, sizeof shared, top, "fake [op=\"use('d.dot')\", share=real]; z -> fake; ");
    snprintf(by_hand, sizeof by_hand, top,
             "ffc [op=\"linear(3)\"]; fake [op=\"expr(x * b)\"]; z -> ffc -> fake; \"real.fc.weight\" -> ffc "
             "[arg=weight]; \"real.fc.bias\" -> ffc [arg=bias]; \"real.act.b\" -> fake [arg=b]; ");
    expect_same(shared, by_hand, "fake");
}

Test(modules, share_names_its_mistakes)
{
    expect_error("digraph { " X "y [op=relu, share=x]; x -> y; }", "y", "parameter");
    expect_error("digraph { " X "a [op=relu]; y [op=relu, share=a]; x -> a -> y; }", "y", "owns no parameters");
    expect_error("digraph { " X "y [op=\"linear(3)\", share=xx]; x -> y; }", "xx", "no node 'xx'");
    expect_error("digraph { " X "a [op=\"linear(2)\"]; y [op=\"linear(3)\", share=a]; x -> a; x -> y; }", "[2, 4]",
                 "[3, 4]");
}
