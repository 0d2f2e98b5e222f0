/* dotgrad summary: the table and its totals. */
#include "command.h"

#include <ctype.h>

static void make_files(void)
{
    make_folder();
    write_text("mlp.dot",
               "digraph mlp { graph [batch_size=16]; x [op=\"input([N, 64])\"]; fc [op=\"linear(100)\"]; act [op=relu];"
               " y [op=\"linear(10, bias=false)\"]; x -> fc -> act -> y; }\n");
    write_text("series.dot",
               "digraph g { x [op=\"input([N, T, 3])\"]; y [op=\"sum(dim=1)\"]; z [op=tanh]; x -> y; x -> z; }\n");
}

TestSuite(summary, .init = make_files, .fini = remove_folder);

static void expect_in(const outcome *run, const char *words)
{
    cr_assert_eq(run->status, 0, "%s", run->err);
    cr_assert_not_null(strstr(run->out, words), "'%s' is not in:\n%s", words, run->out);
}

Test(summary, counts_parameters_work_and_memory)
{
    outcome run = dotgrad("summary mlp.dot -b 2");
    expect_in(&run, "parameters  7,500 (30.0 kB), trainable 7,500\n");
    expect_in(&run, "6,500");
    expect_in(&run, "[N, 100]");
    expect_in(&run, "with N = 2\n");
    expect_in(&run, "800 B"); /* 2·100 floats */
    expect_in(&run, "512 B"); /* 2·64 floats */
    expect_in(&run, "arena");
}

static const char trained[] =
    "digraph g { graph [batch_size=16, optimizer=sgd]; x [op=\"input([N, 64])\"]; t [op=\"input([N, 10])\"];"
    " y [op=\"linear(10, bias=false)\"]; loss [op=mse_loss]; x -> y -> loss; t -> loss [arg=target]; }\n";

Test(summary, tells_what_a_training_step_takes_before_it_runs)
{
    write_text("trained.dot", trained);
    outcome run = dotgrad("summary trained.dot");
    expect_in(&run, "in a training step\n");
    expect_in(&run, "\nforward ");
    const char *training = strstr(run.out, "\ntraining ");
    cr_assert_not_null(training, "%s", run.out);
    expect_in(&run, "(8 B of it the optimizer's state)"); /* the number of steps */
    double arena = number_after(training, "training"), all = number_after(training, "arena,");
    /* 640 weights, inputs of 1024 and 160 floats, the learning rate and the number of steps */
    cr_expect_float_eq(1000 * all, 1000 * arena + 4 * (640 + 1024 + 160) + 16, 60, "%s", training);
    write_text("adam.dot", trained);
    cr_assert_eq(system("sed -i s/sgd/adam/ adam.dot"), 0);
    run = dotgrad("summary adam.dot");
    expect_in(&run, "(5.13 kB of it the optimizer's state)"); /* 2·640 floats and the steps */
}

/* Training holds the plans of both: weights of 640 and 1280, inputs of 1024, 160 and 320 floats, the learning rate;
 * Adam keeps 2·640 floats for the one, and each counts its steps. The other's turn is twice the work. */
Test(summary, of_several_losses_that_take_turns_all_count)
{
    write_text("turns.dot",
               "digraph g { graph [batch_size=16, loss=\"a_loss, b_loss\", optimizer=sgd];"
               " x [op=\"input([N, 64])\"]; s [op=\"input([N, 10])\"]; t [op=\"input([N, 20])\"];"
               " a [op=\"linear(10, bias=false)\"]; b [op=\"linear(20, bias=false)\"];"
               " a_loss [op=mse_loss, trains=a, optimizer=adam]; b_loss [op=mse_loss, trains=b];"
               " x -> a -> a_loss; x -> b -> b_loss; s -> a_loss [arg=target]; t -> b_loss [arg=target]; }\n");
    outcome run = dotgrad("summary turns.dot");
    expect_in(&run, "in a turn of 'a_loss', ");
    expect_in(&run, "in a turn of 'b_loss'\n");
    expect_in(&run, "in the plans' arenas");
    expect_in(&run, "(5.14 kB of it the optimizer's state)");
    const char *training = strstr(run.out, "\ntraining ");
    cr_assert_not_null(training, "%s", run.out);
    double arena = number_after(training, "training"), all = number_after(training, "arenas,");
    cr_expect_float_eq(1000 * all, 1000 * arena + 4 * (640 + 1280 + 1024 + 160 + 320) + 5136 + 8, 60, "%s", training);
    outcome one = dotgrad("summary turns.dot --loss a_loss"), other = dotgrad("summary turns.dot --loss b_loss");
    expect_in(&one, "in a training step\n");
    /* three digits each */
    double first = number_after(strstr(one.out, "\ntraining "), "training"),
           second = number_after(strstr(other.out, "\ntraining "), "training");
    cr_expect_float_eq(arena, first + second, 0.06, "%g: %g + %g", arena, first, second);
}

/* 640 weights: an average of them, sums of gradients to accumulate with their counter, and the number of steps. */
Test(summary, the_state_has_all_that_training_keeps)
{
    static const struct {
        const char *more, *state;
    } cases[] = {{"clip_norm=1", "(8 B of it"},
                 {"average=\"ema(decay=0.9)\"", "(2.57 kB of it"},
                 {"accumulate=2", "(2.58 kB of it"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[600];
        snprintf(text, sizeof text, "digraph { graph [%s, %s", cases[k].more, strstr(trained, "batch_size"));
        write_text("kept.dot", text);
        outcome run = dotgrad("summary kept.dot");
        expect_in(&run, cases[k].state);
    }
}

Test(summary, a_forward_pass_alone_has_no_line_for_training)
{
    outcome run = dotgrad("summary mlp.dot");
    expect_in(&run, "\nforward ");
    cr_expect_null(strstr(run.out, "\ntraining "), "%s", run.out);
}

Test(summary, fails_when_a_plan_passes_the_memory_limit)
{
    write_text("trained.dot", trained);
    cr_expect_eq(dotgrad("summary trained.dot --memory-limit 1M").status, 0);
    cr_expect_eq(dotgrad("summary trained.dot --memory-limit 1MiB").status, 0);
    outcome run = dotgrad("summary trained.dot --memory-limit 0.2kB");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "trained.dot: the plan needs"), "%s", run.err);
    cr_expect_not_null(strstr(run.err, "the limit is 200"), "%s", run.err);
    run = dotgrad("summary trained.dot --memory-limit 0.2Ki");
    cr_expect_not_null(strstr(run.err, "the limit is 204"), "%s", run.err);
    static const char *const wrong[] = {"0", "-1", "1X", "M", "1MM", "nan", "inf", "1e30", "''"};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++)
        cr_expect_eq(dotgrad("summary trained.dot --memory-limit %s", wrong[k]).status, 2, "%s", wrong[k]);
}

Test(summary, takes_the_batch_of_the_file)
{
    outcome run = dotgrad("summary mlp.dot");
    expect_in(&run, "with N = 16\n");
    expect_in(&run, "6.40 kB");
}

Test(summary, columns_are_aligned)
{
    outcome run = dotgrad("summary mlp.dot");
    const char *head = strstr(run.out, "output"), *row = strstr(run.out, "[N, 64]");
    const char *line = row;
    while (line > run.out && line[-1] != '\n')
        line--;
    cr_assert_eq(head - run.out, row - line);
    for (const char *at = run.out; (at = strchr(at, '\n')); at++)
        cr_assert(at == run.out || at[-1] != ' ', "a line ends in a space:\n%s", run.out);
}

Test(summary, says_which_size_it_lacks)
{
    outcome run = dotgrad("summary series.dot");
    expect_in(&run, "[N, T, 3]");
    expect_in(&run, "depend on T: give --size T=50");
    run = dotgrad("summary series.dot --size T=50 -b 4");
    expect_in(&run, "with N = 4, T = 50\n");
    expect_in(&run, "2.40 kB"); /* 4·50·3 floats */
}

Test(summary, tells_fixed_parameters_from_trained_ones)
{
    write_text(
        "fixed.dot",
        "digraph g { x [op=\"input([N, 4])\"]; w [op=\"parameter([4], trainable=false)\"]; v [op=\"parameter([4])\"];"
        " a [op=mul]; b [op=mul]; x -> a; w -> a; a -> b; v -> b; }\n");
    outcome run = dotgrad("summary fixed.dot");
    expect_in(&run, "parameters  8 (32 B), trainable 4\n");
}

Test(summary, names_are_no_commands_to_the_terminal)
{
    write_text("esc.dot", "digraph g { \"a\033[31mb\" [op=\"input([N, 4])\"]; }\n");
    outcome run = dotgrad("summary esc.dot");
    expect_in(&run, "a [31mb");
    for (const char *at = run.out; *at; at++)
        cr_assert(*at == '\n' || !iscntrl((unsigned char)*at));
}

Test(summary, reads_standard_input)
{
    outcome run = dotgrad("summary - <mlp.dot");
    expect_in(&run, "7,500");
}

Test(summary, wrong_calls)
{
    static const char *const calls[] = {"summary",
                                        "summary a b",
                                        "summary mlp.dot -b 0",
                                        "summary mlp.dot --size T",
                                        "summary mlp.dot --size =4",
                                        "summary mlp.dot --size T=x",
                                        "summary mlp.dot -q"};
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++)
        cr_assert_eq(dotgrad("%s", calls[k]).status, 2, "%s", calls[k]);
    outcome run = dotgrad("summary missing.dot");
    cr_assert_eq(run.status, 1);
    cr_assert_not_null(strstr(run.err, "missing.dot"), "%s", run.err);
}

static void expect_refusal(const char *graph, const char *words)
{
    write_text("bad.dot", graph);
    outcome run = dotgrad("summary bad.dot");
    cr_assert_eq(run.status, 1, "%s: %d", graph, run.status);
    cr_assert_not_null(strstr(run.err, words), "'%s' is not in: %s", words, run.err);
}

Test(summary, refuses_settings_that_no_run_would_take)
{
    expect_refusal("digraph { graph [optimizer=nosuch]; x [op=\"parameter([4])\"]; }", "nosuch");
    expect_refusal("digraph { graph [optimizer=\"adam(lr=oops)\"]; x [op=\"parameter([4])\"]; }", "lr");
    expect_refusal("digraph { graph [schedule=nosuch]; x [op=\"parameter([4])\"]; }", "nosuch");
    expect_refusal("digraph { x [op=\"parameter([4], init=nosuch)\"]; }", "initialiser 'nosuch'");
    expect_refusal("digraph { x [op=\"parameter([4], init='normal(0, 1, 2, 3)')\"]; }", "it takes at most 3");
    expect_refusal("digraph { x [op=\"parameter([4], init=xavier_uniform)\"]; }", "rank 2 or more");
}

Test(summary, says_when_there_are_too_many_parameters_to_count)
{
    write_text("many.dot", "digraph { a [op=\"parameter([4294967296, 4294967296], init=zeros)\"]; "
                           "b [op=\"parameter([4294967296, 4294967296], init=zeros)\"]; y [op=add]; "
                           "a -> y [arg=input]; b -> y [arg=other]; }");
    outcome run = dotgrad("summary many.dot");
    expect_in(&run, "parameters  more than 2^63");
    cr_expect_null(strstr(run.out, "-2"), "%s", run.out);
}

/* 8 GB of input, 64 GB of weights, and memory for a small program. */
Test(summary, allocates_nothing_of_the_tensors_size)
{
    write_text("large.dot", "digraph { graph [optimizer=adam]; x [op=\"input([2147483648])\"]; "
                            "w [op=\"parameter([16000000000], init=normal)\"]; a [op=tanh]; s [op=sum]; "
                            "r [op=\"zeros([2147483648])\"]; b [op=add]; c [op=sum]; loss [op=add]; "
                            "x -> a -> b [arg=input]; r -> b [arg=other]; b -> s; s -> loss [arg=input]; "
                            "w -> c; c -> loss [arg=other]; }");
    char line[512];
    outcome run;
    snprintf(line, sizeof line, "(" LIMIT_MEMORY(1500000) "OPENBLAS_NUM_THREADS=1 '%s' summary large.dot) >.out 2>.err",
             getenv("DOTGRAD"));
    run.status = WEXITSTATUS(system(line));
    read_text(".out", run.out, sizeof run.out);
    read_text(".err", run.err, sizeof run.err);
    expect_in(&run, "64.0 GB");
    const char *training = strstr(run.out, "\ntraining ");
    cr_assert_not_null(training, "%s", run.out);
    cr_assert_not_null(strstr(training, "(128 GB of it the optimizer's state)"), "%s", training);
    run = dotgrad("summary large.dot --memory-limit 20G");
    cr_assert_eq(run.status, 1);
}
