/* dotgrad eval: a graph on given tensors. */
#include "command.h"
#include "session.h"
#include "tools/run/folder.h"

#include <dotgrad/graph_file.h>
#include <dotgrad/optim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: dotgrad eval G.dot [--feed IN.safetensors] --out OUT.safetensors [options]\n\n"
    "Runs a graph on the tensors of a file, which go to the inputs of their names.\n\n"
    "  --feed FILE       tensors for the inputs; one for an input that nothing asked for needs may be absent\n"
    "  --weights FILE    parameters: a checkpoint or any .safetensors; else they are initialised by the seed\n"
    "  --fetch A,B       the nodes to compute (the graph's output, or with --grad none)\n"
    "  --grad NODE       the gradient of the sum of NODE ...\n"
    "  --wrt X,W         ... by these nodes (all float parameters)\n"
    "  -o, --out FILE    gets each fetched node under its name and each gradient as grad:NAME; - is standard output\n"
    "  --training        as in training (dropout, batch statistics)\n"
    "  --dtype T         float32 or float64: the type of floats that name none\n"
    "  --seed S          of weights and random nodes (0)\n"
    "  --threads T       (DG_NUM_THREADS, or all processors)\n" MEMORY_LIMIT_USAGE;

typedef struct eval_options {
    const char *graph, *feed, *weights, *fetch, *grad, *wrt, *out;
    session_options session;
    bool training;
} eval_options;

enum option_value { FEED = 256, WEIGHTS, FETCH, GRAD, WRT, TRAINING, DTYPE, SEED, THREADS, MEMORY_LIMIT };

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"out", required_argument, NULL, 'o'},
    {"feed", required_argument, NULL, FEED},
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

/* -1: go on; else an exit status. */
static int parse_options(int argc, char **argv, eval_options *given)
{
    int option;
    while ((option = command_option(argc, argv, "ho:", options)) != -1) {
        bool fine = true;
        switch (option) {
        case 'h':
            puts(usage);
            return 0;
        case 'o':
            given->out = optarg;
            break;
        case FEED:
            given->feed = optarg;
            break;
        case WEIGHTS:
            given->weights = optarg;
            break;
        case FETCH:
            given->fetch = optarg;
            break;
        case GRAD:
            given->grad = optarg;
            break;
        case WRT:
            given->wrt = optarg;
            break;
        case TRAINING:
            given->training = true;
            break;
        case DTYPE:
            fine = session_take_dtype(argv[0], optarg, &given->session);
            break;
        case SEED:
            fine = session_take_seed(argv[0], optarg, &given->session);
            break;
        case THREADS:
            fine = session_take_threads(argv[0], optarg, &given->session);
            break;
        case MEMORY_LIMIT:
            fine = session_take_memory_limit(argv[0], optarg, &given->session.memory_limit);
            break;
        default:
            fine = false;
        }
        if (!fine)
            return EXIT_USAGE;
    }
    if (argc - optind != 1)
        return command_misused(argv[0], "wants one graph file");
    given->graph = argv[optind];
    if (!given->out)
        return command_misused(argv[0], "wants --out");
    if (given->wrt && !given->grad)
        return command_misused(argv[0], "--wrt wants --grad");
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
        status = dg_safetensors_write(path, results);
    dg_tensors_free(results);
    return status;
}

static dg_status run(graph_session *session, const eval_options *given, request_list *requests)
{
    dg_tensors *fed = NULL;
    dg_feed *feeds = NULL;
    dg_plan *plan = NULL;
    int n_feeds = 0;
    dg_status status = session_open(given->graph, NULL, &given->session, session);
    if (status.code == DG_OK)
        status = list_requests(session, given, requests);
    if (status.code == DG_OK)
        status = take_parameters(session, given);
    if (status.code == DG_OK && given->feed)
        status = dg_tensors_read(given->feed, &fed);
    if (status.code == DG_OK && fed)
        status = session_feeds(session, given->feed, fed, &feeds, &n_feeds);
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
        status = dg_plan_run(plan, feeds, n_feeds);
        if (status.code != DG_OK)
            status = dg_prefixed(status, "%s", given->graph);
    }
    if (status.code == DG_OK)
        status = write_results(plan, requests, given->out);
    dg_plan_free(plan);
    free(feeds);
    dg_tensors_free(fed);
    return status;
}

int command_eval(int argc, char **argv)
{
    eval_options given = {0};
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
