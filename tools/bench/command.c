/* dotgrad bench: time and memory of a step, on random data. */
#include "tools/session/command.h"
#include "bench.h"
#include "tools/session/halves.h"
#include "tools/session/options.h"

#include <dotgrad/draw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MOST_TIME   86400.0
#define LEAST_SPANS 5
#define SPAN        2e-5 /* seconds: shorter steps are timed several at once, or the clock would be measured */
#define WARM_UP     0.1  /* of the time asked for */
#define LEAST_WARM  2    /* steps */

enum {
    USE = DG_USE_ALWAYS | DG_USE_WEIGHTS | DG_USE_DTYPE | DG_USE_SEED | DG_USE_LOSS | DG_USE_BATCH | DG_USE_STEP |
          DG_USE_UPDATES | DG_USE_THREADS | DG_USE_MEMORY
};

static const option_row own[] = {
    {.name = "mode",
     .form = DG_FORM_NAME,
     .choices = "forward|gradient|train",
     .doc = "forward: the loss (the output of a graph without one), as in evaluation;\n"
            "gradient: loss and gradients of all trainable parameters (of the float inputs, where there\n"
            "are none); train: gradients and the optimiser's updates (the default)"},
    SIZE_OPTION,
    WEIGHTS_TYPE_OPTION,
    {.name = "seconds", .form = DG_FORM_NUMBER, .doc = "how long to measure, 5 steps at least (2)"},
    {.name = "node", .form = DG_FORM_NODE, .against = "loss", .doc = "in place of the loss"},
    {.name = "json",
     .form = DG_FORM_FLAG,
     .against = "profile",
     .doc = "one JSON object: graph, mode, batch_size, threads, steps, seconds_per_step {min, median,\n"
            "max}, flops_per_step, peak_memory_bytes"},
    {.name = "core",
     .form = DG_FORM_FLAG,
     .against = "stages",
     .doc = "also how near a product's tile in the first cache comes to the peak before the steps: 0.95 on a\n"
            "core of its own, 0.6 to 0.75 beside a neighbour (tile_share_of_peak)"},
    {.name = "profile",
     .form = DG_FORM_FILE,
     .may_be_bare = true,
     .against = "stages",
     .doc = "a second run, its time, FLOP/s and bytes by steps of the plan, the slowest first; FILE (.svg,\n"
            ".png, .pdf or .dot) gets the graph's picture with each node's share of the time"},
    {.name = "stages",
     .form = DG_FORM_FLAG,
     .against = "seconds",
     .doc = "what comes before: seconds of reading, differentiating and planning, and of the first step"},
    {.name = "peak",
     .form = DG_FORM_FLAG,
     .alone = "seconds|threads|json",
     .doc = "in place of a graph: the machine's float32 multiply-adds and memory reads a second"},
    {0}};

static const command_options known = {
    .command = "bench",
    .usage = "dotgrad bench G.dot [options]\ndotgrad bench --peak [--threads T] [--seconds S] [--json]",
    .about = "Time and memory of a step on random data of the right kinds.",
    .own = own,
    .use = USE,
    .footer = "Without --batch-size and batch_size of the graph there are 32 rows; symbols without --size are 3.",
    .operand = "one graph file",
    .most = 1};

/* −1: go on; else the exit status. */
static int check_options(const char *name, const bench_options *given)
{
    if (given->peak && given->graph)
        return command_misused(name, "--peak takes no graph file");
    if (!given->peak && !given->graph)
        return command_misused(name, "needs one graph file");
    if (given->seconds < 0 || given->seconds > MOST_TIME)
        return command_misused(name, "--seconds needs a number from 0 to %.0f", MOST_TIME);
    if (halves_asked() && given->mode == BENCH_TRAIN)
        return command_misused(name, "--weights-type is for inference, and training needs float32 weights: add --mode "
                                     "forward or gradient");
    for (size_t k = 0; dg_attribute_at(k) && given->mode != BENCH_TRAIN; k++) {
        const dg_attribute *one = dg_attribute_at(k);
        if ((one->use & (DG_USE_STEP | DG_USE_UPDATES)) && option_given(one->name))
            return command_misused(name, "--%s changes nothing with --mode %s", one->option,
                                   bench_mode_names[given->mode]);
    }
    if (given->picture && !dg_draw_format(given->picture))
        return command_misused(name, "--profile=%s: the name must end in .svg, .png, .pdf or .dot", given->picture);
    return -1;
}

static int take_options(int argc, char **argv, bench_options *given)
{
    char **operands;
    int over = options_take(&known, argc, argv, &operands);
    if (over >= 0)
        return over;
    const char *mode = option_text("mode"), *picture = option_text("profile");
    *given = (bench_options){.graph = operands[0],
                             .node = option_text("node"),
                             .picture = picture && *picture ? picture : NULL,
                             .mode = BENCH_TRAIN,
                             .seconds = option_number("seconds", 2),
                             .json = option_given("json"),
                             .profile = picture != NULL,
                             .peak = option_given("peak"),
                             .core = option_given("core"),
                             .stages = option_given("stages")};
    for (int k = 0; mode && k < BENCH_MODES; k++)
        if (strcmp(mode, bench_mode_names[k]) == 0)
            given->mode = (bench_mode)k;
    over = session_take_sizes(argv[0], given->sizes, &given->session.n_sizes);
    given->session.sizes = given->sizes;
    return over < 0 ? check_options(argv[0], given) : over;
}

/* ---- measuring ---- */

static dg_status run_steps(bench *b, int64_t count)
{
    for (int64_t k = 0; k < count; k++)
        DG_TRY(dg_plan_run(b->plan, b->feeds, b->n_feeds));
    return dg_ok();
}

/* Runs until the time for it is over; *together: how many steps make a span that the clock can measure. */
static dg_status warm_up(bench *b, int64_t *together)
{
    double begin = bench_now(), last = begin, left = WARM_UP * b->given->seconds, fastest = INFINITY;
    for (int64_t done = 0; done < LEAST_WARM || last - begin < left; done++) {
        DG_TRY(run_steps(b, 1));
        double end = bench_now();
        fastest = fmin(fastest, end - last);
        last = end;
    }
    *together = fastest > 0 && fastest < SPAN ? (int64_t)ceil(SPAN / fastest) : 1;
    return dg_ok();
}

typedef struct spans {
    double *seconds; /* a step */
    size_t count, capacity;
} spans;

static bool add_span(spans *s, double seconds)
{
    if (s->count == s->capacity) {
        size_t capacity = s->capacity ? 2 * s->capacity : 1024;
        double *larger = realloc(s->seconds, capacity * sizeof *larger);
        if (!larger)
            return false;
        s->seconds = larger;
        s->capacity = capacity;
    }
    s->seconds[s->count++] = seconds;
    return true;
}

static int by_value(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return first < second ? -1 : first > second;
}

static dg_status time_spans(bench *b, int64_t together, spans *taken)
{
    double begin = bench_now(), last = begin;
    while (taken->count < LEAST_SPANS || last - begin < b->given->seconds) {
        DG_TRY(run_steps(b, together));
        double end = bench_now();
        if (!add_span(taken, (end - last) / (double)together))
            return dg_no_memory("%s", b->given->graph);
        last = end;
    }
    qsort(taken->seconds, taken->count, sizeof *taken->seconds, by_value);
    return dg_ok();
}

static dg_status measure(bench *b, bench_result *result)
{
    spans taken = {0};
    int64_t together;
    struct rusage used;
    double tile_share = b->given->core ? peak_tile_share() : 0;
    DG_TRY(warm_up(b, &together));
    dg_status status = time_spans(b, together, &taken);
    if (status.code == DG_OK) {
        getrusage(RUSAGE_SELF, &used);
        *result = (bench_result){.graph = b->given->graph,
                                 .mode = bench_mode_names[b->given->mode],
                                 .batch_size = b->batch,
                                 .threads = dg_threads_count(b->session.threads),
                                 .steps = (int64_t)taken.count * together,
                                 .least = taken.seconds[0],
                                 .median = (taken.seconds[(taken.count - 1) / 2] + taken.seconds[taken.count / 2]) / 2,
                                 .most = taken.seconds[taken.count - 1],
                                 .tile_share = tile_share,
                                 .cost = dg_plan_cost_of(b->plan),
                                 .peak_memory = (size_t)used.ru_maxrss * 1024,
                                 .idle_memory = b->idle_memory};
    }
    free(taken.seconds);
    return status;
}

static dg_status profile(bench *b)
{
    double begin = bench_now();
    dg_plan_profile(b->plan, true);
    for (int64_t done = 0; done < LEAST_SPANS || bench_now() - begin < b->given->seconds; done++)
        DG_TRY(run_steps(b, 1));
    dg_plan_profile(b->plan, false);
    DG_TRY(bench_print_profile(b));
    return b->given->picture ? bench_draw_profile(b, b->given->picture) : dg_ok();
}

static dg_status run_graph(bench *b)
{
    bench_result result;
    DG_TRY(bench_set_up(b));
    if (b->given->stages && b->given->json)
        return bench_print_stages_json(b);
    if (b->given->stages) {
        bench_print_stages(b);
        return dg_ok();
    }
    dg_status status = measure(b, &result);
    if (status.code != DG_OK)
        return dg_prefixed(status, "%s", b->given->graph);
    if (b->given->json)
        return bench_print_json(&result);
    bench_print(&result);
    return b->given->profile ? profile(b) : dg_ok();
}

static dg_status run_peak(const bench_options *given)
{
    dg_threads *threads;
    machine_peak peak;
    DG_TRY(dg_threads_new((int)option_whole("threads", 0), &threads));
    dg_status status = peak_measure(threads, given->seconds, &peak);
    if (status.code == DG_OK && given->json)
        status = bench_print_peak_json(&peak, dg_threads_count(threads));
    else if (status.code == DG_OK)
        bench_print_peak(&peak, dg_threads_count(threads));
    dg_threads_free(threads);
    return status;
}

int command_bench(int argc, char **argv)
{
    bench_options given;
    bench b = {.given = &given};
    int over = take_options(argc, argv, &given);
    if (over >= 0)
        return over;
    dg_status status = given.peak ? run_peak(&given) : run_graph(&b);
    bench_release(&b);
    return status.code == DG_OK ? 0 : command_failed(status);
}
