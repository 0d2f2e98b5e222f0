/* dotgrad predict: what training knew of its columns is kept and honoured. */
#include "command.h"

#include <dotgrad/dotgrad.h>

#include <math.h>

#define CLASSES(features, classes)                                                                                     \
    "digraph { graph [epochs=120, batch_size=16, optimizer=\"adam(lr=0.05)\"];\n"                                      \
    "  x [op=\"input([N, " #features "])\"]; t [op=\"input([N], dtype=int64)\"]; output [op=\"linear(" #classes        \
    ")\"];\n  loss [op=cross_entropy]; x -> output -> loss; t -> loss [arg=target]; }\n"
#define NUMBERS                                                                                                        \
    "digraph { graph [epochs=400, batch_size=16, optimizer=\"adam(lr=0.1)\"];\n"                                       \
    "  x [op=\"input([N, 2])\"]; t [op=\"input([N, 1])\"]; output [op=\"linear(1)\"];\n"                               \
    "  loss [op=mse_loss]; x -> output -> loss; t -> loss [arg=target]; }\n"

/* y = 3a − b, with the target first; the same rows without it, with columns exchanged, and so on. */
static void write_tables(void)
{
    char first[4096] = "y,a,b\n", same[4096] = "a,b\n", swapped[4096] = "b,a\n", more[4096] = "id,a,b\n",
         bare[4096] = "", other[4096] = "height,weight\n";
    make_folder();
    for (int k = 0; k < 24; k++) {
        double a = (k * 7 % 24) / 8.0 - 1, b = (k * 5 % 24) / 4.0 + 5;
        sprintf(first + strlen(first), "%g,%g,%g\n", 3 * a - b, a, b);
        sprintf(same + strlen(same), "%g,%g\n", a, b);
        sprintf(swapped + strlen(swapped), "%g,%g\n", b, a);
        sprintf(more + strlen(more), "%d,%g,%g\n", k, a, b);
        sprintf(bare + strlen(bare), "%g,%g\n", a, b);
        sprintf(other + strlen(other), "%g,%g\n", a, b);
    }
    write_text("y_first.csv", first);
    write_text("same.csv", same);
    write_text("swapped.csv", swapped);
    write_text("more.csv", more);
    write_text("bare.csv", bare);
    write_text("other.csv", other);
    write_text("numbers.dot", NUMBERS);
}

TestSuite(predict_columns, .init = write_tables, .fini = remove_folder);

Test(predict_columns, go_by_name)
{
    expect_fine(dotgrad("train numbers.dot --data 'y_first.csv(test=0, target=y)' -o run"));
    outcome wanted = dotgrad("predict run same.csv"), run;
    expect_fine(wanted);
    cr_assert_float_eq(strtod(strchr(wanted.out, '\n') + 1, NULL), 3 * -1 - 5, 0.05);
    static const char *const equal[] = {"swapped.csv", "more.csv", "y_first.csv", "'y_first.csv(target=y)'",
                                        "bare.csv"};
    for (size_t k = 0; k < sizeof equal / sizeof equal[0]; k++) {
        run = dotgrad("predict run %s", equal[k]);
        expect_fine(run);
        cr_assert_str_eq(run.out, wanted.out, "%s", equal[k]);
    }
    cr_assert_not_null(strstr(dotgrad("predict run more.csv").err, "columns that training had not are not read: 'id'"));
    cr_assert_not_null(strstr(dotgrad("predict run bare.csv").err, "the file had no header: columns are taken by"));
    run = dotgrad("predict run other.csv");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "missing here: 'a', 'b'; not seen in training: 'height', 'weight'"), "%s",
                       run.err);
}

Test(predict_columns, words_and_missing_cells_are_those_of_training)
{
    write_text("c.dot", CLASSES(3, 2));
    write_text("t.csv",
               "city,size,kind\nRome,1,big\nOslo,9,small\nRome,?,big\nOslo,8,small\nRome,2,big\nOslo,,small\n");
    expect_fine(dotgrad("train c.dot --data 't.csv(test=0, fill=median)' -o run"));
    write_text("new.csv", "kind,size,city\n?,5,Oslo\n,NA,Rome\nnew,1,\n");
    outcome run = dotgrad("predict run new.csv --output x");
    expect_fine(run); /* size: median 5, of 1 2 5 5 8 9 */
    double scale = sqrt((16 + 9 + 0 + 0 + 9 + 16) / 6.0);
    cr_assert_float_eq(strtod(strchr(run.out, '\n') + 1, NULL), 1, 1e-6, "%s", run.out);
    cr_assert_not_null(strstr(run.out, "\n0,1,0\n"), "%s", run.out);
    cr_assert_float_eq(number_after(run.out, "\n0,0,"), -4 / scale, 1e-5, "%s", run.out);
    write_text("new.csv", "kind,size,city\nbig,5,Paris\n");
    run = dotgrad("predict run new.csv");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "new.csv:2:3: 'Paris' is none of the words of column 'city' in training: Oslo"),
                       "%s", run.err);
}

Test(predict_columns, labels_are_named_as_in_the_file)
{
    write_text("c.dot", CLASSES(1, 3));
    write_text("t.csv", "x,kind\n-9,2\n-8,2\n0,5\n1,5\n9,7\n8,7\n");
    expect_fine(dotgrad("train c.dot --data 't.csv(test=0)' -o run"));
    write_text("new.csv", "x,kind\n-8.5,\n0.5,\n8.5,\n"); /* without labels */
    outcome run = dotgrad("predict run new.csv");
    expect_fine(run);
    cr_assert_eq(strncmp(run.out, "class,p_2,p_5,p_7\n2,", 20), 0, "%s", run.out);
    cr_assert_not_null(strstr(run.out, "\n5,"));
    cr_assert_not_null(strstr(run.out, "\n7,"));
    write_text("x.csv", "x\n-8.5\n0.5\n8.5\n"); /* one column, with a header */
    cr_assert_str_eq(dotgrad("predict run x.csv").out, run.out);
    write_text("c4.dot", CLASSES(1, 2));
    run = dotgrad("train c4.dot --data 't.csv(test=0)' -o other");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "label 2 is out of range: 'output' has 2 classes, from 0 on"), "%s", run.err);
}

Test(predict_columns, two_classes_of_any_name_suit_a_binary_loss)
{
    static const char *const labels[3][2] = {{"1", "2"}, {"-1", "1"}, {"no", "yes"}};
    for (int c = 0; c < 3; c++) {
        char text[512] = "x,y\n";
        for (int k = 0; k < 12; k++)
            sprintf(text + strlen(text), "%d,%s\n", k, labels[c][k > 5]);
        write_text("t.csv", text);
        write_text("b.dot",
                   "digraph { graph [epochs=150, optimizer=\"adam(lr=0.1)\"]; x [op=\"input([N, 1])\"]; "
                   "t [op=\"input([N, 1])\"]; output [op=\"linear(1)\"]; "
                   "loss [op=binary_cross_entropy_with_logits]; x -> output -> loss; t -> loss [arg=target]; }");
        outcome run = dotgrad("train b.dot --data 't.csv(test=0)' -o run%d", c);
        expect_fine(run);
        cr_assert_gt(number_after(run.out, "accuracy: "), 90);
        run = dotgrad("predict run%d t.csv", c);
        cr_assert_eq(strncmp(strchr(run.out, '\n') + 1, labels[c][0], strlen(labels[c][0])), 0, "%s", run.out);
    }
    write_text("t.csv", "x,y\n1,0\n2,1\n3,2\n4,3\n");
    outcome run = dotgrad("train b.dot --data t.csv -o refused");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "needs numbers from 0 to 1, or two classes"), "%s", run.err);
}

/* An order of words or dates is no quantity. */
Test(predict_columns, a_regression_does_not_train_on_words)
{
    write_text("t.csv", "a,b,when\n1,2,2020-01-05\n2,3,2020-02-05\n3,5,2020-03-05\n4,4,2020-04-05\n");
    outcome run = dotgrad("train numbers.dot --data t.csv -o run");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "column 'when', holds dates such as '2020-01-05', but 'loss' (mse_loss) needs"),
                       "%s", run.err);
    write_text("t.csv", "a,b,kind\n1,2,good\n2,3,bad\n3,5,good\n4,4,bad\n");
    run = dotgrad("train numbers.dot --data t.csv -o run");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "holds words such as 'good'"), "%s", run.err);
    cr_assert(access("run", F_OK), "a refused run left a folder");
}

/* A date of 2023 in seconds has no place in float32: an input of type float64 stays one wherever the graph is opened.
 */
Test(predict_columns, types_of_nodes_are_those_of_training)
{
    char text[4096] = "time,y\n";
    write_text("time.dot", "digraph g { x [op=\"input([N, 1], dtype=float64)\"]; t [op=\"input([N, 1])\"];\n"
                           "days [op=\"expr((x - 1700000000) / 100)\"]; small [op=\"to(float32)\"];\n"
                           "output [op=\"linear(1)\"]; loss [op=mse_loss]; x -> days -> small -> output -> loss;\n"
                           "t -> loss [arg=target]; }\n");
    for (int k = 0; k < 40; k++)
        sprintf(text + strlen(text), "%d,%g\n", 1700000000 + k, 2 * k / 100.0 - 0.3);
    write_text("time.csv", text);
    expect_fine(dotgrad("train time.dot --data 'time.csv(scale=none, test=0)' --epochs 300 --batch-size 40 "
                        "--optimizer 'adam(lr=0.02)' -o run"));
    outcome run = dotgrad("predict run time.csv"), same = dotgrad("predict time.dot --weights run time.csv");
    expect_fine(run);
    cr_assert_float_eq(strtod(strchr(run.out, '\n') + 1, NULL), -0.3, 0.05, "%s", run.out);
    write_text("scale-none", same.out);
    cr_assert_str_eq(run.out, same.out);
    expect_fine(dotgrad("train --resume run --epochs 301"));
    expect_fine(dotgrad("train time.dot --data 'time.csv(scale=none, test=0)' --epochs 1 --dtype float64 -o wide"));
}

/* The message names file, line and column, not the learning rate. */
Test(predict_columns, numbers_beyond_float32_are_found_in_the_file)
{
    static const struct {
        const char *graph, *options, *text, *words;
    } tables[] = {
        {"c.dot", "(scale=none)", "a,y\n1,0\n1e300,1\n3,0\n4,1\n", "t.csv:3: column 'a' is 1e+300, more than float32"},
        {"r.dot", "", "a,y\n1,0\n2,1\n3,-2e25\n4,1\n", "t.csv:4: the target, column 'y', is -2e+25, more than float32"},
    };
    write_text("c.dot", CLASSES(1, 2));
    write_text("r.dot", "digraph { x [op=\"input([N, 1])\"]; t [op=\"input([N, 1])\"]; output [op=\"linear(1)\"];"
                        "loss [op=mse_loss]; x -> output -> loss; t -> loss [arg=target]; }");
    for (size_t k = 0; k < sizeof tables / sizeof tables[0]; k++) {
        write_text("t.csv", tables[k].text);
        outcome run = dotgrad("train %s --data 't.csv%s' -o run", tables[k].graph, tables[k].options);
        cr_assert_eq(run.status, 1);
        cr_assert_not_null(strstr(run.err, tables[k].words), "%s", run.err);
        cr_assert_null(strstr(run.err, "learning rate"));
    }
    /* where the whole column is that great, scaling makes it small */
    write_text("t.csv", "a,y\n1e300,0\n2e300,0\n3e300,0\n4e300,1\n5e300,1\n6e300,1\n");
    outcome run = dotgrad("train c.dot --data 't.csv(test=0)' -o run --epochs 1");
    expect_fine(run);
    cr_assert_not_null(strstr(run.err, "line 2, column 'a': 1e+300 is beyond what float32 holds"), "%s", run.err);
    run = dotgrad("predict run t.csv");
    cr_assert_null(strstr(run.out, "nan"), "%s", run.out);
}

Test(predict_columns, what_makes_training_slow_or_odd_is_told)
{
    write_text("t.csv",
               "x,y\n1,red\n2,blue\n3,red\n4,blue\n5,red\n6,\"a \"\"b\"\", c\"\n7,\"a \"\"b\"\", c\"\n8,red\n");
    write_text("c.dot", CLASSES(1, 5));
    outcome run = dotgrad("train c.dot --data t.csv -o run --epochs 1");
    expect_fine(run);
    cr_assert_not_null(strstr(run.err, "the target has 3 classes (a \"b\", c … red), but 'output' has 5 scores"), "%s",
                       run.err);
    run = dotgrad("predict run t.csv"); /* the names are kept, and quoted as CSV wants it */
    cr_assert_eq(strstr(run.out, "class,\"p_a \"\"b\"\", c\",p_blue,p_red,p_3,p_4\n"), run.out, "%s", run.out);
    write_text("t.csv", "x,y\n1,50000\n2,52000\n3,54000\n4,56000\n");
    write_text("r.dot", "digraph { x [op=\"input([N, 1])\"]; t [op=\"input([N, 1])\"]; output [op=\"linear(1)\"];"
                        "loss [op=mse_loss]; x -> output -> loss; t -> loss [arg=target]; }");
    run = dotgrad("train r.dot --data 't.csv(test=0)' -o run --epochs 1");
    expect_fine(run); /* mean 53000, deviation of the population 2236 */
    cr_assert_not_null(strstr(run.err, "op=\"expr(5.3e+04 + 2.24e+03 * x)\""), "%s", run.err);
}

/* The same rows, scaled as the checkpoint says and fed to eval, give the same numbers to the last bit. */
Test(predict_columns, numbers_are_those_of_eval)
{
    write_text("t.csv", "a,b,y\n1,10,0\n2,30,1\n3,20,0\n4,50,1\n6,10,0\n");
    write_text("g.dot", "digraph { graph [epochs=5]; x [op=\"input([N, 2])\"]; t [op=\"input([N], dtype=int64)\"]; "
                        "h [op=\"linear(3)\"]; a [op=tanh]; output [op=\"linear(2)\"]; loss [op=cross_entropy]; "
                        "x -> h -> a -> output -> loss; t -> loss [arg=target]; }");
    expect_fine(dotgrad("train g.dot --data t.csv -o run"));
    expect_fine(dotgrad("predict run t.csv --output a -o made.csv"));
    dg_tensors *checkpoint, *feeds, *results;
    dg_tensor *x;
    static const double rows[10] = {1, 10, 2, 30, 3, 20, 4, 50, 6, 10};
    cr_assert_eq(dg_safetensors_read("run/checkpoint.safetensors", &checkpoint).code, DG_OK);
    cr_assert_eq(dg_tensors_new(&feeds).code, DG_OK);
    cr_assert_eq(dg_tensors_add(feeds, "x", DG_FLOAT32, DG_SHAPE(5, 2), &x).code, DG_OK);
    const dg_tensor *offset = dg_tensors_find(checkpoint, "data.offset"),
                    *divisor = dg_tensors_find(checkpoint, "data.divisor");
    for (int k = 0; k < 10; k++)
        dg_tensor_set(x, k, (rows[k] - dg_tensor_get(offset, k % 2)) / dg_tensor_get(divisor, k % 2));
    cr_assert_eq(dg_safetensors_write("x.st", feeds).code, DG_OK);
    expect_fine(dotgrad("eval g.dot --feed x.st --weights run/checkpoint.safetensors --fetch a --out a.st"));
    cr_assert_eq(dg_safetensors_read("a.st", &results).code, DG_OK);
    char text[4096], *at = text;
    read_text("made.csv", text, sizeof text);
    at = strchr(at, '\n') + 1;
    for (int k = 0; k < 15; k++, at++)
        cr_assert_eq((float)strtod(at, &at), (float)dg_tensor_get(dg_tensors_find(results, "a"), k), "number %d", k);
    dg_tensors_free(checkpoint);
    dg_tensors_free(feeds);
    dg_tensors_free(results);
}

/* Rows without a target, an unknown word, a missing column, more columns, another order; names that need quotes. */
Test(predict_columns, of_another_file_are_met_or_named)
{
    static const struct {
        const char *text, *words;
        int rows; /* 0: refused */
    } files[] = {
        {"colour,\"size, cm\",y\nred,1,p\nblue,2,\n", "some rows have no target", 2},
        {"colour,\"size, cm\"\nred,1\nblue,2\n", "", 2},
        {"y,\"size, cm\",colour\np,1,red\n", "", 1},
        {"id,\"size, cm\",weight,colour\n7,1,80,red\n", "columns that training had not are not read: 'id', 'weight'",
         1},
        {"\"size, cm\"\n1\n2\n", "missing here: 'colour'", 0},
        {"colour,length\nred,1\n", "missing here: 'size, cm'; not seen in training: 'length'", 0},
        {"colour,\"size, cm\"\ngreen,1\n",
         "new.csv:2:1: 'green' is none of the words of column 'colour' in training: blue, red", 0},
        {"colour,\"size, cm\"\nred,tall\n", "new.csv:2:2: 'tall' is not a number, as column 'size, cm' needs", 0},
        {"colour,\"size, cm\"\n,\n", "missing cells were filled with the mean of the training rows", 1},
        {"colour,\"size, cm\",y\nred,1,unheard\n", "some rows have no target that training knew", 1},
    };
    write_text("t.csv", "colour,\"size, cm\",y\nred,1,p\nblue,2,q\nred,3,p\nblue,4,q\nred,5,p\n");
    write_text("c.dot", CLASSES(3, 2));
    expect_fine(dotgrad("train c.dot --data t.csv -o run --epochs 1"));
    for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) {
        write_text("new.csv", files[k].text);
        outcome run = dotgrad("predict run new.csv");
        int lines = 0;
        for (const char *at = run.out; *at; at++)
            lines += *at == '\n';
        cr_expect_eq(run.status, files[k].rows ? 0 : 1, "%s: %s", files[k].text, run.err);
        cr_expect_eq(lines, files[k].rows ? files[k].rows + 1 : 0, "%s: %s", files[k].text, run.out);
        cr_expect_not_null(strstr(run.err, files[k].words), "%s: %s", files[k].text, run.err);
    }
}

Test(predict_columns, of_tokens_are_not_scaled_and_one_class_is_told)
{
    write_text("t.csv", "a,b,y\n3,0,0\n1,2,1\n0,6,0\n5,1,1\n");
    write_text(
        "e.dot",
        "digraph { graph [epochs=1]; x [op=\"input([N, FEATURES], dtype=int64)\"]; t [op=\"input([N], dtype=int64)\"];"
        "e [op=\"embedding(VOCAB, 2)\"]; f [op=\"flatten(start_dim=1)\"]; output [op=\"linear(CLASSES)\"];"
        "loss [op=cross_entropy]; x -> e -> f -> output -> loss; t -> loss [arg=target]; }");
    cr_assert_eq(system("sed 's/epochs=1/epochs=1, sizes=\"VOCAB=7\"/' e.dot >s.dot"), 0);
    outcome run = dotgrad("train s.dot --data t.csv -o run");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "input 'x' is int64, but the features are scaled: use scale=none"), "%s",
                       run.err);
    expect_fine(dotgrad("train e.dot --data 't.csv(scale=none)' -o run"));
    expect_fine(dotgrad("predict run t.csv"));
    write_text("t.csv", "a,y\n1,p\n2,p\n3,p\n");
    write_text("c.dot", CLASSES(1, 1));
    run = dotgrad("train c.dot --data t.csv -o one --epochs 1");
    cr_assert_not_null(strstr(run.err, "every row has the same class, p: there is nothing to learn"), "%s", run.err);
}
