/* dotgrad eval: a graph on given tensors. */
#include "command.h"
#include "session.h"
#include "tools/run/folder.h"
#include "tools/run/print.h"
#include "trace.h"

#include <dotgrad/graph_file.h>
#include <dotgrad/optim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: dotgrad eval G.dot [--feed FILE | --data D] [options]\n\n"
    "Runs a graph and prints what is asked for.\n\n"
    "  --feed FILE       tensors for the inputs of their names (.safetensors, .npz); one for an input that nothing\n"
    "                    asked for needs may be absent. A table (.csv) is fed as data are,\n"
    "                    not scaled; its last column is the target\n"
    "  --data D          rows of a data set, as train reads and scales it\n"
    "  --rows K          the first K of them (all)\n"
    "  --weights FILE    parameters: a checkpoint or any .safetensors; else they are initialised by the seed\n"
    "  --fetch A,B       the nodes to compute (the graph's output, or with --grad none)\n"
    "  --grad NODE       the gradient of the sum of NODE ...\n"
    "  --wrt X,W         ... by these nodes (all float parameters)\n"
    "  --trace           works through the graph: every node's formula with the numbers filled in, then the\n"
    "                    derivatives of --grad NODE (the loss) by every node\n"
    "  -o, --out FILE    gets each fetched node under its name and each gradient as grad:NAME: .csv, .json, .npz, "
    "else\n"
    "                    safetensors; - is standard output. Without it tables are printed\n"
    "  --training        as in training (dropout, batch statistics)\n"
    "  --dtype T         float32 or float64: the type of floats that name none\n"
    "  --seed S          of weights and random nodes (0)\n"
    "  --threads T       (DG_NUM_THREADS, or all processors)\n" MEMORY_LIMIT_USAGE;

typedef struct eval_options {
    const char *graph, *feed, *data, *weights, *fetch, *grad, *wrt, *out;
    session_options session;
    bool training, trace;
    int64_t rows; /* −1: all */
} eval_options;

/* What the inputs are fed with. */
typedef struct eval_feeds {
    dg_tensors *tensors;
    dg_feed *own;
    dg_data *data;
    dg_fed_rows *rows;
    const dg_feed *feeds;
    int count;
} eval_feeds;

enum option_value {
    FEED = 256,
    DATA,
    ROWS,
    TRACE,
    WEIGHTS,
    FETCH,
    GRAD,
    WRT,
    TRAINING,
    DTYPE,
    SEED,
    THREADS,
    MEMORY_LIMIT
};

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"out", required_argument, NULL, 'o'},
    {"feed", required_argument, NULL, FEED},
    {"data", required_argument, NULL, DATA},
    {"rows", required_argument, NULL, ROWS},
    {"trace", no_argument, NULL, TRACE},
    {"weights", required_argument, NULL, WEIGHTS},
    {"fetch", required_argument, NULL, FETCH},
    {"grad", required_argument, NULL, GRAD},
    {"wrt", required_argument, NULL, WRT},
    {"training", no_argument, NULL, TRAINING},
    {"dtype", required_argument, NULL, DTYPE},
    {"seed", required_argument, NULL, SEED},
    {"threads", required_argument, NULL, THREADS},
    {"memory-limit", required_argument, NULL, MEMORY_LIMIT},
    {0},
};

static const char **text_of(eval_options *given, int option)
{
    switch (option) {
    case 'o':
        return &given->out;
    case FEED:
        return &given->feed;
    case DATA:
        return &given->data;
    case WEIGHTS:
        return &given->weights;
    case FETCH:
        return &given->fetch;
    case GRAD:
        return &given->grad;
    case WRT:
        return &given->wrt;
    default:
        return NULL;
    }
}

static bool take_option(const char *name, int option, eval_options *given)
{
    const char **text = text_of(given, option);
    if (text) {
        *text = optarg;
        return true;
    }
    switch (option) {
    case TRAINING:
        given->training = true;
        return true;
    case TRACE:
        given->trace = true;
        return true;
    case ROWS:
        return command_int(name, "--rows", optarg, 1, INT64_MAX, &given->rows);
    case DTYPE:
        return session_take_dtype(name, optarg, &given->session);
    case SEED:
        return session_take_seed(name, optarg, &given->session);
    case THREADS:
        return session_take_threads(name, optarg, &given->session);
    case MEMORY_LIMIT:
        return session_take_memory_limit(name, optarg, &given->session.memory_limit);
    default:
        return false;
    }
}

/* -1: go on; else an exit status. */
static int parse_options(int argc, char **argv, eval_options *given)
{
    int option;
    while ((option = command_option(argc, argv, "ho:", options)) != -1) {
        if (option == 'h') {
            puts(usage);
            return 0;
        }
        if (!take_option(argv[0], option, given))
            return EXIT_USAGE;
    }
    if (argc - optind != 1)
        return command_misused(argv[0], "wants one graph file");
    given->graph = argv[optind];
    if (given->wrt && !given->grad)
        return command_misused(argv[0], "--wrt wants --grad");
    if (given->data && given->feed)
        return command_misused(argv[0], "--feed and --data are two ways to feed: one of them");
    if (given->trace && (given->out || given->fetch || given->wrt))
        return command_misused(argv[0], "--trace prints every node: it goes with neither --fetch, --wrt nor --out");
    return -1;
}

/* Nodes in the order asked for, with the names of their results. */
typedef struct request_list {
    dg_node **nodes;
    char **names;
    int count, capacity;
} request_list;

static dg_status add_request(request_list *requests, const char *prefix, dg_node *node)
{
    if (requests->count == requests->capacity) {
        int capacity = requests->capacity ? 2 * requests->capacity : 16;
        dg_node **nodes = realloc(requests->nodes, (size_t)capacity * sizeof *nodes);
        if (nodes)
            requests->nodes = nodes;
        char **names = nodes ? realloc(requests->names, (size_t)capacity * sizeof *names) : NULL;
        if (!names)
            return dg_error(DG_NO_MEMORY, "not enough memory");
        requests->names = names;
        requests->capacity = capacity;
    }
    char *name;
    if (asprintf(&name, "%s%s", prefix, dg_node_name(node)) < 0)
        return dg_error(DG_NO_MEMORY, "not enough memory");
    requests->nodes[requests->count] = node;
    requests->names[requests->count++] = name;
    return dg_ok();
}

static void release_requests(request_list *requests)
{
    for (int k = 0; k < requests->count; k++)
        free(requests->names[k]);
    free(requests->names);
    free(requests->nodes);
}

static dg_status add_named(const graph_session *session, const char *names, const char *prefix, request_list *requests)
{
    dg_status status = dg_ok();
    char *copy = strdup(names), *state;
    if (!copy)
        return dg_error(DG_NO_MEMORY, "not enough memory");
    for (char *name = strtok_r(copy, ",", &state); name && status.code == DG_OK; name = strtok_r(NULL, ",", &state)) {
        dg_node *node;
        status = session_find(session, name, &node);
        if (status.code == DG_OK)
            status = add_request(requests, prefix, node);
    }
    free(copy);
    return status;
}

/* Gradients become nodes of the graph; results are named grad:NAME after what they are taken by. */
static dg_status add_gradients(const graph_session *session, const eval_options *given, request_list *requests)
{
    dg_node *output, **grads = NULL, **nodes = NULL;
    request_list wrt = {0};
    int count = 0;
    dg_status status = session_find(session, given->grad, &output);
    if (status.code == DG_OK && given->wrt)
        status = add_named(session, given->wrt, "grad:", &wrt);
    else if (status.code == DG_OK)
        status = session_nodes(session, DG_ROLE_PARAMETER, &nodes, &count);
    for (int k = 0; k < count && status.code == DG_OK; k++)
        if (dg_dtype_is_float(dg_node_type(nodes[k], 0)->dtype))
            status = add_request(&wrt, "grad:", nodes[k]);
    if (status.code == DG_OK && wrt.count == 0)
        status = dg_error(DG_BAD_ARGUMENT, "%s: there is no parameter to take a gradient by", session->name);
    if (status.code == DG_OK && !(grads = calloc((size_t)wrt.count, sizeof *grads)))
        status = dg_error(DG_NO_MEMORY, "not enough memory");
    if (status.code == DG_OK)
        status = dg_grad(output, wrt.count, wrt.nodes, grads);
    for (int k = 0; k < wrt.count && status.code == DG_OK; k++) {
        status = add_request(requests, "", grads[k]);
        if (status.code == DG_OK) {
            free(requests->names[requests->count - 1]);
            requests->names[requests->count - 1] = wrt.names[k];
            wrt.names[k] = NULL;
        }
    }
    release_requests(&wrt);
    free(nodes);
    free(grads);
    return status;
}

static dg_status list_requests(const graph_session *session, const eval_options *given, request_list *requests)
{
    if (given->fetch)
        DG_TRY(add_named(session, given->fetch, "", requests));
    else if (!given->grad && !session->file->output)
        return dg_error(DG_BAD_ARGUMENT, "%s: the graph names no output: say --fetch", session->name);
    else if (!given->grad)
        DG_TRY(add_request(requests, "", session->file->output));
    return given->grad ? add_gradients(session, given, requests) : dg_ok();
}

static dg_status take_parameters(graph_session *session, const eval_options *given)
{
    if (!given->weights)
        return dg_parameters_init(session->parameters, session->graph, session->seed);
    dg_tensors *weights;
    DG_TRY(checkpoint_read(given->weights, &weights));
    dg_status status = session_take_weights(session, given->weights, weights);
    dg_tensors_free(weights);
    return status;
}

static dg_status write_results(const dg_plan *plan, const request_list *requests, const char *path)
{
    dg_tensors *results;
    DG_TRY(dg_tensors_new(&results));
    dg_status status = dg_ok();
    for (int k = 0; k < requests->count && status.code == DG_OK; k++)
        status = dg_tensors_put(results, requests->names[k], dg_plan_result(plan, k));
    if (status.code == DG_OK)
        status = tensors_write(path, results);
    dg_tensors_free(results);
    return status;
}

static void print_results(const dg_plan *plan, const request_list *requests)
{
    for (int k = 0; k < requests->count; k++)
        print_tensor(stdout, 0, requests->names[k], dg_plan_result(plan, k));
}

/* ---- what is fed ---- */

static bool is_table(const char *path)
{
    const char *end = path ? strrchr(path, '.') : NULL;
    return end && (strcmp(end, ".csv") == 0 || strcmp(end, ".arff") == 0);
}

static dg_status feed_rows(const graph_session *session, const eval_options *given, dg_node *const *nodes, int n_nodes,
                           eval_feeds *feeds)
{
    char spec[4200];
    snprintf(spec, sizeof spec, "%s%s", given->data ? given->data : given->feed, given->data ? "" : "(scale=none)");
    DG_TRY(dg_data_open(spec, &(dg_data_options){.seed = session->seed}, &feeds->data));
    DG_TRY(dg_data_suit(feeds->data, session->graph));
    const dg_dataset *set = dg_data_set(feeds->data);
    const dg_task task = {
        .graph = session->graph, .loss = session->file->loss, .output = session->file->output, .data = set};
    int64_t all = set->n_train + set->n_validation + set->n_test;
    const dg_rows rows = {.count = given->rows > 0 && given->rows < all ? given->rows : all};
    DG_TRY(dg_fed_rows_new(&task, nodes, n_nodes, rows, &feeds->rows));
    feeds->feeds = dg_fed_rows_feeds(feeds->rows, &feeds->count);
    return dg_ok();
}

static dg_status make_feeds(const graph_session *session, const eval_options *given, dg_node *const *nodes, int n_nodes,
                            eval_feeds *feeds)
{
    if (given->data || is_table(given->feed))
        return feed_rows(session, given, nodes, n_nodes, feeds);
    if (!given->feed)
        return dg_ok();
    DG_TRY(dg_tensors_read(given->feed, &feeds->tensors));
    DG_TRY(session_feeds(session, given->feed, feeds->tensors, &feeds->own, &feeds->count));
    feeds->feeds = feeds->own;
    return dg_ok();
}

static void release_feeds(eval_feeds *feeds)
{
    dg_fed_rows_free(feeds->rows);
    dg_data_free(feeds->data);
    free(feeds->own);
    dg_tensors_free(feeds->tensors);
}

/* ---- running ---- */

static dg_status trace(graph_session *session, const eval_options *given)
{
    dg_node *target = session->file->loss ? session->file->loss : session->file->output;
    eval_feeds feeds = {0};
    if (given->grad)
        DG_TRY(session_find(session, given->grad, &target));
    if (!target)
        return dg_error(DG_BAD_ARGUMENT, "%s: the graph names neither loss nor output: say --grad NODE", session->name);
    DG_TRY(take_parameters(session, given));
    dg_status status = make_feeds(session, given, &target, 1, &feeds);
    if (status.code == DG_OK)
        status = dg_prefixed(trace_print(stdout, session, target, feeds.feeds, feeds.count, given->training), "%s",
                             given->graph);
    release_feeds(&feeds);
    return status;
}

static dg_status compute(graph_session *session, const eval_options *given, const request_list *requests)
{
    eval_feeds feeds = {0};
    dg_plan *plan = NULL;
    dg_status status = make_feeds(session, given, requests->nodes, requests->count, &feeds);
    if (status.code == DG_OK)
        status = dg_plan_new(session->graph,
                             &(dg_plan_options){.fetch = requests->nodes,
                                                .n_fetch = requests->count,
                                                .parameters = session->parameters,
                                                .threads = session->threads,
                                                .seed = session->seed,
                                                .training = given->training,
                                                .memory_limit = session->memory_limit},
                             &plan);
    if (status.code == DG_OK) {
        status = dg_plan_run(plan, feeds.feeds, feeds.count);
        if (status.code != DG_OK)
            status = dg_prefixed(status, "%s", given->graph);
    }
    if (status.code == DG_OK && given->out)
        status = write_results(plan, requests, given->out);
    else if (status.code == DG_OK)
        print_results(plan, requests);
    dg_plan_free(plan);
    release_feeds(&feeds);
    return status;
}

static dg_status run(graph_session *session, const eval_options *given, request_list *requests)
{
    DG_TRY(session_open(given->graph, NULL, &given->session, session));
    if (given->trace)
        return trace(session, given);
    DG_TRY(list_requests(session, given, requests));
    DG_TRY(take_parameters(session, given));
    return compute(session, given, requests);
}

int command_eval(int argc, char **argv)
{
    eval_options given = {.rows = -1};
    int over = parse_options(argc, argv, &given);
    if (over >= 0)
        return over;
    graph_session session = {0};
    request_list requests = {0};
    dg_status status = run(&session, &given, &requests);
    release_requests(&requests);
    session_close(&session);
    return status.code == DG_OK ? 0 : command_failed(status);
}
