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
