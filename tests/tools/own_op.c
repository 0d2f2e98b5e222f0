/* Ops of a user's own, in a program and in a plugin, both built outside the build tree against the installed headers,
 * library and pkg-config file. */
#include "command.h"

static void shell(const char *what, const char *line)
{
    int status = system(line);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s failed", what);
}

/* Installs into ./root and leaves a script ./with that sets the environment for pkg-config and the loader. */
static void install(void)
{
    make_folder();
    shell("meson install", "meson install -C \"$BUILD\" --destdir \"$PWD/root\" --no-rebuild --quiet >.log 2>&1 && "
                           "pc=$(find \"$PWD/root\" -name dotgrad.pc) && lib=$(dirname \"$(dirname \"$pc\")\") && "
                           "printf '#!/bin/sh\\nexport PKG_CONFIG_PATH=%s PKG_CONFIG_SYSROOT_DIR=%s "
                           "LD_LIBRARY_PATH=%s\\nexec sh -c \"$1\"\\n' "
                           "\"$(dirname \"$pc\")\" \"$PWD/root\" \"$lib\" >with && chmod +x with && "
                           "cp \"$TESTS\"/../tools/examples/own-op/* .");
}

TestSuite(own_op, .init = install, .fini = remove_folder);

Test(own_op, works_in_a_program)
{
    char text[200];
    shell("cc program.c",
          "./with 'cc -Wall -Wextra -Werror program.c $(pkg-config --cflags --libs dotgrad) -o program'");
    shell("./program", "./with ./program >.out");
    read_text(".out", text, sizeof text);
    /* by hand: σ(1)·2 and σ(1)·2 + σ(1)(1 − σ(1))·2 + σ(1)·2 */
    cr_expect_str_eq(text, "swoosh(1) = 1.462117, its slope 3.317458\n");
}

Test(own_op, works_in_a_graph_file)
{
    shell("cc -shared",
          "./with 'cc -Wall -Wextra -Werror -shared -fPIC own_op.c $(pkg-config --cflags dotgrad) -o own.so'");
    expect_fine(dotgrad("check net.dot --order 1 --reverse --plugin own.so"));
    expect_fine(dotgrad("--plugin=own.so draw net.dot -o net.svg"));
    outcome run = dotgrad("ops cube --plugin own.so");
    expect_fine(run);
    cr_expect(strstr(run.out, "y = x³"), "%s", run.out);
    run = dotgrad("check net.dot");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "'swoosh'"), "%s", run.err);
}

Test(own_op, is_refused_when_the_library_is_none)
{
    write_text("empty.c", "int nothing;\n");
    shell("cc -shared", "cc -shared -fPIC empty.c -o empty.so");
    outcome run = dotgrad("ops --plugin empty.so");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "dotgrad_plugin"), "%s", run.err);
    run = dotgrad("ops --plugin missing.so");
    cr_expect_eq(run.status, 1);
    cr_expect(strstr(run.err, "missing.so"), "%s", run.err);
}

/* y_i = (x_i·w + x_(n − 1 − i)) / 2 says of itself what it sums. */
static const char summing_op[] =
    "#include <dotgrad/dotgrad.h>\n"
    "static void terms(const dg_kernel *k, int64_t at, dg_terms *sum)\n{\n"
    "    dg_terms_add(sum, (dg_term){2, {0, 1}, {at, 0}});\n"
    "    dg_terms_add(sum, (dg_term){1, {0}, {dg_tensor_count(k->inputs[0]) - 1 - at}});\n"
    "    sum->divisor = 2;\n}\n"
    "static dg_status mirror(const dg_kernel *k)\n{\n"
    "    int64_t n = dg_tensor_count(k->outputs[0]);\n"
    "    for (int64_t i = 0; i < n; i++)\n"
    "        dg_tensor_set(k->outputs[0], i, (dg_tensor_get(k->inputs[0], i) * dg_tensor_get(k->inputs[1], 0) +\n"
    "            dg_tensor_get(k->inputs[0], n - 1 - i)) / 2);\n"
    "    return dg_ok();\n}\n"
    "static const dg_op own = {.name = \"mirrored\", .family = \"own\", .summary = \"y\", .terms = terms,\n"
    "    .inputs = {{.name = \"input\"}, {.name = \"w\"}}, .infer = dg_infer_same, .forward = mirror,\n"
    "    .flags = DG_NOT_DIFFERENTIABLE};\n"
    "const dg_op *const dotgrad_plugin[] = {&own, NULL};\n";

Test(own_op, its_sum_is_traced_as_that_of_an_op_that_ships)
{
    write_text("own.c", summing_op);
    write_text("own.dot", "digraph own { x [op=\"constant([1.0, 3.0])\"]; w [op=\"constant(0.5)\"];\n"
                          "y [op=mirrored]; loss [op=sum]; x -> y; w -> y; y -> loss; }\n");
    shell("cc -shared",
          "./with 'cc -Wall -Wextra -Werror -shared -fPIC own.c $(pkg-config --cflags dotgrad) -o own.so'");
    outcome run = dotgrad("eval own.dot --trace --plugin own.so");
    expect_fine(run);
    cr_expect(strstr(run.out, "  y[0] = (1*0.5 + 3)/2 = 1.75\n"), "%s", run.out);
    cr_expect(strstr(run.out, "  y[1] = (3*0.5 + 1)/2 = 1.25\n"), "%s", run.out);
    cr_expect(strstr(run.out, "  loss = 1.75 + 1.25 = 3\n"), "%s", run.out);
}

/* Terms of what is not there, one a variant: the element is shown as it is. */
Test(own_op, its_sum_of_what_is_not_there_is_not_written_out)
{
    static const char *const wrong[][2] = {
        {"{2, {0, 1}, {at, 0}}", "{2, {0, 2}, {at, 0}}"},  {"{2, {0, 1}, {at, 0}}", "{2, {-1, 1}, {at, 0}}"},
        {"{2, {0, 1}, {at, 0}}", "{3, {0, 1}, {at, 0}}"},  {"{2, {0, 1}, {at, 0}}", "{0, {0, 1}, {at, 0}}"},
        {"{2, {0, 1}, {at, 0}}", "{2, {0, 1}, {at, at}}"}, /* of y[1] alone */
        {"sum->divisor = 2", "sum->divisor = 0"}};
    write_text("own.dot", "digraph own { x [op=\"constant([1.0, 3.0])\"]; w [op=\"constant(0.5)\"];\n"
                          "y [op=mirrored]; loss [op=sum]; x -> y; w -> y; y -> loss; }\n");
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        char text[2000];
        const char *at = strstr(summing_op, wrong[k][0]);
        cr_assert_not_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - summing_op), summing_op, wrong[k][1],
                 at + strlen(wrong[k][0]));
        write_text("own.c", text);
        shell("cc -shared", "./with 'cc -shared -fPIC own.c $(pkg-config --cflags dotgrad) -o own.so'");
        outcome run = dotgrad("eval own.dot --trace --plugin own.so");
        expect_fine(run);
        cr_expect(strstr(run.out, "  y[1] = 1.25\n") || strstr(run.out, "\n  y [2] float32\n"), "%s: %s", wrong[k][1],
                  run.out);
        cr_expect_null(strstr(run.out, "nan"), "%s", run.out);
    }
}

/* ---- a wrong derivative ---- */

/* Its value is its input; its derivative is off by one per mille. */
static const char wrong_op[] =
    "#include <dotgrad/dotgrad.h>\n"
    "static dg_status copy(const dg_kernel *k)\n{\n"
    "    for (int64_t i = 0; i < dg_tensor_count(k->outputs[0]); i++)\n"
    "        dg_tensor_set(k->outputs[0], i, dg_tensor_get(k->inputs[0], i));\n"
    "    return dg_ok();\n}\n"
    "static void slope(const dg_backward *b)\n{\n"
    "    b->grad_inputs[0] = dg_expr(\"1.001 * g\", {\"g\", b->grad_output});\n}\n"
    "static const dg_op wrong = {.name = \"wrong\", .family = \"activation\", .summary = \"y = x\",\n"
    "    .inputs = {{.name = \"input\"}}, .infer = dg_infer_same, .forward = copy, .backward = slope};\n"
    "const dg_op *const dotgrad_plugin[] = {&wrong, NULL};\n";

/* Networks of the examples and of the benchmark that are checked in a second, but for franke: it interpolates what it
 * is fed, so that all derivatives of its loss are 0. */
static const char *const networks[] = {"examples/adding-lstm",
                                       "examples/autoencoder-digits",
                                       "examples/cnn-fashion-mnist",
                                       "examples/copying-gru",
                                       "examples/custom-activation",
                                       "examples/gan-ring",
                                       "examples/grnn-sinc",
                                       "examples/kan-sinc",
                                       "examples/logistic-iris",
                                       "examples/ode",
                                       "examples/rbf-digits",
                                       "examples/residual-digits",
                                       "examples/scan-rnn",
                                       "examples/siamese-digits",
                                       "examples/transformer-digits",
                                       "examples/unet-digits",
                                       "examples/vae-digits",
                                       "examples/wgan-gp-ring",
                                       "examples/xor",
                                       "examples/gallery/lenet",
                                       "examples/tasks/cnn-digits",
                                       "examples/tasks/mlp-spirals",
                                       "bench/mlp",
                                       "bench/rbf",
                                       "bench/tiny"};

/* The check passes each network, and finds a wrong derivative behind its loss. */
Test(own_op, a_wrong_derivative_is_found_in_every_network)
{
    write_text("wrong.c", wrong_op);
    shell("cc -shared",
          "./with 'cc -Wall -Wextra -Werror -shared -fPIC wrong.c $(pkg-config --cflags dotgrad) -o wrong.so'");
    shell("cp", "cp -r \"$TESTS\"/../tools/examples \"$TESTS\"/../tools/bench .");
    for (size_t k = 0; k < sizeof networks / sizeof *networks; k++) {
        char line[400];
        outcome run = dotgrad("check %s.dot --order 1 --elements 1 -b 2", networks[k]);
        cr_expect_eq(run.status, 0, "%s: %s%s", networks[k], run.out, run.err);
        snprintf(line, sizeof line,
                 "loss=$(sed -n 's/.* loss=\"\\{0,1\\}\\([A-Za-z_0-9]*\\).*/\\1/p' %s.dot | head -1); "
                 "sed -i \"\\$ s/}[^}]*$/wrong_loss [op=wrong]; ${loss:-loss} -> wrong_loss; }/\" %s.dot",
                 networks[k], networks[k]);
        shell("sed", line);
        run = dotgrad("check %s.dot --order 1 --elements 1 -b 2 --reverse --plugin wrong.so --node wrong_loss",
                      networks[k]);
        cr_expect_eq(run.status, 1, "%s: %s", networks[k], run.out);
        cr_expect(strstr(run.out, "WRONG") || strstr(run.err, "expected"), "%s: %s", networks[k], run.err);
    }
}
