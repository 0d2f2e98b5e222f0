/* Drawing from C: any graph, with views, options and failures as statuses. */
#include "../comma.h"
#include "command.h"

#include <dotgrad/dotgrad.h>
#include <dotgrad/draw.h>
#include <dotgrad/graphviz.h>

#include <math.h>
#include <signal.h>
#include <time.h>

TestSuite(draw_library, .init = make_folder, .fini = remove_folder);

/* Residual blocks in modules, a head and a loss. */
static dg_graph *make_network(int blocks, dg_node **loss)
{
    dg_graph *g;
    char name[32];
    cr_assert_eq(dg_graph_new(&g).code, DG_OK);
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 16), .name = "x"),
            *t = dg_input(g, DG_SHAPE(DG_N), .dtype = DG_INT64, .name = "t");
    for (int k = 0; k < blocks; k++) {
        snprintf(name, sizeof name, "block.%d", k);
        dg_module_begin(g, name, false);
        x = dg_add(x, dg_linear(dg_relu(dg_linear(x, 32, .name = "in")), 16, .name = "out"));
        dg_module_end(g);
    }
    *loss = dg_cross_entropy(dg_linear(x, 4, .name = "head"), t, .name = "loss");
    cr_assert_eq(dg_graph_status(g).code, DG_OK, "%s", dg_graph_status(g).message);
    return g;
}

static void expect_ok(dg_status status)
{
    cr_expect_eq(status.code, DG_OK, "%s", status.message);
}

static char *draw_text(dg_graph *graph, dg_draw_options options)
{
    char *bytes;
    size_t size;
    dg_status status = dg_draw_memory(graph, options, &bytes, &size);
    cr_assert_eq(status.code, DG_OK, "%s", status.message);
    return bytes;
}

Test(draw_library, draws_a_graph_that_c_has_built)
{
    dg_node *loss;
    dg_graph *g = make_network(6, &loss);
    static const char *const paths[] = {"net.svg", "net.pdf", "net.png", "net.html", "net.tex", "net.txt"};
    for (size_t k = 0; k < sizeof paths / sizeof *paths; k++)
        expect_ok(dg_draw(g, paths[k], .loss = loss));
    char *dot = draw_text(g, (dg_draw_options){.loss = loss, .format = "dot"});
    dg_graph_file *file;
    expect_ok(dg_graph_read("net.dot", &(dg_graph_read_options){.text = dot}, &file));
    cr_expect_eq(file->n_nodes, 2 + 6 * 4 + 2, "it loads back: %d nodes", file->n_nodes);
    dg_graph_file_free(file);
    free(dot);
    char *svg = draw_text(g, (dg_draw_options){.loss = loss, .fold = "exact", .format = "svg"});
    cr_expect_not_null(strstr(svg, ">×6<"), "%s", svg);
    free(svg);
    svg = draw_text(g, (dg_draw_options){.loss = loss, .depth = 1, .fold = "off", .format = "svg"});
    cr_expect_not_null(strstr(svg, "module block.3, 4 nodes"), "%s", svg);
    free(svg);
    dg_graph_free(g);
}

static dg_status kernel_shape(const dg_infer *infer, dg_shape *shape, bool *present)
{
    *present = infer->inputs[0] != NULL;
    *shape = DG_SHAPE(3, *present ? infer->inputs[0]->shape.dims[1] : 0);
    return dg_ok();
}

static dg_status layer_infer(const dg_infer *infer)
{
    infer->outputs[0] = *infer->inputs[0];
    infer->outputs[0].shape.dims[1] = 3;
    return dg_ok();
}

static void layer_compose(const dg_compose *compose)
{
    compose->outputs[0] = dg_matmul(compose->inputs[0], compose->inputs[1], .transpose_other = true);
}

/* Whatever its weight is called, the first that it owns tells its sizes. */
Test(draw_library, a_layer_of_ones_own_has_its_sizes)
{
    static const dg_op layer = {
        .name = "own_layer",
        .family = "linear",
        .summary = "y = x·Kᵀ",
        .inputs = {{.name = "x"},
                   {.name = "kernel", .flags = DG_OPTIONAL, .parameter = kernel_shape, .init = "xavier_uniform"}},
        .infer = layer_infer,
        .compose = layer_compose};
    dg_graph *g;
    expect_ok(dg_register(&layer));
    expect_ok(dg_graph_new(&g));
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 5), .name = "x");
    dg_node *y = dg_call(DG_HERE, "own_layer", 1, &x);
    char *text = draw_text(g, (dg_draw_options){.loss = dg_mean(y, .name = "loss"), .format = "svg"});
    cr_expect_not_null(strstr(text, "5 → 3"), "%s", text);
    free(text);
    dg_graph_free(g);
}

Test(draw_library, what_training_adds_is_not_drawn_as_the_network)
{
    dg_node *loss;
    dg_graph *g = make_network(2, &loss);
    char *before = draw_text(g, (dg_draw_options){.format = "svg"});
    dg_tensors *parameters;
    dg_plan *plan;
    expect_ok(dg_tensors_new(&parameters));
    expect_ok(dg_training_plan(loss, "adam", parameters, &plan, .clip_norm = 1));
    char *after = draw_text(g, (dg_draw_options){.format = "svg"});
    cr_expect_str_eq(after, before);
    free(before);
    free(after);
    dg_plan_free(plan);
    dg_tensors_free(parameters);
    dg_graph_free(g);
}

/* As many rows as the graph has grown by: each node of the gradients once. */
Test(draw_library, the_backward_view_has_the_nodes_of_the_gradients)
{
    dg_node *loss;
    dg_graph *g = make_network(2, &loss);
    int64_t before = dg_graph_node_count(g), made = 0;
    char *svg = draw_text(
        g, (dg_draw_options){
               .loss = loss, .view = DG_VIEW_BACKWARD, .fold = "off", .level = "op", .page = "none", .format = "svg"});
    int rows = 0, saved = 0;
    dg_node *const *wrt;
    int count;
    expect_ok(dg_trainable_parameters(loss, &wrt, &count));
    for (const char *at = svg; (at = strstr(at, "class=\"node ")); at++)
        rows++;
    for (const char *at = svg; (at = strstr(at, " saved\" role")); at++)
        saved++;
    /* of what dg_grad emitted, that the gradients are computed from */
    int64_t n = dg_graph_node_count(g);
    bool *reached = calloc((size_t)n, 1);
    dg_node **gradients = calloc((size_t)count, sizeof *gradients);
    int64_t first = n;
    expect_ok(dg_grad(loss, count, wrt, gradients));
    n = dg_graph_node_count(g);
    reached = realloc(reached, (size_t)n);
    memset(reached, 0, (size_t)n);
    for (int k = 0; k < count; k++)
        reached[dg_node_id(gradients[k])] = true;
    for (int64_t id = n - 1; id >= first; id--) {
        dg_node *node = dg_graph_node(g, id);
        if (!reached[id])
            continue;
        made += !dg_node_owner(node) && dg_node_op(node)->role != DG_ROLE_OUTPUT; /* those are labels of wires */
        for (int k = 0; k < dg_node_input_count(node); k++)
            if (dg_node_input(node, k))
                reached[dg_node_id(dg_node_input(node, k))] = true;
    }
    cr_expect_gt(before, 0);
    cr_expect_gt(saved, 0);
    cr_expect_eq(rows - saved, made, "%d rows, %d of them saved values; %lld nodes", rows, saved, (long long)made);
    free(reached);
    free(gradients);
    free(svg);
    dg_graph_free(g);
}

/* Every step of the plan is one box, numbered from 1 on. */
Test(draw_library, the_plan_view_lists_each_step_once)
{
    dg_node *loss;
    dg_graph *g = make_network(2, &loss);
    char *svg = draw_text(g, (dg_draw_options){.loss = loss,
                                               .view = DG_VIEW_PLAN,
                                               .optimizer = "adam",
                                               .page = "none",
                                               .level = "op",
                                               .fold = "off",
                                               .format = "svg"});
    int steps = 0, boxes = 0;
    const char *summary = strstr(svg, " steps · arena of ");
    cr_assert_not_null(summary, "%s", svg);
    while (summary > svg && summary[-1] >= '0' && summary[-1] <= '9')
        summary--;
    steps = atoi(summary);
    cr_expect_gt(steps, 5);
    for (int k = 1; k <= steps; k++) {
        char words[32];
        int found = 0;
        snprintf(words, sizeof words, ">%d  ", k);
        for (const char *at = svg; (at = strstr(at, words)); at++)
            found++;
        cr_expect_eq(found, 1, "step %d", k);
    }
    for (const char *at = svg; (at = strstr(at, "class=\"node ")); at++)
        boxes++;
    cr_expect_eq(boxes, steps);
    free(svg);
    dg_graph_free(g);
}

/* Steps say whose they are: the parameters that the optimiser updates, what a gradient is by, the network's nodes; each
 * name and each op once. */
Test(draw_library, the_plan_view_names_parameters_and_gradients)
{
    dg_node *loss;
    dg_graph *g = make_network(2, &loss);
    char *plan = draw_text(g, (dg_draw_options){.loss = loss,
                                                .view = DG_VIEW_PLAN,
                                                .optimizer = "adam",
                                                .page = "none",
                                                .level = "op",
                                                .fold = "off",
                                                .format = "svg"});
    cr_expect_not_null(strstr(plan, "∂loss/∂head.weight"), "%s", plan);
    cr_expect_not_null(strstr(plan, " adam"), "%s", plan);
    cr_expect_not_null(strstr(plan, "what all updates read"), "%s", plan);
    cr_expect_not_null(strstr(plan, "block.0.in.weight"), "%s", plan);
    cr_expect_null(strstr(plan, "expr + expr"), "%s", plan);
    cr_expect_null(strstr(plan, "assign"), "%s", plan);
    free(plan);
    char *rails = draw_text(g, (dg_draw_options){.loss = loss, .view = DG_VIEW_PLAN, .level = "op", .format = "txt"});
    cr_expect_not_null(strstr(rails, "linear  head at"), "%s", rails);
    free(rails);
    dg_graph_free(g);
}

/* A plan is not run: parameters that begin from data need none to be drawn. */
Test(draw_library, the_plan_of_a_network_that_begins_from_data_is_drawn)
{
    dg_graph *g;
    expect_ok(dg_graph_new(&g));
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x"), *t = dg_input(g, DG_SHAPE(DG_N, 1), .name = "t");
    dg_node *hidden = dg_rbf(x, 5, .name = "hidden");
    dg_node *loss = dg_mse_loss(dg_linear(hidden, 1, .name = "y"), t, .name = "loss");
    expect_ok(dg_graph_status(g));
    char *svg = draw_text(g, (dg_draw_options){.loss = loss, .view = DG_VIEW_PLAN, .format = "svg"});
    cr_expect_not_null(strstr(svg, " steps · arena of "));
    free(svg);
    dg_graph_free(g);
}

/* What dg_training_plan() trains is what its picture shows: of two networks in one graph the one. */
Test(draw_library, a_step_trains_what_the_caller_says)
{
    dg_node *loss;
    dg_graph *g = make_network(2, &loss);
    const dg_training_plan_options head = {.trains = "head", .clip_norm = 1}, none = {.trains = "tail"};
    char *step = draw_text(g, (dg_draw_options){.loss = loss, .view = DG_VIEW_STEP, .step = &head, .format = "svg"});
    cr_expect_not_null(strstr(step, "adam, clip_norm 1"), "%s", step);
    int updated = 0;
    for (const char *at = step; (at = strstr(at, " → update of ")); at++)
        updated++;
    cr_expect_eq(updated, 1, "%s", step);
    free(step);
    char *bytes;
    size_t size;
    dg_status status =
        dg_draw_memory(g, (dg_draw_options){.loss = loss, .view = DG_VIEW_STEP, .step = &none}, &bytes, &size);
    cr_expect(status.code == DG_BAD_ARGUMENT && strstr(status.message, "'tail'"), "%s", status.message);
    dg_graph_free(g);
}

/* A rule that the author has written as assignments: its step has no gradients, and is drawn. */
Test(draw_library, assignments_are_a_step)
{
    dg_graph *g;
    expect_ok(dg_graph_new(&g));
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x"),
            *w = dg_parameter(g, DG_SHAPE(2), .trainable = false, .name = "w");
    dg_node *loss = dg_mean(dg_square(dg_sub(x, w)), .name = "loss");
    char *bytes;
    size_t size;
    dg_status status = dg_draw_memory(g, (dg_draw_options){.loss = loss, .view = DG_VIEW_STEP}, &bytes, &size);
    cr_expect_eq(status.code, DG_BAD_ARGUMENT);
    cr_expect_not_null(strstr(status.message, "a step updates nothing"), "%s", status.message);
    char *plan = draw_text(g, (dg_draw_options){.loss = loss, .view = DG_VIEW_PLAN, .format = "txt"});
    cr_expect_not_null(strstr(plan, "plan (a step updates nothing)"), "%s", plan);
    free(plan);
    dg_assign(w, dg_mean(x, .dim = 0, .name = "middle"), .name = "learn");
    expect_ok(dg_graph_status(g));
    char *step = draw_text(g, (dg_draw_options){.loss = loss, .view = DG_VIEW_STEP, .format = "txt"});
    cr_expect_not_null(strstr(step, "assign learn"), "%s", step);
    cr_expect_not_null(strstr(step, "mean middle"), "%s", step);
    free(step);
    plan = draw_text(g, (dg_draw_options){.loss = loss, .view = DG_VIEW_PLAN, .format = "txt"});
    cr_expect_not_null(strstr(plan, "plan of a training step"), "%s", plan);
    cr_expect_not_null(strstr(plan, "mean  middle"), "%s", plan);
    free(plan);
    dg_graph_free(g);
}

/* The states of the optimiser, which the graph then has, stay where they were; a parameter may be called "o". */
Test(draw_library, a_step_drawn_again_is_the_same)
{
    dg_graph *g;
    expect_ok(dg_graph_new(&g));
    dg_node *x = dg_input(g, DG_SHAPE(DG_N, 2), .name = "x"), *o = dg_parameter(g, DG_SHAPE(2), .name = "o"),
            *w = dg_parameter(g, DG_SHAPE(2), .name = "w");
    dg_node *loss = dg_mean(dg_mul(dg_sub(x, o), w), .name = "loss");
    dg_draw_options options = {
        .loss = loss, .view = DG_VIEW_STEP, .optimizer = "adam", .depth = 1, .fold = "off", .format = "txt"};
    char *first = draw_text(g, options), *second = draw_text(g, options);
    cr_expect_not_null(strstr(first, "adam w  8 nodes"), "%s", first);
    cr_expect_not_null(strstr(first, "adam o  8 nodes"), "%s", first);
    cr_expect_not_null(strstr(second, "adam w  8 nodes"), "%s", second);
    cr_expect_not_null(strstr(second, "adam o  8 nodes"), "%s", second);
    free(first);
    free(second);
    dg_graph_free(g);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

Test(draw_library, numbers_that_mean_nothing_are_refused)
{
    const dg_draw_options wrong[] = {{.seconds = NAN}, {.seconds = -1}, {.seconds = INFINITY}, {.radius = 3},
                                     {.radius = -1},   {.dpi = NAN},    {.width = -1}};
    static const char *const words[] = {"seconds is nan", "seconds is -1", "seconds is inf", "radius is 3",
                                        "radius -1",      "dpi is nan",    "width -1"};
    dg_node *loss;
    dg_graph *g = make_network(1, &loss);
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        dg_status status = dg_draw_file(g, "net.svg", wrong[k]);
        cr_expect_eq(status.code, DG_BAD_ARGUMENT, "%zu", k);
        cr_expect_not_null(strstr(status.message, words[k]), "%s", status.message);
    }
    cr_expect_neq(access("net.svg", F_OK), 0);
    dg_graph_free(g);
}

Test(draw_library, a_layout_program_that_hangs_is_ended)
{
    dg_node *loss;
    dg_graph *g = make_network(1, &loss);
    write_text("hang", "#!/bin/sh\nexec sleep 1000\n");
    cr_assert_eq(system("chmod +x hang"), 0);
    setenv("DOTGRAD_LAYOUT", "./hang", 1);
    double begin = seconds_now();
    dg_status status = dg_draw(g, "net.svg", .loss = loss, .seconds = 0.5);
    cr_expect_eq(status.code, DG_BAD_DATA);
    cr_expect_not_null(strstr(status.message, "did not finish"), "%s", status.message);
    cr_expect_lt(seconds_now() - begin, 500); /* not the 1000 of the program */
    unsetenv("DOTGRAD_LAYOUT");
    cr_expect_neq(access("net.svg", F_OK), 0);
    dg_graph_free(g);
}

/* The caller's signals and children stay the caller's. */
Test(draw_library, works_where_children_and_pipes_are_ignored)
{
    dg_node *loss;
    dg_graph *g = make_network(1, &loss);
    signal(SIGCHLD, SIG_IGN);
    expect_ok(dg_draw(g, "net.svg", .loss = loss));
    signal(SIGCHLD, SIG_DFL);
    dg_graph_free(g);
}

Test(draw_library, options_that_are_wrong_are_named)
{
    dg_node *loss, *other;
    dg_graph *g = make_network(1, &loss), *h = make_network(1, &other);
    char *bytes;
    size_t size;
    struct {
        dg_draw_options options;
        const char *words;
    } cases[] = {{{.level = "ops"}, "level"},
                 {{.fold = "maybe"}, "fold"},
                 {{.page = "10x10"}, "page"},
                 {{.style = "neon"}, "style"},
                 {{.rankdir = "UP"}, "rankdir"},
                 {{.hide = "everything"}, "hide"},
                 {{.around = "nobody"}, "nobody"},
                 {{.from = "head", .to = "x"}, "no way"},
                 {{.view = DG_VIEW_JOINT}, "need a loss: name one with --loss (.loss in C)"},
                 {{.depth = -2}, "depth is -2"},
                 {{.view = DG_VIEW_STEP, .loss = other}, "another graph"},
                 {{.view = (dg_draw_view)77}, "view"},
                 {{.dpi = -5}, "dpi"},
                 {{.width = -1}, "width"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        dg_status status = dg_draw_memory(g, cases[k].options, &bytes, &size);
        cr_expect_eq(status.code, DG_BAD_ARGUMENT, "%s", cases[k].words);
        cr_expect_not_null(strstr(status.message, cases[k].words), "%s: %s", cases[k].words, status.message);
    }
    cr_expect_eq(dg_draw_memory(NULL, (dg_draw_options){0}, &bytes, &size).code, DG_BAD_ARGUMENT);
    const dg_draw_options step = {.view = DG_VIEW_STEP, .loss = dg_graph_find(g, "head")};
    dg_status status = dg_draw_memory(g, step, &bytes, &size);
    cr_expect_eq(status.code, DG_BAD_SHAPE);
    cr_expect_not_null(strstr(status.message, "loss 'head' is float32 [N"), "%s", status.message);
    dg_graph_free(g);
    dg_graph_free(h);
}

/* Of a file's graph, what was added in C since it was read is drawn with the rest. */
Test(draw_library, nodes_that_a_file_lacks_are_drawn)
{
    const char *dot =
        "digraph read { graph [loss=l]; x [op=\"input([N, 4])\"]; a [op=tanh]; l [op=mean]; x -> a -> l; }";
    dg_graph_file *file;
    expect_ok(dg_graph_read("net.dot", &(dg_graph_read_options){.text = dot}, &file));
    char *before = draw_text(file->graph, (dg_draw_options){.file = file, .format = "svg"});
    cr_expect_null(strstr(before, "softplus"));
    cr_expect_not_null(strstr(before, "FLOP"));
    dg_softplus(dg_graph_find(file->graph, "a"), .name = "more");
    char *after = draw_text(file->graph, (dg_draw_options){.file = file, .format = "svg"});
    cr_expect_not_null(strstr(after, "softplus"));
    cr_expect_null(strstr(after, "FLOP")); /* that would be the file's */
    cr_expect_not_null(strstr(after, ">read<"));
    free(before);
    free(after);
    dg_graph_file_free(file);
}

/* The same bytes under another locale, whose numbers have a comma. */
Test(draw_library, the_locale_does_not_matter)
{
    dg_node *loss;
    dg_graph *g = make_network(2, &loss);
    static const char *const formats[] = {"svg", "html", "tex", "txt", "pdf", "png"};
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
        char *one, *two;
        size_t a, b;
        setlocale(LC_ALL, "C");
        expect_ok(dg_draw_memory(g, (dg_draw_options){.loss = loss, .format = formats[k]}, &one, &a));
        if (!set_comma_locale())
            setlocale(LC_ALL, "C.UTF-8");
        expect_ok(dg_draw_memory(g, (dg_draw_options){.loss = loss, .format = formats[k]}, &two, &b));
        setlocale(LC_ALL, "C");
        cr_expect(a == b && memcmp(one, two, a) == 0, "%s", formats[k]);
        free(one);
        free(two);
    }
    dg_graph_free(g);
}

/* A discriminator that is applied twice, built in C and as its written file, is drawn alike: whose parameters they are,
 * how many there are, and what it computes. */
Test(draw_library, a_graph_and_its_written_file_are_drawn_alike)
{
    dg_graph *g;
    char *text, *drawn;
    expect_ok(dg_graph_new(&g));
    dg_node *real = dg_input(g, DG_SHAPE(DG_N, 2), .name = "real"), *z = dg_input(g, DG_SHAPE(DG_N, 2), .name = "z");
    dg_node *d = dg_batch_norm(dg_linear(real, 16, .name = "d.fc1"), .name = "d.bn");
    d = dg_linear(dg_gelu(d, .name = "d.act"), 1, .name = "d.fc2");
    dg_node *e = dg_linear(dg_linear(z, 2, .name = "gen"), 16, .name = "e.fc1",
                           .weight = dg_graph_find(g, "d.fc1.weight"), .bias_node = dg_graph_find(g, "d.fc1.bias"));
    e = dg_linear(dg_relu(e, .name = "e.act"), 1, .name = "e.fc2", .weight = dg_graph_find(g, "d.fc2.weight"));
    dg_node *loss = dg_add(dg_mean(d, .name = "md"), dg_mean(e, .name = "me"), .name = "loss");
    cr_assert_eq(dg_graph_status(g).code, DG_OK, "%s", dg_graph_status(g).message);
    expect_ok(dg_graph_write(g, &(dg_graph_write_options){.loss = loss}, &text));
    write_text("net.dot", text);
    drawn = draw_text(g, (dg_draw_options){.loss = loss, .format = "txt"});
    outcome run = dotgrad("draw net.dot -o -");
    expect_fine(run);
    cr_expect_str_eq(drawn, run.out);
    cr_expect_not_null(strstr(run.out, "FLOP"), "%s", run.out);
    cr_expect_not_null(strstr(run.out, "shares d.fc1 "), "%s", run.out);
    cr_expect_null(strstr(run.out, "none"), "%s", run.out);
    expect_fine(dotgrad("draw net.dot -o styled.dot"));
    expect_fine(dotgrad("draw net.dot --parameters -o all.svg"));
    expect_fine(dotgrad("draw styled.dot --diff net.dot -o -"));
    free(drawn);
    free(text);
    dg_graph_free(g);
}
