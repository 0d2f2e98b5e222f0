/* dotgrad bench: time and memory of a step, on random data. */
#include "bench.h"
#include "commands.h"
#include "random_data.h"

#include <dotgrad/dotgrad.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define BATCH       32
#define MOST_BATCH  100000000
#define MOST_TIME   86400.0
#define LEAST_SPANS 5
#define SPAN        2e-5 /* seconds: shorter steps are timed several at once, or the clock would be measured */
#define WARM_UP     0.1  /* of the time asked for */
#define LEAST_WARM  2    /* steps, the first of which binds the plan */

static const char usage[] =
    "usage: dotgrad bench G.dot [options]\n\n"
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
    "  --seed S           of parameters and data (0)\n"
    "  --json             one JSON object: graph, mode, batch_size, threads, steps, seconds_per_step {min, median,\n"
    "                     max}, flops_per_step, peak_memory_bytes\n"
    "  --profile          a second run, its time, FLOP/s and bytes by nodes, the slowest first";

typedef enum bench_mode { FORWARD_MODE, GRADIENT_MODE, TRAIN_MODE } bench_mode;

static const char *const mode_names[] = {"forward", "gradient", "train"};

typedef struct bench_options {
    const char *graph, *node, *optimizer;
    session_options session;
    file_size sizes[SESSION_SIZES];
    bench_mode mode;
    int64_t batch; /* 0: the graph's */
    double seconds;
    bool json, profile;
} bench_options;

enum option_value { MODE = 256, BATCH_SIZE, SIZE, THREADS, SECONDS, NODE, OPTIMIZER, DTYPE, SEED, JSON, PROFILE };

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
    {"profile", no_argument, NULL, PROFILE},
    {0},
};

static bool take_mode(const char *name, const char *text, bench_mode *mode)
{
    for (int k = 0; k < 3; k++) {
        if (!strcmp(text, mode_names[k])) {
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
        return given->profile = true;
    default:
        return false;
    }
}

/* ---- the plan ---- */

typedef struct bench {
    const bench_options *given;
    graph_session session;
    int64_t batch;
    dg_node **fetch; /* the loss, then gradients */
    int n_fetch;
    dg_node *const *updates;
    int n_updates;
    dg_tensors *fed;
    dg_feed *feeds;
    int n_feeds;
    dg_plan *plan;
} bench;

static dg_status find_loss(const bench *b, dg_node **loss)
{
    const graph_file *file = b->session.file;
    *loss = file->loss ? file->loss : file->output;
    if (b->given->node)
        DG_TRY(session_find(&b->session, b->given->node, loss));
    return *loss ? dg_ok()
                 : dg_error(DG_BAD_ARGUMENT, "%s: the graph names no loss and no output: say --node", b->given->graph);
}

static dg_status find_batch(bench *b)
{
    const char *setting = graph_file_setting(b->session.file, "batch_size");
    char *end = NULL;
    long long size = setting ? strtoll(setting, &end, 10) : BATCH;
    b->batch = b->given->batch ? b->given->batch : size;
    if (!b->given->batch && ((end && *end) || size < 1 || size > MOST_BATCH))
        return dg_error(DG_BAD_ARGUMENT, "%s: batch_size '%s' is not a whole number from 1 to %d", b->given->graph,
                        setting, MOST_BATCH);
    return dg_ok();
}

/* What gradients are taken by: trainable parameters, or float inputs in a graph that has none. */
static dg_status find_wrt(const bench *b, dg_node *loss, dg_node *const **wrt, int *count)
{
    dg_node **inputs;
    int n_inputs;
    DG_TRY(dg_trainable_parameters(loss, wrt, count));
    if (*count)
        return dg_ok();
    if (b->given->mode == TRAIN_MODE)
        return dg_error(DG_BAD_ARGUMENT, "%s: '%s' depends on no trainable parameter", b->given->graph,
                        dg_node_name(loss));
    DG_TRY(session_nodes(&b->session, DG_ROLE_INPUT, &inputs, &n_inputs));
    dg_node **list = dg_arena_alloc(dg_graph_arena(b->session.graph), sizeof(dg_node *) * (size_t)(n_inputs + 1));
    for (int k = 0; list && k < n_inputs; k++)
        if (dg_dtype_is_float(dg_node_type(inputs[k], 0)->dtype))
            list[(*count)++] = inputs[k];
    free(inputs);
    *wrt = list;
    if (!list)
        return dg_error(DG_NO_MEMORY, "%s: not enough memory", b->given->graph);
    return *count ? dg_ok()
                  : dg_error(DG_BAD_ARGUMENT, "%s: there is no parameter and no float input to take gradients by",
                             b->given->graph);
}

static dg_status emit_updates(bench *b, int count, dg_node *const *parameters)
{
    const char *call = b->given->optimizer ? b->given->optimizer : graph_file_setting(b->session.file, "optimizer");
    dg_graph *graph = b->session.graph;
    dg_optimizer optimizer;
    dg_tensor *rate;
    dg_node *lr = dg_input(graph, dg_scalar(), .dtype = DG_FLOAT64, .name = "optimizer/lr");
    DG_TRY(dg_optimizer_parse(call ? call : "adam", &optimizer));
    DG_TRY(dg_graph_status(graph));
    DG_TRY(dg_tensors_add(b->fed, dg_node_name(lr), DG_FLOAT64, dg_scalar(), &rate));
    dg_tensor_set(rate, 0, optimizer.lr);
    const dg_optimizer_step step = {
        .graph = graph, .count = count, .parameters = parameters, .gradients = b->fetch + 1, .lr = lr};
    DG_TRY(dg_optimizer_emit(&optimizer, &step, &b->updates, &b->n_updates));
    b->n_fetch = 1; /* gradients need not be kept */
    return dg_ok();
}

static dg_status emit(bench *b)
{
    dg_node *const *wrt = NULL;
    dg_node *loss = NULL;
    int count = 0;
    DG_TRY(find_loss(b, &loss));
    if (b->given->mode != FORWARD_MODE)
        DG_TRY(find_wrt(b, loss, &wrt, &count));
    b->fetch = calloc((size_t)count + 1, sizeof *b->fetch);
    if (!b->fetch)
        return dg_error(DG_NO_MEMORY, "%s: not enough memory", b->given->graph);
    b->fetch[0] = loss;
    b->n_fetch = count + 1;
    if (count)
        DG_TRY(dg_grad(loss, count, wrt, b->fetch + 1));
    return b->given->mode == TRAIN_MODE ? emit_updates(b, count, wrt) : dg_ok();
}

static dg_status set_up(bench *b)
{
    DG_TRY(session_open(b->given->graph, NULL, &b->given->session, &b->session));
    DG_TRY(find_batch(b));
    DG_TRY(dg_tensors_new(&b->fed));
    dg_status status = emit(b);
    if (status.code != DG_OK)
        return strncmp(status.message, b->given->graph, strlen(b->given->graph))
                   ? dg_prefixed(status, "%s", b->given->graph)
                   : status;
    /* Parameters may want to see more rows than a batch has. */
    dg_tensors *more;
    DG_TRY(dg_tensors_new(&more));
    status = random_parameters(&b->session, b->given->graph, b->batch, more);
    dg_tensors_free(more);
    DG_TRY(status);
    DG_TRY(random_feeds(&b->session, b->given->graph, b->batch, b->fed, &b->feeds, &b->n_feeds));
    return dg_plan_new(b->session.graph,
                       &(dg_plan_options){.fetch = b->fetch,
                                          .n_fetch = b->n_fetch,
                                          .updates = b->updates,
                                          .n_updates = b->n_updates,
                                          .parameters = b->session.parameters,
                                          .threads = b->session.threads,
                                          .seed = b->session.seed,
                                          .training = b->given->mode != FORWARD_MODE},
                       &b->plan);
}

static void release(bench *b)
{
    dg_plan_free(b->plan);
    free(b->feeds);
    free(b->fetch);
    dg_tensors_free(b->fed);
    session_close(&b->session);
}

/* ---- measuring ---- */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static dg_status run_steps(bench *b, int64_t count)
{
    for (int64_t k = 0; k < count; k++)
        DG_TRY(dg_plan_run(b->plan, b->feeds, b->n_feeds));
    return dg_ok();
}

/* Runs until the time for it is over; *together: how many steps make a span that the clock can measure. */
static dg_status warm_up(bench *b, int64_t *together)
{
    double begin = now(), last = begin, left = WARM_UP * b->given->seconds, fastest = INFINITY;
    for (int64_t done = 0; done < LEAST_WARM || last - begin < left; done++) {
        DG_TRY(run_steps(b, 1));
        double end = now();
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
    double begin = now(), last = begin;
    while (taken->count < LEAST_SPANS || last - begin < b->given->seconds) {
        DG_TRY(run_steps(b, together));
        double end = now();
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
                                 .mode = mode_names[b->given->mode],
                                 .batch_size = b->batch,
                                 .threads = dg_threads_count(b->session.threads),
                                 .steps = (int64_t)taken.count * together,
                                 .least = taken.seconds[0],
                                 .median = (taken.seconds[(taken.count - 1) / 2] + taken.seconds[taken.count / 2]) / 2,
                                 .most = taken.seconds[taken.count - 1],
                                 .cost = dg_plan_cost_of(b->plan),
                                 .peak_memory = (size_t)used.ru_maxrss * 1024};
    }
    free(taken.seconds);
    return status;
}

static dg_status profile(bench *b)
{
    double begin = now();
    dg_plan_profile(b->plan, true);
    for (int64_t done = 0; done < LEAST_SPANS || now() - begin < b->given->seconds; done++)
        DG_TRY(run_steps(b, 1));
    dg_plan_profile(b->plan, false);
    return bench_print_profile(b->plan);
}

static dg_status run(bench *b)
{
    bench_result result;
    DG_TRY(set_up(b));
    dg_status status = measure(b, &result);
    if (status.code != DG_OK)
        return dg_prefixed(status, "%s", b->given->graph);
    if (b->given->json)
        return bench_print_json(&result);
    bench_print(&result);
    return b->given->profile ? profile(b) : dg_ok();
}

int command_bench(int argc, char **argv)
{
    bench_options given = {.mode = TRAIN_MODE, .seconds = 2};
    bench b = {.given = &given};
    int option, over;
    while ((option = command_option(argc, argv, "h", options)) != -1)
        if (!take_option(argv[0], option, &given, &over))
            return over;
    if (argc - optind != 1)
        return command_misused(argv[0], argc == optind ? "wants a graph file" : "wants one graph file");
    if (given.json && given.profile)
        return command_misused(argv[0], "--profile prints a table, and none with --json");
    given.graph = argv[optind];
    given.session.sizes = given.sizes;
    dg_status status = run(&b);
    release(&b);
    return status.code == DG_OK ? 0 : command_failed(status);
}
