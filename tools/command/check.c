/* dotgrad check: every gradient of a graph against finite differences, in float64. */
#include "tools/run/folder.h"
#include "tools/run/print.h"
#include "tools/session/command.h"
#include "tools/session/options.h"
#include "tools/session/random_data.h"
#include "tools/session/session.h"

#include <dotgrad/graph_file.h>
#include <dotgrad/optim.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH     4 /* rows of the random inputs, */
#define FEW       1 /* where a row has more than WIDE numbers */
#define FEW_TRAIN 2 /* in training, whose statistics take two */
#define WIDE      10000
#define MOST_WORK 3e11 /* a minute or some */

enum { USE = DG_USE_ALWAYS | DG_USE_WEIGHTS | DG_USE_SEED | DG_USE_LOSS | DG_USE_BATCH | DG_USE_THREADS };

static const option_row own[] = {
    {.name = "feed", .form = DG_FORM_FILE, .doc = "tensors for the inputs (.safetensors); else random ones"},
    {.name = "weights",
     .form = DG_FORM_FILE,
     .against = "init",
     .doc = "parameters; else they are initialised by the seed"},
    {.name = "node", .form = DG_FORM_NODE, .against = "loss", .doc = "what to differentiate, in place of the loss"},
    {.name = "order", .form = DG_FORM_COUNT, .most = 2, .doc = "up to which order: 1 or 2 (2)"},
    {.name = "reverse", .form = DG_FORM_FLAG, .doc = "reverse mode alone, for ops whose derivative has none itself"},
    {.name = "elements",
     .form = DG_FORM_COUNT,
     .most = 1000000,
     .doc = "elements of each tensor, chosen at random in larger ones (50)"},
    {.name = "flops",
     .form = DG_FORM_POSITIVE,
     .doc = "of finite differences, about (3e11); where each tensor by itself would take more, all of them are moved\n"
            "together, single ones for as far as that goes, and the others by one element each"},
    {.name = "tolerance", .form = DG_FORM_POSITIVE, .doc = "relative (1e-6)"},
    {.name = "training", .form = DG_FORM_FLAG, .doc = "as in training (dropout, batch statistics)"},
    {0}};

static const command_options options = {
    .command = "check",
    .usage = "dotgrad check G.dot [options]",
    .about =
        "Compares every derivative of the loss with finite differences, in float64: by each input and each parameter,\n"
        "in reverse and in forward mode, for orders 1 and 2. Exit status 1 when one does not agree.",
    .own = own,
    .use = USE,
    .footer = "--batch-size is here the rows of random inputs, whatever the graph says (4; 1, with --training 2, of\n"
              "inputs such as images with more than 10,000 numbers a row).",
    .operand = "one graph file",
    .least = 1,
    .most = 1};

typedef struct check_options {
    const char *graph, *feed, *weights;
    int64_t order, elements, batch;
    double tolerance, most_work;
    bool training, reverse;
} check_options;

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
    DG_TRY(path ? dg_tensors_read(path, fed) : dg_tensors_new(fed));
    dg_status status = widen(*fed);
    if (status.code != DG_OK)
        dg_tensors_free(*fed);
    return status;
}

static dg_status make_parameters(const check_options *given, graph_session *session)
{
    dg_tensors *fed;
    DG_TRY(read_feeds(given->feed, &fed));
    dg_status status = random_parameters(session, given->feed ? given->feed : given->graph, given->batch, fed);
    dg_tensors_free(fed);
    return status;
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
    int width = text_columns("by");
    for (size_t k = 0; k < report->count; k++)
        if (text_columns(report->entries[k].node) > width)
            width = text_columns(report->entries[k].node);
    return width < 60 ? width : 60;
}

static void print_report(const dg_check_report *report, const char *loss)
{
    int width = name_width(report);
    printf("derivatives of '%s' against finite differences\n", loss);
    printf("%-*s  order  mode     compared  skipped  worst error  result\n", width, "by");
    for (size_t k = 0; k < report->count; k++) {
        const dg_check_entry *entry = &report->entries[k];
        printf("%-*s  %5d  %-7s  %8lld  %7lld  %11.2e  %s\n", text_width(entry->node, width), entry->node, entry->order,
               entry->forward ? "forward" : "reverse", (long long)entry->checked, (long long)entry->skipped,
               fabs(entry->expected - entry->found),
               entry->failed    ? "WRONG"
               : entry->checked ? "ok"
                                : "-");
    }
    if (report->left_out)
        printf(
            "%lld of %lld tensors are compared along directions, too, the others by one element: --flops allows more\n",
            (long long)(report->tensors - report->left_out), (long long)report->tensors);
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
    if (report->singular)
        return dg_error(
            DG_NUMERIC,
            "%s: not differentiable here: node '%s' has no derivative at these numbers (see dotgrad ops), and "
            "what follows it is nan",
            graph, report->singular);
    return report->checked
               ? dg_ok()
               : dg_error(DG_BAD_ARGUMENT,
                          "%s: there is nothing to compare: the loss depends on no parameter and no float input",
                          graph);
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
                                                              .most_work = given->most_work,
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

/* Rows of inputs that are not fed. */
static int64_t usual_rows(const graph_session *session, bool training)
{
    for (int64_t id = 0; id < dg_graph_node_count(session->graph); id++) {
        const dg_node *node = dg_graph_node(session->graph, id);
        double row = 1;
        const dg_shape *shape = &dg_node_type(node, 0)->shape;
        for (int d = 0; d < shape->rank; d++)
            row *= shape->dims[d] > 0 ? (double)shape->dims[d] : 1;
        if (dg_node_op(node)->role == DG_ROLE_INPUT && row > WIDE)
            return training ? FEW_TRAIN : FEW;
    }
    return BATCH;
}

static dg_status run(const check_options *given, graph_session *session)
{
    dg_tensors *fed;
    dg_feed *feeds = NULL;
    dg_node *loss;
    int n_feeds = 0;
    DG_TRY(session_open(given->graph, NULL, &(session_options){.dtype = DG_FLOAT64}, session));
    loss = session->loss ? session->loss : session->output;
    if (option_given("node"))
        DG_TRY(session_find(session, option_text("node"), &loss));
    if (!loss)
        return dg_error(DG_BAD_ARGUMENT, "%s: the graph names no loss: name a node with --node", given->graph);
    DG_TRY(take_parameters(given, session));
    DG_TRY(read_feeds(given->feed, &fed));
    dg_status status =
        random_feeds(session, given->feed ? given->feed : given->graph,
                     given->batch ? given->batch : usual_rows(session, given->training), fed, &feeds, &n_feeds);
    if (status.code == DG_OK)
        status = compare(given, session, loss, feeds, n_feeds);
    free(feeds);
    dg_tensors_free(fed);
    return status;
}

int command_check(int argc, char **argv)
{
    graph_session session = {0};
    char **operands;
    int over = options_take(&options, argc, argv, &operands);
    if (over >= 0)
        return over;
    const check_options given = {.graph = operands[0],
                                 .feed = option_text("feed"),
                                 .weights = option_text("weights"),
                                 .order = option_whole("order", 0),
                                 .elements = option_whole("elements", 0),
                                 .batch = option_whole("batch_size", 0),
                                 .tolerance = option_number("tolerance", 0),
                                 .most_work = option_number("flops", MOST_WORK),
                                 .training = option_given("training"),
                                 .reverse = option_given("reverse")};
    dg_status status = run(&given, &session);
    session_close(&session);
    return status.code == DG_OK ? 0 : command_failed(status);
}
