/* dotgrad eval: named tensors in, named tensors out. */
#include "command.h"

#include <dotgrad/dotgrad.h>

#define GRAPH                                                                                                          \
    "digraph { graph [output=y, loss=loss];\n"                                                                         \
    "  x [op=\"input([N, 2], dtype=float64)\"]; t [op=\"input([N], dtype=float64)\"];\n"                               \
    "  w [op=\"parameter([2], init=normal, dtype=float64)\"];\n"                                                       \
    "  y [op=mul]; x -> y [arg=input]; w -> y [arg=other]; loss [op=sum]; y -> loss;\n"                                \
    "  big [op=gt]; y -> big [arg=input]; one -> big [arg=other]; one [op=\"constant(1.0, dtype=float64)\"];\n"        \
    "  d [op=mul]; t -> d [arg=input]; t -> d [arg=other]; }\n"

static dg_tensors *set_of(void)
{
    dg_tensors *set;
    cr_assert_eq(dg_tensors_new(&set).code, DG_OK);
    return set;
}

static void put(dg_tensors *set, const char *name, dg_dtype dtype, dg_shape shape, const double *values)
{
    dg_tensor *tensor;
    cr_assert_eq(dg_tensors_add(set, name, dtype, shape, &tensor).code, DG_OK);
    for (int64_t k = 0; k < dg_tensor_count(tensor); k++)
        dg_tensor_set(tensor, k, values[k]);
}

static void write_set(dg_tensors *set, const char *path)
{
    dg_status status = dg_safetensors_write(path, set);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    dg_tensors_free(set);
}

static void make_files(void)
{
    make_folder();
    write_text("g.dot", GRAPH);
    dg_tensors *feed = set_of(), *weights = set_of();
    put(feed, "x", DG_FLOAT64, DG_SHAPE(2, 2), (double[]){1, 2, 3, 4});
    write_set(feed, "in.safetensors");
    put(weights, "w", DG_FLOAT64, DG_SHAPE(2), (double[]){0.5, -1});
    write_set(weights, "w.safetensors");
}

TestSuite(eval, .init = make_files, .fini = remove_folder);

static dg_tensors *results(const char *path)
{
    dg_tensors *set;
    dg_status status = dg_safetensors_read(path, &set);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return set;
}

static void expect_values(const dg_tensors *set, const char *name, dg_dtype dtype, int64_t count, const double *values)
{
    const dg_tensor *tensor = dg_tensors_find(set, name);
    cr_assert_not_null(tensor, "no %s", name);
    cr_assert_eq(tensor->dtype, dtype);
    cr_assert_eq(dg_tensor_count(tensor), count);
    for (int64_t k = 0; k < count; k++)
        cr_assert_float_eq(dg_tensor_get(tensor, k), values[k], 1e-12, "%s[%d]", name, (int)k);
}

Test(eval, gives_values_and_gradients_by_name)
{
    expect_fine(dotgrad("eval g.dot --feed in.safetensors --weights w.safetensors --fetch y,loss,big --grad loss "
                        "--wrt x,w --out out.safetensors"));
    dg_tensors *set = results("out.safetensors");
    cr_assert_eq(dg_tensors_count(set), 5);
    expect_values(set, "y", DG_FLOAT64, 4, (double[]){0.5, -2, 1.5, -4});
    expect_values(set, "loss", DG_FLOAT64, 1, (double[]){-4});
    expect_values(set, "big", DG_BOOL, 4, (double[]){0, 0, 1, 0});
    expect_values(set, "grad:x", DG_FLOAT64, 4, (double[]){0.5, -1, 0.5, -1});
    expect_values(set, "grad:w", DG_FLOAT64, 2, (double[]){4, 6});
    dg_tensors_free(set);
}

Test(eval, takes_all_parameters_and_the_output_when_nothing_is_said)
{
    expect_fine(dotgrad("eval g.dot --feed in.safetensors --weights w.safetensors --grad loss --out a"));
    dg_tensors *set = results("a");
    cr_assert_eq(dg_tensors_count(set), 1);
    expect_values(set, "grad:w", DG_FLOAT64, 2, (double[]){4, 6});
    dg_tensors_free(set);
    expect_fine(dotgrad("eval g.dot --feed in.safetensors --weights w.safetensors --out b"));
    set = results("b");
    expect_values(set, "y", DG_FLOAT64, 4, (double[]){0.5, -2, 1.5, -4});
    dg_tensors_free(set);
}

Test(eval, writes_to_standard_output)
{
    expect_fine(dotgrad("eval g.dot --feed in.safetensors --weights w.safetensors --out b"));
    expect_fine(dotgrad("eval g.dot --feed - --weights w.safetensors --out - <in.safetensors"));
    cr_assert(same_bytes(".out", "b"));
}

Test(eval, initialises_parameters_by_the_seed)
{
    expect_fine(dotgrad("eval g.dot --feed in.safetensors --fetch w --seed 1 --out a"));
    expect_fine(dotgrad("eval g.dot --feed in.safetensors --fetch w --seed 1 --out b"));
    expect_fine(dotgrad("eval g.dot --feed in.safetensors --fetch w --seed 2 --out c"));
    cr_assert(same_bytes("a", "b"));
    cr_assert_not(same_bytes("a", "c"));
}

static void expect_failure(outcome run, const char *words)
{
    const char *end = strchr(run.err, '\n');
    cr_assert_eq(run.status, 1, "status %d: %s", run.status, run.err);
    cr_assert(end && !end[1], "not one line: %s", run.err);
    cr_assert_not_null(strstr(run.err, words), "'%s' is not in: %s", words, run.err);
    cr_assert(access("out", F_OK), "it wrote a result");
}

Test(eval, refuses_tensors_that_do_not_fit)
{
    dg_tensors *set;
    expect_failure(dotgrad("eval g.dot --weights w.safetensors --out out"), "'x'");
    expect_failure(dotgrad("eval g.dot --feed in.safetensors --weights w.safetensors --fetch d --out out"), "'t'");
    set = set_of();
    put(set, "x", DG_FLOAT32, DG_SHAPE(1, 2), (double[]){1, 2});
    write_set(set, "f32");
    expect_failure(dotgrad("eval g.dot --feed f32 --weights w.safetensors --out out"), "float32");
    set = set_of();
    put(set, "x", DG_FLOAT64, DG_SHAPE(1, 3), (double[]){1, 2, 3});
    write_set(set, "wide");
    expect_failure(dotgrad("eval g.dot --feed wide --weights w.safetensors --out out"), "[1, 3]");
    set = set_of();
    put(set, "x", DG_FLOAT64, DG_SHAPE(1, 2), (double[]){1, 2});
    put(set, "z", DG_FLOAT64, DG_SHAPE(1), (double[]){1});
    write_set(set, "more");
    expect_failure(dotgrad("eval g.dot --feed more --weights w.safetensors --out out"), "'z' is not an input");
    set = set_of();
    put(set, "w", DG_FLOAT64, DG_SHAPE(3), (double[]){1, 2, 3});
    write_set(set, "w3");
    expect_failure(dotgrad("eval g.dot --feed in.safetensors --weights w3 --out out"), "'w' is [3]");
    expect_failure(dotgrad("eval g.dot --feed in.safetensors --weights in.safetensors --out out"), "no parameter 'w'");
    expect_failure(dotgrad("eval g.dot --feed in.safetensors --fetch q --out out"), "no node 'q'");
    expect_failure(dotgrad("eval g.dot --feed in.safetensors --out out --memory-limit 1"), "the limit is 1");
    expect_failure(dotgrad("eval g.dot --feed in.safetensors --grad loss --wrt big --out out"), "big");
    write_text("two.dot", "digraph { x [op=\"input([N, 2])\"]; z [op=\"input([N])\"]; y [op=sum]; w [op=sum];\n"
                          "x -> y; z -> w; }\n");
    set = set_of();
    put(set, "x", DG_FLOAT32, DG_SHAPE(1, 2), (double[]){1, 2});
    put(set, "z", DG_FLOAT32, DG_SHAPE(3), (double[]){1, 2, 3});
    write_set(set, "rows");
    expect_failure(dotgrad("eval two.dot --feed rows --fetch y --out out"),
                   "two.dot: 'x' is fed 1 row and 'z' 3: they need as many");
}

/* 1.01 is 1.0078125 in bfloat16, and an error of 0.0021875. */
Test(eval, keeps_weights_in_16_bits)
{
    write_text("m.dot", "digraph { graph [output=y]; x [op=\"input([1, 2])\"]; y [op=\"linear(1, bias=false, "
                        "init=constant(1.01))\"]; x -> y; }\n");
    dg_tensors *feed = set_of(), *read;
    put(feed, "x", DG_FLOAT32, DG_SHAPE(1, 2), (double[]){1, 2});
    write_set(feed, "m.safetensors");
    outcome run = dotgrad("eval m.dot --feed m.safetensors --weights-type bfloat16 --fetch y,y.weight --out m.npz");
    expect_fine(run);
    cr_expect_not_null(strstr(run.err, "1 weight(s) in bfloat16"), "%s", run.err);
    cr_expect_not_null(strstr(run.err,
                              "changed by up to 0.22 % of a weight's largest number ('y.weight'); outputs by up "
                              "to 0.22 % of the largest"),
                       "%s", run.err);
    dg_status status = dg_tensors_read("m.npz", &read);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    expect_values(read, "y", DG_FLOAT32, 1, (double[]){3.0234375});
    expect_values(read, "y.weight", DG_FLOAT32, 2, (double[]){1.0078125, 1.0078125});
    dg_tensors_free(read);
    run = dotgrad("eval m.dot --feed m.safetensors --weights-type float16 --trace");
    cr_expect_eq(run.status, 2);
}

static void expect_refused(outcome run, const char *message)
{
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, message), "expected '%s' in: %s", message, run.err);
}

/* A table that is fed has no rows that test, of one row either; data are scaled as the weights were trained. */
Test(eval, takes_rows_of_a_table_as_they_are_and_data_as_in_training)
{
    write_text("row.csv", "x0,x1,y\n0.25,4,1\n");
    write_text("rows.csv", "x0,x1,y\n0,0,1\n16,8,2\n4,2,3\n8,8,4\n");
    write_text("net.dot",
               "digraph { graph [data=\"rows.csv(target=y, scale=unit, test=0)\", epochs=1, loss=loss, output=s]; "
               "x [op=\"input([N, 2])\"]; y [op=\"input([N, 1], field=target)\"]; same [op=identity]; "
               "s [op=\"linear(1)\"]; loss [op=mse_loss]; x -> same -> s -> loss; y -> loss [arg=target]; }");
    expect_fine(dotgrad("eval net.dot --feed row.csv --fetch same --out fed"));
    dg_tensors *set = results("fed");
    expect_values(set, "same", DG_FLOAT32, 2, (double[]){0.25, 4});
    dg_tensors_free(set);
    expect_fine(dotgrad("train net.dot -o run --no-pictures"));
    expect_fine(dotgrad("eval net.dot --weights run --data 'row.csv(target=y)' --fetch same,loss --out seen"));
    set = results("seen");
    expect_values(set, "same", DG_FLOAT32, 2, (double[]){0.25 / 16, 0.5});
    dg_tensors_free(set);
    expect_fine(
        dotgrad("eval net.dot --weights run --data 'rows.csv(target=y, scale=none)' --rows 2 --fetch same --out bare"));
    set = results("bare");
    expect_values(set, "same", DG_FLOAT32, 4, (double[]){0, 0, 16, 8});
    dg_tensors_free(set);
}

/* What is done to data without being asked for: here the numbers of a file are not those that the network sees. */
Test(eval, tells_what_it_does_to_data)
{
    write_text("rows.csv", "x0,x1,y\n0,0,1\n16,,2\n4,2,3\n8,8,4\n");
    write_text(
        "net.dot",
        "digraph { graph [loss=loss, output=s]; x [op=\"input([N, 2])\"]; y [op=\"input([N, 1], field=target)\"];"
        " s [op=\"linear(1)\"]; loss [op=mse_loss]; x -> s -> loss; y -> loss [arg=target]; }");
    outcome run = dotgrad("eval net.dot --data 'rows.csv(test=0)' --fetch x");
    expect_fine(run);
    cr_expect(strstr(run.err, "missing cells were filled with the mean"), "%s", run.err);
    cr_expect(strstr(run.err, "rows.csv(test=0): features are scaled, as in training; scale=none, in brackets, takes"),
              "%s", run.err);
    run = dotgrad("eval net.dot --data 'rows.csv(scale=none, test=0)' --fetch x");
    expect_fine(run);
    cr_expect(!strstr(run.err, "scaled"), "%s", run.err);
}

Test(eval, says_what_feeds_an_input)
{
    expect_refused(dotgrad("eval g.dot"), "input 'x' is not fed (--data D or --feed FILE feeds inputs)");
    expect_refused(dotgrad("eval g.dot --trace"), "feeds inputs)");
    expect_refused(dotgrad("eval g.dot --feed 'rows.csv(target=y)'"), "--data takes options in brackets");
    expect_refused(dotgrad("eval g.dot --weights g.dot --fetch one"), "a graph file has no trained numbers");
    expect_fine(dotgrad("eval g.dot --fetch one"));
}

/* A constant of whole numbers has no float type. */
Test(eval, names_the_type_of_patterns_that_cannot_be_stored)
{
    write_text("memory.dot", "digraph { graph [output=recall]; p [op=\"constant([[1, -1], [-1, -1]])\"];\n"
                             "  recall [op=hopfield]; p -> recall; }\n");
    expect_refused(dotgrad("eval memory.dot"), "input is int64, expected float32 or float64");
}

/* Patterns of 0 and 1 would be kept wrongly by every rule. */
Test(eval, refuses_to_keep_patterns_that_are_not_of_two_signs)
{
    static const char *const rules[] = {"hebb", "storkey", "pseudo_inverse"};
    for (int k = 0; k < 3; k++) {
        char graph[300];
        snprintf(graph, sizeof graph,
                 "digraph { graph [output=recall]; p [op=\"constant([[1.0, -1, 1], [1, 0, 1]])\"];\n"
                 "  recall [op=\"hopfield(init=%s)\"]; p -> recall; }\n",
                 rules[k]);
        write_text("memory.dot", graph);
        expect_refused(dotgrad("eval memory.dot"), "pattern 1 has 0 at unit 1: expected -1 or 1");
    }
}

Test(eval, tells_wrong_calls_apart)
{
    cr_assert_eq(dotgrad("eval --out x").status, 2);
    cr_assert_eq(dotgrad("eval g.dot --wrt x --out y").status, 2);
    cr_assert_eq(dotgrad("eval g.dot --nonsense").status, 2);
    outcome help = dotgrad("eval --help");
    expect_fine(help);
    cr_assert_not_null(strstr(help.out, "usage: dotgrad eval"));
}
