/* Text by trained networks: steps against the whole sequence, sampling, and what is refused. */
#include "command.h"

#include <dotgrad/dotgrad.h>
#include <dotgrad/model.h>
#include <math.h>

#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        dg_status status_ = (call);                                                                                    \
        cr_assert_eq(status_.code, DG_OK, "%s", status_.message);                                                      \
    } while (0)

/* A graph of a language model: `body` leads from `embed` [N, T, 8] to `last` [N, T, 8]. */
static void write_net(const char *name, const char *length, const char *body)
{
    char text[4000];
    snprintf(text, sizeof text,
             "digraph { graph [data=\"text('t.txt', length=12, stride=6)\", epochs=2, batch_size=8, "
             "optimizer=\"adam(lr=0.02)\", loss=loss, output=scores];\n"
             "  tokens [op=\"input([N, %s], dtype=int64)\"]; next [op=\"input([N, %s], dtype=int64)\"];\n"
             "  embed [op=\"embedding(VOCAB, 8)\"]; tokens -> embed;\n  %s\n"
             "  scores [op=\"linear(VOCAB)\"]; classes [op=\"transpose(1, 2)\"]; loss [op=cross_entropy];\n"
             "  last -> scores -> classes -> loss; next -> loss [arg=target]; }\n",
             length, length, body);
    write_text(name, text);
}

static void begin(void)
{
    char text[1200] = "";
    make_folder();
    for (int k = 0; k < 30; k++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d times the cat sat on é.\n", k * 7 % 10);
    write_text("t.txt", text);
    write_text("cell.dot", "digraph { graph [output=next_h]; x [op=\"input([N, 8])\"]; h [op=\"input([N, 8])\"];\n"
                           "  a [op=\"linear(8)\"]; b [op=\"linear(8)\"]; next_h [op=\"expr(tanh(u + v))\"];\n"
                           "  x -> a; h -> b; a -> next_h [arg=u]; b -> next_h [arg=v]; }\n");
}

TestSuite(generate, .init = begin, .fini = remove_folder);

static const struct {
    const char *name, *length, *body;
    int limit; /* places, where the network takes no more */
} nets[] = {
    {"lstm", "T", "last [op=\"lstm(8, num_layers=2)\"]; embed -> last;", 0},
    {"large lstm", "T", "wide [op=\"lstm(200)\"]; last [op=\"linear(8)\"]; embed -> wide -> last;", 0},
    {"gru", "12", "last [op=\"gru(8)\"]; embed -> last;", 12},
    {"rnn", "T", "last [op=\"rnn(8, nonlinearity=relu)\"]; norm [op=layer_norm]; embed -> norm -> last;", 0},
    {"rnn time first", "T",
     "turn [op=\"transpose(0, 1)\"]; r [op=\"rnn(8, batch_first=false)\"]; last [op=\"transpose(0, 1)\"];"
     "embed -> turn -> r -> last;",
     0},
    {"transformer", "12",
     "places [op=\"parameter([12, 8], init=normal(0, 0.3))\"]; placed [op=add];"
     "b1 [op=\"transformer_encoder_layer(8, 2, dim_feedforward=16, norm_first=true, is_causal=true)\"];"
     "last [op=\"transformer_encoder_layer(8, 4, dim_feedforward=16, is_causal=true)\"];"
     "embed -> placed; places -> placed; placed -> b1 -> last;",
     12},
    {"attention with places", "T",
     "t [op=\"arange_like(dim=1)\"]; p [op=\"to(float32)\"]; "
     "wave2 [op=\"expr(y + 0.5 * sin(reshaped))\"]; r [op=\"unsqueeze(-1)\"];"
     "last [op=\"multihead_attention(8, 2, is_causal=true)\"]; embed -> t -> p -> r;"
     "r -> wave2 [arg=reshaped]; embed -> wave2 [arg=y]; wave2 -> last;",
     0},
    {"heads by hand", "12",
     "q [op=\"linear(8)\"]; k [op=\"linear(8)\"]; v [op=\"linear(8)\"];"
     "qh [op=\"reshape([N, 12, 2, 4])\"]; kh [op=\"reshape([N, 12, 2, 4])\"]; vh [op=\"reshape([N, 12, 2, 4])\"];"
     "qf [op=\"permute([0, 2, 1, 3])\"]; kf [op=\"permute([0, 2, 1, 3])\"]; vf [op=\"permute([0, 2, 1, 3])\"];"
     "att [op=\"scaled_dot_product_attention(is_causal=true)\"]; back [op=\"permute([0, 2, 1, 3])\"];"
     "last [op=\"reshape([N, 12, 8])\"]; embed -> q -> qh -> qf -> att; embed -> k -> kh -> kf -> att;"
     "embed -> v -> vh -> vf -> att -> back -> last;",
     12},
    {"scan", "12", "last [op=\"scan('cell.dot')\"]; embed -> last;", 12},
    {"shift", "T",
     "s [op=time_shift]; both [op=\"cat(dim=2)\"]; last [op=\"linear(8)\"]; embed -> both; embed -> s -> both -> last;",
     0},
};
enum { NETS = sizeof nets / sizeof *nets };

static void train(const char *name, const char *length, const char *body)
{
    write_net("net.dot", length, body);
    outcome run = dotgrad("train net.dot -o run --force --no-pictures");
    cr_assert_eq(run.status, 0, "%s: %s", name, run.err);
}

/* Both sum in other orders: float32 keeps 1e-5 of scores about 1. */
static void compare(const char *name, dg_stepper *steps, dg_stepper *whole, int count)
{
    const double *a, *b;
    int64_t token = 0, classes = dg_stepper_classes(steps);
    cr_assert_eq(classes, dg_stepper_classes(whole));
    for (int k = 0; k < count; k++) {
        MUST(dg_stepper_step(steps, token, &a));
        MUST(dg_stepper_step(whole, token, &b));
        for (int64_t c = 0; c < classes; c++)
            cr_assert_float_eq(a[c], b[c], 1e-5, "%s, step %d, class %d: %g and %g", name, k, (int)c, a[c], b[c]);
        MUST(dg_sample_token(a, classes, &(dg_sampling){.temperature = 1.5, .seed = 3}, (uint64_t)k, &token));
    }
}

static void open_both(dg_model *model, dg_graph_file *copy, dg_stepper **steps, dg_stepper **whole)
{
    dg_stepper_options options = {.graph = dg_model_file(model)->graph,
                                  .copy = copy->graph,
                                  .input = "tokens",
                                  .output = "scores",
                                  .parameters = (dg_tensors *)(uintptr_t)dg_model_parameters(model)};
    MUST(dg_stepper_new(&options, steps));
    options.copy = NULL;
    MUST(dg_stepper_new(&options, whole));
}

/* Beyond the places of a network that takes no more, both go on with the last half of the tokens; a recurrence need
 * not. */
Test(generate, steps_give_the_scores_of_the_whole_sequence)
{
    for (int k = 0; k < NETS; k++) {
        dg_model *model;
        dg_graph_file *copy;
        dg_stepper *steps, *whole;
        train(nets[k].name, nets[k].length, nets[k].body);
        MUST(dg_model_open("run", NULL, &model));
        MUST(dg_graph_read("net.dot", NULL, &copy));
        open_both(model, copy, &steps, &whole);
        cr_assert_null(dg_stepper_reason(steps), "%s: %s", nets[k].name, dg_stepper_reason(steps));
        cr_assert_not_null(dg_stepper_reason(whole));
        bool is_recurrent = strstr(nets[k].body, "gru") || strstr(nets[k].body, "scan");
        int count = nets[k].limit && is_recurrent ? nets[k].limit : 100;
        for (int again = 0; again < 2; again++) {
            compare(nets[k].name, steps, whole, count);
            dg_stepper_reset(steps);
            dg_stepper_reset(whole);
        }
        dg_stepper_free(steps);
        dg_stepper_free(whole);
        dg_graph_file_free(copy);
        dg_model_free(model);
    }
}

Test(generate, the_command_writes_the_same_text_by_steps_and_by_the_whole)
{
    train("lstm", nets[0].length, nets[0].body);
    outcome run = dotgrad("generate run --prompt '3 times é' --length 80 --seed 4");
    expect_fine(run);
    cr_assert_str_empty(run.err);
    cr_assert_eq(strncmp(run.out, "3 times é", 10), 0, "%s", run.out);
    outcome whole = dotgrad("generate run --prompt '3 times é' --length 80 --seed 4 --whole");
    cr_assert_str_eq(run.out, whole.out);
    outcome other = dotgrad("generate run --prompt '3 times é' --length 80 --seed 5");
    cr_assert_str_neq(run.out, other.out);
    outcome greedy = dotgrad("generate run --length 30 --temperature 0"),
            one = dotgrad("generate run --length 30 --top-k 1 --seed 9");
    expect_fine(greedy);
    cr_assert_str_eq(greedy.out, one.out);
}

Test(generate, a_trained_network_goes_on_as_the_text_does)
{
    write_net("net.dot", "T", "last [op=\"gru(64)\"]; embed -> last;");
    expect_fine(dotgrad("train net.dot -o run --epochs 60 --no-pictures"));
    outcome run = dotgrad("generate run --prompt '7 times' --length 19 --temperature 0");
    expect_fine(run);
    cr_assert_str_eq(run.out, "7 times the cat sat on é.\n");
}

Test(generate, looking_ahead_is_refused_or_computed_anew)
{
    train("both directions", "T", "b [op=\"lstm(4, bidirectional=true)\"]; last [op=identity]; embed -> b -> last;");
    outcome run = dotgrad("generate run --length 5");
    expect_fine(run);
    cr_assert_not_null(strstr(run.err, "the whole sequence is computed for each character"), "%s", run.err);
    train("no mask", "12", "last [op=\"multihead_attention(8, 2)\"]; embed -> last;");
    run = dotgrad("generate run --length 5");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "is_causal=true"), "%s", run.err);
    cr_assert_str_empty(run.out);
}

Test(generate, refuses_what_it_cannot_go_on_from)
{
    train("lstm", nets[0].length, nets[0].body);
    static const struct {
        const char *arguments, *words;
        int status;
    } cases[] = {{"run --prompt 'X'", "the character 'X' was not in the text of training; its 24 characters are", 1},
                 {"run --temperature -1", "is below 0", 2},
                 {"run --top-k 0", "top-k", 2},
                 {"run --length -3", "length", 2},
                 {"run --prompt \"$(printf '\\377')\"", "not UTF-8", 2},
                 {"none", "none", 1},
                 {"run --output embed", "characters", 1}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        outcome run = dotgrad("generate %s", cases[k].arguments);
        cr_assert_eq(run.status, cases[k].status, "%s: %s", cases[k].arguments, run.err);
        cr_assert_not_null(strstr(run.err, cases[k].words), "%s: %s", cases[k].arguments, run.err);
        cr_assert_str_empty(run.out);
    }
    write_text("p.csv", "a,b\n1,0\n2,1\n3,0\n4,1\n");
    write_text("p.dot", "digraph { graph [data=\"p.csv(test=0)\", epochs=1]; x [op=\"input([N, 1])\"];"
                        "t [op=\"input([N], dtype=int64)\"]; output [op=\"linear(2)\"]; loss [op=cross_entropy];"
                        "x -> output -> loss; t -> loss [arg=target]; }");
    expect_fine(dotgrad("train p.dot -o p"));
    outcome run = dotgrad("generate p");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "was not trained on a text"), "%s", run.err);
}

/* ---- sampling ---- */

Test(generate, tokens_are_drawn_by_the_softmax_of_their_scores)
{
    const double scores[] = {1, 3, 2, -INFINITY, 0.5};
    enum { DRAWS = 20000 };
    static const double temperatures[] = {0.5, 1, 2};
    for (int t = 0; t < 3; t++)
        for (int64_t top = 0; top <= 2; top += 2) {
            double counts[5] = {0}, sum = 0, chance[5];
            for (uint64_t step = 0; step < DRAWS; step++) {
                int64_t token;
                MUST(dg_sample_token(
                    scores, 5, &(dg_sampling){.temperature = temperatures[t], .top_k = top, .seed = 11}, step, &token));
                counts[token]++;
            }
            for (int k = 0; k < 5; k++)
                sum += chance[k] = top && scores[k] < 2 ? 0 : exp(scores[k] / temperatures[t]);
            for (int k = 0; k < 5; k++) { /* five standard deviations */
                double p = chance[k] / sum;
                cr_assert_float_eq(counts[k] / DRAWS, p, 5 * sqrt(p * (1 - p) / DRAWS) + 1e-12, "%d: %g", k, p);
            }
        }
}

Test(generate, sampling_refuses_scores_that_are_no_numbers)
{
    int64_t token;
    const double bad[] = {1, NAN}, good[] = {1, 2}, equal[] = {2, 2};
    cr_assert_eq(dg_sample_token(bad, 2, &(dg_sampling){0}, 0, &token).code, DG_NUMERIC);
    cr_assert_eq(dg_sample_token(good, 2, &(dg_sampling){.temperature = -1}, 0, &token).code, DG_BAD_ARGUMENT);
    cr_assert_eq(dg_sample_token(good, 2, &(dg_sampling){.top_k = -1}, 0, &token).code, DG_BAD_ARGUMENT);
    cr_assert_eq(dg_sample_token(good, 0, &(dg_sampling){0}, 0, &token).code, DG_BAD_ARGUMENT);
    MUST(dg_sample_token(good, 2, &(dg_sampling){0}, 0, &token));
    cr_assert_eq(token, 1);
    MUST(dg_sample_token(equal, 2, &(dg_sampling){0}, 0, &token));
    cr_assert_eq(token, 0);
}
