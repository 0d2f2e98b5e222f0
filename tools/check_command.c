/* dotgrad check: every gradient of a graph against finite differences, in float64. */
#include "commands.h"
#include "run_folder.h"
#include "session.h"

#include <dotgrad/dotgrad.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH      4 /* rows of the random inputs */
#define OTHER_SIZE 3 /* of symbols other than N */

static const char usage[] =
    "usage: dotgrad check G.dot [options]\n\n"
    "Compares every derivative of the loss with finite differences, in float64: by each input and each parameter,\n"
    "in reverse and in forward mode, for orders 1 and 2. Exit status 1 when one does not agree.\n\n"
    "  --feed FILE        tensors for the inputs (.safetensors); else random ones\n"
    "  --weights FILE     parameters; else they are initialised by the seed\n"
    "  --node NODE        what to differentiate (the graph's loss)\n"
    "  --order K          up to which order: 1 or 2 (2)\n"
    "  --reverse          reverse mode alone, for ops whose derivative has none itself\n"
    "  --elements K       elements of each tensor, chosen at random in larger ones (50)\n"
    "  --tolerance X      relative (1e-6)\n"
    "  --batch-size B     rows of random inputs (4)\n"
    "  --training         as in training (dropout, batch statistics)\n"
    "  --seed S           (0)\n"
    "  --threads T        (DG_NUM_THREADS, or all processors)";

typedef struct check_options {
    const char *graph, *feed, *weights, *node;
    session_options session;
    int64_t order, elements, batch;
    double tolerance;
    bool training, reverse;
} check_options;

enum option_value {
    FEED = 256,
    WEIGHTS,
    NODE,
    ORDER,
    REVERSE,
    ELEMENTS,
    TOLERANCE,
    BATCH_SIZE,
    TRAINING,
    SEED,
    THREADS
};

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"feed", required_argument, NULL, FEED},
    {"weights", required_argument, NULL, WEIGHTS},
    {"node", required_argument, NULL, NODE},
    {"loss", required_argument, NULL, NODE},
    {"order", required_argument, NULL, ORDER},
    {"reverse", no_argument, NULL, REVERSE},
    {"elements", required_argument, NULL, ELEMENTS},
    {"tolerance", required_argument, NULL, TOLERANCE},
    {"batch-size", required_argument, NULL, BATCH_SIZE},
    {"training", no_argument, NULL, TRAINING},
    {"seed", required_argument, NULL, SEED},
    {"threads", required_argument, NULL, THREADS},
    {0},
};

/* False after --help or a message; *over is the exit status then. */
static bool take_option(const char *name, int option, check_options *given, int *over)
{
    *over = EXIT_USAGE;
    switch (option) {
    case 'h':
        puts(usage);
        *over = 0;
        return false;
    case FEED:
        given->feed = optarg;
        return true;
    case WEIGHTS:
        given->weights = optarg;
        return true;
    case NODE:
        given->node = optarg;
        return true;
    case ORDER:
        return command_int(name, "--order", optarg, 1, 2, &given->order);
    case REVERSE:
        return given->reverse = true;
    case ELEMENTS:
        return command_int(name, "--elements", optarg, 1, 1000000, &given->elements);
    case TOLERANCE:
        return command_number(name, "--tolerance", optarg, &given->tolerance);
    case BATCH_SIZE:
        return command_int(name, "--batch-size", optarg, 1, 1000000, &given->batch);
    case TRAINING:
        return given->training = true;
    case SEED:
        return session_take_seed(name, optarg, &given->session);
    case THREADS:
        return session_take_threads(name, optarg, &given->session);
    default:
        return false;
    }
}

/* ---- random inputs ---- */

/* How an input is used by those that read it. */
typedef struct demands {
    int64_t below;       /* integers stay below it */
    bool is_probability; /* a target between 0 and 1 */
} demands;

static bool is_op(const dg_node *node, const char *name)
{
    return !strcmp(dg_node_op(node)->name, name);
}

static int64_t known_size(const dg_node *node, int axis)
{
    const dg_shape *shape = &dg_node_type(node, 0)->shape;
    axis = axis < 0 ? axis + shape->rank : axis;
    return axis >= 0 && axis < shape->rank && shape->dims[axis] > 0 ? shape->dims[axis] : 0;
}

/* The number of different values that an index or label may have as this argument; 0: not told. */
static int64_t limit_of(const dg_node *reader, const char *argument)
{
    const dg_node *first = dg_node_input(reader, 0);
    if (!first || strcmp(argument, dg_node_input_name(reader, 0)) == 0)
        return 0;
    if (is_op(reader, "cross_entropy") || is_op(reader, "nll_loss"))
        return known_size(first, dg_node_type(first, 0)->shape.rank == 1 ? 0 : 1);
    const dg_value *dim = dg_node_attr(reader, "dim");
    if (dim && dim->kind == DG_VALUE_INT && !strcmp(argument, "index"))
        return known_size(first, (int)dim->i);
    return 0;
}

static demands demands_of(const dg_graph *graph, const dg_node *input)
{
    demands found = {.below = 0};
    for (int64_t id = 0; id < dg_graph_node_count(graph); id++) {
        const dg_node *reader = dg_graph_node(graph, id);
        for (int k = 0; k < dg_node_input_count(reader); k++) {
            if (dg_node_input(reader, k) != input)
                continue;
            const char *argument = dg_node_input_name(reader, k);
            int64_t limit = limit_of(reader, argument);
            if (limit > 0 && (found.below == 0 || limit < found.below))
                found.below = limit;
            if (!strncmp(dg_node_op(reader)->name, "binary_cross_entropy", 20) && !strcmp(argument, "target"))
                found.is_probability = true;
        }
    }
    found.below = found.below > 0 ? found.below : 2;
    return found;
}

static dg_status fill_input(const check_options *given, const dg_graph *graph, int64_t rows, dg_node *input,
                            dg_tensor *tensor)
{
    const dg_type *type = dg_node_type(input, 0);
    const demands wanted = demands_of(graph, input);
    const dg_random key = {given->session.seed, dg_random_stream(dg_node_name(input)), 0};
    dg_shape shape = type->shape;
    for (int k = 0; k < shape.rank; k++)
        shape.dims[k] = shape.dims[k] >= 0 ? shape.dims[k] : shape.dims[k] == DG_N ? rows : OTHER_SIZE;
    DG_TRY(dg_tensor_make(tensor, type->dtype, shape));
    int64_t count = dg_tensor_count(tensor);
    if (dg_dtype_is_float(type->dtype) && wanted.is_probability)
        dg_random_uniform(&key, type->dtype, tensor->data, 0, count, 0.1, 0.9);
    else if (dg_dtype_is_float(type->dtype))
        dg_random_normal(&key, type->dtype, tensor->data, 0, count, 0, 1);
    else
        for (int64_t k = 0; k < count; k++)
            dg_tensor_set(
                tensor, k,
                (double)dg_random_below(&key, (uint64_t)k, type->dtype == DG_BOOL ? 2 : (uint64_t)wanted.below));
    return dg_ok();
}

/* Inputs that the set leaves out are made of so many rows. */
static dg_status make_feeds(const check_options *given, const graph_session *session, int64_t rows, dg_tensors *fed,
                            dg_feed **feeds, int *count)
{
    dg_node **inputs = NULL;
    int n_inputs;
    dg_status status = session_nodes(session, DG_ROLE_INPUT, &inputs, &n_inputs);
    for (int k = 0; status.code == DG_OK && k < n_inputs; k++) {
        const char *name = dg_node_name(inputs[k]);
        dg_tensor made = {0};
        if (dg_tensors_find(fed, name))
            continue;
        status = fill_input(given, session->graph, rows, inputs[k], &made);
        if (status.code == DG_OK)
            status = dg_tensors_put(fed, name, &made);
        dg_tensor_release(&made);
    }
    free(inputs);
    return status.code == DG_OK ? session_feeds(session, given->feed ? given->feed : given->graph, fed, feeds, count)
                                : status;
}

/* float32 becomes float64. */
static dg_status widen(dg_tensors *set)
{
    for (size_t k = 0; k < dg_tensors_count(set); k++) {
        dg_tensor wide, *tensor = dg_tensors_at(set, k);
        if (tensor->dtype != DG_FLOAT32)
            continue;
        DG_TRY(dg_tensor_convert(&wide, tensor, DG_FLOAT64));
        dg_status status = dg_tensors_put(set, dg_tensors_name(set, k), &wide);
        dg_tensor_release(&wide);
        DG_TRY(status);
    }
    return dg_ok();
}

static dg_status read_feeds(const char *path, dg_tensors **fed)
{
    DG_TRY(path ? dg_safetensors_read(path, fed) : dg_tensors_new(fed));
    dg_status status = widen(*fed);
    if (status.code != DG_OK)
        dg_tensors_free(*fed);
    return status;
}

/* Initialisers that look at data, such as k-means, want at least a row for each row of theirs. */
static int64_t rows_to_fit(const check_options *given, const graph_session *session)
{
    int64_t rows = given->batch;
    for (int64_t id = 0; id < dg_graph_node_count(session->graph); id++) {
        const dg_node *node = dg_graph_node(session->graph, id);
        const dg_value *init = dg_node_attr(node, "init");
        const dg_shape *shape = &dg_node_type(node, 0)->shape;
        if (dg_node_op(node)->role == DG_ROLE_PARAMETER && init && dg_init_needs_data(init) && shape->rank > 0 &&
            shape->dims[0] >= rows)
            rows = 2 * shape->dims[0];
    }
    return rows;
}

static dg_status make_parameters(const check_options *given, graph_session *session)
{
    dg_tensors *fed;
    dg_feed *feeds = NULL;
    int n_feeds = 0;
    DG_TRY(read_feeds(given->feed, &fed));
    dg_status status = make_feeds(given, session, rows_to_fit(given, session), fed, &feeds, &n_feeds);
    if (status.code == DG_OK)
        status =
            dg_fit_parameters(session->parameters, session->graph, feeds, n_feeds, session->seed, session->threads);
    free(feeds);
    dg_tensors_free(fed);
    return status.code == DG_OK ? status : dg_prefixed(status, "%s", given->graph);
}

static dg_status take_parameters(const check_options *given, graph_session *session)
{
    dg_tensors *weights;
    if (!given->weights)
        return make_parameters(given, session);
    DG_TRY(checkpoint_read(given->weights, &weights));
    dg_status status = widen(weights);
    if (status.code == DG_OK)
        status = session_take_weights(session, given->weights, weights);
    dg_tensors_free(weights);
    return status;
}

/* ---- the report ---- */

static int name_width(const dg_check_report *report)
{
    size_t width = strlen("by");
    for (size_t k = 0; k < report->count; k++)
        if (strlen(report->entries[k].node) > width)
            width = strlen(report->entries[k].node);
    return (int)(width < 60 ? width : 60);
}

static void print_report(const dg_check_report *report, const char *loss)
{
    int width = name_width(report);
    printf("derivatives of '%s' against finite differences\n", loss);
    printf("%-*s  order  mode     compared  skipped  worst error  result\n", width, "by");
    for (size_t k = 0; k < report->count; k++) {
        const dg_check_entry *entry = &report->entries[k];
        printf("%-*s  %5d  %-7s  %8lld  %7lld  %11.2e  %s\n", width, entry->node, entry->order,
               entry->forward ? "forward" : "reverse", (long long)entry->checked, (long long)entry->skipped,
               fabs(entry->expected - entry->found),
               entry->failed    ? "WRONG"
               : entry->checked ? "ok"
                                : "-");
    }
    printf("%lld compared, %lld wrong, %lld skipped\n", (long long)report->checked, (long long)report->failed,
           (long long)report->skipped);
}

/* The first entry that failed, in words. */
static dg_status judge(const dg_check_report *report, const char *graph)
{
    for (size_t k = 0; k < report->count; k++) {
        const dg_check_entry *entry = &report->entries[k];
        char where[64];
        if (!entry->failed)
            continue;
        if (entry->element < 0)
            snprintf(where, sizeof where, "along a random direction");
        else
            snprintf(where, sizeof where, "element %lld", (long long)entry->element);
        return dg_error(DG_NUMERIC, "%s: derivative of order %d by '%s', %s: expected %.9g, found %.9g (%s mode)",
                        graph, entry->order, entry->node, where, entry->expected, entry->found,
                        entry->forward ? "forward" : "reverse");
    }
    return report->checked ? dg_ok()
                           : dg_error(DG_BAD_ARGUMENT, "%s: there is nothing to compare: no derivative flows", graph);
}

static dg_status compare(const check_options *given, const graph_session *session, dg_node *loss, const dg_feed *feeds,
                         int n_feeds)
{
    dg_check_report *report;
    dg_status status = dg_check_gradients(&(dg_check_options){.loss = loss,
                                                              .parameters = session->parameters,
                                                              .feeds = feeds,
                                                              .n_feeds = n_feeds,
                                                              .order = (int)given->order,
                                                              .no_forward = given->reverse,
                                                              .elements = (int)given->elements,
                                                              .tolerance = given->tolerance,
                                                              .training = given->training,
                                                              .seed = session->seed,
                                                              .threads = session->threads},
                                          &report);
    if (status.code != DG_OK)
        return dg_prefixed(status, "%s", given->graph);
    print_report(report, dg_node_name(loss));
    status = judge(report, given->graph);
    dg_check_report_free(report);
    return status;
}

static dg_status run(const check_options *given, graph_session *session)
{
    dg_tensors *fed;
    dg_feed *feeds = NULL;
    dg_node *loss;
    int n_feeds = 0;
    DG_TRY(session_open(given->graph, NULL, &given->session, session));
    loss = session->file->loss ? session->file->loss : session->file->output;
    if (given->node)
        DG_TRY(session_find(session, given->node, &loss));
    if (!loss)
        return dg_error(DG_BAD_ARGUMENT, "%s: the graph names no loss: say --node", given->graph);
    DG_TRY(take_parameters(given, session));
    DG_TRY(read_feeds(given->feed, &fed));
    dg_status status = make_feeds(given, session, given->batch, fed, &feeds, &n_feeds);
    if (status.code == DG_OK)
        status = compare(given, session, loss, feeds, n_feeds);
    free(feeds);
    dg_tensors_free(fed);
    return status;
}

int command_check(int argc, char **argv)
{
    check_options given = {.session.dtype = DG_FLOAT64, .batch = BATCH};
    graph_session session = {0};
    int option, over;
    while ((option = command_option(argc, argv, "h", options)) != -1)
        if (!take_option(argv[0], option, &given, &over))
            return over;
    if (argc - optind != 1)
        return command_misused(argv[0], "wants one graph file");
    given.graph = argv[optind];
    dg_status status = run(&given, &session);
    session_close(&session);
    return status.code == DG_OK ? 0 : command_failed(status);
}
