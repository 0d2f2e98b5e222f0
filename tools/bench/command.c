/* dotgrad bench: time and memory of a step, on random data. */
#include "tools/command/command.h"
#include "bench.h"

#include <dotgrad/draw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MOST_BATCH  100000000
#define MOST_TIME   86400.0
#define LEAST_SPANS 5
#define SPAN        2e-5 /* seconds: shorter steps are timed several at once, or the clock would be measured */
#define WARM_UP     0.1  /* of the time asked for */
#define LEAST_WARM  2    /* steps */

static const char usage[] =
    "usage: dotgrad bench G.dot [options]\n"
    "       dotgrad bench --peak [--threads T] [--seconds S] [--json]\n\n"
    "Time and memory of a step on random data of the right kinds.\n\n"
    "  --mode forward     the loss (the output of a graph without one), as in evaluation\n"
    "  --mode gradient    loss and gradients of all trainable parameters (of the float inputs, where there are none)\n"
    "  --mode train       gradients and the optimiser's updates (the default)\n"
    "  --batch-size B     rows of the inputs (the graph's, else 32)\n"
    "  --size NAME=SIZE   a size for another symbol, such as T=50 (3)\n"
    "  --threads T        (DG_NUM_THREADS, or all processors)\n"
    "  --seconds S        how long to measure, 5 steps at least (2)\n"
    "  --node NODE        in place of the loss\n"
    "  --optimizer CALL   \"adam(lr=0.001)\", \"sgd\", ... (the graph's, else adam)\n"
    "  --dtype TYPE       float32 or float64 (the graph's, else float32)\n"
    "  --seed S           of parameters and data (0)\n" MEMORY_LIMIT_USAGE
    "  --json             one JSON object: graph, mode, batch_size, threads, steps, seconds_per_step {min, median,\n"
    "                     max}, flops_per_step, peak_memory_bytes\n"
    "  --profile[=FILE]   a second run, its time, FLOP/s and bytes by steps of the plan, the slowest first; FILE "
    "(.svg,\n"
    "                     .png, .pdf or .dot) gets the graph's picture with each node's share of the time\n"
    "  --stages           what comes before: seconds of reading, differentiating and planning, and of the first step\n"
    "  --peak             in place of a graph: the machine's float32 multiply-adds and memory reads a second";

/* ---- options ---- */

enum option_value {
    MODE = 256,
    BATCH_SIZE,
    SIZE,
    THREADS,
    SECONDS,
    NODE,
    OPTIMIZER,
    DTYPE,
    SEED,
    JSON,
    PROFILE,
    PEAK,
    STAGES,
    MEMORY_LIMIT
};

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"mode", required_argument, NULL, MODE},
    {"batch-size", required_argument, NULL, BATCH_SIZE},
    {"size", required_argument, NULL, SIZE},
    {"threads", required_argument, NULL, THREADS},
    {"seconds", required_argument, NULL, SECONDS},
    {"node", required_argument, NULL, NODE},
    {"optimizer", required_argument, NULL, OPTIMIZER},
    {"dtype", required_argument, NULL, DTYPE},
    {"seed", required_argument, NULL, SEED},
    {"json", no_argument, NULL, JSON},
    {"profile", optional_argument, NULL, PROFILE},
    {"peak", no_argument, NULL, PEAK},
    {"stages", no_argument, NULL, STAGES},
    {"memory-limit", required_argument, NULL, MEMORY_LIMIT},
    {0},
};

static bool take_mode(const char *name, const char *text, bench_mode *mode)
{
    for (int k = 0; k < BENCH_MODES; k++) {
        if (!strcmp(text, bench_mode_names[k])) {
            *mode = (bench_mode)k;
            return true;
        }
    }
    command_misused(name, "--mode: '%s' is not forward, gradient or train", text);
    return false;
}

static bool take_seconds(const char *name, const char *text, double *seconds)
{
    if (!command_number(name, "--seconds", text, seconds))
        return false;
    if (*seconds >= 0 && *seconds <= MOST_TIME)
        return true;
    command_misused(name, "--seconds: '%s' is not from 0 to %.0f", text, MOST_TIME);
    return false;
}

static bool take_picture(const char *name, const char *file, const char **picture)
{
    *picture = file;
    if (!file || dg_draw_format(file))
        return true;
    command_misused(name, "--profile=%s: the ending is none of .svg, .png, .pdf and .dot", file);
    return false;
}

/* False after --help or a message; *over is the exit status then. */
static bool take_option(const char *name, int option, bench_options *given, int *over)
{
    *over = EXIT_USAGE;
    switch (option) {
    case 'h':
        puts(usage);
        *over = 0;
        return false;
    case MODE:
        return take_mode(name, optarg, &given->mode);
    case BATCH_SIZE:
        return command_int(name, "--batch-size", optarg, 1, MOST_BATCH, &given->batch);
    case SIZE:
        return session_take_size(name, optarg, given->sizes, &given->session.n_sizes);
    case THREADS:
        return session_take_threads(name, optarg, &given->session);
    case SECONDS:
        return take_seconds(name, optarg, &given->seconds);
    case NODE:
        given->node = optarg;
        return true;
    case OPTIMIZER:
        given->optimizer = optarg;
        return true;
    case DTYPE:
        return session_take_dtype(name, optarg, &given->session);
    case SEED:
        return session_take_seed(name, optarg, &given->session);
    case JSON:
        return given->json = true;
    case PROFILE:
        given->profile = true;
        return take_picture(name, optarg, &given->picture);
    case PEAK:
        return given->peak = true;
    case STAGES:
        return given->stages = true;
    case MEMORY_LIMIT:
        return session_take_memory_limit(name, optarg, &given->session.memory_limit);
    default:
        return false;
    }
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
            return dg_error(DG_NO_MEMORY, "%s: not enough memory", b->given->graph);
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
    DG_TRY(dg_threads_new(given->session.threads, &threads));
    dg_status status = peak_measure(threads, given->seconds, &peak);
    if (status.code == DG_OK && given->json)
        status = bench_print_peak_json(&peak, dg_threads_count(threads));
    else if (status.code == DG_OK)
        bench_print_peak(&peak, dg_threads_count(threads));
    dg_threads_free(threads);
    return status;
}

static int check_options(const char *name, const bench_options *given, int n_files)
{
    if (given->peak && n_files)
        return command_misused(name, "--peak wants no graph file");
    if (!given->peak && n_files != 1)
        return command_misused(name, n_files ? "wants one graph file" : "wants a graph file");
    if (given->json && given->profile)
        return command_misused(name, "--profile prints a table, and none with --json");
    if (given->stages && given->profile)
        return command_misused(name, "--stages measures no step that --profile could tell of");
    return 0;
}

int command_bench(int argc, char **argv)
{
    bench_options given = {.mode = BENCH_TRAIN, .seconds = 2};
    bench b = {.given = &given};
    int option, over;
    while ((option = command_option(argc, argv, "h", options)) != -1)
        if (!take_option(argv[0], option, &given, &over))
            return over;
    over = check_options(argv[0], &given, argc - optind);
    if (over)
        return over;
    given.graph = argv[optind];
    given.session.sizes = given.sizes;
    dg_status status = given.peak ? run_peak(&given) : run_graph(&b);
    bench_release(&b);
    return status.code == DG_OK ? 0 : command_failed(status);
}
