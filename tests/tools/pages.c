/* What is done until a network fits a page: what repeats is folded, what is too high cut into columns, and of modules
 * that are alike one is shown. */
#include "picture.h"

TestSuite(pages, .init = make_folder, .fini = remove_folder);

static char file[1 << 16];
static char *to;

static void begin(const char *attributes)
{
    to = file + sprintf(file, "digraph net { graph [%s];\n", attributes);
}

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    to += vsnprintf(to, (size_t)(file + sizeof file - to), format, values);
    va_end(values);
}

/* Draws it: what it said. */
static const char *draw_net(void)
{
    static outcome run;
    put("}\n");
    write_text("net.dot", file);
    run = dotgrad("draw net.dot -o net.svg");
    expect_fine(run);
    cr_expect_eq(check_picture("net", "net.svg"), 0);
    expect_one_page("net");
    return run.err;
}

static bool shows(const char *words)
{
    static char text[1 << 22];
    read_text("net.svg", text, sizeof text);
    return strstr(text, words);
}

/* Blocks that are unlike, and no modules: there is nothing to fold and nothing to close. */
Test(pages, what_is_too_high_is_cut_into_columns)
{
    static const char *const acts[] = {"relu", "gelu", "silu",    "mish",     "elu",      "tanh",
                                       "selu", "celu", "sigmoid", "softplus", "softsign", "hardtanh"};
    begin("output=y");
    put("x [op=\"input([N, 16])\"];");
    for (int k = 0; k < 12; k++) {
        put("n%d [op=layer_norm]; u%d [op=\"linear(%d)\"]; a%d [op=%s]; d%d [op=\"linear(16)\"];", k, k, 16 + 8 * k, k,
            acts[k], k);
        put("p%d [op=\"dropout(0.%d)\"]; s%d [op=add];", k, k % 9 + 1, k);
        if (k)
            put("s%d -> n%d; s%d -> s%d;", k - 1, k, k - 1, k);
        else
            put("x -> n0; x -> s0;");
        put("n%d -> u%d -> a%d -> d%d -> p%d -> s%d;\n", k, k, k, k, k, k);
    }
    put("y [op=\"linear(3)\"]; s11 -> y;");
    const char *said = draw_net();
    cr_expect_not_null(strstr(said, "in 2 columns"), "%s", said);
    for (size_t k = 0; k < sizeof acts / sizeof *acts; k++)
        cr_expect(shows(acts[k]), "%s", acts[k]);
    outcome across = dotgrad("draw net.dot --rankdir LR -o net.svg");
    cr_expect_not_null(strstr(across.err, "rows"), "%s", across.err);
    cr_expect_eq(check_picture("net across", "net.svg"), 0);
    expect_one_page("net across");
}

/* Inverted residuals of growing width, two kinds of them: as MobileNet has. */
Test(pages, of_modules_that_are_alike_one_is_shown)
{
    int width = 16;
    begin("output=y");
    put("x [op=\"input([N, 3, 64, 64])\"]; s0 [op=\"conv2d(16, kernel_size=3, padding=1)\"]; x -> s0;");
    for (int k = 1; k <= 21; k++) {
        bool is_wider = k % 4 == 1 || k == 7;
        int before = width;
        width += is_wider ? 8 * k : 0;
        put("subgraph cluster_block%d { e%d [op=\"conv2d(%d, kernel_size=1)\"]; n%d [op=batch_norm]; a%d [op=relu6];",
            k, k, 6 * before, k, k);
        put("d%d [op=\"conv2d(%d, kernel_size=3, padding=1, groups=%d)\"]; m%d [op=batch_norm]; b%d [op=relu6];", k,
            6 * before, 6 * before, k, k);
        put("p%d [op=\"conv2d(%d, kernel_size=1)\"]; %s%d [op=batch_norm]; }\n", k, width, is_wider ? "s" : "q", k);
        if (!is_wider)
            put("subgraph cluster_block%d { s%d [op=add]; } q%d -> s%d; s%d -> s%d;", k, k, k, k, k - 1, k);
        put("s%d -> e%d -> n%d -> a%d -> d%d -> m%d -> b%d -> p%d -> %s%d;\n", k - 1, k, k, k, k, k, k, k,
            is_wider ? "s" : "q", k);
    }
    put("g [op=\"adaptive_avg_pool2d(1)\"]; f [op=flatten]; y [op=\"linear(10)\"]; s21 -> g -> f -> y;");
    const char *said = draw_net();
    cr_expect_not_null(strstr(said, "modules closed that are like one before"), "%s", said);
    cr_expect(shows("like block1 ·"));
    cr_expect(shows(">relu6<")); /* one that is open */
}

static void put_attention(const char *name, int k)
{
    put("%sq%d [op=\"linear(32)\"]; %sk%d [op=\"linear(32)\"]; %sv%d [op=\"linear(32)\"];", name, k, name, k, name, k);
    put("%sa%d [op=scaled_dot_product_attention]; %ss%d [op=add]; %sn%d [op=layer_norm];", name, k, name, k, name, k);
}

static void wire_attention(const char *name, int k, const char *query, const char *key)
{
    put("%s -> %sq%d; %s -> %sk%d; %s -> %sv%d;", query, name, k, key, name, k, key, name, k);
    put("%sq%d -> %sa%d [arg=query]; %sk%d -> %sa%d [arg=key]; %sv%d -> %sa%d [arg=value];", name, k, name, k, name, k,
        name, k, name, k, name, k);
    put("%s -> %ss%d; %sa%d -> %ss%d -> %sn%d;\n", query, name, k, name, k, name, k, name, k);
}

/* All layers of the decoder read what the encoder gives, the last one for the last time. */
Test(pages, layers_of_a_decoder_fold_as_those_of_its_encoder)
{
    char before[20] = "si";
    begin("output=y");
    put("source [op=\"input([N, 9, 32])\"]; target [op=\"input([N, 7, 32])\"];"
        "si [op=\"linear(32)\"]; ti [op=\"linear(32)\"]; source -> si; target -> ti;");
    for (int k = 0; k < 4; k++) {
        put("subgraph cluster_encoder%d {", k);
        put_attention("e", k);
        put("eu%d [op=\"linear(64)\"]; er%d [op=relu]; ed%d [op=\"linear(32)\"]; et%d [op=add]; }", k, k, k, k);
        wire_attention("e", k, before, before);
        put("en%d -> eu%d -> er%d -> ed%d -> et%d; en%d -> et%d;\n", k, k, k, k, k, k, k);
        sprintf(before, "et%d", k);
    }
    strcpy(before, "ti");
    for (int k = 0; k < 4; k++) {
        char middle[20];
        put("subgraph cluster_decoder%d {", k);
        put_attention("d", k);
        put_attention("c", k);
        put("}\n");
        sprintf(middle, "dn%d", k);
        wire_attention("d", k, before, before);
        wire_attention("c", k, middle, "et3");
        sprintf(before, "cn%d", k);
    }
    put("y [op=\"linear(9)\"]; cn3 -> y;");
    draw_net();
    cr_expect(shows("encoder0…3 ×4"));
    cr_expect(shows("decoder0…3 ×4"));
}

/* A value leaves the module and comes back to it: closed, it reads what comes of it. */
Test(pages, a_closed_module_may_read_what_comes_of_it)
{
    begin("output=y");
    put("x [op=\"input([N, 4])\"]; subgraph cluster_a { a [op=relu]; c [op=tanh]; d [op=silu]; } b [op=gelu]; e "
        "[op=elu];"
        "y [op=\"linear(2)\"]; x -> a -> b -> c -> e -> d -> y;}");
    write_text("net.dot", file);
    for (int k = 0; k < 2; k++) {
        expect_fine(dotgrad("draw net.dot --depth 1 -o net.%s", k ? "txt" : "svg"));
        cr_expect(k || shows("module a"));
    }
    expect_fine(dotgrad("draw net.dot --depth 1 --level stack --fold sizes -o net.html"));
}

/* Each layer hands on two values, its own and the sum of all skips; what the last one hands on is not read. */
Test(pages, layers_that_hand_on_two_values_fold)
{
    begin("output=y");
    put("x [op=\"input([N, 8, 100])\"]; s0 [op=\"conv1d(8, kernel_size=1)\"]; x -> s0;"
        "w [op=\"conv1d(4, kernel_size=1)\"]; s0 -> w; t0 [op=relu]; w -> t0;");
    for (int k = 1; k <= 8; k++) {
        put("subgraph cluster_layer%d { f%d [op=\"conv1d(8, kernel_size=3, dilation=%d, padding=%d)\"]; h%d [op=tanh];",
            k, k, 1 << k, 1 << k, k);
        put("g%d [op=\"conv1d(8, kernel_size=3, dilation=%d, padding=%d)\"]; i%d [op=sigmoid]; m%d [op=mul];", k,
            1 << k, 1 << k, k, k);
        put("k%d [op=\"conv1d(4, kernel_size=1)\"]; r%d [op=\"conv1d(8, kernel_size=1)\"]; s%d [op=add]; }", k, k, k);
        put("t%d [op=add]; s%d -> f%d -> h%d; s%d -> g%d -> i%d; h%d -> m%d; i%d -> m%d; m%d -> k%d; m%d -> r%d;", k,
            k - 1, k, k, k - 1, k, k, k, k, k, k, k, k, k, k);
        put("r%d -> s%d; s%d -> s%d; t%d -> t%d; k%d -> t%d;\n", k, k, k - 1, k, k - 1, k, k, k);
    }
    put("y [op=\"conv1d(5, kernel_size=1)\"]; t8 -> y;");
    draw_net();
    cr_expect(shows("dilation 4|8|16|32|64|128"));
}

/* A recurrent network by hand: each step reads its piece of the input before the state comes. */
Test(pages, steps_that_are_written_out_fold)
{
    begin("output=y");
    put("x [op=\"input([N, 90])\"]; u [op=\"parameter([16, 9])\"]; w [op=\"parameter([16, 16])\"];");
    for (int k = 0; k < 10; k++) {
        put("c%d [op=\"slice(dim=1, start=%d, end=%d)\"]; a%d [op=\"linear(bias=false)\"]; h%d [op=tanh];", k, 9 * k,
            9 * k + 9, k, k);
        put("x -> c%d -> a%d; u -> a%d [arg=weight];", k, k, k);
        if (k)
            put("b%d [op=\"linear(bias=false)\"]; s%d [op=add]; h%d -> b%d; w -> b%d [arg=weight]; a%d -> s%d; b%d -> "
                "s%d;"
                "s%d -> h%d;\n",
                k, k, k - 1, k, k, k, k, k, k, k, k);
        else
            put("a0 -> h0;");
    }
    put("y [op=\"linear(2)\"]; h9 -> y;");
    draw_net();
    cr_expect(shows("×9"));
    cr_expect(shows("start 9|18|27"));
}

/* A name that finds no room beside the wires through its module loses its end. */
Test(pages, nothing_runs_through_the_name_of_a_module)
{
    begin("output=y, loss=l");
    put("x [op=\"input([N, 4])\"]; t [op=\"input([N, 4])\"]; y [op=\"linear(4)\"]; l [op=mse_loss];"
        "subgraph cluster_what_stands_in_this_module_is_far_less_than_what_its_name_says { f [op=tanh]; }"
        "x -> f -> y -> l; t -> l [arg=target];}");
    write_text("net.dot", file);
    expect_fine(dotgrad("draw net.dot --view joint -o net.svg"));
    cr_expect_eq(check_picture("net", "net.svg"), 0);
}

/* A sum of experts, each of which takes another weight. */
Test(pages, experts_fold)
{
    begin("output=y");
    put("x [op=\"input([N, 8])\"]; g [op=\"linear(12)\"]; p [op=\"softmax(dim=1)\"]; x -> g -> p;");
    for (int k = 0; k < 12; k++) {
        put("subgraph cluster_expert%d { u%d [op=\"linear(32)\"]; a%d [op=gelu]; d%d [op=\"linear(8)\"]; }", k, k, k,
            k);
        put("w%d [op=\"slice(dim=1, start=%d, end=%d)\"]; m%d [op=mul]; x -> u%d -> a%d -> d%d -> m%d; p -> w%d -> "
            "m%d;",
            k, k, k + 1, k, k, k, k, k, k, k);
        if (k)
            put("s%d [op=add]; %s%d -> s%d; m%d -> s%d;\n", k, k > 1 ? "s" : "m", k - 1, k, k, k);
    }
    put("y [op=\"linear(3)\"]; s11 -> y;");
    draw_net();
    cr_expect(shows("×11"));
    cr_expect(shows("start 1|2|3|4|5|6|7|8|9|10|11"));
}

/* What a row says of a layer's gradients is broken between its parts. */
Test(pages, no_line_of_a_label_ends_where_a_part_is_to_follow)
{
    begin("loss=l, output=y");
    put("x [op=\"input([N, 9, 32])\"]; t [op=\"input([N, 9, 8])\"]; a [op=\"multihead_attention(32, 4)\"];"
        "d [op=dropout]; y [op=\"linear(8)\"]; l [op=mse_loss]; x -> a -> d -> y -> l; t -> l [arg=target];");
    draw_net();
    expect_fine(dotgrad("draw net.dot --view step --level stack -o net.svg"));
    cr_expect(shows("∂in_proj_weight"));
    cr_expect_eq(check_picture("net, a step", "net.svg"), 0);
}

/* Frames that are no module of the network's: of two parts, and of more. */
Test(pages, a_fold_says_what_it_repeats)
{
    begin("output=y");
    put("x [op=\"input([N, 8])\"]; y [op=\"linear(3)\"];");
    for (int k = 0; k < 4; k++)
        put("u%d [op=\"linear(8)\"]; r%d [op=relu]; %s%d -> u%d -> r%d;", k, k, k ? "r" : "x", k - 1 + !k, k, k);
    for (int k = 0; k < 3; k++)
        put("n%d [op=layer_norm]; p%d [op=\"linear(8)\"]; g%d [op=gelu]; %s%d -> n%d -> p%d -> g%d;", k, k, k,
            k ? "g" : "r", k ? k - 1 : 3, k, k, k);
    put("x0 [op=tanh]; x -> x0; g2 -> y;");
    draw_net();
    expect_fine(dotgrad("draw net.dot --fold exact -o net.svg"));
    cr_expect(shows(">u0…3, r0…3<") && shows(">×4<"));
    cr_expect(shows(">n0 … g2<") && shows(">×3<"));
    cr_expect_eq(check_picture("net, folded", "net.svg"), 0);
}

/* Stages of 3, 4, 6 and 3 blocks fold in two ways, one in the other: a name goes from the first to the last of all that
 * it stands for. */
Test(pages, names_of_folds_in_folds_are_plain)
{
    static const int counts[] = {3, 4, 6, 3};
    char before[20] = "x";
    begin("output=y");
    put("x [op=\"input([N, 8, 9, 9])\"]; y [op=\"conv2d(3, 1)\"];");
    for (int stage = 1; stage <= 4; stage++)
        for (int k = 0; k < counts[stage - 1]; k++) {
            put("subgraph \"cluster_s%d.%d\" { c%d_%d [op=\"conv2d(%d, 1)\"]; %s%d_%d [op=%s];", stage, k, stage, k,
                8 << stage, k ? "n" : "d", stage, k, k ? "batch_norm" : "tanh");
            put("a%d_%d [op=%s]; } %s -> c%d_%d -> %s%d_%d -> a%d_%d;\n", stage, k, k ? "add" : "relu", before, stage,
                k, k ? "n" : "d", stage, k, stage, k);
            if (k)
                put("%s -> a%d_%d;\n", before, stage, k);
            snprintf(before, sizeof before, "a%d_%d", stage, k);
        }
    put("%s -> y;", before);
    draw_net();
    expect_fine(dotgrad("draw net.dot --fold sizes -o net.svg"));
    cr_expect(shows(">s2.1…3.5<"));
    cr_expect_eq(check_picture("net, folded", "net.svg"), 0);
}

/* Which value goes where, in the words of what is inside. */
Test(pages, a_closed_module_says_what_enters_it)
{
    begin("output=y");
    put("x [op=\"input([N, 4])\"]; z [op=\"input([N, 4])\"]; subgraph cluster_up1 { up1_act [op=relu];"
        "up1_cat [op=\"cat(dim=1)\"]; up1_out [op=tanh]; } y [op=\"linear(3)\"];"
        "x -> up1_act -> up1_cat; z -> up1_cat -> up1_out -> y;");
    draw_net();
    expect_fine(dotgrad("draw net.dot --close up1 -o net.svg"));
    cr_expect(shows("→ arg 1 of cat<"));
    cr_expect_not(shows("up1_cat.arg"));
}

/* From left to right a step's derivatives are told in the network's boxes, and what is too long is cut, both arms at
 * once. */
Test(pages, a_u_is_cut_where_nothing_else_fits)
{
    outcome run =
        dotgrad("draw '%s/../tools/examples/gallery/unet.dot' --view step --rankdir LR -o net.svg", getenv("TESTS"));
    expect_fine(run);
    cr_expect_not_null(strstr(run.err, "rows"), "%s", run.err);
    cr_expect_eq(check_picture("a step of a U", "net.svg"), 0);
    expect_one_page("a step of a U");
}

/* The nodes that are seen, and those that boxes of several say that they stand for. */
static long count_nodes(void)
{
    static char text[1 << 22];
    long sum = 0;
    read_text("net.svg", text, sizeof text);
    for (const char *at = text; (at = strstr(at, "role=\"graphics-symbol\" aria-label=\"")); at++)
        sum += strncmp(strchr(at, ' '), " aria-label=\"module part ", 25) != 0;
    for (const char *at = text; (at = strstr(at, ", again\"")); at++)
        sum--; /* an input once more, where its readers are far apart */
    for (const char *at = text; (at = strstr(at, "<text")); at++) {
        char *end;
        long number = strtol(strchr(at, '>') + 1, &end, 10);
        sum += strncmp(end, " nodes<", 7) == 0 ? number : 0;
    }
    return sum;
}

/* Anything reads anything before it, or what is near: no modules, nothing repeats. Each node is in one part, or has its
 * own box. */
Test(pages, a_random_graph_is_grouped_in_parts)
{
    static const char *const ops[] = {"tanh", "relu", "silu", "linear(8)", "gelu", "add", "mul", "sub", "maximum"};
    enum { NODES = 200 };
    unsigned random = 1;
    for (int window = 12; window <= NODES; window += NODES - 12) {
        begin("output=n199, loss=loss");
        put("n0 [op=\"input([N, 8])\"]; y [op=\"input([N, 8])\"]; loss [op=mse_loss]; n199 -> loss;"
            "y -> loss [arg=target];");
        for (int k = 1; k < NODES; k++) {
            int near = k < window ? k : window, one, other;
            one = k - 1 - (int)((random = random * 1664525 + 1013904223) >> 8) % near;
            other = k - 1 - (int)((random = random * 1664525 + 1013904223) >> 8) % near;
            random = random * 1664525 + 1013904223;
            put("n%d [op=\"%s\"]; n%d -> n%d;", k, ops[(random >> 8) % (one == other ? 5 : 9)], one, k);
            if ((random >> 8) % (one == other ? 5 : 9) >= 5)
                put("n%d -> n%d;", other, k);
            put("\n");
        }
        const char *said = draw_net();
        cr_expect_not_null(strstr(said, "nodes grouped in "), "%s", said);
        cr_expect_eq(count_nodes(), NODES + 2, "window %d: %ld nodes", window, count_nodes());
        for (int step = 0; step < 2 && window < NODES; step++) {
            outcome run = dotgrad("draw net.dot %s -o net.svg", step ? "--view step" : "--rankdir LR");
            expect_fine(run);
            cr_expect_eq(check_picture(step ? "step" : "LR", "net.svg"), 0);
            expect_one_page(step ? "step" : "LR");
        }
    }
}

/* Wires that are longer than all boxes together: it was refused as too large to be laid out. */
Test(pages, a_large_random_graph_is_grouped_in_parts)
{
    enum { NODES = 1200 };
    unsigned random = 1;
    begin("output=n1199");
    put("n0 [op=\"input([N, 8])\"];");
    for (int k = 1; k < NODES; k++) {
        random = random * 1664525 + 1013904223;
        put("n%d [op=add]; n%d -> n%d; n%d -> n%d;", k, k - 1, k, (int)((random >> 8) % (unsigned)k), k);
    }
    const char *said = draw_net();
    cr_expect_not_null(strstr(said, "nodes grouped in "), "%s", said);
    cr_expect_eq(count_nodes(), NODES, "%ld nodes", count_nodes());
}

/* What is particular in an attention U-Net is its gate (Oktay et al. 2018): it is shown once, where both arms, which
 * are chains of convolutions, are closed. */
Test(pages, of_an_attention_unet_a_gate_is_shown)
{
    begin("output=y");
    put("p0 [op=\"input([N, 1, 64, 64])\"];");
    for (int k = 1; k <= 4; k++) {
        put("subgraph cluster_enc%d { a%d [op=\"conv2d(%d, 3, padding=1)\"]; b%d [op=batch_norm]; e%d [op=relu]; }", k,
            k, 8 << k, k, k);
        put("p%d [op=\"max_pool2d(2)\"]; p%d -> a%d -> b%d -> e%d -> p%d;\n", k, k - 1, k, k, k, k);
    }
    put("d5 [op=\"conv2d(256, 3, padding=1)\"]; p4 -> d5; y [op=\"conv2d(1, 1)\"]; d1 -> y;");
    for (int k = 4; k >= 1; k--) {
        put("u%d [op=\"conv_transpose2d(%d, 2, stride=2)\"]; subgraph cluster_gate%d { g%d [op=\"conv2d(%d, 1)\"];", k,
            8 << k, k, k, 4 << k);
        put("s%d [op=\"conv2d(%d, 1)\"]; i%d [op=add]; r%d [op=relu]; q%d [op=\"conv2d(1, 1)\"]; h%d [op=sigmoid];", k,
            4 << k, k, k, k, k);
        put("m%d [op=mul]; } c%d [op=\"cat(dim=1)\"]; subgraph cluster_dec%d { v%d [op=\"conv2d(%d, 3, padding=1)\"];",
            k, k, k, k, 8 << k);
        put("n%d [op=batch_norm]; d%d [op=relu]; } d%d -> u%d -> g%d -> i%d -> r%d -> q%d -> h%d -> m%d;", k, k, k + 1,
            k, k, k, k, k, k, k);
        put("e%d -> s%d -> i%d; e%d -> m%d -> c%d; u%d -> c%d -> v%d -> n%d -> d%d;\n", k, k, k, k, k, k, k, k, k, k,
            k);
    }
    const char *said = draw_net();
    cr_expect_not_null(strstr(said, "modules closed that are like one before or without branches"), "%s", said);
    cr_expect(shows(">sigmoid<"));
    cr_expect(shows("like gate"));
    expect_fine(dotgrad("draw net.dot --rankdir LR -o net.svg"));
    cr_expect_eq(check_picture("LR", "net.svg"), 0);
    expect_one_page("LR");
}

/* Dilated convolutions side by side, in a module (Chen et al. 2018): what the network is about is not closed for being
 * wide. */
Test(pages, branches_side_by_side_are_stacks_with_narrow_rows)
{
    begin("output=y");
    put("x [op=\"input([N, 3, 32, 32])\"]; s [op=\"conv2d(128, 3, padding=1)\"]; sb [op=batch_norm]; sr [op=relu];"
        "x -> s -> sb -> sr; c [op=\"cat(dim=1)\"]; p [op=\"conv2d(64, 1)\"]; b [op=batch_norm]; r [op=relu];"
        "d [op=\"dropout(0.5)\"]; y [op=\"conv2d(21, 1)\"]; c -> p -> b -> r -> d -> y; subgraph cluster_pyramid {");
    for (int k = 0; k < 5; k++)
        for (int turn = 0; turn < 2; turn++)
            put("c%d%d [op=\"conv2d(64, 3, padding=%d, dilation=%d)\"]; b%d%d [op=batch_norm]; r%d%d [op=relu];", k,
                turn, 3 * k + 1, 3 * k + 1, k, turn, k, turn);
    put("}");
    for (int k = 0; k < 5; k++)
        put("sr -> c%d0 -> b%d0 -> r%d0 -> c%d1 -> b%d1 -> r%d1 -> c;", k, k, k, k, k, k);
    const char *said = draw_net();
    cr_expect_not_null(strstr(said, "chains stacked with details on lines of their own"), "%s", said);
    cr_expect_null(strstr(said, "closed"), "%s", said);
    cr_expect(shows("dilation 13"));
}

/* The n-th network of PointNet that turns its points (Qi et al. 2017), and what follows; reads `from`. */
static void put_turn(int n, const char *from, int size)
{
    static const int widths[] = {64, 128, 1024, 512, 256};
    put("subgraph cluster_turn%d {", n);
    for (int k = 0; k < 5; k++)
        put("t%d%d [op=\"%s%d%s\"]; n%d%d [op=batch_norm]; r%d%d [op=relu];", n, k, k < 3 ? "conv1d(" : "linear(",
            widths[k], k < 3 ? ", kernel_size=1)" : ")", n, k, n, k);
    put("max%d [op=\"amax(dim=2)\"]; m%d [op=\"linear(%d)\"]; q%d [op=\"reshape([N, %d, %d])\"]; e%d [op=\"eye(%d)\"];"
        "s%d [op=add]; }",
        n, n, size * size, n, size, size, n, size, n);
    put("a%d [op=\"permute([0, 2, 1])\"]; u%d [op=matmul]; b%d [op=\"permute([0, 2, 1])\"]; f%d [op=\"conv1d(64, "
        "kernel_size=1)\"]; g%d [op=relu]; h%d [op=\"conv1d(64, kernel_size=1)\"]; i%d [op=relu];",
        n, n, n, n, n, n, n);
    put("%s -> t%d0; %s -> a%d; m%d -> q%d -> s%d; e%d -> s%d; a%d -> u%d; s%d -> u%d [arg=other];", from, n, from, n,
        n, n, n, n, n, n, n, n, n);
    for (int k = 0; k < 5; k++)
        put("t%d%d -> n%d%d -> r%d%d -> %s%d%.*s;", n, k, n, k, n, k,
            k == 2   ? "max"
            : k == 4 ? "m"
                     : "t",
            n, k == 2 || k == 4 ? 0 : 1, &"12345"[k]);
    put("max%d -> t%d3; u%d -> b%d -> f%d -> g%d -> h%d -> i%d;", n, n, n, n, n, n, n, n);
}

Test(pages, wires_leave_a_column_and_come_into_the_next_straight)
{
    int around = 0;
    begin("output=y");
    put("x [op=\"input([N, 3, 1024])\"]; all [op=\"amax(dim=2)\"]; y [op=\"linear(40)\"];");
    put_turn(0, "x", 3);
    put_turn(1, "i0", 64);
    put("i1 -> all -> y;");
    const char *said = draw_net();
    cr_expect_not_null(strstr(said, "in 2 columns"), "%s", said);
    for (int first = 0, end; first < p.n_pieces; first = end) {
        bool rises = false;
        for (end = first; end < p.n_pieces && p.pieces[end].group == p.pieces[first].group; end++)
            rises |= p.pieces[end].y1 < p.pieces[end].y0 - 1;
        const piece *begins = &p.pieces[first], *ends = &p.pieces[end - 1];
        if (!rises)
            continue;
        around++;
        cr_expect_float_eq(begins->x1, begins->x0, 0.1);
        cr_expect_float_eq(ends->x1, ends->x0, 0.1);
    }
    cr_expect_eq(around, 2);
}

/* block0…2 would be block1, too. */
Test(pages, copies_that_do_not_follow_on_each_other_are_no_range)
{
    begin("output=y");
    put("x [op=\"input([N, 8])\"]; y [op=\"linear(2)\"]; x -> a0; b3 -> y;");
    for (int k = 0; k < 4; k++)
        put("subgraph cluster_block%d { a%d [op=\"linear(8)\"]; b%d [op=%s]; } a%d -> b%d;", k, k, k,
            k % 2 ? "tanh" : "relu", k, k);
    put("b0 -> a1; b1 -> a2; b2 -> a3;");
    draw_net();
    expect_fine(dotgrad("draw net.dot --fold exact --level op -o net.svg"));
    cr_expect(shows(">block0|2<"));
    cr_expect(shows(">block1|3<"));
}
