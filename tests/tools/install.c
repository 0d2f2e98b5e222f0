/* The installed tree alone: programs in C11, C99, C++17 and C++20, by pkg-config, by CMake and against the archive;
 * what is written wrong does not compile; a plugin of another version is refused. Long because a user's whole way, in C
 * and C++, is walked here. */
#include "command.h"

#include <dotgrad/core.h>

static int shell(const char *line)
{
    int status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void must(const char *line)
{
    char text[2000] = "";
    if (shell(line) != 0) {
        read_text(".log", text, sizeof text);
        cr_assert_fail("%s: %s", line, text);
    }
}

/* README's network; the second form is C++17's, without builders. */
static const char network[] =
    "#include <dotgrad/dotgrad.h>\n"
    "#include <stdio.h>\n"
    "#include <string.h>\n"
    "static dg_node *build(dg_graph *g)\n"
    "{\n"
    "    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 64), .name = \"x\");\n"
    "    dg_node *label = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = \"label\");\n"
    "    dg_node *hidden = dg_rbf(x, 100, .normalize = true, .init = \"kmeans\", .name = \"hidden\");\n"
    "    dg_node *scores = dg_linear(hidden, 10, .name = \"scores\");\n"
    "    dg_node *both = dg_cat(DG_NODES(scores, dg_relu(dg_expr(\"a * b\", {\"a\", scores}, {\"b\", scores}))), .dim "
    "= 1);\n"
    "    dg_node *part = dg_sum(dg_flip(both, 1), .dim = DG_INTS(0, 1), .keepdim = true);\n"
    "    return part ? dg_cross_entropy(scores, label, .name = \"loss\") : NULL;\n"
    "}\n";
static const char network_17[] =
    "#include <dotgrad/dotgrad.h>\n"
    "#include <stdio.h>\n"
    "#include <string.h>\n"
    "#ifdef dg_linear\n"
    "#error C++17 has no builders\n"
    "#endif\n"
    "static dg_node *build(dg_graph *g)\n"
    "{\n"
    "    dg_input_options fed;\n"
    "    fed.name = \"x\";\n"
    "    dg_node *x = dg_input_at(DG_HERE, g, DG_SHAPE(DG_N, 64), fed);\n"
    "    fed.name = \"label\";\n"
    "    fed.dtype = DG_INT64;\n"
    "    dg_node *label = dg_input_at(DG_HERE, g, DG_SHAPE(DG_N), fed);\n"
    "    dg_rbf_options rbf;\n"
    "    rbf.normalize = true;\n"
    "    rbf.init = \"kmeans\";\n"
    "    rbf.name = \"hidden\";\n"
    "    dg_linear_options linear = dg_linear_defaults;\n"
    "    linear.name = \"scores\";\n"
    "    dg_node *scores = dg_linear_at(DG_HERE, dg_rbf_at(DG_HERE, x, 100, rbf), 10, linear);\n"
    "    dg_cross_entropy_options entropy;\n"
    "    entropy.name = \"loss\";\n"
    "    return dg_cross_entropy_at(DG_HERE, scores, label, entropy);\n"
    "}\n";
static const char program[] =
    "int main(void)\n"
    "{\n"
    "    dg_graph *g = NULL;\n"
    "    if (dg_graph_new(&g).code != DG_OK)\n"
    "        return 1;\n"
    "    dg_node *loss = build(g), *scores = dg_graph_find(g, \"scores\"), *gradient = NULL;\n"
    "    dg_status status = dg_graph_status(g);\n"
    "    dg_node *weight = scores ? dg_node_input(scores, 1) : NULL;\n"
    "    if (status.code == DG_OK)\n"
    "        status = dg_grad(loss, DG_NODES(weight), &gradient);\n"
    "    char text[DG_SHAPE_TEXT] = \"\";\n"
    "    if (status.code == DG_OK)\n"
    "        dg_shape_print(&dg_node_type(gradient, 0)->shape, text, sizeof text);\n"
    "    printf(\"%s %s%s\\n\", strcmp(dg_version(), DG_VERSION) == 0 ? \"same\" : \"other\", status.message, text);\n"
    "    dg_graph_free(g);\n"
    "    return status.code != DG_OK;\n"
    "}\n";

/* One installation, before all tests, of which each has a copy by links. */
static char installed[] = "/tmp/dotgrad-installed-XXXXXX";

ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
    (void)tests;
    if (mkdtemp(installed))
        setenv("INSTALLED", installed, 1);
    shell("meson install -C \"$BUILD\" --destdir \"$INSTALLED/root\" --no-rebuild --quiet >\"$INSTALLED\"/.log 2>&1");
}

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
    (void)stats;
    shell("rm -rf \"$INSTALLED\"");
}

/* Into ./root; ./with sets the environment for pkg-config and the loader; $prefix in it is the tree. */
static void install(void)
{
    char text[8000];
    make_folder();
    must("cp \"$INSTALLED\"/.log . && cp -al \"$INSTALLED\"/root root");
    must("pc=$(find \"$PWD/root\" -name dotgrad.pc) && lib=$(dirname \"$(dirname \"$pc\")\") && "
         "printf '#!/bin/sh\\nexport PKG_CONFIG_PATH=%s PKG_CONFIG_SYSROOT_DIR=%s LD_LIBRARY_PATH=%s lib=%s\\n"
         "exec >.log 2>&1\\neval \"$1\"\\n' \"$(dirname \"$pc\")\" \"$PWD/root\" \"$lib\" \"$lib\" >with && "
         "chmod +x with");
    snprintf(text, sizeof text, "%s%s", network, program);
    write_text("net.c", text);
    write_text("net20.cc", text);
    snprintf(text, sizeof text, "%s%s", network_17, program);
    write_text("net17.cc", text);
}

TestSuite(install, .init = install, .fini = remove_folder);

static void expect_output(const char *what)
{
    char text[2000];
    must("./with ./net");
    read_text(".log", text, sizeof text);
    cr_expect_str_eq(text, "same [10, 100]\n", "%s: %s", what, text);
}

static void expect_built(const char *compiler, const char *standard, const char *source, const char *libraries)
{
    char line[1000];
    snprintf(line, sizeof line, "command -v %s >/dev/null", compiler);
    if (shell(line) != 0) {
        fprintf(stderr, "there is no %s\n", compiler);
        return;
    }
    snprintf(line, sizeof line,
             "./with '%s -std=%s -pedantic-errors -Wall -Wextra -Werror $(pkg-config --cflags dotgrad) %s %s -o net'",
             compiler, standard, source, libraries);
    must(line);
    expect_output(line);
}

static const char shared[] = "$(pkg-config --libs dotgrad)";

Test(install, programs_in_c)
{
    expect_built("gcc", "c11", "net.c", shared);
    expect_built("gcc", "c99", "net.c", shared);
    expect_built("clang", "c11", "net.c", shared);
    expect_built("clang", "c99", "net.c", shared);
}

Test(install, programs_in_cpp)
{
    expect_built("g++", "c++17", "net17.cc", shared);
    expect_built("clang++", "c++17", "net17.cc", shared);
    expect_built("g++", "c++20", "net20.cc", shared);
    expect_built("clang++", "c++20", "net20.cc", shared);
}

Test(install, every_header_stands_alone)
{
    must("./with 'for h in $(cd root && find . -name \"*.h\" -path \"*dotgrad*\"); do "
         "n=dotgrad/${h##*include/dotgrad/}; echo \"#include <$n>\" >h.c; cp h.c h.cc; "
         "gcc -std=c11 -pedantic-errors -Wall -Wextra -Werror -c $(pkg-config --cflags dotgrad) h.c -o h.o && "
         "g++ -std=c++17 -pedantic-errors -Wall -Wextra -Werror -c $(pkg-config --cflags dotgrad) h.cc -o h.o || exit "
         "1; "
         "done'");
}

/* What the shared libraries export is what their headers declare. */
Test(install, libraries_export_what_headers_declare)
{
    must("find root -path '*include/dotgrad*' -name '*.h' -exec grep -hoEw 'dg_[a-zA-Z0-9_]+' {} + | sort -u >declared "
         "&& "
         "test $(wc -l <declared) -gt 900 && "
         "for l in $(find root -name 'libdotgrad*.so'); do nm -D --defined-only $l | awk '{print $3}' | sort -u | "
         "comm -23 - declared; done >.log && ! test -s .log");
}

Test(install, options_of_drawing_may_be_left_out_in_cpp)
{
    must("printf '#include <dotgrad/draw.h>\\ndg_status f(dg_graph *g, dg_node *l);\\n"
         "dg_status f(dg_graph *g, dg_node *l) { return dg_draw(g, \"x.svg\", .loss = l); }\\n' >o.cc");
    must("./with 'g++ -std=c++20 -Wall -Wextra -Werror -c $(pkg-config --cflags dotgrad) o.cc -o o.o'");
}

Test(install, the_archive_by_static_libs)
{
    must("mkdir archive && cp $(find root -name libdotgrad.a) archive");
    expect_built("gcc", "c11", "net.c", "-Larchive $(pkg-config --static --libs dotgrad | sed \"s#-L$lib##\")");
    must("./with '! ldd ./net | grep -q libdotgrad'");
    /* of what it needs the archives, wherever there are some; but of the C library */
    must("./with 'for l in $(pkg-config --static --libs dotgrad); do n=${l#-l}; case $l in -ldotgrad) a=/;; "
         "-lm|-lpthread) a=;; -l*) a=$(gcc -print-file-name=lib$n.a);; *) continue;; esac; [ \"$a\" = \"${a#/}\" ] && "
         "echo "
         "-Wl,-Bdynamic $l || echo -Wl,-Bstatic $l; done >archive/libs; echo -Wl,-Bdynamic >>archive/libs; grep -q "
         "Bstatic.*lz archive/libs'");
    expect_built("gcc", "c11", "net.c", "-Larchive $(cat archive/libs)");
    must("./with '! ldd ./net | grep -q \"libdotgrad\\|libz\\|liblapacke\"'");
    if (shell("./with 'gcc -static -x c - -o one -lcjson -lz -llapacke -lopenblas' <<'end'\nint main(void) { return 0; "
              "}\nend") != 0) {
        fputs("not all libraries have archives here: no fully static program\n", stderr);
        return;
    }
    expect_built("gcc", "c11", "net.c", "-static $(pkg-config --static --libs dotgrad)");
}

/* Graph files, data, training and models, with the shared libraries and with the archives. (Graphviz and cJSON stay
 * shared where there are no archives of them, as on Debian.) */
Test(install, graph_files_data_and_models)
{
    static const char *const libraries[] = {
        "$(pkg-config --libs dotgrad-graphviz)",
        "-Larchive $(pkg-config --static --libs dotgrad-graphviz | sed \"s#-L$lib##\")"};
    char line[1500], text[4000];
    must("mkdir archive && cp $(find root -name \"libdotgrad*.a\") archive");
    for (int k = 0; k < 2; k++) {
        snprintf(line, sizeof line,
                 "./with 'gcc -std=c11 -pedantic-errors -Wall -Wextra -Werror $(pkg-config --cflags dotgrad-graphviz) "
                 "\"$TESTS/tools/installed/program.c\" %s -lpthread -o net'",
                 libraries[k]);
        must(line);
        must("./with 'DOTGRAD_LAYOUT=$(find \"$PWD/root\" -name dotgrad-layout) ./net $(find "
             "\"$TESTS/../tools/examples\" "
             "-name \"*.dot\" -not -path \"*own-op*\")'");
        read_text(".log", text, sizeof text);
        cr_expect(atoi(text) > 10 && strstr(text, "graphs, version"), "%s: %s", libraries[k], text);
    }
    must("./with '! ldd ./net | grep -q libdotgrad'");
}

Test(install, cmake_finds_the_package)
{
    if (shell("command -v cmake >/dev/null") != 0) {
        fputs("there is no cmake\n", stderr);
        return;
    }
    write_text("CMakeLists.txt", "cmake_minimum_required(VERSION 3.18)\n"
                                 "project(net C CXX)\n"
                                 "find_package(dotgrad 0.1 REQUIRED)\n"
                                 "add_executable(net net.c)\n"
                                 "add_executable(net_static net.c)\n"
                                 "add_executable(net17 net17.cc)\n"
                                 "set_property(TARGET net17 PROPERTY CXX_STANDARD 17)\n"
                                 "target_link_libraries(net PRIVATE dotgrad::dotgrad)\n"
                                 "target_link_libraries(net17 PRIVATE dotgrad::dotgrad)\n"
                                 "target_link_libraries(net_static PRIVATE dotgrad::dotgrad-static)\n"
                                 "add_executable(drawn experiment.c)\n"
                                 "target_link_libraries(drawn PRIVATE dotgrad::dotgrad-graphviz m)\n"
                                 "add_executable(drawn_static experiment.c)\n"
                                 "target_link_libraries(drawn_static PRIVATE dotgrad::dotgrad-graphviz-static)\n");
    must("cp \"$TESTS/tools/installed/experiment.c\" .");
    must("./with 'cmake -S . -B made -DCMAKE_PREFIX_PATH=$(dirname $(dirname $lib)) && cmake --build made'");
    must("cp made/net net");
    expect_output("cmake");
    must("cp made/net17 net");
    expect_output("cmake, C++17");
    must("cp made/net_static net");
    expect_output("cmake, archive");
    must("sed -i 's/net17.cc/net.c/; s/CXX/C/; /CXX_STANDARD/d' CMakeLists.txt");
    must("printf '#include <dotgrad/dotgrad.h>\\ndg_node *f(dg_node *x);\\n"
         "dg_node *f(dg_node *x) { return dg_sum(x, .dim = 1.5); }\\n' >net.c");
    if (shell("command -v clang >/dev/null") == 0)
        must("./with 'CC=clang cmake -S . -B other -DCMAKE_PREFIX_PATH=$(dirname $(dirname $lib)) && "
             "! cmake --build other --target net >out 2>&1 && grep changes.value.from.1.5 out'");
    must("cp \"$TESTS/../tools/examples/xor.dot\" . && ./with 'made/drawn xor.dot a.safetensors && made/drawn_static "
         "xor.dot b.safetensors && cmp a.safetensors b.safetensors && ! ldd made/drawn_static | grep -q libdotgrad'");
}

static const struct {
    const char *compiler, *extension;
} compilers[] = {{"gcc -std=c11 -pedantic -Werror=shadow -fmax-errors=0", "c"},
                 {"clang -std=c11 -pedantic -Werror=shadow -ferror-limit=0", "c"},
                 {"g++ -std=c++20 -fmax-errors=0", "cc"},
                 {"clang++ -std=c++20 -ferror-limit=0", "cc"}};
enum { COMPILERS = sizeof compilers / sizeof *compilers };

static bool has_compiler(int k)
{
    char line[100];
    snprintf(line, sizeof line, "command -v %.*s >/dev/null", (int)strcspn(compilers[k].compiler, " "),
             compilers[k].compiler);
    return shell(line) == 0;
}

static const char *const wrong_calls[] = {"dg_sum(x, .dim = {1, 0})",
                                          "dg_sum(x, .dim = {0, 1})",
                                          "dg_conv2d(x, 1, .kernel_size = 3, .padding = {2, 2})",
                                          "dg_softmax(x, .dim = DG_INTS(1))",
                                          "dg_layer_norm(x, .normalized_shape = DG_SHAPE(12))",
                                          "dg_zeros(g, 12)",
                                          "dg_permute(x, {1, 0})",
                                          "dg_sum(x, .dims = 1)",
                                          "dg_linear(x)",
                                          "dg_sum(x, .dim = 1.5)",
                                          "dg_sum(x, .dim = half)",
                                          "dg_sum(x, .dim = DG_INTS(0, 1.5))",
                                          "dg_sum(x, .dim = DG_INTS(0, half))",
                                          "dg_softmax(x, .dim = 1.5)",
                                          "dg_linear(x, 1.5)",
                                          "dg_linear(x, 20 * half)",
                                          "dg_flip(x, half)",
                                          "dg_reshape(x, DG_SHAPE(2, 1.5))",
                                          "dg_reshape(x, DG_SHAPE(2, half))",
                                          "dg_lstm(x, 3, .num_layers = 1.5)",
                                          "dg_add(x, 1)",
                                          "dg_mul(dg_add(x, x), 2.5)",
                                          "dg_linear(g, 10)",
                                          "dg_zeros(x, DG_SHAPE(2))",
                                          "dg_cat(2, x)",
                                          "dg_einsum(DG_NODES(x, x), 5)",
                                          "dg_linear(x, 10, .name = 5)",
                                          "dg_linear(x, 10, .weight = \"w\")",
                                          "dg_linear(x, 10, .bias = \"no\")",
                                          "dg_linear(x, 10, .bias = x)",
                                          "dg_sum(x, .keepdim = \"true\")",
                                          "dg_mse_loss(x, x, .reduction = 1)",
                                          "dg_parameter(g, DG_SHAPE(1), .trainable = 0.5)",
                                          "dg_zeros(g, DG_SHAPE(1), .dtype = \"float32\")"};
static const char *const right_calls[] = {"dg_sum(x, .dim = 1)",
                                          "dg_sum(x, .dim = {1})",
                                          "dg_sum(x, .dim = DG_INTS(1, 0))",
                                          "dg_layer_norm(x, .normalized_shape = 12)",
                                          "dg_sum(x, .dim = (int)half)",
                                          "dg_linear(x, sizeof(int), .name = \"a\")",
                                          "dg_dropout(x, .p = 0.5f)",
                                          "dg_dropout(x, .p = 1)",
                                          "dg_add(x, dg_mul(x, dg_relu(x)))",
                                          "dg_linear(x, 10, .bias = g != NULL, .weight = NULL)",
                                          "dg_einsum(DG_NODES(x, x), \"ij,kj->ik\", .name = \"a\")",
                                          "dg_reshape(x, DG_SHAPE(2, (int)half))"};

/* Whether these calls compile, each in a line from the second on of one file; .log has what the compiler says. */
static bool compiles(int compiler, const char *const *calls, int n)
{
    static char text[1 << 16];
    char line[300], name[20];
    int used = snprintf(text, sizeof text, "#include <dotgrad/dotgrad.h>\n");
    for (int k = 0; k < n; k++)
        used += snprintf(text + used, sizeof text - (size_t)used,
                         "dg_node *f%d(dg_graph *g, dg_node *x, double half); dg_node *f%d(dg_graph *g, dg_node *x, "
                         "double half) { (void)g, (void)half; return %s; }\n",
                         k, k, calls[k]);
    snprintf(name, sizeof name, "call.%s", compilers[compiler].extension);
    write_text(name, text);
    snprintf(line, sizeof line, "./with 'LC_ALL=C %s -fsyntax-only $(pkg-config --cflags dotgrad) %s'",
             compilers[compiler].compiler, name);
    return shell(line) == 0;
}

static bool has_error(const char *log, int compiler, int line)
{
    char place[40];
    snprintf(place, sizeof place, "call.%s:%d:", compilers[compiler].extension, line);
    for (const char *at = log; (at = strstr(at, place)); at++) {
        const char *error = strstr(at, " error: ");
        if (error && error < at + strcspn(at, "\n") && (at == log || at[-1] == '\n'))
            return true;
    }
    return false;
}

/* All at once; what no error is told of in its own line, since it is told in the macro's or was told before, alone. */
Test(install, what_is_written_wrong_does_not_compile)
{
    enum { WRONG = sizeof wrong_calls / sizeof *wrong_calls, RIGHT = sizeof right_calls / sizeof *right_calls };
    static char log[1 << 20];
    for (int k = 0; k < COMPILERS; k++) {
        if (!has_compiler(k))
            continue;
        cr_expect(!compiles(k, wrong_calls, WRONG), "%s", compilers[k].compiler);
        read_text(".log", log, sizeof log);
        int alone = 0;
        for (int one = 0; one < WRONG; one++) {
            if (has_error(log, k, one + 2))
                continue;
            alone++;
            cr_expect(!compiles(k, &wrong_calls[one], 1), "%s: %s compiles", compilers[k].compiler, wrong_calls[one]);
        }
        bool are_right = compiles(k, right_calls, RIGHT);
        for (int one = 0; one < RIGHT && !are_right; one++)
            cr_expect(compiles(k, &right_calls[one], 1), "%s: %s does not compile", compilers[k].compiler,
                      right_calls[one]);
        printf("%s: %d of %d were compiled alone\n", compilers[k].compiler, alone, WRONG);
    }
}

/* Which compilers do only with the optimiser on: what is dead has no memory. */
Test(install, literals_in_options_live_as_long_as_the_callers_block)
{
    char line[1000], text[2000];
    for (int k = 0; k < 2; k++)
        for (int level = 0; has_compiler(k) && level < 4; level++) {
            snprintf(line, sizeof line,
                     "./with '%s -O%d -Wall -Wextra -Werror $(pkg-config --cflags dotgrad-graphviz) "
                     "\"$TESTS/tools/installed/literals.c\" $(pkg-config --libs dotgrad-graphviz) -o literals'",
                     compilers[k].compiler, level);
            must(line);
            must(
                "./with 'DOTGRAD_LAYOUT=$(find \"$PWD/root\" -name dotgrad-layout) ./literals; grep -c warm heat.svg'");
            read_text(".log", text, sizeof text);
            cr_expect(strncmp(text, "2 6 12, 20\n", 11) == 0, "%s -O%d: %s", compilers[k].compiler, level, text);
        }
}

/* The macros that are written by hand: each as it is right, and with a value that has no name, of which compilers warn
 * at least. */
static const char by_hand[] =
    "#include <dotgrad/dotgrad.h>\n#include <dotgrad/draw.h>\n"
    "int f(dg_graph *g, dg_node *x, dg_tensors *p, dg_plan **plan, dg_scan_cell *cell, char **bytes, size_t *size);\n"
    "int f(dg_graph *g, dg_node *x, dg_tensors *p, dg_plan **plan, dg_scan_cell *cell, char **bytes, size_t *size)\n{\n"
    "    (void)g, (void)x, (void)p, (void)plan, (void)cell, (void)bytes, (void)size;\n    return %s;\n}\n";

Test(install, options_of_macros_have_names_too)
{
    static const char *const calls[] = {
        "dg_training_plan(x, \"sgd\", p, plan%s).code == DG_OK", "dg_draw(g, \"a.svg\"%s).code == DG_OK",
        "dg_draw_bytes(g, bytes, size%s).code == DG_OK", "dg_scan(x, 1, &x, cell%s) != NULL"};
    char call[200], text[1500], line[300], name[20];
    for (int k = 0; k < COMPILERS; k++)
        for (size_t c = 0; has_compiler(k) && c < sizeof calls / sizeof *calls; c++)
            for (int wrong = 0; wrong < 2; wrong++) {
                snprintf(call, sizeof call, calls[c], wrong ? ", 7" : "");
                snprintf(text, sizeof text, by_hand, call);
                snprintf(name, sizeof name, "by_hand.%s", compilers[k].extension);
                write_text(name, text);
                snprintf(line, sizeof line,
                         "./with '%s -Wall -Wextra -Werror -fsyntax-only $(pkg-config --cflags "
                         "dotgrad-graphviz) %s'",
                         compilers[k].compiler, name);
                cr_expect_eq(shell(line) != 0, wrong, "%s: %s", compilers[k].compiler, call);
            }
}

/* Each builder that is printed, with a value behind its arguments that has no name: dg_linear(x, 10, false). */
Test(install, options_have_names)
{
    static const char *const extras[] = {"", ", 0", ", number", ", .name = \"a\", 0"};
    char line[1000], text[100];
    for (int e = 0; e < 4; e++)
        for (int k = 0; k < COMPILERS; k++) {
            if (!has_compiler(k))
                continue;
            snprintf(line, sizeof line,
                     "{ echo \"extern long number;\"; \"$TESTS/tools/installed/builders\" '%s' $(find root -path "
                     "\"*dotgrad/ops/*.h\"); } >all.%s",
                     extras[e], compilers[k].extension);
            must(line);
            snprintf(line, sizeof line,
                     "./with '! LC_ALL=C %s -fsyntax-only -Wall -Wextra $(pkg-config --cflags dotgrad) all.%s 2>&1 | "
                     "grep -o \"call_dg_[a-z0-9_]*\\|warning:.*\" | sort -u >errors; grep -o \"^dg_node "
                     ".call_dg_[a-z0-9_]*\" "
                     "all.%s | sort -u | wc -l; wc -l <errors'",
                     compilers[k].compiler, compilers[k].extension, compilers[k].extension);
            must(line);
            int builders = 0, wrong = 0;
            read_text(".log", text, sizeof text);
            cr_assert_eq(sscanf(text, "%d %d", &builders, &wrong), 2, "%s", text);
            cr_expect_gt(builders, 300);
            if (e == 0)
                cr_expect_eq(wrong, 0, "%s: %d errors or warnings", compilers[k].compiler, wrong);
            else
                cr_expect_geq(wrong, builders, "%s: '%s' compiles with %d of %d builders", compilers[k].compiler,
                              extras[e], builders - wrong, builders);
        }
}

Test(install, what_may_be_written_has_no_warning)
{
    char line[1000];
    must("cp \"$TESTS/tools/installed/uses.c\" uses.c && cp uses.c uses.cc");
    for (int k = 0; k < COMPILERS; k++) {
        if (!has_compiler(k))
            continue;
        snprintf(line, sizeof line,
                 "./with '%s -O2 -Wall -Wextra -Werror -c $(pkg-config --cflags dotgrad) uses.%s -o uses.o'",
                 compilers[k].compiler, compilers[k].extension);
        must(line);
    }
}

/* A C program trains a graph file as `dotgrad train` does, to the last digit; with a loss of its own, too. */
Test(install, graph_files_are_trained_as_they_say)
{
    static const char *const losses[] = {"cross_entropy", "own_entropy"};
    char line[1000], text[1000], said[2][1000];
    must("./with 'gcc -std=c11 -pedantic-errors -Wall -Wextra -Werror $(pkg-config --cflags dotgrad-graphviz) "
         "\"$TESTS/tools/installed/experiment.c\" $(pkg-config --libs dotgrad-graphviz) -lm -o experiment'");
    for (int k = 0; k < 2; k++) {
        snprintf(text, sizeof text,
                 "digraph net { graph [data=\"iris(scale=standard)\", epochs=7, batch_size=16, seed=3, "
                 "optimizer=\"adam(lr=0.02)\", schedule=cosine, clip_norm=1, validation=0.2, threads=2];\n"
                 "x [op=\"input([N, FEATURES])\"]; t [op=\"input([N], dtype=int64)\"]; h [op=\"linear(8)\"]; a "
                 "[op=tanh];\n"
                 "output [op=\"linear(CLASSES)\"]; loss [op=%s]; x -> h -> a -> output -> loss; t -> loss; }\n",
                 losses[k]);
        write_text("net.dot", text);
        snprintf(line, sizeof line, "./with './experiment net.dot trained%d.safetensors'", k);
        must(line);
        read_text(".log", said[k], sizeof said[k]);
        if (k == 0)
            expect_fine(dotgrad("train net.dot -o run"));
    }
    cr_expect(strstr(said[0], "probabilities summing to 1.000000"), "%s", said[0]);
    cr_expect_str_eq(said[1], said[0]);
    dg_tensors *mine, *theirs;
    cr_assert_eq(dg_safetensors_read("trained0.safetensors", &mine).code, DG_OK);
    cr_assert_eq(dg_safetensors_read("run/checkpoint.safetensors", &theirs).code, DG_OK);
    cr_assert_gt(dg_tensors_count(mine), 8);
    for (size_t k = 0; k < dg_tensors_count(mine); k++) {
        const dg_tensor *a = dg_tensors_at(mine, k), *b = dg_tensors_find(theirs, dg_tensors_name(mine, k));
        cr_assert(b && dg_tensor_bytes(a) == dg_tensor_bytes(b), "%s", dg_tensors_name(mine, k));
        cr_expect(memcmp(a->data, b->data, dg_tensor_bytes(a)) == 0, "%s differs", dg_tensors_name(mine, k));
    }
    dg_tensors_free(mine);
    dg_tensors_free(theirs);
}

Test(install, a_plugin_of_another_version_is_refused)
{
    /* as the headers were before descriptors had a version: the name comes first */
    write_text("old.c", "static const struct { const char *name, *family, *summary; char rest[9000]; } op = "
                        "{\"swoosh\", \"activation\", \"y = x\", {0}};\n"
                        "const void *const dotgrad_plugin[] = {&op, 0};\n");
    write_text("other.c", "const void *const dotgrad_plugin_1[] = {0};\n");
    write_text("own.c",
               "#include <dotgrad/dotgrad.h>\n"
               "static const dg_op op = {.version = 77, .name = \"swoosh\", .family = \"activation\", .summary = \"y\","
               " .inputs = {{.name = \"input\"}}, .formula = \"input\"};\n"
               "const dg_op *const dotgrad_plugin[] = {&op, 0};\n");
    static const char *const names[] = {"old", "other", "own"};
    for (int k = 0; k < 3; k++) {
        char line[300];
        snprintf(line, sizeof line, "./with 'gcc -shared -fPIC $(pkg-config --cflags dotgrad) %s.c -o %s.so'", names[k],
                 names[k]);
        must(line);
        outcome run = dotgrad("ops swoosh --plugin %s.so", names[k]);
        cr_expect_eq(run.status, 1);
        cr_expect(strstr(run.err, "another version of dotgrad") && strstr(run.err, "compile it again"), "%s: %s",
                  names[k], run.err);
    }
}
