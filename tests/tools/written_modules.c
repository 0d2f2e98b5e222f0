/* Modules of graphs that are written as graph files and read again, what formulas and shapes in them say, and
 * constants beside them. */
#include <criterion/criterion.h>
#include <dotgrad/dotgrad.h>
#include <dotgrad/graphviz.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every node of `a` that is written is in `b`, in a module of the same name, checkpoints alike. */
static void expect_same_modules(const char *path, dg_graph *a, dg_graph *b)
{
    for (int64_t id = 0; id < dg_graph_node_count(a); id++) {
        dg_node *node = dg_graph_node(a, id), *found = dg_graph_find(b, dg_node_name(node));
        if (dg_node_owner(node) || dg_node_op(node)->role == DG_ROLE_OUTPUT)
            continue;
        const char *was = dg_module_name(dg_node_module(node));
        cr_expect(found, "%s: '%s' is lost", path, dg_node_name(node));
        const char *is = found ? dg_module_name(dg_node_module(found)) : NULL;
        cr_expect_str_eq(is ? is : "", was ? was : "", "%s: module of '%s'", path, dg_node_name(node));
        cr_expect_eq(!dg_node_checkpoint(node), found && !dg_node_checkpoint(found), "%s: '%s'", path,
                     dg_node_name(node));
    }
}

static void write_read_write(const char *path, dg_graph *graph)
{
    char *first, *second;
    dg_graph_file *again;
    dg_status status = dg_graph_write(graph, NULL, &first);
    cr_assert_eq(status.code, DG_OK, "%s: %s", path, status.message);
    status = dg_graph_read("again.dot", &(dg_graph_read_options){.text = first}, &again);
    cr_assert_eq(status.code, DG_OK, "%s: %s\n%s", path, status.message, first);
    expect_same_modules(path, graph, again->graph);
    status = dg_graph_write(again->graph, NULL, &second);
    cr_assert_eq(status.code, DG_OK, "%s: %s", path, status.message);
    cr_expect_str_eq(second, first, "%s", path);
    free(first);
    free(second);
    dg_graph_file_free(again);
}

Test(written_modules, modules_keep_names_and_structure)
{
    dg_graph *g;
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 4), .name = "x");
    dg_module_begin(g, "stage", false);
    for (int k = 0; k < 2; k++) {
        dg_module_begin(g, k ? "block.1" : "block.0", k == 1);
        x = dg_relu(dg_linear(x, 4, .name = "fc"));
        dg_module_begin(g, "gate", false);
        x = dg_mul(x, dg_sigmoid(x, .name = "act"));
        dg_module_end(g);
        dg_module_end(g);
    }
    x = dg_add(x, x, .name = "sum");
    dg_module_end(g);
    dg_module_begin(g, NULL, true);
    dg_tanh(x, .name = "y");
    dg_module_end(g);
    cr_assert_eq(dg_graph_status(g).code, DG_OK, "%s", dg_graph_status(g).message);
    char *text;
    cr_assert_eq(dg_graph_write(g, NULL, &text).code, DG_OK);
    const char *outer = strstr(text, "subgraph cluster_stage {"), *inner = strstr(text, "\"cluster_stage.block.0\"");
    cr_expect(outer && inner && outer < inner, "%s", text);
    cr_expect(strstr(text, "\"cluster_stage.block.1.gate\""), "%s", text);
    dg_graph_file *again;
    cr_assert_eq(dg_graph_read("again.dot", &(dg_graph_read_options){.text = text}, &again).code, DG_OK);
    cr_expect_str_eq(dg_module_name(dg_node_module(dg_graph_find(again->graph, "stage.block.1.gate.act"))),
                     "stage.block.1.gate");
    cr_expect_not_null(dg_node_checkpoint(dg_graph_find(again->graph, "stage.block.1.fc")));
    cr_expect_not_null(dg_node_checkpoint(dg_graph_find(again->graph, "y")));
    cr_expect_null(dg_node_checkpoint(dg_graph_find(again->graph, "stage.block.0.fc")));
    char *second;
    cr_assert_eq(dg_graph_write(again->graph, NULL, &second).code, DG_OK);
    cr_expect_str_eq(second, text);
    free(second);
    free(text);
    dg_graph_file_free(again);
    dg_graph_free(g);
}

/* Which nodes are computed again together is what their modules say, not the modules' names. */
Test(written_modules, modules_of_one_name_stay_apart)
{
    dg_graph *g;
    dg_graph_file *again;
    char *text, *second;
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 4), .name = "x");
    for (int k = 0; k < 3; k++) {
        static const char *const names[] = {"fc0", "fc1", "fc2"};
        dg_module_begin(g, "block", k == 1);
        x = dg_relu(dg_linear(x, 4, .name = names[k]));
        dg_module_begin(g, "gate", k == 2);
        x = dg_tanh(x, .name = names[k]);
        dg_module_end(g);
        dg_module_end(g);
    }
    cr_assert_eq(dg_graph_status(g).code, DG_OK, "%s", dg_graph_status(g).message);
    cr_assert_eq(dg_graph_write(g, NULL, &text).code, DG_OK);
    cr_assert_eq(dg_graph_read("again.dot", &(dg_graph_read_options){.text = text}, &again).code, DG_OK, "%s", text);
    for (int64_t id = 0; id < dg_graph_node_count(g); id++) {
        dg_node *node = dg_graph_node(g, id), *found = dg_graph_find(again->graph, dg_node_name(node));
        cr_assert(found, "'%s' is lost: %s", dg_node_name(node), text);
        cr_expect_eq(!dg_node_checkpoint(node), !dg_node_checkpoint(found), "%s: %s", dg_node_name(node), text);
    }
    const char *const apart[] = {"block.fc0",      "block.fc1",      "block.fc2",
                                 "block.gate.fc0", "block.gate.fc1", "block.gate.fc2"};
    for (int a = 0; a < 6; a++)
        for (int b = 0; b < a; b++)
            cr_expect_neq(dg_node_module(dg_graph_find(again->graph, apart[a])),
                          dg_node_module(dg_graph_find(again->graph, apart[b])), "%s and %s: %s", apart[a], apart[b],
                          text);
    cr_expect_str_eq(dg_module_name(dg_node_module(dg_graph_find(again->graph, "block.gate.fc1"))), "block#2.gate");
    cr_assert_eq(dg_graph_write(again->graph, NULL, &second).code, DG_OK);
    cr_expect_str_eq(second, text);
    free(text);
    free(second);
    dg_graph_file_free(again);
    dg_graph_free(g);
}

Test(written_modules, clusters_repeats_and_used_files_are_modules)
{
    static const dg_file_text texts[] = {
        {"b.dot", "digraph { x [op=\"input([N, 2])\"]; subgraph cluster_in { fc [op=\"linear(2)\"]; } y [op=tanh]; "
                  "x -> fc -> y; }"}};
    static const char net[] =
        "digraph { x [op=\"input([N, 2])\"]; subgraph cluster_stage { subgraph cluster_block { repeat=2; "
        "checkpoint=true; "
        "fc [op=\"linear(2)\"]; act [op=relu]; } } y [op=\"use('b.dot')\"]; x -> fc -> act -> y; }";
    dg_graph_file *file;
    dg_status status =
        dg_graph_read("net.dot", &(dg_graph_read_options){.text = net, .texts = texts, .n_texts = 1}, &file);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    const char *const modules[][2] = {
        {"block.0.fc", "stage.block.0"}, {"block.1.act", "stage.block.1"}, {"y.fc", "y.in"}, {"y.y", "y"}};
    for (size_t k = 0; k < sizeof modules / sizeof *modules; k++) {
        dg_node *node = dg_graph_find(file->graph, modules[k][0]);
        cr_assert(node, "%s", modules[k][0]);
        cr_expect_str_eq(dg_module_name(dg_node_module(node)), modules[k][1]);
    }
    write_read_write("net.dot", file->graph);
    dg_graph_file_free(file);
}

/* All that ship: what is written of their graphs reads back to the same modules, and is then written as it was. */
Test(written_modules, examples_keep_their_modules)
{
    char line[4096];
    int count = 0;
    snprintf(line, sizeof line, "find '%s/../tools/examples' -name '*.dot'", getenv("TESTS"));
    FILE *list = popen(line, "r");
    cr_assert_not_null(list);
    while (fgets(line, sizeof line, list)) {
        dg_graph_file *file;
        line[strcspn(line, "\n")] = '\0';
        if (dg_graph_read(line, NULL, &file).code != DG_OK)
            continue; /* own-op's, which wants a plugin */
        write_read_write(line, file->graph);
        dg_graph_file_free(file);
        count++;
    }
    pclose(list);
    cr_expect_gt(count, 40);
}

/* Numbers that a call binds, inputs that are called as constants are, and sizes that follow from the others. */
Test(written_modules, formulas_and_shapes_keep_what_they_say)
{
    static const char net[] =
        "digraph { x [op=\"input([N, 2])\"]; y [op=\"expr(x*beta+g, beta=1.5, g=parameter(2))\"]; "
        "z [op=\"expr(e*pi)\"]; w [op=\"expr(b*a+x)\"]; v [op=\"reshape([-1, 2])\"]; "
        "x -> y; y -> z [arg=e]; y -> w [arg=x]; z -> w [arg=b]; x -> w [arg=a]; w -> v; }";
    dg_graph_file *file, *again;
    char *text;
    dg_status status = dg_graph_read("net.dot", &(dg_graph_read_options){.text = net}, &file);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    write_read_write("net.dot", file->graph);
    cr_assert_eq(dg_graph_write(file->graph, NULL, &text).code, DG_OK);
    cr_assert_eq(dg_graph_read("again.dot", &(dg_graph_read_options){.text = text}, &again).code, DG_OK);
    for (const char *const *name = (const char *const[]){"y", "z", "w", NULL}; *name; name++) {
        const dg_node *was = dg_graph_find(file->graph, *name), *is = dg_graph_find(again->graph, *name);
        cr_expect_str_eq(dg_formula_print(dg_graph_formulas(again->graph), dg_node_formula(is)),
                         dg_formula_print(dg_graph_formulas(file->graph), dg_node_formula(was)), "%s", text);
        cr_expect_eq(dg_node_input_count(is), dg_node_input_count(was));
    }
    cr_expect(strstr(text, "reshape([-1, 2])"), "%s", text);
    free(text);
    dg_graph_file_free(again);
    dg_graph_file_free(file);
}

Test(written_modules, any_name_of_the_file_of_constants_reads_back_or_is_refused)
{
    static const struct {
        const char *name;
        bool is_fine;
    } names[] = {{"o'clock.safetensors", true},   {"a b, c).safetensors", true}, {"a\\b.safetensors", true},
                 {"say \"a\".safetensors", true}, {"$a.safetensors", false},     {"net.bin", false}};
    char folder[] = "/tmp/dotgrad-test-XXXXXX";
    float numbers[100] = {1.5f};
    dg_tensor value = {.dtype = DG_FLOAT32, .shape = DG_SHAPE(10, 10), .data = numbers};
    dg_value attr = {.kind = DG_VALUE_TENSOR, .tensor = &value};
    dg_graph *g;
    char *text;
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_apply(&(dg_application){.graph = g, .op = "constant", .name = "c", .n_attrs = 1, .attrs = &attr});
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const dg_graph_write_options options = {.constants = names[k].name};
        if (names[k].is_fine) {
            dg_graph_file *file;
            cr_assert_eq(dg_graph_write(g, &options, &text).code, DG_OK, "%s", names[k].name);
            dg_status status = dg_graph_read("net.dot", &(dg_graph_read_options){.text = text}, &file);
            cr_assert_eq(status.code, DG_OK, "%s\n%s", status.message, text);
            cr_expect_eq(dg_tensor_get(dg_node_attrs(dg_graph_find(file->graph, "c"))[0].tensor, 0), 1.5);
            dg_graph_file_free(file);
            free(text);
        } else
            cr_expect_eq(dg_graph_write(g, &options, &text).code, DG_BAD_ARGUMENT, "%s is written", names[k].name);
        cr_expect_eq(unlink(names[k].name) == 0, names[k].is_fine, "%s", names[k].name);
    }
    dg_graph_free(g);
    cr_assert_eq(chdir("/"), 0);
    rmdir(folder);
}
