/* The gallery's pictures, checked by their geometry; each node is in exactly one box. */
#include "../sweeps.h"
#include "picture.h"

static const char *const networks[] = {"rbf",      "lenet",           "unet",        "inception", "seq2seq", "vae",
                                       "mlp",      "lstm-classifier", "transformer", "gan",       "vgg11",   "siamese",
                                       "resnet18", "resnet50",        "densenet121"};
enum { NETWORKS = sizeof networks / sizeof *networks, SMALL = 6 };

static int drawn(void)
{
    return sweeps_are_few() ? SMALL : NETWORKS;
}

TestSuite(gallery, .init = make_folder, .fini = remove_folder);

static void draw(const char *network, const char *options)
{
    expect_fine(dotgrad("draw '%s/../tools/examples/gallery/%s.dot' %s -o x.svg", getenv("TESTS"), network, options));
}

Test(gallery, every_network_is_on_one_page_with_text_of_six_points)
{
    for (int k = 0; k < drawn(); k++) {
        draw(networks[k], "");
        read_svg("x.svg");
        expect_one_page(networks[k]);
    }
}

Test(gallery, derivatives_and_steps_are_on_one_page_and_nothing_overlaps)
{
    static const char *const views[] = {"backward", "joint", "step"};
    int faults = 0;
    for (int k = 0; k < drawn(); k++)
        for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
            char what[80], options[40];
            snprintf(what, sizeof what, "%s %s", networks[k], views[i]);
            snprintf(options, sizeof options, "--view %s", views[i]);
            draw(networks[k], options);
            faults += check_picture(what, "x.svg");
            expect_one_page(what);
        }
    cr_expect_eq(faults, 0);
}

Test(gallery, plans_are_on_one_page_and_nothing_overlaps)
{
    static const char *const small[] = {"rbf",     "mlp",         "lenet", "unet", "inception", "lstm-classifier",
                                        "seq2seq", "transformer", "gan",   "vae",  "siamese"};
    int faults = 0;
    for (size_t k = 0; k < sizeof small / sizeof *small; k++) {
        draw(small[k], "--view plan");
        faults += check_picture(small[k], "x.svg");
        expect_one_page(small[k]);
    }
    cr_expect_eq(faults, 0);
}

/* The skip of blocks that have a stack in them swings far to the side. */
Test(gallery, a_skip_stays_in_its_module)
{
    static const char *const directions[] = {"TB", "BT", "LR", "RL"};
    int faults = 0;
    write_text("skip.dot",
               "digraph skip { x [op=\"input([N, 1, 32, 32])\"]; stem [op=\"conv2d(32, 3, stride=2, padding=1)\"];"
               " sbn [op=batch_norm]; sact [op=relu6]; x -> stem -> sbn -> sact; subgraph cluster_a { repeat=5;"
               " dw [op=\"conv2d(32, 3, padding=1, groups=32)\"]; bn [op=batch_norm]; act [op=relu6];"
               " pw [op=\"conv2d(32, 1)\"]; bn2 [op=batch_norm]; add [op=add]; dw -> bn -> act -> pw -> bn2 -> add; }"
               " sact -> dw; sact -> add; y [op=\"mean(dim=[2, 3])\"]; z [op=\"linear(10)\"]; add -> y -> z; }");
    for (size_t k = 0; k < sizeof directions / sizeof *directions; k++) {
        expect_fine(dotgrad("draw skip.dot --level stack --rankdir %s -o x.svg", directions[k]));
        faults += check_picture(directions[k], "x.svg");
    }
    cr_expect_eq(faults, 0);
}

/* Four levels; what a skip brings is multiplied by a gate that the level below opens (Oktay et al. 2018). */
static void write_attention_unet(const char *path)
{
    static char file[1 << 14];
    char *to = file + sprintf(file, "digraph a { graph [output=out, loss=l]; x [op=\"input([N, 1, 64, 64])\"];"
                                    " t [op=\"input([N, 1, 64, 64])\"]; p0 [op=identity]; x -> p0;\n");
    for (int k = 1; k <= 5; k++) {
        to +=
            sprintf(to, "a%d [op=\"conv2d(%d, 3, padding=1)\"]; r%d [op=relu]; e%d [op=\"conv2d(%d, 3, padding=1)\"];",
                    k, 4 << k, k, k, 4 << k);
        to += sprintf(to, " p%d -> a%d -> r%d -> e%d;", k - 1, k, k, k);
        if (k < 5)
            to += sprintf(to, " p%d [op=\"max_pool2d(2)\"]; e%d -> p%d;\n", k, k, k);
    }
    for (int k = 4; k >= 1; k--) {
        to += sprintf(to, "u%d [op=\"conv_transpose2d(%d, 2, stride=2)\"]; %c%d -> u%d;", k, 4 << k, k == 4 ? 'e' : 'd',
                      k + 1, k);
        to += sprintf(to,
                      " g%d [op=\"conv2d(4, 1)\"]; s%d [op=\"conv2d(4, 1)\"]; add%d [op=add]; n%d [op=relu];"
                      " q%d [op=\"conv2d(1, 1)\"]; sig%d [op=sigmoid]; mul%d [op=mul]; cat%d [op=\"cat(dim=1)\"];",
                      k, k, k, k, k, k, k, k);
        to += sprintf(to, " u%d -> g%d -> add%d -> n%d -> q%d -> sig%d -> mul%d; e%d -> s%d -> add%d; e%d -> mul%d;", k,
                      k, k, k, k, k, k, k, k, k, k, k);
        to += sprintf(to, " mul%d -> cat%d; u%d -> cat%d; d%d [op=\"conv2d(%d, 3, padding=1)\"]; cat%d -> d%d;\n", k, k,
                      k, k, k, 4 << k, k, k);
    }
    sprintf(to, "out [op=\"conv2d(1, 1)\"]; d1 -> out; l [op=binary_cross_entropy_with_logits]; out -> l;"
                " t -> l [arg=target]; }");
    write_text(path, file);
}

/* The middle of the node that is labelled so. */
static void find_node(const char *label, double *x, double *y)
{
    static char text[1 << 20];
    char words[60];
    read_text("x.svg", text, sizeof text);
    snprintf(words, sizeof words, "aria-label=\"%s", label);
    char *at = strstr(text, words);
    cr_assert_not_null(at, "%s", label);
    char *frame = strstr(at, "<rect"), *circle = strstr(at, "<ellipse");
    if (circle && circle < frame) {
        *x = number(circle, "cx");
        *y = number(circle, "cy");
    } else {
        *x = number(frame, "x") + number(frame, "width") / 2;
        *y = number(frame, "y") + number(frame, "height") / 2;
    }
}

Test(gallery, an_attention_unet_is_a_u)
{
    double x, y, left, outer = 0, inner;
    char label[40];
    write_attention_unet("u.dot");
    expect_fine(dotgrad("draw u.dot --level stack --fold off --page none -o x.svg"));
    for (int k = 1; k <= 4; k++) {
        snprintf(label, sizeof label, "conv2d e%d,", k);
        find_node(label, &left, &inner);
        cr_expect_gt(inner, outer, "the encoder goes down at %d", k);
        snprintf(label, sizeof label, "mul mul%d\"", k);
        find_node(label, &x, &y);
        cr_expect_lt(fabs(y - inner), 60, "level %d is on one height: %g and %g", k, inner, y);
        cr_expect_gt(x, left, "the gate of level %d is right of the encoder", k);
        snprintf(label, sizeof label, "sigmoid sig%d\"", k);
        find_node(label, &x, &inner);
        cr_expect_gt(inner, y, "gate %d opens from below", k);
        snprintf(label, sizeof label, "cat cat%d,", k);
        find_node(label, &x, &inner);
        cr_expect_lt(inner, y, "decoder %d goes up", k);
        outer = y;
    }
    find_node("conv2d e5,", &x, &y);
    cr_expect_gt(y, outer, "what is deepest is at the bottom");
}

Test(gallery, wires_of_an_attention_unet_end_at_their_rows)
{
    static const char *const directions[] = {"TB", "BT", "LR", "RL"};
    static const char *const options[] = {"", "--level stack --page none", "--view step"};
    int faults = 0;
    write_attention_unet("u.dot");
    for (size_t k = 0; k < sizeof directions / sizeof *directions; k++)
        for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
            char what[80];
            snprintf(what, sizeof what, "%s %s", directions[k], options[i]);
            expect_fine(dotgrad("draw u.dot --rankdir %s %s -o x.svg", directions[k], options[i]));
            faults += check_picture(what, "x.svg");
        }
    cr_expect_eq(faults, 0);
}

/* A long chain of blocks that do not repeat: in two columns downwards and upwards, in rows to the right and to the
 * left.
 */
Test(gallery, what_is_too_long_is_in_columns_or_rows_in_every_direction)
{
    static const char *const directions[] = {"TB", "BT", "LR", "RL"};
    static const char *const ops[] = {"tanh", "relu", "sigmoid", "gelu", "silu", "elu", "softplus"};
    static char file[1 << 14];
    char *to = file + sprintf(file, "digraph { m0 [op=\"input([N, 8])\"];");
    int faults = 0;
    for (int k = 1; k <= 36; k++)
        to += sprintf(to, " a%d [op=%s]; m%d [op=%s]; m%d -> a%d -> m%d; m%d -> m%d;\n", k,
                      ops[(k * k * k + k % 5) % 7], k, k * k % 5 < 2 ? "mul" : "add", k - 1, k, k, k - 1, k);
    sprintf(to, " output [op=\"linear(2)\"]; m36 -> output; }");
    write_text("chain.dot", file);
    for (size_t k = 0; k < sizeof directions / sizeof *directions; k++) {
        outcome run = dotgrad("draw chain.dot --rankdir %s -o x.svg", directions[k]);
        expect_fine(run);
        cr_expect_not_null(strstr(run.err, k < 2 ? " columns" : " rows"), "%s: %s", directions[k], run.err);
        faults += check_picture(directions[k], "x.svg");
        expect_one_page(directions[k]);
    }
    cr_expect_eq(faults, 0);
}

/* ResNet-50's second column begins with two branches of what the first ends with: one line as far as above them. */
Test(gallery, branches_into_the_next_column_part_above_it)
{
    int found = 0;
    draw("resnet50", "");
    read_svg("x.svg");
    for (const edge *a = p.edges; a < p.edges + p.n_edges; a++)
        for (const edge *b = p.edges; b < a; b++)
            if (strcmp(a->ends[0], b->ends[0]) == 0 && a->x[1] - a->x[0] > 200 && b->x[1] - b->x[0] > 200)
                found += a->x[0] == b->x[0] && a->y[0] == b->y[0] ? 1 : 100;
    cr_expect(found > 0 && found < 100, "%d", found);
}

/* How far the ends of edges are from one line, of those that are the only one out of the one node and the only one into
 * the other; *count: how many there are. */
static double sum_slants(bool is_across, int *count)
{
    double sum = 0;
    read_svg("x.svg");
    *count = 0;
    for (int e = 0; e < p.n_edges; e++) {
        const edge *of = &p.edges[e];
        int others = 0;
        for (int k = 0; k < p.n_edges; k++)
            others += k != e &&
                      (strcmp(p.edges[k].ends[0], of->ends[0]) == 0 || strcmp(p.edges[k].ends[1], of->ends[1]) == 0);
        if (others)
            continue;
        ++*count;
        sum += is_across ? fabs(of->y[1] - of->y[0]) : fabs(of->x[1] - of->x[0]);
    }
    return sum;
}

/* Of dot's whole points, and its room for labels, two wires were 2 and 4 points off. */
Test(gallery, what_slants_by_little_is_straight)
{
    int count;
    draw("inception", "");
    double sum = sum_slants(false, &count);
    cr_expect_geq(count, 10);
    cr_expect_leq(sum, 0.1 * count, "%g points over %d edges", sum, count);
}

/* Dilated convolutions side by side (Chen et al. 2018): the longest way is one of five. */
Test(gallery, branches_are_straight)
{
    static const char *const directions[] = {"TB", "BT", "LR", "RL"};
    static char file[1 << 13];
    int count;
    char *to = file + sprintf(file, "digraph { x [op=\"input([N, 8, 32, 32])\"]; y [op=\"cat(dim=1)\"];"
                                    " subgraph cluster_pyramid {");
    for (int k = 0; k < 4; k++)
        to += sprintf(to, "c%d [op=\"conv2d(64, 3, padding=%d, dilation=%d)\"]; b%d [op=batch_norm]; r%d [op=relu];", k,
                      6 * k + 1, 6 * k + 1, k, k);
    to += sprintf(to, " m [op=\"mean(dim=[2, 3], keepdim=true)\"]; c [op=\"conv2d(64, 1)\"]; r [op=relu];"
                      " e [op=\"expand([-1, -1, 32, 32])\"]; } x -> m -> c -> r -> e; o [op=\"conv2d(64, 1)\"];");
    for (int k = 0; k < 4; k++)
        to += sprintf(to, " x -> c%d -> b%d -> r%d -> y;", k, k, k);
    sprintf(to, " e -> y -> o; }");
    write_text("pyramid.dot", file);
    for (size_t k = 0; k < sizeof directions / sizeof *directions; k++) {
        expect_fine(dotgrad("draw pyramid.dot --level op --page none --rankdir %s -o x.svg", directions[k]));
        double sum = sum_slants(k > 1, &count);
        cr_expect_eq(count, 12, "%d in %s", count, directions[k]);
        cr_expect_lt(sum, 1, "%g points in %s", sum, directions[k]);
    }
}

/* Nothing else is between a gradient and its update. */
Test(gallery, the_wire_to_an_update_is_straight)
{
    int count = 0;
    draw("mlp", "--view step");
    read_text("x.svg", svg, sizeof svg);
    for (const char *at = svg; (at = strstr(at, " → update of ")); at++, count++) {
        double y[2] = {0};
        const char *path = strstr(at, "d=\"M"), *last = strchr(path + 3, '"');
        sscanf(path, "d=\"M%*[0-9.],%lf", &y[0]);
        while (*last != ',')
            last--;
        sscanf(last, ",%lf", &y[1]);
        cr_expect_lt(fabs(y[0] - y[1]), 1, "from %g to %g", y[0], y[1]);
    }
    cr_expect_eq(count, 4);
}

/* The gradient of a gate's product goes on in the gate, and is added, in the box of what both read, to what comes back
 * from the gate. */
Test(gallery, a_gradient_into_two_rows_of_a_stack_is_two_wires)
{
    write_text("gate.dot", "digraph { graph [output=o, loss=l]; x [op=\"input([N, 4])\"]; t [op=\"input([N, 4])\"];"
                           " a [op=\"linear(4)\"]; b [op=tanh]; g [op=\"linear(4)\"]; h [op=sigmoid]; o [op=mul];"
                           " l [op=mse_loss]; x -> a -> b -> g -> h -> o -> l; b -> o; t -> l [arg=target]; }");
    expect_fine(dotgrad("draw gate.dot --view step --level stack -o x.svg"));
    read_text("x.svg", svg, sizeof svg);
    cr_expect_not_null(strstr(svg, "∂o → ∂h"));
    cr_expect_not_null(strstr(svg, "∂o → ∂b"));
    cr_expect_not_null(strstr(svg, "∂g → ∂b"));
    cr_expect_null(strstr(svg, "∂o → ∂g"), "it does not flow through the gate's first op");
    cr_expect_eq(check_picture("gate", "x.svg"), 0);
}

/* A tree of 8 inputs: far wider than high, more so beside its gradients. */
Test(gallery, what_is_too_wide_from_top_to_bottom_is_drawn_from_left_to_right)
{
    static char file[1 << 14];
    char *to =
        file + sprintf(file, "digraph { graph [output=o, loss=l]; t [op=\"input([N, 1])\"]; o [op=\"linear(1)\"];"
                             " l [op=mse_loss]; s1 -> o -> l; t -> l [arg=target];");
    for (int k = 8; k < 16; k++)
        to += sprintf(to, "x%d [op=\"input([N, 4])\"]; s%d [op=\"linear(16)\"]; x%d -> s%d;\n", k, k, k, k);
    for (int k = 7; k >= 1; k--)
        to += sprintf(to,
                      "c%d [op=\"cat(dim=1)\"]; f%d [op=\"linear(16)\"]; s%d [op=silu];"
                      " s%d -> c%d; s%d -> c%d; c%d -> f%d -> s%d;\n",
                      k, k, k, 2 * k, k, 2 * k + 1, k, k, k, k);
    sprintf(to, "}\n");
    write_text("tree.dot", file);
    outcome run = dotgrad("draw tree.dot --view step -o x.svg");
    expect_fine(run);
    cr_expect_not_null(strstr(run.err, "derivatives told in the network's boxes"), "%s", run.err);
    cr_expect_not_null(strstr(run.err, "from left to right"), "%s", run.err);
    cr_expect_eq(check_picture("tree", "x.svg"), 0);
    expect_one_page("tree");
    run = dotgrad("draw tree.dot --view step --rankdir TB -o x.svg"); /* as it was asked for */
    cr_expect_null(strstr(run.err, "from left to right"), "%s", run.err);
    cr_expect_eq(check_picture("tree from top to bottom", "x.svg"), 0);
    expect_one_page("tree from top to bottom");
}

static long count_boxes(const char *path)
{
    static char text[1 << 22];
    long boxes = 0;
    read_text(path, text, sizeof text);
    for (const char *at = text; (at = strstr(at, "role=\"graphics-symbol\"")); at++)
        boxes++;
    for (const char *at = text; (at = strstr(at, ", again\"")); at++)
        boxes--; /* an input once more, where its readers are far apart */
    return boxes;
}

/* One box for the gradients, or the updates, of a node: what the boxes say adds up to the boxes of all derivatives. */
Test(gallery, boxes_of_derivatives_count_each_node_once)
{
    static const char *const few[][2] = {{"mlp", "joint"}, {"mlp", "step"}, {"lenet", "step"},
                                         {"vae", "joint"}, {"vae", "step"}, {"seq2seq", "joint"}};
    static char text[1 << 22];
    for (size_t k = 0; k < sizeof few / sizeof *few; k += sweeps_are_few() ? 2 : 1) {
        char options[60];
        long sum = 0, network, all;
        draw(few[k][0], "--level op --page none");
        network = count_boxes("x.svg");
        snprintf(options, sizeof options, "--view %s --level op --page none", few[k][1]);
        draw(few[k][0], options);
        all = count_boxes("x.svg");
        snprintf(options, sizeof options, "--view %s --fold off", few[k][1]);
        draw(few[k][0], options);
        read_text("x.svg", text, sizeof text);
        for (char *at = text; (at = strstr(at, "<text")); at++) {
            char *words = strchr(at, '>') + 1, *end = strstr(words, "</text>"), *number = strstr(words, " node");
            if (!number || number > end || (number[5] != '<' && strncmp(number, " nodes<", 7) != 0))
                continue;
            while (number > words && strchr("0123456789,", number[-1]))
                number--;
            for (long value = 0; *number != ' ' || (sum += value, false); number++)
                value = *number == ',' ? value : 10 * value + *number - '0';
        }
        cr_expect_eq(sum, all - network, "%s %s: %ld in the boxes, %ld - %ld", few[k][0], few[k][1], sum, all, network);
    }
}

Test(gallery, nothing_overlaps)
{
    static const char *const options[] = {"",
                                          "--rankdir LR",
                                          "--rankdir BT",
                                          "--rankdir RL",
                                          "--parameters",
                                          "--names",
                                          "--view step --rankdir BT",
                                          "--view step --rankdir LR",
                                          "--view step --rankdir RL"};
    int faults = 0;
    const size_t step = sweeps_are_few() ? 3 : 1; /* each network and each option, not all pairs */
    for (int k = 0; k < drawn(); k++)
        for (size_t i = (size_t)k % step; i < sizeof options / sizeof *options; i += step) {
            char what[80];
            snprintf(what, sizeof what, "%s %s", networks[k], options[i]);
            draw(networks[k], options[i]);
            faults += check_picture(what, "x.svg");
        }
    cr_expect_eq(faults, 0);
}

/* "1,234" before each " parameters<" or " parameters in all<", and what *all of the summary is. */
static long long sum_parameters(const char *text, long long *all)
{
    long long sum = 0;
    *all = -1;
    for (const char *at = text; (at = strstr(at, " parameter")); at++) {
        const char *begin = at, *end = at + strlen(" parameter");
        long long number = 0;
        end += *end == 's';
        end += strncmp(end, " in all", 7) == 0 ? 7 : 0;
        while (begin[-1] == ',' || (begin[-1] >= '0' && begin[-1] <= '9'))
            begin--;
        for (const char *c = begin; c < at; c++)
            number = *c == ',' ? number : 10 * number + *c - '0';
        if (strncmp(end, " · ", 4) == 0 && *all < 0)
            *all = number;
        else if (strncmp(end, "</text>", 7) == 0 && begin < at)
            sum += number;
    }
    return sum;
}

/* By ×K of the modules around is what summary says: here for the picture that folds nothing. */
Test(gallery, parameters_are_those_of_the_summary)
{
    static char text[1 << 22];
    for (int k = 0; k < drawn(); k++) {
        long long sum, all;
        draw(networks[k], "--level op --fold off --page none");
        read_text("x.svg", text, sizeof text);
        sum = sum_parameters(text, &all);
        for (const char *at = text; (at = strstr(at, "aria-label=\"parameter ")); at++) { /* their own boxes */
            long long count = 1;
            const char *shape = strstr(at, ", ") + 2;
            for (char *end = (char *)shape; *end != '"' && *end != ','; shape = end) {
                count *= strtoll(shape, &end, 10);
                while (*end && strncmp(end, "×", 2) == 0)
                    end += 2;
            }
            sum += count;
        }
        cr_expect_eq(sum, all, "%s: %lld in the boxes, %lld in all", networks[k], sum, all);
    }
}

/* Where copies differ, their frame tells all that they have, open or closed, and so do modules around it. */
Test(gallery, parameters_of_what_is_folded_up_to_sizes_are_those_of_the_summary)
{
    static const char *const options[] = {"", "--depth 1", "--fold sizes --page none", "--close 'denseblock*'"};
    static char text[1 << 22];
    long long sum, all;
    for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
        draw("densenet121", options[k]);
        read_text("x.svg", text, sizeof text);
        sum = sum_parameters(text, &all);
        cr_expect_eq(sum, all, "%s: %lld in the boxes, %lld in all", options[k], sum, all);
    }
    write_text("repeats.dot",
               "digraph { graph [output=y]; x [op=\"input([N, 16])\"]; a0 [op=\"linear(32)\"]; a1 [op=\"linear(64)\"];"
               " a2 [op=\"linear(96)\"]; y [op=\"linear(3)\"];"
               " subgraph cluster_r0 { repeat=3; l0 [op=\"linear(32)\"]; t0 [op=tanh]; m0 [op=\"linear(32)\"]; }"
               " subgraph cluster_r1 { repeat=3; l1 [op=\"linear(64)\"]; t1 [op=tanh]; m1 [op=\"linear(64)\"]; }"
               " subgraph cluster_r2 { repeat=3; l2 [op=\"linear(96)\"]; t2 [op=tanh]; m2 [op=\"linear(96)\"]; }"
               " x -> a0 -> l0 -> t0 -> m0 -> a1 -> l1 -> t1 -> m1 -> a2 -> l2 -> t2 -> m2 -> y; }");
    expect_fine(dotgrad("draw repeats.dot --fold sizes --level stack -o x.svg"));
    read_text("x.svg", text, sizeof text);
    cr_expect_not_null(strstr(text, "96,064 parameters in all"), "%s", text);
    sum = sum_parameters(text, &all);
    cr_expect_eq(sum, all, "%lld in the boxes, %lld in all", sum, all);
}

/* Unfolded, each node of the file is one box, named once. */
Test(gallery, each_node_is_in_one_box)
{
    char command[600];
    for (int k = 0; k < drawn(); k++) {
        int nodes = 0;
        draw(networks[k], "--level stack --fold off --page none");
        long boxes = count_boxes("x.svg");
        snprintf(command, sizeof command, "grep -c '\\[op=' '%s/../tools/examples/gallery/%s.dot'", getenv("TESTS"),
                 networks[k]);
        FILE *count = popen(command, "r");
        cr_assert_eq(fscanf(count, "%d", &nodes), 1);
        pclose(count);
        cr_expect_eq(boxes, nodes, "%s", networks[k]);
    }
}

/* The middle of the box that shows those words. */
static double middle_of(const char *words)
{
    for (int k = 0; k < p.n_texts; k++)
        for (int i = 0; i < p.n_nodes && strcmp(p.texts[k].name, words) == 0; i++)
            if (p.nodes[i].group == p.texts[k].group)
                return (p.nodes[i].left + p.nodes[i].right) / 2;
    cr_assert(false, "no box shows '%s'", words);
    return 0;
}

/* What goes down and what rises are a straight line each, with what joins the arms at the bottom of the first. */
Test(gallery, the_arms_of_a_u_are_straight)
{
    static const char *const arms[2][5] = {{"down1", "down2", "down3", "down4", "bottom"},
                                           {"up1", "up2", "up3", "up4"}};
    draw("unet", "");
    read_svg("x.svg");
    for (int arm = 0; arm < 2; arm++)
        for (int k = 1; k < 5 && arms[arm][k]; k++)
            cr_expect_float_eq(middle_of(arms[arm][k]), middle_of(arms[arm][0]), 3, "%s", arms[arm][k]);
}
