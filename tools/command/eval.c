/* dotgrad eval: a graph on given tensors. */
#include "tools/run/folder.h"
#include "tools/run/print.h"
#include "tools/session/command.h"
#include "tools/session/halves.h"
#include "tools/session/options.h"
#include "tools/session/output.h"
#include "tools/session/session.h"
#include "tools/train/separability.h"
#include "tools/train/trace.h"

#include <dotgrad/graph_file.h>
#include <dotgrad/optim.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    USE = DG_USE_ALWAYS | DG_USE_WEIGHTS | DG_USE_DTYPE | DG_USE_SEED | DG_USE_DATA | DG_USE_THREADS | DG_USE_MEMORY
};

static const option_row own[] = {
    {.name = "feed",
     .form = DG_FORM_FILE,
     .against = "data",
     .doc = "tensors for the inputs of their names (.safetensors, .npz); one for an input that nothing asked\n"
            "for needs may be absent. A table (.csv) is fed as data are, not scaled; its last column is the\n"
            "target"},
    {.name = "rows", .form = DG_FORM_COUNT, .needs = "data|feed", .doc = "the first N of the data or the table (all)"},
    {.name = "weights",
     .form = DG_FORM_FILE,
     .against = "init",
     .doc = "parameters: a checkpoint or any .safetensors; else they are initialised by the seed"},
    WEIGHTS_TYPE_OPTION,
    {.name = "fetch", .form = DG_FORM_LIST, .doc = "the nodes to compute (the graph's output, or with --grad none)"},
    {.name = "grad", .form = DG_FORM_NODE, .doc = "the gradient of the sum of NODE …"},
    {.name = "wrt", .form = DG_FORM_LIST, .needs = "grad", .doc = "… by these nodes (all float parameters)"},
    {.name = "trace",
     .form = DG_FORM_FLAG,
     .against = "fetch|wrt|out|weights-type",
     .doc = "works through the graph: every node's formula with the numbers filled in, then the derivatives\n"
            "of --grad NODE (the loss) by every node"},
    {.name = "out",
     .letter = 'o',
     .form = DG_FORM_FILE,
     .doc = "gets each fetched node under its name and each gradient as grad:NAME: .csv, .json, .npz, else\n"
            "safetensors; - is standard output. Without it tables are printed"},
    {.name = "force", .form = DG_FORM_FLAG, .needs = "out", .doc = "lets --out replace a file that is read here"},
    {.name = "training", .form = DG_FORM_FLAG, .doc = "as in training (dropout, batch statistics)"},
    {0}};

static const command_options options = {.command = "eval",
                                        .usage = "dotgrad eval G.dot [--feed FILE | --data D] [options]",
                                        .about = "Runs a graph and prints what is asked for.",
                                        .own = own,
                                        .use = USE,
                                        .footer = "--data feeds rows of a data set, as train reads and scales it; the "
                                                  "graph's own attribute data is not read here.",
                                        .operand = "one graph file",
                                        .least = 1,
                                        .most = 1};

typedef struct eval_options {
    const char *graph, *feed, *data, *weights, *fetch, *grad, *wrt, *out;
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
    dg_rows fed; /* of the data; count 0: tensors are fed */
} eval_feeds;

/* −1: go on; else an exit status. */
static int parse_options(int argc, char **argv, eval_options *given)
{
    char **operands;
    int over = options_take(&options, argc, argv, &operands);
    if (over >= 0)
        return over;
    *given = (eval_options){.graph = operands[0],
                            .feed = option_text("feed"),
                            .data = option_text("data"),
                            .weights = option_text("weights"),
                            .fetch = option_text("fetch"),
                            .grad = option_text("grad"),
                            .wrt = option_text("wrt"),
                            .out = option_text("out"),
                            .training = option_given("training"),
                            .trace = option_given("trace"),
                            .rows = option_whole("rows", -1)};
    dg_status status =
        output_check(given->out, 4, (const char *const[]){given->graph, given->feed, given->weights, given->data});
    if (status.code == DG_OK)
        status = output_check_tensors(given->out);
    return status.code == DG_OK ? -1 : command_misused(argv[0], "%s", status.message);
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
            return dg_no_memory("the values");
        requests->names = names;
        requests->capacity = capacity;
    }
    char *name;
    if (asprintf(&name, "%s%s", prefix, dg_node_name(node)) < 0)
        return dg_no_memory("the values");
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
        return dg_no_memory("the values");
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
        status = dg_no_memory("the values");
    if (status.code == DG_OK)
        status = dg_prefixed(dg_grad(output, wrt.count, wrt.nodes, grads), "%s", session->name);
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
        return dg_error(DG_BAD_ARGUMENT, "%s: the graph names no output: name nodes with --fetch", session->name);
    else if (!given->grad)
        DG_TRY(add_request(requests, "", session->file->output));
    return given->grad ? add_gradients(session, given, requests) : dg_ok();
}

/* From the file; else by their initialisers, of which some look at what is fed. */
static dg_status take_parameters(graph_session *session, const eval_options *given, const eval_feeds *feeds)
{
    if (!given->weights)
        return dg_prefixed(dg_fit_parameters(session->parameters, session->graph, feeds->feeds, feeds->count,
                                             session->seed, session->threads),
                           "%s", session->name);
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

/* A table that is fed is taken as it is; other data are scaled, as in training where weights of a run are taken, unless
 * they say how. */
static dg_status open_rows(const graph_session *session, const eval_options *given, dg_data **data)
{
    dg_tensors *weights = NULL;
    bool says_how = given->data && strstr(given->data, "scale=");
    if (!given->data)
        return dg_data_open(given->feed, &(dg_data_options){.whole = true}, data);
    if (given->weights && !says_how)
        DG_TRY(checkpoint_read(given->weights, &weights));
    bool trained = weights && dg_tensors_note(weights, "dotgrad.epoch");
    dg_status status =
        dg_data_open(given->data, &(dg_data_options){.seed = session->seed, .as_in = trained ? weights : NULL}, data);
    dg_tensors_free(weights);
    return status;
}

/* Of a run, whose data are scaled as in training, that is no news. */
static void tell_data(const eval_options *given, const dg_data *data)
{
    command_tell_data(data);
    if (given->data && !given->weights && !strstr(given->data, "scale=") && dg_data_offset(data))
        fprintf(stderr,
                "dotgrad: %s: features are scaled, as in training; scale=none, in brackets, takes them as they are\n",
                given->data);
}

static dg_status feed_rows(const graph_session *session, const eval_options *given, dg_node *const *nodes, int n_nodes,
                           eval_feeds *feeds)
{
    DG_TRY(open_rows(session, given, &feeds->data));
    tell_data(given, feeds->data); /* what suiting tells is of training */
    DG_TRY(dg_data_suit(feeds->data, session->graph));
    const dg_dataset *set = dg_data_set(feeds->data);
    const dg_task task = {
        .graph = session->graph, .loss = session->file->loss, .output = session->file->output, .data = set};
    int64_t all = set->n_train + set->n_validation + set->n_test;
    const dg_rows rows = {.count = given->rows > 0 && given->rows < all ? given->rows : all};
    DG_TRY(dg_fed_rows_new(&task, nodes, n_nodes, rows, &feeds->rows));
    feeds->fed = rows;
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
    dg_status status = dg_tensors_read(given->feed, &feeds->tensors);
    if (status.code != DG_OK && strchr(given->feed, '('))
        return dg_error(status.code, "%s (--data takes options in brackets; a table that is fed is taken as it is)",
                        status.message);
    DG_TRY(status);
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
    dg_node *target = session->loss ? session->loss : session->output;
    eval_feeds feeds = {0};
    if (given->grad)
        DG_TRY(session_find(session, given->grad, &target));
    if (!target)
        return dg_error(DG_BAD_ARGUMENT, "%s: the graph names neither loss nor output: name a node with --grad NODE",
                        session->name);
    dg_status status = make_feeds(session, given, &target, 1, &feeds);
    if (status.code == DG_OK)
        status = take_parameters(session, given, &feeds);
    if (status.code == DG_OK)
        status = dg_prefixed(trace_print(stdout, session, target, feeds.feeds, feeds.count, given->training), "%s",
                             given->graph);
    release_feeds(&feeds);
    return status;
}

/* The weights are kept in 16 bits from now on; the plan has run, runs again, and what has changed is told. */
static dg_status halve(graph_session *session, const request_list *requests, dg_plan *plan, const eval_feeds *feeds)
{
    dg_tensors *before;
    dg_halving told;
    double outputs = 0;
    DG_TRY(dg_tensors_new(&before));
    dg_status status = dg_ok();
    for (int k = 0; k < requests->count && status.code == DG_OK; k++)
        status = dg_tensors_put(before, requests->names[k], dg_plan_result(plan, k));
    if (status.code == DG_OK)
        status = dg_tensors_halve(session->parameters, halves_asked(), &told);
    dg_plan_set_step(plan, 0); /* the same random numbers */
    if (status.code == DG_OK)
        status = dg_plan_run(plan, feeds->feeds, feeds->count);
    for (int k = 0; k < requests->count && status.code == DG_OK; k++) {
        double one = dg_tensor_difference(dg_tensors_find(before, requests->names[k]), dg_plan_result(plan, k));
        outputs = isnan(one) || one > outputs ? one : outputs;
    }
    if (status.code == DG_OK)
        halves_tell(&told, &outputs);
    dg_tensors_free(before);
    return status;
}

static dg_status run_requests(graph_session *session, const eval_options *given, const request_list *requests,
                              const eval_feeds *feeds, dg_plan **plan)
{
    DG_TRY(dg_plan_new(session->graph,
                       &(dg_plan_options){.fetch = requests->nodes,
                                          .n_fetch = requests->count,
                                          .parameters = session->parameters,
                                          .threads = session->threads,
                                          .seed = session->seed,
                                          .training = given->training,
                                          .memory_limit = session->memory_limit},
                       plan));
    DG_TRY(dg_plan_run(*plan, feeds->feeds, feeds->count));
    return halves_asked() ? halve(session, requests, *plan, feeds) : dg_ok();
}

static void tell(const graph_session *session, const eval_feeds *feeds)
{
    const dg_task task = {.graph = session->graph,
                          .loss = session->loss,
                          .parameters = session->parameters,
                          .data = dg_data_set(feeds->data),
                          .seed = session->seed,
                          .threads = session->threads,
                          .memory_limit = session->memory_limit};
    fflush(stdout);
    tell_separability(session->name, &task, feeds->fed, "rows");
}

static dg_status compute(graph_session *session, const eval_options *given, const request_list *requests)
{
    eval_feeds feeds = {0};
    dg_plan *plan = NULL;
    dg_status status = make_feeds(session, given, requests->nodes, requests->count, &feeds);
    if (status.code == DG_OK)
        status = take_parameters(session, given, &feeds);
    if (status.code == DG_OK)
        status = dg_prefixed(run_requests(session, given, requests, &feeds, &plan), "%s", session->name);
    if (status.code == DG_OK && given->out)
        status = write_results(plan, requests, given->out);
    else if (status.code == DG_OK)
        print_results(plan, requests);
    dg_plan_free(plan);
    if (status.code == DG_OK && feeds.fed.count && session->loss)
        tell(session, &feeds);
    release_feeds(&feeds);
    return status;
}

/* An input that nothing feeds, by a command that names nothing to feed: the message says what would. */
static dg_status with_advice(const eval_options *given, dg_status status)
{
    if (given->data || given->feed || !strstr(status.message, "is not fed"))
        return status;
    return dg_error(status.code, "%s (--data D or --feed FILE feeds inputs)", status.message);
}

static dg_status run(graph_session *session, const eval_options *given, request_list *requests)
{
    DG_TRY(session_open(given->graph, NULL, &(session_options){0}, session));
    if (given->trace)
        return with_advice(given, trace(session, given));
    DG_TRY(list_requests(session, given, requests));
    return with_advice(given, compute(session, given, requests));
}

int command_eval(int argc, char **argv)
{
    eval_options given;
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
