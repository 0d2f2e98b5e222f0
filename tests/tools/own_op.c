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

TestSuite(own_op, .init = install, .fini = remove_folder, .timeout = 120);

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
