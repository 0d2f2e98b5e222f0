/* Numbers that a person can read: tables, the worked example step by step, tensors of a run, other programs' formats.
 * The figures are those of the worked 2-2-2 example as published (Mazur), to every digit that is printed. */
#include "command.h"

#include <dotgrad/dotgrad.h>

#include <math.h>

#define WORKED "\"$TESTS\"/../tools/examples/worked-2-2-2.dot"

TestSuite(numbers, .init = make_folder, .fini = remove_folder);

/* The last number of the line that begins with the text. */
static double last_number(const char *text, const char *begin)
{
    const char *line = strstr(text, begin);
    cr_assert(line, "no '%s' in: %s", begin, text);
    const char *end = strchr(line, '\n'), *at = end;
    while (at > line && at[-1] != ' ')
        at--;
    return strtod(at, NULL);
}

static void expect(const char *text, const char *begin, double published, double half)
{
    double found = last_number(text, begin);
    printf("%-24s found %.12g  expected %.12g\n", begin, found, published);
    cr_expect_float_eq(found, published, half, "%s: found %.12g, published %.12g", begin, found, published);
}

Test(numbers, the_worked_example_is_traced_forward_and_backward)
{
    outcome run = dotgrad("eval " WORKED " --trace");
    expect_fine(run);
    cr_assert(strstr(run.out, "net_h[0] = 0.05*0.15 + 0.1*0.2 + 0.35 = 0.3775"), "%s", run.out);
    expect(run.out, "  h[0] = ", .593269992, 1e-9);
    expect(run.out, "  h[1] = ", .596884378, 1e-9);
    expect(run.out, "  net_o[0] = ", 1.105905967, 1e-9);
    expect(run.out, "  out[0] = ", .75136507, 5e-9);
    expect(run.out, "  out[1] = ", .772928465, 1e-9);
    expect(run.out, "  error = ", .298371109, 1e-9);
    expect(run.out, "  derror/dout[0] = ", .74136507, 5e-9);
    expect(run.out, "  derror/dnet_o[0] = ", .138498562, 1e-9);
    expect(run.out, "  derror/dw_ho[0,0] = ", .082167041, 1e-9);
    expect(run.out, "  derror/dh[0] = ", .036350306, 1e-9);
    expect(run.out, "  derror/dw_ih[0,0] = ", .000438568, 1e-9);
}

Test(numbers, a_step_of_training_is_traced_to_its_new_weights)
{
    outcome run = dotgrad("train " WORKED " --trace --steps 1");
    expect_fine(run);
    expect(run.out, "  w_ih[0,0]: ", .149780716, 1e-9);
    expect(run.out, "  w_ih[0,1]: ", .19956143, 5e-9);
    expect(run.out, "  w_ih[1,0]: ", .24975114, 5e-9);
    expect(run.out, "  w_ih[1,1]: ", .29950229, 5e-9);
    expect(run.out, "  w_ho[0,0]: ", .35891648, 5e-9);
    expect(run.out, "  w_ho[0,1]: ", .408666186, 1e-9);
    expect(run.out, "  w_ho[1,0]: ", .511301270, 1e-9);
    expect(run.out, "  w_ho[1,1]: ", .561370121, 1e-9);
    cr_assert_neq(access("runs", F_OK), 0, "a trace leaves no folder");
}

Test(numbers, results_without_a_file_are_tables)
{
    outcome run = dotgrad("eval " WORKED " --fetch h,out --grad error");
    expect_fine(run);
    cr_assert(strstr(run.out, "h [2] float64\n") && strstr(run.out, "0.5932699921"), "%s", run.out);
    cr_assert(strstr(run.out, "grad:w_ho [2, 2] float64\n"), "%s", run.out);
}

/* Where the third column begins, in characters: behind two spaces and the columns' widths of 16 and 30. */
static void expect_straight(const char *out, const char *begin)
{
    const char *line = strstr(out, begin);
    cr_assert(line, "%s", begin);
    int column = 0;
    const char *at = line;
    for (; *at != '\n' && column < 2 + 16 + 1 + 30; at++)
        column += ((unsigned char)*at & 0xc0) != 0x80;
    while (((unsigned char)*at & 0xc0) == 0x80)
        at++;
    cr_expect(*at == ' ' && at[1] != ' ', "'%.70s'", line);
}

Test(numbers, columns_are_straight_where_text_is_not_ascii)
{
    outcome run = dotgrad("list data");
    expect_fine(run);
    static const char *const lines[] = {"  digits ", "  CSV ", "  scale ", "  length ", "  n ", "  noise "};
    for (size_t k = 0; k < sizeof lines / sizeof *lines; k++)
        expect_straight(run.out, lines[k]);
}

Test(numbers, results_go_to_files_of_other_programs)
{
    char text[4096];
    expect_fine(dotgrad("eval " WORKED " --fetch h,w_ih --out x.csv"));
    read_text("x.csv", text, sizeof text);
    cr_assert(strncmp(text, "\"h\",\"w_ih[0]\",\"w_ih[1]\"\n0.59326999210718", 38) == 0, "%s", text);
    expect_fine(dotgrad("eval " WORKED " --fetch h,error --out x.json"));
    read_text("x.json", text, sizeof text);
    cr_assert(strncmp(text, "{\"h\":[0.593269992107187", 23) == 0 && strstr(text, "\"error\":0.29837110876"), "%s",
              text);
    expect_fine(dotgrad("eval " WORKED " --fetch h,w_ih,error --out x.npz"));
    expect_fine(dotgrad("eval " WORKED " --fetch h,w_ih,error --out x.safetensors"));
    dg_tensors *npz, *plain;
    cr_assert_eq(dg_tensors_read("x.npz", &npz).code, DG_OK);
    cr_assert_eq(dg_tensors_read("x.safetensors", &plain).code, DG_OK);
    cr_assert_eq(dg_tensors_count(npz), 3);
    for (size_t k = 0; k < 3; k++) {
        const dg_tensor *a = dg_tensors_at(plain, k), *b = dg_tensors_find(npz, dg_tensors_name(plain, k));
        cr_assert(b && dg_shape_equal(&a->shape, &b->shape) && memcmp(a->data, b->data, dg_tensor_bytes(a)) == 0, "%s",
                  dg_tensors_name(plain, k));
    }
    dg_tensors_free(npz);
    dg_tensors_free(plain);
    outcome run = dotgrad("eval " WORKED " --fetch h,error --out x.csv");
    cr_assert_eq(run.status, 1);
    cr_assert(strstr(run.err, "as many of each"), "%s", run.err);
}

Test(numbers, rows_of_a_table_or_a_data_set_are_fed)
{
    write_text("net.dot", "digraph { graph [output=y]; x [op=\"input([N, 2])\"]; s "
                          "[op=square]; y [op=\"sum(dim=1)\"]; x -> s -> y; }\n");
    write_text("rows.csv", "a,b,y\n3,4,0\n5,12,1\n");
    outcome run = dotgrad("eval net.dot --feed rows.csv");
    expect_fine(run);
    cr_assert(strstr(run.out, "25") && strstr(run.out, "169"), "%s %s", run.out, run.err);
    run = dotgrad("eval net.dot --data 'ring(n=8, noise=0)' --rows 1");
    expect_fine(run);
}

Test(numbers, tensors_of_a_run_are_listed_and_printed)
{
    expect_fine(dotgrad("train " WORKED " --epochs 1 -o run"));
    outcome run = dotgrad("show run");
    expect_fine(run);
    cr_assert(strstr(run.out, "w_ho") && strstr(run.out, "[2, 2]") && !strstr(run.out, "optimizer/"), "%s", run.out);
    run = dotgrad("show run w_ih");
    expect_fine(run);
    cr_assert(strstr(run.out, "0.1497807161"), "%s", run.out);
    cr_assert_eq(dotgrad("show run nothing").status, 1);
    cr_assert_eq(dotgrad("show nowhere").status, 1);
    expect_fine(dotgrad("show run 'w_*' --out w.npz"));
}

Test(numbers, a_terminal_gets_no_binary)
{
    char line[600];
    snprintf(line, sizeof line,
             "script -qec '%s eval %s/../tools/examples/worked-2-2-2.dot --fetch h --out -' /dev/null > said 2>&1 < "
             "/dev/null",
             getenv("DOTGRAD"), getenv("TESTS"));
    cr_assert_neq(system(line), 0);
    char said[4096];
    read_text("said", said, sizeof said);
    cr_assert(strstr(said, "shows no binary data"), "%s", said);
}

/* The decision of a network over the plane, with the data on it. */
Test(numbers, a_boundary_is_drawn_over_two_features)
{
    static char text[400000];
    expect_fine(dotgrad("train \"$TESTS\"/../tools/examples/xor.dot --epochs 20 --no-pictures -o run"));
    expect_fine(dotgrad("plot run --boundary"));
    read_text("boundary.svg", text, sizeof text);
    cr_assert(strstr(text, "<svg") && strstr(text, "<image") && strstr(text, "first feature"), "no picture");
    expect_fine(dotgrad("plot run --boundary --data 'moons(n=50)' -o moons.png"));
    expect_fine(dotgrad("train \"$TESTS\"/../tools/examples/logistic-iris.dot --epochs 1 --no-pictures -o iris"));
    outcome run = dotgrad("plot iris --boundary");
    cr_assert_eq(run.status, 1);
    cr_assert(strstr(run.err, "[150, 4]") && strstr(run.err, "over two"), "%s", run.err);
    cr_assert_eq(dotgrad("plot run --data moons").status, 2);
}
