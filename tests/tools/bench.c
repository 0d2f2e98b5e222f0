/* dotgrad bench: what it measures is what it says. No test here depends on how long anything takes. */
#include "command.h"

#include <cjson/cJSON.h>

TestSuite(bench, .init = make_folder, .fini = remove_folder);

static const char network[] =
    "digraph { graph [batch_size=8, optimizer=\"sgd(lr=0.1, momentum=0.9)\", output=b];\n"
    "x [op=\"input([N, 6])\"]; t [op=\"input([N], dtype=int64)\"]; a [op=\"linear(5, bias=false)\"];\n"
    "b [op=\"linear(3, bias=false)\"]; loss [op=cross_entropy]; x -> a -> b -> loss; t -> loss [arg=target]; }\n";

static const cJSON *item(const cJSON *object, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    cr_assert_not_null(found, "there is no '%s'", name);
    return found;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *found = item(object, name);
    cr_assert(cJSON_IsNumber(found), "'%s' is not a number", name);
    return found->valuedouble;
}

/* The object on standard output; nothing else may be there. */
static cJSON *parse(outcome run)
{
    const char *end;
    expect_fine(run);
    cJSON *object = cJSON_ParseWithOpts(run.out, &end, true);
    cr_assert(cJSON_IsObject(object), "%s", run.out);
    return object;
}

static double flops_of(const char *mode)
{
    cJSON *object = parse(dotgrad("bench g.dot --seconds 0 --threads 1 --json --mode %s", mode));
    cr_expect_str_eq(item(object, "mode")->valuestring, mode);
    double flops = number(object, "flops_per_step");
    cJSON_Delete(object);
    return flops;
}

Test(bench, json_has_exactly_the_fields_it_promises)
{
    static const char *const names[] = {"graph", "mode",           "batch_size",       "threads",
                                        "steps", "flops_per_step", "peak_memory_bytes"};
    write_text("g.dot", network);
    cJSON *object = parse(dotgrad("bench g.dot --seconds 0.01 --threads 2 --batch-size 16 --json"));
    const cJSON *seconds = item(object, "seconds_per_step");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        item(object, names[k]);
    cr_expect_eq(cJSON_GetArraySize(object), 8);
    cr_expect_eq(cJSON_GetArraySize(seconds), 3);
    cr_expect_str_eq(item(object, "graph")->valuestring, "g.dot");
    cr_expect_str_eq(item(object, "mode")->valuestring, "train");
    cr_expect_eq(number(object, "batch_size"), 16);
    cr_expect_eq(number(object, "threads"), 2);
    cr_expect_geq(number(object, "steps"), 5);
    cr_expect_gt(number(object, "peak_memory_bytes"), 1e5);
    cr_expect_gt(number(seconds, "min"), 0);
    cr_expect_leq(number(seconds, "min"), number(seconds, "median"));
    cr_expect_leq(number(seconds, "median"), number(seconds, "max"));
    cJSON_Delete(object);
}

Test(bench, takes_the_batch_size_of_the_graph)
{
    write_text("g.dot", network);
    cJSON *object = parse(dotgrad("bench g.dot --seconds 0 --json"));
    cr_expect_eq(number(object, "batch_size"), 8);
    cJSON_Delete(object);
}

Test(bench, other_symbols_may_get_sizes)
{
    double flops[2];
    write_text("g.dot", "digraph { x [op=\"input([N, T])\"]; s [op=\"sum\"]; z [op=exp];\n"
                        "x -> z -> s; loss [op=\"expr(x + 1)\"]; s -> loss; }\n");
    for (int k = 0; k < 2; k++) {
        cJSON *object = parse(dotgrad("bench g.dot --seconds 0 --json --mode forward --size T=%d", 10 * (k + 1)));
        flops[k] = number(object, "flops_per_step");
        cJSON_Delete(object);
    }
    cr_expect_float_eq(flops[1], 2 * flops[0], 4);
}

Test(bench, each_mode_does_its_own_work)
{
    write_text("g.dot", network);
    double forward = flops_of("forward"), gradient = flops_of("gradient"), train = flops_of("train");
    double products = 2.0 * 8 * (6 * 5 + 5 * 3);
    cr_expect(forward >= products && forward < 2 * products, "%g", forward);
    cr_expect(gradient >= forward + 2 * products - 2.0 * 8 * 6 * 5, "%g", gradient); /* x wants no gradient */
    cr_expect(train >= gradient + 2 * 45, "%g", train);
    cr_expect(train < gradient + 20 * 45, "%g", train);
}

/* As `dotgrad train` takes the step: clipping squares and scales 45 numbers, averaging and accumulating add a state
 * each, frozen weights get no gradient, and an assignment of the graph's own is part of it. */
Test(bench, weights_in_16_bits_are_for_inference)
{
    write_text("g.dot", network);
    outcome run = dotgrad("bench g.dot --seconds 0 --mode forward --weights-type float16");
    expect_fine(run);
    cr_expect_not_null(strstr(run.err, "2 weight(s) in float16"), "%s", run.err);
    expect_fine(dotgrad("bench g.dot --seconds 0 --mode gradient --weights-type bfloat16"));
    run = dotgrad("bench g.dot --seconds 0 --weights-type float16");
    cr_expect_eq(run.status, 2);
    cr_expect_not_null(strstr(run.err, "training needs float32 weights: add --mode forward"), "%s", run.err);
}

Test(bench, a_step_is_that_of_training)
{
    write_text("g.dot", network);
    double plain = flops_of("train");
    static const char *const more[] = {"clip_norm=1", "clip_value=1", "accumulate=2", "average=\"ema(decay=0.9)\""};
    for (size_t k = 0; k < sizeof more / sizeof *more; k++) {
        char text[700];
        snprintf(text, sizeof text, "digraph { graph [%s, %s", more[k], strstr(network, "batch_size"));
        write_text("g.dot", text);
        double flops = flops_of("train");
        cr_expect(flops >= plain + 45 && flops < plain + 15 * 45, "%s: %g beside %g", more[k], flops, plain);
    }
    write_text("g.dot", network);
    cJSON *object = parse(dotgrad("bench g.dot --seconds 0 --threads 1 --json --freeze a"));
    cr_expect(number(object, "flops_per_step") < plain - 2.0 * 8 * 6 * 5, "%g", number(object, "flops_per_step"));
    cJSON_Delete(object);
    write_text("g.dot", "digraph { x [op=\"input([N, 1000])\"]; w [op=\"parameter([1000], init=zeros)\"];\n"
                        "y [op=\"expr(x * w)\"]; x -> y; w -> y; loss [op=mean]; y -> loss; s [op=\"parameter([1000], "
                        "init=zeros, trainable=false)\"]; n [op=\"expr(0.9 * s + exp(w))\"]; s -> n; w -> n;\n"
                        "keep [op=assign]; s -> keep; n -> keep; }\n");
    object = parse(dotgrad("bench g.dot --seconds 0 --threads 1 --json"));
    double with = number(object, "flops_per_step");
    cJSON_Delete(object);
    cr_assert_eq(system("sed -i '/^keep/d' g.dot && echo '}' >> g.dot"), 0);
    object = parse(dotgrad("bench g.dot --seconds 0 --threads 1 --json"));
    cr_expect(with >= number(object, "flops_per_step") + 2000, "%g beside %g", with, number(object, "flops_per_step"));
    cJSON_Delete(object);
}

Test(bench, an_optimizer_may_be_named)
{
    write_text("g.dot", network);
    expect_fine(dotgrad("bench g.dot --seconds 0 --optimizer 'adamw(lr=0.01)'"));
    outcome run = dotgrad("bench g.dot --seconds 0 --optimizer 'adamant'");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "g.dot: "));
    cr_expect_not_null(strstr(run.err, "adamant"));
}

Test(bench, gradients_are_by_the_inputs_where_there_is_no_parameter)
{
    write_text("g.dot",
               "digraph { x [op=\"input([100])\"]; y [op=\"expr(x * tanh(x))\"]; s [op=mean]; x -> y -> s; }\n");
    expect_fine(dotgrad("bench g.dot --seconds 0 --mode forward --node y"));
    expect_fine(dotgrad("bench g.dot --seconds 0 --mode gradient --node y"));
    outcome run = dotgrad("bench g.dot --seconds 0 --mode train --node s");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "'s' depends on no trainable parameter"), "%s", run.err);
    run = dotgrad("bench g.dot --seconds 0 --mode train --node y");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "loss 'y' is float32 [100], expected one number"), "%s", run.err);
    run = dotgrad("bench g.dot --seconds 0");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "name a node with --node"), "%s", run.err);
}

Test(bench, parameters_that_look_at_data_see_random_data)
{
    write_text("g.dot", "digraph { x [op=\"input([N, 2])\"]; t [op=\"input([N, 1])\"]; h [op=\"rbf(40)\"];\n"
                        "y [op=\"linear(1)\"]; loss [op=mse_loss]; x -> h -> y -> loss; t -> loss [arg=target]; }\n");
    expect_fine(dotgrad("bench g.dot --seconds 0 --batch-size 2"));
}

Test(bench, the_table_names_what_was_measured)
{
    write_text("g.dot", network);
    outcome run = dotgrad("bench g.dot --seconds 0 --threads 1");
    expect_fine(run);
    cr_expect_not_null(strstr(run.out, "g.dot: train, batch size 8, 1 thread\n"), "%s", run.out);
    cr_expect_not_null(strstr(run.out, "median"));
    cr_expect_not_null(strstr(run.out, "FLOP a step"));
    cr_expect_not_null(strstr(run.out, "peak"));
}

Test(bench, the_profile_lists_nodes_with_their_share)
{
    double share = 0, last = 100;
    write_text("g.dot", network);
    outcome run = dotgrad("bench g.dot --seconds 0.01 --threads 1 --profile");
    expect_fine(run);
    char *table = strstr(run.out, "\nnode ");
    cr_assert_not_null(table, "%s", run.out);
    cr_expect_not_null(strstr(table, "\na  "), "%s", table);
    cr_expect_not_null(strstr(table, "\nb  "), "%s", table);
    for (char *line = strchr(table + 1, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        double part;
        char *percent = strchr(line, '%');
        cr_assert_not_null(percent, "%s", line);
        cr_assert_eq(sscanf(percent - 5, "%lf", &part), 1, "%s", line);
        cr_expect_leq(part, last);
        share += last = part;
    }
    cr_expect_float_eq(share, 100, 3); /* each is rounded to a tenth */
}

Test(bench, the_profile_tells_what_a_step_belongs_to)
{
    write_text("g.dot", network);
    outcome run = dotgrad("bench g.dot --seconds 0 --threads 1 --profile");
    expect_fine(run);
    cr_expect_not_null(strstr(run.out, "part of"), "%s", run.out);
    cr_expect_not_null(strstr(run.out, "a gradient "), "%s", run.out);
    cr_expect_not_null(strstr(run.out, "b gradient "), "%s", run.out);
    cr_expect_not_null(strstr(run.out, " optimizer "), "%s", run.out);
    run = dotgrad("bench g.dot --seconds 0 --threads 1 --profile --mode gradient");
    cr_expect_null(strstr(run.out, " optimizer "), "%s", run.out);
}

/* The shares that nodes are labelled with, and those that the title tells. */
static double sum_of_shares(const char *text)
{
    static const char *const words[] = {"· ", "optimizer ", "elsewhere "};
    double sum = 0, share;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        for (const char *at = text; (at = strstr(at, words[k]));) {
            int length = 0;
            at += strlen(words[k]);
            if (sscanf(at, "%lf %%%n", &share, &length) == 1 && length &&
                (strncmp(at + length, "</text>", 7) == 0 || k > 0)) /* no tooltip's */
                sum += share;
        }
    }
    return sum;
}

Test(bench, the_picture_shows_where_the_time_goes)
{
    static char text[1 << 20];
    write_text("g.dot", network);
    expect_fine(dotgrad("bench g.dot --seconds 0.05 --threads 1 --profile=heat.svg"));
    read_text("heat.svg", text, sizeof text);
    cr_expect_not_null(strstr(text, "training step of "), "%s", text);
    cr_expect_not_null(strstr(text, ", batch size 8, 1 thread"), "%s", text);
    cr_expect_not_null(strstr(text, "optimizer "));
    cr_expect_float_eq(sum_of_shares(text), 100, 2);
}

Test(bench, the_picture_can_be_a_graph_file_that_is_read_again)
{
    write_text("g.dot", network);
    expect_fine(dotgrad("bench g.dot --seconds 0 --profile=heat.dot"));
    expect_fine(dotgrad("bench g.dot --seconds 0 --profile=heat.png"));
    expect_fine(dotgrad("draw heat.dot -o 1.dot && '%s' draw g.dot -o 2.dot", getenv("DOTGRAD")));
    cr_expect(same_bytes("1.dot", "2.dot"), "the colours of heat stay");
    cr_expect_eq(dotgrad("bench g.dot --seconds 0 --profile=heat.gif").status, 2);
    cr_expect_eq(dotgrad("bench g.dot --seconds 0 --profile=no/heat.svg").status, 1);
}

Test(bench, stages_are_what_comes_before_the_second_step)
{
    static const char *const stages[] = {"read", "differentiate", "plan", "first_step"};
    write_text("chain.dot", "digraph { graph [loss=link]; x [op=\"input([1])\"];\n"
                            "subgraph cluster_c { repeat=1000; link [op=sin]; } x -> link; }\n");
    cJSON *object = parse(dotgrad("bench chain.dot --mode gradient --stages --json"));
    cr_expect_eq(number(object, "nodes"), 1001);
    for (size_t k = 0; k < sizeof stages / sizeof *stages; k++)
        cr_expect_gt(number(item(object, "seconds"), stages[k]), 0);
    cJSON_Delete(object);
    outcome run = dotgrad("bench chain.dot --mode gradient --stages");
    expect_fine(run);
    cr_expect_not_null(strstr(run.out, "1001 nodes"), "%s", run.out);
    cr_expect_not_null(strstr(run.out, "\ndifferentiate "), "%s", run.out);
    cr_expect_eq(dotgrad("bench chain.dot --stages --profile").status, 2);
}

Test(bench, peaks_are_those_of_the_instruction_set)
{
    static const char *const sets[] = {"base", "v3", "v4"};
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
        setenv("DG_ISA", sets[k], 1);
        cJSON *object = parse(dotgrad("bench --peak --seconds 0 --threads 2 --json"));
        cr_expect(strcmp(item(object, "isa")->valuestring, sets[k]) <= 0); /* what the machine has */
        cr_expect_eq(number(object, "threads"), 2);
        cr_expect_gt(number(object, "flops_per_second"), 1e8);
        cr_expect_gt(number(object, "bytes_per_second"), 1e7);
        cJSON_Delete(object);
    }
    unsetenv("DG_ISA");
    outcome run = dotgrad("bench --peak --seconds 0 --threads 1");
    cr_expect_not_null(strstr(run.out, "FLOP/s in float32"), "%s", run.out);
    cr_expect_eq(dotgrad("bench --peak g.dot").status, 2);
}

Test(bench, tells_whether_the_core_is_shared)
{
    write_text("g.dot", network);
    cJSON *object = parse(dotgrad("bench g.dot --seconds 0 --core --json"));
    cr_expect_gt(number(object, "tile_share_of_peak"),
                 0); /* no upper bound: the load may change between the two measures */
    cJSON_Delete(object);
}

Test(bench, keeps_to_a_memory_limit)
{
    write_text("g.dot", network);
    expect_fine(dotgrad("bench g.dot --seconds 0 --memory-limit 1M"));
    outcome run = dotgrad("bench g.dot --seconds 0 --memory-limit 100");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "g.dot: the plan needs"), "%s", run.err);
    cr_expect_eq(dotgrad("bench g.dot --seconds 0 --memory-limit much").status, 2);
}

Test(bench, the_benchmark_graphs_run)
{
    static const char *const names[] = {"tiny", "mlp", "cnn", "lstm", "rbf", "transformer"};
    const char *tests = getenv("TESTS");
    cr_assert_not_null(tests, "TESTS is not set");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        expect_fine(dotgrad("bench '%s/../tools/bench/%s.dot' --batch-size 2 --seconds 0", tests, names[k]));
    expect_fine(dotgrad("bench '%s/../tools/bench/activation.dot' --mode gradient --seconds 0", tests));
    char line[1024];
    snprintf(line, sizeof line, "sed s/1000000/100/ '%s/../tools/bench/chain.dot' >chain.dot", tests);
    cr_assert_eq(system(line), 0);
    outcome run = dotgrad("bench chain.dot --mode gradient --stages");
    expect_fine(run);
    cr_expect_not_null(strstr(run.out, "101 nodes"), "%s", run.out);
}

Test(bench, compares_with_the_peers_that_are_there)
{
    static char text[1 << 16];
    const char *tests = getenv("TESTS");
    char line[2048];
    cr_assert_not_null(tests, "TESTS is not set");
    write_text("torch.py", "raise ImportError\n");
    write_text("jax.py", "raise ImportError\n");
    write_text("speed.md",
               "before\n<!-- speed: written by tools/bench/compare -->\nold\n<!-- end of speed -->\nafter\n");
    snprintf(line, sizeof line,
             "PYTHONPATH=. python3 '%s/../tools/bench/compare' --dotgrad \"$DOTGRAD\" --peers eager,jit --threads 1 "
             "--rounds 1 --seconds 0 tiny relu memory --out speed.md --json speed.json >.out 2>.err",
             tests);
    cr_assert_eq(system(line), 0);
    read_text(".err", text, sizeof text);
    cr_expect_not_null(strstr(text, "PyTorch is left out"), "%s", text);
    cr_expect_not_null(strstr(text, "JAX jit is left out"), "%s", text);
    read_text("speed.md", text, sizeof text);
    cr_expect_eq(strncmp(text, "before\n<!-- speed", 17), 0, "%s", text);
    cr_expect_null(strstr(text, "old"), "%s", text);
    cr_expect_not_null(strstr(text, "| work | threads | alone | dotgrad, µs (least) | of the peak |\n"), "%s", text);
    cr_expect_not_null(strstr(text, "\n| tiny | 1 | "), "%s", text);
    cr_expect_not_null(strstr(text, "\n| relu | 1 | "), "%s", text);
    cr_expect_not_null(strstr(text, " MB |\n<!-- end of speed -->\nafter\n"), "%s", text);
    read_text("speed.json", text, sizeof text);
    cJSON *object = cJSON_Parse(text);
    cr_assert_not_null(object, "%s", text);
    cr_expect_eq(cJSON_GetArraySize(item(object, "works")), 2);
    cJSON_Delete(object);
    write_text("marks.md", "a file without marks");
    strcat(line, " --out marks.md");
    cr_expect_neq(system(line), 0);
    read_text("marks.md", text, sizeof text);
    cr_expect_str_eq(text, "a file without marks");
}

Test(bench, says_what_it_misses)
{
    write_text("g.dot", network);
    cr_expect_eq(dotgrad("bench").status, 2);
    cr_expect_eq(dotgrad("bench g.dot g.dot").status, 2);
    cr_expect_eq(dotgrad("bench g.dot --mode backward").status, 2);
    cr_expect_eq(dotgrad("bench g.dot --batch-size 0").status, 2);
    cr_expect_eq(dotgrad("bench g.dot --threads 0").status, 2);
    cr_expect_eq(dotgrad("bench g.dot --seconds -1").status, 2);
    cr_expect_eq(dotgrad("bench g.dot --json --profile").status, 2);
    cr_expect_eq(dotgrad("bench g.dot --size T").status, 2);
    cr_expect_eq(dotgrad("bench missing.dot").status, 1);
    cr_expect_eq(dotgrad("bench g.dot --node nobody --seconds 0").status, 1);
    write_text("g.dot", "digraph { graph [batch_size=many]; x [op=\"input([N])\"]; loss [op=sum]; x -> loss; }\n");
    outcome run = dotgrad("bench g.dot --mode forward --seconds 0");
    cr_expect_eq(run.status, 1);
    cr_expect_not_null(strstr(run.err, "batch_size=many"), "%s", run.err);
    expect_fine(dotgrad("bench --help"));
}
