/* scan('cell.dot') in graph files: cells over the steps of a sequence, against the layers that ship, with their
 * weights.
 */
#include "command.h"

#include <dotgrad/dotgrad.h>
#include <math.h>

TestSuite(scan, .init = make_folder, .fini = remove_folder);

#define RNN_CELL                                                                                                       \
    "digraph { x [op=\"input([N, F])\"]; h [op=\"input([N, 3])\"]; ih [op=\"linear(3)\"]; hh [op=\"linear(3)\"]; "     \
    "sum [op=add]; next_h [op=tanh]; x -> ih -> sum; h -> hh -> sum; sum -> next_h; }\n"

/* Gates i, f, g, o: c' = f c + i g, h' = o tanh(c'). */
#define LSTM_CELL                                                                                                      \
    "digraph { graph [output=next_h, state=\"h, c\"]; x [op=\"input([B, F])\"]; c [op=\"input([B, 3])\"]; "            \
    "h [op=\"input([B, 3])\"]; ih [op=\"linear(12)\"]; hh [op=\"linear(12)\"]; gates [op=add]; "                       \
    "i [op=\"slice(-1, 0, 3)\"]; f [op=\"slice(-1, 3, 6)\"]; g [op=\"slice(-1, 6, 9)\"]; o [op=\"slice(-1, 9, "        \
    "12)\"]; "                                                                                                         \
    "next_c [op=\"expr(sigmoid(f) * c + sigmoid(i) * tanh(g))\"]; next_h [op=\"expr(sigmoid(o) * tanh(c))\"]; "        \
    "x -> ih -> gates; h -> hh -> gates; gates -> i; gates -> f; gates -> g; gates -> o; i -> next_c [arg=i]; "        \
    "f -> next_c [arg=f]; g -> next_c [arg=g]; c -> next_c [arg=c]; o -> next_h [arg=o]; next_c -> next_h [arg=c]; "   \
    "}\n"

#define WEIGHTS(GATES)                                                                                                 \
    "\"net.ih.weight\" [op=\"parameter([" GATES ", 2], init=normal)\"]; \"net.hh.weight\" "                            \
    "[op=\"parameter([" GATES ", 3], init=normal)\"]; \"net.ih.bias\" [op=\"parameter([" GATES "], init=normal)\"]; "  \
    "\"net.hh.bias\" [op=\"parameter([" GATES "], init=normal)\"]; "                                                   \
    "\"net.ih.weight\" -> y [arg=weight_ih_l0]; \"net.hh.weight\" -> y [arg=weight_hh_l0]; "                           \
    "\"net.ih.bias\" -> y [arg=bias_ih_l0]; \"net.hh.bias\" -> y [arg=bias_hh_l0]; "

/* A sequence, and a loss of `y` whose gradient by it is in the loss again. */
#define TOP(STEPS)                                                                                                     \
    "graph [dtype=float64]; q [op=\"parameter([4, " STEPS ", 2], init=normal)\"]; "                                    \
    "cube [op=\"expr(y^3)\"]; g [op=grad]; bend [op=\"expr(sin(u))\"]; s [op=sum]; t [op=sum]; loss [op=add]; "        \
    "y -> cube [arg=y]; cube -> g [arg=output]; q -> g [arg=input]; g -> bend [arg=u]; bend -> s -> loss; "            \
    "cube -> t -> loss; "

static dg_tensors *read_tensors(const char *path)
{
    dg_tensors *set;
    dg_status status = dg_safetensors_read(path, &set);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return set;
}

/* The second graph gives what the first does, with the first's weights: values, gradients, second derivatives. */
static void expect_same(const char *scanned, const char *layer, const char *fetch)
{
    write_text("scanned.dot", scanned);
    write_text("layer.dot", layer);
    expect_fine(dotgrad("eval scanned.dot --fetch net.ih.weight,net.ih.bias,net.hh.weight,net.hh.bias,q --out w"));
    expect_fine(dotgrad("eval scanned.dot --weights w --fetch %s --grad loss --out a", fetch));
    expect_fine(dotgrad("eval layer.dot --weights w --fetch %s --grad loss --out b", fetch));
    dg_tensors *left = read_tensors("a"), *right = read_tensors("b");
    cr_assert_eq(dg_tensors_count(left), dg_tensors_count(right));
    for (size_t k = 0; k < dg_tensors_count(left); k++) {
        const char *name = dg_tensors_name(left, k);
        const dg_tensor *x = dg_tensors_at(left, k), *y = dg_tensors_find(right, name);
        cr_assert_not_null(y, "no %s", name);
        cr_assert(dg_shape_equal(&x->shape, &y->shape), "%s has another shape", name);
        for (int64_t i = 0; i < dg_tensor_count(x); i++) {
            double found = dg_tensor_get(x, i), wants = dg_tensor_get(y, i);
            cr_assert(fabs(found - wants) <= 1e-12 * fmax(1, fabs(wants)), "%s[%d] is %.17g, expected %.17g", name,
                      (int)i, found, wants);
        }
    }
    dg_tensors_free(left);
    dg_tensors_free(right);
}

/* ---- cells that ship as layers, too ---- */

Test(scan, of_an_rnn_cell_is_the_rnn_layer)
{
    write_text("cell.dot", RNN_CELL);
    expect_same("digraph { " TOP("5") "net [op=\"scan('cell.dot')\"]; y [op=identity]; q -> net -> y; }",
                "digraph { " TOP("5") "y [op=\"rnn(3)\"]; q -> y; " WEIGHTS("3") "}", "y,g,loss");
}

Test(scan, of_an_lstm_cell_is_the_lstm_layer)
{
    write_text("cell.dot", LSTM_CELL);
    static const char *const last[][2] = {{"h", "h_n"}, {"c", "c_n"}, {"1", "c_n"}, {"2", "h_n"}};
    for (size_t k = 0; k < 4; k++) { /* states go by their order in the file: c, h */
        char scanned[3000], layer[3000];
        snprintf(
            scanned, sizeof scanned,
            "digraph { " TOP("5") "net [op=\"scan('cell.dot')\"]; y [op=identity]; q -> net -> y; last [op=square]; "
                                  "net -> last [out=%s]; }",
            last[k][0]);
        snprintf(layer, sizeof layer,
                 "digraph { " TOP("5") "y [op=\"lstm(3)\"]; q -> y; " WEIGHTS(
                     "12") "one [op=\"squeeze(0)\"]; "
                           "y -> one [out=%s]; last [op=square]; one -> last; }",
                 last[k][1]);
        expect_same(scanned, layer, "y,g,last,loss");
    }
}

Test(scan, runs_backwards)
{
    write_text("cell.dot", RNN_CELL);
    expect_same(
        "digraph { " TOP("4") "net [op=\"scan('cell.dot', reverse=true)\"]; y [op=identity]; q -> net -> y; }",
        "digraph { " TOP(
            "4") "turned [op=\"flip(1)\"]; back [op=\"rnn(3)\"]; y [op=\"flip(1)\"]; "
                 "q -> turned -> back -> y; "
                 "\"net.ih.weight\" [op=\"parameter([3, 2], init=normal)\"]; \"net.hh.weight\" [op=\"parameter([3, 3], "
                 "init=normal)\"]; \"net.ih.bias\" [op=\"parameter([3], init=normal)\"]; \"net.hh.bias\" "
                 "[op=\"parameter([3], init=normal)\"]; \"net.ih.weight\" -> back [arg=weight_ih_l0]; "
                 "\"net.hh.weight\" -> back [arg=weight_hh_l0]; \"net.ih.bias\" -> back [arg=bias_ih_l0]; "
                 "\"net.hh.bias\" -> back [arg=bias_hh_l0]; }",
        "y,g,loss");
}

Test(scan, takes_a_single_step)
{
    write_text("cell.dot", RNN_CELL);
    expect_same("digraph { " TOP("1") "net [op=\"scan('cell.dot')\"]; y [op=identity]; q -> net -> y; }",
                "digraph { " TOP("1") "y [op=\"rnn(3)\"]; q -> y; " WEIGHTS("3") "}", "y,g,loss");
}

Test(scan, starts_at_what_is_wired_to_a_state)
{
    write_text("cell.dot", RNN_CELL);
    expect_same("digraph { " TOP("5") "net [op=\"scan('cell.dot')\"]; y [op=identity]; q -> net [arg=x]; net -> y; "
                                      "first [op=\"constant([[1.0, -2.0, 3.0], [0.5, 0, 0], [0, 1, 0], [0, 0, 2]])\"]; "
                                      "first -> net [arg=h]; }",
                "digraph { " TOP("5") "y [op=\"rnn(3)\"]; q -> y; " WEIGHTS(
                    "3") "first [op=\"constant([[[1.0, -2.0, 3.0], [0.5, 0, 0], [0, 1, 0], [0, 0, 2]]])\"]; "
                         "first -> y [arg=h_0]; }",
                "y,g,loss");
}

/* ---- cells of other kinds ---- */

static void expect_numbers(const char *graph, int count, const double *wants)
{
    write_text("g.dot", graph);
    expect_fine(dotgrad("eval g.dot --fetch y --out y"));
    dg_tensors *set = read_tensors("y");
    const dg_tensor *y = dg_tensors_at(set, 0);
    cr_assert_eq(dg_tensor_count(y), count);
    for (int i = 0; i < count; i++)
        cr_expect_eq(dg_tensor_get(y, i), wants[i], "element %d is %g, expected %g", i, dg_tensor_get(y, i), wants[i]);
    dg_tensors_free(set);
}

Test(scan, gives_other_inputs_to_every_step)
{
    write_text("cell.dot", "digraph { x [op=\"input([N])\"]; h [op=\"input([N])\"]; k [op=\"input([])\"]; "
                           "next_h [op=\"expr(k * h + x)\"]; k -> next_h [arg=k]; h -> next_h [arg=h]; "
                           "x -> next_h [arg=x]; }");
    expect_numbers("digraph { q [op=\"constant([[1.0, 2.0, 3.0]])\"]; ten [op=\"constant(10.0)\"]; "
                   "y [op=\"scan('cell.dot')\"]; q -> y; ten -> y [arg=k]; }",
                   3, (const double[]){1, 12, 123});
    expect_numbers("digraph { q [op=\"constant([[1.0], [2.0], [3.0]])\"]; ten [op=\"constant(10.0)\"]; "
                   "y [op=\"scan('cell.dot', dim=0, reverse=true)\"]; q -> y; ten -> y [arg=k]; }",
                   3, (const double[]){321, 32, 3});
}

Test(scan, in_a_scan_and_in_a_used_file)
{
    write_text("cell.dot", "digraph { x [op=\"input([N])\"]; h [op=\"input([N])\"]; next_h [op=add]; x -> next_h; "
                           "h -> next_h; }");
    write_text("row.dot", "digraph { graph [output=next_r]; x [op=\"input([N, T])\"]; r [op=\"input([N])\"]; "
                          "along [op=\"scan('cell.dot')\"]; next_r [op=identity]; x -> along; r -> along [arg=h]; "
                          "along -> next_r [out=h]; }");
    write_text("used.dot", "digraph { p [op=\"input([N, R, T])\"]; z [op=\"scan('row.dot')\"]; p -> z; }");
    expect_numbers("digraph { q [op=\"constant([[[1.0, 2.0], [3.0, 4.0]]])\"]; y [op=\"use('used.dot')\"]; q -> y; }",
                   2, (const double[]){3, 10});
}

/* ---- the file ---- */

Test(scan, export_keeps_the_call_and_loads_to_the_same_network)
{
    char drawn[16384];
    write_text("cell.dot", LSTM_CELL);
    write_text("g.dot",
               "digraph { q [op=\"parameter([2, 3, 2], init=normal)\"]; c0 [op=\"parameter([2, 3])\"]; "
               "net [op=\"scan('cell.dot', reverse=true)\"]; y [op=\"linear(1)\"]; q -> net; c0 -> net [arg=c]; "
               "net -> y [out=c]; }");
    expect_fine(dotgrad("draw g.dot -o once.dot"));
    expect_fine(dotgrad("draw once.dot -o twice.dot"));
    cr_expect(same_bytes("once.dot", "twice.dot"));
    read_text("once.dot", drawn, sizeof drawn);
    static const char *const kept[] = {"scan('cell.dot', reverse=true)", "c0 -> net [arg=c", "q -> net [arg=x",
                                       "net -> y [out=c, label=\"  c: 2×3  \""};
    for (size_t k = 0; k < sizeof kept / sizeof *kept; k++)
        cr_expect_not_null(strstr(drawn, kept[k]), "'%s' is not in: %s", kept[k], drawn);
    expect_fine(dotgrad("eval g.dot --fetch y --out a"));
    expect_fine(dotgrad("eval once.dot --fetch y --out b"));
    cr_expect(same_bytes("a", "b"));
    outcome run = dotgrad("summary g.dot");
    expect_fine(run);
    cr_expect_eq(number_after(run.out, "trainable "), 12 + 6 + 12 * 2 + 12 * 3 + 24 + 4);
}

Test(scan, trained_network_is_found_from_its_run)
{
    cr_assert_eq(system("mkdir parts"), 0);
    write_text("parts/cell.dot", RNN_CELL);
    write_text("parts/g.dot",
               "digraph { graph [data=\"iris\", epochs=1]; x [op=\"input([N, 4, 1])\"]; label [op=\"input([N], "
               "dtype=int64)\"]; net [op=\"scan('cell.dot')\"]; output [op=\"linear(3)\"]; loss [op=cross_entropy]; "
               "x -> net; net -> output [out=h]; output -> loss; label -> loss [arg=target]; }");
    expect_fine(dotgrad("train parts/g.dot -o run"));
    expect_fine(dotgrad("train --resume run --epochs 2"));
    expect_fine(dotgrad("predict run iris --out rows.csv"));
    expect_fine(dotgrad("summary run/graph.dot"));
}

Test(scan, mistakes_name_the_scan_and_the_cell)
{
#define SCAN "net [op=\"scan('cell.dot')\"]; q -> net; }"
    static const char known[] = "digraph { q [op=\"input([N, 5, 2])\"]; " SCAN;
    static const char *const bad[][4] = {
        {RNN_CELL, "digraph { q [op=\"input([N, 5, 2])\"]; net [op=\"scan('none.dot')\"]; q -> net; }",
         "bad.dot:1: scan 'net': none.dot", "No such"},
        {RNN_CELL, "digraph { q [op=\"input([N, T, 2])\"]; " SCAN,
         "scan 'net': the sequence 'q' is [N, T, 2]: its time size, dimension 1, must be a number", "bad.dot:1"},
        {"digraph { x [op=\"input([N, 2])\"]; y [op=tanh]; x -> y; }", known,
         "scan 'net': cell.dot: the cell has no state", "next_h"},
        {"digraph { graph [state=\"h, k\"]; x [op=\"input([N, 2])\"]; h [op=\"input([N, 2])\"]; y [op=add]; x -> y; "
         "h -> y; }",
         known, "there is no input 'k'", "cell.dot: "},
        {"digraph { graph [state=h]; x [op=\"input([N, 2])\"]; h [op=\"input([N, 2])\"]; y [op=add]; x -> y; h -> y; }",
         known, "state 'h' has no node 'next_h'", "cell.dot:1: "},
        {"digraph { z [op=\"input([N, 2])\"]; h [op=\"input([N, 2])\"]; next_h [op=add]; z -> next_h; h -> next_h; }",
         known, "no input 'x'", "cell.dot"},
        {"digraph { x [op=\"input([N, 2])\"]; h [op=\"input([N, 3])\"]; next_h [op=\"linear(4)\"]; h -> next_h; }",
         known, "scan 'net': state 'h' is float32 [N, 3], its next value is float32 [N, 4]", ""},
        {"digraph { x [op=\"input([N, 3])\"]; h [op=\"input([N, 3])\"]; next_h [op=add]; x -> next_h; h -> next_h; }",
         known, "input 'x' of cell.dot is [N, 3], 'a step of q' is [N, 2]", "scan 'net'"},
        {"digraph { x [op=\"input([N, 2])\"]; h [op=\"input([N, H])\"]; next_h [op=tanh]; h -> next_h; }", known,
         "state 'h' of cell.dot is [N, H]: H is not a size of any wired input", "scan 'net'"},
        {"digraph { x [op=\"input([N, 2])\"];\n h [op=\"input([N, 2])\"];\n next_h [op=ad];\n x -> next_h; h -> "
         "next_h; }",
         known, "scan 'net': cell.dot:3: ", "there is no op 'ad'"},
        {"digraph { x [op=\"input([N, 2])\"]; h [op=\"input([N, 2])\"]; k [op=\"input([])\"]; next_h [op=add]; "
         "k -> next_h; h -> next_h; }",
         known, "input 'k' of cell.dot is not wired", "scan 'net'"},
        {"digraph { x [op=\"input([N, 2])\"]; h [op=\"input([N, 2])\"]; next_h [op=\"scan('cell.dot')\"]; x -> next_h; "
         "h -> next_h; }",
         known, "in a circle", "scan 'net'"},
        {RNN_CELL, "digraph { net [op=\"scan('cell.dot')\"]; }", "input 'x' of cell.dot is not wired", "scan 'net'"},
        {RNN_CELL, "digraph { q [op=\"input([N, 5, 2])\"]; net [op=scan]; q -> net; }", "needs the cell's file",
         "'net'"},
        {RNN_CELL, "digraph { q [op=\"input([N, 5, 2])\"]; net [op=\"scan('cell.dot', dim=3)\"]; q -> net; }",
         "dim is 3", "'net'"},
        {RNN_CELL, "digraph { q [op=\"input([N, 5, 2])\"]; net [op=\"scan('cell.dot', reverse=1)\"]; q -> net; }",
         "reverse needs true or false", "'net'"},
        {RNN_CELL, "digraph { q [op=\"input([N, 5, 2])\"]; y [op=tanh]; net -> y [out=c]; " SCAN,
         "scan 'net' has no output 'c'", "bad.dot:1"},
    };
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        write_text("cell.dot", bad[k][0]);
        write_text("bad.dot", bad[k][1]);
        outcome run = dotgrad("eval bad.dot --fetch net --out out");
        const char *end = strchr(run.err, '\n');
        cr_expect_eq(run.status, 1, "%s: exit status %d", bad[k][1], run.status);
        cr_expect(end && !end[1], "not one line: %s", run.err);
        cr_expect_not_null(strstr(run.err, bad[k][2]), "'%s' is not in: %s", bad[k][2], run.err);
        cr_expect_not_null(strstr(run.err, bad[k][3]), "'%s' is not in: %s", bad[k][3], run.err);
    }
}
