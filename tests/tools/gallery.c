/* The gallery's pictures, checked by their geometry; each node is in exactly one box. */
#include "picture.h"

static const char *const networks[] = {"rbf",      "mlp",         "lenet", "vgg11",     "resnet18",
                                       "resnet50", "densenet121", "unet",  "inception", "lstm-classifier",
                                       "seq2seq",  "transformer", "gan",   "vae",       "siamese"};
enum { NETWORKS = sizeof networks / sizeof *networks };

TestSuite(gallery, .init = make_folder, .fini = remove_folder);

static void draw(const char *network, const char *options)
{
    expect_fine(dotgrad("draw '%s/../tools/examples/gallery/%s.dot' %s -o x.svg", getenv("TESTS"), network, options));
}

Test(gallery, every_network_is_on_one_page_with_text_of_six_points)
{
    for (int k = 0; k < NETWORKS; k++) {
        draw(networks[k], "");
        read_svg("x.svg");
        expect_one_page(networks[k]);
    }
}

Test(gallery, derivatives_and_steps_are_on_one_page_and_nothing_overlaps)
{
    static const char *const views[] = {"backward", "joint", "step"};
    int faults = 0;
    for (int k = 0; k < NETWORKS; k++)
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
    cr_expect_not_null(strstr(run.err, "still larger than the page"), "%s", run.err);
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
    for (size_t k = 0; k < sizeof few / sizeof *few; k++) {
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
    static const char *const options[] = {"", "--rankdir LR", "--parameters", "--names"};
    int faults = 0;
    for (int k = 0; k < NETWORKS; k++)
        for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
            char what[80];
            snprintf(what, sizeof what, "%s %s", networks[k], options[i]);
            draw(networks[k], options[i]);
            faults += check_picture(what, "x.svg");
        }
    cr_expect_eq(faults, 0);
}

/* "1,234" behind each ">" or "· " before " parameters<", by ×K of the modules around is what summary says: here for the
 * picture that folds nothing. */
Test(gallery, parameters_are_those_of_the_summary)
{
    static char text[1 << 22];
    for (int k = 0; k < NETWORKS; k++) {
        long long sum = 0, all = -1;
        draw(networks[k], "--level op --fold off --page none");
        read_text("x.svg", text, sizeof text);
        for (const char *at = text; (at = strstr(at, " parameter")); at++) {
            const char *begin = at, *end = at + strlen(" parameter");
            long long number = 0;
            end += *end == 's';
            while (begin[-1] == ',' || (begin[-1] >= '0' && begin[-1] <= '9'))
                begin--;
            for (const char *c = begin; c < at; c++)
                number = *c == ',' ? number : 10 * number + *c - '0';
            if (strncmp(end, " · ", 4) == 0 && all < 0)
                all = number;
            else if (strncmp(end, "</text>", 7) == 0 && begin < at)
                sum += number;
        }
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

/* Unfolded, each node of the file is one box, named once. */
Test(gallery, each_node_is_in_one_box)
{
    char command[600];
    for (int k = 0; k < NETWORKS; k++) {
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
